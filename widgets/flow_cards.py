"""Cards of studies in a flowing grid: picture, name, question, number and panel, *Open*."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from widgets import theme

Index = QModelIndex | QPersistentModelIndex
GAP = 10
LEAST_HEIGHT = 200
LEAST_WIDTH = 250


@dataclass(frozen=True)
class Card:
    """One study; ``picture`` is made when first painted."""

    id: str
    title: str
    question: str
    number: int = 0
    panel: str = ""
    family: str = ""
    picture: Callable[[], QPixmap | None] | None = None


class CardModel(QAbstractListModel):
    """Cards that pass the filter."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.all: list[Card] = []
        self.shown: list[Card] = []
        self._pictures: dict[str, QPixmap | None] = {}

    def set_cards(self, cards: Sequence[Card]) -> None:
        """Show these cards."""
        self._pictures.clear()
        self.all = list(cards)
        self.filter("", "")

    def filter(self, family: str, text: str) -> None:
        """Show the cards of a family ("" for all) that hold all words."""
        words = text.lower().split()
        self.beginResetModel()
        self.shown = [
            card
            for card in self.all
            if (not family or card.family == family)
            and all(w in f"{card.title} {card.question} {card.panel}".lower() for w in words)
        ]
        self.endResetModel()

    def picture(self, card: Card) -> QPixmap | None:
        """Picture of a card, made once."""
        if card.id not in self._pictures:
            self._pictures[card.id] = card.picture() if card.picture else None
        return self._pictures[card.id]

    def forget_pictures(self) -> None:
        """Make all pictures anew (another theme)."""
        self._pictures.clear()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        card = self.shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return card.title
        if role == Qt.ItemDataRole.UserRole:
            return card
        if role == Qt.ItemDataRole.ToolTipRole:
            return card.question
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return f"{card.question} Study {card.number}, {card.panel}"
        return None


def button_rect(rect: QRect) -> QRect:
    """Place of *Open* in a card."""
    wide, high = theme.dp(54), theme.dp(26)
    margin = theme.dp(10)
    return QRect(rect.right() - wide - margin, rect.bottom() - high - margin, wide, high)


