"""Decoders and lag measures on synthetic data with known answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.analysis.lag import (
    PositionDecoder,
    fit_onto,
    linear_tracking,
    sine_fit,
    spatial_lag,
    step_response,
    temporal_lag,
)
from backend.spiking.balanced_events import SpikeEvents
from backend.spiking.balanced_wiring import positions
from backend.stimuli.camera import Discs, inside_disc
from backend.studies.ei_balanced.readouts import (
    DiscRates,
    LiveLag,
    PositionReader,
    RateBins,
    cells_in_disc,
)


@pytest.mark.parametrize("side", [50, 80])
@pytest.mark.parametrize("place", [(0.5, 0.5), (0.3, 0.72), (0.11, 0.4)])
def test_position_of_a_disc(side: int, place: tuple[float, float]) -> None:
    cells = inside_disc(positions(side), *place, 0.05)
    counts = cells * 5 + np.random.default_rng(0).poisson(0.02, side**2)
    assert PositionDecoder(side)(counts) == pytest.approx(place, abs=0.01)


def test_an_empty_map_has_no_position() -> None:
    assert all(np.isnan(PositionDecoder(10)(np.zeros(100))))


def test_decoding_equals_the_recipe_of_the_spec() -> None:
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(0)
    counts = rng.poisson(0.1, (80, 80)) + 4 * inside_disc(positions(80), 0.3, 0.6, 0.05).reshape(
        80, 80
    )
    smoothed = gaussian_filter(counts.astype(float), 0.03 * 80, mode="constant", truncate=5.0)
    above = np.clip(smoothed - 0.5 * smoothed.max(), 0.0, None)
    centre = (np.arange(80) + 0.5) / 80
    expected = above.sum(0) @ centre / above.sum(), above.sum(1) @ centre / above.sum()
    assert PositionDecoder(80)(counts.ravel()) == pytest.approx(expected, abs=1e-6)


def test_positions_use_a_trailing_window() -> None:
    step = np.arange(0, 40)
    cell = np.where(step < 20, 0, 99)
    found = PositionDecoder(10, 0.05).positions(step, cell, np.array([20, 30, 40, 60]), 10)
    assert found[0] == pytest.approx([0.05, 0.05], abs=0.03)
    assert found[1] == pytest.approx([0.95, 0.95], abs=0.03)
    assert np.isnan(found[3]).all()


@given(
    lag=st.floats(-30.0, 80.0), period=st.floats(20.0, 300.0), gain=st.floats(0.1, 3.0)
)  # fmt: skip
@settings(deadline=None)
def test_temporal_lag_of_shifted_sines(lag: float, period: float, gain: float) -> None:
    t = (np.arange(round(4 * period / 0.05)) + 0.5) * 0.05
    first = 2.0 + np.sin(2 * np.pi * t / period)
    second = gain * (2.0 + np.sin(2 * np.pi * (t / period - lag / 360.0)))
    found = temporal_lag(first, second, 0.05, period)
    assert found.degrees == pytest.approx(lag, abs=0.5)
    assert found.ms == pytest.approx(lag / 360 * period, abs=0.5)
    assert found.gain == pytest.approx(gain, rel=0.02)


def test_spatial_lag_wraps() -> None:
    angle = np.radians(np.arange(0, 720, 7.0))
    first = 0.5 + 0.25 * np.column_stack([np.cos(angle), np.sin(angle)])
    late = angle - np.radians(11.0)
    second = 0.5 + 0.25 * np.column_stack([np.cos(late), np.sin(late)])
    second[3] = np.nan
    found = spatial_lag(first, second, (0.5, 0.5))
    assert found.degrees == pytest.approx(11.0)
    assert found.n == len(angle) - 1
    assert found.ms(100.0) == pytest.approx(11.0 / 3.6)


def test_linear_tracking() -> None:
    x = np.linspace(0.1, 0.9, 200)
    first = np.column_stack([x, np.full(200, 0.5)])
    second = first - [0.02, 0.0]
    found = linear_tracking(first, second, 0.004)
    assert (found.correlation, found.distance, found.ms) == pytest.approx((1.0, 0.02, 5.0))


def test_step_response_of_an_exponential() -> None:
    t = (np.arange(300) + 0.5) * 0.5
    rate = 0.1 + np.where(t > 75, 0.9 * (1 - np.exp(-(t - 75) / 4.0)), 0.0)
    found = step_response(rate, 0.5, 75.0, (40.0, 75.0), (110.0, 150.0))
    assert found.low == pytest.approx(0.1)
    assert found.plateau == pytest.approx(1.0, abs=1e-3)
    assert found.mean_lag == pytest.approx(4.0, abs=0.1)
    assert found.half_rise == pytest.approx(4.0 * np.log(2), abs=0.3)
    flat = step_response(np.ones(300), 0.5, 75.0, (40.0, 75.0), (110.0, 150.0))
    assert np.isnan(flat.half_rise)


def test_fits() -> None:
    x = np.linspace(0, 1, 50)
    np.testing.assert_allclose(fit_onto(3 * x, x), 3 * x)
    np.testing.assert_allclose(fit_onto(3 * x + 1, x, offset=True), 3 * x + 1)
    mean, amplitude, phase = sine_fit(x, 2 + 0.5 * np.sin(2 * np.pi * x / 0.4 + 0.3), 0.4)
    assert (mean, amplitude, phase) == pytest.approx((2.0, 0.5, 0.3))


@given(x=st.floats(0.0, 1.0), y=st.floats(0.0, 1.0), radius=st.floats(0.01, 0.4))
def test_cells_in_a_disc_are_counted_without_looking_at_every_cell(
    x: float, y: float, radius: float
) -> None:
    expected = inside_disc(positions(40), x, y, radius).sum()
    found = cells_in_disc(40, np.array([x]), np.array([y]), radius)[0]
    assert abs(found - expected) <= 2  # cells exactly on the rim may round either way


def test_the_papers_disc_is_counted_exactly() -> None:
    for side, cells in ((50, 22), (80, 52)):
        assert cells_in_disc(side, np.array([0.25]), np.array([0.5]), 0.05)[0] == cells


def random_events(n: int = 4000, steps: int = 2000) -> SpikeEvents:
    rng = np.random.default_rng(0)
    step = np.sort(rng.integers(0, steps, n))
    layer = rng.integers(0, 3, n).astype(np.uint8)
    return SpikeEvents(step, layer, rng.integers(0, 100, n).astype(np.int32), 0.05, ("F", "E", "I"))


def pieces(events: SpikeEvents, borders: list[int]) -> list[tuple[SpikeEvents, int]]:
    out = []
    for low, high in zip([0, *borders], [*borders, 2000], strict=True):
        keep = (events.step >= low) & (events.step < high)
        part = SpikeEvents(
            events.step[keep], events.layer[keep], events.index[keep], 0.05, events.layers
        )
        out.append((part, high))
    return out


@given(borders=st.lists(st.integers(1, 1999), unique=True, max_size=8).map(sorted))
@settings(deadline=None, max_examples=25)
def test_live_read_outs_do_not_depend_on_how_a_run_is_cut(borders: list[int]) -> None:
    sides = {"F": 10, "E": 10, "I": 10}
    disc = Discs("circle", period=60.0, radius=0.2)
    results = []
    for cut in ([], borders):
        rates, reader = DiscRates(sides, 0.05, 0), PositionReader(sides, 0.05, 0)
        found = [
            (rates.add(part, disc, end), reader.add(part, end, 5.0))
            for part, end in pieces(random_events(), cut)
        ]
        results.append(
            [np.concatenate([f[0][k] for f in found]) for k in range(2)]
            + [np.concatenate([f[1][k] for f in found]) for k in range(3)]
        )
    for whole, parts in zip(*results, strict=True):
        np.testing.assert_array_equal(whole, parts)


def test_rate_bins_carry_the_open_bin_over() -> None:
    bins = RateBins(("E",), 10, 0)
    one = np.ones(1)
    assert bins.add({"E": (np.array([9]), one)}, 9).tolist() == []
    assert bins.add({"E": (np.array([12]), one)}, 21).tolist() == [[1.0], [1.0]]


@pytest.mark.parametrize("kind", ["circle", "linear", "flicker"])
def test_live_lag(kind: str) -> None:
    disc = Discs(kind, period=200.0)
    lag = LiveLag()
    assert np.isnan(lag.of(disc)[0])
    t = np.arange(25.0, 190.0 if kind == "linear" else 625.0)
    track = np.array([[disc.place(x) for x in t - delay] for delay in (0.0, 4.0)])
    lag.add_places(t, track[0], track[1])
    sine = [2.0 + np.sin(3 * np.pi * (t - 0.5 - delay) / 200.0) for delay in (0.0, 4.0)]
    lag.add_rates(t, *sine)
    assert lag.of(disc)[0] == pytest.approx(4.0, abs=0.2)
    lag.clear()
    assert np.isnan(lag.of(disc)[0])
