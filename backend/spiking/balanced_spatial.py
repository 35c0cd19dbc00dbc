"""Spatial balanced network (system S3): a spike camera drives two layers with local connections.

Source: 01-ei-balanced-network, section 4.1, Eqs. 20-24 and Fig. 5.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backend.spiking.balanced_events import SpikeEvents
from backend.spiking.balanced_kernel import NO_FLOOR
from backend.spiking.balanced_random import fill_uniforms
from backend.spiking.balanced_spatial_kernel import (
    DISCS,
    EVENTS,
    FILM,
    FLOOR,
    FROM_E,
    FROM_F,
    FROM_I,
    PHOTO,
    THETA,
    advance_spatial,
)
from backend.spiking.balanced_wiring import LAYERS, PAIRS, Geometry, SpatialWiring, positions
from backend.stimuli.camera import Discs, EventStream, Film, PhotoWindow

Stimulus = Discs | Film | PhotoWindow | EventStream
WEIGHTS = {
    ("E", "F"): 140.0, ("I", "F"): 93.3, ("E", "E"): 80.0,
    ("E", "I"): -320.0, ("I", "E"): 40.0, ("I", "I"): -320.0,
}  # fmt: skip


@dataclass(frozen=True)
class SpatialDynamics:
    """What may change between two blocks; defaults are Fig. 5. Weights are by (target, source).

    ``k`` scales all synaptic constants (Fig. 6); J = j / sqrt(N_E + N_I).
    """

    dt: float = 0.05
    j: dict[tuple[str, str], float] = field(default_factory=lambda: dict(WEIGHTS))
    tau: dict[str, float] = field(default_factory=lambda: {"F": 1.0, "E": 15.0, "I": 10.0})
    tau_s: dict[str, float] = field(default_factory=lambda: {"F": 5.0, "E": 5.0, "I": 2.5})
    k: float = 1.0
    theta: float = 15.0
    background: float = 0.5
    sigma_background: float = 1.0
    hard_reset: bool = False
    barrier: bool = True

    @property
    def floor(self) -> float:
        return 0.0 if self.barrier else NO_FLOOR

    def table(self, n: int) -> np.ndarray:
        """Coefficients of the recurrent layers, see the kernel."""
        table = np.zeros((2, 5))
        for a, layer in enumerate(("E", "I")):
            gain = self.dt / self.tau[layer] / np.sqrt(n)
            for source, column in (("F", FROM_F), ("E", FROM_E), ("I", FROM_I)):
                table[a, column] = gain * self.j[layer, source]
            table[a, THETA] = self.theta
            table[a, FLOOR] = self.floor
        return table

    def camera(self) -> np.ndarray:
        """(gain, rest, sd, theta, floor) of the camera layer."""
        gain = self.dt / self.tau["F"]
        sd = self.sigma_background * np.sqrt(self.dt) / self.tau["F"]
        return np.array([gain, gain * self.background, sd, self.theta, self.floor])

    def synaptic(self) -> np.ndarray:
        """Synaptic constants of F, E, I in ms, scaled by k."""
        return self.k * np.array([self.tau_s[layer] for layer in LAYERS])


class SpatialNetwork:
    """A network that can be advanced by any number of steps and changed in between.

    The same seed gives the same spikes however the steps are divided among calls.
    """

    layers = LAYERS

    def __init__(
        self, wiring: SpatialWiring, dynamics: SpatialDynamics, stimulus: Stimulus, seed: int
    ) -> None:
        self.wiring = wiring
        self.geometry: Geometry = wiring.geometry
        self.dynamics = dynamics
        self.stimulus = stimulus
        self.seed = seed
        self.step = 0
        self.saturated = 0
        self.sizes = tuple(self.geometry.size(layer) for layer in LAYERS)
        self.places = {layer: positions(self.geometry.side[layer]) for layer in LAYERS}
        self._x = np.ascontiguousarray(self.places["F"][:, 0])
        self._y = np.ascontiguousarray(self.places["F"][:, 1])
        self.v = [self._start(stream, n) for stream, n in zip((4, 5, 6), self.sizes, strict=True)]
        self.g_e = np.zeros((3, len(self.v[1])), np.float32)
        self.g_i = np.zeros((3, len(self.v[2])), np.float32)
        lists = [wiring.lists[pair] for pair in PAIRS]
        self._wiring = tuple(array for each in lists for array in (each.pointers, each.targets))

    def _start(self, stream: int, n: int) -> np.ndarray:
        """Voltages uniform in [0, theta), so that no layer fires in lock step."""
        v = np.zeros(-(-n // 16) * 16)
        fill_uniforms(v[:n], self.seed, stream, 0)
        return (v * self.dynamics.theta).astype(np.float32)

    def change(self, **values: object) -> None:
        """Take new values of :class:`SpatialDynamics` from the next step on; v and g stay."""
        self.dynamics = replace(self.dynamics, **values)  # type: ignore[arg-type]

    def show(self, stimulus: Stimulus) -> None:
        """Show another stimulus from the next step on."""
        self.stimulus = stimulus

    def advance(self, steps: int) -> SpikeEvents:
        """Make some steps; returns their spikes in order (layers F, E, I)."""
        d = self.dynamics
        tau_s = d.synaptic()
        n_f, n_e, n_i = self.sizes
        room = max(4 * (n_f + n_e + n_i), 1 << 17)
        out_step, out_cell = np.empty(room, np.int64), np.empty(room, np.int32)
        parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        done = 0
        while done < steps:
            borders = np.zeros((steps - done, 3), np.int64)
            arguments: tuple[Any, ...] = (
                *self.v, self.g_e, self.g_i, self.sizes, d.table(n_e + n_i), d.camera(),
                np.exp(-d.dt / tau_s), 1.0 / tau_s, d.hard_reset, self._wiring,
                *self._stimulus(steps - done), self.seed, self.step, out_step, out_cell, borders,
            )  # fmt: skip
            made, n, saturated = advance_spatial(*arguments)
            parts.append((out_step[:n].copy(), _layer_of(borders[:made], n), out_cell[:n].copy()))
            self.step += made
            self.saturated += saturated
            done += made
        if not parts:
            empty = np.empty(0, np.int64)
            parts = [(empty, empty.astype(np.uint8), empty.astype(np.int32))]
        step, layer, cell = (np.concatenate(column) for column in zip(*parts, strict=True))
        return SpikeEvents(step, layer, cell, d.dt, LAYERS)

    def _stimulus(self, steps: int) -> tuple[object, ...]:
        """Arguments kind to events of the kernel for the next steps."""
        dt, first, seen = self.dynamics.dt, self.step, self.stimulus
        no_picture = np.zeros((1, 1), np.float32)
        ends, events = np.zeros(2, np.int64), np.zeros(0, np.int32)
        numbers = np.zeros((steps, 1, 3))
        if isinstance(seen, Discs):
            numbers = seen.track(first, steps, dt)
            arguments = (DISCS, numbers, seen.radius, no_picture, 0.0, ends, events)
        elif isinstance(seen, Film):
            numbers[:, 0, 0] = seen.frame_numbers(first, steps, dt)
            arguments = (FILM, numbers, 0.0, seen.frames, float(seen.amplitude), ends, events)
        elif isinstance(seen, PhotoWindow):
            numbers[:, 0, :] = seen.corners(first, steps, dt)
            arguments = (PHOTO, numbers, 0.0, seen.photo, float(seen.amplitude), ends, events)
        else:
            numbers[:, 0, :2] = seen.frame_ranges(first, steps, dt)
            arguments = (EVENTS, numbers, 0.0, no_picture, 0.0, seen.pointers, seen.cells)
        kind, numbers, *rest = arguments
        return (kind, self._x, self._y, numbers, *rest)

    def voltages(self, layer: str) -> np.ndarray:
        """Voltages of one layer (a view)."""
        number = LAYERS.index(layer)
        return self.v[number][: self.sizes[number]]

    def currents(self, layer: str) -> dict[str, float]:
        """Mean currents into E or I now: F, E, I and net, in the units of Eq. 1."""
        g, n = (self.g_e, self.sizes[1]) if layer == "E" else (self.g_i, self.sizes[2])
        scale = 1.0 / np.sqrt(self.sizes[1] + self.sizes[2])
        parts = {
            b: float(self.dynamics.j[layer, b] * scale * g[m, :n].mean(dtype=np.float64))
            for m, b in enumerate(LAYERS)
        }
        return {**parts, "net": sum(parts.values())}


def _layer_of(borders: np.ndarray, n: int) -> np.ndarray:
    """Layer number of every spike from the ends of the stretches of each step."""
    ends = borders.ravel()
    layer = np.repeat(np.tile(np.arange(3, dtype=np.uint8), len(borders)), np.diff(ends, prepend=0))
    assert len(layer) == n
    return layer
