"""Frame of every view: header with title, note and tools; the drawing or what will appear there."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QMetaMethod, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QMenu,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from backend.core.views import View
from widgets import theme
from widgets.empty import EmptyView
from widgets.parts import Chip, Elided, Panel, Tool

REST = 20.0  # a running view rests this many times as long as its last drawing took
LONGEST_REST_S = 0.25
LEAST_CONTENT = 90  # height below which the grid scrolls rather than squeezes a view


class ViewHeader(Panel):
    """26 px: title, what is drawn, chip, tools."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__("bottom", parent=parent)
        self.setFixedHeight(theme.dp(27))
        self.title = Elided(view.title, "strong")
        self.note = Elided(view.note, "body", "text3")
        self.chip = Chip()
        self.chip.hide()
        self.maximise = Tool("arrow-expand-all", "Maximise (F11)", role="text3")
        self.export = Tool("export-variant", "Copy or export", role="text3")
        self.more = Tool("dots-vertical", "More", role="text3")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.dp(8), 0, theme.dp(2), 1)
        row.setSpacing(theme.dp(6))
        row.addWidget(self.title)
        row.addWidget(self.note, 1)
        row.addWidget(self.chip)
        tools = QHBoxLayout()
        tools.setSpacing(0)
        for tool in (self.maximise, self.export, self.more):
            tool.size_px = (24, 24)
            tools.addWidget(tool)
        row.addLayout(tools)
        self._tools = tools

    def add_tool(self, tool: Tool) -> None:
        """A kind's own tool, before the others."""
        self._tools.insertWidget(0, tool)


