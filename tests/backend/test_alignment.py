"""CKA, Procrustes distance and maps of RDMs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import procrustes
from scipy.spatial.distance import pdist, squareform

from backend.analysis.alignment import linear_cka, procrustes_distance, unbiased_cka
from backend.analysis.compression import gram
from backend.analysis.embedding import classical, embed, stress
from backend.core.parameters import ParameterError


def pair(rows: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    first = generator.standard_normal((rows, 30)) + 2
    return first, first @ generator.standard_normal((30, 50)) + generator.standard_normal(
        (rows, 50)
    )


def test_cka_is_its_formula_on_features() -> None:
    first, second = pair()
    x, y = first - first.mean(axis=0), second - second.mean(axis=0)
    top = np.linalg.norm(x.T @ y) ** 2
    expected = top / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y))
    assert linear_cka(first, second) == pytest.approx(expected, abs=1e-12)
    assert linear_cka(gram(first), gram(second)) == pytest.approx(expected, abs=1e-12)


def test_cka_does_not_see_rotation_or_scale() -> None:
    first, _ = pair()
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((30, 30)))[0]
    assert linear_cka(first, 3 * first @ turn + 7) == pytest.approx(1.0)
    assert unbiased_cka(first, 3 * first @ turn + 7) == pytest.approx(1.0)
    assert procrustes_distance(first, 3 * first @ turn + 7) == pytest.approx(0.0, abs=1e-6)


def test_unbiased_cka_of_unrelated_layers_is_zero_where_cka_is_not() -> None:
    generator = np.random.default_rng(2)
    found = [
        (linear_cka(*layers), unbiased_cka(*layers))
        for layers in (generator.standard_normal((2, 20, 500)) for _ in range(30))
    ]
    biased, unbiased = np.mean(found, axis=0)
    assert biased > 0.8
    assert abs(unbiased) < 0.02


def test_procrustes_distance_is_scipy_s() -> None:
    generator = np.random.default_rng(3)
    first, second = generator.standard_normal((2, 25, 6))
    disparity = procrustes(first, second)[2]  # 1 - s², s the nuclear norm of unit-size matrices
    expected = np.sqrt(2 - 2 * np.sqrt(1 - disparity))
    assert procrustes_distance(first, second) == pytest.approx(expected, abs=1e-9)


def test_layers_of_other_stimuli_are_refused() -> None:
    first, second = pair()
    with pytest.raises(ParameterError, match=r"40 stimuli, but 39 rows"):
        linear_cka(first, second[:-1])
    with pytest.raises(ParameterError, match="like nothing"):
        linear_cka(first, np.ones((40, 3)))


def test_a_plane_is_mapped_without_loss() -> None:
    points = np.random.default_rng(4).standard_normal((30, 2))
    distances = squareform(pdist(points))
    for method in ("classical MDS", "metric MDS"):
        found = embed(distances, method)
        np.testing.assert_allclose(squareform(pdist(found)), distances, atol=1e-4)
        assert stress(distances, found) < 1e-4


def test_new_stimuli_join_a_map_that_keeps_its_place() -> None:
    """In the plane the earlier points do not move and the new ones are where they belong."""
    points = np.random.default_rng(5).standard_normal((30, 2))
    distances = squareform(pdist(points))
    for method in ("classical MDS", "metric MDS"):
        found = embed(distances, method, start=points[:20])
        np.testing.assert_allclose(found, points, atol=1e-4)


def test_neighbours_stay_neighbours_in_tsne() -> None:
    generator = np.random.default_rng(6)
    group = np.repeat(np.arange(3), 15)
    points = generator.standard_normal((3, 10))[group] * 6 + generator.standard_normal((45, 10))
    distances = squareform(pdist(points))
    first = embed(distances[:40, :40], "t-SNE", perplexity=8)
    found = embed(distances, "t-SNE", start=first, perplexity=8)
    gaps = squareform(pdist(found)) + np.diag(np.full(45, np.inf))
    assert (group[gaps.argmin(axis=1)] == group).mean() > 0.95
    shift = np.linalg.norm(found[:40] - first, axis=1)
    assert np.median(shift) < 0.5 * np.linalg.norm(first - first.mean(axis=0), axis=1).mean()


def test_a_map_of_five_has_no_six_axes() -> None:
    distances = squareform(pdist(np.random.default_rng(7).standard_normal((5, 3))))
    with pytest.raises(ParameterError, match="cannot have 6 axes"):
        embed(distances, dimensions=6)
    assert classical(distances, 3).shape == (5, 3)
