"""From a design to frames: every trial of a session, for one participant, screen and seed.

The same design, rate, participant and seed give the same plan, so a broken session can go on.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from backend.stage import order
from backend.stage.design import (
    AnswerKey,
    Block,
    Deal,
    Design,
    Item,
    Method,
    Phase,
    check,
    split_reference,
)
from backend.stage.display import FIXATION, PATCH, Layer, MeasuredRate
from backend.stage.frames import frames_of, problems
from backend.stage.monitors import MonitorProfile

OUTCOMES = ("right", "wrong", "no answer")
PATCH_PX = 60
ONSET_KINDS = ("stimulus", "stream")
Layers = tuple[Layer, ...]


@dataclass(frozen=True)
class Text:
    """A text to be drawn as a texture before its trial: words and letter height in px."""

    words: str
    height_px: float


@dataclass(frozen=True)
class PlannedPhase:
    """A phase in frames.

    Attributes
    ----------
    frames : its length, or of one picture of a stream; 0 waits for an answer without time-out.
    layers : what it draws (a stimulus has height 0: its picture's proportions decide; in a
        stream the texture "" stands for the picture of the moment).
    pictures : of a stream, ``source:index`` each; ``codes`` and ``labels`` one each.
    outcomes : of feedback, layers by outcome; empty otherwise.
    event : ``trial_type`` of its row in the events; ``code`` its trigger, 0 for none.
    """

    name: str
    kind: str
    frames: int
    layers: Layers = ()
    pictures: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    codes: tuple[int, ...] = ()
    outcomes: Mapping[str, Layers] = field(default_factory=dict)
    texts: Mapping[str, Text] = field(default_factory=dict)
    event: str = ""
    code: int = 0
    answers: bool = False
    until_answer: bool = False
    skip_if_answered: bool = False

    @property
    def total_frames(self) -> int:
        """Frames at most (0 when it waits without a time-out)."""
        return self.frames * max(1, len(self.pictures))


@dataclass(frozen=True)
class PlannedTrial:
    """A trial in frames.

    Attributes
    ----------
    number : counts from 1 over the session.
    between : frames from its end to the next trial's first flip; 0 as soon as that is ready.
    """

    number: int
    block: int
    block_name: str
    kind: str
    row: Mapping[str, Any]
    phases: tuple[PlannedPhase, ...]
    between: int = 0

    @property
    def frames(self) -> int:
        """Frames at most, waiting phases without time-out left out."""
        return sum(phase.total_frames for phase in self.phases)

    @property
    def references(self) -> list[str]:
        """Stimuli it shows (``source:index``), each once."""
        found: dict[str, None] = {}
        for phase in self.phases:
            names = [layer.texture for layer in phase.layers if ":" in layer.texture]
            found |= dict.fromkeys([n for n in names if n not in phase.texts])
            found |= dict.fromkeys(phase.pictures)
        return list(found)

    @property
    def correct(self) -> str:
        """Meaning of the right answer, "" when there is none."""
        return str(self.row.get("correct", ""))


@dataclass(frozen=True)
class PlannedBlock:
    """Trials of a block; an adaptive one makes them as answers come (:meth:`Plan.at_level`)."""

    number: int
    name: str
    before: str
    rest_every: int
    trials: tuple[PlannedTrial, ...] = ()
    method: Method | None = None
    rows: tuple[Mapping[str, Any], ...] = ()

    @property
    def adaptive(self) -> bool:
        return self.method is not None and self.method.kind != "constant"

    @property
    def most_trials(self) -> int:
        return self.method.trials if self.adaptive and self.method else len(self.trials)


@dataclass(frozen=True)
class Plan:
    """A session: blocks of trials in frames at the rate used for planning."""

    design: Design
    rate_hz: float
    subject: str
    seed: int
    monitor: MonitorProfile
    keys: tuple[AnswerKey, ...]
    blocks: tuple[PlannedBlock, ...]

    @property
    def trials(self) -> tuple[PlannedTrial, ...]:
        """All trials known beforehand, in order."""
        return tuple(trial for block in self.blocks for trial in block.trials)

    @property
    def most_trials(self) -> int:
        """Trials of the session (the most, for adaptive blocks)."""
        return sum(block.most_trials for block in self.blocks)

    @property
    def seconds(self) -> float:
        """Presentation time at most, without pauses and unlimited waits."""
        return sum(trial.frames + trial.between for trial in self.trials) / self.rate_hz

    def at_level(self, block: PlannedBlock, index: int, level: int, number: int) -> PlannedTrial:
        """Trial ``index`` (from 0) of an adaptive block at a level; ``number`` in the session."""
        assert block.method is not None
        rng = stream_of(self.seed, self.subject, block.number, 1 + index // len(block.rows))
        row = block.rows[rng.permutation(len(block.rows))[index % len(block.rows)]]
        return _trial(self, block, leveled(row, block.method, level), number)


def plan(
    design: Design,
    rate: MeasuredRate | float,
    subject: str = "01",
    seed: int = 1,
    monitor: MonitorProfile | None = None,
) -> Plan:
    """Plan a session.

    Parameters
    ----------
    rate : measured rate of the display; its nominal one is used when within 0.5 %.
    subject : BIDS label; its number counterbalances.

    Raises
    ------
    ParameterError : the design cannot run, or a duration is not a whole number of frames.
    """
    check(design)
    measured = rate if isinstance(rate, MeasuredRate) else MeasuredRate(float(rate), 0.0)
    unfit = problems(design, measured.nominal)
    if unfit:
        raise unfit[0]
    number = subject_number(subject)
    empty = Plan(
        design=design,
        rate_hz=measured.nominal,
        subject=subject,
        seed=seed,
        monitor=monitor or MonitorProfile(),
        keys=rotated_keys(design, number),
        blocks=(),
    )
    blocks: list[PlannedBlock] = []
    trials = 0
    for position, index in enumerate(block_order(design, number)):
        block = _planned(empty, design.blocks[index], position, index, trials)
        trials += block.most_trials
        blocks.append(block)
    return replace(empty, blocks=tuple(blocks))


def subject_number(subject: str) -> int:
    """The participant's number from a label ("07" -> 7; letters: a number from the label)."""
    digits = "".join(c for c in subject if c.isdecimal())
    return max(1, int(digits[-9:])) if digits else 1 + zlib.crc32(subject.encode()) % 10_000


