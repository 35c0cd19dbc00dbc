"""Linked views of a cortex, drawn in software: drag turns, wheel zooms, click picks a vertex."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from backend.brain import rendering
from backend.brain.montage import Bar, arranged, filling, shaded, turned
from backend.brain.scene import Cell
from widgets import theme

HINT = "drag to turn, wheel to zoom, click for a vertex"
PAINT_HINT = "drag to paint, Shift erases, Alt+drag turns, wheel zooms"
DEGREES_A_PX = 0.5
HOVER_MS = 80
SLOW_S = 0.045
"""A turning picture that takes longer is drawn at half its size until the hand lets go."""
REST_MS, SMOOTH_S = 180, 0.02
"""A picture at rest is drawn twice as large and averaged, if it took at most so long."""
FOOT_DP, BAR_DP = 20, 50
"""Room below for the caption, and at the right for the colour bar."""
NEAR_MM = 6.0
ZOOMS = (0.5, 12.0)


@dataclass
class Drawing:
    """What is drawn: see :mod:`backend.brain.scene`.

    ``layers`` and ``grounds`` are for each hemisphere, ``rings`` (hemisphere, vertex, pinned);
    ``read(hemisphere, vertex)`` gives the two lines of the read-out.
    """

    cells: Sequence[Cell] = ()
    meshes: Sequence[rendering.Mesh] = ()
    grounds: Sequence[np.ndarray] = ()
    layers: Sequence[Sequence[rendering.Layer]] = ()
    light: float = 0.6
    bar: Bar | None = None
    caption: str = ""
    rings: Sequence[tuple[int, int, bool]] = ()
    read: Callable[[int, int], tuple[str, str]] = field(default=lambda h, v: ("", ""))


@dataclass
class Kept:
    """One view's picture, and from what it was made."""

    seen: rendering.Geometry
    buffers: rendering.Buffers
    pixels: np.ndarray | None = None


