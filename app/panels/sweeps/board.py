"""Centre of the sweeps panel: the map of means with its intervals, or a curve."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QWidget

from app.panels.view_board import ViewBoard
from backend.core.channels import Channel, Latest
from backend.core.sweeps import Sweep
from backend.core.views import Series, View, column, row
from backend.studies import find
from widgets.views import make_view

VIEWS = (
    View("map", "Mean", "matrix", "map", icon="grid", square=False,
         empty="Means of the cells appear as the jobs end.",
         help="Click a cell to see its trials."),
    View("interval", "Half the 95 % interval", "matrix", "interval", icon="arrow-expand-vertical",
         square=False, colour_map="magma", empty="Needs two trials of a cell.",
         help="Student's t over the trials of a cell."),
    View("curve", "By the first parameter", "traces", "curve", icon="chart-line",
         series=tuple(Series(f"l{i}", f"{i}", str(i)) for i in range(1, 9)),
         empty="Means appear as the jobs end.",
         help="A line a value of the second parameter, at most eight; bands are 95 % intervals."),
)  # fmt: skip
LAYOUT = column(row("map", "interval"), "curve", weights=(3, 2))
MOST_LINES = 8


class SweepBoard(ViewBoard):
    """Draws a sweep's present state."""

    def __init__(self, parent: QWidget | None = None) -> None:
        views = {view.id: make_view(view) for view in VIEWS}
        super().__init__("Sweep", views, LAYOUT, parent=parent)
        self.channels = {view.channel: Latest() for view in VIEWS}

    def channel(self, name: str, view_id: str = "") -> Channel:
        return self.channels[name]

    def pull(self) -> None:
        """Draw what is new."""
        self.grid.pull(self.channels)

    def forget(self) -> None:
        """Nothing is shown."""
        for channel in self.channels.values():
            channel.publish()

    def draw(self, sweep: Sweep, quantity: str) -> None:
        """Publish one quantity of a sweep."""
        study = find(sweep.plan.study)
        declared = study.quantities[quantity]
        mean, half, count = sweep.summary(quantity)
        first = sweep.plan.axes[0]
        second = sweep.plan.axes[1] if len(sweep.plan.axes) > 1 else None
        titles = [axis_title(study, axis.parameter) for axis in sweep.plan.axes]
        done = int(count.sum())
        note = f"{declared.label}{unit_of(declared)}, {done:,} of {sweep.plan.size:,} trials"
        shared: dict[str, Any] = {
            "y_labels": [word(v) for v in first.values], "y_title": titles[0],
            "x_labels": [word(v) for v in second.values] if second else [""],
            "x_title": titles[1] if second else "", "note": note,
        }  # fmt: skip
        rows = mean.reshape(len(first.values), -1)
        self.channels["map"].publish(image=rows, **shared)
        self.channels["interval"].publish(image=half.reshape(rows.shape), **shared)
        self._draw_curve(sweep, rows, half.reshape(rows.shape), titles, declared)

    def _draw_curve(
        self, sweep: Sweep, mean: np.ndarray, half: np.ndarray, titles: list[str], declared: Any
    ) -> None:
        """A line a value of the second parameter."""
        values = sweep.plan.axes[0].values
        numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
        x = np.array(values, float) if numbers else np.arange(len(values), dtype=float)
        data: dict[str, Any] = {"x": x, "x_title": titles[0], "bands": {}}
        if not numbers:
            data["x_labels"] = [word(v) for v in values]
        second = sweep.plan.axes[1].values if len(sweep.plan.axes) > 1 else ()
        shown = list(range(mean.shape[1]))
        if len(shown) > MOST_LINES:
            shown = [int(i) for i in np.linspace(0, mean.shape[1] - 1, MOST_LINES).round()]
        for line, place in enumerate(shown, 1):
            data[f"l{line}"] = mean[:, place]
            if np.isfinite(half[:, place]).any():
                spread = np.nan_to_num(half[:, place])
                data["bands"][f"l{line}"] = (mean[:, place] - spread, mean[:, place] + spread)
        if second:
            words = {f"l{i}": word(second[k]) for i, k in enumerate(shown, 1)}
            data |= {"series_labels": words, "note": f"lines by {titles[1]}"}
        data["y_title"] = f"{declared.label}{unit_of(declared)}"
        self.channels["curve"].publish(**data)


def unit_of(declared: Any) -> str:
    """A unit in brackets."""
    return f" ({declared.unit})" if declared.unit else ""


def axis_title(study: Any, parameter: str) -> str:
    """A parameter's label with its unit."""
    declared = study.Parameters.declaration(parameter)
    return f"{declared.label}{unit_of(declared)}"


def word(value: Any) -> str:
    """A value of an axis."""
    return f"{value:g}" if isinstance(value, float) else str(value)
