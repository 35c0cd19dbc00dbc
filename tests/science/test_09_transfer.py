"""09-shapenet-transfer section 7, items 4, 5, 6 and 10: the transfer index."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.analysis.transfer import (
    accuracy_of,
    regression,
    transfer_index,
    transfer_of_blocks,
)


@pytest.mark.parametrize(("learning", "right", "index"), [(75.28, 601, 22.35), (93.43, 758, 46.49)])
def test_the_paper_s_entries_follow_from_counts(learning: float, right: int, index: float) -> None:
    """Item 4: T = right / 1080, rounded to .01 as printed."""
    accuracy = round(100.0 * right / 1080, 2)
    found = transfer_index(np.array([learning]), np.array([accuracy])).per_epoch[0]
    assert abs(found - index) <= 0.01


def test_curves_of_item_5() -> None:
    found = transfer_index(np.array([55, 60, 70, 80, 90]), np.array([52, 54, 60, 64, 70]))
    assert found.per_epoch[0] == pytest.approx(40.0)
    assert found.per_epoch[-1] == pytest.approx(50.0)
    assert found.area[0] == pytest.approx(40.0)
    assert found.area[-1] == pytest.approx(47.27, abs=0.005)
    assert found.regression.slope == pytest.approx(0.5122, abs=5e-5)
    assert found.regression.r == pytest.approx(0.9980, abs=5e-5)


@given(st.integers(0, 2**32 - 1))
def test_identities_of_a_and_b_hold_to_1e_9(seed: int) -> None:
    """Item 6: from the response rates of four categories, epoch by epoch and by area."""
    rng = np.random.default_rng(seed)
    square, rectangle, parallelogram, trapezoid = rng.random((4, 20))
    learning = accuracy_of(0.6 + 0.4 * square, 0.3 * trapezoid)
    pairs = ((rectangle, trapezoid), (parallelogram, trapezoid), (rectangle, parallelogram))
    first, second, third = (transfer_index(learning, accuracy_of(*pair)) for pair in pairs)
    np.testing.assert_allclose(third.transfer - 50, first.transfer - second.transfer, atol=1e-9)
    np.testing.assert_allclose(third.per_epoch, first.per_epoch - second.per_epoch, atol=1e-9)
    np.testing.assert_allclose(third.area, first.area - second.area, atol=1e-9)
    slopes = [one.regression.slope for one in (first, second, third)]
    assert slopes[2] == pytest.approx(slopes[0] - slopes[1], abs=1e-9)


def test_a_net_that_always_says_the_same_never_raises() -> None:
    """Item 10: T exactly 50 in every test, index 0 or n/a."""
    ones = np.ones(5)
    accuracy = accuracy_of(ones, ones)
    assert accuracy.tolist() == [50.0] * 5
    both = transfer_index(accuracy, accuracy)
    assert np.isnan(both.per_epoch).all()
    assert np.isnan(both.area).all()
    assert math.isnan(both.regression.slope)
    learned = transfer_index(np.linspace(60, 90, 5), accuracy)
    assert learned.per_epoch.tolist() == [0.0] * 5
    assert learned.area.tolist() == [0.0] * 5


def test_swapping_the_columns_turns_the_index_round() -> None:
    """Item 10: T becomes 100 - T, the index its negative."""
    rates = np.random.default_rng(0).random((2, 8))
    learning = np.linspace(60, 95, 8)
    there = transfer_index(learning, accuracy_of(rates[0], rates[1]))
    back = transfer_index(learning, accuracy_of(rates[1], rates[0]))
    np.testing.assert_allclose(back.transfer, 100 - there.transfer)
    np.testing.assert_allclose(back.per_epoch, -there.per_epoch)
    np.testing.assert_allclose(back.area, -there.area)


def test_learning_near_chance_has_no_index() -> None:
    found = transfer_index(np.array([48.1, 51.9, 52.0]), np.array([60.0, 60.0, 60.0]))
    assert np.isnan(found.per_epoch).tolist() == [True, True, False]


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="2 epochs and transfer 1"):
        transfer_index(np.array([60.0, 70.0]), np.array([60.0]))
    with pytest.raises(ValueError, match="percentages"):
        transfer_index(np.array([0.6, 101.0]), np.array([0.6, 0.7]))


def test_a_person_s_blocks() -> None:
    found = transfer_of_blocks([60.0, 85.0, 95.0], {"1": 68.0, "2": 50.0}, last=2)
    assert found == pytest.approx({"1": 45.0, "2": 0.0})
    assert math.isnan(transfer_of_blocks([51.0], {"1": 70.0})["1"])
    assert math.isnan(regression(np.array([70.0, 70.0]), np.array([60.0, 61.0])).r)
