"""A network with what it needs to be shown pictures."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from backend.core.parameters import ParameterError

if TYPE_CHECKING:
    from torch import Tensor, nn

Kind = Literal["image", "video", "audio"]
Resize = Literal["aspect", "stretch", "none"]
IMAGENET_MEAN, IMAGENET_SD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
LUMINANCE = (0.299, 0.587, 0.114)
"""Of red, green and blue (ITU-R BT.601)."""
SLACK = 1e-3
"""By which fractions may leave 0..1."""


@dataclass(frozen=True)
class Preprocessing:
    """How pictures become the network's input.

    Attributes
    ----------
    height, width, channels : of the input in pixels.
    mean, std : per channel, for pictures in 0..1.
    resize : "aspect" scales the shorter side and cuts the middle, "stretch" does not keep the
        aspect (DNNBrain's way), "none" refuses other sizes.
    frames : pictures of a clip for video networks; 0 for pictures.
    shorter : pixels of the shorter side before the middle is cut out ("aspect"); 0: as the input.
        Pictures that have the input's size are left as they are.
    interpolation : of a change of size; both are antialiased.
    """

    height: int
    width: int
    channels: int = 3
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_SD
    resize: Resize = "aspect"
    frames: int = 0
    shorter: int = 0
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the input, without the batch."""
        clip = (self.frames,) if self.frames else ()
        return (self.channels, *clip, self.height, self.width)

    @property
    def reading(self) -> tuple[int, int]:
        """(height, width) at which picture files are read: the margin that is cut off included."""
        margin = self.shorter if self.resize == "aspect" else 0
        return max(self.height, margin), max(self.width, margin)

    def prepare(self, images: np.ndarray) -> Tensor:
        """Normalised float32 (n, C, h, w) of pictures; video: (n, C, frames, h, w).

        ``images`` (n, H, W) or (n, H, W, C), uint8 or float in 0..1, C being 1, 3 or 4 with a
        transparency that is dropped. Grey fills every channel, colour becomes luminance for a
        network with one channel, and a still picture fills every frame. A clip is
        (n, frames, H, W, C); as many of its frames as the network takes are chosen evenly.

        Raises
        ------
        ParameterError
            for other shapes, types and values.
        """
        return self.inputs(images).contiguous()

    def inputs(self, images: np.ndarray) -> Tensor:
        """As :meth:`prepare`, in the pictures' own order in memory, which convolves faster."""
        from backend.networks.runtime import torch

        pictures = _channels_last(np.asarray(images), bool(self.frames))
        x = torch().from_numpy(np.require(pictures, requirements=["C", "W"]))
        if pictures.ndim == 5:
            n, given = x.shape[:2]
            chosen = torch().linspace(0, given - 1, self.frames).round().long()
            flat = self._pictures(x[:, chosen].flatten(0, 1))
            return flat.unflatten(0, (n, self.frames)).movedim(1, 2)
        x = self._pictures(x)
        return x[:, :, None].expand(-1, -1, self.frames, -1, -1) if self.frames else x

    def example(self, n: int) -> Tensor:
        """Prepared mid-grey pictures."""
        return self.prepare(np.full((n, self.height, self.width), 128, np.uint8))

    def _pictures(self, x: Tensor) -> Tensor:
        from backend.networks.runtime import torch

        x = _unit_range(x).movedim(-1, 1)
        x = self._fit(self._coloured(x))
        mean = torch().tensor(self.mean).view(1, -1, 1, 1)
        std = torch().tensor(self.std).view(1, -1, 1, 1)
        return (x - mean).div_(std)

    def _coloured(self, x: Tensor) -> Tensor:
        """As many channels as the network takes."""
        from backend.networks.runtime import torch

        if x.shape[1] in (2, 4):  # transparency is not shown to networks
            x = x[:, :-1]
        if x.shape[1] == self.channels:
            return x
        if x.shape[1] == 1:
            return x.expand(-1, self.channels, -1, -1)
        if self.channels == 1 and x.shape[1] == 3:
            return (x * torch().tensor(LUMINANCE).view(1, 3, 1, 1)).sum(1, keepdim=True)
        raise ParameterError(
            "pictures", f"These pictures have {x.shape[1]} channels; the network takes "
            f"{self.channels}.",
        )  # fmt: skip

    def _fit(self, x: Tensor) -> Tensor:
        """The pictures at the network's size."""
        height, width = x.shape[-2:]
        if (height, width) == (self.height, self.width):
            return x
        if self.resize == "none":
            raise ParameterError(
                "pictures", f"This network takes {self.width} × {self.height} px; these pictures "
                f"have {width} × {height}.",
            )  # fmt: skip
        if self.resize == "stretch":
            return self._interpolated(x, self.height, self.width)
        short = min(height, width)
        side = max(round(short * max(self.height / height, self.width / width)), self.shorter)
        tall, wide = (int(side * extent / short) for extent in (height, width))
        tall, wide = max(tall, self.height), max(wide, self.width)
        x = self._interpolated(x, tall, wide)
        top, left = round((tall - self.height) / 2), round((wide - self.width) / 2)
        return x[:, :, top : top + self.height, left : left + self.width]

    def _interpolated(self, x: Tensor, height: int, width: int) -> Tensor:
        from backend.networks.runtime import torch

        return (
            torch()
            .nn.functional.interpolate(
                x, (height, width), mode=self.interpolation, antialias=True, align_corners=False
            )
            .clamp(0.0, 1.0)
        )


def _channels_last(images: np.ndarray, clips: bool) -> np.ndarray:
    """(n, H, W, C), or (n, frames, H, W, C) where clips are taken."""
    coloured = images.ndim > 3 and images.shape[-1] in (1, 2, 3, 4)
    pictures = images if coloured else images[..., None]
    if pictures.ndim not in ((4, 5) if clips else (4,)) or 0 in pictures.shape[1:]:
        shape = " × ".join(str(size) for size in images.shape)
        raise ParameterError(
            "pictures", f"Pictures are n × height × width, with colours as a fourth number; these "
            f"are {shape}.",
        )  # fmt: skip
    return pictures


def _unit_range(x: Tensor) -> Tensor:
    """Float32 from 0 to 1 of bytes or fractions."""
    if str(x.dtype) == "torch.uint8":
        return x.float().div_(255.0)
    if not x.is_floating_point():
        raise ParameterError(
            "pictures", "Pictures are whole numbers from 0 to 255 (uint8) or fractions from 0 to "
            f"1; these are {str(x.dtype).removeprefix('torch.')}.",
        )  # fmt: skip
    x = x.float()
    low, high = (float(x.min()), float(x.max())) if x.numel() else (0.0, 0.0)
    if not (low >= -SLACK and high <= 1 + SLACK):
        raise ParameterError(
            "pictures", f"These pictures' values go from {low:.3g} to {high:.3g}; fractions go "
            "from 0 to 1. Divide by the largest value.",
        )  # fmt: skip
    return x


@dataclass
class Network:
    """A module in eval mode, its input, its labels and where it came from."""

    module: nn.Module
    name: str
    preprocessing: Preprocessing
    labels: tuple[str, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)
    kind: Kind = "image"

    def __post_init__(self) -> None:
        self.module.eval()

    def state_hash(self) -> str:
        """sha256 over all weights and buffers, in the order of their names."""
        digest = hashlib.sha256()
        for name, value in sorted(self.module.state_dict().items()):
            digest.update(f"{name} {value.dtype} {tuple(value.shape)};".encode())
            digest.update(value.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    @property
    def untrained(self) -> bool:
        """True when its weights are random: it has never learned."""
        return self.provenance.get("weights") in (None, "random")

    def copy(self) -> Network:
        """A deep copy that shares nothing."""
        return copy.deepcopy(self)

    def example(self, n: int = 1) -> Tensor:
        """A prepared mid-grey input of this network's shape."""
        return self.preprocessing.example(n)

    @property
    def parameters(self) -> int:
        """How many weights it has."""
        return sum(one.numel() for one in self.module.parameters())
