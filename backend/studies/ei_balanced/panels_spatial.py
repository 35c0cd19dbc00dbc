"""Panels of the spatial network and of its mean-field preview.

Source: 01-ei-balanced-network, Fig. 5; live views and exports of spec section 6.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backend.core.run import Run
from backend.core.views import Marker
from backend.spiking.balanced_events import SpikeEvents
from backend.spiking.balanced_theory import SingularBalance, finite_rates
from backend.stimuli.camera import Discs
from backend.studies.ei_balanced.balance import HZ
from backend.studies.ei_balanced.panel_base import RASTER, NetworkPanel
from backend.studies.ei_balanced.readouts import (
    DecayingActivity,
    DiscRates,
    LiveLag,
    PositionReader,
    path_cells,
)
from backend.studies.ei_balanced.sessions import STIMULUS_NAMES, PreviewSession, SpatialSession

CAMERA_FADE = 5.0
"""Decay of the camera picture in ms."""
MAP_SMOOTHING = 0.02
STIMULUS_FRAMES = 100
SCALE_MEMORY = 0.99
"""Weight that the fit of F onto E keeps from one ms to the next."""
LONGEST_BINS = 50
"""Bins of 1 ms that the longest read-out window spans."""


class SpatialPanel(NetworkPanel):
    """S3: camera, maps, positions, disc rates, live lag."""

    def __init__(self, run: Run, session: SpatialSession, first_step: int) -> None:
        super().__init__(run, session, first_step)
        sides = session.network.geometry.side
        self.sides = dict(sides)
        self.activity = {layer: DecayingActivity(n) for layer, n in session.sizes.items()}
        self.disc_rates = DiscRates(self.sides, session.dt, first_step)
        self.whole_rates = DiscRates(self.sides, session.dt, first_step)
        self.reader = PositionReader(self.sides, session.dt, first_step)
        self.lag = LiveLag()
        self._lag = (math.nan, math.nan, math.nan)
        self.places = dict.fromkeys(("F", "E"), (math.nan, math.nan))
        self.layer_rates = np.zeros(3)
        self._power = np.zeros(2)
        self._rows_before = np.empty((0, 5))
        self._last = first_step
        self._smooth = {layer: _smoothing(side) for layer, side in self.sides.items()}
        self._choose_rows()
        run.offer("positions", "Positions read from F and E", lambda: self._table("position"))
        run.offer("map_e", "Excitatory rate map (Hz)", lambda: self.map("E"))
        run.offer("map_i", "Inhibitory rate map (Hz)", lambda: self.map("I"))
        run.offer("stimulus", "Stimulus frames", self.stimulus_frames)

    def changed(self, names: frozenset[str]) -> None:
        if names & STIMULUS_NAMES:
            self.lag.clear()
            self._lag = (math.nan, math.nan, math.nan)
            self._choose_rows()

    def _choose_rows(self) -> None:
        chosen = {
            layer: path_cells(self.session.disc, self.sides[layer], n)
            for layer, n in RASTER.items()
        }
        self._show_rows(chosen, self.session.sizes)

    def input_variance(self) -> tuple[float, float]:
        """Variance of the camera's Poisson-like drive: sum of squared charges times its rate."""
        p, g = self.session.parameters, self.session.network.geometry
        square = g.size("F") / g.n * np.array([p.p_ef * p.j_ef**2, p.p_if * p.j_if**2])
        return square, float(self.layer_rates[0])  # type: ignore[return-value]

    def add(self, events: SpikeEvents, end: int) -> None:
        super().add(events, end)
        session, window = self.session, self.session.parameters.window
        self._add_activity(events, end, window)
        t, rates = self.disc_rates.add(events, session.disc, end)
        _, whole = self.whole_rates.add(events, None, end)
        self._add_positions(events, end, window)
        if len(t):
            self._add_rates(t, rates, whole)
            self._add_lag(t[-1])

    def _add_activity(self, events: SpikeEvents, end: int, window: float) -> None:
        elapsed = (end - self._last) * self.session.dt
        self._last = end
        for layer, activity in self.activity.items():
            mine = events.of(layer)
            age = (end - mine.step) * self.session.dt
            activity.add(mine.index, age, elapsed, CAMERA_FADE if layer == "F" else window)

    def _add_positions(self, events: SpikeEvents, end: int, window: float) -> None:
        t, f, e = self.reader.add(events, end, window)
        if not len(t):
            return
        self.run.channel("position").publish(t, f[:, 0], f[:, 1], e[:, 0], e[:, 1])
        self.lag.add_places(t, f, e)
        self.places = {"F": tuple(f[-1]), "E": tuple(e[-1])}

    def _add_rates(self, t: np.ndarray, rates: np.ndarray, whole: np.ndarray) -> None:
        """Rates at the disc and of whole layers, one row per ms bin, spikes per ms and cell."""
        session = self.session
        self.lag.add_rates(t, rates[:, 0], rates[:, 1])
        field = self._mean_field(t)
        scaled = np.empty(len(t))
        share = min(1.0, 1.0 / session.parameters.window)
        # Bin by bin, so that the running values do not depend on how blocks cut the run.
        for k in range(len(t)):
            self.layer_rates += share * (whole[k] - self.layer_rates)
            self._power = SCALE_MEMORY * self._power + rates[k, 0] * rates[k, 1::-1]
            scaled[k] = rates[k, 0] * self._power[0] / max(self._power[1], 1e-12)
        shown = self._windowed(np.column_stack([scaled, rates[:, 1:], field]))
        self.run.channel("rates").publish(t, *(HZ * shown).T)
        for name, value in zip(("Camera", "E", "I"), HZ * self.layer_rates, strict=True):
            self.run.monitor(f"{name} rate", value)
        beta = self.betas(self.layer_rates[1:])
        expected = self.betas(np.maximum(self._homogeneous(), 1e-9))
        self.run.channel("vmr").publish(t[-1], *beta, *expected)

    def _windowed(self, rows: np.ndarray) -> np.ndarray:
        """Means over the trailing read-out window, the same for data and theory."""
        width = max(1, round(self.session.parameters.window))
        joined = np.concatenate([self._rows_before, rows])
        self._rows_before = joined[-LONGEST_BINS:]
        total = np.cumsum(np.vstack([np.zeros(joined.shape[1]), joined]), axis=0)
        last = np.arange(len(joined) - len(rows), len(joined)) + 1
        first = np.maximum(last - width, 0)
        return (total[last] - total[first]) / (last - first)[:, None]

    def _homogeneous(self) -> np.ndarray:
        """Eq. 7 at the camera's present mean rate."""
        try:
            return finite_rates(self.session.theory, float(self.layer_rates[0]))
        except SingularBalance:
            return np.full(2, np.nan)

    def _mean_field(self, t: np.ndarray) -> np.ndarray:
        """Mean-field rates of E and I at the disc for every ms bin, NaN when not wanted."""
        session = self.session
        wanted = session.parameters.mean_field_overlay and session.disc is not None
        if not (wanted and self.run.drawing):
            session.field.step = round(float(t[-1]))
            return np.full((len(t), 2), np.nan)
        return session.field.advance(len(t))[:, 1:]

    def _add_lag(self, t: float) -> None:
        if self.session.disc is None:
            return
        self._lag = self.lag.of(self.session.disc)
        ms = self._lag[0]
        if math.isfinite(ms):
            self.run.channel("lag").publish(t, ms)
            self.run.monitor("Lag", ms)

    def _measure_lag(self) -> None:
        """Result values of the last lag: with the pictures, so that all show one moment."""
        if not math.isfinite(self._lag[0]):
            return
        for name, value in zip(
            ("live_lag", "live_lag_degrees", "radius_e"), self._lag, strict=True
        ):
            if math.isfinite(value):
                self.run.measure(name, value)
        self.run.lead("live_lag", f"τ_E is {self.session.parameters.tau_e:g} ms.")

    def map(self, layer: str) -> np.ndarray:
        """Rate map in Hz, smoothed over one cell, (side, side), row 0 = bottom."""
        side, kernel = self.sides[layer], self._smooth[layer]
        value = self.activity[layer].value.reshape(side, side)
        return HZ / self.session.parameters.window * (kernel @ value @ kernel.T)

    def publish(self) -> None:
        session = self.session
        markers = self.markers()
        side = self.sides["F"]
        seen = self.activity["F"].value
        bright = max(1.0, float(np.percentile(seen, 99)))
        image = np.minimum(seen / bright, 1.0).reshape(side, side)
        self.run.channel("camera").publish(image=image, markers=markers)
        self.run.channel("map_e").publish(image=self.map("E"), markers=markers)
        self.run.channel("map_i").publish(image=self.map("I"), markers=[])
        self.publish_balance(float(self.layer_rates[0]))
        self.publish_currents()
        self.publish_voltages(self.layer_rates[1:])
        for layer, value in zip(("e", "i"), HZ * self.layer_rates[1:], strict=True):
            self.run.measure(f"live_rate_{layer}", value)
        self._measure_lag()
        self._measure_saturated(session.saturated)

    def markers(self) -> list[Marker]:
        """The disc, its path, and the positions read from F and E."""
        out: list[Marker] = []
        disc = self.session.disc
        if disc is not None:
            out += path_markers(disc)
            half = 0.5 * self.session.dt
            for x, y, _ in disc.track(2 * self.end, 1, half)[0]:
                out.append(Marker("ring", float(x), float(y), disc.radius))
        for layer, (x, y) in self.places.items():
            if math.isfinite(x):
                out.append(Marker("cross", float(x), float(y), 0.02, colour=layer))
        return out

    def stimulus_frames(self) -> Any:
        """Input of the camera, (T, H, W), row 0 = bottom, over one period or 100 frames."""
        from backend.core.objects import ArrayObject
        from backend.studies.ei_balanced.frames import frames_of

        frames = frames_of(self.session.network, STIMULUS_FRAMES)
        return ArrayObject(array=frames, axes=("time", "y", "x"))


