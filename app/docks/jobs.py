"""Jobs dock: one row a run or task of any panel, with what it is doing."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtWidgets import QListView, QVBoxLayout, QWidget

from app.panels.runs.model import STATE_ROLE
from backend.core.headless import progress_line
from backend.core.runner import Job, Runner
from backend.core.tasks import Task
from widgets import icons, theme

ANYWHERE = QModelIndex()


class JobsModel(QAbstractListModel):
    """Tasks and runs, newest first."""

    def __init__(self, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.runner = runner
        self.jobs: list[Job | Task] = []

    def refresh(self) -> None:
        """Look again; called by the window's slow timer."""
        jobs: list[Job | Task] = [*reversed(self.runner.tasks), *reversed(self.runner.jobs)]
        if jobs != self.jobs:
            self.beginResetModel()
            self.jobs = jobs
            self.endResetModel()
        elif jobs:
            self.dataChanged.emit(self.index(0), self.index(len(jobs) - 1))

    def rowCount(self, parent: Any = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.jobs)

    def data(self, index: Any, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        job = self.jobs[index.row()]
        if role == Qt.ItemDataRole.DisplayRole and isinstance(job, Task):
            line = f"{job.done} of {job.total} {job.what}" if job.total else job.what
            return f"{job.title}\n{job.state} · {line}".removesuffix(" · ")
        if role == Qt.ItemDataRole.DisplayRole:
            line = progress_line(job.run) if not job.finished else job.record.finished
            return f"{job.study.title} · {job.record.preset}\n{job.state} · {line}"
        if role == Qt.ItemDataRole.DecorationRole:
            return icons.icon(icons.STATE[job.state], STATE_ROLE.get(job.state, "text2"))
        if role == Qt.ItemDataRole.UserRole:
            return job
        return None


class JobsView(QWidget):
    """Content of the dock. Signal ``opened(job)`` on double click."""

    opened = Signal(object)

    def __init__(self, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = JobsModel(runner, self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setAccessibleName("Jobs")
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setSpacing(theme.dp(2))
        self.list.activated.connect(
            lambda index: self.opened.emit(index.data(Qt.ItemDataRole.UserRole))
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list)
