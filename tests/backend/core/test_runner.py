"""Runs are kept whatever happens: failures in words, kill -9, child processes, resumed batches."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import until
from toy_study import STUDY

from backend.core.files import FileProblem, read_json
from backend.core.parameters import ParameterError
from backend.core.result import Verdict
from backend.core.run import Run, driven
from backend.core.runner import Runner
from backend.core.store import Store, load_record, load_result, load_views


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(Store(tmp_path))


def test_a_finished_batch_is_stored_with_its_verdicts(runner: Runner) -> None:
    job = runner.start(STUDY, STUDY.parameters_of("Figure 2"), "Figure 2", procedure="batch")
    assert job.wait(10)
    assert job.state == "done"
    document = read_json(job.record.path / "result.json")
    assert document["complete"] is True
    assert document["values"]["mean"]["verdict"] == "agree"
    assert document["values"]["mean"]["unit"] == "mV"
    assert document["values"]["mean"]["tolerance"] == 0.5
    assert document["values"]["steps"]["tolerance"] == [10, None]
    assert document["values"]["nothing"]["verdict"] == "pending"
    assert document["provenance"]["packages"]["numpy"] == np.__version__
    assert (job.record.path / "tables" / "trials.csv").read_text().startswith("trial,mean\n0,")
    assert load_result(job.record.path)["steps"] == 20
    assert runner.store.records()[0].state == "done"


def test_other_settings_stand_side_by_side_without_a_verdict(runner: Runner) -> None:
    parameters = STUDY.parameters_of("Figure 2").changed(noise=1.0)
    job = runner.start(STUDY, parameters, "Figure 2", procedure="batch")
    assert job.wait(10)
    assert {line.verdict for line in job.comparisons()} <= {
        Verdict.NOT_COMPARABLE, Verdict.PENDING,
    }  # fmt: skip


def test_a_failure_is_a_sentence_and_the_traceback_stays_behind_details(runner: Runner) -> None:
    job = runner.start(STUDY, STUDY.Parameters(mode="fail"), "Figure 1")
    assert job.wait(10)
    assert job.state == "failed"
    assert job.failure is not None
    assert "the walker fell" in job.failure.text
    assert "Traceback" in job.failure.details
    assert load_record(job.record.path).state == "failed"


def test_settings_that_cannot_run_never_start(runner: Runner) -> None:
    with pytest.raises(ParameterError) as caught:
        runner.start(STUDY, STUDY.Parameters(mode="bad"), "Figure 1")
    assert caught.value.fix == "walk"
    assert runner.jobs == []


def test_a_cancelled_batch_resumes_where_it_was(runner: Runner) -> None:
    parameters = STUDY.parameters_of("Figure 2")
    job = runner.start(STUDY, parameters, "Figure 2", procedure="batch")
    assert until(lambda: len(job.run.cells) >= 3)
    job.run.cancel()
    assert job.wait(5)
    assert job.state == "cancelled"
    done = len(job.run.cells)
    again = runner.start(
        STUDY, parameters, "Figure 2", procedure="batch", resume=load_record(job.record.path)
    )
    assert len(again.run.cells) == done
    assert again.wait(10)
    assert again.run.result.complete
    whole = runner.start(STUDY, parameters, "Figure 2", procedure="batch")
    assert whole.wait(10)
    assert whole.run.result["mean"] == again.run.result["mean"]


def test_the_child_process_gives_the_same_numbers(runner: Runner) -> None:
    parameters = STUDY.Parameters(own_process=True)
    job = runner.start(STUDY, parameters, "Figure 1", duration=20.0)
    assert job.wait(30)
    assert job.state == "done", job.failure
    with driven(Run(STUDY, STUDY.Parameters(), "free", (), 20.0)) as run:
        STUDY.run(run)
    assert list(job.run.offers["positions"].make()) == list(run.offers["positions"].make())
    assert job.run.result["steps"] == 200


def test_a_child_obeys_changes_and_cancel(runner: Runner) -> None:
    job = runner.start(STUDY, STUDY.Parameters(own_process=True), "Figure 1")
    assert until(lambda: job.run.steps > 0, 20)
    job.run.drawing = True
    assert until(lambda: job.run.channels["walk"].revision > 0)
    job.run.change(gain=5.0)
    assert until(lambda: job.run.clock > 0)
    began = time.monotonic()
    job.run.cancel()
    assert job.wait(5)
    assert time.monotonic() - began < 1.5
    assert job.state == "cancelled"


def test_a_failure_in_the_child_keeps_its_words(runner: Runner) -> None:
    job = runner.start(STUDY, STUDY.Parameters(own_process=True, mode="fail"), "Figure 1")
    assert job.wait(20)
    assert job.failure is not None
    assert "the walker fell" in job.failure.text


def test_the_last_pictures_are_kept(runner: Runner) -> None:
    job = runner.prepare(STUDY, STUDY.Parameters(), "Figure 1", duration=50.0)
    job.run.drawing = True
    runner.launch(job)
    assert job.wait(10)
    views = load_views(job.record.path)
    assert views["cells"]["image"].shape == (1, 10)
    assert set(views["walk"]) == {"t", "x"}


def test_trash_and_restore(runner: Runner) -> None:
    job = runner.start(STUDY, STUDY.parameters_of("Figure 2"), "Figure 2", procedure="batch")
    assert job.wait(10)
    record = runner.store.records()[0]
    runner.store.delete(record)
    assert runner.store.records() == []
    runner.store.restore(record)
    assert [r.id for r in runner.store.records()] == [record.id]


KILLED = """
import sys
from pathlib import Path
sys.path[:0] = {path!r}
from backend.core.runner import Runner
from backend.core.store import Store
from toy_study import STUDY
runner = Runner(Store(Path({root!r})))
job = runner.start(STUDY, STUDY.parameters_of("Figure 2"), "Figure 2", procedure="batch")
print("started", flush=True)
job.wait()
"""


def test_kill_nine_breaks_no_file_and_the_batch_resumes(tmp_path: Path, runner: Runner) -> None:
    code = KILLED.format(path=[p for p in sys.path if p], root=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    cells = lambda: list(tmp_path.glob("runs/*/cells.jsonl"))  # noqa: E731
    assert until(lambda: bool(cells()) and cells()[0].read_text().count("\n") >= 3, 20)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    (record,) = runner.store.records()
    assert record.state == "interrupted"
    finished = cells()[0].read_text().count("\n")
    job = runner.start(
        STUDY, STUDY.parameters_of("Figure 2"), "Figure 2", procedure="batch", resume=record
    )
    assert len(job.run.cells) >= finished - 1
    assert job.wait(10)
    assert job.run.result.complete


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"format": 99}', '{"format": "x"}', '{"format": 1, "study": 3}', "\x00\xff"],
)
def test_hostile_run_files_are_skipped_or_refused_in_words(
    tmp_path: Path, runner: Runner, content: str
) -> None:
    folder = tmp_path / "runs" / "bad"
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(content, encoding="latin-1")
    assert runner.store.records() == []
    with pytest.raises(FileProblem):
        load_record(folder)


def test_a_torn_cell_is_ignored(tmp_path: Path) -> None:
    from backend.core.cells import Cells

    cells = Cells(tmp_path / "cells.jsonl")
    assert cells.do((1, "a"), lambda: 5) == 5
    with (tmp_path / "cells.jsonl").open("a") as file:
        file.write('{"key": "[2')
    again = Cells(tmp_path / "cells.jsonl")
    assert again.do((1, "a"), lambda: 6) == 5
    assert again.do((2, "a"), lambda: 7) == 7
    assert json.loads((tmp_path / "cells.jsonl").read_text().splitlines()[0])["value"] == 5
