"""Quantities, channels, views and layouts of the study ei-balanced-network.

Source: 01-ei-balanced-network, Figs. 2, 3, 5 and 6; live views of spec section 6.
"""

from __future__ import annotations

from collections.abc import Mapping

from backend.core.channels import Channel, Latest, Ring
from backend.core.result import Quantity
from backend.core.views import Axis, Series, Split, View, column, row

PER_MS = "spikes/ms"

SWEPT_FLICKER = [(k, t) for k in (0.4, 1.0, 2.0) for t in (300.0, 100.0, 50.0)]
SWEPT_MOTION = [(1.0, 200.0), (1.0, 100.0), (0.4, 100.0)]


def swept_name(kind: str, k: float, period: float) -> str:
    """Name of a sweep's value: kind, period in ms and scale, for instance phase_100_k04."""
    scale = f"{k:g}".replace(".", "")
    return f"{kind}_{period:g}_k{scale}"


def _swept() -> dict[str, Quantity]:
    out = {}
    for k, t in SWEPT_FLICKER:
        out[swept_name("phase", k, t)] = Quantity(f"T {t:g} ms, k {k:g}: phase lag", "°")
        out[swept_name("gain", k, t)] = Quantity(f"T {t:g} ms, k {k:g}: gain E/F")
    for k, t in SWEPT_MOTION:
        out[swept_name("angle", k, t)] = Quantity(f"{t:g} ms, k {k:g}: angle lag", "°")
        out[swept_name("motion", k, t)] = Quantity(f"{t:g} ms, k {k:g}: motion lag", "ms")
    return out


def _rates_table() -> dict[str, Quantity]:
    out = {}
    for divided, words in (("", "J = j"), ("_divided", "J = j/√N")):
        for n in (2000, 4000):
            for layer in ("e", "i"):
                out[f"rate_{layer}_{n}{divided}"] = Quantity(
                    f"N {n}, {words}: {layer.upper()} rate", PER_MS
                )
    return out


