"""The designer's forms: general, block, method, stream; between designs and parameter forms."""

from __future__ import annotations

from typing import Any, Literal

from backend.core.parameters import Parameters, parameter
from backend.stage.design import Block, Deal, Design, Method


class GeneralForm(Parameters):
    """What holds for the whole design."""

    name: str = parameter("", "Name", group="Design", change="plain")
    task: str = parameter(
        "", "Task", group="Design", change="plain", help="BIDS task label: letters and digits."
    )
    title: str = parameter("", "Title", group="Design", change="plain")
    instructions: str = parameter("", "Instructions", group="Design", change="plain")
    synthetic: str = parameter(
        "",
        "Stimuli are",
        group="Design",
        change="plain",
        help="Written into every export, for example synthetic faces.",
    )
    background: int = parameter(
        128,
        "Background",
        group="Screen",
        low=0,
        high=255,
        change="plain",
        help="Grey level behind everything.",
    )
    photodiode: bool = parameter(
        False,
        "Photodiode patch",
        group="Screen",
        change="plain",
        help="A white square, lower left, at every stimulus onset.",
    )
    order: Literal["as listed", "rotate", "latin square"] = parameter(
        "as listed",
        "Blocks come",
        group="Counterbalancing",
        change="plain",
        labels={"rotate": "rotated by participant", "latin square": "in a Latin square"},
    )
    swap: bool = parameter(
        False,
        "Keys change meaning",
        group="Counterbalancing",
        change="plain",
        help="Participant 2 has them swapped.",
    )
    quit_key: str = parameter("escape", "Key that ends", group="Counterbalancing", change="plain")


DESIGN_FIELDS = (
    "name",
    "task",
    "title",
    "instructions",
    "synthetic",
    "background",
    "photodiode",
    "quit_key",
)


def general_of(design: Design) -> GeneralForm:
    """The form's values of a design."""
    values = {name: getattr(design, name) for name in DESIGN_FIELDS}
    balance = design.counterbalance
    return GeneralForm.model_construct(**values, order=balance.blocks, swap=balance.keys)


def with_general(design: Design, name: str, value: Any) -> Design:
    """The design with one value of the form changed."""
    from dataclasses import replace

    if name == "order":
        return replace(design, counterbalance=replace(design.counterbalance, blocks=value))
    if name == "swap":
        return replace(design, counterbalance=replace(design.counterbalance, keys=value))
    return replace(design, **{name: value})


Kind = Literal["rows", "constant", "staircase", "bayes", "deal"]
ADAPTIVE = ("staircase", "bayes")
LEVELS = ("constant", *ADAPTIVE)


