"""Which layer and which place of the picture a vertex prefers: DNNBrain's db_topo.

The original only named it. Here a vertex's layer is the one whose units predict it best, and its
place the location of that layer whose channels predict it best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from backend.analysis.cross_validation import Split, splits
from backend.analysis.encoding import mean_of_defined
from backend.analysis.inputs import Check, Progress, brain_of, finite, nothing
from backend.analysis.linear_models import Model
from backend.analysis.mapping import Scheme, predicted
from backend.analysis.scores import score_of

NUMBERS = 1 << 21
"""Numbers of one array in work: places are taken as many at a time as this allows."""


@dataclass(frozen=True)
class LayerPreference:
    """What one layer tells of vertices (n_vertex,): ``r`` of the whole layer, held out; ``row`` and
    ``column`` from 1 of its best place, ``x`` and ``y`` in half pictures from the middle; NaN in a
    layer without places."""

    r: np.ndarray
    row: np.ndarray
    column: np.ndarray
    x: np.ndarray
    y: np.ndarray


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

    @property
    def place(self) -> tuple[np.ndarray, np.ndarray]:
        """(n_vertex,) x and y of the places, in half pictures from the middle."""
        angle = np.radians(self.polarity)
        return self.eccentricity * np.cos(angle), self.eccentricity * np.sin(angle)


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
    found = []
    for number, features in enumerate(layers.values()):
        found.append(layer_preference(features, brain, scheme, components, check))
        if progress:
            progress(number + 1, len(layers))
    return preferred(found)


def layer_preference(
    features: np.ndarray,
    brain: np.ndarray,
    scheme: Scheme = Scheme(),
    components: int = 100,
    check: Check = nothing,
    progress: Progress | None = None,
) -> LayerPreference:
    """Held-out r of a layer (n_stim, n_chn, n_row, n_col), and its best place, for each vertex."""
    whole = predicted(features, brain, None, Model(components=components), "r", scheme, check)
    r = whole.score[0].mean(axis=1)
    rows, columns = features.shape[2:]
    if rows * columns == 1:
        none = np.full(len(r), np.nan)
        return LayerPreference(r, none, none, none, none)
    score = place_scores(features, brain, components, scheme, check, progress)
    best = np.where(np.isnan(score), -np.inf, score).argmax(axis=0)
    row, column = np.divmod(best, columns)
    x = (column + 0.5) / columns * 2 - 1
    y = 1 - (row + 0.5) / rows * 2
    return LayerPreference(r, row + 1.0, column + 1.0, x, y)


def preferred(layers: Sequence[LayerPreference]) -> Topography:
    """For each vertex, the layer with the largest r and its place."""
    scores = np.stack([one.r for one in layers])
    undefined = np.isnan(scores).all(axis=0)
    layer = np.where(np.isnan(scores), -np.inf, scores).argmax(axis=0)
    every = np.arange(scores.shape[1])
    row, column, x, y = (
        np.stack([getattr(one, name) for one in layers])[layer, every]
        for name in ("row", "column", "x", "y")
    )
    blank = np.where(undefined, np.nan, 1.0)
    return Topography(
        (layer + 1) * blank, scores[layer, every], row * blank, column * blank,
        np.hypot(x, y) * blank, np.degrees(np.arctan2(y, x)) * blank, scores,
    )  # fmt: skip


def place_scores(
    features: np.ndarray,
    brain: np.ndarray,
    components: int,
    scheme: Scheme,
    check: Check = nothing,
    progress: Progress | None = None,
) -> np.ndarray:
    """Held-out r (n_place, n_vertex), mean of folds, of the channels at every place.

    The same as least squares on components, place by place
    (:func:`backend.analysis.mapping.predicted`), but for many places at once, from the channels'
    covariances; NaN where nothing varies.
    """
    stimuli, channels = features.shape[:2]
    brain = brain_of(brain, stimuli)
    finite(features, "The network's activations")
    flat = features.reshape(stimuli, channels, -1)
    count = flat.shape[2]
    parts = splits(stimuli, scheme.folds, scheme.seed)
    widest = max(stimuli * channels, stimuli * brain.shape[1] // scheme.folds)
    step = max(1, NUMBERS // widest)
    scores = np.full((len(parts), count, brain.shape[1]), np.nan)
    for start in range(0, count, step):
        place = slice(start, min(start + step, count))
        block = np.ascontiguousarray(flat[:, :, place].transpose(2, 0, 1), np.float64)
        for number, part in enumerate(parts):
            check()
            scores[number, place] = fold_scores(block, brain, part, components)
        if progress:
            progress(place.stop, count)
    found = mean_of_defined(scores)
    found[np.ptp(flat, axis=0).max(axis=0) == 0] = np.nan
    return found


def fold_scores(block: np.ndarray, brain: np.ndarray, part: Split, components: int) -> np.ndarray:
    """r (n_place, n_vertex) of one fold; ``block`` (n_place, n_stim, n_chn)."""
    train, test = part
    middle = block[:, train].mean(axis=1, keepdims=True)
    away = block[:, train] - middle
    variance, axes = np.linalg.eigh(away.transpose(0, 2, 1) @ away)
    most = min(components, len(train) - 1, block.shape[2])
    variance, axes = variance[:, -most:], axes[:, :, -most:]
    floor = variance.sum(axis=1, keepdims=True) * len(train) * np.finfo(np.float64).eps
    inverse = np.divide(1.0, variance, out=np.zeros_like(variance), where=variance > floor)
    mean = brain[train].mean(axis=0)
    products = axes.transpose(0, 2, 1) @ (away.transpose(0, 2, 1) @ (brain[train] - mean))
    weights = axes @ (inverse[:, :, None] * products)
    prediction = (block[:, test] - middle) @ weights + mean
    places, vertices = len(block), brain.shape[1]
    truth = np.broadcast_to(brain[test][:, None], (len(test), places, vertices))
    wide = prediction.transpose(1, 0, 2).reshape(len(test), -1)
    return score_of(truth.reshape(len(test), -1), wide, "r").reshape(places, vertices)
