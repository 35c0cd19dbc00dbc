"""Kind ``lasso``: points in a plane, chosen by drawing around them."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QMenu, QWidget

from backend.core.views import View
from widgets import theme
from widgets.views.frame import ViewWidget
from widgets.views.plot import three

NEAR_PX = 10
DRAG_PX = 5


class LassoCanvas(QWidget):
    """Points with their numbers; drag around some, Ctrl adds, click takes one, Esc none.

    Signals: ``chosen(indices)``, ``clicked(index)``, ``hovered(index)`` (−1: none).
    """

    chosen = Signal(object)
    clicked = Signal(int)
    hovered = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.points = np.empty((0, 2))
        self.titles = ("", "")
        self.selected: frozenset[int] = frozenset()
        self.current = -1
        self.paint_s = 0.0
        self._line: list[QPointF] = []
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        theme.signals().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(300), theme.dp(280))

    def show_points(self, points: np.ndarray, titles: tuple[str, str]) -> None:
        """(n, 2) places, NaN for those without; what was chosen stays chosen where it exists."""
        self.points, self.titles = np.asarray(points, float), titles
        self.selected = frozenset(i for i in self.selected if i < len(self.points))
        self.update()

    def select(self, indices: frozenset[int]) -> None:
        """Choose points, and say so."""
        if indices != self.selected:
            self.selected = indices
            self.update()
            self.chosen.emit(tuple(sorted(indices)))

    # ---- geometry --------------------------------------------------------------------------

    @property
    def box(self) -> QRectF:
        """Where points are drawn."""
        left, bottom = theme.dp(34), theme.dp(34)
        inset = theme.dp(10)
        return QRectF(self.rect()).adjusted(left, inset, -inset, -bottom)

    def limits(self) -> tuple[np.ndarray, np.ndarray]:
        """Least and largest coordinates, a little wider than the points."""
        good = self.points[np.isfinite(self.points).all(axis=1)]
        if not len(good):
            return np.zeros(2), np.ones(2)
        low, high = good.min(axis=0), good.max(axis=0)
        margin = np.maximum(0.05 * (high - low), 1e-9)
        return low - margin, high + margin

    def places(self) -> np.ndarray:
        """(n, 2) places in pixels."""
        low, high = self.limits()
        share = (self.points - low) / (high - low)
        box = self.box
        x = box.left() + share[:, 0] * box.width()
        y = box.bottom() - share[:, 1] * box.height()
        return np.stack([x, y], axis=1)

    def nearest(self, where: QPointF) -> int:
        """The point under the hand, −1 for none."""
        if not len(self.points):
            return -1
        away = np.hypot(*(self.places() - (where.x(), where.y())).T)
        away[~np.isfinite(away)] = np.inf
        best = int(away.argmin())
        return best if away[best] <= theme.dp(NEAR_PX) else -1

    # ---- hand ------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._line = [event.position()]

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._line:
            self._line.append(event.position())
            self.update()
        else:
            self.hovered.emit(self.nearest(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        line, self._line = self._line, []
        if not line:
            return
        self.update()
        adds = bool(event.modifiers() & (Qt.KeyboardModifier.ControlModifier
                                         | Qt.KeyboardModifier.ShiftModifier))  # fmt: skip
        far = max((p - line[0]).manhattanLength() for p in [*line, event.position()])
        if far < theme.dp(DRAG_PX):
            self._click(line[0], adds)
            return
        around = QPolygonF([*line, event.position()])
        places = self.places()
        inside = frozenset(
            i for i in range(len(places)) if np.isfinite(places[i]).all()
            and around.containsPoint(QPointF(*map(float, places[i])), Qt.FillRule.OddEvenFill)
        )  # fmt: skip
        self.select(self.selected | inside if adds else inside)

    def _click(self, where: QPointF, adds: bool) -> None:
        found = self.nearest(where)
        if found < 0:
            self.select(self.selected if adds else frozenset())
        elif adds:
            self.select(self.selected ^ {found})
        else:
            self.clicked.emit(found)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        everything = event.key() == Qt.Key.Key_A and event.modifiers() & (
            Qt.KeyboardModifier.ControlModifier
        )
        if everything:
            known = np.flatnonzero(np.isfinite(self.points).all(axis=1))
            self.select(frozenset(int(i) for i in known))
        elif event.key() == Qt.Key.Key_Escape:
            self.select(frozenset())
        else:
            super().keyPressEvent(event)

    # ---- drawing ---------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        began = time.perf_counter()
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token("base"))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_axes(painter)
        places = self.places()
        size = theme.dp(6 if len(places) < 600 else 4)
        painter.setPen(Qt.PenStyle.NoPen)
        for chosen, role in ((False, "1"), (True, "2")):
            painter.setBrush(theme.colour(role))
            wide = size + theme.dp(2) * chosen
            for i, (x, y) in enumerate(places):
                if (i in self.selected) == chosen and np.isfinite(x):
                    painter.drawEllipse(QPointF(float(x), float(y)), wide / 2, wide / 2)
        if 0 <= self.current < len(places) and np.isfinite(places[self.current, 0]):
            self._paint_current(painter, QPointF(*map(float, places[self.current])))
        if len(self._line) > 1:
            veil = QColor(theme.token("accent"))
            veil.setAlpha(30)
            painter.setBrush(veil)
            painter.setPen(QPen(theme.token("accent"), theme.dp(1.5)))
            painter.drawPolygon(QPolygonF(self._line))
        painter.end()
        self.paint_s = time.perf_counter() - began

    def _paint_current(self, painter: QPainter, at: QPointF) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.token("text"), theme.dp(1.5)))
        painter.drawEllipse(at, theme.dp(7), theme.dp(7))
        painter.setFont(theme.font("caption"))
        words = str(self.current + 1)
        wide = painter.fontMetrics().horizontalAdvance(words) + theme.dp(10)
        left = at.x() + wide > self.box.right()
        painter.drawText(at + QPointF(-wide if left else theme.dp(10), theme.dp(4)), words)

    def _paint_axes(self, painter: QPainter) -> None:
        box, (low, high) = self.box.toRect(), self.limits()
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.token("border"))
        painter.drawRect(box)
        painter.setPen(theme.token("text3"))
        line = painter.fontMetrics().height()
        under = QRect(box.left(), box.bottom() + 2, box.width(), line)
        left, right = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
        painter.drawText(under, left, three(float(low[0])))
        painter.drawText(under, right, three(float(high[0])))
        centre = Qt.AlignmentFlag.AlignCenter
        painter.drawText(under.translated(0, line), centre, self.titles[0])
        painter.save()
        painter.translate(0, box.bottom())
        painter.rotate(-90)
        beside = QRect(0, box.left() - line - 2, box.height(), line)
        painter.drawText(beside, left, three(float(low[1])))
        painter.drawText(beside, right, three(float(high[1])))
        painter.drawText(beside.translated(0, -line), centre, self.titles[1])
        painter.restore()


class LassoView(ViewWidget):
    """Kind ``lasso``; ``picked`` carries the index clicked.

    Signals: ``lassoed(indices)``, ``asked(what)`` of an entry of ``acts``: (what, words).
    """

    lassoed = Signal(object)
    asked = Signal(str)

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.canvas = LassoCanvas()
        self.canvas.setAccessibleName(view.title)
        self.acts: tuple[tuple[str, str], ...] = ()
        self._note = ""
        self.canvas.clicked.connect(lambda index: self.picked.emit(index))
        self.canvas.chosen.connect(self._chosen)
        self.canvas.hovered.connect(self._hover)
        self.set_content(self.canvas)

    def _draw(self, channel: Any) -> bool:
        data = channel.snapshot()
        if data.get("x") is None:
            return False
        points = np.stack([np.asarray(data["x"], float), np.asarray(data["y"], float)], axis=1)
        titles = (str(data.get("x_title", self.view.x.title)),
                  str(data.get("y_title", self.view.y.title)))  # fmt: skip
        self._note = str(data.get("note", self.view.note))
        self.canvas.show_points(points, titles)
        self._say()
        return True

    def _chosen(self, indices: tuple[int, ...]) -> None:
        self._say()
        self.lassoed.emit(indices)

    def _hover(self, index: int) -> None:
        self.set_note(f"number {index + 1}") if index >= 0 else self._say()

    def _say(self) -> None:
        chosen = len(self.canvas.selected)
        self.set_note(f"{chosen} chosen" if chosen else self._note)

    def menu_actions(self, menu: QMenu) -> list[QAction]:
        own = []
        for what, words in self.acts:
            action = self.action(menu, words, lambda w=what: self.asked.emit(w))
            action.setEnabled(bool(self.canvas.selected))
            own.append(action)
        return [*own, *super().menu_actions(menu)]

    def open_menu(self, at: QPoint | None) -> None:
        self.canvas._line = []  # a right click ends a lasso
        super().open_menu(at)

    def summary(self) -> str:
        chosen = sorted(self.canvas.selected)
        words = ", ".join(str(i + 1) for i in chosen[:12]) + ("…" if len(chosen) > 12 else "")
        return f"{len(self.canvas.points)} points, {len(chosen)} chosen" + (
            f": {words}" if chosen else ""
        )

    def data(self) -> dict[str, Any]:
        points = self.canvas.points
        chosen = [int(i in self.canvas.selected) for i in range(len(points))]
        return {"number": list(range(1, len(points) + 1)), self.canvas.titles[0]: points[:, 0],
                self.canvas.titles[1]: points[:, 1], "chosen": chosen}  # fmt: skip
