"""The presentation loop on the simulated clock: frames, misses, triggers, answers, pauses."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stage_tools import WARM_UP, Stage, choice_design, read_tsv, stream_design

from backend.stage.design import (
    AnswerKey,
    Block,
    Design,
    Item,
    Method,
    Phase,
    Source,
    TrialKind,
)
from backend.stage.display import SimulatedDisplay
from backend.stage.headless import present
from backend.stage.participants import Press, Psychometric, Silent, Simulated, TrialView
from backend.stage.templates import template
from backend.stage.triggers import Recorder

FRAME = 1 / 60


@dataclass
class Fixed(Simulated):
    """Presses one key after a fixed time from the stimulus's onset."""

    key: str = "f"
    delay: float = 0.45

    def respond(self, view: TrialView) -> list[Press]:
        """The one press."""
        return [Press(self.key, "keyboard", self.delay)]


@pytest.fixture(scope="module")
def rsvp(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """10,000 pictures: two sessions of 50 streams of 100."""
    stage = Stage(stream_design(streams=50), tmp_path_factory.mktemp("rsvp"))
    assert stage.run() == "done"
    second = dataclasses.replace(stage_again(stage), session="02")
    assert second.run() == "done"
    stage.said += second.said
    stage.recorder.codes += second.recorder.codes
    stage.both = [stage.events, second.events]  # type: ignore[attr-defined]
    return stage


def stage_again(stage: Stage) -> Stage:
    return Stage(stage.design, stage.out, seed=2)


def tables(rsvp: Stage) -> Iterator[list[dict[str, str]]]:
    yield from rsvp.both  # type: ignore[attr-defined]


def test_planned_frames_equal_shown_frames(rsvp: Stage) -> None:
    pictures = [row for table in tables(rsvp) for row in table if row["label"] != "n/a"]
    assert len(pictures) == 10_000
    assert {(row["planned_frames"], row["shown_frames"]) for row in pictures} == {("6", "6")}
    assert not [late for event in rsvp.said for late in event.get("late", [])]


def test_onsets_lie_on_the_frame_grid_and_only_grow(rsvp: Stage) -> None:
    for table in tables(rsvp):
        onsets = np.array([float(row["onset"]) for row in table])
        assert np.all(np.diff(onsets) >= 0)
        flips = np.array([float(row["onset"]) for row in table if row["trial_type"] != "answer"])
        off = np.abs(flips * 60 - np.round(flips * 60)) / 60
        assert off.max() < 1e-6


def test_all_triggers_are_there_in_order(rsvp: Stage) -> None:
    codes = rsvp.recorder.codes
    assert [codes.count(code) for code in (1, 2, 10)] == [400, 9600, 100]
    assert codes.count(20) == 400  # the ideal participant presses once a target
    logged = [int(row["value"]) for table in tables(rsvp) for row in table if row["value"] != "n/a"]
    assert sorted(logged) == sorted(codes)
    assert {row["trigger_sent"] for table in tables(rsvp) for row in table} == {"1", "n/a"}


def test_the_ideal_participant_hits_every_target(rsvp: Stage) -> None:
    ends = [event["answer"] for event in rsvp.said if event["what"] == "trial end"]
    assert {(e["targets"], e["hits"], e["false_alarms"]) for e in ends} == {(4, 4, 0)}


@pytest.mark.parametrize("seed", range(3))
def test_injected_late_flips_are_all_found_and_named_and_none_invented(
    seed: int, tmp_path: Path
) -> None:
    design = stream_design(streams=8, pictures=50)
    rng = np.random.default_rng(seed)
    flips_of_trial = 30 + 300 + 90 + 1
    chosen = rng.choice(8 * flips_of_trial, 40, replace=False)
    late = {WARM_UP + int(k): int(rng.integers(1, 4)) for k in chosen}
    stage = Stage(
        design,
        tmp_path,
        responder=None,
        display=SimulatedDisplay(late=late, jitter_sd=3e-4, seed=9),
    )
    assert stage.run() == "done"
    found = {
        (one["trial"], one["frame"]): one["lost"]
        for event in stage.said
        for one in event.get("late", [])
    }
    expected = {}
    for k in chosen:
        trial, frame = divmod(int(k), flips_of_trial)
        if frame > 0:  # the first flip of a trial follows a pause, which is no miss
            expected[(trial + 1, frame)] = late[WARM_UP + int(k)]
    assert found == expected
    report = stage.log.raw / f"{stage.log.stem}_timing.json"  # type: ignore[union-attr]
    assert f'"misses": {len(expected)}' in report.read_text()


def starts_and_ends(stage: Stage) -> tuple[np.ndarray, np.ndarray]:
    """Frame of each trial's first flip and of the flip that ended it."""
    assert stage.log is not None
    flips = [np.array(record["flips"]) * 60 for record in stage.log.records]
    return np.array([one[0] for one in flips]), np.array([one[-1] for one in flips])


def test_trials_follow_each_other_after_the_planned_frames(tmp_path: Path) -> None:
    stage = Stage(choice_design(20), tmp_path)
    stage.hear = lambda event: stage.display.wait(0.1) if event["what"] == "trial end" else None
    assert stage.run() == "done"
    starts, ends = starts_and_ends(stage)
    np.testing.assert_allclose(starts[1:] - ends[:-1], 12, atol=1e-4)  # 200 ms
    assert not [late for event in stage.said for late in event.get("late", [])]
    rows = read_tsv(stage.log.folder / f"{stage.log.stem}_beh.tsv")  # type: ignore[union-attr]
    both = [(row["frames_before_planned"], row["frames_before"]) for row in rows]
    assert both == [("n/a", "n/a")] + [("12", "12")] * 19


def test_a_trial_that_is_not_ready_in_time_is_named(tmp_path: Path) -> None:
    stage = Stage(choice_design(4), tmp_path)
    slow = lambda event: event["what"] == "trial end" and event["number"] == 2  # noqa: E731
    stage.hear = lambda event: stage.display.wait(1.0) if slow(event) else None
    assert stage.run() == "done"
    late = [one for event in stage.said for one in event.get("late", [])]
    assert [(one["trial"], one["frame"], one["phase"]) for one in late] == [
        (3, 0, "between trials")
    ]
    assert late[0]["lost"] == 60 + 1 - 12  # the first flip after a second
    rows = read_tsv(stage.log.folder / f"{stage.log.stem}_beh.tsv")  # type: ignore[union-attr]
    assert [row["frames_before"] for row in rows] == ["n/a", "12", "61", "12"]


def test_without_a_planned_time_a_trial_begins_when_it_is_ready(tmp_path: Path) -> None:
    kinds = tuple(dataclasses.replace(k, between_ms=0) for k in choice_design().trial_kinds)
    stage = Stage(choice_design(20, trial_kinds=kinds), tmp_path)
    stage.hear = lambda event: stage.display.wait(3.0) if event["what"] == "trial end" else None
    assert stage.run() == "done"
    starts, ends = starts_and_ends(stage)
    np.testing.assert_allclose(starts[1:] - ends[:-1], 181, atol=1e-4)
    assert not [late for event in stage.said for late in event.get("late", [])]


def test_the_oddball_shows_one_grating_a_second(tmp_path: Path) -> None:
    stage = Stage(template("oddball"), tmp_path)
    assert stage.run() == "done"
    shown = [float(row["onset"]) for row in stage.events if "d" in row["trial_type"][:8]
             and row["stim_file"] != "n/a"]  # fmt: skip
    apart = np.diff(shown)
    assert len(shown) == 200
    np.testing.assert_allclose(apart[np.arange(199) != 99], 1.0, atol=1e-6)  # a page half way


def test_without_a_device_no_trigger_counts_as_sent(tmp_path: Path) -> None:
    done = present(choice_of_gratings(), tmp_path)
    rows = read_tsv(next(done.folder.glob("*_events.tsv")))
    assert {row["value"] for row in rows} > {"1"}
    assert {row["trigger_sent"] for row in rows} == {"n/a"}


def choice_of_gratings() -> Design:
    return choice_design(4, sources=(Source("squares", "gratings", count=4),))


def test_the_operator_can_end_a_trial_that_waits_for_ever(tmp_path: Path) -> None:
    phases = (
        Phase("picture", "stimulus", 100, (Item(size_deg=4.0),)),
        Phase("response", "response", 0, answers=True, until_answer=True),
    )
    design = choice_design(3, trial_kinds=(TrialKind("choice", phases),))
    asked = iter(["", *[""] * 30, "abort"])
    stage = Stage(design, tmp_path, responder=None, patience=0.0, control=lambda: next(asked))
    assert stage.run() == "aborted"
    assert stage.log is not None
    assert stage.log.records == []


def test_response_time_counts_from_the_onset_flip(tmp_path: Path) -> None:
    stage = Stage(choice_design(4), tmp_path, Fixed(delay=0.4567))
    stage.run()
    rows = [row for row in stage.events if row["trial_type"] == "picture"]
    assert [float(row["response_time"]) for row in rows] == pytest.approx([0.4567] * 4, abs=1e-6)
    assert [row["correct"] for row in rows] == ["1", "0", "1", "0"]
    assert {row["response"] for row in rows} == {"left"}


def test_an_answer_ends_the_answer_phase_at_the_next_flip(tmp_path: Path) -> None:
    stage = Stage(choice_design(1, feedback=False), tmp_path, Fixed(delay=0.4567))
    stage.run()
    phases = {row["trial_type"]: row for row in stage.events}
    assert phases["picture"]["shown_frames"] == "18"
    assert int(phases["response"]["shown_frames"]) == np.ceil((0.4567 - 0.3) * 60) + 1


def test_an_answer_during_the_picture_skips_the_answer_phase(tmp_path: Path) -> None:
    stage = Stage(choice_design(1, feedback=False), tmp_path, Fixed(delay=0.1))
    stage.run()
    assert [row["trial_type"] for row in stage.events] == ["fixation", "picture", "answer"]
    assert stage.events[2]["value"] == "20"


def test_feedback_says_right_wrong_and_no_answer(tmp_path: Path) -> None:
    display = SimulatedDisplay()
    shown: list[str] = []
    stage = Stage(choice_design(2), tmp_path, Fixed(delay=0.1), display=display)

    def hear(event: dict[str, Any]) -> None:
        if event["what"] == "phase" and event["name"] == "feedback":
            shown.append(display.shown[0].texture.rpartition(":")[2])

    stage.hear = hear
    stage.run()
    silent = Stage(choice_design(1), tmp_path, Silent(), display, subject="02")
    silent.hear = hear
    silent.run()
    assert shown == ["Right", "Wrong", "No answer"]


def test_a_key_held_down_is_said_and_does_not_answer(tmp_path: Path) -> None:
    display = SimulatedDisplay()
    display.press("f", 0.0, hold=WARM_UP * FRAME + 0.25)
    stage = Stage(choice_design(1, feedback=False), tmp_path, None, display)
    display.flip()
    display.answers()
    display.press("j", 64 * FRAME + 0.3, hold=0.05)
    stage.run()
    assert '"f" held down' in stage.sentences()[0]
    picture = next(row for row in stage.events if row["trial_type"] == "picture")
    assert picture["response"] == "right"


def test_a_press_before_answers_count_is_told_apart(tmp_path: Path) -> None:
    stage = Stage(choice_design(1, feedback=False), tmp_path, None)
    stage.display.press("f", (WARM_UP + 5) * FRAME)
    stage.run()
    assert any("1 presses came before" in e.get("sentence", "") for e in stage.said)
    assert next(r for r in stage.events if r["trial_type"] == "picture")["response"] == "n/a"


@pytest.mark.parametrize(("delay", "counts"), [(1.299, True), (1.301, False)])
def test_a_press_in_the_last_frame_of_the_time_out_counts(
    delay: float, counts: bool, tmp_path: Path
) -> None:
    """Picture 300 ms and 1 s to answer: the window closes at the flip 1.3 s after the onset."""
    stage = Stage(choice_design(1, feedback=False), tmp_path, Fixed(delay=delay))
    stage.run()
    picture = next(row for row in stage.events if row["trial_type"] == "picture")
    assert (picture["response"] == "left") is counts


def test_feedback_and_record_agree_on_the_last_moment(tmp_path: Path) -> None:
    display = SimulatedDisplay()
    shown: list[str] = []
    for number, delay in enumerate(np.linspace(1.25, 1.32, 15)):
        stage = Stage(choice_design(1), tmp_path, Fixed(delay=float(delay)), display,
                      subject=f"{number + 1:02d}")  # fmt: skip

        def hear(event: dict[str, Any]) -> None:
            if event["what"] == "phase" and event["name"] == "feedback":
                shown.append(display.shown[0].texture.rpartition(":")[2])

        stage.hear = hear
        stage.run()
        answered = any(row["trial_type"] == "answer" for row in stage.events)
        assert shown[-1] == ("Right" if answered else "No answer")
    assert {"Right", "No answer"} == set(shown)


def test_lost_focus_is_said_and_the_trial_is_marked(tmp_path: Path) -> None:
    stage = Stage(choice_design(3), tmp_path)

    def hear(event: dict[str, Any]) -> None:
        if event["what"] == "trial":
            stage.display.focused = event["number"] != 2

    stage.hear = hear
    assert stage.run() == "done"
    assert [s for s in stage.sentences() if "lost the focus in trial 2" in s]
    assert [record["focused"] for record in stage.log.records] == [True, False, True]  # type: ignore[union-attr]


def test_an_unplugged_trigger_device_is_said_once_and_the_run_goes_on(tmp_path: Path) -> None:
    stage = Stage(choice_design(6), tmp_path, recorder=Recorder(fails_after=5))
    assert stage.run() == "done"
    said = [s for s in stage.sentences() if "no longer answers" in s]
    assert len(said) == 1
    sent = [row["trigger_sent"] for row in stage.events if row["trigger_sent"] != "n/a"]
    assert sent == ["1"] * 5 + ["0"] * 7


def commands(*given: str) -> Callable[[], str]:
    left = list(given)
    return lambda: left.pop(0) if left else ""


def test_pause_holds_between_trials_and_goes_on(tmp_path: Path) -> None:
    control = commands("", "", "pause", *["pause"] * 30)
    stage = Stage(choice_design(4), tmp_path, control=control)
    assert stage.run() == "done"
    assert len(stage.log.records) == 4  # type: ignore[union-attr]
    said = [event["sentence"] for event in stage.said if event["what"] == "message"]
    assert said == ["Paused after the trial.", "Going on."]


def test_abort_keeps_what_is_there(tmp_path: Path) -> None:
    stage = Stage(choice_design(6), tmp_path, control=commands("", "", "", "abort"))
    assert stage.run() == "aborted"
    assert {row["trial"] for row in stage.events} == {"1", "2", "3"}


def test_the_quit_key_ends_within_the_trial_which_is_not_kept(tmp_path: Path) -> None:
    stage = Stage(choice_design(6), tmp_path)

    def hear(event: dict[str, Any]) -> None:
        if event["what"] == "phase" and event["trial"] == 3:
            stage.display.press("escape", stage.display.now())

    stage.hear = hear
    assert stage.run() == "aborted"
    assert len(stage.log.records) == 2  # type: ignore[union-attr]


def test_pages_wait_for_a_key_and_rests_come_when_due(tmp_path: Path) -> None:
    block = dataclasses.replace(choice_design().blocks[0], before="Welcome", rest_every=2)
    stage = Stage(choice_design(blocks=(block,)), tmp_path)
    assert stage.run() == "done"
    pages = [event["words"] for event in stage.said if event["what"] == "page"]
    assert pages[0] == "Welcome"
    assert [page[:6] for page in pages[1:]] == ["2 of 6", "4 of 6"]


def adaptive_design(method: Method) -> Any:
    rows = tuple(
        {"stimulus": "squares:{level_index}", "correct": side} for side in ("left", "right")
    )
    block = Block("adaptive", "choice", rows, method=method)
    return choice_design(20, blocks=(block,))


def test_a_staircase_runs_and_every_trial_has_its_level(tmp_path: Path) -> None:
    levels = tuple(np.linspace(0.05, 1.0, 20))
    method = Method("staircase", levels, start=19, step=4, reversals=8)
    observer = Psychometric(threshold=0.5, spread=0.08, seed=4)
    stage = Stage(adaptive_design(method), tmp_path, observer)
    assert stage.run() == "done"
    ends = [event for event in stage.said if event["what"] == "trial end"]
    assert "8 of 8 reversals" in ends[-1]["method"]
    shown = [row for row in stage.events if row["trial_type"] == "picture"]
    for row in shown:
        assert row["stimulus"] == f"squares:{row['level_index']}"
        assert float(row["level"]) == pytest.approx(levels[int(row["level_index"])])


def test_textures_of_past_trials_are_freed(tmp_path: Path) -> None:
    stage = Stage(choice_design(20, feedback=False), tmp_path)
    stage.run()
    assert len([name for name in stage.display.textures if name.startswith("squares")]) == 1


def test_a_phase_without_time_out_and_a_text_phase(tmp_path: Path) -> None:
    phases = (
        Phase("ready", "text", 0, (Item("text", "Go", size_deg=0.6),), until_answer=True),
        Phase("picture", "stimulus", 100, (Item(size_deg=4.0),), answers=True),
        Phase("response", "response", 0, answers=True, until_answer=True, answered="end"),
    )
    design = choice_design(2, trial_kinds=(TrialKind("choice", phases),),
                           keys=(AnswerKey("f", "left"), AnswerKey("j", "right")))  # fmt: skip
    stage = Stage(design, tmp_path, Simulated())
    assert stage.run() == "done"
    pictures = [row for row in stage.events if row["trial_type"] == "picture"]
    assert [row["correct"] for row in pictures] == ["1", "1"]


def test_a_photodiode_square_is_on_while_the_picture_is(tmp_path: Path) -> None:
    display = SimulatedDisplay()
    seen: dict[str, list[str]] = {}
    stage = Stage(choice_design(1, photodiode=True), tmp_path, display=display)

    def hear(event: dict[str, Any]) -> None:
        if event["what"] == "phase":
            seen[event["name"]] = [layer.texture for layer in display.shown]

    stage.hear = hear
    stage.run()
    assert "patch" in seen["picture"]
    assert "patch" not in seen["fixation"]
