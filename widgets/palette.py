"""Command palette: find any action, study, preset or object by a few letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
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
from widgets.inputs import LineEdit

Index = QModelIndex | QPersistentModelIndex
PREFIXES = {">": "action", "@": "object", "#": "study", "?": "help"}
ROWS = 11


@dataclass(frozen=True)
class Entry:
    """One thing to find; ``kind`` is action, object, study (also presets) or help."""

    id: str
    title: str
    where: str = ""
    shortcut: str = ""
    icon: str = "play"
    kind: str = "action"


def match(query: str, text: str) -> tuple[float, tuple[int, ...]] | None:
    """Score of a fuzzy match (higher is better) and the matched places; None without a match.

    The words as they were typed come first; else all letters must occur in order, where starts of
    words and runs of letters count more.
    """
    words, low = query.lower().strip(), text.lower()
    query = words.replace(" ", "")
    if not query:
        return 0.0, ()
    whole = low.find(words)
    if whole >= 0:
        start = whole == 0 or not low[whole - 1].isalnum()
        places = tuple(range(whole, whole + len(words)))
        ends = low[whole + len(words) : whole + len(words) + 3] in ("", " · ")
        return 100.0 + 20.0 * start + 10.0 * (start and ends) - 0.1 * whole - 0.01 * len(
            low
        ), places
    found: list[int] = []
    score, at = 0.0, 0
    for letter in query:
        begins = [
            i for i in range(at, len(low))
            if low[i] == letter and (i == 0 or not low[i - 1].isalnum())
        ]  # fmt: skip
        plain = low.find(letter, at)
        if plain < 0:
            return None
        if found and plain == found[-1] + 1:
            place = plain
        else:
            place = begins[0] if begins else plain
        score += 3.0 if place in begins else 2.0 if found and place == found[-1] + 1 else 0.5
        found.append(place)
        at = place + 1
    return score - 0.05 * (found[-1] - found[0]) - 0.01 * len(low), tuple(found)


def search(entries: Sequence[Entry], text: str) -> list[tuple[Entry, tuple[int, ...]]]:
    """Entries that match, best first; a prefix chooses the kind."""
    text = text.strip()
    kind = PREFIXES.get(text[:1])
    query = text[1:] if kind else text
    found = []
    for number, entry in enumerate(entries):
        if kind and entry.kind != kind:
            continue
        hit = match(query, entry.title)
        if hit is None:
            beside = match(query, f"{entry.title} {entry.where}")
            if beside is None:
                continue
            hit = (beside[0] - 50.0, tuple(p for p in beside[1] if p < len(entry.title)))
        found.append((-hit[0], number, entry, hit[1]))
    return [(entry, places) for _, _, entry, places in sorted(found, key=lambda f: f[:2])]


class _Model(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.rows: list[tuple[Entry, tuple[int, ...]]] = []

    def show_rows(self, rows: list[tuple[Entry, tuple[int, ...]]]) -> None:
        """Show these matches."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry, _ = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return ", ".join(part for part in (entry.title, entry.where, entry.shortcut) if part)
        if role == Qt.ItemDataRole.UserRole:
            return self.rows[index.row()]
        return None


