"""What is measured of regional dynamics: BOLD, avalanches, connectivity (13, 2.3 to 2.8)."""

from __future__ import annotations

import numpy as np

from backend.analysis.avalanches import sizes
from backend.analysis.rdm_compare import upper
from backend.brain.hemodynamics import Balloon, balloon, resting
from backend.brain.regions_ei import NEURONS


class BoldStream:
    """BOLD of region activity as it comes, by the balloon model at 1 ms.

    It runs through the discarded part too: started later, the onset that all regions share would
    give a connectivity of .7 to .98 whatever the network does (section 2.5).

    Parameters
    ----------
    regions : how many. every : ms a sample. hertz : activity in spikes per neuron and second
        instead of a ms (8.9).
    """

    def __init__(
        self, regions: int, every: int = 2000, constants: Balloon = Balloon(), hertz: bool = False
    ) -> None:
        self.state = resting(regions)
        self.every = every
        self.constants = constants.numbers
        self.scale = (1000.0 if hertz else 1.0) / NEURONS
        self._rows: list[np.ndarray] = []
        self.dropped = 0
        self._left = np.empty((0, regions), np.uint8)

    def add(self, counts: np.ndarray) -> None:
        """Spikes of each region in each ms (ms, n_region)."""
        counts = np.concatenate([self._left, counts])
        whole = len(counts) // self.every * self.every
        self._left = counts[whole:]
        if whole:
            out = np.empty((whole // self.every, counts.shape[1]))
            balloon(self.state, self.scale * counts[:whole], 0.001, self.constants, self.every,
                    out)  # fmt: skip
            self._rows.append(out)

    def keep(self, newest: int) -> None:
        """Drop all but the newest samples, for a run without an end."""
        held = self.samples
        self.dropped += max(len(held) - newest, 0)
        self._rows = [held[max(len(held) - newest, 0) :]]

    @property
    def samples(self) -> np.ndarray:
        """(n_sample, n_region) so far, but for ``dropped`` ones before."""
        if not self._rows:
            return np.empty((0, len(self.state[0])))
        return np.concatenate(self._rows)


def region_avalanches(counts: np.ndarray, width: int = 2) -> list[np.ndarray]:
    """Avalanche sizes within each region from spikes a ms (ms, n_region), frames of ``width``."""
    frames = len(counts) // width
    framed = counts[: frames * width].reshape(frames, width, -1).sum(axis=1, dtype=np.int64)
    return [sizes(np.ascontiguousarray(column)) for column in framed.T]


def connectivity(series: np.ndarray, global_signal: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Pearson correlations of regions, and which regions are constant.

    Parameters
    ----------
    series : (n_time, n_region). global_signal : remove the mean over regions from each first.

    Returns
    -------
    (n_region, n_region) with zero diagonal, 0 where a region is constant; (n_region,) booleans.
    """
    values = series - series.mean(axis=0)
    if global_signal:
        mean = values.mean(axis=1)
        power = mean @ mean
        if power > 0:
            values = values - np.outer(mean, mean @ values / power)
    length = np.sqrt((values**2).sum(axis=0))
    constant = ~(length > 1e-12 * np.abs(series).max(axis=0, initial=0.0))
    unit = values / np.where(constant, 1.0, length)
    unit[:, constant] = 0.0
    found = np.clip(unit.T @ unit, -1.0, 1.0)
    np.fill_diagonal(found, 0.0)
    return found, constant


def likeness(connectivity: np.ndarray, structure: np.ndarray) -> float:
    """Correlation of functional and structural pairs; NaN when one does not vary."""
    a, b = upper(connectivity), upper(structure)
    a, b = a - a.mean(), b - b.mean()
    spread = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / spread) if spread > 0 else float("nan")
