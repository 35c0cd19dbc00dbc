"""Best pictures of several layers in one pass, and their activations (05-dnnbrain, 2.11 a)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from backend.core.parameters import ParameterError
from backend.networks.layers import find
from backend.networks.scan import Images, channels_first, stream
from backend.networks.top_stimuli import TopStimuli

if TYPE_CHECKING:
    from backend.networks.network import Network


def best_pictures(
    network: Network,
    images: Images,
    channels: Mapping[str, tuple[int, ...]],
    k: int,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, TopStimuli]:
    """The k best pictures, by the largest place, of channels (from 0) of every layer."""
    if not 1 <= k <= len(images):
        raise ParameterError("-top", f"-top is {k}; it goes from 1 to the {len(images)} pictures.",
                             min(max(k, 1), len(images)))  # fmt: skip
    found = {name: TopStimuli(len(chosen), k) for name, chosen in channels.items()}
    for rows, values in stream(network, images, list(channels), channels=channels):
        numbers = np.arange(rows.start, rows.stop)
        for name, top in found.items():
            maps = channels_first(find(network, name), values[name])
            top.add(numbers, maps.reshape(*maps.shape[:2], -1).max(axis=2))
        if progress is not None:
            progress(rows.stop, len(images))
    return found


def activations_of(
    network: Network, images: Images, layer: str, channels: tuple[int, ...], top: TopStimuli
) -> np.ndarray:
    """(k, n_chn, n_row, n_col): in row i the map of each channel's i-th best picture."""
    chosen = np.unique(top.stimuli[top.stimuli >= 0])
    parts = []
    for start in range(0, len(chosen), 32):
        batch = np.concatenate([images[int(i) : int(i) + 1] for i in chosen[start : start + 32]])
        _, values = next(iter(stream(network, batch, [layer], channels={layer: channels})))
        parts.append(channels_first(find(network, layer), values[layer]))
    maps = np.concatenate(parts)
    place = np.searchsorted(chosen, top.stimuli)
    return np.stack([maps[place[:, i], np.arange(len(channels))] for i in range(top.k)])
