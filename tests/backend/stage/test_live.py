"""What the operator sees while it runs equals what the files say afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stage_tools import WARM_UP, Stage, choice_design, stream_design

from backend.stage.design import Block, Method, Value
from backend.stage.display import SimulatedDisplay
from backend.stage.live import LiveResult, as_event
from backend.stage.participants import Psychometric


def live_of(stage: Stage) -> LiveResult:
    """Run and show."""
    live = LiveResult(stage.design, 60.0)
    stage.hear = lambda event: live.add(event) if event["what"] == "trial end" else None
    assert stage.run() == "done"
    return live


def event(number: int, response: str | None, correct: str, **more: Any) -> dict[str, Any]:
    answer = {"response": response, "response_time": 0.5 if response else None,
              "correct": int(response == correct)}  # fmt: skip
    flips = list(number + np.arange(10) / 60)
    return {"number": number, "row": {"correct": correct, **more}, "answer": answer,
            "late": [], "flips": flips, "threshold": None}  # fmt: skip


def values(live: LiveResult) -> dict[str, str]:
    return {name: value for name, _, value in live.rows()}


def test_frames_and_misses_are_counted(tmp_path: Path) -> None:
    display = SimulatedDisplay(late={WARM_UP + 5: 2, WARM_UP + 50: 1})
    stage = Stage(choice_design(4), tmp_path, display=display)
    live = live_of(stage)
    assert stage.log is not None
    assert live.flips == sum(len(r["flips"]) - 1 for r in stage.log.records)
    assert [one["lost"] for one in live.late] == [2, 1]
    shown = live.intervals()
    assert shown["flips"].sum() == live.flips
    above = shown["edges"][:-1] >= live.late_above_ms - 1e-6
    assert shown["flips"][above].sum() == 2


def test_the_journal_tells_the_same_as_the_running_session(tmp_path: Path) -> None:
    stage = Stage(choice_design(6), tmp_path)
    live = live_of(stage)
    assert stage.log is not None
    again = LiveResult(stage.design, 60.0)
    for record in stage.log.records:
        again.add(as_event(record, 6))
    assert again.rows() == live.rows()
    np.testing.assert_array_equal(again.onsets()["off"], live.onsets()["off"])
    np.testing.assert_array_equal(again.share()["share"], live.share()["share"])


def test_onsets_are_measured_against_the_plan(tmp_path: Path) -> None:
    live = live_of(Stage(choice_design(5), tmp_path))
    assert np.abs(live.onsets()["off"]).max() < 1e-3
    assert live.onsets()["x"].tolist() == [2, 3, 4, 5]  # the first follows nothing
    stage = Stage(choice_design(5), tmp_path, session="02")
    late = LiveResult(stage.design, 60.0)

    def hear(event: dict[str, Any]) -> None:
        if event["what"] == "trial end":
            late.add(event)
            stage.display.wait(0.25 if event["number"] == 3 else 0.0)

    stage.hear = hear
    stage.run()
    np.testing.assert_allclose(late.onsets()["off"], [0, 0, 1000 * 4 / 60, 0], atol=1e-3)


def test_silence_counts_where_it_is_the_right_answer() -> None:
    live = LiveResult(choice_design(8), 60.0)
    said = ["seen", None, None, "seen", None, "seen", None, None, None, "seen"]
    for number, response in enumerate(said):
        right = "seen" if number % 5 == 0 else "none"
        mark = int((response or "none") == right)
        live.add(event(number, response, right) | {
            "answer": {"response": response, "correct": mark}})  # fmt: skip
    # both targets found, 2 false alarms on 8 others, 6 right rejections
    assert values(live)["Answers"] == "4 of 10"
    assert values(live)["Silent"] == "6"
    assert values(live)["Right"] == "80.0 %"
    found = live.detection()
    assert found is not None
    assert live.signal == "seen"
    assert values(live)["d-prime"] == f"{found.d_prime:.2f}"
    assert found.d_prime == pytest.approx(1.5569, abs=1e-4)  # z(2.5/3) - z(2.5/9)
    assert live.share()["share"][-1] == pytest.approx(0.8)


def test_right_answers_and_detection() -> None:
    live = LiveResult(choice_design(8), 60.0)
    said = ["left", "right", "left", "left", "left", "right", "right", None]
    for number, response in enumerate(said):
        live.add(event(number, response, ("left", "right")[number % 2]))
    # left: 3 of 4 hits; right: 1 false alarm of 3, one without an answer
    assert values(live) | {"Answers": "7 of 8", "No answer": "1"} == values(live)
    assert values(live)["Right"] == f"{100 * 5 / 7:.1f} %"
    found = live.detection()
    assert found is not None
    assert live.signal == "left"
    assert found.d_prime > 0
    share = live.share()["share"]
    assert share[-1] == pytest.approx(5 / 7)
    assert len(share) == 7


def test_streams_tell_targets_and_false_alarms(tmp_path: Path) -> None:
    live = live_of(Stage(stream_design(2, 30, 2), tmp_path))
    assert values(live)["Targets found"] == "4 of 4"
    assert values(live)["False alarms"] == "0"


def test_the_curve_has_its_fit_from_twenty_answers_on(tmp_path: Path) -> None:
    levels = tuple(np.linspace(0.1, 1.0, 6))
    rows: tuple[dict[str, Value], ...] = ({"stimulus": "squares:{level_index}", "correct": "left"},)
    method = Method("constant", levels, repeats=40)
    design = choice_design(6, blocks=(Block("b", "choice", rows, method=method),))
    live = LiveResult(design, 60.0)
    stage = Stage(design, tmp_path, Psychometric(threshold=0.5, seed=2))
    fitted: list[bool] = []

    def hear(said: dict[str, Any]) -> None:
        if said["what"] == "trial end":
            live.add(said)
            if len(live.trials) < 20:
                fitted.append("fit_x" in live.curve())

    stage.hear = hear
    assert stage.run() == "done"
    assert fitted == [False] * 19
    curve = live.curve()
    assert curve["n"].sum() == len(live.trials) == 240
    assert ((curve["low"] <= curve["y"]) & (curve["y"] <= curve["high"])).all()
    assert curve["fit_y"].min() >= 0.5  # chance of two answers
    # 300 simulated sessions of a quarter of these trials had an SD of 0.097; three of ours.
    assert curve["threshold"] == pytest.approx(0.5, abs=3 * 0.097 / 2)


def test_nothing_is_drawn_before_the_first_trial() -> None:
    live = LiveResult(choice_design(2), 60.0)
    assert (
        live.share() == live.intervals() == live.onsets() == live.reaction() == live.curve() == {}
    )
    assert values(live) == {"Answers": "0 of 0", "No answer": "0", "Right": "–"}
    assert live.detection() is None
