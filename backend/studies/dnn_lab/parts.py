"""Probing layers part by part: each channel, each place, or each unit alone (2.5).

Inner products of whole layers do not know their parts, so a layer's activations are scanned again
and kept while it is probed, one layer at a time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from backend.analysis.linear_models import Estimator, Model
from backend.analysis.mapping import (
    Axis,
    Mapped,
    Scheme,
    best_units,
    classified,
    predicted,
    strongest,
)
from backend.analysis.probing import Probe
from backend.core.parameters import ParameterError
from backend.core.run import Run
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import BATCH, MEMORY_SHARE, Session
from backend.studies.dnn_lab.shown import show
from backend.studies.dnn_lab.targets import Targets

AXES: dict[str, Axis | None] = {"layer": None, "channel": "channel", "place": "row_col"}
LOOK_S = 0.2
"""Between two drawings of the parts so far."""


@dataclass
class PartScores:
    """One layer's parts.

    Attributes
    ----------
    score : (n_part, n_fold). shape : channels, rows, columns of the layer.
    unit : (n_part, 3) channel, row, column from 1 of the best unit; single units only.
    p : (n_part,) of permuted labels, or None. dead : parts in which nothing varies.
    """

    score: np.ndarray
    shape: tuple[int, int, int]
    unit: np.ndarray | None = None
    p: np.ndarray | None = None
    dead: int = 0
    converged: bool = True

    @property
    def mean(self) -> np.ndarray:
        """(n_part,) mean of the folds that are done; NaN where none is."""
        good = np.isfinite(self.score)
        total = np.where(good, self.score, 0.0).sum(axis=1)
        count = good.sum(axis=1)
        return np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)


def probe_parts(run: Run, session: Session, targets: Targets) -> None:
    """Scores of every part of every layer, one layer after another."""
    p = session.p
    layers = [one for one in session.layer_names() if one[2] or not p.before]
    say_memory(run, session, [name for name, _, _ in layers])
    if p.map == "uv":
        say_single_units(run)
    every: list[PartScores] = []
    shown: dict[str, list[dict[str, Any]]] = {"places": [], "channels": []}
    for number, (name, word, _) in enumerate(layers):
        found = of_layer(run, session, targets, name, word, number / len(layers), len(layers))
        every.append(found)
        if p.iterate != "layer":
            kind = "places" if p.iterate == "place" else "channels"
            shown[kind].append(drawn(p, found, targets, word))
            run.channel(kind).publish(**shown[kind][-1])
        publish_layers(run, [one[1] for one in layers], every, targets)
        measure_parts(run, number + 1, found)
        warn(run, word, found)
    show(run, shown)
    tabulate(run, [one[1] for one in layers], every)
    conclude(run, [one[1] for one in layers], every)


def say_memory(run: Run, session: Session, names: list[str]) -> None:
    """Refuse, before anything is scanned, a layer that does not fit; say what will be kept."""
    from backend.networks.scan import estimate, free_memory

    pooling = None if session.p.pooling == "none" else session.p.pooling
    count = len(session.stimuli)
    sizes = {
        name: estimate(session.network, count, [name], None, BATCH, pooling).total for name in names
    }
    name, need = max(sizes.items(), key=lambda one: one[1])
    room = MEMORY_SHARE * free_memory()
    if need > room:
        raise ParameterError(
            "layers", f"The activations of {name} for {count:,} pictures need "
            f"{amount(need)}; {amount(room)} may be used. Name other layers, pool, or use fewer "
            "pictures.",
        )  # fmt: skip
    run.note(f"Parts need activations: one layer's at a time were kept, {amount(need)} at "
             f"most ({name}).")  # fmt: skip


def amount(size: float) -> str:
    """Bytes in words."""
    return f"{size / 1e9:.3g} GB" if size >= 1e9 else f"{size / 1e6:.3g} MB"


def say_single_units(run: Run) -> None:
    p: DNNBrainParameters = run.parameters
    if p.probe == "correlation":
        run.note("r is the largest of many units over all pictures, no prediction: judge it by p.")
        return
    run.note("Single units predict by least squares. The best one is chosen on inner folds and "
             "scored on pictures it never saw.")  # fmt: skip
    if p.permutations:
        run.note("A nested score has no permutations here; its chance is that of guessing.")


def of_layer(
    run: Run, session: Session, targets: Targets, name: str, word: str, done: float, layers: int
) -> PartScores:
    """One layer's parts, as a cell of the run."""
    p = session.p
    key = ("parts", p.map, p.iterate, name)
    cell = run.cells.do(key, partial(scored, run, session, targets, name, word, done, layers))
    return PartScores(
        np.array(cell["score"], float), tuple(cell["shape"]),
        None if cell["unit"] is None else np.array(cell["unit"], int),
        None if cell["p"] is None else np.array(cell["p"], float), cell["dead"],
        cell["converged"],
    )  # fmt: skip


