"""Single units: each unit alone as a predictor, and the best one scored fairly (05-dnnbrain, 2.5).

A best unit that is chosen and scored on the same folds looks good even in noise (acceptance 15).
Here it is chosen on inner folds of the training images and scored on images it never saw.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from backend.analysis.cross_validation import Split, splits, stratified_splits
from backend.analysis.inputs import Check, Progress, brain_of, finite, flat, nothing
from backend.core.parameters import ParameterError

UNITS = 4096
"""Units scored at a time."""


@dataclass(frozen=True)
class SelectedFold:
    """One outer fold.

    Attributes
    ----------
    number : from 0; best : (n_group, n_target) unit chosen on the training images alone.
    score : (n_group, n_target) its score on the test images: r, or accuracy for classes.
    """

    number: int
    best: np.ndarray
    score: np.ndarray


def single_units(
    features: np.ndarray,
    targets: np.ndarray,
    classes: bool = False,
    groups: np.ndarray | None = None,
    folds: int = 10,
    seed: int = 0,
    check: Check = nothing,
    progress: Progress | None = None,
) -> Iterator[SelectedFold]:
    """The best unit of every group for every target, with nested selection.

    Parameters
    ----------
    features : (n_stim, ...) activations, flattened to units.
    targets : (n_stim, n_target) responses or numbers; (n_stim,) labels when ``classes``.
    classes : classify by least squares on indicator variables, score accuracy; else score r.
    groups : (n_unit,) group of each unit (its channel, its location); None for the whole layer.
    folds : outer folds; the inner ones are as many, of the training images.
    """
    rows, wanted, code = prepared(features, targets, classes)
    member = np.zeros(rows.shape[1], np.int64) if groups is None else np.asarray(groups)
    outer = stratified_splits(code, folds, seed) if classes else splits(len(rows), folds, seed)
    for number, (train, test) in enumerate(outer):
        inner = inner_splits(train, code if classes else None, folds, seed)
        best = winners(unit_scores(rows, wanted, inner, classes, check), member)
        score = np.empty(best.shape)
        for (group, target), unit in np.ndenumerate(best):
            column = rows[:, [unit]]
            one = wanted if classes else wanted[:, [target]]
            score[group, target] = unit_scores(column, one, [(train, test)], classes, check)[0, 0]
        yield SelectedFold(number, best, score)
        if progress:
            progress(number + 1, folds)


def prepared(
    features: np.ndarray, targets: np.ndarray, classes: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units, targets (numbers, or indicators of classes) and class codes."""
    rows = flat(features)
    finite(rows, "The network's activations")
    if not classes:
        return rows, brain_of(targets, len(rows)), np.empty(0)
    code = np.unique(targets, return_inverse=True)[1]
    return rows, brain_of(np.eye(int(code.max()) + 1)[code], len(rows)), code


def inner_splits(train: np.ndarray, code: np.ndarray | None, folds: int, seed: int) -> list[Split]:
    """Folds of the training images, as rows of all images."""
    if code is None:
        parts = splits(len(train), min(folds, len(train)), seed)
    else:
        fewest = int(np.unique(code[train], return_counts=True)[1].min())
        if fewest < 2:
            raise ParameterError(
                "folds",
                "A class has too few images to choose units on inner folds. Use more images or "
                "leave the class out.",
            )
        parts = stratified_splits(code[train], min(folds, fewest), seed)
    return [(train[inside], train[outside]) for inside, outside in parts]


def unit_scores(
    rows: np.ndarray,
    targets: np.ndarray,
    parts: list[Split],
    classes: bool,
    check: Check = nothing,
) -> np.ndarray:
    """Fold-mean score (n_unit, n_target) of each unit alone, one-feature least squares.

    For classes the score is one accuracy (n_unit, 1). A unit that does not vary in a fold's
    training images scores 0 in it. These scores are not those of a chosen unit: see the module.
    """
    width = rows.shape[1]
    total = np.zeros((width, 1 if classes else targets.shape[1]))
    for train, test in parts:
        for start in range(0, width, UNITS):
            check()
            place = slice(start, start + UNITS)
            x, y = rows[train, place].astype(np.float64), targets[train]
            middle, mean = x.mean(axis=0), y.mean(axis=0)
            x -= middle
            power = np.einsum("ij,ij->j", x, x)
            slope = np.divide(
                x.T @ (y - mean), power[:, None], where=power[:, None] > 0,
                out=np.zeros((x.shape[1], y.shape[1])),
            )  # fmt: skip
            seen = rows[test, place].astype(np.float64) - middle
            if classes:
                total[place, 0] += accuracy(seen, slope, mean, targets[test])
            else:
                total[place] += np.sign(slope) * correlations(seen, targets[test])
    return total / len(parts)


def accuracy(
    seen: np.ndarray, slope: np.ndarray, mean: np.ndarray, truth: np.ndarray
) -> np.ndarray:
    """Share of test images (n_unit,) whose class has the largest predicted indicator."""
    right = truth.argmax(axis=1)
    best = np.full(seen.shape, -np.inf)
    answer = np.zeros(seen.shape, dtype=np.int64)
    for one in range(truth.shape[1]):
        level = mean[one] + seen * slope[:, one]
        higher = level > best
        answer[higher] = one
        best = np.maximum(best, level)
    return (answer == right[:, None]).mean(axis=0)


def correlations(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pearson r (n_unit, n_target) of columns; 0 where one does not vary."""
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    spread = np.sqrt(np.outer((x**2).sum(axis=0), (y**2).sum(axis=0)))
    return np.divide(x.T @ y, spread, out=np.zeros_like(spread), where=spread > 0)


def winners(scores: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Best unit (n_group, n_target) of each group."""
    names = np.unique(member)
    found = np.empty((len(names), scores.shape[1]), dtype=np.int64)
    for row, name in enumerate(names):
        units = np.flatnonzero(member == name)
        found[row] = units[scores[units].argmax(axis=0)]
    return found


def correlation_map(
    features: np.ndarray, brain: np.ndarray, check: Check = nothing
) -> Iterator[tuple[slice, np.ndarray]]:
    """Pearson r of every unit with every vertex, a block of units at a time: DNNBrain's db_corr.

    Yields the units (a slice) and (block, n_vertex) correlations over all images; NaN where a unit
    or vertex does not vary.
    """
    rows = flat(features)
    finite(rows, "The network's activations")
    brain = brain_of(brain, len(rows))
    y = standardised(brain)
    for start in range(0, rows.shape[1], UNITS):
        check()
        place = slice(start, min(start + UNITS, rows.shape[1]))
        yield place, standardised(rows[:, place]).T @ y


def standardised(columns: np.ndarray) -> np.ndarray:
    """Columns about their mean, of length 1; NaN for a column that does not vary."""
    columns = columns - columns.mean(axis=0, dtype=np.float64)
    length = np.sqrt(np.einsum("ij,ij->j", columns, columns))
    return columns / np.where(length > 0, length, np.nan)
