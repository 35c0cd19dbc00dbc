"""Activations of many pictures in one pass, batch by batch (05-dnnbrain, section 2.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from backend.networks.layers import find, first_tensor, hooked, layers

if TYPE_CHECKING:
    from backend.networks.network import Network

Pooling = Literal["mean", "max", "median", "L1", "L2"]


class Images(Protocol):
    """Pictures with a length, sliced into arrays: in memory or read on demand."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any) -> np.ndarray: ...


class _Enough(Exception):
    """The last wanted layer was reached; the rest of the pass is not needed."""


def stream(
    network: Network,
    images: Images,
    wanted: Sequence[str],
    batch: int = 32,
    pooling: str | None = None,
    channels: Mapping[str, Sequence[int]] | None = None,
    check: Callable[[], None] | None = None,
) -> Iterator[tuple[slice, dict[str, np.ndarray]]]:
    """All layers of every batch from one forward pass each.

    Parameters
    ----------
    wanted : layer names. pooling : one number a channel over its places, or None for all.
    channels : layer → indices from 0 of the channels to keep.
    check : called before each batch; raises to cancel.

    Yields
    ------
    (rows, {layer: float32 (k, channels, ...)}). Outputs are copied in the hook, so that an
    in-place ReLU after a layer does not alter it. Memory is one batch's.
    """
    from backend.networks.runtime import torch

    known = [find(network, name).name for name in dict.fromkeys(wanted)]
    order = [one.name for one in layers(network)]
    last = max(known, key=order.index, default="")
    chosen = dict(channels or {})
    for start in range(0, len(images), batch):
        if check is not None:
            check()
        rows = slice(start, min(start + batch, len(images)))
        x = network.preprocessing.prepare(images[rows])
        taken: dict[str, np.ndarray] = {}

        def keep(
            name: str, part: Any, inputs: Any, output: Any, taken: dict[str, np.ndarray] = taken
        ) -> None:
            if name in known:
                taken[name] = reduced(first_tensor(output), pooling, chosen.get(name))
            if name == last:
                raise _Enough

        with torch().inference_mode(), hooked(network.module, keep):
            try:
                output = network.module(x)
                if last and last not in taken:
                    taken[last] = reduced(first_tensor(output), pooling, chosen.get(last))
            except _Enough:
                pass
        yield rows, taken


def reduced(output: Any, pooling: str | None, channels: Sequence[int] | None) -> np.ndarray:
    """A copy of a layer's output as numpy, some channels, pooled over places if asked."""
    from backend.networks.runtime import torch

    module = torch()
    value = output.detach()
    if channels is not None:
        value = value[:, module.as_tensor(list(channels), dtype=module.long)]
    if pooling is not None and value.ndim > 2:
        value = _pooled(value.flatten(2), pooling)
    else:
        value = value.clone()
    array: np.ndarray = value.float().cpu().numpy()
    return array


def _pooled(flat: Any, pooling: str) -> Any:
    """(n, channels) of (n, channels, places): mean, max, median, sum |x| or root of sum x²."""
    from backend.core.parameters import unknown_name

    if pooling == "mean":
        return flat.mean(dim=2)
    if pooling == "max":
        return flat.amax(dim=2)
    if pooling == "median":
        return flat.quantile(0.5, dim=2)
    if pooling == "L1":
        return flat.abs().sum(dim=2)
    if pooling == "L2":
        return flat.square().sum(dim=2).sqrt()
    raise unknown_name(pooling, ["mean", "max", "median", "L1", "L2"], "pooling")
