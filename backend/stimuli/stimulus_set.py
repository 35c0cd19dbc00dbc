"""A stimulus set: images with one table row each; what generators make and observers are shown."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from backend.core.objects import WorkspaceObject


@dataclass
class StimulusSet(WorkspaceObject):
    """Images and what is known of each; edits make new sets (see ``set_edit``).

    Attributes
    ----------
    images : (n, H, W) or (n, H, W, 3), uint8 or float32 in [0, 1]; may be a read-only memory map.
    table : columns of n values; "name" (unique file stem) is always there and first.
    generator : {"id", "parameters"} of the generator, or None for imported images.
    arrays : {name: (n, ...)} beside the table (noise weights, face parameters).
    synthetic : label for screen and exports ("synthetic faces"); "" for a user's own pictures.
    history : sentences of the edits made since, in order.
    """

    formats: ClassVar[tuple[str, ...]] = ("folder", "npz", "stim.csv")
    kind: ClassVar[str] = "Stimulus set"
    images: np.ndarray = field(default_factory=lambda: np.empty((0, 1, 1), np.uint8))
    table: dict[str, list[Any]] = field(default_factory=lambda: {"name": []})
    generator: dict[str, Any] | None = None
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    synthetic: str = ""
    history: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    @property
    def size(self) -> str:
        if not len(self):
            return "no images"
        height, width = self.images.shape[1:3]
        return f"{len(self)} images · {width} × {height} px"

    @property
    def names(self) -> list[str]:
        """File stems."""
        return self.table["name"]

    def row(self, index: int) -> dict[str, Any]:
        """One row of the table."""
        return {key: values[index] for key, values in self.table.items()}

    def select(self, indices: Sequence[int] | np.ndarray, said: str) -> StimulusSet:
        """The images of these indices in this order; ``said`` joins the history."""
        chosen = np.asarray(indices, int)
        return dataclasses.replace(
            self,
            images=self.images[chosen],
            table={key: [values[i] for i in chosen] for key, values in self.table.items()},
            arrays={key: values[chosen] for key, values in self.arrays.items()},
            history=(*self.history, said),
        )

    def save(self, path: Path) -> None:
        """Save as a folder (no ending), ``.npz`` or ``.stim.csv`` (DNNBrain)."""
        from backend.stimuli import set_files

        set_files.save(self, path)


def joined(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Columns from rows that share their keys."""
    return {key: [row[key] for row in rows] for key in rows[0]} if rows else {"name": []}
