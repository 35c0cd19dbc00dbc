"""The study's own sentences of the methods paragraph.

Source: 01-ei-balanced-network; decisions of spec sections 2 and 8.
"""

from __future__ import annotations

from backend.studies.ei_balanced.parameters import BalancedParameters, step_of


def methods(parameters: BalancedParameters, procedure: str) -> str:
    """What was simulated, with the numbers of this parameter set."""
    p = parameters
    reset = "by subtracting the threshold" if p.reset == "subtract" else "to zero"
    common = (
        "Neurons integrated their input without leak or refractory period "
        f"(Euler step {step_of(p):g} ms) and were reset {reset}. "
    )
    text = common + {"S1": _uncoupled, "S2": _homogeneous, "S3": _spatial, "preview": _preview}[
        p.mode
    ](p)
    if procedure not in ("free", "wiring"):
        text += f" Measurements were repeated with up to {p.trials} seeds from {p.seed} on."
    return text


def _uncoupled(p: BalancedParameters) -> str:
    noise = (
        f"a variance-to-mean ratio of {p.beta:g}" if p.noise == "vmr" else f"noise σ = {p.sigma:g}"
    )
    return (
        f"{p.n_1} uncoupled neurons (τ = {p.tau:g} ms, θ = {p.theta_1:g}) received white noise "
        f"with {noise}; voltages were compared with the stationary Fokker–Planck density."
    )


def _homogeneous(p: BalancedParameters) -> str:
    weights = "divided by √N" if p.divided else "not divided by √N"
    engine = " The network was run in Brian2." if p.engine == "brian2" else ""
    return (
        f"{p.n} neurons ({100 * p.q_i:g} % inhibitory, τ_E = {p.tau_e:g} ms, τ_I = {p.tau_i:g} ms, "
        f"θ = {p.theta:g}) were connected at random (p_EE = {p.s2_p_ee:g}, no autapses) through "
        f"exponential currents of {p.k * p.s2_tau_es:g} ms (E) and {p.k * p.s2_tau_is:g} ms (I), "
        f"weights {weights}; rates were compared with finite-size mean-field theory.{engine}"
    )


def _spatial(p: BalancedParameters) -> str:
    reading = "variances" if p.width_is_variance else "standard deviations"
    return (
        f"A camera layer of {p.side_f} × {p.side_f} cells drove {p.side_e} × {p.side_e} excitatory "
        f"and {p.side_i} × {p.side_i} inhibitory cells on the unit square. Out-degrees were "
        "Poisson, targets Gaussian around the source and redrawn outside the field, multapses "
        f"allowed; widths {p.a_f:g}, {p.a_e:g}, {p.a_i:g} (F, E, I) were read as {reading}. "
        f"Synaptic constants were {p.k * p.tau_fs:g}, {p.k * p.tau_es:g} and {p.k * p.tau_is:g} ms "
        f"(F, E, I). Positions were read every millisecond from counts in a trailing window of "
        f"{p.window:g} ms, smoothed with a Gaussian of 0.03 of the field, as the centroid above "
        "half the maximum."
    )


def _preview(p: BalancedParameters) -> str:
    return (
        "Only the rate fields of the spatial network were advanced: synapses as first-order "
        "filters, Gaussian connections as exact convolutions, rates proportional to the current."
    )
