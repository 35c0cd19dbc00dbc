"""One run's network, pictures and labels, and what its layers know of the pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.analysis.compression import Gram, gram, z_scored_patterns
from backend.analysis.rdm import label_means
from backend.core.files import revision
from backend.core.parameters import ParameterError
from backend.core.recent import Recent
from backend.core.run import Run
from backend.networks.network import Preprocessing
from backend.stimuli.own_pictures import LABELS, own_pictures
from backend.studies.dnn_lab.parameters import DNNBrainParameters

if TYPE_CHECKING:
    from backend.brain.simulated_cortex import SimulatedCortex
    from backend.networks.network import Network
    from backend.studies.dnn_lab.brain import Brain

BATCH = 32
BASELINE_PX = 64
MEMORY_SHARE = 0.5
"""Of what is free that pairs of pictures may take."""
EXEMPLARS = 10
"""Of the embedded set: 64 categories × 10, exemplar seed 5 (specification, section 4)."""
TEST_EXEMPLARS = 16
UNLABELLED = ("encode", "topography")
"""Procedures that ask nothing of the classes."""


@dataclass(frozen=True)
class Stimuli:
    """Pictures with what is known of each.

    ``label`` (n,) the class to probe; ``category`` (n,) a finer number, or the same; ``pictures``
    their names; ``columns`` what else a list says of them, n values each.
    """

    images: Any
    label: np.ndarray
    category: np.ndarray
    names: tuple[str, ...]
    synthetic: str = ""
    pictures: tuple[str, ...] = ()
    columns: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.images)


@dataclass
class LayerData:
    """What is kept of a layer: inner products, never its activations.

    ``raw`` of the activations about their means, ``patterns`` of patterns z-scored per picture.
    """

    name: str
    shown: str
    rectified: bool
    raw: Gram
    patterns: Gram


def stimuli_of(p: DNNBrainParameters, network: Network, labelled: bool = True) -> Stimuli:
    """The pictures of these parameters, at the size the network takes them.

    Without ``labelled`` pictures whose classes nobody knows are taken too.
    """
    if p.stimuli == "own":
        found = own_pictures(p.folder, *network.preprocessing.reading)
        known = labelled or p.label or any(name in found.columns for name in LABELS)
        of = found.column(p.label, Path(p.folder).name) if known else found.names
        words = np.array([str(word) for word in of])
        names, number = np.unique(words, return_inverse=True)
        return Stimuli(found.images, words, number, tuple(map(str, names)), found.synthetic,
                       tuple(found.names), found.columns)  # fmt: skip
    from backend.stimuli import shapeworld

    transfer = p.stimuli == "transfer"
    categories = shapeworld.categories(32, 777 if transfer else 100)
    exemplars, seed = (EXEMPLARS, 5) if transfer else (TEST_EXEMPLARS, 2)
    images, category, curvy = shapeworld.labelled(categories, exemplars, seed)
    label = np.where(curvy, "curvy", "boxy")
    numbers = tuple(str(i) for i in range(1, len(images) + 1))
    return Stimuli(images, label, category, ("boxy", "curvy"), "synthetic figures", numbers)


@dataclass
class Scan:
    """What one pass of the pictures left."""

    layers: list[LayerData]
    cortex: SimulatedCortex | None
    means: list[np.ndarray]


SCANS: Recent[Scan] = Recent(4)


class Session:
    """Opens what a procedure needs, with progress and a look at the memory before the pass."""

    def __init__(self, run: Run) -> None:
        from backend.networks.opening import open_network

        self.run = run
        self.p: DNNBrainParameters = run.parameters
        run.status("Opening network and pictures")
        weights = Path(self.p.weights) if self.p.weights else None
        seed = self.p.training_seed if self.p.network == "mini-a" else 0
        self.network: Network = open_network(self.p.network, weights, seed)
        self.stimuli = stimuli_of(self.p, self.network, run.procedure not in UNLABELLED)
        self.cortex: SimulatedCortex | None = None
        self.means: list[np.ndarray] = []
        """Category means of the five layers that the simulated brain is made from."""
        self.watch: Callable[[slice, dict[str, np.ndarray]], None] | None = None
        """Shown the activations of each batch while the pictures are scanned."""
        if self.network.untrained:
            run.note("The weights are random: this network has never learned anything.")

    def layer_names(self) -> list[tuple[str, str, bool]]:
        """(recorded, shown, rectified): the layers asked for, ReLUs and what enters them."""
        from backend.networks.layers import find, layers, relu_layers

        words = [word.strip() for word in self.p.layers.split(",") if word.strip()]
        if words:
            return [(find(self.network, word).name, word, True) for word in words]
        relus = relu_layers(self.network)
        if not relus:
            some = [one for one in layers(self.network) if one.kind in ("Conv2d", "Linear")]
            return [(one.name, one.name, False) for one in some]
        found = []
        for one in relus:
            if self.p.before and len(one.follows) == 1:
                found.append((one.follows[0], one.follows[0], False))
            found.append((one.name, one.name, True))
        return found

    def scan(self) -> list[LayerData]:
        """Inner products of every layer over all pictures, from one pass; kept for the next."""
        key = self.key()
        kept = SCANS.get(key)
        if kept is not None:
            self.cortex, self.means = kept.cortex, kept.means
            return kept.layers
        found = self._scan()
        SCANS.put(key, Scan(found, self.cortex, self.means))
        return found

    def after(self) -> list[LayerData]:
        """The scanned layers without those that only stand before a ReLU for comparison."""
        return [one for one in self.scan() if one.rectified or not self.p.before]

    def key(self) -> tuple[object, ...]:
        """What a scan depends on, files by their revision."""
        p = self.p
        return (
            p.network, p.training_seed, revision(p.weights), p.layers, p.before, p.pooling,
            p.stimuli, revision(p.folder), p.label, p.brain, p.volumes,
        )  # fmt: skip

    def _scan(self) -> list[LayerData]:
        from backend.networks.scan import scan

        names = self.layer_names()
        products_fit(len(names), len(self.stimuli))
        pooling = None if self.p.pooling == "none" else self.p.pooling
        arrays = scan(
            self.network, self.stimuli.images, [name for name, _, _ in names], None, BATCH,
            pooling, check=self.run.check,
            progress=lambda done, total: self.run.progress(done, total, "pictures"),
            watch=self.watch,
        ).arrays  # fmt: skip
        self.cortex = self._cortex(names, arrays)
        found = []
        for name, shown, rectified in names:
            self.run.status(f"Comparing patterns of {shown}")
            features = arrays.pop(name)
            raw = gram(features, check=self.run.check)
            patterns = self._patterns(features)
            found.append(LayerData(name, shown, rectified, raw, patterns))
        return found

    def features(self, name: str) -> np.ndarray:
        """(pictures, channels, rows, columns) of one layer, from a pass of its own."""
        from backend.networks.scan import scan

        pooling = None if self.p.pooling == "none" else self.p.pooling
        found: np.ndarray = scan(
            self.network, self.stimuli.images, [name], None, BATCH, pooling, check=self.run.check,
            progress=lambda done, total: self.run.status(f"{done} of {total} pictures, {name}"),
        ).arrays[name]  # fmt: skip
        return found

    def _patterns(self, features: np.ndarray) -> Gram:
        """Products of patterns z-scored per picture; about nothing when they are convolved, as
        what all pictures share is a signal in the volumes."""
        patterns = z_scored_patterns(features)
        if self.p.volumes:
            return gram(patterns, "none", True, self.run.check)
        return gram(patterns, check=self.run.check)

    def _cortex(
        self, names: list[tuple[str, str, bool]], arrays: dict[str, np.ndarray]
    ) -> SimulatedCortex | None:
        """The simulated cortex of five rectified layers with places, spread over the depth."""
        from backend.brain.simulated_cortex import simulated_cortex

        if self.p.brain != "simulated":
            return None
        spatial = [name for name, _, rectified in names if rectified and self.has_places(name)]
        if len(spatial) < 5 or len(self.stimuli) <= 50:
            return None
        chosen = [spatial[i] for i in five_of(len(spatial))]
        self.run.status("Simulating the cortex")
        self.means = [label_means(arrays[name], self.stimuli.category)[0] for name in chosen]
        return simulated_cortex([arrays[name] for name in chosen], 0, self.run.check)

    def has_places(self, name: str) -> bool:
        """Whether a layer's units lie at places."""
        from backend.networks.layers import find

        return len(find(self.network, name).shape) == 3

    def brain(self) -> np.ndarray:
        """(pictures, vertices) responses; ParameterError or FileProblem in words."""
        return self.responses().values

    def responses(self) -> Brain:
        """Responses with their regions and ceiling; the simulated cortex after the scan."""
        from backend.studies.dnn_lab.brain import Brain, own_brain

        if self.p.brain == "own":
            return own_brain(self.p, len(self.stimuli))
        if self.cortex is None:
            raise ParameterError(
                "brain", "The simulated cortex needs five rectified layers with places and more "
                "than 50 pictures. Leave Layers empty, or choose your own responses.",
            )  # fmt: skip
        names = [
            shown for name, shown, good in self.layer_names() if good and self.has_places(name)
        ]
        regions = {
            f"reads {names[i]}": np.flatnonzero(self.cortex.layer == number)
            for number, i in enumerate(five_of(len(names)))
        }
        return Brain(self.cortex.responses, regions, self.cortex.ceiling)

    def rows_of(self, patterns: Gram, rows: int) -> Gram:
        """Inner products of the responses' rows: the pictures', or the volumes' H G Hᵀ."""
        if not self.p.volumes:
            return patterns
        from backend.analysis.hrf import design

        begin, length = onsets(self.p, self.stimuli)
        after = int((begin >= rows * self.p.TR).sum())
        if after == len(begin) or (begin < 0).any():
            raise ParameterError(
                "onset", f"The run lasts {rows * self.p.TR:g} s ({rows} volumes, TR "
                f"{self.p.TR:g} s); the onsets go from {begin.min():g} to {begin.max():g} s.",
            )  # fmt: skip
        if after:
            self.run.note(
                f"{after} of {len(begin)} pictures begin after the end of the run at "
                f"{rows * self.p.TR:g} s and say nothing of it. Check TR and onsets."
            )
        response = design(begin, length, rows, self.p.TR)
        return Gram(response @ patterns.matrix @ response.T, patterns.features)

    def pixels(self) -> Gram:
        """Inner products of the pictures themselves, at most 64 px a side: every readout's
        baseline."""
        size = self.network.preprocessing
        small = Preprocessing(
            min(size.height, BASELINE_PX), min(size.width, BASELINE_PX), 3, (0.0,) * 3, (1.0,) * 3
        )
        n = len(self.stimuli)
        pixels = np.empty((n, 3 * small.height * small.width), np.float32)
        for start in range(0, n, BATCH):
            self.run.check()
            block = np.asarray(self.stimuli.images[start : start + BATCH])
            pixels[start : start + BATCH] = small.prepare(block).flatten(1).numpy()
        return gram(pixels, check=self.run.check)


