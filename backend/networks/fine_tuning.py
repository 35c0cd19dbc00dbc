"""Fine-tuning judged on held-out pictures: DNNBrain's dnn_finetune, which it only named."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from backend.analysis.cross_validation import stratified_splits
from backend.networks.layers import find, layers
from backend.networks.scan import Images
from backend.stimuli.picture_files import Chosen

if TYPE_CHECKING:
    from backend.networks.co_training import BrainTarget
    from backend.networks.network import Network
    from backend.networks.training import Recipe


def before(network: Network, layer: str) -> tuple[str, ...]:
    """Modules with weights that a picture passes before a layer: they stay as they are."""
    first = find(network, layer)
    found: list[str] = []
    for one in layers(network):
        if one.name == first.name:
            break
        if one.parameters:
            found.append(one.name.partition("#")[0])
    return tuple(dict.fromkeys(found))


def held_out_accuracy(
    network: Network,
    images: Images,
    labels: np.ndarray,
    recipe: Recipe,
    folds: int,
    brain: BrainTarget | None = None,
    check: Callable[[], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[float]:
    """Accuracy on each fold's pictures of a copy trained on the others; shuffled, stratified.

    Parameters
    ----------
    labels : (n,) output units from 0. brain : responses to all pictures; each fold takes its rows.
    """
    from backend.networks.training import accuracy, train

    for number, (rows, test) in enumerate(stratified_splits(labels, folds, recipe.seed)):
        target = brain and dataclasses.replace(brain, responses=brain.responses[rows])
        trained = train(network, Chosen(images, rows), labels[rows], recipe, check, brain=target)
        yield accuracy(trained.network, Chosen(images, test), labels[test], check=check)
        if progress is not None:
            progress(number + 1, folds)
