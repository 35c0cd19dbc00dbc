"""A unit's label, range and value; a layer's output as it was before later layers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from unit_networks import hooks, inputs, mini, seeded, zoo

from backend.core.parameters import ParameterError
from backend.networks.layers import layers
from backend.networks.runtime import torch
from backend.networks.units import (
    Unit,
    checked,
    layer_output,
    unit_from_numbers,
    values,
)


def test_numbers_start_at_1_for_people_and_at_0_inside() -> None:
    unit = unit_from_numbers("fc3", 131)
    assert unit == Unit("fc3", 130)
    assert unit.label() == "fc3 unit 131 (index 130)"
    assert Unit("conv2", 4, 2, 3).label() == "conv2 channel 5, row 3, column 4 (index 4, 2, 3)"
    with pytest.raises(ParameterError, match="numbered from 1; 0 is below"):
        unit_from_numbers("fc3", 0)


def test_an_output_units_label_has_its_category() -> None:
    network = mini()
    network.labels = tuple(f"thing {i}" for i in range(64))
    assert Unit("fc3", 3).label(network) == "fc3 unit 4 (index 3): thing 3"
    assert Unit("conv3", 3).label(network) == "conv3 channel 4 (index 3)"
    assert (
        Unit("fc3", 3, minus=Unit("fc3", 5)).label(network)
        == "fc3 unit 4 (index 3): thing 3 minus fc3 unit 6 (index 5): thing 5"
    )


@pytest.mark.parametrize(
    ("unit", "words"),
    [
        (Unit("conv3", 64), "conv3 has 64 channels, numbered 1 to 64; 65 was asked"),
        (Unit("conv3", -1), "0 was asked"),
        (Unit("conv3", 1, 8, 0), "8 rows, numbered 1 to 8; 9 was asked"),
        (Unit("conv3", 1, 0, 9), "8 columns"),
        (Unit("fc3", 1, 0), "one place only"),
        (Unit("fc3", 1, minus=Unit("fc2", 1)), "two units of one layer"),
        (Unit("fc3", 1, minus=Unit("fc3", 99)), "64 channels"),
        (Unit("conv33", 1), "conv3"),
    ],
)
def test_a_unit_outside_its_layer_is_refused_with_the_range(unit: Unit, words: str) -> None:
    with pytest.raises(ParameterError, match=words) as caught:
        checked(mini(), unit)
    assert len(caught.value.sentence.split()) <= 40


def test_values_are_the_stated_summaries() -> None:
    network = mini()
    x = inputs(network, 5)
    output = layer_output(network.module, "conv3", x).detach().numpy()
    for unit, expected in (
        (Unit("conv3", 7), output[:, 7].mean((1, 2))),
        (Unit("conv3", 7, summary="max"), output[:, 7].max((1, 2))),
        (Unit("conv3", 7, 2, 5), output[:, 7, 2, 5]),
        (Unit("conv3", 7, 2), output[:, 7, 2].mean(1)),
        (Unit("conv3", 7, None, 5), output[:, 7, :, 5].mean(1)),
        (Unit("conv3", summary="norm"), np.sqrt((output**2).sum((1, 2, 3)))),
        (Unit("conv3", 7, 2, 5, minus=Unit("conv3", 1)),
         output[:, 7, 2, 5] - output[:, 1].mean((1, 2))),
    ):  # fmt: skip
        np.testing.assert_allclose(values(network, unit, x, batch=2), expected, rtol=1e-4,
                                   atol=1e-5)  # fmt: skip


def test_the_output_before_an_in_place_relu_is_not_altered() -> None:
    """05-dnnbrain, section 7, item 1."""
    network = zoo("vgg11", 32)
    output = layer_output(network.module, "features.0", inputs(network))
    assert float(output.detach().min()) < 0


def test_the_second_call_of_a_shared_module_is_its_own_layer() -> None:
    nn = torch().nn

    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.fc = nn.Conv2d(3, 3, 3, padding=1), nn.Linear(3, 2)

        def forward(self, x: Any) -> Any:
            return self.fc(self.conv(self.conv(x)).mean((2, 3)))

    network = seeded(Twice, "twice")
    x = inputs(network)
    one = layer_output(network.module, "conv", x)
    two = layer_output(network.module, "conv#2", x)
    assert torch().equal(network.module.get_submodule("conv")(one), two)
    with pytest.raises(ParameterError, match="did not reach conv#3"):
        layer_output(network.module, "conv#3", x)
    assert hooks(network) == 0


def test_tokens_of_a_transformer_are_rows_and_features_are_channels() -> None:
    network = zoo("vit_b_16", image_size=64)
    norm = next(one for one in layers(network) if one.name == "encoder.ln")
    assert norm.shape == (17, 768)
    assert norm.channel_axis == 2
    x = inputs(network, 2)
    output = layer_output(network.module, "encoder.ln", x).detach().numpy()
    np.testing.assert_allclose(values(network, Unit("encoder.ln", 700, 16), x),
                               output[:, 16, 700], rtol=1e-4, atol=1e-5)  # fmt: skip
    with pytest.raises(ParameterError, match="17 tokens, numbered 1 to 17; 18 was asked"):
        checked(network, Unit("encoder.ln", 700, 17))
    with pytest.raises(ParameterError, match="by its row"):
        checked(network, Unit("encoder.ln", 700, 1, 1))


@pytest.mark.parametrize("name", ["swin_t", "convnext_tiny"])
def test_channels_are_found_where_maps_have_them_last(name: str) -> None:
    network = zoo(name)
    for layer in layers(network):
        module: Any = network.module.get_submodule(layer.name.partition("#")[0])
        known = getattr(module, "out_features", getattr(module, "out_channels", None))
        if known is not None and len(layer.shape) == 3:
            assert layer.channels == known, layer.name
        if layer.kind in ("GELU", "Permute", "StochasticDepth") and len(layer.shape) == 3:
            rows, columns = sorted(layer.shape)[:2]
            assert rows == columns
            assert layer.channels >= 96, layer.name
