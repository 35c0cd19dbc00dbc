"""The compiled steps of the gap-junction sheet (02-gap-junction-topology, Eqs. 1-8).

A step is two passes over the sheet: sums of three neighbours in a row, then everything else (sum of
the rows, leak, drive, noise, refractory clamp, threshold test) in one loop. Both run over the whole
sheet as one flat array in single precision, so that a vector register holds up to sixteen cells;
rounding is a thousandth of a step's noise.

Layout: rows have one cell of padding on each side, ``stride`` = width + 2, and the sheet one row
above and below. A *place* is row x stride + column + 1. Padding stays at zero because it is marked
as refractory for ever. The spikelet needs no pass of its own: a cell that spiked in the step before
stands in the sheet, for its neighbours and for one step, at the voltage whose coupling current
equals the spikelet, gamma tau / dt.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from backend.spiking.random_stream import fill_bits, fill_normal, normal_at

NEVER = -(2**30)
"""Step of the last spike of a cell that has not fired."""

PADDING = 2**30
"""The same for padding: a spike in the far future clamps it for ever."""

COUNT_RING = 1 << 15
"""Steps of the sheet's spike count that are kept for the delay to the read-out neuron."""

SHEET_NOISE, READOUT_NOISE, INITIAL_VOLTAGE = 0, 1, 2
"""Streams of one seed."""

STEP, JUST_SPIKED, EVENTS, READOUT_LAST = range(4)
"""Slots of the integer state: next step, cells that spiked in the last one, events recorded,
step of the read-out neuron's last spike."""

_MASK = COUNT_RING - 1


@nb.njit(nogil=True, cache=True)
def _sum_rows(voltage, pairs, triples):  # type: ignore[no-untyped-def]
    """Left + right, and left + right + own, for every place but the two ends."""
    for i in range(voltage.size - 2):
        pair = voltage[i] + voltage[i + 2]
        pairs[i + 1] = pair
        triples[i + 1] = pair + voltage[i + 1]


@nb.njit(nogil=True, cache=True)
def _update(above, beside, below, old, new, drive, partners, last, z, f, step, refractory):  # type: ignore[no-untyped-def]
    """New voltage of every place; returns how many reach threshold.

    The neighbour sum is above + beside + below; ``f`` holds dt/tau, J, (s/tau) sqrt(dt),
    gamma tau/dt and V_th.
    """
    zero = np.float32(0.0)
    leak, coupling, noise, threshold = f[0], f[1], f[2], f[4]
    hits = np.int32(0)
    for i in range(drive.size):
        around = (above[i] + below[i]) + beside[i]
        since = step - last[i]
        v = zero if since == 1 else old[i]
        v += leak * (drive[i] - v + coupling * (around - partners[i] * v)) + noise * z[i]
        v = zero if since < refractory else v
        new[i] = v
        hits += np.int32(v >= threshold)
    return hits


@nb.njit(nogil=True, cache=True)
def _count_above(row, threshold):  # type: ignore[no-untyped-def]
    hits = np.int32(0)
    for i in range(row.size):
        hits += np.int32(row[i] >= threshold)
    return hits


@nb.njit(nogil=True, cache=True)
def _reset_spiking(voltage, last, stride, threshold, step, spiked):  # type: ignore[no-untyped-def]
    """Reset the places that reached threshold and list them in ``spiked``; returns their number."""
    n = 0
    for start in range(0, voltage.size, stride):
        if _count_above(voltage[start : start + stride], threshold) == 0:
            continue
        for i in range(start, start + stride):
            if voltage[i] >= threshold:
                voltage[i] = np.float32(0.0)
                last[i] = step
                spiked[n] = i
                n += 1
    return n


@nb.njit(nogil=True, cache=True)
def _sheet_step(  # type: ignore[no-untyped-def]
    old, new, drive, partners, last, z, pairs, triples, spiked, n_spiked, stride, f, step,
    refractory, moore,
):  # fmt: skip
    """Advance the sheet by one step from ``old`` to ``new``; returns how many cells spike.

    ``spiked[:n_spiked]`` lists the places that spiked in the step before and is overwritten with
    those of this step.
    """
    for e in range(n_spiked):
        old[spiked[e] + stride] = f[3]
    size = drive.size
    _sum_rows(old, pairs, triples)
    inside = slice(stride, stride + size)
    rows = triples if moore else old
    hits = _update(
        rows[:size], pairs[inside], rows[2 * stride : 2 * stride + size], old[inside],
        new[inside], drive, partners, last, z, f, step, refractory,
    )  # fmt: skip
    if hits == 0:
        return 0
    return _reset_spiking(new[inside], last, stride, f[4], step, spiked)


@nb.njit(nogil=True, cache=True)
def _readout_step(v, arriving, z, g, step, last, refractory):  # type: ignore[no-untyped-def]
    """Advance the read-out neuron; returns its voltage, and whether it spikes.

    ``g`` holds dt/tau_R, mu_noise, noise per step, J_R and V_th.
    """
    if step - last < refractory:
        return 0.0, False
    v += g[0] * (g[1] - v) + g[2] * z + g[3] * arriving
    if v >= g[4]:
        return 0.0, True
    return v, False


