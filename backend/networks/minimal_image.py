"""Minimal image: the few segments of a picture that a unit needs (05-dnnbrain, section 2.11 d)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from backend.core.parameters import ParameterError
from backend.networks.units import Check, Unit, checked, values

if TYPE_CHECKING:
    from backend.networks.network import Network

Segmentation = Literal["felzenszwalb", "SLIC", "quickshift", "grid"]
SEGMENTATIONS: tuple[str, ...] = get_args(Segmentation)
Goal = Literal["largest", "90 %"]
GOALS: tuple[str, ...] = get_args(Goal)


@dataclass(frozen=True)
class MinimalImage:
    """Segments added in the order of their own activation.

    Attributes
    ----------
    picture : (H, W, C) float32 in 0..1, the kept segments on the fill.
    mask : (H, W) bool, what is kept.
    labels : (H, W) int segment of each pixel, from 0.
    order : segments from the most to the least activating alone.
    alone : (segments,) a_u of each segment alone, by segment number.
    prefixes : (segments,) a_u of the first 1, 2, ... segments of ``order``.
    kept : how many segments the minimal image has.
    full : a_u of the whole picture.
    reached : False if no prefix reaches the goal and the largest is shown in its place.
    """

    picture: np.ndarray
    mask: np.ndarray
    labels: np.ndarray
    order: np.ndarray
    alone: np.ndarray
    prefixes: np.ndarray
    kept: int
    full: float
    reached: bool = True


def segments(
    picture: np.ndarray, kind: Segmentation = "felzenszwalb", count: int = 32
) -> np.ndarray:
    """(H, W) int segment numbers from 0 of a picture (H, W, C) in 0..1.

    ``count`` is the number asked of SLIC and the grid, and sets the scale of the others, whose
    number of segments follows the picture.
    """
    if count < 1:
        raise ParameterError("count", f"Segments is {count}; at least 1 is needed.", 32)
    if kind not in SEGMENTATIONS:
        raise ParameterError("segmentation", f'There is no segmentation "{kind}". Choose one of '
                             f"{', '.join(SEGMENTATIONS)}.", SEGMENTATIONS[0])  # fmt: skip
    colour = _colour(picture)
    height, width = colour.shape[:2]
    if kind == "grid":
        return _grid(height, width, count)
    from skimage import segmentation

    area = height * width / count
    if kind == "felzenszwalb":
        found = segmentation.felzenszwalb(colour, scale=area, sigma=0.5, min_size=int(area / 4) + 1)
    elif kind == "SLIC":
        found = segmentation.slic(colour, n_segments=count, compactness=10, start_label=0)
    else:
        side = np.sqrt(area)
        found = segmentation.quickshift(colour, kernel_size=max(1.0, side / 4), max_dist=side,
                                        ratio=0.5, rng=0)  # fmt: skip
    return np.unique(found, return_inverse=True)[1].reshape(height, width)


def _colour(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) float64 of a grey or colour picture."""
    colour = np.atleast_3d(np.asarray(picture, float))
    return colour if colour.shape[2] == 3 else colour[..., :1].repeat(3, axis=2)


def _grid(height: int, width: int, count: int) -> np.ndarray:
    rows = max(1, min(height, round(np.sqrt(count * height / width))))
    columns = max(1, min(width, round(count / rows)))
    row = np.arange(height) * rows // height
    column = np.arange(width) * columns // width
    return row[:, None] * columns + column


def minimal_image(
    network: Network,
    picture: np.ndarray,
    unit: Unit,
    kind: Segmentation = "felzenszwalb",
    goal: Goal = "largest",
    count: int = 32,
    fill: float | None = None,
    check: Check | None = None,
) -> MinimalImage:
    """Sort the segments by their own activation, add them greedily, keep the goal's prefix.

    Parameters
    ----------
    picture : (H, W[, C]) uint8, or float in 0..1.
    goal : "largest" keeps the prefix with the largest activation (the shortest of equals); "90 %"
        the shortest that reaches 90 % of the whole picture's activation.
    fill : value in 0..1 of what is left out; None takes the picture's mean colour.
    """
    if goal not in GOALS:
        raise ParameterError("goal", f'There is no goal "{goal}". Choose one of '
                             f"{', '.join(GOALS)}.", GOALS[0])  # fmt: skip
    checked(network, unit)
    picture = as_display(picture)
    labels = segments(picture, kind, count)
    number = int(labels.max()) + 1
    ground = background(picture, fill)
    full = masked_values(network, unit, picture, np.ones((1, *labels.shape), bool), ground)[0]
    if goal == "90 %" and full <= 0:
        raise ParameterError("goal", f"{unit.label()} answers {full:.3g} to the whole picture, so "
                             "90 % of it means nothing. Use the largest.", "largest")  # fmt: skip
    alone = masked_values(network, unit, picture, _each(labels, np.arange(number)), ground, check)
    order = np.argsort(-alone, kind="stable")
    rank = np.argsort(order)[labels]
    prefixes = masked_values(network, unit, picture, _upto(rank, number), ground, check)
    enough = np.flatnonzero(prefixes >= 0.9 * full)
    reached = goal == "largest" or enough.size > 0
    kept = int(enough[0] if goal == "90 %" and reached else prefixes.argmax()) + 1
    mask = rank < kept
    return MinimalImage(np.where(mask[..., None], picture, ground).astype(np.float32), mask, labels,
                        order, alone, prefixes, kept, float(full), reached)  # fmt: skip


class _each:
    """Masks (H, W) of single segments, made when asked for."""

    def __init__(self, labels: np.ndarray, numbers: np.ndarray) -> None:
        self.labels, self.numbers = labels, numbers

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, piece: slice) -> np.ndarray:
        return self.labels[None] == self.numbers[piece][:, None, None]


class _upto(_each):
    """Masks of the first 1, 2, ... segments by rank."""

    def __init__(self, rank: np.ndarray, number: int) -> None:
        super().__init__(rank, np.arange(number))

    def __getitem__(self, piece: slice) -> np.ndarray:
        return self.labels[None] <= self.numbers[piece][:, None, None]


def as_display(picture: np.ndarray) -> np.ndarray:
    """(H, W, C) float32 in 0..1 of a uint8 or float picture, grey or colour."""
    array = np.asarray(picture)
    array = array.astype(np.float32) / (255.0 if array.dtype == np.uint8 else 1.0)
    return array[..., None] if array.ndim == 2 else array


def background(picture: np.ndarray, fill: float | None) -> np.ndarray:
    """(C,) colour of what is left out: the picture's mean, or a value in 0..1."""
    if fill is None:
        return picture.mean((0, 1))
    if not 0.0 <= fill <= 1.0:
        raise ParameterError("fill", f"Fill is {fill:g}; it goes from 0 (black) to 1 (white).",
                             min(max(fill, 0.0), 1.0))  # fmt: skip
    return np.full(picture.shape[2], fill, np.float32)


def masked_values(
    network: Network,
    unit: Unit,
    picture: np.ndarray,
    masks: np.ndarray | _each,
    ground: np.ndarray,
    check: Check | None = None,
    batch: int = 16,
) -> np.ndarray:
    """(masks,) a_u of a picture seen through masks (n, H, W), a batch of pictures at a time."""
    found = []
    for start in range(0, len(masks), batch):
        part = masks[start : start + batch]
        pictures = np.where(part[..., None], picture[None], ground).astype(np.float32)
        found.append(
            values(network, unit, network.preprocessing.prepare(pictures), check).cpu().numpy()
        )
    return np.concatenate(found)
