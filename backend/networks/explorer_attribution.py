"""What in a picture drives a unit, drawn: attributions, occluder, minimal and masked images."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from backend.core.parameters import ParameterError
from backend.networks.explorer_parameters import ExplorerParameters
from backend.networks.seen import as_picture, of_frame
from backend.stimuli.set_files import as_bytes

if TYPE_CHECKING:
    from backend.networks.explorer import Explorer, Shown

REDRAWN_S = 0.25
"""Between two pictures of a map that grows."""


class Told(Protocol):
    """Who waits for an attribution; both raise to cancel."""

    def check(self) -> None:
        """Called often."""

    def tell(self, done: int, total: int, partial: dict[str, Any]) -> None:
        """How much of how much is done, and what can be shown of it, {} for nothing new."""


def attributed(
    explorer: Explorer, shown: Shown, unit: Any, p: ExplorerParameters, told: Told | None = None
) -> dict[str, Any]:
    """What in the picture drives the unit, as a ``pictures`` channel: the map and the picture.

    ``told`` hears how far it is; an occluder's map grows from coarse to fine.
    """
    from backend.networks.attribution import Options, attribute, display

    picture = shown.picture[None]
    prepared = as_picture(explorer.network, shown.picture, shown.frame)
    if p.method == "occluder":
        return _occluded(explorer, shown, unit, p, prepared, told)
    others = {"map": _mapped, "minimal image": _minimal, "masked image": _masked}
    if p.method in others:
        return others[p.method](explorer, shown, unit, prepared, told)
    options = Options(samples=p.samples, sd=p.sd, steps=p.path, seed=p.seed)
    method: Any = p.method
    with explorer.exclusive():
        found = attribute(
            explorer.network, picture, unit, method, options, checked_by(told),
            None if told is None else lambda done, total: told.tell(done, total, {}),
        )  # fmt: skip
    heat = found.values.shape[1] == 1 and method == "Grad-CAM"
    mode = "maximum" if heat and p.display == "signed" else p.display
    maps = of_frame(found.values, shown.frame, explorer.network.preprocessing.frames)
    image = as_bytes(np.squeeze(display(maps, mode)[0]))
    notes = [f"value {found.activation[0]:.3g}"]
    if found.layer:
        notes.append(f"maps of {found.layer}")
    if p.method in ("guided", "deconvolution") and found.rectifiers == 0:
        notes.append("no ReLU on the way: the same as the gradient")
    return {"image": image, "parts": [("picture", prepared)], "note": ", ".join(notes)}


def checked_by(told: Told | None) -> Callable[[], None] | None:
    """What long work calls to hear whether anybody still waits."""
    return None if told is None else told.check


def _occluded(
    explorer: Explorer, shown: Shown, unit: Any, p: ExplorerParameters, prepared: np.ndarray,
    told: Told | None,
) -> dict[str, Any]:  # fmt: skip
    """The occluder's map: how much the value falls where the window stands."""
    from backend.networks.occluder import coarse_to_fine

    window, stride = (p.window, p.window), (p.stride, p.stride)
    steps = coarse_to_fine(explorer.network, shown.picture, unit, window, stride)
    data: dict[str, Any] = {}
    drawn = -np.inf
    while True:
        with explorer.exclusive():  # for one pass: others come in between
            found = next(steps, None)
        if found is None:
            return data
        done, total, so_far = found
        if done < total and time.monotonic() - drawn < REDRAWN_S:
            if told is not None:
                told.tell(done, total, {})
            continue
        drawn = time.monotonic()
        data = occluder_picture(so_far.values, prepared)
        if done < total and told is not None:
            data["note"] += f", {done} of {total} places"
            told.tell(done, total, data)


def occluder_picture(values: np.ndarray, prepared: np.ndarray) -> dict[str, Any]:
    """An occluder's map in grey, beside the picture."""
    values = np.nan_to_num(np.asarray(values, float))
    end = np.abs(values).max() or 1.0
    return {
        "image": as_bytes((values / end + 1.0) / 2.0), "parts": [("picture", prepared)],
        "note": f"grey: no effect, white: falls by {end:.3g}",
    }  # fmt: skip


def _mapped(
    explorer: Explorer, shown: Shown, unit: Any, prepared: np.ndarray, told: Told | None
) -> dict[str, Any]:
    """The channel's map at the size of the picture, its lower two thirds at 0."""
    from backend.networks.empirical_field import upsampling_map

    with explorer.exclusive():
        found = upsampling_map(explorer.network, shown.picture, unit)
    return {
        "image": as_bytes(found / (found.max() or 1.0)), "parts": [("picture", prepared)],
        "note": "above its 68th percentile",
    }  # fmt: skip


def _minimal(
    explorer: Explorer, shown: Shown, unit: Any, prepared: np.ndarray, told: Told | None
) -> dict[str, Any]:
    """The segments that together excite the unit most."""
    from backend.networks.minimal_image import minimal_image

    picture, words = a_still(explorer, shown, prepared)
    with explorer.exclusive():
        found = minimal_image(explorer.network, picture, unit, check=checked_by(told))
    share = 100 * float(found.mask.mean())
    return {
        "image": as_bytes(found.picture), "parts": [("picture", prepared)],
        "note": f"{share:.0f} % of the picture{words}",
    }  # fmt: skip


def a_still(explorer: Explorer, shown: Shown, prepared: np.ndarray) -> tuple[np.ndarray, str]:
    """The picture, of a clip the frame in hand, and what has to be said of it."""
    if explorer.network.kind == "audio":
        raise ParameterError("method", "This method cuts pictures, and this network hears sounds. "
                             "Choose a gradient or the occluder.", "guided")  # fmt: skip
    if np.ndim(shown.picture) == 4:
        return prepared, ", of this frame, repeated"
    return shown.picture, ""


def _masked(
    explorer: Explorer, shown: Shown, unit: Any, prepared: np.ndarray, told: Told | None
) -> dict[str, Any]:
    """The smallest eroded hull that keeps nine tenths of the activation."""
    from backend.networks.masked_image import masked_image

    picture, more = a_still(explorer, shown, prepared)
    with explorer.exclusive():
        found = masked_image(explorer.network, picture, unit, check=checked_by(told))
    words = f"eroded {found.erosions} times" if found.enough else "even the hull keeps too little"
    return {
        "image": as_bytes(found.picture), "parts": [("picture", prepared)], "note": words + more,
    }  # fmt: skip
