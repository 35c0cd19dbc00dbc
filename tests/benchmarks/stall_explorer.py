"""The window while networks work: stalls during a scan, a stimulus and permutations; layer switch.

Prints JSON rows {name, value, unit, peer, peer_value, ratio, bar, met}.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from stall import row, stalls

from app.main import application, make_window
from app.tour import settle, wait

SECONDS = 8.0


def gaps_of(label: str) -> list[dict[str, Any]]:
    """Event loop intervals over some seconds of work."""
    gaps = stalls(SECONDS)
    p99, most = float(np.percentile(gaps, 99)), float(gaps.max())
    return [
        row(f"{label}: event loop interval, p99", p99, "ms", "≤ 33 ms", p99 <= 33),
        row(f"{label}: event loop interval, longest", most, "ms", "≤ 100 ms", most <= 100),
    ]


def study(window: Any, procedure: str, label: str, **values: Any) -> list[dict[str, Any]]:
    """Rows of one procedure of the study of paper 05."""
    page = window.open_study("dnnbrain")
    page.controller.set_values(values, "bench")
    page.start(procedure)
    job = page.controller.job
    wait(lambda: job.run.done is not None, label)
    rows = gaps_of(label)
    job.run.cancel()
    began = time.perf_counter()
    wait(lambda: job.finished, "the end")
    took = 1000 * (time.perf_counter() - began)
    return [*rows, row(f"{label}: cancel", took, "ms", "≤ 500 ms", took <= 500)]


def explorer(window: Any) -> list[dict[str, Any]]:
    """Rows of the explorer's own page: an evolving stimulus, layers, sliders."""
    window.show_panel("explorer")
    page = window.panels["explorer"].show_explore()
    wait(lambda: page.board.shown is not None, "the example")
    page.tree.choose("relu3")
    page.board.choose(3)
    page.history.set_value("steps", 5000)
    page.evolving.evolve()
    settle(0.5)
    rows = gaps_of("optimal stimulus")
    moved = timed(page, lambda v: page.history.drag("total_variation", v), "optimal")
    page.stop()
    wait(lambda: not page.alive, "the end")
    switched = []
    for name in ("relu1", "fc1", "conv2", "relu5", "pool1") * 2:
        began = time.perf_counter()
        page.tree.choose(name)
        page.board.pull()
        page.board.views["maps"].repaint()
        switched.append(1000 * (time.perf_counter() - began))
    page.tree.choose("relu3")
    page.board.choose(3)
    settle(0.5)
    methods = iter(["vanilla", "guided"] * 10)
    redrawn = timed(page, lambda v: page.history.set_value("method", next(methods)), "attribution")
    change = float(np.median(switched))
    return [
        *rows,
        row("optimal stimulus: slider to next picture", moved, "ms", "≤ 100 ms", moved <= 100),
        row("explorer: layer switch", change, "ms", "≤ 150 ms", change <= 150),
        row("explorer: another attribution", redrawn, "ms", "≤ 100 ms", redrawn <= 100),
    ]


def timed(page: Any, act: Callable[[float], None], channel: str) -> float:
    """Median time from a change to the next picture drawn (ms)."""
    found = []
    for number in range(10):
        revision = page.board.channels[channel].revision
        began = time.perf_counter()
        act(1.0 + number)
        while page.board.channels[channel].revision == revision:
            settle(0.001)
        page.board.pull()
        found.append(1000 * (time.perf_counter() - began))
    return float(np.median(found))


def main() -> None:
    """Measure and print."""
    application()
    window = make_window()
    window.resize(1600, 1000)
    window.show()
    rows = study(window, "free", "scan and probe", folds=50)
    rows += study(
        window, "rsa", "permutation test", by_category=False, label_permutations=100_000
    )  # fmt: skip
    rows += explorer(window)
    window.runner.shutdown()
    window.close()
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
