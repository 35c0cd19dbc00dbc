"""Workspace dock: the objects that the runs on screen hold, ready to be exported."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtWidgets import QListView, QVBoxLayout, QWidget

from backend.core.run import Offer
from backend.core.runner import Job, Runner
from widgets import icons, theme

ANYWHERE = QModelIndex()


class WorkspaceModel(QAbstractListModel):
    """Offers of all jobs, newest job first."""

    def __init__(self, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.runner = runner
        self.rows: list[tuple[Job, Offer]] = []

    def refresh(self) -> None:
        """Look again; called by the window's slow timer."""
        rows = [(j, o) for j in reversed(self.runner.jobs) for o in list(j.run.offers.values())]
        if rows != self.rows:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()

    def rowCount(self, parent: Any = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        job, offer = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return f"{offer.label}\n{job.study.title} · {job.record.preset}"
        if role == Qt.ItemDataRole.DecorationRole:
            return icons.icon("table", "text2")
        if role == Qt.ItemDataRole.ToolTipRole:
            seed = job.record.seed
            return (
                f"From the run of {job.record.started[11:]}, seed {seed}. Double-click to export."
            )
        if role == Qt.ItemDataRole.UserRole:
            return job, offer
        return None


class WorkspaceView(QWidget):
    """Content of the dock. Signal ``export_asked(job, offer)`` on double click or Enter."""

    export_asked = Signal(object, object)

    def __init__(self, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = WorkspaceModel(runner, self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setAccessibleName("Workspace objects")
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setSpacing(theme.dp(2))
        self.list.activated.connect(
            lambda index: self.export_asked.emit(*index.data(Qt.ItemDataRole.UserRole))
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list)
