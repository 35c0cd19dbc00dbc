"""Stimulus frames as pictures, for export and previews.

Source: 01-ei-balanced-network, section 4.2.
"""

from __future__ import annotations

import numpy as np

from backend.spiking.balanced_spatial import SpatialNetwork
from backend.stimuli.camera import Discs, EventStream, Film, inside_disc


def frames_of(network: SpatialNetwork, count: int) -> np.ndarray:
    """Input of the camera layer without background, float32 (count, side, side), row 0 = bottom.

    Discs and windows over one period, films their first frames, recordings their first events.
    """
    side = network.geometry.side["F"]
    places, seen = network.places["F"], network.stimulus
    out = np.zeros((count, side * side), np.float32)
    if isinstance(seen, Discs):
        span = max(seen.period, 2.0 * seen.onset if seen.kind == "step" else 0.0)
        for frame, discs in zip(out, seen.track(0, count, span / count), strict=True):
            for x, y, value in discs:
                inside = inside_disc(places, x, y, seen.radius)
                frame[inside] = np.maximum(frame[inside], value)
    elif isinstance(seen, Film):
        shown = seen.frames[:count]
        out = np.float32(seen.amplitude) * shown
    elif isinstance(seen, EventStream):
        for t in range(min(count, seen.frames)):
            out[t, seen.cells[seen.pointers[t] : seen.pointers[t + 1]]] = 1.0
    else:
        height, width = seen.photo.shape
        corners = seen.corners(0, count, seen.path.period / count)
        for frame, (left, low, size) in zip(out, corners, strict=True):
            column = np.clip((left + places[:, 0] * size).astype(int), 0, width - 1)
            row = np.clip((low + places[:, 1] * size).astype(int), 0, height - 1)
            frame[:] = seen.amplitude * seen.photo[row, column]
    return np.ascontiguousarray(out.reshape(-1, side, side))