def scored(
    run: Run, session: Session, targets: Targets, name: str, word: str, done: float, layers: int
) -> dict[str, Any]:
    """Scan a layer again and score its parts, drawing them as they come."""
    p = session.p
    features = session.features(name)
    shape: tuple[int, int, int] = features.shape[1:]  # type: ignore[assignment]
    drawn_at = 0.0

    def seen(part: int, of: int, score: np.ndarray) -> None:
        nonlocal drawn_at
        what = "folds" if p.map == "uv" else "parts"
        share = round(100 * (done + part / of / layers))
        run.progress(share, 100, f"{part} of {of} {what}, {word}")
        if p.iterate != "layer" and time.monotonic() - drawn_at > LOOK_S:
            drawn_at = time.monotonic()
            kind = "places" if p.iterate == "place" else "channels"
            run.channel(kind).publish(**drawn(p, PartScores(score[:, 0], shape), targets, word))

    found = mapped(run, features, targets, seen)
    return {
        "score": found.score[:, 0].tolist(), "shape": [int(n) for n in shape],
        "unit": None if found.location is None else found.location[:, 0].tolist(),
        "p": None if found.p is None else found.p[:, 0].tolist(), "dead": found.dead,
        "converged": found.converged,
    }  # fmt: skip


def mapped(run: Run, features: np.ndarray, targets: Targets, seen: Any) -> Mapped:
    """The map that the parameters ask for."""
    p: DNNBrainParameters = run.parameters
    axis, scheme = AXES[p.iterate], Scheme(p.folds, p.seed, p.permutations)
    if p.map == "uv" and p.probe == "correlation":
        return strongest(features, targets.numbers, axis, scheme, run.check,
                         lambda done, of: run.progress(done, of, "permutations"))  # fmt: skip
    if p.map == "uv":
        wanted = targets.labels if targets.classes else targets.numbers
        return best_units(features, wanted, axis, targets.classes, p.score, scheme, run.check,
                          seen=seen)  # fmt: skip
    if targets.classes:
        readout = Probe(p.probe, p.components, p.C, p.pipeline)  # type: ignore[arg-type]
        return classified(features, targets.labels, axis, readout, scheme, run.check, seen=seen)
    estimator: Estimator = p.probe  # type: ignore[assignment]
    model = Model(estimator, p.components, latent=p.pls)
    return predicted(features, targets.numbers, axis, model, p.score, scheme, run.check, seen=seen)


def drawn(p: DNNBrainParameters, found: PartScores, targets: Targets, layer: str) -> dict[str, Any]:
    """A map over places, or a dot a channel."""
    mean = found.mean
    ready = int(np.isfinite(mean).sum())
    if p.iterate == "place":
        low, high = (np.nanmin(mean), np.nanmax(mean)) if ready else (0.0, 1.0)
        return {
            "image": mean.reshape(found.shape[1:]), "limits": (float(low), float(high)),
            "x_labels": [str(i + 1) for i in range(found.shape[2])],
            "y_labels": [str(i + 1) for i in range(found.shape[1])],
            "note": f"{targets.word}, {layer}, {ready} of {len(mean)} places",
        }  # fmt: skip
    every = np.arange(1.0, len(mean) + 1)
    data: dict[str, Any] = {
        "x": every, "score": mean, "x_title": f"channel of {layer}", "y_title": targets.word,
    }  # fmt: skip
    if targets.classes:
        data |= {"chance_x": every[[0, -1]], "chance": np.full(2, targets.chance)}
    return data


