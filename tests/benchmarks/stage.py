"""The stage process against PsychoPy's window, and the frame loop by itself.

Run with ``python tests/benchmarks/stage.py``; prints JSON rows {name, value, unit, peer,
peer_value, ratio, bar, met}. PsychoPy is run by the interpreter that ISOMORPH_PSYCHOPY_PYTHON
names (it is no part of the program); without it the rows say so.

Compared: the same 1,000 pictures of 500 x 500 px RGB in 10 streams of 100, 6 frames each at 60 Hz,
in a window of 800 x 600 on the same virtual display, software OpenGL, both paced by the clock, in
turn, three runs each; medians. Intervals are those between the flips of one stream; late is above
1.2 periods. Both ask the system for real time before the others (SCHED_RR). Preparation is from
pixels in memory to textures, without decoding or disk. Start is from starting the process to its
first flip. Memory is the peak resident size, in ours with the pages of the picture file that it
maps. Ours does the work of a session meanwhile: answers, flip log, journal and pictures of the
dataset. Interval SD and late frames differ more between two runs than between the programs on a
quiet machine: read them as alike unless the ranges of many runs are apart.
"""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

STREAMS, EACH, FRAMES, HZ, SIZE = 10, 100, 6, 60, (800, 600)
RUNS = 3
SIDE, CHECK = 500, 10
LATE_RATIO = 1.2
Row = dict[str, Any]
Run = dict[str, float]


