"""Overlays on a cortex: values at its vertices, and how they are looked at."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from backend.brain.cortex import Cortex, Hemisphere
from backend.brain.rendering import Layer
from backend.core.colours import DIVERGING, colour_limits, overlay_table

PALETTES = {
    "hot-cold": "hot and cold", "warm": "warm", "CET-D1A": "blue, white, red",
    "CET-CBD1": "blue, white, yellow", "viridis": "viridis", "cividis": "cividis",
    "magma": "magma", "inferno": "inferno", "CET-L1": "grey", "CET-C6": "phase",
}  # fmt: skip
OWN_COLOURS = "labels"
NO_PARCEL = "none"
NAMELESS = ("unknown", "???", "medial_wall", "medial wall", "background")
SHOWN_SHARE = 0.15
"""Of the vertices that a first threshold leaves."""


@dataclass(frozen=True)
class Label:
    """One parcel: its name, colour (r, g, b) and number in the file."""

    name: str
    colour: tuple[int, int, int]
    key: int


@dataclass(frozen=True, eq=False)
class Overlay:
    """Maps or moments over a cortex.

    Attributes
    ----------
    values : for each hemisphere (n_row, n_vertex) float32, NaN where there is none; parcels are
        numbered from 1 in the order of ``labels``, 0 is none.
    maps : a name a row. times : (n_row,) in ms, or None for maps. factor : what the numbers shown
        are multiples of, 1e-9 for source estimates in Am.
    files : where it came from. source : a CIFTI file's image, for its geometry. note : in words.
    volume : what was projected (:class:`backend.brain.slices.Volume`), or None.
    """

    name: str
    values: tuple[np.ndarray, ...]
    maps: tuple[str, ...] = ("",)
    times: np.ndarray | None = None
    unit: str = ""
    factor: float = 1.0
    labels: tuple[Label, ...] = ()
    files: tuple[Path, ...] = ()
    source: Any = field(default=None, repr=False)
    note: str = ""
    synthetic: str = ""
    volume: Any = field(default=None, repr=False)

    @property
    def rows(self) -> int:
        return len(self.values[0])

    def row(self, hemisphere: int, row: int) -> np.ndarray:
        """(n,) values as shown: divided by the factor."""
        values = self.values[hemisphere][min(row, self.rows - 1)]
        return values if self.factor == 1 else (values / np.float32(self.factor))

    def at(self, moment: float) -> int:
        """The row of a moment in ms."""
        if self.times is None:
            return 0
        return int(np.argmin(np.abs(self.times - moment)))

    def course(self, hemisphere: int, vertex: int) -> np.ndarray:
        """(n_row,) values of a vertex as shown."""
        return self.values[hemisphere][:, vertex] / self.factor

    @functools.cached_property
    def every(self) -> np.ndarray:
        """All finite values as shown, thinned to at most a million."""
        flat = np.concatenate([one.ravel() for one in self.values])
        flat = flat[:: max(1, len(flat) // 1_000_000)]
        return np.asarray(flat[np.isfinite(flat)] / self.factor, float)

    @functools.cached_property
    def unnamed(self) -> frozenset[int]:
        """Numbers of parcels that stand for none, as atlases have them."""
        return frozenset(
            number for number, label in enumerate(self.labels, 1) if label.name.lower() in NAMELESS
        )

    @functools.cached_property
    def reach(self) -> float:
        """Size that one value in a thousand exceeds."""
        return float(np.quantile(np.abs(self.every), 0.999)) if len(self.every) else 1.0

    def words(self, hemisphere: int, vertex: int, row: int) -> str:
        """The value at a vertex as it is read."""
        value = float(self.row(hemisphere, row)[vertex])
        if self.labels:
            if not value > 0 or int(value) in self.unnamed:
                return NO_PARCEL
            return self.labels[int(value) - 1].name
        if not np.isfinite(value):
            return "none"
        number = f"{value:.3g}".replace("-", "\u2212")
        return f"{number} {self.unit}".strip() if self.unit not in ("t", "z", "r", "F") else number

    @property
    def letter(self) -> str:
        """What stands before a value: a statistic's letter, else "value"."""
        return self.unit if self.unit in ("t", "z", "r", "F") else "value"


