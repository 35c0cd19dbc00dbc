"""Presets after the paper's figures, with what their values should be.

The paper prints no lag and no rate; where its figures show a claim without a number, the reference
is a theory value or a measurement with independent implementations (source "spec") and says so.

Source: 01-ei-balanced-network, Figs. 2, 3, 5 and 6; acceptance list of spec section 7.
"""

from __future__ import annotations

from typing import Any

from backend.core.result import Reference
from backend.core.study import Preset, Procedure
from backend.studies.ei_balanced.views import swept_name

NO_NUMBER = "The paper shows the curve and prints no number."
COUNTS = "theory, section 4.1 of the paper: cells times probability"
MEASURED = "measured with independent implementations of the model"


def _about(quantity: str, value: float, tolerance: float, where: str, note: str = "") -> Reference:
    """A value that is not printed, with an absolute tolerance."""
    return Reference(quantity, value, tolerance, source="spec", where=where, note=note or NO_NUMBER)


def _share(quantity: str, value: float, share: float, where: str) -> Reference:
    """A value that is not printed, with a relative tolerance."""
    return _about(quantity, value, abs(value) * share, where)


def _bounds(
    quantity: str,
    where: str,
    low: float | None = None,
    high: float | None = None,
    value: float | None = None,
    note: str = "",
) -> Reference:
    """A one- or two-sided requirement that is not printed."""
    return Reference(
        quantity, value, low=low, high=high, source="spec", where=where, note=note or NO_NUMBER
    )


S1_STEP: dict[str, Any] = {
    "mode": "S1", "mu_kind": "step", "mu": 1.0, "mu_amplitude": 4.0, "mu_onset": 5.0,
}  # fmt: skip
S1_CONSTANT: dict[str, Any] = {"mode": "S1", "mu_kind": "constant", "mu": 5.0}
STEP: dict[str, Any] = {"stimulus": "step", "amplitude": 15.0, "x": 0.25, "y": 0.5}
FLICKER: dict[str, Any] = {
    "stimulus": "flicker", "amplitude": 30.0, "offset": 30.0, "period": 300.0, "x": 0.25, "y": 0.5,
}  # fmt: skip

_SIGMA_TIMES = {
    "sigma_0005": 1.5, "sigma_0025": 2.2, "sigma_005": 2.8, "sigma_01": 3.6, "sigma_015": 3.9,
    "sigma_02": 4.4,
}  # fmt: skip
_FLICKER_DEGREES = {
    (1.0, 300.0): (7.5, 0.224), (1.0, 100.0): (21.4, 0.209), (1.0, 50.0): (37.7, 0.176),
    (0.4, 300.0): (3.1, 0.227), (0.4, 100.0): (9.3, 0.223), (0.4, 50.0): (18.0, 0.215),
}  # fmt: skip
_THEORY = {
    "rate_e_2000": 0.0521, "rate_i_2000": 0.0691, "rate_e_4000": 0.0565, "rate_i_4000": 0.0878,
    "rate_e_2000_divided": 0.0596, "rate_i_2000_divided": 0.0602,
    "rate_e_4000_divided": 0.0843, "rate_i_4000_divided": 0.0854,
}  # fmt: skip

