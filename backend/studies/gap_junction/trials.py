"""Finished trials as plain rows: computed in compiled batches, kept as cells, tabulated."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from backend.analysis.volleys import best_window_share
from backend.core.run import Run
from backend.spiking.gap_junction import Trial, run_trials
from backend.spiking.gap_junction_observe import summarise
from backend.stimuli.topology import BACKGROUND, FIGURE, Figure
from backend.studies.gap_junction.parameters import GapJunctionParameters
from backend.studies.gap_junction.setup import trial_options

CHUNK = 20
"""Trials of one compiled call and of one finished cell on disk."""

COUNTS = ("seed", "readout", "temporal", "spatial")

Row = dict[str, Any]
"""One trial: seed, readout, temporal, spatial, medians, silent, shares; None stands for NaN."""


def rows_of(
    run: Run,
    key: tuple[Any, ...],
    p: GapJunctionParameters,
    figure: Figure,
    n: int,
    dt: float | None = None,
) -> Iterator[list[Row]]:
    """Trials of one point in chunks; finished chunks of an earlier run are read, not repeated."""
    for first in range(0, n, CHUNK):
        seeds = range(p.seed + first, p.seed + min(first + CHUNK, n))

        def compute(seeds: range = seeds) -> list[Row]:
            return compute_rows(p, figure, seeds, run, dt)

        yield run.cells.do((*key, p.seed + first, len(seeds)), compute)


def compute_rows(
    p: GapJunctionParameters, figure: Figure, seeds: range, run: Run, dt: float | None = None
) -> list[Row]:
    """Run one trial a seed and describe each."""
    options = trial_options(p)
    drive = figure.drive(options.pop("black"), options.pop("gray"))
    if dt is not None:
        options["dt"] = dt
    rows = []
    for trial in run_trials(drive, list(seeds), check=run.check, **options):
        run.check()
        rows.append(row_of(trial, figure.labels))
    return rows


def row_of(trial: Trial, labels: np.ndarray) -> Row:
    """One finished trial as a JSON-able row."""
    summary = summarise(trial, labels)
    return {
        "seed": trial.seed,
        "readout": summary.readout,
        "temporal": summary.temporal,
        "spatial": summary.spatial,
        "medians": [None if math.isnan(m) else round(float(m), 6) for m in summary.medians],
        "silent": [round(float(s), 6) for s in summary.silent],
        "shares": region_shares(trial, labels),
    }


def region_shares(trial: Trial, labels: np.ndarray) -> list[float]:
    """Synchrony of background and figure: spikes in the best 0.5 ms per cell."""
    where = labels.ravel()[trial.spikes.cell]
    time = trial.spikes.time
    return [
        round(best_window_share(time[where == label], int((labels == label).sum())), 6)
        for label in (BACKGROUND, FIGURE)
    ]


def share(rows: Iterable[Row], name: str, count: int, at_least: bool = False) -> float:
    """Per cent of trials whose count is (at least) this."""
    values = [row[name] for row in rows]
    hits = sum(value >= count if at_least else value == count for value in values)
    return 100.0 * hits / len(values)


def mean(rows: Iterable[Row], name: str) -> float:
    """Mean of a count over trials."""
    return float(np.mean([row[name] for row in rows]))


def median_of(rows: list[Row], label: int) -> float:
    """Median over trials of a region's median first spike; NaN when it never fired."""
    values = [row["medians"][label] for row in rows if len(row["medians"]) > label]
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else math.nan


def lag_of(rows: list[Row], label: int = 2) -> float:
    """Median over trials of how much later than the background a region fires; NaN if never."""
    lags = [
        row["medians"][label] - row["medians"][BACKGROUND]
        for row in rows
        if len(row["medians"]) > label
        and row["medians"][label] is not None
        and row["medians"][BACKGROUND] is not None
    ]
    return float(np.median(lags)) if lags else math.nan


def silent_of(rows: list[Row], label: int) -> float:
    """Mean per cent of a region's cells that never fire; NaN when there is no such region."""
    values = [row["silent"][label] for row in rows if len(row["silent"]) > label]
    return 100.0 * float(np.mean(values)) if values else math.nan


def phase_of(rows: list[Row]) -> int:
    """0 asynchronous firing, 1 single, 2 two population spikes (specification, section 7.8)."""
    if np.mean([row["shares"][1] for row in rows]) < 0.4:
        return 0
    apart = median_of(rows, BACKGROUND) - median_of(rows, FIGURE)
    return 2 if abs(apart) >= 0.5 or math.isnan(apart) else 1


@contextlib.contextmanager
def tabulated(run: Run, duration: float) -> Iterator[list[tuple[dict[str, Any], Row]]]:
    """A list to which a batch adds (what was varied, trial); becomes tables however it ends.

    Sets the trial table and BIDS events, and offers both as files. Trials follow each other in
    model time, so onsets are multiples of the duration.
    """
    rows: list[tuple[dict[str, Any], Row]] = []
    try:
        yield rows
    finally:
        if rows:
            trials, events = trial_table(rows), event_table(rows, duration)
            run.table("trials", trials)
            run.table("events", events)
            run.offer("trials", "Trial table", lambda: trials)
            run.offer("events", "BIDS events", lambda: _events_object(events))


def trial_table(rows: list[tuple[dict[str, Any], Row]]) -> dict[str, list[Any]]:
    """One row a trial: what was varied, counts, and the median first spike of each region."""
    table: dict[str, list[Any]] = {}
    for varied, row in rows:
        cells = {**varied, **{name: row[name] for name in COUNTS}}
        for label, name in enumerate(("background", "figure", "hole")):
            medians = row["medians"]
            known = len(medians) > label and medians[label] is not None
            cells[f"{name}_median"] = medians[label] if known else math.nan
        for name, value in cells.items():
            table.setdefault(name, []).append(value)
    return table


def event_table(rows: list[tuple[dict[str, Any], Row]], duration: float) -> dict[str, list[Any]]:
    """BIDS events: onset and duration in s, what was shown, temporal groups."""
    seconds = duration / 1000.0
    return {
        "onset": [round(number * seconds, 6) for number in range(len(rows))],
        "duration": [seconds] * len(rows),
        "trial_type": [
            " ".join(f"{k}={_word(v)}" for k, v in varied.items()) for varied, _ in rows
        ],
        "n_volleys": [row["temporal"] for _, row in rows],
    }


def _word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).replace(" ", "_")


def _events_object(events: dict[str, list[Any]]) -> Any:
    from backend.core.objects import Table

    class Events(Table):
        formats = ("tsv", "csv")

    return Events(columns=events)
