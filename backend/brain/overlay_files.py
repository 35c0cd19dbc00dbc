"""Files of values on a cortex, read: FreeSurfer, GIFTI, CIFTI, MGH, NIfTI, STC, arrays."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from backend.brain import images
from backend.brain.cortex import Cortex, Hemisphere
from backend.brain.overlays import Label, Overlay, counted
from backend.brain.surface_map import GrayordinateMap, SurfaceMap, VolumeMap, names_in
from backend.brain.surfaces import beside_other, side_of
from backend.core.colours import CATEGORICAL
from backend.core.files import FileProblem

STRUCTURES = {
    "left": "CIFTI_STRUCTURE_CORTEX_LEFT", "right": "CIFTI_STRUCTURE_CORTEX_RIGHT",
}  # fmt: skip
MORPHS = ("curv", "sulc", "thickness", "area", "volume", "jacobian_white", "avg_curv")
"""Endings of FreeSurfer's files of one number a vertex."""
INSIDE = 0.5
"""Share of the cortex that a volume must cover to be projected without a word."""
Labels = tuple[Label, ...]


@dataclass
class Found:
    """What a file holds of one hemisphere (side "" : untold) or of all: rows (k, n)."""

    rows: np.ndarray
    side: str = ""
    maps: tuple[str, ...] = ()
    times: np.ndarray | None = None
    unit: str = ""
    labels: Labels = ()
    parts: dict[str, np.ndarray] = field(default_factory=dict)
    source: Any = None
    note: str = ""


def read_overlay(path: Path, cortex: Cortex) -> Overlay:
    """Values of a file for a cortex; a file of one hemisphere brings its sibling of the other.

    FileProblem for a missing, damaged or unknown file, an empty label, other vertex counts.
    """
    kind = kind_of(path)
    if not path.is_file() and kind != "stc":
        raise FileProblem(f"{path.name} does not exist.")
    if kind == "volume":
        return _projected(path, cortex)
    found = _read(kind, path, cortex)
    values = dict(found.parts)
    files, names = [path], found
    if not values:
        values, other = _placed(found, path, cortex)
        if other is not None:
            sibling = _read(kind, other, cortex)
            if sibling.rows.shape[0] == found.rows.shape[0] and other_fits(sibling, other, cortex):
                names, sibling_rows = _same_labels(found, sibling)
                values = {side_of(path): names.rows, side_of(other): sibling_rows}
                files.append(other)
    return _made(path, cortex, names, values, files)


def other_fits(found: Found, path: Path, cortex: Cortex) -> bool:
    """Whether the file beside has the vertices of its hemisphere."""
    index = cortex.index(side_of(path))
    return index >= 0 and found.rows.shape[1] == cortex.counts[index]


def _made(
    path: Path, cortex: Cortex, found: Found, values: dict[str, np.ndarray], files: list[Path]
) -> Overlay:
    k = len(next(iter(values.values())))
    whole = []
    for side, count in zip(cortex.sides, cortex.counts, strict=True):
        rows = values.get(side)
        empty = np.full((k, count), 0 if found.labels else np.nan, np.float32)
        whole.append(empty if rows is None else np.ascontiguousarray(rows, np.float32))
    if not found.labels and not any(np.isfinite(one).any() for one in whole):
        raise FileProblem(f"{path.name} holds no number: every vertex is NaN.")
    name = path.name
    for ending in (".gz", ".nii", ".gii", ".mgz", ".mgh", ".npy", ".stc"):
        name = name.removesuffix(ending)
    maps = found.maps if len(found.maps) == k else tuple(f"map {i}" for i in range(1, k + 1))
    overlay = Overlay(name, tuple(whole), maps, found.times, found.unit, 1.0, found.labels,
                      tuple(files), found.source, found.note)  # fmt: skip
    return replace(overlay, factor=factor_of(overlay.every))


def factor_of(values: np.ndarray) -> float:
    """A power of 1000 that brings numbers into reach of a spin box: 1 for 0.01 to 100,000."""
    top = float(np.abs(values).max(initial=0.0))
    if top == 0 or 0.01 <= top < 1e5:
        return 1.0
    return float(1000.0 ** np.floor(np.log10(top) / 3))


