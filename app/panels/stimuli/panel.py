"""Stimulus studio: choose a generator, drag, look, make a set, edit it, send it on."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QResizeEvent, QShowEvent, QUndoStack
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from app.history import UNDO_LIMIT, ParameterHistory
from app.panels.stimuli.board import StudioBoard
from app.panels.stimuli.browser import SetBrowser
from app.panels.stimuli.generator_list import GeneratorList
from app.panels.stimuli.sets import SetKeeper
from app.panels.ticking import FRAME_MS, SLOW_MS, TickingPage
from app.panels.work import PanelWork, failure_banner
from backend.core.parameters import ParameterError
from backend.core.runner import Failure
from backend.core.tasks import Task
from backend.stimuli.generator import SET_GROUP, Generator, make_set
from backend.stimuli.generators import find, ids
from widgets import theme
from widgets.banner import Banner, BannerArea
from widgets.columns import Columns
from widgets.form.form import ParameterForm
from widgets.job_strip import JobStrip
from widgets.panel_header import PanelHeader
from widgets.parts import Button, Panel, Words

if TYPE_CHECKING:
    from app.window import MainWindow

SETTLE_MS = 160
COMPACT_PX = 1240
THUMBNAIL_PX = 80
PNG_SHARE = 0.7
"""Bytes of a PNG a pixel of noise; smooth pictures need less."""


class StimuliPanel(TickingPage):
    """The studio; one undo stack for sliders, sets and labels."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window_ = window
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(UNDO_LIMIT)
        self.histories: dict[str, ParameterHistory] = {}
        self.forms: dict[str, ParameterForm] = {}
        self.generator: Generator = find(ids()[0])
        self.index = 0
        self._refused: dict[str, Any] = {}
        self.header = PanelHeader()
        self.strip = JobStrip({"idle": ("Make set", "play")}, simulation=False)
        self.list = GeneratorList()
        self.form_stack = QStackedWidget()
        self.foot = Words("", "caption", "text3")
        self.board = StudioBoard()
        self.browser = SetBrowser()
        self.banners = BannerArea()
        self.random = Button("Random", "dice-5-outline", flat=True)
        self.work = PanelWork(window, "stimuli", self.strip, self.banners, ("import",))
        self.sets = SetKeeper(self)
        self._lay_out()
        self.tick(FRAME_MS, self.board.pull)
        self.tick(SLOW_MS, self._slow)
        self.settle_timer = QTimer(self)
        self.settle_timer.setInterval(SETTLE_MS)
        self.settle_timer.setSingleShot(True)
        self.settle_timer.timeout.connect(self._settle)
        self._connect()
        self._thumbnails = list(ids())
        self.show_generator(self.generator.id)
        self.sets.refresh()

    def _lay_out(self) -> None:
        forms = Panel("right")
        column = QVBoxLayout(forms)
        column.setContentsMargins(0, 0, 1, 0)
        column.setSpacing(0)
        column.addWidget(self.form_stack, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(theme.dp(12), theme.dp(6), theme.dp(12), theme.dp(8))
        foot.addWidget(self.foot)
        column.addLayout(foot)
        forms.setMinimumWidth(theme.dp(280))
        forms.setMaximumWidth(theme.dp(460))
        centre = QWidget()
        middle = QVBoxLayout(centre)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.banners)
        middle.addWidget(self.board, 1)
        self.browser.setMaximumWidth(theme.dp(440))
        self.splitter = Columns(
            (self.list, forms, centre, self.browser),
            [theme.dp(width) for width in (164, 320, 820, 300)],
            host=1, centre=2, titles=("Set-up", "Sets"),
            narrow_sizes=[theme.dp(width) for width in (74, 300, 600)],
        )  # fmt: skip
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.header)
        whole.addWidget(self.strip)
        whole.addWidget(self.splitter, 1)
        self.header.report.hide()
        self.strip.add_right(self.random)

    def _connect(self) -> None:
        header, strip = self.header, self.strip
        header.set_studies([(name, find(name).title, 0) for name in ids()])
        header.study_chosen.connect(self.show_generator)
        header.preset_chosen.connect(lambda name: self.history.set_preset(name))
        header.changes_asked.connect(self.window_.commands.show_changes)
        header.script_asked.connect(self.window_.commands.show_script)
        header.methods_asked.connect(self.show_methods)
        menu = header.export.menu()
        menu.aboutToShow.connect(lambda: self.sets.fill_export_menu(menu))
        strip.run_asked.connect(self.run_or_pause)
        strip.pause_asked.connect(self.run_or_pause)
        strip.continue_asked.connect(self.run_or_pause)
        strip.stop_asked.connect(self.stop)
        self.list.chosen.connect(self.show_generator)
        self.list.folder_asked.connect(self.sets.ask_import)
        self.board.current_changed.connect(self._current_changed)
        self.board.drawn.connect(
            lambda ms: self.window_.status.saved.setText(f"Preview redrawn in {ms:.0f} ms")
        )
        self.board.failed.connect(self._draw_failed)
        self.board.export_asked.connect(self.sets.export_view)
        self.board.window_asked.connect(self.window_.commands.show_view_window)
        self.random.clicked.connect(self.randomise)
        self.sets.connect()

    # ---- generators ------------------------------------------------------------------------

    @property
    def history(self) -> ParameterHistory:
        """Parameters of the generator in front."""
        return self.history_of(self.generator.id)

    def history_of(self, identifier: str) -> ParameterHistory:
        """Parameters of a generator, made on first use."""
        if identifier not in self.histories:
            history = ParameterHistory(find(identifier), self.undo_stack, self)
            history.changed.connect(partial(self._values_changed, identifier))
            history.preset_changed.connect(self._preset_changed)
            self.histories[identifier] = history
        return self.histories[identifier]

    @property
    def form(self) -> ParameterForm:
        """The form in front."""
        return self.forms[self.generator.id]

    def _form_of(self, identifier: str) -> ParameterForm:
        if identifier not in self.forms:
            history = self.history_of(identifier)
            form = ParameterForm(find(identifier).Parameters, last=SET_GROUP)
            form.set_preset_values(find(identifier).parameters_of(history.preset))
            form.set_values(history.parameters)
            form.changing.connect(partial(self._dragging, history))
            form.changed.connect(history.set_value)
            form.reset_all_asked.connect(lambda v: history.set_values(v, "Reset all"))
            form.errors_changed.connect(self._errors_changed)
            self.forms[identifier] = form
            self.form_stack.addWidget(form)
        return self.forms[identifier]

    def show_generator(self, identifier: str) -> None:
        """Bring a generator to the front; the sheet shows what it would make."""
        self.generator = find(identifier)
        form = self._form_of(identifier)
        self.form_stack.setCurrentWidget(form)
        self.list.choose(identifier)
        self.browser.clear_choice()
        self.index = 0
        self.header.set_study(self.generator.title, 0)
        self.header.set_presets([(p.name, p.title) for p in self.generator.presets])
        self.header.set_synthetic(self.generator.synthetic)
        self._preset_changed()
        self._errors_changed(len(form.errors))
        self._show_draft(quick=False)
        self.window_.session_changed()

    def _dragging(self, history: ParameterHistory, name: str, value: Any) -> None:
        self.settle_timer.start()
        history.drag(name, value)

    def _values_changed(self, identifier: str, names: frozenset[str]) -> None:
        if identifier != self.generator.id:
            self.show_generator(identifier)  # undo reached another generator
        self.form.set_values(self.history.parameters)
        self.header.set_changed(self.history.differing)
        self.browser.clear_choice()
        self._show_draft(quick=self.settle_timer.isActive())
        self.window_.session_changed()

    def _settle(self) -> None:
        if self.board.stimuli is None:
            self._show_draft(quick=False)

    def _show_draft(self, quick: bool) -> None:
        """Check the settings, then draw; what cannot be drawn is said at its field."""
        parameters = self.history.parameters
        for name in list(self.form.errors):
            if getattr(parameters, name, None) != self._refused.get(name):
                self.form.accept(name)
        try:
            notices = self.generator.check(parameters)
        except ParameterError as error:
            self._refuse(error)
            return
        self.banners.clear()
        for notice in notices:
            self.banners.show_banner(notice.title, Banner(notice.title, notice.text, "warning"))
        self._show_costs()
        self.board.show_draft(self.generator, parameters, self.index, quick)

    def _refuse(self, error: ParameterError) -> None:
        if error.field in self.form.declarations:
            self._refused[error.field] = getattr(self.history.parameters, error.field)
            self.form.refuse(error.field, error.sentence, error.fix)
        else:
            self.banners.show_banner(
                "settings", Banner("These settings cannot be drawn", error.sentence, "error")
            )

    def _errors_changed(self, count: int) -> None:
        words = ""
        if count:
            names = [self.form.declarations[n].label for n in self.form.errors]
            words = f"{count} value{'s' if count > 1 else ''} to correct: {', '.join(names)}"
        self.strip.set_can_run(not count, words)

    def _show_costs(self) -> None:
        generator, parameters = self.generator, self.history.parameters
        count, size = generator.count(parameters), generator.bytes_of(parameters)
        self.foot.setText(
            f"{count} images. Memory while making: {in_words(size)}. "
            f"On disk: about {in_words(size * (1 + PNG_SHARE))}."
        )

    def _preset_changed(self) -> None:
        history = self.history
        self.header.set_preset(history.preset)
        self.form.set_preset_values(self.generator.parameters_of(history.preset))
        self.header.set_changed(history.differing)

    def randomise(self) -> None:
        """Draw settings at random (an identity, a figure), one step of undo."""
        import numpy as np

        values = self.generator.random(self.history.parameters, np.random.default_rng())
        self.history.set_values(values, "Random")

    def _draw_failed(self, failure: Failure) -> None:
        if failure.field in self.form.declarations:
            self._refuse(ParameterError(failure.field, failure.text, failure.fix))
            return
        self.banners.show_banner("draw", failure_banner(failure))

    # ---- looking ---------------------------------------------------------------------------

    def _current_changed(self, index: int) -> None:
        self.index = index
        if self.board.stimuli is not None:
            self.board.show_image(index)
            self.browser.show_row(index)
        else:
            self.board.show_draft(self.generator, self.history.parameters, index, quick=False)

    # ---- making ----------------------------------------------------------------------------

    def run_or_pause(self) -> None:
        """The primary button: make a set, pause, continue."""
        if not self.work.toggle():
            self.make()

    def make(self) -> None:
        """Draw the whole set in a worker and keep it."""
        generator, parameters = self.generator, self.history.parameters
        try:
            generator.check(parameters)
        except ParameterError as error:
            self._refuse(error)
            return
        name = self.sets.free_name(generator.id)
        threads = max(1, (os.cpu_count() or 2) - 1)

        def work(task: Task) -> Any:
            draft = self.sets.store.draft(name)
            try:
                made = make_set(
                    generator, parameters, name, threads,
                    lambda done, total: task.progress(done, total, "images"), task.check,
                    draft.into,
                )  # fmt: skip
                return draft.keep(made, lambda done, total: task.progress(done, total, "kept"))
            except BaseException:
                draft.drop()
                raise

        self.work.start(f"Make {name}", work, self.sets.made)

    @property
    def alive(self) -> bool:
        """Whether something is being made."""
        return self.work.alive

    def stop(self) -> None:
        """Cancel what is being made."""
        self.work.stop()

    def _slow(self) -> None:
        """Strip and thumbnails, eight times a second."""
        self.work.show()
        self.window_.rail.show_alive("stimuli", self.alive)
        self._draw_thumbnails()

    def _draw_thumbnails(self) -> None:
        """One generator's picture at a time, when nothing else is drawn."""
        answer = self.board.work.take("thumbnail")
        if answer is not None and answer.failure is None:
            self.list.model.set_picture(answer.key, answer.value)
        if self._thumbnails and self.board.work.idle:
            name = self._thumbnails.pop(0)
            generator = find(name)
            self.board.work.ask(
                "thumbnail", name,
                lambda: generator.preview(
                    generator.parameters_of(generator.presets[0].name), 0, THUMBNAIL_PX
                ).image,
            )  # fmt: skip

    # ---- words -----------------------------------------------------------------------------

    def script(self) -> str:
        """The Python that makes the same set."""
        from backend.stimuli.script import write_script

        history = self.history
        return write_script(self.generator, history.preset, history.parameters)

    def show_methods(self) -> None:
        """The methods paragraph, ready to copy."""
        text = self.generator.methods(self.history.parameters)
        self.window_.show_text("Methods", "Paste this into the methods section.", text)

    def take_file(self, path: Path) -> bool:
        """A dropped folder, list or picture file."""
        return self.sets.take_file(path)

    def kept(self) -> dict[str, Any]:
        """What a session keeps: the generator in front and everybody's settings."""
        return {
            "generator": self.generator.id,
            "settings": {name: one.kept() for name, one in self.histories.items()},
        }

    def restore(self, kept: dict[str, Any]) -> None:
        """Come back from a session; what no longer fits stays at its preset."""
        settings = kept.get("settings")
        for name, one in (settings if isinstance(settings, dict) else {}).items():
            if name in ids() and isinstance(one, dict):
                self.history_of(name).bring_back(one)
        self.undo_stack.clear()
        if kept.get("generator") in ids():
            self.show_generator(str(kept["generator"]))

    # ---- time ------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.sets.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < theme.dp(COMPACT_PX)
        self.board.grid.set_narrow(narrow)
        self.list.set_narrow(narrow)
        self.splitter.set_narrow(narrow)

    def shut(self) -> None:
        """End the drawing thread (the window closes)."""
        self.board.work.close()
        self.stop_ticking()
        self.settle_timer.stop()


def in_words(size: float) -> str:
    """Bytes in words."""
    for unit in ("kB", "MB"):
        size /= 1000
        if size < 999.5:
            return f"{size:.0f} {unit}"
    return f"{size / 1000:.1f} GB"
