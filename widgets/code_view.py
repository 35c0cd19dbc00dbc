"""Read-only code in the fixed font, with Python colours."""

from __future__ import annotations

import builtins
import keyword
import re

from PySide6.QtGui import QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget

from widgets import theme

PATTERN = re.compile(
    r"(?P<comment>#.*)"
    r"|(?P<string>[rbfu]{0,2}\"\"\".*?(?:\"\"\"|$)|[rbfu]{0,2}'''.*?(?:'''|$)"
    r"|[rbfu]{0,2}\"(?:\\.|[^\"\\])*\"?|[rbfu]{0,2}'(?:\\.|[^'\\])*'?)"
    r"|(?P<number>\b\d[\d_]*\.?\d*(?:e[+-]?\d+)?\b)"
    r"|(?P<word>\b[A-Za-z_]\w*\b)"
)
BUILTINS = frozenset(dir(builtins))
COLOURS = {"comment": "text3", "string": "3", "number": "5", "keyword": "4", "builtin": "7"}


class PythonHighlighter(QSyntaxHighlighter):
    """Keywords, strings, numbers, comments; triple-quoted strings over lines."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._formats: dict[str, QTextCharFormat] = {}
        self._make_formats()
        theme.signals().changed.connect(self._recolour)

    def _make_formats(self) -> None:
        for kind, meaning in COLOURS.items():
            made = QTextCharFormat()
            made.setForeground(theme.colour(meaning))
            if kind == "keyword":
                made.setFontWeight(QFont.Weight.DemiBold)
            self._formats[kind] = made

    def _recolour(self) -> None:
        self._make_formats()
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        start = 0
        self.setCurrentBlockState(0)
        if self.previousBlockState() > 0:
            quotes = '"""' if self.previousBlockState() == 1 else "'''"
            end = text.find(quotes)
            if end < 0:
                self.setFormat(0, len(text), self._formats["string"])
                self.setCurrentBlockState(self.previousBlockState())
                return
            start = end + 3
            self.setFormat(0, start, self._formats["string"])
        for found in PATTERN.finditer(text, start):
            kind = found.lastgroup or ""
            word = found.group()
            if kind == "word":
                kind = "keyword" if keyword.iskeyword(word) else ""
                if not kind and word in BUILTINS:
                    kind = "builtin"
            if kind:
                self.setFormat(found.start(), len(word), self._formats[kind])
            if kind == "string" and open_string(word):
                self.setCurrentBlockState(1 if '"""' in word else 2)


def open_string(word: str) -> bool:
    """True for a triple-quoted string that goes on in the next line."""
    body = word.lstrip("rbfuRBFU")
    for quotes in ('"""', "'''"):
        if body.startswith(quotes):
            return len(body) < 6 or not body.endswith(quotes)
    return False


class CodeView(QPlainTextEdit):
    """Script of the current view: follows it, keeps the place where one reads."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setAccessibleName("Script")
        self.highlighter = PythonHighlighter(self.document())
        self._restyle()
        theme.signals().changed.connect(self._restyle)

    def _restyle(self) -> None:
        self.setFont(theme.fixed_font())
        self.setTabStopDistance(4 * self.fontMetrics().horizontalAdvance(" "))

    def set_code(self, text: str) -> None:
        """Show another text; the scroll position stays."""
        if text == self.toPlainText():
            return
        across, down = self.horizontalScrollBar().value(), self.verticalScrollBar().value()
        self.setPlainText(text)
        self.horizontalScrollBar().setValue(across)
        self.verticalScrollBar().setValue(down)

    def copy_all(self) -> None:
        """Put the whole text on the clipboard."""
        QApplication.clipboard().setText(self.toPlainText())
