"""The stroke alphabet (03-unsupervised-few-shot): characters and their exemplars."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from backend.core.parameters import Notice, Parameters, parameter
from backend.stimuli.generator import (
    SET_GROUP,
    Batch,
    Generator,
    Preset,
    Preview,
    seed_parameter,
    side_parameter,
)
from backend.stimuli.strokes import HANDS, Hand, character, exemplar

SOURCE = "03-unsupervised-few-shot, section 4"


def spread(default: float, label: str, high: float, help: str, unit: str = "") -> Any:
    """Declare how much exemplars differ."""
    return parameter(
        default, label, low=0.0, high=high, step=0.01, unit=unit, group="Hands", help=help,
        source=SOURCE,
    )  # fmt: skip


class StrokeParameters(Parameters):
    """How many characters, how many exemplars, how different the hands."""

    n: int = parameter(
        20, "Exemplars per character", symbol="n", low=1, high=2000, change="rebuild",
        group=SET_GROUP, help="How many hands write each character.",
    )  # fmt: skip
    classes: int = parameter(
        80, "Characters", low=1, high=4000, change="rebuild", group=SET_GROUP,
        help="Classes of the set.",
    )  # fmt: skip
    side: int = side_parameter(32, 16, 256)
    seed: int = seed_parameter(21)
    polarity: Literal["black on white", "white on black"] = parameter(
        "black on white", "Polarity", group=SET_GROUP, help="Ink on ground."
    )
    points: float = spread(0.10, "Points", 0.5, "SD of each control point; strokes move by 0.7.")
    turn: float = spread(10.0, "Rotation", 90.0, "SD of the rotation.", "°")
    scale: float = spread(0.18, "Scale", 0.6, "SD of the log scale of each axis.")
    shear: float = spread(0.15, "Shear", 0.6, "SD of the shear.")
    shift: float = spread(0.10, "Place", 0.4, "SD of the place; half the side is 1.2.")


def values_of(hand: Hand) -> dict[str, Any]:
    """A hand as parameter values."""
    return {name: getattr(hand, name) for name in ("points", "turn", "scale", "shear", "shift")}


class Strokes(Generator):
    """Characters of one to four strokes; the same character by many hands."""

    id = "strokes"
    title = "Stroke alphabet"
    icon = "draw"
    help = "Characters no one has seen, each written by many hands."
    synthetic = "synthetic characters"
    strip_title = "Hands of one character"
    Parameters = StrokeParameters
    presets = (
        Preset("Default", "Standard, 80 characters × 20 (training)"),
        Preset("test", "Standard, 40 characters × 20 (test)", {"seed": 22, "classes": 40}),
        Preset("Omniglot-hard", "As hard as Omniglot", values_of(HANDS["Omniglot-hard"])),
        Preset("easy", "Easy: no proof of learning", values_of(HANDS["easy"])),
    )

    def check(self, parameters: Any) -> list[Notice]:
        """Warn where an untrained network already succeeds."""
        if hand_of(parameters) == HANDS["easy"]:
            return [
                Notice(
                    "points", "Too easy to show learning",
                    "An untrained network tells 94 % of five such characters apart from one "
                    "example each.",
                )
            ]  # fmt: skip
        return []

    def count(self, parameters: Any) -> int:
        return int(parameters.n * parameters.classes)

    def shape(self, parameters: Any) -> tuple[int, ...]:
        return parameters.side, parameters.side

    def prepare(self, parameters: Any) -> Any:
        return [character(parameters.seed, number) for number in range(parameters.classes)]

    def draw(self, parameters: Any, prepared: Any, start: int, stop: int) -> Batch:
        hand = hand_of(parameters)
        images = np.empty((stop - start, parameters.side, parameters.side), np.uint8)
        rows = []
        for index in range(start, stop):
            copy, number = divmod(index, parameters.classes)
            made = exemplar(
                prepared[number], parameters.seed, number, copy, parameters.side, hand
            )  # fmt: skip
            images[index - start] = np.floor(255.0 * made.ink + 0.5)
            rows.append({
                "name": f"character_{number:04d}_{copy:03d}",
                "class": number,
                "exemplar": copy,
                "strokes": len(prepared[number]),
                "ink": round(float(made.ink.mean()), 6),
                **{name: round(value, 6) for name, value in made.drawn.items()},
            })  # fmt: skip
        if parameters.polarity == "black on white":
            images = 255 - images
        return Batch(images, rows)

    def preview(self, parameters: Any, index: int = 0, side: int | None = None) -> Preview:
        """One exemplar; the strip shows the same character by other hands."""
        number = index % parameters.classes
        prepared = {number: character(parameters.seed, number)}
        batch = self.draw(parameters, prepared, index, index + 1)
        strip = []
        for copy in range(8):
            place = number + copy * parameters.classes
            image = self.draw(parameters, prepared, place, place + 1).images[0]
            strip.append((f"hand {copy + 1}", image))
        row = batch.rows[0]
        facts = (
            ("Strokes", None, str(row["strokes"])),
            ("Ink", None, f"{100 * row['ink']:.1f} %"),
        )
        return Preview(batch.images[0], row, (), tuple(strip), facts)

    def methods(self, parameters: Any) -> str:
        hand = hand_of(parameters)
        return (
            f"{super().methods(parameters)} {parameters.classes} characters of one to four strokes "
            f"(Catmull-Rom splines through 3 to 5 points) were each drawn {parameters.n} times; "
            f"points varied by SD {hand.points:g}, rotation by {hand.turn:g}°, log scale by "
            f"{hand.scale:g}, shear by {hand.shear:g} and place by {hand.shift:g}."
        )


def hand_of(parameters: Any) -> Hand:
    """How different the hands are."""
    return Hand(**values_of(parameters))


GENERATOR = Strokes()
