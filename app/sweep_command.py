"""``isomorph sweep``: any study over one or two parameters, on this machine or a lab's cluster."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from backend.core.dask_cluster import cluster
from backend.core.files import FileProblem
from backend.core.objects import Table
from backend.core.parameters import ParameterError
from backend.core.report import shown_value
from backend.core.sweeps import (
    Plan,
    Sweep,
    check_quantity,
    plan_document,
    read_plan,
    steps,
    write_plan,
)

PLAN, JOBS, CELLS = "plan.json", "sweep.csv", "cells.csv"
SAY_S = 1.0


def opened(plan: Plan, folder: Path) -> Sweep:
    """The sweep of a folder, with what is finished there; other settings are refused."""
    kept = folder / PLAN
    if kept.exists() and plan_document(read_plan(kept)) != plan_document(plan):
        raise ParameterError("--out", f"{folder.name} holds another sweep. Choose another folder.")
    sweep = Sweep(plan, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileProblem(f"{folder.name} cannot be made here. Choose another folder.") from error
    write_plan(kept, plan)
    return sweep


def sweep_to(folder: Path, sweep: Sweep, address: str, workers: int) -> bool:
    """Do what is left, saying how far it is; True when nothing is left. Ctrl-C keeps the rest."""
    total = sweep.plan.size
    if total > len(sweep.left):
        say(f"{total - len(sweep.left):,} of {total:,} jobs were finished before.")
    try:
        if sweep.left:
            with cluster(address, workers) as found:
                say(f"{len(sweep.left):,} jobs on {found.words}.")
                for notice in found.notices:
                    say(notice)
                follow(sweep, found.client)
    except KeyboardInterrupt:
        say("Stopped. What is finished is kept; the same command goes on.")
    finally:
        save(folder, sweep)
    failures = {one.failure for one in sweep.outcomes.values() if one.failure}
    for words in sorted(failures)[:3]:
        say(f"A job failed: {words}")
    for name in sweep.without_effect():
        say(f"No value changes with {name}: this procedure does not use it. Name another with "
            "--procedure.")  # fmt: skip
    return not sweep.left and not failures


def follow(sweep: Sweep, client: Any) -> None:
    """Progress at most once a second."""
    began, first, last = time.monotonic(), len(sweep.outcomes), 0.0
    for _ in steps(sweep, client, lambda: None, lambda: False):
        now = time.monotonic()
        if now - last >= SAY_S or not sweep.left:
            done = len(sweep.outcomes)
            rest = (now - began) / max(done - first, 1) * len(sweep.left)
            say(f"{done:,} of {sweep.plan.size:,} jobs, {rest:.0f} s left")
            last = now


def save(folder: Path, sweep: Sweep) -> None:
    """A row a job, and a row a cell with mean, half the 95 % interval and number of trials."""
    Table(columns=sweep.table()).save(folder / JOBS)
    Table(columns=cells_table(sweep)).save(folder / CELLS)


def cells_table(sweep: Sweep) -> dict[str, list[Any]]:
    """Columns of the cells: what was varied, then each quantity."""
    import numpy as np

    columns: dict[str, list[Any]] = {axis.parameter: [] for axis in sweep.plan.axes}
    for place in np.ndindex(*sweep.plan.shape):
        for axis, i in zip(sweep.plan.axes, place, strict=True):
            columns[axis.parameter].append(axis.values[i])
    for name in sweep.quantities:
        mean, half, count = sweep.summary(name)
        columns[name] = mean.ravel().tolist()
        columns[f"{name}_ci95"] = half.ravel().tolist()
        columns[f"{name}_n"] = count.ravel().tolist()
    return columns


def show(sweep: Sweep, quantity: str) -> None:
    """Means of one quantity, the second parameter across."""
    from backend.studies import find

    check_quantity(sweep, quantity)
    declared = find(sweep.plan.study).quantities[quantity]
    mean, half, _ = sweep.summary(quantity)
    unit = f" ({declared.unit})" if declared.unit else ""
    print(f"{declared.label}{unit}, mean ± half the 95 % interval")
    rows = mean.reshape(sweep.plan.shape[0], -1)
    spread = half.reshape(rows.shape)
    across = [str(v) for v in sweep.plan.axes[1].values] if len(sweep.plan.axes) > 1 else [""]
    print("  ".join([f"{sweep.plan.axes[0].parameter:>12}", *(f"{one:>16}" for one in across)]))
    for value, means, halves in zip(sweep.plan.axes[0].values, rows, spread, strict=True):
        cells = [
            f"{shown_value(m, declared.digits)} ± {shown_value(h, 2)}" if h == h
            else shown_value(m, declared.digits)
            for m, h in zip(means, halves, strict=True)
        ]  # fmt: skip
        print("  ".join([f"{value!s:>12}", *(f"{cell:>16}" for cell in cells)]))


def say(line: str) -> None:
    """Progress for people, on standard error."""
    print(f"isomorph: {line}", file=sys.stderr, flush=True)
