"""A parcellation computed from the surface alone: compact patches of like area, no anatomy."""

from __future__ import annotations

import colorsys

import numpy as np

from backend.brain.cortex import Cortex, Hemisphere
from backend.brain.overlays import Label, Overlay

EACH = 50
ROUNDS = 12
GOLDEN = 0.618034


def parcellation(cortex: Cortex, count: int = EACH) -> Overlay:
    """``count`` patches on each hemisphere: nearest of centres on the sphere (or the folded
    surface), the centres moved to their patches' middles. Always the same."""
    labels: list[Label] = []
    values = []
    for half in cortex.hemispheres:
        patches = patches_of(half, count)
        letter = half.side[:1].upper()
        first = len(labels)
        for number in range(1, count + 1):
            shade = colorsys.hsv_to_rgb((len(labels) * GOLDEN) % 1, 0.55, 0.9)
            r, g, b = (round(255 * one) for one in shade)
            labels.append(Label(f"{letter} patch {number}".strip(), (r, g, b), len(labels) + 1))
        values.append((patches + 1 + first).astype(np.float32)[None])
    return Overlay("Computed patches", tuple(values), ("patches",), labels=tuple(labels),
                   note="computed from the surface, no anatomy")  # fmt: skip


def patches_of(half: Hemisphere, count: int) -> np.ndarray:
    """(n,) patch of each vertex from 0, numbered from the back to the front."""
    points = half.shapes.get("sphere", half.shapes[half.folded]).astype(float)
    points = points - points.mean(axis=0)
    if "sphere" in half.shapes:
        points /= np.linalg.norm(points, axis=1, keepdims=True)
    from scipy.spatial import cKDTree

    centres = points[spread_out(points, count)]
    nearest = np.zeros(len(points), int)
    for _ in range(ROUNDS):
        nearest = cKDTree(centres).query(points)[1]
        weight = np.maximum(np.bincount(nearest, half.areas, count), 1e-9)
        centres = np.column_stack([
            np.bincount(nearest, half.areas * points[:, axis], count) / weight for axis in range(3)
        ])  # fmt: skip
    order = np.argsort(centres[:, 1], kind="stable")
    number = np.empty(count, int)
    number[order] = np.arange(count)
    return number[nearest]


def spread_out(points: np.ndarray, count: int) -> list[int]:
    """Vertices far from each other: each next one farthest from those before."""
    found = [int(np.argmin(points[:, 1]))]
    away = ((points - points[found[0]]) ** 2).sum(axis=1)
    while len(found) < count:
        found.append(int(away.argmax()))
        away = np.minimum(away, ((points - points[found[-1]]) ** 2).sum(axis=1))
    return found
