"""Native inputs drawn flat, in the theme's colours: fields, spin boxes, combo, tick.

Fusion draws gradients and outlines that vanish on dark grounds; these subclasses keep Qt's
behaviour, keys and accessibility, and paint only the face.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionSpinBox,
    QWidget,
)

from widgets import theme
from widgets.strokes import draw_arrow, draw_field


def paint_spin(painter: QPainter, box: QAbstractSpinBox, refused: bool = False) -> QRect:
    """Face of a spin box: ground, outline and steppers; the place of the upper stepper."""
    draw_field(painter, box.rect(), box.hasFocus(), refused, box.isEnabled())
    option = QStyleOptionSpinBox()
    box.initStyleOption(option)
    control, part = QStyle.ComplexControl.CC_SpinBox, QStyle.SubControl.SC_SpinBoxUp
    up = box.style().subControlRect(control, option, part, box)
    painter.setPen(theme.token("border"))
    painter.drawLine(up.left(), 4, up.left(), box.height() - 5)
    x = (up.left() + box.width()) / 2
    size = theme.dp(2.4)
    draw_arrow(painter, QPointF(x, box.height() * 0.32), size, True, "text3")
    draw_arrow(painter, QPointF(x, box.height() * 0.68), size, False, "text3")
    return up


def clear_ground(box: QAbstractSpinBox) -> None:
    """Let the face of a spin box shine through its line edit."""
    inks = box.lineEdit().palette()
    inks.setColor(QPalette.ColorRole.Base, Qt.GlobalColor.transparent)
    box.lineEdit().setPalette(inks)


class Spin(QSpinBox):
    """Whole-number box with the theme's outline; its wheel needs the focus."""

    def __init__(
        self, low: int, high: int, suffix: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setRange(low, high)
        self.setSuffix(suffix)
        self.setFrame(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        clear_ground(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width() + theme.dp(6), theme.dp(22))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_spin(painter, self)
        painter.end()


class DoubleSpin(QDoubleSpinBox):
    """Number box of a dialog with the theme's outline; its wheel needs the focus."""

    def __init__(
        self, low: float, high: float, decimals: int = 1, suffix: str = "",
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setRange(low, high)
        self.setDecimals(decimals)
        self.setSuffix(suffix)
        self.setFrame(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        clear_ground(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width() + theme.dp(6), theme.dp(22))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_spin(painter, self)
        painter.end()


class LineEdit(QLineEdit):
    """A line edit with the theme's outline."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.refused = False
        self.setFrame(False)
        self.setTextMargins(theme.dp(5), 0, theme.dp(5), 0)

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(140), theme.dp(22))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        wide = self.hasFocus() or self.refused
        name = "err" if self.refused else "accent" if self.hasFocus() else "field"
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.token(name if self.isEnabled() else "border"), 2 if wide else 1))
        half = 1.0 if wide else 0.5
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(half, half, -half, -half), 3, 3)
        painter.end()


class Combo(QComboBox):
    """A combo box whose wheel is ignored unless it has the focus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.refused = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(4)

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), theme.dp(22))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        draw_field(painter, self.rect(), self.hasFocus(), self.refused, self.isEnabled())
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.rect().adjusted(theme.dp(7), 0, -theme.dp(20), 0)
        painter.setPen(theme.token("text" if self.isEnabled() else "text3"))
        text = self.fontMetrics().elidedText(
            self.currentText(), Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
        spot = QPointF(self.width() - theme.dp(11), self.height() / 2)
        draw_arrow(painter, spot, theme.dp(4), False, "text2")
        painter.end()


class Tick(QCheckBox):
    """A check box with a flat indicator."""

    def sizeHint(self) -> QSize:
        width = self.fontMetrics().horizontalAdvance(self.text())
        return QSize(theme.dp(22) + width + theme.dp(2), theme.dp(24))

    def hitButton(self, position: object) -> bool:
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        size, on = theme.dp(14), self.isChecked()
        box = QRectF(1.5, (self.height() - size) / 2, size, size)
        edge = "accent" if self.hasFocus() else "fill" if on else "field"
        painter.setPen(QPen(theme.token(edge), 2 if self.hasFocus() else 1))
        painter.setBrush(theme.token(("fill" if self.isEnabled() else "text3") if on else "base"))
        painter.drawRoundedRect(box, 2, 2)
        if on:
            painter.setPen(QPen(theme.token("onfill"), 1.8))
            at = [(0.22, 0.52), (0.43, 0.73), (0.79, 0.29)]
            painter.drawPolyline([QPointF(box.x() + x * size, box.y() + y * size) for x, y in at])
        painter.setPen(theme.token("text" if self.isEnabled() else "text3"))
        room = self.rect().adjusted(theme.dp(21), 0, 0, 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.end()