class ViewWidget(QFrame):
    """Base of all views.

    A kind implements ``_draw(channel)`` (False when there is nothing to show yet), ``data()`` and
    ``summary()``, and sets its drawing with ``set_content``.

    Signals
    -------
    maximise_asked, export_asked, window_asked : id of the view; the owner acts, and what no
        owner listens to is not offered.
    dragged(x, y) : a drag on the drawing that two parameters follow.
    picked(what) : an item was clicked (row and column of a matrix, index of a bar).
    cursor_moved(x) : the hover line; None when it left.
    """

    maximise_asked = Signal(str)
    export_asked = Signal(str)
    window_asked = Signal(str)
    dragged = Signal(float, float)
    picked = Signal(object)
    cursor_moved = Signal(object)

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = view
        self._channel: Any = None
        self._revision = -1
        self._running = False
        self._drawn_at = 0.0
        self._rest = 0.0
        self.cost_s = 0.0
        self.header = ViewHeader(view)
        self.empty = EmptyView(view.icon, view.title, view.empty)
        self._content: QWidget | None = None
        self._pages = QWidget()
        self._stack = QStackedLayout(self._pages)
        self._stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.setSpacing(0)
        self.stale = ""
        self.below = Elided("", "caption", "text2")
        self.below.hide()
        line = QHBoxLayout()
        line.setContentsMargins(theme.dp(8), 0, theme.dp(4), 0)
        line.addWidget(self.below)
        column.addWidget(self.header)
        column.addLayout(line)
        column.addWidget(self._pages, 1)
        self._connect()
        self.setAccessibleName(view.title)
        self.setMinimumSize(theme.dp(120), theme.dp(27) + theme.dp(LEAST_CONTENT) + 2)

    def _connect(self) -> None:
        name = self.view.id
        self.header.maximise.clicked.connect(lambda: self.maximise_asked.emit(name))
        self.header.export.clicked.connect(lambda: self.open_menu(None))
        self.header.more.clicked.connect(lambda: self.open_menu(None))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: self.open_menu(self.mapToGlobal(at)))

    def set_content(self, widget: QWidget) -> None:
        """The widget that draws."""
        self._content = widget
        self._stack.addWidget(widget)

    # ---- pulling -------------------------------------------------------------------------

    def pull(self, channel: Any) -> bool:
        """Draw what is new in the channel; cheap when nothing is, or when nobody looks."""
        if channel is self._channel and channel.revision == self._revision:
            return False
        if not self.isVisible() or self.window().isMinimized():
            return False
        now = time.perf_counter()
        if self._running and now - self._drawn_at < self._rest:
            return False
        if channel is not self._channel:
            self.clear()
            self._channel = channel
        revision = channel.revision
        shown = self._draw(channel)
        if not shown:
            self.set_note(self.view.note)
        self._revision = revision
        self._show_page(shown)
        spent = time.perf_counter() - now
        self.cost_s = spent + self._paint_cost()
        self._drawn_at = now
        # Painting holds the interpreter lock that the model needs at its block borders: five views
        # may take a fifth of the time together, whatever they cost.
        self._rest = min(REST * self.cost_s, LONGEST_REST_S)
        return True

    def _paint_cost(self) -> float:
        return float(getattr(self._content, "paint_s", 0.0))

    def _show_page(self, shown: bool) -> None:
        page = self._content if shown and self._content is not None else self.empty
        if self._stack.currentWidget() is not page:
            self._stack.setCurrentWidget(page)

    @property
    def shows_data(self) -> bool:
        """False while the empty state stands."""
        return self._stack.currentWidget() is not self.empty

    def natural_height(self) -> int:
        """Height that shows everything, for columns that scroll."""
        content = self._content.sizeHint().height() if self._content is not None else 0
        below = 0 if self.below.isHidden() else self.below.sizeHint().height()
        return self.header.height() + below + content + 2

    def _draw(self, channel: Any) -> bool:
        raise NotImplementedError

    def set_running(self, running: bool) -> None:
        """While running, axes only grow; at the end they snap to the data."""
        self._running = running

    def clear(self) -> None:
        """Forget what was drawn; the empty state comes back."""
        self._channel = None
        self._revision = -1
        self._show_page(False)

    # ---- words ---------------------------------------------------------------------------

    def set_note(self, text: str) -> None:
        """What exactly is drawn, beside the title."""
        if text != self.header.note.text():
            self.header.note.setText(text)
            self.header.note.updateGeometry()

    def set_stale(self, text: str) -> None:
        """Chip such as "from the run of 15:12, other settings", or a line of its own where the
        header has no room for it; empty text takes it away."""
        self.stale = text
        if text:
            self.header.chip.show_state("idle", text, "minus")
            self.below.setText(text)
        self._place_stale()

    def _place_stale(self) -> None:
        header = self.header
        needed = header.title.sizeHint().width() + header.chip.sizeHint().width() + theme.dp(112)
        beside = needed <= self.width()
        header.chip.setVisible(bool(self.stale) and beside)
        self.below.setVisible(bool(self.stale) and not beside)

    def set_empty(self, title: str, sentence: str) -> None:
        """What the empty state says."""
        self.empty.set_text(title, sentence)

    def summary(self) -> str:
        """One sentence about what is shown, for screen readers."""
        return ""

    def announce(self) -> None:
        """Write the summary where screen readers look; call at most once a second."""
        self.setAccessibleDescription(self.summary())

    def data(self) -> dict[str, Any]:
        """What is drawn, as columns."""
        return {}

    # ---- copy ----------------------------------------------------------------------------

    def picture(self) -> QPixmap:
        """The drawing without its header."""
        return (self._content or self._pages).grab()

    def copy_picture(self) -> None:
        """Put the drawing on the clipboard."""
        QApplication.clipboard().setPixmap(self.picture())

    def copy_data(self) -> None:
        """Put the data on the clipboard as tab-separated text."""
        QApplication.clipboard().setText(tsv(self.data()))

    def open_menu(self, at: QPoint | None) -> None:
        """Show the context menu."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in self.menu_actions(menu):
            menu.addAction(action)
        below = QPoint(0, self.header.more.height())
        menu.popup(at or self.header.more.mapToGlobal(below))

    def menu_actions(self, menu: QMenu) -> list[QAction]:
        """Actions of the context menu; plots put theirs before."""
        name = self.view.id
        actions = [
            self.action(menu, "Copy picture", self.copy_picture),
            self.action(menu, "Copy data", self.copy_data),
        ]
        if self._heard(self.export_asked):
            actions.append(self.action(menu, "Export…", lambda: self.export_asked.emit(name)))
        for action in actions:
            action.setEnabled(self.shows_data)
        if self._heard(self.window_asked):
            ask = partial(self.window_asked.emit, name)
            actions.append(self.action(menu, "Open in own window", ask))
        return actions

    def _heard(self, signal: Any) -> bool:
        """Whether the owner acts on a signal."""
        return self.isSignalConnected(QMetaMethod.fromSignal(signal))

    def action(self, menu: QMenu, text: str, do: Any, on: bool | None = None) -> QAction:
        """One menu entry; ``on`` makes it checkable."""
        action = QAction(text, menu)
        if on is not None:
            action.setCheckable(True)
            action.setChecked(on)
        action.triggered.connect(lambda: do())
        return action

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token("base"))
        painter.setPen(theme.token("border"))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def resizeEvent(self, event: QEvent) -> None:
        # Narrow headers keep the title and one tool; the rest is in the menu.
        narrow = self.width() < theme.dp(330)
        self.header.maximise.setVisible(not narrow and self._heard(self.maximise_asked))
        self.header.export.setVisible(self.width() >= theme.dp(200))
        self._place_stale()


def tsv(columns: Mapping[str, Sequence[Any]]) -> str:
    """Columns as tab-separated text; shorter columns end early."""
    rows = max((len(values) for values in columns.values()), default=0)
    lines = ["\t".join(columns)]
    for i in range(rows):
        cells = ("" if i >= len(v) else cell(v[i]) for v in columns.values())
        lines.append("\t".join(cells))
    return "\n".join(lines) + "\n"


def cell(value: Any) -> str:
    """One value with its full precision."""
    if isinstance(value, float) or hasattr(value, "dtype"):
        number = value.item() if hasattr(value, "item") else value
        return repr(number) if isinstance(number, float) else str(number)
    return str(value).replace("\t", " ").replace("\n", " ")
