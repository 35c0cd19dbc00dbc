"""Garbage in the window's thread: what imports brought is not walked again and again."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.collector import Collector


class Knot:
    """Garbage that only a collection finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def collector(qtbot: QtBot) -> Iterator[Collector]:
    made = Collector()
    made.timer.stop()  # the test says when
    yield made
    made.stop()


def garbage() -> weakref.ref[Knot]:
    return weakref.ref(Knot())


def test_what_is_alive_after_many_imports_is_set_aside_once(collector: Collector) -> None:
    collector.collect()
    set_aside = gc.get_freeze_count()
    assert set_aside > 10_000
    keep = [Knot() for _ in range(100)]
    collector.collect()
    assert gc.get_freeze_count() == set_aside, len(keep)


def test_later_garbage_is_still_collected(collector: Collector) -> None:
    collector.collect()
    knot = garbage()
    keep = [[one] for one in range(2 * gc.get_threshold()[0])]
    collector.collect()
    assert knot() is None, len(keep)


def test_everything_is_python_s_again_when_the_window_closes(collector: Collector) -> None:
    collector.collect()
    collector.stop()
    assert gc.get_freeze_count() == 0
    assert gc.isenabled()
