"""The pictures of a design: rendered before a block, kept while needed, named for the dataset."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from backend.core.files import FileProblem, replacing
from backend.core.parameters import ParameterError
from backend.stage.design import Design, Source, split_reference

CHUNK = 16
Progress = Callable[[int, int], None]


class Stimuli:
    """Images of a design's sources by reference (``source:index``)."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self._images: dict[str, np.ndarray] = {}
        self._rows: dict[str, dict[str, Any]] = {}
        self._prepared: dict[str, tuple[Any, Any, Any]] = {}
        self._sets: dict[str, Any] = {}

    def prepare(self, references: Iterable[str], progress: Progress | None = None) -> None:
        """Render what is asked for and forget the rest; ``progress`` gets (done, total)."""
        wanted = dict.fromkeys(references)
        self._images = {key: image for key, image in self._images.items() if key in wanted}
        missing = [key for key in wanted if key not in self._images]
        by_source: dict[str, list[int]] = {}
        for reference in missing:
            name, index = split_reference(reference)
            by_source.setdefault(name, []).append(index)
        done = 0
        for name, indices in by_source.items():
            for run in _runs(sorted(indices)):
                self._render(self.design.pool(name), run)
                done += len(run)
                if progress is not None:
                    progress(done, len(missing))

    def image(self, reference: str) -> np.ndarray:
        """(H, W) or (H, W, 3) uint8; rendered now when it was not prepared."""
        if reference not in self._images:
            name, index = split_reference(reference)
            self._render(self.design.pool(name), range(index, index + 1))
        return self._images[reference]

    def row(self, reference: str) -> dict[str, Any]:
        """What its generator says of the image; empty for folders."""
        self.image(reference)
        return self._rows.get(reference, {})

    def _render(self, source: Source, run: range) -> None:
        places = [source.place(index) for index in run]
        if source.folder:
            stored = self._folder(source)
            images = [stored.images[place] for place in places]
            rows = [stored.row(place) for place in places]
        else:
            images, rows = self._drawn(source, places)
        for index, image, row in zip(run, images, rows, strict=True):
            self._images[f"{source.name}:{index}"] = as_texture(image)
            self._rows[f"{source.name}:{index}"] = dict(row)

    def _drawn(self, source: Source, places: list[int]) -> tuple[list[np.ndarray], list[Any]]:
        generator, parameters, prepared = self.generator(source)
        images: list[np.ndarray] = []
        rows: list[Any] = []
        for part in _runs(places):
            batch = generator.draw(parameters, prepared, part.start, part.stop)
            images += list(batch.images)
            rows += batch.rows
        return images, rows

    def generator(self, source: Source) -> tuple[Any, Any, Any]:
        """Generator, parameters and what its images share, of a source without a folder."""
        from backend.stimuli.generators import find

        if source.name not in self._prepared:
            try:
                generator = find(source.generator)
            except ImportError as error:
                raise ParameterError(
                    "generator", f'The generator "{source.generator}" is not installed.'
                ) from error
            start = generator.parameters_of(source.preset or generator.presets[0].name)
            parameters = start.changed(**source.parameters)
            if "n" in parameters.declarations():
                parameters = parameters.changed(n=source.place(source.count - 1) + 1)
            generator.check(parameters)
            self._prepared[source.name] = generator, parameters, generator.prepare(parameters)
        return self._prepared[source.name]

    def _folder(self, source: Source) -> Any:
        if source.name not in self._sets:
            from backend.stimuli import set_files

            stored = set_files.load(Path(source.folder))
            last = source.place(source.count - 1)
            if last >= len(stored):
                raise FileProblem(
                    f"{Path(source.folder).name} holds {len(stored)} images; the design uses "
                    f"{last + 1}. Choose the whole set."
                )
            self._sets[source.name] = stored
        return self._sets[source.name]

    def file(self, reference: str) -> str:
        """The picture's file below ``stimuli/`` of the dataset.

        Its name tells how the picture was made, so that a changed design never finds the old one.
        """
        name, index = split_reference(reference)
        source = self.design.pool(name)
        made = json.dumps(asdict(source), sort_keys=True).encode()
        if source.folder:
            made = self.image(reference).tobytes()
        stem = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "set"
        return f"{self.design.task}/{stem}-{zlib.crc32(made):08x}_{index:06d}.png"

    def write(self, reference: str, folder: Path) -> None:
        """Write the picture below ``folder`` unless it is there."""
        path = folder / self.file(reference)
        if path.exists():
            return
        from PIL import Image

        with replacing(path) as file:
            Image.fromarray(self.image(reference)).save(file, "PNG", compress_level=1)


def as_texture(image: np.ndarray) -> np.ndarray:
    """(H, W) or (H, W, 3) C-contiguous uint8 of an image that may be float in [0, 1]."""
    if image.dtype != np.uint8:
        image = np.floor(255.0 * np.clip(np.nan_to_num(image), 0.0, 1.0) + 0.5).astype(np.uint8)
    return np.ascontiguousarray(image[..., :3] if image.ndim == 3 else image)


def _runs(indices: Sequence[int]) -> list[range]:
    """Consecutive indices, at most :data:`CHUNK` together."""
    runs: list[range] = []
    for index in indices:
        if runs and runs[-1].stop == index and len(runs[-1]) < CHUNK:
            runs[-1] = range(runs[-1].start, index + 1)
        else:
            runs.append(range(index, index + 1))
    return runs
