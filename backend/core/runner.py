"""Runs studies in worker threads (or supervised child processes), owned here, never by a widget."""

from __future__ import annotations

import contextlib
import os
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.core import provenance
from backend.core.files import FileProblem, write_json
from backend.core.parameters import ParameterError
from backend.core.result import Comparison
from backend.core.run import Cancelled, ChangeAt, Run
from backend.core.store import (
    Record,
    Store,
    fill,
    load_result,
    load_views,
    new_id,
    result_document,
    save_record,
    save_result,
    save_views,
)
from backend.core.study import Study
from backend.core.tasks import LOST, Task

FINISHED = ("done", "cancelled", "failed")


@dataclass
class Failure:
    """Why a run failed, for people; ``details`` is the traceback.

    ``given`` says that a setting or file the user gave is the reason.
    """

    title: str
    text: str
    field: str = ""
    fix: Any = None
    details: str = ""
    given: bool = False


@dataclass
class Job:
    """One run under way or over, as the window and the command line see it.

    A ``draft`` leaves nothing in the store: it follows a slider until a run is asked for.
    """

    record: Record
    study: Study
    run: Run
    thread: threading.Thread | None = None
    outcome: str = ""
    failure: Failure | None = None
    done: threading.Event = field(default_factory=threading.Event)
    start_parameters: Any = None
    draft: bool = False

    def __post_init__(self) -> None:
        self.start_parameters = self.run.parameters

    @property
    def state(self) -> str:
        """running, rebuilding, paused, done, cancelled or failed."""
        if self.outcome:
            return self.outcome
        if self.run.rebuilding:
            return "rebuilding"
        return "paused" if self.run.paused else "running"

    @property
    def finished(self) -> bool:
        return self.done.is_set()

    def comparisons(self) -> list[Comparison]:
        """Measured values beside the preset's references."""
        return self.study.compare(
            dict(self.run.result.values),
            self.record.preset,
            self.run.parameters,
            self.record.procedure,
        )

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the run is over and stored."""
        return self.done.wait(timeout)

    def provenance(self) -> dict[str, Any]:
        """What made this run's results."""
        return provenance.of_run(
            self.record.study,
            self.record.procedure,
            self.start_parameters,
            changes_document(self.run.changes),
            self.record.started,
            self.study.synthetic_of(self.start_parameters),
        )


def changes_document(changes: list[ChangeAt]) -> list[dict[str, Any]]:
    """Changes as JSON."""
    return [{"step": change.step, "values": dict(change.values)} for change in changes]


