"""The channels of a layer as points: near each other when they answer alike to the pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from backend.core.parameters import ParameterError

if TYPE_CHECKING:
    from backend.networks.network import Network
    from backend.networks.scan import Images

Way = Literal["PCA", "MDS", "t-SNE"]
PICTURES = 256
"""At most, evenly spaced over the set."""
MOST = 2048
"""Channels whose distances are embedded; PCA takes any number."""


@dataclass(frozen=True)
class ChannelMap:
    """Places of the channels.

    Attributes
    ----------
    points : (channels, 2); NaN for one that answers the same to every picture. titles : of the
        axes, with unit. note : what the map is of.
    """

    points: np.ndarray
    titles: tuple[str, str]
    note: str


def responses(
    network: Network, images: Images, layer: str, progress: Callable[[int, int], None]
) -> np.ndarray:
    """(pictures, channels) means over places; pictures that cannot be read are left out."""
    from backend.networks.explorer import readable
    from backend.networks.scan import stream

    count = min(len(images), PICTURES)
    rows = np.unique(np.linspace(0, len(images) - 1, count).round().astype(int))
    found = []
    for number, row in enumerate(rows):
        progress(number, len(rows))
        good, block = readable(images, range(int(row), int(row) + 1))
        if good:
            _, values = next(iter(stream(network, block, [layer], batch=1, pooling="mean")))
            found.append(values[layer][0])
    if len(found) < 3:
        raise ParameterError("pictures", f"A map of channels needs 3 pictures or more; "
                             f"{len(found)} can be read.")  # fmt: skip
    return np.stack(found).astype(np.float64)


def channel_map(answers: np.ndarray, way: Way, seed: int = 0) -> ChannelMap:
    """Places by the correlation of the channels' responses (pictures, channels)."""
    n, channels = answers.shape
    spread = answers.std(axis=0)
    speaks = spread > 1e-12 * max(np.abs(answers).max(), 1e-300)
    good = answers[:, speaks]
    if good.shape[1] < 4:
        raise ParameterError("layer", f"{good.shape[1]} of {channels} channels answer differently "
                             "to the pictures; a map needs 4. Choose another layer.")  # fmt: skip
    profiles = ((good - good.mean(axis=0)) / spread[speaks]).T / np.sqrt(n)
    found, titles = placed(profiles, way, seed)
    points = np.full((channels, 2), np.nan)
    points[speaks] = found
    silent = channels - len(found)
    note = f"{len(found)} channels by {n} pictures" + (f", {silent} without change" * bool(silent))
    return ChannelMap(points, titles, note)


def placed(profiles: np.ndarray, way: Way, seed: int) -> tuple[np.ndarray, tuple[str, str]]:
    """Places of unit-length response profiles (channels, pictures), and titles of the axes."""
    if way == "PCA":
        centred = profiles - profiles.mean(axis=0)
        left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
        share = 100 * sizes**2 / max((sizes**2).sum(), 1e-300)
        words = [f"component {i + 1} ({share[i]:.0f} % of variance)" for i in (0, 1)]
        return left[:, :2] * sizes[:2], (words[0], words[1])
    if len(profiles) > MOST:
        raise ParameterError("embedding", f"{way} of {len(profiles)} channels takes too long; it "
                             f"goes to {MOST}. Use PCA.", "PCA")  # fmt: skip
    from backend.analysis.embedding import embed

    distances = np.clip(1.0 - profiles @ profiles.T, 0.0, 2.0)
    distances = (distances + distances.T) / 2
    np.fill_diagonal(distances, 0.0)
    points = embed(distances, "metric MDS" if way == "MDS" else "t-SNE", seed=seed)
    unit = "1 − r" if way == "MDS" else "no unit"
    return points, (f"{way} 1 ({unit})", f"{way} 2 ({unit})")
