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
        self._shapes: dict[str, QStandardItem] = {}
        self.tree.selectionModel().currentChanged.connect(self._current)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self.tree, 1)
        self.setMinimumHeight(theme.dp(150))

    def show_layers(self, rows: Iterable[LayerRow]) -> None:
        """Replace the tree; nothing is chosen."""
        self._items, self._shapes = {}, {}
        self.model.clear()
        self.model.setColumnCount(2)
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
            self._items[row.name], self._shapes[row.name] = leaf, shape
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

    def show_shape(self, name: str, words: str, marked: str) -> None:
        """What stands beside a layer; ``marked`` says in the tooltip why it stands out, or ""."""
        leaf, shape = self._items.get(name), self._shapes.get(name)
        if leaf is None or shape is None:
            return
        if shape.text() == words and not marked:
            return
        shape.setText(words)
        shape.setForeground(theme.token("accent" if marked else "text3"))
        tip = leaf.toolTip()
        shape.setToolTip(f"{tip}. Used: {marked}" if marked else tip)

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
        if name in self._items:
            self.chosen.emit(str(name))
