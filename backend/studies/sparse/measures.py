"""From category means to numbers and pictures on screen."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.analysis.sparseness import (
    Sparseness,
    equal_width,
    indices,
    null_medians,
    sparseness,
)
from backend.analysis.trends import bootstrap_trend, category_trends, layer_trend
from backend.core.run import Run
from backend.studies.sparse.material import Material
from backend.studies.sparse.parameters import SparseCodingParameters
from backend.studies.sparse.responses import Responses

BINS = 40


@dataclass(frozen=True)
class Hierarchy:
    """Sparseness of all layers.

    ``values`` (categories, layers) the index chosen; ``psi`` the same for PSI; ``found`` one
    Sparseness a layer; ``convolutional`` which layers have places.
    """

    layers: tuple[str, ...]
    convolutional: np.ndarray
    values: np.ndarray
    psi: np.ndarray
    found: tuple[Sparseness, ...]
    widths: tuple[int, ...]

    @property
    def medians(self) -> np.ndarray:
        """(layers,) median of the index over categories; NaN for dead layers."""
        return np.median(self.values, axis=0)


def hierarchy_of(responses: Responses, p: SparseCodingParameters) -> Hierarchy:
    """Sparseness of every layer from the means so far."""
    found, values = [], []
    for layer in responses.layers:
        means = responses.means.means(layer)
        one = sparseness(means, p.rescale)
        found.append(one)
        if one.response.shape[1] < 2 or p.index == "PSI":
            values.append(one.psi)
        else:
            values.append(indices(means[:, one.live], one.response, p.index))
    psi = np.stack([one.psi for one in found], axis=1)
    widths = tuple(int(one.live.sum()) for one in found)
    return Hierarchy(
        responses.layers, np.array(responses.convolutional), np.stack(values, axis=1), psi,
        tuple(found), widths,
    )  # fmt: skip


def measure_hierarchy(run: Run, h: Hierarchy) -> None:
    """Trends, medians and live units of one network."""
    trend = layer_trend(h.values)
    run.measure_known("tau", trend.tau, n=trend.n)
    run.measure_known("tau_p", trend.p)
    run.measure_known("tau_medians", layer_trend(h.medians).tau)
    if h.convolutional.sum() > 1:
        run.measure_known("tau_conv", layer_trend(h.values[:, h.convolutional]).tau)
    if (~h.convolutional).sum() > 1:
        run.measure_known("tau_fc", layer_trend(h.values[:, ~h.convolutional]).tau)
    whole = h.psi[:, np.isfinite(h.psi).all(axis=0)]  # layers that answer at all
    if whole.size:
        run.measure_known("largest", float(whole.max()))
        run.measure_known("least_range", float(np.ptp(whole, axis=0).min()))
    else:
        run.note("No unit answers differently to different categories: no index is defined.")
    medians = h.medians
    if h.convolutional.any() and not h.convolutional.all():
        first = medians[~h.convolutional][0]
        highest = float(np.fmax.reduce(medians[h.convolutional]))
        run.measure_known("fc1_over_conv", float(first) - highest)
    run.measure_known("last_median", float(medians[-1]))
    for number, (value, width) in enumerate(zip(medians, h.widths, strict=True), 1):
        run.measure_known(f"median_{number}", float(value))
        run.measure_known(f"live_{number}", width)


def measure_tests(run: Run, h: Hierarchy) -> None:
    """What takes longer: the test over categories and the resampled interval."""
    _, p = category_trends(h.values)
    run.measure_known("wilcoxon_p", p)
    low, high = bootstrap_trend(h.values)
    run.measure_known("tau_low", low)
    run.measure_known("tau_high", high)


def tabulate(run: Run, name: str, h: Hierarchy, material: Material, lesion: str) -> None:
    """A row a layer, and the long table of the exports: a row a category and layer."""
    categories = len(h.values)
    nulls = [null_of(width, categories) for width in h.widths]
    run.table(
        f"{name}layers",
        {
            "layer": list(h.layers),
            "units": [len(one.live) for one in h.found],
            "dead": [one.dead for one in h.found],
            "median": [float(v) for v in h.medians],
            "quartile_1": [float(v) for v in np.percentile(h.values, 25, axis=0)],
            "quartile_3": [float(v) for v in np.percentile(h.values, 75, axis=0)],
            "null_median": [float(np.median(one)) for one in nulls],
            "excess": [
                float(m - np.median(n))
                for m, n in zip(np.median(h.psi, axis=0), nulls, strict=True)
            ],
        },
    )
    grid = [(layer, c) for layer in range(len(h.layers)) for c in range(categories)]
    run.table(
        f"{name}psi",
        {
            "lesion": [lesion] * len(grid),
            "layer": [h.layers[layer] for layer, _ in grid],
            "unit_count": [len(h.found[layer].live) for layer, _ in grid],
            "dead": [h.found[layer].dead for layer, _ in grid],
            "category": [material.names[c] for _, c in grid],
            "psi": [float(h.psi[c, layer]) for layer, c in grid],
            "a": [float(h.found[layer].a[c]) for layer, c in grid],
        },
    )


def null_of(units: int, categories: int) -> np.ndarray:
    """Medians of the width-matched null; wide layers share the width of a power of two."""
    if units > 512:  # the null is flat there: a few percent of the width change it by < 0.001
        units = int(2 ** (round(4 * np.log2(units)) / 4))
    return null_medians(units, categories)


def publish(
    run: Run, p: SparseCodingParameters, h: Hierarchy, material: Material,
    responses: Responses, intact: Hierarchy | None = None,
) -> None:  # fmt: skip
    """Everything the views show of one network, intact values as ghosts."""
    run.channel("hierarchy").publish(**hierarchy_data(p, h, responses, intact))
    run.channel("ridges").publish(**ridge_data(p, h))
    layer = min(p.layer, len(h.layers)) - 1
    values = h.values[:, layer][np.isfinite(h.values[:, layer])]
    if len(values):
        low, high = (0.0, 1.0) if p.index in ("PSI", "a") else (values.min(), values.max() + 1e-9)
        counts, edges = np.histogram(values, BINS, (low, high))
        run.channel("distribution").publish(edges=edges, count=counts, x_title=p.index)
    run.channel("population").publish(**population_data(p, h, intact))
    run.channel("layers").publish(**layer_rows(h))


def x_of(h: Hierarchy) -> dict[str, Any]:
    """Layer numbers and names for the axis."""
    return {"x": np.arange(len(h.layers), dtype=float), "x_labels": list(h.layers)}


def hierarchy_data(
    p: SparseCodingParameters, h: Hierarchy, responses: Responses, intact: Hierarchy | None
) -> dict[str, Any]:
    """Medians with quartiles, the ghost, the null and the equal-width line."""
    low, high = np.percentile(h.values, (25, 75), axis=0)
    data = {**x_of(h), "median": h.medians, "bands": {"median": (low, high)}, "y_title": p.index}
    if intact is not None:
        data["intact"] = intact.medians
    comparable = p.index == "PSI" and p.rescale == "per category"
    if p.null and comparable:
        nulls = [null_of(width, len(h.values)) for width in h.widths]
        data["null"] = np.array([np.median(one) for one in nulls])
        ends = np.array([np.percentile(one, (5, 95)) for one in nulls])
        data["bands"]["null"] = (ends[:, 0], ends[:, 1])
    if p.equal_width and comparable:
        least = min((w for w in h.widths if w > 1), default=0)
        data["equal"] = np.array([
            np.median(equal_width(responses.means.means(layer), least, p.rescale))
            for layer in h.layers
        ])  # fmt: skip
    return data


def ridge_data(p: SparseCodingParameters, h: Hierarchy) -> dict[str, Any]:
    """One row a layer: share of categories in each bin of the index."""
    finite = h.values[np.isfinite(h.values)]
    span = (0.0, 1.0)
    if p.index not in ("PSI", "a") and len(finite):
        span = (float(finite.min()), float(finite.max()) + 1e-9)
    rows = [np.histogram(column[np.isfinite(column)], BINS, span)[0] for column in h.values.T]
    image = np.array(rows, float) / max(len(h.values), 1)
    top = max(float(image.max()), 1e-9)
    return {
        "image": image, "y_labels": list(h.layers), "limits": (0.0, top),
        "extent": (span[0], -0.5, span[1], len(h.layers) - 0.5), "x_title": p.index,
    }  # fmt: skip


def population_data(
    p: SparseCodingParameters, h: Hierarchy, intact: Hierarchy | None
) -> dict[str, Any]:
    """Responses of the layer's live units to one category, sorted."""
    layer, category = min(p.layer, len(h.layers)) - 1, min(p.category, len(h.values)) - 1
    now = np.sort(h.found[layer].response[category])[::-1]
    data: dict[str, Any] = {"x": np.arange(1.0, len(now) + 1), "now": now}
    if intact is not None:
        before = np.sort(intact.found[layer].response[category])[::-1]
        data |= {"intact": before, "intact_x": np.arange(1.0, len(before) + 1)}
    return data


