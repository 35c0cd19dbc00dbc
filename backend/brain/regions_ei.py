"""Regions of excitatory and inhibitory Izhikevich neurons on a connectome (13, section 2.4).

Within a region every ordered pair is connected with probability one half; between regions
excitatory neurons are, in proportion to the fibres. Only spikes are delivered, to target lists
grouped by the kind of synapse, so that every weight may change while it runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from backend.brain.random_words import failures, uniform, word

EXCITATORY, INHIBITORY = 100, 25
NEURONS = EXCITATORY + INHIBITORY
WITHIN = 0.5
BETWEEN = 0.5
"""Probability of a pair of neurons in regions joined by the most fibres."""
NOISE_TABLE = 1 << 20
PEAK_MV = 30.0


@dataclass(frozen=True)
class Weights:
    """Synapses (mV a spike) and noise (SD a ms); all may change while it runs.

    ``ee`` is the E/I ratio, because inhibition onto itself is -1.
    """

    ee: float = 2.025
    ei: float = 1.0
    ie: float = -1.0
    ii: float = -1.0
    between: float = 0.15
    noise_e: float = 5.0
    noise_i: float = 2.5

    @property
    def numbers(self) -> np.ndarray:
        """(7,) float32 for the compiled loop."""
        return np.array([self.ee, self.ei, self.ie, self.ii, self.between, self.noise_e,
                         self.noise_i], np.float32)  # fmt: skip


class Regions:
    """The network of all regions, going on from where it is.

    Parameters
    ----------
    counts : (n_region, n_region) fibres; only their share of the largest matters.
    weights : of synapses and noise. seed : of cells, connections and noise.
    inhibitory_b : highest b of inhibitory neurons: 0.25, or 0.2 as the paper prints it (8.4).
    """

    def __init__(
        self, counts: np.ndarray, weights: Weights = Weights(), seed: int = 0,
        inhibitory_b: float = 0.25,
    ) -> None:  # fmt: skip
        self.weights = weights
        regions = len(counts)
        rng = np.random.default_rng(seed)
        r = rng.uniform(0, 1, regions * NEURONS).astype(np.float32)
        e = np.arange(regions * NEURONS) % NEURONS < EXCITATORY
        self.cells = np.stack([
            np.where(e, 0.02, 0.02 + 0.08 * r),
            np.where(e, 0.2, inhibitory_b - 0.05 * r),
            np.where(e, -65 + 15 * r**2, -65.0),
            np.where(e, 8 - 6 * r**2, 2.0),
        ]).astype(np.float32)  # fmt: skip
        self.state = np.empty((3, regions * NEURONS), np.float32)
        self.state[0] = -65.0
        self.state[1] = self.cells[1] * self.state[0]
        self.state[2] = 0.0
        self.noise = rng.standard_normal(NOISE_TABLE + NEURONS).astype(np.float32)
        self.random = rng.integers(0, 2**63, 1, dtype=np.uint64)
        share = BETWEEN * np.asarray(counts, float) / max(float(np.max(counts)), 1.0)
        wiring = self.random.copy()
        self.ends = np.zeros((regions * NEURONS, 4), np.int64)
        total = wire(wiring, share, self.ends, np.empty(0, np.uint16))
        self.targets = np.empty(total, np.uint16)
        wire(self.random, share, self.ends, self.targets)

    @property
    def synapses(self) -> int:
        """Connections in all."""
        return len(self.targets)

    def advance(self, ms: int, spikes: np.ndarray | None = None) -> tuple[np.ndarray, int]:
        """Go on; spikes of each region in each ms (ms, n_region) uint8.

        ``spikes`` (n, 2) int32 takes (ms, neuron) of as many spikes as it has rows for; the second
        result says how many it took.
        """
        counts = np.zeros((ms, self.state.shape[1] // NEURONS), np.uint8)
        events = np.empty((0, 2), np.int32) if spikes is None else spikes
        kept = advance(self.state, self.cells, self.ends, self.targets, self.noise, self.random,
                       self.weights.numbers, counts, events)  # fmt: skip
        return counts, int(kept)


@nb.njit(nogil=True, cache=True, boundscheck=False)
def wire(random, share, ends, targets):  # type: ignore[no-untyped-def]
    """Target lists: within the region excitatory, then inhibitory; then other regions.

    With no room in ``targets`` it only counts; the same words then give the same lists.
    """
    regions = len(share)
    write = targets.size > 0
    at = 0
    for source in range(regions * NEURONS):
        m = source // NEURONS
        own = m * NEURONS
        ends[source, 0] = at
        for k in range(NEURONS):
            if k == EXCITATORY:
                ends[source, 1] = at
            if own + k != source and uniform(random) <= WITHIN:
                if write:
                    targets[at] = own + k
                at += 1
        ends[source, 2] = at
        if source - own < EXCITATORY:
            for n in range(regions):
                if n == m or share[m, n] <= 0:
                    continue
                k = failures(random, share[m, n])
                while k < EXCITATORY:
                    if write:
                        targets[at] = n * NEURONS + k
                    at += 1
                    k += 1 + failures(random, share[m, n])
        ends[source, 3] = at
    return at


@nb.njit(nogil=True, cache=True, boundscheck=False, fastmath=True)
def _step(v, u, current, a, b, noise, sd):  # type: ignore[no-untyped-def]
    """Two half steps of v and one of u for the cells of one kind of one region."""
    half, k = np.float32(0.5), np.float32(0.04)
    for i in range(v.size):
        into = current[i] + sd * noise[i] + np.float32(140.0) - u[i]
        x = v[i]
        x = x + half * ((k * x + np.float32(5.0)) * x + into)
        x = x + half * ((k * x + np.float32(5.0)) * x + into)
        v[i] = x
        u[i] = u[i] + a[i] * (b[i] * x - u[i])
        current[i] = np.float32(0.0)


@nb.njit(nogil=True, cache=True, boundscheck=False)
def advance(state, cells, ends, targets, noise, random, weights, counts, events):  # type: ignore[no-untyped-def]
    """One ms after another; returns how many spikes were kept in ``events``."""
    v, u, current = state[0], state[1], state[2]
    a, b, c, d = cells[0], cells[1], cells[2], cells[3]
    size = v.size
    ee, ei, ie, ii, between = weights[0], weights[1], weights[2], weights[3], weights[4]
    fired = np.empty(size, np.int32)
    kept = 0
    for t in range(len(counts)):
        number = 0
        for m in range(size // NEURONS):
            first = m * NEURONS
            middle, last = first + EXCITATORY, first + NEURONS
            at = np.int64(word(random) & np.uint64(NOISE_TABLE - 1))
            _step(v[first:middle], u[first:middle], current[first:middle], a[first:middle],
                  b[first:middle], noise[at : at + EXCITATORY], weights[5])  # fmt: skip
            _step(v[middle:last], u[middle:last], current[middle:last], a[middle:last],
                  b[middle:last], noise[at + EXCITATORY : at + NEURONS], weights[6])  # fmt: skip
            before = number
            for i in range(first, last):
                fired[number] = i
                number += int(v[i] >= PEAK_MV)
            counts[t, m] = number - before
        for n in range(number):
            i = fired[n]
            v[i] = c[i]
            u[i] += d[i]
            if kept < len(events):
                events[kept, 0] = t
                events[kept, 1] = i
                kept += 1
            excites = i % NEURONS < EXCITATORY
            onto_e, onto_i = (ee, ei) if excites else (ie, ii)
            for k in range(ends[i, 0], ends[i, 1]):
                current[targets[k]] += onto_e
            for k in range(ends[i, 1], ends[i, 2]):
                current[targets[k]] += onto_i
            for k in range(ends[i, 2], ends[i, 3]):
                current[targets[k]] += between
    return kept
