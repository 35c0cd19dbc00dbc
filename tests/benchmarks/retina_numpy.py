"""A good numpy implementation of the gap-junction sheet: the peer, and the oracle of the tests.

Separable neighbour sums, in-place operations, float32, noise drawn for 100 steps at once, event
lists only when cells fire. It adds in the same order as the compiled kernel, so the same noise
gives the same spikes.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from backend.spiking.gap_junction import SheetSettings, partner_counts

NoiseSource = Callable[[int, int], np.ndarray]
"""(first step, steps) -> (steps, H, W) float32 standard normals."""


def generator_noise(seed: int, shape: tuple[int, int]) -> NoiseSource:
    """Noise from numpy's own generator."""
    rng = np.random.default_rng(seed)
    return lambda first, steps: rng.standard_normal((steps, *shape), dtype=np.float32)


def simulate(
    drive: np.ndarray,
    initial: np.ndarray,
    settings: SheetSettings,
    noise: NoiseSource,
    n_steps: int,
    dt: float = 0.01,
    dtype: type = np.float32,
) -> tuple[np.ndarray, np.ndarray]:
    """Step and flat cell index of every spike; ``initial`` (H, W) voltages."""
    height, width = drive.shape
    leak, coupling = dtype(dt / settings.tau), dtype(settings.coupling)
    amplitude = dtype(settings.noise / settings.tau * math.sqrt(dt))
    spikelet = dtype(settings.spikelet * settings.tau / dt)
    threshold = dtype(settings.threshold)
    clamped_steps = math.ceil((settings.refractory - 1e-9) / dt)
    partners = partner_counts(height, width, settings.neighbours).astype(dtype)
    mu = drive.astype(dtype)
    seen = np.zeros((height + 2, width + 2), dtype)
    voltage = initial.astype(dtype)
    free_at = np.zeros((height, width), np.int64)
    pair, triple = np.empty((height + 2, width), dtype), np.empty((height + 2, width), dtype)
    around, change = np.empty_like(voltage), np.empty_like(voltage)
    steps, cells = [], []
    just = None
    for step in range(n_steps):
        if step % 100 == 0:
            draws = noise(step, min(100, n_steps - step)).astype(dtype, copy=False)
        seen[1:-1, 1:-1] = voltage
        if just is not None:
            seen[1:-1, 1:-1].flat[just] = spikelet  # the jump of neighbours, as a voltage
        np.add(seen[:, :-2], seen[:, 2:], out=pair)
        if settings.neighbours == 8:
            np.add(pair, seen[:, 1:-1], out=triple)
            np.add(triple[:-2], triple[2:], out=around)
        else:
            np.add(seen[:-2, 1:-1], seen[2:, 1:-1], out=around)
        around += pair[1:-1]
        np.multiply(partners, voltage, out=change)
        np.subtract(around, change, out=around)
        around *= coupling
        np.subtract(mu, voltage, out=change)
        change += around
        change *= leak
        z = draws[step % 100]
        z *= amplitude
        change += z
        voltage += change
        voltage[free_at > step] = 0
        just = None
        if voltage.max() >= threshold:
            just = np.flatnonzero(voltage >= threshold)
            voltage.flat[just] = 0
            free_at.flat[just] = step + clamped_steps
            steps.append(np.full(just.size, step))
            cells.append(just)
    if not steps:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    return np.concatenate(steps), np.concatenate(cells)
