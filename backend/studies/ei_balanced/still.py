"""What can be shown before a run: the stimulus on the camera's grid, the balance gauge.

Imports no compiled kernel, so that it may follow the form while it is edited.

Source: 01-ei-balanced-network, section 4.2 and Eq. 7.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from backend.core.views import Marker
from backend.spiking.balanced_wiring import positions
from backend.stimuli.camera import Discs, PhotoWindow, inside_disc
from backend.studies.ei_balanced.balance import balance_rows
from backend.studies.ei_balanced.parameters import DISC_KINDS, BalancedParameters
from backend.studies.ei_balanced.settings import disc_of, stimulus_of, theory_of, trace_of


def preview(parameters: BalancedParameters) -> dict[str, dict[str, Any]]:
    """Channel contents that need no run; ParameterError where the form is wrong."""
    if parameters.mode == "S1":
        return {}
    if parameters.mode == "S2":
        mean = float(trace_of(parameters).sketch(1.0, 1)[0])
        return {"balance": {"rows": balance_rows(theory_of(parameters), mean)}}
    out: dict[str, dict[str, Any]] = {}
    light = 0.0
    if parameters.stimulus in DISC_KINDS:
        image, markers = still_discs(disc_of(parameters), parameters.side_f)
        out["camera"] = {"image": image / max(float(image.max()), 1e-9), "markers": markers}
        light = float(image.mean())
    elif parameters.stimulus == "photo" and not parameters.stimulus_file:
        image = still_photo(stimulus_of(parameters), parameters.side_f)
        out["camera"] = {"image": image, "markers": []}
        light = parameters.amplitude * float(image.mean())
    mean = (parameters.bg + light) / (parameters.theta * parameters.tau_f)
    out["balance"] = {"rows": balance_rows(theory_of(parameters), mean)}
    return out


def still_discs(disc: Discs, side: int) -> tuple[np.ndarray, list[Marker]]:
    """Light on the camera at the start (a step after its onset), with the path."""
    places = positions(side)
    image = np.zeros(side * side)
    track = disc.sketch(90)
    now = track[-1] if disc.kind == "step" else track[0]
    markers = path_markers(disc)
    for x, y, value in now:
        bright = disc.amplitude if disc.kind == "step" else value
        inside = inside_disc(places, x, y, disc.radius)
        image[inside] = np.maximum(image[inside], bright)
        markers.append(Marker("ring", float(x), float(y), disc.radius))
    return image.reshape(side, side), markers


def path_markers(disc: Discs) -> list[Marker]:
    """The path of a moving disc, dashed."""
    if disc.kind not in ("circle", "path", "linear", "crossing"):
        return []
    out = []
    track = disc.sketch(90)
    for number in range(disc.count):
        path = [(float(x), float(y)) for x, y, _ in track[:, number]]
        closed = [*path, path[0]] if disc.kind in ("circle", "path") else path
        out.append(Marker("path", points=tuple(closed), dashed=True))
    return out


def still_photo(seen: Any, side: int) -> np.ndarray:
    """What the window over a photograph shows at its start, grey 0 to 1."""
    assert isinstance(seen, PhotoWindow)
    height, width = seen.photo.shape
    size = seen.window * min(height, width)
    x, y = seen.path.place(0.0)
    column = (x * (width - size) + positions(side)[:, 0] * size).astype(int)
    row = (y * (height - size) + positions(side)[:, 1] * size).astype(int)
    inside = np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)
    return seen.photo[inside].reshape(side, side)
