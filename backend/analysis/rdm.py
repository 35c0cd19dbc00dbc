"""Representational dissimilarity matrices (05-dnnbrain, section 2.8)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from backend.analysis.compression import BLOCK, gram, relative_gram
from backend.analysis.inputs import Check, Progress, finite, flat, nothing, same_rows
from backend.core.parameters import ParameterError

Distance = Literal[
    "correlation", "Euclidean", "cosine", "city-block", "Mahalanobis", "squared Euclidean"
]

STRIP, TILE = 512, 100
"""Features and conditions of a tile of city-block distances: it stays in the second cache."""


def rdm(
    features: np.ndarray,
    distance: Distance = "correlation",
    precision: np.ndarray | None = None,
    check: Check = nothing,
    progress: Progress | None = None,
) -> np.ndarray:
    """Distances between the patterns of all pairs of conditions.

    Parameters
    ----------
    features : (n, ...) patterns, single or double precision.
    distance : "correlation" 1 - r; "cosine" 1 - cos; "Euclidean"; "squared Euclidean" and
        "Mahalanobis" (squared) divided by the number of features, as rsatoolbox has them;
        "city-block" sum of absolute differences.
    precision : inverse noise covariance of Mahalanobis distance, (n_feat, n_feat), or (n_feat,)
        inverse variances.

    Returns
    -------
    (n, n) float64, symmetric, zero diagonal. Memory beyond the features is O(n²), except for a full
    ``precision``.
    """
    rows = flat(features)
    if distance in ("correlation", "cosine"):
        return angular(rows, distance == "correlation", check, progress)
    if distance == "city-block":
        return city_block(rows, check, progress)
    if distance == "Mahalanobis":
        return squared(weighted_gram(rows, precision, check, progress)) / rows.shape[1]
    distances = squared(relative_gram(rows, False, check, progress).matrix)
    return np.sqrt(distances) if distance == "Euclidean" else distances / rows.shape[1]


def angular(
    rows: np.ndarray, about_mean: bool, check: Check, progress: Progress | None
) -> np.ndarray:
    """1 - cosine of the angle between patterns, each about its own mean for correlation."""
    if about_mean and rows.shape[1] < 2:
        raise ParameterError(
            "distance",
            "Correlation distance needs at least two features; this layer has one. "
            "Use Euclidean distance.",
            "Euclidean",
        )
    means = rows.mean(axis=1, dtype=np.float64)
    products = (
        about_means(rows, means, check, progress)
        if about_mean
        else gram(rows, "none", False, check, progress).matrix
    )
    norms = np.sqrt(np.diag(products))
    rounding = np.abs(means) * np.sqrt(rows.shape[1]) * np.finfo(rows.dtype).eps
    refuse_constant(norms <= (8 * rounding if about_mean else 0.0), about_mean)
    products /= norms * norms[:, None]
    np.subtract(1.0, products, out=products)
    np.fill_diagonal(products, 0.0)
    return np.maximum(products, 0.0, out=products)


def about_means(
    rows: np.ndarray, means: np.ndarray, check: Check, progress: Progress | None
) -> np.ndarray:
    """Inner products of patterns, each about its own mean.

    The means are taken off afterwards, which spares a copy of the features, unless they are so
    large that this would cost digits.
    """
    products = gram(rows, "none", False, check, progress).matrix
    means = means * np.sqrt(rows.shape[1])
    own = np.diag(products) - means**2
    limit = 30.0 if rows.dtype == np.float32 else 1e6
    if (means**2 > limit * own).any():
        return gram(rows, "patterns", False, check, progress).matrix
    products -= means * means[:, None]
    return products


def refuse_constant(flat_patterns: np.ndarray, about_mean: bool) -> None:
    """ParameterError when a pattern has no direction."""
    count = int(flat_patterns.sum())
    if not count:
        return
    first = int(np.argmax(flat_patterns))
    name, what = ("Correlation", "constant") if about_mean else ("Cosine", "zero")
    verb = "pattern is" if count == 1 else "patterns are"
    raise ParameterError(
        "distance",
        f"{name} distance is undefined: {count:,} {verb} {what} over all features, the first at "
        f"row {first + 1}. Use Euclidean distance or leave these conditions out.",
        "Euclidean",
    )


def squared(products: np.ndarray) -> np.ndarray:
    """Squared distances of inner products (n, n), never below 0."""
    lengths = np.diag(products).copy()
    products *= -2.0
    products += lengths + lengths[:, None]
    np.fill_diagonal(products, 0.0)
    return np.maximum(products, 0.0, out=products)


def weighted_gram(
    rows: np.ndarray, precision: np.ndarray | None, check: Check, progress: Progress | None
) -> np.ndarray:
    """Inner products of patterns in the metric of a noise precision."""
    if precision is None:
        raise ParameterError(
            "distance",
            "Mahalanobis distance needs the noise: give residuals or repeated measurements, "
            "or use Euclidean distance.",
            "Euclidean",
        )
    weights = precision_of(precision, rows.shape[1])
    if weights.ndim == 1:
        scaled = rows * np.sqrt(weights).astype(rows.dtype)
        return relative_gram(scaled, False, check, progress).matrix
    centred = rows - rows.mean(axis=0)
    total = np.zeros((len(rows), len(rows)))
    for start in range(0, rows.shape[1], BLOCK):
        check()
        place = slice(start, start + BLOCK)
        total += (centred @ weights[:, place]) @ centred[:, place].T
        if progress:
            progress(min(start + BLOCK, rows.shape[1]), rows.shape[1])
    return (total + total.T) / 2


def precision_of(precision: np.ndarray, width: int) -> np.ndarray:
    """A noise precision of the right size; ParameterError with both numbers otherwise."""
    weights = np.asarray(precision, dtype=np.float64)
    if weights.shape not in ((width,), (width, width)):
        raise ParameterError(
            "", f"The noise precision is of {weights.shape[0]:,} features, the data of {width:,}."
        )
    finite(weights, "The noise precision's values")
    return weights


def noise_precision(residuals: np.ndarray) -> np.ndarray:
    """Inverse noise covariance (n_feat, n_feat) of residuals (n_obs, n_feat).

    The covariance is shrunk towards a multiple of the identity (Ledoit and Wolf 2004).
    """
    from sklearn.covariance import ledoit_wolf

    residuals = flat(residuals, "The residuals").astype(np.float64)
    finite(residuals, "The residuals")
    covariance, _ = ledoit_wolf(residuals)
    return np.linalg.inv(covariance)


def city_block(rows: np.ndarray, check: Check, progress: Progress | None) -> np.ndarray:
    """Sum of absolute differences, strip by strip of features, tile by tile of pairs."""
    from backend.analysis.rdm_kernels import city_block as add_tile

    count, width = rows.shape
    total = np.zeros((count, count))
    for start in range(0, width, STRIP):
        strip = np.ascontiguousarray(rows[:, start : start + STRIP])
        for top in range(0, count, TILE):
            check()
            for left in range(top, count, TILE):
                add_tile(
                    strip[top : top + TILE],
                    strip[left : left + TILE],
                    total[top : top + TILE, left : left + TILE],
                )
        if progress:
            progress(min(start + STRIP, width), width)
    if not np.isfinite(total).all():
        finite(rows, "The network's activations")
    upper = np.triu(total, 1)
    return upper + upper.T


def label_means(features: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean pattern of every label (n_label, n_feat) and the labels, sorted."""
    rows = flat(features)
    same_rows(len(rows), len(labels), "labels")
    names, code, counts = np.unique(labels, return_inverse=True, return_counts=True)
    order = np.argsort(code, kind="stable")
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    sums = np.add.reduceat(rows[order], starts, axis=0, dtype=np.float64)
    return (sums / counts[:, None]).astype(rows.dtype), names
