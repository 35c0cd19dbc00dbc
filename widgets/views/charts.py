"""Histogram, bars, psychometric curve and scatter."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from backend.core.views import Series, View
from widgets import theme
from widgets.ticks import HUGE
from widgets.views.canvas import Key, pen_of
from widgets.views.drawing import draw_bars, draw_dots, draw_line, points_of
from widgets.views.plot import PlotView, finite_range, three, unit_words


class HistogramView(PlotView):
    """Kind ``histogram``: bars over shared edges, lines for theory."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self._edges = np.empty(0)
        self._bars: dict[str, np.ndarray] = {}
        self._lines: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def _keys(self) -> list[Key]:
        return [
            Key(key.label, key.colour, "bars" if key.style == "line" else key.style)
            if not is_line_key(series)
            else key
            for key, series in zip(super()._keys(), self.view.series, strict=False)
        ]

    def _draw(self, channel: Any) -> bool:
        data = channel.snapshot()
        self.retitle(data)
        self._edges = np.asarray(data.get("edges", ()), float)
        self._bars, self._lines = {}, {}
        for series in self.view.series:
            if f"{series.name}_x" in data and series.name in data:
                x, y = data[f"{series.name}_x"], data[series.name]
                self._lines[series.name] = (np.asarray(x, float), np.asarray(y, float))
            elif series.name in data and len(data[series.name]) == len(self._edges) - 1:
                self._bars[series.name] = np.asarray(data[series.name], float)
        self._update_limits()
        return bool(self._bars or self._lines)

    def _extent(self) -> tuple[float, float, float, float] | None:
        xs = [self.canvas.x_scale.drawn(self._edges), *(x for x, _ in self._lines.values())]
        ys = [self.canvas.y_scale.drawn(v) for v in self._bars.values()]
        if self.show_theory:
            ys += [self.canvas.y_scale.drawn(y) for _, y in self._lines.values()]
        across, up = finite_range(*xs), finite_range(*ys)
        if across is None or up is None:
            return None
        bottom = up[0] if self.canvas.y_scale.log else 0.0
        return (*across, bottom, max(up[1], bottom + 1e-9))

    def _paint_data(self, painter: QPainter, box: QRectF) -> None:
        canvas = self.canvas
        edges = canvas.px(self._edges)
        for series in self.view.series:
            if series.name not in self._bars:
                continue
            tops = np.minimum(canvas.py(self._bars[series.name]), box.bottom())
            # Whole pixels and, for one series, an opaque mix with the ground: four times as fast.
            left, right = np.round(edges[:-1]), np.round(edges[1:])
            right -= np.where(right - left > 3, 1.0, 0.0)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._bar_ink(series))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            bottom = np.ceil(box.bottom())
            draw_bars(painter, left, np.round(tops), right - left, bottom - np.round(tops))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, series in enumerate(self.view.series):
            if series.name in self._lines:
                self._paint_series(painter, series, number, *self._lines[series.name])
        if self.view.levels:
            self._paint_levels(painter, across=False)

    def _bar_ink(self, series: Series) -> QColor:
        ink, ground = theme.colour(series.colour), theme.token("base")
        if len(self._bars) > 1:
            ink.setAlphaF(0.55)
            return ink
        return QColor(
            round(0.75 * ink.red() + 0.25 * ground.red()),
            round(0.75 * ink.green() + 0.25 * ground.green()),
            round(0.75 * ink.blue() + 0.25 * ground.blue()),
        )

    def _read_out(self, x: float) -> str:
        i = int(np.searchsorted(self._edges, x)) - 1
        if not 0 <= i < len(self._edges) - 1:
            return ""
        words = [
            f"{s.label} {three(float(self._bars[s.name][i]))}"
            for s in self.view.series
            if s.name in self._bars
        ]
        unit = unit_words(self.view.x.unit)
        span = f"{three(float(self._edges[i]))} to {three(float(self._edges[i + 1]))}{unit}"
        return f"{span}: {', '.join(words)}"

    def summary(self) -> str:
        words = []
        for series in self.view.series:
            counts = self._bars.get(series.name)
            if counts is None:
                continue
            with np.errstate(invalid="ignore", over="ignore"):
                middle = (self._edges[:-1] + self._edges[1:]) / 2
            good = (np.abs(counts) < HUGE) & (np.abs(middle) < HUGE)
            middle, counts = middle[good], counts[good]
            if counts.sum() > 0:
                mean = float((middle * counts).sum() / counts.sum())
                words.append(f"{series.label} mean {three(mean)} {self.view.x.unit}".rstrip())
        return ", ".join(words)

    def data(self) -> dict[str, Any]:
        columns: dict[str, Any] = {"from": self._edges[:-1], "to": self._edges[1:]}
        columns.update(self._bars)
        for name, (x, y) in self._lines.items():
            columns[f"{name} x"], columns[name] = x, y
        return columns