def block_order(design: Design, number: int) -> list[int]:
    """Indices of the blocks in this participant's order."""
    count, how = len(design.blocks), design.counterbalance.blocks
    if how == "rotate":
        return order.rotation(count, number)
    return order.latin_square(count, number) if how == "latin square" else list(range(count))


def rotated_keys(design: Design, number: int) -> tuple[AnswerKey, ...]:
    """The answer keys with their meanings rotated by the participant's number, if asked for."""
    keys = design.keys
    if not design.counterbalance.keys or not keys:
        return keys
    shift = order.rotation(len(keys), number)
    return tuple(
        replace(key, meaning=keys[i].meaning, level=keys[i].level)
        for key, i in zip(keys, shift, strict=True)
    )


def with_keys(words: str, keys: tuple[AnswerKey, ...]) -> str:
    """``{key MEANING}`` in a text becomes the key that has this meaning for the participant."""
    names: dict[str, list[str]] = {}
    for key in keys:
        names.setdefault(key.meaning, []).append(key.key.upper() if len(key.key) == 1 else key.key)
    for meaning, found in names.items():
        words = words.replace("{key " + meaning + "}", " or ".join(found))
    return words


def stream_of(seed: int, subject: str, block: int, part: int = 0) -> np.random.Generator:
    """The random stream of one block of one participant."""
    return np.random.default_rng([seed, zlib.crc32(subject.encode()), block, part])


def leveled(row: Mapping[str, Any], method: Method, level: int) -> dict[str, Any]:
    """A trial's row at a level: its columns, and ``{level_index}`` in its stimuli replaced."""
    filled = {
        key: value.replace("{level_index}", str(level)) if isinstance(value, str) else value
        for key, value in row.items()
    }
    return {**filled, "level": method.levels[level], "level_index": level}


def _planned(whole: Plan, block: Block, number: int, index: int, before: int) -> PlannedBlock:
    rng = stream_of(whole.seed, whole.subject, index)
    before_it = with_keys(block.before, whole.keys)
    empty = PlannedBlock(number, block.name, before_it, block.rest_every, method=block.method)
    if block.deal is not None:
        rows = _dealt(whole.design, block.deal, rng)
    elif empty.adaptive:
        rows = [{"kind": block.kind, **row} for row in block.trials]
        planned = replace(empty, rows=tuple(rows))
        whole.at_level(planned, 0, 0, before + 1)  # what cannot be shown is said now
        return planned
    else:
        rows = [row for row in _leveled_rows(block) for _ in range(block.repeats)]
        if block.shuffle:
            rows = order.shuffled(rows, block.constraints, rng, block.name)
    full = [{"kind": block.kind, **row} for row in rows]
    trials = tuple(_trial(whole, empty, row, before + i + 1) for i, row in enumerate(full))
    return replace(empty, trials=trials)


def _leveled_rows(block: Block) -> list[dict[str, Any]]:
    if block.method is None:
        return [dict(row) for row in block.trials]
    return [
        leveled(row, block.method, level)
        for row in block.trials
        for level in range(len(block.method.levels))
        for _ in range(block.method.repeats)
    ]


