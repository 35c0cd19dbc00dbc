"""All parameters of 06-sparse-coding (specification, section 6) and what they mean."""

from __future__ import annotations

from typing import Any, Literal

from backend.core.parameters import Parameters, parameter

NetworkName = Literal["mini-a", "mini-b", "alexnet", "vgg11", "resnet152", "googlenet"]
PictureSet = Literal["test", "transfer", "digits", "pictures"]
Lesion = Literal["none", "W-all", "W-channel", "W-kernel", "bias", "ReLU-off", "ablate"]

NETWORK, PICTURES, MEASURE, LESION, PERFORMANCE = (
    "Network", "Pictures", "Sparseness", "Lesion", "Link with performance",
)  # fmt: skip
SHUFFLES = ("W-all", "W-channel", "W-kernel", "bias")
"""Lesions with chance in them; ReLU-off and ablation of chosen units have a strength too."""
TRAINED = ("mini-a", "mini-b")


def _view(default: Any, label: str, group: str, **more: Any) -> Any:
    """A parameter that acts on responses at hand."""
    return parameter(default, label, group=group, change="recompute", **more)


def _pass(default: Any, label: str, group: str, **more: Any) -> Any:
    """A parameter that needs the pictures shown again."""
    return parameter(default, label, group=group, change="rebuild", **more)