QUANTITIES: Mapping[str, Quantity] = {
    "live_lag": Quantity("Lag of E behind the camera", "ms", 2),
    "live_lag_degrees": Quantity("Lag as an angle", "°", 2),
    "radius_e": Quantity("Path radius read from E", "field"),
    "live_rate": Quantity("Population rate", "Hz"),
    "predicted_rate": Quantity("Rate, μ / (θ τ)", "Hz"),
    "live_rate_e": Quantity("E rate", "Hz"),
    "live_rate_i": Quantity("I rate", "Hz"),
    "predicted_e": Quantity("E rate, mean field (Eq. 7)", "Hz"),
    "predicted_i": Quantity("I rate, mean field (Eq. 7)", "Hz"),
    "saturated": Quantity("Spikes lost to the step", "", 0),
    "ks_distance": Quantity("Distance to the stationary density", "", 3),
    "negative_share": Quantity("Share of voltages below 0"),
    "mean_rate": Quantity("Mean rate", PER_MS),
    "rate_subtract": Quantity("Mean rate, reset by subtraction", PER_MS),
    "rate_hard": Quantity("Mean rate, reset to zero", PER_MS),
    "rate_hard_fine": Quantity("Mean rate, reset to zero, step 0.1 µs", PER_MS),
    "vmr_first_bin": Quantity("Constant ratio: rate in the first 0.01 ms", PER_MS),
    "vmr_first_five": Quantity("Constant ratio: mean of the first 0.05 ms", PER_MS),
    "vmr_rms": Quantity("Constant ratio: RMS error, first ms", PER_MS),
    "sigma_0005": Quantity("0.005 ms after the step: rate, constant noise", PER_MS),
    "sigma_0025": Quantity("0.025 ms after the step: rate, constant noise", PER_MS),
    "sigma_005": Quantity("0.05 ms after the step: rate, constant noise", PER_MS),
    "sigma_01": Quantity("0.1 ms after the step: rate, constant noise", PER_MS),
    "sigma_015": Quantity("0.15 ms after the step: rate, constant noise", PER_MS),
    "sigma_02": Quantity("0.2 ms after the step: rate, constant noise", PER_MS),
    "sigma_rms": Quantity("Constant noise: RMS error, first ms", PER_MS),
    "rate_e": Quantity("E rate", PER_MS),
    "rate_i": Quantity("I rate", PER_MS),
    "ratio_e": Quantity("E rate ÷ Eq. 7"),
    "ratio_i": Quantity("I rate ÷ Eq. 7"),
    "cancelled": Quantity("Excitation cancelled by inhibition, E cells"),
    **_rates_table(),
    "cancelled_4000": Quantity("N 4000: excitation cancelled"),
    "cancelled_10000": Quantity("N 10 000: excitation cancelled"),
    "recurrent_e_divided": Quantity("Recurrent current ÷ F on E cells, J = j/√N"),
    "recurrent_i_divided": Quantity("Recurrent current ÷ F on I cells, J = j/√N"),
    "mean_ratio": Quantity("Mean E rate ÷ Eq. 7"),
    "amplitude_ratio": Quantity("Amplitude of E ÷ Eq. 7"),
    "correlation": Quantity("Correlation"),
    "phase_shift": Quantity("Phase difference to Eq. 7, E ahead", "ms"),
    "slope_e": Quantity("r_E ÷ μ_F (Eq. 7)"),
    "slope_i": Quantity("r_I ÷ μ_F (Eq. 7)"),
    "brian_rate_e": Quantity("E rate in Brian2", PER_MS),
    "brian_rate_i": Quantity("I rate in Brian2", PER_MS),
    "difference_e": Quantity("E rate, difference to Brian2", "%"),
    "difference_i": Quantity("I rate, difference to Brian2", "%"),
    "synapses_ef": Quantity("Camera → E: synapses", "", 6),
    "synapses_if": Quantity("Camera → I: synapses", "", 6),
    "synapses_ee": Quantity("E → E: synapses", "", 6),
    "synapses_ei": Quantity("I → E: synapses", "", 6),
    "synapses_ie": Quantity("E → I: synapses", "", 6),
    "synapses_ii": Quantity("I → I: synapses", "", 6),
    "spread_ef": Quantity("Camera → E: spread, an axis", "field"),
    "spread_ee": Quantity("E → E: spread, an axis", "field"),
    "low_e": Quantity("E rate before the step", PER_MS),
    "plateau_e": Quantity("E rate after the step", PER_MS),
    "low_f": Quantity("Camera rate before the step", PER_MS),
    "plateau_f": Quantity("Camera rate after the step", PER_MS),
    "lag_f": Quantity("Mean lag of the camera", "ms"),
    "half_rise": Quantity("E half-rise time", "ms"),
    "mean_lag": Quantity("Mean lag of E", "ms"),
    "toy_copy_lag": Quantity("Mean lag of a scaled copy of F", "ms"),
    "toy_leaky_lag": Quantity("Mean lag of a leaky rate unit", "ms"),
    "lag_k04": Quantity("k 0.4: mean lag", "ms"),
    "lag_k1": Quantity("k 1: mean lag", "ms"),
    "lag_k2": Quantity("k 2: mean lag", "ms"),
    "lags_rise": Quantity("Lag rises with k (1 = yes)", "", 1),
    "phase_lag": Quantity("Phase lag of E behind F", "°"),
    "phase_lag_ms": Quantity("Phase lag as a time", "ms"),
    "gain": Quantity("Gain E/F"),
    "distance": Quantity("E behind F", "field"),
    "motion_lag": Quantity("E behind F", "ms"),
    "scatter": Quantity("Scatter of y read from E", "field"),
    "angle_lag": Quantity("Angle of E behind F", "°"),
    "angle_sd": Quantity("SD of the angle between windows", "°"),
    **_swept(),
    "differing_spikes": Quantity("Spikes that differ when the run is cut", "", 1),
    "state_change": Quantity("Change of v and g by a live change", "", 1),
}

CHANNELS: Mapping[str, Channel] = {
    "camera": Latest(),
    "map_e": Latest(),
    "map_i": Latest(),
    "raster": Ring(("time", "row", "group"), 200_000),
    "rates": Ring(("x", "F", "E", "I", "mean_field_E", "mean_field_I"), 20_000),
    "position": Ring(("x", "F_x", "F_y", "E_x", "E_y"), 20_000),
    "voltage": Latest(),
    "currents_e": Latest(),
    "currents_i": Latest(),
    "vmr": Ring(("x", "E", "I", "theory_E", "theory_I"), 20_000),
    "membrane": Ring(("x", "v1", "v2"), 20_000),
    "balance": Latest(),
    "lag": Ring(("x", "lag"), 20_000),
    "curve": Latest(),
    "sweep": Latest(),
    "sweep_speed": Latest(),
    "scale": Latest(),
}

_TIME = Axis("time", "ms")
_VOLTAGE = Axis("v", "no unit")
_CURRENT = Axis("current", "no unit")
_RATE_SERIES = (
    Series("F", "input F, scaled", "F"),
    Series("E", "E", "E"),
    Series("I", "I", "I"),
    Series("mean_field_E", "mean field E", "theory", "dash"),
    Series("mean_field_I", "mean field I", "theory", "dot"),
)
_FIELD = (0.0, 0.0, 1.0, 1.0)
_SWEEP_NOTE = "mean ± SD of the trials; the notes of the result say which k is k₁, k₂ …"
_SCALE_SERIES = tuple(Series(f"k{n}", f"k{sub}", str(n)) for n, sub in enumerate("₁₂₃₄₅", 1))

