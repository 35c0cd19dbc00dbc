"""Native buttons, labels and grounds drawn flat, in the theme's colours.

These subclasses keep Qt's behaviour, keys and accessibility, and paint only the face.
"""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from widgets import icons, theme
from widgets.strokes import draw_arrow, draw_chip


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
        self.setAutoDefault(primary)  # in a dialog Enter means its one primary button

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
