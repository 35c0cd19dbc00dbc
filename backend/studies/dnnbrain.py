"""Study of paper 05: a deep network as a subject: probed, encoded, compared with a cortex.

torch and scikit-learn are imported when a run starts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from backend.core.parameters import Notice, ParameterError
from backend.core.run import Run
from backend.core.study import Citation, Study
from backend.networks.explorer_parameters import MINI
from backend.studies.dnn_lab import declared
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.presets import PRESETS

BRAIN_FILES = (".npy", ".roi.h5", ".nii", ".nii.gz", ".func.gii", ".shape.gii", ".mgh", ".mgz")

FROM_BRAIN = ("encode", "decode", "topography", "rsa", "searchlight")
TOPOGRAPHY = (
    "Patterns were z-scored per picture. A vertex prefers the layer that predicts it best by least "
    "squares on {components} components fitted in the fold (held-out r, mean of {folds} shuffled "
    "folds), and the place of that layer whose channels predict it best."
)
ONE_ROW = ("rsa", "searchlight", "decode", "topography")
"""Procedures that compare pictures with rows of responses."""


def layers_known(p: DNNBrainParameters) -> int:
    """Layers that the newest run of these settings left; 0 before one, without loading anything."""
    import sys

    module = sys.modules.get("backend.studies.dnn_lab.shown")
    return 0 if module is None else int(module.layers_known(p))


class DNNBrain(Study):
    """Declarations, and the procedures in :mod:`backend.studies.dnn_lab`."""

    id: ClassVar[str] = "dnnbrain"
    number: ClassVar[int] = 5
    title: ClassVar[str] = "DNN and brain"
    question: ClassVar[str] = (
        "What can be read from each layer of a deep network, and which layer is like the cortex?"
    )
    panel: ClassVar[str] = "explorer"
    family: ClassVar[str] = "deep"
    citation: ClassVar[Citation] = Citation(
        "Chen X., Zhou M., Gong Z., Xu W., Liu X., Huang T., Zhen Z., Liu J.",
        2020,
        "DNNBrain: A Unifying Toolbox for Mapping Deep Neural Networks and Brains",
        "Frontiers in Computational Neuroscience 14:580632",
        "10.3389/fncom.2020.580632",
    )
    Parameters: ClassVar[type[DNNBrainParameters]] = DNNBrainParameters
    presets = PRESETS
    procedures = declared.PROCEDURES
    quantities = declared.QUANTITIES
    channels = declared.CHANNELS
    views = declared.VIEWS
    layout = declared.LAYOUT
    synthetic: ClassVar[str] = declared.SYNTHETIC
    shown_only: ClassVar[frozenset[str]] = frozenset({"layer", "vertex"})
    software: ClassVar[tuple[str, ...]] = ("numpy", "torch", "scikit-learn")
    notes = declared.NOTES

    def run(self, run: Run) -> None:
        """Do the run's procedure."""
        from backend.studies.dnn_lab import (
            channels,
            checks,
            decode,
            encode,
            geometry,
            moments,
            probe,
            searchlight,
            topography,
            training,
            units,
        )

        {
            "free": probe.probe,
            "encode": encode.encode,
            "decode": decode.decode,
            "topography": topography.topography,
            "rsa": geometry.rsa,
            "searchlight": searchlight.searchlight,
            "time": moments.over_time,
            "units": units.units,
            "lesion": channels.lesion,
            "rotate": channels.rotate,
            "train": training.train,
            "inference": checks.inference,
            "hrf": checks.response_function,
        }[run.procedure](run)

    def synthetic_of(self, parameters: Any) -> str:
        """Generated pictures, a simulated brain, or neither."""
        p: DNNBrainParameters = parameters
        words = [] if p.stimuli == "own" else [declared.SYNTHETIC_PICTURES]
        if p.brain != "own":
            own = p.meg == "own"
            words += [declared.SYNTHETIC_CORTEX if own else declared.SYNTHETIC_BRAIN]
        return " ".join(words)

    def layout_of(self, parameters: Any, procedure: str = "free") -> str:
        """Each procedure has its own views; the checks show numbers only."""
        p: DNNBrainParameters = parameters
        if procedure == "decode" and p.numbers:
            return "decode numbers"
        if procedure in declared.LAYOUT:
            return procedure
        if p.iterate != "layer":
            return f"probe {p.iterate}"
        return "probe unit" if p.map == "uv" or p.numbers else "probe"

    def warm_settings(self) -> list[Any]:
        """One small run; the kernels of the permutation test compile with it."""
        from backend.analysis.rdm_kernels import permuted_products

        one = np.zeros((1, 4, 4), np.float32)
        permuted_products(one, one[0], np.arange(4)[None], np.empty((1, 1)))
        return [self.Parameters().changed(layers="relu7", folds=2, components=5)]

    def preview(self, parameters: Any) -> dict[str, dict[str, Any]]:
        """Another layer of the newest results, without a run."""
        import sys

        module = sys.modules.get("backend.studies.dnn_lab.shown")
        return {} if module is None else module.contents_of(parameters)

    def check(self, parameters: Any, procedure: str = "free") -> list[Notice]:
        """Warnings; ParameterError for what cannot run."""
        p: DNNBrainParameters = parameters
        if p.stimuli == "own" and not p.folder:
            raise ParameterError("folder", "Your own pictures need a folder, a list or a set.")
        if p.brain == "own" and not p.betas and procedure in FROM_BRAIN:
            raise ParameterError("betas", "Your own responses need a file. Choose one.")
        if procedure == "time" and p.meg == "own" and not p.recording:
            raise ParameterError("recording", "Your own recording needs a file. Choose one.")
        check_distance(p, procedure)
        if procedure == "train" and p.training == "retrain" and p.network not in MINI:
            raise ParameterError(
                "training", "Only MiniAlexNet comes with the pictures it was trained on.",
                "fine-tune",
            )  # fmt: skip
        if p.volumes and (procedure in ONE_ROW or (procedure == "train" and p.brain_weight)):
            raise ParameterError(
                "hrf", "Volumes are for encoding. This needs a row of responses a picture.", False
            )
        notices = []
        if p.label and p.stimuli != "own":
            notices.append(Notice(
                "label", "Not used", f'ShapeWorld has no columns; "{p.label}" is not used.', "",
            ))  # fmt: skip
        most = layers_known(p)
        if most and p.layer > most:
            notices.append(Notice(
                "layer", "No such layer", f"There are {most} layers. The last is shown.", most,
            ))  # fmt: skip
        if p.network not in ("mini-a", "mini-b") and not p.weights:
            notices.append(Notice(
                "weights", "Random weights",
                "Without a weights file the network has never learned anything.",
            ))  # fmt: skip
        if procedure == "units" and p.network == "mini-a" and p.stimuli == "transfer":
            notices.append(Notice(
                "stimuli", "New categories",
                "Top pictures are judged on the trained categories.", "test",
            ))  # fmt: skip
        return notices

    def changes_for_file(self, parameters: Any, path: Path) -> dict[str, Any]:
        """A folder or list becomes the pictures, a brain's file the responses, weights the
        network's."""
        if path.is_dir() or path.name.lower().endswith((".stim.csv", ".tsv")):
            return {"stimuli": "own", "folder": str(path)}
        if path.name.lower().endswith((".fif", ".fif.gz")):
            return {"meg": "own", "recording": str(path)}
        if path.name.lower().endswith(BRAIN_FILES):
            return {"brain": "own", "betas": str(path)}
        return super().changes_for_file(parameters, path)

    def methods(self, parameters: Any, procedure: str) -> str:
        """The study's own sentences of the methods paragraph."""
        p: DNNBrainParameters = parameters
        shown = dict(self.Parameters.declaration("network").choices)[p.network]
        if p.network not in MINI and not p.weights:
            shown += " (random weights, never trained)"
        pooled = "" if p.pooling == "none" else f", pooled over places ({p.pooling})"
        text = f"Activations of {shown} to each picture were taken after every rectification"
        text += f"{pooled}. "
        if p.brain == "simulated" and procedure in FROM_BRAIN:
            text += (
                "The cortex was simulated: 200 vertices, each a random readout of one of five "
                "layers' components plus noise. "
            )
        if procedure == "free":
            text += probe_methods(p)
        elif procedure == "decode":
            text += decode_methods(p)
        elif procedure == "topography":
            text += TOPOGRAPHY.format(folds=p.folds, components=p.components)
        elif procedure == "encode":
            text += encoding_methods(p)
        elif procedure == "rsa":
            text += (
                f"RDMs ({p.distance} distance on {p.components} components of z-scored patterns"
                f"{', averaged over categories' if p.by_category else ''}) were compared by "
                f"{p.comparison}. p comes from {p.label_permutations} permutations of stimulus "
                "labels (largest over layers), intervals from "
                f"{p.samples} bootstrap samples of stimuli."
            )
        elif procedure == "searchlight":
            text += (
                f"A searchlight of {p.radius} rings compared the RDM of each patch ({p.distance} "
                f"distance) with those of the layers by {p.comparison}; p comes from "
                f"{p.label_permutations} permutations of stimulus labels, corrected by the "
                "largest over the cortex."
            )
        elif procedure == "time":
            text += time_words(p)
        elif procedure in ("lesion", "rotate"):
            text = lesion_words(p, procedure, shown)
        return text


