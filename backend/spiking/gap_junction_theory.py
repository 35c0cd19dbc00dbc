"""Continuum theory of the gap-junction sheet: lengths, radii and times to draw over a simulation.

Derived in the specification of 02-gap-junction-topology, section 2.3 (not printed in the paper).
Lengths are in cells (pixels), times in ms, voltages in mV.
"""

from __future__ import annotations

import math

import numpy as np


def screening_length(coupling: float, neighbours: int = 8) -> float:
    """Decay length of a steady subthreshold disturbance: sqrt(3 J), or sqrt(J) with 4 neighbours.

    The neighbour sum of (V_j - V_i) is 3 times the Laplacian for 8 neighbours, once for 4.
    """
    return math.sqrt((3.0 if neighbours == 8 else 1.0) * coupling)


def charge_up_time(drive: float, start: float, tau: float = 5.0, threshold: float = 10.0) -> float:
    """Time at which an isolated cell reaches threshold; infinite when its drive is too small."""
    if drive <= threshold:
        return math.inf
    return tau * math.log((drive - start) / (drive - threshold))


def critical_radius(
    coupling: float, drive: float = 12.0, neighbours: int = 8, threshold: float = 10.0
) -> float:
    """Radius above which the centre of a disc-shaped hole with clamped rim can fire on its own.

    Solves I_0(R / lambda) = mu / (mu - V_th); infinite when mu <= V_th.
    """
    if drive <= threshold:
        return math.inf
    from scipy.optimize import brentq
    from scipy.special import i0

    ratio = drive / (drive - threshold)
    upper = 2.0 + 2.0 * math.log(ratio + 1.0)
    scaled = brentq(lambda x: i0(x) - ratio, 0.0, upper)
    return float(scaled) * screening_length(coupling, neighbours)


def critical_slit(
    coupling: float, drive: float = 12.0, neighbours: int = 8, threshold: float = 10.0
) -> float:
    """Half-width a above which a slit can fire: cosh(a / lambda) = mu / (mu - V_th)."""
    if drive <= threshold:
        return math.inf
    return math.acosh(drive / (drive - threshold)) * screening_length(coupling, neighbours)


def largest_stable_step(coupling: float, tau: float, neighbours: int = 8) -> float:
    """Largest dt for which the explicit scheme is stable: (1 + 2 n J) dt / tau <= 2."""
    return 2.0 * tau / (1.0 + 2.0 * neighbours * coupling)


def steady_state(
    drive: np.ndarray, clamped: np.ndarray, coupling: float, neighbours: int = 8
) -> np.ndarray:
    """Noise-free voltage without threshold, with some cells held at 0.

    Parameters
    ----------
    drive : (H, W) mean input mu.
    clamped : (H, W) bool, cells held at 0.

    Returns
    -------
    (H, W) solution of V_i + J sum_j (V_i - V_j) = mu_i, by one sparse solve.
    """
    from scipy.sparse import csc_matrix, identity
    from scipy.sparse.linalg import spsolve

    height, width = drive.shape
    index = np.arange(height * width).reshape(height, width)
    shifts = [(0, 1), (1, 0)] + ([(1, 1), (1, -1)] if neighbours == 8 else [])
    pairs = [_neighbour_pairs(index, down, right) for down, right in shifts]
    i = np.concatenate([a for a, _ in pairs])
    j = np.concatenate([b for _, b in pairs])
    n = index.size
    ones = np.ones(i.size)
    links = csc_matrix((ones, (i, j)), shape=(n, n))
    links = links + links.T
    degree = np.asarray(links.sum(axis=1)).ravel()
    diagonal = csc_matrix((degree, (np.arange(n), np.arange(n))), shape=(n, n))
    system = (identity(n, format="csc") + coupling * (diagonal - links)).tocsc()
    free = np.flatnonzero(~clamped.ravel())
    voltage = np.zeros(n)
    voltage[free] = spsolve(system[free][:, free], drive.ravel()[free])
    return voltage.reshape(height, width)


def _neighbour_pairs(index: np.ndarray, down: int, right: int) -> tuple[np.ndarray, np.ndarray]:
    """Flat indices of all pairs (cell, cell shifted by ``down`` rows and ``right`` columns)."""
    height, width = index.shape
    if right < 0:
        return index[: height - down, 1:].ravel(), index[down:, : width - 1].ravel()
    return index[: height - down, : width - right].ravel(), index[down:, right:].ravel()
