"""Maps of an RDM in two or three dimensions, which keep their place while stimuli are added."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from backend.analysis.eigen import leading_eigenvectors
from backend.analysis.inputs import rdm_of
from backend.core.parameters import ParameterError

Method = Literal["classical MDS", "metric MDS", "t-SNE"]


def embed(
    matrix: np.ndarray,
    method: Method = "metric MDS",
    dimensions: int = 2,
    start: np.ndarray | None = None,
    iterations: int = 300,
    perplexity: float = 30.0,
    seed: int = 0,
) -> np.ndarray:
    """Coordinates (n, dimensions) whose distances resemble an RDM's.

    Parameters
    ----------
    matrix : (n, n) RDM. method : "classical MDS" (Torgerson), "metric MDS" (SMACOF) or "t-SNE".
    start : (m, dimensions) earlier coordinates of the first m <= n conditions; new ones are placed
        by their distances to these, and the result is turned to lie over the earlier map.
    iterations : at most; few for a live map that is refined step by step.
    perplexity : of t-SNE; lowered for few conditions.
    """
    distances = rdm_of(matrix)
    if not 1 <= dimensions <= len(distances) - 1:
        raise ParameterError(
            "dimensions", f"A map of {len(distances)} conditions cannot have {dimensions} axes.", 2
        )
    if method == "classical MDS":
        points = classical(distances, dimensions)
    else:
        first = classical(distances, dimensions) if start is None else placed(distances, start)
        if method == "metric MDS":
            points = stress_minimised(distances, first, iterations)
        else:
            points = neighbours_kept(
                distances, first, start is not None, iterations, perplexity, seed
            )
    if start is None:
        return points
    return turned(points, np.asarray(start, dtype=np.float64))


def classical(distances: np.ndarray, dimensions: int) -> np.ndarray:
    """Torgerson's solution: leading axes of the double-centred squared distances."""
    squares = distances**2
    means = squares.mean(axis=0)
    inner = -0.5 * (squares - means - means[:, None] + means.mean())
    values, vectors = leading_eigenvectors(inner, dimensions)
    return vectors * np.sqrt(np.maximum(values, 0.0))


def placed(distances: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Earlier coordinates, and new conditions by their squared distances to them (Gower 1968)."""
    start = np.asarray(start, dtype=np.float64)
    old = len(start)
    if old > len(distances):
        raise ParameterError(
            "", f"The earlier map has {old} conditions, the RDM only {len(distances)}."
        )
    points = np.zeros((len(distances), start.shape[1]))
    points[:old] = start
    if old < len(distances):
        middle = start.mean(axis=0)
        centred = start - middle
        lengths = (centred**2).sum(axis=1)
        gaps = lengths - distances[old:, :old] ** 2
        gaps -= gaps.mean(axis=1, keepdims=True)
        points[old:] = 0.5 * gaps @ np.linalg.pinv(centred).T + middle
    return points


def stress_minimised(distances: np.ndarray, first: np.ndarray, iterations: int) -> np.ndarray:
    """SMACOF from given coordinates."""
    from sklearn.manifold import smacof

    settings: dict[str, Any] = {"n_components": first.shape[1], "init": first, "n_init": 1}
    points, _ = smacof(
        distances, max_iter=iterations, eps=1e-6, normalized_stress=False, **settings
    )
    return np.asarray(points, dtype=np.float64)


def neighbours_kept(
    distances: np.ndarray,
    first: np.ndarray,
    goes_on: bool,
    iterations: int,
    perplexity: float,
    seed: int,
) -> np.ndarray:
    """t-SNE from given coordinates; one that goes on is not pulled together again first."""
    from sklearn.manifold import TSNE

    scale = first.std()
    tsne = TSNE(
        n_components=first.shape[1],
        metric="precomputed",
        init=first if goes_on or scale == 0 else first * (1e-4 / scale),
        early_exaggeration=1.0 if goes_on else 12.0,
        perplexity=min(perplexity, (len(distances) - 1) / 3),
        max_iter=max(iterations, 250),
        random_state=seed,
        method="exact" if first.shape[1] > 3 else "barnes_hut",
    )
    return np.asarray(tsne.fit_transform(distances), dtype=np.float64)


def turned(points: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Points rotated, mirrored and moved so that the earlier conditions lie over their places."""
    part = points[: len(start)]
    middle = part.mean(axis=0)
    left, _, right = np.linalg.svd((part - middle).T @ (start - start.mean(axis=0)))
    return (points - middle) @ (left @ right) + start.mean(axis=0)


def stress(matrix: np.ndarray, points: np.ndarray) -> float:
    """Kruskal's stress-1 of a map: 0 perfect, above 0.2 poor."""
    from scipy.spatial.distance import pdist

    wanted = rdm_of(matrix)[np.triu_indices(len(points), 1)]
    shown = pdist(points)
    return float(np.sqrt(((wanted - shown) ** 2).sum() / (shown**2).sum()))
