"""The list *Compare with the paper*: how values are written, model, delegate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from backend.core.parameters import show_number
from backend.core.result import Comparison, Reference, Verdict
from widgets import icons, theme
from widgets.strokes import chip_width, draw_chip

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
        source = "Paper" if reference.source == "paper" else "Theory or independent implementation"
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
        printed = line.reference is None or line.reference.source == "paper"
        painter.setFont(theme.font("body", italic=not printed))
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
