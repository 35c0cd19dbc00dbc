"""What a cell of a sweep found: its trials, and the way to the run itself."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from backend.core.report import shown_value
from backend.core.sweeps import Sweep
from backend.studies import find
from widgets import theme
from widgets.parts import Button, Head, Words


class CellPage(QWidget):
    """Right column; ``run_asked(cell, trial)`` asks to open a trial as a run of its study."""

    run_asked = Signal(object, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cell: tuple[int, ...] | None = None
        self.title = Words("Click a cell of the map.", "body", "text2")
        self.table = QTableWidget(0, 3)
        self.table.setHorizontalHeaderLabels(["Trial", "Seed", "Value"])
        self.table.setAccessibleName("Trials of the cell")
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setFrameShape(QTableWidget.Shape.NoFrame)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(theme.dp(24))
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.table.doubleClicked.connect(lambda _: self._ask())
        self.open = Button("Open this run", "open-in-new")
        self.open.setEnabled(False)
        self.open.clicked.connect(self._ask)
        words = QVBoxLayout()
        words.setContentsMargins(theme.dp(12), theme.dp(8), theme.dp(12), theme.dp(8))
        words.addWidget(self.title)
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.dp(12), theme.dp(8), theme.dp(12), theme.dp(8))
        foot.addWidget(self.open)
        foot.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(Head("Cell"))
        whole.addLayout(words)
        whole.addWidget(self.table, 1)
        whole.addLayout(foot)
        self.setMaximumWidth(theme.dp(400))

    def _ask(self) -> None:
        if self.cell is not None:
            self.run_asked.emit(self.cell, max(self.table.currentRow(), 0))

    def forget(self) -> None:
        """No cell is chosen."""
        self.cell = None
        self.title.setText("Click a cell of the map.")
        self.table.setRowCount(0)
        self.open.setEnabled(False)

    def show_cell(self, sweep: Sweep, cell: tuple[int, ...], quantity: str) -> None:
        """Trials of a cell, and what its parameters are."""
        from app.panels.sweeps.board import axis_title, unit_of, word

        study, self.cell = find(sweep.plan.study), cell
        places = [
            f"{axis_title(study, axis.parameter)}: {word(axis.values[i])}"
            for axis, i in zip(sweep.plan.axes, cell, strict=True)
        ]
        declared = study.quantities.get(quantity)
        name = f"{declared.label}{unit_of(declared)}" if declared else "nothing measured yet"
        self.title.setText("\n".join([*places, name]))
        self.table.setRowCount(sweep.plan.trials)
        for trial in range(sweep.plan.trials):
            found = sweep.outcomes.get((cell, trial))
            value, seed = "to come", ""
            if found is not None:
                seed = str(found.work.document.get("seed", ""))
                number = found.values.get(quantity)
                value = found.failure or (
                    shown_value(number, declared.digits) if number is not None and declared
                    else "not measured"
                )  # fmt: skip
            for place, text in enumerate((str(trial + 1), seed, value)):
                item = QTableWidgetItem(text)
                item.setToolTip(text)
                self.table.setItem(trial, place, item)
        self.open.setEnabled(True)
