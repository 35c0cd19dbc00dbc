"""Valid inference on RDMs: permuted labels, bootstrapped stimuli, corrections (05-dnnbrain, 2.8).

The cells of an RDM are not independent (a stimulus stands in n - 1 of them), so stimuli are
permuted and drawn, never cells.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from backend.analysis.inputs import Check, Progress, nothing
from backend.analysis.rdm_compare import KENDALL, Comparison, kendall, pair, square, standard, upper
from backend.core.parameters import ParameterError

Tail = Literal["greater", "less", "two-sided"]

FLAT = 1e-10
"""Share of its square below which the variance of resampled cells is rounding: a sample of two
stimuli has one distance, and no correlation."""
BATCH = 32
"""Permutations between two looks at the clock: some 10 ms at 640 stimuli."""


@dataclass(frozen=True)
class PermutationTest:
    """Similarities of models with a reference, and how often permuted labels reach them.

    Attributes
    ----------
    observed : (n_model,).
    null : (n_perm, n_model), the same permutations for all models.
    p : (n_model,) (1 + count) / (1 + n_perm).
    p_max : (n_model,) corrected for the number of models by the largest of each permutation.
    """

    observed: np.ndarray
    null: np.ndarray
    p: np.ndarray
    p_max: np.ndarray


def label_permutations(
    models: Sequence[np.ndarray],
    reference: np.ndarray,
    how: Comparison = "Pearson",
    permutations: int = 1000,
    seed: int = 0,
    check: Check = nothing,
) -> Iterator[np.ndarray]:
    """Similarities under permuted stimulus labels, batch by batch (batch, n_model).

    The first yield, of one row, is the observed similarity from the same sums. Rows and columns of
    the reference are permuted together; means, lengths and ranks of its cells do not change by
    that, so that a permutation costs one inner product.
    """
    matrices = [pair(reference, model)[1] for model in models]
    count = len(reference)
    orders = drawn_orders(count, permutations, seed)
    if how in KENDALL:
        yield from kendall_permutations(matrices, np.asarray(reference), how, orders, check)
        return
    from backend.analysis.rdm_kernels import permuted_products

    # scaled so that a cell is near 1 and single precision keeps all digits
    scale = np.float64(count * (count - 1) / 2)
    left = np.stack([square(standard(upper(m), how) * np.sqrt(scale)) for m in matrices])
    right = square(standard(upper(np.asarray(reference)), how) * np.sqrt(scale))
    left, right = left.astype(np.float32), right.astype(np.float32)
    for batch in orders:
        check()
        out = np.empty((len(batch), len(left)))
        permuted_products(left, right, batch, out)
        yield out / scale


def drawn_orders(count: int, permutations: int, seed: int) -> Iterator[np.ndarray]:
    """Batches of permutations (batch, count); the first is the identity, alone."""
    generator = np.random.default_rng(seed)
    yield np.arange(count)[None]
    for start in range(0, permutations, BATCH):
        size = min(BATCH, permutations - start)
        yield generator.permuted(np.tile(np.arange(count), (size, 1)), axis=1)


def kendall_permutations(
    models: list[np.ndarray],
    reference: np.ndarray,
    how: Comparison,
    orders: Iterator[np.ndarray],
    check: Check,
) -> Iterator[np.ndarray]:
    """The same for rank measures that are no inner product, one permutation at a time."""
    cells = [upper(model) for model in models]
    for batch in orders:
        for order in batch:
            check()
            permuted = upper(reference[np.ix_(order, order)])
            yield np.array([[kendall(one, permuted, how) for one in cells]])


def permutation_test(
    models: Sequence[np.ndarray],
    reference: np.ndarray,
    how: Comparison = "Pearson",
    permutations: int = 1000,
    tail: Tail = "greater",
    seed: int = 0,
    check: Check = nothing,
    progress: Progress | None = None,
) -> PermutationTest:
    """Test models against a reference RDM by permuting its stimulus labels.

    Parameters
    ----------
    models : RDMs (n, n); reference : RDM (n, n) of the same conditions.
    permutations : at least 1; p is never below 1 / (1 + permutations).
    tail : "greater" asks for more similarity than by chance.
    """
    if permutations < 1:
        raise ParameterError("n_perm", "A permutation test needs at least one permutation.", 1000)
    stream = label_permutations(models, reference, how, permutations, seed, check)
    observed = next(stream)[0]
    null: list[np.ndarray] = []
    for batch in stream:
        null.extend(batch)
        if progress:
            progress(len(null), permutations)
    return judged(observed, np.array(null), tail, 0.0 if how != "cosine" else None)


def judged(
    observed: np.ndarray, null: np.ndarray, tail: Tail = "greater", centre: float | None = 0.0
) -> PermutationTest:
    """p values of observed scores (n_score,) from a null (n_perm, n_score).

    ``centre`` is what two-sided tests count from; None takes the null's mean. Usable at any time
    while a null still grows. NaN scores have p NaN.
    """
    if tail == "greater":
        score, chance = observed, null
    elif tail == "less":
        score, chance = -observed, -null
    else:
        middle = null.mean(axis=0) if centre is None else centre
        score, chance = np.abs(observed - middle), np.abs(null - middle)
    p = p_value(score, chance)
    dead = np.isnan(chance).all(axis=1)
    largest = np.nanmax(np.where(dead[:, None], -np.inf, chance), axis=1, keepdims=True)
    return PermutationTest(observed, null, p, p_value(score, np.tile(largest, (1, len(score)))))


def p_value(observed: np.ndarray, null: np.ndarray) -> np.ndarray:
    """p = (1 + number of null scores at or above) / (1 + n_perm), for each score."""
    p = (1 + (null >= observed).sum(axis=0)) / (1 + len(null))
    return np.where(np.isnan(observed), np.nan, p)


def fdr(p: np.ndarray) -> np.ndarray:
    """Benjamini and Hochberg's adjusted p values; NaN (constant vertices) are no tests."""
    from scipy.stats import false_discovery_control

    p = np.asarray(p, dtype=np.float64)
    adjusted = np.full_like(p, np.nan)
    good = np.isfinite(p)
    if good.any():
        adjusted[good] = false_discovery_control(p[good])
    return adjusted


