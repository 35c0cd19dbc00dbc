"""Structural connectomes: fibre counts between regions, from a file or the synthetic default.

The default is SYNTHETIC (13-criticality-fc, section 4): no scan of anybody. Its settings were
picked so that the automaton's optimum falls where the paper has it; see the study's notes.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from backend.core.files import FileProblem, replacing, write_text
from backend.core.objects import WorkspaceObject
from backend.core.parameters import ParameterError

REGIONS = 90
AXES_MM = (66.0, 86.0, 58.0)
DECAY_MM = 30.0
SCALE = 68.0
"""Fibres at distance 0 before spread: chosen so that the automaton's optimum lies at 0.52."""
LABEL = "SYNTHETIC connectome (no anatomy)"


@dataclass
class Connectome(WorkspaceObject):
    """Fibre counts of pairs of regions.

    Attributes
    ----------
    counts : (n, n) float64, symmetric, not negative, zero diagonal. labels : n names.
    places : (n, 3) mm, or empty when the file tells none.
    """

    formats: ClassVar[tuple[str, ...]] = ("csv", "npy", "graphml")
    kind: ClassVar[str] = "Connectome"
    counts: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    labels: tuple[str, ...] = ()
    places: np.ndarray = field(default_factory=lambda: np.empty((0, 3)))
    synthetic: bool = False

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def size(self) -> str:
        return f"{len(self)} regions"

    @property
    def isolated(self) -> list[str]:
        """Names of regions without a single fibre."""
        return [self.labels[i] for i in np.flatnonzero(~self.counts.any(axis=0))]

    def first(self, regions: int) -> Connectome:
        """The network of the first regions alone."""
        n = min(regions, len(self))
        places = self.places[:n]
        return Connectome(
            self.name, self.provenance, self.counts[:n, :n], self.labels[:n], places,
            self.synthetic,
        )  # fmt: skip

    def _save_csv(self, path: Path) -> None:
        lines = [",".join(self.labels)]
        lines += [",".join(f"{value:.12g}" for value in row) for row in self.counts]
        write_text(path, "\n".join(lines) + "\n")

    def _save_npy(self, path: Path) -> None:
        with replacing(path) as file:
            np.save(file, self.counts)

    def _save_graphml(self, path: Path) -> None:
        import networkx

        graph = networkx.from_numpy_array(self.counts)
        networkx.set_node_attributes(graph, dict(enumerate(self.labels)), "label")
        with replacing(path) as file:
            networkx.write_graphml(graph, file)


@functools.lru_cache(maxsize=8)
def synthetic(seed: int = 13) -> Connectome:
    """The generated connectome of 90 regions, 45 a hemisphere; a seed gives it everywhere.

    Fibres fall with distance, spread log-normally, are alike in both hemispheres, half as many
    across them and four times between homotopic regions (section 4).
    """
    rng = np.random.default_rng(seed)
    half = REGIONS // 2
    places = spread_places(rng, half)
    gap = places[:, None] - places[None]
    distance = np.sqrt((gap**2).sum(axis=2))
    noise = np.triu(rng.normal(size=(REGIONS, REGIONS)), 1)
    noise = noise + noise.T
    swapped = np.roll(noise, (half, half), axis=(0, 1))
    counts = SCALE * np.exp(-distance / DECAY_MM + 0.5 * (0.8 * noise + 0.6 * swapped))
    side = np.arange(REGIONS) < half
    counts[side[:, None] != side] *= 0.5
    left, right = np.arange(half), np.arange(half) + half
    counts[left, right] *= 4
    counts[right, left] *= 4
    np.fill_diagonal(counts, 0)
    counts = np.round((counts + counts.T) / 2)
    labels = tuple(f"{side} {i + 1}" for side in ("R", "L") for i in range(half))
    return Connectome("Synthetic connectome", {"seed": seed}, counts, labels, places, True)


def spread_places(rng: np.random.Generator, half: int) -> np.ndarray:
    """Centres (2 half, 3) in mm in a shell, far from each other: the right ones, then the left."""
    cloud = rng.uniform(-1, 1, (20000, 3))
    radius = np.sqrt((cloud**2).sum(axis=1))
    cloud = cloud[(radius > 0.55) & (radius < 1)] * AXES_MM
    cloud = cloud[cloud[:, 0] > 6]
    chosen = [cloud[0]]
    nearest = np.sqrt(((cloud - chosen[0]) ** 2).sum(axis=1))
    for _ in range(half - 1):
        best = int(np.argmax(nearest * rng.uniform(0.7, 1, len(nearest))))
        chosen.append(cloud[best])
        nearest = np.minimum(nearest, np.sqrt(((cloud - cloud[best]) ** 2).sum(axis=1)))
    right = np.array(chosen)
    return np.concatenate([right, right * (-1, 1, 1)])


