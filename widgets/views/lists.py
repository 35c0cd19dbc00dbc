"""Views of words and numbers: checks, a band with a marker, and counters."""

from __future__ import annotations

import html
import re
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QStaticText
from PySide6.QtWidgets import QWidget

from backend.core.views import View
from widgets import icons, theme
from widgets.strokes import painting
from widgets.ticks import HUGE, nice_ticks, tick_text
from widgets.views.frame import ViewWidget
from widgets.views.plot import three, unit_words


def plain(rich: str) -> str:
    """Text without markup."""
    return html.unescape(re.sub(r"<[^>]+>", "", rich))


class _Rows(QWidget):
    """Painted rows: icon, rich text, value at the right."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str, bool | None, str]] = []

    def show_rows(self, rows: list[tuple[str, bool | None, str]]) -> None:
        """Show these rows."""
        if rows != self.rows:
            self.rows = rows
            self.setAccessibleDescription("; ".join(f"{plain(r[0])} {r[2]}" for r in rows))
            self.setMinimumHeight(self.sizeHint().height())
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(240), len(self.rows) * theme.dp(24) + theme.dp(12))

    def paintEvent(self, event: QPaintEvent) -> None:
        with painting(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), theme.token("base"))
        margin, tall = theme.dp(12), theme.dp(24)
        size = theme.dp(15)
        for number, (rich, good, value) in enumerate(self.rows):
            y = theme.dp(6) + number * tall
            left = margin
            if good is not None:
                name, role = ("check-circle", "ok") if good else ("alert", "warn")
                picture = icons.pixmap(name, role, size, self.devicePixelRatioF())
                painter.drawPixmap(left, y + (tall - size) // 2, picture)
                left += size + theme.dp(8)
            painter.setFont(theme.font("strong"))
            painter.setPen(theme.token("text"))
            wide = painter.fontMetrics().horizontalAdvance(value)
            right = QRectF(self.width() - margin - wide - 2, y, wide + 2, tall)
            painter.drawText(right, Qt.AlignmentFlag.AlignVCenter, value)
            painter.setFont(theme.font("body"))
            painter.setPen(theme.token("text"))
            text = QStaticText(rich)
            text.prepare(painter.transform(), painter.font())
            painter.save()
            painter.setClipRect(QRectF(left, y, right.left() - left - theme.dp(6), tall))
            painter.drawStaticText(QPointF(left, y + (tall - text.size().height()) / 2), text)
            painter.restore()


class ChecksView(ViewWidget):
    """Kind ``checks``: conditions with a tick or a warning."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.canvas = _Rows()
        self.set_content(self.canvas)

    def _draw(self, channel: Any) -> bool:
        rows = channel.snapshot().get("rows") or []
        self.canvas.show_rows([(str(t), good, str(value)) for t, good, value in rows])
        return bool(rows)

    def summary(self) -> str:
        rows = self.canvas.rows
        bad = [plain(text) for text, good, _ in rows if good is False]
        return f"{len(rows)} checks, {len(bad)} to look at" + (f": {bad[0]}" if bad else "")

    def data(self) -> dict[str, Any]:
        words = {True: "yes", False: "no", None: ""}
        return {
            "check": [plain(text) for text, _, _ in self.canvas.rows],
            "holds": [words[good] for _, good, _ in self.canvas.rows],
            "value": [value for _, _, value in self.canvas.rows],
        }


