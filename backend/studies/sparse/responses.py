"""One pass of the pictures through a network: category means of all layers, nothing stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backend.analysis.sparseness import CategoryMeans
from backend.core.files import revision
from backend.core.parameters import ParameterError
from backend.core.recent import Recent
from backend.core.run import Run
from backend.studies.sparse.material import Material
from backend.studies.sparse.parameters import SparseCodingParameters

if TYPE_CHECKING:
    from backend.networks.network import Network

BATCH = 64
KEPT = 12
"""Passes kept, so that a slider re-derives and does not show the pictures again."""


@dataclass
class Responses:
    """What one pass gave.

    Attributes
    ----------
    layers : names, in order; ``convolutional`` : which have channels over places.
    means : running category means. readout : (n, units) responses of the last hidden layer.
    correct : (n,) bool where the network names these categories, else empty.
    done : pictures shown; fewer than the set's when cancelled.
    """

    layers: tuple[str, ...]
    convolutional: tuple[bool, ...]
    means: CategoryMeans
    readout: np.ndarray
    correct: np.ndarray
    done: int = 0

    @property
    def accuracy(self) -> float:
        """Share of pictures the network named right; NaN where it has no names for them."""
        return float(self.correct[: self.done].mean()) if len(self.correct) else float("nan")


PASSES: Recent[Responses] = Recent(KEPT)


def pass_key(p: SparseCodingParameters, lesion: str, seed: int) -> tuple[object, ...]:
    """Everything a pass depends on; view settings are not among it."""
    same = (
        p.network, p.training_seed, revision(p.weights), p.pictures, revision(p.folder), p.label,
        p.categories, p.exemplars, p.response, p.pooling,
    )  # fmt: skip
    if lesion == "none":
        return (*same, "none")
    return (*same, lesion, p.strength, p.lesioned, seed if lesion != "ReLU-off" else 0)


def measured_layers(network: Network, response: str) -> list[tuple[str, str, bool]]:
    """(name shown, layer recorded, convolutional) of each layer the index is taken of."""
    from backend.networks.layers import relu_layers

    found = relu_layers(network)
    if not found:
        raise ParameterError(
            "network", "This network has no ReLU modules; the index needs outputs after a ReLU."
        )
    rows = []
    for layer in found:
        recorded = layer.name
        if response == "pre":
            if len(layer.follows) != 1:
                raise ParameterError(
                    "response", f"What enters {layer.name} is not one layer's output; only the "
                    "response after the ReLU can be measured.", "post",
                )  # fmt: skip
            recorded = layer.follows[0]
        rows.append((layer.name, recorded, len(layer.shape) == 3))
    return rows


def show(
    run: Run,
    p: SparseCodingParameters,
    network: Network,
    material: Material,
    layers: list[tuple[str, str, bool]],
    key: tuple[object, ...],
    seen: Callable[[Responses, int], None],
) -> Responses:
    """Show all pictures once; ``seen(responses, pictures)`` after every batch.

    ``layers`` are those of the intact network (a lesion may take the ReLU modules away).

    Returns the kept pass when these pictures were shown to this network before.
    """
    kept = PASSES.get(key)
    if kept is not None:
        seen(kept, kept.done)
        return kept
    n = len(material.images)
    responses: Responses | None = None
    half = material.exemplar % 2
    for rows, values in batches(run, p, network, material, [one for _, one, _ in layers]):
        if responses is None:
            responses = empty(layers, values, material, n)
        blocks = {shown: values[recorded] for shown, recorded, _ in layers}
        category = material.category[rows]
        responses.means.add(category, half[rows], blocks)
        responses.readout[rows] = blocks[layers[-1][0]]
        if len(responses.correct):
            responses.correct[rows] = values["output"].argmax(axis=1) == category
        responses.done = rows.stop
        seen(responses, rows.stop)
        run.check()
    assert responses is not None
    PASSES.put(key, responses)
    return responses


def empty(
    layers: list[tuple[str, str, bool]], values: dict[str, np.ndarray], material: Material, n: int
) -> Responses:
    """A pass before its first picture, from the widths of a first batch."""
    widths = {shown: values[recorded].shape[1] for shown, recorded, _ in layers}
    named = material.known and "output" in values
    return Responses(
        tuple(shown for shown, _, _ in layers),
        tuple(one for _, _, one in layers),
        CategoryMeans(widths, len(material.names)),
        np.empty((n, values[layers[-1][1]].shape[1]), np.float32),
        np.zeros(n if named else 0, bool),
    )


def batches(
    run: Run, p: SparseCodingParameters, network: Network, material: Material, layers: list[str]
) -> Iterator[tuple[slice, dict[str, np.ndarray]]]:
    """One value a unit: (rows, layer → (k, units)); "output" where the categories are known."""
    from backend.networks.layers import layers as all_layers
    from backend.networks.scan import stream

    last = all_layers(network)[-1].name
    wanted = list(dict.fromkeys([*layers, *([last] if material.known else [])]))
    pooling = None if p.pooling == "centre" else p.pooling
    for rows, values in stream(
        network, material.images, wanted, batch=BATCH, pooling=pooling, check=run.check
    ):
        flat = {name: one_value(block) for name, block in values.items()}
        if material.known:
            flat["output"] = flat[last]
        yield rows, flat


def one_value(block: np.ndarray) -> np.ndarray:
    """(k, units[, rows, columns]) → (k, units): the central place where places are left."""
    while block.ndim > 2:
        block = block[..., block.shape[-1] // 2]
    return block
