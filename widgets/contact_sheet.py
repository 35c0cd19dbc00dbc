"""Contact sheet: thousands of pictures, only the visible cells painted."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

import numpy as np
from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QWidget

from widgets import theme

SMALLEST, LARGEST, USUAL = 32, 160, 56
GAP = 3
NUMBERS_FROM = 40
KEPT = 3000
FACTOR = 1.15


class Pictures(Protocol):
    """Where the sheet takes its pictures from."""

    def __len__(self) -> int: ...

    def thumbnail(self, index: int) -> np.ndarray | None:
        """(h, w) or (h, w, 3) uint8, or None while it is not there yet."""

    def caption(self, index: int) -> str:
        """Words of the tooltip."""


class NoPictures:
    """An empty source."""

    def __len__(self) -> int:
        return 0

    def thumbnail(self, index: int) -> np.ndarray | None:
        return None

    def caption(self, index: int) -> str:
        return ""


def picture_of(image: np.ndarray) -> QImage:
    """A QImage of (h, w) or (h, w, 3) uint8 that owns its pixels."""
    memory = np.ascontiguousarray(image, np.uint8)
    height, width = memory.shape[:2]
    grey = memory.ndim == 2
    kind = QImage.Format.Format_Grayscale8 if grey else QImage.Format.Format_RGB888
    return QImage(memory.data, width, height, width * (1 if grey else 3), kind).copy()


class ContactSheet(QAbstractScrollArea):
    """Grid of pictures with a current one and a selection.

    Ctrl+wheel resizes the cells, arrows move, Shift and Ctrl select, Enter opens, Ctrl+A selects
    all.

    Signals
    -------
    current_changed(index), opened(index), selection_changed(), delete_asked(),
    visible_changed() : other cells came into sight, or the source should draw more.
    """

    current_changed = Signal(int)
    opened = Signal(int)
    selection_changed = Signal()
    delete_asked = Signal()
    visible_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.source: Pictures = NoPictures()
        self.cell = theme.dp(USUAL)
        self.current = -1
        self.selected: set[int] = set()
        self._anchor = -1
        self._cache: OrderedDict[int, QPixmap] = OrderedDict()
        self.setFrameShape(QAbstractScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAccessibleName("Contact sheet")
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        theme.signals().changed.connect(self.viewport().update)

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(640), theme.dp(320))

    # ---- content ---------------------------------------------------------------------------

    def set_source(self, source: Pictures, keep_place: bool = False) -> None:
        """Show other pictures; ``keep_place`` keeps current, selection and scroll position."""
        self.source = source
        self._cache.clear()
        if not keep_place:
            self.selected = set()
            self.current = self._anchor = -1
            self.verticalScrollBar().setValue(0)
        count = len(source)
        self.current = min(self.current, count - 1)
        self.selected = {i for i in self.selected if i < count}
        self._place()
        self._describe()
        self.visible_changed.emit()
        self.viewport().update()

    def refresh(self) -> None:
        """The source's pictures changed: forget what was scaled."""
        self._cache.clear()
        self.viewport().update()

    def arrived(self) -> None:
        """Pictures that were missing are there."""
        self.viewport().update()

    def set_current(self, index: int, say: bool = True) -> None:
        """Move to a picture and bring it into sight."""
        if not 0 <= index < len(self.source):
            return
        changed = index != self.current
        self.current = index
        self._bring(index)
        self._describe()
        self.viewport().update()
        if changed and say:
            self.current_changed.emit(index)

    def chosen(self) -> list[int]:
        """Selected pictures in order; the current one when none is selected."""
        if self.selected:
            return sorted(self.selected)
        return [self.current] if self.current >= 0 else []

    def visible_range(self) -> range:
        """Pictures whose cells are in sight."""
        pitch, columns = self._pitch(), self.columns
        top = self.verticalScrollBar().value()
        first = max(0, (top - theme.dp(GAP)) // pitch) * columns
        rows = self.viewport().height() // pitch + 2
        return range(min(first, len(self.source)), min(len(self.source), first + rows * columns))

    # ---- geometry --------------------------------------------------------------------------

    def _pitch(self) -> int:
        return self.cell + theme.dp(GAP)

    @property
    def columns(self) -> int:
        """Cells a row."""
        return max(1, (self.viewport().width() - theme.dp(GAP)) // self._pitch())

    def _place(self) -> None:
        rows = -(-len(self.source) // self.columns)
        height = rows * self._pitch() + theme.dp(GAP)
        bar = self.verticalScrollBar()
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(self._pitch())
        bar.setRange(0, max(0, height - self.viewport().height()))

    def cell_rect(self, index: int) -> QRect:
        """Where a cell is in the viewport."""
        row, column = divmod(index, self.columns)
        gap, pitch = theme.dp(GAP), self._pitch()
        top = gap + row * pitch - self.verticalScrollBar().value()
        return QRect(gap + column * pitch, top, self.cell, self.cell)

    def index_at(self, point: QPoint) -> int:
        """The picture under a point of the viewport, -1 between cells."""
        gap, pitch = theme.dp(GAP), self._pitch()
        column, row = (
            (point.x() - gap) // pitch,
            (point.y() - gap + self.verticalScrollBar().value()) // pitch,
        )
        index = row * self.columns + column
        inside = 0 <= column < self.columns and 0 <= index < len(self.source)
        return index if inside and self.cell_rect(index).contains(point) else -1

    def _bring(self, index: int) -> None:
        rect, bar = self.cell_rect(index), self.verticalScrollBar()
        if rect.top() < 0:
            bar.setValue(bar.value() + rect.top() - theme.dp(GAP))
        elif rect.bottom() > self.viewport().height():
            over = rect.bottom() - self.viewport().height()
            bar.setValue(bar.value() + over + theme.dp(GAP))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()
        self.visible_changed.emit()

    def _scrolled(self) -> None:
        self.viewport().update()
        self.visible_changed.emit()

    def set_cell(self, size: int) -> None:
        """Resize the cells, keeping the current picture in sight."""
        size = min(max(size, theme.dp(SMALLEST)), theme.dp(LARGEST))
        if size == self.cell:
            return
        first = next(iter(self.visible_range()), 0)
        self.cell = size
        self._cache.clear()
        self._place()
        row = first // self.columns
        self.verticalScrollBar().setValue(row * self._pitch())
        self.visible_changed.emit()
        self.viewport().update()

    # ---- painting --------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(self.viewport().rect(), theme.token("base"))
        painter.setFont(theme.font("caption"))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for index in self.visible_range():
            self._paint_cell(painter, index, self.cell_rect(index))
        painter.end()

    def _paint_cell(self, painter: QPainter, index: int, rect: QRect) -> None:
        picture = self._picture(index)
        if picture is None:
            painter.fillRect(rect, theme.token("ncbg"))
        else:
            side = picture.deviceIndependentSize().toSize()
            corner = rect.center() - QRect(QPoint(0, 0), side).center()
            painter.drawPixmap(corner, picture)
            painter.setPen(theme.token("grid"))
            painter.drawRect(QRect(corner, side).adjusted(-1, -1, 0, 0))
        if index in self.selected:
            wash = theme.token("accent")
            wash.setAlphaF(0.35)
            painter.fillRect(rect, wash)
        if index == self.current:
            painter.setPen(QPen(theme.token("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(-1, -1, 0, 0))
        if self.cell >= theme.dp(NUMBERS_FROM):
            self._paint_number(painter, index, rect)

    def _paint_number(self, painter: QPainter, index: int, rect: QRect) -> None:
        text = str(index + 1)
        metrics = painter.fontMetrics()
        box = QRect(
            rect.left(), rect.bottom() - metrics.height() + 1,
            metrics.horizontalAdvance(text) + theme.dp(6), metrics.height(),
        )  # fmt: skip
        ground = theme.token("base")
        ground.setAlphaF(0.7)
        painter.fillRect(box, ground)
        painter.setPen(theme.token("text2"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _picture(self, index: int) -> QPixmap | None:
        """The cell's pixmap at the cell's size; scaled once."""
        kept = self._cache.get(index)
        if kept is not None:
            return kept
        image = self.source.thumbnail(index)
        if image is None:
            return None
        ratio = self.devicePixelRatioF()
        side = round(self.cell * ratio)
        smooth = max(image.shape[:2]) > side
        mode = (
            Qt.TransformationMode.SmoothTransformation
            if smooth
            else Qt.TransformationMode.FastTransformation
        )
        scaled = picture_of(image).scaled(side, side, Qt.AspectRatioMode.KeepAspectRatio, mode)
        pixmap = QPixmap.fromImage(scaled)
        pixmap.setDevicePixelRatio(ratio)
        self._cache[index] = pixmap
        while len(self._cache) > KEPT:
            self._cache.popitem(last=False)
        return pixmap

    # ---- what the user does ----------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().toPoint())
        if index < 0 or event.button() != Qt.MouseButton.LeftButton:
            return
        self._choose(index, event.modifiers())

    def _choose(self, index: int, keys: Qt.KeyboardModifier) -> None:
        before = set(self.selected)
        if keys & Qt.KeyboardModifier.ShiftModifier and self._anchor >= 0:
            low, high = sorted((self._anchor, index))
            self.selected = set(range(low, high + 1))
        elif keys & Qt.KeyboardModifier.ControlModifier:
            self.selected ^= {index}
            self._anchor = index
        else:
            self.selected, self._anchor = set(), index
        self.set_current(index)
        if self.selected != before:
            self.selection_changed.emit()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().toPoint())
        if index >= 0:
            self.opened.emit(index)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        index = self.index_at(event.position().toPoint())
        self.setToolTip(self.source.caption(index) if index >= 0 else "")

    def wheelEvent(self, event: QWheelEvent) -> None:
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            turns = event.angleDelta().y() / 120
            self.set_cell(round(self.cell * FACTOR**turns))
            event.accept()
            return
        super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, count = event.key(), len(self.source)
        page = max(1, self.viewport().height() // self._pitch()) * self.columns
        steps = {
            Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -self.columns,
            Qt.Key.Key_Down: self.columns, Qt.Key.Key_PageUp: -page, Qt.Key.Key_PageDown: page,
            Qt.Key.Key_Home: -count, Qt.Key.Key_End: count,
        }  # fmt: skip
        if key in steps and count:
            target = min(max(max(self.current, 0) + steps[Qt.Key(key)], 0), count - 1)
            shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._choose(target, Qt.KeyboardModifier.ShiftModifier if shift else _NO_KEYS)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.current >= 0:
            self.opened.emit(self.current)
        elif key == Qt.Key.Key_Space and self.current >= 0:
            self._choose(self.current, Qt.KeyboardModifier.ControlModifier)
        elif key == Qt.Key.Key_A and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.selected = set(range(count))
            self.viewport().update()
            self.selection_changed.emit()
        elif key == Qt.Key.Key_Delete:
            self.delete_asked.emit()
        else:
            super().keyPressEvent(event)

    def _describe(self) -> None:
        words = f"{len(self.source)} pictures"
        if self.current >= 0:
            words += f", number {self.current + 1}: {self.source.caption(self.current)}"
        self.setAccessibleDescription(words)


_NO_KEYS = Qt.KeyboardModifier.NoModifier
