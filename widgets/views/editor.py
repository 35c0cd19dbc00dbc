"""The figure editor as a view: shows what a channel holds, and says what was painted on it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from backend.core.views import View
from backend.stimuli.painting import Canvas
from widgets.figure_editor import FigureEditor
from widgets.views.frame import ViewWidget

GREY = 255.0
OWN_S = 0.5


class EditorView(ViewWidget):
    """Channel: ``image`` (H, W) grey 0 black to 255 ground, ``markers``.

    Signals: ``painted(grey levels uint8, final)``, where ``final`` is False while a stroke goes
    on; ``undo_asked()`` and ``redo_asked()`` from its buttons, for the window's history.
    """

    painted = Signal(object, bool)
    undo_asked = Signal()
    redo_asked = Signal()

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.editor = FigureEditor()
        self.set_content(self.editor)
        self._painted_at = 0.0
        self.editor.changing.connect(lambda: self._say(False))
        self.editor.changed.connect(lambda: self._say(True))
        self.editor.undo_asked.connect(lambda: self._ask(self.undo_asked))
        self.editor.redo_asked.connect(lambda: self._ask(self.redo_asked))

    def _ask(self, signal: Any) -> None:
        self._painted_at = 0.0  # what comes back is news, however fresh the last stroke
        signal.emit()

    def _say(self, final: bool) -> None:
        self._painted_at = time.monotonic()
        self.painted.emit(self.levels(), final)

    def levels(self) -> np.ndarray:
        """What stands in the editor, as grey levels."""
        painting = self.editor.painting
        assert painting is not None
        return np.round(GREY * (1.0 - painting.pixels)).astype(np.uint8)

    def _draw(self, channel: Any) -> bool:
        data = channel.snapshot()
        image = data.get("image")
        if image is None:
            return False
        darkness = (1.0 - np.asarray(image, np.float32) / GREY).astype(np.float32)
        if self._is_news(darkness):
            self.editor.set_painting(Canvas(darkness))
        self.editor.set_markers(data.get("markers") or ())
        return True

    def _is_news(self, darkness: np.ndarray) -> bool:
        """Whether the channel holds another picture than the editor, not an older one of its own.

        A run publishes what it had before it hears of a stroke; taking that back would undo it.
        """
        painting = self.editor.painting
        if painting is None or painting.pixels.shape != darkness.shape:
            return True
        fresh = self._running and time.monotonic() - self._painted_at < OWN_S
        if self.editor.busy or fresh:
            return False
        return bool(np.abs(painting.pixels - darkness).max() > 1 / GREY)

    def data(self) -> dict[str, Any]:
        """Grey levels, one row of the sheet a column."""
        if self.editor.painting is None:
            return {}
        return {f"column {i}": column for i, column in enumerate(self.levels().T)}

    def summary(self) -> str:
        """Size of the sheet and how much of it is figure."""
        painting = self.editor.painting
        if painting is None:
            return ""
        rows, columns = painting.pixels.shape
        share = 100 * float(np.mean(painting.pixels > 0.5))
        return f"{rows} by {columns} cells, {share:.0f} percent figure"
