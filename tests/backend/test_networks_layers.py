"""Layers, graph and receptive fields of networks, as one watched pass shows them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from backend.core.parameters import ParameterError
from backend.networks import zoo
from backend.networks.layers import find, layers, relu_layers
from backend.networks.mini import mini_alexnet, untrained
from backend.networks.network import Network, Preprocessing
from backend.networks.runtime import torch
from backend.networks.units import layer_output

FIELDS = {
    "alexnet": (
        ["features.0", "features.2", "features.3", "features.5", "features.6", "features.8",
         "features.10", "features.12"],
        [11, 19, 51, 67, 99, 131, 163, 195],
        [4, 8, 8, 16, 16, 16, 16, 32],
    ),
    "vgg11": (
        ["features.0", "features.3", "features.6", "features.8", "features.11", "features.13",
         "features.16", "features.18", "features.20"],
        [3, 8, 18, 26, 46, 62, 102, 134, 150],
        [1, 2, 4, 4, 8, 8, 16, 16, 32],
    ),
}  # fmt: skip
SEEN = (
    ("alexnet", 14), ("resnet18", 58), ("googlenet", 127), ("inception_v3", 190),
    ("densenet121", 365), ("shufflenet_v2_x0_5", 150), ("squeezenet1_1", 56),
    ("mnasnet0_5", 139), ("convnext_tiny", 152), ("mobilenet_v3_small", 6),
    ("deeplabv3_resnet50", 168),
)  # fmt: skip
"""Architectures, and how many of their layers see a square of the picture."""


def of(module: Any, side: int = 16, channels: int = 3) -> Network:
    mean = (0.0,) * channels
    return Network(module, "toy", Preprocessing(side, side, channels, mean, (1.0,) * channels))


def test_layers_come_in_the_order_of_the_pass_with_their_sources() -> None:
    found = layers(mini_alexnet())
    assert [one.name for one in found] == [
        "conv1", "relu1", "pool1", "conv2", "relu2", "pool2", "conv3", "relu3", "conv4", "relu4",
        "conv5", "relu5", "pool5", "flatten", "drop1", "fc1", "relu6", "drop2", "fc2", "relu7",
        "fc3",
    ]  # fmt: skip
    for before, after in itertools.pairwise(found):
        assert after.follows == (before.name,)
    first = found[0]
    assert (first.kind, first.shape, first.parameters) == ("Conv2d", (24, 32, 32), 1824)
    assert sum(one.parameters for one in found) == 367_536
    assert [one.name for one in relu_layers(mini_alexnet())] == [f"relu{i}" for i in range(1, 8)]


def test_fields_of_mini_alexnet() -> None:
    named = {one.name: one.field for one in layers(untrained())}
    sizes = [named[f"conv{i}"].size for i in range(1, 6)]  # type: ignore[union-attr]
    assert sizes == [5, 10, 20, 28, 36]
    assert named["pool5"].size == 40  # type: ignore[union-attr]
    assert named["fc1"] is None
    assert named["flatten"] is None


@pytest.mark.parametrize("name", FIELDS)
def test_fields_of_the_specification(name: str) -> None:
    network = zoo.build(name)
    paths, sizes, jumps = FIELDS[name]
    fields = [find(network, path).field for path in paths]
    assert [field.size for field in fields if field] == sizes
    assert [field.jump for field in fields if field] == jumps


def test_the_first_window_of_alexnet_lies_where_its_padding_puts_it() -> None:
    field = find(zoo.build("alexnet"), "features.0").field
    assert field is not None
    assert field.start == 3.5  # 0.5 + (11 - 1) / 2 - 2
    assert field.window(0, 1) == (-2, 2, 9, 13)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count"), SEEN)
def test_gradients_fill_the_field_and_never_leave_it(name: str, count: int) -> None:
    """Acceptance 12: the support of the gradient of one place, in six layers of each network."""
    network = zoo.build(name)
    sighted = [one for one in layers(network) if one.field is not None]
    assert len(sighted) == count
    x = torch().rand(1, *network.preprocessing.shape).requires_grad_()
    for layer in [*sighted[:: max(1, len(sighted) // 5)], sighted[-1]]:
        output = layer_output(network.module, layer.name, x).movedim(layer.channel_axis, 1)
        row, column = output.shape[-2] // 2, output.shape[-1] // 2
        (gradient,) = torch().autograd.grad(output[..., row, column].square().sum(), x)
        lit = gradient.abs()[0].sum(0) > 0
        if not lit.any():
            continue
        rows, columns = lit.any(1).nonzero().flatten(), lit.any(0).nonzero().flatten()
        assert layer.field is not None
        top, left, bottom, right = layer.field.window(row, column)
        height, width = x.shape[-2:]
        assert (int(rows[0]), int(rows[-1]) + 1) == (max(top, 0), min(bottom, height)), layer
        assert (int(columns[0]), int(columns[-1]) + 1) == (max(left, 0), min(right, width)), layer


def test_a_sum_joins_fields_and_a_gate_that_sees_all_takes_them_away() -> None:
    nn = torch().nn

    class Toy(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.narrow = nn.Conv2d(3, 4, 1)
            self.wide = nn.Conv2d(3, 4, (5, 3), padding=(2, 1))
            self.joined = nn.ReLU()
            self.gated = nn.Identity()
            self.pooled = nn.AvgPool2d(2)

        def forward(self, x: Any) -> Any:
            both = self.joined(self.narrow(x) + self.wide(x))
            half = self.pooled(both)
            self.gated(both * both.mean((2, 3), keepdim=True).sigmoid())
            return half.flatten(1)

    network = of(Toy())
    joined = find(network, "joined")
    assert joined.follows == ("narrow", "wide")
    assert joined.field is not None
    assert joined.field.rows is not None
    assert joined.field.columns is not None
    assert (joined.field.rows.size, joined.field.columns.size, joined.field.size) == (5, 3, 5)
    half = find(network, "pooled").field
    assert half is not None
    assert (half.size, half.jump, half.start) == (6, 2, 1)
    assert find(network, "gated").field is None


def test_functional_operations_keep_graph_and_field() -> None:
    nn = torch().nn

    class Toy(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.a = nn.Conv2d(3, 4, 3, padding=1)
            self.b = nn.Conv2d(8, 4, 3, padding=2, dilation=2)
            self.end = nn.Linear(4 * 8 * 8, 5)

        def forward(self, x: Any) -> Any:
            functional = nn.functional
            y = functional.relu(self.a(x))
            y = torch().cat([y, functional.max_pool2d(y, 3, 1, 1)], 1)
            y = functional.avg_pool2d(functional.relu_(self.b(y)), 2)
            return self.end(y.reshape(len(y), -1))

    network = of(Toy())
    b = find(network, "b")
    assert b.follows == ("a",)
    assert b.field is not None
    assert b.field.size == 3 + 2 + 4
    assert b.altered  # relu_ writes over it
    assert find(network, "end").follows == ("b",)


def test_a_module_that_is_called_twice_is_two_layers() -> None:
    nn = torch().nn

    class Toy(nn.Module):  # type: ignore[name-defined, misc]
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)
            self.relu = nn.ReLU(inplace=True)

        def forward(self, x: Any) -> Any:
            return self.relu(self.conv(self.relu(self.conv(x))))

    found = layers(of(Toy()))
    assert [one.name for one in found] == ["conv", "relu", "conv#2", "relu#2"]
    assert [one.field.size for one in found if one.field] == [3, 3, 5, 5]
    assert found[2].follows == ("relu",)
    assert [one.altered for one in found] == [True, False, True, False]


def test_channels_are_found_in_maps_tokens_and_windows() -> None:
    vit = zoo.build("vit_b_16")
    axes = {one.name: (one.channel_axis, one.channels) for one in layers(vit)}
    assert axes["conv_proj"] == (1, 768)
    assert axes["encoder.layers.encoder_layer_0.ln_1"] == (2, 768)
    assert axes["encoder.layers.encoder_layer_0.mlp.0"] == (2, 3072)
    assert axes["heads.head"] == (1, 1000)
    swin = {one.name: one for one in layers(zoo.build("swin_t"))}
    assert swin["features.1.0.attn"].channel_axis == 3
    assert swin["features.1.0.attn"].shape == (56, 56, 96)
    convnext = {one.name: one.channel_axis for one in layers(zoo.build("convnext_tiny"))}
    assert convnext["features.1.0.block.0"] == 1
    assert convnext["features.1.0.block.3"] == 3


def test_heads_of_attention_are_a_layer_and_change_nothing() -> None:
    library = torch()
    plain = library.nn.MultiheadAttention(12, 3, batch_first=True).eval()
    from backend.networks.attention import open_heads

    x = library.rand(2, 5, 12)
    with library.no_grad():
        expected, weights = plain(x, x, x, average_attn_weights=False)
        value = (x @ plain.in_proj_weight[24:].T + plain.in_proj_bias[24:]).unflatten(-1, (3, 4))
        read = library.einsum("bhqk,bkhd->bhqd", weights, value)
    keys = list(plain.state_dict())
    opened = open_heads(library.nn.Sequential(plain))[0]
    assert list(opened.state_dict()) == keys
    heard: list[Any] = []
    opened.heads.register_forward_hook(lambda *call: heard.append(call[2]))
    with library.no_grad():
        found, _ = opened(x, x, x, need_weights=False)
    assert library.allclose(found, expected, atol=1e-6)
    assert library.allclose(heard[0], read, atol=1e-6)
    heads = find(zoo.build("vit_b_16"), "encoder.layers.encoder_layer_3.self_attention.heads")
    assert (heads.channel_axis, heads.channels, heads.shape) == (1, 12, (12, 197, 64))


def test_a_name_that_is_none_gets_the_nearest() -> None:
    with pytest.raises(ParameterError, match="conv3"):
        find(mini_alexnet(), "conv33")


def test_layers_are_found_anew_when_the_structure_changes() -> None:
    network = mini_alexnet()
    before = layers(network)
    assert layers(network) is before
    network.module.fc3 = torch().nn.Linear(256, 7)
    assert layers(network)[-1].shape == (7,)


def test_a_network_that_does_not_run_says_so_and_keeps_no_hook() -> None:
    nn = torch().nn
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(7, 2))
    with pytest.raises(ParameterError, match=r"toy does not run on pictures of 3 × 16 × 16: mat1"):
        layers(of(module))
    assert not any(part._forward_hooks for part in module.modules())


def test_outputs_in_dictionaries_and_clips_have_their_layers() -> None:
    segmented = zoo.build("lraspp_mobilenet_v3_large")
    assert layers(segmented)[-1].shape[0] == 21
    clips = zoo.build("r3d_18")
    first = layers(clips)[0]
    assert first.shape == (64, 16, 56, 56)
    assert first.field is not None
    assert (first.field.size, first.field.jump) == (7, 2)
