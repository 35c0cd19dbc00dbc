"""Representational similarity of layers and brain, over time and cortex (05-dnnbrain, 2.8)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from backend.analysis.compression import Gram, relative_gram, z_scored_patterns
from backend.analysis.cross_validation import check_labels, principal_fold
from backend.analysis.inputs import Check, Progress, finite, flat, nothing, rdm_of, same_rows
from backend.analysis.rdm import Distance, label_means, rdm
from backend.analysis.rdm_compare import (
    Comparison,
    category_rdm_needs,
    compare_all,
    standard,
    upper,
)


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
) -> Iterator[np.ndarray]:
    """Similarity of each patch of cortex with model RDMs, by correlation distance.

    Parameters
    ----------
    brain : (n_stim, n_vertex). neighbours : for each centre the vertices of its patch, such as
        :func:`rings` gives. models : RDMs (n_stim, n_stim). how : Pearson, Spearman or cosine.

    Yields
    ------
    (n_model,) similarities of a centre; NaN for a patch of fewer than two varying vertices.
    """
    rows = flat(brain, "The brain data")
    finite(rows, "The brain data")
    for model in models:
        same_rows(len(rows), len(rdm_of(model)), "a model RDM")
    wanted = np.stack([standard(upper(np.asarray(model)), how) for model in models])
    for number, patch in enumerate(neighbours):
        check()
        part = rows[:, patch]
        if part.shape[1] < 2 or (part.max(axis=1) == part.min(axis=1)).any():
            yield np.full(len(models), np.nan)
        else:
            yield wanted @ standard(upper(rdm(part)), how)
        if progress:
            progress(number + 1, len(neighbours))


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
