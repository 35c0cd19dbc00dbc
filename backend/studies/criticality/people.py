"""Regional time series of people: 95 synthetic ones, or files of one's own (section 4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backend.core.files import FileProblem

PEOPLE, LENGTH, MODULES = 95, 180, 7
MEAN_H, SD_H = 0.86, 0.02
LEAST_H, MOST_H = 0.75, 0.98
COMMON = (0.3, 1.0)
"""Share of the common signal at the lowest and highest H: the relation that is built in. Chosen,
with the noise, so that all six directions of Figure 1 are there at T_d .4."""
NOISE = 0.7
"""SD of what each region has for itself, beside a common part of SD 1."""
ENDINGS = (".csv", ".tsv", ".npy", ".nii", ".nii.gz")
FEWEST_ROWS = 8


@dataclass(frozen=True)
class Person:
    """Somebody's series, read when asked for.

    Attributes
    ----------
    read : gives (n_time, n_region), names of regions, and what is wrong with some, in words.
    """

    name: str
    read: Callable[[], tuple[np.ndarray, tuple[str, ...], list[str]]]


def synthetic_people(seed: int) -> list[Person]:
    """SYNTHETIC people whose connectivity rises with their Hurst exponent, by construction."""
    from backend.brain.connectome import synthetic

    rng = np.random.default_rng(seed)
    exponents = np.clip(rng.normal(MEAN_H, SD_H, PEOPLE), LEAST_H, MOST_H)
    connectome = synthetic()
    module = modules_of(connectome.places)

    def person(number: int) -> Person:
        def read() -> tuple[np.ndarray, tuple[str, ...], list[str]]:
            own = np.random.default_rng([seed, number])
            return synthetic_series(float(exponents[number]), module, own), connectome.labels, []

        return Person(f"synthetic {number + 1}", read)

    return [person(number) for number in range(PEOPLE)]


def modules_of(places: np.ndarray) -> np.ndarray:
    """Seven spatial clusters (k-means, seed 0)."""
    from scipy.cluster.vq import kmeans2

    return np.asarray(kmeans2(places, MODULES, minit="++", rng=np.random.default_rng(0))[1])


def synthetic_series(exponent: float, module: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Series (180, n_region): a common part, one of the module, and noise, of one exponent."""
    from backend.analysis.hurst import fractional_noise

    n = len(module)
    noise = fractional_noise(exponent, LENGTH, 1 + MODULES + n, rng)
    share = COMMON[0] + (COMMON[1] - COMMON[0]) * (exponent - LEAST_H) / (MOST_H - LEAST_H)
    common, own = noise[:, :1], noise[:, 1 + MODULES :]
    return np.sqrt(share) * common + np.sqrt(1 - share) * noise[:, 1 + module] + NOISE * own


# ---- files --------------------------------------------------------------------------------


def ending_of(path: Path) -> str:
    """The ending by which a file is read; "" for another."""
    name = path.name.lower()
    return next((ending for ending in reversed(ENDINGS) if name.endswith(ending)), "")


def files_of(path: Path, atlas: Path | None) -> list[Path]:
    """Files of series in a folder, by name, or the one file.

    Raises
    ------
    FileProblem when there is none, or when volumes come without an atlas.
    """
    if not path.exists():
        raise FileProblem(f"{path.name} does not exist. Choose it again.")
    found = sorted(p for p in path.iterdir() if p.is_file()) if path.is_dir() else [path]
    found = [p for p in found if ending_of(p) and (atlas is None or p.resolve() != atlas.resolve())]
    if not found:
        raise FileProblem(
            f"{path.name} holds no time series. CSV, TSV, NPY and NIfTI are read: a row a moment, "
            "a column a region."
        )
    if atlas is None and any(ending_of(p).startswith(".nii") for p in found):
        raise FileProblem("Volumes need an atlas that names the region of each voxel. Choose one.")
    if atlas is not None and not atlas.is_file():
        raise FileProblem(f"{atlas.name} does not exist. Choose the atlas again.")
    return found


def own_people(path: Path, atlas: Path | None) -> list[Person]:
    """A person a file."""

    def person(file: Path) -> Person:
        return Person(file.name.removesuffix(ending_of(file)), lambda: read_series(file, atlas))

    return [person(file) for file in files_of(path, atlas)]


