"""The measuring procedures of the study ei-balanced-network: trials, progress, values, curves.

Every trial is a finished cell: a stopped measurement resumes where it was.

Source: 01-ei-balanced-network, Figs. 2, 3, 5 and 6; spec section 7.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backend.core.run import Run
from backend.stimuli.traces import Trace
from backend.studies.ei_balanced import measures
from backend.studies.ei_balanced.parameters import BalancedParameters
from backend.studies.ei_balanced.settings import (
    disc_of,
    geometry_of,
    homogeneous_dynamics,
    homogeneous_wiring,
    matrix,
    population_dynamics,
    spatial_dynamics,
    sweep_lists,
    trace_of,
)
from backend.studies.ei_balanced.views import QUANTITIES, swept_name

STEP_BIN = 0.5
TRACKING_BIN = 0.01


class Trials:
    """Runs cells of work with progress; a cell that was finished before is not repeated."""

    def __init__(self, run: Run, total: int, what: str) -> None:
        self.run, self.total, self.what = run, total, what
        self.done = 0

    def do(self, key: tuple[Any, ...], function: Callable[[], Any]) -> Any:
        """One cell; its key must name everything that tells it from the others."""
        self.run.progress(self.done, self.total, self.what)
        value = self.run.cells.do(key, function)
        self.done += 1
        self.run.progress(self.done, self.total, self.what)
        return value


def measure_all(run: Run, name: str, values: list[float]) -> None:
    """Mean, SD and number of trials of a quantity."""
    good = np.array(values, float)
    sd = float(good.std(ddof=1)) if len(good) > 1 else None
    run.measure(name, float(good.mean()), sd, len(good))


def seeds(parameters: BalancedParameters) -> list[int]:
    """Seeds of the trials."""
    return [(parameters.seed + trial) % 2**31 for trial in range(parameters.trials)]


def run_procedure(run: Run) -> None:
    """Do the measurement ``run.procedure`` names."""
    PROCEDURES[run.procedure](run, run.parameters)


# ---- S1 --------------------------------------------------------------------------------------


def density(run: Run, parameters: BalancedParameters) -> None:
    """Final voltages against the stationary density (Fig. 2A)."""
    dynamics = population_dynamics(parameters)
    duration = max(4.0, 3.0 * dynamics.theta * dynamics.tau / parameters.mu)
    trials = Trials(run, parameters.trials, "density")
    found = [
        trials.do(
            ("density", seed),
            lambda seed=seed: measures.density_trial(
                parameters.n_1, dynamics, parameters.mu, duration, seed, run.check
            ),
        )
        for seed in seeds(parameters)
    ]
    measure_all(run, "ks_distance", [trial["ks"] for trial in found])
    measure_all(run, "negative_share", [trial["negative"] for trial in found])
    measure_all(run, "mean_rate", [trial["rate"] for trial in found])
    run.lead("ks_distance", "Largest difference of the distribution functions.")
    run.table("trials", {"seed": seeds(parameters), **_columns(found)})


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
                lambda seed=seed, dynamics=dynamics: measures.density_trial(
                    parameters.n_1, dynamics, parameters.mu, 4.0, seed, run.check
                )["rate"],
            )
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
                    lambda seed=seed, dynamics=dynamics: measures.tracking_trial(
                        parameters.n_1, dynamics, trace, seed, 1.0, TRACKING_BIN, run.check
                    ).tolist(),
                )
                for seed in seeds(parameters)
            ],
            axis=0,
        )
    vmr, sigma = curves["vmr"], curves["sigma"]
    theory = (trace.base + trace.amplitude) / (parameters.theta_1 * parameters.tau)
    run.measure("vmr_first_bin", vmr[0])
    run.measure("vmr_first_five", vmr[:5].mean())
    run.measure("vmr_rms", np.sqrt(np.mean((vmr - theory) ** 2)))
    run.measure("sigma_rms", np.sqrt(np.mean((sigma - theory) ** 2)))
    for name, time in (("sigma_0005", 0.005), ("sigma_0025", 0.025), ("sigma_005", 0.05),
                       ("sigma_01", 0.1), ("sigma_015", 0.15), ("sigma_02", 0.2)):  # fmt: skip
        run.measure(name, rate_at(sigma, time, TRACKING_BIN))
    run.lead("vmr_first_five", "The new rate stands at once when variance follows the mean.")
    t = (np.arange(len(vmr)) + 0.5) * TRACKING_BIN
    run.channel("curve").publish(x=t, E=vmr, sigma=sigma, theory=np.full(len(t), theory))
    columns = {"t_ms": t, "constant_ratio": vmr, "constant_noise": sigma}
    run.table("tracking", {name: values.tolist() for name, values in columns.items()})


def rate_at(rate: np.ndarray, time: float, bin_ms: float) -> float:
    """Rate at a time after the first bin's start; on a border the mean of the bins that meet."""
    place = time / bin_ms
    if abs(place - round(place)) < 1e-9:
        return float(rate[round(place) - 1 : round(place) + 1].mean())
    return float(rate[int(place)])


