"""Measurements of the uncoupled population and of the homogeneous network.

Source: 01-ei-balanced-network, Figs. 2 and 3; spec section 7, items 1 to 7.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from backend.core.run import Run
from backend.stimuli.traces import Trace
from backend.studies.ei_balanced import measures
from backend.studies.ei_balanced.parameters import BalancedParameters, step_of
from backend.studies.ei_balanced.settings import (
    homogeneous_dynamics,
    homogeneous_wiring,
    matrix,
    population_dynamics,
    trace_of,
)
from backend.studies.ei_balanced.trials import Trials, columns, measure_all, seeds
from backend.studies.ei_balanced.views import QUANTITIES

TRACKING_BIN = 0.01


def density(run: Run, parameters: BalancedParameters) -> None:
    """Final voltages against the stationary density (Fig. 2A)."""
    dynamics = population_dynamics(parameters)
    duration = max(4.0, 3.0 * dynamics.theta * dynamics.tau / parameters.mu)
    trials = Trials(run, parameters.trials, "density")
    found = [
        trials.do(
            ("density", seed),
            partial(
                measures.density_trial,
                parameters.n_1,
                dynamics,
                parameters.mu,
                duration,
                seed,
                run.check,
            ),
        )
        for seed in seeds(parameters)
    ]
    measure_all(run, "ks_distance", [trial["ks"] for trial in found])
    measure_all(run, "negative_share", [trial["negative"] for trial in found])
    measure_all(run, "mean_rate", [trial["rate"] for trial in found])
    run.lead("ks_distance", "Largest difference of the distribution functions.")
    counts = np.sum([trial["counts"] for trial in found], axis=0)
    _publish_density(run, parameters, counts)
    numbers = [{n: v for n, v in trial.items() if n != "counts"} for trial in found]
    run.table("trials", {"seed": seeds(parameters), **columns(numbers)})


def _publish_density(run: Run, parameters: BalancedParameters, counts: np.ndarray) -> None:
    """Histogram of all trials' voltages beside the stationary density (Fig. 2A)."""
    from backend.spiking.balanced_theory import barrier_density
    from backend.spiking.balanced_theory import density as stationary

    d = population_dynamics(parameters)
    beta = d.sigma**2 / parameters.mu if d.constant_sigma else d.beta
    edges = measures.density_edges(beta, d)
    x = np.linspace(edges[0], d.theta, 201)
    shape = barrier_density if d.barrier else stationary
    share = counts / (parameters.n_1 * parameters.trials * np.diff(edges))
    run.channel("voltage").publish(edges=edges, E=share, p0_x=x, p0=shape(x, beta, d.tau, d.theta))


def mean_rate(run: Run, parameters: BalancedParameters) -> None:
    """Mean rate under both reset rules, the hard one also at a finer step."""
    cases = (("rate_subtract", "subtract", 0.001), ("rate_hard", "hard", 0.001),
             ("rate_hard_fine", "hard", 1e-4))  # fmt: skip
    trials = Trials(run, len(cases) * parameters.trials, "mean rate")
    for name, reset, dt in cases:
        dynamics = population_dynamics(parameters.model_copy(update={"reset": reset}), dt)
        rates = [
            trials.do(
                (name, seed),
                partial(
                    measures.density_trial,
                    parameters.n_1,
                    dynamics,
                    parameters.mu,
                    4.0,
                    seed,
                    run.check,
                ),
            )["rate"]
            for seed in seeds(parameters)
        ]
        measure_all(run, name, rates)
    run.lead("rate_subtract", "Expected: μ / (θ τ).")


