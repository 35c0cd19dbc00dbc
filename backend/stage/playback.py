"""A planned trial as pictures over time, for the designer's preview and the operator's mirror."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backend.stage.display import Layer
from backend.stage.drawing import draw_text
from backend.stage.plan import Plan, PlannedTrial
from backend.stage.steps import Step, steps_of
from backend.stage.stimuli import Stimuli

ASSUMED_S = 0.8
"""How long a phase without time-out is played."""


@dataclass(frozen=True)
class Moment:
    """What is on screen at one frame."""

    step: Step
    frame: int
    layers: Sequence[Layer]


class Playback:
    """Frames of one trial.

    Attributes
    ----------
    textures : {name: (h, w) or (h, w, 3) uint8} of everything it draws.
    steps, starts : steps and the frame each begins at; ``frames`` the trial's length.
    """

    def __init__(self, plan: Plan, trial: PlannedTrial, stimuli: Stimuli) -> None:
        self.plan, self.trial = plan, trial
        self.textures: dict[str, np.ndarray] = {}
        for phase in trial.phases:
            for name, text in phase.texts.items():
                self.textures[name] = draw_text(text.words, text.height_px, plan.design.background)
        for name in trial.references:
            self.textures[name] = stimuli.image(name)
        sizes = {name: image.shape for name, image in self.textures.items()}
        self.steps = steps_of(trial, sizes, plan.monitor, plan.design.photodiode)
        assumed = max(1, round(ASSUMED_S * plan.rate_hz))
        lengths = [step.frames or assumed for step in self.steps]
        self.starts = [sum(lengths[:i]) for i in range(len(lengths))]
        self.frames = sum(lengths)

    def at(self, frame: int, outcome: str = "right") -> Moment:
        """What is shown at a frame (clamped to the trial)."""
        frame = min(max(frame, 0), max(self.frames - 1, 0))
        number = max(0, bisect.bisect_right(self.starts, frame) - 1)
        step = self.steps[number]
        layers = step.outcomes.get(outcome, ()) if step.outcomes else step.layers
        return Moment(step, frame - self.starts[number], layers)

    def start_of(self, phase: str) -> int:
        """The frame at which a phase begins; 0 when the trial has none of this name."""
        for step, start in zip(self.steps, self.starts, strict=True):
            if step.name == phase:
                return start
        return 0

    def start_of_onset(self) -> int:
        """The frame at which the first stimulus comes; 0 when the trial has none."""
        for step, start in zip(self.steps, self.starts, strict=True):
            if step.onset_kind:
                return start
        return 0
