"""Editor of a trace given by points: drag them, draw by hand, or type them into a table."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QSizePolicy,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from backend.core.parameters import show_number
from widgets import theme
from widgets.parts import Button, Tool
from widgets.ticks import nice_ticks

Point = tuple[float, float]
Index = QModelIndex | QPersistentModelIndex


def read_points(path: str | Path) -> list[Point]:
    """Points of a two-column CSV file, as they come; lines without two numbers are skipped."""
    points = []
    with Path(path).open(newline="", encoding="utf-8") as file:
        for line in csv.reader(file):
            try:
                x, y = float(line[0]), float(line[1])
            except (ValueError, IndexError):
                continue
            if math.isfinite(x) and math.isfinite(y):
                points.append((x, y))
    return points


def write_points(path: str | Path, points: list[Point]) -> None:
    """Write points as CSV with a header."""
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["time", "value"])
        writer.writerows(points)


class TraceCanvas(QWidget):
    """The drawn trace; tells of changes while dragged and once at the end."""

    changing = Signal(object)
    changed = Signal(object)
    chosen = Signal(int)

    def __init__(
        self, x_title: str, y_title: str, limits: tuple[float | None, float | None],
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.points: list[Point] = []
        self.selected = -1
        self.draw_mode = False
        self._titles = (x_title, y_title)
        self._limits = limits
        self._range = (0.0, 1.0, 0.0, 1.0)
        self._held = False
        self._stroke: list[Point] = []
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(f"Trace of {y_title}")

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(460), theme.dp(230))

    def set_points(self, points: list[Point]) -> None:
        """Show these points; the axes fit them unless the user is dragging."""
        self.points = [(float(x), float(y)) for x, y in points]
        self.selected = min(self.selected, len(self.points) - 1)
        if not self._held:
            self._fit()
        self.setAccessibleDescription(f"{len(self.points)} points")
        self.update()

    def _fit(self) -> None:
        xs = [x for x, _ in self.points] or [0.0, 1.0]
        ys = [y for _, y in self.points] or [0.0, 1.0]
        low, high = self._limits
        bottom = low if low is not None else min(*ys, 0.0)
        top = high if high is not None else max(*ys, 1.0)
        right = max(xs)
        left = min(*xs, 0.0)
        if right <= left:
            right = left + 1.0
        if top <= bottom:
            top = bottom + 1.0
        wide, tall = 0.06 * (right - left), 0.06 * (top - bottom)
        self._range = (left, right + wide, bottom - tall, top + tall)

    # ---- places --------------------------------------------------------------------------

    @property
    def _box(self) -> QRectF:
        return QRectF(self.rect()).adjusted(theme.dp(52), theme.dp(8), -theme.dp(12), -theme.dp(38))

    def place(self, point: Point) -> QPointF:
        """Pixel of a point."""
        left, right, bottom, top = self._range
        box = self._box
        return QPointF(
            box.left() + (point[0] - left) / (right - left) * box.width(),
            box.bottom() - (point[1] - bottom) / (top - bottom) * box.height(),
        )

    def point_at(self, place: QPointF) -> Point:
        """Point of a pixel, inside the limits and rounded to what a pixel means."""
        left, right, bottom, top = self._range
        box = self._box
        x = left + (place.x() - box.left()) / box.width() * (right - left)
        y = bottom + (box.bottom() - place.y()) / box.height() * (top - bottom)
        return self._clip(_rounded(x, (right - left) / 1000), _rounded(y, (top - bottom) / 1000))

    def _clip(self, x: float, y: float) -> Point:
        low, high = self._limits
        y = y if low is None else max(y, low)
        y = y if high is None else min(y, high)
        return max(x, 0.0), y

    def _nearest(self, place: QPointF) -> int:
        near = [
            ((self.place(point) - place).manhattanLength(), i)
            for i, point in enumerate(self.points)
        ]
        distance, index = min(near, default=(math.inf, -1))
        return index if distance <= theme.dp(12) else -1

    # ---- mouse and keys ------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._held = True
        if self.draw_mode:
            self._stroke = [self.point_at(event.position())]
            return
        self.select(self._nearest(event.position()))
        if self.selected < 0:
            self._insert(self.point_at(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self._held:
            over = self._nearest(event.position()) >= 0
            self.setCursor(Qt.CursorShape.SizeAllCursor if over else Qt.CursorShape.CrossCursor)
            return
        if self.draw_mode:
            self._extend(event.position())
        elif self.selected >= 0:
            self.move_selected(self.point_at(event.position()))
            self.changing.emit(list(self.points))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held and event.button() == Qt.MouseButton.LeftButton:
            self._held = False
            self._stroke = []
            self.changed.emit(list(self.points))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        left, right, bottom, top = self._range
        moves = {
            Qt.Key.Key_Left: (-(right - left) / 100, 0.0),
            Qt.Key.Key_Right: ((right - left) / 100, 0.0),
            Qt.Key.Key_Up: (0.0, (top - bottom) / 100),
            Qt.Key.Key_Down: (0.0, -(top - bottom) / 100),
        }
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.remove_selected()
        elif event.key() in moves and self.selected >= 0:
            dx, dy = moves[Qt.Key(event.key())]
            x, y = self.points[self.selected]
            self.move_selected(self._clip(x + dx, y + dy))
            self.changed.emit(list(self.points))
        elif event.key() in (Qt.Key.Key_PageDown, Qt.Key.Key_PageUp) and self.points:
            step = 1 if event.key() == Qt.Key.Key_PageDown else -1
            self.select((self.selected + step) % len(self.points))
        else:
            super().keyPressEvent(event)

    def select(self, index: int) -> None:
        """Choose a point; -1 chooses none."""
        self.selected = index
        self.chosen.emit(index)
        self.update()

    def arrange(self, points: list[Point]) -> list[Point]:
        """Points in the order in which they are kept: by time."""
        return sorted(points)

    def _insert(self, point: Point) -> None:
        self.points = self.arrange([*self.points, point])
        self.select(self.points.index(point))
        self.changing.emit(list(self.points))

    def next_point(self) -> Point:
        """Where a point added by the button goes: one step after the last."""
        points = self.points
        step = points[-1][0] - points[-2][0] if len(points) > 1 else 10.0
        return (points[-1][0] + (step or 1.0), points[-1][1]) if points else (0.0, 0.0)

    def move_selected(self, point: Point) -> None:
        """Move the chosen point; it cannot pass its neighbours."""
        i = self.selected
        before = self.points[i - 1][0] if i > 0 else -math.inf
        after = self.points[i + 1][0] if i + 1 < len(self.points) else math.inf
        self.points[i] = (min(max(point[0], before), after), point[1])
        self.update()

    def remove_selected(self) -> None:
        """Take the chosen point away."""
        if 0 <= self.selected < len(self.points):
            del self.points[self.selected]
            self.select(min(self.selected, len(self.points) - 1))
            self.changed.emit(list(self.points))

    def _extend(self, place: QPointF) -> None:
        """Add to a hand-drawn stroke; it replaces the points beneath it."""
        last = self.place(self._stroke[-1])
        if abs(place.x() - last.x()) < theme.dp(4):
            return
        self._stroke.append(self.point_at(place))
        low, high = (f(x for x, _ in self._stroke) for f in (min, max))
        kept = [p for p in self.points if not low <= p[0] <= high]
        drawn = dict(self._stroke)
        self.points = self.arrange([*kept, *drawn.items()])
        self.changing.emit(list(self.points))
        self.update()

    # ---- paint ---------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.token("base"))
        self._paint_axes(painter)
        places = [self.place(point) for point in self.points]
        painter.setClipRect(self._box.adjusted(-8, -8, 8, 8))
        painter.setPen(QPen(theme.colour("1"), theme.line_width(1.5)))
        self.draw_line(painter, QPolygonF(places))
        for i, place in enumerate(places):
            chosen = i == self.selected
            painter.setBrush(theme.token("accent" if chosen else "base"))
            painter.setPen(QPen(theme.token("accent") if chosen else theme.colour("1"), 1.5))
            radius = theme.dp(5 if chosen else 3.5)
            painter.drawEllipse(place, radius, radius)
        painter.end()

    def draw_line(self, painter: QPainter, line: QPolygonF) -> None:
        """The trace between its points."""
        painter.drawPolyline(line)

    def _paint_axes(self, painter: QPainter) -> None:
        box = self._box
        left, right, bottom, top = self._range
        painter.setFont(theme.font("caption"))
        middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        for value in nice_ticks(bottom, top, 4):
            y = self.place((left, value)).y()
            painter.setPen(QPen(theme.token("grid"), 1))
            painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
            painter.setPen(theme.token("text3"))
            room = QRectF(theme.dp(16), y - 10, box.left() - theme.dp(22), 20)
            painter.drawText(room, middle, show_number(value, 4))
        for value in nice_ticks(left, right, 6):
            x = self.place((value, bottom)).x()
            painter.setPen(theme.token("text3"))
            painter.drawLine(QPointF(x, box.bottom()), QPointF(x, box.bottom() + 4))
            room = QRectF(x - theme.dp(40), box.bottom() + theme.dp(5), theme.dp(80), theme.dp(14))
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, show_number(value, 4))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        painter.drawLine(box.bottomLeft(), box.topLeft())
        room = QRectF(box.left(), self.height() - theme.dp(18), box.width(), theme.dp(16))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, self._titles[0])
        painter.save()
        painter.translate(theme.dp(12), box.center().y())
        painter.rotate(-90)
        painter.drawText(
            QRectF(-theme.dp(100), -theme.dp(8), theme.dp(200), theme.dp(16)),
            Qt.AlignmentFlag.AlignCenter,
            self._titles[1],
        )
        painter.restore()


def _rounded(value: float, step: float) -> float:
    if step <= 0:
        return value
    digits = max(0, -math.floor(math.log10(step)))
    return round(value, digits)


class PointModel(QAbstractTableModel):
    """Two columns: x and value."""

    edited = Signal(object)

    def __init__(self, titles: tuple[str, str], parent: QWidget) -> None:
        super().__init__(parent)
        self.points: list[Point] = []
        self._titles = titles

    def set_points(self, points: list[Point]) -> None:
        """Show these points."""
        self.beginResetModel()
        self.points = list(points)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.points)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else 2

    def flags(self, index: Index) -> Qt.ItemFlag:
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self._titles[section] if orientation == Qt.Orientation.Horizontal else section + 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return show_number(self.points[index.row()][index.column()], 8)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        try:
            number = float(str(value).replace("\u2212", "-").replace("\u2009", ""))
        except ValueError:
            return False
        if not math.isfinite(number):
            return False
        points = list(self.points)
        point = list(points[index.row()])
        point[index.column()] = number
        points[index.row()] = (point[0], point[1])
        self.edited.emit(points)
        return True


class TraceEditor(QWidget):
    """Canvas and table of one trace.

    Signals: ``changing(points)`` while dragged, ``changed(points)`` once after. ``load`` and
    ``save`` are what *Import* and *Export* call; they default to CSV files by dialog.
    """

    changing = Signal(object)
    changed = Signal(object)

    def __init__(
        self,
        label: str,
        unit: str = "",
        limits: tuple[float | None, float | None] = (None, None),
        x_title: str = "time (ms)",
        canvas: type[TraceCanvas] = TraceCanvas,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(label)
        self.load: Callable[[], list[Point] | None] = self._load_file
        self.save: Callable[[list[Point]], None] = self._save_file
        y_title = f"{label.lower()} ({unit})" if unit else label.lower()
        self.canvas = canvas(x_title, y_title, limits)
        self.canvas.setMouseTracking(True)
        self.canvas.changing.connect(self._follow)
        self.canvas.changed.connect(self._commit)
        self.canvas.chosen.connect(self._choose_row)
        self.model = PointModel((x_title, y_title), self)
        self.model.edited.connect(self._typed)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName(f"Points of {label}")
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.verticalHeader().setDefaultSectionSize(theme.dp(24))
        self.table.clicked.connect(lambda index: self.canvas.select(index.row()))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.dp(8), theme.dp(8), theme.dp(8), theme.dp(8))
        column.setSpacing(theme.dp(6))
        column.addLayout(self._tools())
        column.addWidget(self.canvas, 3)
        column.addWidget(self.table, 2)

    def _tools(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.dp(4))
        self.hand = Tool("brush", "Draw by hand", framed=True)
        self.hand.setCheckable(True)
        self.hand.toggled.connect(lambda on: setattr(self.canvas, "draw_mode", on))
        add = Tool("plus", "Add a point", framed=True)
        add.clicked.connect(self.add_point)
        remove = Tool("delete-outline", "Remove the chosen point", framed=True)
        remove.clicked.connect(self.canvas.remove_selected)
        bring = Button("Import CSV…", "folder-open-outline")
        bring.clicked.connect(self._import)
        take = Button("Export CSV…", "content-save-outline")
        take.clicked.connect(lambda: self.save(list(self.canvas.points)))
        for widget in (self.hand, add, remove):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(bring)
        row.addWidget(take)
        return row

    def set_points(self, points: list[Point]) -> None:
        """Show these points without telling anybody."""
        if points != self.canvas.points:
            self.canvas.set_points(list(points))
        if points != self.model.points:
            self.model.set_points(list(points))

    def points(self) -> list[Point]:
        """The points as they stand."""
        return list(self.canvas.points)

    def add_point(self) -> None:
        """Add a point after the last one."""
        points = self.points()
        self._typed([*points, self.canvas.next_point()])
        self.canvas.select(len(points))

    def _typed(self, points: list[Point]) -> None:
        clipped = [self.canvas._clip(x, y) for x, y in points]
        self.canvas.set_points(self.canvas.arrange(clipped))
        self._commit(self.points())

    def _follow(self, points: list[Point]) -> None:
        self.model.set_points(points)
        self.changing.emit(points)

    def _commit(self, points: list[Point]) -> None:
        self.model.set_points(points)
        self.canvas.set_points(points)
        self.changed.emit(points)

    def _choose_row(self, row: int) -> None:
        if 0 <= row < self.model.rowCount():
            self.table.selectRow(row)

    def _import(self) -> None:
        points = self.load()
        if points:
            self._typed(points)

    def _load_file(self) -> list[Point] | None:
        path, _ = QFileDialog.getOpenFileName(self, "Import points", "", "CSV (*.csv *.txt *.tsv)")
        return read_points(path) if path else None

    def _save_file(self, points: list[Point]) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Export points", "points.csv", "CSV (*.csv)")
        if path:
            write_points(path, points)
