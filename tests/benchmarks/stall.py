"""The window while a run is at full speed: stalls, latency, what drawing costs, memory.

Prints JSON rows {name, value, unit, peer, peer_value, ratio, bar, met}. ``--minutes M`` sets how
long memory is watched (default 1).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ["ISOMORPH_HOME"] = tempfile.mkdtemp(prefix="isomorph-bench-")

from PySide6.QtCore import Qt, QTimer

from app.main import application, make_window
from app.tour import settle

TICK_MS = 16
STALL_S = 20


def row(
    name: str, value: float, unit: str, bar: str = "", met: bool | None = None
) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "peer": "", "peer_value": None,
            "ratio": None, "bar": bar, "met": met}  # fmt: skip


def stalls(seconds: float) -> np.ndarray:
    """Intervals of a 16 ms precise timer on the GUI thread (ms)."""
    times: list[float] = []
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: times.append(time.perf_counter()))
    timer.start(TICK_MS)
    settle(seconds)
    timer.stop()
    return 1000 * np.diff(times)


def latency(page: Any) -> float:
    """Median time from a slider's move to the first picture with the new value (ms)."""
    found = []
    name = "amplitude" if "amplitude" in page.form.rows else "J"
    values = [8.0, 20.0]
    for number in range(10):
        job = page.controller.job
        before = len(job.run.changes)
        began = time.perf_counter()
        page.controller.drag(name, values[number % 2])
        revisions = {n: c.revision for n, c in job.run.channels.items()}
        while len(job.run.changes) == before:
            settle(0.001)
        revisions = {n: c.revision for n, c in job.run.channels.items()}
        while not any(c.revision > revisions[n] for n, c in job.run.channels.items()):
            settle(0.001)
        page._frame()
        page.repaint()
        found.append(1000 * (time.perf_counter() - began))
    return float(np.median(found))


def speed(page: Any, seconds: float) -> float:
    """Model time made a wall second."""
    run = page.controller.job.run
    first, began = run.clock, time.perf_counter()
    settle(seconds)
    return (run.clock - first) / (time.perf_counter() - began)


def study(window: Any, identifier: str, label: str) -> list[dict[str, Any]]:
    """Rows of one running study."""
    page = window.open_study(identifier)
    page.run_or_pause()
    settle(4)
    gaps = stalls(STALL_S)
    p50, p99, most = np.percentile(gaps, 50), np.percentile(gaps, 99), gaps.max()
    rows = [
        row(f"{label}: event loop interval, median", p50, "ms"),
        row(f"{label}: event loop interval, p99", p99, "ms", "≤ 33 ms", bool(p99 <= 33)),
        row(f"{label}: event loop interval, longest", most, "ms", "≤ 100 ms", bool(most <= 100)),
    ]
    slow = latency(page)
    rows.append(
        row(f"{label}: slider to first changed picture", slow, "ms", "≤ 100 ms", slow <= 100)
    )
    drawn, still = [], []
    for _ in range(3):
        page.strip.draw.setChecked(True)
        settle(0.5)
        drawn.append(speed(page, 4))
        page.strip.draw.setChecked(False)
        settle(0.5)
        still.append(speed(page, 4))
    page.strip.draw.setChecked(True)
    cost = 100 * (1 - np.median(drawn) / np.median(still))
    rows.append(
        row(f"{label}: cost of drawing to the model", cost, "%", "≤ 10 %", bool(cost <= 10))
    )
    return rows


def memory(minutes: float) -> list[dict[str, Any]]:
    """Growth of the process while a run goes on and its views draw (MB)."""
    process = psutil.Process()
    first = process.memory_info().rss / 1e6
    settle(60 * minutes)
    growth = process.memory_info().rss / 1e6 - first
    name = f"memory growth in {minutes:g} min of running"
    return [row(name, growth, "MB", "flat (≤ 30 MB)", bool(growth <= 30))]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=1.0)
    arguments = parser.parse_args()
    application()
    window = make_window()
    window.resize(1600, 1000)
    window.show()
    rows = study(window, "ei-balanced-network", "balanced network S3")
    rows += memory(arguments.minutes)
    window.runner.shutdown()
    window.close()
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