def five_of(layers: int) -> np.ndarray:
    """Five of so many layers, spread over the depth: those the simulated brain is made from."""
    return np.linspace(0, layers - 1, 5).round().astype(int)


def onsets(p: DNNBrainParameters, stimuli: Stimuli) -> tuple[np.ndarray, np.ndarray]:
    """When each picture began and how long it stayed, in s."""
    begin = seconds(stimuli, p.onset, "onset")
    if not p.duration:
        return begin, np.zeros(len(begin))
    return begin, seconds(stimuli, p.duration, "duration")


def seconds(stimuli: Stimuli, column: str, field: str) -> np.ndarray:
    """A column of numbers; ParameterError with the columns that are there."""
    if column not in stimuli.columns:
        there = ", ".join(stimuli.columns) or "none"
        raise ParameterError(
            field, f'The pictures have no column "{column}". There are: {there}. Volumes need '
            "onsets in seconds.",
        )  # fmt: skip
    return numbers_of(stimuli.columns[column], field, column)


def numbers_of(cells: Any, field: str, column: str) -> np.ndarray:
    """Numbers (n,) of a column; ParameterError names the first cell that is none."""
    found = []
    for row, cell in enumerate(cells, 1):
        try:
            found.append(float(cell))
        except (TypeError, ValueError):
            raise ParameterError(
                field, f'Row {row} of the column {column} is "{cell}", which is no number.'
            ) from None
    return np.array(found)


def products_fit(layers: int, pictures: int) -> None:
    """Refuse, before a scan starts, pictures whose pairs do not fit the memory."""
    from backend.networks.scan import free_memory

    need, room = 16 * layers * pictures**2, MEMORY_SHARE * free_memory()
    if need > room:
        raise ParameterError(
            "layers", f"The pairs of {pictures:,} pictures in {layers} layers need "
            f"{need / 1e9:.1f} GB; {room / 1e9:.1f} GB may be used. Name fewer layers or use "
            "fewer pictures.",
        )  # fmt: skip
