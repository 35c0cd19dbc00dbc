"""Spec 01, items 8 to 14: wiring, tracking of flicker and motion, and what a toy would do."""

from __future__ import annotations

import functools

import numpy as np
import pytest

from backend.spiking.balanced_spatial import SpatialDynamics, SpatialNetwork
from backend.spiking.balanced_wiring import Geometry, SpatialWiring, displacement, wire_spatial
from backend.stimuli.camera import Discs
from backend.studies.ei_balanced.measures import (
    flicker_trial,
    leaky_unit,
    motion_trial,
    step_trial,
    step_values,
)

STEP = Discs("step", x=0.25, y=0.5, amplitude=15.0)


@functools.cache
def wired(seed: int) -> SpatialWiring:
    return wire_spatial(Geometry(), seed)


@functools.cache
def step_curves(k: float) -> tuple[np.ndarray, np.ndarray]:
    trials = [step_trial(wired(seed), SpatialDynamics(k=k), STEP, seed) for seed in range(6)]
    return (
        np.mean([trial["F"] for trial in trials], axis=0),
        np.mean([trial["E"] for trial in trials], axis=0),
    )


@pytest.mark.parametrize("seed", [0, 1])
def test_wiring(seed: int) -> None:
    expected = {
        ("E", "F"): 800_000, ("I", "F"): 100_000, ("E", "E"): 819_200,
        ("E", "I"): 819_200, ("I", "E"): 614_400, ("I", "I"): 204_800,
    }  # fmt: skip
    for pair, count in expected.items():
        assert wired(seed).lists[pair].synapses == pytest.approx(count, rel=0.01), pair
    assert displacement(wired(seed), "E", "F") == pytest.approx(0.0501, rel=0.02)
    assert displacement(wired(seed), "E", "E") == pytest.approx(0.0203, rel=0.02)


