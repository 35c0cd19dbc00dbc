"""Centre of the brain panel: the surface, the time course, the vertices kept."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QWidget

from app.panels.view_board import ViewBoard
from backend.core.channels import Channel, Latest
from backend.core.views import Axis, Series, View, column, row
from widgets.views import make_view

PIN_COLOURS = ("1", "3", "4", "5", "6", "7")
"""Vertices kept beside the one chosen, which is 2."""
VIEWS = (
    View("surface", "Surface", "surface", "surface", icon="brain",
         empty="Open a surface, or use the example.",
         help="Drag turns all views, the wheel zooms, Ctrl+drag moves, double click resets. A "
         "click reads a vertex, Shift+click keeps it beside others. Arrow keys turn too."),
    View("course", "Time course", "traces", "course", icon="chart-line", picks="moment",
         x=Axis("time", "ms"), y=Axis("value"),
         series=(Series("vertex", "vertex", "2"),
                 *(Series(f"pin{i}", f"pin {i}", c) for i, c in enumerate(PIN_COLOURS, 1)),
                 Series("now", "moment", "accent")),
         empty="Click the surface; the vertex's values over time or maps appear here.",
         help="A click sets the moment that the surface shows."),
    View("kept", "Selected vertices", "bars", "kept", icon="chart-bar", priority=2,
         y=Axis("value"), series=(Series("value", "value", "2"),),
         empty="Shift+click keeps a vertex; its value appears here beside others."),
    View("slices", "Slices", "slices", "slices", icon="axis-arrow",
         empty="Click the surface, or open a NIfTI volume.",
         help="The volume that was projected, over the MNI template. A click or drag moves to the "
         "nearest vertex of the surface."),
)  # fmt: skip
LAYOUT = column("surface", row("course", "kept", weights=(1.9, 1)), weights=(2.7, 1))
VOLUME_LAYOUT = column("surface", row("course", "slices", weights=(1, 1.4)), weights=(2.2, 1))


class BrainBoard(ViewBoard):
    """The views; what they draw is published by the page."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Brain", {one.id: make_view(one) for one in VIEWS}, LAYOUT, None, parent)
        self.channels = {one.channel: Latest() for one in VIEWS}

    def channel(self, name: str, view_id: str = "") -> Channel:
        return self.channels[name]

    def publish(self, name: str, **data: Any) -> None:
        """What a view draws from now; nothing empties it."""
        self.channels[name].publish(**data)

    def show_slices(self, on: bool) -> None:
        """Slices stand beside the course while a volume is in hand."""
        self.grid.set_split(VOLUME_LAYOUT if on else LAYOUT)

    def pull(self) -> None:
        """Draw what is new."""
        self.grid.pull(self.channels)