def _placed(found: Found, path: Path, cortex: Cortex) -> tuple[dict[str, np.ndarray], Path | None]:
    """Rows by side, and the file of the other hemisphere when there is one."""
    count, counts = found.rows.shape[1], cortex.counts
    side = found.side or side_of(path)
    if len(counts) == 1 and count == counts[0]:
        return {cortex.sides[0]: found.rows}, None
    if count == sum(counts):
        cuts = np.split(found.rows, np.cumsum(counts)[:-1], axis=1)
        return dict(zip(cortex.sides, cuts, strict=True)), None
    index = cortex.index(side)
    if index >= 0 and count == counts[index]:
        return {side: found.rows}, beside_other(path)
    if not side and count in counts:
        raise FileProblem(
            f"{path.name} has the vertices of one hemisphere and does not say which. Put lh. or "
            "rh. before its name."
        )
    raise FileProblem(
        f"{path.name} has {count:,} vertices, {cortex.name} {counted(counts)}. Open the surface it "
        "is on, then the file."
    )


def _same_labels(mine: Found, theirs: Found) -> tuple[Found, np.ndarray]:
    """Parcels of two hemispheres under one numbering, by name."""
    if not mine.labels or mine.labels == theirs.labels:
        return mine, theirs.rows
    every = list(mine.labels)
    names = [one.name for one in every]
    new = np.zeros(len(theirs.labels) + 1, np.float32)
    for number, label in enumerate(theirs.labels, 1):
        if label.name not in names:
            every.append(label)
            names.append(label.name)
        new[number] = names.index(label.name) + 1
    return replace(mine, labels=tuple(every)), new[theirs.rows.astype(int)]


def kind_of(path: Path) -> str:
    """How a file is read, by its name; FileProblem for one that is not."""
    name = path.name.lower()
    if name.endswith((".dscalar.nii", ".dtseries.nii", ".dlabel.nii")):
        return "cifti"
    for ending, kind in (
        (".annot", "annot"), (".label", "label"), (".stc", "stc"), (".nii", "volume"),
        (".nii.gz", "volume"), (".mgh", "mgh"), (".mgz", "mgh"), (".npy", "array"),
        (".npz", "array"), (".csv", "array"), (".tsv", "array"),
    ):  # fmt: skip
        if name.endswith(ending):
            return kind
    if name.endswith(".gii") and not name.endswith(".surf.gii"):
        return "gifti"
    if name.startswith(("lh.", "rh.")) and name.count(".") >= 1:
        return "morph"
    raise FileProblem(
        f"{path.name} is no file of values on a cortex. GIFTI, CIFTI, MGH, NIfTI, .annot, .label, "
        "lh.curv and the like, .stc and .npy are read."
    )


def _read(kind: str, path: Path, cortex: Cortex) -> Found:
    readers: dict[str, Callable[[Path, Cortex], Found]] = {
        "annot": _annot, "label": _label, "stc": _stc, "morph": _morph, "gifti": _gifti,
        "mgh": _mgh, "cifti": _cifti, "array": _array,
    }  # fmt: skip
    try:
        return readers[kind](path, cortex)
    except (FileProblem, MemoryError):
        raise
    except Exception as error:  # nibabel's and mne's readers raise many kinds on damaged files
        reason = (str(error).splitlines() or [type(error).__name__])[0][:80]
        raise FileProblem(f"{path.name} is damaged or of another kind ({reason}).") from error


def _morph(path: Path, cortex: Cortex) -> Found:
    from nibabel.freesurfer.io import read_morph_data

    unit = "mm" if path.name.endswith("thickness") else ""
    return Found(np.asarray(read_morph_data(str(path)), np.float32)[None], side_of(path),
                 (path.name.partition(".")[2],), unit=unit)  # fmt: skip


def _annot(path: Path, cortex: Cortex) -> Found:
    from nibabel.freesurfer.io import read_annot

    index, colours, names = read_annot(str(path))
    rows = np.where(index >= 0, index + 1, 0).astype(np.float32)
    labels = tuple(
        Label(name.decode("utf-8", "replace"), (int(c[0]), int(c[1]), int(c[2])), i)
        for i, (name, c) in enumerate(zip(names, colours, strict=True))
    )
    return Found(rows[None], side_of(path), ("parcels",), labels=labels)


