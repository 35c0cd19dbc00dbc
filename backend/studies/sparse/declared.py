"""What the study shows and measures: quantities, channels, views, procedures, words."""

from __future__ import annotations

from backend.core.channels import Channel, Latest
from backend.core.result import Quantity
from backend.core.study import Procedure
from backend.core.views import Axis, Series, View, column, row

LESIONS = {
    "W-all": ("w_all", "weights, all"),
    "W-channel": ("w_channel", "kernels over channels"),
    "W-kernel": ("w_kernel", "inside each kernel"),
    "bias": ("bias", "biases"),
    "ReLU-off": ("relu_off", "ReLU off"),
    "ablate": ("ablate", "units ablated"),
}
"""Lesion → stem of its values, words."""
MOST_LAYERS = 20
"""Layers whose values are named; deeper nets have the rest in the table."""
WIDTHS = (24, 48, 64, 256, 1024, 4096)
MODELS = {
    "mini": (24, 48, 64, 48, 48, 256, 256),
    "alexnet": (64, 192, 384, 256, 256, 4096, 4096),
    "vgg11": (64, 128, 256, 256, 512, 512, 512, 512, 4096, 4096),
}
"""Widths of the measured layers (conv channels, then FC units)."""

PROCEDURES = (
    Procedure("free", "Run", "play", "The pictures once; with a lesion, one lesioned model too."),
    Procedure(
        "models", "Lesioned models…", "repeat", "The hierarchy of many models of this lesion.",
        shown_if=("lesion", tuple(LESIONS)),
    ),
    Procedure("all", "All lesions…", "shape-plus", "Weights, kernels, biases and ReLU in turn."),
    Procedure(
        "performance", "Link with accuracy…", "chart-scatter-plot",
        "Whether categories coded sparsely are recognised better.",
    ),
    Procedure("widths", "Null of widths", "ruler", "What width alone does, without a network."),
)  # fmt: skip

LAYER = Axis("layer")
PSI = Axis("PSI", low=0.0)
_LESION_SERIES = tuple(
    Series(stem, words, str(number)) for number, (stem, words) in enumerate(LESIONS.values(), 2)
)

CHANNELS: dict[str, Channel] = {
    name: Latest()
    for name in (
        "ridges", "hierarchy", "distribution", "population", "exemplars", "lesions", "link",
        "links", "layers",
    )
}  # fmt: skip

VIEWS = (
    View(
        "hierarchy", "Hierarchy", "traces", "hierarchy", "median over categories, quartiles",
        icon="chart-line", x=LAYER, y=Axis("index"),
        series=(
            Series("median", "this network", "1"),
            Series("intact", "intact", "8", "dash"),
            Series("equal", "equal number of units", "3"),
            Series("null", "null of the width", "theory", "dash"),
        ),
        help="The dashed line is what independent units of the same number give. Layers get "
        "wider with depth, and wider layers look less sparse: read a fall against it.",
    ),
    View(
        "ridges", "Every category", "matrix", "ridges", "share of categories", icon="grid",
        x=Axis("PSI"), y=LAYER, colour_map="magma", origin="lower", square=False,
        unit="share",
        help="Each row is the distribution of the index over categories in one layer.",
    ),
    View(
        "population", "Population response", "traces", "population",
        "units of the layer shown, sorted", icon="sort-variant", x=Axis("unit, by rank"),
        y=Axis("response, rescaled", low=0.0),
        series=(Series("now", "this network", "1"), Series("intact", "intact", "8", "dash")),
        help="The curve behind the index, for the category and layer chosen on the left. One "
        "unit is at 1 and one at 0 by construction.",
    ),
    View(
        "distribution", "Distribution", "histogram", "distribution", "layer shown",
        icon="chart-histogram", x=Axis("PSI"), y=Axis("categories"),
        series=(Series("count", "categories", "1"),),
    ),
    View(
        "exemplars", "Category", "image", "exemplars", "pictures of the category shown",
        icon="image-multiple-outline",
    ),
    View(
        "lesions", "Lesioned models", "traces", "lesions", "medians; bands: all models",
        icon="chart-line", x=LAYER, y=Axis("median PSI", low=0.0),
        series=(
            Series("intact", "intact", "1"),
            *_LESION_SERIES,
            Series("null", "null of the width", "theory", "dash"),
        ),
        empty="Appears when lesioned models are measured.",
        help="A lesion that only brings a layer to its null says nothing beyond width.",
    ),
    View(
        "link", "PSI and accuracy", "scatter", "link", "a dot a category, layer shown",
        icon="chart-scatter-plot", x=Axis("PSI"), y=Axis("accuracy", low=0.0, high=1.0),
        series=(Series("accuracy", "category", "1", "dots"),),
        empty="Appears when the link with accuracy is measured.",
    ),
    View(
        "links", "Correlation by layer", "traces", "links", "r of PSI and accuracy, 95 %",
        icon="chart-line", x=LAYER, y=Axis("r"), levels=(0.0,),
        series=(
            Series("r", "r", "1"),
            Series("corrected", "r, disattenuated", "3", "dash"),
            Series("reliability", "reliability of PSI", "8", "dot"),
        ),
        empty="Appears when the link with accuracy is measured.",
        help="PSI itself is measured more reliably in deep layers. That alone makes r rise.",
    ),
    View(
        "layers", "Layers", "counters", "layers", place="result", icon="layers-outline",
        empty="Appears when the network has seen pictures.",
    ),
)  # fmt: skip

