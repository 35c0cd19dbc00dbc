"""02-gap-junction-topology, acceptance items 2-5, 7, 9, 10 and 13: what each figure evokes.

Seeds 0..n-1. Counts are binomial; every bound is the specification's.
"""

from __future__ import annotations

import numpy as np
import pytest

from backend.spiking.gap_junction import ReadOutSettings, SheetSettings
from backend.spiking.gap_junction_observe import TrialSummary, run_figure
from backend.stimuli.topology import BACKGROUND, FIGURE, HOLE, Sizes, make_figure

FOUR = SheetSettings(neighbours=4, spikelet=0.2)


def show(kind: str, n: int, sizes: Sizes | None = None, **how: object) -> list[TrialSummary]:
    return run_figure(make_figure(kind, sizes=sizes), range(n), **how)  # type: ignore[arg-type]


def share(trials: list[TrialSummary], readout: str, count: int) -> float:
    return float(np.mean([getattr(trial, readout) == count for trial in trials]))


def median(trials: list[TrialSummary], label: int) -> float:
    return float(np.nanmedian([trial.medians[label] for trial in trials]))


def silent(trials: list[TrialSummary], label: int) -> float:
    return float(np.mean([trial.silent[label] for trial in trials]))


def lag(trials: list[TrialSummary]) -> float:
    return float(np.nanmedian([trial.lag for trial in trials]))


@pytest.fixture(scope="module")
def disk() -> list[TrialSummary]:
    return show("disk", 120)


@pytest.fixture(scope="module")
def ring() -> list[TrialSummary]:
    return show("ring", 100)


def test_generated_figures_have_the_specified_number_of_cells() -> None:
    counts = np.bincount(make_figure("disk").labels.ravel())
    assert list(counts) == [6400 - 1264, 1264]
    assert list(np.bincount(make_figure("ring").labels.ravel())[1:]) == [1488, 316]
    assert int(make_figure("dotted outline").mask.sum()) == 145
    closed = make_figure("closed segments").labels
    assert [int((closed == label).sum()) for label in (HOLE, FIGURE)] == [18 * 18, 26**2 - 18**2]
    assert make_figure("open segments").mask.sum() == make_figure("closed segments").mask.sum()


def test_2_disk_and_background_fire_when_they_have_charged_up(disk: list[TrialSummary]) -> None:
    assert median(disk[:10], FIGURE) == pytest.approx(1.91, abs=0.15)
    assert median(disk[:10], BACKGROUND) == pytest.approx(5.70, abs=0.25)


def test_3_a_disk_evokes_two_volleys(disk: list[TrialSummary]) -> None:
    assert share(disk, "temporal", 2) >= 0.95
    assert share(disk, "readout", 2) >= 0.85


@pytest.mark.slow
def test_3_a_shorter_refractory_period_or_white_noise_adds_read_out_spikes() -> None:
    usual = show("disk", 400)
    short = show("disk", 400, readout=ReadOutSettings(refractory=0.5))
    white = show("disk", 400, readout=ReadOutSettings(noise_rule="white"))
    extra = [np.mean([t.readout > 2 for t in trials]) for trials in (usual, short, white)]
    assert extra[0] < 0.06
    assert extra[0] < extra[1] < 0.17
    assert extra[0] < extra[2] < 0.17


@pytest.mark.parametrize("noise", [1.0, 1.4, 1.7, 2.0])
def test_3_a_solid_square_evokes_two_volleys_at_every_noise(noise: float) -> None:
    trials = show("solid square", 20, Sizes(radius=15), settings=SheetSettings(noise=noise))
    assert share(trials, "temporal", 2) >= 19 / 20


