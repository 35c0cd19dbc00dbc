"""How alike two representations are: comparison of RDMs' upper triangles (05-dnnbrain, 2.8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from backend.analysis.inputs import FEWEST_CONDITIONS, rdm_of
from backend.core.parameters import ParameterError

Comparison = Literal["Pearson", "Spearman", "cosine", "Kendall tau-a", "Kendall tau-b"]

KENDALL = ("Kendall tau-a", "Kendall tau-b")
RANKS = ("Spearman", *KENDALL)


class NoiseCeiling(NamedTuple):
    """What a perfect model could reach with these subjects: lower and upper bound."""

    lower: float
    upper: float


def upper(matrix: np.ndarray) -> np.ndarray:
    """The n(n-1)/2 cells above the diagonal, row by row."""
    return matrix[np.triu_indices(len(matrix), 1)]


def square(cells: np.ndarray) -> np.ndarray:
    """The symmetric matrix of an upper triangle, zero diagonal; inverse of :func:`upper`."""
    count = round((1 + np.sqrt(1 + 8 * len(cells))) / 2)
    if count * (count - 1) // 2 != len(cells):
        raise ParameterError("", f"{len(cells):,} cells are no upper triangle of a square matrix.")
    matrix = np.zeros((count, count), dtype=cells.dtype)
    matrix[np.triu_indices(count, 1)] = cells
    return matrix + matrix.T


def ranked(cells: np.ndarray) -> np.ndarray:
    """Ranks of the cells (..., k) from 1, ties sharing their mean rank."""
    from scipy.stats import rankdata

    return rankdata(cells, axis=-1)


def standard(cells: np.ndarray, how: Comparison) -> np.ndarray:
    """Cells (..., k) whose inner product is the comparison: ranked, centred, of unit length."""
    cells = ranked(cells) if how in RANKS else np.asarray(cells, dtype=np.float64)
    if how != "cosine":
        cells = cells - cells.mean(axis=-1, keepdims=True)
    length = np.sqrt(np.einsum("...k,...k->...", cells, cells))[..., None]
    rounding = 1e-13 * np.abs(cells).max(axis=-1, initial=0.0, keepdims=True)
    return np.divide(cells, length, out=np.full_like(cells, np.nan), where=length > rounding)


def compare(first: np.ndarray, second: np.ndarray, how: Comparison = "Pearson") -> float:
    """Similarity of two RDMs.

    Parameters
    ----------
    first, second : (n, n) symmetric distances; at least five conditions, both alike.
    how : Pearson or Spearman correlation, cosine, or Kendall's tau-a (ties count as disagreement)
        or tau-b (corrected for ties) of the upper triangles.

    Returns
    -------
    A number from -1 to 1; NaN when one RDM has the same distance everywhere.
    """
    a, b = pair(first, second)
    if how in KENDALL:
        return kendall(upper(a), upper(b), how)
    return float(standard(upper(a), how) @ standard(upper(b), how))


def pair(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two RDMs of one size; ParameterError with both numbers otherwise."""
    a, b = rdm_of(first), rdm_of(second)
    if len(a) != len(b):
        raise ParameterError(
            "",
            f"One RDM has {len(a):,} conditions, the other {len(b):,}. Compare RDMs of the same "
            "conditions in the same order.",
        )
    return a, b


def kendall(a: np.ndarray, b: np.ndarray, how: Comparison) -> float:
    """Kendall's tau of two vectors; tau-a = (concordant - discordant) / all pairs of cells."""
    from scipy.stats import kendalltau

    tau = float(kendalltau(a, b).statistic)
    if how == "Kendall tau-b":
        return tau
    total = len(a) * (len(a) - 1) / 2
    return tau * float(np.sqrt((1 - tied(a) / total) * (1 - tied(b) / total)))


def tied(values: np.ndarray) -> float:
    """Pairs of equal values."""
    counts = np.unique(values, return_counts=True)[1].astype(np.float64)
    return float((counts * (counts - 1)).sum() / 2)


def compare_all(
    models: Sequence[np.ndarray], references: Sequence[np.ndarray], how: Comparison = "Pearson"
) -> np.ndarray:
    """Similarity of every model with every reference RDM (n_model, n_reference)."""
    for one in (*models, *references):
        pair(models[0], one)
    if how in KENDALL:
        return np.array([[compare(m, r, how) for r in references] for m in models])
    left = np.stack([standard(upper(np.asarray(m)), how) for m in models])
    right = np.stack([standard(upper(np.asarray(r)), how) for r in references])
    return left @ right.T


def noise_ceiling(subjects: Sequence[np.ndarray], how: Comparison = "Pearson") -> NoiseCeiling:
    """Bounds of what any model can reach, given how the subjects differ (Nili et al. 2014).

    Parameters
    ----------
    subjects : RDMs (n, n), one a subject, at least two.

    Returns
    -------
    NoiseCeiling: mean similarity of a subject with the mean of the others (lower) and of all
    (upper); means of z-scored cells for Pearson, of ranks for rank measures.
    """
    if len(subjects) < 2:
        raise ParameterError("", "A noise ceiling needs at least two subjects; this is one.")
    cells = np.stack([upper(pair(subjects[0], subject)[1]) for subject in subjects])
    pooled = ranked(cells) if how in RANKS else standard(cells, how)
    total = pooled.sum(axis=0)
    lower = [similarity(total - own, raw, how) for own, raw in zip(pooled, cells, strict=True)]
    higher = [similarity(total, raw, how) for raw in cells]
    return NoiseCeiling(float(np.mean(lower)), float(np.mean(higher)))


def similarity(a: np.ndarray, b: np.ndarray, how: Comparison) -> float:
    """Comparison of two vectors of cells."""
    if how in KENDALL:
        return kendall(a, b, how)
    return float(standard(a, how) @ standard(b, how))


def category_rdm_needs(classes: int) -> None:
    """ParameterError when too few labels remain after averaging."""
    if classes < FEWEST_CONDITIONS:
        raise ParameterError(
            "by_category",
            f"Averaging leaves {classes} labels. An RDM needs at least {FEWEST_CONDITIONS}; "
            "switch Average categories off and compare single stimuli.",
            False,
        )
