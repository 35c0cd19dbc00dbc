"""Trials of a measurement: cells with progress, seeds, means over trials.

Every trial is a finished cell: a stopped measurement resumes where it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backend.core.run import Run
from backend.studies.ei_balanced.parameters import BalancedParameters


class Trials:
    """Runs cells of work with progress; a cell that was finished before is not repeated."""

    def __init__(self, run: Run, total: int, what: str) -> None:
        self.run, self.total, self.what = run, total, what
        self.done = 0

    def do(self, key: tuple[Any, ...], function: Callable[[], Any]) -> Any:
        """One cell; its key must name everything that tells it from the others."""
        self.run.progress(self.done, self.total, self.what)
        value = self.run.cells.do(key, function)
        self.done += 1
        self.run.progress(self.done, self.total, self.what)
        return value


def measure_all(run: Run, name: str, values: list[float]) -> None:
    """Mean, SD and number of trials of a quantity."""
    good = np.array(values, float)
    sd = float(good.std(ddof=1)) if len(good) > 1 else None
    run.measure(name, float(good.mean()), sd, len(good))


def seeds(parameters: BalancedParameters) -> list[int]:
    """Seeds of the trials."""
    return [(parameters.seed + trial) % 2**31 for trial in range(parameters.trials)]


def columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Rows of equal keys as columns."""
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}
