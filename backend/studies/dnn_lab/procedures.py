"""The procedures of the study: probe, encoding, RSA, units, lesions, checks, response function."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from backend.analysis.linear_models import Model
from backend.analysis.probing import Probe
from backend.core.recent import Recent
from backend.core.run import Run
from backend.studies.dnn_lab.declared import MOST_LAYERS, SHARES
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import LayerData, Session

SHOWN: Recent[dict[str, list[dict[str, Any]]]] = Recent(8)
"""Channel contents of every layer of the newest runs: another layer is shown without a run."""


def shown_key(p: DNNBrainParameters) -> tuple[object, ...]:
    """Everything but the layer shown."""
    document = p.document()
    document.pop("layer")
    return tuple(sorted((name, str(value)) for name, value in document.items()))


def keep_shown(p: DNNBrainParameters, contents: dict[str, list[dict[str, Any]]]) -> None:
    """Keep a procedure's contents of every layer, beside those of other procedures."""
    before = SHOWN.get(shown_key(p)) or {}
    SHOWN.put(shown_key(p), before | contents)


def contents_of(p: DNNBrainParameters) -> dict[str, dict[str, Any]]:
    """What the layer shown adds to the views, from the newest runs of these settings."""
    kept = SHOWN.get(shown_key(p)) or {}
    return {name: many[min(p.layer, len(many)) - 1] for name, many in kept.items() if many}


def measure(run: Run, name: str, value: float, sd: float | None = None) -> None:
    """Measure a declared, finite quantity; layers beyond the named ones stay in the tables."""
    if name in run.study.quantities and math.isfinite(value):
        run.measure(name, value, sd)


def names_of(layers: list[LayerData]) -> dict[str, Any]:
    """Numbers and words of the layers along x."""
    return {"x": np.arange(len(layers), dtype=float), "x_labels": [one.shown for one in layers]}


# ---- probe ---------------------------------------------------------------------------------


def probe(run: Run) -> None:
    """Accuracy of each layer, fold by fold; rectified layers beside what enters them."""
    from backend.analysis.probing import probe as folds_of

    session = Session(run)
    p, labels = session.p, session.stimuli.label
    layers = session.scan()
    readout = Probe(p.probe, p.components, p.C)
    classes, counts = np.unique(labels, return_counts=True)
    chance = float(counts.max() / counts.sum())
    measure(run, "chance", chance)
    accuracies: dict[str, np.ndarray] = {}
    confusions: list[dict[str, Any]] = []
    pixels = [f.accuracy for f in folds_of(session.pixels(), labels, readout, p.folds, p.seed,
                                           run.check)]  # fmt: skip
    measure(run, "pixels", float(np.mean(pixels)))
    rectified = [one for one in layers if one.rectified] or layers
    total = len(layers) * p.folds
    unconverged = 0
    for number, layer in enumerate(layers):
        scores: list[float] = []
        confusion = np.zeros((len(classes), len(classes)))
        for fold in folds_of(layer.raw, labels, readout, p.folds, p.seed, run.check):
            scores.append(fold.accuracy)
            confusion += fold.confusion
            unconverged += not fold.converged
            accuracies[layer.name] = np.array(scores)
            publish_accuracy(run, layers, rectified, accuracies, chance, float(np.mean(pixels)))
            run.progress(number * p.folds + len(scores), total, f"folds, {layer.shown}")
        if layer in rectified:
            confusions.append(confusion_data(confusion, classes, layer.shown))
            measure_accuracy(run, "accuracy", rectified.index(layer) + 1, scores)
        else:
            measure_accuracy(run, "before", before_number(layers, layer), scores)
    if unconverged:
        run.note(f"{unconverged} of {total} fits stopped at their limit of iterations.")
    keep_shown(p, {"confusion": confusions})
    if confusions:
        run.channel("confusion").publish(**confusions[min(p.layer, len(confusions)) - 1])
    summarise_probe(run, layers, rectified, accuracies)
    if p.permutations:
        permute_probe(run, rectified, labels, readout)


