"""Speed of the gap-junction sheet against a good numpy implementation, one thread each.

Run with ``python tests/benchmarks/retina.py``; prints JSON rows {name, value, unit, peer,
peer_value, ratio, bar, met}.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))
from retina_numpy import generator_noise, simulate

from backend.spiking.gap_junction import ReadOutSettings, Sheet, SheetSettings, run_trials
from backend.stimuli.topology import Sizes, make_figure

Row = dict[str, Any]
TRIALS = 20


def median_ms(action: Callable[[], object], repeats: int = 5) -> float:
    """Median wall time of an action, after one call that warms it up."""
    action()
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return 1000.0 * statistics.median(times)


def row(name: str, value: float, peer_value: float | None, bar: str, met: bool) -> Row:
    """One line of the benchmark table."""
    peer = "numpy, float32, separable stencil" if peer_value is not None else ""
    ratio = peer_value / value if peer_value is not None else None
    return {
        "name": name, "value": value, "unit": "ms", "peer": peer, "peer_value": peer_value,
        "ratio": ratio, "bar": bar, "met": met,
    }  # fmt: skip


def numpy_trials(drive: np.ndarray, trials: int) -> None:
    """The peer's trials, from the same initial voltages."""
    for seed in range(trials):
        start = Sheet(drive, SheetSettings(), ReadOutSettings(), seed).voltage.copy()
        simulate(drive, start, SheetSettings(), generator_noise(seed, drive.shape), 800)


def measure() -> list[Row]:
    """Time one trial, twenty batched trials of the breach scan, and single steps."""
    settings, readout = SheetSettings(), ReadOutSettings()
    ring = make_figure("ring").drive()
    breached = make_figure("ring", sizes=Sizes(breach=50)).drive()
    one = median_ms(lambda: run_trials(ring, [0], settings, readout))
    peer = median_ms(lambda: numpy_trials(ring, 1))
    batch = median_ms(lambda: run_trials(breached, range(TRIALS), settings, readout))
    peer_batch = median_ms(lambda: numpy_trials(breached, TRIALS), 3)
    stepped = median_ms(single_steps)
    return [
        row("8 ms of 80 x 80 cells", one, peer, "<= 30 ms, >= 5 x", one <= 30 and peer >= 5 * one),
        row(
            f"{TRIALS} trials of the breach scan, batched", batch, peer_batch, ">= 5 x",
            peer_batch >= 5 * batch,
        ),
        row("8 ms in 800 single steps", stepped, None, "<= 60 ms", stepped <= 60),
    ]  # fmt: skip


def single_steps() -> None:
    """A run as slow motion makes it: one call a step."""
    sheet = Sheet(make_figure("ring").drive(), SheetSettings(), ReadOutSettings())
    for _ in range(800):
        sheet.advance(1)


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
