"""What analyses of representations ask of their inputs, and the sentences when it is not so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from backend.core.parameters import ParameterError

Check = Callable[[], None]
"""Raises ``Cancelled`` when the work is to stop."""
Progress = Callable[[int, int], None]
"""Told how much of how much is done."""

FEWEST_CONDITIONS = 5
"""An RDM of fewer has at most six cells: no correlation of it says anything (05-dnnbrain, 6)."""


def nothing() -> None:
    """The check of work that nobody cancels."""


def flat(features: np.ndarray, what: str = "The network's activations") -> np.ndarray:
    """Activations (n_stim, ...) as (n_stim, n_feat), without a copy where they are floating."""
    features = np.asarray(features)
    if features.ndim < 2 or features.size == 0:
        raise ParameterError("", f"{what} need a row for every stimulus and at least one feature.")
    if features.dtype not in (np.float32, np.float64):
        features = features.astype(np.float64)
    return features.reshape(len(features), -1)


def finite(values: np.ndarray, what: str) -> None:
    """ParameterError with count and first index when a value is NaN or infinite."""
    bad = ~np.isfinite(values)
    if not bad.any():
        return
    first = ", ".join(str(int(i)) for i in np.argwhere(bad)[0])
    count = int(bad.sum())
    many = "1 value that is" if count == 1 else f"{count:,} values that are"
    raise ParameterError(
        "", f"{what} hold {many} not a number or infinite; the first at index ({first}), from 0."
    )


def same_rows(stimuli: int, rows: int, of: str = "brain data") -> None:
    """ParameterError with both numbers when stimuli and rows of something else differ."""
    if stimuli != rows:
        raise ParameterError(
            "",
            f"There are {stimuli:,} stimuli, but {rows:,} rows of {of}. Give one row for every "
            "stimulus, in the same order.",
        )


def brain_of(brain: np.ndarray, stimuli: int) -> np.ndarray:
    """Brain data (n_stim, n_vertex) float64; ParameterError for wrong rows, NaN or Inf."""
    brain = np.asarray(brain, dtype=np.float64)
    if brain.ndim == 1:
        brain = brain[:, None]
    same_rows(stimuli, len(brain))
    finite(brain, "The brain data")
    return brain


def constant_columns(values: np.ndarray) -> np.ndarray:
    """(n_vertex,) bool: columns without variance, whose correlation is undefined."""
    low, high = values.min(axis=0), values.max(axis=0)
    return (high - low) <= 1e-12 * np.maximum(np.abs(low), np.abs(high))


def rdm_of(matrix: np.ndarray) -> np.ndarray:
    """A square symmetric RDM float64; ParameterError when it is none or too small."""
    matrix = np.asarray(matrix, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        shape = " × ".join(str(n) for n in matrix.shape)
        raise ParameterError("", f"An RDM is square; this one is {shape}.")
    if len(matrix) < FEWEST_CONDITIONS:
        raise ParameterError(
            "",
            f"This RDM has {len(matrix)} conditions. Comparing RDMs needs at least "
            f"{FEWEST_CONDITIONS}; use more stimuli or do not average over labels.",
        )
    finite(matrix, "The RDM's distances")
    lack = np.abs(matrix - matrix.T)
    if lack.max() > 1e-6 * np.abs(matrix).max():
        row, column = np.unravel_index(int(lack.argmax()), lack.shape)
        raise ParameterError(
            "",
            f"An RDM is symmetric; in this one the distances of conditions {row + 1} and "
            f"{column + 1} differ by direction. Average the matrix with its transpose.",
        )
    return matrix
