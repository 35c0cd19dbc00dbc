"""Metrics of binarised functional connectivity, on rows of bits (13-criticality-fc, section 2.8).

A node's neighbours are the bits of a few words, so a breadth-first search joins whole rows at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba as nb
import numpy as np

from backend.core.parameters import ParameterError


@dataclass(frozen=True)
class Metrics:
    """Of one undirected graph without loops.

    Attributes
    ----------
    strength : mean over nodes of the mean |correlation| of a node's edges, 0 without edges (Ecorr).
    density : edges over pairs; the paper calls it sparsity (S).
    path : mean number of edges between nodes that reach each other (L); NaN when none do.
    global_efficiency, local_efficiency, clustering : means; 0 where undefined.
    reachable : share of pairs that are connected. ``path`` means little below 1.
    isolated : nodes without an edge. largest : nodes of the largest component.
    """

    strength: float
    density: float
    path: float
    global_efficiency: float
    local_efficiency: float
    clustering: float
    reachable: float
    isolated: int
    largest: int


def metrics(correlation: np.ndarray, threshold: float, positive: bool = False) -> Metrics:
    """Metrics of |correlation| >= threshold (n, n); of correlation >= threshold when positive."""
    z = np.asarray(correlation, float)
    size = z if positive else np.abs(z)
    return graph_metrics(size >= threshold, np.abs(z))


def graph_metrics(edges: np.ndarray, weights: np.ndarray | None = None) -> Metrics:
    """Metrics of a graph given as (n, n) booleans, symmetric; its diagonal is not used."""
    edges = np.ascontiguousarray(edges, dtype=np.bool_).copy()
    n = len(edges)
    if edges.shape != (n, n) or n < 2:
        raise ParameterError("", "A graph needs a square matrix of at least two nodes.")
    np.fill_diagonal(edges, False)
    weights = np.ones((n, n)) if weights is None else np.ascontiguousarray(weights, float)
    return Metrics(*_plain(*_measure(bits(edges), edges, weights)))


def nodal(
    correlation: np.ndarray, threshold: float, positive: bool = False
) -> dict[str, np.ndarray]:
    """Degree, mean |correlation| of edges, clustering and efficiency of each node (n,)."""
    from scipy.sparse.csgraph import shortest_path

    z = np.asarray(correlation, float)
    edges = ((z if positive else np.abs(z)) >= threshold) & ~np.eye(len(z), dtype=bool)
    degree = edges.sum(axis=1)
    pairs = np.maximum(degree * (degree - 1), 1)
    joined = edges.astype(float)
    away = shortest_path(joined, unweighted=True)
    np.fill_diagonal(away, np.inf)
    return {
        "degree": degree.astype(float),
        "strength": (np.abs(z) * edges).sum(axis=1) / np.maximum(degree, 1),
        "clustering": np.einsum("ij,jk,ki->i", joined, joined, joined) / pairs,
        "efficiency": (1.0 / away).sum(axis=1) / (len(z) - 1),
    }


def _plain(strength: float, density: float, path: float, efficiency: float, local: float,
           clustering: float, reachable: float, isolated: int, largest: int) -> tuple:  # fmt: skip
    return (strength, density, path, efficiency, local, clustering, reachable, int(isolated),
            int(largest))  # fmt: skip


def bits(edges: np.ndarray) -> np.ndarray:
    """Rows (n, words) uint64: bit j of row i says whether i and j are joined."""
    n = len(edges)
    words = -(-n // 64)
    padded = np.zeros((n, words * 64), np.uint8)
    padded[:, :n] = edges
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


@nb.njit(inline="always")
def _count(word):  # type: ignore[no-untyped-def]
    """Bits set in a word."""
    x = word
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@nb.njit(nogil=True, cache=True, boundscheck=False)
def _search(rows, start, within, seen, front, fresh):  # type: ignore[no-untyped-def]
    """Breadth-first from ``start`` over the nodes of ``within``.

    Returns (nodes reached, sum of their distances, sum of 1 / distance).
    """
    words = rows.shape[1]
    for w in range(words):
        seen[w] = np.uint64(0)
        front[w] = np.uint64(0)
    seen[start >> 6] = np.uint64(1) << np.uint64(start & 63)
    front[start >> 6] = seen[start >> 6]
    reached, far, near, level = 0, 0, 0.0, 0
    while True:
        for w in range(words):
            fresh[w] = np.uint64(0)
        for w in range(words):
            left = front[w]
            while left:
                low = left & (~left + np.uint64(1))
                node = w * 64 + _count(low - np.uint64(1))
                for k in range(words):
                    fresh[k] |= rows[node, k]
                left ^= low
        level += 1
        found = 0
        for w in range(words):
            fresh[w] &= within[w] & ~seen[w]
            found += _count(fresh[w])
            seen[w] |= fresh[w]
            front[w] = fresh[w]
        if found == 0:
            return reached, far, near
        reached += found
        far += found * level
        near += found / level


@nb.njit(nogil=True, cache=True, boundscheck=False)
def _measure(rows, edges, weights):  # type: ignore[no-untyped-def]
    n, words = rows.shape
    every = np.full(words, ~np.uint64(0))
    seen, front, fresh = np.empty((3, words), np.uint64)
    reached, far, near, largest, isolated, links = 0, 0, 0.0, 1, 0, 0
    strength = local = clustering = 0.0
    for i in range(n):
        got, length, inverse = _search(rows, i, every, seen, front, fresh)
        reached += got
        far += length
        near += inverse
        largest = max(largest, got + 1)
        degree = 0
        total = 0.0
        joined = 0
        inside = 0.0
        for j in range(n):
            if edges[i, j]:
                degree += 1
                total += weights[i, j]
                for w in range(words):
                    joined += _count(rows[i, w] & rows[j, w])
        links += degree
        if degree == 0:
            isolated += 1
            continue
        strength += total / degree
        if degree < 2:
            continue
        for j in range(n):
            if edges[i, j]:
                inside += _search(rows, j, rows[i], seen, front, fresh)[2]
        local += inside / (degree * (degree - 1))
        clustering += joined / (degree * (degree - 1))
    pairs = n * (n - 1)
    path = far / reached if reached else np.nan
    return (strength / n, links / pairs, path, near / pairs, local / n, clustering / n,
            reached / pairs, isolated, largest)  # fmt: skip
