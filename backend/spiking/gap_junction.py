"""A sheet of integrate-and-fire cells coupled by gap junctions, read out by one neuron.

Source: 02-gap-junction-topology, Eqs. 1-8 with the readings of its specification: a spikelet is a
direct jump gamma J per spiking neighbour, noise adds (s/tau) sqrt(dt) N(0, 1) a step. Times are in
ms, voltages and currents in mV.

>>> sheet = Sheet(np.full((80, 80), 12.0), SheetSettings(), ReadOutSettings(), seed=0)
>>> sheet.advance(800)
>>> sheet.spikes().time  # doctest: +SKIP
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from backend.spiking import gap_junction_kernel as kernel

Initial = Literal["gaussian", "uniform"]
NoiseRule = Literal["scaled", "white"]

_PIECE = 30_000_000
"""Cell steps between two looks at a cancel button: about 0.1 s."""


@dataclass(frozen=True)
class SheetSettings:
    """Everything about the encoding neurons that may change between two steps.

    Attributes
    ----------
    coupling : gap-junction strength J.
    spikelet : factor gamma (mV per J): each spiking neighbour adds gamma J.
    noise : s in mV ms^0.5.
    tau, refractory : membrane constant and refractory period, ms.
    threshold : V_th, mV.
    neighbours : 8 (Moore) or 4 (von Neumann).
    """

    coupling: float = 3.0
    spikelet: float = 0.15
    noise: float = 1.0
    tau: float = 5.0
    refractory: float = 3.5
    threshold: float = 10.0
    neighbours: int = 8


@dataclass(frozen=True)
class ReadOutSettings:
    """The read-out neuron (Eqs. 6-8).

    Attributes
    ----------
    tau, refractory, delay : ms. The table prints a refractory period of 0.5; see the
        specification, section 8.4, for 0.6.
    mean, noise : background mu_noise and Delta, mV.
    weight : J_R, mV per spike of the sheet.
    noise_rule : "scaled" gives a stationary SD of Delta / sqrt(2), "white" applies the sheet's rule
        and gives Delta / sqrt(2 tau) (section 8.2 b and a).
    """

    tau: float = 0.05
    refractory: float = 0.6
    mean: float = 4.0
    noise: float = 0.5
    weight: float = 0.15
    delay: float = 0.1
    threshold: float = 10.0
    noise_rule: NoiseRule = "scaled"


@dataclass(frozen=True)
class Spikes:
    """Spikes of a sheet in order of time.

    Attributes
    ----------
    step : (n,) int32 step of each spike; ``time`` = step x dt in ms.
    cell : (n,) int32 row x width + column.
    """

    step: np.ndarray
    cell: np.ndarray
    dt: float

    @property
    def time(self) -> np.ndarray:
        return self.step * self.dt

    def first_times(self, cells: int) -> np.ndarray:
        """(cells,) time of each cell's first spike in ms; NaN where it is silent."""
        first = np.full(cells, np.nan)
        first[self.cell[::-1]] = self.time[::-1]
        return first


@dataclass(frozen=True)
class Trial:
    """What one finished trial leaves: spikes of the sheet and of the read-out neuron (ms)."""

    seed: int
    spikes: Spikes
    readout_times: np.ndarray


def refractory_steps(period: float, dt: float) -> int:
    """Steps after a spike (the spike's own step included) in which a cell is clamped."""
    return max(0, math.ceil((period - 1e-9) / dt))


def partner_counts(height: int, width: int, neighbours: int) -> np.ndarray:
    """(height, width) float32 number of neighbours of each cell; edges are open."""
    rows = np.full(height, 3.0, np.float32)
    rows[0] -= 1
    rows[-1] -= 1
    columns = np.full(width, 3.0, np.float32)
    columns[0] -= 1
    columns[-1] -= 1
    if neighbours == 8:
        return np.outer(rows, columns) - np.float32(1)
    return rows[:, None] + columns[None, :] - np.float32(2)


def _sheet_scalars(settings: SheetSettings, dt: float) -> np.ndarray:
    return np.array(
        [
            dt / settings.tau,
            settings.coupling,
            settings.noise / settings.tau * math.sqrt(dt),
            settings.spikelet * settings.tau / dt,
            settings.threshold,
        ],
        np.float32,
    )


