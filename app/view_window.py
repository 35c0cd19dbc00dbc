"""A view in a window of its own; it draws what the page's view would draw."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.panels.ticking import FRAME_MS
from app.panels.view_board import ViewBoard
from widgets import theme
from widgets.views import make_view

FORWARDED = ("export_asked", "dragged", "picked", "painted", "undo_asked", "redo_asked")
"""What a hand does here acts as in the page's view."""


class ViewWindow(QWidget):
    """Second window on one view, for another screen."""

    def __init__(self, board: ViewBoard, identifier: str, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.board = board
        source = board.view(identifier)
        view = source.view
        self.setWindowTitle(f"{view.title} — {board.title}")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.view = make_view(view)
        for name in FORWARDED:
            if hasattr(self.view, name):
                getattr(self.view, name).connect(getattr(source, name))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.view)
        self.resize(theme.dp(720), theme.dp(520))
        self.timer = QTimer(self)
        self.timer.setInterval(FRAME_MS)
        self.timer.timeout.connect(self._frame)
        self.timer.start()

    def _frame(self) -> None:
        self.view.set_running(self.board.alive)
        view = self.view.view
        self.view.pull(self.board.channel(view.channel, view.id))

    def closeEvent(self, event: QCloseEvent) -> None:
        self.timer.stop()
        super().closeEvent(event)
