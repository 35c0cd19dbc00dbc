"""Psychometric functions: logistic fits with threshold, slope, width and intervals.

The probability of a response is lower + (upper - lower) / (1 + exp(-(x - threshold) / spread)),
fitted to counts by maximum likelihood; a negative spread is a falling curve. The 10-90 % width is
2 ln 9 times the size of the spread, the slope at threshold (upper - lower) / (4 spread). Both
asymptotes may lapse by a bounded amount, so that one odd trial far from threshold does not flatten
the curve (Wichmann and Hill, *The psychometric function* I, Perception & Psychophysics 2001).
A weak preference for a spread of a twentieth of the range decides where the data cannot: a step
between two stimuli has its threshold between them, not at one of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

_WIDTH = 2.0 * math.log(9.0)
_WEAK = 0.02
"""Weight of the preference for a middling spread; a hundredth of what one trial can weigh."""


@dataclass(frozen=True)
class PsychometricFit:
    """A fitted logistic; intervals are bootstrap percentiles (NaN when not asked for).

    Attributes
    ----------
    threshold, spread : in units of x; ``deviance`` against the saturated model.
    lower, upper : asymptotes; 1 - upper is the lapse rate.
    threshold_interval, width_interval, lapse_interval : (low, high).
    """

    threshold: float
    spread: float
    lower: float
    upper: float
    deviance: float
    threshold_interval: tuple[float, float] = (math.nan, math.nan)
    width_interval: tuple[float, float] = (math.nan, math.nan)
    lapse_interval: tuple[float, float] = (math.nan, math.nan)

    @property
    def lapse(self) -> float:
        """Share of trials answered wrongly however clear the stimulus."""
        return 1.0 - self.upper

    @property
    def width(self) -> float:
        """Distance between the points at 10 % and 90 % of the rise."""
        return _WIDTH * abs(self.spread)

    @property
    def slope(self) -> float:
        """Change of probability per unit of x at threshold."""
        return (self.upper - self.lower) / (4.0 * self.spread)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Probability at x."""
        return _logistic(np.asarray(x, float), self.threshold, self.spread, self.lower, self.upper)


def _logistic(
    x: np.ndarray, threshold: float, spread: float, lower: float, upper: float
) -> np.ndarray:
    from scipy.special import expit

    return lower + (upper - lower) * expit((x - threshold) / spread)


def fit_logistic(
    x: np.ndarray,
    successes: np.ndarray,
    trials: np.ndarray | int,
    lapse: float = 0.0,
    bootstrap: int = 0,
    seed: int = 0,
    confidence: float = 0.95,
    check: Callable[[], None] | None = None,
    guess: float = 0.0,
) -> PsychometricFit:
    """Fit a logistic to counts.

    Parameters
    ----------
    x : (m,) stimulus values, at least two different ones.
    successes, trials : (m,) counts.
    lapse : how far each asymptote may be from 0 and 1.
    bootstrap : parametric bootstrap samples for the intervals; 0 leaves them NaN.
    check : called before each of them; may raise to cancel.
    guess : chance of a right answer without seeing (2AFC 0.5); above 0 the lower asymptote is
        fixed at it.

    Raises
    ------
    ValueError : fewer than two different x, counts out of range, or no trials.
    """
    x = np.asarray(x, float)
    k = np.asarray(successes, float)
    n = np.broadcast_to(np.asarray(trials, float), x.shape).astype(float)
    _check_counts(x, k, n)
    fit = _fit(x, k, n, lapse, guess)
    if bootstrap == 0:
        return fit
    rng = np.random.default_rng(seed)
    p = np.clip(fit(x), 0.0, 1.0)
    again = []
    for _ in range(bootstrap):
        if check is not None:
            check()
        drawn = rng.binomial(n.astype(int), p).astype(float)
        again.append(_fit(x, drawn, n, lapse, guess, start=fit))
    tail = 50.0 * (1.0 - confidence)
    thresholds = _interval([f.threshold for f in again], tail)
    return replace(
        fit,
        threshold_interval=_at_least_the_step(fit, x, thresholds),
        width_interval=_interval([f.width for f in again], tail),
        lapse_interval=_interval([f.lapse for f in again], tail),
    )


def _at_least_the_step(
    fit: PsychometricFit, x: np.ndarray, interval: tuple[float, float]
) -> tuple[float, float]:
    """Widen an interval to the two stimuli around a threshold that nothing lies between.

    When the whole rise fits between two stimuli the data do not say where in between it is, and
    resampled counts hardly vary.
    """
    below, above = x[x <= fit.threshold], x[x >= fit.threshold]
    if below.size == 0 or above.size == 0:
        return interval
    left, right = float(below.max()), float(above.min())
    if fit.width >= right - left:
        return interval
    return min(interval[0], left), max(interval[1], right)


