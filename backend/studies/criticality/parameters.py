"""All parameters of 13-criticality-fc (specification, section 6) and what they mean."""

from __future__ import annotations

from typing import Any, Literal

from backend.core.number_lists import number_list
from backend.core.parameters import ParameterError, Parameters, parameter

SYSTEM, AUTOMATON, NEURONS, BOLD, GRAPH, SWEEP, SERIES = (
    "System", "Automaton", "Neurons", "BOLD", "Connectivity", "Sweeps", "Recordings",
)  # fmt: skip
STEP_MS = 14.2857
"""2 s in 140 steps (section 8.3)."""
LARGEST_GRID = 60


def _automaton(default: Any, label: str, **more: Any) -> Any:
    return parameter(
        default, label, shown_if=("model", ("automaton",)), **{"group": AUTOMATON, **more}
    )


def _neurons(default: Any, label: str, **more: Any) -> Any:
    return parameter(default, label, shown_if=("model", ("neurons",)), **{"group": NEURONS, **more})


def _again(default: Any, label: str, group: str, **more: Any) -> Any:
    return parameter(default, label, group=group, change="rebuild", **more)


def _list(default: str, label: str, model: str, help: str, source: str = "") -> Any:
    return _again(
        default, label, SWEEP, help=help, source=source, shown_if=("model", (model,))
    )  # fmt: skip


SIMULATED = ("model", ("automaton", "neurons"))


