"""Sweeps: any study over one or two of its parameters, on this machine or a lab's cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from app.history import ParameterHistory
from app.panels.sweeps.board import SweepBoard
from app.panels.sweeps.cell import CellPage
from app.panels.sweeps.form import SweepForm
from app.panels.ticking import FRAME_MS, SLOW_MS, TickingPage
from app.panels.work import PanelWork, failure_banner
from backend.core.files import FileProblem
from backend.core.objects import Table
from backend.core.parameters import ParameterError
from backend.core.runner import describe
from backend.core.store import home
from backend.core.study import Procedure
from backend.core.sweep_settings import (
    SweepSettings,
    SweepSource,
    methods_of,
    plan_of_settings,
    script_of,
)
from backend.core.sweeps import Sweep, plan_document, steps
from backend.core.tasks import KEPT, Task
from backend.studies import find
from widgets import theme
from widgets.banner import Banner, BannerArea
from widgets.columns import Columns
from widgets.inputs import Combo
from widgets.job_strip import JobStrip
from widgets.panel_header import PanelHeader

if TYPE_CHECKING:
    from app.window import MainWindow

PLACES = frozenset({"quantity", "scheduler", "workers"})
"""Settings that do not make another sweep."""
SAVE = Procedure("save", "Save table…", "table-arrow-down", "A row a job, as CSV.")


class SweepsPanel(TickingPage):
    """Set-up left, map in the middle, the cell chosen at the right."""

    id: ClassVar[str] = "sweeps"

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.window_ = window
        self.history = ParameterHistory(SweepSource, parent=self)
        self.header = PanelHeader()
        self.strip = JobStrip({"idle": ("Run sweep", "play")}, simulation=False)
        self.form = SweepForm()
        self.board = SweepBoard()
        self.cell = CellPage()
        self.quantity = Combo()
        self.quantity.setAccessibleName("Value shown")
        self.quantity.setMinimumWidth(theme.dp(240))
        self.banners = BannerArea()
        self.work = PanelWork(window, self.id, self.strip, self.banners, ("plan",))
        self.procedures = (SAVE,)
        self.sweep: Sweep | None = None
        self.notices: list[str] = []
        self._drawn = -1
        self._lay_out()
        self.tick(FRAME_MS, self.board.pull)
        self.tick(SLOW_MS, self._slow)
        self._connect()
        self._preset_changed()
        self._values_changed(frozenset())

    def _lay_out(self) -> None:
        centre = QWidget()
        middle = QVBoxLayout(centre)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.banners)
        middle.addWidget(self.board, 1)
        self.splitter = Columns(
            (self.form, centre, self.cell), [theme.dp(width) for width in (320, 900, 280)],
            host=0, centre=1, titles=("Set-up", "Cell"),
            narrow_sizes=[theme.dp(width) for width in (300, 660)],
        )  # fmt: skip
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        for part in (self.header, self.strip):
            whole.addWidget(part)
        whole.addWidget(self.splitter, 1)
        self.header.set_study("Sweeps", 0)
        self.header.set_presets([(one.name, one.title) for one in SweepSource.presets])
        for unused in (self.header.report, self.header.export):
            unused.hide()
        self.strip.set_procedures((), (SAVE,))
        self.strip.add_right(self.quantity)

    def _connect(self) -> None:
        self.header.preset_chosen.connect(self.history.set_preset)
        self.header.changes_asked.connect(self.window_.commands.show_changes)
        self.header.script_asked.connect(self.window_.commands.show_script)
        self.header.methods_asked.connect(self.show_methods)
        strip = self.strip
        for signal in (strip.run_asked, strip.pause_asked, strip.continue_asked):
            signal.connect(self.run_or_pause)
        strip.stop_asked.connect(self.stop)
        strip.procedure_asked.connect(self.start)
        self.form.changed.connect(self._entered)
        self.history.changed.connect(self._values_changed)
        self.history.preset_changed.connect(self._preset_changed)
        self.quantity.activated.connect(
            lambda row: self.history.set_value("quantity", self.quantity.itemData(row))
        )
        for name in ("map", "interval"):
            self.board.views[name].picked.connect(self._picked)
        self.board.window_asked.connect(self.window_.commands.show_view_window)
        self.board.export_asked.connect(self._export)
        self.cell.run_asked.connect(self.open_run)

    # ---- what the window asks of a front ---------------------------------------------------

    @property
    def parameters(self) -> SweepSettings:
        """Values of the form."""
        found: SweepSettings = self.history.parameters
        return found

    @property
    def undo_stack(self) -> Any:
        return self.history.undo_stack

    @property
    def regions(self) -> list[QWidget]:
        """What F6 goes through."""
        return [self.header, self.strip, self.form, self.board, self.cell]

    @property
    def alive(self) -> bool:
        """Whether a sweep is under way."""
        return self.work.alive

    def kept(self) -> dict[str, Any]:
        """What a session keeps."""
        return self.history.kept()

    def restore(self, kept: dict[str, Any]) -> None:
        """Come back from a session; what was computed is found on disk by *Run sweep*."""
        self.history.bring_back(kept)
        self.undo_stack.clear()

    def shut(self) -> None:
        """The window closes: what runs is cancelled, what is finished is on disk."""
        self.stop_ticking()
        self.stop()

    def script(self) -> str:
        """The Python that computes the same."""
        return script_of(self.parameters)

    def show_methods(self) -> None:
        """The methods paragraph, ready to copy."""
        text = methods_of(self.parameters)
        self.window_.show_text("Methods", "Paste this into the methods section.", text)

    # ---- settings --------------------------------------------------------------------------

    def _entered(self, values: dict[str, Any]) -> None:
        self.history.set_values(values, f"Change {next(iter(values)).replace('_', ' ')}")

    def _preset_changed(self) -> None:
        self.header.set_preset(self.history.preset)
        self.header.set_changed(self.history.differing)

    def _values_changed(self, names: frozenset[str]) -> None:
        self.form.set_values(self.parameters)
        self.header.set_changed(self.history.differing)
        self.window_.session_changed()
        if names - PLACES and self.sweep is not None and not self.alive:
            self.forget()
        elif "quantity" in names:
            self._draw()
        self._say_size()

    def _say_size(self) -> None:
        """How many jobs these settings are, or what is wrong with them."""
        try:
            plan = plan_of_settings(self.parameters)
        except ParameterError as problem:
            self.form.note.setText(str(problem))
            return
        cells = " × ".join(map(str, plan.shape))
        self.form.note.setText(f"{cells} cells × {plan.trials} trials: {plan.size:,} jobs")

    # ---- running ---------------------------------------------------------------------------

    def run_or_pause(self) -> None:
        """Run, pause or continue."""
        if not self.work.toggle():
            self.run()

    def stop(self) -> None:
        """Cancel; what is finished stays, on the map and on disk."""
        self.work.stop()

    def start(self, procedure: str) -> None:
        """An entry of the menu."""
        if procedure == SAVE.id:
            self.ask_save()

    def run(self) -> None:
        """Compute what is not yet on disk."""
        p = self.parameters
        try:
            plan = plan_of_settings(p)
        except ParameterError as problem:
            self.banners.show_banner("plan", failure_banner(describe(problem)))
            return
        folder = home() / "sweeps"

        def work(task: Task) -> Sweep:
            task.progress(0, plan.size, "jobs; planning")
            self.sweep = sweep = Sweep(plan, folder)
            self._compute(task, sweep, p.scheduler, p.workers)
            return sweep

        if self.alive:
            return
        self.forget()
        self.work.start(f"Sweep of {find(p.study).title}", work, self._ended, KEPT)

    def _compute(self, task: Task, sweep: Sweep, scheduler: str, workers: int) -> None:
        """In the task's thread: every job that has no answer yet."""
        total = sweep.plan.size
        if not sweep.left:
            return
        from backend.core.dask_cluster import cluster

        task.progress(total - len(sweep.left), total, "jobs; starting workers")
        with cluster(scheduler, workers) as found:
            self.notices = list(found.notices)
            task.what = f"jobs on {found.words}"
            for _ in steps(sweep, found.client, task.look, lambda: task.state == "paused"):
                task.done = len(sweep.outcomes)

    def _ended(self, sweep: Sweep) -> None:
        failed = [one.failure for one in sweep.outcomes.values() if one.failure]
        if failed:
            words = f"{len(failed):,} of {sweep.plan.size:,} jobs failed. The first: {failed[0]}"
            self.banners.show_banner("task", Banner("Jobs failed", words, "warning"))
        unused = sweep.without_effect()
        if unused:
            label = find(sweep.plan.study).Parameters.declaration(unused[0]).label
            words = "No value changes with it: this procedure does not use it. Choose another."
            self.banners.show_banner("plan", Banner(f"{label} has no effect", words, "warning"))

    def forget(self) -> None:
        """Other settings: nothing of the last sweep stays beside them."""
        self.sweep, self._drawn = None, -1
        self.board.forget()
        self.cell.forget()
        self.quantity.clear()

    # ---- showing ---------------------------------------------------------------------------

    def _slow(self) -> None:
        self.work.show()
        sweep = self.sweep
        if sweep is not None and len(sweep.outcomes) != self._drawn:
            self._drawn = len(sweep.outcomes)
            self._fill_quantities(sweep)
            self._draw()
        for words in self.notices:
            self.banners.show_banner("task", Banner("Little memory", words, "warning"))
        self.notices = []

    def _fill_quantities(self, sweep: Sweep) -> None:
        """What can be shown; the one chosen, or the first, is."""
        names = sweep.quantities
        if names == [self.quantity.itemData(i) for i in range(self.quantity.count())]:
            return
        declared = find(sweep.plan.study).quantities
        self.quantity.clear()
        for name in names:
            self.quantity.addItem(declared[name].label, name)
        self.quantity.setCurrentIndex(max(self.quantity.findData(self.parameters.quantity), 0))

    @property
    def shown(self) -> str:
        """Name of the value that is drawn."""
        return str(self.quantity.currentData() or "")

    def _draw(self) -> None:
        sweep = self.sweep
        self.quantity.setCurrentIndex(max(self.quantity.findData(self.parameters.quantity), 0))
        if sweep is None or not self.shown:
            return
        self.board.draw(sweep, self.shown)
        if self.cell.cell is not None:
            self.cell.show_cell(sweep, self.cell.cell, self.shown)

    def _picked(self, place: tuple[int, int]) -> None:
        """A cell of a map was clicked."""
        if self.sweep is not None:
            cell = place[: len(self.sweep.plan.axes)]
            self.cell.show_cell(self.sweep, cell, self.shown)

    def open_run(self, cell: tuple[int, ...], trial: int) -> None:
        """Show a trial's settings on its study's page, ready to run."""
        if self.sweep is None:
            return
        job = next(one for one in self.sweep.jobs if (one.cell, one.trial) == (cell, trial))
        page = self.window_.open_study(job.study)
        page.choose_preset(job.preset)
        wanted = page.controller.study.parameters_of(job.preset).changed(**job.document)
        differing = page.controller.parameters.differences(wanted)
        page.controller.set_values(
            {name: getattr(wanted, name) for name in differing}, "Open a run of a sweep"
        )
        page.start(job.procedure)

    # ---- files -----------------------------------------------------------------------------

    def ask_save(self) -> None:
        """Ask where the table goes."""
        if self.sweep is None or not self.sweep.outcomes:
            self.window_.say("There is nothing to save yet. Run the sweep first.")
            return
        name, _ = QFileDialog.getSaveFileName(self, "Save table", "sweep.csv", "CSV (*.csv)")
        if name:
            self.save(Path(name))

    def save(self, path: Path) -> None:
        """A row a job, with the plan beside it."""
        assert self.sweep is not None
        made = Table(columns=self.sweep.table(), provenance=plan_document(self.sweep.plan))
        try:
            made.save(path.with_suffix(".csv") if not path.suffix else path)
        except FileProblem as problem:
            self.banners.show_banner("task", failure_banner(describe(problem)))
        else:
            self.window_.say(f"{path.name} holds {made.size}.")

    def _export(self, view_id: str) -> None:
        from app import exporting

        data = self.board.channels[view_id].snapshot()
        exporting.export_view(self.window_, self.board.view(view_id), data)
