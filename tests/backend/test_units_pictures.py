"""Minimal, masked and occluded images, upsampled maps and empirical fields on real pictures."""

from __future__ import annotations

import numpy as np
import pytest
from unit_networks import answers, inputs, mini, pictures, zoo

from backend.core.parameters import ParameterError
from backend.core.run import Cancelled
from backend.networks.empirical_field import empirical_field, upsampling_map
from backend.networks.layers import find
from backend.networks.masked_image import masked_image, salient_hull
from backend.networks.mini import mini_alexnet
from backend.networks.minimal_image import SEGMENTATIONS, minimal_image, segments
from backend.networks.occluder import occluder_map
from backend.networks.runtime import torch
from backend.networks.units import Unit, layer_output, values
from backend.stimuli import shapeworld


@pytest.fixture(scope="module")
def shapes() -> tuple[np.ndarray, np.ndarray]:
    images, category, _curvy = shapeworld.test_set(1)
    return images, category


def test_the_batched_occluder_map_equals_a_loop() -> None:
    """05-dnnbrain, section 7, item 17: 169 positions, within 1e-4."""
    network = mini_alexnet("A", 0)
    image = pictures(network, 1)[0]
    for fill in ("mean", "black", "noise"):
        batched = occluder_map(network, image, Unit("fc3", 3), (8, 8), (2, 2), fill, seed=4)  # type: ignore[arg-type]
        assert batched.values.shape == (13, 13)
        x = network.preprocessing.prepare(image[None])
        cover = {"mean": x.mean((2, 3), keepdim=True).expand_as(x), "black": -torch().ones_like(x)}
        cover["noise"] = torch().tensor(
            2 * np.random.default_rng(4).uniform(size=(1, 3, 32, 32)) - 1, dtype=torch().float32
        )
        whole = float(answers(network, x)[0, 3])
        for row in range(13):
            for column in range(13):
                covered = x.clone()
                place = np.s_[..., 2 * row : 2 * row + 8, 2 * column : 2 * column + 8]
                covered[place] = cover[fill][place]
                loss = whole - float(answers(network, covered)[0, 3])
                assert batched.values[row, column] == pytest.approx(loss, abs=1e-4)


def test_an_occluder_picture_is_the_mean_loss_over_each_pixel() -> None:
    network = mini()
    result = occluder_map(network, pictures(network, 1)[0], Unit("fc3", 3), (16, 8), (16, 12))
    picture = result.as_picture()
    assert picture.shape == (32, 32)
    assert picture[3, 2] == pytest.approx(result.values[0, 0])
    assert picture[20, 30] == pytest.approx(result.values[1, 2])
    assert picture[3, 10] == 0  # between two windows


def test_what_lies_outside_the_receptive_field_costs_nothing() -> None:
    network = mini()
    unit = Unit("conv2", 5, 8, 8)
    result = occluder_map(network, pictures(network, 1)[0], unit, (4, 4), (4, 4))
    field = find(network, "conv2").field
    assert field is not None
    assert field.size < 16
    assert result.values[3:5, 3:5].any()
    assert np.abs(result.values[0]).max() < 1e-6
    assert np.abs(result.values[:, 7]).max() < 1e-6


def test_occluder_refusals_and_cancel() -> None:
    network = mini()
    image = pictures(network, 1)[0]
    for arguments, words in (
        (((33, 8), (2, 2)), "height is 33 px"),
        (((8, 0), (2, 2)), "width is 0 px"),
        (((8, 8), (0, 2)), "starts at 1"),
        (((8, 8), (2, 2), "pink"), "no fill"),
    ):
        with pytest.raises(ParameterError, match=words):
            occluder_map(network, image, Unit("fc3", 1), *arguments)  # type: ignore[arg-type]
    done = []

    def check() -> None:
        if done:
            raise Cancelled

    with pytest.raises(Cancelled):
        occluder_map(network, image, Unit("fc3", 1), (2, 2), (1, 1), check=check,
                     progress=lambda one, of: done.append((one, of)))  # fmt: skip
    assert done[0][1] == 961


@pytest.mark.parametrize("kind", SEGMENTATIONS)
def test_segments_tile_the_picture(kind: str, shapes: tuple[np.ndarray, np.ndarray]) -> None:
    for picture in (shapes[0][0], shapes[0][0][..., :1], np.full((20, 30, 3), 0.5)):
        labels = segments(picture, kind, 16)  # type: ignore[arg-type]
        assert labels.shape == picture.shape[:2]
        assert np.array_equal(np.unique(labels), np.arange(labels.max() + 1))
    assert segments(np.zeros((32, 32, 3)), "grid", 16).max() == 15