def is_line_key(series: Series) -> bool:
    """True when the histogram draws this series as a line."""
    return series.style in ("dash", "dot") or series.colour == "theory"


class BarsView(PlotView):
    """Kind ``bars``: named values; sideways under the result table."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self._labels: list[str] = []
        self._values = np.empty(0)
        self._ends: tuple[np.ndarray, np.ndarray] | None = None
        self.sideways = view.place == "result"
        self.canvas.keys = []
        self.canvas.cursor_line = False
        self.canvas.clicked.connect(self._click)

    def natural_height(self) -> int:
        rows = len(self._labels) or 4
        return theme.dp(27 + 46 + 24 * rows) if self.sideways else super().natural_height()

    def _draw(self, channel: Any) -> bool:
        data = channel.snapshot()
        self.retitle(data)
        self._labels = [str(label) for label in data.get("labels", ())]
        self._values = np.asarray(data.get("values", ()), float)
        ends = data.get("low"), data.get("high")
        self._ends = None
        if ends[0] is not None and ends[1] is not None:
            self._ends = (np.asarray(ends[0], float), np.asarray(ends[1], float))
        canvas = self.canvas
        names = canvas.y_scale if self.sideways else canvas.x_scale
        names.labels = self._labels[::-1] if self.sideways else self._labels
        self._update_limits()
        return len(self._values) > 0

    def _update_limits(self) -> None:
        canvas = self.canvas
        names, sizes = (
            (canvas.y_scale, canvas.x_scale) if self.sideways else (canvas.x_scale, canvas.y_scale)
        )
        names.low, names.high = -0.6, max(len(self._values), 1) - 0.4
        if not (canvas.zoomed or self.locked):
            ends = [sizes.drawn(end) for end in self._ends or ()]
            found = finite_range(sizes.drawn(self._values), *ends)
            if found is not None:
                low, high = found
                if not sizes.log:
                    low, high = min(low, 0.0), max(high, 0.0)
                sizes.fit(low, high, self._running)
        canvas.update()

    def _colours(self) -> list[str]:
        series = self.view.series
        if len(series) == len(self._values):
            return [one.colour for one in series]
        return [series[0].colour if series else "1"] * len(self._values)

    def _paint_data(self, painter: QPainter, box: QRectF) -> None:
        canvas = self.canvas
        places = np.arange(len(self._values), dtype=float)
        zero = float((canvas.px if self.sideways else canvas.py)(0.0))
        if not np.isfinite(zero):
            zero = box.left() if self.sideways else box.bottom()
        painter.setPen(Qt.PenStyle.NoPen)
        room = (box.height() if self.sideways else box.width()) / max(len(places), 1)
        thick = min(room * 0.66, theme.dp(18) if self.sideways else theme.dp(56))
        for place, value, meaning in zip(places, self._values, self._colours(), strict=True):
            painter.setBrush(theme.colour(meaning))
            if self.sideways:
                middle = float(canvas.py(len(places) - 1 - place))
                end = float(canvas.px(value))
                bar = QRectF(min(zero, end), middle - thick / 2, abs(end - zero), thick)
            else:
                middle, end = float(canvas.px(place)), float(canvas.py(value))
                bar = QRectF(middle - thick / 2, min(zero, end), thick, abs(end - zero))
            if np.isfinite(end):
                painter.drawRect(bar)
        painter.setPen(QPen(theme.token("text3"), 1))
        if self.sideways:
            painter.drawLine(QPointF(zero, box.top()), QPointF(zero, box.bottom()))
        elif zero < box.bottom() - 1:
            painter.drawLine(QPointF(box.left(), zero), QPointF(box.right(), zero))
        if self._ends is not None and not self.sideways:
            draw_errors(painter, canvas.px(places), *(canvas.py(end) for end in self._ends))
        if self.view.levels:
            self._paint_levels(painter, across=not self.sideways)

    def _click(self, x: float, y: float) -> None:
        place = len(self._values) - 1 - round(y) if self.sideways else round(x)
        if 0 <= place < len(self._values):
            self.picked.emit(place)

    def _read_out(self, x: float) -> str:
        i = round(x)
        if self.sideways or not 0 <= i < len(self._values):
            return ""
        unit = unit_words(self.view.y.unit)
        return f"{self._labels[i]}: {three(float(self._values[i]))}{unit}"

    def summary(self) -> str:
        pairs = zip(self._labels, self._values, strict=False)
        return ", ".join(f"{label} {three(float(value))}" for label, value in pairs)

    def data(self) -> dict[str, Any]:
        axis = self.view.x if self.sideways else self.view.y
        columns: dict[str, Any] = {
            "name": self._labels,
            axis.title or "value": self._values,
        }
        if self._ends is not None:
            columns["low"], columns["high"] = self._ends
        return columns


def draw_errors(painter: QPainter, x: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    """Error bars with 6 px caps."""
    painter.setPen(QPen(theme.token("text2"), 1.25))
    half = theme.dp(3)
    for at, down, up in zip(x, low, high, strict=False):
        if np.isfinite(at) and np.isfinite(down) and np.isfinite(up):
            painter.drawLine(QPointF(at, down), QPointF(at, up))
            painter.drawLine(QPointF(at - half, down), QPointF(at + half, down))
            painter.drawLine(QPointF(at - half, up), QPointF(at + half, up))


class PsychometricView(PlotView):
    """Kind ``psychometric``: proportions with intervals, the fit, its threshold."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self._data: dict[str, np.ndarray] = {}
        self._threshold: float | None = None
        self._band: tuple[float, float] | None = None
        self._band_label = ""

    def _keys(self) -> list[Key]:
        return super()._keys() if len(self.view.series) > 1 else []

    def _draw(self, channel: Any) -> bool:
        data = channel.snapshot()
        self.retitle(data)
        names = ("x", "y", "low", "high", "fit_x", "fit_y")
        self._data = {n: np.asarray(data[n], float) for n in names if data.get(n) is not None}
        threshold = data.get("threshold")
        self._threshold = float(threshold) if threshold is not None else None
        band = data.get("band")
        self._band = (float(band[0]), float(band[1])) if band is not None else None
        self._band_label = str(data.get("band_label", ""))
        self._update_limits()
        return len(self._data.get("x", ())) > 0

    def _extent(self) -> tuple[float, float, float, float] | None:
        some = {name: self._data.get(name, np.empty(0)) for name in
                ("x", "y", "low", "high", "fit_x", "fit_y")}  # fmt: skip
        across = finite_range(*(self.canvas.x_scale.drawn(some[n]) for n in ("x", "fit_x")))
        up = finite_range(
            *(some[n] for n in ("y", "low", "high", "fit_y")), np.array(self._band or ())
        )
        if across is None or up is None:
            return None
        return (*across, min(up[0], 0.0), max(up[1], 1.0) if up[1] <= 1.0 else up[1])

    def _fit_x(self, left: float, right: float) -> bool:
        if self.canvas.x_scale.labels:
            return super()._fit_x(left, right)
        return self.canvas.x_scale.fit(left, right, self._running, margin=0.06)

    def _paint_data(self, painter: QPainter, box: QRectF) -> None:
        canvas, data = self.canvas, self._data
        meaning = self.view.series[0].colour if self.view.series else "people"
        if self._band is not None:
            tint = theme.token("text3")
            tint.setAlphaF(0.22)
            bottom, top = (float(canvas.py(edge)) for edge in self._band)
            tall = max(bottom - top, 1.0)
            painter.fillRect(QRectF(box.left(), bottom - tall, box.width(), tall), tint)
        if self.view.levels:
            self._paint_levels(painter)
        if self._threshold is not None and np.isfinite(self._threshold):
            painter.setPen(QPen(theme.token("text3"), 1))
            at = float(canvas.px(self._threshold))
            painter.drawLine(QPointF(at, box.top()), QPointF(at, box.bottom()))
        if "fit_x" in data and "fit_y" in data:
            painter.setPen(pen_of(theme.colour(meaning), "line", 2.0))
            draw_line(painter, points_of(canvas.px(data["fit_x"]), canvas.py(data["fit_y"])))
        x, y = canvas.px(data["x"]), canvas.py(data["y"])
        if "low" in data and "high" in data:
            draw_errors(painter, x, canvas.py(data["low"]), canvas.py(data["high"]))
        draw_dots(painter, points_of(x, y), theme.colour(meaning), theme.dp(7))

    def _paint_over(self, painter: QPainter, box: QRectF) -> None:
        if self._band is not None and self._band_label:
            painter.setFont(theme.font("caption"))
            painter.setPen(theme.token("text2"))
            tall = painter.fontMetrics().height()
            top = float(self.canvas.py(self._band[1])) - tall - 1
            below = float(self.canvas.py(self._band[0])) + 1
            place = top if top >= box.top() else below
            painter.drawText(
                QRectF(box.left() + theme.dp(5), place, box.width() - theme.dp(10), tall),
                Qt.AlignmentFlag.AlignLeft, self._band_label,
            )  # fmt: skip
        if self._threshold is None or not np.isfinite(self._threshold):
            return
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.token("text"))
        unit = unit_words(self.view.x.unit)
        text = f"threshold {three(self._threshold)}{unit}"
        x = float(self.canvas.px(self._threshold)) + theme.dp(5)
        width = painter.fontMetrics().horizontalAdvance(text)
        x = min(x, box.right() - width)
        tall = painter.fontMetrics().height()
        room = QRectF(x - 2, box.top() + theme.dp(2), width + 4, tall)
        painter.fillRect(room, theme.token("base"))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)

    def _read_out(self, x: float) -> str:
        xs = self._data.get("x", np.empty(0))
        if not len(xs):
            return ""
        i = int(np.argmin(np.abs(xs - x)))
        unit = unit_words(self.view.x.unit)
        return f"{three(float(xs[i]))}{unit}: {three(float(self._data['y'][i]))}"

    def summary(self) -> str:
        points = f"{len(self._data.get('x', ()))} points"
        if self._band is not None:
            low, high = map(three, self._band)
            points += f", {self._band_label or 'band'} {low} to {high}"
        if self._threshold is None:
            return points
        return f"{points}, threshold {three(self._threshold)}{unit_words(self.view.x.unit)}"

    def data(self) -> dict[str, Any]:
        return dict(self._data)


