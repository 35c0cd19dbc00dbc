"""The Simulate panel: a page for each spiking study, made on first visit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QStackedWidget

from app.controller import StudyController
from app.panels.simulate.page import StudyPage
from backend.studies import find, ids

if TYPE_CHECKING:
    from app.window import MainWindow


class SimulatePanel(QStackedWidget):
    """Stack of study pages."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window_ = window
        self.pages: dict[str, StudyPage] = {}
        self.show_study(next(name for name in ids() if find(name).panel == "simulate"))

    def page(self, identifier: str) -> StudyPage:
        """The page of a study."""
        if identifier not in self.pages:
            controller = StudyController(find(identifier), self.window_.runner, self)
            self.window_.undo_group.addStack(controller.undo_stack)
            page = StudyPage(controller, self.window_)
            self.pages[identifier] = page
            self.addWidget(page)
        return self.pages[identifier]

    def show_study(self, identifier: str) -> StudyPage:
        """Bring a study to the front."""
        page = self.page(identifier)
        self.setCurrentWidget(page)
        return page

    @property
    def current(self) -> StudyPage:
        """The page in front."""
        page = self.currentWidget()
        assert isinstance(page, StudyPage)
        return page
