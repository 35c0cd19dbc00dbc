"""One study in the window: its parameters, undo, and the run that listens to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.history import ParameterHistory
from app.session import StudyState
from backend.core.files import FileProblem
from backend.core.parameters import Change, Notice, ParameterError
from backend.core.run import ChangeAt
from backend.core.runner import Job, Runner
from backend.core.store import Record
from backend.core.study import Study


class StudyController(ParameterHistory):
    """Parameters, preset, undo stack and current job of one study.

    Signals beside those of its base: ``job_changed()`` when another run is current,
    ``refused(name, sentence, fix)`` when a start was refused, ``noticed()`` when the warnings may
    have changed.
    """

    job_changed = Signal()
    refused = Signal(str, str, object)
    noticed = Signal()

    def __init__(self, study: Study, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(study, parent=parent)
        self.study = study
        self.runner = runner
        self.job: Job | None = None
        self.waiting: dict[str, Any] = {}
        self.notices: list[Notice] = []
        self.look()

    # ---- values --------------------------------------------------------------------------

    def apply(self, preset: str, values: Mapping[str, Any]) -> None:
        """Set values now (undo, redo and drag come here); a living run hears of them."""
        if self.alive:
            self._tell_run(values)
        super().apply(preset, values)
        self.look()

    def _tell_run(self, values: Mapping[str, Any]) -> None:
        assert self.job is not None
        declared = self.study.Parameters.declarations()
        now = {n: v for n, v in values.items() if declared[n].change is not Change.REBUILD}
        self.waiting.update({n: v for n, v in values.items() if n not in now})
        self.waiting = {
            n: v for n, v in self.waiting.items() if getattr(self.job.run.parameters, n) != v
        }
        if now:
            self.job.run.change(**now)

    def rebuild(self) -> None:
        """Give the running model its waiting rebuild values; the old network goes on meanwhile."""
        if self.alive and self.waiting:
            assert self.job is not None
            self.job.run.change(**self.waiting)
            self.waiting = {}
            self.changed.emit(frozenset())

    def look(self) -> None:
        """Look again at what the study warns of."""
        try:
            self.notices = self.study.check(self.parameters, "free")
        except ParameterError as error:
            self.notices = [Notice(error.field, "A setting cannot be used", str(error), error.fix)]
        self.noticed.emit()

    # ---- runs ----------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        return self.job is not None and not self.job.finished

    @property
    def stale(self) -> bool:
        """True when the finished run on screen had other settings than the form shows."""
        return (
            self.job is not None
            and self.job.finished
            and self._differs(self.job.run.parameters)
            and self._differs(self.job.start_parameters)
        )

    def _differs(self, parameters: Any) -> bool:
        """Whether the form shows other settings, but for what is only looked at."""
        return bool(set(parameters.differences(self.parameters)) - self.study.shown_only)

    def start(
        self,
        procedure: str = "free",
        schedule: tuple[ChangeAt, ...] = (),
        duration: float | None = None,
        resume: Record | None = None,
    ) -> bool:
        """Start a run with the present values; False when it was refused (see ``refused``)."""
        if self.alive:
            return False
        try:
            job = self.runner.prepare(
                self.study, self.parameters, self.preset, procedure, schedule, duration, resume
            )
        except ParameterError as error:
            self.refused.emit(error.field, error.sentence, error.fix)
            return False
        except FileProblem as problem:
            self.refused.emit("", str(problem), None)
            return False
        if self.job is not None:
            self.runner.forget(self.job)
        job.run.drawing = True
        job.run.end_on_stop = False
        self.job, self.waiting = job, {}
        self.runner.launch(job)
        self.job_changed.emit()
        return True

    # ---- session -------------------------------------------------------------------------

    def state(self) -> StudyState:
        """What a session keeps."""
        run = self.job.record.id if self.job is not None and not self.job.draft else ""
        return StudyState(self.preset, self.parameters.document(), run)

    def restore(self, state: StudyState) -> None:
        """Come back from a session (no step of undo)."""
        parameters = self.study.Parameters.from_document(state.parameters)
        values = {n: mine for n, (mine, _) in parameters.differences(self.parameters).items()}
        self.apply(state.preset, values)
        self.undo_stack.clear()
