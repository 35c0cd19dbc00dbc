"""What is read from layers and brains: classes, or a column of numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from backend.analysis.compression import Gram
from backend.analysis.encoding import encode, permuted_scores
from backend.analysis.inputs import Check
from backend.analysis.linear_models import Model
from backend.analysis.probing import Probe, permuted_accuracy
from backend.analysis.probing import probe as folds_of
from backend.analysis.scores import score_of
from backend.core.parameters import ParameterError
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import Stimuli, numbers_of

SCORES = {"r": "r", "R2": "R²", "explained variance": "explained variance"}


@dataclass(frozen=True)
class Scored:
    """One held-out fold.

    ``score`` accuracy or the chosen score of numbers; ``confusion`` (n_class, n_class) of classes;
    ``test`` rows, ``answer`` (n_test,) predicted numbers.
    """

    score: float
    converged: bool = True
    confusion: np.ndarray | None = None
    test: np.ndarray = field(default_factory=lambda: np.empty(0, int))
    answer: np.ndarray = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True)
class Targets:
    """What is to be read of each picture, and by what.

    ``labels`` (n,) names; ``numbers`` (n, 1) instead when ``classes`` is False.
    """

    p: DNNBrainParameters
    labels: np.ndarray
    numbers: np.ndarray

    @property
    def classes(self) -> bool:
        return not self.p.numbers

    @property
    def word(self) -> str:
        """Of the score."""
        return "accuracy" if self.classes else SCORES[self.p.score]

    @property
    def chance(self) -> float:
        """Accuracy of always saying the largest class."""
        counts = np.unique(self.labels, return_counts=True)[1]
        return float(counts.max() / counts.sum())

    def folds(self, products: Gram, check: Check) -> Iterator[Scored]:
        """Held-out folds of all features together."""
        p = self.p
        if self.classes:
            for fold in folds_of(products, self.labels, self.readout, p.folds, p.seed, check):
                yield Scored(fold.accuracy, fold.converged, fold.confusion, fold.test)
            return
        for one in encode(products, self.numbers, self.model, p.folds, p.seed, check):
            score = float(score_of(one.truth, one.prediction, p.score)[0])
            yield Scored(score, test=one.test, answer=one.prediction[:, 0])

    def permuted(self, products: Gram, permutations: int, check: Check) -> Iterator[float]:
        """Fold-mean score as it is, then of labels shuffled over pictures."""
        p = self.p
        if self.classes:
            yield from permuted_accuracy(
                products, self.labels, self.readout, p.folds, p.seed, permutations, check
            )
            return
        for one in permuted_scores(
            products, self.numbers, self.model, p.folds, p.seed, permutations, p.score, check
        ):
            yield float(one[0])

    @property
    def readout(self) -> Probe:
        p = self.p
        return Probe(p.probe, p.components, p.C, p.pipeline)  # type: ignore[arg-type]

    @property
    def model(self) -> Model:
        p = self.p
        return Model(p.probe, p.components, latent=p.pls)  # type: ignore[arg-type]


def refuse_numbers(p: DNNBrainParameters, stimuli: Stimuli) -> None:
    """A column of measurements is no list of classes: nearly every picture has its own."""
    if p.stimuli != "own" or len(stimuli.names) <= len(stimuli) / 2:
        return
    try:
        numbers_of(stimuli.names, "label", p.label)
    except ParameterError:
        return
    raise ParameterError(
        "probe", f"{p.label or 'The label column'} holds {len(stimuli.names)} numbers for "
        f"{len(stimuli)} pictures, not classes. Read numbers with ridge, lasso, least squares or "
        "PLS.", "ridge",
    )  # fmt: skip


def targets_of(p: DNNBrainParameters, stimuli: Stimuli) -> Targets:
    """Classes or numbers of these parameters.

    ParameterError for a probe of numbers without a column of them, or a pipeline without a path.
    """
    if p.probe == "pipeline" and not p.pipeline:
        raise ParameterError(
            "pipeline", "Name your estimator as module.name: "
            "sklearn.neighbors.KNeighborsClassifier.", "sklearn.neighbors.KNeighborsClassifier",
        )  # fmt: skip
    if not p.numbers:
        refuse_numbers(p, stimuli)
        return Targets(p, stimuli.label, np.empty((0, 1)))
    if p.stimuli != "own":
        raise ParameterError(
            "probe", "The classes of ShapeWorld are no numbers. Choose a classifier, or your own "
            "pictures with a column of numbers.", "logistic",
        )  # fmt: skip
    if not p.label:
        there = ", ".join(stimuli.columns) or "none"
        raise ParameterError("label", f"Which column holds the numbers? There are: {there}.")
    numbers = numbers_of(stimuli.columns[p.label], "label", p.label)
    return Targets(p, stimuli.label, numbers[:, None])