class _Delegate(QStyledItemDelegate):
    """Icon, title with the matched letters in 600, where, shortcut."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme.dp(600), theme.dp(33))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        entry, places = index.data(Qt.ItemDataRole.UserRole)
        rect = option.rect  # type: ignore[attr-defined]
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)  # type: ignore[attr-defined]
        painter.save()
        painter.fillRect(rect, theme.token("sel" if chosen else "base"))
        size = theme.dp(16)
        ratio = painter.device().devicePixelRatio()
        picture = icons.pixmap(entry.icon, "text2", size, ratio)
        x = rect.left() + theme.dp(12)
        painter.drawPixmap(x, rect.top() + (rect.height() - size) // 2, picture)
        x += size + theme.dp(10)
        right = rect.right() - theme.dp(12)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.token("text2" if chosen else "text3"))
        middle = Qt.AlignmentFlag.AlignVCenter
        room = QRect(x, rect.top(), right - x, rect.height())
        painter.drawText(room, middle | Qt.AlignmentFlag.AlignRight, entry.shortcut)
        right -= painter.fontMetrics().horizontalAdvance(entry.shortcut) + theme.dp(12)
        x = self._paint_title(painter, entry.title, places, x, rect, right)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.token("text2" if chosen else "text3"))
        room = QRect(x + theme.dp(8), rect.top(), right - x - theme.dp(8), rect.height())
        where = painter.fontMetrics().elidedText(
            entry.where, Qt.TextElideMode.ElideRight, max(room.width(), 0)
        )
        painter.drawText(room, middle, where)
        painter.restore()

    @staticmethod
    def _paint_title(
        painter: QPainter, title: str, places: tuple[int, ...], x: int, rect: QRect, right: int
    ) -> int:
        """Draw runs of plain and matched letters; the end."""
        painter.setPen(theme.token("text"))
        marked = set(places)
        start = 0
        while start < len(title) and x < right:
            stop = start
            while stop < len(title) and (stop in marked) == (start in marked):
                stop += 1
            font = theme.font("strong" if start in marked else "body")
            painter.setFont(font)
            run = title[start:stop]
            width = QFontMetrics(font).horizontalAdvance(run)
            room = QRect(x, rect.top(), min(width + 2, right - x), rect.height())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, run)
            x += width
            start = stop
        return x


class CommandPalette(QDialog):
    """640 × 420 at the top centre of its window; Esc closes and the focus returns.

    Signal: ``chosen(id)``.
    """

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setWindowTitle("Find")
        self.entries: list[Entry] = []
        self.field = LineEdit()
        self.field.setPlaceholderText("Find an action, study, preset or object   > @ # ?")
        self.field.setAccessibleName("Find")
        self.field.setFixedHeight(theme.dp(34))
        self.field.textChanged.connect(self._search)
        self.field.installEventFilter(self)
        self.model = _Model(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Delegate(self.list))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setUniformItemSizes(True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setAccessibleName("Matches")
        self.list.clicked.connect(lambda index: self._choose(index.row()))
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.dp(8),) * 4)
        column.setSpacing(theme.dp(6))
        column.addWidget(self.field)
        column.addWidget(self.list, 1)
        self.setFixedSize(theme.dp(640), theme.dp(420))

    def open_with(self, entries: Sequence[Entry], text: str = "") -> None:
        """Show the palette over these entries."""
        self.entries = list(entries)
        parent = self.parentWidget()
        assert parent is not None
        window = parent.window()
        corner = window.mapToGlobal(QPoint((window.width() - self.width()) // 2, theme.dp(40)))
        self.move(corner)
        self.field.setText(text)
        self._search(text)
        self.show()
        self.field.setFocus()
        self.field.selectAll()

    def _search(self, text: str) -> None:
        self.model.show_rows(search(self.entries, text)[:200])
        if self.model.rowCount():
            self.list.setCurrentIndex(self.model.index(0))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        pressed = event.type() == QEvent.Type.KeyPress and watched is self.field
        if pressed and isinstance(event, QKeyEvent) and self._key(event.key()):
            return True
        return super().eventFilter(watched, event)

    def _key(self, key: int) -> bool:
        """Move in the list, or choose; True when the key was for the list."""
        steps = {
            Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: ROWS,
            Qt.Key.Key_PageUp: -ROWS,
        }  # fmt: skip
        if key in steps and self.model.rowCount():
            row = self.list.currentIndex().row() + steps[Qt.Key(key)]
            row = min(max(row, 0), self.model.rowCount() - 1)
            self.list.setCurrentIndex(self.model.index(row))
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.list.currentIndex().row())
            return True
        return False

    def _choose(self, row: int) -> None:
        if 0 <= row < self.model.rowCount():
            entry = self.model.rows[row][0]
            self.accept()
            self.chosen.emit(entry.id)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token("panel"))
        painter.setPen(theme.token("field"))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()
