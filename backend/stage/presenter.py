"""The presentation loop: trials in frames, every flip stamped, rows on disk at each trial's end.

Inside a trial only ``show``, ``flip`` and ``answers`` of the display are called; textures are
uploaded and rows written between trials, and the garbage collector is off.
"""

from __future__ import annotations

import functools
import gc
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from backend.core.files import FileProblem, write_json
from backend.core.store import home
from backend.stage.bids import Session
from backend.stage.design import ANSWER, WITHHOLD, AnswerKey
from backend.stage.display import Display, KeyEvent, Layer, MeasuredRate
from backend.stage.drawing import draw_text
from backend.stage.events import (
    Answer,
    Shown,
    answer_columns,
    first_onset,
    stream_score,
    trial_events,
)
from backend.stage.methods import Adaptive, method_of
from backend.stage.participants import Participant, TrialView
from backend.stage.plan import Plan, PlannedBlock, PlannedTrial
from backend.stage.steps import Step, steps_of
from backend.stage.stimuli import Stimuli
from backend.stage.timing import late_flips
from backend.stage.triggers import Triggers

GO_ON = ("space", "return", "enter")
PORTION = 200
"""Pictures kept ready in memory."""
PAGE_DEG = 0.6
"""Letter height of pages."""
Event = dict[str, Any]


class Aborted(Exception):
    """The session ends here; what was finished is kept."""


@dataclass
class Taken:
    """What one trial gathered while its frames ran."""

    steps: list[Step]
    flips: list[float]
    shown: list[Shown]
    answers: list[Answer]
    early: int = 0
    page: bool = False
    quit: bool = False
    since: float = float("inf")