def before_number(layers: list[LayerData], layer: LayerData) -> int:
    """Number of the rectified layer that follows."""
    after = [one for one in layers[layers.index(layer) :] if one.rectified]
    return [one for one in layers if one.rectified].index(after[0]) + 1 if after else 0


def measure_accuracy(run: Run, stem: str, number: int, scores: list[float]) -> None:
    """Mean over folds, SD over folds."""
    if number <= MOST_LAYERS:
        measure(run, f"{stem}_{number}", float(np.mean(scores)), float(np.std(scores, ddof=1)))


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
        measure(run, "depth_rho", float(spearmanr(np.arange(len(means)), means).statistic))
    if len(means) >= 5:
        measure(run, "last_minus_first", float(means[4] - means[0]))
    gains = [
        accuracies[rectified[before_number(layers, one) - 1].name].mean()
        - accuracies[one.name].mean()
        for one in layers
        if one not in rectified and before_number(layers, one)
    ]
    if gains:
        measure(run, "relu_higher", float(sum(gain > 0 for gain in gains)))
        measure(run, "relu_gain", float(np.mean(gains)))
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
    from backend.analysis.probing import permuted_accuracy

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
        measure(run, f"probe_p_{number}", (1 + reached) / (1 + p.permutations))


# ---- encoding ------------------------------------------------------------------------------


def encode(run: Run) -> None:
    """Every vertex from every layer, by least squares on components and by PLS."""
    from backend.analysis.encoding import EncodingScores
    from backend.analysis.encoding import encode as folds_of
    from backend.analysis.inputs import brain_of, constant_columns

    session = Session(run)
    p = session.p
    layers = [one for one in session.scan() if one.rectified or not p.before]
    brain = brain_of(session.brain(), len(session.stimuli))
    constant = constant_columns(brain)
    if constant.any():
        run.note(f"{int(constant.sum())} vertices never vary; their r is not defined.")
    glm = np.full((len(layers), brain.shape[1]), np.nan)
    pls = glm.copy()
    total = 2 * len(layers) * p.folds
    done = 0
    models = (("glm", Model("OLS", p.components), glm), ("pls", Model("PLS", p.components,
              latent=p.pls), pls))  # fmt: skip
    for number, layer in enumerate(layers):
        for stem, model, kept in models:
            scores = EncodingScores(constant)
            for fold in folds_of(layer.patterns, brain, model, p.folds, p.seed, run.check):
                scores.add(fold)
                done += 1
                run.progress(done, total, f"folds, {layer.shown}")
            kept[number] = scores.mean()
            measure(run, f"{stem}_{number + 1}", float(np.nanmean(kept[number])),
                    float(np.nanstd(kept[number])))  # fmt: skip
            publish_encoding(run, session, layers, glm, pls)
        both = np.isfinite(glm[number]) & np.isfinite(pls[number])
        if both.sum() > 2:
            same = float(np.corrcoef(glm[number][both], pls[number][both])[0, 1])
            measure(run, f"same_{number + 1}", same)
    summarise_encoding(run, session, layers, glm, pls)


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
    keep_shown(p, {"vertices": vertices, "models": models})
    chosen = min(p.layer, len(layers)) - 1
    run.channel("vertices").publish(**vertices[chosen])
    run.channel("models").publish(**models[chosen])
    if defined.size:
        measure(run, "glm_least_range", float(np.ptp(defined, axis=1).min()))
    if len(layers) > 1:
        means = np.nanmean(glm, axis=1)
        measure(run, "glm_gap", float(means[1:5].min() - means[0]))
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
    five = np.linspace(0, spatial_count(session, layers) - 1, 5).round().astype(int)
    found = np.nanargmax(glm[five], axis=0)
    measure(run, "recovered", 100.0 * float((found == cortex.layer).mean()))
    measure(run, "within_one", 100.0 * float((np.abs(found - cortex.layer) <= 1).mean()))
    measure(run, "ceiling", float(cortex.ceiling.mean()))
    measure(run, "best_over_ceiling", float((glm[five].max(axis=0) / cortex.ceiling).mean()))
    counts = np.zeros((5, 5))
    np.add.at(counts, (cortex.layer, found), 1)
    words = [layers[i].shown for i in five]
    run.channel("winners").publish(image=counts, x_labels=words, y_labels=words)
    run.lead("recovered", "Each vertex was made from one layer; this share is found again.")


