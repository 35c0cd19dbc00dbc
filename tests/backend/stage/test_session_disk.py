"""What is on disk: killed at any frame, resumed, disk full, never overwritten, valid BIDS."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stage_tools import WARM_UP, Stage, choice_design, read_tsv, stream_design

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.stage.bids import Session, load_timing, sessions
from backend.stage.design import Block, Method
from backend.stage.display import SimulatedDisplay
from backend.stage.participants import Psychometric

ROOT = Path(__file__).parents[3]
TRIALS = 12
LONGEST = 12 + 18 + 60 + 6 + 1

KILLED = """
import os, signal, sys
from pathlib import Path
from stage_tools import Stage, choice_design
from backend.stage.display import SimulatedDisplay

class Deadly(SimulatedDisplay):
    def flip(self):
        if self.flips == int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().flip()

Stage(choice_design(12), Path(sys.argv[1]), display=Deadly()).run()
"""


def killed_at(flip: int, out: Path) -> None:
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(out), str(flip)],
        env={**os.environ, "PYTHONPATH": paths},
        timeout=60,
    )
    assert done.returncode == -signal.SIGKILL


def resumed(out: Path, **changes: Any) -> Stage:
    log = Session.resume(out, "01", "01", "choice")
    stage = Stage(log.design, out, log=log, **changes)
    assert stage.run() == "done"
    return stage


def trial_table(stage: Stage) -> list[dict[str, str]]:
    assert stage.log is not None
    return read_tsv(stage.log.folder / f"{stage.log.stem}_beh.tsv")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_a_kill_at_any_frame_loses_at_most_the_running_trial(seed: int, tmp_path: Path) -> None:
    whole = Stage(choice_design(TRIALS), tmp_path / "whole")
    ends: list[int] = []
    whole.hear = lambda e: ends.append(whole.display.flips) if e["what"] == "trial end" else None
    assert whole.run() == "done"
    flip = int(np.random.default_rng(seed).integers(WARM_UP, ends[-1]))
    finished = sum(end <= flip for end in ends)
    killed_at(flip, tmp_path / "killed")
    log = Session(tmp_path / "killed", "01", "01", "choice")
    log.read()
    assert len(log.records) == finished
    stage = resumed(tmp_path / "killed")
    told = [event["number"] for event in stage.said if event["what"] == "trial"]
    assert told == list(range(finished + 1, TRIALS + 1))
    columns = ("trial", "stimulus", "expected")
    for row, same in zip(trial_table(stage), trial_table(whole), strict=True):
        assert [row[c] for c in columns] == [same[c] for c in columns]
    onsets = [float(row["onset"]) for row in stage.events]
    assert onsets == sorted(onsets)


def test_a_journal_cut_at_any_byte_loses_at_most_one_trial(tmp_path: Path) -> None:
    stage = Stage(choice_design(4), tmp_path / "whole")
    stage.run()
    assert stage.log is not None
    content = stage.log.journal.read_bytes()
    header = content.index(b"\n") + 1
    ends = [i + 1 for i, byte in enumerate(content) if byte == 10]
    path = tmp_path / "cut" / stage.log.journal.relative_to(stage.out)
    path.parent.mkdir(parents=True)
    for cut in np.random.default_rng(1).integers(header, len(content), 60):
        path.write_bytes(content[:cut])
        log = Session(tmp_path / "cut", "01", "01", "choice")
        log.read()
        assert len(log.records) == min(4, sum(end <= cut for end in ends) - 1)


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The journal of a finished session."""
    stage = Stage(choice_design(2), tmp_path_factory.mktemp("journal"))
    stage.run()
    assert stage.log is not None
    return stage.log.journal.read_bytes()


