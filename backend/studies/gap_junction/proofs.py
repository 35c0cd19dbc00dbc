"""Short procedures that prove parts of the model: theory, time step, and two coupled cells."""

from __future__ import annotations

import numpy as np

from backend.core.run import Run
from backend.spiking.gap_junction import ReadOutSettings, Sheet, SheetSettings
from backend.spiking.gap_junction_theory import critical_slit, steady_state
from backend.stimuli.topology import BACKGROUND, FIGURE, Sizes, make_figure
from backend.studies.gap_junction.live import (
    band_data,
    figure_data,
    measure_theory,
)
from backend.studies.gap_junction.parameters import GapJunctionParameters
from backend.studies.gap_junction.setup import (
    LONGEST_STEP,
    figure_of,
    readout_settings,
    sheet_settings,
)
from backend.studies.gap_junction.trials import compute_rows, median_of

DECAYS = ((3.0, 8), (2.8, 8), (6.0, 8), (3.0, 4), (1.0, 8))
"""(J, neighbours) whose decay length the specification lists, section 7.1."""

HOLES = (8, 9, 10, 11)
STEPS = (LONGEST_STEP / 4, LONGEST_STEP / 2, LONGEST_STEP)


def decay_length(coupling: float, neighbours: int, drive: float, side: int = 80) -> float:
    """Fitted decay length of the steady voltage beside a clamped half-plane, cells."""
    clamped = np.zeros((side, side), bool)
    clamped[:, side // 2 :] = True
    voltage = steady_state(np.full((side, side), drive), clamped, coupling, neighbours)
    missing = drive - voltage[side // 2, side // 2 - 1 : side // 2 - 16 : -1]
    slope, _ = np.polyfit(np.arange(missing.size), np.log(missing), 1)
    return float(-1.0 / slope)


def theory(run: Run) -> None:
    """Compare sparse solves and isolated cells with the continuum theory."""
    p: GapJunctionParameters = run.parameters
    figure = figure_of(p)
    run.channel("figure").publish(**figure_data(p, figure))
    run.channel("band").publish(**band_data(p, figure))
    measure_theory(run, p)
    if p.mu_gray > p.V_th:
        slit = critical_slit(p.J, p.mu_gray, int(p.neighbours), p.V_th)
        run.measure("critical_slit", slit)
    total = len(DECAYS) + len(HOLES) + 2
    for done, (coupling, neighbours) in enumerate(DECAYS):
        run.progress(done, total, "steady states")
        length = decay_length(coupling, neighbours, p.mu_gray)
        run.measure(f"decay_length_{coupling:g}_{neighbours}", length)
    for done, hole in enumerate(HOLES, len(DECAYS)):
        run.progress(done, total)
        ring = make_figure("ring", 80, 80, Sizes(outer=p.outer_radius, hole=hole))
        drive = np.full((80, 80), p.mu_gray)
        voltage = steady_state(drive, ring.labels == FIGURE, p.J, int(p.neighbours))
        run.measure(f"centre_voltage_{hole}", float(voltage[39:41, 39:41].mean()))
    for name, drive_of_cell in (("black", p.mu_black), ("gray", p.mu_gray)):
        run.measure(f"charge_up_{name}", isolated_time(drive_of_cell, p))
    run.progress(total, total)
    run.lead("screening_length", "in which a clamped region's influence falls to 1/e")


def isolated_time(drive: float, p: GapJunctionParameters) -> float:
    """First spike of a cell without coupling and noise, from half the threshold; NaN if silent."""
    quiet = SheetSettings(0.0, 0.0, 0.0, p.tau, p.tau_arp, p.V_th)
    sheet = Sheet(np.full((8, 8), drive), quiet, ReadOutSettings(), dt=p.dt)
    sheet.voltage[:] = p.V_th / 2
    sheet.advance(round(4 * p.tau / p.dt))
    return float(sheet.spikes().first_times(64)[0])


def time_step(run: Run) -> None:
    """Region medians at half and double the step, and the same seed twice."""
    p: GapJunctionParameters = run.parameters
    figure = figure_of(p)
    run.channel("figure").publish(**figure_data(p, figure))
    seeds = range(p.seed, p.seed + p.trials)
    medians = {}
    for done, dt in enumerate(STEPS):
        run.progress(done, len(STEPS) + 1, "three time steps")
        rows = run.cells.do(
            ("step", dt),
            lambda dt=dt: compute_rows(p, figure, seeds, run, dt),  # type: ignore[misc]
        )
        for label, name in ((FIGURE, "figure"), (BACKGROUND, "background")):
            medians[name, dt] = median_of(rows, label)
            run.measure(f"{name}_median_dt_{dt:g}", medians[name, dt], n=p.trials)
    for name in ("figure", "background"):
        run.measure(f"{name}_step_shift", abs(medians[name, 0.005] - medians[name, 0.01]))
    run.measure("identical", float(identical(p)))
    run.progress(len(STEPS) + 1, len(STEPS) + 1)
    run.lead("background_step_shift", "when the step is halved")


def identical(p: GapJunctionParameters) -> bool:
    """Whether one seed gives the same spikes in one piece and in single steps."""
    figure = figure_of(p)
    drive = figure.drive(p.mu_black, p.mu_gray)
    sheets = [
        Sheet(drive, sheet_settings(p), readout_settings(p), p.seed, p.dt, p.init) for _ in range(2)
    ]
    total = round(min(p.duration, 8.0) / p.dt)
    sheets[0].advance(total)
    for _ in range(total):
        sheets[1].advance(1)
    one, two = (sheet.spikes() for sheet in sheets)
    return np.array_equal(one.step, two.step) and np.array_equal(one.cell, two.cell)


def pair(run: Run) -> None:
    """Two coupled cells, a current step to the first (Figure 2C)."""
    p: GapJunctionParameters = run.parameters
    quiet = SheetSettings(p.J, p.gamma, 0.0, p.tau, p.tau_arp, p.V_th, int(p.neighbours))
    sheet = Sheet(np.zeros((1, 2)), quiet, readout_settings(p), p.seed, p.dt)
    sheet.voltage[:] = 0.0
    total, onset = round(30.0 / p.dt), round(2.0 / p.dt)
    current = 2 * p.mu_black
    traces = np.empty((total, 2))
    for step in range(total):
        if step % 200 == 0:
            run.progress(step * p.dt, 30.0, "two coupled cells")
        sheet.drive[0, 0] = current if step >= onset else 0.0
        sheet.advance(1)
        traces[step] = sheet.voltage[0]
    times = np.arange(total) * p.dt
    run.channel("pair").publish(times, traces[:, 0], traces[:, 1], np.full(total, p.V_th))
    spikes = sheet.spikes()
    driven = spikes.step[spikes.cell == 0]
    if driven.size:
        spike = int(driven[0])
        end = min(total - 1, spike + max(1, round(p.tau_arp / p.dt)) - 1)
        run.measure("pair_rise", traces[spike, 1])
        run.measure("pair_jump", traces[min(spike + 1, total - 1), 1] - traces[spike, 1])
        run.measure("pair_fall", traces[min(spike + 1, total - 1), 1] - traces[end, 1])
    run.measure("pair_driven_spikes", driven.size)
    run.lead("pair_fall", "the partner is pulled down while the driven cell is refractory")
    run.progress(30.0, 30.0)
