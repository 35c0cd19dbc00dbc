"""Read-outs of tracking: rate at a disc, decoded position, and lags in time and space.

The same steps are applied to the input layer and to the network, so that the delay of the
read-out window cancels in every difference.

Source: 01-ei-balanced-network, Figs. 5 and 6; procedure of spec section 2.6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

SMOOTHING = 0.03
"""Standard deviation of the position decoder's Gaussian, in fields."""
REACH = 5.0
"""Standard deviations after which the decoder's Gaussian is cut off."""


def bin_counts(
    step: np.ndarray,
    index: np.ndarray,
    cells: np.ndarray,
    first_step: int,
    bins: int,
    steps_per_bin: int,
) -> np.ndarray:
    """Spikes of some cells per time bin, shape (bins,); ``cells`` is a mask over the layer."""
    place = (step - first_step) // steps_per_bin
    keep = (place >= 0) & (place < bins) & cells[index]
    return np.bincount(place[keep], minlength=bins)


def smooth(values: np.ndarray, width: int) -> np.ndarray:
    """Centred moving mean over ``width`` samples, shorter at the ends."""
    kernel = np.ones(width)
    total = np.convolve(values, kernel, mode="same")
    return total / np.convolve(np.ones(len(values)), kernel, mode="same")


@njit(nogil=True, cache=True)
def _smooth_rows(out: np.ndarray, values: np.ndarray, kernel: np.ndarray, band: np.ndarray) -> None:
    """out = (kernel values)^T: rows are added whole, then transposed."""
    side = values.shape[0]
    line = np.empty(side)
    for i in range(side):
        line[:] = 0.0
        for k in range(band[i, 0], band[i, 1]):
            factor = kernel[i, k]
            for j in range(side):
                line[j] += factor * values[k, j]
        for j in range(side):
            out[j, i] = line[j]


@njit(nogil=True, cache=True)
def _centroid(values: np.ndarray) -> tuple[float, float]:
    """(x, y) of what exceeds half the maximum, in fields; NaN for an empty map."""
    side = values.shape[0]
    peak = values.max()
    if not peak > 0.0:
        return np.nan, np.nan
    columns = np.zeros(side)
    mass, y = 0.0, 0.0
    for i in range(side):
        row = 0.0
        for j in range(side):
            above = max(values[i, j] - 0.5 * peak, 0.0)
            columns[j] += above
            row += above
        mass += row
        y += row * (i + 0.5)
    x = 0.0
    for j in range(side):
        x += columns[j] * (j + 0.5)
    return x / mass / side, y / mass / side


