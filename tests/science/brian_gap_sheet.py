"""The gap-junction sheet in Brian2, run as a program in its own process (never imported by tests).

Prints JSON: spikes a cell, mean voltage, median first spike, for several seeds. Summed gap
junctions as in Brian2's own example; the spikelet is a synaptic jump without delay, which Brian2
applies after the thresholds of its step, so that a neighbour can fire in the next step.
"""

from __future__ import annotations

import json
import sys

import numpy as np


def main(side: int, seeds: int, duration: float) -> None:
    """Simulate ``seeds`` sheets of ``side`` x ``side`` black cells and print what they did."""
    import brian2 as b2

    b2.prefs.codegen.target = "numpy"
    results = [one(b2, side, seed, duration) for seed in range(seeds)]
    print(json.dumps(results))


def one(b2, side: int, seed: int, duration: float) -> dict[str, float]:  # type: ignore[no-untyped-def]
    """One sheet; voltages are plain numbers in mV."""
    b2.start_scope()
    b2.seed(seed)
    b2.defaultclock.dt = 0.01 * b2.ms
    model = """
    dv/dt = (-v + coupling + mu) / tau + (s / tau) * ms**0.5 * xi : 1 (unless refractory)
    coupling : 1
    mu : 1
    """
    space = {"tau": 5 * b2.ms, "s": 1.0, "J": 3.0, "gamma": 0.15, "ms": b2.ms}
    sheet = b2.NeuronGroup(
        side * side, model, threshold="v >= 10", reset="v = 0", refractory=3.5 * b2.ms,
        method="euler", namespace=space,
    )  # fmt: skip
    sheet.mu = 20.0
    rng = np.random.default_rng(seed)
    sheet.v = np.clip(rng.normal(5.0, 10 / 6, side * side), 0.0, 9.9)
    rows, columns = np.divmod(np.arange(side * side), side)
    near = (np.abs(rows[:, None] - rows) <= 1) & (np.abs(columns[:, None] - columns) <= 1)
    i, j = np.nonzero(near & ~np.eye(side * side, dtype=bool))
    gap = b2.Synapses(
        sheet, sheet, "coupling_post = J * (v_pre - v_post) : 1 (summed)",
        on_pre="v_post += gamma * J * int(not_refractory_post)",
        namespace=space,
    )  # fmt: skip
    gap.connect(i=i, j=j)
    spikes = b2.SpikeMonitor(sheet)
    voltage = b2.StateMonitor(sheet, "v", record=True, dt=0.1 * b2.ms)
    b2.run(duration * b2.ms)
    times = np.asarray(spikes.t / b2.ms)
    cells = np.asarray(spikes.i)
    first = np.full(side * side, np.nan)
    first[cells[::-1]] = times[::-1]
    return {
        "spikes_per_cell": len(times) / side**2,
        "mean_voltage": float(np.asarray(voltage.v).mean()),
        "first_median": float(np.nanmedian(first)),
        "first_spread": float(np.nanpercentile(first, 90) - np.nanpercentile(first, 10)),
    }


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
