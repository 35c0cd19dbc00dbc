"""The batches: repeated trials, scans with psychometric fits, the (J, gamma) plane, and checks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from backend.analysis.psychometrics import PsychometricFit, binomial_interval, fit_logistic
from backend.analysis.volleys import topology_of
from backend.core.parameters import show_number
from backend.core.run import Run
from backend.stimuli.topology import BACKGROUND, FIGURE, HOLE, Figure
from backend.studies.gap_junction.live import (
    band_data,
    expectation,
    figure_data,
    measure_theory,
    measure_topology,
    show_example,
)
from backend.studies.gap_junction.parameters import VARIED, GapJunctionParameters, grid
from backend.studies.gap_junction.setup import GRIDS, figure_of
from backend.studies.gap_junction.trials import (
    Row,
    lag_of,
    mean,
    median_of,
    phase_of,
    rows_of,
    share,
    silent_of,
    tabulated,
)

LANDMARKS = (
    (0.0, 0.0), (0.5, 0.05), (1.0, 0.05), (3.0, 0.05), (3.0, 0.15), (6.0, 0.15), (6.0, 0.25),
)  # fmt: skip
"""(J, gamma) of the specification's table, section 7.8."""

PHASES = ("asynchronous", "single volley", "two volleys")
BOOTSTRAP = 200
REGIONS = ((FIGURE, "figure"), (BACKGROUND, "background"), (HOLE, "hole"))


def lead(run: Run, name: str, sentence: str) -> None:
    """Show a value large if it was measured."""
    if name in run.result.values:
        run.lead(name, sentence)


def show_figure(run: Run, p: GapJunctionParameters) -> Figure:
    """Publish the figure of a batch and the band of hole sizes."""
    figure = figure_of(p)
    run.channel("figure").publish(**figure_data(p, figure))
    run.channel("band").publish(**band_data(p, figure))
    return figure


def repeat_trials(run: Run) -> None:
    """Show the same figure many times: shares of each count, times of each region."""
    p: GapJunctionParameters = run.parameters
    figure = show_figure(run, p)
    topology = topology_of(figure.mask)
    measure_topology(run, topology)
    show_example(run, p)
    rows: list[Row] = []
    with tabulated(run, p.duration) as listed:
        run.progress(0, p.trials, "trials")
        for chunk in rows_of(run, ("trials",), p, figure, p.trials):
            rows += chunk
            listed += [({"figure": p.figure}, row) for row in chunk]
            measure_rows(run, rows)
            run.measure("as_expected", share(rows, "temporal", topology.expected), n=len(rows))
            sentence = f"{expectation(topology)}, in {len(rows)} trials"
            run.lead("as_expected", sentence)
            publish_counts(run, rows, sentence)
            run.progress(len(rows), p.trials)


def publish_counts(run: Run, rows: list[Row], sentence: str) -> None:
    """Mean counts of a batch, in the place of the counters of one trial."""
    names = {
        "readout": "Read-out neuron", "temporal": "Temporal groups", "spatial": "Spatial groups",
    }  # fmt: skip
    run.channel("counters").publish(
        lead=show_number(round(mean(rows, "temporal"), 2)),
        caption=sentence,
        rows=[
            (label, "mean", show_number(round(mean(rows, name), 2)))
            for name, label in names.items()
        ],
    )


def measure_rows(run: Run, rows: list[Row]) -> None:
    """Every result value of repeated trials."""
    n = len(rows)
    for name in ("readout", "temporal", "spatial"):
        run.measure_known(f"{name}_mean", mean(rows, name), n)
        for count in (1, 2, 3, 4):
            run.measure_known(f"{name}_{count}", share(rows, name, count), n)
        run.measure_known(f"{name}_4_or_more", share(rows, name, 4, at_least=True), n)
    run.measure_known("spatial_3_or_more", share(rows, "spatial", 3, at_least=True), n)
    run.measure_known("no_third", 100.0 - share(rows, "temporal", 3, at_least=True), n)
    for label, name in REGIONS:
        run.measure_known(f"{name}_median", median_of(rows, label), n)
        run.measure_known(f"{name}_silent", silent_of(rows, label), n)
    run.measure_known("hole_lag", lag_of(rows), n)
    for place, name in enumerate(("background", "figure")):
        run.measure_known(
            f"{name}_share", float(np.mean([row["shares"][place] for row in rows])), n
        )
    run.measure_known("phase", phase_of(rows), n)


@dataclass
class Point:
    """Trials at one value of what a scan varies, and the count that means *told apart*."""

    x: float
    rows: list[Row]
    target: int

    @property
    def counted(self) -> int:
        return sum(row["temporal"] == self.target for row in self.rows)