class CriticalityParameters(Parameters):
    """Which of the three systems runs, its dynamics, and how its connectivity is measured."""

    model: Literal["automaton", "neurons", "recordings"] = _again(
        "automaton", "System", SYSTEM, source="Methods",
        labels={"automaton": "Automaton", "neurons": "Neurons", "recordings": "Recordings"},
        help="Greenberg-Hastings automata on a connectome; regions of Izhikevich neurons on the "
        "same connectome; or regional time series of people.",
    )  # fmt: skip
    source: Literal["synthetic", "file"] = _again(
        "synthetic", "Connectome", SYSTEM, shown_if=SIMULATED,
        labels={"synthetic": "Synthetic", "file": "Your own"}, source="section 4",
        help="The default is generated and no anatomy of anybody. The paper's is not public.",
    )  # fmt: skip
    connectome_seed: int = _again(
        13, "Connectome seed", SYSTEM, low=0, high=2**31 - 1, shown_if=("source", ("synthetic",)),
        help="Another seed gives another connectome. The settings of the generator were chosen "
        "with seed 13; 7 was looked at only afterwards.",
    )  # fmt: skip
    connectome: str = _again(
        "", "Fibre counts", SYSTEM, kind="file", shown_if=("source", ("file",)),
        formats=("csv", "tsv", "npy", "mat"),
        help="A square, symmetric matrix of counts; a first line of names is read.",
    )  # fmt: skip
    symmetrise: bool = _again(
        False, "Mean of both directions", SYSTEM, shown_if=("source", ("file",)),
        help="Makes a matrix symmetric that is not.",
    )  # fmt: skip
    seed: int = _again(
        0, "Seed", SYSTEM, low=0, high=2**31 - 1,
        help="Same seed, same run. Sweeps use this seed and the following ones.",
    )  # fmt: skip

    threshold: float = _automaton(
        0.52, "Threshold", symbol="T<sub>m</sub>", low=0.0, high=5.0, step=0.01, decimals=3,
        log=False, source="Figures 4 and 5",
        help="A quiet node fires when its input is above this. It acts in the next step.",
    )  # fmt: skip
    scale: float = _automaton(
        0.01, "Weight of a fibre", symbol="w", low=1e-4, high=1.0, step=0.001, decimals=4,
        source="Methods, DTI+GH", help="Weight between two nodes for each fibre.",
    )  # fmt: skip
    r1: float = _automaton(
        0.005, "Spontaneous firing", symbol="r<sub>1</sub>", unit="per step", low=0.0, high=1.0,
        step=0.001, decimals=4, log=False, source="Figure 4",
        help="Probability that a quiet node fires by itself.",
    )  # fmt: skip
    r2: float = _automaton(
        0.98, "Recovery", symbol="r<sub>2</sub>", low=0.0, high=1.0, step=0.01, decimals=3,
        source="Figure 4", help="Read as the next entry says.",
    )  # fmt: skip
    r2_meaning: Literal["stay", "exit"] = _automaton(
        "stay", "r₂ means", source="section 8.1",
        labels={"stay": "Stay refractory", "exit": "Leave (as printed)"},
        help="As printed, nodes leave with .98 a step and lock into waves: every metric saturates "
        "at low thresholds and there is no optimum inside. Staying is our inference, chosen "
        "because it yields the published figure.",
    )  # fmt: skip
    n_delay: int = _automaton(
        55, "Refractory delay", unit="steps", low=0, high=500, source="Figure 4",
        help="Steps before recovery may begin. Delays that run keep their end.",
    )  # fmt: skip
    pace: int = _automaton(
        5000, "Steps a second", low=0, high=1_000_000, zero="fastest", log=False, step=100,
        help="How fast the automaton runs before you; 0 is as fast as it goes.",
    )  # fmt: skip

    ratio: float = _neurons(
        2.025, "E/I ratio", symbol="g<sub>EE</sub>", unit="mV", low=0.0, high=6.0, step=0.025,
        decimals=3, source="Figures 7 and 8",
        help="Weight of excitation onto excitation; inhibition onto itself is −1.",
    )  # fmt: skip
    g_between: float = _neurons(
        0.15, "Between regions", symbol="g", unit="mV", low=0.0, high=2.0, step=0.01,
        source="Methods", help="Weight of synapses from region to region, excitatory only.",
    )  # fmt: skip
    g_ei: float = _neurons(
        1.0, "E onto I", unit="mV", low=0.0, high=5.0, step=0.05, source="Methods",
        help="Weight of excitation onto inhibitory neurons.",
    )  # fmt: skip
    g_ie: float = _neurons(
        -1.0, "I onto E", unit="mV", low=-5.0, high=0.0, step=0.05, source="Methods",
        help="Weight of inhibition onto excitatory neurons.",
    )  # fmt: skip
    g_ii: float = _neurons(
        -1.0, "I onto I", unit="mV", low=-5.0, high=0.0, step=0.05, source="Methods",
        help="Weight of inhibition onto inhibitory neurons.",
    )  # fmt: skip
    noise_e: float = _neurons(
        5.0, "Noise onto E", unit="mV a ms", low=0.0, high=20.0, step=0.1, source="Methods, D = 25",
        help="SD of the input drawn each ms.",
    )  # fmt: skip
    noise_i: float = _neurons(
        2.5, "Noise onto I", unit="mV a ms", low=0.0, high=20.0, step=0.1,
        source="Methods, D = 6.25", help="SD of the input drawn each ms.",
    )  # fmt: skip
    regions: int = _neurons(
        90, "Regions", low=2, high=200, change="rebuild", source="Methods",
        help="The first regions of the connectome; 125 neurons each. 10 are fast to watch.",
    )  # fmt: skip
    inhibitory_b: Literal["0.25", "0.2"] = _neurons(
        "0.25", "b of inhibitory cells", change="rebuild", source="section 8.4",
        labels={"0.25": "0.25 (standard)", "0.2": "0.20 (as printed)"},
        help="Highest b. As printed the transition moves down: 18 Hz already at 2.025 in ten "
        "regions.",
    )  # fmt: skip
    z_unit: Literal["ms", "hz"] = _neurons(
        "ms", "Activity into BOLD", change="rebuild", group=BOLD, source="Eq. 16, section 8.9",
        labels={"ms": "Spikes a neuron and ms", "hz": "Spikes a neuron and s"},
        help="The unit is not printed. The response is nearly linear for the first.",
    )  # fmt: skip

    hrf: Literal["gamma", "as printed"] = _automaton(
        "gamma", "Response", group=BOLD, change="recompute", source="Eq. 10, section 8.2",
        labels={"gamma": "Gamma density", "as printed": "As printed"},
        help="The paper raises the whole fraction to p − 1, which moves the peak from 1.2 to 0.6 "
        "s. Most likely a slip.",
    )  # fmt: skip
    hrf_d: float = _automaton(
        0.6, "Scale", symbol="d", unit="s", low=0.1, high=5.0, step=0.1, group=BOLD,
        change="recompute", help="The peak is at (p − 1) d, the mean at p d.", source="Eq. 10",
    )  # fmt: skip
    hrf_p: int = _automaton(
        3, "Order", symbol="p", low=1, high=10, group=BOLD, change="recompute", source="Eq. 10",
        help="Order of the gamma response.",
    )  # fmt: skip
    hrf_o: float = _automaton(
        0.0, "Onset", symbol="o", unit="s", low=0.0, high=5.0, step=0.1, group=BOLD,
        change="recompute", source="Eq. 10", help="The response begins so late.",
    )  # fmt: skip
    every: int = _automaton(
        140, "Steps a sample", low=1, high=2000, log=False, group=BOLD, change="recompute",
        source="Methods, Figure 5", help="One BOLD sample a block of so many steps.",
    )  # fmt: skip
    samples: int = parameter(
        200, "BOLD samples", shown_if=SIMULATED, low=32, high=2000, log=False, group=BOLD,
        change="recompute",
        source="Methods", help="Of the connectivity: the last so many while it runs.",
    )  # fmt: skip
    step: float = _automaton(
        STEP_MS, "Step", unit="ms", low=0.1, high=1000.0, decimals=3, group=BOLD,
        change="rebuild", source="section 8.3", log=False,
        help="Duration of a step; not printed. 2 s are taken to be 140 steps.",
    )  # fmt: skip
    tr: float = _neurons(
        2.0, "Sample every", symbol="TR", unit="s", low=0.1, high=10.0, step=0.1, group=BOLD,
        change="rebuild", source="Methods", help="One BOLD sample in so many seconds.",
    )  # fmt: skip
    duration_s: float = _neurons(
        480.0, "Simulated", unit="s", low=10.0, high=5000.0, step=10.0, decimals=0, group=SWEEP,
        change="rebuild", log=False, source="Methods", help="Length of each run of a sweep.",
    )  # fmt: skip
    discard_s: float = _neurons(
        180.0, "Discarded", unit="s", low=0.0, high=4000.0, step=10.0, decimals=0, group=SWEEP,
        change="rebuild", source="Methods",
        help="The start that is not measured. BOLD is computed through it and cut afterwards.",
    )  # fmt: skip

    td: float = parameter(
        0.15, "Threshold of edges", symbol="T<sub>d</sub>", low=0.0, high=1.0, step=0.01,
        group=GRAPH, source="Figure 1: 0.4",
        help="Regions whose |correlation| is at least this are joined.",
    )  # fmt: skip
    positive: bool = parameter(
        False, "Positive edges only", group=GRAPH, change="recompute", source="section 8.10",
        help="Negative correlations join regions too unless this is on.",
    )  # fmt: skip
    global_signal: bool = parameter(
        False, "Remove the global signal", group=GRAPH, change="recompute", shown_if=SIMULATED,
        help="Regress the mean over regions out of the simulated BOLD first.",
    )  # fmt: skip
    frame: int = parameter(
        2, "Avalanche frame", low=1, high=50, group=GRAPH, change="recompute", shown_if=SIMULATED,
        source="Avalanche Detection", help="Steps, or ms, in one frame.",
    )  # fmt: skip

    thresholds: str = _list(
        "0.1, 0.2, 0.3, 0.4, 0.44, 0.48, 0.5, 0.52, 0.54, 0.56, 0.6, 0.65, 0.7, 0.8, 1, 1.4",
        "Thresholds", "automaton", "T_m: numbers, or from:to:how many.", "Figure 5; range inferred",
    )  # fmt: skip
    ratios: str = _list(
        "1.4, 1.8, 1.9, 1.925, 1.95, 1.975, 2, 2.025, 2.05, 2.075, 2.1, 2.125, 2.15, 2.175, 2.2, "
        "2.3, 3",
        "E/I ratios", "neurons",
        "Numbers, or from:to:how many. Without 2.125 and 2.15 the main peak is missed.",
        "Figure 8; range inferred",
    )  # fmt: skip
    three_thresholds: str = _list(
        "0.1, 0.52, 1", "Three thresholds", "automaton", "Of the three regimes.", "Figure 4"
    )
    three_ratios: str = _list(
        "1.4, 2.025, 2.3", "Three E/I ratios", "neurons", "Of the three regimes.", "Figure 7"
    )
    tds: str = _again(
        "0.1, 0.15, 0.2", "Thresholds of edges", SWEEP, source="Figures 2, 5 and 8",
        help="T_d: a curve each, at most 6. For recordings the whole range is drawn.",
        shown_if=SIMULATED,
    )  # fmt: skip
    runs: int = _automaton(
        20, "Runs a point", low=1, high=1000, log=False, group=SWEEP, change="rebuild",
        source="Figure 5: 1000", help="Runs at each threshold; curves show their mean and 95 %.",
    )  # fmt: skip
    networks: int = _neurons(
        2, "Networks a point", low=1, high=100, group=SWEEP, change="rebuild",
        source="Figure 8: 10", help="Networks at each ratio, wired anew from its own seed.",
    )  # fmt: skip
    workers: int = _again(
        2, "Threads", SWEEP, low=1, high=64, shown_if=SIMULATED,
        help="Runs computed side by side. The numbers are the same with any.",
    )  # fmt: skip
    window: bool = _again(
        True, "Small-world window", SWEEP, shown_if=("model", ("automaton", "neurons")),
        help="The range of T_d where the network is connected and yet more local than 20 random "
        "ones with the same degrees.", source="Figure 2",
    )  # fmt: skip

    series: Literal["synthetic", "own"] = _again(
        "synthetic", "Subjects", SERIES, shown_if=("model", ("recordings",)),
        labels={"synthetic": "95 synthetic", "own": "Your own"},
        help="The synthetic ones have the relation of Figure 1 built in: they show the procedure "
        "and are no evidence. The paper's scans are not public.",
    )  # fmt: skip
    folder: str = _again(
        "", "Time series", SERIES, kind="file", shown_if=("series", ("own",)),
        formats=("csv", "tsv", "npy", "nii", "gz"),
        help="A folder with a file a person: CSV, TSV or NPY (time × regions), or NIfTI volumes "
        "with an atlas. One file is one person.",
    )  # fmt: skip
    atlas: str = _again(
        "", "Atlas", SERIES, kind="file", shown_if=("series", ("own",)), formats=("nii", "gz"),
        help="Whole numbers that name the region of each voxel, in the space of the volumes.",
    )  # fmt: skip


def grid(p: CriticalityParameters, name: str) -> list[float]:
    """Rising numbers of a list parameter, each once, as :func:`number_list` reads them."""
    least, most = LENGTHS.get(name, (1, LARGEST_GRID))
    values = number_list(p, name, VARIED[name], '"0.1, 0.5" or "0.1:1:10"', least, most)
    values = sorted(set(values))
    if len(values) < least:
        label = type(p).declaration(name).label
        raise ParameterError(
            name, f"{label} needs {least} different numbers; {len(values)} were given."
        )
    return values


LENGTHS = {"tds": (1, 6), "three_thresholds": (3, 3), "three_ratios": (3, 3)}
VARIED = {
    "thresholds": "threshold", "ratios": "ratio", "tds": "td", "three_thresholds": "threshold",
    "three_ratios": "ratio",
}  # fmt: skip
"""List parameter → the parameter it varies."""
