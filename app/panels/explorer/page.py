"""The explorer's own page: open a network, show it pictures, look at any unit, lesion it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.history import ParameterHistory
from app.panels.explorer.board import ExplorerBoard
from app.panels.explorer.changes import Changes
from app.panels.explorer.channels import Channels
from app.panels.explorer.errands import FETCH, MORE, PROCEDURES, Errands
from app.panels.explorer.evolving import Evolving
from app.panels.explorer.file_work import FILES, FileWork
from app.panels.explorer.made import Made
from app.panels.explorer.masking import ENDING as MASK_ENDING
from app.panels.explorer.masking import Masking
from app.panels.explorer.rows import graph_rows, layer_rows
from app.panels.explorer.unit_page import UnitPage
from app.panels.ticking import FRAME_MS, SLOW_MS, TickingPage
from app.panels.work import failure_banner
from backend.core.runner import Failure
from backend.core.study import Procedure
from backend.networks.explorer_parameters import ExplorerParameters, ExplorerSource
from backend.networks.own_media import KNOWN
from widgets import theme
from widgets.banner import Banner, BannerArea
from widgets.columns import Columns
from widgets.form.form import ParameterForm
from widgets.job_strip import JobStrip
from widgets.layer_graph import LayerGraph
from widgets.layer_tree import LayerTree
from widgets.panel_header import PanelHeader

if TYPE_CHECKING:
    from app.window import MainWindow
    from backend.networks.explorer import Explorer, Shown
    from backend.networks.explorer_attribution import Told

COMPACT_PX = 1240
MENU = (*MORE, *FILES)
"""What the strip's menu and the palette offer beside its buttons."""
OPENING = frozenset({"network", "weights", "pictures", "folder"})
ATTRIBUTING = frozenset({
    "method", "samples", "sd", "path", "window", "stride", "display", "summary", "seed",
})  # fmt: skip


