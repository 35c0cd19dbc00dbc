"""``isomorph stage`` with a screen: the stage process, told what to do over its pipe."""

from __future__ import annotations

import dataclasses
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.stage import monitors
from backend.stage.design import Design
from backend.stage.headless import Presented

PATIENCE_S = 10.0


def present_on_screen(
    design: Design,
    out: Path,
    subject: str,
    session: str,
    seed: int,
    resume: bool,
    participant: str = "",
    windowed: tuple[int, int] | None = None,
    listener: Callable[[dict[str, Any]], None] = lambda event: None,
) -> Presented:
    """Open the stage's window, measure the screen, present, and close it again.

    Ctrl-C ends after the running trial; what was finished is on disk.

    Parameters
    ----------
    participant : a simulated one, "" for a person.
    windowed : size in px of a window instead of the whole screen.

    Raises
    ------
    ParameterError, FileProblem : what the stage refuses, in its words.
    """
    from app.stage_process import main

    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    process = context.Process(target=main, args=(theirs, {"windowed": windowed}), name="stage")
    process.start()
    theirs.close()
    start = {
        "do": "start", "design": design.document(), "out": str(out), "subject": subject,
        "session": session, "seed": seed, "resume": resume, "participant": participant,
        "monitor": dataclasses.asdict(monitors.profiles()[0]),
    }  # fmt: skip
    heard = Heard(listener)
    try:
        pipe.send({"do": "check"})
        pipe.send(start)
        while heard.state == "":
            try:
                heard.take(pipe.recv())
            except KeyboardInterrupt:
                pipe.send({"do": "abort"})
        pipe.send({"do": "close"})
    except (EOFError, OSError):
        raise FileProblem(
            "The stage ended by itself. Every finished trial is on disk; go on with --resume."
        ) from None
    finally:
        pipe.close()
        process.join(PATIENCE_S)
        if process.is_alive():
            process.kill()
            process.join()
    folder = out / f"sub-{subject}" / f"ses-{session}" / "beh"
    return Presented(heard.state, heard.trials, folder, tuple(heard.problems), tuple(heard.late))


class Heard:
    """What the stage process said so far; ``state`` is set when the session has ended."""

    def __init__(self, listener: Callable[[dict[str, Any]], None]) -> None:
        self.listener = listener
        self.state, self.trials = "", 0
        self.problems: list[str] = []
        self.late: list[dict[str, Any]] = []

    def take(self, event: dict[str, Any]) -> None:
        """One event; refusals are raised as they would be here."""
        self.listener(event)
        what = event["what"]
        if what == "refused":
            if event["field"]:
                raise ParameterError(event["field"], event["sentence"], event["fix"])
            raise FileProblem(event["sentence"])
        if what == "failed":
            raise FileProblem(event["sentence"])
        if what == "problem":
            self.problems.append(event["sentence"])
        self.late += event.get("late", [])
        if what == "end":
            self.state, self.trials = event["state"], event["trials"]
