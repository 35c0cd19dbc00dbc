"""The user's stimulus sets: list, table of the chosen one, what can be done with it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeySequence, QPainter, QPen, QPixmap, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.panels.stimuli.table import SetTable
from backend.stimuli.set_store import StoredSet
from backend.stimuli.stimulus_set import StimulusSet
from widgets import theme
from widgets.cells import CellDelegate
from widgets.contact_sheet import picture_of
from widgets.empty import EmptyView
from widgets.parts import Button, Chip, Elided, Head, Panel, Words

ANYWHERE = QModelIndex()
PICTURE_PX = 36
Role = Qt.ItemDataRole


class SetModel(QAbstractListModel):
    """Stored sets, newest first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.sets: list[StoredSet] = []
        self.pictures: dict[str, QPixmap] = {}

    def show(self, sets: list[StoredSet]) -> None:
        """Show these sets."""
        if sets != self.sets:
            self.beginResetModel()
            self.sets = sets
            self.endResetModel()

    def rowCount(self, parent: Any = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.sets)

    def data(self, index: Any, role: int = Role.DisplayRole) -> Any:
        one = self.sets[index.row()]
        if role == Role.DisplayRole:
            return one.name
        if role == Role.AccessibleTextRole:
            return f"{one.name}, {one.size}"
        if role == Role.UserRole:
            return one
        if role == Role.ToolTipRole:
            return f"{one.name}\n{one.size}\nmade {one.made[:19].replace('T', ' ')}"
        return None

    def picture(self, one: StoredSet) -> QPixmap | None:
        """The first image, small; None when it cannot be read."""
        if one.id not in self.pictures:
            image = one.picture()
            if image is None:
                return None
            side = theme.dp(PICTURE_PX)
            self.pictures[one.id] = QPixmap.fromImage(picture_of(image)).scaled(
                side, side, Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )  # fmt: skip
        return self.pictures[one.id]


