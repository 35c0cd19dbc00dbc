"""What the study shows and measures: quantities, channels, views, procedures, words."""

from __future__ import annotations

from backend.core.channels import Channel, Latest, Ring
from backend.core.result import Quantity
from backend.core.study import Procedure
from backend.core.views import Axis, Series, View, column, row

TIME = Axis("time", "ms", low=0.0)

PROCEDURES = (
    Procedure("free", "Run", "play", "One trial, watched step by step."),
    Procedure(
        "breach", "Scan breach angle…", "chart-bell-curve-cumulative",
        "From which opening on a ring is no longer counted as closed.",
        shown_if=("figure", ("ring",)),
    ),
    Procedure(
        "gap", "Scan line gap…", "chart-bell-curve-cumulative",
        "From which gap on a line figure is no longer counted as closed.",
        shown_if=("figure", ("closed segments", "hollow square")),
    ),
    Procedure("plane", "Map (J, γ)…", "grid", "Asynchronous, single and double volleys."),
    Procedure(
        "radius", "Scan hole radius…", "chart-bell-curve",
        "The band of hole sizes that are counted.",
        shown_if=("figure", ("ring", "two holes", "hollow triangle")),
    ),
    Procedure("trials", "Repeat trials…", "repeat", "How often each count occurs."),
    Procedure("noise", "Scan noise…", "sine-wave", "The count at several noise amplitudes."),
    Procedure(
        "discriminate", "Hits and false alarms…", "target",
        "The figure against the same with one hole less.",
        shown_if=("figure", ("ring", "two holes")),
    ),
    Procedure("theory", "Check theory", "ruler", "Screening length, hole centres, charging."),
    Procedure("step", "Check time step", "clock-outline", "Volleys at half and double the step."),
    Procedure("pair", "Two cells", "vector-line", "Excitation, then inhibition (Figure 2C)."),
)  # fmt: skip

_REGION_SERIES = (
    Series("background", "background", "background"),
    Series("figure", "figure", "figure"),
    Series("hole", "hole", "hole"),
    Series("hole2", "hole 2", "hole2"),
    Series("hole3", "hole 3", "hole3"),
)

CHANNELS: dict[str, Channel] = {
    "figure": Latest(),
    "sheet": Latest(),
    "first_spike": Latest(),
    "raster": Ring(("time", "row", "group"), 400_000),
    "rate": Ring(("time", "spikes", "least"), 110_000),
    "readout": Ring(("time", "voltage", "spike", "threshold"), 110_000),
    "means": Ring(("time", "background", "figure", "hole", "hole2", "hole3", "threshold"), 20_000),
    "counters": Latest(),
    "band": Latest(),
    "measured_band": Latest(),
    "psychometric": Latest(),
    "scan": Latest(),
    "plane": Latest(),
    "pair": Ring(("time", "driven", "partner", "threshold"), 40_000),
    "replay": Latest(),
}

