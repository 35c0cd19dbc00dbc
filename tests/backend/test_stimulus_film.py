"""The steps of an optimal stimulus: what is kept of them, and the files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.networks.explorer import evolve, objective, opened
from backend.networks.explorer_parameters import ExplorerParameters
from backend.networks.norm_unit import SumOfSizes
from backend.networks.stimulus_film import KEPT, Film
from backend.networks.synthesis import Step
from backend.networks.units import Unit, values


def film_of(steps: int) -> Film:
    film = Film()
    for index in range(steps + 1):
        picture = np.full((32, 32, 3), index / steps, np.float32)
        film.add(Step(index, picture, float(index), 0.5))
    return film


def test_memory_stays_small_and_the_last_step_is_kept() -> None:
    film = film_of(1001)
    assert len(film) == 1002
    shown = list(film.shown())
    assert len(shown) <= KEPT + 1
    assert shown[0] == 0
    assert shown[-1] == 1001
    assert len(set(np.diff(shown[:-1]))) == 1


def test_a_film_pictures_and_the_steps_are_read_back(tmp_path: Path) -> None:
    film = film_of(20)
    assert film.save(tmp_path / "a.gif", {}) == "a.gif shows 21 of 21 steps."
    with Image.open(tmp_path / "a.gif") as gif:
        assert gif.n_frames == 21  # type: ignore[attr-defined]
        assert gif.size == (256, 256)
    film.save(tmp_path / "a.png", {})
    assert len(list(tmp_path.glob("a-*.png"))) == 21
    with Image.open(tmp_path / "a-00020.png") as last:
        assert last.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
    film.save(tmp_path / "a.npz", {"seed": 3})
    with np.load(tmp_path / "a.npz") as data:
        assert data["picture"].shape == (21, 32, 32, 3)
        assert list(data["activation"]) == list(range(21))
        assert json.loads(str(data["settings"])) == {"seed": 3}


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="encoder that is not installed"):
        film_of(2).save(tmp_path / "a.mp4", {})
    with pytest.raises(FileProblem, match="no stimulus yet"):
        Film().save(tmp_path / "a.gif", {})


def test_each_objective_is_driven() -> None:
    p = ExplorerParameters().changed(steps=10, second=3)
    explorer = opened(p)
    unit = Unit("relu3", 5)
    for way, wanted in (
        ("unit", unit),
        ("difference", Unit("relu3", 5, minus=Unit("relu3", 2))),
        ("layer", Unit("relu3", summary="norm")),
    ):
        chosen = p.changed(objective=way)
        found = objective(explorer, "relu3", unit, chosen)
        assert found == wanted
        steps = list(evolve(explorer.copy(), lambda c=chosen: c, found, lambda: None))  # type: ignore[misc]
        assert steps[-1].activation > steps[0].activation, way
    sizes = objective(explorer, "relu3", None, p.changed(objective="layer", summary="sizes"))
    assert sizes == SumOfSizes("relu3")
    x = explorer.network.example()
    difference = SumOfSizes("relu3", 5, minus=SumOfSizes("relu3", 2))
    both = [float(values(explorer.network, SumOfSizes("relu3", c), x)[0]) for c in (5, 2)]
    got = float(values(explorer.network, difference, x)[0])
    assert got == pytest.approx(both[0] - both[1])


@pytest.mark.parametrize(("second", "words"), [(65, "numbered 1 to 64"), (6, "the unit itself")])
def test_a_second_unit_that_cannot_be_is_said(second: int, words: str) -> None:
    p = ExplorerParameters().changed(objective="difference", second=second)
    with pytest.raises(ParameterError, match=words):
        objective(opened(p), "relu3", Unit("relu3", 5), p)
