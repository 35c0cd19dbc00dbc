"""Tables of a design: one row a record, edited in place, each edit one step of undo."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QEvent, QModelIndex, QObject, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QPainter, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from backend.core.parameters import show_number
from widgets import icons, theme
from widgets.cells import CellDelegate
from widgets.inputs import Combo
from widgets.parts import Button, Elided, Tool

ANYWHERE = QModelIndex()
Role = Qt.ItemDataRole
TICKED, EMPTY = "checkbox-marked-outline", "checkbox-blank-outline"


@dataclass(frozen=True)
class Field:
    """A column: attribute, head, kind; ``shown`` computes words that cannot be edited."""

    name: str
    head: str
    kind: str = "text"  # text, number, whole, bool, choice
    choices: tuple[str, ...] = ()
    shown: Callable[[Any], str] | None = None
    width: int = 90
    help: str = ""


class RecordModel(QAbstractTableModel):
    """Rows of records. Signal ``edited(row, field, value)``: the owner changes the design."""

    edited = Signal(int, str, object)

    def __init__(self, fields: Sequence[Field], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.fields = list(fields)
        self.records: list[Any] = []

    def show(self, records: Sequence[Any], fields: Sequence[Field] | None = None) -> None:
        """Show these records; other columns when given."""
        wanted = self.fields if fields is None else list(fields)
        same = len(records) == len(self.records) and wanted == self.fields
        if same:  # keeps selection and scroll position
            self.records = list(records)
            if self.records:
                last = self.index(len(self.records) - 1, len(self.fields) - 1)
                self.dataChanged.emit(self.index(0, 0), last)
            return
        self.beginResetModel()
        self.records, self.fields = list(records), wanted
        self.endResetModel()

    def value(self, row: int, column: int) -> Any:
        """What stands in a cell."""
        field, record = self.fields[column], self.records[row]
        if field.shown is not None:
            return field.shown(record)
        return (
            record.get(field.name, "") if isinstance(record, dict) else getattr(record, field.name)
        )

    def rowCount(self, parent: Any = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.records)

    def columnCount(self, parent: Any = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.fields)

    def headerData(self, section: int, way: Any, role: int = Role.DisplayRole) -> Any:
        if way == Qt.Orientation.Vertical:
            return section + 1 if role == Role.DisplayRole else None
        field = self.fields[section]
        return {Role.DisplayRole: field.head, Role.ToolTipRole: field.help}.get(Role(role))

    def data(self, index: Any, role: int = Role.DisplayRole) -> Any:
        field = self.fields[index.column()]
        value = self.value(index.row(), index.column())
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if field.kind == "bool":
            if role == Role.CheckStateRole:
                return Qt.CheckState.Checked if value else Qt.CheckState.Unchecked
            return "" if role == Role.DisplayRole else None
        if role == Role.DisplayRole:
            return show_number(value) if number else str(value)
        if role == Role.EditRole:
            return f"{value:g}" if number else str(value)
        if role == Role.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if number else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        if role == Role.ForegroundRole and field.shown is not None:
            return theme.token("text3")
        return None

    def flags(self, index: Any) -> Qt.ItemFlag:
        flags = super().flags(index)
        field = self.fields[index.column()]
        if field.kind == "bool":
            return flags | Qt.ItemFlag.ItemIsUserCheckable
        return flags if field.shown is not None else flags | Qt.ItemFlag.ItemIsEditable

    def setData(self, index: Any, value: Any, role: int = Role.EditRole) -> bool:
        field = self.fields[index.column()]
        if field.kind == "bool" and role == Role.CheckStateRole:
            on = Qt.CheckState(value) == Qt.CheckState.Checked
            self.edited.emit(index.row(), field.name, on)
            return True
        if role != Role.EditRole or str(value) == self.data(index, Role.EditRole):
            return False
        self.edited.emit(index.row(), field.name, typed(field, str(value)))
        return True


def typed(field: Field, text: str) -> Any:
    """Typed text as the column's kind; words stay words: the design says what is wrong."""
    if field.kind in ("number", "whole"):
        cleaned = text.strip().replace("−", "-").removesuffix("ms").strip()
        try:
            value = float(cleaned)
        except ValueError:
            return text
        return int(value) if field.kind == "whole" and value.is_integer() else value
    return text


