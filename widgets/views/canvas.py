"""Painted plot: axes, grid, legend, hover line, zoom. The kinds paint their data into it.

pyqtgraph draws the same picture, but re-lays its Python axes out at every frame (several ms a
view); and a thick antialiased polyline costs 15 times its segments drawn one by one. Four live
views have to fit into a tenth of one core.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from backend.core.views import Axis
from widgets import theme
from widgets.strokes import painting
from widgets.ticks import Scale
from widgets.views.drawing import draw_dots


@dataclass(frozen=True)
class Key:
    """One entry of the legend."""

    label: str
    colour: str
    style: str = "line"


FAR = 20_000.0  # pixels; QPainter slows down or wraps around far outside the widget
DASHES = {"dash": [5.0 / 1.5, 3.0 / 1.5], "dot": [1.0, 2.0]}


def pen_of(colour: QColor, style: str, width: float = 1.5) -> QPen:
    """Pen of a series; theory is dashed 5-3."""
    pen = QPen(colour, theme.line_width(width))
    if style in DASHES:
        pen.setDashPattern(DASHES[style])
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen


class Canvas(QWidget):
    """Axes and interaction; ``painter_of_data`` paints between them.

    Signals: ``hovered(x)`` data coordinate or None, ``clicked(x, y)``, ``limits_changed()``,
    ``menu_asked(point)``.
    """

    hovered = Signal(object)
    clicked = Signal(float, float)
    limits_changed = Signal()
    fit_asked = Signal()

    def __init__(self, x: Axis, y: Axis, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.x_scale, self.y_scale = Scale.of(x), Scale.of(y)
        self.paint_data: Callable[[QPainter, QRectF], None] = lambda painter, box: None
        self.paint_over: Callable[[QPainter, QRectF], None] = lambda painter, box: None
        self.read_out: Callable[[float], str] = lambda x: ""
        self.keys: list[Key] = []
        self.zoomed = False
        self.show_y_ticks = True
        self.cursor_line = True
        self.wheel_needs_focus = False
        self.paint_s = 0.0
        self.box = QRectF()
        self._left = 0
        self._cursor: float | None = None
        self._press: QPointF | None = None
        self._rubber: QRectF | None = None
        self._pan: tuple[QPointF, float, float, float, float] | None = None
        self._space = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(320), theme.dp(160))

    @property
    def y_title(self) -> str:
        """Title of the y axis."""
        return self.y_scale.axis.title

    # ---- places --------------------------------------------------------------------------

    def px(self, x: np.ndarray | float) -> np.ndarray:
        """Pixels of data x."""
        scale = self.box.width() / (self.x_scale.high - self.x_scale.low)
        pixels = self.box.left() + (self.x_scale.drawn(x) - self.x_scale.low) * scale
        return np.clip(pixels, -FAR, FAR)

    def py(self, y: np.ndarray | float) -> np.ndarray:
        """Pixels of data y."""
        scale = self.box.height() / (self.y_scale.high - self.y_scale.low)
        pixels = self.box.bottom() - (self.y_scale.drawn(y) - self.y_scale.low) * scale
        return np.clip(pixels, -FAR, FAR)

    def data_x(self, pixel: float) -> float:
        """Data x of a pixel."""
        share = (pixel - self.box.left()) / max(self.box.width(), 1.0)
        return self.x_scale.data(self.x_scale.low + share * (self.x_scale.high - self.x_scale.low))

    def data_y(self, pixel: float) -> float:
        """Data y of a pixel."""
        share = (self.box.bottom() - pixel) / max(self.box.height(), 1.0)
        return self.y_scale.data(self.y_scale.low + share * (self.y_scale.high - self.y_scale.low))

    def place(self) -> None:
        """Put the axes: the left margin fits the widest tick and only grows."""
        metrics = QFontMetrics(theme.font("caption"))
        tall = metrics.height()
        left = theme.dp(8)
        if self.show_y_ticks:
            words = [text for _, text in self.y_scale.ticks(self._tick_count(self.height(), 32))]
            left += max((metrics.horizontalAdvance(w) for w in words), default=0) + theme.dp(9)
        if self.y_title:
            left += tall + theme.dp(1)
        self._left = max(left, self._left)
        bottom = tall + theme.dp(8) + (tall if self.x_scale.axis.title else 0)
        top = theme.dp(22) if self.keys else theme.dp(10)
        self.box = QRectF(
            self._left, top, max(self.width() - self._left - theme.dp(12), 10),
            max(self.height() - top - bottom - theme.dp(2), 10),
        )  # fmt: skip

    @staticmethod
    def _tick_count(length: float, spacing: int) -> int:
        return max(3, int(length / theme.dp(spacing)))

    # ---- painting ------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.perf_counter()
        with painting(self) as painter:
            self.paint(painter)
        self.paint_s = time.perf_counter() - began

    def paint(self, painter: QPainter) -> None:
        """Paint everything; also onto a picture or a vector file."""
        painter.fillRect(self.rect(), theme.token("base"))
        self.place()
        self._paint_grid(painter)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(self.box.adjusted(0, -theme.dp(1), 1, 1))
        self.paint_data(painter, self.box)
        painter.restore()
        self._paint_axes(painter)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.paint_over(painter, self.box)
        painter.restore()
        self._paint_keys(painter)
        self._paint_cursor(painter)
        if self._rubber is not None:
            painter.setPen(QPen(theme.token("accent"), 1))
            tint = theme.token("accent")
            tint.setAlphaF(0.12)
            painter.setBrush(tint)
            painter.drawRect(self._rubber)

    def _y_ticks(self) -> list[tuple[float, str]]:
        ticks = self.y_scale.ticks(self._tick_count(self.box.height(), 32))
        return [(v, text) for v, text in ticks if self.y_scale.low <= v <= self.y_scale.high]

    def _paint_grid(self, painter: QPainter) -> None:
        if theme.high_contrast() or not self.show_y_ticks:
            return
        painter.setPen(QPen(theme.token("grid"), 1))
        scale = self.box.height() / (self.y_scale.high - self.y_scale.low)
        for value, _ in self._y_ticks():
            y = round(self.box.bottom() - (value - self.y_scale.low) * scale)
            painter.drawLine(int(self.box.left()), y, int(self.box.right()), y)

    def _paint_axes(self, painter: QPainter) -> None:
        box = self.box
        painter.setFont(theme.font("caption"))
        painter.setPen(QPen(theme.token("text3"), 1))
        left, bottom, right = round(box.left()), round(box.bottom()), round(box.right())
        painter.drawLine(left, bottom, right, bottom)
        if self.show_y_ticks:
            painter.drawLine(left, round(box.top()), left, bottom)
            self._paint_y_ticks(painter, left)
        self._paint_x_ticks(painter, bottom)
        metrics = painter.fontMetrics()
        tall = metrics.height()
        if self.x_scale.axis.title:
            room = QRectF(box.left(), self.height() - tall - theme.dp(1), box.width(), tall)
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, self.x_scale.axis.title)
        if self.y_title:
            painter.save()
            title = metrics.elidedText(
                self.y_title, Qt.TextElideMode.ElideRight, self.height() - theme.dp(4)
            )
            long = metrics.horizontalAdvance(title) / 2 + theme.dp(2)
            middle = min(max(box.center().y(), long), max(self.height() - long, long))
            painter.translate(theme.dp(3), middle)
            painter.rotate(-90)
            painter.drawText(QRectF(-long, 0, 2 * long, tall), Qt.AlignmentFlag.AlignCenter, title)
            painter.restore()

    def _paint_y_ticks(self, painter: QPainter, left: int) -> None:
        flag = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        tick = theme.dp(4)
        scale = self.box.height() / (self.y_scale.high - self.y_scale.low)
        for value, text in self._y_ticks():
            y = round(self.box.bottom() - (value - self.y_scale.low) * scale)
            painter.drawLine(left - tick, y, left, y)
            painter.drawText(
                QRectF(0, y - theme.dp(10), left - tick - theme.dp(2), theme.dp(20)), flag, text
            )

    def _paint_x_ticks(self, painter: QPainter, bottom: int) -> None:
        tick = theme.dp(4)
        metrics = painter.fontMetrics()
        scale = self.box.width() / (self.x_scale.high - self.x_scale.low)
        last = -math.inf
        for value, text in self.x_scale.ticks(self._tick_count(self.box.width(), 56)):
            if not self.x_scale.low - 1e-12 <= value <= self.x_scale.high + 1e-12:
                continue
            x = self.box.left() + (value - self.x_scale.low) * scale
            painter.drawLine(round(x), bottom, round(x), bottom + tick)
            half = metrics.horizontalAdvance(text) / 2
            if x - half < last or x + half > self.width():
                continue
            last = x + half + theme.dp(6)
            room = QRectF(x - half - 2, bottom + tick + 1, 2 * half + 4, metrics.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_keys(self, painter: QPainter) -> None:
        """Legend: one row at the top right; closer together, then cut, where it has no room."""
        if not self.keys:
            return
        painter.setFont(theme.font("caption"))
        metrics = painter.fontMetrics()
        words = sum(metrics.horizontalAdvance(key.label) for key in self.keys)
        room = self.width() - theme.dp(16)
        wide, gap, beside = theme.dp(16), theme.dp(14), theme.dp(6)
        if words + len(self.keys) * (wide + gap + beside) > room:
            wide, gap, beside = theme.dp(10), theme.dp(7), theme.dp(3)
        total = words + len(self.keys) * (wide + gap + beside) - gap
        x = max(self.box.right() - total, theme.dp(8))
        y = self.box.top() - theme.dp(9)
        for key in self.keys:
            left = room + theme.dp(8) - x - wide - beside
            label = metrics.elidedText(key.label, Qt.TextElideMode.ElideRight, int(max(left, 0)))
            if not label:
                return
            sample = QRectF(x, y - theme.dp(5), wide, theme.dp(10))
            self._paint_sample(painter, sample, key, theme.colour(key.colour))
            x += wide + beside
            painter.setPen(theme.token("text"))
            width = metrics.horizontalAdvance(label)
            where = QRectF(x, y - theme.dp(10), width + 2, theme.dp(20))
            painter.drawText(where, Qt.AlignmentFlag.AlignVCenter, label)
            x += width + gap

    @staticmethod
    def _paint_sample(painter: QPainter, room: QRectF, key: Key, colour: QColor) -> None:
        middle = room.center().y()
        if key.style == "bars":
            painter.fillRect(room.adjusted(theme.dp(3), 0, -theme.dp(3), 0), colour)
        elif key.style == "dots":
            draw_dots(painter, np.array([[room.center().x(), middle]]), colour, theme.dp(6))
        else:
            painter.setPen(pen_of(colour, key.style, 2.0))
            painter.drawLine(QPointF(room.left(), middle), QPointF(room.right(), middle))

    def _paint_cursor(self, painter: QPainter) -> None:
        if self._cursor is None:
            return
        x = float(self.px(self._cursor))
        if not self.box.left() <= x <= self.box.right():
            return
        if self.cursor_line:
            painter.setPen(QPen(theme.token("accent"), 1.5))
            painter.drawLine(QPointF(x, self.box.top()), QPointF(x, self.box.bottom()))
        text = self.read_out(self._cursor)
        if not text:
            return
        painter.setFont(theme.font("caption"))
        metrics = painter.fontMetrics()
        text = metrics.elidedText(
            text, Qt.TextElideMode.ElideRight, max(self.width() - theme.dp(16), 0)
        )
        width = metrics.horizontalAdvance(text) + theme.dp(10)
        left = min(max(x - width / 2, self.box.left()), max(self.width() - width - 2, 2))
        room = QRectF(left, theme.dp(1), width, metrics.height() + theme.dp(2))
        painter.setPen(QPen(theme.token("border"), 1))
        painter.setBrush(theme.token("panel"))
        painter.drawRect(room)
        painter.setPen(theme.token("text"))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)

    # ---- limits --------------------------------------------------------------------------

    def set_range(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Show a piece chosen by the user (drawn units); growing stops until *Fit*."""
        if x[1] > x[0] and y[1] > y[0]:
            self.x_scale.low, self.x_scale.high = x
            self.y_scale.low, self.y_scale.high = y
            self.zoomed = True
            self.limits_changed.emit()
            self.update()

    def forget_limits(self) -> None:
        """Let the next data set the axes."""
        self.zoomed = False
        self.x_scale.fresh = self.y_scale.fresh = True
        self._left = 0

    def set_cursor(self, x: float | None) -> None:
        """Move the hover line, without telling anybody."""
        if x != self._cursor:
            self._cursor = x
            self.update()

    # ---- mouse and keys ------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        middle = event.button() == Qt.MouseButton.MiddleButton
        if middle or (event.button() == Qt.MouseButton.LeftButton and self._space):
            self._pan = (
                event.position(),
                self.x_scale.low,
                self.x_scale.high,
                self.y_scale.low,
                self.y_scale.high,
            )
        elif event.button() == Qt.MouseButton.LeftButton:
            self._press = event.position()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._pan is not None:
            self._drag_pan(at)
        elif self._press is not None:
            if (at - self._press).manhattanLength() > theme.dp(6):
                self._rubber = QRectF(self._press, at).normalized().intersected(self.box)
                self.update()
        else:
            inside = self.box.contains(at)
            x = self.data_x(at.x()) if inside else None
            self.set_cursor(x)
            self.hovered.emit(x)

    def _drag_pan(self, at: QPointF) -> None:
        assert self._pan is not None
        start, x0, x1, y0, y1 = self._pan
        dx = (start.x() - at.x()) / max(self.box.width(), 1) * (x1 - x0)
        dy = (at.y() - start.y()) / max(self.box.height(), 1) * (y1 - y0)
        self.set_range((x0 + dx, x1 + dx), (y0 + dy, y1 + dy))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pan = None
        press, rubber = self._press, self._rubber
        self._press = self._rubber = None
        if rubber is not None and rubber.width() > 4 and rubber.height() > 4:
            xs = [self.data_x(v) for v in (rubber.left(), rubber.right())]
            ys = [self.data_y(v) for v in (rubber.bottom(), rubber.top())]
            x, y = self.x_scale.drawn(np.array(xs)), self.y_scale.drawn(np.array(ys))
            self.set_range((float(x[0]), float(x[1])), (float(y[0]), float(y[1])))
        elif press is not None and self.box.contains(press):
            self.clicked.emit(self.data_x(press.x()), self.data_y(press.y()))
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._press = None
        self.fit_asked.emit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.wheel_needs_focus and not self.hasFocus():
            event.ignore()  # the column around it scrolls
            return
        factor = 0.85 ** (event.angleDelta().y() / 120.0)
        at = event.position()
        x, y = (self.x_scale.low, self.x_scale.high), (self.y_scale.low, self.y_scale.high)
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            y = zoom(y, (self.box.bottom() - at.y()) / max(self.box.height(), 1), factor)
        else:
            x = zoom(x, (at.x() - self.box.left()) / max(self.box.width(), 1), factor)
        self.set_range(x, y)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self._space = True
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self._space = False
        else:
            super().keyReleaseEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self.set_cursor(None)
        self.hovered.emit(None)

    def grab_corner(self) -> QPoint:
        """Upper left corner of the data, in widget coordinates."""
        return self.box.topLeft().toPoint()


def zoom(limits: tuple[float, float], share: float, factor: float) -> tuple[float, float]:
    """Limits scaled about a place between them."""
    low, high = limits
    at = low + min(max(share, 0.0), 1.0) * (high - low)
    return at - (at - low) * factor, at + (high - at) * factor
