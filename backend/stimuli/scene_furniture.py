"""What stands along the kerbs: parked cars, trees, lamps, signs, boxes; lengths in metres."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import ImageDraw

from backend.stimuli.scene_parts import PAINTS, Colour, Points, Street, View, jitter

LEAVES = 90
Box = tuple[float, float, float, float]


@dataclass
class Thing:
    """Something that stands in the street.

    Attributes
    ----------
    depth : m from the viewer. paint : draws it. box : (left, top, right, bottom) in fine px.
    """

    depth: float
    paint: Callable[[ImageDraw.ImageDraw], None]
    box: Box


def box_of(points: Points) -> Box:
    """(left, top, right, bottom) around points."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)


@dataclass(frozen=True)
class Car:
    """A parked car, seen from behind (right side) or from the front (left side).

    Attributes
    ----------
    side : -1 left, 1 right. z, length, height, half : place and size in m; ``centre`` across.
    """

    side: int
    z: float
    length: float
    half: float
    height: float
    centre: float
    paint: Colour

    @property
    def inner(self) -> float:
        """x of the flank at the road."""
        return self.centre - self.side * self.half

    @property
    def outer(self) -> float:
        """x of the flank at the kerb."""
        return self.centre + self.side * self.half


def draw_car(
    street: Street, view: View, rng: np.random.Generator, side: int, z: float
) -> Thing:  # fmt: skip
    """A parked car as a thing."""
    length, half, height = rng.uniform(3.8, 4.6), rng.uniform(0.82, 0.92), rng.uniform(1.4, 1.6)
    centre = side * (street.road - half - rng.uniform(0.05, 0.25))
    paint = jitter(PAINTS[rng.integers(len(PAINTS))], rng, 10)
    car = Car(side, z, length, half, height, centre, paint)
    street.counts["cars"] = street.counts.get("cars", 0) + 1
    corners = [
        (x, y, d) for x in (car.inner, car.outer) for y in (0, height) for d in (z, z + length)
    ]

    def painted(draw: ImageDraw.ImageDraw) -> None:
        draw_flank(draw, street, view, car)
        draw_end(draw, street, view, car)

    return Thing(z, painted, box_of(view.quad(corners)))


def draw_flank(draw: ImageDraw.ImageDraw, street: Street, view: View, car: Car) -> None:
    """Shadow, the flank that is seen, side windows, roof and wheels."""
    shade, side, z, end = street.shade, car.side, car.z, car.z + car.length
    near = car.inner if abs(car.inner) < abs(car.outer) else car.outer
    lean = near + 0.1 * (1 if car.centre > 0 else -1)
    light = 1.0 if (1 if car.centre < 0 else -1) != -street.sun else 0.75
    dark: Colour = (street.asphalt[0] * 0.45, street.asphalt[1] * 0.45, street.asphalt[2] * 0.45)
    edge = car.inner - side * 0.15
    ground = [(edge, 0.02, z - 0.1), (car.outer, 0.02, z - 0.1), (car.outer, 0.02, end + 0.1)]
    draw.polygon(view.quad([*ground, (edge, 0.02, end + 0.1)]), fill=shade(dark, z))
    body = [(near, 0.28, z), (near, 0.92, z), (near, 0.92, end), (near, 0.28, end)]
    draw.polygon(view.quad(body), fill=shade(car.paint, z, light))
    rear, front, mid = z + 0.95, z + car.length * 0.62, z + car.length * 0.46
    top, waist = car.height, 0.92
    glass = [(near, waist, z + 0.35), (lean, top, rear), (lean, top, front)]
    glass.append((near, waist, z + car.length * 0.82))
    draw.polygon(view.quad(glass), fill=shade((44, 50, 58), z))
    pillar = view.quad([(near, waist, mid), (lean, top, mid)])
    draw.line(pillar, fill=shade(car.paint, z, light), width=max(1, int(view.focal * 0.06 / z)))
    one, two = car.inner + side * 0.1, car.outer - side * 0.1
    roof = [(one, top, rear), (two, top, rear), (two, top, front), (one, top, front)]
    draw.polygon(view.quad(roof), fill=shade(car.paint, z, 1.1))
    for along in (0.75, car.length - 0.8):
        turn = np.linspace(0, 2 * math.pi, 14)
        rim = [(near, 0.31 + 0.31 * math.sin(a), z + along + 0.31 * math.cos(a)) for a in turn]
        draw.polygon(view.quad(rim), fill=shade((22, 22, 24), z))


