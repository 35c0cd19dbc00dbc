"""The moment of a time series: a long slider with its value and range in words."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from backend.core.parameters import Declaration, show_number
from widgets import theme
from widgets.form.slider import Slider
from widgets.parts import Elided


class MomentSlider(QWidget):
    """Signals: ``dragging(value)`` while the handle moves, ``chosen(value)`` at the end."""

    dragging = Signal(object)
    chosen = Signal(object)

    def __init__(self, declared: Declaration, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.declared = declared
        self._value = 0.0
        self.value = Elided("", "strong", whole=True)
        self.range = Elided("", "body", "text3")
        self.slider = Slider(replace(declared, low=0.0, high=1.0))
        self.slider.setAccessibleName(f"{declared.label}, {declared.unit}")
        self.slider.setMinimumWidth(theme.dp(120))
        self.slider.setMaximumWidth(theme.dp(320))
        self.slider.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.slider.dragging.connect(self.dragging)
        self.slider.chosen.connect(self.chosen)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, theme.dp(6), 0)
        row.setSpacing(theme.dp(8))
        row.addWidget(Elided(declared.label, "body", "text2", whole=True))
        row.addWidget(self.value)
        row.addWidget(self.slider, 1)
        row.addWidget(self.range)

    def set_range(self, low: float, high: float, step: float, samples: int) -> None:
        """The first and last moment, and how many there are."""
        self.slider.narrow(replace(self.declared, low=low, high=high, step=step, decimals=3))
        self.slider.set_value(self._value)
        ends = f"{show_number(round(low, 1))} to {show_number(round(high, 1))}"
        self.range.setText(f"{ends} {self.declared.unit}, {samples} samples")
        self.range.updateGeometry()

    def set_value(self, value: float) -> None:
        """Put the handle at a moment."""
        self._value = value
        self.value.setText(f"{show_number(float(f'{value:.4g}'))} {self.declared.unit}")
        self.value.updateGeometry()
        self.slider.set_value(value)
