"""Work with an end in a panel: one task at a time, told on the panel's strip."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from backend.core.tasks import LOST, Task
from widgets.banner import Banner, BannerArea
from widgets.job_strip import JobStrip

if TYPE_CHECKING:
    from app.window import MainWindow


class PanelWork:
    """A panel's task and what follows it.

    Parameters
    ----------
    panel : id of the panel. strip, banners : where states and failures are shown.
    clears : banners, beside the task's own, that a new task takes away.
    """

    def __init__(
        self, window: MainWindow, panel: str, strip: JobStrip, banners: BannerArea,
        clears: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        self.window, self.panel, self.strip, self.banners = window, panel, strip, banners
        self.clears = ("task", *clears)
        self.task: Task | None = None
        self._then: Callable[[Any], object] | None = None

    @property
    def alive(self) -> bool:
        """Whether something is under way."""
        return self.task is not None and not self.task.finished

    @property
    def settled(self) -> bool:
        """Whether the last task has ended and what follows it was called."""
        return self.task is not None and self.task.finished and self._then is None

    def start(
        self, title: str, work: Callable[[Task], Any], then: Callable[[Any], object],
        ends: str = LOST,
    ) -> bool:  # fmt: skip
        """Start one piece of work; ``then(result)`` when it is done. False when one is alive.
        ``ends`` is true of what is done so far when it is cancelled."""
        if self.alive:
            assert self.task is not None
            self.window.say(f"{self.task.title} is under way. Cancel it, or wait for its end.")
            return False
        for key in self.clears:
            self.banners.remove(key)
        self.task = self.window.runner.task(title, work, self.panel, ends)
        self._then = then
        self.show()
        return True

    def toggle(self) -> bool:
        """Pause or continue what is under way; False when nothing is."""
        if not self.alive or self.task is None:
            return False
        self.task.resume() if self.task.state == "paused" else self.task.pause()
        self.show()
        return True

    def stop(self) -> None:
        """Cancel what is under way; what is finished stays."""
        if self.task is not None:
            self.task.cancel()

    def show(self) -> None:
        """State, progress and words on the strip; at the end, what follows."""
        task, strip = self.task, self.strip
        if task is None:
            strip.set_state("idle")
            return
        strip.set_state(task.state)
        total = task.total if not task.finished else 0
        strip.set_progress(task.done if total else None, total or None)
        strip.set_words("", *task_words(task))
        if task.finished and self._then is not None:
            then, self._then = self._then, None
            if task.outcome == "done":
                then(task.result)
            elif task.failure is not None:
                self.banners.show_banner("task", failure_banner(task.failure))


def failure_banner(failure: Any, buttons: Iterable[tuple[str, str]] = ()) -> Banner:
    """A failure in words, its traceback behind Details; ``buttons`` offer the fix."""
    return Banner(failure.title, failure.text, "error", buttons, failure.details)


def task_words(task: Task) -> tuple[str, str]:
    """What a task does and the time left."""
    if task.finished:
        return task.title, ""
    words = f"{task.done} of {task.total} {task.what}" if task.total else task.what or task.title
    left = task.seconds_left
    return words, f"{left:.0f} s left" if left is not None and left >= 1 else ""
