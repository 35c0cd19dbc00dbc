"""Read-outs of tracking: rate at a disc, decoded position, and lags in time and space.

The same steps are applied to the input layer and to the network, so that the delay of the
read-out window cancels in every difference.

Source: 01-ei-balanced-network, Figs. 5 and 6; procedure of spec section 2.6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

SMOOTHING = 0.03
"""Standard deviation of the position decoder's Gaussian, in fields."""


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


class PositionDecoder:
    """Centroid of a smoothed count map above half its maximum.

    Parameters
    ----------
    side : cells along one edge of the layer's grid.
    """

    def __init__(self, side: int, smoothing: float = SMOOTHING) -> None:
        self.side = side
        self.centres = (np.arange(side) + 0.5) / side
        width = smoothing * side
        distance = np.subtract.outer(np.arange(side), np.arange(side))
        kernel = np.exp(-0.5 * (distance / width) ** 2)
        # One normalisation for all rows: counts outside the field are zeros, not reflections.
        self._kernel = kernel / np.exp(-0.5 * (np.arange(-4 * side, 4 * side) / width) ** 2).sum()

    def __call__(self, counts: np.ndarray) -> tuple[float, float]:
        """(x, y) of a count map (side**2,), row 0 = bottom; NaN when the map is empty."""
        smoothed = self._kernel @ counts.reshape(self.side, self.side) @ self._kernel
        peak = smoothed.max()
        if not peak > 0.0:
            return math.nan, math.nan
        above = np.maximum(smoothed - 0.5 * peak, 0.0)
        mass = above.sum()
        x = float(above.sum(axis=0) @ self.centres / mass)
        y = float(above.sum(axis=1) @ self.centres / mass)
        return x, y

    def positions(
        self, step: np.ndarray, index: np.ndarray, ends: np.ndarray, window_steps: int
    ) -> np.ndarray:
        """Positions read from the trailing window before each step of ``ends``, shape (n, 2).

        ``step`` must be ascending; a window covers steps end - window_steps to end - 1.
        """
        out = np.full((len(ends), 2), np.nan)
        low = np.searchsorted(step, ends - window_steps)
        high = np.searchsorted(step, ends)
        for k in range(len(ends)):
            cells = index[low[k] : high[k]]
            out[k] = self(np.bincount(cells, minlength=self.side**2).astype(float))
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
