"""The 41 numbers of a face: defaults, spreads, and what gender and group shift (faces, table 4)."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np

CueSet = Literal["shared", "A", "B", "C"]


class Feature(NamedTuple):
    """One row of table 4.

    ``default``, ``sd``, ``gender`` (half the male-female difference), ``b`` and ``c`` (shifts of
    groups B and C) are in the row's unit: face units unless the spec says otherwise; ``cues`` is
    the group in which the feature tells identities apart.
    """

    name: str
    default: float
    sd: float
    gender: float
    b: float
    c: float
    cues: CueSet
    label: str
    part: str


HEAD, EYES, BROWS, NOSE, MOUTH = "Head", "Eyes", "Brows", "Nose", "Mouth"
SKIN = "Skin and hair"

FEATURES = (
    Feature("head_w", 0.56, 0.022, 0.016, 0.018, 0.004, "shared", "Head width", HEAD),
    Feature("face_len", 0.8, 0.03, 0.018, -0.01, 0, "A", "Face length", HEAD),
    Feature("cran_h", 0.76, 0.02, 0, 0, 0, "B", "Skull height", HEAD),
    Feature("jaw_sq", 2.15, 0.16, 0.22, 0.05, 0.05, "B", "Jaw squareness", HEAD),
    Feature("jaw_taper", 0.18, 0.045, -0.025, -0.03, -0.01, "C", "Jaw taper", HEAD),
    Feature("cheek", 0.05, 0.016, -0.006, 0.012, 0.004, "B", "Cheekbones", HEAD),
    Feature("chin_h", 0.06, 0.018, 0.016, -0.01, 0, "A", "Chin depth", HEAD),
    Feature("chin_w", 0.11, 0.02, 0.018, 0, 0, "C", "Chin width", HEAD),
    Feature("eye_u", 0.235, 0.012, 0, 0.006, 0.006, "shared", "Eye distance", EYES),
    Feature("eye_v", 0.065, 0.018, 0, 0, -0.005, "C", "Eye level", EYES),
    Feature("eye_w", 0.114, 0.009, -0.003, -0.004, 0.002, "B", "Eye width", EYES),
    Feature("eye_h", 0.052, 0.008, -0.007, -0.01, 0.001, "B", "Eye height", EYES),
    Feature("eye_tilt", 0.06, 0.06, -0.02, 0.1, 0.01, "B", "Eye tilt", EYES),
    Feature("iris_r", 0.05, 0.003, 0, 0, 0, "shared", "Iris size", EYES),
    Feature("lid_crease", 0.6, 0.15, -0.12, -0.45, 0, "B", "Lid crease", EYES),
    Feature("socket", 0.055, 0.014, 0.01, -0.022, 0, "A", "Socket depth", EYES),
    Feature("brow_h", 0.155, 0.018, -0.018, 0.008, 0, "A", "Brow height", BROWS),
    Feature("brow_arch", 0.03, 0.014, -0.012, -0.01, 0, "A", "Brow arch", BROWS),
    Feature("brow_th", 0.026, 0.006, 0.0075, -0.003, 0.002, "A", "Brow thickness", BROWS),
    Feature("brow_w", 0.15, 0.012, 0.006, 0, 0, "A", "Brow width", BROWS),
    Feature("brow_tilt", -0.03, 0.06, 0.02, 0.02, 0, "A", "Brow tilt", BROWS),
    Feature("brow_ridge", 0.018, 0.012, 0.014, -0.012, 0.004, "A", "Brow ridge", BROWS),
    Feature("brow_dark", 0.75, 0.1, 0.1, 0, 0, "C", "Brow darkness", BROWS),
    Feature("nose_len", 0.285, 0.026, 0.014, -0.02, -0.02, "A", "Nose length", NOSE),
    Feature("nose_w", 0.072, 0.007, 0.006, 0.002, 0.014, "C", "Nose width", NOSE),
    Feature("ala_w", 0.092, 0.01, 0.008, 0.008, 0.028, "C", "Nostril width", NOSE),
    Feature("nose_h", 0.165, 0.026, 0.018, -0.05, -0.04, "A", "Nose depth", NOSE),
    Feature("bridge", 0.42, 0.1, 0.06, -0.2, -0.16, "A", "Nose bridge", NOSE),
    Feature("mouth_v", -0.455, 0.02, 0, 0.004, 0.004, "shared", "Mouth level", MOUTH),
    Feature("mouth_w", 0.19, 0.017, 0.008, -0.004, 0.014, "C", "Mouth width", MOUTH),
    Feature("lip_u", 0.036, 0.008, -0.006, 0.002, 0.018, "C", "Upper lip", MOUTH),
    Feature("lip_l", 0.048, 0.009, -0.007, 0.002, 0.02, "C", "Lower lip", MOUTH),
    Feature("mouth_cv", 0, 0.018, 0, 0, 0, "C", "Mouth curve", MOUTH),
    Feature("lip_red", 0.55, 0.08, -0.16, 0, -0.1, "C", "Lip colour", MOUTH),
    Feature("skin", 0, 0.3, -0.1, -0.1, -2, "shared", "Skin tone", SKIN),
    Feature("skin_red", 0, 0.25, 0.06, -0.05, 0, "B", "Skin redness", SKIN),
    Feature("beard", 0, 0.06, 0.45, -0.12, 0, "shared", "Beard", SKIN),
    Feature("hair_dark", 0.55, 0.3, 0, 0.36, 0.4, "shared", "Hair darkness", SKIN),
    Feature("hairline", 0.56, 0.03, 0.014, 0, 0, "B", "Hairline", SKIN),
    Feature("hair_vol", 1.06, 0.03, -0.01, 0, 0.01, "B", "Hair volume", SKIN),
    Feature("hair_len", 0.15, 0.2, 0, 0, 0, "shared", "Hair length", SKIN),
)

NAMES = tuple(feature.name for feature in FEATURES)
COUNT = len(FEATURES)
INDEX = {name: position for position, name in enumerate(NAMES)}
GROUPS = ("A", "B", "C")
CLIPPED = [
    INDEX[name] for name in ("hair_len", "beard", "hair_dark", "brow_dark", "lid_crease", "lip_red")
]
"""Mixing weights, kept in 0..1 after sampling."""

DEFAULT = np.array([feature.default for feature in FEATURES])
SD = np.array([feature.sd for feature in FEATURES])
GENDER = np.array([feature.gender for feature in FEATURES])
SHIFT = np.array([[0.0] * COUNT, [f.b for f in FEATURES], [f.c for f in FEATURES]])
CUES = tuple(feature.cues for feature in FEATURES)

KAPPA = (1.0, 1.008, 1.173)
"""Gains that make the groups' mean pixel distances equal, from ``calibrate_groups``."""

_WEAKER = np.array(
    [[{"shared": 0.5, group: 0.0}.get(cue, 1.0) for cue in CUES] for group in GROUPS]
)
"""Share of the cue separation by which a feature's variance is weaker in a group."""


def gains(cue_separation: float, kappa: tuple[float, ...] = KAPPA) -> np.ndarray:
    """(3, 41) gain of each group's identity variance (faces, section 4)."""
    return (1.0 - cue_separation * _WEAKER) * np.array(kappa)[:, None]
