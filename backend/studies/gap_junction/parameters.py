"""All parameters of 02-gap-junction-topology (specification, section 6) and what they mean."""

from __future__ import annotations

from typing import Any, Literal, get_args

from backend.core.number_lists import number_list
from backend.core.parameters import Parameters, parameter

Shape = Literal[
    "ring", "disk", "two holes", "solid square", "hollow square", "triangle", "hollow triangle",
    "cross", "closed segments", "open segments", "dotted outline", "connected pair",
    "disconnected pair", "uniform gray", "uniform black", "painted", "picture",
]  # fmt: skip
Example = Literal[
    "horse", "camera", "coins", "page", "text", "clock", "moon", "cat", "astronaut", "coffee",
    "cell",
]  # fmt: skip

FIGURE, COUPLING, CELLS, READOUT, SHEET, BATCH = (
    "Figure", "Coupling", "Encoding neurons", "Read-out neuron", "Sheet", "Scans",
)  # fmt: skip
SOLID = ("disk", "solid square", "triangle", "cross")
SEGMENTS = ("hollow square", "closed segments", "open segments", "dotted outline")


def _size(default: float, label: str, symbol: str, shapes: tuple[str, ...], **more: Any) -> Any:
    """A length of the figure in cells, live, shown for some shapes only."""
    more = {"low": 0.0, "high": 120.0, "step": 0.5, "unit": "px", **more}
    return parameter(
        default, label, symbol=symbol, group=FIGURE, shown_if=("figure", shapes), **more
    )


def _batch(default: str, label: str, help: str, source: str = "") -> Any:
    return parameter(default, label, group=BATCH, change="rebuild", help=help, source=source)


