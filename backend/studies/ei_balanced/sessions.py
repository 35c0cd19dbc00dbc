"""Running networks of the study: one session per system, advanced block by block.

A session is built from a parameter set (possibly in a background thread), takes the live parameters
of newer sets, and hands out the spikes of each block.

Source: 01-ei-balanced-network; live re-parametrisation of spec section 6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from backend.core.parameters import Change
from backend.spiking.balanced_events import SpikeEvents, join, no_spikes
from backend.stimuli.camera import Discs
from backend.studies.ei_balanced.parameters import BalancedParameters, step_of
from backend.studies.ei_balanced.settings import (
    barrier_of,
    disc_of,
    geometry_of,
    homogeneous_dynamics,
    homogeneous_wiring,
    population_dynamics,
    spatial_dynamics,
    stimulus_of,
    theory_of,
    trace_of,
)

Progress = Callable[[int, int], None]
BATCH_ONLY = frozenset({"trials", "sweep_k", "sweep_periods"})
STRUCTURE = frozenset(
    name
    for name, declared in BalancedParameters.declarations().items()
    if declared.change is Change.REBUILD
)
REBUILDS = STRUCTURE - BATCH_ONLY
STIMULUS_NAMES = frozenset(
    name
    for name, declared in BalancedParameters.declarations().items()
    if declared.group == "Stimulus"
)
TRACE_NAMES = frozenset(name for name in BalancedParameters.model_fields if name.startswith("mu"))
OVERLAY_STEP_SHARE = 0.4
"""Inner step of the mean field drawn beside a run, as a share of the shortest synapse."""
OVERLAY_COARSE = 2
"""Cells of E and I joined along each axis in the mean field drawn beside a run."""
SAMPLE_STEPS = 20
"""Steps between two samples of the voltages drawn as traces."""
DENSITY_STEPS = 5
"""Steps of the population in one implicit step of its density."""


class Session(Protocol):
    """What the live loop needs of any system."""

    parameters: BalancedParameters
    dt: float
    unit: int

    def take(self, parameters: BalancedParameters, changed: frozenset[str]) -> None:
        """Use new live values; ParameterError leaves the old stimulus or trace in force."""

    def start_at(self, step: int) -> None:
        """Continue the clock of the session this one replaces."""

    def advance(self, steps: int) -> SpikeEvents:
        """Make some steps."""


def build(parameters: BalancedParameters, progress: Progress) -> Session:
    """The session of a parameter set; ``progress`` may raise to cancel."""
    if parameters.mode == "S1":
        return UncoupledSession(parameters)
    if parameters.mode == "preview":
        return PreviewSession(parameters)
    if parameters.mode == "S3":
        return SpatialSession(parameters, progress)
    if parameters.engine == "brian2":
        return BrianSession(parameters, progress)
    return HomogeneousSession(parameters, progress)


def merged(old: BalancedParameters, new: BalancedParameters) -> BalancedParameters:
    """The structure of ``old`` with the live values of ``new``."""
    live = {n: getattr(new, n) for n in BalancedParameters.model_fields if n not in STRUCTURE}
    return old.model_copy(update=live)


class _Base:
    """Parameters and step shared by all sessions."""

    unit = 1
    """Kernel steps in one step of the run's clock."""

    def __init__(self, parameters: BalancedParameters) -> None:
        self.parameters = parameters
        self.dt = step_of(parameters)


