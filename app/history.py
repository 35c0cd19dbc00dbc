"""Values of one declaration under undo: what the forms of all panels talk to."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from backend.core.parameters import ParameterError

UNDO_LIMIT = 500


class ChangeValues(QUndoCommand):
    """One step of undo: some parameters (and perhaps the preset) got other values."""

    def __init__(
        self,
        history: ParameterHistory,
        text: str,
        before: tuple[str, dict[str, Any]],
        after: tuple[str, dict[str, Any]],
    ) -> None:
        super().__init__(text)
        self.history, self.before, self.after = history, before, after

    def id(self) -> int:
        """Moves of the same thing merge into one step, so a drag is one step of undo."""
        return 1 if self.text().startswith("Move ") else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, ChangeValues) or other.text() != self.text():
            return False
        if other.history is not self.history:
            return False
        self.after = other.after
        return True

    def redo(self) -> None:
        self.history.apply(*self.after)

    def undo(self) -> None:
        self.history.apply(*self.before)


class ParameterHistory(QObject):
    """Parameters and preset of a source (a study, a generator) with undo.

    ``source`` has ``presets`` (each with a ``name``), ``Parameters`` and ``parameters_of(name)``.

    Signals: ``changed(names)`` when values changed, ``preset_changed()``.
    """

    changed = Signal(object)
    preset_changed = Signal()

    def __init__(
        self, source: Any, stack: QUndoStack | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.source = source
        self.preset: str = source.presets[0].name
        self.parameters: Any = source.parameters_of(self.preset)
        self.undo_stack = QUndoStack(self) if stack is None else stack
        if stack is None:
            self.undo_stack.setUndoLimit(UNDO_LIMIT)
        self._drag: dict[str, Any] = {}

    def drag(self, name: str, value: Any) -> None:
        """A value while it is dragged: acts at once, one step of undo comes at the end."""
        self._drag.setdefault(name, getattr(self.parameters, name))
        self.apply(self.preset, {name: value})

    def set_value(self, name: str, value: Any) -> None:
        """An entered value; one step of undo."""
        before = self._drag.pop(name, getattr(self.parameters, name))
        if before == value:
            return
        label = self.source.Parameters.declaration(name).label
        self._push(f"Change {label}", {name: before}, {name: value})

    def set_values(self, values: Mapping[str, Any], text: str) -> None:
        """Several values as one step of undo."""
        before = {name: getattr(self.parameters, name) for name in values}
        if before != dict(values):
            self._push(text, before, dict(values))

    def set_preset(self, name: str) -> None:
        """Load a preset: all its values, one step of undo."""
        wanted = self.source.parameters_of(name)
        values = {n: mine for n, (mine, _) in wanted.differences(self.parameters).items()}
        self.load_preset(name, {n: getattr(self.parameters, n) for n in values}, values)

    def load_preset(self, name: str, before: dict[str, Any], values: dict[str, Any]) -> None:
        """A preset with some of its values, one step of undo."""
        command = ChangeValues(self, f"Load {name}", (self.preset, before), (name, values))
        self.undo_stack.push(command)

    def _push(self, text: str, before: dict[str, Any], after: dict[str, Any]) -> None:
        command = ChangeValues(self, text, (self.preset, before), (self.preset, after))
        self.undo_stack.push(command)

    def apply(self, preset: str, values: Mapping[str, Any]) -> None:
        """Set values now (undo, redo and drag come here)."""
        self.parameters = self.parameters.changed(**values)
        if preset != self.preset:
            self.preset = preset
            self.preset_changed.emit()
        self.changed.emit(frozenset(values))

    def kept(self) -> dict[str, Any]:
        """What a session keeps."""
        return {"preset": self.preset, "parameters": self.parameters.document()}

    def bring_back(self, kept: Mapping[str, Any]) -> None:
        """Come back from a session; what no longer fits stays at its preset."""
        names = [preset.name for preset in self.source.presets]
        preset = str(kept.get("preset") if kept.get("preset") in names else names[0])
        values = kept.get("parameters")
        good = self.source.parameters_of(preset).document()
        for name, value in (values if isinstance(values, dict) else {}).items():
            with contextlib.suppress(ParameterError):
                self.source.Parameters.parse(str(name), value)
                good[str(name)] = value
        self.apply(preset, good)

    @property
    def differing(self) -> int:
        """How many values differ from the preset."""
        return len(self.parameters.differences(self.source.parameters_of(self.preset)))
