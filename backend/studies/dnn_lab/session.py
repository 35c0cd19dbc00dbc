"""One run's network, pictures and labels, and what its layers know of the pictures."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.analysis.compression import Gram, gram, z_scored_patterns
from backend.analysis.rdm import label_means
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.core.recent import Recent
from backend.core.run import Run
from backend.studies.dnn_lab.parameters import DNNBrainParameters

if TYPE_CHECKING:
    from backend.brain.simulated_cortex import SimulatedCortex
    from backend.networks.network import Network

BATCH = 32
MEMORY_SHARE = 0.5
LABELS = ("label", "condition", "category", "class")
EXEMPLARS = 10
"""Of the embedded set: 64 categories × 10, exemplar seed 5 (specification, section 4)."""
TEST_EXEMPLARS = 16


@dataclass(frozen=True)
class Stimuli:
    """Pictures with what is known of each.

    ``label`` (n,) the class to probe; ``category`` (n,) a finer number, or the same.
    """

    images: Any
    label: np.ndarray
    category: np.ndarray
    names: tuple[str, ...]
    synthetic: str = ""

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


def stimuli_of(p: DNNBrainParameters) -> Stimuli:
    """The pictures of these parameters."""
    if p.stimuli == "own":
        return own_stimuli(p)
    from backend.stimuli import shapeworld

    transfer = p.stimuli == "transfer"
    categories = shapeworld.categories(32, 777 if transfer else 100)
    exemplars, seed = (EXEMPLARS, 5) if transfer else (TEST_EXEMPLARS, 2)
    made = shapeworld.images(categories, exemplars, seed)
    images = np.ascontiguousarray(made.transpose(0, 2, 3, 1))
    category = np.repeat(np.arange(len(categories)), exemplars)
    curvy = np.array([one.curvy for one in categories])[category]
    label = np.where(curvy, "curvy", "boxy")
    return Stimuli(images, label, category, ("boxy", "curvy"), "synthetic figures")


def own_stimuli(p: DNNBrainParameters) -> Stimuli:
    """A user's folder, list or set with a label column."""
    from backend.stimuli import set_files
    from backend.stimuli.importing import listed_in
    from backend.stimuli.picture_files import PictureFiles
    from backend.studies.sparse.material import column_of

    if not p.folder:
        raise ParameterError("folder", "Your own pictures need a folder, a list or a set.")
    path = Path(p.folder)
    if not path.exists():
        raise FileProblem(f"{path.name} does not exist. Choose the folder again.")
    if path.name.lower().endswith((".stim.csv", ".npz")) or (path / "set.json").is_file():
        stored = set_files.load(path)
        columns = {key: one for key, one in stored.table.items() if key != "name"}
        images: Any = stored.images
    else:
        listed = listed_in(path)
        columns, images = listed.labels, PictureFiles(listed.files, 224, 224)
    words = np.array([str(word) for word in column_of(columns, p.label, path.name)])
    names, number = np.unique(words, return_inverse=True)
    return Stimuli(images, words, number, tuple(str(name) for name in names))


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
        self.stimuli = stimuli_of(self.p)
        weights = Path(self.p.weights) if self.p.weights else None
        seed = self.p.training_seed if self.p.network == "mini-a" else 0
        self.cortex: SimulatedCortex | None = None
        self.means: list[np.ndarray] = []
        """Category means of the five layers that the simulated brain is made from."""
        self.network: Network = open_network(self.p.network, weights, seed)
        if self.network.untrained:
            run.note("The weights are random: this network has never learned anything.")
        if not self.stimuli.synthetic:
            run.note("The pictures are your own, not the generated ones.")

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

    def key(self) -> tuple[object, ...]:
        """What a scan depends on."""
        p = self.p
        return (
            p.network, p.training_seed, p.weights, p.layers, p.before, p.pooling, p.stimuli,
            p.folder, p.label, p.brain, p.betas,
        )  # fmt: skip

    def _scan(self) -> list[LayerData]:
        from backend.networks.layers import find
        from backend.networks.scan import stream

        names = self.layer_names()
        n = len(self.stimuli)
        shapes = {name: find(self.network, name).shape for name, _, _ in names}
        pooled = self.p.pooling != "none"
        units = {k: int(s[0]) if pooled else int(np.prod(s)) for k, s in shapes.items()}
        check_memory(units, n)
        store = {name: np.empty((n, width), np.float32) for name, width in units.items()}
        pooling = self.p.pooling if pooled else None
        for rows, values in stream(
            self.network, self.stimuli.images, list(units), BATCH, pooling, check=self.run.check
        ):
            for name, block in values.items():
                store[name][rows] = block.reshape(len(block), -1)
            self.run.progress(rows.stop, n, "pictures")
        self.cortex = self._cortex(names, store, shapes)
        found = []
        for name, shown, rectified in names:
            self.run.status(f"Comparing patterns of {shown}")
            features = store.pop(name)
            raw = gram(features, check=self.run.check)
            patterns = gram(z_scored_patterns(features), check=self.run.check)
            found.append(LayerData(name, shown, rectified, raw, patterns))
        return found

    def _cortex(
        self, names: list[tuple[str, str, bool]], store: dict[str, np.ndarray],
        shapes: dict[str, tuple[int, ...]],
    ) -> SimulatedCortex | None:  # fmt: skip
        """The simulated cortex of five rectified layers with places, spread over the depth."""
        from backend.brain.simulated_cortex import simulated_cortex

        if self.p.brain != "simulated":
            return None
        spatial = [name for name, _, rectified in names if rectified and len(shapes[name]) == 3]
        if len(spatial) < 5 or len(self.stimuli) <= 50:
            return None
        chosen = [spatial[i] for i in np.linspace(0, len(spatial) - 1, 5).round().astype(int)]
        self.run.status("Simulating the cortex")
        self.means = [label_means(store[name], self.stimuli.category)[0] for name in chosen]
        return simulated_cortex([store[name] for name in chosen], 0, self.run.check)

    def brain(self) -> np.ndarray:
        """(pictures, vertices) responses; ParameterError or FileProblem in words."""
        if self.p.brain == "own":
            return own_brain(self.p, len(self.stimuli))
        if self.cortex is None:
            raise ParameterError(
                "brain", "The simulated cortex needs five rectified layers with places and more "
                "than 50 pictures. Leave Layers empty, or choose your own responses.",
            )  # fmt: skip
        return self.cortex.responses

    def pixels(self) -> Gram:
        """Inner products of the pictures themselves: the baseline of every readout."""
        images = np.asarray(self.stimuli.images[:], np.float32)
        return gram(images.reshape(len(images), -1))


