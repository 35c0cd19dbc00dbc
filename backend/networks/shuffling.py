"""Shuffles of a share of an array's entries, fast and interruptible for 100 million weights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Check = Callable[[], None]

BLOCK = 2**20
"""Entries that are shuffled together: they fit a core's cache."""


def shuffled(
    values: np.ndarray, strength: float, rng: np.random.Generator, check: Check | None = None
) -> np.ndarray:
    """(n,) values of which a random share has changed places among themselves, uniformly."""
    if strength == 1.0:
        return _permuted(values, rng, check)
    masks = _share(values.size, round(strength * values.size), rng, check)
    parts = list(zip(_pieces(values.size), masks, strict=True))
    taken = []
    for piece, mask in parts:
        _call(check)
        taken.append(values[piece][mask])
    moved = _permuted(np.concatenate(taken), rng, check)
    changed, done = values.copy(), 0
    for piece, mask in parts:
        _call(check)
        count = int(mask.sum())
        changed[piece][mask] = moved[done : done + count]
        done += count
    return changed


def shuffled_rows(
    rows: np.ndarray, strength: float, rng: np.random.Generator, check: Check | None = None
) -> np.ndarray:
    """Rows (n, k) each shuffled on its own, as :func:`shuffled`."""
    changed = np.empty_like(rows)
    count = max(1, BLOCK // max(1, rows.shape[1]))
    for start in range(0, len(rows), count):
        _call(check)
        part = rows[start : start + count]
        if strength == 1.0:
            changed[start : start + count] = rng.permuted(part, axis=1)
        else:
            changed[start : start + count] = [shuffled(row, strength, rng) for row in part]
    return changed


def _permuted(values: np.ndarray, rng: np.random.Generator, check: Check | None) -> np.ndarray:
    """A uniform permutation: each entry draws a block, then each block is shuffled.

    Rao and Sandelius' way; the blocks fit the cache, where one shuffle of all would wait for
    memory at every exchange.
    """
    blocks = -(-values.size // BLOCK)
    if blocks <= 1:
        return rng.permutation(values)
    pieces = _pieces(values.size)
    homes = []
    for piece in pieces:
        _call(check)
        size = piece.stop - piece.start
        homes.append(rng.integers(0, blocks, size, np.uint8 if blocks <= 256 else np.uint16))
    counts = np.array([np.bincount(home, minlength=blocks) for home in homes])
    ends = np.cumsum(counts.sum(0))
    place = ends - counts.sum(0)
    changed = np.empty_like(values)
    for piece, home, count in zip(pieces, homes, counts, strict=True):
        _call(check)
        ordered = values[piece][np.argsort(home, kind="stable")]
        for block, part in enumerate(np.split(ordered, np.cumsum(count)[:-1])):
            changed[place[block] : place[block] + len(part)] = part
        place += count
    for stop, size in zip(ends, counts.sum(0), strict=True):
        _call(check)
        rng.shuffle(changed[stop - size : stop])
    return changed


def _share(n: int, k: int, rng: np.random.Generator, check: Check | None) -> list[np.ndarray]:
    """Masks of each block with k places in all, chosen uniformly."""
    sizes = [piece.stop - piece.start for piece in _pieces(n)]
    chosen = rng.multivariate_hypergeometric(sizes, k, method="marginals")
    masks = []
    for size, count in zip(sizes, chosen, strict=True):
        _call(check)
        mask = np.zeros(size, bool)
        mask[rng.choice(size, count, replace=False, shuffle=False)] = True
        masks.append(mask)
    return masks


def _pieces(n: int) -> list[slice]:
    return [slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK)]


def _call(check: Check | None) -> None:
    if check is not None:
        check()