def draw_end(draw: ImageDraw.ImageDraw, street: Street, view: View, car: Car) -> None:
    """The end that faces the viewer: body, window, plate, and red or white lights."""
    z, side, shade = car.z, car.side, street.shade

    def plate(x0: float, x1: float, y0: float, y1: float) -> Points:
        return view.quad([(x0, y0, z), (x0, y1, z), (x1, y1, z), (x1, y0, z)])

    draw.polygon(plate(car.inner, car.outer, 0.28, 0.92), fill=shade(car.paint, z, 0.9))
    inner, outer = car.inner + side * 0.05, car.outer - side * 0.05
    window = [(inner, 0.92, z + 0.02), (inner + side * 0.09, car.height, z + 0.9)]
    window += [(outer - side * 0.09, car.height, z + 0.9), (outer, 0.92, z + 0.02)]
    draw.polygon(view.quad(window), fill=shade((58, 66, 76), z, 1.05))
    number = plate(car.inner + side * 0.2, car.outer - side * 0.2, 0.36, 0.52)
    draw.polygon(number, fill=shade((196, 194, 186), z))
    lamp: Colour = (214, 40, 36) if side > 0 else (250, 246, 226)
    for x in (car.inner + side * 0.08, car.outer - side * 0.36):
        draw.polygon(plate(x, x + side * 0.28, 0.62, 0.8), fill=shade(lamp, z, 1.1))


def draw_tree(street: Street, view: View, rng: np.random.Generator, side: int, z: float) -> Thing:
    """A tree at the kerb: trunk and a crown of lit and shaded leaves."""
    x, trunk, crown = side * (street.road + 0.7), rng.uniform(2.0, 3.0), rng.uniform(1.1, 2.0)
    green = jitter((70, 108, 52), rng, 22)
    places = np.clip(rng.normal(0, 0.45, (LEAVES, 2)), -0.95, 0.95) * crown
    sizes, lights = rng.uniform(0.14, 0.38, LEAVES) * crown, rng.uniform(0.6, 1.3, LEAVES)
    street.counts["trees"] = street.counts.get("trees", 0) + 1

    def paint(draw: ImageDraw.ImageDraw) -> None:
        wide = 0.13
        stem = view.quad([(x - wide, 0, z), (x - wide * 0.6, trunk + 0.8, z),
                          (x + wide * 0.6, trunk + 0.8, z), (x + wide, 0, z)])  # fmt: skip
        draw.polygon(stem, fill=street.shade((84, 66, 50), z))
        order = np.argsort(places[:, 1] + 0.4 * lights)
        for leaf in order:
            cx, cy = view.at(x + places[leaf, 0], trunk + crown + places[leaf, 1], z)
            r = view.focal * sizes[leaf] / z * 0.8
            light = lights[leaf] * (1 + 0.25 * places[leaf, 1] / crown)
            box = (cx - r, cy - r, cx + r, cy + r)
            draw.ellipse(box, fill=street.shade(green, z, light))

    top = view.quad([(x - crown, trunk, z), (x + crown, trunk + 2 * crown, z)])
    return Thing(z, paint, box_of([*top, view.at(x, trunk, z)]))


