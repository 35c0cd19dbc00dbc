"""Activations of many pictures in one pass, batch by batch (05-dnnbrain, section 2.1)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

import numpy as np

from backend.core.files import FileProblem, write_json
from backend.core.parameters import ParameterError, unknown_name
from backend.networks.act_file import ENDING, STRETCH, Activations, Precision, Stretches, load
from backend.networks.layers import Layer, find, first_tensor, hooked, layers

if TYPE_CHECKING:
    from torch import Tensor

    from backend.networks.network import Network

Pooling = Literal["mean", "max", "median", "L1", "L2"]
POOLINGS: tuple[str, ...] = get_args(Pooling)
LARGE = 64
"""Pixels from which pictures stay in their own order in memory, which convolves up to twice as
fast; below, rows first keep batches of 1 and of 64 within 1e-5 of each other."""
LARGEST_HALF = float(np.finfo(np.float16).max)


class Images(Protocol):
    """Pictures with a length, sliced into arrays: in memory or read on demand."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any) -> np.ndarray: ...


class _Enough(Exception):
    """The last wanted layer was reached; the rest of the pass is not needed."""


def stream(
    network: Network,
    images: Images,
    wanted: Sequence[str],
    batch: int = 32,
    pooling: str | None = None,
    channels: Mapping[str, Sequence[int]] | None = None,
    check: Callable[[], None] | None = None,
    start: int = 0,
) -> Iterator[tuple[slice, dict[str, np.ndarray]]]:
    """All layers of every batch from one forward pass each, which ends after the last of them.

    Parameters
    ----------
    wanted : layer names.
    pooling : one number a channel over its places: "mean", "max", "median", "L1" = sum |x|,
        "L2" = root of sum x²; None keeps the places.
    channels : layer → indices from 0 of the channels to keep.
    check : called before each batch; raises to cancel.
    start : picture to begin with, for a scan that goes on.

    Yields
    ------
    (rows, {layer: float32}) with (k, ...) as the module gives it, channels along the layer's
    ``channel_axis``; (k, channels) when pooled. An output that is overwritten in place later on is
    copied before. Memory is one batch's; only passes of this thread are listened to.
    """
    if batch < 1:
        raise ParameterError("batch", f"A batch has at least one picture, not {batch}.", 1)
    if pooling is not None and pooling not in POOLINGS:
        raise unknown_name(pooling, POOLINGS, "pooling")
    reader = _Reader(network, wanted, pooling, channels or {})
    way = network.preprocessing
    prepare = way.inputs if min(way.height, way.width) >= LARGE else way.prepare
    for first in range(start, len(images), batch):
        if check is not None:
            check()
        rows = slice(first, min(first + batch, len(images)))
        yield rows, reader.read(prepare(images[rows]))


class _Reader:
    """Reads layers during forward passes."""

    def __init__(
        self,
        network: Network,
        wanted: Sequence[str],
        pooling: str | None,
        channels: Mapping[str, Sequence[int]],
    ) -> None:
        if not wanted:
            raise ParameterError("layers", "No layer is chosen. Choose at least one.")
        self._module = network.module
        self._pooling = pooling
        every = layers(network)
        self._layers = found(network, wanted)
        self._channels = {
            name: chosen_channels(layer, channels[name])
            for name, layer in self._layers.items()
            if name in channels
        }
        self._last = [one.name for one in every if one.name in self._layers][-1]
        self._paths = frozenset(name.partition("#")[0] for name in self._layers)

    def read(self, x: Tensor) -> dict[str, np.ndarray]:
        """The layers' values for prepared pictures, in the order in which they were asked."""
        from backend.networks.runtime import torch

        taken: dict[str, Tensor] = {}
        storages: set[int] = set()

        def keep(name: str, part: Any, inputs: Any, output: Any) -> None:
            if name in self._layers:
                taken[name] = self._kept(name, first_tensor(output), storages)
            if name == self._last:
                raise _Enough

        hooks = hooked(self._module, keep, self._paths)
        with torch().inference_mode(), hooks, contextlib.suppress(_Enough):
            self._module(x)
        for name in self._layers:
            if name not in taken:
                raise ParameterError("layers", f"The network did not reach {name} on these "
                                     "pictures. Choose another layer.")  # fmt: skip
        return {name: taken[name].numpy() for name in self._layers}

    def _kept(self, name: str, output: Tensor, storages: set[int]) -> Tensor:
        layer = self._layers[name]
        if name in self._channels:
            output = output.index_select(layer.channel_axis, self._channels[name])
        if self._pooling is not None:
            return pooled(output.movedim(layer.channel_axis, 1), self._pooling)
        value = output.float()
        storage = value.untyped_storage()._cdata
        shared = (layer.altered and value is output) or storage in storages
        storages.add(storage)
        return value.clone() if shared else value


