"""Words and numbers of a run for the job strip and the result column."""

from __future__ import annotations

import dataclasses
import time

from app.controller import StudyController
from app.panels.runs.model import took
from backend.core.result import Result
from backend.core.runner import Job
from widgets import theme
from widgets.job_strip import JobStrip
from widgets.result_panel import ResultPanel


def show_strip(strip: JobStrip, controller: StudyController, began: float) -> None:
    """Show the state of the current run in the strip."""
    job = controller.job
    if job is None:
        strip.set_state("idle")
        strip.set_words(activity="Press Run, or Ctrl+Enter")
        return
    endless = job.study.endless(job.run.parameters, job.record.procedure)
    strip.set_endless(endless)
    strip.set_state(job.state if job.state in STATES else "done")
    done = None if endless else job.run.done
    strip.set_progress(*(done or (None, None)))
    strip.set_rebuild_waiting(bool(controller.waiting) and controller.alive)
    strip.set_words(
        clock(job, endless),
        activity(job),
        note(job, endless, began, strip.width() < theme.dp(1300)),
    )


STATES = ("idle", "running", "rebuilding", "paused", "done", "cancelled", "failed")


def clock(job: Job, endless: bool) -> str:
    """Model time of a simulation, steps done of anything else."""
    run = job.run
    unit = run.study.time_unit
    if run.clock and (endless or job.record.procedure == "free"):
        if endless or not run.done:
            digits = 0 if not run.paused else 3 if run.step_length < 0.01 else 2
            return f"t = {run.clock:.{digits}f} {unit}"
        return f"{run.clock:.2f} of {run.done[1] * run.step_length:.2f} {unit}"
    if run.done and run.done[1]:
        counted = f"{run.done[0]:g} of {run.done[1]:g}"
        return f"incomplete, {counted}" if job.outcome == "cancelled" else counted
    return ""


def activity(job: Job) -> str:
    """What a run is doing."""
    run = job.run
    if run.stopped_by and run.paused and not job.finished:
        return run.stopped_by
    if job.outcome == "failed":
        return job.failure.title if job.failure else "stopped on a problem"
    if run.rebuilding:
        return f"{run.rebuilding}; the old network goes on"
    if job.finished:
        return ""
    return run.activity or ("" if run.clock or run.done else "preparing")


def note(job: Job, endless: bool, began: float, short: bool) -> str:
    """Speed of a simulation, time left of a batch, time taken of what is over."""
    run = job.run
    if job.draft:
        return "follows the settings; press Run to keep it"
    if job.finished:
        return f"in {took(job.record) or '0 s'}"
    if not run.clock and not run.done:
        return "the first run of an installation compiles its kernels" if not short else ""
    if endless or (run.clock and job.record.procedure == "free"):
        words = f"{run.rate / 1000:.2g} × real time"
        if short:
            return words
        if run.step_length:
            words += f" · {run.rate / run.step_length:.0f} steps/s"
        return f"{words} · runs until you stop it" if endless else words
    if run.done and run.done[1]:
        return seconds_left(run.done[0] / run.done[1], time.monotonic() - began)
    return ""


def seconds_left(share: float, elapsed: float) -> str:
    """Remaining time in words, from the share done and the seconds it took."""
    if share <= 0.02 or elapsed < 1:
        return ""
    left = elapsed * (1 - share) / share
    return f"about {left:.0f} s left" if left < 100 else f"about {left / 60:.0f} min left"


def stale_words(controller: StudyController) -> str:
    """Chip of views whose run had other settings than the form shows; Result says which run."""
    if controller.job is None or not controller.stale:
        return ""
    return "other settings"


def show_result(panel: ResultPanel, controller: StudyController) -> None:
    """Numbers of the current run beside the references."""
    job, study = controller.job, controller.study
    if job is None:
        panel.show_result(Result(), [], study.quantities)
        panel.set_findings(study.notes)
        return
    result = dataclasses.replace(job.run.result, values=dict(job.run.result.values))
    panel.set_findings(study.notes)
    if result.lead not in study.quantities:
        result.lead = ""
    record = job.record
    lines = study.compare(result.values, record.preset, job.run.parameters, record.procedure)
    panel.show_result(result, lines, study.quantities)
    warning = ""
    if job.outcome == "cancelled":
        warning = "Incomplete: the run was cancelled. "
        warning += "These are the numbers so far." if result.values else "It has no numbers yet."
    elif job.outcome == "failed":
        warning = "This run failed. These are the numbers it found before."
    panel.set_warning(warning)
    panel.set_stale(f"run of {job.record.started[11:16]}" if controller.stale else "")
