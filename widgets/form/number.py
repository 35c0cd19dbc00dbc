"""Number field: typed text with unit, steps by arrow keys, and a value that stays when refused.

Not a QDoubleSpinBox, because that one silently rewrites what it does not accept; here the typed
text stays, and whoever owns the field says whether it is good.
"""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetrics,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QValidator,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QWidget

from backend.core.parameters import Declaration, show_number
from widgets import theme
from widgets.inputs import clear_ground, paint_spin

DIGITS_DP = 62
"""What the narrowest field shows of a number."""


def show_value(declared: Declaration, value: Any) -> str:
    """A value as the field shows it: declared decimals, more only where they would lose it."""
    if declared.zero and value == 0:
        return declared.zero
    if declared.kind == "int" or not isinstance(value, float):
        return show_number(value)
    fixed = f"{value:.{declared.decimals}f}"
    if float(fixed) != value:
        return show_number(value, 10)
    if abs(value) >= 10_000 and float(value).is_integer():
        return show_number(value)
    return theme.minus(fixed)


def step_of(declared: Declaration, value: float) -> float:
    """Step of the arrow keys at this value."""
    if declared.kind == "int":
        return float(declared.step or 1)
    if declared.log and value > 0:
        return 10.0 ** (math.floor(math.log10(value) + 1e-9) - 1)
    if declared.step:
        return declared.step
    if declared.low is not None and declared.high is not None:
        return 10.0 ** math.floor(math.log10((declared.high - declared.low) / 50 or 1.0))
    return 10.0**-declared.decimals


def stepped(declared: Declaration, value: float, steps: float) -> float | int:
    """Value after this many steps (a fraction with Alt), kept inside the limits."""
    step = step_of(declared, value)
    if declared.kind == "int":
        moved: float = value + math.copysign(max(1, round(abs(steps) * step)), steps)
    else:
        moved = float(f"{value + steps * step:.10g}")
    if declared.low is not None:
        moved = max(moved, declared.low)
    if declared.high is not None:
        moved = min(moved, declared.high)
    return int(moved) if declared.kind == "int" else float(moved)


def is_reset(event: QKeyEvent) -> bool:
    """True for Ctrl+Backspace, which resets a field."""
    control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
    return bool(event.key() == Qt.Key.Key_Backspace and control)


class NumberField(QAbstractSpinBox):
    """Field of one number.

    Signals: ``typed(text)`` on Enter and when the focus leaves changed text; ``stepped(value)``
    for arrow keys, arrow buttons and the wheel; ``given_up()`` when Esc brings the good value back.
    """

    typed = Signal(str)
    stepped = Signal(object)
    given_up = Signal()

    def __init__(self, declared: Declaration, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._declared = declared
        self._value: float = 0.0
        self._shown = ""
        self.refused = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setFrame(False)
        if declared.unit:
            width = QFontMetrics(theme.font("caption")).horizontalAdvance(declared.unit)
            self._unit_width = min(width, theme.dp(60))
            self.lineEdit().setTextMargins(0, 0, self._unit_width + theme.dp(4), 0)
        else:
            self._unit_width = 0
        clear_ground(self)
        self.lineEdit().returnPressed.connect(self._enter)

    @property
    def wide(self) -> int:
        """Width the field needs: a long unit or number makes it wider, not shorter of digits."""
        shown = show_value(self._declared, self._value)
        more = QFontMetrics(theme.font("body")).horizontalAdvance(shown) - theme.dp(DIGITS_DP)
        more += self._unit_width
        return theme.dp(90) + max(self._unit_width - theme.dp(32), min(more, theme.dp(40)), 0)

    def narrow(self, declared: Declaration) -> None:
        """Other limits, step and decimals; the unit stays."""
        self._declared = declared

    @property
    def value(self) -> float:
        """The last good value."""
        return self._value

    def set_value(self, value: float) -> None:
        """Show a good value."""
        self._value = value
        self._show(show_value(self._declared, value))

    def _show(self, text: str) -> None:
        if text != self.text():
            self.lineEdit().setText(text)
            self.lineEdit().setCursorPosition(0)
        self._shown = text

    def sizeHint(self) -> QSize:
        return QSize(self.wide, theme.dp(22))

    minimumSizeHint = sizeHint

    def event(self, event: QEvent) -> bool:
        """Leave the window its shortcuts while nothing is being typed (undo above all)."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            keys = QKeySequence.StandardKey
            undo = event.matches(keys.Undo) or event.matches(keys.Redo)
            control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            step = event.key() == Qt.Key.Key_Right and bool(control)
            if (undo or step) and self.text() == self._shown:
                event.ignore()
                return True
        return super().event(event)

    # ---- typing --------------------------------------------------------------------------

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        return QValidator.State.Acceptable, text, position

    def fixup(self, text: str) -> str:
        return text

    def _enter(self) -> None:
        if self.text() != show_value(self._declared, self._value) or self.refused:
            self._shown = self.text()
            self.typed.emit(self.text())
        self.selectAll()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self.text() != self._shown:
            self._shown = self.text()
            self.typed.emit(self.text())

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self.selectAll()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_reset(event):
            event.ignore()  # the row resets; the editor would only delete a word
            return
        if event.key() == Qt.Key.Key_Escape and (
            self.refused or self.text() != show_value(self._declared, self._value)
        ):
            self._show(show_value(self._declared, self._value))
            self.given_up.emit()
            return
        super().keyPressEvent(event)

    # ---- stepping ------------------------------------------------------------------------

    def stepEnabled(self) -> QAbstractSpinBox.StepEnabledFlag:
        return (
            QAbstractSpinBox.StepEnabledFlag.StepUpEnabled
            | QAbstractSpinBox.StepEnabledFlag.StepDownEnabled
        )

    def stepBy(self, steps: int) -> None:
        keys = QApplication.keyboardModifiers()
        factor = 1.0
        if keys & Qt.KeyboardModifier.AltModifier:
            factor = 0.1
        elif keys & Qt.KeyboardModifier.ShiftModifier:
            factor = 10.0
        moved = stepped(self._declared, self._value, steps * factor)
        if moved != self._value or self.refused:
            self.stepped.emit(moved)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            # Alt turns the wheel sideways on some desktops; take whichever axis moved.
            turned = event.angleDelta().y() or event.angleDelta().x()
            self.stepBy(1 if turned > 0 else -1)
            event.accept()
        else:
            event.ignore()

    # ---- painting ------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        up = paint_spin(painter, self, self.refused)
        if self._unit_width:
            painter.setFont(theme.font("caption"))
            painter.setPen(theme.token("text3"))
            left = up.left() - self._unit_width - theme.dp(3)
            room = self.rect().adjusted(left, 0, -(self.width() - up.left()) - 2, 0)
            metrics = painter.fontMetrics()
            text = metrics.elidedText(
                self._declared.unit, Qt.TextElideMode.ElideRight, self._unit_width + 2
            )
            painter.drawText(
                room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text
            )
        painter.end()
