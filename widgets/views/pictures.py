"""Kinds ``pictures`` and ``sheet``: a picture with its ingredients, and the contact sheet."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from backend.core.views import View
from widgets import theme
from widgets.contact_sheet import ContactSheet, picture_of
from widgets.views.frame import ViewWidget

Captioned = tuple[str, QImage]
PARTS_SHARE = 0.3


class PictureBoard(QWidget):
    """A large picture with small captioned ones at its right, or a row of captioned ones."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.main: QImage | None = None
        self.parts: list[Captioned] = []
        theme.signals().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(320), theme.dp(240))

    def show_pictures(self, main: np.ndarray | None, parts: Any) -> None:
        """Arrays uint8; what was shown is replaced."""
        self.main = None if main is None else picture_of(main)
        self.parts = [(caption, picture_of(image)) for caption, image in parts]
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token("base"))
        painter.setFont(theme.font("caption"))
        room = self.rect().adjusted(theme.dp(8), theme.dp(8), -theme.dp(8), -theme.dp(8))
        if self.main is None:
            self._paint_row(painter, room)
        else:
            self._paint_large(painter, room, self.main)
        painter.end()

    def _paint_large(self, painter: QPainter, room: QRect, main: QImage) -> None:
        gap = theme.dp(10)
        share = min(round(room.width() * PARTS_SHARE), room.height() // 2) if self.parts else 0
        width = room.width() - (share + gap if share else 0)
        box = fitted(main, QRect(room.left(), room.top(), width, room.height()))
        if share:  # the pair stays together in the middle of wide views
            box.moveLeft(room.left() + max(0, (room.width() - box.width() - gap - share) // 2))
        draw_picture(painter, main, box)
        line = painter.fontMetrics().height()
        each = (room.height() - gap * (len(self.parts) - 1)) // max(1, len(self.parts))
        side = min(share, each - line)
        column = len(self.parts) * (side + line + gap) - gap
        top = max(room.top(), min(box.top(), room.bottom() - column))
        for number, (caption, picture) in enumerate(self.parts):
            cell = QRect(box.right() + gap, top + number * (side + line + gap), side, side)
            draw_picture(painter, picture, fitted(picture, cell))
            painter.setPen(theme.token("text2"))
            words = QRect(cell.left(), cell.bottom() + 1, room.right() - cell.left(), line)
            painter.drawText(words, Qt.AlignmentFlag.AlignLeft, elided(painter, caption, words))

    def _paint_row(self, painter: QPainter, room: QRect) -> None:
        line, gap = painter.fontMetrics().height(), theme.dp(6)
        count, side = arranged(max(1, len(self.parts)), room, line, gap)
        rows = -(-len(self.parts) // count)
        top = room.top() + max(0, (room.height() - rows * (side + line)) // 2)
        left = room.left() + max(0, (room.width() - count * side - (count - 1) * gap) // 2)
        for number, (caption, picture) in enumerate(self.parts):
            row, column = divmod(number, count)
            cell = QRect(left + column * (side + gap), top + row * (side + line), side, side)
            draw_picture(painter, picture, fitted(picture, cell))
            painter.setPen(theme.token("text2"))
            words = QRect(cell.left(), cell.bottom() + 1, side, line)
            painter.drawText(words, Qt.AlignmentFlag.AlignCenter, elided(painter, caption, words))


def arranged(count: int, room: QRect, line: int, gap: int) -> tuple[int, int]:
    """(columns, side) that make square pictures with a caption line as large as they can be."""
    best = (count, 1)
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        across = (room.width() - gap * (columns - 1)) // columns
        side = min(across, room.height() // rows - line)
        if side > best[1]:
            best = (columns, side)
    return best


def elided(painter: QPainter, text: str, room: QRect) -> str:
    """Words that fit."""
    return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())


def fitted(picture: QImage, room: QRect) -> QRect:
    """The largest rectangle of the picture's shape, centred in the room."""
    size = picture.size().scaled(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
    box = QRect(room.topLeft(), size)
    box.moveCenter(room.center())
    return box


def draw_picture(painter: QPainter, picture: QImage, box: QRect) -> None:
    """Smooth when it gets smaller, pixel by pixel when it grows."""
    smaller = box.width() < picture.width()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smaller)
    painter.drawImage(box, picture)
    painter.setPen(theme.token("border"))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(box.adjusted(-1, -1, 0, 0))


class PicturesView(ViewWidget):
    """Kind ``pictures``."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.board = PictureBoard()
        self.board.setAccessibleName(view.title)
        self._data: dict[str, Any] = {}
        self.set_content(self.board)

    def _draw(self, channel: Any) -> bool:
        data = channel.snapshot()
        if data.get("image") is None and not data.get("parts"):
            return False
        self._data = data
        self.board.show_pictures(data.get("image"), data.get("parts") or ())
        if "note" in data:
            self.set_note(data["note"])
        return True

    def summary(self) -> str:
        captions = [caption for caption, _ in self._data.get("parts") or ()]
        return f"{self.header.note.text()} {', '.join(captions)}".strip()

    def data(self) -> dict[str, Any]:
        image = self._data.get("image")
        if image is None:
            return {}
        grey = image if image.ndim == 2 else image.mean(axis=2)
        return {f"column {i}": grey[:, i] for i in range(grey.shape[1])}


class SheetView(ViewWidget):
    """Kind ``sheet``: fed by a source of pictures, not by a channel."""

    current_changed = Signal(int)

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.sheet = ContactSheet()
        self.set_content(self.sheet)

    def show_source(self, source: Any, note: str, keep_place: bool = False) -> None:
        """Show these pictures; the empty state when there are none."""
        self.sheet.set_source(source, keep_place)
        self.set_note(note)
        self._show_page(len(source) > 0)

    def pull(self, channel: Any) -> bool:
        return False

    def summary(self) -> str:
        return self.sheet.accessibleDescription()

    def data(self) -> dict[str, Any]:
        count = len(self.sheet.source)
        return {"number": list(range(1, count + 1)),
                "name": [self.sheet.source.caption(i) for i in range(count)]}  # fmt: skip
