"""Sweeps: any study over one or two of its parameters, many trials, on Dask.

A job is a pure function of (study, parameters, procedure), so a finished one is kept on disk and
never computed twice, by this machine or by a lab's cluster. What is finished survives a kill.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import threading
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from backend.core.cells import Cells
from backend.core.number_lists import LARGEST as LARGEST_LIST
from backend.core.number_lists import spread
from backend.core.parameters import ParameterError, unknown_name
from backend.core.run import fingerprint

LARGEST = 100_000
"""Jobs of one sweep."""
AHEAD = 3
"""Jobs handed over for each worker thread: enough to keep it busy, few enough to stop at once."""


@dataclass(frozen=True)
class Axis:
    """What is varied: a parameter and its values, in order."""

    parameter: str
    values: tuple[Any, ...]


@dataclass(frozen=True)
class Plan:
    """A sweep.

    Attributes
    ----------
    study, preset, procedure : what each job does. changes : values other than the preset's.
    axes : one or two. trials : jobs a cell; they differ in ``seed``, which counts up from ``seed``.
    duration : model time of an endless procedure.
    """

    study: str
    axes: tuple[Axis, ...]
    preset: str = ""
    procedure: str = ""
    changes: Mapping[str, Any] = field(default_factory=dict)
    trials: int = 1
    seed: int = 0
    duration: float | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Values of each axis."""
        return tuple(len(axis.values) for axis in self.axes)

    @property
    def size(self) -> int:
        """Jobs in all."""
        return math.prod(self.shape) * self.trials


@dataclass(frozen=True)
class Work:
    """One job: where it belongs, and everything that decides its numbers."""

    cell: tuple[int, ...]
    trial: int
    study: str
    procedure: str
    preset: str
    document: dict[str, Any]
    duration: float | None
    key: str


@dataclass
class Outcome:
    """What a job left: values by name, or why it failed."""

    work: Work
    values: dict[str, float]
    failure: str = ""


def planned(plan: Plan) -> list[Work]:
    """All jobs, trial by trial so that every cell has a first answer early.

    Raises
    ------
    ParameterError for an unknown name, a value outside its limits, settings that cannot run.
    """
    from backend.core.headless import settings
    from backend.studies import find

    study = find(plan.study)
    if not 1 <= len(plan.axes) <= 2:
        raise ParameterError("axes", "A sweep varies one or two parameters.")
    names = [axis.parameter for axis in plan.axes]
    if len(set(names)) < len(names):
        raise ParameterError("axes", f"{names[0]} is varied twice. Choose two parameters.")
    if not 1 <= plan.size <= LARGEST:
        raise ParameterError("trials", f"{plan.size:,} jobs; a sweep has 1 to {LARGEST:,}.")
    preset, base = settings(study, plan.preset, plan.changes)
    procedure = plan.procedure or study.preset(preset).procedure
    study.procedure(procedure)
    seeded = "seed" in study.Parameters.model_fields
    if plan.trials > 1 and not seeded:
        raise ParameterError("trials", f"{study.title} has no seed; every trial would be the same.",
                             1)  # fmt: skip
    jobs = []
    places = list(itertools.product(*(range(len(axis.values)) for axis in plan.axes)))
    for trial in range(plan.trials):
        for place in places:
            chosen = {a.parameter: a.values[i] for a, i in zip(plan.axes, place, strict=True)}
            if seeded and "seed" not in chosen:
                chosen["seed"] = plan.seed + trial
            parameters = base.changed(**chosen)
            if trial == 0:
                study.check(parameters, procedure)
            jobs.append(Work(
                place, trial, plan.study, procedure, preset, parameters.document(), plan.duration,
                f"{fingerprint(plan.study, procedure, parameters)}-{plan.duration}",
            ))  # fmt: skip
    return jobs


def compute(study: str, procedure: str, preset: str, document: dict[str, Any],
            duration: float | None) -> dict[str, float]:  # fmt: skip
    """Do one job and return what it measured; runs in a worker process, knows no window."""
    from backend.core.headless import run

    result = run(study, preset, document, procedure=procedure, duration=duration)
    return {name: one.value for name, one in result.values.items() if math.isfinite(one.value)}


