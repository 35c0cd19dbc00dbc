"""Train the embedded networks anew: ``python -m backend.networks.train_mini [FOLDER]``.

Writes the weights that come with the program (06-sparse-coding, section 4), each with its recipe
and its accuracy on the TEST pictures. One core needs about 80 seconds a network.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from pathlib import Path

import numpy as np

from backend.core.files import replacing
from backend.networks.mini import FOLDER, Variant, file_of, untrained
from backend.networks.network import Network
from backend.networks.runtime import torch
from backend.networks.training import MINI_A, MINI_B, Check, Recipe, Step, Trained, accuracy, train
from backend.stimuli import shapeworld

SHIPPED: tuple[tuple[Variant, int], ...] = (("A", 0), ("A", 1), ("B", 0))


def recipe_of(variant: Variant, seed: int) -> Recipe:
    """The specification's recipe with this seed."""
    return dataclasses.replace(MINI_A if variant == "A" else MINI_B, seed=seed)


def train_mini(variant: Variant, seed: int, check: Check | None = None) -> Trained:
    """A network trained from its initial weights on the TRAIN pictures."""
    images, labels, _ = shapeworld.train_set()

    def say(step: Step) -> None:
        if step.number % 48 == 0:
            print(f"  epoch {step.epoch}: loss {step.loss:.3f}", file=sys.stderr, flush=True)

    trained = train(untrained(variant, seed), images, labels, recipe_of(variant, seed), check,
                    on_step=say)  # fmt: skip
    pictures, categories, _ = shapeworld.test_set()
    trained.network.provenance = {
        "recipe": dataclasses.asdict(recipe_of(variant, seed)),
        "source": "06-sparse-coding, section 4",
        "pictures": "ShapeWorld TRAIN: category seed 100, exemplar seed 1, 64 x 72",
        "test_accuracy": accuracy(trained.network, pictures, categories),
        "torch": torch().__version__,
    }
    return trained


def save(network: Network, path: Path) -> None:
    """State dictionary as arrays, and what made it as JSON under "provenance"."""
    arrays = {name: value.numpy() for name, value in network.module.state_dict().items()}
    arrays["provenance"] = np.array(json.dumps(network.provenance))
    with replacing(path) as file:
        np.savez_compressed(file, **arrays)


def main(folder: Path = FOLDER) -> None:
    """Train and write every shipped network."""
    for variant, seed in SHIPPED:
        began = time.perf_counter()
        network = train_mini(variant, seed).network
        path = folder / file_of(variant, seed).name
        save(network, path)
        print(f"{path.name}: test accuracy {network.provenance['test_accuracy']:.3f}, "
              f"{time.perf_counter() - began:.0f} s", flush=True)  # fmt: skip


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
