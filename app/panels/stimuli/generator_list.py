"""The studio's list of generators, with a small live picture of each."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from backend.stimuli.generators import find, ids
from widgets import icons, theme
from widgets.contact_sheet import picture_of
from widgets.parts import Button, Head, Panel

ANYWHERE = QModelIndex()
PICTURE_PX = 40
Role = Qt.ItemDataRole


class GeneratorModel(QAbstractListModel):
    """Generators in the order of the registry."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ids = ids()
        self.pictures: dict[str, QPixmap] = {}

    def rowCount(self, parent: Any = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.ids)

    def data(self, index: Any, role: int = Role.DisplayRole) -> Any:
        identifier = self.ids[index.row()]
        if role in (Role.DisplayRole, Role.AccessibleTextRole):
            return find(identifier).title
        if role == Role.ToolTipRole:
            return f"{find(identifier).title}. {find(identifier).help}"
        if role == Role.UserRole:
            return identifier
        return None

    def set_picture(self, identifier: str, image: np.ndarray) -> None:
        """Show a generator's picture."""
        side = theme.dp(PICTURE_PX)
        self.pictures[identifier] = QPixmap.fromImage(picture_of(image)).scaled(
            side,
            side,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        row = self.index(self.ids.index(identifier))
        self.dataChanged.emit(row, row)


class GeneratorRow(QStyledItemDelegate):
    """40 px picture and the title."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Any) -> QSize:
        return QSize(theme.dp(140), theme.dp(PICTURE_PX + 8))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Any) -> None:
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state = option.state  # type: ignore[attr-defined]
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(rect, theme.token("sel"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.token("ncbg"))
        side = theme.dp(PICTURE_PX)
        box = QRect(rect.left() + theme.dp(8), rect.top() + theme.dp(4), side, side)
        model = index.model()
        picture = model.pictures.get(index.data(Role.UserRole))
        if picture is None:
            painter.fillRect(box, theme.token("ncbg"))
            icon = icons.pixmap(find(index.data(Role.UserRole)).icon, "text3", theme.dp(18))
            painter.drawPixmap(box.center() - icon.rect().center(), icon)
        else:
            painter.drawPixmap(box.center() - picture.rect().center(), picture)
        painter.setFont(theme.font("strong" if chosen else "body"))
        painter.setPen(theme.token("text"))
        room = rect.adjusted(side + theme.dp(16), 0, -theme.dp(4), 0)
        text = painter.fontMetrics().elidedText(
            index.data(), Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(theme.token("accent"), 2))
            painter.drawRect(rect.adjusted(1, 1, -1, -1))
        painter.restore()


class GeneratorList(Panel):
    """Column of generators; signals ``chosen(id)`` and ``folder_asked``."""

    chosen = Signal(str)
    folder_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("right", parent=parent)
        self.model = GeneratorModel(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(GeneratorRow(self.list))
        self.list.setAccessibleName("Generators")
        self.list.setFrameShape(QListView.Shape.NoFrame)
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        palette = self.list.palette()
        palette.setColor(palette.ColorRole.Base, theme.token("panel"))
        self.list.setPalette(palette)
        self.list.selectionModel().currentChanged.connect(self._chosen)
        self.folder = Button("Your pictures…", "folder-open-outline", flat=True)
        self.folder.setToolTip("Import a folder of pictures, or a CSV or TSV list")
        self.folder.clicked.connect(self.folder_asked)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 1, theme.dp(8))
        column.setSpacing(0)
        self.head = Head("Generators", self)
        column.addWidget(self.head)
        column.addWidget(self.list, 1)
        column.addWidget(self.folder)
        self.setFixedWidth(theme.dp(164))
        theme.signals().changed.connect(self._restyle)

    def set_narrow(self, narrow: bool) -> None:
        """Pictures only, where there is no room for words."""
        self.setFixedWidth(theme.dp(PICTURE_PX + 34 if narrow else 164))
        self.head.setVisible(not narrow)
        self.folder.set_words(not narrow)

    def _restyle(self) -> None:
        palette = self.list.palette()
        palette.setColor(palette.ColorRole.Base, theme.token("panel"))
        self.list.setPalette(palette)

    def _chosen(self, index: Any, _: Any) -> None:
        if index.isValid():
            self.chosen.emit(index.data(Role.UserRole))

    def choose(self, identifier: str) -> None:
        """Select a generator without asking anybody."""
        row = self.model.index(self.model.ids.index(identifier))
        if self.list.currentIndex() != row:
            blocked = self.list.selectionModel().blockSignals(True)
            self.list.setCurrentIndex(row)
            self.list.selectionModel().blockSignals(blocked)
            self.list.viewport().update()
