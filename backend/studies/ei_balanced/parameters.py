"""Parameters of the study ei-balanced-network: limits, units, symbols and how each may change.

Source: 01-ei-balanced-network, sections 2 to 4; tables of spec sections 3 and 6.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import field_validator

from backend.core.parameters import Parameters, parameter

S1, S2, S3 = ("S1",), ("S2",), ("S3", "preview")
DRIVEN = ("S1", "S2")
NETWORKS = ("S2", "S3", "preview")
DISC_KINDS = ("disc", "step", "flicker", "linear", "circle", "crossing", "path")
FILE_KINDS = ("film", "photo", "events", "packed")

MODEL = "Model"
INPUT = "Input"
STIMULUS = "Stimulus"
MEMBRANE = "Synapses and membrane"
WEIGHTS = "Weights"
READOUT = "Read-out"
NETWORK = "Network"
DENSITY = "Connection density, widths"
BATCH = "Batch"


def _time(default: float, label: str, symbol: str, modes: tuple[str, ...], **more: Any) -> Any:
    """A membrane or synaptic constant."""
    values: dict[str, Any] = {
        "unit": "ms", "low": 0.1, "high": 200.0, "step": 0.1, "group": MEMBRANE,
        "shown_if": ("mode", modes),
    } | more  # fmt: skip
    return parameter(default, label, symbol=symbol, **values)


def _weight(default: float, pair: str, modes: tuple[str, ...], limit: float, table: str) -> Any:
    """One weight j_ab: effect of the source (second letter) on the target (first letter)."""
    negative = pair[1] == "I"
    return parameter(
        default, f"Weight {pair[1]} → {pair[0]}", symbol=f"j<sub>{pair}</sub>",
        low=-limit if negative else 0.0, high=0.0 if negative else limit,
        step=limit / 1000.0, group=WEIGHTS, cell=(table, pair[0], pair[1]),
        shown_if=("mode", modes), source="Fig. 3" if modes == S2 else "Fig. 5",
        help=(
            "Charge of one spike at threshold scale; negative for inhibition. "
            "Acts at once: currents are kept without their weight."
        ),
    )  # fmt: skip


def _share(default: float, pair: str, modes: tuple[str, ...], table: str) -> Any:
    """One connection density p_ab."""
    return parameter(
        default, f"Density {pair[1]} → {pair[0]}", symbol=f"p<sub>{pair}</sub>", low=0.0, high=1.0,
        step=0.005, change="rebuild", group=DENSITY, cell=(table, pair[0], pair[1]),
        shown_if=("mode", modes), source="Fig. 3" if modes == S2 else "Fig. 5",
        help="Probability of a connection; in S3 its Gaussian profile is normalised to this mean.",
    )  # fmt: skip


def _width(default: float, layer: str) -> Any:
    """One Gaussian scale A_b."""
    return parameter(
        default, f"Width from {layer}", symbol=f"A<sub>{layer}</sub>", unit="field", low=0.002,
        high=0.5, step=0.005, change="rebuild", group=DENSITY, shown_if=("mode", S3),
        source="Fig. 5", help="Scale of the Gaussian that connections from this layer follow.",
    )  # fmt: skip


class BalancedParameters(Parameters):
    """Everything a user may set; defaults are the circular-motion experiment of Fig. 5E-F."""

    mode: Literal["S3", "S2", "S1", "preview"] = parameter(
        "S3", "System", group=MODEL, change="rebuild", source="Sections 2 to 4",
        labels={
            "S1": "S1, uncoupled population", "S2": "S2, homogeneous network",
            "S3": "S3, spatial network", "preview": "S3 preview, mean field",
        },
        help="Uncoupled population, dense network, spatial network, or its rate fields alone.",
    )  # fmt: skip
    engine: Literal["isomorph", "brian2"] = parameter(
        "isomorph", "Engine", group=MODEL, change="rebuild", shown_if=("mode", S2),
        labels={"isomorph": "Isomorph", "brian2": "Brian2 (cross-check)"},
        help="Brian2 runs the same connections in a process of its own, up to 4000 neurons.",
    )  # fmt: skip
    seed: int = parameter(
        0, "Seed", low=0, high=2**31 - 1, change="rebuild", group=MODEL,
        help="Same seed, same connections, noise and spikes.",
    )  # fmt: skip
    dt: float = parameter(
        0.0, "Step", zero="own", symbol="Δt", unit="ms", low=0.0, high=0.5, step=0.01, decimals=4,
        log=False,
        change="rebuild", group=MODEL, source="not printed in the paper; inferred",
        help="Own (0) takes the step of the system: 0.001 ms (S1), 0.1 ms (S2), 0.05 ms (S3).",
    )  # fmt: skip
    reset: Literal["subtract", "hard"] = parameter(
        "subtract", "Reset", group=MODEL, source="Eq. 1; subtraction keeps the printed mean rate",
        labels={"subtract": "Subtract threshold", "hard": "To zero"},
        help="Subtracting keeps the exact mean rate at any step; resetting to zero reads low.",
    )  # fmt: skip
    barrier: Literal["paper", "on", "off"] = parameter(
        "paper", "Barrier at zero", group=MODEL, source="Section 3",
        labels={"paper": "As in the paper", "on": "On", "off": "Off"},
        help="Reflecting barrier at the reset voltage; the paper has it in S3 only.",
    )  # fmt: skip

    # ---- input of S1 and S2 ----
    mu_kind: Literal["step", "sine", "ramp", "chirp", "pulse", "points", "file", "constant"] = (
        parameter(
            "sine", "Mean input", symbol="μ(t)", group=INPUT, shown_if=("mode", DRIVEN),
            labels={
                "step": "Step", "sine": "Sine", "ramp": "Ramp", "chirp": "Chirp",
                "pulse": "Pulse", "points": "Drawn", "file": "From a table (CSV)",
                "constant": "Constant",
            },
            source="Figs. 2 and 3", help="Mean input as a function of time.",
        )
    )  # fmt: skip
    mu: float = parameter(
        0.1, "Base", symbol="μ", low=-20.0, high=100.0, step=0.01, group=INPUT,
        shown_if=("mode", DRIVEN), source="Figs. 2 and 3", help="Input before and around changes.",
    )  # fmt: skip
    mu_amplitude: float = parameter(
        0.05, "Amplitude", symbol="Δμ", low=-100.0, high=100.0, step=0.01, group=INPUT,
        shown_if=("mu_kind", ("step", "sine", "ramp", "chirp", "pulse")), source="Figs. 2 and 3",
        help="Height of the step, ramp or pulse; half the swing of a sine.",
    )  # fmt: skip
    mu_onset: float = parameter(
        5.0, "Onset", symbol="t<sub>0</sub>", unit="ms", low=0.0, high=10_000.0, step=1.0,
        group=INPUT, shown_if=("mu_kind", ("step", "ramp", "pulse")), source="Fig. 2B",
    )  # fmt: skip
    mu_period: float = parameter(
        100.0, "Period", symbol="T", unit="ms", low=0.5, high=10_000.0, step=1.0, group=INPUT,
        shown_if=("mu_kind", ("sine", "chirp")), source="Fig. 3 (inferred)",
        help="The paper does not print it; 100 ms is slow against the synapses.",
    )  # fmt: skip
    mu_end_period: float = parameter(
        10.0, "Period at the end", unit="ms", low=0.5, high=10_000.0, step=1.0, group=INPUT,
        shown_if=("mu_kind", ("chirp",)), help="Fastest oscillation of the chirp.",
    )  # fmt: skip
    mu_duration: float = parameter(
        100.0, "Duration", unit="ms", low=0.1, high=100_000.0, step=1.0, group=INPUT,
        shown_if=("mu_kind", ("ramp", "chirp", "pulse")),
        help="Length of the ramp, chirp or pulse.",
    )  # fmt: skip
    mu_points: list[tuple[float, float]] = parameter(
        [(0.0, 0.05), (50.0, 0.15), (100.0, 0.05)], "Drawn trace", kind="points", group=INPUT,
        shown_if=("mu_kind", ("points",)), help="Points (time in ms, value), joined and repeated.",
    )  # fmt: skip
    mu_file: str = parameter(
        "", "Trace file", kind="file", formats=("csv", "tsv", "txt"), group=INPUT,
        shown_if=("mu_kind", ("file",)), help="Table with time in ms and value; header optional.",
    )  # fmt: skip
    noise: Literal["vmr", "sigma"] = parameter(
        "vmr", "Noise", group=INPUT, shown_if=("mode", S1), source="Fig. 2",
        labels={"vmr": "Variance follows the mean", "sigma": "Constant"},
        help="Constant variance-to-mean ratio gives no lag; constant noise lags.",
    )  # fmt: skip
    beta: float = parameter(
        1.0, "Variance-to-mean ratio", symbol="β", low=0.0, high=10.0, step=0.05, group=INPUT,
        shown_if=("noise", ("vmr",)), source="Fig. 2",
    )  # fmt: skip
    sigma: float = parameter(
        1.0, "Noise strength", symbol="σ", low=0.0, high=10.0, step=0.05, group=INPUT,
        shown_if=("noise", ("sigma",)), source="Fig. 2",
    )  # fmt: skip
    vmr_input: float = parameter(
        0.1, "Input variance to mean", symbol="σ<sub>F</sub>²/μ", low=0.0, high=10.0, step=0.01,
        group=INPUT, shown_if=("mode", S2), source="Fig. 3",
    )  # fmt: skip
    f_e: float = parameter(
        3.0, "Drive of E", symbol="f<sub>E</sub>", low=0.0, high=50.0, step=0.05, group=INPUT,
        shown_if=("mode", S2), source="Fig. 3", help="Feedforward gain of the E population.",
    )  # fmt: skip
    f_i: float = parameter(
        2.0, "Drive of I", symbol="f<sub>I</sub>", low=0.0, high=50.0, step=0.05, group=INPUT,
        shown_if=("mode", S2), source="Fig. 3", help="Feedforward gain of the I population.",
    )  # fmt: skip

    # ---- stimulus of S3 ----
    stimulus: Literal[
        "disc", "step", "flicker", "linear", "circle", "crossing", "path", "film", "photo",
        "events", "packed",
    ] = parameter(
        "circle", "Kind", group=STIMULUS, shown_if=("mode", S3), source="Section 4.2",
        labels={
            "disc": "Disc, still", "step": "Disc, sudden", "flicker": "Disc, flickering",
            "linear": "Disc, straight path", "circle": "Disc, circular path",
            "crossing": "Two discs crossing", "path": "Disc, drawn path",
            "film": "Grey video (.npy)", "photo": "Moving window over a photograph",
            "events": "Camera events (.npy, .npz)", "packed": "Camera file, bit-packed (.dat)",
        },
        help="What the camera sees.",
    )  # fmt: skip
    amplitude: float = parameter(
        10.0, "Amplitude", symbol="A", low=0.0, high=100.0, step=0.1, group=STIMULUS,
        shown_if=("mode", S3), source="Section 4.2",
        help="Input inside the disc, at grey 1 of a picture, or A of A sin(3/2 2πt/T) + C.",
    )  # fmt: skip
    low: float = parameter(
        1.5, "Before the step", low=0.0, high=100.0, step=0.1, group=STIMULUS,
        shown_if=("stimulus", ("step",)), source="Section 4.2",
    )  # fmt: skip
    onset: float = parameter(
        75.0, "Onset", symbol="t<sub>0</sub>", unit="ms", low=0.0, high=10_000.0, step=1.0,
        group=STIMULUS, shown_if=("stimulus", ("step",)), source="Section 4.2",
    )  # fmt: skip
    offset: float = parameter(
        30.0, "Mean of the flicker", symbol="C", low=0.0, high=100.0, step=0.5, group=STIMULUS,
        shown_if=("stimulus", ("flicker",)), source="Section 4.2",
    )  # fmt: skip
    period: float = parameter(
        200.0, "Period", symbol="T", unit="ms", low=10.0, high=2000.0, step=1.0, group=STIMULUS,
        shown_if=("stimulus", ("flicker", "linear", "circle", "crossing", "path", "photo")),
        source="Section 4.2",
        help="Once round, or once across; a flicker repeats after 2/3 of it (B = 3/2).",
    )  # fmt: skip
    radius: float = parameter(
        0.05, "Radius", symbol="r", unit="field", low=0.01, high=0.5, step=0.005, group=STIMULUS,
        shown_if=("stimulus", DISC_KINDS), source="Section 4.2",
    )  # fmt: skip
    x: float = parameter(
        0.5, "Centre, x", symbol="x", unit="field", low=0.0, high=1.0, step=0.01, group=STIMULUS,
        shown_if=("stimulus", (*DISC_KINDS, "photo")), help="Drag the disc on the camera view.",
    )  # fmt: skip
    y: float = parameter(
        0.5, "Centre, y", symbol="y", unit="field", low=0.0, high=1.0, step=0.01, group=STIMULUS,
        shown_if=("stimulus", (*DISC_KINDS, "photo")), help="Drag the disc on the camera view.",
    )  # fmt: skip
    path_radius: float = parameter(
        0.25, "Path radius", unit="field", low=0.0, high=0.7, step=0.01, group=STIMULUS,
        shown_if=("stimulus", ("circle", "crossing", "photo")), source="inferred",
    )  # fmt: skip
    start: float = parameter(
        0.1, "Path start, x", unit="field", low=0.0, high=1.0, step=0.01, group=STIMULUS,
        shown_if=("stimulus", ("linear",)), source="inferred",
    )  # fmt: skip
    stop: float = parameter(
        0.9, "Path end, x", unit="field", low=0.0, high=1.0, step=0.01, group=STIMULUS,
        shown_if=("stimulus", ("linear",)), source="inferred",
    )  # fmt: skip
    path_points: list[tuple[float, float]] = parameter(
        [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.5, 0.4), (0.25, 0.75)], "Drawn path",
        kind="points", plane=True, unit="field", group=STIMULUS, shown_if=("stimulus", ("path",)),
        help="Corners (x, y) of a closed path, walked at constant speed.",
    )  # fmt: skip
    stimulus_file: str = parameter(
        "", "File", kind="file", group=STIMULUS,
        formats=("npy", "npz", "dat", "bin", "png", "jpg", "jpeg", "tif", "tiff", "bmp"),
        shown_if=("stimulus", FILE_KINDS),
        help="Recording (T, H, W), bit-packed camera file, grey video, or any photograph.",
    )  # fmt: skip
    photo: Literal["camera", "coins", "page", "moon", "text", "brick", "grass", "gravel"] = (
        parameter(
            "camera", "Example photograph", group=STIMULUS, shown_if=("stimulus", ("photo",)),
            labels={
                "camera": "Photographer", "coins": "Coins", "page": "Page", "moon": "Moon",
                "text": "Text", "brick": "Brick", "grass": "Grass", "gravel": "Gravel",
            },
            help="Shown when no file is chosen; bundled with scikit-image.",
        )
    )  # fmt: skip
    photo_window: float = parameter(
        0.4, "Window", unit="photograph", low=0.05, high=1.0, step=0.05, group=STIMULUS,
        shown_if=("stimulus", ("photo",)), help="Side of the camera's field on the photograph.",
    )  # fmt: skip
    frame_ms: float = parameter(
        0.05, "Frame", unit="ms", low=0.001, high=1000.0, step=0.01, decimals=3, group=STIMULUS,
        shown_if=("stimulus", ("film", "events", "packed")),
        help="Duration of one frame: 0.05 ms for a camera of 20 kHz, 16.7 ms for video.",
    )  # fmt: skip
    packed_rows: int = parameter(
        250, "Camera rows", symbol="H", low=1, high=10_000, group=STIMULUS,
        shown_if=("stimulus", ("packed",)), help="Pixel rows of the bit-packed file.",
    )  # fmt: skip
    packed_columns: int = parameter(
        400, "Camera columns", symbol="W", low=1, high=10_000, group=STIMULUS,
        shown_if=("stimulus", ("packed",)), help="Pixel columns; rows are padded to whole bytes.",
    )  # fmt: skip
    bit_order: Literal["little", "big"] = parameter(
        "little", "Bit order", group=STIMULUS, shown_if=("stimulus", ("packed",)),
        labels={"little": "Lowest bit first", "big": "Highest bit first"},
    )  # fmt: skip
    top_first: bool = parameter(
        True, "First row is the top", group=STIMULUS,
        shown_if=("stimulus", ("film", "events", "packed")), help="Off flips the rows.",
    )  # fmt: skip
    bg: float = parameter(
        0.5, "Background", symbol="bg", low=0.0, high=20.0, step=0.05, group=STIMULUS,
        shown_if=("mode", S3), source="inferred", help="Mean input of every camera cell.",
    )  # fmt: skip
    sigma_bg: float = parameter(
        1.0, "Camera noise", symbol="σ<sub>bg</sub>", low=0.0, high=10.0, step=0.05,
        group=STIMULUS, shown_if=("mode", S3), source="inferred",
        help="White noise of every camera cell; the paper adds noise of unstated strength.",
    )  # fmt: skip

    # ---- synapses and membrane ----
    k: float = parameter(
        1.0, "Synaptic scale", symbol="k", low=0.1, high=4.0, step=0.05, group=MEMBRANE,
        log=False, shown_if=("mode", NETWORKS), source="Fig. 6",
        help="Multiplies every synaptic constant; the lag follows it.",
    )  # fmt: skip
    tau: float = _time(1.0, "Membrane", "τ", S1, source="Fig. 2")
    theta_1: float = parameter(
        1.0, "Threshold", symbol="θ", low=0.1, high=100.0, step=0.1, group=MEMBRANE, log=True,
        shown_if=("mode", S1), source="Fig. 2",
    )  # fmt: skip
    tau_e: float = _time(15.0, "E membrane", "τ<sub>E</sub>", NETWORKS, source="Figs. 3 and 5")
    tau_i: float = _time(10.0, "I membrane", "τ<sub>I</sub>", NETWORKS, source="Figs. 3 and 5")
    tau_f: float = _time(1.0, "Camera membrane", "τ<sub>F</sub>", S3, source="Fig. 5")
    theta: float = parameter(
        15.0, "Threshold", symbol="θ", low=0.1, high=100.0, step=0.1, group=MEMBRANE, log=True,
        shown_if=("mode", NETWORKS), source="Figs. 3 and 5",
    )  # fmt: skip
    tau_fs: float = _time(5.0, "Camera synapses", "τ<sub>Fs</sub>", S3, high=50.0, source="Fig. 5")
    tau_es: float = _time(5.0, "E synapses", "τ<sub>Es</sub>", S3, high=50.0, source="Fig. 5")
    tau_is: float = _time(2.5, "I synapses", "τ<sub>Is</sub>", S3, high=50.0, source="Fig. 5")
    s2_tau_es: float = _time(6.0, "E synapses", "τ<sub>Es</sub>", S2, high=50.0, source="Fig. 3")
    s2_tau_is: float = _time(5.0, "I synapses", "τ<sub>Is</sub>", S2, high=50.0, source="Fig. 3")

    # ---- weights ----
    divided: bool = parameter(
        False, "Divide weights by √N", group=WEIGHTS, shown_if=("mode", S2),
        source="Fig. 3; the caption leaves the reading open",
        help="Read literally (on) nothing balances: recurrence is 1 % of the drive.",
    )  # fmt: skip
    s2_j_ee: float = _weight(0.25, "EE", S2, 10.0, "Weights j of S2")
    s2_j_ei: float = _weight(-1.0, "EI", S2, 10.0, "Weights j of S2")
    s2_j_ie: float = _weight(0.4, "IE", S2, 10.0, "Weights j of S2")
    s2_j_ii: float = _weight(-1.0, "II", S2, 10.0, "Weights j of S2")
    j_ef: float = _weight(140.0, "EF", S3, 1000.0, "Weights j of S3")
    j_ee: float = _weight(80.0, "EE", S3, 1000.0, "Weights j of S3")
    j_ei: float = _weight(-320.0, "EI", S3, 1000.0, "Weights j of S3")
    j_if: float = _weight(93.3, "IF", S3, 1000.0, "Weights j of S3")
    j_ie: float = _weight(40.0, "IE", S3, 1000.0, "Weights j of S3")
    j_ii: float = _weight(-320.0, "II", S3, 1000.0, "Weights j of S3")

    # ---- read-out ----
    window: float = parameter(
        5.0, "Window", symbol="W", unit="ms", low=0.5, high=50.0, step=0.5, group=READOUT,
        source="not printed in the paper; chosen",
        help="Trailing window of positions, maps and live rates.",
    )  # fmt: skip
    scale_offset: bool = parameter(
        False, "Fit E with an offset", group=READOUT, change="recompute", shown_if=("mode", S3),
        help="Overlay E on F by scale and offset instead of scale only.",
    )  # fmt: skip
    mean_field_overlay: bool = parameter(
        True, "Mean field beside the run", group=READOUT, shown_if=("mode", ("S3",)),
        help="Also advance the rate fields of Eq. 21 and draw them dashed.",
    )  # fmt: skip

    # ---- network: rebuild ----
    n_1: int = parameter(
        2500, "Neurons", symbol="N", low=10, high=100_000, change="rebuild", group=NETWORK,
        shown_if=("mode", S1), source="Fig. 2",
    )  # fmt: skip
    n: int = parameter(
        10_000, "Neurons", symbol="N", low=200, high=20_000, change="rebuild", group=NETWORK,
        shown_if=("mode", S2), source="Fig. 3",
    )  # fmt: skip
    q_i: float = parameter(
        0.2, "Inhibitory share", symbol="q<sub>I</sub>", low=0.0, high=0.9, step=0.05,
        change="rebuild", group=NETWORK, shown_if=("mode", S2), source="Fig. 3",
    )  # fmt: skip
    side_f: int = parameter(
        50, "Camera grid", symbol="F", unit="cells a side", low=4, high=200, change="rebuild",
        group=NETWORK, shown_if=("mode", S3), source="Section 4.1",
    )  # fmt: skip
    side_e: int = parameter(
        80, "E grid", symbol="E", unit="cells a side", low=4, high=200, change="rebuild",
        group=NETWORK, shown_if=("mode", S3), source="Section 4.1",
    )  # fmt: skip
    side_i: int = parameter(
        40, "I grid", symbol="I", unit="cells a side", low=4, high=200, change="rebuild",
        group=NETWORK, shown_if=("mode", S3), source="Section 4.1",
    )  # fmt: skip
    s2_p_ee: float = _share(0.25, "EE", S2, "Densities p of S2")
    s2_p_ei: float = _share(0.25, "EI", S2, "Densities p of S2")
    s2_p_ie: float = _share(0.25, "IE", S2, "Densities p of S2")
    s2_p_ii: float = _share(0.25, "II", S2, "Densities p of S2")
    p_ef: float = _share(0.05, "EF", S3, "Densities p of S3")
    p_ee: float = _share(0.02, "EE", S3, "Densities p of S3")
    p_ei: float = _share(0.08, "EI", S3, "Densities p of S3")
    p_if: float = _share(0.025, "IF", S3, "Densities p of S3")
    p_ie: float = _share(0.06, "IE", S3, "Densities p of S3")
    p_ii: float = _share(0.08, "II", S3, "Densities p of S3")
    a_f: float = _width(0.05, "F")
    a_e: float = _width(0.02, "E")
    a_i: float = _width(0.02, "I")
    width_is_variance: bool = parameter(
        False, "Read widths as variances", change="rebuild", group=DENSITY,
        shown_if=("mode", S3), source="section 4.1 leaves the reading open; chosen",
        help="The other reading of the paper: probabilities below 1, but the image is blurred.",
    )  # fmt: skip

    # ---- batch ----
    trials: int = parameter(
        10, "Trials", low=1, high=1000, change="rebuild", group=BATCH, source="Fig. 6",
        help="Seeds a measurement is repeated with: seed, seed + 1, ….",
    )  # fmt: skip
    sweep_k: str = parameter(
        "0.4, 1, 2", "Scales of the sweep", symbol="k", change="rebuild", group=BATCH,
        shown_if=("mode", S3), source="Fig. 6 (values not printed)",
        help="Values of the synaptic scale, separated by commas.",
    )  # fmt: skip
    sweep_periods: str = parameter(
        "300, 200, 150, 100, 75, 50", "Periods of the sweep", symbol="T", unit="ms",
        change="rebuild", group=BATCH, shown_if=("mode", S3), source="Fig. 6",
        help="Signal or motion periods in ms, separated by commas.",
    )  # fmt: skip

    @field_validator("mu_points", "path_points", mode="before")
    @classmethod
    def _points_from_text(cls, value: Any) -> Any:
        """Points typed on the command line: "0, 0.1; 50, 0.2"."""
        if not isinstance(value, str):
            return value
        try:
            return [tuple(map(float, pair.split(","))) for pair in value.split(";") if pair.strip()]
        except ValueError:
            raise ValueError('write pairs of numbers as "0, 0.1; 50, 0.2"') from None


DEFAULT_STEP = {"S1": 0.001, "S2": 0.1, "S3": 0.05, "preview": 0.25}


def step_of(parameters: BalancedParameters) -> float:
    """The step in ms: the user's, or the system's own."""
    return parameters.dt or DEFAULT_STEP[parameters.mode]