class BlockForm(Parameters):
    """How a block's trials come about."""

    before: str = parameter(
        "",
        "Page before",
        group="Block",
        change="plain",
        help="Shown until a key; empty for none.",
    )
    how: Kind = parameter(
        "rows",
        "Trials are",
        group="Trials",
        change="plain",
        labels={
            "rows": "the rows of the table",
            "constant": "constant stimuli",
            "staircase": "an up-down staircase",
            "bayes": "chosen by Bayes",
            "deal": "streams dealt from two pools",
        },
    )
    levels: str = parameter(
        "",
        "Levels",
        group="Trials",
        change="plain",
        shown_if=("how", LEVELS),
        help="Numbers by blanks, easiest last.",
    )
    measure: str = parameter(
        "",
        "Levels are",
        group="Trials",
        change="plain",
        shown_if=("how", LEVELS),
        help="With the unit, for axes and tables: hole radius (cells).",
    )
    repeats: int = parameter(
        10,
        "Repeats of each level",
        group="Trials",
        low=1,
        high=10_000,
        change="plain",
        shown_if=("how", ("constant",)),
    )
    up_after: int = parameter(
        2,
        "Harder after",
        unit="right",
        group="Trials",
        low=1,
        high=10,
        change="plain",
        shown_if=("how", ("staircase",)),
    )
    down_after: int = parameter(
        1,
        "Easier after",
        unit="wrong",
        group="Trials",
        low=1,
        high=10,
        change="plain",
        shown_if=("how", ("staircase",)),
    )
    start: int = parameter(
        0,
        "Starts at level",
        group="Trials",
        low=0,
        high=1000,
        change="plain",
        shown_if=("how", ("staircase",)),
    )
    step: int = parameter(
        1,
        "First step",
        unit="levels",
        group="Trials",
        low=1,
        high=100,
        change="plain",
        shown_if=("how", ("staircase",)),
    )
    reversals: int = parameter(
        12,
        "Ends after reversals",
        group="Trials",
        low=1,
        high=1000,
        change="plain",
        shown_if=("how", ("staircase",)),
    )
    trials: int = parameter(
        80,
        "Trials at most",
        group="Trials",
        low=1,
        high=100_000,
        change="plain",
        shown_if=("how", ADAPTIVE),
    )
    guess: float = parameter(
        0.5,
        "Chance",
        group="Trials",
        low=0.0,
        high=0.99,
        step=0.05,
        change="plain",
        shown_if=("how", ADAPTIVE),
    )
    lapse: float = parameter(
        0.04,
        "Lapse rate at most",
        group="Trials",
        low=0.0,
        high=0.4,
        step=0.01,
        change="plain",
        shown_if=("how", ("bayes",)),
    )
    targets: str = parameter(
        "",
        "Targets",
        group="Trials",
        change="plain",
        shown_if=("how", ("deal",)),
        help="A pool of the Stimuli page.",
    )
    others: str = parameter(
        "", "Other pictures", group="Trials", change="plain", shown_if=("how", ("deal",))
    )
    streams: int = parameter(
        14, "Streams", group="Trials", low=1, high=50, change="plain", shown_if=("how", ("deal",))
    )
    pictures: int = parameter(
        100,
        "Pictures in each",
        group="Trials",
        low=2,
        high=1000,
        change="plain",
        shown_if=("how", ("deal",)),
    )
    per_stream: int = parameter(
        4,
        "Targets in each",
        group="Trials",
        low=0,
        high=500,
        change="plain",
        shown_if=("how", ("deal",)),
    )
    distance: int = parameter(
        0,
        "Targets apart by",
        unit="pictures",
        group="Trials",
        low=0,
        high=1000,
        change="plain",
        shown_if=("how", ("deal",)),
    )
    near_s: float = parameter(
        0.5,
        "Near a target",
        unit="s",
        group="Trials",
        low=0.0,
        high=60.0,
        step=0.1,
        change="plain",
        shown_if=("how", ("deal",)),
    )
    column: str = parameter(
        "",
        "Look at column",
        group="Order",
        change="plain",
        shown_if=("how", ("rows", "constant")),
        help="The column the two rules below are about.",
    )
    alike: int = parameter(
        0,
        "Alike in a row at most",
        group="Order",
        low=0,
        high=1000,
        zero="any",
        change="plain",
        shown_if=("how", ("rows", "constant")),
        help="2 means: no three alike.",
    )
    target: str = parameter(
        "", "Target value", group="Order", change="plain", shown_if=("how", ("rows", "constant"))
    )
    lag: int = parameter(
        0,
        "Targets apart by at least",
        unit="trials",
        group="Order",
        low=0,
        high=1000,
        zero="any",
        change="plain",
        shown_if=("how", ("rows", "constant")),
    )


METHOD = (
    "measure",
    "repeats",
    "start",
    "step",
    "up_after",
    "down_after",
    "reversals",
    "trials",
    "guess",
    "lapse",
)
DEAL = ("targets", "others", "streams", "pictures", "per_stream", "distance", "near_s")
ORDER = ("column", "alike", "target", "lag")


def block_of(block: Block) -> BlockForm:
    """The form's values of a block."""
    values: dict[str, Any] = {name: getattr(block.constraints, name) for name in ORDER}
    values["before"] = block.before
    values["how"] = "rows"
    if block.method is not None:
        values |= {name: getattr(block.method, name) for name in METHOD}
        values["levels"] = " ".join(f"{level:g}" for level in block.method.levels)
        values["how"] = block.method.kind
    if block.deal is not None:
        values |= {name: getattr(block.deal, name) for name in DEAL}
        values["how"] = "deal"
    return BlockForm().model_copy(update=values)


def with_block(block: Block, name: str, value: Any, pools: tuple[str, ...]) -> Block:
    """The block with one value of the form changed."""
    from dataclasses import replace

    if name == "before":
        return replace(block, before=value)
    if name in ORDER:
        return replace(block, constraints=replace(block.constraints, **{name: value}))
    if name == "how":
        return _with_kind(block, value, pools)
    if name in DEAL and block.deal is not None:
        return replace(block, deal=replace(block.deal, **{name: value}))
    if block.method is not None:
        if name == "levels":
            value = levels_of(value)
        return replace(block, method=replace(block.method, **{name: value}))
    return block


def _with_kind(block: Block, how: str, pools: tuple[str, ...]) -> Block:
    from dataclasses import replace

    if how == "rows":
        return replace(block, method=None, deal=None)
    if how == "deal":
        first, last = (pools[0], pools[-1]) if pools else ("targets", "others")
        return replace(block, method=None, deal=block.deal or Deal(first, last))
    method = block.method or Method(levels=(1.0, 2.0, 3.0))
    return replace(block, deal=None, method=replace(method, kind=how))  # type: ignore[arg-type]


def levels_of(text: str) -> tuple[float, ...]:
    """Numbers from a typed text; ParameterError in words otherwise."""
    from backend.core.parameters import ParameterError

    try:
        found = tuple(float(part) for part in text.replace(",", " ").split())
    except ValueError:
        found = ()
    if not found:
        raise ParameterError("levels", f'"{text}" holds no levels. Write numbers: 2 4 8 16.')
    return found
