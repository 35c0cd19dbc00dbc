"""Study of paper 13: does functional connectivity organise best where dynamics are critical?

Kernels are imported when a run starts, so that listing the study costs nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

from backend.core.parameters import Notice
from backend.core.run import Run
from backend.core.study import Citation, Study
from backend.studies.criticality import declared
from backend.studies.criticality.parameters import CriticalityParameters
from backend.studies.criticality.presets import PRESETS


class CriticalityFC(Study):
    """Declarations, and the procedures in :mod:`backend.studies.criticality`."""

    id: ClassVar[str] = "criticality-fc"
    number: ClassVar[int] = 13
    title: ClassVar[str] = "Criticality and FC"
    question: ClassVar[str] = (
        "Is the brain's functional network best organised where its dynamics are critical?"
    )
    panel: ClassVar[str] = "simulate"
    family: ClassVar[str] = "spiking"
    citation: ClassVar[Citation] = Citation(
        "Zhou X., Ma N., Song B., Wu Z., Liu G., Liu L., Yu L., Feng J.",
        2021,
        "Optimal Organization of Functional Connectivity Networks for Segregation and "
        "Integration With Large-Scale Critical Dynamics in Human Brains",
        "Frontiers in Computational Neuroscience 15:641335",
        "10.3389/fncom.2021.641335",
    )
    Parameters: ClassVar[type[CriticalityParameters]] = CriticalityParameters
    presets = PRESETS
    procedures = declared.PROCEDURES
    quantities = declared.QUANTITIES
    channels = declared.CHANNELS
    views = declared.VIEWS
    layout = declared.LAYOUT
    monitors = declared.MONITORS
    synthetic: ClassVar[str] = declared.SYNTHETIC
    notes = declared.NOTES
    software: ClassVar[tuple[str, ...]] = ("numpy", "scipy", "numba")
    warm_duration: ClassVar[float] = 20_000.0

    def run(self, run: Run) -> None:
        """Do the run's procedure."""
        if run.procedure in declared.SWEEPS:
            from backend.studies.criticality.sweep import sweep

            sweep(run)
        elif run.procedure == "regimes":
            from backend.studies.criticality.regimes import regimes

            regimes(run)
        elif run.parameters.model == "recordings":
            from backend.studies.criticality.recordings import recordings

            recordings(run)
        else:
            from backend.studies.criticality.live_parts import run_live

            run_live(run)

    def instant(self, parameters: Any) -> bool:
        """People who were just analysed follow T_d in a moment."""
        recordings = sys.modules.get("backend.studies.criticality.recordings")
        return (
            parameters.model == "recordings"
            and recordings is not None
            and recordings.kept(parameters)
        )

    def endless(self, parameters: Any, procedure: str) -> bool:
        """Live runs go on until stopped; recordings are analysed and done."""
        return procedure == "free" and parameters.model != "recordings"

    def changes_for_file(self, parameters: Any, path: Path) -> dict[str, Any]:
        """A folder or volumes are recordings, an image of labels their atlas; a matrix is the
        connectome, or a person's series while recordings are chosen."""
        from backend.studies.criticality.people import ending_of

        own = {"model": "recordings", "series": "own"}
        if path.is_dir():
            return {**own, "folder": str(path)}
        if ending_of(path).startswith(".nii"):
            return {**own, "atlas" if _is_flat(path) else "folder": str(path)}
        if parameters.model == "recordings" and ending_of(path):
            return {**own, "folder": str(path)}
        return super().changes_for_file(parameters, path)

    def synthetic_of(self, parameters: Any) -> str:
        """What is synthetic under these settings."""
        if parameters.model == "recordings":
            return declared.SYNTHETIC_PEOPLE if parameters.series == "synthetic" else ""
        if parameters.source == "file":
            return "All dynamics and BOLD are simulated."
        return self.synthetic

    def layout_of(self, parameters: Any, procedure: str = "free") -> str:
        """By system, or what is measured."""
        if procedure in declared.SWEEPS:
            return "sweep"
        return procedure if procedure in declared.LAYOUT else str(parameters.model)

    def check(self, parameters: Any, procedure: str = "free") -> list[Notice]:
        """Warnings; ParameterError for what cannot run."""
        from backend.studies.criticality.setup import check

        return check(parameters, procedure)

    def preview(self, parameters: Any) -> dict[str, dict[str, Any]]:
        """The connectome, before a run."""
        if parameters.model == "recordings":
            return {}
        from backend.studies.criticality.live_parts import structure_data
        from backend.studies.criticality.setup import connectome_of

        return {"structure": structure_data(connectome_of(parameters))}

    def warm_settings(self) -> list[Any]:
        """Both systems, small."""
        neurons = self.Parameters().changed(model="neurons", regions=4)
        return [self.Parameters(), neurons]

    def methods(self, parameters: Any, procedure: str) -> str:
        """The study's own sentences of the methods paragraph."""
        from backend.studies.criticality.words import methods

        return methods(parameters, procedure)


def _is_flat(path: Path) -> bool:
    """Whether an image has one volume only; False when it cannot be read."""
    import nibabel

    try:
        return len(nibabel.load(path).shape) == 3  # type: ignore[attr-defined]
    except Exception:  # nibabel raises many kinds on damaged files; reading says what is wrong
        return False


STUDY = CriticalityFC()
