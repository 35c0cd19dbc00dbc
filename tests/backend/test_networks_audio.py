"""Sounds and clips enter networks through the same interface as pictures."""

from __future__ import annotations

import numpy as np
import pytest

from backend.core.parameters import ParameterError
from backend.networks import zoo
from backend.networks.audio import SoundPreprocessing, example_clip, example_sound, mel_weights
from backend.networks.layers import layers
from backend.networks.opening import open_network
from backend.networks.scan import scan

WAY = SoundPreprocessing(96, 64, channels=1, mean=(0.0,), std=(1.0,), resize="none")


def tone(hertz: float, rate: int = 16_000, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


def test_a_tone_lights_the_band_it_lies_in() -> None:
    edges = np.linspace(*1127 * np.log1p(np.array([125, 7500]) / 700), 66)  # type: ignore[call-overload]
    centres = 700 * np.expm1(edges[1:-1] / 1127)
    for hertz in (400.0, 1500.0, 5000.0):
        patch = WAY.patch(tone(hertz))
        assert patch.shape == (96, 64)
        brightest = int(patch.mean(0).argmax())
        assert abs(np.argmin(np.abs(centres - hertz)) - brightest) <= 1


def test_the_patch_is_the_written_out_formula() -> None:
    sound = np.random.default_rng(0).uniform(-1, 1, 16_000)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    weights, row = mel_weights(64), 37
    start = (16_000 - (95 * 160 + 400)) // 2 // 160 * 160
    assert start == 160
    window = sound[start + row * 160 : start + row * 160 + 400] * hann
    spectrum = [abs(np.sum(window * np.exp(-2j * np.pi * k * np.arange(400) / 512)))
                for k in range(257)]  # fmt: skip
    expected = np.log(np.array(spectrum) @ weights + 0.01)
    np.testing.assert_allclose(WAY.patch(sound)[row], expected, rtol=1e-5, atol=1e-5)


def test_short_sounds_end_in_silence_and_other_rates_are_resampled() -> None:
    short = WAY.patch(tone(1000.0, seconds=0.2))
    np.testing.assert_allclose(short[-1], np.log(0.01), atol=1e-6)
    fast = SoundPreprocessing(96, 64, channels=1, mean=(0.0,), std=(1.0,), rate=48_000)
    np.testing.assert_allclose(fast.patch(tone(1000.0, 48_000))[40], WAY.patch(tone(1000.0))[40],
                               atol=0.3)  # fmt: skip


def test_a_network_of_sounds_is_scanned_like_any_other() -> None:
    network = open_network("vggish")
    assert network.kind == "audio"
    assert network.parameters == zoo.entry("vggish").parameters
    sounds = np.stack([example_sound(), example_sound()[::-1]])
    found = scan(network, sounds, ["features.0", "embeddings.4"])
    assert found.shapes == {"features.0": (2, 64, 96, 64), "embeddings.4": (2, 128, 1, 1)}
    assert not np.allclose(*found.arrays["embeddings.4"])
    assert layers(network)[0].field is not None
    with pytest.raises(ParameterError, match="Sounds are n × samples"):
        network.preprocessing.prepare(np.full((1, 16_000), 300.0))


def test_the_example_clip_moves_and_enters_a_network_of_films() -> None:
    clip = example_clip()
    assert clip.shape == (16, 128, 128, 3)
    assert clip.min() >= 0
    assert clip.max() <= 1
    lit = np.abs(clip - 0.5).sum((1, 3))
    centre = (lit * np.arange(128)).sum(1) / lit.sum(1)
    assert (np.diff(centre) > 2).all()
    way = zoo.entry("r3d_18").preprocessing
    assert way.prepare(clip[None]).shape == (1, 3, 16, 112, 112)


def test_the_example_sound_is_a_second_of_sound() -> None:
    sound = example_sound()
    assert sound.dtype == np.float32
    assert 0.3 < np.abs(sound).max() <= 1
    assert WAY.patch(sound).std() > 0.5
