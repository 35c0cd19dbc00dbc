"""The design on the desk, under undo."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from backend.stage.design import Design


class ChangeDesign(QUndoCommand):
    """The design got another version (designs are immutable: both are kept)."""

    def __init__(self, desk: Desk, text: str, before: Design, after: Design) -> None:
        super().__init__(text)
        self.desk, self.before, self.after = desk, before, after

    def redo(self) -> None:
        self.desk.show(self.after)

    def undo(self) -> None:
        self.desk.show(self.before)


class Desk(QObject):
    """Holds the design. Signal ``changed()`` after every change, undo and redo."""

    changed = Signal()

    def __init__(self, design: Design, stack: QUndoStack, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.design = design
        self.stack = stack

    def change(self, text: str, design: Design) -> None:
        """One step of undo."""
        if design != self.design:
            self.stack.push(ChangeDesign(self, text, self.design, design))

    def show(self, design: Design) -> None:
        """Undo, redo and loading come here."""
        self.design = design
        self.changed.emit()
