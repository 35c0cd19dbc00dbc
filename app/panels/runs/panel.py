"""The history: filter, reopen, reproduce, resume, compare two, export, delete to the trash."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QItemSelectionModel, Qt, QTimer
from PySide6.QtGui import (
    QHideEvent,
    QKeySequence,
    QShortcut,
    QShowEvent,
    QUndoCommand,
    QUndoStack,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QSplitter,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.panels.runs.detail import RunDetail
from app.panels.runs.model import COLUMNS, RECORD_ROLE, RunsFilter, RunsModel
from backend.core.files import FileProblem
from backend.core.store import ALIVE, Record, Store
from widgets import theme
from widgets.inputs import LineEdit
from widgets.parts import Button, Head

if TYPE_CHECKING:
    from app.window import MainWindow

REFRESH_MS = 1000
WIDTHS = {"Started": 140, "Study": 170, "Preset": 190, "Procedure": 90, "Seed": 50, "State": 100,
          "Took": 60, "Note": 200}  # fmt: skip


class Delete(QUndoCommand):
    """Runs go to the trash, and come back on undo."""

    def __init__(self, store: Store, records: list[Record], panel: RunsPanel) -> None:
        super().__init__(f"Delete {len(records)} runs" if len(records) > 1 else "Delete run")
        self.store, self.records, self.panel = store, records, panel

    def redo(self) -> None:
        for record in self.records:
            self.store.delete(record)
        self.panel.refresh()

    def undo(self) -> None:
        for record in self.records:
            self.store.restore(record)
        self.panel.refresh()


class RunsPanel(QWidget):
    """Table of all runs, what the selected ones found, and what can be done with them."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window_ = window
        self.store = window.runner.store
        self.undo_stack = QUndoStack(self)
        self.model = RunsModel(self)
        self.proxy = RunsFilter(self)
        self.proxy.setSourceModel(self.model)
        self.filter = LineEdit()
        self.filter.setPlaceholderText("Filter by study, preset, state, date or note")
        self.filter.setAccessibleName("Filter runs")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self.proxy.show_words)
        self.table = self._table()
        self.detail = RunDetail()
        self.buttons = self._buttons()
        self._lay_out()
        self.timer = QTimer(self)
        self.timer.setInterval(REFRESH_MS)
        self.timer.timeout.connect(self.refresh)
        self._selected()

    def _table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.proxy)
        table.setAccessibleName("Runs")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setShowGrid(False)
        table.setAlternatingRowColors(True)
        table.setWordWrap(False)
        table.setTabKeyNavigation(False)
        table.setSortingEnabled(True)
        table.sortByColumn(0, Qt.SortOrder.DescendingOrder)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(theme.dp(24))
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.horizontalHeader().setStretchLastSection(True)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
        for number, name in enumerate(COLUMNS):
            table.setColumnWidth(number, theme.dp(WIDTHS[name]))
        table.selectionModel().selectionChanged.connect(self._selected)
        table.doubleClicked.connect(lambda _: self.reopen())
        key = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), table)
        key.setContext(Qt.ShortcutContext.WidgetShortcut)
        key.activated.connect(self.delete)
        return table

    def _buttons(self) -> dict[str, Button]:
        named = {
            "reopen": ("Reopen", "folder-open-outline", self.reopen),
            "reproduce": ("Reproduce", "restart", self.reproduce),
            "resume": ("Resume", "play", self.resume),
            "export": ("Export…", "export-variant", self.export),
            "delete": ("Delete", "delete-outline", self.delete),
        }
        made = {}
        for name, (text, icon, call) in named.items():
            made[name] = Button(text, icon)
            made[name].clicked.connect(call)
        return made

    def _lay_out(self) -> None:
        tools = QHBoxLayout()
        tools.setContentsMargins(theme.dp(12), theme.dp(6), theme.dp(12), theme.dp(6))
        tools.addWidget(self.filter, 1)
        for button in self.buttons.values():
            tools.addWidget(button)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(Head("Runs", left))
        column.addLayout(tools)
        column.addWidget(self.table, 1)
        right = QWidget()
        side = QVBoxLayout(right)
        side.setContentsMargins(0, 0, 0, 0)
        side.setSpacing(0)
        side.addWidget(Head("What it found", right))
        side.addWidget(self.detail, 1)
        splitter = QSplitter()
        splitter.addWidget(left)
        splitter.addWidget(right)
        splitter.setSizes([theme.dp(900), theme.dp(420)])
        splitter.setChildrenCollapsible(False)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(splitter)

    # ---- showing ---------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh()
        self.timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.timer.stop()

    def refresh(self) -> None:
        """Read the store again, keeping the selection."""
        chosen = {record.id for record in self.selected()}
        self.model.show(self.store.records())
        selection = self.table.selectionModel()
        rows = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for row in range(self.proxy.rowCount()):
            index = self.proxy.index(row, 0)
            if index.data(RECORD_ROLE).id in chosen and not selection.isSelected(index):
                selection.select(index, rows)
        if not selection.hasSelection() and self.proxy.rowCount():
            self.table.selectRow(0)

    def selected(self) -> list[Record]:
        """The selected runs, in the order of the table."""
        return [i.data(RECORD_ROLE) for i in self.table.selectionModel().selectedRows()]

    def _selected(self, *_: Any) -> None:
        records = self.selected()
        one = len(records) == 1
        living = any(record.state in ALIVE for record in records)
        self.buttons["reopen"].setEnabled(one)
        self.buttons["reproduce"].setEnabled(one and not living)
        stopped = one and records[0].state in ("cancelled", "interrupted")
        self.buttons["resume"].setEnabled(stopped and records[0].procedure != "free")
        self.buttons["export"].setEnabled(one and not living)
        self.buttons["delete"].setEnabled(bool(records) and not living)
        self.detail.show_runs(records)

    # ---- doing -----------------------------------------------------------------------------

    def reopen(self) -> None:
        """Bring a run's settings, numbers and pictures back into its panel."""
        for record in self.selected()[:1]:
            self.window_.commands.reopen_run(record)

    def reproduce(self) -> None:
        """Run the same again and say whether the numbers are identical."""
        for record in self.selected()[:1]:
            self.window_.commands.reproduce_run(record)

    def resume(self) -> None:
        """Go on with a stopped batch; finished cells are not repeated."""
        for record in self.selected()[:1]:
            self.window_.commands.resume_run(record)

    def delete(self) -> None:
        """Move the selected runs to the trash (Ctrl+Z brings them back)."""
        records = self.selected()
        if not records or not self.buttons["delete"].isEnabled():
            return
        self.window_.say(f"{len(records)} in the trash; Ctrl+Z brings it back.")
        self.table.clearSelection()
        self.undo_stack.push(Delete(self.store, records, self))

    def export(self) -> None:
        """Save a run's folder as one ZIP file."""
        for record in self.selected()[:1]:
            name, _ = QFileDialog.getSaveFileName(
                self, "Export run", f"{record.id}.zip", "ZIP (*.zip)"
            )
            if name:
                try:
                    export_run(record, Path(name))
                except FileProblem as problem:
                    self.window_.say(str(problem))


def export_run(record: Record, path: Path) -> None:
    """Write a run's folder as a ZIP file; FileProblem when it cannot be written."""
    try:
        made = shutil.make_archive(
            str(path.with_suffix("")), "zip", record.path.parent, record.path.name
        )
    except OSError as error:
        raise FileProblem(f"{path.name} cannot be written: {error.strerror}.") from error
    if Path(made) != path:
        shutil.move(made, path)
