"""What a running network shows, measures and offers for export, one class per system.

Source: 01-ei-balanced-network; live views and exports of spec section 6.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from backend.core.run import Run
from backend.core.views import Marker
from backend.spiking.balanced_events import SpikeEvents, join
from backend.spiking.balanced_theory import (
    SingularBalance,
    balance_gauge,
    barrier_density,
    density,
    finite_rates,
    large_n_rates,
    variance_to_mean,
)
from backend.studies.ei_balanced.readouts import (
    DecayingActivity,
    DiscRates,
    LiveLag,
    PositionReader,
    RateBins,
    path_cells,
)
from backend.studies.ei_balanced.sessions import (
    STIMULUS_NAMES,
    BrianSession,
    HomogeneousSession,
    PreviewSession,
    Session,
    SpatialSession,
    UncoupledSession,
    has_barrier,
)

KEPT_SPIKES = 2_000_000
"""Spikes kept for the export; older ones are forgotten first."""
CAMERA_FADE = 5.0
"""Decay of the camera picture in ms."""
RASTER = {"E": 110, "I": 40}
MAP_SMOOTHING = 0.02
STIMULUS_FRAMES = 100
HZ = 1000.0
SCALE_MEMORY = 0.99
"""Weight that the fit of F onto E keeps from one ms to the next."""
RECENT_BINS = 20
"""Bins of S1 that the shown rate is averaged over."""


def panel_of(run: Run, session: Session, first_step: int) -> Panel:
    """The panel that fits a session."""
    if isinstance(session, UncoupledSession):
        return UncoupledPanel(run, session, first_step)
    if isinstance(session, HomogeneousSession | BrianSession):
        return HomogeneousPanel(run, session, first_step)
    if isinstance(session, PreviewSession):
        return PreviewPanel(run, session, first_step)
    assert isinstance(session, SpatialSession)
    return SpatialPanel(run, session, first_step)


class Panel:
    """Base: keeps recent spikes for the export and fills the raster."""

    def __init__(self, run: Run, session: Any, first_step: int) -> None:
        self.run = run
        self.session = session
        self.end = first_step
        self._kept: list[SpikeEvents] = []
        self._rows: dict[str, np.ndarray] = {}
        run.offer("spikes", "Spikes (layer, cell, time)", self._spike_trains)
        run.offer("rates", "Rates over time", lambda: self._table("rates"))

    def changed(self, names: frozenset[str]) -> None:
        """Parameters changed at this border."""

    def add(self, events: SpikeEvents, end: int) -> None:
        """Take in the spikes up to step ``end``."""
        self._keep(events)
        self._add_raster(events)
        self.end = end

    def publish(self) -> None:
        """Send pictures that need not follow every block."""

    def finish(self) -> None:
        """The run is over: last values."""
        self.publish()

    @property
    def time(self) -> float:
        """Model time in ms."""
        return self.end * self.session.dt

    def _keep(self, events: SpikeEvents) -> None:
        if len(events):
            self._kept.append(events)
        total = sum(len(part) for part in self._kept)
        while total > KEPT_SPIKES and len(self._kept) > 1:
            total -= len(self._kept.pop(0))

    def _show_rows(self, chosen: dict[str, np.ndarray], sizes: dict[str, int]) -> None:
        """Choose the cells of the raster, layer by layer upwards."""
        row = 0
        self._rows = {}
        for layer, cells in chosen.items():
            table = np.full(sizes[layer], -1, np.int64)
            table[cells] = row + np.arange(len(cells))
            self._rows[layer] = table
            row += len(cells)

    def _add_raster(self, events: SpikeEvents) -> None:
        if not self.run.drawing:
            return
        parts = []
        for group, (layer, table) in enumerate(self._rows.items()):
            mine = events.of(layer)
            row = table[mine.index]
            shown = row >= 0
            parts.append((mine.t_ms[shown], row[shown], np.full(int(shown.sum()), group)))
        time, row, group = (np.concatenate(column) for column in zip(*parts, strict=True))
        self.run.channel("raster").publish(time, row, group)

    def _spike_trains(self) -> Any:
        from backend.core.objects import SpikeTrains

        if not self._kept:
            return SpikeTrains()
        events = join(self._kept)
        layers = {}
        for layer in events.layers:
            mine = events.of(layer)
            layers[layer] = (mine.index, mine.t_ms)
        return SpikeTrains(layers=layers, sizes=dict(self._sizes()))

    def _sizes(self) -> dict[str, int]:
        return dict(self.session.sizes)

    def _table(self, channel: str) -> dict[str, list[float]]:
        """A time series as columns; the first is time in ms."""
        found = self.run.channel(channel).snapshot()
        return {("t_ms" if name == "x" else name): list(v) for name, v in found.items()}

    def _measure_saturated(self, count: int) -> None:
        if count:
            self.run.measure("saturated", count)
            self.run.note(
                f"{count} cells stayed above threshold after a spike. Use a shorter step."
            )


class UncoupledPanel(Panel):
    """S1: rate against theory, voltages against p0 and the time-dependent density."""

    BIN = 0.05

    def __init__(self, run: Run, session: UncoupledSession, first_step: int) -> None:
        super().__init__(run, session, first_step)
        self.bins = RateBins(("P",), max(1, round(self.BIN / session.dt)), first_step)
        self._recent = np.empty(0)
        shown = np.arange(min(120, session.population.n))
        self._show_rows({"P": shown}, {"P": session.population.n})
        run.offer("voltages", "Voltages now", lambda: session.population.voltages().copy())

    def _sizes(self) -> dict[str, int]:
        return {"P": self.session.population.n}

    def add(self, events: SpikeEvents, end: int) -> None:
        super().add(events, end)
        session, per = self.session, self.bins.steps_per_bin
        sums = self.bins.add({"P": (events.step, np.ones(len(events)))}, end)[:, 0]
        if not len(sums):
            return
        first = self.bins.first - per * len(sums)
        t = (first + per * (np.arange(len(sums)) + 0.5)) * session.dt
        rate = HZ * sums / (session.population.n * per * session.dt)
        dynamics = session.population.dynamics
        mean = np.array([session.trace.values(round(s), 1, session.dt)[0] for s in t / session.dt])
        theory = HZ * np.maximum(mean, 0.0) / (dynamics.theta * dynamics.tau)
        gap = np.full(len(t), np.nan)
        self.run.channel("rates").publish(t, gap, rate, gap, theory, gap)
        self._recent = np.concatenate([self._recent, rate])[-RECENT_BINS:]
        self.run.monitor("E rate", float(self._recent.mean()))
        self.run.measure("live_rate_e", float(self._recent.mean()))
        self.run.measure("predicted_e", float(theory[-1]))

    def publish(self) -> None:
        session = self.session
        d, v = session.population.dynamics, session.population.voltages()
        edges = np.linspace(min(session.density.v[0], -d.theta), d.theta, 81)
        counts, _ = np.histogram(v, edges)
        beta = d.variance(np.array([session.mean]))[0] / max(session.mean, 1e-9)
        x = np.linspace(edges[0], d.theta, 201)
        shape = barrier_density if d.barrier else density
        self.run.channel("voltage").publish(
            edges=edges, E=counts / (len(v) * np.diff(edges)), p0_x=x,
            p0=shape(x, beta, d.tau, d.theta), pt_x=session.density.v.copy(),
            pt=session.density.density.copy(),
        )  # fmt: skip

    def finish(self) -> None:
        from backend.studies.ei_balanced.measures import distance_to_density

        super().finish()
        session = self.session
        d, v = session.population.dynamics, session.population.voltages()
        if session.mean > 0 and not d.barrier:
            beta = d.variance(np.array([session.mean]))[0] / session.mean
            self.run.measure("ks_distance", distance_to_density(v, beta, d.tau, d.theta))
            self.run.measure("negative_share", float((v < 0).mean()))
            self.run.lead("ks_distance", "Voltages at the end against the stationary density.")
        self._measure_saturated(session.population.saturated)


class NetworkPanel(Panel):
    """What S2 and S3 have in common: balance, currents, variance to mean, voltages."""

    def publish_balance(self, mean: float) -> None:
        """The three ratios of the balance condition and the predicted rates."""
        theory = self.session.theory
        gauge = balance_gauge(theory)
        rows: list[tuple[str, bool | None, str]] = [
            ("<i>f</i><sub>E</sub>/<i>f</i><sub>I</sub> &gt; "
             "<i>w</i><sub>EI</sub>/<i>w</i><sub>II</sub>", gauge.first,
             f"{gauge.drive:.2f} > {gauge.inhibition:.2f}"),
            ("<i>w</i><sub>EI</sub>/<i>w</i><sub>II</sub> &gt; "
             "<i>w</i><sub>EE</sub>/<i>w</i><sub>IE</sub>", gauge.second,
             f"{gauge.inhibition:.2f} > {gauge.excitation:.2f}"),
        ]  # fmt: skip
        for words, solve in (("Eq. 7", finite_rates), ("Eq. 5", large_n_rates)):
            try:
                e, i = HZ * solve(theory, mean)
                text = f"E {e:.1f} Hz · I {i:.1f} Hz"
            except SingularBalance:
                e, text = math.nan, "no finite balanced state"
            if words == "Eq. 7" and math.isfinite(e):
                self.run.measure("predicted_e", e)
                self.run.measure("predicted_i", i)
            rows.append((f"Predicted rates, {words}", None, text))
        self.run.channel("balance").publish(rows=rows)

    def publish_currents(self) -> None:
        """Mean currents by source into both populations."""
        labels, values = [], []
        for layer, parts in self.session.currents().items():
            for source, value in parts.items():
                words = f"net {layer}" if source == "net" else f"{source} → {layer}"
                labels.append(words)
                values.append(value)
        self.run.channel("currents").publish(labels=labels, values=np.array(values))

    def publish_voltages(self, rate: float) -> None:
        """Histogram of E voltages with the density of their variance-to-mean ratio."""
        session = self.session
        theta, barrier = session.parameters.theta, has_barrier(session)
        v = session.voltages()
        low = 0.0 if barrier else float(min(np.percentile(v, 0.5), -theta))
        edges = np.linspace(low, theta, 61)
        counts, _ = np.histogram(v, edges)
        x = np.linspace(low, theta, 201)
        beta = self.betas(np.array([rate, rate]))[0]
        curves = {}
        if math.isfinite(beta):
            shape = barrier_density if barrier else density
            curves = {"p0_x": x, "p0": shape(x, beta, session.parameters.tau_e, theta)}
        self.run.channel("voltage").publish(
            edges=edges, E=counts / (len(v) * np.diff(edges)), **curves
        )

    def betas(self, rates: np.ndarray) -> np.ndarray:
        """Variance-to-mean ratio of E and I at some rates (spikes per ms), shape (2, ...)."""
        return variance_to_mean(self.session.theory, rates, *self.input_variance())

    def input_variance(self) -> tuple[float, float]:
        """sigma_F^2 = first times second."""
        raise NotImplementedError


class HomogeneousPanel(NetworkPanel):
    """S2: rates against Eq. 7."""

    def __init__(self, run: Run, session: HomogeneousSession, first_step: int) -> None:
        super().__init__(run, session, first_step)
        self.bins = RateBins(("E", "I"), max(1, round(1.0 / session.dt)), first_step)
        sizes = session.sizes
        shown = {layer: np.arange(min(n, sizes[layer])) for layer, n in RASTER.items()}
        self._show_rows(shown, sizes)
        self._window: list[np.ndarray] = []
        run.offer("voltages", "E voltages now", lambda: session.voltages().copy())

    def input_variance(self) -> tuple[float, float]:
        return self.session.parameters.vmr_input, max(self.session.mean, 0.0)

    def add(self, events: SpikeEvents, end: int) -> None:
        super().add(events, end)
        session, per = self.session, self.bins.steps_per_bin
        weights = {}
        for layer in ("E", "I"):
            step = events.of(layer).step
            weights[layer] = (step, np.ones(len(step)))
        sums = self.bins.add(weights, end)
        if not len(sums):
            return
        first = self.bins.first - per * len(sums)
        t = (first + per * (np.arange(len(sums)) + 0.5)) * session.dt
        sizes = np.array([session.sizes["E"], session.sizes["I"]])
        rates = sums / (sizes * per * session.dt)
        middle = np.arange(first + per // 2, self.bins.first, per)
        mean = np.array([session.trace.values(int(s), 1, session.dt)[0] for s in middle])
        theory = self._theory(mean)
        gap = np.full(len(t), np.nan)
        self.run.channel("rates").publish(
            t, gap, HZ * rates[:, 0], HZ * rates[:, 1], HZ * theory[0], HZ * theory[1]
        )
        keep = max(1, round(session.parameters.window))
        self._window = [*self._window, *rates][-keep:]
        recent = np.mean(self._window, axis=0)
        beta = self.betas(recent)
        expected = self.betas(np.maximum(theory[:, -1], 1e-9))
        self.run.channel("vmr").publish(t[-1], *beta, *expected)
        for layer, value in zip(("e", "i"), HZ * recent, strict=True):
            self.run.measure(f"live_rate_{layer}", value)
            self.run.monitor(f"{layer.upper()} rate", value)
        self.run.lead("live_rate_e", f"Eq. 7 predicts {HZ * theory[0, -1]:.1f} Hz now.")

    def _theory(self, mean: np.ndarray) -> np.ndarray:
        try:
            return finite_rates(self.session.theory, mean)
        except SingularBalance:
            return np.full((2, len(mean)), np.nan)

    def publish(self) -> None:
        rate = float(np.mean(self._window, axis=0)[0]) if self._window else 0.0
        self.publish_balance(self.session.mean)
        self.publish_currents()
        self.publish_voltages(rate)

    def finish(self) -> None:
        super().finish()
        self._measure_saturated(self.session.saturated)


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
        self.places = dict.fromkeys(("F", "E"), (math.nan, math.nan))
        self.layer_rates = np.zeros(3)
        self._power = np.zeros(2)
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
            self._measure_lag(t[-1])

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
        self.run.channel("rates").publish(
            t, HZ * scaled, HZ * rates[:, 1], HZ * rates[:, 2], HZ * field[:, 0], HZ * field[:, 1]
        )
        for name, value in zip(("Camera", "E", "I"), HZ * self.layer_rates, strict=True):
            self.run.monitor(f"{name} rate", value)
        beta = self.betas(self.layer_rates[1:])
        expected = self.betas(np.maximum(self._homogeneous(), 1e-9))
        self.run.channel("vmr").publish(t[-1], *beta, *expected)

    def _homogeneous(self) -> np.ndarray:
        """Eq. 7 at the camera's present mean rate."""
        try:
            return finite_rates(self.session.theory, float(self.layer_rates[0]))
        except SingularBalance:
            return np.full(2, np.nan)

    def _mean_field(self, t: np.ndarray) -> np.ndarray:
        """Mean-field rates of E and I at the disc for every ms bin, NaN when not wanted."""
        out = np.full((len(t), 2), np.nan)
        session = self.session
        wanted = session.parameters.mean_field_overlay and session.disc is not None
        if not (wanted and self.run.drawing):
            session.field.step = round(float(t[-1]))
            return out
        for k in range(len(t)):
            session.field.advance(1)
            x, y, _ = session.disc.track(2 * session.field.step - 1, 1, 0.5)[0, 0]
            out[k] = [session.field.disc_rate(a, x, y, session.disc.radius) for a in ("E", "I")]
        return out

    def _measure_lag(self, t: float) -> None:
        session = self.session
        if session.disc is None:
            return
        ms, degrees, radius = self.lag.of(session.disc)
        if not math.isfinite(ms):
            return
        self.run.channel("lag").publish(t, ms)
        self.run.measure("live_lag", ms)
        self.run.monitor("Lag", ms)
        if math.isfinite(degrees):
            self.run.measure("live_lag_degrees", degrees)
        if math.isfinite(radius):
            self.run.measure("radius_e", radius)
        self.run.lead("live_lag", f"τ_E is {session.parameters.tau_e:g} ms.")

    def map(self, layer: str) -> np.ndarray:
        """Rate map in Hz, smoothed over one cell, (side, side), row 0 = bottom."""
        side, kernel = self.sides[layer], self._smooth[layer]
        value = self.activity[layer].value.reshape(side, side)
        return HZ / self.session.parameters.window * (kernel @ value @ kernel.T)

    def publish(self) -> None:
        session = self.session
        markers = self.markers()
        side = self.sides["F"]
        image = np.minimum(self.activity["F"].value, 1.0).reshape(side, side)
        self.run.channel("camera").publish(image=image, markers=markers)
        self.run.channel("map_e").publish(image=self.map("E"), markers=markers)
        self.run.channel("map_i").publish(image=self.map("I"), markers=[])
        self.publish_balance(float(self.layer_rates[0]))
        self.publish_currents()
        self.publish_voltages(float(self.layer_rates[1]))
        for layer, value in zip(("e", "i"), HZ * self.layer_rates[1:], strict=True):
            self.run.measure(f"live_rate_{layer}", value)
        self._measure_saturated(session.saturated)

    def markers(self) -> list[Marker]:
        """The disc, its path, and the positions read from F and E."""
        out = []
        disc = self.session.disc
        if disc is not None:
            if disc.kind in ("circle", "path", "linear"):
                path = [(float(x), float(y)) for x, y, _ in disc.sketch(90)[:, 0]]
                closed = path if disc.kind == "linear" else [*path, path[0]]
                out.append(Marker("path", points=tuple(closed), dashed=True))
            half = 0.5 * self.session.dt
            for x, y, _ in disc.track(2 * self.end, 1, half)[0]:
                out.append(Marker("ring", float(x), float(y), disc.radius, "stimulus"))
        for layer, (x, y) in self.places.items():
            if math.isfinite(x):
                out.append(Marker("cross", float(x), float(y), 0.02, layer, layer))
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
        x, y, _ = session.disc.track(end - 1, 1, session.dt)[0, 0]
        rate = {a: HZ * session.field.disc_rate(a, x, y, session.disc.radius) for a in "FEI"}
        gap = math.nan
        self.run.channel("rates").publish(self.time, gap, rate["E"], rate["I"], gap, gap)
        self.run.measure("live_rate_e", rate["E"])
        self.run.measure("live_rate_i", rate["I"])
        for name, layer in (("Camera", "F"), ("E", "E"), ("I", "I")):
            self.run.monitor(f"{name} rate", rate[layer])
        self.run.lead("live_rate_e", "Mean field at the disc; no spikes are simulated.")

    def publish(self) -> None:
        session, side = self.session, self.session.parameters.side_f
        x, y, _ = session.disc.track(self.end, 1, session.dt)[0, 0]
        ring = [Marker("ring", float(x), float(y), session.disc.radius, "stimulus")]
        brightness = session.field.rate["F"] / max(float(session.field.rate["F"].max()), 1e-9)
        self.run.channel("camera").publish(image=brightness.reshape(side, side), markers=ring)
        for layer in ("e", "i"):
            field = HZ * session.field.rate[layer.upper()]
            self.run.channel(f"map_{layer}").publish(image=field, markers=ring)
        self.publish_balance(float(session.field.rate["F"].mean()))

    def finish(self) -> None:
        self.publish()


def _smoothing(side: int) -> np.ndarray:
    """Gaussian smoothing of a map along one axis; rows sum to one."""
    distance = np.subtract.outer(np.arange(side), np.arange(side)) / (MAP_SMOOTHING * side)
    kernel = np.exp(-0.5 * distance**2)
    return kernel / kernel.sum(axis=1, keepdims=True)