class ScatterView(PlotView):
    """Kind ``scatter``: dots, lines where a series says so."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self._lines: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self.canvas.cursor_line = False
        self.canvas.clicked.connect(self._click)

    def _keys(self) -> list[Key]:
        if len(self.view.series) < 2:
            return []
        return [
            Key(s.label, s.colour, "dots" if self._dotted(s) else "dash") for s in self.view.series
        ]

    @staticmethod
    def _dotted(series: Series) -> bool:
        return series.style in ("dots", "bars") or (
            series.style == "line" and series.colour != "theory"
        )

    def _draw(self, channel: Any) -> bool:
        data = channel.snapshot()
        self.retitle(data)
        x = np.asarray(data.get("x", ()), float)
        self._lines = {}
        for series in self.view.series:
            if series.name in data:
                y = np.asarray(data[series.name], float)
                own = np.asarray(data.get(f"{series.name}_x", x), float)
                n = min(len(own), len(y))
                self._lines[series.name] = (own[:n], y[:n])
        self._update_limits()
        return any(len(x) for x, _ in self._lines.values())

    def _extent(self) -> tuple[float, float, float, float] | None:
        shown = [
            self._lines[s.name]
            for s in self.view.series
            if s.name in self._lines and self.shows(s.colour)
        ]
        across = finite_range(*(self.canvas.x_scale.drawn(x) for x, _ in shown))
        up = finite_range(*(self.canvas.y_scale.drawn(y) for _, y in shown))
        return None if across is None or up is None else (*across, *up)

    def _fit_x(self, left: float, right: float) -> bool:
        return self.canvas.x_scale.fit(left, right, self._running)

    def _paint_data(self, painter: QPainter, box: QRectF) -> None:
        if self.view.levels:
            self._paint_levels(painter)
        for number, series in enumerate(self.view.series):
            if series.name not in self._lines or not self.shows(series.colour):
                continue
            x, y = self._lines[series.name]
            if not self._dotted(series):
                self._paint_series(painter, series, number, x, y)
            elif series.colour == "paper":
                self._paint_diamonds(painter, x, y)
            else:
                points = points_of(self.canvas.px(x), self.canvas.py(y))
                size = theme.dp(6 if len(x) < 2000 else 3)
                draw_dots(painter, points, theme.colour(series.colour), size)

    def _paint_diamonds(self, painter: QPainter, x: np.ndarray, y: np.ndarray) -> None:
        """The paper's values."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.token("text"))
        r = theme.dp(4.5)
        for px, py in points_of(self.canvas.px(x), self.canvas.py(y)):
            painter.drawPolygon(
                QPolygonF([QPointF(px - r, py), QPointF(px, py - r), QPointF(px + r, py),
                           QPointF(px, py + r)])
            )  # fmt: skip

    def nearest(self, x: float, y: float) -> tuple[str, int] | None:
        """(series, index) of the dot nearest to a place, within 12 px."""
        canvas = self.canvas
        least, best = float(theme.dp(12)), None
        at = np.array([float(canvas.px(x)), float(canvas.py(y))])
        for name, (xs, ys) in self._lines.items():
            if len(xs):
                away = np.hypot(*(points_of(canvas.px(xs), canvas.py(ys)) - at).T)
                i = int(np.nanargmin(away)) if np.isfinite(away).any() else -1
                if i >= 0 and away[i] < least:
                    least, best = float(away[i]), (name, i)
        return best

    def _click(self, x: float, y: float) -> None:
        found = self.nearest(x, y)
        if found is not None:
            self.picked.emit(found)

    def summary(self) -> str:
        return ", ".join(
            f"{s.label} {len(self._lines[s.name][0])} points"
            for s in self.view.series
            if s.name in self._lines
        )

    def data(self) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        for name, (x, y) in self._lines.items():
            columns[f"{name} x"], columns[name] = x, y
        return columns
