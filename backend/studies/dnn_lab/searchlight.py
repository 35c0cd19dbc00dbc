"""Searchlight: which layer each patch of cortex is most like, with permuted labels (2.8)."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.analysis.rdm import label_means
from backend.analysis.rsa import (
    condition_rdm,
    patch_cells,
    pattern_scores,
    permuted_models,
    rings,
)
from backend.core.parameters import ParameterError
from backend.core.run import Run
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import LayerData, Session, five_of

if TYPE_CHECKING:
    from backend.brain.images import BrainImage
    from backend.brain.surface_map import SurfaceMap

SLICES = 50
"""Stretches of centres that are kept as they are done; a run that was broken off goes on there."""
TOGETHER = 32
"""Patches whose products with the permuted models are taken at once."""
MEMORY_SHARE = 0.25
MOST_SHOWN = 8


@dataclass(frozen=True)
class Cortex:
    """Responses with their neighbourhoods.

    Attributes
    ----------
    brain : (n_condition, n_vertex). patches : for each vertex the columns of its patch.
    places : (n_vertex,) columns of the image. image : None for the simulated strip and for arrays.
    truth : (n_vertex,) number of the layer a simulated vertex is made from.
    """

    brain: np.ndarray
    patches: list[np.ndarray]
    places: np.ndarray
    total: int
    surface: str
    image: BrainImage | None = None
    truth: np.ndarray | None = None


@dataclass
class Found:
    """Similarities (n_layer, n_vertex), NaN where not done, and the largest of each permutation."""

    r: np.ndarray
    largest: np.ndarray
    done: int = 0
    p: np.ndarray = field(default_factory=lambda: np.empty(0))


def searchlight(run: Run) -> None:
    """Compare the RDM of every patch with those of the layers; streamed, kept, resumed."""
    session = Session(run)
    p = session.p
    layers = session.after()
    cortex = simulated(session, layers) if p.brain == "simulated" else own(session)
    labels = session.stimuli.category if p.by_category else None
    models = [
        condition_rdm(pattern_scores(one.patterns, p.components), labels, p.distance,
                      check=run.check)
        for one in layers
    ]  # fmt: skip
    null = null_of(run, models)
    count = len(cortex.patches)
    found = Found(np.full((len(layers), count), np.nan), np.full(null.shape[:2], -np.inf))
    run.offer("searchlight", "Searchlight", lambda: map_of(p, cortex, layers, found),
              maps=True)  # fmt: skip
    edges = np.unique(np.linspace(0, count, min(SLICES, count) + 1).round().astype(int))
    for first, last in itertools.pairwise(edges.tolist()):
        cell = run.cells.do(
            ("searchlight", first, last),
            partial(stretch, run, cortex, models, null, first, last),
        )
        found.r[:, first:last] = [[np.nan if v is None else v for v in row] for row in cell["r"]]
        found.largest = np.maximum(found.largest, np.array(cell["largest"], float))
        found.done = last
        run.progress(found.done, count, "patches of cortex")
        publish(run, cortex, layers, found)
    found.p = corrected(found)
    publish(run, cortex, layers, found)
    measure(run, cortex, layers, found)


def simulated(session: Session, layers: list[LayerData]) -> Cortex:
    """The strip of the simulated sphere; patches are rings of the mesh, as far as the strip."""
    from backend.brain.simulated_surface import simulated_surface

    brain = session.brain()
    sphere = simulated_surface()
    patches = patches_on(sphere.faces, sphere.strip, len(sphere.vertices), session.p.radius)
    return Cortex(averaged(session, brain), patches, sphere.strip, len(sphere.vertices),
                  "simulated strip", truth=truth_of(session, layers))  # fmt: skip


def truth_of(session: Session, layers: list[LayerData]) -> np.ndarray:
    """(200,) number from 1 of the layer that each simulated vertex is made from."""
    assert session.cortex is not None
    spatial = [one.name for one in layers if one.rectified and session.has_places(one.name)]
    made_from = [spatial[i] for i in five_of(len(spatial))]
    names = [one.name for one in layers]
    return np.array([names.index(name) + 1.0 for name in made_from])[session.cortex.layer]


def own(session: Session) -> Cortex:
    """A user's responses on their surface."""
    from backend.brain.responses import read_responses
    from backend.brain.surfaces import read_surface, vertices_of

    p = session.p
    if not p.surface:
        raise ParameterError("surface", "A searchlight needs the surface your responses are on. "
                             "Choose a .surf.gii or a FreeSurfer surface (lh.white).")  # fmt: skip
    surface = read_surface(Path(p.surface))
    responses = read_responses(Path(p.betas))
    places = np.arange(responses.values.shape[1]) if responses.places is None else responses.places
    if responses.image is None:
        raise ParameterError("betas", f"{Path(p.betas).name} holds regions; a searchlight needs a "
                             "value at every vertex. Give an image or an array.")  # fmt: skip
    vertices = vertices_of(surface, responses.image, places)
    on_it = vertices >= 0
    brain = session.brain()
    if brain.shape[1] != len(places):
        raise ParameterError("betas", "A searchlight runs over every vertex. Leave mask and "
                             "regions empty.")  # fmt: skip
    patches = patches_on(surface.faces, vertices[on_it], len(surface.vertices), p.radius)
    return Cortex(
        averaged(session, brain[:, on_it]), patches, places[on_it], responses.image.data.shape[1],
        surface.file, responses.image,
    )  # fmt: skip