class UncoupledSession(_Base):
    """S1: particles, and the exact density beside them."""

    def __init__(self, parameters: BalancedParameters) -> None:
        from backend.spiking.balanced_uncoupled import UncoupledPopulation

        super().__init__(parameters)
        self.trace = trace_of(parameters)
        dynamics = population_dynamics(parameters)
        self.population = UncoupledPopulation(parameters.n_1, dynamics, parameters.seed)
        self.mean = float(self.trace.values(0, 1, self.dt)[0])
        self.sampling = False
        self._samples: list[tuple[float, ...]] = []
        self._waiting = np.empty(0)
        self._new_density()

    def _new_density(self) -> None:
        from backend.spiking.balanced_uncoupled import FokkerPlanck

        self.density = FokkerPlanck.of(self.population.dynamics, max(abs(self.mean), 0.2))

    def take(self, parameters: BalancedParameters, changed: frozenset[str]) -> None:
        self.parameters = merged(self.parameters, parameters)
        if changed & TRACE_NAMES:
            self.trace = trace_of(self.parameters)
        before = self.population.dynamics
        self.population.dynamics = population_dynamics(self.parameters, self.dt)
        if before != self.population.dynamics:
            old = self.density
            self._new_density()
            self.density.adopt(old)

    def start_at(self, step: int) -> None:
        self.population.step = step

    def advance(self, steps: int) -> SpikeEvents:
        mean = self.trace.values(self.population.step, steps, self.dt)
        self.mean = float(mean[-1])
        self._follow(mean)
        if not self.sampling:
            return self.population.advance(mean)
        parts = []
        for first in range(0, steps, SAMPLE_STEPS):
            parts.append(self.population.advance(mean[first : first + SAMPLE_STEPS]))
            v = self.population.voltages()
            self._samples.append((self.population.step * self.dt, v[0], v[1]))
        return join(parts)

    def take_samples(self) -> np.ndarray:
        """Times and voltages of two neurons since the last call, (n, 3)."""
        samples, self._samples = np.array(self._samples).reshape(-1, 3), []
        return samples

    def _follow(self, mean: np.ndarray) -> None:
        """Advance the density by whole groups of steps; the rest waits for the next block."""
        waiting = np.concatenate([self._waiting, mean])
        groups = len(waiting) // DENSITY_STEPS
        used = groups * DENSITY_STEPS
        self._waiting = waiting[used:]
        if groups:
            level = waiting[:used].reshape(groups, DENSITY_STEPS).mean(axis=1)
            variance = self.population.dynamics.variance(level)
            self.density.advance(level, variance, DENSITY_STEPS * self.dt)


class HomogeneousSession(_Base):
    """S2 on our kernel."""

    def __init__(self, parameters: BalancedParameters, progress: Progress) -> None:
        from backend.spiking.balanced_homogeneous import HomogeneousNetwork

        super().__init__(parameters)
        self.trace = trace_of(parameters)
        wiring = homogeneous_wiring(parameters, progress)
        self.sizes = {"E": wiring.n_e, "I": wiring.n - wiring.n_e}
        self.network = HomogeneousNetwork(wiring, homogeneous_dynamics(parameters), parameters.seed)
        self.theory = theory_of(parameters)
        self.mean = float(self.trace.values(0, 1, self.dt)[0])

    def take(self, parameters: BalancedParameters, changed: frozenset[str]) -> None:
        self.parameters = merged(self.parameters, parameters)
        if changed & TRACE_NAMES:
            self.trace = trace_of(self.parameters)
        self.network.dynamics = homogeneous_dynamics(self.parameters, self.dt)
        self.theory = theory_of(self.parameters)

    def start_at(self, step: int) -> None:
        self.network.step = step

    def advance(self, steps: int) -> SpikeEvents:
        mean = self.trace.values(self.network.step, steps, self.dt)
        self.mean = float(mean[-1])
        return self.network.advance(mean)

    def voltages(self) -> np.ndarray:
        """E voltages."""
        return self.network.voltages("E")

    def currents(self) -> dict[str, dict[str, float]]:
        """Mean currents into E and I."""
        return {layer: self.network.currents(layer, self.mean) for layer in ("E", "I")}

    @property
    def saturated(self) -> int:
        return self.network.saturated


class BrianSession(_Base):
    """S2 in Brian2; only in a child process of its own."""

    unit = 200
    """A call of Brian2 costs 0.15 s however short it is."""

    def __init__(self, parameters: BalancedParameters, progress: Progress) -> None:
        from backend.spiking.balanced_brian import BrianEngine

        super().__init__(parameters)
        self.trace = trace_of(parameters)
        wiring = homogeneous_wiring(parameters, progress)
        self.sizes = {"E": wiring.n_e, "I": wiring.n - wiring.n_e}
        dynamics = homogeneous_dynamics(parameters)
        self.engine = BrianEngine(wiring, dynamics, self.trace, parameters.seed)
        self.theory = theory_of(parameters)
        self.mean = float(self.trace.values(0, 1, self.dt)[0])
        self.saturated = 0

    def take(self, parameters: BalancedParameters, changed: frozenset[str]) -> None:
        self.parameters = merged(self.parameters, parameters)
        if changed & TRACE_NAMES:
            self.trace = self.engine.trace = trace_of(self.parameters)
        self.engine.change(homogeneous_dynamics(self.parameters, self.dt))
        self.theory = theory_of(self.parameters)

    def start_at(self, step: int) -> None:
        self.engine.first_step = step

    def advance(self, steps: int) -> SpikeEvents:
        last = self.engine.first_step + self.engine.step + steps - 1
        self.mean = float(self.trace.values(last, 1, self.dt)[0])
        return self.engine.advance(steps)

    def voltages(self) -> np.ndarray:
        """E voltages."""
        return self.engine.voltages[: self.sizes["E"]]

    def currents(self) -> dict[str, dict[str, float]]:
        """Mean currents into E and I."""
        return self.engine.currents(self.mean)