@nb.njit(nogil=True, cache=True)
def _record(places, stride, step, event_step, event_cell):  # type: ignore[no-untyped-def]
    """Write one step's spikes as events; a cell is row x width + column."""
    for e in range(places.size):
        row = places[e] // stride
        event_step[e] = step
        event_cell[e] = places[e] - 2 * row - 1


@nb.njit(nogil=True, cache=True)
def advance(  # type: ignore[no-untyped-def]
    n_steps, seed, voltage, scratch, drive, partners, last, spiked, counts, state, readout_v,
    event_step, event_cell, readout_trace, readout_spike, stride, f, refractory, moore, g,
    readout_refractory, delay,
):  # fmt: skip
    """Advance one sheet and its read-out neuron by at most ``n_steps``; returns the steps done.

    Stops early when the event buffers cannot hold a step in which every cell fires.

    Parameters
    ----------
    voltage, scratch : (rows + 2) x stride float32; ``scratch`` starts at zero.
    drive, partners, last, spiked : rows x stride (float32, float32, int32, int32).
    counts : ring of spikes per step; ``state`` the integer slots; ``readout_v`` one voltage.
    readout_trace, readout_spike : the read-out neuron's voltage and spikes of the steps done.
    """
    size = drive.size
    z = np.empty((size + 63) // 64 * 64, np.float32)
    pairs, triples = np.zeros_like(voltage), np.zeros_like(voltage)
    old, new = voltage, scratch
    done = 0
    while done < n_steps:
        n_events = state[EVENTS]
        if n_events + size > event_step.size:
            break
        step = np.int32(state[STEP])
        fill_normal(z, seed, SHEET_NOISE, step)
        n = _sheet_step(
            old, new, drive, partners, last, z, pairs, triples, spiked, state[JUST_SPIKED], stride,
            f, step, refractory, moore,
        )  # fmt: skip
        _record(spiked[:n], stride, step, event_step[n_events:], event_cell[n_events:])
        counts[step & _MASK] = n
        arriving = counts[(step - delay) & _MASK] if step >= delay else 0
        v, spikes = _readout_step(
            readout_v[0], arriving, normal_at(seed, READOUT_NOISE, step), g, step,
            state[READOUT_LAST], readout_refractory,
        )  # fmt: skip
        if spikes:
            state[READOUT_LAST] = step
        readout_v[0] = v
        readout_trace[done] = v
        readout_spike[done] = spikes
        state[JUST_SPIKED] = n
        state[EVENTS] = n_events + n
        state[STEP] = step + 1
        old, new = new, old
        done += 1
    if done % 2 == 1:
        voltage[:] = scratch
    return done


@nb.njit(nogil=True, cache=True)
def initial_voltage(voltage, stride, seed, threshold, gaussian):  # type: ignore[no-untyped-def]
    """Fill the inside of the padded sheet with random voltages below threshold (float32).

    Gaussian: mean V_th / 2, SD V_th / 6, clipped to [0, 0.99 V_th]; else uniform in [0, V_th).
    """
    size = voltage.size - 2 * stride
    padded = (size + 63) // 64 * 64
    z = np.empty(padded, np.float32)
    words = np.empty(padded, np.uint32)
    if gaussian:
        fill_normal(z, seed, INITIAL_VOLTAGE, 0)
    else:
        fill_bits(words, seed, INITIAL_VOLTAGE, 0)
    half, sixth = threshold / np.float32(2.0), threshold / np.float32(6.0)
    for i in range(size):
        if i % stride == 0 or i % stride == stride - 1:
            continue
        if gaussian:
            v = min(max(half + sixth * z[i], np.float32(0.0)), np.float32(0.99) * threshold)
        else:
            v = threshold * np.float32(words[i] >> np.uint32(8)) * np.float32(2.0**-24)
        voltage[stride + i] = v


@nb.njit(nogil=True, cache=True)
def advance_trials(  # type: ignore[no-untyped-def]
    first, until, seeds, voltage, scratch, drive, partners, last, spiked, counts, state,
    readout_v, event_step, event_cell, readout_trace, readout_spike, stride, f, refractory, moore,
    g, readout_refractory, delay,
):  # fmt: skip
    """Advance every trial from ``first`` to step ``until``; returns the first unfinished trial.

    All arrays have the trial as first axis, apart from ``partners``, ``scratch`` and the scalars.
    """
    for t in range(first, seeds.size):
        step = state[t, STEP]
        wanted = until - step
        done = advance(
            wanted, seeds[t], voltage[t], scratch, drive[t], partners, last[t], spiked[t],
            counts[t], state[t], readout_v[t], event_step[t], event_cell[t],
            readout_trace[t, step:until], readout_spike[t, step:until], stride, f, refractory,
            moore, g, readout_refractory, delay,
        )  # fmt: skip
        if done < wanted:
            return t
    return seeds.size
