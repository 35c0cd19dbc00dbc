"""How alike two representations are without RDMs: CKA and Procrustes distance."""

from __future__ import annotations

import numpy as np

from backend.analysis.compression import Gram, compressed
from backend.analysis.cross_validation import as_gram
from backend.analysis.inputs import Check, nothing, same_rows
from backend.core.parameters import ParameterError


def centred_gram(features: np.ndarray | Gram, check: Check = nothing) -> np.ndarray:
    """Inner products (n, n) of patterns about the mean pattern, exactly centred."""
    inner = as_gram(features, check).matrix
    means = inner.mean(axis=0)
    return inner - means - means[:, None] + means.mean()


def pair(
    first: np.ndarray | Gram, second: np.ndarray | Gram, check: Check
) -> tuple[np.ndarray, np.ndarray]:
    """Centred inner products of the same stimuli; ParameterError when rows differ or are flat."""
    same_rows(len(first), len(second), "the second representation")
    k, m = centred_gram(first, check), centred_gram(second, check)
    for inner in (k, m):
        if not inner.trace() > 0:
            raise ParameterError(
                "", "All patterns of one representation are the same; it is like nothing."
            )
    return k, m


def linear_cka(
    first: np.ndarray | Gram, second: np.ndarray | Gram, check: Check = nothing
) -> float:
    """Linear centred kernel alignment (Kornblith et al. 2019), from 0 to 1.

    ``first``, ``second`` (n_stim, ...) activations or their inner products. It is biased upwards
    when there are few stimuli and many features: see :func:`unbiased_cka`.
    """
    k, m = pair(first, second, check)
    return float((k * m).sum() / np.sqrt((k * k).sum() * (m * m).sum()))


def unbiased_cka(
    first: np.ndarray | Gram, second: np.ndarray | Gram, check: Check = nothing
) -> float:
    """CKA with the unbiased HSIC of Song et al. (2012); about 0 for unrelated representations.

    It needs more than three stimuli and can be slightly negative.
    """
    if len(first) < 4:
        raise ParameterError("", f"Unbiased CKA needs at least 4 stimuli; these are {len(first)}.")
    k, m = pair(first, second, check)
    covariance = unbiased_hsic(k, m)
    own = unbiased_hsic(k, k) * unbiased_hsic(m, m)
    return float(covariance / np.sqrt(own)) if own > 0 else float("nan")


def unbiased_hsic(k: np.ndarray, m: np.ndarray) -> float:
    """Unbiased Hilbert-Schmidt independence criterion of two kernels, without their diagonals."""
    n = len(k)
    k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
    rows = k.sum(axis=0) @ m.sum(axis=0)
    total = (k * m).sum() + k.sum() * m.sum() / ((n - 1) * (n - 2)) - 2 * rows / (n - 2)
    return float(total / (n * (n - 3)))


def procrustes_distance(
    first: np.ndarray | Gram, second: np.ndarray | Gram, check: Check = nothing
) -> float:
    """Distance after the best rotation, both centred and of unit size: 0 alike, sqrt(2) unrelated.

    d² = 2 - 2 |X'Y|_*, the nuclear norm of the cross-products (Ding et al. 2021; Williams et al.
    2021), from inner products alone.
    """
    k, m = pair(first, second, check)
    left, right = (compressed(Gram(inner, len(inner))) for inner in (k, m))
    check()
    nuclear = np.linalg.svd(left.T @ right, compute_uv=False).sum()
    alike = nuclear / np.sqrt(k.trace() * m.trace())
    return float(np.sqrt(max(2.0 - 2.0 * alike, 0.0)))
