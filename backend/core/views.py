"""What a study shows, declared once: the window, the report and the headless tour draw the same.

A view names a kind, the channel that feeds it, axes, units and colours by *meaning* ("E", "I",
"figure", "theory"); widgets and figures turn meanings into colours of a theme.

What a channel must hold for each kind (arrays; missing keys are allowed unless marked *):

``raster``        ring with columns time, row, group (index into ``series``)
``traces``        ring with columns x and one per series; or latest ``x``\\*, one array per series
                  name, optional ``bands`` {name: (low, high)}
``image``         latest ``image``\\* (H, W) or (H, W, 3) uint8, row 0 at the top unless
                  ``origin="lower"``; optional ``markers``: list of Marker, ``note``, ``limits``
                  of the colours, ``extent`` in the place of the view's
                  plots may bring ``x_title``, ``y_title``, ``x_labels`` (words at 0, 1, 2 ...)
                  and ``series_labels`` {series name: words of the legend}
``histogram``     latest ``edges``\\*, one array of counts or densities per bar series, and for
                  each line series NAME arrays ``NAME_x`` and ``NAME``
``bars``          latest ``labels``\\* list of str, ``values``\\*
``psychometric``  latest ``x``\\*, ``y``\\*, ``low``, ``high``, ``fit_x``, ``fit_y``, ``threshold``;
                  ``band`` (low, high) across all x, with ``band_label``
``scatter``       latest ``x``\\*, one array per series name
``matrix``        latest ``image``\\*, ``x_labels``, ``y_labels``, ``categories`` (list of str)
``checks``        latest ``rows``\\*: list of (rich text, True | False | None, value text)
``band``          latest ``x``\\*: edges (n+1,), ``labels``\\*: n words, ``here``: position
``counters``      latest ``lead``\\*, ``caption``, ``rows``: list of (label, note, value text)
``editor``        latest ``image``\\*; drawn with the figure editor (the study names its parameter)
``pictures``      latest ``image`` uint8 and ``parts``: list of (caption, image uint8), ``note``
``sheet``         a contact sheet, fed by a source of pictures
``maps``          latest ``maps``\\* (channels, H, W): channels of a layer, one selectable; ``note``
``lasso``         latest ``x``\\*, ``y``\\*: points that are chosen by drawing around them;
                  ``x_title``, ``y_title``, ``note``
``surface``       latest ``drawing``\\*: a cortex from several sides, and ``note``
``slices``        latest ``slices``\\*: planes of a volume (backend.brain.slices), ``note``
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

ViewKind = Literal[
    "raster", "traces", "image", "histogram", "bars", "psychometric", "scatter", "matrix",
    "checks", "band", "counters", "editor", "pictures", "sheet", "maps", "lasso",
    "surface", "slices",
]  # fmt: skip


@dataclass(frozen=True)
class Axis:
    """Axis title and unit; ``low``/``high`` fix the limits, ``log`` makes it logarithmic."""

    label: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    log: bool = False

    @property
    def title(self) -> str:
        return f"{self.label} ({self.unit})" if self.unit else self.label


@dataclass(frozen=True)
class Series:
    """One line, bar set or group; ``colour`` is a meaning (see widgets.theme) or "1" to "8"."""

    name: str
    label: str
    colour: str = "1"
    style: Literal["line", "dash", "dot", "dots", "bars"] = "line"


@dataclass(frozen=True)
class Marker:
    """A mark on an image in its data coordinates: ring, cross, path, bar or text.

    ``path`` uses ``points`` [(x, y), ...]; ``bar`` is a scale bar of length ``radius``.
    """

    kind: Literal["ring", "cross", "path", "bar", "text"]
    x: float = 0.0
    y: float = 0.0
    radius: float = 0.0
    label: str = ""
    colour: str = "mark"
    dashed: bool = False
    points: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class View:
    """One declared view.

    ``colour_map`` is a pyqtgraph map name, ``limits`` its fixed ends (None: 0 to 99th percentile);
    ``extent`` = (left, bottom, right, top) data coordinates of an image, unless its data bring
    their own; ``priority`` 3 folds into
    a tab on small windows; ``place`` "result" puts it under the result table; ``drag`` names two
    parameters that follow a drag on the image; ``edits`` a parameter that an editor paints into;
    ``picks`` a parameter that becomes the x of a dot that is clicked;
    ``span`` is the visible length of x for rolling rings; ``square`` False lets an image fill its
    view.
    """

    id: str
    title: str
    kind: ViewKind
    channel: str
    note: str = ""
    icon: str = "chart-scatter-plot"
    x: Axis = field(default_factory=Axis)
    y: Axis = field(default_factory=Axis)
    series: tuple[Series, ...] = ()
    colour_map: str = "viridis"
    limits: tuple[float, float] | None = None
    unit: str = ""
    extent: tuple[float, float, float, float] | None = None
    origin: Literal["upper", "lower"] = "upper"
    square: bool = True
    priority: int = 1
    place: Literal["views", "result"] = "views"
    drag: tuple[str, str] | None = None
    edits: str = ""
    picks: str = ""
    span: float | None = None
    levels: tuple[float, ...] = ()
    empty: str = "Appears when the study runs."
    help: str = ""


def relabelled(view: View, data: Mapping[str, Any]) -> View:
    """The view with the words of the legend that its data bring; itself when they bring none."""
    words = data.get("series_labels") or {}
    series = tuple(replace(one, label=str(words.get(one.name, one.label))) for one in view.series)
    return view if series == view.series else replace(view, series=series)


@dataclass(frozen=True)
class Split:
    """Nested arrangement of view ids; weights are relative sizes along the direction."""

    direction: Literal["row", "column"]
    items: tuple[str | Split, ...]
    weights: tuple[float, ...] = ()


def row(*items: str | Split, weights: tuple[float, ...] = ()) -> Split:
    """Views side by side."""
    return Split("row", items, weights)


def column(*items: str | Split, weights: tuple[float, ...] = ()) -> Split:
    """Views one below the other."""
    return Split("column", items, weights)
