"""Encoding: each vertex of a cortex predicted from each layer (2.6, 2.7)."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from backend.analysis.encoding import EncodingScores
from backend.analysis.encoding import encode as folds_of
from backend.analysis.inputs import brain_of, constant_columns
from backend.analysis.linear_models import Model
from backend.core.run import Run
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import LayerData, Session, five_of
from backend.studies.dnn_lab.shown import names_of, show


def encode(run: Run) -> None:
    """Every vertex from every layer, by least squares on components and by PLS."""
    session = Session(run)
    p = session.p
    layers = session.after()
    brain = brain_of(session.brain(), len(session.stimuli))
    constant = int(constant_columns(brain).sum())
    if constant:
        run.note(f"{constant} vertices never vary; their r is not defined.")
    glm = np.full((len(layers), brain.shape[1]), np.nan)
    pls = glm.copy()
    models = (
        ("glm", Model("OLS", p.components), glm),
        ("pls", Model("PLS", p.components, latent=p.pls), pls),
    )
    plan = [(number, *one) for number in range(len(layers)) for one in models]
    for step, (number, stem, model, kept) in enumerate(plan):
        layer, before = layers[number], step * p.folds
        scores = partial(encoded, run, layer, brain, model, before, len(plan) * p.folds)
        kept[number] = run.cells.do((stem, layer.name), scores)
        run.measure_known(
            f"{stem}_{number + 1}", float(np.nanmean(kept[number])),
            sd=float(np.nanstd(kept[number])),
        )  # fmt: skip
        publish_encoding(run, session, layers, glm, pls)
        both = np.isfinite(glm[number]) & np.isfinite(pls[number])
        if both.sum() > 2:
            same = float(np.corrcoef(glm[number][both], pls[number][both])[0, 1])
            run.measure_known(f"same_{number + 1}", same)
    summarise_encoding(run, session, layers, glm, pls)


def encoded(
    run: Run, layer: LayerData, brain: np.ndarray, model: Model, done: int, total: int
) -> list[float]:
    """r of every vertex from one layer, mean of the folds, as a cell of the run."""
    p: DNNBrainParameters = run.parameters
    scores = EncodingScores(constant_columns(brain))
    for fold in folds_of(layer.patterns, brain, model, p.folds, p.seed, run.check):
        scores.add(fold)
        run.progress(done + fold.number + 1, total, f"folds, {layer.shown}")
    found: list[float] = scores.mean().tolist()
    return found


def publish_encoding(
    run: Run, session: Session, layers: list[LayerData], glm: np.ndarray, pls: np.ndarray
) -> None:
    """Means by layer so far, with quartiles over vertices."""
    ready = ~np.isnan(glm).all(axis=1)
    data: dict[str, Any] = names_of(layers)
    data["x"] = data["x"][ready]
    low, high = np.nanpercentile(glm[ready], (25, 75), axis=1)
    data |= {"glm": np.nanmean(glm[ready], axis=1), "bands": {"glm": (low, high)}}
    joint = ~np.isnan(pls).all(axis=1)
    data |= {"pls_x": np.flatnonzero(joint).astype(float), "pls": np.nanmean(pls[joint], axis=1)}
    if session.p.brain == "simulated" and session.cortex is not None:
        ceiling = float(session.cortex.ceiling.mean())
        data |= {"ceiling_x": np.array([0.0, len(layers) - 1.0]), "ceiling": np.full(2, ceiling)}
    run.channel("encoding").publish(**data)


def summarise_encoding(
    run: Run, session: Session, layers: list[LayerData], glm: np.ndarray, pls: np.ndarray
) -> None:
    """What is found of the truth, and the views of every layer."""
    p, cortex = session.p, session.cortex
    best = np.fmax.reduce(glm, axis=0)
    defined = glm[:, np.isfinite(glm).all(axis=0)]
    vertices, models = [], []
    line = np.array([np.nanmin(glm), np.nanmax(glm)])
    for number, layer in enumerate(layers):
        one: dict[str, Any] = {
            "x": np.arange(1.0, glm.shape[1] + 1), "r": glm[number], "best": best,
        }  # fmt: skip
        if p.brain == "simulated" and cortex is not None:
            one["ceiling"] = cortex.ceiling
        vertices.append(one)
        models.append({
            "x": glm[number], "pls": pls[number], "same_x": line, "same": line,
            "x_title": f"r of {layer.shown}, one vertex",
        })  # fmt: skip
    show(run, {"vertices": vertices, "models": models})
    if defined.size:
        run.measure_known("glm_least_range", float(np.ptp(defined, axis=1).min()))
    if len(layers) > 1:
        means = np.nanmean(glm, axis=1)
        run.measure_known("glm_gap", float(means[1:5].min() - means[0]))
    if p.brain == "simulated" and cortex is not None:
        recover(run, session, layers, glm)
    rows = [(layer, v) for layer in range(len(layers)) for v in range(glm.shape[1])]
    run.table("encoding", {
        "layer": [layers[layer].shown for layer, _ in rows], "vertex": [v + 1 for _, v in rows],
        "r_glm": [float(glm[row]) for row in rows], "r_pls": [float(pls[row]) for row in rows],
    })  # fmt: skip
    run.offer("r_glm", "r of every layer and vertex, one vertex at a time", lambda: glm)
    run.offer("r_pls", "r of every layer and vertex, PLS", lambda: pls)


def recover(run: Run, session: Session, layers: list[LayerData], glm: np.ndarray) -> None:
    """How often the layer a vertex was made from wins among the five."""
    cortex = session.cortex
    assert cortex is not None
    five = five_of(sum(session.has_places(one.name) for one in layers))
    found = np.nanargmax(glm[five], axis=0)
    run.measure_known("recovered", 100.0 * float((found == cortex.layer).mean()))
    run.measure_known("within_one", 100.0 * float((np.abs(found - cortex.layer) <= 1).mean()))
    run.measure_known("ceiling", float(cortex.ceiling.mean()))
    run.measure_known("best_over_ceiling", float((glm[five].max(axis=0) / cortex.ceiling).mean()))
    counts = np.zeros((5, 5))
    np.add.at(counts, (cortex.layer, found), 1)
    words = [layers[i].shown for i in five]
    run.channel("winners").publish(image=counts, x_labels=words, y_labels=words)
    run.lead("recovered", "Each vertex was made from one layer; this share is found again.")