def spatial_count(session: Session, layers: list[LayerData]) -> int:
    """How many of the layers have places."""
    from backend.networks.layers import find

    return sum(len(find(session.network, one.name).shape) == 3 for one in layers)


# ---- RSA -----------------------------------------------------------------------------------


def rsa(run: Run) -> None:
    """RDMs of layers and cortex, their similarity with valid inference."""
    from backend.analysis.rdm import rdm
    from backend.analysis.rdm_inference import bootstrap, permutation_test

    session = Session(run)
    p = session.p
    layers = [one for one in session.scan() if one.rectified or not p.before]
    brain = session.brain()
    category = session.stimuli.category
    run.status("Distances")
    rdms = []
    for layer in layers:
        run.check()
        rdms.append(rdm(averaged(components_of(layer, p.components), category, p), p.distance))
    reference = rdm(averaged(brain, category, p), p.distance)
    run.channel("brain_rdm").publish(image=reference)
    test = permutation_test(
        rdms, reference, p.comparison, p.label_permutations, seed=p.seed, check=run.check,
        progress=lambda done, total: run.progress(done, total, "permutations"),
    )  # fmt: skip
    spread = bootstrap(
        rdms, reference, p.comparison, p.samples, p.seed, run.check,
        lambda done, total: run.progress(done, total, "bootstrap samples"),
    )  # fmt: skip
    x = np.arange(len(layers), dtype=float)
    run.channel("agreement").publish(
        x=x, y=test.observed, low=spread.low, high=spread.high, y_title=p.comparison,
        x_labels=[one.shown for one in layers],
    )  # fmt: skip
    for number in range(len(layers)):
        measure(run, f"rsa_{number + 1}", float(test.observed[number]))
        measure(run, f"rsa_p_{number + 1}", float(test.p_max[number]))
    run.table("rsa", {
        "layer": [one.shown for one in layers], "similarity": list(map(float, test.observed)),
        "low": list(map(float, spread.low)), "high": list(map(float, spread.high)),
        "p": list(map(float, test.p)), "p_max": list(map(float, test.p_max)),
    })  # fmt: skip
    show_geometry(run, session, layers, rdms, test.null)
    show_alignment(run, layers, averaged(brain, category, p), category)
    best = int(np.argmax(test.observed))
    if best < MOST_LAYERS:
        run.lead(f"rsa_{best + 1}", f"Most like the cortex: {layers[best].shown}, "
                 f"p = {test.p_max[best]:.2g} over all layers.")  # fmt: skip
    run.offer("rdm_brain", "RDM of the cortex", lambda: reference)
    for layer, one in zip(layers, rdms, strict=True):
        name = layer.shown.replace(".", "_").replace("#", "_")
        run.offer(f"rdm_{name}", f"RDM of {layer.shown}", partial(np.array, one))


def components_of(layer: LayerData, components: int) -> np.ndarray:
    """Scores on the first components of patterns z-scored per picture, over all pictures."""
    matrix = layer.patterns.matrix
    centred = matrix - matrix.mean(axis=0) - matrix.mean(axis=1)[:, None] + matrix.mean()
    values, vectors = np.linalg.eigh(centred)
    kept = min(components, len(values) - 1)
    values, vectors = values[::-1][:kept], vectors[:, ::-1][:, :kept]
    return vectors * np.sqrt(np.maximum(values, 0.0))


