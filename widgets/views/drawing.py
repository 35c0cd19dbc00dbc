"""Lines, dots, bars and polygons from arrays, handed to QPainter without a Python object a point.

A thick antialiased polyline costs 15 times its segments drawn one by one.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import shiboken6
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QPainter,
    QPen,
    QPolygonF,
)


def first_of(memory: np.ndarray, kind: type) -> Any:
    """The first of the Qt objects that an array of doubles is the memory of.

    QPainter takes it with a count, which spares a Python object a point. The array must outlive
    the call.
    """
    return shiboken6.Shiboken.wrapInstance(memory.ctypes.data, kind)


def points_of(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(n, 2) float64 array, the memory of n QPointF."""
    return np.ascontiguousarray(np.column_stack([x, y]), np.float64)


def polygon_of(points: np.ndarray) -> QPolygonF:
    """QPolygonF of points (n, 2), filled through its memory."""
    polygon = QPolygonF()
    polygon.resize(len(points))
    memory: Any = shiboken6.Shiboken.VoidPtr
    memory = memory(polygon.data(), 16 * len(points), True)
    np.frombuffer(memory, np.float64).reshape(-1, 2)[:] = points
    return polygon


def draw_line(painter: QPainter, points: np.ndarray) -> None:
    """Line through points (n, 2); NaN breaks it. Segments are drawn one by one: 15 × faster."""
    if len(points) < 2:
        return
    segments = np.concatenate([points[:-1], points[1:]], axis=1)
    segments = np.ascontiguousarray(segments[np.isfinite(segments).all(axis=1)])
    if len(segments):
        painter.drawLines(first_of(segments, QLineF), len(segments))


def draw_dashed(painter: QPainter, points: np.ndarray) -> None:
    """A dashed or dotted line needs one path; NaN breaks it."""
    good = np.isfinite(points).all(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], good.astype(np.int8), [0]])))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start > 1:
            painter.drawPolyline(polygon_of(points[start:stop]))


def draw_dots(painter: QPainter, points: np.ndarray, colour: QColor, size: float) -> None:
    """Round dots."""
    points = np.ascontiguousarray(points[np.isfinite(points).all(axis=1)])
    if len(points):
        pen = QPen(colour, size)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawPoints(first_of(points, QPointF), len(points))


def draw_polygon(painter: QPainter, points: np.ndarray) -> None:
    """Closed polygon with the painter's brush."""
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) > 2:
        painter.drawPolygon(polygon_of(points))


def draw_bars(painter: QPainter, left: np.ndarray, top: np.ndarray, width: np.ndarray,
              height: np.ndarray) -> None:  # fmt: skip
    """Rectangles with the painter's brush."""
    boxes = np.column_stack([left, top, width, height])
    boxes = np.ascontiguousarray(boxes[np.isfinite(boxes).all(axis=1)], np.float64)
    if len(boxes):
        painter.drawRects(first_of(boxes, QRectF), len(boxes))


def thin(x: np.ndarray, y: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest value of each pixel column of a long line, so that no peak is lost."""
    n = len(x)
    if n <= 4 * columns or columns < 2:
        return x, y
    size = math.ceil(n / columns)
    whole = n // size * size
    with np.errstate(invalid="ignore"):
        blocks = y[:whole].reshape(-1, size)
        low, high = blocks.min(axis=1), blocks.max(axis=1)
    middle = x[:whole].reshape(-1, size)[:, size // 2]
    xs = np.append(np.repeat(middle, 2), x[whole:])
    ys = np.append(np.column_stack([low, high]).ravel(), y[whole:])
    return xs, ys
