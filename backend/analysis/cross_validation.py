"""Folds, and the principal components of each fold's training images (05-dnnbrain, 2.4 and 10).

Everything that a model on principal components needs of a fold is a partial eigendecomposition of
the training images' inner products; all vertices, models and permutations share it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from backend.analysis.compression import Gram, relative_gram
from backend.analysis.eigen import leading_eigenvectors
from backend.analysis.inputs import Check, nothing, same_rows
from backend.core.parameters import ParameterError

Split = tuple[np.ndarray, np.ndarray]
"""Rows of the training and of the test images."""


def splits(stimuli: int, folds: int = 10, seed: int = 0) -> list[Split]:
    """Shuffled folds of nearly equal size, those of scikit-learn's KFold with this seed."""
    from sklearn.model_selection import KFold

    if folds < 2 or folds > stimuli:
        raise ParameterError(
            "folds",
            f"{folds} folds of {stimuli} images cannot be made. Use from 2 to {stimuli} folds.",
            min(max(folds, 2), stimuli) if stimuli >= 2 else None,
        )
    return list(KFold(folds, shuffle=True, random_state=seed).split(np.empty(stimuli)))


def stretches(rows: int, folds: int = 10) -> list[Split]:
    """Folds of neighbouring rows in their order: volumes of a run that depend on each other."""
    splits(rows, folds)
    every = np.arange(rows)
    return [(np.setdiff1d(every, test), test) for test in np.array_split(every, folds)]


def stratified_splits(labels: np.ndarray, folds: int = 10, seed: int = 0) -> list[Split]:
    """Shuffled folds with every class's share kept, those of scikit-learn's StratifiedKFold.

    ParameterError names a class with fewer images than folds, or says there is only one class.
    """
    from sklearn.model_selection import StratifiedKFold

    labels = np.asarray(labels)
    names, counts = np.unique(labels, return_counts=True)
    if len(names) < 2:
        raise ParameterError("label", "All images have the same label. Choose another column.")
    if folds < 2:
        raise ParameterError("folds", "Cross-validation needs at least 2 folds.", 2)
    fewest = int(counts.argmin())
    if counts[fewest] < folds:
        few = int((counts < folds).sum())
        pictures = "1 image" if counts[fewest] == 1 else f"{counts[fewest]} images"
        others = "" if few == 1 else f" ({few - 1} more classes have too few)"
        raise ParameterError(
            "folds",
            f'Class "{names[fewest]}" has {pictures} for {folds} folds{others}. Use fewer '
            "folds or leave the class out.",
            int(counts[fewest]) if counts[fewest] >= 2 else None,
        )
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return list(splitter.split(np.empty(len(labels)), labels))


@dataclass(frozen=True)
class Fold:
    """Principal components of a fold's training images, and the test images on them.

    Attributes
    ----------
    number : from 0; train, test : rows.
    variance : (k,) eigenvalues: sums of squares of each component's training scores, descending.
    scores : (n_stim, k) training scores, mean 0, uncorrelated; 0 in the test rows, so that
        products with responses need no copy of the training rows.
    test_scores : (n_test, k) test images on the same axes, about the training mean.
    """

    number: int
    train: np.ndarray
    test: np.ndarray
    variance: np.ndarray
    scores: np.ndarray
    test_scores: np.ndarray


def as_gram(features: np.ndarray | Gram, check: Check = nothing) -> Gram:
    """Features (n_stim, ...) as exact inner products; a Gram as it is."""
    return features if isinstance(features, Gram) else relative_gram(features, True, check)


def principal_folds(
    features: np.ndarray | Gram,
    parts: list[Split],
    components: int | float | None = 100,
    check: Check = nothing,
) -> Iterator[Fold]:
    """Each fold's principal components, fitted on its training images alone.

    Parameters
    ----------
    features : (n_stim, ...) activations, or their inner products.
    parts : rows of training and test images.
    components : how many; below 1 the share of variance to keep; None for all (the features
        themselves, rotated).

    Returns
    -------
    Folds, one after another. The sign of a component is arbitrary.
    """
    products = as_gram(features, check)
    for number, (train, test) in enumerate(parts):
        check()
        yield principal_fold(products, train, test, components, number)


def principal_fold(
    products: Gram,
    train: np.ndarray,
    test: np.ndarray,
    components: int | float | None,
    number: int = 0,
) -> Fold:
    """One fold's principal components, by a partial eigendecomposition of the sub-Gram."""
    inner = products.matrix[np.ix_(train, train)]
    means = inner.mean(axis=0)
    grand = means.mean()
    inner -= means
    inner -= means[:, None] - grand
    across = products.matrix[np.ix_(test, train)]
    across = across - across.mean(axis=1, keepdims=True) - means + grand
    most = min(len(train) - 1, products.features)
    values, vectors = leading(inner, most if components is None else components, most)
    root = np.sqrt(values)
    scores = np.zeros((len(products), len(values)))
    scores[train] = vectors * root
    return Fold(number, train, test, values, scores, across @ (vectors / root))


def leading(matrix: np.ndarray, wanted: int | float, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Largest eigenvalues and their vectors, descending; none that is rounding error."""
    if wanted <= 0:
        raise ParameterError("n_PC", "At least one principal component is needed.", 1)
    total = matrix.trace()
    size = len(matrix)
    count = most if wanted < 1 else min(int(wanted), most)
    values, vectors = leading_eigenvectors(matrix, count)
    kept = values > total * size * np.finfo(np.float64).eps
    if wanted < 1:
        share = np.cumsum(values) / total
        kept &= np.arange(count) <= np.searchsorted(share, wanted)
    if not kept.any():
        raise ParameterError(
            "", "All images have the same activations in this layer; nothing can be predicted."
        )
    return values[kept], vectors[:, kept]


def check_labels(stimuli: int, labels: np.ndarray) -> np.ndarray:
    """Labels (n_stim,); ParameterError with both numbers when their count differs."""
    labels = np.asarray(labels)
    same_rows(stimuli, len(labels), "labels")
    return labels
