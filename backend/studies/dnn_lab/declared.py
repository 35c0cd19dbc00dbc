"""What the study shows and measures: quantities, channels, views, procedures, words."""

from __future__ import annotations

from backend.core.channels import Channel, Latest, Ring
from backend.core.result import Quantity
from backend.core.study import Procedure
from backend.core.views import Axis, Series, View, column, row

MOST_LAYERS = 20
SHARES = (0.0, 0.25, 0.5, 0.75, 0.9)
ANGLES = (0, 15, 30, 45, 60, 75, 90)

PROCEDURES = (
    Procedure("free", "Run", "play", "Probe: what class can be read from each layer?"),
    Procedure("encode", "Encode cortex…", "brain", "Predict each vertex from each layer."),
    Procedure("decode", "Decode…", "head-outline", "Read a class or number from the vertices."),
    Procedure("topography", "Topography…", "map-outline", "Layer and place that a vertex prefers."),
    Procedure("rsa", "RSA…", "grid", "Compare the geometry of layers and cortex."),
    Procedure("searchlight", "Searchlight…", "radar", "Compare each patch of cortex with layers."),
    Procedure("time", "RSA over time…", "waveform", "When is each layer seen in MEG or EEG?"),
    Procedure("units", "Output units…", "auto-fix", "Optimal stimuli and top pictures."),
    Procedure("lesion", "Remove channels…", "eraser", "Accuracy as channels go."),
    Procedure("rotate", "Rotate…", "rotate-orbit", "Turn the units' basis: what is lost?"),
    Procedure("train", "Train…", "school-outline", "A new last layer, or MiniAlexNet anew."),
    Procedure("inference", "Check inference", "ruler", "False alarms of tests, and of selection."),
    Procedure("hrf", "Response function", "chart-bell-curve", "The canonical BOLD response."),
)  # fmt: skip

LAYER = Axis("layer")
CHANNELS: dict[str, Channel] = {
    name: Latest()
    for name in (
        "accuracy", "places", "channels", "confusion",
        "encoding", "vertices", "models", "winners", "rdm", "brain_rdm",
        "fit", "profile", "agreement", "null", "embedding", "optimal", "activations", "lesion",
        "hrf", "alignment", "time", "searchlight", "best_layer",
        "rotation", "selectivity",
        "decoding", "answers", "decode_null", "preferred", "where", "eccentricity", "polarity",
    )
} | {
    "training": Ring(("step", "loss", "accuracy", "held", "brain", "held_brain"), 100_000),
}  # fmt: skip

