"""Measurements of the spatial network: wiring, step, flicker, motion, sweeps, continuity.

Source: 01-ei-balanced-network, Figs. 5 and 6; spec section 7, items 8 to 14.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from backend.core.run import Run
from backend.spiking.balanced_wiring import SpatialWiring, displacement, wire_spatial
from backend.studies.ei_balanced import measures
from backend.studies.ei_balanced.parameters import BalancedParameters, step_of
from backend.studies.ei_balanced.settings import (
    disc_of,
    geometry_of,
    spatial_dynamics,
    sweep_lists,
)
from backend.studies.ei_balanced.trials import Trials, columns, measure_all, seeds
from backend.studies.ei_balanced.views import QUANTITIES, swept_name

STEP_BIN = 0.5
"""Bins of step responses in ms, to the nearest whole number of steps."""


class Wirings:
    """Spatial wiring by seed, the last few kept: sweeps use a seed with every k and period."""

    def __init__(self, run: Run, parameters: BalancedParameters) -> None:
        self.run, self.parameters = run, parameters
        self.held: dict[int, Any] = {}

    def __call__(self, seed: int) -> Any:
        if seed not in self.held:
            if len(self.held) >= 4:
                self.held.pop(next(iter(self.held)))
            self.held[seed] = wire_spatial(
                geometry_of(self.parameters), seed, lambda *_: self.run.check()
            )
        return self.held[seed]


def wiring(run: Run, parameters: BalancedParameters) -> None:
    """Counts and spread of the connections."""
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
    _publish_footprints(run, made)
    run.table("synapses", {"pair": list(counts), "synapses": list(counts.values())})
    run.lead("synapses_ef", f"{sum(counts.values())} synapses in all.")


def _publish_footprints(run: Run, made: SpatialWiring) -> None:
    """Where the four central camera cells send their synapses (Fig. 4)."""
    side = made.geometry.side["F"]
    middle = [side // 2 - 1, side // 2]
    cells = [row * side + column for row in middle for column in middle]
    image = np.zeros((side, side))
    image.ravel()[cells] = 1.0
    run.channel("camera").publish(image=image, markers=[])
    for layer in ("E", "I"):
        lists, n = made.lists[layer, "F"], made.geometry.side[layer]
        parts = [lists.targets[lists.pointers[c] : lists.pointers[c + 1]] for c in cells]
        counts = np.bincount(np.concatenate(parts), minlength=n * n).reshape(n, n)
        run.channel(f"map_{layer.lower()}").publish(image=counts.astype(float), markers=[])


def _bin(parameters: BalancedParameters) -> float:
    return measures.whole_bin(STEP_BIN, step_of(parameters))


def _step_curves(
    run: Run, parameters: BalancedParameters, trials: Trials, wired: Wirings, k: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean disc rates of F and E over the trials at one scale."""
    disc = disc_of(parameters)
    dynamics = spatial_dynamics(parameters.model_copy(update={"k": k}))
    duration, bin_ms = disc.onset + 75.0, _bin(parameters)

    def one(seed: int) -> dict[str, list[float]]:
        made = wired(seed)
        return measures.step_trial(made, dynamics, disc, seed, duration, bin_ms, run.check)

    found = [trials.do(("step", k, seed), partial(one, seed)) for seed in seeds(parameters)]
    rate_f, rate_e = (np.mean([trial[name] for trial in found], axis=0) for name in ("F", "E"))
    return rate_f, rate_e


def step(run: Run, parameters: BalancedParameters) -> None:
    """Response to a sudden disc (Fig. 5A), and what two toy detectors would do."""
    trials = Trials(run, parameters.trials, "step responses")
    wired = Wirings(run, parameters)
    rate_f, rate_e = _step_curves(run, parameters, trials, wired, parameters.k)
    values = measures.step_values(rate_f, rate_e, parameters.onset, _bin(parameters))
    names = {"lag_e": "mean_lag", "half_rise_e": "half_rise"}
    for name, value in values.items():
        run.measure(names.get(name, name), value, n=parameters.trials)
    gain = values["plateau_e"] / values["plateau_f"]
    leaky = measures.leaky_unit(gain * rate_f, parameters.tau_e, _bin(parameters))
    for name, toy in (("toy_copy_lag", gain * rate_f), ("toy_leaky_lag", leaky)):
        run.measure(
            name, measures.step_values(rate_f, toy, parameters.onset, _bin(parameters))["lag_e"]
        )
    run.lead("mean_lag", f"Area above the normalised curve; τ_E is {parameters.tau_e:g} ms.")
    _publish_disc_rates(run, parameters, rate_f, rate_e)


