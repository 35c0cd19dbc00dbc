"""Painting on a small picture with undo: pen, disc, line, polygon and flood fill on an array.

No window is needed: an editor calls these with cell coordinates (x to the right, y down, cell
centres at whole numbers) and reads ``canvas.pixels``.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Point = tuple[float, float]


@dataclass(frozen=True)
class Stroke:
    """One undoable change: which pixels, their values before and after."""

    pixels: np.ndarray
    before: np.ndarray
    after: np.ndarray


class Canvas:
    """A picture (H, W) float32 that can be painted on and undone.

    ``revision`` grows with every change, so that a viewer knows when to look again.
    """

    def __init__(self, pixels: np.ndarray, history: int = 200) -> None:
        self.pixels = np.array(pixels, np.float32)
        self.revision = 0
        self._history = history
        self._done: list[Stroke] = []
        self._undone: list[Stroke] = []
        self._open: np.ndarray | None = None

    @property
    def can_undo(self) -> bool:
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        return bool(self._undone)

    def pen(self, points: Sequence[Point], width: float, value: float) -> bool:
        """Draw a freehand path; an eraser is a pen with the background's value."""
        mask = np.zeros(self.pixels.shape, bool)
        if len(points) == 1:
            mask |= _near_segment(self.pixels.shape, points[0], points[0], width)
        for start, stop in itertools.pairwise(points):
            mask |= _near_segment(self.pixels.shape, start, stop, width)
        return self.fill_mask(mask, value)

    def line(self, start: Point, stop: Point, width: float, value: float) -> bool:
        """Draw a straight line."""
        return self.pen([start, stop], width, value)

    def disc(self, centre: Point, radius: float, value: float) -> bool:
        """Fill a disc: all cells strictly nearer than ``radius``."""
        y, x = np.indices(self.pixels.shape)
        return self.fill_mask(np.hypot(x - centre[0], y - centre[1]) < radius, value)

    def rectangle(self, corner: Point, opposite: Point, value: float) -> bool:
        """Fill a rectangle, both corners included."""
        y, x = np.indices(self.pixels.shape)
        left, right = sorted((corner[0], opposite[0]))
        top, bottom = sorted((corner[1], opposite[1]))
        return self.fill_mask((x >= left) & (x <= right) & (y >= top) & (y <= bottom), value)

    def polygon(self, points: Sequence[Point], value: float) -> bool:
        """Fill a polygon (even-odd rule, cell centres)."""
        y, x = np.indices(self.pixels.shape).astype(float)
        inside = np.zeros(self.pixels.shape, bool)
        for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True):
            crosses = (y0 <= y) != (y1 <= y)
            if not crosses.any():  # level sides, and slopes too steep for numbers
                continue
            share = (y[crosses] - y0) / (y1 - y0)
            inside[crosses] ^= x[crosses] < x0 + share * (x1 - x0)
        return self.fill_mask(inside, value)

    def flood(self, point: Point, value: float) -> bool:
        """Fill the connected region (4 neighbours) of equal value around a cell."""
        from scipy import ndimage

        column, row = round(point[0]), round(point[1])
        height, width = self.pixels.shape
        if not (0 <= row < height and 0 <= column < width):
            return False
        regions, _ = ndimage.label(self.pixels == self.pixels[row, column])
        return self.fill_mask(regions == regions[row, column], value)

    def fill_mask(self, mask: np.ndarray, value: float) -> bool:
        """Set the pixels of a mask; returns whether anything changed."""
        return self._apply(np.flatnonzero(mask & (self.pixels != np.float32(value))), value)

    def replace(self, pixels: np.ndarray) -> bool:
        """Replace the whole picture, as one undoable change (import, generated figure)."""
        new = np.asarray(pixels, np.float32)
        where = np.flatnonzero(new != self.pixels)
        return self._apply(where, new.ravel()[where])

    def begin_stroke(self) -> None:
        """Join all changes until :meth:`end_stroke` into one step of undo (a mouse drag)."""
        self._open = self.pixels.copy()

    def end_stroke(self) -> bool:
        """Close the joined change; returns whether anything changed."""
        if self._open is None:
            return False
        before = self._open
        self._open = None
        where = np.flatnonzero(before != self.pixels)
        return self._remember(where, before.ravel()[where])

    def undo(self) -> bool:
        """Take back the last change; False when there is none."""
        self.end_stroke()
        return self._move(self._done, self._undone, "before")

    def redo(self) -> bool:
        """Make the last undone change again; False when there is none."""
        self.end_stroke()
        return self._move(self._undone, self._done, "after")

    def _apply(self, where: np.ndarray, value: float | np.ndarray) -> bool:
        before = self.pixels.ravel()[where].copy()
        self.pixels.ravel()[where] = value
        self.revision += int(where.size > 0)
        if self._open is not None:
            return bool(where.size)
        return self._remember(where, before)

    def _remember(self, where: np.ndarray, before: np.ndarray) -> bool:
        if where.size == 0:
            return False
        self._done.append(Stroke(where, before, self.pixels.ravel()[where].copy()))
        del self._done[: -self._history]
        self._undone.clear()
        return True

    def _move(self, source: list[Stroke], target: list[Stroke], side: str) -> bool:
        if not source:
            return False
        stroke = source.pop()
        self.pixels.ravel()[stroke.pixels] = getattr(stroke, side)
        target.append(stroke)
        self.revision += 1
        return True


def _near_segment(shape: tuple[int, ...], start: Point, stop: Point, width: float) -> np.ndarray:
    """Cells nearer than half the width to a segment; at least the cells it runs through."""
    y, x = np.indices(shape)
    along = np.array([stop[0] - start[0], stop[1] - start[1]])
    length = float(along @ along)
    px, py = x - start[0], y - start[1]
    share = np.clip((px * along[0] + py * along[1]) / length, 0.0, 1.0) if length else 0.0
    distance = np.hypot(px - share * along[0], py - share * along[1])
    return distance <= max(width / 2, 0.5)