class CardDelegate(QStyledItemDelegate):
    """Paints one card."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        view = self.parent()
        assert isinstance(view, FlowCards)
        return view.gridSize()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        view = self.parent()
        assert isinstance(view, FlowCards)
        card: Card = index.data(Qt.ItemDataRole.UserRole)
        gap = theme.dp(GAP)
        rect = option.rect.adjusted(0, 0, -gap, -gap)  # type: ignore[attr-defined]
        state = option.state  # type: ignore[attr-defined]
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        over = bool(state & QStyle.StateFlag.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(rect, theme.token("panel"))
        high = rect.height() - theme.dp(96)
        top = QRect(rect.left(), rect.top(), rect.width(), high)
        painter.fillRect(top, theme.token("base"))
        self._paint_picture(painter, view.cards.picture(card), top)
        edge = theme.token("accent" if chosen else "field" if over else "border")
        painter.fillRect(rect.left(), top.bottom(), rect.width(), 1, theme.token("border"))
        self._paint_words(painter, card, rect, top.bottom() + theme.dp(8))
        self._paint_button(painter, button_rect(rect), chosen)
        width = 2.0 if chosen else 1.0
        painter.setPen(QPen(edge, width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        inset = width / 2
        painter.drawRoundedRect(QRectF(rect).adjusted(inset, inset, -inset, -inset), 2, 2)
        painter.restore()

    @staticmethod
    def _paint_picture(painter: QPainter, picture: QPixmap | None, room: QRect) -> None:
        if picture is None or picture.isNull():
            return
        inner = room.adjusted(theme.dp(4), theme.dp(4), -theme.dp(4), -theme.dp(4))
        size = picture.size() / picture.devicePixelRatio()
        size.scale(inner.size(), Qt.AspectRatioMode.KeepAspectRatio)
        at = QRect(QPoint(0, 0), size)
        at.moveCenter(inner.center())
        painter.drawPixmap(at, picture)

    @staticmethod
    def _paint_words(painter: QPainter, card: Card, rect: QRect, y: int) -> None:
        margin = theme.dp(10)
        wide = rect.width() - 2 * margin
        painter.setFont(theme.font("strong"))
        painter.setPen(theme.token("text"))
        metrics = painter.fontMetrics()
        title = metrics.elidedText(card.title, Qt.TextElideMode.ElideRight, wide)
        room = QRect(rect.left() + margin, y, wide, metrics.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, title)
        y += metrics.height() + theme.dp(2)
        painter.setFont(theme.font("body"))
        painter.setPen(theme.token("text2"))
        two = 2 * painter.fontMetrics().height() + 2
        room = QRect(rect.left() + margin, y, wide, two)
        painter.drawText(room, Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignTop, card.question)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.token("text2"))
        place = f"{card.number:02d} · {card.panel}" if card.number else card.panel
        foot = button_rect(rect)
        room = QRect(rect.left() + margin, foot.top(), wide, foot.height())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, place)

    @staticmethod
    def _paint_button(painter: QPainter, room: QRect, primary: bool) -> None:
        painter.setPen(QPen(theme.token("fill" if primary else "border"), 1))
        painter.setBrush(theme.token("fill" if primary else "base"))
        painter.drawRoundedRect(QRectF(room).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setFont(theme.font("strong" if primary else "body"))
        painter.setPen(theme.token("onfill" if primary else "text"))
        painter.drawText(room, Qt.AlignmentFlag.AlignCenter, "Open")


class FlowCards(QListView):
    """Grid of cards; arrows move, Enter or *Open* opens.

    Signals: ``opened(id)``.
    """

    opened = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards = CardModel(self)
        self.setModel(self.cards)
        self.setItemDelegate(CardDelegate(self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QListView.SelectionMode.SingleSelection)
        self.setAccessibleName("Studies")
        self.viewport().setAutoFillBackground(False)
        theme.signals().changed.connect(self._restyle)

    def _restyle(self) -> None:
        self.cards.forget_pictures()
        self.viewport().update()

    def set_cards(self, cards: Sequence[Card]) -> None:
        """Show these cards; the first one is chosen."""
        self.cards.set_cards(cards)
        self._choose_first()

    def set_filter(self, family: str = "", text: str = "") -> None:
        """Show some of them."""
        self.cards.filter(family, text)
        self._choose_first()

    def _choose_first(self) -> None:
        if self.cards.rowCount():
            self.setCurrentIndex(self.cards.index(0))

    def current_card(self) -> Card | None:
        """The chosen card."""
        row = self.currentIndex().row()
        return self.cards.shown[row] if 0 <= row < len(self.cards.shown) else None

    def columns(self) -> int:
        """Columns at this width: 3 at 1366, 4 at 1600, 6 at 2560 px windows."""
        return max(1, min(6, (self.viewport().width()) // theme.dp(LEAST_WIDTH + GAP)))

    def resizeEvent(self, event: QEvent) -> None:
        columns = self.columns()
        wide = (self.viewport().width() - 2) // columns
        rows = -(-max(self.cards.rowCount(), 1) // columns)
        high = max(self.viewport().height() // max(rows, 1), theme.dp(LEAST_HEIGHT + GAP))
        high = min(high, theme.dp(260))
        self.setGridSize(QSize(wide, high))
        super().resizeEvent(event)  # type: ignore[arg-type]

    def keyPressEvent(self, event: QKeyEvent) -> None:
        card = self.current_card()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and card is not None:
            self.opened.emit(card.id)
            return
        super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        index = self.indexAt(event.position().toPoint())
        if index.isValid():
            gap = theme.dp(GAP)
            rect = self.visualRect(index).adjusted(0, 0, -gap, -gap)
            if button_rect(rect).contains(event.position().toPoint()):
                self.opened.emit(self.cards.shown[index.row()].id)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if index.isValid():
            self.opened.emit(self.cards.shown[index.row()].id)
