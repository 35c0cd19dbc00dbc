"""Masked image: shrink what is shown until the unit notices (05-dnnbrain, section 2.11 e)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backend.core.parameters import ParameterError
from backend.networks.minimal_image import as_display, background, masked_values
from backend.networks.units import Check, Unit, checked

if TYPE_CHECKING:
    from backend.networks.network import Network

BATCH = 16


@dataclass(frozen=True)
class MaskedImage:
    """The smallest region that keeps the activation.

    Attributes
    ----------
    picture : (H, W, C) float32 in 0..1 on the fill.
    mask : (H, W) bool.
    activations : a_u after 0, 1, 2, ... erosions, up to the first below the limit.
    baseline : a_u of the whole picture.
    erosions : how many were kept; 0 is the convex hull.
    enough : False if the convex hull itself stays below the limit; it is shown all the same.
    """

    picture: np.ndarray
    mask: np.ndarray
    activations: np.ndarray
    baseline: float
    erosions: int
    enough: bool


def masked_image(
    network: Network,
    picture: np.ndarray,
    unit: Unit,
    k: float = 1.0,
    share: float = 0.9,
    fill: float | None = None,
    check: Check | None = None,
) -> MaskedImage:
    """Erode the convex hull of the salient pixels until activation falls below a share.

    Parameters
    ----------
    picture : (H, W[, C]) uint8, or float in 0..1.
    k : pixels further than k standard deviations from the picture's mean (over any channel) start
        the region.
    share : of the whole picture's activation that must remain.

    Raises
    ------
    ParameterError
        if no pixel is that far from the mean, or the whole picture does not excite the unit.
    """
    checked(network, unit)
    picture = as_display(picture)
    ground = background(picture, fill)
    mask = salient_hull(picture, k)
    whole = np.ones((1, *mask.shape), bool)
    baseline = float(masked_values(network, unit, picture, whole, ground)[0])
    if baseline <= 0:
        raise ParameterError("unit", f"{unit.label()} answers {baseline:.3g} to this picture. "
                             "Choose a picture that excites it.")  # fmt: skip
    limit = share * baseline
    activations, kept = _shrink(network, unit, picture, mask, ground, limit, check)
    below = activations[-1] < limit
    return MaskedImage(
        np.where(kept[..., None], picture, ground).astype(np.float32), kept,
        np.array(activations), baseline, max(0, len(activations) - 1 - below),
        activations[0] >= limit,
    )  # fmt: skip


def salient_hull(picture: np.ndarray, k: float) -> np.ndarray:
    """(H, W) bool convex hull of pixels with |x - mean| > k sd of a picture (H, W, C)."""
    from skimage.morphology import convex_hull_image

    far = (np.abs(picture - picture.mean()) > k * picture.std()).any(2)
    if not far.any():
        raise ParameterError("k", f"No pixel is {k:g} standard deviations from the mean. "
                             "Lower k.", 1.0)  # fmt: skip
    return convex_hull_image(far)


def _shrink(
    network: Network,
    unit: Unit,
    picture: np.ndarray,
    mask: np.ndarray,
    ground: np.ndarray,
    limit: float,
    check: Check | None,
) -> tuple[list[float], np.ndarray]:
    """Activations up to the first below the limit, and the last mask at or above it."""
    activations: list[float] = []
    best = mask
    while mask.any():
        masks: list[np.ndarray] = []
        while len(masks) < BATCH and mask.any():
            masks.append(mask)
            mask = _eroded(mask)
        found = masked_values(network, unit, picture, np.stack(masks), ground, check)
        for one, value in zip(masks, found, strict=True):
            activations.append(float(value))
            if value < limit:
                return activations, best
            best = one
    return activations, best


def _eroded(mask: np.ndarray) -> np.ndarray:
    """Eroded by 3 x 3; the picture's edge erodes too, so that every mask ends."""
    from scipy.ndimage import binary_erosion

    return binary_erosion(mask, np.ones((3, 3), bool))
