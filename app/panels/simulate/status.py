"""Words and numbers of a run for the job strip and the result column."""

from __future__ import annotations

import time
from typing import Any

from app.controller import StudyController
from backend.core.report import shown_value
from backend.core.runner import Job
from widgets.job_strip import StripState, seconds_left


def strip_state(controller: StudyController, began: float) -> StripState:
    """What the strip shows now."""
    job = controller.job
    if job is None:
        return StripState(activity="Press Run, or Ctrl+Enter")
    study, run = job.study, job.run
    endless = study.endless(run.parameters, job.record.procedure)
    done, total = run.done or (None, None)
    if endless:
        done = total = None
    return StripState(
        state=job.state,
        endless=endless,
        done=done,
        total=total,
        activity=activity(job, endless),
        detail=detail(job, endless, time.monotonic() - began),
        waiting=len(controller.waiting),
    )


def activity(job: Job, endless: bool) -> str:
    """What a run is doing, in the first words."""
    run = job.run
    unit = run.study.time_unit
    if run.stopped_by and run.paused:
        return run.stopped_by
    if job.outcome == "failed":
        return job.failure.title if job.failure else "Stopped on a problem"
    if run.rebuilding:
        return f"{run.rebuilding}; the old network goes on"
    if run.clock and (endless or job.record.procedure == "free"):
        total = "" if endless or not run.done else f" of {run.done[1] * run.step_length:.2f} {unit}"
        return f"t = {run.clock:.5g} {unit}{total}"
    if run.done and run.done[1]:
        counted = f"{run.done[0]:g} of {run.done[1]:g}"
        if job.outcome == "cancelled":
            counted = f"incomplete, {counted}"
        return f"{run.activity}, {counted}" if run.activity else counted
    return run.activity


def detail(job: Job, endless: bool, elapsed: float) -> str:
    """Speed of an endless run, time left of a finite one."""
    run = job.run
    if job.finished:
        return "" if run.rate == 0 else f"in {elapsed_words(job)}"
    if endless or job.record.procedure == "free":
        words = f"{run.rate / 1000:.2g} × real time"
        if run.step_length:
            words += f" · {run.rate / run.step_length:.0f} steps/s"
        return f"{words} · runs until you stop it" if endless else words
    if run.done and run.done[1]:
        return seconds_left(run.done[0] / run.done[1], elapsed)
    return ""


def elapsed_words(job: Job) -> str:
    """How long a finished run took."""
    from app.panels.runs.model import took

    return took(job.record) or "0 s"


def result_words(controller: StudyController) -> tuple[Any, ...]:
    """Arguments of ``ResultPanel.show_result``."""
    job = controller.job
    study = controller.study
    if job is None:
        return [], "", "", "", list(study.notes)
    result = job.run.result
    lines = job.comparisons()
    lead_name = lead = ""
    if result.lead in result.values:
        quantity = study.quantities[result.lead]
        value = shown_value(result.values[result.lead].value, quantity.digits)
        lead_name, lead = quantity.label, f"{value} {quantity.unit}".strip()
    stale = ""
    if controller.stale:
        stale = f"These numbers are of the run of {job.record.started[11:16]}, other settings."
    elif job.outcome == "cancelled":
        stale = "Incomplete: the run was cancelled; these are the numbers so far."
    elif job.outcome == "failed":
        stale = "This run failed; these are the numbers it found before."
    notes = [*result.notes, *study.notes]
    return lines, lead_name, lead, result.sentence, notes, stale
