"""What a stimulus generator declares, and how a set is made from it on any number of threads.

A generator's image depends only on its parameters and its index, never on the batch it was drawn
in: the same seed gives the same bytes on any thread count, and the first 100 images of 500 are the
images of a set of 100.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from backend.core import provenance
from backend.core.parameters import Notice, Parameters, unknown_name
from backend.core.parameters import parameter as declare
from backend.stimuli.stimulus_set import StimulusSet, joined

CHUNK_BYTES = 8 << 20
SET_GROUP = "Set"


@dataclass(frozen=True)
class Preset:
    """Named settings of a generator."""

    name: str
    title: str
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Batch:
    """Consecutive images of a set.

    Attributes
    ----------
    images : (k, H, W) or (k, H, W, 3) uint8, C-contiguous.
    rows : one dictionary an image, the same keys in each, plain numbers and words; "name" (file
        stem) comes first. What was measured in the pixels (holes, ink, ...) belongs here.
    arrays : {name: (k, ...) array} of what does not fit a table (noise weights, parameters).
    """

    images: np.ndarray
    rows: list[dict[str, Any]]
    arrays: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass
class Preview:
    """One image for the studio.

    Attributes
    ----------
    image : (H, W) or (H, W, 3) uint8.
    row : its row of the table.
    ingredients : (caption, image uint8) of what it was made from, at most three.
    strip : (caption, image uint8) of a series beside it: noise scales, expressions, strokes.
    facts : (words, True as asked | False not as asked | None plain, value text), e.g.
        ("Holes, asked 1", True, "1").
    """

    image: np.ndarray
    row: dict[str, Any]
    ingredients: tuple[tuple[str, np.ndarray], ...] = ()
    strip: tuple[tuple[str, np.ndarray], ...] = ()
    facts: tuple[tuple[str, bool | None, str], ...] = ()


class Generator(ABC):
    """Base of all generators; instances hold no state and may be used from any thread."""

    id: ClassVar[str]
    title: ClassVar[str]
    icon: ClassVar[str] = "image-outline"
    help: ClassVar[str] = ""
    synthetic: ClassVar[str] = "synthetic images"
    strip_title: ClassVar[str] = "Series"
    Parameters: ClassVar[type[Parameters]]
    presets: ClassVar[tuple[Preset, ...]] = (Preset("Default", "Default"),)

    def parameters_of(self, preset: str) -> Any:
        """The preset's parameters; ParameterError with the nearest names if there is none."""
        for one in self.presets:
            if one.name == preset:
                return self.Parameters().changed(**one.values)
        raise unknown_name(preset, [one.name for one in self.presets], "preset")

    def check(self, parameters: Any) -> list[Notice]:
        """Warnings; ParameterError when no set can be made of these settings."""
        return []

    def count(self, parameters: Any) -> int:
        """Images of the set."""
        return int(parameters.n)

    @abstractmethod
    def shape(self, parameters: Any) -> tuple[int, ...]:
        """Shape of one image: (H, W) or (H, W, 3)."""

    def prepare(self, parameters: Any) -> Any:
        """What all images of these settings share (base face, noise basis, ...)."""
        return None

    @abstractmethod
    def draw(self, parameters: Any, prepared: Any, start: int, stop: int) -> Batch:
        """Images start .. stop - 1; slow loops release the GIL."""

    def preview(self, parameters: Any, index: int = 0, side: int | None = None) -> Preview:
        """One image with what it was made from; ``side`` px asks for a quick smaller one."""
        batch = self.draw(parameters, self.prepare(parameters), index, index + 1)
        return Preview(batch.images[0], batch.rows[0])

    def random(self, parameters: Any, rng: np.random.Generator) -> dict[str, Any]:
        """Values for *Random*: another seed; generators of individuals draw one."""
        return {"seed": int(rng.integers(0, 2**31 - 1))}

    def bytes_of(self, parameters: Any) -> int:
        """Memory of the set's images."""
        return self.count(parameters) * int(np.prod(self.shape(parameters)))

    def methods(self, parameters: Any) -> str:
        """One paragraph for a paper's methods."""
        height, width = self.shape(parameters)[:2]
        count = self.count(parameters)
        return f"{count} images ({self.title.lower()}, {width} × {height} px) were generated."


def image_rng(seed: int, index: int, stream: int = 0) -> np.random.Generator:
    """The random stream of one image; ``stream`` keeps independent parts of it apart."""
    return np.random.Generator(np.random.Philox(key=[seed, (stream << 40) | index]))


def count_parameter(default: int = 100, high: int = 100_000) -> Any:
    """Declare ``n``, the number of images."""
    return declare(
        default, "Images", symbol="n", low=1, high=high, change="rebuild", group=SET_GROUP,
        help="How many images Make set draws.",
    )  # fmt: skip


def seed_parameter(default: int = 1) -> Any:
    """Declare ``seed``."""
    return declare(
        default, "Seed", low=0, high=2**31 - 1, change="rebuild", group=SET_GROUP,
        help="The same seed gives the same images, byte by byte.",
    )  # fmt: skip


def side_parameter(default: int = 256, low: int = 16, high: int = 1024, help: str = "") -> Any:
    """Declare ``side``, the images' height and width in px."""
    return declare(
        default, "Side", unit="px", low=low, high=high, change="rebuild", group=SET_GROUP, help=help
    )


def make_set(
    generator: Generator,
    parameters: Any,
    name: str = "",
    threads: int = 1,
    progress: Callable[[int, int], None] | None = None,
    check: Callable[[], None] | None = None,
    into: Callable[[tuple[int, ...]], np.ndarray] | None = None,
) -> StimulusSet:
    """Draw a whole set.

    Parameters
    ----------
    threads : workers; the bytes do not depend on it.
    progress : called with (done, total) after each chunk, from the calling thread.
    check : called after each chunk; it may raise to cancel.
    into : makes the array of shape (n, H, W[, 3]) that receives the images (a memory map for
        large sets); numpy.empty when left out.

    Raises
    ------
    ParameterError
    """
    generator.check(parameters)
    total, shape = generator.count(parameters), generator.shape(parameters)
    images = into((total, *shape)) if into else np.empty((total, *shape), np.uint8)
    size = max(1, min(256, CHUNK_BYTES // max(1, int(np.prod(shape)))))
    starts = range(0, total, size)
    prepared = generator.prepare(parameters)
    stopped = threading.Event()

    def draw(start: int) -> Batch | None:
        if stopped.is_set():
            return None
        stop = min(start + size, total)
        batch = generator.draw(parameters, prepared, start, stop)
        images[start:stop] = batch.images
        batch.images = images[start:stop]
        return batch

    batches = []
    with ThreadPoolExecutor(max(1, threads), "stimuli") as pool:
        try:
            for start, batch in zip(starts, pool.map(draw, starts), strict=True):
                if check is not None:
                    check()
                if batch is not None:
                    batches.append(batch)
                if progress is not None:
                    progress(min(start + size, total), total)
        finally:
            stopped.set()
    return StimulusSet(
        name=name or generator.id,
        provenance=provenance.of_action(f"stimuli {generator.id}", parameters),
        images=images,
        table=joined([row for batch in batches for row in batch.rows]),
        generator={"id": generator.id, "parameters": parameters.document()},
        arrays={
            key: np.concatenate([batch.arrays[key] for batch in batches])
            for key in batches[0].arrays
        },
        synthetic=generator.synthetic,
    )
