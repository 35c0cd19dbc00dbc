"""Banner above the views: what is wrong, where, and the fix; it stays until dealt with."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from widgets import icons, theme
from widgets.parts import Button, Tool, Words


class Banner(QWidget):
    """One message.

    Signals: ``acted(id)`` of a fix button, ``dismissed()``.
    """

    acted = Signal(str)
    dismissed = Signal()

    def __init__(
        self,
        title: str,
        text: str,
        kind: str = "error",
        buttons: Iterable[tuple[str, str]] = (),
        details: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """``kind`` "error" or "warning"; ``buttons`` (id, words), the fix first; at most three."""
        super().__init__(parent)
        self.kind, self.title_text, self.text, self.details = kind, title, text, details
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setAccessibleName(title)
        self.setAccessibleDescription(text)
        self.close_button = Tool("close", "Dismiss")
        self.close_button.clicked.connect(self.dismissed)
        head = QHBoxLayout()
        head.addWidget(Words(title, "value", "text"), 1)
        head.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.dp(42), theme.dp(8), theme.dp(8), theme.dp(10))
        column.setSpacing(theme.dp(4))
        column.addLayout(head)
        words = Words(text, "body", "text")
        words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(words)
        self.buttons = list(buttons)[:3]
        self.details_box: QPlainTextEdit | None = None
        self.details_button = Button("Details", "chevron-down", flat=True)
        self.copy_button = Button("Copy", "content-copy", flat=True)
        if self.buttons or details:
            column.addSpacing(theme.dp(2))
            column.addLayout(self._button_row())
        self._column = column

    def _button_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.dp(6))
        for i, (name, words) in enumerate(self.buttons):
            button = Button(words, primary=i == 0)
            button.clicked.connect(lambda _=False, n=name: self.acted.emit(n))
            row.addWidget(button)
        row.addStretch(1)
        self.copy_button.clicked.connect(self.copy)
        if self.details:
            self.details_button.clicked.connect(self.toggle_details)
            row.addWidget(self.details_button)
        row.addWidget(self.copy_button)
        return row

    def toggle_details(self) -> None:
        """Show or hide the technical text."""
        if self.details_box is None:
            box = self.details_box = QPlainTextEdit(self.details)
            box.setReadOnly(True)
            box.setFont(theme.fixed_font())
            box.setAccessibleName("Details")
            box.setFixedHeight(theme.dp(110))
            self._column.addWidget(box)
            shown = True
        else:
            shown = self.details_box.isHidden()
        self.details_box.setVisible(shown)
        self.details_button.setText("Hide details" if shown else "Details")
        self.details_button.set_icon("chevron-up" if shown else "chevron-down")
        self.details_button.updateGeometry()

    def copy(self) -> None:
        """Put the message with its details on the clipboard."""
        parts = [self.title_text, self.text, self.details]
        QApplication.clipboard().setText("\n".join(part for part in parts if part))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        ink, ground = theme.grounds("error" if self.kind == "error" else "warning")
        painter.fillRect(self.rect(), theme.token(ground))
        painter.setPen(theme.token(ink))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.fillRect(0, 0, theme.dp(4), self.height(), theme.token(ink))
        size = theme.dp(18)
        name = "alert-circle" if self.kind == "error" else "alert"
        picture = icons.pixmap(name, ink, size, self.devicePixelRatioF())
        painter.drawPixmap(theme.dp(14), theme.dp(11), picture)
        painter.end()


class BannerArea(QWidget):
    """Column of banners, newest first; a banner of the same key replaces the old one.

    Signal: ``acted(key, id)`` of a fix button.
    """

    acted = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.banners: dict[str, Banner] = {}
        self._column = QVBoxLayout(self)
        gap = theme.dp(6)
        self._column.setContentsMargins(gap, gap, gap, 0)
        self._column.setSpacing(gap)
        self.hide()

    def show_banner(self, key: str, banner: Banner) -> None:
        """Add a banner, or replace the one of this key."""
        self.remove(key)
        self.banners[key] = banner
        banner.acted.connect(lambda name: self.acted.emit(key, name))
        banner.dismissed.connect(lambda: self.remove(key))
        self._column.insertWidget(0, banner)
        self.show()

    def remove(self, key: str) -> None:
        """Take a banner away."""
        banner = self.banners.pop(key, None)
        if banner is not None:
            self._column.removeWidget(banner)
            banner.hide()
            banner.deleteLater()
        self.setVisible(bool(self.banners))

    def clear(self) -> None:
        """Take all banners away."""
        for key in list(self.banners):
            self.remove(key)
