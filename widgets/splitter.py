"""Splitter drawn flat: a gap between views, a 1 px line between the columns of a panel."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QEnterEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QWidget

from widgets import theme


class Handle(QSplitterHandle):
    """Handle of a splitter; double click restores the declared sizes."""

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        splitter = self.splitter()
        if isinstance(splitter, Splitter):
            splitter.restore()

    def enterEvent(self, event: QEnterEvent) -> None:
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        splitter = self.splitter()
        lined = isinstance(splitter, Splitter) and splitter.lined
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.token("window"))
        if lined:
            middle = self.rect().center()
            if self.orientation() == Qt.Orientation.Horizontal:
                painter.fillRect(middle.x(), 0, 1, self.height(), theme.token("border"))
            else:
                painter.fillRect(0, middle.y(), self.width(), 1, theme.token("border"))
        if self.underMouse():
            tint = theme.token("accent")
            tint.setAlphaF(0.35)
            painter.fillRect(self.rect(), tint)
        painter.end()


class Splitter(QSplitter):
    """Splitter that remembers its declared shares.

    ``lined`` is the body of a panel (5 px, a line in the middle); otherwise the 6 px gap of views.
    """

    def __init__(
        self, orientation: Qt.Orientation, lined: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(orientation, parent)
        self.lined = lined
        self.weights: list[float] = []
        self.declared: list[int] = []
        self.setChildrenCollapsible(False)
        self.setHandleWidth(theme.dp(5 if lined else 6))

    def createHandle(self) -> QSplitterHandle:
        return Handle(self.orientation(), self)

    def declare(self, sizes: Sequence[int]) -> None:
        """Give these sizes, now and at a double click on a handle."""
        self.declared = list(sizes)
        self.restore()

    def restore(self) -> None:
        """Give the children their declared sizes or shares."""
        if self.declared:
            sizes = list(self.declared)
            largest = sizes.index(max(sizes))
            length = (
                self.width() if self.orientation() == Qt.Orientation.Horizontal else self.height()
            )
            sizes[largest] = max(length - sum(sizes) + sizes[largest], 1)
            self.setSizes(sizes)
        elif self.weights:
            total = sum(self.weights) or 1.0
            self.setSizes([max(1, round(10_000 * weight / total)) for weight in self.weights])
