"""The history: everything done so far can be found, reopened, repeated, compared, thrown away."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

from app.panels.runs.detail import one_run, two_runs
from app.panels.runs.panel import RunsPanel, export_run
from app.window import MainWindow

RETINA = "gap-junction-topology"
Wait = Callable[..., None]


def done(window: MainWindow, wait: Wait, **values: object) -> None:
    """One finished run of the retina."""
    page = window.open_study(RETINA)
    page.controller.set_values(values, "test")
    page.run_or_pause()
    job = page.controller.job
    assert job is not None
    wait(lambda: job.finished)
    wait(lambda: page._said_job is job)


def history(window: MainWindow) -> RunsPanel:
    window.show_panel("runs")
    panel: RunsPanel = window.panels["runs"]
    panel.refresh()
    return panel


def test_runs_are_listed_filtered_and_compared(window: MainWindow, wait: Wait) -> None:
    done(window, wait)
    done(window, wait, J=3.5)
    panel = history(window)
    assert panel.proxy.rowCount() == 2
    panel.filter.setText("one hole nothing")
    assert panel.proxy.rowCount() == 0
    panel.filter.setText("gap done")
    assert panel.proxy.rowCount() == 2
    panel.table.selectAll()
    page = panel.detail.toPlainText()
    assert "Two runs" in page
    assert "3.5" in page
    records = panel.selected()
    assert "J" in two_runs(*records)
    assert "Settings other than the preset" in one_run(records[0])


def test_reopen_brings_settings_numbers_and_pictures(window: MainWindow, wait: Wait) -> None:
    done(window, wait, J=3.5)
    page = window.open_study(RETINA)
    page.controller.set_value("J", 1.0)
    panel = history(window)
    panel.table.selectRow(0)
    panel.reopen()
    assert window.page is page
    assert page.controller.parameters.J == 3.5
    job = page.controller.job
    assert job is not None
    assert job.run.result.values
    assert job.run.channels["sheet"].snapshot()["image"].shape == (80, 80)
    assert page.header.changed.text() == "1 changed"


def test_reproduce_says_identical(window: MainWindow, wait: Wait) -> None:
    done(window, wait)
    panel = history(window)
    panel.table.selectRow(0)
    panel.reproduce()
    wait(lambda: "identical" in window.status.message.text())


def test_delete_goes_to_the_trash_and_undo_brings_it_back(window: MainWindow, wait: Wait) -> None:
    done(window, wait)
    panel = history(window)
    panel.table.selectRow(0)
    panel.delete()
    assert panel.proxy.rowCount() == 0
    window.undo()
    assert panel.proxy.rowCount() == 1


def test_resume_a_cancelled_batch(window: MainWindow, wait: Wait) -> None:
    page = window.open_study(RETINA)
    page.choose_preset("Figure 6")
    page.measure()
    job = page.controller.job
    assert job is not None
    wait(lambda: len(job.run.cells) >= 2, 30_000)
    page.stop()
    wait(lambda: job.finished)
    finished = len(job.run.cells)
    panel = history(window)
    panel.table.selectRow(0)
    assert panel.buttons["resume"].isEnabled()
    panel.resume()
    again = page.controller.job
    assert again is not None
    assert again is not job
    assert len(again.run.cells) >= finished
    again.run.cancel()
    wait(lambda: again.finished)


def test_export_a_run_as_zip(window: MainWindow, wait: Wait, tmp_path: Path) -> None:
    done(window, wait)
    record = window.runner.store.records()[0]
    export_run(record, tmp_path / "run.zip")
    with zipfile.ZipFile(tmp_path / "run.zip") as archive:
        names = archive.namelist()
    assert any(name.endswith("result.json") for name in names)