def test_4_a_ring_evokes_three_volleys_and_the_hole_comes_last(ring: list[TrialSummary]) -> None:
    assert share(ring[:40], "temporal", 3) >= 0.85
    assert share(ring[:40], "readout", 3) >= 0.85
    assert all(trial.temporal in (2, 3) for trial in ring)
    assert median(ring, FIGURE) == pytest.approx(1.93, abs=0.15)
    assert median(ring, BACKGROUND) == pytest.approx(5.70, abs=0.25)
    assert 6.6 <= median(ring, HOLE) <= 6.8
    assert lag(ring) == pytest.approx(1.0, abs=0.3)


def test_4_the_core_of_the_hole_fires_and_a_halo_of_the_ring_is_silent(
    ring: list[TrialSummary],
) -> None:
    assert 0.25 <= 1.0 - silent(ring, HOLE) <= 0.30
    assert silent(ring, BACKGROUND) == pytest.approx(0.14, abs=0.02)


@pytest.mark.parametrize(("noise", "expected"), [(1.4, 52), (1.7, 54), (2.0, 43)])
def test_4_more_noise_loses_some_holes(noise: float, expected: int) -> None:
    trials = show("ring", 60, settings=SheetSettings(noise=noise))
    assert share(trials, "temporal", 3) == pytest.approx(expected / 60, abs=0.15)


@pytest.mark.parametrize("hole", [7, 8, 9])
def test_5_smaller_holes_are_silent(hole: int) -> None:
    trials = show("ring", 20, Sizes(hole=hole))
    assert share(trials, "temporal", 3) <= 0.15
    assert silent(trials, HOLE) > 0.95


@pytest.mark.parametrize(
    ("hole", "low", "high", "delay"),
    [(10, 0.8, 1.0, 1.0), (11, 0.5, 0.9, 0.5), (12, 0.05, 0.5, 0.35), (13, 0.0, 0.15, 0.25)],
)
def test_5_larger_holes_merge_with_the_background_but_space_tells_them_apart(
    hole: int, low: float, high: float, delay: float
) -> None:
    trials = show("ring", 20, Sizes(hole=hole))
    assert low <= share(trials, "temporal", 3) <= high
    assert share(trials, "spatial", 3) == 1.0
    assert lag(trials) == pytest.approx(delay, abs=0.3 if hole == 10 else 0.1)
    assert lag(trials) > 0


def test_5_without_noise_the_ring_evokes_three_volleys() -> None:
    trials = show("ring", 20, settings=SheetSettings(noise=0.0))
    assert share(trials, "temporal", 3) == 1.0
    assert 7.3 <= median(trials, HOLE) <= 7.5


def test_7_two_holes_fire_together_so_that_only_space_tells_four() -> None:
    trials = show("two holes", 40)
    assert 0.20 <= share(trials, "temporal", 4) <= 0.55
    assert share(trials, "temporal", 3) + share(trials, "temporal", 4) >= 0.95
    assert share(trials, "readout", 4) <= 0.35
    assert share(show("two holes", 76), "spatial", 4) >= 0.95
    assert share(show("ring", 20, Sizes(outer=28)), "temporal", 3) >= 0.9


def test_7_a_sensitive_read_out_neuron_buys_hits_with_false_alarms() -> None:
    slow = ReadOutSettings(tau=1.0, weight=0.24, mean=1.0, noise=0.1, refractory=0.4)
    how = {"settings": SheetSettings(noise=1.7), "readout": slow}
    rates = []
    for kind, sizes in (
        ("two holes", Sizes(hole=9)),
        ("ring", Sizes(outer=28, hole=9)),
        ("ring", Sizes(outer=24, hole=9)),
    ):
        trials = show(kind, 200, sizes, **how)
        rates.append(np.mean([trial.readout >= 4 for trial in trials]))
    hits, alarms_28, alarms_24 = rates
    assert hits == pytest.approx(0.68, abs=0.15)
    assert alarms_28 == pytest.approx(15 / 40, abs=0.15)
    assert alarms_24 == pytest.approx(14.5 / 40, abs=0.15)
    assert hits - alarms_28 > 0.1


