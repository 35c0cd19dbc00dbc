"""Dot pictures: numbers of dots, random patterns and frames of coherent motion."""

from __future__ import annotations

import functools
import math
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
from backend.stimuli.pixels import components_and_holes

TRIES = 400
GREYS = {"black on grey": (128, 0), "white on grey": (128, 255), "black on white": (255, 0)}
GREYS["white on black"] = (0, 255)
NUMBER, MOTION = ("mode", ["number"]), ("mode", ["motion"])


class DotParameters(Parameters):
    """How many dots, how large, and how they move."""

    n: int = count_parameter(100)
    side: int = side_parameter(256, 32, 1024)
    seed: int = seed_parameter()
    mode: Literal["number", "pattern", "motion"] = parameter(
        "number", "Set of", group="Dots", change="rebuild",
        labels={"number": "numbers of dots, none touching", "pattern": "random pattern",
                "motion": "frames of coherent motion"},
        help="Numbers are counted in the pixels; motion makes sequences of frames.",
    )  # fmt: skip
    dots: int = parameter(
        12, "Dots", low=1, high=2000, group="Dots", help="In the first level, or in every frame."
    )
    step: int = parameter(
        4, "Step", low=0, high=200, group="Dots", shown_if=NUMBER, change="rebuild",
        help="Dots more from one level to the next.",
    )  # fmt: skip
    levels: int = parameter(
        5, "Levels", low=1, high=200, group="Dots", shown_if=NUMBER, change="rebuild",
        help="After so many levels the numbers begin again.",
    )  # fmt: skip
    radius: float = parameter(
        2.0, "Radius", unit="%", low=0.2, high=20.0, step=0.1, group="Dots",
        help="In percent of the side.",
    )  # fmt: skip
    spread: float = parameter(
        0.0, "Radius varies by", unit="%", low=0.0, high=60.0, step=5.0, group="Dots",
        help="Each dot's radius is scaled by 1 ± up to this much.",
    )  # fmt: skip
    equal_ink: bool = parameter(
        False, "Equal ink", group="Dots", shown_if=NUMBER,
        help="More dots are smaller, so that all pictures have the ink of the first level.",
    )  # fmt: skip
    grey: Literal["black on grey", "white on grey", "black on white", "white on black"] = parameter(
        "black on grey", "Luminance", group="Dots", help="Dots on background."
    )
    field: Literal["square", "disc"] = parameter(
        "disc", "Field", group="Dots", help="Where dots may lie."
    )
    frames: int = parameter(
        20, "Frames", low=2, high=1000, group="Motion", shown_if=MOTION, change="rebuild",
        help="Of each sequence; images = sequences × frames.",
    )  # fmt: skip
    coherence: float = parameter(
        50.0, "Coherence", unit="%", low=0.0, high=100.0, step=5.0, group="Motion", shown_if=MOTION,
        help="Share of dots that move together; the others are replaced at random.",
    )  # fmt: skip
    direction: float = parameter(
        0.0, "Direction", unit="°", low=-180.0, high=360.0, step=15.0, group="Motion",
        shown_if=MOTION, help="0 is right, 90 is up.",
    )  # fmt: skip
    speed: float = parameter(
        1.0, "Speed", unit="%/frame", low=0.0, high=20.0, step=0.1, group="Motion", shown_if=MOTION,
        help="In percent of the side from frame to frame.",
    )  # fmt: skip
    life: int = parameter(
        0, "Dot life", unit="frames", low=0, high=100, group="Motion", shown_if=MOTION,
        zero="endless", help="After so many frames a dot is placed anew; endless: never.",
    )  # fmt: skip


