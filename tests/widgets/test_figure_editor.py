"""Painting a figure with mouse and keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from backend.core.channels import Latest
from backend.core.views import Marker, View
from backend.stimuli.painting import Canvas
from widgets.figure_editor import FigureEditor
from widgets.views import make_view
from widgets.views.editor import EditorView

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def editor(qtbot: QtBot) -> Iterator[FigureEditor]:
    made = FigureEditor()
    qtbot.addWidget(made)
    made.resize(500, 540)
    made.set_painting(Canvas(np.zeros((80, 80))))
    made.set_markers([Marker("bar", 4, 76, 3, "λ 3.0 px"), Marker("ring", 40, 40, 9.8)])
    made.show()
    qtbot.waitExposed(made)
    made.canvas.grab()
    yield made
    made.close()


def spot(editor: FigureEditor, x: float, y: float) -> QPoint:
    return editor.canvas.to_pixel(x, y).toPoint()


def drag(qtbot: QtBot, editor: FigureEditor, *cells: tuple[float, float]) -> None:
    canvas = editor.canvas
    qtbot.mousePress(canvas, LEFT, pos=spot(editor, *cells[0]))
    for cell in cells[1:]:
        qtbot.mouseMove(canvas, spot(editor, *cell))
    qtbot.mouseRelease(canvas, LEFT, pos=spot(editor, *cells[-1]))


def test_pen_draws_and_one_stroke_is_one_change(qtbot: QtBot, editor: FigureEditor) -> None:
    done, going = [], []
    editor.changed.connect(lambda: done.append(1))
    editor.changing.connect(lambda: going.append(1))
    canvas = editor.canvas
    qtbot.mousePress(canvas, LEFT, pos=spot(editor, 20, 20))
    canvas.moved.emit(30.0, 20.0)
    canvas.moved.emit(40.0, 20.0)
    qtbot.mouseRelease(canvas, LEFT, pos=spot(editor, 40, 20))
    assert editor.painting.pixels[20, 30] == 1
    assert len(done) == 1
    assert len(going) == 3


def test_undo_and_redo_are_asked_of_the_owner(qtbot: QtBot, editor: FigureEditor) -> None:
    asked: list[str] = []
    editor.undo_asked.connect(lambda: asked.append("undo"))
    editor.redo_asked.connect(lambda: asked.append("redo"))
    drag(qtbot, editor, (20, 20), (40, 20))
    before = editor.painting.pixels.copy()
    editor.changed.connect(lambda: asked.append("changed"))
    assert editor.undo_tool.isEnabled()
    assert editor.redo_tool.isEnabled()
    qtbot.mouseClick(editor.undo_tool, LEFT)
    qtbot.mouseClick(editor.redo_tool, LEFT)
    assert asked == ["undo", "redo"]
    assert (editor.painting.pixels == before).all()


def test_the_view_passes_undo_on_and_shows_what_comes_back(qtbot: QtBot) -> None:
    view = make_view(View("f", "Figure", "editor", "figure"))
    assert isinstance(view, EditorView)
    qtbot.addWidget(view)
    view.resize(500, 540)
    view.show()
    qtbot.waitExposed(view)
    channel = Latest()
    channel.publish(image=np.full((80, 80), 255, np.uint8))
    view.pull(channel)
    view.editor.canvas.grab()
    # The owner's undo puts the picture before the stroke back, at once.
    back = np.full((80, 80), 255, np.uint8)
    view.undo_asked.connect(lambda: channel.publish(image=back))
    drag(qtbot, view.editor, (20, 20), (40, 20))
    assert view.levels().min() == 0
    qtbot.mouseClick(view.editor.undo_tool, LEFT)
    view.pull(channel)
    assert view.levels().min() == 255


def test_shapes_eraser_and_fill(qtbot: QtBot, editor: FigureEditor) -> None:
    pixels = editor.painting.pixels
    qtbot.mouseClick(editor.tools["rectangle"], LEFT)
    drag(qtbot, editor, (10, 10), (20, 20), (30, 30))
    assert pixels[20, 20] == 1
    editor.set_tool("disc")
    drag(qtbot, editor, (60, 60), (60, 65))
    assert pixels[60, 60] == 1
    assert pixels[52, 60] == 0
    editor.set_tool("line")
    drag(qtbot, editor, (5, 70), (30, 70))
    assert pixels[70, 15] == 1
    editor.set_tool("eraser")
    qtbot.mouseClick(editor.canvas, LEFT, pos=spot(editor, 20, 20))
    assert pixels[20, 20] == 0
    editor.set_tool("fill")
    qtbot.mouseClick(editor.canvas, LEFT, pos=spot(editor, 75, 5))
    assert pixels[5, 75] == 1


def test_polygon_is_closed_by_a_double_click(qtbot: QtBot, editor: FigureEditor) -> None:
    editor.set_tool("polygon")
    for cell in ((10, 10), (50, 10), (30, 50)):
        qtbot.mouseClick(editor.canvas, LEFT, pos=spot(editor, *cell))
    assert len(editor.canvas.outline) == 4
    editor.canvas.grab()
    qtbot.mouseDClick(editor.canvas, LEFT, pos=spot(editor, 30, 50))
    assert editor.painting.pixels[20, 30] == 1
    assert editor.canvas.outline == []


def test_everything_is_reachable_by_keyboard(qtbot: QtBot, editor: FigureEditor) -> None:
    canvas = editor.canvas
    editor.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    qtbot.keyClick(canvas, "r")
    assert editor.tool == "rectangle"
    qtbot.keyClick(canvas, Qt.Key.Key_Space)
    for _ in range(5):
        qtbot.keyClick(canvas, Qt.Key.Key_Right)
        qtbot.keyClick(canvas, Qt.Key.Key_Down)
    qtbot.keyClick(canvas, Qt.Key.Key_Space)
    assert editor.painting.pixels.sum() == 36
    qtbot.keyClick(canvas, "]")
    assert editor.brush_size.value() == 4
    qtbot.keyClick(canvas, Qt.Key.Key_Escape)
    assert editor._from is None