def _label(path: Path, cortex: Cortex) -> Found:
    from nibabel.freesurfer.io import read_label

    side = side_of(path)
    half = cortex.index(side)
    if half < 0 and len(cortex.counts) > 1:
        raise FileProblem(f"{path.name} does not say which hemisphere. Put lh. or rh. before it.")
    vertices, scalars = read_empty_too(path, read_label)
    if not len(vertices):
        raise FileProblem(f"{path.name} is an empty label: it names no vertex.")
    count = cortex.counts[max(half, 0)]
    if vertices.max() >= count:
        raise FileProblem(
            f"{path.name} names vertex {vertices.max():,}; {cortex.name} has {count:,}. Open the "
            "surface it is on, then the file."
        )
    rows = np.zeros((1, count), np.float32)
    if np.ptp(scalars) > 0:
        rows[:] = np.nan
        rows[0, vertices] = scalars
        return Found(rows, side, (path.stem,))
    rows[0, vertices] = 1
    own = path.name.removeprefix("lh.").removeprefix("rh.").removesuffix(".label")
    return Found(rows, side, (own,), labels=(Label(own, rgb(1), 1),))


def read_empty_too(path: Path, read_label: Any) -> tuple[np.ndarray, np.ndarray]:
    """Vertices and scalars of a label; none for one without lines."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if len(lines) >= 2 and lines[1].strip() == "0":
        return np.empty(0, int), np.empty(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        vertices, scalars = read_label(str(path), read_scalars=True)
    return np.atleast_1d(vertices), np.atleast_1d(scalars)


def _gifti(path: Path, cortex: Cortex) -> Found:
    image = images.read(path)
    made = image.source
    first = made.darrays[0]
    told = " ".join(
        str(one.get("AnatomicalStructurePrimary", ""))
        for one in (made.meta or {}, first.meta or {})
    )
    side = side_of(path, told)
    names = tuple(names_in(image))
    table = made.labeltable.labels if made.labeltable is not None else []
    if table and first.intent == 1002:  # NIFTI_INTENT_LABEL
        keys = [one for one in table if not unnamed(one.label, one.key)]
        labels = tuple(
            Label(one.label or str(one.key), rgba(one.rgba), int(one.key)) for one in keys
        )
        return Found(numbered_as(image.data, labels), side, names, labels=labels)
    step = dict(first.meta or {}).get("TimeStep")
    times = None
    if len(image.data) > 1 and (first.intent == 2001 or step):  # NIFTI_INTENT_TIME_SERIES
        times = 1000 * float(step or 1.0) * np.arange(len(image.data))
    return Found(image.data, side, names, times)


def _mgh(path: Path, cortex: Cortex) -> Found:
    image = images.read(path)
    return Found(image.data, side_of(path))


def _array(path: Path, cortex: Cortex) -> Found:
    data = images.read(path).data
    wanted = (*cortex.counts, sum(cortex.counts))
    if data.shape[1] not in wanted and data.shape[0] in wanted:
        data = data.T
    return Found(np.ascontiguousarray(data, np.float32), side_of(path))


def _stc(path: Path, cortex: Cortex) -> Found:
    import mne

    stem = path.name.removesuffix(".stc").removesuffix("-lh").removesuffix("-rh")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made: Any = mne.read_source_estimate(str(path.with_name(stem)))
    if not isinstance(made, mne.SourceEstimate):
        raise FileProblem(f"{path.name} is no source estimate on a surface.")
    times = np.asarray(made.times, float) * 1000
    parts = {}
    for side, vertices, data in zip(
        ("left", "right"), made.vertices, (made.lh_data, made.rh_data), strict=True
    ):
        index = cortex.index(side)
        if index >= 0 and len(vertices):
            parts[side] = spread(
                cortex.hemispheres[index], vertices, data.T, path.name, cortex.name
            )
    if not parts:
        raise FileProblem(f"{path.name} has no source on {cortex.name}.")
    many = len(times) > 1
    return Found(next(iter(parts.values())), maps=tuple(f"{t:.3g} ms" for t in times),
                 times=times if many else None, parts=parts)  # fmt: skip


def spread(
    half: Hemisphere, vertices: np.ndarray, rows: np.ndarray, file: str, name: str
) -> np.ndarray:
    """(k, n) values of sources at some vertices; a vertex between takes its nearest source's."""
    if vertices.max() >= len(half):
        raise FileProblem(
            f"{file} has a source at vertex {vertices.max():,}; {name} has {len(half):,} a "
            "hemisphere. Open the surface it is on, then the file."
        )
    if len(vertices) == len(half):
        return np.asarray(rows[:, np.argsort(vertices)], np.float32)
    from scipy.sparse.csgraph import dijkstra

    _, _, nearest = dijkstra(half.edges, indices=vertices, min_only=True,
                             return_predecessors=True)  # fmt: skip
    place = np.full(len(half), -1)
    place[vertices] = np.arange(len(vertices))
    known = nearest >= 0
    whole = np.full((len(rows), len(half)), np.nan, np.float32)
    whole[:, known] = rows[:, place[nearest[known]]]
    return whole