# ---- S2 --------------------------------------------------------------------------------------


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
        found = trials.do(("rates", n, divided), lambda mine=mine, n=n: _rates(run, mine, n, 200.0))
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
    run.table("rates", _columns(rows))
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

    duration, at_once = 300.0, 20
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


# ---- S3 --------------------------------------------------------------------------------------


class Wirings:
    """Spatial wiring by seed, the last few kept: sweeps use a seed with every k and period."""

    def __init__(self, run: Run, parameters: BalancedParameters) -> None:
        self.run, self.parameters = run, parameters
        self.held: dict[int, Any] = {}

    def __call__(self, seed: int) -> Any:
        from backend.spiking.balanced_wiring import wire_spatial

        if seed not in self.held:
            if len(self.held) >= 4:
                self.held.pop(next(iter(self.held)))
            self.held[seed] = wire_spatial(
                geometry_of(self.parameters), seed, lambda *_: self.run.check()
            )
        return self.held[seed]


def wiring(run: Run, parameters: BalancedParameters) -> None:
    """Counts and spread of the connections."""
    from backend.spiking.balanced_wiring import displacement, wire_spatial

    made = wire_spatial(
        geometry_of(parameters), parameters.seed,
        lambda done, total: run.progress(done, total, "wiring"),
    )  # fmt: skip
    counts = {}
    for (a, b), lists in made.lists.items():
        counts[f"{b} → {a}"] = lists.synapses
        run.measure(f"synapses_{a}{b}".lower(), lists.synapses)
    run.measure("spread_ef", displacement(made, "E", "F"))
    run.measure("spread_ee", displacement(made, "E", "E"))
    run.table("synapses", {"pair": list(counts), "synapses": list(counts.values())})
    run.lead("synapses_ef", f"{sum(counts.values())} synapses in all.")


