"""Every board's views: maximised by F11, opened in a window of their own, and nothing dead."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from studio_tools import Wait

from app import finder
from app.panels.view_board import ViewBoard
from app.view_window import ViewWindow
from app.window import MainWindow

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def shown(window: MainWindow, wait: Wait) -> MainWindow:
    """The window with a network and its picture in the explorer."""
    window.show_panel("explorer")
    page = window.panels["explorer"].explore
    wait(lambda: page.board.shown is not None)
    return window


def menu_of(widget: Any) -> dict[str, Any]:
    """What the view's menu offers, by its words."""
    menu = QMenu(widget)
    return {action.text(): action for action in widget.menu_actions(menu)}


@pytest.mark.parametrize("panel", ["explorer", "stimuli", "stage", "simulate"])
def test_f11_makes_one_view_large_in_every_panel(window: MainWindow, panel: str) -> None:
    window.show_panel(panel)
    if panel == "simulate":
        window.open_study("gap-junction-topology")
    if panel == "stage":
        window.front.tabs.setCurrentWidget(window.front.board)
    board: ViewBoard = window.front.board
    maximised = []
    board.grid.maximised.connect(maximised.append)
    window.actions_["view.maximise"].trigger()
    assert maximised == [next(iter(board.views))]
    window.actions_["view.maximise"].trigger()
    assert maximised[-1] == ""


def test_a_click_in_the_own_window_of_the_maps_chooses_the_channel(
    shown: MainWindow, wait: Wait
) -> None:
    page = shown.panels["explorer"].explore
    page.tree.choose("relu2")
    menu_of(page.board.views["maps"])["Open in own window"].trigger()
    (own,) = shown.findChildren(ViewWindow)
    assert own.windowTitle() == "Channel maps — Network explorer"
    grid = own.view.grid  # type: ignore[attr-defined]
    wait(lambda: len(grid.maps) == 48)
    QTest.mouseClick(grid.viewport(), LEFT, pos=QPoint(grid.cell(6).center()))
    assert page.unit.title.text() == "relu2 channel 7 (index 6)"
    assert page.board.views["maps"].grid.selected == 6  # type: ignore[attr-defined]


def test_the_program_ends_well_after_the_own_window_of_a_view_was_closed(
    window: MainWindow, wait: Wait
) -> None:
    page = window.open_study("gap-junction-topology")
    menu_of(next(iter(page.board.views.values())))["Open in own window"].trigger()
    (own,) = window.findChildren(ViewWindow)
    gone = []
    own.destroyed.connect(lambda: gone.append(True))
    own.close()
    wait(lambda: bool(gone))
    window.close()
    assert not window.isVisible()


def test_the_preview_of_the_studio_has_a_window_and_the_sheet_none(
    window: MainWindow, wait: Wait
) -> None:
    window.show_panel("stimuli")
    board = window.panels["stimuli"].board
    wait(lambda: board.channels["preview"].revision > 0)
    assert "Open in own window" not in menu_of(board.views["sheet"])
    menu_of(board.views["preview"])["Open in own window"].trigger()
    (own,) = window.findChildren(ViewWindow)
    wait(lambda: own.view.shows_data)


def test_no_menu_offers_what_nobody_does(shown: MainWindow) -> None:
    unit = shown.panels["explorer"].explore.unit
    assert set(menu_of(unit.facts)) == {"Copy picture", "Copy data"}
    assert unit.facts.header.maximise.isHidden()


def test_the_palette_finds_what_the_explorer_does(shown: MainWindow) -> None:
    titles = [found.entry.title for found in finder.finds(shown).values()]
    assert "Find top pictures" in titles
    assert "Ablate channel" in titles