def averaged(patterns: np.ndarray, category: np.ndarray, p: DNNBrainParameters) -> np.ndarray:
    """Mean pattern of each category, or the patterns themselves."""
    from backend.analysis.rdm import label_means

    return label_means(patterns, category)[0] if p.by_category else patterns


def show_alignment(
    run: Run, layers: list[LayerData], brain: np.ndarray, category: np.ndarray
) -> None:
    """CKA and Procrustes of every layer with the cortex, beside the RDMs."""
    from backend.analysis.alignment import linear_cka, procrustes_distance, unbiased_cka

    p: DNNBrainParameters = run.parameters
    rows = []
    for number, layer in enumerate(layers, 1):
        patterns = averaged(components_of(layer, p.components), category, p)
        one = (
            linear_cka(patterns, brain, run.check), unbiased_cka(patterns, brain, run.check),
            1.0 - procrustes_distance(patterns, brain, run.check) / math.sqrt(2.0),
        )  # fmt: skip
        rows.append(one)
        measure(run, f"cka_{number}", one[1])
    linear, unbiased, procrustes = np.array(rows).T
    run.channel("alignment").publish(
        **names_of(layers), cka=linear, unbiased=unbiased, procrustes=procrustes
    )
    run.table("alignment", {
        "layer": [one.shown for one in layers], "linear_cka": linear.tolist(),
        "unbiased_cka": unbiased.tolist(), "procrustes": procrustes.tolist(),
    })  # fmt: skip


def show_geometry(
    run: Run, session: Session, layers: list[LayerData], rdms: list[np.ndarray], null: np.ndarray
) -> None:
    """RDM, null and embedding of every layer; the chosen one is drawn."""
    p, stimuli = session.p, session.stimuli
    label = stimuli.label
    if p.by_category:
        _, first = np.unique(stimuli.category, return_index=True)
        label = label[first]
    order = np.argsort(label, kind="stable")
    contents: dict[str, list[dict[str, Any]]] = {"rdm": [], "null": [], "embedding": []}
    for number, layer in enumerate(layers):
        run.check()
        sorted_rdm = rdms[number][np.ix_(order, order)]
        contents["rdm"].append({"image": sorted_rdm, "note": f"{layer.shown}, sorted by class"})
        counts, edges = np.histogram(null[:, number], 40)
        contents["null"].append({"edges": edges, "count": counts})
        contents["embedding"].append(embedding_of(rdms[number], label, layer.shown))
    keep_shown(p, contents)
    for name, many in contents.items():
        run.channel(name).publish(**many[min(p.layer, len(many)) - 1])


def embedding_of(distances: np.ndarray, label: np.ndarray, layer: str) -> dict[str, Any]:
    """Classical multidimensional scaling in two dimensions, coloured by class."""
    squared = distances**2
    centred = squared - squared.mean(axis=0) - squared.mean(axis=1)[:, None] + squared.mean()
    values, vectors = np.linalg.eigh(-centred / 2)
    points = vectors[:, -2:][:, ::-1] * np.sqrt(np.maximum(values[-2:][::-1], 0.0))
    classes = np.unique(label)
    words = [f"{word}: {one}" for word, one in zip(("first", "second"), classes, strict=False)]
    data: dict[str, Any] = {"note": layer, "x_title": f"first axis ({', '.join(words)} class)"}
    for name, chosen in zip(("one", "two"), classes[:2], strict=False):
        where = label == chosen
        data |= {f"{name}_x": points[where, 0], name: points[where, 1]}
    if len(classes) > 2:
        where = ~np.isin(label, classes[:2])
        data |= {"others_x": points[where, 0], "others": points[where, 1]}
    return data