def draw_lamp(street: Street, view: View, side: int, z: float) -> Thing:
    """A street lamp with an arm over the road."""
    x = side * (street.road + 0.35)
    street.counts["lamps"] = street.counts.get("lamps", 0) + 1

    def paint(draw: ImageDraw.ImageDraw) -> None:
        width = max(1, int(view.focal * 0.11 / z))
        dark = street.shade((62, 66, 70), z)
        arm = (x - side * 1.0, 5.2, z)
        draw.line(view.quad([(x, 0, z), (x, 5.0, z), arm]), fill=dark, width=width)
        bulb = view.at(*arm)
        r = max(1.5, view.focal * 0.16 / z)
        on = street.light in ("evening", "night")
        fill = (255, 232, 170) if on else street.shade((210, 210, 205), z)
        draw.ellipse((bulb[0] - 1.6 * r, bulb[1] - 0.6 * r, bulb[0] + 1.6 * r, bulb[1] + 0.8 * r),
                     fill=fill)  # fmt: skip

    return Thing(z, paint, box_of(view.quad([(x - 0.1, 0, z), (x + 0.1, 5.0, z)])))


def draw_post(street: Street, view: View, rng: np.random.Generator, side: int, z: float) -> Thing:
    """A sign on a pole, as tall as a person or taller."""
    x = side * (street.road + rng.uniform(0.3, 0.6))
    height, colour = rng.uniform(1.9, 2.6), jitter((170, 60, 50), rng, 70)
    round_, size = rng.random() < 0.5, rng.uniform(0.26, 0.4)

    def paint(draw: ImageDraw.ImageDraw) -> None:
        width = max(1, int(view.focal * 0.07 / z))
        pole = view.quad([(x, 0, z), (x, height, z)])
        draw.line(pole, fill=street.shade((120, 122, 124), z), width=width)
        cx, cy = pole[1]
        r = view.focal * size / z
        if round_:
            draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=street.shade(colour, z))
            r *= 0.65
            draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=street.shade((232, 230, 224), z))
        else:
            draw.rectangle((cx - r, cy - r * 0.7, cx + r, cy + r * 0.7),
                           fill=street.shade(colour, z))  # fmt: skip

    corners = view.quad([(x - size, 0, z), (x + size, height + size, z)])
    street.counts["posts"] = street.counts.get("posts", 0) + 1
    return Thing(z, paint, box_of(corners))


def draw_bollard(
    street: Street, view: View, rng: np.random.Generator, side: int, z: float
) -> Thing:
    """A post box, bin or bollard: upright, coloured, as wide as a person."""
    half, height = rng.uniform(0.1, 0.32), rng.uniform(0.8, 1.6)
    x = side * (street.road + 0.2 + half + rng.uniform(0, max(0.1, street.pavement - 1.2)))
    colour = jitter(PAINTS[rng.integers(len(PAINTS))], rng, 20)

    def paint(draw: ImageDraw.ImageDraw) -> None:
        left, top = view.at(x - half, height, z)
        right, bottom = view.at(x + half, 0, z)
        r = (right - left) / 2
        draw.ellipse((left - r * 0.2, bottom - r * 0.25, right + r * 0.5, bottom + r * 0.25),
                     fill=street.shade(tuple(c * 0.6 for c in street.slabs), z))  # type: ignore[arg-type]  # fmt: skip
        draw.rectangle((left, top, right, bottom), fill=street.shade(colour, z, 0.9))
        draw.rectangle((left, top, left + r * 0.7, bottom), fill=street.shade(colour, z, 1.1))
        draw.ellipse((left, top - r * 0.4, right, top + r * 0.4), fill=street.shade(colour, z, 1.2))
        band = top + 0.25 * (bottom - top)
        draw.rectangle((left + r * 0.3, band, right - r * 0.3, band + 0.12 * (bottom - top)),
                       fill=street.shade((28, 28, 30), z))  # fmt: skip

    street.counts["boxes_and_bins"] = street.counts.get("boxes_and_bins", 0) + 1
    return Thing(z, paint, box_of(view.quad([(x - half, 0, z), (x + half, height, z)])))
