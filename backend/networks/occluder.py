"""Occluder map: what a unit loses when a window of the image is covered (05-dnnbrain, 2.11 f)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
    occlusion = Occlusion(network, image, unit, window, stride, fill, seed, check)
    for done in occlusion.cover(range(len(occlusion.corners)), check):
        if progress is not None:
            progress(done, len(occlusion.corners))
    return occlusion.map()


def coarse_to_fine(
    network: Network,
    image: Any,
    unit: Unit,
    window: tuple[int, int] = (8, 8),
    stride: tuple[int, int] = (2, 2),
    check: Check | None = None,
) -> Iterator[tuple[int, int, OccluderMap]]:
    """As :func:`occluder_map`, every fourth place first, then every second, then the rest.

    Yields
    ------
    (places done, places, map) after each pass; what is not known yet has the value of the nearest
    place above and left of it that is.
    """
    occlusion = Occlusion(network, image, unit, window, stride, check=check)
    rows = occlusion.rows
    columns = len(occlusion.corners) // rows
    row, column = np.divmod(np.arange(len(occlusion.corners)), columns)
    finest = np.select([(row % s == 0) & (column % s == 0) for s in STEPS], STEPS)
    order = np.argsort(-finest, kind="stable")
    for done in occlusion.cover(order, check):
        yield done, len(order), occlusion.map()


STEPS = (4, 2, 1)


def filled(values: np.ndarray) -> np.ndarray:
    """Places that are not known (NaN) with the value of the coarser grid's."""
    rows, columns = (np.arange(size) for size in values.shape)
    found = np.full(values.shape, np.nan)
    for step in STEPS:
        coarse = values[np.ix_(rows - rows % step, columns - columns % step)]
        found = np.where(np.isfinite(coarse), coarse, found)
    return found


class Occlusion:
    """A picture with a window over it, place by place; ``values`` are NaN until they are known."""

    def __init__(
        self, network: Network, image: Any, unit: Unit, window: tuple[int, int],
        stride: tuple[int, int], fill: Fill = "mean", seed: int = 0, check: Check | None = None,
    ) -> None:  # fmt: skip
        given = image if hasattr(image, "requires_grad") else np.asarray(image)[None]
        self.x = prepared(network, given)
        self.window, self.stride = window, stride
        self.corners = _corners(self.x.shape[-2:], window, stride)
        self.ground = _cover(network, self.x, fill, seed)
        self.function = objective(network, unit)
        self.base = float(values(network, unit, self.x, check)[0])
        self.values = np.full(len(self.corners), np.nan)
        self.rows = len({top for top, _ in self.corners})

    def cover(self, order: Sequence[int] | np.ndarray, check: Check | None) -> Iterator[int]:
        """Cover these places, many a pass; yields how many are done."""
        from backend.networks.interruption import interruptible
        from backend.networks.runtime import torch

        x, size = self.x, batch_size(self.x, gradients=False)
        for start in range(0, len(order), size):
            chosen = [int(number) for number in order[start : start + size]]
            part = x.repeat(len(chosen), *[1] * (x.ndim - 1))
            for picture, number in zip(part, chosen, strict=True):
                top, left = self.corners[number]
                place = np.s_[..., top : top + self.window[0], left : left + self.window[1]]
                picture[place] = self.ground[place]
            with torch().no_grad(), interruptible(check):
                self.values[chosen] = self.function(part).cpu().numpy()
            yield start + len(chosen)

    def map(self) -> OccluderMap:
        """What is known so far, gaps filled from the coarser grid."""
        lost = filled(self.base - self.values.reshape(self.rows, -1))
        return OccluderMap(lost, self.base, self.window, self.stride,
                           (int(self.x.shape[-2]), int(self.x.shape[-1])))  # fmt: skip


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
