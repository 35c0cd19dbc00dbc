"""Topography: which layer, and which place of the picture, each vertex prefers."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from backend.analysis.compression import z_scored_patterns
from backend.analysis.mapping import Scheme
from backend.brain.surface_map import SurfaceMap
from backend.brain.topography import LayerPreference, Topography, layer_preference, preferred
from backend.core.objects import Table
from backend.core.run import Run
from backend.studies.dnn_lab.brain import Brain
from backend.studies.dnn_lab.encode import show_winners
from backend.studies.dnn_lab.parts import say_memory
from backend.studies.dnn_lab.session import Session, five_of

PARTS = ("r", "row", "column", "x", "y")


def topography(run: Run) -> None:
    """Preferred layer and place of every vertex, drawn layer by layer."""
    session = Session(run)
    p = session.p
    layers = [one for one in session.layer_names() if one[2] or not p.before]
    say_memory(run, session, [name for name, _, _ in layers])
    if p.brain == "simulated":
        session.scan()
    brain = session.responses()
    if brain.constant.any():
        run.note(f"{int(brain.constant.sum())} vertices never vary; they prefer nothing.")
    names = [word for _, word, _ in layers]
    found: list[LayerPreference] = []
    for number, (name, word, _) in enumerate(layers):
        one = partial(of_layer, run, session, brain.values, name, word, number / len(layers),
                      len(layers))  # fmt: skip
        cell = run.cells.do(("topography", name), one)
        found.append(LayerPreference(*(np.array(cell[part], float) for part in PARTS)))
        run.progress(round(100 * (number + 1) / len(layers)), 100, f"layers, {word}")
        publish(run, session, preferred(found), names)
    summarise(run, session, brain, preferred(found), names)


def of_layer(
    run: Run, session: Session, brain: np.ndarray, name: str, word: str, done: float, layers: int
) -> dict[str, Any]:
    """One layer's r and best places, as a cell of the run."""
    p = session.p
    features = session.features(name)
    features = z_scored_patterns(features).reshape(features.shape)

    def told(places: int, of: int) -> None:
        run.progress(
            round(100 * (done + places / of / layers)), 100, f"{places} of {of} places, {word}"
        )

    found = layer_preference(
        features, brain, Scheme(p.folds, p.seed), p.components, run.check, told
    )
    return {part: getattr(found, part).tolist() for part in PARTS}


def publish(run: Run, session: Session, found: Topography, names: list[str]) -> None:
    """Layers and places preferred so far."""
    every = np.arange(1.0, len(found.layer) + 1)
    data: dict[str, Any] = {"x": every, "found": found.layer}
    if session.p.brain == "simulated" and session.cortex is not None:
        five = five_of(sum(session.has_places(n) for n, _, good in session.layer_names() if good))
        data["true"] = five[session.cortex.layer] + 1.0
    run.channel("preferred").publish(**data, y_title=f"layer, 1 {names[0]} to {len(names)} "
                                     f"{names[-1]}")  # fmt: skip
    x, y = found.place
    run.channel("where").publish(x=x, place=y, middle_x=np.zeros(1), middle=np.zeros(1))
    run.channel("eccentricity").publish(x=every, eccentricity=found.eccentricity)
    run.channel("polarity").publish(x=every, polarity=found.polarity)


def summarise(
    run: Run, session: Session, brain: Brain, found: Topography, names: list[str]
) -> None:
    """Share of layers found again, numbers, table and maps."""
    if np.isfinite(found.r).any():
        run.measure_known("topo_r", float(np.nanmean(found.r)))
    if np.isfinite(found.eccentricity).any():
        run.measure_known("topo_eccentricity", float(np.nanmean(found.eccentricity)))
    if session.p.brain == "simulated" and session.cortex is not None:
        run.note("The simulated vertices read whole layers, so their places are not known: only "
                 "the layer can be right or wrong.")  # fmt: skip
        five = five_of(sum(session.has_places(n) for n, _, good in session.layer_names() if good))
        best = np.argmax(found.by_layer[five], axis=0)
        show_winners(run, [names[i] for i in five], session.cortex.layer, best)
    elif "topo_r" in run.result.values:
        run.lead("topo_r", "Held-out r of each vertex's best layer, mean over vertices.")
    run.table("topography", {
        "vertex": list(range(1, len(found.layer) + 1)),
        "layer": [names[int(n) - 1] if n == n else "" for n in found.layer],
        **{name: getattr(found, name).tolist()
           for name in ("r", "row", "column", "eccentricity", "polarity")},
    })  # fmt: skip
    simulated = ", SIMULATED cortex" if brain.source is None else ""
    run.offer("topography_maps", f"Maps of the topography{simulated}",
              partial(maps_of, brain, found, names), maps=True)  # fmt: skip


def maps_of(brain: Brain, found: Topography, names: list[str]) -> SurfaceMap | Table:
    """Preferred layer, its r, place, eccentricity, polarity, and r of each layer, as maps."""
    words = ("layer", "r", "row", "column", "eccentricity", "polarity")
    rows = [getattr(found, word) for word in words] + list(found.by_layer)
    titles = ["preferred layer", *words[1:], *(f"r, {name}" for name in names)]
    return brain.maps(titles, np.array(rows))
