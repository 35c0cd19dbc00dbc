"""All parameters of 05-dnnbrain (specification, sections 3 and 6) and what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from backend.core.parameters import Parameters, parameter
from backend.networks.explorer_parameters import TITLES, NetworkName

NETWORK, STIMULI, BRAIN, MODEL, RDM, MEG, UNITS, LESION, TRAIN = (
    "Network", "Stimuli", "Brain", "Probe and encoding", "RSA", "MEG and EEG", "Units", "Lesion",
    "Training",
)  # fmt: skip

REGRESSIONS = ("OLS", "ridge", "lasso", "PLS")
"""Probes of a column of numbers."""


def _again(default: Any, label: str, group: str, **more: Any) -> Any:
    """A parameter that needs the procedure run again."""
    return parameter(default, label, group=group, change="rebuild", **more)


def _view(default: Any, label: str, group: str, **more: Any) -> Any:
    """A parameter of what is drawn."""
    return parameter(default, label, group=group, change="recompute", **more)


class DNNBrainParameters(Parameters):
    """Network, stimuli, brain, and what is asked of them."""

    network: NetworkName = _again(
        "mini-a", "Network", NETWORK, labels=TITLES,
        help="MiniAlexNet is trained on ShapeWorld. The others are definitions without weights "
        "until you load a file.", source="Methods: AlexNet",
    )  # fmt: skip
    training_seed: int = _again(
        0, "Training seed", NETWORK, low=0, high=1, shown_if=("network", ("mini-a",)),
        help="Which of the two trained nets.",
    )  # fmt: skip
    weights: str = _again(
        "", "Weights", NETWORK, kind="file", formats=("pt", "pth", "npz", "pt2"),
        help="A state dictionary of this architecture.",
    )  # fmt: skip
    layers: str = _again(
        "", "Layers", NETWORK,
        help="Names, separated by commas. Empty: every ReLU, or every convolution and the last "
        "layers where there is none.", source="Figure 5",
    )  # fmt: skip
    before: bool = _again(
        False, "Also before ReLU", NETWORK,
        help="Measure the output before each ReLU too, as Figure 5 does.", source="Figure 5",
    )  # fmt: skip
    pooling: Literal["none", "mean", "max", "median", "L1", "L2"] = _again(
        "none", "Pooling", NETWORK,
        labels={"none": "None, every place", "mean": "Mean", "max": "Largest",
                "median": "Median", "L1": "Sum of sizes", "L2": "Root of sum of squares"},
        help="One number a channel over its places. None keeps every place, and needs memory.",
    )  # fmt: skip
    stimuli: Literal["transfer", "test", "own"] = _again(
        "transfer", "Pictures", STIMULI,
        labels={"transfer": "ShapeWorld, new categories", "test": "ShapeWorld, trained categories",
                "own": "Your own"},
        help="640 pictures of 64 categories that the network never learned; curvy outlines stand "
        "for animate, boxy ones for inanimate.", source="Methods: BOLD5000",
    )  # fmt: skip
    folder: str = _again(
        "", "Folder, list or set", STIMULI, kind="file", formats=("csv", "tsv", "npz"),
        shown_if=("stimuli", ("own",)), help="A folder, a list, a .stim.csv or a set.",
    )  # fmt: skip
    label: str = _again(
        "", "Label column", STIMULI, shown_if=("stimuli", ("own",)),
        help="The column to probe. Empty: label, condition, category or class.",
    )  # fmt: skip
    brain: Literal["simulated", "own"] = _again(
        "simulated", "Responses", BRAIN,
        labels={"simulated": "Simulated cortex", "own": "Your own"},
        help="200 vertices made from the network's own layers, with noise: the truth is known. "
        "It is no anatomy.",
    )  # fmt: skip
    betas: str = _again(
        "", "File", BRAIN, kind="file",
        formats=("npy", "npz", "csv", "tsv", "h5", "nii", "gz", "gii", "mgh", "mgz"),
        shown_if=("brain", ("own",)),
        help="One row or volume a picture: an array (pictures, vertices), .roi.h5, NIfTI, CIFTI, "
        "GIFTI or MGH.",
    )  # fmt: skip
    mask: str = _again(
        "", "Mask", BRAIN, kind="file",
        formats=("nii", "gz", "gii", "mgh", "mgz", "npy", "csv"), shown_if=("brain", ("own",)),
        help="An image in the space of the file, 0 outside. Its numbers are regions.",
    )  # fmt: skip
    regions: str = _again(
        "", "Regions", BRAIN, shown_if=("brain", ("own",)),
        help="Names of a .roi.h5 file or numbers of the mask, separated by commas. Empty: all.",
    )  # fmt: skip
    ceiling: str = _again(
        "", "Ceiling", BRAIN, kind="file",
        formats=("npy", "npz", "csv", "tsv", "nii", "gz", "gii", "mgh", "mgz"),
        shown_if=("brain", ("own",)),
        help="A number a vertex: the score a perfect model would reach.",
    )  # fmt: skip
    hrf: bool = _again(
        False, "Rows are volumes", BRAIN, shown_if=("brain", ("own",)),
        help="A row of the file is a volume of a run. Features are convolved with the canonical "
        "response at the pictures' onsets.",
    )  # fmt: skip
    TR: float = _again(
        2.0, "Repetition time", BRAIN, symbol="TR", unit="s", low=0.1, high=10.0, step=0.1,
        shown_if=("hrf", (True,)), help="Volume k is taken at k TR.",
    )  # fmt: skip
    onset: str = _again(
        "onset", "Onset column", BRAIN, shown_if=("hrf", (True,)),
        help="Of the picture list: seconds from the first volume.",
    )  # fmt: skip
    duration: str = _again(
        "duration", "Duration column", BRAIN, shown_if=("hrf", (True,)),
        help="Of the picture list, in seconds. Empty: impulses.",
    )  # fmt: skip
    components: int = _again(
        100, "Principal components", MODEL, low=2, high=1000, step=1,
        help="Of each layer, fitted to the training pictures of each fold.", source="Methods",
    )  # fmt: skip
    folds: int = _again(
        10, "Folds", MODEL, low=2, high=50, step=1, help="Shuffled; stratified for classes.",
        source="Results",
    )  # fmt: skip
    probe: Literal[
        "logistic", "linear SVC", "ridge classifier", "correlation", "pipeline",
        "OLS", "ridge", "lasso", "PLS",
    ] = _again(
        "logistic", "Probe", MODEL,
        labels={"logistic": "Logistic regression", "linear SVC": "Linear SVC",
                "ridge classifier": "Ridge classifier", "correlation": "Nearest mean pattern",
                "pipeline": "Your scikit-learn estimator", "OLS": "Numbers: least squares",
                "ridge": "Numbers: ridge", "lasso": "Numbers: lasso", "PLS": "Numbers: PLS"},
        help="What reads the class, or the number, from the components.", source="Results",
    )  # fmt: skip
    pipeline: str = _again(
        "", "Import path", MODEL, shown_if=("probe", ("pipeline",)),
        help="Of a scikit-learn estimator, or a function that returns one: "
        "sklearn.neighbors.KNeighborsClassifier. It is given all features.",
    )  # fmt: skip
    map: Literal["mv", "uv"] = _again(
        "mv", "Map", MODEL,
        labels={"mv": "All units together", "uv": "Best single unit"},
        help="The best unit is chosen on inner folds and scored on pictures it never saw.",
        source="Methods: multivariate",
    )  # fmt: skip
    iterate: Literal["layer", "channel", "place"] = _again(
        "layer", "Probe each", MODEL,
        labels={"layer": "Layer", "channel": "Channel", "place": "Place"},
        help="A score for each whole layer, each channel or each place of it.",
        source="Methods: layer",
    )  # fmt: skip
    C: float = _again(
        1.0, "Inverse penalty", MODEL, low=1e-4, high=1e4, log=True,
        shown_if=("probe", ("logistic", "linear SVC")), help="Of the probe.",
    )  # fmt: skip
    estimator: Literal["OLS", "ridge", "lasso", "PLS"] = _again(
        "OLS", "Encoding model", MODEL,
        labels={"OLS": "Least squares", "ridge": "Ridge, penalty a vertex", "lasso": "Lasso",
                "PLS": "PLS alone"},
        help="Of each vertex, beside PLS of all. The ridge penalty is chosen by leaving one out.",
        source="Methods",
    )  # fmt: skip
    score: Literal["r", "R2", "explained variance"] = _again(
        "r", "Score", MODEL,
        labels={"r": "Correlation r", "R2": "R²", "explained variance": "Explained variance"},
        help="Of held-out responses or numbers.", source="Methods",
    )  # fmt: skip
    pooled: bool = _again(
        False, "Pool the folds", MODEL,
        help="One score of all held-out predictions together, not the mean over folds.",
    )  # fmt: skip
    pls: int = _again(
        10, "PLS components", MODEL, low=1, high=100, step=1, source="tutorial of the toolbox",
        help="Of the joint model of all vertices.",
    )  # fmt: skip
    permutations: int = _again(
        0, "Permutations of the probe", MODEL, low=0, high=10_000, step=100, zero="none",
        help="Labels shuffled, the whole probe repeated. Slow.",
    )  # fmt: skip
    subjects: str = _again(
        "", "Further subjects", BRAIN, kind="file",
        formats=("npy", "npz", "csv", "tsv", "h5", "nii", "gz", "gii", "mgh", "mgz"),
        shown_if=("brain", ("own",)),
        help="For RSA: a folder with a file a subject, or files with semicolons between. Each has "
        "a row a picture; the noise ceiling is drawn.",
    )  # fmt: skip
    surface: str = _again(
        "", "Surface", BRAIN, kind="file",
        formats=("gii", "white", "pial", "inflated", "midthickness", "sphere"),
        shown_if=("brain", ("own",)),
        help="For the searchlight: the mesh the responses are on, a .surf.gii or a FreeSurfer "
        "surface (lh.white).",
    )  # fmt: skip
    distance: Literal[
        "correlation", "cosine", "Euclidean", "city-block", "Mahalanobis", "crossnobis"
    ] = _again(
        "correlation", "Distance", RDM,
        labels={"correlation": "1 − correlation", "cosine": "1 − cosine",
                "Euclidean": "Euclidean", "city-block": "City block",
                "Mahalanobis": "Mahalanobis, squared", "crossnobis": "Crossnobis"},
        help="Between the patterns of two pictures. The last two take the noise from pictures of "
        "one category; crossnobis multiplies differences of independent runs.", source="Methods",
    )  # fmt: skip
    runs: str = _again(
        "", "Column of runs", RDM, shown_if=("distance", ("crossnobis",)),
        help="Of your list. Empty: run, session, repetition, fold or block. Generated pictures: "
        "the exemplar.",
    )  # fmt: skip
    comparison: Literal["Pearson", "Spearman", "cosine", "Kendall tau-a", "Kendall tau-b"] = _again(
        "Pearson", "Comparison", RDM,
        labels={"Pearson": "Pearson", "Spearman": "Spearman", "cosine": "Cosine",
                "Kendall tau-a": "Kendall τ-a", "Kendall tau-b": "Kendall τ-b"},
        help="Of two RDMs.", source="Methods",
    )  # fmt: skip
    by_category: bool = _again(
        True, "Average categories", RDM,
        help="Average the patterns of each category first: fast, and nearer to what a category "
        "is.", source="Figure 6B: single pictures",
    )  # fmt: skip
    label_permutations: int = _again(
        1000, "Permutations", RDM, low=100, high=100_000, step=100,
        help="Of stimulus labels. Cells of an RDM are not independent and are never permuted.",
    )  # fmt: skip
    samples: int = _again(
        1000, "Bootstrap samples", RDM, low=100, high=100_000, step=100,
        help="Stimuli drawn with replacement; pairs of a stimulus with itself are left out.",
    )  # fmt: skip
    sort: Literal["class", "cluster", "none"] = _again(
        "class", "RDMs drawn", RDM,
        labels={"class": "By class", "cluster": "By clusters of the cortex", "none": "As listed"},
        help="The order of rows and columns, one for cortex and layers; files keep the list's.",
    )  # fmt: skip
    embedding: Literal["classical MDS", "metric MDS", "t-SNE"] = _again(
        "classical MDS", "Map", RDM,
        labels={"classical MDS": "Classical MDS", "metric MDS": "Metric MDS", "t-SNE": "t-SNE"},
        help="Of the geometry; it is redrawn while pictures are scanned.",
    )  # fmt: skip
    axes: Literal["2", "3"] = _again(
        "2", "Axes of the map", RDM, labels={"2": "Two", "3": "Three"},
        help="Two are drawn; the coordinates of all are in the table.",
    )  # fmt: skip
    radius: int = _again(
        2, "Searchlight radius", RDM, low=0, high=5, step=1, unit="rings",
        help="Of the patch about each vertex, in edges of the mesh.",
    )  # fmt: skip
    layer: int = _view(
        5, "Layer shown", RDM, low=1, high=200, step=1,
        help="Whose RDM, confusions and vertices are drawn.",
    )  # fmt: skip
    vertex: int = _view(
        1, "Vertex shown", MODEL, low=1, high=1_000_000, step=1,
        help="Whose predictions and layers are drawn; a click on a vertex sets it.",
    )  # fmt: skip
    meg: Literal["simulated", "own"] = _again(
        "simulated", "Recording", MEG,
        labels={"simulated": "Simulated MEG", "own": "Your own"},
        help="For RSA over time: 64 conditions, ten trials each, layer l seen most at 80 + 40 l "
        "ms, or your own epochs.",
    )  # fmt: skip
    recording: str = _again(
        "", "Epochs file", MEG, kind="file", formats=("fif", "npz", "npy"),
        shown_if=("meg", ("own",)),
        help="Epochs or evoked fields of mne (.fif), or an array (trials, channels, moments); an "
        ".npz may add times in s, stimuli, channels and types.",
    )  # fmt: skip
    trials_match: Literal["names", "order"] = _again(
        "names", "Trials belong to pictures", MEG, shown_if=("meg", ("own",)),
        labels={"names": "By name", "order": "By order"},
        help="Name: an event is called as a picture, or as a class. Order: the k-th trial, or the "
        "k-th event number, is the k-th picture.",
    )  # fmt: skip
    trials_column: str = _again(
        "", "Metadata column", MEG, shown_if=("meg", ("own",)),
        help="Of the epochs, that names the picture. Empty: the event's name.",
    )  # fmt: skip
    channel_type: Literal["all", "mag", "grad", "eeg", "seeg", "ecog", "misc"] = _again(
        "all", "Channels", MEG, shown_if=("meg", ("own",)),
        labels={"all": "All data channels", "mag": "Magnetometers", "grad": "Gradiometers",
                "eeg": "EEG", "seeg": "Stereo-EEG", "ecog": "ECoG", "misc": "Miscellaneous"},
        help="Channels marked bad are left out. Of several types, each is divided by its RMS.",
    )  # fmt: skip
    units: int = _again(
        8, "Output units", UNITS, low=1, high=64, step=1,
        help="How many optimal stimuli are grown.", source="Figure 7: three",
    )  # fmt: skip
    steps: int = _again(
        200, "Steps", UNITS, low=10, high=5000, step=10, help="Of each optimal stimulus.",
        source="tutorial: 500",
    )  # fmt: skip
    draws: int = _again(
        10, "Draws", LESION, low=1, high=100, step=1,
        help="Random choices of channels, or random bases to turn towards.",
    )  # fmt: skip
    lesioned: str = _again(
        "", "Layer lesioned", LESION,
        help="Whose channels are removed or turned. Empty: the last convolution; for a rotation "
        "what rectifies it.",
    )  # fmt: skip
    ablation: Literal["zero", "mean", "shuffle"] = _again(
        "zero", "Channels become", LESION,
        labels={"zero": "Zero", "mean": "Their mean", "shuffle": "Those of other pictures"},
        help="What stands in for a removed channel: nothing, its mean over pictures and places "
        "(below 0 the ReLU after it makes it 0), or its map of another picture.",
    )  # fmt: skip
    shares: str = _again(
        "0, 25, 50, 75, 90", "Shares removed", LESION, help="In per cent, separated by commas.",
    )  # fmt: skip
    order: Literal["random", "active", "selective"] = _again(
        "random", "Order", LESION,
        labels={"random": "Random", "active": "Most active first",
                "selective": "Most selective first"},
        help="Active: the mean rectified answer. Selective: (best − others) / (best + others) of "
        "the class means.",
    )  # fmt: skip
    angles: str = _again(
        "0, 15, 30, 45, 60, 75, 90", "Angles", LESION,
        help="Of the rotated basis, in degrees from 0 to 180, separated by commas.",
    )  # fmt: skip
    training: Literal["fine-tune", "retrain"] = _again(
        "fine-tune", "Training", TRAIN,
        labels={"fine-tune": "New last layer for these classes", "retrain": "MiniAlexNet anew"},
        help="Fine-tuning names the classes of the pictures. MiniAlexNet anew repeats the recipe "
        "its weights came from.",
    )  # fmt: skip
    epochs: int = _again(
        10, "Epochs", TRAIN, low=1, high=200, step=1, shown_if=("training", ("fine-tune",)),
        help="Passes through the pictures.",
    )  # fmt: skip
    batch: int = _again(
        64, "Batch", TRAIN, low=4, high=512, step=4, unit="pictures",
        shown_if=("training", ("fine-tune",)), help="Pictures a step.",
    )  # fmt: skip
    rate: float = parameter(
        1e-4, "Learning rate", group=TRAIN, low=1e-6, high=1.0, log=True,
        shown_if=("training", ("fine-tune",)), help="Of AdamW; acts while training.",
    )  # fmt: skip
    head: int = _again(
        0, "Head", TRAIN, low=0, high=10_000, step=1, unit="units", zero="one a class",
        shown_if=("training", ("fine-tune",)),
        help="Units of the new last layer; more than the classes leaves spare ones.",
    )  # fmt: skip
    frozen: str = _again(
        "", "Frozen layers", TRAIN, shown_if=("training", ("fine-tune",)),
        help="Modules that keep their weights, separated by commas: conv1, conv2.",
    )  # fmt: skip
    held_out: float = _again(
        0.2, "Held out", TRAIN, low=0.0, high=0.5, step=0.05,
        shown_if=("training", ("fine-tune",)), help="Share of pictures that only measures.",
    )  # fmt: skip
    patience: int = _again(
        3, "Patience", TRAIN, low=0, high=50, step=1, unit="epochs", zero="never stop early",
        shown_if=("training", ("fine-tune",)),
        help="Epochs without a lower held-out loss before it stops and takes the best back.",
    )  # fmt: skip
    brain_weight: float = parameter(
        0.0, "Weight of the brain", symbol="w", group=TRAIN, low=0.0, high=10.0, step=0.1,
        shown_if=("training", ("fine-tune",)),
        help="Train the layer shown to predict the responses too: L = task + w (1 − r). Acts "
        "while training if it was above 0 at the start.",
    )  # fmt: skip
    seed: int = _again(
        0, "Seed", LESION, low=0, high=2**31 - 1,
        help="Of folds, permutations, bootstrap and lesions.",
    )  # fmt: skip

    @classmethod
    def unused(cls, values: Mapping[str, Any]) -> frozenset[str]:
        """Nothing waits for a better held-out loss when nothing is held out; only your own
        responses are volumes."""
        found = set() if values.get("held_out") else {"patience"}
        if values.get("brain") != "own":
            found |= {"TR", "onset", "duration"}
        return frozenset(found)

    @property
    def volumes(self) -> bool:
        """Whether rows of the responses are volumes of a run."""
        return self.hrf and self.brain == "own"

    @property
    def numbers(self) -> bool:
        """Whether the label column is read as numbers, and predicted."""
        alone = self.probe == "correlation" and self.map == "uv"
        return alone or self.probe in REGRESSIONS
