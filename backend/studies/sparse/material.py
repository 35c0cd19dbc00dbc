"""What the study shows and to whom: categories of pictures, and the network."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.studies.sparse.parameters import SparseCodingParameters

LABELS = ("category", "label", "condition", "class")
LEAST = 3
"""z-scoring over categories needs at least three."""
SIDES = {"alexnet": 224, "vgg11": 224, "resnet152": 224, "googlenet": 224}
ARCHITECTURES = {"alexnet": "AlexNet", "vgg11": "VGG11"}


class Sliceable(Protocol):
    """Pictures in memory or on disk: a length, and slices that are arrays."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any) -> np.ndarray: ...


@dataclass(frozen=True)
class Material:
    """Pictures sorted into categories.

    Attributes
    ----------
    images : (n, H, W[, 3]), uint8 or float32 in [0, 1], in memory or read on demand.
    category : (n,) number of the category; ``names`` one word each.
    exemplar : (n,) number within the category, from 0.
    known : the network was trained on these categories, in this order.
    key : identifies the pictures; equal keys, equal pictures.
    synthetic : label of generated pictures; "" for a user's own.
    notes : what a reader must know of the selection.
    """

    images: Sliceable
    category: np.ndarray
    names: tuple[str, ...]
    key: tuple[Any, ...]
    known: bool = False
    synthetic: str = ""
    notes: tuple[str, ...] = ()

    @property
    def exemplar(self) -> np.ndarray:
        """Number of each picture within its category."""
        order = np.argsort(self.category, kind="stable")
        counts = np.bincount(self.category, minlength=len(self.names))
        number = np.empty(len(self.category), int)
        number[order] = np.concatenate([np.arange(n) for n in counts])
        return number

    def of_category(self, category: int, most: int = 16) -> np.ndarray:
        """The first pictures of a category, as they are shown."""
        return np.asarray(self.images[np.flatnonzero(self.category == category)[:most]])


def material_of(p: SparseCodingParameters) -> Material:
    """The pictures of these parameters; FileProblem or ParameterError in words."""
    if p.pictures in ("test", "transfer"):
        return shapeworld(p.pictures, p.categories, p.exemplars)
    if p.pictures == "digits":
        return digits(p.exemplars)
    if not p.folder:
        raise ParameterError("folder", "Your own pictures need a folder or a list. Choose one.")
    return own(Path(p.folder), p.label, p.categories, p.exemplars, SIDES.get(p.network, 32))


@functools.lru_cache(maxsize=4)
def shapeworld(which: str, categories: int, exemplars: int) -> Material:
    """The embedded sets of the specification, section 4; two categories an outline."""
    from backend.stimuli import shapeworld as world

    transfer = which == "transfer"
    most = 128 if transfer else 64
    if categories > most:
        raise ParameterError(
            "categories", f"This ShapeWorld set has {most} categories; {categories} were asked.",
            most,
        )  # fmt: skip
    outlines = world.categories(-(-categories // 2), 777 if transfer else 100)
    pictures = world.images(outlines, exemplars, 3 if transfer else 2)
    n = categories * exemplars
    category = np.repeat(np.arange(categories), exemplars)
    names = tuple(f"outline {c // 2 + 1}, {'low' if c % 2 == 0 else 'high'} band"
                  for c in range(categories))  # fmt: skip
    images = np.ascontiguousarray(pictures[:n].transpose(0, 2, 3, 1))
    return Material(
        images, category, names, (which, categories, exemplars), known=not transfer,
        synthetic="synthetic figures",
    )  # fmt: skip


@functools.lru_cache(maxsize=2)
def digits(exemplars: int) -> Material:
    """scikit-learn's handwritten digits, four times enlarged; ten categories only."""
    from sklearn.datasets import load_digits

    found = load_digits()
    rows = [np.flatnonzero(found.target == digit)[:exemplars] for digit in range(10)]
    chosen = np.concatenate(rows)
    small = (found.images[chosen] / 16.0).astype(np.float32)
    images = np.repeat(np.repeat(small, 4, axis=1), 4, axis=2)
    return Material(
        images, found.target[chosen].astype(int), tuple("0123456789"), ("digits", exemplars),
        notes=("Ten categories are too few for correlations with accuracy.",),
    )  # fmt: skip


def own(path: Path, label: str, categories: int, exemplars: int, side: int) -> Material:
    """A user's folder, list or exported set; the first exemplars of the first categories."""
    from backend.stimuli.importing import listed_in
    from backend.stimuli.picture_files import PictureFiles

    if not path.exists():
        raise FileProblem(f"{path.name} does not exist. Choose the folder again.")
    if path.name.lower().endswith((".stim.csv", ".npz")) or (path / "set.json").is_file():
        return of_set(path, label, categories, exemplars)
    listed = listed_in(path)
    words = [str(w) for w in column_of(listed.labels, label, path.name)]
    chosen, category, names, notes = choose(words, categories, exemplars)
    files = PictureFiles([listed.files[i] for i in chosen], side, side)
    stamp = tuple((str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in files.files)
    return Material(files, category, names, ("own", hash(stamp), side), notes=notes)


def of_set(path: Path, label: str, categories: int, exemplars: int) -> Material:
    """A stimulus set of the studio."""
    from backend.stimuli import set_files

    stimuli = set_files.load(path)
    table = {key: values for key, values in stimuli.table.items() if key != "name"}
    words = [str(w) for w in column_of(table, label, path.name)]
    chosen, category, names, notes = choose(words, categories, exemplars)
    stamp = path.stat()
    key = ("set", str(path), stamp.st_size, stamp.st_mtime_ns, label, categories, exemplars)
    images = np.asarray(stimuli.images)[chosen]
    return Material(images, category, names, key, synthetic=stimuli.synthetic, notes=notes)


def column_of(columns: dict[str, list[Any]], label: str, file: str) -> list[Any]:
    """The label column: the named one, or the first of the usual names."""
    if label:
        if label not in columns:
            there = ", ".join(columns) or "none"
            raise ParameterError("label", f"{file} has no column {label}. There are: {there}.")
        return columns[label]
    for name in LABELS:
        if name in columns:
            return columns[name]
    raise FileProblem(
        f"{file} does not say the categories. Give a folder with one sub-folder a category, or "
        f"name the label column."
    )


def choose(
    words: list[str], categories: int, exemplars: int
) -> tuple[np.ndarray, np.ndarray, tuple[str, ...], tuple[str, ...]]:
    """First exemplars of the first categories: rows, category numbers, names, notes."""
    clutter = sorted({w for w in words if "clutter" in w.lower()})
    names = [w for w in dict.fromkeys(words) if w and w not in clutter][:categories]
    if len(names) < LEAST:
        raise FileProblem(
            f"There are {len(names)} categories; z-scoring over categories needs at least {LEAST}."
        )
    places = {name: number for number, name in enumerate(names)}
    taken = np.zeros(len(names), int)
    rows, category = [], []
    for row, word in enumerate(words):
        number = places.get(word)
        if number is not None and taken[number] < exemplars:
            taken[number] += 1
            rows.append(row)
            category.append(number)
    notes = []
    if clutter:
        notes.append(f"Left out: {', '.join(clutter)} (a clutter class).")
    if (taken < exemplars).any():
        few = int((taken < exemplars).sum())
        notes.append(f"{few} of {len(names)} categories have fewer than {exemplars} pictures.")
    return np.array(rows), np.array(category), tuple(names), tuple(notes)
