"""Homogeneous dense balanced network (system S2) and the sparse CUBA network on the same kernel.

Source: 01-ei-balanced-network, Eqs. 1-4 and Fig. 3; Vogels and Abbott (2005) for CUBA.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from backend.spiking.balanced_bits import draw_rows, padded, set_bits, target_mask
from backend.spiking.balanced_events import SpikeEvents
from backend.spiking.balanced_kernel import (
    DRIVE,
    FLOOR,
    FROM_E,
    FROM_I,
    KEEP,
    NO_FLOOR,
    NOISE,
    REST,
    THETA,
    advance_homogeneous,
)
from backend.spiking.balanced_random import fill_uniforms
from backend.spiking.balanced_theory import MeanField, mean_field

LAYERS = ("E", "I")
Check = Callable[[], None]
Progress = Callable[[int, int], None]


def _pair(e: float, i: float) -> np.ndarray:
    return np.array([e, i], float)


def _matrix(ee: float, ei: float, ie: float, ii: float) -> np.ndarray:
    return np.array([[ee, ei], [ie, ii]], float)


@dataclass(frozen=True)
class Dynamics:
    """What may change between two blocks; defaults are Fig. 3. Matrices are [target, source].

    ``charge_scale`` is "plain" (J = j) or "sqrt_n" (J = j / sqrt(N)). ``leak`` (dimensionless,
    1 for a leaky integrator) pulls towards ``rest``; ``exact`` integrates currents exactly over
    a step instead of by Euler's rule.
    """

    dt: float = 0.1
    j: np.ndarray = field(default_factory=lambda: _matrix(0.25, -1.0, 0.4, -1.0))
    divided: bool = False
    f: np.ndarray = field(default_factory=lambda: _pair(3.0, 2.0))
    tau: np.ndarray = field(default_factory=lambda: _pair(15.0, 10.0))
    tau_s: np.ndarray = field(default_factory=lambda: _pair(6.0, 5.0))
    theta: float = 15.0
    vmr_input: float = 0.1
    hard_reset: bool = False
    barrier: bool = False
    leak: float = 0.0
    rest: float = 0.0
    refractory: float = 0.0
    exact: bool = False

    def table(self, n: int) -> np.ndarray:
        """Coefficients of the kernel, shape (2, 8), for ``n`` cells."""
        table = np.zeros((2, 8))
        charge = self.j / np.sqrt(n) if self.divided else self.j
        for a in range(2):
            tau, leak = self.tau[a], self.leak
            rate = leak / tau
            keep = float(np.exp(-rate * self.dt))
            gain = -np.expm1(-rate * self.dt) / leak if leak > 0 else self.dt / tau
            table[a, KEEP] = keep
            table[a, DRIVE] = gain * np.sqrt(n) * self.f[a]
            table[a, REST] = gain * leak * self.rest
            for b, column in ((0, FROM_E), (1, FROM_I)):
                weight = gain
                if self.exact:
                    fast = 1.0 / self.tau_s[b]
                    weight = (keep - np.exp(-fast * self.dt)) / (fast - rate) / tau
                table[a, column] = weight * charge[a, b]
            table[a, NOISE] = np.sqrt(self.vmr_input * self.dt) / tau
            table[a, THETA] = self.theta
            table[a, FLOOR] = 0.0 if self.barrier else NO_FLOOR
        return table

    def theory(self, n: int, q_i: float, p: np.ndarray) -> MeanField:
        """Mean-field numbers of a network with these dynamics."""
        return mean_field(n, q_i, p, self.j, self.f, self.tau, self.theta, self.divided)


@dataclass(frozen=True)
class Wiring:
    """Fixed random connections of ``n`` cells, E first: bit rows, or lists of targets.

    Attributes
    ----------
    bits : uint64, shape (n + 1, words) or (1, 0); the last row is zero.
    pointers, targets : lists of targets, used when ``bits`` has no columns.
    """

    n: int
    n_e: int
    bits: np.ndarray
    pointers: np.ndarray
    targets: np.ndarray

    @property
    def synapses(self) -> int:
        """Number of connections."""
        if self.bits.shape[1] == 0:
            return int(self.pointers[-1])
        return int(np.bitwise_count(self.bits).sum(dtype=np.int64))


def excitatory(n: int, q_i: float) -> int:
    """Number of E cells of a network with a share q_I of inhibitory ones."""
    return n - round(n * q_i)


def wire_dense(
    n: int,
    q_i: float,
    p: np.ndarray,
    seed: int,
    progress: Progress | None = None,
    rows_at_once: int = 128,
) -> Wiring:
    """Independent connections with probability p[target, source], no autapses, as bit rows.

    ``progress(done, total)`` is called after each chunk of rows and may raise to cancel.
    """
    n_e = excitatory(n, q_i)
    size = padded(n)
    bits = np.zeros((n + 1, size // 64), np.uint64)
    words = bits.view(np.uint32)
    masks = (target_mask(size, 0, n_e), target_mask(size, n_e, n))
    whole = target_mask(size, 0, n)
    for first in range(0, n, rows_at_once):
        last = min(first + rows_at_once, n)
        for b, low, high in ((0, first, min(last, n_e)), (1, max(first, n_e), last)):
            if low >= high:
                continue
            if p[0, b] == p[1, b]:
                draw_rows(words[low:high], low, p[0, b], whole, seed, 10)
            else:
                draw_rows(words[low:high], low, p[0, b], masks[0], seed, 10)
                draw_rows(words[low:high], low, p[1, b], masks[1], seed, 11)
        if progress is not None:
            progress(last, n)
    source = np.arange(n)
    width = size // 8
    bits.view(np.uint8)[source, source % width] &= ~(1 << (source // width)).astype(np.uint8)
    return Wiring(n, n_e, bits, np.zeros(1, np.int64), np.zeros(0, np.uint16))


def dense_pairs(wiring: Wiring) -> tuple[np.ndarray, np.ndarray]:
    """All connections as arrays (source, target), int32, for other simulators and exports."""
    size = padded(wiring.n)
    rows = [set_bits(wiring.bits, source, size).astype(np.int32) for source in range(wiring.n)]
    lengths = [len(row) for row in rows]
    return np.repeat(np.arange(wiring.n, dtype=np.int32), lengths), np.concatenate(rows)


def wire_sparse(n: int, n_e: int, p: float, seed: int) -> Wiring:
    """Independent connections with a small probability, as lists of targets; no autapses."""
    rng = np.random.default_rng(seed)
    rows = []
    for source in range(n):
        hits = np.flatnonzero(rng.random(n) < p)
        rows.append(hits[hits != source].astype(np.uint16))
    pointers = np.zeros(n + 1, np.int64)
    pointers[1:] = np.cumsum([len(row) for row in rows])
    return Wiring(n, n_e, np.zeros((1, 0), np.uint64), pointers, np.concatenate(rows))


class HomogeneousNetwork:
    """A network that can be advanced by any number of steps and changed in between.

    The same seed gives the same spikes however the steps are divided among calls.
    """

    def __init__(self, wiring: Wiring, dynamics: Dynamics, seed: int) -> None:
        self.wiring = wiring
        self.dynamics = dynamics
        self.seed = seed
        self.step = 0
        self.saturated = 0
        size = padded(wiring.n)
        uniform = np.empty(size, np.float64)
        fill_uniforms(uniform, seed, 2, 0)
        self.v = (uniform * dynamics.theta).astype(np.float32)
        self.v[wiring.n :] = 0.0
        self.g_e = np.zeros(size, np.float32)
        self.g_i = np.zeros(size, np.float32)
        self.wait = np.zeros(size, np.int16)

    def change(self, **values: object) -> None:
        """Take new values of :class:`Dynamics` from the next step on; v and g stay."""
        self.dynamics = replace(self.dynamics, **values)  # type: ignore[arg-type]

    def advance(self, mean: np.ndarray) -> SpikeEvents:
        """Make one step per element of ``mean`` (mu_F at the start of the step)."""
        dynamics, wiring = self.dynamics, self.wiring
        table = dynamics.table(wiring.n)
        room = max(4 * wiring.n, 1 << 16)
        parts: list[tuple[np.ndarray, np.ndarray]] = []
        done = 0
        steps, index = np.empty(room, np.int64), np.empty(room, np.int32)
        while done < len(mean):
            made, n_events, saturated = advance_homogeneous(
                self.v, self.g_e, self.g_i, self.wait, wiring.n_e, wiring.n, table,
                np.exp(-dynamics.dt / dynamics.tau_s), 1.0 / dynamics.tau_s,
                round(dynamics.refractory / dynamics.dt), dynamics.hard_reset,
                mean[done:], self.seed, self.step, wiring.bits, wiring.pointers, wiring.targets,
                steps, index,
            )  # fmt: skip
            parts.append((steps[:n_events].copy(), index[:n_events].copy()))
            self.step += made
            self.saturated += saturated
            done += made
        step = np.concatenate([part[0] for part in parts]) if parts else np.empty(0, np.int64)
        cell = np.concatenate([part[1] for part in parts]) if parts else np.empty(0, np.int32)
        layer = (cell >= wiring.n_e).astype(np.uint8)
        cell = cell - np.where(layer == 1, np.int32(wiring.n_e), np.int32(0))
        return SpikeEvents(step, layer, cell.astype(np.int32), dynamics.dt, LAYERS)

    def voltages(self, layer: str) -> np.ndarray:
        """Voltages of one population (a view)."""
        n_e, n = self.wiring.n_e, self.wiring.n
        return self.v[:n_e] if layer == "E" else self.v[n_e:n]

    def currents(self, layer: str, mean: float) -> dict[str, float]:
        """Mean currents into a population now: F, E, I and net, in the units of Eq. 1."""
        n_e, n = self.wiring.n_e, self.wiring.n
        a, part = (0, slice(0, n_e)) if layer == "E" else (1, slice(n_e, n))
        d = self.dynamics
        charge = d.j / np.sqrt(n) if d.divided else d.j
        drive = float(np.sqrt(n) * d.f[a] * mean)
        from_e = float(charge[a, 0] * self.g_e[part].mean(dtype=np.float64))
        from_i = float(charge[a, 1] * self.g_i[part].mean(dtype=np.float64))
        return {"F": drive, "E": from_e, "I": from_i, "net": drive + from_e + from_i}


def cuba_network(n: int = 4000, p: float = 0.02, seed: int = 0) -> HomogeneousNetwork:
    """The current-based network of Vogels and Abbott (2005); voltages are relative to the reset.

    tau 20 ms, E_L -49 mV, threshold -50 mV, reset -60 mV, refractory 5 ms, tau_e 5 ms, tau_i 10 ms,
    1.62 mV and -9 mV a spike (on a synaptic voltage, so J = weight times tau_s), n p inputs a cell.
    """
    n_e = excitatory(n, 0.2)
    wiring = wire_sparse(n, n_e, p, seed)
    dynamics = Dynamics(
        dt=0.1, j=_matrix(1.62 * 5.0, -9.0 * 10.0, 1.62 * 5.0, -9.0 * 10.0), f=_pair(0.0, 0.0),
        tau=_pair(20.0, 20.0), tau_s=_pair(5.0, 10.0), theta=10.0, vmr_input=0.0,
        hard_reset=True, leak=1.0, rest=11.0, refractory=5.0, exact=True,
    )  # fmt: skip
    return HomogeneousNetwork(wiring, dynamics, seed)
