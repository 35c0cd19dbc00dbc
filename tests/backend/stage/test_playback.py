"""What a preview shows is what the stage would show, frame by frame."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage_tools import Squares, Stage, choice_design, stream_design

from backend.stage.plan import Plan, plan
from backend.stage.playback import Moment, Playback


def playback(made: Plan, number: int = 0) -> Playback:
    return Playback(made, made.trials[number], Squares(made.design))


def test_a_stream_shows_each_picture_for_its_frames() -> None:
    made = plan(stream_design(1, 10, 2), 60.0, "01", 1)
    played = playback(made)
    assert played.frames == 30 + 10 * 6 + 90
    first = played.start_of("pictures")
    assert (first, played.start_of_onset()) == (30, 30)
    shown = [played.at(first + frame).layers[-1].texture for frame in range(60)]
    assert shown == [name for name in made.trials[0].row["pictures"] for _ in range(6)]
    assert [played.at(first + frame).frame for frame in range(7)] == [0, 1, 2, 3, 4, 5, 0]
    assert set(shown) <= played.textures.keys()


def test_it_is_what_the_presenter_shows(tmp_path: Path) -> None:
    stage = Stage(stream_design(1, 10, 2), tmp_path)
    drawn: list[str] = []
    flip = stage.display.flip

    def watched() -> float:
        drawn.append(" ".join(layer.texture for layer in stage.display.shown))
        return flip()

    stage.display.flip = watched  # type: ignore[method-assign]
    assert stage.run() == "done"
    played = playback(stage.plan)
    wanted = [
        " ".join(layer.texture for layer in played.at(frame).layers)
        for frame in range(played.frames)
    ]
    begin = drawn.index("fixation")
    assert drawn[begin : begin + played.frames] == wanted


def test_feedback_is_that_of_the_outcome() -> None:
    played = playback(plan(choice_design(2), 60.0, "01", 1))
    at = played.start_of("feedback")
    assert at > 0
    seen = {name: played.at(at, name).layers for name in ("right", "wrong", "no answer")}
    assert all(seen.values())
    assert len({tuple(layers) for layers in seen.values()}) == 3


@pytest.mark.parametrize("frame", [-5, 10**6])
def test_frames_outside_the_trial_are_its_ends(frame: int) -> None:
    played = playback(plan(choice_design(2), 60.0, "01", 1))
    end = played.at(frame)
    inside: Moment = played.at(0 if frame < 0 else played.frames - 1)
    assert (end.step, end.frame) == (inside.step, inside.frame)


def test_a_phase_that_is_not_there_begins_at_the_beginning() -> None:
    assert playback(plan(choice_design(2), 60.0, "01", 1)).start_of("mask") == 0
