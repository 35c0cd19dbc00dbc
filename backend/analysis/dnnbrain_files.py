"""DNNBrain's own files: RDMs, ROI tables and masks (05-dnnbrain, 2.12).

Layouts are those of DNNBrain 1.0. Masks count channels, rows and columns from 1 in the file and
from 0 here.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from backend.analysis.inputs import rdm_of
from backend.analysis.rdm_compare import square, upper
from backend.core.files import FileProblem, replacing, write_text

AXES = ("chn", "row", "col")
MANY_NAMES = 3000
"""Names above which an attribute needs the newer storage of HDF5."""


@dataclass(frozen=True)
class Mask:
    """Channels, rows and columns of a layer to keep, from 0; None for all."""

    channels: tuple[int, ...] | None = None
    rows: tuple[int, ...] | None = None
    columns: tuple[int, ...] | None = None

    def by_axis(self) -> dict[str, tuple[int, ...]]:
        """What is restricted, by DNNBrain's names."""
        pairs = zip(AXES, (self.channels, self.rows, self.columns), strict=True)
        return {axis: numbers for axis, numbers in pairs if numbers is not None}

    def of(self, features: np.ndarray) -> np.ndarray:
        """The kept part of (n_stim, n_chn, n_row, n_col) activations."""
        for place, numbers in enumerate((self.channels, self.rows, self.columns), 1):
            if numbers is not None:
                features = features.take(numbers, axis=place)
        return features


@contextmanager
def opened(path: Path, ending: str) -> Iterator[Any]:
    """An HDF5 file for reading; FileProblem when it is missing or is none."""
    import h5py

    if not path.name.endswith(ending):
        raise FileProblem(f'{path.name} does not end in "{ending}", as DNNBrain\'s files do.')
    if not path.is_file():
        raise FileProblem(f"{path.name} does not exist.")
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise FileProblem(f"{path.name} is damaged or not an HDF5 file ({error}).") from error


def written(path: Path, ending: str, latest: bool, fill: Any) -> None:
    """Write an HDF5 file atomically; ``fill`` gets it open."""
    import h5py

    if not path.name.endswith(ending):
        raise FileProblem(f'{path.name} must end in "{ending}" for DNNBrain to read it.')
    memory = io.BytesIO()
    with h5py.File(memory, "w", libver="latest" if latest else "earliest") as file:
        fill(file)
    with replacing(path) as target:
        target.write(memory.getbuffer())


