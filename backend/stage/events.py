"""What a trial becomes in ``events.tsv``: one row a phase, picture and answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.stage.design import ANSWER, WITHHOLD, Design
from backend.stage.plan import PlannedTrial

COLUMNS = (
    "onset", "duration", "trial_type", "value", "block", "trial", "stim_file", "response",
    "response_time", "correct", "planned_frames", "shown_frames",
)  # fmt: skip
HIT_WINDOW_S = (0.15, 1.2)
"""A press this long after a target of a stream counts as a hit."""
_OWN = {"kind", "trial_type", "correct", "pictures", "target", "targets", "near_s"}
_DESCRIPTIONS = {
    "onset": ("Time of the first flip that showed it, from the session's first flip", "s"),
    "duration": ("Until the flip that replaced it", "s"),
    "trial_type": ("Condition, phase, or answer", ""),
    "value": ("Trigger code sent at its flip", ""),
    "block": ("Block", ""),
    "trial": ("Number of the trial in the session, from 1", ""),
    "stim_file": ("Picture shown, below stimuli/", ""),
    "response": ("Meaning of the key that was pressed", ""),
    "response_time": ("From the stimulus's onset flip to the key press", "s"),
    "correct": ("1 right, 0 wrong", ""),
    "planned_frames": ("Frames it was planned for", "frame"),
    "shown_frames": ("Frames it was on screen, by the flips' times", "frame"),
    "label": ("Target, near (a target within the near window) or far picture of a stream", ""),
    "key": ("Key that was pressed", ""),
    "response_level": ("Confidence of the key that was pressed", ""),
    "expected": ("Meaning of the right answer", ""),
    "late_flips": ("Flips of the trial that came late", ""),
    "focused": ("1 when the stimulus window had the keyboard throughout", ""),
    "held_keys": ("Keys that were down when the trial began and did not count until let go", ""),
    "targets": ("Targets in the stream", ""),
    "hits": ("Targets followed by a press within 0.15 to 1.2 s", ""),
    "false_alarms": ("Presses that no target explains", ""),
    "level": ("Stimulus level", ""),
    "level_index": ("Number of the level, from 0", ""),
    "trigger_sent": (
        "1 when every trigger device took the code, 0 when one did not, n/a without a device",
        "",
    ),
    "frames_before": ("Frames between the end of the trial before and this one's first flip", ""),
    "frames_before_planned": ("Frames planned for that; n/a after a page or a pause", ""),
}


@dataclass
class Shown:
    """A step of a trial as it was shown.

    Attributes
    ----------
    frame : its first flip within the trial; ``planned`` frames, 0 when it waited.
    """

    name: str
    trial_type: str
    frame: int
    planned: int
    code: int = 0
    sent: bool | None = None
    reference: str = ""
    label: str = ""
    onset_kind: bool = False


@dataclass
class Answer:
    """A counted answer; ``time`` on the display's clock, ``step`` the step it came in."""

    key: str
    meaning: str
    level: int
    time: float
    step: int
    sent: bool | None = None


def trial_events(
    trial: PlannedTrial,
    shown: Sequence[Shown],
    flips: Sequence[float],
    answers: Sequence[Answer],
    zero: float,
    rate_hz: float,
    files: Mapping[str, str],
    answer_code: int = 0,
    levels: bool = False,
) -> list[dict[str, Any]]:
    """Rows of a trial in order of onset.

    Parameters
    ----------
    flips : seconds of every flip; one more than the frames shown (the flip that ended it).
    zero : time of the session's first flip.
    files : picture file by reference.
    """
    extra = {key: value for key, value in trial.row.items() if key not in _OWN}
    rows = []
    reference = first_onset(shown, flips)
    stream = any(step.label for step in shown)
    ends = [flips[step.frame] for step in shown[1:]] + [flips[-1]]
    for step, end in zip(shown, ends, strict=True):
        onset = flips[step.frame]
        row: dict[str, Any] = {
            "onset": onset - zero,
            "duration": end - onset,
            "trial_type": step.trial_type,
            "value": step.code or None,
            "block": trial.block_name,
            "trial": trial.number,
            "stim_file": files.get(step.reference),
            "planned_frames": step.planned or None,
            "shown_frames": round((end - onset) * rate_hz),
            "label": step.label or None,
            "trigger_sent": _flag(step.sent),
            **extra,
        }
        if stream and step.label == "target":
            row |= _hit(onset, answers)
        elif not stream and onset == reference and step.onset_kind:
            row |= answer_columns(trial, answers, onset, levels)
        rows.append(row)
    rows += [
        {
            "onset": answer.time - zero,
            "duration": 0.0,
            "trial_type": ANSWER,
            "value": answer_code or None,
            "block": trial.block_name,
            "trial": trial.number,
            "response": answer.meaning,
            "key": answer.key,
            "response_time": answer.time - reference,
            "trigger_sent": _flag(answer.sent),
        }
        for answer in answers
    ]
    return sorted(rows, key=lambda row: row["onset"])


def _flag(sent: bool | None) -> int | None:
    return None if sent is None else int(sent)


def first_onset(shown: Sequence[Shown], flips: Sequence[float]) -> float:
    """Time of the flip that response times are measured from: the first stimulus's."""
    for step in shown:
        if step.onset_kind:
            return flips[step.frame]
    return flips[0]


def answer_columns(
    trial: PlannedTrial, answers: Sequence[Answer], onset: float, levels: bool = False
) -> dict[str, Any]:
    """Response, its time and whether it was right; the first answer counts."""
    right = trial.correct
    if not answers:
        return {"correct": int(right == WITHHOLD) if right else None}
    first = answers[0]
    found: dict[str, Any] = {
        "response": first.meaning,
        "response_time": first.time - onset,
        "key": first.key,
        "correct": int(first.meaning == right) if right else None,
    }
    return found | ({"response_level": first.level} if levels else {})


def _hit(onset: float, answers: Sequence[Answer]) -> dict[str, Any]:
    """A target of a stream is seen when a press follows within the window."""
    low, high = HIT_WINDOW_S
    for answer in answers:
        if low <= answer.time - onset <= high:
            return {
                "response": answer.meaning,
                "response_time": answer.time - onset,
                "correct": 1,
            }
    return {"correct": 0}


def frames_shown(events: Sequence[Mapping[str, Any]]) -> int:
    """Frames of a trial by the flips' times."""
    return sum(event.get("shown_frames") or 0 for event in events)


def stream_score(events: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Targets, hits and false alarms (presses that no target explains) of a stream."""
    targets = [event["onset"] for event in events if event.get("label") == "target"]
    presses = [event["onset"] for event in events if event["trial_type"] == ANSWER]
    low, high = HIT_WINDOW_S
    hits = sum(any(low <= press - t <= high for press in presses) for t in targets)
    alarms = sum(not any(low <= press - t <= high for t in targets) for press in presses)
    return {"targets": len(targets), "hits": hits, "false_alarms": alarms}


def column_descriptions(design: Design, columns: Sequence[str]) -> dict[str, Any]:
    """The sidecar's description of each column; "Levels" of codes and answers."""
    found: dict[str, Any] = {}
    for column in columns:
        words, unit = _DESCRIPTIONS.get(column, (f'Column "{column}" of the trial table', ""))
        found[column] = {"Description": words} | ({"Units": unit} if unit else {})
    if design.triggers and "value" in found:
        found["value"]["Levels"] = {str(code): name for name, code in design.triggers.items()}
    if design.keys and "response" in found:
        found["response"]["Levels"] = {k.meaning: f"{k.device} {k.key}" for k in design.keys}
    return found
