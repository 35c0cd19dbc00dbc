"""The photodiode wizard: place the diode, flash the patch, read flip to light."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.stage_process import DIODE_FLASHES
from widgets import theme
from widgets.inputs import LineEdit
from widgets.parts import Button, Words

STEPS = (
    "1. Stick the photodiode on the lower left corner of the stage's screen.",
    "2. Connect it: to the amplifier that records the triggers, or to a serial port that sends one "
    "byte at each light onset.",
    "3. Flash: a white square appears 60 times, with a trigger at each flip that shows it.",
    "4. With a serial photodiode the delay from flip to light is shown here. With an amplifier, "
    "compare the triggers with the light in its recording.",
)


class DiodeDialog(QDialog):
    """Signal ``accepted_with(port)``; "" when the light is recorded elsewhere."""

    accepted_with = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Photodiode")
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.dp(16),) * 4)
        column.setSpacing(theme.dp(10))
        for step in STEPS:
            column.addWidget(Words(step))
        self.port = LineEdit()
        self.port.setPlaceholderText("Serial port of the photodiode, or nothing")
        self.port.setAccessibleName("Serial port of the photodiode")
        column.addWidget(self.port)
        column.addStretch(1)
        flash = Button("Flash", "play", primary=True)
        flash.clicked.connect(self._accept)
        stay = Button("Cancel")
        stay.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(stay)
        buttons.addWidget(flash)
        column.addLayout(buttons)
        self.resize(theme.dp(520), theme.dp(320))

    def _accept(self) -> None:
        self.accepted_with.emit(self.port.text().strip())
        self.accept()


def diode_words(event: dict[str, Any]) -> tuple[str, str]:
    """Title and text of what the flashes came to."""
    flashes, delays = int(event["flashes"]), event["delays"]
    if flashes < DIODE_FLASHES:
        return "The flashes were stopped", f"{flashes} of {DIODE_FLASHES} were shown."
    if delays is None:
        return (
            "The patch flashed",
            f"{flashes} flashes were shown, each with a trigger. Compare them in the recording.",
        )
    if not delays:
        return (
            "The photodiode saw nothing",
            "No byte came within 0.2 s of a flash. Check its place, cable and threshold.",
        )
    middle, spread = float(np.mean(delays)), float(np.std(delays))
    return (
        f"Light comes {middle:.2f} ms after the flip",
        f"SD {spread:.2f} ms over {len(delays)} of {flashes} flashes. Onsets in the events are "
        f"those of the flip; add this delay when you compare with a recording.",
    )
