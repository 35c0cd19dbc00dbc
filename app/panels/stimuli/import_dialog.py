"""How a folder or list of pictures comes into one set."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from backend.core.parameters import Parameters, parameter
from widgets import theme
from widgets.form.form import ParameterForm
from widgets.parts import Button, Words


class ImportParameters(Parameters):
    """Rules for pictures of different sizes and kinds."""

    side: int = parameter(
        0, "Side", unit="px", low=0, high=2048, zero="commonest",
        change="plain",
        help="All pictures come to this size; commonest takes the size most of them have.",
    )  # fmt: skip
    fit: Literal["crop", "pad", "stretch"] = parameter(
        "crop", "Other sizes are",
        change="plain",
        labels={"crop": "scaled and cropped", "pad": "scaled and padded", "stretch": "stretched"},
    )  # fmt: skip
    colour: Literal["keep", "grey"] = parameter(
        "keep", "Colour", labels={"keep": "as it is", "grey": "made grey"}, change="plain"
    )
    strict: bool = parameter(
        False, "Refuse all when one cannot be read",
        change="plain", help="Off: files that cannot be read are left out and named.",
    )  # fmt: skip


class ImportDialog(QDialog):
    """Signal ``accepted_with(parameters)``."""

    accepted_with = Signal(object)

    def __init__(self, path: Path, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Import {path.name}")
        self.parameters: Any = ImportParameters()
        self.form = ParameterForm(ImportParameters, "Import")
        self.form.changed.connect(self._changed)
        self.form.changing.connect(self._changed)
        words = Words(
            "Subfolders become the column class; other columns of a list become labels. The "
            "pictures themselves are copied and never changed.", "body", "text2",
        )  # fmt: skip
        words.setWordWrap(True)
        words.setContentsMargins(*(theme.dp(12),) * 4)
        go = Button("Import", "folder-open-outline", primary=True)
        go.setDefault(True)
        go.clicked.connect(self._accept)
        stay = Button("Cancel")
        stay.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(*(theme.dp(12),) * 4)
        buttons.addStretch(1)
        buttons.addWidget(stay)
        buttons.addWidget(go)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.form, 1)
        whole.addWidget(words)
        whole.addLayout(buttons)
        self.resize(theme.dp(420), theme.dp(360))

    def _changed(self, name: str, value: Any) -> None:
        self.parameters = self.parameters.changed(**{name: value})

    def _accept(self) -> None:
        self.accepted_with.emit(self.parameters)
        self.accept()
