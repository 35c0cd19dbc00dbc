"""Occluder map: what a unit loses when a window of the image is covered (05-dnnbrain, 2.11 f)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from backend.core.parameters import ParameterError
from backend.networks.units import Check, Progress, Unit, batch_size, objective, prepared, values

if TYPE_CHECKING:
    from torch import Tensor

    from backend.networks.network import Network

Fill = Literal["mean", "black", "noise"]
FILLS: tuple[str, ...] = get_args(Fill)


@dataclass(frozen=True)
class OccluderMap:
    """M[i, j] = a(x) - a(x with the window at (i, j) covered).

    Attributes
    ----------
    values : (rows, columns) loss of activation; positive where the image feeds the unit.
    activation : a(x).
    window, stride : (height, width) in px of the network's input.
    size : (H, W) of that input.
    """

    values: np.ndarray
    activation: float
    window: tuple[int, int]
    stride: tuple[int, int]
    size: tuple[int, int]

    def as_picture(self) -> np.ndarray:
        """(H, W) mean loss over the windows that cover a pixel; 0 where none does."""
        total, count = np.zeros(self.size), np.zeros(self.size)
        for (row, column), value in np.ndenumerate(self.values):
            y, x = row * self.stride[0], column * self.stride[1]
            place = np.s_[y : y + self.window[0], x : x + self.window[1]]
            total[place] += value
            count[place] += 1
        return total / np.maximum(count, 1)


def occluder_map(
    network: Network,
    image: Any,
    unit: Unit,
    window: tuple[int, int] = (8, 8),
    stride: tuple[int, int] = (2, 2),
    fill: Fill = "mean",
    seed: int = 0,
    check: Check | None = None,
    progress: Progress | None = None,
) -> OccluderMap:
    """Cover an image window by window, many windows a pass.

    Parameters
    ----------
    image : (H, W[, C]) array, or a prepared tensor (1, C, H, W).
    fill : what covers: the image's mean colour, black, or uniform noise drawn once from ``seed``.

    Raises
    ------
    ParameterError
        for a window larger than the input, a stride below 1 and an unknown fill.
    """
    from backend.networks.interruption import interruptible
    from backend.networks.runtime import torch

    x = prepared(network, image if hasattr(image, "requires_grad") else np.asarray(image)[None])
    corners = _corners(x.shape[-2:], window, stride)
    cover = _cover(network, x, fill, seed)
    function = objective(network, unit)
    base = float(values(network, unit, x, check)[0])
    size = batch_size(x, gradients=False)
    covered: list[float] = []
    with torch().no_grad(), interruptible(check):
        for start in range(0, len(corners), size):
            part = x.repeat(len(corners[start : start + size]), *[1] * (x.ndim - 1))
            for picture, (top, left) in zip(part, corners[start : start + size], strict=True):
                place = np.s_[..., top : top + window[0], left : left + window[1]]
                picture[place] = cover[place]
            covered.extend(function(part).tolist())
            if progress is not None:
                progress(len(covered), len(corners))
    rows = len({top for top, _ in corners})
    return OccluderMap(base - np.reshape(covered, (rows, -1)), base, window, stride,
                       (int(x.shape[-2]), int(x.shape[-1])))  # fmt: skip


def _corners(size: Any, window: tuple[int, int], stride: tuple[int, int]) -> list[tuple[int, int]]:
    for given, whole, what in ((window[0], size[0], "height"), (window[1], size[1], "width")):
        if not 1 <= given <= whole:
            raise ParameterError("window", f"The window's {what} is {given} px; it goes from 1 to "
                                 f"the input's {whole}.", min(max(given, 1), whole))  # fmt: skip
    if min(stride) < 1:
        raise ParameterError("stride", f"Stride is {min(stride)} px; it starts at 1.", 1)
    return [
        (top, left)
        for top in range(0, size[0] - window[0] + 1, stride[0])
        for left in range(0, size[1] - window[1] + 1, stride[1])
    ]


def _cover(network: Network, x: Tensor, fill: str, seed: int) -> Tensor:
    """(C, ..., H, W) what stands under the window, normalised."""
    from backend.networks.runtime import torch

    if fill == "mean":
        return x[0].flatten(1).mean(1).reshape(-1, *[1] * (x.ndim - 2)).expand_as(x[0])
    if fill not in FILLS:
        raise ParameterError("fill", f'There is no fill "{fill}". Choose one of '
                             f"{', '.join(FILLS)}.", FILLS[0])  # fmt: skip
    way = network.preprocessing
    shape = tuple(x[0].shape)
    shown = np.zeros(shape)
    if fill == "noise":
        shown = np.random.default_rng(seed).uniform(size=shape)
    column = (-1, *[1] * (len(shape) - 1))
    normalised = (shown - np.reshape(way.mean, column)) / np.reshape(way.std, column)
    return torch().as_tensor(normalised, dtype=x.dtype, device=x.device)