PRESETS: tuple[Preset, ...] = (
    Preset(
        "Figure 5E-F", "Circular motion", {}, "motion",
        (
            _about("angle_lag", 6.8, 2.7, f"Fig. 5E-F; {MEASURED}"),
            _about("motion_lag", 3.75, 1.5, f"Fig. 5E-F; {MEASURED}"),
            _about("radius_e", 0.2475, 0.015, f"Fig. 5E-F; {MEASURED}"),
        ),
        "A disc circles counter-clockwise; its position is read from the camera and from E.",
    ),
    Preset(
        "Figure 1", "Integrate to threshold", {**S1_CONSTANT, "mu": 1.0, "beta": 0.05}, "free",
        (),
        "One neuron integrates its input to threshold; in a population some are always near it.",
    ),
    Preset(
        "Figure 2A", "Voltage density", {**S1_CONSTANT, "dt": 1e-4, "trials": 8}, "density",
        (
            _bounds("ks_distance", "theory, Eq. 18, with sampling scatter", high=0.035),
            _about("negative_share", 0.432, 0.04, "theory, Eq. 18", "(1 − exp(−2)) / 2."),
            _share("mean_rate", 5.0, 0.01, "theory, Eq. 19"),
        ),
        "Histogram of voltages against the stationary density, constant variance-to-mean ratio 1.",
    ),
    Preset(
        "Mean rate", "Reset rule and mean rate", {**S1_CONSTANT, "trials": 8}, "mean_rate",
        (
            _share("rate_subtract", 5.0, 0.01, "theory, Eq. 6"),
            _share("rate_hard", 4.80, 0.015, MEASURED),
            _share("rate_hard_fine", 4.94, 0.015, MEASURED),
        ),
        "Subtracting the threshold keeps the exact rate; a reset to zero loses the overshoot.",
    ),
    Preset(
        "Figure 2B", "Tracking a step", {**S1_STEP, "trials": 8}, "tracking",
        (
            _bounds("vmr_first_bin", f"Fig. 2B; {MEASURED}", low=4.0, value=4.4),
            _bounds("vmr_first_five", f"Fig. 2B; {MEASURED}", low=4.6),
            _bounds("vmr_rms", f"Fig. 2B; {MEASURED}", high=0.22),
            *(_about(n, v, 0.4, f"Fig. 2B; {MEASURED}") for n, v in _SIGMA_TIMES.items()),
            _bounds("sigma_rms", f"Fig. 2B; {MEASURED}", low=0.7),
        ),
        "Input 1 → 5: constant variance-to-mean ratio follows at once, constant noise lags.",
    ),
    Preset(
        "Figure 3", "Homogeneous network, slow sine", {"mode": "S2"}, "sine",
        (
            _bounds("mean_ratio", f"Fig. 3; {MEASURED}", low=0.96, high=1.04, value=0.99),
            _bounds("amplitude_ratio", f"Fig. 3; {MEASURED}", low=1.0, high=1.15, value=1.07),
            _bounds("correlation", f"Fig. 3; {MEASURED}", low=0.9, value=0.93),
            _bounds(
                "phase_shift", f"Fig. 3; {MEASURED}", low=3.0, high=7.0, value=5.1,
                note="The size of the phase difference; E runs ahead of Eq. 7.",
            ),
            _about("slope_e", 0.4294, 5e-4, "theory, Eq. 7", "Theory at N = 10 000."),
            _about("slope_i", 0.8362, 5e-4, "theory, Eq. 7", "Theory at N = 10 000."),
            _bounds("cancelled", MEASURED, low=0.65, value=0.81),
        ),
        "25 million synapses; the E rate against Eq. 7. The caption does not say which weights.",
    ),
    Preset(
        "Rates against Eq. 7", "Mean-field rates and balance",
        {"mode": "S2", "mu_kind": "constant", "mu": 0.1, "dt": 0.05}, "rates_table",
        (
            *(_share(n, v, 0.01, "theory, Eq. 7") for n, v in _THEORY.items()),
            _bounds("cancelled_4000", MEASURED, low=0.45, value=0.58),
            _bounds("cancelled_10000", MEASURED, low=0.65, value=0.81),
            _bounds("recurrent_e_divided", MEASURED, low=0.01, high=0.015),
            _bounds("recurrent_i_divided", MEASURED, low=0.015, high=0.035),
        ),
        "Both readings of the weights at two sizes; only J = j is balanced.",
    ),
    Preset(
        "Brian2 cross-check", "The same network in Brian2",
        {"mode": "S2", "engine": "brian2", "n": 2000, "mu_kind": "constant", "mu": 0.1},
        "crosscheck",
        (
            _about("difference_e", 0.0, 3.0, "required: both engines agree within 3 %"),
            _about("difference_i", 0.0, 3.0, "required: both engines agree within 3 %"),
        ),
        "Same connections in both engines, noise of their own; rates must agree within 3 %.",
    ),
    Preset(
        "Wiring", "Connections of the spatial network", {}, "wiring",
        (
            _share("synapses_ef", 800_000, 0.01, COUNTS),
            _share("synapses_if", 100_000, 0.01, COUNTS),
            _share("synapses_ee", 819_200, 0.01, COUNTS),
            _share("synapses_ei", 819_200, 0.01, COUNTS),
            _share("synapses_ie", 614_400, 0.01, COUNTS),
            _share("synapses_ii", 204_800, 0.01, COUNTS),
            _share("spread_ef", 0.0501, 0.02, MEASURED),
            _share("spread_ee", 0.0203, 0.02, MEASURED),
        ),
        "Counts of all synapses; the maps show where central camera cells send theirs (Fig. 4).",
    ),
    Preset(
        "Figure 5A", "Sudden disc", {**STEP, "trials": 6}, "step",
        (
            _share("low_e", 0.042, 0.10, f"Fig. 5A; {MEASURED}"),
            _share("plateau_e", 0.241, 0.10, f"Fig. 5A; {MEASURED}"),
            _share("low_f", 0.134, 0.02, f"Fig. 5A; {MEASURED}"),
            _share("plateau_f", 1.035, 0.02, f"Fig. 5A; {MEASURED}"),
            _about("lag_f", 0.0, 1.0, f"Fig. 5A; {MEASURED}"),
            _about("half_rise", 3.5, 1.5, f"Fig. 5A; {MEASURED}"),
            _about("mean_lag", 4.7, 1.0, f"Fig. 5A; {MEASURED}"),
            _bounds(
                "toy_copy_lag", "required: far below the lag of the network", high=3.7,
                note="A scaled copy of F has no lag: it fails the test the network passes.",
            ),
            _bounds(
                "toy_leaky_lag", "required: far above the lag of the network", low=5.7,
                note="A leaky unit with τ_E is too slow: it fails the test the network passes.",
            ),
        ),
        "The rate at the disc jumps within milliseconds, far below τ_E = 15 ms.",
    ),
    Preset(
        "Figure 5B", "Flickering disc", {**FLICKER, "trials": 3}, "flicker",
        (
            _share("phase_lag", 7.5, 0.15, f"Fig. 5B; {MEASURED}"),
            _share("phase_lag_ms", 4.2, 0.15, f"Fig. 5B; {MEASURED}"),
            _share("gain", 0.224, 0.10, f"Fig. 5B; {MEASURED}"),
        ),
        "B = 3/2, so the flicker repeats after 2/3 of the printed T.",
    ),
    Preset(
        "Figure 5C-D", "Straight motion", {"stimulus": "linear"}, "motion",
        (
            _bounds("correlation", f"Fig. 5C-D; {MEASURED}", low=0.99, value=0.998),
            _about("distance", 0.01745, 0.006, f"Fig. 5C-D; {MEASURED}"),
            _about("motion_lag", 4.35, 1.5, f"Fig. 5C-D; {MEASURED}"),
            _about("scatter", 0.010, 0.005, f"Fig. 5C-D; {MEASURED}"),
        ),
    ),
    Preset(
        "Synaptic limit", "Lag at three synaptic scales", {**STEP, "trials": 6}, "scales",
        (
            _bounds("lag_k04", MEASURED, high=3.0, value=1.95),
            _about("lag_k1", 4.75, 1.0, MEASURED),
            _about("lag_k2", 7.85, 1.0, MEASURED),
            _about("lags_rise", 1.0, 0.0, "Fig. 6; required: the lag grows with k"),
        ),
    ),
    Preset(
        "Figure 6A", "Phase lag against frequency", FLICKER, "lag_frequency",
        tuple(
            reference
            for (k, t), (degrees, gain) in _FLICKER_DEGREES.items()
            for reference in (
                _share(swept_name("phase", k, t), degrees, 0.15, f"Fig. 6A; {MEASURED}"),
                _share(swept_name("gain", k, t), gain, 0.10, f"Fig. 6A; {MEASURED}"),
            )
        ),
        "The values of k are not printed; 0.4, 1 and 2 are ours.",
    ),
    Preset(
        "Figure 6B", "Spatial lag against motion period",
        {"sweep_periods": "400, 300, 200, 150, 100"}, "lag_speed",
        (
            _about(swept_name("motion", 1.0, 200.0), 3.75, 1.5, f"Fig. 6B; {MEASURED}"),
            _about(swept_name("motion", 1.0, 100.0), 3.15, 1.5, f"Fig. 6B; {MEASURED}"),
            _about(swept_name("motion", 0.4, 100.0), 1.55, 1.5, f"Fig. 6B; {MEASURED}"),
            _about(swept_name("angle", 1.0, 200.0), 6.8, 2.7, f"Fig. 6B; {MEASURED}"),
            _about(swept_name("angle", 1.0, 100.0), 11.4, 5.4, f"Fig. 6B; {MEASURED}"),
            _about(swept_name("angle", 0.4, 100.0), 5.65, 5.4, f"Fig. 6B; {MEASURED}"),
        ),
    ),
    Preset(
        "Continuity", "A run in pieces, and a live change", {"period": 100.0}, "continuity",
        (
            _about("differing_spikes", 0.0, 0.0, "required: the same seed, the same spikes"),
            _about("state_change", 0.0, 0.0, "required: a change of k leaves v and g alone"),
        ),
    ),
    Preset("Crossing discs", "Two discs cross", {"stimulus": "crossing"}),
    Preset("Drawn path", "A disc on a drawn path", {"stimulus": "path", "period": 400.0}),
    Preset(
        "Photograph", "A window moves over a photograph", {"stimulus": "photo", "period": 400.0}
    ),
    Preset(
        "Preview", "Mean field of the circular motion", {"mode": "preview"},
        note="Rate fields of Eq. 21, no spikes.",
    ),
)  # fmt: skip

