"""Panels of the uncoupled population and of the homogeneous network, and which panel fits.

Source: 01-ei-balanced-network; live views and exports of spec section 6.
"""

from __future__ import annotations

import numpy as np

from backend.core.run import Run
from backend.spiking.balanced_events import SpikeEvents
from backend.spiking.balanced_theory import (
    SingularBalance,
    barrier_density,
    density,
    finite_rates,
)
from backend.studies.ei_balanced.balance import HZ
from backend.studies.ei_balanced.panel_base import RASTER, NetworkPanel, Panel
from backend.studies.ei_balanced.panels_spatial import PreviewPanel, SpatialPanel
from backend.studies.ei_balanced.readouts import RateBins
from backend.studies.ei_balanced.sessions import (
    BrianSession,
    HomogeneousSession,
    PreviewSession,
    Session,
    SpatialSession,
    UncoupledSession,
)

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


class UncoupledPanel(Panel):
    """S1: rate against theory, voltages against p0 and the time-dependent density."""

    BIN = 0.05

    def __init__(self, run: Run, session: UncoupledSession, first_step: int) -> None:
        super().__init__(run, session, first_step)
        self.bins = RateBins(("P",), max(1, round(self.BIN / session.dt)), first_step)
        self._recent = np.empty(0)
        self._expected = 0.0
        session.sampling = run.drawing
        shown = np.arange(min(120, session.population.n))
        self._show_rows({"P": shown}, {"P": session.population.n})
        run.offer("voltages", "Voltages now", lambda: session.population.voltages().copy())

    def _sizes(self) -> dict[str, int]:
        return {"P": self.session.population.n}

    def add(self, events: SpikeEvents, end: int) -> None:
        super().add(events, end)
        self.run.channel("membrane").publish(*self.session.take_samples().T)
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
        self._expected = float(theory[-1])

    def _measure_rate(self) -> None:
        if len(self._recent):
            self.run.measure("live_rate", float(self._recent.mean()))
            self.run.measure("predicted_rate", self._expected)
            self.run.lead("live_rate", f"Theory: {self._expected:.0f} Hz.")

    def publish(self) -> None:
        self._measure_rate()
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


class HomogeneousPanel(NetworkPanel):
    """S2: rates against Eq. 7."""

    def __init__(
        self, run: Run, session: HomogeneousSession | BrianSession, first_step: int
    ) -> None:
        super().__init__(run, session, first_step)
        self.bins = RateBins(("E", "I"), max(1, round(1.0 / session.dt)), first_step)
        sizes = session.sizes
        shown = {layer: np.arange(min(n, sizes[layer])) for layer, n in RASTER.items()}
        self._show_rows(shown, sizes)
        self._window: list[np.ndarray] = []
        self._expected = 0.0
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
            self.run.monitor(f"{layer.upper()} rate", value)
        self._expected = float(HZ * theory[0, -1])

    def _theory(self, mean: np.ndarray) -> np.ndarray:
        try:
            return finite_rates(self.session.theory, mean)
        except SingularBalance:
            return np.full((2, len(mean)), np.nan)

    def publish(self) -> None:
        rates = np.mean(self._window, axis=0) if self._window else np.zeros(2)
        if self._window:
            for layer, value in zip(("e", "i"), HZ * rates, strict=True):
                self.run.measure(f"live_rate_{layer}", value)
            self.run.lead("live_rate_e", f"Eq. 7 predicts {self._expected:.1f} Hz now.")
        self.publish_balance(self.session.mean)
        self.publish_currents()
        self.publish_voltages(rates)

    def finish(self) -> None:
        super().finish()
        self._measure_saturated(self.session.saturated)