class Presenter:
    """Runs a plan on a display.

    Parameters
    ----------
    measured : rate of the display, whose period decides what is a miss.
    responder : a simulated participant; None when a person answers.
    listener : told of everything in small dictionaries with the key ``what``: "session",
        "preparing", "block", "page", "trial", "phase", "trial end", "message", "problem", "end".
    control : asked between trials, and again and again while paused: "" go on, "pause", "abort",
        "retry" (after a problem). When None a problem ends the session.
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
        self.patience = patience_s
        self._keys: dict[tuple[str, str], AnswerKey] = {(k.device, k.key): k for k in plan.keys}
        self._levels = any(key.level for key in plan.keys)
        self._answer_code = plan.design.triggers.get(ANSWER, 0)
        self._stream_answers = False
        self._zero: float | None = None
        self._textures: dict[str, tuple[int, ...]] = {}
        self._held: set[str] = set()
        self._pending: deque[KeyEvent] = deque()
        self._trials = len(log.records)

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
        if all(self.stimuli.ready(name) for name in block.trials[start].references):
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

    def _between(self) -> None:
        command = self.control() if self.control is not None else ""
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
        while True:
            now = self.display.flip()
            pressed = [event for event in self.display.answers() if event.down]
            if any(event.key == self.plan.design.quit_key for event in pressed):
                raise Aborted
            known = any((e.device, e.key) in self._keys or e.key in GO_ON for e in pressed)
            if known or now >= press:
                break
            if self.control is not None and self.control() == "abort":
                raise Aborted
        self.display.show(())

    def _show_text(self, words: str) -> None:
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
        self._stream_answers = any(step.label for step in steps)
        taken = Taken(steps, [], [], [])
        prepare_ms = 1000.0 * (time.perf_counter() - start)
        self._say("trial", number=trial.number, block=block.name, row=_plain_row(trial))
        self._note_held(trial)
        focused = self.display.focused
        collecting = gc.isenabled()
        gc.disable()
        try:
            self._frames(trial, taken)
        finally:
            if collecting:
                gc.enable()
        if taken.quit:
            self._say("message", sentence=f"Ended in trial {trial.number}, which is not kept.")
            raise Aborted
        focused = focused and self.display.focused
        record = self._record(block, trial, taken, focused, prepare_ms)
        if method is not None:
            method.record(trial.row["level_index"], bool(record["answer"].get("correct")))
        try:
            self._stored(functools.partial(self.log.append, record))
        except Aborted:
            self._rescue(record)
            raise
        self._tell(record, method)

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

    def _note_held(self, trial: PlannedTrial) -> None:
        self.display.answers()
        self._pending.clear()
        self._held = set(self.display.held())
        if self._held:
            names = ", ".join(sorted(self._held))
            self._say(
                "problem",
                sentence=f'Trial {trial.number} began with "{names}" held down. It does not count '
                f"until it is let go and pressed again.",
                action="",
            )

    def _frames(self, trial: PlannedTrial, taken: Taken) -> None:
        """The frame loop: nothing here but showing, flipping, stamping and answers."""
        display, flips = self.display, taken.flips
        flip, limit = display.flip, self.patience
        for number, step in enumerate(taken.steps):
            if step.skip_if_answered and taken.answers:
                continue
            layers = step.layers
            if step.outcomes:
                layers = step.outcomes[outcome(trial, taken.answers)]
            display.show(layers)
            onset = flip()
            flips.append(onset)
            self._begin(trial, number, step, onset, taken)
            left = step.frames - 1
            self._poll(onset, number, step, taken)
            while left and not self._ended(step, taken):
                now = flip()
                flips.append(now)
                left -= 1
                self._poll(now, number, step, taken)
                if left < 0 and limit and now - onset > limit:
                    break
            if taken.quit:
                return
        display.show(())
        flips.append(flip())

    @staticmethod
    def _ended(step: Step, taken: Taken) -> bool:
        if taken.quit:
            return True
        return step.until_answer and (taken.page if step.page else bool(taken.answers))

    def _begin(
        self, trial: PlannedTrial, number: int, step: Step, onset: float, taken: Taken
    ) -> None:
        """At the onset flip of a step: trigger, log entry, and the participant's answer."""
        sent = True
        if step.code:
            sent = self.triggers.send(step.code, onset).sent
        first = step.onset_kind and not any(one.onset_kind for one in taken.shown)
        taken.shown.append(
            Shown(
                step.name, step.trial_type, len(taken.flips) - 1, step.frames, step.code, sent,
                step.reference, step.label, step.onset_kind,
            )
        )  # fmt: skip
        taken.page = False
        if step.accepts and taken.since == float("inf"):
            taken.since = onset
        if self.responder is not None:
            if step.page:
                self._press(self._any_key(), onset + self.responder.page_s)
            elif first:
                self._respond(trial, number, onset, taken)
        if not step.label or first:
            self._say("phase", trial=trial.number, name=step.name, picture=step.reference)

    def _any_key(self) -> tuple[str, str]:
        first = self.plan.keys[0] if self.plan.keys else None
        return (first.device, first.key) if first else ("keyboard", "space")

    def _respond(self, trial: PlannedTrial, number: int, onset: float, taken: Taken) -> None:
        """Let the simulated participant see the trial and schedule its presses."""
        assert self.responder is not None
        frames = 0
        for step in taken.steps[number:]:
            if step.accepts:
                break
            frames += step.frames
        view = TrialView(
            trial,
            self.plan.keys,
            {name: self.stimuli.image(name) for name in trial.references},
            frames / self.plan.rate_hz,
            [s.frames * i / self.plan.rate_hz for i, s in enumerate(taken.steps[number:])],
            [step.label for step in taken.steps[number:]],
        )
        for press in self.responder.respond(view):
            self._press((press.device, press.key), onset + press.delay_s)

    def _press(self, key: tuple[str, str], moment: float) -> None:
        for when, down in ((moment, True), (moment + 0.06, False)):
            self._pending.append(KeyEvent(key[1], when, key[0], down))
        self._pending = deque(sorted(self._pending, key=lambda event: event.time))

    def _poll(self, now: float, number: int, step: Step, taken: Taken) -> None:
        events = self.display.answers()
        while self._pending and self._pending[0].time <= now:
            events.append(self._pending.popleft())
        for event in events:
            self._take(event, number, step, taken)

    def _take(self, event: KeyEvent, number: int, step: Step, taken: Taken) -> None:
        """One press: an answer, a page turned, too early, the quit key, or nothing."""
        if not event.down:
            self._held.discard(event.key)
            return
        if event.key == self.plan.design.quit_key:
            taken.quit = True
            return
        if event.key in self._held:
            return
        key = self._keys.get((event.device, event.key))
        if step.page:
            taken.page = taken.page or key is not None or event.key in GO_ON
        elif key is None:
            return
        elif event.time < taken.since:
            taken.early += 1
        elif step.accepts and (self._stream_answers or not taken.answers):
            sent = True
            if self._answer_code:
                sent = self.triggers.send(self._answer_code, event.time).sent
            taken.answers.append(
                Answer(event.key, key.meaning, key.level, event.time, number, sent)
            )

    # ---- after a trial

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
        focused: bool,
        prepare_ms: float,
    ) -> dict[str, Any]:
        """The trial as it goes to disk."""
        zero = self._zero_of(taken.flips[0])
        files = {name: self.stimuli.file(name) for name in trial.references}
        events = trial_events(
            trial, taken.shown, taken.flips, taken.answers, zero, self.measured.hz, files,
            self._answer_code, self._levels,
        )  # fmt: skip
        phases = [(one.name, one.frame) for one in taken.shown]
        names = _names(phases, len(taken.flips))
        late = late_flips(trial.number, taken.flips, names, self.measured.period_s)
        onset = first_onset(taken.shown, taken.flips)
        if self._stream_answers:
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
            "focused": focused,
            "prepare_ms": round(prepare_ms, 3),
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
            method=method.progress if method is not None else "",
            threshold=method.threshold if method is not None else None,
        )
        number = record["trial"]
        if not record["focused"]:
            self._say(
                "problem",
                sentence=f"The stimulus window lost the focus in trial {number}; key presses may "
                f"be missing. The trial is kept and marked. Click the window.",
                action="",
            )
        if record["early"]:
            self._say(
                "message",
                sentence=f"Trial {number}: {record['early']} presses came before answers count.",
            )


def outcome(trial: PlannedTrial, answers: Sequence[Answer]) -> str:
    """What feedback says of the first answer."""
    if not answers:
        return "right" if trial.correct == WITHHOLD else "no answer"
    return "right" if answers[0].meaning == trial.correct else "wrong"


def _names(phases: Sequence[tuple[str, int]], count: int) -> list[str]:
    names: list[str] = []
    for (name, start), (_, stop) in zip(phases, [*phases[1:], ("", count)], strict=True):
        names += [name] * (stop - start)
    return names


def _plain_row(trial: PlannedTrial) -> Mapping[str, Any]:
    """The trial's row without the long list of a stream's pictures."""
    return {key: value for key, value in trial.row.items() if key != "pictures"}