PROCEDURES: tuple[Procedure, ...] = (
    Procedure("free", "Run", "play", "Runs until you stop it.", endless=True),
    Procedure(
        "density", "Measure density…", "chart-bell-curve", "Final voltages against Eq. 18.",
        shown_if=("mode", ("S1",)),
    ),
    Procedure(
        "mean_rate", "Measure mean rate…", "sine-wave", "Mean rate under both reset rules.",
        shown_if=("mode", ("S1",)),
    ),
    Procedure(
        "tracking", "Measure tracking…", "chart-bell-curve",
        "The step with constant variance-to-mean ratio and with constant noise.",
        shown_if=("mode", ("S1",)),
    ),
    Procedure(
        "sine", "Measure Figure 3…", "waveform", "E rate under a sine against Eq. 7.",
        shown_if=("mode", ("S2",)),
    ),
    Procedure(
        "rates", "Measure rates…", "scale-balance", "Rates of this network against Eq. 7.",
        shown_if=("mode", ("S2",)),
    ),
    Procedure(
        "rates_table", "Measure all rates…", "table",
        "Both readings of the weights at N = 2000 and 4000, balance at 10 000.",
        shown_if=("mode", ("S2",)),
    ),
    Procedure(
        "crosscheck", "Compare with Brian2…", "scale-balance",
        "Rates of the same network in both engines.", shown_if=("engine", ("brian2",)),
    ),
    Procedure(
        "wiring", "Count synapses…", "table", "Counts and spread of the connections.",
        shown_if=("mode", ("S3",)),
    ),
    Procedure(
        "step", "Measure step…", "chart-bell-curve", "Response at the disc, mean of the trials.",
        shown_if=("stimulus", ("step",)),
    ),
    Procedure(
        "scales", "Measure synaptic limit…", "chart-bell-curve",
        "The step response at every scale k of the sweep.", shown_if=("stimulus", ("step",)),
    ),
    Procedure(
        "flicker", "Measure flicker…", "sine-wave", "Phase lag and gain at this period.",
        shown_if=("stimulus", ("flicker",)),
    ),
    Procedure(
        "motion", "Measure motion…", "crosshairs", "Lag of the decoded position.",
        shown_if=("stimulus", ("linear", "circle")),
    ),
    Procedure(
        "lag_frequency", "Sweep frequency…", "chart-scatter-plot",
        "Phase lag for every period and scale of the sweep, with trials.",
        shown_if=("stimulus", ("flicker",)),
    ),
    Procedure(
        "lag_speed", "Sweep speed…", "chart-scatter-plot",
        "Spatial lag for every period and scale of the sweep, with trials.",
        shown_if=("stimulus", ("circle",)),
    ),
    Procedure(
        "continuity", "Check continuity…", "check",
        "A run in random pieces against one in one piece, and a live change.",
        shown_if=("mode", ("S3",)),
    ),
)  # fmt: skip
