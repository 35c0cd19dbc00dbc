"""Every procedure of study 05 leaves a report with a figure of each view that it filled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backend.core.headless import make_job, run_to
from backend.core.views import Split
from backend.studies import find

STUDY = find("dnnbrain")
FEW = {"folds": 2, "components": 5, "pls": 2, "label_permutations": 100, "samples": 100,
       "layers": "relu1, relu2, relu3, relu4, relu5", "draws": 1, "units": 1, "steps": 10,
       "epochs": 1}  # fmt: skip


def views_of(split: Split | str) -> set[str]:
    """Ids of the views of a layout."""
    if isinstance(split, str):
        return {split}
    return set().union(*(views_of(one) for one in split.items))


@pytest.mark.parametrize("procedure", [one.id for one in STUDY.procedures])
def test_the_report_holds_every_view_that_was_filled(procedure: str, tmp_path: Path) -> None:
    parameters: Any = STUDY.Parameters().changed(**FEW)
    job = make_job(STUDY, parameters, "Figure 5", procedure, (), None, tmp_path)
    run_to(tmp_path, job)
    assert job.failure is None, job.failure
    assert job.run.result.complete
    assert "<html" in (tmp_path / "report.html").read_text()
    layout = STUDY.layout.get(STUDY.layout_of(parameters, procedure))
    assert layout is not None
    for identifier in views_of(layout):
        if job.run.channels[STUDY.view(identifier).channel].snapshot():
            assert (tmp_path / "figures" / f"{identifier}.png").stat().st_size > 1000, identifier