def lesion_words(p: DNNBrainParameters, procedure: str, network: str) -> str:
    """Methods of removed channels and turned bases."""
    layer = p.lesioned.strip() or "the last convolution"
    if procedure == "rotate":
        layer = p.lesioned.strip() or "the last rectified layer with places"
        return (
            f"The channels of {layer} of {network} were expressed in a basis turned by {p.angles} "
            f"degrees towards each of {p.draws} random orthogonal bases. Selectivity of a unit is "
            "the distance of its best category from the others, in SD within categories; classes "
            f"were read from the turned channels, averaged over places, in {p.folds} stratified "
            f"shuffled folds (seed {p.seed})."
        )
    fill = {"zero": "set to 0", "mean": "set to their mean over pictures and places",
            "shuffle": "given their maps of other pictures"}[p.ablation]  # fmt: skip
    order = {
        "random": f"chosen at random ({p.draws} draws, seed {p.seed})",
        "active": "the most active first, by their mean rectified output",
        "selective": "the most selective first, by (best − others) / (best + others) of their "
        "class means",
    }[p.order]  # fmt: skip
    return f"Of the channels of {layer} of {network}, {p.shares} % were {fill}, {order}."


def check_distance(p: DNNBrainParameters, procedure: str) -> None:
    """Refuse distances and comparisons that a procedure cannot take."""
    noisy = p.distance in ("Mahalanobis", "crossnobis")
    if noisy and procedure in ("time", "searchlight"):
        raise ParameterError(
            "distance", f"{p.distance.capitalize()} distance is for RSA; it needs the noise of "
            "single pictures. Choose correlation here.", "correlation",
        )  # fmt: skip
    if noisy and procedure == "rsa" and not p.by_category:
        raise ParameterError(
            "by_category", f"{p.distance.capitalize()} distance takes the noise from pictures of "
            "one category. Average categories.", True,
        )  # fmt: skip
    if procedure != "searchlight":
        return
    if p.comparison.startswith("Kendall"):
        raise ParameterError(
            "comparison", "A searchlight compares by Pearson, Spearman or cosine: Kendall's τ "
            "takes hours over a cortex. Choose Spearman.", "Spearman",
        )  # fmt: skip
    if p.radius == 0 and p.distance in ("correlation", "cosine"):
        raise ParameterError(
            "radius", "A patch of radius 0 is one vertex, which has no pattern to correlate. "
            "Use one ring, or Euclidean distance.", 1,
        )  # fmt: skip
    if p.brain == "own" and not p.surface:
        raise ParameterError(
            "surface", "A searchlight needs the surface your responses are on. Choose a "
            ".surf.gii or a FreeSurfer surface (lh.white).",
        )  # fmt: skip


