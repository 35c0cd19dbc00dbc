"""Cortices to draw on: fsaverage5 from nilearn's wheel, a user's surfaces, the simulated sphere."""

from __future__ import annotations

import functools
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from backend.brain.surfaces import beside, read_surface, shape_of, side_of
from backend.core.files import FileProblem

FSAVERAGE = "fsaverage5"
SIMULATED_SPHERE = "simulated sphere"
SHAPES = ("white", "pial", "inflated", "sphere", "flat")
FILES = {"white": "white", "pial": "pial", "inflated": "infl", "sphere": "sphere", "flat": "flat"}
"""Shape → how nilearn's files of fsaverage5 begin."""


@dataclass(frozen=True, eq=False)
class Hemisphere:
    """One closed sheet in several shapes with the same vertices.

    Attributes
    ----------
    side : "left", "right", or "" for a surface that is neither.
    shapes : name → (n, 3) float32 in mm. faces : (m, 3) int32.
    cut : faces of shapes that are cut open, "flat". sulc : (n,) float32, larger in sulci.
    files : shape → the file it came from.
    """

    side: str
    shapes: Mapping[str, np.ndarray]
    faces: np.ndarray
    sulc: np.ndarray
    cut: Mapping[str, np.ndarray] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.sulc)

    @property
    def folded(self) -> str:
        """The shape that areas and places in mm are measured on."""
        return next(
            (one for one in ("pial", "white") if one in self.shapes), next(iter(self.shapes))
        )

    def faces_of(self, shape: str) -> np.ndarray:
        """(m, 3) triangles of a shape."""
        return self.cut.get(shape, self.faces)

    def morphed(self, shape: str, amount: float) -> np.ndarray:
        """(n, 3) points between the folded surface (0) and a shape (1), about a common middle."""
        end = self.shapes.get(shape, self.shapes[self.folded])
        if amount >= 1 or shape == self.folded:
            return end
        start = self.shapes[self.folded]
        start, middle = start - start.mean(axis=0), end.mean(axis=0)
        return ((1 - amount) * start + amount * (end - middle) + middle).astype(np.float32)

    @functools.cached_property
    def areas(self) -> np.ndarray:
        """(n,) mm² of each vertex on the folded surface: a third of the triangles around it."""
        a, b, c = (self.shapes[self.folded][self.faces[:, k]].astype(float) for k in range(3))
        third = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6
        return np.bincount(self.faces.ravel(), np.repeat(third, 3), len(self))

    @functools.cached_property
    def edges(self) -> Any:
        """(n, n) symmetric sparse matrix of the lengths in mm of edges on the folded surface."""
        from scipy import sparse

        n = np.int64(len(self))
        corners = [self.faces[:, [0, 1]], self.faces[:, [1, 2]], self.faces[:, [2, 0]]]
        pairs = np.sort(np.concatenate(corners).astype(np.int64), axis=1)
        keys = np.unique(pairs[:, 0] * n + pairs[:, 1])  # one number a pair: much faster
        pairs = np.column_stack([keys // n, keys % n])
        points = self.shapes[self.folded].astype(float)
        long = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
        half = sparse.coo_array((np.maximum(long, 1e-6), pairs.T), shape=(len(self), len(self)))
        return (half + half.T).tocsr()


@dataclass(frozen=True, eq=False)
class Cortex:
    """One or two hemispheres of one brain. ``synthetic`` says what is no anatomy."""

    name: str
    hemispheres: tuple[Hemisphere, ...]
    synthetic: str = ""

    @property
    def counts(self) -> tuple[int, ...]:
        """Vertices of each hemisphere."""
        return tuple(len(one) for one in self.hemispheres)

    @property
    def shapes(self) -> tuple[str, ...]:
        """Shapes that every hemisphere has."""
        return tuple(s for s in SHAPES if all(s in one.shapes for one in self.hemispheres))

    @property
    def sides(self) -> tuple[str, ...]:
        return tuple(one.side for one in self.hemispheres)

    def index(self, side: str) -> int:
        """Number of a hemisphere, -1 when this cortex has no such side."""
        return self.sides.index(side) if side in self.sides else -1


def under(sulc: np.ndarray) -> np.ndarray:
    """(n,) float32 grey of the cortex without overlays: 0.40 ± 0.09 by sulcal depth (UI.md)."""
    spread = float(np.nanstd(sulc)) or 1.0
    depth = np.clip((np.nan_to_num(sulc) - np.nanmean(sulc)) / (2 * spread), -1, 1)
    return (0.40 - 0.09 * depth).astype(np.float32)


@functools.cache
def fsaverage5() -> Cortex:
    """FreeSurfer's average of 40 brains, 10,242 vertices a hemisphere, from nilearn's wheel.

    The files are read without importing nilearn, which costs a second.
    """
    return Cortex(FSAVERAGE, tuple(_hemisphere(side) for side in ("left", "right")))


def _hemisphere(side: str) -> Hemisphere:
    shapes, faces, cut = {}, np.empty((0, 3), np.int32), {}
    for shape, word in FILES.items():
        points, triangles = _wheel(f"{word}_{side}")
        shapes[shape] = np.ascontiguousarray(points, np.float32)
        triangles = np.ascontiguousarray(triangles, np.int32)
        if shape == "flat":
            cut["flat"] = triangles
        else:
            faces = triangles
    shapes["flat"] = upright(shapes["flat"], side)
    (sulc,) = _wheel(f"sulc_{side}")
    return Hemisphere(side, shapes, faces, np.asarray(sulc, np.float32), cut)


def upright(points: np.ndarray, side: str) -> np.ndarray:
    """A flat map (x, y) turned into the plane that the lateral view looks at, its centre at 0."""
    flat = points - points.mean(axis=0)
    across = -flat[:, 0] if side == "left" else flat[:, 0]
    thin = np.zeros(len(flat), np.float32)
    return np.ascontiguousarray(np.column_stack([thin, across, flat[:, 1]]), np.float32)


def _wheel(name: str) -> list[np.ndarray]:
    """Arrays of one of the GIFTI files of fsaverage5; FileProblem without nilearn."""
    import importlib.util

    import nibabel

    found = importlib.util.find_spec("nilearn")
    place = Path(found.origin).parent if found is not None and found.origin else Path()
    path = place / "datasets" / "data" / FSAVERAGE / f"{name}.gii.gz"
    try:
        image = nibabel.GiftiImage.from_bytes(gzip.decompress(path.read_bytes()))
    except (OSError, EOFError) as error:
        raise FileProblem(f"{path.name} of fsaverage5 is missing. Install nilearn anew.") from error
    return [np.asarray(one.data) for one in image.darrays]


@functools.cache
def simulated_cortex() -> Cortex:
    """The warped sphere of the simulated cortex: no anatomy."""
    from backend.brain.simulated_surface import simulated_surface
    from backend.brain.surface_map import SIMULATED

    sphere = simulated_surface()
    points = sphere.vertices.astype(np.float32)
    around = (60 * points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)
    depth = 60 - np.linalg.norm(points, axis=1)
    one = Hemisphere("", {"pial": points, "sphere": around}, sphere.faces, depth.astype(np.float32))
    return Cortex(SIMULATED_SPHERE, (one,), SIMULATED)


def open_surfaces(paths: Sequence[Path]) -> Cortex:
    """A cortex from surface files; their siblings of the same folder (the other hemisphere, other
    shapes, sulcal depth) come with them.

    FileProblem for files that hold no surface, or whose vertices do not belong together.
    """
    wanted: dict[str, dict[str, Path]] = {}
    for path in paths:
        side = side_of(path)
        for other in dict.fromkeys((side, *(("left", "right") if side else ()))):
            for shape in SHAPES:
                there = beside(path, side, other, shape)
                if there is not None:
                    wanted.setdefault(other, {}).setdefault(shape, there)
        wanted.setdefault(side, {})[shape_of(path) or "pial"] = path
    order = [one for one in ("left", "right", "") if one in wanted]
    halves = tuple(_from_files(side, wanted[side], set(paths)) for side in order)
    return Cortex(_name(paths[0]), halves)


def _from_files(side: str, files: Mapping[str, Path], asked: set[Path]) -> Hemisphere:
    shapes: dict[str, np.ndarray] = {}
    faces, kept, count, first = np.empty((0, 3), np.int32), {}, 0, ""
    for shape in sorted(files, key=lambda one: files[one] not in asked):
        try:
            found = read_surface(files[shape])
        except FileProblem:
            if files[shape] in asked:
                raise
            continue  # a sibling that nobody asked for
        if shapes and len(found.vertices) != count:
            if files[shape] in asked:
                raise FileProblem(
                    f"{found.file} has {len(found.vertices):,} vertices, {first} {count:,}. Both "
                    "must be shapes of one hemisphere."
                )
            continue
        if not shapes:
            faces, count, first = found.faces.astype(np.int32), len(found.vertices), found.file
        shapes[shape] = found.vertices.astype(np.float32)
        kept[shape] = files[shape]
    return Hemisphere(side, shapes, faces, _sulc(kept, side, shapes, faces), {}, kept)


def _sulc(
    files: Mapping[str, Path], side: str, shapes: Mapping[str, np.ndarray], faces: np.ndarray
) -> np.ndarray:
    """Sulcal depth from the file beside a surface, else how concave the surface is."""
    path = next(iter(files.values()))
    count = len(next(iter(shapes.values())))
    there = beside(path, side, side, "sulc")
    if there is not None:
        found = _depths(there)
        if found.shape == (count,):
            return found
    points = shapes.get("pial", shapes.get("white", next(iter(shapes.values()))))
    return concavity(points, faces)


def _depths(path: Path) -> np.ndarray:
    """Numbers of a file of one number a vertex; none for one that cannot be read."""
    try:
        if path.name.endswith(".gii"):
            from backend.brain.images import read

            return np.asarray(read(path).data[0], np.float32)
        from nibabel.freesurfer.io import read_morph_data

        return np.asarray(read_morph_data(str(path)), np.float32)
    except Exception:  # a sibling that nobody asked for; nibabel raises many kinds
        return np.empty(0, np.float32)


def concavity(points: np.ndarray, faces: np.ndarray, rounds: int = 12) -> np.ndarray:
    """(n,) float32: how far a vertex lies below its neighbours' mean along the normal, smoothed."""
    from backend.brain.rendering import Mesh
    from backend.brain.smoothing import averages

    mean = averages(faces, len(points))
    bent = ((mean @ points - points) * Mesh(points, faces).normals).sum(axis=1)
    for _ in range(rounds):
        bent = mean @ bent
    return np.asarray(bent, np.float32)


def _name(path: Path) -> str:
    """What a cortex of files is called: the subject's folder of FreeSurfer, else the file's."""
    return (
        path.parent.parent.name if path.parent.name == "surf" else path.name.partition(".surf")[0]
    )


def named(name: str, files: Sequence[str] = ()) -> Cortex:
    """A cortex as a scene names it."""
    if files:
        return open_surfaces([Path(one) for one in files])
    return simulated_cortex() if name == SIMULATED_SPHERE else fsaverage5()
