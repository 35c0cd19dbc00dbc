"""A sphere for the simulated cortex: 10,242 vertices, gently warped, with a strip of 200 (spec 4).

SIMULATED: it is not anatomy. Units are mm; -y is posterior, -z ventral.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

SUBDIVISIONS = 5
"""An icosahedron split so often has 10 x 4^5 + 2 = 10,242 vertices."""
RADIUS_MM = 60.0
STRIP_VERTICES = 200
STRIP_DEGREES = 100.0
"""Arc of the ventral midline that the strip covers, posterior to anterior."""


@dataclass(frozen=True)
class SimulatedSurface:
    """A closed surface.

    Attributes
    ----------
    vertices : (10242, 3) float32 in mm. faces : (20480, 3) int32.
    strip : (200,) vertices of the ROI, posterior to anterior.
    """

    vertices: np.ndarray
    faces: np.ndarray
    strip: np.ndarray


@functools.cache
def simulated_surface() -> SimulatedSurface:
    """The warped sphere; always the same."""
    points, faces = icosphere(SUBDIVISIONS)
    return SimulatedSurface(
        (points * (RADIUS_MM * warp(points))[:, None]).astype(np.float32),
        faces.astype(np.int32),
        strip(points),
    )


def icosphere(subdivisions: int) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors (10 x 4^s + 2, 3) and triangles (20 x 4^s, 3), turned outwards."""
    golden = (1 + np.sqrt(5)) / 2
    some = [(s, t * golden, 0.0) for t in (1, -1) for s in (-1, 1)]
    points = np.array([np.roll(p, turn) for turn in (0, 1, 2) for p in some], dtype=np.float64)
    gaps = ((points[:, None] - points) ** 2).sum(axis=-1)
    near = np.isclose(gaps, 4.0)
    faces = np.array(
        [
            (a, b, c)
            for a in range(12)
            for b in range(a + 1, 12)
            for c in range(b + 1, 12)
            if near[a, b] and near[b, c] and near[a, c]
        ]
    )
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    inward = np.linalg.det(points[faces]) < 0
    faces[inward] = faces[inward][:, [0, 2, 1]]
    for _ in range(subdivisions):
        points, faces = split(points, faces)
    return points, faces


def split(points: np.ndarray, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every triangle into four, new vertices on the sphere."""
    corners = [faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]
    edges = np.sort(np.concatenate(corners), axis=1)
    unique, where = np.unique(edges, axis=0, return_inverse=True)
    middle = points[unique].sum(axis=1)
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    ab, bc, ca = len(points) + where.reshape(3, -1)
    a, b, c = faces.T
    parts = [(a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca)]
    return np.concatenate([points, middle]), np.concatenate([np.stack(p, axis=1) for p in parts])


def warp(points: np.ndarray) -> np.ndarray:
    """A fixed smooth factor of the radius, 0.85 to 1.15: longer than wide, with low bumps."""
    x, y, z = points.T
    longer = 0.08 * y**2 - 0.04 * z**2 - 0.04 * x**2
    return 1.0 + longer + 0.03 * np.sin(3 * x + 1) * np.sin(2 * y) * np.cos(3 * z)


def strip(points: np.ndarray) -> np.ndarray:
    """The 200 vertices nearest to an arc along the ventral midline, posterior to anterior."""
    x, y, z = points.T
    along = np.degrees(np.arctan2(y, -z))
    inside = np.abs(along) <= STRIP_DEGREES / 2
    distance = np.where(inside, np.abs(np.arcsin(np.clip(x, -1, 1))), np.inf)
    nearest = np.argsort(distance, kind="stable")[:STRIP_VERTICES]
    return nearest[np.argsort(along[nearest], kind="stable")]
