"""Twelve classes of grey objects that are no faces (specification "faces", section 8)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from backend.stimuli.faces.numerics import blur, normalise, step

CLASSES = (
    "disc", "triangle", "square", "hexagon", "star 5", "star 8", "ring", "plus", "grating",
    "checker", "spiral", "blobs",
)  # fmt: skip
DISC, TRIANGLE, SQUARE, HEXAGON, STAR5, STAR8, RING, PLUS, GRATING, CHECKER, SPIRAL, BLOBS = range(
    12
)


class ObjectImage(NamedTuple):
    """One object's picture (side, side) float32 in [0, 1] and what was drawn for it.

    ``x``, ``y`` centre and ``size`` radius in half sides of the canvas, ``angle`` in rad, ``front``
    and ``back`` mean greys.
    """

    image: np.ndarray
    x: float
    y: float
    size: float
    angle: float
    front: float
    back: float


def draw_object(rng: np.random.Generator, kind: int, side: int = 64) -> ObjectImage:
    """Draw one object of class ``kind`` (index into ``CLASSES``), textured and shaded."""
    x, y = rng.uniform(-0.2, 0.2, 2)
    size, angle = rng.uniform(0.45, 0.75), rng.uniform(0, 2 * math.pi)
    back, front = rng.uniform(0.2, 0.8, 2)
    if abs(front - back) < 0.2:
        front = (back + 0.4) % 1.0
    sigmas = rng.uniform(1, 6) * side / 64, rng.uniform(0.6, 3) * side / 64
    cycles, slope = rng.uniform(7, 11), rng.uniform(0, 2 * math.pi)
    noise = rng.standard_normal((2, side, side), np.float32)
    image = np.empty((side, side), np.float32)
    _draw(kind, x, y, size, angle, front, back, sigmas, cycles, slope, noise, image)
    return ObjectImage(image, x, y, size, angle, front, back)


def nonface_objects(
    rng: np.random.Generator, n_per_class: int, size: int = 64
) -> tuple[np.ndarray, np.ndarray]:
    """Images (12 n, 1, size, size) float32 in [0, 1] and classes (12 n,), class after class."""
    labels = np.repeat(np.arange(len(CLASSES)), n_per_class)
    images = np.empty((len(labels), 1, size, size), np.float32)
    for k, label in enumerate(labels):
        images[k, 0] = draw_object(rng, int(label), size).image
    return images, labels


@njit(nogil=True, cache=True, error_model="numpy")
def _draw(kind, x0, y0, size, angle, front, back, sigmas, cycles, slope, noise, image):  # type: ignore[no-untyped-def]
    side = image.shape[0]
    behind, before = blur(noise[0], sigmas[0], sigmas[0]), blur(noise[1], sigmas[1], sigmas[1])
    normalise(behind)
    normalise(before)
    c, s = math.cos(angle), math.sin(angle)
    cs, ss = math.cos(slope), math.sin(slope)
    sharp = 0.6 * side
    for i in range(side):
        for j in range(side):
            across, up = (j + 0.5) / side * 2.0 - 1.0, 1.0 - (i + 0.5) / side * 2.0
            x, y = (across - x0) / size, (up - y0) / size
            x, y = c * x + s * y, c * y - s * x
            mask, stripes = _inside(kind, x, y, cycles, sharp)
            grey = back + 0.06 * behind[i, j]
            ink = front + 0.06 * before[i, j]
            grey += mask * (back + stripes * (ink - back) - grey)
            grey *= 1.0 + 0.25 * (cs * across + ss * up)
            image[i, j] = min(max(grey, 0.0), 1.0)


@njit(nogil=True, cache=True, error_model="numpy")
def _polygon(x, y, sides):  # type: ignore[no-untyped-def]
    wedge = 2.0 * math.pi / sides
    t = math.atan2(y, x) % wedge
    return 0.8 - math.hypot(x, y) * math.cos(t - wedge / 2.0)


@njit(nogil=True, cache=True, error_model="numpy")
def _inside(kind, x, y, cycles, sharp):  # type: ignore[no-untyped-def]
    """Soft mask at a place in units of the object, and how much of it is ink there."""
    r = math.hypot(x, y)
    d, ink = 1.0 - r, 1.0
    if kind == TRIANGLE:
        d = _polygon(x, y, 3)
    elif kind == SQUARE:
        d = _polygon(x, y, 4)
    elif kind == HEXAGON:
        d = _polygon(x, y, 6)
    elif kind in (STAR5, STAR8):
        arms = 5.0 if kind == STAR5 else 8.0
        d = 0.65 + 0.35 * math.cos(arms * math.atan2(y, x)) - r
    elif kind == RING:
        d = min(1.0 - r, r - 0.6)
    elif kind == PLUS:
        d = min(1.0 - max(abs(x), abs(y)), 0.25 - min(abs(x), abs(y)))
    elif kind == GRATING:
        ink = 0.5 + 0.5 * math.sin(cycles * x)
    elif kind == CHECKER:
        d = 1.0 - max(abs(x), abs(y))
        ink = 0.5 + 0.5 * math.sin(6.0 * x) * math.sin(6.0 * y)
    elif kind == SPIRAL:
        ink = 0.5 + 0.5 * math.cos(2.0 * math.atan2(y, x) - 8.0 * r)
    elif kind == BLOBS:
        d = -1.0
        for k in range(3):
            t = 2.0 * math.pi * k / 3.0
            d = max(d, 0.3 - math.hypot(x - 0.6 * math.cos(t), y - 0.6 * math.sin(t)))
    return step(sharp * d), ink
