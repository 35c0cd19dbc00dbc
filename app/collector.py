"""Garbage is collected in the window's thread only.

Python collects cycles in whatever thread happens to allocate. A worker that collects a Qt object
destroys it in the wrong thread, and the program dies.

Modules live as long as the program. A full collection that walks those of torch and scikit-learn
stops the window for 0.2 s, so what is alive when many were imported is set aside.
"""

from __future__ import annotations

import gc
import sys

from PySide6.QtCore import QObject, QTimer

INTERVAL_MS = 500
MODULES = 50
"""Imported since the last look: worth setting aside."""


class Collector(QObject):
    """Switches automatic collection off and collects on a timer while the window lives."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.timer = QTimer(self)
        self.timer.setInterval(INTERVAL_MS)
        self.timer.timeout.connect(self.collect)
        self._was_on = gc.isenabled()
        self._modules = 0
        gc.disable()
        self.timer.start()

    def collect(self) -> None:
        """The generations whose thresholds are passed, as Python itself would."""
        if len(sys.modules) > self._modules + MODULES:
            self._modules = len(sys.modules)
            gc.collect(1)
            gc.freeze()
        counts, thresholds = gc.get_count(), gc.get_threshold()
        if counts[0] <= thresholds[0]:
            return
        generation = 0
        if counts[1] > thresholds[1]:
            generation = 2 if counts[2] > thresholds[2] else 1
        gc.collect(generation)

    def stop(self) -> None:
        """Automatic collection again, of everything."""
        self.timer.stop()
        gc.unfreeze()
        if self._was_on:
            gc.enable()
