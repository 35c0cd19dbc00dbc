"""Centre of the studio: preview, series, luminance, spectrum, facts and the contact sheet."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.panels.stimuli.sources import Drafts, SetPictures, as_bytes, shrunk
from app.panels.stimuli.table import cell_words
from app.panels.view_board import ViewBoard
from backend.core.channels import Channel, Latest
from backend.core.newest import Newest
from backend.core.views import Axis, Series, Split, View, column, row
from backend.stimuli.generator import Generator, Preview
from backend.stimuli.stimulus_set import StimulusSet
from widgets.views import make_view
from widgets.views.frame import ViewWidget
from widgets.views.pictures import SheetView

CHUNK = 12
BINS = 64
QUICK_PX = 128

VIEWS = (
    View("preview", "Preview", "pictures", "preview", icon="image-outline",
         empty="Choose a generator; its picture appears here and follows the sliders."),
    View("series", "Series", "pictures", "series", icon="view-grid-outline", priority=3),
    View("facts", "Asked and counted", "checks", "facts", icon="check", priority=2),
    View("luminance", "Luminance", "histogram", "luminance", icon="chart-histogram",
         note="all pixels of this image", x=Axis("luminance", "", 0.0, 1.0), y=Axis("pixels", "%"),
         series=(Series("pixels", "pixels", "8", "bars"),)),
    View("spectrum", "Spectrum", "traces", "spectrum", icon="waveform", priority=3,
         note="mean over orientations", x=Axis("frequency", "cycles/image", log=True),
         y=Axis("power", "", log=True), series=(Series("power", "power", "1"),)),
    View("sheet", "Contact sheet", "sheet", "sheet", icon="view-grid-outline",
         empty="The pictures of the set appear here."),
)  # fmt: skip

SIDE = {
    "series": column("series", "luminance", "spectrum", weights=(0.8, 1, 1)),
    "facts": column("facts", "luminance", "spectrum", weights=(1, 1, 1)),
    "both": column("facts", "series", weights=(1.2, 1)),
    "plain": column("luminance", "spectrum"),
    "row": column("facts", "luminance", weights=(1.6, 1)),
}


def layout(kind: str) -> Split:
    """Preview large at the left, what is known of it at the right, the sheet below."""
    below: str | Split = "sheet"
    if kind == "both":
        below = row("sheet", column("luminance", "spectrum"), weights=(1.5, 1))
    return column(row("preview", SIDE[kind], weights=(1.5, 1)), below, weights=(1.05, 1))


def luminance_of(image: np.ndarray) -> dict[str, Any]:
    """Histogram of luminance in percent of the pixels, and the words beside it."""
    grey = as_bytes(image).astype(np.float32) / 255
    if grey.ndim == 3:
        grey = grey @ np.array([0.299, 0.587, 0.114], np.float32)
    counts, edges = np.histogram(grey, BINS, (0, 1))
    words = f"mean {grey.mean():.3f}, SD {grey.std():.3f}"
    return {"edges": edges, "pixels": 100 * counts / grey.size, "note": words}


def spectrum_of(image: np.ndarray) -> dict[str, Any]:
    """Power over spatial frequency of the grey image without its mean."""
    grey = as_bytes(image).astype(np.float32) / 255
    if grey.ndim == 3:
        grey = grey.mean(axis=2)
    side = min(grey.shape)
    power = np.abs(np.fft.rfft2(grey[:side, :side] - grey.mean())) ** 2
    fy = np.fft.fftfreq(side, 1 / side)[:, None]
    fx = np.arange(side // 2 + 1)[None]
    ring = np.rint(np.hypot(fx, fy)).astype(int).ravel()
    sums = np.bincount(ring, power.ravel())[1 : side // 2 + 1]
    count = np.bincount(ring)[1 : side // 2 + 1]
    mean = sums / np.maximum(count, 1) / side**2
    return {"x": np.arange(1, len(mean) + 1, dtype=float), "power": np.maximum(mean, 1e-8)}


class StudioBoard(ViewBoard):
    """Draws what a generator would make, or what a set holds.

    Signals: ``current_changed(index)``, ``drawn(milliseconds)`` after a preview,
    ``failed(Failure)``.
    """

    current_changed = Signal(int)
    drawn = Signal(float)
    failed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        views = {view.id: make_view(view) for view in VIEWS}
        super().__init__("Stimuli", views, layout("plain"), parent=parent)
        self.channels = {view.channel: Latest() for view in VIEWS}
        self.sheet: SheetView = self.views["sheet"]  # type: ignore[assignment]
        self.work = Newest(("preview", "sheet", "thumbnail"), "studio")
        self.generator: Generator | None = None
        self.parameters: Any = None
        self.revision = 0
        self.index = 0
        self.dragging = False
        self.drafts: Drafts | None = None
        self.stimuli: StimulusSet | None = None
        self._prepared: tuple[Any, Any] = (None, None)
        self._asked: tuple[int, ...] = ()
        self.sheet.sheet.current_changed.connect(self.current_changed)
        self.sheet.sheet.visible_changed.connect(self._draw_more)

    def offer(self, widget: ViewWidget) -> None:
        widget.export_asked.connect(self.export_asked)
        if not isinstance(widget, SheetView):  # fed by a source, which a second one would not have
            widget.window_asked.connect(self.window_asked)

    def channel(self, name: str, view_id: str = "") -> Channel:
        return self.channels[name]

    # ---- what to show ----------------------------------------------------------------------

    def show_draft(self, generator: Generator, parameters: Any, index: int, quick: bool) -> None:
        """Show what *Make set* would draw; ``quick`` draws a smaller preview first."""
        changed = generator is not self.generator or parameters != self.parameters
        self.dragging = quick
        if self.stimuli is not None or changed:
            self.stimuli = None
            self.revision += 1
            self.generator, self.parameters = generator, parameters
            self.drafts = Drafts(generator, parameters, self.revision, self.drafts)
            self._asked = ()
            self.sheet.show_source(self.drafts, self._sheet_words(), keep_place=True)
        self.index = min(index, max(len(self.drafts or ()) - 1, 0))
        self._ask_preview(quick)
        self._draw_more()

    def _ask_preview(self, quick: bool) -> None:
        generator, parameters, index = self.generator, self.parameters, self.index
        assert generator is not None
        side = QUICK_PX if quick and min(generator.shape(parameters)[:2]) > QUICK_PX else None
        key = (self.revision, index, side)

        def draw() -> tuple[Preview, float, dict[str, Any], dict[str, Any]]:
            from time import perf_counter

            began = perf_counter()
            preview = generator.preview(parameters, index, side)
            spent = 1000 * (perf_counter() - began)
            return preview, spent, luminance_of(preview.image), spectrum_of(preview.image)

        self.work.ask("preview", key, draw)

    def show_set(self, stimuli: StimulusSet, thumbnails: np.ndarray | None, index: int = 0) -> None:
        """Show a stored set."""
        self.revision += 1
        same = self.stimuli is not None and self.stimuli.name == stimuli.name
        self.stimuli = stimuli
        self.work.forget("preview")
        self.work.forget("sheet")
        note = f"{stimuli.name} · {stimuli.size}"
        self.sheet.show_source(SetPictures(stimuli, thumbnails), note, keep_place=same)
        self.show_image(index)

    def show_image(self, index: int) -> None:
        """Show one image of the set on screen."""
        stimuli = self.stimuli
        if stimuli is None or not len(stimuli):
            return
        self.index = min(max(index, 0), len(stimuli) - 1)
        image = as_bytes(np.asarray(stimuli.images[self.index]))
        row = stimuli.row(self.index)
        facts = [(key, None, cell_words(value)) for key, value in row.items()]
        self._arrange("row", "Row of the table")
        note = f"image {self.index + 1} of {len(stimuli)} · {stimuli.names[self.index]}"
        self.channels["preview"].publish(image=image, parts=(), note=note)
        self.channels["facts"].publish(rows=facts)
        self._publish(luminance_of(image), spectrum_of(image))

    def _sheet_words(self) -> str:
        count = len(self.drafts or ())
        return f"the {count} images that Make set draws" if count > 1 else "one image"

    # ---- pulling ---------------------------------------------------------------------------

    def pull(self) -> None:
        """Take what was drawn; called sixty times a second while the panel is in sight."""
        answer = self.work.take("preview")
        if answer is not None and self.stimuli is None and answer.key[0] == self.revision:
            if answer.failure is not None:
                self.failed.emit(answer.failure)
            else:
                self._show_preview(*answer.value)
        self._take_sheet()
        self.grid.pull(self.channels)

    def _show_preview(self, preview: Preview, spent: float, luminance: Any, spectrum: Any) -> None:
        kind = "series" if preview.strip else "plain"
        if preview.facts:
            kind = "both" if preview.strip else "facts"
        asked = any(verdict is not None for _, verdict, _ in preview.facts)
        self._arrange(kind, "Asked and counted" if asked else "Measured")
        assert self.generator is not None
        assert self.drafts is not None
        height, width = self.generator.shape(self.parameters)[:2]
        note = f"image {self.index + 1} of {len(self.drafts)} · {width} × {height} px"
        self.channels["preview"].publish(image=preview.image, parts=preview.ingredients, note=note)
        self.views["series"].header.title.setText(self.generator.strip_title)
        self.channels["series"].publish(parts=preview.strip)
        self.channels["facts"].publish(rows=list(preview.facts))
        self._publish(luminance, spectrum)
        self.drawn.emit(spent)

    def _arrange(self, kind: str, facts: str) -> None:
        self.grid.set_split(layout(kind))
        self.views["facts"].header.title.setText(facts)

    def _publish(self, luminance: dict[str, Any], spectrum: dict[str, Any]) -> None:
        self.views["luminance"].set_note(luminance.pop("note"))
        self.channels["luminance"].publish(**luminance)
        self.channels["spectrum"].publish(**spectrum)

    def _take_sheet(self) -> None:
        answer = self.work.take("sheet")
        if answer is None or self.drafts is None:
            return
        if answer.key == self.drafts.revision and answer.failure is None:
            self.drafts.fresh.update(answer.value)
            self.sheet.sheet.refresh()
        if answer.failure is None:
            self._asked = ()
            self._draw_more()

    def _draw_more(self) -> None:
        """Ask for the next visible pictures that are not there."""
        drafts = self.drafts
        if drafts is None or self.stimuli is not None or not self.isVisible():
            return
        if self.dragging:  # the preview must not wait for a row of the sheet
            return
        wanted = tuple(drafts.missing(self.sheet.sheet.visible_range(), CHUNK))
        if not wanted or wanted == self._asked:
            return
        self._asked = wanted
        self.work.ask("sheet", drafts.revision, lambda: self._draw_chunk(drafts, wanted))

    def _draw_chunk(
        self, drafts: Drafts, wanted: tuple[int, ...]
    ) -> dict[int, tuple[np.ndarray, dict[str, Any]]]:
        if self._prepared[0] != drafts.revision:
            self._prepared = (drafts.revision, drafts.generator.prepare(drafts.parameters))
        made = {}
        for start, stop in stretches(wanted):
            batch = drafts.generator.draw(drafts.parameters, self._prepared[1], start, stop)
            for offset, image in enumerate(batch.images):
                made[start + offset] = (shrunk(image), batch.rows[offset])
        return made


def stretches(indices: tuple[int, ...]) -> list[tuple[int, int]]:
    """Runs of consecutive numbers as (start, stop)."""
    found: list[tuple[int, int]] = []
    for index in indices:
        if found and found[-1][1] == index:
            found[-1] = (found[-1][0], index + 1)
        else:
            found.append((index, index + 1))
    return found
