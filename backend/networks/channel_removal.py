"""Which channels go first, and what stands in for them: lesions of one layer, draw by draw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from backend.core.parameters import ParameterError
from backend.networks.layers import Layer, find
from backend.networks.lesions import batch_norm_after
from backend.networks.scan import stream
from backend.networks.units import Check
from backend.networks.variants import BYTES, pieces, predictions

if TYPE_CHECKING:
    from torch import Tensor

    from backend.networks.network import Network

Order = Literal["random", "active", "selective"]
ORDERS: tuple[str, ...] = get_args(Order)
Fill = Literal["zero", "mean", "shuffle"]


def target_of(network: Network, layer: str) -> Layer:
    """Where channels are removed: the layer's output, or the batch normalisation it enters."""
    found = find(network, layer)
    return batch_norm_after(network, found) or found


def channel_activity(
    network: Network, layer: Layer, images: Any, check: Check | None = None
) -> np.ndarray:
    """(n, C) mean over places of each channel's rectified output."""
    rows = []
    for _, values in stream(network, images, [layer.name], check=check):
        maps = np.moveaxis(values[layer.name], layer.channel_axis, 1)
        rows.append(np.maximum(maps.reshape(*maps.shape[:2], -1), 0.0).mean(axis=2))
    return np.concatenate(rows)


def class_selectivity(activity: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(C,) index of Morcos et al. (2018): (best - others) / (best + others) of class means.

    0 for a channel that answers all classes alike or never, 1 for one that answers a single class.
    """
    from backend.analysis.rdm import label_means

    means, names = label_means(np.asarray(activity, np.float64), labels)
    best = means.max(axis=0)
    others = (means.sum(axis=0) - best) / max(len(names) - 1, 1)
    total = best + others
    return np.divide(best - others, total, out=np.zeros_like(total), where=total > 0)


def removal_orders(
    network: Network, layer: Layer, images: Any, labels: np.ndarray, order: Order = "random",
    draws: int = 10, seed: int = 0, check: Check | None = None,
) -> list[np.ndarray]:  # fmt: skip
    """A list of channels for each draw, the first to go first.

    Random orders differ by draw; the others are one order, known from all images.
    """
    if order not in ORDERS:
        raise ParameterError("order", f'There is no order "{order}". Choose one of '
                             f"{', '.join(ORDERS)}.", ORDERS[0])  # fmt: skip
    if order == "random":
        rng = np.random.default_rng(seed)
        return [rng.permutation(layer.channels) for _ in range(draws)]
    activity = channel_activity(network, layer, images, check)
    value = activity.mean(axis=0) if order == "active" else class_selectivity(activity, labels)
    return [np.argsort(-value, kind="stable")] * draws


def accuracy_as_channels_go(
    network: Network,
    layer: Layer,
    images: Any,
    labels: np.ndarray,
    order: np.ndarray,
    shares: Sequence[float],
    fill: Fill = "zero",
    seed: int = 0,
    check: Check | None = None,
) -> np.ndarray:
    """(share,) accuracy when so much of the order's beginning is replaced.

    Parameters
    ----------
    fill : "zero"; "mean", each channel's mean over images and places; "shuffle", the channel's map
        of another image, in an order drawn by ``seed``.
    """
    from backend.networks.runtime import torch

    keep = np.ones((len(shares), layer.channels), bool)
    for mask, share in zip(keep, shares, strict=True):
        mask[order[: round(share * layer.channels)]] = False
    masks = torch().from_numpy(keep)
    donors = donors_of(network, layer, images, fill, seed, check)
    right = np.zeros(len(keep))
    size = max(1, min(64, BYTES // (4 * int(np.prod(layer.shape)) * len(keep))))
    for piece in pieces(len(images), size):

        def change(maps: Tensor, which: slice, piece: slice = piece) -> Tensor:
            chosen = masks[which]
            mask = chosen.reshape(len(chosen), 1, chosen.shape[1], *[1] * (maps.ndim - 2))
            kept = maps[None] * mask
            return kept if donors is None else kept + taken(donors, piece)[None] * ~mask

        x = network.preprocessing.prepare(images[piece])
        found = predictions(network, layer, x, change, len(keep), check)
        right += (found == labels[piece][None]).sum(axis=1)
    return right / len(images)


def donors_of(
    network: Network, layer: Layer, images: Any, fill: Fill, seed: int, check: Check | None
) -> Tensor | None:
    """Means (1, C, 1, ...) or maps (m, C, ...) of shuffled images; None for zero.

    Maps are of as many images as the memory of one pass holds, spread over all.
    """
    from backend.networks.runtime import torch

    if fill == "zero":
        return None
    count, total = len(images), np.zeros(layer.channels)
    most = max(2, BYTES // (4 * int(np.prod(layer.shape))))
    wanted = np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))
    maps: list[np.ndarray] = []
    for rows, values in stream(network, images, [layer.name], check=check):
        block = np.moveaxis(values[layer.name], layer.channel_axis, 1)
        total += block.reshape(*block.shape[:2], -1).mean(axis=2).sum(axis=0)
        if fill == "shuffle":
            inside = wanted[(wanted >= rows.start) & (wanted < rows.stop)] - rows.start
            maps.append(block[inside])
    if fill == "mean":
        shape = (1, layer.channels, *[1] * (len(layer.shape) - 1))
        return torch().from_numpy((total / count).astype(np.float32).reshape(shape))
    every = np.concatenate(maps)
    order = np.random.default_rng(seed).permutation(len(every))
    return torch().from_numpy(np.ascontiguousarray(every[order], np.float32))


def taken(donors: Tensor, rows: slice) -> Tensor:
    """The donors of some images: one for all, or the k-th for the k-th image, in a circle."""
    if len(donors) == 1:
        return donors
    from backend.networks.runtime import torch

    return donors[torch().arange(rows.start, rows.stop) % len(donors)]
