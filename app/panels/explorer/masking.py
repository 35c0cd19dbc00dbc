"""The mask of the layers: by hand on the channel maps, by numbers, and in DNNBrain's files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QDialog, QFileDialog, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.panels.work import failure_banner
from backend.analysis.dnnbrain_files import Mask, write_masks
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.core.runner import describe
from widgets import theme
from widgets.inputs import LineEdit
from widgets.parts import Button, Words
from widgets.views.maps import MapsView

if TYPE_CHECKING:
    from app.panels.explorer.page import ExplorerPage

ENDING = ".dmask.csv"
KINDS = f"DNNBrain mask (*{ENDING})"


class Masking:
    """Edits the page's mask and shows it in maps and tree."""

    def __init__(self, page: ExplorerPage) -> None:
        self.page = page
        self.changes = page.changes
        view = page.board.views["maps"]
        assert isinstance(view, MapsView)
        self.view = view
        view.offer_mask()
        view.mask_asked.connect(self.ask)
        view.grid.channels_masked.connect(self.set_channels)
        view.grid.places_masked.connect(self.set_places)
        self.changes.masks_changed.connect(self.show)

    # ---- the layer in hand -----------------------------------------------------------------

    @property
    def layer(self) -> str:
        return self.page.board.layer

    def mask(self, layer: str = "") -> Mask:
        """The mask of a layer; everything where nothing is left out."""
        return self.changes.masks.get(layer or self.layer, Mask())

    def shape(self, layer: str = "") -> tuple[int, ...]:
        """(channels, rows, columns) of a layer as masks count them."""
        from backend.networks.act_edit import kept_shape

        explorer = self.page.board.explorer
        assert explorer is not None
        return kept_shape(explorer.layer(layer or self.layer))

    def set_mask(self, mask: Mask) -> None:
        """Another mask of the layer in hand, one step of undo."""
        text = f"Mask {self.layer}"
        self.changes.set_masks({**self.changes.masks, self.layer: mask}, text)

    def set_channels(self, channels: tuple[int, ...], keep: bool) -> None:
        """Take channels of the layer in or out."""
        from backend.networks.layer_masks import with_channels

        self.set_mask(with_channels(self.mask(), channels, keep, self.shape()))

    def set_places(self, rows: tuple[int, int], columns: tuple[int, int]) -> None:
        """Keep these rows and columns of the layer."""
        from backend.networks.layer_masks import with_places

        self.set_mask(with_places(self.mask(), rows, columns, self.shape()))

    # ---- showing ---------------------------------------------------------------------------

    def show(self) -> None:
        """Draw the mask over the maps, and its summary in the tree."""
        from backend.networks.layer_masks import kept_channels, words

        explorer = self.page.board.explorer
        if explorer is None or self.layer not in self.page.tree.layers:
            return
        for one in explorer.layers:
            mask = self.changes.masks.get(one.name)
            shape = " × ".join(map(str, one.shape))
            if mask is None:
                self.page.tree.show_shape(one.name, shape, "")
            else:
                said = words(mask, self.shape(one.name))
                self.page.tree.show_shape(one.name, f"{summary(mask)} of {shape}", said)
        mask, shape_ = self.mask(), self.shape()
        places = len(explorer.layer(self.layer).shape) == 3 and max(shape_[1:]) > 1
        kept = None if mask.channels is None else kept_channels(mask, shape_[0])
        self.view.grid.masking.show(kept, mask.rows, mask.columns, places)
        self.page.show_facts()
        self.page.window_.session_changed()

    def fact(self) -> list[tuple[str, str, str]]:
        """Rows of the unit's page where the layer is masked."""
        from backend.networks.layer_masks import shortened

        mask, rows = self.mask(), []
        if mask.channels is not None:
            counted = f"{len(mask.channels)} of {self.shape()[0]}"
            rows.append(("Channels used", "mask", counted))
        for what, numbers in (("Rows used", mask.rows), ("Columns used", mask.columns)):
            if numbers is not None:
                rows.append((what, "mask", shortened(numbers)))
        return rows

    # ---- words and files -------------------------------------------------------------------

    def ask(self, what: str) -> None:
        """An entry of the view's menu, or of the strip's."""
        explorer = self.page.board.explorer
        if explorer is None or not self.layer:
            return
        {"numbers": self.ask_numbers, "all": lambda: self.set_mask(Mask()), "open": self.ask_open,
         "save": self.ask_save}[what]()  # fmt: skip

    def ask_numbers(self) -> NumbersDialog:
        """Let channels, rows and columns be typed."""
        dialog = NumbersDialog(self, self.page)
        dialog.open()
        return dialog

    def ask_open(self) -> None:
        """Ask for a mask file and open it."""
        name, _ = QFileDialog.getOpenFileName(self.page, "Open a mask", "", KINDS)
        if name:
            self.open(Path(name))

    def open(self, path: Path) -> None:
        """Take the masks of a file; a number that a layer does not have is said with its line."""
        from backend.networks.layer_masks import read_for

        explorer = self.page.board.explorer
        if explorer is None:
            return
        try:
            masks = read_for(path, explorer.network)
        except (FileProblem, ParameterError) as problem:
            self._refuse(problem)
            return
        self.page.banners.remove("mask")
        self.changes.set_masks(masks, f"Open {path.name}")
        layers = ", ".join(list(masks)[:4]) + (", …" if len(masks) > 4 else "")
        self.page.window_.say(f"{path.name} masks {layers}.")

    def ask_save(self) -> None:
        """Ask where the mask goes, then save it."""
        if not self.changes.masks:
            self.page.window_.say("Nothing is masked. Ctrl+click a channel map to leave it out.")
            return
        name, _ = QFileDialog.getSaveFileName(self.page, "Save the mask", f"mask{ENDING}", KINDS)
        if name:
            self.save(Path(name))

    def save(self, path: Path) -> None:
        """Write the masks of all layers."""
        if not path.name.endswith(ENDING):
            path = path.with_name(path.name.removesuffix(".csv").removesuffix(".dmask") + ENDING)
        try:
            write_masks(path, self.changes.masks)
        except FileProblem as problem:
            self._refuse(problem)
            return
        self.page.window_.say(f"{path.name} holds the masks of {len(self.changes.masks)} layers.")

    def _refuse(self, problem: Exception) -> None:
        self.page.banners.show_banner("mask", failure_banner(describe(problem)))


