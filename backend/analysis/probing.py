"""Probing: which categories a linear readout finds in a layer (05-dnnbrain, 2.5, 2.9, 8.12)."""

from __future__ import annotations

import importlib
import inspect
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from backend.analysis.compression import Gram, compressed
from backend.analysis.cross_validation import (
    Fold,
    Split,
    as_gram,
    check_labels,
    principal_folds,
    stratified_splits,
)
from backend.analysis.inputs import Check, Progress, nothing
from backend.core.parameters import ParameterError

Classifier = Literal["logistic", "linear SVC", "ridge classifier", "correlation", "pipeline"]

ITERATIONS = 500
"""Steps a logistic regression may take before it is called not converged (05-dnnbrain, 8.12)."""
SVC_ITERATIONS = 10_000


@dataclass(frozen=True)
class Probe:
    """A readout of categories.

    Attributes
    ----------
    classifier : "logistic" (L2, C), "linear SVC" (C), "ridge classifier", "correlation" (the class
        whose mean pattern correlates most with the image's), or "pipeline".
    components : principal components fitted in the fold, not standardised; below 1 a share of
        variance; None for all features.
    c : inverse of the L2 penalty.
    pipeline : import path of a scikit-learn estimator or of a function that returns one, as in
        "sklearn.neighbors.KNeighborsClassifier"; it is given all features, compressed.
    """

    classifier: Classifier = "logistic"
    components: int | float | None = 100
    c: float = 1.0
    pipeline: str = ""

    def __post_init__(self) -> None:
        if self.c <= 0:
            raise ParameterError("C", f"C must be above 0; it is {self.c:g}.", 1.0)


@dataclass(frozen=True)
class ProbedFold:
    """One fold's predictions.

    Attributes
    ----------
    number : from 0; test : (n_test,) rows; predicted : (n_test,) class codes.
    confusion : (n_class, n_class) counts, true class by predicted class.
    accuracy : share of right answers.
    converged : False when the optimiser stopped at its limit: say so beside the result.
    """

    number: int
    test: np.ndarray
    predicted: np.ndarray
    confusion: np.ndarray
    accuracy: float
    converged: bool


def probe(
    features: np.ndarray | Gram,
    labels: np.ndarray,
    readout: Probe = Probe(),
    folds: int = 10,
    seed: int = 0,
    check: Check = nothing,
    progress: Progress | None = None,
) -> Iterator[ProbedFold]:
    """Decode labels from held-out images, one fold after another.

    Parameters
    ----------
    features : (n_stim, ...) activations or brain data, or their inner products.
    labels : (n_stim,) numbers or names; class codes are their sorted order.
    folds, seed : shuffled stratified folds, those of scikit-learn's StratifiedKFold.

    Raises
    ------
    ParameterError for a class with fewer images than folds, rows that differ, NaN.
    """
    labels = check_labels(len(features), labels)
    code = np.unique(labels, return_inverse=True)[1]
    parts = stratified_splits(labels, folds, seed)
    for fold in factorised(features, parts, readout, check):
        yield probed(fold, code, readout)
        if progress:
            progress(fold.number + 1, folds)


def factorised(
    features: np.ndarray | Gram, parts: list[Split], readout: Probe, check: Check
) -> Iterator[Fold]:
    """Folds as the readout needs them: principal components, or all compressed features."""
    products = as_gram(features, check)
    if readout.classifier != "pipeline":
        yield from principal_folds(products, parts, readout.components, check)
        return
    patterns = compressed(products)
    for number, (train, test) in enumerate(parts):
        check()
        yield Fold(number, train, test, np.ones(patterns.shape[1]), patterns, patterns[test])


def probed(fold: Fold, code: np.ndarray, readout: Probe) -> ProbedFold:
    """Train on a fold's training images, classify its test images."""
    from sklearn.exceptions import ConvergenceWarning

    train, truth = code[fold.train], code[fold.test]
    scores = fold.scores[fold.train]
    converged = True
    if readout.classifier == "correlation":
        predicted = nearest_by_correlation(scores, train, fold.test_scores)
    else:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", ConvergenceWarning)
            predicted = estimator(readout).fit(scores, train).predict(fold.test_scores)
        converged = not any(issubclass(w.category, ConvergenceWarning) for w in said)
    classes = int(code.max()) + 1
    confusion = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(confusion, (truth, predicted), 1)
    accuracy = float((predicted == truth).mean())
    return ProbedFold(fold.number, fold.test, predicted, confusion, accuracy, converged)


