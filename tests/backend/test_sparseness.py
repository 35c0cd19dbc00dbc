"""Population sparseness: limits, invariances, nulls, running means (06, section 7, items 1-5)."""

from __future__ import annotations

import numpy as np
import pytest

from backend.analysis.sparseness import (
    CategoryMeans,
    activity_ratio,
    equal_width,
    index_of,
    indices,
    null_medians,
    rescaled,
    sparseness,
    standardise,
)


def means(categories: int = 40, units: int = 30, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).gamma(1.0, 1.0, (categories, units))


def test_one_unit_alone_is_local_and_equal_units_are_distributed() -> None:
    assert index_of(np.array([1.0, 0, 0, 0])) == pytest.approx(1.0, abs=1e-12)
    assert index_of(np.full(7, 3.2)) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("n", "k"), [(10, 3), (10, 1), (64, 17), (5, 5)])
def test_k_of_n_equal_units(n: int, k: int) -> None:
    response = np.zeros(n)
    response[:k] = 0.4
    assert index_of(response) == pytest.approx((1 - k / n) / (1 - 1 / n), abs=1e-10)


def test_the_index_does_not_see_a_units_gain_or_baseline() -> None:
    before = means()
    after = before.copy()
    after[:, 4] = 7.3 * after[:, 4] - 2.0
    assert np.abs(sparseness(before).psi - sparseness(after).psi).max() < 1e-10


def test_doubling_every_unit_changes_only_the_finite_size_factor() -> None:
    one, two = sparseness(means()), sparseness(np.tile(means(), 2))
    assert np.abs(one.a - two.a).max() < 1e-12
    factor = (1 - 1 / 30) / (1 - 1 / 60)
    np.testing.assert_allclose(two.psi, one.psi * factor, rtol=1e-10)


def test_dead_units_are_dropped_and_counted() -> None:
    some = means()
    some[:, [2, 9]] = 0.0
    some[:, 5] = 4.0
    found = sparseness(some)
    assert found.dead == 3
    np.testing.assert_allclose(found.psi, sparseness(np.delete(some, [2, 5, 9], axis=1)).psi)


def test_a_layer_that_never_responds_is_not_a_number_and_no_warning() -> None:
    found = sparseness(np.zeros((8, 12)))
    assert found.dead == 12
    assert np.isnan(found.psi).all()
    assert np.isnan(found.median)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("units", "median", "low", "high"),
    [(24, 0.215, 0.20, 0.23), (48, 0.173, 0.163, 0.187), (64, 0.161, 0.152, 0.172),
     (256, 0.118, 0.112, 0.125), (1024, 0.093, 0.089, 0.098), (4096, 0.077, 0.075, 0.080)],
)  # fmt: skip
def test_independent_units_look_sparser_in_narrow_layers(
    units: int, median: float, low: float, high: float
) -> None:
    draws = null_medians(units, 64)
    assert draws.mean() == pytest.approx(median, abs=0.01)
    fifth, last = np.percentile(draws, (5, 95))
    assert fifth == pytest.approx(low, abs=0.02)
    assert last == pytest.approx(high, abs=0.02)


def test_equal_width_takes_the_width_out_of_a_gaussian_layer() -> None:
    rng = np.random.default_rng(1)
    wide = rng.standard_normal((64, 1024))
    narrow = null_medians(48, 64).mean()
    assert np.median(sparseness(wide).psi) < narrow - 0.05
    assert np.median(equal_width(wide, 48)) == pytest.approx(narrow, abs=0.015)


@pytest.mark.parametrize("batch", [1, 7, 64, 512])
def test_running_means_equal_stored_activations_for_any_batch_and_order(batch: int) -> None:
    rng = np.random.default_rng(0)
    category = np.repeat(np.arange(20), 16)
    half = np.tile(np.arange(16) % 2, 20)
    stored = rng.gamma(1.0, 1.0, (320, 25))
    running = CategoryMeans({"one": 25}, 20)
    order = rng.permutation(320)
    for start in range(0, 320, batch):
        rows = order[start : start + batch]
        running.add(category[rows], half[rows], {"one": stored[rows]})
    plain = stored.reshape(20, 16, 25).mean(axis=1)
    assert np.abs(sparseness(running.means("one")).psi - sparseness(plain).psi).max() < 1e-6
    first = stored.reshape(20, 8, 2, 25)[:, :, 0].mean(axis=1)
    np.testing.assert_allclose(running.means("one", 0), first)


def test_categories_without_images_are_left_out() -> None:
    running = CategoryMeans({"one": 3}, 4)
    running.add(np.array([0, 2, 2]), np.array([0, 0, 1]), {"one": np.ones((3, 3))})
    assert running.seen.tolist() == [True, False, True, False]
    assert running.means("one").shape == (2, 3)


def test_the_other_indices_say_what_their_names_say() -> None:
    raw = np.array([[0.0, 0.0, 4.0, 0.0], [1.0, 1.0, 1.0, 1.0], [0.0, 2.0, 2.0, 0.0]])
    response = rescaled(raw + np.eye(3, 4) * 1e-3)
    assert indices(raw, response, "fraction above zero").tolist() == [0.25, 1.0, 0.5]
    np.testing.assert_allclose(indices(raw, response, "Treves-Rolls"), [0.75, 0.0, 0.5])
    np.testing.assert_allclose(indices(raw, response, "a"), activity_ratio(response))
    assert indices(raw, response, "lifetime").shape == (4,)


def test_the_absolute_control_turns_round_when_a_is_plotted() -> None:
    some = means()
    absolute = rescaled(some, "absolute")
    np.testing.assert_allclose(absolute, np.abs(standardise(some)))
    order = np.argsort(index_of(absolute))
    assert (np.diff(activity_ratio(absolute)[order]) <= 1e-12).all()
