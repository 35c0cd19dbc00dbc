"""Durations in whole frames: what a screen can show, what it is told otherwise, and the nearest."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

from backend.core.parameters import ParameterError, show_number
from backend.stage.design import Design, Phase
from backend.stage.display import NOMINAL_HZ

TOLERANCE = 0.05
"""Frames by which a duration may be off the grid."""


@dataclasses.dataclass(frozen=True)
class Change:
    """A duration that was moved to the frame grid."""

    trial_kind: str
    phase: str
    was_ms: float
    is_ms: float
    frames: int

    @property
    def sentence(self) -> str:
        """What changed, in words."""
        return (
            f'"{self.phase}" of {self.trial_kind}: {show_number(self.was_ms)} ms becomes '
            f"{show_number(self.is_ms, 5)} ms ({self.frames} frames)."
        )


def frames_of(phase: Phase, rate_hz: float) -> int:
    """Whole frames of a phase (a stream's picture); 0 for one that waits without a time-out.

    Raises
    ------
    ParameterError : with the nearest durations in words and the nearest in ms as the fix.
    """
    frames = phase.ms * rate_hz / 1000.0
    if phase.ms == 0:
        return 0
    whole = round(frames)
    if whole >= 1 and abs(frames - whole) <= TOLERANCE:
        return whole
    if phase.kind == "stream":
        raise _stream_problem(phase, rate_hz, frames)
    lower, upper = max(1, int(frames)), max(1, int(frames)) + (1 if frames >= 1 else 0)
    choices = " or ".join(
        f"{show_number(n * 1000.0 / rate_hz, 4)} ms ({n} frame{'s' if n > 1 else ''})"
        for n in sorted({lower, upper})
    )
    raise ParameterError(
        "ms",
        f'"{phase.name}" of {show_number(phase.ms)} ms does not fit a {show_number(rate_hz, 4)} Hz '
        f"screen. That is {show_number(frames, 3)} frames. Use {choices}.",
        round(max(1, whole) * 1000.0 / rate_hz, 6),
    )


def _stream_problem(phase: Phase, rate_hz: float, frames: float) -> ParameterError:
    """UI.md section 8, number 8."""
    pictures = 1000.0 / phase.ms
    whole = [n for n in range(1, 241) if abs(rate_hz / n - round(rate_hz / n)) < 1e-6]
    faster = max((n for n in whole if n < frames), default=max(1, int(frames)))
    slower = min((n for n in whole if n > frames), default=int(frames) + 1)
    offers = [n for n in (faster, slower) if n >= 1]
    words = " or ".join(show_number(rate_hz / n, 4) for n in dict.fromkeys(offers))
    others = [
        hz
        for hz in NOMINAL_HZ
        if hz >= pictures and abs(hz / pictures - round(hz / pictures)) <= TOLERANCE
    ]
    screen = min(others, key=lambda hz: abs(hz - rate_hz), default=None)
    also = f", or set the screen to {show_number(screen)} Hz" if screen else ""
    return ParameterError(
        "ms",
        f"{show_number(pictures, 4)} pictures a second do not fit a {show_number(rate_hz, 4)} Hz "
        f"screen. That is {show_number(frames, 3)} frames each. Use {words} a second{also}.",
        round(offers[0] * 1000.0 / rate_hz, 6),
    )


def problems(design: Design, rate_hz: float) -> list[ParameterError]:
    """What the screen cannot show, one a phase, streams first."""
    found = []
    phases = [phase for _, phase in timed_phases(design)]
    for phase in sorted(phases, key=lambda phase: phase.kind != "stream"):
        try:
            frames_of(phase, rate_hz)
        except ParameterError as error:
            found.append(error)
    return found


def nearest(design: Design, rate_hz: float) -> tuple[Design, list[Change]]:
    """The design with the nearest durations that the screen can show, and what changed."""
    changes: list[Change] = []
    kinds = []
    for kind in design.trial_kinds:
        phases = []
        for phase in (*kind.phases, kind.between):
            try:
                frames_of(phase, rate_hz)
            except ParameterError:
                frames = max(1, math.floor(phase.ms * rate_hz / 1000.0 + 0.5))
                ms = round(frames * 1000.0 / rate_hz, 6)
                changes.append(Change(kind.name, phase.name, phase.ms, ms, frames))
                phase = dataclasses.replace(phase, ms=ms)
            phases.append(phase)
        *phases, between = phases
        kinds.append(dataclasses.replace(kind, phases=tuple(phases), between_ms=between.ms))
    return dataclasses.replace(design, trial_kinds=tuple(kinds)), changes


def timed_phases(design: Design) -> Iterator[tuple[str, Phase]]:
    """(trial kind, phase) of every phase, the time between trials last."""
    for kind in design.trial_kinds:
        for phase in (*kind.phases, kind.between):
            yield kind.name, phase
