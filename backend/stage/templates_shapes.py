"""Topology (02-gap-junction-topology) and shape learning with transfer (09-shapenet-transfer)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from backend.core.parameters import unknown_name
from backend.stage.design import (
    AnswerKey,
    Block,
    Constraints,
    Counterbalance,
    Design,
    Item,
    Method,
    Phase,
    Source,
    TrialKind,
    Value,
)
from backend.stage.templates_streams import CROSS, GO_ON, words

BESIDE_DEG = 4.0
FIGURE_DEG = 5.0
HOLES = (2.0, 4.0, 6.0, 8.0, 10.0, 14.0, 18.0)
"""Radii of the hole in cells of the retina study's sheet (outer radius 24)."""
LEARN, TRANSFER = 40, 24
"""Trials a category in the learning blocks and in each transfer block."""
EXPERIMENTS = "ABCDEF"


def _pair_kind(ms: float) -> TrialKind:
    left = Item(of="left", x_deg=-BESIDE_DEG, size_deg=FIGURE_DEG)
    right = Item(of="right", x_deg=BESIDE_DEG, size_deg=FIGURE_DEG)
    return TrialKind(
        "pair",
        (
            Phase("fixation", "fixation", 500, (CROSS,)),
            Phase("figures", "stimulus", ms, (left, right, CROSS), answers=True),
            Phase("response", "response", 3000, answers=True, until_answer=True, answered="end"),
        ),
        between_ms=500,
    )


def same_different() -> Design:
    """Pairs that differ in a hole, in shape only, or not at all, shown for 50 ms."""
    hole = {"disk": "ring", "solid square": "hollow square", "triangle": "hollow triangle"}
    kinds = [*hole, *hole.values()]
    rows: list[dict[str, Value]] = []
    for solid, holed in hole.items():
        pairs = ((solid, holed), (holed, solid))
        rows += [_pair(a, b, "hole differs", "different") for a, b in pairs] * 2
    solids, holed_ones = list(hole), list(hole.values())
    for group in (solids, holed_ones):
        orders = itertools.permutations(group, 2)
        rows += [_pair(a, b, "shape differs", "different") for a, b in orders]
    rows += [_pair(kind, kind, "same", "same") for kind in kinds] * 4
    return Design(
        name="Topology, same or different",
        task="topologysame",
        title="Same or different: does a hole count more than a shape?",
        instructions="Are the two figures the same? {key same} same, {key different} different.",
        source="02-gap-junction-topology, section 2.5",
        sources=tuple(
            Source(kind, "topology", parameters={"kind": kind, "grey": "black on grey"})
            for kind in kinds
        ),
        trial_kinds=(_pair_kind(50),),
        keys=(AnswerKey("f", "same"), AnswerKey("j", "different")),
        blocks=(
            Block(
                "pairs",
                "pair",
                tuple(rows),
                repeats=4,
                rest_every=48,
                constraints=Constraints("correct", alike=3),
                before="Two figures appear beside the cross for a moment.\n"
                "{key same}: the same    {key different}: different" + GO_ON,
            ),
        ),
        counterbalance=Counterbalance(keys=True),
        synthetic="synthetic topology figures",
    )


def _pair(left: str, right: str, condition: str, correct: str) -> dict[str, Value]:
    return {
        "left": f"{left}:0",
        "right": f"{right}:0",
        "trial_type": condition,
        "correct": correct,
    }


