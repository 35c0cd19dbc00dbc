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


_NORMAL = (YAW, PITCH, ROLL, AZIMUTH, ELEVATION, SHIFT_U, SHIFT_V, SCALE)
_SD = np.array([0.18, 0.09, 0.05, 0.5, 0.25, 0.025, 0.025, 0.035])
_UNIFORM = (AMBIENT, BACKGROUND, GAIN)
_LOW, _WIDTH = np.array([-0.12, -0.25, -0.1]), np.array([0.27, 0.5, 0.15])
_MEAN = np.array(DEFAULTS)
_MEAN[[AZIMUTH, ELEVATION]] = 0.0, 0.4
_LEAST, _MOST = np.full(len(FIELDS), -np.inf), np.full(len(FIELDS), np.inf)
_MOST[[YAW, PITCH]] = 0.45, LIMITS["pitch"]
_LEAST[[YAW, PITCH]] = -0.45, -LIMITS["pitch"]


def wild_views(rng: np.random.Generator, n: int, level: float = 1.0) -> np.ndarray:
    """(n, 11) views drawn from the wild distribution at a level of 0 to 1.5."""
    made = np.tile(_MEAN, (n, 1))
    normal = rng.standard_normal((n, len(_NORMAL))) * (level * _SD)
    made[:, _NORMAL[:-1]] += normal[:, :-1]
    made[:, SCALE] *= np.exp(normal[:, -1])
    made[:, _UNIFORM] += level * (_LOW + _WIDTH * rng.random((n, len(_UNIFORM))))
    return np.minimum(np.maximum(made, _LEAST), _MOST)


_FACE_MEAN, _FACE_SD = np.array([0.15, -0.2, 0.0, 0.0]), np.array([0.4, 0.4, 0.5, 0.5])
_FACE_LEAST = np.array([-0.8, 0.0, -1.0, -1.2])


def wild_expressions(rng: np.random.Generator, n: int, level: float = 1.0) -> np.ndarray:
    """(n, 4) smile, open, brow, eye drawn at a level of 0 to 1.5."""
    drawn = _FACE_MEAN + level * _FACE_SD * rng.standard_normal((n, len(EXPRESSIONS)))
    return np.minimum(np.maximum(drawn, _FACE_LEAST), 1.0)
