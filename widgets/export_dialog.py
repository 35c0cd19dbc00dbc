"""Figure export: format, width, resolution, theme. The drawing is done by the owner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from widgets import theme
from widgets.parts import Button, Combo

WIDTHS = (85, 120, 180)


@dataclass(frozen=True)
class FigureChoice:
    """What the user chose; ``width_mm`` and ``dpi`` of the page, theme of the colours."""

    form: Literal["png", "svg", "pdf"]
    width_mm: int
    dpi: int
    theme: Literal["light", "dark"]


class ExportDialog(QDialog):
    """Ask for the properties of an exported figure."""

    def __init__(
        self, title: str, width_mm: int = 120, dpi: int = 300, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Export {title}")
        self.form = Combo()
        self.form.addItems(["PNG", "SVG", "PDF"])
        self.preset = Combo()
        for width in WIDTHS:
            self.preset.addItem(f"{width} mm", width)
        self.preset.addItem("free", 0)
        self.width_field = QSpinBox()
        self.width_field.setRange(30, 600)
        self.width_field.setSuffix(" mm")
        self.width_field.setValue(width_mm)
        self.dpi = QSpinBox()
        self.dpi.setRange(72, 1200)
        self.dpi.setSuffix(" dpi")
        self.dpi.setValue(dpi)
        self.colours = Combo()
        self.colours.addItems(["Light", "Dark"])
        at = self.preset.findData(width_mm)
        self.preset.setCurrentIndex(at if at >= 0 else len(WIDTHS))
        self.preset.currentIndexChanged.connect(self._take_width)
        self._lay_out()

    def _lay_out(self) -> None:
        rows = QFormLayout()
        named: tuple[tuple[str, QWidget], ...] = (
            ("Format", self.form), ("Column width", self.preset), ("Width", self.width_field),
            ("Resolution", self.dpi), ("Colours", self.colours),
        )  # fmt: skip
        for name, field in named:
            field.setAccessibleName(name)
            rows.addRow(name, field)
        save = Button("Export…", "export-variant", primary=True)
        save.setDefault(True)
        save.clicked.connect(self.accept)
        cancel = Button("Cancel")
        cancel.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(cancel)
        foot.addWidget(save)
        column = QVBoxLayout(self)
        column.setContentsMargins(theme.dp(16), theme.dp(16), theme.dp(16), theme.dp(12))
        column.addLayout(rows)
        column.addLayout(foot)
        self.setMinimumWidth(theme.dp(320))

    def _take_width(self) -> None:
        width = self.preset.currentData()
        if width:
            self.width_field.setValue(width)

    def choice(self) -> FigureChoice:
        """What is chosen now."""
        forms: tuple[Literal["png", "svg", "pdf"], ...] = ("png", "svg", "pdf")
        return FigureChoice(
            forms[self.form.currentIndex()],
            self.width_field.value(),
            self.dpi.value(),
            "dark" if self.colours.currentIndex() else "light",
        )