def test_9_a_uniform_image_evokes_one_volley() -> None:
    gray = show("uniform gray", 3)
    assert share(gray, "temporal", 1) == 1.0
    assert median(gray, BACKGROUND) == pytest.approx(5.67, abs=0.1)
    assert silent(show("uniform gray", 3, duration=12.0), BACKGROUND) == 0.0
    black = show("uniform black", 3)
    assert share(black, "temporal", 1) == 1.0
    assert median(black, FIGURE) == pytest.approx(1.89, abs=0.1)


def test_10_four_neighbours_merge_this_hole_with_the_background() -> None:
    trials = show("ring", 20, settings=FOUR)
    assert share(trials, "temporal", 2) >= 0.9
    assert 0.1 <= lag(trials) <= 0.3


@pytest.mark.parametrize(
    ("hole", "low", "high", "hole_median"),
    [(4, 0.0, 0.2, None), (5, 0.0, 0.2, None), (6, 0.4, 0.9, 6.1), (7, 0.9, 1.0, 5.8)],
)
def test_10_four_neighbours_shift_the_band_to_smaller_holes(
    hole: int, low: float, high: float, hole_median: float | None
) -> None:
    trials = show("ring", 40, Sizes(hole=hole), settings=FOUR)
    separate = np.mean([trial.spatial >= 3 for trial in trials])
    assert low <= separate <= high
    if hole_median is not None:
        assert median(trials, HOLE) == pytest.approx(hole_median, abs=0.15)


def test_13_the_closed_figure_evokes_three_volleys_and_the_open_one_two() -> None:
    closed = show("closed segments", 40)
    assert share(closed[:20], "temporal", 3) >= 0.85
    assert share(closed, "readout", 3) >= 0.7
    medians = [median(closed, label) for label in (FIGURE, BACKGROUND, HOLE)]
    assert medians == pytest.approx([2.3, 5.7, 7.1], abs=0.3)
    opened = show("open segments", 40)
    assert share(opened, "temporal", 2) == 1.0
    assert share(opened, "readout", 2) >= 0.9


def test_13_a_rectangular_hole_is_counted() -> None:
    assert (
        share(show("closed segments", 20, Sizes(half_width=16, half_height=8)), "temporal", 3)
        >= 0.7
    )


def test_13_dotted_outlines_are_fragile() -> None:
    dotted = show("dotted outline", 32)
    assert 0.2 <= share(dotted, "temporal", 3) <= 0.65
    blurred = show("dotted outline", 16, Sizes(pitch=6))
    assert share(blurred, "temporal", 1) == 1.0
    four = show("dotted outline", 32, settings=FOUR)
    assert np.mean([trial.temporal < 3 for trial in four]) >= 0.75
    fine = show("dotted outline", 32, Sizes(pitch=4))
    assert share(fine, "temporal", 3) >= 0.5
    assert median(fine, HOLE) == pytest.approx(3.2, abs=0.2)


def test_13_a_closed_square_with_four_neighbours_is_mostly_not_counted() -> None:
    assert share(show("closed segments", 40, settings=FOUR), "temporal", 2) >= 0.75


def test_thin_large_figures_are_not_counted_either() -> None:
    trials = show("closed segments", 10, Sizes(half_width=18, half_height=18))
    assert share(trials, "temporal", 2) >= 0.9
    assert abs(lag(trials)) < 0.2


@pytest.mark.parametrize(("kind", "count"), [("triangle", 2), ("cross", 2), ("hollow triangle", 3)])
def test_supplementary_shapes_count_alike_in_space(kind: str, count: int) -> None:
    assert share(show(kind, 20), "spatial", count) >= 0.95


def test_supplementary_smooth_borders_do_not_change_the_counts() -> None:
    assert share(show("disk", 20, Sizes(edge=4)), "temporal", 2) >= 0.95
    assert share(show("ring", 20, Sizes(edge=4)), "temporal", 3) >= 0.85
