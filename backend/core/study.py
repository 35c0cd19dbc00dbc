"""The base of all fourteen studies: what a study declares and the one method it implements."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from backend.core.channels import Channel
from backend.core.parameters import Notice, ParameterError, Parameters, unknown_name
from backend.core.result import Comparison, Measured, Quantity, Reference, Verdict
from backend.core.run import Run
from backend.core.views import Split, View


@dataclass(frozen=True)
class Citation:
    """How to cite the paper a study implements."""

    authors: str
    year: int
    title: str
    journal: str
    doi: str = ""

    @property
    def text(self) -> str:
        doi = f" https://doi.org/{self.doi}" if self.doi else ""
        return f"{self.authors} ({self.year}). {self.title}. {self.journal}.{doi}"


@dataclass(frozen=True)
class Procedure:
    """A way to run a study: ``free`` runs until stopped, the others measure and end.

    ``button`` is the verb on the job strip ("Scan breach angle…"), ``help`` one sentence on what
    it measures; ``shown_if`` = (parameter, values) hides the button otherwise.
    """

    id: str
    button: str
    icon: str = "chart-bell-curve"
    help: str = ""
    endless: bool = False
    shown_if: tuple[str, tuple[Any, ...]] | None = None


@dataclass(frozen=True)
class Preset:
    """A named parameter set, after a figure of the paper.

    ``changes`` are relative to the model's defaults; ``procedure`` is what a headless run and the
    *Measure* button do; ``references`` what its values should be.
    """

    name: str
    title: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    procedure: str = "free"
    references: tuple[Reference, ...] = ()
    note: str = ""


class Study(ABC):
    """One paper: declarations, and :meth:`run`, called in a worker; knows nothing of Qt."""

    id: ClassVar[str]
    number: ClassVar[int]
    title: ClassVar[str]
    question: ClassVar[str]
    panel: ClassVar[str]
    family: ClassVar[str]
    citation: ClassVar[Citation]
    Parameters: ClassVar[type[Parameters]]
    presets: ClassVar[tuple[Preset, ...]]
    procedures: ClassVar[tuple[Procedure, ...]]
    quantities: ClassVar[Mapping[str, Quantity]]
    channels: ClassVar[Mapping[str, Channel]]
    views: ClassVar[tuple[View, ...]]
    layout: ClassVar[Mapping[str, Split]]
    monitors: ClassVar[Mapping[str, str]] = {}
    synthetic: ClassVar[str] = ""
    software: ClassVar[tuple[str, ...]] = ("numpy", "numba")
    """Packages that decide its numbers, named in the methods paragraph."""
    notes: ClassVar[tuple[str, ...]] = ()
    shown_only: ClassVar[frozenset[str]] = frozenset()
    """Parameters that choose what is drawn of a finished run; :meth:`preview` draws it anew."""
    time_unit: ClassVar[str] = "ms"
    warm_duration: ClassVar[float] = 2.0
    replay: ClassVar[str] = ""
    """Id of the image view with a time slider: a channel ``replay`` holds its frames, times."""

    @abstractmethod
    def run(self, run: Run) -> None:
        """Do ``run.procedure`` with ``run.parameters``; measure, publish, offer on ``run``."""

    def synthetic_of(self, parameters: Any) -> str:
        """What of these settings' data is synthetic, in words; "" when nothing is."""
        return self.synthetic

    def check(self, parameters: Any, procedure: str = "free") -> list[Notice]:
        """Warnings about a parameter set; raises ParameterError for one that cannot run."""
        return []

    def instant(self, parameters: Any) -> bool:
        """True when a whole free run takes a moment: the window repeats it while one drags."""
        return False

    def layout_of(self, parameters: Any, procedure: str = "free") -> str:
        """Which of ``layout`` fits (a mode or a procedure may have its own views)."""
        return next(iter(self.layout))

    def isolated(self, parameters: Any) -> bool:
        """True when this run must have its own process (an engine that holds the GIL)."""
        return False

    def endless(self, parameters: Any, procedure: str) -> bool:
        """True when a run goes on until stopped."""
        return self.procedure(procedure).endless

    def preview(self, parameters: Any) -> dict[str, dict[str, Any]]:
        """Channel contents that need no run (the picture to be shown), by channel name."""
        return {}

    def methods(self, parameters: Any, procedure: str) -> str:
        """The study's own sentences of the methods paragraph (plain text)."""
        return ""

    def changes_for_file(self, parameters: Any, path: Path) -> dict[str, Any]:
        """Parameter changes that take a dropped file in; empty when no parameter reads its kind."""
        ending = path.suffix.lower().removeprefix(".")
        for name, declared in self.Parameters.declarations().items():
            endings = {
                form.lower().removeprefix("*").removeprefix(".") for form in declared.formats
            }
            if declared.kind == "file" and ending in endings:
                shown = declared.shown_if
                before = {} if shown is None else {shown[0]: shown[1][0]}
                return before | {name: str(path)}
        return {}

    def warm_settings(self) -> list[Any]:
        """Parameter sets whose short runs compile every kernel a user is likely to start."""
        return [self.parameters_of(self.presets[0])]

    def view(self, identifier: str) -> View:
        """The declared view of this id."""
        return next(view for view in self.views if view.id == identifier)

    def preset(self, name: str) -> Preset:
        """The preset of this name; ParameterError with the nearest names if there is none."""
        for preset in self.presets:
            if preset.name == name:
                return preset
        raise unknown_name(name, [preset.name for preset in self.presets], "preset")

    def procedure(self, identifier: str) -> Procedure:
        """The procedure of this id; ParameterError if there is none."""
        for procedure in self.procedures:
            if procedure.id == identifier:
                return procedure
        raise unknown_name(identifier, [p.id for p in self.procedures], "procedure")

    def parameters_of(self, preset: str | Preset) -> Any:
        """The full parameter set of a preset."""
        chosen = self.preset(preset) if isinstance(preset, str) else preset
        return self.Parameters().changed(**chosen.changes)

    def compare(
        self, values: Mapping[str, Measured], preset: str, parameters: Any, procedure: str
    ) -> list[Comparison]:
        """Measured values beside the preset's references, references first.

        A value is comparable when the run used the preset's procedure and, but for the seed, its
        parameters; otherwise the numbers stand side by side without a verdict.
        """
        chosen = self.preset(preset)
        differ = (
            set(parameters.differences(self.parameters_of(chosen))) - {"seed"} - self.shown_only
        )
        comparable = not differ and procedure == chosen.procedure
        lines = []
        for reference in chosen.references:
            quantity = self.quantities[reference.quantity]
            measured = values.get(reference.quantity)
            if measured is None and procedure != chosen.procedure:
                continue  # this procedure does not measure it
            verdict = reference.verdict(measured.value if measured else None, comparable)
            lines.append(
                Comparison(
                    reference.quantity,
                    quantity.label,
                    quantity.unit,
                    quantity.digits,
                    measured,
                    reference,
                    verdict,
                )
            )
        named = {reference.quantity for reference in chosen.references}
        for name, measured in values.items():
            if name not in named:
                quantity = self.quantities[name]
                lines.append(
                    Comparison(
                        name,
                        quantity.label,
                        quantity.unit,
                        quantity.digits,
                        measured,
                        None,
                        Verdict.NOT_COMPARABLE,
                    )
                )
        return lines


def refuse(condition: bool, field_name: str, sentence: str, fix: Any = None) -> None:
    """Raise ParameterError when the condition holds (for :meth:`Study.check`)."""
    if condition:
        raise ParameterError(field_name, sentence, fix)
