"""How well responses are predicted, a vertex at a time: r, R², explained variance."""

from __future__ import annotations

from typing import Literal

import numpy as np

Score = Literal["r", "R2", "explained variance"]


class Moments:
    """Sums from which every score of predictions follows; folds can be added up (pooled scores).

    Sums are taken about the first fold's means, so that pooling loses no digits.
    """

    def __init__(self) -> None:
        self.count = 0
        self.shift: tuple[np.ndarray, np.ndarray] | None = None
        self.sums: np.ndarray = np.zeros(0)

    def add(self, truth: np.ndarray, prediction: np.ndarray) -> None:
        """Add measured and predicted responses (n, n_vertex)."""
        if self.shift is None:
            self.shift = truth.mean(axis=0), prediction.mean(axis=0)
            self.sums = np.zeros((6, truth.shape[1]))
        y, f = truth - self.shift[0], prediction - self.shift[1]
        error = truth - prediction
        self.count += len(truth)
        self.sums[0] += y.sum(axis=0)
        self.sums[1] += f.sum(axis=0)
        self.sums[2] += np.einsum("ij,ij->j", y, y)
        self.sums[3] += np.einsum("ij,ij->j", f, f)
        self.sums[4] += np.einsum("ij,ij->j", y, f)
        self.sums[5] += np.einsum("ij,ij->j", error, error)

    def score(self, what: Score) -> np.ndarray:
        """(n_vertex,) scores of all that was added; NaN where responses do not vary."""
        n = self.count
        y, f, yy, ff, yf, square_error = self.sums
        variance_y, variance_f = yy - y * y / n, ff - f * f / n
        covariance = yf - y * f / n
        alive = variance_y > 1e-24 * np.maximum(yy, np.finfo(float).tiny)
        out = np.full(len(y), np.nan)
        if what == "r":
            alive &= variance_f > 1e-24 * np.maximum(ff, np.finfo(float).tiny)
            spread = np.sqrt(np.maximum(variance_y * variance_f, 0.0))
            return np.divide(covariance, spread, out=out, where=alive)
        if what == "R2":
            lost = square_error
        else:
            lost = variance_y + variance_f - 2 * covariance
        np.divide(lost, variance_y, out=out, where=alive)
        return 1.0 - out


def score_of(truth: np.ndarray, prediction: np.ndarray, what: Score = "r") -> np.ndarray:
    """One score (n_vertex,) of predictions (n, n_vertex); NaN for a vertex that does not vary.

    "r" Pearson; "R2" 1 - SSE / SST; "explained variance" 1 - var(error) / var (05-dnnbrain, 2.6).
    """
    moments = Moments()
    moments.add(truth, prediction)
    return moments.score(what)
