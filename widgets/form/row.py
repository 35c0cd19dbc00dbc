"""One row of the form: policy badge, label, symbol, slider, field, reset dot, and a sentence below.

Badge, label and symbol are painted, not widgets of their own: four hundred rows must cost nothing
at start.
"""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QStaticText,
    QTextOption,
    QTransform,
)
from PySide6.QtWidgets import QAbstractButton, QToolTip, QWidget

from backend.core.parameters import Change, Declaration
from widgets import icons, theme
from widgets.form.fields import BoolField, ChoiceField, FileField, PointsField, TextField
from widgets.form.number import NumberField, is_reset, show_value
from widgets.form.slider import Slider
from widgets.parts import Words

POLICY_WORDS = {
    Change.LIVE: "acts while dragged",
    Change.RECOMPUTE: "redraws from the data at hand",
    Change.REBUILD: "needs a rebuild",
    Change.PLAIN: "is used at the next start",
}


def symbol_html(symbol: str) -> str:
    """Italic symbol; ``tau_E`` style subscripts become real ones."""
    if "<" not in symbol:
        symbol = re.sub(r"_\{?([^\s_{}]+)\}?", r"<sub>\1</sub>", symbol)
    return f"<i>{symbol}</i>"


def plain_symbol(symbol: str) -> str:
    """The symbol without markup, for screen readers."""
    return re.sub(r"<[^>]+>|[_{}]", "", symbol)


