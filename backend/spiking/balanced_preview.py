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
from numba import njit

from backend.spiking.balanced_spatial import SpatialDynamics
from backend.spiking.balanced_wiring import LAYERS, PAIRS, Geometry, positions
from backend.stimuli.camera import RIM, Discs, inside_disc

NEGLIGIBLE = 1e-6
"""Shares of a source's connections below this are left out of the products."""
CEILING = np.float32(100.0)
"""Highest rate in spikes per ms: without inhibition the linear fields would grow without end."""


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


@njit(nogil=True, cache=True)
def _add_convolved(
    out: np.ndarray,
    share: np.ndarray,
    band: np.ndarray,
    field: np.ndarray,
    rows: np.ndarray,
    weight: np.float32,
) -> None:
    """Transposed out += (weight share field share^T)^T.

    Both products add whole rows, scaled, for the few sources of a target's ``band``; transposing
    in between lets the second one do so too. ``rows`` (sources, targets) is scratch.
    """
    targets, sources = share.shape
    line = np.empty(sources, np.float32)
    for i in range(targets):
        line[:] = np.float32(0.0)
        for k in range(band[i, 0], band[i, 1]):
            factor = share[i, k] * weight
            for j in range(sources):
                line[j] += factor * field[k, j]
        for j in range(sources):
            rows[j, i] = line[j]
    for i in range(targets):
        for k in range(band[i, 0], band[i, 1]):
            factor = share[i, k]
            for j in range(targets):
                out[i, j] += factor * rows[k, j]


def band_of(share: np.ndarray) -> np.ndarray:
    """First and last (exclusive) source that matters for each target, (targets, 2)."""
    matters = share > 0.0
    first = matters.argmax(axis=1)
    last = share.shape[1] - matters[:, ::-1].argmax(axis=1)
    return np.ascontiguousarray(np.column_stack([first, last]))


@njit(nogil=True, cache=True, inline="always")
def _mean_inside(field: np.ndarray, x: float, y: float, radius: float) -> float:
    """Mean of a field over the cells inside a disc, NaN when there is none."""
    side = field.shape[0]
    total, count = 0.0, 0
    for i in range(side):
        dy = (i + 0.5) / side - y
        for j in range(side):
            dx = (j + 0.5) / side - x
            if dx * dx + dy * dy <= (radius + RIM) ** 2:
                total += field[i, j]
                count += 1
    return total / count if count else np.nan


@njit(nogil=True, cache=True, inline="always")
def _light(
    rate: np.ndarray, discs: np.ndarray, radius: float, background: float, gain: float
) -> None:
    """Rate of the camera under discs; where they overlap the brighter one counts."""
    side = rate.shape[0]
    for i in range(side):
        y = (i + 0.5) / side
        for j in range(side):
            x = (j + 0.5) / side
            light = 0.0
            for d in range(discs.shape[0]):
                dx, dy = x - discs[d, 0], y - discs[d, 1]
                if dx * dx + dy * dy <= (radius + RIM) ** 2:
                    light = max(light, discs[d, 2])
            rate[i, j] = min(max((light + background) * gain, 0.0), CEILING)


@njit(nogil=True, cache=True, inline="always")
def _answer(rate: np.ndarray, current: np.ndarray, gain: np.float32) -> None:
    """r = I / (theta tau) for I > 0, else 0 (Eq. 6); the current is transposed."""
    for i in range(rate.shape[0]):
        for j in range(rate.shape[1]):
            rate[i, j] = min(max(current[j, i] * gain, np.float32(0.0)), CEILING)


@njit(nogil=True, cache=True, inline="always")
def _filter(filtered: np.ndarray, rate: np.ndarray, keep: np.float32) -> None:
    """First-order synaptic filter."""
    for i in range(rate.shape[0]):
        for j in range(rate.shape[1]):
            filtered[i, j] = keep * filtered[i, j] + (np.float32(1.0) - keep) * rate[i, j]


