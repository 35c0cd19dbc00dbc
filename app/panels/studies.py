"""A panel of studies: a page for each, made on first visit."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from PySide6.QtWidgets import QStackedWidget, QWidget

from app.controller import StudyController
from app.panels.simulate.page import StudyPage
from backend.studies import find, ids

if TYPE_CHECKING:
    from app.window import MainWindow


class StudyPanel(QStackedWidget):
    """Stack of study pages; ``id`` names the panel whose studies it holds."""

    id: ClassVar[str]

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window_ = window
        self.pages: dict[str, StudyPage] = {}
        self.currentChanged.connect(self._turned)

    @classmethod
    def studies(cls) -> list[str]:
        """Ids of the studies of this panel."""
        return [name for name in ids() if find(name).panel == cls.id]

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

    def _turned(self) -> None:
        """Another page is in front: undo is its own."""
        if self.window_.panels.get(self.id) is self:
            self.window_.show_undo()

    @property
    def front(self) -> QWidget | None:
        """What menus and shortcuts act on."""
        return self.currentWidget()

    @property
    def study(self) -> str:
        """Id of the study in front; empty when another page is."""
        page = self.currentWidget()
        return page.controller.study.id if isinstance(page, StudyPage) else ""
