"""Signal detection: d-prime, criterion and their intervals from counts.

Equal-variance Gaussian model: d' = z(H) - z(F), c = -(z(H) + z(F)) / 2, ln beta = c d'. The
log-linear rule (Hautus 1995) adds 0.5 to each count of hits and false alarms and 1 to each number
of trials, so that shares of 0 and 1 stay finite.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Detection:
    """What a participant's hits and false alarms say.

    Attributes
    ----------
    hit_rate, false_alarm_rate : corrected when ``corrected``.
    d_prime, criterion : with SDs by the delta method, and intervals (low, high).
    """

    hit_rate: float
    false_alarm_rate: float
    d_prime: float
    criterion: float
    d_prime_sd: float
    criterion_sd: float
    confidence: float
    corrected: bool

    @property
    def d_prime_interval(self) -> tuple[float, float]:
        return _around(self.d_prime, self.d_prime_sd, self.confidence)

    @property
    def criterion_interval(self) -> tuple[float, float]:
        return _around(self.criterion, self.criterion_sd, self.confidence)

    @property
    def log_beta(self) -> float:
        """ln of the likelihood ratio at the criterion."""
        return self.criterion * self.d_prime


def detection(
    hits: int,
    signals: int,
    false_alarms: int,
    noises: int,
    log_linear: bool = True,
    confidence: float = 0.95,
) -> Detection:
    """d-prime and criterion of a yes/no task.

    Parameters
    ----------
    hits, signals : "yes" answers to, and number of, signal trials; the other two of noise trials.
    log_linear : correct the counts; without it shares of 0 and 1 give infinite values.

    Raises
    ------
    ValueError : counts out of range, or a kind of trial is missing.

    Notes
    -----
    The variance of z(p) is p(1 - p) / (n phi(z)²) (Gourevitch and Galanter 1967); intervals are
    normal and rough below about 20 trials of each kind.
    """
    from scipy.special import ndtri

    for yes, trials, what in ((hits, signals, "signal"), (false_alarms, noises, "noise")):
        if trials < 1:
            raise ValueError(f"There are no {what} trials; d-prime needs both kinds.")
        if not 0 <= yes <= trials:
            raise ValueError(f"{yes} answers to {trials} {what} trials are not possible.")
    extra = 0.5 if log_linear else 0.0
    counts = (signals + 2 * extra, noises + 2 * extra)
    rates = (hits + extra) / counts[0], (false_alarms + extra) / counts[1]
    z = [float(ndtri(rate)) for rate in rates]
    variances = [_z_variance(r, n, v) for r, n, v in zip(rates, counts, z, strict=True)]
    spread = math.sqrt(sum(variances))
    return Detection(
        hit_rate=rates[0],
        false_alarm_rate=rates[1],
        d_prime=z[0] - z[1],
        criterion=-(z[0] + z[1]) / 2.0,
        d_prime_sd=spread,
        criterion_sd=spread / 2.0,
        confidence=confidence,
        corrected=log_linear,
    )


def d_prime_2afc(correct: int, trials: int) -> float:
    """d' of a two-alternative forced choice, sqrt(2) z(share correct), log-linear counts."""
    from scipy.special import ndtri

    if trials < 1 or not 0 <= correct <= trials:
        raise ValueError(f"{correct} right answers in {trials} trials are not possible.")
    return math.sqrt(2.0) * float(ndtri((correct + 0.5) / (trials + 1.0)))


def _z_variance(rate: float, trials: float, z: float) -> float:
    density = math.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    return rate * (1.0 - rate) / (trials * density**2) if density > 0 else math.inf


def _around(value: float, sd: float, confidence: float) -> tuple[float, float]:
    from scipy.special import ndtri

    reach = float(ndtri(0.5 + confidence / 2.0)) * sd
    return value - reach, value + reach


def area_under_roc(signal: np.ndarray, noise: np.ndarray) -> float:
    """Area under the ROC of ratings, ties counted half (Mann-Whitney).

    Parameters
    ----------
    signal, noise : (n,), (m,) ratings, higher for more certain "yes".
    """
    signal, noise = np.asarray(signal, float), np.sort(np.asarray(noise, float))
    if signal.size == 0 or noise.size == 0:
        raise ValueError("An ROC needs ratings of both kinds of trial.")
    below = np.searchsorted(noise, signal, "left") + np.searchsorted(noise, signal, "right")
    return float(below.mean() / (2.0 * noise.size))
