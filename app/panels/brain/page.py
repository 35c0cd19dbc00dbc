"""The brain panel's page: surfaces, their overlays, a vertex read out, moments played."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from app.panels.brain.board import BrainBoard
from app.panels.brain.files import EXPORTS, MORE, PROCEDURES, FileWork
from app.panels.brain.regions import Regions
from app.panels.brain.scenes import BrainHistory, Scenes
from app.panels.brain.showing import FEW_MAPS, MOST_PINS, Showing, region_in_hand
from app.panels.brain.vertex_page import VertexPage
from app.panels.ticking import FRAME_MS, SLOW_MS, TickingPage
from app.panels.work import failure_banner
from backend.brain.overlays import Cluster
from backend.brain.scene import Scene, first_moment
from backend.brain.viewer_parameters import LOOK, BrainParameters, BrainSource, look_of, values_of
from backend.core.newest import Newest
from backend.core.runner import Failure
from widgets import theme
from widgets.banner import BannerArea
from widgets.columns import Columns
from widgets.form.form import ParameterForm
from widgets.job_strip import JobStrip
from widgets.moment_slider import MomentSlider
from widgets.overlay_list import OverlayList
from widgets.panel_header import PanelHeader
from widgets.threshold_histogram import ThresholdHistogram

if TYPE_CHECKING:
    from app.window import MainWindow

COMPACT_PX = 1240
NO_MOMENTS = "No overlay has a course in time"


class BrainPage(TickingPage):
    """Overlay list and form, views, the page of the vertex chosen."""

    def __init__(self, window: MainWindow, pages: list[tuple[str, str, int]]) -> None:
        super().__init__(window)
        self.window_ = window
        self.source = BrainSource()
        self.history = BrainHistory(self.source, parent=self)
        self.scenes = Scenes(self.history.undo_stack, self._mesh_key)
        self.header = PanelHeader()
        self.strip = JobStrip({"idle": ("Play", "play"), "running": ("Pause", "pause")},
                              simulation=False)  # fmt: skip
        self.moment = MomentSlider(BrainParameters.declaration("moment"))
        self.overlays = OverlayList()
        self.histogram = ThresholdHistogram()
        self.form = ParameterForm(BrainParameters)
        self.board = BrainBoard()
        self.vertex = VertexPage()
        self.banners = BannerArea()
        self.work = Newest(("open", "read", "clusters"), "brain")
        self.showing = Showing(self)
        self.files = FileWork(self)
        self.painting = Regions(self)
        self.playing = False
        self._played_at = 0.0
        self._dirty = False
        self._syncing = False
        self._pages = pages
        self.procedures = (*PROCEDURES, *MORE)
        self._lay_out()
        self.tick(FRAME_MS, self._frame)
        self.tick(SLOW_MS, self._slow)
        self._connect()
        self._fill()

    def _lay_out(self) -> None:
        left = QSplitter(Qt.Orientation.Vertical)
        lower = QWidget()
        column = QVBoxLayout(lower)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.histogram)
        column.addWidget(self.form, 1)
        left.addWidget(self.overlays)
        left.addWidget(lower)
        left.setSizes([theme.dp(220), theme.dp(560)])
        left.setChildrenCollapsible(False)
        left.setMaximumWidth(theme.dp(460))
        centre = QWidget()
        middle = QVBoxLayout(centre)
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.banners)
        middle.addWidget(self.board, 1)
        self.vertex.setMaximumWidth(theme.dp(440))
        self.splitter = Columns(
            (left, centre, self.vertex), [theme.dp(width) for width in (320, 900, 290)],
            host=0, centre=1, titles=("Set-up", "Vertex"),
            narrow_sizes=[theme.dp(width) for width in (300, 660)],
        )  # fmt: skip
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        for part in (self.header, self.strip):
            whole.addWidget(part)
        whole.addWidget(self.splitter, 1)
        self.strip.add_right(self.moment)
        self.header.report.hide()

    def _connect(self) -> None:
        header, strip, form, history = self.header, self.strip, self.form, self.history
        header.study_chosen.connect(self.window_.open_page)
        header.preset_chosen.connect(history.set_preset)
        header.changes_asked.connect(self.window_.commands.show_changes)
        header.script_asked.connect(self.window_.commands.show_script)
        header.methods_asked.connect(self.show_methods)
        header.export_asked.connect(self.start)
        for signal in (strip.run_asked, strip.pause_asked, strip.continue_asked):
            signal.connect(self.run_or_pause)
        strip.stop_asked.connect(self.stop)
        strip.procedure_asked.connect(self.start)
        form.changing.connect(history.drag)
        form.changed.connect(self._entered)
        form.reset_all_asked.connect(lambda values: history.set_values(values, "Reset all"))
        self.moment.dragging.connect(lambda value: history.drag("moment", float(value)))
        self.moment.chosen.connect(lambda value: history.set_value("moment", float(value)))
        self.histogram.dragging.connect(lambda value: history.drag("threshold", value))
        self.histogram.chosen.connect(lambda value: history.set_value("threshold", value))
        history.changed.connect(self._values_changed)
        history.preset_changed.connect(self._preset_changed)
        self.scenes.changed.connect(self._scene_changed)
        self.overlays.chosen.connect(self.choose)
        self.overlays.eye_pressed.connect(self.toggle)
        self.overlays.add_asked.connect(self.files.ask_open)
        self.overlays.moved.connect(self.reorder)
        self.overlays.removed.connect(self.remove)
        self.board.views["surface"].picked.connect(lambda found: self.pick(*found))
        self.board.views["surface"].montage_asked.connect(self.files.ask_montage)  # type: ignore[attr-defined]
        self.board.views["surface"].brush_asked.connect(self.painting.set_on)  # type: ignore[attr-defined]
        self.board.views["surface"].painted.connect(self._painted)  # type: ignore[attr-defined]
        self.board.views["slices"].picked.connect(self._place_picked)
        self.board.views["course"].picked.connect(self._moment_picked)
        self.board.window_asked.connect(self.window_.commands.show_view_window)
        self.board.export_asked.connect(self.files.export)
        self.vertex.cluster_chosen.connect(self._cluster_chosen)
        self.vertex.pin_asked.connect(self.pin)
        self.vertex.label_asked.connect(self.files.ask_label)

    def _fill(self) -> None:
        self.header.set_studies(self._pages)
        self.header.set_study("Surface viewer", 0)
        self.header.set_presets([(p.name, p.title) for p in self.source.presets])
        self.header.set_exports(EXPORTS)
        self.strip.set_procedures(PROCEDURES, MORE)
        self.strip.stop.hide()
        self._preset_changed()
        self.form.set_values(self.parameters)
        self.showing.form()
        self.moment.hide()
        self.files.open_mesh()

    # ---- values ----------------------------------------------------------------------------

    @property
    def parameters(self) -> BrainParameters:
        """Values of the form."""
        found: BrainParameters = self.history.parameters
        return found

    @property
    def scene(self) -> Scene | None:
        """The scene of the mesh chosen, once it is open."""
        return self.scenes.scene

    @property
    def undo_stack(self) -> Any:
        return self.history.undo_stack

    @property
    def regions(self) -> list[QWidget]:
        """What F6 goes through."""
        return [self.header, self.strip, self.overlays, self.histogram, self.form, self.board,
                self.vertex]  # fmt: skip

    def _mesh_key(self) -> tuple[str, str]:
        p = self.parameters
        return p.mesh, p.surface if p.mesh == "own" else ""

    def _preset_changed(self) -> None:
        self.header.set_preset(self.history.preset)
        self.form.set_preset_values(self.source.parameters_of(self.history.preset))
        self.header.set_changed(self.history.differing)

    def _values_changed(self, names: frozenset[str]) -> None:
        p = self.parameters
        self.form.set_values(p)
        self.moment.set_value(p.moment)
        if not self.playing:
            self.header.set_changed(self.history.differing)
            self.window_.session_changed()
        if names & {"mesh", "surface"}:
            self.files.open_mesh()
            return
        scene = self.scene
        if scene is None or self._syncing:
            return
        if names & set(LOOK) and scene.hand is not None:
            self.scenes.keep(scene.looked(look_of(p, scene.hand.look.visible)))
            self.showing.rows()
            self.showing.histogram()
            if names & {"palette"}:
                self.showing.form()
        self._dirty = True

    def _entered(self, name: str, value: Any) -> None:
        """A value of the form; a map that is not there is refused."""
        scene = self.scene
        hand = scene.hand if scene is not None else None
        if name == "map_number" and hand is not None and value > hand.overlay.rows:
            count = hand.overlay.rows
            words = f"{hand.overlay.name} has {count} maps; {value} was given."
            self.form.set_values(self.parameters)
            self.form.refuse(name, words, count)
            return
        self.history.set_value(name, value)

    def _scene_changed(self) -> None:
        """Another overlay, another order, another vertex: also by undo."""
        self.take_up()
        self.window_.session_changed()

    def take_up(self) -> None:
        """The form shows the overlay in hand; everything is drawn."""
        scene = self.scene
        hand = scene.hand if scene is not None else None
        self._syncing = True
        if scene is not None and hand is not None:
            self.source.base = {**values_of(hand.first), "moment": first_moment(scene)}
            self._preset_changed()
            self.history.apply(self.history.preset, values_of(hand.look))
        self._syncing = False
        self.painting.follow()
        self.showing.everything()
        timed = scene is not None and scene.timed is not None
        self.strip.set_can_run(timed, NO_MOMENTS if scene is not None else "")
        self._dirty = True

    # ---- overlays --------------------------------------------------------------------------

    def choose(self, row: int) -> None:
        """Take an overlay in hand."""
        scene = self.scene
        if scene is not None and row != scene.chosen and 0 <= row < len(scene.shown):
            name = scene.shown[row].overlay.name
            self.scenes.set(replace(scene, chosen=row), f"Choose {name}")

    def toggle(self, row: int) -> None:
        """Show or hide an overlay."""
        scene = self.scene
        if scene is None:
            return
        shown = list(scene.shown)
        one = shown[row]
        shown[row] = replace(one, look=replace(one.look, visible=not one.look.visible))
        verb = "Hide" if one.look.visible else "Show"
        self.scenes.set(replace(scene, shown=tuple(shown)), f"{verb} {one.overlay.name}")

    def reorder(self, step: int) -> None:
        """Move the overlay in hand over or under its neighbour."""
        scene = self.scene
        if scene is None or scene.hand is None or not 0 <= scene.chosen + step < len(scene.shown):
            return
        shown, place = list(scene.shown), scene.chosen
        shown[place], shown[place + step] = shown[place + step], shown[place]
        moved = replace(scene, shown=tuple(shown), chosen=place + step)
        self.scenes.set(moved, f"Move {scene.hand.overlay.name}")

    def remove(self) -> None:
        """Take the overlay in hand away."""
        scene = self.scene
        if scene is None or scene.hand is None:
            return
        shown = tuple(one for one in scene.shown if one is not scene.hand)
        chosen = min(scene.chosen, len(shown) - 1)
        self.scenes.set(replace(scene, shown=shown, chosen=chosen),
                        f"Remove {scene.hand.overlay.name}")  # fmt: skip

    # ---- vertices --------------------------------------------------------------------------

    def pick(self, half: int, vertex: int, pin: bool = False) -> None:
        """Read a vertex out; ``pin`` keeps the one before beside it."""
        scene = self.scene
        if scene is None:
            return
        pins = scene.pins
        if pin and scene.vertex is not None and scene.vertex not in pins:
            pins = (*pins, scene.vertex)[-MOST_PINS:]
        self.scenes.keep(replace(scene, vertex=(half, vertex), pins=pins))
        self.window_.session_changed()
        self.showing.vertex()
        self.showing.surface()
        row = self.showing.inside()
        self.vertex.label.setEnabled(row >= 0 or region_in_hand(self.scene))
        if row >= 0:
            self.vertex.table.selectRow(row)

    def pin(self) -> None:
        """Keep the vertex chosen, or let it go."""
        scene = self.scene
        if scene is None or scene.vertex is None:
            return
        pins = tuple(one for one in scene.pins if one != scene.vertex)
        if len(pins) == len(scene.pins):
            pins = (*pins, scene.vertex)[-MOST_PINS:]
        self.scenes.keep(replace(scene, pins=pins))
        self.window_.session_changed()
        self.showing.vertex()
        self.showing.surface()

    def _cluster_chosen(self, cluster: Cluster) -> None:
        self.pick(cluster.hemisphere, cluster.vertex)

    def _painted(self, found: tuple[int, int, bool] | None) -> None:
        if found is None:
            self.painting.end_stroke()
        else:
            self.painting.touch(*found)

    def _place_picked(self, at: Any) -> None:
        """A click in a slice: the nearest vertex."""
        from backend.brain.slices import nearest_vertex

        scene = self.scene
        if scene is not None:
            self.pick(*nearest_vertex(scene.cortex, at))

    def _moment_picked(self, x: float) -> None:
        """A click on the course: a moment, or a map."""
        scene = self.scene
        hand = scene.hand if scene is not None else None
        if hand is not None and hand.overlay.times is None and hand.overlay.rows > 1:
            number = round(x) + (hand.overlay.rows <= FEW_MAPS)
            self.history.set_value("map_number", min(max(number, 1), hand.overlay.rows))
        else:
            self.history.set_value("moment", float(x))

    # ---- time ------------------------------------------------------------------------------

    def run_or_pause(self) -> None:
        """The primary button: play the moments, pause."""
        scene = self.scene
        if self.playing:
            self.stop()
        elif scene is not None and scene.timed is not None:
            self.playing, self._played_at = True, time.monotonic()
            self.strip.set_state("running", "Playing")
        else:
            self.window_.say(f"{NO_MOMENTS}. Open one that has: .stc, .dtseries.nii, .func.gii.")

    @property
    def alive(self) -> bool:
        """Whether moments are played."""
        return self.playing

    def stop(self) -> None:
        """Stop playing; the moment stays."""
        if self.playing:
            self.playing = False
            self.strip.set_state("idle")
            self.history.set_value("moment", self.parameters.moment)

    def _play(self) -> None:
        """The next moment, as much later as time went by; from the end to the start."""
        scene = self.scene
        timed = scene.timed if scene is not None else None
        if timed is None or timed.overlay.times is None:
            self.stop()
            return
        now = time.monotonic()
        passed, self._played_at = now - self._played_at, now
        low, high = float(timed.overlay.times[0]), float(timed.overlay.times[-1])
        moment = self.parameters.moment + 1000 * passed * self.parameters.speed
        self.history.drag("moment", round(moment if moment <= high else low, 3))

    def _frame(self) -> None:
        if self.playing:
            self._play()
        for kind, take in (("open", self.files.take_opened), ("read", self.files.take_read),
                           ("clusters", self.showing.take_clusters)):  # fmt: skip
            answer = self.work.take(kind)
            if answer is None:
                continue
            if answer.failure is not None:
                self.files.refused(kind, answer.failure)
            else:
                take(answer.value)
        if self._dirty:
            self._dirty = False
            self.showing.surface()
            self.showing.vertex()
        self.board.pull()

    def _slow(self) -> None:
        if not self.playing:
            self.showing.ask_clusters()
        busy = self.files.doing
        self.strip.set_words("", busy, "")
        self.window_.rail.show_alive("brain", self.playing or self.window_.running_in("brain"))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        narrow = self.width() < theme.dp(COMPACT_PX)
        self.board.grid.set_narrow(narrow)
        self.splitter.set_narrow(narrow)
        self.moment.range.setVisible(not narrow)

    def shut(self) -> None:
        """End the worker thread (the window closes)."""
        self.playing = False
        self.work.close()
        self.stop_ticking()

    # ---- words and files -------------------------------------------------------------------

    def start(self, procedure: str) -> None:
        """A button of the strip, or an entry of Export."""
        self.files.start(procedure)

    def refuse(self, failure: Failure, key: str) -> None:
        """Say what cannot be done, above the views."""
        self.banners.show_banner(key, failure_banner(failure))

    def script(self) -> str:
        """The Python that draws the same."""
        from backend.brain.viewer_words import write_script

        return write_script(self.scene, self.parameters)

    def show_methods(self) -> None:
        """The methods paragraph, ready to copy."""
        from backend.brain.viewer_words import methods

        text = methods(self.scene, self.parameters)
        self.window_.show_text("Methods", "Paste this into the methods section.", text)

    def take_file(self, path: Path) -> bool:
        """A surface, an overlay or a scene."""
        return self.files.take(path)

    def kept(self) -> dict[str, Any]:
        """What a session keeps."""
        from backend.brain.scene import document

        scene = self.scene
        held = document(scene, self.parameters) if scene is not None else None
        return {**self.history.kept(), "scene": held}

    def restore(self, kept: dict[str, Any]) -> None:
        """Come back from a session; what no longer fits stays at its preset."""
        held = kept.get("scene")
        if isinstance(held, dict):
            self.files.bring_back(held, kept)
        else:
            self.history.bring_back(kept)
