"""Which layer and which place of the picture a vertex prefers: DNNBrain's db_topo.

The original only named it. Here a vertex's layer is the one whose units predict it best, and its
place the location of that layer whose channels predict it best.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from backend.analysis.inputs import Check, Progress, nothing
from backend.analysis.linear_models import Model
from backend.analysis.mapping import Mapped, Scheme, predicted


@dataclass(frozen=True)
class Topography:
    """Preferences of vertices (n_vertex,).

    Attributes
    ----------
    layer : number from 1 of the layers given. r : its held-out r, the largest over layers.
    row, column : from 1, of the place in that layer's maps.
    eccentricity : distance from the picture's middle, 1 at the middle of an edge.
    polarity : angle in degrees, 0 to the right, 90 upwards, from -180 to 180.
    by_layer : (n_layer, n_vertex) held-out r.
    """

    layer: np.ndarray
    r: np.ndarray
    row: np.ndarray
    column: np.ndarray
    eccentricity: np.ndarray
    polarity: np.ndarray
    by_layer: np.ndarray


def topography(
    layers: Mapping[str, np.ndarray],
    brain: np.ndarray,
    scheme: Scheme = Scheme(),
    components: int = 100,
    check: Check = nothing,
    progress: Progress | None = None,
) -> Topography:
    """Preferred layer and place of every vertex.

    Parameters
    ----------
    layers : name → (n_stim, n_chn, n_row, n_col). brain : (n_stim, n_vertex).

    A place is judged on the folds it is chosen on: its position is a map, its score is not given.
    A layer without places has none: NaN.
    """
    by_layer, places = [], []
    for number, features in enumerate(layers.values()):
        whole = predicted(features, brain, None, Model(components=components), "r", scheme, check)
        by_layer.append(mean(whole))
        places.append(best_place(features, brain, components, scheme, check))
        if progress:
            progress(number + 1, len(layers))
    scores = np.stack(by_layer)
    undefined = np.isnan(scores).all(axis=0)
    layer = np.where(np.isnan(scores), -np.inf, scores).argmax(axis=0)
    every = np.arange(brain.shape[1])
    row, column, x, y = (np.stack(one)[layer, every] for one in zip(*places, strict=True))
    blank = np.where(undefined, np.nan, 1.0)
    return Topography(
        (layer + 1) * blank, scores[layer, every], row * blank, column * blank,
        np.hypot(x, y) * blank, np.degrees(np.arctan2(y, x)) * blank, scores,
    )  # fmt: skip


def mean(found: Mapped) -> np.ndarray:
    """Fold mean (n_vertex,) of a whole layer."""
    return found.score[0].mean(axis=1)


def best_place(
    features: np.ndarray, brain: np.ndarray, components: int, scheme: Scheme, check: Check
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Row and column from 1, and x and y in half pictures from the middle, of every vertex."""
    rows, columns = features.shape[2:]
    if rows * columns == 1:
        none = np.full(brain.shape[1], np.nan)
        return none, none, none, none
    model = Model(components=components)
    found = predicted(features, brain, "row_col", model, "r", scheme, check)
    score = found.score.mean(axis=2)
    best = np.where(np.isnan(score), -np.inf, score).argmax(axis=0)
    row, column = np.divmod(best, columns)
    x = (column + 0.5) / columns * 2 - 1
    y = 1 - (row + 0.5) / rows * 2
    return row + 1.0, column + 1.0, x, y
