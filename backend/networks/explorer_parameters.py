"""What can be set in the network explorer: network, pictures, and how a unit is looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from backend.core.parameters import Parameters, parameter

NetworkName = Literal[
    "mini-a", "mini-b", "alexnet", "vgg11", "vgg16", "vgg19_bn", "resnet18", "resnet50",
    "resnet152", "densenet121", "googlenet", "inception_v3", "mobilenet_v3_small",
    "efficientnet_b0", "convnext_tiny", "vgg_face", "r3d_18", "fcn_resnet50",
    "regnet_y_400mf", "shufflenet_v2_x1_0",
    "squeezenet1_1", "mnasnet1_0", "vit_b_16", "swin_t", "vggish",
]  # fmt: skip
TITLES = {
    "mini-a": "MiniAlexNet", "mini-b": "MiniAlexNet-B", "alexnet": "AlexNet", "vgg11": "VGG11",
    "vgg16": "VGG16", "vgg19_bn": "VGG19, batch norm", "resnet18": "ResNet-18",
    "resnet50": "ResNet-50", "resnet152": "ResNet-152", "densenet121": "DenseNet-121",
    "googlenet": "GoogLeNet", "inception_v3": "Inception v3",
    "mobilenet_v3_small": "MobileNet v3, small", "efficientnet_b0": "EfficientNet-B0",
    "vgg_face": "VGG-Face", "r3d_18": "ResNet-3D-18 (video)",
    "fcn_resnet50": "FCN-ResNet-50 (segmentation)", "convnext_tiny": "ConvNeXt, tiny",
    "regnet_y_400mf": "RegNet-Y 400 MF",
    "shufflenet_v2_x1_0": "ShuffleNet v2", "squeezenet1_1": "SqueezeNet 1.1",
    "mnasnet1_0": "MNASNet 1.0", "vit_b_16": "Vision transformer, B/16", "swin_t": "Swin, tiny",
    "vggish": "VGGish (sound)",
}  # fmt: skip
MINI = ("mini-a", "mini-b")
VIDEO = ("r3d_18",)

NETWORK, PICTURES, ATTRIBUTION, OPTIMUM, TOP, RECORD, CHANNELS, FILES = (
    "Network", "Pictures", "Attribution", "Optimal stimulus", "Top pictures", "Record", "Channels",
    "Recorded files",
)  # fmt: skip


def _look(default: Any, label: str, group: str, **more: Any) -> Any:
    """A parameter that acts on what is at hand."""
    return parameter(default, label, group=group, change="recompute", **more)


class ExplorerParameters(Parameters):
    """One network, one picture, one unit."""

    network: NetworkName = parameter(
        "mini-a", "Network", group=NETWORK, change="rebuild", labels=TITLES,
        help="MiniAlexNet is trained and comes with the program. The others are torchvision's "
        "definitions with random weights until you load a file.",
    )  # fmt: skip
    weights: str = parameter(
        "", "Weights", group=NETWORK, change="rebuild", kind="file",
        formats=("pt", "pth", "npz", "pt2", "ts"),
        help="A state dictionary of this architecture, or a TorchScript or exported program, "
        "which then is the network. Empty: MiniAlexNet's own, else random.",
    )  # fmt: skip
    pictures: Literal["transfer", "test", "clip", "sound", "own"] = parameter(
        "transfer", "Pictures", group=PICTURES, change="rebuild",
        labels={"transfer": "ShapeWorld, new categories", "test": "ShapeWorld, trained categories",
                "clip": "Example clips", "sound": "Example sounds", "own": "Your own"},
        help="What the network is shown. Sets of the studio are under Your own, clips (GIF, NPY, "
        "folders of frames) and WAV sounds too.",
    )  # fmt: skip
    folder: str = parameter(
        "", "Folder, list or set", group=PICTURES, change="rebuild", kind="file",
        formats=("csv", "tsv", "npz", "gif", "npy", "wav"), shown_if=("pictures", ("own",)),
        help="A folder of pictures, a list, a .stim.csv or a set exported from the studio; for "
        "networks of films clips, for networks of sounds WAV files.",
    )  # fmt: skip
    picture: int = _look(
        1, "Picture", PICTURES, low=1, high=100_000, step=1,
        help="Which picture the maps are of. The arrows beside it step through the set.",
    )  # fmt: skip
    frame: int = _look(
        0, "Frame", PICTURES, low=0, high=16, step=1, shown_if=("network", VIDEO),
        help="Maps and picture at this frame of the clip; 0 is the mean over frames.",
    )  # fmt: skip
    summary: Literal["mean", "max", "norm", "sizes"] = _look(
        "mean", "Value of a map", ATTRIBUTION,
        labels={"mean": "Mean over places", "max": "Largest place", "norm": "Norm",
                "sizes": "Sum of sizes"},
        help="What the unit's one number is when no single place is chosen.",
    )  # fmt: skip
    method: Literal[
        "vanilla", "guided", "deconvolution", "gradient x input", "SmoothGrad",
        "integrated gradients", "Grad-CAM", "occluder", "map", "minimal image", "masked image",
    ] = _look(
        "guided", "Method", ATTRIBUTION,
        labels={"vanilla": "Gradient", "guided": "Guided", "deconvolution": "Deconvolution",
                "gradient x input": "Gradient × input", "SmoothGrad": "SmoothGrad",
                "integrated gradients": "Integrated gradients", "Grad-CAM": "Grad-CAM",
                "occluder": "Occluder", "map": "Its map, upsampled",
                "minimal image": "Minimal image", "masked image": "Shrinking mask"},
        help="What in the picture the unit answers to.",
    )  # fmt: skip
    samples: int = _look(
        25, "Noisy copies", ATTRIBUTION, low=1, high=200, step=1,
        shown_if=("method", ("SmoothGrad",)), help="Mean of this many gradients.",
    )  # fmt: skip
    sd: float = _look(
        0.1, "Noise", ATTRIBUTION, low=0.0, high=0.5, step=0.01,
        shown_if=("method", ("SmoothGrad",)), help="SD as a share of the picture's range.",
    )  # fmt: skip
    path: int = _look(
        50, "Points on the path", ATTRIBUTION, low=5, high=500, step=5,
        shown_if=("method", ("integrated gradients",)), help="Midpoint rule from black.",
    )  # fmt: skip
    window: int = _look(
        8, "Window", ATTRIBUTION, unit="px", low=2, high=64, step=1,
        shown_if=("method", ("occluder",)), help="Side of the square that covers the picture.",
    )  # fmt: skip
    stride: int = _look(
        2, "Stride", ATTRIBUTION, unit="px", low=1, high=32, step=1,
        shown_if=("method", ("occluder",)), help="Distance of the window's places.",
    )  # fmt: skip
    display: Literal["signed", "absolute", "maximum"] = _look(
        "signed", "Display", ATTRIBUTION,
        labels={"signed": "Signed", "absolute": "Absolute", "maximum": "Largest of channels"},
        help="Grey means no effect when signed.",
    )  # fmt: skip
    objective: Literal["unit", "difference", "layer"] = parameter(
        "unit", "Drives", group=OPTIMUM, change="rebuild",
        labels={"unit": "The unit", "difference": "The unit, not a second one",
                "layer": "The whole layer"},
        help="What the stimulus makes as large as it can: the unit's value, its difference from a "
        "second unit of the layer, or the norm of the layer.", source="section 2.11 c",
    )  # fmt: skip
    second: int = parameter(
        1, "Second unit", group=OPTIMUM, change="rebuild", low=1, high=100_000, step=1,
        shown_if=("objective", ("difference",)),
        help="Number of the channel whose value is subtracted; a right click on a map takes it.",
    )  # fmt: skip
    total_variation: float = parameter(
        2.0, "Smoothness", symbol="λ<sub>TV</sub>", group=OPTIMUM, low=0.0, high=50.0, step=0.1,
        help="Weight of the mean difference of neighbours.", source="section 2.11 c",
    )  # fmt: skip
    l2: float = parameter(
        0.0, "Contrast", symbol="λ<sub>2</sub>", group=OPTIMUM, low=0.0, high=10.0, step=0.01,
        help="Weight of the sum of squares.",
    )  # fmt: skip
    blur: float = parameter(
        0.5, "Blur", symbol="σ", unit="px", group=OPTIMUM, low=0.0, high=5.0, step=0.1,
        help="Gaussian blur every few steps; 0 is off.",
    )  # fmt: skip
    blur_every: int = parameter(
        4, "Blur every", unit="steps", group=OPTIMUM, low=1, high=50, step=1,
        help="Steps between two blurs.",
    )  # fmt: skip
    fourier: float = parameter(
        1.0, "Low frequencies", symbol="p", group=OPTIMUM, low=0.0, high=2.0, step=0.05,
        help="The gradient is smoothed by 1/f to this power.",
    )  # fmt: skip
    jitter: int = parameter(
        2, "Jitter", unit="px", group=OPTIMUM, low=0, high=16, step=1,
        help="Random shift before each step.",
    )  # fmt: skip
    learning_rate: float = parameter(
        0.05, "Learning rate", group=OPTIMUM, low=1e-4, high=1.0, log=True,
        help="Adam's.",
    )  # fmt: skip
    steps: int = parameter(
        200, "Steps", group=OPTIMUM, change="rebuild", low=10, high=5000, step=10,
        help="After these it stops.", source="tutorial: 500",
    )  # fmt: skip
    seed: int = parameter(
        0, "Seed", group=OPTIMUM, change="rebuild", low=0, high=2**31 - 1,
        help="Of the starting noise, the jitter and SmoothGrad.",
    )  # fmt: skip
    recorded: Literal["chosen", "rectified", "all", "masked"] = parameter(
        "chosen", "Layers", group=RECORD,
        labels={"chosen": "The chosen one", "rectified": "All ReLU", "all": "All",
                "masked": "Those of the mask"},
        help="Which layers Record writes, for all pictures; of masked ones the part that is used.",
    )  # fmt: skip
    pooling: Literal["none", "mean", "max", "median", "L1", "L2"] = parameter(
        "none", "Pooling", group=RECORD,
        labels={"none": "None, every place", "mean": "Mean", "max": "Largest",
                "median": "Median", "L1": "Sum of sizes", "L2": "Root of sum of squares"},
        help="One number a channel, or every place.",
    )  # fmt: skip
    precision: Literal["float32", "float16"] = parameter(
        "float32", "Precision", group=RECORD,
        labels={"float32": "Single", "float16": "Half"},
        help="Half takes half the space and three digits.",
    )  # fmt: skip
    top: int = _look(
        9, "Pictures kept", TOP, low=1, high=100, step=1, help="The unit's best, in one pass.",
    )  # fmt: skip
    field_source: Literal["upsampling", "occluder"] = parameter(
        "upsampling", "Field from", group=TOP,
        labels={"upsampling": "Its upsampled map", "occluder": "The occluder's map"},
        help="What is averaged over the kept pictures, each moved so that its peak is in the "
        "middle. The occluder has the window and stride of Attribution.", source="section 2.11 h",
    )  # fmt: skip
    ablation: Literal["zero", "mean", "shuffle"] = parameter(
        "zero", "Ablate by", group=CHANNELS,
        labels={"zero": "Zero", "mean": "Their mean", "shuffle": "Another picture's map"},
        help="What stands in for ablated channels; mean and shuffle take it from 32 pictures of "
        "the set.", source="section 2.12",
    )  # fmt: skip
    embedding: Literal["PCA", "MDS", "t-SNE"] = _look(
        "PCA", "Map by", CHANNELS,
        help="How Map the channels places those that answer alike to up to 256 pictures.",
    )  # fmt: skip
    angle: float = parameter(
        30.0, "Angle", symbol="α", unit="°", group=CHANNELS, low=0.0, high=180.0, step=5.0,
        change="rebuild",
        help="By which Rotate the basis turns the layer's channels; 0 takes it back.",
        source="section 2.12",
    )  # fmt: skip
    extraction: Literal["pca", "hist", "psd"] = parameter(
        "pca", "Features", group=FILES,
        labels={"pca": "Principal components", "hist": "Histogram", "psd": "Power spectrum"},
        help="What Features of a file computes of each recorded layer, as dnn-fe does.",
        source="section 2.3",
    )  # fmt: skip
    features: float = parameter(
        10.0, "How many", group=FILES, low=0.01, high=10_000.0, step=1.0, change="rebuild",
        help="Components, bins or frequencies; of components below 1 the share of variance.",
    )  # fmt: skip
    feature_axis: Literal["whole", "chn", "row_col"] = parameter(
        "whole", "Over", group=FILES,
        labels={"whole": "The whole layer", "chn": "Channels, at each place",
                "row_col": "Places, of each channel"},
        help="What the features are features of.",
    )  # fmt: skip


@dataclass(frozen=True)
class ExplorerPreset:
    """A named starting point of the explorer."""

    name: str
    title: str
    changes: dict[str, Any] = field(default_factory=dict)


PRESETS = (
    ExplorerPreset("New categories", "MiniAlexNet on figures it never learned"),
    ExplorerPreset("Trained categories", "MiniAlexNet on its own", {"pictures": "test"}),
    ExplorerPreset("AlexNet", "Random weights until you load a file", {"network": "alexnet"}),
    ExplorerPreset("Vision transformer", "Tokens and heads", {"network": "vit_b_16"}),
    ExplorerPreset(
        "Moving figures", "A network of clips", {"network": "r3d_18", "pictures": "clip"}
    ),
    ExplorerPreset("Sounds", "A network that hears", {"network": "vggish", "pictures": "sound"}),
)


class ExplorerSource:
    """Presets and parameters, as :class:`app.history.ParameterHistory` wants them."""

    Parameters = ExplorerParameters
    presets = PRESETS

    @staticmethod
    def parameters_of(name: str) -> ExplorerParameters:
        """The full parameter set of a preset."""
        chosen = next((one for one in PRESETS if one.name == name), PRESETS[0])
        return ExplorerParameters().changed(**chosen.changes)
