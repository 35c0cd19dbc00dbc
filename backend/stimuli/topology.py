"""Figures with and without holes, as label maps and darkness maps of a sheet of cells.

Source: 02-gap-junction-topology, specification section 2.5. Distances are measured from
((H - 1) / 2, (W - 1) / 2) in cells; inside means strictly less; holes overwrite the figure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

BACKGROUND, FIGURE, HOLE = 0, 1, 2
"""Labels; further holes are 3, 4, ..."""

Kind = Literal[
    "disk", "ring", "two holes", "solid square", "hollow square", "triangle", "hollow triangle",
    "cross", "closed segments", "open segments", "dotted outline", "connected pair",
    "disconnected pair", "uniform gray", "uniform black",
]  # fmt: skip
KINDS: tuple[str, ...] = get_args(Kind)


@dataclass(frozen=True)
class Figure:
    """A stimulus for the sheet.

    Attributes
    ----------
    labels : (H, W) int8: 0 background, 1 figure, 2, 3, ... holes (the inside of a breached ring is
        labelled as a hole so that its cells can be followed, although it is open).
    darkness : (H, W) float32 from 0 (gray) to 1 (black).
    """

    labels: np.ndarray
    darkness: np.ndarray

    def drive(self, black: float = 20.0, gray: float = 12.0) -> np.ndarray:
        """(H, W) float32 mean input: gray where darkness is 0, black where it is 1."""
        return np.float32(gray) + np.float32(black - gray) * self.darkness

    @property
    def mask(self) -> np.ndarray:
        """(H, W) bool: the dark half."""
        return self.darkness > 0.5


@dataclass(frozen=True)
class Sizes:
    """Sizes of the figures in cells (angles in degrees); each figure uses some of them.

    Attributes
    ----------
    radius : of the disk, and half-size of the other solid figures.
    outer, hole : outer and hole radius of the ring.
    breach : angle cut around 12 o'clock.
    outer_two, offset : radius of the figure with two holes and their distance from its centre.
    half_width, half_height, band : hole of the segment figures, and thickness of their band.
    gap : cells cut out of the middle of the closed figure's upper line.
    shift : how far the open figure's right side is moved outwards.
    dot, pitch : side and spacing of the dots.
    edge : width of a linear luminance ramp at the borders of disk and ring; 0 is sharp.
    """

    radius: float = 20.0
    outer: float = 24.0
    hole: float = 10.0
    breach: float = 0.0
    outer_two: float = 28.0
    offset: float = 13.0
    half_width: float = 9.5
    half_height: float = 9.5
    band: int = 4
    gap: float = 0.0
    shift: int = 12
    dot: int = 3
    pitch: int = 5
    edge: float = 0.0


def make_figure(kind: str, height: int = 80, width: int = 80, sizes: Sizes | None = None) -> Figure:
    """Draw one of :data:`KINDS` on a sheet.

    >>> int((make_figure("disk").labels == FIGURE).sum())
    1264
    """
    sizes = sizes or Sizes()
    dy, dx = _offsets(height, width)
    if sizes.edge > 0 and kind in ("disk", "ring"):
        return _smooth(kind, dx, dy, sizes)
    labels = np.zeros((height, width), np.int8)
    if kind == "uniform black":
        labels[:] = FIGURE
    elif kind in _PAINTERS:
        _PAINTERS[kind](labels, dx, dy, sizes)
    elif kind != "uniform gray":
        raise ValueError(f'There is no figure "{kind}". Choose one of {", ".join(KINDS)}.')
    return Figure(labels, (labels == FIGURE).astype(np.float32))


def figure_from_darkness(darkness: np.ndarray) -> Figure:
    """A figure from any darkness map (H, W) in [0, 1]: a painting or a picture."""
    darkness = np.ascontiguousarray(darkness, np.float32)
    return Figure(label_regions(darkness > 0.5), darkness)


def label_regions(figure: np.ndarray) -> np.ndarray:
    """Label map of a mask (H, W) bool: holes are background pieces that do not touch the border.

    Holes are numbered from 2 by their first cell in reading order, at most 125 of them; further
    ones share the last number.
    """
    from scipy import ndimage

    pieces, n = ndimage.label(~figure)
    border = np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]])
    number = np.zeros(n + 1, np.int16)
    inner = np.setdiff1d(np.arange(1, n + 1), border)
    number[inner] = np.minimum(HOLE + np.arange(inner.size), 126)
    labels = number[pieces].astype(np.int8)
    labels[figure] = FIGURE
    return labels


def _offsets(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Row and column distance of each cell from the centre."""
    rows = np.arange(height, dtype=float) - (height - 1) / 2
    columns = np.arange(width, dtype=float) - (width - 1) / 2
    return np.broadcast_to(rows[:, None], (height, width)), np.broadcast_to(
        columns[None, :], (height, width)
    )


