"""Adaptive methods: the up-down staircase and a Bayesian one by minimum expected entropy.

Levels are given in rising order of ease, as in :class:`backend.stage.design.Method`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from backend.stage.design import Method


class Adaptive(Protocol):
    """Chooses the level of the next trial from the answers so far."""

    def next_level(self) -> int | None:
        """Index of the next level; None when the method has ended."""
        ...

    def record(self, level: int, right: bool) -> None:
        """The answer to a trial at a level."""
        ...

    @property
    def threshold(self) -> float:
        """Estimate of the threshold in units of the levels; NaN when there is none yet."""
        ...

    @property
    def progress(self) -> str:
        """Where it stands, in words."""
        ...


def method_of(method: Method) -> Adaptive:
    """The running method of a block."""
    return Staircase(method) if method.kind == "staircase" else Bayes(method)


def staircase_target(up_after: int, down_after: int) -> float:
    """Share of right answers a staircase converges to.

    Source: Levitt 1971, J. Acoust. Soc. Am. 49: one wrong answer makes it easier and n right ones
    in a row harder at p**n = 0.5; with the roles exchanged (1 - p)**m = 0.5.

    Raises
    ------
    ValueError : both numbers above 1; that rule has no closed form.
    """
    if down_after == 1:
        return float(0.5 ** (1.0 / up_after))
    if up_after == 1:
        return float(1.0 - 0.5 ** (1.0 / down_after))
    raise ValueError("A staircase needs one of its two numbers to be 1 for a known target.")


class Staircase:
    """Up-down staircase over levels: harder after n right in a row, easier after m wrong."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self.level = min(method.start, len(method.levels) - 1)
        self.reversals: list[int] = []
        self.trials = 0
        self._right = self._wrong = 0
        self._direction = 0

    def next_level(self) -> int | None:
        """Index of the next level; None after the last reversal or trial."""
        ended = len(self.reversals) >= self.method.reversals or self.trials >= self.method.trials
        return None if ended else self.level

    def record(self, level: int, right: bool) -> None:
        """Count the answer; step when its run is complete."""
        self.trials += 1
        self.level = level
        self._right = self._right + 1 if right else 0
        self._wrong = 0 if right else self._wrong + 1
        if self._right >= self.method.up_after:
            self._step(-1)
        elif self._wrong >= self.method.down_after:
            self._step(+1)

    def _step(self, direction: int) -> None:
        self._right = self._wrong = 0
        if self._direction and direction != self._direction:
            self.reversals.append(self.level)
        self._direction = direction
        size = max(1, self.method.step >> len(self.reversals))
        self.level = int(np.clip(self.level + direction * size, 0, len(self.method.levels) - 1))

    @property
    def threshold(self) -> float:
        """Mean of the levels at the reversals after the first third (an even number of them)."""
        used = self.reversals[max(2, len(self.reversals) // 3) :]
        used = used[len(used) % 2 :]
        if not used:
            return math.nan
        return float(np.mean([self.method.levels[index] for index in used]))

    @property
    def progress(self) -> str:
        """Trials and reversals so far."""
        return f"{self.trials} trials, {len(self.reversals)} of {self.method.reversals} reversals"


class Bayes:
    """Posterior over threshold, slope and lapse; the next level promises the least entropy.

    p(right | x) = guess + (1 - guess - lapse) / (1 + exp(-(x - threshold) / spread)).

    Notes
    -----
    The idea is that of QUEST and the psi method (Watson and Pelli 1983; Kontsevich and Tyler
    1999); thresholds lie on a grid from the first to the last level, spreads are log-spaced from
    1/60 to 1/2 of the range, lapses from 0 to the method's largest. The prior is flat.
    """

    def __init__(self, method: Method, thresholds: int = 61, spreads: int = 15) -> None:
        from scipy.special import expit

        self.method = method
        self.trials = 0
        levels = np.asarray(method.levels, float)
        span = float(np.ptp(levels)) or 1.0
        threshold = np.linspace(levels.min(), levels.max(), thresholds)
        spread = span * np.geomspace(1 / 60, 1 / 2, spreads)
        lapse = np.linspace(0.0, method.lapse, 3 if method.lapse else 1)
        grid = np.meshgrid(threshold, spread, lapse, indexing="ij")
        self._threshold, self._spread, self._lapse = (axis.ravel() for axis in grid)
        rise = expit((levels[:, None] - self._threshold) / self._spread)
        self._right = method.guess + (1.0 - method.guess - self._lapse) * rise
        self._right = np.clip(self._right, 1e-6, 1 - 1e-6)
        self.posterior = np.full(self._threshold.size, 1.0 / self._threshold.size)

    def next_level(self) -> int | None:
        """The level of least expected entropy; None after the last trial."""
        if self.trials >= self.method.trials:
            return None
        return int(np.argmin(self.expected_entropy()))

    def expected_entropy(self) -> np.ndarray:
        """(levels,) entropy in nats of the posterior after a trial, averaged over its answer."""
        right = self._right * self.posterior
        wrong = self.posterior - right
        entropy = np.zeros(len(right))
        for joint in (right, wrong):
            share = joint.sum(axis=1)
            entropy += share * np.log(share) - np.einsum("lg,lg->l", joint, _safe_log(joint))
        return entropy

    def record(self, level: int, right: bool) -> None:
        """Update the posterior."""
        self.trials += 1
        likelihood = self._right[level] if right else 1.0 - self._right[level]
        self.posterior = self.posterior * likelihood
        self.posterior /= self.posterior.sum()

    @property
    def threshold(self) -> float:
        """Posterior mean."""
        return self.mean_of(self._threshold)

    @property
    def spread(self) -> float:
        """Posterior mean."""
        return self.mean_of(self._spread)

    @property
    def lapse(self) -> float:
        """Posterior mean."""
        return self.mean_of(self._lapse)

    @property
    def threshold_sd(self) -> float:
        """Posterior SD of the threshold."""
        return math.sqrt(max(0.0, self.mean_of(self._threshold**2) - self.threshold**2))

    def mean_of(self, values: np.ndarray | Sequence[float]) -> float:
        """Posterior mean of values on the grid."""
        return float(np.dot(self.posterior, np.asarray(values)))

    @property
    def progress(self) -> str:
        """Trials so far and what is known."""
        return (
            f"{self.trials} of {self.method.trials} trials, threshold "
            f"{self.threshold:.3g} ± {self.threshold_sd:.2g}"
        )


def _safe_log(values: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(values, 1e-300))
