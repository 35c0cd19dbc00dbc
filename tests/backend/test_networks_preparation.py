"""How pictures become a network's input, and what a network knows of itself."""

from __future__ import annotations

import numpy as np
import pytest

from backend.core.parameters import ParameterError
from backend.networks.mini import PARAMETERS, untrained
from backend.networks.network import Preprocessing
from backend.networks.runtime import torch, torchvision

PLAIN = Preprocessing(4, 6, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


def test_bytes_and_fractions_give_the_same_input() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 4, 6, 3), dtype=np.uint8)
    one = PLAIN.prepare(pixels)
    two = PLAIN.prepare(pixels.astype(np.float32) / 255)
    assert one.shape == (2, 3, 4, 6)
    assert torch().allclose(one, two, atol=1e-7)
    np.testing.assert_allclose(one[1, 2].numpy(), pixels[1, :, :, 2] / 255, atol=1e-7)


def test_normalisation_is_mean_and_deviation_of_each_channel() -> None:
    way = Preprocessing(2, 2)
    grey = np.full((1, 2, 2, 3), 0.5, np.float32)
    given = grey.copy()
    found = way.prepare(grey)[0, :, 0, 0].numpy()
    np.testing.assert_allclose(found, (0.5 - np.array(way.mean)) / np.array(way.std), rtol=1e-6)
    np.testing.assert_array_equal(grey, given)  # the caller's pictures are left alone


def test_grey_fills_every_channel_and_transparency_is_dropped() -> None:
    grey = np.random.default_rng(1).uniform(size=(2, 4, 6)).astype(np.float32)
    found = PLAIN.prepare(grey)
    for channel in range(3):
        np.testing.assert_array_equal(found[:, channel].numpy(), grey)
    clear = np.concatenate([np.repeat(grey[..., None], 3, 3), np.zeros((2, 4, 6, 1))], 3)
    np.testing.assert_array_equal(PLAIN.prepare(clear.astype(np.float32)).numpy(), found.numpy())


def test_colour_becomes_luminance_for_a_network_with_one_channel() -> None:
    way = Preprocessing(1, 1, channels=1, mean=(0.0,), std=(1.0,))
    red = np.zeros((1, 1, 1, 3), np.uint8)
    red[..., 0] = 255
    assert float(way.prepare(red)) == pytest.approx(0.299)


def test_aspect_cuts_the_middle_and_stretch_keeps_everything() -> None:
    wide = np.zeros((1, 8, 24, 3), np.float32)
    wide[:, :, 8:16] = 1  # the middle third
    cut = Preprocessing(8, 8, mean=(0.0,) * 3, std=(1.0,) * 3)
    assert float(cut.prepare(wide).min()) == 1
    stretched = Preprocessing(8, 8, mean=(0.0,) * 3, std=(1.0,) * 3, resize="stretch")
    assert float(stretched.prepare(wide).mean()) == pytest.approx(1 / 3, abs=0.02)
    with pytest.raises(ParameterError, match="8 × 8 px; these pictures have 24 × 8"):
        Preprocessing(8, 8, resize="none").prepare(wide)


def test_published_preparation_equals_torchvision_s() -> None:
    """Resize 256, crop 224, normalise, as the pretrained networks were tested."""
    from backend.networks.zoo import entry

    torchvision()
    from torchvision.transforms.v2.functional import to_image

    picture = np.random.default_rng(2).integers(0, 256, (300, 500, 3), dtype=np.uint8)
    for name in ("alexnet", "swin_t", "inception_v3"):
        published = torchvision().models.get_model_weights(name).DEFAULT.transforms()
        expected = published(to_image(picture))
        found = entry(name).weights[0].preprocessing.prepare(picture[None])[0]
        difference = float((found - expected).abs().max())
        assert difference < 0.06  # torchvision rounds to bytes after resizing: 1 / 255 / 0.224
        assert float((found - expected).abs().mean()) < 0.012


def test_a_still_picture_fills_a_clip_and_frames_are_chosen_evenly() -> None:
    way = Preprocessing(2, 2, mean=(0.0,) * 3, std=(1.0,) * 3, frames=4)
    still = way.prepare(np.full((1, 2, 2, 3), 0.25, np.float32))
    assert still.shape == (1, 3, 4, 2, 2)
    assert float(still.min()) == float(still.max()) == 0.25
    clip = np.zeros((1, 10, 2, 2, 3), np.float32)
    clip += np.arange(10).reshape(1, 10, 1, 1, 1) / 10
    found = way.prepare(clip)[0, 0, :, 0, 0].numpy()
    np.testing.assert_allclose(found, [0.0, 0.3, 0.6, 0.9], atol=1e-6)


@pytest.mark.parametrize(
    ("pictures", "words"),
    [
        (np.zeros((2, 4)), "these are 2 × 4"),
        (np.zeros((1, 4, 6, 3), np.int32), "these are int32"),
        (np.full((1, 4, 6, 3), 7.5), "values go from 7.5 to 7.5"),
        (np.full((1, 4, 6, 3), np.nan), "values go from nan to nan"),
        (np.zeros((1, 0, 6, 3), np.uint8), "these are 1 × 0 × 6 × 3"),
    ],
)
def test_what_is_no_picture_is_said(pictures: np.ndarray, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        PLAIN.prepare(pictures)


def test_hash_follows_every_weight_and_copies_are_apart() -> None:
    network = untrained("A", 0)
    assert network.parameters == PARAMETERS
    before = network.state_hash()
    copy = network.copy()
    assert copy.state_hash() == before
    with torch().no_grad():
        copy.module.fc3.bias[0] += 1e-6
    assert copy.state_hash() != before
    assert network.state_hash() == before
    assert not network.module.training


def test_initial_weights_depend_on_the_seed_and_leave_the_generator_alone() -> None:
    library = torch()
    library.manual_seed(7)
    before = library.get_rng_state()
    one, two, other = untrained("A", 3), untrained("A", 3), untrained("A", 4)
    assert library.equal(library.get_rng_state(), before)
    assert one.state_hash() == two.state_hash() != other.state_hash()
    weight = one.module.fc2.weight.detach()
    assert float(weight.std()) == pytest.approx((2 / 256) ** 0.5, rel=0.02)  # fan-in He
    assert not one.module.conv1.bias.any()
    biases = untrained("B", 3).module.fc1.bias.detach()
    assert float(biases.abs().max()) <= 0.3
    assert float(biases.abs().max()) > 0.25


def test_torch_leaves_one_core_to_the_window(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from backend.networks import runtime

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(runtime.os, "sched_getaffinity", lambda _: range(8), raising=False)
    assert runtime.threads() == 7
    monkeypatch.setattr(runtime.os, "sched_getaffinity", lambda _: range(1), raising=False)
    assert runtime.threads() == 1
    monkeypatch.setattr(runtime.os, "sched_getaffinity", lambda _: range(8), raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert runtime.threads() == 2