class ResetDot(QAbstractButton):
    """7 px dot, shown when the value differs from the preset."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.token("accent"))
        radius = theme.dp(7) / 2
        painter.drawEllipse(QPointF(self.rect().center()) + QPointF(0.5, 0.5), radius, radius)
        painter.end()


class FormRow(QWidget):
    """Row of one parameter.

    Signals: ``entered(text or value)`` to be validated by the form, ``dragging(value)`` while a
    slider moves, ``reset()``, ``fixed(value)`` when the offered fix is clicked.
    """

    entered = Signal(object)
    dragging = Signal(object)
    reset = Signal()
    fixed = Signal(object)
    given_up = Signal()

    def __init__(
        self, declared: Declaration, values: dict[str, Any], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.declared = declared
        self.value: Any = None
        self.preset: Any = None
        self.sentence = ""
        self._fix: Any = None
        self._line: Words | None = None
        self._symbol: QStaticText | None = None
        self.slider: Slider | None = None
        self.field = self._make_field(values)
        self.dot = ResetDot(self)
        self.dot.clicked.connect(self.reset)
        name = f"{declared.label} {plain_symbol(declared.symbol)}".strip()
        self.field.setAccessibleName(f"{name}, {declared.unit or 'no unit'}")
        self.setFixedHeight(theme.dp(28))

    def _make_field(self, values: dict[str, Any]) -> Any:
        declared = self.declared
        if declared.numeric:
            field = NumberField(declared, self)
            field.typed.connect(self.entered.emit)
            field.stepped.connect(self.entered)
            field.given_up.connect(self.given_up)
            if declared.slider:
                self.slider = Slider(declared, self)
                self.slider.dragging.connect(self.dragging)
                self.slider.chosen.connect(self.entered)
            return field
        kinds: dict[str, Any] = {
            "bool": BoolField, "text": TextField, "file": FileField, "points": PointsField,
        }  # fmt: skip
        if declared.kind == "choice":
            made: Any = ChoiceField(declared, values, self)
        else:
            made = kinds[declared.kind](declared, self)
        made.entered.connect(self.entered)
        if declared.kind == "points":
            made.dragging.connect(self.dragging)
        return made

    # ---- values --------------------------------------------------------------------------

    def set_value(self, value: Any) -> None:
        """Show a good value."""
        self.value = value
        self.field.set_value(value)
        if self.slider is not None:
            self.slider.set_value(value)
        if self.declared.numeric and self.field.wide != self.field.width():
            self._place()
        self._show_dot()

    def narrow(self, declared: Declaration) -> None:
        """Limits, step and symbol of the data in hand; kind and unit stay."""
        if declared == self.declared:
            return
        self.declared, self._symbol = declared, None
        self.field.narrow(declared)
        if self.slider is not None:
            self.slider.narrow(declared)
        if self.value is not None:
            self.set_value(self.value)
        self._place()
        self.update()

    def set_preset(self, value: Any) -> None:
        """Remember what the preset says, for the dot and the description."""
        self.preset = value
        self._show_dot()
        self.field.setAccessibleDescription(
            f"{POLICY_WORDS[self.declared.change]}; {self.limits}; preset {self.text_of(value)}"
        )

    @property
    def limits(self) -> str:
        """Limits in words."""
        if self.declared.numeric:
            return self.declared.limits_text
        if self.declared.choices:
            return "one of " + ", ".join(label for _, label in self.declared.choices)
        return self.declared.kind

    def text_of(self, value: Any) -> str:
        """A value of this parameter in words, with its unit."""
        if self.declared.numeric:
            unit = f" {self.declared.unit}" if self.declared.unit else ""
            return f"{show_value(self.declared, value)}{unit}"
        if self.declared.kind == "bool":
            return "on" if value else "off"
        words = dict(self.declared.choices)
        return words.get(str(value), str(value))

    @property
    def differs(self) -> bool:
        """True when the value is not the preset's."""
        return self.value is not None and bool(self.value != self.preset)

    def _show_dot(self) -> None:
        if self.differs == self.dot.isHidden():
            self.dot.setVisible(self.differs)
        if self.differs:
            self.dot.setToolTip(f"Preset: {self.text_of(self.preset)}. Click to reset.")

    # ---- refusal -------------------------------------------------------------------------

    def refuse(self, sentence: str, fix: Any = None) -> None:
        """Outline the field and say why beneath it; the last good value stays in force."""
        self.sentence, self._fix = sentence, fix
        self._outline(True)
        if self._line is None:
            self._line = Words("", "caption", "err", self)
            self._line.setTextFormat(Qt.TextFormat.RichText)
            self._line.linkActivated.connect(lambda _: self.fixed.emit(self._fix))
        escaped = sentence.replace("&", "&amp;").replace("<", "&lt;")
        link = "" if fix is None else f' <a href="fix">Use {self.text_of(fix)}</a>'
        self._line.setText(escaped + link)
        self._line.show()
        self._place_line()

    def accept(self) -> None:
        """Take the outline and the sentence away."""
        if self.sentence:
            self.sentence = ""
            self._outline(False)
            if self._line is not None:
                self._line.hide()
            self.setFixedHeight(theme.dp(28))

    def _outline(self, on: bool) -> None:
        self.field.refused = on
        self.field.update()

    def _place_line(self) -> None:
        if self._line is None or not self.sentence:
            return
        left = theme.dp(21) + theme.dp(18)
        width = max(self.width() - left - theme.dp(15), theme.dp(80))
        height = self._line.heightForWidth(width)
        self._line.setGeometry(left, theme.dp(27), width, height)
        self.setFixedHeight(theme.dp(28) + height + theme.dp(3))

    # ---- place and paint -----------------------------------------------------------------

    def resizeEvent(self, event: QEvent) -> None:
        self._place()

    def _place(self) -> None:
        gap, height = theme.dp(5), theme.dp(22)
        top = theme.dp(3)
        right = self.width() - theme.dp(15)
        self.dot.setGeometry(right, 0, theme.dp(15), theme.dp(28))
        number, slider, symbol = theme.dp(90), theme.dp(62), theme.dp(26)
        declared = self.declared
        # Spare width goes to the slider up to twice its size, then to the label.
        spare = self.width() - theme.dp(312)
        slider += min(max(spare, 0) // 2, slider)
        if declared.numeric:
            number = self.field.wide
            least = theme.dp(44) - min(max(-spare, 0), theme.dp(12))
            slider = self._slider_width(slider, right - number - gap, least)
            self.field.setGeometry(right - number, top, number, height)
            left = right - number - slider - gap
            if self.slider is not None:
                self.slider.setGeometry(left, top, slider, height)
        elif declared.kind == "bool":
            left = theme.dp(21)
            self.field.setGeometry(left - theme.dp(1), theme.dp(2), right - left, theme.dp(24))
        else:
            left = right - number - slider - symbol - 2 * gap
            words = self.fontMetrics().horizontalAdvance(declared.label) + theme.dp(30)
            left = max(left, min(words, right - theme.dp(120)))
            self.field.setGeometry(left, top, right - left, height)
        self._symbol_right = left - gap
        self._place_line()

    def _slider_width(self, slider: int, right: int, least: int) -> int:
        """The slider gives a long label its room, but for the last px."""
        words = QFontMetrics(theme.font("body")).horizontalAdvance(self.declared.label) + 1
        if self.declared.symbol:
            words += int(self._laid_symbol().size().width()) + theme.dp(4)
        lacking = words - (right - slider - theme.dp(5) - theme.dp(21))
        return max(slider - max(lacking, 0), 0 if self.slider is None else least)

    def _laid_symbol(self) -> QStaticText:
        """The symbol, laid out in the body font."""
        if self._symbol is None:
            self._symbol = QStaticText(symbol_html(self.declared.symbol))
            self._symbol.setTextOption(QTextOption(Qt.AlignmentFlag.AlignLeft))
        self._symbol.prepare(QTransform(), theme.font("body"))
        return self._symbol

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._paint_badge(painter)
        declared = self.declared
        if declared.kind != "bool":
            left, right = theme.dp(21), self._symbol_right
            if declared.symbol:
                right = self._paint_symbol(painter, right) - theme.dp(4)
            painter.setFont(theme.font("body"))
            painter.setPen(theme.token("text"))
            label = painter.fontMetrics().elidedText(
                declared.label, Qt.TextElideMode.ElideRight, right - left
            )
            room = QRect(left, 0, right - left, theme.dp(28))
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, label)
        if self.sentence:
            size = theme.dp(13)
            picture = icons.pixmap("alert-circle", "err", size, self.devicePixelRatioF())
            painter.drawPixmap(theme.dp(21), theme.dp(28), picture)
        painter.end()

    def _paint_badge(self, painter: QPainter) -> None:
        policy = self.declared.change.value
        if policy not in icons.POLICY:
            return
        size = theme.dp(13)
        picture = icons.pixmap(
            icons.POLICY[policy], icons.POLICY_ROLE[policy], size, self.devicePixelRatioF()
        )
        painter.drawPixmap(0, (theme.dp(28) - size) // 2, picture)

    def _paint_symbol(self, painter: QPainter, right: int) -> int:
        symbol = self._laid_symbol()
        painter.setFont(theme.font("body"))
        painter.setPen(theme.token("text2"))
        size = symbol.size()
        left = right - size.width()
        painter.drawStaticText(QPointF(left, (theme.dp(28) - size.height()) / 2), symbol)
        return int(left)

    # ---- help and keys -------------------------------------------------------------------

    @property
    def help_text(self) -> str:
        """What the parameter is, its limits and where the paper says so."""
        declared = self.declared
        parts = [declared.label, declared.help, f"{self.limits[:1].upper()}{self.limits[1:]}."]
        if declared.source:
            parts.append(declared.source)
        parts.append(f"This one {POLICY_WORDS[declared.change]}.")
        return "\n".join(part for part in parts if part)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            QToolTip.showText(event.globalPos(), self.help_text, self)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if is_reset(event):
            self.reset.emit()
            return
        super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(300), self.height())

    def take_focus(self) -> None:
        """Put the keyboard into the field."""
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def field_corner(self) -> QPoint:
        """Lower left corner of the field, where a popup belongs."""
        return self.field.mapToGlobal(QPoint(0, self.field.height()))
