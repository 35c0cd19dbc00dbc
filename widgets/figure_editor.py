"""Paint editor of a figure on a sheet of cells: pen, eraser, shapes, polygon, fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QKeySequence, QMouseEvent, QPainter, QPen, QShortcut
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QVBoxLayout, QWidget

from backend.core.views import Marker
from widgets import theme
from widgets.inputs import Combo, Spin
from widgets.parts import Panel, Tool
from widgets.views.drawing import polygon_of
from widgets.views.picture import ImageCanvas

Point = tuple[float, float]


class Painting(Protocol):
    """What the editor paints into: backend.stimuli.painting.Canvas, or anything like it."""

    pixels: np.ndarray
    revision: int

    @property
    def can_undo(self) -> bool: ...
    @property
    def can_redo(self) -> bool: ...
    def pen(self, points: Sequence[Point], width: float, value: float) -> bool: ...
    def line(self, start: Point, stop: Point, width: float, value: float) -> bool: ...
    def disc(self, centre: Point, radius: float, value: float) -> bool: ...
    def rectangle(self, corner: Point, opposite: Point, value: float) -> bool: ...
    def polygon(self, points: Sequence[Point], value: float) -> bool: ...
    def flood(self, point: Point, value: float) -> bool: ...
    def begin_stroke(self) -> None: ...
    def end_stroke(self) -> bool: ...
    def undo(self) -> bool: ...
    def redo(self) -> bool: ...


@dataclass(frozen=True)
class Label:
    """One value that can be painted, and how the editor shows it."""

    name: str
    value: float
    ink: str


LABELS = (Label("figure", 1.0, "#1B1F24"), Label("background", 0.0, "#C4C7CC"))

TOOLS = (
    # id, icon, words, key
    ("pen", "brush", "Pen", "P"),
    ("eraser", "eraser", "Eraser", "E"),
    ("line", "vector-line", "Line", "L"),
    ("disc", "circle-outline", "Disc", "D"),
    ("rectangle", "square-outline", "Rectangle", "R"),
    ("polygon", "vector-polygon", "Polygon, double click ends it", "G"),
    ("fill", "format-color-fill", "Fill", "F"),
)


class EditCanvas(ImageCanvas):
    """Image that hands presses, moves and keys on in cell coordinates."""

    pressed = Signal(float, float)
    moved = Signal(float, float)
    released = Signal(float, float)
    ended = Signal()
    keyed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.show_bar = False
        self.brush = 3.0
        self.cell: QPoint | None = None
        self.outline: list[Point] = []
        self.closed = False
        self.round = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Figure")

    def paint(self, painter: QPainter) -> None:
        super().paint(painter)
        if self.image is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.cell is not None:
            self._paint_brush(painter)
        if len(self.outline) > 1:
            self._paint_outline(painter)
        if self.hasFocus():
            painter.setPen(QPen(theme.token("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.box.adjusted(-2, -2, 2, 2))

    def _paint_brush(self, painter: QPainter) -> None:
        assert self.cell is not None
        assert self.image is not None
        scale = self.box.width() / self.image.shape[1]
        radius = max(self.brush / 2, 0.5) * scale
        centre = self.to_pixel(self.cell.x(), self.cell.y())
        for colour, width in ((QColor(255, 255, 255, 200), 3.0), (QColor(20, 20, 20), 1.2)):
            painter.setPen(QPen(colour, width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(centre, radius, radius)

    def _paint_outline(self, painter: QPainter) -> None:
        places = np.array([[p.x(), p.y()] for p in (self.to_pixel(*q) for q in self.outline)])
        painter.setPen(QPen(theme.token("accent"), 1.5, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if self.round:
            radius = float(np.hypot(*(places[1] - places[0])))
            painter.drawEllipse(QPointF(*places[0]), radius, radius)
        elif self.closed:
            painter.drawRect(QRectF(QPointF(*places[0]), QPointF(*places[1])).normalized())
        else:
            painter.drawPolyline(polygon_of(places))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.image is not None:
            self._held = True
            self.pressed.emit(*self.to_data(event.position()))
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.image is None:
            return
        x, y = self.to_data(event.position())
        inside = self.box.contains(event.position())
        self.cell = QPoint(round(x), round(y)) if inside else None
        self.update()
        if self._held or self.outline:
            self.moved.emit(x, y)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held and event.button() == Qt.MouseButton.LeftButton:
            self._held = False
            self.released.emit(*self.to_data(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.ended.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        keys = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Space,
                Qt.Key.Key_Return, Qt.Key.Key_Escape)  # fmt: skip
        if event.key() in keys:
            self.keyed.emit(event.key())
        else:
            super().keyPressEvent(event)


class FigureEditor(QWidget):
    """Tools and sheet; the painting itself (a :class:`Painting`) belongs to the owner.

    Signals: ``changing()`` while a stroke goes on, ``changed()`` once after each stroke,
    ``undo_asked()`` and ``redo_asked()`` when the buttons are pressed: there is one history, the
    owner's.
    """

    changing = Signal()
    changed = Signal()
    undo_asked = Signal()
    redo_asked = Signal()

    def __init__(self, labels: Sequence[Label] = LABELS, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.labels = tuple(labels)
        self.painting: Painting | None = None
        self.tool = "pen"
        self._from: Point | None = None
        self._last: Point | None = None
        self.canvas = EditCanvas()
        self.canvas.pressed.connect(self._press)
        self.canvas.moved.connect(self._move)
        self.canvas.released.connect(self._release)
        self.canvas.ended.connect(self.end_polygon)
        self.canvas.keyed.connect(self._key)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._make_tools())
        column.addWidget(self.canvas, 1)
        self._make_shortcuts()
        self._refresh()

    def _make_tools(self) -> Panel:
        bar = Panel("bottom")
        bar.setFixedHeight(theme.dp(32))
        row = QHBoxLayout(bar)
        row.setContentsMargins(theme.dp(2), 0, theme.dp(2), 1)
        row.setSpacing(0)
        self.tools: dict[str, Tool] = {}
        self._group = QButtonGroup(self)
        for name, icon, words, key in TOOLS:
            tool = Tool(icon, f"{words} ({key})")
            tool.size_px = (24, 24)
            tool.setCheckable(True)
            tool.clicked.connect(lambda _=False, n=name: self.set_tool(n))
            self._group.addButton(tool)
            self.tools[name] = tool
            row.addWidget(tool)
        self.undo_tool = Tool("undo", "Undo")
        self.redo_tool = Tool("redo", "Redo")
        self.undo_tool.size_px = self.redo_tool.size_px = (24, 24)
        self.undo_tool.clicked.connect(self.undo_asked)
        self.redo_tool.clicked.connect(self.redo_asked)
        row.addWidget(self.undo_tool)
        row.addWidget(self.redo_tool)
        row.addStretch(1)
        self.label = Combo()
        self.label.setAccessibleName("Paint with")
        for label in self.labels:
            self.label.addItem(label.name, label.value)
        self.label.setVisible(len(self.labels) > 2)
        self.brush_size = Spin(1, 40, " px")
        self.brush_size.setValue(3)
        self.brush_size.setAccessibleName("Brush size, px")
        self.brush_size.valueChanged.connect(self._resize_brush)
        row.addWidget(self.label)
        self.brush_size.setFixedWidth(theme.dp(56))
        row.addWidget(self.brush_size)
        self.tools["pen"].setChecked(True)
        return bar

    def _make_shortcuts(self) -> None:
        for name, _, _, key in TOOLS:
            self._shortcut(key, lambda n=name: self.set_tool(n))
        self._shortcut("[", lambda: self.brush_size.setValue(self.brush_size.value() - 1))
        self._shortcut("]", lambda: self.brush_size.setValue(self.brush_size.value() + 1))

    def _shortcut(self, key: str, do: Any) -> None:
        shortcut = QShortcut(QKeySequence(key), self.canvas)
        shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
        shortcut.activated.connect(do)

    # ---- what is painted -----------------------------------------------------------------

    def set_painting(self, painting: Painting) -> None:
        """Edit this painting."""
        self.painting = painting
        self.canvas.outline = []
        self._refresh()

    def set_markers(self, markers: Sequence[Marker]) -> None:
        """Overlays: the λ bar, the critical circle."""
        self.canvas.markers = markers
        self.canvas.update()

    def set_tool(self, name: str) -> None:
        """Choose a tool."""
        self.tool = name
        self.tools[name].setChecked(True)
        self.canvas.outline = []
        self.canvas.update()

    def _resize_brush(self, size: int) -> None:
        self.canvas.brush = size
        self.canvas.update()

    @property
    def busy(self) -> bool:
        """True while a stroke or shape is being drawn."""
        return self._from is not None or bool(self.canvas.outline)

    @property
    def value(self) -> float:
        """Value the tools paint: the eraser takes the last label, the background."""
        if self.tool == "eraser":
            return self.labels[-1].value
        return float(self.label.currentData())

    def _refresh(self) -> None:
        if self.painting is not None:
            self.canvas.show_image(self._coloured(self.painting.pixels))

    def _coloured(self, pixels: np.ndarray) -> np.ndarray:
        """Picture (H, W, 3): each value in its label's ink; others as greys between."""
        colours = [QColor(label.ink) for label in self.labels]
        inks = np.array([(c.red(), c.green(), c.blue()) for c in colours], np.uint8)
        values = np.array([label.value for label in self.labels])
        nearest = np.abs(pixels[..., None] - values).argmin(axis=-1)
        return np.ascontiguousarray(inks[nearest])

    # ---- tools ---------------------------------------------------------------------------

    def _press(self, x: float, y: float) -> None:
        painting = self.painting
        if painting is None:
            return
        self._from = self._last = (x, y)
        if self.tool in ("pen", "eraser"):
            painting.begin_stroke()
            painting.pen([(x, y)], self.brush_size.value(), self.value)
            self._going()
        elif self.tool == "fill":
            if painting.flood((round(x), round(y)), self.value):
                self._done()
        elif self.tool == "polygon":
            # The last point follows the mouse until the next press fixes it.
            self.canvas.outline = [*self.canvas.outline[:-1], (x, y), (x, y)]
            self.canvas.round = self.canvas.closed = False
            self.canvas.update()

    def _move(self, x: float, y: float) -> None:
        painting = self.painting
        if painting is None or self._from is None:
            return
        if self.tool in ("pen", "eraser") and self._last is not None:
            painting.pen([self._last, (x, y)], self.brush_size.value(), self.value)
            self._last = (x, y)
            self._going()
        elif self.tool == "polygon" and self.canvas.outline:
            self.canvas.outline[-1] = (x, y)
            self.canvas.update()
        elif self.tool in ("line", "disc", "rectangle"):
            self.canvas.outline = [self._from, (x, y)]
            self.canvas.round = self.tool == "disc"
            self.canvas.closed = self.tool == "rectangle"
            self.canvas.update()

    def _release(self, x: float, y: float) -> None:
        painting = self.painting
        if painting is None or self._from is None:
            return
        start = self._from
        if self.tool == "polygon":
            return
        self._from = None
        self.canvas.outline = []
        if self.tool in ("pen", "eraser"):
            if painting.end_stroke():
                self._done()
        elif self.tool == "line" and painting.line(
            start, (x, y), self.brush_size.value(), self.value
        ):
            self._done()
        elif self.tool == "disc":
            radius = float(np.hypot(x - start[0], y - start[1])) or 0.5
            if painting.disc(start, radius, self.value):
                self._done()
        elif self.tool == "rectangle" and painting.rectangle(start, (x, y), self.value):
            self._done()
        self.canvas.update()

    def end_polygon(self) -> None:
        """Close and fill the polygon drawn so far."""
        points = list(dict.fromkeys(self.canvas.outline))
        self.canvas.outline = []
        self._from = None
        painting = self.painting
        if painting is not None and len(points) > 2 and painting.polygon(points, self.value):
            self._done()
        self.canvas.update()

    def _going(self) -> None:
        self._refresh()
        self.changing.emit()

    def _done(self) -> None:
        self._refresh()
        self.changed.emit()

    # ---- keyboard ------------------------------------------------------------------------

    def _key(self, key: int) -> None:
        """Arrows move the brush by a cell; Space presses and releases; Enter ends a polygon."""
        if self.painting is None:
            return
        rows, columns = self.painting.pixels.shape
        cell = self.canvas.cell or QPoint(columns // 2, rows // 2)
        steps = {
            Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1),
            Qt.Key.Key_Down: (0, 1),
        }  # fmt: skip
        if key in steps:
            dx, dy = steps[Qt.Key(key)]
            x = min(max(cell.x() + dx, 0), columns - 1)
            y = min(max(cell.y() + dy, 0), rows - 1)
            self.canvas.cell = QPoint(x, y)
            if self._from is not None:
                self._move(x, y)
        elif key == Qt.Key.Key_Space:
            self.canvas.cell = cell
            self._space(float(cell.x()), float(cell.y()))
        elif key == Qt.Key.Key_Return:
            self.end_polygon()
        else:
            self._from = None
            self.canvas.outline = []
        self.canvas.update()

    def _space(self, x: float, y: float) -> None:
        """Dots at once; shapes begin with the first press and end with the second."""
        shape = self.tool in ("line", "disc", "rectangle")
        if shape and self._from is not None:
            self._release(x, y)
        else:
            self._press(x, y)
            if not shape and self.tool != "polygon":
                self._release(x, y)
