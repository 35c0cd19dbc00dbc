"""What the study shows and to whom: categories of pictures, and the network."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.stimuli.own_pictures import own_pictures
from backend.stimuli.picture_files import Chosen
from backend.studies.sparse.parameters import SparseCodingParameters

if TYPE_CHECKING:
    from backend.networks.network import Network
    from backend.networks.scan import Images

LEAST = 3
"""z-scoring over categories needs at least three."""


@dataclass(frozen=True)
class Material:
    """Pictures sorted into categories.

    Attributes
    ----------
    images : (n, H, W[, 3]), uint8 or float32 in [0, 1], in memory or read on demand.
    category : (n,) number of the category; ``names`` one word each.
    exemplar : (n,) number within the category, from 0.
    known : MiniAlexNet was trained on these categories, in this order.
    synthetic : label of generated pictures; "" for a user's own.
    notes : what a reader must know of the selection.
    """

    images: Images
    category: np.ndarray
    names: tuple[str, ...]
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


def material_of(p: SparseCodingParameters, network: Network) -> Material:
    """The pictures of these parameters; FileProblem or ParameterError in words."""
    if p.pictures in ("test", "transfer"):
        return shapeworld(p.pictures, p.categories, p.exemplars)
    if p.pictures == "digits":
        return digits(p.exemplars)
    found = own_pictures(p.folder, *network.preprocessing.reading)
    words = [str(word) for word in found.column(p.label, Path(p.folder).name)]
    chosen, category, names, notes = choose(words, p.categories, p.exemplars)
    images: Images = Chosen(found.images, chosen)
    return Material(images, category, names, synthetic=found.synthetic, notes=notes)


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
        images, category, names, known=not transfer, synthetic="synthetic figures",
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
        images, found.target[chosen].astype(int), tuple("0123456789"),
        notes=("Ten categories are too few for correlations with accuracy.",),
    )  # fmt: skip


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