VIEWS = (
    View(
        "accuracy", "Probe", "traces", "accuracy", "accuracy by layer, mean of folds, SEM",
        icon="chart-line", x=LAYER, y=Axis("accuracy"),
        series=(
            Series("after", "after ReLU", "1"), Series("before", "before ReLU", "3", "dash"),
            Series("pixels", "pixels", "8", "dot"), Series("chance", "chance", "theory", "dash"),
        ),
        empty="Appears when the probe runs.",
    ),
    View(
        "confusion", "Confusions", "matrix", "confusion", "layer shown, all folds", icon="grid",
        x=Axis("answer"), y=Axis("class"), unit="pictures",
        empty="Appears when the probe runs.",
    ),
    View(
        "places", "Places", "matrix", "places", "layer shown, mean of folds",
        icon="grid", x=Axis("column"), y=Axis("row"), unit="score",
        empty="Appears when each place is probed.",
    ),
    View(
        "channels", "Channels", "traces", "channels", "layer shown, mean of folds",
        icon="chart-scatter-plot", x=Axis("channel"), y=Axis("score"),
        series=(Series("score", "channel", "1", "dots"),
                Series("chance", "chance", "theory", "dash")),
        empty="Appears when each channel is probed.",
    ),
    View(
        "encoding", "Encoding", "traces", "encoding", "mean r over vertices by layer",
        icon="chart-line", x=LAYER, y=Axis("r", low=0.0),
        series=(
            Series("glm", "one vertex, many features", "1"), Series("pls", "PLS, joint", "2"),
            Series("ceiling", "ceiling", "theory", "dash"),
        ),
        empty="Appears when the cortex is encoded.",
    ),
    View(
        "vertices", "Vertices", "traces", "vertices", "r of the layer shown, back to front",
        icon="brain", x=Axis("vertex"), y=Axis("r"),
        series=(
            Series("r", "r", "1", "dots"), Series("best", "best layer", "8", "dots"),
            Series("ceiling", "ceiling", "3", "dots"),
            Series("constant", "never varies", "text3", "dots"),
        ),
        picks="vertex", empty="Appears when the cortex is encoded.",
        help="A click shows a vertex. The simulated strip of cortex is no anatomy; the surface "
        "comes with the brain room.",
    ),
    View(
        "fit", "Vertex", "scatter", "fit", "held out; layer and vertex shown",
        icon="chart-scatter-plot", x=Axis("predicted"), y=Axis("measured"),
        series=(Series("truth", "row", "1", "dots"), Series("same", "equal", "theory")),
        empty="Appears when the cortex is encoded.",
    ),
    View(
        "profile", "Vertex by layer", "traces", "profile", "vertex shown", icon="chart-line",
        x=LAYER, y=Axis("r"),
        series=(
            Series("glm", "one vertex", "1"), Series("pls", "PLS, joint", "2"),
            Series("ceiling", "ceiling", "theory", "dash"),
        ),
        empty="Appears when the cortex is encoded.",
    ),
    View(
        "models", "Two models", "scatter", "models", "a dot a vertex, layer shown",
        icon="chart-scatter-plot", x=Axis("r, one vertex"), y=Axis("r, PLS"),
        series=(Series("pls", "vertex", "1", "dots"), Series("same", "equal", "theory")),
        empty="Appears when the cortex is encoded.",
    ),
    View(
        "winners", "Winning layer", "matrix", "winners", "vertices by true and by found layer",
        icon="trophy-outline", x=Axis("found"), y=Axis("true"), unit="vertices",
        empty="Appears when the cortex is encoded.",
    ),
    View(
        "decoding", "Decoding", "bars", "decoding", "mean of folds, SEM; vertices in brackets",
        icon="chart-bar", y=Axis("held-out score"), series=(Series("value", "score", "1"),),
        empty="Appears when the brain is decoded.",
    ),
    View(
        "answers", "Numbers read", "scatter", "answers", "held out, all vertices",
        icon="chart-scatter-plot", x=Axis("read"), y=Axis("of the picture"),
        series=(Series("truth", "picture", "1", "dots"), Series("same", "equal", "theory")),
        empty="Appears when numbers are decoded.",
    ),
    View(
        "decode_null", "Shuffled labels", "histogram", "decode_null", "all vertices",
        icon="chart-histogram", x=Axis("score"), y=Axis("permutations"),
        series=(Series("count", "shuffled", "8"), Series("observed", "as they are", "1", "dash")),
        empty="Appears when labels are permuted.",
    ),
    View(
        "preferred", "Preferred layer", "traces", "preferred", "of each vertex, back to front",
        icon="map-outline", x=Axis("vertex"), y=Axis("layer"),
        series=(Series("true", "made from", "8", "dots"), Series("found", "found", "1", "dots")),
        empty="Appears with Topography.",
    ),
    View(
        "where", "Preferred place", "scatter", "where", "a dot a vertex; 1 is an edge's middle",
        icon="chart-scatter-plot", x=Axis("right", "half pictures", -1.0, 1.0),
        y=Axis("up", "half pictures", -1.0, 1.0),
        series=(Series("place", "vertex", "1", "dots"),
                Series("middle", "middle", "theory", "dots")),
        empty="Appears with Topography.",
    ),
    View(
        "eccentricity", "Eccentricity", "traces", "eccentricity", "of each vertex",
        icon="chart-line", x=Axis("vertex"), y=Axis("eccentricity", "half pictures", low=0.0),
        series=(Series("eccentricity", "vertex", "1", "dots"),), empty="Appears with Topography.",
    ),
    View(
        "polarity", "Polarity", "traces", "polarity", "0° right, 90° up",
        icon="chart-line", x=Axis("vertex"), y=Axis("polarity", "°", low=-180.0, high=180.0),
        series=(Series("polarity", "vertex", "1", "dots"),), empty="Appears with Topography.",
    ),
    View(
        "rdm", "RDM of the layer", "matrix", "rdm", "layer shown", icon="grid",
        unit="distance", empty="Appears with RSA.",
    ),
    View("brain_rdm", "RDM of the cortex", "matrix", "brain_rdm", icon="grid",
         unit="distance", empty="Appears with RSA."),
    View(
        "agreement", "Agreement with cortex", "psychometric", "agreement",
        "by layer, 95 % over stimuli", icon="chart-line", x=LAYER, y=Axis("r"), levels=(0.0,),
        series=(Series("y", "similarity of RDMs", "1"),), empty="Appears with RSA.",
    ),
    View(
        "null", "Permuted labels", "histogram", "null", "layer shown", icon="chart-histogram",
        x=Axis("similarity"), y=Axis("permutations"),
        series=(Series("count", "permuted", "8"),), empty="Appears with RSA.",
    ),
    View(
        "embedding", "Geometry", "scatter", "embedding", "layer shown, two dimensions",
        icon="chart-scatter-plot", x=Axis("first"), y=Axis("second"),
        series=(Series("one", "first class", "1", "dots"),
                Series("two", "second class", "2", "dots"),
                Series("others", "others", "8", "dots")),
        empty="Appears with RSA.",
    ),
    View(
        "searchlight", "Searchlight", "traces", "searchlight", "similarity of each patch",
        icon="radar", x=Axis("vertex"), y=Axis("similarity"), levels=(0.0,),
        series=tuple(Series(f"l{i}", f"layer {i}", str(i), "dots") for i in range(1, 9)),
        empty="Appears when the searchlight runs.",
        help="The RDM of each vertex and its neighbours, compared with those of the layers. The "
        "map over the surface is offered under Export.",
    ),
    View(
        "best_layer", "Most similar layer", "traces", "best_layer", "each patch",
        icon="trophy-outline", x=Axis("vertex"), y=Axis("layer, number", low=0.0),
        series=(
            Series("truth", "made from", "theory"), Series("best", "most similar", "1", "dots"),
        ),
        empty="Appears when the searchlight runs.",
    ),
    View(
        "time", "Similarity over time", "traces", "time", "simulated MEG, means of ten trials",
        icon="waveform", x=Axis("time", "ms"), y=Axis("similarity"), levels=(0.0,),
        series=(
            *(Series(f"l{i}", f"layer {i}", str(i)) for i in range(1, 9)),
            Series("reliable", "p ≤ .05 (largest over time)", "theory", "dots"),
        ),
        empty="Appears with RSA over time.",
        help="Thirty simulated channels; layer l is seen most 80 + 40 l ms after the picture. "
        "Layers that are alike are seen together.",
    ),
    View("optimal", "Optimal stimuli", "pictures", "optimal", "one an output unit",
         icon="auto-fix", empty="Appears when output units are looked at."),
    View(
        "activations", "Units", "bars", "activations", "optimal stimulus, best picture",
        icon="chart-bar", y=Axis("activation"), series=(Series("value", "value", "1"),),
        empty="Appears when output units are looked at.",
    ),
    View(
        "lesion", "Channels removed", "traces", "lesion", "mean of draws; band: all draws",
        icon="eraser", x=Axis("channels removed", "%"), y=Axis("accuracy", low=0.0, high=1.0),
        series=(Series("accuracy", "accuracy", "1"),),
        empty="Appears when channels are removed.",
    ),
    View(
        "rotation", "Turned basis", "traces", "rotation", "mean of draws; band: all draws",
        icon="rotate-orbit", x=Axis("angle", "°"), y=Axis("accuracy", low=0.0, high=1.0),
        series=(
            Series("probe", "linear probe of the layer", "1"),
            Series("network", "the network itself", "2"),
        ),
        empty="Appears when the basis is turned.",
        help="The probe reads the turned units, and knows as much from them. The rest of the "
        "network was trained on the units as they were.",
    ),
    View(
        "selectivity", "Single units", "traces", "selectivity", "mean of units and draws",
        icon="chart-line", x=Axis("angle", "°"), y=Axis("selectivity", "SD", low=0.0),
        series=(Series("selectivity", "best category above the others", "1"),),
        empty="Appears when the basis is turned.",
    ),
    View(
        "training", "Training", "traces", "training", "each step; held-out at each epoch",
        icon="school-outline", x=Axis("step"), y=Axis("loss, accuracy, r", low=0.0),
        series=(
            Series("loss", "loss", "2"), Series("accuracy", "accuracy", "1"),
            Series("held", "held-out accuracy", "3", "dots"),
            Series("brain", "r with the brain", "4"),
            Series("held_brain", "held-out r", "6", "dots"),
        ),
        empty="Appears when a network is trained.",
    ),
    View(
        "alignment", "Other measures", "traces", "alignment", "by layer, against the cortex",
        icon="chart-line", x=LAYER, y=Axis("similarity"),
        series=(
            Series("cka", "CKA", "1"), Series("unbiased", "unbiased", "3", "dash"),
            Series("procrustes", "Procrustes", "2"),
        ),
        empty="Appears with RSA.",
        help="Linear CKA, its form without bias by the number of units, and 1 − Procrustes "
        "distance / √2. Each is 1 where the two agree.",
    ),
    View(
        "hrf", "Response to one event", "traces", "hrf", icon="chart-line",
        x=Axis("time", "s"), y=Axis("BOLD"), series=(Series("h", "canonical", "1"),),
        empty="Appears when the response function is drawn.",
    ),
)  # fmt: skip

