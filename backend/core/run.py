"""The only thing a model sees of the outside: parameters, blocks, progress, channels, results.

The worker calls the methods under *for the model*; the window, the command line and tests call
those under *for the owner*, from any thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.core.cells import Cells
from backend.core.channels import Channel, make
from backend.core.result import Measured, Result

if TYPE_CHECKING:
    from backend.core.study import Study

TARGET_BLOCK_S = 0.03
"""Wall time of a block: longer ones cross the GIL less often while the window paints."""
PUBLISH_INTERVAL_S = 1 / 30
CONDITION_LOOK = 1.0
"""Model time between two looks at a stop condition."""


class Cancelled(Exception):
    """Raised by :meth:`Run.check` when the owner cancelled; the runner catches it."""


@dataclass(frozen=True)
class Block:
    """A stretch of model steps to make before the next look at the outside.

    ``start`` and ``steps`` in steps, ``time`` of the first step in model time; ``changed`` names
    the parameters that got a new value at this border; ``publish`` says that somebody looks and
    enough wall time has passed: publish now.
    """

    start: int
    steps: int
    time: float
    changed: frozenset[str]
    publish: bool


@dataclass(frozen=True)
class ChangeAt:
    """A parameter change at a step, kept so that a steered run can be repeated exactly."""

    step: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class StopCondition:
    """Pause (window) or end (headless) when a monitored value passes a bound."""

    monitor: str
    above: bool
    bound: float

    def holds(self, values: Mapping[str, float]) -> bool:
        value = values.get(self.monitor)
        if value is None:
            return False
        return value > self.bound if self.above else value < self.bound


@dataclass
class Offer:
    """Something to export: made only when asked for, at a block border.

    ``maps`` are values on a surface, which the brain panel draws.
    """

    name: str
    label: str
    make: Callable[[], Any]
    maps: bool = False


class Run:
    """One run of a study.

    Parameters
    ----------
    study, parameters : what to run, with which values.
    procedure : id of the study's procedure.
    schedule : parameter changes to repeat, in the order they were made (see ``repeating``).
    duration : end of an endless procedure in model time; None runs until stopped.
    directory : where finished cells of batches are kept; None keeps them in memory.
    """

    def __init__(
        self,
        study: Study,
        parameters: Any,
        procedure: str = "free",
        schedule: tuple[ChangeAt, ...] = (),
        duration: float | None = None,
        directory: Path | None = None,
    ) -> None:
        self.study = study
        self.parameters = parameters
        self.procedure = procedure
        self.duration = duration
        self.directory = directory
        self.channels: dict[str, Channel] = make(study.channels)
        self.result = Result()
        scope = fingerprint(study.id, procedure, parameters)
        self.cells = Cells(directory / "cells.jsonl" if directory else None, scope)
        self.rng = np.random.default_rng(getattr(parameters, "seed", 0))
        self.monitors: dict[str, float] = {}
        self.offers: dict[str, Offer] = {}
        self.changes: list[ChangeAt] = []
        self.events: list[tuple[float, str]] = []
        self.activity = ""
        self.done: tuple[float, float] | None = None
        self.clock = 0.0
        self.steps = 0
        self.step_length = 0.0
        self.rate = 0.0
        self.speed: float | None = None
        self.drawing = False
        self.stop_when: StopCondition | None = None
        self.stopped_by = ""
        self.end_on_stop = True
        self.rebuilding = ""
        self._schedule = deque(schedule)  # as recorded: a new step length restarts the count
        self.repeating = bool(schedule)
        self._pending: dict[str, Any] = {}
        self._tasks: deque[Callable[[], None]] = deque()
        self._singles = 0
        self._until: float | None = None
        self._cancelled = threading.Event()
        self._finish = threading.Event()
        self._paused = False
        self._condition = threading.Condition()
        self._published = 0.0
        self._alive = True

    # ---- for the model -------------------------------------------------------------------

    def channel(self, name: str) -> Any:
        """The live channel of this name, as the study declared it."""
        return self.channels[name]

    def check(self) -> None:
        """Raise Cancelled if the owner cancelled; call at least every 0.1 s of work."""
        if self._cancelled.is_set():
            raise Cancelled

    def progress(self, done: float, total: float, what: str = "") -> None:
        """Say how far a finite job is; also a cancel, pause and border point."""
        self.done = (done, total)
        if what:
            self.activity = what
        self.check()
        self._wait_while_paused(single_steps=False)
        self._border()

    def blocks(
        self, step: float, total: int | None = None, first: int = 0, largest: int = 100_000
    ) -> Iterator[Block]:
        """Blocks of model steps of length ``step`` (model time), until ``total`` steps are done.

        Block lengths follow the wall clock, so a kernel must give the same numbers however its
        run is cut. ``total`` None ends at the run's duration, or never. Live changes arrive only
        between blocks; scheduled ones exactly at their step.
        """
        if total is None and self.duration is not None:
            total = round(self.duration / step)
        self.steps, size, self.step_length = first, 1, step
        self.clock = first * step
        while total is None or self.steps < total:
            self.check()
            singles = self._wait_while_paused(single_steps=True)
            if self._finish.is_set():
                return
            self._border()
            changed = self.take_changes()
            steps = 1 if singles else max(1, min(size, largest))
            steps = self._cut(steps, step, total)
            publish = self._should_publish() or bool(singles)
            began = time.perf_counter()
            yield Block(self.steps, steps, self.steps * step, changed, publish)
            spent = time.perf_counter() - began
            self.steps += steps
            self.clock = self.steps * step
            self._pace(steps * step, spent)
            size = self._next_size(steps, spent, step)
            if total is not None:
                self.done = (self.steps, total)
            self._look_at_conditions()

    def measure(
        self, name: str, value: float, sd: float | None = None, n: int | None = None
    ) -> None:
        """Set a result value (in the unit its quantity declares); live until the run ends."""
        if name not in self.study.quantities:
            raise KeyError(f"{name} is not declared in {self.study.id}.quantities")
        self.result.values[name] = Measured(float(value), sd, n)

    def measure_known(
        self, name: str, value: float, n: int | None = None, sd: float | None = None
    ) -> None:
        """Measure what the study declares, if it is finite; a layer or grid point that nobody
        declared stays in the tables."""
        if name in self.study.quantities and math.isfinite(value):
            self.measure(name, value, sd, n)

    def lead(self, name: str, sentence: str = "") -> None:
        """Choose the quantity shown large, with one sentence beneath."""
        self.result.lead, self.result.sentence = name, sentence

    def table(self, name: str, columns: Mapping[str, list[Any]]) -> None:
        """Set a tidy table of the result: {column: values of equal length}."""
        self.result.tables[name] = {key: list(values) for key, values in columns.items()}

    def note(self, text: str) -> None:
        """Add a finding or warning that must stand beside the result."""
        if text not in self.result.notes:
            self.result.notes.append(text)

    def monitor(self, name: str, value: float) -> None:
        """Publish a value that stop conditions and the status read ("E rate", in its unit)."""
        self.monitors[name] = float(value)

    def offer(self, name: str, label: str, make: Callable[[], Any], maps: bool = False) -> None:
        """Offer an export: ``make`` returns a workspace object or array, called at a border."""
        self.offers[name] = Offer(name, label, make, maps)

    def status(self, activity: str) -> None:
        """What the run is doing, for the job strip."""
        self.activity = activity

    def event(self, text: str) -> None:
        """Mark a moment of the run (a change, a rebuild) for the views on its time axis."""
        self.events.append((self.clock, text))

    # ---- for the owner -------------------------------------------------------------------

    def change(self, **values: Any) -> None:
        """Queue validated parameter values for the next block border."""
        parsed = {name: self.study.Parameters.parse(name, v) for name, v in values.items()}
        with self._condition:
            self._pending.update(parsed)
            self._condition.notify_all()

    def cancel(self) -> None:
        """Stop as soon as the model looks; what is finished stays, marked incomplete."""
        with self._condition:
            self._cancelled.set()
            self._condition.notify_all()

    def finish(self) -> None:
        """End an endless run at the next border; its result counts as complete."""
        with self._condition:
            self._finish.set()
            self._condition.notify_all()

    @property
    def paused(self) -> bool:
        return self._paused

    def pause(self) -> None:
        """Hold at the next block border."""
        self._paused = True

    def resume(self) -> None:
        """Go on."""
        with self._condition:
            self._paused = False
            self.stopped_by = ""
            self._until = None
            self._condition.notify_all()

    def single_step(self) -> None:
        """While paused: make one model step and hold again."""
        with self._condition:
            self._singles += 1
            self._condition.notify_all()

    def continue_for(self, duration: float) -> None:
        """Go on for this much model time, then hold."""
        with self._condition:
            self._until = self.clock + duration
            self._paused = False
            self.stopped_by = ""
            self._condition.notify_all()

    def at_border(self, task: Callable[[], None]) -> None:
        """Run a task in the worker between blocks (at once when the run is over)."""
        with self._condition:
            if self._alive:
                self._tasks.append(task)
                self._condition.notify_all()
                return
        task()

    def close(self) -> None:
        """Called by the runner when the worker is done: pending border tasks run now."""
        with self._condition:
            self._alive = False
        self._border()

    # ---- inner -----------------------------------------------------------------------------

    def _border(self) -> None:
        while self._tasks:
            self._tasks.popleft()()

    def _wait_while_paused(self, single_steps: bool) -> int:
        while True:
            with self._condition:
                if not self._paused or self._cancelled.is_set() or self._finish.is_set():
                    break
                if single_steps and self._singles:
                    self._singles -= 1
                    return 1
                if not self._tasks:
                    self._condition.wait(0.1)
            self._border()
        self.check()
        return 0

    def take_changes(self) -> frozenset[str]:
        """Apply what the owner changed; ``blocks`` does it at each border, a loop between steps."""
        values: dict[str, Any] = {}
        while self._schedule and self._schedule[0].step <= self.steps:
            values.update(self._schedule.popleft().values)
        with self._condition:
            values.update(self._pending)
            self._pending = {}
        values = {k: v for k, v in values.items() if getattr(self.parameters, k) != v}
        if not values:
            return frozenset()
        self.parameters = self.parameters.model_copy(update=values)
        self.changes.append(ChangeAt(self.steps, values))
        return frozenset(values)

    def _cut(self, steps: int, step: float, total: int | None) -> int:
        if total is not None:
            steps = min(steps, total - self.steps)
        if self._schedule:
            steps = min(steps, self._schedule[0].step - self.steps)
        if self._until is not None:
            steps = min(steps, max(1, round((self._until - self.clock) / step)))
        if self.stop_when is not None:
            steps = min(steps, max(1, round(CONDITION_LOOK / step)))
        return max(1, steps)

    def _should_publish(self) -> bool:
        now = time.perf_counter()
        if not self.drawing or now - self._published < PUBLISH_INTERVAL_S:
            return False
        self._published = now
        return True

    def _pace(self, model_time: float, spent: float) -> None:
        if self.speed:
            # One wait per block, cut short by cancel; a paused or cancelled run never waits here.
            wait = model_time / self.speed - spent
            if wait > 0:
                self._cancelled.wait(min(wait, 0.2))
        elapsed = max(spent, model_time / self.speed if self.speed else 0.0, 1e-9)
        now = model_time / elapsed
        self.rate = now if self.rate == 0.0 else 0.9 * self.rate + 0.1 * now

    def _next_size(self, steps: int, spent: float, step: float) -> int:
        wanted = steps * TARGET_BLOCK_S / max(spent, 1e-6)
        if self.speed:
            wanted = min(wanted, self.speed * TARGET_BLOCK_S / step)
        return int(max(1, min(wanted, 4 * steps)))

    def _look_at_conditions(self) -> None:
        if self._until is not None and self.clock >= self._until - 1e-9:
            self._until = None
            self._paused = True
        condition = self.stop_when
        if condition is not None and condition.holds(self.monitors):
            self.stop_when = None
            side = "above" if condition.above else "below"
            value = self.monitors[condition.monitor]
            self.stopped_by = f"{condition.monitor} is {value:.4g}, {side} {condition.bound:g}"
            if self.end_on_stop:
                self._finish.set()
            else:
                self._paused = True


def fingerprint(study: str, procedure: str, parameters: Any) -> str:
    """Short hash of everything that decides a batch's numbers."""
    text = json.dumps([study, procedure, parameters.document()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@contextlib.contextmanager
def driven(run: Run) -> Iterator[Run]:
    """Use a run without a runner (tests, notebooks): closes it at the end."""
    try:
        yield run
    finally:
        run.close()
