"""Depth of a frontal face on its right half; the left one mirrors it (faces, section 5).

``p`` holds the 41 numbers of table 4, ``expression`` smile, open, brow, eye. Half maps are
(S, S/2): column j lies at au = (j + 0.5) h, rows run from the top. Lengths are in face units.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from backend.stimuli.faces.numerics import bell, step, unit, within
from backend.stimuli.faces.table import INDEX

HEAD_W, FACE_LEN, CRAN_H = INDEX["head_w"], INDEX["face_len"], INDEX["cran_h"]
JAW_SQ, JAW_TAPER, CHEEK = INDEX["jaw_sq"], INDEX["jaw_taper"], INDEX["cheek"]
CHIN_H, CHIN_W = INDEX["chin_h"], INDEX["chin_w"]
EYE_U, EYE_V, SOCKET, BROW_RIDGE = (
    INDEX["eye_u"], INDEX["eye_v"], INDEX["socket"], INDEX["brow_ridge"],
)  # fmt: skip
NOSE_LEN, NOSE_W, ALA_W = INDEX["nose_len"], INDEX["nose_w"], INDEX["ala_w"]
NOSE_H, BRIDGE = INDEX["nose_h"], INDEX["bridge"]
MOUTH_V, MOUTH_W, MOUTH_CV = INDEX["mouth_v"], INDEX["mouth_w"], INDEX["mouth_cv"]
LIP_U, LIP_L = INDEX["lip_u"], INDEX["lip_l"]
SMILE, OPEN, BROW, EYE = range(4)


@njit(nogil=True, cache=True, error_model="numpy")
def head(p, age, expression, v, au, edge, depth, mask, fold):  # type: ignore[no-untyped-def]
    """Fill depth, head mask and nasolabial fold of the half maps (steps 1 to 7)."""
    _outline(p, v, au, edge, depth, mask)
    _add_relief(p, expression, v, au, depth)
    _add_nose(p, v, au, depth)
    _add_mouth(p, expression, v, au, depth)
    _add_chin(p, v, au, depth)
    _add_fold(p, age, expression, v, au, depth, fold)


@njit(nogil=True, cache=True, error_model="numpy")
def _outline(p, v, au, edge, depth, mask):  # type: ignore[no-untyped-def]
    centre = 0.05
    power = np.empty(au.size)
    for i in range(v.size):
        dn = max(0.0, centre - v[i]) / (p[FACE_LEN] + centre)
        up = max(0.0, v[i] - centre) / p[CRAN_H]
        width = p[HEAD_W] * (1.0 - p[JAW_TAPER] * min(dn, 1.0) ** 1.5)
        q = p[JAW_SQ] if v[i] < centre else 2.05
        if i == 0 or (v[i - 1] >= centre > v[i]):
            for j in range(au.size):
                power[j] = au[j] ** q
        narrow, vertical = width**-q, (dn + up) ** q
        far = (1.0 + 30.0 * edge / p[HEAD_W]) ** q
        for j in range(au.size):
            total = power[j] * narrow + vertical
            if total > far:
                mask[i, j], depth[i, j] = 0.0, 0.005
                continue
            rho = total ** (1.0 / q)
            mask[i, j] = step((1.0 - rho) * p[HEAD_W] / edge)
            depth[i, j] = 0.50 * math.sqrt(max(1.0 - rho * rho, 1e-4))


@njit(nogil=True, cache=True, error_model="numpy")
def _add_bump(depth, v, au, height, u0, v0, a, b):  # type: ignore[no-untyped-def]
    """Add height × GS(u0, v0, a, b)."""
    across = np.empty(au.size)
    for j in range(au.size):
        across[j] = height * bell((au[j] - u0) / a)
    for i in range(v.size):
        down = bell((v[i] - v0) / b)
        if down > 0.0:
            for j in range(au.size):
                depth[i, j] += down * across[j]


@njit(nogil=True, cache=True, error_model="numpy")
def _add_relief(p, expression, v, au, depth):  # type: ignore[no-untyped-def]
    smile, eye_u, eye_v = expression[SMILE], p[EYE_U], p[EYE_V]
    _add_bump(depth, v, au, p[BROW_RIDGE], 0.85 * eye_u, eye_v + 0.15, 0.17, 0.06)
    _add_bump(depth, v, au, -p[SOCKET], 0.92 * eye_u, eye_v + 0.02, 0.13, 0.095)
    _add_bump(depth, v, au, 0.022, eye_u, eye_v, 0.075, 0.055)
    _add_bump(depth, v, au, p[CHEEK], 0.33, -0.06 + 0.03 * smile, 0.16, 0.13)
    _add_bump(depth, v, au, 0.03 * smile, 0.27, -0.16, 0.11, 0.10)


@njit(nogil=True, cache=True, error_model="numpy")
def _add_nose(p, v, au, depth):  # type: ignore[no-untyped-def]
    eye_v = p[EYE_V]
    tip = eye_v - p[NOSE_LEN]
    for i in range(v.size):
        soft = step((v[i] - (tip - 0.015)) / 0.024) * step((eye_v + 0.10 - v[i]) / 0.05)
        if soft < 1e-9:
            continue
        t = within((eye_v + 0.06 - v[i]) / (eye_v + 0.06 - tip), 0.0, 1.0)
        profile = p[NOSE_H] * soft * (p[BRIDGE] * (1.0 - t) + 0.72 * t**1.4)
        width = p[NOSE_W] * (0.50 + 0.42 * t)
        for j in range(au.size):
            depth[i, j] += profile * bell(au[j] / width)
    _add_bump(depth, v, au, 0.52 * p[NOSE_H], 0.0, tip, 0.92 * p[NOSE_W], 0.058)
    _add_bump(depth, v, au, 0.055, 0.82 * p[ALA_W], tip - 0.008, 0.40 * p[ALA_W], 0.042)


@njit(nogil=True, cache=True, error_model="numpy")
def mouth_curve(p, expression, au):  # type: ignore[no-untyped-def]
    """At au: x, envelope, line, upper and lower gap, heights of upper and lower lip."""
    smile = expression[SMILE]
    x = within(au / (p[MOUTH_W] * (1.0 + 0.18 * smile)), 0.0, 1.3)
    envelope = max(1.0 - x * x, 0.0)
    line = p[MOUTH_V] + (p[MOUTH_CV] + 0.055 * smile) * x * x - 0.008 * bell(au / 0.05)
    opening = 0.085 * unit(expression[OPEN])
    upper = p[LIP_U] * envelope**0.7 * (1.0 - 0.28 * bell(au / 0.028))
    lower = p[LIP_L] * envelope**0.6
    return x, envelope, line, 0.35 * opening * envelope, opening * envelope, upper, lower


@njit(nogil=True, cache=True, error_model="numpy")
def _add_mouth(p, expression, v, au, depth):  # type: ignore[no-untyped-def]
    for j in range(au.size):
        _, envelope, line, gap_up, gap_down, _, _ = mouth_curve(p, expression, au[j])
        if envelope == 0.0:
            break
        above, below = line + gap_up + 0.6 * p[LIP_U], line - gap_down - 0.6 * p[LIP_L]
        for i in range(v.size):
            if abs(v[i] - line) < 0.5:
                depth[i, j] += 0.040 * envelope * bell((v[i] - above) / 0.035)
                depth[i, j] += 0.050 * envelope * bell((v[i] - below) / 0.038)
    mouth_v, tip = p[MOUTH_V], p[EYE_V] - p[NOSE_LEN]
    _add_bump(depth, v, au, 0.03, 0.0, mouth_v, 0.16, 0.13)
    _add_bump(depth, v, au, -0.022, 0.0, mouth_v - p[LIP_L] - 0.055, 0.12, 0.03)
    _add_bump(depth, v, au, -0.012, 0.0, (mouth_v + tip) / 2.0, 0.022, 0.05)


@njit(nogil=True, cache=True, error_model="numpy")
def _add_chin(p, v, au, depth):  # type: ignore[no-untyped-def]
    across = np.empty(au.size)
    for j in range(au.size):
        across[j] = p[CHIN_H] * math.exp(-((au[j] / p[CHIN_W]) ** 2.4))
    for i in range(v.size):
        down = bell((v[i] + p[FACE_LEN] - 0.115) / 0.085)
        if down > 0.0:
            for j in range(au.size):
                depth[i, j] += down * across[j]


@njit(nogil=True, cache=True, error_model="numpy")
def _add_fold(p, age, expression, v, au, depth, fold):  # type: ignore[no-untyped-def]
    tip = p[EYE_V] - p[NOSE_LEN]
    deep = 0.014 * within(0.25 + 0.7 * age + 0.8 * expression[SMILE], 0.0, 1.6)
    for i in range(v.size):
        down = step((tip + 0.02 - v[i]) / 0.03) * step((v[i] - p[MOUTH_V] + 0.02) / 0.04)
        centre = p[ALA_W] + 0.02 + 0.42 * (tip - v[i])
        for j in range(au.size):
            fold[i, j] = down * bell((au[j] - centre) / 0.026) if down > 1e-9 else 0.0
            depth[i, j] -= deep * fold[i, j]
