"""Weights as a workspace object."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from backend.core.files import replacing
from backend.core.objects import WorkspaceObject


@dataclass
class Weights(WorkspaceObject):
    """A state dictionary {name: tensor}; loads with ``weights_only=True``."""

    formats: ClassVar[tuple[str, ...]] = ("pt", "npz")
    kind: ClassVar[str] = "Network weights"
    state: dict[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> str:
        return f"{sum(value.numel() for value in self.state.values()):,} numbers"

    def _save_pt(self, path: Path) -> None:
        from backend.networks.runtime import torch

        with replacing(path) as file:
            torch().save(self.state, file)

    def _save_npz(self, path: Path) -> None:
        arrays: dict[str, Any] = {name: value.numpy() for name, value in self.state.items()}
        with replacing(path) as file:
            np.savez_compressed(file, **arrays)