def scan(run: Run) -> None:
    """Vary one parameter: breach, hole radius, gap or noise; fit where the count flips."""
    p: GapJunctionParameters = run.parameters
    show_figure(run, p)
    if run.procedure == "radius":
        measure_theory(run, p)
    name = GRIDS[run.procedure][0]
    values = sorted(set(grid(p, name)))
    declared = type(p).declaration(VARIED[name])
    points: list[Point] = []
    total = len(values) * p.trials
    with tabulated(run, p.duration) as listed:
        run.progress(0, total, f"scan of {declared.label.lower()}")
        for x in values:
            here = p.changed(**{VARIED[name]: x})
            figure = figure_of(here)
            point = Point(x, [], target_of(run.procedure, figure))
            show_example(run, here)
            for chunk in rows_of(run, (run.procedure, x), here, figure, p.trials):
                point.rows += chunk
                listed += [({VARIED[name]: x}, row) for row in chunk]
                run.progress(len(listed), total)
            points.append(point)
            publish_scan(run, points, declared.label, declared.unit)
            measure_point(run, point)
    if run.procedure == "noise":
        lead(run, f"counted_noise_{values[-1]:g}", f"counted as expected at s = {values[-1]:g}")
    else:
        fit_scan(run, points, declared.label, declared.unit)


def target_of(procedure: str, figure: Figure) -> int:
    """The count that means *counted*: as the topology asks, or as if the figure were closed."""
    if procedure == "noise":
        return topology_of(figure.mask).expected
    holes = int(figure.labels.max()) - FIGURE
    return 2 + max(holes, 1)


def measure_point(run: Run, point: Point) -> None:
    """Result values of one point of a scan."""
    n, key = len(point.rows), f"{run.procedure}_{point.x:g}"
    run.measure_known(f"counted_{key}", 100.0 * point.counted / n, n)
    run.measure_known(f"readout_{key}", mean(point.rows, "readout"), n)
    apart = share(point.rows, "spatial", point.target, at_least=True)
    run.measure_known(f"spatial_{key}", apart, n)
    run.measure_known(f"lag_{key}", lag_of(point.rows), n)
    run.measure_known(f"hole_silent_{key}", silent_of(point.rows, HOLE), n)
    run.measure_known(f"hole_median_{key}", median_of(point.rows, HOLE), n)


def publish_scan(run: Run, points: list[Point], label: str, unit: str) -> None:
    """Share counted with its interval, and mean counts of the three read-outs."""
    x = np.array([point.x for point in points])
    shares = np.array([point.counted / len(point.rows) for point in points])
    ends = np.array([binomial_interval(point.counted, len(point.rows)) for point in points])
    title = f"{label} ({unit})" if unit else label
    run.channel("psychometric").publish(
        x=x, y=shares, low=ends[:, 0], high=ends[:, 1], x_title=title
    )
    means = {
        name: np.array([mean(point.rows, name) for point in points])
        for name in ("readout", "temporal", "spatial")
    }
    run.channel("scan").publish(x=x, x_title=title, **means)


def fit_scan(run: Run, points: list[Point], label: str, unit: str) -> None:
    """Fit the rising and the falling flank of the share counted, and lead with the threshold."""
    shares = np.array([point.counted / len(point.rows) for point in points])
    top = int(np.argmax(shares))
    last_top = len(shares) - 1 - int(np.argmax(shares[::-1]))
    flanks = {"rise": points[: last_top + 1], "fall": points[top:]}
    fits = {
        side: fit_flank(run, flank)
        for side, flank in flanks.items()
        if np.ptp([point.counted / len(point.rows) for point in flank]) > 0.3
    }
    for side, fit in fits.items():
        measure_fit(run, f"{run.procedure}_{side}", fit)
    if not fits:
        run.note(f"The count hardly changes along {label.lower()}; no threshold is fitted.")
        return
    draw_fits(run, list(fits.values()))
    if run.procedure == "radius" and len(fits) == 2:
        draw_band(run, points, fits["rise"].threshold, fits["fall"].threshold)
    low, high = fits[side].threshold_interval
    space = "" if unit == "°" else " "
    sentence = f"half way, 95 % interval {low:.3g} to {high:.3g}{space}{unit}"
    lead(run, f"{run.procedure}_{side}_threshold", sentence)


def measure_fit(run: Run, prefix: str, fit: PsychometricFit) -> None:
    """Result values of one fitted flank."""
    run.measure_known(f"{prefix}_threshold", fit.threshold)
    run.measure_known(f"{prefix}_threshold_low", fit.threshold_interval[0])
    run.measure_known(f"{prefix}_threshold_high", fit.threshold_interval[1])
    run.measure_known(f"{prefix}_width", fit.width)
    run.measure_known(f"{prefix}_slope", fit.slope)


def fit_flank(run: Run, points: list[Point]) -> PsychometricFit:
    """Logistic fit with small lapses and bootstrap intervals."""
    return fit_logistic(
        np.array([point.x for point in points]),
        np.array([point.counted for point in points]),
        np.array([len(point.rows) for point in points]),
        lapse=0.05,
        bootstrap=BOOTSTRAP,
        check=run.check,
    )


