"""Findings, decisions and the methods paragraph, in words."""

from __future__ import annotations

from backend.studies.criticality.parameters import CriticalityParameters

SYNTHETIC = (
    "The connectome is generated, no anatomy of anybody; all dynamics and BOLD are simulated."
)
SYNTHETIC_PEOPLE = (
    "The 95 people are generated, with the relation of Figure 1 built in; they are no evidence."
)

NOTES = (
    "The connectome's generator was picked, not predicted: of five settings that all had an "
    "optimum between T_m .4 and .9, the one with the clearest peak was kept and its counts "
    "rescaled until the peak sat at .52. That the peak is there is no evidence for the paper. "
    "Another seed (7: peak at .50) and the neurons, where nothing was tuned, are independent.",
    "Optimum and criticality coincide only roughly. Automaton: the exponent passes 1.5 at T_m .54 "
    "to .58, metrics are best at .52 to .54, FC is most like the structure at .60 to .65. With "
    "seed 7 the exponent passes 1.5 near .42, the metrics are best at .50.",
    "Neurons: Figures 7 and 8 did not reproduce as one. The exponent passes 1.5 at E/I 2.00 to "
    "2.02, as published; but mean FC and the metrics are best at 2.125 to 2.15, where the rate "
    "jumps and the exponent is 1.7 to 2.0. A coarse grid hides that peak and fakes a coincidence.",
    "The published maximum of the Hurst exponent at criticality did not reproduce: .57 to .62 at "
    "every T_m, .70 to .79 at every E/I. The curve is shown, no peak is claimed.",
    "Mean strength is best at T_m .52 only for a low T_d (.10); at .15 and .20 it goes on rising "
    "to about .65, because fewer and stronger edges remain.",
    "Figures 1 and 2 rest on scans that are not public. The 95 synthetic subjects have the "
    "relation built in; they show the procedure and are no evidence.",
    "r₂ = .98 read as the chance to leave locks the nodes into waves: FC nears 1, every metric "
    "saturates at low T_m, no optimum lies inside, and removing the global signal does not help. "
    "Read as the chance to stay it gives Figure 5. That is our inference, chosen because of it.",
    "Low thresholds are not order: the automaton is then dense and asynchronous, FC is low.",
    "L of a network in pieces is a mean over pairs that reach each other and falls to 1 on "
    "fragments, a false optimum: it is set in brackets, and left out of the optimum.",
    "The paper's sparsity is density. Its window of T_d (component above 89 of 90; no isolated "
    "node) has two readings: both are computed, connectedness is used.",
    "Printed and not possible: E neurons' d = 2.8 − 6r² (8 − 6r² is used), I neurons' b = 0.2 − "
    "0.05r (0.25 is the default, both are offered), the outer power of Eq. 10 (both offered).",
    "Not printed: the duration of a step (2 s / 140) and the unit of z in Eq. 16.",
    "The paper's power laws are by eye. Here the exponent is fitted on a bounded range, with the "
    "KS distance, and compared with an exponential.",
    "R/S is biased: noise of true exponent .6, .8, .9 is measured as .65, .77, .82 with 180 "
    "samples, white noise as .58 with 200.",
)


def methods(p: CriticalityParameters, procedure: str) -> str:
    """The study's own sentences of the methods paragraph."""
    if p.model == "recordings":
        who = ("95 synthetic people (fractional Gaussian noise in seven modules, relation built in)"
               if p.series == "synthetic" else "the people supplied")  # fmt: skip
        return (
            f"Regional BOLD series of {who} were analysed. Hurst exponents were estimated by "
            "rescaled range (biased; calibrated with noise of the same length) and averaged over "
            "regions. Functional connectivity was the Pearson correlation, binarised at "
            f"|r| ≥ {p.td:g}; six graph metrics were correlated with H over people (Pearson)."
        )
    edges = f"r ≥ {p.td:g} (positive only)" if p.positive else f"|r| ≥ {p.td:g}"
    own = "a generated (synthetic)" if p.source == "synthetic" else "a supplied"
    removed = " after the global signal was removed" if p.global_signal else ""
    graph = (
        f"Functional connectivity was the Pearson correlation of BOLD series{removed}, binarised "
        f"at {edges}; six graph metrics were computed (path length over pairs that reach each "
        "other)."
    )
    sizes = (
        "Avalanches were runs of active frames bounded by blank ones; the exponent was fitted by "
        "discrete maximum likelihood on a bounded range."
    )
    if p.model == "automaton":
        form = "gamma response" if p.hrf == "gamma" else "gamma response as printed in Eq. 10"
        left = "remaining" if p.r2_meaning == "stay" else "leaving"
        return (
            f"Greenberg-Hastings automata ran on {own} connectome (weights {p.scale:g} a fibre, "
            f"threshold {p.threshold:g}, spontaneous excitation {p.r1:g} a step, delay "
            f"{p.n_delay} steps, {p.r2:g} read as the probability of {left} refractory). After "
            f"2000 steps of burn-in, excitations were convolved with a {form} (d = "
            f"{p.hrf_d:g} s, p = {p.hrf_p}) and sampled every {p.every} steps of {p.step:.4g} ms. "
            f"{sizes} {graph} {_varied(p, procedure)}"
        ).strip()
    return (
        f"{p.regions} regions of 100 excitatory and 25 inhibitory Izhikevich neurons were coupled "
        f"by {own} connectome (E/I ratio {p.ratio:g}, {p.g_between:g} mV between regions) at 1 ms. "
        f"Spikes entered the Balloon-Windkessel model, sampled every {p.tr:g} s. {sizes} {graph} "
        f"{_varied(p, procedure)}"
    ).strip()


def _varied(p: CriticalityParameters, procedure: str) -> str:
    """What a sweep or three regimes varied."""
    automaton = p.model == "automaton"
    name = "threshold" if automaton else "E/I ratio"
    if procedure == "regimes":
        values = p.three_thresholds if automaton else p.three_ratios
        return f"The {name} took the values {values}."
    if procedure not in ("gh", "eisweep"):
        return ""
    values = p.thresholds if automaton else p.ratios
    each = (
        f"{p.runs} runs of {p.samples} BOLD samples" if automaton
        else f"{p.networks} networks of {p.duration_s:g} s, the first {p.discard_s:g} s discarded"
    )  # fmt: skip
    n = p.runs if automaton else p.networks
    spread = "95 % intervals (Student's t)" if n >= 5 else "the range of runs"
    window = (
        " The small-world window of the first run of each was sought with 20 degree-preserving "
        "random networks (10 swaps an edge)." if p.window else ""
    )  # fmt: skip
    return (
        f"The {name} took the values {values} (each {each}) and T_d {p.tds}; means are given with "
        f"{spread}.{window}"
    )
