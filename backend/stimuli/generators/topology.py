"""Figures with and without holes (02-gap-junction-topology, section 2.5) as counted pictures."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np

from backend.core.parameters import ParameterError, Parameters, parameter
from backend.stimuli.generator import (
    Batch,
    Generator,
    Preset,
    Preview,
    count_parameter,
    image_rng,
    seed_parameter,
    side_parameter,
)
from backend.stimuli.pixels import components_and_holes, touches_border
from backend.stimuli.topology import KINDS, Kind, Sizes, make_figure

SIZES = "Sizes (cells of 80 × 80)"
SHEET = 80
"""Sizes are given in cells of the retina study's sheet of 80 × 80."""

GREYS = {"black on grey": (128, 0), "black on white": (255, 0), "white on black": (0, 255)}
SERIES = {"breach": ("breach", "Breach", "°"), "hole": ("hole", "Hole radius", " cells")}
SERIES["gap"] = ("gap", "Gap", " cells")
SERIES_OF = {"breach": ("ring",), "hole": ("ring", "two holes", "hollow triangle")}
SERIES_OF["gap"] = ("closed segments", "hollow square")
WHOLE = ("band", "shift", "dot", "pitch")
UNSCALED = ("breach",)
Mode = Literal["one figure", "all figures", "breach", "hole", "gap"]


def cells(
    default: float, label: str, low: float, high: float, help: str = "", *,
    group: str = SIZES, advanced: bool = False,
) -> Any:  # fmt: skip
    """Declare a size in cells."""
    whole = isinstance(default, int)
    return parameter(
        default, label, unit="cells", low=low, high=high, step=1 if whole else 0.5,
        group=group, help=help, advanced=advanced,
    )  # fmt: skip


def series(default: float, label: str, high: float, help: str) -> Any:
    """Declare a value of the series."""
    return parameter(
        default, label, low=0.0, high=high, step=0.5, group="Figure", change="rebuild",
        shown_if=("mode", tuple(SERIES)), help=help,
    )  # fmt: skip


class TopologyParameters(Parameters):
    """Which figure, how large, and what changes from picture to picture."""

    n: int = count_parameter(15)
    side: int = side_parameter(240, 32, 1024, help="Figures are drawn anew at any size.")
    seed: int = seed_parameter()
    mode: Mode = parameter(
        "one figure", "Set of", group="Figure", change="rebuild",
        labels={"breach": "series over the breach", "hole": "series over the hole radius",
                "gap": "series over the gap"},
        help="One figure, every figure in turn, or a series of values for a psychometric curve.",
    )  # fmt: skip
    kind: Kind = parameter(
        "ring", "Figure", group="Figure", shown_if=("mode", ("one figure", *SERIES)),
        help="The figures of the retina study.", source="02-gap-junction-topology, section 2.5",
    )  # fmt: skip
    grey: Literal["black on grey", "black on white", "white on black"] = parameter(
        "black on grey", "Luminance", group="Figure", help="Grey is the retina study's background."
    )
    first: float = series(0.0, "First value", 360.0, "Value of the first picture of the series.")
    step: float = series(6.0, "Step", 180.0, "From one level to the next.")
    levels: int = parameter(
        15, "Levels", low=1, high=1000, group="Figure", change="rebuild",
        shown_if=("mode", tuple(SERIES)),
        help="After so many levels the series begins again.",
    )  # fmt: skip
    radius: float = cells(20.0, "Radius", 2, 38, "Disk; half-size of square, triangle and cross.")
    outer: float = cells(24.0, "Outer radius", 3, 38, "Of the ring.")
    hole: float = cells(10.0, "Hole radius", 0, 36, "Also radius of a pair's disks.")
    breach: float = parameter(
        0.0, "Breach", unit="°", low=0.0, high=350.0, step=1.0, group=SIZES,
        help="Angle cut out of the ring around 12 o'clock.",
    )  # fmt: skip
    outer_two: float = cells(28.0, "Radius with two holes", 4, 38, advanced=True)
    offset: float = cells(13.0, "Holes off centre", 1, 36, advanced=True)
    half_width: float = cells(9.5, "Hole's half width", 2, 34, "Hollow square, segments, dots.")
    half_height: float = cells(9.5, "Hole's half height", 2, 34)
    band: int = cells(4, "Band", 1, 20, "Thickness of the lines.")
    gap: float = cells(0.0, "Gap", 0, 60, "Cut out of the closed figure's upper line.")
    shift: int = cells(12, "Side moved by", 1, 30, "Open segments.", advanced=True)
    dot: int = cells(3, "Dot", 1, 10, advanced=True)
    pitch: int = cells(5, "Dot spacing", 2, 20, advanced=True)
    edge: float = cells(0.0, "Soft edge", 0, 12, "Luminance ramp of disk and ring.")
    wander: float = cells(
        0.0, "Position varies by", 0, 20, "Each figure is moved by up to this much in x and y.",
        group="Variation",
    )  # fmt: skip
    size_spread: float = parameter(
        0.0, "Size varies by", unit="%", low=0.0, high=40.0, step=1.0, group="Variation",
        help="Each picture's sizes are scaled by 1 ± up to this much.",
    )  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """One picture and what was asked and found in it."""

    image: np.ndarray
    kind: str
    sizes: Sizes
    asked: tuple[int, int]
    counted: tuple[int, int]
    ink: float
    offset: tuple[int, int]


