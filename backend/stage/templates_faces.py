"""Faces: gender by reverse correlation (07) and identification, old or new (12)."""

from __future__ import annotations

from backend.stage.design import (
    AnswerKey,
    Block,
    Constraints,
    Counterbalance,
    Design,
    Item,
    Phase,
    Source,
    TrialKind,
    Value,
)
from backend.stage.templates_streams import CROSS, GO_ON

FACE_DEG = 8.2
TRIALS, BLOCK = 1000, 100
"""Of 07, section 3: trials an observer, and trials between rests."""
STUDIED, NEW = 20, 20
"""Identities shown for study, and new ones among which they are found again."""


def two_afc() -> Design:
    """Base face plus noise beside base face minus the same noise: which is more female?

    1 s, then blank until the answer; a rest every 100 trials; 8.2 degrees (07, section 3).
    """
    left = Item(of="left", x_deg=-FACE_DEG / 2 - 1, size_deg=FACE_DEG)
    right = Item(of="right", x_deg=FACE_DEG / 2 + 1, size_deg=FACE_DEG)
    rows: list[dict[str, Value]] = []
    for trial in range(TRIALS):
        plus, minus = f"faces:{2 * trial}", f"faces:{2 * trial + 1}"
        first, second = (plus, minus) if trial % 2 else (minus, plus)
        rows.append({"left": first, "right": second, "pair": trial, "trial_type": "pair"})
    return Design(
        name="Face gender, two pictures",
        task="facegender2afc",
        title="Face gender by reverse correlation, which of two is more female",
        instructions="Which face looks more female? F left, J right.",
        source="07-face-gender-reverse-correlation, sections 2.2 and 3",
        sources=(Source("faces", "faces-noise", parameters={"pairs": True}, count=2 * TRIALS),),
        trial_kinds=(_kind("pair", (left, right)),),
        keys=(AnswerKey("f", "left"), AnswerKey("j", "right")),
        blocks=_blocks(rows, "pair", "Which face looks more female?\nF: left    J: right"),
        triggers={"pair": 1, "answer": 20},
        synthetic="synthetic faces in noise",
    )


def yes_no(four_keys: bool = True) -> Design:
    """One noisy face: male or female, sure or not (four keys, collapsed to two for the CI)."""
    rows: list[dict[str, Value]] = [
        {"stimulus": f"faces:{trial}", "trial_type": "face"} for trial in range(TRIALS)
    ]
    keys: tuple[AnswerKey, ...] = (AnswerKey("f", "female"), AnswerKey("j", "male"))
    page = "Is the face female or male?\nF: female    J: male"
    if four_keys:
        keys = (
            AnswerKey("d", "female", level=2),
            AnswerKey("f", "female", level=1),
            AnswerKey("j", "male", level=1),
            AnswerKey("k", "male", level=2),
        )
        page = (
            "Is the face female or male?\nD: probably female    F: possibly female\n"
            "J: possibly male    K: probably male"
        )
    return Design(
        name="Face gender, one picture",
        task="facegender",
        title="Face gender by reverse correlation, female or male",
        instructions=page.replace("\n", " "),
        source="07-face-gender-reverse-correlation, sections 2.2, 2.4 c and 3",
        sources=(Source("faces", "faces-noise", parameters={"pairs": False}, count=TRIALS),),
        trial_kinds=(_kind("face", (Item(size_deg=FACE_DEG),)),),
        keys=keys,
        blocks=_blocks(rows, "face", page),
        triggers={"face": 1, "answer": 20},
        synthetic="synthetic faces in noise",
    )


def _kind(name: str, items: tuple[Item, ...]) -> TrialKind:
    return TrialKind(
        name,
        (
            Phase("fixation", "fixation", 500, (CROSS,)),
            Phase(name, "stimulus", 1000, items, answers=True),
            Phase("response", "response", 0, answers=True, until_answer=True, answered="end"),
        ),
        between_ms=300,
    )


def _blocks(rows: list[dict[str, Value]], kind: str, page: str) -> tuple[Block, ...]:
    """Blocks of 100 trials with a rest before each."""
    count = len(rows) // BLOCK
    return tuple(
        Block(
            f"block {number + 1}",
            kind,
            tuple(rows[number * BLOCK : (number + 1) * BLOCK]),
            before=(page if number == 0 else f"Rest. {number} of {count} parts are done.") + GO_ON,
        )
        for number in range(count)
    )


def old_new() -> Design:
    """Twenty faces to study, then forty in another view: seen before or not?

    Image 2i and 2i + 1 are person i in two views. The keys swap for every other participant. The
    task is the field's standard one; the paper (12-other-race-effect) tests networks.
    """
    study: tuple[dict[str, Value], ...] = tuple(
        {"stimulus": f"people:{2 * i}", "trial_type": "study", "identity": i}
        for i in range(STUDIED)
    )
    test: tuple[dict[str, Value], ...] = tuple(
        {
            "stimulus": f"people:{2 * i + 1}",
            "trial_type": "old" if i < STUDIED else "new",
            "correct": "old" if i < STUDIED else "new",
            "identity": i,
        }
        for i in range(STUDIED + NEW)
    )
    picture = (Item(size_deg=FACE_DEG),)
    return Design(
        name="Face identification, old or new",
        task="faceoldnew",
        title="Face identification, old or new",
        instructions="Study the faces, then say of each face whether you have seen the person.",
        source="12-other-race-effect",
        sources=(
            Source("people", "faces", "", {"mode": "identities", "each": 2, "side": 256},
                   count=2 * (STUDIED + NEW)),
        ),
        trial_kinds=(
            TrialKind(
                "study",
                (
                    Phase("fixation", "fixation", 500, (CROSS,)),
                    Phase("face", "stimulus", 2000, picture),
                ),
                between_ms=500,
            ),
            _kind("face", picture),
        ),
        keys=(AnswerKey("f", "old"), AnswerKey("j", "new")),
        blocks=(
            Block(
                "study", "study", study, before="Look at each person; remember them.\n\nF: go on"
            ),
            Block(
                "test",
                "face",
                test,
                constraints=Constraints("correct", alike=3),
                before="Have you just seen this person?\n{key old}: yes, old    {key new}: no, new"
                + GO_ON,
            ),
        ),
        counterbalance=Counterbalance(keys=True),
        triggers={"study": 1, "old": 2, "new": 3, "answer": 20},
        synthetic="synthetic faces",
    )  # fmt: skip
