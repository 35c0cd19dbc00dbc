"""One run of either system as a plain row: computed side by side, kept as cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from backend.analysis import avalanches
from backend.analysis.graph_metrics import metrics
from backend.analysis.hurst import FEWEST, hurst
from backend.analysis.small_world import window
from backend.brain.connectome import Connectome
from backend.brain.greenberg_hastings import BURN_IN, Automaton
from backend.brain.hemodynamics import bold_of_events
from backend.brain.region_series import (
    BoldStream,
    connectivity,
    likeness,
    region_avalanches,
    upper,
)
from backend.brain.regions_ei import NEURONS, Regions
from backend.core.run import Run
from backend.studies.criticality.measures import METRICS, bold_sample_sd, fit_of
from backend.studies.criticality.parameters import VARIED, CriticalityParameters
from backend.studies.criticality.setup import rules_of, structure_of, weights_of

SLICE = 7000
SLICE_MS = 500
RASTER_MS, MANY = 5000, 5
"""Part of a run that is drawn, and spikes of a region in a ms that make a tick."""

Row = dict[str, Any]
"""One run: seed, rate, exponent, ks, largest, avalanches, hurst, mean_fc, likeness, null_sd,
``graph`` {T_d: the metrics and reachable, isolated}, ``window`` or None, ``sizes`` [[size, n]]."""


class Made:
    """What one run leaves for the views.

    Attributes
    ----------
    sizes : of its avalanches. bold : (n_sample, n_region). fc : (n_region, n_region). events :
        (time in s, row) of a raster. rate : Hz, or excitations per step and node.
    """

    def __init__(self, sizes: np.ndarray, bold: np.ndarray, fc: np.ndarray,
                 events: tuple[np.ndarray, np.ndarray], rate: float) -> None:  # fmt: skip
        self.sizes, self.bold, self.fc, self.events, self.rate = sizes, bold, fc, events, rate


def automaton_run(
    p: CriticalityParameters, connectome: Connectome, seed: int, check: Callable[[], None]
) -> Made:
    """One run of the automaton: burn-in, then ``samples`` samples of BOLD."""
    automaton = Automaton(p.scale * connectome.counts, rules_of(p), seed)
    automaton.advance(BURN_IN)
    total = p.samples * p.every
    parts = []
    while automaton.step < BURN_IN + total:
        check()
        parts.append(automaton.advance(min(SLICE, BURN_IN + total - automaton.step)))
    steps = np.concatenate([part[0] for part in parts]) - BURN_IN
    nodes = np.concatenate([part[1] for part in parts])
    bold = bold_of_events(
        steps, nodes, len(connectome), total, p.every, p.step / 1000, scale=p.hrf_d,
        power=p.hrf_p, delay=p.hrf_o, as_printed=p.hrf == "as printed",
    )  # fmt: skip
    fc, _ = connectivity(bold, p.global_signal)
    found = avalanches.sizes(avalanches.frame_counts(steps, 0, total, p.frame))
    rate = len(steps) / total / len(connectome)
    return Made(found, bold, fc, (steps * p.step / 1000, nodes), rate)


def neurons_run(
    p: CriticalityParameters, connectome: Connectome, seed: int, check: Callable[[], None]
) -> Made:
    """One network of neurons; BOLD runs through the discarded part too."""
    network = Regions(connectome.counts, weights_of(p), seed, float(p.inhibitory_b))
    stream = BoldStream(len(connectome), round(1000 * p.tr), hertz=p.z_unit == "hz")
    total, discard = round(1000 * p.duration_s), round(1000 * p.discard_s)
    kept, at = [], 0
    while at < total:
        check()
        counts, _ = network.advance(min(SLICE_MS, total - at))
        stream.add(counts)
        at += len(counts)
        if at > discard:
            kept.append(counts[max(0, len(counts) - (at - discard)) :])
    counts = np.concatenate(kept)
    bold = stream.samples[int(np.ceil(p.discard_s / p.tr)) :]
    fc, _ = connectivity(bold, p.global_signal)
    pooled = np.concatenate(region_avalanches(counts, p.frame))
    rate = counts.sum(dtype=np.int64) * 1000 / len(counts) / len(connectome) / NEURONS
    ms, region = np.nonzero(counts[:RASTER_MS] >= MANY)
    return Made(pooled, bold, fc, (ms / 1000, region), float(rate))


def row_of(
    p: CriticalityParameters, connectome: Connectome, made: Made, seed: int, tds: list[float],
    with_window: bool,
) -> Row:  # fmt: skip
    """One run as a row that can be written down."""
    fit, _ = fit_of(made.sizes, p.model)
    size, number = np.unique(made.sizes, return_counts=True)
    graph = {}
    for td in tds:
        found = metrics(made.fc, td, p.positive)
        graph[f"{td:g}"] = {
            **{name: getattr(found, name) for name in METRICS},
            "reachable": found.reachable, "isolated": found.isolated,
        }  # fmt: skip
    signal = made.bold.mean(axis=1) if p.model == "automaton" else made.bold
    h = float(np.nanmean(hurst(signal))) if len(made.bold) >= FEWEST else float("nan")
    edges = window(made.fc, p.positive, seed) if with_window else None
    return {
        "seed": seed, "samples": len(made.bold), "rate": made.rate,
        "exponent": fit.exponent, "ks": fit.distance,
        "largest": int(size.max(initial=0)), "avalanches": len(made.sizes), "hurst": h,
        "mean_fc": float(upper(made.fc).mean()),
        "likeness": likeness(made.fc, structure_of(p, connectome.counts)),
        "null_sd": bold_sample_sd(made.bold, np.random.default_rng(seed)),
        "graph": graph, "sizes": np.stack([size, number], axis=1).tolist(),
        "window": None if edges is None else [edges.lower, edges.connected, edges.no_isolated],
    }  # fmt: skip


def chunks_of(
    run: Run, connectome: Connectome, value: float, tds: list[float]
) -> Iterator[tuple[list[Row], np.ndarray]]:
    """Rows of one point and the sum of their connectivity (n_pair,), a few runs at a time.

    Runs of a chunk are computed side by side; finished chunks of an earlier sweep are read.
    """
    p: CriticalityParameters = run.parameters
    automaton = p.model == "automaton"
    name = VARIED["thresholds" if automaton else "ratios"]
    here = p.model_copy(update={name: value})
    n = p.runs if automaton else p.networks
    chunk = 2 if not automaton else 4 if n <= 100 else 20
    engine = automaton_run if automaton else neurons_run

    def one(seed: int) -> tuple[Row, np.ndarray]:
        run.check()
        made = engine(here, connectome, seed, run.check)
        first = p.window and seed == p.seed
        return row_of(here, connectome, made, seed, tds, first), upper(made.fc)

    def compute(seeds: range) -> dict[str, Any]:
        with ThreadPoolExecutor(p.workers) as pool:
            found = list(pool.map(one, seeds))
        total = np.sum([pairs for _, pairs in found], axis=0)
        return {"rows": [row for row, _ in found], "fc": np.round(total, 5).tolist()}

    for first in range(0, n, chunk):
        seeds = range(p.seed + first, p.seed + min(first + chunk, n))
        key = (run.procedure, name, value, seeds.start, len(seeds))
        cell = run.cells.do(key, lambda seeds=seeds: compute(seeds))  # type: ignore[misc]
        yield cell["rows"], np.array(cell["fc"])
