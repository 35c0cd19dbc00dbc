"""Lines over time or any x: rolling from a ring, or whole from the newest value."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from backend.core.views import View
from widgets import theme
from widgets.views.drawing import draw_polygon, points_of, thin
from widgets.views.plot import PlotView, finite_range, three, unit_words


class TracesView(PlotView):
    """Kind ``traces``."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self._lines: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self._bands: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        self._named: set[str] = set()
        self._end = 0
        self._held = 0
        if view.picks:
            self.canvas.clicked.connect(self._click)

    def _click(self, x: float, y: float) -> None:
        """The x of the data nearest to the click."""
        places = [line[0] for line in self._lines.values() if len(line[0])]
        if places:
            every = np.concatenate(places)
            self.picked.emit(float(every[np.argmin(np.abs(every - x))]))

    def clear(self) -> None:
        super().clear()
        self._lines, self._bands = {}, {}
        self._named = set()
        self._end = self._held = 0

    def _draw(self, channel: Any) -> bool:
        if hasattr(channel, "since"):
            self._take_ring(channel)
        else:
            self._take_latest(channel.snapshot())
        self._name_lines()
        self._update_limits()
        return any(len(x) for x, _ in self._lines.values())

    def _name_lines(self) -> None:
        """A legend for the lines that are there; a mode may leave some out."""
        there = {name for name, (_, y) in self._lines.items() if len(y) and not np.isnan(y).all()}
        if there != self._named:
            self._named = there
            self._show_keys()

    def _named_labels(self) -> set[str]:
        return {s.label for s in self.view.series if s.name in self._named}

    def _take_ring(self, channel: Any) -> None:
        """Newest rows, at least the visible span; older rows are not even copied."""
        rows, self._end = channel.since(self._end - self._held if self.view.span else 0)
        x = rows[:, 0]
        if self.view.span and len(x):
            first = int(np.searchsorted(x, x[-1] - 1.05 * self.view.span))
            rows, x = rows[first:], x[first:]
        self._held = len(rows)
        names = channel.columns
        self._lines = {
            s.name: (x, rows[:, names.index(s.name)]) for s in self.view.series if s.name in names
        }

    def _take_latest(self, data: dict[str, Any]) -> None:
        self.retitle(data)
        x = np.asarray(data.get("x", ()), float)
        self._lines = {}
        for series in self.view.series:
            if series.name in data:
                own = np.asarray(data.get(f"{series.name}_x", x), float)
                y = np.asarray(data[series.name], float)
                n = min(len(own), len(y))
                self._lines[series.name] = (own[:n], y[:n])
        self._bands = {
            name: (x, np.asarray(low, float), np.asarray(high, float))
            for name, (low, high) in (data.get("bands") or {}).items()
        }

    def _extent(self) -> tuple[float, float, float, float] | None:
        canvas = self.canvas
        shown = [
            (canvas.x_scale.drawn(x), canvas.y_scale.drawn(y))
            for s in self.view.series
            if s.name in self._lines and self.shows(s.colour)
            for x, y in (self._lines[s.name],)
        ]
        bands = [
            canvas.y_scale.drawn(e) for _, low, high in self._bands.values() for e in (low, high)
        ]
        across = finite_range(*(x for x, _ in shown))
        up = finite_range(*(y for _, y in shown), *bands)
        return None if across is None or up is None else (*across, *up)

    def _fit_x(self, left: float, right: float) -> bool:
        span = self.view.span
        if span is None:
            return super()._fit_x(left, right)
        return self.canvas.x_scale.roll(max(right, left + span), span)

    def _paint_data(self, painter: QPainter, box: Any) -> None:
        colours = {series.name: series.colour for series in self.view.series}
        for name, (x, low, high) in self._bands.items():
            tint = theme.colour(colours.get(name, "text3"))
            tint.setAlphaF(0.22)
            painter.setBrush(tint)
            painter.setPen(tint)
            px = self.canvas.px(x)
            up, down = points_of(px, self.canvas.py(high)), points_of(px, self.canvas.py(low))
            draw_polygon(painter, np.concatenate([up, down[::-1]]))
        if self.view.levels:
            self._paint_levels(painter)
        columns = max(int(box.width()), 2)
        order = sorted(enumerate(self.view.series), key=lambda one: one[1].colour == "theory")
        for number, series in order:
            if series.name in self._lines:
                x, y = self._lines[series.name]
                if series.style != "dots":
                    x, y = thin(x, y, columns)
                self._paint_series(painter, series, number, x, y)

    def _read_out(self, x: float) -> str:
        words = []
        for series in self.view.series:
            xs, ys = self._lines.get(series.name, (np.empty(0), np.empty(0)))
            if len(xs) and xs[0] <= x <= xs[-1]:
                right = min(int(np.searchsorted(xs, x)), len(xs) - 1)
                near = right - 1 if right and x - xs[right - 1] < xs[right] - x else right
                if np.isfinite(ys[near]):
                    words.append(f"{series.label} {three(float(ys[near]))}")
        unit = unit_words(self.view.x.unit)
        return f"{three(x)}{unit}: {', '.join(words)}" if words else ""

    def summary(self) -> str:
        parts = [
            f"{s.label} {three(float(self._lines[s.name][1][-1]))}"
            for s in self.view.series
            if s.name in self._named and np.isfinite(self._lines[s.name][1][-1])
        ]
        unit = unit_words(self.view.y.unit)
        return f"{', '.join(parts)}{unit}" if parts else ""

    def data(self) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        last: np.ndarray | None = None
        for series in self.view.series:
            if series.name not in self._lines:
                continue
            x, y = self._lines[series.name]
            if last is None or x is not last:
                title = self.view.x.title or "x"
                columns[title if last is None else f"{title}, {series.label}"] = x
                last = x
            unit = f" ({self.view.y.unit})" if self.view.y.unit else ""
            columns[f"{series.label}{unit}"] = y
        for name, (_, low, high) in self._bands.items():
            columns[f"{name} low"], columns[f"{name} high"] = low, high
        return columns