def _readout_scalars(settings: ReadOutSettings, dt: float) -> np.ndarray:
    root = math.sqrt(settings.tau) if settings.noise_rule == "scaled" else 1.0
    return np.array(
        [
            dt / settings.tau,
            settings.mean,
            settings.noise * root / settings.tau * math.sqrt(dt),
            settings.weight,
            settings.threshold,
        ]
    )


class _Sheets:
    """State of T independent sheets; the base of :class:`Sheet` and :func:`run_trials`."""

    def __init__(
        self,
        drives: np.ndarray,
        settings: SheetSettings,
        readout: ReadOutSettings,
        seeds: np.ndarray,
        dt: float,
        initial: Initial,
    ) -> None:
        trials, height, width = drives.shape
        self.shape = (height, width)
        self.dt = dt
        self.seeds = np.asarray(seeds, np.uint64)
        self._stride = width + 2
        size = height * self._stride
        self._drive = np.zeros((trials, height, self._stride), np.float32)
        self.drive = self._drive[:, :, 1:-1]
        self.drive[:] = drives
        self._voltage = np.zeros((trials, height + 2, self._stride), np.float32)
        self.voltage = self._voltage[:, 1:-1, 1:-1]
        self._scratch = np.zeros(size + 2 * self._stride, np.float32)
        self._last = np.full((trials, height, self._stride), kernel.NEVER, np.int32)
        self._last[:, :, [0, -1]] = kernel.PADDING
        self._spiked = np.empty((trials, size), np.int32)
        self._counts = np.zeros((trials, kernel.COUNT_RING), np.int32)
        self._state = np.zeros((trials, 4), np.int64)
        self._state[:, kernel.READOUT_LAST] = kernel.NEVER
        self._readout_v = np.zeros((trials, 1))
        self._events = np.empty((2, trials, 3 * size), np.int32)
        self.readout_trace = np.zeros((trials, 0), np.float32)
        self._readout_spike = np.zeros((trials, 0), np.bool_)
        self.configure(settings, readout)
        threshold = np.float32(settings.threshold)
        for sheet, seed in zip(self._voltage, self.seeds, strict=True):
            kernel.initial_voltage(
                sheet.reshape(-1), self._stride, seed, threshold, initial == "gaussian"
            )

    def configure(self, settings: SheetSettings, readout: ReadOutSettings) -> None:
        """Use these settings from the next step on; voltages stay as they are."""
        self.settings, self.readout = settings, readout
        self._arguments = (
            _sheet_scalars(settings, self.dt),
            np.int32(refractory_steps(settings.refractory, self.dt)),
            settings.neighbours == 8,
            _readout_scalars(readout, self.dt),
            refractory_steps(readout.refractory, self.dt),
            min(round(readout.delay / self.dt), kernel.COUNT_RING - 1),
        )
        counts = partner_counts(*self.shape, settings.neighbours)
        self._partners = np.pad(counts, ((0, 0), (1, 1))).reshape(-1)

    @property
    def step(self) -> int:
        """Index of the next step of the trial that is furthest behind."""
        return int(self._state[:, kernel.STEP].min())

    def advance_to(self, until: int) -> None:
        """Advance all trials to step ``until``, enlarging the event store when it is full."""
        self._reserve(until)
        trials = self.seeds.size
        first = 0
        while True:
            first = kernel.advance_trials(
                first, until, self.seeds, self._voltage.reshape(trials, -1), self._scratch,
                self._drive.reshape(trials, -1), self._partners, self._last.reshape(trials, -1),
                self._spiked, self._counts, self._state, self._readout_v, self._events[0],
                self._events[1], self.readout_trace, self._readout_spike, self._stride,
                *self._arguments,
            )  # fmt: skip
            if first == trials:
                return
            self._events = np.concatenate([self._events, np.empty_like(self._events)], axis=2)

    def _reserve(self, steps: int) -> None:
        trials, held = self._readout_spike.shape
        if steps > held:
            more = max(steps - held, held)
            self.readout_trace = np.concatenate(
                [self.readout_trace, np.zeros((trials, more), np.float32)], axis=1
            )
            self._readout_spike = np.concatenate(
                [self._readout_spike, np.zeros((trials, more), np.bool_)], axis=1
            )

    def spikes_of(self, trial: int, first: int = 0) -> Spikes:
        """Spikes of one trial from number ``first`` on."""
        n = int(self._state[trial, kernel.EVENTS])
        step, cell = self._events[:, trial, first:n].copy()
        return Spikes(step, cell, self.dt)

    def readout_times_of(self, trial: int) -> np.ndarray:
        """Times of the read-out neuron's spikes, ms."""
        n = int(self._state[trial, kernel.STEP])
        return np.flatnonzero(self._readout_spike[trial, :n]) * self.dt


