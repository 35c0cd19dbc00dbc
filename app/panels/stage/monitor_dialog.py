"""Monitor profile: size, distance, gamma, rate; the visual angle of a picture while they change."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from backend.core.parameters import ParameterError, Parameters, parameter
from backend.stage.monitors import MonitorProfile
from widgets import theme
from widgets.form.form import ParameterForm
from widgets.parts import Button, Words


class MonitorParameters(Parameters):
    """The fields of a profile."""

    name: str = parameter("", "Name", change="plain")
    width_mm: float = parameter(
        531.0,
        "Width",
        unit="mm",
        low=10,
        high=10_000,
        step=1,
        decimals=1,
        change="plain",
        help="Of the picture area.",
    )
    height_mm: float = parameter(
        299.0, "Height", unit="mm", low=10, high=10_000, step=1, decimals=1, change="plain"
    )
    distance_mm: float = parameter(
        700.0,
        "Distance",
        unit="mm",
        low=50,
        high=20_000,
        step=10,
        decimals=0,
        change="plain",
        help="From eye to screen.",
    )
    width_px: int = parameter(1920, "Width", unit="px", low=100, high=20_000, change="plain")
    height_px: int = parameter(1080, "Height", unit="px", low=100, high=20_000, change="plain")
    gamma: float = parameter(
        2.2,
        "Gamma",
        low=0.5,
        high=5.0,
        step=0.05,
        change="plain",
        help="Exponent of luminance against grey level, from a photometer.",
    )
    hz: float = parameter(
        60.0,
        "Refresh rate",
        unit="Hz",
        low=10,
        high=1000,
        step=1,
        decimals=2,
        change="plain",
        help="The check writes the measured rate here.",
    )


class MonitorDialog(QDialog):
    """Signal ``accepted_with(MonitorProfile)``."""

    accepted_with = Signal(object)

    def __init__(self, profile: MonitorProfile, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Monitor profile")
        values = {name: getattr(profile, name) for name in MonitorParameters.model_fields}
        self.parameters: Any = MonitorParameters.model_construct(**values)
        self.form = ParameterForm(MonitorParameters, "Monitor")
        self.form.set_preset_values(self.parameters)
        self.form.set_values(self.parameters)
        self.form.changed.connect(self._changed)
        self.words = Words("", "body", "text2")
        self.words.setContentsMargins(*(theme.dp(12),) * 4)
        keep = Button("Keep", "check", primary=True)
        keep.clicked.connect(self._accept)
        stay = Button("Cancel")
        stay.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(*(theme.dp(12),) * 4)
        buttons.addStretch(1)
        buttons.addWidget(stay)
        buttons.addWidget(keep)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self.form, 1)
        whole.addWidget(self.words)
        whole.addLayout(buttons)
        self.resize(theme.dp(420), theme.dp(440))
        self._look()

    def _profile(self) -> MonitorProfile:
        return MonitorProfile(**{n: getattr(self.parameters, n) for n in self.parameters.__dict__})

    def _changed(self, name: str, value: Any) -> None:
        self.parameters = self.parameters.model_copy(update={name: value})
        self._look()

    def _look(self) -> None:
        profile = self._profile()
        across = profile.degrees(profile.width_px)
        self.words.setText(
            f"The screen is {across:.1f}° wide; 1° is {profile.px(1.0):.1f} px; 512 px are "
            f"{profile.degrees(512):.2f}°."
        )

    def _accept(self) -> None:
        if not self.parameters.name.strip():
            self.form.refuse("name", "A profile needs a name. Type one.")
            return
        try:
            self.accepted_with.emit(self._profile())
        except ParameterError as error:
            self.form.refuse(error.field, error.sentence, error.fix)
            return
        self.accept()