@settings(max_examples=150, deadline=None)
@given(place=st.floats(0, 1), junk=st.binary(max_size=12))
def test_a_damaged_journal_gets_a_sentence(journal: bytes, place: float, junk: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = Session(Path(folder), "01", "01", "choice")
        log.journal.parent.mkdir(parents=True)
        at = int(place * len(journal))
        log.journal.write_bytes(journal[:at] + junk + journal[at + len(junk) :])
        with contextlib.suppress(FileProblem):
            log.read()
            assert len(log.records) <= 3


def test_the_damaged_line_is_named(journal: bytes, tmp_path: Path) -> None:
    log = Session(tmp_path, "01", "01", "choice")
    log.journal.parent.mkdir(parents=True)
    lines = journal.splitlines(keepends=True)
    log.journal.write_bytes(lines[0] + lines[1] + b"{}\n" + lines[2])
    with pytest.raises(FileProblem, match="is damaged in line 3"):
        log.read()


def test_an_aborted_session_goes_on_at_the_right_trial(tmp_path: Path) -> None:
    left = ["", "", "", "abort"]
    first = Stage(choice_design(8), tmp_path, control=lambda: left.pop(0))
    assert first.run() == "aborted"
    assert sessions(tmp_path)[0]["state"] == "aborted"
    stage = resumed(tmp_path)
    assert [row["trial"] for row in trial_table(stage)] == [str(i) for i in range(1, 9)]
    assert sessions(tmp_path) == [
        {"subject": "01", "session": "01", "task": "choice", "state": "done", "trials": "8"}
    ]
    with pytest.raises(FileProblem, match=r"is complete: 8 trials\. Use session 02"):
        Session.resume(tmp_path, "01", "01", "choice")


def test_a_resumed_staircase_knows_its_past(tmp_path: Path) -> None:
    levels = tuple(np.linspace(0.1, 1.0, 10))
    method = Method("staircase", levels, start=9, step=1, reversals=6)
    rows = ({"stimulus": "squares:{level_index}", "correct": "left"},)
    design = choice_design(10, blocks=(Block("b", "choice", rows, method=method),))
    left = [""] * 9 + ["abort"]
    first = Stage(
        design, tmp_path, Psychometric(threshold=0.5, seed=2), control=lambda: left.pop(0)
    )
    assert first.run() == "aborted"
    last = first.log.records[-1]  # type: ignore[union-attr]
    stage = resumed(tmp_path, responder=Psychometric(threshold=0.5, seed=3))
    table = trial_table(stage)
    assert [row["trial"] for row in table] == [str(i + 1) for i in range(len(table))]
    steps = np.abs(np.diff([int(row["level_index"]) for row in table]))
    assert steps.max() == 1
    assert int(table[8]["level_index"]) == last["row"]["level_index"]


def test_another_session_is_never_overwritten(tmp_path: Path) -> None:
    Stage(choice_design(2), tmp_path).run()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(FileProblem) as caught:
        Stage(choice_design(2), tmp_path).run()
    assert str(caught.value) == (
        "Session 01 of sub-01 is there already; nothing was changed. Use session 02, or resume it."
    )
    assert {path: path.read_bytes() for path in before} == before
    assert Stage(choice_design(2), tmp_path, session="02").run() == "done"


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("mine")
    with pytest.raises(FileProblem, match="holds other files and is no BIDS dataset"):
        Stage(choice_design(1), tmp_path).run()
    assert [path.name for path in tmp_path.iterdir() if path.name != "home"] == ["thesis.docx"]


def test_a_changed_stimulus_never_takes_the_old_ones_file(tmp_path: Path) -> None:
    first = Stage(choice_design(1), tmp_path)
    first.run()
    source = dataclasses.replace(first.design.sources[0], parameters={"contrast": 0.5})
    second = Stage(dataclasses.replace(first.design, sources=(source,)), tmp_path, session="02")
    second.run()
    files = {row["stim_file"] for stage in (first, second) for row in stage.events} - {"n/a"}
    assert len(files) == 2


def test_there_is_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="no session 01 of sub-09"):
        Session.resume(tmp_path, "09", "01", "choice")


def test_labels_are_letters_and_digits(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match='Use "anna1"'):
        Stage(choice_design(1), tmp_path, subject="anna-1").run()