def over_time(run: Run) -> None:
    """Similarity of five layers with a simulated MEG, moment by moment."""
    from backend.analysis.rdm import rdm
    from backend.analysis.rsa import over_time as moments
    from backend.brain.simulated_signals import simulated_epochs
    from backend.core.parameters import ParameterError

    session = Session(run)
    p = session.p
    session.scan()
    if not session.means or len(session.means[0]) <= 50:
        raise ParameterError(
            "brain", "The simulated MEG needs five rectified layers with places and more than 50 "
            "categories. Leave Layers empty and choose a ShapeWorld set.",
        )  # fmt: skip
    run.status("Simulating the MEG")
    epochs = simulated_epochs(session.means, seed=p.seed)
    models = [rdm(one, p.distance, check=run.check) for one in session.means]
    found: list[np.ndarray] = []
    for one in moments(epochs.averaged(), models, p.distance, p.comparison, run.check):
        found.append(one)
        run.progress(len(found), len(epochs.times_ms), "moments")
        if len(found) > 1:
            r = np.array(found)
            lines = {f"l{i}": r[:, i - 1] for i in range(1, 6)}
            run.channel("time").publish(
                x=epochs.times_ms[: len(r)].astype(float), y_title=p.comparison, **lines
            )
    r = np.array(found)
    for i in range(5):
        measure(run, f"peak_ms_{i + 1}", float(epochs.times_ms[r[:, i].argmax()]))
    run.table("time", {
        "ms": epochs.times_ms.tolist(), **{f"layer_{i}": r[:, i - 1].tolist() for i in range(1, 6)},
    })  # fmt: skip
    run.lead(
        "peak_ms_5",
        "Made at 280 ms; layers that are alike are seen together, which pulls the peak earlier.",
    )


# ---- units and lesions ---------------------------------------------------------------------


def units(run: Run) -> None:
    """Optimal stimuli of the first output units against the best picture; top pictures."""
    from backend.networks.layers import layers
    from backend.networks.scan import stream
    from backend.networks.synthesis import Settings, Start, optimal_stimulus
    from backend.networks.units import Unit
    from backend.networks.units import values as values_of

    session = Session(run)
    p = session.p
    last = layers(session.network)[-1].name
    outputs = np.concatenate([
        values[last].reshape(len(values[last]), -1)
        for _, values in stream(session.network, session.stimuli.images, [last], check=run.check)
    ])  # fmt: skip
    measure_top(run, session, outputs)
    count = min(p.units, outputs.shape[1])
    parts: list[tuple[str, np.ndarray]] = []
    ratios, right, labels, values = [], 0, [], []
    for index in range(count):
        unit = Unit(last, index)
        step = None
        plain = Settings(unit, blur_sigma=0.0, fourier_exponent=0.0)  # as specified, 7.10
        for step in optimal_stimulus(
            session.network, plain, p.steps, Start(seed=p.seed), run.check
        ):
            run.progress(index * p.steps + step.index, count * p.steps, "steps")
        assert step is not None
        x = session.network.preprocessing.prepare(step.picture[None])
        final = float(values_of(session.network, unit, x)[0])
        best = float(outputs[:, index].max())
        ratios.append(final / best)
        right += answer_to(session, step.picture) == index
        parts.append((f"{index + 1}: {final:.0f}, best picture {best:.0f}",
                      np.round(step.picture * 255).astype(np.uint8)))  # fmt: skip
        labels += [f"{index + 1}", f"{index + 1} best"]
        values += [final, best]
        run.channel("optimal").publish(parts=parts)
        run.channel("activations").publish(labels=labels, values=values)
    measure(run, "optimal_ratio", float(min(ratios)))
    measure(run, "optimal_right", float(right))
    run.lead("optimal_right", f"of {count} optimal stimuli are named as their unit's class.")


def answer_to(session: Session, picture: np.ndarray) -> int:
    """Number of the largest output for a picture (H, W, C) in 0..1."""
    from backend.networks.layers import first_tensor
    from backend.networks.runtime import torch

    with torch().no_grad():
        x = session.network.preprocessing.prepare(picture[None].astype(np.float32))
        return int(first_tensor(session.network.module(x)).argmax())


