"""The responses of a run: a simulated cortex, or a user's file with mask, regions and ceiling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from backend.analysis.inputs import constant_columns, finite
from backend.brain.images import read, read_mask
from backend.brain.responses import Responses, read_responses
from backend.brain.surface_map import SurfaceMap, in_image, on_simulated_strip
from backend.core.files import FileProblem
from backend.core.objects import Table
from backend.core.parameters import ParameterError, unknown_name
from backend.studies.dnn_lab.parameters import DNNBrainParameters


@dataclass(frozen=True)
class Brain:
    """Responses with what is known of their places.

    Attributes
    ----------
    values : (n_row, n_vertex) float64, finite.
    regions : name → columns; empty when there are none.
    ceiling : (n_vertex,) score of a perfect model, or None.
    source : the file's responses; None for the simulated cortex.
    """

    values: np.ndarray
    regions: dict[str, np.ndarray] = field(default_factory=dict)
    ceiling: np.ndarray | None = None
    source: Responses | None = None

    @property
    def constant(self) -> np.ndarray:
        """(n_vertex,) bool: vertices that never vary."""
        return constant_columns(self.values)

    def maps(self, names: Sequence[str], values: np.ndarray) -> SurfaceMap | Table:
        """Maps (n_map, n_vertex) over the places; a table for regions of a ``.roi.h5`` file."""
        if self.source is None:
            return on_simulated_strip(names, values)
        if self.source.image is None or self.source.places is None:
            columns: dict[str, list[object]] = {"region": list(self.source.names)}
            columns |= {name: row.tolist() for name, row in zip(names, values, strict=True)}
            return Table(columns=columns)
        return in_image(names, values, self.source.image, self.source.places)


def own_brain(p: DNNBrainParameters, pictures: int) -> Brain:
    """A user's responses, a row a picture (a volume when they are convolved).

    ParameterError or FileProblem say what is wrong: rows that differ, values that are not numbers
    (count and first index), a mask or ceiling of another space, regions that are not there.
    """
    if not p.betas:
        raise ParameterError("betas", "Your own responses need a file. Choose one.")
    path = Path(p.betas)
    wanted = [word.strip() for word in p.regions.split(",") if word.strip()]
    source, regions = opened(path, Path(p.mask) if p.mask else None, wanted)
    values = np.asarray(source.values, float)
    if len(values) != pictures and not p.volumes:
        raise FileProblem(
            f"{path.name} holds {len(values)} rows; there are {pictures} pictures. Match them."
        )
    finite(values, f"The responses of {path.name}")
    if constant_columns(values).all():
        raise FileProblem(f"No vertex of {path.name} varies over pictures. Check the file.")
    ceiling = own_ceiling(Path(p.ceiling), source) if p.ceiling else None
    return Brain(values, regions, ceiling, source)


def opened(
    path: Path, mask: Path | None, wanted: list[str]
) -> tuple[Responses, dict[str, np.ndarray]]:
    """Responses and the columns of each region."""
    if path.name.endswith(".roi.h5"):
        if mask is not None:
            raise ParameterError(
                "mask", f"{path.name} holds regions; a mask is for images. Leave it empty.", ""
            )
        found = read_responses(path, wanted or None)
        return found, {name: np.array([i]) for i, name in enumerate(found.names)}
    if mask is None and wanted:
        raise ParameterError("regions", "Regions of an image need a mask that numbers them.")
    image = read(path)
    if mask is None:
        every = image.kind == "array"  # an array has no outside: its columns keep their numbers
        places = np.arange(image.data.shape[1]) if every else np.flatnonzero(image.data.any(axis=0))
        if not places.size:
            raise FileProblem(f"{path.name} is 0 everywhere.")
        return Responses(image.data[:, places], (), image, places), {}
    try:
        labels = read_mask(mask, image)
    except ParameterError as error:
        raise ParameterError("mask", error.sentence) from None
    numbers = [str(one) for one in np.unique(labels[labels != 0])]
    for name in wanted:
        if name not in numbers:
            raise ParameterError("regions", unknown_name(name, numbers, "region").sentence)
    kept = wanted or numbers
    places = np.flatnonzero(np.isin(labels, [int(one) for one in kept]))
    columns = {one: np.flatnonzero(labels[places] == int(one)) for one in kept}
    return Responses(image.data[:, places], (), image, places), columns


def own_ceiling(path: Path, source: Responses) -> np.ndarray:
    """(n_vertex,) of a file with one number for each vertex, or for each place of the space."""
    image = read(path)
    data = image.data.T if image.data.shape[1] == 1 else image.data
    count = source.values.shape[1]
    whole = source.image.data.shape[1] if source.image is not None else count
    if len(data) != 1 or data.shape[1] not in (count, whole):
        raise ParameterError(
            "ceiling", f"{path.name} holds {data.size:,} numbers; there are {count:,} vertices. "
            "Give one number a vertex.",
        )  # fmt: skip
    found = np.asarray(data[0], float)
    if len(found) != count and source.places is not None:
        found = found[source.places]
    finite(found, f"The ceiling of {path.name}")
    return found
