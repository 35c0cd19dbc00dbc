"""Decoding: a class or a number read from the brain, all vertices or each region."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from backend.analysis.compression import Gram
from backend.analysis.cross_validation import as_gram
from backend.analysis.mapping import Scheme, best_units
from backend.core.parameters import ParameterError
from backend.core.run import Run
from backend.studies.dnn_lab.brain import Brain
from backend.studies.dnn_lab.probe import confusion_data
from backend.studies.dnn_lab.session import Session
from backend.studies.dnn_lab.targets import Targets, targets_of

ALL = "all"
BINS = 30


@dataclass
class Part:
    """A set of vertices: their columns, the scores of the folds so far, p when permuted."""

    name: str
    columns: np.ndarray
    scores: list[float] = field(default_factory=list)
    p: float | None = None
    vertex: int = 0


def decode(run: Run) -> None:
    """Held-out score of all vertices and of each region, with p of shuffled labels."""
    session = Session(run)
    p = session.p
    targets = targets_of(p, session.stimuli)
    if p.brain == "simulated":
        session.scan()
    brain = session.responses()
    if p.map == "uv" and p.probe == "correlation":
        raise ParameterError(
            "map", "Nearest mean pattern needs all vertices of a region together.", "mv"
        )
    if p.iterate != "layer":
        run.note("Channels and places are parts of layers; vertices are read by region.")
    if brain.constant.any():
        run.note(f"{int(brain.constant.sum())} vertices never vary; they tell nothing.")
    if targets.classes:
        run.measure_known("chance", targets.chance)
    parts = parts_of(brain)
    for number, part in enumerate(parts):
        cell = run.cells.do(("decode", p.map, part.name),
                            partial(read, run, targets, brain, parts, number))  # fmt: skip
        part.scores, part.vertex = cell["scores"], cell["vertex"]
        publish(run, targets, parts)
        if number == 0:
            show_answers(run, targets, cell)
            measure_all(run, targets, part)
    if p.permutations and p.map == "mv":
        permute(run, targets, brain, parts)
    elif p.permutations:
        run.note("The score of the best vertex is nested and has no permutations here.")
    summarise(run, targets, parts)


def parts_of(brain: Brain) -> list[Part]:
    """All vertices, then each region when there are several."""
    parts = [Part(ALL, np.flatnonzero(~brain.constant))]
    if len(brain.regions) > 1:
        parts += [Part(name, columns[~brain.constant[columns]])
                  for name, columns in brain.regions.items()]  # fmt: skip
    return [one for one in parts if one.columns.size]


def products_of(brain: Brain, part: Part) -> Gram:
    return as_gram(brain.values[:, part.columns])


def read(
    run: Run, targets: Targets, brain: Brain, parts: list[Part], number: int
) -> dict[str, Any]:
    """One part's folds, as a cell of the run."""
    p, part = targets.p, parts[number]
    total = len(parts) * p.folds
    if p.map == "uv":
        return read_single(run, targets, brain, parts, number)
    confusion: Any = np.zeros(0, int)
    answer: list[float] = [0.0] * (0 if targets.classes else len(brain.values))
    for fold in targets.folds(products_of(brain, part), run.check):
        part.scores.append(fold.score)
        if fold.confusion is not None:
            confusion = fold.confusion + (confusion if confusion.size else 0)
        for row, value in zip(fold.test, fold.answer, strict=False):
            answer[row] = float(value)
        publish(run, targets, parts)
        run.progress(number * p.folds + len(part.scores), total, f"folds, {part.name}")
    return {
        "scores": part.scores, "confusion": confusion.tolist(), "answer": answer, "vertex": 0,
    }  # fmt: skip


def read_single(
    run: Run, targets: Targets, brain: Brain, parts: list[Part], number: int
) -> dict[str, Any]:
    """The best vertex of a part, chosen on inner folds."""
    p, part = targets.p, parts[number]

    def seen(fold: int, of: int, score: np.ndarray) -> None:
        part.scores = score[0, 0, :fold].tolist()
        publish(run, targets, parts)
        run.progress(number * of + fold, len(parts) * of, f"folds, {part.name}")

    values = brain.values[:, part.columns][:, :, None, None]
    wanted = targets.labels if targets.classes else targets.numbers
    found = best_units(values, wanted, None, targets.classes, p.score, Scheme(p.folds, p.seed),
                       run.check, seen=seen)  # fmt: skip
    assert found.location is not None
    vertex = int(part.columns[found.location[0, 0, 0] - 1]) + 1
    return {"scores": found.score[0, 0].tolist(), "confusion": [], "answer": [], "vertex": vertex}


