"""Garbage is collected in the window's thread only.

Python collects cycles in whatever thread happens to allocate. A worker that collects a Qt object
destroys it in the wrong thread, and the program dies.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 500


class Collector(QObject):
    """Switches automatic collection off and collects on a timer while the window lives."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.timer = QTimer(self)
        self.timer.setInterval(INTERVAL_MS)
        self.timer.timeout.connect(self.collect)
        self._was_on = gc.isenabled()
        gc.disable()
        self.timer.start()

    def collect(self) -> None:
        """The generations whose thresholds are passed, as Python itself would."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        if counts[0] <= thresholds[0]:
            return
        generation = 0
        if counts[1] > thresholds[1]:
            generation = 2 if counts[2] > thresholds[2] else 1
        gc.collect(generation)

    def stop(self) -> None:
        """Automatic collection again."""
        self.timer.stop()
        if self._was_on:
            gc.enable()