def pictures() -> np.ndarray:
    """(1000, 500, 500, 3) uint8 noise of 10 px squares."""
    rng = np.random.Generator(np.random.Philox(0))
    shape = (STREAMS * EACH, SIDE // CHECK, SIDE // CHECK, 3)
    small = rng.integers(0, 256, shape, np.uint8)
    return small.repeat(CHECK, axis=1).repeat(CHECK, axis=2)


def stored(folder: Path) -> Path:
    """Keep the pictures as the studio does; the set's folder."""
    from backend.stimuli.set_store import SetStore
    from backend.stimuli.stimulus_set import StimulusSet

    draft = SetStore(folder).draft("pictures")
    made = pictures()
    images = draft.into(made.shape)
    images[:] = made
    names: dict[str, list[Any]] = {"name": [f"noise_{i:04d}" for i in range(len(made))]}
    draft.keep(StimulusSet(name="pictures", images=images, table=names))
    return next(folder.rglob("images.npy")).parent


def design_of(folder: Path) -> Any:
    """All pictures once, in streams of 100 at 10 Hz, four of them called targets."""
    from backend.stage.design import AnswerKey, Block, Deal, Design, Item, Phase, Source, TrialKind
    from backend.stage.monitors import MonitorProfile

    profile = MonitorProfile()
    degrees = SIDE / profile.px(1.0)
    phases = (Phase("pictures", "stream", 100, (Item(size_deg=degrees),), answers=True),)
    return Design(
        name="bench",
        task="bench",
        sources=(
            Source("target", folder=str(folder), count=4 * STREAMS, every=25),
            Source("other", folder=str(folder), count=96 * STREAMS, without=25),
        ),
        trial_kinds=(TrialKind("stream", phases, between_ms=0),),
        keys=(AnswerKey("space", "seen"),),
        blocks=(Block("search", "stream", deal=Deal("target", "other", STREAMS, EACH, 4)),),
        triggers={"target": 1, "other": 2},
    )


# ---- the two programs ----------------------------------------------------------------------


def ours(folder: Path, number: int) -> Run:
    """One session in the stage process."""
    from app.stage_process import main
    from backend.stage.monitors import MonitorProfile

    context = multiprocessing.get_context("spawn")
    pipe, theirs = context.Pipe()
    process = context.Process(target=main, args=(theirs, {"windowed": SIZE}), name="stage")
    began = time.perf_counter()
    process.start()
    theirs.close()
    opened = heard(pipe, "opened")
    pipe.send({"do": "check"})
    heard(pipe, "checked")
    out = folder.parent / f"dataset{number}"
    pipe.send(
        {"do": "start", "design": design_of(folder).document(), "out": str(out), "subject": "01",
         "session": "01", "seed": number, "participant": "",
         "monitor": dataclasses.asdict(MonitorProfile())}
    )  # fmt: skip
    trials: list[dict[str, Any]] = []
    heard(pipe, "end", trials)
    status = Path(f"/proc/{process.pid}/status").read_text()
    pipe.send({"do": "close"})
    heard(pipe, "closed")
    pipe.close()
    process.join()
    prepare = sum(trial["prepare_ms"] for trial in trials) / 1000
    # The last flip of a trial clears the screen after the last picture.
    flips = [trial["flips"][:-1] for trial in trials]
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1000
    return summary(opened["at"] - began, prepare, flips, peak)


def heard(pipe: Any, what: str, trials: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """The next event of this kind; trials that end meanwhile are kept."""
    while True:
        event: dict[str, Any] = pipe.recv()
        if event["what"] in ("refused", "failed", "problem"):
            raise RuntimeError(event["sentence"])
        if event["what"] == "trial end" and trials is not None:
            trials.append(event)
        if event["what"] == what:
            return event


def peer(python: str, folder: Path) -> Run:
    """The same pictures in PsychoPy's window."""
    numbers = (STREAMS, EACH, FRAMES, HZ, *SIZE)
    script = Path(__file__).with_name("stage_peer.py")
    command = [python, str(script), str(folder / "images.npy"), *map(str, numbers)]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    began = time.perf_counter()  # one clock for all processes of a machine
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)
    found = json.loads(done.stdout.splitlines()[-1])
    prepare = sum(found["prepare_s"])
    return summary(found["first"] - began, prepare, found["flips"], found["memory_mb"])


def summary(start: float, prepare: float, flips: list[list[float]], memory: float) -> Run:
    """What both are compared by."""
    assert [len(one) for one in flips] == [EACH * FRAMES] * STREAMS
    intervals = np.concatenate([np.diff(one) for one in flips])
    return {
        "interval SD": 1000 * float(intervals.std()),
        "late frames": float((intervals > LATE_RATIO / HZ).sum()),
        "preparation of 1,000 textures": prepare,
        "peak memory": memory,
        "process start to first flip": start,
    }


UNITS = {"interval SD": "ms", "late frames": "of 5,990", "preparation of 1,000 textures": "s",
         "peak memory": "MB", "process start to first flip": "s"}  # fmt: skip


def comparison(python: str, runs: int) -> list[Row]:
    """Both programs in turn."""
    mine, theirs = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = stored(Path(name) / "sets")
        for number in range(runs):
            mine.append(ours(folder, number))
            theirs.append(peer(python, folder) if python else None)
            print(f"{mine[-1]}\n{theirs[-1]}", file=sys.stderr, flush=True)
    rows = []
    for key, unit in UNITS.items():
        value = statistics.median(run[key] for run in mine)
        found = [run[key] for run in theirs if run is not None]
        other = statistics.median(found) if found else None
        rows.append(row(f"stage: {key}", value, unit, other))
    return rows


def row(name: str, value: float, unit: str, other: float | None) -> Row:
    """A line of the table; the ratio is how many times less ours takes."""
    ahead = None if other is None else value < other or value == other == 0
    ratio = other / value if other is not None and value else None
    words = "PsychoPy" if other is not None else "PsychoPy: not installed"
    return {
        "name": name, "value": value, "unit": unit, "peer": words, "peer_value": other,
        "ratio": ratio, "bar": "less than PsychoPy", "met": ahead,
    }  # fmt: skip


# ---- the loop by itself --------------------------------------------------------------------


def alone() -> list[Row]:
    """A session of 10,000 frames and more on the simulated clock, which costs no drawing."""
    from backend.stage.headless import present

    design = dataclasses.replace(simulated_design(), triggers={"stream": 1})
    frames = late = 0

    def hear(event: dict[str, Any]) -> None:
        nonlocal frames, late
        if event["what"] == "trial end":
            frames += len(event["flips"])
            late += len(event["late"])

    with tempfile.TemporaryDirectory() as name:
        began = time.perf_counter()
        done = present(design, Path(name), listener=hear)
        whole = time.perf_counter() - began
    assert done.state == "done"
    per_frame = 1e6 * loop_time(frames)
    return [
        plain(
            f"frame loop without drawing, Python a frame, over {frames} frames",
            per_frame,
            "µs",
            500,
        ),
        plain(f"{frames} frames on the simulated clock, session and all", whole, "s", None),
        plain("late frames found there, none was injected", float(late), "frames", 0),
    ]


def simulated_design() -> Any:
    """17 streams of 100 gratings at 10 Hz."""
    from backend.stage.design import (
        AnswerKey,
        Block,
        Deal,
        Design,
        Item,
        Phase,
        Source,
        TrialKind,
        Value,
    )  # fmt: skip

    phases = (Phase("pictures", "stream", 100, (Item(size_deg=4.0),), answers=True),)
    small: dict[str, Value] = {"side": 32}
    return Design(
        name="bench",
        task="bench",
        sources=(
            Source("target", "gratings", parameters=small, count=68, every=25),
            Source("other", "gratings", parameters=small, count=1632, without=25),
        ),
        trial_kinds=(TrialKind("stream", phases, between_ms=0),),
        keys=(AnswerKey("space", "seen"),),
        blocks=(Block("search", "stream", deal=Deal("target", "other", 17, 100, 4)),),
    )


def loop_time(frames: int) -> float:
    """Seconds a frame of the frame loop, its trial's textures uploaded."""
    from backend.stage.display import SimulatedDisplay
    from backend.stage.frame_loop import FrameLoop
    from backend.stage.plan import plan
    from backend.stage.steps import steps_of
    from backend.stage.stimuli import Stimuli
    from backend.stage.triggers import Recorder, Triggers

    display = SimulatedDisplay(60.0)
    design = simulated_design()
    made = plan(design, display.measure(60), "01", 1)
    loop = FrameLoop(
        made, display, Stimuli(design), Triggers([Recorder()]), None, lambda *a, **k: None, 0.0
    )
    trials: list[Callable[[], Any]] = []
    image = np.zeros((32, 32), np.uint8)
    for trial in made.blocks[0].trials:
        for name in trial.references:
            display.upload(name, image)
        steps = steps_of(trial, display.textures, made.monitor, False)
        trials.append(lambda trial=trial, steps=steps: loop.run(trial, steps))  # type: ignore[misc]
    best = np.inf
    for _ in range(3):
        began = time.perf_counter()
        shown = sum(len(trial().flips) for trial in trials)
        best = min(best, time.perf_counter() - began)
    assert shown == frames
    return best / shown


def plain(name: str, value: float, unit: str, most: float | None) -> Row:
    """A line without a peer."""
    words = "" if most is None else f"<= {most:g} {unit}"
    met = None if most is None else value <= most
    return {"name": f"stage: {name}", "value": value, "unit": unit, "peer": "",
            "peer_value": None, "ratio": None, "bar": words, "met": met}  # fmt: skip


if __name__ == "__main__":
    python = os.environ.get("ISOMORPH_PSYCHOPY_PYTHON", "")
    if python and not Path(python).exists():
        python = ""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    print(json.dumps([*comparison(python, runs), *alone()]))