class ChoiceDelegate(CellDelegate):
    """A combo box for columns with choices, a box to tick for those of yes and no."""

    def paint(self, painter: QPainter, option: Any, index: Any) -> None:
        super().paint(painter, option, index)
        if index.model().fields[index.column()].kind != "bool":
            return
        on = Qt.CheckState(index.data(Role.CheckStateRole)) == Qt.CheckState.Checked
        size = theme.dp(16)
        picture = icons.pixmap(TICKED if on else EMPTY, "accent" if on else "text3", size)
        place = QRect(0, 0, size, size)
        place.moveCenter(option.rect.center())
        place.moveLeft(option.rect.left() + theme.dp(6))
        painter.drawPixmap(place, picture)

    def initStyleOption(self, option: Any, index: Any) -> None:
        super().initStyleOption(option, index)
        if index.model().fields[index.column()].kind == "bool":
            # The style's own box cannot be seen on dark grounds.
            option.features &= ~QStyleOptionViewItem.ViewItemFeature.HasCheckIndicator

    def editorEvent(self, event: QEvent, model: Any, option: Any, index: Any) -> bool:
        if model.fields[index.column()].kind != "bool":
            return super().editorEvent(event, model, option, index)
        space = isinstance(event, QKeyEvent) and event.key() == Qt.Key.Key_Space
        if event.type() != QEvent.Type.MouseButtonRelease and not space:
            return False
        on = Qt.CheckState(index.data(Role.CheckStateRole)) == Qt.CheckState.Checked
        wanted = Qt.CheckState.Unchecked if on else Qt.CheckState.Checked
        return bool(model.setData(index, wanted.value, Role.CheckStateRole))

    def createEditor(self, parent: QWidget, option: Any, index: Any) -> QWidget:
        field = index.model().fields[index.column()]
        if field.kind != "choice":
            return super().createEditor(parent, option, index)
        combo = Combo(parent)
        combo.addItems(list(field.choices))
        combo.activated.connect(lambda _: self._chosen(combo))
        return combo

    def _chosen(self, combo: Combo) -> None:
        self.commitData.emit(combo)
        self.closeEditor.emit(combo)

    def setEditorData(self, editor: QWidget, index: Any) -> None:
        if isinstance(editor, Combo):
            editor.setCurrentText(index.data(Role.EditRole))
            editor.showPopup()
        else:
            super().setEditorData(editor, index)

    def setModelData(self, editor: QWidget, model: Any, index: Any) -> None:
        if isinstance(editor, Combo):
            model.setData(index, editor.currentText())
        else:
            super().setModelData(editor, model, index)


class RecordTable(QWidget):
    """A table with add, copy, remove and move.

    Signals: ``edited(row, field, value)``, ``add_asked``, ``copy_asked(row)``,
    ``remove_asked(rows)``, ``move_asked(row, step)``, ``chosen(row)``.
    """

    edited = Signal(int, str, object)
    add_asked = Signal()
    copy_asked = Signal(int)
    remove_asked = Signal(object)
    move_asked = Signal(int, int)
    chosen = Signal(int)

    def __init__(
        self, title: str, fields: Sequence[Field], noun: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.model = RecordModel(fields, self)
        self.model.edited.connect(self.edited)
        self.view = QTableView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(ChoiceDelegate(self.view))
        self.view.setAccessibleName(title)
        self._style()
        self.title = Elided(title, "strong", whole=True)
        self.note = Elided("", "caption", "text3")
        self.tools = QHBoxLayout()
        self.tools.setContentsMargins(0, 0, 0, 0)
        self.tools.addWidget(self.title)
        self.tools.addWidget(self.note, 1)
        for icon, words, call in (
            ("plus", f"Add a {noun}", self.add_asked.emit),
            ("content-copy", f"Copy the {noun}", lambda: self.copy_asked.emit(self.row)),
            ("chevron-up", "Move up", lambda: self.move_asked.emit(self.row, -1)),
            ("chevron-down", "Move down", lambda: self.move_asked.emit(self.row, 1)),
            ("delete-outline", f"Remove the {noun}", self._remove),
        ):
            tool = Tool(icon, words)
            tool.clicked.connect(lambda _=False, c=call: c())
            self.tools.addWidget(tool)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.dp(4))
        column.addLayout(self.tools)
        column.addWidget(self.view, 1)
        key = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.view)
        key.setContext(Qt.ShortcutContext.WidgetShortcut)
        key.activated.connect(self._remove)

    def _style(self) -> None:
        view = self.view
        view.setShowGrid(False)
        view.setAlternatingRowColors(True)
        view.setWordWrap(False)
        view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        view.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.AnyKeyPressed
        )
        view.setTabKeyNavigation(False)
        view.verticalHeader().setDefaultSectionSize(theme.dp(24))
        view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        view.horizontalHeader().setHighlightSections(False)
        view.horizontalHeader().setStretchLastSection(True)
        view.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        view.selectionModel().currentRowChanged.connect(
            lambda index, _: self.chosen.emit(index.row())
        )
        self.size_columns()

    def size_columns(self) -> None:
        """Widths as the fields declare them."""
        for number, field in enumerate(self.model.fields):
            self.view.setColumnWidth(number, theme.dp(field.width))

    def add_button(self, button: Button) -> None:
        """A further verb beside the tools."""
        self.tools.insertWidget(2, button)

    @property
    def row(self) -> int:
        """The current row, -1 when there is none."""
        return self.view.currentIndex().row()

    def rows(self) -> list[int]:
        """Selected rows in order."""
        return sorted(index.row() for index in self.view.selectionModel().selectedRows())

    def _remove(self) -> None:
        if self.rows():
            self.remove_asked.emit(self.rows())

    def show(self, records: Sequence[Any] | None = None, fields: Any = None) -> None:  # type: ignore[override]
        """Show records; without any, show the widget."""
        if records is None:
            super().show()
            return
        here = self.row
        self.model.show(records, fields)
        if fields is not None:
            self.size_columns()
        if len(records) and self.row < 0:
            self.view.selectRow(min(max(here, 0), len(records) - 1))