def read(path: Path, symmetrise: bool = False) -> Connectome:
    """A matrix of fibre counts from CSV, TSV, NPY or MATLAB v5, checked.

    Raises
    ------
    FileProblem for an unreadable file or a matrix that is not square, finite, non-negative or, when
    not ``symmetrise``, symmetric; all zero.
    """
    if not path.is_file():
        raise FileProblem(f"{path.name} does not exist. Choose it again.")
    counts, labels = _matrix(path)
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or not counts.size:
        raise FileProblem(
            f"{path.name} is {' × '.join(map(str, counts.shape))}, not square. A connectome has a "
            "row and a column for each region."
        )
    return checked(counts, labels, path.name, symmetrise)


def checked(
    counts: np.ndarray, labels: tuple[str, ...], name: str, symmetrise: bool = False
) -> Connectome:
    """A connectome of these counts, or the sentence that says what is wrong with them."""
    bad = ~np.isfinite(counts)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise FileProblem(f"{name} has {bad.sum()} entries that are no numbers, the first in row "
                          f"{row + 1}, column {column + 1}.")  # fmt: skip
    if (counts < 0).any():
        raise FileProblem(f"{name} has {(counts < 0).sum()} negative entries; fibres are counted.")
    counts = counts - np.diag(np.diag(counts))
    if not counts.any():
        raise FileProblem(f"{name} is all zero: no region is connected to another.")
    if not np.allclose(counts, counts.T, rtol=1e-6, atol=0):
        if not symmetrise:
            pairs = int((~np.isclose(counts, counts.T, rtol=1e-6, atol=0)).sum() // 2)
            words = "1 pair differs" if pairs == 1 else f"{pairs:,} pairs differ"
            raise ParameterError(
                "symmetrise", f"{name} is not symmetric: {words}. Symmetrise takes the mean of "
                "both directions.", True,
            )  # fmt: skip
        counts = (counts + counts.T) / 2
    if len(labels) != len(counts):
        labels = tuple(str(i + 1) for i in range(len(counts)))
    return Connectome(Path(name).stem, {"file": name}, counts, labels)


def _matrix(path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """Numbers of a file, and the names of regions where it has them."""
    ending = path.suffix.lower()
    try:
        if ending == ".npy":
            return np.asarray(np.load(path, allow_pickle=False), float), ()
        if ending == ".mat":
            return _of_matlab(path), ()
        if ending in (".csv", ".tsv", ".txt"):
            return _of_text(path)
    except FileProblem:
        raise
    except Exception as error:  # the readers raise many kinds on damaged files
        raise FileProblem(f"{path.name} is damaged: {str(error).splitlines()[0][:80]}.") from error
    raise FileProblem(f"{path.name} is no connectome that is read: .csv, .tsv, .npy, .mat.")


def _of_matlab(path: Path) -> np.ndarray:
    from scipy.io import loadmat

    try:
        held: dict[str, Any] = loadmat(path)
    except NotImplementedError:
        raise FileProblem(
            f"{path.name} was saved as MATLAB v7.3. Save it with -v6 or as CSV."
        ) from None
    square = [
        one for key, one in held.items()
        if not key.startswith("__") and getattr(one, "ndim", 0) == 2 and one.dtype.kind in "fiu"
        and one.shape[0] == one.shape[1] > 1
    ]  # fmt: skip
    if len(square) != 1:
        raise FileProblem(f"{path.name} holds {len(square)} square matrices; it must hold one.")
    return np.asarray(square[0], float)


def _of_text(path: Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """Numbers with or without a first line of names, separated by commas, tabs or spaces."""
    lines = [line for line in path.read_text("utf-8-sig").splitlines() if line.strip()]
    if not lines:
        raise FileProblem(f"{path.name} is empty.")
    separator = "\t" if "\t" in lines[0] else "," if "," in lines[0] else None
    rows = [[cell.strip() for cell in line.split(separator)] for line in lines]
    labels: tuple[str, ...] = ()
    if not _numbers(rows[0]):
        labels, rows = tuple(rows[0]), rows[1:]
    widths = {len(row) for row in rows}
    if len(widths) > 1:
        raise FileProblem(f"{path.name} has rows of {min(widths)} to {max(widths)} numbers.")
    for number, row in enumerate(rows, 1 + bool(labels)):
        for cell in row:
            if not _numbers([cell]):
                raise FileProblem(f'Line {number} of {path.name} holds "{cell}", which is no '
                                  "number.")  # fmt: skip
    return np.array([[float(cell) for cell in row] for row in rows]), labels


def _numbers(cells: list[str]) -> bool:
    try:
        [float(cell) for cell in cells]
    except ValueError:
        return False
    return True
