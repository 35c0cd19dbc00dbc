"""The 24 shape categories of the shape-transfer study, each picture checked as exported.

Source: 09-shapenet-transfer, specification sections 2.1, 2.5 and 4. Lengths are in px; shapes have
unit area before they are scaled, so that no category is told by its size.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field

import numpy as np

from backend.core.parameters import ParameterError
from backend.stimuli.generator import image_rng
from backend.stimuli.pixels import components_and_holes, touches_border
from backend.stimuli.shape_raster import fill, fill_disk, flat, segment, segment_circle

POINTS = 120
FITS = 50
TRIES = 200


@dataclass(frozen=True)
class Category:
    """One category: its family draws it; ``topology`` is (pieces, holes)."""

    family: str
    form: str
    second: bool
    topology: tuple[int, int]


CATEGORIES: dict[str, Category] = {
    "square": Category("quadrilateral", "square", False, (1, 0)),
    "rectangle": Category("quadrilateral", "rectangle", False, (1, 0)),
    "trapezoid": Category("quadrilateral", "trapezoid", False, (1, 0)),
    "parallelogram": Category("quadrilateral", "parallelogram", False, (1, 0)),
    "disk": Category("regular", "disk", False, (1, 0)),
    "ring": Category("regular", "disk", True, (1, 1)),
    "triangle": Category("regular", "triangle", False, (1, 0)),
    "triangle ring": Category("regular", "triangle", True, (1, 1)),
    "filled square": Category("regular", "square", False, (1, 0)),
    "square ring": Category("regular", "square", True, (1, 1)),
    "irregular disk": Category("irregular", "disk", False, (1, 0)),
    "irregular ring": Category("irregular", "disk", True, (1, 1)),
    "irregular triangle": Category("irregular", "scalene", False, (1, 0)),
    "irregular triangle ring": Category("irregular", "scalene", True, (1, 1)),
    "irregular square": Category("irregular", "square", False, (1, 0)),
    "irregular square ring": Category("irregular", "square", True, (1, 1)),
    "isosceles": Category("lines", "isosceles", False, (1, 1)),
    "isosceles apart": Category("lines", "isosceles", True, (3, 0)),
    "scalene": Category("lines", "scalene", False, (1, 1)),
    "scalene apart": Category("lines", "scalene", True, (3, 0)),
    "dot in circle": Category("dot", "disk", False, (2, 1)),
    "dot beside circle": Category("dot", "disk", True, (2, 1)),
    "dot in square": Category("dot", "square", False, (2, 1)),
    "dot beside square": Category("dot", "square", True, (2, 1)),
}


@dataclass(frozen=True)
class Experiment:
    """A learning pair and its transfer pairs: (response 1, response 2)."""

    learn: tuple[str, str]
    transfer: dict[str, tuple[str, str]]
    about: str

    @property
    def categories(self) -> tuple[str, ...]:
        """All categories in the order of their first use."""
        pairs = [self.learn, *self.transfer.values()]
        return tuple(dict.fromkeys(name for pair in pairs for name in pair))


EXPERIMENTS: dict[str, Experiment] = {
    "A": Experiment(
        ("square", "trapezoid"),
        {"A.1": ("rectangle", "trapezoid"), "A.2": ("parallelogram", "trapezoid"),
         "A.3": ("rectangle", "parallelogram")}, "right angles and parallel sides",
    ),
    "B": Experiment(
        ("square", "parallelogram"),
        {"B.1": ("trapezoid", "parallelogram"), "B.2": ("rectangle", "parallelogram"),
         "B.3": ("rectangle", "trapezoid")}, "right angles and parallel sides",
    ),
    "C": Experiment(
        ("disk", "ring"),
        {"C.1": ("triangle", "triangle ring"), "C.2": ("filled square", "square ring")}, "holes",
    ),
    "D": Experiment(
        ("irregular disk", "irregular ring"),
        {"D.1": ("irregular triangle", "irregular triangle ring"),
         "D.2": ("irregular square", "irregular square ring")}, "holes in irregular shapes",
    ),
    "E": Experiment(
        ("isosceles", "isosceles apart"), {"E.1": ("scalene", "scalene apart")}, "connectivity"
    ),
    "F": Experiment(
        ("dot in circle", "dot beside circle"),
        {"F.1": ("dot in square", "dot beside square")}, "inside and outside",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Options:
    """How shapes are drawn; lengths in units of the side, angles in degrees."""

    side: int = 64
    scale: tuple[float, float] = (0.30, 0.55)
    rotation: float = 180.0
    hole: tuple[float, float] = (0.4, 0.6)
    irregularity: float = 0.12
    gap: tuple[float, float] = (0.10, 0.22)
    dot: float = 0.05
    line: float = 0.035
    outline: bool = False
    match_ink: bool = False


@dataclass
class Figure:
    """A shape before it is turned and placed.

    Attributes
    ----------
    contours : polygons (m, 2) in px: the first is filled, further ones are cut out.
    lines : segments (k, 4) in px; ``circle`` : radius of an outlined circle, 0 for none.
    hull : points (m, 2) that must stay inside; ``pad`` : half line width.
    dot : radius in px, 0 for none.
    drawn : the parameters that were drawn.
    """

    hull: np.ndarray
    contours: list[np.ndarray] = field(default_factory=list)
    lines: np.ndarray | None = None
    circle: float = 0.0
    pad: float = 0.0
    dot: float = 0.0
    drawn: dict[str, float] = field(default_factory=dict)


DRAWN = (
    "scale", "rotation", "x", "y", "aspect", "top", "height", "base", "skew", "hole_ratio", "gap",
    "dot_radius", "dot_x", "dot_y",
)  # fmt: skip
"""Names of all drawn parameters; NaN where a category has none."""


@dataclass(frozen=True)
class Shape:
    """One exported shape: black on white."""

    image: np.ndarray
    counted: tuple[int, int]
    rejects: int
    drawn: dict[str, float]


def draw_shape(
    category: str, number: int, seed: int, options: Options, validate: bool = True
) -> Shape:
    """Draw shape ``number`` of a category until its pixels hold what the category asks.

    Raises
    ------
    ParameterError : after :data:`TRIES` tries, naming what to change.
    """
    kind = CATEGORIES[category]
    rng = image_rng(seed, number, 1 + list(CATEGORIES).index(category))
    wanted = asked_of(category, options)
    for rejects in range(TRIES):
        figure = placed(kind, rng, options)
        image = rendered(figure, options)
        counted = components_and_holes(image < 128)
        if not validate or (counted == wanted and not touches_border(image < 128)):
            return Shape(image, counted, rejects, figure.drawn)
    raise ParameterError(
        "line" if kind.family in ("lines", "dot") else "side",
        f"{TRIES} tries gave no {category} of {wanted[0]} pieces and {wanted[1]} holes at "
        f"{options.side} px. Draw larger pictures, or change scale, hole, gap or line.",
    )


def asked_of(category: str, options: Options) -> tuple[int, int]:
    """(pieces, holes) of a category: outlined quadrilaterals enclose a hole."""
    kind = CATEGORIES[category]
    outlined = options.outline and kind.family == "quadrilateral"
    return (1, 1) if outlined else kind.topology


# ---- forms -----------------------------------------------------------------------------------


def polygon_area(points: np.ndarray) -> float:
    """Area inside a polygon (m, 2)."""
    x, y = points[:, 0], points[:, 1]
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def unit(points: np.ndarray) -> np.ndarray:
    """The polygon centred on the mean of its points, with area 1."""
    points = points - points.mean(axis=0)
    return points / math.sqrt(polygon_area(points))


@functools.cache
def regular_form(form: str) -> np.ndarray:
    """Unit disk, equilateral triangle or square as corner points."""
    corners = {"disk": POINTS, "triangle": 3, "square": 4}[form]
    angle = 2 * np.pi * (np.arange(corners) + 0.5) / corners
    return unit(np.stack([np.cos(angle), np.sin(angle)], 1))


@functools.cache
def even_form(form: str) -> np.ndarray:
    """A regular form as points evenly spaced along its outline."""
    return evenly(regular_form(form))


def evenly(corners: np.ndarray) -> np.ndarray:
    """:data:`POINTS` points equally spaced in arc length along a polygon."""
    closed = np.concatenate([corners, corners[:1]])
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    at = np.arange(POINTS) * (length[-1] / POINTS)
    return np.stack([np.interp(at, length, closed[:, 0]), np.interp(at, length, closed[:, 1])], 1)


def quadrilateral(form: str, rng: np.random.Generator, drawn: dict[str, float]) -> np.ndarray:
    """Corners of a quadrilateral of unit area."""
    if form == "trapezoid":
        drawn["top"], drawn["height"] = rng.uniform(0.35, 0.65), rng.uniform(0.7, 1.1)
        t, h = drawn["top"], drawn["height"]
        return unit(np.array([[-1, -h], [1, -h], [t, h], [-t, h]]))
    if form == "parallelogram":
        drawn["base"] = b = rng.uniform(0.9, 1.4)
        drawn["skew"] = k = rng.uniform(0.5, 1.0) * (1 if rng.random() < 0.5 else -1)
        return unit(np.array([[-b - k, -1], [b - k, -1], [b + k, 1], [-b + k, 1]]))
    drawn["aspect"] = a = rng.uniform(1.5, 2.5) if form == "rectangle" else 1.0
    return unit(np.array([[-a, -1.0], [a, -1.0], [a, 1.0], [-a, 1.0]]))


def scalene(rng: np.random.Generator) -> np.ndarray:
    """Three uniform points in [-1, 1]²: area above .45, longest over shortest side above 1.25."""
    while True:
        corners = rng.uniform(-1, 1, (3, 2))
        sides = np.hypot(*(corners - np.roll(corners, -1, axis=0)).T)
        if polygon_area(corners) > 0.45 and sides.max() > 1.25 * sides.min():
            return unit(corners)


def wobbled(points: np.ndarray, rng: np.random.Generator, spread: float) -> np.ndarray:
    """The outline with its radius multiplied by four random harmonics, clipped to [.6, 1.4]."""
    angle = np.arctan2(points[:, 1], points[:, 0])
    sizes, phases = rng.normal(0, spread / 2, 4), rng.uniform(0, 2 * np.pi, 4)
    waves = np.cos(np.arange(2, 6)[:, None] * angle + phases[:, None])
    return unit(points * np.clip(1 + sizes @ waves, 0.6, 1.4)[:, None])


# ---- families --------------------------------------------------------------------------------


def drawn_figure(kind: Category, rng: np.random.Generator, options: Options) -> Figure:
    """Size and form of one figure, centred at 0."""
    drawn = dict.fromkeys(DRAWN, math.nan)
    drawn["scale"] = rng.uniform(*options.scale)
    size = drawn["scale"] * options.side
    if kind.family == "lines":
        return triangle_of_lines(kind, rng, options, size, drawn)
    if kind.family == "dot":
        return outline_with_dot(kind, rng, options, size, drawn)
    if kind.family == "quadrilateral":
        corners = quadrilateral(kind.form, rng, drawn) * size
        if options.outline:
            sides = np.concatenate([corners, np.roll(corners, -1, axis=0)], 1)
            pad = options.line * options.side / 2
            return Figure(corners, lines=sides, pad=pad, drawn=drawn)
        return Figure(corners, [corners], drawn=drawn)
    outer = regular_form(kind.form) if kind.family == "regular" else None
    if outer is None:
        even = evenly(scalene(rng)) if kind.form == "scalene" else even_form(kind.form)
        outer = wobbled(even, rng, options.irregularity)
    if not kind.second:
        return Figure(outer * size, [outer * size], drawn=drawn)
    drawn["hole_ratio"] = ratio = rng.uniform(*options.hole)
    irregular = kind.family == "irregular"
    inner = wobbled(outer, rng, options.irregularity / 2) if irregular else outer
    if options.match_ink:
        size /= math.sqrt(1 - ratio**2)
    return Figure(outer * size, [outer * size, inner * (ratio * size)], drawn=drawn)


def triangle_of_lines(
    kind: Category,
    rng: np.random.Generator,
    options: Options,
    size: float,
    drawn: dict[str, float],
) -> Figure:
    """Three sides, joined or pulled apart; both must fit when apart."""
    if kind.form == "isosceles":
        drawn["base"] = b = rng.uniform(0.6, 1.1)
        corners = unit(np.array([[-b, -1.0], [b, -1.0], [0.0, 1.0]]))
    else:
        corners = scalene(rng)
    corners = corners * (0.9 * size)
    drawn["gap"] = rng.uniform(*options.gap)
    ends = np.roll(corners, -1, axis=0)
    middles = (corners + ends) / 2
    away = middles / np.hypot(*middles.T)[:, None] * (drawn["gap"] * 1.2 * size)
    apart = np.concatenate([corners + away, ends + away], 1)
    hull = apart.reshape(-1, 2)
    lines = apart if kind.second else np.concatenate([corners, ends], 1)
    return Figure(hull, lines=lines, pad=options.line * options.side / 2, drawn=drawn)


def outline_with_dot(
    kind: Category,
    rng: np.random.Generator,
    options: Options,
    size: float,
    drawn: dict[str, float],
) -> Figure:
    """An outlined circle or square; the dot is placed later."""
    drawn["dot_radius"] = rng.uniform(0.8, 1.2) * options.dot
    radius = drawn["dot_radius"] * options.side
    pad = options.line * options.side / 2
    corners = regular_form(kind.form) * (0.9 * size)
    if kind.form == "disk":
        circle = 0.9 * size / math.sqrt(math.pi)
        return Figure(corners, circle=circle, pad=pad, dot=radius, drawn=drawn)
    sides = np.concatenate([corners, np.roll(corners, -1, axis=0)], 1)
    return Figure(corners, lines=sides, pad=pad, dot=radius, drawn=drawn)


# ---- placing ---------------------------------------------------------------------------------


def placed(kind: Category, rng: np.random.Generator, options: Options) -> Figure:
    """A figure turned and moved so that all of it is at least 1 px inside.

    Rotation and place are drawn anew up to :data:`FITS` times before the figure is: drawing all
    anew at once would shrink the sprawling categories.
    """
    for _ in range(TRIES):
        figure = drawn_figure(kind, rng, options)
        for _ in range(FITS):
            turn = math.radians(rng.uniform(-options.rotation, options.rotation))
            cos, sin = math.cos(turn), math.sin(turn)
            matrix = np.array([[cos, sin], [-sin, cos]])
            hull = figure.hull @ matrix
            low = 1 + figure.pad - hull.min(axis=0)
            high = options.side - 1 - figure.pad - hull.max(axis=0)
            if (low > high).any():
                continue
            place = rng.uniform(low, high)
            if figure.dot and not set_dot(kind, figure, rng, options, matrix, place):
                continue
            return moved(figure, matrix, place, math.degrees(turn))
    raise ParameterError(
        "scale_low",
        f"A {kind.form} of scale {options.scale[0]:g} to {options.scale[1]:g} does not fit into "
        f"{options.side} px. Make it smaller.",
    )


def moved(figure: Figure, matrix: np.ndarray, place: np.ndarray, turn: float) -> Figure:
    """The figure in picture coordinates."""
    figure.contours = [contour @ matrix + place for contour in figure.contours]
    if figure.lines is not None:
        figure.lines = (figure.lines.reshape(-1, 2) @ matrix + place).reshape(-1, 4)
    figure.drawn |= {"rotation": turn, "x": float(place[0]), "y": float(place[1])}
    return figure


def set_dot(
    kind: Category,
    figure: Figure,
    rng: np.random.Generator,
    options: Options,
    matrix: np.ndarray,
    place: np.ndarray,
) -> bool:
    """Draw the dot's centre inside the outline, or by rejection outside; False without room."""
    margin = figure.dot + figure.pad + 0.02 * options.side
    half = figure.circle or float(np.abs(figure.hull).max())
    if not kind.second:
        if half <= margin:
            raise ParameterError(
                "dot", f"A dot of {options.dot:g} has no room inside a {kind.form} of scale "
                f"{options.scale[0]:g}. Make it smaller, or the scale larger.",
            )  # fmt: skip
        centre = inside(rng, half - margin, bool(figure.circle)) @ matrix + place
        figure.drawn |= {"dot_x": float(centre[0]), "dot_y": float(centre[1])}
        return True
    reach = 1 + figure.dot
    for _ in range(TRIES):
        centre = rng.uniform(reach, options.side - reach, 2)
        if distance_outside((centre - place) @ matrix.T, half, bool(figure.circle)) >= margin:
            figure.drawn |= {"dot_x": float(centre[0]), "dot_y": float(centre[1])}
            return True
    return False


