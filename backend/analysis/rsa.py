"""Representational similarity of layers and brain, over time and cortex (05-dnnbrain, 2.8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np

from backend.analysis.compression import Gram, relative_gram, z_scored_patterns
from backend.analysis.cross_validation import check_labels, principal_fold
from backend.analysis.crossnobis import crossnobis
from backend.analysis.inputs import Check, Progress, finite, flat, nothing, rdm_of, same_rows
from backend.analysis.rdm import Distance, label_means, noise_precision, rdm
from backend.analysis.rdm_compare import (
    Comparison,
    category_rdm_needs,
    compare_all,
    square,
    standard,
    upper,
)
from backend.core.parameters import ParameterError


def layer_patterns(
    features: np.ndarray, components: int | None = 100, check: Check = nothing
) -> np.ndarray:
    """Principal component scores (n_stim, k) over all images of z-scored patterns.

    Fitting on all images is no leakage here: no image's distances are predicted from others'
    (05-dnnbrain, 8.1). ``components`` None keeps every one.
    """
    return pattern_scores(relative_gram(z_scored_patterns(features), True, check), components)


def pattern_scores(products: Gram, components: int | None = 100) -> np.ndarray:
    """Principal component scores (n_stim, k) over all images, from their inner products."""
    every = np.arange(len(products))
    return principal_fold(products, every, every[:0], components).scores


def layer_rdm(
    features: np.ndarray,
    labels: np.ndarray | None = None,
    distance: Distance = "correlation",
    components: int | None = 100,
    check: Check = nothing,
) -> np.ndarray:
    """RDM of a layer in the order of 2.8: z-score patterns, 100 components, average, distance.

    Parameters
    ----------
    features : (n_stim, ...) activations. labels : (n_stim,), averaged within, or None.

    Returns
    -------
    (n, n) for images, or for labels in sorted order.
    """
    return averaged_rdm(layer_patterns(features, components, check), labels, distance, check)


def averaged_rdm(
    patterns: np.ndarray,
    labels: np.ndarray | None = None,
    distance: Distance = "correlation",
    check: Check = nothing,
) -> np.ndarray:
    """RDM of patterns (n_stim, n_feat) as they are, brain data say; averaged within labels."""
    if labels is not None:
        patterns, names = label_means(patterns, check_labels(len(patterns), labels))
        category_rdm_needs(len(names))
    return rdm(patterns, distance, check=check)


def condition_rdm(
    patterns: np.ndarray,
    labels: np.ndarray | None,
    distance: Distance | Literal["crossnobis"] = "correlation",
    runs: np.ndarray | None = None,
    check: Check = nothing,
) -> np.ndarray:
    """RDM of patterns (n_stim, n_feat), by any distance; averaged within labels.

    Parameters
    ----------
    labels : (n_stim,) condition of each row, or None for single rows.
    runs : (n_stim,) independent part of the data, for crossnobis.

    Mahalanobis and crossnobis distances need labels. The noise of Mahalanobis distance is that of
    rows about the mean of their label; of crossnobis that of rows about the mean of their label in
    their run, and where no label is measured twice in a run all features count alike: noise taken
    from the same differences would make the distance biased. The full covariance (Ledoit and Wolf)
    is used up to 2,000 features, variances beyond.
    """
    if distance != "Mahalanobis" and distance != "crossnobis":
        return averaged_rdm(patterns, labels, distance, check)
    if labels is None:
        raise ParameterError(
            "by_category", f"{distance.capitalize()} distance needs repeated measurements of each "
            "condition. Average categories.", True,
        )  # fmt: skip
    rows = flat(patterns).astype(np.float64)
    finite(rows, "The patterns")
    codes = check_labels(len(rows), labels)
    means, names = label_means(rows, codes)
    category_rdm_needs(len(names))
    if distance == "Mahalanobis":
        residuals = rows - means[np.searchsorted(names, codes)]
        return rdm(means, "Mahalanobis", repeat_precision(residuals, len(names)), check)
    if runs is None:
        raise ParameterError("runs", "Crossnobis distance needs runs: a column of the list that "
                             "says which run each row is of.")  # fmt: skip
    same_rows(len(rows), len(runs), "runs")
    return crossnobis(rows, codes, runs, within_runs(rows, codes, runs), check)[0]


def within_runs(rows: np.ndarray, labels: np.ndarray, runs: np.ndarray) -> np.ndarray | None:
    """Noise precision of rows about their label's mean in their run; None without repeats."""
    cells = np.unique(labels, return_inverse=True)[1] * (len(runs) + 1)
    cells = cells + np.unique(runs, return_inverse=True)[1]
    means, names = label_means(rows, cells)
    if len(rows) - len(names) < len(np.unique(labels)):
        return None
    return repeat_precision(rows - means[np.searchsorted(names, cells)], len(names))


MOST_COVARIED = 2000
"""Features whose full noise covariance is estimated; its inverse costs the cube of them."""