def own_brain(p: DNNBrainParameters, pictures: int) -> np.ndarray:
    """A user's responses from a file, a row a picture."""
    if not p.betas:
        raise ParameterError("betas", "Your own responses need a file. Choose one.")
    path = Path(p.betas)
    try:
        if path.suffix.lower() == ".npy":
            values = np.load(path, allow_pickle=False)
        elif path.suffix.lower() == ".npz":
            with np.load(path, allow_pickle=False) as stored:
                values = stored[stored.files[0]]
        else:
            delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
            values = np.genfromtxt(path, delimiter=delimiter, skip_header=0)
            if np.isnan(values[0]).all():
                values = values[1:]
    except (OSError, ValueError, IndexError, KeyError) as error:
        raise FileProblem(f"{path.name} cannot be read as an array of numbers.") from error
    if values.ndim != 2:
        axes = "one axis" if values.ndim == 1 else f"{values.ndim} axes"
        raise FileProblem(f"{path.name} has {axes}; pictures × vertices are needed.")
    if len(values) != pictures:
        raise FileProblem(
            f"{path.name} holds {len(values)} rows; there are {pictures} pictures. Match them."
        )
    if not np.issubdtype(values.dtype, np.number):
        raise FileProblem(f"{path.name} holds words, not numbers.")
    values = np.asarray(values, float)
    if np.isfinite(values).all() and not np.ptp(values, axis=0).any():
        raise FileProblem(f"No vertex of {path.name} varies over pictures. Check the file.")
    return values


def check_memory(units: dict[str, int], pictures: int) -> None:
    """Refuse a scan that does not fit, before it starts, with what would help."""
    from backend.networks.scan import free_memory

    need = 4 * pictures * sum(units.values()) + 16 * len(units) * pictures**2
    room = free_memory()
    if need > MEMORY_SHARE * room:
        raise ParameterError(
            "pooling",
            f"{len(units)} layers of {pictures} pictures need {need / 1e9:.1f} GB; "
            f"{MEMORY_SHARE * room / 1e9:.1f} GB may be used. Pool over places, or name fewer "
            "layers.",
            "mean",
        )
