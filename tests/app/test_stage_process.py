"""The stage process in a real window, and what happens to a session: each is said, data are kept.

Keys come from xdotool as from a keyboard.
"""

from __future__ import annotations

import contextlib
import dataclasses
import multiprocessing
import os
import pty
import resource
import shutil
import signal
import subprocess
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from stage_tools import read_tsv

from app.stage_process import main
from backend.stage.bids import Session
from backend.stage.design import AnswerKey, Block, Design, Item, Phase, Source, TrialKind, Value
from backend.stage.monitors import MonitorProfile
from backend.stage.timing import LATE_RATIO
from widgets.stage_display import VSYNC_FLIPS

CHECK = 40
BEFORE = 1 + VSYNC_FLIPS + CHECK + 1
"""Flips of the opened window, of the check and of the words after it; then comes the session."""
PATIENCE_S = 30.0
HELD = 6
TRIAL = 3 + 6 + 18 + 1
keyboard = pytest.mark.skipif(not shutil.which("xdotool"), reason="needs xdotool")


def design(trials: int) -> Design:
    """Cross of 3 frames, grating of 6, answer within 18; the last flip clears the screen."""
    phases = (
        Phase("fixation", "fixation", 50, (Item("fixation", size_deg=0.5),)),
        Phase("picture", "stimulus", 100, (Item(size_deg=4.0),), answers=True),
        Phase("response", "response", 300, answers=True, until_answer=True, answered="end"),
    )
    rows: tuple[dict[str, Value], ...] = tuple(
        {"stimulus": f"bars:{i}", "correct": "right"} for i in range(trials)
    )
    return Design(
        name="short",
        task="short",
        sources=(Source("bars", "gratings", parameters={"side": 64}, count=trials),),
        trial_kinds=(TrialKind("choice", phases, between_ms=0),),
        keys=(AnswerKey("f", "left"), AnswerKey("j", "right")),
        blocks=(Block("choices", "choice", rows, shuffle=False),),
        triggers={"picture": 7},
    )


class Stage:
    """The process, its pipe, and everything it said."""

    def __init__(self, late: dict[int, int] | None = None) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        spec = {"windowed": (400, 300), "late": late or {}}
        self.process = context.Process(target=main, args=(theirs, spec), name="stage")
        self.process.start()
        theirs.close()
        self.said: list[dict[str, Any]] = []
        self.tell("check", flips=CHECK)
        try:
            self.until("checked")
        except BaseException:
            self.kill()
            raise

    def tell(self, do: str, **facts: Any) -> None:
        self.pipe.send({"do": do, **facts})

    def start(self, out: Path, trials: int, **more: Any) -> None:
        monitor = dataclasses.asdict(MonitorProfile())
        given = {"design": design(trials).document(), "out": str(out), "subject": "01",
                 "session": "01", "seed": 1, "monitor": monitor} | more  # fmt: skip
        self.tell("start", **given)

    def until(self, what: str, fits: Callable[[dict[str, Any]], bool] = lambda e: True) -> Any:
        """The next event of this kind."""
        while True:
            assert self.pipe.poll(PATIENCE_S), [event["what"] for event in self.said[-5:]]
            event = self.pipe.recv()
            self.said.append(event)
            assert event["what"] not in ("refused", "failed"), event
            if event["what"] == what and fits(event):
                return event

    def all(self, what: str) -> list[dict[str, Any]]:
        return [event for event in self.said if event["what"] == what]

    def sentences(self) -> list[str]:
        return [event["sentence"] for event in self.all("problem")]

    def kill(self) -> None:
        """Gone at once; what it had said stays readable."""
        self.process.kill()
        self.process.join()

    def shut(self) -> None:
        with contextlib.suppress(OSError):
            self.tell("close")
        self.process.join(PATIENCE_S)
        alive = self.process.is_alive()
        if alive:
            self.kill()
        self.pipe.close()
        assert not alive


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.shut()


def table(out: Path) -> list[dict[str, str]]:
    return read_tsv(out / "sub-01" / "ses-01" / "beh" / "sub-01_ses-01_task-short_beh.tsv")


