"""Surfaces drawn in software, the automaton and neurons of paper 13, searchlight, sweeps.

Run with ``python tests/benchmarks/cortex.py``; prints JSON rows {name, value, unit, peer,
peer_value, ratio, bar, met}. Times are medians on one thread. The peer of the automaton is the same
model in numpy, a step at a time.
"""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from rdm import Row, row, seconds

sys.path.insert(0, str(Path(__file__).parents[2]))
from backend.analysis.rdm import rdm
from backend.analysis.rsa import rings, searchlight
from backend.brain.connectome import synthetic
from backend.brain.greenberg_hastings import Automaton, Rules
from backend.brain.regions_ei import Regions
from backend.brain.rendering import Buffers, Layer, Mesh, geometry, paint, turned, view
from backend.brain.simulated_surface import icosphere
from backend.core.dask_cluster import cluster
from backend.core.sweep_settings import SweepSource, plan_of_settings
from backend.core.sweeps import Sweep, compute, steps

VIEWS = (("left", "lateral"), ("right", "lateral"), ("left", "medial"), ("right", "medial"))
WIDTH, HEIGHT = 600, 400
"""Of each of four views: together 1200 x 800."""
MOMENTS = 100
STEPS = 28_000


def surfaces(subdivisions: int, least: float) -> list[Row]:
    """Frames a second of four views while turning, while a threshold moves, while time plays."""
    points, faces = icosphere(subdivisions)
    meshes = {side: Mesh(60 * points, faces) for side in ("left", "right")}
    for mesh in meshes.values():
        assert mesh.normals.shape == points.shape
    rng = np.random.default_rng(0)
    waves = rng.standard_normal((MOMENTS, 6)) @ np.sin(6 * points @ rng.standard_normal((3, 6))).T
    values = waves.astype(np.float32)
    table = np.linspace(0, 255, 256)[:, None].repeat(3, 1).astype(np.uint8)
    under = np.full(len(points), 0.5, np.float32)
    buffers = [Buffers() for _ in VIEWS]
    numbers = itertools.count()

    def look(degrees: float) -> list[Any]:
        return [
            geometry(meshes[side], view(side, name) @ turned(degrees, 0), WIDTH, HEIGHT,
                     buffers=held)
            for (side, name), held in zip(VIEWS, buffers, strict=True)
        ]  # fmt: skip

    def draw(seen: list[Any], moment: int, threshold: float) -> None:
        for one in seen:
            paint(one, under, [Layer(values[moment], table, -5, 5, threshold, 0.5)])

    still = look(0)
    kinds = {
        "turning": lambda: draw(look(5.0 * next(numbers)), 0, 1.0),
        "threshold": lambda: draw(still, 0, 0.02 * (next(numbers) % 100)),
        "playback": lambda: draw(still, next(numbers) % MOMENTS, 1.0),
    }
    name = f"2 x {len(points):,} vertices, four views of {WIDTH} x {HEIGHT}"
    found = []
    for kind, act in kinds.items():
        rate = 1 / seconds(act, 20)
        bar = f">= {least:g}" if least else ""
        found.append(
            row(f"{name}: {kind}", rate, "frames/s", bar, rate >= least if least else None)
        )
    return found


def automaton() -> list[Row]:
    """28,000 steps of 90 nodes, against numpy."""
    weights = 0.01 * synthetic().counts
    ours = seconds(lambda: Automaton(weights, Rules(), 0).advance(STEPS))
    share = 20  # the plain loop is measured on a twentieth of the steps
    theirs = share * seconds(lambda: plain(weights, STEPS // share), 3)
    one = row(f"automaton, 90 nodes, {STEPS:,} steps", 1000 * ours, "ms", "<= 20 ms", ours <= 0.02)
    return [one | {"peer": "numpy", "peer_value": 1000 * theirs, "ratio": theirs / ours}]


def plain(weights: np.ndarray, steps: int) -> int:
    """The same rules, a step at a time on whole arrays."""
    rng, rules = np.random.default_rng(0), Rules()
    n = len(weights)
    left, fired, count = np.zeros(n, int), np.zeros(n, bool), 0
    for _ in range(steps):
        drive = fired @ weights
        quiet = left == 0
        next_fired = (
            quiet & ~fired & ((rng.random(n) < rules.spontaneous) | (drive > rules.threshold))
        )
        leaves = (left == 1) & (rng.random(n) < rules.exit)
        left = np.where(left > 1, left - 1, np.where(leaves, 0, left))
        left = np.where(fired, rules.delay + 1, left)
        fired = next_fired
        count += int(fired.sum())
    return count


def neurons() -> list[Row]:
    """90 regions of 125 neurons."""
    network = Regions(synthetic().counts)
    network.advance(1000)
    rate = 2.0 / seconds(lambda: network.advance(2000), 3)
    return [row("90 x 125 Izhikevich neurons", rate, "x real time", ">= 3", rate >= 3)]


def patches() -> list[Row]:
    """Searchlight RSA over a whole cortex."""
    points, faces = icosphere(5)
    rng = np.random.default_rng(0)
    model = rdm(rng.standard_normal((64, 30)))
    took = 0.0
    for _ in range(2):
        brain = rng.standard_normal((64, len(points)))
        near = rings(faces, len(points), 3)
        took += seconds(lambda b=brain, p=near: list(searchlight(b, p, [model])), 1)
    return [row("searchlight, 20,484 vertices, 64 conditions, 3 rings", took, "s", "<= 10",
                took <= 10)]  # fmt: skip


def sweeps() -> list[Row]:
    """What Dask adds to a job: one worker, jobs of 20 ms."""
    plan = plan_of_settings(SweepSource.parameters_of("Figure 5 of paper 13"))
    sweep = Sweep(plan)
    job = sweep.jobs[20]
    alone = seconds(lambda: compute(job.study, job.procedure, job.preset, job.document,
                                    job.duration))  # fmt: skip
    sweep.jobs = sweep.jobs[:120]
    with cluster("", 1) as found:
        for _ in range(2):  # the first turn imports and compiles in the worker
            sweep.outcomes.clear()
            sweep.cells = type(sweep.cells)(None, "bench")
            took = seconds_once(sweep, found.client)
    each = sum(seconds_of(job) for job in sweep.jobs[::10]) / 12
    extra = 1000 * (took / len(sweep.jobs) - each)
    return [row("sweep: what Dask adds to a job", extra, "ms", "<= 10 ms", extra <= 10),
            row("sweep: a job of Figure 5 by itself", 1000 * alone, "ms")]  # fmt: skip


def seconds_of(job: Any) -> float:
    """A job in this process."""
    return seconds(lambda: compute(job.study, job.procedure, job.preset, job.document,
                                   job.duration), 1)  # fmt: skip


def seconds_once(sweep: Sweep, client: Any) -> float:
    """All jobs of a sweep on a cluster, once."""
    import time

    began = time.perf_counter()
    for _ in steps(sweep, client, lambda: None, lambda: False):
        pass
    return time.perf_counter() - began


def main() -> None:
    """Measure and print."""
    rows = [*surfaces(5, 30.0), *surfaces(7, 0.0), *automaton(), *neurons(), *patches(), *sweeps()]
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
