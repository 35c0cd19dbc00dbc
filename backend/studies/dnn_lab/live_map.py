"""The map of a layer's geometry: drawn while pictures are scanned, and of the finished RDM."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from backend.analysis.compression import z_scored_patterns
from backend.analysis.embedding import embed
from backend.analysis.inputs import FEWEST_CONDITIONS
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import Session

LIVE_ITERATIONS = 20
"""Steps of SMACOF at each redraw; the map goes on from where it was."""
MOST_LIVE = 2000
"""Pictures drawn live: the map costs the square of them."""
MOST_UNITS = 20_000
"""Units that the live map looks at, evenly spread over the layer: it keeps their answers."""
REST = 4.0
"""A redraw waits this many times what the last one took, so that the scan keeps its speed."""


def map_of(
    distances: np.ndarray, p: DNNBrainParameters, start: np.ndarray | None = None, **more: Any
) -> np.ndarray:
    """Coordinates (n, axes) of an RDM; negative crossnobis distances count as 0."""
    axes = min(int(p.axes), len(distances) - 1)
    if start is not None and (start.shape[1] != axes or len(start) > len(distances)):
        start = None
    return embed(np.maximum(distances, 0.0), p.embedding, axes, start, seed=p.seed, **more)


def drawn_map(points: np.ndarray, label: np.ndarray, note: str) -> dict[str, Any]:
    """The first two axes, coloured by class."""
    classes = np.unique(label)
    words = [f"{word}: {one}" for word, one in zip(("first", "second"), classes, strict=False)]
    if points.shape[1] > 2:
        note = f"{note}, two of {points.shape[1]} axes"
    data: dict[str, Any] = {"note": note, "x_title": f"first axis ({', '.join(words)} class)"}
    for name, chosen in zip(("one", "two"), classes[:2], strict=False):
        where = label == chosen
        data |= {f"{name}_x": points[where, 0], name: points[where, 1]}
    if len(classes) > 2:
        where = ~np.isin(label, classes[:2])
        data |= {"others_x": points[where, 0], "others": points[where, 1]}
    return data


class LiveMap:
    """Re-embeds the layer shown as pictures are added; each map starts from the one before.

    Distances are 1 - r of the patterns z-scored per picture; only the rows of new pictures are
    computed. When the pictures end, the map of the finished RDM takes its place: that one does not
    depend on the moments of the redraws.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.points: np.ndarray | None = None
        self._layer = ""
        self._patterns: list[np.ndarray] = []
        self._products = np.empty((0, 0))
        self._wait_until = 0.0

    def _count(self) -> int:
        return len(self.session.stimuli)

    def add(self, rows: slice, arrays: dict[str, np.ndarray]) -> None:
        """Take a batch of activations and redraw, unless the last map took long."""
        if self._count() > MOST_LIVE:
            return
        if not self._layer:
            names = [name for name, _, good in self.session.layer_names() if good] or list(arrays)
            self._layer = names[min(self.session.p.layer, len(names)) - 1]
        new = arrays[self._layer].reshape(rows.stop - rows.start, -1)
        new = z_scored_patterns(new[:, :: -(-new.shape[1] // MOST_UNITS)])
        new = (new / np.sqrt(new.shape[1])).astype(np.float32)
        self._patterns.append(new)
        self._grow(new)
        last = rows.stop == self._count()
        if rows.stop >= FEWEST_CONDITIONS and (last or time.perf_counter() > self._wait_until):
            self._redraw(rows.stop)

    def _grow(self, new: np.ndarray) -> None:
        """Products of the new patterns with every one so far."""
        block = np.concatenate([old @ new.T for old in self._patterns])
        count, before = len(block), len(self._products)
        grown = np.empty((count, count))
        grown[:before, :before] = self._products
        grown[:, before:] = block
        grown[before:] = block.T
        self._products = grown

    def _redraw(self, count: int) -> None:
        began = time.perf_counter()
        p, stimuli = self.session.p, self.session.stimuli
        distances = np.maximum(1.0 - self._products, 0.0)
        np.fill_diagonal(distances, 0.0)
        self.points = map_of(distances, p, self.points, iterations=LIVE_ITERATIONS)
        note = f"{count:,} of {self._count():,} pictures"
        self.session.run.channel("embedding").publish(
            **drawn_map(self.points, stimuli.label[:count], note)
        )
        self._wait_until = time.perf_counter() + REST * (time.perf_counter() - began)
