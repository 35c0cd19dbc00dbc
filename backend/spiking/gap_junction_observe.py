"""The gap-junction sheet as an observer: figures in, volleys out.

Source: 02-gap-junction-topology, sections 3.2-3.4; read-outs of the specification, section 2.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.analysis import volleys
from backend.spiking.gap_junction import (
    Initial,
    ReadOutSettings,
    SheetSettings,
    Trial,
    run_trials,
)
from backend.stimuli.topology import Figure


@dataclass(frozen=True)
class TrialSummary:
    """What one trial says about its figure.

    Attributes
    ----------
    readout, temporal, spatial : volleys by the three read-outs (2.4 a, b, c).
    medians : (regions,) median first spike of each label's cells that fired, ms; NaN if none did.
    silent : (regions,) share of each label's cells that never fired.
    """

    seed: int
    readout: int
    temporal: int
    spatial: int
    medians: np.ndarray
    silent: np.ndarray

    @property
    def lag(self) -> float:
        """How much later than the background the first hole fires, ms; NaN when it is silent."""
        return float(self.medians[2] - self.medians[0]) if self.medians.size > 2 else float("nan")


@dataclass(frozen=True)
class Responses:
    """One row a stimulus: volleys by read-out, true regions, and what was expected.

    Attributes
    ----------
    readout, temporal, spatial : (n,) mean over trials; ``expected`` (n,) volleys the topology asks.
    trials : for each stimulus its trials.
    """

    readout: np.ndarray
    temporal: np.ndarray
    spatial: np.ndarray
    expected: np.ndarray
    trials: tuple[tuple[TrialSummary, ...], ...]


def summarise(trial: Trial, labels: np.ndarray) -> TrialSummary:
    """Count the volleys of a trial and time its regions; ``labels`` (H, W) from 0."""
    spikes = trial.spikes
    groups = volleys.temporal_groups(spikes.step, spikes.dt)
    patches = volleys.spatial_groups(
        spikes.step, spikes.cell, labels.shape, spikes.dt, groups=groups
    )
    first = spikes.first_times(labels.size)
    regions = int(labels.max()) + 1
    flat = labels.ravel()
    sizes = np.bincount(flat, minlength=regions)
    fired = np.bincount(flat[np.isfinite(first)], minlength=regions)
    return TrialSummary(
        trial.seed,
        len(trial.readout_times),
        len(groups),
        len(patches),
        volleys.first_spike_medians(first, labels, regions),
        1.0 - fired / np.maximum(sizes, 1),
    )


def run_figure(
    figure: Figure,
    seeds: Sequence[int] | range,
    settings: SheetSettings | None = None,
    readout: ReadOutSettings | None = None,
    black: float = 20.0,
    gray: float = 12.0,
    duration: float = 8.0,
    dt: float = 0.01,
    initial: Initial = "gaussian",
    check: Callable[[], None] | None = None,
) -> list[TrialSummary]:
    """Show one figure to the sheet, one trial a seed; ``check`` as in :func:`run_trials`."""
    trials = run_trials(
        figure.drive(black, gray),
        list(seeds),
        settings or SheetSettings(),
        readout or ReadOutSettings(),
        duration,
        dt,
        initial,
        check,
    )
    return [summarise(trial, figure.labels) for trial in trials]


def observe(stimuli: Sequence[Figure], run: Any = None, trials: int = 20, **how: Any) -> Responses:
    """Answer a set of figures with volleys, ``trials`` times each (seeds 0, 1, ...).

    ``run`` is a :class:`backend.core.run.Run` for progress and cancel, or None; ``how`` goes to
    :func:`run_figure`.
    """
    rows: list[tuple[TrialSummary, ...]] = []
    for number, figure in enumerate(stimuli):
        if run is not None:
            run.progress(number, len(stimuli), "showing figures to the sheet")
            how["check"] = run.check
        rows.append(tuple(run_figure(figure, range(trials), **how)))
    expected = [volleys.topology_of(figure.mask).expected for figure in stimuli]
    mean = {
        name: np.array([np.mean([getattr(s, name) for s in row]) for row in rows])
        for name in ("readout", "temporal", "spatial")
    }
    return Responses(**mean, expected=np.array(expected), trials=tuple(rows))
