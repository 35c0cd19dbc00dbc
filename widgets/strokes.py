"""What several controls paint: field outline, arrow, chip; and a painter that always closes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QFontMetrics,
    QPainter,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import (
    QWidget,
)

from widgets import icons, theme


@contextlib.contextmanager
def painting(widget: QWidget) -> Iterator[QPainter]:
    """A painter on a widget that is closed whatever happens: an open one ends the program."""
    painter = QPainter(widget)
    try:
        yield painter
    finally:
        painter.end()


def draw_field(
    painter: QPainter, rect: QRect, focus: bool, refused: bool = False, enabled: bool = True
) -> None:
    """Ground and outline of an input: field, 2 px accent with focus, 2 px err when refused."""
    wide = focus or refused
    name = "err" if refused else "accent" if focus else "field" if enabled else "border"
    width = 2.0 if wide else 1.0
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.token(name), width))
    painter.setBrush(theme.token("base" if enabled else "panel"))
    half = width / 2
    painter.drawRoundedRect(QRectF(rect).adjusted(half, half, -half, -half), theme.dp(3), 3)


def draw_arrow(painter: QPainter, centre: QPointF, size: float, up: bool, name: str) -> None:
    """A small filled triangle."""
    tip = -size / 2 if up else size / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.token(name))
    x, y = centre.x(), centre.y()
    painter.drawPolygon(
        QPolygonF([QPointF(x - size, y - tip), QPointF(x + size, y - tip), QPointF(x, y + tip)])
    )


def draw_chip(
    painter: QPainter, rect: QRect, state: str, text: str, icon: str, strong: bool = False
) -> None:
    """Paint a chip (also inside list delegates)."""
    ink, ground = theme.grounds(state)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.token(ground))
    painter.drawRoundedRect(QRectF(rect), 3, 3)
    x = rect.x() + theme.dp(7)
    if icon:
        size = theme.dp(15 if strong else 13)
        picture = icons.pixmap(icon, ink, size, painter.device().devicePixelRatio())
        painter.drawPixmap(x, rect.y() + (rect.height() - size) // 2, picture)
        x += size + theme.dp(4)
    painter.setFont(theme.font("strong" if strong else "caption"))
    painter.setPen(theme.token(ink))
    room = QRect(x, rect.y(), rect.right() - x + 1, rect.height())
    painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)


def chip_width(text: str, icon: bool = True) -> int:
    """Width of a small chip with this word."""
    metrics = QFontMetrics(theme.font("caption"))
    return metrics.horizontalAdvance(text) + theme.dp(14) + (theme.dp(17) if icon else 0)