def read_series(path: Path, atlas: Path | None) -> tuple[np.ndarray, tuple[str, ...], list[str]]:
    """Series (n_time, n_region) of a file, the regions' names, and which cannot be correlated.

    Columns that are constant or have missing values become 0 and are named.
    """
    if ending_of(path).startswith(".nii"):
        assert atlas is not None
        values, labels = of_volumes(path, atlas)
    elif ending_of(path) == ".npy":
        values, labels = of_array(path), ()
    else:
        values, labels = of_text(path)
    if values.ndim != 2 or values.shape[0] < FEWEST_ROWS or values.shape[1] < 2:
        shape = " × ".join(map(str, values.shape))
        raise FileProblem(
            f"{path.name} is {shape}; at least {FEWEST_ROWS} moments of 2 regions are needed."
        )
    if len(labels) != values.shape[1]:
        labels = tuple(str(i + 1) for i in range(values.shape[1]))
    return cleaned(values, labels)


def cleaned(
    values: np.ndarray, labels: tuple[str, ...]
) -> tuple[np.ndarray, tuple[str, ...], list[str]]:
    """Values without columns that have no correlation, and the sentence that names these."""
    missing = ~np.isfinite(values).all(axis=0)
    values = np.where(missing, 0.0, values)
    constant = (np.ptp(values, axis=0) == 0) & ~missing
    said = []
    for which, words in ((constant, "constant"), (missing, "missing values")):
        if which.any():
            names = [labels[i] for i in np.flatnonzero(which)]
            more = f" and {len(names) - 5} more" if len(names) > 5 else ""
            said.append(f"{words} in {', '.join(names[:5])}{more}")
    return values, labels, said


def of_array(path: Path) -> np.ndarray:
    """A NumPy array."""
    try:
        return np.asarray(np.load(path, allow_pickle=False), float)
    except (ValueError, OSError, EOFError) as error:
        raise FileProblem(f"{path.name} is damaged or no array of numbers.") from error


def of_text(path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """Numbers with or without a first line of names; n/a and empty cells are missing."""
    try:
        lines = [line for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise FileProblem(f"{path.name} cannot be read as text.") from error
    if not lines:
        raise FileProblem(f"{path.name} is empty.")
    separator = "\t" if "\t" in lines[0] else ","
    rows = [[cell.strip() for cell in line.split(separator)] for line in lines]
    labels: tuple[str, ...] = ()
    if any(number_of(cell) is None for cell in rows[0]):
        labels, rows = tuple(rows[0]), rows[1:]
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        raise FileProblem(f"{path.name} has rows of {min(widths)} to {max(widths)} numbers.")
    values = []
    for place, row in enumerate(rows):
        numbers = [number_of(cell) for cell in row]
        if None in numbers:
            bad = numbers.index(None)
            raise FileProblem(
                f'{path.name}, row {place + 1}, column {bad + 1}: "{row[bad][:20]}" is no number.'
            )
        values.append(numbers)
    return np.array(values, float).reshape(len(rows), -1), labels


def number_of(cell: str) -> float | None:
    """The number of a cell, NaN for a missing one, None for a word."""
    if cell.lower() in ("", "n/a", "na", "nan"):
        return float("nan")
    try:
        return float(cell)
    except ValueError:
        return None


def of_volumes(path: Path, atlas: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """Mean of each region of an atlas (whole numbers, 0 is outside) in volumes of its space."""
    from backend.brain import images

    volumes, regions = images.read(path), images.read(atlas)
    if regions.space != volumes.space:
        raise FileProblem(
            f"{atlas.name} has {images.sizes(regions.space)} voxels, {path.name} "
            f"{images.sizes(volumes.space)}. The atlas must be in the space of the volumes."
        )
    names = np.rint(np.nan_to_num(regions.data[0])).astype(np.int64)
    labels, place = np.unique(names, return_inverse=True)
    count = np.bincount(place)
    means = np.stack([
        np.bincount(place, weights=volume, minlength=len(labels)) / count
        for volume in volumes.data
    ])  # fmt: skip
    inside = labels != 0
    return means[:, inside], tuple(str(label) for label in labels[inside])
