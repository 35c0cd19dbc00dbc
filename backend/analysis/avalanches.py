"""Neuronal avalanches: runs of active frames, and the exponent of their sizes (13, section 2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from backend.core.parameters import ParameterError

FEWEST = 200
"""Avalanches below which no exponent is given."""
EXPONENTS = (0.0, 6.0)


@dataclass(frozen=True)
class PowerLaw:
    """A truncated discrete power law fitted to sizes.

    Attributes
    ----------
    exponent : of maximum likelihood on [smallest, largest]; NaN below ``FEWEST`` avalanches.
    distance : Kolmogorov-Smirnov, between the sizes in that range and the fit.
    count : sizes in the range. ratio, p : log-likelihood ratio per Vuong against an exponential on
        the same range (positive: the power law is nearer) and its two-sided p.
    """

    exponent: float
    distance: float
    count: int
    ratio: float = float("nan")
    p: float = float("nan")


def frame_counts(steps: np.ndarray, first: int, last: int, width: int) -> np.ndarray:
    """Activations in frames of ``width`` steps from ``first`` up to ``last`` (whole frames)."""
    if width < 1:
        raise ParameterError("frame", "A frame has at least one step.", 2)
    frames = (last - first) // width
    inside = (steps >= first) & (steps < first + frames * width)
    return np.bincount((steps[inside] - first) // width, minlength=frames)


def sizes(counts: np.ndarray) -> np.ndarray:
    """Size of every run of frames that are not blank, bounded by blank frames on both sides.

    ``counts`` (n_frame,) activations; a run that begins or ends with the recording is left out.
    """
    blank = np.flatnonzero(counts == 0)
    if len(blank) < 2:
        return np.empty(0, np.int64)
    total = np.concatenate([[0], np.cumsum(counts)])
    between = total[blank[1:]] - total[blank[:-1] + 1]
    return between[between > 0].astype(np.int64)


def power_law(found: np.ndarray, smallest: int = 1, largest: int = 60) -> PowerLaw:
    """Fit P(s) ~ s^-a on [smallest, largest] by maximum likelihood."""
    from scipy.optimize import minimize_scalar

    inside = found[(found >= smallest) & (found <= largest)]
    if len(inside) < FEWEST:
        return PowerLaw(float("nan"), float("nan"), len(inside))
    support = np.arange(smallest, largest + 1, dtype=float)
    logs = np.log(support)
    frequency = np.bincount(inside - smallest, minlength=len(support)) / len(inside)
    mean = float(frequency @ logs)

    def cost(a: float) -> float:
        return a * mean + float(np.log(np.exp(-a * logs).sum()))

    exponent = float(minimize_scalar(cost, bounds=EXPONENTS, method="bounded",
                                     options={"xatol": 1e-6}).x)  # fmt: skip
    model = support**-exponent
    model /= model.sum()
    distance = float(np.abs(np.cumsum(frequency) - np.cumsum(model)).max())
    ratio, p = against_exponential(frequency, support, np.log(model), len(inside))
    return PowerLaw(exponent, distance, len(inside), ratio, p)


def against_exponential(
    frequency: np.ndarray, support: np.ndarray, power: np.ndarray, count: int
) -> tuple[float, float]:
    """Log-likelihood ratio of the power law to the best exponential, and Vuong's p."""
    from scipy.optimize import minimize_scalar
    from scipy.special import erfc, logsumexp

    mean = float(frequency @ support)
    best = minimize_scalar(
        lambda rate: rate * mean + float(logsumexp(-rate * support)), bounds=(-1.0, 10.0),
        method="bounded",
    )  # fmt: skip
    other = -best.x * support - logsumexp(-best.x * support)
    each = power - other
    average = float(frequency @ each)
    spread = float(np.sqrt(frequency @ (each - average) ** 2))
    ratio = count * average
    if spread == 0:
        return ratio, float("nan")
    return ratio, float(erfc(abs(ratio) / (np.sqrt(2.0 * count) * spread)))


def log_bins(found: np.ndarray, per_decade: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Centres and probability per size of log-spaced bins with whole edges; empty ones left out."""
    if not len(found):
        return np.empty(0), np.empty(0)
    top = np.log10(found.max() + 1)
    edges = np.unique(np.ceil(10 ** np.linspace(0, top, int(np.ceil(top * per_decade)) + 1)))
    edges = np.append(edges[edges <= found.max()], found.max() + 1)
    count, _ = np.histogram(found, edges)
    centre = np.sqrt(edges[:-1] * np.maximum(edges[1:] - 1, edges[:-1]))
    share = count / np.diff(edges) / len(found)
    return centre[count > 0], share[count > 0]


Regime = Literal["supercritical", "near critical", "subcritical", "n/a"]
NEAR_EXPONENT, NEAR_DISTANCE = 0.1, 0.07


def regime(found: np.ndarray, fit: PowerLaw, large: int, cap: int) -> Regime:
    """What the sizes alone say of the dynamics; the control parameter is not asked.

    Near critical when the exponent is within 0.1 of -1.5 at a KS distance of at most 0.07.
    Otherwise super- or subcritical as sizes above ``large`` are more or fewer than under a power
    law of -1.5 that ends at ``cap``.
    """
    if not np.isfinite(fit.exponent):
        return "n/a"
    if abs(fit.exponent - 1.5) <= NEAR_EXPONENT and fit.distance <= NEAR_DISTANCE:
        return "near critical"
    law = np.arange(1, cap + 1) ** -1.5
    expected = law[large:].sum() / law.sum()
    return "supercritical" if float((found > large).mean()) > expected else "subcritical"
