"""Kind ``slices``: three planes of a volume beside each other, with a cross-hair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from backend.brain.slices import Slice
from backend.core.views import View
from widgets import theme
from widgets.views.frame import ViewWidget


class SlicesCanvas(QWidget):
    """Signal ``clicked(place)``: (3,) mm under the hand, also while it drags."""

    clicked = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.slices: Sequence[Slice] = ()
        self.setCursor(Qt.CursorShape.CrossCursor)

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(420), theme.dp(150))

    def boxes(self) -> list[QRectF]:
        """Where each slice lies: one scale for all, beside each other."""
        if not self.slices:
            return []
        gap, foot = theme.dp(4), theme.dp(16)
        wide = sum(one.pixels.shape[1] for one in self.slices)
        high = max(one.pixels.shape[0] for one in self.slices)
        room = self.width() - gap * (len(self.slices) + 1)
        scale = max(min(room / wide, (self.height() - foot - gap) / high), 0.05)
        x = (self.width() - scale * wide - gap * (len(self.slices) - 1)) / 2
        found = []
        for one in self.slices:
            tall, broad = scale * one.pixels.shape[0], scale * one.pixels.shape[1]
            found.append(QRectF(x, (self.height() - foot - tall) / 2, broad, tall))
            x += broad + gap
        return found

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pick(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._pick(event)

    def _pick(self, event: QMouseEvent) -> None:
        at = event.position()
        for one, box in zip(self.slices, self.boxes(), strict=True):
            if box.contains(at):
                x, y = (at.x() - box.left()) / box.width(), (at.y() - box.top()) / box.height()
                self.clicked.emit(one.place(x, y))
                return

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token("base"))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setFont(theme.font("caption"))
        for one, box in zip(self.slices, self.boxes(), strict=True):
            high, wide = one.pixels.shape[:2]
            painter.drawImage(box, QImage(one.pixels.data, wide, high, 3 * wide,
                                          QImage.Format.Format_RGB888))  # fmt: skip
            x, y = one.share()
            at = QPointF(box.left() + x * box.width(), box.top() + y * box.height())
            painter.setPen(QPen(theme.token("accent"), 1))
            painter.drawLine(QPointF(box.left(), at.y()), QPointF(box.right(), at.y()))
            painter.drawLine(QPointF(at.x(), box.top()), QPointF(at.x(), box.bottom()))
            painter.setPen(theme.token("text2"))
            foot = QRectF(box.left(), box.bottom(), box.width(), theme.dp(16))
            painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, one.title)
            if one.axes[0] == 0:
                painter.setPen(Qt.GlobalColor.white)
                inside = box.adjusted(theme.dp(3), theme.dp(1), -theme.dp(3), 0)
                painter.drawText(inside, Qt.AlignmentFlag.AlignLeft, "L")
                painter.drawText(inside, Qt.AlignmentFlag.AlignRight, "R")
        painter.end()


class SlicesView(ViewWidget):
    """``picked`` gives a place (3,) in mm."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.canvas = SlicesCanvas()
        self.canvas.setAccessibleName(view.title)
        self.canvas.clicked.connect(self.picked)
        self.set_content(self.canvas)

    def _draw(self, channel: Any) -> bool:
        data = channel.snapshot()
        self.canvas.slices = data.get("slices") or ()
        self.set_note(str(data.get("note", "")))
        self.canvas.update()
        return bool(self.canvas.slices)

    def summary(self) -> str:
        return ", ".join(one.title for one in self.canvas.slices)

    def data(self) -> dict[str, Any]:
        return {"plane": [one.title for one in self.canvas.slices]}
