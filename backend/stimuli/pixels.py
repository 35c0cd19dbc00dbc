"""What is in the pixels of a picture: pieces, holes, ink and contour, as exported."""

from __future__ import annotations

import numpy as np
from numba import njit

INK = 128
"""Black-on-white pixels below this grey are ink (09-shapenet-transfer, specification section 4)."""


def components_and_holes(ink: np.ndarray) -> tuple[int, int]:
    """Number of 8-connected pieces of ink, and of 4-connected holes in it.

    Parameters
    ----------
    ink : (H, W) bool or uint8. What lies beyond the border is background.
    """
    return _count(np.ascontiguousarray(ink, np.uint8))


@njit(nogil=True, cache=True, error_model="numpy")
def _count(ink: np.ndarray) -> tuple[int, int]:
    """Pieces by flooding; holes from Euler's number by bit quads (pieces minus holes)."""
    height, width = ink.shape
    seen = np.zeros((height, width), np.uint8)
    stack = np.empty(height * width, np.int32)
    pieces = 0
    for start in range(height * width):
        if not ink[start // width, start % width] or seen[start // width, start % width]:
            continue
        pieces += 1
        seen[start // width, start % width] = 1
        stack[0] = start
        top = 1
        while top:
            top -= 1
            row, column = stack[top] // width, stack[top] % width
            for y in range(max(row - 1, 0), min(row + 2, height)):
                for x in range(max(column - 1, 0), min(column + 2, width)):
                    if ink[y, x] and not seen[y, x]:
                        seen[y, x] = 1
                        stack[top] = y * width + x
                        top += 1
    return pieces, pieces - _euler(ink)


@njit(nogil=True, cache=True, error_model="numpy")
def _euler(ink: np.ndarray) -> int:
    """Euler's number of 8-connected ink: (Q1 - Q3 - 2 Qdiagonal) / 4 over all 2 × 2 windows."""
    height, width = ink.shape
    total = 0
    for row in range(height + 1):
        for column in range(width + 1):
            a = row > 0 and column > 0 and ink[row - 1, column - 1] > 0
            b = row > 0 and column < width and ink[row - 1, column] > 0
            c = row < height and column > 0 and ink[row, column - 1] > 0
            d = row < height and column < width and ink[row, column] > 0
            n = int(a) + int(b) + int(c) + int(d)
            if n == 1:
                total += 1
            elif n == 3:
                total -= 1
            elif n == 2 and a == d:
                total -= 2
    return total // 4


def ink_and_edge(images: np.ndarray, dark: bool = True) -> np.ndarray:
    """Low-level features of black-and-white pictures.

    Source: 09-shapenet-transfer, specification section 2.5.

    Parameters
    ----------
    images : (n, H, W) uint8; ``dark``: ink is dark.

    Returns
    -------
    (n, 2) float64: mean ink fraction; mean |row difference| + mean |column difference|.
    """
    found = np.empty((len(images), 2))
    for index, image in enumerate(images):
        ink = (255.0 - image if dark else image.astype(float)) / 255.0
        found[index] = (
            ink.mean(),
            np.abs(np.diff(ink, axis=0)).mean() + np.abs(np.diff(ink, axis=1)).mean(),
        )
    return found


def touches_border(ink: np.ndarray) -> bool:
    """True when ink (H, W) lies on an outermost pixel."""
    return bool(ink[0].any() or ink[-1].any() or ink[:, 0].any() or ink[:, -1].any())
