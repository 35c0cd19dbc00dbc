"""Gains that make the three groups equally varied in pixels (faces, section 4)."""

from __future__ import annotations

import numpy as np

from backend.stimuli.faces import table
from backend.stimuli.faces.identity import FaceParams, compose, weights_of
from backend.stimuli.faces.maps import canonical
from backend.stimuli.faces.render import prepare, render
from backend.stimuli.faces.views import views

IDENTITIES = 60


def group_distances(
    kappa: tuple[float, ...], seeds: range, identities: int = IDENTITIES
) -> np.ndarray:
    """(seeds, 3) mean pixel distance of same-gender pairs of each group.

    Euclidean distance of z-scored 64 px images, neutral, age 0.35, one texture, default view;
    the groups share their draws.
    """
    found = np.empty((len(seeds), 3))
    for row, seed in enumerate(seeds):
        draws = np.random.default_rng(seed).standard_normal((identities, table.COUNT))
        z = np.clip(draws, -2.5, 2.5)
        for group in range(3):
            found[row, group] = _distance(z, group, kappa)
    return found


def _distance(z: np.ndarray, group: int, kappa: tuple[float, ...]) -> float:
    from scipy.spatial.distance import pdist

    n = len(z)
    gender = np.where(np.arange(n) < n // 2, 1.0, -1.0)
    weights = weights_of(group, n)
    params = FaceParams(
        compose(z, gender, weights, kappa=kappa), gender, np.full(n, 0.35), weights,
        np.zeros(n, np.int64), np.ones(n),
    )  # fmt: skip
    images = render(prepare(canonical(params)), np.arange(n), views(n)).reshape(n, -1)
    images = (images - images.mean(1, keepdims=True)) / images.std(1, keepdims=True)
    pairs = [pdist(images[gender == sign]) for sign in (1.0, -1.0)]
    return float(np.concatenate(pairs).mean())


def calibrate_groups(seeds: range = range(6), steps: int = 3) -> tuple[float, ...]:
    """Gains kappa of groups A, B, C for the renderer as it stands; ``table.KAPPA`` ships them."""
    kappa = np.ones(3)
    for _ in range(steps):
        d = group_distances(tuple(kappa), seeds).mean(axis=0)
        kappa *= (d[0] / d) ** 1.2
    return tuple(round(float(value), 3) for value in kappa)
