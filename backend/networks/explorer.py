"""One network under the hand: its maps for a picture, a unit's facts, answers and best pictures."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.networks.explorer_parameters import ExplorerParameters
from backend.networks.own_media import own_of
from backend.networks.seen import as_picture, fits, moment
from backend.stimuli import shapeworld
from backend.stimuli.clips import example_clips
from backend.stimuli.set_files import as_bytes
from backend.stimuli.sounds import example_sounds

if TYPE_CHECKING:
    from backend.networks.layers import Layer
    from backend.networks.lesions import Lesion
    from backend.networks.network import Network
    from backend.networks.scan import Images

ANSWERS = 8
EXAMPLE_EXEMPLARS = 10
REFERENCE = 32
"""Pictures that an ablation by the mean or by shuffling takes values from."""


@dataclass(frozen=True)
class Shown:
    """A picture's way through the network.

    Attributes
    ----------
    index : of the picture; ``picture`` (H, W[, 3]) as it is in the set.
    maps : layer → (channels, rows, columns) float32; units of a linear layer are 1 × 1 maps,
        tokens are laid out as the image they came from where they form a square.
    answer : the ``ANSWERS`` largest outputs as (name, probability).
    times : layer → how many moments its output has, for clips; ``frame`` the frame that the maps
        are of, 0 for the mean over them.
    """

    index: int
    picture: np.ndarray
    maps: dict[str, np.ndarray]
    answer: tuple[tuple[str, float], ...]
    times: dict[str, int] = field(default_factory=dict)
    frame: int = 0


class Explorer:
    """A network and pictures. Calls may come from several threads; they take turns."""

    def __init__(
        self, network: Network, images: Images, names: Sequence[str], synthetic: str = ""
    ) -> None:
        from backend.networks.layers import layers
        from backend.networks.lesions import LesionStack

        self.network = network
        self.images = images
        self.names = list(names)
        self.synthetic = synthetic
        self.layers: tuple[Layer, ...] = layers(network)
        self.lesions: tuple[Lesion, ...] = ()
        self._stack = LesionStack(network)
        self._lock = threading.RLock()

    def layer(self, name: str) -> Layer:
        """The layer of this name; ParameterError with the nearest names."""
        from backend.networks.layers import find

        return find(self.network, name)

    def set_lesions(self, lesions: Sequence[Lesion]) -> None:
        """Make the network have exactly these lesions; others are undone."""
        with self._lock:
            wanted = tuple(lesions)
            while self.lesions != wanted[: len(self.lesions)]:
                self._stack.undo()
                self.lesions = self._stack.lesions
            for lesion in wanted[len(self.lesions) :]:
                borrows = lesion.kind == "ablate" and lesion.ablation in ("mean", "shuffle")
                self._stack.apply(lesion, self._reference() if borrows else None)
            self.lesions = self._stack.lesions

    def _reference(self) -> Any:
        """Prepared pictures, evenly spaced over the set, that an ablation takes values from."""
        rows = np.unique(np.linspace(0, len(self.images) - 1, REFERENCE).round().astype(int))
        found = [readable(self.images, range(int(row), int(row) + 1)) for row in rows]
        return self.network.preprocessing.prepare(
            np.concatenate([pictures for good, pictures in found if good])
        )

    def exclusive(self) -> threading.RLock:
        """A context in which nobody else uses or changes the network."""
        return self._lock

    def copy(self, lesions: Sequence[Lesion] | None = None) -> Network:
        """A copy with these lesions, or as lesioned now, for work that goes on beside."""
        with self._lock:
            now = self.lesions
            try:
                self.set_lesions(now if lesions is None else lesions)
                return self.network.copy()
            finally:
                self.set_lesions(now)

    def show(self, index: int, check: Callable[[], None] | None = None, frame: int = 0) -> Shown:
        """Run one picture through the network, keeping every layer; of clips one frame."""
        from backend.networks.scan import stream

        index = int(np.clip(index, 0, len(self.images) - 1))
        picture = np.asarray(self.images[index : index + 1])
        with self._lock:
            names = [one.name for one in self.layers]
            _, values = next(iter(stream(self.network, picture, names, batch=1, check=check)))
            frames = self.network.preprocessing.frames
            maps, times = {}, {}
            for one in self.layers:
                block = values.get(one.name)
                if block is None:
                    continue
                if block.ndim == 5:
                    times[one.name] = block.shape[2]
                    at = moment(block.shape[2], frame, frames)
                    block = block.mean(axis=2) if at is None else block[:, :, at]
                maps[one.name] = as_maps(block[0], one.channel_axis - 1)
        return Shown(index, picture[0], maps, self._answer(maps), times, frame)

    def picture(self, index: int, frame: int = 0) -> np.ndarray:
        """uint8 of one of the pictures, clips or sounds."""
        return as_picture(self.network, np.asarray(self.images[index : index + 1])[0], frame)

    def _answer(self, maps: dict[str, np.ndarray]) -> tuple[tuple[str, float], ...]:
        """Softmax of the last layer's largest outputs; empty when it gives no list of classes."""
        last = self.layers[-1].name
        values = maps.get(last)
        embeds = self.network.kind == "audio" and not self.network.labels
        if values is None or values.shape[1:] != (1, 1) or len(values) < 2 or embeds:
            return ()
        flat = values.ravel().astype(float)
        share = np.exp(flat - flat.max())
        share /= share.sum()
        best = np.argsort(-share, kind="stable")[:ANSWERS]
        labels = self.network.labels
        return tuple(
            (labels[i] if i < len(labels) else f"unit {i + 1}", float(share[i])) for i in best
        )

    def facts(
        self, layer: str, channel: int, shown: Shown | None
    ) -> tuple[float, list[tuple[str, str, str]]]:
        """A channel's mean for the picture, and what else is known: (name, note, value)."""
        mean = float("nan")
        one = self.layer(layer)
        rows = [("Layer", one.kind, " × ".join(map(str, one.shape)))]
        field = one.field
        if field is not None:
            rows.append(("Receptive field", f"stride {field.jump:g} px", f"{field.size:g} px"))
            rows.append(("First place", "its centre", f"{field.start:g} px"))
        rows.append(("Parameters", "of the layer", f"{one.parameters:,}"))
        if shown is not None and layer in shown.maps and channel < len(shown.maps[layer]):
            values = shown.maps[layer][channel]
            mean = float(values.mean())
            rows.append(("Largest", "this picture", f"{values.max():.3g}"))
            if values.size > 1:
                silent = int((values <= 0).sum())
                rows.append(("Places at or below 0", "", f"{silent} of {values.size}"))
        for lesion in self.lesions:
            rows.append(("Lesion", "Ctrl+Z takes it back", lesion.label()))
        return mean, rows

    def field_box(self, layer: str, row: int, column: int) -> tuple[float, float, float] | None:
        """Centre (x, y) and side in input pixels of a place's receptive field, or None."""
        field = self.layer(layer).field
        if field is None:
            return None
        x = field.start + column * field.jump
        y = field.start + row * field.jump
        return x, y, float(field.size)


