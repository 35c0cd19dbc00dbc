"""How a face is seen: pose, light and frame, one row of numbers an image (faces, section 7)."""

from __future__ import annotations

import numpy as np

from backend.stimuli.faces.identity import EXPRESSIONS

FIELDS = (
    "yaw", "pitch", "roll", "azimuth", "elevation", "ambient", "gain", "background", "scale",
    "shift_u", "shift_v",
)  # fmt: skip
"""Columns of a view: angles in rad, background and gain in [0, 1], shift in face units."""

YAW, PITCH, ROLL, AZIMUTH, ELEVATION, AMBIENT, GAIN, BACKGROUND, SCALE, SHIFT_U, SHIFT_V = range(11)
DEFAULTS = (0.0, 0.0, 0.0, 0.25, 0.45, 0.38, 1.0, 0.5, 1.18, 0.0, 0.02)
LIMITS = {"yaw": 0.6, "pitch": 0.3}
"""Largest angles (rad) that the inverse warp shows rightly."""


def views(n: int = 1, **values: float | np.ndarray) -> np.ndarray:
    """(n, 11) float64 views: the defaults with these fields set."""
    made = np.tile(np.array(DEFAULTS), (n, 1))
    for name, value in values.items():
        made[:, FIELDS.index(name)] = value
    return made


def _kept(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """numpy.clip without its overhead, which counts for single views."""
    return np.minimum(np.maximum(values, low), high)


def wild_views(rng: np.random.Generator, n: int, level: float = 1.0) -> np.ndarray:
    """(n, 11) views drawn from the wild distribution at a level of 0 to 1.5."""
    shape, made = n, views(n)
    made[:, YAW] = _kept(rng.normal(0, 0.18 * level, shape), -0.45, 0.45)
    made[:, PITCH] = rng.normal(0, 0.09 * level, shape)
    made[:, ROLL] = rng.normal(0, 0.05 * level, shape)
    made[:, AZIMUTH] = rng.normal(0, 0.5 * level, shape)
    made[:, ELEVATION] = rng.normal(0.4, 0.25 * level, shape)
    made[:, AMBIENT] = rng.uniform(0.38 - 0.12 * level, 0.38 + 0.15 * level, shape)
    made[:, BACKGROUND] = rng.uniform(0.5 - 0.25 * level, 0.5 + 0.25 * level, shape)
    made[:, SCALE] *= np.exp(rng.normal(0, 0.035 * level, shape))
    made[:, SHIFT_U] += rng.normal(0, 0.025 * level, shape)
    made[:, SHIFT_V] += rng.normal(0, 0.025 * level, shape)
    made[:, GAIN] = rng.uniform(1 - 0.1 * level, 1 + 0.05 * level, shape)
    made[:, PITCH] = _kept(made[:, PITCH], -LIMITS["pitch"], LIMITS["pitch"])
    return made


def wild_expressions(rng: np.random.Generator, n: int, level: float = 1.0) -> np.ndarray:
    """(n, 4) smile, open, brow, eye drawn at a level of 0 to 1.5."""
    made = np.empty((n, len(EXPRESSIONS)))
    made[:, 0] = _kept(rng.normal(0.15, 0.4 * level, n), -0.8, 1.0)
    made[:, 1] = _kept(rng.normal(-0.2, 0.4 * level, n), 0.0, 1.0)
    made[:, 2] = _kept(rng.normal(0, 0.5 * level, n), -1.0, 1.0)
    made[:, 3] = _kept(rng.normal(0, 0.5 * level, n), -1.2, 1.0)
    return made
