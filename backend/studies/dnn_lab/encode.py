"""Encoding: each vertex of a cortex predicted from each layer (2.6, 2.7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from backend.analysis.cross_validation import Split, stretches
from backend.analysis.encoding import EncodingScores
from backend.analysis.encoding import encode as folds_of
from backend.analysis.linear_models import Model
from backend.brain.surface_map import SurfaceMap
from backend.core.objects import Table
from backend.core.run import Run
from backend.studies.dnn_lab.brain import Brain
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import LayerData, Session, five_of
from backend.studies.dnn_lab.shown import Fitted, show, show_vertex

MOST_PREDICTIONS = 1 << 26
"""Held-out predictions, over all layers, that are kept for the view of a vertex: 256 MB."""
TITLES = {"r": "r", "R2": "R²", "explained variance": "explained variance"}


@dataclass
class Encoding:
    """What is encoded, and the scores so far: (n_layer, n_vertex) a model, NaN where not yet."""

    session: Session
    brain: Brain
    layers: list[LayerData]
    parts: list[Split] | None
    scores: dict[str, np.ndarray]
    predicted: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def main(self) -> str:
        """The model whose best layer is asked for: one vertex at a time, unless PLS is alone."""
        return next(iter(self.scores))

    @property
    def keeps(self) -> bool:
        """Whether the held-out predictions of all layers are few enough to keep."""
        return self.brain.values.size * len(self.layers) <= MOST_PREDICTIONS


def encode(run: Run) -> None:
    """Every vertex from every layer, one vertex at a time and by PLS."""
    session = Session(run)
    p = session.p
    layers = session.after()
    brain = session.responses()
    constant = int(brain.constant.sum())
    if constant:
        run.note(f"{constant} vertices never vary; their r is not defined.")
    if p.volumes:
        run.note(
            "Neighbouring volumes depend on each other: the folds are stretches of the run. "
            "Where they meet, a response still reaches over."
        )
    say_components(run, p, len(brain.values))
    models = models_of(p)
    blank = np.full((len(layers), brain.values.shape[1]), np.nan)
    parts = stretches(len(brain.values), p.folds) if p.volumes else None
    found = Encoding(session, brain, layers, parts, {stem: blank.copy() for stem in models})
    plan = [(number, *one) for number in range(len(layers)) for one in models.items()]
    for step, (number, stem, model) in enumerate(plan):
        before = step * p.folds
        scores = partial(encoded, run, found, number, stem, model, before, len(plan) * p.folds)
        kept = found.scores[stem]
        kept[number] = run.cells.do((stem, layers[number].name), scores)
        if np.isfinite(kept[number]).any():
            run.measure_known(
                f"{stem}_{number + 1}", float(np.nanmean(kept[number])),
                sd=float(np.nanstd(kept[number])),
            )  # fmt: skip
        publish_encoding(run, found)
        measure_agreement(run, found, number)
    summarise_encoding(run, found)


def say_components(run: Run, p: DNNBrainParameters, rows: int) -> None:
    """What a fold cannot give, and two models that are one."""
    most = rows - -(-rows // p.folds) - 1
    if p.components > most:
        run.note(f"{p.components} components were asked for; the {rows - -(-rows // p.folds)} rows "
                 f"a fold is fitted to give at most {most}.")  # fmt: skip
    if p.estimator == "OLS" and p.pls >= min(p.components, most):
        run.note("With as many PLS components as components of the layer both models are the "
                 "same; their agreement says nothing.")  # fmt: skip


def models_of(p: DNNBrainParameters) -> dict[str, Model]:
    """Models by their stem; the first is the main one."""
    joint = {"pls": Model("PLS", p.components, latent=p.pls)}
    if p.estimator == "PLS":
        return joint
    return {"glm": Model(p.estimator, p.components)} | joint


def encoded(
    run: Run, found: Encoding, number: int, stem: str, model: Model, done: int, total: int
) -> list[float]:
    """Score of every vertex from one layer, as a cell of the run."""
    p: DNNBrainParameters = run.parameters
    layer, brain = found.layers[number], found.brain.values
    scores = EncodingScores(found.brain.constant)
    products = found.session.rows_of(layer.patterns, len(brain))
    predicted = np.full(brain.shape, np.nan, np.float32)
    for fold in folds_of(products, brain, model, p.folds, p.seed, run.check, parts=found.parts):
        scores.add(fold)
        predicted[fold.test] = fold.prediction
        run.progress(done + fold.number + 1, total, f"folds, {layer.shown}")
    if stem == found.main and found.keeps:
        found.predicted[number] = predicted
    values: list[float] = (scores.of_all(p.score) if p.pooled else scores.mean(p.score)).tolist()
    return values


def measure_agreement(run: Run, found: Encoding, number: int) -> None:
    """Correlation over vertices of the two models."""
    if len(found.scores) < 2:
        return
    glm, pls = found.scores["glm"][number], found.scores["pls"][number]
    both = np.isfinite(glm) & np.isfinite(pls)
    if both.sum() > 2 and np.ptp(glm[both]) and np.ptp(pls[both]):
        run.measure_known(f"same_{number + 1}", float(np.corrcoef(glm[both], pls[both])[0, 1]))


def publish_encoding(run: Run, found: Encoding) -> None:
    """Means by layer so far, with quartiles over vertices."""
    data: dict[str, Any] = {"x_labels": [one.shown for one in found.layers]}
    bands = {}
    for stem, scores in found.scores.items():
        ready = np.isfinite(scores).any(axis=1)
        x = np.flatnonzero(ready).astype(float)
        data |= {f"{stem}_x": x, stem: np.nanmean(scores[ready], axis=1)}
        if stem == found.main:
            data["x"] = x
            bands[stem] = np.nanpercentile(scores[ready], (25, 75), axis=1)
    data |= {"bands": bands, "y_title": TITLES[found.session.p.score]}
    data["note"] = "mean over vertices by layer; band: quartiles"
    if found.brain.ceiling is not None:
        ceiling = float(found.brain.ceiling.mean())
        data |= {"ceiling_x": np.array([0.0, len(found.layers) - 1.0])}
        data |= {"ceiling": np.full(2, ceiling)}
    run.channel("encoding").publish(**data)


def summarise_encoding(run: Run, found: Encoding) -> None:
    """What is found of the truth, and the views of every layer."""
    scores = found.scores[found.main]
    show_layers(run, found, scores)
    fitted = Fitted(
        [one.shown for one in found.layers], found.brain.values, found.predicted, found.scores,
        found.brain.ceiling, TITLES[found.session.p.score],
    )  # fmt: skip
    show_vertex(run, fitted)
    defined = scores[:, np.isfinite(scores).all(axis=0)]
    if defined.size:
        run.measure_known("glm_least_range", float(np.ptp(defined, axis=1).min()))
    if len(found.layers) > 1:
        means = np.nanmean(scores, axis=1)
        run.measure_known("glm_gap", float(means[1:5].min() - means[0]))
    if found.session.p.brain == "simulated" and found.session.cortex is not None:
        recover(run, found.session, found.layers, scores)
    else:
        count_winners(run, found, scores)
        if found.brain.ceiling is not None:
            measure_ceiling(run, scores, found.brain.ceiling)
    tabulate(run, found)


def show_layers(run: Run, found: Encoding, scores: np.ndarray) -> None:
    """Vertices and the two models, for every layer."""
    best = np.fmax.reduce(scores, axis=0)
    every = np.arange(1.0, scores.shape[1] + 1)
    constant = found.brain.constant
    word = TITLES[found.session.p.score]
    vertices, models = [], []
    line = np.array([np.nanmin(scores), np.nanmax(scores)])
    for number, layer in enumerate(found.layers):
        one: dict[str, Any] = {"x": every, "r": scores[number], "best": best, "y_title": word}
        if found.brain.ceiling is not None:
            one["ceiling"] = found.brain.ceiling
        if constant.any():
            one |= {"constant_x": every[constant], "constant": np.zeros(int(constant.sum()))}
        vertices.append(one)
        if len(found.scores) > 1:
            models.append({
                "x": scores[number], "pls": found.scores["pls"][number], "same_x": line,
                "same": line, "x_title": f"{word} of {layer.shown}, one vertex",
                "y_title": f"{word}, PLS",
            })  # fmt: skip
    show(run, {"vertices": vertices, "models": models})


def tabulate(run: Run, found: Encoding) -> None:
    """The table, arrays and maps a run leaves."""
    p, layers = found.session.p, found.layers
    count = found.brain.values.shape[1]
    run.table("encoding", {
        "layer": [one.shown for one in layers for _ in range(count)],
        "vertex": [v + 1 for _ in layers for v in range(count)],
        **{f"{p.score.replace(' ', '_')}_{stem}": values.ravel().tolist()
           for stem, values in found.scores.items()},
    })  # fmt: skip
    for stem, values in found.scores.items():
        how = "PLS" if stem == "pls" else "one vertex at a time"
        run.offer(
            f"r_{stem}", f"{TITLES[p.score]} of every layer and vertex, {how}",
            partial(np.array, values),
        )  # fmt: skip
    simulated = ", SIMULATED cortex" if found.brain.source is None else ""
    run.offer("encoding_maps", f"Maps of the encoding{simulated}", partial(maps_of, found),
              maps=True)  # fmt: skip


def maps_of(found: Encoding) -> SurfaceMap | Table:
    """Scores of each layer, the best, the winning layer and the ceiling, as maps."""
    word = TITLES[found.session.p.score]
    names, rows = [], []
    for stem, scores in found.scores.items():
        for layer, row in zip(found.layers, scores, strict=True):
            names.append(f"{word}{' PLS' if stem == 'pls' else ''}, {layer.shown}")
            rows.append(row)
    scores = found.scores[found.main]
    defined = np.isfinite(scores).any(axis=0)
    winner = np.where(np.isnan(scores), -np.inf, scores).argmax(axis=0) + 1.0
    names += [f"best {word}", "winning layer"]
    rows += [np.fmax.reduce(scores, axis=0), np.where(defined, winner, np.nan)]
    if found.brain.ceiling is not None:
        names.append("ceiling")
        rows.append(found.brain.ceiling)
    return found.brain.maps(names, np.array(rows))


def measure_ceiling(run: Run, scores: np.ndarray, ceiling: np.ndarray) -> None:
    """The ceiling, and how near the best layers come to it, where it is above 0."""
    run.measure_known("ceiling", float(ceiling.mean()))
    best = np.fmax.reduce(scores, axis=0)
    good = np.isfinite(best) & (ceiling > 0)
    if good.any():
        run.measure_known("best_over_ceiling", float((best[good] / ceiling[good]).mean()))


def recover(run: Run, session: Session, layers: list[LayerData], scores: np.ndarray) -> None:
    """How often the layer a vertex was made from wins among the five."""
    cortex = session.cortex
    assert cortex is not None
    five = five_of(sum(session.has_places(one.name) for one in layers))
    found = np.nanargmax(scores[five], axis=0)
    measure_ceiling(run, scores[five], cortex.ceiling)
    show_winners(run, [layers[i].shown for i in five], cortex.layer, found)


def count_winners(run: Run, found: Encoding, scores: np.ndarray) -> None:
    """How many vertices each layer predicts best, where the truth is not known."""
    defined = np.isfinite(scores).any(axis=0)
    best = np.where(np.isnan(scores), -np.inf, scores).argmax(axis=0)[defined]
    counts = np.bincount(best, minlength=len(found.layers)).astype(float)
    run.channel("winners").publish(
        image=counts[None], x_labels=[one.shown for one in found.layers], y_labels=["vertices"]
    )


def show_winners(run: Run, words: list[str], true: np.ndarray, found: np.ndarray) -> None:
    """Vertices by the layer they were made from and the layer found."""
    run.measure_known("recovered", 100.0 * float((found == true).mean()))
    run.measure_known("within_one", 100.0 * float((np.abs(found - true) <= 1).mean()))
    counts = np.zeros((5, 5))
    np.add.at(counts, (true, found), 1)
    run.channel("winners").publish(image=counts, x_labels=words, y_labels=words)
    run.lead("recovered", "Each vertex was made from one layer; this share is found again.")
