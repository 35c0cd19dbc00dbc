"""Axes of painted plots: round ticks, limits that only grow while running, logarithmic scales."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from backend.core.parameters import show_number
from backend.core.views import Axis

HUGE = 1e100  # beyond this a number is no measurement, and arithmetic on limits overflows
SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def nice_step(span: float, count: int) -> float:
    """Step of 1, 2 or 5 times a power of ten that cuts a span into at most ``count`` parts."""
    rough = span / max(count, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * f for f in (1, 2, 5, 10) if power * f >= rough * 0.999)


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers between two limits, about ``count`` of them."""
    span = high - low
    if not (span > 0 and math.isfinite(span)):
        return [low]
    step = nice_step(span, count)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    if last <= first:  # one number does not make a scale
        step = nice_step(span, 2 * count)
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(n * step, 12) for n in range(first, last + 1)]


def tick_text(value: float, log: bool = False) -> str:
    """Words of a tick; powers of ten beyond four digits as 10⁵."""
    if log:
        power = round(value)
        if abs(value - power) < 1e-9 and abs(power) > 3:
            return "10" + str(power).translate(SUPERSCRIPTS)
        value = 10.0**value
    if value and (abs(value) < 1e-4 or abs(value) >= 1e7):
        text = f"{value:.3g}"
        mantissa, _, power_text = text.partition("e")
        if power_text:
            return f"{mantissa}·10{str(int(power_text)).translate(SUPERSCRIPTS)}"
    return show_number(value, 6)


@dataclass
class Scale:
    """Limits of one axis, in drawn units (log10 of the data on a logarithmic axis)."""

    axis: Axis
    log: bool = False
    low: float = 0.0
    high: float = 1.0
    labels: list[str] = field(default_factory=list)
    fresh: bool = True

    @classmethod
    def of(cls, axis: Axis) -> Scale:
        scale = cls(axis, axis.log)
        scale.fix()
        return scale

    def fix(self) -> None:
        """Take declared limits."""
        low, high = self.fixed
        self.low = self.low if low is None else low
        self.high = self.high if high is None else high
        if self.high <= self.low:
            self.high = self.low + 1.0

    @property
    def fixed(self) -> tuple[float | None, float | None]:
        """Declared limits in drawn units."""
        return self._end(self.axis.low), self._end(self.axis.high)

    def _end(self, end: float | None) -> float | None:
        if end is None or (self.log and end <= 0):
            return None
        return float(self.drawn(end))

    def drawn(self, values: float | np.ndarray) -> np.ndarray:
        """Data to drawn units; what a logarithm cannot show becomes NaN."""
        values = np.asarray(values, float)
        if not self.log:
            return np.where(np.abs(values) < HUGE, values, np.nan)
        with np.errstate(divide="ignore", invalid="ignore"):
            good = (values > 0) & (values < HUGE)
            return np.where(good, np.log10(np.where(good, values, 1.0)), np.nan)

    def data(self, value: float) -> float:
        """Drawn unit back to data."""
        return 10.0**value if self.log else value

    def roll(self, right: float, span: float) -> bool:
        """Show the last ``span`` before ``right``; returns whether the limits moved."""
        before = self.high
        self.high = right
        self.low = right - span
        if self.low >= self.high:  # beyond the precision of the numbers
            self.low = right - abs(right) * 1e-6
        self.fresh = False
        return self.high != before

    def fit(self, low: float, high: float, grow: bool = False, margin: float = 0.04) -> bool:
        """Show data from ``low`` to ``high`` (drawn units); only outward when ``grow``.

        Returns whether the limits moved.
        """
        if not (math.isfinite(low) and math.isfinite(high)):
            return False
        if high - low <= max(1e-12 * max(abs(low), abs(high)), 1 / HUGE):
            half = abs(low) * 0.05 if abs(low) > 1 / HUGE else 0.5
            low, high = low - half, high + half
        before = (self.low, self.high)
        pad = margin * (high - low)
        low, high = self._pad_low(low, pad), high + pad
        if grow and not self.fresh:
            low, high = min(low, self.low), max(high, self.high)
        if grow and not self.log and (low < self.low or high > self.high or self.fresh):
            # Outward in whole steps, so that noise at the edge does not move the axis each frame.
            step = nice_step(high - low, 8)
            low, high = math.floor(low / step) * step, math.ceil(high / step) * step
        self.low, self.high, self.fresh = low, high, False
        self.fix()
        return (self.low, self.high) != before

    def _pad_low(self, low: float, pad: float) -> float:
        """No margin below zero for data that start at zero."""
        return 0.0 if 0.0 <= low < 2 * pad and not self.log else low - pad

    def ticks(self, count: int) -> list[tuple[float, str]]:
        """(drawn unit, words) of the ticks."""
        if self.labels:
            step = max(1, math.ceil(len(self.labels) / max(count * 2, 1)))
            return [(i, text) for i, text in enumerate(self.labels) if i % step == 0]
        if self.log and self.high - self.low >= 0.9:
            powers = range(math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9) + 1)
            step = max(1, math.ceil(len(powers) / max(count, 1)))
            return [(float(p), tick_text(p, True)) for p in powers if p % step == 0]
        if self.log:
            low, high = 10.0**self.low, 10.0**self.high
            values = [v for v in nice_ticks(low, high, count) if v > 0]
            return [(math.log10(v), tick_text(v)) for v in values]
        return [(v, tick_text(v)) for v in nice_ticks(self.low, self.high, count)]
