"""A problem in words, above the views: what is wrong, where, the fix; it stays until dealt with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from widgets import icons, theme
from widgets.parts import Button, Tool, Words

LEVELS = {"error": ("err", "errbg", "alert-circle"), "warning": ("warn", "warnbg", "alert"),
          "info": ("accent", "runbg", "information-outline")}  # fmt: skip


@dataclass(frozen=True)
class Fix:
    """A button of a banner."""

    text: str
    call: Callable[[], None]


class Banner(QWidget):
    """One message. Signal ``closed()`` when the user puts it away."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.level = "error"
        self.icon = QLabel()
        self.heading = Words("", "value")
        self.words = Words("")
        self.actions = QHBoxLayout()
        self.actions.setSpacing(theme.dp(8))
        self.details = QPlainTextEdit()
        self.details.setReadOnly(True)
        self.details.setAccessibleName("Details")
        self.details.setFixedHeight(theme.dp(120))
        self.toggle = Button("Details", "chevron-down", flat=True)
        self.toggle.clicked.connect(lambda: self.show_details(self.details.isHidden()))
        self.copy = Button("Copy", "content-copy", flat=True)
        self.copy.clicked.connect(self._copy)
        close = Tool("close", "Close this message")
        close.clicked.connect(self._close)
        body = QVBoxLayout()
        body.setSpacing(theme.dp(4))
        for part in (self.heading, self.words):
            body.addWidget(part)
        body.addLayout(self.actions)
        body.addWidget(self.details)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.dp(16), theme.dp(8), theme.dp(8), theme.dp(8))
        row.setSpacing(theme.dp(12))
        for part, stretch in ((self.icon, 0), (body, 1), (close, 0)):
            if isinstance(part, QWidget):
                row.addWidget(part, stretch)
                row.setAlignment(part, Qt.AlignmentFlag.AlignTop)
            else:
                row.addLayout(part, stretch)
        self.hide()

    def show_message(
        self,
        title: str,
        text: str,
        level: str = "error",
        fixes: Sequence[Fix] = (),
        details: str = "",
    ) -> None:
        """Say something; the first fix is the primary button."""
        self.level = level
        ink, _, shape = LEVELS[level]
        self.icon.setPixmap(icons.pixmap(shape, ink, theme.dp(20), self.devicePixelRatioF()))
        self.heading.setText(title)
        self.words.setText(text)
        self.words.setVisible(bool(text))
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        while self.actions.count():
            item = self.actions.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None and widget not in (self.toggle, self.copy):
                widget.deleteLater()
        for number, fix in enumerate(fixes[:3]):
            button = Button(fix.text, primary=number == 0)
            button.clicked.connect(fix.call)
            self.actions.addWidget(button)
        self.actions.addStretch(1)
        self.actions.addWidget(self.toggle)
        self.actions.addWidget(self.copy)
        self.details.setPlainText(details)
        self.toggle.setVisible(bool(details))
        self.show_details(False)
        self.show()
        self.update()

    def show_details(self, shown: bool) -> None:
        """Unfold or fold the traceback."""
        self.details.setVisible(shown)
        self.toggle.setText("Hide details" if shown else "Details")
        self.toggle.set_icon("chevron-up" if shown else "chevron-down")

    def _copy(self) -> None:
        parts = (self.heading.text(), self.words.text(), self.details.toPlainText())
        QGuiApplication.clipboard().setText("\n".join(part for part in parts if part))

    def _close(self) -> None:
        self.hide()
        self.closed.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        ink, ground, _ = LEVELS[self.level]
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token(ground))
        painter.fillRect(0, 0, theme.dp(4), self.height(), theme.token(ink))
        painter.end()