VIEWS = (
    View(
        "figure", "Figure", "editor", "figure", "λ and critical radius to scale",
        icon="draw", colour_map="CET-L1", limits=(0.0, 255.0), edits="drawing",
        x=Axis("column"), y=Axis("row"),
        empty="Appears when the study runs; draw on it or drop in a picture.",
        help="What the sheet sees. Paint with pen, eraser and shapes; changes act in the next "
        "step. The bar is the screening length λ, the dashed circle the smallest hole that can "
        "fire on its own.",
    ),
    View(
        "sheet", "Membrane voltage", "image", "sheet", "V now", icon="grid",
        colour_map="magma", limits=(0.0, 10.0), unit="mV", x=Axis("column"), y=Axis("row"),
    ),
    View(
        "first_spike", "First spike", "image", "first_spike", "hatched: silent",
        icon="timer-outline", colour_map="viridis", limits=(0.0, 8.0), unit="ms",
        x=Axis("column"), y=Axis("row"),
    ),
    View(
        "raster", "Volleys", "raster", "raster", "spikes of the sheet, coloured by region",
        icon="chart-scatter-plot", x=TIME, y=Axis("cell"), series=_REGION_SERIES,
    ),
    View(
        "rate", "Spikes in 0.1 ms", "traces", "rate", "a volley is on above the dashed line",
        icon="chart-line", x=TIME, y=Axis("spikes"), priority=3,
        series=(Series("spikes", "sheet", "figure"), Series("least", "30", "theory", "dash")),
    ),
    View(
        "means", "Mean voltage of each region", "traces", "means", icon="chart-line", x=TIME,
        y=Axis("V", "mV", low=0.0, high=10.5),
        series=(*_REGION_SERIES, Series("threshold", "threshold", "theory", "dash")),
    ),
    View(
        "readout", "Read-out neuron", "traces", "readout", "voltage and spikes",
        icon="chart-line", x=TIME, y=Axis("V", "mV", low=0.0, high=11.0),
        series=(
            Series("voltage", "voltage", "readout"),
            Series("spike", "spike", "readout", "dots"),
            Series("threshold", "threshold", "theory", "dash"),
        ),
    ),
    View(
        "counters", "Volleys", "counters", "counters", place="result", icon="counter",
        empty="Counts appear when the study runs.",
    ),
    View(
        "band", "Hole-size band", "band", "band", "radius in px; only a narrow band is reported",
        place="result", icon="arrow-expand-horizontal", x=Axis("hole radius", "px"),
        help="Smaller holes never fire within 8 ms, larger ones fire with the background. The "
        "lower end is the critical radius of the continuum theory, the upper end is measured.",
    ),
    View(
        "measured_band", "Hole-size band, measured", "band", "measured_band",
        "radius in px; from the fits of the scan", place="result",
        icon="arrow-expand-horizontal", x=Axis("hole radius", "px"),
        empty="Appears after a scan of the hole radius.",
    ),
    View(
        "psychometric", "Psychometric curve", "psychometric", "psychometric",
        "share of trials in which the hole is counted", priority=3,
        icon="chart-bell-curve-cumulative", x=Axis("scanned value"),
        y=Axis("share counted", low=0.0, high=1.0), series=(Series("y", "counted", "spiking"),),
        empty="Appears when a scan runs.",
    ),
    View(
        "scan", "Mean counts", "scatter", "scan", "three read-outs",
        icon="chart-line", x=Axis("scanned value"), y=Axis("volleys"),
        series=(
            Series("readout", "read-out neuron", "readout", "dots"),
            Series("temporal", "temporal", "figure", "dots"),
            Series("spatial", "spatial", "background", "dots"),
        ),
        empty="Appears when a scan runs.",
    ),
    View(
        "plane", "Phases of (J, γ)", "matrix", "plane", "J upwards, γ to the right",
        icon="grid", origin="lower", x=Axis("γ", "mV per J"), y=Axis("J", "no unit"),
        empty="Appears when the map is computed.",
    ),
    View(
        "pair", "Two coupled cells", "traces", "pair", "current step to the first",
        icon="chart-line", x=TIME, y=Axis("V", "mV"),
        series=(
            Series("driven", "driven", "figure"),
            Series("partner", "partner", "hole"),
            Series("threshold", "threshold", "theory", "dash"),
        ),
        empty="Appears when two cells are run.",
    ),
)  # fmt: skip

_PICTURES = row("figure", "sheet", "first_spike", weights=(6, 5, 5))

LAYOUT = {
    "trial": column(
        _PICTURES,
        row("raster", "rate", weights=(3, 1)),
        row("means", "readout"),
        weights=(5, 5, 3),
    ),
    "scan": column(
        _PICTURES,
        row("psychometric", "scan"),
        row("raster", "means", weights=(3, 2)),
        weights=(5, 5, 3),
    ),
    "plane": column(row("plane", column("figure", "sheet"), weights=(2, 1)), "raster",
                    weights=(5, 2)),
    "pair": row("pair", "figure", weights=(2, 1)),
}  # fmt: skip

SCANS = ("breach", "gap", "radius", "noise", "trials", "discriminate", "theory", "step")
"""Procedures that fill the psychometric curve or the mean counts."""

MONITORS = {"spikes in 0.1 ms": "spikes", "temporal volleys": "volleys", "RON spikes": "spikes"}

