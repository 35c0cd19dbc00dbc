"""Uncoupled population with prescribed noise (system S1) and its Fokker-Planck density.

Source: 01-ei-balanced-network, Eqs. 1, 11-19 and Fig. 2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from backend.spiking.balanced_events import SpikeEvents
from backend.spiking.balanced_kernel import NO_FLOOR, list_spikes
from backend.spiking.balanced_random import fill_normals, fill_uniforms

GRID_POINTS = 400


@njit(nogil=True, cache=True, error_model="numpy")
def _advance(
    v: np.ndarray,
    n: int,
    drift: np.ndarray,
    spread: np.ndarray,
    theta: float,
    floor: float,
    hard: bool,
    seed: int,
    first_step: int,
    out_step: np.ndarray,
    out_index: np.ndarray,
) -> tuple[int, int, int]:
    """v <- v + drift + spread xi for every step; returns (steps done, spikes, saturated)."""
    noise = np.zeros(v.shape[0], np.float32)
    fired = np.zeros(v.shape[0], np.uint8)
    back = 0.0 if hard else 1.0
    n_events = 0
    saturated = 0
    for k in range(drift.shape[0]):
        if n_events + n > out_index.shape[0]:
            return k, n_events, saturated
        if spread[k] > 0.0:
            fill_normals(noise, seed, 1, first_step + k)
        for i in range(n):
            x = v[i] + drift[k] + spread[k] * noise[i]
            spike = x >= theta
            after = back * (x - theta)
            x = after if spike else x
            saturated += x >= theta
            v[i] = x if x > floor else floor
            fired[i] = spike
        start = n_events
        n_events = list_spikes(fired, out_index, start, n)
        for m in range(start, n_events):
            out_step[m] = first_step + k
    return drift.shape[0], n_events, saturated


@dataclass(frozen=True)
class PopulationDynamics:
    """What may change between two blocks; defaults are Fig. 2.

    ``beta`` is the variance-to-mean ratio; with ``constant_sigma`` the noise is ``sigma`` instead.
    """

    dt: float = 0.001
    tau: float = 1.0
    theta: float = 1.0
    beta: float = 1.0
    sigma: float = 1.0
    constant_sigma: bool = False
    hard_reset: bool = False
    barrier: bool = False

    def variance(self, mean: np.ndarray) -> np.ndarray:
        """sigma^2 for every value of the mean input."""
        if self.constant_sigma:
            return np.full_like(mean, self.sigma**2)
        return self.beta * np.maximum(mean, 0.0)


class UncoupledPopulation:
    """Particles of Eq. 1; the same seed gives the same spikes however a run is cut."""

    layers = ("P",)

    def __init__(self, n: int, dynamics: PopulationDynamics, seed: int) -> None:
        self.n = n
        self.dynamics = dynamics
        self.seed = seed
        self.step = 0
        self.saturated = 0
        # Noise comes in pairs and spikes are listed eight cells at a time.
        self.v = np.zeros(-(-n // 16) * 16)
        fill_uniforms(self.v[:n], seed, 2, 0)
        self.v[:n] *= dynamics.theta

    def change(self, **values: object) -> None:
        """Take new values of :class:`PopulationDynamics`; voltages stay."""
        self.dynamics = replace(self.dynamics, **values)  # type: ignore[arg-type]

    def advance(self, mean: np.ndarray) -> SpikeEvents:
        """Make one step per element of ``mean`` (mu at the start of the step)."""
        d = self.dynamics
        drift = mean * (d.dt / d.tau)
        spread = np.sqrt(d.variance(mean) * d.dt) / d.tau
        floor = 0.0 if d.barrier else NO_FLOOR
        room = max(4 * self.n, 1 << 16)
        steps, index = np.empty(room, np.int64), np.empty(room, np.int32)
        parts: list[tuple[np.ndarray, np.ndarray]] = []
        done = 0
        while done < len(mean):
            made, n_events, saturated = _advance(
                self.v, self.n, drift[done:], spread[done:], d.theta, floor, d.hard_reset,
                self.seed, self.step, steps, index,
            )  # fmt: skip
            parts.append((steps[:n_events].copy(), index[:n_events].copy()))
            self.step += made
            self.saturated += saturated
            done += made
        step = np.concatenate([part[0] for part in parts]) if parts else np.empty(0, np.int64)
        cell = np.concatenate([part[1] for part in parts]) if parts else np.empty(0, np.int32)
        return SpikeEvents(step, np.zeros(len(step), np.uint8), cell, d.dt, self.layers)

    def voltages(self) -> np.ndarray:
        """Voltages now (a view)."""
        return self.v[: self.n]


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _bernoulli(x: float) -> float:
    """x / (exp(x) - 1), the weight of an exponentially fitted flux."""
    if abs(x) < 1e-6:
        return 1.0 - 0.5 * x
    return x / np.expm1(x)


@njit(nogil=True, cache=True, error_model="numpy")
def _solve_density(
    p: np.ndarray,
    h: float,
    reset: int,
    drift: np.ndarray,
    diffusion: np.ndarray,
    dt: float,
    rate: np.ndarray,
) -> None:
    """Implicit steps of the density, in place; ``rate`` receives the flux through threshold.

    Cell masses p; exponentially fitted fluxes, so the stationary solution is exact and p stays
    positive. The re-injected flux couples the last cell to the reset cells: a rank-one term,
    solved with the tridiagonal rest by the Sherman-Morrison formula.
    """
    n = p.shape[0]
    upper = np.empty(n)
    y = np.empty(n)
    z = np.empty(n)
    for k in range(drift.shape[0]):
        d = max(diffusion[k], 1e-12)
        peclet = drift[k] * h / d
        right = dt * d / h**2 * _bernoulli(-peclet)
        left = dt * d / h**2 * _bernoulli(peclet)
        out = dt * 2.0 * d / h**2 * _bernoulli(-0.5 * peclet)
        for i in range(n):
            inject = 0.0
            if reset > 0 and (i == reset or i == reset - 1):
                inject = -0.5 * out
            elif reset == 0 and i == 0:
                inject = -out
            below = -right if i > 0 else 0.0
            above = -left if i < n - 1 else 0.0
            centre = 1.0 + (right if i < n - 1 else out) + (left if i > 0 else 0.0)
            if i > 0:
                centre -= below * upper[i - 1]
                y[i] = (p[i] - below * y[i - 1]) / centre
                z[i] = (inject - below * z[i - 1]) / centre
            else:
                y[i] = p[i] / centre
                z[i] = inject / centre
            upper[i] = above / centre
        for i in range(n - 2, -1, -1):
            y[i] -= upper[i] * y[i + 1]
            z[i] -= upper[i] * z[i + 1]
        share = y[n - 1] / (1.0 + z[n - 1])
        for i in range(n):
            p[i] = y[i] - z[i] * share
        rate[k] = out * p[n - 1] / dt


class FokkerPlanck:
    """Time-dependent density of an infinite uncoupled population on 400 cells (Eqs. 11-15).

    Parameters
    ----------
    theta, tau : threshold, membrane constant (ms).
    lower : lowest voltage of the grid, at most 0; 0 is a reflecting barrier at the reset.
    """

    def __init__(self, theta: float, tau: float, lower: float) -> None:
        self.theta = theta
        self.tau = tau
        inside = max(8, round(GRID_POINTS * theta / (theta - lower)))
        below = GRID_POINTS - inside if lower < 0.0 else 0
        self.h = theta / inside
        self.reset = below
        self.v = (np.arange(below + inside) - below + 0.5) * self.h
        self.mass = np.where(self.v > 0, 1.0 / inside, 0.0)

    @classmethod
    def of(cls, dynamics: PopulationDynamics, smallest_mean: float = 1.0) -> FokkerPlanck:
        """A grid deep enough for these dynamics at the smallest mean input."""
        variance = dynamics.variance(np.array([smallest_mean]))[0]
        depth = 8.0 * variance / (2.0 * dynamics.tau * max(smallest_mean, 1e-9))
        lower = 0.0 if dynamics.barrier else -float(np.clip(depth, dynamics.theta, 20.0))
        return cls(dynamics.theta, dynamics.tau, lower)

    def adopt(self, other: FokkerPlanck) -> None:
        """Take over another solver's density on this grid."""
        mass = np.interp(self.v, other.v, other.density, left=0.0, right=0.0)
        if mass.sum() > 0.0:
            self.mass = mass / mass.sum()

    def advance(self, mean: np.ndarray, variance: np.ndarray, dt: float) -> np.ndarray:
        """Make one implicit step per element; returns the population rate (spikes per ms)."""
        rate = np.empty(len(mean))
        _solve_density(
            self.mass, self.h, self.reset, mean / self.tau,
            variance / (2.0 * self.tau**2), dt, rate,
        )  # fmt: skip
        return rate

    @property
    def density(self) -> np.ndarray:
        """p(v, t) at the cell centres ``v``."""
        return self.mass / self.h