class FullDisk(io.RawIOBase):
    """A journal on a disk that is full until told otherwise: half of the line still fits."""

    def __init__(self, file: Any) -> None:
        self.file, self.full = file, False

    def write(self, data: Any) -> int:
        """A half, then no space."""
        if self.full and len(data) < 100:
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(self.file.write(data[: len(data) // 2] if self.full else data))

    def __getattribute__(self, name: str) -> Any:
        if name in ("seek", "truncate", "fileno", "close"):
            return getattr(object.__getattribute__(self, "file"), name)
        return object.__getattribute__(self, name)


def full_at(trial: int, stage: Stage) -> None:
    def hear(event: dict[str, Any]) -> None:
        if event["what"] == "session":
            assert stage.log is not None
            stage.log._file = FullDisk(stage.log._file)  # type: ignore[assignment]
        if event["what"] == "trial":
            stage.log._file.full = event["number"] == trial  # type: ignore[union-attr]

    stage.hear = hear


def test_a_full_disk_is_said_and_tried_again_with_nothing_lost(tmp_path: Path) -> None:
    stage = Stage(choice_design(5), tmp_path)
    full_at(3, stage)
    asked: list[int] = []

    def control() -> str:
        if stage.sentences():
            asked.append(1)
            if len(asked) == 20:
                stage.log._file.full = False  # type: ignore[union-attr]
                return "retry"
        return ""

    stage.control = control
    assert stage.run() == "done"
    assert stage.sentences() == [
        "The disk is full. sub-01 is saved up to trial 2; trial 3 is not. "
        "Free some space and try again."
    ]
    assert [row["trial"] for row in trial_table(stage)] == ["1", "2", "3", "4", "5"]


def test_a_disk_that_stays_full_ends_the_session_and_keeps_every_trial(
    tmp_path: Path, fresh_home: Path
) -> None:
    stage = Stage(choice_design(5), tmp_path)
    full_at(3, stage)
    assert stage.run() == "aborted"
    log = Session(tmp_path, "01", "01", "choice")
    log.read()
    assert [record["trial"] for record in log.records] == [1, 2]
    rescued = fresh_home / "rescued" / "sub-01_ses-01_task-choice_trial-3.json"
    assert json.loads(rescued.read_text())["answer"]["response"] == "left"


def test_a_file_where_the_dataset_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("mine")
    with pytest.raises(FileProblem, match="a file stands where a folder is needed"):
        Stage(choice_design(1), tmp_path / "data").run()
    assert (tmp_path / "data").read_text() == "mine"


def test_the_timing_report_and_flip_log_tell_every_flip(tmp_path: Path) -> None:
    late = {WARM_UP + 20: 2}
    stage = Stage(choice_design(3), tmp_path, display=SimulatedDisplay(late=late))
    stage.run()
    assert stage.log is not None
    flips = read_tsv(stage.log.raw / f"{stage.log.stem}_flips.tsv")
    assert len(flips) == sum(len(record["flips"]) for record in stage.log.records)
    missed = [row for row in flips if row["late"] != "0"]
    assert [(row["trial"], row["frame"], row["phase"], row["late"]) for row in missed] == [
        ("1", "20", "picture", "2")
    ]
    report = load_timing(tmp_path, "01", "01", "choice")
    assert report["misses"] == 1
    assert report["lost_frames"] == 2
    assert report["sd_without_misses_ms"] < 1e-4
    assert sum(report["histogram"]["counts"]) == report["intervals"] == len(flips) - 3


def validator() -> Path:
    """The BIDS validator that ``dev.py test`` installs beside the environment."""
    places = [Path(sys.prefix) / "npm" / "node_modules", ROOT / ".venv" / "npm" / "node_modules"]
    for place in places:
        if (place / "bids-validator" / "bin" / "bids-validator").exists():
            return place / "bids-validator" / "bin" / "bids-validator"
    pytest.fail("The BIDS validator is missing. Run python3 dev.py test once.")


@pytest.mark.slow
def test_the_dataset_passes_the_public_bids_validator(tmp_path: Path) -> None:
    Stage(choice_design(6), tmp_path).run()
    Stage(choice_design(6), tmp_path, subject="02").run()
    left = ["", "", "abort"]
    Stage(choice_design(6), tmp_path, session="02", control=lambda: left.pop(0)).run()
    Stage(dataclasses.replace(stream_design(2), photodiode=True), tmp_path).run()
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run(
        [node, str(validator()), str(tmp_path), "--json"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    issues = json.loads(done.stdout)["issues"]
    assert issues["errors"] == []
    told = {issue["key"] for issue in issues["warnings"]}
    # One author is not for us to invent; the participants of this test differ in their sessions.
    assert told <= {"TOO_FEW_AUTHORS", "MISSING_SESSION", "INCONSISTENT_SUBJECTS"}


def test_simulated_participants_and_synthetic_stimuli_are_labelled(tmp_path: Path) -> None:
    stage = Stage(choice_design(1), tmp_path)
    stage.run()
    assert stage.log is not None
    people = read_tsv(tmp_path / "participants.tsv")
    assert (people[0]["participant_id"], people[0]["simulated"]) == ("sub-01", "test")
    sidecar = json.loads((stage.log.folder / f"{stage.log.stem}_beh.json").read_text())
    assert sidecar["Synthetic"] == "synthetic stimuli"
    assert sidecar["SimulatedParticipant"] == "test"
    assert sidecar["Provenance"]["software"] == "Isomorph"
    shown = [row["stim_file"] for row in stage.events if row["stim_file"] != "n/a"]
    assert all((tmp_path / "stimuli" / name).exists() for name in shown)
