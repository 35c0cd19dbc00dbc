"""The network explorer: one network under the hand, and the studies of deep networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from app.panels.explorer.page import ExplorerPage
from app.panels.studies import StudyPanel
from backend.studies import find

if TYPE_CHECKING:
    from app.panels.simulate.page import StudyPage
    from app.window import MainWindow


class ExplorerPanel(StudyPanel):
    """Deep networks: the explorer's own page is in front at first."""

    id: ClassVar[str] = "explorer"

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        names = [(name, find(name).title, find(name).number) for name in self.studies()]
        self.names = [("explore", "Network explorer", 0), *names]
        self.explore = ExplorerPage(window, self.names)
        window.undo_group.addStack(self.explore.undo_stack)
        self.addWidget(self.explore)

    def page(self, identifier: str) -> StudyPage:
        """The page of a study; its menu of studies also leads to the explorer's own page."""
        page = super().page(identifier)
        page.header.set_studies(self.names)
        return page

    def show_explore(self) -> ExplorerPage:
        """Bring the explorer's own page to the front."""
        self.setCurrentWidget(self.explore)
        return self.explore

    def kept(self) -> dict[str, Any]:
        """What a session keeps of the explorer's own page."""
        return self.explore.kept()

    def restore(self, kept: dict[str, Any]) -> None:
        """Bring the explorer's own page back."""
        self.explore.restore(kept)

    def shut(self) -> None:
        """End the worker (the window closes)."""
        self.explore.shut()
