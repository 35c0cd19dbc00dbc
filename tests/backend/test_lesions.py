"""Lesions do what they say, leave the original alone, and are undone to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from unit_networks import answers, hooks, inputs, mini, seeded, zoo

from backend.core.parameters import ParameterError
from backend.core.run import Cancelled
from backend.networks import shuffling
from backend.networks.ablation_sweep import ablation_sweep, accuracy
from backend.networks.layers import relu_layers
from backend.networks.lesions import (
    ABLATIONS,
    KINDS,
    Lesion,
    LesionStack,
    lesioned,
    weight_layers,
)
from backend.networks.mini import mini_alexnet
from backend.networks.network import Network
from backend.networks.runtime import torch
from backend.networks.units import layer_output
from backend.stimuli import shapeworld

WEIGHTS = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc1", "fc2", "fc3")


def weights(network: Network) -> dict[str, np.ndarray]:
    return {one.name: one.weight.numpy().copy() for one in weight_layers(network)}


def biases(network: Network) -> dict[str, np.ndarray]:
    return {one.name: one.bias.numpy().copy() for one in weight_layers(network)}  # type: ignore[union-attr]


def every_lesion() -> list[Lesion]:
    shuffles = [Lesion(kind, strength=s) for kind in KINDS[:5] for s in (1.0, 0.4)]
    return shuffles + [
        Lesion("ablate", ("conv5", "fc1"), channels=(0, 3, 7), ablation=how)  # type: ignore[arg-type]
        for how in ABLATIONS
    ]


@pytest.mark.parametrize("lesion", every_lesion(), ids=lambda one: f"{one.label()} {one.ablation}")
def test_a_copy_and_the_stack_agree_and_undo_restores_the_state_hash(lesion: Lesion) -> None:
    """06-sparse-coding, section 7, items 6 and 17; 05-dnnbrain, section 7, item 16."""
    network = mini()
    x = inputs(network, 6)
    state, intact = network.state_hash(), answers(network, x)
    copy = lesioned(network, lesion, x)
    assert network.state_hash() == state
    changed = answers(copy, x)
    assert not torch().equal(changed, intact)
    assert torch().equal(answers(lesioned(network, lesion, x), x), changed)
    assert torch().equal(answers(copy.copy(), x), changed)
    with LesionStack(network) as stack:
        stack.apply(lesion, x)
        assert torch().equal(answers(network, x), changed)
        stack.apply(Lesion("W-all", seed=5))
        assert stack.undo() == Lesion("W-all", seed=5)
        assert torch().equal(answers(network, x), changed)
        assert stack.lesions == (lesion,)
    assert network.state_hash() == state
    assert hooks(network) == 0
    assert torch().equal(answers(network, x), intact)


def test_each_shuffle_moves_what_it_names_and_nothing_else() -> None:
    """06-sparse-coding, section 7, item 6."""
    network = mini()
    before, before_bias = weights(network), biases(network)
    assert tuple(before) == WEIGHTS
    for kind in ("W-all", "W-channel", "W-kernel", "bias"):
        after, after_bias = (f(lesioned(network, Lesion(kind))) for f in (weights, biases))  # type: ignore[arg-type]
        for name in WEIGHTS:
            old, new = before[name], after[name]
            rows_old, rows_new = old.reshape(len(old), -1), new.reshape(len(new), -1)
            assert np.array_equal(old, new) == (kind == "bias")
            assert np.array_equal(before_bias[name], after_bias[name]) == (kind != "bias")
            assert np.array_equal(np.sort(old, axis=None), np.sort(new, axis=None))
            assert np.array_equal(np.sort(before_bias[name]), np.sort(after_bias[name]))
            kernels = {row.tobytes() for row in rows_old}
            assert all(row.tobytes() in kernels for row in rows_new) == (
                kind in ("W-channel", "bias")
            )
            entries = np.array_equal(np.sort(rows_old, 1), np.sort(rows_new, 1))
            assert entries == (kind in ("W-kernel", "bias"))


def test_strength_is_the_share_that_takes_part() -> None:
    network = mini()
    before = weights(network)["fc1"]
    for kind, unit in (("W-all", before.size), ("W-kernel", before.size)):
        for strength in (0.0, 0.3, 0.7):
            after = weights(lesioned(network, Lesion(kind, strength=strength)))["fc1"]  # type: ignore[arg-type]
            moved = (after != before).sum() / unit
            assert moved == pytest.approx(strength, abs=0.01)
    after = weights(lesioned(network, Lesion("W-channel", strength=0.5)))["fc1"]
    assert 100 < (after != before).any(1).sum() <= 128


def test_large_weights_are_shuffled_uniformly_block_by_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every entry reaches every quarter equally often; the check comes at each block."""
    monkeypatch.setattr(shuffling, "BLOCK", 64)
    values, calls = np.arange(1000), []
    quarters = np.zeros((4, 4))
    for seed in range(40):
        rng = np.random.default_rng(seed)
        after = shuffling.shuffled(values, 1.0, rng, lambda: calls.append(1))
        assert np.array_equal(np.sort(after), values)
        quarters += np.histogram2d(values, after, bins=4)[0]
    expected = 40 * 1000 / 16
    assert ((quarters - expected) ** 2 / expected).sum() < 28  # chi2 of 9 df, p = .001
    assert len(calls) >= 40 * 3 * 15
    half = shuffling.shuffled(values, 0.5, np.random.default_rng(0))
    assert np.array_equal(np.sort(half), values)
    assert 480 <= (half != values).sum() <= 500


