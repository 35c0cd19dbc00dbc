"""The history as a table model: one row a run, newest first."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QSortFilterProxyModel, Qt

from backend.core.parameters import ParameterError
from backend.core.store import Record
from backend.studies import find
from widgets import icons, theme

COLUMNS = ("Started", "Study", "Preset", "Procedure", "Seed", "State", "Took", "Note")
STATE_ROLE = {
    "done": "ok", "cancelled": "text2", "failed": "err", "interrupted": "warn", "running": "accent",
    "paused": "warn", "rebuilding": "accent",
}  # fmt: skip
RECORD_ROLE = Qt.ItemDataRole.UserRole
ANYWHERE = QModelIndex()


def took(record: Record) -> str:
    """Wall time of a run in words."""
    from datetime import datetime

    try:
        begin = datetime.fromisoformat(record.started)
        seconds = (datetime.fromisoformat(record.finished) - begin).total_seconds()
    except ValueError:
        return ""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def study_title(record: Record) -> str:
    """Title of a run's study; its id when this version does not have it."""
    try:
        return find(record.study).title
    except ParameterError:
        return record.study


class RunsModel(QAbstractTableModel):
    """Rows of the history."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.records: list[Record] = []

    def show(self, records: list[Record]) -> None:
        """Replace all rows; nothing happens when they are the same."""
        if [(r.id, r.state, r.note) for r in records] == [
            (r.id, r.state, r.note) for r in self.records
        ]:
            return
        self.beginResetModel()
        self.records = records
        self.endResetModel()

    def rowCount(self, parent: Any = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.records)

    def columnCount(self, parent: Any = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return None

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        record = self.records[index.row()]
        name = COLUMNS[index.column()]
        if role == RECORD_ROLE:
            return record
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return cell(record, name)
        if name == "State" and role == Qt.ItemDataRole.DecorationRole:
            shape = icons.STATE.get(record.state, "alert")
            return icons.icon(shape, STATE_ROLE.get(record.state, "text2"))
        if name == "State" and role == Qt.ItemDataRole.ForegroundRole:
            return theme.token(STATE_ROLE.get(record.state, "text2"))
        if name in ("Seed", "Took") and role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None


def cell(record: Record, name: str) -> str:
    """Text of one cell."""
    texts = {
        "Started": record.started.replace("T", " "),
        "Study": study_title(record),
        "Preset": record.preset,
        "Procedure": record.procedure,
        "Seed": str(record.seed),
        "State": record.state,
        "Took": took(record),
        "Note": record.note,
    }
    return texts[name]


class RunsFilter(QSortFilterProxyModel):
    """Rows whose text holds every word of the filter."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.words: list[str] = []

    def show_words(self, text: str) -> None:
        """Filter by these words, in any column."""
        self.beginFilterChange()
        self.words = text.lower().split()
        self.endFilterChange()

    def filterAcceptsRow(self, row: int, parent: Any) -> bool:
        record = self.sourceModel().records[row]  # type: ignore[attr-defined]
        text = " ".join(cell(record, name) for name in COLUMNS).lower()
        return all(word in text for word in self.words)