def test_centre_in_degrees() -> None:
    expected = {
        ("E", "F"): 125, ("E", "E"): 128, ("E", "I"): 128,
        ("I", "F"): 62.5, ("I", "E"): 384, ("I", "I"): 128,
    }  # fmt: skip
    for (a, b), degree in expected.items():
        side = Geometry().side[a]
        counts = np.bincount(wired(0).lists[a, b].targets, minlength=side**2).reshape(side, side)
        middle = counts[side // 4 : -side // 4, side // 4 : -side // 4]
        assert middle.mean() == pytest.approx(degree, rel=0.02), (a, b)


def test_step_response() -> None:
    found = step_values(*step_curves(1.0))
    assert found["low_e"] == pytest.approx(0.042, rel=0.10)
    assert found["plateau_e"] == pytest.approx(0.241, rel=0.10)
    assert found["low_f"] == pytest.approx(0.134, rel=0.02)
    assert found["plateau_f"] == pytest.approx(1.035, rel=0.02)
    assert abs(found["lag_f"]) <= 1.0
    assert found["half_rise_e"] == pytest.approx(3.5, abs=1.5)
    assert found["lag_e"] == pytest.approx(4.7, abs=1.0)


def test_lag_is_set_by_the_synapses() -> None:
    lags = [step_values(*step_curves(k))["lag_e"] for k in (0.4, 1.0, 2.0)]
    assert lags[0] < lags[1] < lags[2]
    assert lags[0] <= 3.0
    assert lags == pytest.approx([1.95, 4.75, 7.85], abs=1.0)


def test_toy_detectors_fail_the_step_test() -> None:
    rate_f, _ = step_curves(1.0)
    copy = step_values(rate_f, 0.23 * rate_f)
    assert copy["lag_e"] < 4.7 - 1.0
    assert copy["half_rise_e"] < 3.5 - 1.5
    leaky = step_values(rate_f, leaky_unit(0.23 * rate_f, 15.0, 0.5))
    assert leaky["lag_e"] > 4.7 + 1.0
    assert leaky["half_rise_e"] > 3.5 + 1.5


FLICKER = {
    (1.0, 300): (7.5, 0.224), (1.0, 100): (21.4, 0.209), (1.0, 50): (37.7, 0.176),
    (0.4, 300): (3.1, 0.227), (0.4, 100): (9.3, 0.223), (0.4, 50): (18.0, 0.215),
}  # fmt: skip


@pytest.mark.parametrize(("k", "period"), FLICKER)
def test_flicker_phase_and_gain(k: float, period: int) -> None:
    disc = Discs("flicker", x=0.25, y=0.5, amplitude=30.0, offset=30.0, period=float(period))
    trials = [flicker_trial(wired(s), SpatialDynamics(k=k), disc, s) for s in range(3)]
    degrees, gain = FLICKER[k, period]
    assert np.mean([t["degrees"] for t in trials]) == pytest.approx(degrees, rel=0.15)
    assert np.std([t["degrees"] for t in trials]) <= 1.0
    assert np.mean([t["gain"] for t in trials]) == pytest.approx(gain, rel=0.10)


def test_toy_detectors_fail_the_flicker_test() -> None:
    copied = flicker_of(lambda rate: 0.2 * rate)
    assert abs(copied) < 21.4 * 0.85
    assert flicker_of(lambda rate: leaky_unit(0.2 * rate, 15.0, 0.5)) > 21.4 * 1.15


def flicker_of(detector: object) -> float:
    """Phase lag in degrees of a rate computed from the camera's at T = 100 ms."""
    from backend.analysis.lag import temporal_lag

    t = np.arange(400) * 0.5 + 0.25
    rate = 2.0 + 2.0 * np.sin(3.0 * np.pi * t / 100.0)
    made = detector(rate)  # type: ignore[operator]
    whole = slice(133, 400)
    return temporal_lag(rate[whole], made[whole], 0.5, 200.0 / 3.0).degrees


def test_linear_motion() -> None:
    found = motion_trial(wired(0), SpatialDynamics(), Discs("linear", period=200.0), 0)
    assert found["correlation"] >= 0.99
    assert found["ms"] == pytest.approx(4.35, abs=1.5)
    assert found["distance"] == pytest.approx(0.01745, abs=1.5 * 0.004)
    assert found["scatter"] == pytest.approx(0.010, abs=0.005)


@pytest.mark.parametrize(
    ("k", "period", "ms", "radius"),
    [(1.0, 200.0, 3.75, 0.2475), (1.0, 100.0, 3.15, 0.2385), (0.4, 100.0, 1.55, None)],
)
def test_circular_motion(k: float, period: float, ms: float, radius: float | None) -> None:
    disc = Discs("circle", period=period)
    found = motion_trial(wired(0), SpatialDynamics(k=k), disc, 0)
    assert found["ms"] == pytest.approx(ms, abs=1.5)
    if radius is not None:
        assert found["radius"] == pytest.approx(radius, abs=0.015)


def test_a_run_cut_anywhere_gives_the_same_spikes() -> None:
    geometry = Geometry(side={"F": 20, "E": 24, "I": 12})
    wiring = wire_spatial(geometry, 0)
    for stimulus in (Discs("circle", period=40.0), Discs("crossing", period=40.0)):
        whole = SpatialNetwork(wiring, SpatialDynamics(), stimulus, 7)
        at_once = whole.advance(1500)
        cut = SpatialNetwork(wiring, SpatialDynamics(), stimulus, 7)
        rng = np.random.default_rng(1)
        borders = np.unique(np.concatenate([[0, 1, 1500], rng.integers(0, 1500, 40)]))
        parts = [cut.advance(int(n)) for n in np.diff(borders)]
        for name in ("step", "layer", "index"):
            np.testing.assert_array_equal(
                getattr(at_once, name), np.concatenate([getattr(p, name) for p in parts])
            )
        np.testing.assert_array_equal(whole.g_e, cut.g_e)


def test_a_live_change_keeps_voltages_and_currents() -> None:
    network = SpatialNetwork(wired(0), SpatialDynamics(), Discs(), 0)
    network.advance(400)
    voltages = [v.copy() for v in network.v]
    currents = network.g_e.copy(), network.g_i.copy()
    network.change(k=2.0, theta=12.0, background=1.0)
    network.show(Discs("linear"))
    for mine, before in zip(network.v, voltages, strict=True):
        np.testing.assert_array_equal(mine, before)
    np.testing.assert_array_equal(network.g_e, currents[0])
    np.testing.assert_array_equal(network.g_i, currents[1])
    assert network.step == 400
