"""Work with an end: progress, pause, cancel, and a failure in words."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from conftest import until

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.core.tasks import Task

PATIENCE = 5.0


def started(call: Callable[[Task], Any]) -> Task:
    task = Task("Make gratings", call)
    task.start()
    return task


class Steps:
    """Work of many steps; the test lets it go on one by one."""

    def __init__(self, count: int) -> None:
        self.count, self.reached = count, 0
        self.gate = threading.Semaphore(0)

    def __call__(self, task: Task) -> str:
        for step in range(self.count):
            self.gate.acquire(timeout=PATIENCE)
            self.reached = step + 1
            task.progress(step + 1, self.count, "images")
        return "all"

    def go(self, steps: int) -> None:
        for _ in range(steps):
            self.gate.release()


def test_a_task_says_how_far_it_is_and_ends_with_its_result() -> None:
    steps = Steps(4)
    task = started(steps)
    assert (task.state, task.finished, task.seconds_left) == ("running", False, None)
    steps.go(2)
    assert until(lambda: task.done == 2)
    assert (task.total, task.what) == (4, "images")
    left = task.seconds_left
    assert left is not None
    assert left >= 0
    steps.go(2)
    assert task.wait(PATIENCE)
    assert (task.state, task.outcome, task.result, task.failure) == ("done", "done", "all", None)


def test_a_paused_task_stands_still_and_goes_on() -> None:
    steps = Steps(5)
    task = started(steps)
    steps.go(1)
    assert until(lambda: task.done == 1)
    task.pause()
    assert task.state == "paused"
    steps.go(4)
    assert until(lambda: steps.reached == 2)
    assert not task.wait(0.05)
    assert steps.reached == 2
    task.resume()
    assert task.wait(PATIENCE)
    assert (task.state, steps.reached) == ("done", 5)


@pytest.mark.parametrize("paused", [False, True])
def test_cancel_ends_at_the_next_step_also_while_paused(paused: bool) -> None:
    steps = Steps(100)
    task = started(steps)
    steps.go(1)
    assert until(lambda: task.done == 1)
    if paused:
        task.pause()
        steps.go(1)
        assert until(lambda: steps.reached == 2)
    task.cancel()
    steps.go(1)
    assert task.wait(PATIENCE)
    assert (task.state, task.result, task.failure) == ("cancelled", None, None)
    assert steps.reached <= 3


@pytest.mark.parametrize(
    ("error", "title", "text"),
    [
        (ParameterError("side", "Side 3 is too small. Use 16."), "A setting cannot be used",
         "Side 3 is too small. Use 16."),
        (FileProblem("a.png is no picture."), "A file cannot be used", "a.png is no picture."),
        (MemoryError(), "The run needs more memory than is free", "Nothing was lost."),
        (ZeroDivisionError("by nothing"), "unexpected problem", "ZeroDivisionError: by nothing"),
    ],
)  # fmt: skip
def test_a_failure_is_said_in_words(error: Exception, title: str, text: str) -> None:
    def broken(task: Task) -> None:
        raise error

    task = started(broken)
    assert task.wait(PATIENCE)
    assert (task.state, task.result) == ("failed", None)
    assert title in task.failure.title
    assert text in task.failure.text
    assert type(error).__name__ in task.failure.details


def test_the_time_left_does_not_count_what_an_earlier_task_did(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr("backend.core.tasks.time.monotonic", lambda: now[0])
    task = Task("Record", lambda _: None)
    task.progress(900, 1000, "pictures")
    assert task.seconds_left is None
    now[0] += 10
    task.progress(950, 1000)
    assert task.seconds_left == pytest.approx(10)
    task.progress(0, 30, "layers")  # another stage has its own pace
    assert task.seconds_left is None
