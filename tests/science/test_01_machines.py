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

from backend.spiking.balanced_homogeneous import (
    Dynamics,
    HomogeneousNetwork,
    cuba_network,
    wire_dense,
)
from backend.spiking.balanced_spatial import SpatialDynamics, SpatialNetwork
from backend.spiking.balanced_uncoupled import PopulationDynamics, UncoupledPopulation
from backend.spiking.balanced_wiring import Geometry, wire_spatial
from backend.stimuli.camera import Discs
from backend.stimuli.traces import Trace

FINGERPRINT = "0422a2062469da3e"
"""Of the spikes of all systems; changes only when a model or its noise changes."""


def fingerprint() -> str:
    """Hash of the spikes of S1, S2, S3 and the CUBA network."""
    sine = Trace("sine", base=0.1, amplitude=0.05).values(0, 1000, 0.1)
    wired = wire_spatial(Geometry(), 0)
    runs = [
        UncoupledPopulation(500, PopulationDynamics(), 0).advance(np.full(2000, 5.0)),
        HomogeneousNetwork(wire_dense(1500, 0.2, np.full((2, 2), 0.25), 0), Dynamics(), 0).advance(
            sine
        ),
        cuba_network(1000, 0.08).advance(np.zeros(2000)),
        SpatialNetwork(wired, SpatialDynamics(), Discs("circle"), 0).advance(800),
    ]
    digest = hashlib.sha256()
    for events in runs:
        assert len(events) > 100
        for values in (events.step, events.layer, events.index):
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
        env=environment, check=True, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.stdout.strip() == FINGERPRINT
