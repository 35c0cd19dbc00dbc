"""Files of the study: matrices with names, BOLD with a sidecar, sparse rasters, graphs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from backend.core.files import replacing, write_json, write_text
from backend.core.objects import ArrayObject, WorkspaceObject


@dataclass
class Matrix(WorkspaceObject):
    """A square matrix with the names of its regions."""

    formats: ClassVar[tuple[str, ...]] = ("csv", "npy")
    kind: ClassVar[str] = "Matrix"
    values: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    labels: tuple[str, ...] = ()

    @property
    def size(self) -> str:
        return f"{len(self.values)} regions"

    def _save_csv(self, path: Path) -> None:
        lines = [",".join(self.labels)]
        lines += [",".join(f"{value:.9g}" for value in row) for row in self.values]
        write_text(path, "\n".join(lines) + "\n")

    def _save_npy(self, path: Path) -> None:
        with replacing(path) as file:
            np.save(file, self.values, allow_pickle=False)


@dataclass
class Graph(Matrix):
    """Edges of a binarised matrix, weighted by the correlation."""

    formats: ClassVar[tuple[str, ...]] = ("graphml", "csv", "npy")
    kind: ClassVar[str] = "Graph"

    def _save_graphml(self, path: Path) -> None:
        import networkx

        made = networkx.from_numpy_array(self.values)
        networkx.set_node_attributes(made, dict(enumerate(self.labels)), "label")
        with replacing(path) as file:
            networkx.write_graphml(made, file)


@dataclass
class Series(WorkspaceObject):
    """Time series of regions as a BIDS derivative: TSV, and a sidecar with the interval."""

    formats: ClassVar[tuple[str, ...]] = ("tsv", "npy")
    kind: ClassVar[str] = "Time series"
    values: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    labels: tuple[str, ...] = ()
    interval_s: float = 2.0
    what: str = ""

    @property
    def size(self) -> str:
        return f"{len(self.values)} × {len(self.labels)}"

    def _save_tsv(self, path: Path) -> None:
        lines = ["\t".join(self.labels)]
        lines += ["\t".join(f"{value:.9g}" for value in row) for row in self.values]
        write_text(path, "\n".join(lines) + "\n")
        sidecar = {"SamplingFrequency": 1.0 / self.interval_s, "StartTime": 0.0,
                   "Columns": list(self.labels), "Description": self.what}  # fmt: skip
        write_json(path.with_suffix(".json"), sidecar)

    def _save_npy(self, path: Path) -> None:
        with replacing(path) as file:
            np.save(file, self.values, allow_pickle=False)


@dataclass
class Events(WorkspaceObject):
    """Sparse raster: the step and the node of every event."""

    formats: ClassVar[tuple[str, ...]] = ("npz", "csv")
    kind: ClassVar[str] = "Raster"
    steps: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    nodes: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    step_s: float = 0.0
    labels: tuple[str, ...] = ()

    @property
    def size(self) -> str:
        return f"{len(self.steps)} events"

    def _save_npz(self, path: Path) -> None:
        with replacing(path) as file:
            np.savez_compressed(
                file, step=self.steps, node=self.nodes, step_s=np.array(self.step_s),
                labels=np.array(self.labels),
            )  # fmt: skip

    def _save_csv(self, path: Path) -> None:
        pairs = zip(self.steps.tolist(), self.nodes.tolist(), strict=True)
        lines = [f"{step},{node}" for step, node in pairs]
        write_text(path, "\n".join(["step,node", *lines]) + "\n")


@dataclass
class SurfaceMaps(WorkspaceObject):
    """Numbers at the vertices of one hemisphere of fsaverage5, as GIFTI."""

    formats: ClassVar[tuple[str, ...]] = ("gii",)
    kind: ClassVar[str] = "Surface maps"
    maps: dict[str, np.ndarray] = field(default_factory=dict)
    side: str = "left"
    what: str = ""

    @property
    def size(self) -> str:
        return f"{len(self.maps)} maps"

    def _save_gii(self, path: Path) -> None:
        from nibabel import gifti

        structure = f"Cortex{self.side.capitalize()}"
        meta = gifti.GiftiMetaData(
            {"AnatomicalStructurePrimary": structure, "Description": self.what}
        )
        made = gifti.GiftiImage(meta=meta)
        for name, values in self.maps.items():
            made.add_gifti_data_array(gifti.GiftiDataArray(
                values.astype(np.float32), intent="NIFTI_INTENT_NONE",
                datatype="NIFTI_TYPE_FLOAT32", meta={"Name": name},
            ))  # fmt: skip
        with replacing(path) as file:
            file.write(made.to_bytes())


def surface_maps(
    fc: np.ndarray, places: np.ndarray, side: str, td: float, positive: bool
) -> SurfaceMaps:
    """Metrics of nodes on fsaverage5: each vertex takes the value of the nearest node of its side.

    ``places`` (n_node, 3) are scaled to the box of the pial surfaces first.
    """
    from scipy.spatial import cKDTree

    from backend.analysis.graph_metrics import nodal
    from backend.brain.cortex import fsaverage5

    cortex = fsaverage5()
    pial = np.concatenate([one.shapes["pial"] for one in cortex.hemispheres]).astype(float)
    low, high = pial.min(axis=0), pial.max(axis=0)
    first, last = places.min(axis=0), places.max(axis=0)
    scaled = low + (places - first) / np.where(last > first, last - first, 1.0) * (high - low)
    here = np.flatnonzero(scaled[:, 0] < 0 if side == "left" else scaled[:, 0] >= 0)
    points = cortex.hemispheres[cortex.index(side)].shapes["pial"]
    nearest = here[cKDTree(scaled[here]).query(points)[1]]
    maps = {name: values[nearest] for name, values in nodal(fc, td, positive).items()}
    what = f"Metrics of regions at T_d {td:g}; the regions' places are SYNTHETIC"
    return SurfaceMaps(f"Nodes, {side}", {}, {**maps, "region": nearest + 1.0}, side, what)


class Stack(ArrayObject):
    """Matrices of several values, with the values and the names of the regions."""

    formats = ("npz", "npy")


def matrix(name: str, values: np.ndarray, labels: tuple[str, ...]) -> Matrix:
    """A matrix as it stands now."""
    return Matrix(name, {}, values.copy(), labels)


def graph(values: np.ndarray, labels: tuple[str, ...], td: float, positive: bool) -> Graph:
    """Correlations of pairs that are joined at T_d, 0 elsewhere."""
    size = values if positive else np.abs(values)
    joined = np.where(size >= td, values, 0.0)
    np.fill_diagonal(joined, 0.0)
    return Graph(f"Graph at T_d {td:g}", {}, joined, labels)


def series(values: np.ndarray, labels: tuple[str, ...], interval_s: float) -> Series:
    """Simulated time series as they stand now."""
    what = "Simulated BOLD (synthetic), no recording"
    return Series("BOLD", {}, values.copy(), labels, interval_s, what)


def events(steps: np.ndarray, nodes: np.ndarray, step_s: float, labels: tuple[str, ...]) -> Events:
    """Events as they stand now."""
    return Events("Raster", {}, steps.copy(), nodes.copy(), step_s, labels)


def rows_table(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Rows as columns; what a row lacks is NaN."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name, float("nan")) for row in rows] for name in names}
