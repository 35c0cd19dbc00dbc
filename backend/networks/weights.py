"""Weights as a workspace object."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from backend.core.files import FileProblem, read_json, replacing, write_json
from backend.core.objects import WorkspaceObject


@dataclass
class Weights(WorkspaceObject):
    """A state dictionary {name: tensor}; loads with ``weights_only=True``.

    ``labels``: what the output units are called, kept in the JSON file beside the weights.
    """

    formats: ClassVar[tuple[str, ...]] = ("pt", "npz")
    kind: ClassVar[str] = "Network weights"
    state: dict[str, Any] = field(default_factory=dict)
    labels: tuple[str, ...] = ()

    @property
    def size(self) -> str:
        return f"{sum(value.numel() for value in self.state.values()):,} numbers"

    def save(self, path: Path) -> None:
        """Save, with the names of the output units beside; FileProblem when it cannot be read
        back as it was."""
        super().save(path)
        write_json(
            path.with_name(path.name + ".json"),
            {"labels": list(self.labels), "provenance": self.provenance},
        )

    def _save_pt(self, path: Path) -> None:
        from backend.networks.runtime import torch

        with replacing(path) as file:
            torch().save(self.state, file)
        self._check(path)

    def _check(self, path: Path) -> None:
        """Read a saved file as it will be read, and compare every number."""
        from backend.networks.runtime import torch

        again = torch().load(path, map_location="cpu", weights_only=True)
        same = again.keys() == self.state.keys() and all(
            torch().equal(again[name], value.cpu()) for name, value in self.state.items()
        )
        if not same:
            raise FileProblem(f"{path.name} was not written whole. Save it again.")

    def _save_npz(self, path: Path) -> None:
        arrays: dict[str, Any] = {name: value.numpy() for name, value in self.state.items()}
        with replacing(path) as file:
            np.savez_compressed(file, **arrays)


def labels_beside(path: Path, units: int) -> tuple[str, ...]:
    """Names of the output units that were saved with weights; () when they do not fit."""
    beside = path.with_name(path.name + ".json")
    try:
        said = read_json(beside) if beside.is_file() else {}
    except FileProblem:
        return ()
    names = said.get("labels") if isinstance(said, dict) else None
    if not isinstance(names, list) or len(names) != units:
        return ()
    return tuple(str(one) for one in names)
