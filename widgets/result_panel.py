"""Result column: lead number, comparison with the paper, notes, and views that belong here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from PySide6.QtCore import (
    QRect,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from backend.core.result import Comparison, Measured, Quantity, Result
from widgets import theme
from widgets.comparison import (
    WORDS,
    ComparisonList,
    ComparisonModel,
    Index,
    measured_text,
    reference_text,
    with_unit,
)
from widgets.empty import EmptyView
from widgets.parts import Head, Panel, Tool, Words
from widgets.views.frame import ViewWidget


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
        where = "paper; theory in italics"
        painter.drawText(low, right, where)
        metrics = painter.fontMetrics()
        low.setWidth(low.width() - metrics.horizontalAdvance(where) - theme.dp(8))
        words = "Quantity, measured here"
        painter.drawText(low, middle, metrics.elidedText(words, Qt.TextElideMode.ElideRight,
                                                         low.width()))  # fmt: skip
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