def mantel_z(first: np.ndarray, second: np.ndarray, how: Comparison = "Pearson") -> float:
    """Approximate z of a label permutation test at once, from Mantel's null variance (1967).

    Exact mean and variance over all permutations of a correlation of two RDMs; a normal null is the
    approximation. For Pearson and Spearman.
    """
    a, b = pair(first, second)
    count = len(a)
    left, right = (square(standard(upper(m), how)) for m in (a, b))
    one, two = ((m**2).sum() for m in (left, right))
    rows_one, rows_two = ((m.sum(axis=1) ** 2).sum() for m in (left, right))
    pairs = count * (count - 1)
    triples = pairs * (count - 2)
    variance = 2 * one * two / pairs
    variance += 4 * (rows_one - one) * (rows_two - two) / triples
    variance += (2 * one - 4 * rows_one) * (2 * two - 4 * rows_two) / (triples * (count - 3))
    return float((left * right).sum() / np.sqrt(variance))


@dataclass(frozen=True)
class Bootstrap:
    """Similarities in resampled stimuli: values (n_boot, n_model), 95 % limits, standard error."""

    values: np.ndarray
    low: np.ndarray
    high: np.ndarray
    error: np.ndarray


def bootstrap(
    models: Sequence[np.ndarray],
    reference: np.ndarray,
    how: Comparison = "Pearson",
    samples: int = 1000,
    seed: int = 0,
    check: Check = nothing,
    progress: Progress | None = None,
) -> Bootstrap:
    """Resample stimuli with replacement; pairs of a stimulus with itself are left out.

    A stimulus drawn twice counts twice: the cell of stimuli i and j has weight w_i w_j. Sums over
    cells are then quadratic forms of the weights, and mid-ranks cumulative sums of weights, so that
    no RDM is ever rebuilt.
    """
    matrices = [pair(reference, model)[1] for model in models]
    reference = np.asarray(reference, dtype=np.float64)
    count = len(reference)
    generator = np.random.default_rng(seed)
    drawn = generator.integers(0, count, (samples, count))
    weights = np.zeros((samples, count))
    np.add.at(weights, (np.arange(samples)[:, None], drawn), 1.0)
    score = scorer(matrices, reference, how)
    values: list[np.ndarray] = []
    for start in range(0, samples, BATCH):
        check()
        values.extend(score(weights[start : start + BATCH], check))
        if progress:
            progress(len(values), samples)
    found = np.array(values)
    low, high = np.nanpercentile(found, [2.5, 97.5], axis=0)
    return Bootstrap(found, low, high, np.nanstd(found, axis=0, ddof=1))


def scorer(models: list[np.ndarray], reference: np.ndarray, how: Comparison) -> functools.partial:
    """Function of (weights, check) that gives similarities (batch, n_model)."""
    if how in KENDALL:
        return functools.partial(drawn_kendall, models, reference, how)
    if how == "Spearman":
        ranks = [Ranks(upper(m)) for m in (*models, reference)]
        return functools.partial(drawn_spearman, ranks)
    shifted = [m if how == "cosine" else square(standard(upper(m), "Pearson")) for m in models]
    right = reference if how == "cosine" else square(standard(upper(reference), "Pearson"))
    return functools.partial(drawn_products, np.stack(shifted), right, how != "cosine")


