"""A run obeys its owner: pause, step, continue for, stop when, cancel; and repeats exactly."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import until
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_study import STUDY

from backend.core.channels import Latest, Ring
from backend.core.run import Cancelled, ChangeAt, Run, StopCondition, driven
from backend.core.runner import Job, Runner
from backend.core.store import Store


def start(tmp_path: Path, paused: bool = False, **changes: object) -> tuple[Runner, Job]:
    runner = Runner(Store(tmp_path))
    job = runner.prepare(STUDY, STUDY.Parameters().changed(**changes), "Figure 1")
    job.run.end_on_stop = False
    if paused:
        job.run.pause()
    return runner, runner.launch(job)


def positions(duration: float, schedule: tuple[ChangeAt, ...] = (), seed: int = 0) -> list[float]:
    with driven(Run(STUDY, STUDY.Parameters(seed=seed), "free", schedule, duration)) as run:
        STUDY.run(run)
    return list(run.offers["positions"].make())


def test_same_seed_same_numbers_however_the_run_is_cut(tmp_path: Path) -> None:
    whole = positions(30.0)
    runner, job = start(tmp_path, paused=True)
    for _ in range(3):
        job.run.single_step()
    assert until(lambda: job.run.steps == 3)
    job.run.continue_for(5.0)
    assert until(lambda: job.run.paused and job.run.steps == 53)
    job.run.continue_for(30.0 - job.run.clock)
    assert until(lambda: job.run.paused and job.run.steps == 300)
    job.run.finish()
    assert job.wait(5)
    assert list(job.run.offers["positions"].make()) == whole
    assert positions(30.0, seed=1) != whole
    runner.shutdown()


def test_changes_while_running_are_recorded_and_repeat_exactly(tmp_path: Path) -> None:
    runner, job = start(tmp_path)
    for gain in (3.0, 0.5):
        before = job.run.steps
        assert until(lambda before=before: job.run.steps > before + 50)
        job.run.change(gain=gain)
    before = job.run.steps
    assert until(lambda: job.run.steps > before + 50)
    job.run.finish()
    assert job.wait(5)
    assert [dict(c.values) for c in job.run.changes] == [{"gain": 3.0}, {"gain": 0.5}]
    again = positions(job.run.clock, tuple(job.run.changes))
    assert again == list(job.run.offers["positions"].make())
    runner.shutdown()


def test_stop_condition_pauses_and_says_why(tmp_path: Path) -> None:
    runner, job = start(tmp_path, paused=True, gain=10.0, noise=0.01)
    job.run.stop_when = StopCondition("position", True, 5.0)
    job.run.resume()
    assert until(lambda: bool(job.run.stopped_by))
    assert job.state == "paused"
    assert job.run.stopped_by.startswith("position is 5")
    assert runner.shutdown()


def test_cancel_takes_effect_within_a_fifth_of_a_second(tmp_path: Path) -> None:
    runner, job = start(tmp_path)
    assert until(lambda: job.run.steps > 10)
    began = time.monotonic()
    job.run.cancel()
    assert job.wait(5)
    assert time.monotonic() - began < 1.0
    assert job.state == "cancelled"
    assert not job.run.result.complete
    assert job.run.result.values["steps"].value > 10
    runner.shutdown()


def test_a_paused_run_can_be_cancelled(tmp_path: Path) -> None:
    runner, job = start(tmp_path)
    job.run.pause()
    assert until(lambda: job.state == "paused")
    job.run.cancel()
    assert job.wait(5)
    assert job.state == "cancelled"
    runner.shutdown()


def test_pace_follows_the_wall_clock(tmp_path: Path) -> None:
    runner, job = start(tmp_path)
    job.run.speed = 20.0
    assert until(lambda: 0 < job.run.rate < 40.0)
    job.run.finish()
    assert job.wait(5)
    runner.shutdown()


def test_border_tasks_run_in_the_worker_and_after_the_end(tmp_path: Path) -> None:
    runner, job = start(tmp_path)
    names: list[str] = []
    job.run.pause()
    job.run.at_border(lambda: names.append(threading.current_thread().name))
    assert until(lambda: len(names) == 1)
    assert names[0].startswith("run ")
    job.run.cancel()
    assert job.wait(5)
    job.run.at_border(lambda: names.append("late"))
    assert names[1] == "late"
    runner.shutdown()


def test_undeclared_values_are_refused() -> None:
    with driven(Run(STUDY, STUDY.Parameters())) as run, pytest.raises(KeyError):
        run.measure("height", 1.0)


def test_cancelled_is_raised_at_a_check() -> None:
    with driven(Run(STUDY, STUDY.Parameters())) as run:
        run.cancel()
        with pytest.raises(Cancelled):
            run.check()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 40), max_size=20), st.integers(1, 25))
def test_ring_holds_the_newest_rows_for_any_writes(sizes: list[int], capacity: int) -> None:
    ring, written, seen, cursor = Ring(("t", "x"), capacity), [], [], 0
    generator = random.Random(1)
    for size in sizes:
        values = [generator.random() for _ in range(size)]
        ring.publish(values, values)
        written += values
        rows, cursor = ring.since(cursor)
        seen += rows[:, 0].tolist()
    held = ring.snapshot().get("t", np.empty(0))
    assert held.tolist() == written[-capacity:]
    if sizes and max(sizes) <= capacity:
        assert seen == written


def test_ring_refuses_a_wrong_number_of_columns() -> None:
    with pytest.raises(ValueError, match="1 columns given, 2 declared"):
        Ring(("t", "x")).publish([1.0])


def test_latest_keeps_only_the_newest() -> None:
    latest = Latest()
    latest.publish(image=1)
    latest.publish(markers=[2])
    assert latest.snapshot() == {"markers": [2]}
    assert latest.revision == 2
