"""Preferences: the settings declaration in the same form that studies use; acts at once."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.settings import Settings
from widgets import theme
from widgets.form.form import ParameterForm
from widgets.parts import Button


class Preferences(QDialog):
    """Signal ``changed(settings)`` at every accepted value."""

    changed = Signal(object)

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self.settings = settings
        self.form = ParameterForm(Settings, "Preferences")
        self.form.set_preset_values(Settings())
        self.form.set_values(settings)
        self.form.changed.connect(self._set)
        self.form.reset_all_asked.connect(self._set_all)
        close = Button("Close")
        close.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.setContentsMargins(theme.dp(12), theme.dp(8), theme.dp(12), theme.dp(8))
        row.addStretch(1)
        row.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.form, 1)
        column.addLayout(row)
        self.resize(theme.dp(420), theme.dp(460))
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter belongs to the field

    def _set(self, name: str, value: Any) -> None:
        self._set_all({name: value})

    def _set_all(self, values: dict[str, Any]) -> None:
        self.settings = self.settings.changed(**values)
        self.changed.emit(self.settings)
