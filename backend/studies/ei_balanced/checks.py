"""What is wrong with a parameter set, in words: refusals (ParameterError) and warnings (Notice).

Source: 01-ei-balanced-network; list of spec section 6.
"""

from __future__ import annotations

import math
import os

import numpy as np

from backend.core.parameters import Notice, ParameterError, show_number
from backend.spiking.balanced_theory import (
    SingularBalance,
    balance_gauge,
    finite_rates,
    hard_reset_shortfall,
    large_n_rates,
)
from backend.stimuli.traces import refuse_negative
from backend.studies.ei_balanced.parameters import (
    DISC_KINDS,
    FILE_KINDS,
    BalancedParameters,
    step_of,
)
from backend.studies.ei_balanced.settings import (
    disc_of,
    sweep_lists,
    theory_of,
    trace_of,
)

LARGEST_SHARE = 0.2
"""dt above this share of the shortest synaptic constant gets a warning."""
SHORTFALL = 0.01
"""Loss of rate by the reset rule that deserves a warning."""
BUSY = 0.5
"""Expected spikes a cell and step above which a warning is given."""
SHORTEST_STEP = 1e-4
MEMORY_SHARE = 0.5
"""Largest share of the machine's memory a network's connections may take."""
SWEEPS = ("lag_frequency", "lag_speed")


def check(parameters: BalancedParameters, procedure: str) -> list[Notice]:
    """Warnings; raises ParameterError for a set that cannot run."""
    refuse_step(parameters)
    refuse_memory(parameters)
    refuse_procedure(parameters, procedure)
    if parameters.mode in ("S1", "S2"):
        refuse_trace(parameters)
    else:
        refuse_stimulus(parameters)
        if procedure in SWEEPS or procedure == "scales":
            sweep_lists(parameters)
    if parameters.mode == "S1":
        return [n for n in (busy(parameters), low_rate(parameters)) if n]
    refuse_singular(parameters)
    found = [balance(parameters), long_step(parameters), busy(parameters), widths(parameters)]
    return [notice for notice in found if notice]


def refuse_step(parameters: BalancedParameters) -> None:
    """The step is zero (automatic) or long enough to mean something."""
    if 0.0 < parameters.dt < SHORTEST_STEP:
        raise ParameterError(
            "dt",
            f"A step of {show_number(parameters.dt, 2)} ms is too short. "
            f"Use {SHORTEST_STEP:g} ms or more, or 0 for the system's own.",
            SHORTEST_STEP,
        )


NEEDS = {
    "density": ("S1",), "mean_rate": ("S1",), "tracking": ("S1",), "rates": ("S2",),
    "rates_table": ("S2",), "sine": ("S2",), "crosscheck": ("S2",), "wiring": ("S3",),
    "step": ("S3",), "scales": ("S3",), "flicker": ("S3",), "motion": ("S3",),
    "lag_frequency": ("S3",), "lag_speed": ("S3",), "continuity": ("S3",),
}  # fmt: skip
NEEDED_STIMULUS = {
    "step": ("step",), "scales": ("step",), "flicker": ("flicker",),
    "motion": ("linear", "circle"), "lag_frequency": ("flicker",), "lag_speed": ("circle",),
}  # fmt: skip


def refuse_procedure(parameters: BalancedParameters, procedure: str) -> None:
    """Each measurement belongs to one system, some to one stimulus or input."""
    modes = NEEDS.get(procedure)
    if modes and parameters.mode not in modes:
        raise ParameterError(
            "mode",
            f"This measurement needs system {modes[0]}; {parameters.mode} is chosen. "
            f"Choose {modes[0]}.",
            modes[0],
        )
    kinds = NEEDED_STIMULUS.get(procedure)
    if kinds and parameters.stimulus not in kinds:
        raise ParameterError(
            "stimulus",
            f"This measurement needs the stimulus {' or '.join(kinds)}; "
            f"{parameters.stimulus} is chosen.",
            kinds[0],
        )
    if procedure == "tracking" and parameters.mu_kind != "step":
        raise ParameterError("mu_kind", "Tracking is measured on a step of the input.", "step")
    if procedure == "sine" and parameters.mu_kind != "sine":
        raise ParameterError("mu_kind", "This measurement needs a sine as input.", "sine")
    if procedure == "density" and parameters.mu <= 0.0:
        raise ParameterError("mu", "The stationary density needs a mean input above 0.", 1.0)
    if procedure == "crosscheck" and parameters.engine != "brian2":
        raise ParameterError("engine", "The cross-check needs the engine Brian2.", "brian2")


