"""One study in the window: its parameters, undo, and the run that listens to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from app.session import StudyState
from backend.core.files import FileProblem
from backend.core.parameters import Change, Notice, ParameterError
from backend.core.run import ChangeAt
from backend.core.runner import Job, Runner
from backend.core.store import Record
from backend.core.study import Study


class ChangeValues(QUndoCommand):
    """One step of undo: some parameters (and perhaps the preset) got other values."""

    def __init__(
        self,
        controller: StudyController,
        text: str,
        before: tuple[str, dict[str, Any]],
        after: tuple[str, dict[str, Any]],
    ) -> None:
        super().__init__(text)
        self.controller, self.before, self.after = controller, before, after

    def id(self) -> int:
        """Moves of the same thing merge into one step, so a drag is one step of undo."""
        return 1 if self.text().startswith("Move ") else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, ChangeValues) or other.text() != self.text():
            return False
        self.after = other.after
        return True

    def redo(self) -> None:
        self.controller.apply(*self.after)

    def undo(self) -> None:
        self.controller.apply(*self.before)


class StudyController(QObject):
    """Parameters, preset, undo stack and current job of one study.

    Signals: ``changed(names)`` when values changed, ``preset_changed()``, ``job_changed()`` when
    another run is current, ``refused(name, sentence, fix)`` when a start was refused,
    ``noticed()`` when the warnings may have changed.
    """

    changed = Signal(object)
    preset_changed = Signal()
    job_changed = Signal()
    refused = Signal(str, str, object)
    noticed = Signal()

    def __init__(self, study: Study, runner: Runner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.study = study
        self.runner = runner
        self.preset = study.presets[0].name
        self.parameters: Any = study.parameters_of(self.preset)
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(500)
        self.job: Job | None = None
        self.waiting: dict[str, Any] = {}
        self.notices: list[Notice] = []
        self._drag: dict[str, Any] = {}
        self.look()

    # ---- values --------------------------------------------------------------------------

    def drag(self, name: str, value: Any) -> None:
        """A value while it is dragged: acts at once, one step of undo comes at the end."""
        self._drag.setdefault(name, getattr(self.parameters, name))
        self.apply(self.preset, {name: value})

    def set_value(self, name: str, value: Any) -> None:
        """An entered value; one step of undo."""
        before = self._drag.pop(name, getattr(self.parameters, name))
        if before == value:
            return
        label = self.study.Parameters.declaration(name).label
        self._push(f"Change {label}", {name: before}, {name: value})

    def set_values(self, values: Mapping[str, Any], text: str) -> None:
        """Several values as one step of undo."""
        before = {name: getattr(self.parameters, name) for name in values}
        if before != dict(values):
            self._push(text, before, dict(values))

    def set_preset(self, name: str) -> None:
        """Load a preset: all its values, one step of undo."""
        wanted = self.study.parameters_of(name)
        values = {n: mine for n, (mine, _) in wanted.differences(self.parameters).items()}
        before = {n: getattr(self.parameters, n) for n in values}
        command = ChangeValues(self, f"Load {name}", (self.preset, before), (name, values))
        self.undo_stack.push(command)

    def _push(self, text: str, before: dict[str, Any], after: dict[str, Any]) -> None:
        command = ChangeValues(self, text, (self.preset, before), (self.preset, after))
        self.undo_stack.push(command)

    def apply(self, preset: str, values: Mapping[str, Any]) -> None:
        """Set values now (undo, redo and drag come here); a living run hears of them."""
        self.parameters = self.parameters.changed(**values)
        if self.alive:
            self._tell_run(values)
        if preset != self.preset:
            self.preset = preset
            self.preset_changed.emit()
        self.changed.emit(frozenset(values))
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

    @property
    def differing(self) -> int:
        """How many values differ from the preset."""
        return len(self.parameters.differences(self.study.parameters_of(self.preset)))

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
            and bool(self.job.run.parameters.differences(self.parameters))
            and bool(self.job.start_parameters.differences(self.parameters))
        )

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
