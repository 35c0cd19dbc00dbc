"""The mask of a grid of channel maps: drawn over it, and edited by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen

from widgets import theme

if TYPE_CHECKING:
    from widgets.views.maps import MapGrid

VEIL = 190
"""Opacity of what is left out, of 255."""
DRAG_PX = 5

Span = tuple[int, int]


class MaskHand:
    """Ctrl+click or Space takes a channel in or out, Shift+click all from the one selected.

    While ``on``, a click or a drag over channels does so without a key, and a drag inside one map
    keeps these rows and columns.
    """

    def __init__(self, grid: MapGrid) -> None:
        self.grid = grid
        self.offered = self.on = False
        self.kept: np.ndarray | None = None
        self.rows: tuple[int, ...] | None = None
        self.columns: tuple[int, ...] | None = None
        self.whole_maps = True
        self._from: QPoint | None = None
        self._to = QPoint()

    def show(
        self, kept: np.ndarray | None, rows: tuple[int, ...] | None = None,
        columns: tuple[int, ...] | None = None, places: bool = True,
    ) -> None:  # fmt: skip
        """Draw a mask: channels (n,) bool, rows and columns kept; None for all.

        ``places`` says whether rows and columns of these maps can be masked.
        """
        self.kept, self.rows, self.columns = kept, rows, columns
        self.whole_maps = not places
        self.grid.viewport().update()

    def set_on(self, on: bool) -> None:
        """Edit without a key held."""
        self.on = on
        shape = Qt.CursorShape.CrossCursor if on else Qt.CursorShape.ArrowCursor
        self.grid.viewport().setCursor(shape)

    def keeps(self, channel: int) -> bool:
        """Whether a channel is in the mask."""
        return self.kept is None or channel >= len(self.kept) or bool(self.kept[channel])

    # ---- hand ------------------------------------------------------------------------------

    def toggle(self, channel: int) -> bool:
        """Take a channel in or out; False where no mask is edited."""
        if not self.offered or channel < 0:
            return False
        self.grid.channels_masked.emit((channel,), not self.keeps(channel))
        return True

    def press(self, event: QMouseEvent) -> bool:
        """Whether a press is for the mask."""
        if not self.offered:
            return False
        where = event.position().toPoint()
        found = self.grid.at(where)
        keys = event.modifiers()
        if self.on:
            self._from = self._to = where
            return True
        if found is None:
            return False
        if keys & Qt.KeyboardModifier.ControlModifier:
            return self.toggle(found[0])
        if keys & Qt.KeyboardModifier.ShiftModifier:
            order = list(self.grid.order)
            here = order.index(found[0])
            start = order.index(self.grid.selected) if self.grid.selected in order else here
            low, high = sorted((start, here))
            self._emit(tuple(int(c) for c in order[low : high + 1]), found[0])
            return True
        return False

    def move(self, event: QMouseEvent) -> None:
        """The band follows the hand."""
        if self._from is not None:
            self._to = event.position().toPoint()
            self.grid.viewport().update()

    def release(self, event: QMouseEvent) -> None:
        """Act on what the band covers."""
        start, self._from = self._from, None
        if start is None:
            return
        self.grid.viewport().update()
        end = event.position().toPoint()
        first, last = self.grid.at(start), self.grid.at(end)
        if first is None:
            return
        if (end - start).manhattanLength() < theme.dp(DRAG_PX):
            self.toggle(first[0])
        elif last is not None and last[0] == first[0] and not self.whole_maps:
            rows, columns = sorted((first[1], last[1])), sorted((first[2], last[2]))
            self.grid.places_masked.emit(tuple(rows), tuple(columns))
        else:
            self._emit(self._under(QRect(start, end).normalized()), first[0])

    def _under(self, band: QRect) -> tuple[int, ...]:
        """Channels whose cells a band touches."""
        grid = self.grid
        return tuple(
            int(grid.order[place]) for place in range(len(grid.order))
            if grid.cell(place).intersects(band)
        )  # fmt: skip

    def _emit(self, channels: tuple[int, ...], first: int) -> None:
        """All go where the first one goes."""
        self.grid.channels_masked.emit(channels, not self.keeps(first))

    # ---- drawing ---------------------------------------------------------------------------

    def paint(self, painter: QPainter, channel: int, box: QRect, width: int, height: int) -> None:
        """Veil what is left out of one map of ``height`` rows and ``width`` columns."""
        veil = QColor(theme.token("base"))
        veil.setAlpha(VEIL)
        if not self.keeps(channel):
            painter.fillRect(box, veil)
            painter.setPen(QPen(theme.token("text3"), 1))
            painter.drawLine(box.bottomLeft(), box.topRight())
            return
        for numbers, count, across in ((self.rows, height, False), (self.columns, width, True)):
            if numbers is None:
                continue
            for first, last in gaps(numbers, count):
                painter.fillRect(strip(QRectF(box), first / count, last / count, across), veil)

    def paint_band(self, painter: QPainter) -> None:
        """The rectangle under the hand."""
        if self._from is not None:
            painter.setPen(QPen(theme.token("accent"), theme.dp(1.5), Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(QRect(self._from, self._to).normalized())


def gaps(numbers: tuple[int, ...], count: int) -> list[Span]:
    """Spans [first, last) of 0 to count that are not among the numbers.

    >>> gaps((2, 3, 6), 8)
    [(0, 2), (4, 6), (7, 8)]
    """
    spans, start = [], 0
    for number in (*numbers, count):
        if number > start:
            spans.append((start, number))
        start = number + 1
    return spans


def strip(box: QRectF, first: float, last: float, across: bool) -> QRectF:
    """The part of a box from one share to another, across or down."""
    if across:
        return QRectF(box.left() + first * box.width(), box.top(), (last - first) * box.width(),
                      box.height())  # fmt: skip
    return QRectF(box.left(), box.top() + first * box.height(), box.width(),
                  (last - first) * box.height())  # fmt: skip
