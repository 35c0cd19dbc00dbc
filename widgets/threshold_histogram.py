"""A histogram of an overlay's values; the threshold is two lines that a hand drags."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from backend.core.parameters import show_number
from widgets import theme

BINS = 60


class ThresholdHistogram(QWidget):
    """Bars in the colours they have on the cortex, grey where hidden.

    Signals: ``dragging(threshold)`` while a line moves, ``chosen(threshold)`` once at the end.
    """

    dragging = Signal(float)
    chosen = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.counts, self.edges = np.empty(0), np.array([0.0, 1.0])
        self.colours = np.empty((0, 3), np.uint8)
        self.threshold = 0.0
        self.signed = True
        self._dragged = False
        self._over = False
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFixedHeight(theme.dp(92))
        self.setAccessibleName("Histogram with the threshold")
        self.setToolTip("Drag a line: the threshold. Arrow keys move it too.")

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(240), theme.dp(92))

    def show_values(self, values: np.ndarray, low: float, high: float) -> None:
        """Count values (n,) between two ends."""
        high = high if high > low else low + 1.0
        inside = values[(values >= low) & (values <= high)]
        self.counts, self.edges = np.histogram(inside, BINS, (low, high))
        self.update()

    def show_look(self, threshold: float, signed: bool, table: np.ndarray,
                  ends: tuple[float, float]) -> None:  # fmt: skip
        """The threshold, and the colours (256, 3) from the low to the high end."""
        self.threshold, self.signed = threshold, signed
        middle = (self.edges[:-1] + self.edges[1:]) / 2
        share = (middle - ends[0]) / max(ends[1] - ends[0], 1e-12)
        self.colours = table[np.clip(255 * share, 0, 255).astype(int)]
        self.setAccessibleDescription(f"threshold {show_number(float(f'{threshold:.3g}'))}")
        self.update()

    # ---- places ----------------------------------------------------------------------------

    def _box(self) -> QRectF:
        gap = theme.dp(12)
        return QRectF(gap, theme.dp(4), self.width() - 2 * gap, self.height() - theme.dp(24))

    def px(self, value: float) -> float:
        """Where a value lies."""
        box, low, high = self._box(), self.edges[0], self.edges[-1]
        return float(box.left() + box.width() * (value - low) / (high - low))

    def _value(self, x: float) -> float:
        box, low, high = self._box(), self.edges[0], self.edges[-1]
        return float(low + (x - box.left()) / max(box.width(), 1) * (high - low))

    @property
    def _lines(self) -> list[float]:
        return [-self.threshold, self.threshold] if self.signed else [self.threshold]

    # ---- mouse and keys --------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._dragged = True
            self._move(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._dragged:
            self._move(event.position().x())
        near = min(abs(self.px(one) - event.position().x()) for one in self._lines)
        over = near < theme.dp(5)
        if over != self._over:
            self._over = over
            if over:
                self.setCursor(Qt.CursorShape.SplitHCursor)
            else:
                self.unsetCursor()

    def _move(self, x: float) -> None:
        value = self._value(x)
        value = abs(value) if self.signed else max(value, 0.0)
        top = max(abs(self.edges[0]), abs(self.edges[-1]))
        self.dragging.emit(float(f"{min(value, top):.3g}"))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._dragged:
            self._dragged = False
            self.chosen.emit(self.threshold)

    def leaveEvent(self, event: QEvent) -> None:
        self._over = False
        self.unsetCursor()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = (self.edges[-1] - self.edges[0]) / 100
        moves = {Qt.Key.Key_Right: step, Qt.Key.Key_Up: step, Qt.Key.Key_Left: -step,
                 Qt.Key.Key_Down: -step}  # fmt: skip
        if event.key() in moves:
            moved = max(self.threshold + moves[Qt.Key(event.key())], 0.0)
            self.chosen.emit(float(f"{moved:.3g}"))
        else:
            super().keyPressEvent(event)

    # ---- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token("panel"))
        box = self._box()
        painter.fillRect(box, theme.token("base"))
        top = float(np.sqrt(self.counts.max(initial=1)))
        hidden = theme.token("text3")
        middle = (self.edges[:-1] + self.edges[1:]) / 2
        below = np.abs(middle) < self.threshold if self.signed else middle < self.threshold
        shade = theme.token("field")
        shade.setAlphaF(0.25)
        left = self.px(-self.threshold if self.signed else self.edges[0])
        right = self.px(self.threshold)
        painter.fillRect(
            QRectF(left, box.top(), right - left, box.height()).intersected(box), shade
        )
        for i, count in enumerate(self.counts):
            x0, x1 = self.px(self.edges[i]), self.px(self.edges[i + 1])
            high = box.height() * float(np.sqrt(count)) / max(top, 1.0)
            ink = hidden
            if not below[i] and len(self.colours):
                ink = theme.token("base")
                ink.setRgb(*(int(c) for c in self.colours[i]))
            bar = QRectF(x0 + 0.5, box.bottom() - high, max(x1 - x0 - 1, 1), high)
            painter.fillRect(bar, ink)
        painter.setPen(QPen(theme.token("accent"), 2))
        for one in self._lines:
            x = min(max(self.px(one), box.left()), box.right())
            painter.drawLine(round(x), int(box.top()), round(x), int(box.bottom()))
        self._paint_axis(painter, box)
        if self.hasFocus():
            painter.setPen(QPen(theme.token("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_axis(self, painter: QPainter, box: QRectF) -> None:
        painter.setPen(theme.token("text3"))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        painter.setFont(theme.font("caption"))
        low, high = float(self.edges[0]), float(self.edges[-1])
        for value in (low, (low + high) / 2, high):
            words = show_number(float(f"{value:.3g}"))
            wide = painter.fontMetrics().horizontalAdvance(words)
            x = min(max(self.px(value) - wide / 2, 1), self.width() - wide - 1)
            room = QRectF(x, box.bottom() + theme.dp(2), wide + 2, theme.dp(16))
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft, words)
