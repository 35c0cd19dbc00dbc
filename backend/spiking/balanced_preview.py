"""Preview of the spatial network: rate fields instead of spikes.

Every layer is its rate field; the population answers its input at once (Eq. 6), synapses are
first-order filters. A Gaussian is the product of two one-dimensional Gaussians, so each spatial
convolution is two small matrix products. They hold the redraw at the border of the field exactly,
where a Fourier product would wrap around.

Source: 01-ei-balanced-network, Eqs. 20-22; spec section 2.4.
"""

from __future__ import annotations

import math

import numpy as np

from backend.spiking.balanced_spatial import SpatialDynamics
from backend.spiking.balanced_theory import noiseless_rate
from backend.spiking.balanced_wiring import LAYERS, PAIRS, Geometry, positions
from backend.stimuli.camera import Discs, inside_disc


def spread(source_side: int, target_side: int, deviation: float) -> np.ndarray:
    """Share of a source's connections along one axis that end in each target cell.

    Shape (target_side, source_side); columns sum to one because positions outside are redrawn.
    """
    sources = (np.arange(source_side) + 0.5) / source_side
    edges = np.arange(target_side + 1) / target_side
    z = np.subtract.outer(edges, sources) / (deviation * math.sqrt(2.0))
    below = 0.5 * np.vectorize(math.erf)(z)
    mass = np.diff(below, axis=0)
    return mass / mass.sum(axis=0)


class MeanFieldPreview:
    """Rate fields of F, E and I, advanced like the spiking network but without its noise.

    ``inner_share`` is the longest inner step as a share of the shortest synaptic constant;
    ``coarse`` joins so many E and I cells along each axis into one. Single precision.
    """

    def __init__(
        self,
        geometry: Geometry,
        dynamics: SpatialDynamics,
        stimulus: Discs,
        inner_share: float = 0.1,
        coarse: int = 1,
    ) -> None:
        self.inner_share = inner_share
        self.side = {b: n if b == "F" else max(n // coarse, 1) for b, n in geometry.side.items()}
        self.geometry = geometry
        self.dynamics = dynamics
        self.stimulus = stimulus
        self.step = 0
        self._cells = {b: positions(self.side[b]) for b in LAYERS}
        self._spread = {
            (a, b): spread(self.side[b], self.side[a], geometry.deviation(b)).astype(np.float32)
            for a, b in PAIRS
        }
        self.rate = {b: np.zeros((self.side[b],) * 2, np.float32) for b in LAYERS}
        self.filtered = {b: np.zeros((self.side[b],) * 2, np.float32) for b in LAYERS}

    def change(self, dynamics: SpatialDynamics) -> None:
        """Take new dynamics; the fields stay."""
        self.dynamics = dynamics

    def advance(self, steps: int) -> None:
        """Make some steps of the dynamics' dt."""
        dynamics = self.dynamics
        tau_s = dynamics.synaptic()
        inner = max(1, math.ceil(dynamics.dt / (self.inner_share * tau_s.min())))
        decay = np.exp(-dynamics.dt / inner / tau_s).astype(np.float32)
        track = self.stimulus.track(self.step, steps, dynamics.dt)
        for k in range(steps):
            self._light(track[k])
            for _ in range(inner):
                self._step(decay)
        self.step += steps

    def _light(self, discs: np.ndarray) -> None:
        light = np.zeros(len(self._cells["F"]), np.float32)
        for x, y, value in discs:
            inside = inside_disc(self._cells["F"], x, y, self.stimulus.radius)
            light[inside] = np.maximum(light[inside], value)
        side = self.geometry.side["F"]
        current = (light + self.dynamics.background).reshape(side, side)
        self.rate["F"] = noiseless_rate(current, self.dynamics.theta, self.dynamics.tau["F"])

    def _step(self, decay: np.ndarray) -> None:
        for a in ("E", "I"):
            self.rate[a] = noiseless_rate(
                self.current(a), self.dynamics.theta, self.dynamics.tau[a]
            )
        for b, keep in zip(LAYERS, decay, strict=True):
            self.filtered[b] = keep * self.filtered[b] + (np.float32(1.0) - keep) * self.rate[b]

    def parts(self, layer: str) -> dict[str, np.ndarray]:
        """Input current fields of E or I by source layer (Eq. 21)."""
        geometry, dynamics = self.geometry, self.dynamics
        out = {}
        for b in LAYERS:
            share = self._spread[layer, b]
            # Synapses a source sends, times the sources one cell of this grid stands for.
            joined = geometry.size(b) / self.side[b] ** 2
            synapses = geometry.density[layer, b] * self.side[layer] ** 2 * joined
            weight = np.float32(synapses * dynamics.j[layer, b] / math.sqrt(geometry.n))
            out[b] = weight * (share @ self.filtered[b] @ share.T)
        return out

    def current(self, layer: str) -> np.ndarray:
        """Net input current field of E or I."""
        parts = self.parts(layer)
        return parts["F"] + parts["E"] + parts["I"]

    def disc_rate(self, layer: str, x: float, y: float, radius: float) -> float:
        """Mean rate of the cells inside a disc, spikes per ms."""
        cells = inside_disc(self._cells[layer], x, y, radius)
        return float(self.rate[layer].ravel()[cells].mean()) if cells.any() else math.nan
