"""Base of the views with axes: limits, zoom, hover line and the plot's part of the menu."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from backend.core.parameters import show_number
from backend.core.views import Axis, Series, View, relabelled
from widgets import theme
from widgets.ticks import Scale
from widgets.views.canvas import Canvas, Key, pen_of
from widgets.views.drawing import draw_dashed, draw_dots, draw_line, points_of
from widgets.views.frame import ViewWidget

TIME_UNITS = ("µs", "ms", "s", "min")


def is_theory(series: Series) -> bool:
    """True for a line that is a prediction, not data."""
    return series.colour == "theory"


def style_of(series: Series, number: int) -> str:
    """Style of a series; theory is dashed, and so is everything from the ninth on."""
    if series.style == "line" and (is_theory(series) or number >= 8):
        return "dash"
    return series.style


def titled(axis: Axis, title: Any) -> Axis:
    """The axis under the title that its data bring, if they do."""
    return replace(axis, label=str(title), unit="") if title and axis.title != title else axis


def three(value: float) -> str:
    """A measured value with three significant digits."""
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 1000:
        return show_number(round(value))
    text = f"{value:.3g}"
    return theme.minus(text)


def unit_words(unit: str) -> str:
    """A unit as it follows a number: after a space, but for the degree."""
    return unit if unit in ("", "°") else f" {unit}"


class PlotView(ViewWidget):
    """A view on a canvas. Kinds implement ``_extent()`` and ``_paint_data(painter, box)``."""

    canvas_class = Canvas

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.canvas = self.canvas_class(view.x, view.y)
        self.canvas.paint_data = self._paint_data
        self.canvas.paint_over = self._paint_over
        self.canvas.read_out = self._read_out
        self.canvas.keys = self._keys()
        self.canvas.wheel_needs_focus = view.place == "result"
        self.canvas.hovered.connect(self.cursor_moved)
        self.canvas.fit_asked.connect(self.fit)
        self.canvas.setAccessibleName(view.title)
        self.locked = False
        self.show_theory = True
        self.show_paper = True
        self.set_content(self.canvas)
        # Numbers, titles and legend take half of the usual least height.
        self.setMinimumHeight(self.minimumHeight() + theme.dp(20))

    def _keys(self) -> list[Key]:
        if len(self.view.series) < 2:
            return []
        return [Key(s.label, s.colour, style_of(s, i)) for i, s in enumerate(self.view.series)]

    # ---- limits --------------------------------------------------------------------------

    def _extent(self) -> tuple[float, float, float, float] | None:
        """Drawn limits of the data: left, right, bottom, top; None without data."""
        raise NotImplementedError

    def _update_limits(self) -> None:
        canvas = self.canvas
        if canvas.zoomed or self.locked:
            canvas.update()
            return
        extent = self._extent()
        if extent is not None:
            left, right, bottom, top = extent
            moved = self._fit_x(*self.whole(left, right))
            moved |= canvas.y_scale.fit(bottom, top, self._running)
            if moved:
                canvas.limits_changed.emit()
        canvas.update()

    def retitle(self, data: Mapping[str, Any]) -> None:
        """Take the titles, the note and the words along x that a channel brings (a scan names
        what it varies, a network its layers)."""
        self.set_note(str(data.get("note", self.view.note)))
        for key, scale in (("x_title", self.canvas.x_scale), ("y_title", self.canvas.y_scale)):
            scale.axis = titled(scale.axis, data.get(key))
        self.canvas.x_scale.labels = [str(word) for word in data.get("x_labels") or ()]
        view = relabelled(self.view, data)
        if view is not self.view:
            self.view = view
            self._show_keys()

    def whole(self, left: float, right: float) -> tuple[float, float]:
        """The range of x; a channel that knows where its run ends shows all of it."""
        known = getattr(self._channel, "extent", None)
        return (left, right) if known is None else (min(left, known[0]), max(right, known[1]))

    def _fit_x(self, left: float, right: float) -> bool:
        if self.canvas.x_scale.labels:  # room for the outer words
            left, right = left - 0.4, right + 0.4
        return self.canvas.x_scale.fit(left, right, self._running, margin=0.0)

    def fit(self) -> None:
        """Show all data again."""
        self.canvas.forget_limits()
        was, self._running = self._running, False
        self._update_limits()
        self._running = was

    def set_running(self, running: bool) -> None:
        stopped = self._running and not running
        super().set_running(running)
        if stopped and not self.canvas.zoomed and not self.locked:
            self.fit()

    def clear(self) -> None:
        super().clear()
        self.canvas.forget_limits()

    def set_cursor(self, x: float | None) -> None:
        """Show a moment that another view or a replay sent, if the axis of x is time."""
        self.canvas.set_cursor(x if self.shows_time else None)

    @property
    def x_title(self) -> str:
        """Title of x as it stands now; a scan names what it varies."""
        return self.canvas.x_scale.axis.title

    @property
    def shows_time(self) -> bool:
        """True where x is the time of a run."""
        axis = self.canvas.x_scale.axis
        return self.view.kind in ("traces", "raster") and axis.unit in TIME_UNITS

    # ---- menu ----------------------------------------------------------------------------

    def menu_actions(self, menu: QMenu) -> list[QAction]:
        own = [
            self.action(menu, "Fit", self.fit),
            self.action(menu, "Lock axes", self.toggle_lock, self.locked),
            self.action(menu, "Log y", self.toggle_log, self.canvas.y_scale.log),
        ]
        if any(is_theory(series) for series in self.view.series):
            own.append(self.action(menu, "Show theory", self.toggle_theory, self.show_theory))
        if any(series.colour == "paper" for series in self.view.series):
            own.append(self.action(menu, "Show paper", self.toggle_paper, self.show_paper))
        line = QAction(menu)
        line.setSeparator(True)
        return [*own, line, *super().menu_actions(menu)]

    def toggle_lock(self) -> None:
        """Hold the axes where they are, or let them follow the data."""
        self.locked = not self.locked
        self._update_limits()

    def toggle_log(self) -> None:
        """Switch the y axis between linear and logarithmic."""
        scale = Scale.of(self.view.y)
        scale.log = not self.canvas.y_scale.log
        scale.fix()
        self.canvas.y_scale = scale
        self.fit()

    def toggle_theory(self) -> None:
        """Show or hide predicted lines."""
        self.show_theory = not self.show_theory
        self._show_keys()

    def toggle_paper(self) -> None:
        """Show or hide the paper's values."""
        self.show_paper = not self.show_paper
        self._show_keys()

    def _show_keys(self) -> None:
        named = self._named_labels()
        self.canvas.keys = [
            key
            for key in self._keys()
            if self.shows(key.colour) and (named is None or key.label in named)
        ]
        self._update_limits()

    def _named_labels(self) -> set[str] | None:
        """Labels of the series that are there; None for all."""
        return None

    def shows(self, colour: str) -> bool:
        """False for series of a meaning that the user hid."""
        hidden = {"theory": not self.show_theory, "paper": not self.show_paper}
        return not hidden.get(colour, False)

    # ---- painting ------------------------------------------------------------------------

    def _paint_data(self, painter: Any, box: Any) -> None:
        raise NotImplementedError

    def _paint_over(self, painter: Any, box: Any) -> None:
        """Labels above the data."""

    def _read_out(self, x: float) -> str:
        return ""

    def _paint_series(
        self, painter: Any, series: Series, number: int, x: np.ndarray, y: np.ndarray
    ) -> None:
        """One line or set of dots, in data coordinates."""
        if not self.shows(series.colour):
            return
        colour = theme.colour(series.colour)
        points = points_of(self.canvas.px(x), self.canvas.py(y))
        style = style_of(series, number)
        if style == "dots":
            draw_dots(painter, points, colour, theme.dp(6 if len(points) < 2000 else 3))
            return
        painter.setPen(pen_of(colour, style))
        (draw_line if style == "line" else draw_dashed)(painter, points)

    def _paint_levels(self, painter: Any, across: bool = True) -> None:
        """Declared reference lines."""
        painter.setPen(pen_of(theme.token("text2"), "dash", 1.0))
        box = self.canvas.box
        for level in self.view.levels:
            if across:
                y = float(self.canvas.py(level))
                draw_dashed(painter, np.array([[box.left(), y], [box.right(), y]]))
            else:
                x = float(self.canvas.px(level))
                draw_dashed(painter, np.array([[x, box.top()], [x, box.bottom()]]))


def finite_range(*arrays: np.ndarray) -> tuple[float, float] | None:
    """Lowest and highest finite value of all arrays."""
    low, high = math.inf, -math.inf
    for values in arrays:
        if values.size:
            good = values[np.isfinite(values)]
            if good.size:
                low, high = min(low, float(good.min())), max(high, float(good.max()))
    return (low, high) if low <= high else None
