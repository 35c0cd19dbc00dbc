"""What the study shows and measures: quantities, channels, views, procedures, words."""

from __future__ import annotations

from backend.core.channels import Channel, Latest, Ring
from backend.core.study import Procedure
from backend.core.views import Axis, Series, View, column, row
from backend.studies.criticality.declared_quantities import QUANTITIES
from backend.studies.criticality.measures import METRICS
from backend.studies.criticality.words import NOTES, SYNTHETIC, SYNTHETIC_PEOPLE

__all__ = ["CHANNELS", "LAYOUT", "MONITORS", "NOTES", "PROCEDURES", "QUANTITIES", "SWEEPS",
           "SYNTHETIC", "SYNTHETIC_PEOPLE", "VIEWS"]  # fmt: skip

TIME = Axis("time", "s", low=None)
SPAN_S = 120.0
NEURON_SPAN_S = 10.0

PROCEDURES = (
    Procedure(
        "free", "Run", "play", "The chosen system live, or the recordings analysed.", endless=True
    ),
    Procedure(
        "gh", "Sweep threshold…", "chart-bell-curve",
        "Metrics, avalanches and FC along T_m.", shown_if=("model", ("automaton",)),
    ),
    Procedure(
        "eisweep", "Sweep E/I…", "chart-bell-curve",
        "Metrics, avalanches and FC along the E/I ratio.", shown_if=("model", ("neurons",)),
    ),
    Procedure(
        "regimes", "Three regimes…", "view-column-outline",
        "Avalanches, raster, BOLD and FC at three values, side by side.",
        shown_if=("model", ("automaton", "neurons")),
    ),
)  # fmt: skip

SWEEPS = ("gh", "eisweep")

CHANNELS: dict[str, Channel] = {
    "nodes": Latest(),
    "raster": Ring(("time", "row", "group"), 200_000),
    "active": Ring(("time", "count"), 100_000),
    "nraster": Ring(("time", "row", "group"), 400_000),
    "rates": Ring(("time", "mean", "one"), 100_000),
    **{
        name: Latest()
        for name in ("avalanches", "bold", "fc", "structure", "regime", "network")
    },
    **{f"r{i}_{name}": Latest() for i in range(3) for name in ("avalanches", "bold", "fc")},
    **{f"r{i}_raster": Ring(("time", "row", "group"), 100_000) for i in range(3)},
    **{f"{kind}_{name}": Latest() for kind in ("m", "h") for name in METRICS},
    **{name: Latest() for name in ("d_metrics", "d_path", "r_along", "calibration")},
    **{name: Latest() for name in ("coincide", "s_hurst", "s_likeness", "s_window")},
}  # fmt: skip

_TRACES = tuple(Series(f"bold{i}", f"region {i + 1}", str(i + 1)) for i in range(5))
_AVALANCHES = (
    Series("sizes", "measured", "1", "dots"),
    Series("guide", "−1.5", "theory", "dash"),
    Series("fit", "fit", "2", "dash"),
)
_TDS = tuple(Series(f"td{i}", f"T_d {i + 1}", str(i + 1)) for i in range(6))
_VARIED = Axis("control parameter")
_SIZE = Axis("size s", log=True)
_SHARE = Axis("P(s)", log=True)


def _metric(name: str, words: str) -> View:
    """A metric along the control parameter, a curve a T_d."""
    series = _TDS
    help = (
        f"{words} of the functional network. Bands are 95 % intervals over runs, of fewer than "
        "five runs their range."
    )
    if name == "path":
        series = (*_TDS, Series("pieces", "network in pieces", "8", "dots"))
        help += (
            " Grey: on average less than 99 % of pairs reach each other, so that L speaks of "
            "fragments and is not to be compared."
        )
    if name == "density":
        help += " The paper calls it sparsity."
    return View(
        f"m_{name}", words, "traces", f"m_{name}", icon="chart-line", x=_VARIED, y=Axis(""),
        series=series, empty="Appears when a sweep runs.", help=help,
    )  # fmt: skip


def _regime(place: int, words: str) -> tuple[View, ...]:
    """One column of three regimes."""
    empty = "Appears when three regimes are run."
    return (
        View(
            f"r{place}_avalanches", f"Avalanches, {words}", "scatter", f"r{place}_avalanches",
            icon="chart-bell-curve", x=_SIZE, y=_SHARE, series=_AVALANCHES, empty=empty,
        ),
        View(
            f"r{place}_raster", f"Raster, {words}", "raster", f"r{place}_raster",
            icon="chart-scatter-plot", x=TIME, y=Axis("region"), empty=empty,
            series=(Series("all", "", "1"),),
            help="Automaton: excitations. Neurons: a tick where a region has five spikes or more "
            "in a ms.",
        ),
        View(
            f"r{place}_bold", f"BOLD, {words}", "traces", f"r{place}_bold",
            "in SDs, one above the other", icon="chart-line", x=TIME, y=Axis("BOLD", "SD"),
            series=_TRACES, empty=empty, priority=3,
        ),
        View(
            f"r{place}_fc", f"FC, {words}", "matrix", f"r{place}_fc", icon="grid",
            colour_map="CET-D1A", unit="r", empty=empty,
        ),
    )  # fmt: skip