VIEWS: tuple[View, ...] = (
    View(
        "camera", "Camera spikes", "image", "camera", note="F, decaying over 5 ms",
        colour_map="CET-L1", limits=(0.0, 1.0), extent=_FIELD, origin="lower", drag=("x", "y"),
        icon="camera-outline", empty="The camera's spikes appear when the study runs.",
        help="Drag the disc (or the centre of its path) with the mouse.",
    ),
    View(
        "map_e", "Excitatory rate", "image", "map_e", note="E, read-out window", unit="Hz",
        colour_map="inferno", extent=_FIELD, origin="lower",
        empty="Excitatory rates appear when the study runs.",
    ),
    View(
        "map_i", "Inhibitory rate", "image", "map_i", note="I, read-out window", unit="Hz",
        colour_map="inferno", extent=_FIELD, origin="lower", priority=3,
        empty="Inhibitory rates appear when the study runs.",
    ),
    View(
        "raster", "Raster", "raster", "raster", note="E and I cells along the path of the stimulus",
        x=_TIME, y=Axis("cell"), span=300.0, icon="chart-timeline-variant",
        series=(Series("E", "E", "E"), Series("I", "I", "I")),
        empty="Spikes appear when the study runs.",
    ),
    View(
        "rates", "Rates", "traces", "rates",
        note="cells at the disc, mean of the window W, against mean field",
        x=_TIME, y=Axis("rate", "Hz", low=0.0), series=_RATE_SERIES, span=300.0, icon="waveform",
        empty="Rates and their mean field appear when the study runs.",
    ),
    View(
        "raster_s2", "Raster", "raster", "raster", note="110 E and 40 I cells", x=_TIME,
        y=Axis("cell"), span=300.0, icon="chart-timeline-variant",
        series=(Series("E", "E", "E"), Series("I", "I", "I")),
        empty="Spikes appear when the study runs.",
    ),
    View(
        "rates_s2", "Rates", "traces", "rates", note="populations, 1 ms bins, against Eq. 7",
        x=_TIME, y=Axis("rate", "Hz", low=0.0), span=300.0, icon="waveform",
        series=_RATE_SERIES[1:],
        empty="Rates and Eq. 7 appear when the study runs.",
    ),
    View(
        "raster_s1", "Raster", "raster", "raster", note="120 neurons", x=_TIME, y=Axis("neuron"),
        span=10.0, icon="chart-timeline-variant", series=(Series("P", "neurons", "E"),),
        empty="Spikes appear when the study runs.",
    ),
    View(
        "rates_s1", "Rate", "traces", "rates", note="population against μ / (θ τ)", x=_TIME,
        y=Axis("rate", "Hz", low=0.0), span=10.0, icon="waveform",
        series=(
            Series("E", "population", "E"),
            Series("mean_field_E", "theory", "theory", "dash"),
        ),
        empty="The rate and its theory appear when the study runs.",
    ),
    View(
        "membrane", "Two neurons", "traces", "membrane",
        note="integrate to threshold, as in Fig. 1A", x=_TIME, y=_VOLTAGE, span=10.0,
        icon="sine-wave", series=(Series("v1", "first", "E"), Series("v2", "second", "1")),
        empty="Voltages of two neurons appear when the study runs.",
    ),
    View(
        "voltage", "Membrane voltage", "histogram", "voltage",
        note="E cells, with the Fokker–Planck density", x=_VOLTAGE,
        y=Axis("density", low=0.0), icon="chart-histogram",
        series=(Series("E", "E", "E", "bars"), Series("p0", "p₀", "theory", "dash")),
        empty="The voltage histogram appears when the study runs.",
    ),
    View(
        "voltage_s1", "Membrane voltage", "histogram", "voltage",
        note="all neurons, stationary and time-dependent density", x=_VOLTAGE,
        y=Axis("density", low=0.0), icon="chart-histogram",
        series=(
            Series("E", "neurons", "E", "bars"), Series("p0", "p₀", "theory", "dash"),
            Series("pt", "p(v, t)", "3"),
        ),
        empty="The voltage histogram appears when the study runs.",
    ),
    View(
        "position", "Decoded position", "traces", "position", note="read from F and from E",
        x=_TIME, y=Axis("position", "field", 0.0, 1.0), span=300.0, icon="crosshairs",
        series=(
            Series("F_x", "F, x", "F"), Series("F_y", "F, y", "F", "dot"),
            Series("E_x", "E, x", "E"), Series("E_y", "E, y", "E", "dot"),
        ),
        empty="Positions read from camera and network appear when the study runs.",
    ),
    View(
        "vmr", "Variance to mean", "traces", "vmr", note="β of the input of each population",
        x=_TIME, y=Axis("β", low=0.0), span=300.0, priority=3,
        series=(
            Series("E", "E", "E"), Series("I", "I", "I"),
            Series("theory_E", "theory E", "theory", "dash"),
            Series("theory_I", "theory I", "theory", "dot"),
        ),
        empty="The variance-to-mean ratio appears when the study runs.",
    ),
    View(
        "lag", "Lag", "traces", "lag", note="E behind F, live", x=_TIME, y=Axis("lag", "ms"),
        series=(Series("lag", "lag", "E"),), span=600.0, priority=3,
        empty="The lag appears after the first moments of motion.",
    ),
    View(
        "balance", "Balance condition", "checks", "balance", place="result", icon="scale-balance",
        empty="Shows the ratios of the balance condition and the predicted rates.",
    ),
    View(
        "currents_e", "Current into E, mean", "bars", "currents_e", place="result",
        x=_CURRENT, series=(Series("values", "current", "E", "bars"),),
        empty="Currents from F, E and I appear when the study runs.",
    ),
    View(
        "currents_i", "Current into I, mean", "bars", "currents_i", place="result",
        x=_CURRENT, series=(Series("values", "current", "I", "bars"),),
        empty="Currents from F, E and I appear when the study runs.",
    ),
    View(
        "curve", "Measured curve", "traces", "curve", note="mean of the trials",
        x=_TIME, y=Axis("rate", PER_MS), icon="chart-bell-curve",
        series=(
            Series("F", "F", "F"), Series("E", "E", "E"), Series("I", "I", "I"),
            Series("E_scaled", "E, scaled to F", "E"),
            Series("E_fitted", "E, scaled and shifted to F", "E"),
            Series("theory", "theory", "theory", "dash"),
            Series("vmr", "constant ratio", "2"), Series("sigma", "constant noise", "5"),
        ),
        empty="Measure… draws the curve of the figure here.",
    ),
    View(
        "sweep", "Lag against flicker frequency", "traces", "sweep", note=_SWEEP_NOTE,
        x=Axis("flicker frequency 1/T", "1/ms"), y=Axis("|phase lag|", "°", low=0.0),
        icon="chart-scatter-plot", series=_SCALE_SERIES,
        empty="A sweep draws phase lag against flicker frequency here.",
    ),
    View(
        "sweep_speed", "Lag against motion frequency", "traces", "sweep_speed", note=_SWEEP_NOTE,
        x=Axis("motion frequency 1/period", "1/ms"), y=Axis("|angle lag|", "°", low=0.0),
        icon="chart-scatter-plot", series=_SCALE_SERIES,
        empty="A sweep draws the angle lag against motion frequency here.",
    ),
    View(
        "scale", "Lag against synaptic scale", "traces", "scale",
        note="step response, mean of the trials", x=Axis("k"), y=Axis("lag", "ms", low=0.0),
        icon="chart-scatter-plot", series=(Series("lag", "mean lag of E", "E"),),
        empty="Measure synaptic limit… draws the lag against k here.",
    ),
)  # fmt: skip

