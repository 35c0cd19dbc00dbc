"""Centre of the explorer: picture, channel maps, attribution, optimal stimulus, top pictures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.panels.view_board import ViewBoard
from backend.core.channels import Channel, Latest
from backend.core.newest import Newest
from backend.core.run import Cancelled
from backend.core.views import Axis, Marker, Series, View, column, row
from backend.networks.explorer_parameters import ExplorerParameters
from widgets.views import make_view

if TYPE_CHECKING:
    from backend.networks.explorer import Explorer, Shown
    from backend.networks.explorer_attribution import Told

VIEWS = (
    View("picture", "Picture", "image", "picture", icon="image-outline",
         empty="The picture that the network is shown appears here."),
    View("maps", "Channel maps", "maps", "maps", icon="view-grid-outline", colour_map="viridis",
         empty="Choose a layer on the left; its channels appear here.",
         help="Every channel of the layer for this picture, in one scale of colours. Click one "
         "to look at it, a place in it to see its receptive field."),
    View("attribution", "What it answers to", "pictures", "attribution", icon="target",
         empty="Click a channel; the parts of the picture that drive it appear here."),
    View("optimal", "Optimal stimulus", "image", "optimal", icon="auto-fix",
         empty="Click a channel and press Evolve stimulus."),
    View("trace", "Activation", "traces", "trace", icon="chart-line", priority=2,
         x=Axis("step"), y=Axis("activation"),
         series=(Series("value", "stimulus", "1"),
                 Series("best", "best picture", "theory", "dash")),
         empty="Grows while a stimulus evolves."),
    View("top", "Top pictures", "pictures", "top", icon="trophy-outline",
         empty="Find top pictures shows the unit's best ones of the whole set."),
)  # fmt: skip

CHANNELS = View(
    "channels", "Channels", "lasso", "channels", icon="lasso",
    empty="Map the channels, in the menu of the strip, shows which answer alike.",
    help="Channels that answer alike to the pictures lie side by side. Draw around some, then "
    "ablate them or put them in the mask from the menu.",
)  # fmt: skip
LAYOUT = column(
    row("picture", "maps", weights=(1, 2.3)),
    row("attribution", "optimal", "trace", "top", weights=(1.2, 1, 1, 1.3)),
    weights=(1.5, 1),
)


LONG_S = 0.7
"""After which an attribution shows its progress."""


class Looking:
    """One attribution under way, told from the worker and looked at by the window."""

    def __init__(self, key: Any, work: Newest, what: str = "") -> None:
        self.key, self.work, self.what = key, work, what
        self.done = self.total = 0
        self.partial: dict[str, Any] = {}
        self.going = True
        self.began = 0.0
        self._cancelled = False
        self._on = threading.Event()
        self._on.set()

    def tell(self, done: int, total: int, partial: dict[str, Any]) -> None:
        """How far it is, and what can be drawn of it."""
        self.done, self.total = done, total
        if partial:
            self.partial = partial
        self.check()

    def check(self) -> None:
        """Wait while paused; Cancelled when nobody waits for it any more."""
        self.began = self.began or time.monotonic()
        while not self._on.wait(0.05) and not self._over:
            pass
        if self._over:
            raise Cancelled

    @property
    def _over(self) -> bool:
        return self._cancelled or self.work.asked

    @property
    def seconds(self) -> float:
        """Since it first told of its progress."""
        return time.monotonic() - self.began if self.began else 0.0

    @property
    def seconds_left(self) -> float:
        """Estimate from the share done."""
        return self.seconds * (self.total - self.done) / max(self.done, 1)

    @property
    def paused(self) -> bool:
        return not self._on.is_set()

    def toggle(self) -> None:
        """Pause or go on."""
        self._on.clear() if self._on.is_set() else self._on.set()

    def cancel(self) -> None:
        """End it at the next place."""
        self._cancelled = True


class ExplorerBoard(ViewBoard):
    """Draws what the explorer computes; all computing happens in one worker thread.

    Signals: ``channel_chosen(channel, row, column)``, ``shown_changed(Shown)`` when a picture went
    through the network, ``failed(Failure)``, ``opened(Explorer)``, ``refused(Failure)`` when none
    could be.
    """

    channel_chosen = Signal(int, int, int)
    shown_changed = Signal(object)
    failed = Signal(object)
    refused = Signal(object)
    opened = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        views = {view.id: make_view(view) for view in VIEWS}
        beside = {CHANNELS.id: make_view(CHANNELS)}
        super().__init__("Network explorer", views, LAYOUT, beside, parent)
        self.channels = {view.channel: Latest() for view in (*VIEWS, CHANNELS)}
        self.looking: Looking | None = None
        self.work = Newest(("open", "show", "attribution"), "explorer")
        self.explorer: Explorer | None = None
        self.shown: Shown | None = None
        self.opened_with: ExplorerParameters | None = None
        self.layer = ""
        self.place = (-1, -1, -1)
        self.seen: tuple[float, int] | None = None
        self._attribution: Any = None
        self.views["maps"].picked.connect(self._picked)

    def channel(self, name: str, view_id: str = "") -> Channel:
        return self.channels[name]

    # ---- asking ----------------------------------------------------------------------------

    def open(self, parameters: ExplorerParameters) -> None:
        """Open another network or other pictures."""

        def call() -> Any:
            from backend.networks.explorer import opened

            return opened(parameters)

        for kind in ("show", "attribution"):
            self.work.forget(kind)
        self.work.ask("open", parameters, call)

    def ask_picture(self, index: int, lesions: tuple[Any, ...] = (), frame: int = 0) -> None:
        """Run a picture through the network as lesioned; of a clip one frame is shown."""
        explorer = self.explorer
        if explorer is None:
            return

        def call() -> Any:
            explorer.set_lesions(lesions)
            return explorer.show(index, frame=frame)

        self.work.ask("show", (explorer, index), call)

    def ask_attribution(self, call: Callable[[Told], Any], key: Any, what: str = "") -> None:
        """Compute what drives the unit; an answer to an older question is not shown.

        ``call(told)`` tells how far ``what`` is; a newer question, or :meth:`stop_looking`, ends
        it.
        """
        self.stop_looking()
        self._attribution = key
        looking = self.looking = Looking(key, self.work, what)

        def work() -> Any:
            try:
                return call(looking)
            except Cancelled:
                return None
            finally:
                looking.going = False

        self.work.ask("attribution", key, work)

    def stop_looking(self) -> bool:
        """End what is being attributed; what is drawn of it stays. False when nothing is."""
        looking = self.looking
        if looking is None or not looking.going:
            return False
        looking.cancel()
        return True

    @property
    def looks_long(self) -> bool:
        """Whether an attribution tells of its progress for longer than a moment."""
        looking = self.looking
        return looking is not None and looking.going and looking.seconds > LONG_S

    @property
    def busy(self) -> bool:
        """Whether something is being opened or computed."""
        return not self.work.idle

    # ---- showing ---------------------------------------------------------------------------

    def pull(self) -> None:
        """Take answers, then draw what is new."""
        looking = self.looking
        if looking is not None and looking.key == self._attribution and looking.partial:
            self.channels["attribution"].publish(**looking.partial)
            looking.partial = {}
        for kind, take in (
            ("open", self._take_opened), ("show", self._take_shown),
            ("attribution", self._take_attribution),
        ):  # fmt: skip
            answer = self.work.take(kind)
            if answer is not None and answer.failure is not None:
                if kind == "show":  # nothing of another picture stays beside its name
                    self.shown = None
                    for name in ("picture", "maps", "attribution"):
                        self.channels[name].publish()
                (self.refused if kind == "open" else self.failed).emit(answer.failure)
            elif answer is not None:
                take(answer.key, answer.value)
        self.grid.pull(self.channels)
        for view in self.beside.values():
            view.pull(self.channels[view.view.channel])

    def _take_opened(self, key: Any, explorer: Explorer) -> None:
        self.explorer, self.shown = explorer, None
        self.opened_with = key
        self.place = (-1, -1, -1)
        self._attribution = None
        for name in ("attribution", "optimal", "trace", "top", "maps"):
            self.channels[name].publish()
        self.opened.emit(explorer)

    def _take_shown(self, key: Any, shown: Shown) -> None:
        explorer, _ = key
        if explorer is not self.explorer:
            return
        self.shown = shown
        self.show_maps()
        self.show_picture()
        self.shown_changed.emit(shown)

    def _take_attribution(self, key: Any, data: dict[str, Any] | None) -> None:
        if key == self._attribution and data is not None:
            self.channels["attribution"].publish(**data)

    def show_field(self, data: dict[str, Any], size: float, used: int) -> None:
        """Draw the unit's receptive field from pictures, ``size`` px wide, of ``used`` pictures."""
        self._attribution = None
        self.seen = (size, used)
        self.channels["attribution"].publish(**data)
        self.show_picture()

    def show_layer(self, layer: str) -> None:
        """Draw another layer's maps."""
        self.layer = layer
        self.place, self.seen = (-1, -1, -1), None
        self._attribution = None
        self.views["maps"].grid.selected = -1  # type: ignore[attr-defined]
        self.show_maps()
        self.show_picture()

    def show_maps(self) -> None:
        """The channels of the layer chosen, for the picture at hand."""
        if self.shown is None or self.layer not in self.shown.maps:
            return
        maps = self.shown.maps[self.layer]
        shape = " × ".join(map(str, maps.shape[1:])) if maps[0].size > 1 else ""
        note = f"{self.layer}, {len(maps)} channels" + (f" of {shape}" if shape else "")
        times = self.shown.times.get(self.layer, 1)
        if times > 1:
            note += f", frame {self.shown.frame}" if self.shown.frame else ""
            note += "" if self.shown.frame else f", mean over {times} moments"
        self.channels["maps"].publish(maps=maps, note=note)

    def show_picture(self) -> None:
        """The picture with the receptive field of the chosen place."""
        shown, explorer = self.shown, self.explorer
        if shown is None or explorer is None:
            return
        from backend.networks.seen import as_picture, axes, words

        picture = as_picture(explorer.network, shown.picture, shown.frame)
        markers = self._field_markers(explorer, picture.shape[1], picture.shape[0])
        name = explorer.names[shown.index] if shown.index < len(explorer.names) else ""
        seen = words(explorer.network, shown.picture, shown.frame)
        note = ", ".join(filter(None, (f"{shown.index + 1} of {len(explorer.images)}", seen, name)))
        if picture.ndim == 2:  # shades of grey, not colours of a map
            picture = np.repeat(picture[..., None], 3, axis=2)
        self.channels["picture"].publish(
            image=picture, markers=markers, note=note, **axes(explorer.network)
        )

    def _field_markers(self, explorer: Explorer, width: int, height: int) -> list[Marker]:
        """A square of the receptive field, in the picture's own pixels."""
        channel, at_row, at_column = self.place
        if channel < 0 or at_row < 0 or not self.layer:
            return []
        found = explorer.field_box(self.layer, at_row, at_column)
        if found is None:
            return []
        scale = width / explorer.network.preprocessing.width
        x, y, side = (value * scale for value in found)
        sides = [(side, False)] + ([(self.seen[0] * scale, True)] if self.seen else [])
        return [
            Marker("path", points=square(x, y, one, width, height), colour="mark", dashed=dashed)
            for one, dashed in sides
        ]

    def _picked(self, found: tuple[int, int, int]) -> None:
        if found[0] != self.place[0]:
            self.seen = None
        self.place = found
        self.views["maps"].grid.select(found[0])  # type: ignore[attr-defined]
        self.show_picture()
        self.channel_chosen.emit(*found)

    def choose(self, channel: int) -> None:
        """Select a channel as a click does."""
        self._picked((channel, -1, -1))


def square(
    x: float, y: float, side: float, width: int, height: int
) -> tuple[tuple[float, float], ...]:
    """Corners of a square about a place, cut at the picture's edges."""
    left, right = max(x - side / 2, 0), min(x + side / 2, width)
    top, bottom = max(y - side / 2, 0), min(y + side / 2, height)
    return ((left, top), (right, top), (right, bottom), (left, bottom), (left, top))
