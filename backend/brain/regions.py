"""Regions painted on a cortex: a brush of a geodesic radius, rings grown and taken away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backend.brain.cortex import Cortex, Hemisphere
from backend.brain.overlay_files import rgb
from backend.brain.overlays import Label, Overlay

NOTE = "painted"


def new_region(cortex: Cortex, number: int) -> Overlay:
    """An empty region to paint."""
    name = f"region {number}"
    empty = tuple(np.zeros((1, count), np.float32) for count in cortex.counts)
    return Overlay(f"Region {number}", empty, (name,), labels=(Label(name, rgb(number), 1),),
                   note=NOTE)  # fmt: skip


def is_region(overlay: Overlay | None) -> bool:
    """Whether an overlay was made to be painted."""
    return overlay is not None and overlay.note == NOTE


def chosen(overlay: Overlay, hemisphere: int) -> np.ndarray:
    """(n,) bool: vertices of a region."""
    return np.asarray(overlay.values[hemisphere][0] > 0)


def changed(overlay: Overlay, hemisphere: int, vertices: np.ndarray) -> Overlay:
    """The region with other vertices (n,) bool on one hemisphere."""
    values = list(overlay.values)
    values[hemisphere] = vertices.astype(np.float32)[None]
    return replace(overlay, values=tuple(values))


def brush(half: Hemisphere, vertex: int, radius: float) -> np.ndarray:
    """Vertices within a way of ``radius`` mm along the folded surface."""
    from scipy.sparse.csgraph import dijkstra

    return np.flatnonzero(np.isfinite(dijkstra(half.edges, indices=vertex, limit=radius)))


def painted(
    cortex: Cortex, overlay: Overlay, hemisphere: int, vertex: int, radius: float, erase: bool
) -> Overlay:
    """The region after one touch of the brush."""
    vertices = chosen(overlay, hemisphere)
    vertices[brush(cortex.hemispheres[hemisphere], vertex, radius)] = not erase
    return changed(overlay, hemisphere, vertices)


def grown(cortex: Cortex, overlay: Overlay, rings: int = 1) -> Overlay:
    """The region larger by rings of neighbours; smaller when ``rings`` is below 0."""
    for number, half in enumerate(cortex.hemispheres):
        vertices = chosen(overlay, number)
        joined = (half.edges > 0).astype(np.int32)
        for _ in range(abs(rings)):
            if rings > 0:
                vertices = vertices | (joined @ vertices.astype(np.int32) > 0)
            else:
                vertices = vertices & (joined @ (~vertices).astype(np.int32) == 0)
        overlay = changed(overlay, number, vertices)
    return overlay


def area(cortex: Cortex, overlay: Overlay) -> float:
    """mm² of a region on the folded surface."""
    return float(sum(half.areas[chosen(overlay, number)].sum()
                     for number, half in enumerate(cortex.hemispheres)))  # fmt: skip
