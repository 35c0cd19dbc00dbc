"""Where a network is small-world: the window of thresholds of its edges (13, section 2.8)."""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from backend.analysis.graph_metrics import _search, bits
from backend.brain.random_words import word

NULLS = 20
SWAPS = 10
"""Swaps an edge that makes a network random."""
TRIES = 10
"""Attempts a swap, at most."""
FINENESS = 0.01


@dataclass(frozen=True)
class Window:
    """Thresholds of edges between which a network is small-world.

    Attributes
    ----------
    lower : smallest one at which it is less efficient than random ones of the same degrees; NaN
        when there is none below ``connected``.
    connected : largest one at which it is in one piece. no_isolated : at which each node has an
        edge; never smaller.
    """

    lower: float
    connected: float
    no_isolated: float


def window(
    correlation: np.ndarray, positive: bool = False, seed: int = 0, nulls: int = NULLS
) -> Window:
    """The window of a correlation matrix (n, n); ``positive`` leaves negative edges out."""
    size = correlation if positive else np.abs(correlation)
    size = np.array(size, float)
    np.fill_diagonal(size, -np.inf)
    connected = bottleneck(size)
    no_isolated = float(size.max(axis=1).min())
    state = np.array([seed + 1], np.uint64)
    for step in range(1, round(1 / FINENESS)):
        threshold = step * FINENESS
        edges = size >= threshold
        if threshold > connected:
            break
        rows = bits(edges)
        mine = efficiency(rows)
        if mine >= 0.5 * (1 + edges.sum() / (len(edges) * (len(edges) - 1))) - 1e-9:
            continue  # no pair is further than two edges apart, which no other network beats
        others = [efficiency(bits(rewired(edges, state))) for _ in range(nulls)]
        if mine < np.mean(others) - 1e-12:
            return Window(threshold, connected, no_isolated)
    return Window(float("nan"), connected, no_isolated)


def bottleneck(size: np.ndarray) -> float:
    """Largest threshold at which all nodes hang together: the weakest edge of the best tree."""
    n = len(size)
    inside = np.zeros(n, bool)
    inside[0] = True
    best = size[0].copy()
    weakest = np.inf
    for _ in range(n - 1):
        best[inside] = -np.inf
        node = int(best.argmax())
        weakest = min(weakest, best[node])
        inside[node] = True
        best = np.maximum(best, size[node])
    return float(weakest)


def rewired(edges: np.ndarray, state: np.ndarray) -> np.ndarray:
    """A random network with the same degrees, by swapping pairs of edges."""
    made = edges.copy()
    ends = np.argwhere(np.triu(edges, 1)).astype(np.int64)
    if len(ends) > 1:
        swap(made, ends, state, SWAPS * len(ends), SWAPS * TRIES * len(ends))
    return made


def efficiency(rows: np.ndarray) -> float:
    """Global efficiency of a network given as rows of bits."""
    return float(_efficiency(rows))


@nb.njit(nogil=True, cache=True)
def swap(edges, ends, random, swaps, tries):  # type: ignore[no-untyped-def]
    """Swap ends of two edges where that makes neither a loop nor a double edge."""
    count = np.uint64(len(ends))
    done = 0
    for _ in range(tries):
        if done >= swaps:
            break
        i, j = np.int64(word(random) % count), np.int64(word(random) % count)
        a, b = ends[i, 0], ends[i, 1]
        c, d = ends[j, 0], ends[j, 1]
        if word(random) & np.uint64(1):
            c, d = d, c
        if a in (c, d) or b in (c, d) or edges[a, d] or edges[c, b]:
            continue
        edges[a, b] = edges[b, a] = edges[c, d] = edges[d, c] = False
        edges[a, d] = edges[d, a] = edges[c, b] = edges[b, c] = True
        ends[i, 1], ends[j, 0], ends[j, 1] = d, c, b
        done += 1
    return done


@nb.njit(nogil=True, cache=True)
def _efficiency(rows):  # type: ignore[no-untyped-def]
    n, words = rows.shape
    every = np.full(words, ~np.uint64(0))
    seen, front, fresh = np.empty((3, words), np.uint64)
    total = 0.0
    for i in range(n):
        total += _search(rows, i, every, seen, front, fresh)[2]
    return total / (n * (n - 1))
