"""Answers of a network whose layer gives several changed outputs, what comes before it done once.

The layer's output is repeated once per variant inside the pass, and only what follows is computed
for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.networks.layers import Layer, first_tensor
from backend.networks.units import Check, call_number, submodule

if TYPE_CHECKING:
    from torch import Tensor

    from backend.networks.network import Network

Change = Callable[["Tensor", slice], "Tensor"]
"""(maps (n, C, ...), which variants) -> (k, n, C, ...)."""

BYTES = 64 * 2**20
"""Bound of the repeated layer output."""


def pieces(n: int, size: int) -> Iterator[slice]:
    """Rows in stretches of a size."""
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def predictions(
    network: Network, layer: Layer, x: Tensor, change: Change, count: int, check: Check | None
) -> np.ndarray:
    """(count, n) largest output for prepared images under each of ``count`` variants."""
    from backend.networks.interruption import interruptible
    from backend.networks.runtime import torch

    size = max(1, BYTES // (4 * int(np.prod(layer.shape)) * len(x)))
    with torch().no_grad(), interruptible(check):
        found = [_shared(network, layer, x, change, which) for which in pieces(count, size)]
    return np.concatenate(found)


def _shared(network: Network, layer: Layer, x: Tensor, change: Change, which: slice) -> np.ndarray:
    """Predictions (k, n) from one pass; one pass a variant where a path leads round the layer."""
    count = which.stop - which.start
    try:
        output = _pass(network, layer, x, change, which)
        if len(output) == count * len(x):
            return output.argmax(1).reshape(count, len(x)).numpy()
    except RuntimeError:  # shapes do not meet where a shortcut joins
        pass
    each = (slice(number, number + 1) for number in range(which.start, which.stop))
    return np.stack([_pass(network, layer, x, change, one).argmax(1).numpy() for one in each])


def _pass(network: Network, layer: Layer, x: Tensor, change: Change, which: slice) -> Tensor:
    wanted = call_number(layer.name)
    axis = layer.channel_axis
    calls = [0]

    def hook(_module: Any, _inputs: Any, output: Any) -> Any:
        calls[0] += 1
        if calls[0] != wanted:
            return None
        maps = first_tensor(output).movedim(axis, 1)
        repeated = change(maps, which).flatten(0, 1).movedim(1, axis)
        return repeated if output is first_tensor(output) else (repeated, *output[1:])

    handle = submodule(network.module, layer.name).register_forward_hook(hook)
    try:
        return first_tensor(network.module(x))
    finally:
        handle.remove()