def _cifti(path: Path, cortex: Cortex) -> Found:
    import nibabel

    image = images.read(path)
    first, places = (image.source.header.get_axis(k) for k in (0, 1))
    if not isinstance(places, nibabel.cifti2.BrainModelAxis):
        raise FileProblem(f"{path.name} holds parcels or connections, not values of places.")
    labels: Labels = ()
    if isinstance(first, nibabel.cifti2.LabelAxis):
        table = {}
        for one in first.label:
            table.update(one)
        labels = tuple(
            Label(words, rgba(colour), int(key))
            for key, (words, colour) in sorted(table.items()) if not unnamed(words, key)
        )  # fmt: skip
    parts, other = {}, 0
    for structure, place, model in places.iter_structures():
        side = next((s for s, name in STRUCTURES.items() if name == structure), "")
        index = cortex.index(side) if side else -1
        if index < 0:
            other += image.data[:, place].shape[1]
            continue
        count = places.nvertices[structure]
        if count != cortex.counts[index]:
            raise FileProblem(
                f"{path.name} has {count:,} vertices in the {side} cortex, {cortex.name} "
                f"{cortex.counts[index]:,}. Open its surfaces (.surf.gii) first."
            )
        rows = np.full((len(image.data), count), 0 if labels else np.nan, np.float32)
        data = image.data[:, place]
        rows[:, model.vertex] = numbered_as(data, labels) if labels else data
        parts[side] = rows
    if not parts:
        raise FileProblem(f"{path.name} has no place on the cortex; it cannot be drawn here.")
    times = None
    if isinstance(first, nibabel.cifti2.SeriesAxis) and len(first) > 1:
        times = np.asarray(first.time, float) * (1000 if first.unit == "SECOND" else 1)
    note = f"{other:,} places below the cortex are not drawn" if other else ""
    return Found(next(iter(parts.values())), "", tuple(names_in(image)), times, "", labels, parts,
                 image, note)  # fmt: skip


def numbered_as(rows: np.ndarray, labels: Labels) -> np.ndarray:
    """Parcels numbered from 1 in the order of the labels, 0 for none."""
    keys = np.array([one.key for one in labels] or [0])
    order = np.argsort(keys)
    whole = np.rint(np.nan_to_num(rows, nan=-1e9)).astype(np.int64)
    at = np.clip(np.searchsorted(keys[order], whole), 0, len(keys) - 1)
    found = np.where(keys[order][at] == whole, order[at] + 1, 0)
    return (found if labels else np.zeros_like(found)).astype(np.float32)


def unnamed(words: str, key: int) -> bool:
    """The entry that stands for no parcel."""
    return int(key) == 0 and words in ("", "???", "unknown", "Unknown")


def rgba(colour: Sequence[float]) -> tuple[int, int, int]:
    """0 to 255 of a colour given from 0 to 1."""
    if colour is None or any(one is None for one in colour[:3]):
        return 128, 128, 128
    r, g, b = (round(255 * float(one)) for one in colour[:3])
    return r, g, b


def rgb(number: int) -> tuple[int, int, int]:
    """A colour of the categorical set."""
    text = CATEGORICAL[(number - 1) % 8][1]
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


# ---- volumes -----------------------------------------------------------------------------------