def refuse_memory(parameters: BalancedParameters, limit: float | None = None) -> None:
    """Connections must fit; the estimate and the limit are in bytes."""
    field, needed = "n", 0.0
    if parameters.mode == "S2":
        needed = parameters.n**2 / 8
        if parameters.engine == "brian2":
            refuse_brian(parameters)
            needed = 32.0 * parameters.n**2 * max(
                parameters.s2_p_ee, parameters.s2_p_ei, parameters.s2_p_ie, parameters.s2_p_ii
            )  # fmt: skip
    elif parameters.mode == "S3":
        field = "side_e"
        sides = {"f": parameters.side_f, "e": parameters.side_e, "i": parameters.side_i}
        # Building holds displacements in double precision for the largest pair beside the lists.
        needed = 2.0 * sum(
            getattr(parameters, f"p_{a}{b}") * sides[a] ** 2 * sides[b] ** 2
            for a in "ei" for b in "fei"
        )  # fmt: skip
    allowed = MEMORY_SHARE * memory() if limit is None else limit
    if needed > allowed:
        raise ParameterError(
            field,
            f"This network's connections need {needed / 2**30:.1f} GB; {allowed / 2**30:.1f} GB "
            "are allowed. Use fewer cells or lower densities.",
        )


def refuse_brian(parameters: BalancedParameters) -> None:
    """Brian2 is a cross-check for networks of moderate size."""
    if parameters.n > 4000:
        raise ParameterError(
            "n",
            f"Brian2 takes up to 4000 neurons here; {show_number(parameters.n)} were given. "
            "Use fewer, or the Isomorph engine.",
            4000,
        )


def memory() -> float:
    """Physical memory in bytes; 4 GB where the system does not say."""
    try:
        return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return 4.0 * 2**30


def refuse_trace(parameters: BalancedParameters) -> None:
    """The input trace must be readable, and non-negative where it sets the variance."""
    trace = trace_of(parameters)
    if parameters.mode == "S2" or parameters.noise == "vmr":
        fields = {"file": "mu_file", "points": "mu_points", "constant": "mu"}
        fallback = "mu" if parameters.mu < 0.0 else "mu_amplitude"
        refuse_negative(trace, fields.get(parameters.mu_kind, fallback))


def refuse_stimulus(parameters: BalancedParameters) -> None:
    """Discs stay in the field; files are named (they are read when the run starts)."""
    if parameters.mode == "preview" and parameters.stimulus not in DISC_KINDS:
        raise ParameterError(
            "stimulus", "The preview shows discs only. Choose a disc, or system S3.", "circle"
        )
    if parameters.stimulus in FILE_KINDS:
        if parameters.stimulus != "photo" and not parameters.stimulus_file:
            raise ParameterError(
                "stimulus_file",
                "No recording is chosen. Choose a file, or another kind of stimulus.",
            )
        return
    disc = disc_of(parameters)
    if disc.kind == "path":
        points = disc.points
        if len(points) < 2:
            raise ParameterError("path_points", "The drawn path needs at least two points.")
        if not np.isfinite(points).all() or points.min() < 0.0 or points.max() > 1.0:
            raise ParameterError(
                "path_points", "The drawn path leaves the field. Keep x and y within 0 to 1."
            )
    if not disc.inside_field():
        reach = min(disc.x, 1.0 - disc.x, disc.y, 1.0 - disc.y)
        raise ParameterError(
            "path_radius",
            f"The disc leaves the field: the path radius is {show_number(disc.path_radius, 3)}, "
            f"the centre is {show_number(reach, 3)} from the edge. Use {show_number(reach, 3)}.",
            round(reach, 6),
        )


def refuse_singular(parameters: BalancedParameters) -> None:
    """A balanced state needs drive and a determinant that is not zero."""
    theory = theory_of(parameters)
    if not theory.f.any():
        raise ParameterError(
            "f_e" if parameters.mode == "S2" else "j_ef",
            "There is no finite balanced state: the feedforward drive is zero. Raise f or j.",
        )
    try:
        large_n_rates(theory, 1.0)
        finite_rates(theory, 1.0)
    except SingularBalance:
        raise ParameterError(
            "s2_j_ei" if parameters.mode == "S2" else "j_ei",
            "There is no finite balanced state: w_EI w_IE − w_EE w_II is zero. "
            "Change one recurrent weight or density.",
        ) from None


