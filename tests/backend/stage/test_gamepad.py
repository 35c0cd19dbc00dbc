"""A game pad is a joystick device of Linux; here a pipe with its name."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.stage.gamepad import AT_START, EVENT, PRESSED, GamePad

AXIS = 0x02


class Plug:
    """The device's end of the pipe."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.file = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def button(self, number: int, down: bool, kind: int = PRESSED) -> None:
        os.write(self.file, EVENT.pack(0, int(down), kind, number))

    def pull(self) -> None:
        os.close(self.file)
        self.file = -1


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    made = Plug(tmp_path / "js0")
    yield made
    if made.file >= 0:
        made.pull()


@pytest.fixture
def pad(plug: Plug, tmp_path: Path) -> Iterator[GamePad]:
    made = GamePad(tmp_path)
    yield made
    made.close()


def test_presses_and_releases_come_in_order_with_their_time(plug: Plug, pad: GamePad) -> None:
    before = time.perf_counter()
    plug.button(0, True)
    plug.button(3, True)
    plug.button(0, False)
    found = pad.events()
    assert [(e.key, e.down, e.device) for e in found] == [
        ("a", True, "gamepad"), ("y", True, "gamepad"), ("a", False, "gamepad"),
    ]  # fmt: skip
    assert before <= found[0].time <= found[-1].time <= time.perf_counter()
    assert pad.down == ["y"]
    assert pad.events() == []


def test_the_state_at_the_start_axes_and_unknown_buttons_are_no_answers(
    plug: Plug, pad: GamePad
) -> None:
    plug.button(0, True, PRESSED | AT_START)
    plug.button(1, True, AXIS)
    plug.button(40, True)
    assert pad.events() == []
    assert pad.down == []


def test_a_pad_that_is_pulled_out_holds_nothing_down(plug: Plug, pad: GamePad) -> None:
    plug.button(1, True)
    assert [event.key for event in pad.events()] == ["b"]
    plug.pull()
    assert pad.events() == []
    assert pad.down == []
    assert pad.events() == []


def test_two_pads_answer_both(plug: Plug, tmp_path: Path) -> None:
    other = Plug(tmp_path / "js1")
    pad = GamePad(tmp_path)
    plug.button(0, True)
    other.button(2, True)
    assert sorted(event.key for event in pad.events()) == ["a", "x"]
    pad.close()
    other.pull()


@pytest.mark.parametrize("folder", ["", "missing"])
def test_no_pad_is_no_problem(folder: str, tmp_path: Path) -> None:
    pad = GamePad(tmp_path / folder)
    assert pad.events() == []
    pad.close()
