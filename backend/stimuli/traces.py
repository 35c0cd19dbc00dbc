"""Input traces mu(t): step, sine, ramp, chirp, pulse, a table from a file, or points drawn by hand.

A trace is evaluated at the start of every step in scalar code from the step number alone, so a run
does not depend on how it is cut into blocks.

Source: 01-ei-balanced-network, Figs. 2 and 3; spec section 6.
"""

from __future__ import annotations

import csv
import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from backend.core.parameters import ParameterError, show_number

KINDS = ("constant", "step", "sine", "ramp", "chirp", "pulse", "points")
LARGEST_FILE = 64 * 2**20


@dataclass(frozen=True)
class Trace:
    """A mean input as a function of time.

    Attributes
    ----------
    kind : "constant"; "step" from ``base`` to ``base + amplitude`` at ``onset``; "sine"
        base + amplitude sin(2 pi t / period); "ramp" linear over ``duration`` from ``onset``;
        "chirp" a sine whose frequency rises from 1 / period to 1 / end_period over ``duration``,
        repeated; "pulse" base + amplitude for ``duration`` from ``onset``; "points" linear between
        (times, values), repeated after the last point when ``repeat``, else held.
    onset, period, end_period, duration : in ms.
    """

    kind: str = "constant"
    base: float = 1.0
    amplitude: float = 0.0
    onset: float = 0.0
    period: float = 100.0
    end_period: float = 10.0
    duration: float = 100.0
    times: np.ndarray = field(default_factory=lambda: np.zeros(1))
    heights: np.ndarray = field(default_factory=lambda: np.zeros(1))
    repeat: bool = True

    def values(self, first_step: int, steps: int, dt: float) -> np.ndarray:
        """mu at the start of each step, shape (steps,); compiled, for runs."""
        return self._fill(_compiled(), first_step, steps, dt)

    def sketch(self, duration: float, samples: int) -> np.ndarray:
        """mu at even times from 0 (uncompiled: for checks and pictures while a form is edited)."""
        return self._fill(_evaluate, 0, samples, duration / samples)

    def _fill(
        self, function: Callable[..., Any], first_step: int, steps: int, dt: float
    ) -> np.ndarray:
        out = np.empty(steps)
        numbers = np.array(
            [self.base, self.amplitude, self.onset, self.period, self.end_period, self.duration]
        )
        kind = KINDS.index(self.kind)
        function(kind, numbers, self.times, self.heights, self.repeat, first_step, dt, out)
        return out

    @property
    def cycle(self) -> float:
        """Time after which the trace has shown everything it does, in ms."""
        if self.kind == "sine":
            return self.period
        if self.kind == "points":
            return float(self.times[-1])
        return 0.0 if self.kind == "constant" else self.onset + self.duration


def _evaluate(
    kind: int,
    numbers: np.ndarray,
    times: np.ndarray,
    heights: np.ndarray,
    repeat: bool,
    first_step: int,
    dt: float,
    out: np.ndarray,
) -> None:
    """Fill ``out``; see :class:`Trace`. Runs in Python and, compiled, inside runs."""
    base, amplitude, onset, period, end_period, duration = numbers
    for k in range(out.shape[0]):
        t = (first_step + k) * dt
        # Half a step of slack, so that an edge falls on one step for every dt.
        since = t - onset + 0.5 * dt
        value = base
        if kind == 1:
            value = base + amplitude if since >= 0.0 else base
        elif kind == 2:
            value = base + amplitude * math.sin(2.0 * math.pi * t / period)
        elif kind == 3:
            value = base + amplitude * min(max((t - onset) / duration, 0.0), 1.0)
        elif kind == 4:
            u = t - math.floor(t / duration) * duration
            slope = (1.0 / end_period - 1.0 / period) / duration
            value = base + amplitude * math.sin(2.0 * math.pi * (u / period + 0.5 * slope * u * u))
        elif kind == 5:
            value = base + amplitude if 0.0 <= since < duration else base
        elif kind == 6:
            if repeat and times[-1] > 0.0:
                t -= math.floor(t / times[-1]) * times[-1]
            if t <= times[0]:
                value = heights[0]
            elif t >= times[-1]:
                value = heights[-1]
            else:
                m = np.searchsorted(times, t, side="right")
                share = (t - times[m - 1]) / (times[m] - times[m - 1])
                value = heights[m - 1] + share * (heights[m] - heights[m - 1])
        out[k] = value


@functools.cache
def _compiled() -> Callable[..., None]:
    from numba import njit

    return njit(nogil=True, cache=True)(_evaluate)