def values_of(text: str, study: Any, name: str) -> tuple[Any, ...]:
    """Values of an axis: "1, 2, 5" or "from:to:how many"; of a choice its names, or "all".

    Raises ParameterError naming the parameter.
    """
    declared = study.Parameters.declaration(name)
    text = text.strip().replace("\u2212", "-")
    choices = [choice for choice, _ in declared.choices]
    if choices:
        words = choices if text == "all" else [word.strip() for word in text.split(",")]
    elif text.count(":") == 2:
        words = _spread(text, name, whole=study.Parameters.model_fields[name].annotation is int)
    else:
        words = [word.strip() for word in text.split(",") if word.strip()]
    if not 1 <= len(words) <= LARGEST_LIST:
        raise ParameterError(name, f"{declared.label} needs 1 to {LARGEST_LIST} values; "
                             f"{len(words)} were given.")  # fmt: skip
    return tuple(study.Parameters.parse(name, word) for word in words)


def _spread(text: str, name: str, whole: bool) -> list[str]:
    try:
        values = spread(text)
    except ValueError:
        raise ParameterError(
            name, f'"{text}" is no range. Write from:to:how many, as in 0:1:11.'
        ) from None
    return [f"{value:.10g}" for value in (np.unique(np.round(values)) if whole else values)]


