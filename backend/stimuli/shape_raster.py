"""Shapes as pixels: 4 × 4 point samples a pixel, box-averaged, without the GIL.

Coordinates are px from the picture's upper left corner; sample (i, j) lies at ((j + .5) / 4,
(i + .5) / 4).
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

FINE = 4


@njit(nogil=True, cache=True, error_model="numpy")
def fill(fine: np.ndarray, points: np.ndarray, value: int) -> None:
    """Fill a polygon (m, 2) by the even-odd rule."""
    rows, columns = fine.shape
    count = points.shape[0]
    crossings = np.empty(count)
    low = max(0, math.floor(points[:, 1].min() * FINE))
    high = min(rows, math.ceil(points[:, 1].max() * FINE) + 1)
    for row in range(low, high):
        y = (row + 0.5) / FINE
        n = 0
        for i in range(count):
            x0, y0 = points[i, 0], points[i, 1]
            x1, y1 = points[(i + 1) % count, 0], points[(i + 1) % count, 1]
            if (y0 <= y) != (y1 <= y):
                crossings[n] = x0 + (y - y0) / (y1 - y0) * (x1 - x0)
                n += 1
        found = np.sort(crossings[:n])
        for pair in range(0, n - 1, 2):
            left = max(0, math.ceil(found[pair] * FINE - 0.5))
            right = min(columns - 1, math.ceil(found[pair + 1] * FINE - 0.5) - 1)
            for column in range(left, right + 1):
                fine[row, column] = value


@njit(nogil=True, cache=True, error_model="numpy")
def segment(fine: np.ndarray, line: np.ndarray, half: float) -> None:
    """Draw a line (x0, y0, x1, y1) of half width ``half`` with round ends."""
    rows, columns = fine.shape
    x0, y0, x1, y1 = line[0], line[1], line[2], line[3]
    dx, dy = x1 - x0, y1 - y0
    length = dx * dx + dy * dy
    top = max(0, math.floor((min(y0, y1) - half) * FINE))
    bottom = min(rows, math.ceil((max(y0, y1) + half) * FINE) + 1)
    left = max(0, math.floor((min(x0, x1) - half) * FINE))
    right = min(columns, math.ceil((max(x0, x1) + half) * FINE) + 1)
    for row in range(top, bottom):
        y = (row + 0.5) / FINE
        for column in range(left, right):
            x = (column + 0.5) / FINE
            along = 0.0
            if length > 0:
                along = min(1.0, max(0.0, ((x - x0) * dx + (y - y0) * dy) / length))
            away_x, away_y = x - x0 - along * dx, y - y0 - along * dy
            if away_x * away_x + away_y * away_y <= half * half:
                fine[row, column] = 1


@njit(nogil=True, cache=True, error_model="numpy")
def ring(fine: np.ndarray, x0: float, y0: float, inner: float, outer: float) -> None:
    """Fill between two radii."""
    rows, columns = fine.shape
    top = max(0, math.floor((y0 - outer) * FINE))
    bottom = min(rows, math.ceil((y0 + outer) * FINE) + 1)
    left = max(0, math.floor((x0 - outer) * FINE))
    right = min(columns, math.ceil((x0 + outer) * FINE) + 1)
    for row in range(top, bottom):
        y = (row + 0.5) / FINE - y0
        for column in range(left, right):
            x = (column + 0.5) / FINE - x0
            square = x * x + y * y
            if inner * inner <= square <= outer * outer:
                fine[row, column] = 1


@njit(nogil=True, cache=True, error_model="numpy")
def segment_circle(fine: np.ndarray, x0: float, y0: float, radius: float, half: float) -> None:
    """Draw a circle of this radius and half line width."""
    ring(fine, x0, y0, max(0.0, radius - half), radius + half)


@njit(nogil=True, cache=True, error_model="numpy")
def fill_disk(fine: np.ndarray, x0: float, y0: float, radius: float) -> None:
    """Fill a disk."""
    ring(fine, x0, y0, 0.0, radius)


@njit(nogil=True, cache=True, error_model="numpy")
def flat(fine: np.ndarray) -> np.ndarray:
    """Black on white: 255 - floor(255 ink + .5), ink the mean of 4 × 4 samples."""
    rows, columns = fine.shape[0] // FINE, fine.shape[1] // FINE
    image = np.empty((rows, columns), np.uint8)
    for row in range(rows):
        for column in range(columns):
            total = 0
            for i in range(FINE):
                for j in range(FINE):
                    total += fine[row * FINE + i, column * FINE + j]
            image[row, column] = 255 - math.floor(255.0 * total / (FINE * FINE) + 0.5)
    return image
