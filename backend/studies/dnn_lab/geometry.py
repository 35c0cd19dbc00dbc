"""Geometry: RDMs of layers and cortex, and their similarity (2.8)."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np

from backend.analysis.rdm import label_means
from backend.analysis.rdm_compare import NoiseCeiling, compare_all, noise_ceiling
from backend.analysis.rdm_inference import (
    Bootstrap,
    PermutationTest,
    bootstrap,
    judged,
    permutation_test,
)
from backend.analysis.rsa import condition_rdm, pattern_scores
from backend.core.run import Run
from backend.studies.dnn_lab.live_map import LiveMap, drawn_map, map_of
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import LayerData, Session
from backend.studies.dnn_lab.shown import names_of, show
from backend.studies.dnn_lab.subjects import people, runs_of

MOST_ORDERED = 200
"""Conditions whose clusters are turned so that neighbours are alike: it costs their cube."""


def rsa(run: Run) -> None:
    """RDMs of layers and cortex, their similarity with valid inference."""
    session = Session(run)
    p = session.p
    session.watch = LiveMap(session).add
    layers = session.after()
    names, responses = people(session)
    run.status("Distances")
    models, references, labels = distances_of(session, layers, responses)
    reference = np.mean(references, axis=0)
    order, sorted_by = order_of(session, reference)
    words = "mean of subjects, " if len(names) > 1 else ""
    run.channel("brain_rdm").publish(
        image=reference[np.ix_(order, order)], note=f"{words}{sorted_by}"
    )
    test, spread = compared(run, models, references)
    ceiling = noise_ceiling(references, p.comparison) if len(references) > 1 else None
    publish_agreement(run, layers, test, spread, ceiling)
    for number in range(len(layers)):
        run.measure_known(f"rsa_{number + 1}", float(test.observed[number]))
        run.measure_known(f"rsa_p_{number + 1}", float(test.p_max[number]))
    run.table("rsa", {
        "layer": [one.shown for one in layers], "similarity": list(map(float, test.observed)),
        "low": list(map(float, spread.low)), "high": list(map(float, spread.high)),
        "p": list(map(float, test.p)), "p_max": list(map(float, test.p_max)),
    })  # fmt: skip
    if ceiling is not None:
        say_ceiling(run, layers, names, models, references, ceiling)
    show_geometry(run, session, layers, models, test.null, (order, sorted_by))
    show_alignment(run, layers, responses[0], labels)
    best = int(np.argmax(test.observed))
    if f"rsa_{best + 1}" in run.result.values:
        run.lead(f"rsa_{best + 1}", f"Most like the cortex: {layers[best].shown}, "
                 f"p = {test.p_max[best]:.2g} over all layers.")  # fmt: skip
    run.offer("rdm_brain", "RDM of the cortex", lambda: reference)
    for layer, one in zip(layers, models, strict=True):
        name = layer.shown.replace(".", "_").replace("#", "_")
        run.offer(f"rdm_{name}", f"RDM of {layer.shown}", partial(np.array, one))


def distances_of(
    session: Session, layers: list[LayerData], responses: list[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray | None]:
    """RDMs of the layers, of every subject, and the labels averaged within."""
    p, check = session.p, session.run.check
    labels = session.stimuli.category if p.by_category else None
    runs = runs_of(session) if p.distance == "crossnobis" else None
    models = [
        condition_rdm(pattern_scores(one.patterns, p.components), labels, p.distance, runs, check)
        for one in layers
    ]
    brains = [condition_rdm(one, labels, p.distance, runs, check) for one in responses]
    return models, brains, labels


def compared(
    run: Run, models: list[np.ndarray], references: list[np.ndarray]
) -> tuple[PermutationTest, Bootstrap]:
    """Similarity with the cortex, a mean over subjects, its null and its spread over stimuli.

    Every subject meets the same permutations and samples, so that means over subjects are again a
    null and a spread.
    """
    p: DNNBrainParameters = run.parameters
    tests, spreads = [], []
    for number, reference in enumerate(references):
        steps = partial(share_done, run, number, len(references))
        tests.append(permutation_test(
            models, reference, p.comparison, p.label_permutations, seed=p.seed, check=run.check,
            progress=partial(steps, "permutations"),
        ))  # fmt: skip
        spreads.append(bootstrap(models, reference, p.comparison, p.samples, p.seed, run.check,
                                 partial(steps, "bootstrap samples")))  # fmt: skip
    if len(references) == 1:
        return tests[0], spreads[0]
    observed = np.mean([one.observed for one in tests], axis=0)
    null = np.mean([one.null for one in tests], axis=0)
    values = np.mean([one.values for one in spreads], axis=0)
    low, high = np.nanpercentile(values, [2.5, 97.5], axis=0)
    return judged(observed, null), Bootstrap(values, low, high, np.nanstd(values, axis=0, ddof=1))


def share_done(run: Run, number: int, of: int, what: str, done: int, total: int) -> None:
    """Progress of one subject among all."""
    run.progress(number * total + done, of * total, what)


def publish_agreement(
    run: Run, layers: list[LayerData], test: PermutationTest, spread: Bootstrap,
    ceiling: NoiseCeiling | None,
) -> None:  # fmt: skip
    """Similarity by layer with its interval, and what the subjects allow as a band."""
    p: DNNBrainParameters = run.parameters
    band = {} if ceiling is None else {"band": tuple(ceiling), "band_label": "noise ceiling"}
    run.channel("agreement").publish(
        x=np.arange(len(layers), dtype=float),
        y=test.observed,
        low=spread.low,
        high=spread.high,
        y_title=p.comparison,
        x_labels=[one.shown for one in layers],
        **band,
    )


def say_ceiling(
    run: Run, layers: list[LayerData], names: list[str], models: list[np.ndarray],
    references: list[np.ndarray], ceiling: NoiseCeiling,
) -> None:  # fmt: skip
    """The ceiling's bounds, and every subject's similarities."""
    p: DNNBrainParameters = run.parameters
    run.measure_known("ceiling_lower", ceiling.lower)
    run.measure_known("ceiling_upper", ceiling.upper)
    each = compare_all(models, references, p.comparison)
    run.table("subjects", {
        "subject": names,
        **{layer.shown: row.tolist() for layer, row in zip(layers, each, strict=True)},
    })  # fmt: skip
    run.note(f"Similarities are means over {len(names)} subjects; no model can be expected above "
             f"the noise ceiling, {ceiling.lower:.2f} to {ceiling.upper:.2f}.")  # fmt: skip


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


def conditions_of(session: Session) -> np.ndarray:
    """The class of each condition of the RDMs."""
    label = session.stimuli.label
    if not session.p.by_category:
        return label
    _, first = np.unique(session.stimuli.category, return_index=True)
    return label[first]


def order_of(session: Session, reference: np.ndarray) -> tuple[np.ndarray, str]:
    """In which order RDMs are drawn, the same for all, and in words."""
    if session.p.sort == "none":
        return np.arange(len(reference)), "in the order of the list"
    if session.p.sort == "class":
        return np.argsort(conditions_of(session), kind="stable"), "sorted by class"
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    cells = squareform(np.maximum((reference + reference.T) / 2, 0.0), checks=False)
    tree = linkage(cells, "average")
    if len(reference) <= MOST_ORDERED:
        tree = optimal_leaf_ordering(tree, cells)
    return leaves_list(tree), "sorted by the cortex's clusters"


def show_geometry(
    run: Run,
    session: Session,
    layers: list[LayerData],
    rdms: list[np.ndarray],
    null: np.ndarray,
    order: tuple[np.ndarray, str],
) -> None:
    """RDM, null and map of every layer; the chosen one is drawn."""
    p, label = session.p, conditions_of(session)
    rows, words = order
    contents: dict[str, list[dict[str, Any]]] = {"rdm": [], "null": [], "embedding": []}
    table: dict[str, list[Any]] = {}
    for number, layer in enumerate(layers):
        run.check()
        run.status(f"Map of {layer.shown}")
        sorted_rdm = rdms[number][np.ix_(rows, rows)]
        contents["rdm"].append({"image": sorted_rdm, "note": f"{layer.shown}, {words}"})
        counts, edges = np.histogram(null[:, number], 40)
        contents["null"].append({"edges": edges, "count": counts})
        points = map_of(rdms[number], p)
        contents["embedding"].append(drawn_map(points, label, layer.shown))
        add_coordinates(table, layer.shown, label, points)
    run.table("map", table)
    show(run, contents)


def add_coordinates(
    table: dict[str, list[Any]], layer: str, label: np.ndarray, points: np.ndarray
) -> None:
    """Rows of the table of coordinates: layer, number from 1, class, axes."""
    columns: dict[str, list[Any]] = {
        "layer": [layer] * len(points), "condition": list(range(1, len(points) + 1)),
        "class": [str(one) for one in label],
        **{f"axis_{i}": axis.tolist() for i, axis in enumerate(points.T, 1)},
    }  # fmt: skip
    for name, values in columns.items():
        table.setdefault(name, []).extend(values)
