"""Trigger outputs: loop-back over serial and LSL, and a device that goes away."""

from __future__ import annotations

import pytest

from backend.core.parameters import ParameterError
from backend.stage.triggers import (
    Recorder,
    SelfTest,
    Triggers,
    loop_lsl,
    loop_serial,
    outputs_of,
)

CODES = (1, 2, 10, 20, 255)


def test_every_code_comes_back_over_a_serial_loop() -> None:
    found = loop_serial("loop://", CODES)
    assert found.passed
    assert found.came_back == CODES
    assert found.sentence.startswith("serial port loop://: all 5 codes came back, within")


def test_every_code_comes_back_over_lsl() -> None:
    found = loop_lsl(CODES)
    assert found.came_back == CODES, found.sentence
    assert len(found.delays_ms) == 5


def test_what_does_not_come_back_is_counted() -> None:
    sentence = SelfTest("serial port COM3", CODES, (1, 2), (0.1, 0.1)).sentence
    assert sentence == (
        "serial port COM3: 2 of 5 codes came back. Connect its output to its input and test again."
    )


def test_a_lost_device_is_said_once_and_the_others_go_on() -> None:
    said: list[str] = []
    steady, loose = Recorder("steady"), Recorder("loose", fails_after=1)
    triggers = Triggers([loose, steady], said.append)
    sent = [triggers.send(code, 0.0).sent for code in (1, 2, 3)]
    assert sent == [True, False, False]
    assert steady.codes == [1, 2, 3]
    assert len(said) == 1
    assert "loose no longer answers" in said[0]


def test_a_device_that_fails_to_close_does_not_keep_the_others_open() -> None:
    closed: list[str] = []

    class Stuck(Recorder):
        def close(self) -> None:
            closed.append(self.name)
            raise OSError("device unplugged")

    Triggers([Stuck("one"), Stuck("other")]).close()
    assert closed == ["one", "other"]


@pytest.mark.parametrize("text", ["parallel", "serial", "serial:"])
def test_unknown_outputs_are_refused(text: str) -> None:
    with pytest.raises(ParameterError, match="Use lsl or serial:PORT"):
        outputs_of([text])


def test_a_port_that_is_not_there_is_said() -> None:
    with pytest.raises(ParameterError, match="cannot be opened as a serial port"):
        outputs_of(["serial:/dev/no-such-port"])
