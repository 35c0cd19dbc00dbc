"""What a street is made of, in metres, and how it is painted; the viewer stands at 0, 0.

x grows to the right, y up, z away. Every colour is lit by the street's light and fades into its
haze with distance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[float, float, float]
Points = list[tuple[float, float]]
EYE = 1.55
NEAR = 1.2
FADE = 70.0

WALLS: tuple[Colour, ...] = (
    (168, 92, 74), (190, 150, 112), (214, 196, 162), (176, 176, 172), (226, 220, 208),
    (150, 116, 92), (196, 170, 150), (140, 148, 158), (206, 178, 120), (120, 96, 88),
)  # fmt: skip
PAINTS: tuple[Colour, ...] = (
    (40, 42, 48), (196, 198, 202), (150, 26, 30), (34, 60, 120), (232, 232, 230), (90, 96, 100),
    (24, 80, 64), (182, 150, 60),
)  # fmt: skip


@dataclass(frozen=True)
class Wall:
    """A facade along the street: side -1 left or 1 right, from ``near`` to ``far``."""

    side: int
    near: float
    far: float
    height: float
    colour: Colour
    window: float
    shop: bool
    seed: int


@dataclass
class Street:
    """Everything about a street that does not depend on the picture's size."""

    light: str
    sky: tuple[Colour, Colour]
    haze: Colour
    ambient: Colour
    sun: int
    exposure: float
    grain: float
    road: float
    pavement: float
    length: float
    asphalt: Colour
    slabs: Colour
    walls: list[Wall]
    backdrop: list[tuple[float, float, float, Colour]]
    lines: str
    crossing: float
    clouds: int
    lit: float
    seed: int
    counts: dict[str, int] = field(default_factory=dict)

    def shade(self, colour: Colour, depth: float, facing: float = 1.0) -> tuple[int, int, int]:
        """The colour as seen: lit, and mixed into the haze with distance (m)."""
        haze = 1 - math.exp(-max(0.0, depth - 4) / FADE)
        seen = [
            c * a * facing * (1 - haze) + h * haze
            for c, a, h in zip(colour, self.ambient, self.haze, strict=True)
        ]
        return tuple(int(min(255, max(0, value))) for value in seen)  # type: ignore[return-value]


class View:
    """Where the street is looked at from: horizon, vanishing point and focal length in fine px."""

    def __init__(self, side: int, rng: np.random.Generator) -> None:
        self.side = side
        self.focal = side * rng.uniform(0.66, 0.82)
        self.x = side * rng.uniform(0.38, 0.62)
        self.y = side * rng.uniform(0.44, 0.56)

    def at(self, x: float, y: float, z: float) -> tuple[float, float]:
        """The place of a point (m) in the picture."""
        z = max(z, 0.4)
        return self.x + self.focal * x / z, self.y + self.focal * (EYE - y) / z

    def quad(self, points: list[tuple[float, float, float]]) -> Points:
        """Places of several points."""
        return [self.at(*point) for point in points]


def new_street(rng: np.random.Generator) -> Street:
    """Draw a street: time of day, buildings, road."""
    light = str(rng.choice(["day", "overcast", "evening", "night"], p=[0.45, 0.3, 0.15, 0.1]))
    road, pavement = rng.uniform(2.4, 3.3), rng.uniform(2.0, 3.0)
    length = rng.uniform(38, 80)
    grey = rng.uniform(64, 112)
    street = Street(
        light=light,
        **lights(light, rng),
        sun=int(rng.choice([-1, 1])),
        exposure=rng.uniform(0.82, 1.12),
        grain=rng.uniform(1.5, 5.0),
        road=road,
        pavement=pavement,
        length=length,
        asphalt=(grey, grey, grey + rng.uniform(-2, 8)),
        slabs=jitter((158, 152, 144), rng, 18),
        walls=[],
        backdrop=[],
        lines=str(rng.choice(["dashes", "double", "none"], p=[0.6, 0.2, 0.2])),
        crossing=rng.uniform(5, 16) if rng.random() < 0.35 else 0.0,
        clouds=int(rng.integers(0, 2**31)),
        lit={"day": 0.03, "overcast": 0.1, "evening": 0.35, "night": 0.5}[light],
        seed=int(rng.integers(0, 2**31)),
    )
    build(street, rng)
    return street


def lights(light: str, rng: np.random.Generator) -> dict:
    """Sky from zenith to horizon, haze and ambient light."""
    tones: dict[str, tuple[Colour, Colour, Colour]] = {
        "day": ((74, 128, 206), (190, 214, 236), (1.08, 1.05, 1.0)),
        "overcast": ((150, 156, 164), (206, 208, 210), (0.86, 0.88, 0.92)),
        "evening": ((66, 74, 124), (240, 176, 120), (0.78, 0.62, 0.54)),
        "night": ((14, 18, 40), (58, 58, 84), (0.34, 0.34, 0.44)),
    }
    top, bottom, ambient = tones[light]
    gain = rng.uniform(0.88, 1.08)
    sky = jitter(top, rng, 10), jitter(bottom, rng, 10)
    return {"sky": sky, "haze": sky[1], "ambient": tuple(a * gain for a in ambient)}


