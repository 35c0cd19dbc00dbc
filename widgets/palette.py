"""The command palette: every action, study, preset and object, found by a few letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QKeyEvent, QPainter, QTextDocument
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from widgets import icons, theme
from widgets.parts import LineEdit

Index = QModelIndex | QPersistentModelIndex
ANYWHERE = QModelIndex()
PREFIXES = {">": "action", "@": "object", "#": "study", "?": "help"}
ROWS = 11


@dataclass(frozen=True)
class Entry:
    """One thing to find; ``kind`` is action, object, study or help."""

    title: str
    where: str
    icon: str
    kind: str
    call: Callable[[], None]
    shortcut: str = ""


def match(query: str, title: str) -> list[int] | None:
    """Positions of the query's letters in a title, in order; None when they are not all there.

    A whole substring is preferred to scattered letters.
    """
    low, wanted = title.lower(), query.lower()
    start = low.find(wanted)
    if start >= 0:
        return list(range(start, start + len(wanted)))
    found, at = [], 0
    for letter in wanted.replace(" ", ""):
        at = low.find(letter, at)
        if at < 0:
            return None
        found.append(at)
        at += 1
    return found


def rank(entries: Sequence[Entry], text: str) -> list[tuple[Entry, list[int]]]:
    """Entries that fit a typed text, best first, with the matched letters."""
    kind = PREFIXES.get(text[:1], "")
    query = (text[1:] if kind else text).strip()
    scored = []
    for number, entry in enumerate(entries):
        if kind and entry.kind != kind:
            continue
        letters = match(query, entry.title)
        if letters is None:
            continue
        spread = letters[-1] - letters[0] + 1 - len(letters) if letters else 0
        first = letters[0] if letters else 0
        scored.append((spread, first, number, entry, letters))
    return [(entry, letters) for *_, entry, letters in sorted(scored, key=lambda s: s[:3])]


class Found(QAbstractListModel):
    """What fits the typed text."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: list[tuple[Entry, list[int]]] = []

    def show(self, rows: list[tuple[Entry, list[int]]]) -> None:
        """Replace the rows."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.UserRole:
            return self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self.rows[index.row()][0].title
        return None


class RowDelegate(QStyledItemDelegate):
    """Icon, title with matched letters in bold, where it is, shortcut."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme.dp(300), theme.dp(34))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry, letters = index.data(Qt.ItemDataRole.UserRole)
        rect: QRect = option.rect  # type: ignore[attr-defined]
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]
        painter.save()
        if chosen:
            painter.fillRect(rect, theme.token("sel"))
        size = theme.dp(16)
        picture = icons.pixmap(entry.icon or "chevron-right", "text2", size)
        painter.drawPixmap(rect.x() + theme.dp(12), rect.y() + (rect.height() - size) // 2, picture)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.token("text2" if chosen else "text3"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        note = entry.shortcut or entry.where
        painter.drawText(rect.adjusted(0, 0, -theme.dp(12), 0), right, note)
        taken = painter.fontMetrics().horizontalAdvance(note) + theme.dp(24)
        self._title(painter, entry.title, letters, rect.adjusted(theme.dp(40), 0, -taken, 0))
        painter.restore()

    @staticmethod
    def _title(painter: QPainter, title: str, letters: list[int], rect: QRect) -> None:
        marked = "".join(
            f"<b>{escape(letter)}</b>" if i in set(letters) else escape(letter)
            for i, letter in enumerate(title)
        )
        document = QTextDocument()
        document.setDefaultFont(theme.font("body"))
        document.setDocumentMargin(0)
        colour = theme.token("text").name()
        document.setHtml(f'<span style="color:{colour};white-space:pre">{marked}</span>')
        document.setTextWidth(-1)
        top = rect.y() + (rect.height() - document.size().height()) / 2
        painter.translate(rect.x(), top)
        document.drawContents(painter, QRectF(0, 0, rect.width(), document.size().height()))


class CommandPalette(QDialog):
    """Frameless child at the top centre of its parent; Esc closes, Enter does."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.FramelessWindowHint | Qt.WindowType.Dialog)
        self.entries: list[Entry] = []
        self.field = LineEdit()
        self.field.setPlaceholderText(
            "Find an action (>), object (@), study or preset (#), help (?)"
        )
        self.field.setAccessibleName("Find")
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.model = Found(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(RowDelegate(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName("Found")
        self.list.clicked.connect(lambda index: self._do(index.row()))
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.dp(8), theme.dp(8), theme.dp(8), theme.dp(8))
        column.addWidget(self.field)
        column.addWidget(self.list, 1)

    def open_with(self, entries: Sequence[Entry], text: str = "") -> None:
        """Open over the parent with these entries."""
        self.entries = list(entries)
        self.field.setText(text)
        self._search(text)
        parent = self.parentWidget()
        assert parent is not None
        self.resize(min(theme.dp(640), parent.width() - 40), theme.dp(420))
        corner = parent.mapToGlobal(parent.rect().topLeft())
        self.move(corner.x() + (parent.width() - self.width()) // 2, corner.y() + theme.dp(40))
        self.open()
        self.field.setFocus()

    def _search(self, text: str) -> None:
        self.model.show(rank(self.entries, text)[:200])
        if self.model.rows:
            self.list.setCurrentIndex(self.model.index(0))

    def _do(self, row: int) -> None:
        if 0 <= row < len(self.model.rows):
            entry = self.model.rows[row][0]
            self.accept()
            entry.call()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            row = self.list.currentIndex().row()
            moves = {
                Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1,
                Qt.Key.Key_PageDown: ROWS, Qt.Key.Key_PageUp: -ROWS,
            }  # fmt: skip
            step = moves.get(Qt.Key(event.key()))
            if step is not None and self.model.rows:
                row = min(max(row + step, 0), len(self.model.rows) - 1)
                self.list.setCurrentIndex(self.model.index(row))
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._do(row)
                return True
        return super().eventFilter(watched, event)
