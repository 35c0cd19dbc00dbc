"""Upsampled channel maps and the empirical receptive field (05-dnnbrain, section 2.11 g and h)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from backend.core.parameters import ParameterError
from backend.networks.occluder import occluder_map
from backend.networks.units import (
    Check,
    Progress,
    Unit,
    checked,
    layer_output,
    prepared,
)

if TYPE_CHECKING:
    from backend.networks.network import Network

Source = Literal["upsampling", "occluder"]
Interpolation = Literal["nearest", "bilinear", "bicubic"]


@dataclass(frozen=True)
class EmpiricalField:
    """Where in the image a unit looks, averaged over images aligned on their peaks.

    Attributes
    ----------
    field : (H, W) mean map, its peak at the centre, scaled to 1.
    size : sqrt of the area above the threshold, in px of the network's input.
    peaks : (n, 2) row and column of each image's peak before alignment.
    used : how many images had a peak.
    """

    field: np.ndarray
    size: float
    peaks: np.ndarray
    used: int


def upsampling_map(
    network: Network,
    image: Any,
    unit: Unit,
    percentile: float = 68.0,
    interpolation: Interpolation = "bilinear",
) -> np.ndarray:
    """(H, W) a channel's map resized to the network's input, 0 below a percentile of itself.

    The default is the original command's 0.68.
    """
    from torch.nn import functional

    from backend.networks.attribution import as_map
    from backend.networks.runtime import torch

    layer = checked(network, unit)
    if not 0.0 <= percentile <= 100.0:
        raise ParameterError("percentile", f"Percentile is {percentile:g}; it goes from 0 to 100.",
                             68.0)  # fmt: skip
    if unit.channel is None or len(layer.shape) < 2:
        raise ParameterError("unit", f"{unit.layer} needs a channel with a map. Choose a channel "
                             "of a convolutional layer.")  # fmt: skip
    x = prepared(network, image if hasattr(image, "requires_grad") else np.asarray(image)[None])
    with torch().no_grad():
        output = layer_output(network.module, unit.layer, x[:1])
        channel = as_map(output, layer.channel_axis)[:, unit.channel][:, None]
        corners = None if interpolation == "nearest" else False
        large = functional.interpolate(
            channel, x.shape[-2:], mode=interpolation, align_corners=corners
        )
    values = large[0, 0].cpu().numpy()
    return np.where(values >= np.percentile(values, percentile), values, 0.0)


def empirical_field(
    network: Network,
    images: Any,
    unit: Unit,
    source: Source = "upsampling",
    threshold: float = 0.5,
    window: int = 8,
    stride: int = 2,
    check: Check | None = None,
    progress: Progress | None = None,
) -> EmpiricalField:
    """Receptive field from a unit's top images (n, H, W[, C]).

    Parameters
    ----------
    source : the channel's upsampled map, or the occluder map of the unit with this window and
        stride in px.
    threshold : share of the peak above which an area counts.

    Raises
    ------
    ParameterError
        if no image excites the unit anywhere.
    """
    if not 0.0 < threshold < 1.0:
        raise ParameterError("threshold", f"Threshold is {threshold:g}; it lies between 0 and 1.",
                             0.5)  # fmt: skip
    maps = []
    for number in range(len(images)):
        if check is not None:
            check()
        if source == "upsampling":
            maps.append(upsampling_map(network, images[number], unit, 0.0))
        else:
            occluded = occluder_map(network, images[number], unit, (window, window),
                                    (stride, stride), check=check)  # fmt: skip
            maps.append(occluded.as_picture())
        if progress is not None:
            progress(number + 1, len(images))
    return _averaged(np.stack(maps), unit, threshold)


def _averaged(maps: np.ndarray, unit: Unit, threshold: float) -> EmpiricalField:
    excited = maps[maps.reshape(len(maps), -1).max(1) > 0]
    if not len(excited):
        raise ParameterError("images", f"No image excites {unit.label()}. Choose its top "
                             "stimuli.")  # fmt: skip
    height, width = maps.shape[1:]
    peaks = np.stack(np.unravel_index(excited.reshape(len(excited), -1).argmax(1),
                                      (height, width)), 1)  # fmt: skip
    total, count = np.zeros((2, 2 * height - 1, 2 * width - 1))
    for one, (row, column) in zip(excited, peaks, strict=True):
        place = np.s_[height - 1 - row : 2 * height - 1 - row,
                      width - 1 - column : 2 * width - 1 - column]  # fmt: skip
        total[place] += one / one.max()
        count[place] += 1
    field = total / np.maximum(count, 1)
    # Far from the peak few images reach; the centre of the input's size is what all can fill.
    top, left = (height - 1) - height // 2, (width - 1) - width // 2
    field = field[top : top + height, left : left + width]
    size = float(np.sqrt((field > threshold).sum()))
    return EmpiricalField(field, size, peaks, len(excited))
