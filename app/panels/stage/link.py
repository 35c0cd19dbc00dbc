"""The operator's end of the pipe to the stage process."""

from __future__ import annotations

import multiprocessing
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

POLL_MS = 15
PATIENCE_S = 4.0
MOST_AT_ONCE = 400


class StageLink(QObject):
    """Starts the stage process, sends commands, emits what it says.

    Signals: ``said(event)`` a dictionary with the key ``what``; ``ended(sentence)`` when the
    process is gone ("" after it was asked to close).
    """

    said = Signal(object)
    ended = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.process: Any = None
        self.pipe: Any = None
        self._closing = False
        self.timer = QTimer(self)
        self.timer.setInterval(POLL_MS)
        self.timer.timeout.connect(self._poll)

    @property
    def open(self) -> bool:
        """Whether the stage's window stands."""
        return self.process is not None

    def start(self, spec: dict[str, Any]) -> None:
        """Open the stage's window in a process of its own."""
        from app.stage_process import main

        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._closing = False
        self.process = context.Process(target=main, args=(theirs, spec), name="stage")
        self.process.start()
        theirs.close()
        self.timer.start()

    def tell(self, do: str, **facts: Any) -> None:
        """Send a command; a process that is gone is noticed at the next poll."""
        if self.pipe is not None:
            try:
                self.pipe.send({"do": do, **facts})
            except OSError:
                self._gone()

    def close(self) -> None:
        """Ask the process to end; it finishes writing first."""
        self._closing = True
        self.tell("close")

    def shut(self) -> None:
        """Close and wait: the program ends."""
        self.timer.stop()
        if self.process is None:
            return
        self.close()
        self.process.join(PATIENCE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self._forget()

    def _poll(self) -> None:
        """Take what was said, at most a few hundred events at once."""
        try:
            for _ in range(MOST_AT_ONCE):
                if self.pipe is None or not self.pipe.poll(0):
                    break
                self.said.emit(self.pipe.recv())
        except (EOFError, OSError):
            self._gone()
            return
        if self.process is not None and not self.process.is_alive() and not self.pipe.poll(0):
            self._gone()

    def _gone(self) -> None:
        if self.process is None:
            return
        self.process.join(PATIENCE_S)
        code = self.process.exitcode
        self._forget()
        words = (
            ""
            if self._closing or code == 0
            else (
                f"The stage ended by itself (exit {code}). Every finished trial is on disk. "
                f"Check the screen again, then resume the session."
            )
        )
        self.ended.emit(words)

    def _forget(self) -> None:
        self.timer.stop()
        if self.pipe is not None:
            self.pipe.close()
        self.process = self.pipe = None