class GapJunctionParameters(Parameters):
    """The sheet, its figure, its read-out neuron, and what the scans vary."""

    figure: Shape = parameter(
        "ring", "Shape", group=FIGURE, source="Figures 3 to 6",
        labels={name: name.capitalize() for name in get_args(Shape)},
        help="What is shown to the sheet. Drawing on the figure chooses Painted.",
    )  # fmt: skip
    radius: float = _size(
        20.0, "Radius or half-size", "r", SOLID, low=1.0,
        help="Radius of the disk, half-size of the other solid shapes.",
        source="not printed in the paper; inferred",
    )  # fmt: skip
    outer_radius: float = _size(
        24.0, "Outer radius", "r<sub>out</sub>", ("ring",), low=1.0,
        help="Outer radius of the ring.", source="not printed in the paper; inferred",
    )  # fmt: skip
    outer_two: float = _size(
        28.0, "Outer radius", "r<sub>out</sub>", ("two holes",), low=1.0,
        help="Radius of the figure with two holes.",
        source="Figure 3G; size not printed, inferred",
    )  # fmt: skip
    hole_radius: float = _size(
        10.0, "Hole radius", "r<sub>in</sub>",
        ("ring", "two holes", "hollow triangle", "connected pair", "disconnected pair"),
        help="Only holes in a narrow band of sizes are counted: smaller ones never fire, larger "
        "ones fire with the background. Of the pair: the radius of each disk.",
        source="not printed in the paper; inferred from the theory of screening",
    )  # fmt: skip
    offset: float = _size(
        13.0, "Hole distance", "d", ("two holes",),
        help="Distance of both holes from the centre.", source="Figure 3G",
    )  # fmt: skip
    breach: float = _size(
        0.0, "Breach", "θ", ("ring",), high=360.0, step=1.0, unit="°",
        help="Angle cut out of the ring around 12 o'clock.", source="Figure 6A",
    )  # fmt: skip
    half_width: float = _size(
        9.5, "Hole half-width", "a", SEGMENTS, low=1.0,
        help="Half the width of the enclosed space.", source="Figure 5",
    )  # fmt: skip
    half_height: float = _size(
        9.5, "Hole half-height", "b", ("hollow square", "closed segments", "open segments"),
        low=1.0, help="Half the height of the enclosed space.", source="Figure 5",
    )  # fmt: skip
    band: int = parameter(
        4, "Line width", symbol="w", unit="px", low=1, high=40, group=FIGURE,
        shown_if=("figure", (*SEGMENTS, "hollow triangle", "connected pair")),
        help="Thickness of the lines.", source="Figure 5",
    )  # fmt: skip
    gap: float = _size(
        0.0, "Gap", "g", ("hollow square", "closed segments"), step=1.0,
        help="Cells cut out of the middle of the upper line.", source="section 3.4",
    )  # fmt: skip
    shift: int = parameter(
        12, "Side moved by", unit="px", low=0, high=60, group=FIGURE,
        shown_if=("figure", ("open segments",)),
        help="How far the right line of the open figure is moved outwards.", source="Figure 5A",
    )  # fmt: skip
    dot: int = parameter(
        3, "Dot size", unit="px", low=1, high=20, group=FIGURE,
        shown_if=("figure", ("dotted outline",)), help="Side of a dot.", source="Figure 5G",
    )  # fmt: skip
    pitch: int = parameter(
        5, "Dot spacing", unit="px", low=1, high=20, group=FIGURE,
        shown_if=("figure", ("dotted outline",)),
        help="Distance from dot to dot. The count is fragile in it: 4 and 6 behave differently.",
        source="Figure 5G",
    )  # fmt: skip
    edge: float = _size(
        0.0, "Border width", "e", ("ring", "disk"), high=20.0,
        help="Width of a linear luminance ramp at the borders; 0 is sharp.",
        source="Supplementary figure 1",
    )  # fmt: skip
    picture: str = parameter(
        "", "Picture", kind="file", group=FIGURE, shown_if=("figure", ("picture",)),
        formats=("png", "bmp", "jpg", "jpeg", "gif", "tif", "tiff", "npy"),
        help="Any picture up to 1024 px a side; dark is figure. Empty: the example below.",
    )  # fmt: skip
    example: Example = parameter(
        "horse", "Example", group=FIGURE, shown_if=("figure", ("picture",)),
        labels={name: name.capitalize() for name in get_args(Example)},
        help="Pictures that come with scikit-image.",
    )  # fmt: skip
    levels: Literal["luminance", "two levels"] = parameter(
        "two levels", "Levels", group=FIGURE, shown_if=("figure", ("picture", "painted")),
        labels={"luminance": "Luminance", "two levels": "Two levels"},
        help="Luminance gives each cell its own drive, two levels a figure on a ground.",
    )  # fmt: skip
    level: float = parameter(
        0.5, "Cut at darkness", low=0.0, high=1.0, step=0.01, group=FIGURE,
        shown_if=("figure", ("picture", "painted")),
        help="Cells at least this dark belong to the figure (two levels).",
    )  # fmt: skip
    drawing: str = parameter(
        "", "Drawing", kind="array", group=FIGURE, shown_if=("figure", ("painted",)),
        help="What was painted: gray levels of the sheet's cells, 0 black to 255 gray ground.",
    )  # fmt: skip
    mu_black: float = parameter(
        20.0, "Drive of black", symbol="μ<sub>b</sub>", unit="mV", low=0.0, high=60.0, step=0.5,
        group=FIGURE, help="Mean input of black pixels.", source="Table 1",
    )  # fmt: skip
    mu_gray: float = parameter(
        12.0, "Drive of gray", symbol="μ<sub>g</sub>", unit="mV", low=0.0, high=60.0, step=0.5,
        group=FIGURE, help="Mean input of gray pixels. Below threshold the ground cannot fire.",
        source="Table 1",
    )  # fmt: skip

    J: float = parameter(
        3.0, "Gap junction", symbol="J", low=0.0, high=10.0, step=0.1, decimals=2, group=COUPLING,
        help="Coupling strength, a conductance ratio without unit. It sets the screening length.",
        source="Table 1, Eq. 3",
    )  # fmt: skip
    gamma: float = parameter(
        0.15, "Spikelet", symbol="γ", unit="mV per J", low=0.0, high=1.0, step=0.01, decimals=3,
        group=COUPLING, source="Table 1, Eq. 4",
        help="Each spiking neighbour adds γJ at once. The paper used 0.20 with 4 neighbours.",
    )  # fmt: skip
    s: float = parameter(
        1.0, "Noise", symbol="s", unit="mV√ms", low=0.0, high=5.0, step=0.1, decimals=2,
        group=COUPLING, source="Table 1, Eq. 5",
        help="Amplitude of white noise: each step adds (s/τ)√Δt times a standard normal. "
        "The paper's unit for σ² does not fit; 1 to 2 is meant.",
    )  # fmt: skip
    neighbours: Literal["8", "4"] = parameter(
        "8", "Neighbours", group=COUPLING, labels={"8": "8 (Moore)", "4": "4 (von Neumann)"},
        help="Cells each cell is coupled with; edges are open.", source="section 2, Figure 6G",
    )  # fmt: skip

    tau: float = parameter(
        5.0, "Membrane", symbol="τ", unit="ms", low=1.0, high=50.0, step=0.5, group=CELLS,
        help="Membrane time constant.", source="Table 1", log=False,
    )  # fmt: skip
    tau_arp: float = parameter(
        3.5, "Refractory", symbol="τ<sub>arp</sub>", unit="ms", low=0.0, high=20.0, step=0.1,
        decimals=2, group=CELLS, source="Table 1",
        help="A cell that fired is held at 0 this long, and pulls its neighbours down.",
    )  # fmt: skip
    V_th: float = parameter(
        10.0, "Threshold", symbol="V<sub>th</sub>", unit="mV", low=1.0, high=50.0, step=0.5,
        group=CELLS, help="A cell fires at this voltage and is reset to 0.", source="Table 1",
    )  # fmt: skip

    tau_R: float = parameter(
        0.05, "Membrane", symbol="τ<sub>R</sub>", unit="ms", low=0.005, high=10.0, step=0.01,
        decimals=3, group=READOUT, help="Time constant: short makes a coincidence detector.",
        source="Table 1",
    )  # fmt: skip
    tau_arp_R: float = parameter(
        0.6, "Refractory", unit="ms", low=0.0, high=5.0, step=0.05, decimals=2, group=READOUT,
        help="The table prints 0.5, but background waves last up to 0.6 ms and would count twice "
        "in 3 to 12 % of trials.",
        source="Table 1 prints 0.5 ms; chosen by measurement",
    )  # fmt: skip
    J_R: float = parameter(
        0.15, "Weight", symbol="J<sub>R</sub>", unit="mV", low=0.0, high=2.0, step=0.01,
        group=READOUT, help="Jump for each spike of the sheet.", source="Table 1, Eq. 7",
    )  # fmt: skip
    D: float = parameter(
        0.1, "Delay", symbol="D", unit="ms", low=0.0, high=5.0, step=0.05, decimals=2,
        group=READOUT, help="Delay from sheet to read-out neuron.", source="Table 1, Eq. 7",
    )  # fmt: skip
    mu_noise: float = parameter(
        4.0, "Background", symbol="μ<sub>noise</sub>", unit="mV", low=0.0, high=20.0, step=0.1,
        group=READOUT, help="Mean background input.", source="Table 1, Eq. 8",
    )  # fmt: skip
    Delta: float = parameter(
        0.5, "Noise", symbol="Δ", unit="mV", low=0.0, high=5.0, step=0.05, decimals=2,
        group=READOUT, help="Amplitude of its background noise.", source="Table 1, Eq. 8",
    )  # fmt: skip
    noise_rule: Literal["scaled", "white"] = parameter(
        "scaled", "Noise reading", group=READOUT,
        labels={"scaled": "(b) SD Δ/√2", "white": "(a) SD Δ/√(2τ_R)"},
        help="Two readings of Eq. 8. Reading (a) gives spurious and missed spikes.",
        source="Eq. 8 leaves the reading open; chosen",
    )  # fmt: skip

    H: int = parameter(
        80, "Height", symbol="H", unit="cells", low=8, high=256, group=SHEET, change="rebuild",
        help="Rows of the sheet.", source="section 2",
    )  # fmt: skip
    W: int = parameter(
        80, "Width", symbol="W", unit="cells", low=8, high=256, group=SHEET, change="rebuild",
        help="Columns of the sheet.", source="section 2",
    )  # fmt: skip
    duration: float = parameter(
        8.0, "Duration", unit="ms", low=1.0, high=100.0, step=0.5, decimals=1, group=SHEET,
        change="rebuild", source="section 3",
        help="Length of a trial. The ring fires again at 9 ms, so counts rise beyond 8.5 ms.",
    )  # fmt: skip
    dt: float = parameter(
        0.01, "Step", symbol="Δt", unit="ms", low=0.001, high=0.1, step=0.001, decimals=3,
        group=SHEET, change="rebuild", help="Euler-Maruyama step.", source="section 2.2",
    )  # fmt: skip
    init: Literal["gaussian", "uniform"] = parameter(
        "gaussian", "Start", group=SHEET, change="rebuild", source="section 2.1",
        labels={"gaussian": "Gaussian around V_th/2", "uniform": "Uniform below V_th"},
        help="Membrane potentials at the start; the paper says random.",
    )  # fmt: skip
    seed: int = parameter(
        0, "Seed", low=0, high=2**31 - 1, group=SHEET, change="rebuild",
        help="Same seed, same spikes. Batches use this seed and the following ones.",
    )  # fmt: skip

    trials: int = parameter(
        20, "Trials", low=1, high=2000, group=BATCH, change="rebuild",
        help="Trials for each point.", source="Figures 2E and 6D",
    )  # fmt: skip
    breach_angles: str = _batch(
        "0, 15, 30, 40, 45, 50, 52, 54, 55, 60, 70, 90", "Breach angles (°)",
        "Numbers, or from:to:how many.", "Figure 6D",
    )  # fmt: skip
    hole_radii: str = _batch("7, 8, 9, 10, 11, 12, 13", "Hole radii (px)", "Numbers, or a:b:n.")
    gap_widths: str = _batch("0, 2, 4, 6, 8, 10, 12, 14, 16, 18", "Gaps (px)", "Numbers, or a:b:n.")
    noise_levels: str = _batch("1, 1.4, 1.7, 2", "Noise levels (mV√ms)", "Numbers, or a:b:n.")
    plane_J: str = _batch("0, 0.5, 1, 2, 3, 4.5, 6, 8", "Map: J", "Numbers, or a:b:n.", "Figure 2E")
    plane_gamma: str = _batch(
        "0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3", "Map: γ (mV per J)", "Numbers, or a:b:n.", "Figure 2E"
    )


def grid(parameters: GapJunctionParameters, name: str) -> list[float]:
    """Numbers of a grid parameter, as :func:`number_list` reads them."""
    return number_list(parameters, name, VARIED[name], '"1, 2, 5" or "0:90:10"')


VARIED = {
    "breach_angles": "breach",
    "hole_radii": "hole_radius",
    "gap_widths": "gap",
    "noise_levels": "s",
    "plane_J": "J",
    "plane_gamma": "gamma",
}
"""Grid parameter → the parameter it varies."""
