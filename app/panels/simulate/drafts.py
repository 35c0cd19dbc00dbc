"""Repeats a short run while a slider is dragged, so that the numbers follow the hand."""

from __future__ import annotations

from app.controller import StudyController
from backend.core.parameters import Change, ParameterError
from backend.core.runner import Job


class Drafts:
    """The next draft of a study's finished free run; at most one at a time."""

    def __init__(self, controller: StudyController) -> None:
        self.controller = controller
        self.job: Job | None = None
        self.wanted = False

    def ask(self, names: frozenset[str]) -> None:
        """Values changed: a draft is due when the run on screen can follow them in a moment."""
        controller = self.controller
        shown = controller.job
        declared = controller.study.Parameters.declarations()
        follows = any(declared[name].change is not Change.REBUILD for name in names)
        self.wanted = (
            follows
            and shown is not None
            and shown.outcome == "done"
            and shown.record.procedure == "free"
            and controller.study.instant(controller.parameters)
        )

    def next(self) -> Job | None:
        """Called every frame: a draft that is ready to be shown, if there is one."""
        ready = None
        if self.job is not None and self.job.finished:
            ready, self.job = self.job, None
            if ready.outcome != "done":
                self.controller.runner.forget(ready)
                ready = None
        if self.wanted and self.job is None and not self.controller.alive:
            self.wanted = False
            if self.controller.stale:
                self._start()
        return ready

    def _start(self) -> None:
        controller = self.controller
        try:
            self.job = controller.runner.draft(
                controller.study, controller.parameters, controller.preset
            )
        except ParameterError:
            self.job = None  # the notice above the views says why

    def stop(self) -> None:
        """A real run begins: forget what was due."""
        self.wanted = False
        if self.job is not None:
            self.job.run.cancel()
