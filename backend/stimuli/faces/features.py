"""Eyes, brows and lips painted on the skin (faces, section 6); arguments as in ``skin``."""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from backend.stimuli.faces.geometry import (
    BROW,
    EYE,
    EYE_U,
    EYE_V,
    MOUTH_CV,
    MOUTH_V,
    MOUTH_W,
    OPEN,
    SMILE,
    mouth_curve,
)
from backend.stimuli.faces.numerics import bell, step, unit, within
from backend.stimuli.faces.skin import HAIR_DARK, lay, lay_both
from backend.stimuli.faces.table import INDEX

EYE_W, EYE_H, EYE_TILT = INDEX["eye_w"], INDEX["eye_h"], INDEX["eye_tilt"]
IRIS_R, LID_CREASE = INDEX["iris_r"], INDEX["lid_crease"]
BROW_H, BROW_ARCH, BROW_TH = INDEX["brow_h"], INDEX["brow_arch"], INDEX["brow_th"]
BROW_W, BROW_TILT, BROW_DARK = INDEX["brow_w"], INDEX["brow_tilt"], INDEX["brow_dark"]
LIP_RED = INDEX["lip_red"]
_SCLERA = np.array([0.86, 0.83, 0.80])
_IRIS, _IRIS_SLOPE = np.array([0.34, 0.30, 0.24]), np.array([0.24, 0.22, 0.17])
_LASH = np.array([0.06, 0.045, 0.04])
_GAP, _TEETH = np.array([0.10, 0.04, 0.04]), np.array([0.84, 0.82, 0.76])


@njit(nogil=True, cache=True, error_model="numpy")
def _lids(p, expression, du):  # type: ignore[no-untyped-def]
    """At du from the eye's centre: x, height of the upper and the lower lid."""
    x = du / p[EYE_W]
    n = max(1.0 - x * x, 0.0)
    opening = within(1.0 + 0.45 * expression[EYE] - 0.25 * expression[SMILE], 0.15, 1.6)
    upper = 1.05 * p[EYE_H] * opening * n**0.75 * (1.0 - 0.12 * x)
    lower = -0.62 * p[EYE_H] * n**0.85 * (1.0 + 0.15 * x) * within(opening, 0.6, 1.2)
    return x, upper, lower


@njit(nogil=True, cache=True, error_model="numpy")
def paint_eyes(p, expression, v, au, edge, skin, highlight, image):  # type: ignore[no-untyped-def]
    """Lid shadow, eyeball, lashes and crease."""
    half, iris = au.size, _IRIS - _IRIS_SLOPE * unit(p[HAIR_DARK])
    for j in range(half):
        du = au[j] - p[EYE_U]
        if abs(du) > 2.4 * p[EYE_W]:
            continue
        x, upper, lower = _lids(p, expression, du)
        tilt = p[EYE_TILT] * du
        across = (du / (1.35 * p[EYE_W])) ** 4
        for i in range(v.size):
            straight = v[i] - p[EYE_V]
            if abs(straight) > 0.35:
                continue
            dv = straight - tilt
            mask = step((upper - dv) / edge) * step((dv - lower) / edge)
            mask *= step((1.0 - abs(x)) / 0.05)
            shadow = 1.0 - 0.16 * math.exp(-across - ((dv - 0.01) / 0.075) ** 2) * (1.0 - mask)
            for column in (half + j, half - 1 - j):
                for c in range(3):
                    image[i, column, c] *= shadow
            if mask > 1e-6:
                _eyeball(p, i, j, du, straight, dv - upper, edge, iris, highlight, mask, image)
            _lid_lines(p, i, j, x, dv, upper, lower, edge, skin, image)


@njit(nogil=True, cache=True, error_model="numpy")
def _eyeball(p, i, j, du, straight, below, edge, iris, highlight, mask, image):  # type: ignore[no-untyped-def]
    """Sclera, iris, pupil, highlight; the highlight is on the same side in both eyes."""
    half, radius = image.shape[1] // 2, p[IRIS_R]
    r = math.hypot(du + 0.004, straight - 0.004)
    in_iris, in_pupil = step((radius - r) / edge), step((0.45 * radius - r) / edge)
    shade = 1.0 - 0.45 * bell(below / 0.016)
    bright = 0.7 + 0.5 * unit(r / radius)
    for side in (1.0, -1.0):
        gleam = 0.9 * bell(math.hypot(side * du + 0.016, straight - 0.018) / 0.011) * highlight
        column = half + j if side > 0 else half - 1 - j
        for c in range(3):
            colour = _SCLERA[c] * shade
            colour += in_iris * (iris[c] * bright - colour)
            colour += in_pupil * (0.02 - colour)
            colour += gleam * (0.95 - colour)
            image[i, column, c] += mask * (colour - image[i, column, c])


