"""The layers of a network as a drawn graph: a row a layer, lines from what enters it, and what the
layer answers to the picture at hand inside each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QToolTip, QWidget

from widgets import theme

ROW, LANE, DOT, PICTURE = 40, 11, 4.0, 34
MOST_LANES = 6
"""Lines side by side; longer skips share the outermost lane."""


@dataclass(frozen=True)
class GraphRow:
    """A layer: its name, kind and shape in words, the layers that enter it, and a tooltip."""

    name: str
    words: str
    shape: str
    follows: tuple[str, ...]
    tip: str = ""


class LayerGraph(QAbstractScrollArea):
    """Signal ``chosen(layer name)`` on a click or arrow key."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[GraphRow] = []
        self.index: dict[str, int] = {}
        self.lanes: dict[tuple[int, int], int] = {}
        self.pictures: dict[str, QImage] = {}
        self._kept: list[np.ndarray] = []
        self.selected = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setFrameShape(self.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName("Layer graph")
        theme.signals().changed.connect(self.viewport().update)

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(300), theme.dp(300))

    # ---- contents --------------------------------------------------------------------------

    def show_rows(self, rows: Sequence[GraphRow]) -> None:
        """Replace the graph; pictures of the old one go."""
        self.rows = list(rows)
        self.index = {row.name: i for i, row in enumerate(self.rows)}
        edges = [
            (self.index[source], i)
            for i, row in enumerate(self.rows)
            for source in row.follows
            if source in self.index
        ]
        self.lanes = lanes_of(edges)
        self.pictures, self._kept, self.selected = {}, [], -1
        self._measure()
        self.viewport().update()

    def show_maps(self, maps: Mapping[str, np.ndarray]) -> None:
        """Draw each layer's mean over channels (channels, rows, columns) inside its row."""
        table = theme.lut_rgb32("viridis")
        self.pictures, self._kept = {}, []
        for name, one in maps.items():
            if name not in self.index:
                continue
            mean = mean_picture(np.asarray(one, np.float32))
            self._kept.append(mean)
            height, width = mean.shape
            picture = QImage(mean.data, width, height, width, QImage.Format.Format_Indexed8)
            picture.setColorTable(table)
            self.pictures[name] = picture
        self.viewport().update()

    def choose(self, name: str) -> None:
        """Mark a layer and scroll to it."""
        self.selected = self.index.get(name, -1)
        if self.selected >= 0:
            top, bar = self.selected * theme.dp(ROW), self.verticalScrollBar()
            if not bar.value() <= top <= bar.value() + self.viewport().height() - theme.dp(ROW):
                bar.setValue(top - self.viewport().height() // 2)
        self.viewport().update()

    def _measure(self) -> None:
        bar = self.verticalScrollBar()
        bar.setRange(0, max(len(self.rows) * theme.dp(ROW) - self.viewport().height(), 0))
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(theme.dp(ROW))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._measure()

    def scrollContentsBy(self, dx: int, dy: int) -> None:
        self.viewport().update()

    # ---- drawing ---------------------------------------------------------------------------

    @property
    def trunk(self) -> float:
        """x of the dots: right of all lanes."""
        most = max(self.lanes.values(), default=0)
        return theme.dp(10) + most * theme.dp(LANE)

    def centre(self, row: int) -> QPointF:
        """Where the dot of a row is drawn."""
        y = row * theme.dp(ROW) + theme.dp(ROW) / 2 - self.verticalScrollBar().value()
        return QPointF(self.trunk, y)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.viewport().rect(), theme.token("base"))
        tall, height = theme.dp(ROW), self.viewport().height()
        first = self.verticalScrollBar().value() // tall
        last = min(first + height // tall + 2, len(self.rows))
        if 0 <= self.selected < len(self.rows):
            top = round(self.centre(self.selected).y() - tall / 2)
            painter.fillRect(0, top, self.viewport().width(), tall, theme.token("sel"))
        painter.setPen(QPen(theme.token("text3"), 1.3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for (source, target), lane in self.lanes.items():
            if source < last and target >= first:
                painter.drawPath(self._line(source, target, lane))
        for number in range(first, last):
            self._paint_row(painter, number)
        painter.end()

    def _line(self, source: int, target: int, lane: int) -> QPainterPath:
        """From a layer to one it enters; longer ways bend out to their lane."""
        begin, end = self.centre(source), self.centre(target)
        path = QPainterPath(begin)
        if lane == 0:
            path.lineTo(end)
            return path
        x, bend = self.trunk - lane * theme.dp(LANE), theme.dp(ROW) * 0.6
        path.cubicTo(begin.x(), begin.y() + bend / 2, x, begin.y() + bend / 2, x, begin.y() + bend)
        path.lineTo(x, end.y() - bend)
        path.cubicTo(x, end.y() - bend / 2, end.x(), end.y() - bend / 2, end.x(), end.y())
        return path

    def _paint_row(self, painter: QPainter, number: int) -> None:
        row, centre = self.rows[number], self.centre(number)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.token("accent" if number == self.selected else "text2"))
        dot = theme.dp(DOT)
        painter.drawEllipse(centre, dot, dot)
        left = round(centre.x()) + theme.dp(12)
        side = theme.dp(PICTURE)
        picture = self.pictures.get(row.name)
        if picture is not None:
            painter.drawImage(QRect(left, round(centre.y() - side / 2), side, side), picture)
        left += side + theme.dp(8)
        wide = self.viewport().width() - left - theme.dp(6)
        painter.setFont(theme.font("body"))
        painter.setPen(theme.token("text"))
        metrics = painter.fontMetrics()
        words = metrics.elidedText(row.words, Qt.TextElideMode.ElideMiddle, wide)
        line = metrics.height()
        painter.drawText(QRectF(left, centre.y() - line, wide, line), 0, words)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.token("text3"))
        painter.drawText(QRectF(left, centre.y(), wide, line), 0, row.shape)

    # ---- hand ------------------------------------------------------------------------------

    def at(self, y: float) -> int:
        """Row under a height; −1 below the last."""
        row = int((y + self.verticalScrollBar().value()) // theme.dp(ROW))
        return row if 0 <= row < len(self.rows) else -1

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._take(self.at(event.position().y()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        row = self.at(event.position().y())
        if row >= 0 and self.rows[row].tip:
            QToolTip.showText(event.globalPosition().toPoint(), self.rows[row].tip, self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step is None or not self.rows:
            super().keyPressEvent(event)
            return
        self._take(int(np.clip(self.selected + step, 0, len(self.rows) - 1)))

    def _take(self, row: int) -> None:
        if row >= 0:
            self.choose(self.rows[row].name)
            self.chosen.emit(self.rows[row].name)


def lanes_of(edges: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """A lane for each edge (source row, target row): 0 for neighbours, else one that is free."""
    found: dict[tuple[int, int], int] = {}
    taken: list[list[tuple[int, int]]] = [[] for _ in range(MOST_LANES)]
    for source, target in sorted(edges, key=lambda edge: edge[1] - edge[0]):
        if target == source + 1:
            found[(source, target)] = 0
            continue
        for lane, spans in enumerate(taken, 1):
            free = all(target <= low or source >= high for low, high in spans)
            if free or lane == MOST_LANES:
                spans.append((source, target))
                found[(source, target)] = lane
                break
    return found


def mean_picture(maps: np.ndarray) -> np.ndarray:
    """uint8 (rows, columns) of a layer: mean over channels, or its units laid out in a square."""
    if maps[0].size > 1:
        mean = maps.mean(axis=0)
    else:
        flat = maps.ravel()
        side = int(np.ceil(np.sqrt(len(flat))))
        mean = np.full(side * side, flat.min(), np.float32)
        mean[: len(flat)] = flat
        mean = mean.reshape(side, side)
    low, high = float(mean.min()), float(mean.max())
    scaled = (mean - low) * (255.0 / (high - low if high > low else 1.0))
    # An indexed picture's lines are taken as packed: one byte a pixel, no padding.
    return np.ascontiguousarray(np.nan_to_num(scaled).astype(np.uint8))
