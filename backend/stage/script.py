"""The Python and the methods paragraph of an experiment."""

from __future__ import annotations

from backend.core.parameters import ParameterError, show_number
from backend.core.provenance import version
from backend.stage.design import Design, Phase, trials_of
from backend.stage.frames import frames_of
from backend.stage.monitors import MonitorProfile


def write_script(
    design: Design, known: str, subject: str, session: str, seed: int, rate_hz: float
) -> str:
    """A script that presents the design on the simulated clock; ``known`` is its template or ""."""
    chosen = f'"{known}"' if known else f'"{design.task}.json"  # saved from the designer'
    return (
        f'"""{design.title or design.name}. Written by Isomorph {version()}."""\n\n'
        "from pathlib import Path\n\n"
        "from backend.stage.headless import present\n\n"
        "done = present(\n"
        f"    {chosen}"
        f"{'' if not known else ','}\n"
        f'    subject="{subject}",\n'
        f'    session="{session}",\n'
        f'    out=Path("{design.task}-bids"),\n'
        f"    seed={seed},\n"
        f"    rate_hz={rate_hz:g},\n"
        '    participant="ideal",  # simulated; a person is run from the window\n'
        ")\n"
        "print(done)\n"
    )


def write_methods(design: Design, monitor: MonitorProfile, rate_hz: float) -> str:
    """One paragraph for the methods section."""
    parts = [
        f"{design.title or design.name}. Stimuli ({design.synthetic or 'own pictures'}) were shown "
        f"with Isomorph {version()} on a screen of {show_number(round(monitor.width_mm))} × "
        f"{show_number(round(monitor.height_mm))} mm ({monitor.width_px} × {monitor.height_px} px, "
        f"{rate_hz:g} Hz, gamma {monitor.gamma:g}) at {monitor.distance_mm / 10:g} cm."
    ]
    for kind in design.trial_kinds:
        phases = ", ".join(_phase(phase, rate_hz) for phase in kind.phases)
        parts.append(f"A trial ({kind.name}) had: {phases}.")
    blocks = ", ".join(f"{block.name} ({trials_of(block)} trials)" for block in design.blocks)
    parts.append(f"Blocks: {blocks}.")
    if design.keys:
        keys = ", ".join(f"{key.key} for {key.meaning}" for key in design.keys)
        parts.append(f"Answers: {keys}.")
    parts.append(
        "Durations were planned in frames; every flip was logged, and intervals above 1.2 frame "
        "periods were counted as late. Data are in BIDS format."
    )
    return " ".join(parts)


def _phase(phase: Phase, rate_hz: float) -> str:
    if phase.ms == 0:
        return f"{phase.name} (until the answer)"
    each = " per picture" if phase.kind == "stream" else ""
    try:
        frames = f", {frames_of(phase, rate_hz)} frames"
    except ParameterError:
        frames = ""
    return f"{phase.name} ({show_number(phase.ms)} ms{frames}{each})"
