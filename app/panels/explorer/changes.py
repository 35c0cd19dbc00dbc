"""What was done to a network, step by step under undo: its lesions, and its mask."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

if TYPE_CHECKING:
    from backend.analysis.dnnbrain_files import Mask
    from backend.networks.lesions import Lesion


@dataclass(frozen=True)
class State:
    """Lesions in their order, and the masked layers."""

    lesions: tuple[Lesion, ...] = ()
    masks: Mapping[str, Mask] = field(default_factory=dict)


class SetState(QUndoCommand):
    """One step of undo."""

    def __init__(self, changes: Changes, text: str, after: State) -> None:
        super().__init__(text)
        self.changes, self.before, self.after = changes, changes.state, after

    def redo(self) -> None:
        self.changes.apply(self.after)

    def undo(self) -> None:
        self.changes.apply(self.before)


class Changes(QObject):
    """The state of the network in hand; another one, or undo, brings its own.

    Signals: ``lesions_changed()``, ``masks_changed()``.

    Parameters
    ----------
    key : what tells networks apart: name and weights.
    """

    lesions_changed = Signal()
    masks_changed = Signal()

    def __init__(self, stack: QUndoStack, key: Callable[[], tuple[str, str]]) -> None:
        super().__init__(stack)
        self.stack, self.key = stack, key
        self.state = State()
        self._states: dict[tuple[str, str], State] = {}

    @property
    def lesions(self) -> tuple[Lesion, ...]:
        return self.state.lesions

    @property
    def masks(self) -> Mapping[str, Mask]:
        return self.state.masks

    def set_lesions(self, lesions: tuple[Lesion, ...], text: str) -> None:
        """Make the network have these; nothing happens when it has."""
        if lesions != self.lesions:
            after = dataclasses.replace(self.state, lesions=lesions)
            self.stack.push(SetState(self, text, after))

    def set_masks(self, masks: Mapping[str, Mask], text: str) -> None:
        """Make these the masked layers; what keeps everything is left out."""
        kept = {layer: mask for layer, mask in masks.items() if mask.by_axis()}
        if kept != self.masks:
            self.stack.push(SetState(self, text, dataclasses.replace(self.state, masks=kept)))

    def apply(self, state: State) -> None:
        """Be in a state, and say what of it is new."""
        before, self.state = self.state, state
        self._states[self.key()] = state
        if before.lesions != state.lesions:
            self.lesions_changed.emit()
        if before.masks != state.masks:
            self.masks_changed.emit()

    def take_up(self) -> None:
        """A network was opened: what was done to it before holds again. Emits nothing."""
        self.state = self._states.get(self.key(), State())

    def take_back(self, lesions: tuple[Lesion, ...]) -> None:
        """Undo the newest step when the network could not be given its lesions."""
        stack = self.stack
        newest = stack.command(stack.index() - 1) if stack.canUndo() else None
        if isinstance(newest, SetState) and lesions != self.lesions:
            stack.undo()

    def kept(self) -> list[dict[str, Any]]:
        """What a session keeps."""
        return [
            {"network": network, "weights": weights,
             "lesions": [dataclasses.asdict(one) for one in state.lesions],
             "masks": {layer: dataclasses.asdict(mask) for layer, mask in state.masks.items()}}
            for (network, weights), state in self._states.items()
            if state.lesions or state.masks
        ]  # fmt: skip

    def bring_back(self, kept: Any) -> None:
        """Come back from a session; what cannot be read is left out."""
        for one in kept if isinstance(kept, list) else []:
            try:
                key = (str(one["network"]), str(one["weights"]))
                self._states[key] = state_of(one)
            except (KeyError, TypeError, ValueError):
                continue
        self.take_up()


def state_of(kept: Mapping[str, Any]) -> State:
    """A state as a session keeps it."""
    from backend.analysis.dnnbrain_files import Mask
    from backend.networks.lesions import Lesion

    def frozen(values: Mapping[str, Any]) -> dict[str, Any]:
        return {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}

    lesions = tuple(Lesion(**frozen(one)) for one in kept["lesions"])
    return State(lesions, {layer: Mask(**frozen(one)) for layer, one in kept["masks"].items()})
