"""d-prime, criterion, ROC area, response times."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backend.analysis.detection import area_under_roc, d_prime_2afc, detection
from backend.analysis.response_times import fit_ex_gaussian, summarise


def test_textbook_values() -> None:
    """Hits .8, false alarms .2: d' = 2 × 0.8416, no bias."""
    found = detection(80, 100, 20, 100, log_linear=False)
    assert found.d_prime == pytest.approx(1.6832, abs=1e-4)
    assert found.criterion == pytest.approx(0.0, abs=1e-12)
    lax = detection(90, 100, 40, 100, log_linear=False)
    assert (lax.d_prime, lax.criterion) == pytest.approx((1.5349, -0.5141), abs=1e-4)
    assert lax.log_beta == pytest.approx(-0.7891, abs=1e-3)


def test_perfect_answers_stay_finite_with_the_log_linear_rule() -> None:
    found = detection(20, 20, 0, 20)
    assert found.hit_rate == pytest.approx(20.5 / 21)
    assert found.d_prime == pytest.approx(2 * 1.98, abs=0.01)
    assert math.isinf(detection(20, 20, 0, 20, log_linear=False).d_prime)


def test_intervals_cover_the_truth() -> None:
    """d' 1.2, c 0.3, 100 + 100 trials: 95 % intervals cover in 93 to 98 % of 2000 sessions."""
    rng = np.random.default_rng(0)
    hit, alarm = 0.6179114, 0.1840601  # Phi(0.3), Phi(-0.9)
    covered = [0, 0]
    for _ in range(2000):
        found = detection(rng.binomial(100, hit), 100, rng.binomial(100, alarm), 100)
        covered[0] += found.d_prime_interval[0] <= 1.2 <= found.d_prime_interval[1]
        covered[1] += found.criterion_interval[0] <= 0.3 <= found.criterion_interval[1]
    assert all(0.93 <= n / 2000 <= 0.98 for n in covered)


@pytest.mark.parametrize(
    ("counts", "words"),
    [((1, 0, 0, 5), "no signal trials"), ((1, 5, 0, 0), "no noise trials"),
     ((6, 5, 0, 5), "6 answers to 5 signal"), ((1, 5, -1, 5), "-1 answers to 5 noise")],
)  # fmt: skip
def test_impossible_counts_are_refused(counts: tuple[int, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        detection(*counts)


def test_forced_choice() -> None:
    assert d_prime_2afc(500, 1000) == pytest.approx(0.0, abs=1e-9)
    assert d_prime_2afc(76_025, 100_000) == pytest.approx(1.0, abs=1e-3)


def test_roc_area_is_the_chance_that_a_signal_is_rated_higher() -> None:
    rng = np.random.default_rng(1)
    signal, noise = rng.integers(1, 6, 40), rng.integers(1, 5, 30)
    pairs = [(s > n) + 0.5 * (s == n) for s in signal for n in noise]
    assert area_under_roc(signal, noise) == pytest.approx(np.mean(pairs))
    with pytest.raises(ValueError, match="both kinds"):
        area_under_roc(signal, np.array([]))


def test_response_times_say_what_was_left_out() -> None:
    times = np.array([0.05, 0.4, 0.5, 0.6, 9.0, math.nan])
    found = summarise(times, slowest=5.0)
    assert (found.n, found.missing, found.fast, found.slow) == (3, 1, 1, 1)
    assert (found.mean, found.median) == pytest.approx((0.5, 0.5))
    assert found.quartiles == pytest.approx((0.45, 0.55))
    assert summarise(np.array([math.nan])).n == 0


def test_the_median_interval_covers() -> None:
    rng = np.random.default_rng(2)
    median = 0.3 + 0.2 * math.log(2.0)
    inside = 0
    for _ in range(2000):
        low, high = summarise(0.3 + rng.exponential(0.2, 41)).interval
        inside += low <= median <= high
    assert 0.945 <= inside / 2000 <= 0.99


def test_the_ex_gaussian_fit_finds_its_parts() -> None:
    """20 samples of 2000: mean of each estimate within 4 SE of the truth."""
    rng = np.random.default_rng(3)
    found = []
    for _ in range(20):
        times = rng.normal(0.4, 0.05, 2000) + rng.exponential(0.15, 2000)
        fit = fit_ex_gaussian(times)
        found.append((fit.mu, fit.sigma, fit.tau))
    error = np.std(found, axis=0, ddof=1) / math.sqrt(20)
    assert np.all(np.abs(np.mean(found, axis=0) - [0.4, 0.05, 0.15]) < 4 * error)
    with pytest.raises(ValueError, match="needs 20 response times; there are 5"):
        fit_ex_gaussian(np.ones(5))
    with pytest.raises(ValueError, match="alike"):
        fit_ex_gaussian(np.ones(50))