class SpatialSession(_Base):
    """S3: camera and network, with the mean field beside them."""

    def __init__(self, parameters: BalancedParameters, progress: Progress) -> None:
        from backend.spiking.balanced_spatial import SpatialNetwork
        from backend.spiking.balanced_wiring import wire_spatial

        super().__init__(parameters)
        geometry = geometry_of(parameters)
        stimulus = stimulus_of(parameters)
        wiring = wire_spatial(geometry, parameters.seed, progress)
        self.network = SpatialNetwork(
            wiring, spatial_dynamics(parameters), stimulus, parameters.seed
        )
        self.sizes = dict(zip(("F", "E", "I"), self.network.sizes, strict=True))
        self.theory = theory_of(parameters)
        self.disc: Discs | None = stimulus if isinstance(stimulus, Discs) else None
        self.field = mean_field(parameters, 1.0, overlay=True)

    def take(self, parameters: BalancedParameters, changed: frozenset[str]) -> None:
        self.parameters = merged(self.parameters, parameters)
        dynamics = spatial_dynamics(self.parameters, self.dt)
        self.network.dynamics = dynamics
        self.theory = theory_of(self.parameters)
        self.field.change(spatial_dynamics(self.parameters, 1.0))
        if changed & STIMULUS_NAMES:
            stimulus = stimulus_of(self.parameters)
            self.network.show(stimulus)
            self.disc = stimulus if isinstance(stimulus, Discs) else None
            self.field.stimulus = disc_of(self.parameters)

    def start_at(self, step: int) -> None:
        self.network.step = step
        self.field.step = round(step * self.dt)

    def advance(self, steps: int) -> SpikeEvents:
        return self.network.advance(steps)

    def voltages(self) -> np.ndarray:
        """E voltages."""
        return self.network.voltages("E")

    def currents(self) -> dict[str, dict[str, float]]:
        """Mean currents into E and I."""
        return {layer: self.network.currents(layer) for layer in ("E", "I")}

    @property
    def saturated(self) -> int:
        return self.network.saturated


class PreviewSession(_Base):
    """Rate fields of S3, no spikes."""

    def __init__(self, parameters: BalancedParameters) -> None:
        super().__init__(parameters)
        self.disc: Discs | None = disc_of(parameters)
        self.field = mean_field(parameters, self.dt)
        self.disc_rates = np.zeros((0, 3))
        self.theory = theory_of(parameters)

    def take(self, parameters: BalancedParameters, changed: frozenset[str]) -> None:
        self.parameters = merged(self.parameters, parameters)
        self.field.change(spatial_dynamics(self.parameters, self.dt))
        self.disc = self.field.stimulus = disc_of(self.parameters)
        self.theory = theory_of(self.parameters)

    def start_at(self, step: int) -> None:
        self.field.step = step

    def advance(self, steps: int) -> SpikeEvents:
        self.disc_rates = self.field.advance(steps)
        return no_spikes(self.dt, ("F", "E", "I"))


def mean_field(parameters: BalancedParameters, dt: float, overlay: bool = False) -> Any:
    """Rate fields of S3 at their own step; the overlay beside a run is coarser and cheaper."""
    from backend.spiking.balanced_preview import MeanFieldPreview

    share, coarse = (OVERLAY_STEP_SHARE, OVERLAY_COARSE) if overlay else (0.1, 1)
    return MeanFieldPreview(
        geometry_of(parameters),
        spatial_dynamics(parameters, dt),
        disc_of(parameters),
        share,
        coarse,
    )


def has_barrier(session: Session) -> bool:
    """Whether the session reflects voltages at zero."""
    return barrier_of(session.parameters)
