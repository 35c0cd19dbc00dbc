"""The brain panel: the surface viewer, and the studies of the brain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from app.panels.brain.page import BrainPage
from app.panels.studies import StudyPanel
from backend.studies import find

if TYPE_CHECKING:
    from app.panels.simulate.page import StudyPage
    from app.window import MainWindow


class BrainPanel(StudyPanel):
    """The surface viewer is in front at first."""

    id: ClassVar[str] = "brain"

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        names = [(name, find(name).title, find(name).number) for name in self.studies()]
        self.names = [("surface", "Surface viewer", 0), *names]
        self.viewer = BrainPage(window, self.names)
        window.undo_group.addStack(self.viewer.undo_stack)
        self.addWidget(self.viewer)

    def page(self, identifier: str) -> StudyPage:
        """The page of a study; its menu of studies also leads to the viewer."""
        page = super().page(identifier)
        page.header.set_studies(self.names)
        return page

    def show_explore(self) -> BrainPage:
        """Bring the viewer to the front."""
        self.setCurrentWidget(self.viewer)
        return self.viewer

    def kept(self) -> dict[str, Any]:
        """What a session keeps of the viewer."""
        return self.viewer.kept()

    def restore(self, kept: dict[str, Any]) -> None:
        """Bring the viewer back."""
        self.viewer.restore(kept)

    def shut(self) -> None:
        """End the worker (the window closes)."""
        self.viewer.shut()
