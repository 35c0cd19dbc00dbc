"""Compiled pieces that all face maps share: soft steps, bells, blurs, sampling between pixels."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

EXTENT = 1.12
"""Half the side of the face canvas in face units (faces, section 3)."""


@njit(nogil=True, cache=True, error_model="numpy")
def step(x: float) -> float:
    """The logistic function, flat beyond 30."""
    if x > 30.0:
        return 1.0
    if x < -30.0:
        return 0.0
    return 1.0 / (1.0 + math.exp(-x))


@njit(nogil=True, cache=True, error_model="numpy")
def bell(x: float) -> float:
    """exp(-x²), zero beyond 5.5 (1e-13)."""
    return math.exp(-x * x) if abs(x) < 5.5 else 0.0


@njit(nogil=True, cache=True, error_model="numpy")
def unit(x: float) -> float:
    """x kept in 0..1."""
    return min(max(x, 0.0), 1.0)


@njit(nogil=True, cache=True, error_model="numpy")
def within(x: float, low: float, high: float) -> float:
    """x kept between low and high."""
    return min(max(x, low), high)


@njit(nogil=True, cache=True, error_model="numpy")
def _taps(sigma: float) -> np.ndarray:
    """Gaussian weights from -4 to 4 sigma, summing to 1."""
    radius = int(4.0 * sigma + 0.5)
    weights = np.empty(2 * radius + 1, np.float32)
    total = 0.0
    for k in range(2 * radius + 1):
        weights[k] = math.exp(-0.5 * ((k - radius) / sigma) ** 2)
        total += weights[k]
    for k in range(2 * radius + 1):
        weights[k] /= total
    return weights


@njit(nogil=True, cache=True, error_model="numpy")
def _mirrored(index: int, size: int) -> int:
    """Index of the pixel that a place beyond the border repeats (… b a | a b …)."""
    index %= 2 * size
    return index if index < size else 2 * size - 1 - index


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _add_pair(row: np.ndarray, one: np.ndarray, other: np.ndarray, weight: float) -> None:
    """row += weight × (one + other)."""
    for j in range(row.size):
        row[j] += weight * (one[j] + other[j])


@njit(nogil=True, cache=True, error_model="numpy")
def blur(image: np.ndarray, down: float, across: float) -> np.ndarray:
    """Gaussian blur of an (H, W) float32 map; sd in px, borders mirrored."""
    height, width = image.shape
    weights = _taps(down)
    radius = weights.size // 2
    between = np.empty((height, width), np.float32)
    for i in range(height):
        between[i] = weights[radius] * image[i]
        for k in range(1, radius + 1):
            above, below = image[_mirrored(i - k, height)], image[_mirrored(i + k, height)]
            _add_pair(between[i], above, below, weights[radius + k])
    weights = _taps(across)
    radius = weights.size // 2
    out = np.empty((height, width), np.float32)
    padded = np.empty(width + 2 * radius, np.float32)
    for i in range(height):
        padded[radius : radius + width] = between[i]
        for k in range(1, radius + 1):
            padded[radius - k] = between[i, _mirrored(-k, width)]
            padded[radius + width - 1 + k] = between[i, _mirrored(width - 1 + k, width)]
        out[i] = weights[radius] * between[i]
        for k in range(1, radius + 1):
            left, right = radius - k, radius + k
            _add_pair(
                out[i], padded[left : left + width], padded[right : right + width],
                weights[radius + k],
            )  # fmt: skip
    return out


@njit(nogil=True, cache=True, error_model="numpy")
def resample(image: np.ndarray, size: int) -> np.ndarray:
    """Bilinear map of size × size px (pixel centres, border replicated)."""
    source = image.shape[0]
    left, share = np.empty(size, np.uint32), np.empty(size, np.float32)
    for j in range(size):
        place = min(max((j + 0.5) * source / size - 0.5, 0.0), source - 1.0 - 1e-6)
        left[j] = np.uint32(place)
        share[j] = place - left[j]
    out, line = np.empty((size, size), np.float32), np.empty(source, np.float32)
    for i in range(size):
        line[:] = image[left[i]] + share[i] * (image[left[i] + 1] - image[left[i]])
        for j in range(size):
            k = left[j]
            out[i, j] = line[k] + share[j] * (line[k + np.uint32(1)] - line[k])
    return out


@njit(nogil=True, cache=True, error_model="numpy", fastmath=True)
def normalise(image: np.ndarray) -> None:
    """Divide a float32 map by its standard deviation."""
    total, squares = np.float32(0.0), np.float32(0.0)
    flat = image.ravel()
    for k in range(flat.size):
        total += flat[k]
    mean = total / np.float32(flat.size)
    for k in range(flat.size):
        squares += (flat[k] - mean) * (flat[k] - mean)
    factor = np.float32(1.0) / np.sqrt(squares / np.float32(flat.size))
    for k in range(flat.size):
        flat[k] *= factor


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def between_pixels(image: np.ndarray, row: float, column: float) -> float:
    """Bilinear value at a place in px (centres at whole numbers, border replicated)."""
    row = 0.0 if row < 0.0 else row
    column = 0.0 if column < 0.0 else column
    last_row, last_column = image.shape[0] - 1, image.shape[1] - 1
    row = last_row - 1e-6 if row >= last_row else row
    column = last_column - 1e-6 if column >= last_column else column
    top, left = np.uint32(row), np.uint32(column)
    a, b = row - top, column - left
    upper, upper_right = image[top, left], image[top, left + np.uint32(1)]
    lower = image[top + np.uint32(1), left]
    lower_right = image[top + np.uint32(1), left + np.uint32(1)]
    upper += (upper_right - upper) * b
    lower += (lower_right - lower) * b
    return upper + (lower - upper) * a