def _box(dx: np.ndarray, dy: np.ndarray, half_width: float, half_height: float) -> np.ndarray:
    return (np.abs(dx) < half_width) & (np.abs(dy) < half_height)


def _triangle(dx: np.ndarray, dy: np.ndarray, inradius: float) -> np.ndarray:
    """Equilateral triangle with its point up: three half-planes at the inradius."""
    root = math.sqrt(3.0) / 2.0
    return (dy < inradius) & (root * dx - dy / 2 < inradius) & (-root * dx - dy / 2 < inradius)


def _paint_disk(labels: np.ndarray, dx: np.ndarray, dy: np.ndarray, sizes: Sizes) -> None:
    labels[np.hypot(dx, dy) < sizes.radius] = FIGURE


def _paint_ring(labels: np.ndarray, dx: np.ndarray, dy: np.ndarray, sizes: Sizes) -> None:
    distance = np.hypot(dx, dy)
    labels[distance < sizes.outer] = FIGURE
    if sizes.breach > 0:
        angle = np.abs(np.degrees(np.arctan2(dx, -dy)))
        labels[angle <= sizes.breach / 2] = BACKGROUND
    labels[distance < min(sizes.hole, sizes.outer)] = HOLE


def _paint_two_holes(labels: np.ndarray, dx: np.ndarray, dy: np.ndarray, sizes: Sizes) -> None:
    labels[np.hypot(dx, dy) < sizes.outer_two] = FIGURE
    labels[np.hypot(dx + sizes.offset, dy) < sizes.hole] = HOLE
    labels[np.hypot(dx - sizes.offset, dy) < sizes.hole] = HOLE + 1


def _paint_square(labels: np.ndarray, dx: np.ndarray, dy: np.ndarray, sizes: Sizes) -> None:
    labels[_box(dx, dy, sizes.radius, sizes.radius)] = FIGURE


def _paint_closed(labels: np.ndarray, dx: np.ndarray, dy: np.ndarray, sizes: Sizes) -> None:
    wide, tall = sizes.half_width, sizes.half_height
    labels[_box(dx, dy, wide + sizes.band, tall + sizes.band)] = FIGURE
    labels[_box(dx, dy, wide, tall)] = HOLE
    labels[(np.abs(dx) < sizes.gap / 2) & (dy <= -tall) & (labels == FIGURE)] = BACKGROUND


def _paint_open(labels: np.ndarray, dx: np.ndarray, dy: np.ndarray, sizes: Sizes) -> None:
    """The right-most columns of the closed band, over its full height, moved outwards."""
    _paint_closed(labels, dx, dy, sizes)
    labels[labels == HOLE] = BACKGROUND
    wide, tall = sizes.half_width, sizes.half_height
    side = (dx >= wide) & (dx < wide + sizes.band) & (np.abs(dy) < tall + sizes.band)
    columns = np.flatnonzero(side.any(axis=0)) + sizes.shift
    rows = np.flatnonzero(side.any(axis=1))
    labels[side] = BACKGROUND
    columns = columns[columns < labels.shape[1]]
    labels[np.ix_(rows, columns)] = FIGURE


