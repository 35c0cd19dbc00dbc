"""Rotating the basis of a layer's units by an angle (05-dnnbrain, section 2.12, dnn_rotation).

If single units carry meaning, it should fade as the basis turns away from them, although the
information in the layer stays the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from backend.core.parameters import ParameterError
from backend.networks.layers import find, first_tensor
from backend.networks.units import submodule

if TYPE_CHECKING:
    from torch import Tensor

    from backend.networks.network import Network


def rotation_matrix(n: int, degrees: float, seed: int = 0) -> np.ndarray:
    """(n, n) float64 orthogonal matrix that turns every vector by an angle.

    R = Q D(alpha) Q^T: Q is a random orthogonal basis (Haar), D turns its planes 1-2, 3-4, ... by
    alpha. Each vector makes the angle alpha with its image; of an odd n one axis stays fixed.
    """
    if n < 2:
        raise ParameterError("units", f"A rotation needs at least 2 units; there is {n}.")
    if not 0.0 <= degrees <= 180.0:
        raise ParameterError("degrees", f"The angle is {degrees:g} degrees; it goes from 0 to 180.",
                             min(max(degrees, 0.0), 180.0))  # fmt: skip
    basis, upper = np.linalg.qr(np.random.default_rng(seed).standard_normal((n, n)))
    basis = basis * np.sign(np.diag(upper))
    even, odd = basis[:, 0 : n - 1 : 2], basis[:, 1:n:2]
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turned = (cosine - 1.0) * (even @ even.T + odd @ odd.T) + sine * (odd @ even.T - even @ odd.T)
    return np.eye(n) + turned


def rotate_units(
    activations: np.ndarray, degrees: float, seed: int = 0, axis: int = 1
) -> np.ndarray:
    """Activations (n, C, ...) in the rotated basis of their channels, the same shape and type."""
    matrix = rotation_matrix(activations.shape[axis], degrees, seed).astype(activations.dtype)
    return np.ascontiguousarray(np.moveaxis(np.tensordot(activations, matrix, (axis, 1)), -1, axis))


def rotated(network: Network, layer: str, degrees: float, seed: int = 0) -> Network:
    """A copy of a network whose layer gives its output in a rotated basis; the rest is as it was.

    Later layers get the rotated output: their answers show what they need of the basis.
    """
    found = find(network, layer)
    axis = found.channel_axis
    matrix = rotation_matrix(found.channels, degrees, seed)
    copy = network.copy()
    module = submodule(copy.module, layer)
    module.register_forward_hook(_Rotation(matrix, axis))
    return copy


class _Rotation:
    """Forward hook; copies with its network."""

    def __init__(self, matrix: np.ndarray, axis: int) -> None:
        self.matrix, self.axis = matrix, axis

    def __call__(self, _module: Any, _inputs: Any, output: Any) -> Any:
        tensor: Tensor = first_tensor(output)
        matrix = tensor.new_tensor(self.matrix)
        changed = (tensor.movedim(self.axis, -1) @ matrix.T).movedim(-1, self.axis)
        return changed if tensor is output else (changed, *output[1:])
