"""The views of one study: grids by layout, pulling channels, stale chips, replay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.panels.simulate.replay import ReplayBar
from app.panels.view_board import ViewBoard
from backend.core.channels import Channel, Latest, make
from backend.core.run import Run
from backend.core.study import Study
from widgets.views import make_view
from widgets.views.editor import EditorView
from widgets.views.frame import ViewWidget


class Board(ViewBoard):
    """Centre of a study page; beside it the small views of the result column.

    Signals: ``dragged(view, x, y)``, ``picked(view, x)``, ``painted(view, grey
    levels, final)``, ``undo_asked()`` and ``redo_asked()`` of the editor.
    """

    dragged = Signal(object, float, float)
    picked = Signal(object, float)
    painted = Signal(object, object, bool)
    undo_asked = Signal()
    redo_asked = Signal()

    def __init__(self, study: Study, parent: QWidget | None = None) -> None:
        made = {view.id: make_view(view) for view in study.views}
        beside = {n: w for n, w in made.items() if w.view.place == "result"}
        centre = {n: w for n, w in made.items() if n not in beside}
        super().__init__(study.title, centre, next(iter(study.layout.values())), beside, parent)
        self.study = study
        self.idle: dict[str, Channel] = make(study.channels)
        self.previewed: set[str] = set()
        self.run: Run | None = None
        self._frame = Latest()
        self.replay = ReplayBar()
        self.replay.moved.connect(self._show_moment)
        self.replay.hide()
        self.whole.addWidget(self.replay)

    def offer(self, widget: ViewWidget) -> None:
        super().offer(widget)
        view = widget.view
        widget.dragged.connect(lambda x, y: self.dragged.emit(view, x, y))
        if view.picks:
            widget.picked.connect(lambda x: self.picked.emit(view, x))
        if isinstance(widget, EditorView):
            widget.painted.connect(lambda levels, final: self.painted.emit(view, levels, final))
            widget.undo_asked.connect(self.undo_asked)
            widget.redo_asked.connect(self.redo_asked)

    def show_layout(self, name: str) -> None:
        """Show one of the study's arrangements."""
        self.grid.set_split(self.study.layout[name])

    # ---- data ------------------------------------------------------------------------------

    def show_run(self, run: Run, finished: bool = False) -> None:
        """Draw another run from now on; a finished one brings its time slider."""
        self.run = run
        if finished:
            self.offer_replay()
        else:
            self.replay.hide()

    def set_alive(self, alive: bool) -> None:
        """Live views keep steady axes; finished ones snap."""
        if alive == self.alive:
            return
        self.alive = alive
        for widget in self.everything():
            widget.set_running(alive)

    def preview(self, contents: Mapping[str, dict[str, Any]]) -> None:
        """Show what needs no run (the figure to be shown) while none is alive."""
        self.previewed = set(contents)
        for name, data in contents.items():
            channel = self.idle[name]
            assert isinstance(channel, Latest)
            channel.publish(**data)

    def channel(self, name: str, view_id: str = "") -> Channel:
        """Where a view draws from now: the run, the preview, or the replayed moment."""
        if self.replay.isVisible() and view_id == self.study.replay and not self.alive:
            return self._frame
        if self.run is None or (name in self.previewed and not self.alive):
            return self.idle[name]
        return self.run.channels[name]

    def pull(self) -> None:
        """One frame: every visible view draws what is new."""
        for widget in self.views.values():
            widget.pull(self.channel(widget.view.channel, widget.view.id))
        for widget in self.beside.values():
            channel = self.channel(widget.view.channel)
            filled = channel.revision > 0
            if filled == widget.isHidden():
                widget.setVisible(filled)
            if filled:
                widget.pull(channel)

    def data(self, identifier: str) -> dict[str, Any]:
        """What a view shows, for export."""
        view = self.study.view(identifier)
        return dict(self.channel(view.channel, identifier).snapshot())

    def set_stale(self, text: str) -> None:
        """Say on every view that it is from a run of other settings."""
        for widget in self.in_sight():
            own = widget.view.channel in self.previewed
            widget.set_stale("" if own else text)

    def announce(self) -> None:
        """Refresh what screen readers hear."""
        for widget in self.views.values():
            widget.announce()

    # ---- replay ----------------------------------------------------------------------------

    def offer_replay(self) -> None:
        """Show the time slider when the finished run left snapshots."""
        data: dict[str, Any] = {}
        if self.study.replay and self.run is not None and "replay" in self.run.channels:
            data = self.run.channels["replay"].snapshot()
        if len(data.get("times", ())):
            self.replay.offer(data["times"], self.study.time_unit)
            self.replay.show()
        else:
            self.replay.hide()

    def _show_moment(self, index: int) -> None:
        if self.run is None:
            return
        data = self.run.channels["replay"].snapshot()
        self._frame.publish(image=data["frames"][index])
        moment = float(data["times"][index])
        for widget in self.views.values():
            if hasattr(widget, "set_cursor"):
                widget.set_cursor(moment)
            if widget.view.id == self.study.replay:
                widget.set_note(f"V at {moment:.2f} {self.study.time_unit}")