class ExplorerPage(TickingPage):
    """Layer tree and form, views, the page of the unit chosen."""

    def __init__(self, window: MainWindow, pages: list[tuple[str, str, int]]) -> None:
        super().__init__(window)
        self.window_ = window
        self.history = ParameterHistory(ExplorerSource, parent=self)
        self.header = PanelHeader()
        self.strip = JobStrip({"idle": ("Evolve stimulus", "play")}, simulation=False)
        self.tree = LayerTree()
        self.graph = LayerGraph()
        self.form = ParameterForm(ExplorerParameters)
        self.board = ExplorerBoard()
        self.unit = UnitPage()
        self.banners = BannerArea()
        self.changes = Changes(self.history.undo_stack, self._network_key)
        unit = {"facts": self.unit.facts, "answer": self.unit.answer}
        views = {**self.board.views, **self.board.beside, **unit}
        self.made = Made(views, self.board.channels, self.changes)
        self._layer, self._fetches = "", False
        self.errands = Errands(self)
        self.evolving = Evolving(self, self.errands.work)
        self.masking = Masking(self)
        self.channels = Channels(self, self.masking)
        self.files = FileWork(self)
        self._pages = pages
        self.procedures: tuple[Procedure, ...] = (*PROCEDURES, *MENU)
        self._lay_out()
        self.tick(FRAME_MS, self._frame)
        self.tick(SLOW_MS, self._slow)
        self._connect()
        self._fill()

    def _lay_out(self) -> None:
        left = QSplitter(Qt.Orientation.Vertical)
        self.layers = QTabWidget()
        self.layers.setDocumentMode(True)
        self.layers.addTab(self.tree, "Tree")
        self.layers.addTab(self.graph, "Graph")
        self.layers.addTab(self.board.beside["channels"], "Channels")
        left.addWidget(self.layers)
        left.addWidget(self.form)
        left.setSizes([theme.dp(360), theme.dp(400)])
        left.setMaximumWidth(theme.dp(460))
        centre = QWidget()
        middle = QVBoxLayout(centre)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.banners)
        middle.addWidget(self.board, 1)
        self.unit.setMaximumWidth(theme.dp(400))
        self.splitter = Columns(
            (left, centre, self.unit), [theme.dp(width) for width in (320, 900, 280)],
            host=0, centre=1, titles=("Set-up", "Unit"),
            narrow_sizes=[theme.dp(width) for width in (300, 660)],
        )  # fmt: skip
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        for part in (self.header, self.strip):
            whole.addWidget(part)
        whole.addWidget(self.splitter, 1)
        self.header.report.hide()

    def _connect(self) -> None:
        header, strip, form, history = self.header, self.strip, self.form, self.history
        header.study_chosen.connect(self.window_.open_page)
        header.preset_chosen.connect(history.set_preset)
        header.changes_asked.connect(self.window_.commands.show_changes)
        header.script_asked.connect(self.window_.commands.show_script)
        header.methods_asked.connect(self.show_methods)
        for signal in (strip.run_asked, strip.pause_asked, strip.continue_asked):
            signal.connect(self.run_or_pause)
        strip.stop_asked.connect(self.stop)
        strip.procedure_asked.connect(self.start)
        form.changing.connect(history.drag)
        form.changed.connect(history.set_value)
        form.reset_all_asked.connect(lambda values: history.set_values(values, "Reset all"))
        history.changed.connect(self._values_changed)
        history.preset_changed.connect(self._preset_changed)
        self.tree.chosen.connect(self._layer_chosen)
        self.graph.chosen.connect(self.tree.choose)
        self.board.channel_chosen.connect(self._channel_chosen)
        self.board.opened.connect(self._opened)
        self.board.shown_changed.connect(self._shown)
        self.board.failed.connect(self._failed)
        self.board.refused.connect(self._refused)
        self.board.window_asked.connect(self.window_.commands.show_view_window)
        self.board.export_asked.connect(self._export)
        self.unit.stepped.connect(self._step_picture)
        self.changes.lesions_changed.connect(self.errands.show_field)
        self.changes.lesions_changed.connect(self._look_again)

    def _fill(self) -> None:
        self.header.set_studies(self._pages)
        self.header.set_study("Network explorer", 0)
        self.header.set_presets([(p.name, p.title) for p in ExplorerSource.presets])
        self.header.export.hide()
        self.strip.set_procedures(PROCEDURES, MENU)
        self._preset_changed()
        self.form.set_values(self.parameters)
        self.board.open(self.parameters)

    @property
    def parameters(self) -> ExplorerParameters:
        """Values of the form."""
        found: ExplorerParameters = self.history.parameters
        return found

    @property
    def undo_stack(self) -> Any:
        return self.history.undo_stack

    @property
    def regions(self) -> list[QWidget]:
        """What F6 goes through."""
        return [self.header, self.strip, self.tree, self.form, self.board, self.unit]

    # ---- network and picture ---------------------------------------------------------------

    def _preset_changed(self) -> None:
        self.header.set_preset(self.history.preset)
        self.form.set_preset_values(ExplorerSource.parameters_of(self.history.preset))
        self.header.set_changed(self.history.differing)

    def _values_changed(self, names: frozenset[str]) -> None:
        self.form.set_values(self.parameters)
        self.header.set_changed(self.history.differing)
        self.window_.session_changed()
        if names & OPENING:
            if self.parameters.pictures == "own" and not self.parameters.folder:
                self._ask_folder()
                return
            self.banners.remove("folder")
            self.stop()  # what evolves belongs to the network that goes
            self.board.open(self.parameters)
        elif names & {"picture", "frame"}:
            self._look_again()
        if names & {"objective", "second"}:
            self.evolving.show_second()
        if "embedding" in names:
            self.channels.remap()
        if names & ATTRIBUTING:
            self._attribute()

    def _ask_folder(self) -> None:
        """Say that the folder of own pictures is still to come."""
        words = ("Choose a folder, list or set under Pictures, or drop one on the window. Until "
                 "then the last pictures stay.")  # fmt: skip
        self.banners.show_banner("folder", Banner("No pictures of your own yet", words, "warning"))

    def _opened(self, explorer: Explorer) -> None:
        for key in ("open", "task", "lesion", "mask", "folder"):
            self.banners.remove(key)
        self.tree.show_layers(layer_rows(explorer))
        self.graph.show_rows(graph_rows(explorer))
        self.made.clear()
        self.evolving.forget()
        self.evolving.forget_best()
        self.changes.take_up()
        self.header.set_synthetic(explorer.synthetic)
        random = explorer.network.untrained
        published = random and self.errands.published() is not None
        if random:
            self.banners.show_banner("random", Banner(
                "Random weights",
                "This network has never learned. Choose a weights file under Network"
                + (", or press Fetch weights" if published else "") + ".", "warning",
            ))  # fmt: skip
        else:
            self.banners.remove("random")
        self._fetches = published
        self.show_procedures()
        spatial = [one.name for one in explorer.layers if len(one.shape) == 3]
        first = spatial[min(1, len(spatial) - 1)] if spatial else explorer.layers[0].name
        known = [name for name in (self._layer, self.board.layer) if name in self.tree.layers]
        self.tree.choose(known[0] if known else first)
        self._layer = ""
        self._look_again()

    def show_procedures(self) -> None:
        """Offer what can be done, in the words that hold now."""
        words = {"ablate": self.channels.ablating}
        shown = [replace(one, button=words.get(one.id, one.button)) for one in PROCEDURES]
        shown += [FETCH] * self._fetches
        self.procedures = (*shown, *MENU)
        self.strip.set_procedures(shown, MENU)

    def _refused(self, failure: Failure) -> None:
        """Another network or pictures cannot be opened: what is shown is said to be of the last."""
        self.refuse(failure, "open")
        board, p = self.board, self.parameters
        if board.explorer is not None and board.opened_with is not None:
            names = ("network", "weights")
            same = all(getattr(p, name) == getattr(board.opened_with, name) for name in names)
            what = "the last pictures" if same else board.explorer.network.name
            self.made.refused = f"still {what}"

    def _shown(self, shown: Shown) -> None:
        if not self.made.refused:
            self.banners.remove("open")
        self.unit.show_answer(shown.answer)
        self.graph.show_maps(shown.maps)
        self.show_facts()
        self._attribute()

    def _step_picture(self, step: int) -> None:
        explorer = self.board.explorer
        if explorer is not None:
            n = len(explorer.images)
            self.history.set_value("picture", (self.parameters.picture - 1 + step) % n + 1)

    def _failed(self, failure: Failure) -> None:
        if self.board.shown is None:
            self.unit.show_answer(())
        explorer = self.board.explorer
        if explorer is None or not failure.given or explorer.lesions == self.changes.lesions:
            self.refuse(failure, "open")
        else:  # a lesion that cannot be is said, and what was before is shown again
            self.refuse(failure, "lesion")
            self.changes.take_back(explorer.lesions)

    def refuse(self, failure: Failure, key: str = "task") -> None:
        """Say what cannot be done, above the views and at the field it is about."""
        declared = self.form.declarations.get(failure.field)
        banner = failure_banner(failure)
        if declared is not None:
            self.form.refuse(failure.field, failure.text, failure.fix)
            words = dict(declared.choices).get(failure.fix)
            if words is not None:
                banner = failure_banner(failure, (("fix", f"Use {words}"),))
                fix = {failure.field: failure.fix}
                banner.acted.connect(lambda _: self._fix(key, fix))
        self.banners.show_banner(key, banner)

    def _fix(self, key: str, values: dict[str, Any]) -> None:
        """Take the value that a banner offers."""
        self.banners.remove(key)
        for name, value in values.items():
            self.history.set_value(name, value)

    # ---- the unit --------------------------------------------------------------------------

    def _layer_chosen(self, name: str) -> None:
        self.board.show_layer(name)
        self.graph.choose(name)
        self.channels.forget()
        self.board.channels["attribution"].publish()
        self.evolving.forget_best()
        self.masking.show()

    def _channel_chosen(self, channel: int, row: int, column: int) -> None:
        self.evolving.forget_best()
        self.channels.show_unit(channel)
        self.show_facts()
        self._attribute()

    def chosen_unit(self) -> Any:
        """The unit under study, or None while no channel is chosen."""
        from backend.networks.norm_unit import SumOfSizes
        from backend.networks.units import Unit

        channel, row, column = self.board.place
        if channel < 0 or not self.board.layer:
            return None
        explorer = self.board.explorer
        assert explorer is not None
        spatial = len(explorer.layer(self.board.layer).shape) == 3 and row >= 0
        p = self.parameters
        if spatial and self.unit.place.isChecked():
            return Unit(self.board.layer, channel, row, column)
        if p.summary == "sizes":
            return SumOfSizes(self.board.layer, channel)
        return Unit(self.board.layer, channel, summary=p.summary)

    def objective(self) -> Any:
        """What an optimal stimulus drives: the unit, its difference from a second one, or the
        layer; None, and a word, while nothing is chosen. ParameterError for a second unit that is
        not there."""
        from backend.networks.explorer import objective

        explorer, p = self.board.explorer, self.parameters
        if explorer is None or not self.board.layer:
            return None
        unit = self.chosen_unit() if p.objective == "layer" else self.needed_unit()
        if unit is None and p.objective != "layer":
            return None
        return objective(explorer, self.board.layer, unit, p)

    def show_facts(self) -> None:
        """What is known of the unit; of the layer while none is chosen."""
        explorer = self.board.explorer
        unit = self.chosen_unit()
        if explorer is None:
            return
        if unit is None:
            rows = [("Lesion", "", one.label()) for one in self.changes.lesions]
            self.unit.show_unit("", None, [*rows, *self.masking.fact()])
            return
        lead, rows = explorer.facts(self.board.layer, unit.channel, self.board.shown)
        if self.board.seen is not None:
            size, used = self.board.seen
            field = explorer.layer(self.board.layer).field
            blurred = ", blurred" if field is not None and size > field.size else ""
            rows.append(("Field from pictures", f"top {used}{blurred}", f"{size:.3g} px"))
        self.unit.show_unit(unit.label(explorer.network), lead, [*rows, *self.masking.fact()])

    def _attribute(self) -> None:
        """What in the picture drives the unit, by the method chosen."""
        explorer, shown, unit = self.board.explorer, self.board.shown, self.chosen_unit()
        if explorer is None or shown is None or unit is None:
            return
        p = self.parameters
        key = (unit, shown.index, shown.frame, self.changes.lesions, p)

        def call(told: Told) -> dict[str, Any]:
            from backend.networks.explorer_attribution import attributed

            return attributed(explorer, shown, unit, p, told)

        methods = dict(ExplorerParameters.declaration("method").choices)
        self.board.ask_attribution(call, key, methods[p.method])

    # ---- work with an end ------------------------------------------------------------------

    def run_or_pause(self) -> None:
        """The primary button: evolve a stimulus, pause, continue."""
        if self.errands.work.toggle():
            return
        if self.board.looks_long and self.board.looking is not None:
            self.board.looking.toggle()
        else:
            self.evolving.evolve()

    def start(self, procedure: str) -> None:
        """A secondary button of the strip."""
        errands = self.errands
        if procedure.startswith("file-"):
            self.files.ask(procedure)
            return
        {
            "top": errands.find_top, "ablate": self.channels.ablate, "record": errands.ask_record,
            "fetch": errands.fetch,
            "channels": self.channels.map, "rotate": self.channels.rotate,
            "field": errands.find_field, "stimulus-save": self.evolving.ask_save,
            "mask-open": self.masking.ask_open, "mask-save": self.masking.ask_save,
        }[procedure]()  # fmt: skip

    def needed_unit(self) -> Any:
        """The unit chosen, or None and a word on how to choose one."""
        unit = self.chosen_unit()
        if unit is None:
            self.window_.say("Choose a layer, then click one of its channels.")
        return unit

    def show_channels(self) -> None:
        """Bring the map of channels to the front."""
        self.layers.setCurrentWidget(self.board.beside["channels"])

    def _look_again(self) -> None:
        """The picture goes through the network as lesioned now."""
        self.window_.session_changed()
        p = self.parameters
        self.board.ask_picture(p.picture - 1, self.changes.lesions, p.frame)

    def _network_key(self) -> tuple[str, str]:
        """Lesions and masks belong to a network: another one, or undo, brings its own."""
        return self.parameters.network, self.parameters.weights

    @property
    def alive(self) -> bool:
        """Whether something with an end is under way."""
        return self.errands.work.alive or self.board.looks_long

    def stop(self) -> None:
        """Cancel what is under way; the evolved picture, or the coarse map, stays."""
        if self.errands.work.alive:
            self.errands.work.stop()
        else:
            self.board.stop_looking()

    # ---- time ------------------------------------------------------------------------------

    def _frame(self) -> None:
        self.evolving.pull()
        self.board.pull()
        self.made.mark()

    def _slow(self) -> None:
        self.errands.work.show()
        if self.errands.work.task is None:
            opening = self.board.explorer is None and self.board.busy
            self.strip.set_words("", "Opening the network" if opening else "", "")
        if self.board.looks_long and not self.errands.work.alive:
            self._show_looking()
        self.window_.rail.show_alive("explorer", self.alive or self.window_.running_in("explorer"))

    def _show_looking(self) -> None:
        """Progress of an attribution that takes long."""
        looking = self.board.looking
        assert looking is not None
        self.strip.set_state("paused" if looking.paused else "running")
        known = bool(looking.total)
        self.strip.set_progress(looking.done if known else None, looking.total)
        words = f"{looking.what}, {looking.done} of {looking.total}" if known else looking.what
        left = f"{looking.seconds_left:.0f} s left" if looking.done else ""
        self.strip.set_words("", words, left)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < theme.dp(COMPACT_PX)
        self.board.grid.set_narrow(narrow)
        self.splitter.set_narrow(narrow)

    def shut(self) -> None:
        """End the worker thread (the window closes)."""
        self.board.stop_looking()
        self.board.work.close()
        self.stop_ticking()

    # ---- words and files -------------------------------------------------------------------

    def script(self) -> str:
        """The Python that shows the same."""
        from backend.networks.explorer_script import write_script

        return write_script(self.parameters, self.chosen_unit(), self.changes.state)

    def show_methods(self) -> None:
        """The methods paragraph, ready to copy."""
        from backend.networks.explorer_script import methods

        text = methods(self.board.explorer, self.parameters, self.chosen_unit(), self.changes.state)
        self.window_.show_text("Methods", "Paste this into the methods section.", text)

    def take_file(self, path: Path) -> bool:
        """A folder, list or set becomes the pictures, a weights file the network's, a mask its
        mask."""
        if path.name.lower().endswith(MASK_ENDING):
            self.masking.open(path)
            return True
        if path.suffix.lower() in (".pt", ".pth", ".pt2", ".ts"):
            self.history.set_value("weights", str(path))
            return True
        if path.is_dir() or path.name.lower().endswith(KNOWN):
            values = {"pictures": "own", "folder": str(path), "picture": 1}
            self.history.set_values(values, f"Open {path.name}")
            return True
        return False

    def _export(self, view_id: str) -> None:
        from app import exporting

        data = self.board.channels[view_id].snapshot()
        exporting.export_view(self.window_, self.board.view(view_id), data)

    def kept(self) -> dict[str, Any]:
        """What a session keeps."""
        return {
            **self.history.kept(), "layer": self.board.layer, "changes": self.changes.kept(),
        }  # fmt: skip

    def restore(self, kept: dict[str, Any]) -> None:
        """Come back from a session; what no longer fits stays at its preset."""
        self._layer = str(kept.get("layer", ""))
        self.changes.bring_back(kept.get("changes"))
        self.history.bring_back(kept)
        self.undo_stack.clear()