def tracking(run: Run, parameters: BalancedParameters) -> None:
    """Step response with constant variance-to-mean ratio and with constant noise (Fig. 2B)."""
    trace, trials = trace_of(parameters), Trials(run, 2 * parameters.trials, "tracking")
    curves = {}
    for noise in ("vmr", "sigma"):
        dynamics = population_dynamics(parameters.model_copy(update={"noise": noise}))
        curves[noise] = np.mean(
            [
                trials.do(
                    (noise, seed),
                    partial(
                        measures.tracking_trial,
                        parameters.n_1,
                        dynamics,
                        trace,
                        seed,
                        1.0,
                        TRACKING_BIN,
                        run.check,
                    ),
                )
                for seed in seeds(parameters)
            ],
            axis=0,
        )
    vmr, sigma = curves["vmr"], curves["sigma"]
    bin_ms = measures.whole_bin(TRACKING_BIN, step_of(parameters))
    theory = (trace.base + trace.amplitude) / (parameters.theta_1 * parameters.tau)
    run.measure("vmr_first_bin", vmr[0])
    run.measure("vmr_first_five", vmr[:5].mean())
    run.measure("vmr_rms", np.sqrt(np.mean((vmr - theory) ** 2)))
    run.measure("sigma_rms", np.sqrt(np.mean((sigma - theory) ** 2)))
    for name, time in (("sigma_0005", 0.005), ("sigma_0025", 0.025), ("sigma_005", 0.05),
                       ("sigma_01", 0.1), ("sigma_015", 0.15), ("sigma_02", 0.2)):  # fmt: skip
        run.measure(name, rate_at(sigma, time, bin_ms))
    run.lead("vmr_first_five", "The new rate stands at once when variance follows the mean.")
    t = (np.arange(len(vmr)) + 0.5) * bin_ms
    run.channel("curve").publish(x=t, vmr=vmr, sigma=sigma, theory=np.full(len(t), theory))
    columns = {"t_ms": t, "constant_ratio": vmr, "constant_noise": sigma}
    run.table("tracking", {name: values.tolist() for name, values in columns.items()})


def rate_at(rate: np.ndarray, time: float, bin_ms: float) -> float:
    """Rate at a time after the first bin's start; on a border the mean of the bins that meet."""
    place = time / bin_ms
    if abs(place - round(place)) < 1e-9:
        return float(rate[round(place) - 1 : round(place) + 1].mean())
    return float(rate[int(place)])


def rates(run: Run, parameters: BalancedParameters) -> None:
    """Rates of this network with its mean input held constant, against Eq. 7."""
    trials = Trials(run, 1, "rates")
    found = trials.do(("rates",), lambda: _rates(run, parameters, parameters.n, 200.0))
    run.measure("rate_e", found["rate_e"])
    run.measure("rate_i", found["rate_i"])
    run.measure("predicted_e", 1000.0 * found["theory_e"])
    run.measure("predicted_i", 1000.0 * found["theory_i"])
    run.measure("ratio_e", found["rate_e"] / found["theory_e"])
    run.measure("ratio_i", found["rate_i"] / found["theory_i"])
    run.measure("cancelled", found["cancelled_e"])
    run.lead("ratio_e", "1 means that Eq. 7 holds.")


def _rates(run: Run, parameters: BalancedParameters, n: int, duration: float) -> dict[str, float]:
    run.status(f"wiring {n} cells")
    wiring = homogeneous_wiring(parameters, lambda *_: run.check(), n)
    dynamics = homogeneous_dynamics(parameters)
    run.status(f"running {n} cells")
    return measures.rates_trial(
        wiring, dynamics, trace_of(parameters).base, parameters.q_i, matrix(parameters, "s2_p"),
        duration, parameters.seed, run.check,
    )  # fmt: skip


def rates_table(run: Run, parameters: BalancedParameters) -> None:
    """Rates for both readings of the weights at two sizes, and the balance at 10 000 cells."""
    cases = [(n, divided) for divided in (False, True) for n in (2000, 4000)] + [(10_000, False)]
    trials = Trials(run, len(cases), "rates")
    rows = []
    for n, divided in cases:
        mine = parameters.model_copy(update={"divided": divided})
        found = trials.do(("rates", n, divided), partial(_rates, run, mine, n, 200.0))
        rows.append({"n": n, "divided": divided, **found})
        suffix = f"{n}_divided" if divided else f"{n}"
        for layer in ("e", "i"):
            if f"rate_{layer}_{suffix}" in QUANTITIES:
                run.measure(f"rate_{layer}_{suffix}", found[f"rate_{layer}"])
        if not divided and n >= 4000:
            run.measure(f"cancelled_{n}", found["cancelled_e"])
        if divided and n == 4000:
            run.measure("recurrent_e_divided", found["recurrent_e_over_f"])
            run.measure("recurrent_i_divided", found["recurrent_i_over_f"])
    run.table("rates", columns(rows))
    run.lead("cancelled_10000", "Share of excitation that recurrent inhibition takes away.")