class Dots(Generator):
    """Numbers of dots that are counted, and motion whose coherent share is exact."""

    id = "dots"
    title = "Dots"
    icon = "dots-grid"
    help = "Numbers of dots, random patterns, and frames of coherent motion."
    synthetic = "synthetic dot pictures"
    Parameters = DotParameters
    presets = (
        Preset("Default", "Numbers from 12 to 28"),
        Preset("equal ink", "Numbers from 12 to 28, equal ink", {"equal_ink": True}),
        Preset("pattern", "Random patterns of 150 dots",
               {"mode": "pattern", "dots": 150, "radius": 1.2}),
        Preset("motion", "Motion to the right, half coherent",
               {"mode": "motion", "dots": 100, "radius": 1.0, "grey": "white on black"}),
    )  # fmt: skip

    def check(self, parameters: Any) -> list[Any]:
        """Refuse what cannot be placed: too many dots, dots below a pixel."""
        if radius_px(parameters, self.asked(parameters, 0)) < 0.5:
            least = math.ceil(500 / parameters.side) / 10
            raise ParameterError(
                "radius", f"A dot of {parameters.radius:g} % is smaller than a pixel of "
                f"{parameters.side} px. Take {least:g} % or more.", least,
            )  # fmt: skip
        if parameters.mode == "number":
            last = min(parameters.levels, parameters.n) - 1
            place_apart(parameters, last, self.asked(parameters, last))
        return []

    def shape(self, parameters: Any) -> tuple[int, ...]:
        return parameters.side, parameters.side

    def asked(self, parameters: Any, index: int) -> int:
        """Dots of picture ``index``."""
        if parameters.mode != "number":
            return int(parameters.dots)
        return int(parameters.dots + parameters.step * (index % parameters.levels))

    def draw(self, parameters: Any, prepared: Any, start: int, stop: int) -> Batch:
        images, rows = [], []
        for index in range(start, stop):
            image, row = self.draw_one(parameters, index)
            images.append(image)
            rows.append(row)
        return Batch(np.stack(images), rows)

    def draw_one(self, parameters: Any, index: int) -> tuple[np.ndarray, dict[str, Any]]:
        """Picture ``index`` and its row; ParameterError when the count is not what was asked."""
        asked = self.asked(parameters, index)
        row: dict[str, Any] = {"name": f"dots_{index:05d}", "mode": parameters.mode, "asked": asked}
        if parameters.mode == "motion":
            sequence, frame = divmod(index, parameters.frames)
            paths, together = motion(parameters.model_dump_json(), sequence)
            centres, coherent = paths[frame], together[frame]
            radii = radii_of(parameters, asked, image_rng(parameters.seed, sequence, 3))
            row |= {"name": f"motion_{sequence:04d}_{frame:03d}", "sequence": sequence}
            row |= {"frame": frame, "coherent": int(coherent.sum())}
            row |= {"coherence": parameters.coherence, "direction": parameters.direction}
        elif parameters.mode == "number":
            centres, radii = place_apart(parameters, index, asked)
        else:
            rng = image_rng(parameters.seed, index)
            radii = radii_of(parameters, asked, rng)
            centres = uniform_in_field(parameters, rng, asked, radii)
        image, ink = render(parameters, centres, radii)
        counted = components_and_holes(ink)[0]
        row |= {"counted": counted, "ink": round(float(ink.mean()), 6)}
        if parameters.mode == "number" and counted != asked:
            raise ParameterError(
                "dots", f"Picture {index + 1} would show {counted} dots; {asked} were asked. "
                "Make the dots larger or fewer.",
            )  # fmt: skip
        return image, row

    def preview(self, parameters: Any, index: int = 0, side: int | None = None) -> Preview:
        """One picture with its count; the strip shows the levels or the next frames."""
        image, row = self.draw_one(parameters, index)
        places = min(parameters.levels if parameters.mode == "number" else 8, 8)
        strip = []
        for place in range(index + 1, min(index + 1 + places, parameters.n)):
            other, found = self.draw_one(parameters, place)
            caption = found["frame"] if parameters.mode == "motion" else found["asked"]
            strip.append((str(caption), other))
        good = row["asked"] == row["counted"] if parameters.mode == "number" else None
        facts = [(f"Dots, asked {row['asked']}", good, f"{row['counted']}")]
        facts.append(("Ink", None, f"{100 * row['ink']:.1f} %"))
        if parameters.mode == "motion":
            facts.append(("Coherent dots", None, f"{row['coherent']} of {row['asked']}"))
        return Preview(image, row, (), tuple(strip), tuple(facts))

    def methods(self, parameters: Any) -> str:
        if parameters.mode == "motion":
            what = (
                f"{parameters.dots} dots, {parameters.coherence:g} % of which (drawn anew for each "
                f"frame) moved by {parameters.speed:g} % of the side a frame towards "
                f"{parameters.direction:g}°; the others were placed at random."
            )
        elif parameters.mode == "number":
            last = parameters.dots + parameters.step * (parameters.levels - 1)
            ink = " of equal ink" if parameters.equal_ink else ""
            what = f"{parameters.dots} to {last} dots{ink}, counted in the exported pixels."
        else:
            what = f"{parameters.dots} dots at random places."
        return f"{super().methods(parameters)} Each showed {what}"


def radius_px(parameters: Any, dots: int) -> float:
    """Mean radius in px, smaller for more dots when all pictures share their ink."""
    radius = parameters.radius / 100 * parameters.side
    shrink = parameters.equal_ink and parameters.mode == "number"
    return float(radius * (math.sqrt(parameters.dots / dots) if shrink else 1.0))


def radii_of(parameters: Any, dots: int, rng: np.random.Generator) -> np.ndarray:
    """(dots,) radii in px, their summed area that of equal dots."""
    spread = parameters.spread / 100
    factors = 1 + rng.uniform(-spread, spread, dots)
    factors /= math.sqrt(float(np.mean(factors**2)))
    return radius_px(parameters, dots) * factors


