"""The small embedded networks of the specifications (06-sparse-coding, section 4)."""

from __future__ import annotations

import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from backend.core.files import FileProblem
from backend.networks.network import Network, Preprocessing

if TYPE_CHECKING:
    from torch import nn

Variant = Literal["A", "B"]
FOLDER = Path(__file__).parents[2] / "resources" / "networks"
PARAMETERS = 367_536
HALF = (0.5, 0.5, 0.5)
"""Input 2x − 1."""


def untrained(variant: Variant = "A", seed: int = 0, classes: int = 64) -> Network:
    """MiniAlexNet before training: He-normal weights; biases zero, in B uniform in ±0.3."""
    from backend.networks.runtime import torch

    library = torch()
    with library.random.fork_rng(devices=[]):
        library.manual_seed(seed)
        model = _initial(variant, classes)
    name = "MiniAlexNet" if variant == "A" else "MiniAlexNet-B"
    labels = tuple(f"outline {c // 2 + 1}, {('low', 'high')[c % 2]} band" for c in range(classes))
    return Network(
        model, name, Preprocessing(32, 32, 3, HALF, HALF), labels,
        {"architecture": name, "training": "none", "seed": seed},
    )  # fmt: skip


def _initial(variant: Variant, classes: int) -> nn.Module:
    """The module with initial weights drawn from torch's generator, layer after layer."""
    from backend.networks.runtime import torch

    nn = torch().nn
    parts: list[tuple[str, Any]] = []
    widths = ((3, 24, 5, 2), (24, 48, 3, 1), (48, 64, 3, 1), (64, 48, 3, 1), (48, 48, 3, 1))
    for number, (before, after, kernel, padding) in enumerate(widths, 1):
        parts.append((f"conv{number}", nn.Conv2d(before, after, kernel, padding=padding)))
        parts.append((f"relu{number}", nn.ReLU()))
        if number in (1, 2, 5):
            parts.append((f"pool{number}", nn.MaxPool2d(2)))
    parts += [
        ("flatten", nn.Flatten()), ("drop1", nn.Dropout(0.2)), ("fc1", nn.Linear(768, 256)),
        ("relu6", nn.ReLU()), ("drop2", nn.Dropout(0.2)), ("fc2", nn.Linear(256, 256)),
        ("relu7", nn.ReLU()), ("fc3", nn.Linear(256, classes)),
    ]  # fmt: skip
    model = nn.Sequential(OrderedDict(parts))
    for part in model:
        if isinstance(part, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(part.weight, mode="fan_in", nonlinearity="relu")
            if variant == "B":
                nn.init.uniform_(part.bias, -0.3, 0.3)
            else:
                nn.init.zeros_(part.bias)
    return model


def file_of(variant: Variant, seed: int) -> Path:
    """The shipped weights."""
    return FOLDER / f"mini-alexnet-{variant.lower()}-seed{seed}.npz"


def mini_alexnet(variant: Variant = "A", seed: int = 0) -> Network:
    """The trained network that comes with the program; FileProblem if it is not there."""
    from backend.networks.runtime import torch

    network = untrained(variant, seed)
    path = file_of(variant, seed)
    if not path.is_file():
        raise FileProblem(
            f"{network.name} with training seed {seed} does not come with the program. Train it, "
            "or take seed 0."
        )
    try:
        with np.load(path, allow_pickle=False) as stored:
            state = {
                name: torch().from_numpy(stored[name].astype(np.float32))
                for name in stored.files
                if name != "provenance"
            }
            words = str(stored["provenance"]) if "provenance" in stored.files else ""
        network.module.load_state_dict(state)
    except (OSError, ValueError, KeyError, RuntimeError, zipfile.BadZipFile) as error:
        raise FileProblem(
            f"The weights {path.name} are missing or damaged. Install the program again, or "
            "train the network anew."
        ) from error
    network.provenance = {
        "architecture": network.name, "weights": path.name, "training": words, "seed": seed,
    }  # fmt: skip
    return network
