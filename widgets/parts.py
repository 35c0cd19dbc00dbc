"""Native controls drawn flat, in the theme's colours: buttons, fields, combo, tick, chip, labels.

Fusion draws gradients and outlines that vanish on dark grounds; these subclasses keep Qt's
behaviour, keys and accessibility, and paint only the face.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionSpinBox,
    QToolButton,
    QWidget,
)

from widgets import icons, theme


@contextlib.contextmanager
def painting(widget: QWidget) -> Iterator[QPainter]:
    """A painter on a widget that is closed whatever happens: an open one ends the program."""
    painter = QPainter(widget)
    try:
        yield painter
    finally:
        painter.end()


def draw_field(
    painter: QPainter, rect: QRect, focus: bool, refused: bool = False, enabled: bool = True
) -> None:
    """Ground and outline of an input: field, 2 px accent with focus, 2 px err when refused."""
    wide = focus or refused
    name = "err" if refused else "accent" if focus else "field" if enabled else "border"
    width = 2.0 if wide else 1.0
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.token(name), width))
    painter.setBrush(theme.token("base" if enabled else "panel"))
    half = width / 2
    painter.drawRoundedRect(QRectF(rect).adjusted(half, half, -half, -half), theme.dp(3), 3)


def draw_arrow(painter: QPainter, centre: QPointF, size: float, up: bool, name: str) -> None:
    """A small filled triangle."""
    tip = -size / 2 if up else size / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.token(name))
    x, y = centre.x(), centre.y()
    painter.drawPolygon(
        QPolygonF([QPointF(x - size, y - tip), QPointF(x + size, y - tip), QPointF(x, y + tip)])
    )


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


class Button(QPushButton):
    """A push button: ``primary`` (filled), normal (outlined) or ``flat`` (words only)."""

    def __init__(
        self,
        text: str,
        icon: str = "",
        primary: bool = False,
        flat: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._icon = icon
        self._primary = primary
        self._flat = flat
        self._words = True
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)

    @property
    def primary(self) -> bool:
        return self._primary

    def set_primary(self, on: bool) -> None:
        """Fill the button, or outline it."""
        if on != self._primary:
            self._primary = on
            self.updateGeometry()
            self.update()

    def set_icon(self, name: str) -> None:
        """Change the icon before the words."""
        if name != self._icon:
            self._icon = name
            self.updateGeometry()
            self.update()

    def set_words(self, shown: bool) -> None:
        """Show the words, or the icon alone (the words stay in the tooltip)."""
        if shown != self._words:
            self._words = shown
            self.setToolTip("" if shown else self.text())
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        if not self._words:
            return QSize(theme.dp(28), theme.dp(26))
        metrics = QFontMetrics(theme.font("strong")) if self._primary else self.fontMetrics()
        width = metrics.horizontalAdvance(self.text()) + 2 * theme.dp(8 if self._flat else 11)
        width += theme.dp(21) if self._icon else 0
        width += theme.dp(14) if self.menu() else 0
        return QSize(width, theme.dp(26))

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = self._paint_ground(painter)
        painter.setFont(theme.font("strong") if self._primary else self.font())
        text = self.text() if self._words else ""
        metrics = painter.fontMetrics()
        size = theme.dp(16)
        arrow = theme.dp(14) if self.menu() and self._words else 0
        room = self.width() - theme.dp(12) - (size + theme.dp(5) if self._icon else 0) - arrow
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, max(room, 0))
        width = metrics.horizontalAdvance(text) + arrow
        gap = theme.dp(5) if text else 0
        total = width + (size + gap if self._icon else 0)
        x = (self.width() - total) // 2
        if self._icon:
            picture = icons.pixmap(self._icon, ink, size, self.devicePixelRatioF())
            painter.drawPixmap(x, (self.height() - size) // 2, picture)
            x += size + gap
        painter.setPen(theme.token(ink))
        room_rect = QRect(x, 0, width + theme.dp(4), self.height())
        painter.drawText(room_rect, Qt.AlignmentFlag.AlignVCenter, text)
        if arrow:
            spot = QPointF(self.width() - theme.dp(12), self.height() / 2)
            draw_arrow(painter, spot, theme.dp(4), False, ink)
        painter.end()

    def _paint_ground(self, painter: QPainter) -> str:
        """Draw the face; the token of the words."""
        over, down = self.underMouse() and self.isEnabled(), self.isDown() or self.isChecked()
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        ink = "text" if self.isEnabled() else "text3"
        painter.setPen(Qt.PenStyle.NoPen)
        if self._primary:
            ground = theme.token("fill" if self.isEnabled() else "ncbg")
            ink = "onfill" if self.isEnabled() else "text3"
            painter.setBrush(ground.lighter(110) if over and not down else ground)
        elif self._flat:
            painter.setBrush(theme.token("sel" if down else "ncbg" if over else "panel"))
            if not (down or over):
                painter.setBrush(Qt.BrushStyle.NoBrush)
        else:
            painter.setPen(QPen(theme.token("border"), 1))
            painter.setBrush(theme.token("sel" if down else "ncbg" if over else "base"))
        painter.drawRoundedRect(box, 3, 3)
        if self.hasFocus():
            painter.setPen(QPen(theme.token("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 3, 3)
        return ink


class Tool(QToolButton):
    """A 28 × 26 icon button; ``framed`` draws an outline around it."""

    def __init__(
        self, icon: str, tip: str, framed: bool = False, role: str = "text2",
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._icon = icon
        self._role = role
        self._framed = framed
        self.size_px = (28, 26)
        self.setToolTip(tip)
        self.setAccessibleName(tip)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def set_icon(self, name: str) -> None:
        """Change the icon."""
        self._icon = name
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(self.size_px[0]), theme.dp(self.size_px[1]))

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        over, on = self.underMouse() and self.isEnabled(), self.isDown() or self.isChecked()
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        edge = theme.token("accent" if on else "border")
        painter.setPen(QPen(edge, 1) if self._framed or on else Qt.PenStyle.NoPen)
        ground = "sel" if on else "ncbg" if over else "base" if self._framed else ""
        painter.setBrush(theme.token(ground) if ground else Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(box, 3, 3)
        if self.hasFocus():
            painter.setPen(QPen(theme.token("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 3, 3)
        role = "text" if (over or on) and self._role in ("text2", "text3") else self._role
        if not self.isEnabled():
            painter.setOpacity(0.4)
        size = theme.dp(16)
        picture = icons.pixmap(self._icon, role, size, self.devicePixelRatioF())
        painter.drawPixmap((self.width() - size) // 2, (self.height() - size) // 2, picture)
        painter.end()


class Elided(QLabel):
    """A one-line label that elides and then says everything in its tooltip."""

    def __init__(
        self,
        text: str = "",
        role: str = "body",
        ink: str = "text",
        whole: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """``whole`` keeps the width of the words, so that others elide first."""
        super().__init__(text, parent)
        self.role, self.ink, self.whole = role, ink, whole
        self.align = Qt.AlignmentFlag.AlignLeft
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(theme.font(self.role))
        return QSize(metrics.horizontalAdvance(self.text()) + 2, metrics.height())

    def minimumSizeHint(self) -> QSize:
        least = self.sizeHint()
        return least if self.whole else QSize(min(least.width(), theme.dp(12)), least.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font(self.role))
        painter.setPen(theme.token(self.ink))
        metrics = painter.fontMetrics()
        shown = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        cut = shown != self.text()
        self.setToolTip(self.text() if cut else "")
        if cut and len(shown) < 4:
            shown = ""  # a lone ellipsis says nothing
        painter.drawText(self.rect(), self.align | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()


class Chip(QLabel):
    """State or verdict: icon and word on a tinted ground."""

    def __init__(self, strong: bool = False, parent: QWidget | None = None) -> None:
        super().__init__("", parent)
        self._strong = strong
        self._icon, self._state = "", "idle"
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_state(self, state: str, text: str, icon: str = "") -> None:
        """Show a state's colours with this word and icon."""
        if (state, text, icon) == (self._state, self.text(), self._icon):
            return
        self._state, self._icon = state, icon
        self.setText(text)
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(theme.font("strong" if self._strong else "caption"))
        width = metrics.horizontalAdvance(self.text()) + theme.dp(16)
        width += theme.dp(17) if self._icon else 0
        return QSize(width, theme.dp(22 if self._strong else 18))

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        draw_chip(painter, self.rect(), self._state, self.text(), self._icon, self._strong)
        painter.end()


