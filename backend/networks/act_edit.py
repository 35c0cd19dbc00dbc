"""Changed copies of activation files, one layer in memory at a time (05-dnnbrain, 2.1 to 2.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from backend.analysis.dnnbrain_files import AXES, Mask
from backend.core.files import FileProblem, read_json, write_json
from backend.core.parameters import ParameterError, unknown_name
from backend.networks.act_file import ENDING, Precision, load, write
from backend.networks.dnnbrain_names import layer_name
from backend.networks.layers import find
from backend.networks.scan import POOLINGS, Images, channels_first, scan

if TYPE_CHECKING:
    from backend.networks.layers import Layer
    from backend.networks.network import Network

WORDS = {"chn": "channel", "row": "row", "col": "column"}


class Layers(Mapping[str, np.ndarray]):
    """Layers of a file, (n_stim, n_chn, n_row, n_col) each, read when asked for.

    Parameters
    ----------
    path : an ``.act.h5`` file.
    masks : layers with the channels, rows and columns to keep; None for all.

    Raises
    ------
    ParameterError names a layer that is not there, or a number above the layer's.
    """

    def __init__(self, path: Path, masks: Mapping[str, Mask] | None = None) -> None:
        self.held = load(path)
        self.masks = {name: Mask() for name in self.held.layers} if masks is None else masks
        for name, mask in self.masks.items():
            if name not in self.held.shapes:
                raise unknown_name(name, self.held.shapes, "layer")
            in_range(name, self.held.shapes[name][1:], mask)

    def __len__(self) -> int:
        return len(self.masks)

    def __iter__(self) -> Iterator[str]:
        return iter(self.masks)

    def __getitem__(self, name: str) -> np.ndarray:
        return self.masks[name].of(self.held.read(name))

    @property
    def stimuli(self) -> int:
        """Rows."""
        return len(self.held)


class Changed(Mapping[str, np.ndarray]):
    """Layers after a change, made when asked for; ``told`` hears which one is done."""

    def __init__(
        self,
        layers: Mapping[str, np.ndarray],
        change: Callable[[str, np.ndarray], np.ndarray],
        told: Callable[[str], None],
    ) -> None:
        self.layers, self.change, self.told = layers, change, told

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[str]:
        return iter(self.layers)

    def __getitem__(self, name: str) -> np.ndarray:
        changed = self.change(name, self.layers[name])
        self.told(name)
        return changed


def write_changed(
    path: Path,
    layers: Mapping[str, np.ndarray],
    change: Callable[[str, np.ndarray], np.ndarray],
    told: Callable[[str], None],
) -> None:
    """Write what ``change`` makes of each layer; the file is whole or not there."""
    if not path.name.endswith(ENDING):
        raise FileProblem(f'{path.name} must end in "{ENDING}" for DNNBrain to read it.')
    write(path, Changed(layers, change, told))


def in_range(layer: str, shape: tuple[int, ...], mask: Mask) -> None:
    """Refuse numbers that a layer (n_chn, n_row, n_col) does not have, counted from 1."""
    for axis, numbers in mask.by_axis().items():
        size, what = shape[AXES.index(axis)], WORDS[axis]
        for number in numbers:
            if not 0 <= number < size:
                raise ParameterError(
                    f"-{axis}", f"{layer} has {size} {what}s, numbered 1 to {size}; {number + 1} "
                    "was asked."
                )  # fmt: skip


def pooled(values: np.ndarray, how: str) -> np.ndarray:
    """(n, n_chn, 1, 1): one number a channel over rows and columns (05-dnnbrain, 2.1)."""
    if how not in POOLINGS:
        raise unknown_name(how, POOLINGS, "pooling")
    flat = values.reshape(*values.shape[:2], -1)
    if how == "L1":
        one = np.abs(flat).sum(axis=2)
    elif how == "L2":
        one = np.sqrt(np.square(flat).sum(axis=2))
    elif how == "median":
        one = np.median(flat, axis=2)
    else:
        one = flat.max(axis=2) if how == "max" else flat.mean(axis=2)
    return one[:, :, None, None].astype(values.dtype)


def ablated(values: np.ndarray, mask: Mask, seed: int | None = None) -> np.ndarray:
    """A copy with the masked units at 0, or, with a seed, those of another stimulus each."""
    places = np.ix_(*(
        np.arange(size) if numbers is None else np.array(numbers, np.int64)
        for size, numbers in zip(
            values.shape, (None, mask.channels, mask.rows, mask.columns), strict=True
        )
    ))  # fmt: skip
    changed = values.copy()
    if seed is None:
        changed[places] = 0.0
    else:
        order = np.random.default_rng(seed).permutation(len(values))
        changed[places] = values[order][places]
    return changed


def scan_masked(
    path: Path,
    network: Network,
    images: Images,
    masks: Mapping[str, Mask],
    pooling: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    precision: Precision = "float32",
    check: Callable[[], None] | None = None,
) -> None:
    """Scan the masked part of layers, named as asked, into an activation file.

    Parameters
    ----------
    masks : our or DNNBrain's name of a layer → what to keep of it. Rows and columns are cut before
        pooling.
    """
    own = {name: layer_name(network, name) for name in masks}
    if len(set(own.values())) < len(own):
        raise ParameterError("-layer", "A layer is asked for under two names. Give it once.")
    for name, layer in own.items():
        in_range(name, kept_shape(find(network, layer)), masks[name])
    channels = {own[name]: mask.channels for name, mask in masks.items()
                if mask.channels is not None}  # fmt: skip
    places = {own[name]: Mask(None, mask.rows, mask.columns) for name, mask in masks.items()}
    cut = any(mask.by_axis() for mask in places.values())
    target = path.with_name(f".{path.name.removesuffix(ENDING)}.whole{ENDING}") if cut else path
    scan(network, images, list(own.values()), target, pooling=None if cut else pooling,
         channels=channels, precision=precision, check=check, progress=progress)  # fmt: skip
    if cut:

        def kept(_: str, values: np.ndarray) -> np.ndarray:
            return values if pooling is None else pooled(values, pooling)

        write_changed(path, Layers(target, places), kept, lambda _: None)
        target.unlink()
        record = target.with_name(target.name + ".json")
        cuts = {name: {"rows": mask.rows, "columns": mask.columns, "pooling": pooling}
                for name, mask in places.items()}  # fmt: skip
        write_json(path.with_name(path.name + ".json"), read_json(record) | {"cut": cuts})
        record.unlink()
    rename(path, {layer: name for name, layer in own.items() if layer != name})


def kept_shape(layer: Layer) -> tuple[int, ...]:
    """(n_chn, n_row, n_col) of a layer in an activation file."""
    return channels_first(layer, np.empty((1, *layer.shape), np.bool_)).shape[1:]


def rename(path: Path, names: Mapping[str, str]) -> None:
    """Give layers of a file other names."""
    import h5py

    if names:
        with h5py.File(path, "r+") as file:
            for old, new in names.items():
                file.move(old, new)
