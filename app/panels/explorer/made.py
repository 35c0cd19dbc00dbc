"""What was made of the network as it then was; marked while the network has other lesions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.panels.explorer.changes import Changes
from backend.core.channels import Channel

if TYPE_CHECKING:
    from backend.networks.lesions import Lesion

OTHER = "of other lesions"


class Made:
    """Publishes results with the lesions they are of; undo and redo mark them and unmark them."""

    def __init__(self, channels: Mapping[str, Channel], changes: Changes) -> None:
        self.channels, self.changes = channels, changes
        self._made: dict[str, tuple[tuple[Lesion, ...], dict[str, Any]]] = {}
        changes.lesions_changed.connect(self.show)

    def publish(self, name: str, lesions: tuple[Lesion, ...], **data: Any) -> None:
        """Show a result made with these lesions."""
        self._made[name] = (lesions, data)
        self._draw(name)

    def forget(self, name: str) -> None:
        """Show nothing any more."""
        self._made.pop(name, None)
        self.channels[name].publish()

    def clear(self) -> None:
        """Another network was opened; the board shows nothing of the last."""
        self._made.clear()

    def show(self) -> None:
        """The network has other lesions now."""
        for name in list(self._made):
            self._draw(name)

    def _draw(self, name: str) -> None:
        lesions, data = self._made[name]
        if lesions != self.changes.lesions:
            data = {**data, "note": ", ".join(filter(None, (OTHER, data.get("note", ""))))}
        self.channels[name].publish(**data)
