"""The table of a set: numbers right, words left; labels are edited in place."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal

from backend.core.parameters import show_number
from backend.stimuli.stimulus_set import StimulusSet

ANYWHERE = QModelIndex()
Role = Qt.ItemDataRole


class SetTable(QAbstractTableModel):
    """Rows of a set, for a virtual table of any length.

    Signal ``edited(column, row, value)``: the user typed another value; the owner decides.
    """

    edited = Signal(str, int, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.stimuli: StimulusSet | None = None
        self.columns: list[str] = []

    def show(self, stimuli: StimulusSet | None) -> None:
        """Show another set, or another version of it."""
        self.beginResetModel()
        self.stimuli = stimuli
        self.columns = list(stimuli.table) if stimuli is not None else []
        self.endResetModel()

    def rowCount(self, parent: Any = ANYWHERE) -> int:
        return 0 if parent.isValid() or self.stimuli is None else len(self.stimuli)

    def columnCount(self, parent: Any = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, way: Any, role: int = Role.DisplayRole) -> Any:
        if role != Role.DisplayRole:
            return None
        return self.columns[section] if way == Qt.Orientation.Horizontal else section + 1

    def value(self, row: int, column: int) -> Any:
        """What stands in a cell."""
        assert self.stimuli is not None
        return self.stimuli.table[self.columns[column]][row]

    def data(self, index: Any, role: int = Role.DisplayRole) -> Any:
        value = self.value(index.row(), index.column())
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if role == Role.DisplayRole:
            return cell_words(value)
        if role in (Role.EditRole, Role.ToolTipRole):
            return repr(value) if isinstance(value, float) else str(value)
        if role == Role.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if number else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def flags(self, index: Any) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def setData(self, index: Any, value: Any, role: int = Role.EditRole) -> bool:
        before = self.value(index.row(), index.column())
        if role != Role.EditRole or str(value) == str(before):
            return False
        self.edited.emit(self.columns[index.column()], index.row(), value)
        return True


def cell_words(value: Any) -> str:
    """A value of a set's table as it is shown."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return show_number(value, 4)
    return "n/a" if value is None else str(value)
