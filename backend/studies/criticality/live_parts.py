"""What both live runs do: restart on other settings, publish views, offer files."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from backend.core.parameters import Change, ParameterError
from backend.core.run import Block, Run
from backend.studies.criticality import exports
from backend.studies.criticality.measures import (
    avalanche_data,
    fit_of,
    network_data,
    regime_data,
)
from backend.studies.criticality.parameters import CriticalityParameters
from backend.studies.criticality.setup import check, structure_of

if TYPE_CHECKING:
    from backend.brain.connectome import Connectome

LOOK_S = 0.25
"""Wall time between two looks at avalanches and connectivity."""
RINGS = ("raster", "active", "nraster", "rates")
SHOWN_REGIONS = 5
FEWEST_SHOWN = 8
"""BOLD samples from which connectivity is shown."""


def rebuilds() -> frozenset[str]:
    """Names that need a new network."""
    declared = CriticalityParameters.declarations()
    return frozenset(n for n, one in declared.items() if one.change is Change.REBUILD)


class Live(Protocol):
    """A system that runs before the user."""

    step_ms: float
    p: CriticalityParameters

    def advance(self, steps: int) -> None: ...

    def take(self, changed: frozenset[str]) -> None: ...

    def publish(self) -> None: ...

    def look(self) -> None: ...

    def finish(self) -> None: ...


def run_live(run: Run) -> None:
    """Run until stopped; settings that need a new network start one on the same clock."""
    live = make(run)
    first: int | None = 0
    while first is not None:
        live, first = _go(run, live, first)


def make(run: Run) -> Live:
    """The system of the present settings."""
    run.status("building")
    if run.parameters.model == "automaton":
        from backend.studies.criticality.automaton_live import AutomatonLive

        made: Live = AutomatonLive(run)
    else:
        from backend.studies.criticality.neurons_live import NeuronsLive

        made = NeuronsLive(run)
    run.status("")
    return made


def _go(run: Run, live: Live, first: int) -> tuple[Live, int | None]:
    looked = 0.0
    for block in run.blocks(live.step_ms, first=first):
        if block.changed & rebuilds():
            made = _rebuilt(run, live, block.changed)
            if made is not None:
                run.event("new network")
                return made, round(block.time / made.step_ms)
        if block.changed:
            live.take(block.changed)
        _pace(run, live, block)
        live.advance(block.steps)
        if block.publish:
            live.publish()
            now = time.perf_counter()
            if now - looked > LOOK_S:
                live.look()
                looked = now
    live.publish()
    live.look()
    live.finish()
    return live, None


def _rebuilt(run: Run, live: Live, changed: frozenset[str]) -> Live | None:
    """A new system, or None and a note when it cannot be built."""
    p: CriticalityParameters = run.parameters
    if p.model == "recordings":
        run.note("Recordings are analysed, not run: stop, and press Run.")
        run.parameters = p.model_copy(update={"model": live.p.model})
        return None
    try:
        check(p, "free")
        for name in RINGS:
            run.channel(name).clear()
        if p.model != live.p.model:  # what the other system measured is not this one's
            run.result.values.clear()
        return make(run)
    except (ParameterError, MemoryError) as problem:
        words = problem.sentence if isinstance(problem, ParameterError) else "Too many regions."
        run.note(f"The old network goes on. {words}")
        return None


def _pace(run: Run, live: Live, block: Block) -> None:
    """Steps a second as asked, before somebody who looks; the strip's own speed wins."""
    p: CriticalityParameters = run.parameters
    if p.model != "automaton" or run.duration is not None:
        return
    if "pace" in block.changed or (run.speed is None and p.pace):
        run.speed = p.pace * live.step_ms if p.pace else None


def chosen_regions(count: int) -> np.ndarray:
    """Some regions, spread over all."""
    return np.unique(np.linspace(0, count - 1, min(count, SHOWN_REGIONS)).round().astype(int))


