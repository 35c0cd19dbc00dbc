"""The large picture with its ingredients, and the sheet as a view."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from backend.core.channels import Latest
from backend.core.views import View
from widgets import theme
from widgets.contact_sheet import NoPictures
from widgets.views import make_view
from widgets.views.frame import ViewWidget
from widgets.views.pictures import PictureBoard, PicturesView, SheetView, arranged, fitted

Show = Callable[..., ViewWidget]
RED, GREEN, BLUE = (200, 20, 30), (20, 200, 30), (20, 30, 200)


@pytest.fixture
def show(qtbot: QtBot, qapp: QApplication) -> Iterator[Show]:
    theme.apply(qapp, "light")
    shown: list[ViewWidget] = []

    def make(kind: Literal["pictures", "sheet"], width: int = 480, height: int = 300) -> ViewWidget:
        made = make_view(View("one", "Preview", kind, "one", empty="The picture appears here."))
        qtbot.addWidget(made)
        made.resize(width, height)
        made.show()
        qtbot.waitExposed(made)
        shown.append(made)
        return made

    yield make
    for made in shown:
        made.close()


def plain(colour: tuple[int, int, int], height: int = 40, width: int = 40) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def near(view: QWidget, colour: tuple[int, int, int]) -> np.ndarray:
    """Mask of the pixels of one colour; the display may have 16 bits."""
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    memory = np.frombuffer(image.constBits(), np.uint8)
    pixels = memory.reshape(image.height(), image.width(), 4)[..., 2::-1].astype(int)
    return np.asarray(np.abs(pixels - colour).max(axis=2) <= 8)


def area_of(view: QWidget, colour: tuple[int, int, int]) -> QRect:
    """The box of all pixels of one colour."""
    ys, xs = np.nonzero(near(view, colour))
    if not xs.size:
        return QRect()
    return QRect(int(xs.min()), int(ys.min()), int(np.ptp(xs)) + 1, int(np.ptp(ys)) + 1)


def pulled(view: ViewWidget, **data: object) -> None:
    channel = Latest()
    channel.publish(**data)
    view.pull(channel)
    QApplication.processEvents()


def test_the_picture_is_large_and_square_and_its_parts_stand_right_of_it(show: Show) -> None:
    view = show("pictures")
    pulled(view, image=plain(RED), parts=[("base", plain(GREEN)), ("noise", plain(BLUE))],
           note="image 1 of 9")  # fmt: skip
    large, base, noise = (area_of(view, c) for c in (RED, GREEN, BLUE))
    assert abs(large.width() - large.height()) <= 4
    assert large.width() > 1.5 * base.width() > 20
    assert base.left() > large.right()
    assert noise.top() > base.bottom()
    assert abs(noise.width() - base.width()) <= 4
    assert view.header.note.text() == "image 1 of 9"
    assert view.summary() == "image 1 of 9 base, noise"


def test_a_series_fills_the_view_without_overlap(show: Show) -> None:
    view = show("pictures", 500, 200)
    pulled(view, parts=[("a", plain(RED)), ("b", plain(GREEN)), ("c", plain(BLUE))])
    boxes = [area_of(view, c) for c in (RED, GREEN, BLUE)]
    assert all(box.width() > 80 for box in boxes)
    assert boxes[0].right() < boxes[1].left()
    assert boxes[1].right() < boxes[2].left()


@pytest.mark.parametrize("shape", [(30, 60), (60, 30)])
def test_other_shapes_keep_their_proportion(show: Show, shape: tuple[int, int]) -> None:
    view = show("pictures")
    pulled(view, image=plain(RED, *shape), parts=())
    box = area_of(view, RED)
    assert box.height() / box.width() == pytest.approx(shape[0] / shape[1], rel=0.06)


def test_small_pictures_grow_pixel_by_pixel(show: Show) -> None:
    view = show("pictures")
    board = np.where(np.indices((4, 4)).sum(0)[..., None] % 2, GREEN, RED).astype(np.uint8)
    pulled(view, image=board, parts=())
    assert isinstance(view, PicturesView)
    box = area_of(view.board, RED).united(area_of(view.board, GREEN))
    there = near(view.board, RED) | near(view.board, GREEN)
    inside = there[box.top() : box.bottom() + 1, box.left() : box.right() + 1]
    assert inside.all()  # nothing between red and green


def test_nothing_yet_says_what_will_appear_and_a_new_picture_replaces_the_old(show: Show) -> None:
    view = show("pictures")
    assert isinstance(view, PicturesView)
    assert not view.board.isVisible()
    channel = Latest()
    channel.publish(image=None, parts=())
    view.pull(channel)
    assert not view.board.isVisible()
    pulled(view, image=plain(RED), parts=[("base", plain(GREEN))])
    assert view.board.isVisible()
    pulled(view, image=plain(BLUE), parts=())
    assert area_of(view, RED).isNull()
    assert area_of(view, GREEN).isNull()
    assert area_of(view, BLUE).width() > 100


def test_the_picture_can_be_copied_as_numbers(show: Show) -> None:
    view = show("pictures")
    assert view.data() == {}
    image = np.arange(12, dtype=np.uint8).reshape(3, 4)
    pulled(view, image=image, parts=())
    copied = view.data()
    assert list(copied) == ["column 0", "column 1", "column 2", "column 3"]
    assert np.array_equal(np.stack(list(copied.values()), 1), image)
    menu = QMenu()
    assert [one.text() for one in view.menu_actions(menu)] == ["Copy picture", "Copy data"]
    menu.deleteLater()


@pytest.mark.parametrize("count", [1, 2, 5, 13])
@pytest.mark.parametrize("room", [QRect(0, 0, 500, 120), QRect(0, 0, 90, 400), QRect(0, 0, 9, 9)])
def test_rows_of_pictures_fit_their_room(count: int, room: QRect) -> None:
    columns, side = arranged(count, room, 14, 6)
    rows = -(-count // columns)
    assert 1 <= columns <= count
    assert side >= 1
    if side > 1:
        assert columns * side + (columns - 1) * 6 <= room.width()
        assert rows * (side + 14) <= room.height()


def test_a_fitted_picture_is_inside_and_in_the_middle() -> None:
    box = fitted(QImage(40, 20, QImage.Format.Format_RGB32), QRect(10, 10, 100, 100))
    assert (box.width(), box.height()) == (100, 50)
    assert abs(box.center().y() - 59) <= 1


def test_the_sheet_view_shows_a_source_and_its_names(show: Show) -> None:
    class Two(NoPictures):
        def __len__(self) -> int:
            return 2

        def thumbnail(self, index: int) -> np.ndarray:
            return plain((RED, GREEN)[index])

        def caption(self, index: int) -> str:
            return ("red", "green")[index]

    view = show("sheet")
    assert isinstance(view, SheetView)
    assert not view.sheet.isVisible()
    view.show_source(Two(), "two images")
    QApplication.processEvents()
    assert area_of(view, RED).left() < area_of(view, GREEN).left()
    assert view.header.note.text() == "two images"
    assert view.data() == {"number": [1, 2], "name": ["red", "green"]}
    view.show_source(NoPictures(), "no images")
    assert not view.sheet.isVisible()


def test_the_theme_changes_while_a_picture_stands(show: Show, qapp: QApplication) -> None:
    view = show("pictures")
    pulled(view, image=plain(RED), parts=[("base", plain(GREEN))])
    before = area_of(view, RED)
    theme.apply(qapp, "dark")
    QApplication.processEvents()
    assert area_of(view, RED) == before
    theme.apply(qapp, "light")


def test_a_board_smaller_than_its_margins_paints_nothing_and_lives(qtbot: QtBot) -> None:
    board = PictureBoard()
    qtbot.addWidget(board)
    board.show_pictures(plain(RED), [("base", plain(GREEN))])
    for size in ((1, 1), (10, 4), (20, 20)):
        board.resize(*size)
        assert not board.grab().isNull()
    board.show_pictures(None, [("base", plain(GREEN))] * 7)
    board.resize(3, 3)
    assert not board.grab().isNull()