LAYOUT = {
    "probe": row("accuracy", "confusion", weights=(3, 2)),
    "probe place": row("accuracy", "places", weights=(3, 2)),
    "probe channel": row("accuracy", "channels"),
    "probe unit": row("accuracy"),
    "encode": column(
        row("encoding", "vertices", weights=(2, 3)), row("models", "winners", "fit", "profile")
    ),
    "decode": column("decoding", row("confusion", "decode_null")),
    "decode numbers": column("decoding", row("answers", "decode_null")),
    "topography": column(
        row("preferred", "winners", weights=(3, 2)), row("where", "eccentricity", "polarity")
    ),
    "rsa": column(
        row("agreement", "rdm", "brain_rdm"),
        row("alignment", "null", "embedding", weights=(2, 2, 3)),
    ),
    "train": column("training"),
    "searchlight": column("searchlight", "best_layer", weights=(3, 2)),
    "time": column("time"),
    "units": column("optimal", "activations", weights=(3, 2)),
    "lesion": column("lesion"),
    "rotate": row("rotation", "selectivity"),
    "hrf": column("hrf"),
}


def _quantities() -> dict[str, Quantity]:
    found = {
        "chance": Quantity("Chance (largest class)", "", 3),
        "pixels": Quantity("Pixels: accuracy", "", 3),
        "pixels_number": Quantity("Pixels: held-out score of the numbers", "", 3),
        "depth_rho": Quantity("Accuracy and depth, Spearman", "", 2),
        "last_minus_first": Quantity("Last conv layer minus the first", "", 3),
        "relu_higher": Quantity("Layers with ReLU above what enters it", "", 2),
        "relu_gain": Quantity("ReLU minus what enters it, mean", "", 3),
        "recovered": Quantity("Vertices whose layer is found", "%", 3),
        "within_one": Quantity("Found within one layer", "%", 3),
        "best_over_ceiling": Quantity("Best r over the ceiling", "", 3),
        "decoded": Quantity("All vertices: accuracy", "", 3),
        "decoded_number": Quantity("All vertices: held-out score of the numbers", "", 3),
        "decoded_p": Quantity("All vertices: p of shuffled labels", "", 2),
        "decoded_region": Quantity("Best region, chosen where it is scored", "", 3),
        "topo_r": Quantity("Best layer: mean r over vertices", "", 3),
        "topo_eccentricity": Quantity("Mean eccentricity", "half pictures", 3),
        "ceiling": Quantity("Ceiling of the vertices, mean r", "", 3),
        "glm_least_range": Quantity("Smallest range over vertices", "", 3),
        "glm_gap": Quantity("Lowest other layer above the first by", "", 3),
        "top1": Quantity("Best picture is of the unit's category", "%", 3),
        "top3": Quantity("Best three all are", "%", 3),
        "optimal_ratio": Quantity("Optimal stimulus over best picture, least", "", 3),
        "optimal_right": Quantity("Optimal stimuli named right", "", 2),
        "false_labels": Quantity("False alarms, labels permuted", "%", 3),
        "false_cells": Quantity("False alarms, cells permuted (not valid)", "%", 3),
        "same_folds": Quantity("Best of 1,000 noise features, scored where selected", "", 3),
        "nested": Quantity("The same, nested selection", "", 3),
        "trained_accuracy": Quantity("Accuracy on pictures not trained on", "", 3),
        "train_loss": Quantity("Loss, last epoch", "", 3),
        "brain_r": Quantity("Mean r with the responses, last step", "", 3),
        "ceiling_lower": Quantity("Noise ceiling of RDMs, lower", "", 3),
        "ceiling_upper": Quantity("Noise ceiling of RDMs, upper", "", 3),
        "held_brain_r": Quantity("Mean r with responses to pictures not trained on", "", 3),
        "hrf_peak": Quantity("Peak of the response", "s", 3),
        "hrf_minimum": Quantity("Minimum of the response", "s", 4),
        "hrf_ratio": Quantity("Minimum over peak", "", 3),
    }
    for share in SHARES:
        found[f"removed_{share * 100:.0f}"] = Quantity(
            f"{share * 100:.0f} % removed: accuracy", "", 3
        )
    found["turned_probe_change"] = Quantity("Linear probe: largest change by turning", "", 2)
    found["turned_selectivity_lost"] = Quantity("Selectivity of single units lost", "%", 3)
    for angle in ANGLES:
        for name, label in (("selectivity", "selectivity of units"), ("probe", "linear probe"),
                            ("network", "accuracy of the network")):  # fmt: skip
            unit = "SD" if name == "selectivity" else ""
            found[f"turned_{name}_{angle}"] = Quantity(f"Turned {angle}°: {label}", unit, 3)
    for i in range(1, MOST_LAYERS + 1):
        found[f"accuracy_{i}"] = Quantity(f"Layer {i}: accuracy", "", 3)
        found[f"number_{i}"] = Quantity(f"Layer {i}: held-out score of the numbers", "", 3)
        found[f"unit_{i}"] = Quantity(f"Layer {i}: best single unit, nested", "", 3)
        found[f"parts_{i}"] = Quantity(f"Layer {i}: mean of channels or places", "", 3)
        found[f"best_part_{i}"] = Quantity(
            f"Layer {i}: best channel or place, chosen where scored", "", 3
        )
        found[f"before_{i}"] = Quantity(f"Layer {i}, before ReLU: accuracy", "", 3)
        found[f"probe_p_{i}"] = Quantity(f"Layer {i}: p of the accuracy", "", 2)
        found[f"glm_{i}"] = Quantity(f"Layer {i}: mean r, one vertex", "", 3)
        found[f"pls_{i}"] = Quantity(f"Layer {i}: mean r, PLS", "", 3)
        found[f"same_{i}"] = Quantity(f"Layer {i}: the two models agree, r", "", 2)
        found[f"rsa_{i}"] = Quantity(f"Layer {i}: similarity of RDMs", "", 3)
        if i <= 8:
            found[f"peak_ms_{i}"] = Quantity(f"Layer {i}: most similar at", "ms", 3)
            found[f"onset_ms_{i}"] = Quantity(f"Layer {i}: first reliable at", "ms", 3)
        found[f"light_best_{i}"] = Quantity(f"Layer {i}: most similar in patches", "%", 3)
        found[f"light_reliable_{i}"] = Quantity(f"Layer {i}: patches with p ≤ .05", "%", 3)
        found[f"cka_{i}"] = Quantity(f"Layer {i}: unbiased CKA with the cortex", "", 3)
        found[f"rsa_p_{i}"] = Quantity(f"Layer {i}: p, largest of all layers", "", 2)
    return found


