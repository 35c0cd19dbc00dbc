"""Simulated participants: they see a trial's pictures and press keys at the stage's clock.

They stand in for people in tests, demonstrations and headless runs, and are always labelled as
simulated in what is written.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from backend.core.parameters import unknown_name
from backend.stage.design import AnswerKey
from backend.stage.plan import PlannedTrial


@dataclass(frozen=True)
class TrialView:
    """What a participant sees of a trial.

    Attributes
    ----------
    pictures : images by reference.
    earliest_s : when answers begin to count, from the stimulus's onset.
    onsets_s, labels : of a stream's pictures, from its first one.
    """

    trial: PlannedTrial
    keys: Sequence[AnswerKey]
    pictures: Mapping[str, np.ndarray]
    earliest_s: float
    onsets_s: Sequence[float]
    labels: Sequence[str]

    @property
    def stream(self) -> bool:
        return any(self.labels)

    def key_for(self, meaning: str) -> AnswerKey | None:
        """The first key of a meaning."""
        return next((key for key in self.keys if key.meaning == meaning), None)

    @property
    def meanings(self) -> list[str]:
        """Meanings of the keys, each once."""
        return list(dict.fromkeys(key.meaning for key in self.keys))


@dataclass(frozen=True)
class Press:
    """A key press ``delay_s`` after the stimulus's onset flip."""

    key: str
    device: str
    delay_s: float


class Participant(Protocol):
    """Answers trials; ``page_s`` is how long it reads a page."""

    name: str
    page_s: float

    def respond(self, view: TrialView) -> list[Press]:
        """Presses of a trial, in any order."""
        ...


@dataclass(frozen=True)
class ResponseTimes:
    """Seeded ex-Gaussian response times: a normal time plus an exponential one, in seconds."""

    mean: float = 0.35
    sd: float = 0.05
    tail: float = 0.12

    def draw(self, rng: np.random.Generator) -> float:
        """One response time, at least 0.15 s."""
        return max(0.15, float(rng.normal(self.mean, self.sd) + rng.exponential(self.tail)))


SLOW, FAST = ResponseTimes(0.8, 0.15, 0.4), ResponseTimes(0.22, 0.02, 0.03)


@dataclass
class Simulated:
    """Base: response times, and the choice left to subclasses.

    Parameters
    ----------
    lapse : share of trials answered at random; ``miss`` of trials not answered at all.
    """

    name: str = "ideal"
    seed: int = 0
    times: ResponseTimes = field(default_factory=ResponseTimes)
    lapse: float = 0.0
    miss: float = 0.0
    page_s: float = 0.5

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng([self.seed, 0x5742])

    def choose(self, view: TrialView) -> str | None:
        """Meaning of the answer; None for no answer. Here: the right one, or any if none is."""
        return view.trial.correct or self._guess(view)

    def respond(self, view: TrialView) -> list[Press]:
        """Presses after seeded response times."""
        if not view.keys:
            return []
        if view.stream:
            return self._watch(view)
        if self.rng.random() < self.miss:
            return []
        lapses = self.rng.random() < self.lapse
        meaning = self._guess(view) if lapses else self.choose(view)
        key = view.key_for(meaning) if meaning is not None else None
        delay = view.earliest_s + self.times.draw(self.rng)
        return [Press(key.key, key.device, delay)] if key else []

    def _guess(self, view: TrialView) -> str:
        return view.meanings[int(self.rng.integers(len(view.meanings)))]

    def _watch(self, view: TrialView) -> list[Press]:
        """A press after each target of a stream that is not missed."""
        key = view.keys[0]
        return [
            Press(key.key, key.device, onset + self.times.draw(self.rng))
            for onset, label in zip(view.onsets_s, view.labels, strict=True)
            if label == "target" and self.rng.random() >= max(self.miss, self.lapse)
        ]


@dataclass
class Guessing(Simulated):
    """Answers at random."""

    name: str = "guessing"

    def choose(self, view: TrialView) -> str | None:
        """Any meaning with the same probability."""
        return self._guess(view)


@dataclass
class Silent(Simulated):
    """Never answers (turns pages, so that a session ends)."""

    name: str = "silent"
    miss: float = 1.0