def measure_top(run: Run, session: Session, outputs: np.ndarray) -> None:
    """Whether the best pictures of each output unit are of its category (trained sets only)."""
    if session.p.stimuli != "test" or session.p.network not in ("mini-a", "mini-b"):
        run.note("Top pictures are judged on the trained categories; choose them as Pictures.")
        return
    category = session.stimuli.category
    best = np.argsort(-outputs, axis=0, kind="stable")[:3]
    right = category[best] == np.arange(outputs.shape[1])
    measure(run, "top1", 100.0 * float(right[0].mean()))
    measure(run, "top3", 100.0 * float(right.all(axis=0).mean()))


def lesion(run: Run) -> None:
    """Accuracy on the trained categories as random channels of one layer go."""
    from backend.networks.ablation_sweep import ablation_sweep
    from backend.networks.layers import layers

    session = Session(run)
    p = session.p
    if p.stimuli != "test":
        run.note("Accuracy needs categories the network names: the trained ones are shown.")
    from backend.stimuli import shapeworld

    images, category, _ = shapeworld.test_set()
    convolutions = [one.name for one in layers(session.network) if one.kind == "Conv2d"]
    layer = p.lesioned or convolutions[-1]
    sweep = None
    for sweep in ablation_sweep(
        session.network, layer, images, category, SHARES, p.draws, p.seed, run.check
    ):
        mean = sweep.accuracy.mean(axis=0)
        run.channel("lesion").publish(
            x=100 * np.array(SHARES), accuracy=mean,
            bands={"accuracy": (sweep.accuracy.min(axis=0), sweep.accuracy.max(axis=0))},
        )  # fmt: skip
        run.progress(sweep.done, sweep.total, f"pictures, {layer}")
    assert sweep is not None
    for share, value in zip(SHARES, sweep.accuracy.T, strict=True):
        measure(run, f"removed_{share * 100:.0f}", float(value.mean()), float(value.std()))
    run.lead("removed_50", f"Half of the channels of {layer} removed at random.")


# ---- checks --------------------------------------------------------------------------------


def inference(run: Run) -> None:
    """False alarms of permuting labels and cells; best of many, scored twice (7.14, 7.15)."""
    from backend.analysis.cross_validation import splits
    from backend.analysis.rdm_inference import false_positives
    from backend.analysis.selection import single_units, unit_scores

    p: DNNBrainParameters = run.parameters
    run.status("Unrelated geometries")
    measure(run, "false_labels", 100 * false_positives("labels", seed=p.seed, check=run.check))
    run.progress(1, 12, "checks")
    measure(run, "false_cells", 100 * false_positives("cells", seed=p.seed, check=run.check))
    same, nested = [], []
    for seed in range(10):
        run.progress(2 + seed, 12, "noise data sets")
        rng = np.random.default_rng([p.seed, seed])
        noise, target = rng.standard_normal((100, 1000)), rng.standard_normal(100)
        scores = unit_scores(noise, target[:, None], splits(100, 5, seed), False, run.check)
        same.append(float(scores.max()))
        folds = list(single_units(noise, target, folds=5, seed=seed, check=run.check))
        nested.append(float(np.mean([fold.score for fold in folds])))
    measure(run, "same_folds", float(np.mean(same)), float(np.std(same)))
    measure(run, "nested", float(np.mean(nested)), float(np.std(nested)))
    run.lead("false_cells", "Permuting cells of an RDM finds what is not there.")


def response_function(run: Run) -> None:
    """The canonical response: peak, minimum and their ratio (2.10)."""
    from backend.analysis.hrf import canonical

    t = np.arange(0.0, 32.0, 0.01)
    h = canonical(t)
    run.channel("hrf").publish(x=t, h=h / h.max())
    measure(run, "hrf_peak", float(t[h.argmax()]))
    measure(run, "hrf_minimum", float(t[h.argmin()]))
    measure(run, "hrf_ratio", float(h.min() / h.max()))
    run.lead("hrf_peak", "After a single event.")