def drawn_products(
    models: np.ndarray, reference: np.ndarray, about_mean: bool, weights: np.ndarray, check: Check
) -> np.ndarray:
    """Weighted correlations or cosines of cells: quadratic forms w' A w."""
    cells = np.maximum(weights.sum(axis=1) ** 2 - (weights**2).sum(axis=1), 1.0)
    mean_right = quadratic(reference, weights) / cells
    own_right = quadratic(reference**2, weights) / cells
    out = np.empty((len(weights), len(models)))
    for number, model in enumerate(models):
        check()
        mean = quadratic(model, weights) / cells
        own = quadratic(model**2, weights) / cells
        both = quadratic(model * reference, weights) / cells
        left, right = own, own_right
        if about_mean:
            both = both - mean * mean_right
            left, right = own - mean**2, own_right - mean_right**2
        known = (left > FLAT * own) & (right > FLAT * own_right)
        root = np.sqrt(np.where(known, left * right, 1.0))
        out[:, number] = np.where(known, both / root, np.nan)
    return out


def quadratic(matrix: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """w' A w for every row of weights."""
    return np.einsum("bi,bi->b", weights @ matrix, weights)


class Ranks:
    """The order of cells, from which weighted mid-ranks follow without sorting again."""

    def __init__(self, cells: np.ndarray) -> None:
        self.order = np.argsort(cells, kind="stable")
        ordered = cells[self.order]
        starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
        self.starts = starts
        self.sizes = np.diff(np.concatenate([starts, [len(cells)]]))
        self.tied = len(starts) < len(cells)

    def of(self, weights: np.ndarray) -> np.ndarray:
        """Mid-rank of every cell when it stands ``weights`` times in the data."""
        ordered = weights[self.order]
        if self.tied:
            groups = np.add.reduceat(ordered, self.starts)
            middle = np.repeat(np.cumsum(groups) - (groups - 1) / 2, self.sizes)
        else:
            middle = np.cumsum(ordered) - (ordered - 1) / 2
        out = np.empty_like(middle)
        out[self.order] = middle
        return out


def drawn_spearman(ranks: list[Ranks], weights: np.ndarray, check: Check) -> np.ndarray:
    """Weighted rank correlations of the last RDM with the others."""
    i, j = np.triu_indices(weights.shape[1], 1)
    out = np.empty((len(weights), len(ranks) - 1))
    for number, weight in enumerate(weights):
        check()
        cell = weight[i] * weight[j]
        total = cell.sum()
        centred = []
        for one in ranks:
            rank = one.of(cell)
            rank -= (rank @ cell) / total
            centred.append(rank)
        right = centred[-1] * cell
        own = right @ centred[-1]
        for place, left in enumerate(centred[:-1]):
            out[number, place] = (left @ right) / np.sqrt(own * ((left * cell) @ left))
    return out


def drawn_kendall(
    models: list[np.ndarray],
    reference: np.ndarray,
    how: Comparison,
    weights: np.ndarray,
    check: Check,
) -> np.ndarray:
    """Kendall's tau of the resampled cells, each written as often as it was drawn."""
    i, j = np.triu_indices(weights.shape[1], 1)
    out = np.empty((len(weights), len(models)))
    for number, weight in enumerate(weights):
        check()
        times = (weight[i] * weight[j]).astype(np.int64)
        right = np.repeat(reference[i, j], times)
        out[number] = [kendall(np.repeat(m[i, j], times), right, how) for m in models]
    return out


def false_positives(
    how: Literal["labels", "cells"],
    repeats: int = 300,
    items: int = 20,
    permutations: int = 199,
    level: float = 0.05,
    seed: int = 0,
    check: Check = nothing,
) -> float:
    """Demonstration: how often two unrelated configurations are called similar (acceptance 14).

    Parameters
    ----------
    how : permute stimulus labels (valid) or single cells (invalid, only here, to be shown).

    Returns
    -------
    Share of ``repeats`` pairs of independent two-dimensional Gaussian configurations whose
    one-sided p is at or below ``level``; a valid test gives ``level``.
    """
    generator = np.random.default_rng(seed)
    found = 0
    for _ in range(repeats):
        check()
        points = generator.standard_normal((2, items, 2))
        gaps = points[:, :, None] - points[:, None]
        first, second = np.sqrt((gaps**2).sum(axis=-1))
        if how == "labels":
            chance = int(generator.integers(2**31))
            test = permutation_test([first], second, "Pearson", permutations, seed=chance)
            p = float(test.p[0])
        else:
            left, right = standard(upper(first), "Pearson"), standard(upper(second), "Pearson")
            cells = generator.permuted(np.tile(right, (permutations, 1)), axis=1)
            p = float((1 + (cells @ left >= left @ right).sum()) / (1 + permutations))
        found += p <= level
    return found / repeats