@njit(nogil=True, cache=True)
def _positions(
    step: np.ndarray,
    index: np.ndarray,
    ends: np.ndarray,
    window: int,
    kernel: np.ndarray,
    band: np.ndarray,
    out: np.ndarray,
) -> None:
    """Decode the trailing window before every (ascending) end, counting as it slides."""
    side = kernel.shape[0]
    counts = np.zeros((side, side))
    half, smoothed = np.empty((side, side)), np.empty((side, side))
    first, last = 0, 0
    for k in range(len(ends)):
        while last < len(step) and step[last] < ends[k]:
            counts[index[last] // side, index[last] % side] += 1.0
            last += 1
        while first < last and step[first] < ends[k] - window:
            counts[index[first] // side, index[first] % side] -= 1.0
            first += 1
        _smooth_rows(half, counts, kernel, band)
        _smooth_rows(smoothed, half, kernel, band)
        out[k, 0], out[k, 1] = _centroid(smoothed)


class PositionDecoder:
    """Centroid of a smoothed count map above half its maximum.

    Parameters
    ----------
    side : cells along one edge of the layer's grid.
    smoothing : standard deviation of the Gaussian, in fields; counts outside are zeros.
    """

    def __init__(self, side: int, smoothing: float = SMOOTHING) -> None:
        self.side = side
        width = smoothing * side
        distance = np.subtract.outer(np.arange(side), np.arange(side)) / width
        self._kernel = np.exp(-0.5 * distance**2)
        reach = math.ceil(REACH * width)
        cell = np.arange(side)
        self._band = np.column_stack(
            [np.maximum(cell - reach, 0), np.minimum(cell + reach + 1, side)]
        )

    def __call__(self, counts: np.ndarray) -> tuple[float, float]:
        """(x, y) of a count map (side**2,), row 0 = bottom; NaN when the map is empty."""
        cells = np.repeat(np.arange(self.side**2), counts.astype(int))
        steps = np.zeros(len(cells), np.int64)
        x, y = self.positions(steps, cells, np.ones(1, np.int64), 1)[0]
        return float(x), float(y)

    def positions(
        self, step: np.ndarray, index: np.ndarray, ends: np.ndarray, window_steps: int
    ) -> np.ndarray:
        """Positions read from the trailing window before each step of ``ends``, shape (n, 2).

        ``step`` and ``ends`` must be ascending; a window covers steps end - window_steps to
        end - 1.
        """
        out = np.full((len(ends), 2), np.nan)
        _positions(
            np.asarray(step, np.int64), np.asarray(index, np.int32), np.asarray(ends, np.int64),
            window_steps, self._kernel, self._band, out,
        )  # fmt: skip
        return out


def fourier_component(rate: np.ndarray, bin_ms: float, period_ms: float) -> complex:
    """sum r(t) exp(-2 pi i t / P) over the bins, t at bin centres, as a mean amplitude."""
    t = (np.arange(len(rate)) + 0.5) * bin_ms
    return complex(2.0 * np.mean(rate * np.exp(-2j * np.pi * t / period_ms)))


@dataclass(frozen=True)
class TemporalLag:
    """Phase by which the second rate follows the first, at one period."""

    degrees: float
    ms: float
    gain: float


def temporal_lag(
    first: np.ndarray, second: np.ndarray, bin_ms: float, period_ms: float
) -> TemporalLag:
    """Lag of ``second`` behind ``first`` (positive when late); give whole periods only."""
    a = fourier_component(first, bin_ms, period_ms)
    b = fourier_component(second, bin_ms, period_ms)
    if a == 0 or b == 0:
        return TemporalLag(math.nan, math.nan, math.nan)
    degrees = math.degrees(np.angle(a / b))
    return TemporalLag(degrees, degrees / 360.0 * period_ms, abs(b) / abs(a))


def wrapped(degrees: np.ndarray) -> np.ndarray:
    """Angles brought into [-180, 180)."""
    return (degrees + 180.0) % 360.0 - 180.0


@dataclass(frozen=True)
class SpatialLag:
    """Angle by which the second position follows the first on a counter-clockwise path."""

    degrees: float
    sd: float
    n: int

    def ms(self, period_ms: float) -> float:
        """The angle as a time on a path of this period."""
        return self.degrees / 360.0 * period_ms


def spatial_lag(first: np.ndarray, second: np.ndarray, centre: tuple[float, float]) -> SpatialLag:
    """Mean wrapped difference of polar angles (positive when ``second`` is behind)."""
    angle = [
        np.degrees(np.arctan2(p[:, 1] - centre[1], p[:, 0] - centre[0])) for p in (first, second)
    ]
    difference = wrapped(angle[0] - angle[1])
    difference = difference[np.isfinite(difference)]
    if not len(difference):
        return SpatialLag(math.nan, math.nan, 0)
    return SpatialLag(float(difference.mean()), float(difference.std()), len(difference))


@dataclass(frozen=True)
class LinearTracking:
    """How the second position follows the first on a straight path along x.

    ``distance`` in fields and ``ms`` are positive when the second is behind.
    """

    correlation: float
    distance: float
    ms: float
    scatter: float


def linear_tracking(first: np.ndarray, second: np.ndarray, speed: float) -> LinearTracking:
    """Compare two decoded paths; ``speed`` in fields per ms."""
    good = np.isfinite(first).all(axis=1) & np.isfinite(second).all(axis=1)
    if good.sum() < 3:
        return LinearTracking(math.nan, math.nan, math.nan, math.nan)
    a, b = first[good], second[good]
    distance = float((a[:, 0] - b[:, 0]).mean())
    correlation = float(np.corrcoef(a[:, 0], b[:, 0])[0, 1])
    return LinearTracking(correlation, distance, distance / speed, float(b[:, 1].std()))


@dataclass(frozen=True)
class StepResponse:
    """Levels before and after a step and two measures of how late the change is, in ms."""

    low: float
    plateau: float
    half_rise: float
    mean_lag: float


def step_response(
    rate: np.ndarray,
    bin_ms: float,
    onset: float,
    before: tuple[float, float],
    after: tuple[float, float],
    smoothing_ms: float = 2.0,
    reach: float = 30.0,
) -> StepResponse:
    """Half-rise time and mean lag of a rate that steps up at ``onset``.

    Mean lag is the area above the normalised curve from 0 to ``reach`` ms after the step; the
    half-rise is read from a centred moving mean, between bin centres.
    """
    t = (np.arange(len(rate)) + 0.5) * bin_ms
    low = float(rate[(t >= before[0]) & (t < before[1])].mean())
    plateau = float(rate[(t >= after[0]) & (t < after[1])].mean())
    if not plateau > low:
        return StepResponse(low, plateau, math.nan, math.nan)
    normal = (rate - low) / (plateau - low)
    window = (t >= onset) & (t < onset + reach)
    mean_lag = float((1.0 - normal[window]).sum() * bin_ms)
    curve = smooth(normal, max(1, round(smoothing_ms / bin_ms)))
    later = np.flatnonzero((t >= onset - smoothing_ms) & (curve >= 0.5))
    if not len(later) or later[0] == 0:
        return StepResponse(low, plateau, math.nan, mean_lag)
    k = later[0]
    rise = curve[k] - curve[k - 1]
    share = (0.5 - curve[k - 1]) / rise if rise > 0 else 0.0
    return StepResponse(low, plateau, float(t[k - 1] + share * bin_ms - onset), mean_lag)


def fit_onto(target: np.ndarray, source: np.ndarray, offset: bool = False) -> np.ndarray:
    """``source`` scaled (and shifted) by least squares onto ``target``, for overlays."""
    columns = [source, np.ones_like(source)] if offset else [source]
    design = np.column_stack(columns)
    factors, *_ = np.linalg.lstsq(design, target, rcond=None)
    return design @ factors


def sine_fit(t: np.ndarray, values: np.ndarray, period: float) -> tuple[float, float, float]:
    """Least-squares mean, amplitude and phase (radians) of a sine of known period."""
    angle = 2.0 * np.pi * t / period
    design = np.column_stack([np.ones_like(t), np.sin(angle), np.cos(angle)])
    (mean, a, b), *_ = np.linalg.lstsq(design, values, rcond=None)
    return float(mean), float(np.hypot(a, b)), float(np.arctan2(b, a))