@dataclass
class Psychometric(Simulated):
    """Right with a probability that grows with the trial's ``level``.

    p(right) = guess + (1 - guess - lapse) / (1 + exp(-(level - threshold) / spread)).
    """

    name: str = "psychometric"
    threshold: float = 0.5
    spread: float = 0.1
    guess: float = 0.5

    def chance(self, level: float) -> float:
        """Probability of a right answer at a level."""
        rise = 1.0 / (1.0 + math.exp(-(level - self.threshold) / self.spread))
        return self.guess + (1.0 - self.guess - self.lapse) * rise

    def respond(self, view: TrialView) -> list[Press]:
        """As the base, the lapses being part of the function already."""
        if view.stream:
            return self._watch(view)
        meaning = self.choose(view)
        key = view.key_for(meaning) if meaning else None
        delay = view.earliest_s + self.times.draw(self.rng)
        return [Press(key.key, key.device, delay)] if key else []

    def choose(self, view: TrialView) -> str | None:
        """The right meaning, or one of the others."""
        right = view.trial.correct
        if self.rng.random() < self.chance(float(view.trial.row.get("level", math.inf))):
            return right
        others = [meaning for meaning in view.meanings if meaning != right]
        return others[int(self.rng.integers(len(others)))] if others else None


@dataclass
class TemplateObserver(Simulated):
    """A linear observer of noise: template times picture, plus internal noise.

    The decision variable of a picture x is u = template · (x - base), in pixels scaled to [0, 1].
    With two pictures the first is chosen when its u is the larger; with one, ``positive`` is
    answered when u exceeds ``criterion`` (the median of u is 0 for symmetric noise). Internal
    noise is normal with SD ``internal`` times the SD of u, ``sd``.

    Attributes
    ----------
    template : (H, W); ``base`` (H, W) uint8, the picture without noise.
    positive, negative : meanings for high and low u of a single picture.
    """

    name: str = "noisy with a known template"
    template: np.ndarray = field(default_factory=lambda: np.zeros((1, 1)))
    base: np.ndarray = field(default_factory=lambda: np.zeros((1, 1), np.uint8))
    sd: float = 1.0
    internal: float = 0.0
    criterion: float = 0.0
    positive: str = "female"
    negative: str = "male"

    def evidence(self, picture: np.ndarray) -> float:
        """u of a picture of the template's size."""
        gray = picture if picture.ndim == 2 else picture.mean(axis=2)
        return float(np.sum(self.template * (gray.astype(float) - self.base)) / 255.0)

    def choose(self, view: TrialView) -> str | None:
        """The side (keys "left", "right") of the larger u, or the meaning of its sign."""
        noise = self.sd * self.internal * float(self.rng.normal())
        row = view.trial.row
        if "left" in row and "right" in row:
            left, right = (view.pictures[str(row[side])] for side in ("left", "right"))
            u = self.evidence(left) - self.evidence(right)
            return "left" if u + math.sqrt(2.0) * noise > 0 else "right"
        u = self.evidence(view.pictures[view.trial.references[0]])
        return self.positive if u + noise > self.criterion else self.negative


def expected_correlation(trials: int, internal: float = 0.0, parameters: int = 4092) -> float:
    """Correlation of estimated and true weights that a template observer should give.

    07-face-gender-reverse-correlation section 2.8: corr(w, g) = sqrt(S / (S + 4 P / N)) with
    S = 1.596² Σρ², Σρ² = 1 / (1 + internal²) the share of the decision variable's variance that
    comes from the P noise weights.

    Parameters
    ----------
    trials : N; ``parameters`` P.
    internal : SD of the internal noise in units of the SD of u. For base + noise beside
        base - noise the signal doubles and the two noises add, so give internal / sqrt(2).

    >>> round(expected_correlation(10_000), 3), round(expected_correlation(10_000, 3.0), 3)
    (0.78, 0.367)
    """
    signal = 1.596**2 / (1.0 + internal**2)
    return math.sqrt(signal / (signal + 4.0 * parameters / trials))


KINDS = ("ideal", "noisy", "lapsing", "guessing", "psychometric", "silent", "slow", "fast")


def participant(kind: str, seed: int = 0) -> Simulated:
    """A participant by name, for the command line; ParameterError with the nearest names.

    "noisy" is right in about 80 % of trials, "lapsing" answers one trial in ten at random.
    :func:`backend.stage.observers.observer_for` makes template observers of both and of "ideal"
    where a design shows noise with stored weights.
    """
    made = {
        "ideal": lambda: Simulated("ideal", seed),
        "noisy": lambda: Simulated("noisy", seed, lapse=0.4, miss=0.02),
        "lapsing": lambda: Simulated("lapsing", seed, lapse=0.1, miss=0.02),
        "guessing": lambda: Guessing(seed=seed),
        "psychometric": lambda: Psychometric(seed=seed),
        "silent": lambda: Silent(seed=seed),
        "slow": lambda: Simulated("slow", seed, SLOW),
        "fast": lambda: Simulated("fast", seed, FAST),
    }
    if kind not in made:
        raise unknown_name(kind, made, "participant")
    return made[kind]()