class Topology(Generator):
    """Rings, disks, pairs and their breached or dotted forms, every count checked."""

    id = "topology"
    title = "Topology figures"
    icon = "circle-outline"
    help = "Figures that differ in holes and pieces; both are counted in the pixels."
    synthetic = "synthetic topology figures"
    strip_title = "All figures"
    Parameters = TopologyParameters
    presets = (
        Preset("Default", "Ring of the retina study"),
        Preset("all", "Every figure once", {"mode": "all figures", "n": len(KINDS)}),
        Preset("breach", "Breached rings, 0 to 84°",
               {"mode": "breach", "first": 0.0, "step": 6.0, "levels": 15, "n": 15}),
        Preset("hole", "Rings with holes of 4 to 18 cells",
               {"mode": "hole", "first": 4.0, "step": 1.0, "levels": 15, "n": 15}),
        Preset("gap", "Closed figure with gaps of 0 to 14 cells",
               {"mode": "gap", "kind": "closed segments", "first": 0.0, "step": 1.0,
                "levels": 15, "n": 15}),
        Preset("varied", "Rings of varied size and place",
               {"n": 100, "wander": 8.0, "size_spread": 20.0}),
    )  # fmt: skip

    def check(self, parameters: Any) -> list[Any]:
        """Draw the first of each level: a figure that cannot be is refused at once."""
        mode = parameters.mode
        if mode in SERIES and parameters.kind not in SERIES_OF[mode]:
            known = " or ".join(SERIES_OF[mode])
            raise ParameterError(
                "kind",
                f'A series over the {SERIES[mode][1].lower()} needs the figure {known}; "'
                f'{parameters.kind}" was chosen.',
                SERIES_OF[mode][0],
            )
        last = {"all figures": len(KINDS)}.get(mode, parameters.levels if mode in SERIES else 1)
        for index in {0, min(last, parameters.n) - 1}:
            draw_one(parameters, index)
        return []

    def shape(self, parameters: Any) -> tuple[int, ...]:
        return parameters.side, parameters.side

    def draw(self, parameters: Any, prepared: Any, start: int, stop: int) -> Batch:
        drawn = [draw_one(parameters, index) for index in range(start, stop)]
        rows = [row_of(one, start + place) for place, one in enumerate(drawn)]
        return Batch(np.stack([one.image for one in drawn]), rows)

    def preview(self, parameters: Any, index: int = 0, side: int | None = None) -> Preview:
        """One figure with its counts; the strip shows every figure of these sizes that can be."""
        one = draw_one(parameters, index)
        strip = []
        for kind in KINDS:
            try:
                small = parameters.changed(kind=kind, mode="one figure", side=80, wander=0.0)
                strip.append((kind, draw_one(small, index).image))
            except ParameterError:
                continue
        return Preview(one.image, row_of(one, index), (), tuple(strip), facts_of(one))

    def methods(self, parameters: Any) -> str:
        return (
            f"{super().methods(parameters)} Figures follow the retina study; pieces (8-connected) "
            "and holes (4-connected background) were counted in every exported picture and equal "
            "what was asked."
        )


