"""The channels of a layer on a map: chosen with a lasso, ablated, masked, looked at, turned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from app.panels.explorer.masking import Masking
from backend.core.tasks import Task
from widgets.views.lasso import LassoView

if TYPE_CHECKING:
    from app.panels.explorer.page import ExplorerPage

ACTS = (
    ("ablate", "Ablate these"), ("keep", "Keep only these in the mask"),
    ("leave", "Leave these out of the mask"), ("look", "Look at the strongest"),
)  # fmt: skip


class Channels:
    """The page's map of channels, and what is done to those chosen."""

    def __init__(self, page: ExplorerPage, masking: Masking) -> None:
        self.page, self.board, self.masking = page, page.board, masking
        view = page.board.beside["channels"]
        assert isinstance(view, LassoView)
        self.view = view
        self.data = page.board.channels["channels"]
        view.acts = ACTS
        view.asked.connect(self.act)
        view.picked.connect(self.board.choose)
        view.lassoed.connect(self._chosen)
        self._answers: tuple[Any, np.ndarray] | None = None

    @property
    def chosen(self) -> tuple[int, ...]:
        """Channels chosen with the lasso."""
        return tuple(sorted(self.view.canvas.selected))

    def _chosen(self, channels: tuple[int, ...]) -> None:
        self.board.views["maps"].grid.mark(channels)  # type: ignore[attr-defined]
        self.page.show_procedures()

    @property
    def ablating(self) -> str:
        """What the strip's button says that it ablates."""
        count = len(self.chosen)
        return f"Ablate {count} channels" if count > 1 else "Ablate channel"

    def forget(self) -> None:
        """Another layer or network: its channels are not known yet."""
        self.view.canvas.select(frozenset())
        self.view.canvas.current = -1
        self.page.made.forget("channels")

    def show_unit(self, channel: int) -> None:
        """Ring the channel in hand."""
        self.view.canvas.current = channel
        self.view.canvas.update()

    # ---- map -------------------------------------------------------------------------------

    def map(self) -> None:
        """Show the layer's channels side by side by their responses to the pictures."""
        explorer, layer, p = self.board.explorer, self.board.layer, self.page.parameters
        if explorer is None or not layer:
            return
        lesions = self.page.changes.lesions
        key = (explorer, layer, lesions)
        known = self._answers

        def work(task: Task) -> Any:
            from backend.networks.channel_map import channel_map, responses

            if known is not None and known[0] == key:
                answers = known[1]
            else:
                answers = responses(
                    explorer.copy(lesions), explorer.images, layer,
                    lambda done, total: task.progress(done, total, "pictures"),
                )  # fmt: skip
            task.check()
            return answers, channel_map(answers, p.embedding, p.seed)

        def take(found: Any) -> None:
            self._answers = (key, found[0])
            if layer == self.board.layer and explorer is self.board.explorer:
                (x, y), titles = found[1].points.T, found[1].titles
                self.page.made.publish("channels", lesions, x=x, y=y, x_title=titles[0],
                                       y_title=titles[1], note=found[1].note)  # fmt: skip

        self.page.show_channels()
        self.page.errands.work.start(f"Map the channels of {layer}", work, take)

    def remap(self) -> None:
        """Another way of mapping was chosen."""
        if self.data.snapshot() and not self.page.errands.work.alive:
            self.map()

    # ---- what is done to those chosen ------------------------------------------------------

    def act(self, what: str) -> None:
        """An entry of the map's menu."""
        from backend.analysis.dnnbrain_files import Mask

        mask = self.masking.mask()
        if what == "keep":
            self.masking.set_mask(Mask(self.chosen, mask.rows, mask.columns))
        elif what == "leave":
            self.masking.set_channels(self.chosen, False)
        elif what == "look":
            shown = self.board.shown
            if shown is not None and self.chosen:
                means = shown.maps[self.board.layer].mean(axis=(1, 2))
                self.board.choose(max(self.chosen, key=lambda channel: means[channel]))
        else:
            self.silence(self.chosen)

    def ablate(self) -> None:
        """Silence the channels chosen with the lasso, else the one in hand; everything is shown
        again."""
        if self.chosen:
            self.silence(self.chosen)
            return
        unit = self.page.needed_unit()
        if unit is not None:
            self.silence((unit.channel,))

    def silence(self, channels: tuple[int, ...]) -> None:
        """Ablate channels of the layer, as one step of undo."""
        from backend.networks.lesions import Lesion

        layer = self.board.layer
        self.page.banners.remove("lesion")
        how = self.page.parameters.ablation
        lesion = Lesion("ablate", (layer,), channels=channels, ablation=how)
        lesions = self.page.changes.lesions
        if lesion not in lesions:
            self.page.changes.set_lesions((*lesions, lesion), f"Ablate {len(channels)} of {layer}")

    def rotate(self) -> None:
        """Turn the basis of the layer's channels; another angle takes the place of the last."""
        from backend.networks.lesions import Lesion

        layer, p = self.board.layer, self.page.parameters
        if not layer:
            return
        self.page.banners.remove("lesion")
        lesions = self.page.changes.lesions
        if lesions and lesions[-1].kind == "rotate" and lesions[-1].layers == (layer,):
            lesions = lesions[:-1]
        turned = (Lesion("rotate", (layer,), seed=p.seed, degrees=p.angle),) if p.angle else ()
        self.page.changes.set_lesions((*lesions, *turned), f"Rotate {layer} by {p.angle:g}°")
