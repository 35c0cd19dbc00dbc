"""What a spike camera looks at: moving and flickering discs, films, photographs, event streams.

Fields are in units of the visual field: (0, 0) lower left, (1, 1) upper right, x = column and
y = row index upwards. Intensities are inputs of the camera layer (Eq. 1), without background.
Every stimulus is a function of the step number alone, evaluated step by step in the same scalar
code, so a run does not depend on how it is cut into blocks.

Source: 01-ei-balanced-network, section 4.2; spec section 2.5.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

RIM = 1e-9
"""A cell is inside a disc up to this much beyond the radius, so rounding decides nothing."""
KINDS = ("disc", "step", "flicker", "linear", "circle", "crossing", "path")


def inside_disc(places: np.ndarray, x: float, y: float, radius: float) -> np.ndarray:
    """Which places (n, 2) lie in a disc, rim included."""
    return np.hypot(places[:, 0] - x, places[:, 1] - y) <= radius + RIM


@dataclass(frozen=True)
class Discs:
    """One or two discs of equal radius whose place and brightness depend on time.

    Attributes
    ----------
    kind : "disc" still; "step" from ``low`` to ``amplitude`` at ``onset``; "flicker"
        amplitude sin(3/2 2 pi t / period) + offset; "linear" from (start, y) to (stop, y) in
        ``period`` ms, repeated; "circle" counter-clockwise about the centre; "crossing" two discs
        on the horizontal and the vertical through the centre; "path" a closed polyline at
        constant speed, once round in ``period`` ms.
    x, y : centre (of the disc or of the path). radius : of the disc, in fields.
    period, onset : in ms. path_radius : of the circle; half length of the crossing paths.
    points : polyline, shape (n, 2).
    """

    kind: str = "circle"
    x: float = 0.5
    y: float = 0.5
    radius: float = 0.05
    amplitude: float = 10.0
    low: float = 1.5
    onset: float = 75.0
    offset: float = 30.0
    period: float = 200.0
    path_radius: float = 0.25
    start: float = 0.1
    stop: float = 0.9
    points: np.ndarray = field(default_factory=lambda: np.empty((0, 2)))

    @property
    def count(self) -> int:
        """Number of discs."""
        return 2 if self.kind == "crossing" else 1

    @property
    def flicker_period(self) -> float:
        """Physical period of the flicker: 2/3 of the printed T (spec section 2.5)."""
        return self.period * 2.0 / 3.0

    def track(self, first_step: int, steps: int, dt: float) -> np.ndarray:
        """Place and brightness at the start of each step, shape (steps, count, 3); compiled."""
        return self._fill(_compiled(), first_step, steps, dt)

    def sketch(self, samples: int = 360) -> np.ndarray:
        """One period of the track at even times (uncompiled: for checks and pictures)."""
        return self._fill(_track, 0, samples, self.period / samples)

    def _fill(
        self, function: Callable[..., Any], first_step: int, steps: int, dt: float
    ) -> np.ndarray:
        out = np.empty((steps, self.count, 3))
        numbers = np.array(
            [self.x, self.y, self.amplitude, self.low, self.onset, self.offset, self.period,
             self.path_radius, self.start, self.stop]
        )  # fmt: skip
        points = self.points if len(self.points) > 1 else np.array([[self.x, self.y]] * 2)
        function(KINDS.index(self.kind), numbers, *_polyline(points), first_step, dt, out)
        return out

    def place(self, t: float) -> tuple[float, float]:
        """Centre of the first disc at a time in ms."""
        x, y, _ = self._fill(_track, 1, 1, t)[0, 0]
        return float(x), float(y)

    def inside_field(self) -> bool:
        """True when every centre of the path stays inside the unit square."""
        places = self.sketch()[..., :2]
        return bool(((places >= 0.0) & (places <= 1.0)).all())


def _polyline(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Closed polyline and the distance travelled at each of its corners."""
    closed = np.ascontiguousarray(np.vstack([points, points[:1]]), float)
    lengths = np.hypot(*np.diff(closed, axis=0).T)
    return closed, np.concatenate([[0.0], np.cumsum(lengths)])


