"""A time slider over the snapshots of a finished run."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSlider, QWidget

from widgets import theme
from widgets.inputs import Combo
from widgets.parts import Elided, Panel, Tool

SLOWER = (("× 1000 slower", 1000.0), ("× 300 slower", 300.0), ("× 3000 slower", 3000.0))
TICK_MS = 33


class ReplayBar(Panel):
    """Signal ``moved(index of the snapshot)``."""

    moved = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("", parent=parent)
        self.times = np.zeros(1)
        self.to_start = Tool("skip-backward", "To the start")
        self.to_start.clicked.connect(lambda: self.show_index(0))
        self.play = Tool("play", "Play in slow motion")
        self.play.setCheckable(True)
        self.play.toggled.connect(self._toggle)
        self.forward = Tool("step-forward", "Next snapshot")
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.forward.clicked.connect(lambda: self.show_index(self.slider.value() + 1))
        self.slider.setAccessibleName("Moment")
        self.slider.valueChanged.connect(self._moved)
        self.field = QDoubleSpinBox()
        self.field.setDecimals(2)
        self.field.setAccessibleName("Moment")
        self.field.setKeyboardTracking(False)
        self.field.valueChanged.connect(self._typed)
        self.speed = Combo()
        self.speed.addItems([words for words, _ in SLOWER])
        self.speed.setAccessibleName("Slow motion")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.dp(8), 0, theme.dp(8), 0)
        parts = (self.to_start, self.play, self.forward, self.slider, self.field,
                 Elided("slow motion", "body", "text2"), self.speed)  # fmt: skip
        for part in parts:
            row.addWidget(part, 1 if part is self.slider else 0)
        self.setFixedHeight(theme.dp(40))
        self.timer = QTimer(self)
        self.timer.setInterval(TICK_MS)
        self.timer.timeout.connect(self._tick)
        self._at = 0.0

    def offer(self, times: Any, unit: str) -> None:
        """Take the moments of a finished run; stands at the last one."""
        self.times = np.asarray(times, float)
        self.slider.blockSignals(True)
        self.slider.setRange(0, len(self.times) - 1)
        self.slider.setValue(len(self.times) - 1)
        self.slider.blockSignals(False)
        self.field.blockSignals(True)
        self.field.setSuffix(f" {unit}")
        self.field.setRange(float(self.times[0]), float(self.times[-1]))
        self.field.setSingleStep(float(self.times[-1]) / max(1, len(self.times) - 1))
        self.field.setValue(float(self.times[-1]))
        self.field.blockSignals(False)
        self.moved.emit(len(self.times) - 1)

    def show_index(self, index: int) -> None:
        """Go to a snapshot."""
        self.slider.setValue(min(max(index, 0), len(self.times) - 1))

    def _moved(self, index: int) -> None:
        self.field.blockSignals(True)
        self.field.setValue(float(self.times[index]))
        self.field.blockSignals(False)
        self.moved.emit(index)

    def _typed(self, moment: float) -> None:
        self.show_index(int(np.argmin(np.abs(self.times - moment))))

    def _toggle(self, on: bool) -> None:
        self.play.set_icon("pause" if on else "play")
        if not on:
            self.timer.stop()
            return
        if self.slider.value() == self.slider.maximum():
            self.show_index(0)
        self._at = float(self.times[self.slider.value()])
        self.timer.start()

    def _tick(self) -> None:
        self._at += TICK_MS / SLOWER[self.speed.currentIndex()][1]
        self.show_index(int(np.searchsorted(self.times, self._at)))
        if self.slider.value() == self.slider.maximum():
            self.play.setChecked(False)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.play.setChecked(False)
