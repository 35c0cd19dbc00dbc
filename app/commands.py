"""What menus, shortcuts and the palette do with the study in front and with stored runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog, QWidget

from app import exporting
from backend.core.files import FileProblem
from backend.core.runner import Job
from backend.core.store import Record

if TYPE_CHECKING:
    from app.panels.simulate.page import StudyPage
    from app.window import MainWindow


VIEW_WINDOW = "view window"


class StudyCommands(QObject):
    """Commands on the page in front; without one they do nothing."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window = window

    @property
    def page(self) -> StudyPage | None:
        """The study page in front."""
        return self.window.page

    # ---- runs ----------------------------------------------------------------------------

    def run_or_pause(self) -> None:
        self.window.front.run_or_pause()

    def stop_run(self) -> None:
        self.window.front.stop()

    def single_step(self) -> None:
        if self.page is not None:
            self.page.single_step()

    def restart_run(self) -> None:
        if self.page is not None:
            self.page.restart()

    def rebuild_network(self) -> None:
        if self.page is not None:
            self.page.controller.rebuild()

    def measure_preset(self) -> None:
        if self.page is not None:
            self.page.measure()

    # ---- history -----------------------------------------------------------------------

    def _stored(self, record: Record) -> tuple[StudyPage, Job] | None:
        """The page of a stored run and the run as a job; None when it cannot be opened."""
        from backend.core.parameters import ParameterError
        from backend.core.runner import reopened
        from backend.studies import find

        try:
            job = reopened(find(record.study), record)
        except (FileProblem, ParameterError) as problem:
            self.window.report_problem("The run cannot be opened", str(problem))
            return None
        page = self.window.open_study(record.study)
        if page.controller.alive:
            page.words.say(
                "A run of this study is alive",
                "Stop it first, then open the other.",
                kind="warning",
            )
            return None
        return page, job

    def reopen_run(self, record: Record) -> None:
        """Settings, numbers and pictures of a stored run, back in its panel."""
        found = self._stored(record)
        if found is not None:
            found[0].show_stored(found[1])

    def reproduce_run(self, record: Record) -> None:
        """Run a stored run again and compare."""
        found = self._stored(record)
        if found is not None:
            page, job = found
            page.show_stored(job)
            page.reproduce(record, {n: m.value for n, m in job.run.result.values.items()})

    def resume_run(self, record: Record) -> None:
        """Go on with a stopped batch."""
        found = self._stored(record)
        if found is not None:
            page, job = found
            page.show_stored(job)
            page.start(record.procedure, resume=record)

    # ---- words and files -----------------------------------------------------------------

    def reset_all(self) -> None:
        self.window.front.form.reset_all()

    def copy_picture(self) -> None:
        """Copy the focused view, or the first one."""
        widget = self.window.front.board.focused()
        if widget is not None:
            widget.copy_picture()
            self.window.say(f"{widget.view.title} was copied.")

    def copy_result(self) -> None:
        if self.page is not None:
            self.page.result.copy()
            self.window.say("The result table was copied.")

    def maximise_view(self) -> None:
        self.window.front.board.toggle_maximised()

    def show_script(self) -> None:
        """Show the Python that reproduces the view."""
        self.window.docks["script"].show()
        self.window._slow()

    def show_methods(self) -> None:
        """The methods paragraph, ready to copy."""
        self.window.front.show_methods()

    def show_citation(self) -> None:
        if self.page is not None:
            citation = self.page.controller.study.citation
            self.window.show_text("Citation", "The paper this study implements.", citation.text)

    def show_changes(self) -> None:
        """What differs from the preset."""
        from backend.core.script import describe_value

        history = self.window.front.history
        wanted = history.source.parameters_of(history.preset)
        lines = [
            f"{describe_value(history.source, name, mine)}   (preset: {theirs})"
            for name, (mine, theirs) in history.parameters.differences(wanted).items()
        ]
        values = "1 value differs" if len(lines) == 1 else f"{len(lines)} values differ"
        sentence = f"{values} from {history.preset}."
        self.window.show_text("Compare with the preset", sentence, "\n".join(lines))

    def save_report(self) -> None:
        if self.page is not None:
            exporting.export_report(self.page)

    def export(self) -> None:
        """Open the Export menu of the page."""
        if self.page is not None:
            self.page.header.export.showMenu()

    def import_file(self) -> None:
        """Ask for a file that the study or panel reads."""
        name, _ = QFileDialog.getOpenFileName(self.window, "Open a file")
        if name:
            self.window.front.take_file(Path(name))

    def show_view_window(self, identifier: str) -> None:
        """Open a view of the page in front in a window of its own."""
        from app.view_window import ViewWindow

        window = ViewWindow(self.window.front.board, identifier, self.window)
        window.setObjectName(VIEW_WINDOW)
        window.show()

    def close_view_windows(self) -> None:
        """Close the windows of views that are still open."""
        for window in self.window.findChildren(QWidget, VIEW_WINDOW):
            window.close()
