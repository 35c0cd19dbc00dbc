"""Gaussian-local wiring of the spatial network (system S3).

Source: 01-ei-balanced-network, section 4.1; the algorithm is the decision of spec section 2.4:
Poisson out-degrees, Gaussian target positions, redraw outside the field, multapses allowed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

LAYERS = ("F", "E", "I")
PAIRS = (("E", "F"), ("I", "F"), ("E", "E"), ("I", "E"), ("E", "I"), ("I", "I"))
"""(target, source), in the order they are drawn."""
SOURCES_AT_ONCE = 100
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Geometry:
    """Everything of a spatial network that needs new wiring when it changes.

    Attributes
    ----------
    side : cells along one edge of each layer's square grid.
    density : p_ab by (target, source). width : Gaussian scale A_b of each source layer, in fields.
    width_is_variance : read A as a variance instead of a standard deviation (spec section 8.3).
    """

    side: dict[str, int] = field(default_factory=lambda: {"F": 50, "E": 80, "I": 40})
    density: dict[tuple[str, str], float] = field(
        default_factory=lambda: {
            ("E", "F"): 0.05, ("I", "F"): 0.025, ("E", "E"): 0.02,
            ("E", "I"): 0.08, ("I", "E"): 0.06, ("I", "I"): 0.08,
        }
    )  # fmt: skip
    width: dict[str, float] = field(default_factory=lambda: {"F": 0.05, "E": 0.02, "I": 0.02})
    width_is_variance: bool = False

    def size(self, layer: str) -> int:
        """Cells of a layer."""
        return self.side[layer] ** 2

    def deviation(self, layer: str) -> float:
        """Standard deviation of the connections that leave a layer."""
        width = self.width[layer]
        return float(np.sqrt(width)) if self.width_is_variance else width

    @property
    def n(self) -> int:
        """N of J = j / sqrt(N): recurrent cells."""
        return self.size("E") + self.size("I")


def positions(side: int) -> np.ndarray:
    """Cell centres (x, y) of a square grid, shape (side**2, 2); x = column, y = row, upwards."""
    edge = (np.arange(side) + 0.5) / side
    y, x = np.meshgrid(edge, edge, indexing="ij")
    return np.column_stack([x.ravel(), y.ravel()])


@dataclass(frozen=True)
class TargetLists:
    """Synapses of one (target, source) pair, by source: a target may occur several times."""

    pointers: np.ndarray
    targets: np.ndarray

    @property
    def synapses(self) -> int:
        return len(self.targets)


@dataclass(frozen=True)
class SpatialWiring:
    """The six target lists of one spatial network."""

    geometry: Geometry
    lists: dict[tuple[str, str], TargetLists]


def wire_spatial(geometry: Geometry, seed: int, progress: Progress | None = None) -> SpatialWiring:
    """Draw all connections; ``progress(done, total)`` in sources may raise to cancel."""
    total = sum(geometry.size(b) for _, b in PAIRS)
    done = 0
    lists = {}
    for number, (a, b) in enumerate(PAIRS):
        rng = np.random.default_rng([seed, 100 + number])
        sources = positions(geometry.side[b])
        degrees = rng.poisson(geometry.density[a, b] * geometry.size(a), len(sources))
        parts = []
        for first in range(0, len(sources), SOURCES_AT_ONCE):
            part = slice(first, first + SOURCES_AT_ONCE)
            origin = np.repeat(sources[part], degrees[part], axis=0)
            parts.append(_targets(origin, geometry.deviation(b), geometry.side[a], rng))
            done += len(sources[part])
            if progress is not None:
                progress(done, total)
        pointers = np.zeros(len(sources) + 1, np.int64)
        pointers[1:] = np.cumsum(degrees)
        lists[a, b] = TargetLists(pointers, np.concatenate(parts))
    return SpatialWiring(geometry, lists)


def _targets(
    origin: np.ndarray, deviation: float, side: int, rng: np.random.Generator
) -> np.ndarray:
    """Cells hit by Gaussian displacements from ``origin``, redrawn until inside the field."""
    place = origin + deviation * rng.standard_normal(origin.shape)
    outside = np.flatnonzero(((place < 0.0) | (place >= 1.0)).any(axis=1))
    while len(outside):
        place[outside] = origin[outside] + deviation * rng.standard_normal((len(outside), 2))
        again = ((place[outside] < 0.0) | (place[outside] >= 1.0)).any(axis=1)
        outside = outside[again]
    cell = np.minimum((place * side).astype(np.int64), side - 1)
    return (cell[:, 1] * side + cell[:, 0]).astype(np.uint16)


def displacement(wiring: SpatialWiring, target: str, source: str) -> float:
    """RMS distance per axis between synapses and their interior sources (0.2 to 0.8)."""
    lists = wiring.lists[target, source]
    from_ = positions(wiring.geometry.side[source])
    to = positions(wiring.geometry.side[target])
    owner = np.repeat(np.arange(len(from_)), np.diff(lists.pointers))
    inner = (np.abs(from_ - 0.5) < 0.3).all(axis=1)
    interior = np.asarray(inner)[owner]
    step = to[lists.targets[interior]] - from_[owner[interior]]
    return float(np.sqrt((step**2).mean()))
