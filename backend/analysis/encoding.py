"""Encoding models: responses of vertices predicted from a layer, fold by fold (2.6, 2.7, 2.9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from backend.analysis.compression import Gram
from backend.analysis.cross_validation import Fold, Split, as_gram, principal_folds, splits
from backend.analysis.inputs import Check, Progress, brain_of, constant_columns, nothing
from backend.analysis.linear_models import Model, predict
from backend.analysis.scores import Moments, Score, score_of


@dataclass(frozen=True)
class EncodedFold:
    """Predictions of one fold.

    Attributes
    ----------
    number : from 0; test : (n_test,) rows; truth, prediction : (n_test, n_vertex).
    """

    number: int
    test: np.ndarray
    truth: np.ndarray
    prediction: np.ndarray


class EncodingScores:
    """Scores of all vertices, filled fold by fold; keeps no predictions.

    ``constant`` (n_vertex,) bool marks vertices that never vary: their scores are NaN, shown grey.
    """

    def __init__(self, constant: np.ndarray) -> None:
        self.constant = constant
        self.pooled = Moments()
        self.folds: dict[str, list[np.ndarray]] = {"r": [], "R2": [], "explained variance": []}

    def add(self, fold: EncodedFold) -> None:
        """Score one fold."""
        one = Moments()
        one.add(fold.truth, fold.prediction)
        self.pooled.add(fold.truth, fold.prediction)
        for what, kept in self.folds.items():
            score = one.score(what)  # type: ignore[arg-type]
            score[self.constant] = np.nan
            kept.append(score)

    def by_fold(self, what: Score = "r") -> np.ndarray:
        """(n_fold, n_vertex)."""
        return np.stack(self.folds[what])

    def mean(self, what: Score = "r") -> np.ndarray:
        """(n_vertex,) mean over the folds in which the score is defined; the default score."""
        return mean_of_defined(self.by_fold(what))

    def of_all(self, what: Score = "r") -> np.ndarray:
        """(n_vertex,) one score of all held-out predictions together."""
        score = self.pooled.score(what)
        score[self.constant] = np.nan
        return score


def mean_of_defined(values: np.ndarray) -> np.ndarray:
    """Mean over the first axis without NaN; NaN where nothing is defined."""
    good = np.isfinite(values)
    count = good.sum(axis=0)
    total = np.where(good, values, 0.0).sum(axis=0)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def encode(
    features: np.ndarray | Gram,
    brain: np.ndarray,
    model: Model = Model(),
    folds: int = 10,
    seed: int = 0,
    check: Check = nothing,
    progress: Progress | None = None,
    parts: list[Split] | None = None,
) -> Iterator[EncodedFold]:
    """Predict held-out responses, one fold after another.

    Parameters
    ----------
    features : (n_stim, ...) activations, or their inner products (for many models of one layer).
    brain : (n_stim, n_vertex) responses. All vertices share each fold's factorisation.
    folds, seed : shuffled folds, those of scikit-learn's KFold; ``parts`` in their place.

    Raises
    ------
    ParameterError for rows that differ, NaN or infinite values, folds that cannot be made.
    """
    brain = brain_of(brain, len(features))
    chosen = splits(len(brain), folds, seed) if parts is None else parts
    for fold in principal_folds(features, chosen, model.components, check):
        yield EncodedFold(fold.number, fold.test, brain[fold.test], predict(model, fold, brain))
        if progress:
            progress(fold.number + 1, folds)


def encoding_scores(
    features: np.ndarray | Gram,
    brain: np.ndarray,
    model: Model = Model(),
    folds: int = 10,
    seed: int = 0,
    check: Check = nothing,
    progress: Progress | None = None,
) -> EncodingScores:
    """All folds' scores at once; parameters as in :func:`encode`."""
    brain = brain_of(brain, len(features))
    scores = EncodingScores(constant_columns(brain))
    for fold in encode(features, brain, model, folds, seed, check, progress):
        scores.add(fold)
    return scores


def permuted_scores(
    features: np.ndarray | Gram,
    brain: np.ndarray,
    model: Model = Model(),
    folds: int = 10,
    seed: int = 0,
    permutations: int = 1000,
    what: Score = "r",
    check: Check = nothing,
) -> Iterator[np.ndarray]:
    """Null of the fold-mean score: responses shuffled over images, one permutation at a time (2.9).

    The first yield is the observed score (n_vertex,), then one for each permutation; judge them
    with :func:`backend.analysis.rdm_inference.judged`. Every fold is factorised once.
    """
    brain = brain_of(brain, len(features))
    products = as_gram(features, check)
    parts = splits(len(brain), folds, seed)
    factors = list(principal_folds(products, parts, model.components, check))
    generator = np.random.default_rng(seed)
    yield fold_mean(factors, brain, model, what, check)
    for _ in range(permutations):
        yield fold_mean(factors, brain[generator.permutation(len(brain))], model, what, check)


def fold_mean(
    factors: list[Fold], brain: np.ndarray, model: Model, what: Score, check: Check
) -> np.ndarray:
    """Fold-mean score (n_vertex,) from folds that are already factorised."""
    scores = []
    for fold in factors:
        check()
        scores.append(score_of(brain[fold.test], predict(model, fold, brain), what))
    return mean_of_defined(np.stack(scores))