class Runner:
    """Starts runs and keeps their threads.

    Parameters
    ----------
    store : where runs are kept.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.jobs: list[Job] = []
        self.tasks: list[Task] = []
        limit_threads()

    def prepare(
        self,
        study: Study,
        parameters: Any,
        preset: str,
        procedure: str = "free",
        schedule: tuple[ChangeAt, ...] = (),
        duration: float | None = None,
        resume: Record | None = None,
    ) -> Job:
        """Make a job without starting it; ParameterError when its settings cannot run.

        ``resume`` continues a stopped batch in its own folder: finished cells are not repeated.
        """
        study.check(parameters, procedure)
        if resume is not None:
            record = resume
            record.state, record.pid, record.finished = "running", os.getpid(), ""
            save_record(record)
        else:
            record = Record(
                id=new_id(study.id),
                study=study.id,
                preset=preset,
                procedure=procedure,
                parameters=parameters.document(),
                started=datetime.now().isoformat(timespec="seconds"),
                duration=duration,
            )
            self.store.create(record)
        run = Run(study, parameters, procedure, schedule, duration, record.path)
        return Job(record, study, run)

    def draft(self, study: Study, parameters: Any, preset: str) -> Job:
        """Start a free run that is not kept; ParameterError when its settings cannot run."""
        study.check(parameters, "free")
        now = datetime.now().isoformat(timespec="seconds")
        document = parameters.document()
        record = Record("draft", study.id, preset, "free", document, started=now)
        job = Job(record, study, Run(study, parameters), draft=True)
        job.run.drawing = True
        return self.launch(job)

    def start(self, study: Study, parameters: Any, preset: str, **options: Any) -> Job:
        """Prepare and start a job; options as in :meth:`prepare`."""
        return self.launch(self.prepare(study, parameters, preset, **options))

    def launch(self, job: Job) -> Job:
        """Start a prepared job in its worker thread."""
        job.thread = threading.Thread(target=work, args=(job,), name=f"run {job.record.id}")
        self.jobs.append(job)
        job.thread.start()
        return job

    def task(
        self, title: str, call: Callable[[Task], Any], panel: str = "", ends: str = LOST
    ) -> Task:
        """Start a piece of work that is no run; finished ones of the same panel are forgotten."""
        self.tasks = [task for task in self.tasks if not task.finished or task.panel != panel]
        task = Task(title, call, panel, ends)
        self.tasks.append(task)
        task.start()
        return task

    @property
    def alive(self) -> list[Job]:
        return [job for job in self.jobs if not job.finished]

    @property
    def busy(self) -> list[Task]:
        """Tasks that are not over."""
        return [task for task in self.tasks if not task.finished]

    def shutdown(self, timeout: float = 5.0) -> bool:
        """Cancel everything and wait; True when every worker ended in time."""
        for job in self.alive:
            job.run.cancel()
        for task in self.busy:
            task.cancel()
        for job in self.jobs:
            if job.thread is not None:
                job.thread.join(timeout)
        ended = [task.wait(timeout) for task in self.tasks]
        return all(ended) and not any(job.thread and job.thread.is_alive() for job in self.jobs)

    def forget(self, job: Job) -> None:
        """Drop a finished job (its folder stays in the store)."""
        if job.finished and job in self.jobs:
            self.jobs.remove(job)


def reopened(study: Study, record: Record) -> Job:
    """A stored run as a finished job: its settings, numbers and last pictures."""
    parameters = study.Parameters.from_document(
        {n: v for n, v in record.parameters.items() if n in study.Parameters.model_fields}
    )
    run = Run(study, parameters, record.procedure)
    with contextlib.suppress(FileProblem):  # a run that was killed left no numbers
        run.result = load_result(record.path)
        run.result.values = {
            name: value for name, value in run.result.values.items() if name in study.quantities
        }
    fill(run.channels, load_views(record.path))
    job = Job(
        record, study, run, outcome="cancelled" if record.state == "interrupted" else record.state
    )
    job.done.set()
    run.close()
    return job


def work(job: Job) -> None:
    """Body of a worker: run the study, keep what it found, never let an exception escape."""
    try:
        if job.study.isolated(job.run.parameters):
            from backend.core.child import run_isolated

            run_isolated(job.study, job.run)
        else:
            job.study.run(job.run)
        job.run.result.complete = True
        outcome = "done"
    except Cancelled:
        outcome = "cancelled"
    except (Exception, SystemExit) as error:  # everything a model raises ends as words beside it
        outcome = "failed"
        job.failure = describe(error)
    try:
        job.run.close()
        if not job.draft:
            keep(job, outcome)
    except Exception as error:
        outcome = "failed"
        job.failure = job.failure or describe(error)
    finally:
        job.outcome = outcome
        job.done.set()


def describe(error: BaseException) -> Failure:
    """A failure in the user's terms."""
    details = "".join(traceback.format_exception(error))
    if isinstance(error, ParameterError):
        return Failure(
            "A setting cannot be used", error.sentence, error.field, error.fix, details, True
        )
    if isinstance(error, FileProblem):
        return Failure("A file cannot be used", str(error), details=details, given=True)
    if isinstance(error, MemoryError):
        return Failure(
            "The run needs more memory than is free",
            "Choose a smaller network or close other programs. Nothing was lost.",
            details=details,
        )
    return Failure(
        "The run stopped on an unexpected problem",
        f"{type(error).__name__}: {error}. Earlier results stay. Copy the details to report it.",
        details=details,
    )


def keep(job: Job, outcome: str) -> None:
    """Write the record, the values, tables and last pictures of a run."""
    record, run = job.record, job.run
    record.state = outcome
    record.finished = datetime.now().isoformat(timespec="seconds")
    record.changes = changes_document(run.changes)
    if job.study.endless(job.start_parameters, record.procedure):
        record.duration = run.clock  # what makes an endless run repeatable
    if not record.note and job.failure:
        record.note = job.failure.text
    document = result_document(record, run.result, job.comparisons(), job.provenance())
    save_result(record.path, document, run.result)
    save_views(record.path, run.channels)
    write_json(record.path / "run.json", record.document())


def limit_threads() -> None:
    """Leave one core to the window: BLAS, OpenMP and numba get cores − 1, at least 1."""
    count = str(max(1, (os.cpu_count() or 2) - 1))
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(name, count)
