"""What a run left for every layer, so that another one is shown without a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.core.recent import Recent
from backend.core.run import Run
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import LayerData

SHOWN: Recent[dict[str, list[dict[str, Any]]]] = Recent(8)
"""Channel contents of every layer of the newest runs."""


def shown_key(p: DNNBrainParameters) -> tuple[object, ...]:
    """Everything but the layer and the vertex shown."""
    document = p.document()
    document.pop("layer")
    document.pop("vertex")
    return tuple(sorted((name, str(value)) for name, value in document.items()))


def show(run: Run, contents: dict[str, list[dict[str, Any]]]) -> None:
    """Publish the layer chosen, and keep every layer beside what other procedures left."""
    p: DNNBrainParameters = run.parameters
    most = max((len(many) for many in contents.values()), default=0)
    if most and p.layer > most:
        run.note(f"Layer shown is {p.layer}, but there are {most}. The last is shown.")
    before = SHOWN.get(shown_key(p)) or {}
    SHOWN.put(shown_key(p), before | contents)
    for name, many in contents.items():
        if many:
            run.channel(name).publish(**many[min(p.layer, len(many)) - 1])


def contents_of(p: DNNBrainParameters) -> dict[str, dict[str, Any]]:
    """What the layer shown adds to the views, from the newest runs of these settings."""
    kept = SHOWN.get(shown_key(p)) or {}
    found = {name: many[min(p.layer, len(many)) - 1] for name, many in kept.items() if many}
    return found | vertex_contents(p)


def layers_known(p: DNNBrainParameters) -> int:
    """How many layers the newest run of these settings left; 0 when there was none."""
    return max((len(many) for many in (SHOWN.get(shown_key(p)) or {}).values()), default=0)


@dataclass(frozen=True)
class Fitted:
    """What an encoding leaves of each vertex.

    Attributes
    ----------
    layers : names. truth : (n_row, n_vertex). predicted : layer → held-out predictions of the same
        shape; layers taken from an earlier run have none.
    scores : model's label → (n_layer, n_vertex). ceiling : (n_vertex,) or None. word : of the
        score.
    """

    layers: list[str]
    truth: np.ndarray
    predicted: dict[int, np.ndarray]
    scores: dict[str, np.ndarray]
    ceiling: np.ndarray | None
    word: str


FITTED: Recent[Fitted] = Recent(2)


def show_vertex(run: Run, fitted: Fitted) -> None:
    """Publish the vertex chosen, and keep all."""
    p: DNNBrainParameters = run.parameters
    FITTED.put(shown_key(p), fitted)
    count = fitted.truth.shape[1]
    if p.vertex > count:
        run.note(f"Vertex shown is {p.vertex:,}, but there are {count:,}. The last is shown.")
    for name, data in vertex_contents(p).items():
        run.channel(name).publish(**data)


def vertex_contents(p: DNNBrainParameters) -> dict[str, dict[str, Any]]:
    """Measured against predicted responses of a vertex, and its profile over layers."""
    fitted = FITTED.get(shown_key(p))
    if fitted is None:
        return {}
    vertex = min(p.vertex, fitted.truth.shape[1]) - 1
    layer = min(p.layer, len(fitted.layers)) - 1
    places = np.arange(len(fitted.layers), dtype=float)
    profile: dict[str, Any] = {
        "x": places, "x_labels": fitted.layers, "y_title": f"{fitted.word}, vertex {vertex + 1}",
    }  # fmt: skip
    profile |= {name: values[:, vertex] for name, values in fitted.scores.items()}
    if fitted.ceiling is not None:
        profile |= {"ceiling_x": places[[0, -1]], "ceiling": np.full(2, fitted.ceiling[vertex])}
    found = {"profile": profile}
    if layer in fitted.predicted:
        truth, predicted = fitted.truth[:, vertex], fitted.predicted[layer][:, vertex]
        line = np.array([predicted.min(), predicted.max()])
        found["fit"] = {
            "x": predicted, "truth": truth, "same_x": line, "same": line,
            "x_title": f"predicted from {fitted.layers[layer]}",
            "y_title": f"measured, vertex {vertex + 1}",
        }  # fmt: skip
    return found


def names_of(layers: list[LayerData]) -> dict[str, Any]:
    """Numbers and words of the layers along x."""
    return {"x": np.arange(len(layers), dtype=float), "x_labels": [one.shown for one in layers]}
