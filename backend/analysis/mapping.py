"""Layers mapped to behaviour and brain, whole or part by part, as DNNBrain's commands do it.

A map is multivariate ("mv": all units of a part predict a target) or univariate ("uv": each unit
alone; the best one is reported). Parts are the whole layer, each channel, or each place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from backend.analysis.compression import Gram
from backend.analysis.cross_validation import as_gram, splits, stratified_splits
from backend.analysis.encoding import encoding_scores, permuted_scores
from backend.analysis.inputs import Check, Progress, nothing
from backend.analysis.linear_models import Model
from backend.analysis.probing import Probe, along, permuted_accuracy, probe
from backend.analysis.scores import Score, score_of
from backend.analysis.selection import (
    correlation_map,
    inner_splits,
    prepared,
    unit_scores,
    winners,
)
from backend.core.parameters import ParameterError

Axis = Literal["channel", "row_col"]
Seen = Callable[[int, int, np.ndarray], None]
"""Told how many parts or folds of how many are done, with the scores so far; NaN where not yet."""
NUMBERS = 1 << 24
"""Scores of units by targets in memory at a time."""


@dataclass(frozen=True)
class Mapped:
    """Held-out scores of one layer.

    Attributes
    ----------
    score : (n_iter, n_target, n_fold).
    location : (n_iter, n_target, 3) channel, row and column from 1 of the best unit of all data;
        univariate maps only.
    confusion : (n_iter, n_target, n_fold, n_class, n_class) counts, true class by answer;
        multivariate classification only.
    p : (n_iter, n_target) of permuted targets; when permutations were asked.
    dead : parts in which nothing varies; their scores are NaN.
    converged : False when a classifier stopped at its limit of steps.
    """

    score: np.ndarray
    location: np.ndarray | None = None
    confusion: np.ndarray | None = None
    p: np.ndarray | None = None
    dead: int = 0
    converged: bool = True


@dataclass(frozen=True)
class Scheme:
    """How maps are validated: shuffled folds from a seed, and permutations of the targets."""

    folds: int = 3
    seed: int = 0
    permutations: int = 0


def parts(features: np.ndarray, axis: Axis | None) -> np.ndarray:
    """(n_iter, n_stim, n_unit) of activations (n_stim, n_chn, n_row, n_col)."""
    names: dict[Axis | None, Literal["layer", "channel", "location"]] = {
        None: "layer", "channel": "channel", "row_col": "location",
    }  # fmt: skip
    return along(features, names[axis])


def predicted(
    features: np.ndarray,
    targets: np.ndarray,
    axis: Axis | None = None,
    model: Model = Model(components=None),
    what: Score = "explained variance",
    scheme: Scheme = Scheme(),
    check: Check = nothing,
    progress: Progress | None = None,
    seen: Seen | None = None,
) -> Mapped:
    """Numbers (n_stim, n_target) predicted from all units of each part."""
    sets = parts(features, axis)
    score = np.full((len(sets), targets.shape[1], scheme.folds), np.nan)
    p = np.full(score.shape[:2], np.nan)
    dead = 0
    for number, one in enumerate(sets):
        products = as_gram(np.ascontiguousarray(one), check)
        if alive(products, one, len(sets)):
            found = encoding_scores(products, targets, model, scheme.folds, scheme.seed, check)
            score[number] = found.by_fold(what).T
            if scheme.permutations:
                p[number] = streamed_p(permuted_scores(
                    products, targets, model, scheme.folds, scheme.seed, scheme.permutations,
                    what, check,
                ))  # fmt: skip
        else:
            dead += 1
        if progress:
            progress(number + 1, len(sets))
        if seen:
            seen(number + 1, len(sets), score)
    return Mapped(score, p=p if scheme.permutations else None, dead=dead)


def classified(
    features: np.ndarray,
    labels: np.ndarray,
    axis: Axis | None = None,
    readout: Probe = Probe(components=None),
    scheme: Scheme = Scheme(),
    check: Check = nothing,
    progress: Progress | None = None,
    seen: Seen | None = None,
) -> Mapped:
    """Labels (n_stim,) decoded from all units of each part; one target."""
    sets = parts(features, axis)
    classes = len(np.unique(labels))
    score = np.full((len(sets), 1, scheme.folds), np.nan)
    confusion = np.zeros((*score.shape, classes, classes), np.int64)
    p = np.full(score.shape[:2], np.nan)
    dead, converged = 0, True
    for number, one in enumerate(sets):
        products = as_gram(np.ascontiguousarray(one), check)
        if alive(products, one, len(sets)):
            for fold in probe(products, labels, readout, scheme.folds, scheme.seed, check):
                score[number, 0, fold.number] = fold.accuracy
                confusion[number, 0, fold.number] = fold.confusion
                converged &= fold.converged
            if scheme.permutations:
                null = permuted_accuracy(products, labels, readout, scheme.folds, scheme.seed,
                                         scheme.permutations, check)  # fmt: skip
                p[number] = streamed_p(np.array([value]) for value in null)
        else:
            dead += 1
        if progress:
            progress(number + 1, len(sets))
        if seen:
            seen(number + 1, len(sets), score)
    return Mapped(score, confusion=confusion, p=p if scheme.permutations else None, dead=dead,
                  converged=converged)  # fmt: skip


def alive(products: Gram, values: np.ndarray, sets: int) -> bool:
    """Whether anything varies; a silent channel or place among others is no reason to stop."""
    return sets == 1 or bool(np.ptp(values, axis=0).any())


def streamed_p(scores: Iterator[np.ndarray]) -> np.ndarray:
    """p = (1 + number at or above the first) / (1 + number of the others), NaN where undefined."""
    observed = next(scores)
    count, total = np.zeros(observed.shape), 0
    for one in scores:
        count += one >= observed
        total += 1
    return np.where(np.isnan(observed), np.nan, (1 + count) / (1 + total))


def best_units(
    features: np.ndarray,
    targets: np.ndarray,
    axis: Axis | None = None,
    classes: bool = False,
    what: Score = "explained variance",
    scheme: Scheme = Scheme(),
    check: Check = nothing,
    progress: Progress | None = None,
    seen: Seen | None = None,
) -> Mapped:
    """The best single unit of each part for each target, chosen on inner folds (2.5).

    Parameters
    ----------
    targets : (n_stim, n_target) numbers; (n_stim,) labels when ``classes``, then one target.

    The score is that of the unit chosen on the training images, on images it never saw; the unit
    may differ from fold to fold. ``location`` is the unit chosen on all images.
    """
    rows, wanted, code = prepared(features, targets, classes)
    member = members(features.shape, axis)
    outer = (stratified_splits(code, scheme.folds, scheme.seed) if classes
             else splits(len(rows), scheme.folds, scheme.seed))  # fmt: skip
    count = 1 if classes else wanted.shape[1]
    step = count if classes else max(1, NUMBERS // rows.shape[1])
    score = np.full((len(np.unique(member)), count, len(outer)), np.nan)
    chosen = np.empty(score.shape[:2], np.int64)
    for start in range(0, count, step):
        place = slice(None) if classes else slice(start, start + step)
        block = wanted if classes else wanted[:, place]
        for number, (train, test) in enumerate(outer):
            inner = inner_splits(train, code if classes else None, scheme.folds, scheme.seed)
            best = winners(unit_scores(rows, block, inner, classes, check), member)
            score[:, place, number] = held_out(rows, block, best, train, test, classes, what)
            if seen and step >= count:
                seen(number + 1, len(outer), score)
        chosen[:, place] = winners(unit_scores(rows, block, outer, classes, check), member)
        if progress:
            progress(min(start + step, count), count)
    return Mapped(score, numbered(chosen, features.shape))


def held_out(
    rows: np.ndarray,
    targets: np.ndarray,
    best: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    classes: bool,
    what: Score,
) -> np.ndarray:
    """(n_group, n_target) scores on test images of the units chosen on training images."""
    found = np.empty(best.shape)
    for group, units in enumerate(best):
        if classes:
            column = rows[:, units]
            found[group] = unit_scores(column, targets, [(train, test)], True)[0]
            continue
        x = rows[:, units].astype(np.float64)
        middle, mean = x[train].mean(axis=0), targets[train].mean(axis=0)
        away = x[train] - middle
        power = np.einsum("ij,ij->j", away, away)
        slope = np.divide(np.einsum("ij,ij->j", away, targets[train] - mean), power,
                          out=np.zeros_like(power), where=power > 0)  # fmt: skip
        found[group] = score_of(targets[test], mean + (x[test] - middle) * slope, what)
    return found


def members(shape: tuple[int, ...], axis: Axis | None) -> np.ndarray:
    """(n_unit,) part of every unit of activations (n_stim, n_chn, n_row, n_col)."""
    _, channels, rows, columns = shape
    if axis == "channel":
        return np.repeat(np.arange(channels), rows * columns)
    if axis == "row_col":
        return np.tile(np.arange(rows * columns), channels)
    return np.zeros(channels * rows * columns, np.int64)


def numbered(units: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """(..., 3) channel, row and column from 1 of flat units."""
    return np.stack(np.unravel_index(units, shape[1:]), axis=-1) + 1


def strongest(
    features: np.ndarray,
    targets: np.ndarray,
    axis: Axis | None = None,
    scheme: Scheme = Scheme(),
    check: Check = nothing,
    progress: Progress | None = None,
) -> Mapped:
    """The largest Pearson r of any unit of each part with each target, over all images.

    It is the largest of many and no prediction: judge it by ``p``, whose permutations take the
    largest r of the part too. ``score`` is (n_iter, n_target, 1).
    """
    member = members(features.shape, axis)
    score, unit = largest(features, targets, member, check)
    generator = np.random.default_rng(scheme.seed)
    count = np.zeros(score.shape)
    for number in range(scheme.permutations):
        order = generator.permutation(len(targets))
        count += largest(features, targets[order], member, check)[0] >= score
        if progress:
            progress(number + 1, scheme.permutations)
    p = np.where(np.isnan(score), np.nan, (1 + count) / (1 + scheme.permutations))
    location = numbered(unit, features.shape)
    return Mapped(score[..., None], location, p=p if scheme.permutations else None)


def largest(
    features: np.ndarray, targets: np.ndarray, member: np.ndarray, check: Check
) -> tuple[np.ndarray, np.ndarray]:
    """Largest r (n_group, n_target) and its unit; NaN and unit 0 where nothing varies."""
    names = np.unique(member)
    score = np.full((len(names), targets.shape[1]), -np.inf)
    unit = np.zeros(score.shape, np.int64)
    for place, r in correlation_map(features, targets, check):
        r = np.where(np.isnan(r), -np.inf, r)
        inside = member[place]
        for name in np.unique(inside):
            own = np.flatnonzero(inside == name)
            top = own[r[own].argmax(axis=0)]
            value = r[top, np.arange(r.shape[1])]
            higher = value > score[name]
            score[name][higher] = value[higher]
            unit[name][higher] = place.start + top[higher]
    return np.where(np.isinf(score), np.nan, score), unit


SCORES: dict[str, Score] = {
    "correlation": "r", "r2": "R2", "explained_variance": "explained variance",
}  # fmt: skip


def score_name(given: str) -> Score:
    """Our name of a scoring rule; ParameterError with those that there are."""
    if given not in SCORES:
        raise ParameterError("-scoring", f'-scoring has no "{given}". Choose '
                             f"{', '.join(SCORES)}.", "correlation")  # fmt: skip
    return SCORES[given]
