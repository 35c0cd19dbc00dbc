"""``isomorph stage`` on a screen: the stage process presents in a window of its own."""

from __future__ import annotations

import dataclasses
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from stage_tools import choice_design, read_tsv

from app.stage_command import present_on_screen
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.stage.bids import Session
from backend.stage.design import Design, Source

SIZE = (400, 300)


def gratings(trials: int = 3) -> Design:
    """The small choice design with pictures that a generator makes."""
    source = Source("squares", "gratings", parameters={"side": 64}, count=trials)
    return dataclasses.replace(choice_design(trials), sources=(source,))


def show(design: Design, out: Path, resume: bool = False, **more: Any) -> Any:
    return present_on_screen(design, out, "01", "01", 1, resume, "ideal", SIZE, **more)


@pytest.mark.slow
def test_a_session_is_shown_in_the_stage_s_window(tmp_path: Path) -> None:
    done = show(gratings(), tmp_path)
    assert (done.state, done.trials) == ("done", 3)
    rows = read_tsv(done.folder / "sub-01_ses-01_task-choice_events.tsv")
    pictures = [row for row in rows if row["trial_type"] == "picture"]
    assert [row["correct"] for row in pictures] == ["1", "1", "1"]
    onsets = [float(row["onset"]) for row in rows]
    assert onsets == sorted(onsets)


@pytest.mark.slow
def test_what_the_stage_refuses_is_said_here(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="has no blocks"):
        show(dataclasses.replace(gratings(), blocks=()), tmp_path)


@pytest.mark.slow
def test_a_killed_stage_loses_at_most_the_running_trial(tmp_path: Path) -> None:
    import multiprocessing

    def hear(event: dict[str, Any]) -> None:
        if event["what"] == "trial" and event["number"] == 3:
            (child,) = multiprocessing.active_children()
            os.kill(child.pid or 0, signal.SIGKILL)

    with pytest.raises(FileProblem, match="go on with --resume"):
        show(gratings(5), tmp_path, listener=hear)
    log = Session(tmp_path, "01", "01", "choice")
    log.read()
    assert len(log.records) in (2, 3)
    assert show(gratings(5), tmp_path, resume=True).trials == 5