def averaged(session: Session, brain: np.ndarray) -> np.ndarray:
    """Responses, averaged within categories if asked."""
    if not session.p.by_category:
        return brain
    return label_means(brain, session.stimuli.category)[0]


def patches_on(
    faces: np.ndarray, vertices: np.ndarray, total: int, radius: int
) -> list[np.ndarray]:
    """For each analysed vertex the analysed ones within so many rings, as columns of the data."""
    column = np.full(total, -1)
    column[vertices] = np.arange(len(vertices))
    every = rings(faces, total, radius)
    near = [column[every[vertex]] for vertex in vertices]
    return [one[one >= 0] for one in near]


def null_of(run: Run, models: list[np.ndarray]) -> np.ndarray:
    """(n_model, n_perm, n_cell) permuted models; none of them where they do not fit the memory."""
    from backend.networks.scan import free_memory

    p: DNNBrainParameters = run.parameters
    cells = len(models[0]) * (len(models[0]) - 1) // 2
    if 4.0 * cells * p.label_permutations * len(models) > MEMORY_SHARE * free_memory():
        run.note("The permutations do not fit the memory, so the map has no p. Average categories "
                 "or ask for fewer permutations.")  # fmt: skip
        return np.empty((len(models), 0, cells), np.float32)
    run.status("Permuting labels")
    return permuted_models(models, p.comparison, p.label_permutations, p.seed, run.check)


def stretch(
    run: Run, cortex: Cortex, models: list[np.ndarray], null: np.ndarray, first: int, last: int
) -> dict[str, Any]:
    """Similarities of some centres, and the largest of each permutation among them."""
    from backend.analysis.rdm_compare import standard, upper

    p: DNNBrainParameters = run.parameters
    if p.distance == "Mahalanobis" or p.distance == "crossnobis":
        raise ParameterError("distance", "A searchlight cannot take the noise of patches. Choose "
                             "correlation.", "correlation")  # fmt: skip
    wanted = np.stack([standard(upper(one), p.comparison) for one in models])
    r = np.full((len(models), last - first), np.nan)
    largest = np.full(null.shape[:2], -np.inf)
    for start in range(first, last, TOGETHER):
        rows: dict[int, np.ndarray] = {}
        for number, patch in enumerate(cortex.patches[start : min(start + TOGETHER, last)], start):
            run.check()
            cells = patch_cells(cortex.brain[:, patch], p.comparison, p.distance)
            if cells is not None and np.isfinite(cells).all():
                rows[number - first] = cells
        if not rows:
            continue
        stack = np.stack(list(rows.values()))
        r[:, list(rows)] = wanted @ stack.T
        single = np.ascontiguousarray(stack.T, np.float32)
        for layer, one in enumerate(null):
            run.check()
            if len(one):
                np.maximum(largest[layer], (one @ single).max(axis=1), out=largest[layer])
    return {
        "r": [[None if np.isnan(v) else float(v) for v in row] for row in r],
        "largest": largest.tolist(),
    }


