"""The automaton before one's eyes: nodes, raster, avalanches, BOLD, connectivity, metrics."""

from __future__ import annotations

from typing import Any

import numpy as np

from backend.analysis import avalanches
from backend.brain.connectome import Connectome
from backend.brain.greenberg_hastings import BURN_IN, EXCITED, QUIET, REFRACTORY, Automaton
from backend.brain.hemodynamics import LENGTH, bold_of_events
from backend.core.run import Run
from backend.studies.criticality import exports
from backend.studies.criticality.live_parts import (
    FEWEST_SHOWN,
    bold_data,
    look_at_avalanches,
    look_at_network,
    offer_network,
    structure_data,
)
from backend.studies.criticality.parameters import CriticalityParameters
from backend.studies.criticality.setup import connectome_of, rules_of

AVALANCHE_STEPS = 400_000
"""Steps since the last change that avalanches are taken from, at most."""
MOST_EVENTS = 1_000_000
RECENT = 10
"""Steps in which a node is drawn as having fired."""
BIN = 10
"""Steps of one point of the activity."""
ACTS = frozenset({"threshold", "scale", "r1", "r2", "r2_meaning", "n_delay"})


class AutomatonLive:
    """State of the run that is watched."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.p: CriticalityParameters = run.parameters
        self.step_ms = self.p.step
        self.connectome: Connectome = connectome_of(self.p)
        self.automaton = Automaton(
            self.p.scale * self.connectome.counts, rules_of(self.p), self.p.seed
        )
        self.automaton.advance(BURN_IN)
        self.n = len(self.connectome)
        self.steps, self.nodes = np.empty(0, np.int64), np.empty(0, np.int64)
        self.since = self.drawn = self.binned = self.oldest = BURN_IN
        self.offset = round(run.clock / self.step_ms) - BURN_IN
        self.fc = np.zeros((self.n, self.n))
        self.bold = np.empty((0, self.n))
        # Only the synthetic one says which half is where.
        self.groups = np.where(np.arange(self.n) < self.n // 2, 0, 1)
        if not self.connectome.synthetic:
            self.groups[:] = 2
        self._show_structure()
        self._offer()

    # ---- stepping ---------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Steps of the automaton, its burn-in among them."""
        return self.automaton.step

    def advance(self, steps: int) -> None:
        """Go on, and remember as far back as BOLD and avalanches look."""
        until = self.now + steps
        parts = [(self.steps, self.nodes)]
        while self.now < until:
            self.run.check()
            parts.append(self.automaton.advance(min(20_000, until - self.now)))
        self.steps = np.concatenate([part[0] for part in parts])
        self.nodes = np.concatenate([part[1] for part in parts])
        keep = max(AVALANCHE_STEPS, (self.p.samples + 1) * self.p.every + self._tail())
        if len(self.steps) and (
            self.steps[0] < self.now - 1.2 * keep or len(self.steps) > 1.2 * MOST_EVENTS
        ):
            first = int(np.searchsorted(self.steps, self.now - keep))
            first = max(first, len(self.steps) - MOST_EVENTS)
            self.steps, self.nodes = self.steps[first:].copy(), self.nodes[first:].copy()
            self.oldest = int(self.steps[0]) if len(self.steps) else self.now - keep
            self.since = max(self.since, self.oldest)

    def _tail(self) -> int:
        """Steps that a BOLD response lasts."""
        return int((self.p.hrf_o + LENGTH * self.p.hrf_d * self.p.hrf_p) / (self.step_ms / 1000))

    def take(self, changed: frozenset[str]) -> None:
        """Live changes act from the next step; avalanches are counted anew from there."""
        self.p = self.run.parameters
        if changed & ACTS:
            weights = self.p.scale * self.connectome.counts if "scale" in changed else None
            self.automaton.change(rules_of(self.p), weights)
            self.since = self.now
        if "scale" in changed:
            self._show_structure()

    # ---- what is seen -----------------------------------------------------------------------

    def _seconds(self, steps: np.ndarray | int) -> Any:
        return (np.asarray(steps) + self.offset) * self.step_ms / 1000

    def publish(self) -> None:
        """Nodes, raster and activity since the last picture."""
        first = int(np.searchsorted(self.steps, self.drawn))
        fresh = slice(first, None)
        group = self.groups[self.nodes[fresh]]
        self.run.channel("raster").publish(self._seconds(self.steps[fresh]), self.nodes[fresh],
                                           group)  # fmt: skip
        self.drawn = self.now
        whole = self.now // BIN * BIN
        if whole > self.binned:
            begin = int(np.searchsorted(self.steps, self.binned))
            end = int(np.searchsorted(self.steps, whole))
            count = np.bincount((self.steps[begin:end] - self.binned) // BIN,
                                minlength=(whole - self.binned) // BIN)  # fmt: skip
            at = np.arange(self.binned, whole, BIN)
            self.run.channel("active").publish(self._seconds(at), count)
            self.run.monitor("active nodes", float(count[-1]))
            self.binned = whole
        self.run.channel("nodes").publish(**self._nodes())

    def _nodes(self) -> dict[str, Any]:
        status = self.automaton.status.copy()
        first = int(np.searchsorted(self.steps, self.now - RECENT))
        status[self.nodes[first:]] = EXCITED
        return nodes_data(self.connectome, status)

    def look(self) -> None:
        """Avalanches since the last change; BOLD, connectivity and metrics of the window."""
        p, run = self.p, self.run
        found = avalanches.sizes(avalanches.frame_counts(self.steps, self.since, self.now, p.frame))
        look_at_avalanches(run, found)
        span = max(self.now - self.since, 1)
        fired = len(self.steps) - int(np.searchsorted(self.steps, self.since))
        run.measure("rate_steps", fired / self.n / span)
        self._look_at_bold()

    def _look_at_bold(self) -> None:
        p, run = self.p, self.run
        count = min(p.samples, (self.now - self.oldest) // p.every)
        if count < FEWEST_SHOWN:
            return
        end = BURN_IN + (self.now - BURN_IN) // p.every * p.every
        tail = -(-self._tail() // p.every)
        first = max(end - (count + tail) * p.every, end - (end - self.oldest) // p.every * p.every)
        inside = slice(*np.searchsorted(self.steps, (first, end)))
        found = bold_of_events(
            self.steps[inside] - first, self.nodes[inside], self.n, end - first, p.every,
            self.step_ms / 1000, scale=p.hrf_d, power=p.hrf_p, delay=p.hrf_o,
            as_printed=p.hrf == "as printed",
        )  # fmt: skip
        self.bold = found[-count:]
        seconds = np.arange(1 - count, 1) * p.every * self.step_ms / 1000
        run.channel("bold").publish(**bold_data(seconds, self.bold, self.connectome.labels))
        self.fc = look_at_network(run, self.bold, self.connectome, self.bold.mean(axis=1))

    def _show_structure(self) -> None:
        self.run.channel("structure").publish(**structure_data(self.connectome))

    def finish(self) -> None:
        """What must stand beside the result."""
        if self.connectome.isolated:
            self.run.note(f"Without fibres: {', '.join(self.connectome.isolated)}.")

    # ---- files ------------------------------------------------------------------------------

    def _offer(self) -> None:
        run, labels = self.run, self.connectome.labels
        offer_network(run, self.connectome, lambda: self.fc)
        seconds = self.step_ms / 1000
        run.offer(
            "bold", "BOLD series",
            lambda: exports.series(self.bold, labels, self.p.every * seconds),
        )  # fmt: skip
        run.offer(
            "raster", "Excitations (step, node)",
            lambda: exports.events(self.steps + self.offset, self.nodes, seconds, labels),
        )  # fmt: skip


def nodes_data(connectome: Connectome, status: np.ndarray) -> dict[str, Any]:
    """Nodes at their places from above, by state; in a ring when the file tells no places."""
    places = connectome.places
    note = "SYNTHETIC places, from above" if connectome.synthetic else "no places in the file"
    if not len(places):
        angle = np.linspace(0, 2 * np.pi, len(status), endpoint=False)
        places = np.stack([60 * np.sin(angle), 78 * np.cos(angle), 0 * angle], axis=1)
    data: dict[str, Any] = {"x": np.empty(0), "note": note}
    for name, state in (("quiet", QUIET), ("refractory", REFRACTORY), ("excited", EXCITED)):
        mine = places[status == state]
        data[f"{name}_x"], data[name] = mine[:, 0], mine[:, 1]
    return data