def datasets(file: Any) -> dict[str, Any]:
    """All datasets by full name; names with a slash lie in groups."""
    import h5py

    found: dict[str, Any] = {}

    def visit(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = item

    file.visititems(visit)
    return found


def write_rdms(
    path: Path, kind: Literal["brain", "network"], matrices: Mapping[str, np.ndarray]
) -> None:
    """Write RDMs as upper triangles: ``.rdm.h5``.

    Parameters
    ----------
    kind : "brain" with one (n, n) an ROI, or "network" with one (n, n) or several (n_iter, n, n) a
        layer.
    """
    cells: dict[str, np.ndarray] = {}
    for name, matrix in matrices.items():
        stack = np.asarray(matrix)
        if kind == "brain" or stack.ndim == 2:
            one = upper(rdm_of(stack))
            cells[name] = one if kind == "brain" else one[None]
        else:
            cells[name] = np.stack([upper(rdm_of(one)) for one in stack])

    def fill(file: Any) -> None:
        file.attrs["type"] = "bRDM" if kind == "brain" else "dRDM"
        for name, values in cells.items():
            file.create_dataset(name, data=values, compression="gzip")

    written(path, ".rdm.h5", False, fill)


def read_rdms(path: Path) -> tuple[Literal["brain", "network"], dict[str, np.ndarray]]:
    """Read RDMs: their kind and, by ROI (n, n) or by layer (n_iter, n, n), symmetric matrices."""
    with opened(path, ".rdm.h5") as file:
        kind = text_of(file.attrs.get("type", ""))
        if kind not in ("bRDM", "dRDM"):
            raise FileProblem(f'{path.name} says neither "bRDM" nor "dRDM"; it holds no RDMs.')
        cells = {name: np.asarray(item[()]) for name, item in datasets(file).items()}
    wanted = 1 if kind == "bRDM" else 2
    for name, values in cells.items():
        count = round((1 + np.sqrt(1 + 8 * values.shape[-1])) / 2) if values.ndim else 0
        if values.ndim != wanted or count * (count - 1) // 2 != values.shape[-1]:
            raise FileProblem(f'{path.name}: "{name}" is no upper triangle of an RDM.')
    if kind == "bRDM":
        return "brain", {name: square(values) for name, values in cells.items()}
    stacks = {name: np.stack([square(row) for row in values]) for name, values in cells.items()}
    return "network", stacks


def text_of(value: Any) -> str:
    """Text of an attribute, whichever way it was stored."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def write_rois(path: Path, names: Sequence[str], data: np.ndarray) -> None:
    """Write an ROI table (n_vol, n_roi) with its names: ``.roi.h5``."""
    data = np.asarray(data)
    if data.ndim != 2 or data.shape[1] != len(names):
        raise FileProblem(
            f"An ROI table has a row for every volume and a column for every ROI; {len(names)} "
            f"names do not fit a table of {data.shape}."
        )

    def fill(file: Any) -> None:
        file.attrs["roi"] = list(names)
        file.create_dataset("data", data=data)

    written(path, ".roi.h5", len(names) > MANY_NAMES, fill)


def read_rois(path: Path) -> tuple[list[str], np.ndarray]:
    """Read an ROI table: names and values (n_vol, n_roi)."""
    with opened(path, ".roi.h5") as file:
        if "data" not in file or "roi" not in file.attrs:
            raise FileProblem(f'{path.name} lacks "data" or "roi"; it is no ROI table.')
        names = [text_of(name) for name in np.atleast_1d(file.attrs["roi"])]
        data = np.asarray(file["data"][()])
    if data.ndim != 2 or data.shape[1] != len(names):
        raise FileProblem(f"{path.name} names {len(names)} ROIs for a table of {data.shape}.")
    return names, data


def write_masks(path: Path, masks: Mapping[str, Mask]) -> None:
    """Write masks of layers, numbers from 1: ``.dmask.csv``."""
    if not path.name.endswith(".dmask.csv"):
        raise FileProblem(f'{path.name} must end in ".dmask.csv" for DNNBrain to read it.')
    lines: list[str] = []
    for layer, mask in masks.items():
        if "=" in layer or "\n" in layer:
            raise FileProblem(f'The layer name "{layer}" cannot stand in a mask file.')
        axes = mask.by_axis()
        lines.append(f"{layer}={','.join(axes)}")
        lines += [",".join(str(number + 1) for number in numbers) for numbers in axes.values()]
    write_text(path, "\n".join(lines) + "\n")


def read_masks(path: Path, shapes: Mapping[str, tuple[int, ...]] | None = None) -> dict[str, Mask]:
    """Read masks of layers.

    Parameters
    ----------
    shapes : (n_chn, n_row, n_col) of each layer, to check the range of numbers; trailing sizes of 1
        may be left out. Blank lines and spaces are allowed.

    Raises
    ------
    FileProblem names the line of what is no mask, and a number that is 0 or too large; also for a
    file without any layer.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileProblem(f"{path.name} does not exist.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise FileProblem(f"{path.name} cannot be read: {error}.") from error
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    masks: dict[str, Mask] = {}
    place = 0
    while place < len(lines):
        number, line = lines[place]
        layer, sign, named = line.partition("=")
        axes = [axis.strip() for axis in named.split(",") if axis.strip()]
        if not sign or any(axis not in AXES for axis in axes) or len(set(axes)) < len(axes):
            raise FileProblem(
                f"{path.name}, line {number}: a layer is given as NAME=chn,row,col with any of "
                f'the three, not as "{line[:40]}".'
            )
        layer = layer.strip()
        if shapes is not None and layer not in shapes:
            raise FileProblem(f'{path.name}, line {number}: this network has no layer "{layer}".')
        sizes = (*(shapes or {}).get(layer, ()), 1, 1, 1)[:3] if shapes else None
        kept = {}
        for axis, found in zip(axes, lines[place + 1 :], strict=False):
            limit = sizes[AXES.index(axis)] if sizes else None
            kept[axis] = mask_numbers(path, found[0], found[1], axis, limit)
        if len(kept) < len(axes):
            raise FileProblem(f'{path.name}: numbers are missing after "{line[:40]}".')
        masks[layer] = Mask(*(kept.get(axis) for axis in AXES))
        place += 1 + len(axes)
    if not masks:
        raise FileProblem(f"{path.name} is empty: it holds the mask of no layer.")
    return masks


def mask_numbers(path: Path, line: int, text: str, axis: str, limit: int | None) -> tuple[int, ...]:
    """One line of numbers from 1, as indices from 0."""
    try:
        numbers = [int(word) for word in text.split(",") if word.strip()]
    except ValueError:
        raise FileProblem(
            f'{path.name}, line {line}: "{text[:40]}" is not a list of whole numbers.'
        ) from None
    what = {"chn": "channel", "row": "row", "col": "column"}[axis]
    for number in numbers:
        if number < 1:
            raise FileProblem(
                f"{path.name}, line {line}: {what} {number} is asked for; {what}s count from 1."
            )
        if limit is not None and number > limit:
            raise FileProblem(
                f"{path.name}, line {line}: {what} {number} is asked for; this layer has {limit}."
            )
    return tuple(number - 1 for number in numbers)
