"""Relight and re-pose canonical maps (faces, section 7)."""

from __future__ import annotations

import math
import warnings
from typing import NamedTuple

import numpy as np
from numba import njit

from backend.stimuli.faces import views as view_fields
from backend.stimuli.faces.maps import Canonical
from backend.stimuli.faces.numerics import EXTENT, between_pixels, blur, unit
from backend.stimuli.faces.views import (
    AMBIENT,
    AZIMUTH,
    BACKGROUND,
    ELEVATION,
    GAIN,
    PITCH,
    ROLL,
    SCALE,
    SHIFT_U,
    SHIFT_V,
    YAW,
)

_STEPS = 2048
_GAMMA = np.append(np.linspace(0.0, 1.0, _STEPS + 1) ** (1.0 / 1.35), 1.0).astype(np.float32)
"""Tone curve at equal steps; interpolated, it is right to 1e-5 above 0.005."""

_GREY = np.array([0.299, 0.587, 0.114])


class Prepared(NamedTuple):
    """Float32 maps of n faces, reused by every view of them.

    albedo (n, S, S, 3); normals (n, S, S, 3); occlusion, warp (smoothed depth) and alpha
    (n, S, S).
    """

    albedo: np.ndarray
    normals: np.ndarray
    occlusion: np.ndarray
    warp: np.ndarray
    alpha: np.ndarray


def prepare(maps: Canonical) -> Prepared:
    """Normals, ambient occlusion and warp depth of canonical maps."""
    n, size = maps.depth.shape[:2]
    normals = np.empty((n, size, size, 3), np.float32)
    occlusion, warp = np.empty((2, n, size, size), np.float32)
    for k in range(n):
        _prepare(maps.depth[k], maps.alpha[k], normals[k], occlusion[k], warp[k])
    return Prepared(maps.albedo, normals, occlusion, warp, maps.alpha)


@njit(nogil=True, cache=True, error_model="numpy")
def _prepare(depth, alpha, normals, occlusion, warp):  # type: ignore[no-untyped-def]
    size = depth.shape[0]
    h, scale = 2.0 * EXTENT / size, size / 128.0
    fine, wide = blur(depth, 0.8 * scale, 0.8 * scale), blur(depth, 6.0 * scale, 6.0 * scale)
    inner = np.zeros_like(depth)
    for i in range(size):
        up, down = max(i - 1, 0), min(i + 1, size - 1)
        for j in range(size):
            left, right = max(j - 1, 0), min(j + 1, size - 1)
            du = (fine[i, right] - fine[i, left]) / ((right - left) * h)
            dv = (fine[up, j] - fine[down, j]) / ((down - up) * h)
            length = math.sqrt(du * du + dv * dv + 1.0)
            normals[i, j, 0], normals[i, j, 1] = -du / length, -dv / length
            normals[i, j, 2] = 1.0 / length
            occlusion[i, j] = min(max(1.0 - 2.2 * (wide[i, j] - depth[i, j]), 0.55), 1.08)
            if alpha[i, j] > 0.5:
                inner[i, j] = max(depth[i, j], 0.0)
    warp[:] = blur(inner, 3.5 * scale, 3.5 * scale)


def render(
    prepared: Prepared,
    index: int | np.ndarray,
    view: np.ndarray,
    size: int = 64,
    grey: bool = True,
) -> np.ndarray:
    """Images of prepared faces.

    Parameters
    ----------
    index : which face each view shows, (B,) or one for all.
    view : (B, 11) or (11,), see ``views``; angles outside the valid range are clamped with a
        warning.

    Returns
    -------
    (B, 1 or 3, size, size) float32 in [0, 1], C-contiguous.
    """
    rows = np.atleast_2d(np.asarray(view, np.float64))
    rows = _clamped(rows)
    which = np.broadcast_to(index, (len(rows),))
    images = np.empty((len(rows), 1 if grey else 3, size, size), np.float32)
    for b, row in enumerate(rows):
        k = which[b]
        planes = np.empty((images.shape[1] + 1, *prepared.alpha.shape[1:]), np.float32)
        _relight(
            prepared.albedo[k], prepared.normals[k], prepared.occlusion[k], prepared.alpha[k],
            row, planes,
        )  # fmt: skip
        _pose(planes, prepared.warp[k], row, images[b])
    return images


def _clamped(rows: np.ndarray) -> np.ndarray:
    rows = rows.copy()
    for name, limit in view_fields.LIMITS.items():
        column = view_fields.FIELDS.index(name)
        if (np.abs(rows[:, column]) > limit + 1e-9).any():
            warnings.warn(f"{name} is kept within ±{limit} rad.", stacklevel=3)
        rows[:, column] = np.clip(rows[:, column], -limit, limit)
    return rows


