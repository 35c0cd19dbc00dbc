"""The overlays of a surface: eye, name, colours with their ends; order, removal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QVBoxLayout, QWidget

from widgets import icons, theme
from widgets.parts import Head, Tool

ANYWHERE = QModelIndex()
Role = Qt.ItemDataRole
ROW_DP = 62


@dataclass(frozen=True, eq=False)
class OverlayRow:
    """What is said of one overlay. ``table`` (256, 3) uint8; ``ends`` in words, of its colours."""

    name: str
    note: str
    visible: bool
    table: np.ndarray
    ends: tuple[str, str]


class _Model(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.rows: list[OverlayRow] = []

    def rowCount(self, parent: Any = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Any, role: int = Role.DisplayRole) -> Any:
        one = self.rows[index.row()]
        if role == Role.DisplayRole:
            return one.name
        if role == Role.ToolTipRole:
            return f"{one.name}. {one.note}" if one.note else one.name
        if role == Role.AccessibleDescriptionRole:
            seen = "visible" if one.visible else "hidden"
            return f"{seen}, from {one.ends[0]} to {one.ends[1]}. {one.note}"
        return one if role == Role.UserRole else None


class _Delegate(QStyledItemDelegate):
    """Paints a row; a click on the eye is told to the list."""

    def sizeHint(self, option: Any, index: Any) -> QSize:
        return QSize(theme.dp(200), theme.dp(ROW_DP))

    @staticmethod
    def eye(row: QRect) -> QRect:
        """Where the eye lies."""
        return QRect(row.left() + theme.dp(6), row.top() + theme.dp(3), theme.dp(24), theme.dp(22))

    def paint(self, painter: QPainter, option: Any, index: Any) -> None:
        one: OverlayRow = index.data(Role.UserRole)
        row: QRect = option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.fillRect(row, theme.token("sel" if chosen else "panel"))
        painter.fillRect(row.left(), row.bottom(), row.width(), 1, theme.token("border"))
        ink = "text" if one.visible else "text2"
        eye = self.eye(row)
        size = theme.dp(16)
        name = "eye-outline" if one.visible else "eye-off-outline"
        picture = icons.pixmap(name, "text2", size, painter.device().devicePixelRatio())
        painter.drawPixmap(eye.left() + theme.dp(4), eye.top() + theme.dp(4), picture)
        left, right = row.left() + theme.dp(34), row.right() - theme.dp(12)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font("strong" if chosen else "body"))
        painter.setPen(theme.token(ink))
        words = painter.fontMetrics().elidedText(
            one.name, Qt.TextElideMode.ElideRight, right - left
        )
        painter.drawText(QRect(left, eye.top(), right - left, eye.height()), middle, words)
        painter.setFont(theme.font("caption"))
        y, high = row.top() + theme.dp(26), theme.dp(14)
        metrics = painter.fontMetrics()
        widths = [metrics.horizontalAdvance(word) for word in one.ends]
        painter.drawText(QRect(left, y, widths[0] + 2, high), middle, one.ends[0])
        painter.drawText(QRect(right - widths[1], y, widths[1] + 2, high), middle, one.ends[1])
        bar = QRectF(left + widths[0] + theme.dp(6), y + theme.dp(3),
                     right - left - sum(widths) - theme.dp(12), theme.dp(8))  # fmt: skip
        self._paint_colours(painter, bar, one)
        painter.setPen(theme.token("text2" if chosen else "text3"))
        words = metrics.elidedText(one.note, Qt.TextElideMode.ElideRight, right - left)
        painter.drawText(QRect(left, y + high + 1, right - left, theme.dp(16)), middle, words)
        if option.state & QStyle.StateFlag.State_HasFocus and option.widget.hasFocus():
            painter.setPen(QPen(theme.token("accent"), 2))
            painter.drawRect(row.adjusted(1, 1, -1, -2))
        painter.restore()

    @staticmethod
    def _paint_colours(painter: QPainter, bar: QRectF, one: OverlayRow) -> None:
        strip = np.ascontiguousarray(np.repeat(one.table[None], 2, axis=0))
        picture = QImage(strip.data, 256, 2, 768, QImage.Format.Format_RGB888)
        if not one.visible:
            painter.setOpacity(0.6)
        painter.drawImage(bar, picture)
        painter.setOpacity(1.0)

    def editorEvent(self, event: QEvent, model: Any, option: Any, index: Any) -> bool:
        released = event.type() == QEvent.Type.MouseButtonRelease
        if released and isinstance(event, QMouseEvent):
            on_eye = self.eye(option.rect).contains(event.position().toPoint())
            if on_eye:
                option.widget.eye_pressed.emit(index.row())
                return True
        return super().editorEvent(event, model, option, index)


class _View(QListView):
    eye_pressed = Signal(int)
    delete_pressed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and self.currentIndex().isValid():
            self.eye_pressed.emit(self.currentIndex().row())
        elif event.key() == Qt.Key.Key_Delete:
            self.delete_pressed.emit()
        else:
            super().keyPressEvent(event)


class OverlayList(QWidget):
    """The list with its tools.

    Signals: ``chosen(row)``, ``eye_pressed(row)``, ``add_asked()``, ``moved(step)`` of the chosen
    row, ``removed()`` it.
    """

    chosen = Signal(int)
    eye_pressed = Signal(int)
    add_asked = Signal()
    moved = Signal(int)
    removed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = _Model(self)
        self.list = _View()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_Delegate(self.list))
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setAccessibleName("Overlays")
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.eye_pressed.connect(self.eye_pressed)
        self.list.delete_pressed.connect(self.removed)
        self.list.clicked.connect(lambda index: self.chosen.emit(index.row()))
        self.list.selectionModel().currentChanged.connect(self._current)
        self.head = Head("Overlays")
        for icon, tip, call in (
            ("plus", "Open a file…", self.add_asked.emit),
            ("chevron-up", "Move up: drawn over the others", lambda: self.moved.emit(-1)),
            ("chevron-down", "Move down", lambda: self.moved.emit(1)),
            ("delete-outline", "Remove (Delete)", self.removed.emit),
        ):  # fmt: skip
            tool = Tool(icon, tip)
            tool.clicked.connect(lambda _=False, do=call: do())
            self.head.row.addWidget(tool)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.list, 1)
        self.setMinimumHeight(theme.dp(30 + ROW_DP))
        self._showing = False

    def _current(self, index: QModelIndex) -> None:
        if index.isValid() and not self._showing and self.list.hasFocus():
            self.chosen.emit(index.row())

    def show_rows(self, rows: Sequence[OverlayRow], chosen: int) -> None:
        """Replace what is listed."""
        self._showing = True
        self.model.beginResetModel()
        self.model.rows = list(rows)
        self.model.endResetModel()
        if 0 <= chosen < len(rows):
            self.list.setCurrentIndex(self.model.index(chosen))
        self._showing = False
