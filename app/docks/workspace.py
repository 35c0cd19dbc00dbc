"""Workspace dock: stored stimulus sets, and what the runs on screen hold, ready to be exported."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QListView, QVBoxLayout, QWidget

from backend.core.run import Offer
from backend.core.runner import Job, Runner
from backend.stimuli.set_store import SetStore, StoredSet
from widgets import icons, theme
from widgets.contact_sheet import picture_of

ANYWHERE = QModelIndex()
PICTURE_PX = 36
Role = Qt.ItemDataRole
Held = tuple[Job, Offer]


class WorkspaceModel(QAbstractListModel):
    """Stimulus sets, newest first, then the offers of all jobs, newest job first."""

    def __init__(self, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.runner = runner
        self.rows: list[Held | StoredSet] = []
        self._sets: list[StoredSet] = []
        self._seen: tuple[Any, int] = ("", 0)
        self._pictures: dict[str, QIcon] = {}

    def refresh(self) -> None:
        """Look again; called by the window's slow timer."""
        held = [(j, o) for j in reversed(self.runner.jobs) for o in list(j.run.offers.values())]
        rows: list[Held | StoredSet] = [*self._stored(), *held]
        if rows != self.rows:
            self.beginResetModel()
            self.rows = rows
            self.endResetModel()

    def _stored(self) -> list[StoredSet]:
        """The stored sets, read again only when their folder changed."""
        store = SetStore()
        try:
            seen = (store.root, store.root.stat().st_mtime_ns)
        except OSError:
            return []
        if seen != self._seen:
            self._seen, self._sets = seen, store.records()
        return self._sets

    def rowCount(self, parent: Any = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Any, role: int = Role.DisplayRole) -> Any:
        one = self.rows[index.row()]
        if role == Role.UserRole:
            return one
        return self._of_set(one, role) if isinstance(one, StoredSet) else self._of_run(one, role)

    def _of_set(self, one: StoredSet, role: int) -> Any:
        if role == Role.DisplayRole:
            return f"{one.name}\n{one.size}"
        if role == Role.ToolTipRole:
            made = one.made.replace("T", " ")
            return f"Stimulus set, made {made}. {one.synthetic} Double-click to show it."
        if role == Role.DecorationRole:
            if one.id not in self._pictures:
                image = one.picture()
                side = theme.dp(PICTURE_PX)
                self._pictures[one.id] = (
                    icons.icon("image-outline", "text2")
                    if image is None
                    else QIcon(QPixmap.fromImage(picture_of(image)).scaledToHeight(side))
                )
            return self._pictures[one.id]
        return None

    @staticmethod
    def _of_run(held: Held, role: int) -> Any:
        job, offer = held
        if role == Role.DisplayRole:
            return f"{offer.label}\n{job.study.title} · {job.record.preset}"
        if role == Role.DecorationRole:
            return icons.icon("table", "text2")
        if role == Role.ToolTipRole:
            started, seed = job.record.started[11:], job.record.seed
            return f"From the run of {started}, seed {seed}. Double-click to export."
        return None


class WorkspaceView(QWidget):
    """Content of the dock, on double click or Enter.

    Signals: ``export_asked(job, offer)``, ``set_asked(StoredSet)``.
    """

    export_asked = Signal(object, object)
    set_asked = Signal(object)

    def __init__(self, runner: Runner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = WorkspaceModel(runner, self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setAccessibleName("Workspace objects")
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setIconSize(QSize(theme.dp(PICTURE_PX), theme.dp(PICTURE_PX)))
        self.list.setSpacing(theme.dp(2))
        self.list.activated.connect(self._activated)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list)

    def _activated(self, index: Any) -> None:
        one = index.data(Role.UserRole)
        if isinstance(one, StoredSet):
            self.set_asked.emit(one)
        else:
            self.export_asked.emit(*one)
