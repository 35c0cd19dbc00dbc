"""Response times: summaries, what was left out and why, and the ex-Gaussian fit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

FASTEST_S = 0.15
"""Anticipations are faster than this."""


@dataclass(frozen=True)
class Summary:
    """Response times of one condition in seconds.

    Attributes
    ----------
    n : used; ``missing`` without an answer, ``fast`` below and ``slow`` above the limits.
    interval : of the median, by order statistics (distribution-free).
    """

    n: int
    missing: int
    fast: int
    slow: int
    mean: float
    sd: float
    median: float
    quartiles: tuple[float, float]
    interval: tuple[float, float]


def summarise(
    times: np.ndarray,
    fastest: float = FASTEST_S,
    slowest: float = math.inf,
    confidence: float = 0.95,
) -> Summary:
    """Summary of response times.

    Parameters
    ----------
    times : (n,) seconds; NaN where there was no answer.
    fastest, slowest : what lies outside is counted and left out.
    """
    times = np.asarray(times, float)
    answered = times[np.isfinite(times)]
    used = np.sort(answered[(answered >= fastest) & (answered <= slowest)])
    counts = {
        "n": int(used.size),
        "missing": int(times.size - answered.size),
        "fast": int(np.sum(answered < fastest)),
        "slow": int(np.sum(answered > slowest)),
    }
    if used.size == 0:
        empty = (math.nan, math.nan)
        return Summary(**counts, mean=math.nan, sd=math.nan, median=math.nan,
                       quartiles=empty, interval=empty)  # fmt: skip
    low, middle, high = np.percentile(used, [25, 50, 75])
    return Summary(
        **counts,
        mean=float(used.mean()),
        sd=float(used.std(ddof=1)) if used.size > 1 else math.nan,
        median=float(middle),
        quartiles=(float(low), float(high)),
        interval=_median_interval(used, confidence),
    )


def _median_interval(ordered: np.ndarray, confidence: float) -> tuple[float, float]:
    """Order statistics whose binomial coverage is at least ``confidence`` (widest when few)."""
    from scipy.special import bdtr

    n = ordered.size
    tail = (1.0 - confidence) / 2.0
    lowest = 0
    while lowest + 1 <= (n - 1) // 2 and float(bdtr(lowest, n, 0.5)) <= tail:
        lowest += 1
    place = max(0, lowest - 1)
    return float(ordered[place]), float(ordered[n - 1 - place])


@dataclass(frozen=True)
class ExGaussian:
    """A normal time (``mu``, ``sigma``) plus an exponential one of mean ``tau``, in seconds."""

    mu: float
    sigma: float
    tau: float
    log_likelihood: float

    @property
    def mean(self) -> float:
        return self.mu + self.tau


def fit_ex_gaussian(times: np.ndarray) -> ExGaussian:
    """Maximum-likelihood ex-Gaussian.

    Parameters
    ----------
    times : (n,) seconds, finite; at least 20.

    Raises
    ------
    ValueError : too few times, or all alike.
    """
    from scipy.optimize import minimize

    times = np.asarray(times, float)
    times = times[np.isfinite(times)]
    if times.size < 20:
        raise ValueError(f"An ex-Gaussian fit needs 20 response times; there are {times.size}.")
    sd = float(times.std())
    if sd < 1e-6:
        raise ValueError("All response times are alike; there is nothing to fit.")
    centred = times - times.mean()
    skew = float(np.mean(centred**3)) / sd**3
    tau = sd * (max(0.05, min(1.9, skew)) / 2.0) ** (1.0 / 3.0)
    sigma = math.sqrt(max(sd**2 - tau**2, 0.05 * sd**2))
    start = [float(times.mean()) - tau, math.log(sigma), math.log(tau)]
    found = minimize(_cost, start, (times,), "Nelder-Mead", options={"maxiter": 4000})
    mu, log_sigma, log_tau = (float(value) for value in found.x)
    return ExGaussian(mu, math.exp(log_sigma), math.exp(log_tau), -float(found.fun))


def _cost(free: np.ndarray, times: np.ndarray) -> float:
    """Minus log likelihood at (mu, ln sigma, ln tau); log_ndtr keeps the tails finite."""
    from scipy.special import log_ndtr

    mu, sigma, tau = float(free[0]), math.exp(free[1]), math.exp(free[2])
    z = (times - mu) / sigma
    ratio = sigma / tau
    return -float(np.sum(-math.log(tau) + ratio * (0.5 * ratio - z) + log_ndtr(z - ratio)))
