"""02-gap-junction-topology, acceptance items 6, 8, 11 and 12: breach, phases, step, spikelet."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backend.analysis.psychometrics import fit_logistic
from backend.analysis.volleys import best_window_share
from backend.spiking.gap_junction import ReadOutSettings, SheetSettings, run_trials
from backend.spiking.gap_junction_observe import run_figure, summarise
from backend.stimuli.topology import BACKGROUND, FIGURE, Sizes, make_figure

ANGLES = (0, 15, 30, 40, 45, 50, 52, 55, 60, 70, 90)


@pytest.mark.parametrize("outer", [24.0, 20.0])
def test_6_a_breach_of_about_50_degrees_opens_the_ring(outer: float) -> None:
    n = 40
    temporal, readout = {}, {}
    for angle in ANGLES:
        figure = make_figure("ring", sizes=Sizes(outer=outer, breach=angle))
        trials = run_figure(figure, range(n))
        temporal[angle] = sum(trial.temporal == 3 for trial in trials)
        readout[angle] = np.mean([trial.readout for trial in trials])
    assert all(temporal[angle] >= 0.75 * n for angle in ANGLES if angle <= 45)
    assert temporal[50] == pytest.approx(31, abs=7)
    assert temporal[52] == pytest.approx(9, abs=8)
    assert n - temporal[55] >= 0.75 * n
    assert all(temporal[angle] == 0 for angle in ANGLES if angle >= 60)
    assert all(2.9 <= readout[angle] <= 3.05 for angle in ANGLES if angle <= 45)
    assert 2.7 <= readout[50] <= 3.0
    assert readout[55] == pytest.approx(2.1, abs=0.15)
    assert all(readout[angle] == pytest.approx(2.0, abs=0.1) for angle in ANGLES if angle >= 60)
    fit = fit_logistic(
        np.array(ANGLES), np.array([temporal[angle] for angle in ANGLES]), n, lapse=0.05
    )
    assert fit.threshold == pytest.approx(51, abs=4)
    assert fit.width <= 10


def _shares(coupling: float, spikelet: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Best-window shares [background, disk], region medians, and groups (5 seeds)."""
    figure = make_figure("disk")
    settings = SheetSettings(coupling=coupling, spikelet=spikelet)
    flat = figure.labels.ravel()
    shares, medians, groups = [], [], []
    for trial in run_trials(figure.drive(), range(5), settings, ReadOutSettings()):
        where = flat[trial.spikes.cell]
        times = trial.spikes.time
        shares.append(
            [best_window_share(times[where == k], int((flat == k).sum())) for k in (0, 1)]
        )
        summary = summarise(trial, figure.labels)
        medians.append(summary.medians)
        groups.append(summary.temporal)
    return np.mean(shares, axis=0), np.nanmedian(medians, axis=0), np.array(groups)


@pytest.mark.parametrize(
    ("coupling", "spikelet", "background", "disk", "tolerance"),
    [
        (0.0, 0.0, 0.15, 0.33, 0.05),
        (0.5, 0.05, 0.09, 0.24, 0.05),
        (1.0, 0.05, 0.09, 0.25, 0.05),
        (3.0, 0.05, 0.355, 0.54, 0.1),
        (3.0, 0.15, 0.835, 0.98, 0.1),
        (6.0, 0.15, 0.80, 1.00, 0.05),
        (6.0, 0.25, 0.97, 1.00, 0.05),
    ],
)
def test_8_synchrony_of_both_regions(
    coupling: float, spikelet: float, background: float, disk: float, tolerance: float
) -> None:
    shares, _, _ = _shares(coupling, spikelet)
    assert shares == pytest.approx([background, disk], abs=tolerance)


def test_8_the_three_phases_stand_where_the_text_and_not_the_captions_put_them() -> None:
    shares, medians, groups = _shares(3.0, 0.15)
    assert shares[1] > 0.4
    assert medians[BACKGROUND] - medians[FIGURE] > 0.5
    assert list(groups) == [2] * 5
    shares, medians, groups = _shares(6.0, 0.25)
    assert medians[FIGURE] == pytest.approx(1.97, abs=0.1)
    assert medians[BACKGROUND] == pytest.approx(2.17, abs=0.1)
    assert abs(medians[BACKGROUND] - medians[FIGURE]) < 0.5
    assert list(groups) == [1] * 5
    shares, _, _ = _shares(0.5, 0.05)
    assert shares[1] < 0.4


def test_11_the_same_seed_gives_identical_spikes_and_another_seed_does_not() -> None:
    drive = make_figure("ring").drive()
    one, two, other = run_trials(drive, [7, 7, 8], SheetSettings(), ReadOutSettings())
    assert np.array_equal(one.spikes.step, two.spikes.step)
    assert np.array_equal(one.spikes.cell, two.spikes.cell)
    assert np.array_equal(one.readout_times, two.readout_times)
    assert not np.array_equal(one.spikes.cell, other.spikes.cell)


def test_11_halving_the_step_hardly_moves_the_volleys() -> None:
    medians = {
        dt: np.nanmedian(
            [trial.medians for trial in run_figure(make_figure("ring"), range(20), dt=dt)], axis=0
        )
        for dt in (0.005, 0.01, 0.02)
    }
    assert np.all(np.abs(medians[0.005] - medians[0.01])[:2] < 0.1)
    for dt, ring, background in ((0.005, 1.90, 5.615), (0.01, 1.935, 5.675), (0.02, 1.97, 5.765)):
        assert medians[dt][FIGURE] == pytest.approx(ring, abs=0.1)
        assert medians[dt][BACKGROUND] == pytest.approx(background, abs=0.1)


@pytest.mark.parametrize("radius", [17.0, 20.0])
def test_12_a_spikelet_divided_by_tau_does_not_synchronise(radius: float) -> None:
    usual = SheetSettings()
    weak = replace(usual, spikelet=usual.spikelet / usual.tau)
    figure = make_figure("disk", sizes=Sizes(radius=radius))
    silent = np.mean([trial.silent for trial in run_figure(figure, range(10), weak)], axis=0)
    assert 0.68 <= silent[FIGURE] <= 0.75
    assert silent[BACKGROUND] == pytest.approx(0.90, abs=0.03)
