"""Study 01: fast signal tracking with excitation-inhibition balanced spiking networks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from backend.core.parameters import Notice
from backend.core.run import Run
from backend.core.study import Citation, Study
from backend.studies.ei_balanced.parameters import BalancedParameters
from backend.studies.ei_balanced.presets import PRESETS, PROCEDURES
from backend.studies.ei_balanced.views import (
    CHANNELS,
    LAYOUT,
    LAYOUT_OF,
    MONITORS,
    QUANTITIES,
    VIEWS,
)


class BalancedNetwork(Study):
    """Balanced networks that follow their input at once: population, dense, spatial."""

    id = "ei-balanced-network"
    number = 1
    title = "Balanced network"
    question = "How can slow neurons report a change of their input almost at once?"
    panel = "simulate"
    family = "Spiking"
    citation = Citation(
        "Tian G., Li S., Huang T. and Wu S.",
        2020,
        "Excitation-inhibition balanced neural networks for fast signal detection",
        "Frontiers in Computational Neuroscience 14, 79",
        "10.3389/fncom.2020.00079",
    )
    Parameters = BalancedParameters
    presets = PRESETS
    procedures = PROCEDURES
    quantities = QUANTITIES
    channels = CHANNELS
    views = VIEWS
    layout = LAYOUT
    monitors = MONITORS
    synthetic = "All spikes are simulated; discs and traces are generated."
    notes = (
        "The paper prints no lag and no rate of the spatial network; the references were "
        "measured with independent implementations of the model, or follow from theory.",
        "Fig. 3's weights are used as J, not divided by √N; divided, nothing balances.",
        "Almost instantaneous means a lag about the synaptic constants, far below τ_E.",
    )

    def check(self, parameters: Any, procedure: str = "free") -> list[Notice]:
        from backend.studies.ei_balanced import checks

        return checks.check(parameters, procedure)

    def layout_of(self, parameters: Any, procedure: str = "free") -> str:
        return LAYOUT_OF.get(procedure, str(parameters.mode))

    def warm_settings(self) -> list[Any]:
        small = self.Parameters().changed(n=200, n_1=200)
        return [small.changed(mode=mode) for mode in ("S3", "S2", "S1", "preview")]

    def isolated(self, parameters: Any) -> bool:
        return parameters.mode == "S2" and parameters.engine == "brian2"

    def changes_for_file(self, parameters: Any, path: Path) -> dict[str, Any]:
        from backend.studies.ei_balanced.dropped import changes_for_file

        return changes_for_file(parameters, path)

    def methods(self, parameters: Any, procedure: str) -> str:
        from backend.studies.ei_balanced.words import methods

        return methods(parameters, procedure)

    def run(self, run: Run) -> None:
        if run.procedure == "free":
            from backend.studies.ei_balanced.live import run_free

            run_free(run)
            return
        from backend.studies.ei_balanced.procedures import run_procedure

        run_procedure(run)


STUDY = BalancedNetwork()