def uniform_in_field(
    parameters: Any, rng: np.random.Generator, dots: int, radii: np.ndarray | float
) -> np.ndarray:
    """(dots, 2) centres (x, y) in px, whole dots inside the field."""
    middle = (parameters.side - 1) / 2
    reach = parameters.side / 2 - 1 - radii
    if parameters.field == "disc":
        angle = rng.uniform(0, 2 * math.pi, dots)
        length = reach * np.sqrt(rng.uniform(0, 1, dots))
        return np.stack([middle + length * np.cos(angle), middle + length * np.sin(angle)], 1)
    scale = np.broadcast_to(np.asarray(reach, float), (dots,))[:, None]
    return middle + scale * rng.uniform(-1, 1, (dots, 2))


def place_apart(parameters: Any, index: int, dots: int) -> tuple[np.ndarray, np.ndarray]:
    """Centres and radii of dots at least two pixels apart; ParameterError when they do not fit."""
    rng = image_rng(parameters.seed, index)
    radii = np.sort(radii_of(parameters, dots, rng))[::-1]
    centres = np.empty((dots, 2))
    for number, radius in enumerate(radii):
        for _ in range(TRIES):
            place = uniform_in_field(parameters, rng, 1, radius)[0]
            gap = np.hypot(*(centres[:number] - place).T) - radii[:number] - radius
            if number == 0 or gap.min() > 2.5:
                break
        else:
            raise ParameterError(
                "dots", f"{dots} dots of {parameters.radius:g} % find no room apart in "
                f"{parameters.side} px. Make them fewer or smaller.",
            )  # fmt: skip
        centres[number] = place
    return centres, radii


@functools.lru_cache(maxsize=4)
def motion(document: str, sequence: int) -> tuple[np.ndarray, np.ndarray]:
    """Centres (frames, dots, 2) of a sequence, and which dots moved together into each frame.

    Every frame draws anew which dots are signal; noise dots are placed at random.
    """
    parameters = DotParameters.model_validate_json(document)
    frames, dots, radius = parameters.frames, parameters.dots, radius_px(parameters, 1)
    centres, coherent = np.empty((frames, dots, 2)), np.zeros((frames, dots), bool)
    turn, step = math.radians(parameters.direction), parameters.speed / 100 * parameters.side
    step_xy = step * np.array([math.cos(turn), -math.sin(turn)])
    signal = round(parameters.coherence / 100 * dots)
    for frame in range(frames):
        rng = image_rng(parameters.seed, sequence * 4096 + frame)
        fresh = uniform_in_field(parameters, rng, dots, radius)
        if frame:
            coherent[frame, rng.permutation(dots)[:signal]] = True
            if parameters.life:
                coherent[frame, (np.arange(dots) + frame) % parameters.life == 0] = False
            moved = wrapped(parameters, centres[frame - 1] + step_xy, radius)
            fresh = np.where(coherent[frame][:, None], moved, fresh)
        centres[frame] = fresh
    return centres, coherent


def wrapped(parameters: Any, centres: np.ndarray, radius: float) -> np.ndarray:
    """Dots that leave the field enter straight across, so that the density stays even."""
    middle, reach = (parameters.side - 1) / 2, parameters.side / 2 - 1 - radius
    away = centres - middle
    if parameters.field == "square":
        return middle + (away + reach) % (2 * reach) - reach
    turn = math.radians(parameters.direction)
    ahead = np.array([math.cos(turn), -math.sin(turn)])
    across = np.array([math.sin(turn), math.cos(turn)])
    along, beside = away @ ahead, away @ across
    half = np.sqrt(np.maximum(reach**2 - beside**2, 0.0))
    along = np.where(along > half, along - 2 * half, along)
    return middle + along[:, None] * ahead + beside[:, None] * across


def render(
    parameters: Any, centres: np.ndarray, radii: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The picture (side, side) uint8 with smooth dots, and its ink."""
    side = parameters.side
    cover = np.zeros((side, side))
    for (x, y), radius in zip(centres, radii, strict=True):
        left, top = max(0, int(x - radius - 2)), max(0, int(y - radius - 2))
        right, bottom = int(x + radius + 3), int(y + radius + 3)
        part = cover[top:bottom, left:right]
        dy = np.arange(top, top + part.shape[0])[:, None] - y
        dx = np.arange(left, left + part.shape[1])[None, :] - x
        np.maximum(part, np.clip(radius - np.hypot(dx, dy) + 0.5, 0, 1), out=part)
    background, dot = GREYS[parameters.grey]
    image = np.rint(background + (dot - background) * cover).astype(np.uint8)
    return image, np.abs(image.astype(int) - background) * 2 > abs(dot - background)


GENERATOR = Dots()
