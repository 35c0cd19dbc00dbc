"""The stage in the operator's window: design, check the screen, present, watch, keep."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QHideEvent, QResizeEvent, QShowEvent, QUndoStack
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QMenu,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app import exporting
from app.history import UNDO_LIMIT, ParameterHistory
from app.panels.stage.conduct import Conductor
from app.panels.stage.designer import Designer, new_design
from app.panels.stage.document import Desk
from app.panels.stage.operator import OperatorBoard
from app.panels.stage.player import TrialPlayer, plan_for
from app.panels.stage.recorded import RecordedSessions
from app.panels.stage.screens import ScreenSettings
from app.panels.stage.session_form import SessionParameters
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError, Parameters
from backend.core.store import home
from backend.stage import design as designs
from backend.stage import monitors
from backend.stage.design import Design, Source
from backend.stage.templates import TEMPLATES, template
from widgets import theme
from widgets.banner import Banner, BannerArea
from widgets.columns import Columns
from widgets.form.form import ParameterForm
from widgets.inputs import Combo
from widgets.job_strip import JobStrip
from widgets.parts import Button, Chip, Elided, Head, Panel, Separator, Words

if TYPE_CHECKING:
    from app.window import MainWindow
    from backend.stimuli.set_store import StoredSet

FRAME_MS = 16
SLOW_MS = 200
MIRROR_MS = 100
COMPACT_PX = 1240
FIRST_DESIGN = "face-gender-yes-no"
WORDS = {
    "idle": ("Check the screen", "monitor-eye"),
    "running": ("Pause after trial", "pause"),
    "paused": ("Continue", "play"),
}
STATES = {
    "idle": ("idle", "Idle"), "ready": ("idle", "Screen checked"),
    "opening": ("running", "Opening"), "checking": ("running", "Checking"),
    "diode": ("running", "Flashing"),
    "running": ("running", "Presenting"),
}  # fmt: skip
"""State of the conductor: the strip's state, and its word."""
KINDS = "Design (*.json)"


class SessionSource:
    """What a history of session settings starts from."""

    Parameters: type[Parameters] = SessionParameters

    class _Preset:
        name = "Session"

    presets = (_Preset(),)

    @staticmethod
    def parameters_of(name: str) -> SessionParameters:
        return SessionParameters(folder=str(home() / "datasets" / "dataset"))


