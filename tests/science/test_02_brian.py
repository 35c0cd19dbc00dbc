"""The kernel against Brian2 on a small sheet: same mean behaviour, independent implementation."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from backend.spiking.gap_junction import ReadOutSettings, Sheet, SheetSettings

SIDE, SEEDS, DURATION = 10, 8, 12.0


def ours() -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for seed in range(SEEDS):
        drive = np.full((SIDE, SIDE), 20.0)
        sheet = Sheet(drive, SheetSettings(), ReadOutSettings(), seed)
        means = []
        for _ in range(round(DURATION / 0.1)):
            means.append(float(sheet.voltage.mean()))
            sheet.advance(10)
        spikes = sheet.spikes()
        first = spikes.first_times(drive.size)
        row = {
            "spikes_per_cell": len(spikes.step) / drive.size,
            "mean_voltage": float(np.mean(means)),
            "first_median": float(np.nanmedian(first)),
            "first_spread": float(np.nanpercentile(first, 90) - np.nanpercentile(first, 10)),
        }
        for name, value in row.items():
            found.setdefault(name, []).append(value)
    return found


@pytest.mark.slow
def test_a_small_sheet_behaves_as_in_brian2() -> None:
    if importlib.util.find_spec("brian2") is None:
        pytest.skip("brian2 is not installed")
    program = Path(__file__).with_name("brian_gap_sheet.py")
    done = subprocess.run(
        [sys.executable, str(program), str(SIDE), str(SEEDS), str(DURATION)],
        check=True, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    theirs = json.loads(done.stdout.splitlines()[-1])
    mine = ours()
    for name, tolerance in (
        ("spikes_per_cell", 0.05),
        ("mean_voltage", 0.06),
        ("first_median", 0.08),
        ("first_spread", 0.03),
    ):
        other = np.mean([row[name] for row in theirs])
        assert np.mean(mine[name]) == pytest.approx(other, abs=tolerance), name
