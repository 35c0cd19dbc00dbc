"""Isometric compression: n images of p >> n features, without loss, as n × n numbers.

All that PCA, least squares, ridge, PLS, an L2 readout and most distances know of the features are
their inner products. They are summed once, over blocks of features and in double precision, so that
nothing larger than n × n stands in memory beside the features (05-dnnbrain, section 10, idea 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from backend.analysis.inputs import Check, Progress, finite, flat, nothing

Centre = Literal["features", "patterns", "none"]

BLOCK = 4096
"""Features multiplied at a time: sums of this many single-precision products, then double."""

WORK = 6e9
"""Multiplications between two looks at whether to stop: a tenth of a second."""


@dataclass(frozen=True)
class Gram:
    """Inner products (n, n) float64 of n patterns with ``features`` features.

    It stands for the patterns up to a rotation of the feature space: what such a rotation does not
    change comes out the same from it.
    """

    matrix: np.ndarray
    features: int

    def __len__(self) -> int:
        return len(self.matrix)


def gram(
    features: np.ndarray,
    centre: Centre = "features",
    exact: bool = False,
    check: Check = nothing,
    progress: Progress | None = None,
) -> Gram:
    """Inner products of all pairs of patterns.

    Parameters
    ----------
    features : (n_stim, ...) activations; single precision is multiplied in single precision in
        blocks of 4,096 features and summed in double.
    centre : subtract each feature's mean over stimuli ("features"), each pattern's mean over
        features ("patterns"), or nothing.
    exact : multiply single precision in double too; twice the time (acceptance 19: predictions
        to 1e-8 instead of 1e-4).

    Returns
    -------
    Gram. Memory: n × n and n × 4,096 numbers beyond the features.
    """
    rows = flat(features)
    count, width = rows.shape
    kind = np.float64 if exact else rows.dtype
    total = np.zeros((count, count))
    with np.errstate(over="ignore", invalid="ignore"):
        means = rows.mean(axis=1, dtype=kind)[:, None] if centre == "patterns" else None
    step = int(np.clip(WORK // count**2, 512, BLOCK))
    for start in range(0, width, step):
        check()
        block = rows[:, start : start + step].astype(kind, copy=False)
        with np.errstate(over="ignore", invalid="ignore"):
            if means is not None:
                block = block - means
            elif centre == "features":
                block = block - block.mean(axis=0)
            total += block @ block.T
        if progress:
            progress(min(start + step, width), width)
    if not np.isfinite(total.trace()):
        finite(rows, "The network's activations")
        return gram(rows, centre, True, check, progress)
    return Gram(total, width)


def relative_gram(
    features: np.ndarray,
    exact: bool = False,
    check: Check = nothing,
    progress: Progress | None = None,
) -> Gram:
    """Inner products for what depends on differences of patterns alone, such as their distances.

    What all patterns share drops out of differences; subtracting it costs a copy, so that it is
    only done where it is so large that leaving it in would cost digits.
    """
    kind = np.asarray(features).dtype
    products = gram(features, "none", exact, check, progress)
    shared = products.matrix.mean() * len(products)
    own = products.matrix.trace() - shared
    if shared <= own * (30.0 if kind == np.float32 and not exact else 1e6):
        return products
    return gram(features, "features", exact, check, progress)


def compressed(gram: Gram) -> np.ndarray:
    """Patterns (n_stim, rank) float64 with the same inner products, largest axis first.

    F' = U sqrt(L) of the Gram matrix; axes whose eigenvalue is rounding error are dropped.
    """
    values, vectors = np.linalg.eigh(gram.matrix)
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = values > max(values[0], 0.0) * len(values) * np.finfo(np.float64).eps
    return vectors[:, kept] * np.sqrt(values[kept])


def z_scored_patterns(features: np.ndarray) -> np.ndarray:
    """Each image's pattern with mean 0 and SD 1 over features (n_stim, n_feat), same precision.

    A pattern without variance becomes zeros. Source: 05-dnnbrain, 2.8 and section 7.
    """
    rows = flat(features)
    out = rows - rows.mean(axis=1, keepdims=True, dtype=np.float64).astype(rows.dtype)
    spread = np.sqrt(np.square(out).mean(axis=1, dtype=np.float64))
    scale = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > 0)
    out *= scale[:, None].astype(rows.dtype)
    return out
