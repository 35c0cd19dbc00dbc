"""The 24 shape categories (09-shapenet-transfer), every exported picture validated."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from backend.core.parameters import Notice, ParameterError, Parameters, parameter
from backend.stimuli.generator import (
    SET_GROUP,
    Batch,
    Generator,
    Preset,
    Preview,
    seed_parameter,
    side_parameter,
)
from backend.stimuli.pixels import ink_and_edge
from backend.stimuli.shapes import CATEGORIES, EXPERIMENTS, Options, Shape, asked_of, draw_shape

Choice = Literal["all", "A", "B", "C", "D", "E", "F", "pair"]
Name = Literal[
    "square", "rectangle", "trapezoid", "parallelogram", "disk", "ring", "triangle",
    "triangle ring", "filled square", "square ring", "irregular disk", "irregular ring",
    "irregular triangle", "irregular triangle ring", "irregular square", "irregular square ring",
    "isosceles", "isosceles apart", "scalene", "scalene apart", "dot in circle",
    "dot beside circle", "dot in square", "dot beside square",
]  # fmt: skip
SOURCE = "09-shapenet-transfer, section 4"


def share(default: float, label: str, low: float, high: float, help: str, group: str) -> Any:
    """Declare a length in units of the side or a ratio."""
    return parameter(
        default, label, low=low, high=high, step=0.01, decimals=3, group=group, help=help,
        source=SOURCE,
    )  # fmt: skip


class ShapeParameters(Parameters):
    """Which categories, how many of each, how they are drawn."""

    n: int = parameter(
        20, "Images per category", symbol="n", low=1, high=5000, change="rebuild", group=SET_GROUP,
        help="The set has as many of each category.",
    )  # fmt: skip
    side: int = side_parameter(64, 32, 299, help="Drawn at four times this size and averaged.")
    seed: int = seed_parameter(7)
    categories: Choice = parameter(
        "all", "Categories", group="Shapes", change="rebuild",
        labels={"all": "all 24", "pair": "two of your choice",
                **{key: f"experiment {key}: {one.about}" for key, one in EXPERIMENTS.items()}},
        help="The set takes one of each in turn.",
    )  # fmt: skip
    first: Name = parameter(
        "disk", "First", group="Shapes", change="rebuild", shown_if=("categories", ["pair"]),
        help="Category of response 1.",
    )  # fmt: skip
    second: Name = parameter(
        "ring", "Second", group="Shapes", change="rebuild", shown_if=("categories", ["pair"]),
        help="Category of response 2.",
    )  # fmt: skip
    render: Literal["filled", "outline"] = parameter(
        "filled", "Quadrilaterals", group="Shapes", help="Filled, or as lines."
    )
    polarity: Literal["black on white", "white on black"] = parameter(
        "black on white", "Polarity", group="Shapes", help="Ink on ground."
    )
    match_ink: bool = parameter(
        False, "Match ink", group="Shapes",
        help="Rings grow so that they have the ink of the filled shape.",
    )  # fmt: skip
    scale_low: float = share(0.30, "Scale from", 0.10, 0.80, "√area over the side.", "Sizes")
    scale_high: float = share(0.55, "Scale to", 0.10, 0.80, "√area over the side.", "Sizes")
    rotation: float = parameter(
        180.0, "Rotation", unit="°", low=0.0, high=180.0, step=5.0, group="Sizes",
        help="Each shape is turned by up to this much either way.",
    )  # fmt: skip
    hole_low: float = share(0.4, "Hole from", 0.1, 0.9, "Hole over outer size.", "Sizes")
    hole_high: float = share(0.6, "Hole to", 0.1, 0.9, "Hole over outer size.", "Sizes")
    irregularity: float = share(0.12, "Irregularity", 0.0, 0.3, "SD of the outline.", "Sizes")
    gap_low: float = share(0.10, "Gap from", 0.02, 0.5, "Sides pulled apart.", "Sizes")
    gap_high: float = share(0.22, "Gap to", 0.02, 0.5, "Sides pulled apart.", "Sizes")
    dot: float = share(0.05, "Dot radius", 0.01, 0.15, "Varies by ± 20 %.", "Sizes")
    line: float = share(0.035, "Line width", 0.01, 0.1, "Of lines and outlines.", "Sizes")


class Shapes(Generator):
    """Quadrilaterals, rings, irregular shapes, triangles of lines, dots in and beside outlines."""

    id = "shapes"
    title = "Shape categories"
    icon = "shape-outline"
    help = "24 categories of shapes; a picture whose pieces or holes are wrong is never given."
    synthetic = "synthetic shapes"
    strip_title = "Categories"
    Parameters = ShapeParameters
    presets = (
        Preset("Default", "All 24 categories, 20 each"),
        Preset("paper", "All 24 categories, 540 each", {"n": 540}),
        *(Preset(key, f"Experiment {key}: {one.about}", {"categories": key, "n": 200})
          for key, one in EXPERIMENTS.items()),
    )  # fmt: skip

    def check(self, parameters: Any) -> list[Notice]:
        """Refuse ranges the wrong way round, one category twice, and what does not fit."""
        for name, words in (("scale", "Scale"), ("hole", "Hole"), ("gap", "Gap")):
            low, high = (getattr(parameters, f"{name}_{end}") for end in ("low", "high"))
            if low > high:
                raise ParameterError(
                    f"{name}_high", f"{words} goes from {low:g} to {high:g}: the second must not "
                    "be smaller.", low,
                )  # fmt: skip
        chosen = categories_of(parameters)
        if len(set(chosen)) < len(chosen):
            raise ParameterError("second", f'Both categories are "{chosen[0]}". Choose two.')
        for category in chosen:
            draw_shape(category, 0, parameters.seed, options_of(parameters))
        if parameters.n < 7:
            return [Notice("n", "Few images", "Fewer than 7 a category leave none to validate.")]
        return []

    def count(self, parameters: Any) -> int:
        return int(parameters.n) * len(categories_of(parameters))

    def shape(self, parameters: Any) -> tuple[int, ...]:
        return parameters.side, parameters.side

    def draw(self, parameters: Any, prepared: Any, start: int, stop: int) -> Batch:
        chosen, options = categories_of(parameters), options_of(parameters)
        images = np.empty((stop - start, *self.shape(parameters)), np.uint8)
        rows = []
        for index in range(start, stop):
            number, place = divmod(index, len(chosen))
            shape = draw_shape(chosen[place], number, parameters.seed, options)
            rows.append(row_of(chosen[place], number, shape, options))
            images[index - start] = shape.image
        if parameters.polarity == "white on black":
            images = 255 - images
        return Batch(images, rows)

    def preview(self, parameters: Any, index: int = 0, side: int | None = None) -> Preview:
        """One shape with its counts; the strip shows one of each category."""
        chosen, options = categories_of(parameters), options_of(parameters)
        batch = self.draw(parameters, None, index, index + 1)
        strip = []
        for category in chosen:
            image = draw_shape(category, index // len(chosen), parameters.seed, options).image
            inverted = parameters.polarity == "white on black"
            strip.append((category, 255 - image if inverted else image))
        row = batch.rows[0]
        facts = tuple(
            (f"{words}, asked {row[f'{key}_asked']}", row[key] == row[f"{key}_asked"],
             str(row[key])) for words, key in (("Holes", "holes"), ("Pieces", "components"))
        )  # fmt: skip
        more = (("Ink", None, f"{100 * row['ink']:.1f} %"), ("Redrawn", None, str(row["rejects"])))
        return Preview(batch.images[0], row, (), tuple(strip), facts + more)

    def methods(self, parameters: Any) -> str:
        options = options_of(parameters)
        return (
            f"{super().methods(parameters)} Shapes of {len(categories_of(parameters))} categories "
            f"had unit area before scaling (√area {options.scale[0]:g} to {options.scale[1]:g} of "
            f"the side), rotations up to ±{options.rotation:g}° and uniform positions. Pieces "
            "(8-connected) and holes of every exported picture were counted; others were redrawn."
        )


def categories_of(parameters: Any) -> tuple[str, ...]:
    """The chosen categories."""
    if parameters.categories == "all":
        return tuple(CATEGORIES)
    if parameters.categories == "pair":
        return parameters.first, parameters.second
    return EXPERIMENTS[parameters.categories].categories


def options_of(parameters: Any) -> Options:
    """How shapes are drawn."""
    return Options(
        side=parameters.side,
        scale=(parameters.scale_low, parameters.scale_high),
        rotation=parameters.rotation,
        hole=(parameters.hole_low, parameters.hole_high),
        irregularity=parameters.irregularity,
        gap=(parameters.gap_low, parameters.gap_high),
        dot=parameters.dot,
        line=parameters.line,
        outline=parameters.render == "outline",
        match_ink=parameters.match_ink,
    )


def row_of(category: str, number: int, shape: Shape, options: Options) -> dict[str, Any]:
    """The table row of a shape."""
    asked = asked_of(category, options)
    ((ink, edge),) = ink_and_edge(shape.image[None])
    return {
        "name": f"{category.replace(' ', '-')}_{number:04d}",
        "category": category,
        "number": number,
        "components_asked": asked[0],
        "components": shape.counted[0],
        "holes_asked": asked[1],
        "holes": shape.counted[1],
        "ink": round(float(ink), 6),
        "edge": round(float(edge), 6),
        "rejects": shape.rejects,
        **{name: round(value, 6) for name, value in shape.drawn.items()},
    }


GENERATOR = Shapes()
