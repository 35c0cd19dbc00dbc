"""Pictures of a design: from generators and folders, by place, as textures."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from stage_tools import choice_design

from backend.core.files import FileProblem
from backend.stage.design import Design, Source
from backend.stage.headless import present
from backend.stage.stimuli import Stimuli, as_texture
from backend.stimuli.stimulus_set import StimulusSet


def folder(tmp_path: Path, count: int = 6) -> Path:
    """A saved set of flat pictures of level 10 × number."""
    images = np.stack([np.full((16, 20), 10 * i, np.uint8) for i in range(count)])
    table = {"name": [f"flat_{i}" for i in range(count)], "level": list(range(count))}
    StimulusSet("flat", images=images, table=table).save(tmp_path / "set")
    return tmp_path / "set"


def with_source(source: Source) -> Design:
    return dataclasses.replace(choice_design(source.count), sources=(source,))


def test_a_saved_set_is_shown(tmp_path: Path) -> None:
    design = with_source(Source("squares", folder=str(folder(tmp_path)), count=4, first=2))
    stimuli = Stimuli(design)
    assert stimuli.image("squares:0").max() == 20
    assert stimuli.row("squares:3")["level"] == 5
    assert present(design, tmp_path / "data").state == "done"


def test_a_set_that_is_too_small_is_refused(tmp_path: Path) -> None:
    design = with_source(Source("squares", folder=str(folder(tmp_path)), count=7))
    with pytest.raises(FileProblem, match="holds 6 images; the design uses 7"):
        Stimuli(design).image("squares:0")


@pytest.mark.parametrize(
    ("source", "places"),
    [
        (Source("s", count=4), [0, 1, 2, 3]),
        (Source("s", count=4, first=3, every=25), [3, 28, 53, 78]),
        (Source("s", count=5, without=3), [1, 2, 4, 5, 7]),
    ],
)
def test_every_and_without_share_a_set_among_sources(source: Source, places: list[int]) -> None:
    assert [source.place(i) for i in range(source.count)] == places


def test_targets_and_others_of_a_session_share_no_picture_and_leave_none_out() -> None:
    targets = Source("target", count=56, every=25)
    others = Source("other", count=1344, without=25)
    used = [one.place(i) for one in (targets, others) for i in range(one.count)]
    assert sorted(used) == list(range(1400))


def test_a_picture_does_not_depend_on_what_it_is_drawn_with() -> None:
    source = Source("g", "gratings", parameters={"random_phase": True, "side": 32}, count=40)
    design = with_source(source)
    together, alone = Stimuli(design), Stimuli(design)
    together.prepare(f"g:{i}" for i in range(40))
    for index in (0, 17, 39):
        np.testing.assert_array_equal(together.image(f"g:{index}"), alone.image(f"g:{index}"))


def test_textures_are_bytes() -> None:
    found = as_texture(np.array([[0.0, 0.5], [1.0, np.nan]], np.float32))
    assert found.tolist() == [[0, 128], [255, 0]]
    assert as_texture(np.zeros((4, 4, 4), np.uint8)).shape == (4, 4, 3)


def test_bad_parameters_of_a_generator_are_named() -> None:
    design = with_source(Source("g", "gratings", parameters={"contrast": 3.0}))
    with pytest.raises(ValueError, match="Contrast goes from 0 to 1; 3 was given"):
        Stimuli(design).image("g:0")