@njit(nogil=True, cache=True, error_model="numpy")
def _advance(
    rates: tuple[np.ndarray, ...],
    filtered: tuple[np.ndarray, ...],
    shares: tuple[np.ndarray, ...],
    bands: tuple[np.ndarray, ...],
    weights: np.ndarray,
    gains: np.ndarray,
    decays: np.ndarray,
    background: float,
    inner: int,
    track: np.ndarray,
    radius: float,
    read: np.ndarray,
) -> None:
    """Make len(read) steps; ``track`` (2 steps, discs, 3) holds the start and middle of each.

    ``read`` (steps, 3) receives the mean rates of F, E and I inside the first disc.
    """
    rate_f, rate_e, rate_i = rates
    into_e, into_i = np.zeros_like(rate_e), np.zeros_like(rate_i)
    rows = (
        np.empty((rate_f.shape[0], rate_e.shape[0]), np.float32),
        np.empty((rate_f.shape[0], rate_i.shape[0]), np.float32),
        np.empty((rate_e.shape[0], rate_e.shape[0]), np.float32),
        np.empty((rate_e.shape[0], rate_i.shape[0]), np.float32),
        np.empty((rate_i.shape[0], rate_e.shape[0]), np.float32),
        np.empty((rate_i.shape[0], rate_i.shape[0]), np.float32),
    )
    for k in range(read.shape[0]):
        _light(rate_f, track[2 * k], radius, background, gains[0])
        for _ in range(inner):
            into_e[:] = 0.0
            into_i[:] = 0.0
            for pair in range(6):
                into = into_e if pair % 2 == 0 else into_i
                _add_convolved(
                    into,
                    shares[pair],
                    bands[pair],
                    filtered[pair // 2],
                    rows[pair],
                    np.float32(weights[pair]),
                )
            _answer(rate_e, into_e, np.float32(gains[1]))
            _answer(rate_i, into_i, np.float32(gains[2]))
            for b in range(3):
                _filter(filtered[b], rates[b], np.float32(decays[b]))
        x, y = track[2 * k + 1, 0, 0], track[2 * k + 1, 0, 1]
        read[k, 0] = _mean_inside(rate_f, x, y, radius)
        read[k, 1] = _mean_inside(rate_e, x, y, radius)
        read[k, 2] = _mean_inside(rate_i, x, y, radius)


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
        shares = []
        for a, b in PAIRS:
            share = spread(self.side[b], self.side[a], geometry.deviation(b)).astype(np.float32)
            shares.append(np.where(share < NEGLIGIBLE, np.float32(0.0), share))
        self._shares = tuple(shares)
        self._bands = tuple(band_of(share) for share in shares)
        self.rate = {b: np.zeros((self.side[b],) * 2, np.float32) for b in LAYERS}
        self.filtered = {b: np.zeros((self.side[b],) * 2, np.float32) for b in LAYERS}

    def change(self, dynamics: SpatialDynamics) -> None:
        """Take new dynamics; the fields stay."""
        self.dynamics = dynamics

    def _weights(self) -> np.ndarray:
        """Weight of each pair's convolution: synapses a source sends, times its charge (Eq. 21).

        One cell of this grid stands for several cells of the network's.
        """
        geometry, dynamics = self.geometry, self.dynamics
        out = []
        for a, b in PAIRS:
            joined = geometry.size(b) / self.side[b] ** 2
            synapses = geometry.density[a, b] * self.side[a] ** 2 * joined
            out.append(synapses * dynamics.j[a, b] / math.sqrt(geometry.n))
        return np.array(out)

    def advance(self, steps: int) -> np.ndarray:
        """Make some steps of the dynamics' dt.

        Returns the mean rates of F, E and I inside the first disc in the middle of each step,
        shape (steps, 3), spikes per ms.
        """
        dynamics = self.dynamics
        tau_s = dynamics.synaptic()
        inner = max(1, math.ceil(dynamics.dt / (self.inner_share * tau_s.min())))
        read = np.empty((steps, 3))
        _advance(
            tuple(self.rate[b] for b in LAYERS), tuple(self.filtered[b] for b in LAYERS),
            self._shares, self._bands, self._weights(),
            np.array([1.0 / (dynamics.theta * dynamics.tau[b]) for b in LAYERS]),
            np.exp(-dynamics.dt / inner / tau_s), dynamics.background, inner,
            self.stimulus.track(2 * self.step, 2 * steps, 0.5 * dynamics.dt),
            self.stimulus.radius, read,
        )  # fmt: skip
        self.step += steps
        return read

    def disc_rate(self, layer: str, x: float, y: float, radius: float) -> float:
        """Mean rate of the cells inside a disc now, spikes per ms."""
        cells = inside_disc(positions(self.side[layer]), x, y, radius)
        return float(self.rate[layer].ravel()[cells].mean()) if cells.any() else math.nan
