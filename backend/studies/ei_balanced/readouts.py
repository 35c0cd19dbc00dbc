"""Live read-outs of a running network: rates at the disc, positions, lag, traces of activity.

Everything is a function of the spikes alone, so it does not depend on how a run is cut.

Source: 01-ei-balanced-network, Figs. 5 and 6; spec section 2.6.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from backend.analysis.lag import PositionDecoder, spatial_lag, temporal_lag
from backend.spiking.balanced_events import SpikeEvents
from backend.spiking.balanced_wiring import positions
from backend.stimuli.camera import RIM, Discs

LAYERS = ("F", "E", "I")
LONGEST_WINDOW = 50.0
"""Longest read-out window in ms, so that history is kept this long."""
LAG_SPAN = 150.0
"""Shortest stretch of ms that a live lag is averaged over."""


class DecayingActivity:
    """Spikes of one layer as a trace that decays exponentially."""

    def __init__(self, size: int) -> None:
        self.value = np.zeros(size)

    def add(self, cells: np.ndarray, age: np.ndarray, elapsed: float, tau: float) -> None:
        """Decay by ``elapsed`` ms and add spikes that are ``age`` ms old at its end."""
        self.value *= math.exp(-elapsed / tau)
        self.value += np.bincount(cells, np.exp(-age / tau), len(self.value))


class RateBins:
    """Spikes counted into bins of equal length, however blocks cut them."""

    def __init__(self, names: tuple[str, ...], steps_per_bin: int, first_step: int) -> None:
        self.names = names
        self.steps_per_bin = steps_per_bin
        self.first = first_step
        self._open = dict.fromkeys(names, 0.0)

    def add(self, weights: dict[str, tuple[np.ndarray, np.ndarray]], end: int) -> np.ndarray:
        """Sums of weights (step, weight) of the bins that end by ``end``, (bins, names)."""
        per = self.steps_per_bin
        bins = (end - self.first) // per
        out = np.zeros((bins, len(self.names)))
        for column, name in enumerate(self.names):
            step, weight = weights[name]
            place = (step - self.first) // per
            sums = np.bincount(place, weight, bins + 1) if len(place) else np.zeros(bins + 1)
            sums[0] += self._open[name]
            self._open[name] = float(sums[bins])
            out[:, column] = sums[:bins]
        self.first += bins * per
        return out


def cells_in_disc(side: int, x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    """Number of cells of a square grid inside discs at (x, y), rim included."""
    reach = radius + RIM
    rows = (np.arange(side) + 0.5) / side
    height = reach**2 - (rows[None, :] - y[:, None]) ** 2
    half = np.sqrt(np.maximum(height, 0.0))
    first = np.maximum(np.ceil((x[:, None] - half) * side - 0.5 - 1e-9), 0.0)
    last = np.minimum(np.floor((x[:, None] + half) * side - 0.5 + 1e-9), side - 1.0)
    count = np.where(height >= 0.0, np.maximum(last - first + 1.0, 0.0), 0.0)
    return count.sum(axis=1)


class DiscRates:
    """Rate per ms of each layer: inside the disc, or of the whole layer without one."""

    def __init__(self, sides: dict[str, int], dt: float, first_step: int) -> None:
        self.sides = sides
        self.dt = dt
        self.places = {layer: positions(side) for layer, side in sides.items()}
        self.per_bin = max(1, round(1.0 / dt))
        self.bins = RateBins(tuple(sides), self.per_bin, first_step)

    def add(self, events: SpikeEvents, disc: Discs | None, end: int) -> tuple[np.ndarray, ...]:
        """Times (bin ends, ms) and rates (n, 3) in spikes per ms and cell of F, E, I."""
        first = self.bins.first
        count = (end - first) // self.per_bin + 1
        track = None
        if disc is not None:
            middle = disc.track(0, 1, 1.0) if count < 1 else self._track(disc, first, count)
            track = middle[:, 0, :2]
        weights = {}
        for layer in self.sides:
            mine = events.of(layer)
            if track is None:
                weights[layer] = (mine.step, np.ones(len(mine)))
                continue
            centre = track[(mine.step - first) // self.per_bin]
            away = np.hypot(*(self.places[layer][mine.index] - centre).T)
            inside = away <= disc.radius + RIM  # type: ignore[union-attr]
            weights[layer] = (mine.step[inside], np.ones(int(inside.sum())))
        sums = self.bins.add(weights, end)
        n = len(sums)
        size = np.empty((n, len(self.sides)))
        for column, side in enumerate(self.sides.values()):
            if track is None:
                size[:, column] = side**2
            else:
                size[:, column] = cells_in_disc(side, track[:n, 0], track[:n, 1], disc.radius)  # type: ignore[union-attr]
        t = (first + self.per_bin * np.arange(1, n + 1)) * self.dt
        return t, sums / np.maximum(size, 1.0) / (self.per_bin * self.dt)

    def _track(self, disc: Discs, first: int, count: int) -> np.ndarray:
        """Disc places in the middle of the bins from ``first`` on."""
        half_bins = 0.5 * self.per_bin * self.dt
        step = round(first * self.dt / half_bins) + 1
        return disc.track(step, 2 * count, half_bins)[::2]


class PositionReader:
    """Positions read from F and E every ms of model time."""

    def __init__(self, sides: dict[str, int], dt: float, first_step: int) -> None:
        self.dt = dt
        self.per_ms = max(1, round(1.0 / dt))
        self.next_end = (first_step // self.per_ms + 1) * self.per_ms
        self.decoders = {layer: PositionDecoder(sides[layer]) for layer in ("F", "E")}
        empty = np.empty(0, np.int64)
        self._history = {layer: (empty, empty.astype(np.int32)) for layer in self.decoders}

    def add(
        self, events: SpikeEvents, end: int, window: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Times (ms) and positions of F and E, each (n, 2), that became due by ``end``."""
        ends = np.arange(self.next_end, end + 1, self.per_ms)
        if len(ends):
            self.next_end = int(ends[-1]) + self.per_ms
        steps = max(1, round(window / self.dt))
        keep = end - round(LONGEST_WINDOW / self.dt)
        found = []
        for layer, decoder in self.decoders.items():
            mine = events.of(layer)
            step = np.concatenate([self._history[layer][0], mine.step])
            cell = np.concatenate([self._history[layer][1], mine.index])
            found.append(decoder.positions(step, cell, ends, steps))
            recent = np.searchsorted(step, keep)
            self._history[layer] = (step[recent:], cell[recent:])
        return ends * self.dt, found[0], found[1]


