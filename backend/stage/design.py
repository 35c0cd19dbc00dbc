"""An experiment as data: stimuli, trial kinds with their timelines, blocks, keys and triggers.

All parts are frozen: an editor makes changed copies with :func:`dataclasses.replace`, which checks
them again, so undo is keeping the old ones. Times are in ms as an author thinks of them;
:mod:`backend.stage.plan` turns them into frames.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pydantic
from pydantic import Field, StringConstraints, TypeAdapter
from pydantic.dataclasses import dataclass

from backend.core.files import FileProblem, read_json, write_json, write_text
from backend.core.objects import Table
from backend.core.parameters import ParameterError

FORMAT = 1
ANSWER = "answer"
"""Event of a key press: its ``trial_type``, and its name in the trigger codes."""
WITHHOLD = "none"
"""Right answer of a trial that should not be answered."""
MOUSE_BUTTONS = ("left button", "right button", "middle button")
BETWEEN = "between trials"
"""The time after a trial in which the next one is prepared."""
PhaseKind = Literal[
    "fixation", "stimulus", "mask", "blank", "response", "feedback", "text", "stream"
]
What = Literal["stimulus", "fixation", "text"]
Device = Literal["keyboard", "mouse", "gamepad"]
Value = str | int | float | bool
_CONFIG = pydantic.ConfigDict(extra="forbid", allow_inf_nan=False)
Name = Annotated[str, Field(pattern=r"^[\w][\w .+-]*$", max_length=60)]
Code = Annotated[int, Field(ge=1, le=255)]
# Displays name keys in lower case, so a key typed as "F" would never be seen.
Key = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=40)
]


@dataclass(frozen=True, config=_CONFIG)
class Source:
    """A pool of stimuli under a name; trials say ``name:index``.

    Attributes
    ----------
    generator : id of a stimulus generator (``backend.stimuli.generators``), with ``preset`` and
        ``parameters``; or "" when ``folder`` is a saved stimulus set.
    count : how many images it has; index 0 .. count - 1.
    first, every, without : which images of the generator or set these are: from ``first`` on every
        ``every``-th one, or all but each ``without``-th (0: all).
    """

    name: Name
    generator: str = ""
    preset: str = ""
    parameters: dict[str, Value] = dataclasses.field(default_factory=dict)
    folder: str = ""
    count: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    first: Annotated[int, Field(ge=0)] = 0
    every: Annotated[int, Field(ge=1)] = 1
    without: Annotated[int, Field(ge=0)] = 0

    def place(self, index: int) -> int:
        """Number of image ``index`` in the generator or set."""
        if self.without > 1:
            return self.first + index + 1 + index // (self.without - 1)
        return self.first + index * self.every


@dataclass(frozen=True, config=_CONFIG)
class Item:
    """One thing a phase draws.

    Attributes
    ----------
    what : "stimulus" (``of`` names the trial's column that holds ``source:index``), "fixation", or
        "text" (``of`` is the text; ``{column}`` is replaced by the trial's value, ``{key MEANING}``
        by the key, ``{outcome}`` in feedback by Right, Wrong or No answer).
    x_deg, y_deg : centre from the middle of the screen, right and up.
    size_deg : width of a stimulus, arm length of a cross, letter height of a text.
    """

    what: What = "stimulus"
    of: str = "stimulus"
    x_deg: Annotated[float, Field(ge=-80, le=80)] = 0.0
    y_deg: Annotated[float, Field(ge=-80, le=80)] = 0.0
    size_deg: Annotated[float, Field(gt=0, le=120)] = 8.0
    rotation: float = 0.0
    opacity: Annotated[float, Field(ge=0, le=1)] = 1.0


@dataclass(frozen=True, config=_CONFIG)
class Phase:
    """A stretch of a trial.

    Attributes
    ----------
    ms : duration; with ``until_answer`` the time-out (0: none). A stream's is one picture's.
    answers : whether answers count during it. ``until_answer`` ends it at the first answer.
    items : of a stream, one stimulus item says where and how large its pictures are.
    answered : "end" leaves the phase out when an answer was given before it ("response"), "stay"
        shows it all the same.
    """

    name: Name
    kind: PhaseKind = "stimulus"
    ms: Annotated[float, Field(ge=0, le=3_600_000)] = 500.0
    items: tuple[Item, ...] = ()
    answers: bool = False
    until_answer: bool = False
    answered: Literal["end", "stay"] = "stay"


@dataclass(frozen=True, config=_CONFIG)
class TrialKind:
    """A timeline; every trial of a block follows one.

    Attributes
    ----------
    between_ms : from the end of the trial to the first flip of the next, which is prepared
        meanwhile; the screen is blank, or keeps the cross of a last phase that is only a cross.
        0: as soon as the next trial is ready.
    """

    name: Name
    phases: tuple[Phase, ...]
    between_ms: Annotated[float, Field(ge=0, le=3_600_000)] = 200.0

    @property
    def between(self) -> Phase:
        """The time between trials as a phase."""
        return Phase(BETWEEN, "blank", self.between_ms)


@dataclass(frozen=True, config=_CONFIG)
class AnswerKey:
    """A key and what it means.

    Attributes
    ----------
    key : name as in :class:`backend.stage.display.KeyEvent`.
    meaning : the response it stands for, compared with the trial's column ``correct``.
    level : confidence; recorded beside the response when any key has one above 0.
    """

    key: Key
    meaning: str
    device: Device = "keyboard"
    level: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True, config=_CONFIG)
class Constraints:
    """What a random order must respect.

    Attributes
    ----------
    column : the trial column that is looked at ("" for none).
    alike : the most neighbouring trials with the same value (2: no three alike); 0 for any.
    lag : the least distance in trials between two trials with the value ``target``; 0 for any.
    """

    column: str = ""
    alike: Annotated[int, Field(ge=0)] = 0
    target: str = ""
    lag: Annotated[int, Field(ge=0)] = 0


@dataclass(frozen=True, config=_CONFIG)
class Method:
    """How the level of each trial is chosen.

    Attributes
    ----------
    kind : "constant" (all levels in random order, ``repeats`` times), "staircase" (harder after
        ``up_after`` right answers in a row, easier after ``down_after`` wrong ones), or "bayes"
        (next level of least expected entropy over a grid of threshold, slope and lapse).
    levels : in rising order of ease. Trials get the columns ``level`` and ``level_index``.
    measure : what a level is, with its unit: "hole radius (cells)".
    start : index of a staircase's first level; ``step`` its step in levels, halved (at least 1) at
        each of the first reversals.
    reversals, trials : a staircase ends at either; the Bayesian one at ``trials``.
    guess : chance of a right answer without seeing (2AFC 0.5); ``lapse`` the largest lapse rate.
    """

    kind: Literal["constant", "staircase", "bayes"] = "constant"
    levels: tuple[float, ...] = (1.0,)
    measure: Annotated[str, Field(max_length=60)] = ""
    repeats: Annotated[int, Field(ge=1, le=10_000)] = 10
    start: Annotated[int, Field(ge=0)] = 0
    step: Annotated[int, Field(ge=1)] = 1
    up_after: Annotated[int, Field(ge=1, le=10)] = 2
    down_after: Annotated[int, Field(ge=1, le=10)] = 1
    reversals: Annotated[int, Field(ge=1, le=1000)] = 12
    trials: Annotated[int, Field(ge=1, le=100_000)] = 80
    guess: Annotated[float, Field(ge=0, lt=1)] = 0.5
    lapse: Annotated[float, Field(ge=0, le=0.4)] = 0.04


@dataclass(frozen=True, config=_CONFIG)
class Deal:
    """Streams dealt without replacement from targets and non-targets (11-rsvp-meg section 2.1).

    Attributes
    ----------
    targets, others : names of the sources.
    streams : how many (a trial each); ``pictures`` in each, ``per_stream`` of them targets.
    distance : the least distance between two targets of a stream in pictures; 0 for any.
    near_s : targets within this make a picture "near" (inclusive; 2.3).
    """

    targets: str
    others: str
    streams: Annotated[int, Field(ge=1, le=50)] = 14
    pictures: Annotated[int, Field(ge=2, le=1000)] = 100
    per_stream: Annotated[int, Field(ge=0, le=500)] = 4
    distance: Annotated[int, Field(ge=0, le=1000)] = 0
    near_s: Annotated[float, Field(ge=0, le=60)] = 0.5


@dataclass(frozen=True, config=_CONFIG)
class Block:
    """Trials in a row, with a break after them.

    Attributes
    ----------
    kind : the trial kind; a trial's own column ``kind`` overrides it.
    trials : rows of the trial table: column -> value. Stimuli are ``source:index``; ``correct``
        is the meaning of the right answer ("none": not to answer is right); ``trial_type`` names
        the condition.
    repeats : each row so many times. ``rest_every`` trials a rest page (0: none).
    feedback : whether phases of kind "feedback" are shown.
    before : text of a page before it, "" for none; any answer key goes on. ``{key MEANING}`` in
        it becomes the participant's key.
    """

    name: Name
    kind: str = ""
    trials: tuple[dict[str, Value], ...] = ()
    repeats: Annotated[int, Field(ge=1, le=100_000)] = 1
    shuffle: bool = True
    feedback: bool = False
    rest_every: Annotated[int, Field(ge=0)] = 0
    before: str = ""
    constraints: Constraints = Constraints()
    method: Method | None = None
    deal: Deal | None = None


@dataclass(frozen=True, config=_CONFIG)
class Counterbalance:
    """What changes with the participant's number.

    Attributes
    ----------
    blocks : order of the blocks, by rotation or by a balanced Latin square.
    keys : the meanings of the keys rotate (participant 2 has them swapped).
    """

    blocks: Literal["as listed", "rotate", "latin square"] = "as listed"
    keys: bool = False


@dataclass(frozen=True, config=_CONFIG)
class Design:
    """A whole experiment.

    Attributes
    ----------
    task : BIDS task label, letters and digits only.
    triggers : event name -> code 1-255. An event is named by the trial's ``trial_type`` for its
        stimulus, the picture's source in a stream, the phase's name otherwise; "block start",
        "answer" and "rest" are sent too when they have a code.
    synthetic : label of its stimuli ("synthetic faces"); kept in every export.
    background : gray level 0-255. ``photodiode`` draws the patch at every stimulus onset.
    """

    kind: ClassVar[str] = "Design"
    formats: ClassVar[tuple[str, ...]] = ("json", "tsv")
    name: str = "Untitled"
    task: Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$", max_length=40)] = "untitled"
    title: str = ""
    instructions: str = ""
    source: str = ""
    sources: tuple[Source, ...] = ()
    trial_kinds: tuple[TrialKind, ...] = ()
    keys: tuple[AnswerKey, ...] = ()
    blocks: tuple[Block, ...] = ()
    counterbalance: Counterbalance = Counterbalance()
    triggers: dict[str, Code] = dataclasses.field(default_factory=dict)
    background: Annotated[int, Field(ge=0, le=255)] = 128
    photodiode: bool = False
    synthetic: str = "synthetic stimuli"
    quit_key: Key = "escape"
    provenance: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def size(self) -> str:
        """Blocks and trials in words, for lists."""
        trials = sum(trials_of(block) for block in self.blocks)
        blocks = f"{len(self.blocks)} block{'s' if len(self.blocks) != 1 else ''}"
        return f"{blocks} · {trials} trials"

    def trial_kind(self, name: str) -> TrialKind:
        """The timeline of this name; ParameterError if there is none."""
        for kind in self.trial_kinds:
            if kind.name == name:
                return kind
        raise ParameterError("kind", f'The design has no trial kind "{name}". Add it or rename.')

    def pool(self, name: str) -> Source:
        """The stimulus source of this name; ParameterError if there is none."""
        for source in self.sources:
            if source.name == name:
                return source
        raise ParameterError("stimulus", f'The design has no stimuli "{name}". Add them or rename.')

    def document(self) -> dict[str, Any]:
        """JSON-able dictionary, versioned."""
        return {"isomorph": "design", "format": FORMAT, **dataclasses.asdict(self)}

    def table(self) -> Table:
        """The trial table, one row a trial of each block, columns of all blocks joined."""
        rows = [{"block": block.name, **row} for block in self.blocks for row in block.trials]
        columns = list(dict.fromkeys(key for row in rows for key in row)) or ["block"]
        return Table(
            name=self.name,
            columns={key: [row.get(key, "n/a") for row in rows] for key in columns},
        )

    def save(self, path: Path) -> None:
        """Write ``.json`` (everything) with the trial table as ``.tsv`` beside it."""
        if path.suffix.lower() not in (".json", ".tsv"):
            raise FileProblem(f"A design is saved as json; {path.name} is not. Choose .json.")
        write_json(path.with_suffix(".json"), self.document())
        write_text(path.with_suffix(".tsv"), self.table().text("\t"))


_DESIGN: TypeAdapter[Design] = TypeAdapter(Design)


def from_document(document: Any, name: str = "The design") -> Design:
    """A design from its JSON, perhaps unfinished; FileProblem with what is wrong and where."""
    if not isinstance(document, Mapping) or document.get("isomorph") != "design":
        raise FileProblem(f"{name} is not a design of Isomorph.")
    version = document.get("format")
    if not isinstance(version, int) or version < 1:
        raise FileProblem(f"{name} has no format number. Save the design again.")
    if version > FORMAT:
        raise FileProblem(f"{name} was written by a newer Isomorph. Update to open it.")
    body = {key: value for key, value in document.items() if key not in ("isomorph", "format")}
    try:
        return _DESIGN.validate_python(body)
    except pydantic.ValidationError as error:
        raise FileProblem(f"{name}: {first_problem(error)}") from None


def load(path: Path) -> Design:
    """Read a design file; FileProblem when it is damaged, foreign or newer."""
    return from_document(read_json(path.with_suffix(".json")), path.name)


def first_problem(error: pydantic.ValidationError) -> str:
    """The first refused value of a design as a sentence with its place."""
    first = error.errors()[0]
    place = " ".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
    given = str(first.get("input"))
    shown = f' ("{given[:40]}")' if isinstance(first.get("input"), Value) else ""
    return f"{place or 'the design'}{shown}: {first['msg'].lower()}."


def trials_of(block: Block) -> int:
    """Trials of a block (the most, for adaptive methods)."""
    if block.deal is not None:
        return block.deal.streams
    rows = len(block.trials) * block.repeats
    if block.method is None:
        return rows
    if block.method.kind == "constant":
        return len(block.trials) * len(block.method.levels) * block.method.repeats
    return block.method.trials


def stimuli_of(phase: Phase) -> list[str]:
    """Columns a phase takes stimuli from; a stream's ``pictures`` are set apart by commas."""
    if phase.kind == "stream":
        return ["pictures"]
    return [item.of for item in phase.items if item.what == "stimulus"]


def check(design: Design) -> None:
    """Refuse a design that cannot run, with a sentence that names block, trial and column."""
    if not design.blocks:
        raise ParameterError("blocks", "The design has no blocks. Add one.")
    for what, names in (
        ("block", [block.name for block in design.blocks]),
        ("trial kind", [kind.name for kind in design.trial_kinds]),
        ("stimuli", [source.name for source in design.sources]),
        ("key", [f"{key.device} {key.key}" for key in design.keys]),
    ):
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ParameterError(what, f'There are two of {what} "{twice}". Rename one.')
    if any(key.key == design.quit_key for key in design.keys):
        raise ParameterError(
            "keys", f'"{design.quit_key}" ends the experiment. Choose another answer key.'
        )
    for key in design.keys:
        if (key.device == "mouse") != (key.key in MOUSE_BUTTONS):
            raise ParameterError(
                "keys",
                f'"{key.key}" is not on a {key.device}. Buttons of a mouse are: '
                f"{', '.join(MOUSE_BUTTONS)}.",
            )
    for kind in design.trial_kinds:
        _check_kind(design, kind)
    for block in design.blocks:
        _check_block(design, block)


def _check_kind(design: Design, kind: TrialKind) -> None:
    if not kind.phases:
        raise ParameterError("phases", f'Trial kind "{kind.name}" has no phases. Add one.')
    for phase in kind.phases:
        waits = phase.until_answer
        if phase.name == ANSWER:
            raise ParameterError(
                "name", f'"{ANSWER}" is the event of a key press. Call the phase "response".'
            )
        if waits and not design.keys:
            raise ParameterError(
                "keys", f'Phase "{phase.name}" waits for an answer, but there are no answer keys.'
            )
        if phase.kind == "stream" and not any(item.what == "stimulus" for item in phase.items):
            raise ParameterError(
                "items", f'Stream "{phase.name}" does not say how large its pictures are.'
            )
        if phase.ms <= 0 and not waits:
            raise ParameterError("ms", f'Phase "{phase.name}" lasts 0 ms. Give it a duration.')


def _check_block(design: Design, block: Block) -> None:
    if block.deal is not None:
        _check_deal(design, block, block.deal)
        return
    if not block.trials:
        raise ParameterError("trials", f'Block "{block.name}" has no trials. Add rows.')
    for number, row in enumerate(block.trials, 1):
        kind = design.trial_kind(str(row.get("kind", block.kind)))
        where = f'Block "{block.name}", trial {number}'
        _check_right(design, kind, str(row.get("correct", "")), where)
        for column in (c for phase in kind.phases for c in stimuli_of(phase)):
            if column not in row:
                raise ParameterError(column, f'{where} has no column "{column}".')
            for text in str(row[column]).split(","):
                check_reference(design, text.strip(), where, block.method)


def _check_right(design: Design, kind: TrialKind, right: str, where: str) -> None:
    """Refuse a right answer that no key can give: each trial would count as wrong."""
    asks = any(phase.answers or phase.until_answer for phase in kind.phases)
    meanings = {key.meaning for key in design.keys}
    if asks and right not in {"", WITHHOLD, *meanings}:
        raise ParameterError(
            "correct",
            f'{where}: no answer key means "{right[:60]}", which is to be right. '
            f"Change it or the keys.",
        )


def _check_deal(design: Design, block: Block, deal: Deal) -> None:
    kind = design.trial_kind(block.kind)
    if not any(phase.kind == "stream" for phase in kind.phases):
        raise ParameterError("kind", f'Trial kind "{kind.name}" has no stream. Add one.')
    if deal.per_stream > deal.pictures:
        raise ParameterError(
            "per_stream",
            f"{deal.per_stream} targets do not fit {deal.pictures} pictures.",
            deal.pictures,
        )
    needs = (
        (deal.targets, deal.streams * deal.per_stream),
        (deal.others, deal.streams * (deal.pictures - deal.per_stream)),
    )
    for name, count in needs:
        if design.pool(name).count < count:
            raise ParameterError(
                "deal",
                f'"{name}" has {design.pool(name).count} pictures; {block.name} deals {count}. '
                f"Add pictures or deal fewer streams.",
            )
    if deal.distance and (deal.per_stream - 1) * deal.distance >= deal.pictures:
        most = (deal.pictures - 1) // max(1, deal.per_stream - 1)
        raise ParameterError(
            "distance",
            f"{deal.per_stream} targets {deal.distance} pictures apart do not fit a stream of "
            f"{deal.pictures}. Use a distance of {most} or less.",
            most,
        )


def split_reference(text: str) -> tuple[str, int]:
    """("faces", 12) of "faces:12"; ParameterError when it is not of this form."""
    name, colon, index = text.rpartition(":")
    if not colon or not index.isdecimal() or len(index) > 9:
        raise ParameterError("stimulus", f'"{text[:60]}" is not a stimulus. Write name:number.')
    return name, int(index)


def check_reference(design: Design, text: str, where: str, method: Method | None) -> None:
    """Refuse a stimulus that its source does not have."""
    levels = len(method.levels) if method is not None else 1
    for level in {0, levels - 1}:
        name, index = split_reference(text.replace("{level_index}", str(level)))
        count = design.pool(name).count
        if index >= count:
            raise ParameterError(
                "stimulus",
                f'{where}: "{name}" has images 0 to {count - 1}; {index} was asked for.',
                count - 1,
            )
