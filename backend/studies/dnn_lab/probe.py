"""Probing: which class can be read from each layer, fold by fold (2.5)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from backend.analysis.probing import Probe, permuted_accuracy
from backend.analysis.probing import probe as folds_of
from backend.core.run import Run
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import LayerData, Session
from backend.studies.dnn_lab.shown import names_of, show


def probe(run: Run) -> None:
    """Accuracy of each layer; rectified layers beside what enters them."""
    session = Session(run)
    p, labels = session.p, session.stimuli.label
    layers = session.scan()
    readout = Probe(p.probe, p.components, p.C)
    classes, counts = np.unique(labels, return_counts=True)
    chance = float(counts.max() / counts.sum())
    run.measure_known("chance", chance)
    pixels = float(np.mean([
        fold.accuracy
        for fold in folds_of(session.pixels(), labels, readout, p.folds, p.seed, run.check)
    ]))  # fmt: skip
    run.measure_known("pixels", pixels)
    accuracies: dict[str, np.ndarray] = {}
    confusions: list[dict[str, Any]] = []
    rectified = [one for one in layers if one.rectified] or layers
    total, unconverged = len(layers) * p.folds, 0
    for number, layer in enumerate(layers):

        def said(scores: list[float], number: int = number, layer: LayerData = layer) -> None:
            accuracies[layer.name] = np.array(scores)
            publish_accuracy(run, layers, rectified, accuracies, chance, pixels)
            run.progress(number * p.folds + len(scores), total, f"folds, {layer.shown}")

        folds = partial(probed, run, layer, labels, readout, said)
        cell = run.cells.do(("probe", layer.name), folds)
        said(cell["scores"])
        unconverged += cell["unconverged"]
        if layer in rectified:
            confusions.append(confusion_data(np.array(cell["confusion"]), classes, layer.shown))
            measure_accuracy(run, "accuracy", rectified.index(layer) + 1, cell["scores"])
        else:
            measure_accuracy(run, "before", before_number(layers, layer), cell["scores"])
    if unconverged:
        run.note(f"{unconverged} of {total} fits stopped at their limit of iterations.")
    show(run, {"confusion": confusions})
    summarise_probe(run, layers, rectified, accuracies)
    if p.permutations:
        permute_probe(run, rectified, labels, readout)


def probed(
    run: Run, layer: LayerData, labels: np.ndarray, readout: Probe,
    said: Callable[[list[float]], None],
) -> dict[str, Any]:  # fmt: skip
    """One layer's folds, as a cell of the run."""
    p: DNNBrainParameters = run.parameters
    scores: list[float] = []
    confusion: Any = 0
    unconverged = 0
    for fold in folds_of(layer.raw, labels, readout, p.folds, p.seed, run.check):
        scores.append(fold.accuracy)
        confusion = confusion + fold.confusion
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
    accuracies: dict[str, np.ndarray], chance: float, pixels: float,
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
        "chance_x": places[[0, -1]], "chance": np.full(2, chance),
        "pixels_x": places[[0, -1]], "pixels": np.full(2, pixels),
    }  # fmt: skip
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
    accuracies: dict[str, np.ndarray],
) -> None:  # fmt: skip
    """Rise with depth, and what the ReLU adds."""
    from scipy.stats import spearmanr

    means = np.array([accuracies[one.name].mean() for one in rectified])
    if len(means) > 2:
        run.measure_known("depth_rho", float(spearmanr(np.arange(len(means)), means).statistic))
    if len(means) >= 5:
        run.measure_known("last_minus_first", float(means[4] - means[0]))
    gains = [
        accuracies[rectified[before_number(layers, one) - 1].name].mean()
        - accuracies[one.name].mean()
        for one in layers
        if one not in rectified and before_number(layers, one)
    ]
    if gains:
        run.measure_known("relu_higher", float(sum(gain > 0 for gain in gains)))
        run.measure_known("relu_gain", float(np.mean(gains)))
    run.table(
        "probe",
        {
            "layer": [one.shown for one in layers for _ in accuracies[one.name]],
            "fold": [i + 1 for one in layers for i in range(len(accuracies[one.name]))],
            "accuracy": [float(v) for one in layers for v in accuracies[one.name]],
        },
    )
    best = int(np.argmax(means))
    name = f"accuracy_{best + 1}"
    if name in run.result.values:
        run.lead(name, f"Best layer: {rectified[best].shown}.")


def permute_probe(run: Run, rectified: list[LayerData], labels: np.ndarray, readout: Probe) -> None:
    """p of each layer's accuracy: labels shuffled, the whole probe repeated."""
    p: DNNBrainParameters = run.parameters
    total = len(rectified) * p.permutations
    for number, layer in enumerate(rectified, 1):
        stream = permuted_accuracy(
            layer.raw, labels, readout, p.folds, p.seed, p.permutations, run.check
        )
        observed = next(stream)
        reached = 0
        for done, value in enumerate(stream, 1):
            reached += value >= observed
            run.progress((number - 1) * p.permutations + done, total, "permutations")
        run.measure_known(f"probe_p_{number}", (1 + reached) / (1 + p.permutations))
