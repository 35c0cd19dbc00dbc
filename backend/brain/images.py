"""Brain images: NIfTI, CIFTI, GIFTI, MGH and arrays, in and out (05-dnnbrain, section 2.12).

Whatever the format, data are (n_map, n_place) here: a row a volume, a column a voxel, vertex or
grayordinate, in the file's own order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from backend.core.files import FileProblem, replacing, write_sentence
from backend.core.parameters import ParameterError

Kind = Literal["nifti", "cifti", "gifti", "mgh", "array"]
ENDINGS: dict[str, Kind] = {
    ".dscalar.nii": "cifti", ".dtseries.nii": "cifti", ".dlabel.nii": "cifti",
    ".nii.gz": "nifti", ".nii": "nifti", ".gii": "gifti", ".mgz": "mgh", ".mgh": "mgh",
    ".npy": "array", ".npz": "array", ".csv": "array", ".tsv": "array",
}  # fmt: skip

DELIMITERS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True)
class BrainImage:
    """Maps in a space.

    Attributes
    ----------
    data : (n_map, n_place).
    space : shape of one map: (x, y, z) of a volume, (n,) of a surface.
    source : the library's image, for its geometry; None for an array.
    """

    path: Path
    kind: Kind
    data: np.ndarray
    space: tuple[int, ...]
    source: Any = None

    @property
    def ending(self) -> str:
        """Under which the same kind of image is saved."""
        own: dict[Kind, str] = {"cifti": ".dscalar.nii", "gifti": ".func.gii", "array": ".npy"}
        return own.get(self.kind) or ending_of(self.path)

    def save(self, path: Path, maps: np.ndarray, names: Sequence[str]) -> None:
        """Write maps (n_map, n_place) in this image's space."""
        maps = np.asarray(maps, np.float32)
        if self.kind == "array":
            with replacing(path) as file:
                np.save(file, maps)
            return
        made = MAKERS[self.kind](self, maps, names)
        draft = path.with_name(f".{path.name.partition('.')[0]}.draft{self.ending}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            made.to_filename(str(draft))
            draft.replace(path)
        except OSError as error:
            raise FileProblem(write_sentence(path, error)) from error
        finally:
            draft.unlink(missing_ok=True)


def ending_of(path: Path) -> str:
    """The ending that tells the format; FileProblem for another."""
    name = path.name.lower()
    for ending in ENDINGS:
        if name.endswith(ending) and not name.endswith(".surf.gii"):
            return ending
    known = ".nii, .nii.gz, .dscalar.nii, .func.gii, .shape.gii, .mgh, .mgz, .npy, .npz, .csv, .tsv"
    raise FileProblem(f"{path.name} is no brain image that is read: {known}.")


def read(path: Path) -> BrainImage:
    """Read an image; one map when the file has no axis of volumes.

    Raises
    ------
    FileProblem
        for a missing, damaged or unknown file.
    """
    kind = ENDINGS[ending_of(path)]
    if not path.is_file():
        raise FileProblem(f"{path.name} does not exist.")
    try:
        return READERS[kind](path)
    except (FileProblem, MemoryError):
        raise
    except Exception as error:  # nibabel's readers raise many kinds on damaged files
        reason = (str(error).splitlines() or [type(error).__name__])[0][:80]
        raise FileProblem(f"{path.name} is damaged or no brain image ({reason}).") from error


def read_mask(path: Path, like: BrainImage) -> np.ndarray:
    """Labels (n_place,) int of an image with one map in the space of another."""
    mask = read(path)
    if mask.space != like.space:
        raise ParameterError(
            "-bmask", f"{path.name} has {sizes(mask.space)} places, {like.path.name} "
            f"{sizes(like.space)}. Give a mask of the same space."
        )  # fmt: skip
    if len(mask.data) != 1:
        raise ParameterError("-bmask", f"{path.name} holds {len(mask.data)} maps. A mask has one.")
    labels = np.nan_to_num(mask.data[0])
    if not labels.any():
        raise ParameterError("-bmask", f"{path.name} is 0 everywhere; it selects nothing.")
    return np.rint(labels).astype(np.int64)


def sizes(space: Sequence[int]) -> str:
    return " × ".join(str(n) for n in space)


def _read_volume(path: Path, kind: Kind, load: Any) -> BrainImage:
    image = load(path)
    data = np.asarray(image.dataobj, np.float32)
    if data.ndim not in (3, 4):
        raise FileProblem(f"{path.name} has {data.ndim} axes; volumes have 3, or 4 with time.")
    data = data[..., None] if data.ndim == 3 else data
    maps = np.ascontiguousarray(np.moveaxis(data, 3, 0))
    return BrainImage(path, kind, maps.reshape(len(maps), -1), maps.shape[1:], image)


def _read_nifti(path: Path) -> BrainImage:
    import nibabel

    return _read_volume(path, "nifti", nibabel.load)


def _read_mgh(path: Path) -> BrainImage:
    import gzip

    import nibabel

    def load(path: Path) -> Any:
        """From memory: the library leaves an uncompressed file open."""
        data = path.read_bytes()
        packed = path.suffix.lower() == ".mgz"
        return nibabel.MGHImage.from_bytes(gzip.decompress(data) if packed else data)

    return _read_volume(path, "mgh", load)


def _read_cifti(path: Path) -> BrainImage:
    import nibabel

    image: Any = nibabel.load(path)
    data = np.asarray(image.dataobj, np.float32)
    if data.ndim != 2:
        raise FileProblem(f"{path.name} is no table of maps by grayordinates.")
    return BrainImage(path, "cifti", data, (data.shape[1],), image)


def _read_gifti(path: Path) -> BrainImage:
    import nibabel

    image: Any = nibabel.load(path)
    arrays = [np.asarray(one.data, np.float32) for one in image.darrays]
    if not arrays or any(one.shape[0] != arrays[0].shape[0] for one in arrays):
        raise FileProblem(f"{path.name} holds no maps of one surface.")
    columns = [one[:, None] if one.ndim == 1 else one for one in arrays]
    data = np.concatenate(columns, axis=1).T
    return BrainImage(path, "gifti", np.ascontiguousarray(data), (data.shape[1],), image)


def _read_array(path: Path) -> BrainImage:
    if path.suffix.lower() in DELIMITERS:
        data = _read_table(path)
    else:
        try:
            data = _only(np.load(path, allow_pickle=False))
        except Exception as error:  # numpy's header parser raises tokenizer and syntax errors too
            raise FileProblem(f"{path.name} is damaged, or holds objects and no "
                              "numbers.") from error  # fmt: skip
    if data.dtype.kind not in "fiub" or not 1 <= data.ndim <= 2:
        raise FileProblem(f"{path.name} is no table of stimuli by places.")
    data = np.atleast_2d(data)
    return BrainImage(path, "array", data, (data.shape[1],))


def _only(loaded: Any) -> np.ndarray:
    """The array of a file: of an NPZ the one named data or betas, or the first table."""
    if isinstance(loaded, np.ndarray):
        return loaded
    with loaded:
        names = [one for one in ("betas", "data") if one in loaded.files] or loaded.files
        found: np.ndarray = next(one for one in map(loaded.__getitem__, names) if one.ndim == 2)
        return found


def _read_table(path: Path) -> np.ndarray:
    """Numbers of a CSV or TSV file, with or without a line of names."""
    try:
        data = np.genfromtxt(path, delimiter=DELIMITERS[path.suffix.lower()], ndmin=2)
    except ValueError as error:
        raise FileProblem(f"{path.name} is no brain image: its lines differ in length.") from error
    return data[1:] if len(data) > 1 and np.isnan(data[0]).all() else data


READERS: dict[Kind, Any] = {
    "nifti": _read_nifti, "cifti": _read_cifti, "gifti": _read_gifti, "mgh": _read_mgh,
    "array": _read_array,
}  # fmt: skip


def _volumes(image: BrainImage, maps: np.ndarray) -> np.ndarray:
    return np.moveaxis(maps.reshape(len(maps), *image.space), 0, 3)


def _make_nifti(image: BrainImage, maps: np.ndarray, names: Sequence[str]) -> Any:
    import nibabel

    made = nibabel.Nifti1Image(_volumes(image, maps), image.source.affine)
    made.header.set_xyzt_units(*image.source.header.get_xyzt_units())
    return made


def _make_mgh(image: BrainImage, maps: np.ndarray, names: Sequence[str]) -> Any:
    import nibabel

    volumes = _volumes(image, maps)
    one = volumes[..., 0] if len(maps) == 1 else volumes  # the format has no axis of one volume
    return nibabel.MGHImage(one, image.source.affine)


def _make_cifti(image: BrainImage, maps: np.ndarray, names: Sequence[str]) -> Any:
    import nibabel

    places = image.source.header.get_axis(1)
    rows = nibabel.cifti2.ScalarAxis(list(names))
    return nibabel.Cifti2Image(maps, header=(rows, places))


def _make_gifti(image: BrainImage, maps: np.ndarray, names: Sequence[str]) -> Any:
    import nibabel

    made = nibabel.gifti.GiftiImage(meta=image.source.meta)
    for row, name in zip(maps, names, strict=True):
        made.add_gifti_data_array(nibabel.gifti.GiftiDataArray(
            row, intent="NIFTI_INTENT_NONE", datatype="NIFTI_TYPE_FLOAT32", meta={"Name": name}
        ))  # fmt: skip
    return made


MAKERS: dict[Kind, Any] = {
    "nifti": _make_nifti, "cifti": _make_cifti, "gifti": _make_gifti, "mgh": _make_mgh,
}  # fmt: skip


def region_signals(
    data: np.ndarray, labels: np.ndarray, how: Literal["mean", "max", "std"]
) -> tuple[list[str], np.ndarray]:
    """Regions' names and signals (n_map, n_region): one number of each labelled region's places."""
    functions: dict[str, Any] = {"mean": np.mean, "max": np.max, "std": np.std}
    numbers = np.unique(labels[labels != 0])
    columns = [functions[how](data[:, labels == number], axis=1) for number in numbers]
    return [str(number) for number in numbers], np.stack(columns, axis=1)
