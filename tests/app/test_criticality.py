"""Criticality and FC as a user meets it in the window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from app.panels.simulate.page import StudyPage
from app.window import MainWindow
from backend.brain.connectome import synthetic
from backend.core.runner import Job

STUDY = "criticality-fc"
Wait = Callable[..., None]


def shown(page: StudyPage) -> set[str]:
    return {name for name, view in page.board.views.items() if view.isVisible()}


def view_of(page: StudyPage, name: str) -> Any:
    return page.board.views[name]


def test_the_connectome_is_there_before_a_run_and_says_what_it_is(
    window: MainWindow, wait: Wait
) -> None:
    page = window.open_study(STUDY)
    wait(lambda: page.board.views["structure"].shows_data)
    structure = view_of(page, "structure")
    assert np.allclose(10**structure.canvas.image - 1, synthetic().counts)
    assert "SYNTHETIC" in structure.header.note.text()


def test_the_automaton_runs_follows_its_threshold_and_says_its_regime(
    window: MainWindow, wait: Wait
) -> None:
    page = window.open_study(STUDY)
    page.controller.set_values({"pace": 0}, "test")
    page.run_or_pause()
    job = page.controller.job
    assert job is not None
    assert {"nodes", "raster", "avalanches", "fc", "regime", "network"} <= shown(page)
    regime = view_of(page, "regime")
    wait(lambda: regime.shows_data and regime.canvas.lead == "near critical", 20_000)
    wait(lambda: page.board.views["network"].shows_data)
    page.controller.set_values({"threshold": 1.2}, "test")
    wait(lambda: regime.canvas.lead == "subcritical", 20_000)
    page.controller.set_values({"threshold": 0.1}, "test")
    wait(lambda: regime.canvas.lead == "supercritical", 20_000)
    page.stop()
    wait(lambda: job.finished)
    assert job.outcome == "done"


def test_another_system_waits_for_rebuild_and_then_runs(window: MainWindow, wait: Wait) -> None:
    page = window.open_study(STUDY)
    page.run_or_pause()
    job = page.controller.job
    assert job is not None
    wait(lambda: job.run.clock > 0)
    page.controller.set_values({"model": "neurons", "regions": 4}, "test")
    assert page.controller.waiting
    page.controller.rebuild()
    wait(lambda: page.board.views["nraster"].isVisible(), 20_000)
    wait(lambda: page.board.views["regime"].shows_data and "rate_hz" in job.run.result.values)
    assert "rate_steps" not in job.run.result.values, "the automaton's"
    page.controller.set_values({"model": "recordings"}, "test")
    page.controller.rebuild()
    wait(lambda: any("press Run" in note for note in job.run.result.notes))
    page.stop()
    wait(lambda: job.finished)
    assert job.outcome == "done", job.failure


def test_a_sweep_draws_a_curve_for_each_threshold_of_edges(window: MainWindow, wait: Wait) -> None:
    page = window.open_study(STUDY)
    page.choose_preset("Figure 5")
    page.controller.set_values(
        {"thresholds": "0.3, 0.52, 0.9", "runs": 2, "tds": "0.1, 0.15"}, "test"
    )
    page.start("gh")
    job = page.controller.job
    assert job is not None, page.form.errors
    wait(lambda: job.finished, 20_000)
    assert job.outcome == "done", job.failure
    view = view_of(page, "m_global_efficiency")
    wait(lambda: view.isVisible() and view.shows_data)
    wait(lambda: [key.label for key in view.canvas.keys] == ["T_d 0.1", "T_d 0.15"])
    assert job.run.result["best_global_efficiency"] == 0.52
    assert len(job.run.result.tables["sweep"]["run"]) == 3 * 2 * 2


def test_bad_files_and_lists_are_said_at_their_field(
    window: MainWindow, wait: Wait, tmp_path: Path
) -> None:
    page = window.open_study(STUDY)
    counts = synthetic().counts.copy()
    counts[3] = counts[:, 3] = 0
    counts[0, 1] = 9
    file = tmp_path / "mine.csv"
    np.savetxt(file, counts, delimiter=",")
    page.controller.set_values({"source": "file", "connectome": str(file)}, "test")
    assert not page.start("gh")
    assert "not symmetric" in page.form.rows["symmetrise"].sentence
    page.controller.set_values({"symmetrise": True}, "test")
    wait(lambda: [n.text for n in page.controller.notices] == [
        "4 has no fibres here: it acts on its own."
    ])  # fmt: skip
    page.controller.set_values({"tds": "0.1, 2"}, "test")
    assert not page.start("gh")
    assert "goes from 0 to 1" in page.form.rows["tds"].sentence
    page.controller.set_values({"tds": "0.1", "symmetrise": False}, "test")
    assert not page.start("gh")
    assert "problem" in page.banners.banners
    np.savetxt(file.with_name("good.csv"), synthetic().counts, delimiter=",")
    page.controller.set_values({"connectome": str(file.with_name("good.csv"))}, "test")
    assert "problem" not in page.banners.banners
    assert page.start("regimes")
    job = page.controller.job
    assert job is not None
    wait(lambda: job.finished, 30_000)
    page.controller.set_values({"model": "recordings"}, "test")
    assert not page.start("regimes")
    assert "Recordings are analysed by Run" in page.form.rows["model"].sentence


def test_recordings_are_analysed_and_end_by_themselves(window: MainWindow, wait: Wait) -> None:
    page = window.open_study(STUDY)
    page.choose_preset("Figures 1 and 2")
    assert not page.form.rows["threshold"].isVisible()
    assert "95 people are generated" in page.controller.study.synthetic_of(
        page.controller.parameters
    )
    page.run_or_pause()
    job = page.controller.job
    assert job is not None, page.form.errors
    wait(lambda: job.finished, 30_000)
    assert job.outcome == "done", job.failure
    scatter = view_of(page, "h_global_efficiency")
    wait(lambda: scatter.isVisible() and scatter.shows_data)
    assert scatter.header.note.text().startswith("R = 0.")
    wait(lambda: view_of(page, "calibration").shows_data)


def test_a_dropped_folder_of_series_is_taken(
    window: MainWindow, wait: Wait, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    for number in range(5):
        np.save(tmp_path / f"sub-{number}.npy", rng.standard_normal((50, 6)))
    page = window.open_study(STUDY)
    assert page.take_file(tmp_path)
    page.run_or_pause()
    job = page.controller.job
    assert job is not None, page.form.errors
    wait(lambda: job.finished, 30_000)
    assert job.outcome == "done", job.failure
    assert job.run.result.values["group_h"].n == 5
    page.window_.undo()
    assert page.controller.parameters.model == "automaton"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert not page.take_file(empty)


def test_the_scatter_follows_the_threshold_of_edges(window: MainWindow, wait: Wait) -> None:
    page = window.open_study(STUDY)
    page.choose_preset("Figures 1 and 2")
    page.run_or_pause()
    job = page.controller.job
    assert job is not None
    wait(lambda: job.finished, 30_000)
    before = job.run.result["r_path"]
    page.controller.set_values({"td": 0.3}, "test")

    def shown() -> Job:
        assert page.controller.job is not None
        return page.controller.job

    wait(lambda: shown() is not job and shown().finished)
    assert shown().run.result["r_path"] != before
    assert shown().run.parameters.td == 0.3
