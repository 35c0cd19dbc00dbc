"""What stands where data will appear: icon, title, one sentence; and the start bar of a panel."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from widgets import icons, theme
from widgets.parts import Button, Elided, Words


class EmptyView(QWidget):
    """Icon 30 px, what will appear, and how to get it; never a sample picture."""

    def __init__(
        self, icon: str, title: str, sentence: str, ground: str = "base",
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._icon, self._title, self._sentence, self._ground = icon, title, sentence, ground
        self.setAccessibleName(f"{title}. {sentence}")

    def set_text(self, title: str, sentence: str) -> None:
        """Say something else."""
        self._title, self._sentence = title, sentence
        self.setAccessibleName(f"{title}. {sentence}")
        self.update()

    def text(self) -> str:
        """Title and sentence."""
        return f"{self._title}. {self._sentence}"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token(self._ground))
        room = min(self.width() - theme.dp(24), theme.dp(360))
        strong = QFontMetrics(theme.font("strong"))
        body = QFontMetrics(theme.font("body"))
        wrap = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignHCenter
        words = body.boundingRect(QRect(0, 0, room, 400), wrap, self._sentence).height()
        size, gap = theme.dp(30), theme.dp(8)
        total = size + gap + strong.height() + theme.dp(4) + words
        tight = total > self.height()
        if tight:
            total -= size + gap
        y = max((self.height() - total) // 2, 2)
        if not tight:
            picture = icons.pixmap(self._icon, "text3", size, self.devicePixelRatioF())
            painter.drawPixmap((self.width() - size) // 2, y, picture)
            y += size + gap
        left = (self.width() - room) // 2
        painter.setFont(theme.font("strong"))
        painter.setPen(theme.token("text"))
        title = strong.elidedText(self._title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(left, y, room, strong.height()), wrap, title)
        y += strong.height() + theme.dp(4)
        painter.setFont(theme.font("body"))
        painter.setPen(theme.token("text2"))
        painter.drawText(QRect(left, y, room, words + 2), wrap, self._sentence)
        painter.end()

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(260), theme.dp(120))


class StartBar(QWidget):
    """What an empty panel offers: its example, or a file of the user's.

    Signals: ``example_asked()``, ``open_asked()``.
    """

    example_asked = Signal()
    open_asked = Signal()

    def __init__(
        self, icon: str, title: str, sentence: str, formats: str, open_text: str = "Open…",
        parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._icon = icon
        self.example = Button("Use the example", "play", primary=True)
        self.example.clicked.connect(self.example_asked)
        self.open = Button(open_text, "folder-open-outline")
        self.open.clicked.connect(self.open_asked)
        words = QVBoxLayout()
        words.setSpacing(theme.dp(2))
        words.addStretch(1)
        words.addWidget(Elided(title, "title"))
        words.addWidget(Words(sentence, "body", "text2"))
        words.addStretch(1)
        top = QHBoxLayout()
        top.setContentsMargins(theme.dp(76), theme.dp(12), theme.dp(20), theme.dp(12))
        top.setSpacing(theme.dp(16))
        top.addLayout(words, 1)
        top.addWidget(self.example)
        top.addWidget(self.open)
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.dp(20), 0, theme.dp(20), 0)
        foot.addWidget(
            Elided(f"{formats}   or drop a file anywhere in this panel", "body", "text2")
        )
        foot.addStretch(1)
        foot.addWidget(Elided("Ctrl+O", "body", "text2"))
        self._foot = QWidget()
        self._foot.setLayout(foot)
        self._foot.setFixedHeight(theme.dp(30))
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        column.addLayout(top, 1)
        column.addWidget(self._foot)
        self.setMinimumHeight(theme.dp(122))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token("panel"))
        painter.setPen(theme.token("border"))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        line = self._foot.y()
        painter.drawLine(0, line, self.width(), line)
        size = theme.dp(40)
        picture = icons.pixmap(self._icon, "accent", size, self.devicePixelRatioF())
        painter.drawPixmap(theme.dp(22), (line - size) // 2, picture)
        painter.end()
