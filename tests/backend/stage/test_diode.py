"""The photodiode: a byte on a serial port at each light; here the other end of a terminal."""

from __future__ import annotations

import os
import pty
import threading
import time
import tty
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from backend.core.files import FileProblem
from backend.stage.diode import Listener, delays_of


def until(condition: Callable[[], bool]) -> bool:
    end, gate = time.monotonic() + 5.0, threading.Event()
    while not condition() and time.monotonic() < end:
        gate.wait(0.005)
    return condition()


@pytest.fixture
def line() -> Iterator[tuple[int, str]]:
    """(our end, name of the port)."""
    ours, port = pty.openpty()
    tty.setraw(port)
    yield ours, os.ttyname(port)
    for file in (ours, port):
        os.close(file)


def test_every_byte_is_stamped(line: tuple[int, str]) -> None:
    ours, port = line
    listener = Listener(port)
    sent = []
    for number in range(3):
        sent.append(time.perf_counter())
        os.write(ours, b"\x01")
        assert until(lambda number=number: len(listener.stamps) > number)  # type: ignore[misc]
    heard = listener.stop()
    assert len(heard) == 3
    delays = delays_of(np.array(sent), np.array(heard))
    assert len(delays) == 3
    assert min(delays) >= 0.0


def test_what_was_heard_before_the_cable_came_out_counts(line: tuple[int, str]) -> None:
    ours, port = line
    listener = Listener(port)
    os.write(ours, b"\x01")
    assert until(lambda: len(listener.stamps) == 1)
    listener.serial.close()
    assert len(listener.stop()) == 1


def test_a_port_that_is_not_there_is_said() -> None:
    with pytest.raises(FileProblem, match=r"photodiode on /dev/nothing .* Check the cable"):
        Listener("/dev/nothing")


def test_delays_are_to_the_first_light_after_each_flip() -> None:
    flips = np.array([1.0, 1.5, 2.0, 2.5])
    lights = np.array([2.508, 1.004, 1.006, 1.9, 2.3])  # none within 0.2 s of 1.5 and 2.0
    assert delays_of(flips, lights) == pytest.approx([4.0, 8.0])
    assert delays_of(flips, np.empty(0)) == []
    assert delays_of(np.empty(0), lights) == []
