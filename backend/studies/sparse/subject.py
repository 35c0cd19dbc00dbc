"""The network of the study, and its lesioned copies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backend.core.parameters import ParameterError
from backend.studies.sparse.parameters import TRAINED, SparseCodingParameters

if TYPE_CHECKING:
    from backend.networks.network import Network


def network_of(p: SparseCodingParameters) -> Network:
    """The network these parameters name; FileProblem for weights that do not fit."""
    from backend.networks.opening import open_network

    weights = Path(p.weights) if p.weights and p.network not in TRAINED else None
    seed = p.training_seed if p.network == "mini-a" else 0
    return open_network(p.network, weights, seed)


def lesioned(network: Network, p: SparseCodingParameters, kind: str, seed: int) -> Network:
    """A copy with this lesion; the network itself stays as it is."""
    from backend.networks.lesions import Lesion, LesionStack
    from backend.networks.lesions import lesioned as lesioned_copy

    if kind == "ablate":
        copy = network.copy()
        stack = LesionStack(copy)
        for number, (name, width) in enumerate(relu_layers_lesioned(network, p)):
            rng = np.random.default_rng([seed, number])
            gone = rng.permutation(width)[: round(p.strength * width)]
            if len(gone):
                chosen = tuple(int(c) for c in np.sort(gone))
                stack.apply(Lesion("ablate", (name,), channels=chosen, ablation="zero"))
        return copy
    layers = tuple(name for name, _ in chosen_layers(network, p, kind))
    every = not p.lesioned.strip()
    return lesioned_copy(
        network,
        Lesion(kind, () if every else layers, strength=p.strength, seed=seed),  # type: ignore[arg-type]
    )


def relu_layers_lesioned(network: Network, p: SparseCodingParameters) -> list[tuple[str, int]]:
    """(name, units) of the ReLU layers that are lesioned."""
    return chosen_layers(network, p, "ReLU-off")


def chosen_layers(network: Network, p: SparseCodingParameters, kind: str) -> list[tuple[str, int]]:
    """(name, channels) of the layers a lesion is for: by number or by name, all when empty."""
    from backend.networks.layers import layers, relu_layers
    from backend.networks.lesions import weight_layers

    relus = [(one.name, one.shape[0]) for one in relu_layers(network)]
    if kind == "ReLU-off":
        every = relus
    else:
        shapes = {one.name: one.shape[0] for one in layers(network)}
        every = [(one.name, shapes.get(one.name, 0)) for one in weight_layers(network)]
    words = [word.strip() for word in p.lesioned.replace(";", ",").split(",") if word.strip()]
    if not words:
        return every
    names = {name: (name, width) for name, width in every}
    found = []
    for word in words:
        number = int(word) if word.isdigit() else 0
        if 1 <= number <= len(every):
            found.append(every[number - 1])
        elif word in names:
            found.append(names[word])
        else:
            there = ", ".join(f"{i} {name}" for i, (name, _) in enumerate(every[:12], 1))
            raise ParameterError(
                "lesioned", f"There is no layer {word} to lesion. There are: {there}."
            )
    return found
