"""An observer with a template, and the classification image theory gives it (07, section 2.8)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SIGMA = 1.0 / np.sqrt(3.0)
"""Standard deviation of a noise weight."""

GAIN = 2.0 * np.sqrt(2.0 / np.pi)
"""Difference of a normal variable's means above and below its median, in sd: 1.596."""


@dataclass(frozen=True)
class LinearObserver:
    """Says female where g · theta + internal noise exceeds a criterion.

    Attributes
    ----------
    g : (count,) weights Bᵀ m of a template image m.
    noise : sd of internal noise in units of the sd of g · theta.
    bias : shift of the criterion, in the same unit; positive favours female.
    """

    g: np.ndarray
    noise: float = 0.0
    bias: float = 0.0

    def decision(self, theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(n,) decision variable in sd of g · theta, expected mean ``bias``; > 0 is female."""
        signal = theta @ self.g / (SIGMA * np.linalg.norm(self.g))
        return signal + self.noise * rng.standard_normal(len(theta)) + self.bias

    @property
    def rho(self) -> np.ndarray:
        """(count,) correlation of each weight with the decision variable."""
        return self.g / np.linalg.norm(self.g) / np.sqrt(1.0 + self.noise**2)


def expected_effect(rho: np.ndarray) -> np.ndarray:
    """Cohen's d of weights that correlate by rho with a near-normal decision variable."""
    return GAIN * rho / np.sqrt(1.0 - GAIN**2 / 4.0 * rho**2)


def expected_correlation(trials: int, noise: float, count: int = 4092) -> float:
    """corr(w, g) after so many trials: sqrt(S / (S + 4 count / trials)), S = 1.596² Σ rho².

    ``noise`` as in :class:`LinearObserver`; Σ rho² = 1 / (1 + noise²).
    """
    s = GAIN**2 / (1.0 + noise**2)
    return float(np.sqrt(s / (s + 4.0 * count / trials)))


def significance_line(trials: int, alpha: float = 0.05, count: int = 4092) -> float:
    """|d| at the Bonferroni line of balanced answers, 2 z / sqrt(trials)."""
    from scipy.special import ndtri

    return float(-2.0 * ndtri(alpha / count / 2.0) / np.sqrt(trials))