def _step_curves(
    run: Run, parameters: BalancedParameters, trials: Trials, wired: Wirings, k: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean disc rates of F and E over the trials at one scale."""
    disc = disc_of(parameters)
    dynamics = spatial_dynamics(parameters.model_copy(update={"k": k}))
    found = [
        trials.do(
            ("step", k, seed),
            lambda seed=seed: measures.step_trial(
                wired(seed), dynamics, disc, seed, disc.onset + 75.0, STEP_BIN, run.check
            ),
        )
        for seed in seeds(parameters)
    ]
    rate_f, rate_e = (np.mean([trial[name] for trial in found], axis=0) for name in ("F", "E"))
    return rate_f, rate_e


def step(run: Run, parameters: BalancedParameters) -> None:
    """Response to a sudden disc (Fig. 5A), and what two toy detectors would do."""
    trials = Trials(run, parameters.trials, "step responses")
    wired = Wirings(run, parameters)
    rate_f, rate_e = _step_curves(run, parameters, trials, wired, parameters.k)
    values = measures.step_values(rate_f, rate_e, parameters.onset, STEP_BIN)
    names = {"lag_e": "mean_lag", "half_rise_e": "half_rise"}
    for name, value in values.items():
        run.measure(names.get(name, name), value, n=parameters.trials)
    gain = values["plateau_e"] / values["plateau_f"]
    leaky = measures.leaky_unit(gain * rate_f, parameters.tau_e, STEP_BIN)
    for name, toy in (("toy_copy_lag", gain * rate_f), ("toy_leaky_lag", leaky)):
        run.measure(name, measures.step_values(rate_f, toy, parameters.onset, STEP_BIN)["lag_e"])
    run.lead("mean_lag", f"Area above the normalised curve; τ_E is {parameters.tau_e:g} ms.")
    _publish_disc_rates(run, parameters, rate_f, rate_e)


def _publish_disc_rates(
    run: Run, parameters: BalancedParameters, rate_f: np.ndarray, rate_e: np.ndarray
) -> None:
    """Curves of the figure: F, and E fitted onto it."""
    from backend.analysis.lag import fit_onto

    t = (np.arange(len(rate_f)) + 0.5) * STEP_BIN
    run.channel("curve").publish(x=t, F=rate_f, E=fit_onto(rate_f, rate_e, parameters.scale_offset))
    run.table("rates", {"t_ms": t.tolist(), "F": rate_f.tolist(), "E": rate_e.tolist()})


def scales(run: Run, parameters: BalancedParameters) -> None:
    """Mean lag of the step response at every synaptic scale of the sweep."""
    chosen = sorted(sweep_lists(parameters)[0])
    trials = Trials(run, len(chosen) * parameters.trials, "step responses")
    wired = Wirings(run, parameters)
    lags = []
    for k in chosen:
        rate_f, rate_e = _step_curves(run, parameters, trials, wired, k)
        lags.append(measures.step_values(rate_f, rate_e, parameters.onset, STEP_BIN)["lag_e"])
        name = f"lag_k{k:g}".replace(".", "")
        if name in QUANTITIES:
            run.measure(name, lags[-1], n=parameters.trials)
    run.measure("lags_rise", float(all(np.diff(lags) > 0)))
    run.lead("lags_rise", "The lag is set by the synapses, not by the membranes.")
    run.table("lags", {"k": chosen, "lag_ms": lags})
    run.channel("sweep").publish(x=np.array(chosen), k1=np.array(lags))


def flicker(run: Run, parameters: BalancedParameters) -> None:
    """Phase lag and gain at one period (Fig. 5B)."""
    trials = Trials(run, parameters.trials, "flicker")
    wired, disc = Wirings(run, parameters), disc_of(parameters)
    dynamics = spatial_dynamics(parameters)
    found = [
        trials.do(
            ("flicker", seed),
            lambda seed=seed: measures.flicker_trial(wired(seed), dynamics, disc, seed, run.check),
        )
        for seed in seeds(parameters)
    ]
    measure_all(run, "phase_lag", [trial["degrees"] for trial in found])
    measure_all(run, "phase_lag_ms", [trial["ms"] for trial in found])
    measure_all(run, "gain", [trial["gain"] for trial in found])
    run.lead("phase_lag_ms", f"Period {disc.flicker_period:.4g} ms, τ_E {parameters.tau_e:g} ms.")
    run.table("trials", {"seed": seeds(parameters), **_columns(found)})
    run.status("curve")
    network, events = measures.spatial_run(
        wired(parameters.seed), dynamics, disc, 200.0, parameters.seed, run.check
    )
    curves = measures.disc_rates(network, events, disc, 200.0, STEP_BIN)
    _publish_disc_rates(run, parameters, *curves)


def motion(run: Run, parameters: BalancedParameters) -> None:
    """Lag of the decoded position on a straight or circular path (Figs. 5C-F), first seed."""
    trials = Trials(run, 1, "motion")
    wired, disc = Wirings(run, parameters), disc_of(parameters)
    found = trials.do(
        ("motion",),
        lambda: measures.motion_trial(
            wired(parameters.seed), spatial_dynamics(parameters), disc, parameters.seed,
            parameters.window, run.check,
        ),
    )  # fmt: skip
    if disc.kind == "linear":
        run.measure("distance", found["distance"])
        run.measure("scatter", found["scatter"])
    else:
        run.measure("angle_lag", found["degrees"])
        run.measure("angle_sd", found["sd"])
        run.measure("radius_e", found["radius"])
    run.measure("correlation", found["correlation"])
    run.measure("motion_lag", found["ms"])
    run.lead("motion_lag", f"τ_E is {parameters.tau_e:g} ms; the camera is the reference.")
    f, e = np.array(found["F"]), np.array(found["E"])
    run.channel("position").publish(np.array(found["t"]), f[:, 0], f[:, 1], e[:, 0], e[:, 1])
    run.table("positions", {
        "t_ms": found["t"], "F_x": f[:, 0].tolist(), "F_y": f[:, 1].tolist(),
        "E_x": e[:, 0].tolist(), "E_y": e[:, 1].tolist(),
    })  # fmt: skip


def lag_frequency(run: Run, parameters: BalancedParameters) -> None:
    """Phase lag against flicker frequency for several synaptic scales (Fig. 6A)."""
    _sweep(
        run, parameters, "flicker", measures.flicker_trial, ("phase", "degrees"), ("gain", "gain")
    )


def lag_speed(run: Run, parameters: BalancedParameters) -> None:
    """Spatial lag against motion period for several synaptic scales (Fig. 6B)."""
    _sweep(run, parameters, "circle", _motion_values, ("angle", "degrees"), ("motion", "ms"))


def _motion_values(
    wired: Any, dynamics: Any, disc: Any, seed: int, check: Callable[[], None]
) -> dict[str, float]:
    found = measures.motion_trial(wired, dynamics, disc, seed, check=check)
    return {name: found[name] for name in ("degrees", "ms", "radius")}


def _sweep(
    run: Run,
    parameters: BalancedParameters,
    kind: str,
    trial: Callable[..., dict[str, float]],
    *named: tuple[str, str],
) -> None:
    """All periods, scales and trials; results appear after every finished point."""
    chosen, periods = sweep_lists(parameters)
    trials = Trials(run, len(chosen) * len(periods) * parameters.trials, "sweep")
    wired = Wirings(run, parameters)
    cells: dict[tuple[float, float], list[dict[str, float]]] = {}
    # Seeds outermost, so that each wiring is drawn once and every point grows together.
    for seed in seeds(parameters):
        for k in chosen:
            dynamics = spatial_dynamics(parameters.model_copy(update={"k": k}))
            for period in periods:
                disc = disc_of(parameters.model_copy(update={"period": period, "stimulus": kind}))
                found = trials.do(
                    (kind, k, period, seed),
                    lambda seed=seed, dynamics=dynamics, disc=disc: trial(
                        wired(seed), dynamics, disc, seed, check=run.check
                    ),
                )
                cells.setdefault((k, period), []).append(found)
        _publish_sweep(run, chosen, periods, cells, named)


def _publish_sweep(
    run: Run,
    chosen: list[float],
    periods: list[float],
    cells: dict[tuple[float, float], list[dict[str, float]]],
    named: tuple[tuple[str, str], ...],
) -> None:
    """Values, table and curves of the points so far."""
    rows = []
    for (k, period), found in cells.items():
        for name, key in named:
            quantity = swept_name(name, k, period)
            if quantity in QUANTITIES:
                measure_all(run, quantity, [each[key] for each in found])
        row: dict[str, Any] = {"k": k, "period_ms": period, "n": len(found)}
        for key in found[0]:
            values = np.array([each[key] for each in found])
            row[f"{key}_mean"] = float(values.mean())
            row[f"{key}_sd"] = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        rows.append(row)
    run.table("sweep", _columns(rows))
    order = sorted(periods, reverse=True)
    curves, bands = {}, {}
    for number, k in enumerate(chosen[:5], start=1):
        points = [np.abs([each["degrees"] for each in cells[k, period]]) for period in order]
        mean = np.array([point.mean() for point in points])
        sd = np.array([point.std() for point in points])
        curves[f"k{number}"] = mean
        bands[f"k{number}"] = (mean - sd, mean + sd)
    run.channel("sweep").publish(x=1.0 / np.array(order), bands=bands, **curves)
    lead = next((name for name in run.result.values), "")
    run.lead(lead, f"Synaptic scales {', '.join(f'{k:g}' for k in chosen)}; mean of the trials.")


def continuity(run: Run, parameters: BalancedParameters) -> None:
    """A run in random pieces against one in one piece; a live change must not touch v or g."""
    from backend.spiking.balanced_spatial import SpatialNetwork

    trials = Trials(run, 2, "continuity")
    made, disc = Wirings(run, parameters)(parameters.seed), disc_of(parameters)
    dynamics = spatial_dynamics(parameters)
    total = round(100.0 / dynamics.dt)

    def cut() -> int:
        whole, pieces = (SpatialNetwork(made, dynamics, disc, parameters.seed) for _ in range(2))
        at_once = whole.advance(total)
        borders = np.unique(np.append(run.rng.integers(1, total, 30), [0, total]))
        parts = measures.join([pieces.advance(int(n)) for n in np.diff(borders)])
        if len(parts) != len(at_once):
            return abs(len(parts) - len(at_once))
        same = (parts.step == at_once.step) & (parts.layer == at_once.layer)
        return int((~(same & (parts.index == at_once.index))).sum())

    def change() -> float:
        network = SpatialNetwork(made, dynamics, disc, parameters.seed)
        network.advance(total // 2)
        state = (*network.v, network.g_e, network.g_i)
        before = [array.copy() for array in state]
        network.change(k=2.0 * dynamics.k, theta=0.8 * dynamics.theta)
        return float(sum(np.abs(a - b).sum() for a, b in zip(state, before, strict=True)))

    run.measure("differing_spikes", trials.do(("cut",), cut))
    run.measure("state_change", trials.do(("change",), change))
    run.lead("differing_spikes", "The same seed gives the same spikes however a run is cut.")


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    """Rows of equal keys as columns."""
    return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}


PROCEDURES: dict[str, Callable[[Run, BalancedParameters], None]] = {
    "density": density, "mean_rate": mean_rate, "tracking": tracking, "rates": rates,
    "rates_table": rates_table, "sine": sine, "crosscheck": crosscheck, "wiring": wiring,
    "step": step, "scales": scales, "flicker": flicker, "motion": motion,
    "lag_frequency": lag_frequency, "lag_speed": lag_speed, "continuity": continuity,
}  # fmt: skip