def jitter(colour: Colour, rng: np.random.Generator, spread: float) -> Colour:
    """A colour near this one."""
    common = rng.normal(0, spread)
    return tuple(float(np.clip(c + common + rng.normal(0, spread / 3), 0, 255)) for c in colour)  # type: ignore[return-value]


def build(street: Street, rng: np.random.Generator) -> None:
    """Three to eight facades: both sides and the end of the street."""
    total = int(rng.integers(3, 9))
    end = 1 if total < 5 else int(rng.integers(1, 3))
    left = int(rng.integers(1, total - end)) if total - end > 1 else 1
    for side, count in ((-1, min(left, 4)), (1, max(1, min(total - end - left, 4)))):
        cuts = np.exp(np.sort(rng.uniform(math.log(6.0), math.log(street.length * 0.8), count - 1)))
        edges = [NEAR * 0.6, *cuts.tolist(), street.length]
        for near, far in pairwise(edges):
            street.walls.append(
                Wall(
                    side, near, far, float(rng.choice([2, 3, 3, 4, 5, 6]) * rng.uniform(2.9, 3.4)),
                    jitter(WALLS[rng.integers(len(WALLS))], rng, 14), rng.uniform(1.6, 2.8),
                    bool(rng.random() < 0.5), int(rng.integers(0, 2**31)),
                )
            )  # fmt: skip
    width = street.road + street.pavement
    cuts = np.sort(rng.uniform(-width, width, end - 1)).tolist()
    edges = [-width - 1, *cuts, width + 1]
    open_end = rng.random() < 0.35
    for one, two in pairwise(edges):
        height = rng.uniform(2.0, 4.0) if open_end else rng.uniform(7, 17)
        tone = (70, 96, 60) if open_end else WALLS[rng.integers(len(WALLS))]
        street.backdrop.append((one, two, height, jitter(tone, rng, 12)))
    street.counts = {"facades": len(street.walls) + len(street.backdrop)}


