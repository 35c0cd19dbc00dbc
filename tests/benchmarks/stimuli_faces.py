"""Speed of faces and of patch noise; noise against sixty full layers in numpy, as rcicr sums them.

Run with ``python tests/benchmarks/stimuli_faces.py``; prints JSON rows {name, value, unit, peer,
peer_value, ratio, bar, met}. A fresh person counts everything from the seed to the stored row:
parameters, texture, painted maps, relighting in its own wild view, 8-bit image.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from backend.analysis.reverse_correlation import ClassificationImage
from backend.stimuli.generator import make_set
from backend.stimuli.generators import find
from backend.stimuli.noise_basis import ANGLES, SCALES, noise_basis, theta_rows

Row = dict[str, Any]
THREADS = 2


def row(name: str, value: float, unit: str, bar: float | None = None, most: bool = False) -> Row:
    """One line of the benchmark table; ``most``: the bar is an upper limit."""
    met = None if bar is None else (value <= bar if most else value >= bar)
    words = "" if bar is None else f"{'<=' if most else '>='} {bar:g} {unit}"
    return {
        "name": name, "value": value, "unit": unit, "peer": "", "peer_value": None, "ratio": None,
        "bar": words, "met": met,
    }  # fmt: skip


def per_second(count: int, action: Callable[[int], object], repeats: int = 5) -> float:
    """Median of some runs after one that warms up, in things per second; each has its seed."""
    action(0)
    times = []
    for seed in range(1, repeats + 1):
        began = time.perf_counter()
        action(seed)
        times.append(time.perf_counter() - began)
    return count / statistics.median(times)


def face_sets() -> list[Row]:
    """Sets of fresh people in wild views, and ten images of each person."""
    faces = find("faces")
    wild = faces.parameters_of("wild")
    rows = []
    for side, count, bar in ((64, 2048, 1000), (256, 512, 30)):
        one = wild.changed(n=count, side=side, each=1)
        speed = per_second(
            count, lambda seed, p=one: make_set(faces, p.changed(seed=seed), threads=THREADS)
        )
        rows.append(row(f"faces of {side} px, a fresh person each, two threads", speed, "/s", bar))
    ten = wild.changed(n=2000, side=64, each=10)
    speed = per_second(2000, lambda seed: make_set(faces, ten.changed(seed=seed), threads=THREADS))
    return [*rows, row("faces of 64 px, ten of each person, two threads", speed, "/s")]


def slider() -> list[Row]:
    """A feature slider: new maps, picture, ingredients and five expressions beside it."""
    faces = find("faces")
    start = faces.Parameters(identity=5)
    rows = []
    for side, what in ((128, "while dragged, maps of 128 px"), (256, "released, 256 px")):

        def redraw(seed: int, side: int = side) -> None:
            for k in range(10):
                faces.preview(start.changed(head_w=0.1 * k, nose_w=0.1 * seed), 0, side)

        milliseconds = 1000.0 / per_second(10, redraw)
        rows.append(row(f"face slider, {what}", milliseconds, "ms", 60, most=True))
    return rows


def numpy_layers(theta: np.ndarray, layers: np.ndarray) -> np.ndarray:
    """N by repeating every weight over its patch and summing sixty full layers."""
    side = layers.shape[-1]
    weights, start = np.empty_like(layers), 0
    for k, patches in enumerate(SCALES):
        part = theta[start : start + 12 * patches**2].reshape(12, patches, patches)
        start += 12 * patches**2
        q = side // patches
        weights[12 * k : 12 * k + 12] = part.transpose(0, 2, 1).repeat(q, 1).repeat(q, 2)
    return np.einsum("lij,lij->ij", weights, layers) / 60


def full_layers(side: int) -> np.ndarray:
    """(60, side, side) float32 layers, patches tiled."""
    layers = []
    for patches in SCALES:
        x, y = np.meshgrid(*2 * [np.linspace(0, 2, side // patches)])
        for angle in ANGLES:
            for phase in (0, np.pi / 2):
                one = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) + phase)
                layers.append(np.tile(one, (patches, patches)))
    return np.array(layers, np.float32)


def noise() -> list[Row]:
    """Noise fields, whole noisy faces, and trials added to a classification image."""
    basis, layers = noise_basis(512), full_layers(512)
    theta = theta_rows(1, 0, 20)
    agree = np.abs(numpy_layers(theta[0], layers) - basis.images(theta[0])).max()
    assert agree < 1e-5, agree
    ours = per_second(20, lambda seed: basis.images(theta))
    peer = per_second(5, lambda seed: [numpy_layers(one, layers) for one in theta[:5]], 3)
    field = row("noise fields of 512 px, one thread", ours, "/s")
    field |= {"peer": "numpy, 60 full layers", "peer_value": peer, "ratio": ours / peer}
    generator = find("faces-noise")
    some = generator.Parameters(n=500, side=512)
    speed = per_second(
        500, lambda seed: make_set(generator, some.changed(seed=seed), threads=THREADS), 3
    )
    small, many = noise_basis(64, 512), theta_rows(2, 0, 500)
    image = ClassificationImage(small)
    female = np.arange(500) % 2 == 0
    return [
        field,
        row("face + noise of 512 px as a set, two threads", speed, "/s", 500),
        row("500 noise images of 64 px", 500_000 / per_second(500, lambda s: small.images(many)),
            "ms", 1000, most=True),
        row("trials into a classification image",
            per_second(500, lambda seed: image.add(many, female)), "/s"),
    ]  # fmt: skip


def measure() -> list[Row]:
    """All rows."""
    return [*face_sets(), *slider(), *noise()]


if __name__ == "__main__":
    print(json.dumps(measure()))
