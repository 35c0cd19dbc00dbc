"""The stroke alphabet: characters of one to four strokes, and exemplars by different hands.

Source: 03-unsupervised-few-shot, specification section 4. Coordinates of a character lie in
[-1, 1]²; ink goes from 0 to 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from backend.stimuli.generator import image_rng

STROKE_SHARES = (0.15, 0.40, 0.30, 0.15)
"""Probabilities of one, two, three and four strokes."""
SAMPLES = 24
"""Samples of the spline between two control points."""


@dataclass(frozen=True)
class Hand:
    """How much exemplars of a class differ.

    Attributes
    ----------
    points : SD of each control point; strokes move by 0.7 of it.
    turn : SD of the rotation in degrees. scale : SD of the log scale of each axis.
    shear : SD. shift : SD of the place.
    """

    points: float = 0.10
    turn: float = 10.0
    scale: float = 0.18
    shear: float = 0.15
    shift: float = 0.10


HANDS = {
    "standard": Hand(),
    "Omniglot-hard": Hand(0.12, 15.0, 0.25, 0.20, 0.15),
    "easy": Hand(0.07, 10.0, 0.12, 0.12, 0.06),
}


def character(seed: int, number: int) -> list[np.ndarray]:
    """Control points (m, 2) of each stroke of class ``number``."""
    rng = image_rng(seed, number)
    strokes = []
    for _ in range(int(rng.choice(4, p=STROKE_SHARES)) + 1):
        points = np.empty((int(rng.integers(3, 6)), 2))
        points[0] = rng.uniform(-0.75, 0.75, 2)
        heading = rng.uniform(0, 2 * math.pi)
        for place in range(1, len(points)):
            heading += rng.normal()
            step = rng.uniform(0.35, 0.75)
            ahead = points[place - 1] + step * np.array([math.cos(heading), math.sin(heading)])
            points[place] = np.clip(ahead, -0.9, 0.9)
        strokes.append(points)
    return strokes


@dataclass(frozen=True)
class Exemplar:
    """One drawing of a character: ink (side, side) float64 and how it was drawn."""

    ink: np.ndarray
    drawn: dict[str, float]


def exemplar(
    strokes: list[np.ndarray], seed: int, number: int, copy: int, side: int, hand: Hand
) -> Exemplar:
    """Exemplar ``copy`` of class ``number``."""
    rng = image_rng(seed, copy, number + 1)
    moved = [
        points + rng.normal(0, hand.points, points.shape) + rng.normal(0, 0.7 * hand.points, 2)
        for points in strokes
    ]
    turn = math.radians(rng.normal(0, hand.turn))
    shear, scale = rng.normal(0, hand.shear), np.exp(rng.normal(0, hand.scale, 2))
    shift, width = rng.normal(0, hand.shift, 2), rng.uniform(0.8, 1.3)
    cos, sin = math.cos(turn), math.sin(turn)
    matrix = np.array([[cos, -sin], [sin, cos]]) @ np.array([[1.0, shear], [0.0, 1.0]]) * scale
    placed = np.concatenate([points @ matrix.T + shift for points in moved])
    counts = np.array([len(points) for points in moved])
    ink = inked((placed * 0.42 + 0.5) * (side - 1), counts, side, width * side / 28)
    drawn = {
        "rotation": math.degrees(turn), "shear": shear, "scale_x": scale[0], "scale_y": scale[1],
        "shift_x": shift[0], "shift_y": shift[1], "half_width": width,
    }  # fmt: skip
    return Exemplar(ink, {name: float(value) for name, value in drawn.items()})


@njit(nogil=True, cache=True, error_model="numpy")
def inked(points: np.ndarray, counts: np.ndarray, side: int, half: float) -> np.ndarray:
    """Ink clip(half - distance + .5, 0, 1) around Catmull-Rom splines through the points (px).

    The end points are extrapolated; the distance is that to the nearest sample.
    """
    ink = np.zeros((side, side))
    start = 0
    for count in counts:
        for i in range(count - 1):
            one, two = points[start + i], points[start + i + 1]
            before = points[start + i - 1] if i > 0 else 2.0 * one - two
            after = points[start + i + 2] if i < count - 2 else 2.0 * two - one
            for sample in range(SAMPLES):
                t = sample / (SAMPLES - 1.0)
                at = 0.5 * (
                    2.0 * one
                    + (two - before) * t
                    + (2.0 * before - 5.0 * one + 4.0 * two - after) * t**2
                    + (3.0 * one - before - 3.0 * two + after) * t**3
                )
                _dab(ink, at[0], at[1], half)
        start += count
    return ink


@njit(nogil=True, cache=True, error_model="numpy")
def _dab(ink: np.ndarray, x: float, y: float, half: float) -> None:
    """Ink around one sample."""
    side, reach = ink.shape[0], half + 0.5
    for row in range(max(0, math.ceil(y - reach)), min(side - 1, math.floor(y + reach)) + 1):
        for column in range(max(0, math.ceil(x - reach)), min(side - 1, math.floor(x + reach)) + 1):
            found = half - math.hypot(column - x, row - y) + 0.5
            ink[row, column] = max(ink[row, column], min(1.0, found))
