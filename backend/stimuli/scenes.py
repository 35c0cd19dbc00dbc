"""Street scenes in perspective, with or without pedestrians (11-rsvp-meg, section 4a).

A scene is a street seen by a standing person: facades of both sides, road, pavements, cars, trees
and lamps in metres, projected and painted from far to near at twice the size. Pedestrians come from
a random stream of their own and change no other pixel.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from backend.core.parameters import ParameterError
from backend.stimuli.scene_furniture import (
    Box,
    Thing,
    draw_bollard,
    draw_car,
    draw_lamp,
    draw_post,
    draw_tree,
)
from backend.stimuli.scene_parts import (
    Street,
    View,
    draw_backdrop,
    draw_ground,
    draw_sky,
    draw_wall,
    new_street,
)
from backend.stimuli.scene_people import Person, draw_person, new_person

FINE = 2
TRIES = 200
HIDDEN = 0.2
"""A pedestrian may be covered by nearer things up to this share of its box."""


@dataclass(frozen=True)
class People:
    """Who walks there: number, height over the image's side, contrast to what is behind."""

    most: int = 3
    height: tuple[float, float] = (0.08, 0.25)
    contrast: tuple[float, float] = (0.5, 1.0)


@dataclass
class Scene:
    """One picture.

    Attributes
    ----------
    image : (side, side, 3) uint8.
    boxes : (left, top, width, height) px of each pedestrian; ``heights`` over the side.
    light : "day", "overcast", "evening" or "night".
    counts : what stands there.
    """

    image: np.ndarray
    boxes: list[tuple[int, int, int, int]] = field(default_factory=list)
    heights: list[float] = field(default_factory=list)
    light: str = ""
    counts: dict[str, int] = field(default_factory=dict)


def draw_scene(seed: int, number: int, side: int, people: People | None = None) -> Scene:
    """Draw scene ``number``; ``people`` adds 1 to ``people.most`` pedestrians.

    The same number without people is the same street, pixel by pixel, outside the boxes.
    """
    rng = np.random.default_rng(seed * 10_000 + number)
    street = new_street(rng)
    view = View(side * FINE, rng)
    things = furnished(street, view, rng)
    noise = rng.integers(0, 2**32)
    persons: list[Person] = []
    if people is not None:
        persons = walkers(street, view, things, people, seed * 10_000 + number)
    picture = Image.new("RGB", (view.side, view.side))
    draw_sky(picture, street, view)
    draw = ImageDraw.Draw(picture)
    draw_backdrop(draw, street, view)
    draw_ground(draw, street, view)
    for wall in sorted(street.walls, key=lambda one: -one.near):
        draw_wall(draw, street, view, wall)
    waiting = sorted(persons, key=lambda one: -one.depth)
    for thing in sorted(things, key=lambda one: -one.depth):
        while waiting and waiting[0].depth > thing.depth:
            draw_person(picture, street, view, waiting.pop(0))
        thing.paint(draw)
    for person in waiting:
        draw_person(picture, street, view, person)
    small = np.asarray(picture.resize((side, side), Image.Resampling.BOX))
    boxes = [person.pixels(FINE, side) for person in persons]
    return Scene(
        developed(small, street, int(noise)),
        boxes,
        [round(person.height / view.side, 4) for person in persons],
        street.light,
        street.counts,
    )


def furnished(street: Street, view: View, rng: np.random.Generator) -> list[Thing]:
    """Cars, trees, lamps, posts and bollards along the kerbs."""
    things: list[Thing] = []
    for left in (-1, 1):
        depth = rng.uniform(4.5, 9.0)
        busy = rng.uniform(0.15, 0.75)
        while depth < min(45.0, street.length - 6):
            if rng.random() < busy:
                things.append(draw_car(street, view, rng, left, depth))
            depth += rng.uniform(5.2, 8.0)
        planted, depth = rng.random() < 0.6, rng.uniform(6.0, 14.0)
        step = rng.uniform(7.0, 12.0)
        while planted and depth < min(60.0, street.length - 3):
            things.append(draw_tree(street, view, rng, left, depth))
            depth += step * rng.uniform(0.85, 1.15)
        depth, step = rng.uniform(5.0, 14.0), rng.uniform(12.0, 18.0)
        while rng.random() < 0.85 and depth < street.length - 3:
            things.append(draw_lamp(street, view, left, depth))
            depth += step
        for _ in range(rng.integers(0, 4)):
            maker = draw_post if rng.random() < 0.5 else draw_bollard
            things.append(maker(street, view, rng, left, rng.uniform(4.5, 22.0)))
    return things


def walkers(
    street: Street, view: View, things: list[Thing], people: People, key: int
) -> list[Person]:
    """Pedestrians on the pavements that nothing nearer hides and that do not overlap."""
    rng = np.random.default_rng([key, 1])
    found: list[Person] = []
    wanted = int(rng.integers(1, people.most + 1))
    for attempt in range(TRIES):
        person = new_person(street, view, rng, people.height, people.contrast, attempt > TRIES / 2)
        left, top, right, bottom = person.box
        inside = left > 2 and top > 2 and right < view.side - 2 and bottom < view.side - 2
        apart = all(overlap(person.box, other.box) < 0.3 for other in found)
        clear = all(
            overlap(person.box, thing.box) < HIDDEN
            for thing in things if thing.depth < person.depth
        )  # fmt: skip
        if inside and apart and clear:
            found.append(person)
        if len(found) == wanted:
            break
    if not found:
        raise ParameterError(
            "height_low", f"Pedestrians of {people.height[0]:g} to {people.height[1]:g} of the "
            "side find no room in a scene. Make them smaller.",
        )  # fmt: skip
    return found


def overlap(one: Box, two: Box) -> float:
    """Share of ``one`` that lies in ``two``."""
    wide = min(one[2], two[2]) - max(one[0], two[0])
    tall = min(one[3], two[3]) - max(one[1], two[1])
    if wide <= 0 or tall <= 0:
        return 0.0
    return wide * tall / ((one[2] - one[0]) * (one[3] - one[1]))


def developed(small: np.ndarray, street: Street, seed: int) -> np.ndarray:
    """The photograph: blotches of light, grain, vignette and exposure; the same with people."""
    rng = np.random.default_rng(seed)
    side = small.shape[0]
    light = np.ones((side, side), np.float32)
    for cells, strength in ((6, 0.06), (24, 0.04), (90, 0.04)):
        patch = rng.normal(0, strength, (cells, cells)).astype(np.float32)
        light += np.asarray(Image.fromarray(patch).resize((side, side), Image.Resampling.BICUBIC))
    y = np.linspace(-1, 1, side, dtype=np.float32)
    light *= 1 - 0.16 * (y[:, None] ** 2 + y[None, :] ** 2) / 2
    light *= np.float32(street.exposure)
    grain = rng.normal(0, street.grain, (side, side)).astype(np.float32)
    values = small * light[:, :, None] + grain[:, :, None]
    return np.clip(values + 0.5, 0, 255).astype(np.uint8)