def test_named_layers_only_and_the_same_shuffle_whatever_else_is_lesioned() -> None:
    network = mini()
    before = weights(network)
    every = weights(lesioned(network, Lesion("W-all", seed=3)))
    one = weights(lesioned(network, Lesion("W-all", ("conv4",), seed=3)))
    other = weights(lesioned(network, Lesion("W-all", ("conv4",), seed=4)))
    assert np.array_equal(one["conv4"], every["conv4"])
    assert not np.array_equal(one["conv4"], other["conv4"])
    assert all(np.array_equal(one[name], before[name]) for name in WEIGHTS if name != "conv4")


def outputs(network: Network, x: Any) -> dict[str, Any]:
    return {
        one.name: layer_output(network.module, one.name, x).detach() for one in relu_layers(network)
    }


@pytest.mark.parametrize("name", ["mini", "resnet18", "vgg11", "densenet121", "mobilenet_v2"])
def test_relu_off_lets_negative_values_through_in_every_layer(name: str) -> None:
    """06-sparse-coding, section 7, item 7; in-place, shared and ReLU6 layers too."""
    network = mini() if name == "mini" else zoo(name)
    x = inputs(network, 2)
    intact = outputs(network, x)
    copy = lesioned(network, Lesion("ReLU-off"))
    off = outputs(copy, x)
    assert off.keys() == intact.keys()
    for layer, values in off.items():
        assert values.shape == intact[layer].shape
        assert float(intact[layer].min()) >= 0
        assert float(values.min()) < 0, layer