class SetRow(QStyledItemDelegate):
    """36 px picture, name, size and moment."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Any) -> QSize:
        return QSize(theme.dp(200), theme.dp(PICTURE_PX + 12))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Any) -> None:
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state = option.state  # type: ignore[attr-defined]
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        if chosen:
            painter.fillRect(rect, theme.token("sel"))
        one: StoredSet = index.data(Role.UserRole)
        side = theme.dp(PICTURE_PX)
        box = QRect(rect.left() + theme.dp(10), rect.top() + theme.dp(6), side, side)
        picture = index.model().picture(one)
        if picture is None:
            painter.fillRect(box, theme.token("ncbg"))
        else:
            painter.drawPixmap(box.center() - picture.rect().center(), picture)
        room = rect.adjusted(side + theme.dp(20), theme.dp(6), -theme.dp(8), -theme.dp(6))
        half = room.height() // 2
        moment = one.made.replace("T", " ")[5:16]
        for line, (text, role, ink) in enumerate((
            (one.name, "strong", "text"),
            (f"{one.size} · {moment}", "caption", "text2" if chosen else "text3"),
        )):  # fmt: skip
            painter.setFont(theme.font(role))
            painter.setPen(theme.token(ink))
            place = QRect(room.left(), room.top() + line * half, room.width(), half)
            words = painter.fontMetrics().elidedText(
                text, Qt.TextElideMode.ElideRight, room.width()
            )
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words)
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(theme.token("accent"), 2))
            painter.drawRect(rect.adjusted(1, 1, -1, -1))
        painter.restore()


class SetBrowser(Panel):
    """Right column of the studio.

    Signals: ``chosen(StoredSet)``, ``row_chosen(index)``, ``cell_edited(column, row, value)``,
    ``renamed(StoredSet, name)``, ``delete_asked(StoredSet)``, ``send_asked(where)``.
    """

    chosen = Signal(object)
    row_chosen = Signal(int)
    cell_edited = Signal(str, int, object)
    delete_asked = Signal()
    rename_asked = Signal()
    send_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("left", parent=parent)
        self.model = SetModel(self)
        self.list = self._list()
        self.table_model = SetTable(self)
        self.table_model.edited.connect(self.cell_edited)
        self.table = self._table()
        self.name = Elided("", "strong")
        self.synthetic = Chip()
        self.edit = Button("Edit", "tune", flat=True)
        self.edit.setMenu(QMenu(self.edit))
        self.export = Button("Export", "export-variant", flat=True)
        self.export.setMenu(QMenu(self.export))
        self.empty = EmptyView(
            "image-multiple-outline", "No stimulus sets yet",
            "Make set keeps one here; Your pictures… brings your own.",
        )  # fmt: skip
        self.history = Words("", "caption", "text3")
        self.send = Words("", "caption", "text2")
        self.detail = self._detail()
        self._lay_out()
        self.show_sets([])

    def _list(self) -> QListView:
        view = QListView()
        view.setModel(self.model)
        view.setItemDelegate(SetRow(view))
        view.setAccessibleName("Stimulus sets")
        view.setFrameShape(QListView.Shape.NoFrame)
        view.setUniformItemSizes(True)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.selectionModel().currentChanged.connect(self._chosen)
        view.clicked.connect(lambda index: self.chosen.emit(index.data(Role.UserRole)))
        view.doubleClicked.connect(lambda _: self.rename_asked.emit())
        for key, signal in (
            (QKeySequence(QKeySequence.StandardKey.Delete), self.delete_asked),
            (QKeySequence("F2"), self.rename_asked),
        ):
            shortcut = QShortcut(key, view)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(signal)
        return view

    def _table(self) -> QTableView:
        table = QTableView()
        table.setItemDelegate(CellDelegate(table))
        table.setModel(self.table_model)
        table.setAccessibleName("Table of the set")
        table.setShowGrid(False)
        table.setWordWrap(False)
        table.setFrameShape(QTableView.Shape.NoFrame)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setTabKeyNavigation(False)
        table.verticalHeader().setDefaultSectionSize(theme.dp(24))
        table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        table.horizontalHeader().setHighlightSections(False)
        table.horizontalHeader().setDefaultSectionSize(theme.dp(70))
        table.selectionModel().currentRowChanged.connect(
            lambda index, _: self.row_chosen.emit(index.row()) if index.isValid() else None
        )
        return table

    def _detail(self) -> QWidget:
        detail = QWidget()
        head = QHBoxLayout()
        head.setContentsMargins(theme.dp(12), theme.dp(4), theme.dp(6), theme.dp(4))
        head.addWidget(self.name, 1)
        head.addWidget(self.edit)
        head.addWidget(self.export)
        chip = QHBoxLayout()
        chip.setContentsMargins(theme.dp(12), 0, theme.dp(12), theme.dp(6))
        chip.addWidget(self.synthetic)
        chip.addStretch(1)
        column = QVBoxLayout(detail)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addLayout(chip)
        column.addWidget(self.table, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(theme.dp(12), theme.dp(6), theme.dp(12), theme.dp(12))
        foot.addWidget(self.history)
        foot.addWidget(self.send)
        grid = QGridLayout()
        for number, (where, icon) in enumerate(
            (("Stage", "presentation-play"), ("Simulate", "pulse"), ("Explorer", "layers-outline"))
        ):
            button = Button(where, icon)
            button.clicked.connect(lambda _=False, w=where.lower(): self.send_asked.emit(w))
            grid.addWidget(button, number // 2, number % 2)
        grid.setColumnStretch(2, 1)
        grid.setSpacing(theme.dp(6))
        foot.addLayout(grid)
        column.addLayout(foot)
        return detail

    def _lay_out(self) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(1, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(Head("Stimulus sets", self))
        whole.addWidget(self.empty, 1)
        whole.addWidget(self.list, 2)
        whole.addWidget(self.detail, 3)
        self.setMinimumWidth(theme.dp(260))

    # ---- content ---------------------------------------------------------------------------

    def show_sets(self, sets: list[StoredSet]) -> None:
        """Show the stored sets, keeping the chosen one."""
        here = self.current
        self.model.show(sets)
        self.empty.setVisible(not sets)
        self.list.setVisible(bool(sets))
        if here is not None:
            self.choose(here.id)
        if self.current is None:
            self.show_set(None)

    @property
    def current(self) -> StoredSet | None:
        """The chosen set."""
        index = self.list.currentIndex()
        return index.data(Role.UserRole) if index.isValid() else None

    def choose(self, identifier: str) -> None:
        """Select a set without asking anybody."""
        for row, one in enumerate(self.model.sets):
            if one.id == identifier:
                blocked = self.list.selectionModel().blockSignals(True)
                self.list.setCurrentIndex(self.model.index(row))
                self.list.selectionModel().blockSignals(blocked)
                self.list.viewport().update()
                return

    def clear_choice(self) -> None:
        """No set is chosen: the sheet shows what the generator would make."""
        blocked = self.list.selectionModel().blockSignals(True)
        self.list.setCurrentIndex(QModelIndex())
        self.list.selectionModel().blockSignals(blocked)
        self.list.viewport().update()
        self.show_set(None)

    def show_set(self, stimuli: StimulusSet | None) -> None:
        """The chosen set's table and words."""
        self.detail.setVisible(stimuli is not None)
        self.table_model.show(stimuli)
        if stimuli is None:
            return
        self.name.setText(stimuli.name)
        self.synthetic.setVisible(bool(stimuli.synthetic))
        self.synthetic.show_state("idle", stimuli.synthetic, "flask-outline")
        self.send.setText(f"Send {stimuli.name} to")
        self.history.setVisible(bool(stimuli.history))
        self.history.setText(" ".join(stimuli.history[-2:]))
        names = self.fontMetrics()
        for number, column in enumerate(self.table_model.columns):
            sample = [str(self.table_model.data(self.table_model.index(r, number)))
                      for r in range(min(len(stimuli), 20))]  # fmt: skip
            widest = max(names.horizontalAdvance(word) for word in [column, *sample])
            self.table.setColumnWidth(number, min(widest, theme.dp(160)) + theme.dp(20))

    def show_row(self, index: int) -> None:
        """Select a row without asking anybody."""
        if 0 <= index < self.table_model.rowCount():
            blocked = self.table.selectionModel().blockSignals(True)
            self.table.selectRow(index)
            self.table.selectionModel().blockSignals(blocked)
            self.table.viewport().update()

    def _chosen(self, index: Any, _: Any) -> None:
        if index.isValid():
            self.chosen.emit(index.data(Role.UserRole))