@pytest.mark.parametrize("kind", SEGMENTATIONS)
def test_the_minimal_image_is_the_stated_prefix(
    kind: str, shapes: tuple[np.ndarray, np.ndarray]
) -> None:
    network = mini_alexnet("A", 0)
    images, category = shapes
    for number in (3, 20):
        unit = Unit("fc3", int(category[number]))
        largest = minimal_image(network, images[number], unit, kind)  # type: ignore[arg-type]
        x = network.preprocessing.prepare(largest.picture[None])
        value = float(answers(network, x)[0, unit.channel])
        assert value == pytest.approx(largest.prefixes.max(), abs=1e-4)
        assert largest.kept == largest.prefixes.argmax() + 1
        assert (np.diff(largest.alone[largest.order]) <= 0).all()
        assert largest.prefixes[-1] == pytest.approx(largest.full, abs=1e-4)
        kept = np.isin(largest.labels, largest.order[: largest.kept])
        assert np.array_equal(kept, largest.mask)
        np.testing.assert_array_equal(largest.picture[kept], images[number][kept])
        small = minimal_image(network, images[number], unit, kind, "90 %")  # type: ignore[arg-type]
        assert small.reached
        assert small.prefixes[small.kept - 1] >= 0.9 * small.full
        assert (small.prefixes[: small.kept - 1] < 0.9 * small.full).all()


def test_the_masked_image_shrinks_to_the_last_mask_above_90_percent(
    shapes: tuple[np.ndarray, np.ndarray],
) -> None:
    network = mini_alexnet("A", 0)
    images, category = shapes
    shrunk = 0
    for number in range(0, 64, 8):
        unit = Unit("fc3", int(category[number]))
        result = masked_image(network, images[number], unit, k=0.5)
        x = network.preprocessing.prepare(result.picture[None])
        value = float(answers(network, x)[0, unit.channel])
        assert value == pytest.approx(result.activations[result.erosions], abs=1e-4)
        if result.enough:
            assert (result.activations[: result.erosions + 1] >= 0.9 * result.baseline).all()
            assert len(result.activations) == result.erosions + 2
            assert result.activations[-1] < 0.9 * result.baseline
            shrunk += result.erosions > 0
        hull = salient_hull(images[number], 0.5)
        assert not (result.mask & ~hull).any()
    assert shrunk > 0
    with pytest.raises(ParameterError, match="Lower k"):
        masked_image(network, images[0], Unit("fc3", 0), k=50)


def test_an_image_that_does_not_excite_the_unit_is_named() -> None:
    network = mini()
    image = pictures(network, 1)[0]
    weakest = int(answers(network, network.preprocessing.prepare(image[None]))[0].argmin())
    with pytest.raises(ParameterError, match="Choose a picture that excites it"):
        masked_image(network, image, Unit("fc3", weakest))
    with pytest.raises(ParameterError, match="Use the largest"):
        minimal_image(network, image, Unit("fc3", weakest), "grid", "90 %")


def test_an_upsampled_map_is_the_channel_at_the_inputs_size() -> None:
    from skimage.transform import resize

    network = mini()
    x = inputs(network, 1)
    channel = layer_output(network.module, "conv3", x)[0, 4].detach().numpy()
    whole = upsampling_map(network, x, Unit("conv3", 4), 0.0)
    assert whole.shape == (32, 32)
    peer = resize(channel, (32, 32), order=1, mode="edge", anti_aliasing=False)
    np.testing.assert_allclose(whole, peer, atol=1e-5)
    clipped = upsampling_map(network, x, Unit("conv3", 4))
    assert (clipped != 0).mean() == pytest.approx(0.32, abs=0.01)
    with pytest.raises(ParameterError, match="needs a channel with a map"):
        upsampling_map(network, x, Unit("fc3", 4))


@pytest.mark.parametrize("source", ["upsampling", "occluder"])
def test_an_empirical_field_finds_a_spot_wherever_it_is_shown(source: str) -> None:
    """A channel that answers to a bright 5 px spot only: its field is about that spot's size."""
    nn = torch().nn
    network = mini()
    conv = nn.Conv2d(3, 1, 5, padding=2)
    with torch().no_grad():
        conv.weight.fill_(1.0)
        conv.bias.fill_(-2.0 - 37.5)
    network.module = nn.Sequential(conv, nn.ReLU()).eval()
    images = np.zeros((4, 32, 32, 3), np.float32) + 0.5
    for image, (row, column) in zip(images, ((8, 8), (20, 9), (15, 24), (25, 20)), strict=True):
        image[row - 2 : row + 3, column - 2 : column + 3] = 1.0
    unit = Unit("1", 0, summary="max")
    field = empirical_field(network, images, unit, source, window=3, stride=1)  # type: ignore[arg-type]
    assert field.used == 4
    assert np.unravel_index(field.field.argmax(), (32, 32)) == (16, 16)
    assert 2 < field.size < 9
    if source == "upsampling":
        assert field.peaks.tolist() == [[8, 8], [20, 9], [15, 24], [25, 20]]
    with pytest.raises(ParameterError, match="No image excites"):
        empirical_field(network, np.zeros((2, 32, 32, 3), np.float32), unit)


def test_pictures_of_another_size_are_prepared_like_any() -> None:
    network = zoo("resnet18")
    picture = np.random.default_rng(0).uniform(size=(80, 100, 3)).astype(np.float32)
    x = network.preprocessing.prepare(picture[None])
    channel = int(answers(network, x)[0].argmax())
    result = minimal_image(network, picture, Unit("fc", channel), "grid", count=9)
    assert result.labels.shape == (80, 100)
    assert result.full == pytest.approx(float(values(network, Unit("fc", channel), x)[0]), abs=1e-3)
