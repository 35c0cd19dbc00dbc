"""Timing of a session from its flips: planned against shown, misses by trial, and the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.stage.design import BETWEEN

LATE_RATIO = 1.2
"""A miss is an interval above this many measured frame periods (ANCHORS A.1)."""


@dataclass(frozen=True)
class Late:
    """A late flip.

    Attributes
    ----------
    trial : number of the trial; ``frame`` counts the flips of the trial from 0.
    interval_ms : since the flip before; ``lost`` whole frames that were not drawn.
    """

    trial: int
    frame: int
    phase: str
    interval_ms: float
    lost: int

    @property
    def sentence(self) -> str:
        """The miss in words."""
        frames = "1 frame" if self.lost == 1 else f"{self.lost} frames"
        return (
            f"Trial {self.trial}, frame {self.frame} ({self.phase}): {frames} late, "
            f"{self.interval_ms:.1f} ms after the last flip."
        )


def late_flips(
    trial: int, stamps: Sequence[float] | np.ndarray, phases: Sequence[str], period_s: float
) -> list[Late]:
    """Misses of one trial.

    Parameters
    ----------
    stamps : (n,) seconds of the trial's flips, nothing from before it; ``phases`` (n,) their
        phases' names.
    period_s : measured frame period.
    """
    intervals = np.diff(np.asarray(stamps, float))
    return [
        Late(
            trial,
            int(k) + 1,
            phases[int(k) + 1],
            1000.0 * float(intervals[k]),
            max(1, round(float(intervals[k]) / period_s) - 1),
        )
        for k in np.flatnonzero(intervals > LATE_RATIO * period_s)
    ]


@dataclass(frozen=True)
class Before:
    """The time before a trial that followed another at once.

    Attributes
    ----------
    planned : frames, 0 for as soon as it was ready; ``seconds`` as shown.
    """

    planned: int
    seconds: float

    def late(self, trial: int, period_s: float) -> list[Late]:
        """The trial's first flip, when it came late."""
        over = self.seconds / period_s - self.planned
        if not self.planned or over <= LATE_RATIO - 1.0:
            return []
        return [Late(trial, 0, BETWEEN, 1000.0 * self.seconds, max(1, round(over)))]

    def document(self, period_s: float) -> dict[str, Any]:
        """As it goes to disk: frames planned and shown, and ms from the plan."""
        return {
            "planned": self.planned,
            "shown": round(self.seconds / period_s),
            "off_ms": round(1000.0 * (self.seconds - self.planned * period_s), 4),
        }


def timing_report(records: Sequence[Mapping[str, Any]], period_s: float) -> dict[str, Any]:
    """Intervals, misses by trial and the histogram of a session (JSON-able).

    Parameters
    ----------
    records : trial records with ``trial``, ``flips`` (seconds) and ``late``.
    """
    parts = [np.diff(np.asarray(record["flips"], float)) for record in records]
    intervals = 1000.0 * np.concatenate(parts) if parts else np.empty(0)
    late = [one for record in records for one in record["late"]]
    period = 1000.0 * period_s
    steady = intervals[intervals <= LATE_RATIO * period]
    report: dict[str, Any] = {
        "measured_period_ms": period,
        "miss_above_ms": LATE_RATIO * period,
        "intervals": int(intervals.size),
        "misses": len(late),
        "lost_frames": int(sum(one["lost"] for one in late)),
        "late": late,
    }
    if intervals.size:
        report |= {
            "mean_ms": float(intervals.mean()),
            "sd_ms": float(intervals.std()),
            "sd_without_misses_ms": float(steady.std()) if steady.size else None,
            "longest_ms": float(intervals.max()),
        }
    counts, edges = interval_histogram(intervals, period)
    report["histogram"] = {"edges_ms": edges.tolist(), "counts": counts.tolist()}
    return report


def interval_histogram(intervals_ms: np.ndarray, period_ms: float) -> tuple[np.ndarray, np.ndarray]:
    """(counts, edges in ms): twentieths of a period from 0 to 3, the rest in the last bin."""
    edges = period_ms * np.linspace(0.0, 3.0, 61)
    counts, _ = np.histogram(np.minimum(intervals_ms, edges[-1]), edges)
    return counts, edges
