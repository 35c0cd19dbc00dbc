"""Averaging over the neighbours on a mesh."""

from __future__ import annotations

from typing import Any

import numpy as np


def averages(faces: np.ndarray, count: int) -> Any:
    """(n, n) sparse matrix that gives each vertex the mean of itself and its neighbours."""
    from scipy import sparse

    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    both = np.concatenate([pairs, pairs[:, ::-1], np.repeat(np.arange(count)[:, None], 2, axis=1)])
    ones = sparse.csr_array((np.ones(len(both)), both.T), shape=(count, count))
    ones.data[:] = 1.0
    return sparse.diags_array(1 / ones.sum(axis=1)) @ ones


def smoothed(values: np.ndarray, faces: np.ndarray, rounds: int) -> np.ndarray:
    """Values (n, ...) averaged over the neighbours so many times."""
    mean = averages(faces, len(values))
    for _ in range(rounds):
        values = mean @ values
    return values
