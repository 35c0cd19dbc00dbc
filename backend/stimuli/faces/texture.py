"""Skin and hair texture of an identity, the same at every map size (faces, section 6)."""

from __future__ import annotations

import functools

import numpy as np
from numba import njit

from backend.stimuli.faces.numerics import blur, normalise, resample

FINE, COARSE, STRANDS = range(3)
BASE = 128
"""Side of the maps that are drawn; other sizes are resampled from them."""


@functools.lru_cache(maxsize=8)
def textures(seed: int, size: int) -> np.ndarray:
    """(3, size, size) float32 fields fine, coarse and strands, each of unit variance."""
    fields = np.random.default_rng(seed).standard_normal((3, BASE, BASE), np.float32)
    made = _smoothed(fields, size)
    made.setflags(write=False)
    return made


@njit(nogil=True, cache=True, error_model="numpy")
def _smoothed(fields: np.ndarray, size: int) -> np.ndarray:
    out = np.empty((3, size, size), np.float32)
    for k, down, across in ((0, 1.0, 1.0), (1, 5.0, 5.0), (2, 5.0, 0.7)):
        field = blur(fields[k], down, across)
        normalise(field)
        if size != field.shape[0]:
            field = resample(field, size)
            normalise(field)
        out[k] = field
    return out