class _Band(QWidget):
    """Segments of a range with their names and a marker."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view
        self.edges = np.empty(0)
        self.labels: list[str] = []
        self.here: float | None = None

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(240), theme.dp(92))

    def segment(self) -> int:
        """Number of the segment the marker stands in; -1 outside."""
        if self.here is None or not len(self.edges):
            return -1
        i = int(np.searchsorted(self.edges, self.here, side="right")) - 1
        return i if 0 <= i < len(self.labels) else -1

    def paintEvent(self, event: QPaintEvent) -> None:
        with painting(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.token("base"))
        tall = QFontMetrics(theme.font("caption")).height()
        below = tall * (2 if self.view.x.title else 1) + theme.dp(10)
        room_y = max(self.height() - below - theme.dp(10), theme.dp(20))
        wide = self.width() - theme.dp(32)
        box = QRectF(theme.dp(16), theme.dp(8), wide, min(room_y, theme.dp(44)))
        low, high = float(self.edges[0]), float(self.edges[-1])
        scale = box.width() / ((high - low) or 1.0)
        here = self.segment()
        for i, label in enumerate(self.labels):
            left = box.left() + (self.edges[i] - low) * scale
            room = QRectF(
                left, box.top(), (self.edges[i + 1] - self.edges[i]) * scale, box.height()
            )
            painter.fillRect(room, theme.token("okbg" if i == here else "ncbg"))
            painter.setFont(theme.font("strong" if i == here else "caption"))
            painter.setPen(theme.token("ok" if i == here else "text2"))
            text = painter.fontMetrics().elidedText(
                label, Qt.TextElideMode.ElideRight, int(room.width()) - 2
            )
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, text)
        self._paint_scale(painter, box, low, high, tall)
        if self.here is not None and np.isfinite(self.here):
            x = box.left() + (min(max(self.here, low), high) - low) * scale
            painter.setPen(QPen(theme.token("accent"), 2))
            painter.drawLine(QPointF(x, box.top() - 3), QPointF(x, box.bottom() + 3))

    def _paint_scale(
        self, painter: QPainter, box: QRectF, low: float, high: float, tall: int
    ) -> None:
        painter.setFont(theme.font("caption"))
        painter.setPen(QPen(theme.token("text3"), 1))
        painter.drawLine(box.bottomLeft(), box.bottomRight())
        centre = Qt.AlignmentFlag.AlignCenter
        for value in nice_ticks(low, high, max(2, int(box.width() / theme.dp(56)))):
            x = box.left() + (value - low) / ((high - low) or 1.0) * box.width()
            painter.drawLine(QPointF(x, box.bottom()), QPointF(x, box.bottom() + theme.dp(4)))
            room = QRectF(x - theme.dp(40), box.bottom() + theme.dp(4), theme.dp(80), tall)
            painter.drawText(room, centre, tick_text(value))
        below = QRectF(0, box.bottom() + theme.dp(4) + tall, self.width(), tall)
        painter.drawText(below, centre, self.view.x.title)


class BandView(ViewWidget):
    """Kind ``band``: where a value lies between named ranges."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.canvas = _Band(view)
        self.set_content(self.canvas)

    def _draw(self, channel: Any) -> bool:
        data = channel.snapshot()
        canvas = self.canvas
        canvas.edges = np.asarray(data.get("x", ()), float)
        canvas.labels = [str(label) for label in data.get("labels", ())]
        canvas.labels = canvas.labels[: max(len(canvas.edges) - 1, 0)]
        here = data.get("here")
        canvas.here = None if here is None else float(here)
        canvas.update()
        edges = canvas.edges
        sound = len(edges) > 1 and bool((np.abs(edges) < HUGE).all())
        return sound and bool(edges[-1] - edges[0] > 1 / HUGE)

    def summary(self) -> str:
        i = self.canvas.segment()
        if i < 0 or self.canvas.here is None:
            return ""
        unit = unit_words(self.view.x.unit)
        return f"{three(self.canvas.here)}{unit} lies in {self.canvas.labels[i]}"

    def data(self) -> dict[str, Any]:
        edges = self.canvas.edges
        return {"from": edges[:-1], "to": edges[1:], "label": self.canvas.labels}


