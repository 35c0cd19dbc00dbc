"""Counting volleys of a sheet of cells: in time, in time and space, and the holes of the figure.

Definitions of 02-gap-junction-topology, specification section 2.4 (b, c). Times are in ms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

WINDOW = 0.1
"""Length of the sliding count, ms."""

LEAST = 30
"""Spikes in the window that switch a group on, and cells that make a spatial group."""

GAP = 0.2
"""Silences shorter than this do not end a group, ms."""


@dataclass(frozen=True)
class Group:
    """One temporal group: the interval in which the sliding count is on, and its spikes."""

    start: float
    stop: float
    spikes: int


@dataclass(frozen=True)
class Topology:
    """What a figure really has: connected parts, holes, and pieces of outer background."""

    parts: int
    holes: int
    grounds: int

    @property
    def euler(self) -> int:
        """Euler number: parts minus holes."""
        return self.parts - self.holes

    @property
    def expected(self) -> int:
        """Volleys expected in time: figure, background, and one for each hole.

        Parts of equal luminance charge up together, so they count once.
        """
        return int(self.parts > 0) + int(self.grounds > 0) + self.holes

    @property
    def regions(self) -> int:
        """Connected regions of the image: volleys expected when space is told apart."""
        return self.parts + self.grounds + self.holes


def temporal_groups(
    steps: np.ndarray, dt: float, least: int = LEAST, window: float = WINDOW, gap: float = GAP
) -> list[Group]:
    """Group spikes by time: at least ``least`` of them within ``window``.

    Parameters
    ----------
    steps : (n,) integer step of every spike, in order.

    Returns
    -------
    Groups in order; start and stop are centres of the first and last window that is on.
    """
    if len(steps) == 0:
        return []
    width = max(1, round(window / dt))
    counts = np.bincount(steps, minlength=int(steps[-1]) + width + 1)
    total = np.concatenate([[0], np.cumsum(counts)])
    ends = np.arange(1, counts.size + 1)
    on = total[ends] - total[np.maximum(ends - width, 0)] >= least
    edges = np.flatnonzero(np.diff(np.concatenate([[0], on.astype(np.int8), [0]])))
    starts, stops = edges[::2], edges[1::2] - 1
    if starts.size == 0:
        return []
    apart = (starts[1:] - stops[:-1]) * dt >= gap - 1e-9
    starts = starts[np.concatenate([[True], apart])]
    stops = stops[np.concatenate([apart, [True]])]
    middle = (width - 1) / 2
    counted = total[stops + 1] - total[np.maximum(starts + 1 - width, 0)]
    return [
        Group(float(first - middle) * dt, float(last - middle) * dt, int(n))
        for first, last, n in zip(starts, stops, counted, strict=True)
    ]


def spatial_groups(
    steps: np.ndarray,
    cells: np.ndarray,
    shape: tuple[int, int],
    dt: float,
    least: int = LEAST,
    groups: list[Group] | None = None,
) -> list[np.ndarray]:
    """Split every temporal group into connected patches of cells.

    Within a group widened by 0.1 ms on both sides, the cells that spiked are closed by one cell
    and labelled with 8 neighbours; patches below ``least`` cells are dropped.

    Parameters
    ----------
    steps, cells : (n,) step and flat cell index of every spike, in order.

    Returns
    -------
    One (H, W) bool mask a patch, in order of time.
    """
    from scipy import ndimage

    found = groups if groups is not None else temporal_groups(steps, dt, least)
    square = np.ones((3, 3), bool)
    patches = []
    for group in found:
        inside = slice(
            np.searchsorted(steps, (group.start - WINDOW) / dt - 1e-6),
            np.searchsorted(steps, (group.stop + WINDOW) / dt + 1e-6, side="right"),
        )
        fired = np.zeros(shape, bool)
        fired.ravel()[cells[inside]] = True
        padded = np.pad(fired, 2)
        labels, n = ndimage.label(ndimage.binary_closing(padded, square), square)
        labels = labels[2:-2, 2:-2]
        sizes = np.bincount(labels.ravel(), minlength=n + 1)
        patches += [labels == k for k in range(1, n + 1) if sizes[k] >= least]
    return patches


def first_spike_medians(
    first: np.ndarray, labels: np.ndarray, regions: int | None = None
) -> np.ndarray:
    """Median first-spike time of every label's cells that fired; NaN where none did.

    ``first`` is (H x W,) with NaN for silent cells, ``labels`` (H, W) integers from 0.
    """
    flat = labels.ravel()
    n = int(flat.max()) + 1 if regions is None else regions
    medians = np.full(n, np.nan)
    for label in range(n):
        times = first[flat == label]
        times = times[np.isfinite(times)]
        if times.size:
            medians[label] = np.median(times)
    return medians


def best_window_share(
    times: np.ndarray, cells: int, length: float = 0.5, bin_width: float = 0.1, after: float = 1.0
) -> float:
    """Spikes in the fullest window of ``length`` (slid by ``bin_width``), per cell.

    The measure of synchrony of the (J, gamma) plane; spikes before ``after`` are left out.
    """
    times = times[times > after]
    if times.size == 0 or cells == 0:
        return 0.0
    edges = np.arange(after, times.max() + bin_width + length, bin_width)
    counts, _ = np.histogram(times, edges)
    total = np.concatenate([[0], np.cumsum(counts)])
    n = max(1, round(length / bin_width))
    if total.size <= n:
        return float(total[-1]) / cells
    return float((total[n:] - total[:-n]).max()) / cells


def topology_of(figure: np.ndarray) -> Topology:
    """Count the parts (8 neighbours) and holes (4 neighbours) of a figure mask (H, W) bool.

    A background piece that touches the border is ground, any other is a hole.
    """
    from scipy import ndimage

    _, parts = ndimage.label(figure, np.ones((3, 3), bool))
    pieces, n = ndimage.label(~figure)
    border = np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]])
    grounds = np.unique(border[border > 0]).size
    return Topology(int(parts), int(n) - grounds, grounds)
