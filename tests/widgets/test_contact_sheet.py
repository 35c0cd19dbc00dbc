"""The contact sheet: what is in sight, chosen, moved to and painted, however many pictures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from widgets import theme
from widgets.contact_sheet import KEPT, LARGEST, SMALLEST, ContactSheet, picture_of

LEFT = Qt.MouseButton.LeftButton
CTRL, SHIFT, NONE = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)


class Greys:
    """Pictures of one grey each, which count how often they were asked for."""

    def __init__(self, count: int, ready: bool = True) -> None:
        self.count, self.ready = count, ready
        self.asked: list[int] = []

    def __len__(self) -> int:
        return self.count

    def thumbnail(self, index: int) -> np.ndarray | None:
        self.asked.append(index)
        return np.full((20, 30), 10 + index % 200, np.uint8) if self.ready else None

    def caption(self, index: int) -> str:
        return f"grey {index}"


@pytest.fixture
def sheet(qtbot: QtBot, qapp: QApplication) -> Iterator[ContactSheet]:
    theme.apply(qapp, "light")
    made = ContactSheet()
    qtbot.addWidget(made)
    made.resize(400, 300)
    made.set_source(Greys(100))
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


def click(sheet: ContactSheet, index: int, keys: Qt.KeyboardModifier = NONE) -> None:
    QTest.mouseClick(sheet.viewport(), LEFT, keys, sheet.cell_rect(index).center())


def turn(sheet: ContactSheet, notches: int, keys: Qt.KeyboardModifier = CTRL) -> None:
    place = QPointF(20, 20)
    event = QWheelEvent(
        place, sheet.viewport().mapToGlobal(place), QPoint(), QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton, keys, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(sheet.viewport(), event)


def painted(sheet: ContactSheet) -> None:
    sheet.viewport().repaint()


def cells_in_sight(sheet: ContactSheet) -> set[int]:
    """Cells whose rectangle really meets the viewport."""
    area = sheet.viewport().rect()
    return {i for i in range(len(sheet.source)) if sheet.cell_rect(i).intersects(area)}


# ---- what is in sight --------------------------------------------------------------------


@pytest.mark.parametrize("scroll", [0.0, 0.3, 1.0])
def test_the_visible_range_holds_all_cells_in_sight_and_hardly_more(
    sheet: ContactSheet, scroll: float
) -> None:
    bar = sheet.verticalScrollBar()
    bar.setValue(round(scroll * bar.maximum()))
    visible, there = set(sheet.visible_range()), cells_in_sight(sheet)
    assert there <= visible
    assert len(visible - there) <= 2 * sheet.columns


def test_ten_thousand_pictures_paint_only_what_is_in_sight(sheet: ContactSheet) -> None:
    many = Greys(10_000)
    sheet.set_source(many)
    painted(sheet)
    assert set(many.asked) == set(sheet.visible_range())
    assert len(many.asked) < 100
    sheet.verticalScrollBar().setValue(sheet.verticalScrollBar().maximum())
    many.asked.clear()
    painted(sheet)
    assert max(many.asked) == 9_999
    assert len(many.asked) < 100
    many.asked.clear()
    painted(sheet)
    assert many.asked == []  # scaled once


def test_scrolling_through_everything_keeps_memory_bounded(sheet: ContactSheet) -> None:
    sheet.set_source(Greys(10_000))
    bar = sheet.verticalScrollBar()
    sheet.set_cell(theme.dp(SMALLEST))
    for value in range(0, bar.maximum(), sheet.viewport().height()):
        bar.setValue(value)
        painted(sheet)
    assert len(sheet._cache) == KEPT


def test_a_narrower_sheet_has_fewer_columns_and_tells_that_others_are_in_sight(
    sheet: ContactSheet, qtbot: QtBot
) -> None:
    columns = sheet.columns
    with qtbot.waitSignal(sheet.visible_changed):
        sheet.resize(200, 300)
    assert 1 <= sheet.columns < columns
    assert cells_in_sight(sheet) <= set(sheet.visible_range())
    bar = sheet.verticalScrollBar()
    bar.setValue(bar.maximum())
    assert 99 in cells_in_sight(sheet)


def test_pictures_that_are_not_there_yet_appear_when_they_arrive(sheet: ContactSheet) -> None:
    late = Greys(10, ready=False)
    sheet.set_source(late)
    painted(sheet)
    place = sheet.cell_rect(3).center()
    waiting = sheet.viewport().grab().toImage().pixelColor(place).red()
    late.ready = True
    sheet.arrived()
    painted(sheet)
    shown = sheet.viewport().grab().toImage().pixelColor(place).red()
    assert abs(shown - 13) <= 8 < abs(shown - waiting)  # the display may have 16 bits


def test_changed_pictures_are_drawn_anew(sheet: ContactSheet) -> None:
    source = Greys(10)
    sheet.set_source(source)
    painted(sheet)
    source.asked.clear()
    sheet.refresh()
    painted(sheet)
    assert set(source.asked) == set(range(10))


# ---- moving and choosing -----------------------------------------------------------------


def test_keys_move_and_the_current_picture_comes_into_sight(
    sheet: ContactSheet, qtbot: QtBot
) -> None:
    columns = sheet.columns
    click(sheet, 0)
    for key, wanted in (
        (Qt.Key.Key_Right, 1), (Qt.Key.Key_Down, 1 + columns), (Qt.Key.Key_Left, columns),
        (Qt.Key.Key_Up, 0), (Qt.Key.Key_Up, 0), (Qt.Key.Key_End, 99), (Qt.Key.Key_Right, 99),
        (Qt.Key.Key_Home, 0),
    ):  # fmt: skip
        QTest.keyClick(sheet, key)
        assert sheet.current == wanted
        assert sheet.viewport().rect().contains(sheet.cell_rect(wanted))
    QTest.keyClick(sheet, Qt.Key.Key_PageDown)
    assert sheet.current % columns == 0
    assert sheet.current >= columns * (len(cells_in_sight(sheet)) // columns - 2)
    with qtbot.waitSignal(sheet.opened) as opened:
        QTest.keyClick(sheet, Qt.Key.Key_Return)
    assert opened.args == [sheet.current]
    with qtbot.waitSignal(sheet.delete_asked):
        QTest.keyClick(sheet, Qt.Key.Key_Delete)


def test_shift_extends_control_toggles_and_a_click_starts_anew(sheet: ContactSheet) -> None:
    click(sheet, 2)
    assert (sheet.current, sheet.chosen()) == (2, [2])
    click(sheet, 5, SHIFT)
    assert sheet.chosen() == [2, 3, 4, 5]
    click(sheet, 3, CTRL)
    assert sheet.chosen() == [2, 4, 5]
    click(sheet, 9)
    assert sheet.chosen() == [9]
    QTest.keyClick(sheet, Qt.Key.Key_Right, SHIFT)
    QTest.keyClick(sheet, Qt.Key.Key_Right, SHIFT)
    assert sheet.chosen() == [9, 10, 11]
    QTest.keyClick(sheet, Qt.Key.Key_A, CTRL)
    assert len(sheet.chosen()) == 100
    QTest.keyClick(sheet, Qt.Key.Key_Space)
    assert sheet.chosen() == [i for i in range(100) if i != sheet.current]


def test_selection_is_told_only_when_it_changes(sheet: ContactSheet, qtbot: QtBot) -> None:
    told: list[int] = []
    sheet.selection_changed.connect(lambda: told.append(len(sheet.selected)))
    moved: list[int] = []
    sheet.current_changed.connect(moved.append)
    click(sheet, 1)
    click(sheet, 1)
    click(sheet, 4, SHIFT)
    assert told == [4]
    assert moved == [1, 4]


def test_a_click_between_cells_changes_nothing_and_the_tooltip_names_the_picture(
    sheet: ContactSheet,
) -> None:
    click(sheet, 4)
    corner = sheet.cell_rect(0).topLeft() - QPoint(1, 1)
    QTest.mouseClick(sheet.viewport(), LEFT, NONE, corner)
    assert sheet.current == 4
    assert sheet.index_at(corner) == -1
    QTest.mouseMove(sheet.viewport(), sheet.cell_rect(7).center())
    assert sheet.toolTip() == "grey 7"
    assert "number 5: grey 4" in sheet.accessibleDescription()


def test_a_double_click_opens(sheet: ContactSheet, qtbot: QtBot) -> None:
    with qtbot.waitSignal(sheet.opened) as opened:
        QTest.mouseDClick(sheet.viewport(), LEFT, NONE, sheet.cell_rect(6).center())
    assert opened.args == [6]


# ---- size and source ---------------------------------------------------------------------


def test_control_and_the_wheel_resize_the_cells_within_limits(sheet: ContactSheet) -> None:
    before = sheet.cell
    turn(sheet, 2)
    assert sheet.cell > before
    turn(sheet, 50)
    assert sheet.cell == theme.dp(LARGEST)
    turn(sheet, -100)
    assert sheet.cell == theme.dp(SMALLEST)


def test_resizing_keeps_the_pictures_that_were_in_sight(sheet: ContactSheet) -> None:
    sheet.set_source(Greys(1000))
    sheet.verticalScrollBar().setValue(3000)
    first = min(cells_in_sight(sheet))
    turn(sheet, 3)
    assert first in sheet.visible_range()


def test_another_source_starts_at_its_beginning_or_keeps_the_place(sheet: ContactSheet) -> None:
    click(sheet, 8)
    click(sheet, 12, SHIFT)
    sheet.set_source(Greys(10), keep_place=True)
    assert sheet.current == 9
    assert sheet.chosen() == [8, 9]
    sheet.set_source(Greys(50))
    assert (sheet.current, sheet.chosen(), sheet.verticalScrollBar().value()) == (-1, [], 0)


def test_an_empty_sheet_can_be_used(sheet: ContactSheet) -> None:
    sheet.set_source(Greys(0))
    for key in (Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_Return, Qt.Key.Key_Space):
        QTest.keyClick(sheet, key)
    turn(sheet, 1)
    painted(sheet)
    assert (sheet.current, sheet.chosen(), len(sheet.visible_range())) == (-1, [], 0)
    assert sheet.accessibleDescription() == "0 pictures"


def test_pictures_of_any_memory_layout_are_drawn_as_they_are() -> None:
    rng = np.random.Generator(np.random.Philox(1))
    colour = rng.integers(0, 255, (7, 5, 3), np.uint8)
    grey = np.asfortranarray(rng.integers(0, 255, (7, 5), np.uint8))
    for image in (colour, colour[::-1, ::2], grey, grey.T):
        made = picture_of(image)
        for y, x in ((0, 0), (made.height() - 1, made.width() - 1), (2, 1)):
            pixel = made.pixelColor(x, y)
            wanted = image[y, x] if image.ndim == 3 else [image[y, x]] * 3
            assert (pixel.red(), pixel.green(), pixel.blue()) == tuple(wanted)