def corrected(found: Found) -> np.ndarray:
    """(n_layer, n_vertex) p by the largest of each permutation over the cortex."""
    if not found.largest.shape[1]:
        return np.full(found.r.shape, np.nan)
    ordered = np.sort(found.largest, axis=1)
    made = np.full(found.r.shape, np.nan)
    for place, (r, null) in enumerate(zip(found.r, ordered, strict=True)):
        reached = len(null) - np.searchsorted(null, r - 1e-7)
        made[place] = np.where(np.isnan(r), np.nan, (1 + reached) / (1 + len(null)))
    return made


def map_of(
    p: DNNBrainParameters, cortex: Cortex, layers: list[LayerData], found: Found
) -> SurfaceMap:
    """Similarity with every layer, p and the best layer, over the surface."""
    from backend.brain.surface_map import in_image, on_simulated_strip

    names = [f"{p.comparison} with {one.shown}" for one in layers]
    values = [*found.r]
    if found.p.size:
        names += [f"p, {one.shown}, largest over the cortex" for one in layers]
        values += [*found.p]
    names.append("best layer, number from 1")
    values.append(best_of(found))
    if cortex.image is None:
        return on_simulated_strip(names, np.stack(values))
    return in_image(names, np.stack(values), cortex.image, cortex.places)


def best_of(found: Found) -> np.ndarray:
    """(n_vertex,) number of the most similar layer from 1, NaN where nothing is known."""
    known = np.isfinite(found.r).any(axis=0)
    best = np.where(np.isnan(found.r), -np.inf, found.r).argmax(axis=0) + 1.0
    return np.where(known, best, np.nan)


def publish(run: Run, cortex: Cortex, layers: list[LayerData], found: Found) -> None:
    """Similarity with some layers along the vertices, and the best layer of each."""
    p: DNNBrainParameters = run.parameters
    x = np.arange(1.0, found.r.shape[1] + 1)
    shown = np.unique(np.linspace(0, len(layers) - 1, MOST_SHOWN).round().astype(int))
    lines: dict[str, Any] = {f"l{i}": found.r[layer] for i, layer in enumerate(shown, 1)}
    words = ", ".join(f"{i} {layers[layer].shown}" for i, layer in enumerate(shown, 1))
    place = "SIMULATED strip, back to front" if cortex.image is None else cortex.surface
    run.channel("searchlight").publish(
        x=x, y_title=p.comparison, note=f"{place}; layers: {words}", **lines
    )
    run.channel("best_layer").publish(
        x=x,
        best=best_of(found),
        **({} if cortex.truth is None else {"truth": cortex.truth}),
    )


def measure(run: Run, cortex: Cortex, layers: list[LayerData], found: Found) -> None:
    """Means, how much of the cortex is reliable, and what the simulated truth says."""
    p: DNNBrainParameters = run.parameters
    best = best_of(found)
    for number in range(1, len(layers) + 1):
        share = 100.0 * float((best == number).mean())
        run.measure_known(f"light_best_{number}", share)
        if found.p.size and np.isfinite(found.p).any():
            run.measure_known(f"light_reliable_{number}",
                              100.0 * float((found.p[number - 1] <= 0.05).mean()))  # fmt: skip
    run.table("searchlight", {
        "vertex": cortex.places.tolist(), "patch": [len(one) for one in cortex.patches],
        "best": best.tolist(),
        **{layer.shown: row.tolist() for layer, row in zip(layers, found.r, strict=True)},
    })  # fmt: skip
    lost = int(np.isnan(found.r).all(axis=0).sum())
    if lost:
        run.note(f"{lost:,} patches hold fewer than two vertices that vary and have no value.")
    known = best[np.isfinite(best)].astype(int) - 1
    top = int(np.bincount(known, minlength=len(layers)).argmax())
    if f"light_best_{top + 1}" in run.result.values:
        run.lead(f"light_best_{top + 1}", f"of the patches are most like {layers[top].shown}; "
                 f"{p.radius} rings, {np.mean([len(o) for o in cortex.patches]):.0f} vertices a "
                 "patch.")  # fmt: skip
