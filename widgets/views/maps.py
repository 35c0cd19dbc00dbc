"""Kind ``maps``: the channels of a layer side by side, any number of them, one selected."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QWidget

from backend.core.colours import colour_limits
from backend.core.views import View
from widgets import theme
from widgets.parts import Tool
from widgets.views.frame import ViewWidget
from widgets.views.map_mask import MaskHand
from widgets.views.plot import three

LEAST_PX, LARGEST_PX = 18, 112
"""Side of a cell: narrow enough for 4,096 units, never larger than a picture needs."""
NUMBERED_PX = 34
"""Cells below this side carry no number."""
MASKING = (
    ("numbers", "Numbers of the mask…"), ("all", "Keep the whole layer"),
    ("open", "Open a mask…"), ("save", "Save the mask…"),
)  # fmt: skip
ORDERS = ("index", "mean activation", "largest activation")


class MapGrid(QAbstractScrollArea):
    """Channel maps (channels, rows, columns) in the colours of a map; only visible ones are drawn.

    Signals: ``chosen(channel, row, column)`` on a click or arrow key, ``hovered(words)``; of a
    mask ``channels_masked(channels, keep)`` and ``places_masked(rows, columns)`` with (first, last)
    each.
    """

    chosen = Signal(int, int, int)
    hovered = Signal(str)
    channels_masked = Signal(object, bool)
    places_masked = Signal(object, object)

    def __init__(self, map_name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.map_name = map_name
        self.maps = np.empty((0, 1, 1), np.float32)
        self.levels = np.empty((0, 1, 1), np.uint8)
        self.limits = (0.0, 1.0)
        self.order = np.empty(0, int)
        self.sorted_by = ORDERS[0]
        self.selected = -1
        self.paint_s = 0.0
        self.marked: frozenset[int] = frozenset()
        self.second = -1
        self.masking = MaskHand(self)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.viewport().setMouseTracking(True)
        self.setFrameShape(self.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        theme.signals().changed.connect(self.viewport().update)

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(480), theme.dp(320))

    # ---- contents --------------------------------------------------------------------------

    def show_maps(self, maps: np.ndarray, limits: tuple[float, float] | None = None) -> None:
        """Draw these maps; ``limits`` None takes 0 (or the least) to the 99th percentile."""
        self.maps = np.asarray(maps, np.float32)
        self.limits = limits or colour_limits(self.maps)
        low, high = self.limits
        with np.errstate(invalid="ignore"):
            scaled = (self.maps - low) * (255.0 / max(high - low, 1e-12))
        self.levels = np.clip(np.nan_to_num(scaled), 0, 255).astype(np.uint8)
        self._sort()
        self._measure()
        self.viewport().update()

    def sort_by(self, how: str) -> None:
        """Order of the channels: one of ``ORDERS``."""
        self.sorted_by = how
        self._sort()
        self.viewport().update()

    def _sort(self) -> None:
        flat = self.maps.reshape(len(self.maps), -1)
        if self.sorted_by == ORDERS[1] and len(flat):
            self.order = np.argsort(-flat.mean(axis=1), kind="stable")
        elif self.sorted_by == ORDERS[2] and len(flat):
            self.order = np.argsort(-flat.max(axis=1), kind="stable")
        else:
            self.order = np.arange(len(self.maps))

    def select(self, channel: int) -> None:
        """Mark a channel and scroll to it."""
        self.selected = channel
        place = np.flatnonzero(self.order == channel)
        if len(place):
            top = int(place[0]) // self.across * self.side
            bar = self.verticalScrollBar()
            if top < bar.value():
                bar.setValue(top)
            elif top + self.side > bar.value() + self.viewport().height():
                bar.setValue(top + self.side - self.viewport().height())
        self.viewport().update()

    def mark(self, channels: Iterable[int]) -> None:
        """Outline channels that were chosen elsewhere."""
        self.marked = frozenset(channels)
        self.viewport().update()

    def mark_second(self, channel: int) -> None:
        """Outline the channel that is subtracted with dashes; −1 for none."""
        self.second = channel
        self.viewport().update()

    # ---- geometry --------------------------------------------------------------------------

    @property
    def side(self) -> int:
        """Side of a cell: as large as shows all channels, within limits."""
        n, width = max(len(self.maps), 1), max(self.viewport().width(), 1)
        height = max(self.viewport().height(), 1)
        side = int(np.sqrt(width * height / n))
        while side > LEAST_PX and (width // side) * (height // side) < n:
            side -= 1
        return int(np.clip(side, theme.dp(LEAST_PX), theme.dp(LARGEST_PX)))

    @property
    def across(self) -> int:
        """Cells in a row."""
        return max(self.viewport().width() // self.side, 1)

    def _measure(self) -> None:
        rows = -(-len(self.maps) // self.across)
        bar = self.verticalScrollBar()
        bar.setRange(0, max(rows * self.side - self.viewport().height(), 0))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(self.side)

    def cell(self, place: int) -> QRect:
        """Where the cell at a place of the order is drawn."""
        row, column = divmod(place, self.across)
        top = row * self.side - self.verticalScrollBar().value()
        return QRect(column * self.side, top, self.side - 2, self.side - 2)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._measure()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    # ---- drawing ---------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.perf_counter()
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme.token("base"))
        painter.setFont(theme.font("caption"))
        table = theme.lut_rgb32(self.map_name)
        first = self.verticalScrollBar().value() // self.side * self.across
        rows = self.viewport().height() // self.side + 2
        for place in range(first, min(first + rows * self.across, len(self.order))):
            channel = int(self.order[place])
            box = self.cell(place)
            level = np.ascontiguousarray(self.levels[channel])
            height, width = level.shape
            picture = QImage(
                level.data, width, height, level.strides[0], QImage.Format.Format_Indexed8
            )
            picture.setColorTable(table)
            painter.drawImage(box, picture)
            if self.side >= theme.dp(NUMBERED_PX):
                self._paint_number(painter, box, channel + 1)
            self.masking.paint(painter, channel, box, width, height)
            if channel in self.marked:
                painter.setPen(QPen(theme.colour("2"), theme.dp(2)))
                painter.drawRect(box)
            if channel == self.second:
                painter.setPen(QPen(theme.token("accent"), theme.dp(2), Qt.PenStyle.DashLine))
                painter.drawRect(box)
            if channel == self.selected:  # seen on dark maps and on bright ones
                for ink, width in ((QColor("white"), 4), (theme.token("accent"), 2)):
                    painter.setPen(QPen(ink, theme.dp(width)))
                    painter.drawRect(box)
        self.masking.paint_band(painter)
        painter.end()
        self.paint_s = time.perf_counter() - began

    @staticmethod
    def _paint_number(painter: QPainter, box: QRect, number: int) -> None:
        at = box.bottomLeft() + QPoint(theme.dp(3), -theme.dp(3))
        painter.setPen(Qt.GlobalColor.black)
        painter.drawText(at + QPoint(1, 1), str(number))
        painter.setPen(Qt.GlobalColor.white)
        painter.drawText(at, str(number))

    # ---- hand ------------------------------------------------------------------------------

    def place_at(self, where: QPoint) -> int | None:
        """Place in the order of the cell at a point, or None."""
        column = where.x() // self.side
        row = (where.y() + self.verticalScrollBar().value()) // self.side
        place = row * self.across + column
        return place if 0 <= column < self.across and 0 <= place < len(self.order) else None

    def at(self, where: QPoint) -> tuple[int, int, int] | None:
        """(channel, row, column) of a point, or None."""
        place = self.place_at(where)
        if place is None:
            return None
        box = self.cell(place)
        height, width = self.maps.shape[1:]
        x = int(np.clip((where.x() - box.left()) * width // max(box.width(), 1), 0, width - 1))
        y = int(np.clip((where.y() - box.top()) * height // max(box.height(), 1), 0, height - 1))
        return int(self.order[place]), y, x

    def mousePressEvent(self, event: QMouseEvent) -> None:
        found = self.at(event.position().toPoint())
        if event.button() != Qt.MouseButton.LeftButton or self.masking.press(event):
            return
        if found is not None:
            self.selected = found[0]
            self.viewport().update()
            self.chosen.emit(*found)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.masking.release(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.masking.move(event)
        found = self.at(event.position().toPoint())
        if found is None:
            self.hovered.emit("")
            return
        channel, row, column = found
        value = three(float(self.maps[channel, row, column]))
        where = f", row {row + 1}, column {column + 1}" if self.maps[0].size > 1 else ""
        out = "" if self.masking.keeps(channel) else ", left out by the mask"
        self.hovered.emit(f"channel {channel + 1}{where}: {value}{out}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1,
            Qt.Key.Key_Up: -self.across, Qt.Key.Key_Down: self.across,
        }  # fmt: skip
        if event.key() == Qt.Key.Key_Space and self.masking.toggle(self.selected):
            return
        step = steps.get(Qt.Key(event.key()))
        if step is None or not len(self.order):
            super().keyPressEvent(event)
            return
        place = np.flatnonzero(self.order == self.selected)
        there = int(place[0]) + step if len(place) else 0
        channel = int(self.order[int(np.clip(there, 0, len(self.order) - 1))])
        self.select(channel)
        self.chosen.emit(channel, -1, -1)


class MapsView(ViewWidget):
    """Kind ``maps``; ``picked`` carries (channel, row, column), −1 where no place was clicked.

    Signals: ``mask_asked(what)``: "numbers", "all", "open" or "save", where an owner keeps a mask;
    ``second_asked(channel)``: take the channel under the menu as the second one.
    """

    mask_asked = Signal(str)
    second_asked = Signal(int)

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.grid = MapGrid(view.colour_map)
        self.grid.setAccessibleName(view.title)
        self._note = ""
        self._under = -1
        self.grid.chosen.connect(lambda *found: self.picked.emit(found))
        self.grid.hovered.connect(lambda words: self.set_note(words or self._note))
        self.set_content(self.grid)
        self.mask_tool = Tool(
            "vector-polygon", "Mask: click or drag over channels, drag inside one for its rows "
            "and columns", role="text3",
        )  # fmt: skip
        self.mask_tool.size_px = (24, 24)
        self.mask_tool.setCheckable(True)
        self.mask_tool.toggled.connect(self.grid.masking.set_on)
        self.mask_tool.hide()
        self.header.add_tool(self.mask_tool)

    def offer_mask(self) -> None:
        """Let channels be taken in and out of a mask."""
        self.grid.masking.offered = True
        self.mask_tool.show()

    def _draw(self, channel: Any) -> bool:
        data = channel.snapshot()
        maps = data.get("maps")
        if maps is None or not np.size(maps):
            return False
        self.grid.show_maps(np.asarray(maps), self.view.limits)
        self._note = str(data.get("note", self.view.note))
        self.set_note(self._note)
        return True

    def open_menu(self, at: QPoint | None) -> None:
        viewport = self.grid.viewport()
        found = None if at is None else self.grid.at(viewport.mapFromGlobal(at))
        self._under = -1 if found is None else found[0]
        super().open_menu(at)

    def menu_actions(self, menu: QMenu) -> list[QAction]:
        own = [
            self.action(menu, f"Sort by {how}", lambda h=how: self.grid.sort_by(h),
                        self.grid.sorted_by == how)
            for how in ORDERS
        ]  # fmt: skip
        under = self._under
        if under >= 0 and self._heard(self.second_asked):
            words = f"Channel {under + 1} as the second unit"
            own.insert(0, self.action(menu, words, lambda: self.second_asked.emit(under)))
        if self.grid.masking.offered:
            tool = self.mask_tool
            own.append(self.action(menu, "Edit the mask by hand", tool.toggle, tool.isChecked()))
            own += [
                self.action(menu, words, lambda what=what: self.mask_asked.emit(what))
                for what, words in MASKING
            ]
        return [*own, *super().menu_actions(menu)]

    def summary(self) -> str:
        n = len(self.grid.maps)
        low, high = self.grid.limits
        return f"{n} channels, colours from {three(low)} to {three(high)}" if n else ""

    def data(self) -> dict[str, Any]:
        maps = self.grid.maps
        flat = maps.reshape(len(maps), -1)
        if not len(maps):
            return {}
        return {
            "channel": np.arange(1, len(maps) + 1), "mean": flat.mean(axis=1),
            "largest": flat.max(axis=1), "share above zero": (flat > 0).mean(axis=1),
        }  # fmt: skip
