"""A trial's phases as boxes over time, with their frames; click chooses one."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from backend.core.parameters import ParameterError, show_number
from backend.stage.design import Phase
from backend.stage.frames import frames_of
from widgets import theme

COLOURS = {"fixation": "8", "stimulus": "1", "stream": "1", "mask": "4", "blank": "8",
           "response": "3", "feedback": "5", "text": "8"}  # fmt: skip
LEAST_PX = 84


class Timeline(QWidget):
    """Widths grow with the logarithm of the duration, so that 50 ms and 5 s can both be read.

    Signal ``chosen(index)``.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.phases: Sequence[Phase] = ()
        self.rate = 60.0
        self.current = 0
        self.setFixedHeight(theme.dp(78))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Timeline of the trial")
        theme.signals().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(600), theme.dp(78))

    def show_phases(self, phases: Sequence[Phase], rate: float, current: int) -> None:
        """Show a timeline at a refresh rate."""
        self.phases, self.rate, self.current = phases, rate, current
        words = ", ".join(f"{phase.name} {self.words(phase)}" for phase in phases)
        self.setAccessibleDescription(words)
        self.update()

    def words(self, phase: Phase) -> str:
        """Duration of a phase in frames, or why it has none."""
        if phase.ms == 0:
            return "until answer" if phase.until_answer else "no time"
        try:
            frames = frames_of(phase, self.rate)
        except ParameterError:
            return f"{phase.ms * self.rate / 1000:.2f} frames"
        each = " each" if phase.kind == "stream" else ""
        return f"{frames} frame{'s' if frames > 1 else ''}{each}"

    def _fits(self, phase: Phase) -> bool:
        try:
            frames_of(phase, self.rate)
        except ParameterError:
            return False
        return True

    def boxes(self) -> list[QRectF]:
        """Where each phase is drawn."""
        import math

        gap = theme.dp(3)
        weights = [1.0 + math.log10(max(phase.ms, 10.0) / 10.0) for phase in self.phases]
        room = self.width() - theme.dp(2) - gap * (len(self.phases) - 1)
        least = min(theme.dp(LEAST_PX), room / max(1, len(self.phases)))
        spare = max(0.0, room - least * len(self.phases))
        total = sum(weights) or 1.0
        boxes, x = [], 1.0
        for weight in weights:
            width = least + spare * weight / total
            boxes.append(QRectF(x, 1, width, self.height() - 2))
            x += width + gap
        return boxes

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for number, (phase, box) in enumerate(zip(self.phases, self.boxes(), strict=True)):
            self._paint(painter, phase, box, number == self.current)
        painter.end()

    def _paint(self, painter: QPainter, phase: Phase, box: QRectF, current: bool) -> None:
        fits = self._fits(phase)
        ground = theme.token("sel" if current else "base" if fits else "errbg")
        edge = theme.token("accent" if current else "border" if fits else "err")
        painter.setBrush(ground)
        painter.setPen(QPen(edge, 2 if current else 1))
        painter.drawRoundedRect(box, 3, 3)
        bar = QRectF(box.left() + 1, box.top() + 1, box.width() - 2, theme.dp(4))
        painter.fillRect(bar, theme.colour(COLOURS[phase.kind]))
        room = box.adjusted(theme.dp(7), theme.dp(9), -theme.dp(4), -theme.dp(4))
        line = room.height() / 3
        ms = f"{show_number(phase.ms)} ms" if phase.ms else ""
        texts = (
            (phase.name, "strong", "text"),
            (self.words(phase), "body", "text2" if fits else "err"),
            (f"{phase.kind} {ms}".strip(), "caption", "text2" if current else "text3"),
        )
        for row, (text, role, ink) in enumerate(texts):
            painter.setFont(theme.font(role))
            painter.setPen(theme.token(ink))
            place = QRectF(room.left(), room.top() + row * line, room.width(), line)
            shown = painter.fontMetrics().elidedText(
                text, Qt.TextElideMode.ElideRight, int(room.width())
            )
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, shown)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        for number, box in enumerate(self.boxes()):
            if box.contains(event.position()):
                self.chosen.emit(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}.get(Qt.Key(event.key()))
        if step is None or not self.phases:
            super().keyPressEvent(event)
            return
        self.chosen.emit(min(max(self.current + step, 0), len(self.phases) - 1))
