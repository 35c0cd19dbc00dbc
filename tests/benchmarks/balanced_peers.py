"""The peers of the balanced-network benchmark, each in a process of its own.

``python tests/benchmarks/balanced_peers.py ENGINE NETWORK N WINDOW_MS REPEATS`` prints one line:
{"speeds": [simulated seconds per second, ...], "rate_e": Hz, "rate_i": Hz}. ENGINE is isomorph,
brian2 or nest; NETWORK is s2 or cuba. All use the same connections, step and one thread; compiling
and building are done before the clock starts.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[2]))

MEAN = 0.1
SEED = 0
SETTLE_MS = 200.0


def timed(
    advance: Callable[[float], None], window: float, repeats: int, counts: Callable[[], np.ndarray]
) -> tuple[list[float], np.ndarray]:
    """Speeds of ``repeats`` windows after settling, and spikes of E and I in all of them."""
    advance(SETTLE_MS)
    before = counts()
    speeds = []
    for _ in range(repeats):
        began = time.perf_counter()
        advance(window)
        speeds.append(window / 1000.0 / (time.perf_counter() - began))
    return speeds, counts() - before


def s2_network(n: int) -> Any:
    """Our network with the wiring that all engines use."""
    from backend.spiking.balanced_homogeneous import Dynamics, HomogeneousNetwork, wire_dense

    return HomogeneousNetwork(wire_dense(n, 0.2, np.full((2, 2), 0.25), SEED), Dynamics(), SEED)


def isomorph(network: str, n: int, window: float, repeats: int) -> tuple[list[float], np.ndarray]:
    """Our kernel."""
    from backend.spiking.balanced_homogeneous import cuba_network

    ours = s2_network(n) if network == "s2" else cuba_network(n, 80.0 / n, SEED)
    mean = MEAN if network == "s2" else 0.0
    total = np.zeros(2)

    def advance(duration: float) -> None:
        events = ours.advance(np.full(round(duration / 0.1), mean))
        total[:] += np.bincount(events.layer, minlength=2)

    ours.advance(np.full(1, mean))
    return timed(advance, window, repeats, total.copy)


def brian2(network: str, n: int, window: float, repeats: int) -> tuple[list[float], np.ndarray]:
    """Brian2 with its Cython target."""
    if network == "s2":
        from backend.spiking.balanced_brian import BrianEngine
        from backend.stimuli.traces import Trace

        ours = s2_network(n)
        engine = BrianEngine(ours.wiring, ours.dynamics, Trace("constant", base=MEAN), SEED)
        total = np.zeros(2)

        def advance(duration: float) -> None:
            events = engine.advance(round(duration / 0.1))
            total[:] += np.bincount(events.layer, minlength=2)

        advance(1.0)
        return timed(advance, window, repeats, total.copy)
    return brian2_cuba(n, window, repeats)


def brian2_cuba(n: int, window: float, repeats: int) -> tuple[list[float], np.ndarray]:
    """The CUBA network as Brian2's own example has it, on our connections."""
    import brian2 as b2

    from backend.spiking.balanced_homogeneous import cuba_network

    ours = cuba_network(n, 80.0 / n, SEED)
    b2.prefs.codegen.target = "cython"
    b2.defaultclock.dt = 0.1 * b2.ms
    equations = """
    dv/dt  = (ge + gi - (v - el)) / taum : volt (unless refractory)
    dge/dt = -ge / taue : volt
    dgi/dt = -gi / taui : volt
    """
    group = b2.NeuronGroup(
        n, equations, threshold="v > vt", reset="v = vr", refractory=5 * b2.ms, method="exact",
        namespace={
            "taum": 20 * b2.ms, "taue": 5 * b2.ms, "taui": 10 * b2.ms,
            "vt": -50 * b2.mV, "vr": -60 * b2.mV, "el": -49 * b2.mV,
        },
    )  # fmt: skip
    group.v = (ours.v[:n].astype(float) - 60.0) * b2.mV
    source, target = pairs(ours.wiring)
    parts = [group]
    for action, low, high in (
        ("ge += 1.62*mV", 0, ours.wiring.n_e), ("gi -= 9*mV", ours.wiring.n_e, n),
    ):  # fmt: skip
        synapses = b2.Synapses(group, group, on_pre=action)
        mine = (source >= low) & (source < high)
        synapses.connect(i=source[mine], j=target[mine])
        parts.append(synapses)
    monitor = b2.SpikeMonitor(group)
    simulation = b2.Network(*parts, monitor)
    simulation.run(1 * b2.ms)

    def counts() -> np.ndarray:
        spikes = np.asarray(monitor.count)
        return np.array([spikes[: ours.wiring.n_e].sum(), spikes[ours.wiring.n_e :].sum()], float)

    return timed(lambda duration: simulation.run(duration * b2.ms), window, repeats, counts)


def nest(network: str, n: int, window: float, repeats: int) -> tuple[list[float], np.ndarray]:
    """NEST's exact integrator of the CUBA network."""
    import nest as simulator

    from backend.spiking.balanced_homogeneous import cuba_network

    if network != "cuba":
        raise SystemExit("NEST runs the CUBA network only.")
    ours = cuba_network(n, 80.0 / n, SEED)
    simulator.set_verbosity("M_ERROR")
    simulator.ResetKernel()
    simulator.SetKernelStatus({"resolution": 0.1, "local_num_threads": 1, "rng_seed": 1})
    # A membrane of 20 pF and 20 ms has 1 gigaohm: picoamperes are millivolts.
    cells = simulator.Create(
        "iaf_psc_exp", n,
        {
            "C_m": 20.0, "tau_m": 20.0, "tau_syn_ex": 5.0, "tau_syn_in": 10.0, "t_ref": 5.0,
            "E_L": -49.0, "V_th": -50.0, "V_reset": -60.0, "I_e": 0.0,
        },
    )  # fmt: skip
    cells.V_m = (ours.v[:n].astype(float) - 60.0).tolist()
    source, target = pairs(ours.wiring)
    weight = np.where(source < ours.wiring.n_e, 1.62, -9.0)
    simulator.Connect(
        source + 1, target + 1, "one_to_one",
        {"weight": weight, "delay": np.full(len(weight), 0.1)},
    )  # fmt: skip
    recorder = simulator.Create("spike_recorder")
    simulator.Connect(cells, recorder)

    def counts() -> np.ndarray:
        senders = recorder.get("events", "senders")
        first = int((senders <= ours.wiring.n_e).sum())
        return np.array([first, len(senders) - first], float)

    return timed(simulator.Simulate, window, repeats, counts)


def pairs(wiring: Any) -> tuple[np.ndarray, np.ndarray]:
    """Source and target of every connection of target lists."""
    source = np.repeat(np.arange(wiring.n), np.diff(wiring.pointers))
    return source, wiring.targets.astype(np.int64)


def main() -> None:
    """Run one engine and print what it did."""
    engine, network = sys.argv[1:3]
    n, window, repeats = int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])
    engines = {"isomorph": isomorph, "brian2": brian2, "nest": nest}
    speeds, spikes = engines[engine](network, n, window, repeats)
    time_s = window * repeats / 1000.0
    cells = np.array([n - n // 5, n // 5])
    rate_e, rate_i = spikes / cells / time_s
    print(json.dumps({"speeds": speeds, "rate_e": rate_e, "rate_i": rate_i}))


if __name__ == "__main__":
    main()