def _dealt(design: Design, deal: Deal, rng: np.random.Generator) -> list[dict[str, Any]]:
    """One row a stream; its pictures in the column ``pictures``."""
    sources = design.pool(deal.targets), design.pool(deal.others)
    is_target, index = order.deal_streams(deal, sources[0].count, sources[1].count, rng)
    names = np.where(is_target, deal.targets, deal.others)
    return [
        {
            "pictures": tuple(f"{n}:{i}" for n, i in zip(names[s], index[s], strict=True)),
            "targets": deal.per_stream,
            "target": deal.targets,
            "near_s": deal.near_s,
        }
        for s in range(deal.streams)
    ]


def _trial(whole: Plan, block: PlannedBlock, row: Mapping[str, Any], number: int) -> PlannedTrial:
    design = whole.design
    kind = design.trial_kind(str(row["kind"]))
    source = next(b for b in design.blocks if b.name == block.name)
    phases = tuple(
        _phase(whole, phase, row)
        for phase in kind.phases
        if source.feedback or phase.kind != "feedback"
    )
    between = frames_of(kind.between, whole.rate_hz)
    return PlannedTrial(number, block.number, block.name, kind.name, row, phases, between)


def _phase(whole: Plan, phase: Phase, row: Mapping[str, Any]) -> PlannedPhase:
    design = whole.design
    trial_type = str(row.get("trial_type", "")) if phase.kind == "stimulus" else ""
    event = trial_type or phase.name
    texts: dict[str, Text] = {}
    shown = row if phase.kind != "stream" else {**row, **dict.fromkeys(_stimuli(phase), "")}
    layers = tuple(_layer(whole, item, shown, texts) for item in phase.items)
    if design.photodiode and phase.kind == "stimulus":
        layers = (*layers, patch(whole.monitor))
    planned = PlannedPhase(
        name=phase.name,
        kind=phase.kind,
        frames=frames_of(phase, whole.rate_hz),
        layers=layers,
        texts=texts,
        event=event,
        code=design.triggers.get(event, design.triggers.get(phase.name, 0)),
        answers=phase.answers or phase.until_answer,
        until_answer=phase.until_answer,
        skip_if_answered=phase.answered == "end",
    )
    if phase.kind == "stream":
        return _stream(whole, planned, row)
    return _feedback(whole, phase, planned, row) if phase.kind == "feedback" else planned


def _stimuli(phase: Phase) -> list[str]:
    return [item.of for item in phase.items if item.what == "stimulus"]


def _feedback(
    whole: Plan, phase: Phase, planned: PlannedPhase, row: Mapping[str, Any]
) -> PlannedPhase:
    """Its layers for each outcome; ``{outcome}`` in a text becomes Right, Wrong or No answer."""
    texts: dict[str, Text] = {}
    outcomes = {
        outcome: tuple(
            _layer(whole, item, {**row, "outcome": outcome.capitalize()}, texts)
            for item in phase.items
        )
        for outcome in OUTCOMES
    }
    return replace(planned, layers=(), outcomes=outcomes, texts=texts)


def _stream(whole: Plan, planned: PlannedPhase, row: Mapping[str, Any]) -> PlannedPhase:
    pictures = row.get("pictures", ())
    if isinstance(pictures, str):
        pictures = [picture.strip() for picture in pictures.split(",")]
    pictures = tuple(pictures)
    names = [split_reference(picture)[0] for picture in pictures]
    onsets = np.arange(len(pictures)) * planned.frames / whole.rate_hz
    is_target = np.array([name == row.get("target") for name in names], bool)
    zeros = np.zeros(len(pictures), int)
    labels = order.label_pictures(onsets, is_target, zeros, float(row.get("near_s", 0.5)))
    words = {order.TARGET: "target", order.NEAR: "near", order.FAR: "far"}
    triggers = whole.design.triggers
    return replace(
        planned,
        pictures=pictures,
        labels=tuple(words[int(label)] for label in labels),
        codes=tuple(triggers.get(name, 0) for name in names),
    )


def _layer(whole: Plan, item: Item, row: Mapping[str, Any], texts: dict[str, Text]) -> Layer:
    screen = whole.monitor
    x, y = screen.offset_px(item.x_deg), screen.offset_px(item.y_deg)
    size = screen.px(item.size_deg)
    if item.what == "fixation":
        return Layer(FIXATION, x, y, size, size, item.rotation, item.opacity, level=0)
    if item.what == "text":
        words = with_keys(item.of, whole.keys)
        for key, value in row.items():
            words = words.replace("{" + key + "}", str(value))
        name = f"text:{size:.0f}:{words}"
        texts[name] = Text(words, size)
        return Layer(name, x, y, 0.0, 0.0, item.rotation, item.opacity)
    return Layer(str(row[item.of]), x, y, size, 0.0, item.rotation, item.opacity)


def patch(screen: MonitorProfile) -> Layer:
    """The photodiode square in the lower left corner."""
    x = -screen.width_px / 2 + PATCH_PX / 2
    y = -screen.height_px / 2 + PATCH_PX / 2
    return Layer(PATCH, x, y, PATCH_PX, PATCH_PX, level=255)
