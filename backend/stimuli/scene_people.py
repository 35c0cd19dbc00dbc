"""Pedestrians of the street scenes: head, trunk, arms and two walking legs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from backend.stimuli.scene_parts import EYE, PAINTS, Colour, Street, View, jitter

Ink = Callable[..., tuple[int, int, int]]
SKINS: tuple[Colour, ...] = ((232, 196, 168), (198, 150, 116), (140, 96, 70), (92, 62, 46))


@dataclass(frozen=True)
class Person:
    """Where and how somebody walks; lengths in fine px.

    Attributes
    ----------
    x, foot, height : middle, ground and size. depth : m. stride : -1 .. 1. wide : build.
    contrast : 1 is as clothed, 0 would be the colour of what is behind.
    """

    x: float
    foot: float
    height: float
    depth: float
    stride: float
    wide: float
    contrast: float
    coat: Colour
    trousers: Colour
    skin: Colour
    hair: Colour
    long_coat: bool
    bag: int

    @property
    def box(self) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) around figure and shadow."""
        u = self.height
        return self.x - 0.30 * u, self.foot - 1.01 * u, self.x + 0.30 * u, self.foot + 0.04 * u

    def pixels(self, fine: int, side: int) -> tuple[int, int, int, int]:
        """(left, top, width, height) in px of the picture."""
        left, top = (max(0, math.floor(value / fine)) for value in self.box[:2])
        right, bottom = (min(side, math.ceil(value / fine)) for value in self.box[2:])
        return left, top, right - left, bottom - top


def new_person(
    street: Street,
    view: View,
    rng: np.random.Generator,
    heights: tuple[float, float],
    contrasts: tuple[float, float],
    anywhere: bool = False,
) -> Person:
    """Somebody on a pavement (``anywhere``: also on the road), not yet checked for room."""
    tall = rng.uniform(1.55, 1.85)
    height = rng.uniform(*heights) * view.side
    depth = view.focal * tall / height
    side = int(rng.choice([-1, 1]))
    across = street.road + rng.uniform(0.35, street.pavement - 0.35)
    if anywhere:
        across = rng.uniform(0, street.road + street.pavement - 0.35)
    return Person(
        x=view.at(side * across, 0, depth)[0],
        foot=view.y + view.focal * EYE / depth,
        height=height,
        depth=depth,
        stride=rng.uniform(-1, 1),
        wide=rng.uniform(0.85, 1.15),
        contrast=rng.uniform(*contrasts),
        coat=jitter(PAINTS[rng.integers(len(PAINTS))], rng, 24),
        trousers=jitter(((44, 48, 62), (70, 62, 54), (30, 30, 32))[rng.integers(3)], rng, 12),
        skin=SKINS[rng.integers(len(SKINS))],
        hair=jitter(((40, 30, 24), (92, 66, 40), (170, 150, 120))[rng.integers(3)], rng, 10),
        long_coat=bool(rng.random() < 0.35),
        bag=int(rng.integers(-1, 2)),
    )


def draw_person(picture: Image.Image, street: Street, view: View, person: Person) -> None:
    """Paint somebody over what is there."""
    left, top, right, bottom = (int(value) for value in person.box)
    behind = picture.crop((left, top, right, bottom)).resize((1, 1), Image.Resampling.BOX)
    ground = behind.getpixel((0, 0))
    draw = ImageDraw.Draw(picture)

    def ink(colour: Colour, light: float = 1.0) -> tuple[int, int, int]:
        seen = street.shade(colour, person.depth, light)
        mixed = [g + person.contrast * (s - g) for s, g in zip(seen, ground, strict=True)]  # type: ignore[arg-type]
        return tuple(int(min(255, max(0, value))) for value in mixed)  # type: ignore[return-value]

    u, x, foot = person.height, person.x, person.foot
    shadow = (x - 0.16 * u, foot - 0.02 * u, x + 0.2 * u, foot + 0.03 * u)
    draw.ellipse(shadow, fill=ink((46, 46, 48)))
    legs(draw, person, ink)
    trunk(draw, person, ink)
    head = foot - 0.925 * u
    draw.rectangle(
        (x - 0.028 * u, head, x + 0.028 * u, head + 0.11 * u), fill=ink(person.skin, 0.85)
    )
    draw.ellipse((x - 0.058 * u, head - 0.075 * u, x + 0.058 * u, head + 0.075 * u),
                 fill=ink(person.skin))  # fmt: skip
    draw.pieslice((x - 0.064 * u, head - 0.08 * u, x + 0.064 * u, head + 0.06 * u), 180, 360,
                  fill=ink(person.hair))  # fmt: skip


