"""Edits of a set's pixels: each makes a new set and adds one sentence to its history."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Literal

import numpy as np

from backend.core.parameters import ParameterError
from backend.stimuli.set_document import LARGEST_SIDE
from backend.stimuli.stimulus_set import StimulusSet

Filter = Literal["area", "lanczos"]
Shape = Literal["disc", "oval", "rectangle"]
GREY_WEIGHTS = np.array([0.299, 0.587, 0.114])
"""ITU-R 601."""
Check = Callable[[], None] | None


def crop(stimuli: StimulusSet, top: int, left: int, height: int, width: int) -> StimulusSet:
    """Cut a rectangle (px) out of every image."""
    rows, columns = stimuli.images.shape[1:3]
    inside = min(top, left) >= 0 and top + height <= rows and left + width <= columns
    if height < 1 or width < 1 or not inside:
        raise ParameterError(
            "crop",
            f"A rectangle of {width} × {height} px at {left}, {top} is not inside "
            f"{columns} × {rows} px. Make it smaller or move it.",
        )
    images = stimuli.images[:, top : top + height, left : left + width].copy()
    return edited(stimuli, images, f"Cropped to {width} × {height} px at {left}, {top}.")


def resize(
    stimuli: StimulusSet, height: int, width: int, how: Filter = "area", check: Check = None
) -> StimulusSet:
    """Bring every image to another size by area averaging or Lanczos."""
    if not (1 <= height <= LARGEST_SIDE and 1 <= width <= LARGEST_SIDE):
        raise ParameterError("size", f"Sides go from 1 to {LARGEST_SIDE} px; {width} × {height} "
                             "was given.")  # fmt: skip
    images = np.empty(
        (len(stimuli), height, width, *stimuli.images.shape[3:]), stimuli.images.dtype
    )
    for index, image in enumerate(stimuli.images):
        images[index] = resized(image, height, width, how)
        if check is not None and index % 64 == 0:
            check()
    words = {"area": "area average", "lanczos": "Lanczos"}[how]
    return edited(stimuli, images, f"Resized to {width} × {height} px ({words}).")


def resized(image: np.ndarray, height: int, width: int, how: Filter) -> np.ndarray:
    """One image at another size; rounded once (Pillow's 8-bit path rounds after each axis)."""
    from PIL import Image

    kind = Image.Resampling.BOX if how == "area" else Image.Resampling.LANCZOS
    planes = np.moveaxis(image.astype(np.float32), -1, 0) if image.ndim == 3 else image[None]
    made = [
        np.asarray(Image.fromarray(np.array(plane, np.float32)).resize((width, height), kind))
        for plane in planes
    ]
    whole = np.stack(made, -1) if image.ndim == 3 else made[0]
    return in_kind(whole, image.dtype)


def grey(stimuli: StimulusSet) -> StimulusSet:
    """Make colour images grey (ITU-R 601)."""
    if stimuli.images.ndim == 3:
        raise ParameterError("", "The images are grey already.")
    images = np.empty(stimuli.images.shape[:3], stimuli.images.dtype)
    for index, image in enumerate(stimuli.images):
        images[index] = in_kind(image.astype(float) @ GREY_WEIGHTS, images.dtype)
    return edited(stimuli, images, "Made grey (ITU-R 601).")


def invert(stimuli: StimulusSet) -> StimulusSet:
    """Exchange black and white."""
    top = np.uint8(255) if stimuli.images.dtype == np.uint8 else np.float32(1)
    return edited(stimuli, top - stimuli.images, "Inverted.")


def mask(
    stimuli: StimulusSet,
    shape: Shape = "disc",
    *,
    size: float = 1.0,
    ratio: float = 0.75,
    edge: float = 0.0,
    background: int = 128,
) -> StimulusSet:
    """Lay a window over every image and a grey around it.

    Parameters
    ----------
    size : diameter or longer side in units of the image's shorter side.
    ratio : shorter over longer side of oval and rectangle (upright).
    edge : standard deviation in px of the Gaussian the border is blurred with.
    background : grey value 0 .. 255 outside.
    """
    if not 0 <= background <= 255:
        raise ParameterError("background", f"Grey values go from 0 to 255; {background} was given.")
    height, width = stimuli.images.shape[1:3]
    weight = window(height, width, shape, size, ratio, edge)
    if stimuli.images.ndim == 4:
        weight = weight[..., None]
    ground = background if stimuli.images.dtype == np.uint8 else background / 255
    images = np.empty_like(stimuli.images)
    for index, image in enumerate(stimuli.images):
        images[index] = in_kind(ground + weight * (image.astype(float) - ground), images.dtype)
    soft = f", edge {edge:g} px" if edge else ""
    return edited(stimuli, images, f"Masked with a {shape} (size {size:g}{soft}) on {background}.")


def window(
    height: int, width: int, shape: Shape, size: float, ratio: float, edge: float
) -> np.ndarray:
    """(H, W) weight from 0 (background) to 1 (image)."""
    half = size * min(height, width) / 2
    y = np.arange(height)[:, None] - (height - 1) / 2
    x = np.arange(width)[None, :] - (width - 1) / 2
    if shape == "rectangle":
        inside = (np.abs(y) < half) & (np.abs(x) < half * ratio)
    else:
        wide = half if shape == "disc" else half * ratio
        inside = (y / half) ** 2 + (x / wide) ** 2 < 1
    weight = inside.astype(float)
    if edge > 0:
        from scipy.ndimage import gaussian_filter

        weight = gaussian_filter(weight, edge, mode="nearest")
    return weight


def in_kind(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Float values as uint8 (rounded) or float32."""
    if dtype == np.uint8:
        return np.clip(np.floor(values + 0.5), 0, 255).astype(np.uint8)
    return np.clip(values, 0, 1).astype(np.float32)


def edited(stimuli: StimulusSet, images: np.ndarray, said: str) -> StimulusSet:
    """The set with other pixels."""
    return dataclasses.replace(stimuli, images=images, history=(*stimuli.history, said))
