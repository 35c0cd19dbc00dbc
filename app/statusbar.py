"""Status bar: saved when, jobs, where it computes, frames a second, dock toggles."""

from __future__ import annotations

import os
import time

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QStatusBar, QWidget

from backend.core.runner import Runner
from widgets import theme
from widgets.parts import Button, Elided

MESSAGE_MS = 8000


class StatusBar(QStatusBar):
    """One line at the foot of the window."""

    def __init__(self, runner: Runner, parent: QWidget) -> None:
        super().__init__(parent)
        self.runner = runner
        self.setSizeGripEnabled(False)
        self.saved = Elided("Ready", "caption", "text2")
        self.jobs = Elided("no jobs", "caption", "text2")
        cores = os.cpu_count() or 1
        threads = max(1, cores - 1)
        words = f"CPU · {threads} worker thread{'s' if threads > 1 else ''}"
        self.device = Elided(f"{words}, 1 core kept for the window", "caption", "text2")
        self.rate = Elided("", "caption", "text2")
        self.message = Elided("", "caption", "text")
        self.message.hide()
        self.quiet = QTimer(self)
        self.quiet.setSingleShot(True)
        self.quiet.setInterval(MESSAGE_MS)
        self.quiet.timeout.connect(self._hush)
        self.addWidget(self.message, 1)
        self.addWidget(self.saved)
        self.addWidget(self.jobs)
        self.addPermanentWidget(self.device)
        self.addPermanentWidget(self.rate)
        self._frames = 0
        self._since = time.perf_counter()
        self._restyle()
        theme.signals().changed.connect(self._restyle)

    def _restyle(self) -> None:
        self.setFixedHeight(theme.dp(24))
        self.setStyleSheet("QStatusBar::item{border:0}")
        self.setFont(theme.font("caption"))

    def add_toggle(self, action: QAction, icon: str) -> None:
        """A dock's toggle at the right end."""
        button = Button(action.text(), icon, flat=True)
        button.setFixedHeight(theme.dp(22))
        button.setCheckable(True)
        button.setChecked(action.isChecked())
        button.clicked.connect(action.trigger)
        action.toggled.connect(button.setChecked)
        self.addPermanentWidget(button)

    def say(self, text: str) -> None:
        """One line in the place of the others, for eight seconds."""
        self.message.setText(text)
        self._speak(True)
        self.quiet.start()

    def _hush(self) -> None:
        self._speak(False)

    def _speak(self, on: bool) -> None:
        self.message.setVisible(on)
        self.saved.setVisible(not on)
        self.jobs.setVisible(not on)

    def show_saved(self, moment: str) -> None:
        """When the session was last saved."""
        self._say(self.saved, f"✓ Saved {moment}")

    def show_jobs(self) -> None:
        """How many runs and tasks are alive."""
        alive = sum(not job.draft for job in self.runner.alive) + len(self.runner.busy)
        words = "no jobs" if not alive else f"{alive} job{'s' if alive > 1 else ''} running"
        self._say(self.jobs, words)

    @staticmethod
    def _say(label: Elided, text: str) -> None:
        if label.text() != text:
            label.setText(text)
            label.updateGeometry()

    def tick(self) -> None:
        """Called by the window's 60 Hz timer: frames a second of the event loop."""
        self._frames += 1
        now = time.perf_counter()
        if now - self._since >= 1.0:
            self._say(self.rate, f"window {self._frames / (now - self._since):.0f} fps")
            self._frames, self._since = 0, now
