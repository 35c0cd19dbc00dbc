"""The sheet: same spikes as the numpy oracle, however a run is cut, and live changes."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.spiking.gap_junction import (
    ReadOutSettings,
    Sheet,
    SheetSettings,
    partner_counts,
    refractory_steps,
    run_trials,
)
from backend.spiking.random_stream import fill_normal, padded_length
from backend.stimuli.topology import make_figure

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from retina_numpy import simulate

RING = make_figure("ring").drive()


def stream_noise(seed: int, shape: tuple[int, int]):  # type: ignore[no-untyped-def]
    """The kernel's own noise, for the oracle: places are row x (width + 2) + column + 1."""
    height, stride = shape[0], shape[1] + 2

    def draw(first: int, steps: int) -> np.ndarray:
        out = np.empty((steps, padded_length(height * stride)), np.float32)
        for k in range(steps):
            fill_normal(out[k], np.uint64(seed), 0, first + k)
        return out[:, : height * stride].reshape(steps, height, stride)[:, :, 1:-1].copy()

    return draw


@pytest.mark.parametrize(
    "chosen",
    [
        SheetSettings(),
        SheetSettings(neighbours=4, spikelet=0.2),
        SheetSettings(coupling=6.0, spikelet=0.25, noise=2.0),
        SheetSettings(refractory=0.0, coupling=0.5),
        SheetSettings(coupling=0.0, spikelet=0.0, noise=5.0, refractory=0.01),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_spikes_are_those_of_the_numpy_oracle_with_the_same_noise(
    chosen: SheetSettings, dtype: type
) -> None:
    sheet = Sheet(RING, chosen, ReadOutSettings(), seed=5)
    start = sheet.voltage.copy()
    sheet.advance(800)
    steps, cells = simulate(RING, start, chosen, stream_noise(5, RING.shape), 800, dtype=dtype)
    spikes = sheet.spikes()
    if dtype is np.float32:
        assert np.array_equal(spikes.step, steps)
        assert np.array_equal(spikes.cell, cells)
    else:
        # single precision may move a rare spike by a step, never the statistics
        assert len(steps) == pytest.approx(len(spikes.step), rel=2e-3)
        assert np.median(steps) == pytest.approx(np.median(spikes.step), abs=1)


@given(cuts=st.lists(st.integers(1, 300), min_size=1, max_size=12))
@settings(max_examples=25, deadline=None)
def test_a_run_cut_anywhere_gives_the_same_spikes(cuts: list[int]) -> None:
    whole = Sheet(RING, SheetSettings(), ReadOutSettings(), seed=3)
    whole.advance(sum(cuts))
    cut = Sheet(RING, SheetSettings(), ReadOutSettings(), seed=3)
    for steps in cuts:
        cut.advance(steps)
    _assert_same(whole, cut)


def _assert_same(one: Sheet, other: Sheet) -> None:
    assert np.array_equal(one.spikes().step, other.spikes().step)
    assert np.array_equal(one.spikes().cell, other.spikes().cell)
    assert np.array_equal(one.voltage, other.voltage)
    assert np.array_equal(one.readout_voltage, other.readout_voltage)
    assert np.array_equal(one.readout_times, other.readout_times)


def test_single_steps_and_batched_trials_give_the_same_spikes() -> None:
    stepped = Sheet(RING, SheetSettings(), ReadOutSettings(), seed=1)
    for _ in range(800):
        stepped.advance(1)
    trial = run_trials(RING, [0, 1], SheetSettings(), ReadOutSettings())[1]
    assert np.array_equal(stepped.spikes().step, trial.spikes.step)
    assert np.array_equal(stepped.spikes().cell, trial.spikes.cell)
    assert np.array_equal(stepped.readout_times, trial.readout_times)


def test_a_full_event_store_grows_without_losing_a_spike() -> None:
    busy = SheetSettings(refractory=0.0, noise=5.0, threshold=1.0)
    drive = np.full((16, 16), 60.0)
    sheet = Sheet(drive, busy, ReadOutSettings(), seed=2)
    sheet.advance(500)
    steps, cells = simulate(
        drive, Sheet(drive, busy, ReadOutSettings(), seed=2).voltage, busy,
        stream_noise(2, drive.shape), 500,
    )  # fmt: skip
    assert len(steps) > 3 * drive.size
    assert np.array_equal(sheet.spikes().step, steps)
    assert np.array_equal(sheet.spikes().cell, cells)


def test_live_changes_keep_the_voltages_and_act_from_the_next_step() -> None:
    sheet = Sheet(RING, SheetSettings(), ReadOutSettings(), seed=0)
    sheet.advance(150)
    before = sheet.voltage.copy()
    sheet.configure(
        replace(SheetSettings(), coupling=6.0, noise=2.0, tau=8.0, neighbours=4, spikelet=0.3),
        ReadOutSettings(weight=0.3, delay=0.2),
    )
    assert np.array_equal(sheet.voltage, before)
    sheet.drive = np.full(RING.shape, 40.0)
    sheet.drive[10:20, 10:20] = 0.0
    assert np.array_equal(sheet.voltage, before)
    sheet.advance(1)
    assert np.abs(sheet.voltage - before).max() < 1.0
    sheet.advance(400)
    first = sheet.spikes().first_times(RING.size).reshape(RING.shape)
    assert np.isnan(first[12:18, 12:18]).all()
    assert np.isfinite(first[40:, :5]).all()


def test_the_same_changes_at_the_same_steps_repeat_a_steered_run() -> None:
    def steered(cut: int) -> Sheet:
        sheet = Sheet(RING, SheetSettings(), ReadOutSettings(), seed=4)
        for start in range(0, 300, cut):
            sheet.advance(min(cut, 300 - start))
        sheet.configure(SheetSettings(coupling=5.0), ReadOutSettings(refractory=0.4))
        sheet.advance(300)
        return sheet

    _assert_same(steered(300), steered(7))


def test_a_refractory_cell_is_clamped_for_its_period_exactly() -> None:
    quiet = SheetSettings(coupling=0.0, spikelet=0.0, noise=0.0)
    sheet = Sheet(np.full((8, 8), 20.0), quiet, ReadOutSettings(), seed=0)
    sheet.voltage[:] = 9.99
    sheet.advance(1)
    assert len(sheet.spikes().step) == 64
    sheet.advance(349)
    assert not sheet.voltage.any()
    sheet.advance(1)
    assert sheet.voltage.all()
    assert refractory_steps(3.5, 0.01) == 350
    assert refractory_steps(0.0, 0.01) == 0


def test_a_spikelet_is_a_jump_of_gamma_j_for_each_spiking_neighbour() -> None:
    settings_ = SheetSettings(noise=0.0, coupling=3.0, spikelet=0.15)
    drive = np.zeros((9, 9))
    sheet = Sheet(drive, settings_, ReadOutSettings(), seed=0)
    sheet.voltage[:] = 0.0
    sheet.voltage[4, 4] = 1000.0
    sheet.advance(1)
    assert list(sheet.spikes().cell) == [40]
    before = sheet.voltage.copy()
    sheet.advance(1)
    jump = sheet.voltage - before
    assert jump[3, 3] == pytest.approx(
        0.45 + 0.002 * (-before[3, 3] + 3.0 * _neighbour_sum(before, 3, 3)), abs=1e-4
    )


def _neighbour_sum(v: np.ndarray, row: int, column: int) -> float:
    block = v[row - 1 : row + 2, column - 1 : column + 2]
    return float(block.sum() - 9 * v[row, column])


def test_two_coupled_cells_excite_then_inhibit_each_other() -> None:
    """Figure 2C: the partner rises with the driven cell, and is pulled down after its spike."""
    settings_ = SheetSettings(noise=0.0)
    sheet = Sheet(np.array([[20.0, 0.0]]), settings_, ReadOutSettings())
    sheet.voltage[:] = 0.0
    partner = []
    for _ in range(3000):
        sheet.advance(1)
        partner.append(float(sheet.voltage[0, 1]))
    spikes = sheet.spikes()
    assert len(spikes.step) > 0
    spike = int(spikes.step[0])
    assert partner[spike] > 1.0
    assert partner[spike + 1] == pytest.approx(partner[spike] + 0.45, abs=0.1)
    assert partner[spike + 349] < partner[spike + 1] / 3


def test_edges_are_open() -> None:
    assert partner_counts(4, 4, 8).tolist()[0] == [3, 5, 5, 3]
    assert partner_counts(4, 4, 8)[1].tolist() == [5, 8, 8, 5]
    assert partner_counts(4, 4, 4)[0].tolist() == [2, 3, 3, 2]


@pytest.mark.parametrize("initial", ["gaussian", "uniform"])
def test_initial_voltages_are_below_threshold_and_as_declared(initial: str) -> None:
    start = Sheet(RING, SheetSettings(), ReadOutSettings(), initial=initial).voltage  # type: ignore[arg-type]
    assert start.min() >= 0
    assert start.max() < 10
    deviation = 10 / 6 if initial == "gaussian" else 10 / np.sqrt(12)
    assert start.mean() == pytest.approx(5.0, abs=0.1)
    assert start.std() == pytest.approx(deviation, abs=0.05)


@pytest.mark.parametrize(("rule", "deviation"), [("scaled", 0.354), ("white", 1.58)])
def test_read_out_noise_has_the_stationary_deviation_of_its_reading(
    rule: str, deviation: float
) -> None:
    readout = ReadOutSettings(noise_rule=rule, threshold=1e6)  # type: ignore[arg-type]
    sheet = Sheet(np.zeros((8, 8)), SheetSettings(), readout)
    sheet.advance(60_000)
    # the explicit step of dt / tau_R = 0.2 raises the variance by 1 / (1 - 0.1)
    assert sheet.readout_voltage[500:].std() == pytest.approx(deviation / np.sqrt(0.9), rel=0.05)
    assert sheet.readout_voltage[500:].mean() == pytest.approx(4.0, abs=0.1)


def test_forty_simultaneous_spikes_fire_the_resting_read_out_neuron_after_the_delay() -> None:
    readout = ReadOutSettings(noise=0.0)
    quiet = SheetSettings(noise=0.0, coupling=0.0, spikelet=0.0)
    for cells, expected in ((38, 0), (41, 1)):
        sheet = Sheet(np.zeros((8, 16)), quiet, readout)
        sheet.voltage[:] = 0.0
        sheet.advance(200)
        values = np.zeros(128, np.float32)
        values[:cells] = 20.0
        sheet.voltage[:] = values.reshape(8, 16)
        sheet.advance(50)
        assert len(sheet.readout_times) == expected
        if expected:
            assert sheet.readout_times[0] == pytest.approx(2.0 + 0.1, abs=1e-9)


def test_batches_look_at_the_cancel_button() -> None:
    class Stop(Exception):
        pass

    def check() -> None:
        raise Stop

    with pytest.raises(Stop):
        run_trials(RING, range(3), SheetSettings(), ReadOutSettings(), check=check)