def draw_sky(picture: Image.Image, street: Street, view: View) -> None:
    """A gradient to the horizon with clouds."""
    side = view.side
    small = side // 4
    t = np.clip(np.arange(small) / (view.y / 4), 0, 1)[:, None, None] ** 0.8
    top, bottom = np.array(street.sky[0]), np.array(street.sky[1])
    sky = np.broadcast_to(top * (1 - t) + bottom * t, (small, small, 3)).astype(np.float32)
    rng = np.random.default_rng(street.clouds)
    cover = np.zeros((small, small), np.float32)
    for cells, strength in ((4, 1.0), (9, 0.5), (20, 0.3)):
        patch = rng.normal(0, strength, (cells, max(2, cells // 2))).astype(np.float32)
        cover += np.asarray(Image.fromarray(patch).resize((small, small), Image.Resampling.BICUBIC))
    level = {"day": 0.3, "overcast": -0.4, "evening": 0.3, "night": 0.9}[street.light]
    cloud = np.clip((cover - level) * 0.7, 0, 0.85)[:, :, None]
    white = np.minimum(bottom * 0.55 + np.array(street.ambient) * 120, 250)
    made = np.clip(sky * (1 - cloud) + white * cloud, 0, 255).astype(np.uint8)
    picture.paste(Image.fromarray(made).resize((side, side), Image.Resampling.BILINEAR))


def draw_backdrop(draw: ImageDraw.ImageDraw, street: Street, view: View) -> None:
    """Houses or trees across the end of the street."""
    z = street.length
    rng = np.random.default_rng(street.seed)
    for left, right, height, colour in street.backdrop:
        quad = view.quad([(left, 0, z), (left, height, z), (right, height, z), (right, 0, z)])
        draw.polygon(quad, fill=street.shade(colour, z, 0.9))
        if height < 5:
            for _ in range(14):
                x, y = view.at(rng.uniform(left, right), height * rng.uniform(0.7, 1.3), z)
                r = view.focal * rng.uniform(0.8, 1.8) / z
                draw.ellipse((x - r, y - r, x + r, y + r), fill=street.shade(colour, z, 0.95))
            continue
        for floor in range(int(height / 3)):
            for column in range(int((right - left) / 2)):
                x, y = left + 0.5 + 2 * column, 0.9 + 3 * floor
                lit = rng.random() < street.lit
                glass: Colour = (250, 214, 140) if lit else (60, 68, 80)
                fill = tuple(map(int, glass)) if lit else street.shade(glass, z)
                window = [(x, y, z), (x, y + 1.5, z), (x + 1, y + 1.5, z), (x + 1, y, z)]
                draw.polygon(view.quad(window), fill=fill)


def draw_ground(draw: ImageDraw.ImageDraw, street: Street, view: View) -> None:
    """Pavements with slabs, kerbs, and the road with its markings."""
    r, wide, far = street.road, street.road + street.pavement, street.length
    for one, two, colour, facing in (
        (-wide - 20, wide + 20, street.slabs, 0.95),
        (-r - 0.18, r + 0.18, tuple(c * 1.15 for c in street.slabs), 1.0),
        (-r, r, street.asphalt, 1.0),
    ):
        edges = np.geomspace(0.5, far, 25).tolist()
        for near, end in pairwise(edges):
            quad = [(one, 0, near), (two, 0, near), (two, 0, end), (one, 0, end)]
            draw.polygon(view.quad(quad), fill=street.shade(colour, (near + end) / 2, facing))  # type: ignore[arg-type]
    dark = tuple(c * 0.86 for c in street.slabs)
    for side in (-1, 1):
        z = 1.5
        while z < 30:
            line = view.quad([(side * (r + 0.2), 0, z), (side * wide, 0, z)])
            draw.line(line, fill=street.shade(dark, z), width=max(1, int(view.side / 250 / z * 3)))  # type: ignore[arg-type]
            z += 0.9 if z < 12 else 2.0
    draw_markings(draw, street, view)


def draw_markings(draw: ImageDraw.ImageDraw, street: Street, view: View) -> None:
    """Lane lines and a zebra crossing."""
    white: Colour = (222, 220, 210)

    def strip(x0: float, x1: float, z0: float, z1: float) -> None:
        quad = view.quad([(x0, 0, z0), (x1, 0, z0), (x1, 0, z1), (x0, 0, z1)])
        draw.polygon(quad, fill=street.shade(white, z0))

    if street.lines == "double":
        for x in (-0.16, 0.08):
            strip(x, x + 0.08, 1.0, street.length)
    z = 1.2
    while street.lines == "dashes" and z < street.length:
        if abs(z + 1 - street.crossing - 1.2) > 2.6 or not street.crossing:
            strip(-0.06, 0.06, z, z + 1.8)
        z += 4.0
    if street.crossing:
        x = -street.road + 0.2
        while x < street.road - 0.4:
            strip(x, x + 0.45, street.crossing, street.crossing + 2.6)
            x += 0.9


def draw_wall(draw: ImageDraw.ImageDraw, street: Street, view: View, wall: Wall) -> None:
    """A facade with plinth, cornice, windows, and a shop or doors."""
    x = wall.side * (street.road + street.pavement)
    facing = 1.02 if wall.side != street.sun else 0.72
    rng = np.random.default_rng(wall.seed)

    def panel(
        z0: float, z1: float, y0: float, y1: float, colour: Colour, light: float | None
    ) -> None:
        quad = view.quad([(x, y0, z0), (x, y1, z0), (x, y1, z1), (x, y0, z1)])
        own = tuple(min(255, int(c)) for c in colour)
        draw.polygon(
            quad, fill=own if light is None else street.shade(colour, (z0 + z1) / 2, light)
        )

    steps = np.linspace(wall.near, wall.far, 7)
    for z0, z1 in pairwise(steps):
        panel(z0, z1, 0, wall.height, wall.colour, facing)
    darker: Colour = tuple(c * 0.7 for c in wall.colour)  # type: ignore[assignment]
    lighter: Colour = tuple(min(255.0, c * 1.15) for c in wall.colour)  # type: ignore[assignment]
    panel(wall.near, wall.far, 0, 0.5, darker, facing)
    panel(wall.near, wall.far, wall.height - 0.35, wall.height, lighter, facing)
    if wall.shop:
        panel(wall.near, wall.far, 2.55, 2.95, jitter((150, 60, 50), rng, 60), facing)
    draw_windows(draw, street, wall, rng, panel, lighter, facing)


def draw_windows(
    draw: ImageDraw.ImageDraw,
    street: Street,
    wall: Wall,
    rng: np.random.Generator,
    panel: Callable[..., None],
    frame: Colour,
    facing: float,
) -> None:
    """Rows of windows, some lit, others with the sky in them; doors or shop windows below."""
    floors, columns = int(wall.height / 3), max(1, int((wall.far - wall.near) / wall.window))
    width = (wall.far - wall.near) / columns
    for floor in range(floors):
        base = 3.0 * floor
        if floor:
            panel(wall.near, wall.far, base - 0.08, base + 0.06, frame, facing)
        for column in range(columns):
            z0 = wall.near + (column + 0.22) * width
            z1 = wall.near + (column + 0.78) * width
            lit = rng.random() < street.lit
            tint, drop = rng.uniform(0.75, 1.25), rng.uniform(0, 0.7)
            if z0 < 0.5:
                continue
            low, high = (0.35, 2.5) if floor == 0 and wall.shop else (base + 0.95, base + 2.5)
            if floor == 0 and not wall.shop and column % 4 == 1:
                low = 0.05
            panel(z0 - 0.1, z1 + 0.1, low - 0.1, high + 0.1, frame, facing * 1.02)
            if lit:
                panel(z0, z1, low, high, (240 * tint, 204 * tint, 130 * tint), None)
                continue
            panel(z0, z1, low, high, (52 * tint, 62 * tint, 76 * tint), 1.0)
            panel(z0, z1, high - drop * (high - low), high, street.sky[1], 0.58)
