"""Study of paper 02: a gap-junction sheet reports the topology of a figure within 10 ms.

Kernels are imported when a run starts, so that listing the study costs nothing.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from backend.core.files import text_of_array
from backend.core.parameters import Notice
from backend.core.run import Run
from backend.core.study import Citation, Study
from backend.stimuli.painting import Canvas
from backend.studies.gap_junction import declared, setup
from backend.studies.gap_junction.parameters import GapJunctionParameters
from backend.studies.gap_junction.presets import PRESETS

INSTANT_CELL_STEPS = 80 * 80 * 1600


class GapJunctionTopology(Study):
    """Declarations, and the procedures in :mod:`backend.studies.gap_junction`."""

    id: ClassVar[str] = "gap-junction-topology"
    number: ClassVar[int] = 2
    title: ClassVar[str] = "Gap-junction topology"
    question: ClassVar[str] = (
        "How can a sheet of coupled cells tell within 10 ms how many holes a figure has?"
    )
    panel: ClassVar[str] = "simulate"
    family: ClassVar[str] = "spiking"
    citation: ClassVar[Citation] = Citation(
        "Wang C., Lian R., Dong X., Mi Y., Wu S.",
        2020,
        "A Neural Network Model With Gap Junction for Topological Detection",
        "Frontiers in Computational Neuroscience 14:571982",
        "10.3389/fncom.2020.571982",
    )
    Parameters: ClassVar[type[GapJunctionParameters]] = GapJunctionParameters
    presets = PRESETS
    procedures = declared.PROCEDURES
    quantities = declared.QUANTITIES
    channels = declared.CHANNELS
    views = declared.VIEWS
    layout = declared.LAYOUT
    monitors = declared.MONITORS
    synthetic: ClassVar[str] = declared.SYNTHETIC
    notes = declared.NOTES
    replay: ClassVar[str] = "sheet"

    def run(self, run: Run) -> None:
        """Do the run's procedure."""
        from backend.studies.gap_junction import batches, live, proofs

        todo = {
            "free": live.run_live,
            "trials": batches.repeat_trials,
            "plane": batches.plane,
            "discriminate": batches.discriminate,
            "theory": proofs.theory,
            "step": proofs.time_step,
            "pair": proofs.pair,
        }
        todo.get(run.procedure, batches.scan)(run)

    def instant(self, parameters: Any) -> bool:
        """A trial of at most 16 ms on the usual sheet takes some hundredths of a second."""
        p: GapJunctionParameters = parameters
        return p.H * p.W * p.duration / p.dt <= INSTANT_CELL_STEPS

    def layout_of(self, parameters: Any, procedure: str = "free") -> str:
        """One trial, a scan, the (J, gamma) plane, or two cells."""
        if procedure in declared.SCANS:
            return "scan"
        return procedure if procedure in declared.LAYOUT else "trial"

    def check(self, parameters: Any, procedure: str = "free") -> list[Notice]:
        """Warnings; ParameterError for what cannot run."""
        return setup.check(parameters, procedure)

    def preview(self, parameters: Any) -> dict[str, dict[str, Any]]:
        """What the figure and band channels hold before a run: the picture to be shown."""
        from backend.studies.gap_junction.live import band_data, figure_data

        figure = setup.figure_of(parameters)
        return {
            "figure": figure_data(parameters, figure),
            "band": band_data(parameters, figure),
        }

    def painting_of(self, parameters: Any) -> Canvas:
        """A canvas that holds the present figure as darkness: 1 figure, 0 background."""
        return Canvas(setup.figure_of(parameters).darkness)

    def changes_for_painting(self, darkness: np.ndarray) -> dict[str, Any]:
        """Parameter changes that show a painted picture (H, W) in [0, 1], 1 figure."""
        levels = np.round(255.0 * (1.0 - np.clip(darkness, 0.0, 1.0))).astype(np.uint8)
        return {"figure": "painted", "drawing": text_of_array(levels)}

    def methods(self, parameters: Any, procedure: str) -> str:
        """The study's own sentences of the methods paragraph."""
        p: GapJunctionParameters = parameters
        return (
            f"A sheet of {p.H} × {p.W} leaky integrate-and-fire neurons (τ = {p.tau:g} ms, "
            f"threshold {p.V_th:g} mV, refractory period {p.tau_arp:g} ms) was coupled to "
            f"{p.neighbours} neighbours by gap junctions (J = {p.J:g}, spikelet γ = {p.gamma:g} mV "
            f"per J) "
            f"and driven by the image (black {p.mu_black:g} mV, gray {p.mu_gray:g} mV, noise "
            f"{p.s:g} mV√ms). One read-out neuron (τ = {p.tau_R:g} ms, weight {p.J_R:g} mV, delay "
            f"{p.D:g} ms) received all spikes. Equations were integrated with the Euler-Maruyama "
            f"method at {p.dt:g} ms for {p.duration:g} ms. Volleys were counted as read-out "
            "spikes, as runs of at least 30 spikes within 0.1 ms, and as connected patches of at "
            "least 30 cells within these runs."
        )


STUDY = GapJunctionTopology()
