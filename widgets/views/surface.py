"""Kind ``surface``: a cortex from several sides, with overlays."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from backend.core.views import View
from widgets.parts import Elided, Tool
from widgets.surface_canvas import SurfaceCanvas
from widgets.views.frame import ViewWidget

SAID_S = 0.5


class SurfaceView(ViewWidget):
    """The views and their header.

    ``picked`` gives (hemisphere, vertex, pin); ``painted`` (hemisphere, vertex, erase), and None
    at the end of a stroke.
    """

    montage_asked = Signal()
    brush_asked = Signal(bool)
    painted = Signal(object)

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.canvas = SurfaceCanvas()
        self.canvas.setAccessibleName(view.title)
        self.canvas.picked.connect(lambda half, vertex, pin: self.picked.emit((half, vertex, pin)))
        self.canvas.measured.connect(self._measured)
        self.set_content(self.canvas)
        self.speed = Elided("", "body", "text2", whole=True)
        camera = Tool("camera-outline", "Save the montage", role="text3")
        camera.clicked.connect(self.montage_asked)
        back = Tool("axis-arrow", "Reset the views (double click, Home)", role="text3")
        back.clicked.connect(self.canvas.reset)
        self.brush = Tool("brush", "Paint a region", role="text3")
        self.brush.setCheckable(True)
        self.brush.clicked.connect(self.brush_asked)
        self.canvas.touched.connect(lambda half, vertex, erase: self.painted.emit(
            (half, vertex, erase)
        ))  # fmt: skip
        self.canvas.stroke_ended.connect(lambda: self.painted.emit(None))
        for tool in (self.brush, camera, back):
            tool.size_px = (24, 24)
            self.header.add_tool(tool)
        self.header.add_tool(self.speed)  # type: ignore[arg-type]
        self._said_at = 0.0

    def _draw(self, channel: Any) -> bool:
        data = channel.snapshot()
        drawing = data.get("drawing")
        if drawing is None:
            return False
        self.set_note(str(data.get("note", "")))
        self.canvas.show_drawing(drawing)
        return True

    def show_painting(self, on: bool) -> None:
        """Whether a drag paints or turns."""
        self.brush.setChecked(on)
        self.canvas.painting = on
        if on:
            self.canvas.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self.canvas.unsetCursor()
        self.canvas.update()

    def _measured(self, seconds: float) -> None:
        """Say the frame rate, at most twice a second."""
        now = time.monotonic()
        if now - self._said_at < SAID_S:
            return
        self._said_at = now
        rate = min(60, round(1 / max(seconds, 1e-3)))
        words = f"{rate} frames/s, software rendering"
        if self.width() < 560:
            words = ""
        if words != self.speed.text():
            self.speed.setText(words)
            self.speed.updateGeometry()

    def menu_actions(self, menu: QMenu) -> list[QAction]:
        own = [self.action(menu, "Reset the views", self.canvas.reset)]
        line = QAction(menu)
        line.setSeparator(True)
        return [*own, line, *super().menu_actions(menu)]

    def summary(self) -> str:
        drawing = self.canvas.drawing
        names = ", ".join(cell.title for cell in drawing.cells)
        return f"{names}; {drawing.caption}" if drawing.caption else names

    def data(self) -> dict[str, Any]:
        """The values drawn on top, a column a hemisphere."""
        drawing = self.canvas.drawing
        columns = {}
        for number, layers in enumerate(drawing.layers):
            side = next((c.side for c in drawing.cells if c.hemisphere == number), "")
            if layers:
                columns[side or "value"] = layers[-1].values
        return columns