def draw_chip(
    painter: QPainter, rect: QRect, state: str, text: str, icon: str, strong: bool = False
) -> None:
    """Paint a chip (also inside list delegates)."""
    ink, ground = theme.grounds(state)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.token(ground))
    painter.drawRoundedRect(QRectF(rect), 3, 3)
    x = rect.x() + theme.dp(7)
    if icon:
        size = theme.dp(15 if strong else 13)
        picture = icons.pixmap(icon, ink, size, painter.device().devicePixelRatio())
        painter.drawPixmap(x, rect.y() + (rect.height() - size) // 2, picture)
        x += size + theme.dp(4)
    painter.setFont(theme.font("strong" if strong else "caption"))
    painter.setPen(theme.token(ink))
    room = QRect(x, rect.y(), rect.right() - x + 1, rect.height())
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)


def chip_width(text: str, icon: bool = True) -> int:
    """Width of a small chip with this word."""
    metrics = QFontMetrics(theme.font("caption"))
    return metrics.horizontalAdvance(text) + theme.dp(14) + (theme.dp(17) if icon else 0)


class Head(QWidget):
    """Section header of a column (Set-up, Result): title left, tools right, line below."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(theme.dp(12), 0, theme.dp(6), 1)
        self.row.setSpacing(theme.dp(4))
        self.title = Elided(title, "strong")
        self.row.addWidget(self.title, 1)
        self.setFixedHeight(theme.dp(30))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token("panel"))
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.token("border"))
        painter.end()


class Separator(QWidget):
    """A 1 px upright line between groups of a strip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(1, theme.dp(20))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token("border"))
        painter.end()


class Panel(QWidget):
    """A widget on the panel ground; ``edge`` draws a border line at that side."""

    def __init__(
        self, edge: str = "", ground: str = "panel", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._edge, self._ground = edge, ground

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token(self._ground))
        width, height = self.width(), self.height()
        places = {
            "top": (0, 0, width, 1), "bottom": (0, height - 1, width, 1),
            "left": (0, 0, 1, height), "right": (width - 1, 0, 1, height),
        }  # fmt: skip
        if self._edge:
            painter.fillRect(*places[self._edge], theme.token("border"))
        painter.end()


class Words(QLabel):
    """Wrapped text in a token's colour; follows the theme."""

    def __init__(
        self, text: str = "", role: str = "body", ink: str = "text", parent: QWidget | None = None
    ) -> None:
        super().__init__(text, parent)
        self._ink = ink
        self._role = role
        self.setWordWrap(True)
        self._recolour()
        theme.signals().changed.connect(self._recolour)

    def set_ink(self, ink: str) -> None:
        """Write in another token's colour."""
        self._ink = ink
        self._recolour()

    def _recolour(self) -> None:
        self.setFont(theme.font(self._role))
        inks = self.palette()
        inks.setColor(QPalette.ColorRole.WindowText, theme.token(self._ink))
        inks.setColor(QPalette.ColorRole.Link, theme.token("accent"))
        self.setPalette(inks)