def found(network: Network, wanted: Sequence[str]) -> dict[str, Layer]:
    """The layers of these names, each once; ParameterError with the nearest for one that is none.

    The network's structure is looked at once, however many there are.
    """
    known = {one.name: one for one in layers(network)}
    return {name: known.get(name) or find(network, name) for name in dict.fromkeys(wanted)}


def chosen_channels(layer: Layer, chosen: Sequence[int]) -> Tensor:
    """The indices, when each is a channel of the layer."""
    from backend.networks.runtime import torch

    for index in chosen:
        if not 0 <= index < layer.channels:
            raise ParameterError(
                "channels", f"{layer.name} has {layer.channels} channels, numbered 1 to "
                f"{layer.channels}; {index + 1} was asked."
            )  # fmt: skip
    return torch().tensor([int(index) for index in chosen], dtype=torch().long)


def pooled(values: Tensor, pooling: str) -> Tensor:
    """(n, channels) of (n, channels, ...): one number over all places."""
    if values.ndim == 2:
        return values.float().clone()
    flat = values.flatten(2).float()
    if pooling == "mean":
        return flat.mean(dim=2)
    if pooling == "max":
        return flat.amax(dim=2)
    if pooling == "median":
        return flat.quantile(0.5, dim=2)
    return flat.abs().sum(dim=2) if pooling == "L1" else flat.square().sum(dim=2).sqrt()


def channels_first(layer: Layer, values: np.ndarray) -> np.ndarray:
    """(n, channels, rows, columns) of a layer's unpooled output, as DNNBrain keeps it.

    Tokens are rows with one column, heads have tokens as rows and features as columns, frames are
    rows of rows, and a unit of a fully connected layer has one place.
    """
    maps = np.moveaxis(values, layer.channel_axis, 1)
    if maps.ndim == 5:
        return maps.reshape(*maps.shape[:2], -1, maps.shape[4])
    return maps.reshape(*maps.shape, *[1] * (4 - maps.ndim))


@dataclass(frozen=True)
class Estimate:
    """What a scan will take.

    Attributes
    ----------
    total : bytes of all values, before compression. batch : bytes of one batch's. free : bytes
        that memory, or the disk of the target, has left.
    """

    total: int
    batch: int
    free: int

    @property
    def fits(self) -> bool:
        """Whether nine tenths of what is free are enough."""
        return self.total <= 0.9 * self.free