QUANTITIES = _quantities()

SYNTHETIC_PICTURES = "ShapeWorld figures are drawn by a generator."
SYNTHETIC_BRAIN = (
    "The cortex and the MEG are simulated from the network's own layers: no anatomy, no recording."
)
SYNTHETIC_CORTEX = "The cortex is simulated from the network's own layers: no anatomy."
SYNTHETIC = f"{SYNTHETIC_PICTURES} {SYNTHETIC_BRAIN}"

NOTES = (
    "AlexNet and BOLD5000 are not here, so the paper's absolute numbers cannot be compared. What "
    "is compared is the order of layers.",
    "The paper's curves of encoding and RSA rise to conv5. Here they are level from conv3 on: the "
    "features of conv3 to conv5 are collinear in the small net, and the simulated region mixes "
    "layers.",
    "The shipped net's conv1 is less like the simulated cortex over category means (.59) than "
    "other nets trained the same way (.64 to .69). Every other number lies in its band.",
    "ReLU above conv (Figure 5) may in part be the non-linearity making components and a linear "
    "readout richer. The pixel baseline stands beside it.",
    "Univariate in the paper is one vertex with many features. It is named so here; one feature "
    "at a time is a different analysis. Equal accuracy of both models does not show that "
    "interactions carry no information.",
    "The toolbox's newer RSA permutes cells of the RDM. That calls unrelated geometries similar "
    "three times too often (Check inference) and is not offered.",
    "The toolbox selects the best unit and scores it on the same folds. Noise then reaches r = .3; "
    "selection here is nested.",
    "Weights set to zero with the bias left in leave relu(bias) in a removed channel. Channels "
    "removed here give exactly 0.",
)
