"""Presets named after the paper's figures, with what each should measure.

``spec`` references are theory, or bands over nets of two independent implementations: the
same training seed does not mean the same net, so a band is accepted, not a value.
"""

from __future__ import annotations

from typing import Any

from backend.core.result import Reference
from backend.core.study import Preset

MEASURED = "measured with independent implementations and nets"
THEORY = "simulated independent Gaussian units"


def paper(name: str, value: float, where: str, note: str = "") -> Reference:
    """A printed number of AlexNet on ImageNet: shown beside ours, without a verdict."""
    return Reference(name, value, source="paper", where=where, note=note or "AlexNet, ImageNet")


def between(
    name: str, low: float | None = None, high: float | None = None, where: str = MEASURED
) -> Reference:
    """A band that is not printed."""
    return Reference(name, low=low, high=high, source="spec", where=where)


INTACT = (
    paper("tau", 0.40, "Figure 1B"),
    between("accuracy", 0.80),
    between("tau", 0.25, 0.55),
    between("tau_p", None, 1e-12),
    between("largest", None, 0.70),
    between("least_range", 0.18),
    between("fc1_over_conv", 0.0),
    between("live_6", 190, 256),
    between("live_7", 190, 256),
)
SHUFFLED = {
    "W-all": ("Figure 3B", "Weights shuffled", -0.53),
    "W-channel": ("Figure 3B, kernels over channels", "Whole kernels shuffled", None),
    "W-kernel": ("Figure 3B, inside kernels", "Entries of each kernel shuffled", None),
}


def _shuffled(lesion: str) -> Preset:
    name, title, printed = SHUFFLED[lesion]
    stem = lesion.lower().replace("-", "_")
    references = [between(f"tau_{stem}", None, -0.45), between(f"last_{stem}", 0.13, 0.24)]
    if printed is not None:
        references.insert(0, paper(f"tau_{stem}", printed, "Figure 3B"))
    changes: dict[str, Any] = {"lesion": lesion}
    return Preset(
        name, title, changes, "models", tuple(references),
        "The null of the layers' widths falls as steeply: compare the dashed line.",
    )  # fmt: skip


PRESETS: tuple[Preset, ...] = (
    Preset(
        "Figure 1", "The hierarchy", {}, "free", INTACT,
        "FC1 above FC2, against the paper; the rise over conv layers alone is weak.",
    ),
    Preset("Figure 1, second net", "Another training", {"training_seed": 1}, "free", INTACT),
    Preset(
        "Figure 1, forty exemplars", "More pictures a category", {"exemplars": 40}, "free",
        (between("tau", 0.25, 0.55), between("largest", None, 0.70)),
    ),
    Preset(
        "Figure 1, new categories", "Never trained", {"pictures": "transfer"}, "free",
        (paper("tau", 0.35, "Results, Caltech256"), between("tau", 0.05, 0.40)),
    ),
    Preset(
        "Absolute values", "The paper's control index", {"rescale": "absolute"}, "free",
        (
            paper("tau", -0.44, "Supplement", "the sign of a, not of PSI, is our reading"),
            between("tau", 0.20, 0.50),
        ),
    ),
    Preset(
        "Whole layer", "The other reading of the rescaling", {"rescale": "per layer"}, "free",
        (between("tau", 0.25, 0.75),),
    ),
    Preset(
        "Before ReLU", "Responses before the ReLU", {"response": "pre"}, "free",
        (between("tau", None, 0.0),),
    ),
    Preset(
        "Figure 2", "PSI and accuracy, new categories",
        {"pictures": "transfer", "categories": 128, "exemplars": 40, "classifier": "ridge"},
        "performance",
        (
            paper("r_5", 0.43, "Figure 2A"), paper("r_7", 0.69, "Figure 2A"),
            paper("r_tau", 0.90, "Results"), paper("adjusted_conv", 0.20, "Results"),
            paper("adjusted_fc", 0.52, "Results"),
        ),
        "Not reproduced: r of a layer depends on which net was trained.",
    ),
    *(_shuffled(lesion) for lesion in SHUFFLED),
    Preset(
        "Figure 3D", "Biases shuffled, net B", {"network": "mini-b", "lesion": "bias"}, "models",
        (
            paper("tau_bias", 0.10, "Figure 3D"), between("tau_bias", -0.15, 0.45),
            between("accuracy_bias", None, 0.41),
        ),
        "The network breaks; the trend under this lesion depends on which net was trained.",
    ),
    Preset(
        "Figure 3D, plain net", "Biases shuffled, small biases", {"lesion": "bias"}, "models",
        (between("tau_bias", 0.40, 0.75), between("accuracy_bias", 0.78)),
        "Does nothing: the biases of this net are small. The paper's claim depends on their size.",
    ),
    Preset(
        "Figure 3F", "ReLU off", {"lesion": "ReLU-off"}, "models",
        (
            paper("tau_relu_off", -0.21, "Figure 3F"), between("tau_relu_off", None, -0.15),
            between("negative_share", 1.0, 1.0),
        ),
    ),
    Preset(
        "Figure 3, net B", "All lesions of the net with large biases", {
            "network": "mini-b", "models": 5,
        }, "all",
        (
            between("tau_w_all", None, -0.45), between("tau_w_channel", None, -0.45),
            between("tau_w_kernel", None, -0.45), between("tau_bias", -0.15, 0.45),
            between("tau_relu_off", None, -0.15), between("intact_tau", 0.15, 0.45),
        ),
    ),
    Preset(
        "Null of widths", "Independent units, no network", {}, "widths",
        (
            *(Reference(f"null_{n}", value, 0.01, source="spec", where=THEORY)
              for n, value in ((24, 0.215), (48, 0.173), (64, 0.161), (256, 0.118),
                               (1024, 0.093), (4096, 0.077))),
            between("null_tau_alexnet", -0.80, -0.50, THEORY),
            between("null_tau_vgg11", -0.90, -0.62, THEORY),
        ),
        "Width alone gives the paper's lesion result.",
    ),
)  # fmt: skip
