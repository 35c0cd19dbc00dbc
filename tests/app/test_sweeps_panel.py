"""Sweeps in the window: set-up, a map that fills, its cells, cancel and resume."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.panels.sweeps.panel import SweepsPanel
from app.window import MainWindow
from backend.core.sweep_settings import PRESETS, SweepSource, plan_of_settings
from backend.core.sweeps import planned

Wait = Callable[..., None]
LONG = 60_000


@pytest.fixture
def panel(window: MainWindow) -> SweepsPanel:
    window.show_panel("sweeps")
    found: SweepsPanel = window.panels["sweeps"]
    found.history.set_values(
        {"first_values": "1, 3", "second_values": "0, 0.1, 0.2", "trials": 2, "workers": 1}, "test"
    )
    return found


def test_the_size_is_told_before_it_runs(panel: SweepsPanel) -> None:
    assert panel.form.note.text() == "2 × 3 cells × 2 trials: 12 jobs"
    panel.history.set_value("first_values", "1, much")
    assert "much" in panel.form.note.text()
    panel.run()
    assert not panel.alive
    assert panel.banners.banners["plan"].isVisible()
    panel.undo_stack.undo()
    assert panel.form.note.text() == "2 × 3 cells × 2 trials: 12 jobs"


def test_a_map_fills_and_a_cell_leads_to_its_run(
    window: MainWindow, panel: SweepsPanel, wait: Wait, tmp_path: Path
) -> None:
    panel.run_or_pause()
    wait(lambda: panel.work.settled and panel._drawn == 12, LONG)
    panel.board.pull()
    shown = panel.board.channels["map"].snapshot()
    assert shown["image"].shape == (2, 3)
    assert np.isfinite(shown["image"]).all()
    assert "12 of 12 trials" in shown["note"]
    assert shown["x_title"] == "Spikelet (mV per J)"
    assert panel.quantity.currentText() == "Temporal groups: volleys"
    panel.board.views["map"].picked.emit((1, 2))
    assert "Gap junction: 3" in panel.cell.title.text()
    seed, value = (panel.cell.table.item(1, column) for column in (1, 2))
    assert seed is not None
    assert seed.text() == "1"
    assert value is not None
    before = value.text()
    panel.save(tmp_path / "all.csv")
    assert len((tmp_path / "all.csv").read_text().splitlines()) == 13
    panel.cell.table.selectRow(1)
    panel.cell.open.click()
    page = window.page
    assert page is not None
    assert page.controller.parameters.J == 3.0
    assert page.controller.parameters.gamma == 0.2
    assert page.controller.parameters.seed == 1
    job = page.controller.job
    assert job is not None
    wait(lambda: job.finished)
    assert f"{job.run.result.values['temporal_volleys'].value:g}" == before


def test_a_cancelled_sweep_goes_on_where_it_was(panel: SweepsPanel, wait: Wait) -> None:
    panel.history.set_value("trials", 20)
    panel.run_or_pause()
    wait(lambda: panel._drawn >= 3, LONG)
    panel.stop()
    wait(lambda: panel.work.settled, LONG)
    assert panel.strip.state == "cancelled"
    sweep = panel.sweep
    assert sweep is not None
    kept = len(sweep.outcomes)
    assert 3 <= kept < 120
    assert np.isfinite(panel.board.channels["map"].snapshot()["image"]).any()
    panel.run_or_pause()
    wait(lambda: panel.sweep is not None and panel.sweep is not sweep, LONG)
    assert panel.sweep is not None
    assert len(panel.sweep.outcomes) >= kept
    panel.stop()
    wait(lambda: panel.work.settled, LONG)


def test_another_study_brings_its_own_parameters(panel: SweepsPanel) -> None:
    study = panel.form.fields["study"]
    study.setCurrentIndex(study.findData("ei-balanced-network"))
    study.activated.emit(study.currentIndex())
    assert panel.parameters.study == "ei-balanced-network"
    assert "parameter to vary" in panel.form.note.text()
    first = panel.form.fields["first"]
    first.setCurrentIndex(first.findData("k"))
    first.activated.emit(first.currentIndex())
    assert panel.parameters.first_values == "0.5:1.5:5"
    assert panel.form.note.text().startswith("5 cells")
    panel.undo_stack.undo()
    panel.undo_stack.undo()
    assert panel.parameters.study == "gap-junction-topology"


@pytest.mark.parametrize("preset", [one.name for one in PRESETS])
def test_every_preset_is_a_sweep_that_can_run(preset: str) -> None:
    p = SweepSource.parameters_of(preset)
    jobs = planned(plan_of_settings(p))
    assert len(jobs) > 1


def test_script_and_methods_say_what_is_varied(window: MainWindow, panel: SweepsPanel) -> None:
    code = panel.script()
    compile(code, "sweep", "exec")
    assert "Axis('J', (1.0, 3.0))" in code
    from backend.core.sweep_settings import methods_of

    words = methods_of(panel.parameters)
    assert "Gap junction (1, 3) and Spikelet (0, 0.1, 0.2)" in words
    assert "2 times a cell" in words


def test_a_session_brings_the_settings_back(panel: SweepsPanel) -> None:
    kept = panel.kept()
    panel.history.set_values({"trials": 9, "first_values": "7"}, "other")
    panel.restore(kept)
    assert panel.parameters.trials == 2
    assert panel.parameters.first_values == "1, 3"