def draw_one(parameters: Any, index: int) -> Drawn:
    """Draw picture ``index``; ParameterError when its pixels do not hold what was asked."""
    kind, sizes, value = plan(parameters, index)
    side, scale = parameters.side, parameters.side / SHEET
    offset = (0, 0)
    if kind != "uniform black" and parameters.wander:
        rng = image_rng(parameters.seed, index, 1)
        reach = parameters.wander * scale
        dy, dx = np.rint(rng.uniform(-reach, reach, 2)).astype(int).tolist()
        offset = (dy, dx)
    figure = make_figure(kind, side, side, scaled(sizes, scale))
    darkness = shifted(figure.darkness, *offset)
    background, ink_grey = GREYS[parameters.grey]
    image = np.rint(background + (ink_grey - background) * darkness).astype(np.uint8)
    ink = np.abs(image.astype(int) - background) > abs(ink_grey - background) / 2
    counted = components_and_holes(ink)
    asked = asked_of(kind, sizes, ink, scale)
    lost = offset != (0, 0) and darkness.sum() < figure.darkness.sum()
    if lost or (kind != "uniform black" and touches_border(ink)):
        raise ParameterError(
            "", f"The {kind} of picture {index + 1} does not fit: it reaches the border. "
            "Make it smaller or move it less.",
        )  # fmt: skip
    if counted != asked:
        shown = f" ({SERIES[parameters.mode][1].lower()} {value:g})" if value is not None else ""
        raise ParameterError(
            "", f"The {kind} of picture {index + 1}{shown} would have pieces and holes: "
            f"{counted[0]} and {counted[1]}; {asked[0]} and {asked[1]} were asked. Change its "
            "sizes or draw larger pictures.",
        )  # fmt: skip
    return Drawn(image, kind, sizes, asked, counted, float(ink.mean()), offset)


def plan(parameters: Any, index: int) -> tuple[str, Sizes, float | None]:
    """Figure, sizes in cells, and the series' value of picture ``index``."""
    kind = parameters.kind
    values = {one.name: getattr(parameters, one.name) for one in fields(Sizes)}
    value = None
    if parameters.mode == "all figures":
        kind = KINDS[index % len(KINDS)]
    elif parameters.mode in SERIES:
        value = parameters.first + parameters.step * (index % parameters.levels)
        values[SERIES[parameters.mode][0]] = value
    if parameters.size_spread:
        spread = parameters.size_spread / 100
        factor = 1 + image_rng(parameters.seed, index, 2).uniform(-spread, spread)
        for name in values:
            if name not in (*WHOLE, *UNSCALED):
                values[name] *= factor
    return kind, Sizes(**values), value


def scaled(sizes: Sizes, scale: float) -> Sizes:
    """Sizes in px of a picture ``scale`` times as large as the sheet."""
    values = {}
    for one in fields(Sizes):
        value = getattr(sizes, one.name)
        if one.name in WHOLE:
            value = max(1, round(value * scale))
        elif one.name not in UNSCALED:
            value *= scale
        values[one.name] = value
    return Sizes(**values)


def asked_of(kind: str, sizes: Sizes, ink: np.ndarray, scale: float) -> tuple[int, int]:
    """Pieces and holes this figure must have."""
    if kind == "ring":
        return 1, int(sizes.hole > 0 and sizes.breach == 0)
    if kind == "two holes":
        return 1, 2 if sizes.hole > 0 else 0
    if kind in ("closed segments", "hollow square"):
        return 1, int(sizes.gap == 0)
    if kind == "dotted outline":
        pitch = scaled(sizes, scale).pitch
        rows, columns = np.nonzero(ink)
        return len(set(zip((rows // pitch).tolist(), (columns // pitch).tolist(), strict=True))), 0
    fixed = {"uniform gray": (0, 0), "open segments": (2, 0), "disconnected pair": (2, 0)}
    return fixed.get(kind, (1, int(kind == "hollow triangle" and sizes.hole > 0)))


def shifted(darkness: np.ndarray, down: int, right: int) -> np.ndarray:
    """The map moved by whole pixels, light where nothing was."""
    if not (down or right):
        return darkness
    height, width = darkness.shape
    moved = np.zeros_like(darkness)
    moved[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = darkness[
        max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)
    ]
    return moved


def row_of(one: Drawn, index: int) -> dict[str, Any]:
    """The table row of a picture."""
    return {
        "name": f"topology_{index:05d}",
        "kind": one.kind,
        "components_asked": one.asked[0],
        "components": one.counted[0],
        "holes_asked": one.asked[1],
        "holes": one.counted[1],
        "ink": round(one.ink, 6),
        "down_px": one.offset[0],
        "right_px": one.offset[1],
        **{size.name: round(float(getattr(one.sizes, size.name)), 4) for size in fields(Sizes)},
    }


def facts_of(one: Drawn) -> tuple[tuple[str, bool | None, str], ...]:
    """What was asked beside what was counted."""
    return (
        (f"Holes, asked {one.asked[1]}", one.asked[1] == one.counted[1], f"{one.counted[1]}"),
        (f"Pieces, asked {one.asked[0]}", one.asked[0] == one.counted[0], f"{one.counted[0]}"),
        ("Ink", None, f"{100 * one.ink:.1f} %"),
    )


GENERATOR = Topology()