def estimate(
    network: Network,
    n: int,
    wanted: Sequence[str],
    path: Path | None = None,
    batch: int = 32,
    pooling: str | None = None,
    channels: Mapping[str, Sequence[int]] | None = None,
    precision: Precision = "float32",
) -> Estimate:
    """What a scan of n pictures will take, from the layers' shapes; nothing is run."""
    values = 0
    for name, layer in found(network, wanted).items():
        count = len(channels[name]) if channels and name in channels else layer.channels
        values += count if pooling else count * (layer.units // layer.channels)
    one = values * np.dtype(precision).itemsize
    if path is None:
        return Estimate(n * one, min(batch, n) * values * 4, free_memory())
    folder = next(one for one in (path.parent, *path.parents) if one.exists())
    return Estimate(n * one, min(batch, n) * values * 4, shutil.disk_usage(folder).free)


def free_memory() -> int:
    """Bytes of memory that programs can still take."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            rows = dict(line.split(":", 1) for line in file)
        return int(rows["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 4 << 30  # nothing tells: do not fill more than a small computer has


def scan(
    network: Network,
    images: Images,
    wanted: Sequence[str],
    path: Path | None = None,
    batch: int = 32,
    pooling: str | None = None,
    channels: Mapping[str, Sequence[int]] | None = None,
    precision: Precision = "float32",
    check: Callable[[], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
    watch: Callable[[slice, dict[str, np.ndarray]], None] | None = None,
) -> Activations:
    """Activations of layers for all pictures, (n, channels, rows, columns) each.

    Parameters
    ----------
    path : an ``.act.h5`` file, written as it goes with the memory of one batch. A scan that was
        cancelled or killed goes on where it ended when it is started again with the same network,
        layers and pictures. None keeps everything in memory.
    channels : layer → indices from 0 of the channels to keep. progress : pictures done and all.
    watch : shown each batch as it comes, its rows and layers, when everything stays in memory.

    Raises
    ------
    ParameterError
        before anything is run, when the result would not fit, with the estimate and the remedy.
    FileProblem
        for a target that cannot be written, or an unfinished scan of something else.
    """
    n = len(images)
    if n == 0:
        raise ParameterError("pictures", "There are no pictures to scan. Choose some.")
    _must_fit(estimate(network, n, wanted, path, batch, pooling, channels, precision), n, path)
    options = {"batch": batch, "pooling": pooling, "channels": channels, "check": check}
    provenance = _scope(network, images, wanted, pooling, channels, precision)
    if path is None:
        arrays = _in_memory(network, images, wanted, precision, progress, options, watch)
        return Activations(network.name, provenance, arrays)
    if not path.name.endswith(ENDING):
        raise FileProblem(f'{path.name} does not end in "{ENDING}", as activation files do.')
    stretches = Stretches(path, provenance)
    _on_disk(network, images, wanted, precision, stretches, progress, options)
    stretches.assemble(n)
    write_json(path.with_name(path.name + ".json"), {"provenance": provenance})
    result = load(path)
    result.provenance = provenance
    return result


def _must_fit(needed: Estimate, n: int, path: Path | None) -> None:
    if needed.fits:
        return
    remedy = "Pool over places, use float16, or choose fewer layers"
    remedy += "." if path else ", or scan to a file."
    raise ParameterError(
        "layers", f"{n} pictures need {needed.total / 1e9:.3g} GB; {needed.free / 1e9:.3g} GB of "
        f"{'the disk' if path else 'memory'} are free. {remedy}", "mean",
    )  # fmt: skip


def _scope(
    network: Network,
    images: Images,
    wanted: Sequence[str],
    pooling: str | None,
    channels: Mapping[str, Sequence[int]] | None,
    precision: str,
) -> dict[str, Any]:
    """What identifies a scan. Of the pictures: their number, and eight of them."""
    digest = hashlib.sha256()
    for place in np.unique(np.linspace(0, len(images) - 1, 8).astype(int)):
        digest.update(np.ascontiguousarray(images[int(place) : int(place) + 1]).tobytes())
    return {
        "network": network.name, "state": network.state_hash(),
        "input": list(network.preprocessing.shape), "layers": list(dict.fromkeys(wanted)),
        "pooling": pooling, "precision": precision, "pictures": len(images),
        "pictures_sha256": digest.hexdigest(),
        "channels": {name: [int(i) for i in chosen] for name, chosen in (channels or {}).items()},
    }  # fmt: skip


def _rows(
    known: Mapping[str, Layer], values: dict[str, np.ndarray], precision: str, pooling: str | None
) -> dict[str, np.ndarray]:
    """(k, channels, rows, columns) in the wanted precision."""
    kept = {}
    for name, block in values.items():
        rows = block[..., None, None] if pooling else channels_first(known[name], block)
        if precision == "float16" and np.abs(rows).max(initial=0) > LARGEST_HALF:
            raise ParameterError(
                "precision", f"{name} reaches {np.abs(rows).max():.3g}; float16 ends at "
                f"{LARGEST_HALF:g}. Use float32.", "float32",
            )  # fmt: skip
        kept[name] = rows.astype(precision, copy=False)
    return kept


def _in_memory(
    network: Network,
    images: Images,
    wanted: Sequence[str],
    precision: str,
    progress: Callable[[int, int], None] | None,
    options: dict[str, Any],
    watch: Callable[[slice, dict[str, np.ndarray]], None] | None = None,
) -> dict[str, np.ndarray]:
    n = len(images)
    known = found(network, wanted)
    arrays: dict[str, np.ndarray] = {}
    for rows, values in stream(network, images, wanted, **options):
        for name, block in _rows(known, values, precision, options["pooling"]).items():
            if name not in arrays:
                arrays[name] = np.empty((n, *block.shape[1:]), block.dtype)
            arrays[name][rows] = block
        if watch is not None:
            watch(rows, {name: one[rows] for name, one in arrays.items()})
        if progress is not None:
            progress(rows.stop, n)
    return arrays


def _on_disk(
    network: Network,
    images: Images,
    wanted: Sequence[str],
    precision: str,
    stretches: Stretches,
    progress: Callable[[int, int], None] | None,
    options: dict[str, Any],
) -> None:
    """Stretch by stretch; one that is not whole leaves nothing."""
    n, known = len(images), found(network, wanted)
    length = max(STRETCH, options["batch"] // STRETCH * STRETCH)
    for start in range(stretches.done, n, length):
        part = _Part(images, start, min(start + length, n))
        stretch = stretches.add(start, len(part))
        try:
            for rows, values in stream(network, part, wanted, **options):
                stretch.add(_rows(known, values, precision, options["pooling"]))
                if progress is not None:
                    progress(start + rows.stop, n)
            stretch.close()
        except BaseException:
            stretch.abandon()
            raise


@dataclass(frozen=True)
class _Part:
    """Some pictures of a set, in a row."""

    images: Images
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def __getitem__(self, rows: slice) -> np.ndarray:
        return self.images[slice(self.start + rows.start, self.start + rows.stop)]
