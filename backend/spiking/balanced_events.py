"""Spikes as event arrays: the currency of every balanced-network kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SpikeEvents:
    """Spikes of one stretch of model time, in order of time.

    Attributes
    ----------
    step : int64 array, shape (n,); a spike of step s happened between s dt and (s + 1) dt.
    layer : uint8 array, shape (n,); index into ``layers``.
    index : int32 array, shape (n,); cell number inside its layer.
    dt : step, in ms.
    layers : names of the layers, for instance ("E", "I", "F").
    """

    step: np.ndarray
    layer: np.ndarray
    index: np.ndarray
    dt: float
    layers: tuple[str, ...]

    def __len__(self) -> int:
        return int(self.step.shape[0])

    @property
    def t_ms(self) -> np.ndarray:
        """Times in ms: the end of the step in which the voltage crossed threshold."""
        return (self.step + 1) * self.dt

    def of(self, layer: str) -> SpikeEvents:
        """Only the spikes of one layer."""
        keep = self.layer == self.layers.index(layer)
        return SpikeEvents(
            self.step[keep], self.layer[keep], self.index[keep], self.dt, self.layers
        )

    def counts(self, layer: str, size: int, first_step: int, last_step: int) -> np.ndarray:
        """Spikes per cell of one layer in steps first_step to last_step - 1, shape (size,)."""
        keep = (
            (self.layer == self.layers.index(layer))
            & (self.step >= first_step)
            & (self.step < last_step)
        )
        return np.bincount(self.index[keep], minlength=size)

    def rate(
        self, layer: str, size: int, first_step: int, last_step: int, steps_per_bin: int
    ) -> np.ndarray:
        """Mean rate of a layer per time bin, in spikes per ms and cell.

        Whole bins only; bin k covers steps first_step + k steps_per_bin onwards.
        """
        n_bins = (last_step - first_step) // steps_per_bin
        keep = self.layer == self.layers.index(layer)
        place = (self.step[keep] - first_step) // steps_per_bin
        place = place[(place >= 0) & (place < n_bins)]
        counts = np.bincount(place, minlength=n_bins)
        return counts / (size * steps_per_bin * self.dt)


def no_spikes(dt: float, layers: tuple[str, ...]) -> SpikeEvents:
    """An empty stretch."""
    return SpikeEvents(
        np.empty(0, np.int64), np.empty(0, np.uint8), np.empty(0, np.int32), dt, layers
    )


def join(parts: list[SpikeEvents]) -> SpikeEvents:
    """Consecutive stretches as one."""
    first = parts[0]
    return SpikeEvents(
        np.concatenate([p.step for p in parts]),
        np.concatenate([p.layer for p in parts]),
        np.concatenate([p.index for p in parts]),
        first.dt,
        first.layers,
    )
