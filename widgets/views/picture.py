"""Canvas of one image: nearest neighbour, colour bar, axes, markers, hover read-out."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from backend.core.views import Axis, Marker
from widgets import theme
from widgets.strokes import painting
from widgets.ticks import nice_ticks, tick_text
from widgets.views.drawing import polygon_of
from widgets.views.plot import three


def indexed(
    image: np.ndarray, low: float, high: float, table: list[int], hole: int
) -> tuple[QImage, np.ndarray]:
    """Indexed picture of numbers and the memory it lives in; NaN gets the colour ``hole``."""
    scale = 254.0 / (high - low) if high - low > 1e-100 else 0.0
    with np.errstate(invalid="ignore", over="ignore"):
        index = np.clip((image - low) * scale, 0, 254)
    bad = ~np.isfinite(index) | ~np.isfinite(image)
    if bad.any():
        index = np.where(bad, 255.0, index)
    height, width = image.shape
    stride = -(-width // 4) * 4
    memory = np.zeros((height, stride), np.uint8)
    memory[:, :width] = index.astype(np.uint8)
    picture = QImage(memory.data, width, height, stride, QImage.Format.Format_Indexed8)
    picture.setColorTable([*table[:255], hole])
    return picture, memory


def true_colour(image: np.ndarray) -> tuple[QImage, np.ndarray]:
    """Picture of (H, W, 3) uint8 and the memory it lives in."""
    memory = np.ascontiguousarray(image, np.uint8)
    height, width = memory.shape[:2]
    return QImage(memory.data, width, height, 3 * width, QImage.Format.Format_RGB888), memory


class ImageCanvas(QWidget):
    """Paints one image with colour bar, axes and markers.

    Signals: ``hovered(row, column)`` (-1, -1 when it left), ``dragged(x, y)`` and ``clicked(x, y)``
    in data coordinates.
    """

    hovered = Signal(int, int)
    dragged = Signal(float, float)
    clicked = Signal(float, float)
    bar_menu_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.image: np.ndarray | None = None
        self.markers: Sequence[Marker] = ()
        self.extent: tuple[float, float, float, float] | None = None
        self.origin = "upper"
        self.limits = (0.0, 1.0)
        self.map_name = "viridis"
        self.unit = ""
        self.axes: tuple[Axis, Axis] = (Axis(), Axis())
        self.labels: tuple[list[str], list[str]] = ([], [])
        self.show_bar = True
        self.square = True
        self.drags = False
        self.paint_s = 0.0
        self.box = QRectF()
        self.over = (-1, -1)
        self._picture: QImage | None = None
        self._memory: np.ndarray | None = None
        self._held = False
        self.read_out = ""
        self.keys: list[tuple[str, QColor]] = []
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        theme.signals().changed.connect(self.render_image)

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(240), theme.dp(240))

    # ---- data ----------------------------------------------------------------------------

    def show_image(self, image: np.ndarray) -> None:
        """Show numbers (H, W) through the colour map, or (H, W, 3) uint8 as they are."""
        self.image = image
        self.render_image()

    def render_image(self) -> None:
        """Make the picture anew (new image, limits, map or theme)."""
        if self.image is None or self.image.size == 0:
            self._picture = None
        elif self.image.ndim == 3:
            self._picture, self._memory = true_colour(self.image)
        else:
            hole = theme.token("ncbg").rgb()
            table = theme.lut_rgb32(self.map_name)
            self._picture, self._memory = indexed(self.image, *self.limits, table, hole)
        self.update()

    @property
    def scalar(self) -> bool:
        """True for numbers (with a colour bar)."""
        return self.image is not None and self.image.ndim == 2

    @property
    def data_extent(self) -> tuple[float, float, float, float]:
        """(left, bottom, right, top) of the image; cells centred on whole numbers by default."""
        if self.extent is not None:
            return self.extent
        height, width = self.image.shape[:2] if self.image is not None else (1, 1)
        if self.origin == "lower":
            return (-0.5, -0.5, width - 0.5, height - 0.5)
        return (-0.5, height - 0.5, width - 0.5, -0.5)

    # ---- places --------------------------------------------------------------------------

    def place(self) -> None:
        """Put the image: square, as large as the widget and its axes allow."""
        metrics = QFontMetrics(theme.font("caption"))
        tall = metrics.height()
        left, bottom, right, top = (theme.dp(10),) * 4
        if self.show_bar and self.scalar:
            right += theme.dp(8) + theme.dp(6) + self._bar_words_width(metrics)
        if self.axes[0].title or self.labels[0]:
            bottom = tall + theme.dp(8) + (tall if self.axes[0].title else 0)
        if self.axes[1].title or self.labels[1]:
            words = self.labels[1] or [text for _, text in self._ticks(1)]
            width = max((metrics.horizontalAdvance(w) for w in words), default=0)
            left = min(width, theme.dp(90)) + theme.dp(10)
            left += tall if self.axes[1].title else 0
        if self.keys:
            top = theme.dp(24)
        wide, high = float(self.width() - left - right), float(self.height() - top - bottom)
        if self.square and self.image is not None:
            rows, columns = self.image.shape[:2]
            if self.extent is not None:
                x0, y0, x1, y1 = self.extent
                rows, columns = abs(y1 - y0) or 1, abs(x1 - x0) or 1
            if max(rows, columns) / max(min(rows, columns), 1e-9) < 6:
                scale = min(wide / columns, high / rows)
                wide, high = columns * scale, rows * scale
        wide, high = max(wide, 4.0), max(high, 4.0)
        spare_x = self.width() - left - right - wide
        spare_y = self.height() - top - bottom - high
        self.box = QRectF(
            round(left + spare_x / 2), round(top + spare_y / 2), round(wide), round(high)
        )

    def _bar_words_width(self, metrics: QFontMetrics) -> int:
        words = [*(three(end) for end in self.limits), self.unit]
        return max(metrics.horizontalAdvance(word) for word in words) + theme.dp(2)

    def to_pixel(self, x: float, y: float) -> QPointF:
        """Pixel of data coordinates."""
        left, bottom, right, top = self.data_extent
        return QPointF(
            self.box.left() + (x - left) / (right - left) * self.box.width(),
            self.box.bottom() - (y - bottom) / (top - bottom) * self.box.height(),
        )

    def to_data(self, at: QPointF) -> tuple[float, float]:
        """Data coordinates of a pixel, kept on the image."""
        left, bottom, right, top = self.data_extent
        u = min(max((at.x() - self.box.left()) / self.box.width(), 0.0), 1.0)
        v = min(max((self.box.bottom() - at.y()) / self.box.height(), 0.0), 1.0)
        return left + u * (right - left), bottom + v * (top - bottom)

    def cell_at(self, at: QPointF) -> tuple[int, int]:
        """Row and column of the image array under a pixel; (-1, -1) outside."""
        if self.image is None or not self.box.contains(at):
            return -1, -1
        rows, columns = self.image.shape[:2]
        column = int((at.x() - self.box.left()) / self.box.width() * columns)
        row = int((at.y() - self.box.top()) / self.box.height() * rows)
        if self.origin == "lower":
            row = rows - 1 - row
        return min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)

    # ---- painting ------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.perf_counter()
        with painting(self) as painter:
            self.paint(painter)
        self.paint_s = time.perf_counter() - began

    def paint(self, painter: QPainter) -> None:
        """Paint everything; also onto a picture or a vector file."""
        painter.fillRect(self.rect(), theme.token("base"))
        if self._picture is None or self.image is None:
            return
        self.place()
        self._paint_image(painter)
        if self.scalar and np.isnan(self.image).any():
            self._paint_hatch(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.save()
        painter.setClipRect(self.box)
        for marker in self.markers:
            paint_marker(painter, self, marker)
        painter.restore()
        if self.scalar and self.show_bar:
            self._paint_bar(painter)
        self._paint_axes(painter)
        self._paint_keys(painter)
        if self.read_out:
            self._paint_read_out(painter)

    def _paint_image(self, painter: QPainter) -> None:
        assert self._picture is not None
        picture = self._picture
        shrinks = picture.width() > self.box.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrinks)
        if self.origin == "lower":
            picture = picture.flipped(Qt.Orientation.Vertical)
        painter.drawImage(self.box, picture, QRectF(picture.rect()))

    def _paint_hatch(self, painter: QPainter) -> None:
        """Missing values: 45° hatch over their ground."""
        assert self.image is not None
        rows, columns = self.image.shape
        wide, high = self.box.width() / columns, self.box.height() / rows
        ink = theme.token("text3")
        ink.setAlphaF(0.6)
        painter.setBrush(Qt.BrushStyle.BDiagPattern)
        painter.setBrush(QColor(ink))
        brush = painter.brush()
        brush.setStyle(Qt.BrushStyle.BDiagPattern)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(brush)
        for row, column in np.argwhere(np.isnan(self.image))[:5000]:
            down = rows - 1 - row if self.origin == "lower" else row
            painter.drawRect(
                QRectF(self.box.left() + column * wide, self.box.top() + down * high, wide, high)
            )

    def bar_rect(self) -> QRectF:
        """Place of the colour bar."""
        left = self.box.right() + theme.dp(8)
        return QRectF(left, self.box.top(), theme.dp(8), self.box.height())

    def _paint_bar(self, painter: QPainter) -> None:
        bar = self.bar_rect()
        table = np.ascontiguousarray(theme.lut(self.map_name)[::-1])
        strip = QImage(table.data, 1, 256, 4, QImage.Format.Format_RGBA8888)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(bar, strip, QRectF(0, 0, 1, 256))
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.token("text2"))
        x = bar.right() + theme.dp(5)
        tall = painter.fontMetrics().height()
        wide = self.width() - x
        flag = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(x, bar.top() - 2, wide, tall), flag, three(self.limits[1]))
        painter.drawText(
            QRectF(x, bar.bottom() - tall + 2, wide, tall), flag, three(self.limits[0])
        )
        if self.unit and bar.height() > 3 * tall:
            middle = bar.center().y() - tall / 2
            painter.drawText(QRectF(x, middle, wide, tall), flag, self.unit)

    def _ticks(self, direction: int) -> list[tuple[float, str]]:
        left, bottom, right, top = self.data_extent
        low, high = (left, right) if direction == 0 else (bottom, top)
        length = self.box.width() if direction == 0 else self.box.height()
        if self.labels[direction]:
            names = self.labels[direction]
            step = max(1, round(len(names) * theme.dp(16 if direction else 40) / max(length, 1)))
            return [(float(i), name) for i, name in enumerate(names) if i % step == 0]
        count = max(2, int(length / theme.dp(38 if direction == 0 else 32)))
        return [(v, tick_text(v)) for v in nice_ticks(min(low, high), max(low, high), count)]

    def _paint_axes(self, painter: QPainter) -> None:
        painter.setFont(theme.font("caption"))
        painter.setPen(QPen(theme.token("text3"), 1))
        metrics = painter.fontMetrics()
        tall, tick = metrics.height(), theme.dp(4)
        box, centre = self.box, Qt.AlignmentFlag.AlignCenter
        if self.axes[0].title or self.labels[0]:
            for value, text in self._ticks(0):
                x = self.to_pixel(value, 0).x()
                half = metrics.horizontalAdvance(text) / 2 + 1
                painter.drawLine(QPointF(x, box.bottom()), QPointF(x, box.bottom() + tick))
                painter.drawText(
                    QRectF(x - half, box.bottom() + tick, 2 * half, tall), centre, text
                )
            below = QRectF(
                box.left() - theme.dp(40),
                box.bottom() + tick + tall,
                box.width() + theme.dp(80),
                tall,
            )
            painter.drawText(below, centre, self.axes[0].title)
        if self.axes[1].title or self.labels[1]:
            flag = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            for value, text in self._ticks(1):
                y = self.to_pixel(0, value).y()
                painter.drawLine(QPointF(box.left() - tick, y), QPointF(box.left(), y))
                text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, theme.dp(90))
                painter.drawText(
                    QRectF(0, y - theme.dp(10), box.left() - tick - 2, theme.dp(20)), flag, text
                )
            painter.save()
            words = self.labels[1] or [text for _, text in self._ticks(1)]
            wide = min(max((metrics.horizontalAdvance(w) for w in words), default=0), theme.dp(90))
            painter.translate(box.left() - wide - theme.dp(10) - tall, box.center().y())
            painter.rotate(-90)
            painter.drawText(
                QRectF(-theme.dp(150), 0, theme.dp(300), tall), centre, self.axes[1].title
            )
            painter.restore()

    def _paint_keys(self, painter: QPainter) -> None:
        """Names of categories, in one row above the image."""
        painter.setFont(theme.font("caption"))
        metrics = painter.fontMetrics()
        side, gap = theme.dp(10), theme.dp(12)
        x = self.box.left()
        for name, colour in self.keys:
            painter.fillRect(QRectF(x, theme.dp(7), side, side), colour)
            painter.setPen(theme.token("text"))
            width = metrics.horizontalAdvance(name)
            room = QRectF(x + side + theme.dp(4), theme.dp(2), width + 2, theme.dp(20))
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)
            x += side + theme.dp(4) + width + gap

    def _paint_read_out(self, painter: QPainter) -> None:
        painter.setFont(theme.font("caption"))
        metrics = painter.fontMetrics()
        width = metrics.horizontalAdvance(self.read_out) + theme.dp(10)
        room = QRectF(self.box.left(), theme.dp(1), width, metrics.height() + theme.dp(2))
        painter.setPen(QPen(theme.token("border"), 1))
        painter.setBrush(theme.token("panel"))
        painter.drawRect(room)
        painter.setPen(theme.token("text"))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, self.read_out)

    # ---- mouse ---------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        inside = self.box.contains(event.position())
        if event.button() == Qt.MouseButton.LeftButton and inside:
            self._held = True
            if self.drags:
                self.dragged.emit(*self.to_data(event.position()))
        elif event.button() == Qt.MouseButton.RightButton and self.scalar and self.show_bar:
            if self.bar_rect().adjusted(-4, -4, 40, 4).contains(event.position()):
                self.bar_menu_asked.emit()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._held and self.drags:
            self.dragged.emit(*self.to_data(event.position()))
        over = self.cell_at(event.position())
        if over != self.over:
            self.over = over
            self.hovered.emit(*over)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._held and event.button() == Qt.MouseButton.LeftButton:
            self._held = False
            if self.box.contains(event.position()):
                self.clicked.emit(*self.to_data(event.position()))

    def leaveEvent(self, event: QEvent) -> None:
        self.over = (-1, -1)
        self.hovered.emit(-1, -1)


def paint_marker(painter: QPainter, canvas: ImageCanvas, marker: Marker) -> None:
    """One marker: 1.5 px in its colour with a dark halo."""
    ink = theme.colour(marker.colour)
    halo = QColor(0, 0, 0, 140) if ink.lightness() > 127 else QColor(255, 255, 255, 140)
    centre = canvas.to_pixel(marker.x, marker.y)
    edge = canvas.to_pixel(marker.x + marker.radius, marker.y)
    radius = abs(edge.x() - centre.x())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((halo, 3.0), (ink, 1.5)):
        if marker.dashed and colour is halo:
            continue
        pen = QPen(colour, width)
        if marker.dashed:
            pen = QPen(QColor(colour.red(), colour.green(), colour.blue(), 180), 1.0)
            pen.setDashPattern([2.5, 3.0])
        painter.setPen(pen)
        if marker.kind == "ring":
            painter.drawEllipse(centre, radius, radius)
        elif marker.kind == "cross":
            r = theme.dp(5)
            painter.drawLine(centre - QPointF(r, 0), centre + QPointF(r, 0))
            painter.drawLine(centre - QPointF(0, r), centre + QPointF(0, r))
        elif marker.kind == "path":
            at = [canvas.to_pixel(x, y) for x, y in marker.points]
            painter.drawPolyline(polygon_of(np.array([[p.x(), p.y()] for p in at])))
        elif marker.kind == "bar":
            painter.drawLine(centre, centre + QPointF(radius, 0))
    if marker.label:
        _paint_label(painter, marker, centre, radius, ink)


def _paint_label(
    painter: QPainter, marker: Marker, centre: QPointF, radius: float, ink: QColor
) -> None:
    painter.setFont(theme.font("caption"))
    metrics = painter.fontMetrics()
    width = metrics.horizontalAdvance(marker.label)
    at = QPointF(centre.x() - width / 2, centre.y() + metrics.ascent() / 2 - 1)
    if marker.kind == "bar":
        at = QPointF(centre.x() + radius + theme.dp(4), centre.y() + metrics.ascent() / 2 - 1)
    elif marker.kind == "cross":
        at = QPointF(centre.x() + theme.dp(7), centre.y() - theme.dp(3))
    light = ink.lightness() > 127
    painter.setPen(QColor(0, 0, 0, 160) if light else QColor(255, 255, 255, 160))
    for shift in (QPointF(1, 1), QPointF(-1, 1), QPointF(1, -1), QPointF(-1, -1)):
        painter.drawText(at + shift * 0.8, marker.label)
    painter.setPen(ink)
    painter.drawText(at, marker.label)
