"""What every running network shows and offers: spikes, raster; balance, currents, voltages.

Source: 01-ei-balanced-network; live views and exports of spec section 6.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy as np

from backend.core.run import Run
from backend.spiking.balanced_events import SpikeEvents, join
from backend.spiking.balanced_theory import barrier_density, density, variance_to_mean
from backend.studies.ei_balanced.balance import balance_rows, predicted
from backend.studies.ei_balanced.sessions import has_barrier

KEPT_SPIKES = 2_000_000
"""Spikes kept for the export; older ones are forgotten first."""
RASTER = {"E": 110, "I": 40}
SATURATED = (
    "Cells stayed above threshold after a spike: the step is long for these rates. "
    "Use a shorter step."
)
"""One text without numbers, so that it stands once beside the result however often it happens."""


class Panel:
    """Base: keeps recent spikes for the export and fills the raster."""

    def __init__(self, run: Run, session: Any, first_step: int) -> None:
        self.run = run
        self.session = session
        self.end = first_step
        self._kept: deque[SpikeEvents] = deque()
        self._kept_count = 0
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
        if not len(events):
            return
        self._kept.append(events)
        self._kept_count += len(events)
        while self._kept_count > KEPT_SPIKES and len(self._kept) > 1:
            self._kept_count -= len(self._kept.popleft())

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
        events = join(list(self._kept))
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
            self.run.note(SATURATED)


class NetworkPanel(Panel):
    """What S2 and S3 have in common: balance, currents, variance to mean, voltages."""

    def publish_balance(self, mean: float) -> None:
        """The ratios of the balance condition and the predicted rates."""
        theory = self.session.theory
        e, i = predicted(theory, mean)
        if math.isfinite(e):
            self.run.measure("predicted_e", e)
            self.run.measure("predicted_i", i)
        self.run.channel("balance").publish(rows=balance_rows(theory, mean))

    def publish_currents(self) -> None:
        """Mean currents by source into both populations."""
        for layer, parts in self.session.currents().items():
            labels = ["net" if b == "net" else f"from {b}" for b in parts]
            self.run.channel(f"currents_{layer.lower()}").publish(
                labels=labels, values=np.array(list(parts.values()))
            )

    def publish_voltages(self, rates: np.ndarray) -> None:
        """Histogram of E voltages with the density of their variance-to-mean ratio.

        ``rates`` of E and I in spikes per ms.
        """
        session = self.session
        theta, barrier = session.parameters.theta, has_barrier(session)
        v = session.voltages()
        low = 0.0 if barrier else float(min(np.percentile(v, 0.5), -0.1 * theta))
        edges = np.linspace(low, theta, 61)
        counts, _ = np.histogram(v, edges)
        x = np.linspace(low, theta, 201)
        beta = self.betas(rates)[0]
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
