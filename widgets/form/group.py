"""Collapsible group of form rows: a 22 px head with a count, and the rows beneath."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QVBoxLayout, QWidget

from backend.core.parameters import Change, Declaration
from widgets import icons, theme
from widgets.parts import Button

COUNT_WORDS = {Change.LIVE: "live", Change.RECOMPUTE: "redraw", Change.REBUILD: "rebuild"}


def count_text(declared: list[Declaration], folded: bool) -> str:
    """What stands right in a group head: "5 live", "rebuild", "9 · rebuild"."""
    counts = Counter(one.change for one in declared)
    policy = next((p for p in COUNT_WORDS if counts[p]), Change.PLAIN)
    if policy is Change.PLAIN:
        return str(len(declared)) if folded else ""
    words = COUNT_WORDS[policy]
    if policy is Change.LIVE:
        return f"{counts[policy]} {words}"
    return f"{len(declared)} · {words}" if folded else words


class GroupHead(QAbstractButton):
    """Head of a group: click, Space or Enter folds; left and right arrows too."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setText(title)
        self.setCheckable(True)
        self.setChecked(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.count = ""
        self.errors = 0
        self.setFixedHeight(theme.dp(26))

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(200), theme.dp(26))

    def keyPressEvent(self, event: object) -> None:
        key = event.key()  # type: ignore[attr-defined]
        wanted = {
            Qt.Key.Key_Left: False, Qt.Key.Key_Right: True,
            Qt.Key.Key_Return: not self.isChecked(), Qt.Key.Key_Enter: not self.isChecked(),
        }.get(key)  # fmt: skip
        if wanted is None:
            super().keyPressEvent(event)  # type: ignore[arg-type]
        elif wanted != self.isChecked():
            self.click()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        size = theme.dp(16)
        arrow = "chevron-down" if self.isChecked() else "chevron-right"
        picture = icons.pixmap(arrow, "text2", size, self.devicePixelRatioF())
        painter.drawPixmap(-theme.dp(2), (self.height() - size) // 2, picture)
        painter.setFont(theme.font("strong"))
        painter.setPen(theme.token("text"))
        middle = Qt.AlignmentFlag.AlignVCenter
        count = QFontMetrics(theme.font("caption")).horizontalAdvance(self.count)
        room = self.rect().adjusted(theme.dp(18), 0, -count - theme.dp(24), 0)
        elide = Qt.TextElideMode.ElideRight
        words = painter.fontMetrics().elidedText(self.text(), elide, room.width())
        painter.drawText(room, middle, words)
        right = QRect(0, 0, self.width() - theme.dp(15), self.height())
        painter.setFont(theme.font("caption"))
        if self.errors and not self.isChecked():
            painter.setPen(theme.token("err"))
            words = f"{self.errors} to correct"
        else:
            painter.setPen(theme.token("text3"))
            words = self.count
        painter.drawText(right, middle | Qt.AlignmentFlag.AlignRight, words)
        if self.hasFocus():
            painter.setPen(QPen(theme.token("accent"), 2))
            painter.drawRect(self.rect().adjusted(1, 1, -1, -1))
        painter.end()


class Group(QWidget):
    """Head and rows; rows marked advanced wait behind *more*."""

    folded = Signal(bool)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = title
        self.declared: list[Declaration] = []
        self.head = GroupHead(title, self)
        self.head.setAccessibleName(title)
        self.body = QWidget(self)
        self._rows = QVBoxLayout(self.body)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self.advanced = QWidget(self)
        self._advanced_rows = QVBoxLayout(self.advanced)
        self._advanced_rows.setContentsMargins(0, 0, 0, 0)
        self._advanced_rows.setSpacing(0)
        self.advanced.hide()
        self.more: Button | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.dp(12), theme.dp(4), 0, theme.dp(6))
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.body)
        column.addWidget(self.advanced)
        self._column = column
        self.head.clicked.connect(self.set_open)

    def add(self, widget: QWidget, declared: list[Declaration], advanced: bool = False) -> None:
        """Append a row or table that shows these parameters."""
        self.declared.extend(declared)
        if advanced:
            self._advanced_rows.addWidget(widget)
            if self.more is None:
                self.more = Button("More", "chevron-down", flat=True)
                self.more.clicked.connect(lambda: self.set_advanced(self.advanced.isHidden()))
                self._column.insertWidget(2, self.more)
        else:
            self._rows.addWidget(widget)
        self.head.count = count_text(self.declared, not self.head.isChecked())

    def set_advanced(self, shown: bool) -> None:
        """Show the rows behind *more*."""
        self.advanced.setVisible(shown and self.head.isChecked())
        if self.more is not None:
            self.more.setText("Less" if shown else "More")
            self.more.set_icon("chevron-up" if shown else "chevron-down")

    def set_open(self, on: bool) -> None:
        """Unfold or fold."""
        self.head.setChecked(on)
        self.body.setVisible(on)
        if self.more is not None:
            self.more.setVisible(on)
        if not on:
            self.set_advanced(False)
        self.head.count = count_text(self.declared, not on)
        self.head.update()
        self.folded.emit(not on)

    @property
    def is_open(self) -> bool:
        return self.head.isChecked()

    def set_errors(self, count: int) -> None:
        """Count of refused values, shown red while folded."""
        self.head.errors = count
        self.head.setAccessibleDescription(f"{count} values to correct" if count else "")
        self.head.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.token("border"))
        painter.end()