def publish_layers(run: Run, names: list[str], every: list[PartScores], targets: Targets) -> None:
    """Mean of the parts by layer, with the middle nine tenths of them."""
    p: DNNBrainParameters = run.parameters
    means = [one.mean for one in every]
    x = np.arange(len(every), dtype=float)
    middle = np.array([np.nanmean(one) if np.isfinite(one).any() else np.nan for one in means])
    data: dict[str, Any] = {"x": x, "x_labels": names, "after": middle}
    if p.iterate == "layer":
        spread = np.array([one.score.std() / np.sqrt(one.score.shape[1]) for one in every])
        data["bands"] = {"after": (middle - spread, middle + spread)}
        data |= {"y_title": targets.word, "note": "best unit alone, nested; mean of folds, SEM"}
        if p.probe == "correlation":
            data["note"] = "largest of all units, all pictures"
    else:
        ends = np.array([np.nanpercentile(one, (5, 95)) if np.isfinite(one).any()
                         else (np.nan, np.nan) for one in means]).T  # fmt: skip
        data["bands"] = {"after": (ends[0], ends[1])}
        data |= {"y_title": targets.word, "note": f"mean of {p.iterate}s; band: 90 % of them"}
    if targets.classes:
        data |= {"chance_x": np.array([0.0, len(names) - 1.0])}
        data |= {"chance": np.full(2, targets.chance)}
    run.channel("accuracy").publish(**data)


def measure_parts(run: Run, number: int, found: PartScores) -> None:
    """The nested score of the best unit, or mean and largest of the parts."""
    p: DNNBrainParameters = run.parameters
    mean = found.mean
    if not np.isfinite(mean).any():
        return
    if p.iterate == "layer":
        run.measure_known(f"unit_{number}", float(mean[0]), sd=float(found.score[0].std()))
    else:
        run.measure_known(f"parts_{number}", float(np.nanmean(mean)), sd=float(np.nanstd(mean)))
        run.measure_known(f"best_part_{number}", float(np.nanmax(mean)))


def warn(run: Run, layer: str, found: PartScores) -> None:
    if found.dead:
        run.note(f"{layer}: {found.dead} parts never vary; they have no score.")
    if not found.converged:
        run.note(f"{layer}: a classifier stopped at its limit of iterations.")


def tabulate(run: Run, names: list[str], every: list[PartScores]) -> None:
    """A row a part: where it is, its score over folds, its best unit, its p."""
    p: DNNBrainParameters = run.parameters
    columns: dict[str, list[Any]] = {"layer": [], "channel": [], "row": [], "column": []}
    columns |= {"score": [], "sd": []}
    unit = every[0].unit is not None
    columns |= {"unit_channel": [], "unit_row": [], "unit_column": []} if unit else {}
    columns |= {} if every[0].p is None else {"p": []}
    for name, one in zip(names, every, strict=True):
        mean, sd = one.mean, one.score.std(axis=1)
        for part in range(len(mean)):
            row, column = divmod(part, one.shape[2]) if p.iterate == "place" else (-1, -1)
            place = (part + 1 if p.iterate == "channel" else "", row + 1 or "", column + 1 or "")
            line = [name, *place, float(mean[part]), float(sd[part])]
            line += [] if one.unit is None else [int(n) for n in one.unit[part]]
            line += [] if one.p is None else [float(one.p[part])]
            for kept, value in zip(columns.values(), line, strict=True):
                kept.append(value)
    run.table("parts", columns)


def conclude(run: Run, names: list[str], every: list[PartScores]) -> None:
    """The layer whose parts, or whose best unit, tell most."""
    p: DNNBrainParameters = run.parameters
    means = [float(np.nanmean(one.mean)) if np.isfinite(one.mean).any() else -np.inf
             for one in every]  # fmt: skip
    best = int(np.argmax(means))
    name = f"{'unit' if p.iterate == 'layer' else 'parts'}_{best + 1}"
    if name not in run.result.values:
        return
    unit = every[best].unit
    if p.iterate == "layer" and unit is not None:
        channel, row, column = unit[0]
        run.lead(name, f"{names[best]}: channel {channel}, row {row}, column {column} on all "
                 "pictures.")  # fmt: skip
    else:
        run.lead(name, f"Best layer: {names[best]}, mean of its {p.iterate}s.")
