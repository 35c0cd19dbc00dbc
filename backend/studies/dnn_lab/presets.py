"""Presets named after the paper's figures, with what each should measure.

``spec`` references are measurements with independent implementations and nets, or theory.
"""

from __future__ import annotations

from backend.core.result import Reference
from backend.core.study import Preset

MEASURED = "measured with independent implementations and nets"
THEORY = "theory"
TUTORIAL = "tutorial of the toolbox; AlexNet, BOLD5000, right VTC"

PROBE = (0.580, 0.639, 0.716, 0.714, 0.731, 0.736, 0.752)
GLM = (0.353, 0.434, 0.479, 0.479, 0.474)
PLS = (0.337, 0.379, 0.400, 0.400, 0.390)
IMAGES = (0.252, 0.552, 0.699, 0.711, 0.708)
CATEGORIES = (0.677, 0.912, 0.940, 0.956, 0.959)
REMOVED = {0: 0.854, 25: 0.829, 50: 0.762, 75: 0.544, 90: 0.294}
PRINTED = (0.035, 0.100, 0.121, 0.155, 0.166)


def near(stem: str, values: tuple[float, ...], tolerance: float) -> tuple[Reference, ...]:
    """One value a layer, each with the same tolerance."""
    return tuple(
        Reference(f"{stem}_{i}", value, tolerance, source="spec", where=MEASURED)
        for i, value in enumerate(values, 1)
    )


def between(
    name: str, low: float | None = None, high: float | None = None, where: str = MEASURED
) -> Reference:
    """A band that is not printed."""
    return Reference(name, low=low, high=high, source="spec", where=where)


PROBED = (
    *near("accuracy", PROBE, 0.06), between("depth_rho", 0.8), between("last_minus_first", 0.10),
    between("pixels", 0.40, 0.56),
)  # fmt: skip
ENCODED = (
    *near("glm", GLM, 0.04), *near("pls", PLS, 0.04),
    *(between(f"same_{i}", 0.75) for i in range(1, 6)),
    between("glm_least_range", 0.45), between("glm_gap", 0.05),
    between("recovered", 65.0), between("within_one", 88.0), between("best_over_ceiling", 0.8, 1.0),
)  # fmt: skip


def compared(values: tuple[float, ...]) -> tuple[Reference, ...]:
    """RSA of the five convolutional layers, beside the tutorial's numbers."""
    printed = tuple(
        Reference(f"rsa_{i}", value, source="paper", where=TUTORIAL)
        for i, value in enumerate(PRINTED, 1)
    )
    return (*printed, *near("rsa", values, 0.06))


PRESETS: tuple[Preset, ...] = (
    Preset("Figure 5", "Curvy or boxy, by layer", {}, "free", PROBED),
    Preset("Figure 5, second net", "Another training", {"training_seed": 1}, "free", PROBED),
    Preset(
        "Figure 5, before and after ReLU", "What rectifying adds", {"before": True}, "free",
        (*PROBED, between("relu_higher", 6.0)),
    ),
    Preset(
        "Figure 6A", "Encoding, two models", {}, "encode", ENCODED,
        "Level from conv3 on, against the paper's rise to conv5.",
    ),
    Preset("Figure 6A, second net", "Another training", {"training_seed": 1}, "encode", ENCODED),
    Preset(
        "Decode", "Curvy or boxy, from the cortex",
        {"probe": "ridge classifier", "permutations": 100}, "decode", (),
        "The cortex is simulated: its regions are the vertices that read one layer each.",
    ),
    Preset(
        "Topography", "Preferred layer and place", {}, "topography",
        (between("recovered", 65.0), between("within_one", 88.0)),
        "Each simulated vertex was made from one layer; places have no truth to find.",
    ),
    Preset(
        "Figure 6B", "RSA of single pictures", {"by_category": False}, "rsa", compared(IMAGES),
    ),
    Preset("Figure 6B, categories", "RSA of category means", {}, "rsa",
           near("rsa", CATEGORIES, 0.06)),
    Preset("RSA over time", "A simulated MEG", {}, "time"),
    Preset(
        "Figure 7", "Optimal stimuli and top pictures", {"stimuli": "test"}, "units",
        (
            between("optimal_ratio", 3.0), between("optimal_right", 7.0), between("top1", 72.0),
            between("top3", 50.0),
        ),
    ),
    Preset(
        "Channels removed", "Accuracy as conv5 goes", {"stimuli": "test"}, "lesion",
        tuple(Reference(f"removed_{share}", value, 0.08, source="spec", where=MEASURED)
              for share, value in REMOVED.items()),
    ),
    Preset(
        "Turned basis", "Single units against the layer", {"stimuli": "test"}, "rotate",
        (between("turned_probe_change", high=0.01, where=THEORY),),
        "A rotation keeps every distance, so that a linear probe reads as much; single units lose "
        "what set them apart.",
    ),
    Preset(
        "Train anew", "MiniAlexNet from its recipe", {"training": "retrain"}, "train",
        (between("trained_accuracy", 0.80),),
        "About a minute and a half on one core; the weights are offered under Export.",
    ),
    Preset(
        "Fine-tune", "Curvy or boxy, a new last layer", {"training": "fine-tune", "rate": 1e-3},
        "train",
    ),
    Preset(
        "Co-training", "Curvy or boxy, and the cortex", {
            "training": "fine-tune", "rate": 1e-3, "brain_weight": 1.0, "layer": 5, "epochs": 20,
            "patience": 0,
        }, "train", (),
        "The loss is that of the task plus w (1 − r) of a linear readout of relu5 towards the "
        "cortex. Drag w while it trains.",
    ),
    Preset(
        "Inference", "Which tests can be trusted", {}, "inference",
        (
            between("false_labels", 2.0, 9.0), between("false_cells", 10.0),
            between("same_folds", 0.25), between("nested", -0.12, 0.12),
        ),
        "Permuting cells and scoring where one selected are shown to fail; neither is offered.",
    ),
    Preset(
        "Response function", "The canonical BOLD response", {}, "hrf",
        (
            Reference("hrf_peak", 5.0, 0.1, source="spec", where=THEORY),
            Reference("hrf_minimum", 15.75, 0.1, source="spec", where=THEORY),
            Reference("hrf_ratio", -0.0889, 0.002, source="spec", where=THEORY),
        ),
    ),
)  # fmt: skip