_NAMES = {
    "global_efficiency": ("E_glob", "1"), "local_efficiency": ("E_loc", "3"),
    "clustering": ("C", "4"), "path": ("L", "6"), "strength": ("strength", "2"),
    "density": ("density", "5"),
}  # fmt: skip
"""Metric → short name and colour."""
_TD = Axis("T_d", low=0.0, high=1.0)
_WINDOW = (
    Series("lower", "window: lower", "theory", "dot"),
    Series("upper", "upper", "theory", "dash"),
)
_AFTER = "Appears when recordings are analysed."


def _people() -> tuple[View, ...]:
    """Recordings: H against each metric, curves and correlations along T_d, calibration."""
    scatter = tuple(
        View(
            f"h_{name}", words, "scatter", f"h_{name}", icon="chart-scatter-plot",
            x=Axis("Hurst exponent"), y=Axis(""),
            series=(
                Series("people", "a person", _NAMES[name][1], "dots"),
                Series("trend", "trend", "theory", "dash"),
            ),
            empty=_AFTER,
            help="The default people are SYNTHETIC with this relation built in: no evidence.",
        )
        for name, words in METRICS.items()
    )  # fmt: skip
    lines = {name: Series(name, *_NAMES[name]) for name in METRICS}
    return (
        *scatter,
        View(
            "d_metrics", "Metrics along T_d", "traces", "d_metrics", "mean of people",
            icon="chart-line", x=_TD, y=Axis(""),
            series=(*(line for name, line in lines.items() if name != "path"), *_WINDOW),
            empty=_AFTER,
            help="Upright lines: the small-world window, averaged over people; its lower end is "
            "sought for the first ten, against 20 random networks each.",
        ),
        View(
            "d_path", "Path length along T_d", "traces", "d_path", "mean of people",
            icon="chart-line", x=_TD, y=Axis("L"),
            series=(lines["path"], Series("pieces", "network in pieces", "8", "dots"), *_WINDOW),
            empty=_AFTER,
        ),
        View(
            "r_along", "Correlation with H", "traces", "r_along", icon="chart-line", x=_TD,
            y=Axis("R", low=-1.0, high=1.0),
            series=(*lines.values(), Series("above", "p = .01", "theory", "dash"),
                    Series("below", "p = .01 below", "theory", "dash")),
            empty=_AFTER, help="L is left out where networks fall into pieces.",
        ),
        View(
            "calibration", "Bias of R/S", "traces", "calibration", icon="ruler",
            x=Axis("true Hurst exponent"), y=Axis("R/S"),
            series=(
                Series("measured", "noise", "1"), Series("same", "no bias", "theory", "dash"),
                Series("group", "these people", "2", "dot"),
            ),
            empty=_AFTER,
            help="R/S of fractional Gaussian noise as long as the series. Values are drawn "
            "towards .6 to .8: read H against this.",
        ),
    )  # fmt: skip


