"""Speed of making, importing and keeping stimulus sets; shapes against Pillow and scipy.

Run with ``python tests/benchmarks/stimuli_shapes.py``; prints JSON rows {name, value, unit, peer,
peer_value, ratio, bar, met}.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from backend.stimuli import set_files
from backend.stimuli.generator import image_rng, make_set
from backend.stimuli.generators import find
from backend.stimuli.importing import import_pictures
from backend.stimuli.set_store import SetStore
from backend.stimuli.shapes import CATEGORIES, Options, draw_shape, placed
from backend.stimuli.stimulus_set import StimulusSet

Row = dict[str, Any]
POLYGONS = [name for name, one in CATEGORIES.items() if one.family in ("quadrilateral", "regular")]


def row(name: str, value: float, unit: str, bar: float | None = None, most: bool = False) -> Row:
    """One line of the benchmark table; ``most``: the bar is an upper limit."""
    met = None if bar is None else (value <= bar if most else value >= bar)
    words = "" if bar is None else f"{'<=' if most else '>='} {bar:g} {unit}"
    return {
        "name": name, "value": value, "unit": unit, "peer": "", "peer_value": None, "ratio": None,
        "bar": words, "met": met,
    }  # fmt: skip


def per_second(count: int, action: Callable[[], object]) -> float:
    """Best of three, in things per second."""
    best = np.inf
    for _ in range(3):
        began = time.perf_counter()
        action()
        best = min(best, time.perf_counter() - began)
    return count / best


def pillow_shapes(count: int) -> None:
    """The same polygons drawn and validated the usual way: Pillow at 4 ×, scipy labels."""
    from PIL import Image, ImageDraw
    from scipy import ndimage

    options = Options()
    for index in range(count):
        kind = CATEGORIES[POLYGONS[index % len(POLYGONS)]]
        figure = placed(kind, image_rng(7, index), options)
        picture = Image.new("L", (256, 256), 255)
        draw = ImageDraw.Draw(picture)
        for number, contour in enumerate(figure.contours):
            draw.polygon([tuple(point) for point in contour * 4], fill=255 if number else 0)
        ink = np.asarray(picture.resize((64, 64), Image.Resampling.BOX)) < 128
        ndimage.label(ink, np.ones((3, 3)))
        ndimage.label(np.pad(~ink, 1, constant_values=True))


def our_shapes(count: int) -> None:
    """The same polygons by the generator's own code."""
    for index in range(count):
        draw_shape(POLYGONS[index % len(POLYGONS)], index, 7, Options())


def generators() -> list[Row]:
    """Images per second of each generator, two threads."""
    shapes, strokes, scenes = (find(name) for name in ("shapes", "strokes", "scenes"))
    some = shapes.Parameters().changed(n=100)
    made = per_second(2400, lambda: make_set(shapes, some, threads=2))
    alike = row("polygons alone, one thread", per_second(800, lambda: our_shapes(800)), "/s")
    peer = per_second(800, lambda: pillow_shapes(800))
    alike |= {"peer": "Pillow + scipy.ndimage.label", "peer_value": peer}
    alike["ratio"] = alike["value"] / peer
    letters = strokes.Parameters()
    streets = scenes.Parameters().changed(n=48)
    return [
        row("shapes of 64 px, all 24 categories, validated, two threads", made, "/s", 2000),
        alike,
        row("characters of 32 px, two threads",
            per_second(1600, lambda: make_set(strokes, letters, threads=2)), "/s"),
        row("street scenes of 500 px, two threads",
            per_second(48, lambda: make_set(scenes, streets, threads=2)), "/s"),
    ]  # fmt: skip


def files(folder: Path) -> list[Row]:
    """Saving, opening and importing 2000 images of 128 px."""
    shapes = find("shapes")
    made = make_set(shapes, shapes.Parameters().changed(n=84, side=128), threads=2)
    one, other = folder / "set", folder / "set.npz"
    count = len(made)
    return [
        row("save a folder of 128 px images",
            per_second(count, lambda: set_files.save(made, one)), "/s"),
        row("open it", per_second(count, lambda: set_files.load(one)), "/s"),
        row("save as NPZ", per_second(count, lambda: set_files.save(made, other)), "/s"),
        row("open it again", per_second(count, lambda: set_files.load(other)), "/s"),
        row("import its pictures",
            per_second(count, lambda: import_pictures(one / "images")), "/s"),
    ]  # fmt: skip


def store(folder: Path) -> list[Row]:
    """A stored set of 2000 × 512² opens at once and takes no memory."""
    import psutil

    keep = SetStore(folder)
    draft = keep.draft("large")
    images = draft.into((2000, 512, 512))
    images[:] = 128
    table: dict[str, list[Any]] = {"name": [f"image_{i:05d}" for i in range(2000)]}
    stored = draft.keep(StimulusSet(name="large", images=images, table=table))
    del images, draft
    process = psutil.Process()
    before, began = process.memory_info().rss, time.perf_counter()
    opened = keep.load(stored)
    took = time.perf_counter() - began
    int(opened.images[1999, 0, 0])
    grown = (process.memory_info().rss - before) / 2**20
    return [
        row("open a stored set of 2000 images of 512 px", 1000 * took, "ms", 100, most=True),
        row("memory it takes (524 MB of pixels)", grown, "MB", 20, most=True),
    ]


def measure() -> list[Row]:
    """All rows."""
    with tempfile.TemporaryDirectory() as name:
        return [*generators(), *files(Path(name)), *store(Path(name))]


if __name__ == "__main__":
    print(json.dumps(measure()))
