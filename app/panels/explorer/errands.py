"""What the explorer does with an end: evolve a stimulus, find top pictures, record, fetch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtWidgets import QFileDialog, QMessageBox

from app.panels.work import PanelWork
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.core.runner import describe
from backend.core.store import home
from backend.core.study import Procedure
from backend.core.tasks import KEPT, Task

if TYPE_CHECKING:
    from app.panels.explorer.page import ExplorerPage
    from backend.networks.explorer import Explorer
    from backend.networks.lesions import Lesion

ENDING = ".act.h5"
FETCH = Procedure(
    "fetch", "Fetch weights…", "download", "The published weights, after you have seen what it is.",
)  # fmt: skip
PROCEDURES = (
    Procedure("top", "Find top pictures", "trophy-outline", "The unit's best of the whole set."),
    Procedure("ablate", "Ablate channel", "eraser", "Silence it; everything is shown again."),
    Procedure(
        "record", "Record…", "record-circle-outline", "Activations of all pictures to a file."
    ),
)
MORE = (
    Procedure("channels", "Map the channels", "lasso", "Those that answer alike, side by side."),
    Procedure("rotate", "Rotate the basis", "rotate-orbit", "Turn the layer's channels."),
    Procedure(
        "field", "Receptive field from pictures", "crosshairs", "Of the unit's top pictures."
    ),
    Procedure(
        "stimulus-save", "Save the stimulus…", "content-save-outline", "As a film, or its steps."
    ),
    Procedure("mask-open", "Open a mask…", "vector-polygon", "Which channels are used."),
    Procedure("mask-save", "Save the mask…", "vector-polygon", "As DNNBrain's .dmask.csv."),
)
"""In the strip's menu and the palette."""