LAYOUT = {
    "hierarchy": column(
        row("hierarchy", "ridges", weights=(3, 2)),
        row("population", "distribution", "exemplars", weights=(3, 2, 2)),
        weights=(3, 2),
    ),
    "lesions": column(
        row("lesions", "hierarchy"), row("ridges", "population", "exemplars"), weights=(3, 2)
    ),
    "performance": column(
        row("link", "links"), row("hierarchy", "distribution", "exemplars"), weights=(3, 2)
    ),
}


def _quantities() -> dict[str, Quantity]:
    found = {
        "tau": Quantity("Trend over layers, τ", "", 2, "Kendall's tau-b of layer and index over all"
                        " categories and layers."),
        "tau_p": Quantity("p of τ", "", 2, "It takes dependent points for independent ones; the "
                          "test over categories is the one to trust."),
        "tau_low": Quantity("τ, lower end (categories resampled)", "", 2),
        "tau_high": Quantity("τ, upper end (categories resampled)", "", 2),
        "tau_medians": Quantity("τ of the layers' medians", "", 2),
        "tau_conv": Quantity("τ, convolutional layers", "", 2),
        "tau_fc": Quantity("τ, fully connected layers", "", 2),
        "wilcoxon_p": Quantity("p that categories rise (Wilcoxon)", "", 2),
        "largest": Quantity("Largest PSI", "", 2),
        "least_range": Quantity("Smallest range over categories", "", 2),
        "fc1_over_conv": Quantity("FC1 above the highest conv median by", "", 2),
        "accuracy": Quantity("Accuracy of the network", "", 3),
        "lesioned_accuracy": Quantity("Accuracy under the lesion", "", 3),
        "intact_tau": Quantity("τ of the intact network", "", 2),
        "negative_share": Quantity("Layers with negative responses", "", 2),
        "last_median": Quantity("Last layer: median PSI", "", 2),
        "readout_accuracy": Quantity("Accuracy of the read-out", "", 3),
        "r_tau": Quantity("τ of r over layers", "", 2),
        "r_tau_p": Quantity("p of that τ", "", 2),
    }  # fmt: skip
    for stem, words in LESIONS.values():
        found[f"tau_{stem}"] = Quantity(f"{words.capitalize()}: τ of model medians", "", 2)
        found[f"p_{stem}"] = Quantity(f"{words.capitalize()}: p", "", 2)
        found[f"accuracy_{stem}"] = Quantity(f"{words.capitalize()}: accuracy", "", 3)
        found[f"last_{stem}"] = Quantity(f"{words.capitalize()}: last layer's median", "", 2)
    for i in range(1, MOST_LAYERS + 1):
        found[f"median_{i}"] = Quantity(f"Layer {i}: median", "", 2)
        found[f"live_{i}"] = Quantity(f"Layer {i}: live units", "", 4)
        found[f"r_{i}"] = Quantity(f"Layer {i}: r with accuracy", "", 2)
        found[f"p_{i}"] = Quantity(f"Layer {i}: p, corrected over layers", "", 2)
        found[f"reliability_{i}"] = Quantity(f"Layer {i}: reliability of PSI", "", 2)
    for kind, words in (("conv", "Convolutional layers"), ("fc", "Fully connected layers")):
        found[f"f_{kind}"] = Quantity(f"{words}: F of the regression", "", 3)
        found[f"adjusted_{kind}"] = Quantity(f"{words}: adjusted R²", "", 2)
    for n in WIDTHS:
        found[f"null_{n}"] = Quantity(f"{n} independent units: median PSI", "", 3)
    for name in MODELS:
        found[f"null_tau_{name}"] = Quantity(f"Widths of {name}: τ of medians", "", 2)
    return found


QUANTITIES = _quantities()

SYNTHETIC = "ShapeWorld figures are drawn by a generator; the small nets were trained on them."

NOTES = (
    "Widths: independent Gaussian units with the widths of AlexNet and VGG11 alone give τ of "
    "−0.66 and −0.76, as strong as the paper's lesions (−0.53, −0.82). A lesioned network falls "
    "to the null of its widths; that it falls is no evidence about learning beyond that.",
    "FC2 above FC1 (Figure 1B) did not reproduce: FC1 is above FC2 in both nets here, and the "
    "trend over convolutional layers alone is weak.",
    "The link with accuracy (Figure 2) did not reproduce: r of FC1 with the accuracy of new "
    "categories ranges from −.14 to .60 over trained nets, and FC2 does not lead. PSI is also "
    "measured more reliably in deep layers, which alone makes r rise; see the disattenuated r.",
    "Bias lesion (Figure 3D): with small learned biases it does nothing. With large ones "
    "(MiniAlexNet-B) the network breaks, but what the trend does depends on the net: over six "
    "trainings τ was .59, .24, −.25, .51, −.11 and .33. The shipped one is the first.",
    "The paper's absolute-value control is printed with negative τ and called similar. With the "
    "index a in place of PSI the sign is negative here too: that is the first reading.",
    "The paper's r > 0.19 with p < .001, corrected, cannot be: with 254 degrees of freedom "
    "p is .002 before correction. Exact and corrected p are shown, no stars.",
    "Rescaling: the paper's words fit two readings. Per category gives its medians.",
    "τ over all points takes a category's layers for independent. The test over categories and "
    "the interval by resampling categories do not.",
)
