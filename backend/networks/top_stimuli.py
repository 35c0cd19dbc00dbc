"""Top stimuli of every channel of a layer in one streaming pass (05-dnnbrain, section 2.11 a)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from backend.core.parameters import ParameterError
from backend.networks.layers import find
from backend.networks.units import Check, Progress, within

if TYPE_CHECKING:
    from backend.networks.network import Network

Over = Literal["max", "mean"]


class TopStimuli:
    """The K best stimuli of each channel so far; equal to a full sort at any moment.

    Ties go to the stimulus that comes first in the set, whatever the order of arrival; values
    that are not numbers are never among the best.

    Attributes
    ----------
    values : (channels, k) float32 from the best down; -inf where fewer than k were seen.
    stimuli : (channels, k) int index from 0; -1 where there is none.
    places : (channels, k) int flat place of the largest value in the channel's map.
    seen : stimuli seen.
    """

    def __init__(self, channels: int, k: int = 9) -> None:
        if k < 1:
            raise ParameterError("k", f"Top {k} was asked; at least 1 is needed.", 9)
        self.k = k
        self.values = np.full((channels, k), -np.inf, np.float32)
        self.stimuli = np.full((channels, k), -1, np.int64)
        self.places = np.zeros((channels, k), np.int64)
        self.seen = 0

    def add(
        self, stimuli: np.ndarray, values: np.ndarray, places: np.ndarray | None = None
    ) -> None:
        """Take in stimuli (n,) with values (n, channels) and, if known, their places."""
        places = np.zeros(values.shape, np.int64) if places is None else places
        new = np.where(np.isnan(values), -np.inf, values).T
        keep = min(self.k, len(stimuli))
        if keep < len(stimuli):
            best = _best(new, np.broadcast_to(stimuli, new.shape), keep)
            new, places = np.take_along_axis(new, best, 1), np.take_along_axis(places.T, best, 1)
            numbers = stimuli[best]
        else:
            places, numbers = places.T, np.broadcast_to(stimuli, new.shape)
        numbers = np.where(np.isneginf(new), -1, numbers)
        joined = (np.concatenate([self.values, new], 1),
                  np.concatenate([self.stimuli, numbers], 1),
                  np.concatenate([self.places, places], 1))  # fmt: skip
        order = _best(joined[0], joined[1], self.k)
        self.values, self.stimuli, self.places = (
            np.take_along_axis(array, order, 1) for array in joined
        )
        self.seen += len(stimuli)


def _best(values: np.ndarray, stimuli: np.ndarray, k: int) -> np.ndarray:
    """(channels, k) columns of the largest values, of equals the lower stimulus number."""
    return np.lexsort((stimuli, -values), axis=1)[:, :k]


def top_stimuli(
    network: Network,
    images: Any,
    layer: str,
    k: int = 9,
    over: Over = "max",
    channels: Sequence[int] | None = None,
    place: tuple[int, ...] | None = None,
    batch: int = 32,
    check: Check | None = None,
    progress: Progress | None = None,
) -> TopStimuli:
    """The best images of every channel (or of some) of a layer; memory is bounded by the batch.

    Parameters
    ----------
    images : what :func:`backend.networks.scan.stream` takes.
    over : how a channel's map becomes one number.
    channels : indices from 0; None takes all, and rows of the result follow this order.
    place : (row, column), or (token,), of a single unit in each map, in the place of ``over``.
    """
    from backend.networks.scan import stream

    found = find(network, layer)
    axis = found.channel_axis
    for channel in channels or ():
        within(found.channels, channel, "channel", layer)
    chosen = list(range(found.channels) if channels is None else channels)
    top = TopStimuli(len(chosen), k)
    for piece, activations in stream(network, images, [layer], batch=batch, check=check):
        maps = np.moveaxis(activations[layer], axis, 1)[:, chosen]
        values, places = _numbers(maps, over, place, layer)
        top.add(np.arange(piece.start, piece.start + len(maps)), values, places)
        if progress is not None:
            progress(top.seen, len(images))
    return top


def _numbers(
    maps: np.ndarray, over: str, place: tuple[int, ...] | None, layer: str
) -> tuple[np.ndarray, np.ndarray]:
    """Value (n, channels) and flat place (n, channels) of maps (n, channels, ...)."""
    flat = maps.reshape(*maps.shape[:2], -1)
    places = flat.argmax(2)
    if place is not None:
        if len(place) != maps.ndim - 2:
            raise ParameterError("place", f"A place in {layer} has {maps.ndim - 2} numbers; "
                                 f"{len(place)} were given.")  # fmt: skip
        for index, size, what in zip(place, maps.shape[2:], ("row", "column", "place"),
                                     strict=False):  # fmt: skip
            within(size, index, what, layer)
        one = int(np.ravel_multi_index(place, maps.shape[2:]))
        return flat[:, :, one], np.full(places.shape, one)
    return (flat.max(2) if over == "max" else flat.mean(2)), places
