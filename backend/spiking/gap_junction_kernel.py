"""The compiled steps of the gap-junction sheet (02-gap-junction-topology, Eqs. 1-8).

One step of the sheet is one fused pass over the rows: neighbour sum, leak, drive, noise,
refractory clamp and threshold test, in single precision so that sixteen cells fit one vector
register (its rounding error is a thousandth of the noise). Only rows with a spike are visited again. The
spikelet needs no pass of its own: a cell that spiked in the step before stands in the sheet, for
its neighbours and for one step, at the voltage whose coupling current equals the spikelet,
gamma tau / dt.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from backend.spiking.random_stream import fill_bits, fill_normal, normal_at

NEVER = -(2**30)
"""Step of the last spike of a cell that has not fired."""

COUNT_RING = 1 << 15
"""Steps of the sheet's spike count that are kept for the delay to the read-out neuron."""

SHEET_NOISE, READOUT_NOISE, INITIAL_VOLTAGE = 0, 1, 2
"""Streams of one seed."""

STEP, JUST_SPIKED, EVENTS, READOUT_LAST = range(4)
"""Slots of the integer state: next step, cells that spiked in the last one, events recorded,
step of the read-out neuron's last spike."""

SHEET_SCALARS = ("leak", "coupling", "noise", "spikelet", "threshold")
"""Per step: dt/tau, J, (s/tau) sqrt(dt), gamma tau/dt, V_th."""

READOUT_SCALARS = ("leak", "mean", "noise", "weight", "threshold")
"""Per step: dt/tau_R, mu_noise, noise per step, J_R, V_th."""

_MASK = COUNT_RING - 1


@nb.njit(nogil=True, cache=True)
def _row_of_8(up, here, down, out, mu, partners, fired, z, f, step, refractory):  # type: ignore[no-untyped-def]
    """Advance one row with 8 neighbours; returns how many of its cells reach threshold."""
    zero = np.float32(0.0)
    leak, coupling, noise, threshold = f[0], f[1], f[2], f[4]
    hits = np.int32(0)
    for c in range(mu.size):
        around = ((up[c] + up[c + 1]) + (up[c + 2] + here[c])) + (
            (here[c + 2] + down[c]) + (down[c + 1] + down[c + 2])
        )
        since = step - fired[c]
        v = zero if since == 1 else here[c + 1]
        v += leak * (mu[c] - v + coupling * (around - partners[c] * v)) + noise * z[c]
        v = zero if since < refractory else v
        out[c + 1] = v
        hits += np.int32(v >= threshold)
    return hits


@nb.njit(nogil=True, cache=True)
def _row_of_4(up, here, down, out, mu, partners, fired, z, f, step, refractory):  # type: ignore[no-untyped-def]
    """Advance one row with 4 neighbours; returns how many of its cells reach threshold."""
    zero = np.float32(0.0)
    leak, coupling, noise, threshold = f[0], f[1], f[2], f[4]
    hits = np.int32(0)
    for c in range(mu.size):
        around = (up[c + 1] + here[c]) + (here[c + 2] + down[c + 1])
        since = step - fired[c]
        v = zero if since == 1 else here[c + 1]
        v += leak * (mu[c] - v + coupling * (around - partners[c] * v)) + noise * z[c]
        v = zero if since < refractory else v
        out[c + 1] = v
        hits += np.int32(v >= threshold)
    return hits


@nb.njit(nogil=True, cache=True)
def _collect_row(out, fired, threshold, step, first_cell, spiked, n_spiked):  # type: ignore[no-untyped-def]
    """Reset the cells of a row that reached threshold and list them; returns the new count."""
    for c in range(fired.size):
        if out[c + 1] >= threshold:
            out[c + 1] = np.float32(0.0)
            fired[c] = step
            spiked[n_spiked] = first_cell + c
            n_spiked += 1
    return n_spiked