def _track(
    kind: int,
    numbers: np.ndarray,
    points: np.ndarray,
    travelled: np.ndarray,
    first_step: int,
    dt: float,
    out: np.ndarray,
) -> None:
    """Fill ``out`` (steps, discs, 3); see :class:`Discs`. Runs in Python and, compiled, in runs."""
    x, y, amplitude, low, onset, offset, period, reach, start, stop = numbers
    for k in range(out.shape[0]):
        t = (first_step + k) * dt
        phase = t / period - math.floor(t / period)
        px, py, value = x, y, amplitude
        if kind == 1:
            # Half a step of slack, so that the onset falls on one step for every dt.
            value = amplitude if t >= onset - 0.5 * dt else low
        elif kind == 2:
            value = amplitude * math.sin(3.0 * math.pi * t / period) + offset
        elif kind == 3:
            px = start + (stop - start) * phase
        elif kind == 4:
            px = x + reach * math.cos(2.0 * math.pi * phase)
            py = y + reach * math.sin(2.0 * math.pi * phase)
        elif kind == 5:
            px = x - reach + 2.0 * reach * phase
            out[k, 1, 0] = x
            out[k, 1, 1] = y + reach - 2.0 * reach * phase
            out[k, 1, 2] = amplitude
        elif kind == 6:
            whole = travelled[-1]
            m = 0
            while m < travelled.shape[0] - 2 and travelled[m + 1] < phase * whole:
                m += 1
            length = travelled[m + 1] - travelled[m]
            share = (phase * whole - travelled[m]) / length if length > 0.0 else 0.0
            px = points[m, 0] + share * (points[m + 1, 0] - points[m, 0])
            py = points[m, 1] + share * (points[m + 1, 1] - points[m, 1])
        out[k, 0, 0] = px
        out[k, 0, 1] = py
        out[k, 0, 2] = value


@functools.cache
def _compiled() -> Callable[..., None]:
    from numba import njit

    return njit(nogil=True, cache=True)(_track)


@dataclass(frozen=True)
class Film:
    """Grey frames shown to the camera, held for ``frame_ms`` each and repeated.

    Attributes
    ----------
    frames : float32, shape (T, side**2), row 0 = bottom, grey 0 to 1.
    amplitude : input at grey 1.
    """

    frames: np.ndarray
    frame_ms: float
    amplitude: float = 10.0

    def frame_numbers(self, first_step: int, steps: int, dt: float) -> np.ndarray:
        """Frame shown at each step, int64."""
        step = np.arange(first_step, first_step + steps)
        # A hair of slack keeps a frame border on its step when dt divides the frame exactly.
        return np.floor(step * dt / self.frame_ms + 1e-9).astype(np.int64) % len(self.frames)


@dataclass(frozen=True)
class PhotoWindow:
    """A square window of the camera's field moving over a photograph.

    ``photo`` is grey 0 to 1, float32 (H, W), row 0 = bottom; ``window`` the side of the field as a
    share of the photograph's shorter side; ``path`` moves the window's centre over the photograph.
    """

    photo: np.ndarray
    path: Discs
    window: float = 0.4
    amplitude: float = 10.0

    def corners(self, first_step: int, steps: int, dt: float) -> np.ndarray:
        """Pixel of the window's lower left corner and the pixels per field, (steps, 3)."""
        height, width = self.photo.shape
        size = self.window * min(height, width)
        centre = self.path.track(first_step, steps, dt)[:, 0, :2]
        out = np.empty((steps, 3))
        out[:, 0] = centre[:, 0] * (width - size)
        out[:, 1] = centre[:, 1] * (height - size)
        out[:, 2] = size
        return out


@dataclass(frozen=True)
class EventStream:
    """Recorded camera spikes that replace the camera layer, repeated.

    Attributes
    ----------
    pointers : int64, shape (T + 1,): events of frame t are cells[pointers[t]:pointers[t + 1]].
    cells : int32 cell numbers of the camera grid.
    frame_ms : duration of one frame.
    """

    pointers: np.ndarray
    cells: np.ndarray
    frame_ms: float

    @property
    def frames(self) -> int:
        return len(self.pointers) - 1

    def frame_ranges(self, first_step: int, steps: int, dt: float) -> np.ndarray:
        """First and last frame (exclusive) that begin in each step, int64 (steps, 2)."""
        step = np.arange(first_step, first_step + steps + 1)
        border = np.ceil(step * dt / self.frame_ms - 1e-9).astype(np.int64)
        return np.ascontiguousarray(np.column_stack([border[:-1], border[1:]]))
