"""The Result column: lead number, *Compare with the paper*, notes, and views placed here."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QGuiApplication, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QScrollArea,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from backend.core.parameters import show_number
from backend.core.report import reference_text, shown_value
from backend.core.result import Comparison, Verdict
from widgets import icons, theme
from widgets.parts import Head, Panel, Tool, Words, chip_width, draw_chip

Index = QModelIndex | QPersistentModelIndex
ANYWHERE = QModelIndex()
WORDS = {
    Verdict.AGREE: "agrees",
    Verdict.DIFFER: "differs",
    Verdict.NOT_COMPARABLE: "not comparable",
    Verdict.PENDING: "pending",
}


def measured_text(line: Comparison) -> str:
    """Measured value with unit and spread: "3.7 ± 0.2 ms"; a dash while it is pending."""
    if line.measured is None:
        return "—"
    text = shown_value(line.measured.value, line.digits)
    if line.measured.sd is not None:
        text += f" ± {shown_value(line.measured.sd, 2)}"
    return f"{text} {line.unit}".strip()


class ComparisonModel(QAbstractListModel):
    """Lines of the comparison."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: list[Comparison] = []

    def show(self, lines: list[Comparison]) -> None:
        """Replace the lines; rows are kept when only values moved."""
        if len(lines) != len(self.lines):
            self.beginResetModel()
            self.lines = lines
            self.endResetModel()
        elif lines != self.lines:
            self.lines = lines
            self.dataChanged.emit(self.index(0), self.index(len(lines) - 1))

    def rowCount(self, parent: Index = ANYWHERE) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self.lines[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return line
        if role == Qt.ItemDataRole.DisplayRole:
            return (
                f"{line.label}: {measured_text(line)}, paper or theory {reference_text(line)}, "
                f"{WORDS[line.verdict]}"
            )
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(line)
        return None


def tooltip(line: Comparison) -> str:
    """Full stored precision, and where the reference stands."""
    parts = [line.label]
    if line.measured is not None:
        parts.append(f"here: {show_number(line.measured.value, 12)} {line.unit}".strip())
        if line.measured.n:
            parts.append(f"n = {line.measured.n}")
    if line.reference is not None:
        source = "the paper" if line.reference.source == "paper" else "theory or prototype"
        parts.append(f"{source}: {reference_text(line)}")
        parts += [text for text in (line.reference.where, line.reference.note) if text]
    return "\n".join(parts)


class ComparisonDelegate(QStyledItemDelegate):
    """Two lines a quantity: name and chip; measured value and reference."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme.dp(200), theme.dp(42))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line: Comparison = index.data(Qt.ItemDataRole.UserRole)
        painter.save()
        rect: QRect = option.rect  # type: ignore[attr-defined]
        state = option.state  # type: ignore[attr-defined]
        selected = bool(state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(rect, theme.token("sel"))
        inner = rect.adjusted(theme.dp(12), theme.dp(2), -theme.dp(12), -theme.dp(2))
        top = QRect(inner.x(), inner.y(), inner.width(), inner.height() // 2)
        bottom = QRect(inner.x(), top.bottom(), inner.width(), inner.height() // 2)
        word = WORDS[line.verdict]
        width = chip_width(word)
        chip = QRect(top.right() - width, top.y() + theme.dp(1), width, theme.dp(18))
        state_name = "idle" if line.verdict is Verdict.NOT_COMPARABLE else str(line.verdict)
        draw_chip(painter, chip, state_name, word, icons.VERDICT[str(line.verdict)])
        painter.setPen(theme.token("text2"))
        painter.setFont(theme.font("body"))
        room = top.adjusted(0, 0, -width - theme.dp(8), 0)
        name = painter.fontMetrics().elidedText(
            line.label, Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)
        self._values(painter, line, bottom, selected)
        painter.restore()

    @staticmethod
    def _values(painter: QPainter, line: Comparison, rect: QRect, selected: bool) -> None:
        reference = reference_text(line)
        painter.setFont(theme.font("body"))
        painter.setPen(theme.token("text2" if selected else "text3"))
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(rect, right, reference)
        taken = painter.fontMetrics().horizontalAdvance(reference) + theme.dp(8)
        painter.setFont(theme.font("value"))
        painter.setPen(theme.token("text"))
        room = rect.adjusted(0, 0, -taken, 0)
        text = painter.fontMetrics().elidedText(
            measured_text(line), Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)


class ResultPanel(QWidget):
    """Signals: ``export_asked()``, ``chosen(quantity)`` when a line is clicked."""

    export_asked = Signal()
    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        head = Head("Result", self)
        copy = Tool("content-copy", "Copy the table")
        copy.clicked.connect(self.copy)
        export = Tool("export-variant", "Export…")
        export.clicked.connect(self.export_asked)
        head.row.addWidget(copy)
        head.row.addWidget(export)
        self.lead_name = Words("", "body", "text2")
        self.lead = Words("", "lead")
        self.sentence = Words("", "body", "text2")
        self.stale = Words("", "body", "warn")
        self.heading = Words("Compare with the paper", "strong")
        self.columns = Words("Quantity, measured here · paper or theory", "caption", "text3")
        self.model = ComparisonModel(self)
        self.list = self._list()
        self.notes = Words("", "body", "text2")
        self.empty = Words(
            "<b>Numbers beside the paper's</b><br>Values appear here while the study runs.",
            "body", "text2",
        )  # fmt: skip
        self.content = Panel()
        self.column = QVBoxLayout(self.content)
        self.column.setContentsMargins(0, theme.dp(8), 0, theme.dp(12))
        self.column.setSpacing(theme.dp(4))
        padded = (self.lead_name, self.lead, self.sentence, self.stale, self.empty, self.heading,
                  self.columns)  # fmt: skip
        for part in padded:
            part.setContentsMargins(theme.dp(12), 0, theme.dp(12), 0)
            self.column.addWidget(part)
        self.column.addWidget(self.list)
        self.notes.setContentsMargins(theme.dp(12), theme.dp(4), theme.dp(12), 0)
        self.column.addWidget(self.notes)
        self.extra = QVBoxLayout()
        self.column.addLayout(self.extra)
        self.column.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(self.content)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(head)
        whole.addWidget(area, 1)
        self.setMinimumWidth(theme.dp(260))
        self.show_result([], "", "", "", [])

    def _list(self) -> QListView:
        view = QListView()
        view.setModel(self.model)
        view.setItemDelegate(ComparisonDelegate(view))
        view.setFrameShape(QFrame.Shape.NoFrame)
        view.setUniformItemSizes(True)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setAccessibleName("Compare with the paper")
        view.viewport().setAutoFillBackground(False)
        view.clicked.connect(lambda i: self.chosen.emit(i.data(Qt.ItemDataRole.UserRole).quantity))
        return view

    def show_result(
        self,
        lines: list[Comparison],
        lead_name: str,
        lead: str,
        sentence: str,
        notes: list[str],
        stale: str = "",
    ) -> None:
        """Show what a run found so far."""
        self.model.show(lines)
        self.list.setFixedHeight(max(1, len(lines)) * theme.dp(42))
        for part, text in (
            (self.lead_name, lead_name), (self.lead, lead), (self.sentence, sentence),
            (self.stale, stale), (self.notes, "<br><br>".join(notes)),
        ):  # fmt: skip
            if part.text() != text:
                part.setText(text)
            part.setVisible(bool(text))
        for part in (self.list, self.heading, self.columns):
            part.setVisible(bool(lines))
        self.empty.setVisible(not lines and not lead)

    def add_view(self, view: QWidget) -> None:
        """Put a view below the table."""
        self.extra.addWidget(view)

    def text(self) -> str:
        """The table as TSV: quantity, measured, unit, reference, verdict."""
        rows = ["quantity\tmeasured\tunit\tpaper or theory\tverdict"]
        for line in self.model.lines:
            value = "" if line.measured is None else repr(line.measured.value)
            rows.append(
                f"{line.label}\t{value}\t{line.unit}\t{reference_text(line)}\t{line.verdict}"
            )
        return "\n".join(rows)

    def copy(self) -> None:
        """Put the table on the clipboard."""
        QGuiApplication.clipboard().setText(self.text())
