"""The scene under undo: which overlays there are, in which order, which is in hand."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from app.history import ParameterHistory
from backend.brain.scene import Scene
from backend.brain.viewer_parameters import LOOK


class BrainHistory(ParameterHistory):
    """A preset arranges the views and leaves the overlays as they are."""

    def set_preset(self, name: str) -> None:
        wanted = self.source.parameters_of(name)
        values = {
            n: mine for n, (mine, _) in wanted.differences(self.parameters).items()
            if n not in LOOK and n not in ("moment", "speed", "light", "surface", "brush")
        }  # fmt: skip
        before = {n: getattr(self.parameters, n) for n in values}
        self.load_preset(name, before, values)


class SetScene(QUndoCommand):
    """One step of undo."""

    def __init__(self, scenes: Scenes, text: str, before: Scene, after: Scene) -> None:
        super().__init__(text)
        self.scenes, self.before, self.after = scenes, before, after

    def redo(self) -> None:
        self.scenes.apply(self.after)

    def undo(self) -> None:
        self.scenes.apply(self.before)


class Scenes(QObject):
    """The scene of each mesh; the one in force is that of the mesh chosen.

    Signal ``changed()``.

    Parameters
    ----------
    key : what tells meshes apart: name and file.
    """

    changed = Signal()

    def __init__(self, stack: QUndoStack, key: Callable[[], tuple[str, str]]) -> None:
        super().__init__(stack)
        self.stack, self.key = stack, key
        self.known: dict[tuple[str, str], Scene] = {}

    @property
    def scene(self) -> Scene | None:
        """The scene of the mesh chosen, once it is open."""
        return self.known.get(self.key())

    def set(self, scene: Scene, text: str) -> None:
        """Make this the scene."""
        before = self.scene
        assert before is not None
        self.stack.push(SetScene(self, text, before, scene))

    def apply(self, scene: Scene) -> None:
        """Be in a scene."""
        self.known[self.key()] = scene
        self.changed.emit()

    def keep(self, scene: Scene) -> None:
        """Take what is part of another step of undo; emits nothing."""
        self.known[self.key()] = scene
