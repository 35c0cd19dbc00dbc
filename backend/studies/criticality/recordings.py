"""Hurst exponents of people's BOLD against the metrics of their networks (Figures 1 and 2)."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from backend.analysis.graph_metrics import metrics
from backend.analysis.hurst import FEWEST, calibration, hurst
from backend.analysis.rdm_compare import upper
from backend.analysis.small_world import bottleneck, window
from backend.brain.region_series import connectivity
from backend.core.files import FileProblem, revision
from backend.core.parameters import ParameterError
from backend.core.run import Run
from backend.studies.criticality import exports
from backend.studies.criticality.measures import METRICS, p_words, shown
from backend.studies.criticality.parameters import CriticalityParameters
from backend.studies.criticality.people import Person, own_people, synthetic_people
from backend.studies.criticality.sweep import WHOLE

GRID = tuple(round(0.05 * i, 2) for i in range(1, 20))
"""T_d of the curves."""
WINDOWS = 10
"""People whose small-world window is sought with random networks."""
FEWEST_PEOPLE = 4
LEVEL = 0.01
CHUNK = 4
Row = dict[str, Any]


def people_of(p: CriticalityParameters) -> list[Person]:
    """Whose series are analysed."""
    if p.series == "synthetic":
        return synthetic_people(p.seed)
    return own_people(Path(p.folder), Path(p.atlas) if p.atlas else None)


def recordings(run: Run) -> None:
    """Analyse person by person; correlate over people as they come."""
    p: CriticalityParameters = run.parameters
    rows: list[Row] = []
    state = state_of(p)
    held = _KEPT.get(state)
    if held is not None:
        _again(run, rows, held)
        return
    people = people_of(p)
    fcs: dict[str, np.ndarray] = {}
    left_out: list[str] = []
    _offer(run, rows)
    run.progress(0, len(people), "people")
    for first in range(0, len(people), CHUNK):
        part = list(enumerate(people))[first : first + CHUNK]

        def compute(part: list[tuple[int, Person]] = part) -> list[Row]:
            with ThreadPoolExecutor(p.workers) as pool:
                return list(pool.map(lambda one: row_of(run, fcs, *one), part))

        key = ("people", first, [person.name for _, person in part], repr(state[-1]))
        for row in run.cells.do(key, compute):
            if "problem" in row:
                left_out.append(row["problem"])
                run.note(f"Left out: {row['problem']}")
            else:
                rows.append(row)
        if rows:
            publish(run, rows)
        run.progress(min(first + CHUNK, len(people)), len(people))
    if not rows:
        raise ParameterError("folder", f"No file could be used. {left_out[0]}")
    _calibrate(run, rows)
    _say(run, rows)
    if all(row["name"] in fcs for row in rows):
        _KEPT.clear()
        _KEPT[state] = [(row, fcs[row["name"]]) for row in rows]
    run.progress(len(people), len(people))


_KEPT: dict[tuple[Any, ...], list[tuple[Row, np.ndarray]]] = {}
"""Row and connectivity of the people last analysed, so that another T_d follows the hand."""


def state_of(p: CriticalityParameters) -> tuple[Any, ...]:
    """What rows depend on, but for T_d."""
    files = (revision(p.folder), revision(p.atlas)) if p.series == "own" else ()
    return (p.series, p.seed, p.folder, p.atlas, p.positive, files)


def kept(p: CriticalityParameters) -> bool:
    """True when these people were analysed last: another T_d is then a matter of a moment."""
    return state_of(p) in _KEPT


def _again(run: Run, rows: list[Row], held: list[tuple[Row, np.ndarray]]) -> None:
    """The people last analysed, at another T_d."""
    p: CriticalityParameters = run.parameters
    _offer(run, rows)
    for row, fc in held:
        run.check()
        graph = row["graph"]
        if f"{p.td:g}" not in graph:
            graph = graph | {f"{p.td:g}": graph_of(fc, p.td, p.positive)}
        rows.append(row | {"graph": graph})
    publish(run, rows)
    _calibrate(run, rows)
    _say(run, rows)
    run.progress(len(rows), len(rows), "people")


def graph_of(fc: np.ndarray, td: float, positive: bool) -> dict[str, Any]:
    """The six metrics at one threshold, and how much of the network L speaks of."""
    found = metrics(fc, td, positive)
    return {**{name: getattr(found, name) for name in METRICS}, "reachable": found.reachable,
            "isolated": found.isolated}  # fmt: skip


def row_of(run: Run, fcs: dict[str, np.ndarray], number: int, person: Person) -> Row:
    """One person as a row that can be written down, or what is wrong with the file.

    ``fcs`` takes the connectivity by name.
    """
    p: CriticalityParameters = run.parameters
    run.check()
    try:
        series, labels, said = person.read()
    except FileProblem as problem:
        return {"name": person.name, "problem": str(problem)}
    fc, constant = connectivity(series)
    fcs[person.name] = fc
    graph = {}
    for td in sorted({*GRID, p.td}):
        run.check()
        graph[f"{td:g}"] = graph_of(fc, td, p.positive)
    h = float("nan")
    if len(series) >= FEWEST and not constant.all():
        h = float(np.nanmean(hurst(series[:, ~constant])))
    size = fc if p.positive else np.abs(fc)
    size = size - np.diag(np.full(len(fc), np.inf))
    lower = window(fc, p.positive, number).lower if number < WINDOWS else float("nan")
    return {
        "name": person.name, "samples": len(series), "regions": len(labels), "hurst": h,
        "mean_fc": float(upper(fc).mean()), "graph": graph, "said": said, "lower": lower,
        "connected": bottleneck(size), "isolated": float(size.max(axis=1).min()),
    }  # fmt: skip


# ---- views --------------------------------------------------------------------------------


def values(rows: list[Row], name: str, td: float) -> np.ndarray:
    """A metric of each person."""
    return np.array([row["graph"][f"{td:g}"][name] for row in rows], float)


def correlation(x: np.ndarray, y: np.ndarray) -> tuple[float, float, int]:
    """Pearson's r, its two-sided p and the number of people; NaN where it is undefined."""
    from scipy.special import stdtr

    good = np.isfinite(x) & np.isfinite(y)
    n = int(good.sum())
    if n < FEWEST_PEOPLE or np.ptp(x[good]) == 0 or np.ptp(y[good]) == 0:
        return float("nan"), float("nan"), n
    r = float(np.clip(np.corrcoef(x[good], y[good])[0, 1], -1, 1))
    t = abs(r) * np.sqrt((n - 2) / max(1 - r * r, 1e-300))
    return r, float(2 * stdtr(n - 2, -t)), n


