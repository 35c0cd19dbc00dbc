"""A set is the same whatever made it: one thread or four, small chunks or large."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backend.core.parameters import Parameters
from backend.stimuli import generator as module
from backend.stimuli.generator import (
    Batch,
    Generator,
    count_parameter,
    image_rng,
    make_set,
    seed_parameter,
    side_parameter,
)


class GreyParameters(Parameters):
    n: int = count_parameter(40)
    side: int = side_parameter(16)
    seed: int = seed_parameter(3)


class Greys(Generator):
    id, title, Parameters = "greys", "Greys", GreyParameters

    def shape(self, parameters: Any) -> tuple[int, ...]:
        return parameters.side, parameters.side

    def draw(self, parameters: Any, prepared: Any, start: int, stop: int) -> Batch:
        drawn = [image_rng(parameters.seed, i).integers(0, 255, self.shape(parameters))
                 for i in range(start, stop)]  # fmt: skip
        images = np.array(drawn, np.uint8)
        rows = [{"name": f"grey_{i:04d}", "mean": float(images[i - start].mean())}
                for i in range(start, stop)]  # fmt: skip
        return Batch(images, rows, {"corner": images[:, 0, 0]})


def test_bytes_do_not_depend_on_threads_or_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    one = make_set(Greys(), GreyParameters(), threads=1)
    monkeypatch.setattr(module, "CHUNK_BYTES", 800)
    told: list[tuple[int, int]] = []
    four = make_set(Greys(), GreyParameters(), threads=4, progress=lambda a, b: told.append((a, b)))
    assert np.array_equal(one.images, four.images)
    assert one.table == four.table
    assert np.array_equal(four.arrays["corner"], one.images[:, 0, 0])
    assert told[-1] == (40, 40)
    assert len(told) > 10


def test_a_larger_set_begins_with_the_smaller_one() -> None:
    small = make_set(Greys(), GreyParameters(n=10))
    assert np.array_equal(small.images, make_set(Greys(), GreyParameters(n=40)).images[:10])


def test_cancel_stops_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_BYTES", 256)

    class StopIt(Exception):
        pass

    def check() -> None:
        raise StopIt

    with pytest.raises(StopIt):
        make_set(Greys(), GreyParameters(), check=check)


def test_selecting_keeps_rows_and_arrays_with_their_images() -> None:
    made = make_set(Greys(), GreyParameters()).select([5, 2], "Took two.")
    assert made.names == ["grey_0005", "grey_0002"]
    assert made.row(1)["mean"] == made.images[1].mean()
    assert made.arrays["corner"].tolist() == made.images[:, 0, 0].tolist()
    assert made.history == ("Took two.",)
    assert made.size == "2 images · 16 × 16 px"
