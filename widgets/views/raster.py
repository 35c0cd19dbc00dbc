"""Spikes as ticks, drawn once each into a scrolling picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter
from PySide6.QtWidgets import QWidget

from backend.core.views import Axis, View
from widgets import theme
from widgets.views.canvas import Canvas, Key
from widgets.views.plot import PlotView, three, unit_words


class RasterImage:
    """Picture of spikes whose columns are a ring: scrolling clears the new columns, no more."""

    def __init__(self) -> None:
        self.pixels = np.zeros((1, 1), np.uint32)
        self._offset = 0
        self.left = self.right = 0.0
        self._rows = (0.0, 1.0)
        self._inks = np.zeros(1, np.uint32)
        self._ground = 0
        self._tick = self._wide = 1

    def reset(
        self, size: tuple[int, int], times: tuple[float, float], rows: tuple[float, float],
        inks: np.ndarray, ground: int,
    ) -> None:  # fmt: skip
        """Begin an empty picture of (width, height) pixels that covers these times and rows."""
        width, height = size
        self.pixels = np.full((height, width), ground, np.uint32)
        self.left, self.right = times
        self._rows, self._inks, self._ground = rows, inks, ground
        self._offset = 0
        room = height / max(rows[1] - rows[0], 1.0)
        self._tick = int(np.clip(0.75 * room, 2 if room >= 0.8 else 1, 12))
        self._wide = 2 if self._tick > 1 and width > 300 else 1

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def scroll(self, right: float) -> bool:
        """Move the right end; False when nothing of the old picture would be left."""
        width = self.pixels.shape[1]
        column = (self.right - self.left) / width
        steps = int(np.ceil((right - self.right) / column - 1e-9))
        if steps <= 0:
            return True
        if steps >= width:
            return False
        cleared = (self._offset + np.arange(steps)) % width
        self.pixels[:, cleared] = self._ground
        self._offset = (self._offset + steps) % width
        self.left += steps * column
        self.right += steps * column
        return True

    def add(self, times: np.ndarray, rows: np.ndarray, groups: np.ndarray) -> None:
        """Draw spikes; those outside are left out."""
        height, width = self.pixels.shape
        low, high = self._rows
        x = ((times - self.left) / (self.right - self.left) * width).astype(np.int64)
        y = ((high - rows - 1) / (high - low) * height).astype(np.int64)
        inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        x, y = (x[inside] + self._offset) % width, y[inside]
        inks = self._inks[np.clip(groups[inside].astype(np.int64), 0, len(self._inks) - 1)]
        columns = [x]
        if self._wide > 1:  # the left neighbour, but not across the seam of the ring
            columns.append(np.where(x == self._offset, x, (x - 1) % width))
        for down in range(self._tick):
            for column in columns:
                self.pixels[np.minimum(y + down, height - 1), column] = inks

    def paint(self, painter: QPainter, box: QRectF) -> None:
        """Put the two halves of the ring side by side, pixel on pixel."""
        height, width = self.pixels.shape
        image = QImage(self.pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)
        scale = box.width() / width
        first = width - self._offset
        painter.drawImage(
            QRectF(box.left(), box.top(), first * scale, box.height()),
            image,
            QRectF(self._offset, 0, first, height),
        )
        if self._offset:
            painter.drawImage(
                QRectF(box.left() + first * scale, box.top(), self._offset * scale, box.height()),
                image,
                QRectF(0, 0, self._offset, height),
            )


class RasterCanvas(Canvas):
    """Canvas with group names instead of row numbers."""

    def __init__(self, x: Axis, y: Axis, parent: QWidget | None = None) -> None:
        super().__init__(x, y, parent)
        self.groups: list[tuple[float, str, str]] = []
        self.show_y_ticks = False

    @property
    def y_title(self) -> str:
        """The names of the groups stand there."""
        return "" if self.groups else super().y_title

    def place(self) -> None:
        metrics = QFontMetrics(theme.font("strong"))
        wide = max((metrics.horizontalAdvance(text) for _, text, _ in self.groups), default=0)
        self._left = max(self._left, wide + theme.dp(18))
        super().place()


class RasterView(PlotView):
    """Kind ``raster``: ring columns time, row, group."""

    canvas_class = RasterCanvas
    canvas: RasterCanvas

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.canvas.limits_changed.connect(self._stale)
        self._image = RasterImage()
        self._end = 0
        self._fresh = False
        self._last = self._first = 0.0
        self._count = 0
        self._bounds: dict[int, tuple[float, float]] = {}
        theme.signals().changed.connect(self._stale)

    def _keys(self) -> list[Key]:
        return []  # the groups are named at the left

    def clear(self) -> None:
        super().clear()
        self._end, self._count = 0, 0
        self._fresh = False
        self._bounds = {}
        self.canvas.groups = []

    def _stale(self) -> None:
        """Draw the whole picture anew at the next paint."""
        self._fresh = False

    def _draw(self, channel: Any) -> bool:
        rows, end = channel.since(self._end)
        if end < self._end:
            self._count, self._bounds, self._fresh = 0, {}, False
        self._end = end
        if not len(rows):
            return self._count > 0
        if self._count == 0:
            self._first = float(rows[0, 0])
        self._count += len(rows)
        self._last = float(rows[:, 0].max())
        if self._learn_groups(rows):
            self._fresh = False
        self._update_limits()
        if self._fresh and not self.canvas.zoomed:
            self._fresh = self._image.scroll(self.canvas.x_scale.high)
        if self._fresh:
            self._image.add(rows[:, 0], rows[:, 1], rows[:, 2])
        return True

    def _learn_groups(self, rows: np.ndarray) -> bool:
        """Rows each group covers; True when that is news."""
        news = False
        groups = rows[:, 2].astype(int)
        for group in np.unique(groups):
            mine = rows[groups == group, 1]
            low, high = float(mine.min()), float(mine.max())
            old = self._bounds.get(int(group))
            new = (low, high) if old is None else (min(low, old[0]), max(high, old[1]))
            if new != old:
                self._bounds[int(group)] = new
                news = True
        if news:
            self.canvas.groups = [
                ((low + high + 1) / 2, self.view.series[g].label, self.view.series[g].colour)
                for g, (low, high) in sorted(self._bounds.items())
                if g < len(self.view.series)
            ]
        return news

    def _extent(self) -> tuple[float, float, float, float] | None:
        if not self._bounds:
            return None
        bottom = min(low for low, _ in self._bounds.values())
        top = max(high for _, high in self._bounds.values()) + 1
        return min(self._first, self._last), self._last, bottom, top

    def _update_limits(self) -> None:
        canvas = self.canvas
        extent = self._extent()
        if extent is not None and not canvas.zoomed and not self.locked:
            left, right, bottom, top = extent
            if self._fit_x(*self.whole(left, right)) and self.view.span is None:
                self._fresh = False
            y = canvas.y_scale
            before = (y.low, y.high)
            low, high = y.fixed
            y.low = bottom if low is None else low
            y.high = max(top, y.low + 1) if high is None else high
            if before != (y.low, y.high):
                self._fresh = False
        canvas.update()

    def _fit_x(self, left: float, right: float) -> bool:
        span = self.view.span
        if span is None:
            return super()._fit_x(left, max(right, left + 1e-9))
        scale = self.canvas.x_scale
        if self._fresh:
            # Whole pixel columns, so that axis and picture move together.
            column = span / max(self._image.size[0], 1)
            steps = np.ceil((right - self._image.right) / column - 1e-9)
            return scale.roll(self._image.right + max(steps, 0.0) * column, span)
        return scale.roll(max(right, left + span), span)

    def fit(self) -> None:
        self._fresh = False
        super().fit()

    # ---- painting ------------------------------------------------------------------------

    def _paint_data(self, painter: QPainter, box: QRectF) -> None:
        ratio = self.canvas.devicePixelRatioF()
        size = (max(int(box.width() * ratio), 1), max(int(box.height() * ratio), 1))
        if not self._fresh or size != self._image.size:
            self._rebuild(size)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        left, top = round(box.left()), round(box.top())
        self._image.paint(painter, QRectF(left, top, size[0] / ratio, size[1] / ratio))

    def _rebuild(self, size: tuple[int, int]) -> None:
        """Draw all spikes that are still held."""
        if self._channel is None:
            return
        inks = [theme.colour(series.colour).rgb() for series in self.view.series]
        inks = inks or [theme.colour("1").rgb()]
        canvas = self.canvas
        self._image.reset(
            size,
            (canvas.x_scale.low, canvas.x_scale.high),
            (canvas.y_scale.low, canvas.y_scale.high),
            np.array(inks, np.uint32),
            theme.token("base").rgb(),
        )
        rows, _ = self._channel.since(0)
        self._image.add(rows[:, 0], rows[:, 1], rows[:, 2])
        self._fresh = True

    def _paint_over(self, painter: QPainter, box: QRectF) -> None:
        painter.setFont(theme.font("strong"))
        for row, text, colour in self.canvas.groups:
            y = float(self.canvas.py(row))
            painter.setPen(theme.colour(colour))
            room = QRectF(0, y - theme.dp(10), box.left() - theme.dp(8), theme.dp(20))
            painter.drawText(
                room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text
            )

    def _read_out(self, x: float) -> str:
        unit = unit_words(self.view.x.unit)
        return f"{three(x)}{unit}"

    def summary(self) -> str:
        return f"{self._count} spikes in {len(self._bounds)} groups" if self._count else ""

    def data(self) -> dict[str, Any]:
        if self._channel is None:
            return {}
        rows, _ = self._channel.since(0)
        names = {i: series.label for i, series in enumerate(self.view.series)}
        return {
            self.view.x.title or "time": rows[:, 0],
            "row": rows[:, 1].astype(int),
            "group": [names.get(int(group), str(int(group))) for group in rows[:, 2]],
        }
