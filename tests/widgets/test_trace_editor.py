"""Drawing and typing a trace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from widgets.ticks import nice_ticks
from widgets.trace_editor import TraceEditor, read_points, write_points

POINTS = [(0.0, 0.0), (10.0, 2.0), (20.0, 1.0)]


@pytest.fixture
def editor(qtbot: QtBot) -> Iterator[TraceEditor]:
    made = TraceEditor("Input", "mV", (-5.0, 5.0))
    qtbot.addWidget(made)
    made.resize(520, 460)
    made.set_points(POINTS)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


def test_dragging_a_point_moves_it_up_to_its_neighbour(qtbot: QtBot, editor: TraceEditor) -> None:
    canvas, done, going = editor.canvas, [], []
    editor.changed.connect(done.append)
    editor.changing.connect(going.append)
    start = canvas.place((10.0, 2.0)).toPoint()
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(canvas, canvas.place((30.0, 4.0)).toPoint())
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=canvas.place((30.0, 4.0)).toPoint())
    assert going
    assert len(done) == 1
    x, y = done[0][1]
    assert x == 20.0
    assert y == pytest.approx(4.0, abs=0.1)
    assert editor.model.points == done[0]


def test_click_adds_and_delete_removes(qtbot: QtBot, editor: TraceEditor) -> None:
    canvas = editor.canvas
    place = canvas.place((5.0, 3.0)).toPoint()
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=place)
    assert len(editor.points()) == 4
    qtbot.keyClick(canvas, Qt.Key.Key_Delete)
    assert editor.points() == POINTS


def test_hand_drawn_stroke_replaces_what_lies_beneath(qtbot: QtBot, editor: TraceEditor) -> None:
    editor.hand.setChecked(True)
    canvas = editor.canvas
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=canvas.place((5.0, -2.0)).toPoint())
    for x in range(6, 16):
        qtbot.mouseMove(canvas, canvas.place((float(x), -2.0)).toPoint())
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton)
    assert (10.0, 2.0) not in editor.points()
    assert len(editor.points()) > 8
    assert editor.points() == sorted(editor.points())


def test_table_edits_are_clipped_to_the_limits(editor: TraceEditor) -> None:
    done = []
    editor.changed.connect(done.append)
    editor.model.setData(editor.model.index(1, 1), "40")
    assert done[-1][1] == (10.0, 5.0)
    assert not editor.model.setData(editor.model.index(1, 1), "forty")
    editor.add_point()
    assert done[-1][-1] == (30.0, 1.0)


def test_arrow_keys_move_the_chosen_point(qtbot: QtBot, editor: TraceEditor) -> None:
    editor.canvas.select(0)
    qtbot.keyClick(editor.canvas, Qt.Key.Key_PageDown)
    qtbot.keyClick(editor.canvas, Qt.Key.Key_Up)
    assert editor.points()[1][1] > 2.0


def test_import_and_export_go_through_callbacks(editor: TraceEditor) -> None:
    saved = []
    editor.save = saved.append
    editor.load = lambda: [(0.0, 3.0), (4.0, 9.0)]
    editor._import()
    editor.save(editor.points())
    assert saved == [[(0.0, 3.0), (4.0, 5.0)]]


def test_points_survive_a_csv_file(tmp_path: Path) -> None:
    write_points(tmp_path / "p.csv", POINTS)
    assert read_points(tmp_path / "p.csv") == POINTS


def test_ticks_are_round() -> None:
    assert nice_ticks(0.0, 10.0, 5) == [0, 2, 4, 6, 8, 10]
    assert nice_ticks(3.0, 3.0) == [3.0]


def test_a_path_keeps_its_order_and_stays_on_the_field(qtbot: QtBot) -> None:
    from widgets.path_editor import PathCanvas

    editor = TraceEditor("y", "field", (None, None), "x (field)", PathCanvas)
    qtbot.addWidget(editor)
    corners = [(0.8, 0.2), (0.2, 0.2), (0.5, 0.9)]
    editor.set_points(corners)
    seen: list[object] = []
    editor.changed.connect(seen.append)
    editor._typed([*corners, (1.7, -3.0)])
    assert editor.points() == [*corners, (1.0, 0.0)]
    editor.add_point()
    assert editor.points()[-1] == (0.9, 0.1)
    editor.canvas.select(0)
    editor.canvas.move_selected((0.9, 0.3))
    assert editor.points()[0] == (0.9, 0.3)
    assert len(seen) == 2
    assert not editor.grab().isNull()
