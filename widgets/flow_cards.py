"""Home's card grid: picture, name, question, number and panel, *Open*; arrows move, Enter opens."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from widgets import theme
from widgets.parts import Button, Elided, Words

SMALLEST_PX = 260
PICTURE_PX = 96


@dataclass(frozen=True)
class CardText:
    """What a card says."""

    id: str
    title: str
    question: str
    foot: str


class Card(QWidget):
    """One card. Signals ``opened(id)``, ``focused(id)``."""

    opened = Signal(str)
    focused = Signal(str)

    def __init__(self, text: CardText, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = text
        self.pixmap = QPixmap()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"{text.title}. {text.question}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.open_button = Button("Open")
        self.open_button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.open_button.setAccessibleName(f"Open {text.title}")
        self.open_button.clicked.connect(lambda: self.opened.emit(text.id))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.dp(12), theme.dp(PICTURE_PX + 20), theme.dp(12),
                                  theme.dp(8))  # fmt: skip
        column.setSpacing(theme.dp(4))
        column.addWidget(Elided(text.title, "strong"))
        column.addWidget(Words(text.question, "body", "text2"))
        column.addStretch(1)
        foot = QGridLayout()
        foot.addWidget(Elided(text.foot, "caption", "text3"), 0, 0)
        foot.addWidget(self.open_button, 0, 1)
        foot.setColumnStretch(0, 1)
        column.addLayout(foot)

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(SMALLEST_PX), theme.dp(PICTURE_PX + 134))

    minimumSizeHint = sizeHint

    def set_picture(self, pixmap: QPixmap) -> None:
        """The picture on top, drawn at the height of its band."""
        self.pixmap = pixmap
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token("panel"))
        band = QRect(1, 1, self.width() - 2, theme.dp(PICTURE_PX + 10))
        painter.fillRect(band, theme.token("base"))
        if not self.pixmap.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            high = theme.dp(PICTURE_PX)
            size = self.pixmap.size().scaled(
                band.width() - 8, high, Qt.AspectRatioMode.KeepAspectRatio
            )
            target = QRect(
                band.center().x() - size.width() // 2,
                band.center().y() - size.height() // 2,
                size.width(),
                size.height(),
            )
            painter.drawPixmap(target, self.pixmap)
        edge = "accent" if self.hasFocus() else "border"
        width = 2 if self.hasFocus() else 1
        painter.setPen(QPen(theme.token(edge), width))
        painter.drawRect(self.rect().adjusted(width // 2, width // 2, -1, -1))
        painter.end()

    def focusInEvent(self, event: QFocusEvent) -> None:
        self.open_button.set_primary(True)
        self.focused.emit(self.text.id)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.open_button.set_primary(False)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.opened.emit(self.text.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.opened.emit(self.text.id)
            return
        super().keyPressEvent(event)


class CardGrid(QWidget):
    """Cards in a flow: as many columns as fit. Signal ``opened(id)``."""

    opened = Signal(str)

    def __init__(self, texts: list[CardText], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards = [Card(text, self) for text in texts]
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setSpacing(theme.dp(12))
        self.columns = 0
        for card in self.cards:
            card.opened.connect(self.opened)
        self._flow(3)

    def filter(self, text: str) -> None:
        """Show the cards whose words hold this text."""
        for card in self.cards:
            words = f"{card.text.title} {card.text.question} {card.text.foot}".lower()
            card.setVisible(all(word in words for word in text.lower().split()))
        self._flow(self.columns, force=True)

    def _flow(self, columns: int, force: bool = False) -> None:
        if columns == self.columns and not force:
            return
        self.columns = columns
        shown = [card for card in self.cards if not card.isHidden()]
        for card in self.cards:
            self.grid.removeWidget(card)
        for number, card in enumerate(shown):
            self.grid.addWidget(card, number // columns, number % columns)
        for column in range(8):
            self.grid.setColumnStretch(column, 1 if column < columns else 0)
        self.grid.setRowStretch(len(shown) // columns + 1, 1)

    def resizeEvent(self, event: object) -> None:
        self._flow(max(1, self.width() // theme.dp(SMALLEST_PX + 12)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self.columns, Qt.Key.Key_Down: self.columns,
        }  # fmt: skip
        step = steps.get(Qt.Key(event.key()))
        shown = [card for card in self.cards if not card.isHidden()]
        now = next((i for i, card in enumerate(shown) if card.hasFocus()), None)
        if step is None or now is None:
            super().keyPressEvent(event)
            return
        if 0 <= now + step < len(shown):
            shown[now + step].setFocus(Qt.FocusReason.TabFocusReason)
