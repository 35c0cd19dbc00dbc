"""The regions of neurons before one's eyes: raster, rates, avalanches, BOLD, connectivity."""

from __future__ import annotations

import numpy as np

from backend.brain.connectome import Connectome
from backend.brain.region_series import BoldStream, region_avalanches
from backend.brain.regions_ei import NEURONS, Regions
from backend.core.run import Run
from backend.studies.criticality import exports
from backend.studies.criticality.live_parts import (
    FEWEST_SHOWN,
    SHOWN_REGIONS,
    bold_data,
    chosen_regions,
    look_at_avalanches,
    look_at_network,
    offer_network,
    structure_data,
)
from backend.studies.criticality.parameters import CriticalityParameters
from backend.studies.criticality.setup import connectome_of, weights_of

SETTLE_S = 40.0
"""Model time whose BOLD is not used: the onset that all regions share would look like FC."""
SETTLE_MS = 2000
AVALANCHE_MS = 40_000
"""Time since the last change that avalanches are taken from, at most."""
MOST_SAMPLES = 2000
RASTER_REGIONS = 3
BIN = 20
"""ms of one point of the rates."""
ACTS = frozenset({"ratio", "g_between", "g_ei", "g_ie", "g_ii", "noise_e", "noise_i"})


class NeuronsLive:
    """State of the run that is watched."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.p: CriticalityParameters = run.parameters
        self.step_ms = 1.0
        self.connectome: Connectome = connectome_of(self.p)
        self.n = len(self.connectome)
        self.network = Regions(
            self.connectome.counts, weights_of(self.p), self.p.seed, float(self.p.inhibitory_b)
        )
        self.stream = BoldStream(self.n, round(1000 * self.p.tr), hertz=self.p.z_unit == "hz")
        self.offset = round(run.clock)
        self.now = 0
        self.counts: list[np.ndarray] = []
        self.since = SETTLE_MS
        self.binned = 0
        self.left = np.empty((0, self.n), np.uint8)
        self.events: list[np.ndarray] = []
        self.shown = chosen_regions(self.n)[:SHOWN_REGIONS]
        self.rows = self._rows()
        self.fc = np.zeros((self.n, self.n))
        self.bold = np.empty((0, self.n))
        run.channel("structure").publish(**structure_data(self.connectome))
        self._offer()

    def _rows(self) -> np.ndarray:
        """Raster row of each neuron; −1 for those that are not drawn."""
        rows = np.full(self.n * NEURONS, -1)
        for place, region in enumerate(self.shown[:RASTER_REGIONS]):
            first = region * NEURONS
            rows[first : first + NEURONS] = place * NEURONS + np.arange(NEURONS)
        return rows

    # ---- stepping ---------------------------------------------------------------------------

    def advance(self, steps: int) -> None:
        """Go on in slices short enough to be cancelled."""
        while steps:
            self.run.check()
            ms = min(steps, max(20, 20_000 // self.n))
            room = np.empty((ms * self.n * NEURONS // 8, 2), np.int32)
            counts, kept = self.network.advance(ms, room if self.run.drawing else None)
            if self.run.drawing:
                mine = room[:kept][self.rows[room[:kept, 1]] >= 0].astype(np.int64)
                self.events.append(np.stack([mine[:, 0] + self.now, self.rows[mine[:, 1]]], 1))
            self.stream.add(counts)
            self.counts.append(counts)
            self.now += ms
            steps -= ms
        held = sum(map(len, self.counts))
        if held > 1.2 * AVALANCHE_MS:
            self.counts = [np.concatenate(self.counts)[-AVALANCHE_MS:]]

    def take(self, changed: frozenset[str]) -> None:
        """Live changes act in the next ms; avalanches are counted anew from there."""
        self.p = self.run.parameters
        if changed & ACTS:
            self.network.weights = weights_of(self.p)
            self.since = self.now

    # ---- what is seen -----------------------------------------------------------------------

    def publish(self) -> None:
        """Spikes and rates since the last picture."""
        if self.events:
            events = np.concatenate(self.events)
            self.events = []
            at = (events[:, 0] + self.offset) / 1000
            self.run.channel("nraster").publish(at, events[:, 1], events[:, 1] // NEURONS)
        fresh = self.now - self.binned
        bins = fresh // BIN
        if not bins:
            return
        recent = self._last(fresh)[: bins * BIN].reshape(bins, BIN, self.n).sum(axis=1, dtype=int)
        hertz = recent * 1000.0 / BIN / NEURONS
        at = (self.binned + BIN * np.arange(bins) + self.offset) / 1000
        self.run.channel("rates").publish(at, hertz.mean(axis=1), hertz[:, self.shown[0]])
        self.binned += bins * BIN

    def _last(self, ms: int) -> np.ndarray:
        """The newest counts (ms, n_region)."""
        taken: list[np.ndarray] = []
        for part in reversed(self.counts):
            taken.insert(0, part)
            if sum(map(len, taken)) >= ms:
                break
        whole = np.concatenate(taken) if taken else np.empty((0, self.n), np.uint8)
        return whole[len(whole) - min(ms, len(whole)) :]

    def look(self) -> None:
        """Avalanches since the last change; BOLD, connectivity and metrics of the window."""
        run = self.run
        counts = self._last(max(self.now - self.since, 0)) if self.now > self.since else None
        if counts is None or len(counts) < 1000:
            return
        pooled = np.concatenate(region_avalanches(counts, self.p.frame))
        look_at_avalanches(run, pooled)
        rate = float(counts.sum(dtype=np.int64)) * 1000 / len(counts) / self.n / NEURONS
        run.measure("rate_hz", rate)
        run.monitor("rate", rate)
        settled = max(int(np.ceil(SETTLE_S / self.p.tr)) - self.stream.dropped, 0)
        bold = self.stream.samples[settled:][-self.p.samples :]
        if settled == 0:
            self.stream.keep(MOST_SAMPLES)
        if len(bold) < FEWEST_SHOWN:
            left = SETTLE_S + FEWEST_SHOWN * self.p.tr - self.now / 1000
            run.status(f"BOLD settles, {left:.0f} s of model time" if left > 0 else "")
            return
        run.status("")
        self.bold = bold
        at = np.arange(1 - len(bold), 1) * self.p.tr
        run.channel("bold").publish(**bold_data(at, bold, self.connectome.labels))
        self.fc = look_at_network(run, bold, self.connectome, bold)

    def finish(self) -> None:
        """What must stand beside the result."""
        if self.connectome.isolated:
            self.run.note(f"Without fibres: {', '.join(self.connectome.isolated)}.")

    # ---- files ------------------------------------------------------------------------------

    def _offer(self) -> None:
        run, labels = self.run, self.connectome.labels
        offer_network(run, self.connectome, lambda: self.fc)
        run.offer(
            "bold", "BOLD series", lambda: exports.series(self.bold, labels, self.p.tr)
        )  # fmt: skip
        run.offer("counts", "Spikes of each region (ms, region)", self._sparse)

    def _sparse(self) -> exports.Events:
        counts = self._last(AVALANCHE_MS)
        ms, region = np.nonzero(counts)
        number = counts[ms, region]
        return exports.events(np.repeat(ms + self.now - len(counts), number),
                              np.repeat(region, number), 0.001, self.connectome.labels)  # fmt: skip
