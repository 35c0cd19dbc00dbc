"""A sequential random stream for compiled loops: SplitMix64 whose state is one word of an array.

A run that keeps the word gives the same numbers however it is cut into blocks.
"""

from __future__ import annotations

import numba as nb
import numpy as np

FOREVER = 1 << 60
"""More trials than any run has."""


@nb.njit(inline="always")
def word(random):  # type: ignore[no-untyped-def]
    """Next 64 bits."""
    random[0] += np.uint64(0x9E3779B97F4A7C15)
    z = random[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@nb.njit(inline="always")
def uniform(random):  # type: ignore[no-untyped-def]
    """Next number in (0, 1]."""
    return (np.float64(word(random) >> np.uint64(11)) + 1.0) * (1.0 / 9007199254740992.0)


@nb.njit(inline="always")
def failures(random, p):  # type: ignore[no-untyped-def]
    """Trials that fail before the first success of probability ``p``."""
    if p >= 1.0:
        return np.int64(0)
    if p <= 0.0:
        return np.int64(FOREVER)
    return np.int64(min(np.log(uniform(random)) / np.log1p(-p), 1e18))