def layer_rows(h: Hierarchy) -> dict[str, Any]:
    """Units, dead ones and the median of each layer, for the result column."""
    return {
        "lead": len(h.layers), "caption": "layers: units, dead ones, median",
        "rows": [
            (layer, f"{len(one.live)} units, {one.dead} dead",
             "n/a" if not np.isfinite(m) else f"{m:.2f}")
            for layer, one, m in zip(h.layers, h.found, h.medians, strict=True)
        ]
    }  # fmt: skip


def publish_exemplars(run: Run, p: SparseCodingParameters, material: Material) -> None:
    """Up to sixteen pictures of the category, in a square."""
    category = min(p.category, len(material.names)) - 1
    pictures = material.of_category(category)
    if pictures.dtype != np.uint8:
        pictures = np.round(np.clip(pictures, 0, 1) * 255).astype(np.uint8)
    across = math.ceil(math.sqrt(len(pictures)))
    down = math.ceil(len(pictures) / across)
    height, width = pictures.shape[1:3]
    sheet = np.full((down * (height + 2), across * (width + 2), *pictures.shape[3:]), 128, np.uint8)
    for i, picture in enumerate(pictures):
        top, left = (i // across) * (height + 2) + 1, (i % across) * (width + 2) + 1
        sheet[top : top + height, left : left + width] = picture
    run.channel("exemplars").publish(image=sheet, note=material.names[category])
