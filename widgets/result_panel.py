"""Result column: lead number, comparison with the paper, notes, and views that belong here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QListView,
    QScrollArea,
    QStackedLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from backend.core.parameters import show_number
from backend.core.result import Comparison, Measured, Quantity, Reference, Result, Verdict
from widgets import icons, theme
from widgets.empty import EmptyView
from widgets.parts import Head, Panel, Tool, Words, chip_width, draw_chip
from widgets.views.frame import ViewWidget

Index = QModelIndex | QPersistentModelIndex
WORDS = {
    Verdict.AGREE: "agrees", Verdict.DIFFER: "differs",
    Verdict.NOT_COMPARABLE: "not comparable", Verdict.PENDING: "pending",
}  # fmt: skip


def measured_text(value: float, digits: int = 3) -> str:
    """A value with this many significant digits: true minus, thin space from five digits."""
    if not math.isfinite(value):
        return "–" if math.isnan(value) else ("∞" if value > 0 else "\u2212∞")
    if float(value).is_integer() and abs(value) < 1e12:
        return show_number(value)
    places = digits - 1 - math.floor(math.log10(abs(value)))
    if places <= 0:
        return show_number(float(round(value)))
    return theme.minus(f"{value:.{min(places, 12)}f}") if places < 8 else f"{value:.{digits}g}"


def with_unit(text: str, unit: str) -> str:
    """Number and unit: a space between, none before °."""
    return f"{text}{unit}" if unit == "°" or not unit else f"{text} {unit}"


def value_text(line: Comparison) -> str:
    """Measured value as the list shows it."""
    if line.measured is None:
        return "—"
    if line.measured.text:
        return line.measured.text
    text = measured_text(line.measured.value, line.digits)
    if line.measured.sd is not None and math.isfinite(line.measured.sd):
        text += f" ± {measured_text(line.measured.sd, 2)}"
    return with_unit(text, line.unit)


def reference_text(reference: Reference | None, unit: str) -> str:
    """The paper's or theory's value as it was printed."""
    if reference is None:
        return ""
    low, high = reference.low, reference.high
    if reference.value is not None:
        text = show_number(reference.value)
        if reference.tolerance:
            text += f" ± {show_number(reference.tolerance)}"
        return with_unit(text, unit)
    if low is not None and high is not None:
        return with_unit(f"{show_number(low)} to {show_number(high)}", unit)
    if low is not None:
        return with_unit(f"≥ {show_number(low)}", unit)
    if high is not None:
        return with_unit(f"≤ {show_number(high)}", unit)
    return "no number"


def source_text(line: Comparison) -> str:
    """Tooltip: full values and where the reference stands."""
    parts = [line.label]
    if line.measured is not None:
        text = f"Measured here: {line.measured.value!r} {line.unit}".rstrip()
        if line.measured.n:
            text += f", n = {line.measured.n}"
        parts.append(text)
    reference = line.reference
    if reference is not None:
        source = "Paper" if reference.source == "paper" else "Theory or specification"
        parts.append(f"{source}: {reference.where or 'place not given'}")
        if reference.note:
            parts.append(reference.note)
    return "\n".join(parts)


class ComparisonModel(QAbstractListModel):
    """Lines of *Compare with the paper*."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.lines: list[Comparison] = []

    def set_lines(self, lines: Sequence[Comparison]) -> None:
        """Show these lines; only values change while a run is alive, so rows stay."""
        lines = list(lines)
        if lines == self.lines:
            return
        if [one.quantity for one in lines] == [one.quantity for one in self.lines]:
            self.lines = lines
            self.dataChanged.emit(self.index(0), self.index(len(lines) - 1))
            return
        self.beginResetModel()
        self.lines = lines
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self.lines[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return line
        if role == Qt.ItemDataRole.DisplayRole:
            reference = reference_text(line.reference, line.unit)
            parts = [line.label, value_text(line), reference, WORDS[line.verdict]]
            return ", ".join(part for part in parts if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            return source_text(line)
        return None


class ComparisonDelegate(QStyledItemDelegate):
    """Two lines a quantity: name and chip; measured value and the paper's."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(theme.dp(240), row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        line: Comparison = index.data(Qt.ItemDataRole.UserRole)
        rect = option.rect  # type: ignore[attr-defined]
        state = option.state  # type: ignore[attr-defined]
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.fillRect(rect, theme.token("sel" if chosen else "panel"))
        margin = theme.dp(12)
        inner = rect.adjusted(margin, theme.dp(5), -margin, -theme.dp(4))
        half = inner.height() // 2
        top = QRect(inner.left(), inner.top(), inner.width(), half)
        low = QRect(inner.left(), inner.top() + half, inner.width(), inner.height() - half)
        word = WORDS[line.verdict]
        shown = line.reference is not None
        wide = chip_width(word) if shown else 0
        painter.setFont(theme.font("body"))
        painter.setPen(theme.token("text2"))
        name = painter.fontMetrics().elidedText(
            line.label, Qt.TextElideMode.ElideRight, top.width() - wide - theme.dp(8)
        )
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(top, middle, name)
        if shown:
            high = theme.dp(18)
            box = QRect(top.right() - wide + 1, top.center().y() - high // 2 + 1, wide, high)
            draw_chip(painter, box, line.verdict.value, word, icons.VERDICT[line.verdict.value])
        painter.setFont(theme.font("value"))
        painter.setPen(theme.token("text"))
        painter.drawText(low, middle, value_text(line))
        painter.setFont(theme.font("body"))
        painter.setPen(theme.token("text2"))
        reference = reference_text(line.reference, line.unit)
        painter.drawText(low, middle | Qt.AlignmentFlag.AlignRight, reference)
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, theme.token("border"))
        painter.restore()


def row_height() -> int:
    """Height of one comparison."""
    body, value = QFontMetrics(theme.font("body")), QFontMetrics(theme.font("value"))
    return body.height() + value.height() + theme.dp(16)


class ComparisonList(QListView):
    """As high as its rows: the column scrolls, not the list."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.setItemDelegate(ComparisonDelegate(self))
        self.setAccessibleName("Compare with the paper")

    def fit(self) -> None:
        """Take the height of the rows."""
        model = self.model()
        self.setFixedHeight(max(model.rowCount() * row_height(), 1) if model else 1)

    def wheelEvent(self, event: QEvent) -> None:
        event.ignore()


class Lead(QWidget):
    """Label, the one large number with its unit, and a sentence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = Words("", "body", "text2")
        self.sentence = Words("", "body", "text2")
        self.number, self.unit = "", ""
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.dp(12), theme.dp(12), theme.dp(12), theme.dp(10))
        column.setSpacing(theme.dp(2))
        column.addWidget(self.label)
        column.addSpacing(QFontMetrics(theme.font("lead")).height())
        column.addWidget(self.sentence)

    def show_number(self, label: str, number: str, unit: str, sentence: str) -> None:
        """Show a value."""
        self.number, self.unit = number, unit
        if self.label.text() != label:
            self.label.setText(label)
        if self.sentence.text() != sentence:
            self.sentence.setText(sentence)
            self.sentence.setVisible(bool(sentence))
        self.setAccessibleName(f"{label}: {with_unit(number, unit)}")
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font("lead"))
        painter.setPen(theme.token("text"))
        metrics = painter.fontMetrics()
        left = theme.dp(12)
        base = self.label.geometry().bottom() + metrics.ascent() + theme.dp(3)
        painter.drawText(left, base, self.number)
        left += metrics.horizontalAdvance(self.number) + theme.dp(6)
        painter.setFont(theme.font("title"))
        painter.setPen(theme.token("text2"))
        painter.drawText(left, base, self.unit)
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.token("border"))
        painter.end()


class TableHead(QWidget):
    """*Compare with the paper*, and what its two columns hold."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stale = ""
        self.setFixedHeight(theme.dp(50))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        margin, half = theme.dp(12), theme.dp(27)
        middle = Qt.AlignmentFlag.AlignVCenter
        right = middle | Qt.AlignmentFlag.AlignRight
        wide = self.width() - 2 * margin
        painter.setFont(theme.font("strong"))
        painter.setPen(theme.token("text"))
        painter.drawText(QRect(margin, theme.dp(3), wide, half), middle, "Compare with the paper")
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.token("text3"))
        painter.drawText(QRect(margin, theme.dp(3), wide, half), right, self.stale)
        low = QRect(margin, half, wide, self.height() - half)
        painter.drawText(low, middle, "Quantity, measured here")
        painter.drawText(low, right, "paper or theory")
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.token("border"))
        painter.end()