def as_maps(block: np.ndarray, axis: int) -> np.ndarray:
    """One picture's output of a layer as (channels, rows, columns).

    ``axis`` is where the channels lie. Tokens (tokens, channels) become the square they came
    from; a class token before it is left out. Further axes (frames) are averaged.
    """
    moved = np.moveaxis(block, axis, 0)
    if moved.ndim == 1:
        return moved[:, None, None]
    if moved.ndim == 2:
        n = moved.shape[1]
        for extra in (0, 1):
            side = int(np.sqrt(n - extra))
            if side > 1 and side * side == n - extra:
                return moved[:, extra:].reshape(len(moved), side, side)
        return moved[:, None, :]
    while moved.ndim > 3:
        moved = moved.mean(axis=1)
    return moved


def opened(p: ExplorerParameters) -> Explorer:
    """The network and pictures of these parameters; problems are sentences."""
    from backend.networks.opening import open_network

    network = open_network(p.network, Path(p.weights) if p.weights else None)
    images, names, synthetic = pictures_of(p, network)
    return Explorer(network, images, names, synthetic)


def pictures_of(p: ExplorerParameters, network: Network) -> tuple[Images, list[str], str]:
    """Pictures, a name each, and the label of synthetic ones."""
    fits(network, p.pictures)
    if p.pictures == "own":
        found = own_of(network, p.folder)
        return found.images, found.names, found.synthetic
    if p.pictures == "sound":
        return *example_sounds(), "generated sounds"
    if p.pictures == "clip":
        clips, names = example_clips()
        if network.kind == "video":
            return clips, names, "synthetic figures"
        frames = [f"{names[0]}, frame {number}" for number in range(1, len(clips[0]) + 1)]
        return clips[0], frames, "synthetic figures"
    transfer = p.pictures == "transfer"
    outlines = shapeworld.categories(32, 777 if transfer else 100)
    exemplars = EXAMPLE_EXEMPLARS if transfer else 16
    images, category, _ = shapeworld.labelled(outlines, exemplars, 5 if transfer else 2)
    names = [
        f"outline {c // 2 + 1}, {('low', 'high')[c % 2]} band, {i % exemplars + 1}"
        for i, c in enumerate(category)
    ]
    return images, names, "synthetic figures"