@dataclass(frozen=True)
class Look:
    """How an overlay is drawn; the names are those of the form's parameters.

    ``low`` is the lower end of palettes that are not symmetric about 0.
    """

    palette: str = "hot-cold"
    low: float = 0.0
    limit: float = 1.0
    threshold: float = 0.0
    soft: float = 0.0
    opacity: float = 100.0
    outline: bool = False
    min_area: float = 0.0
    map_number: int = 1
    visible: bool = True

    @property
    def signed(self) -> bool:
        """Whether both directions from 0 are drawn."""
        return self.palette in DIVERGING

    @property
    def ends(self) -> tuple[float, float]:
        """Values at the ends of the colour table."""
        return (-self.limit if self.signed else self.low), self.limit


def first_look(overlay: Overlay) -> Look:
    """How an overlay appears at first: its range, and a threshold that leaves its peaks."""
    if overlay.labels:
        return Look(OWN_COLOURS, 0.0, max(len(overlay.labels), 1), opacity=80.0)
    every = overlay.every
    if not len(every):
        return Look()
    signed = bool((every < 0).any())
    palette = "hot-cold" if signed else "warm"
    low, high = colour_limits(every, palette)
    size = np.abs(every)
    cut = float(np.quantile(size[size > 0], 1 - SHOWN_SHARE)) if (size > 0).any() else 0.0
    return Look(palette, 0.0 if signed else low, rounded(high), rounded(min(cut, 0.6 * high)),
                rounded(0.15 * high))  # fmt: skip


def whole(overlay: Overlay) -> Look:
    """How maps of a study appear at first: every value drawn."""
    look = first_look(overlay)
    return replace(look, threshold=0.0, soft=0.0,
                   palette="viridis" if look.palette == "warm" else look.palette)  # fmt: skip


def anatomy(overlay: Overlay) -> Look:
    """An overlay drawn in grey all over, as sulci are."""
    high = rounded(float(np.quantile(np.abs(overlay.every), 0.99)))
    return Look("CET-L1", -high, high)


def rounded(value: float) -> float:
    """Two significant digits."""
    return float(f"{value:.2g}")


@functools.lru_cache(maxsize=64)
def _table(palette: str, labels: tuple[Label, ...]) -> np.ndarray:
    """(256, 3) uint8; of labels the row of each number."""
    if palette != OWN_COLOURS:
        return np.ascontiguousarray(overlay_table(palette)[:, :3])
    table = np.full((256, 3), 128, np.uint8)
    for number, label in enumerate(labels, 1):
        table[number % 256] = label.colour
    return table


def table(overlay: Overlay, look: Look) -> np.ndarray:
    """(256, 3) uint8 of what an overlay is drawn with."""
    own = look.palette == OWN_COLOURS and not overlay.labels
    return _table("viridis" if own else look.palette, overlay.labels if overlay.labels else ())


def row_of(overlay: Overlay, look: Look, moment: float) -> int:
    """Which row is drawn: of a time series the moment's, else the map chosen."""
    if overlay.times is not None:
        return overlay.at(moment)
    return min(look.map_number, overlay.rows) - 1


def layer(
    overlay: Overlay, look: Look, hemisphere: int, moment: float, kept: np.ndarray | None = None
) -> Layer:
    """What the renderer draws of an overlay on one hemisphere.

    Parameters
    ----------
    kept : (n,) vertices of clusters that are large enough; others are left out.
    """
    values = overlay.row(hemisphere, row_of(overlay, look, moment))
    if kept is not None:
        values = np.where(kept, values, np.float32(np.nan))
    low, high = look.ends
    by_label = bool(overlay.labels) and look.palette == OWN_COLOURS
    if by_label and overlay.unnamed:
        values = np.where(np.isin(values, list(overlay.unnamed)), np.float32(0), values)
    return Layer(
        np.ascontiguousarray(values, np.float32), table(overlay, look), low, high,
        0.0 if by_label else look.threshold, 0.0 if by_label else look.soft, look.opacity / 100,
        look.signed or look.threshold == 0, look.outline, by_label,
    )  # fmt: skip


@dataclass(frozen=True)
class Cluster:
    """A connected part of a hemisphere beyond the threshold; area in mm² of the folded surface."""

    hemisphere: int
    side: str
    area: float
    peak: float
    vertex: int
    vertices: np.ndarray = field(repr=False, compare=False)


