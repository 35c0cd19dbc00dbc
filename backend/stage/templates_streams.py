"""RSVP search (11-rsvp-meg section 2.1) and a visual oddball."""

from __future__ import annotations

from backend.stage.design import (
    WITHHOLD,
    AnswerKey,
    Block,
    Constraints,
    Deal,
    Design,
    Item,
    Phase,
    Source,
    TrialKind,
    Value,
)
from backend.stage.monitors import visual_angle

CROSS = Item("fixation", "", size_deg=0.5)
TEXT_DEG = 0.6
GO_ON = "\n\nAny answer key or the space bar: go on"


def words(text: str) -> Item:
    """A line of text in the middle of the screen."""
    return Item("text", text, size_deg=TEXT_DEG)


def pedestrians() -> Design:
    """14 streams of 100 street scenes at 10 Hz, four with pedestrians in each.

    500 px = 150 mm at 680 mm, 12.59 degrees; triggers 1 target, 2 non-target, 10 block start,
    20 button (11-rsvp-meg section 2.1).
    """
    picture = Item(size_deg=round(visual_angle(150.0, 680.0), 4))
    phases = (
        Phase("ready", "text", 0, (words("Press the space bar to start."),), until_answer=True),
        Phase("block start", "fixation", 1500, (CROSS,)),
        Phase("pictures", "stream", 100, (picture,), answers=True),
        Phase("after", "blank", 1500, answers=True),
    )
    return Design(
        name="RSVP search for pedestrians",
        task="rsvp",
        title="Pedestrian search in rapid serial visual presentation",
        instructions="Press the space bar to start each stream, and again whenever you see a "
        "pedestrian.",
        source="11-rsvp-meg, section 2.1",
        sources=(
            Source("target", "scenes", "session", count=56, every=25),
            Source("non-target", "scenes", "session", count=1344, without=25),
        ),
        trial_kinds=(TrialKind("stream", phases, between_ms=0),),
        keys=(AnswerKey("space", "seen"), AnswerKey("left button", "seen", "mouse")),
        blocks=(
            Block(
                "search",
                kind="stream",
                deal=Deal("target", "non-target"),
                before="Look at the cross. Press the space bar whenever you see a pedestrian."
                + GO_ON,
            ),
        ),
        triggers={"target": 1, "non-target": 2, "block start": 10, "answer": 20},
        synthetic="synthetic street scenes",
    )


def oddball() -> Design:
    """200 gratings, one a second, one in five tilted, at least two standards between deviants."""
    phases = (
        Phase("grating", "stimulus", 200, (Item(size_deg=6.0),), answers=True),
        Phase("gap", "fixation", 600, (CROSS,), answers=True),
    )
    standard: dict[str, Value] = {"stimulus": "standard:0", "trial_type": "standard"}
    rows = [{**standard, "correct": WITHHOLD}] * 80
    rows += [{"stimulus": "deviant:0", "trial_type": "deviant", "correct": "seen"}] * 20
    rules = Constraints("trial_type", target="deviant", lag=3)
    grating: dict[str, Value] = {"wave": "gabor", "frequency": 6.0, "contrast": 0.8}
    return Design(
        name="Oddball, rare tilted gratings",
        task="oddball",
        title="Visual oddball with Gabor gratings",
        instructions="Press the space bar whenever the bars are tilted.",
        sources=(
            Source("standard", "gratings", parameters={**grating, "orientation": 0.0}),
            Source("deviant", "gratings", parameters={**grating, "orientation": 45.0}),
        ),
        trial_kinds=(TrialKind("picture", phases, between_ms=200),),
        keys=(AnswerKey("space", "seen"),),
        blocks=tuple(
            Block(f"block {number}", "picture", tuple(rows), constraints=rules, before=before)
            for number, before in (
                (1, "Press the space bar whenever the bars are tilted." + GO_ON),
                (2, "Half way. Rest as you like." + GO_ON),
            )
        ),
        triggers={"standard": 1, "deviant": 2, "answer": 20},
        synthetic="synthetic gratings",
    )  # fmt: skip