class SparseCodingParameters(Parameters):
    """The network, what it is shown, how sparseness is measured, and what is lesioned."""

    network: NetworkName = _pass(
        "mini-a", "Network", NETWORK,
        labels={"mini-a": "MiniAlexNet", "mini-b": "MiniAlexNet-B", "alexnet": "AlexNet",
                "vgg11": "VGG11", "resnet152": "ResNet-152", "googlenet": "GoogLeNet"},
        help="MiniAlexNet is trained on ShapeWorld and comes with the program; B has large "
        "biases, so that a bias lesion does something. The others need a weights file.",
        source="Methods",
    )  # fmt: skip
    training_seed: int = _pass(
        0, "Training seed", NETWORK, low=0, high=1, shown_if=("network", ("mini-a",)),
        help="Which of the two trained nets. Two nets differ: a claim must hold for both.",
    )  # fmt: skip
    weights: str = _pass(
        "", "Weights", NETWORK, kind="file", formats=("pt", "pth"),
        shown_if=("network", ("alexnet", "vgg11", "resnet152", "googlenet")),
        help="A state dictionary of this architecture. Empty: random weights, never trained.",
    )  # fmt: skip
    pictures: PictureSet = _pass(
        "test", "Pictures", PICTURES,
        labels={"test": "ShapeWorld, trained categories",
                "transfer": "ShapeWorld, new categories",
                "digits": "Handwritten digits", "pictures": "Your own"},
        help="Categories of 32 × 32 px figures, generated. Ten digits are too few for the "
        "correlations with accuracy.",
    )  # fmt: skip
    folder: str = _pass(
        "", "Folder or list", PICTURES, kind="file", formats=("csv", "tsv"),
        shown_if=("pictures", ("pictures",)),
        help="A folder with one sub-folder a category, a set exported from the studio, or a "
        ".stim.csv. Folders named clutter are left out.",
    )  # fmt: skip
    label: str = _pass(
        "", "Label column", PICTURES, shown_if=("pictures", ("pictures",)),
        help="Column that names the category. Empty: category, label or condition, "
        "whichever is there.",
    )  # fmt: skip
    categories: int = _pass(
        64, "Categories", PICTURES, low=3, high=1000, step=1,
        help="How many, from the first.", source="Methods: 1000 and 256",
    )  # fmt: skip
    exemplars: int = _pass(
        16, "Exemplars a category", PICTURES, low=2, high=200, step=1, symbol="n<sub>e</sub>",
        help="The link with performance needs at least 40.", source="Methods: 50 and 80",
    )  # fmt: skip
    response: Literal["post", "pre"] = _pass(
        "post", "Response", MEASURE, labels={"post": "After ReLU", "pre": "Before ReLU"},
        help="The paper takes outputs after the ReLU; before it the hierarchy turns round.",
        source="Methods",
    )  # fmt: skip
    pooling: Literal["mean", "max", "centre"] = _pass(
        "mean", "Channel value", MEASURE,
        labels={"mean": "Mean over places", "max": "Largest place", "centre": "Central place"},
        help="What stands for a convolutional channel.", source="Methods",
    )  # fmt: skip
    rescale: Literal["per category", "per layer", "none", "absolute"] = _view(
        "per category", "Rescaling", MEASURE,
        labels={"per category": "Per category", "per layer": "Whole layer",
                "none": "None, raw responses", "absolute": "Absolute z"},
        help="How z scores become comparable. The paper's sentence fits two readings; per "
        "category gives its medians.", source="Methods",
    )  # fmt: skip
    index: Literal["PSI", "a", "Treves-Rolls", "kurtosis", "fraction above zero"] = _view(
        "PSI", "Index", MEASURE,
        labels={"PSI": "PSI", "a": "a", "Treves-Rolls": "Treves-Rolls", "kurtosis": "Kurtosis",
                "fraction above zero": "Fraction above zero"},
        help="PSI is 0 when all units respond alike, 1 when one unit does. It measures the shape "
        "of tuning over categories, not how many activations are zero: a unit's gain and "
        "baseline do not enter.", source="Methods",
    )  # fmt: skip
    null: bool = _view(
        True, "Null of the width", MEASURE,
        help="What independent Gaussian units of the same number give: wider layers look less "
        "sparse with no learning at all.",
    )  # fmt: skip
    equal_width: bool = _view(
        False, "Equal number of units", MEASURE,
        help="PSI of random subsets as large as the smallest layer, mean of 50.",
    )  # fmt: skip
    category: int = _view(
        1, "Category shown", MEASURE, low=1, high=1000, step=1,
        help="Whose population response and pictures are drawn.",
    )  # fmt: skip
    layer: int = _view(
        7, "Layer shown", MEASURE, low=1, high=200, step=1,
        help="Number of the layer whose responses and scatter are drawn.",
    )  # fmt: skip
    lesion: Lesion = _pass(
        "none", "Lesion", LESION,
        labels={"none": "None", "W-all": "Weights, all shuffled", "W-channel": "Kernels shuffled "
                "over channels", "W-kernel": "Weights inside each kernel", "bias": "Biases",
                "ReLU-off": "ReLU off", "ablate": "Units ablated"},
        help="Applied to copies; the network itself is never changed.", source="Figure 3",
    )  # fmt: skip
    strength: float = _pass(
        1.0, "Strength", LESION, low=0.0, high=1.0, step=0.05,
        shown_if=("lesion", (*SHUFFLES, "ablate")),
        help="Share of weights, kernels, biases or units that are lesioned.",
    )  # fmt: skip
    lesioned: str = _pass(
        "", "Lesioned layers", LESION,
        shown_if=("lesion", (*SHUFFLES, "ablate", "ReLU-off")),
        help="Names or numbers of layers, as in 4, 5. Empty: all of them, as in the paper.",
    )  # fmt: skip
    models: int = _pass(
        10, "Lesioned models", LESION, low=1, high=100, step=1,
        help="Each with its own shuffle.", source="caption of Figure 3",
    )  # fmt: skip
    seed: int = _pass(
        0, "Seed", LESION, low=0, high=2**31 - 1,
        help="Of lesions, nulls and folds.",
    )  # fmt: skip
    classifier: Literal["logistic", "ridge", "nearest mean"] = _pass(
        "logistic", "Classifier", PERFORMANCE,
        labels={"logistic": "Logistic regression", "ridge": "Ridge", "nearest mean":
                "Nearest mean"},
        help="Reads the category from the last hidden layer.", source="Methods",
    )  # fmt: skip
    folds: int = _pass(
        2, "Folds", PERFORMANCE, low=2, high=10, step=1, source="Methods",
        help="Stratified, shuffled.",
    )  # fmt: skip
    C: float = _pass(
        1.0, "Inverse penalty", PERFORMANCE, symbol="C", low=1e-4, high=1e4, log=True,
        shown_if=("classifier", ("logistic",)),
        help="Of logistic regression on standardised features.", source="not printed; inferred",
    )  # fmt: skip
    p_enter: float = _pass(
        0.05, "p to enter", PERFORMANCE, low=0.0001, high=0.5, step=0.01,
        help="A layer enters the regression below it.", source="usual default; inferred",
    )  # fmt: skip
    p_remove: float = _pass(
        0.10, "p to leave", PERFORMANCE, low=0.0002, high=0.9, step=0.01,
        help="A layer leaves the regression above it.", source="usual default; inferred",
    )  # fmt: skip
