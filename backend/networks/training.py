"""Training a network: the embedded networks' recipe, and fine-tuning of any other.

Source: 06-sparse-coding, section 4 (recipe), and 05-dnnbrain, sections 2.12 and 6 (fine-tuning,
early stop, frozen layers, co-training with brain responses).
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from backend.core.parameters import ParameterError
from backend.networks.co_training import BrainTarget, Readout
from backend.networks.runtime import torch
from backend.networks.scan import Images

if TYPE_CHECKING:
    from torch import Tensor, nn

    from backend.networks.network import Network

Check = Callable[[], None]
KEPT_BYTES = 1 << 29
"""Prepared pictures up to this size stay in memory; larger sets are prepared batch by batch."""
AUXILIARY_WEIGHT = 0.3
"""Of the loss of auxiliary classifiers (Szegedy et al. 2015)."""


@dataclass(frozen=True)
class Recipe:
    """How a network is trained.

    Attributes
    ----------
    epochs, batch : passes through the pictures; pictures a step.
    rate, decay : learning rate (the peak of a one-cycle schedule) and weight decay of AdamW.
    bias_rate : own rate of the biases, which then have no decay; None treats them as weights.
    schedule : "one-cycle" (torch's defaults) or "constant".
    frozen : module paths that keep their weights, and their batch statistics.
    held_out : share of the pictures, drawn by class, that only measures; 0 none.
    patience : epochs without a lower held-out loss before it stops and takes the best weights
        back; 0 never stops early.
    seed : of shuffling and dropout.
    """

    epochs: int = 10
    batch: int = 64
    rate: float = 1e-4
    decay: float = 1e-3
    bias_rate: float | None = None
    schedule: Literal["one-cycle", "constant"] = "constant"
    frozen: tuple[str, ...] = ()
    held_out: float = 0.0
    patience: int = 0
    seed: int = 0


MINI_A = Recipe(epochs=16, batch=96, rate=2e-3, schedule="one-cycle")
MINI_B = Recipe(epochs=11, batch=96, rate=2e-3, bias_rate=1e-2, schedule="one-cycle")
"""The recipes of 06-sparse-coding, section 4."""


@dataclass(frozen=True)
class Step:
    """One step of training.

    Attributes
    ----------
    number, of : steps done and planned. epoch : from 1.
    loss : task loss of the step's pictures. accuracy : share of them that were right.
    brain : mean r with the brain responses; NaN without any.
    held_loss, held_accuracy : of the held-out pictures, at the end of an epoch; else NaN.
    held_brain : mean r with the brain responses to the held-out pictures then; else NaN.
    """

    number: int
    of: int
    epoch: int
    loss: float
    accuracy: float
    brain: float = math.nan
    held_loss: float = math.nan
    held_accuracy: float = math.nan
    held_brain: float = math.nan


@dataclass
class Trained:
    """A trained network and how it came about."""

    network: Network
    steps: list[Step] = field(default_factory=list)
    stopped_early: bool = False


def train(
    network: Network,
    images: Images,
    labels: np.ndarray,
    recipe: Recipe,
    check: Check | None = None,
    progress: Callable[[int, int], None] | None = None,
    on_step: Callable[[Step], None] | None = None,
    brain: BrainTarget | None = None,
) -> Trained:
    """Train a copy of a network to name pictures.

    Parameters
    ----------
    images : (n, H, W[, C]) array or pictures on disk. labels : (n,) output units from 0.
    check : called before each step; raises to cancel. progress : called with steps done and all.

    Raises
    ------
    ParameterError
        for labels, rates or layers that cannot be.
    """
    training = Training(network.copy(), images, labels, recipe, brain)
    trained = Trained(training.network)
    for step in training.steps(check):
        trained.steps.append(step)
        if on_step is not None:
            on_step(step)
        if progress is not None:
            progress(step.number, step.of)
    trained.stopped_early = training.stopped_early
    return trained


class Training:
    """Training of a network in place, step by step, for a window that watches and steers it.

    ``rate`` (None follows the recipe) and ``brain_weight`` may be set between steps. The network
    is in evaluation mode whenever a step has been handed out, and when the steps end or are left.
    """

    def __init__(self, network: Network, images: Images, labels: np.ndarray, recipe: Recipe,
                 brain: BrainTarget | None = None) -> None:  # fmt: skip
        self.network = network
        self.recipe = recipe
        self.rate: float | None = None
        self.brain_weight = brain.weight if brain else 0.0
        self.stopped_early = False
        self._labels = _checked_labels(network, images, labels)
        _check_recipe(network, recipe, len(self._labels))
        self._shuffle = torch().Generator().manual_seed(recipe.seed)
        self._dropout = torch().Generator().manual_seed(recipe.seed).get_state()
        self._shown, self._held = _split(self._labels, recipe)
        self._pictures = _Prepared(network, images)
        self._brain = Readout(network, brain, len(self._labels)) if brain else None

    @property
    def planned(self) -> int:
        """Steps of the whole recipe."""
        return self.recipe.epochs * len(self._parts(self._shown))

    def _parts(self, rows: np.ndarray) -> list[np.ndarray]:
        """Rows of each step; a last picture alone joins the step before, for batch statistics."""
        size = self.recipe.batch
        borders = list(range(size, len(rows), size))
        if borders and size > 1 and len(rows) - borders[-1] == 1:
            borders.pop()
        return np.split(rows, borders)

    def steps(self, check: Check | None = None) -> Iterator[Step]:
        """Train, handing out each step as it is done."""
        with _thawed(self.network, self.recipe.frozen) as trainable:
            optimiser = self._optimiser(trainable)
            schedule = self._schedule(optimiser)
            best, waited = _Best(), 0
            try:
                for step in self._epochs(optimiser, schedule, trainable, check):
                    yield step
                    if math.isnan(step.held_loss) or not self.recipe.patience:
                        continue
                    loss = self._stopping_loss(step)
                    waited = 0 if best.offer(loss, self.network.module) else waited + 1
                    if waited >= self.recipe.patience:
                        self.stopped_early = True
                        break
            finally:
                self.network.module.eval()
                best.take_back(self.network.module)

    def _epochs(self, optimiser: Any, schedule: Any, trainable: list[nn.Module],
                check: Check | None) -> Iterator[Step]:  # fmt: skip
        number = 0
        for epoch in range(1, self.recipe.epochs + 1):
            order = torch().randperm(len(self._shown), generator=self._shuffle).numpy()
            parts = self._parts(self._shown[order])
            for place, rows in enumerate(parts):
                if check is not None:
                    check()
                number += 1
                loss, accuracy, r = self._step(rows, optimiser, trainable)
                if schedule is not None:
                    schedule.step()
                held = (math.nan, math.nan, math.nan)
                if place == len(parts) - 1 and len(self._held):
                    held = self._measure(check)
                yield Step(number, self.planned, epoch, loss, accuracy, r, *held)

    def _step(self, rows: np.ndarray, optimiser: Any,
              trainable: list[nn.Module]) -> tuple[float, float, float]:  # fmt: skip
        if self.rate is not None:
            for group in optimiser.param_groups:
                group["lr"] = self.rate
        with self._own_dropout(), torch().enable_grad():
            for module in trainable:
                module.training = True
            optimiser.zero_grad(set_to_none=True)
            loss, logits, r = self._loss(rows)
            loss.backward()
            optimiser.step()
            self.network.module.eval()
        if not math.isfinite(loss.item()):
            raise ParameterError("rate", "The loss is no longer a number: the steps are too large. "
                                 "Lower the learning rate.", self.recipe.rate / 10)  # fmt: skip
        target = self._labels[rows]
        task = torch().nn.functional.cross_entropy(logits, target)
        accuracy = (logits.argmax(1) == target).float().mean()
        return float(task), float(accuracy), r

    def _loss(self, rows: np.ndarray) -> tuple[Tensor, Tensor, float]:
        cross_entropy = torch().nn.functional.cross_entropy
        target = self._labels[rows]
        listening = self._brain.listening() if self._brain else contextlib.nullcontext()
        with listening:
            outputs = _logits(self.network.module(self._pictures[rows]))
        loss = cross_entropy(outputs[0], target)
        for auxiliary in outputs[1:]:
            loss = loss + AUXILIARY_WEIGHT * cross_entropy(auxiliary, target)
        r = math.nan
        if self._brain:
            correlation = self._brain.correlation(rows)
            loss = loss + self.brain_weight * (1 - correlation)
            r = float(correlation.detach())
        return loss, outputs[0].detach(), r

    def _stopping_loss(self, step: Step) -> float:
        """Held-out loss that stopping early looks at: L_task + w (1 - r)."""
        if math.isnan(step.held_brain):
            return step.held_loss
        return step.held_loss + self.brain_weight * (1 - step.held_brain)

    def _measure(self, check: Check | None) -> tuple[float, float, float]:
        """Loss and accuracy of the held-out pictures, and mean r with the responses to them."""
        losses, right, predicted = 0.0, 0, []
        with torch().inference_mode():
            for start in range(0, len(self._held), self.recipe.batch):
                if check is not None:
                    check()
                rows = self._held[start : start + self.recipe.batch]
                with self._brain.listening() if self._brain else contextlib.nullcontext():
                    logits = _logits(self.network.module(self._pictures[rows]))[0]
                if self._brain:
                    predicted.append(self._brain.predicted())
                target = self._labels[rows]
                losses += float(
                    torch().nn.functional.cross_entropy(logits, target, reduction="sum")
                )
                right += int((logits.argmax(1) == target).sum())
            r = math.nan
            if self._brain and len(self._held) > 1:
                r = float(self._brain.correlation(self._held, torch().cat(predicted)))
        return losses / len(self._held), right / len(self._held), r

    def _optimiser(self, trainable: list[nn.Module]) -> Any:
        recipe = self.recipe
        owned = [(name, p) for module in trainable
                 for name, p in module.named_parameters(recurse=False)]  # fmt: skip
        parameters = list({id(p): (name, p) for name, p in owned}.values())
        if recipe.bias_rate is None:
            groups = [{"params": [p for _, p in parameters], "lr": recipe.rate}]
        else:
            groups = [
                {"params": [p for name, p in parameters if name != "bias"], "lr": recipe.rate},
                {"params": [p for name, p in parameters if name == "bias"],
                 "lr": recipe.bias_rate, "weight_decay": 0.0},
            ]  # fmt: skip
        if self._brain:
            groups.append({"params": list(self._brain.readout.parameters()), "lr": 1e-2})
        return torch().optim.AdamW(groups, lr=recipe.rate, weight_decay=recipe.decay)

    def _schedule(self, optimiser: Any) -> Any:
        if self.recipe.schedule == "constant":
            return None
        peaks = [group["lr"] for group in optimiser.param_groups]
        return torch().optim.lr_scheduler.OneCycleLR(optimiser, peaks, total_steps=self.planned)

    @contextlib.contextmanager
    def _own_dropout(self) -> Iterator[None]:
        """Draw dropout from this training's own stream, whatever else draws meanwhile."""
        library = torch()
        others = library.get_rng_state()
        library.set_rng_state(self._dropout)
        try:
            yield
        finally:
            self._dropout = library.get_rng_state()
            library.set_rng_state(others)


class _Prepared:
    """Pictures as input, prepared once when they fit, else when asked for."""

    def __init__(self, network: Network, images: Images) -> None:
        self._prepare = network.preprocessing.prepare
        self._images = images
        self._all: Tensor | None = None
        one = network.example()[0].numel() * 4
        if len(images) * one <= KEPT_BYTES:
            parts = [self._prepare(images[start : start + 256])
                     for start in range(0, len(images), 256)]  # fmt: skip
            self._all = torch().cat(parts)

    def __getitem__(self, rows: np.ndarray) -> Tensor:
        if self._all is not None:
            return self._all[torch().from_numpy(rows)]
        return self._prepare(self._images[rows])


class _Best:
    """The weights with the lowest held-out loss."""

    def __init__(self) -> None:
        self._loss = math.inf
        self._state: dict[str, Tensor] | None = None

    def offer(self, loss: float, module: nn.Module) -> bool:
        """Keep the weights when the loss is lower; whether it was."""
        if loss >= self._loss:
            return False
        self._loss = loss
        self._state = {name: value.clone() for name, value in module.state_dict().items()}
        return True

    def take_back(self, module: nn.Module) -> None:
        if self._state is not None:
            module.load_state_dict(self._state)


def _logits(output: Any) -> list[Tensor]:
    """Output of the classifier, then of auxiliary classifiers; maps are averaged over places."""
    if isinstance(output, dict):
        output = list(output.values())
    parts = list(output) if isinstance(output, tuple | list) else [output]
    return [part.flatten(2).mean(2) if part.ndim > 2 else part
            for part in parts if part is not None]  # fmt: skip


@contextlib.contextmanager
def _thawed(network: Network, frozen: tuple[str, ...]) -> Iterator[list[nn.Module]]:
    """The modules that learn, with gradients for theirs only; all flags as before afterwards."""
    before = {name: p.requires_grad for name, p in network.module.named_parameters()}
    trainable = [module for path, module in network.module.named_modules()
                 if not _within(path, frozen)]  # fmt: skip
    try:
        for name, parameter in network.module.named_parameters():
            parameter.requires_grad_(not _within(name, frozen))
        yield trainable
    finally:
        network.module.zero_grad(set_to_none=True)
        for name, parameter in network.module.named_parameters():
            parameter.requires_grad_(before[name])


def _within(path: str, frozen: tuple[str, ...]) -> bool:
    return any(path == one or path.startswith(f"{one}.") for one in frozen)


def _split(labels: Tensor, recipe: Recipe) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on and rows held out, the same share of every class."""
    rng = np.random.default_rng(recipe.seed)
    classes = labels.numpy()
    held = [
        rng.permutation(rows)[: round(recipe.held_out * len(rows))]
        for rows in (np.flatnonzero(classes == one) for one in np.unique(classes))
    ]
    out = np.sort(np.concatenate(held))
    return np.setdiff1d(np.arange(len(classes)), out), out


def _checked_labels(network: Network, images: Images, labels: np.ndarray) -> Tensor:
    from backend.networks.layers import layers

    given = np.asarray(labels)
    if given.shape != (len(images),) or not len(given):
        raise ParameterError("labels", f"There are {given.size} labels and {len(images)} pictures. "
                             "Each picture needs one.")  # fmt: skip
    units = layers(network)[-1].shape[0]
    if given.dtype.kind not in "iu" or given.min() < 0 or given.max() >= units:
        raise ParameterError("labels", f"The labels go up to {given.max()}; the network has "
                             f"{units} output units. Replace its head.")  # fmt: skip
    return torch().from_numpy(given.astype(np.int64))


def _check_recipe(network: Network, recipe: Recipe, n: int) -> None:
    paths = [path for path, _ in network.module.named_modules() if path]
    for one in recipe.frozen:
        if one not in paths:
            from backend.core.parameters import unknown_name

            raise unknown_name(one, paths, "layer")
    rates = [rate for rate in (recipe.rate, recipe.bias_rate) if rate is not None]
    if recipe.epochs < 1 or recipe.batch < 1 or min(rates) <= 0:
        raise ParameterError("epochs", "Epochs, pictures a step and learning rate are above 0.")
    if not 0 <= recipe.held_out < 1 or round(recipe.held_out * n) >= n:
        raise ParameterError("held_out", f"The held-out share is {recipe.held_out:g}; it goes "
                             "from 0 to 0.9.", 0.2)  # fmt: skip
    if recipe.patience and not recipe.held_out:
        raise ParameterError("held_out", "Stopping early needs held-out pictures. Hold out a "
                             "share of them.", 0.2)  # fmt: skip


def accuracy(network: Network, images: Images, labels: np.ndarray, batch: int = 256,
             check: Check | None = None) -> float:  # fmt: skip
    """Share of the pictures that the network names rightly."""
    right = 0
    with torch().inference_mode():
        for start in range(0, len(images), batch):
            if check is not None:
                check()
            inputs = network.preprocessing.prepare(images[start : start + batch])
            named = _logits(network.module(inputs))[0].argmax(1).numpy()
            right += int((named == np.asarray(labels[start : start + batch])).sum())
    return right / len(images)