def kept(out: Path) -> list[int]:
    """Numbers of the trials on disk."""
    log = Session(out, "01", "01", "short")
    log.read()
    return [record["trial"] for record in log.records]


def xdotool(*words: str) -> str:
    return subprocess.run(
        ["xdotool", *words], capture_output=True, text=True, check=True, timeout=10
    ).stdout


# ---- flips -------------------------------------------------------------------------------


@pytest.mark.slow
def test_injected_late_flips_are_named_by_trial_and_frame(tmp_path: Path) -> None:
    rng = np.random.Generator(np.random.Philox(4))
    places = {(t, int(rng.integers(1, TRIAL))): int(rng.integers(1, 5)) for t in (1, 2, 4, 7, 8)}
    late = {BEFORE + (t - 1) * TRIAL + frame: extra for (t, frame), extra in places.items()}
    stage = Stage(late)
    try:
        stage.start(tmp_path, 8)
        stage.until("end")
    finally:
        stage.shut()
    ends = stage.all("trial end")
    assert [len(end["flips"]) for end in ends] == [TRIAL] * 8
    named = {(one["trial"], one["frame"]): one["lost"] for end in ends for one in end["late"]}
    assert {place: named.get(place) for place in places} == places
    # A busy machine may be late by itself: then the flip log shows it.
    rows = read_tsv(next(tmp_path.rglob("*_flips.tsv")))
    log = Session(tmp_path, "01", "01", "short")
    log.read()
    limit = LATE_RATIO * 1000.0 / float(log.header["measured_hz"])
    long = {(int(r["trial"]), int(r["frame"])) for r in rows
            if r["interval_ms"] != "n/a" and float(r["interval_ms"]) > limit}  # fmt: skip
    assert long == named.keys()


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_kill_at_a_random_frame_loses_at_most_the_running_trial(
    seed: int, tmp_path: Path
) -> None:
    trials = 6
    # Events come at the onsets of phases; the pause after one puts the kill between them.
    rng = np.random.Generator(np.random.Philox(seed))
    phases, wait_s = int(rng.integers(1, 3 * trials - 2)), float(rng.uniform(0.0, 0.3))
    stage = Stage()
    try:
        stage.start(tmp_path, trials)
        for _ in range(phases):
            stage.until("phase")
        stage.process.join(wait_s)
    finally:
        stage.kill()
    assert stage.process.exitcode == -signal.SIGKILL
    with contextlib.suppress(EOFError, OSError):
        while stage.pipe.poll(0):
            stage.said.append(stage.pipe.recv())
    stage.pipe.close()
    finished = len(stage.all("trial end"))
    before = kept(tmp_path)
    assert before == list(range(1, len(before) + 1))
    assert finished <= len(before) <= finished + 1  # killed between the disk and the pipe
    again = Stage()
    try:
        again.start(tmp_path, trials, resume=True)
        end = again.until("end")
    finally:
        again.shut()
    assert (end["state"], end["trials"]) == ("done", trials)
    assert kept(tmp_path) == list(range(1, trials + 1))
    assert [e["number"] for e in again.all("trial")] == list(range(len(before) + 1, trials + 1))


# ---- the room ----------------------------------------------------------------------------


@keyboard
def test_a_key_that_is_held_down_is_said_and_a_press_counts(stage: Stage, tmp_path: Path) -> None:
    xdotool("keydown", "f")
    try:
        stage.start(tmp_path, 12)
        stage.until("trial end", lambda e: e["number"] == HELD)  # longer than keys take to repeat
    finally:
        xdotool("keyup", "f")
    assert stage.sentences()[:HELD] == [
        f'Trial {number} began with "f" held down. '
        f"It does not count until it is let go and pressed again."
        for number in range(1, HELD + 1)
    ]
    stage.until("phase", lambda e: e["name"] == "response")
    xdotool("key", "j")
    stage.until("end")
    rows = table(tmp_path)
    assert len(rows) == 12
    assert [row["response"] for row in rows[:HELD]] == ["n/a"] * HELD
    assert [row["held_keys"] for row in rows[:HELD]] == ["f"] * HELD
    answered = [row for row in rows if row["response"] != "n/a"]
    assert [(row["response"], row["correct"]) for row in answered] == [("right", "1")]
    assert 0.0 < float(answered[0]["response_time"]) < 0.4


