"""Right column: what is known of the vertex chosen, and the clusters of the overlay in hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QHeaderView, QTableView, QVBoxLayout, QWidget

from backend.brain.overlays import Cluster
from backend.core.parameters import show_number
from widgets import theme
from widgets.parts import Button, Head, Panel, Tool, Words
from widgets.result_panel import Lead

ANYWHERE = QModelIndex()
Role = Qt.ItemDataRole
COLUMNS = ("region", "side", "mm²", "peak")


class Facts(QWidget):
    """Rows of a name and a value."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[tuple[str, str]] = []

    def show_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """Replace the rows."""
        self.rows = list(rows)
        self.setAccessibleDescription(", ".join(f"{name} {value}" for name, value in rows))
        self.setFixedHeight(theme.dp(22) * len(self.rows) + theme.dp(12))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(240), theme.dp(22) * len(self.rows) + theme.dp(12))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font("body"))
        metrics = painter.fontMetrics()
        gap, high = theme.dp(12), theme.dp(22)
        middle, elide = Qt.AlignmentFlag.AlignVCenter, Qt.TextElideMode.ElideRight
        for number, (name, value) in enumerate(self.rows):
            y = theme.dp(6) + number * high
            wide = min(metrics.horizontalAdvance(value), round(0.62 * (self.width() - 2 * gap)))
            painter.setPen(theme.token("text"))
            right = QRect(self.width() - gap - wide, y, wide + 1, high)
            painter.drawText(right, middle, metrics.elidedText(value, elide, wide + 1))
            painter.setPen(theme.token("text2"))
            room = self.width() - 2 * gap - wide - theme.dp(8)
            painter.drawText(QRect(gap, y, room, high), middle,
                             metrics.elidedText(name, elide, room))  # fmt: skip
        painter.end()


class ClusterModel(QAbstractTableModel):
    """Clusters, largest first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[tuple[Cluster, str]] = []
        self.letter = "peak"

    def show_rows(self, rows: Sequence[tuple[Cluster, str]], letter: str) -> None:
        """Replace the clusters, each with the name of where it lies."""
        self.beginResetModel()
        self.rows, self.letter = list(rows), f"peak {letter}" if letter != "value" else "peak"
        self.endResetModel()

    def rowCount(self, parent: Any = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Any = ANYWHERE) -> int:
        return len(COLUMNS)

    def headerData(self, section: int, orientation: Any, role: int = Role.DisplayRole) -> Any:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Role.DisplayRole:
            return self.letter if section == 3 else COLUMNS[section]
        if role == Role.TextAlignmentRole:
            return int(alignment(section))
        return None

    def data(self, index: Any, role: int = Role.DisplayRole) -> Any:
        one, where = self.rows[index.row()]
        if role == Role.DisplayRole:
            area, peak = show_number(round(one.area)), show_number(float(f"{one.peak:.3g}"))
            return (where, one.side[:1].upper(), area, peak)[index.column()]
        if role == Role.ToolTipRole:
            return f"{where}, {len(one.vertices):,} vertices, peak at vertex {one.vertex}"
        if role == Role.TextAlignmentRole:
            return int(alignment(index.column()))
        return None


def alignment(column: int) -> Qt.AlignmentFlag:
    """Numbers stand right."""
    side = Qt.AlignmentFlag.AlignRight if column > 1 else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


class VertexPage(Panel):
    """Signals: ``cluster_chosen(Cluster)``, ``pin_asked()``, ``label_asked()``."""

    cluster_chosen = Signal(object)
    pin_asked = Signal()
    label_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("left", parent=parent)
        self.head = Head("Vertex")
        self.pin = Tool("pin-outline", "Keep this vertex beside others (Shift+click)")
        self.pin.clicked.connect(self.pin_asked)
        self.head.row.addWidget(self.pin)
        self.lead = Lead()
        self.empty = Words("Click the surface: what is known of the vertex appears here.",
                           "body", "text2")  # fmt: skip
        self.empty.setContentsMargins(theme.dp(12), theme.dp(12), theme.dp(12), theme.dp(12))
        self.facts = Facts()
        self.clusters_head = Head("Clusters")
        self.none = Words("", "body", "text2")
        self.none.setContentsMargins(theme.dp(12), theme.dp(10), theme.dp(12), theme.dp(10))
        self.model = ClusterModel(self)
        self.table = self._table()
        self.label = Button("Save as label…", "content-save-outline")
        self.label.setToolTip(
            "The cluster under the vertex chosen, or the painted region, as a FreeSurfer label"
        )
        self.label.clicked.connect(self.label_asked)
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.dp(12), theme.dp(6), theme.dp(12), theme.dp(8))
        foot.addWidget(self.label)
        foot.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(0)
        for part in (self.head, self.empty, self.lead, self.facts, self.clusters_head, self.none):
            column.addWidget(part)
        holder = QHBoxLayout()
        holder.setContentsMargins(theme.dp(7), 0, theme.dp(7), 0)
        holder.addWidget(self.table)
        column.addLayout(holder, 1)
        column.addLayout(foot)
        self.setMinimumWidth(theme.dp(260))
        self.show_vertex("", "", "", "", "", ())

    def _table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        table.setFrameShape(QTableView.Shape.NoFrame)
        table.setShowGrid(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(theme.dp(24))
        table.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QTableView.SelectionMode.SingleSelection)
        table.setAccessibleName("Clusters")
        table.setWordWrap(False)
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for section, width in ((1, 38), (2, 62), (3, 58)):
            table.setColumnWidth(section, theme.dp(width))
        header.setHighlightSections(False)
        header.setFont(theme.font("caption"))
        table.clicked.connect(self._chosen)
        table.activated.connect(self._chosen)
        return table

    def _chosen(self, index: Any) -> None:
        self.cluster_chosen.emit(self.model.rows[index.row()][0])

    def show_vertex(
        self, title: str, label: str, number: str, unit: str, sentence: str,
        rows: Sequence[tuple[str, str]],
    ) -> None:  # fmt: skip
        """What is known of a vertex; an empty title when none is chosen."""
        there = bool(title)
        self.head.title.setText(title or "Vertex")
        self.empty.setVisible(not there)
        self.lead.setVisible(there)
        self.facts.setVisible(there)
        self.pin.setEnabled(there)
        if there:
            self.lead.show_number(label, number, unit, sentence)
            self.facts.show_rows(rows)

    def show_clusters(
        self, rows: Sequence[tuple[Cluster, str]], letter: str, words: str, inside: int
    ) -> None:
        """The clusters, or why there are none; ``inside`` is the row of the vertex's, -1."""
        self.model.show_rows(rows, letter)
        self.none.setText(words)
        self.none.setVisible(bool(words))
        self.table.setVisible(not words)
        self.label.setEnabled(inside >= 0)
        if inside >= 0:
            self.table.selectRow(inside)
