"""Sessions that are on disk: look at them again, and write their result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu, QWidget

from backend.core.files import FileProblem
from backend.core.tasks import Task
from backend.stage.bids import Session, sessions
from backend.stage.live import LiveResult, as_event
from backend.stage.noise_answers import noise_answers
from widgets.banner import Banner

if TYPE_CHECKING:
    from app.panels.stage.panel import StagePanel

POLL_MS = 150


class RecordedSessions(QObject):
    """Between the panel and the dataset it points to."""

    def __init__(self, panel: StagePanel) -> None:
        super().__init__(panel)
        self.panel = panel
        self.task: Task | None = None
        self.timer = QTimer(self)
        self.timer.setInterval(POLL_MS)
        self.timer.timeout.connect(self._look)

    def _menu(self, call: Callable[[Session], None], below: QWidget) -> None:
        """A menu of the dataset's sessions, newest last."""
        folder = Path(self.panel.history.parameters.folder)
        menu = QMenu(self.panel)
        for one in sessions(folder):
            words = f"sub-{one['subject']} · ses-{one['session']} · {one['task']}"
            entry = menu.addAction(words)
            session = Session(folder, one["subject"], one["session"], one["task"])
            entry.triggered.connect(lambda _=False, s=session: call(s))
        if menu.isEmpty():
            menu.addAction(f"No sessions in {folder.name} yet").setEnabled(False)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(below.mapToGlobal(below.rect().bottomLeft()))

    def ask(self) -> None:
        """Choose a session to look at."""
        self._menu(self.show, self.panel.file)

    def show(self, session: Session) -> None:
        """Show a recorded session: its log, timing, curve and classification image."""
        if self.panel.alive:
            self.panel.window_.say("A session is running. End it first, then look at another.")
            return
        try:
            session.read()
            design = session.design
        except FileProblem as problem:
            self.panel.say("The session cannot be read", str(problem))
            return
        live = LiveResult(design, float(session.header["measured_hz"]))
        self.panel.board.begin(live, noise_answers(design))
        for record in session.records:
            self.panel.board.add(as_event(record, len(session.records)))
        self.panel.tabs.setCurrentWidget(self.panel.board)
        ended = session.header.get("ended", "broken off")
        words = f"{session.stem}: {len(session.records)} trials, {ended}."
        self.panel.window_.say(words)

    # ---- result ------------------------------------------------------------------------------

    def ask_result(self) -> None:
        """Choose a session whose result is wanted."""
        self._menu(self.write, self.panel.result)

    def write(self, session: Session) -> None:
        """Analyse a session in a worker and write its page beside the dataset."""
        if self.task is not None and not self.task.finished:
            self.panel.window_.say("A result is being worked out. Wait for its end.")
            return

        def work(task: Task) -> tuple[Path, Any]:
            from backend.stage.session_report import write_report

            session.read()
            return write_report(session, task.check)

        self.task = self.panel.window_.runner.task(f"Result of {session.stem}", work, "stage")
        self.timer.start()

    def _look(self) -> None:
        task = self.task
        if task is None or not task.finished:
            return
        self.timer.stop()
        if task.failure is not None:
            self.panel.say("The result was not written", task.failure.text)
        elif task.outcome == "done":
            self._show_result(*task.result)

    def _show_result(self, page: Path, made: Any) -> None:
        from backend.stage.session_report import text_of

        banner = Banner(
            "The result is written", f"{page.name}, with table, figures and arrays beside it.",
            "warning", [("page", "Open the page")], text_of(made),
        )  # fmt: skip
        banner.acted.connect(lambda _: QDesktopServices.openUrl(QUrl.fromLocalFile(str(page))))
        self.panel.banners.show_banner("result", banner)
        self.panel.window_.show_text("Result of the session", "Intervals are 95 %.", text_of(made))

    def shut(self) -> None:
        """Stop looking (the window closes)."""
        self.timer.stop()
