"""Pages whose timers run while somebody sees them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

FRAME_MS, SLOW_MS = 16, 125
"""Drawing follows the screen; states and words eight times a second are enough."""


class TickingPage(QWidget):
    """Base of pages: timers made with :meth:`tick` stop when the page is hidden."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._ticking: list[QTimer] = []

    def tick(self, interval: int, call: Callable[[], object]) -> QTimer:
        """Call something every ``interval`` ms while the page is seen."""
        timer = QTimer(self)
        timer.setInterval(interval)
        if interval == FRAME_MS:
            timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(call)
        self._ticking.append(timer)
        return timer

    def stop_ticking(self) -> None:
        """Stop all timers (the page is hidden, or the window closes)."""
        for timer in self._ticking:
            timer.stop()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        for timer in self._ticking:
            timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.stop_ticking()
