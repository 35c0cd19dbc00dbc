"""Work with an end that is no study's run: make a set, import, export, match, prepare a stage."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from backend.core.run import Cancelled

LOST = "What is made so far is lost."
KEPT = "What is made so far is kept, and the same goes on there."


class Task:
    """One piece of work in its own thread; owned by the runner, watched by whoever asked for it.

    ``call(task)`` runs in the thread; it calls ``task.check()`` often and returns the result.

    Attributes
    ----------
    title : what is made, in words.
    outcome : "" while alive, then "done", "cancelled" or "failed".
    result : what ``call`` returned.
    failure : why it failed, for people (a :class:`backend.core.runner.Failure`), or None.
    ends : what becomes of what is done so far when it is cancelled, a sentence.
    """

    def __init__(
        self, title: str, call: Callable[[Task], Any], panel: str = "", ends: str = LOST
    ) -> None:
        self.title = title
        self.panel = panel
        self.ends = ends
        self.outcome = ""
        self.result: Any = None
        self.failure: Any = None
        self.done, self.total, self.what = 0, 0, ""
        self.began = time.monotonic()
        self._paused = self._rested = 0.0
        self._first: tuple[int, float] | None = None
        self._call = call
        self._cancelled = threading.Event()
        self._going = threading.Event()
        self._going.set()
        self._thread = threading.Thread(target=self._work, name=f"task {title}")

    def start(self) -> None:
        """Start the thread; once."""
        self._thread.start()

    def _work(self) -> None:
        from backend.core.runner import describe

        outcome = "failed"
        try:
            self.result = self._call(self)
            outcome = "done"
        except Cancelled:
            outcome = "cancelled"
        except (Exception, SystemExit) as error:  # everything ends as words beside the task
            self.failure = describe(error)
        finally:
            self.outcome = outcome

    # ---- from the work ---------------------------------------------------------------------

    def check(self) -> None:
        """Wait while paused; raise Cancelled when the owner cancelled."""
        self._going.wait()
        self.look()

    def look(self) -> None:
        """Raise Cancelled when the owner cancelled; goes on while paused."""
        if self._cancelled.is_set():
            raise Cancelled

    def progress(self, done: int, total: int, what: str = "") -> None:
        """Say how far it is, and look whether to go on."""
        if self._first is None or total != self.total or done < self.done:
            # What an earlier task of the same left done, or another stage took, says no pace.
            self._first = done, time.monotonic() - self.rested
        self.done, self.total, self.what = done, total, what or self.what
        self.check()

    # ---- from the owner --------------------------------------------------------------------

    @property
    def finished(self) -> bool:
        return bool(self.outcome)

    @property
    def state(self) -> str:
        """running, paused, done, cancelled or failed."""
        return self.outcome or ("running" if self._going.is_set() else "paused")

    @property
    def seconds_left(self) -> float | None:
        """Estimate from what was done since its first report; None before 2 % of what was left
        then, or without a total."""
        if not self.total or self._first is None:
            return None
        before, began = self._first
        made = self.done - before
        if made <= 0 or made < 0.02 * (self.total - before):
            return None
        return (time.monotonic() - self.rested - began) * (self.total - self.done) / made

    @property
    def rested(self) -> float:
        """Seconds it has been paused."""
        now = time.monotonic() - self._paused if self._paused else 0.0
        return self._rested + now

    def pause(self) -> None:
        if not self._paused:
            self._paused = time.monotonic()
        self._going.clear()

    def resume(self) -> None:
        self._rested, self._paused = self.rested, 0.0
        self._going.set()

    def cancel(self) -> None:
        """Ask it to stop at its next check."""
        self._cancelled.set()
        self._going.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for its end."""
        self._thread.join(timeout)
        return not self._thread.is_alive()
