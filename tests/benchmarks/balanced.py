"""Speed of the balanced-network kernels against Brian2 and NEST, one thread each, medians of 5.

Run with ``python tests/benchmarks/balanced.py``; prints JSON rows {name, value, unit, peer,
peer_value, ratio, bar, met}. Every engine runs in a process of its own on the same connections.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))

Row = dict[str, Any]
REPEATS = 5
RATE_TOLERANCE = 0.03


def engine(name: str, network: str, n: int, window: float) -> dict[str, Any] | None:
    """What one engine did, or None where it is not installed."""
    command = [sys.executable, str(HERE / "balanced_peers.py"), name, network, str(n)]
    command += [str(window), str(REPEATS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        if "ModuleNotFoundError" in done.stderr or "ImportError" in done.stderr:
            return None
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found | {"speed": statistics.median(found["speeds"])}


def row(
    name: str, value: float, unit: str, bar: str = "", met: bool | None = None, peer: str = "",
    peer_value: float | None = None,
) -> Row:  # fmt: skip
    """One line of the benchmark table."""
    ratio = value / peer_value if peer_value else None
    return {
        "name": name, "value": value, "unit": unit, "peer": peer, "peer_value": peer_value,
        "ratio": ratio, "bar": bar, "met": met,
    }  # fmt: skip


def against(
    name: str, ours: dict[str, Any], theirs: dict[str, Any] | None, peer: str, times: float
) -> list[Row]:
    """Speed and rates of one network beside a peer's."""
    if theirs is None:
        return [row(name, ours["speed"], "s/s", f">= {times:g} x", None, f"{peer}: not installed")]
    met = ours["speed"] >= times * theirs["speed"]
    rows = [row(name, ours["speed"], "s/s", f">= {times:g} x", met, peer, theirs["speed"])]
    for layer in ("e", "i"):
        mine, other = ours[f"rate_{layer}"], theirs[f"rate_{layer}"]
        agrees = abs(mine / other - 1.0) <= RATE_TOLERANCE
        label = f"{name}: {layer.upper()} rate"
        rows.append(row(label, mine, "Hz", "within 3 %", agrees, peer, other))
    return rows


def read_bandwidth() -> float:
    """Bytes per second one core reads from memory, summing an array far beyond the cache."""
    data = np.ones(2**27)
    data.sum()
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        data.sum()
        times.append(time.perf_counter() - began)
    return data.nbytes / statistics.median(times)


def throughput(n: int, ours: dict[str, Any], bandwidth: float) -> list[Row]:
    """Synaptic events, and bit rows read, per second."""
    spikes = ours["speed"] * (0.8 * n * ours["rate_e"] + 0.2 * n * ours["rate_i"])
    share = 100.0 * spikes * n / 8 / bandwidth
    return [
        row(f"S2, N = {n}: synaptic events", spikes * n * 0.25 / 1e6, "M/s"),
        row(f"S2, N = {n}: share of the memory bandwidth", share, "%"),
    ]


def build_rows(n: int = 10_000) -> list[Row]:
    """Time, memory and cancelling of the 25-million-synapse build."""
    import resource

    from backend.spiking.balanced_homogeneous import wire_dense

    p = np.full((2, 2), 0.25)
    wire_dense(600, 0.2, p, 0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    times = []
    for seed in range(REPEATS):
        began = time.perf_counter()
        wiring = wire_dense(n, 0.2, p, seed)
        times.append(time.perf_counter() - began)
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024.0
    looks: list[float] = []
    wire_dense(n, 0.2, p, 0, lambda *_: looks.append(time.perf_counter()))
    wait = float(np.diff(looks).max())
    name = f"Build, {wiring.synapses / 1e6:.1f} M synapses"
    return [
        row(name, statistics.median(times), "s"),
        row(f"{name}: memory", peak, "MB"),
        row(f"{name}: longest wait for cancel", wait, "s", "< 0.5 s", wait < 0.5),
    ]


def measure() -> list[Row]:
    """All rows; build first, while the process is small."""
    rows = build_rows()
    bandwidth = read_bandwidth()
    small = engine("isomorph", "s2", 4000, 1000.0)
    large = engine("isomorph", "s2", 10_000, 500.0)
    cuba = engine("isomorph", "cuba", 4000, 5000.0)
    assert small is not None
    assert large is not None
    assert cuba is not None
    rows += against("S2, N = 4000", small, engine("brian2", "s2", 4000, 200.0), "Brian2", 15)
    met = large["speed"] >= 2
    rows.append(row("S2, N = 10000", large["speed"], "s/s", ">= 2 x real time", met))
    rows += throughput(4000, small, bandwidth) + throughput(10_000, large, bandwidth)
    rows.append(row("Memory bandwidth, one core", bandwidth / 1e9, "GB/s"))
    for peer, name, times in (("Brian2", "brian2", 8), ("NEST", "nest", 15)):
        rows += against("CUBA, N = 4000", cuba, engine(name, "cuba", 4000, 1000.0), peer, times)
    return rows


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
