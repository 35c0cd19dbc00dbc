"""Where the contact sheet takes its pictures from: a set to be made, or a stored one."""

from __future__ import annotations

from typing import Any

import numpy as np

from backend.stimuli.set_files import as_bytes
from backend.stimuli.stimulus_set import StimulusSet

THUMBNAIL_PX = 160


def shrunk(image: np.ndarray, side: int = THUMBNAIL_PX) -> np.ndarray:
    """A uint8 picture whose longer side is at most ``side``, by area averaging."""
    if max(image.shape[:2]) <= side:
        return image
    from PIL import Image

    small = Image.fromarray(image)
    small.thumbnail((side, side), Image.Resampling.BOX)
    return np.asarray(small)


class Drafts:
    """The pictures *Make set* would draw; the old ones stand until the new ones are there."""

    def __init__(self, generator: Any, parameters: Any, revision: int, before: Drafts | None):
        self.generator, self.parameters, self.revision = generator, parameters, revision
        self.count = int(generator.count(parameters))
        self.fresh: dict[int, tuple[np.ndarray, dict[str, Any]]] = {}
        same = before is not None and before.generator is generator
        self.stale: dict[int, tuple[np.ndarray, dict[str, Any]]] = {}
        if before is not None and same:
            self.stale = {**before.stale, **before.fresh}

    def __len__(self) -> int:
        return self.count

    def thumbnail(self, index: int) -> np.ndarray | None:
        found = self.fresh.get(index) or self.stale.get(index)
        return found[0] if found else None

    def caption(self, index: int) -> str:
        found = self.fresh.get(index)
        return row_words(found[1]) if found else f"image {index + 1}"

    def missing(self, wanted: range, most: int) -> list[int]:
        """The next pictures to draw."""
        return [i for i in wanted if i not in self.fresh][:most]


class SetPictures:
    """A stored set; ``thumbnails`` are small copies of all its images, when there are any."""

    def __init__(self, stimuli: StimulusSet, thumbnails: np.ndarray | None = None) -> None:
        self.stimuli, self.thumbnails = stimuli, thumbnails

    def __len__(self) -> int:
        return len(self.stimuli)

    def thumbnail(self, index: int) -> np.ndarray | None:
        if self.thumbnails is not None:
            return np.asarray(self.thumbnails[index])
        return shrunk(as_bytes(np.asarray(self.stimuli.images[index])))

    def caption(self, index: int) -> str:
        return row_words(self.stimuli.row(index))


def row_words(row: dict[str, Any]) -> str:
    """A table row as one line."""
    parts = [str(row.get("name", ""))]
    for key, value in row.items():
        if key != "name":
            shown = f"{value:.4g}" if isinstance(value, float) else str(value)
            parts.append(f"{key} {shown}")
    return " · ".join(parts[:9])