class PreviewPanel(NetworkPanel):
    """Rate fields of the mean field."""

    def __init__(self, run: Run, session: PreviewSession, first_step: int) -> None:
        self.run, self.session, self.end = run, session, first_step
        run.offer("rates", "Rates over time", lambda: self._table("rates"))
        run.offer("map_e", "Excitatory rate map (Hz)", lambda: HZ * session.field.rate["E"])
        run.offer("map_i", "Inhibitory rate map (Hz)", lambda: HZ * session.field.rate["I"])

    def add(self, events: SpikeEvents, end: int) -> None:
        self.end = end
        session = self.session
        rows = HZ * session.disc_rates
        t = (end - len(rows) + 0.5 + np.arange(len(rows))) * session.dt
        gap = np.full(len(t), np.nan)
        self.run.channel("rates").publish(t, gap, rows[:, 1], rows[:, 2], gap, gap)
        rate = dict(zip("FEI", rows[-1], strict=True))
        for name, layer in (("Camera", "F"), ("E", "E"), ("I", "I")):
            # A small disc between the cells of a coarse grid has no rate.
            if not math.isfinite(rate[layer]):
                continue
            self.run.monitor(f"{name} rate", rate[layer])
            if layer != "F":
                self.run.measure(f"live_rate_{layer.lower()}", rate[layer])
        if "live_rate_e" in self.run.result.values:
            self.run.lead("live_rate_e", "Mean field at the disc; no spikes are simulated.")

    def publish(self) -> None:
        session, side = self.session, self.session.parameters.side_f
        x, y, _ = session.disc.track(self.end, 1, session.dt)[0, 0]
        ring = [Marker("ring", float(x), float(y), session.disc.radius)]
        brightness = session.field.rate["F"] / max(float(session.field.rate["F"].max()), 1e-9)
        self.run.channel("camera").publish(image=brightness.reshape(side, side), markers=ring)
        for layer in ("e", "i"):
            field = HZ * session.field.rate[layer.upper()]
            self.run.channel(f"map_{layer}").publish(image=field, markers=ring)
        self.publish_balance(float(session.field.rate["F"].mean()))

    def finish(self) -> None:
        self.publish()


def path_markers(disc: Discs) -> list[Marker]:
    """The path of a moving disc, dashed."""
    if disc.kind not in ("circle", "path", "linear", "crossing"):
        return []
    out = []
    track = disc.sketch(90)
    for number in range(disc.count):
        path = [(float(x), float(y)) for x, y, _ in track[:, number]]
        closed = [*path, path[0]] if disc.kind in ("circle", "path") else path
        out.append(Marker("path", points=tuple(closed), dashed=True))
    return out


def _smoothing(side: int) -> np.ndarray:
    """Gaussian smoothing of a map along one axis; rows sum to one."""
    distance = np.subtract.outer(np.arange(side), np.arange(side)) / (MAP_SMOOTHING * side)
    kernel = np.exp(-0.5 * distance**2)
    return kernel / kernel.sum(axis=1, keepdims=True)
