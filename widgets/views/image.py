"""Images and sheets: nearest neighbour, square, a colour bar right, markers, hover read-out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import (
    QAction,
)
from PySide6.QtWidgets import QMenu, QWidget

from backend.core.colours import colour_limits
from backend.core.views import View
from widgets import theme
from widgets.views.frame import ViewWidget
from widgets.views.picture import ImageCanvas, indexed
from widgets.views.plot import three, titled, unit_words

MAPS = {
    "viridis": ("viridis", "cividis"), "magma": ("magma", "inferno"),
    "inferno": ("inferno", "magma"), "CET-D1A": ("CET-D1A", "CET-CBD1"),
}  # fmt: skip


class ImageView(ViewWidget):
    """Kind ``image``."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        canvas = self.canvas = ImageCanvas()
        canvas.origin = view.origin
        canvas.map_name, canvas.unit = view.colour_map, view.unit
        canvas.square = view.square
        canvas.drags = view.drag is not None
        canvas.dragged.connect(self.dragged)
        canvas.hovered.connect(self._hover)
        canvas.clicked.connect(self._click)
        canvas.bar_menu_asked.connect(lambda: self.open_menu(None))
        canvas.setAccessibleName(view.title)
        if canvas.drags:
            canvas.setCursor(Qt.CursorShape.CrossCursor)
        self.set_content(canvas)

    def _draw(self, channel: Any) -> bool:
        data = channel.snapshot()
        image = data.get("image")
        if image is None or np.size(image) == 0:
            return False
        image = np.asarray(image)
        if image.ndim == 2:
            image = np.asarray(image, float)
            self.canvas.limits = data.get("limits") or self._limits_of(image)
        self._frame(data)
        self.canvas.markers = data.get("markers") or ()
        self.canvas.show_image(image)
        self._count_missing(image, str(data.get("note", self.view.note)))
        self._refresh_read_out()
        return True

    def _frame(self, data: Mapping[str, Any]) -> None:
        """Place and titles of the axes, where the data bring their own."""
        x, y = self.view.x, self.view.y
        self.canvas.extent = data.get("extent") or self.view.extent
        self.canvas.axes = (titled(x, data.get("x_title")), titled(y, data.get("y_title")))

    def _limits_of(self, image: np.ndarray) -> tuple[float, float]:
        if self.view.limits is not None:
            return self.view.limits
        low, high = colour_limits(image, self.canvas.map_name)
        held = self.canvas.limits[1]
        if self._running and low > -high and held > high > 0.5 * held:
            return low, held  # no breathing colours
        return low, high

    def _count_missing(self, image: np.ndarray, note: str) -> None:
        missing = int(np.isnan(image).sum()) if image.ndim == 2 else 0
        if missing:
            note = f"{note}, {missing} missing" if note else f"{missing} missing"
        self.set_note(note)

    def clear(self) -> None:
        super().clear()
        self.canvas.image = None
        self.canvas.markers = ()
        self.canvas.render_image()

    def set_map(self, name: str) -> None:
        """Choose another colour map."""
        self.canvas.map_name = name
        self.canvas.render_image()

    def menu_actions(self, menu: QMenu) -> list[QAction]:
        chosen = self.canvas.map_name
        own = [
            self.action(menu, f"Colours {name}", lambda n=name: self.set_map(n), name == chosen)
            for name in MAPS.get(self.view.colour_map, ())
        ]
        return [*own, *super().menu_actions(menu)]

    def _hover(self, row: int, column: int) -> None:
        self._refresh_read_out()

    def _refresh_read_out(self) -> None:
        text = self.cell_text(*self.canvas.over)
        if text != self.canvas.read_out:
            self.canvas.read_out = text
            self.canvas.update()

    def cell_text(self, row: int, column: int) -> str:
        """Row, column and value of a cell."""
        image = self.canvas.image
        if image is None or row < 0 or row >= image.shape[0] or column >= image.shape[1]:
            return ""
        if image.ndim == 3:
            return f"row {row}, column {column}: {', '.join(str(v) for v in image[row, column])}"
        value = float(image[row, column])
        unit = unit_words(self.view.unit)
        return f"row {row}, column {column}: {three(value)}{unit}"

    def _click(self, x: float, y: float) -> None:
        row, column = self.canvas.cell_at(self.canvas.to_pixel(x, y))
        if row >= 0:
            self.picked.emit((row, column))

    def summary(self) -> str:
        image = self.canvas.image
        if image is None or image.ndim != 2:
            return ""
        unit = unit_words(self.view.unit)
        good = image[np.isfinite(image)]
        mean = float(good.mean()) if good.size else float("nan")
        return f"{image.shape[0]} × {image.shape[1]} cells, mean {three(mean)}{unit}"

    def data(self) -> dict[str, Any]:
        image = self.canvas.image
        if image is None:
            return {}
        if image.ndim == 3:
            rows, columns = np.indices(image.shape[:2])
            colours = {
                name: image[..., i].ravel() for i, name in enumerate(("red", "green", "blue"))
            }
            return {"row": rows.ravel(), "column": columns.ravel(), **colours}
        return {str(column): image[:, column] for column in range(image.shape[1])}


