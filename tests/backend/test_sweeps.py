"""Sweeps: every study over its parameters, on Dask, kept and resumed."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.core.cells import Cells
from backend.core.dask_cluster import cluster
from backend.core.parameters import ParameterError
from backend.core.run import Cancelled
from backend.core.sweeps import Axis, Plan, Sweep, compute, plan_document, plan_of, steps, values_of
from backend.studies import find

STUDY = "gap-junction-topology"
SMALL = {"H": 24, "W": 24, "outer_radius": 9.0, "hole_radius": 5.0, "duration": 4.0}
ROOT = Path(__file__).parents[2]


def plan(trials: int = 2, **more: Any) -> Plan:
    axes = more.pop("axes", (Axis("J", (1.0, 3.0)), Axis("gamma", (0.0, 0.1, 0.2))))
    return Plan(STUDY, axes, changes=SMALL | more, trials=trials)


def done(sweep: Sweep, client: Any) -> Sweep:
    for _ in steps(sweep, client, lambda: None, lambda: False):
        pass
    return sweep


@pytest.fixture
def here() -> Iterator[Any]:
    """Two workers of this machine."""
    with cluster("", 2) as found:
        yield found


class Elsewhere:
    """A scheduler and two workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "scheduler.json"
        self.processes = [self.start("scheduler", "--port", "0", "--host", "127.0.0.1")]
        self.processes += [self.worker() for _ in range(2)]

    def start(self, what: str, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{what}", "--scheduler-file",
             str(self.file), "--no-dashboard", *words],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start("worker", "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")

    def address(self, wait: Callable[[Callable[[], bool]], None]) -> str:
        import json

        wait(lambda: self.file.is_file() and self.file.read_text().rstrip().endswith("}"))
        return str(json.loads(self.file.read_text())["address"])

    def close(self) -> None:
        for process in reversed(self.processes):
            process.kill()
            process.wait()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Elsewhere]:
    made = Elsewhere(tmp_path)
    yield made
    made.close()


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for a condition of other processes."""
    import threading
    import time

    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        threading.Event().wait(0.05)


def test_every_cell_has_its_trials_mean_and_interval(here: Any) -> None:
    sweep = done(Sweep(plan()), here.client)
    assert sweep.left == []
    mean, half, count = sweep.summary("temporal_volleys")
    assert mean.shape == (2, 3)
    assert (count == 2).all()
    values = sweep.trials_of("temporal_volleys")
    assert np.allclose(mean, values.mean(axis=-1))
    # Student's t with one degree of freedom
    assert np.allclose(half, 12.7062 * values.std(axis=-1, ddof=1) / np.sqrt(2), atol=1e-3)
    table = sweep.table()
    assert table["J"] == [1.0] * 6 + [3.0] * 6
    assert table["seed"][:2] == [0, 1]


def test_a_job_gives_what_a_run_gives(here: Any) -> None:
    sweep = done(Sweep(plan(1)), here.client)
    one = sweep.outcomes[(1, 2), 0]
    again = compute(STUDY, one.work.procedure, one.work.preset, one.work.document, None)
    assert one.values == again


def test_what_is_finished_is_kept_and_only_the_rest_is_done(here: Any, tmp_path: Path) -> None:
    sweep = Sweep(plan(), tmp_path)
    answers = steps(sweep, here.client, lambda: None, lambda: False)
    for _ in range(4):
        next(answers)
    answers.close()  # as a kill would leave it
    kept = len(Cells(tmp_path / f"{STUDY}.jsonl", "sweep"))
    assert kept >= 4
    again = Sweep(plan(), tmp_path)
    assert len(again.left) == 12 - kept
    assert Sweep(plan(3), tmp_path).plan.size - len(Sweep(plan(3), tmp_path).left) == kept
    done(again, here.client)
    fresh = done(Sweep(plan()), here.client)
    name = "temporal_volleys"
    assert np.array_equal(again.trials_of(name), fresh.trials_of(name))


def test_a_cancelled_sweep_keeps_what_it_has(here: Any) -> None:
    sweep = Sweep(plan())

    def check() -> None:
        if len(sweep.outcomes) >= 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        for _ in steps(sweep, here.client, check, lambda: False):
            pass
    assert 2 <= len(sweep.outcomes) < 12
    assert np.isfinite(sweep.summary("temporal_volleys")[0]).any()


def test_a_job_that_fails_says_why_and_the_others_go_on(here: Any) -> None:
    sweep = Sweep(plan(1))
    bad = sweep.jobs[0]
    bad.document["figure"] = "no such figure"
    done(sweep, here.client)
    assert "figure" in sweep.outcomes[bad.cell, 0].failure.lower()
    assert sum(bool(one.values) for one in sweep.outcomes.values()) == 5


def test_a_worker_that_is_killed_costs_only_its_running_jobs(elsewhere: Elsewhere) -> None:
    """A real scheduler, two workers started by themselves, one killed in the middle."""
    address = elsewhere.address(until)
    with cluster_when_ready(address) as found:
        assert found.words.startswith("2 workers of tcp://")
        sweep = Sweep(plan(4))
        killed = False
        for _ in steps(sweep, found.client, lambda: None, lambda: False):
            if len(sweep.outcomes) >= 3 and not killed:
                elsewhere.processes[-1].kill()
                killed = True
        assert killed
        assert sweep.left == []
        assert [one.failure for one in sweep.outcomes.values() if one.failure] == []
    local = {place: compute(STUDY, one.work.procedure, one.work.preset, one.work.document, None)
             for place, one in sweep.outcomes.items() if place[1] == 0}  # fmt: skip
    assert all(sweep.outcomes[place].values == values for place, values in local.items())


def cluster_when_ready(address: str) -> Any:
    """The cluster once both workers are there."""
    from distributed import Client

    with Client(address, timeout=20) as client:
        client.wait_for_workers(2, timeout=60)
    return cluster(address)


def test_a_scheduler_that_is_none_or_has_no_worker_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(ParameterError, match="No scheduler answers"),
        cluster("tcp://127.0.0.1:9"),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "values"),
    [("1, 2.5", (1.0, 2.5)), ("0:1:3", (0.0, 0.5, 1.0)), ("−1, 2", None), ("0:1", None),
     ("", None), ("a, b", None)],
)  # fmt: skip
def test_values_of_an_axis(text: str, values: tuple[float, ...] | None) -> None:
    study = find(STUDY)
    if values is None:
        with pytest.raises(ParameterError):
            values_of(text, study, "J")
    else:
        assert values_of(text, study, "J") == values


def test_values_of_a_choice() -> None:
    study = find(STUDY)
    assert values_of("8, 4", study, "neighbours") == ("8", "4")
    assert set(values_of("all", study, "neighbours")) == {"4", "8"}


def test_what_cannot_run_is_refused_before_the_first_job() -> None:
    with pytest.raises(ParameterError, match="one or two"):
        Sweep(plan(axes=()))
    with pytest.raises(ParameterError, match="varied twice"):
        Sweep(plan(axes=(Axis("J", (1.0,)), Axis("J", (2.0,)))))
    with pytest.raises(ParameterError):
        Sweep(plan(axes=(Axis("Jay", (1.0,)),)))
    with pytest.raises(ParameterError):
        Sweep(plan(axes=(Axis("J", (-5000.0,)),)))
    with pytest.raises(ParameterError, match="jobs"):
        Sweep(plan(trials=100_000))


def test_a_plan_survives_its_file() -> None:
    assert plan_of(plan_document(plan())) == plan()
    with pytest.raises(ParameterError, match="no sweep"):
        plan_of({"study": STUDY})


def test_a_parameter_that_no_job_uses_is_said() -> None:
    sweep = Sweep(plan(1))
    assert sweep.without_effect() == []
    for work in sweep.jobs:
        sweep.take(work, {"temporal_volleys": float(work.cell[0])})
    assert sweep.without_effect() == ["gamma"]
    again = Sweep(plan(1))
    for work in again.jobs:
        again.take(work, {"temporal_volleys": float(sum(work.cell))})
    assert again.without_effect() == []
