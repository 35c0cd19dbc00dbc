"""Trends over layers and stepwise regression against the paper's own arithmetic (06, item 5)."""

from __future__ import annotations

import numpy as np
import pytest

from backend.analysis.trends import (
    adjusted_r2,
    bootstrap_trend,
    category_trends,
    layer_trend,
    link,
    spearman_brown,
    stepwise,
    trend_p,
)


def test_seven_layers_with_one_inversion() -> None:
    found = layer_trend(np.array([1.0, 2, 3, 4, 5, 7, 6]))
    assert found.tau == pytest.approx(0.905, abs=5e-4)
    assert found.p == pytest.approx(0.0028, abs=5e-5)


def test_the_papers_p_values_of_its_bias_lesion() -> None:
    assert trend_p(0.10, 70) == pytest.approx(0.22, abs=0.005)
    assert trend_p(-0.15, 100) == pytest.approx(0.03, abs=0.005)


def test_adjusted_r2_of_the_papers_regressions() -> None:
    assert adjusted_r2(22.54, 3, 252) == pytest.approx(0.202, abs=5e-4)
    assert adjusted_r2(136.60, 2, 253) == pytest.approx(0.515, abs=5e-4)


def test_a_correlation_of_019_is_not_below_one_in_a_thousand() -> None:
    """The paper prints r > 0.19, p < .001, corrected; with 256 categories it is .0023 (8.3)."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(256)
    noise = rng.standard_normal(256)
    noise -= x * (noise @ (x - x.mean())) / ((x - x.mean()) @ (x - x.mean()))
    x, noise = (x - x.mean()) / x.std(), (noise - noise.mean()) / noise.std()
    found = link(x, 0.19 * x + np.sqrt(1 - 0.19**2) * noise)
    assert found.r == pytest.approx(0.19, abs=1e-3)
    assert found.p == pytest.approx(0.0023, abs=2e-4)
    assert found.low < found.r < found.high


def test_a_constant_accuracy_has_no_correlation_and_no_warning() -> None:
    assert np.isnan(link(np.arange(9.0), np.ones(9)).r)


def test_stepwise_keeps_what_drives_and_drops_what_only_stood_in() -> None:
    rng = np.random.default_rng(5)
    a, b, other, noise = rng.standard_normal((4, 400))
    stand_in = a + b + 0.3 * rng.standard_normal(400)  # enters first, then is not needed
    found = stepwise(np.column_stack([stand_in, a, b, other]), a + b + 0.1 * noise)
    assert found is not None
    assert found.kept == (1, 2)
    assert ("leaves", 0) in [(word, column) for word, column, _ in found.history]
    assert found.r2 == pytest.approx(0.995, abs=0.002)


def test_stepwise_gives_the_f_of_ordinary_regression() -> None:
    rng = np.random.default_rng(2)
    x = rng.standard_normal((120, 3))
    y = x @ [1.0, 0.5, 0.4] + rng.standard_normal(120)
    found = stepwise(x, y)
    assert found is not None
    assert found.kept == (0, 1, 2)
    design = np.column_stack([np.ones(120), x])
    residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    r2 = 1 - residual @ residual / ((y - y.mean()) @ (y - y.mean()))
    assert found.r2 == pytest.approx(r2)
    assert found.f == pytest.approx((r2 / 3) / ((1 - r2) / 116))
    assert adjusted_r2(found.f, 3, 116) == pytest.approx(found.adjusted)


def test_noise_is_not_retained() -> None:
    rng = np.random.default_rng(11)
    kept = [stepwise(rng.standard_normal((250, 1)), rng.standard_normal(250)) for _ in range(200)]
    assert 0.01 <= np.mean([one is not None for one in kept]) <= 0.10


def test_category_trends_are_tested_over_categories() -> None:
    rng = np.random.default_rng(0)
    rising = np.arange(7) * 0.1 + rng.normal(0, 0.1, (30, 7))
    taus, p = category_trends(rising)
    assert np.median(taus) > 0.5
    assert p < 1e-4
    low, high = bootstrap_trend(rising)
    assert low < layer_trend(rising).tau < high
    _, flat = category_trends(rng.normal(0, 0.1, (30, 7)))
    assert flat > 0.01


def test_bootstrap_of_identical_categories_is_the_tau_itself() -> None:
    """Resampling rows that are all alike (but for no ties within) changes nothing."""
    values = np.array([[1.0, 2.0, 3.0], [1.1, 2.1, 3.1], [0.9, 1.9, 2.9]])
    low, high = bootstrap_trend(values, 50)
    assert low == pytest.approx(high)
    assert high == pytest.approx(layer_trend(values).tau, abs=1e-9)


def test_spearman_brown() -> None:
    assert spearman_brown(0.5) == pytest.approx(2 / 3)