class MatrixView(ImageView):
    """Kind ``matrix``: numbers or categories with names on both sides; click picks a cell."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self._categories: list[str] = []
        theme.signals().changed.connect(self._recolour)

    def _recolour(self) -> None:
        if self._categories and self.canvas.image is not None:
            self._paint_categories(self.canvas.image)

    def _draw(self, channel: Any) -> bool:
        data = channel.snapshot()
        names = [[str(v) for v in data.get(key) or ()] for key in ("x_labels", "y_labels")]
        self.canvas.labels = (names[0], names[1])
        self._categories = [str(name) for name in data.get("categories") or ()]
        self.canvas.keys = []
        self.canvas.show_bar = not self._categories
        self.canvas.square = self.view.square and not self._categories
        if not self._categories or data.get("image") is None:
            return super()._draw(channel)
        self._frame(data)
        image = np.asarray(data["image"], float)
        self.canvas.image = image
        self._paint_categories(image)
        self._count_missing(image, str(data.get("note", self.view.note)))
        return True

    def _paint_categories(self, image: np.ndarray) -> None:
        """Categories get the series colours, in order."""
        self.canvas.keys = [
            (name, theme.colour(str(i + 1))) for i, name in enumerate(self._categories)
        ]
        inks = [theme.colour(str(i + 1)) for i in range(len(self._categories))]
        table = [ink.rgb() for ink in inks] + [theme.token("ncbg").rgb()] * (255 - len(inks))
        index = np.where(np.isfinite(image), image, 0) + np.where(np.isfinite(image), 0, 255)
        picture, memory = indexed(index, 0.0, 254.0, table, theme.token("ncbg").rgb())
        self.canvas._picture, self.canvas._memory = picture, memory
        self.canvas.update()

    def cell_text(self, row: int, column: int) -> str:
        image = self.canvas.image
        if image is None or row < 0 or row >= image.shape[0] or column >= image.shape[1]:
            return ""
        down = self.canvas.labels[1]
        place = f"{down[row] if row < len(down) else row}, {self._column(column)}"
        value = float(image[row, column])
        if self._categories:
            known = np.isfinite(value) and 0 <= int(value) < len(self._categories)
            return f"{place}: {self._categories[int(value)] if known else 'missing'}"
        unit = unit_words(self.view.unit)
        return f"{place}: {three(value)}{unit}"

    def _column(self, number: int) -> str:
        """A column by its name, its place on a measured axis, or its number."""
        across, image = self.canvas.labels[0], self.canvas.image
        if number < len(across):
            return across[number]
        if self.canvas.extent is None or image is None:
            return str(number)
        left, _, right, _ = self.canvas.extent
        return three(left + (number + 0.5) * (right - left) / image.shape[1])

    def data(self) -> dict[str, Any]:
        image = self.canvas.image
        if image is None:
            return {}
        down = self.canvas.labels[1]
        columns: dict[str, Any] = {"": down} if down else {}
        for i in range(image.shape[1]):
            columns[self._column(i)] = image[:, i]
        return columns
