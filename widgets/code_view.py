"""Read-only Python with colours, in the system's fixed font."""

from __future__ import annotations

import keyword
import re

from PySide6.QtGui import QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from widgets import theme

RULES = (
    (re.compile(r"\b(" + "|".join(keyword.kwlist) + r")\b"), "accent", True),
    (re.compile(r"\b-?\d+(\.\d+)?(e-?\d+)?\b"), "3", False),
    (re.compile(r"\"[^\"]*\"|'[^']*'"), "ok", False),
    (re.compile(r"#.*$"), "text3", False),
)


class PythonColours(QSyntaxHighlighter):
    """Keywords, numbers, strings and comments in the theme's colours."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        theme.signals().changed.connect(self.rehighlight)

    def highlightBlock(self, text: str) -> None:
        for pattern, ink, bold in RULES:
            form = QTextCharFormat()
            form.setForeground(theme.colour(ink))
            if bold:
                form.setFontWeight(QFont.Weight.DemiBold)
            for match in pattern.finditer(text):
                self.setFormat(match.start(), match.end() - match.start(), form)


class CodeView(QPlainTextEdit):
    """A script that can be read, selected and copied."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        self.setAccessibleName("Script")
        self.colours = PythonColours(self.document())
        self._restyle()
        theme.signals().changed.connect(self._restyle)

    def _restyle(self) -> None:
        self.setFont(theme.fixed_font())

    def show_code(self, code: str) -> None:
        """Show a script; the cursor stays when it did not change."""
        if code != self.toPlainText():
            self.setPlainText(code)
