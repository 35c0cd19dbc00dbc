"""Edits of sets: new sets, one sentence each, the old set untouched."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core.parameters import ParameterError
from backend.stimuli import set_edit, set_rows
from backend.stimuli.expressions import rows_where
from backend.stimuli.set_statistics import (
    column_summary,
    image_statistics,
    spectrum_slope,
    summary,
)
from backend.stimuli.stimulus_set import StimulusSet


def example(dtype: Any = np.uint8, colour: bool = False) -> StimulusSet:
    rng = np.random.default_rng(0)
    shape = (12, 16, 20, 3) if colour else (12, 16, 20)
    images = rng.random(shape)
    images = (images * 255).astype(np.uint8) if dtype is np.uint8 else images.astype(np.float32)
    table = {"name": [f"i{i}" for i in range(12)], "class": ["disk", "ring", "disk"] * 4,
             "size": [float(i % 5) for i in range(12)]}  # fmt: skip
    return StimulusSet(name="x", images=images, table=table, arrays={"w": np.arange(12)})


TABLE = {
    "gender": [0.1, 0.6, 0.9, 0.7],
    "class": ["disk", "disk", "ring", "disk"],
    "good": [True, False, True, True],
    "odd name": [1, 2, 3, 4],
}


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ('gender > 0.5 and class == "disk"', [1, 3]),
        ("gender > 0.5 and not class = 'disk'", [2]),
        ("(gender < .2 or gender >= 0.9) and good", [0, 2]),
        ("`odd name` in (1, 4)", [0, 3]),
        ('class contains "is"', [0, 1, 3]),
        ("good == false", [1]),
        ("not not good", [0, 2, 3]),
        ("gender != -1e3", [0, 1, 2, 3]),
    ],
)
def test_filters_keep_the_rows_they_say(expression: str, rows: list[int]) -> None:
    assert rows_where(expression, TABLE) == rows


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "Type a filter"),
        ("gendr > 1", "The closest is gender"),
        ("gender >", "ends too early"),
        ("gender > 1 1", "is not expected there"),
        ('class > 3', "cannot compare 'disk' with 3"),
        ("__import__('os')", 'no column "__import__"'),
        ("gender ; 1", "cannot be read at"),
        ("(" * 60 + "good" + ")" * 60, "nested brackets"),
    ],
)  # fmt: skip
def test_what_is_no_filter_is_told(expression: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        rows_where(expression, TABLE)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="gender class()<>=!\"'and or not in,.0123`x\\", max_size=40))
def test_any_text_is_a_filter_or_a_sentence(text: str) -> None:
    told = ""
    try:
        rows = rows_where(text, TABLE)
    except ParameterError as error:
        rows, told = [], error.sentence
    assert told or set(rows) <= set(range(4))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("colour", [False, True])
def test_pixel_edits_say_one_sentence_and_leave_the_old_set(dtype: Any, colour: bool) -> None:
    one = example(dtype, colour)
    before = one.images.copy()
    for made, shape in (
        (set_edit.crop(one, 2, 3, 10, 12), (10, 12)),
        (set_edit.resize(one, 8, 10), (8, 10)),
        (set_edit.resize(one, 32, 40, "lanczos"), (32, 40)),
        (set_edit.invert(one), (16, 20)),
        (set_edit.mask(one, "oval", edge=1.5), (16, 20)),
    ):
        assert made.images.shape[1:3] == shape
        assert made.images.dtype == one.images.dtype
        assert len(made.history) == 1
        assert made.history[0].endswith(".")
    assert np.array_equal(one.images, before)
    assert one.history == ()


def test_pixel_edits_do_what_they_say() -> None:
    one = example()
    assert np.array_equal(set_edit.crop(one, 2, 3, 4, 5).images, one.images[:, 2:6, 3:8])
    assert np.array_equal(set_edit.invert(set_edit.invert(one)).images, one.images)
    halved = one.images.reshape(12, 8, 2, 10, 2).mean(axis=(2, 4))
    assert np.abs(set_edit.resize(one, 8, 10).images - halved).max() <= 0.5
    masked = set_edit.mask(one, "disc", background=7).images
    assert (masked[:, 0, 0] == 7).all()
    assert np.array_equal(masked[:, 8, 10], one.images[:, 8, 10])
    colour = example(colour=True)
    values = colour.images[0, 0, 0] @ np.array([0.299, 0.587, 0.114])
    assert set_edit.grey(colour).images[0, 0, 0] == pytest.approx(values, abs=0.51)
    with pytest.raises(ParameterError, match="not inside 20 × 16"):
        set_edit.crop(one, 10, 0, 10, 5)


def test_columns_are_added_changed_removed_and_names_made() -> None:
    one = example()
    two = set_rows.set_column(one, "word", "ä")
    assert two.table["word"] == ["ä"] * 12
    two = set_rows.set_value(two, "word", 3, "ö")
    assert two.table["word"][3] == "ö"
    two = set_rows.remove_column(two, "word")
    assert list(two.table) == list(one.table)
    assert two.history == ("Added column word to ä.", "Set word of i3 to ö.",
                           "Removed column word.")  # fmt: skip
    named = set_rows.rename(one, "{class}_{index:03}")
    assert named.names[:2] == ["disk_000", "ring_001"]
    with pytest.raises(ParameterError, match="would name several images"):
        set_rows.rename(one, "{class}")
    with pytest.raises(ParameterError, match='Another image is called "i4"'):
        set_rows.set_value(one, "name", 0, "i4")
    with pytest.raises(ParameterError, match="The column name stays"):
        set_rows.remove_column(one, "name")


def test_rows_are_filtered_and_sorted_with_their_arrays() -> None:
    one = example()
    kept = set_rows.filter_rows(one, 'class == "ring"')
    assert kept.table["name"] == ["i1", "i4", "i7", "i10"]
    assert kept.arrays["w"].tolist() == [1, 4, 7, 10]
    assert kept.history == ('Kept 4 of 12: class == "ring".',)
    order = set_rows.sort(one, "name").names
    assert order == [f"i{i}" for i in range(12)]
    assert set_rows.sort(one, "size", descending=True).table["size"][:2] == [4.0, 4.0]
    with pytest.raises(ParameterError, match="No image has"):
        set_rows.filter_rows(one, "size > 99")


def test_samples_and_splits_are_stratified_and_repeat() -> None:
    one = example()
    drawn = set_rows.sample(one, 6, seed=3, stratified_by="class")
    assert Counter(drawn.table["class"]) == {"disk": 3, "ring": 3}
    assert drawn.names == set_rows.sample(one, 6, seed=3, stratified_by="class").names
    assert drawn.names != set_rows.sample(one, 6, seed=4, stratified_by="class").names
    with pytest.raises(ParameterError, match="5 images with class ring were asked; there are 4"):
        set_rows.sample(one, 10, stratified_by="class")
    parts = set_rows.split(one, {"train": 0.75, "test": 0.25}, stratified_by="class").table
    assert Counter(zip(parts["class"], parts["split"], strict=True)) == {
        ("disk", "train"): 6, ("disk", "test"): 2, ("ring", "train"): 3, ("ring", "test"): 1,
    }  # fmt: skip


def test_a_latin_square_gives_every_image_every_condition_once() -> None:
    made = set_rows.counterbalance(example(), ["a", "b", "c"], 3)
    lists = [made.table[f"list_0{person}"] for person in (1, 2, 3)]
    for seen in zip(*lists, strict=True):
        assert sorted(seen) == ["a", "b", "c"]
    for one in lists:
        assert Counter(one) == {"a": 4, "b": 4, "c": 4}
    with pytest.raises(ParameterError, match="12 images cannot stand in groups of 5"):
        set_rows.counterbalance(example(), list("abcde"), 2)


def test_sets_are_joined_with_unique_names() -> None:
    one, two = example(), set_rows.set_column(example(), "extra", 1)
    made = set_rows.join(one, two)
    assert len(made) == 24
    assert len(set(made.names)) == 24
    assert made.table["extra"] == [None] * 12 + [1] * 12
    assert made.arrays["w"].tolist() == [*range(12), *range(12)]
    with pytest.raises(ParameterError, match="Resize one first"):
        set_rows.join(one, set_edit.crop(two, 0, 0, 4, 4))


def test_copies_and_near_copies_are_found() -> None:
    from backend.stimuli.pictures import read_picture

    pictures = [
        np.rint(read_picture(name)[:200, :200] * 255) for name in ("camera", "coins", "cat")
    ]
    noise = np.random.default_rng(0).normal(0, 2, (200, 200))
    stack = [*pictures, pictures[0], np.clip(pictures[1] + noise + 3, 0, 255)]
    images = np.array(stack).astype(np.uint8)
    one = StimulusSet(name="x", images=images, table={"name": list("abcde")})
    exact, pairs = set_rows.without_duplicates(one)
    assert exact.names == ["a", "b", "c", "e"]
    assert pairs == [set_rows.Pair(0, 3, -1)]
    near, pairs = set_rows.without_duplicates(one, near=3)
    assert near.names == ["a", "b", "c"]
    assert [(pair.first, pair.second) for pair in pairs] == [(0, 3), (1, 4)]
    assert near.history == ("Removed 2 copies and near-copies (up to 3 bits).",)


def test_statistics_of_known_pictures() -> None:
    images = np.full((2, 64, 64), 100, np.uint8)
    images[1, :, :32] = 200
    one = StimulusSet(name="x", images=images, table={"name": ["a", "b"], "class": ["f", "h"]})
    found = image_statistics(one)
    assert found["mean"].tolist() == [100, 150]
    assert found["rms"].tolist() == [0, pytest.approx(1 / 3)]
    assert found["ink"].tolist() == [1.0, 0.5]
    assert np.isnan(found["slope"][0])
    lines = summary(one, found, "class")
    assert [(line["group"], line["images"], line["mean"]) for line in lines] == [
        ("all", 2, 125), ("class f", 1, 100), ("class h", 1, 150),
    ]  # fmt: skip


def test_pink_noise_has_slope_minus_one() -> None:
    from backend.stimuli.matching import radius_index

    rng = np.random.default_rng(1)
    f = np.hypot(np.fft.fftfreq(256)[:, None], np.fft.fftfreq(256)[None, :])
    f[0, 0] = 1
    noise = np.real(np.fft.ifft2(np.fft.fft2(rng.normal(size=(256, 256))) / f))
    assert spectrum_slope(noise, radius_index(256, 256)) == pytest.approx(-1, abs=0.05)


def test_columns_are_summed_up_by_label() -> None:
    lines = column_summary(example(), "class")
    assert [(line["class"], line["images"]) for line in lines] == [("disk", 8), ("ring", 4)]
    ring = [float(i % 5) for i in range(1, 12, 3)]
    assert lines[1]["size"] == pytest.approx(np.mean(ring))
    assert lines[1]["size_sd"] == pytest.approx(np.std(ring))


def test_a_search_for_duplicates_can_be_cancelled() -> None:
    class Stop(Exception):
        pass

    def cancel() -> None:
        raise Stop

    with pytest.raises(Stop):
        set_rows.duplicates(example(), check=cancel)
