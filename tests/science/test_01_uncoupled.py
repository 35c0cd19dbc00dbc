"""Spec 01, items 1 to 3: the uncoupled population against its Fokker-Planck theory."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from backend.spiking.balanced_theory import density, density_cdf
from backend.spiking.balanced_uncoupled import (
    FokkerPlanck,
    PopulationDynamics,
    UncoupledPopulation,
)
from backend.stimuli.traces import Trace
from backend.studies.ei_balanced.measures import density_trial, tracking_trial

N = 2500
STEP = Trace("step", base=1.0, amplitude=4.0, onset=5.0)


@pytest.mark.parametrize("hard", [False, True])
def test_voltages_follow_the_stationary_density(hard: bool) -> None:
    dynamics = PopulationDynamics(dt=1e-4, hard_reset=hard)
    trials = [density_trial(N, dynamics, 5.0, 4.0, seed) for seed in range(8)]
    assert np.median([trial["ks"] for trial in trials]) <= 0.035
    assert np.mean([trial["negative"] for trial in trials]) == pytest.approx(0.432, abs=0.04)


def test_mean_rate_is_mu_over_theta_tau_with_reset_by_subtraction() -> None:
    trials = [density_trial(N, PopulationDynamics(), 5.0, 4.0, seed) for seed in range(4)]
    assert np.mean([trial["rate"] for trial in trials]) == pytest.approx(5.0, rel=0.01)


def test_hard_reset_loses_the_overshoot() -> None:
    coarse = PopulationDynamics(hard_reset=True)
    trials = [density_trial(N, coarse, 5.0, 4.0, seed) for seed in range(8)]
    assert np.mean([trial["rate"] for trial in trials]) == pytest.approx(4.80, rel=0.015)
    fine = PopulationDynamics(dt=1e-4, hard_reset=True)
    assert density_trial(N, fine, 5.0, 4.0, 0)["rate"] == pytest.approx(4.94, rel=0.015)


def _tracking(**noise: object) -> np.ndarray:
    dynamics = PopulationDynamics(**noise)  # type: ignore[arg-type]
    return np.mean([tracking_trial(N, dynamics, STEP, seed, 1.0) for seed in range(8)], axis=0)


def test_constant_variance_to_mean_ratio_tracks_at_once() -> None:
    rate = _tracking()
    assert rate[0] >= 4.0
    assert rate[:5].mean() >= 4.6
    assert rate[5:].mean() == pytest.approx(5.0, abs=0.1)
    assert np.sqrt(np.mean((rate - 5.0) ** 2)) <= 0.22


def test_constant_noise_lags() -> None:
    rate = _tracking(constant_sigma=True)
    expected = {0: 1.5, 2: 2.2, 5: 2.8, 10: 3.6, 15: 3.9, 20: 4.4}
    for place, value in expected.items():
        # A time on a bin border is read as the mean of the two bins that meet there.
        near = rate[place] if place in (0, 2) else rate[place - 1 : place + 1].mean()
        assert near == pytest.approx(value, abs=0.4), place
    assert np.sqrt(np.mean((rate - 5.0) ** 2)) >= 0.7


def test_density_is_a_density() -> None:
    v = np.linspace(-8.0, 1.0, 200_001)
    for beta in (0.3, 1.0, 2.0):
        p = density(v, beta, 1.0, 1.0)
        middle = 0.5 * (p[1:] + p[:-1]) * np.diff(v)
        cumulated = np.concatenate([[0.0], np.cumsum(middle)])
        assert cumulated[-1] == pytest.approx(1.0, abs=2e-3)
        np.testing.assert_allclose(
            density_cdf(v, beta, 1.0, 1.0) - density_cdf(v[0], beta, 1.0, 1.0), cumulated, atol=1e-6
        )
        slope = (p[-1] - p[-2]) / (v[1] - v[0])
        assert -beta / 2.0 * slope == pytest.approx(1.0, rel=1e-3)


def test_fokker_planck_solver_keeps_the_stationary_density_under_a_changing_mean() -> None:
    dynamics = PopulationDynamics()
    solver = FokkerPlanck.of(dynamics)
    assert len(solver.v) == 400
    mean = np.concatenate([np.full(6000, 1.0), np.full(1000, 5.0)])
    rate = solver.advance(mean, dynamics.variance(mean), 0.001)
    assert rate[-1000:] == pytest.approx(5.0, rel=0.005)
    assert solver.mass.sum() == pytest.approx(1.0, abs=1e-9)
    assert np.abs(solver.density - density(solver.v, 1.0, 1.0, 1.0)).max() < 0.01


def test_fokker_planck_solver_lags_with_constant_noise_as_the_particles_do() -> None:
    dynamics = PopulationDynamics(constant_sigma=True)
    mean = STEP.values(0, 6000, 0.001)
    solver = FokkerPlanck.of(dynamics)
    rate = solver.advance(mean, dynamics.variance(mean), 0.001)[5000:].reshape(100, 10).mean(1)
    particles = _tracking(constant_sigma=True)
    assert np.sqrt(np.mean((rate - particles) ** 2)) < 0.2


def test_a_density_moves_to_another_grid() -> None:
    old = FokkerPlanck.of(PopulationDynamics())
    mean = np.full(3000, 1.0)
    old.advance(mean, mean, 0.001)
    new = FokkerPlanck.of(PopulationDynamics(beta=2.0))
    new.adopt(old)
    assert new.mass.sum() == pytest.approx(1.0)
    inside = new.v > -3.0
    assert np.abs(new.density - density(new.v, 1.0, 1.0, 1.0))[inside].max() < 0.05


@pytest.mark.parametrize("barrier", [False, True])
def test_a_run_cut_anywhere_gives_the_same_spikes(barrier: bool) -> None:
    dynamics = PopulationDynamics(barrier=barrier)
    mean = STEP.values(0, 5200, 0.001)
    whole = UncoupledPopulation(311, dynamics, 3)
    at_once = whole.advance(mean)
    cut = UncoupledPopulation(311, dynamics, 3)
    rng = np.random.default_rng(0)
    borders = np.unique(np.concatenate([[0, 1, 5200], rng.integers(0, 5200, 40)]))
    parts = [cut.advance(mean[a:b]) for a, b in itertools.pairwise(borders)]
    np.testing.assert_array_equal(at_once.index, np.concatenate([p.index for p in parts]))
    np.testing.assert_array_equal(at_once.step, np.concatenate([p.step for p in parts]))
    np.testing.assert_array_equal(whole.v, cut.v)
