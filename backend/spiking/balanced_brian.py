"""The homogeneous network in Brian2: a cross-check of our kernel on the very same connections.

Brian2 keeps process-wide state and holds the interpreter lock, so this runs in the main thread of
a child process of its own; nothing of Brian2 is imported before.

Source: 01-ei-balanced-network, section 2.3 of the spec.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.spiking.balanced_events import SpikeEvents
from backend.spiking.balanced_homogeneous import LAYERS, Dynamics, Wiring, dense_pairs
from backend.stimuli.traces import Trace

EQUATIONS = """
dv/dt = (drive*mu + j_e*g_e + j_i*g_i)/tau + spread*sqrt(mu)*xi : 1
dg_e/dt = -g_e/tau_e : 1
dg_i/dt = -g_i/tau_i : 1
mu : 1 (shared)
theta : 1 (shared)
kept : 1 (shared)
charge_e : 1 (shared)
charge_i : 1 (shared)
tau_e : second (shared)
tau_i : second (shared)
drive : 1
j_e : 1
j_i : 1
tau : second
spread : Hz**0.5
"""
RESET = "v = kept*(v - theta)"


def has_compiler() -> bool:
    """True when a C compiler is found, so that Brian2's Cython target can be used."""
    import shutil

    return any(shutil.which(name) for name in ("cc", "gcc", "clang", "cl"))


@dataclass
class BrianEngine:
    """One Brian2 network; make it once per process and advance it in blocks.

    Attributes
    ----------
    target : "cython" or "numpy", what Brian2 compiles to.
    """

    wiring: Wiring
    dynamics: Dynamics
    trace: Trace
    seed: int
    target: str = ""

    def __post_init__(self) -> None:
        import brian2

        self.target = self.target or ("cython" if has_compiler() else "numpy")
        brian2.prefs.codegen.target = self.target
        brian2.BrianLogger.suppress_name("method_choice")
        brian2.seed(self.seed)
        brian2.defaultclock.dt = self.dynamics.dt * brian2.ms
        self.step = 0
        self.first_step = 0
        self._ms = brian2.ms
        self._build(brian2)

    def _build(self, b2: Any) -> None:
        wiring = self.wiring
        group = b2.NeuronGroup(
            wiring.n, EQUATIONS, threshold="v >= theta", reset=RESET, method="euler"
        )
        self._group = group
        self.change(self.dynamics)
        group.v = np.random.default_rng(self.seed).random(wiring.n) * self.dynamics.theta
        source, target = dense_pairs(wiring)
        parts = [group]
        for layer, low, high in (("e", 0, wiring.n_e), ("i", wiring.n_e, wiring.n)):
            synapses = b2.Synapses(group, group, on_pre=f"g_{layer}_post += charge_{layer}_post")
            mine = (source >= low) & (source < high)
            synapses.connect(i=source[mine], j=target[mine])
            parts.append(synapses)
        self._monitor = b2.SpikeMonitor(group)
        # The input changes from step to step, as in our kernel.
        self._input = b2.NetworkOperation(self._set_input, when="start")
        self._network = b2.Network(*parts, self._monitor, self._input)
        self._seen = 0

    def change(self, dynamics: Dynamics) -> None:
        """Take new dynamics (all but the step); voltages and currents stay."""
        self.dynamics = dynamics
        group, n, ms = self._group, self.wiring.n, self._ms
        layer = (np.arange(n) >= self.wiring.n_e).astype(int)
        charge = dynamics.j / np.sqrt(n) if dynamics.divided else dynamics.j
        group.theta, group.kept = dynamics.theta, 0.0 if dynamics.hard_reset else 1.0
        group.tau_e, group.tau_i = dynamics.tau_s * ms
        group.charge_e, group.charge_i = 1.0 / dynamics.tau_s
        group.drive = np.sqrt(n) * dynamics.f[layer]
        group.j_e, group.j_i = charge[layer, 0], charge[layer, 1]
        group.tau = dynamics.tau[layer] * ms
        group.spread = np.sqrt(dynamics.vmr_input) / dynamics.tau[layer] / ms**0.5

    def _set_input(self, t: Any) -> None:
        step = self.first_step + round(float(t / self._ms) / self.dynamics.dt)
        self._group.mu = float(self.trace.values(step, 1, self.dynamics.dt)[0])

    def advance(self, steps: int) -> SpikeEvents:
        """Run some steps; returns their spikes."""
        self._network.run(steps * self.dynamics.dt * self._ms)
        index = np.asarray(self._monitor.i)[self._seen :].astype(np.int32)
        t = np.asarray(self._monitor.t / self._ms)[self._seen :]
        self._seen += len(index)
        self.step += steps
        step = self.first_step + np.round(t / self.dynamics.dt).astype(np.int64)
        layer = (index >= self.wiring.n_e).astype(np.uint8)
        cell = index - np.where(layer == 1, np.int32(self.wiring.n_e), np.int32(0))
        return SpikeEvents(step, layer, cell.astype(np.int32), self.dynamics.dt, LAYERS)

    def currents(self, mean: float) -> dict[str, dict[str, float]]:
        """Mean currents into E and I now: F, E, I and net."""
        d, n = self.dynamics, self.wiring.n
        charge = d.j / np.sqrt(n) if d.divided else d.j
        g = np.asarray(self._group.g_e), np.asarray(self._group.g_i)
        out = {}
        for a, (name, part) in enumerate(
            (("E", slice(0, self.wiring.n_e)), ("I", slice(self.wiring.n_e, n)))
        ):
            drive = float(np.sqrt(n) * d.f[a] * mean)
            from_e, from_i = (float(charge[a, b] * g[b][part].mean()) for b in range(2))
            out[name] = {"F": drive, "E": from_e, "I": from_i, "net": drive + from_e + from_i}
        return out

    def blocks(self, steps: int, at_once: int) -> Iterator[SpikeEvents]:
        """Stretches of a run, for streaming."""
        for first in range(0, steps, at_once):
            yield self.advance(min(at_once, steps - first))

    @property
    def voltages(self) -> np.ndarray:
        """Voltages of all cells, E first."""
        return np.asarray(self._group.v)