def sine(run: Run, parameters: BalancedParameters) -> None:
    """E rate under a sinusoidal input against Eq. 7 (Fig. 3)."""
    trials = Trials(run, 1, "wiring")
    trace = trace_of(parameters)

    def cell() -> dict[str, Any]:
        wiring = homogeneous_wiring(parameters, lambda *_: run.check())
        run.status("running")
        return measures.sine_rate_trial(
            wiring, homogeneous_dynamics(parameters), trace, parameters.q_i,
            matrix(parameters, "s2_p"), parameters.seed, run.check,
            first_ms=0.5 * trace.period, last_ms=2.5 * trace.period,
        )  # fmt: skip

    found = trials.do(("sine",), cell)
    run.measure("mean_ratio", found["ratio"])
    run.measure("amplitude_ratio", found["amplitude_ratio"])
    run.measure("correlation", found["correlation"])
    run.measure("phase_shift", -found["lag"])
    run.measure("slope_e", found["gain_e"])
    run.measure("slope_i", found["gain_i"])
    run.measure("cancelled", found["cancelled"])
    run.lead("mean_ratio", "Mean E rate over Eq. 7, whole periods after the first half.")
    run.note(
        "The E rate runs ahead of Eq. 7, because inhibition follows excitation by a synaptic time."
    )
    curve = {name: np.array(found[name]) for name in ("t", "rate_e", "rate_i", "theory_e")}
    run.channel("curve").publish(
        x=curve["t"], E=curve["rate_e"], I=curve["rate_i"], theory=curve["theory_e"]
    )
    run.table(
        "rates", {"t_ms": found["t"], **{n: found[n] for n in ("rate_e", "rate_i", "theory_e")}}
    )


def crosscheck(run: Run, parameters: BalancedParameters) -> None:
    """The same connections in Brian2 and here (this procedure runs in a child process)."""
    from backend.spiking.balanced_brian import BrianEngine

    duration, at_once = 300.0, 500
    dynamics = homogeneous_dynamics(parameters)
    run.status("wiring")
    wiring = homogeneous_wiring(parameters, lambda *_: run.check())
    steps = round(duration / dynamics.dt)
    half = steps // 2
    ours = measures.rates_trial(
        wiring, dynamics, parameters.mu, parameters.q_i, matrix(parameters, "s2_p"), duration,
        parameters.seed, run.check,
    )  # fmt: skip
    run.status("building in Brian2")
    engine = BrianEngine(wiring, dynamics, Trace("constant", base=parameters.mu), parameters.seed)
    counts = np.zeros(2)
    run.status(f"running in Brian2 ({engine.target})")
    for events in engine.blocks(steps, at_once):
        run.progress(engine.step, steps)
        late = events.layer[events.step >= half]
        counts += np.bincount(late, minlength=2)[:2]
    time = (steps - half) * dynamics.dt
    theirs = counts / (np.array([wiring.n_e, wiring.n - wiring.n_e]) * time)
    run.measure("rate_e", ours["rate_e"])
    run.measure("rate_i", ours["rate_i"])
    run.measure("brian_rate_e", theirs[0])
    run.measure("brian_rate_i", theirs[1])
    run.measure("difference_e", 100.0 * (ours["rate_e"] / theirs[0] - 1.0))
    run.measure("difference_i", 100.0 * (ours["rate_i"] / theirs[1] - 1.0))
    run.lead("difference_e", f"Isomorph against Brian2, target {engine.target}.")