@keyboard
def test_a_lost_focus_is_said_and_marked(
    stage: Stage, tmp_path: Path, qtbot: QtBot, qapp: QApplication
) -> None:
    other = QWidget()
    qtbot.addWidget(other)
    other.setGeometry(600, 500, 50, 50)
    other.show()
    qtbot.waitExposed(other)
    mine = xdotool("search", "--name", "^Isomorph stage$").split()[0]
    xdotool("windowfocus", "--sync", mine)
    stage.start(tmp_path, 8)
    stage.until("trial end", lambda e: e["number"] == 2)
    xdotool("windowfocus", "--sync", str(int(other.winId())))
    stage.until("trial end", lambda e: e["number"] == 5)
    xdotool("windowfocus", "--sync", mine)
    stage.until("end")
    rows = table(tmp_path)
    assert len(rows) == 8
    marks = [row["focused"] for row in rows]
    assert marks[0] == "1"
    assert "0" in marks[2:5]
    said = [text for text in stage.sentences() if "lost the focus" in text]
    assert len(said) == marks.count("0")
    assert said[0].endswith("The trial is kept and marked. Click the window.")
    other.close()


def test_an_unplugged_trigger_device_is_said_once_and_the_session_goes_on(
    stage: Stage, tmp_path: Path
) -> None:
    ours, port = pty.openpty()
    tty.setraw(port)
    name = os.ttyname(port)
    os.close(port)
    stage.start(tmp_path, 5, triggers=[f"serial:{name}"])
    stage.until("trial end", lambda e: e["number"] == 2)
    assert os.read(ours, 10).startswith(b"\x07\x07")
    os.close(ours)
    end = stage.until("end")
    assert (end["state"], end["trials"]) == ("done", 5)
    (said,) = stage.sentences()
    assert said.startswith(f"The serial port {name} no longer answers")
    assert "The session goes on" in said
    assert [row["trial"] for row in table(tmp_path)] == ["1", "2", "3", "4", "5"]


def test_a_full_disk_is_said_and_nothing_is_lost_when_there_is_space_again(
    stage: Stage, tmp_path: Path
) -> None:
    stage.start(tmp_path, 5)
    stage.until("trial end", lambda e: e["number"] == 2)
    pid = stage.process.pid or 0
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    journal = next(tmp_path.rglob("*_journal.jsonl"))
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (journal.stat().st_size + 99, hard))
    said = stage.until("problem")
    assert said["action"] == "Try again"
    number = len(kept(tmp_path))
    assert f"sub-01 is saved up to trial {number}; trial {number + 1} is not" in said["sentence"]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
    stage.tell("retry")
    end = stage.until("end")
    assert (end["state"], end["trials"]) == ("done", 5)
    assert [row["trial"] for row in table(tmp_path)] == ["1", "2", "3", "4", "5"]


def test_the_check_tells_the_facts_of_this_screen(stage: Stage) -> None:
    facts = stage.all("checked")[0]["facts"]
    assert facts["screen"] in [screen[0] for screen in facts["screens"]]
    assert (facts["width_px"], facts["height_px"]) == (400, 300)
    assert facts["paced"] == "software"
    assert facts["full_screen"] is False
    assert facts["hz"] == pytest.approx(facts["reported_hz"])
    assert facts["composited"] in (None, False)


def test_closing_while_it_presents_keeps_the_finished_trials(stage: Stage, tmp_path: Path) -> None:
    stage.start(tmp_path, 50)
    stage.until("trial end", lambda e: e["number"] == 2)
    stage.tell("close")
    end = stage.until("end")
    assert end["state"] == "aborted"
    assert len(kept(tmp_path)) == end["trials"] >= 2
    assert len(table(tmp_path)) == end["trials"]
