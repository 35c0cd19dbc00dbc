"""The measurements behind the paper's figures, as functions of networks and seeds.

Study, sweeps and science tests call the same functions. ``check`` is called at least every 0.1 s of
work and may raise to cancel.

Source: 01-ei-balanced-network, Figs. 2, 3, 5 and 6; procedures of spec section 7.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from backend.analysis.lag import (
    PositionDecoder,
    bin_counts,
    linear_tracking,
    sine_fit,
    spatial_lag,
    step_response,
    temporal_lag,
)
from backend.spiking.balanced_events import SpikeEvents, join
from backend.spiking.balanced_homogeneous import Dynamics, HomogeneousNetwork, Wiring
from backend.spiking.balanced_spatial import SpatialDynamics, SpatialNetwork, Stimulus
from backend.spiking.balanced_theory import density_cdf, finite_rates
from backend.spiking.balanced_uncoupled import PopulationDynamics, UncoupledPopulation
from backend.spiking.balanced_wiring import SpatialWiring
from backend.stimuli.camera import Discs, inside_disc
from backend.stimuli.traces import Trace

Check = Callable[[], None]
PIECE = 500
"""Steps between two looks at cancel."""


def ignore() -> None:
    """A check that never cancels."""


def spikes_of(
    advance: Callable[[int, int], SpikeEvents], steps: int, check: Check = ignore
) -> SpikeEvents:
    """All spikes of ``steps`` steps, made in pieces; ``advance(first, n)``."""
    parts = []
    for first in range(0, steps, PIECE):
        check()
        parts.append(advance(first, min(PIECE, steps - first)))
    return join(parts)


def whole_bin(wanted: float, dt: float) -> float:
    """The bin of whole steps nearest to a wanted length, in ms."""
    return max(1, round(wanted / dt)) * dt


# ---- uncoupled population ------------------------------------------------------------------


def distance_to_density(v: np.ndarray, beta: float, tau: float, theta: float) -> float:
    """Kolmogorov-Smirnov distance of voltages to the stationary density (Eq. 18)."""
    ordered = np.sort(v)
    cdf = density_cdf(ordered, beta, tau, theta)
    n = len(v)
    above = np.arange(1, n + 1) / n - cdf
    below = cdf - np.arange(n) / n
    return float(max(above.max(), below.max()))


def density_trial(
    n: int,
    dynamics: PopulationDynamics,
    mean: float,
    duration: float,
    seed: int,
    check: Check = ignore,
) -> dict[str, Any]:
    """Final voltages against Eq. 18 with their histogram, and the rate after a quarter of the run.

    ``counts`` are voltages per bin of :func:`density_edges`.
    """
    population = UncoupledPopulation(n, dynamics, seed)
    steps = round(duration / dynamics.dt)
    events = spikes_of(lambda _, k: population.advance(np.full(k, mean)), steps, check)
    v = population.voltages()
    beta = dynamics.sigma**2 / mean if dynamics.constant_sigma else dynamics.beta
    first = steps // 4
    rate = events.counts("P", n, first, steps).sum() / (n * (steps - first) * dynamics.dt)
    return {
        "ks": distance_to_density(v, beta, dynamics.tau, dynamics.theta),
        "negative": float((v < 0).mean()),
        "rate": float(rate),
        "counts": np.histogram(v, density_edges(beta, dynamics))[0].tolist(),
    }


def density_edges(beta: float, dynamics: PopulationDynamics) -> np.ndarray:
    """Bin edges of the voltage histogram: five decay lengths below 0, up to the threshold."""
    return np.linspace(-2.5 * beta / dynamics.tau, dynamics.theta, 81)


def tracking_trial(
    n: int,
    dynamics: PopulationDynamics,
    trace: Trace,
    seed: int,
    reach: float,
    bin_ms: float = 0.01,
    check: Check = ignore,
) -> list[float]:
    """Population rate after the step of ``trace``, per bin of ``bin_ms``, over ``reach`` ms."""
    population = UncoupledPopulation(n, dynamics, seed)
    dt = dynamics.dt
    first, steps = round(trace.onset / dt), round((trace.onset + reach) / dt)
    events = spikes_of(
        lambda start, k: population.advance(trace.values(start, k, dt)), steps, check
    )
    return events.rate("P", n, first, steps, max(1, round(bin_ms / dt))).tolist()


# ---- homogeneous network -------------------------------------------------------------------


def homogeneous_run(
    wiring: Wiring,
    dynamics: Dynamics,
    trace: Trace,
    duration: float,
    seed: int,
    check: Check = ignore,
) -> tuple[SpikeEvents, dict[str, dict[str, float]]]:
    """Spikes of a run and the mean currents of its second half, by population."""
    network = HomogeneousNetwork(wiring, dynamics, seed)
    steps = round(duration / dynamics.dt)
    per_look = max(1, round(1.0 / dynamics.dt))
    looks: dict[str, list[dict[str, float]]] = {"E": [], "I": []}
    parts = []
    for first in range(0, steps, per_look):
        check()
        mean = trace.values(first, min(per_look, steps - first), dynamics.dt)
        parts.append(network.advance(mean))
        if first >= steps // 2:
            for layer, seen in looks.items():
                seen.append(network.currents(layer, float(mean[-1])))
    currents = {
        layer: {name: float(np.mean([look[name] for look in seen])) for name in seen[0]}
        for layer, seen in looks.items()
    }
    return join(parts), currents


def rates_trial(
    wiring: Wiring,
    dynamics: Dynamics,
    mean: float,
    q_i: float,
    p: np.ndarray,
    duration: float,
    seed: int,
    check: Check = ignore,
) -> dict[str, float]:
    """Rates of the second half of a run with constant input beside Eq. 7, and the currents."""
    events, currents = homogeneous_run(
        wiring, dynamics, Trace("constant", base=mean), duration, seed, check
    )
    steps = round(duration / dynamics.dt)
    half = steps // 2
    n_i = wiring.n - wiring.n_e
    time = (steps - half) * dynamics.dt
    rate_e = events.counts("E", wiring.n_e, half, steps).sum() / (wiring.n_e * time)
    rate_i = events.counts("I", n_i, half, steps).sum() / (n_i * time)
    theory = finite_rates(dynamics.theory(wiring.n, q_i, p), mean)
    into_e, into_i = currents["E"], currents["I"]
    return {
        "rate_e": float(rate_e),
        "rate_i": float(rate_i),
        "theory_e": float(theory[0]),
        "theory_i": float(theory[1]),
        "cancelled_e": -into_e["I"] / (into_e["F"] + into_e["E"]),
        "cancelled_i": -into_i["I"] / (into_i["F"] + into_i["E"]),
        "recurrent_e_over_f": max(abs(into_e["E"]), abs(into_e["I"])) / into_e["F"],
        "recurrent_i_over_f": max(abs(into_i["E"]), abs(into_i["I"])) / into_i["F"],
        **{f"current_e_{name}": value for name, value in into_e.items()},
    }


def sine_rate_trial(
    wiring: Wiring,
    dynamics: Dynamics,
    trace: Trace,
    q_i: float,
    p: np.ndarray,
    seed: int,
    check: Check = ignore,
    first_ms: float = 50.0,
    last_ms: float = 250.0,
) -> dict[str, Any]:
    """E rate under a sinusoidal input against Eq. 7 (Fig. 3), 1-ms bins."""
    dt = dynamics.dt
    events, currents = homogeneous_run(wiring, dynamics, trace, last_ms, seed, check)
    bin_ms = whole_bin(1.0, dt)
    per_bin = round(bin_ms / dt)
    rate = events.rate("E", wiring.n_e, round(first_ms / dt), round(last_ms / dt), per_bin)
    rate_i = events.rate(
        "I", wiring.n - wiring.n_e, round(first_ms / dt), round(last_ms / dt), per_bin
    )
    t = first_ms + (np.arange(len(rate)) + 0.5) * bin_ms
    mean = trace.base + trace.amplitude * np.sin(2 * np.pi * t / trace.period)
    gain = finite_rates(dynamics.theory(wiring.n, q_i, p), 1.0)
    theory = gain[0] * mean
    sim, expected = (sine_fit(t, values, trace.period) for values in (rate, theory))
    lag = (expected[2] - sim[2] + math.pi) % (2 * math.pi) - math.pi
    into_e = currents["E"]
    return {
        "ratio": float(rate.mean() / theory.mean()),
        "amplitude_ratio": sim[1] / expected[1],
        "correlation": float(np.corrcoef(rate, theory)[0, 1]),
        "lag": lag / (2 * math.pi) * trace.period,
        "cancelled": -into_e["I"] / (into_e["F"] + into_e["E"]),
        "gain_e": float(gain[0]),
        "gain_i": float(gain[1]),
        "t": t.tolist(),
        "rate_e": rate.tolist(),
        "rate_i": rate_i.tolist(),
        "theory_e": theory.tolist(),
    }


# ---- spatial network -----------------------------------------------------------------------


def spatial_run(
    wiring: SpatialWiring,
    dynamics: SpatialDynamics,
    stimulus: Stimulus,
    duration: float,
    seed: int,
    check: Check = ignore,
) -> tuple[SpatialNetwork, SpikeEvents]:
    """A network after a run, and its spikes."""
    network = SpatialNetwork(wiring, dynamics, stimulus, seed)
    steps = round(duration / dynamics.dt)
    return network, spikes_of(lambda _, k: network.advance(k), steps, check)


def disc_rates(
    network: SpatialNetwork, events: SpikeEvents, disc: Discs, duration: float, bin_ms: float
) -> tuple[np.ndarray, np.ndarray]:
    """Rates of the F and E cells inside a still disc, spikes per ms and cell."""
    per_bin = max(1, round(bin_ms / events.dt))
    bins = round(duration / events.dt) // per_bin
    rates = []
    for layer in ("F", "E"):
        cells = inside_disc(network.places[layer], disc.x, disc.y, disc.radius)
        mine = events.of(layer)
        counts = bin_counts(mine.step, mine.index, cells, 0, bins, per_bin)
        rates.append(counts / (max(cells.sum(), 1) * per_bin * events.dt))
    return rates[0], rates[1]


def step_trial(
    wiring: SpatialWiring,
    dynamics: SpatialDynamics,
    disc: Discs,
    seed: int,
    duration: float = 150.0,
    bin_ms: float = 0.5,
    check: Check = ignore,
) -> dict[str, list[float]]:
    """Disc rates of F and E around the step, per bin (average these over seeds)."""
    network, events = spatial_run(wiring, dynamics, disc, duration, seed, check)
    rate_f, rate_e = disc_rates(network, events, disc, duration, bin_ms)
    return {"F": rate_f.tolist(), "E": rate_e.tolist()}


def step_values(
    rate_f: np.ndarray, rate_e: np.ndarray, onset: float = 75.0, bin_ms: float = 0.5
) -> dict[str, float]:
    """Levels, half-rise and mean lag of mean step responses (spec item 9)."""
    duration = len(rate_e) * bin_ms
    before, after = (onset - 35.0, onset), (onset + 25.0, duration)
    camera = step_response(rate_f, bin_ms, onset, before, after)
    network = step_response(rate_e, bin_ms, onset, before, after)
    return {
        "low_e": network.low,
        "plateau_e": network.plateau,
        "low_f": camera.low,
        "plateau_f": camera.plateau,
        "lag_f": camera.mean_lag,
        "half_rise_e": network.half_rise,
        "lag_e": network.mean_lag,
    }


def leaky_unit(rate: np.ndarray, tau: float, bin_ms: float) -> np.ndarray:
    """A rate unit with membrane constant tau: what a detector without balance would do."""
    out = np.empty_like(rate)
    level = rate[: max(1, len(rate) // 4)].mean()
    keep = math.exp(-bin_ms / tau)
    for k, value in enumerate(rate):
        level = keep * level + (1.0 - keep) * value
        out[k] = level
    return out


def flicker_trial(
    wiring: SpatialWiring,
    dynamics: SpatialDynamics,
    disc: Discs,
    seed: int,
    check: Check = ignore,
    warm_up: float = 30.0,
    measured: float = 150.0,
) -> dict[str, float]:
    """Phase lag and gain of E behind F at the disc over whole periods (Figs. 5B and 6A)."""
    period = disc.flicker_period
    first = math.ceil(warm_up / period) * period
    last = first + math.ceil(measured / period) * period
    network, events = spatial_run(wiring, dynamics, disc, last, seed, check)
    rate_f, rate_e = disc_rates(network, events, disc, last, dynamics.dt)
    start = round(first / dynamics.dt)
    # The rates start inside a period, which turns both phases by the same angle.
    lag = temporal_lag(rate_f[start:], rate_e[start:], dynamics.dt, period)
    return {"degrees": lag.degrees, "ms": lag.ms, "gain": lag.gain}


def decoded(
    network: SpatialNetwork, events: SpikeEvents, first_ms: float, last_ms: float, window: float
) -> dict[str, np.ndarray]:
    """Positions read from F and E every ms, each (n, 2), and their times ``t``."""
    t = np.arange(math.ceil(first_ms), math.floor(last_ms) + 1, dtype=float)
    ends = np.round(t / events.dt).astype(np.int64)
    out = {"t": t}
    for layer in ("F", "E"):
        mine = events.of(layer)
        decoder = PositionDecoder(network.geometry.side[layer])
        out[layer] = decoder.positions(
            mine.step, mine.index, ends, max(1, round(window / events.dt))
        )
    return out


def motion_trial(
    wiring: SpatialWiring,
    dynamics: SpatialDynamics,
    disc: Discs,
    seed: int,
    window: float = 5.0,
    check: Check = ignore,
    warm_up: float = 25.0,
) -> dict[str, Any]:
    """Decoded paths of a moving disc and the lag of E behind F (Figs. 5C-F and 6B)."""
    # A straight path jumps back at its end, so only the first pass counts.
    last = disc.period if disc.kind == "linear" else warm_up + disc.period
    network, events = spatial_run(wiring, dynamics, disc, last, seed, check)
    seen = decoded(network, events, warm_up, last, window)
    f, e = seen["F"], seen["E"]
    out: dict[str, Any] = {
        "t": seen["t"].tolist(), "F": f.tolist(), "E": e.tolist(),
    }  # fmt: skip
    if disc.kind == "linear":
        line = linear_tracking(f, e, abs(disc.stop - disc.start) / disc.period)
        out |= {
            "correlation": line.correlation, "distance": line.distance, "ms": line.ms,
            "scatter": line.scatter,
        }  # fmt: skip
    else:
        lag = spatial_lag(f, e, (disc.x, disc.y))
        radius = np.hypot(e[:, 0] - disc.x, e[:, 1] - disc.y)
        out |= {
            "degrees": lag.degrees, "sd": lag.sd, "ms": lag.ms(disc.period),
            "radius": float(np.nanmean(radius)),
            "correlation": float(np.corrcoef(f[:, 0], e[:, 0])[0, 1]),
        }  # fmt: skip
    return out
