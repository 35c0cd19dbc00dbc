"""Rotating the unit basis turns every vector by the angle and keeps all distances."""

from __future__ import annotations

import numpy as np
import pytest
from unit_networks import answers, inputs, mini

from backend.core.parameters import ParameterError
from backend.networks.runtime import torch
from backend.networks.unit_rotation import rotate_units, rotated, rotation_matrix
from backend.networks.units import layer_output


@pytest.mark.parametrize("n", [2, 7, 64])
@pytest.mark.parametrize("degrees", [0.0, 30.0, 90.0, 180.0])
def test_a_rotation_is_orthogonal_and_turns_by_its_angle(n: int, degrees: float) -> None:
    matrix = rotation_matrix(n, degrees, seed=3)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(n), atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1.0)
    vectors = np.random.default_rng(0).normal(size=(n, 5))
    cosine = (vectors * (matrix @ vectors)).sum(0) / (vectors**2).sum(0)
    if n % 2 == 0:
        np.testing.assert_allclose(cosine, np.cos(np.radians(degrees)), atol=1e-12)
    else:  # one axis stays
        assert (cosine >= np.cos(np.radians(degrees)) - 1e-12).all()


def test_rotations_repeat_with_their_seed_and_add_up() -> None:
    assert np.array_equal(rotation_matrix(6, 40, 1), rotation_matrix(6, 40, 1))
    assert not np.allclose(rotation_matrix(6, 40, 1), rotation_matrix(6, 40, 2))
    np.testing.assert_allclose(rotation_matrix(6, 30) @ rotation_matrix(6, 40),
                               rotation_matrix(6, 70), atol=1e-12)  # fmt: skip


def test_rotated_activations_keep_every_distance_and_lose_the_units() -> None:
    activations = np.random.default_rng(0).normal(size=(9, 16, 3, 2)).astype(np.float32)
    turned = rotate_units(activations, 60, seed=1)
    assert turned.shape == activations.shape
    assert turned.dtype == np.float32
    flat, flat_turned = activations.reshape(9, -1), turned.reshape(9, -1)
    np.testing.assert_allclose(flat_turned @ flat_turned.T, flat @ flat.T, rtol=1e-4, atol=1e-3)
    assert np.abs(turned - activations).mean() > 0.3


def test_a_rotated_network_gives_the_rotated_layer_and_leaves_the_original() -> None:
    network = mini()
    x = inputs(network)
    state, intact = network.state_hash(), answers(network, x)
    copy = rotated(network, "conv4", 25, seed=2)
    expected = rotate_units(layer_output(network.module, "conv4", x).detach().numpy(), 25, 2)
    np.testing.assert_allclose(layer_output(copy.module, "conv4", x).detach(), expected, atol=1e-4)
    assert not torch().equal(answers(copy, x), intact)
    torch().testing.assert_close(answers(rotated(network, "conv4", 0), x), intact)
    assert network.state_hash() == state


def test_angles_and_sizes_out_of_range_are_refused() -> None:
    with pytest.raises(ParameterError, match="from 0 to 180"):
        rotation_matrix(4, 200)
    with pytest.raises(ParameterError, match="at least 2 units"):
        rotation_matrix(1, 20)
