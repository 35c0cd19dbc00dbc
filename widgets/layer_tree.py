"""The layers of a network as a tree of its modules, with shapes; one is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QHeaderView, QTreeView, QVBoxLayout, QWidget

from widgets import theme
from widgets.parts import Head

Index = QModelIndex | QPersistentModelIndex
NAME = Qt.ItemDataRole.UserRole


@dataclass(frozen=True)
class LayerRow:
    """What the tree says of a layer: its path, kind, shape in words, and the tooltip."""

    name: str
    kind: str
    shape: str
    tip: str = ""


class LayerTree(QWidget):
    """Module path as folders, layers as leaves. Signal ``chosen(layer name)``."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = QStandardItemModel(0, 2, self)
        self.tree = QTreeView()
        self.tree.setModel(self.model)
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setIndentation(theme.dp(14))
        self.tree.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.tree.setAccessibleName("Layers")
        self.tree.setFrameShape(QTreeView.Shape.NoFrame)
        self.tree.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.head = Head("Layers")
        self._items: dict[str, QStandardItem] = {}
        self.tree.selectionModel().currentChanged.connect(self._current)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.tree, 1)
        self.setMinimumHeight(theme.dp(150))

    def show_layers(self, rows: Iterable[LayerRow]) -> None:
        """Replace the tree; nothing is chosen."""
        self.model.clear()
        self.model.setColumnCount(2)
        self._items = {}
        folders: dict[str, QStandardItem] = {}
        for row in rows:
            parent = self._folder(row.name, folders)
            words = row.name.rsplit(".", 1)[-1]
            leaf = QStandardItem(f"{words}  {row.kind}" if row.kind else words)
            leaf.setData(row.name, NAME)
            leaf.setToolTip(row.tip)
            shape = QStandardItem(row.shape)
            shape.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            shape.setForeground(theme.token("text3"))
            shape.setToolTip(row.tip)
            parent.appendRow([leaf, shape])
            self._items[row.name] = leaf
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        if len(self._items) <= 60:
            self.tree.expandAll()
        else:
            self.tree.expandToDepth(0)

    def _folder(self, path: str, folders: dict[str, QStandardItem]) -> QStandardItem:
        """The item of the module that holds this path."""
        head, _, _ = path.rpartition(".")
        if not head:
            return self.model.invisibleRootItem()
        if head not in folders:
            above = self._folder(head, folders)
            item, blank = QStandardItem(head.rsplit(".", 1)[-1]), QStandardItem("")
            item.setForeground(theme.token("text2"))
            above.appendRow([item, blank])
            folders[head] = item
        return folders[head]

    @property
    def layers(self) -> list[str]:
        """Names in the order shown."""
        return list(self._items)

    def choose(self, name: str) -> None:
        """Select a layer; nothing happens for a name that is not there."""
        item = self._items.get(name)
        if item is not None:
            self.tree.setCurrentIndex(item.index())
            self.tree.scrollTo(item.index())

    def _current(self, now: Index, before: Index) -> None:
        item = self.model.itemFromIndex(QModelIndex(now.sibling(now.row(), 0)))
        name = item.data(NAME) if item is not None else None
        if name:
            self.chosen.emit(str(name))
