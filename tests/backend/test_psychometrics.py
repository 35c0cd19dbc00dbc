"""Psychometric fits recover what made the data, with honest intervals."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.analysis.psychometrics import binomial_interval, fit_logistic

X = np.array([0.0, 10, 20, 30, 40, 45, 50, 55, 60, 70, 80, 90])


def expected(threshold: float, spread: float, n: int) -> np.ndarray:
    return n / (1 + np.exp(-(X - threshold) / spread))


@pytest.mark.parametrize(("threshold", "spread"), [(50, 5), (42, -3), (30, 12), (70, -8)])
def test_a_fit_to_exact_shares_returns_their_parameters(threshold: float, spread: float) -> None:
    fit = fit_logistic(X, expected(threshold, spread, 1000), 1000)
    assert fit.threshold == pytest.approx(threshold, abs=0.05)
    assert fit.spread == pytest.approx(spread, rel=0.02)
    assert fit.width == pytest.approx(2 * np.log(9) * abs(spread), rel=0.02)
    assert fit.slope == pytest.approx(1 / (4 * spread), rel=0.02)
    assert fit.deviance == pytest.approx(0, abs=0.1)
    ends = fit(np.array([threshold - np.log(9) * spread, threshold + np.log(9) * spread]))
    assert ends == pytest.approx([0.1, 0.9], abs=0.01)


def test_a_perfect_step_is_fitted_between_its_points() -> None:
    fit = fit_logistic(X, np.where(X < 52, 20, 0), 20)
    assert 50 <= fit.threshold <= 55
    assert fit.width < 5
    assert fit.threshold == pytest.approx(52.5, abs=0.1)
    wide = fit_logistic(X, np.where(X < 52, 20, 0), 20, bootstrap=20)
    assert wide.threshold_interval == (50.0, 55.0)


def test_one_lapse_far_from_threshold_does_not_flatten_the_curve() -> None:
    k = np.array([20, 19, 20, 20, 19, 19, 17, 2, 0, 0, 0, 0])
    strict, lenient = fit_logistic(X, k, 20), fit_logistic(X, k, 20, lapse=0.05)
    assert lenient.width < 0.8 * strict.width
    assert lenient.deviance < strict.deviance
    assert lenient.upper < 1


@pytest.mark.slow
def test_bootstrap_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for trial in range(60):
        k = rng.binomial(20, expected(50, 4, 1))
        fit = fit_logistic(X, k, 20, bootstrap=100, seed=trial)
        low, high = fit.threshold_interval
        covered += low <= 50 <= high
    assert 49 <= covered <= 60


def test_intervals_are_reproducible_and_hold_the_estimate() -> None:
    k = np.round(expected(50, 4, 20)).astype(int)
    one = fit_logistic(X, k, 20, bootstrap=50, seed=1)
    two = fit_logistic(X, k, 20, bootstrap=50, seed=1)
    assert one == two
    assert one.threshold_interval[0] < one.threshold < one.threshold_interval[1]
    assert one.width_interval[0] < one.width_interval[1]


def test_a_fit_can_be_cancelled() -> None:
    def stop() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        fit_logistic(X, np.zeros(X.size), 20, bootstrap=10, check=stop)


@pytest.mark.parametrize(
    ("x", "k", "n"), [([1, 1], [0, 1], 2), ([1, 2], [0, 3], 2), ([1, 2], [0, -1], 2), ([1], [1], 1)]
)
def test_impossible_counts_are_refused(x: list[float], k: list[int], n: int) -> None:
    with pytest.raises(ValueError, match="needs"):
        fit_logistic(np.array(x), np.array(k), n)


@given(st.lists(st.integers(0, 10), min_size=12, max_size=12))
@settings(max_examples=60, deadline=None)
def test_any_counts_can_be_fitted(k: list[int]) -> None:
    fit = fit_logistic(X, np.array(k), 10, lapse=0.05)
    assert np.isfinite([fit.threshold, fit.spread, fit.deviance]).all()
    assert fit.deviance >= -1e-6
    assert ((fit(X) >= 0) & (fit(X) <= 1)).all()


def test_binomial_intervals_are_those_of_clopper_and_pearson() -> None:
    assert binomial_interval(0, 20) == (0.0, pytest.approx(0.1684, abs=1e-3))
    assert binomial_interval(20, 20) == (pytest.approx(0.8316, abs=1e-3), 1.0)
    assert binomial_interval(10, 20) == pytest.approx((0.2720, 0.7280), abs=1e-3)
    assert binomial_interval(0, 0) == (0.0, 1.0)


def test_a_forced_choice_starts_at_chance_and_tells_the_lapses() -> None:
    """2AFC, threshold 1, spread 0.3, lapse 0.03; 40 sessions of 8 × 60 trials."""
    x = np.linspace(-0.5, 3.5, 8)
    truth = 0.5 + 0.47 / (1 + np.exp(-(x - 1.0) / 0.3))
    rng = np.random.default_rng(0)
    fits = [fit_logistic(x, rng.binomial(60, truth), 60, 0.06, guess=0.5) for _ in range(40)]
    assert {fit.lower for fit in fits} == {0.5}
    error = np.std([fit.threshold for fit in fits], ddof=1) / np.sqrt(40)
    assert abs(np.mean([fit.threshold for fit in fits]) - 1.0) < 3 * error + 0.02
    assert abs(np.mean([fit.lapse for fit in fits]) - 0.03) < 0.01


def test_lapses_have_a_bootstrap_interval() -> None:
    x = np.linspace(-0.5, 3.5, 8)
    truth = 0.5 + 0.46 / (1 + np.exp(-(x - 1.0) / 0.3))
    k = np.random.default_rng(1).binomial(60, truth)
    fit = fit_logistic(x, k, 60, 0.1, bootstrap=200, guess=0.5)
    low, high = fit.lapse_interval
    assert 0.0 <= low <= fit.lapse <= high <= 0.1
    assert fit.threshold_interval[0] < 1.0 < fit.threshold_interval[1]
