"""A minute of RSVP in a real window: every flip logged, injected late flips named, no other."""

from __future__ import annotations

import dataclasses
import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stage_tools import read_tsv

from app.stage_process import CHECK_FLIPS, main
from backend.stage.bids import Session
from backend.stage.design import AnswerKey, Block, Deal, Design, Item, Phase, Source, TrialKind
from backend.stage.monitors import MonitorProfile
from backend.stage.timing import LATE_RATIO
from widgets.stage_display import VSYNC_FLIPS

STREAMS, PICTURES, FRAMES = 6, 100, 6
BEFORE = 1 + VSYNC_FLIPS + CHECK_FLIPS + 1
"""Flips of the opened window, of the check and of the words after it."""
EXTRA = {1500: 1, 2200: 2, 2950: 3}
"""Injected: number of the flip since the window opened, and the frames it takes longer."""


def minute() -> Design:
    """Six streams of ten seconds at 10 Hz."""
    phases = (Phase("pictures", "stream", 100, (Item(size_deg=8.0),), answers=True),)
    small = {"side": 64}
    return Design(
        name="minute",
        task="minute",
        sources=(
            Source("target", "gratings", parameters=small, count=4 * STREAMS, every=25),
            Source("other", "gratings", parameters=small, count=96 * STREAMS, without=25),
        ),
        trial_kinds=(TrialKind("stream", phases, between_ms=0),),
        keys=(AnswerKey("space", "seen"),),
        blocks=(Block("search", "stream", deal=Deal("target", "other", STREAMS, PICTURES, 4)),),
        triggers={"target": 1, "other": 2},
    )


def shown(out: Path) -> list[dict[str, Any]]:
    """The ``trial end`` events of a session in the stage process."""
    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    spec = {"windowed": (400, 300), "late": EXTRA}
    process = context.Process(target=main, args=(theirs, spec), name="stage")
    process.start()
    theirs.close()
    pipe.send({"do": "check"})
    pipe.send(
        {"do": "start", "design": minute().document(), "out": str(out), "subject": "01",
         "session": "01", "seed": 1, "monitor": dataclasses.asdict(MonitorProfile())}
    )  # fmt: skip
    trials = []
    while True:
        event = pipe.recv()
        assert event["what"] not in ("refused", "failed"), event
        if event["what"] == "trial end":
            trials.append(event)
        if event["what"] == "end":
            break
    pipe.send({"do": "close"})
    while pipe.recv()["what"] != "closed":
        pass
    process.join(10)
    pipe.close()
    assert process.exitcode == 0
    return trials


@pytest.mark.slow
def test_every_flip_is_logged_and_late_ones_are_named(tmp_path: Path) -> None:
    trials = shown(tmp_path)
    session = Session(tmp_path, "01", "01", "minute")
    session.read()
    assert [len(one["flips"]) for one in trials] == [PICTURES * FRAMES + 1] * STREAMS
    period = 1.0 / float(session.header["measured_hz"])
    found = {}
    for trial in trials:
        intervals = np.diff(trial["flips"])
        long = {int(i) + 1 for i in np.flatnonzero(intervals > LATE_RATIO * period)}
        assert {one["frame"] for one in trial["late"]} == long  # none missed, none invented
        found |= {(trial["number"], one["frame"]): one for one in trial["late"]}
    for flip, extra in EXTRA.items():
        trial, frame = divmod(flip - BEFORE, PICTURES * FRAMES + 1)
        assert found[trial + 1, frame]["lost"] >= extra  # more where the machine was busy too
    assert all(one["phase"] == "pictures" for one in found.values())
    rows = read_tsv(session.folder / f"{session.stem}_events.tsv")
    pictures = [row for row in rows if row["trial_type"] in ("target", "other")]
    assert len(pictures) == STREAMS * PICTURES
    assert [row["value"] for row in pictures] == [
        {"target": "1", "other": "2"}[row["trial_type"]] for row in pictures
    ]
    flips = read_tsv(session.raw / f"{session.stem}_flips.tsv")
    assert len(flips) == STREAMS * (PICTURES * FRAMES + 1)
