"""Editor of a closed path on the unit square: corners in the order they are walked."""

from __future__ import annotations

from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPolygonF

from widgets import theme
from widgets.trace_editor import Point, TraceCanvas

APART_PX = 10


class PathCanvas(TraceCanvas):
    """Corners (x, y) in [0, 1]; the last is joined to the first."""

    def _fit(self) -> None:
        self._range = (0.0, 1.0, 0.0, 1.0)

    def _clip(self, x: float, y: float) -> Point:
        return min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)

    def arrange(self, points: list[Point]) -> list[Point]:
        """A path keeps its order."""
        return list(points)

    def next_point(self) -> Point:
        """Half way between the last corner and the first."""
        if not self.points:
            return 0.5, 0.5
        (x, y), (u, v) = self.points[-1], self.points[0]
        return round((x + u) / 2, 3), round((y + v) / 2, 3)

    def move_selected(self, point: Point) -> None:
        """Move the chosen corner, anywhere."""
        self.points[self.selected] = point
        self.update()

    def _extend(self, place: QPointF) -> None:
        """A drawn stroke is the whole new path."""
        last = self.place(self._stroke[-1])
        if (place - last).manhattanLength() < theme.dp(APART_PX):
            return
        self._stroke.append(self.point_at(place))
        self.points = list(self._stroke)
        self.changing.emit(list(self.points))
        self.update()

    def draw_line(self, painter: QPainter, line: QPolygonF) -> None:
        """The path with its way back."""
        closed = QPolygonF(line)
        if line.size() > 2:
            closed.append(line.at(0))
        painter.drawPolyline(closed)