def objective(explorer: Explorer, layer: str, unit: Any, p: ExplorerParameters) -> Any:
    """What an optimal stimulus drives, as a unit: the unit itself, its difference from a second
    one, or the layer's norm.

    ParameterError("second") for a second unit that the layer does not have, or the same.
    """
    from backend.networks.norm_unit import SumOfSizes
    from backend.networks.units import Unit

    if p.objective == "layer":
        return SumOfSizes(layer) if p.summary == "sizes" else Unit(layer, summary="norm")
    if p.objective == "unit":
        return unit
    count = explorer.layer(layer).channels
    if p.second > count:
        raise ParameterError("second", f"{layer} has {count} units, numbered 1 to {count}; "
                             f"{p.second} was asked.", count)  # fmt: skip
    if p.second - 1 == unit.channel:
        raise ParameterError("second", f"Unit {p.second} is the unit itself. Choose another second "
                             "unit.")  # fmt: skip
    return replace(unit, minus=replace(unit, channel=p.second - 1))


def evolve(
    network: Network, p: Callable[[], ExplorerParameters], unit: Any, check: Callable[[], None]
) -> Iterator[Any]:
    """Steps of the optimal stimulus; ``p()`` gives the newest settings before each."""
    from backend.networks.synthesis import Settings, Start, optimal_stimulus

    first = p()
    settings = Settings(unit)
    take(settings, first)
    for step in optimal_stimulus(network, settings, first.steps, Start(seed=first.seed), check):
        yield step
        take(settings, p())


def take(settings: Any, p: ExplorerParameters) -> None:
    """Copy the live weights of the form into the synthesis."""
    settings.total_variation = p.total_variation
    settings.l2 = p.l2
    settings.blur_sigma = p.blur
    settings.blur_every = p.blur_every
    settings.fourier_exponent = p.fourier
    settings.jitter = p.jitter
    settings.learning_rate = p.learning_rate


def top_pictures(
    network: Network, explorer: Explorer, unit: Any, k: int,
    progress: Callable[[int, int, str], None],
) -> tuple[list[tuple[str, np.ndarray]], float, str]:  # fmt: skip
    """The unit's ``k`` best pictures of the set, in one pass, and the largest value.

    Returns
    -------
    [(caption with the value, picture uint8)], value of the best, what to know of them.
    """
    every = every_value(network, explorer, unit, progress)
    n, best = len(every), best_rows(every, k)
    pictures = [explorer.picture(int(i)) for i in best]
    captions = [f"{every[i]:.3g}  {explorer.names[i]}" for i in best]
    seen = every[np.isfinite(every)]
    note = "of the whole set" if len(seen) == n else f"{n - len(seen)} of {n} cannot be read"
    if np.ptp(seen) == 0:
        note = f"no picture stands out: {seen[0]:.3g} for all"
    return list(zip(captions, pictures, strict=True)), float(every[best[0]]), note


