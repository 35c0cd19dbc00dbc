"""The sweeps: metrics, avalanches and Hurst exponents along a control parameter (Figures 5, 8)."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backend.core.run import Run
from backend.studies.criticality import exports
from backend.studies.criticality.live_parts import structure_data
from backend.studies.criticality.measures import METRICS, fit_of, shown
from backend.studies.criticality.parameters import CriticalityParameters, grid
from backend.studies.criticality.setup import connectome_of, structure_of
from backend.studies.criticality.trials import Row, chunks_of

WHOLE = 0.99
"""Mean share of pairs that reach each other, below which L is not compared."""
FEW = 5
"""Runs below which their range is drawn: an interval of two values is wider than what it spans."""
FINE = 0.05
"""Steps of a sweep above which a coincidence says little."""


@dataclass
class Point:
    """Runs at one value of the control parameter."""

    x: float
    rows: list[Row] = field(default_factory=list)
    fc: Any = 0.0

    @property
    def mean_fc(self) -> np.ndarray:
        """Connectivity of each pair, averaged over runs."""
        return np.asarray(self.fc) / len(self.rows)

    def sizes(self) -> np.ndarray:
        """Avalanche sizes of all runs."""
        pairs = np.array([pair for row in self.rows for pair in row["sizes"]], np.int64)
        return np.repeat(*pairs.reshape(-1, 2).T)

    def values(self, name: str, td: str = "") -> np.ndarray:
        """A value of each run."""
        rows = [row["graph"][td] for row in self.rows] if td else self.rows
        return np.array([row[name] for row in rows], float)


def mean_and_ends(values: np.ndarray) -> tuple[float, float, float]:
    """Mean and the ends of its 95 % interval (Student's t), of fewer than five values their range;
    NaN values are left out."""
    from scipy.special import stdtrit

    good = values[np.isfinite(values)]
    if not len(good):
        return (float("nan"),) * 3
    mean = float(good.mean())
    if len(good) < FEW:
        return mean, float(good.min()), float(good.max())
    half = float(stdtrit(len(good) - 1, 0.975) * good.std(ddof=1) / np.sqrt(len(good)))
    return mean, mean - half, mean + half


def sweep(run: Run) -> None:
    """Vary the threshold or the E/I ratio; publish and measure point by point."""
    p: CriticalityParameters = run.parameters
    automaton = p.model == "automaton"
    connectome = connectome_of(p)
    run.channel("structure").publish(**structure_data(connectome))
    values = grid(p, "thresholds" if automaton else "ratios")
    tds = grid(p, "tds")
    structure = structure_of(p, connectome.counts)[np.triu_indices(len(connectome), 1)]
    points: list[Point] = []
    per_point = p.runs if automaton else p.networks
    run.progress(0, len(values) * per_point, "sweep")
    _offer(run, points, connectome.labels)
    try:
        for value in values:
            point = Point(value)
            for rows, fc in chunks_of(run, connectome, value, tds):
                point.rows += rows
                point.fc = point.fc + fc
                if not points or points[-1] is not point:
                    points.append(point)
                _publish(run, points, tds, structure)
                done = sum(len(one.rows) for one in points)
                run.progress(done, len(values) * per_point)
            _measure_point(run, point, tds, structure)
    finally:  # a cancelled sweep keeps what it did
        if points:
            run.table("sweep", _table(points))
    _conclude(run, points, tds)


# ---- views --------------------------------------------------------------------------------


def _publish(run: Run, points: list[Point], tds: list[float], structure: np.ndarray) -> None:
    x = np.array([point.x for point in points])
    title = "threshold T_m" if run.parameters.model == "automaton" else "E/I ratio"
    runs = max(len(point.rows) for point in points)
    base = {"x": x, "x_title": title}
    labels = {f"td{k}": f"T_d {td:g}" for k, td in enumerate(tds)}
    note = f"mean of {runs} and {'range' if runs < FEW else '95 %'}" if runs > 1 else "one run"
    for name in METRICS:
        data: dict[str, Any] = {**base, "series_labels": labels, "note": note, "bands": {}}
        pieces: list[tuple[float, float]] = []
        for k, td in enumerate(tds):
            ends = np.array([mean_and_ends(point.values(name, f"{td:g}")) for point in points])
            if name == "path":
                apart = ~np.array([_whole(point, td) for point in points])
                pieces += list(zip(x[apart], ends[apart, 0], strict=True))
                ends[apart] = np.nan
            data[f"td{k}"] = ends[:, 0]
            data["bands"][f"td{k}"] = (ends[:, 1], ends[:, 2])
        if name == "path":
            data["pieces_x"], data["pieces"] = np.array(pieces).reshape(-1, 2).T
        run.channel(f"m_{name}").publish(**data)
    _publish_others(run, points, tds, structure, base)


def _whole(point: Point, td: float) -> bool:
    return bool(point.values("reachable", f"{td:g}").mean() >= WHOLE)


def _publish_others(
    run: Run, points: list[Point], tds: list[float], structure: np.ndarray, base: dict[str, Any]
) -> None:

    model = run.parameters.model
    fits = [fit_of(point.sizes(), model)[0] for point in points]
    exponent = np.array([fit.exponent for fit in fits])
    ks = np.array([fit.distance for fit in fits])
    chosen = f"{nearest(tds, run.parameters.td):g}"
    lines = {
        name: np.array([point.values(name, chosen).mean() for point in points])
        for name in ("global_efficiency", "local_efficiency", "clustering", "density")
    }
    mean_fc = np.array([point.values("mean_fc").mean() for point in points])
    run.channel("coincide").publish(
        **base, exponent=exponent, ks=ks, mean_fc=mean_fc, **lines,
        critical=np.full(len(points), 1.5), note=f"metrics at T_d {chosen}",
    )  # fmt: skip
    ends = np.array([mean_and_ends(point.values("hurst")) for point in points])
    white = white_noise(points[0].rows[0]["samples"])
    run.channel("s_hurst").publish(
        **base, hurst=ends[:, 0], white=np.full(len(points), white),
        bands={"hurst": (ends[:, 1], ends[:, 2])},
    )  # fmt: skip
    alike = np.array([alike_of(point, structure) for point in points])
    run.channel("s_likeness").publish(**base, likeness=alike)
    windows = np.array([
        next((row["window"] for row in point.rows if row["window"]), [np.nan] * 3)
        for point in points
    ], float)  # fmt: skip
    if np.isfinite(windows).any():
        run.channel("s_window").publish(
            **base, lower=windows[:, 0], upper=windows[:, 1], isolated=windows[:, 2]
        )


@functools.cache
def white_noise(samples: int) -> float:
    """What R/S makes of white noise so long, whose exponent is .5; NaN when it is too short."""
    from backend.analysis.hurst import FEWEST, calibration

    return calibration(samples, (0.5,), 200)[0][1] if samples >= FEWEST else float("nan")


def nearest(values: list[float], wanted: float) -> float:
    """The value nearest to another."""
    return min(values, key=lambda one: abs(one - wanted))


def alike_of(point: Point, structure: np.ndarray) -> float:
    """Correlation of run-averaged connectivity and structure over pairs."""
    fc = point.mean_fc
    if fc.std() == 0 or structure.std() == 0:
        return float("nan")
    return float(np.corrcoef(fc, structure)[0, 1])


# ---- numbers ------------------------------------------------------------------------------


def _measure_point(run: Run, point: Point, tds: list[float], structure: np.ndarray) -> None:
    n = len(point.rows)
    at = f"{run.procedure}_{point.x:g}"
    for td in tds:
        for name in METRICS:
            values = point.values(name, f"{td:g}")
            good = values[np.isfinite(values)]
            if len(good):
                sd = float(good.std(ddof=1)) if len(good) > 1 else None
                run.measure_known(f"{at}_{name}_{td:g}", float(good.mean()), len(good), sd)
    found = point.sizes()
    fit, _ = fit_of(found, run.parameters.model)
    run.measure_known(f"{at}_exponent", fit.exponent, fit.count)
    run.measure_known(f"{at}_ks", fit.distance, fit.count)
    run.measure_known(f"{at}_largest", float(found.max(initial=0)), len(found))
    if len(found):
        run.measure_known(f"{at}_mean_size", float(found.mean()), len(found))
    for name in ("mean_fc", "hurst", "rate"):
        run.measure_known(f"{at}_{name}", float(np.nanmean(point.values(name))), n)
    run.measure_known(f"{at}_likeness", alike_of(point, structure), n)


def _conclude(run: Run, points: list[Point], tds: list[float]) -> None:
    """Where the metrics are best, where the exponent passes 1.5, and what does not agree."""
    model = run.parameters.model
    x = np.array([point.x for point in points])
    words = "T_m" if model == "automaton" else "E/I"
    td = nearest(tds, run.parameters.td)
    best: dict[str, float] = {}
    for name in METRICS:
        means = np.array([np.nanmean(point.values(name, f"{td:g}")) for point in points])
        if name == "path":
            means = np.where([_whole(point, td) for point in points], -means, np.nan)
        if np.isfinite(means).any() and np.nanmax(means) > np.nanmin(means):
            best[name] = float(x[int(np.nanargmax(means))])
            run.measure_known(f"best_{name}", best[name])
    mean_fc = np.array([point.values("mean_fc").mean() for point in points])
    run.measure("best_mean_fc", float(x[int(mean_fc.argmax())]))
    exponent = np.array([fit_of(point.sizes(), model)[0].exponent for point in points])
    crossing = crossing_of(x, exponent)
    run.measure_known("crossing", crossing)
    sd = float(np.nanmean([point.values("null_sd").mean() for point in points]))
    run.measure_known("null_sd", sd)
    if np.isfinite(sd) and sd > 0:
        run.note(f"Unrelated BOLD as smooth as this correlates with an SD of {shown(sd, 2)}: "
                 f"T_d = {td:g} is {shown(td / sd, 2)} of these.")  # fmt: skip
    if "global_efficiency" in best:
        place = best["global_efficiency"]
        run.lead("best_global_efficiency", f"{words} where the network is most efficient, at "
                 f"T_d = {td:g}")  # fmt: skip
        if place in (x[0], x[-1]) and len(x) > 2:
            run.note(f"There is no optimum inside: global efficiency is highest at the end, {words}"
                     f" = {place:g}.")  # fmt: skip
        if np.isfinite(crossing):
            run.note(f"The exponent passes 1.5 at {words} = {shown(crossing)}; global efficiency "
                     f"is highest at {place:g}. {_coincidence(x, crossing, place)}")  # fmt: skip


def crossing_of(x: np.ndarray, exponent: np.ndarray) -> float:
    """Where the exponent first rises through 1.5, between the points; NaN when it does not."""
    for i in range(len(x) - 1):
        low, high = exponent[i], exponent[i + 1]
        if low <= 1.5 < high:
            return float(x[i] + (1.5 - low) / (high - low) * (x[i + 1] - x[i]))
    return float("nan")


def _coincidence(x: np.ndarray, crossing: float, best: float) -> str:
    spacing = float(np.diff(x).min()) if len(x) > 1 else 0.0
    if abs(crossing - best) <= spacing:
        coarse = "; a coarse sweep, so this says little" if spacing > FINE else ""
        return f"They coincide within a step of the sweep{coarse}."
    return "They do not coincide."


# ---- files --------------------------------------------------------------------------------


def _table(points: list[Point]) -> dict[str, list[Any]]:
    """One row a value, T_d and run."""
    rows = []
    for point in points:
        for number, row in enumerate(point.rows):
            plain = {k: v for k, v in row.items() if k not in ("graph", "sizes", "window")}
            for td, graph in row["graph"].items():
                rows.append({"value": point.x, "T_d": float(td), "run": number, **plain, **graph})
    return exports.rows_table(rows)


def _offer(run: Run, points: list[Point], labels: tuple[str, ...]) -> None:
    def mean_fc() -> Any:
        n = len(labels)
        stack = np.zeros((len(points), n, n))
        where = np.triu_indices(n, 1)
        for place, point in enumerate(points):
            stack[place][where] = point.mean_fc
        stack += stack.transpose(0, 2, 1)
        values = np.array([point.x for point in points])
        return exports.Stack(
            array=stack, axes=("value", "region", "region"), limits=(-1.0, 1.0),
            companions={"value": values, "labels": np.array(labels)},
        )  # fmt: skip

    run.offer("sweep", "Sweep table", lambda: _table(points))
    run.offer("mean_fc", "Mean FC of every point", mean_fc)
