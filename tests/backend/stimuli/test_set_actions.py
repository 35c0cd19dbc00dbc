"""Every edit of a set: what it makes, what it says, what its preview shows, what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backend.core.parameters import ParameterError
from backend.core.run import Cancelled
from backend.stimuli.set_actions import ACTIONS, NoSettings, Still, action
from backend.stimuli.stimulus_set import StimulusSet

COUNT = 6


def small(colour: bool = False, name: str = "small") -> StimulusSet:
    """Six pictures of 24 × 20 px; the last two are equal."""
    rng = np.random.Generator(np.random.Philox(3))
    shape = (COUNT, 20, 24, 3) if colour else (COUNT, 20, 24)
    images = rng.integers(20, 230, shape, np.uint8)
    images[5] = images[4]
    table: dict[str, list[Any]] = {
        "name": [f"p{i}" for i in range(COUNT)],
        "class": ["disc", "ring"] * 3,
        "size": [3.0, 1.0, 2.0, 6.0, 5.0, 4.0],
    }
    return StimulusSet(name=name, images=images, table=table)


def other(name: str) -> StimulusSet:
    if name != "more":
        raise ParameterError("other", f'There is no set "{name}". Choose one of the list.')
    return small(name="more")


def settings_of(identifier: str, **values: Any) -> Any:
    wanted: dict[str, Any] = {"other": "more"} if identifier == "join" else {}
    wanted |= {"n": 4} if identifier == "sample" else {}
    return action(identifier).Parameters().changed(**wanted | values)


def done(identifier: str, stimuli: StimulusSet | None = None, **values: Any) -> StimulusSet:
    given = small(colour=identifier == "grey") if stimuli is None else stimuli
    return action(identifier).apply(given, settings_of(identifier, **values), Still(), other)


# ---- all of them -------------------------------------------------------------------------


@pytest.mark.parametrize("identifier", [one.id for one in ACTIONS])
def test_every_action_leaves_the_set_as_it_was_and_says_what_it_did(identifier: str) -> None:
    given = small(colour=identifier == "grey")
    before, table = given.images.copy(), {k: list(v) for k, v in given.table.items()}
    made = done(identifier, given)
    assert np.array_equal(given.images, before)
    assert given.table == table
    assert given.history == ()
    assert made.history
    assert all(said.endswith(".") for said in made.history)
    assert len(made.names) == len(made) == len(set(made.names))
    assert all(len(values) == len(made) for values in made.table.values())


@pytest.mark.parametrize("identifier", [one.id for one in ACTIONS])
@pytest.mark.parametrize("index", [0, 3])
def test_the_preview_is_the_picture_that_will_be_made(identifier: str, index: int) -> None:
    given = small(colour=identifier == "grey")
    one, settings = action(identifier), settings_of(identifier)
    shown = one.preview(given, index, settings)
    if not one.pixels:
        assert shown is None
        return
    assert shown is not None
    made = one.apply(given, settings, Still(), other)
    assert np.array_equal(shown, made.images[index])


@pytest.mark.parametrize("identifier", [one.id for one in ACTIONS])
def test_every_action_says_beforehand_what_will_happen(identifier: str) -> None:
    given = small(colour=identifier == "grey")
    said = action(identifier).say(given, settings_of(identifier))
    assert said
    assert "None" not in said


@pytest.mark.parametrize("identifier", ["resize", "match", "measure"])
def test_long_work_can_be_cancelled(identifier: str) -> None:
    class Impatient:
        def check(self) -> None:
            raise Cancelled

    with pytest.raises(Cancelled):
        action(identifier).apply(small(), settings_of(identifier), Impatient(), other)


def test_an_unknown_settings_name_is_refused() -> None:
    with pytest.raises(ParameterError):
        NoSettings().changed(width=3)


# ---- pixels ------------------------------------------------------------------------------


def test_crop_cuts_the_middle_and_the_corner() -> None:
    given = small()
    assert np.array_equal(done("crop", width=50.0, height=50.0).images, given.images[:, 5:15, 6:18])
    corner = done("crop", width=50.0, height=50.0, x=0.0, y=100.0)
    assert np.array_equal(corner.images, given.images[:, 10:, :12])
    assert "12 × 10" in corner.history[-1]


def test_resize_by_area_keeps_the_mean() -> None:
    made = done("resize", width=12, height=10)
    assert made.images.shape == (COUNT, 10, 12)
    blocks = small().images.reshape(COUNT, 10, 2, 12, 2).mean((2, 4))
    assert np.abs(made.images - blocks).max() <= 0.5 + 1e-9


def test_grey_is_luminance_and_grey_pictures_are_refused() -> None:
    given = small(colour=True)
    wanted = given.images @ np.array([0.299, 0.587, 0.114])
    assert np.abs(done("grey").images - wanted).max() <= 0.501
    with pytest.raises(ParameterError, match="grey already"):
        done("grey", small())


def test_invert_twice_is_nothing() -> None:
    assert np.array_equal(done("invert", done("invert")).images, small().images)


def test_a_mask_is_grey_outside_and_the_picture_inside() -> None:
    made = done("mask", shape="disc", size=0.8, edge=0.0, background=99)
    assert (made.images[:, 0, 0] == 99).all()
    assert np.array_equal(made.images[:, 10, 12], small().images[:, 10, 12])


@pytest.mark.parametrize("step", ["luminance", "histogram", "spectrum", "rotational", "both"])
def test_matching_says_what_it_measured(step: str) -> None:
    made = done("match", step=step, iterations=2 if step == "both" else 1)
    assert made.images.shape == small().images.shape
    assert "→" in made.history[-1]
    if step == "luminance":
        means = made.images.reshape(COUNT, -1).mean(1)
        assert np.ptp(means) < 0.5 < np.ptp(small().images.reshape(COUNT, -1).mean(1))


# ---- table -------------------------------------------------------------------------------


def test_names_come_from_a_pattern() -> None:
    assert done("names", pattern="{class}_{number:02}").names[:2] == ["disc_01", "ring_02"]
    said = action("names").say(small(), settings_of("names", pattern="{class}_{number:02}"))
    assert said.startswith("disc_01, ring_02")


@pytest.mark.parametrize(
    ("identifier", "values", "field", "words"),
    [
        ("names", {"pattern": "{class}"}, "pattern", '"disc" would name several images'),
        ("names", {"pattern": "{clas}_{number}"}, "clas", "closest is class"),
        ("names", {"pattern": " "}, "pattern", "empty name"),
        ("column", {"column": ""}, "column", "needs a name"),
        ("column", {"column": "name", "value": "x"}, "column", "Two images would have one name"),
        ("column", {"column": "name", "remove": True}, "column", "name stays"),
        ("column", {"column": "clas", "remove": True}, "clas", "class"),
        ("filter", {"expression": "size > 100"}, "filter", "No image has size > 100"),
        ("sort", {"column": "sise"}, "sise", "size"),
        ("sample", {"n": 7}, "n", "From 1 to 6 images can be drawn; 7 were asked"),
        ("split", {"shares": "train"}, "shares", "is no share"),
        ("split", {"shares": "train 0"}, "shares", "above 0"),
        ("counterbalance", {"conditions": "left"}, "conditions", "at least two"),
        ("counterbalance", {"conditions": "a, b, c, d"}, "conditions", "groups of 4"),
        ("join", {"other": "nothing"}, "other", "There is no set"),
        ("measure", {"by": "clas"}, "clas", "class"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(
    identifier: str, values: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        done(identifier, **values)
    assert caught.value.field == field
    assert words in caught.value.sentence
    assert len(caught.value.sentence.split()) <= 40
    if identifier == "join":
        return  # only the store knows which sets there are
    with pytest.raises(ParameterError) as said_before:
        action(identifier).say(small(), settings_of(identifier, **values))
    assert said_before.value.sentence == caught.value.sentence


def test_join_without_another_set_is_refused_beforehand() -> None:
    with pytest.raises(ParameterError, match="no other set"):
        action("join").say(small(), settings_of("join", other=""))


def test_a_column_is_added_changed_and_taken_away() -> None:
    made = done("column", column="label", value="new")
    assert made.table["label"] == ["new"] * COUNT
    assert "label" not in done("column", made, column="label", remove=True).table


def test_measures_stand_in_the_table() -> None:
    made = done("measure", by="class")
    means = small().images.reshape(COUNT, -1).mean(1)
    column = next(v for k, v in made.table.items() if k.startswith("mean"))
    assert column == pytest.approx(list(means), abs=1e-6)
    assert "disc" in made.history[-1]


# ---- rows --------------------------------------------------------------------------------


def test_filter_and_sort_keep_pictures_and_rows_together() -> None:
    given = small()
    kept = done("filter", expression='class == "ring" and size > 2')
    assert kept.names == ["p3", "p5"]
    assert np.array_equal(kept.images, given.images[[3, 5]])
    said = action("filter").say(given, settings_of("filter", expression='class == "ring"'))
    assert said == "3 of 6 images fit."
    ordered = done("sort", column="size", descending=True)
    assert ordered.names == ["p3", "p4", "p5", "p0", "p2", "p1"]
    assert np.array_equal(ordered.images, given.images[[3, 4, 5, 0, 2, 1]])


def test_a_sample_is_drawn_without_replacement_and_the_seed_holds() -> None:
    one, two = done("sample", n=4, seed=5, by="class"), done("sample", n=4, seed=5, by="class")
    assert one.names == two.names
    assert sorted(one.table["class"]) == ["disc", "disc", "ring", "ring"]
    assert done("sample", n=6).names == small().names


@pytest.mark.parametrize(
    ("shares", "words"), [("train 2 test 1", "is no share"), ("train 0.7, test 0.5", "sum to 1.2")]
)
def test_shares_that_cannot_be_are_refused(shares: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        done("split", shares=shares)


def test_split_gives_the_shares_within_each_class() -> None:
    made = done("split", shares="train 2, test 1", by="class")
    pairs = sorted(zip(made.table["class"], made.table["split"], strict=True))
    assert pairs == [("disc", "test"), ("disc", "train"), ("disc", "train"),
                     ("ring", "test"), ("ring", "train"), ("ring", "train")]  # fmt: skip


def test_every_picture_has_every_condition_once() -> None:
    made = done("counterbalance", conditions="a, b, c", participants=3)
    columns = [made.table[f"list_{person:02d}"] for person in (1, 2, 3)]
    for seen in zip(*columns, strict=True):
        assert sorted(seen) == ["a", "b", "c"]


def test_copies_are_left_out_and_named() -> None:
    made = done("copies")
    assert made.names == ["p0", "p1", "p2", "p3", "p4"]
    assert "p5 = p4" in made.history[-1]


def test_two_sets_become_one_with_names_that_differ() -> None:
    made = done("join")
    assert len(made) == 2 * COUNT
    assert made.names[6:] == [f"p{i}_2" for i in range(COUNT)]
    with pytest.raises(ParameterError, match="Resize one first"):
        done("join", done("crop", small(), width=50.0))