def components(half: Hemisphere, chosen: np.ndarray) -> np.ndarray:
    """(n,) number of each chosen vertex's connected component from 0, -1 for others."""
    from scipy.sparse.csgraph import connected_components

    found = np.full(len(half), -1)
    places = np.flatnonzero(chosen)
    if len(places):
        found[places] = connected_components(half.edges[places][:, places], directed=False)[1]
    return found


def clusters(cortex: Cortex, overlay: Overlay, look: Look, moment: float) -> list[Cluster]:
    """Clusters beyond the threshold of at least the least area, largest area first.

    Vertices hang together when an edge joins them and their values have one sign.
    """
    row = row_of(overlay, look, moment)
    found = []
    for number, half in enumerate(cortex.hemispheres):
        values = np.nan_to_num(overlay.row(number, row))
        signs = ((1, look.signed or look.threshold > 0), (-1, look.signed))
        for sign, asked in signs:
            chosen = (sign * values >= max(look.threshold, 0)) & (values != 0)
            if not asked or not chosen.any():
                continue
            parts = components(half, chosen)
            for part in range(parts.max() + 1):
                inside = np.flatnonzero(parts == part)
                area = float(half.areas[inside].sum())
                if area < look.min_area:
                    continue
                top = int(inside[np.argmax(sign * values[inside])])
                found.append(Cluster(number, half.side, area, float(values[top]), top, inside))
    return sorted(found, key=lambda one: -one.area)


def kept_vertices(cortex: Cortex, found: list[Cluster]) -> list[np.ndarray]:
    """For each hemisphere (n,) bool: vertices of the clusters."""
    kept = [np.zeros(count, bool) for count in cortex.counts]
    for one in found:
        kept[one.hemisphere][one.vertices] = True
    return kept


def sulcal_depth(cortex: Cortex) -> Overlay:
    """The cortex's own sulcal depth as an overlay."""
    return Overlay("Sulcal depth", tuple(one.sulc[None] for one in cortex.hemispheres),
                   ("sulcal depth",), note="anatomy", synthetic=cortex.synthetic)  # fmt: skip


EXAMPLE_NAME = "Synthetic activity"
EXAMPLE_SEED = 5
EXAMPLE_TIMES = (-100.0, 500.0, 100)
SMOOTHING_ROUNDS = 90
PATTERNS = 6


@functools.lru_cache(maxsize=2)
def example(cortex: Cortex) -> Overlay:
    """SYNTHETIC: smooth noise on the surface that waxes and wanes, -100 to 500 ms, as t values.

    Six patterns of smoothed noise, each with a peak in time of its own, on a floor of noise.
    """
    from backend.brain.smoothing import smoothed

    rng = np.random.default_rng(EXAMPLE_SEED)
    start, stop, count = EXAMPLE_TIMES
    times = np.linspace(start, stop, count)
    peaks, widths = np.linspace(110, 420, PATTERNS), np.linspace(28, 90, PATTERNS)
    rises = np.exp(-0.5 * ((times[:, None] - peaks) / widths) ** 2)
    values = []
    for half in cortex.hemispheres:
        patterns = smoothed(rng.standard_normal((len(half), PATTERNS)), half.faces,
                            SMOOTHING_ROUNDS)  # fmt: skip
        patterns /= patterns.std(axis=0)
        patterns *= np.abs(patterns)
        floor = smoothed(rng.standard_normal((len(half), 8)), half.faces, 8)
        floor /= floor.std(axis=0)
        drift = np.apply_along_axis(np.convolve, 0, rng.standard_normal((count, 8)),
                                    np.hanning(9), "same")  # fmt: skip
        course = 0.9 * rises @ patterns.T + 0.2 * drift @ floor.T
        values.append((9 * np.tanh(course / 9)).astype(np.float32))
    return Overlay(
        EXAMPLE_NAME, tuple(values), tuple(f"{t:.0f} ms" for t in times), times, "t",
        note="synthetic: smooth noise", synthetic="synthetic: smooth noise on the surface",
    )  # fmt: skip


def counted(sizes: tuple[int, ...]) -> str:
    """Vertex counts in words."""
    return " + ".join(f"{n:,}" for n in sizes)
