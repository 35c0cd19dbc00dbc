"""The frame loop of one trial: showing, flipping, stamping, triggers and answers.

Nothing else happens here: textures are there, layers are made, and the garbage collector is off.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backend.stage.design import ANSWER, WITHHOLD, AnswerKey
from backend.stage.display import FIXATION, Display, KeyEvent, Layer
from backend.stage.events import Answer, Shown
from backend.stage.participants import Participant, TrialView
from backend.stage.plan import Plan, PlannedTrial
from backend.stage.steps import Step
from backend.stage.stimuli import Stimuli
from backend.stage.triggers import Triggers

GO_ON = ("space", "return", "enter")
"""Keys that turn a page whatever the answer keys are."""
PRESS_S = 0.06
"""How long a simulated participant holds a key."""


@dataclass
class Taken:
    """What one trial gathered while its frames ran.

    Attributes
    ----------
    steps : planned; ``shown`` as shown; ``flips`` seconds of every flip.
    early : presses before answers count; ``since`` and ``until`` when they count.
    page, quit : a page was turned; the quit key was pressed.
    held : keys that were down when it began; ``focused`` throughout.
    """

    steps: list[Step]
    flips: list[float]
    shown: list[Shown]
    answers: list[Answer]
    early: int = 0
    page: bool = False
    quit: bool = False
    since: float = float("inf")
    until: float = float("inf")
    stream: bool = False
    held: tuple[str, ...] = ()
    focused: bool = True


class FrameLoop:
    """Runs trials on a display, frame by frame.

    Parameters
    ----------
    responder : a simulated participant, or None.
    say : told of the phases that begin.
    patience_s : how long a phase without time-out waits at most; 0 for ever.
    attend : asked at each frame of such a phase; "abort" ends the trial.
    """

    def __init__(
        self,
        plan: Plan,
        display: Display,
        stimuli: Stimuli,
        triggers: Triggers,
        responder: Participant | None,
        say: Callable[..., None],
        patience_s: float,
        attend: Callable[[], str] = lambda: "",
    ) -> None:
        self.plan, self.display, self.stimuli = plan, display, stimuli
        self.triggers, self.responder = triggers, responder
        self.say, self.patience, self.attend = say, patience_s, attend
        self.keys: dict[tuple[str, str], AnswerKey] = {(k.device, k.key): k for k in plan.keys}
        self.answer_code = plan.design.triggers.get(ANSWER, 0)
        self._held: set[str] = set()
        self._pending: deque[KeyEvent] = deque()

    def run(self, trial: PlannedTrial, steps: list[Step]) -> Taken:
        """Present a trial whose textures are uploaded."""
        taken = Taken(steps, [], [], [], stream=any(step.label for step in steps))
        self.display.answers()
        self._pending.clear()
        self._held = set(self.display.held())
        taken.held = tuple(sorted(self._held))
        taken.focused = self.display.focused
        collecting = gc.isenabled()
        gc.disable()
        try:
            self._frames(trial, taken)
        finally:
            if collecting:
                gc.enable()
        taken.focused = taken.focused and self.display.focused
        return taken

    def _frames(self, trial: PlannedTrial, taken: Taken) -> None:
        """Show, flip, stamp, listen."""
        display, flips = self.display, taken.flips
        flip, limit = display.flip, self.patience
        for number, step in enumerate(taken.steps):
            if step.skip_if_answered and taken.answers:
                continue
            layers = step.layers
            if step.outcomes:  # what it says is decided now, so later presses do not count
                self._poll(display.now(), number, step, taken)
                taken.until = min(taken.until, display.now())
                layers = step.outcomes[outcome(trial, taken.answers)]
            display.show(layers)
            onset = flip()
            flips.append(onset)
            self._window(step, onset, taken)
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
                if left < 0 and self.attend() == "abort":  # nothing else may end this wait
                    taken.quit = True
            if taken.quit:
                return
        display.show(staying(taken.steps[-1]))
        flips.append(flip())
        taken.until = min(taken.until, flips[-1])
        self._poll(flips[-1], len(taken.steps) - 1, taken.steps[-1], taken)

    @staticmethod
    def _window(step: Step, onset: float, taken: Taken) -> None:
        """Answers count from the onset of the first step that takes them to its successor's.

        A press of the last frame is seen after that, but its own time decides.
        """
        if not step.accepts:
            taken.until = min(taken.until, onset)
        elif taken.until < float("inf") or taken.since == float("inf"):
            taken.since, taken.until = onset, float("inf")

    @staticmethod
    def _ended(step: Step, taken: Taken) -> bool:
        if taken.quit:
            return True
        return step.until_answer and (taken.page if step.page else bool(taken.answers))

    def _begin(
        self, trial: PlannedTrial, number: int, step: Step, onset: float, taken: Taken
    ) -> None:
        """At the onset flip of a step: trigger, log entry, and the participant's answer."""
        sent = self.triggers.send(step.code, onset).sent if step.code else None
        first = step.onset_kind and not any(one.onset_kind for one in taken.shown)
        taken.shown.append(
            Shown(
                step.name, step.trial_type, len(taken.flips) - 1, step.frames, step.code, sent,
                step.reference, step.label, step.onset_kind,
            )
        )  # fmt: skip
        taken.page = False
        if self.responder is not None:
            if step.page:
                self._press(self._any_key(), onset + self.responder.page_s)
            elif first:
                self._respond(trial, number, onset, taken)
        if not step.label or first:
            self.say("phase", trial=trial.number, name=step.name, picture=step.reference)

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
        for when, down in ((moment, True), (moment + PRESS_S, False)):
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
        key = self.keys.get((event.device, event.key))
        if step.page:
            taken.page = taken.page or key is not None or event.key in GO_ON
        elif key is None:
            return
        elif event.time < taken.since:
            taken.early += 1
        elif event.time < taken.until and (taken.stream or not taken.answers):
            sent = None
            if self.answer_code:
                sent = self.triggers.send(self.answer_code, event.time).sent
            taken.answers.append(
                Answer(event.key, key.meaning, key.level, event.time, number, sent)
            )


def staying(last: Step) -> Sequence[Layer]:
    """What stays between trials: the cross, when the last thing shown was only a cross."""
    return last.layers if all(layer.texture == FIXATION for layer in last.layers) else ()


def outcome(trial: PlannedTrial, answers: Sequence[Answer]) -> str:
    """What feedback says of the first answer."""
    if not answers:
        return "right" if trial.correct == WITHHOLD else "no answer"
    return "right" if answers[0].meaning == trial.correct else "wrong"
