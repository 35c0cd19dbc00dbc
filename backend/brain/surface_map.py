"""Named maps of values over the places of a brain, saved as the field's programs read them."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from backend.brain.images import BrainImage, read
from backend.core.files import FileProblem, read_json, replacing, write_json, write_sentence
from backend.core.objects import WorkspaceObject
from backend.core.parameters import ParameterError

SIMULATED = "simulated, no anatomy"
"""Said in the metadata of every map over the simulated sphere."""


@dataclass
class SurfaceMap(WorkspaceObject):
    """Values on a mesh: one or more named maps.

    Attributes
    ----------
    maps : names. values : (n_map, n_vertex), NaN where nothing is defined.
    vertices : (n_vertex,) from 0, places of the surface that were analysed.
    total : vertices of the whole surface. surface : which one, in words.
    synthetic : "simulated, no anatomy", or "".
    image : the file whose geometry this is; None for the simulated sphere and for arrays.
    """

    formats: ClassVar[tuple[str, ...]] = ("func.gii", "gii", "mgh", "npy", "csv")
    kind: ClassVar[str] = "Surface map"
    maps: tuple[str, ...] = ()
    values: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    vertices: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    total: int = 0
    surface: str = ""
    synthetic: str = ""
    image: BrainImage | None = None

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.maps), len(self.vertices)):
            raise ParameterError("", f"{len(self.maps)} maps of {len(self.vertices)} vertices "
                                 f"cannot hold values of shape {self.values.shape}.")  # fmt: skip

    @property
    def size(self) -> str:
        return f"{len(self.maps)} maps × {len(self.vertices):,} of {self.total:,} vertices"

    def whole(self) -> np.ndarray:
        """(n_map, total) float64 over the whole surface, NaN outside."""
        found = np.full((len(self.maps), self.total), np.nan)
        found[:, self.vertices] = self.values
        return found

    def map(self, name: str) -> np.ndarray:
        """(n_vertex,) values of one map."""
        found: np.ndarray = self.values[self.maps.index(name)]
        return found

    def save(self, path: Path) -> None:
        """Save in the format of the file's ending, with what the format cannot say in a JSON file
        beside it."""
        super().save(path)
        write_json(path.with_name(path.name + ".json"), {
            "maps": list(self.maps), "surface": self.surface, "vertices": self.total,
            "analysed": len(self.vertices), "synthetic": self.synthetic,
            "provenance": self.provenance,
        })  # fmt: skip

    def _save_npy(self, path: Path) -> None:
        with replacing(path) as file:
            np.save(file, self.whole(), allow_pickle=False)

    def _save_csv(self, path: Path) -> None:
        with replacing(path, "w") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["vertex", *self.maps])
            for place, row in zip(self.vertices.tolist(), self.values.T.tolist(), strict=True):
                writer.writerow([place, *("n/a" if v != v else repr(v) for v in row)])

    def _save_gii(self, path: Path) -> None:
        import nibabel

        words = {"Name": self.name, "Description": self._description()}
        made = nibabel.gifti.GiftiImage(meta=nibabel.gifti.GiftiMetaData(words))
        for row, name in zip(self.whole(), self.maps, strict=True):
            made.add_gifti_data_array(nibabel.gifti.GiftiDataArray(
                row.astype(np.float32), intent="NIFTI_INTENT_NONE",
                datatype="NIFTI_TYPE_FLOAT32", meta={"Name": name},
            ))  # fmt: skip
        write_image(made, path, ".func.gii")

    def _save_mgh(self, path: Path) -> None:
        import nibabel

        columns = self.whole().T.astype(np.float32)[:, None, None, :]
        one = columns[..., 0] if len(self.maps) == 1 else columns
        write_image(nibabel.MGHImage(np.ascontiguousarray(one), np.eye(4)), path, ".mgh")

    def _description(self) -> str:
        return ". ".join(word for word in (self.surface, self.synthetic) if word)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read maps that were saved, or any brain image; FileProblem when it is none."""
        beside = path.with_name(path.name + ".json")
        said: Any = read_json(beside) if beside.is_file() else {}
        said = said if isinstance(said, dict) else {}
        if path.suffix.lower() == ".csv":
            names, vertices, values = read_table(path)
            total = int(said.get("vertices", vertices.max(initial=-1) + 1))
            image = None
        else:
            image = read(path)
            whole = image.data.astype(np.float64)
            vertices = np.flatnonzero(np.isfinite(whole).any(axis=0))
            values, total = whole[:, vertices], whole.shape[1]
            known = said.get("maps") or names_in(image)
            names = known if len(known) == len(whole) else numbered(len(whole))
            image = None if image.kind == "array" else image
        return cls(
            path.name.partition(".")[0], said.get("provenance", {}), tuple(names), values, vertices,
            total, said.get("surface", path.name), said.get("synthetic", ""), image,
        )  # fmt: skip


