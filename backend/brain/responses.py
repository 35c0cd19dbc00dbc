"""Brain responses from any file, and results laid back into the same space."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backend.analysis.dnnbrain_files import read_rois
from backend.brain.images import BrainImage, read, read_mask
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError, unknown_name


@dataclass(frozen=True)
class Responses:
    """Measures of a brain.

    Attributes
    ----------
    values : (n_stim, n_measure). names : of regions; empty for an image.
    image : where the measures come from, with ``places`` (n_measure,) its columns.
    """

    values: np.ndarray
    names: tuple[str, ...] = ()
    image: BrainImage | None = None
    places: np.ndarray | None = None

    def laid_out(self, rows: np.ndarray) -> np.ndarray:
        """(k, n_place) of (k, n_measure); 0 outside what was analysed."""
        if self.image is None or self.places is None:
            return rows
        whole = np.zeros((len(rows), self.image.data.shape[1]), rows.dtype)
        whole[:, self.places] = rows
        return whole

    def in_space(self, values: np.ndarray) -> np.ndarray:
        """(*space, n_iter, k) of (n_iter, n_measure, k), as DNNBrain stores it; else unchanged."""
        if self.image is None:
            return values
        iterations, _, depth = values.shape
        flat = values.transpose(0, 2, 1).reshape(iterations * depth, -1)
        whole = self.laid_out(flat).reshape(iterations, depth, *self.image.space)
        return np.moveaxis(whole, (0, 1), (-2, -1))


def read_responses(
    path: Path, regions: Sequence[str] | None = None, mask: Path | None = None
) -> Responses:
    """Responses of a ``.roi.h5`` table or a brain image.

    Parameters
    ----------
    regions : of a table; None for all. mask : image that is not 0 where measures are kept; without
        one, places that are not 0 throughout.
    """
    if path.name.endswith(".roi.h5"):
        if mask is not None:
            raise ParameterError("-bmask", f"{path.name} holds regions; a mask is for images. "
                                 "Leave -bmask out.")  # fmt: skip
        names, data = read_rois(path)
        for name in regions or ():
            if name not in names:
                raise unknown_name(name, names, "region")
        chosen = list(regions) if regions else names
        return Responses(data[:, [names.index(name) for name in chosen]], tuple(chosen))
    image = read(path)
    inside = image.data.any(axis=0) if mask is None else read_mask(mask, image) != 0
    places = np.flatnonzero(inside)
    if not image.data.size:
        raise FileProblem(f"{path.name} is empty: it holds no numbers.")
    if not places.size:
        raise FileProblem(f"{path.name} is 0 everywhere.")
    return Responses(image.data[:, places], (), image, places)