def critical(n: int) -> float:
    """|r| that is significant at p < .01, two-sided, of n people."""
    from scipy.special import stdtrit

    if n < FEWEST_PEOPLE:
        return float("nan")
    t = float(stdtrit(n - 2, 1 - LEVEL / 2))
    return t / float(np.sqrt(n - 2 + t * t))


def publish(run: Run, rows: list[Row]) -> None:
    """Scatter plots at T_d, curves along T_d, correlations along T_d."""
    p: CriticalityParameters = run.parameters
    h = np.array([row["hurst"] for row in rows])
    for name in METRICS:
        y = values(rows, name, p.td)
        r, chance, n = correlation(h, y)
        data: dict[str, Any] = {"x": h, "people": y}
        if np.isfinite(r):
            good = np.isfinite(h) & np.isfinite(y)
            slope, start = np.polyfit(h[good], y[good], 1)
            ends = np.array([h[good].min(), h[good].max()])
            data |= {"trend_x": ends, "trend": start + slope * ends}
            data["note"] = f"R = {shown(r, 2)}, {p_words(chance)}, n = {n}"
            run.measure(f"r_{name}", r, n=n)
        else:
            data["note"] = f"no R: {FEWEST_PEOPLE} people with H are needed"
        run.channel(f"h_{name}").publish(**data)
    known = h[np.isfinite(h)]
    if len(known):
        sd = float(known.std(ddof=1)) if len(known) > 1 else None
        run.measure("group_h", float(known.mean()), sd, len(known))
    _along(run, rows, h)