class SurfaceCanvas(QWidget):
    """The views. A turn of one turns all: other hemispheres as mirror images.

    Signals: ``picked(hemisphere, vertex, pin)``, ``measured(seconds)`` of the newest picture;
    while ``painting``, ``touched(hemisphere, vertex, erase)`` and ``stroke_ended()``.
    """

    picked = Signal(int, int, bool)
    touched = Signal(int, int, bool)
    stroke_ended = Signal()
    measured = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.drawing = Drawing()
        self.turn = np.eye(3)
        self.zoom = 1.0
        self.pan = (0.0, 0.0)
        self.paint_s = 0.0
        self.over: tuple[int, int] | None = None
        self.smooth_s = SMOOTH_S
        self.painting = False
        self._fine = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._refine)
        self._kept: dict[int, Kept] = {}
        self._filled: dict[tuple[int, int], float] = {}
        self._columns: tuple[tuple[int, int], int] | None = None
        self._press: QPointF | None = None
        self._last = QPointF()
        self._moved = False
        self._panning = False
        self._brushing = False
        self._coarse = False
        self._hover_at = QPointF()
        self._hover = QTimer(self)
        self._hover.setSingleShot(True)
        self._hover.setInterval(HOVER_MS)
        self._hover.timeout.connect(self._read)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme.signals().changed.connect(self._forget_pixels)

    def show_drawing(self, drawing: Drawing) -> None:
        """Draw something else; new meshes or views are projected anew, else only coloured."""
        old = self.drawing
        self.drawing = drawing
        same = old.cells == drawing.cells and len(old.meshes) == len(drawing.meshes)
        same &= all(a is b for a, b in zip(old.meshes, drawing.meshes, strict=False))
        if same:
            self._forget_pixels()
        else:
            self.over = None
            self._filled, self._columns = {}, None
            self._forget()

    def reset(self) -> None:
        """All views as they were at first."""
        self.turn, self.zoom, self.pan = np.eye(3), 1.0, (0.0, 0.0)
        self._forget()

    def turn_by(self, across: float, up: float) -> None:
        """Turn by degrees about the upright and the level axis of the view."""
        a, b = np.radians(across), np.radians(up)
        about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
        about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
        self.turn = about_x @ about_y @ self.turn
        self._forget()

    def zoom_by(self, factor: float) -> None:
        """Larger or smaller, all views."""
        self.zoom = min(max(self.zoom * factor, ZOOMS[0]), ZOOMS[1])
        self._forget()

    def _forget(self) -> None:
        self._fine = False
        self._kept = {}
        self._rest.stop()
        self.update()

    def _refine(self) -> None:
        """Nothing has moved for a moment: smooth the edges."""
        lines = any(layer.outline for layers in self.drawing.layers for layer in layers)
        wanted = self._press is None and not self._fine and not lines
        if wanted and self.paint_s <= self.smooth_s:
            self._fine, self._kept = True, {}
            self.update()

    @property
    def settled(self) -> bool:
        """Whether the picture stays as it is while nobody does anything."""
        return not self._rest.isActive()

    def _forget_pixels(self) -> None:
        for one in self._kept.values():
            one.pixels = None
        self.update()

    # ---- places ----------------------------------------------------------------------------

    @property
    def columns(self) -> int:
        """As many as make the views largest."""
        size = (self.width(), self.height())
        if self._columns is None or self._columns[0] != size:
            found = arranged(self.drawing.meshes, self.drawing.cells, *size)
            self._columns = (size, found)
        return self._columns[1]

    def box(self, number: int) -> QRect:
        """Where a view lies."""
        rows = -(-len(self.drawing.cells) // self.columns)
        row, column = divmod(number, self.columns)
        bar = theme.dp(BAR_DP) if self.drawing.bar is not None else 0
        wide = (self.width() - bar) // self.columns
        high = (self.height() - theme.dp(FOOT_DP)) // max(rows, 1)
        return QRect(column * wide, row * high, wide, high)

    def _pixels(self, number: int) -> tuple[int, int, float]:
        """Width and height in device pixels (the width a multiple of four), and the ratio."""
        ratio = self.devicePixelRatioF() * (0.5 if self._coarse else 2.0 if self._fine else 1.0)
        box = self.box(number)
        return max(int(box.width() * ratio) // 4 * 4, 4), max(int(box.height() * ratio), 4), ratio

    def view_at(self, at: QPointF) -> int:
        """Number of the view under a place, -1 for none."""
        for number in range(len(self.drawing.cells)):
            if self.box(number).contains(at.toPoint()):
                return number
        return -1

    def vertex_at(self, at: QPointF) -> tuple[int, int] | None:
        """Hemisphere and vertex under a place."""
        number = self.view_at(at)
        if number < 0:
            return None
        kept = self._view(number)
        ratio = self._pixels(number)[2]
        corner = self.box(number).topLeft()
        x, y = (at.x() - corner.x()) * ratio, (at.y() - corner.y()) * ratio
        vertex = kept.seen.vertex_at(int(x), int(y))
        return None if vertex < 0 else (self.drawing.cells[number].hemisphere, vertex)

    def place_of(self, number: int, vertex: int) -> QPointF | None:
        """Where a vertex is drawn in a view; None where it is hidden."""
        cell = self.drawing.cells[number]
        mesh = self.drawing.meshes[cell.hemisphere]
        kept = self._view(number)
        wide, high, ratio = self._pixels(number)
        x, y, _ = self._rotation(cell) @ (mesh.points[vertex] - mesh.middle) * kept.seen.scale
        px, py = wide / 2 + self.pan[0] * ratio + x, high / 2 + self.pan[1] * ratio - y
        front = kept.seen.vertex_at(int(px), int(py))
        if front < 0 or np.linalg.norm(mesh.points[front] - mesh.points[vertex]) > NEAR_MM:
            return None
        return QPointF(self.box(number).topLeft()) + QPointF(px / ratio, py / ratio)

    def _rotation(self, cell: Cell) -> np.ndarray:
        return turned(rendering.view(cell.side, cell.direction), cell.side, self.turn)

    # ---- drawing ---------------------------------------------------------------------------

    def _view(self, number: int) -> Kept:
        """A view's geometry, made when it is not there."""
        kept = self._kept.get(number)
        if kept is None:
            cell = self.drawing.cells[number]
            wide, high, ratio = self._pixels(number)
            size = (wide, high)
            if size not in self._filled:
                self._filled[size] = filling(self.drawing.meshes, self.drawing.cells, size)
            zoom = self.zoom * self._filled[size]
            buffers = rendering.Buffers()
            seen = rendering.geometry(
                self.drawing.meshes[cell.hemisphere], self._rotation(cell), wide, high, zoom,
                (self.pan[0] * ratio, self.pan[1] * ratio), buffers,
            )  # fmt: skip
            kept = self._kept[number] = Kept(seen, buffers)
        return kept

    def _painted(self, number: int) -> np.ndarray:
        kept = self._view(number)
        if kept.pixels is None:
            half = self.drawing.cells[number].hemisphere
            ground = theme.token("base")
            kept.pixels = rendering.paint(
                kept.seen, self.drawing.grounds[half], self.drawing.layers[half],
                self.drawing.light, (ground.red(), ground.green(), ground.blue()),
            )  # fmt: skip
        return kept.pixels

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token("base"))
        if not self.drawing.cells:
            painter.end()
            return
        began = time.perf_counter()
        fresh = any(
            self._kept.get(n) is None or self._kept[n].pixels is None
            for n in range(len(self.drawing.cells))
        )
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        for number in range(len(self.drawing.cells)):
            pixels = self._painted(number)
            high, wide = pixels.shape[:2]
            picture = QImage(pixels.data, wide, high, 3 * wide, QImage.Format.Format_RGB888)
            painter.drawImage(QRectF(self.box(number)), picture)
        if fresh:
            self.paint_s = time.perf_counter() - began
            self.measured.emit(self.paint_s)
            if not self._fine:
                self._rest.start()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_words(painter)
        self._paint_rings(painter)
        if self.drawing.bar is not None:
            self._paint_bar(painter, self.drawing.bar)
        self._paint_read_out(painter)
        painter.end()

    def _paint_words(self, painter: QPainter) -> None:
        painter.setFont(theme.font("body"))
        painter.setPen(theme.token("text"))
        gap = theme.dp(8)
        for number, cell in enumerate(self.drawing.cells):
            room = self.box(number).adjusted(gap, theme.dp(5), -gap, 0)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft, cell.title)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.token("text2"))
        words = " · ".join(
            word for word in (self.drawing.caption, PAINT_HINT if self.painting else HINT) if word
        )
        room = self.rect().adjusted(gap, 0, -theme.dp(70), -theme.dp(6))
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, words)

    def _paint_rings(self, painter: QPainter) -> None:
        """A ring about each vertex chosen, white with a dark halo."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for half, vertex, pinned in self.drawing.rings:
            for number, cell in enumerate(self.drawing.cells):
                if cell.hemisphere != half:
                    continue
                at = self.place_of(number, vertex)
                if at is None:
                    continue
                radius = theme.dp(4 if pinned else 6)
                for ink, width in ((Qt.GlobalColor.black, 3.5), (Qt.GlobalColor.white, 1.5)):
                    painter.setPen(QPen(ink, width))
                    painter.drawEllipse(at, radius, radius)

    def _paint_bar(self, painter: QPainter, bar: Bar) -> None:
        tall = min(theme.dp(150), int(0.5 * self.height()))
        left, top = self.width() - theme.dp(44), self.height() - tall - theme.dp(14)
        rows = shaded(bar, theme.is_dark())
        strip = np.repeat(rows[:, None], 4, axis=1).copy()
        picture = QImage(strip.data, 4, len(rows), 12, QImage.Format.Format_RGB888)
        painter.drawImage(QRectF(left, top, theme.dp(8), tall), picture)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.token("text"))
        high = painter.fontMetrics().height()
        x = left + theme.dp(12)
        for y, words in ((top - high / 3, bar.high), (top + tall - high * 0.7, bar.low),
                         (top + tall / 2 - high / 2, bar.title)):  # fmt: skip
            painter.drawText(QRectF(x, y, theme.dp(60), high), Qt.AlignmentFlag.AlignLeft, words)

    def _paint_read_out(self, painter: QPainter) -> None:
        if self.over is None:
            return
        value, where = self.drawing.read(*self.over)
        strong, body = theme.font("strong"), theme.font("caption")
        painter.setFont(strong)
        wide, high = painter.fontMetrics().horizontalAdvance(value), painter.fontMetrics().height()
        painter.setFont(body)
        wide = max(wide, painter.fontMetrics().horizontalAdvance(where)) + theme.dp(16)
        tall = high * (2 if where else 1) + theme.dp(8)
        at = self._hover_at + QPointF(theme.dp(14), theme.dp(14))
        x = min(at.x(), self.width() - wide - 2)
        y = at.y() if at.y() + tall < self.height() else self._hover_at.y() - tall - theme.dp(8)
        box = QRectF(x, y, wide, tall)
        painter.setPen(QPen(theme.token("border"), 1))
        painter.setBrush(theme.token("panel"))
        painter.drawRect(box)
        painter.setPen(theme.token("text"))
        painter.setFont(strong)
        inside = box.adjusted(theme.dp(8), theme.dp(4), 0, 0)
        painter.drawText(inside, Qt.AlignmentFlag.AlignLeft, value)
        painter.setPen(theme.token("text2"))
        painter.setFont(body)
        painter.drawText(inside.adjusted(0, high, 0, 0), Qt.AlignmentFlag.AlignLeft, where)

    # ---- mouse and keys --------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        left = event.button() == Qt.MouseButton.LeftButton
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if left or event.button() == Qt.MouseButton.MiddleButton:
            self._press = self._last = event.position()
            self._moved, self._panning = False, not left or control
            alt = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            self._brushing = self.painting and left and not control and not alt
            if self._brushing:
                self._touch(event)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._press is None:
            self._hover_at = at
            if self.over is not None:
                self.over = None
                self.update()
            self._hover.start()
            return
        if self._brushing:
            self._touch(event)
            return
        if not self._moved and (at - self._press).manhattanLength() < theme.dp(4):
            return
        if not self._moved:
            self._moved = True
            self._coarse = self.paint_s > SLOW_S
            self.over = None
        step, self._last = at - self._last, at
        if self._panning:
            self.pan = (self.pan[0] + step.x(), self.pan[1] + step.y())
            self._forget()
            return
        number = self.view_at(self._press)
        mirrored = number >= 0 and self.drawing.cells[number].side == "right"
        across = -step.x() if mirrored else step.x()
        self.turn_by(DEGREES_A_PX * across, DEGREES_A_PX * step.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._press = self._press, None
        if self._brushing:
            self._brushing = False
            self.stroke_ended.emit()
            return
        if self._coarse:
            self._coarse = False
            self._forget()
        if pressed is None or self._moved or self._panning:
            return
        found = self.vertex_at(event.position())
        if found is not None:
            pin = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.picked.emit(*found, pin)

    def _touch(self, event: QMouseEvent) -> None:
        found = self.vertex_at(event.position())
        if found is not None:
            erase = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.touched.emit(*found, erase)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.painting:  # a second touch
            self.mousePressEvent(event)
            return
        self._press = None
        self.reset()

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(1.15 ** (event.angleDelta().y() / 120.0))
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps: dict[int, tuple[float, float]] = {
            Qt.Key.Key_Left: (-10, 0), Qt.Key.Key_Right: (10, 0), Qt.Key.Key_Up: (0, -10),
            Qt.Key.Key_Down: (0, 10),
        }  # fmt: skip
        if event.key() in steps:
            self.turn_by(*steps[event.key()])
        elif event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self.zoom_by(1 / 1.15 if event.key() == Qt.Key.Key_Minus else 1.15)
        elif event.key() == Qt.Key.Key_Home:
            self.reset()
        else:
            super().keyPressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover.stop()
        if self.over is not None:
            self.over = None
            self.update()

    def _read(self) -> None:
        """The hand has rested over a place."""
        self.over = self.vertex_at(self._hover_at)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._forget()

    def hideEvent(self, event: Any) -> None:
        self._hover.stop()
        self._rest.stop()
        super().hideEvent(event)
