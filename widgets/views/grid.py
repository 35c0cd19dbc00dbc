"""The views of a study in nested splitters: maximise, tabs on narrow windows, linked cursors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QScrollArea,
    QStackedLayout,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from backend.core.views import Split
from widgets import theme
from widgets.splitter import Splitter
from widgets.views.frame import ViewWidget
from widgets.views.plot import PlotView


class ViewGrid(QWidget):
    """All views of one study; it scrolls where they would get too low to be read.

    Signals: ``maximised(id)`` ("" after restoring), ``sizes_changed()``.
    """

    maximised = Signal(str)
    sizes_changed = Signal()

    def __init__(
        self, views: Mapping[str, ViewWidget], split: Split, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.views = dict(views)
        self.split = split
        self.narrow = False
        self._root: QWidget | None = None
        self._splitters: list[Splitter] = []
        self._tabs: list[QTabWidget] = []
        self._large: ViewWidget | None = None
        self._home: tuple[Any, int, list[int]] | None = None
        self._grid = QWidget()
        self._grid_column = QVBoxLayout(self._grid)
        gap = theme.dp(6)
        self._grid_column.setContentsMargins(gap, gap, gap, gap)
        self._single = QWidget()
        self._single_column = QVBoxLayout(self._single)
        self._single_column.setContentsMargins(gap, gap, gap, gap)
        self._stack = QStackedLayout(self)
        self._area = QScrollArea()
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidgetResizable(True)
        self._area.setWidget(self._grid)
        self._area.verticalScrollBar().rangeChanged.connect(self._share_wheel)
        self._stack.addWidget(self._area)
        self._stack.addWidget(self._single)
        for view in self.views.values():
            view.maximise_asked.connect(self.toggle_maximised)
            view.cursor_moved.connect(self._link_cursor)
        self._build()

    # ---- building ------------------------------------------------------------------------

    def set_split(self, split: Split) -> None:
        """Arrange the same views otherwise; those not named are hidden."""
        if split != self.split:
            self.split = split
            self._build()

    def set_narrow(self, narrow: bool) -> None:
        """On narrow windows views of priority 3 become a tab of their neighbour."""
        if narrow != self.narrow:
            self.narrow = narrow
            self._build()

    def _build(self) -> None:
        self.restore_view()
        for view in self.views.values():
            view.setParent(self)
            view.hide()
        if self._root is not None and self._root not in self.views.values():  # a lone view stays
            self._root.setParent(None)
            self._root.deleteLater()
        self._splitters, self._tabs = [], []
        self._root = self._make(self.split)
        self._grid_column.addWidget(self._root)
        self._root.show()

    def _make(self, item: str | Split) -> QWidget:
        if isinstance(item, str):
            view = self.views[item]
            view.show()
            return view
        parts: list[tuple[QWidget, float]] = []
        waiting: list[str] = []
        weights = item.weights or (1.0,) * len(item.items)
        for child, weight in zip(item.items, weights, strict=True):
            if self._folds(child):
                if parts:
                    parts[-1] = (self._tab(parts[-1][0], str(child)), parts[-1][1])
                else:
                    waiting.append(str(child))
                continue
            widget = self._make(child)
            for folded in waiting:
                widget = self._tab(widget, folded)
            waiting = []
            parts.append((widget, weight))
        parts += [(self._make(name), 1.0) for name in waiting]
        if len(parts) == 1:
            return parts[0][0]
        across = item.direction == "row"
        splitter = Splitter(Qt.Orientation.Horizontal if across else Qt.Orientation.Vertical)
        for widget, weight in parts:
            splitter.addWidget(widget)
            splitter.weights.append(weight)
            splitter.setStretchFactor(splitter.count() - 1, max(1, round(10 * weight)))
        splitter.restore()
        splitter.splitterMoved.connect(lambda *_: self.sizes_changed.emit())
        self._splitters.append(splitter)
        return splitter

    def _folds(self, item: str | Split) -> bool:
        return self.narrow and isinstance(item, str) and self.views[item].view.priority >= 3

    def _tab(self, neighbour: QWidget, folded: str) -> QTabWidget:
        if isinstance(neighbour, QTabWidget):
            tabs = neighbour
        else:
            tabs = QTabWidget()
            tabs.setDocumentMode(True)
            tabs.addTab(neighbour, self._title_of(neighbour))
            self._tabs.append(tabs)
        view = self.views[folded]
        tabs.addTab(view, view.view.title)
        return tabs

    @staticmethod
    def _title_of(widget: QWidget) -> str:
        if isinstance(widget, ViewWidget):
            return widget.view.title
        first = widget.findChild(ViewWidget)
        return f"{first.view.title}…" if first is not None else ""

    def _share_wheel(self, low: int, high: int) -> None:
        """While the grid scrolls, a plot zooms by wheel only with the focus."""
        for view in self.views.values():
            if isinstance(view, PlotView):
                view.canvas.wheel_needs_focus = high > low or view.view.place == "result"

    # ---- sizes ---------------------------------------------------------------------------

    def sizes(self) -> list[list[int]]:
        """Sizes of all splitters, to keep per study and window class."""
        return [splitter.sizes() for splitter in self._splitters]

    def set_sizes(self, sizes: list[list[int]]) -> None:
        """Inverse of :meth:`sizes`; a list that does not fit is ignored."""
        if [len(one) for one in sizes] == [s.count() for s in self._splitters]:
            for splitter, wanted in zip(self._splitters, sizes, strict=True):
                splitter.setSizes(wanted)

    def restore_sizes(self) -> None:
        """Declared shares everywhere."""
        for splitter in self._splitters:
            splitter.restore()

    # ---- maximise ------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Not a shortcut: it would be ambiguous with a window's own F11, and then neither acts.
        if event.key() == Qt.Key.Key_F11:
            self.toggle_focused()
        else:
            super().keyPressEvent(event)

    def toggle_focused(self) -> None:
        """F11: maximise the view with the focus or under the mouse; again restores."""
        if self._large is not None:
            self.restore_view()
            return
        for view in self.views.values():
            focus = view.focusWidget() if view.isVisible() else None
            if (focus is not None and focus.hasFocus()) or view.underMouse():
                self.toggle_maximised(view.view.id)
                return

    def toggle_maximised(self, name: str) -> None:
        """Show one view alone, or all again."""
        if self._large is not None:
            self.restore_view()
            return
        view = self.views[name]
        parent = view.parentWidget()
        if isinstance(parent, Splitter):
            self._home = (parent, parent.indexOf(view), parent.sizes())
        elif parent is self._grid:
            self._home = (self._grid_column, 0, [])
        else:
            return  # inside a tab it is large already
        self._single_column.addWidget(view)
        view.show()
        self._large = view
        self._stack.setCurrentWidget(self._single)
        self.maximised.emit(name)

    def restore_view(self) -> None:
        """Put a maximised view back."""
        if self._large is None or self._home is None:
            return
        place, index, sizes = self._home
        place.insertWidget(index, self._large)
        if sizes:
            place.setSizes(sizes)
        self._large.show()
        self._large = self._home = None
        self._stack.setCurrentWidget(self._area)
        self.maximised.emit("")

    # ---- live ----------------------------------------------------------------------------

    def pull(self, channels: Mapping[str, Any]) -> int:
        """Let every visible view take what is new; the number that drew."""
        drawn = 0
        for view in self.views.values():
            channel = channels.get(view.view.channel)
            if channel is not None:
                drawn += view.pull(channel)
        return drawn

    def set_running(self, running: bool) -> None:
        """Tell all views."""
        for view in self.views.values():
            view.set_running(running)

    def clear(self) -> None:
        """Empty all views."""
        for view in self.views.values():
            view.clear()

    def set_stale(self, text: str) -> None:
        """Put the same chip on all views that show something."""
        for view in self.views.values():
            view.set_stale(text if view.shows_data else "")

    def _link_cursor(self, x: float | None) -> None:
        """Views on one axis of time share the hover line."""
        sender = self.sender()
        if not isinstance(sender, PlotView) or not sender.shows_time:
            return
        for view in self.views.values():
            if isinstance(view, PlotView) and view is not sender:
                view.set_cursor(x if view.x_title == sender.x_title else None)