class _Counters(QWidget):
    """One large number, if any, its caption, and rows of label, note and value."""

    def __init__(self) -> None:
        super().__init__()
        self.lead = ""
        self.caption = ""
        self.rows: list[tuple[str, str, str]] = []

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(240), theme.dp(72) + len(self.rows) * theme.dp(26) + theme.dp(8))

    def paintEvent(self, event: QPaintEvent) -> None:
        with painting(self) as painter:
            self._paint(painter)

    def _paint(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), theme.token("base"))
        margin = theme.dp(12)
        high = theme.dp(70)
        painter.setFont(theme.font("counter"))
        wide = painter.fontMetrics().horizontalAdvance(self.lead)
        short = self.height() < theme.dp(110) or wide > 0.4 * self.width()
        role = "lead" if short else "counter"
        high = theme.dp(40) if short else high
        high = high if self.lead else theme.dp(6)
        painter.setFont(theme.font(role))
        painter.setPen(theme.token("text"))
        wide = painter.fontMetrics().horizontalAdvance(self.lead)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(margin, 0, wide + 4, high), middle, self.lead)
        painter.setFont(theme.font("body"))
        painter.setPen(theme.token("text2"))
        room = QRectF(margin + wide + theme.dp(12), 0, self.width() - wide - 3 * margin, high)
        painter.drawText(room, middle | Qt.TextFlag.TextWordWrap, self.caption)
        rows, tall = self.fitted(self.height() - high)
        for place, (label, note, value) in enumerate(rows):
            self._paint_row(painter, (high + place * tall, tall), label, note, value)

    def fitted(self, room: int) -> tuple[list[tuple[str, str, str]], int]:
        """The rows that are whole in so many px, and how tall each is; what has no room is counted
        in the last."""
        count = max(len(self.rows), 1)
        tall = min(theme.dp(26), max(room // count, theme.dp(18)))
        whole = max(room // tall, 1)
        if whole >= len(self.rows):
            return self.rows, tall
        left = len(self.rows) - whole + 1
        return [*self.rows[: whole - 1], (f"{left} more rows", "point here", "")], tall

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip:  # rows may be shortened, or without room
            rows = (" ".join(filter(None, row)) for row in self.rows)
            self.setToolTip("\n".join(rows))
        return super().event(event)

    def _paint_row(
        self, painter: QPainter, place: tuple[int, int], label: str, note: str, value: str
    ) -> None:
        margin, (y, tall) = theme.dp(12), place
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.font("value"))
        painter.setPen(theme.token("text"))
        wide = painter.fontMetrics().horizontalAdvance(value) + 2
        right = self.width() - margin - wide
        painter.drawText(QRectF(right, y, wide, tall), middle, value)
        painter.setFont(theme.font("body"))
        metrics = painter.fontMetrics()
        elide = Qt.TextElideMode.ElideRight
        text = metrics.elidedText(label, elide, right - margin - theme.dp(6))
        painter.drawText(QRectF(margin, y, right - margin, tall), middle, text)
        left = margin + metrics.horizontalAdvance(text) + theme.dp(6)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.token("text3"))
        room = int(right - left - theme.dp(6))
        if room > theme.dp(24):
            note = painter.fontMetrics().elidedText(note, elide, room)
            painter.drawText(QRectF(left, y, room, tall), middle, note)


class CountersView(ViewWidget):
    """Kind ``counters``: a number in 42 pt and what it is made of."""

    def __init__(self, view: View, parent: QWidget | None = None) -> None:
        super().__init__(view, parent)
        self.canvas = _Counters()
        self.set_content(self.canvas)

    def _draw(self, channel: Any) -> bool:
        data = channel.snapshot()
        lead = data.get("lead")
        if lead is None and not data.get("rows"):
            return False
        canvas = self.canvas
        lead = "" if lead is None else lead
        canvas.lead = three(float(lead)) if isinstance(lead, int | float | np.number) else str(lead)
        canvas.caption = str(data.get("caption", ""))
        canvas.rows = [(str(a), str(b), str(c)) for a, b, c in data.get("rows") or ()]
        canvas.update()
        return True

    def summary(self) -> str:
        canvas = self.canvas
        rows = ", ".join(f"{label} {value}" for label, _, value in canvas.rows)
        return "; ".join(filter(None, (f"{canvas.lead} {canvas.caption}".strip(), rows)))

    def data(self) -> dict[str, Any]:
        lead = [(self.canvas.caption, "", self.canvas.lead)] if self.canvas.lead else []
        rows = [*lead, *self.canvas.rows]
        return {
            "name": [row[0] for row in rows],
            "note": [row[1] for row in rows],
            "value": [row[2] for row in rows],
        }
