"""Parameters that belong into a grid (six p, six j): a compact table in the form."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHeaderView, QTableView, QVBoxLayout, QWidget

from backend.core.parameters import Declaration
from widgets import theme
from widgets.form.number import show_value
from widgets.parts import Elided, Words

Index = QModelIndex | QPersistentModelIndex


class CellModel(QAbstractTableModel):
    """Values of the table's parameters; an edit is only asked for, not applied."""

    asked = Signal(str, str)

    def __init__(self, cells: dict[tuple[str, str], Declaration], parent: QWidget) -> None:
        super().__init__(parent)
        self.cells = cells
        self.rows = list(dict.fromkeys(row for row, _ in cells))
        self.columns = list(dict.fromkeys(column for _, column in cells))
        self.values: dict[str, Any] = {}
        self.preset: dict[str, Any] = {}
        self.refused: dict[str, tuple[str, str]] = {}

    def declared(self, index: Index) -> Declaration | None:
        """Parameter of a cell; None for a gap."""
        return self.cells.get((self.rows[index.row()], self.columns[index.column()]))

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.columns)

    def flags(self, index: Index) -> Qt.ItemFlag:
        if self.declared(index) is None:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEditable

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole:
            names = self.columns if orientation == Qt.Orientation.Horizontal else self.rows
            return names[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        declared = self.declared(index)
        if declared is None:
            return None
        value = self.values.get(declared.name)
        differs = value != self.preset.get(declared.name, value)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            if declared.name in self.refused:
                return self.refused[declared.name][0]
            return "" if value is None else show_value(declared, value)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.BackgroundRole and declared.name in self.refused:
            return theme.token("errbg")
        if role == Qt.ItemDataRole.ForegroundRole and differs:
            return theme.token("accent")
        if role == Qt.ItemDataRole.FontRole and differs:
            return theme.font("strong")
        if role == Qt.ItemDataRole.ToolTipRole:
            return self.tip(declared, differs)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{declared.label}, {declared.unit or 'no unit'}"
        return None

    def tip(self, declared: Declaration, differs: bool) -> str:
        """Label, help, limits, and the preset's value where it differs."""
        lines = [declared.label, declared.help, f"Goes {declared.limits_text}.", declared.source]
        if differs:
            lines.append(f"Preset: {show_value(declared, self.preset[declared.name])}.")
        return "\n".join(line for line in lines if line)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        declared = self.declared(index)
        if declared is None or str(value) == self.data(index):
            return False
        self.asked.emit(declared.name, str(value))
        return True

    def refresh(self) -> None:
        """Draw all cells anew."""
        last = self.index(len(self.rows) - 1, len(self.columns) - 1)
        self.dataChanged.emit(self.index(0, 0), last)


class _Grid(QTableView):
    """Table that resets its current cell with Ctrl+Backspace."""

    reset_asked = Signal(str)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        model = self.model()
        if event.key() == Qt.Key.Key_Backspace and control and isinstance(model, CellModel):
            declared = model.declared(self.currentIndex())
            if declared is not None:
                self.reset_asked.emit(declared.name)
            return
        super().keyPressEvent(event)


class CellTable(QWidget):
    """A titled table of parameters; the same signals as a row, with the parameter's name."""

    asked = Signal(str, str)
    reset = Signal(str)

    def __init__(
        self, title: str, cells: dict[tuple[str, str], Declaration], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.model = CellModel(cells, self)
        self.model.asked.connect(self.asked)
        self.view = _Grid(self)
        self.view.setModel(self.model)
        self.view.setAccessibleName(title)
        self.view.reset_asked.connect(self.reset)
        self._style()
        self._line = Words("", "caption", "err")
        self._line.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme.dp(4), theme.dp(15), theme.dp(4))
        column.setSpacing(theme.dp(4))
        column.addWidget(Elided(title, "body"))
        column.addWidget(self.view)
        column.addWidget(self._line)

    def _style(self) -> None:
        view = self.view
        view.setFrameShape(QFrame.Shape.Box)
        view.setFont(theme.font("body"))
        across, down = view.horizontalHeader(), view.verticalHeader()
        for header in (across, down):
            header.setFont(theme.font("caption"))
            header.setHighlightSections(False)
        across.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        across.setMinimumSectionSize(theme.dp(36))
        across.setFixedHeight(theme.dp(24))
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        down.setDefaultSectionSize(theme.dp(24))
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setFixedHeight(theme.dp(24) * (len(self.model.rows) + 1) + 2)
        view.setTabKeyNavigation(False)
        view.setEditTriggers(
            QTableView.EditTrigger.DoubleClicked
            | QTableView.EditTrigger.AnyKeyPressed
            | QTableView.EditTrigger.EditKeyPressed
            | QTableView.EditTrigger.SelectedClicked
        )

    def set_value(self, name: str, value: Any) -> None:
        """Show a good value."""
        self.model.values[name] = value
        self.model.refresh()

    def set_preset(self, name: str, value: Any) -> None:
        """Remember the preset's value."""
        self.model.preset[name] = value
        self.model.refresh()

    def refuse(self, name: str, typed: str, sentence: str) -> None:
        """Mark a cell and say why beneath the table."""
        self.model.refused[name] = (typed, sentence)
        self._line.setText(sentence)
        self._line.show()
        self.model.refresh()

    def accept(self, name: str) -> None:
        """Take the mark of a cell away."""
        self.model.refused.pop(name, None)
        left = list(self.model.refused.values())
        self._line.setText(left[-1][1] if left else "")
        self._line.setVisible(bool(left))
        self.model.refresh()

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(300), super().sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.model.refresh()
