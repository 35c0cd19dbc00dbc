"""Set-up of a sweep: what runs, what is varied, how often, and where."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QScrollArea, QVBoxLayout, QWidget

from backend.core.sweep_settings import SweepSettings
from backend.studies import find, ids
from widgets import theme
from widgets.inputs import Combo, DoubleSpin, LineEdit, Spin
from widgets.parts import Elided, Head, Words

NONE = "none"
USUAL = "of the preset"


class SweepForm(QWidget):
    """Rows of fields; ``changed(values)`` carries what one action of the user changed."""

    changed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = SweepSettings()
        self._study = ""
        self.fields: dict[str, Any] = {
            name: Combo() for name in ("study", "preset", "procedure", "first", "second")
        }
        self.fields |= {name: LineEdit() for name in ("first_values", "second_values", "scheduler")}
        declared = SweepSettings.declarations()
        for name in ("trials", "seed", "workers"):
            self.fields[name] = Spin(int(declared[name].low or 0), int(declared[name].high or 0))
        self.fields["duration"] = DoubleSpin(0.0, 1e9)
        self.fields["duration"].setSpecialValueText("as usual")
        self.fields["workers"].setSpecialValueText("cores − 1")
        self.fields["scheduler"].setPlaceholderText("this machine")
        self.note = Words("", "caption", "text2")
        self._lay_out()
        self._connect()
        for identifier in ids():
            self.fields["study"].addItem(find(identifier).title, identifier)

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for title, names in (
            ("Study", ("study", "preset", "procedure", "duration")),
            ("Varied", ("first", "first_values", "second", "second_values")),
            ("Trials", ("trials", "seed")),
            ("Computed on", ("scheduler", "workers")),
        ):
            column.addWidget(Head(title))
            column.addLayout(self._group(names))
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scroll, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(theme.dp(12), theme.dp(6), theme.dp(12), theme.dp(8))
        foot.addWidget(self.note)
        whole.addLayout(foot)
        self.setMinimumWidth(theme.dp(280))
        self.setMaximumWidth(theme.dp(460))

    def _group(self, names: Iterable[str]) -> QGridLayout:
        grid = QGridLayout()
        grid.setContentsMargins(theme.dp(12), theme.dp(6), theme.dp(12), theme.dp(8))
        grid.setHorizontalSpacing(theme.dp(8))
        grid.setVerticalSpacing(theme.dp(6))
        grid.setColumnMinimumWidth(0, theme.dp(112))
        grid.setColumnStretch(1, 1)
        for row, name in enumerate(names):
            declared = SweepSettings.declaration(name)
            field = self.fields[name]
            field.setAccessibleName(declared.label)
            field.setToolTip(declared.help)
            grid.addWidget(Elided(declared.label, "body", "text2"), row, 0)
            grid.addWidget(field, row, 1)
        return grid

    def _connect(self) -> None:
        for name, field in self.fields.items():
            if isinstance(field, Combo):
                field.activated.connect(
                    lambda row, n=name, f=field: self._entered(n, f.itemData(row))
                )
            elif isinstance(field, LineEdit):
                field.editingFinished.connect(lambda n=name, f=field: self._entered(n, f.text()))
            else:
                field.valueChanged.connect(lambda value, n=name: self._entered(n, value))

    def _entered(self, name: str, value: Any) -> None:
        """What the user gave; another study brings its first preset and empty axes."""
        if getattr(self._shown, name) == value:
            return
        values = {name: value}
        if name == "study":
            values |= {
                "preset": find(value).presets[0].name,
                "procedure": "",
                "first": "",
                "first_values": "",
                "second": "",
                "second_values": "",
                "quantity": "",
            }
        elif name in ("first", "second"):
            values[f"{name}_values"] = usual_values(self._shown, value) if value else ""
        self.changed.emit(values)

    # ---- showing ---------------------------------------------------------------------------

    def set_values(self, p: SweepSettings) -> None:
        """Show settings."""
        self._shown = p
        if p.study != self._study:
            self._study = p.study
            self._fill_choices(p.study)
        for name, field in self.fields.items():
            value = getattr(p, name)
            field.blockSignals(True)
            if isinstance(field, Combo):
                field.setCurrentIndex(max(field.findData(value), 0))
            elif isinstance(field, LineEdit):
                field.setText(value)
            else:
                field.setValue(value)
            field.blockSignals(False)
        for name in ("first", "second"):
            self.fields[f"{name}_values"].setEnabled(bool(getattr(p, name)))
        endless = find(p.study).procedure(procedure_of(p)).endless
        self.fields["duration"].setEnabled(endless)
        self.fields["workers"].setEnabled(not p.scheduler)

    def _fill_choices(self, identifier: str) -> None:
        study = find(identifier)
        presets, procedures = self.fields["preset"], self.fields["procedure"]
        presets.clear()
        for preset in study.presets:
            presets.addItem(f"{preset.name}: {preset.title}", preset.name)
        procedures.clear()
        procedures.addItem(USUAL, "")
        for procedure in study.procedures:
            procedures.addItem(procedure.button.rstrip("…"), procedure.id)
        for name in ("first", "second"):
            combo = self.fields[name]
            combo.clear()
            combo.addItem(NONE, "")
            for parameter, declared in study.Parameters.declarations().items():
                if parameter != "seed" and can_vary(declared):
                    combo.addItem(f"{declared.group}: {declared.label}", parameter)


def can_vary(declared: Any) -> bool:
    """Whether a parameter is one number, a choice or on and off."""
    return bool(declared.choices) or declared.low is not None


def procedure_of(p: SweepSettings) -> str:
    """The procedure of a job."""
    study = find(p.study)
    preset = p.preset or study.presets[0].name
    return p.procedure or study.preset(preset).procedure


def usual_values(p: SweepSettings, parameter: str) -> str:
    """Values to begin with: every choice, or five around the preset's within the limits."""
    study = find(p.study)
    declared = study.Parameters.declaration(parameter)
    if declared.choices:
        return "all"
    here = float(getattr(study.parameters_of(p.preset or study.presets[0].name), parameter))
    low = declared.low if declared.low is not None else here - 1.0
    high = declared.high if declared.high is not None else here + 1.0
    reach = abs(here) / 2 or (high - low) / 10
    first, last = max(low, here - reach), min(high, here + reach)
    return f"{first:.6g}:{last:.6g}:5"
