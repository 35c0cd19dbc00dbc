"""Surfaces of a user: GIFTI and FreeSurfer geometry, and which of its vertices responses lie at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backend.brain.images import BrainImage
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError

SIDES = {
    "CIFTI_STRUCTURE_CORTEX_LEFT": ("cortexleft", "hemi-l", ".l.", "lh."),
    "CIFTI_STRUCTURE_CORTEX_RIGHT": ("cortexright", "hemi-r", ".r.", "rh."),
}
"""How a surface file tells its hemisphere: in its metadata, or in its name."""


TOLD = {
    "left": ("lh.", "hemi-l", ".l.", "_left", "-lh", ".left."),
    "right": ("rh.", "hemi-r", ".r.", "_right", "-rh", ".right."),
}
"""How a file's name tells its hemisphere."""
SWAPS = (("lh.", "rh."), ("hemi-L", "hemi-R"), (".L.", ".R."), ("_left", "_right"),
         ("-lh", "-rh"), (".left.", ".right."))  # fmt: skip


@dataclass(frozen=True)
class Surface:
    """A mesh: vertices (n, 3) in mm, faces (m, 3). ``structure``: CIFTI's name, "" if untold."""

    file: str
    vertices: np.ndarray
    faces: np.ndarray
    structure: str = ""


def read_surface(path: Path) -> Surface:
    """Geometry of a ``.surf.gii`` or a FreeSurfer file (lh.white, rh.inflated, ...).

    FileProblem for a missing file, or one without vertices and triangles.
    """
    if not path.is_file():
        raise FileProblem(f"{path.name} does not exist. Choose the surface again.")
    try:
        meta = ""
        if path.suffix.lower() == ".gii":
            vertices, faces, meta = _of_gifti(path)
        else:
            from nibabel.freesurfer.io import read_geometry

            vertices, faces = read_geometry(str(path))[:2]
    except Exception as error:  # nibabel's readers raise many kinds on damaged files
        raise FileProblem(
            f"{path.name} holds no surface. Give a .surf.gii or a FreeSurfer surface (lh.white)."
        ) from error
    faces = np.asarray(faces, np.int64)
    if faces.ndim != 2 or faces.shape[1] != 3 or faces.min() < 0 or faces.max() >= len(vertices):
        raise FileProblem(f"{path.name} has triangles of vertices that are not there.")
    told = meta.lower() + " " + path.name.lower()
    structure = next(
        (name for name, words in SIDES.items() if any(word in told for word in words)), ""
    )
    return Surface(path.name, np.asarray(vertices, np.float64), faces, structure)


def side_of(path: Path, meta: str = "") -> str:
    """ "left", "right", or "" when neither the metadata nor the file's name tells."""
    told = meta.lower()
    for side in TOLD:
        if f"cortex{side}" in told or f"cortex_{side}" in told:
            return side
    name = path.name.lower()
    return next((side for side, words in TOLD.items() if any(w in name for w in words)), "")


def shape_of(path: Path) -> str:
    """Which shape a surface file holds, by its name; "" when it does not say."""
    name = path.name.lower()
    for shape, words in SHAPE_WORDS.items():
        if any(word in name for word in words):
            return shape
    return ""


SHAPE_WORDS = {
    "inflated": ("inflated", "infl_"), "pial": ("pial", "midthickness"),
    "white": ("white", "smoothwm"), "sphere": ("sphere",), "flat": ("flat",),
}  # fmt: skip


def beside(path: Path, side: str, other: str, shape: str) -> Path | None:
    """The file of another hemisphere and shape (or "sulc") in the same folder, if it is there."""
    name = path.name
    if side != other:
        left, right = next((pair for pair in SWAPS if pair[side == "right"] in name), ("", ""))
        if not left:
            return None
        name = name.replace(left, right) if side == "left" else name.replace(right, left)
    own = next((w for w in SHAPE_WORDS.get(shape_of(path), ()) if w in name), "")
    if shape == "sulc":
        name = name.replace(".surf.gii", ".shape.gii")
    if own:
        found = name.replace(own, shape if shape == "sulc" else SHAPE_WORDS[shape][0])
    elif shape == (shape_of(path) or "pial"):
        found = name
    else:
        return None
    there = path.with_name(found)
    return there if there.is_file() else None


def beside_other(path: Path) -> Path | None:
    """The file of the other hemisphere in the same folder, if it is there."""
    side = side_of(path)
    for left, right in SWAPS if side else ():
        mine, theirs = (left, right) if side == "left" else (right, left)
        if mine in path.name:
            there = path.with_name(path.name.replace(mine, theirs))
            return there if there.is_file() else None
    return None


def _of_gifti(path: Path) -> tuple[np.ndarray, np.ndarray, str]:
    import nibabel

    image: Any = nibabel.load(path)
    points = image.get_arrays_from_intent("NIFTI_INTENT_POINTSET")[0]
    triangles = image.get_arrays_from_intent("NIFTI_INTENT_TRIANGLE")[0]
    return points.data, triangles.data, str(points.meta.get("AnatomicalStructurePrimary", ""))


def vertices_of(surface: Surface, image: BrainImage | None, places: np.ndarray) -> np.ndarray:
    """(n_place,) vertex of the surface that each place of an image is at, -1 for none.

    Parameters
    ----------
    places : (n_place,) columns of the image; without an image, of an array a vertex each.

    ParameterError with both numbers when image and surface have other sizes.
    """
    count = len(surface.vertices)
    if image is not None and image.kind == "nifti":
        raise ParameterError(
            "betas", f"{image.path.name} is a volume; a searchlight runs over a surface. Give "
            "GIFTI, CIFTI, MGH or an array.",
        )  # fmt: skip
    if image is not None and image.kind == "cifti":
        return _in_grayordinates(surface, image)[places]
    total = len(places) if image is None else image.data.shape[1]
    if total != count:
        name = "The responses" if image is None else image.path.name
        raise ParameterError(
            "surface", f"{name} has {total:,} vertices, {surface.file} {count:,}. Give the surface "
            "the responses are on.",
        )  # fmt: skip
    return places


def _in_grayordinates(surface: Surface, image: BrainImage) -> np.ndarray:
    """(n_grayordinate,) vertex of the surface, -1 for other structures and the volume."""
    axis = image.source.header.get_axis(1)
    sizes = dict(axis.nvertices)
    fitting = [name for name, size in sizes.items() if size == len(surface.vertices)]
    chosen = surface.structure if surface.structure in fitting else ""
    if not chosen and len(fitting) == 1 and not surface.structure:
        chosen = fitting[0]
    if not chosen:
        there = ", ".join(
            f"{name.removeprefix('CIFTI_STRUCTURE_').lower()} {n:,}" for name, n in sizes.items()
        )
        raise ParameterError(
            "surface", f"{surface.file} has {len(surface.vertices):,} vertices and fits no one "
            f"structure of {image.path.name} ({there or 'no surface'}). Its name or metadata must "
            "tell the side.",
        )  # fmt: skip
    found = np.full(image.data.shape[1], -1)
    for name, place, model in axis.iter_structures():
        if name == chosen:
            found[place] = model.vertex
    return found