def balance(parameters: BalancedParameters) -> Notice | None:
    """The balance condition f_E/f_I > w_EI/w_II > w_EE/w_IE, with its numbers."""
    gauge = balance_gauge(theory_of(parameters))
    if gauge.holds:
        return None
    if not gauge.first:
        what = (
            f"f_E/f_I = {_number(gauge.drive)} is not above w_EI/w_II = {_number(gauge.inhibition)}"
        )
    else:
        what = (
            f"w_EI/w_II = {_number(gauge.inhibition)} is not above "
            f"w_EE/w_IE = {_number(gauge.excitation)}"
        )
    return Notice(
        "", "The balance condition does not hold.",
        f"{what}; rates may saturate or die out. The run goes on.",
    )  # fmt: skip


def _number(value: float) -> str:
    return "undefined" if math.isnan(value) else show_number(value, 3)


def shortest_synapse(parameters: BalancedParameters) -> float:
    """Shortest synaptic constant in ms."""
    if parameters.mode == "S2":
        return parameters.k * min(parameters.s2_tau_es, parameters.s2_tau_is)
    return parameters.k * min(parameters.tau_fs, parameters.tau_es, parameters.tau_is)


def long_step(parameters: BalancedParameters) -> Notice | None:
    """dt should resolve the synapses."""
    dt, shortest = step_of(parameters), shortest_synapse(parameters)
    if parameters.mode == "preview" or dt <= LARGEST_SHARE * shortest:
        return None
    fix = _rounded_down(LARGEST_SHARE * shortest)
    return Notice(
        "dt", "The step is long for these synapses.",
        f"dt = {show_number(dt)} ms is more than a fifth of the shortest synaptic constant, "
        f"{show_number(shortest, 3)} ms. Use {show_number(fix)} ms.", fix,
    )  # fmt: skip


def low_rate(parameters: BalancedParameters) -> Notice | None:
    """A reset to zero loses the overshoot of each crossing."""
    if parameters.reset != "hard":
        return None
    sigma = parameters.sigma
    if parameters.noise == "vmr":
        sigma = math.sqrt(parameters.beta * max(highest_input(parameters), 0.0))
    share = hard_reset_shortfall(sigma, step_of(parameters), parameters.tau, parameters.theta_1)
    if share <= SHORTFALL:
        return None
    return Notice(
        "reset", "The reset to zero reads low.",
        f"At this step the mean rate falls short by about {100.0 * share:.1f} %. "
        "Subtract the threshold instead, or use a shorter step.", "subtract",
    )  # fmt: skip


def highest_input(parameters: BalancedParameters) -> float:
    """Largest mean input of one cycle of the trace."""
    trace = trace_of(parameters)
    return float(trace.sketch(max(1.001 * trace.cycle, 1.0), 500).max())


def expected_rate(parameters: BalancedParameters) -> float:
    """Highest rate expected of any cell, spikes per ms."""
    if parameters.mode in ("S1", "S2"):
        highest = highest_input(parameters)
        if parameters.mode == "S1":
            return highest / (parameters.theta_1 * parameters.tau)
        rates = finite_rates(theory_of(parameters), highest)
        return float(rates.max()) if (rates > 0).all() else 0.0
    brightest = parameters.amplitude
    if parameters.stimulus == "flicker":
        brightest += parameters.offset
    return (parameters.bg + brightest) / (parameters.theta * parameters.tau_f)


def busy(parameters: BalancedParameters) -> Notice | None:
    """More than one spike a step cannot be told apart from one."""
    dt, rate = step_of(parameters), expected_rate(parameters)
    if parameters.mode == "preview" or rate * dt <= BUSY:
        return None
    fix = _rounded_down(BUSY / rate)
    return Notice(
        "dt", "Cells would fire in most steps.",
        f"The highest rate expected is {show_number(rate, 3)} spikes/ms, "
        f"{show_number(rate * dt, 2)} a step. Use a step of {show_number(fix)} ms.", fix,
    )  # fmt: skip


def _rounded_down(value: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not above the value."""
    power = 10.0 ** math.floor(math.log10(max(value, SHORTEST_STEP)))
    return next(
        round(m * power, 12) for m in (5.0, 2.0, 1.0) if m * power <= value * (1 + 1e-9) or m == 1.0
    )


def widths(parameters: BalancedParameters) -> Notice | None:
    """The paper's width rule for stable local wiring, a warning light only."""
    if parameters.mode == "S2" or (
        parameters.a_f > max(parameters.a_e, parameters.a_i) and parameters.a_e >= parameters.a_i
    ):
        return None
    return Notice(
        "a_f", "The widths break the paper's rule.",
        "Camera connections should be the widest and E no narrower than I: "
        f"A_F, A_E, A_I are {parameters.a_f:g}, {parameters.a_e:g}, {parameters.a_i:g}.",
    )  # fmt: skip