@njit(nogil=True, cache=True, error_model="numpy")
def _lid_lines(p, i, j, x, dv, upper, lower, edge, skin, image):  # type: ignore[no-untyped-def]
    beyond = abs(x)
    line = bell((dv - upper) / (0.009 + 0.4 * edge)) * step((1.08 - beyond) / 0.06)
    lay_both(image, i, j, _LASH, 1.0, (0.55 + 0.25 * unit(x)) * line)
    line = bell((dv - lower) / (0.006 + 0.4 * edge)) * step((1.02 - beyond) / 0.06)
    lay_both(image, i, j, skin, 0.35, 0.28 * line)
    line = bell((dv - 1.12 * upper - 0.026) / 0.0085) * step((1.05 - beyond) / 0.1)
    lay_both(image, i, j, skin, 0.45, 0.5 * p[LID_CREASE] * line)


@njit(nogil=True, cache=True, error_model="numpy")
def paint_brows(p, expression, v, au, hair, texture, image):  # type: ignore[no-untyped-def]
    """Brows with strands."""
    half = au.size
    for j in range(half):
        x = (au[j] - 0.98 * p[EYE_U]) / p[BROW_W]
        ends = step((1.0 - abs(x)) / 0.06) * p[BROW_DARK]
        if ends < 1e-6:
            continue
        centre = p[EYE_V] + p[BROW_H] + 0.03 * expression[BROW]
        centre += p[BROW_ARCH] * (1.0 - within(x - 0.25, -1.2, 1.2) ** 2)
        centre += p[BROW_TILT] * (au[j] - p[EYE_U])
        thick = p[BROW_TH] * (1.1 - 0.45 * within(x, -1.0, 1.1))
        for i in range(v.size):
            away = abs(v[i] - centre) / max(thick, 1e-4)
            if away > 4.0:
                continue
            mask = ends * math.exp(-(away**2.5))
            for column in (half + j, half - 1 - j):
                strand = within(0.86 + 0.16 * texture[2, i, column], 0.0, 1.1)
                lay(image, i, column, hair, 0.62, unit(mask * strand))


@njit(nogil=True, cache=True, error_model="numpy")
def paint_lips(p, expression, v, au, edge, skin, image):  # type: ignore[no-untyped-def]
    """Lips, the gap between them with teeth, closed line and corners."""
    smile, red = expression[SMILE], p[LIP_RED]
    opened = unit(0.085 * unit(expression[OPEN]) / 0.02)
    lip = 0.93 * skin * np.array([1.0 - 0.10 * red, 0.86 - 0.48 * red, 0.88 - 0.42 * red])
    corner_u, corner_v = p[MOUTH_W], p[MOUTH_V] + p[MOUTH_CV] + 0.055 * smile
    for j in range(au.size):
        x, _, line, gap_up, gap_down, up, down = mouth_curve(p, expression, au[j])
        inside = step((1.0 - x) / 0.04)
        if inside < 1e-6:
            continue
        high, low = line + gap_up, line - gap_down
        teeth_from = high - 0.5 * (gap_up + gap_down) * (1.0 + 0.3 * smile)
        corner = 0.5 * inside * bell((au[j] - corner_u) / 0.018)
        for i in range(v.size):
            if abs(v[i] - line) > 0.3:
                continue
            band = step((v[i] - high) / edge) * step((high + up - v[i]) / edge)
            lay_both(image, i, j, lip, 0.88, 0.9 * inside * band)
            band = step((v[i] - low + down) / edge) * step((low - v[i]) / edge)
            lay_both(image, i, j, lip, 1.04, 0.9 * inside * band)
            if opened > 0.0:
                gap = inside * opened * step((v[i] - low) / edge) * step((high - v[i]) / edge)
                lay_both(image, i, j, _GAP, 1.0, gap)
                teeth = gap * step((v[i] - teeth_from) / edge)
                lay_both(image, i, j, _TEETH, 1.0, 0.9 * unit(0.3 + smile) * teeth)
            closed = 0.85 * (1.0 - opened) * bell((v[i] - line) / (0.007 + 0.3 * edge))
            lay_both(image, i, j, skin, 0.28, inside * closed)
            lay_both(image, i, j, skin, 0.4, corner * bell((v[i] - corner_v) / 0.014))
