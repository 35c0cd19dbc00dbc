"""One study on screen: header, strip, set-up, views, result; one anatomy for all studies."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent, QUndoStack
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app import exporting
from app.controller import StudyController
from app.panels.simulate.board import Board
from app.panels.simulate.drafts import Drafts
from app.panels.simulate.spokesman import Spokesman
from app.panels.simulate.status import show_result, show_strip, stale_words
from app.panels.ticking import FRAME_MS, SLOW_MS, TickingPage
from backend.core.files import FileProblem, text_of_array
from backend.core.parameters import ParameterError
from backend.core.run import StopCondition
from backend.core.runner import FINISHED, Job
from backend.core.script import write_methods, write_script
from backend.core.store import Record
from backend.core.study import Procedure
from backend.core.views import View
from backend.studies import find, ids
from widgets import theme
from widgets.form.form import ParameterForm
from widgets.job_strip import JobStrip
from widgets.panel_header import PanelHeader
from widgets.result_panel import ResultPanel
from widgets.splitter import Splitter

if TYPE_CHECKING:
    from app.window import MainWindow

COMPACT_PX = 1240
WIDE_PX = 2000
MOST_BUTTONS = 3
HEIGHTS = {"counters": 150, "checks": 120, "band": 96, "bars": 150}
SPEEDS: tuple[tuple[str, float | None], ...] = (
    ("as fast as it goes", None),
    ("real time", 1000.0),
    ("× 0.1", 100.0),
    ("× 0.01", 10.0),
    ("× 0.001", 1.0),
    ("× 0.0001", 0.1),
)
"""Words and model milliseconds a wall second."""


class StudyPage(TickingPage):
    """The page of one study; made on first visit, kept while the window lives."""

    def __init__(self, controller: StudyController, window: MainWindow) -> None:
        super().__init__(window)
        self.controller = controller
        self.window_ = window
        study = controller.study
        self.header = PanelHeader()
        self.strip = JobStrip()
        self.strip.set_speeds(SPEEDS)
        self.strip.set_monitors(study.time_unit, study.monitors)
        self.form = ParameterForm(study.Parameters)
        self.board = Board(study)
        self.result = ResultPanel()
        self.words = Spokesman(self)
        self.banners = self.words.banners
        for widget in self.board.beside.values():
            self.result.add_view(widget, theme.dp(HEIGHTS.get(widget.view.kind, 200)))
            widget.hide()
        self._lay_out()
        self.drafts = Drafts(controller)
        self.began = 0.0
        self.expected: dict[str, Any] | None = None
        self._said_job: Job | None = None
        self._then: Callable[[], object] | None = None
        self._buttons: list[Procedure] = []
        self._later: list[Callable[[], object]] = []
        self.tick(FRAME_MS, self._frame)
        self.tick(SLOW_MS, self._slow)
        self._connect()
        self._fill()

    def _lay_out(self) -> None:
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.banners)
        column.addWidget(self.board, 1)
        self.splitter = Splitter(Qt.Orientation.Horizontal, lined=True)
        for part in (self.form, centre, self.result):
            self.splitter.addWidget(part)
        for side in (0, 2):  # the columns fold away, the views never do
            self.splitter.setCollapsible(side, True)
        self.splitter.setStretchFactor(1, 1)
        self.form.setMaximumWidth(theme.dp(460))
        self.result.setMaximumWidth(theme.dp(440))
        self.splitter.declare([theme.dp(336), theme.dp(900), theme.dp(312)])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.header)
        whole.addWidget(self.strip)
        whole.addWidget(self.splitter, 1)

    def _connect(self) -> None:
        controller, form, strip, header = self.controller, self.form, self.strip, self.header
        form.changing.connect(controller.drag)
        form.changed.connect(controller.set_value)
        form.reset_all_asked.connect(lambda v: controller.set_values(v, "Reset all"))
        controller.changed.connect(self._values_changed)
        controller.preset_changed.connect(self._preset_changed)
        controller.job_changed.connect(self._job_changed)
        controller.refused.connect(self.words.refused)
        controller.noticed.connect(self.words.look)
        for signal in (strip.run_asked, strip.pause_asked, strip.continue_asked):
            signal.connect(self.run_or_pause)
        strip.stop_asked.connect(self.stop)
        strip.step_asked.connect(self.single_step)
        strip.restart_asked.connect(self.restart)
        strip.rebuild_asked.connect(controller.rebuild)
        strip.speed_changed.connect(self._set_speed)
        strip.procedure_asked.connect(lambda name: self.start(name))
        strip.continue_for_asked.connect(self._continue_for)
        strip.stop_when_asked.connect(self._stop_when)
        header.study_chosen.connect(self.window_.open_page)
        header.preset_chosen.connect(self.choose_preset)
        header.citation_asked.connect(self.window_.commands.show_citation)
        header.changes_asked.connect(self.window_.commands.show_changes)
        header.script_asked.connect(self.window_.commands.show_script)
        header.methods_asked.connect(self.window_.commands.show_methods)
        header.report_asked.connect(lambda: exporting.export_report(self))
        menu = header.export.menu()
        menu.aboutToShow.connect(lambda: exporting.fill_menu(menu, self))
        self.result.export_asked.connect(lambda: exporting.export_table(self))
        self.board.export_asked.connect(lambda name: exporting.export_figure(self, name))
        self.board.window_asked.connect(self.window_.commands.show_view_window)
        self.board.dragged.connect(self._dragged)
        self.board.picked.connect(self._picked)
        self.board.painted.connect(self._painted)
        self.board.undo_asked.connect(self.window_.undo)
        self.board.redo_asked.connect(self.window_.redo)
        self.result.quantity_activated.connect(self._jump)

    def _fill(self) -> None:
        study = self.controller.study
        panel = [find(name) for name in ids()]
        here = [(s.id, s.title, s.number) for s in panel if s.panel == study.panel]
        self.header.set_studies(here)
        self.header.set_study(study.title, study.number)
        self.header.set_presets([(p.name, p.title) for p in study.presets])
        self._preset_changed()
        self._values_changed(frozenset(study.Parameters.model_fields))
        self.words.look()

    # ---- time ------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        compact = self.width() < theme.dp(COMPACT_PX)
        self.board.grid.set_narrow(compact)
        if compact and event.oldSize().width() < 0:
            self.form.fold_rebuild_groups(True)
        if event.oldSize().width() < theme.dp(WIDE_PX) <= self.width():
            self.splitter.setSizes([theme.dp(380), self.width() - theme.dp(760), theme.dp(380)])

    def _frame(self) -> None:
        """Pull channels; the run hears whether anybody looks."""
        draft = self.drafts.next()
        if draft is not None and not self.controller.alive:
            self.adopt(draft)
        job = self.controller.job
        alive = self.controller.alive
        if job is not None:
            job.run.drawing = alive and self.strip.draw.isChecked()
        self.board.set_alive(alive)
        if self.strip.draw.isChecked() or not alive:
            self.board.pull()

    def _slow(self) -> None:
        """State, numbers and words, eight times a second."""
        job = self.controller.job
        self._show_layout()
        show_strip(self.strip, self.controller, self.began)
        panel = self.controller.study.panel
        self.window_.rail.show_alive(panel, self.window_.running_in(panel))
        while self._later:
            self._later.pop(0)()
        show_result(self.result, self.controller)
        drawing = self.strip.draw.isChecked() or not self.controller.alive
        self.board.set_stale(stale_words(self.controller) if drawing else "drawing off")
        if job is not None and job.finished and job is not self._said_job:
            self._said_job = job
            self._finished(job)

    # ---- values ----------------------------------------------------------------------------

    def _values_changed(self, names: frozenset[str]) -> None:
        controller = self.controller
        self.words.settle()
        self.form.set_values(controller.parameters)
        self.header.set_changed(controller.differing)
        self.header.set_synthetic(controller.study.synthetic_of(controller.parameters))
        self._show_layout()
        self._show_procedures()
        self._preview()
        self.drafts.ask(names)
        self.window_.session_changed()

    def _show_layout(self) -> None:
        """Arrange the views for the run on screen, or for the next one."""
        controller = self.controller
        job = controller.job
        layout_of, parameters = controller.study.layout_of, controller.parameters
        procedure = "free"
        if job is not None:
            procedure, shown = job.record.procedure, job.run.parameters
            if controller.alive:
                parameters = shown  # what runs, not what waits for a rebuild
            elif layout_of(shown, procedure) != layout_of(parameters, procedure):
                procedure = "free"  # these settings ask for views that this run has not filled
        self.board.show_layout(layout_of(parameters, procedure))

    def _show_procedures(self) -> None:
        """Buttons that apply now; the preset's own first, so that it is always at one place."""
        controller = self.controller
        wanted = controller.study.preset(controller.preset).procedure
        shown = [
            p
            for p in controller.study.procedures[1:]
            if p.shown_if is None or getattr(controller.parameters, p.shown_if[0]) in p.shown_if[1]
        ]
        buttons = sorted(shown, key=lambda p: p.id != wanted)
        if buttons != self._buttons:
            self._buttons = buttons
            self.strip.set_procedures(buttons[:MOST_BUTTONS], buttons[MOST_BUTTONS:])

    @property
    def history(self) -> StudyController:
        """Parameters under undo."""
        return self.controller

    @property
    def undo_stack(self) -> QUndoStack:
        return self.controller.undo_stack

    @property
    def alive(self) -> bool:
        return self.controller.alive

    @property
    def regions(self) -> list[QWidget]:
        """What F6 goes through."""
        return [self.header, self.strip, self.form, self.board, self.result]

    @property
    def procedures(self) -> list[Procedure]:
        """What can be measured with the present settings, the preset's own first."""
        return list(self._buttons)

    def _preview(self) -> None:
        if self.controller.alive:
            return
        try:
            contents = self.controller.study.preview(self.controller.parameters)
        except (ParameterError, FileProblem):
            return
        self.board.preview(contents)

    def _preset_changed(self) -> None:
        controller = self.controller
        self.header.set_preset(controller.preset)
        self.form.set_preset_values(controller.study.parameters_of(controller.preset))
        self.header.set_changed(controller.differing)

    def choose_preset(self, name: str) -> None:
        """Load a preset; a free run ends and goes on with it, a measurement is not disturbed."""
        controller = self.controller
        job = controller.job
        if job is not None and controller.alive:
            if job.record.procedure != "free":
                self.header.set_preset(controller.preset)
                self.words.say(
                    "A measurement is running", "Cancel it, then choose another preset.",
                    kind="warning",
                )  # fmt: skip
                return
            self._then = partial(self._go_on_with, name)
            self.stop()
            return
        self.form.clear_refusals()
        controller.set_preset(name)

    def _go_on_with(self, preset: str) -> None:
        self.choose_preset(preset)
        self.start()

    def _dragged(self, view: View, x: float, y: float) -> None:
        """A drag on a view moves the two parameters that follow it."""
        if view.drag is None:
            return
        values = {}
        for name, value in zip(view.drag, (x, y), strict=True):
            declared = self.controller.study.Parameters.declaration(name)
            low = declared.low if declared.low is not None else value
            high = declared.high if declared.high is not None else value
            values[name] = round(min(max(value, low), high), 4)
        self.controller.set_values(values, f"Move in {view.title}")

    def _picked(self, view: View, x: float) -> None:
        """A click on a dot chooses it."""
        value = self.controller.study.Parameters.parse(view.picks, round(x))
        self.controller.set_values({view.picks: value}, f"Choose in {view.title}")

    def _painted(self, view: View, levels: Any, final: bool) -> None:
        """What was painted acts at once; a whole stroke is one step of undo."""
        controller = self.controller
        declared = controller.study.Parameters.declaration(view.edits)
        values: dict[str, Any] = {view.edits: text_of_array(levels)}
        if declared.shown_if is not None:  # the choice under which the drawing is used
            values[declared.shown_if[0]] = declared.shown_if[1][0]
        if final:
            controller.set_values(values, f"Paint {view.title.lower()}")
        elif controller.alive and controller.job is not None:
            controller.job.run.change(**values)

    def take_file(self, path: Path) -> bool:
        """A dropped or opened file becomes a parameter; False when no parameter reads it."""
        controller = self.controller
        changes = controller.study.changes_for_file(controller.parameters, path)
        if not changes:
            reads = ", ".join(sorted(self._formats()))
            self.words.say(
                f"{path.name} does not fit this study", f"It reads {reads}. Choose another file."
            )
            return False
        try:
            wanted = controller.parameters.changed(**changes)
            controller.study.check(wanted, "free")
            controller.study.preview(wanted)
        except (ParameterError, FileProblem) as error:
            self.words.say(f"{path.name} cannot be used", str(error))
            return False
        controller.set_values({n: getattr(wanted, n) for n in changes}, f"Open {path.name}")
        return True

    def _formats(self) -> set[str]:
        declared = self.controller.study.Parameters.declarations().values()
        return {form for one in declared if one.kind == "file" for form in one.formats}

    # ---- running ---------------------------------------------------------------------------

    def start(self, procedure: str = "free", **options: Any) -> bool:
        """Start a run; a refusal is said at its field and in the banner."""
        if self.form.errors:
            name = next(iter(self.form.errors))
            self.form.show_parameter(name)
            return False
        self.banners.remove("problem")
        self.drafts.stop()
        self.began = time.monotonic()
        return self.controller.start(procedure, **options)

    def run_or_pause(self) -> None:
        """Run, Pause or Continue: the primary button."""
        job = self.controller.job
        if job is None or job.finished:
            self.expected = None
            self.start()
        elif job.run.paused:
            job.run.resume()
        else:
            job.run.pause()
        self._slow()

    def stop(self) -> None:
        """Stop an endless run (its numbers are complete), cancel a finite one."""
        job = self.controller.job
        if job is None or job.finished:
            return
        if job.study.endless(job.run.parameters, job.record.procedure):
            job.run.finish()
        else:
            job.run.cancel()

    def single_step(self) -> None:
        """One model step while paused."""
        if self.controller.alive and self.controller.job is not None:
            self.controller.job.run.single_step()

    def restart(self) -> None:
        """End the run and start it again from the beginning."""
        job = self.controller.job
        procedure = job.record.procedure if job is not None else "free"
        if job is not None and not job.finished:
            self._then = partial(self.start, procedure)
            job.run.cancel()
            return
        self.start(procedure)

    def measure(self) -> None:
        """Do what the preset's figure did."""
        self.start(self.controller.study.preset(self.controller.preset).procedure)

    def _set_speed(self, speed: float | None) -> None:
        if self.controller.job is not None:
            self.controller.job.run.speed = speed

    def _continue_for(self, duration: float) -> None:
        if self.controller.alive and self.controller.job is not None:
            self.controller.job.run.continue_for(duration)

    def _stop_when(self, monitor: str, above: bool, bound: float) -> None:
        if self.controller.alive and self.controller.job is not None:
            self.controller.job.run.stop_when = StopCondition(monitor, above, bound)
            sign = ">" if above else "<"
            self.window_.say(f"The run pauses when {monitor} {sign} {bound:g}.")

    def _job_changed(self) -> None:
        job = self.controller.job
        assert job is not None
        job.run.speed = self._speed()
        self._show_layout()
        self.board.show_run(job.run)
        self.form.set_running(True)
        self._slow()

    def _speed(self) -> float | None:
        speed: float | None = self.strip.speed.currentData()
        return speed

    def _finished(self, job: Job) -> None:
        """Say how a run ended; a reproduced one is compared with its original."""
        self.form.set_running(False)
        self.board.set_alive(False)
        self.board.offer_replay()
        self._preview()
        if job.failure is not None:
            self.words.failed(job)
        elif self.expected is not None and job.outcome in FINISHED:
            self.words.reproduced(job, self.expected)
            self.expected = None
        self.window_.session_changed()
        then, self._then = self._then, None
        if then is not None:
            then()

    def _jump(self, quantity: str) -> None:
        """A click on a result line brings the help of its quantity."""
        words = self.controller.study.quantities[quantity]
        self.window_.say(f"{words.label}: {words.help or words.unit}".rstrip(": "))

    # ---- history ---------------------------------------------------------------------------

    def show_stored(self, job: Job) -> None:
        """Bring a stored run back: settings, numbers, pictures."""
        controller = self.controller
        values = job.start_parameters.differences(controller.parameters)
        controller.apply(job.record.preset, {n: mine for n, (mine, _) in values.items()})
        self.adopt(job)

    def adopt(self, job: Job) -> None:
        """Show a finished job, of the history or a draft, as the current one."""
        controller = self.controller
        if controller.job is not None:
            controller.runner.forget(controller.job)
        controller.job = job
        self._said_job = job
        self._show_layout()
        self.board.show_run(job.run, finished=True)
        self._slow()

    def reproduce(self, record: Record, values: dict[str, Any]) -> None:
        """Run a stored run again, with its changes; says whether the numbers are identical."""
        self.expected = values
        self.start(record.procedure, schedule=record.schedule, duration=record.duration)

    # ---- words -----------------------------------------------------------------------------

    def attempt(self, act: Callable[[], object], said: str) -> None:
        """Do something with files; what goes wrong is said in the banner."""
        try:
            act()
        except (FileProblem, ParameterError) as problem:
            self.words.say("A file cannot be used", str(problem))
        else:
            if said:
                self.window_.say(said)

    def tell_later(self, title: str, text: str) -> None:
        """From a worker: say this at the next slow tick."""
        self.call_later(partial(self.words.say if title else self._say, title, text))

    def _say(self, title: str, text: str) -> None:
        self.window_.say(text)

    def call_later(self, call: Callable[[], object]) -> None:
        """From a worker: do this at the next slow tick."""
        self._later.append(call)

    def show_methods(self) -> None:
        """The methods paragraph, ready to copy."""
        controller, job = self.controller, self.controller.job
        procedure = job.record.procedure if job is not None else "free"
        text = write_methods(controller.study, controller.preset, controller.parameters, procedure)
        self.window_.show_text("Methods", "Paste this into the methods section.", text)

    def script(self) -> str:
        """The Python of the current view."""
        controller = self.controller
        job = controller.job
        if job is None or controller.stale:
            wanted = controller.study.preset(controller.preset).procedure
            procedure = wanted if job is None else job.record.procedure
            return write_script(
                controller.study, controller.preset, controller.parameters, procedure
            )
        return write_script(
            controller.study, job.record.preset, job.start_parameters, job.record.procedure,
            tuple(job.run.changes), job.run.clock if job.finished else job.run.duration,
        )  # fmt: skip
