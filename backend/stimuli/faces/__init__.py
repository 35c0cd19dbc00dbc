"""The embedded parametric face generator: synthetic faces, drawn and relit (spec "faces")."""

from __future__ import annotations

from backend.stimuli.faces.calibration import calibrate_groups
from backend.stimuli.faces.identity import (
    FaceParams,
    average_face,
    default_face,
    morph,
    sample_identities,
)
from backend.stimuli.faces.maps import Canonical, canonical
from backend.stimuli.faces.render import Prepared, prepare, render
from backend.stimuli.faces.sets import FaceImages, dataset
from backend.stimuli.faces.views import views, wild_expressions, wild_views

__all__ = [
    "Canonical", "FaceImages", "FaceParams", "Prepared", "average_face", "calibrate_groups",
    "canonical", "dataset", "default_face", "morph", "prepare", "render", "sample_identities",
    "views", "wild_expressions", "wild_views",
]  # fmt: skip