class ResultPanel(Panel):
    """The Result column.

    Signals: ``quantity_activated(name)`` (a click jumps to its view), ``export_asked()``.
    """

    quantity_activated = Signal(str)
    export_asked = Signal()

    def __init__(self, empty: str = "Numbers appear after the first run.") -> None:
        super().__init__("left")
        self.head = Head("Result")
        self.copy_tool = Tool("content-copy", "Copy the table", role="text3")
        self.copy_tool.clicked.connect(self.copy)
        self.export_tool = Tool("export-variant", "Export the result", role="text3")
        self.export_tool.clicked.connect(self.export_asked)
        self.head.row.addWidget(self.copy_tool)
        self.head.row.addWidget(self.export_tool)
        self.lead = Lead()
        self.warning = Words("", "body", "err")
        self.warning.setContentsMargins(*(theme.dp(12),) * 4)
        self.warning.setAutoFillBackground(True)
        self.table_head = TableHead()
        self.model = ComparisonModel(self)
        self.list = ComparisonList()
        self.list.setModel(self.model)
        self.list.clicked.connect(self._clicked)
        self.list.activated.connect(self._clicked)
        self.notes = Words("", "body", "text2")
        self.notes.setContentsMargins(theme.dp(12), theme.dp(8), theme.dp(12), theme.dp(8))
        self.findings = Words("", "body", "text2")
        self.findings.setContentsMargins(*(theme.dp(12),) * 4)
        self.findings.hide()
        self.empty = EmptyView("table", "Numbers beside the paper's", empty, "panel")
        self._views: list[ViewWidget] = []
        self._heights: dict[ViewWidget, int | None] = {}
        self._lay_out()
        theme.signals().changed.connect(self._recolour)
        self._recolour()
        self.clear()

    def _lay_out(self) -> None:
        content = Panel()
        self._column = QVBoxLayout(content)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        for widget in (self.warning, self.lead, self.table_head, self.list, self.notes):
            self._column.addWidget(widget)
        self._views_column = QVBoxLayout()
        self._views_column.setSpacing(theme.dp(6))
        self._column.addLayout(self._views_column)
        self._column.addWidget(self.findings)
        self._column.addStretch(1)
        self.area = QScrollArea()
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setWidget(content)
        self._pages = QWidget()
        self._stack = QStackedLayout(self._pages)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.area)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        column.addWidget(self._pages, 1)
        self.setMinimumWidth(theme.dp(260))

    def _recolour(self) -> None:
        ground = self.warning.palette()
        ground.setColor(self.warning.backgroundRole(), theme.token("errbg"))
        self.warning.setPalette(ground)

    # ---- what is shown -------------------------------------------------------------------

    def show_result(
        self,
        result: Result,
        comparisons: Sequence[Comparison],
        quantities: Mapping[str, Quantity],
    ) -> None:
        """Show a run's result; cheap enough to call several times a second."""
        lead = result.values.get(result.lead)
        self.lead.setVisible(lead is not None)
        if lead is not None:
            quantity = quantities[result.lead]
            number = lead.text or measured_text(lead.value, quantity.digits)
            self.lead.show_number(quantity.label, number, quantity.unit, result.sentence)
        self.model.set_lines(comparisons)
        self.list.fit()
        self.table_head.setVisible(bool(comparisons))
        self.list.setVisible(bool(comparisons))
        self._set_notes(result.notes)
        self._fit_views()
        shows = lead is not None or bool(comparisons) or bool(result.notes) or bool(self._views)
        self._stack.setCurrentWidget(self.area if shows else self.empty)
        self.copy_tool.setEnabled(bool(comparisons))
        self.export_tool.setEnabled(bool(comparisons))

    def _set_notes(self, notes: Sequence[str]) -> None:
        text = "<br>".join(note.replace("&", "&amp;").replace("<", "&lt;") for note in notes)
        if text != self.notes.text():
            self.notes.setText(text)
        self.notes.setVisible(bool(text))

    def set_findings(self, findings: Sequence[str]) -> None:
        """What did not reproduce or was decided, said below everything else."""
        lines = [escape(line) for line in findings]
        text = "<b>What to know</b><br>" + "<br><br>".join(lines) if lines else ""
        if text != self.findings.text():
            self.findings.setText(text)
        self.findings.setVisible(bool(text))

    def set_warning(self, text: str) -> None:
        """Line above all: *This run gave no numbers…* or *incomplete, 412 of 1000*."""
        self.warning.setText(text)
        self.warning.setVisible(bool(text))
        if text:
            self._stack.setCurrentWidget(self.area)

    def set_stale(self, text: str) -> None:
        """Which run the table is of, when not the last one ("run of 15:12")."""
        self.table_head.stale = text
        self.table_head.update()

    def add_view(self, view: ViewWidget, height: int | None = None) -> None:
        """Put a view that belongs to the result beneath the notes.

        It is ``height`` high, or what its content needs (at most 220 px) if that is more.
        """
        self._heights[view] = height
        self._fit_views()
        self._views_column.addWidget(view)
        self._views.append(view)
        self._stack.setCurrentWidget(self.area)
        view.show()

    def _fit_views(self) -> None:
        for view, height in self._heights.items():
            wanted = max(height or 0, min(view.natural_height(), theme.dp(220)))
            if view.minimumHeight() != wanted:
                view.setFixedHeight(wanted)

    def clear_views(self) -> None:
        """Take the views away; they stay alive with their owner."""
        for view in self._views:
            self._views_column.removeWidget(view)
            view.hide()
            view.setParent(None)
        self._views = []
        self._heights = {}

    def clear(self) -> None:
        """Back to the empty state (views stay)."""
        self.set_warning("")
        self.set_stale("")
        self.show_result(Result(), [], {})

    # ---- copy ----------------------------------------------------------------------------

    def text(self) -> str:
        """The comparison as tab-separated text with full precision."""
        rows = ["quantity\tmeasured\tsd\tn\tunit\treference\tverdict\twhere"]
        for line in self.model.lines:
            measured = line.measured or Measured(math.nan)
            reference = line.reference
            cells = [
                line.label,
                "" if line.measured is None else repr(measured.value),
                "" if measured.sd is None else repr(measured.sd),
                "" if measured.n is None else str(measured.n),
                line.unit,
                reference_text(reference, ""),
                WORDS[line.verdict] if reference else "",
                reference.where if reference else "",
            ]
            rows.append("\t".join(cells))
        return "\n".join(rows) + "\n"

    def copy(self) -> None:
        """Put the table on the clipboard."""
        QApplication.clipboard().setText(self.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if event.key() == Qt.Key.Key_C and control:
            self.copy()
            return
        super().keyPressEvent(event)

    def _clicked(self, index: Index) -> None:
        self.quantity_activated.emit(self.model.lines[index.row()].quantity)