class Sheet:
    """One live sheet with its read-out neuron.

    Parameters
    ----------
    drive : (H, W) mean input mu of each cell, mV.
    settings, readout : see :class:`SheetSettings` and :class:`ReadOutSettings`.
    seed : non-negative; with the step and the cell it determines all noise.
    dt : step, ms.
    initial : "gaussian": mean V_th / 2, SD V_th / 6, clipped to [0, 0.99 V_th]; or "uniform".
    """

    def __init__(
        self,
        drive: np.ndarray,
        settings: SheetSettings,
        readout: ReadOutSettings,
        seed: int = 0,
        dt: float = 0.01,
        initial: Initial = "gaussian",
    ) -> None:
        drives = np.asarray(drive, np.float32)[None]
        self._sheets = _Sheets(drives, settings, readout, np.array([seed]), dt, initial)
        self.shape = self._sheets.shape
        self.dt = dt

    @property
    def step(self) -> int:
        """Index of the next step; steps done so far."""
        return self._sheets.step

    @property
    def voltage(self) -> np.ndarray:
        """(H, W) float32 view of the membrane potentials."""
        return self._sheets.voltage[0]

    @property
    def drive(self) -> np.ndarray:
        """(H, W) float32 mean input; assign to it to paint while the sheet runs."""
        return self._sheets.drive[0]

    @drive.setter
    def drive(self, value: np.ndarray) -> None:
        self._sheets.drive[0] = value

    def configure(self, settings: SheetSettings, readout: ReadOutSettings) -> None:
        """Use other settings from the next step on, without touching the voltages."""
        self._sheets.configure(settings, readout)

    def advance(self, n_steps: int) -> None:
        """Make ``n_steps`` steps; the spikes do not depend on how a run is cut into calls."""
        self._sheets.advance_to(self.step + n_steps)

    def spikes(self, first: int = 0) -> Spikes:
        """All spikes so far, or those from number ``first`` on."""
        return self._sheets.spikes_of(0, first)

    @property
    def readout_voltage(self) -> np.ndarray:
        """(steps,) float32 voltage of the read-out neuron after each step so far."""
        return self._sheets.readout_trace[0, : self.step]

    @property
    def readout_times(self) -> np.ndarray:
        """Times of the read-out neuron's spikes so far, ms."""
        return self._sheets.readout_times_of(0)


def run_trials(
    drives: np.ndarray,
    seeds: Any,
    settings: SheetSettings,
    readout: ReadOutSettings,
    duration: float = 8.0,
    dt: float = 0.01,
    initial: Initial = "gaussian",
    check: Callable[[], None] | None = None,
) -> list[Trial]:
    """Run many trials in compiled code, one per seed.

    Parameters
    ----------
    drives : (H, W) for all trials, or (T, H, W).
    seeds : T non-negative integers.
    check : called about ten times a second; may raise to cancel.
    """
    seeds = np.asarray(seeds, np.uint64)
    drives = np.asarray(drives, np.float32)
    drives = np.broadcast_to(drives, (seeds.size, *drives.shape[-2:]))
    sheets = _Sheets(drives, settings, readout, seeds, dt, initial)
    total = round(duration / dt)
    sheets._reserve(total)
    piece = max(1, _PIECE // drives.size)
    for until in range(min(piece, total), total + piece, piece):
        if check is not None:
            check()
        sheets.advance_to(min(until, total))
    return [
        Trial(int(seed), sheets.spikes_of(t), sheets.readout_times_of(t))
        for t, seed in enumerate(seeds)
    ]