def test_relu_off_catches_functional_relus_and_takes_a_strength() -> None:
    nn = torch().nn

    class Functional(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc, self.relu = nn.Linear(4, 4), nn.ReLU(inplace=True)

        def forward(self, x: Any) -> Any:
            x = self.fc(x.mean((2, 3)).repeat(1, 2)[:, :4])
            return nn.functional.relu(x - 0.1, inplace=True) + torch().relu(x) + self.relu(x)

    network = seeded(Functional, "toy")
    x = inputs(network, 8)
    rises = layer_output(network.module, "fc", x).detach()
    assert float(rises.min()) < 0
    for strength in (0.0, 0.25, 1.0):

        def mixed(v: Any, s: float = strength) -> Any:
            return (1 - s) * v.clamp(min=0) + s * v

        expected = mixed(rises - 0.1) + 2 * mixed(rises)
        copy = lesioned(network, Lesion("ReLU-off", strength=strength))
        torch().testing.assert_close(answers(copy, x), expected)
    one = lesioned(network, Lesion("ReLU-off", ("relu",)))
    expected = (rises - 0.1).clamp(min=0) + rises.clamp(min=0) + rises
    torch().testing.assert_close(answers(one, x), expected)


def test_ablated_channels_are_exactly_0_after_the_relu() -> None:
    """05-dnnbrain, section 7, item 16: zeroing weights only would leave relu(bias)."""
    network = mini()
    x = inputs(network)
    ten = tuple(range(0, 40, 4))
    for how in ("weights", "zero"):
        copy = lesioned(network, Lesion("ablate", ("conv5",), channels=ten, ablation=how))  # type: ignore[arg-type]
        rectified = layer_output(copy.module, "relu5", x).detach()
        assert not rectified[:, ten].any()
        others = [c for c in range(48) if c not in ten]
        intact = layer_output(network.module, "relu5", x).detach()
        assert torch().equal(rectified[:, others], intact[:, others])
    bias = network.module.get_submodule("conv5").bias
    assert float(bias[list(ten)].detach().max()) > 0.02


def test_ablated_weights_take_their_batch_normalisation_with_them() -> None:
    network = zoo("vgg11_bn", 32)
    copy = lesioned(network, Lesion("ablate", ("features.4",), channels=(1, 5)))
    rectified = layer_output(copy.module, "features.6", inputs(network)).detach()
    assert not rectified[:, [1, 5]].any()
    assert rectified[:, 2].any()


def test_mean_and_shuffle_take_their_values_from_the_reference_images() -> None:
    network = mini()
    x, reference = inputs(network, 4), inputs(network, 9, seed=1)
    donor = layer_output(network.module, "conv3", reference).detach()
    lesion = Lesion("ablate", ("conv3",), channels=(2, 6), ablation="mean")
    mean = layer_output(lesioned(network, lesion, reference).module, "conv3", x).detach()
    torch().testing.assert_close(mean[:, 6], donor[:, 6].mean().expand(4, 8, 8))
    lesion = Lesion("ablate", ("conv3",), channels=(2, 6), ablation="shuffle", seed=2)
    copy = lesioned(network, lesion, reference)
    shuffled = layer_output(copy.module, "conv3", x).detach()
    places = [int((donor[:, 2] == one[2]).all((1, 2)).nonzero()[0, 0]) for one in shuffled]
    assert len(set(places)) == 4
    assert all(torch().equal(donor[p, 6], one[6])
               for p, one in zip(places, shuffled, strict=True))  # fmt: skip
    with pytest.raises(ParameterError, match="needs images"):
        lesioned(network, lesion)


def test_one_call_of_a_shared_relu_can_be_ablated_alone() -> None:
    network = zoo("resnet18")
    x = inputs(network)
    names = ("layer1.0.relu", "layer1.0.relu#2")
    for ablated, other in (names, names[::-1]):
        lesion = Lesion("ablate", (ablated,), channels=(3,), ablation="zero")
        copy = lesioned(network, lesion)
        for _ in range(2):  # the second pass counts calls anew
            assert not layer_output(copy.module, ablated, x).detach()[:, 3].any()
            assert layer_output(copy.module, other, x).detach()[:, 3].any()


def test_a_refused_or_cancelled_lesion_changes_nothing() -> None:
    network = mini()
    state = network.state_hash()
    stack = LesionStack(network)
    for lesion, words in (
        (Lesion("ablate", ("conv5", "conv4"), channels=(48,)), "conv5 has 48 channels"),
        (Lesion("ablate", ("conv1", "relu1"), channels=(1,)), "relu1 has no weights"),
        (Lesion("ablate", ("conv5",)), "at least one channel"),
        (Lesion("W-all", ("relu5",)), "no weights to shuffle"),
        (Lesion("W-all", ("conv55",)), "conv5"),
        (Lesion("W-all", strength=1.2), "from 0 to 1"),
        (Lesion("ReLU-off", ("conv3", "pool2")), "conv3, pool2 has no ReLU"),
        (Lesion("scramble"), "no lesion"),  # type: ignore[arg-type]
    ):
        with pytest.raises(ParameterError, match=words) as caught:
            stack.apply(lesion)
        assert len(caught.value.sentence.split()) <= 40
    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 6:
            raise Cancelled

    with pytest.raises(Cancelled):
        stack.apply(Lesion("W-all"), check=check)
    assert network.state_hash() == state
    assert stack.lesions == ()
    assert stack.undo() is None


def test_projections_of_attention_are_lesioned_too() -> None:
    network = zoo("vit_b_16", image_size=64)
    names = [one.name for one in weight_layers(network)]
    attention = "encoder.layers.encoder_layer_0.self_attention"
    assert attention in names
    assert f"{attention}.out_proj" in names
    before = weights(network)[attention]
    after = weights(lesioned(network, Lesion("W-all", (attention,))))[attention]
    assert np.array_equal(np.sort(before, axis=None), np.sort(after, axis=None))
    assert not np.array_equal(before, after)


@pytest.mark.slow
def test_accuracy_falls_with_the_share_of_conv5_channels_removed() -> None:
    """05-dnnbrain, section 7, item 16: .854 .829 .762 .544 .294, accept +-.08, monotone."""
    network = mini_alexnet("A", 0)
    images, category, _curvy = shapeworld.test_set()
    *_, last = ablation_sweep(network, "conv5", images, category, draws=12)
    curve = last.accuracy.mean(0)
    assert (last.done, last.total) == (1024, 1024)
    assert curve[0] == pytest.approx(accuracy(network, images, category))
    np.testing.assert_allclose(curve, [0.854, 0.829, 0.762, 0.544, 0.294], atol=0.08)
    assert (np.diff(curve) < 0).all()


@pytest.mark.parametrize(("build", "layer"), [(mini, "conv4"), (lambda: zoo("resnet18"),
                                                                "layer2.0.conv1")])  # fmt: skip
def test_the_shared_pass_equals_ablating_one_by_one(build: Any, layer: str) -> None:
    """Also where a shortcut leads round the layer."""
    network = build()
    rng = np.random.default_rng(0)
    way = network.preprocessing
    images = rng.uniform(size=(12, way.height, way.width, 3)).astype(np.float32)
    labels = answers(network, way.prepare(images)).argmax(1).numpy()
    state = network.state_hash()
    *_, last = ablation_sweep(network, layer, images, labels, (0.0, 0.3, 0.9), draws=2, seed=1)
    assert last.accuracy[:, 0].tolist() == [1.0, 1.0]
    channels = next(len(one.weight) for one in weight_layers(network) if one.name == layer)
    draws = np.random.default_rng(1)
    for draw in range(2):
        order = draws.permutation(channels)
        for column, share in ((1, 0.3), (2, 0.9)):
            removed = tuple(int(c) for c in order[: round(share * channels)])
            copy = lesioned(network, Lesion("ablate", (layer,), channels=removed))
            assert last.accuracy[draw, column] == accuracy(copy, images, labels)
    assert network.state_hash() == state
    assert hooks(network) == 0


def test_a_sweep_refuses_what_cannot_be() -> None:
    network = mini()
    images = np.zeros((2, 32, 32, 3), np.float32)
    for arguments, words in (
        (("conv5", images, np.zeros(3, int)), "2 images and 3 labels"),
        (("conv5", images, np.zeros(2, int), (0.5, 1.5)), "from 0 to 1"),
        (("conv5", images, np.zeros(2, int), (0.5,), 0), "at least 1"),
        (("conv9", images, np.zeros(2, int)), "conv"),
    ):
        with pytest.raises(ParameterError, match=words):
            next(ablation_sweep(network, *arguments))  # type: ignore[arg-type]
