"""The page of DNN and brain: a click on a vertex shows what was predicted for it."""

from __future__ import annotations

from typing import Any

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
    page.undo_stack.undo()
    assert page.board.data("profile")["y_title"] == "r, vertex 1"
