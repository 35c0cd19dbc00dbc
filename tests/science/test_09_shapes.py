"""09-shapenet-transfer, section 7, items 1 to 3: the 24 categories as exported."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest
from scipy import ndimage

from backend.core.parameters import ParameterError
from backend.stimuli.generator import make_set
from backend.stimuli.generators import find
from backend.stimuli.shapes import CATEGORIES, EXPERIMENTS, Options, asked_of, draw_shape
from backend.stimuli.stimulus_set import StimulusSet


@functools.cache
def whole(seed: int) -> StimulusSet:
    """All 24 categories, 540 images each."""
    generator = find("shapes")
    return make_set(generator, generator.parameters_of("paper").changed(seed=seed), threads=2)


def of_category(stimuli: StimulusSet, category: str) -> np.ndarray:
    return np.array([name == category for name in stimuli.table["category"]])


def test_24_categories_and_a_set_begins_with_the_smaller_one() -> None:
    """7.1: identical bytes; the first 100 of n = 540 are those of n = 100."""
    generator = find("shapes")
    small = make_set(generator, generator.parameters_of("paper").changed(n=100, seed=1))
    large = whole(1)
    assert len(CATEGORIES) == 24
    assert len(large) == 24 * 540
    assert np.array_equal(large.images[: len(small)], small.images)
    for category in CATEGORIES:
        assert of_category(large, category).sum() == 540
        few = small.images[of_category(small, category)]
        assert np.array_equal(large.images[of_category(large, category)][:100], few)


def test_a_category_is_the_same_in_every_experiment() -> None:
    generator = find("shapes")
    sets = {key: make_set(generator, generator.parameters_of(key).changed(n=5)) for key in "AB"}
    one, two = (s.images[of_category(s, "rectangle")] for s in sets.values())
    assert np.array_equal(one, two)
    assert EXPERIMENTS["A"].categories == ("square", "trapezoid", "rectangle", "parallelogram")
    used = {name for one in EXPERIMENTS.values() for name in one.categories}
    assert used == set(CATEGORIES)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_exported_picture_has_its_topology(seed: int) -> None:
    """7.2, counted here by scipy: 8-connected ink, 4-connected background, border free."""
    stimuli = whole(seed)
    cross, square = ndimage.generate_binary_structure(2, 1), np.ones((3, 3))
    wrong: dict[str, int] = {}
    for image, category in zip(stimuli.images, stimuli.table["category"], strict=True):
        ink = image < 128
        pieces = ndimage.label(ink, square)[1]
        holes = ndimage.label(np.pad(~ink, 1, constant_values=True), cross)[1] - 1
        border = ink[0].any() or ink[-1].any() or ink[:, 0].any() or ink[:, -1].any()
        if (pieces, holes) != CATEGORIES[category].topology or border:
            wrong[category] = wrong.get(category, 0) + 1
    assert wrong == {}


def test_without_the_validator_categories_fail() -> None:
    """7.2: thin corners lose holes. The prototypes' polygon filler (which spills over its edges)
    broke six to eight categories at n = 200; exact samples break these five, and the irregular
    triangle ring and the scalene lines most, as there (182 and 174, 171 and 174 of 200)."""
    right = {
        category: sum(
            draw_shape(category, number, 7, Options(), validate=False).counted
            == asked_of(category, Options())
            for number in range(200)
        )
        for category in CATEGORIES
    }
    broken = {category for category, count in right.items() if count < 200}
    assert {"irregular triangle ring", "scalene", "isosceles", "scalene apart"} <= broken
    assert 150 <= right["irregular triangle ring"] <= 190
    assert 160 <= right["scalene"] <= 190
    assert len(broken) >= 5


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ink_does_not_tell_the_quadrilaterals(seed: int) -> None:
    """7.3: mean ink of A and B's categories within 8 % at n = 540 (measured .183 to .196)."""
    stimuli = whole(seed)
    ink = np.array(stimuli.table["ink"])
    means = [ink[of_category(stimuli, name)].mean() for name in EXPERIMENTS["A"].categories]
    assert max(means) / min(means) < 1.08
    assert 0.17 < min(means) < max(means) < 0.21


def test_size_and_place_do_not_tell_the_pairs() -> None:
    """Section 4: equal size and position distributions within the pairs of E and F."""
    from scipy.stats import ks_2samp

    stimuli = whole(1)
    for one, two in (("isosceles", "isosceles apart"), ("scalene", "scalene apart"),
                     ("dot in circle", "dot beside circle"),
                     ("dot in square", "dot beside square")):  # fmt: skip
        for column in ("scale", "x", "y"):
            values = np.array(stimuli.table[column])
            first, second = (values[of_category(stimuli, name)] for name in (one, two))
            assert ks_2samp(first, second).pvalue > 0.001, (one, column)


def test_ink_can_be_matched_between_rings_and_disks() -> None:
    generator = find("shapes")
    parameters = generator.parameters_of("C").changed(n=300, scale_high=0.45)
    for match, low, high in ((False, 0.65, 0.85), (True, 0.95, 1.05)):
        stimuli = make_set(generator, parameters.changed(match_ink=match))
        ink = np.array(stimuli.table["ink"])
        ratio = ink[of_category(stimuli, "ring")].mean() / ink[of_category(stimuli, "disk")].mean()
        assert low < ratio < high


def test_outline_and_polarity() -> None:
    generator = find("shapes")
    parameters = generator.parameters_of("A").changed(n=5, render="outline")
    stimuli = make_set(generator, parameters)
    assert set(stimuli.table["holes"]) == {1}
    inverted = make_set(generator, parameters.changed(polarity="white on black"))
    assert np.array_equal(inverted.images, 255 - stimuli.images)


def test_drawn_parameters_are_what_the_picture_shows() -> None:
    shape = draw_shape("square", 0, 7, Options(side=256))
    area = (255.0 - shape.image).sum() / 255
    assert math.sqrt(area) / 256 == pytest.approx(shape.drawn["scale"], rel=0.005)
    rows, columns = np.nonzero(shape.image < 128)
    assert columns.mean() + 0.5 == pytest.approx(shape.drawn["x"], abs=0.3)
    assert rows.mean() + 0.5 == pytest.approx(shape.drawn["y"], abs=0.3)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"categories": "pair", "second": "disk"}, "Choose two"),
        ({"scale_low": 0.8, "scale_high": 0.8}, "does not fit into 64 px"),
        ({"scale_low": 0.5, "scale_high": 0.4}, "the second must not be smaller"),
        ({"categories": "F", "scale_low": 0.1, "scale_high": 0.15}, "has no room inside"),
        ({"categories": "E", "line": 0.1, "side": 32, "scale_low": 0.1, "scale_high": 0.12},
         "200 tries gave no isosceles of 1 pieces and 1 holes"),
    ],
)  # fmt: skip
def test_settings_that_give_no_shape_are_told(values: dict, words: str) -> None:
    generator = find("shapes")
    with pytest.raises(ParameterError, match=words):
        generator.check(generator.Parameters().changed(**values))


def test_facts_show_asked_and_counted() -> None:
    generator = find("shapes")
    preview = generator.preview(generator.parameters_of("C"), 1)
    assert preview.facts[0] == ("Holes, asked 1", True, "1")
    assert [caption for caption, _ in preview.strip] == list(EXPERIMENTS["C"].categories)
