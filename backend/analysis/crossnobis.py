"""Crossnobis: squared Mahalanobis distance that noise does not inflate (Walther et al. 2016).

The difference of two conditions in one part of the data is multiplied with the same difference in
the other parts; noise is independent between parts, so the expected value for equal conditions
is 0 and single values can be negative. Leave-one-fold-out, mean over folds, divided by the number
of features, as rsatoolbox has it.
"""

from __future__ import annotations

import numpy as np

from backend.analysis.compression import BLOCK
from backend.analysis.inputs import Check, Progress, finite, flat, nothing, same_rows
from backend.analysis.rdm import precision_of
from backend.core.parameters import ParameterError


def crossnobis(
    features: np.ndarray,
    conditions: np.ndarray,
    folds: np.ndarray,
    precision: np.ndarray | None = None,
    check: Check = nothing,
    progress: Progress | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Cross-validated distances between conditions.

    Parameters
    ----------
    features : (n_obs, n_feat) measurements.
    conditions, folds : (n_obs,) label and part (run, session) of every measurement; every condition
        must be in every part.
    precision : inverse noise covariance (n_feat, n_feat) or inverse variances (n_feat,); None for
        equal independent noise.

    Returns
    -------
    Distances (n_cond, n_cond) float64, zero diagonal, and the conditions, sorted. Memory beyond the
    data is O(n_cond²) and blocks of 4,096 features, except for a full ``precision``.
    """
    rows = flat(features)
    for values, what in ((conditions, "conditions"), (folds, "folds")):
        same_rows(len(rows), len(values), what)
    names, condition = np.unique(conditions, return_inverse=True)
    parts, fold = np.unique(folds, return_inverse=True)
    counts = counted(condition, fold, names, parts)
    means = Means(rows, condition, fold, counts)
    weights = None if precision is None else precision_of(precision, rows.shape[1])
    if weights is not None and weights.ndim == 2:
        total = full_precision(means, weights, check)
    else:
        total = np.zeros((len(names), len(names)))
        for start in range(0, rows.shape[1], BLOCK):
            check()
            place = slice(start, start + BLOCK)
            scale = None if weights is None else np.sqrt(weights[place]).astype(rows.dtype)
            means.add_products(total, place, scale)
            if progress:
                progress(min(start + BLOCK, rows.shape[1]), rows.shape[1])
    if not np.isfinite(total).all():
        finite(rows, "The measurements")
    lengths = np.diag(total)
    distances = (lengths + lengths[:, None]) - (total + total.T)
    np.fill_diagonal(distances, 0.0)
    return distances / (len(parts) * rows.shape[1]), names


def counted(
    condition: np.ndarray, fold: np.ndarray, names: np.ndarray, parts: np.ndarray
) -> np.ndarray:
    """Measurements (n_fold, n_cond); ParameterError when one is missing."""
    if len(parts) < 2:
        raise ParameterError(
            "folds", "Crossnobis distance needs at least two parts of the data, such as runs."
        )
    counts = np.zeros((len(parts), len(names)), dtype=np.int64)
    np.add.at(counts, (fold, condition), 1)
    if (counts == 0).any():
        part, name = np.argwhere(counts == 0)[0]
        missing = int((counts == 0).sum())
        raise ParameterError(
            "folds",
            f'Condition "{names[name]}" has no measurement in fold "{parts[part]}" ({missing:,} '
            "such gaps). Leave it out, or use fewer folds.",
        )
    return counts


class Means:
    """Means of measurements by fold and condition, made block by block of features."""

    def __init__(
        self, rows: np.ndarray, condition: np.ndarray, fold: np.ndarray, counts: np.ndarray
    ) -> None:
        self.rows = rows
        self.counts = counts
        self.order = np.lexsort((condition, fold))
        self.starts = np.concatenate([[0], np.cumsum(counts.ravel())[:-1]])
        self.in_order = bool((self.order == np.arange(len(rows))).all())
        self.single = bool((counts == 1).all())
        self.centres = rows.dtype == np.float32 or shares_much(rows)
        self.balanced = bool((counts == counts[0]).all(axis=0).all())

    def of(self, place: slice) -> np.ndarray:
        """Means (n_fold, n_cond, block) of some features.

        What all conditions share drops out of every difference; it is taken off where it would
        cost digits.
        """
        block = self.rows[:, place]
        if self.centres:
            block = block - block.mean(axis=0)
        if not self.in_order:
            block = block[self.order]
        if not self.single:
            sums = np.add.reduceat(block, self.starts, axis=0)
            block = sums / self.counts.ravel()[:, None].astype(block.dtype)
        return block.reshape(*self.counts.shape, -1)

    def add_products(self, total: np.ndarray, place: slice, scale: np.ndarray | None) -> None:
        """Add the sum over folds of (mean of the other folds) · (mean of the fold) to ``total``.

        With equally many measurements the sum is (SS' - sum of MM')/(F - 1), symmetric products.
        """
        means = self.of(place)
        if scale is not None:
            means = means * scale
        folds = len(means)
        if self.balanced and folds == 2:
            product = means[0] @ means[1].T
            total += product
            total += product.T
        elif self.balanced:
            everything = means.sum(axis=0)
            products = everything @ everything.T
            for mean in means:
                products -= mean @ mean.T
            total += products / (folds - 1)
        else:
            for fold, mean in enumerate(means):
                total += self.others(means, fold) @ mean.T

    def others(self, means: np.ndarray, fold: int) -> np.ndarray:
        """Mean over the measurements of all other folds (n_cond, block)."""
        counts = self.counts.astype(means.dtype)
        rest = np.delete(np.arange(len(means)), fold)
        sums = np.einsum("fc,fcb->cb", counts[rest], means[rest])
        return sums / counts[rest].sum(axis=0)[:, None]


def shares_much(rows: np.ndarray) -> bool:
    """Whether the mean pattern outweighs a measurement's own by far, in 256 of the features."""
    some = rows[:, :: -(-rows.shape[1] // 256)]
    mean = some.mean(axis=0)
    own = ((some - mean) ** 2).sum() / len(some)
    return bool((mean**2).sum() > 1e6 * own)


def full_precision(means: Means, weights: np.ndarray, check: Check) -> np.ndarray:
    """The same sum in the metric of a full noise precision."""
    every = means.of(slice(None))
    folds, count, _ = every.shape
    total = np.zeros((count, count))
    if means.balanced and folds == 2:
        product = weighted(every[0], weights, every[1], check)
        return product + product.T
    for fold in range(folds):
        total += weighted(means.others(every, fold), weights, every[fold], check)
    return total


def weighted(left: np.ndarray, weights: np.ndarray, right: np.ndarray, check: Check) -> np.ndarray:
    """left · weights · right', a block of features at a time (n_cond, n_cond)."""
    total = np.zeros((len(left), len(right)))
    for start in range(0, left.shape[1], BLOCK):
        check()
        place = slice(start, start + BLOCK)
        total += (left @ weights[:, place].astype(left.dtype)) @ right[:, place].T
    return total
