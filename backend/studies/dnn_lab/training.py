"""Training in the window: MiniAlexNet from its recipe, or a new last layer for any network."""

from __future__ import annotations

import dataclasses
import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from backend.core.parameters import ParameterError
from backend.core.run import Run
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import Session

if TYPE_CHECKING:
    from backend.networks.network import Network
    from backend.networks.training import Training


def train(run: Run) -> None:
    """Train step by step, with live rate and brain weight; the weights are offered at the end."""
    p: DNNBrainParameters = run.parameters
    training, test = retraining(run) if p.training == "retrain" else fine_tuning(run)
    loss: list[float] = []
    brain = held = held_brain = math.nan
    for step in training.steps(run.check):
        run.channel("training").publish(
            step.number, step.loss, step.accuracy, step.held_accuracy, step.brain, step.held_brain
        )
        loss.append(step.loss)
        brain = step.brain
        if math.isfinite(step.held_accuracy):
            held, held_brain = step.held_accuracy, step.held_brain
        run.progress(step.number, step.of, f"steps, epoch {step.epoch}")
        steer(run, training)
    if training.stopped_early:
        run.note("It stopped early; the best weights were taken back.")
    run.measure_known("train_loss", float(np.mean(loss[-len(loss) // 5 :])))
    run.measure_known("brain_r", brain)
    run.measure_known("held_brain_r", held_brain)
    if test is not None:
        from backend.networks.training import accuracy

        run.measure_known("trained_accuracy", accuracy(training.network, *test))
    else:
        run.measure_known("trained_accuracy", held)
        if not math.isfinite(held):
            run.note("No picture was held out, so the accuracy on new ones is not known.")
    if "trained_accuracy" in run.result.values:
        also = f"; r with the brain {held_brain:.2f}" if math.isfinite(held_brain) else ""
        run.lead("trained_accuracy", f"On pictures that only measured{also}.")
    run.offer("weights", "Trained weights", partial(weights_of, training.network))


def steer(run: Run, training: Training) -> None:
    """Take over the rate and the brain weight from the form, between steps."""
    run.take_changes()
    p: DNNBrainParameters = run.parameters
    if p.training == "fine-tune":
        training.rate = p.rate
        training.brain_weight = p.brain_weight


def retraining(run: Run) -> tuple[Training, tuple[np.ndarray, np.ndarray]]:
    """MiniAlexNet from its initial weights, and the pictures that test it."""
    from backend.networks.mini import untrained
    from backend.networks.training import MINI_A, MINI_B, Training
    from backend.stimuli import shapeworld

    p: DNNBrainParameters = run.parameters
    recipe = dataclasses.replace(MINI_A if p.network == "mini-a" else MINI_B, seed=p.seed)
    network = untrained("A" if p.network == "mini-a" else "B", p.seed)
    images, labels, _ = shapeworld.train_set()
    test, category, _ = shapeworld.test_set()
    return Training(network, images, labels, recipe), (test, category)


def fine_tuning(run: Run) -> tuple[Training, None]:
    """A new last layer for the classes of the pictures; other layers follow unless frozen."""
    from backend.networks.co_training import BrainTarget
    from backend.networks.heads import with_head
    from backend.networks.training import Recipe, Training

    session = Session(run)
    p, stimuli = session.p, session.stimuli
    names, code = np.unique(stimuli.label, return_inverse=True)
    frozen = tuple(word.strip() for word in p.frozen.split(",") if word.strip())
    recipe = Recipe(
        p.epochs, p.batch, p.rate, frozen=frozen, held_out=p.held_out,
        patience=p.patience if p.held_out else 0, seed=p.seed,
    )  # fmt: skip
    target = None
    if p.brain_weight > 0:
        layers = session.after()
        layer = layers[min(p.layer, len(layers)) - 1].name
        target = BrainTarget(layer, session.brain(), p.brain_weight)
    network = with_head(session.network, units_of([str(name) for name in names], p.head), p.seed)
    return Training(network, stimuli.images, code, recipe, target), None


def units_of(names: list[str], head: int) -> tuple[str, ...]:
    """Names of the new last layer's units: the classes, then spare ones up to the head's size."""
    if head and head < len(names):
        raise ParameterError(
            "head", f"A head of {head} units cannot name {len(names)} classes. Give {len(names)} "
            "or more, or 0 for as many as there are.", 0,
        )  # fmt: skip
    return (*names, *(f"unit {number}" for number in range(len(names) + 1, head + 1)))


def weights_of(network: Network) -> Any:
    """The state dictionary as a workspace object."""
    from backend.networks.weights import Weights

    return Weights(state=network.module.state_dict(), labels=tuple(network.labels))
