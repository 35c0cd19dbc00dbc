"""Run an experiment with the simulated clock and a simulated participant, without a screen."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError, unknown_name
from backend.stage import design as designs
from backend.stage import templates
from backend.stage.bids import Session
from backend.stage.design import Design
from backend.stage.display import SimulatedDisplay
from backend.stage.monitors import MonitorProfile
from backend.stage.observers import observer_for
from backend.stage.plan import plan
from backend.stage.presenter import Presenter
from backend.stage.stimuli import Stimuli

MEASURE_FLIPS = 120
PATIENCE_S = 10.0
"""A simulated participant that does not answer is waited for so long."""


@dataclass(frozen=True)
class Presented:
    """What a headless session came to."""

    state: str
    trials: int
    folder: Path
    problems: tuple[str, ...]
    late: tuple[dict[str, Any], ...]


def design_of(chosen: str) -> Design:
    """A design from a template's id or a file; ParameterError or FileProblem otherwise."""
    if chosen in templates.TEMPLATES:
        return templates.template(chosen)
    if Path(chosen).suffix.lower() in (".json", ".tsv"):
        return designs.load(Path(chosen))
    if Path(chosen).exists():
        raise FileProblem(f"{Path(chosen).name} is no design. Choose a .json that Isomorph saved.")
    raise unknown_name(chosen, templates.TEMPLATES, "template or design file")


def present(
    design: Design,
    out: Path,
    subject: str = "01",
    session: str = "01",
    participant: str = "ideal",
    seed: int = 1,
    rate_hz: float = 60.0,
    resume: bool = False,
    late: Mapping[int, int] | None = None,
    listener: Callable[[dict[str, Any]], None] = lambda event: None,
) -> Presented:
    """Present a whole session to a simulated participant.

    Parameters
    ----------
    out : the BIDS dataset; made when it is not there.
    seed : of the order and of the participant; a resumed session keeps its own.
    late : injected late flips, {number of the flip: extra frames}.

    Raises
    ------
    ParameterError, FileProblem : bad values, a session that is there already, a full disk.
    """
    if not 10.0 <= rate_hz <= 1000.0:
        raise ParameterError("rate", f"The rate goes from 10 to 1000 Hz; {rate_hz:g} was given.")
    display = SimulatedDisplay(rate_hz, late=late)
    measured = display.measure(MEASURE_FLIPS)
    monitor = MonitorProfile()
    if resume:
        log = Session(out, subject, session, design.task)
        log.read()
        design, seed = log.design, int(log.header["seed"])
        monitor = log.monitor
        refuse_other_rate(float(log.header["rate_hz"]), measured.nominal)
    planned = plan(design, measured, subject, seed, monitor)
    stimuli = Stimuli(design)
    responder = observer_for(participant, design, stimuli, seed, subject)
    if resume:
        log = Session.resume(out, subject, session, design.task)
    else:
        log = Session.create(out, planned, session, participant, measured.hz)
    problems: list[str] = []
    missed: list[dict[str, Any]] = []

    def hear(event: dict[str, Any]) -> None:
        if event["what"] == "problem":
            problems.append(event["sentence"])
        missed.extend(event.get("late", []))
        listener(event)

    presenter = Presenter(
        planned,
        display,
        stimuli,
        log,
        measured,
        responder,
        listener=hear,
        patience_s=PATIENCE_S,
    )
    state = presenter.run()
    return Presented(state, len(log.records), log.folder, tuple(problems), tuple(missed))


def refuse_other_rate(planned_hz: float, rate_hz: float) -> None:
    """A session goes on at the rate it began with."""
    if abs(planned_hz - rate_hz) > 0.005 * planned_hz:
        raise ParameterError(
            "rate",
            f"The session began at {planned_hz:g} Hz; this screen has {rate_hz:g} Hz. "
            f"Set the screen to {planned_hz:g} Hz.",
            planned_hz,
        )


def listing() -> str:
    """The templates, a line each."""
    return "\n".join(f"{one.id:<26} {one.title}" for one in templates.TEMPLATES.values())


def summary(done: Presented) -> str:
    """What a session came to, in words."""
    lines = [f"{done.trials} trials, {len(done.late)} late flips: {done.folder}"]
    if done.state != "done":
        lines[0] = f"Ended early. {lines[0]}"
    return "\n".join(lines)


def result_of(out: Path, subject: str, session: str, task: str) -> str:
    """Work a session's result out and write it beside the dataset; the table and the page."""
    from backend.stage.session_report import text_of, write_report

    recorded = Session(out, subject, session, task)
    recorded.read()
    page, made = write_report(recorded)
    return f"{text_of(made)}\n{page}"


def say_on_stderr(event: dict[str, Any]) -> None:
    """Progress of a session on standard error: blocks, every tenth trial, and problems."""
    if event["what"] == "block":
        print(f"{event['name']}: {event['trials']} trials", file=sys.stderr)
    elif event["what"] == "problem":
        print(f"isomorph: {event['sentence']}", file=sys.stderr)
    elif event["what"] == "trial end" and event["number"] % 10 == 0:
        print(f"{event['number']} of {event['of']}", file=sys.stderr)
