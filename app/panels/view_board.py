"""Centre of a panel: views in a grid, each maximised, exported or opened in a window of its own."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from backend.core.channels import Channel
from backend.core.views import Split
from widgets import theme
from widgets.views.frame import ViewWidget
from widgets.views.grid import ViewGrid


class ViewBoard(QWidget):
    """Base of the boards; menus and shortcuts act on its views.

    Parameters
    ----------
    title : what a window with one of the views is called. views : by id, arranged by ``split``.
    beside : views by id that stand elsewhere on the page.

    Signals: ``export_asked(view id)``, ``window_asked(view id)``.
    """

    export_asked = Signal(str)
    window_asked = Signal(str)

    def __init__(
        self, title: str, views: Mapping[str, ViewWidget], split: Split,
        beside: Mapping[str, ViewWidget] | None = None, parent: QWidget | None = None,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.title = title
        self.alive = False
        self.views, self.beside = dict(views), dict(beside or {})
        self.grid = ViewGrid(self.views, split)
        for widget in self.everything():
            self.offer(widget)
        self.whole = QVBoxLayout(self)
        self.whole.setContentsMargins(0, 0, 0, 0)
        self.whole.setSpacing(0)
        self.whole.addWidget(self.grid, 1)
        self.setMinimumWidth(min(theme.dp(480), 480))

    def offer(self, widget: ViewWidget) -> None:
        """Let a view's menu export it and open it in a window."""
        widget.export_asked.connect(self.export_asked)
        widget.window_asked.connect(self.window_asked)

    def everything(self) -> list[ViewWidget]:
        """The views of the grid, and those beside it."""
        return [*self.views.values(), *self.beside.values()]

    def channel(self, name: str, view_id: str = "") -> Channel:
        """Where a view draws from now."""
        raise NotImplementedError

    def view(self, identifier: str) -> ViewWidget:
        """The widget of a view."""
        return self.views.get(identifier) or self.beside[identifier]

    def in_sight(self) -> list[ViewWidget]:
        """Views that can be seen in the layout in force, and beside it."""
        return [widget for widget in self.everything() if not widget.isHidden()]

    def focused(self) -> ViewWidget | None:
        """The view that has the keyboard, else the first."""
        focus = QApplication.focusWidget()
        for widget in self.in_sight():
            if focus is not None and (widget is focus or widget.isAncestorOf(focus)):
                return widget
        return next(iter(self.views.values()), None)

    def toggle_maximised(self) -> None:
        """F11: one view fills the board, or all come back."""
        widget = self.focused()
        if widget is not None and widget.view.id in self.views:
            self.grid.toggle_maximised(widget.view.id)
