"""Accuracy against the share of a layer's channels removed (05-dnnbrain, section 7, item 16).

What comes before the layer is computed once per image: the layer's output is repeated once per
ablation inside the pass, and only what follows is computed for each.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.core.parameters import ParameterError
from backend.networks.layers import Layer, find, first_tensor
from backend.networks.lesions import batch_norm_after
from backend.networks.units import Check
from backend.networks.variants import BYTES, pieces, predictions

if TYPE_CHECKING:
    from torch import Tensor

    from backend.networks.network import Network


@dataclass(frozen=True)
class Sweep:
    """Accuracy so far.

    Attributes
    ----------
    fractions : (f,) shares of channels removed.
    accuracy : (draws, f) over the images seen; removed sets grow with the share within a draw.
    done, total : images seen and in all.
    """

    fractions: np.ndarray
    accuracy: np.ndarray
    done: int
    total: int


def accuracy(
    network: Network, images: Any, labels: np.ndarray, check: Check | None = None
) -> float:
    """Share of images (n, H, W[, C]) whose largest output is their label."""
    from backend.networks.interruption import interruptible
    from backend.networks.runtime import torch

    right = 0
    with torch().no_grad(), interruptible(check):
        for piece in pieces(len(images), 32):
            output = first_tensor(network.module(network.preprocessing.prepare(images[piece])))
            right += int((output.argmax(1).numpy() == labels[piece]).sum())
    return right / len(images)


def ablation_sweep(
    network: Network,
    layer: str,
    images: Any,
    labels: np.ndarray,
    fractions: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 0.9),
    draws: int = 10,
    seed: int = 0,
    check: Check | None = None,
) -> Iterator[Sweep]:
    """Yield the accuracy curve after each batch of images, exact for the images seen so far.

    Channels are removed at a layer's output, or after the batch normalisation it enters: the same
    as zeroing weights and biases.

    Raises
    ------
    ParameterError
        for a layer that is not there, shares outside 0 to 1, and labels that do not match.
    """
    target = find(network, layer)
    target = batch_norm_after(network, target) or target
    shares = np.asarray(fractions, float)
    _check(shares, draws, len(images), len(labels))
    keep = _masks(target.channels, shares, draws, seed)
    right = np.zeros(len(keep))
    batch = _images_a_pass(target, len(keep))
    for piece in pieces(len(images), batch):
        x = network.preprocessing.prepare(images[piece])
        predicted = _predictions(network, target, x, keep, check)
        right += (predicted == labels[piece][None]).sum(1)
        curve = (right / piece.stop).reshape(draws, len(shares))
        yield Sweep(shares, curve, piece.stop, len(images))


def _check(shares: np.ndarray, draws: int, images: int, labels: int) -> None:
    if shares.size == 0 or not ((shares >= 0) & (shares <= 1)).all():
        raise ParameterError("fractions", "Shares of removed channels go from 0 to 1. "
                             "Give at least one, for example 0.5.")  # fmt: skip
    if draws < 1:
        raise ParameterError("draws", f"Draws is {draws}; at least 1 is needed.", 10)
    if images != labels or not images:
        raise ParameterError("labels", f"There are {images} images and {labels} labels. Give one "
                             "label an image.")  # fmt: skip


def _masks(channels: int, shares: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """(draws * f, channels) bool, True for channels that stay."""
    rng = np.random.default_rng(seed)
    keep = np.ones((draws, len(shares), channels), bool)
    for draw in keep:
        order = rng.permutation(channels)
        for mask, share in zip(draw, shares, strict=True):
            mask[order[: round(share * channels)]] = False
    return keep.reshape(-1, channels)


def _images_a_pass(layer: Layer, masks: int) -> int:
    return int(max(1, min(64, BYTES // (4 * int(np.prod(layer.shape)) * masks))))


def _predictions(
    network: Network, layer: Layer, x: Tensor, keep: np.ndarray, check: Check | None
) -> np.ndarray:
    """(masks, n) predicted class of each image under each mask."""
    from backend.networks.runtime import torch

    masks = torch().from_numpy(keep)

    def change(maps: Tensor, which: slice) -> Tensor:
        chosen = masks[which]
        shape = (len(chosen), 1, chosen.shape[1], *[1] * (maps.ndim - 2))
        return maps[None] * chosen.reshape(shape)

    return predictions(network, layer, x, change, len(masks), check)