def publish(run: Run, targets: Targets, parts: list[Part]) -> None:
    """Means and standard errors of the folds so far, chance first."""
    ready = [one for one in parts if one.scores]
    mean = np.array([np.mean(one.scores) for one in ready])
    sem = np.array([np.std(one.scores) / np.sqrt(len(one.scores)) for one in ready])
    labels = [f"{one.name} ({len(one.columns)})" for one in ready]
    if targets.classes:
        labels, mean, sem = ["chance", *labels], np.r_[targets.chance, mean], np.r_[0.0, sem]
    run.channel("decoding").publish(labels=labels, values=mean, low=mean - sem, high=mean + sem)


def show_answers(run: Run, targets: Targets, cell: dict[str, Any]) -> None:
    """Confusions of classes, or measured against predicted numbers, of all vertices."""
    if cell["confusion"]:
        classes = np.unique(targets.labels)
        run.channel("confusion").publish(
            **confusion_data(np.array(cell["confusion"]), classes, "all vertices")
        )
    elif cell["answer"]:
        answer, truth = np.array(cell["answer"]), targets.numbers[:, 0]
        line = np.array([truth.min(), truth.max()])
        run.channel("answers").publish(
            x=answer, truth=truth, same_x=line, same=line,
            x_title=f"{targets.p.label}, read from all vertices",
            y_title=f"{targets.p.label} of the picture",
        )  # fmt: skip


def measure_all(run: Run, targets: Targets, part: Part) -> None:
    name = "decoded" if targets.classes else "decoded_number"
    run.measure_known(name, float(np.mean(part.scores)), sd=float(np.std(part.scores, ddof=1)))
    words = f"From {len(part.columns):,} vertices together."
    if part.vertex:
        words = f"The best single vertex; on all pictures it is number {part.vertex:,}."
    run.lead(name, words)


def permute(run: Run, targets: Targets, brain: Brain, parts: list[Part]) -> None:
    """p of every part's score; the null of all vertices is drawn as it grows."""
    p = targets.p
    total = len(parts) * p.permutations
    for number, part in enumerate(parts):
        stream = targets.permuted(products_of(brain, part), p.permutations, run.check)
        observed = next(stream)
        null: list[float] = []
        for value in stream:
            null.append(value)
            run.progress(number * p.permutations + len(null), total, f"permutations, {part.name}")
            if number == 0:
                show_null(run, targets, np.array(null), observed)
        part.p = (1 + sum(value >= observed for value in null)) / (1 + len(null))
        if number == 0:
            run.measure_known("decoded_p", part.p)


def show_null(run: Run, targets: Targets, null: np.ndarray, observed: float) -> None:
    """Scores of shuffled labels, and the one of the labels as they are."""
    low, high = min(null.min(), observed), max(null.max(), observed)
    edge = 0.05 * (high - low)
    counts, edges = np.histogram(null, BINS, (low - edge, high + edge))
    line = np.full(2, observed)
    run.channel("decode_null").publish(
        edges=edges, count=counts, observed_x=line,
        observed=np.array([0.0, float(counts.max())]), x_title=targets.word,
    )  # fmt: skip


def summarise(run: Run, targets: Targets, parts: list[Part]) -> None:
    """Tables of parts and of folds; the best region."""
    run.table("decoding", {
        "part": [one.name for one in parts], "vertices": [len(one.columns) for one in parts],
        targets.word: [float(np.mean(one.scores)) for one in parts],
        "sd": [float(np.std(one.scores, ddof=1)) for one in parts],
        **({"p": [one.p for one in parts]} if parts[0].p is not None else {}),
        **({"best_vertex": [one.vertex for one in parts]} if parts[0].vertex else {}),
    })  # fmt: skip
    run.table("decoding_folds", {
        "part": [one.name for one in parts for _ in one.scores],
        "fold": [i + 1 for one in parts for i in range(len(one.scores))],
        targets.word: [score for one in parts for score in one.scores],
    })  # fmt: skip
    if len(parts) > 1:
        best = max(parts[1:], key=lambda one: float(np.mean(one.scores)))
        run.measure_known("decoded_region", float(np.mean(best.scores)))
        run.note(f"The region that tells most is {best.name}. It is chosen where it is scored.")