def repeat_precision(residuals: np.ndarray, conditions: int) -> np.ndarray:
    """Inverse noise covariance or variances of rows about their condition's mean.

    A mean takes a degree of freedom each; ParameterError when none is left.
    """
    free = len(residuals) - conditions
    if free < 1:
        raise ParameterError(
            "by_category", "No condition is measured twice, so the noise is not known. Use "
            "Euclidean distance, or name a label that several rows share.",
        )  # fmt: skip
    share = free / len(residuals)
    if residuals.shape[1] <= MOST_COVARIED:
        return noise_precision(residuals) * share
    variances = (residuals**2).sum(axis=0) / free
    return np.divide(1.0, variances, out=np.zeros_like(variances), where=variances > 0)


def over_time(
    epochs: np.ndarray,
    models: Sequence[np.ndarray],
    distance: Distance = "correlation",
    how: Comparison = "Pearson",
    check: Check = nothing,
    progress: Progress | None = None,
) -> Iterator[np.ndarray]:
    """Similarity of the brain at every moment with model RDMs: MEG and EEG.

    Parameters
    ----------
    epochs : (n_stim, n_channel, n_time), averaged over trials.
    models : RDMs (n_stim, n_stim).

    Yields
    ------
    (n_model,) similarities, one moment after another.
    """
    finite(epochs, "The epochs")
    for moment in range(epochs.shape[2]):
        check()
        yield compare_all(models, [rdm(epochs[:, :, moment], distance, check=check)], how)[:, 0]
        if progress:
            progress(moment + 1, epochs.shape[2])


def searchlight(
    brain: np.ndarray,
    neighbours: Sequence[np.ndarray],
    models: Sequence[np.ndarray],
    how: Comparison = "Pearson",
    check: Check = nothing,
    progress: Progress | None = None,
    distance: Distance = "correlation",
) -> Iterator[np.ndarray]:
    """Similarity of each patch of cortex with model RDMs.

    Parameters
    ----------
    brain : (n_stim, n_vertex). neighbours : for each centre the vertices of its patch, such as
        :func:`rings` gives. models : RDMs (n_stim, n_stim). how : Pearson, Spearman or cosine.

    Yields
    ------
    (n_model,) similarities of a centre; NaN for a patch that never varies, and, by correlation or
    cosine, of fewer than two varying vertices.
    """
    rows = flat(brain, "The brain data")
    finite(rows, "The brain data")
    for model in models:
        same_rows(len(rows), len(rdm_of(model)), "a model RDM")
    wanted = np.stack([standard(upper(np.asarray(model)), how) for model in models])
    for number, patch in enumerate(neighbours):
        check()
        cells = patch_cells(rows[:, patch], how, distance)
        yield np.full(len(models), np.nan) if cells is None else wanted @ cells
        if progress:
            progress(number + 1, len(neighbours))


def patch_cells(part: np.ndarray, how: Comparison, distance: Distance) -> np.ndarray | None:
    """Standard cells of the RDM of a patch (n_stim, k); None where it is not defined."""
    angular = distance in ("correlation", "cosine")
    if angular and part.shape[1] < 2:
        return None
    if angular and (part.max(axis=1) == part.min(axis=1)).any():
        return None
    return standard(upper(rdm(part, distance)), how)


def permuted_models(
    models: Sequence[np.ndarray],
    how: Comparison,
    permutations: int,
    seed: int = 0,
    check: Check = nothing,
) -> np.ndarray:
    """(n_model, n_perm, n_cell) float32 standard cells of models under permuted stimulus labels.

    Their products with a patch's cells are the null of that patch: one order of labels a
    permutation, the same for every model and patch.
    """
    generator = np.random.default_rng(seed)
    count = len(models[0])
    cells = [standard(upper(rdm_of(one)), how).astype(np.float32) for one in models]
    squares = [square(one) for one in cells]
    made = np.empty((len(models), permutations, len(cells[0])), np.float32)
    for number in range(permutations):
        check()
        order = generator.permutation(count)
        for place, one in enumerate(squares):
            made[place, number] = upper(one[np.ix_(order, order)])
    return made


def rings(faces: np.ndarray, vertices: int, radius: int) -> list[np.ndarray]:
    """Vertices within ``radius`` edges of every vertex of a surface, itself included, sorted."""
    from scipy.sparse import coo_array, eye_array

    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    both = np.concatenate([edges, edges[:, ::-1]])
    shape = (vertices, vertices)
    step = coo_array((np.ones(len(both), np.int32), (both[:, 0], both[:, 1])), shape).tocsr()
    step = step + eye_array(vertices, dtype=np.int32, format="csr")
    reach = eye_array(vertices, dtype=np.int32, format="csr")
    for _ in range(radius):
        reach = reach @ step
        reach.data[:] = 1
    reach.sort_indices()
    return np.split(reach.indices, reach.indptr[1:-1])