def every_value(
    network: Network, explorer: Explorer, unit: Any, progress: Callable[[int, int, str], None]
) -> np.ndarray:
    """(n,) the unit's value of every picture; −inf of those that cannot be read."""
    from backend.networks.units import values

    n = len(explorer.images)
    every = np.full(n, -np.inf)
    for start in range(0, n, 32):
        progress(start, n, "pictures")
        rows, block = readable(explorer.images, range(start, min(start + 32, n)))
        if rows:
            prepared = network.preprocessing.prepare(block)
            every[rows] = values(network, unit, prepared).cpu().numpy()
    progress(n, n, "pictures")
    if not np.isfinite(every).any():
        raise FileProblem("None of the pictures can be read. Choose other pictures.")
    return every


def best_rows(every: np.ndarray, k: int) -> np.ndarray:
    """The pictures of the ``k`` largest values, best first."""
    good = int(np.isfinite(every).sum())
    return np.argsort(-every, kind="stable")[: min(k, good)]


def field_of(
    network: Network, explorer: Explorer, unit: Any, p: ExplorerParameters,
    progress: Callable[[int, int, str], None],
) -> tuple[dict[str, Any], float, int]:  # fmt: skip
    """The unit's receptive field from its best pictures, as a ``pictures`` channel.

    Returns
    -------
    the drawing with half of its peak outlined, its size in px of the input, pictures used.
    """
    from backend.networks.empirical_field import empirical_field

    best = best_rows(every_value(network, explorer, unit, progress), p.top)
    pictures = [np.asarray(explorer.images[int(i) : int(i) + 1])[0] for i in best]
    source: Any = p.field_source

    def told(done: int, total: int) -> None:
        progress(done, total, "fields")

    found = empirical_field(
        network, pictures, unit, source, window=p.window, stride=p.stride, progress=told,
        check=lambda: progress(0, 0, ""),
    )  # fmt: skip
    theory = explorer.layer(unit.layer).field
    words = f", theory {theory.size:g} px" if theory is not None else ""
    note = f"field {found.size:.3g} px{words}, from {found.used} pictures"
    if theory is not None and found.size > theory.size:
        note += f"; {why_wider(p)}"
    parts = [(explorer.names[int(i)], explorer.picture(int(i))) for i in best[:3]]
    return {"image": outlined(found.field), "parts": parts, "note": note}, found.size, found.used


def why_wider(p: ExplorerParameters) -> str:
    """Why a field from pictures can be wider than what one place of the layer sees (2.11 h)."""
    blur = (
        "the map is drawn out to the picture" if p.field_source == "upsampling"
        else f"a window of {p.window} px blurs it"
    )  # fmt: skip
    return f"wider than one place can see, as its neighbours answer too and {blur}"


OUTLINE = (235, 134, 28)


def outlined(field: np.ndarray, threshold: float = 0.5) -> np.ndarray:
    """(H, W, 3) uint8: a field in grey, what lies above the threshold outlined."""
    grey = np.repeat(as_bytes(np.clip(field, 0.0, 1.0))[..., None], 3, axis=2)
    inside = np.pad(field > threshold, 1)
    core = inside[1:-1, :-2] & inside[1:-1, 2:] & inside[:-2, 1:-1] & inside[2:, 1:-1]
    grey[inside[1:-1, 1:-1] & ~core] = OUTLINE
    return grey


def readable(images: Images, rows: range) -> tuple[list[int], np.ndarray]:
    """The rows whose pictures can be read, and these pictures."""
    try:
        return list(rows), np.asarray(images[rows.start : rows.stop])
    except FileProblem:
        found = []
        for row in rows:
            with contextlib.suppress(FileProblem):
                found.append((row, np.asarray(images[row : row + 1])[0]))
        return [row for row, _ in found], np.array([picture for _, picture in found])