class Errands:
    """Pieces of work on the page's network; one at a time."""

    def __init__(self, page: ExplorerPage) -> None:
        self.page = page
        self.window = page.window_
        self.board = page.board
        self.work = PanelWork(page.window_, "explorer", page.strip, page.banners)
        self._field: tuple[Any, tuple[Lesion, ...], tuple[float, int]] | None = None

    # ---- top pictures ----------------------------------------------------------------------

    def find_top(self) -> None:
        """Show the whole set to the network and keep the unit's best pictures."""
        unit, explorer = self.page.needed_unit(), self.board.explorer
        if unit is None or explorer is None:
            return
        k, lesions = self.page.parameters.top, self.page.changes.lesions

        def work(task: Task) -> Any:
            from backend.networks.explorer import top_pictures

            return top_pictures(explorer.copy(lesions), explorer, unit, k, task.progress)

        def take(found: tuple[list[tuple[str, np.ndarray]], float, str]) -> None:
            evolving = self.page.evolving
            parts, evolving.best, note = found
            evolving.best_lesions = lesions
            self.page.made.publish("top", lesions, parts=parts, note=note)
            if len(evolving.film):
                evolving.draw_trace()

        self.work.start(f"Top pictures of {unit.label(explorer.network)}", work, take)

    # ---- receptive field -------------------------------------------------------------------

    def find_field(self) -> None:
        """Where the unit looks, averaged over its best pictures."""
        unit, explorer = self.page.needed_unit(), self.board.explorer
        if unit is None or explorer is None:
            return
        p, words = self.page.parameters, unit.label(explorer.network)
        lesions = self.page.changes.lesions

        def work(task: Task) -> Any:
            from backend.networks.explorer import field_of

            def told(done: int, total: int, what: str) -> None:
                task.progress(done, total, what) if total else task.check()

            return field_of(explorer.copy(lesions), explorer, unit, p, told)

        def take(found: tuple[dict[str, Any], float, int]) -> None:
            data, size, used = found
            self._field = (unit, lesions, (size, used))
            if unit == self.page.chosen_unit() and lesions == self.page.changes.lesions:
                self.board.show_field(data, size, used)
                self.page.show_facts()
            self.window.say(f"{words}: {data['note']}.")

        self.board.stop_looking()
        self.work.start(f"Receptive field of {words}", work, take)

    def show_field(self) -> None:
        """The network has other lesions: a field of the unit in hand shows only if of these."""
        if self._field is not None and self._field[0] == self.page.chosen_unit():
            _, lesions, seen = self._field
            self.board.seen = seen if lesions == self.page.changes.lesions else None

    # ---- record ----------------------------------------------------------------------------

    def ask_record(self) -> None:
        """Ask where the activations go, then record."""
        name = f"{self.board.layer or 'network'}{ENDING}".replace("#", "_")
        chosen, _ = QFileDialog.getSaveFileName(
            self.page, "Record activations", name, f"DNNBrain activations (*{ENDING})"
        )
        if chosen:
            self.record(Path(chosen))

    def record(self, path: Path) -> None:
        """Activations of the layers chosen for all pictures, chunk by chunk; an interrupted
        recording of the same goes on where it stopped."""
        explorer, p = self.board.explorer, self.page.parameters
        if explorer is None:
            return
        if not path.name.endswith(ENDING):
            path = path.with_name(path.name.removesuffix(".h5") + ENDING)
        try:
            layers = recorded_layers(
                explorer, p.recorded, self.board.layer, self.page.changes.masks
            )
        except ParameterError as error:
            self.page.refuse(describe(error))
            return
        masks = {layer: self.page.masking.mask(layer) for layer in layers}
        pooling = None if p.pooling == "none" else p.pooling
        lesions = self.page.changes.lesions

        def work(task: Task) -> Any:
            from backend.networks.act_edit import scan_masked
            from backend.networks.act_file import load
            from backend.networks.layer_masks import usable

            for layer, mask in masks.items():
                usable(layer, mask)
            scan_masked(
                path, explorer.copy(lesions), explorer.images, masks, pooling,
                lambda done, total: task.progress(done, total, "pictures"), p.precision, task.check,
            )  # fmt: skip
            return load(path)

        self.work.start(
            f"Record {path.name}", work,
            lambda made: self.window.say(held(path.name, made)), KEPT,
        )  # fmt: skip

    # ---- weights ---------------------------------------------------------------------------

    def published(self) -> Any:
        """Record of the network's recommended weights; None where nobody publishes any."""
        from backend.networks import zoo

        try:
            return zoo.weights_named(self.page.parameters.network)
        except (FileProblem, ParameterError):
            return None

    def fetch(self) -> None:
        """Fetch published weights when the user agrees to size, licence and source."""
        weights = self.published()
        if weights is None or not self._agreed(weights):
            return

        def work(task: Task) -> Any:
            from backend.networks import zoo

            return zoo.fetch(
                weights, home() / "weights", task.check,
                lambda done, total: task.progress(done // 1000, total // 1000, "kB"),
            )  # fmt: skip

        self.work.start(
            f"Fetch {weights.file}", work,
            lambda path: self.page.history.set_value("weights", str(path)),
        )  # fmt: skip

    def _agreed(self, weights: Any) -> bool:
        """Ask once, with everything that matters."""
        box = QMessageBox(self.page)
        box.setIcon(QMessageBox.Icon.Question)
        box.setText(f"Fetch {weights.name}, {weights.size / 1e6:.0f} MB?")
        box.setInformativeText(
            f"From {weights.address}\nLicence: {weights.licence}\n"
            f"Its SHA-256 must begin with {weights.hash or 'anything: none is published'}."
        )
        go = box.addButton("Fetch", QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(box.addButton("Do not fetch", QMessageBox.ButtonRole.RejectRole))
        box.exec()
        return box.clickedButton() is go


def held(name: str, made: Any) -> str:
    """What a new activation file holds, in words."""
    first = next(iter(made.shapes))
    shape = " × ".join(str(size) for size in made.shapes[first])
    others = len(made.shapes) - 1
    more = f", and {others} more" if others else ""
    return f"{name} holds {first}, {shape}{more}."


def recorded_layers(
    explorer: Explorer, which: str, chosen: str, masks: Mapping[str, Any]
) -> list[str]:
    """Names of the layers a recording takes."""
    from backend.networks.layers import relu_layers

    if which == "masked":
        if not masks:
            raise ParameterError("recorded", "Nothing is masked. Ctrl+click a channel map, or "
                                 "choose other layers to record.", "chosen")  # fmt: skip
        return list(masks)
    if which == "chosen":
        return [chosen]
    if which == "rectified":
        return [one.name for one in relu_layers(explorer.network)]
    return [one.name for one in explorer.layers]