class StagePanel(QWidget):
    """The operator's panel."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window_ = window
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(UNDO_LIMIT)
        self.desk = Desk(template(FIRST_DESIGN), self.undo_stack, self)
        self.history = ParameterHistory(SessionSource(), self.undo_stack, self)
        self.banners = BannerArea()
        self.board = OperatorBoard()
        self.conduct = Conductor(self)
        self.screens = ScreenSettings(self)
        self.why_not = ""
        self.records = RecordedSessions(self)
        self._make()
        self._lay_out()
        self._connect()
        self._design_changed()
        self._show_state()

    # ---- making ------------------------------------------------------------------------------

    def _make(self) -> None:
        self.choose = Combo()
        self.choose.setAccessibleName("Design")
        for one in TEMPLATES.values():
            self.choose.addItem(one.title, one.id)
        self.choose.setCurrentIndex(self.choose.findData(FIRST_DESIGN))
        self.choose.setMinimumWidth(theme.dp(200))
        self.choose.setMaximumWidth(theme.dp(330))
        self.size_words = Elided("", "body", "text3")
        self.preview = Button("Preview a trial", "monitor-eye", flat=True)
        self.methods = Button("Methods", "text-box-outline", flat=True)
        self.file = Button("Design", "content-save-outline", flat=True)
        self.file.setMenu(QMenu(self.file))
        self.result = Button("Result", "chart-bell-curve", flat=True)
        self.result.setToolTip("Intervals, curve and classification image of a session")
        self.folder = Button("Open BIDS folder", "folder-open-outline", flat=True)
        self.strip = JobStrip(WORDS, simulation=False)
        self.chip = Chip()
        self.chip.hide()
        self.diode = Button("Photodiode…", "access-point", flat=True)
        self.signals = Button("Test triggers", "access-point", flat=True)
        self.form = ParameterForm(SessionParameters, "Session")
        self.designer = Designer(self.desk)
        self.player = TrialPlayer()
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.side = QStackedWidget()
        self.frame_timer = self._timer(FRAME_MS, self._frame)
        self.slow_timer = self._timer(SLOW_MS, self._slow)
        self.mirror_timer = self._timer(MIRROR_MS, self.conduct.mirror)

    def _timer(self, interval: int, call: Any) -> QTimer:
        timer = QTimer(self)
        timer.setInterval(interval)
        timer.timeout.connect(call)
        return timer

    def _lay_out(self) -> None:
        header = Panel("bottom")
        header.setFixedHeight(theme.dp(40))
        row = QHBoxLayout(header)
        row.setContentsMargins(theme.dp(10), 0, theme.dp(6), 1)
        for widget in (Words("Stage", "title"), Separator(), self.choose, self.size_words):
            row.addWidget(widget)
        row.addStretch(1)
        self.outputs = (self.preview, self.file, self.methods, self.result, self.folder)
        for button in self.outputs:
            row.addWidget(button)
        self.strip.add_right(self.chip)
        self.strip.add_right(self.signals)
        self.strip.add_right(self.diode)
        self.tabs.addTab(self.designer, "Design")
        self.tabs.addTab(self.board, "Operator")
        self.side.addWidget(self.player)
        self.side.addWidget(self.board.column)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banners)
        column.addWidget(self.tabs, 1)
        self.splitter = Columns(
            (self._session_column(), centre, self.side),
            [theme.dp(width) for width in (300, 900, 320)],
            host=0, centre=1, titles=("Session", "Preview and result"),
        )  # fmt: skip
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(header)
        whole.addWidget(self.strip)
        whole.addWidget(self.splitter, 1)

    def _session_column(self) -> QWidget:
        left = Panel("right")
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 1, 0)
        column.setSpacing(0)
        column.addWidget(self.form, 1)
        self.next_file = Words("", "caption", "text3")
        self.choose_folder = Button("Folder…", "folder-open-outline", flat=True)
        self.choose_folder.clicked.connect(self.ask_folder)
        line = QHBoxLayout()
        line.setContentsMargins(theme.dp(12), 0, theme.dp(4), theme.dp(8))
        line.addWidget(self.next_file, 1)
        line.addWidget(self.choose_folder)
        column.addWidget(Head("Screen", left))
        column.addWidget(self.screens)
        column.addLayout(line)
        left.setMinimumWidth(theme.dp(280))
        left.setMaximumWidth(theme.dp(420))
        return left

    def _connect(self) -> None:
        self.choose.activated.connect(lambda row: self.open_template(self.choose.itemData(row)))
        self.preview.clicked.connect(self.play_trial)
        self.methods.clicked.connect(self.show_methods)
        self.folder.clicked.connect(self.open_folder)
        self.result.clicked.connect(self.records.ask_result)
        menu = self.file.menu()
        for words, call in (
            ("New design", self.new), ("Open design…", self.ask_open),
            ("Save design…", self.ask_save),
            ("Look at a recorded session…", self.records.ask),
            ("Export the trial table…", self.ask_table),
        ):  # fmt: skip
            menu.addAction(words).triggered.connect(lambda _=False, c=call: c())
        for signal in (
            self.strip.run_asked, self.strip.pause_asked, self.strip.continue_asked
        ):  # fmt: skip
            signal.connect(self.run_or_pause)
        self.strip.stop_asked.connect(self.stop)
        self.conduct.changed.connect(self._show_state)
        self.form.changed.connect(self.history.set_value)
        self.form.changing.connect(self.history.drag)
        self.form.reset_all_asked.connect(lambda v: self.history.set_values(v, "Reset all"))
        self.history.changed.connect(lambda _: self._session_changed())
        self.desk.changed.connect(self._design_changed)
        self.designer.add_set_asked.connect(self.ask_set)
        self.board.fix_asked.connect(self.screens.fix)
        self.board.export_asked.connect(self.export_view)
        self.diode.clicked.connect(self.screens.ask_diode)
        self.signals.clicked.connect(self.screens.test_triggers)
        self.tabs.currentChanged.connect(lambda row: self.side.setCurrentIndex(row))

    # ---- design ------------------------------------------------------------------------------

    @property
    def design(self) -> Design:
        """The design on the desk."""
        return self.desk.design

    def open_template(self, identifier: str) -> None:
        """Put a fresh template on the desk."""
        self.desk.change(f"open {TEMPLATES[identifier].title}", template(identifier))

    def new(self) -> None:
        """Start from an almost empty design."""
        self.desk.change("new design", new_design())

    def ask_open(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open design", "", KINDS)
        if name:
            self.take_file(Path(name))

    def take_file(self, path: Path) -> bool:
        """Open a design file; what is wrong with it is said in words."""
        try:
            made = designs.load(path)
        except FileProblem as problem:
            self.say("The design cannot be opened", str(problem))
            return False
        self.desk.change(f"open {path.name}", made)
        return True

    def ask_save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, "Save design", f"{self.design.task}.json", KINDS
        )
        if name:
            try:
                self.design.save(Path(name).with_suffix(".json"))
                self.window_.say(f"{Path(name).name} was saved, with its trial table.")
            except FileProblem as problem:
                self.say("The design was not saved", str(problem))

    def ask_table(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, "Export the trial table", f"{self.design.task}.tsv", "TSV (*.tsv)"
        )
        if name:
            try:
                self.design.table().save(Path(name).with_suffix(".tsv"))
            except FileProblem as problem:
                self.say("The table was not written", str(problem))

    def take_set(self, stored: StoredSet) -> None:
        """A set of the studio becomes a pool of the design."""
        taken = [source.name for source in self.design.sources]
        name = next(
            n for n in [stored.name, *(f"{stored.name}-{i}" for i in range(2, 99))]
            if n not in taken
        )  # fmt: skip
        pool = Source(
            "".join(c if c.isalnum() or c in " .+-_" else "-" for c in name)[:60],
            folder=str(stored.path), count=stored.shape[0],
        )  # fmt: skip
        sources = (*self.design.sources, pool)
        self.desk.change(f"add {name}", dataclasses.replace(self.design, sources=sources))
        self.tabs.setCurrentWidget(self.designer)
        self.designer.tabs.setCurrentIndex(3)
        self.window_.say(
            f"{name}: {stored.shape[0]} pictures. Trials name them {name}:0 and so on."
        )

    def ask_set(self) -> None:
        """Choose a set of the studio."""
        from backend.stimuli.set_store import SetStore

        menu = QMenu(self)
        for one in SetStore().records():
            entry = menu.addAction(f"{one.name}    {one.size}")
            entry.triggered.connect(lambda _=False, s=one: self.take_set(s))
        if menu.isEmpty():
            menu.addAction("No sets yet: make one under Stimuli").setEnabled(False)
        menu.aboutToHide.connect(menu.deleteLater)
        corner = self.designer.sources
        menu.popup(corner.mapToGlobal(corner.rect().center()))

    def _design_changed(self) -> None:
        design = self.design
        self.size_words.setText(design.size)
        known = next((t.id for t in TEMPLATES.values() if t.make().name == design.name), None)
        self.choose.setCurrentIndex(self.choose.findData(known) if known else -1)
        if not known:
            self.choose.setPlaceholderText(design.name)
        self._session_changed()

    def _session_changed(self) -> None:
        """Plan again for the preview, and say what the next file is called."""
        parameters = self.history.parameters
        self.form.set_values(parameters)
        self.form.set_preset_values(SessionSource.parameters_of(""))
        self.board.set_blind(parameters.blind)
        self.board.set_large(parameters.lab)
        self.designer.set_rate(self.rate)
        plan, why = plan_for(
            self.design, self.rate, parameters.subject, parameters.seed, self.screens.monitor
        )
        self.player.show_plan(plan, why)
        seconds = plan.seconds if plan is not None else 0
        minutes = f" · about {max(1, round(seconds / 60))} min" if plan is not None else ""
        self.size_words.setText(f"{self.design.size}{minutes}")
        self.why_not = why or self.conduct.unnamed
        self._show_state()
        self.window_.session_changed()

    @property
    def rate(self) -> float:
        """Refresh rate to plan for: as measured, else as the profile says."""
        if self.conduct.facts is not None:
            from backend.stage.display import MeasuredRate

            return MeasuredRate(self.conduct.facts.hz, 0.0).nominal
        return self.screens.monitor.hz

    def play_trial(self) -> None:
        """Play a trial inside the designer."""
        self.tabs.setCurrentWidget(self.designer)
        self.player.slider.setValue(0)
        self.player.begin()

    # ---- session ------------------------------------------------------------------------------

    @property
    def alive(self) -> bool:
        """True while a session runs."""
        return self.conduct.state == "running"

    @property
    def next_stem(self) -> str:
        """What the files of the session are called."""
        p = self.history.parameters
        return f"sub-{p.subject}_ses-{p.session}_task-{self.design.task}"

    def run_or_pause(self) -> None:
        """The primary button: check, start, pause after the trial, continue."""
        self.conduct.run_or_pause()

    def stop(self) -> None:
        """End the session, or close the stage's window."""
        self.conduct.stop()

    @property
    def regions(self) -> list[QWidget]:
        """What F6 goes through."""
        return [self.strip, self.form, self.tabs, self.side]

    # ---- time ----------------------------------------------------------------------------------

    def _frame(self) -> None:
        if self.tabs.currentWidget() is self.board:
            self.board.pull()

    def _slow(self) -> None:
        self.board.refresh()
        self._show_strip()
        self.window_.rail.show_alive("stage", self.conduct.state == "running")

    def _show_state(self) -> None:
        """The strip's words and what may be pressed."""
        conduct, strip = self.conduct, self.strip
        state, paused = conduct.state, conduct.paused
        start = "Resume session" if conduct.resumes else "Start session"
        first = (start, "play") if state == "ready" else WORDS["idle"]
        strip.set_primary_words({**WORDS, "idle": first})
        chip, word = STATES[state]
        if state == "running" and paused:
            chip, word = "paused", "Paused"
        free = state in ("idle", "ready")
        # The screen can be checked for any design: what is measured may be what it needs.
        strip.set_can_run(state == "idle" or not self.why_not, self.why_not)
        strip.set_state(chip, word)
        if not free:
            strip.primary.setEnabled(state == "running")
        strip.stop.setEnabled(conduct.link.open)
        busy = {"running": "End the session (Ctrl+.)", "diode": "Stop the flashes (Ctrl+.)"}
        ends = busy.get(state, "Close the stage's window")
        strip.stop.setToolTip(ends)
        for widget in (self.form, self.choose, self.signals, self.designer):
            widget.setEnabled(free)
        self.diode.setEnabled(state == "ready")
        if state != "running":
            recorded = conduct.recorded
            begun = "There already:" if recorded is not None and recorded.exists() else "Next:"
            words = "Goes on with" if conduct.resumes else begun
            named = "" if conduct.unnamed else f"{words} {self.next_stem}_events.tsv"
            self.next_file.setText(named)
        self._show_strip()

    def _show_strip(self) -> None:
        done, total = self.conduct.trials
        if self.conduct.state != "running":
            self.strip.set_progress(None)
            self.strip.set_words("", self.why_not, "")
            return
        self.strip.set_progress(done, total or 1)
        live = self.board.live
        left = time_left(live.seconds_left(total - done)) if live and done > 2 else ""
        self.strip.set_words(
            "", f"{self.conduct.block}, trial {min(done + 1, total)} of {total}", left
        )

    # ---- words -----------------------------------------------------------------------------------

    def export_view(self, identifier: str) -> None:
        """Save a view of the operator's board."""
        data = self.board.channels[identifier].snapshot()
        exporting.export_view(self.window_, self.board.view(identifier), data)

    def ask_folder(self) -> None:
        """Choose the folder of the BIDS dataset."""
        here = self.history.parameters.folder
        name = QFileDialog.getExistingDirectory(self, "Dataset folder", here)
        if name:
            self.history.set_value("folder", name)

    def open_folder(self) -> None:
        """Show the dataset in the system's file manager."""
        folder = Path(self.history.parameters.folder)
        if not folder.is_dir():
            self.window_.say("There is no dataset yet. It is made when a session starts.")
            return
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def script(self) -> str:
        """The Python that presents the same design."""
        from backend.stage.script import write_script

        known = self.choose.currentData()
        p = self.history.parameters
        return write_script(self.design, known or "", p.subject, p.session, p.seed, self.rate)

    def show_methods(self) -> None:
        from backend.stage.script import write_methods

        text = write_methods(self.design, self.screens.monitor, self.rate)
        self.window_.show_text("Methods", "Paste this into the methods section.", text)

    def kept(self) -> dict[str, Any]:
        """What a session keeps: the design and the session's settings."""
        return {
            "design": self.design.document(),
            "session": self.history.parameters.document(),
            "monitor": dataclasses.asdict(self.screens.monitor),
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Come back from a session; what is damaged is left out."""
        with contextlib.suppress(FileProblem):
            self.desk.show(designs.from_document(kept.get("design"), "The session's design"))
        with contextlib.suppress(FileProblem):
            self.screens.use_monitor(
                monitors.from_document(kept.get("monitor"), "The session's monitor")
            )
        values = kept.get("session")
        for name, value in (values if isinstance(values, dict) else {}).items():
            with contextlib.suppress(ParameterError):
                good = SessionParameters.parse(str(name), value)
                self.history.apply(self.history.preset, {str(name): good})
        self.undo_stack.clear()
        self._tell_broken_off()

    def _tell_broken_off(self) -> None:
        """The program ended while a session ran: say how to go on."""
        if not self.conduct.resumes:
            return
        text = f"{self.next_stem} was broken off; its finished trials are on disk. Check the "
        text += "screen, then press Resume session."
        banner = Banner(
            "A session can go on", text, "warning", [("check", "Check the screen")]
        )  # fmt: skip
        banner.acted.connect(lambda _: self.conduct.check())
        self.banners.show_banner("broken", banner)

    def say(self, title: str, text: str) -> None:
        self.banners.show_banner("say", Banner(title, text, "error"))

    # ---- showing ------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.screens.list_screens()
        for timer in (self.frame_timer, self.slow_timer, self.mirror_timer):
            timer.start()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < theme.dp(COMPACT_PX)
        self.splitter.set_narrow(narrow)
        for button in self.outputs:
            button.set_words(not narrow)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        for timer in (self.frame_timer, self.mirror_timer):
            timer.stop()

    def shut(self) -> None:
        """The program ends: the stage process finishes writing and closes."""
        for timer in (self.frame_timer, self.slow_timer, self.mirror_timer):
            timer.stop()
        self.records.shut()
        self.conduct.link.shut()
        self.player.shut()


def time_left(seconds: float) -> str:
    """A time to come in words."""
    return f"about {round(seconds / 60)} min left" if seconds >= 90 else f"{round(seconds)} s left"