def from_points(
    points: list[tuple[float, float]], repeat: bool = True, field_name: str = "mu_points"
) -> Trace:
    """A trace from points (t in ms, value) drawn by hand; ParameterError for a bad list."""
    if len(points) < 2:
        raise ParameterError(
            field_name, f"The drawn trace has {len(points)} points. Draw at least two."
        )
    array = np.asarray(points, float)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ParameterError(field_name, "Each point of the trace is a pair: time in ms, value.")
    order = np.argsort(array[:, 0], kind="stable")
    return _checked(array[order, 0], array[order, 1], repeat, field_name, "point")


def from_csv(path: Path, repeat: bool = True, field_name: str = "mu_file") -> Trace:
    """A trace from a table with columns time in ms and value, header optional.

    Commas, semicolons and tabs are understood. Raises ParameterError with line and fix.
    """
    text = _read_text(path, field_name)
    try:
        reader = csv.reader(text.splitlines(), delimiter=_delimiter(text))
        rows = [row for row in reader if any(row)]
    except csv.Error:
        raise ParameterError(
            field_name, f"{path.name} is not a table. Write one row a line: time in ms, value."
        ) from None
    if rows and not all(_is_number(cell) for cell in rows[0][:2]):
        rows = rows[1:]
    if len(rows) < 2:
        raise ParameterError(
            field_name,
            f"{path.name} holds {len(rows)} rows of numbers. It needs at least two rows: "
            "time in ms, value.",
        )
    times, heights = [], []
    for number, row in enumerate(rows, start=1):
        if len(row) < 2 or not (_is_number(row[0]) and _is_number(row[1])):
            shown = ", ".join(row)[:40]
            raise ParameterError(
                field_name,
                f'Row {number} of {path.name} is not two numbers: "{shown}". '
                "Write time in ms and value.",
            )
        times.append(float(row[0]))
        heights.append(float(row[1]))
    return _checked(np.array(times), np.array(heights), repeat, field_name, "row")


def _read_text(path: Path, field_name: str) -> str:
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise ParameterError(
                field_name,
                f"{path.name} has {size / 2**20:.0f} MB; a trace may have "
                f"{LARGEST_FILE // 2**20} MB. Thin it out.",
            )
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ParameterError(
            field_name, f"{path.name} is not a text file. Save the trace as CSV."
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "bad name"
        raise ParameterError(
            field_name, f"{path.name} cannot be read ({reason}). Choose another file."
        ) from None
    if not text.strip():
        raise ParameterError(
            field_name, f"{path.name} is empty. Choose a file with time in ms and value."
        )
    if "\0" in text:
        raise ParameterError(field_name, f"{path.name} is not a text file. Save the trace as CSV.")
    return text


def _delimiter(text: str) -> str:
    head = text[:4096]
    return max(",;\t", key=head.count)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _checked(
    times: np.ndarray, heights: np.ndarray, repeat: bool, field_name: str, what: str
) -> Trace:
    """A trace of finite values at rising times, or ParameterError that says where it is not."""
    bad = np.flatnonzero(~(np.isfinite(times) & np.isfinite(heights)))
    if len(bad):
        raise ParameterError(
            field_name,
            f"The trace has {len(bad)} values that are not numbers, the first in {what} "
            f"{bad[0] + 1}. Remove or fill them.",
        )
    falling = np.flatnonzero(np.diff(times) <= 0.0)
    if len(falling):
        raise ParameterError(
            field_name,
            f"Time does not rise from {what} {falling[0] + 1} to {falling[0] + 2} "
            f"({show_number(times[falling[0]])}, {show_number(times[falling[0] + 1])} ms). "
            "Sort the trace by time.",
        )
    if times[0] < 0.0 or np.abs(heights).max() > 1e9:
        raise ParameterError(
            field_name, "The trace starts before 0 ms or exceeds 1e9. Shift or rescale it."
        )
    return Trace("points", times=times, heights=heights, repeat=repeat)


def first_negative(trace: Trace, samples: int = 2000) -> float | None:
    """Time in ms of the first negative mean input of one cycle, or None."""
    if trace.kind == "points":
        below = np.flatnonzero(trace.heights < 0.0)
        return float(trace.times[below[0]]) if len(below) else None
    duration = max(1.001 * trace.cycle, 1.0)
    below = np.flatnonzero(trace.sketch(duration, samples) < 0.0)
    return float(below[0] * duration / samples) if len(below) else None


def refuse_negative(trace: Trace, field_name: str) -> None:
    """ParameterError when a noise variance proportional to the input would be negative."""
    t = first_negative(trace)
    if t is not None:
        raise ParameterError(
            field_name,
            f"The variance would be negative: mu < 0 at t = {show_number(t, 4)} ms. "
            "Raise the base or lower the amplitude.",
        )
