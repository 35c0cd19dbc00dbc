"""Three regimes side by side: avalanches, raster, BOLD and connectivity (Figures 4 and 7)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from backend.analysis.rdm_compare import upper
from backend.core.run import Run
from backend.studies.criticality import exports
from backend.studies.criticality.live_parts import bold_data, structure_data
from backend.studies.criticality.measures import avalanche_data, fit_of, shown
from backend.studies.criticality.parameters import VARIED, CriticalityParameters, grid
from backend.studies.criticality.setup import connectome_of
from backend.studies.criticality.trials import Made, automaton_run, neurons_run

RASTER_S = {"automaton": 60.0, "neurons": 5.0}


def regimes(run: Run) -> None:
    """Run each of three values of the control parameter; the first run is drawn."""
    p: CriticalityParameters = run.parameters
    automaton = p.model == "automaton"
    connectome = connectome_of(p)
    run.channel("structure").publish(**structure_data(connectome))
    values = grid(p, "three_thresholds" if automaton else "three_ratios")
    name = VARIED["thresholds" if automaton else "ratios"]
    engine = automaton_run if automaton else neurons_run
    n = p.runs if automaton else p.networks
    run.progress(0, len(values), "three regimes")
    for place, value in enumerate(values):
        here = p.model_copy(update={name: value})

        def one(seed: int, here: CriticalityParameters = here) -> Made:
            run.check()
            return engine(here, connectome, seed, run.check)

        with ThreadPoolExecutor(p.workers) as pool:
            made = list(pool.map(one, range(p.seed, p.seed + n)))
        show(run, place, value, made, connectome.labels)
        _offer(run, place, value, made, connectome.labels)
        run.progress(place + 1, len(values))


def _offer(run: Run, place: int, value: float, made: list[Made], labels: tuple[str, ...]) -> None:
    """Connectivity and the first run's BOLD of one regime."""
    p: CriticalityParameters = run.parameters
    interval = p.every * p.step / 1000 if p.model == "automaton" else p.tr
    word = ("low", "middle", "high")[place]
    fc, bold = np.mean([one.fc for one in made], axis=0), made[0].bold
    run.offer(f"fc_{word}", f"FC at {value:g}", lambda: exports.matrix("FC", fc, labels))
    run.offer(
        f"bold_{word}", f"BOLD at {value:g}",
        lambda: exports.series(bold, labels, interval),
    )  # fmt: skip


def show(run: Run, place: int, value: float, made: list[Made], labels: tuple[str, ...]) -> None:
    """Publish and measure one regime."""
    p: CriticalityParameters = run.parameters
    pooled = np.concatenate([one.sizes for one in made])
    fit, word = fit_of(pooled, p.model)
    symbol = "T_m" if p.model == "automaton" else "E/I"
    at = f"{symbol} {value:g}: {word}"
    data = avalanche_data(pooled, fit, p.model)
    data["note"] = f"{at}, a = {shown(fit.exponent)}" if np.isfinite(fit.exponent) else at
    run.channel(f"r{place}_avalanches").publish(**data)
    first = made[0]
    seconds, rows = first.events
    shown_part = seconds < RASTER_S[p.model]
    run.channel(f"r{place}_raster").publish(
        seconds[shown_part], rows[shown_part], np.zeros(int(shown_part.sum()))
    )
    interval = p.every * p.step / 1000 if p.model == "automaton" else p.tr
    bold = bold_data(np.arange(len(first.bold)) * interval, first.bold, labels)
    run.channel(f"r{place}_bold").publish(**(bold | {"x_title": "time (s)"}))
    fc = np.mean([one.fc for one in made], axis=0)
    note = f"mean of {len(made)}, mean r {shown(float(upper(fc).mean()), 2)}"
    run.channel(f"r{place}_fc").publish(image=fc, note=note)
    key = f"{'gh' if p.model == 'automaton' else 'eisweep'}_{value:g}"
    run.measure_known(f"{key}_exponent", fit.exponent, fit.count)
    run.measure_known(f"{key}_ks", fit.distance, fit.count)
    run.measure_known(f"{key}_largest", float(pooled.max(initial=0)), len(pooled))
    run.measure_known(f"{key}_mean_fc", float(upper(fc).mean()), len(made))
    run.measure_known(f"{key}_rate", float(np.mean([one.rate for one in made])), len(made))
    run.note(f"{at}. The regime is told from the sizes alone, not from {symbol}.")
