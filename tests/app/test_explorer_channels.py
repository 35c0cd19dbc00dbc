"""The map of channels in the explorer as a user meets it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from app.panels.explorer.page import ExplorerPage
from app.window import MainWindow
from backend.networks.explorer import Explorer
from widgets.views.lasso import LassoCanvas


@pytest.fixture
def page(window: MainWindow, qtbot: QtBot) -> ExplorerPage:
    """The explorer with the channels of relu2 on their map."""
    window.show_panel("explorer")
    page: ExplorerPage = window.panels["explorer"].explore
    qtbot.waitUntil(lambda: page.board.shown is not None, timeout=30_000)
    page.tree.choose("relu2")
    page.start("channels")
    qtbot.waitUntil(lambda: not page.alive, timeout=30_000)
    page._slow()
    qtbot.waitUntil(lambda: len(canvas_of(page).points) == 48)
    return page


def canvas_of(page: ExplorerPage) -> LassoCanvas:
    return page.channels.view.canvas


def lasso(page: ExplorerPage, qtbot: QtBot, corners: list[QPoint]) -> None:
    canvas, left = canvas_of(page), Qt.MouseButton.LeftButton
    qtbot.mousePress(canvas, left, pos=corners[0])
    for corner in corners[1:]:
        qtbot.mouseMove(canvas, corner)
    qtbot.mouseRelease(canvas, left, pos=corners[-1])


def half(page: ExplorerPage) -> tuple[list[QPoint], set[int]]:
    """Corners around the left half of the map, and the channels inside."""
    canvas = canvas_of(page)
    box, places = canvas.box.toRect(), canvas.places()
    middle = box.center().x()
    corners = [QPoint(x, y) for x, y in (
        (box.left() - 5, box.top() - 5), (middle, box.top() - 5), (middle, box.bottom() + 5),
        (box.left() - 5, box.bottom() + 5))]  # fmt: skip
    return corners, {i for i, (x, _) in enumerate(places) if x < middle}


def test_a_lasso_chooses_channels_that_are_outlined_in_the_maps(
    page: ExplorerPage, qtbot: QtBot
) -> None:
    corners, inside = half(page)
    assert 0 < len(inside) < 48
    lasso(page, qtbot, corners)
    assert set(page.channels.chosen) == inside
    assert page.board.views["maps"].grid.marked == inside  # type: ignore[attr-defined]
    assert page.channels.view.header.note.text() == f"{len(inside)} chosen"
    qtbot.keyClick(canvas_of(page), Qt.Key.Key_Escape)
    assert page.channels.chosen == ()
    qtbot.keyClick(canvas_of(page), Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert len(page.channels.chosen) == 48


def test_those_chosen_are_ablated_under_undo(page: ExplorerPage, qtbot: QtBot) -> None:
    canvas_of(page).select(frozenset({2, 3, 5}))
    page.history.set_value("ablation", "mean")
    page.channels.act("ablate")
    (lesion,) = page.changes.lesions
    assert (lesion.channels, lesion.ablation) == ((2, 3, 5), "mean")
    qtbot.waitUntil(lambda: np.ptp(page.board.shown.maps["relu2"][3]) == 0)  # type: ignore[union-attr]
    page.undo_stack.undo()
    qtbot.waitUntil(lambda: np.ptp(page.board.shown.maps["relu2"][3]) > 0)  # type: ignore[union-attr]


def test_those_chosen_go_in_the_mask_or_are_looked_at(page: ExplorerPage, qtbot: QtBot) -> None:
    canvas_of(page).select(frozenset({2, 3, 5}))
    page.channels.act("keep")
    assert page.changes.masks["relu2"].channels == (2, 3, 5)
    page.undo_stack.undo()
    page.channels.act("leave")
    assert page.changes.masks["relu2"].channels == (0, 1, 4, *range(6, 48))
    page.channels.act("look")
    assert page.board.place[0] in (2, 3, 5)
    assert canvas_of(page).current == page.board.place[0]


def test_a_click_on_a_point_opens_its_channel(page: ExplorerPage, qtbot: QtBot) -> None:
    x, y = canvas_of(page).places()[7]
    qtbot.mouseClick(canvas_of(page), Qt.MouseButton.LeftButton, pos=QPoint(round(x), round(y)))
    assert page.board.place[0] >= 0
    assert "relu2 channel" in page.unit.title.text()


def test_another_layer_empties_the_map_and_another_way_draws_it_anew(
    page: ExplorerPage, qtbot: QtBot
) -> None:
    assert "component 1 (" in canvas_of(page).titles[0]
    page.history.set_value("embedding", "MDS")
    qtbot.waitUntil(lambda: not page.alive, timeout=30_000)
    page._slow()
    qtbot.waitUntil(lambda: canvas_of(page).titles[0] == "MDS 1 (1 − r)")
    page.tree.choose("relu3")
    qtbot.waitUntil(lambda: not page.channels.view.shows_data)


def test_the_basis_is_turned_by_the_angle_and_turned_again(
    page: ExplorerPage, qtbot: QtBot
) -> None:
    before = page.board.shown.maps["relu2"].copy()  # type: ignore[union-attr]
    page.start("rotate")
    qtbot.waitUntil(lambda: not np.allclose(page.board.shown.maps["relu2"], before))  # type: ignore[union-attr]
    page.history.set_value("angle", 90.0)
    page.start("rotate")
    assert [one.label() for one in page.changes.lesions] == ["relu2 rotated by 90°"]
    page.undo_stack.undo()
    assert [one.label() for one in page.changes.lesions] == ["relu2 rotated by 30°"]
    page.undo_stack.undo()
    page.undo_stack.undo()
    qtbot.waitUntil(lambda: np.allclose(page.board.shown.maps["relu2"], before, atol=1e-6))  # type: ignore[union-attr]


def test_a_lesion_that_cannot_be_is_said_and_taken_back(page: ExplorerPage, qtbot: QtBot) -> None:
    page.tree.choose("fc3")
    page.history.set_value("ablation", "zero")
    page.channels.silence((99,))
    qtbot.waitUntil(lambda: "lesion" in page.banners.banners)
    assert page.changes.lesions == ()
    qtbot.waitUntil(lambda: page.board.shown is not None)
    words = page.banners.banners["lesion"].text
    assert words == "fc3 has 64 channels, numbered 1 to 64; 100 was asked."


def test_what_other_lesions_gave_is_marked_and_comes_back_with_them(
    page: ExplorerPage, qtbot: QtBot
) -> None:
    def done() -> None:
        qtbot.waitUntil(lambda: not page.alive, timeout=30_000)
        page._slow()

    def notes() -> list[bool]:
        page._frame()
        views = (page.board.views["optimal"], page.board.views["trace"], page.board.views["top"],
                 page.channels.view)  # fmt: skip
        found = [view.header.note.text().startswith("of other lesions") for view in views]
        assert [view.stale == "of other lesions" for view in views] == found
        return found

    page.history.set_value("steps", 10)
    page.start("rotate")
    page.board._picked((4, 3, 3))
    page.run_or_pause()
    done()
    for procedure in ("top", "field", "channels"):
        page.start(procedure)
        done()
    assert notes() == [False] * 4
    seen = page.board.seen
    assert seen is not None
    page.undo_stack.undo()
    assert notes() == [True] * 4
    assert page.board.seen is None
    page.undo_stack.redo()
    page.show_facts()
    assert notes() == [False] * 4
    assert page.board.seen == seen


def test_a_lesion_made_just_before_is_in_what_is_computed(page: ExplorerPage, qtbot: QtBot) -> None:
    explorer = page.board.explorer
    assert explorer is not None
    page.channels.silence((4,))
    network = explorer.copy(page.changes.lesions)
    shown = Explorer(network, explorer.images, explorer.names).show(0)
    assert np.ptp(shown.maps["relu2"][4]) == 0


def test_the_strip_ablates_what_the_lasso_chose_and_says_so(
    page: ExplorerPage, qtbot: QtBot
) -> None:
    def words() -> list[str]:
        return [button.text() for button in page.strip._procedures]

    page.board.choose(7)
    assert "Ablate channel" in words()
    canvas_of(page).select(frozenset({2, 3, 5}))
    assert "Ablate 3 channels" in words()
    page.start("ablate")
    assert page.changes.lesions[-1].channels == (2, 3, 5)
    canvas_of(page).select(frozenset())
    assert "Ablate channel" in words()
    page.start("ablate")
    assert page.changes.lesions[-1].channels == (7,)
