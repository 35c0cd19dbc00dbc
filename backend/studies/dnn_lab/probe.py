"""Probing: which class can be read from each layer, fold by fold (2.5)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from backend.core.run import Run
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import LayerData, Session
from backend.studies.dnn_lab.shown import names_of, show
from backend.studies.dnn_lab.targets import Targets, targets_of


def probe(run: Run) -> None:
    """Score of each layer; rectified layers beside what enters them; or part by part."""
    session = Session(run)
    p = session.p
    targets = targets_of(p, session.stimuli)
    if p.map == "uv" or p.iterate != "layer":
        from backend.studies.dnn_lab.parts import probe_parts

        probe_parts(run, session, targets)
        return
    layers = session.scan()
    baseline = Baseline(targets)
    if targets.classes:
        run.measure_known("chance", targets.chance)
    baseline.pixels = float(
        np.mean([fold.score for fold in targets.folds(session.pixels(), run.check)])
    )
    run.measure_known("pixels" if targets.classes else "pixels_number", baseline.pixels)
    classes = np.unique(targets.labels)
    accuracies: dict[str, np.ndarray] = {}
    confusions: list[dict[str, Any]] = []
    rectified = [one for one in layers if one.rectified] or layers
    total, unconverged = len(layers) * p.folds, 0
    for number, layer in enumerate(layers):

        def said(scores: list[float], number: int = number, layer: LayerData = layer) -> None:
            accuracies[layer.name] = np.array(scores)
            publish_accuracy(run, layers, rectified, accuracies, baseline)
            run.progress(number * p.folds + len(scores), total, f"folds, {layer.shown}")

        cell = run.cells.do(("probe", layer.name), partial(probed, run, layer, targets, said))
        said(cell["scores"])
        unconverged += cell["unconverged"]
        if layer not in rectified:
            if targets.classes:
                measure_accuracy(run, "before", before_number(layers, layer), cell["scores"])
            continue
        if targets.classes:
            confusions.append(confusion_data(np.array(cell["confusion"]), classes, layer.shown))
        stem = "accuracy" if targets.classes else "number"
        measure_accuracy(run, stem, rectified.index(layer) + 1, cell["scores"])
    if unconverged:
        run.note(f"{unconverged} of {total} fits stopped at their limit of iterations.")
    show(run, {"confusion": confusions})
    summarise_probe(run, layers, rectified, accuracies, targets)
    if p.permutations:
        permute_probe(run, rectified, targets)


@dataclass
class Baseline:
    """What layers are compared with: the score of the pixels, and chance."""

    targets: Targets
    pixels: float = math.nan


def probed(
    run: Run, layer: LayerData, targets: Targets, said: Callable[[list[float]], None]
) -> dict[str, Any]:
    """One layer's folds, as a cell of the run."""
    scores: list[float] = []
    confusion: Any = np.zeros(0, int)
    unconverged = 0
    for fold in targets.folds(layer.raw, run.check):
        scores.append(fold.score)
        if fold.confusion is not None:
            confusion = fold.confusion + (confusion if confusion.size else 0)
        unconverged += not fold.converged
        said(scores)
    return {"scores": scores, "confusion": confusion.tolist(), "unconverged": unconverged}


def before_number(layers: list[LayerData], layer: LayerData) -> int:
    """Number of the rectified layer that follows."""
    after = [one for one in layers[layers.index(layer) :] if one.rectified]
    return [one for one in layers if one.rectified].index(after[0]) + 1 if after else 0


def measure_accuracy(run: Run, stem: str, number: int, scores: list[float]) -> None:
    """Mean over folds, SD over folds."""
    run.measure_known(f"{stem}_{number}", float(np.mean(scores)), sd=float(np.std(scores, ddof=1)))