def _along(run: Run, rows: list[Row], h: np.ndarray) -> None:
    x = np.array(GRID)
    curves: dict[str, Any] = {"x": x, "bands": {}}
    correlations: dict[str, Any] = {"x": x}
    for name in METRICS:
        table = np.array([values(rows, name, td) for td in GRID])
        reachable = np.array([values(rows, "reachable", td).mean() for td in GRID])
        correlations[name] = np.array([correlation(h, column)[0] for column in table])
        with np.errstate(invalid="ignore"):
            mean = np.array([np.mean(c[np.isfinite(c)]) if np.isfinite(c).any() else np.nan
                             for c in table])  # fmt: skip
        if name == "path":
            apart = reachable < WHOLE
            run.channel("d_path").publish(
                x=x, path=np.where(apart, np.nan, mean), pieces_x=x[apart], pieces=mean[apart],
                **_window_lines(rows, mean),
            )  # fmt: skip
            correlations[name][apart] = np.nan
        else:
            curves[name] = mean
    run.channel("d_metrics").publish(**curves, **_window_lines(rows, np.array([0.0, 1.0])))
    edge = critical(int(np.isfinite(h).sum()))
    if np.isfinite(edge):
        correlations["above"], correlations["below"] = np.full(len(x), edge), np.full(len(x), -edge)
        run.measure("r_critical", edge)
    run.channel("r_along").publish(**correlations, note=f"dashed: p = .01 at n = {len(rows)}")


def _window_lines(rows: list[Row], across: np.ndarray) -> dict[str, np.ndarray]:
    """Upright lines where the small-world window begins and ends, on average."""
    lines: dict[str, np.ndarray] = {}
    if not np.isfinite(across).any():
        return lines
    ends = np.array([np.nanmin(across), np.nanmax(across)])
    for name, key in (("lower", "lower"), ("upper", "connected")):
        found = np.array([row[key] for row in rows], float)
        found = found[np.isfinite(found)]
        if len(found):
            lines[f"{name}_x"], lines[name] = np.full(2, found.mean()), ends
    return lines


# ---- the end ------------------------------------------------------------------------------


@functools.cache
def _calibration(length: int) -> list[tuple[float, float, float]]:
    return calibration(length, series=300)


def _calibrate(run: Run, rows: list[Row]) -> None:
    """What R/S makes of noise as long as these series."""
    run.status("calibration of R/S")
    lengths = [row["samples"] for row in rows if row["samples"] >= FEWEST]
    if not lengths:
        return
    length = int(np.median(lengths))
    found = np.array(_calibration(length))
    true, mean, sd = found.T
    run.table("calibration", {"true H": true.tolist(), "R/S": mean.tolist(), "SD": sd.tolist()})
    data: dict[str, Any] = {"x": true, "measured": mean, "same": true}
    data["bands"] = {"measured": (mean - sd, mean + sd)}
    if "group_h" in run.result.values:
        data["group"] = np.full(len(true), run.result["group_h"])
    run.channel("calibration").publish(**data, note=f"noise of {length} samples, ± SD of one")


def _say(run: Run, rows: list[Row]) -> None:
    p: CriticalityParameters = run.parameters
    if p.series == "synthetic":
        run.note("SYNTHETIC people, with the relation of Figure 1 built in: they show the "
                 "procedure and are no evidence for it.")  # fmt: skip
    for row in rows:
        if row["said"]:
            run.note(f"{row['name']}: {'; '.join(row['said'])}. Their correlations are set to 0.")
        if row["samples"] < FEWEST:
            run.note(f"{row['name']} has {row['samples']} samples: no Hurst exponent ({FEWEST} "
                     "are needed).")  # fmt: skip
    wide = [row["name"] for row in rows if row["samples"] < row["regions"]]
    if p.series == "own" and wide:
        run.note(f"{len(wide)} files have fewer moments than regions, {wide[0]} among them. Rows "
                 "are moments, columns regions; turn them if they are not.")  # fmt: skip
    numbers = sorted({row["regions"] for row in rows})
    if len(numbers) > 1:
        run.note(f"The files have {numbers[0]} to {numbers[-1]} regions: metrics of different "
                 "numbers of regions are not to be compared.")  # fmt: skip
    apart = int((values(rows, "reachable", p.td) < 1).sum())
    if apart:
        run.note(f"At T_d = {p.td:g} the networks of {apart} of {len(rows)} people are in pieces: "
                 "their L speaks of fragments.")  # fmt: skip
    if "r_global_efficiency" in run.result.values:
        run.lead("r_global_efficiency", f"of H and global efficiency, {len(rows)} people, T_d = "
                 f"{p.td:g}")  # fmt: skip


def _offer(run: Run, rows: list[Row]) -> None:
    def table() -> dict[str, list[Any]]:
        flat = []
        for row in rows:
            plain = {k: row[k] for k in ("name", "samples", "regions", "hurst", "mean_fc", "lower",
                                         "connected", "isolated")}  # fmt: skip
            flat += [{**plain, "T_d": float(td), **graph} for td, graph in row["graph"].items()]
        return exports.rows_table(flat)

    run.offer("people", "People, T_d and metrics", table)