def _interval(values: list[float], tail: float) -> tuple[float, float]:
    low, high = np.percentile(values, [tail, 100.0 - tail])
    return float(low), float(high)


def _check_counts(x: np.ndarray, k: np.ndarray, n: np.ndarray) -> None:
    if np.unique(x).size < 2:
        raise ValueError("A psychometric fit needs at least two different stimulus values.")
    if np.any(n <= 0) or np.any(k < 0) or np.any(k > n):
        raise ValueError("Each stimulus value needs trials, and no more responses than trials.")


def _fit(
    x: np.ndarray,
    k: np.ndarray,
    n: np.ndarray,
    lapse: float,
    guess: float,
    start: PsychometricFit | None = None,
) -> PsychometricFit:
    """Maximum likelihood from a grid of starts (or from one fit), never quite a perfect step."""
    from scipy.optimize import minimize

    values = np.unique(x)
    span = float(values[-1] - values[0])
    least, most = float(np.diff(values).min()) / 20.0, 5.0 * span
    order = np.argsort(x)
    sign = 1.0 if _rises(x[order], (k / n)[order]) else -1.0
    bounds = [(values[0] - span, values[-1] + span), (math.log(least), math.log(most))]
    floor = (guess, guess) if guess > 0.0 else (0.0, lapse)
    bounds += [floor, (0.0, lapse)]
    guesses = [(t, math.log(w)) for t in values for w in (span / 40, span / 8)]
    if start is not None:
        guesses = [(start.threshold, math.log(abs(start.spread)))]
    starts = sorted(
        ((*one, sum(floor) / 2, lapse / 2) for one in guesses),
        key=lambda free: _cost(np.array(free), x, k, n, sign, span)[0],
    )
    found = [
        minimize(_cost, free, (x, k, n, sign, span), "L-BFGS-B", jac=True, bounds=bounds)
        for free in starts[:3]
    ]
    best = min(found, key=lambda result: float(result.fun))
    threshold, spread, low, high = (float(value) for value in best.x)
    deviance = float(best.fun) - _preference(spread, span)[0] - _cost_of_shares(k, n)
    return PsychometricFit(threshold, sign * math.exp(spread), low, 1.0 - high, deviance)


def _cost(
    free: np.ndarray, x: np.ndarray, k: np.ndarray, n: np.ndarray, sign: float, span: float
) -> tuple[float, np.ndarray]:
    """What is minimised: -2 log likelihood and preference.

    With its gradient in threshold, log spread, lower lapse and upper lapse.
    """
    from scipy.special import expit

    spread = sign * math.exp(free[1])
    u = (x - free[0]) / spread
    rise = expit(u)
    p = np.clip(free[2] + (1.0 - free[3] - free[2]) * rise, 1e-9, 1.0 - 1e-9)
    cost = -2.0 * float(np.sum(k * np.log(p) + (n - k) * np.log1p(-p)))
    slope = (1.0 - free[3] - free[2]) * rise * (1.0 - rise)
    by_p = -2.0 * (k / p - (n - k) / (1.0 - p))
    by_free = np.stack([-slope / spread, -slope * u, 1.0 - rise, -rise])
    gradient = by_free @ by_p
    preference, its_slope = _preference(free[1], span)
    gradient[1] += its_slope
    return cost + preference, gradient


def _preference(log_spread: float, span: float) -> tuple[float, float]:
    """Weak quadratic penalty on the log spread, and its slope."""
    away = log_spread - math.log(span / 20.0)
    return _WEAK * away * away, 2.0 * _WEAK * away


def _cost_of_shares(k: np.ndarray, n: np.ndarray) -> float:
    """-2 log likelihood of the observed shares themselves."""
    from scipy.special import xlogy

    return -2.0 * float(np.sum(xlogy(k, k / n) + xlogy(n - k, 1.0 - k / n)))


def _rises(x: np.ndarray, share: np.ndarray) -> bool:
    """Whether the share grows with x (least-squares slope)."""
    return float(np.dot(x - x.mean(), share)) >= 0.0


def binomial_interval(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson interval of a proportion: (low, high), never narrower than ``confidence``."""
    from scipy.special import betaincinv

    if trials == 0:
        return 0.0, 1.0
    tail = (1.0 - confidence) / 2.0
    k, n = successes, trials
    low = 0.0 if k == 0 else float(betaincinv(k, n - k + 1, tail))
    high = 1.0 if k == n else float(betaincinv(k + 1, n - k, 1.0 - tail))
    return low, high