def _projected(path: Path, cortex: Cortex) -> Overlay:
    """A volume sampled between white and pial surface."""
    if not path.is_file():
        raise FileProblem(f"{path.name} does not exist.")
    image = images.read(path)
    made = project(image.source, path, cortex, len(image.data))
    return replace(made, volume=volume_of(image.data, image.space, image.source))


def volume_of(rows: np.ndarray, space: Sequence[int], image: Any) -> Any:
    """Maps (k, n) as a volume, for slices."""
    from backend.brain.slices import Volume

    return Volume(rows.reshape(len(rows), *space), np.asarray(image.affine))


def project(image: Any, path: Path, cortex: Cortex, count: int) -> Overlay:
    """A NIfTI image in the cortex's space, on its surfaces; FileProblem where it lies elsewhere."""
    if cortex.synthetic:
        raise FileProblem(f"{path.name} is a volume; {cortex.name} is no anatomy. Choose another "
                          "mesh first.")  # fmt: skip
    from nilearn.surface import vol_to_surf

    whole, covered = [], []
    inverse = np.linalg.inv(image.affine)
    for half in cortex.hemispheres:
        outer = half.shapes[half.folded]
        inner = half.shapes.get("white")
        voxels = outer @ inverse[:3, :3].T + inverse[:3, 3]
        inside = ((voxels > -0.5) & (voxels < np.array(image.shape[:3]) - 0.5)).all(axis=1)
        covered.append(float(inside.mean()))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = vol_to_surf(
                image, [outer.astype(float), half.faces],
                inner_mesh=None if inner is None else [inner.astype(float), half.faces],
            )  # fmt: skip
        rows = np.asarray(found, np.float32)
        rows = rows[None] if rows.ndim == 1 else rows.T
        rows[:, ~inside] = np.nan
        whole.append(np.ascontiguousarray(rows))
    share = float(np.mean(covered))
    if share < INSIDE:
        raise FileProblem(
            f"{path.name} covers {100 * share:.0f} % of {cortex.name}. It must be in the space of "
            "the surfaces, MNI for fsaverage5."
        )
    sides = dict(zip(cortex.sides, whole, strict=True))
    zooms = image.header.get_zooms()
    step = float(zooms[3]) if len(zooms) > 3 and count > 1 else 0.0
    times = 1000 * step * np.arange(count) if step > 0 else None
    found = Found(whole[0], times=times, parts=sides, note="projected from a volume")
    return _made(path, cortex, found, sides, [path])


def of_surface_map(made: SurfaceMap, cortex: Cortex) -> Overlay:
    """Maps of a study, as an overlay of the cortex they belong to."""
    path = Path(made.name)
    if isinstance(made, VolumeMap):
        assert made.image is not None
        image = images.MAKERS["nifti"](made.image, made.whole().astype(np.float32), made.maps)
        drawn = project(image, path, cortex, len(made.maps))
        volume = volume_of(made.whole().astype(np.float32), made.image.space, image)
        return replace(drawn, maps=made.maps, files=(), name=made.name, volume=volume)
    whole = made.whole().astype(np.float32)
    if isinstance(made, GrayordinateMap):
        assert made.image is not None
        places = made.image.source.header.get_axis(1)
        parts = {}
        for structure, place, model in places.iter_structures():
            side = next((s for s, name in STRUCTURES.items() if name == structure), "")
            if side and places.nvertices[structure] == cortex.counts[cortex.index(side)]:
                parts[side] = np.full((len(whole), places.nvertices[structure]), np.nan, np.float32)
                parts[side][:, model.vertex] = whole[:, place]
        if not parts:
            raise FileProblem(f"{made.name} does not fit {cortex.name}. Open its surfaces first.")
        found = Found(whole, maps=made.maps, parts=parts)
        return replace(_made(path, cortex, found, parts, []), files=())
    name = "" if made.image is None else made.image.path.name
    found = Found(whole, side_of(Path(name or made.name)), made.maps)
    values, _ = _placed(found, Path(name or made.name), cortex)
    return replace(_made(path, cortex, found, values, []), name=made.name, files=(),
                   synthetic=made.synthetic, note=made.synthetic or made.surface)  # fmt: skip