LAYOUT: Mapping[str, Split] = {
    "S3": column(
        row("camera", "map_e", "map_i"),
        "raster",
        row("rates", "voltage", weights=(3.0, 2.0)),
        row("position", "lag", "vmr", weights=(3.0, 1.4, 1.4)),
        weights=(4.0, 2.6, 2.6, 2.2),
    ),
    "preview": column(row("camera", "map_e", "map_i"), "rates", weights=(3.0, 2.0)),
    "S2": column("raster_s2", "rates_s2", row("voltage", "vmr"), weights=(2.0, 2.0, 2.0)),
    "S1": column("rates_s1", row("membrane", "voltage_s1"), "raster_s1", weights=(2.0, 2.0, 1.5)),
    "curve": column("curve"),
    "curve S3": column("curve", "camera", weights=(3.0, 2.0)),
    "sweep": column("sweep", "camera", weights=(3.0, 2.0)),
    "sweep speed": column("sweep_speed", "camera", weights=(3.0, 2.0)),
    "scale": column("scale", "camera", weights=(3.0, 2.0)),
    "density": column("voltage_s1"),
    "maps": row("camera", "map_e", "map_i"),
    "position": column("position", "camera", weights=(3.0, 2.0)),
}

LAYOUT_OF: Mapping[str, str] = {
    "tracking": "curve", "sine": "curve", "step": "curve S3", "flicker": "curve S3",
    "scales": "scale", "lag_frequency": "sweep", "lag_speed": "sweep speed", "wiring": "maps",
    "density": "density", "motion": "position",
}  # fmt: skip
"""Procedure → layout, where the measured picture is not that of the running system."""

MONITORS: Mapping[str, str] = {
    "E rate": "Hz",
    "I rate": "Hz",
    "Camera rate": "Hz",
    "Lag": "ms",
}