def estimator(readout: Probe) -> Any:
    """A fresh scikit-learn classifier."""
    if readout.classifier == "pipeline":
        return imported(readout.pipeline)
    if readout.classifier == "linear SVC":
        from sklearn.svm import LinearSVC

        return LinearSVC(C=readout.c, max_iter=SVC_ITERATIONS, random_state=0)
    if readout.classifier == "ridge classifier":
        from sklearn.linear_model import RidgeClassifier

        return RidgeClassifier(alpha=1.0 / readout.c)
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=readout.c, max_iter=ITERATIONS)


def imported(path: str) -> Any:
    """A user's estimator by import path; ParameterError when it cannot be had."""
    module, _, name = path.rpartition(".")
    try:
        maker = getattr(importlib.import_module(module), name)
        if not inspect.isfunction(maker) and not hasattr(maker, "predict"):
            raise TypeError("it is no class with fit and predict and no function that returns one")
        made = maker()
    except (Exception, SystemExit) as error:  # a user's module may raise anything at all
        raise ParameterError(
            "pipeline", f'"{path}" gives no estimator: {error}. Write it as in sklearn.svm.SVC.'
        ) from error
    if not (hasattr(made, "fit") and hasattr(made, "predict")):
        raise ParameterError("pipeline", f'"{path}" has no fit and predict; it is no estimator.')
    return made


def nearest_by_correlation(train: np.ndarray, code: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Class (n_test,) whose mean training pattern correlates most with a test pattern."""
    classes = int(code.max()) + 1
    means = np.stack([train[code == one].mean(axis=0) for one in range(classes)])
    return (unit_rows(test) @ unit_rows(means).T).argmax(axis=1)


def unit_rows(rows: np.ndarray) -> np.ndarray:
    """Rows about their mean, of length 1; a constant row becomes zeros."""
    centred = rows - rows.mean(axis=1, keepdims=True)
    length = np.sqrt(np.einsum("ij,ij->i", centred, centred))[:, None]
    return np.divide(centred, length, out=np.zeros_like(centred), where=length > 0)


def permuted_accuracy(
    features: np.ndarray | Gram,
    labels: np.ndarray,
    readout: Probe = Probe(),
    folds: int = 10,
    seed: int = 0,
    permutations: int = 1000,
    check: Check = nothing,
) -> Iterator[float]:
    """Null of the mean accuracy: labels shuffled over images within the same folds (2.9).

    The first yield is the observed mean accuracy, then one for each permutation. The folds'
    components are found once; the readout is trained anew each time.
    """
    labels = check_labels(len(features), labels)
    code = np.unique(labels, return_inverse=True)[1]
    factors = list(factorised(features, stratified_splits(labels, folds, seed), readout, check))
    generator = np.random.default_rng(seed)
    for number in range(permutations + 1):
        order = generator.permutation(len(code)) if number else np.arange(len(code))
        scores = []
        for fold in factors:
            check()
            scores.append(probed(fold, code[order], readout).accuracy)
        yield float(np.mean(scores))


def chance(labels: np.ndarray) -> tuple[float, float]:
    """Accuracy of guessing one of the classes, and of always saying the most frequent one."""
    counts = np.unique(labels, return_counts=True)[1]
    return 1.0 / len(counts), float(counts.max() / counts.sum())


def along(features: np.ndarray, axis: Literal["layer", "channel", "location"]) -> np.ndarray:
    """Features of an iteration (n_iter, n_stim, n_feat), a view where possible (2.5).

    ``features`` (n_stim, n_chn, n_row, n_col): one set of features for the whole layer, for each
    channel, or for each location.
    """
    features = np.asarray(features)
    stimuli, channels = features.shape[:2]
    parts = features.reshape(stimuli, channels, -1)
    if axis == "channel":
        return parts.transpose(1, 0, 2)
    if axis == "location":
        return parts.transpose(2, 0, 1)
    return features.reshape(1, stimuli, -1)
