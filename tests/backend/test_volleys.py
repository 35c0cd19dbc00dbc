"""Counting volleys in time and space, and the true topology of a figure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage.measure import euler_number

from backend.analysis.volleys import (
    best_window_share,
    first_spike_medians,
    spatial_groups,
    temporal_groups,
    topology_of,
)

DT = 0.01


def burst(step: int, spikes: int, spread: int = 5) -> np.ndarray:
    return np.sort(step + np.arange(spikes) % spread)


def test_thirty_spikes_within_a_tenth_of_a_millisecond_make_a_group() -> None:
    assert len(temporal_groups(burst(100, 30), DT)) == 1
    assert len(temporal_groups(burst(100, 29), DT)) == 0
    assert len(temporal_groups(np.sort(np.repeat(np.arange(100, 110), 3)), DT)) == 1
    assert len(temporal_groups(np.sort(np.repeat(np.arange(100, 120), 2)), DT)) == 0
    assert temporal_groups(np.empty(0, int), DT) == []


def test_groups_closer_than_a_fifth_of_a_millisecond_merge() -> None:
    for gap, groups in ((15, 1), (22, 1), (35, 2), (100, 2)):
        steps = np.concatenate([burst(100, 60), burst(105 + gap, 60)])
        assert len(temporal_groups(steps, DT)) == groups, gap


def test_a_group_knows_its_time_and_spikes() -> None:
    (group,) = temporal_groups(burst(200, 100), DT)
    assert group.start == pytest.approx(2.0, abs=0.05)
    assert group.stop == pytest.approx(2.05, abs=0.06)
    assert group.spikes == 100


def test_counts_do_not_depend_on_the_step() -> None:
    rng = np.random.default_rng(1)
    times = np.sort(np.concatenate([rng.normal(2, 0.1, 500), rng.normal(5.7, 0.15, 3000)]))
    for dt in (0.005, 0.01, 0.02):
        assert len(temporal_groups(np.round(times / dt).astype(int), dt)) == 2


def test_space_tells_apart_what_fires_together() -> None:
    mask = np.zeros((40, 40), bool)
    mask[5:15, 5:15] = mask[25:35, 25:35] = True
    cells = np.flatnonzero(mask)
    steps = np.full(cells.size, 300)
    assert len(temporal_groups(steps, DT)) == 1
    patches = spatial_groups(steps, cells, mask.shape, DT)
    assert len(patches) == 2
    assert np.array_equal(patches[0] | patches[1], mask)


def test_closing_bridges_single_silent_cells_and_small_patches_are_dropped() -> None:
    mask = np.zeros((20, 40), bool)
    mask[5:15, 5:35] = True
    mask[:, 20] = False
    mask[0, 38] = True
    cells = np.flatnonzero(mask)
    assert len(spatial_groups(np.full(cells.size, 10), cells, mask.shape, DT)) == 1
    mask[:, 18:23] = False
    cells = np.flatnonzero(mask)
    assert len(spatial_groups(np.full(cells.size, 10), cells, mask.shape, DT)) == 2


def test_patches_at_the_border_are_not_eaten_by_closing() -> None:
    mask = np.zeros((12, 12), bool)
    mask[:3] = True
    cells = np.flatnonzero(mask)
    (patch,) = spatial_groups(np.full(cells.size, 4), cells, mask.shape, DT)
    assert np.array_equal(patch, mask)


def test_medians_leave_out_silent_cells() -> None:
    labels = np.array([[0, 0, 1], [1, 1, 2]])
    first = np.array([1.0, 3.0, np.nan, 5.0, 7.0, np.nan])
    medians = first_spike_medians(first, labels)
    assert medians[:2].tolist() == [2.0, 6.0]
    assert np.isnan(medians[2])


def test_best_window_finds_the_fullest_half_millisecond() -> None:
    times = np.concatenate([np.full(50, 0.5), np.linspace(2.0, 2.3, 40), np.linspace(3, 8, 30)])
    assert best_window_share(times, 100) == pytest.approx(0.40, abs=0.01)
    assert best_window_share(np.empty(0), 100) == 0.0
    assert best_window_share(times, 0) == 0.0
    assert best_window_share(np.array([1.1]), 1) == 1.0


@given(arrays(np.bool_, st.tuples(st.integers(1, 16), st.integers(1, 16))))
@settings(max_examples=100, deadline=None)
def test_topology_agrees_with_the_euler_number(figure: np.ndarray) -> None:
    found = topology_of(figure)
    assert found.euler == euler_number(figure, connectivity=2)
    assert found.parts >= 0
    assert found.holes >= 0
    assert found.regions >= found.expected - 1


def test_expected_volleys_count_figure_ground_and_holes() -> None:
    ring = np.zeros((9, 9), bool)
    ring[2:7, 2:7] = True
    ring[4, 4] = False
    assert topology_of(ring).expected == 3
    assert topology_of(np.zeros((9, 9), bool)).expected == 1
    assert topology_of(np.ones((9, 9), bool)).expected == 1
    two = np.zeros((9, 9), bool)
    two[1:3, 1:3] = two[6:8, 6:8] = True
    assert (topology_of(two).expected, topology_of(two).regions) == (2, 3)