_COUNTS = {
    "readout": "Read-out neuron",
    "temporal": "Temporal groups",
    "spatial": "Spatial groups",
}
_GRIDS = {
    "breach": ("°", (0, 15, 30, 40, 45, 50, 52, 54, 55, 60, 70, 90)),
    "radius": ("px", (4, 5, 6, 7, 8, 9, 10, 11, 12, 13)),
    "gap": ("px", (0, 2, 4, 6, 8, 10, 12, 14, 16, 18)),
    "noise": ("mV√ms", (1, 1.4, 1.7, 2)),
}
_SCANNED = {"breach": "breach", "radius": "hole radius", "gap": "gap", "noise": "noise"}


def _trial_quantities() -> dict[str, Quantity]:
    """One trial, and repeated trials of one figure."""
    found = {
        f"{name}_volleys": Quantity(f"{label}: volleys", "", 2) for name, label in _COUNTS.items()
    }
    found |= {
        "true_parts": Quantity("True parts of the figure", "", 2),
        "true_holes": Quantity("True holes", "", 2, "Euler count of the image"),
        "expected_volleys": Quantity("Volleys expected", "", 2),
        "as_expected": Quantity("Trials with the expected count", "%"),
        "no_third": Quantity("Trials without a third group", "%"),
        "hole_lag": Quantity("Hole fires after background by", "ms"),
        "phase": Quantity("Phase", "", 1, "0 asynchronous, 1 single, 2 two volleys"),
        "background_share": Quantity("Background: synchrony", "", 2),
        "figure_share": Quantity("Figure: synchrony", "", 2),
        "spatial_3_or_more": Quantity("Spatial groups, 3 or more", "%"),
    }
    for name in ("figure", "background", "hole"):
        found[f"{name}_median"] = Quantity(f"{name.capitalize()}: first spike, median", "ms")
        found[f"{name}_silent"] = Quantity(f"{name.capitalize()}: silent cells", "%", 2)
    for name, label in _COUNTS.items():
        found[f"{name}_mean"] = Quantity(f"{label}: mean volleys")
        found |= {f"{name}_{n}": Quantity(f"{label}, exactly {n}", "%") for n in (1, 2, 3, 4)}
        found[f"{name}_4_or_more"] = Quantity(f"{label}, 4 or more", "%")
        found[f"hits_{name}"] = Quantity(f"Hits, {label.lower()}", "%")
        found[f"false_alarms_{name}"] = Quantity(f"False alarms, {label.lower()}", "%")
        found[f"success_{name}"] = Quantity(f"Correct of two, {label.lower()}", "%")
    return found


def _scan_quantities() -> dict[str, Quantity]:
    """Points and fits of the scans, landmarks and shares of the map."""
    found = {}
    for scan, (unit, values) in _GRIDS.items():
        for value in values:
            key, at = f"{scan}_{value:g}", f"{value:g}{'' if unit == '°' else ' '}{unit}"
            found[f"counted_{key}"] = Quantity(f"{at}: counted", "%")
            if scan in ("breach", "gap"):
                found[f"readout_{key}"] = Quantity(f"{at}: read-out spikes")
            if scan == "radius":
                found[f"spatial_{key}"] = Quantity(f"{at}: told apart in space", "%")
                found[f"lag_{key}"] = Quantity(f"{at}: hole lags background", "ms")
                found[f"hole_silent_{key}"] = Quantity(f"{at}: silent hole cells", "%", 2)
                found[f"hole_median_{key}"] = Quantity(f"{at}: hole's first spike", "ms")
        for side, name in (("rise", "Rising"), ("fall", "Falling")):
            found[f"{scan}_{side}_threshold"] = Quantity(
                f"{name}: {_SCANNED[scan]} threshold", unit
            )
            found[f"{scan}_{side}_threshold_low"] = Quantity(f"{name}: lower end", unit)
            found[f"{scan}_{side}_threshold_high"] = Quantity(f"{name}: upper end", unit)
            found[f"{scan}_{side}_width"] = Quantity(f"{name}: 10 to 90 % width", unit)
            found[f"{scan}_{side}_slope"] = Quantity(f"{name}: slope", f"/{unit}")
    for j, g in ((0, 0), (0.5, 0.05), (1, 0.05), (3, 0.05), (3, 0.15), (6, 0.15), (6, 0.25)):
        key, at = f"{j:g}_{g:g}", f"J {j:g}, γ {g:g}"
        found[f"background_share_{key}"] = Quantity(f"{at}: background synchrony", "", 2)
        found[f"figure_share_{key}"] = Quantity(f"{at}: disk synchrony", "", 2)
        found[f"phase_{key}"] = Quantity(f"{at}: phase", "", 1)
    for name in ("asynchronous", "single", "two"):
        found[f"plane_{name}"] = Quantity(f"Share of the map: {name}", "%", 2)
    return found


