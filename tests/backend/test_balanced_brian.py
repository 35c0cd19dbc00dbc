"""The Brian2 engine: a cross-check in a process of its own, never imported beside the window."""

from __future__ import annotations

import sys
import time

import pytest

from backend.core import headless
from backend.core.child import run_isolated
from backend.core.run import Cancelled, Run
from backend.studies import find

STUDY = find("ei-balanced-network")


@pytest.mark.slow
def test_brian2_agrees_on_the_same_connections() -> None:
    result = headless.run(STUDY.id, "Brian2 cross-check", {"n": 500})
    assert "brian2" not in sys.modules
    assert abs(result["difference_e"]) <= 3.0
    assert abs(result["difference_i"]) <= 3.0
    assert result["brian_rate_e"] > 0.02


@pytest.mark.slow
def test_a_live_run_in_brian2_streams_and_is_cancelled() -> None:
    parameters = STUDY.parameters_of("Brian2 cross-check").changed(n=400)
    assert STUDY.isolated(parameters)
    run = Run(STUDY, parameters, "free", duration=60.0)
    run.drawing = True
    run_isolated(STUDY, run)
    assert run.channel("rates").revision > 0
    assert run.result["live_rate_e"] > 10.0
    assert run.offers["spikes"].make().sizes == {"E": 320, "I": 80}
    endless = Run(STUDY, parameters, "free")
    endless.cancel()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        run_isolated(STUDY, endless)
    assert time.monotonic() - began < 5.0


def test_other_engines_stay_in_this_process() -> None:
    assert not STUDY.isolated(STUDY.parameters_of("Figure 3"))
    assert not STUDY.isolated(STUDY.parameters_of("Figure 5A").changed(engine="brian2"))
