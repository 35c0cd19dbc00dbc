"""What was made of the network as it then was; marked while the network has other lesions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from app.panels.explorer.changes import Changes
from backend.core.channels import Channel
from widgets.views.frame import ViewWidget

if TYPE_CHECKING:
    from backend.networks.lesions import Lesion

OTHER = "of other lesions"


class Made:
    """Publishes results with the lesions they are of; undo and redo mark them and unmark them.

    Attributes
    ----------
    refused : what all views say while what is asked for cannot be opened, such as "still
        MiniAlexNet"; "" otherwise.
    """

    def __init__(
        self, views: Mapping[str, ViewWidget], channels: Mapping[str, Channel], changes: Changes
    ) -> None:
        self.views, self.channels, self.changes = views, channels, changes
        self.refused = ""
        self._made: dict[str, tuple[tuple[Lesion, ...], dict[str, Any]]] = {}
        changes.lesions_changed.connect(self._draw_all)

    def publish(self, name: str, lesions: tuple[Lesion, ...], **data: Any) -> None:
        """Show a result made with these lesions; from any thread."""
        self._made[name] = (lesions, data)
        self._draw(name)

    def forget(self, name: str) -> None:
        """Show nothing any more."""
        self._made.pop(name, None)
        self.channels[name].publish()

    def clear(self) -> None:
        """Another network was opened; the board shows nothing of the last."""
        self._made.clear()
        self.refused = ""

    def _other(self, name: str) -> bool:
        return name in self._made and self._made[name][0] != self.changes.lesions

    def mark(self) -> None:
        """Mark the views, as often as they are drawn."""
        for name, view in self.views.items():
            text = OTHER if self._other(name) else ""
            text = (self.refused or text) if view.shows_data else ""
            if view.stale != text:
                view.set_stale(text)

    def _draw_all(self) -> None:
        for name in list(self._made):
            self._draw(name)

    def _draw(self, name: str) -> None:
        """The note says it too, for exports and windows of their own."""
        _, data = self._made[name]
        if self._other(name):
            data = {**data, "note": ", ".join(filter(None, (OTHER, data.get("note", ""))))}
        self.channels[name].publish(**data)
