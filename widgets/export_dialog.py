"""What a figure is exported as; the drawing is done elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from widgets import theme
from widgets.inputs import Combo, DoubleSpin, Spin, Tick
from widgets.parts import Button, Words

Format = Literal["png", "svg", "pdf"]
WIDTHS = (("one column, 85 mm", 85.0), ("one and a half, 120 mm", 120.0), ("full, 180 mm", 180.0))


@dataclass(frozen=True)
class ExportChoice:
    """Format, size in mm, dots per inch (PNG only), colours, and whether titles are drawn."""

    format: Format = "png"
    width_mm: float = 85.0
    height_mm: float = 60.0
    dpi: int = 300
    theme: Literal["light", "dark"] = "light"
    title: bool = False


class ExportDialog(QDialog):
    """Choose format, width and dpi of a figure (``aspect`` = height / width of the view)."""

    def __init__(self, title: str, aspect: float = 0.7, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Export {title}")
        self._aspect = aspect
        self.format = Combo()
        for name, words in (("png", "PNG picture"), ("svg", "SVG vector"), ("pdf", "PDF vector")):
            self.format.addItem(words, name)
        self.width_choice = Combo()
        for words, width in (*WIDTHS, ("free", None)):
            self.width_choice.addItem(words, width)
        self.width_mm = DoubleSpin(20.0, 500.0, 1, " mm")
        self.height_mm = DoubleSpin(20.0, 500.0, 1, " mm")
        self.dpi = Spin(72, 1200)
        self.dpi.setValue(300)
        self.colours = Combo()
        self.colours.addItem("light (for print)", "light")
        self.colours.addItem("dark (for screens)", "dark")
        self.with_title = Tick("Title above the figure")
        self.size_words = Words("", "caption", "text3")
        self._lay_out()
        self.format.currentIndexChanged.connect(self._follow)
        self.width_choice.currentIndexChanged.connect(self._take_width)
        for box in (self.width_mm, self.height_mm, self.dpi):
            box.valueChanged.connect(self._follow)
        self._take_width()

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(theme.dp(16))
        form.setVerticalSpacing(theme.dp(8))
        form.addRow("Format", self.format)
        form.addRow("Width", self.width_choice)
        form.addRow("", self.width_mm)
        form.addRow("Height", self.height_mm)
        form.addRow("Dots per inch", self.dpi)
        form.addRow("Colours", self.colours)
        form.addRow("", self.with_title)
        form.addRow("", self.size_words)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        cancel, export = Button("Cancel"), Button("Export…", primary=True)
        cancel.clicked.connect(self.reject)
        export.clicked.connect(self.accept)
        export.setDefault(True)
        buttons.addWidget(cancel)
        buttons.addWidget(export)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.dp(16),) * 4)
        column.setSpacing(theme.dp(12))
        column.addLayout(form)
        column.addLayout(buttons)

    def sizeHint(self) -> QSize:
        return QSize(theme.dp(380), super().sizeHint().height())

    def _take_width(self) -> None:
        width = self.width_choice.currentData()
        self.width_mm.setEnabled(width is None)
        if width is not None:
            self.width_mm.setValue(width)
            self.height_mm.setValue(round(width * self._aspect, 1))
        self._follow()

    def _follow(self) -> None:
        bitmap = self.format.currentData() == "png"
        self.dpi.setEnabled(bitmap)
        choice = self.choice()
        if bitmap:
            wide, high = (round(mm / 25.4 * choice.dpi) for mm in
                          (choice.width_mm, choice.height_mm))  # fmt: skip
            self.size_words.setText(f"{wide} × {high} pixels")
        else:
            self.size_words.setText(
                f"{choice.width_mm:g} × {choice.height_mm:g} mm, any resolution"
            )

    def choice(self) -> ExportChoice:
        """What was chosen."""
        return ExportChoice(
            self.format.currentData(),
            self.width_mm.value(),
            self.height_mm.value(),
            self.dpi.value(),
            self.colours.currentData(),
            self.with_title.isChecked(),
        )

    @classmethod
    def ask(cls, title: str, aspect: float, parent: QWidget | None) -> ExportChoice | None:
        """Show the dialog; None when it was cancelled."""
        dialog = cls(title, aspect, parent)
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        chosen = dialog.choice() if accepted else None
        dialog.deleteLater()
        return chosen