class LiveLag:
    """Lag of E behind F over the last stretch, by the measure that fits the stimulus."""

    def __init__(self) -> None:
        self._places: deque[tuple[float, ...]] = deque(maxlen=4000)
        self._rates: deque[tuple[float, float, float]] = deque(maxlen=4000)

    def clear(self) -> None:
        """Forget the past: the stimulus changed."""
        self._places.clear()
        self._rates.clear()

    def add_places(self, t: np.ndarray, f: np.ndarray, e: np.ndarray) -> None:
        """Positions read at some times."""
        self._places.extend(zip(t, f[:, 0], f[:, 1], e[:, 0], e[:, 1], strict=True))

    def add_rates(self, t: np.ndarray, f: np.ndarray, e: np.ndarray) -> None:
        """Disc rates of some ms bins."""
        self._rates.extend(zip(t, f, e, strict=True))

    def of(self, disc: Discs) -> tuple[float, float, float]:
        """Lag in ms, in degrees (NaN on a straight path) and radius of E's path (NaN if none)."""
        if disc.kind == "flicker":
            return *self._flicker(disc.flicker_period), math.nan
        if disc.kind in ("circle", "path"):
            return self._circle(disc)
        if disc.kind == "linear":
            return self._line(disc), math.nan, math.nan
        return math.nan, math.nan, math.nan

    def _recent(self, span: float) -> np.ndarray:
        rows = np.array(self._places)
        if not len(rows) or rows[-1, 0] - rows[0, 0] < 0.5 * span:
            return np.empty((0, 5))
        return rows[rows[:, 0] > rows[-1, 0] - span]

    def _circle(self, disc: Discs) -> tuple[float, float, float]:
        rows = self._recent(max(disc.period, LAG_SPAN) if disc.kind == "circle" else disc.period)
        if not len(rows):
            return math.nan, math.nan, math.nan
        centre = (disc.x, disc.y)
        radius = float(np.nanmean(np.hypot(rows[:, 3] - centre[0], rows[:, 4] - centre[1])))
        if disc.kind == "path":
            return math.nan, math.nan, math.nan
        lag = spatial_lag(rows[:, 1:3], rows[:, 3:5], centre)
        return lag.ms(disc.period), lag.degrees, radius

    def _line(self, disc: Discs) -> float:
        rows = self._recent(LAG_SPAN)
        if not len(rows):
            return math.nan
        speed = (disc.stop - disc.start) / disc.period
        difference = rows[:, 1] - rows[:, 3]
        # While the disc jumps back to its start F and E see different ends of the path.
        same_pass = np.abs(difference) < 0.25
        return float(np.nanmean(difference[same_pass]) / speed) if same_pass.any() else math.nan

    def _flicker(self, period: float) -> tuple[float, float]:
        rows = np.array(self._rates)
        whole = math.ceil(LAG_SPAN / period) * round(period)
        if len(rows) < whole:
            return math.nan, math.nan
        last = rows[-whole:]
        lag = temporal_lag(last[:, 1], last[:, 2], 1.0, period)
        return lag.ms, lag.degrees


def path_cells(disc: Discs | None, side: int, count: int) -> np.ndarray:
    """Cells along the disc's path (or across the field), in order, for the raster."""
    places = positions(side)
    if disc is None or disc.kind in ("disc", "step", "flicker"):
        middle = 0.5 if disc is None else disc.y
        x = np.linspace(0.05, 0.95, count)
        path = np.column_stack([x, np.full(count, middle)])
    else:
        path = disc.sketch(count)[:, 0, :2]
    cells = [int(np.argmin(np.hypot(*(places - point).T))) for point in path]
    return np.array(list(dict.fromkeys(cells)))
