"""Pictures read from disk when a batch of them is asked for: memory does not grow with the set."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backend.core.files import FileProblem
from backend.stimuli.importing import Fit, fitted, pixels_of

READERS = 2
"""Pictures decoded at once; Pillow lets go of the interpreter while it decodes."""


class PictureFiles:
    """Files as one array (n, height, width, 3) uint8 that is read slice by slice.

    Parameters
    ----------
    files : picture files. height, width : pixels of what is handed out.
    fit : "crop" keeps the aspect and cuts the longer side, "stretch" does not keep it.

    A file that cannot be read raises FileProblem with its name when its slice is asked for.
    """

    def __init__(self, files: Sequence[Path], height: int, width: int, fit: Fit = "crop") -> None:
        self.files = list(files)
        self.shape = (len(self.files), height, width, 3)
        self.dtype = np.dtype(np.uint8)
        self.fit: Fit = fit

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, rows: slice | Sequence[int] | np.ndarray) -> np.ndarray:
        """(k, height, width, 3) uint8 of a slice or of a list of indices."""
        chosen = range(len(self))[rows] if isinstance(rows, slice) else np.asarray(rows, int)
        with ThreadPoolExecutor(READERS) as readers:
            pictures = list(readers.map(self._one, [self.files[i] for i in chosen]))
        return np.stack(pictures) if pictures else np.empty((0, *self.shape[1:]), np.uint8)

    def _one(self, file: Path) -> np.ndarray:
        pixels = pixels_of(file)
        if pixels.ndim == 2:
            pixels = np.repeat(pixels[..., None], 3, axis=2)
        if pixels.ndim != 3 or pixels.shape[2] != 3:
            raise FileProblem(f"{file.name} is no grey or colour picture.")
        return fitted(pixels, self.shape[1], self.shape[2], self.fit)


@dataclass(frozen=True)
class Chosen:
    """Some pictures of a set, by row, read when they are asked for."""

    images: Any
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: Any) -> np.ndarray:
        wanted = np.atleast_1d(self.rows[rows])
        return np.concatenate([self.images[int(i) : int(i) + 1] for i in wanted])
