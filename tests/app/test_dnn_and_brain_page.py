"""The page of DNN and brain: a click on a vertex shows what was predicted for it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import mne
import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from studio_tools import Wait

from app.window import MainWindow

LEFT = Qt.MouseButton.LeftButton


def test_a_click_on_a_vertex_shows_its_predictions_and_layers(
    window: MainWindow, wait: Wait
) -> None:
    window.resize(1500, 950)
    page = window.open_study("dnnbrain")
    page.choose_preset("Figure 6A")
    page.controller.set_values({"folds": 2, "components": 10, "pls": 1}, "Smaller")
    assert page.start("encode")
    wait(lambda: page.controller.job is not None and page.controller.job.finished, 60_000)
    views = page.board.views
    wait(lambda: not views["fit"].isHidden() and len(views["fit"].data()) > 0)
    assert page.board.data("profile")["y_title"] == "r, vertex 1"
    vertices: Any = views["vertices"]
    canvas = vertices.canvas
    at = QPoint(round(float(canvas.px(120.0))), canvas.height() // 2)
    QTest.mouseClick(canvas, LEFT, pos=at)
    wait(lambda: page.board.data("profile").get("y_title") != "r, vertex 1")
    assert abs(page.controller.parameters.vertex - 120) <= 1
    shown = page.controller.parameters.vertex
    assert page.board.data("profile")["y_title"] == f"r, vertex {shown}"
    assert len(page.board.data("fit")["truth"]) == 640
    encoded = {"encoding", "vertices", "models", "winners", "fit", "profile"}
    assert encoded == {widget.view.id for widget in page.board.in_sight()}
    assert not page.controller.stale, "looking at another vertex makes no other run"
    page.undo_stack.undo()
    assert page.board.data("profile")["y_title"] == "r, vertex 1"
    page.controller.set_value("folds", 3)
    assert page.controller.stale
    page._slow()
    assert encoded == {widget.view.id for widget in page.board.in_sight()}


def test_a_dropped_recording_is_compared_over_time(
    window: MainWindow, wait: Wait, tmp_path: Path
) -> None:
    window.resize(1500, 950)
    rng = np.random.default_rng(0)
    times = np.arange(-0.1, 0.2, 0.05)
    info = mne.create_info([f"c{i}" for i in range(8)], 20.0, "eeg", verbose="ERROR")
    events = np.array([[10 * i, 0, i + 1] for i in range(64)])
    epochs = mne.EpochsArray(rng.standard_normal((64, 8, len(times))), info, events, -0.1,
                             verbose="ERROR")  # fmt: skip
    epochs.save(tmp_path / "own-epo.fif", verbose="ERROR")
    page = window.open_study("dnnbrain")
    assert page.take_file(tmp_path / "own-epo.fif")
    assert page.controller.parameters.meg == "own"
    values = {"trials_match": "order", "label_permutations": 100, "layers": "relu1, relu5"}
    page.controller.set_values(values, "Order")
    assert page.start("time")
    wait(lambda: page.controller.job is not None and page.controller.job.finished, 60_000)
    assert page.controller.job.outcome == "done"
    view: Any = page.board.views["time"]
    wait(lambda: not view.isHidden() and view.shows_data)
    assert "own-epo.fif" in view.header.note.text()
    assert (
        "64 of 64 trials of own-epo.fif belong to classes." in page.controller.job.run.result.notes
    )


def test_the_searchlight_and_the_turned_basis_fill_their_views(
    window: MainWindow, wait: Wait
) -> None:
    window.resize(1500, 950)
    page = window.open_study("dnnbrain")
    page.controller.set_values(
        {"label_permutations": 100, "draws": 1, "folds": 3, "angles": "0, 90"}, "Smaller"
    )
    for procedure, names in (
        ("searchlight", ("searchlight", "best_layer")), ("rotate", ("rotation", "selectivity")),
    ):  # fmt: skip
        assert page.start(procedure)
        wait(lambda: page.controller.job is not None and page.controller.job.finished, 60_000)
        assert page.controller.job.outcome == "done"
        for name in names:
            view: Any = page.board.views[name]
            wait(partial(getattr, view, "shows_data"))
            assert not view.isHidden()