@nb.njit(nogil=True, cache=True)
def _sheet_step(  # type: ignore[no-untyped-def]
    old, new, drive, partners, last, z, spiked, n_spiked, f, step, refractory, moore
):
    """Advance the whole sheet by one step from ``old`` to ``new``.

    ``spiked[:n_spiked]`` lists the cells that spiked in the step before; it is overwritten with
    those of this step, whose number is returned.
    """
    height, width = drive.shape
    for e in range(n_spiked):
        old[spiked[e] // width + 1, spiked[e] % width + 1] = f[3]
    n_spiked = 0
    for r in range(height):
        row = z[r * width : (r + 1) * width]
        if moore:
            hits = _row_of_8(
                old[r], old[r + 1], old[r + 2], new[r + 1], drive[r], partners[r], last[r],
                row, f, step, refractory,
            )  # fmt: skip
        else:
            hits = _row_of_4(
                old[r], old[r + 1], old[r + 2], new[r + 1], drive[r], partners[r], last[r],
                row, f, step, refractory,
            )  # fmt: skip
        if hits > 0:
            n_spiked = _collect_row(new[r + 1], last[r], f[4], step, r * width, spiked, n_spiked)
    return n_spiked


@nb.njit(nogil=True, cache=True)
def _readout_step(v, arriving, z, g, step, last, refractory):  # type: ignore[no-untyped-def]
    """Advance the read-out neuron; returns its voltage, and whether it spikes."""
    if step - last < refractory:
        return 0.0, False
    v += g[0] * (g[1] - v) + g[2] * z + g[3] * arriving
    if v >= g[4]:
        return 0.0, True
    return v, False


@nb.njit(nogil=True, cache=True)
def advance(  # type: ignore[no-untyped-def]
    n_steps, seed, voltage, scratch, drive, partners, last, spiked, counts, state, readout_v,
    event_step, event_cell, readout_trace, readout_spike, f, refractory, moore, g,
    readout_refractory, delay,
):  # fmt: skip
    """Advance one sheet and its read-out neuron by at most ``n_steps``; returns the steps done.

    Stops early when the event buffers cannot hold a step in which every cell fires. ``voltage`` and
    ``scratch`` are padded by one cell of zeros on each side (float32); ``last`` holds the step of
    each cell's last spike (int32); ``counts`` is the ring of spikes per step; ``readout_trace`` and
    ``readout_spike`` receive the read-out neuron's voltage and spikes of the steps done.
    """
    cells = drive.size
    z = np.empty((cells + 63) // 64 * 64, np.float32)
    old, new = voltage, scratch
    done = 0
    while done < n_steps:
        n_events = state[EVENTS]
        if n_events + cells > event_step.size:
            break
        step = np.int32(state[STEP])
        fill_normal(z, seed, SHEET_NOISE, step)
        n = _sheet_step(
            old, new, drive, partners, last, z, spiked, state[JUST_SPIKED], f, step, refractory,
            moore,
        )  # fmt: skip
        event_step[n_events : n_events + n] = step
        event_cell[n_events : n_events + n] = spiked[:n]
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
def initial_voltage(voltage, seed, threshold, gaussian):  # type: ignore[no-untyped-def]
    """Fill the inside of the padded sheet with random voltages below threshold (float32).

    Gaussian: mean V_th / 2, SD V_th / 6, clipped to [0, 0.99 V_th]; else uniform in [0, V_th).
    """
    height, width = voltage.shape[0] - 2, voltage.shape[1] - 2
    padded = (height * width + 63) // 64 * 64
    z = np.empty(padded, np.float32)
    words = np.empty(padded, np.uint32)
    if gaussian:
        fill_normal(z, seed, INITIAL_VOLTAGE, 0)
    else:
        fill_bits(words, seed, INITIAL_VOLTAGE, 0)
    half, sixth = threshold / np.float32(2.0), threshold / np.float32(6.0)
    for r in range(height):
        for c in range(width):
            i = r * width + c
            if gaussian:
                v = half + sixth * z[i]
                v = min(max(v, np.float32(0.0)), np.float32(0.99) * threshold)
            else:
                v = threshold * np.float32(words[i] >> np.uint32(8)) * np.float32(2.0**-24)
            voltage[r + 1, c + 1] = v


@nb.njit(nogil=True, cache=True)
def advance_trials(  # type: ignore[no-untyped-def]
    first, until, seeds, voltage, scratch, drive, partners, last, spiked, counts, state,
    readout_v, event_step, event_cell, readout_trace, readout_spike, f, refractory, moore, g,
    readout_refractory, delay,
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
            readout_trace[t, step:until], readout_spike[t, step:until], f, refractory, moore, g,
            readout_refractory, delay,
        )  # fmt: skip
        if done < wanted:
            return t
    return seeds.size
