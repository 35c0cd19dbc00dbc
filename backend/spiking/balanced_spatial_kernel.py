"""Step kernel of the spatial network: camera, excitatory and inhibitory layer.

Source: 01-ei-balanced-network, sections 4.1 and 4.2; spec sections 2.1 and 2.4 to 2.6.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from backend.spiking.balanced_kernel import list_spikes
from backend.spiking.balanced_random import fill_normals

DISCS, FILM, PHOTO, EVENTS = range(4)
FROM_F, FROM_E, FROM_I, THETA, FLOOR = range(5)
"""Columns of the coefficient table: v <- v + FROM_F g_F + FROM_E g_E + FROM_I g_I."""


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _light_discs(
    light: np.ndarray, x: np.ndarray, y: np.ndarray, discs: np.ndarray, radius: float
) -> None:
    """Brightness of every camera cell; where discs overlap the brighter one counts."""
    rim = (radius + 1e-9) ** 2
    for d in range(discs.shape[0]):
        cx, cy = discs[d, 0], discs[d, 1]
        value = np.float32(discs[d, 2])
        for i in range(light.shape[0]):
            dx = x[i] - cx
            dy = y[i] - cy
            lit = value if dx * dx + dy * dy <= rim else np.float32(0.0)
            light[i] = lit if d == 0 else max(light[i], lit)


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _light_photo(
    light: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    photo: np.ndarray,
    corner: np.ndarray,
    amplitude: np.float32,
) -> None:
    """Nearest pixel of the window for every camera cell."""
    height, width = photo.shape
    for i in range(light.shape[0]):
        column = min(max(int(corner[0] + x[i] * corner[2]), 0), width - 1)
        row = min(max(int(corner[1] + y[i] * corner[2]), 0), height - 1)
        light[i] = amplitude * photo[row, column]


@njit(nogil=True, cache=True, inline="always")
def _light_film(light: np.ndarray, frame: np.ndarray, amplitude: np.float32) -> None:
    """Brightness of a grey frame."""
    for i in range(light.shape[0]):
        light[i] = amplitude * frame[i]


@njit(nogil=True, cache=True, inline="always")
def _replay(
    fired: np.ndarray, shown: np.ndarray, frame_ends: np.ndarray, events: np.ndarray
) -> None:
    """Spikes of the recorded frames that begin in this step, the recording repeated."""
    fired[:] = 0
    for frame in range(int(shown[0]), int(shown[1])):
        t = frame % (frame_ends.shape[0] - 1)
        for m in range(frame_ends[t], frame_ends[t + 1]):
            fired[events[m]] = 1


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _camera(
    v: np.ndarray,
    light: np.ndarray,
    noise: np.ndarray,
    fired: np.ndarray,
    numbers: np.ndarray,
    hard: bool,
) -> int:
    """Advance the camera cells; returns how many stay above threshold after the reset."""
    gain, rest, sd = np.float32(numbers[0]), np.float32(numbers[1]), np.float32(numbers[2])
    theta, floor = np.float32(numbers[3]), np.float32(numbers[4])
    saturated = 0
    back = np.float32(0.0) if hard else np.float32(1.0)
    for i in range(v.shape[0]):
        x = v[i] + gain * light[i] + rest + sd * noise[i]
        spike = x >= theta
        after = back * (x - theta)
        x = after if spike else x
        saturated += x >= theta
        v[i] = x if x > floor else floor
        fired[i] = spike
    return saturated


@njit(nogil=True, cache=True, error_model="numpy", inline="always")
def _cortex(
    v: np.ndarray,
    g_f: np.ndarray,
    g_e: np.ndarray,
    g_i: np.ndarray,
    fired: np.ndarray,
    row: np.ndarray,
    hard: bool,
) -> int:
    """Advance one recurrent layer; returns how many stay above threshold after the reset."""
    from_f, from_e = np.float32(row[FROM_F]), np.float32(row[FROM_E])
    from_i, theta = np.float32(row[FROM_I]), np.float32(row[THETA])
    floor = np.float32(row[FLOOR])
    back = np.float32(0.0) if hard else np.float32(1.0)
    saturated = 0
    for i in range(v.shape[0]):
        x = v[i] + from_f * g_f[i] + from_e * g_e[i] + from_i * g_i[i]
        spike = x >= theta
        after = back * (x - theta)
        x = after if spike else x
        saturated += x >= theta
        v[i] = x if x > floor else floor
        fired[i] = spike
    return saturated


@njit(nogil=True, cache=True, inline="always")
def _decay(g: np.ndarray, factor: np.float32) -> None:
    for i in range(g.shape[0]):
        g[i] *= factor


@njit(nogil=True, cache=True, inline="always")
def _scatter(
    g: np.ndarray,
    pointers: np.ndarray,
    targets: np.ndarray,
    cells: np.ndarray,
    first: int,
    last: int,
    charge: np.float32,
) -> None:
    """Add the spikes of cells[first:last] to their targets; synapses on one pair add up."""
    for k in range(first, last):
        for m in range(pointers[cells[k]], pointers[cells[k] + 1]):
            g[targets[m]] += charge


@njit(nogil=True, cache=True, inline="always")
def _deliver(
    g_e: np.ndarray,
    g_i: np.ndarray,
    decays: np.ndarray,
    charges: np.ndarray,
    wiring: tuple[np.ndarray, ...],
    cells: np.ndarray,
    ends: tuple[int, int, int, int],
) -> None:
    """Decay all currents and add the spikes of F, E and I, which stand one after the other."""
    for b in range(3):
        _decay(g_e[b], np.float32(decays[b]))
        _decay(g_i[b], np.float32(decays[b]))
    charge_f, charge_e = np.float32(charges[0]), np.float32(charges[1])
    charge_i = np.float32(charges[2])
    _scatter(g_e[0], wiring[0], wiring[1], cells, ends[0], ends[1], charge_f)
    _scatter(g_i[0], wiring[2], wiring[3], cells, ends[0], ends[1], charge_f)
    _scatter(g_e[1], wiring[4], wiring[5], cells, ends[1], ends[2], charge_e)
    _scatter(g_i[1], wiring[6], wiring[7], cells, ends[1], ends[2], charge_e)
    _scatter(g_e[2], wiring[8], wiring[9], cells, ends[2], ends[3], charge_i)
    _scatter(g_i[2], wiring[10], wiring[11], cells, ends[2], ends[3], charge_i)


@njit(nogil=True, cache=True, error_model="numpy")
def advance_spatial(
    v_f: np.ndarray,
    v_e: np.ndarray,
    v_i: np.ndarray,
    g_e: np.ndarray,
    g_i: np.ndarray,
    sizes: tuple[int, int, int],
    table: np.ndarray,
    camera: np.ndarray,
    decays: np.ndarray,
    charges: np.ndarray,
    hard: bool,
    wiring: tuple[np.ndarray, ...],
    kind: int,
    x: np.ndarray,
    y: np.ndarray,
    numbers: np.ndarray,
    radius: float,
    picture: np.ndarray,
    amplitude: float,
    frame_ends: np.ndarray,
    events: np.ndarray,
    seed: int,
    first_step: int,
    out_step: np.ndarray,
    out_cell: np.ndarray,
    borders: np.ndarray,
) -> tuple[int, int, int]:
    """Advance the network; returns (steps done, spikes written, saturated cells).

    Parameters
    ----------
    v_f, v_e, v_i : voltages, padded. g_e, g_i : currents into E and I from (F, E, I), (3, cells).
    sizes : cells of F, E, I.
    table : float64 (2, 5), rows E and I; see the column names of this module.
    camera : (gain, rest, sd, theta, floor) of the camera layer.
    decays, charges : exp(-dt / tau_s) and 1 / tau_s of F, E, I synapses.
    wiring : pointers and targets of EF, IF, EE, IE, EI, II.
    kind, numbers, radius, picture, amplitude, frame_ends, events : the stimulus; per step
        ``numbers`` holds discs (steps, n, 3), the frame number or the window's corner
        (steps, 1, 1 to 3), or the range of event frames; ``picture`` is frames (T, cells) or a
        photograph (H, W); events of frame t are events[frame_ends[t]:frame_ends[t + 1]].
    out_step, out_cell, borders : spikes, in each step F then E then I; ``borders`` (steps, 3) are
        the ends of the three stretches.
    """
    n_f, n_e, n_i = sizes
    noise = np.zeros(v_f.shape[0], np.float32)
    light = np.zeros(n_f, np.float32)
    fired_f = np.zeros(v_f.shape[0], np.uint8)
    fired_e = np.zeros(v_e.shape[0], np.uint8)
    fired_i = np.zeros(v_i.shape[0], np.uint8)
    done_events = 0
    saturated = 0
    steps = borders.shape[0]
    for k in range(steps):
        start = done_events
        if start + n_f + n_e + n_i > out_cell.shape[0]:
            return k, start, saturated
        if kind == EVENTS:
            _replay(fired_f, numbers[k, 0], frame_ends, events)
        else:
            if kind == DISCS:
                _light_discs(light, x, y, numbers[k], radius)
            elif kind == FILM:
                _light_film(light, picture[int(numbers[k, 0, 0])], np.float32(amplitude))
            else:
                _light_photo(light, x, y, picture, numbers[k, 0], np.float32(amplitude))
            if camera[2] > 0.0:
                fill_normals(noise, seed, 3, first_step + k)
            saturated += _camera(v_f[:n_f], light, noise[:n_f], fired_f[:n_f], camera, hard)
        saturated += _cortex(
            v_e[:n_e], g_e[0, :n_e], g_e[1, :n_e], g_e[2, :n_e], fired_e[:n_e], table[0], hard
        )
        saturated += _cortex(
            v_i[:n_i], g_i[0, :n_i], g_i[1, :n_i], g_i[2, :n_i], fired_i[:n_i], table[1], hard
        )
        end_f = list_spikes(fired_f, out_cell, start, n_f)
        end_e = list_spikes(fired_e, out_cell, end_f, n_e)
        end_i = list_spikes(fired_i, out_cell, end_e, n_i)
        _deliver(g_e, g_i, decays, charges, wiring, out_cell, (start, end_f, end_e, end_i))
        for m in range(start, end_i):
            out_step[m] = first_step + k
        borders[k, 0] = end_f
        borders[k, 1] = end_e
        borders[k, 2] = end_i
        done_events = end_i
    return steps, done_events, saturated