def hole_disc() -> Design:
    """Which side has the hole? Hole radius as the level, constant stimuli, 50 ms."""
    hole = "hole {level_index}:0"
    rows: tuple[dict[str, Value], ...] = (
        {"left": hole, "right": "disk:0", "correct": "left", "trial_type": "hole"},
        {"left": "disk:0", "right": hole, "correct": "right", "trial_type": "hole"},
    )
    return Design(
        name="Topology, hole against disc",
        task="topologyhole",
        title="A hole against a disc: seeing a hole at its size",
        instructions="On which side is the hole? F left, J right.",
        source="02-gap-junction-topology, section 5 (people: 64.5 %, quoted)",
        sources=(
            Source("disk", "topology", parameters={"kind": "disk", "radius": 24.0}),
            *(
                Source(f"hole {index}", "topology", parameters={"kind": "ring", "hole": radius})
                for index, radius in enumerate(HOLES)
            ),
        ),
        trial_kinds=(_pair_kind(50),),
        keys=(AnswerKey("f", "left"), AnswerKey("j", "right")),
        blocks=(
            Block(
                "holes",
                "pair",
                rows,
                rest_every=56,
                before="Two figures appear beside the cross for a moment. One has a hole.\n"
                "{key left}: hole left    {key right}: hole right" + GO_ON,
                method=Method("constant", levels=HOLES, measure="hole radius (cells)", repeats=16),
            ),
        ),
        synthetic="synthetic topology figures",
    )  # fmt: skip


def transfer(experiment: str) -> Design:
    """A learning block with feedback, then a transfer block without for each transfer pair.

    Source: 09-shapenet-transfer sections 2.1 and 6 (Human).
    """
    from backend.stimuli.shapes import EXPERIMENTS as DECLARED

    if experiment not in DECLARED:
        raise unknown_name(experiment, DECLARED, "shape experiment")
    chosen = DECLARED[experiment]
    names = chosen.categories
    blocks = [_learning(chosen.learn, names, number) for number in (1, 2)]
    for name, pair in chosen.transfer.items():
        blocks.append(
            Block(
                f"transfer {name}",
                "shape",
                _shape_rows(pair, names, LEARN * 2, TRANSFER),
                constraints=Constraints("correct", alike=3),
                before="New figures, no feedback now. Answer as it seems right to you.\n"
                "{key kind 1}: kind 1    {key kind 2}: kind 2" + GO_ON,
            )
        )
    images = (LEARN * 2 + TRANSFER) * len(names)
    return Design(
        name=f"Shape learning and transfer {experiment}",
        task=f"shapes{experiment}",
        title=f"Shape learning and transfer, experiment {experiment}: {chosen.about}",
        instructions="Learn by feedback which figures are of kind 1 and which of kind 2.",
        source="09-shapenet-transfer, sections 2.1 and 6",
        sources=(
            Source("shapes", "shapes", "", {"categories": experiment, "side": 256}, count=images),
        ),
        trial_kinds=(_shape_kind(),),
        keys=(AnswerKey("f", "kind 1"), AnswerKey("j", "kind 2")),
        blocks=tuple(blocks),
        counterbalance=Counterbalance(keys=True),
        synthetic="synthetic shapes",
    )


def _learning(pair: tuple[str, str], names: Sequence[str], number: int) -> Block:
    first = number == 1
    page = (
        "You see one figure at a time. Find out which are of kind 1 and which of kind 2; you are "
        "told each time whether you were right.\n{key kind 1}: kind 1    {key kind 2}: kind 2"
        if first
        else "Half of the learning is done. Rest as you like."
    )
    return Block(
        f"learning {number}",
        "shape",
        _shape_rows(pair, names, LEARN * (number - 1), LEARN),
        feedback=True,
        constraints=Constraints("correct", alike=3),
        before=page + GO_ON,
    )


def _shape_rows(
    pair: tuple[str, str], names: Sequence[str], first: int, count: int
) -> tuple[dict[str, Value], ...]:
    """Images first .. first + count - 1 of both categories; the set takes ``names`` in turn."""
    return tuple(
        {
            "stimulus": f"shapes:{number * len(names) + names.index(name)}",
            "correct": f"kind {kind}",
            "category": name,
            "trial_type": name,
        }
        for kind, name in enumerate(pair, 1)
        for number in range(first, first + count)
    )


def _shape_kind() -> TrialKind:
    return TrialKind(
        "shape",
        (
            Phase("fixation", "fixation", 400, (CROSS,)),
            Phase("figure", "stimulus", 500, (Item(size_deg=6.0),), answers=True),
            Phase("response", "response", 3000, answers=True, until_answer=True, answered="end"),
            Phase("feedback", "feedback", 500, (words("{outcome}"),)),
        ),
        between_ms=300,
    )