def inside(rng: np.random.Generator, half: float, circle: bool) -> np.ndarray:
    """A uniform point in a disk or square around 0."""
    if not circle:
        return rng.uniform(-half, half, 2)
    angle, length = rng.uniform(0, 2 * math.pi), half * math.sqrt(rng.random())
    return np.array([length * math.cos(angle), length * math.sin(angle)])


def distance_outside(point: np.ndarray, half: float, circle: bool) -> float:
    """Signed distance (negative inside) of a point to a circle or upright square around 0."""
    if circle:
        return float(math.hypot(*point)) - half
    away = np.abs(point) - half
    return float(math.hypot(*np.maximum(away, 0.0)) + min(away.max(), 0.0))


def rendered(figure: Figure, options: Options) -> np.ndarray:
    """(side, side) uint8, black on white: 4 × 4 samples a pixel, averaged."""
    fine = np.zeros((4 * options.side, 4 * options.side), np.uint8)
    for number, contour in enumerate(figure.contours):
        fill(fine, contour, 0 if number else 1)
    if figure.lines is not None:
        for line in figure.lines:
            segment(fine, line, figure.pad)
    if figure.circle:
        segment_circle(fine, figure.drawn["x"], figure.drawn["y"], figure.circle, figure.pad)
    if figure.dot:
        fill_disk(fine, figure.drawn["dot_x"], figure.drawn["dot_y"], figure.dot)
    return flat(fine)
