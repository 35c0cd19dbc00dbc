"""The measuring procedures of the study ei-balanced-network, by id.

Source: 01-ei-balanced-network, Figs. 2, 3, 5 and 6; spec section 7.
"""

from __future__ import annotations

from collections.abc import Callable

from backend.core.run import Run
from backend.studies.ei_balanced import procedures_means as means
from backend.studies.ei_balanced import procedures_spatial as spatial
from backend.studies.ei_balanced.parameters import BalancedParameters

PROCEDURES: dict[str, Callable[[Run, BalancedParameters], None]] = {
    "density": means.density,
    "mean_rate": means.mean_rate,
    "tracking": means.tracking,
    "rates": means.rates,
    "rates_table": means.rates_table,
    "sine": means.sine,
    "crosscheck": means.crosscheck,
    "wiring": spatial.wiring,
    "step": spatial.step,
    "scales": spatial.scales,
    "flicker": spatial.flicker,
    "motion": spatial.motion,
    "lag_frequency": spatial.lag_frequency,
    "lag_speed": spatial.lag_speed,
    "continuity": spatial.continuity,
}


def run_procedure(run: Run) -> None:
    """Do the measurement ``run.procedure`` names."""
    PROCEDURES[run.procedure](run, run.parameters)