@njit(nogil=True, cache=True, error_model="numpy")
def _turned(x, y, z, yaw, pitch):  # type: ignore[no-untyped-def]
    """A camera direction in the canonical frame: (Rx(pitch) Ry(yaw))ᵀ applied to it."""
    y, z = math.cos(pitch) * y + math.sin(pitch) * z, math.cos(pitch) * z - math.sin(pitch) * y
    return math.cos(yaw) * x - math.sin(yaw) * z, y, math.sin(yaw) * x + math.cos(yaw) * z


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _toned(x):  # type: ignore[no-untyped-def]
    """x^(1/1.35) for x in [0, 1]."""
    place = x * _STEPS
    k = np.uint32(place)
    return _GAMMA[k] + (place - k) * (_GAMMA[k + np.uint32(1)] - _GAMMA[k])


@njit(nogil=True, cache=True, error_model="numpy")
def _relight(albedo, normals, occlusion, alpha, view, planes):  # type: ignore[no-untyped-def]
    """Fill planes with colour (or grey) times alpha, and alpha last."""
    azimuth, elevation, ambient = view[AZIMUTH], view[ELEVATION], view[AMBIENT]
    light = (
        math.sin(azimuth) * math.cos(elevation),
        math.sin(elevation),
        math.cos(azimuth) * math.cos(elevation),
    )
    length = math.sqrt(light[0] ** 2 + light[1] ** 2 + (light[2] + 1.0) ** 2)
    half = (light[0] / length, light[1] / length, (light[2] + 1.0) / length)
    lx, ly, lz = _turned(light[0], light[1], light[2], view[YAW], view[PITCH])
    hx, hy, hz = _turned(half[0], half[1], half[2], view[YAW], view[PITCH])
    last, gain = planes.shape[0] - 1, view[GAIN]
    for i in range(alpha.shape[0]):
        for j in range(alpha.shape[1]):
            a = alpha[i, j]
            planes[last, i, j] = a
            if a < 1e-4:
                planes[:last, i, j] = 0.0
                continue
            nx, ny, nz = normals[i, j, 0], normals[i, j, 1], normals[i, j, 2]
            lit = ambient + 1.15 * (1.0 - ambient) * max(nx * lx + ny * ly + nz * lz, 0.0)
            s2 = max(nx * hx + ny * hy + nz * hz, 0.0) ** 2
            s16 = (s2 * s2) * (s2 * s2)
            shine = 0.10 * (s16 * s16) * s2 * a
            grey = 0.0
            for c in range(3):
                colour = unit(albedo[i, j, c] * lit * occlusion[i, j] + shine)
                colour = _toned(colour) * gain * a
                if last == 3:
                    planes[c, i, j] = colour
                grey += _GREY[c] * colour
            if last == 1:
                planes[0, i, j] = grey


@njit(nogil=True, cache=True, error_model="numpy")
def _pose(planes, warp, view, out):  # type: ignore[no-untyped-def]
    """Inverse warp of every output pixel, composed over the background."""
    size, last = out.shape[1], planes.shape[0] - 1
    h, per_unit = 2.0 * EXTENT / size, warp.shape[0] / (2.0 * EXTENT)
    cr, sr = math.cos(view[ROLL]), math.sin(view[ROLL])
    x, y, u, v = np.empty((4, size))
    for i in range(size):
        for j in range(size):
            right = (-EXTENT + (j + 0.5) * h - view[SHIFT_U]) / view[SCALE]
            up = (EXTENT - (i + 0.5) * h - view[SHIFT_V]) / view[SCALE]
            x[j], y[j] = cr * right + sr * up, cr * up - sr * right
        u[:], v[:] = x, y
        _search(warp, view[YAW], view[PITCH], per_unit, x, y, u, v)
        for j in range(size):
            row, column = (EXTENT - v[j]) * per_unit - 0.5, (u[j] + EXTENT) * per_unit - 0.5
            behind = view[BACKGROUND] * (1.0 - between_pixels(planes[last], row, column))
            for c in range(last):
                out[c, i, j] = unit(between_pixels(planes[c], row, column) + behind)


@njit(nogil=True, cache=True, error_model="numpy")
def _search(warp, yaw, pitch, per_unit, x, y, u, v):  # type: ignore[no-untyped-def]
    """Six damped steps towards the canonical places (u, v) that are seen at (x, y)."""
    if yaw == 0.0 and pitch == 0.0:
        return
    cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    over_cy, over_cp = 1.0 / cy, 1.0 / cp
    for _ in range(6):
        for j in range(x.size):
            row, column = (EXTENT - v[j]) * per_unit - 0.5, (u[j] + EXTENT) * per_unit - 0.5
            z = between_pixels(warp, row, column) - 0.25
            turned = (x[j] - sy * z) * over_cy
            u[j] = 0.5 * (u[j] + turned)
            v[j] = 0.5 * (v[j] + (y[j] + sp * (cy * z - sy * turned)) * over_cp)
