"""Study of paper 06: do deep networks code objects by few units, and the more so with depth?

torch is imported when a run starts, so that listing the study costs nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from backend.core.parameters import Notice, ParameterError
from backend.core.run import Run
from backend.core.study import Citation, Study
from backend.networks.explorer_parameters import MINI
from backend.studies.sparse import declared
from backend.studies.sparse.parameters import SparseCodingParameters
from backend.studies.sparse.presets import PRESETS

RECTIFIERS = 7
"""Layers of the two small networks that are measured."""


class SparseCoding(Study):
    """Declarations, and the procedures in :mod:`backend.studies.sparse`."""

    id: ClassVar[str] = "sparse-coding"
    number: ClassVar[int] = 6
    title: ClassVar[str] = "Coding scheme"
    question: ClassVar[str] = (
        "Does a deep network code an object by all its units or by few, and does depth matter?"
    )
    panel: ClassVar[str] = "explorer"
    family: ClassVar[str] = "deep"
    citation: ClassVar[Citation]
    Parameters: ClassVar[type[SparseCodingParameters]] = SparseCodingParameters
    presets = PRESETS
    procedures = declared.PROCEDURES
    quantities = declared.QUANTITIES
    channels = declared.CHANNELS
    views = declared.VIEWS
    layout = declared.LAYOUT
    synthetic: ClassVar[str] = declared.SYNTHETIC
    software: ClassVar[tuple[str, ...]] = ("numpy", "torch", "scikit-learn")
    notes = declared.NOTES

    def run(self, run: Run) -> None:
        """Do the run's procedure."""
        from backend.studies.sparse import procedures

        {
            "free": procedures.one_pass,
            "models": procedures.lesion_models,
            "all": procedures.all_lesions,
            "performance": procedures.performance,
            "widths": procedures.widths,
        }[run.procedure](run)

    def instant(self, parameters: Any) -> bool:
        """Pictures shown before are not shown again, so settings of the index act at once."""
        from backend.studies.sparse.responses import PASSES, pass_key

        p: SparseCodingParameters = parameters
        needed = {("none", 0), (p.lesion, p.seed)}
        return all(PASSES.get(pass_key(p, lesion, seed)) is not None for lesion, seed in needed)

    def warm_settings(self) -> list[Any]:
        """Nothing is compiled; one small run finds a broken installation early."""
        return [self.Parameters().changed(categories=4, exemplars=2)]

    def synthetic_of(self, parameters: Any) -> str:
        """Generated pictures; digits and a user's own are none."""
        return self.synthetic if parameters.pictures in ("test", "transfer") else ""

    def layout_of(self, parameters: Any, procedure: str = "free") -> str:
        """The hierarchy, lesioned models, or the link with accuracy."""
        return {"models": "lesions", "all": "lesions", "widths": "lesions"}.get(
            procedure, "performance" if procedure == "performance" else "hierarchy"
        )

    def check(self, parameters: Any, procedure: str = "free") -> list[Notice]:
        """Warnings; ParameterError for what cannot run."""
        p: SparseCodingParameters = parameters
        notices = []
        if p.pictures == "pictures" and not p.folder:
            raise ParameterError(
                "folder", "Your own pictures need a folder or a list. Choose one, or another set."
            )
        if procedure == "models" and p.lesion == "none":
            raise ParameterError("lesion", "Choose what the lesioned models lose.", "W-all")
        if p.p_enter >= p.p_remove:
            raise ParameterError(
                "p_enter", f"p to enter must lie below p to leave ({p.p_remove:g}).",
                p.p_remove / 2,
            )  # fmt: skip
        if procedure == "performance" and p.folds > p.exemplars:
            raise ParameterError(
                "folds", f"{p.folds} folds need {p.folds} exemplars a category; there are "
                f"{p.exemplars}.", p.exemplars,
            )  # fmt: skip
        if procedure == "performance" and p.exemplars < 40:
            notices.append(Notice(
                "exemplars", "Few exemplars",
                "PSI of one category is unreliable with fewer than 40 exemplars.", 40,
            ))  # fmt: skip
        generated = p.pictures in ("test", "transfer")
        if generated and p.category > p.categories:
            notices.append(Notice(
                "category", "No such category", f"There are {p.categories}. The last is shown.",
                p.categories,
            ))  # fmt: skip
        if p.network in MINI and p.layer > RECTIFIERS:
            notices.append(Notice(
                "layer", "No such layer", f"There are {RECTIFIERS}. The last is shown.", RECTIFIERS,
            ))  # fmt: skip
        if p.network not in ("mini-a", "mini-b") and not p.weights:
            notices.append(Notice(
                "weights", "Random weights",
                "Without a weights file the network has never learned anything.",
            ))  # fmt: skip
        return notices

    def changes_for_file(self, parameters: Any, path: Path) -> dict[str, Any]:
        """A dropped folder or list becomes the pictures, a weights file the network's."""
        if path.is_dir():
            return {"pictures": "pictures", "folder": str(path)}
        found = super().changes_for_file(parameters, path)
        if "weights" in found and parameters.network not in ("mini-a", "mini-b"):
            return {"weights": str(path)}
        return found

    def methods(self, parameters: Any, procedure: str) -> str:
        """The study's own sentences of the methods paragraph."""
        from backend.core.parameters import show_number

        p: SparseCodingParameters = parameters
        shown = dict(self.Parameters.declaration("network").choices)[p.network]
        if p.network not in ("mini-a", "mini-b") and not p.weights:
            shown += " with random weights, never trained,"
        words = {"post": "after", "pre": "before"}[p.response]
        text = (
            f"{shown} was shown {p.exemplars} pictures of each of {p.categories} categories. "
            f"The response of a unit to a category was the mean of its outputs {words} the "
            f"rectification ({p.pooling} over places in convolutional layers). Responses were "
            f"standardised over categories per unit and rescaled {p.rescale}; sparseness is "
            "PSI = (1 − a)/(1 − 1/N) with a = mean(r)²/mean(r²) over the N units that "
            "varied. Trends over layers are Kendall's tau-b."
        )
        if p.lesion != "none":
            text += (
                f" Lesion: {p.lesion}, strength {show_number(p.strength)}, {p.models} models, "
                f"seed {p.seed}."
            )
        if procedure == "performance":
            text += (
                f" Category accuracy came from {p.classifier} read-out of the last hidden layer "
                f"in {p.folds} folds; layers entered the regression at p < {p.p_enter:g} and left "
                f"it at p > {p.p_remove:g}."
            )
        return text


SparseCoding.citation = Citation(
    "Liu X., Zhen Z., Liu J.",
    2020,
    "Hierarchical Sparse Coding of Objects in Deep Convolutional Neural Networks",
    "Frontiers in Computational Neuroscience 14:578158",
    "10.3389/fncom.2020.578158",
)
STUDY = SparseCoding()