def _publish_disc_rates(
    run: Run, parameters: BalancedParameters, rate_f: np.ndarray, rate_e: np.ndarray
) -> None:
    """Curves of the figure: F, and E fitted onto it; the table keeps E as it is."""
    from backend.analysis.lag import fit_onto

    t = (np.arange(len(rate_f)) + 0.5) * _bin(parameters)
    name = "E_fitted" if parameters.scale_offset else "E_scaled"
    fitted = fit_onto(rate_f, rate_e, parameters.scale_offset)
    run.channel("curve").publish(x=t, F=rate_f, **{name: fitted})
    run.table("rates", {"t_ms": t.tolist(), "F": rate_f.tolist(), "E": rate_e.tolist()})


def scales(run: Run, parameters: BalancedParameters) -> None:
    """Mean lag of the step response at every synaptic scale of the sweep."""
    chosen = sorted(sweep_lists(parameters)[0])
    trials = Trials(run, len(chosen) * parameters.trials, "step responses")
    wired = Wirings(run, parameters)
    lags = []
    for k in chosen:
        rate_f, rate_e = _step_curves(run, parameters, trials, wired, k)
        lags.append(
            measures.step_values(rate_f, rate_e, parameters.onset, _bin(parameters))["lag_e"]
        )
        name = f"lag_k{k:g}".replace(".", "")
        if name in QUANTITIES:
            run.measure(name, lags[-1], n=parameters.trials)
    run.measure("lags_rise", float(all(np.diff(lags) > 0)))
    run.lead("lags_rise", "The lag is set by the synapses, not by the membranes.")
    run.table("lags", {"k": chosen, "lag_ms": lags})
    run.channel("scale").publish(x=np.array(chosen), lag=np.array(lags))


def flicker(run: Run, parameters: BalancedParameters) -> None:
    """Phase lag and gain at one period (Fig. 5B)."""
    trials = Trials(run, parameters.trials, "flicker")
    wired, disc = Wirings(run, parameters), disc_of(parameters)
    dynamics = spatial_dynamics(parameters)

    def one(seed: int) -> dict[str, float]:
        return measures.flicker_trial(wired(seed), dynamics, disc, seed, run.check)

    found = [trials.do(("flicker", seed), partial(one, seed)) for seed in seeds(parameters)]
    measure_all(run, "phase_lag", [trial["degrees"] for trial in found])
    measure_all(run, "phase_lag_ms", [trial["ms"] for trial in found])
    measure_all(run, "gain", [trial["gain"] for trial in found])
    run.lead("phase_lag_ms", f"Period {disc.flicker_period:.4g} ms, τ_E {parameters.tau_e:g} ms.")
    run.table("trials", {"seed": seeds(parameters), **columns(found)})
    run.status("curve")
    network, events = measures.spatial_run(
        wired(parameters.seed), dynamics, disc, 200.0, parameters.seed, run.check
    )
    curves = measures.disc_rates(network, events, disc, 200.0, _bin(parameters))
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

    def one(dynamics: Any, disc: Any, seed: int) -> dict[str, float]:
        return trial(wired(seed), dynamics, disc, seed, check=run.check)

    # Seeds outermost, so that each wiring is drawn once and every point grows together.
    for seed in seeds(parameters):
        for k in chosen:
            dynamics = spatial_dynamics(parameters.model_copy(update={"k": k}))
            for period in periods:
                disc = disc_of(parameters.model_copy(update={"period": period, "stimulus": kind}))
                found = trials.do((kind, k, period, seed), partial(one, dynamics, disc, seed))
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
    run.table("sweep", columns(rows))
    order = sorted(periods, reverse=True)
    curves, bands = {}, {}
    for number, k in enumerate(chosen[:5], start=1):
        points = [np.abs([each["degrees"] for each in cells[k, period]]) for period in order]
        mean = np.array([point.mean() for point in points])
        sd = np.array([point.std() for point in points])
        curves[f"k{number}"] = mean
        bands[f"k{number}"] = (mean - sd, mean + sd)
    channel = "sweep_speed" if run.procedure == "lag_speed" else "sweep"
    run.channel(channel).publish(x=1.0 / np.array(order), bands=bands, **curves)
    run.note(_scale_names(chosen))
    run.lead(next(iter(run.result.values), ""), "Mean of the trials.")


def _scale_names(chosen: list[float]) -> str:
    """Which synaptic scale is k₁, k₂ … in the view."""
    named = ", ".join(f"k{sub} = {k:g}" for sub, k in zip("₁₂₃₄₅", chosen, strict=False))
    rest = " Further scales stand in the table only." if len(chosen) > 5 else ""
    return f"Synaptic scales in the view: {named}.{rest}"


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