@dataclass
class GrayordinateMap(SurfaceMap):
    """Maps in the space of a CIFTI file: surfaces and volumes together."""

    formats: ClassVar[tuple[str, ...]] = ("dscalar.nii", "nii", "npy", "csv")
    kind: ClassVar[str] = "Grayordinate map"

    def _save_nii(self, path: Path) -> None:
        assert self.image is not None
        self.image.save(path, self.whole(), self.maps)


@dataclass
class VolumeMap(SurfaceMap):
    """Maps in the space of a NIfTI or MGH volume."""

    formats: ClassVar[tuple[str, ...]] = ("nii.gz", "nii", "gz", "mgh", "mgz", "npy", "csv")
    kind: ClassVar[str] = "Volume map"

    def _save_nii(self, path: Path) -> None:
        assert self.image is not None
        like = dataclasses.replace(self.image, path=path, kind="nifti")
        if self.image.kind == "mgh":
            import nibabel

            like = dataclasses.replace(
                like, source=nibabel.Nifti1Image(np.zeros((1, 1, 1)), self.image.source.affine)
            )
        like.save(path, self.whole(), self.maps)

    _save_gz = _save_nii

    def _save_mgh(self, path: Path) -> None:
        assert self.image is not None
        like = dataclasses.replace(self.image, path=path, kind="mgh")
        like.save(path, self.whole(), self.maps)

    _save_mgz = _save_mgh


def on_simulated_strip(maps: Sequence[str], values: np.ndarray) -> SurfaceMap:
    """Maps (n_map, 200) over the strip of the simulated sphere."""
    from backend.brain.simulated_surface import simulated_surface

    sphere = simulated_surface()
    return SurfaceMap(
        maps=tuple(maps), values=np.asarray(values, float), vertices=sphere.strip,
        total=len(sphere.vertices), surface="warped sphere of 10,242 vertices",
        synthetic=SIMULATED,
    )  # fmt: skip


def in_image(
    maps: Sequence[str], values: np.ndarray, image: BrainImage, places: np.ndarray
) -> SurfaceMap:
    """Maps (n_map, n_place) at some places of a brain image, in the format that fits it."""
    volume = image.kind == "nifti" or (image.kind == "mgh" and image.space[1:] != (1, 1))
    made = VolumeMap if volume else GrayordinateMap if image.kind == "cifti" else SurfaceMap
    return made(
        maps=tuple(maps), values=np.asarray(values, float), vertices=np.asarray(places),
        total=image.data.shape[1], surface=f"space of {image.path.name}", image=image,
    )  # fmt: skip


def write_image(image: Any, path: Path, ending: str) -> None:
    """Write a library image whole or not at all."""
    draft = path.with_name(f".{path.name.partition('.')[0]}.draft{ending}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        image.to_filename(str(draft))
        draft.replace(path)
    except OSError as error:
        raise FileProblem(write_sentence(path, error)) from error
    finally:
        draft.unlink(missing_ok=True)


def read_table(path: Path) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, vertices and values (n_map, n_vertex) of a CSV file written here."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            head, *rows = list(csv.reader(file))
        if head[0] != "vertex":
            raise ValueError("the first column is not vertex")
        table = [[np.nan if cell == "n/a" else float(cell) for cell in row] for row in rows]
        values = np.array(table, float).reshape(len(rows), len(head))
        return head[1:], values[:, 0].astype(np.int64), values[:, 1:].T.copy()
    except (OSError, ValueError, IndexError) as error:
        raise FileProblem(f"{path.name} holds no surface maps ({error}).") from error


def names_in(image: BrainImage) -> list[str]:
    """Names of maps that a GIFTI or CIFTI file gives."""
    if image.kind == "gifti":
        names = [str(one.meta.get("Name", "")) for one in image.source.darrays]
        return names if all(names) else []
    if image.kind == "cifti":
        return [str(one) for one in getattr(image.source.header.get_axis(0), "name", ())]
    return []


def numbered(count: int) -> list[str]:
    return [f"map {number}" for number in range(1, count + 1)]
