"""Views of live data, one class a kind; made from their declaration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backend.core.views import View

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from widgets.views.frame import ViewWidget

KINDS = {
    "raster": ("raster", "RasterView"),
    "traces": ("traces", "TracesView"),
    "image": ("image", "ImageView"),
    "editor": ("editor", "EditorView"),
    "matrix": ("image", "MatrixView"),
    "surface": ("surface", "SurfaceView"),
    "slices": ("slices", "SlicesView"),
    "lasso": ("lasso", "LassoView"),
    "maps": ("maps", "MapsView"),
    "histogram": ("charts", "HistogramView"),
    "bars": ("charts", "BarsView"),
    "psychometric": ("charts", "PsychometricView"),
    "scatter": ("charts", "ScatterView"),
    "checks": ("lists", "ChecksView"),
    "band": ("lists", "BandView"),
    "counters": ("lists", "CountersView"),
    "pictures": ("pictures", "PicturesView"),
    "sheet": ("pictures", "SheetView"),
}


def make_view(view: View, parent: QWidget | None = None) -> ViewWidget:
    """The widget that draws a declared view."""
    import importlib

    module, name = KINDS[view.kind]
    made: ViewWidget = getattr(importlib.import_module(f"widgets.views.{module}"), name)(
        view, parent
    )
    return made