VIEWS: tuple[View, ...] = (
    View(
        "nodes", "Nodes", "scatter", "nodes", "from above", icon="brain",
        x=Axis("right", "mm", -80.0, 80.0), y=Axis("front", "mm", -100.0, 100.0),
        series=(
            Series("quiet", "quiet", "8", "dots"),
            Series("refractory", "refractory", "1", "dots"),
            Series("excited", "fired in the last 10 steps", "2", "dots"),
        ),
        help="Each dot is a region, where it lies seen from above. The default regions are "
        "synthetic: no anatomy of anybody.",
    ),
    View(
        "raster", "Excitations", "raster", "raster", "a tick a node that fires",
        icon="chart-scatter-plot", x=TIME, y=Axis("node"), span=SPAN_S,
        series=(
            Series("first", "right", "1"), Series("second", "left", "2"),
            Series("all", "nodes", "1"),
        ),
        help="The first half of the nodes is the right hemisphere of the synthetic connectome.",
    ),
    View(
        "active", "Active nodes", "traces", "active", "excitations in 10 steps",
        icon="chart-line", x=TIME, y=Axis("excitations", low=0.0), span=SPAN_S, priority=3,
        series=(Series("count", "excitations", "2"),),
    ),
    View(
        "nraster", "Spikes of three regions", "raster", "nraster", "125 neurons each",
        icon="chart-scatter-plot", x=TIME, y=Axis("neuron"), span=NEURON_SPAN_S,
        series=(Series("a", "A", "1"), Series("b", "B", "2"), Series("c", "C", "3")),
        help="Three regions, spread over the connectome; excitatory neurons lie below.",
    ),
    View(
        "rates", "Rates", "traces", "rates", "in 20 ms", icon="chart-line", x=TIME,
        y=Axis("rate", "Hz", low=0.0), span=NEURON_SPAN_S,
        series=(Series("mean", "all regions", "8"), Series("one", "region A", "1")),
    ),
    View(
        "avalanches", "Avalanche sizes", "scatter", "avalanches", icon="chart-bell-curve",
        x=_SIZE, y=_SHARE, series=_AVALANCHES,
        help="An avalanche is a run of active frames between two blank ones; its size is the "
        "number of activations. The dashed guide falls with −1.5. The fit is by maximum "
        "likelihood, not by eye.",
    ),
    View(
        "bold", "BOLD of some regions", "traces", "bold", "in SDs, one above the other",
        icon="chart-line", x=TIME, y=Axis("BOLD", "SD"), series=_TRACES,
        empty="Appears after eight BOLD samples.",
    ),
    View(
        "fc", "Functional connectivity", "matrix", "fc", icon="grid", colour_map="CET-D1A",
        unit="r", empty="Appears after eight BOLD samples.",
    ),
    View(
        "structure", "Structure", "matrix", "structure", "log of 1 + fibres", icon="graph-outline",
        colour_map="magma", unit="log₁₀",
    ),
    *(_metric(name, words) for name, words in METRICS.items()),
    View(
        "coincide", "Exponent and metrics", "traces", "coincide", icon="chart-line-variant",
        x=_VARIED, y=Axis("", low=0.0),
        series=(
            Series("exponent", "exponent", "2"), Series("critical", "1.5", "theory", "dash"),
            Series("ks", "KS", "8", "dot"),
            Series("global_efficiency", "E_glob", "1"),
            Series("local_efficiency", "E_loc", "3"),
            Series("clustering", "C", "4"), Series("density", "density", "5"),
            Series("mean_fc", "FC", "7"),
        ),
        empty="Appears when a sweep runs.",
        help="On one axis, to see whether the metrics are best where the exponent is 1.5. Any "
        "coincidence depends on how finely one looks.",
    ),
    View(
        "s_hurst", "Hurst exponent", "traces", "s_hurst", "R/S, biased", icon="chart-line",
        x=_VARIED, y=Axis("H"), priority=3,
        series=(Series("hurst", "H", "1"), Series("white", "white noise", "theory", "dash")),
        empty="Appears when a sweep runs.",
        help="The published maximum at criticality did not reproduce. Unrelated noise gives .58 "
        "at 200 samples.",
    ),
    View(
        "s_likeness", "FC like the structure", "traces", "s_likeness", "r over pairs",
        icon="chart-line", x=_VARIED, y=Axis("r"), series=(Series("likeness", "r", "1"),),
        priority=3, empty="Appears when a sweep runs.",
        help="FC averaged over runs, against the logarithm of the structure.",
    ),
    View(
        "s_window", "Small-world window", "traces", "s_window", "of T_d, first run",
        icon="arrow-expand-vertical", x=_VARIED, y=Axis("T_d", low=0.0),
        series=(
            Series("isolated", "none isolated", "8", "dot"),
            Series("upper", "connected", "2"),
            Series("lower", "below random", "1"),
        ),
        empty="Appears when a sweep runs with the window on.",
        help="Between the lines the network hangs together and is less efficient globally than 20 "
        "random ones with the same degrees, rewired ten times an edge.",
    ),
    *(view for i, words in enumerate(("low", "middle", "high")) for view in _regime(i, words)),
    *_people(),
    View(
        "regime", "Regime", "counters", "regime", icon="pulse",
        empty="Appears when the study runs.",
        help="Near critical: exponent within .1 of −1.5 and KS at most .07. Otherwise large "
        "avalanches are more (supercritical) or fewer (subcritical) than under −1.5.",
    ),
    View(
        "network", "Network", "counters", "network", icon="graph-outline",
        empty="Appears after eight BOLD samples.",
    ),
)  # fmt: skip

_BELOW = (row("avalanches", "bold", "fc"), row("regime", "network", "structure"))

LAYOUT = {
    "automaton": column(
        row("nodes", column("raster", "active", weights=(2, 1)), weights=(1, 2)), *_BELOW,
        weights=(6, 5, 6),
    ),
    "neurons": column(column("nraster", "rates", weights=(2, 1)), *_BELOW, weights=(6, 5, 6)),
    "recordings": column(
        row("h_global_efficiency", "h_local_efficiency", "h_clustering"),
        row("h_path", "h_strength", "h_density"),
        row("d_metrics", "d_path", "r_along", "calibration", weights=(4, 3, 4, 3)),
        weights=(3, 3, 4),
    ),
    "regimes": row(*(
        column(f"r{i}_avalanches", f"r{i}_raster", f"r{i}_bold", f"r{i}_fc", weights=(4, 3, 3, 5))
        for i in range(3)
    )),
    "sweep": column(
        row("m_global_efficiency", "m_local_efficiency", "m_clustering"),
        row("m_path", "m_strength", "m_density"),
        row("coincide", "s_likeness", "s_hurst", "s_window", weights=(4, 2, 2, 3)),
        weights=(3, 3, 4),
    ),
}  # fmt: skip

MONITORS = {"active nodes": "", "global efficiency": "", "rate": "Hz"}
