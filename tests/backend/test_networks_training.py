"""Training: the recipe of the embedded networks, fine-tuning, heads, brain responses."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from unit_networks import hooks
from unit_networks import zoo as small

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.networks import mini
from backend.networks.co_training import BrainTarget
from backend.networks.heads import with_head
from backend.networks.mini import mini_alexnet, untrained
from backend.networks.runtime import torch
from backend.networks.train_mini import SHIPPED, recipe_of, save
from backend.networks.training import MINI_A, MINI_B, Recipe, Training, accuracy, train
from backend.stimuli import shapeworld


@pytest.fixture(scope="module")
def shapes() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return shapeworld.test_set()


@pytest.mark.parametrize(("variant", "seed"), SHIPPED)
def test_shipped_networks_name_new_pictures(shapes: Any, variant: Any, seed: int) -> None:
    """Acceptance 8 of 06-sparse-coding: at least .80 of the 1024 TEST pictures."""
    network = mini_alexnet(variant, seed)
    images, category, _ = shapes
    found = accuracy(network, images, category)
    assert found >= 0.80
    told = json.loads(network.provenance["training"])
    assert found == pytest.approx(told["test_accuracy"], abs=0.003)
    assert told["recipe"] == json.loads(json.dumps(dataclasses.asdict(recipe_of(variant, seed))))


def test_recipes_are_the_specification_s() -> None:
    assert (MINI_A.epochs, MINI_A.batch, MINI_A.rate, MINI_A.decay) == (16, 96, 2e-3, 1e-3)
    assert (MINI_B.epochs, MINI_B.bias_rate, MINI_B.schedule) == (11, 1e-2, "one-cycle")
    images, labels = np.zeros((4608, 32, 32, 3), np.float32), np.repeat(np.arange(64), 72)
    assert Training(untrained(), images, labels, MINI_A).planned == 768
    assert Training(untrained("B"), images, labels, MINI_B).planned == 528


def test_recipe_b_moves_biases_faster_and_without_decay() -> None:
    images, labels = np.zeros((96, 32, 32, 3), np.float32), np.arange(96) % 64
    training = Training(untrained("B"), images, labels, MINI_B)
    weights, biases = training._optimiser(list(training.network.module.modules())).param_groups
    assert (weights["lr"], weights["weight_decay"]) == (2e-3, 1e-3)
    assert (biases["lr"], biases["weight_decay"]) == (1e-2, 0.0)
    assert len(weights["params"]) == len(biases["params"]) == 8


def test_the_rate_follows_one_cycle() -> None:
    images, labels = np.zeros((20, 32, 32, 3), np.float32), np.arange(20)
    recipe = Recipe(epochs=10, batch=10, rate=2e-3, schedule="one-cycle")
    training = Training(untrained(), images, labels, recipe)
    optimiser = training._optimiser(list(training.network.module.modules()))
    schedule = training._schedule(optimiser)
    rates = []
    for _ in range(20):
        rates.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    assert rates[0] == pytest.approx(2e-3 / 25)
    assert max(rates) == pytest.approx(2e-3, rel=0.02)
    assert int(np.argmax(rates)) == 5  # 30 % of the way
    assert rates[-1] == pytest.approx(2e-3 / 25 / 1e4)


def test_training_learns_and_is_the_same_again(shapes: Any) -> None:
    images, _, curvy = shapes
    recipe = Recipe(epochs=4, batch=64, rate=3e-4, seed=3)
    begin = with_head(mini_alexnet(), ("boxy", "curvy"))
    before, library = begin.state_hash(), torch()
    generator = library.get_rng_state()
    steps: list[tuple[int, int]] = []
    one = train(begin, images, curvy.astype(int), recipe, progress=lambda *s: steps.append(s))
    assert begin.state_hash() == before
    assert library.equal(library.get_rng_state(), generator)
    assert steps == [(i, 64) for i in range(1, 65)]
    assert [step.epoch for step in one.steps[::16]] == [1, 2, 3, 4]
    assert one.steps[-1].loss < 0.3 < one.steps[0].loss
    assert accuracy(one.network, images, curvy.astype(int)) > 0.9
    library.rand(7)  # whatever else draws meanwhile
    two = train(begin, images, curvy.astype(int), recipe)
    assert two.network.state_hash() == one.network.state_hash()


def test_frozen_layers_keep_weights_and_statistics() -> None:
    network = with_head(small("resnet18", 64), ("a", "b"))
    images = np.random.default_rng(0).uniform(size=(8, 64, 64, 3)).astype(np.float32)
    recipe = Recipe(epochs=1, batch=4, frozen=("conv1", "bn1", "layer1", "layer2", "layer3"))
    trained = train(network, images, np.arange(8) % 2, recipe).network
    before, after = network.module.state_dict(), trained.module.state_dict()
    for name, value in before.items():
        same = torch().equal(value, after[name])
        assert same == name.startswith(("conv1", "bn1", "layer1", "layer2", "layer3")), name
    assert all(p.requires_grad for p in trained.module.parameters())
    assert not any(part.training for part in trained.module.modules())


def test_a_last_picture_alone_joins_the_step_before() -> None:
    network = with_head(small("resnet18", 32), ("a", "b"))  # one place is left in the last block
    images = np.random.default_rng(0).uniform(size=(9, 32, 32, 3)).astype(np.float32)
    trained = train(network, images, np.arange(9) % 2, Recipe(epochs=2, batch=4))
    assert [step.of for step in trained.steps] == [4] * 4


def test_early_stop_takes_the_best_weights_back(shapes: Any) -> None:
    images = shapes[0]
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 2, 200)  # labels that say nothing: held-out loss can only rise
    recipe = Recipe(epochs=30, batch=20, rate=2e-3, held_out=0.25, patience=2)
    trained = train(with_head(untrained(), ("a", "b")), images[:200], noise, recipe)
    assert trained.stopped_early
    held = [step.held_loss for step in trained.steps if np.isfinite(step.held_loss)]
    assert len(held) < 30
    assert held.index(min(held)) == len(held) - 3
    again = Training(trained.network, images[:200], noise, recipe)
    assert again._measure(None)[0] == pytest.approx(min(held), abs=1e-5)


def test_the_rate_can_be_changed_between_steps(shapes: Any) -> None:
    images, category, _ = shapes
    network = untrained()
    training = Training(network, images[:192], category[:192], Recipe(epochs=1, batch=64))
    hashes = []
    for step in training.steps():
        hashes.append(network.state_hash())
        training.rate = 1e-12 if step.number == 1 else None
    assert len(set(hashes)) == 3
    weights = network.module.conv1.weight.detach().clone()
    training = Training(network, images[:64], category[:64], Recipe(epochs=1, batch=64, rate=1e-2))
    training.rate = 1e-12
    list(training.steps())
    assert torch().allclose(weights, network.module.conv1.weight, atol=1e-6)


def test_cancelled_training_leaves_a_usable_network(shapes: Any) -> None:
    images, category, _ = shapes
    network = untrained()

    def check() -> None:
        raise InterruptedError

    training = Training(network, images[:64], category[:64], Recipe(epochs=1, batch=16))
    steps = training.steps()
    next(steps)
    steps.close()
    assert not network.module.training
    assert all(p.grad is None and p.requires_grad for p in network.module.parameters())
    with pytest.raises(InterruptedError):
        train(network, images[:64], category[:64], Recipe(epochs=1), check)


def test_brain_responses_pull_a_layer_towards_them(shapes: Any) -> None:
    """Responses that the layer does not give linearly before are predicted better after."""
    images, category, _ = shapes
    images, category = images[::4], category[::4]
    pixels = images.mean(3).reshape(len(images), -1)
    rng = np.random.default_rng(1)
    responses = np.tanh(3 * (pixels - pixels.mean(0)) @ rng.standard_normal((1024, 6)))
    recipe = Recipe(epochs=6, batch=64, rate=1e-3)
    network = mini_alexnet()
    pulled = train(network, images, category, recipe, brain=BrainTarget("relu7", responses, 10.0))
    free = train(network, images, category, recipe, brain=BrainTarget("relu7", responses, 0.0))

    def last(trained: Any) -> float:
        return float(np.mean([step.brain for step in trained.steps[-4:]]))

    assert last(pulled) > last(free) + 0.1
    assert hooks(pulled.network) == 0


def test_auxiliary_classifiers_train_along() -> None:
    network = with_head(small("googlenet", 96, init_weights=False), ("a", "b", "c"))
    assert network.module.aux1.fc2.out_features == 3
    images = np.random.default_rng(0).uniform(size=(6, 96, 96, 3)).astype(np.float32)
    before = network.module.aux1.fc2.weight.clone()
    trained = train(network, images, np.arange(6) % 3, Recipe(epochs=1, batch=6, rate=1e-3))
    assert not torch().equal(before, trained.network.module.aux1.fc2.weight)


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1", "vit_b_16", "swin_t"])
def test_a_new_head_fits_other_categories(name: str) -> None:
    options = {"image_size": 64} if name == "vit_b_16" else {}
    network = small(name, 64, **options)
    state = network.state_hash()
    changed = with_head(network, ("cat", "dog"), seed=1)
    with torch().no_grad():
        assert changed.module(changed.example(2)).shape == (2, 2)
    assert changed.labels == ("cat", "dog")
    assert network.state_hash() == state
    assert with_head(network, ("cat", "dog"), seed=1).state_hash() == changed.state_hash()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": np.arange(9)}, "9 labels and 8 pictures"),
        ({"labels": np.arange(8) * 10}, "64 output units. Replace its head"),
        ({"labels": np.zeros(8)}, "output units"),
        ({"recipe": Recipe(frozen=("conv9",))}, 'no layer "conv9"'),
        ({"recipe": Recipe(rate=0.0)}, "above 0"),
        ({"recipe": Recipe(patience=3)}, "needs held-out pictures"),
        ({"recipe": Recipe(held_out=1.0)}, "held-out share is 1"),
        ({"brain": BrainTarget("relu5", np.zeros((7, 2)))}, "7 rows of brain responses and 8"),
        ({"brain": BrainTarget("relu5", np.full((8, 2), np.nan))}, "first in row 1, column 1"),
        ({"brain": BrainTarget("relu9", np.zeros((8, 2)))}, 'no layer "relu9"'),
    ],
)
def test_what_cannot_be_trained_is_said(change: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"labels": np.arange(8), "recipe": Recipe(), "brain": None} | change
    images = np.zeros((8, 32, 32, 3), np.float32)
    with pytest.raises(ParameterError, match=words):
        train(untrained(), images, given["labels"], given["recipe"], brain=given["brain"])


def test_steps_that_are_too_large_are_said(shapes: Any) -> None:
    images, category, _ = shapes
    with pytest.raises(ParameterError, match="Lower the learning rate") as said:
        train(untrained(), images[:256], category[:256], Recipe(epochs=9, batch=32, rate=1e18))
    assert said.value.fix == pytest.approx(1e17)


def test_saved_weights_come_back(tmp_path: Any, monkeypatch: Any) -> None:
    network = untrained("B", 5)
    network.provenance = {"recipe": "none"}
    save(network, tmp_path / mini.file_of("B", 5).name)
    monkeypatch.setattr(mini, "FOLDER", tmp_path)
    found = mini_alexnet("B", 5)
    assert found.state_hash() == network.state_hash()
    assert json.loads(found.provenance["training"]) == {"recipe": "none"}
    with pytest.raises(FileProblem, match="seed 6 does not come with the program"):
        mini_alexnet("B", 6)
    mini.file_of("B", 5).write_bytes(b"PK")
    with pytest.raises(FileProblem, match="missing or damaged"):
        mini_alexnet("B", 5)
