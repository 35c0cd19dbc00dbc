"""Geometry: RDMs of layers and cortex, and their similarity (2.8)."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from backend.analysis.rdm import label_means
from backend.analysis.rdm_inference import bootstrap, permutation_test
from backend.analysis.rsa import averaged_rdm, pattern_scores
from backend.core.run import Run
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import LayerData, Session
from backend.studies.dnn_lab.shown import names_of, show


def rsa(run: Run) -> None:
    """RDMs of layers and cortex, their similarity with valid inference."""
    session = Session(run)
    p = session.p
    layers = session.after()
    brain = session.brain()
    labels = session.stimuli.category if p.by_category else None
    run.status("Distances")
    rdms = [
        averaged_rdm(pattern_scores(one.patterns, p.components), labels, p.distance, run.check)
        for one in layers
    ]
    reference = averaged_rdm(brain, labels, p.distance, run.check)
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
        run.measure_known(f"rsa_{number + 1}", float(test.observed[number]))
        run.measure_known(f"rsa_p_{number + 1}", float(test.p_max[number]))
    run.table("rsa", {
        "layer": [one.shown for one in layers], "similarity": list(map(float, test.observed)),
        "low": list(map(float, spread.low)), "high": list(map(float, spread.high)),
        "p": list(map(float, test.p)), "p_max": list(map(float, test.p_max)),
    })  # fmt: skip
    show_geometry(run, session, layers, rdms, test.null)
    show_alignment(run, layers, brain, labels)
    best = int(np.argmax(test.observed))
    if f"rsa_{best + 1}" in run.result.values:
        run.lead(f"rsa_{best + 1}", f"Most like the cortex: {layers[best].shown}, "
                 f"p = {test.p_max[best]:.2g} over all layers.")  # fmt: skip
    run.offer("rdm_brain", "RDM of the cortex", lambda: reference)
    for layer, one in zip(layers, rdms, strict=True):
        name = layer.shown.replace(".", "_").replace("#", "_")
        run.offer(f"rdm_{name}", f"RDM of {layer.shown}", partial(np.array, one))


def show_alignment(
    run: Run, layers: list[LayerData], brain: np.ndarray, labels: np.ndarray | None
) -> None:
    """CKA and Procrustes of every layer with the cortex, beside the RDMs."""
    from backend.analysis.alignment import linear_cka, procrustes_distance, unbiased_cka

    p: DNNBrainParameters = run.parameters
    rows = []
    brain = brain if labels is None else label_means(brain, labels)[0]
    for number, layer in enumerate(layers, 1):
        patterns = pattern_scores(layer.patterns, p.components)
        patterns = patterns if labels is None else label_means(patterns, labels)[0]
        one = (
            linear_cka(patterns, brain, run.check), unbiased_cka(patterns, brain, run.check),
            1.0 - procrustes_distance(patterns, brain, run.check) / math.sqrt(2.0),
        )  # fmt: skip
        rows.append(one)
        run.measure_known(f"cka_{number}", one[1])
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
    show(run, contents)


def embedding_of(distances: np.ndarray, label: np.ndarray, layer: str) -> dict[str, Any]:
    """Classical multidimensional scaling in two dimensions, coloured by class."""
    from backend.analysis.embedding import embed

    points = embed(distances, "classical MDS")
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
