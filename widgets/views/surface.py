"""Kind ``surface``: a cortex from several sides, with overlays."""

from __future__ import annotations

import time
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from backend.core.views import View
from widgets.parts import Elided, Tool
from widgets.surface_canvas import SurfaceCanvas
from widgets.views.frame import ViewWidget

SAID_S = 0.5


class SurfaceView(ViewWidget):
    """The views and their header. ``picked`` gives (hemisphere, vertex, pin)."""

    montage_asked = Signal()

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
        for tool in (camera, back):
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