def _paint_dots(labels: np.ndarray, dx: np.ndarray, dy: np.ndarray, sizes: Sizes) -> None:
    """Dots where both indices modulo the pitch are below the dot size, within a square band."""
    far = np.maximum(np.abs(dx), np.abs(dy))
    hole = math.ceil(sizes.half_width)
    y, x = np.indices(labels.shape)
    dots = (x % sizes.pitch < sizes.dot) & (y % sizes.pitch < sizes.dot)
    labels[far < hole] = HOLE
    labels[(far >= hole) & (far < hole + sizes.band) & dots] = FIGURE


def _paint_triangle(labels: np.ndarray, dx: np.ndarray, dy: np.ndarray, sizes: Sizes) -> None:
    labels[_triangle(dx, dy - sizes.radius / 4, sizes.radius / 1.5)] = FIGURE


def _paint_hollow_triangle(
    labels: np.ndarray, dx: np.ndarray, dy: np.ndarray, sizes: Sizes
) -> None:
    lower = dy - sizes.hole / 4
    labels[_triangle(dx, lower, sizes.hole + sizes.band)] = FIGURE
    labels[_triangle(dx, lower, sizes.hole)] = HOLE


def _paint_cross(labels: np.ndarray, dx: np.ndarray, dy: np.ndarray, sizes: Sizes) -> None:
    arm = sizes.radius / 2.5
    labels[_box(dx, dy, sizes.radius, arm) | _box(dx, dy, arm, sizes.radius)] = FIGURE


def _paint_pair(labels: np.ndarray, dx: np.ndarray, dy: np.ndarray, sizes: Sizes) -> None:
    for side in (-1, 1):
        labels[np.hypot(dx - side * 1.4 * sizes.hole, dy) < sizes.hole] = FIGURE


def _paint_joined_pair(labels: np.ndarray, dx: np.ndarray, dy: np.ndarray, sizes: Sizes) -> None:
    _paint_pair(labels, dx, dy, sizes)
    labels[_box(dx, dy, 1.4 * sizes.hole, sizes.band)] = FIGURE


_PAINTERS = {
    "disk": _paint_disk,
    "ring": _paint_ring,
    "two holes": _paint_two_holes,
    "solid square": _paint_square,
    "hollow square": _paint_closed,
    "triangle": _paint_triangle,
    "hollow triangle": _paint_hollow_triangle,
    "cross": _paint_cross,
    "closed segments": _paint_closed,
    "open segments": _paint_open,
    "dotted outline": _paint_dots,
    "connected pair": _paint_joined_pair,
    "disconnected pair": _paint_pair,
}


def _smooth(kind: str, dx: np.ndarray, dy: np.ndarray, sizes: Sizes) -> Figure:
    """Disk or ring whose darkness falls linearly over ``edge`` cells, half way at the radius."""
    distance = np.hypot(dx, dy)
    outer = sizes.radius if kind == "disk" else sizes.outer
    darkness = np.clip(0.5 + (outer - distance) / sizes.edge, 0.0, 1.0)
    labels = (darkness > 0.5).astype(np.int8)
    if kind == "ring":
        darkness = np.minimum(darkness, np.clip(0.5 + (distance - sizes.hole) / sizes.edge, 0, 1))
        labels = (darkness > 0.5).astype(np.int8)
        labels[(darkness <= 0.5) & (distance < sizes.outer)] = HOLE
        labels[distance >= sizes.outer] = BACKGROUND
    if kind == "ring" and sizes.breach > 0:
        cut = np.abs(np.degrees(np.arctan2(dx, -dy))) <= sizes.breach / 2
        darkness = np.where(cut, 0.0, darkness)
        labels[cut & (labels == FIGURE)] = BACKGROUND
    return Figure(labels, darkness.astype(np.float32))
