"""Cells of tables."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QStyledItemDelegate

GAP = "\u2002"


class CellDelegate(QStyledItemDelegate):
    """Room at both sides of a cell, so that a number and the word beside it stay apart."""

    def displayText(self, value: Any, locale: Any) -> str:
        return f"{GAP}{value}{GAP}"