def _proof_quantities() -> dict[str, Quantity]:
    """Theory, time step, two cells."""
    found = {
        "screening_length": Quantity("Screening length λ", "px", 3),
        "critical_radius": Quantity("Critical hole radius", "px", 3),
        "critical_slit": Quantity("Critical half-width of a slit", "px", 3),
        "charge_up_black": Quantity("Isolated black cell fires after", "ms"),
        "charge_up_gray": Quantity("Isolated gray cell fires after", "ms"),
        "identical": Quantity("Same seed, identical spikes", "", 1),
        "figure_step_shift": Quantity("Figure's median moves by", "ms", 2),
        "background_step_shift": Quantity("Background's median moves by", "ms", 2),
        "pair_rise": Quantity("Partner's rise before the spike", "mV"),
        "pair_jump": Quantity("Partner's jump at the spike", "mV"),
        "pair_fall": Quantity("Partner's fall in the refractory period", "mV"),
        "pair_driven_spikes": Quantity("Spikes of the driven cell", "", 2),
    }
    for j, n in ((3, 8), (2.8, 8), (6, 8), (3, 4), (1, 8)):
        label = f"J {j:g}, {n} neighbours: decay length"
        found[f"decay_length_{j:g}_{n}"] = Quantity(label, "px")
    for hole in (8, 9, 10, 11):
        found[f"centre_voltage_{hole}"] = Quantity(f"{hole} px: voltage of the hole's centre", "mV")
    for dt in (0.005, 0.01, 0.02):
        for name in ("figure", "background"):
            label = f"Δt {dt:g} ms: first spike of the {name}"
            found[f"{name}_median_dt_{dt:g}"] = Quantity(label, "ms")
    return found


QUANTITIES = {**_trial_quantities(), **_scan_quantities(), **_proof_quantities()}

SYNTHETIC = (
    "All figures are drawn by a generator and all spikes are simulated; no data are recorded."
)

NOTES = (
    "Figure 2: the captions of G and H are swapped in the paper. Two separate volleys belong to "
    "J = 3, γ = 0.15, a single one to J = 6, γ = 0.25, as the text of section 3.2 has it.",
    "Section 3.2 says both that a hole lags and that it fires before the outside. It lags.",
    "Read-out neuron: with the table's refractory period of 0.5 ms, background waves of up to "
    "0.6 ms count twice in 3 to 12 % of trials. The default here is 0.6 ms.",
    "Two holes: the paper's 70 % is not reached with Table 1. Both holes fire within 0.2 ms, so "
    "one global read-out neuron sees four volleys in a tenth to a fifth of trials; in space they "
    "are always told apart. A slower, more sensitive read-out neuron reaches about 65 % of hits at "
    "the price of about 45 % false alarms.",
    "Robust to shape and spatial frequency holds only for holes near the critical size: smaller "
    "ones stay silent within 8 ms, larger ones merge with the background. Thin closed squares of "
    "half-width 18 count 2. Dotted outlines are fragile in dot size and pitch.",
    "The hollow triangle of supplementary figure 2 is counted in time in about two of three "
    "trials, in space always. A ring is told from a disk in 98 % of trials, better than the 64.5 % "
    "the paper quotes for people; no claim about people follows from these sizes.",
    "Figure 6G (closed figure with four neighbours still counted 3) did not reproduce at this "
    "size: it counts 2 in nine of ten trials. Figure 6H, no separation of the dots, did.",
    "Spikelets: Eq. 4 under τ dV/dt would divide the jump by τ; only the direct jump γJ "
    "synchronises, so that is what is computed.",
    "Noise: the paper's unit of σ² does not fit; s = 1 to 2 mV√ms is meant. Figure sizes are not "
    "printed and were inferred.",
)