class Sweep:
    """A plan being done: what is finished, and what is left.

    Parameters
    ----------
    plan : what to do. folder : where finished jobs are kept; None keeps them in memory.
    """

    def __init__(self, plan: Plan, folder: Path | None = None) -> None:
        self.plan = plan
        self.jobs = planned(plan)
        self.cells = Cells(folder / f"{plan.study}.jsonl" if folder else None, "sweep")
        self.outcomes: dict[tuple[tuple[int, ...], int], Outcome] = {}
        for work in self.jobs:
            if self.cells.has((work.key,)):
                self._keep(work, self.cells.do((work.key,), dict))

    @property
    def left(self) -> list[Work]:
        """Jobs that have no answer yet."""
        return [one for one in self.jobs if (one.cell, one.trial) not in self.outcomes]

    def take(self, work: Work, values: dict[str, float] | None, failure: str = "") -> None:
        """Keep an answer; a failure is kept until the sweep is made again, not on disk."""
        if values is None:
            self.outcomes[work.cell, work.trial] = Outcome(work, {}, failure)
        else:
            self._keep(work, self.cells.do((work.key,), lambda: values))

    def _keep(self, work: Work, values: dict[str, float]) -> None:
        self.outcomes[work.cell, work.trial] = Outcome(work, values)

    @property
    def quantities(self) -> list[str]:
        """Names of what was measured, in the study's order."""
        from backend.studies import find

        seen = {name for one in self.outcomes.values() for name in one.values}
        return [name for name in find(self.plan.study).quantities if name in seen]

    def trials_of(self, quantity: str) -> np.ndarray:
        """Values (*shape, trials) of a quantity, NaN where there is none."""
        found = np.full((*self.plan.shape, self.plan.trials), np.nan)
        for (cell, trial), one in self.outcomes.items():
            found[(*cell, trial)] = one.values.get(quantity, np.nan)
        return found

    def summary(self, quantity: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean, half width of its 95 % interval (Student's t) and number of trials, a cell each."""
        from scipy.stats import t as student

        values = self.trials_of(quantity)
        count = np.isfinite(values).sum(axis=-1)
        total = np.nansum(values, axis=-1)
        mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        spread = np.nansum((values - mean[..., None]) ** 2, axis=-1)
        several = np.maximum(count - 1, 1)
        half = student.ppf(0.975, several) * np.sqrt(spread / several / np.maximum(count, 1))
        return mean, np.where(count > 1, half, np.nan), count

    def without_effect(self) -> list[str]:
        """Varied parameters along which not one value of any trial differs: the jobs do not use
        them. Only said of a sweep that is done."""
        if self.left or any(one.failure for one in self.outcomes.values()):
            return []
        every = [self.trials_of(name) for name in self.quantities]
        return [
            axis.parameter
            for place, axis in enumerate(self.plan.axes)
            if len(axis.values) > 1 and axis.parameter != "seed" and every
            and all(np.array_equal(one, np.take(one, [0], place).repeat(len(axis.values), place),
                                   equal_nan=True) for one in every)
        ]  # fmt: skip

    def table(self) -> dict[str, list[Any]]:
        """A row a finished job: what was varied, trial, seed, every quantity, failure."""
        names = self.quantities
        columns: dict[str, list[Any]] = {axis.parameter: [] for axis in self.plan.axes}
        columns |= {name: [] for name in ("trial", "seed", *names, "failure")}
        for cell, trial in sorted(self.outcomes):
            one = self.outcomes[cell, trial]
            for axis, place in zip(self.plan.axes, cell, strict=True):
                columns[axis.parameter].append(axis.values[place])
            columns["trial"].append(trial + 1)
            columns["seed"].append(one.work.document.get("seed", ""))
            for name in names:
                columns[name].append(one.values.get(name, float("nan")))
            columns["failure"].append(one.failure)
        return columns


def plan_document(plan: Plan) -> dict[str, Any]:
    """A plan as JSON."""
    return {
        "study": plan.study, "preset": plan.preset, "procedure": plan.procedure,
        "changes": dict(plan.changes), "trials": plan.trials, "seed": plan.seed,
        "duration": plan.duration,
        "axes": [{"parameter": a.parameter, "values": list(a.values)} for a in plan.axes],
    }  # fmt: skip


def plan_of(document: Mapping[str, Any]) -> Plan:
    """A plan from JSON; ParameterError when it is none."""
    try:
        axes = tuple(Axis(a["parameter"], tuple(a["values"])) for a in document["axes"])
        rest = {key: document[key] for key in document if key != "axes"}
        return Plan(axes=axes, **rest)
    except (KeyError, TypeError) as error:
        raise ParameterError("plan", f"This is no sweep: {error}.") from error


def steps(
    sweep: Sweep, client: Any, check: Callable[[], None], waiting: Callable[[], bool]
) -> Generator[Outcome, None, None]:
    """Do what is left of a sweep on a Dask client, yielding answers as they come.

    Parameters
    ----------
    check : raises when the sweep is cancelled; what runs is then given up, what is finished stays.
    waiting : True while the sweep is paused; what runs goes on, nothing new is begun.
    """
    from backend.core.dask_cluster import threads_of

    todo = iter(sweep.left)
    own = uuid.uuid4().hex  # a key that was cancelled is not computed again under its name
    running: dict[Any, Work] = {}
    try:
        while True:
            check()
            room = AHEAD * max(1, threads_of(client)) - len(running)
            for work in [] if waiting() else itertools.islice(todo, max(room, 0)):
                future = client.submit(
                    compute, work.study, work.procedure, work.preset, work.document,
                    work.duration, key=f"isomorph-{own}-{work.key}", retries=2,
                )  # fmt: skip
                running[future] = work
            if running:
                yield from finished(sweep, running)
            elif not waiting():
                return
            else:
                threading.Event().wait(0.05)
    finally:
        client.cancel(list(running))


def finished(sweep: Sweep, running: dict[Any, Work], patience: float = 0.05) -> Iterator[Outcome]:
    """Answers that came within a moment."""
    from distributed import wait

    with contextlib.suppress(TimeoutError, CancelledError):  # said by each future's own status
        wait(list(running), timeout=patience, return_when="FIRST_COMPLETED")
    for future in [one for one in running if one.done()]:
        work = running.pop(future)
        if future.status == "finished":
            sweep.take(work, future.result())
        else:
            sweep.take(work, None, words_of(future))
        yield sweep.outcomes[work.cell, work.trial]


def words_of(future: Any) -> str:
    """Why a job failed, in one line."""
    if future.status in ("cancelled", "lost"):
        return "The job was lost with its worker."
    error = future.exception()
    return " ".join(str(error).split())[:300] or type(error).__name__


def write_plan(path: Path, plan: Plan) -> None:
    """Keep a plan as JSON."""
    from backend.core.files import write_json

    write_json(path, plan_document(plan))


def read_plan(path: Path) -> Plan:
    """A plan from a file."""
    from backend.core.files import FileProblem

    try:
        return plan_of(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise FileProblem(f"{path.name} is no sweep that can be read.") from error


def check_quantity(sweep: Sweep, name: str) -> None:
    """ParameterError when nothing measured has this name."""
    if name not in sweep.quantities:
        raise unknown_name(name, sweep.quantities, "value")
