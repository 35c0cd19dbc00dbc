"""Slider of a parameter that acts while dragged: linear or logarithmic, in the declared limits."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QSlider, QWidget

from backend.core.parameters import Declaration
from widgets import theme

STEPS = 2000


def to_position(declared: Declaration, value: float) -> int:
    """Place of a value on the groove, 0 to STEPS."""
    low, high = _limits(declared)
    value = min(max(value, low), high)
    if declared.log:
        share = math.log(value / low) / math.log(high / low)
    else:
        share = (value - low) / (high - low) if high > low else 0.0
    return round(share * STEPS)


def to_value(declared: Declaration, position: int) -> float | int:
    """Value at a place of the groove, rounded to what the field shows."""
    low, high = _limits(declared)
    share = position / STEPS
    if position <= 0 or position >= STEPS:
        value = low if position <= 0 else high
    elif declared.log:
        value = float(f"{low * (high / low) ** share:.3g}")
    else:
        value = low + share * (high - low)
        step = declared.step
        if step and (high - low) / step <= STEPS:
            value = low + round((value - low) / step) * step
        value = round(value, declared.decimals)
    value = min(max(value, low), high)
    return round(value) if declared.kind == "int" else float(value)


def _limits(declared: Declaration) -> tuple[float, float]:
    assert declared.low is not None
    assert declared.high is not None
    return declared.low, declared.high


class Slider(QSlider):
    """``dragging(value)`` while the handle moves, ``chosen(value)`` once when it is let go."""

    dragging = Signal(object)
    chosen = Signal(object)

    def __init__(self, declared: Declaration, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._declared = declared
        self.setRange(0, STEPS)
        self.setSingleStep(STEPS // 100)
        self.setPageStep(STEPS // 10)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.valueChanged.connect(self._moved)

    def narrow(self, declared: Declaration) -> None:
        """Other limits and steps."""
        self._declared = declared

    def set_value(self, value: float) -> None:
        """Put the handle at a value without telling anybody."""
        if self.isSliderDown():
            return
        self.blockSignals(True)
        self.setValue(to_position(self._declared, value))
        self.blockSignals(False)
        self.update()

    def _moved(self, position: int) -> None:
        value = to_value(self._declared, position)
        if self.isSliderDown():
            self.dragging.emit(value)
        else:
            self.chosen.emit(value)

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(62), theme.dp(22))

    minimumSizeHint = sizeHint

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            event.ignore()
            return
        super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._follow(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._follow(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.isSliderDown():
            self._follow(event)
            self.setSliderDown(False)
            self.chosen.emit(to_value(self._declared, self.value()))

    def _follow(self, event: QMouseEvent) -> None:
        radius = theme.dp(5) + 1
        share = (event.position().x() - radius) / max(self.width() - 2 * radius, 1)
        self.setValue(round(min(max(share, 0.0), 1.0) * STEPS))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = theme.dp(5)
        left, right, y = radius + 1, self.width() - radius - 1, self.height() / 2
        x = left + (right - left) * self.value() / STEPS
        on = self.isEnabled()
        groove = theme.dp(3)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.token("border"))
        painter.drawRoundedRect(QRectF(left, y - groove / 2, right - left, groove), 1.5, 1.5)
        ink = theme.token("accent" if on else "text3")
        painter.setBrush(ink)
        painter.drawRoundedRect(QRectF(left, y - groove / 2, x - left, groove), 1.5, 1.5)
        painter.setPen(QPen(ink, 2.4 if self.hasFocus() else 1.3))
        painter.setBrush(theme.token("base"))
        painter.drawEllipse(QPointF(x, y), radius - 0.5, radius - 0.5)
        painter.end()
