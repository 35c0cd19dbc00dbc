"""The same thing without a window: run a study from a script, the command line or a test."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from backend.core import report
from backend.core.files import write_json
from backend.core.objects import as_object
from backend.core.parameters import ParameterError
from backend.core.result import Result
from backend.core.run import ChangeAt, Run
from backend.core.runner import Job, describe, work
from backend.core.store import Record, save_record
from backend.core.study import Study

FREE_RUN_MS = 300.0
"""Length of a free run when nothing says how long (model time)."""


def settings(
    study: Study,
    preset: str = "",
    changes: Mapping[str, Any] | None = None,
    seed: int | None = None,
) -> tuple[str, Any]:
    """Preset name and parameters from what a user gave; ParameterError names the bad one."""
    name = preset or study.presets[0].name
    parameters = study.parameters_of(name).changed(**dict(changes or {}))
    if seed is not None:
        parameters = parameters.changed(seed=seed)
    return name, parameters


def run(
    study_id: str,
    preset: str = "",
    changes: Mapping[str, Any] | None = None,
    seed: int | None = None,
    procedure: str = "",
    duration: float | None = None,
    schedule: tuple[ChangeAt, ...] = (),
) -> Result:
    """Run a study and return what it measured; for scripts and notebooks.

    Parameters
    ----------
    study_id, preset : which study, with which named settings (default: its first preset).
    changes : parameter values other than the preset's.
    procedure : default the preset's; ``duration`` (model time) ends an endless one.
    schedule : changes while it runs, as recorded by a steered run.

    Raises ParameterError for settings that cannot run.
    """
    from backend.studies import find

    study = find(study_id)
    name, parameters = settings(study, preset, changes, seed)
    chosen = procedure or study.preset(name).procedure
    study.check(parameters, chosen)
    job = make_job(study, parameters, name, chosen, schedule, duration, None)
    if study.isolated(parameters):
        from backend.core.child import run_isolated

        run_isolated(study, job.run)
    else:
        study.run(job.run)
    job.run.close()
    job.run.result.complete = True
    return job.run.result


def make_job(
    study: Study,
    parameters: Any,
    preset: str,
    procedure: str,
    schedule: tuple[ChangeAt, ...],
    duration: float | None,
    directory: Path | None,
) -> Job:
    """A job that is driven by the caller; endless procedures get an end."""
    if duration is None and study.endless(parameters, procedure):
        duration = FREE_RUN_MS
    record = Record(
        id=directory.name if directory else study.id,
        study=study.id,
        preset=preset,
        procedure=procedure,
        parameters=parameters.document(),
        started=time.strftime("%Y-%m-%dT%H:%M:%S"),
        duration=duration,
        pid=os.getpid(),
        path=directory or Path(),
    )
    model_run = Run(study, parameters, procedure, schedule, duration, directory)
    return Job(record, study, model_run)


def run_to(
    directory: Path, job: Job, say: Callable[[str], None] | None = None, figures: bool = True
) -> Job:
    """Run a job into a folder: result.json, tables, data files, figures, report.

    Ctrl-C cancels it: what is finished stays, marked incomplete. ``say`` gets progress lines.
    """
    import threading

    save_record(job.record)
    job.run.drawing = True
    thread = threading.Thread(target=work, args=(job,), name="headless run")
    thread.start()
    try:
        follow(job, say)
    except KeyboardInterrupt:
        job.run.cancel()
        thread.join()
    thread.join()
    if job.outcome != "failed":
        try:
            save_offers(directory, job)
            if figures:
                report.write(directory, job)
        except Exception as error:
            job.outcome, job.failure = "failed", describe(error)
    return job


def follow(job: Job, say: Callable[[str], None] | None) -> None:
    """Wait for a job, saying progress at most twice a second."""
    last = ""
    while not job.wait(0.5):
        line = progress_line(job.run)
        if say and line != last:
            say(line)
            last = line


def progress_line(model_run: Run) -> str:
    """One line on how far a run is."""
    parts = [model_run.activity] if model_run.activity else []
    if model_run.done:
        done, total = model_run.done
        parts.append(f"{done:g} of {total:g}")
    if model_run.clock:
        parts.append(f"t = {model_run.clock:.4g} {model_run.study.time_unit}")
    return " · ".join(parts) or "running"


def save_offers(directory: Path, job: Job) -> None:
    """Save everything a run offers in the first format of its kind."""
    provenance = job.provenance()
    for offer in job.run.offers.values():
        made = as_object(offer.name, offer.make(), {})
        made.save(directory / "data" / f"{offer.name}.{made.formats[0]}")
    if job.run.offers:
        write_json(directory / "data" / "provenance.json", provenance)


def say_on_stderr(line: str) -> None:
    """Progress for people: one line on standard error."""
    print(line, file=sys.stderr, flush=True)


def parse_inputs(study: Study, pairs: Mapping[str, str]) -> dict[str, str]:
    """Files given as NAME=FILE: the name must be a file parameter, the file must exist."""
    for name, file in pairs.items():
        if study.Parameters.declaration(name).kind != "file":
            raise ParameterError(name, f"{name} takes a value, not a file. Use --set {name}=VALUE.")
        if Path(file).is_dir():
            raise ParameterError(name, f"{Path(file).name} is a folder. Give a file.")
        if not Path(file).exists():
            raise ParameterError(name, f"{Path(file).name} does not exist. Check the path.")
    return dict(pairs)
