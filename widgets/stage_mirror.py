"""A small picture of the stage's screen: the same layers, scaled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from backend.stage.display import FIXATION, PATCH, Layer
from widgets import theme
from widgets.contact_sheet import picture_of

ARM = 0.12


class StageMirror(QWidget):
    """Paints layers as the stage does, in the proportions of its screen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.screen_px = (1920, 1080)
        self.level = 128
        self.layers: Sequence[Layer] = ()
        self.words = ""
        self._images: dict[str, QImage] = {}
        self._arrays: Mapping[str, np.ndarray] = {}
        self.setAccessibleName("What the participant sees")
        self.setMinimumSize(theme.dp(160), theme.dp(90))

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(320), theme.dp(180))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return round(width * self.screen_px[1] / self.screen_px[0])

    def set_screen(self, width: int, height: int, level: int) -> None:
        """Size of the stage's screen in px and its gray level."""
        self.screen_px, self.level = (width, height), level
        self.updateGeometry()
        self.update()

    def set_textures(self, arrays: Mapping[str, np.ndarray]) -> None:
        """The images that layers name."""
        self._arrays = arrays
        self._images = {}

    def show_layers(self, layers: Sequence[Layer], words: str = "") -> None:
        """Show these from now on; ``words`` stand in the corner."""
        if layers is not self.layers or words != self.words:
            self.layers, self.words = layers, words
            self.setAccessibleDescription(words)
            self.update()

    def _image(self, name: str) -> QImage | None:
        if name not in self._images and name in self._arrays:
            self._images[name] = picture_of(self._arrays[name])
        return self._images.get(name)

    def screen_rect(self) -> QRectF:
        """Where the screen's picture is in the widget."""
        width, height = self.screen_px
        scale = min(self.width() / width, self.height() / height)
        box = QRectF(0, 0, width * scale, height * scale)
        box.moveCenter(QRectF(self.rect()).center())
        return box

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token("base"))
        box = self.screen_rect()
        painter.fillRect(box, QColor(self.level, self.level, self.level))
        painter.setClipRect(box)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        scale = box.width() / self.screen_px[0]
        for layer in self.layers:
            self._paint(painter, layer, box.center(), scale)
        if self.words:
            painter.setFont(theme.font("caption"))
            ink = QColor(Qt.GlobalColor.white if self.level < 128 else Qt.GlobalColor.black)
            painter.setPen(ink)
            room = box.adjusted(6, 4, -6, -4)
            painter.drawText(room, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft,
                             self.words)  # fmt: skip
        painter.end()

    def _paint(self, painter: QPainter, layer: Layer, middle: QPointF, scale: float) -> None:
        painter.save()
        painter.translate(middle.x() + layer.x * scale, middle.y() - layer.y * scale)
        painter.rotate(-layer.rotation)
        painter.setOpacity(layer.opacity)
        grey = QColor(layer.level, layer.level, layer.level)
        if layer.texture == FIXATION:
            long, thick = layer.width * scale, max(1.0, ARM * layer.width * scale)
            painter.fillRect(QRectF(-long / 2, -thick / 2, long, thick), grey)
            painter.fillRect(QRectF(-thick / 2, -long / 2, thick, long), grey)
        elif layer.texture == PATCH:
            side = layer.width * scale
            painter.fillRect(QRectF(-side / 2, -side / 2, side, side), grey)
        else:
            image = self._image(layer.texture)
            if image is not None:
                width = (layer.width or image.width()) * scale
                height = layer.height * scale or width * image.height() / image.width()
                painter.drawImage(QRectF(-width / 2, -height / 2, width, height), image)
        painter.restore()
