"""The simulated cortex and signals keep what they promise; RSA over time and cortex finds it."""

from __future__ import annotations

import numpy as np
import pytest

from backend.analysis.hrf import design
from backend.analysis.rdm_compare import compare
from backend.analysis.rsa import averaged_rdm, layer_rdm, over_time, rings, searchlight
from backend.brain.simulated_cortex import VERTICES_OF_LAYERS, components, simulated_cortex
from backend.brain.simulated_signals import simulated_bold, simulated_epochs
from backend.brain.simulated_surface import simulated_surface
from backend.core.parameters import ParameterError


def layers(stimuli: int = 64, width: int = 300) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    return [generator.standard_normal((stimuli, width)).astype(np.float32) for _ in range(5)]


def test_vertices_are_drawn_as_the_specification_says() -> None:
    some = layers()
    cortex = simulated_cortex(some)
    assert np.bincount(cortex.layer).tolist() == list(VERTICES_OF_LAYERS)
    rng = np.random.default_rng(0)
    snr = rng.uniform(0.1, 1, 200)
    np.testing.assert_array_equal(cortex.snr, snr)
    axes = components(some[0])
    for vertex in range(3):
        signal = axes @ (rng.standard_normal(50) / np.sqrt(1 + np.arange(50)))
        noise = rng.standard_normal(64)
        expected = np.sqrt(snr[vertex]) * (signal - signal.mean()) / signal.std() + noise
        expected = (expected - expected.mean()) / expected.std()
        np.testing.assert_allclose(cortex.responses[:, vertex], expected, atol=1e-10)
    assert cortex.ceiling.mean() == pytest.approx(0.58, abs=0.005)


def test_components_are_standard_and_uncorrelated() -> None:
    axes = components(layers()[0])
    np.testing.assert_allclose(axes.T @ axes / 64, np.eye(50), atol=1e-9)
    again = components(layers()[0] * 3 + 1)  # patterns are z-scored first
    np.testing.assert_allclose(axes, again, atol=1e-3)


def test_too_few_images_or_layers_are_refused() -> None:
    with pytest.raises(ParameterError, match="more than 50 images"):
        simulated_cortex(layers(50))
    with pytest.raises(ParameterError, match="reads 5 layers, not 4"):
        simulated_cortex(layers()[:4])


def test_the_surface_is_closed_and_the_strip_runs_forward() -> None:
    surface = simulated_surface()
    assert surface.vertices.shape == (10_242, 3)
    edges = np.sort(np.concatenate([surface.faces[:, p] for p in ([0, 1], [1, 2], [2, 0])]), 1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
    corners = surface.vertices[surface.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert ((normals * corners.mean(axis=1)).sum(axis=1) > 0).all()
    strip = surface.vertices[surface.strip]
    assert len(set(surface.strip.tolist())) == 200
    assert (strip[:, 2] < 0).all()
    assert np.corrcoef(strip[:, 1], np.arange(200))[0, 1] > 0.99


def test_rings_are_edges_away() -> None:
    faces = np.array([[0, 1, 2], [1, 2, 3], [2, 3, 4]])
    one, two = rings(faces, 5, 1), rings(faces, 5, 2)
    assert [r.tolist() for r in one] == [[0, 1, 2], [0, 1, 2, 3], [0, 1, 2, 3, 4], [1, 2, 3, 4],
                                         [2, 3, 4]]  # fmt: skip
    assert two[0].tolist() == [0, 1, 2, 3, 4]
    assert [r.tolist() for r in rings(faces, 5, 0)] == [[0], [1], [2], [3], [4]]


def test_the_searchlight_finds_the_patch_that_carries_the_model() -> None:
    generator = np.random.default_rng(1)
    pattern = generator.standard_normal((20, 6))
    brain = generator.standard_normal((20, 30))
    brain[:, 10:16] = pattern
    patches = [np.arange(start, start + 6) for start in range(25)]
    model = averaged_rdm(pattern)
    found = np.concatenate(list(searchlight(brain, patches, [model])))
    assert found.argmax() == 10
    assert found[10] == pytest.approx(1.0)
    assert np.isnan(next(searchlight(brain, [np.array([3])], [model]))).all()


def test_layers_appear_in_the_epochs_in_their_order() -> None:
    """Each layer's RDM is most alike at 80 + 40 l ms."""
    some = layers(stimuli=80)
    epochs = simulated_epochs(some, noise=1.0)
    assert epochs.trials.shape == (800, 30, 61)
    models = [layer_rdm(one, components=None) for one in some]
    found = np.stack(list(over_time(epochs.averaged(), models)))
    peaks = epochs.times_ms[found.argmax(axis=0)]
    np.testing.assert_allclose(peaks, 80 + 40 * np.arange(1, 6), atol=20)


def test_the_bold_run_gives_its_events_back() -> None:
    run = simulated_bold()
    assert run.bold.shape == (30, 50)
    matrix = design(run.onsets, run.durations, 30, 2.0)
    found = np.linalg.lstsq(matrix, run.bold, rcond=None)[0]
    assert np.corrcoef(found.ravel(), run.values.ravel())[0, 1] > 0.95


def test_labels_leave_enough_conditions() -> None:
    some = layers()[0]
    labels = np.arange(64) % 8
    found = layer_rdm(some, labels)
    assert found.shape == (8, 8)
    assert compare(found, found) == pytest.approx(1.0)
    with pytest.raises(ParameterError, match="leaves 4 labels"):
        layer_rdm(some, labels % 4)
