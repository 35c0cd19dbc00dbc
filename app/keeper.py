"""Keeps the session of a window: autosave on change, open, save, recover."""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, QTimer
from PySide6.QtWidgets import QFileDialog

from app import session as sessions
from app.session import ENDING, Session
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.core.runner import reopened
from backend.core.store import load_record
from backend.studies import find, ids

if TYPE_CHECKING:
    from app.window import MainWindow

DELAY_MS = 400
KINDS = f"Isomorph session (*{ENDING})"


class SessionKeeper(QObject):
    """Writes the autosave soon after every change, and brings sessions back.

    ``written`` is when the session in hand was written that was opened; 0 before one is.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window = window
        self.path: Path | None = None
        self.saved_at = ""
        self.written = 0.0
        self.taking = False
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(DELAY_MS)
        self.timer.timeout.connect(self.autosave)

    def changed(self) -> None:
        """Something worth keeping changed."""
        if not self.taking and not self.timer.isActive():
            self.timer.start()

    def autosave(self) -> None:
        """Write the autosave now; a problem marks the window as modified and is said once."""
        try:
            sessions.save(self.collect(), sessions.own_file())
        except FileProblem as problem:
            if not self.window.isWindowModified():
                self.window.say(str(problem))
            self.window.setWindowModified(True)
            return
        self.window.setWindowModified(False)
        self.saved_at = datetime.now().strftime("%H:%M:%S")
        self.window.status.show_saved(self.saved_at)

    # ---- document --------------------------------------------------------------------------

    def collect(self) -> Session:
        """The window as a session."""
        window = self.window
        # Not by class: start-up would import the study pages.
        panels = [one for one in window.panels.values() if hasattr(one, "show_study")]
        studies = {}
        for name, page in (pair for panel in panels for pair in panel.pages.items()):
            state = page.controller.state()
            state.layout = {"body": page.splitter.sizes()}
            studies[name] = state
        kept = {name: one.kept() for name, one in window.panels.items() if hasattr(one, "kept")}
        return Session(
            panel=window.panel,
            shown={panel.id: panel.study for panel in panels},
            studies=studies,
            panels={**window.waiting, **kept},
            geometry=bytes(window.saveGeometry().toBase64().data()).decode("ascii"),
            docks=bytes(window.saveState().toBase64().data()).decode("ascii"),
        )

    def take(self, session: Session) -> None:
        """Bring a session into the window."""
        self.taking = True
        try:
            self._take(session)
        finally:
            self.taking = False
        if session.problems:
            shown = " ".join(session.problems[:3])
            self.window.say(f"The session was opened with changes. {shown}")
        self.changed()

    def _take(self, session: Session) -> None:
        window = self.window
        for text, restore in (
            (session.geometry, window.restoreGeometry),
            (session.docks, window.restoreState),
        ):
            if text:
                restore(QByteArray.fromBase64(text.encode("ascii", "ignore")))
        for name, state in session.studies.items():
            page = window.study_page(name)
            with contextlib.suppress(ParameterError):
                page.controller.restore(state)
            sizes = state.layout.get("body")
            if isinstance(sizes, list) and len(sizes) == 3:
                page.splitter.setSizes([int(size) for size in sizes])
            self._last_run(name, state.run)
        window.waiting = dict(session.panels)
        for name, one in window.panels.items():
            if hasattr(one, "restore") and name in window.waiting:
                one.restore(window.waiting.pop(name))
        for name in session.shown.values():
            if name in ids():
                window.studies(find(name).panel).show_study(name)
        window.show_panel(session.panel)

    def _last_run(self, name: str, run: str) -> None:
        """Show the pictures of the study's last run, if it is still in the history."""
        page = self.window.study_page(name)
        if not run or page.controller.alive:
            return
        with contextlib.suppress(FileProblem, ParameterError):
            record = load_record(self.window.runner.store.root / Path(run).name)
            page.adopt(reopened(page.controller.study, record))

    # ---- what the user does ----------------------------------------------------------------

    def new(self) -> None:
        """Start afresh: every study at its first preset."""
        if not self.window.confirm_runs("Cancel runs and start afresh"):
            return
        self.window.drop_panels()
        self._set_path(None)

    def open(self) -> None:
        """Ask for a session file and open it."""
        start = str(sessions.folder())
        name, _ = QFileDialog.getOpenFileName(self.window, "Open session", start, KINDS)
        if name:
            self.open_file(Path(name))

    def open_file(self, path: Path) -> None:
        """Open a session file; what is wrong with it is said in words."""
        if not self.window.confirm_runs("Cancel runs and open the session"):
            return
        try:
            self.load(path)
            sessions.remember(path)
        except FileProblem as problem:
            self.window.report_problem("The session cannot be opened", str(problem))
            return
        self._set_path(path)

    def load(self, path: Path) -> None:
        """Bring the session of a file into the window; FileProblem when it is none."""
        session = sessions.load(path)
        self.written = sessions.written(path)
        self.take(session)

    def recover(self, path: Path) -> None:
        """Open the autosave of a crashed program."""
        try:
            session = sessions.load(path)
        except FileProblem as problem:
            self.window.report_problem("The session cannot be recovered", str(problem))
            return
        self.written = sessions.written(path)
        sessions.discard(path)
        self.take(session)

    def save(self) -> None:
        """Save to the session's file; asks for one the first time."""
        if self.path is None:
            self.save_as()
            return
        try:
            sessions.save(self.collect(), self.path)
            sessions.remember(self.path)
        except FileProblem as problem:
            self.window.report_problem("The session was not saved", str(problem))
            return
        self.window.say(f"{self.path.name} was saved.")

    def save_as(self) -> None:
        """Ask for a file and save the session there."""
        start = str(self.path or sessions.folder() / f"session{ENDING}")
        name, _ = QFileDialog.getSaveFileName(self.window, "Save session", start, KINDS)
        if name:
            self._set_path(Path(name).with_suffix(ENDING))
            self.save()

    def _set_path(self, path: Path | None) -> None:
        self.path = path
        self.window.show_title()

    def close(self) -> None:
        """The window closes: keep its state as the last session."""
        self.timer.stop()
        self.autosave()
        with contextlib.suppress(OSError):
            sessions.end_cleanly()
