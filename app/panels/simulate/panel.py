"""The Simulate panel: a page for each spiking study."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from app.panels.studies import StudyPanel

if TYPE_CHECKING:
    from app.window import MainWindow


class SimulatePanel(StudyPanel):
    """Spiking networks; the first study is in front at first."""

    id: ClassVar[str] = "simulate"

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.show_study(self.studies()[0])
