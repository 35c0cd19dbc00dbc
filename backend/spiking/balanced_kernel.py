"""One step of integrate-and-fire populations with current synapses, for dense and sparse wiring.

Per step: v is advanced with the currents as they stand, cells at or above threshold spike and are
reset, then the currents decay and receive the spikes of the step (used from the next step on).
Currents are kept without their weight, so that a weight may change while the network runs.

Loops are split so that each touches few arrays: the compiler proves independence of at most eight
pairs of them and then uses the widest vectors.

Source: 01-ei-balanced-network, Eq. 1, sections 2.1 and 2.3 (spec).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from backend.spiking.balanced_bits import MAX_ROWS, count_rows
from backend.spiking.balanced_random import fill_normals

KEEP, DRIVE, REST, FROM_E, FROM_I, NOISE, THETA, FLOOR = range(8)
"""Columns of the coefficient table of a population, see ``advance_homogeneous``."""
NO_FLOOR = -1e30


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def integrate(
    v: np.ndarray,
    g_e: np.ndarray,
    g_i: np.ndarray,
    noise: np.ndarray,
    fired: np.ndarray,
    row: np.ndarray,
    mean: float,
    hard: bool,
) -> int:
    """Advance voltages by one step, mark and reset the cells that spike; returns saturated cells.

    v <- KEEP v + (DRIVE mean + REST) + FROM_E g_e + FROM_I g_i + NOISE sqrt(mean) noise, with the
    coefficients of ``row``. A cell still above threshold after the reset by subtraction keeps the
    rest for the next step and is counted as saturated.
    """
    keep, drive = np.float32(row[KEEP]), np.float32(row[DRIVE] * mean + row[REST])
    from_e, from_i = np.float32(row[FROM_E]), np.float32(row[FROM_I])
    sd = np.float32(row[NOISE] * np.sqrt(max(mean, 0.0)))
    theta, floor = np.float32(row[THETA]), np.float32(row[FLOOR])
    saturated = 0
    back = np.float32(0.0) if hard else np.float32(1.0)
    for i in range(v.shape[0]):
        x = keep * v[i] + drive + from_e * g_e[i] + from_i * g_i[i] + sd * noise[i]
        spike = x >= theta
        after = back * (x - theta)
        x = after if spike else x
        saturated += x >= theta
        v[i] = x if x > floor else floor
        fired[i] = spike
    return saturated


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def hold_refractory(v: np.ndarray, wait: np.ndarray, fired: np.ndarray, steps: np.int16) -> None:
    """Keep cells at the reset voltage until their refractory period is over."""
    for i in range(v.shape[0]):
        held = wait[i] > 0
        spike = (fired[i] != 0) & (not held)
        v[i] = np.float32(0.0) if held else v[i]
        fired[i] = spike
        left = np.int16(wait[i] - np.int16(1)) if held else np.int16(0)
        wait[i] = steps if spike else left


@njit(nogil=True, cache=True, inline="always")
def decay_and_add(g: np.ndarray, counts: np.ndarray, decay: np.float32, charge: np.float32) -> None:
    """g <- decay g + charge counts."""
    for i in range(g.shape[0]):
        g[i] = decay * g[i] + charge * np.float32(counts[i])


@njit(nogil=True, cache=True, inline="always")
def list_spikes(fired: np.ndarray, out: np.ndarray, first: int, n: int) -> int:
    """Append the numbers of the marked cells below ``n``; returns the new length of the list.

    ``fired`` is read eight cells at a time, which costs nothing while most words are zero.
    """
    words = fired.view(np.uint64)
    place = first
    for m in range((n + 7) // 8):
        if words[m] != 0:
            for i in range(8 * m, min(8 * m + 8, n)):
                if fired[i]:
                    out[place] = i
                    place += 1
    return place


@njit(nogil=True, cache=True, inline="always")
def _count(
    rows: np.ndarray, first: int, last: int, wiring: tuple[np.ndarray, ...], counts: np.ndarray
) -> None:
    """Count spikes arriving at every cell from sources rows[first:last], at most MAX_ROWS."""
    bits, pointers, targets, scratch = wiring
    n = last - first
    if bits.shape[1] > 0:
        for k in range(n):
            scratch[k] = rows[first + k]
        count_rows(bits, scratch, n, counts)
        return
    counts[:] = 0
    for k in range(first, last):
        for m in range(pointers[rows[k]], pointers[rows[k] + 1]):
            counts[targets[m]] += np.uint8(1)


@njit(nogil=True, cache=True, inline="always")
def _deliver(
    g: np.ndarray,
    decay: float,
    charge: float,
    rows: np.ndarray,
    first: int,
    last: int,
    wiring: tuple[np.ndarray, ...],
    counts: np.ndarray,
) -> None:
    """Decay the currents of one source class and add its spikes, MAX_ROWS at a time."""
    end = min(first + MAX_ROWS, last)
    _count(rows, first, end, wiring, counts)
    decay_and_add(g, counts, np.float32(decay), np.float32(charge))
    while end < last:
        start = end
        end = min(start + MAX_ROWS, last)
        _count(rows, start, end, wiring, counts)
        decay_and_add(g, counts, np.float32(1.0), np.float32(charge))


@njit(nogil=True, cache=True, error_model="numpy")
def advance_homogeneous(
    v: np.ndarray,
    g_e: np.ndarray,
    g_i: np.ndarray,
    wait: np.ndarray,
    n_e: int,
    n: int,
    table: np.ndarray,
    decays: np.ndarray,
    charges: np.ndarray,
    refractory_steps: int,
    hard: bool,
    mean: np.ndarray,
    seed: int,
    first_step: int,
    bits: np.ndarray,
    pointers: np.ndarray,
    targets: np.ndarray,
    out_step: np.ndarray,
    out_index: np.ndarray,
) -> tuple[int, int, int]:
    """Advance two populations; returns (steps done, spikes written, saturated cells).

    Stops early when the event arrays could overflow, so that the caller can empty them.

    Parameters
    ----------
    v, g_e, g_i, wait : state, padded; cells 0 to n_e - 1 are E, n_e to n - 1 are I.
    table : float64, shape (2, 8): coefficients of the E and the I population,
        v <- KEEP v + (DRIVE mean + REST) + FROM_E g_e + FROM_I g_i + NOISE sqrt(mean) xi.
    decays, charges : float64, shape (2,): exp(-dt / tau_s) and 1 / tau_s of E and I synapses.
    mean : float64, shape (steps,): mu_F at the start of every step.
    bits : bit rows, or an array of no columns; then ``pointers`` and ``targets`` are used.
    """
    size = v.shape[0]
    noise = np.zeros(size, np.float32)
    fired = np.zeros(size, np.uint8)
    counts = np.zeros(size, np.uint8)
    wiring = (bits, pointers, targets, np.zeros(MAX_ROWS + 4, np.uint32))
    n_events = 0
    saturated = 0
    for k in range(mean.shape[0]):
        start = n_events
        if start + n > out_index.shape[0]:
            return k, start, saturated
        if mean[k] > 0.0 and (table[0, NOISE] != 0.0 or table[1, NOISE] != 0.0):
            fill_normals(noise, seed, 1, first_step + k)
        for a in range(2):
            part = slice(0, n_e) if a == 0 else slice(n_e, n)
            saturated += integrate(
                v[part], g_e[part], g_i[part], noise[part], fired[part], table[a], mean[k], hard
            )
        if refractory_steps > 0:
            hold_refractory(v, wait, fired, np.int16(refractory_steps))
        n_events = list_spikes(fired, out_index, start, n)
        border = start
        for m in range(start, n_events):
            out_step[m] = first_step + k
            border += out_index[m] < n_e
        _deliver(g_e, decays[0], charges[0], out_index, start, border, wiring, counts)
        _deliver(g_i, decays[1], charges[1], out_index, border, n_events, wiring, counts)
    return mean.shape[0], n_events, saturated
