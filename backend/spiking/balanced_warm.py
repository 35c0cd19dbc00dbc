"""Compile every kernel of the balanced networks once, so that no first run waits for it.

numba keeps the machine code beside the modules (or in the user's cache), so this costs seconds once
a machine and a fraction of a second afterwards.
"""

from __future__ import annotations

import numpy as np


def compile_kernels() -> None:
    """Run each kernel for a few steps on tiny networks."""
    from backend.analysis.lag import PositionDecoder
    from backend.spiking.balanced_homogeneous import (
        Dynamics,
        HomogeneousNetwork,
        cuba_network,
        wire_dense,
    )
    from backend.spiking.balanced_preview import MeanFieldPreview
    from backend.spiking.balanced_spatial import SpatialDynamics, SpatialNetwork
    from backend.spiking.balanced_uncoupled import (
        FokkerPlanck,
        PopulationDynamics,
        UncoupledPopulation,
    )
    from backend.spiking.balanced_wiring import Geometry, wire_spatial
    from backend.stimuli.camera import Discs
    from backend.stimuli.traces import Trace

    mean = Trace("sine", base=1.0).values(0, 4, 0.1)
    dynamics = PopulationDynamics()
    UncoupledPopulation(32, dynamics, 0).advance(mean)
    FokkerPlanck.of(dynamics).advance(mean, mean, 0.001)
    wiring = wire_dense(200, 0.2, np.full((2, 2), 0.25), 0)
    HomogeneousNetwork(wiring, Dynamics(), 0).advance(mean)
    cuba_network(200, 0.1).advance(mean)
    geometry = Geometry(side={"F": 8, "E": 8, "I": 8})
    SpatialNetwork(wire_spatial(geometry, 0), SpatialDynamics(), Discs(), 0).advance(4)
    PositionDecoder(8)(np.ones(64))
    MeanFieldPreview(geometry, SpatialDynamics(), Discs()).advance(4)


if __name__ == "__main__":
    compile_kernels()
