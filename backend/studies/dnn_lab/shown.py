"""What a run left for every layer, so that another one is shown without a run."""

from __future__ import annotations

from typing import Any

import numpy as np

from backend.core.recent import Recent
from backend.core.run import Run
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import LayerData

SHOWN: Recent[dict[str, list[dict[str, Any]]]] = Recent(8)
"""Channel contents of every layer of the newest runs."""


def shown_key(p: DNNBrainParameters) -> tuple[object, ...]:
    """Everything but the layer shown."""
    document = p.document()
    document.pop("layer")
    return tuple(sorted((name, str(value)) for name, value in document.items()))


def show(run: Run, contents: dict[str, list[dict[str, Any]]]) -> None:
    """Publish the layer chosen, and keep every layer beside what other procedures left."""
    p: DNNBrainParameters = run.parameters
    before = SHOWN.get(shown_key(p)) or {}
    SHOWN.put(shown_key(p), before | contents)
    for name, many in contents.items():
        if many:
            run.channel(name).publish(**many[min(p.layer, len(many)) - 1])


def contents_of(p: DNNBrainParameters) -> dict[str, dict[str, Any]]:
    """What the layer shown adds to the views, from the newest runs of these settings."""
    kept = SHOWN.get(shown_key(p)) or {}
    return {name: many[min(p.layer, len(many)) - 1] for name, many in kept.items() if many}


def names_of(layers: list[LayerData]) -> dict[str, Any]:
    """Numbers and words of the layers along x."""
    return {"x": np.arange(len(layers), dtype=float), "x_labels": [one.shown for one in layers]}
