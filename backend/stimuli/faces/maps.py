"""Canonical maps of a face: frontal albedo, depth and alpha (faces, sections 2, 5 and 6)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from backend.stimuli.faces import features, geometry, skin
from backend.stimuli.faces.geometry import EYE_V, HEAD_W
from backend.stimuli.faces.identity import FaceParams
from backend.stimuli.faces.numerics import EXTENT, bell, step, unit, within
from backend.stimuli.faces.table import INDEX
from backend.stimuli.faces.texture import textures

CRAN_H = INDEX["cran_h"]
HAIRLINE, HAIR_VOL, HAIR_LEN = INDEX["hairline"], INDEX["hair_vol"], INDEX["hair_len"]
ELLIPSE, BACK, NECK, EARS, CLOTH, HEAD = range(6)
_CLOTH = np.array([0.25, 0.28, 0.34])


class Canonical(NamedTuple):
    """Float32 maps of n faces: albedo (n, S, S, 3) linear RGB, depth and alpha (n, S, S)."""

    albedo: np.ndarray
    depth: np.ndarray
    alpha: np.ndarray


def canonical(
    params: FaceParams,
    expression: np.ndarray | None = None,
    size: int = 96,
    highlight: bool = True,
) -> Canonical:
    """Paint the frontal maps of faces.

    Parameters
    ----------
    expression : (n, 4) or (4,) smile, open, brow, eye; neutral when left out.
    size : side of the maps in px, even and at least 16.
    highlight : the gleam in the eyes, the one thing that is not symmetric.

    Raises
    ------
    ValueError : odd or too small a size.
    """
    if size % 2 or size < 16:
        raise ValueError(f"Maps have an even side of at least 16 px; {size} was given.")
    n = len(params)
    faces = np.broadcast_to(np.zeros(4) if expression is None else expression, (n, 4))
    albedo = np.empty((n, size, size, 3), np.float32)
    depth, alpha = np.empty((2, n, size, size), np.float32)
    for k in range(n):
        amplitude = params.texture[k]
        texture = textures(int(params.texture_seed[k]), size)
        if amplitude != 1.0:
            texture = texture * np.float32(amplitude)
        _paint(
            np.ascontiguousarray(params.p[k], np.float64), float(params.age[k]),
            np.ascontiguousarray(faces[k], np.float64), np.ascontiguousarray(texture),
            float(highlight), albedo[k], depth[k], alpha[k],
        )  # fmt: skip
    return Canonical(albedo, depth, alpha)


@njit(nogil=True, cache=True, error_model="numpy")
def _paint(p, age, expression, texture, highlight, albedo, depth, alpha):  # type: ignore[no-untyped-def]
    size = depth.shape[0]
    half, h = size // 2, 2.0 * EXTENT / size
    edge = max(0.6 * h, 0.004)
    v, au = EXTENT - (np.arange(size) + 0.5) * h, (np.arange(half) + 0.5) * h
    face, relief, mask, fold = (
        np.empty((size, size, 3), np.float32), np.empty((size, half)),
        np.empty((size, half)), np.empty((size, half)),
    )  # fmt: skip
    geometry.head(p, age, expression, v, au, edge, relief, mask, fold)
    tone, hair = skin.skin_colour(p), skin.hair_colour(p, age)
    skin.paint_skin(p, age, v, au, tone, texture, face)
    skin.paint_beard(p, v, au, hair, texture, face)
    skin.paint_age(p, age, v, au, fold, face)
    features.paint_eyes(p, expression, v, au, edge, tone, highlight, face)
    features.paint_brows(p, expression, v, au, hair, texture, face)
    features.paint_lips(p, expression, v, au, edge, tone, face)
    skin.paint_nostrils(p, v, au, tone, face)
    _layers(p, v, au, edge, texture[2], tone, hair, face, relief, mask, albedo, depth, alpha)


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"arcp", "contract"})
def _layers(p, v, au, edge, strands, tone, hair, face, relief, head, albedo, depth, alpha):  # type: ignore[no-untyped-def]
    """Back hair, neck, ears, clothing, head and hair cap, back to front."""
    half, m = au.size, np.empty(6)
    across2, ear2, line, neck, collar = np.empty((5, half))
    for j in range(half):
        across2[j] = (au[j] / (p[HEAD_W] * 1.05 * p[HAIR_VOL])) ** 2
        ear2[j] = ((au[j] - p[HEAD_W] - 0.01) / 0.062) ** 2
        line[j] = p[HAIRLINE] - 0.30 * within(au[j] / 0.5, 0.0, 2.0) ** 3
        neck[j] = step((0.30 - au[j]) / edge)
        collar[j] = -0.94 - 0.10 * bell(au[j] / 0.33)
    ears = 1.0 - 0.9 * unit(2.0 * p[HAIR_LEN])
    for i in range(v.size):
        high2 = (max(v[i] - 0.05, 0.0) / (p[CRAN_H] * 1.03 * p[HAIR_VOL])) ** 2
        ear_v2 = ((v[i] - p[EYE_V] + 0.12) / 0.15) ** 2
        below, fall = step((-0.45 - v[i]) / 0.03), step((v[i] - 0.02 + 0.95 * p[HAIR_LEN]) / 0.03)
        for j in range(half):
            r2 = across2[j] + high2
            m[ELLIPSE] = step((1.0 - math.sqrt(r2)) * 0.5 / edge)
            m[BACK], m[NECK], m[EARS] = m[ELLIPSE] * fall, neck[j] * below, 0.0
            if ear2[j] + ear_v2 < 4.0:
                m[EARS] = ears * step((1.0 - math.sqrt(ear2[j] + ear_v2)) / 0.06)
            m[CLOTH] = step((collar[j] - v[i]) / edge)
            m[HEAD] = head[i, j]
            behind = m[NECK] + m[EARS] + m[CLOTH] > 1e-6
            z = _depth_behind(m, r2, au[j])
            z += m[HEAD] * (relief[i, j] - z)
            for column in (half + j, half - 1 - j):
                strand = strands[i, column]
                cap = m[ELLIPSE] * step((v[i] - line[j] - 0.0072 * strand) / 0.018)
                strand = 0.9 + 0.16 * strand
                for c in range(3):
                    colour = 0.75 * hair[c] * strand
                    if behind:
                        colour += m[NECK] * (0.74 * tone[c] - colour)
                        colour += m[EARS] * (0.86 * tone[c] - colour)
                        colour += m[CLOTH] * (_CLOTH[c] - colour)
                    colour += m[HEAD] * (face[i, column, c] - colour)
                    colour += cap * (hair[c] * strand - colour)
                    albedo[i, column, c] = colour
                depth[i, column] = z + 0.03 * cap
                alpha[i, column] = max(
                    max(m[BACK], m[NECK]), max(max(m[EARS], m[CLOTH]), max(m[HEAD], cap))
                )


@njit(nogil=True, cache=True, error_model="numpy")
def _depth_behind(m, r2, au):  # type: ignore[no-untyped-def]
    """Depth of hair and neck; -0.25 where neither is."""
    if m[NECK] > 0.5:
        return -0.05 + 0.12 * math.sqrt(max(1.0 - (au / 0.36) ** 2, 0.0))
    if m[BACK] > 0.5:
        return -0.05 + 0.30 * math.sqrt(max(1.0 - r2, 0.0))
    return -0.25