def draw_fits(run: Run, fits: list[PsychometricFit]) -> None:
    """Add the fitted curve to the points already shown; of a band, the product of its flanks."""
    shown = dict(run.channel("psychometric").snapshot())
    x = np.linspace(shown["x"].min(), shown["x"].max(), 200)
    curve = np.prod([fit(x) for fit in fits], axis=0)
    shown.update(fit_x=x, fit_y=curve, threshold=fits[-1].threshold)
    run.channel("psychometric").publish(**shown)


def draw_band(run: Run, points: list[Point], lower: float, upper: float) -> None:
    """The band of hole sizes just measured, beside the theoretical one."""
    shown = dict(run.channel("band").snapshot())
    shown["x"] = np.array([min(points[0].x, lower), lower, upper, max(points[-1].x, upper)])
    shown["labels"] = ["silent · 2", "3", "merged · 2"]
    shown["caption"] = f"Half of the trials at {lower:.3g} and {upper:.3g} px."
    run.channel("measured_band").publish(**shown)


def plane(run: Run) -> None:
    """Classify the response to the figure over the plane of coupling and spikelet (Figure 2E)."""
    p: GapJunctionParameters = run.parameters
    figure = show_figure(run, p)
    couplings, spikelets = sorted(set(grid(p, "plane_J"))), sorted(set(grid(p, "plane_gamma")))
    image = np.full((len(couplings), len(spikelets)), np.nan)
    points = [(i, j) for i in range(len(couplings)) for j in range(len(spikelets))]
    points.sort(key=lambda place: _from_centre(place, image.shape))
    with tabulated(run, p.duration) as listed:
        run.progress(0, len(points), "map of J and γ")
        for done, (i, j) in enumerate(points, 1):
            varied = {"J": couplings[i], "gamma": spikelets[j]}
            here = p.changed(**varied)
            rows: list[Row] = []
            show_example(run, here)
            for chunk in rows_of(run, ("plane", *varied.values()), here, figure, p.trials):
                rows += chunk
                listed += [(varied, row) for row in chunk]
            image[i, j] = phase_of(rows)
            measure_landmark(run, couplings[i], spikelets[j], rows)
            publish_plane(run, image, couplings, spikelets)
            run.progress(done, len(points))
    for number, name in enumerate(("asynchronous", "single", "two")):
        run.measure_known(f"plane_{name}", 100.0 * float(np.mean(image == number)))
    run.lead("plane_two", "of the map shows two separate volleys")


def _from_centre(place: tuple[int, int], shape: tuple[int, ...]) -> float:
    i, j = place
    return abs(i - (shape[0] - 1) / 2) / shape[0] + abs(j - (shape[1] - 1) / 2) / shape[1]


def measure_landmark(run: Run, coupling: float, spikelet: float, rows: list[Row]) -> None:
    """Synchrony and phase at the points the specification lists."""
    key = f"{coupling:g}_{spikelet:g}"
    for place, name in enumerate(("background", "figure")):
        value = float(np.mean([row["shares"][place] for row in rows]))
        run.measure_known(f"{name}_share_{key}", value, len(rows))
    run.measure_known(f"phase_{key}", phase_of(rows), len(rows))


def publish_plane(
    run: Run, image: np.ndarray, couplings: list[float], spikelets: list[float]
) -> None:
    """The map so far; NaN where it has not been computed."""
    run.channel("plane").publish(
        image=image.copy(),
        x_labels=[f"{value:g}" for value in spikelets],
        y_labels=[f"{value:g}" for value in couplings],
        categories=list(PHASES),
    )


def discriminate(run: Run) -> None:
    """Hits and false alarms: the figure against the same with one hole less, by each read-out."""
    p: GapJunctionParameters = run.parameters
    show_figure(run, p)
    controls = {"two holes": {"figure": "ring", "outer_radius": p.outer_two}}
    controls["ring"] = {"figure": "disk", "radius": p.outer_radius}
    control = p.changed(**controls[p.figure])
    criterion = 4 if p.figure == "two holes" else 3
    rates: dict[str, list[Row]] = {"hits": [], "false_alarms": []}
    with tabulated(run, p.duration) as listed:
        run.progress(0, 2 * p.trials, "figure against control")
        for name, shown in (("hits", p), ("false_alarms", control)):
            show_example(run, shown)
            for chunk in rows_of(run, (name,), shown, figure_of(shown), p.trials):
                rates[name] += chunk
                listed += [({"figure": shown.figure}, row) for row in chunk]
                run.progress(len(listed), 2 * p.trials)
    for readout in ("readout", "temporal", "spatial"):
        hits, alarms = (share(rates[name], readout, criterion, at_least=True) for name in rates)
        run.measure_known(f"hits_{readout}", hits, p.trials)
        run.measure_known(f"false_alarms_{readout}", alarms, p.trials)
        run.measure_known(f"success_{readout}", (hits + 100.0 - alarms) / 2.0, p.trials)
    run.lead("hits_readout", f"hits of the read-out neuron (at least {criterion} spikes)")
