"""Same seed, same spikes on every machine: other instruction sets give the same bits."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from backend.spiking.gap_junction import ReadOutSettings, SheetSettings, run_trials
from backend.stimuli.topology import make_figure

FINGERPRINT = "81de239949a5d6b9"
"""Of the ring's spikes, seeds 0 to 4; changes only when the model or its noise changes."""


def fingerprint() -> str:
    """Hash of all spikes of the sheet and the read-out neuron of five trials."""
    drive = make_figure("ring").drive()
    digest = hashlib.sha256()
    for trial in run_trials(drive, range(5), SheetSettings(), ReadOutSettings()):
        for values in (trial.spikes.step, trial.spikes.cell, trial.readout_times):
            digest.update(np.ascontiguousarray(values).tobytes())
    return digest.hexdigest()[:16]


def test_spikes_are_those_of_the_release() -> None:
    assert fingerprint() == FINGERPRINT


@pytest.mark.slow
@pytest.mark.skipif(platform.machine() != "x86_64", reason="compares two x86 instruction sets")
def test_a_machine_without_wide_vectors_gives_the_same_spikes(tmp_path: Path) -> None:
    here = Path(__file__)
    environment = os.environ | {
        "NUMBA_CPU_NAME": "x86-64",
        "NUMBA_CPU_FEATURES": "",
        "NUMBA_CACHE_DIR": str(tmp_path),
        "PYTHONPATH": os.pathsep.join([str(here.parent), str(here.parents[2])]),
    }
    code = f"import {here.stem} as t; print(t.fingerprint())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment, check=True, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.stdout.strip() == FINGERPRINT
