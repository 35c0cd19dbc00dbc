"""Layer tree, layer graph and channel maps: what they show and how they are chosen from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from backend.core.channels import Latest
from backend.core.views import View
from widgets import theme
from widgets.layer_graph import GraphRow, LayerGraph, lanes_of, mean_picture
from widgets.layer_tree import LayerRow, LayerTree
from widgets.views.maps import ORDERS, MapGrid, MapsView


@pytest.fixture
def shown(qtbot: QtBot, qapp: QApplication) -> Iterator[object]:
    theme.apply(qapp, "light")
    made = []

    def show(widget: QWidget, width: int = 400, height: int = 300) -> QWidget:
        qtbot.addWidget(widget)
        widget.resize(width, height)
        widget.show()
        qtbot.waitExposed(widget)
        made.append(widget)
        return widget

    yield show
    for widget in made:
        widget.close()


ROWS = [
    LayerRow("conv1", "Conv2d", "8 × 4 × 4"), LayerRow("block.0.conv", "Conv2d", "8 × 2 × 2"),
    LayerRow("block.0.relu", "ReLU", "8 × 2 × 2"), LayerRow("fc", "Linear", "10"),
]  # fmt: skip


def test_the_tree_folds_modules_and_tells_the_layer_chosen(shown, qtbot: QtBot) -> None:  # type: ignore[no-untyped-def]
    tree = shown(LayerTree())
    tree.show_layers(ROWS)
    assert tree.model.rowCount() == 3  # conv1, block, fc
    with qtbot.waitSignal(tree.chosen) as told:
        tree.choose("block.0.relu")
    assert told.args == ["block.0.relu"]
    with qtbot.waitSignal(tree.chosen) as told:
        qtbot.keyClick(tree.tree, Qt.Key.Key_Down)
    assert told.args == ["fc"]


def test_a_skip_gets_a_lane_of_its_own() -> None:
    lanes = lanes_of([(0, 1), (1, 2), (2, 3), (0, 3), (3, 4), (3, 6), (1, 5)])
    assert lanes[(0, 1)] == 0
    assert lanes[(0, 3)] == 1
    assert lanes[(3, 6)] == 1  # begins where the first skip has ended
    assert lanes[(1, 5)] == 2


def test_a_layer_of_units_is_laid_out_in_a_square() -> None:
    picture = mean_picture(np.arange(10, dtype=np.float32).reshape(10, 1, 1))
    assert picture.shape == (4, 4)
    assert picture.max() == 255
    flat = mean_picture(np.zeros((3, 5, 6), np.float32))
    assert flat.shape == (5, 6)
    assert flat.max() == 0


def test_the_graph_draws_the_answers_inside_and_is_clicked(shown, qtbot: QtBot) -> None:  # type: ignore[no-untyped-def]
    graph = shown(LayerGraph())
    rows = [
        GraphRow("conv1", "conv1", "8 × 4 × 4", ()),
        GraphRow("relu", "relu", "8 × 4 × 4", ("conv1",)),
        GraphRow("add", "add", "8 × 4 × 4", ("relu", "conv1")),
    ]
    graph.show_rows(rows)
    before = graph.grab().toImage()
    bright = np.linspace(0, 1, 128, dtype=np.float32).reshape(8, 4, 4)
    graph.show_maps({"conv1": bright, "relu": bright, "gone": bright})
    assert set(graph.pictures) == {"conv1", "relu"}
    assert graph.grab().toImage() != before
    y = round(graph.centre(1).y())
    with qtbot.waitSignal(graph.chosen) as told:
        qtbot.mouseClick(graph.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, y))
    assert told.args == ["relu"]
    with qtbot.waitSignal(graph.chosen) as told:
        qtbot.keyClick(graph, Qt.Key.Key_Down)
    assert told.args == ["add"]


@pytest.mark.parametrize("channels", [1, 64, 4096])
def test_every_channel_can_be_reached(shown, qtbot: QtBot, channels: int) -> None:  # type: ignore[no-untyped-def]
    grid = shown(MapGrid("viridis"))
    grid.show_maps(np.random.default_rng(0).random((channels, 3, 3), dtype=np.float32))
    grid.select(channels - 1)
    place = int(np.flatnonzero(grid.order == channels - 1)[0])
    middle = grid.cell(place).center()
    assert grid.viewport().rect().contains(middle)
    with qtbot.waitSignal(grid.chosen) as told:
        qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert told.args == [channels - 1, 1, 1]


def test_channels_are_sorted_by_what_they_do(shown) -> None:  # type: ignore[no-untyped-def]
    grid = shown(MapGrid("viridis"))
    maps = np.zeros((3, 2, 2), np.float32)
    maps[1] = 0.5
    maps[2, 0, 0] = 1.0
    grid.show_maps(maps)
    grid.sort_by(ORDERS[1])
    assert grid.order.tolist() == [1, 2, 0]
    grid.sort_by(ORDERS[2])
    assert grid.order.tolist() == [2, 1, 0]


def test_the_view_says_and_copies_what_it_shows(shown) -> None:  # type: ignore[no-untyped-def]
    view = shown(MapsView(View("maps", "Maps", "maps", "maps")))
    channel = Latest()
    channel.publish(maps=np.ones((4, 2, 2), np.float32), note="conv1")
    view.pull(channel)
    assert "4 channels" in view.summary()
    assert view.data()["mean"].tolist() == [1.0] * 4
    assert view.header.note.text() == "conv1"


def test_the_hand_over_a_map_names_the_channel(shown) -> None:  # type: ignore[no-untyped-def]
    grid = shown(MapGrid("viridis"))
    grid.show_maps(np.zeros((3, 4, 4), np.float32), None)
    said: list[str] = []
    grid.hovered.connect(said.append)
    at = QPointF(grid.cell(1).topLeft() + QPoint(2, 2))
    none = Qt.MouseButton.NoButton
    event = QMouseEvent(QEvent.Type.MouseMove, at, at, none, none, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(grid.viewport(), event)
    assert said[-1] == "channel 2, row 1, column 1: 0"
