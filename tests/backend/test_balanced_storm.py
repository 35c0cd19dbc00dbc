"""Any slider at any place at any moment: the model goes on, and its numbers stay numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.core.parameters import Change, Declaration
from backend.core.run import ChangeAt, Run
from backend.studies import find

STUDY = find("ei-balanced-network")
DURATION = {"S1": 1.0, "S2": 12.0, "S3": 6.0, "preview": 6.0}
SMALL = {
    "S1": {"n_1": 50, "mu": 1.0}, "S2": {"n": 200},
    "S3": {"side_f": 12, "side_e": 16, "side_i": 8},
    "preview": {"side_f": 12, "side_e": 16, "side_i": 8},
}  # fmt: skip
FILES = ("film", "events", "packed")


def values(declared: Declaration) -> st.SearchStrategy[Any]:
    """Any value the form would let through."""
    if declared.kind == "float":
        return st.floats(declared.low, declared.high, allow_nan=False)
    if declared.kind == "int":
        return st.integers(int(declared.low or 0), int(declared.high or 100))
    if declared.kind == "bool":
        return st.booleans()
    return st.sampled_from([value for value, _ in declared.choices if value not in FILES])


LIVE = {
    name: declared
    for name, declared in STUDY.Parameters.declarations().items()
    if declared.change is not Change.REBUILD
    and declared.kind in ("float", "int", "bool", "choice")
    and name != "frame_ms"
}


@st.composite
def storms(draw: st.DrawFn) -> list[dict[str, Any]]:
    changes = []
    for _ in range(draw(st.integers(1, 6))):
        names = draw(st.lists(st.sampled_from(sorted(LIVE)), min_size=1, max_size=5, unique=True))
        changes.append({name: draw(values(LIVE[name])) for name in names})
    return changes


@pytest.mark.parametrize("mode", list(SMALL))
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(storm=storms())
def test_a_storm_of_sliders_never_stops_the_model(mode: str, storm: list[dict[str, Any]]) -> None:
    start = STUDY.Parameters().changed(mode=mode, **SMALL[mode])
    step = {"S1": 0.001, "S2": 0.1, "S3": 0.05, "preview": 0.25}[mode]
    last = DURATION[mode] / step
    schedule = tuple(
        ChangeAt(round(last * (k + 1) / (len(storm) + 2)), change) for k, change in enumerate(storm)
    )
    run = Run(STUDY, start, "free", schedule, DURATION[mode])
    run.drawing = True
    STUDY.run(run)
    run.close()
    assert run.clock == pytest.approx(DURATION[mode])
    assert all(np.isfinite(m.value) for m in run.result.values.values()), run.result.values
    for offer in run.offers.values():
        offer.make()
    for channel in ("map_e", "voltage", "camera"):
        image = run.channel(channel).snapshot().get("image")
        assert image is None or np.isfinite(image).all()
