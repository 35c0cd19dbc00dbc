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

from backend.core.parameters import ParameterError, show_number
from backend.spiking.balanced_events import SpikeEvents
from backend.spiking.balanced_homogeneous import LAYERS, Dynamics, Wiring, dense_pairs
from backend.stimuli.traces import Trace

LARGEST = 4000
"""Most cells this engine takes: Brian2 needs about 30 bytes a synapse and a third of real time."""

EQUATIONS = """
dv/dt = (drive*mu + j_e*g_e + j_i*g_i)/tau + spread*sqrt(mu)*xi : 1
dg_e/dt = -g_e/tau_e : 1
dg_i/dt = -g_i/tau_i : 1
mu : 1 (shared)
drive : 1 (constant)
j_e : 1 (constant)
j_i : 1 (constant)
tau : second (constant)
spread : Hz**0.5 (constant)
"""


def refuse_large(n: int) -> None:
    """ParameterError for a network this engine should not be asked to run."""
    if n > LARGEST:
        raise ParameterError(
            "n",
            f"Brian2 takes up to {show_number(LARGEST)} neurons here; {show_number(n)} were "
            "given. Use fewer, or the Isomorph engine.",
            LARGEST,
        )


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
        self._build(brian2)

    def _build(self, b2: Any) -> None:
        d, wiring = self.dynamics, self.wiring
        group = b2.NeuronGroup(
            wiring.n, EQUATIONS, threshold="v >= theta",
            reset="v = 0" if d.hard_reset else "v -= theta", method="euler",
            namespace={
                "theta": d.theta, "tau_e": d.tau_s[0] * b2.ms, "tau_i": d.tau_s[1] * b2.ms,
            },
        )  # fmt: skip
        layer = (np.arange(wiring.n) >= wiring.n_e).astype(int)
        charge = d.j / np.sqrt(wiring.n) if d.divided else d.j
        group.drive = np.sqrt(wiring.n) * d.f[layer]
        group.j_e, group.j_i = charge[layer, 0], charge[layer, 1]
        group.tau = d.tau[layer] * b2.ms
        group.spread = np.sqrt(d.vmr_input) / d.tau[layer] / b2.ms**0.5
        group.v = np.random.default_rng(self.seed).random(wiring.n) * d.theta
        source, target = dense_pairs(wiring)
        self._group = group
        self._parts = [group]
        for name, low, high, tau in (
            ("g_e", 0, wiring.n_e, d.tau_s[0]), ("g_i", wiring.n_e, wiring.n, d.tau_s[1]),
        ):  # fmt: skip
            synapses = b2.Synapses(group, group, on_pre=f"{name}_post += {float(1.0 / tau)!r}")
            mine = (source >= low) & (source < high)
            synapses.connect(i=source[mine], j=target[mine])
            self._parts.append(synapses)
        self._monitor = b2.SpikeMonitor(group)
        # The input changes from step to step, as in our kernel.
        self._input = b2.NetworkOperation(self._set_input, when="start")
        self._network = b2.Network(*self._parts, self._monitor, self._input)
        self._seen = 0
        self._ms = b2.ms

    def _set_input(self, t: Any) -> None:
        step = round(float(t / self._ms) / self.dynamics.dt)
        self._group.mu = float(self.trace.values(step, 1, self.dynamics.dt)[0])

    def advance(self, steps: int) -> SpikeEvents:
        """Run some steps; returns their spikes."""
        self._network.run(steps * self.dynamics.dt * self._ms)
        index = np.asarray(self._monitor.i)[self._seen :].astype(np.int32)
        t = np.asarray(self._monitor.t / self._ms)[self._seen :]
        self._seen += len(index)
        self.step += steps
        step = np.round(t / self.dynamics.dt).astype(np.int64)
        layer = (index >= self.wiring.n_e).astype(np.uint8)
        cell = index - np.where(layer == 1, np.int32(self.wiring.n_e), np.int32(0))
        return SpikeEvents(step, layer, cell.astype(np.int32), self.dynamics.dt, LAYERS)

    def blocks(self, steps: int, at_once: int) -> Iterator[SpikeEvents]:
        """Stretches of a run, for streaming."""
        for first in range(0, steps, at_once):
            yield self.advance(min(at_once, steps - first))

    @property
    def voltages(self) -> np.ndarray:
        """Voltages of all cells, E first."""
        return np.asarray(self._group.v)