def summary(mask: Mask) -> str:
    """How much of a layer is used, in a few letters."""
    parts = [
        f"{len(numbers)} {word}" for numbers, word in
        ((mask.channels, "ch"), (mask.rows, "r"), (mask.columns, "c")) if numbers is not None
    ]  # fmt: skip
    return " ".join(parts)


class NumbersDialog(QDialog):
    """Channels, rows and columns as numbers and spans; what cannot be is said beneath."""

    def __init__(self, masking: Masking, parent: QWidget) -> None:
        from backend.networks.layer_masks import text_of

        super().__init__(parent)
        self.masking, self.layer = masking, masking.layer
        self.setWindowTitle(f"Mask of {self.layer}")
        self.setMinimumWidth(theme.dp(380))
        shape, mask = masking.shape(), masking.mask()
        form = QFormLayout()
        self.boxes: list[LineEdit] = []
        for what, numbers, size in zip(
            ("Channels", "Rows", "Columns"), (mask.channels, mask.rows, mask.columns), shape,
            strict=True,
        ):  # fmt: skip
            box = LineEdit()
            box.setText(text_of(numbers))
            box.setPlaceholderText(f"all, 1-{size}")
            box.setAccessibleName(f"{what} used")
            box.setEnabled(size > 1)
            form.addRow(what, box)
            self.boxes.append(box)
        self.said = Words("Numbers and spans, such as 1-5, 8. Empty: all.", "body", "text2")
        use, close = Button("Use", primary=True), Button("Close")
        use.clicked.connect(self.use)
        use.setDefault(True)
        close.clicked.connect(self.reject)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(use)
        row.addWidget(close)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.said)
        column.addLayout(row)
        self.finished.connect(self.deleteLater)

    def use(self) -> None:
        """Take what is typed, or say what is wrong with it."""
        from backend.networks.layer_masks import typed, usable

        texts: Any = [box.text() for box in self.boxes]
        try:
            mask = typed(self.layer, self.masking.shape(self.layer), texts)
            usable(self.layer, mask)
        except ParameterError as error:
            self.said.setText(error.sentence)
            return
        changes = self.masking.changes
        changes.set_masks({**changes.masks, self.layer: mask}, f"Mask {self.layer}")
        self.accept()
