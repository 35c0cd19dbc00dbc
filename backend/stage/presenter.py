"""The presentation loop: trials in frames, every flip stamped, rows on disk at each trial's end.

Inside a trial only ``show``, ``flip`` and ``answers`` of the display are called; textures are
uploaded and rows written between trials, and the garbage collector is off.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from backend.core.files import FileProblem, write_json
from backend.core.store import home
from backend.stage.bids import Session
from backend.stage.display import Display, Layer, MeasuredRate
from backend.stage.drawing import draw_text
from backend.stage.events import (
    answer_columns,
    first_onset,
    frames_shown,
    stream_score,
    trial_events,
)
from backend.stage.frame_loop import GO_ON, FrameLoop, Taken
from backend.stage.methods import Adaptive, method_of
from backend.stage.participants import Participant
from backend.stage.plan import Plan, PlannedBlock, PlannedTrial
from backend.stage.steps import steps_of
from backend.stage.stimuli import Stimuli
from backend.stage.timing import Before, late_flips
from backend.stage.triggers import Triggers

PORTION = 200
"""Pictures kept ready in memory."""
PAGE_DEG = 0.6
"""Letter height of pages."""
FOCUS_S, RELEASE_S = 0.5, 1.0
"""Until a page without the keyboard is told, and the longest wait for its key to be let go."""
Event = dict[str, Any]


class Aborted(Exception):
    """The session ends here; what was finished is kept."""


class Presenter:
    """Runs a plan on a display.

    Parameters
    ----------
    measured : rate of the display, whose period decides what is a miss.
    responder : a simulated participant; None when a person answers.
    listener : told of everything in small dictionaries with the key ``what``: "session",
        "preparing", "block", "page", "trial", "phase", "trial end", "message", "problem", "end".
    control : asked between trials, and again and again while paused or waiting without a
        time-out: "" go on, "pause", "abort", "retry" (after a problem). When None a problem ends
        the session.
    patience_s : how long a phase without time-out waits at most; 0 for ever.
    """

    def __init__(
        self,
        plan: Plan,
        display: Display,
        stimuli: Stimuli,
        log: Session,
        measured: MeasuredRate,
        responder: Participant | None = None,
        triggers: Triggers | None = None,
        listener: Callable[[Event], None] = lambda event: None,
        control: Callable[[], str] | None = None,
        patience_s: float = 0.0,
    ) -> None:
        self.plan, self.display, self.stimuli, self.log = plan, display, stimuli, log
        self.measured, self.responder = measured, responder
        self.triggers = triggers or Triggers()
        self.triggers.say = lambda sentence: self._say("problem", sentence=sentence, action="")
        self.listener, self.control = listener, control
        self.loop = FrameLoop(
            plan, display, stimuli, self.triggers, responder, self._say, patience_s, self._command
        )
        self._levels = any(key.level for key in plan.keys)
        self._zero: float | None = None
        self._last: tuple[float, int] | None = None  # end of the trial before, frames planned then
        self._prepared: set[str] = set()
        self._textures: dict[str, tuple[int, ...]] = {}

    def run(self) -> str:
        """Present all trials that are not on disk yet; "done" or "aborted"."""
        self.display.background(self.plan.design.background)
        self._say(
            "session",
            trials=self.plan.most_trials,
            done=len(self.log.records),
            rate_hz=self.plan.rate_hz,
            measured_hz=self.measured.hz,
            subject=self.plan.subject,
            task=self.plan.design.task,
        )
        state = "aborted"
        try:
            for block in self.plan.blocks:
                self._block(block)
            state = "done"
        except Aborted:
            pass
        finally:
            self._close(state)
        return state

    def _close(self, state: str) -> None:
        self.triggers.close()
        try:
            self.log.close(state)
        except FileProblem as problem:
            self._say("problem", sentence=str(problem), action="")
        self._say("end", state=state, trials=len(self.log.records))

    def _say(self, what: str, **facts: Any) -> None:
        self.listener({"what": what, **facts})

    # ---- blocks

    def _block(self, block: PlannedBlock) -> None:
        done = {r["trial"]: r for r in self.log.records if r["block"] == block.number}
        method = method_of(block.method) if block.adaptive and block.method else None
        for record in done.values():
            if method is not None:
                method.record(record["row"]["level_index"], bool(record["answer"].get("correct")))
        if method is None and len(done) == len(block.trials):
            return
        if method is not None and block.method is not None:
            levels, rows = range(len(block.method.levels)), range(len(block.rows))
            self._prepare([self.plan.at_level(block, i, x, 0) for x in levels for i in rows])
        else:
            self._portion(block, len(done))
        self._say("block", number=block.number, name=block.name, trials=block.most_trials)
        if block.before:
            self._page(block.before)
        for count, trial in enumerate(self._trials_of(block, method, len(done)), len(done)):
            if trial.number in done:
                continue
            if count and block.rest_every and count % block.rest_every == 0:
                self._publish()
                self._page(f"{count} of {block.most_trials} trials are done. Rest as you like.")
            if method is None:
                self._portion(block, count)
            self._between()
            self._trial(block, trial, method)
        self._publish()

    def _trials_of(self, block: PlannedBlock, method: Adaptive | None, done: int) -> Any:
        """The block's trials that are left, in order."""
        if method is None:
            yield from block.trials[done:]
            return
        first = 1 + sum(one.most_trials for one in self.plan.blocks[: block.number])
        index = done
        while (level := method.next_level()) is not None:
            yield self.plan.at_level(block, index, level, first + index)
            index += 1

    def _portion(self, block: PlannedBlock, start: int) -> None:
        """Have the pictures of the trial ready, with those of the next ones that fit."""
        if self._prepared.issuperset(block.trials[start].references):
            return
        names: set[str] = set()
        stop = start
        for trial in block.trials[start:]:
            names.update(trial.references)
            if len(names) > PORTION and stop > start:
                break
            stop += 1
        self._prepare(block.trials[start:stop])

    def _prepare(self, trials: Sequence[PlannedTrial]) -> None:
        """Render the trials' pictures and put them into the dataset."""
        references = list(dict.fromkeys(name for trial in trials for name in trial.references))
        self.stimuli.prepare(references, self._preparing)
        self._prepared = set(references)
        folder = self.log.root / "stimuli"
        for number, reference in enumerate(references):
            self._stored(functools.partial(self.stimuli.write, reference, folder))
            if number % 16 == 0:
                self.display.answers()

    def _preparing(self, done: int, total: int) -> None:
        self._say("preparing", done=done, total=total)
        self.display.answers()  # the window system must see that we are alive

    def _publish(self) -> None:
        self._stored(self.log.publish)

    # ---- between trials

    def _command(self) -> str:
        """What the operator wants now; "" to go on."""
        return self.control() if self.control is not None else ""

    def _between(self) -> None:
        command = self._command()
        if command == "abort":
            raise Aborted
        if command == "pause":
            self._say("message", sentence="Paused after the trial.")
            self._publish()
            self._hold("The experiment pauses.", "pause")
            self._say("message", sentence="Going on.")

    def _hold(self, words: str, while_command: str) -> str:
        """Keep the screen alive until the control says something else; Aborted on "abort"."""
        assert self.control is not None
        self._show_text(words)
        command = while_command
        while command == while_command:
            self.display.flip()
            if any(event.key == self.plan.design.quit_key for event in self.display.answers()):
                raise Aborted
            command = self.control()
        if command == "abort":
            raise Aborted
        return command

    def _stored(self, write: Callable[[], None]) -> None:
        """Write, and when the disk refuses say so and try again when told to."""
        while True:
            try:
                write()
                return
            except FileProblem as problem:
                self._say("problem", sentence=str(problem), action="Try again")
                if self.control is None:
                    raise Aborted from problem
                self._hold("One moment, please.", "")

    def _page(self, words: str) -> None:
        """Show a text until an answer key, space or return; the control can end it."""
        self._show_text(words)
        self._say("page", words=words)
        self.display.answers()
        start = self.display.flip()
        press = start + self.responder.page_s if self.responder is not None else float("inf")
        told = self.responder is not None
        while True:
            now = self.display.flip()
            if not told and now > start + FOCUS_S and not self.display.focused:
                told = True
                self._tell_unfocused(
                    "The stage does not have the keyboard, so the participant's keys go to another "
                    "window. Click the stage."
                )
            pressed = [event for event in self.display.answers() if event.down]
            if any(event.key == self.plan.design.quit_key for event in pressed):
                raise Aborted
            known = any((e.device, e.key) in self.loop.keys or e.key in GO_ON for e in pressed)
            if known or now >= press:
                break
            if self._command() == "abort":
                raise Aborted
        self.display.show(())
        release = self.display.now() + RELEASE_S
        while self.display.held() and self.display.now() < release:
            self.display.flip()  # the key that turned the page is not one held down in the trial
            self.display.answers()

    def _tell_unfocused(self, sentence: str) -> None:
        """A person's keys do not reach the stage: say so, with a way to mend it."""
        self._say("problem", sentence=sentence, action="Bring the stage forward", do="front")

    def _show_text(self, words: str) -> None:
        self._last = None
        height = self.plan.monitor.px(PAGE_DEG)
        image = draw_text(words, height, self.plan.design.background)
        self.display.upload("page", image)
        self.display.show((Layer("page", 0, 0, float(image.shape[1]), float(image.shape[0])),))

    # ---- one trial

    def _trial(self, block: PlannedBlock, trial: PlannedTrial, method: Adaptive | None) -> None:
        start = time.perf_counter()
        self._upload(trial)
        design = self.plan.design
        steps = steps_of(trial, self._textures, self.plan.monitor, design.photodiode)
        prepare_ms = 1000.0 * (time.perf_counter() - start)
        self._say("trial", number=trial.number, block=block.name, row=_plain_row(trial))
        self._wait_for_turn()
        taken = self.loop.run(trial, steps)
        self._tell_held(trial, taken)
        if taken.quit:
            self._say("message", sentence=f"Ended in trial {trial.number}, which is not kept.")
            raise Aborted
        record = self._record(block, trial, taken, prepare_ms)
        self._last = (taken.flips[-1], trial.between)
        if method is not None:
            method.record(trial.row["level_index"], bool(record["answer"].get("correct")))
        try:
            self._stored(functools.partial(self.log.append, record))
        except Aborted:
            self._rescue(record)
            raise
        self._tell(record, method)

    def _wait_for_turn(self) -> None:
        """Flip until the trial's first flip is the next: so many frames after the last trial."""
        if self._last is None:
            return
        period = self.measured.period_s
        end, frames = self._last
        first = end + (frames - 0.5) * period
        coming = end + (math.floor((self.display.now() - end) / period) + 1) * period
        while coming < first:
            coming = self.display.flip() + period

    def _before(self, first: float) -> Before | None:
        """Frames since the trial before, planned and shown; None when something came between."""
        if self._last is None:
            return None
        end, frames = self._last
        return Before(frames, first - end)

    def _upload(self, trial: PlannedTrial) -> None:
        """Textures of this trial; those of earlier ones that it does not need are freed."""
        texts = {name: text for phase in trial.phases for name, text in phase.texts.items()}
        wanted = dict.fromkeys([*trial.references, *texts])
        gone = [name for name in self._textures if name not in wanted]
        self.display.free(gone)
        for name in gone:
            del self._textures[name]
        for name in wanted:
            if name in self._textures:
                continue
            if name in texts:
                text = texts[name]
                image = draw_text(text.words, text.height_px, self.plan.design.background)
            else:
                image = self.stimuli.image(name)
            self.display.upload(name, image)
            self._textures[name] = image.shape

    # ---- after a trial

    def _tell_held(self, trial: PlannedTrial, taken: Taken) -> None:
        if taken.held:
            self._say(
                "problem",
                sentence=f'Trial {trial.number} began with "{", ".join(taken.held)}" held down. '
                f"It does not count until it is let go and pressed again.",
                action="",
            )

    def _zero_of(self, first: float) -> float:
        """Time of onset 0: the first flip, or earlier by what a resumed session has behind it."""
        if self._zero is None:
            self._zero = first
            if self.log.records:
                last = self.log.records[-1]
                gone = max(0.0, time.time() - float(last["at"])) + float(last["end"])
                rate = self.plan.rate_hz
                self._zero = first - np.ceil(gone * rate) / rate
        return self._zero

    def _record(
        self,
        block: PlannedBlock,
        trial: PlannedTrial,
        taken: Taken,
        prepare_ms: float,
    ) -> dict[str, Any]:
        """The trial as it goes to disk."""
        zero = self._zero_of(taken.flips[0])
        files = {name: self.stimuli.file(name) for name in trial.references}
        events = trial_events(
            trial, taken.shown, taken.flips, taken.answers, zero, self.measured.hz, files,
            self.loop.answer_code, self._levels,
        )  # fmt: skip
        phases = [(one.name, one.frame) for one in taken.shown]
        names = _names(phases, len(taken.flips))
        period = self.measured.period_s
        late = late_flips(trial.number, taken.flips, names, period)
        before = self._before(taken.flips[0])
        if before is not None:
            late = [*before.late(trial.number, period), *late]
        onset = first_onset(taken.shown, taken.flips)
        if taken.stream:
            answer: dict[str, Any] = stream_score(events)
        else:
            answer = answer_columns(trial, taken.answers, onset, self._levels)
        return {
            "trial": trial.number,
            "block": block.number,
            "block_name": block.name,
            "row": _plain_row(trial),
            "answer": answer,
            "early": taken.early,
            "focused": taken.focused,
            "held": list(taken.held),
            "prepare_ms": round(prepare_ms, 3),
            "before": before.document(period) if before is not None else None,
            "late": [asdict(one) for one in late],
            "phases": phases,
            "flips": [round(moment - zero, 7) for moment in taken.flips],
            "end": taken.flips[-1] - zero,
            "at": time.time(),
            "events": events,
        }

    def _rescue(self, record: dict[str, Any]) -> None:
        """Put a trial that the dataset's disk had no room for into the user's own folder."""
        path = home() / "rescued" / f"{self.log.stem}_trial-{record['trial']}.json"
        try:
            write_json(path, record)
        except FileProblem as problem:
            self._say("problem", sentence=str(problem), action="")
            return
        self._say("message", sentence=f"Trial {record['trial']} was put into {path}.")

    def _tell(self, record: dict[str, Any], method: Adaptive | None) -> None:
        """Tell the operator what the trial was, and what was wrong with it."""
        self._say(
            "trial end",
            number=record["trial"],
            of=self.plan.most_trials,
            block=record["block_name"],
            row=record["row"],
            answer=record["answer"],
            late=record["late"],
            flips=record["flips"],
            prepare_ms=record["prepare_ms"],
            before=record["before"],
            frames=frames_shown(record["events"]),
            focused=record["focused"],
            held=record["held"],
            method=method.progress if method is not None else "",
            threshold=method.threshold if method is not None else None,
        )
        number = record["trial"]
        if not record["focused"]:
            self._tell_unfocused(
                f"The stimulus window lost the focus in trial {number}; key presses may be "
                f"missing. The trial is kept and marked. Click the window."
            )
        if record["early"]:
            self._say(
                "message",
                sentence=f"Trial {number}: {record['early']} presses came before answers count.",
            )


def _names(phases: Sequence[tuple[str, int]], count: int) -> list[str]:
    names: list[str] = []
    for (name, start), (_, stop) in zip(phases, [*phases[1:], ("", count)], strict=True):
        names += [name] * (stop - start)
    return names


def _plain_row(trial: PlannedTrial) -> Mapping[str, Any]:
    """The trial's row without the long list of a stream's pictures."""
    return {key: value for key, value in trial.row.items() if key != "pictures"}
