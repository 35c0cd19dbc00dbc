"""A network with what it needs to be shown pictures."""

from __future__ import annotations

import copy
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor, nn

Kind = Literal["image", "video", "audio"]
Resize = Literal["aspect", "stretch", "none"]
IMAGENET_MEAN, IMAGENET_SD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


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
    """

    height: int
    width: int
    channels: int = 3
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_SD
    resize: Resize = "aspect"
    frames: int = 0

    def prepare(self, images: np.ndarray) -> Tensor:
        """Normalised float32 (n, C, h, w) of pictures; video: (n, C, frames, h, w).

        ``images`` (n, H, W) or (n, H, W, C), uint8 or float in 0..1. Grey fills every channel; a
        still picture fills every frame of a clip. A clip is (n, frames, H, W, C).
        """
        from backend.networks.runtime import torch

        module = torch()
        pictures = np.asarray(images)
        x = module.from_numpy(np.ascontiguousarray(pictures))
        x = x.float() / 255.0 if pictures.dtype == np.uint8 else x.float()
        if self.frames and x.ndim == 5:
            n, frames = x.shape[:2]
            flat = self._pictures(x.flatten(0, 1))
            return flat.unflatten(0, (n, frames)).movedim(1, 2)
        x = self._pictures(x)
        return x[:, :, None].expand(-1, -1, self.frames, -1, -1) if self.frames else x

    def _pictures(self, x: Tensor) -> Tensor:
        from backend.networks.runtime import torch

        x = x[..., None] if x.ndim == 3 else x
        x = x.movedim(-1, 1)
        if x.shape[1] == 4:  # transparency is not shown to networks
            x = x[:, :3]
        if x.shape[1] == 1 and self.channels > 1:
            x = x.expand(-1, self.channels, -1, -1)
        elif x.shape[1] > 1 and self.channels == 1:
            x = x.mean(dim=1, keepdim=True)
        x = self._fit(x)
        mean = torch().tensor(self.mean).view(1, -1, 1, 1)
        std = torch().tensor(self.std).view(1, -1, 1, 1)
        return ((x - mean) / std).contiguous()

    def _fit(self, x: Tensor) -> Tensor:
        """The pictures at the network's size."""
        from backend.core.parameters import ParameterError
        from backend.networks.runtime import torch

        height, width = x.shape[-2:]
        if (height, width) == (self.height, self.width):
            return x
        if self.resize == "none":
            raise ParameterError(
                "pictures", f"This network takes {self.width} × {self.height} px; these pictures "
                f"have {width} × {height}.",
            )  # fmt: skip
        size = (self.height, self.width)
        if self.resize == "aspect":
            scale = max(self.height / height, self.width / width)
            size = (max(round(height * scale), self.height), max(round(width * scale), self.width))
        interpolate = torch().nn.functional.interpolate
        x = interpolate(x, size, mode="bilinear", antialias=True, align_corners=False)
        top, left = (size[0] - self.height) // 2, (size[1] - self.width) // 2
        return x[:, :, top : top + self.height, left : left + self.width].clamp(0.0, 1.0)


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
            digest.update(name.encode())
            digest.update(value.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    def copy(self) -> Network:
        """A deep copy that shares nothing."""
        return copy.deepcopy(self)

    def example(self, n: int = 1) -> Tensor:
        """A prepared mid-grey input of this network's shape."""
        p = self.preprocessing
        return p.prepare(np.full((n, p.height, p.width), 128, np.uint8))

    @property
    def parameters(self) -> int:
        """How many weights it has."""
        return sum(one.numel() for one in self.module.parameters())
