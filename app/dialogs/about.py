"""About: versions and hardware, one click to copy."""

from __future__ import annotations

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from backend.core.provenance import PACKAGES, WINDOW_PACKAGES, machine, version, versions
from widgets import theme
from widgets.parts import Button


def system_report() -> str:
    """Versions and hardware as plain text, for bug reports and methods sections."""
    facts = machine()
    lines = [
        f"Isomorph {version()}",
        f"Qt {qVersion()} · platform {QGuiApplication.platformName()}",
    ]
    lines += [f"{name}: {value}" for name, value in facts.items()]
    for screen in QGuiApplication.screens():
        size = screen.size()
        lines.append(
            f"screen: {size.width()} × {size.height()}, scale {screen.devicePixelRatio():g}, "
            f"{screen.refreshRate():.0f} Hz"
        )
    found = versions(PACKAGES) | versions(WINDOW_PACKAGES)
    lines += [f"{name} {number}" for name, number in found.items()]
    return "\n".join(lines)


class TextDialog(QDialog):
    """A title, a sentence and text that can be copied with one click."""

    def __init__(self, parent: QWidget, title: str, sentence: str, text: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.resize(theme.dp(620), theme.dp(460))
        heading = QLabel(sentence)
        heading.setWordWrap(True)
        self.text = QPlainTextEdit(text)
        self.text.setReadOnly(True)
        self.text.setAccessibleName(title)
        self.copy = Button("Copy", "content-copy")
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(text))
        close = Button("Close")
        close.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addWidget(self.copy)
        row.addStretch(1)
        row.addWidget(close)
        column = QVBoxLayout(self)
        column.addWidget(heading)
        column.addWidget(self.text, 1)
        column.addLayout(row)


def about(parent: QWidget) -> TextDialog:
    """The about page."""
    sentence = (
        "One stimulus, many observers: a desktop laboratory for cognitive neurointelligence. "
        "BSD-3-Clause; Inter typeface under the OFL, Material Design Icons under Apache 2.0."
    )
    return TextDialog(parent, "About Isomorph", sentence, system_report())