def publish_accuracy(
    run: Run, layers: list[LayerData], rectified: list[LayerData],
    accuracies: dict[str, np.ndarray], baseline: Baseline,
) -> None:  # fmt: skip
    """Means with the standard error, growing fold by fold."""
    places = np.arange(len(rectified), dtype=float)
    data: dict[str, Any] = {**names_of(rectified)}
    mean, sem = np.full((2, len(rectified)), np.nan)
    before = np.full(len(rectified), np.nan)
    for layer in layers:
        scores = accuracies.get(layer.name)
        if scores is None:
            continue
        if layer in rectified:
            i = rectified.index(layer)
            mean[i] = scores.mean()
            sem[i] = scores.std(ddof=1) / np.sqrt(len(scores)) if len(scores) > 1 else 0.0
        else:
            before[before_number(layers, layer) - 1] = scores.mean()
    good = np.isfinite(mean)
    data |= {
        "x": places[good], "after": mean[good],
        "bands": {"after": (mean[good] - sem[good], mean[good] + sem[good])},
        "pixels_x": places[[0, -1]], "pixels": np.full(2, baseline.pixels),
        "y_title": baseline.targets.word, "note": f"{baseline.targets.word} by layer, mean of "
        "folds, SEM",
    }  # fmt: skip
    if baseline.targets.classes:
        chance = baseline.targets.chance
        data |= {"chance_x": places[[0, -1]], "chance": np.full(2, chance)}
    if np.isfinite(before).any():
        shown = np.isfinite(before)
        data |= {"before_x": places[shown], "before": before[shown]}
    run.channel("accuracy").publish(**data)


def confusion_data(counts: np.ndarray, classes: np.ndarray, layer: str) -> dict[str, Any]:
    """Counts with the names of the classes."""
    words = [str(one) for one in classes]
    return {"image": counts, "x_labels": words, "y_labels": words, "note": f"{layer}, all folds"}


def summarise_probe(
    run: Run, layers: list[LayerData], rectified: list[LayerData],
    accuracies: dict[str, np.ndarray], targets: Targets,
) -> None:  # fmt: skip
    """Rise with depth, and what the ReLU adds."""
    from scipy.stats import spearmanr

    means = np.array([accuracies[one.name].mean() for one in rectified])
    if len(means) > 2 and targets.classes:
        run.measure_known("depth_rho", float(spearmanr(np.arange(len(means)), means).statistic))
    if len(means) >= 5 and targets.classes:
        run.measure_known("last_minus_first", float(means[4] - means[0]))
    gains = [
        accuracies[rectified[before_number(layers, one) - 1].name].mean()
        - accuracies[one.name].mean()
        for one in layers
        if one not in rectified and before_number(layers, one)
    ]
    if gains and targets.classes:
        run.measure_known("relu_higher", float(sum(gain > 0 for gain in gains)))
        run.measure_known("relu_gain", float(np.mean(gains)))
    run.table(
        "probe",
        {
            "layer": [one.shown for one in layers for _ in accuracies[one.name]],
            "fold": [i + 1 for one in layers for i in range(len(accuracies[one.name]))],
            targets.word: [float(v) for one in layers for v in accuracies[one.name]],
        },
    )
    best = int(np.argmax(means))
    name = f"{'accuracy' if targets.classes else 'number'}_{best + 1}"
    if name in run.result.values:
        run.lead(name, f"Best layer: {rectified[best].shown}.")


def permute_probe(run: Run, rectified: list[LayerData], targets: Targets) -> None:
    """p of each layer's score: labels shuffled, the whole probe repeated."""
    p: DNNBrainParameters = run.parameters
    total = len(rectified) * p.permutations
    for number, layer in enumerate(rectified, 1):
        stream = targets.permuted(layer.raw, p.permutations, run.check)
        observed = next(stream)
        reached = 0
        for done, value in enumerate(stream, 1):
            reached += value >= observed
            run.progress((number - 1) * p.permutations + done, total, "permutations")
        run.measure_known(f"probe_p_{number}", (1 + reached) / (1 + p.permutations))
