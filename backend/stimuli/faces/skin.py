"""Colour of the head's skin: tone, flush, beard and age (faces, section 6).

Colours are linear RGB. Half maps and arguments as in ``geometry``; full maps are (S, S, 3), where
columns half + j and half - 1 - j lie at the same au.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from backend.stimuli.faces.geometry import ALA_W, EYE_U, EYE_V, MOUTH_V, NOSE_LEN
from backend.stimuli.faces.numerics import bell, step, unit, within
from backend.stimuli.faces.table import INDEX

SKIN, SKIN_RED, BEARD = INDEX["skin"], INDEX["skin_red"], INDEX["beard"]
HAIR_DARK = INDEX["hair_dark"]
_TONES = np.array([-3.2, -2.0, -1.0, 0.0, 0.8])
_COLOURS = np.array(
    [
        [0.20, 0.125, 0.09],
        [0.36, 0.235, 0.17],
        [0.60, 0.43, 0.33],
        [0.82, 0.655, 0.55],
        [0.90, 0.76, 0.68],
    ]
)
_HAIR, _HAIR_SLOPE = np.array([0.62, 0.46, 0.26]), np.array([0.55, 0.42, 0.21])


@njit(nogil=True, cache=True, error_model="numpy")
def lay(image, i, j, colour, factor, weight):  # type: ignore[no-untyped-def]
    """Mix factor × colour into one pixel."""
    for c in range(3):
        image[i, j, c] += weight * (factor * colour[c] - image[i, j, c])


@njit(nogil=True, cache=True, error_model="numpy")
def lay_both(image, i, j, colour, factor, weight):  # type: ignore[no-untyped-def]
    """Mix factor × colour into the two pixels at au of column j."""
    if weight > 1e-6:
        half = image.shape[1] // 2
        lay(image, i, half + j, colour, factor, weight)
        lay(image, i, half - 1 - j, colour, factor, weight)


@njit(nogil=True, cache=True, error_model="numpy")
def skin_colour(p):  # type: ignore[no-untyped-def]
    """Untextured skin: linear between the tone knots, flat outside."""
    colour = np.empty(3)
    for c in range(3):
        colour[c] = np.interp(p[SKIN], _TONES, _COLOURS[:, c])
    return colour


@njit(nogil=True, cache=True, error_model="numpy")
def hair_colour(p, age):  # type: ignore[no-untyped-def]
    """Hair: from light to dark, greying from age 0.55."""
    grey = within(1.6 * (age - 0.55), 0.0, 0.8)
    colour = _HAIR - _HAIR_SLOPE * unit(p[HAIR_DARK])
    return colour * (1.0 - grey) + 0.62 * grey


@njit(nogil=True, cache=True, error_model="numpy")
def paint_skin(p, age, v, au, skin, texture, image):  # type: ignore[no-untyped-def]
    """Tone, texture, flush and redness."""
    half, tip = au.size, p[EYE_V] - p[NOSE_LEN]
    red, grain = 0.05 * p[SKIN_RED], 0.010 + 0.02 * age
    for i in range(v.size):
        cheek, nose = 0.10 * bell((v[i] + 0.12) / 0.12), 0.08 * bell((v[i] - tip) / 0.06)
        for j in range(half):
            flush = 0.0
            if cheek > 0.0 or nose > 0.0:
                flush = cheek * bell((au[j] - 0.30) / 0.16) + nose * bell(au[j] / 0.10)
            tint = (1.0 + red + 0.3 * flush, 1.0 - 0.4 * (flush + red), 1.0 - 0.5 * (flush + red))
            for column in (half + j, half - 1 - j):
                rough = 1.0 + 0.022 * texture[1, i, column] + grain * texture[0, i, column]
                for c in range(3):
                    image[i, column, c] = skin[c] * rough * tint[c]


@njit(nogil=True, cache=True, error_model="numpy")
def paint_beard(p, v, au, hair, texture, image):  # type: ignore[no-untyped-def]
    """Beard shadow below the cheeks, where there is one."""
    amount = 0.42 * unit(p[BEARD])
    if amount == 0.0:
        return
    half, colour = au.size, 0.5 * hair + 0.06
    for i in range(v.size):
        lips, cheek = bell((v[i] - p[MOUTH_V]) / 0.055), bell((v[i] + 0.25) / 0.10)
        for j in range(half):
            m = step((-0.24 - v[i] + 0.25 * max(au[j] - 0.18, 0.0)) / 0.05)
            if m < 1e-6:
                continue
            m *= 1.0 - 0.85 * lips * bell(au[j] / 0.15)
            m *= 1.0 - 0.7 * cheek * bell((au[j] - 0.22) / 0.10)
            for column in (half + j, half - 1 - j):
                stubble = within(0.80 + 0.25 * texture[0, i, column], 0.0, 1.2)
                lay(image, i, column, colour, 1.0, amount * m * stubble)


@njit(nogil=True, cache=True, error_model="numpy")
def paint_age(p, age, v, au, fold, image):  # type: ignore[no-untyped-def]
    """Forehead lines, nasolabial fold and eye bags, darkening by up to 26 %."""
    lines, folds, bags = unit(age - 0.35), 0.9 * unit(age - 0.2), 0.8 * unit(age - 0.3)
    half = au.size
    for i in range(v.size):
        under = step((p[EYE_V] - 0.02 - v[i]) / 0.02)
        for j in range(half):
            total = folds * fold[i, j]
            if lines > 0.0 and 0.28 < v[i] < 0.6:
                across = math.exp(-((au[j] / 0.3) ** 4))
                for k in range(3):
                    level = 0.36 + 0.065 * k + 0.02 * math.cos(5.0 * au[j])
                    total += lines * across * bell((v[i] - level) / 0.008)
            if bags > 0.0 and under > 1e-6:
                ring = math.hypot(au[j] - p[EYE_U], 1.25 * (v[i] - p[EYE_V] + 0.02)) - 0.125
                total += bags * under * bell(ring / 0.014)
            if total > 0.0:
                darker = 1.0 - 0.22 * within(total, 0.0, 1.2)
                for c in range(3):
                    image[i, half + j, c] *= darker
                    image[i, half - 1 - j, c] *= darker


@njit(nogil=True, cache=True, error_model="numpy")
def paint_nostrils(p, v, au, skin, image):  # type: ignore[no-untyped-def]
    """Nostrils and the rims of the wings."""
    tip, ala = p[EYE_V] - p[NOSE_LEN], p[ALA_W]
    for i in range(v.size):
        if abs(v[i] - tip) > 0.2:
            continue
        down = bell((v[i] - tip + 0.050) / 0.0125)
        for j in range(au.size):
            hole = down * bell((au[j] - 0.52 * ala) / (0.40 * ala))
            lay_both(image, i, j, skin, 0.22, 0.95 * hole)
            ring = math.hypot(au[j] - 0.80 * ala, v[i] - tip + 0.010) - 0.036
            rim = bell(ring / 0.011) * step((au[j] - 0.85 * ala) / 0.012)
            lay_both(image, i, j, skin, 0.5, 0.42 * rim)