def bold_data(seconds: np.ndarray, bold: np.ndarray, labels: tuple[str, ...]) -> dict[str, Any]:
    """Some regions' BOLD in units of their SD, one above the other."""
    data: dict[str, Any] = {"x": seconds}
    chosen = chosen_regions(bold.shape[1])
    names = {}
    for place, region in enumerate(chosen):
        values = bold[:, region]
        sd = values.std()
        data[f"bold{place}"] = (values - values.mean()) / (sd or 1.0) + 4.0 * place
        names[f"bold{place}"] = f"region {labels[region]}"
    data |= {"series_labels": names, "x_title": "time before now (s)"}
    return data


def structure_data(connectome: Connectome) -> dict[str, Any]:
    """Fibre counts, logarithmic."""
    image = np.log10(1.0 + connectome.counts)
    note = "SYNTHETIC, log of 1 + fibres" if connectome.synthetic else "log of 1 + fibres"
    labels = list(connectome.labels)
    return {"image": image, "note": note, "x_labels": labels, "y_labels": labels}


def look_at_avalanches(run: Run, found: np.ndarray) -> None:
    """Distribution, exponent and regime of the sizes found so far."""
    model = run.parameters.model
    fit, word = fit_of(found, model)
    run.channel("avalanches").publish(**avalanche_data(found, fit, model))
    run.channel("regime").publish(**regime_data(fit, word, found, model))
    for name in ("exponent", "ks", "largest"):
        run.result.values.pop(name, None)
    run.measure_known("exponent", fit.exponent, fit.count)
    run.measure_known("ks", fit.distance, fit.count)
    if len(found):
        run.measure("largest", float(found.max()), n=len(found))


def look_at_network(
    run: Run, bold: np.ndarray, connectome: Connectome, for_hurst: np.ndarray
) -> np.ndarray:
    """Connectivity of BOLD (n_sample, n_region) and what it says; ``for_hurst`` (n_sample, ...)."""
    from backend.analysis.graph_metrics import metrics
    from backend.analysis.hurst import FEWEST, hurst
    from backend.analysis.rdm_compare import upper
    from backend.brain.region_series import connectivity, likeness

    p: CriticalityParameters = run.parameters
    count = len(bold)
    fc, constant = connectivity(bold, p.global_signal)
    note = f"last {count} samples"
    if constant.any():
        note += f", {int(constant.sum())} regions constant: set to 0"
    labels = list(connectome.labels)
    run.channel("fc").publish(image=fc, note=note, x_labels=labels, y_labels=labels)
    measured = metrics(fc, p.td, p.positive)
    alike = likeness(fc, structure_of(p, connectome.counts))
    known = count >= FEWEST
    h = float(np.nanmean(hurst(for_hurst))) if known else float("nan")
    mean = float(upper(fc).mean())
    run.channel("network").publish(**network_data(measured, p.td))
    for name in ("global_efficiency", "local_efficiency", "clustering", "strength", "density"):
        run.measure(name, getattr(measured, name))
    run.result.values.pop("path", None)
    if measured.reachable >= 1:
        run.measure("path", measured.path)
    run.measure("reachable", 100 * measured.reachable)
    run.measure("mean_fc", mean)
    run.measure_known("likeness", alike)
    run.measure_known("hurst", h)
    run.monitor("global efficiency", measured.global_efficiency)
    run.lead("global_efficiency", f"at T_d = {p.td:g}, over {count} BOLD samples")
    return fc


def offer_network(run: Run, connectome: Connectome, fc: Callable[[], np.ndarray]) -> None:
    """Structure, connectivity, graph, and the nodes' metrics on fsaverage5 where places are known.

    ``fc`` gives the newest connectivity (n_region, n_region).
    """
    labels, places = connectome.labels, connectome.places

    def graph() -> Any:
        return exports.graph(fc(), labels, run.parameters.td, run.parameters.positive)

    def surface(side: str) -> Any:
        p = run.parameters
        return exports.surface_maps(fc(), places, side, p.td, p.positive)

    run.offer("connectome", "Structure (fibre counts)", lambda: connectome)
    run.offer("fc", "Functional connectivity", lambda: exports.matrix("FC", fc(), labels))
    run.offer("graph", "Graph at T_d", graph)
    for side in ("left", "right"):
        beside = places[:, 0] < 0 if side == "left" else places[:, 0] >= 0
        if len(places) and beside.any():
            run.offer(f"nodes_{side}", f"Nodes on fsaverage5, {side}",
                      functools.partial(surface, side))  # fmt: skip