def time_words(p: DNNBrainParameters) -> str:
    """Methods of RSA over time."""
    source = "a simulated MEG"
    if p.meg == "own":
        chosen = "all" if p.channel_type == "all" else p.channel_type
        source = (
            f"the trials of {Path(p.recording).name} ({chosen} channels), averaged per condition"
        )
    return (
        f"RDMs ({p.distance} distance over channels) of {source} at each moment were compared "
        f"with those of the layers by {p.comparison}. p comes from {p.label_permutations} "
        "permutations of stimulus labels, corrected by the largest similarity over moments."
    )


def probe_methods(p: DNNBrainParameters) -> str:
    """How classes or numbers were read, and from what."""
    wanted = f"The numbers of the column {p.label} were" if p.numbers else "Classes were"
    stratified = "" if p.numbers else "stratified "
    folds = f"in {p.folds} {stratified}shuffled folds (seed {p.seed})"
    each = "" if p.iterate == "layer" else f" of each {p.iterate}"
    if p.map == "uv":
        return (
            f"{wanted} read from the best single unit{each} by least squares, the unit chosen on "
            f"inner folds of the training pictures and scored on the others, {folds}."
        )
    how = p.pipeline if p.probe == "pipeline" else p.probe
    source = "all features" if p.probe == "pipeline" else f"{p.components} principal components"
    return f"{wanted} read by {how} from {source}{each} fitted in the fold, {folds}."


def decode_methods(p: DNNBrainParameters) -> str:
    """How the brain was read."""
    text = probe_methods(p.changed(iterate="layer")).replace("single unit", "single vertex")
    text = text.replace("the unit chosen", "the vertex chosen") + " Features were the responses "
    text += "of all vertices, and of each region."
    if p.permutations and p.map == "mv":
        text += f" p comes from {p.permutations} shuffles of the labels within the same folds."
    return text


def encoding_methods(p: DNNBrainParameters) -> str:
    """How vertices were predicted and judged."""
    how = {
        "OLS": "by least squares", "lasso": "by the lasso",
        "ridge": "by ridge regression with the penalty of least leave-one-out error",
    }.get(p.estimator)  # fmt: skip
    text = "Patterns were z-scored per picture"
    if p.volumes:
        text += f", convolved with the canonical haemodynamic response and sampled every {p.TR:g} s"
    alone = f"each vertex was predicted {how} from" if how else "the vertices were predicted from"
    text += f"; {alone} {p.components} components fitted in the fold, "
    text += "and all together by " if how else "by "
    text += f"partial least squares with {p.pls} pairs. "
    score = {"r": "r", "R2": "R²", "explained variance": "Explained variance"}[p.score]
    over = "is that of all predictions of" if p.pooled else "is the mean over"
    folds = "successive stretches" if p.volumes else "shuffled folds"
    return f"{text}{score} {over} {p.folds} {folds}."


STUDY = DNNBrain()