def legs(draw: ImageDraw.ImageDraw, person: Person, ink: Ink) -> None:
    """Two legs in stride, the far one darker, with shoes."""
    u, x, foot = person.height, person.x, person.foot
    hip = foot - 0.5 * u
    for sign, light in ((-1, 0.75), (1, 1.0)):
        step = sign * person.stride * 0.13 * u
        lift = 0.03 * u if sign * person.stride < -0.3 else 0.0
        knee = (x + 0.55 * step + sign * 0.02 * u, foot - 0.27 * u)
        ankle = (x + step + sign * 0.02 * u, foot - 0.03 * u - lift)
        for (x0, y0), (x1, y1), a, b in (
            ((x + sign * 0.03 * u, hip), knee, 0.062 * person.wide, 0.05),
            (knee, ankle, 0.05, 0.034),
        ):
            shape = [(x0 - a * u, y0), (x0 + a * u, y0), (x1 + b * u, y1), (x1 - b * u, y1)]
            draw.polygon(shape, fill=ink(person.trousers, light))
        shoe = (ankle[0] - 0.045 * u, ankle[1] - 0.005 * u, ankle[0] + 0.055 * u,
                ankle[1] + 0.033 * u)  # fmt: skip
        draw.ellipse(shoe, fill=ink((28, 26, 26), light))


def trunk(draw: ImageDraw.ImageDraw, person: Person, ink: Ink) -> None:
    """Coat with shoulders, arms that swing against the legs, hands, perhaps a bag."""
    u, x, foot, wide = person.height, person.x, person.foot, person.wide
    shoulder, hem = foot - 0.83 * u, foot - (0.33 if person.long_coat else 0.46) * u
    for sign, light in ((-1, 0.7), (1, 1.1)):
        swing = -sign * person.stride * 0.09 * u
        hand = (x + sign * 0.125 * wide * u + swing, foot - 0.44 * u)
        top = (x + sign * 0.105 * wide * u, shoulder + 0.03 * u)
        shape = [(top[0] - 0.034 * u, top[1]), (top[0] + 0.034 * u, top[1]),
                 (hand[0] + 0.024 * u, hand[1]), (hand[0] - 0.024 * u, hand[1])]  # fmt: skip
        draw.polygon(shape, fill=ink(person.coat, light * 0.92))
        r = 0.022 * u
        draw.ellipse((hand[0] - r, hand[1] - r, hand[0] + r, hand[1] + r), fill=ink(person.skin))
        if person.bag == sign:
            bag = (hand[0] - 0.05 * u, hand[1], hand[0] + 0.05 * u, hand[1] + 0.13 * u)
            draw.rectangle(bag, fill=ink((84, 56, 40), light))
    outline = [(x - 0.05 * u, shoulder - 0.02 * u), (x + 0.05 * u, shoulder - 0.02 * u),
               (x + 0.125 * wide * u, shoulder + 0.04 * u), (x + 0.088 * wide * u, foot - 0.6 * u),
               (x + 0.105 * wide * u, hem), (x - 0.105 * wide * u, hem),
               (x - 0.088 * wide * u, foot - 0.6 * u),
               (x - 0.125 * wide * u, shoulder + 0.04 * u)]  # fmt: skip
    draw.polygon(outline, fill=ink(person.coat))
    middle = [outline[0], (x, shoulder - 0.02 * u), (x, hem), outline[5], outline[6], outline[7]]
    draw.polygon(middle, fill=ink(person.coat, 0.84))
