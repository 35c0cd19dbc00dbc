"""Noise sets: what was asked is in the pixels, weights are kept, refusals name the fix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from backend.core.parameters import ParameterError
from backend.stimuli import generator as module
from backend.stimuli import noise_fields
from backend.stimuli.generator import make_set
from backend.stimuli.generators import faces_noise, noise, noise_form
from backend.stimuli.generators.faces_noise import FaceNoiseParameters
from backend.stimuli.generators.noise import NoiseParameters
from backend.stimuli.noise_basis import mixed, noise_basis

BOTH = [noise.GENERATOR, faces_noise.GENERATOR]
PRESETS = [(one, preset.name) for one in BOTH for preset in one.presets]


@pytest.mark.parametrize(("generator", "preset"), PRESETS, ids=lambda v: getattr(v, "id", v))
def test_bytes_do_not_depend_on_threads(
    generator: Any, preset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    parameters = generator.parameters_of(preset).changed(n=13, side=64)
    one = make_set(generator, parameters)
    monkeypatch.setattr(module, "CHUNK_BYTES", 3 * 64 * 64)
    three = make_set(generator, parameters, threads=3)
    assert np.array_equal(one.images, three.images)
    assert one.table == three.table
    assert one.arrays.keys() == three.arrays.keys()
    assert all(np.array_equal(one.arrays[key], three.arrays[key]) for key in one.arrays)
    assert generator.methods(parameters).endswith(".")
    assert generator.preview(parameters, 2).image.tolist() == one.images[2].tolist()


def test_the_weights_of_a_set_make_its_images_again() -> None:
    parameters = FaceNoiseParameters(n=6, side=64, gain=1.5)
    made = make_set(faces_noise.GENERATOR, parameters)
    base = faces_noise.base_of(parameters, 64)
    again = mixed(base, noise_basis(64).images(made.arrays["theta"]), 1.5)
    assert np.abs(again * 255 - made.images).max() <= 0.51
    assert made.synthetic == "synthetic faces"


def test_pairs_are_base_plus_and_minus_the_same_noise() -> None:
    parameters = FaceNoiseParameters(n=7, side=64, pairs=True)
    made = make_set(faces_noise.GENERATOR, parameters)
    assert made.table["sign"] == ["+", "-", "+", "-", "+", "-", "+"]
    assert made.table["trial"] == [0, 0, 1, 1, 2, 2, 3]
    theta = made.arrays["theta"]
    assert np.array_equal(theta[0], -theta[1])
    mean = (made.images[0].astype(float) + made.images[1]) / 2 / 255
    base = faces_noise.base_of(parameters, 64)
    assert mean == pytest.approx(0.25 + base / 2, abs=0.006)


def test_too_many_weights_become_seeds_that_make_them_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parameters = FaceNoiseParameters(n=9, side=16, pairs=True)
    whole = make_set(faces_noise.GENERATOR, parameters)
    with_weights = faces_noise.GENERATOR.bytes_of(parameters)
    monkeypatch.setattr(noise_form, "LARGEST_THETA", 1000)
    small = make_set(faces_noise.GENERATOR, parameters)
    assert "theta" not in small.arrays
    assert faces_noise.GENERATOR.bytes_of(parameters) == with_weights - 9 * 4092 * 4
    assert "seeds" in faces_noise.GENERATOR.check(parameters)[0].title
    assert np.array_equal(noise_form.set_theta(small), whole.arrays["theta"])
    chosen = small.select([4, 1], "Took two.")
    assert np.array_equal(noise_form.set_theta(chosen), whole.arrays["theta"][[4, 1]])


@pytest.mark.parametrize("generator", BOTH, ids=lambda g: g.id)
def test_a_side_that_is_no_multiple_of_16_names_the_nearest(generator: Any) -> None:
    with pytest.raises(ParameterError) as refused:
        generator.check(generator.Parameters(side=500))
    assert refused.value.sentence == "Side 500 is not a multiple of 16. Use 496 or 512."
    assert refused.value.fix == 496
    assert refused.value.field == "side"


def test_no_scale_at_all_is_refused() -> None:
    off = {f"scale_{cycles}": False for cycles in (2, 4, 8, 16, 32)}
    with pytest.raises(ParameterError, match="No noise scale is switched on"):
        noise.GENERATOR.check(NoiseParameters(**off))
    only = NoiseParameters(**{**off, "scale_8": True}, n=2, side=64)
    assert make_set(noise.GENERATOR, only).arrays["theta"].shape == (2, 192)
    assert [caption for caption, _ in noise.GENERATOR.preview(only).strip] == ["8"]


@pytest.mark.parametrize("kind", ["white", "pink", "band-passed", "phase-scrambled"])
def test_contrast_is_what_was_asked(kind: str) -> None:
    made = make_set(noise.GENERATOR, NoiseParameters(kind=kind, n=4, side=128, contrast=0.12))
    luminance = made.images / 255
    assert luminance.std(axis=(1, 2)) == pytest.approx(0.12, abs=0.003)
    assert luminance.mean(axis=(1, 2)) == pytest.approx(0.5, abs=0.003)
    assert made.table["rms"] == pytest.approx(list(luminance.std(axis=(1, 2))), abs=0.002)


def test_spectra_are_what_was_asked() -> None:
    def slope(image: np.ndarray) -> float:
        f, power = noise_fields.radial_spectrum(image)
        inside = (f >= 4) & (f <= 60)
        return float(np.polyfit(np.log(f[inside]), np.log(power[inside]), 1)[0])

    rng = np.random.default_rng(0)
    assert slope(noise_fields.white(rng, 256)) == pytest.approx(0.0, abs=0.1)
    assert slope(noise_fields.pink(rng, 256, 1.0)) == pytest.approx(-2.0, abs=0.1)
    assert slope(noise_fields.pink(rng, 256, 1.5)) == pytest.approx(-3.0, abs=0.1)
    f, power = noise_fields.radial_spectrum(noise_fields.band_passed(rng, 256, 8, 20))
    inside = (f >= 8) & (f <= 20)
    assert power[(f < 7) | (f > 21)].max() < 1e-6 * power[inside].min()
    grating = np.sin(2 * np.pi * 12 * np.arange(128) / 128) * np.ones((128, 1))
    f, power = noise_fields.radial_spectrum(grating)
    assert f[power.argmax()] == 12


def test_scrambling_keeps_amplitudes_and_loses_the_picture() -> None:
    picture = noise_form.base_picture("camera", 128)
    field = noise_fields.phase_scrambled(np.random.default_rng(1), picture)
    kept = np.abs(np.fft.rfft2(field))[1:, 1:-1] / np.abs(np.fft.rfft2(picture))[1:, 1:-1]
    assert kept.std() / kept.mean() < 0.01
    assert abs(np.corrcoef(field.ravel(), picture.ravel())[0, 1]) < 0.3


def test_a_band_in_degrees_follows_the_visual_angle() -> None:
    band = {"kind": "band-passed", "unit": "cycles/°", "low": 1.0, "high": 2.0, "size": 10.0}
    image = make_set(noise.GENERATOR, NoiseParameters(**band, n=1, side=128)).images[0] / 255
    f, power = noise_fields.radial_spectrum(image)
    assert 10 <= f[power.argmax()] <= 20
    with pytest.raises(ParameterError, match="The band is empty"):
        noise.GENERATOR.check(NoiseParameters(kind="band-passed", low=9.0, high=3.0))
    with pytest.raises(ParameterError, match="No frequency of a 32 px picture"):
        noise.GENERATOR.check(NoiseParameters(kind="band-passed", low=200.0, high=300.0, side=32))


@pytest.mark.parametrize(
    ("shape", "value", "words"),
    [((40, 40), 128, "Every pixel of the base picture is 128"),
     ((30, 40), None, r"40 × 30 px. A base picture must be square")],
)  # fmt: skip
def test_base_pictures_that_cannot_serve_are_refused(
    tmp_path: Path, shape: tuple[int, int], value: int | None, words: str
) -> None:
    rng = np.random.default_rng(0)
    pixels = np.full(shape, value) if value else rng.integers(0, 255, shape)
    path = tmp_path / "gesicht ü.png"
    Pillow.fromarray(pixels.astype(np.uint8)).save(path)
    with pytest.raises(ParameterError, match=words) as refused:
        faces_noise.GENERATOR.check(FaceNoiseParameters(base="file", file=str(path), side=64))
    assert refused.value.field == "file"


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n", b"no picture at all"])
def test_damaged_and_missing_files_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "face.png"
    path.write_bytes(content)
    for name in (str(path), str(tmp_path / "none.png"), ""):
        with pytest.raises(ParameterError):
            faces_noise.GENERATOR.check(FaceNoiseParameters(base="file", file=name, side=64))


def test_the_preview_shows_base_noise_and_scales() -> None:
    preview = faces_noise.GENERATOR.preview(FaceNoiseParameters(gain=1.4), side=256)
    assert preview.image.shape == (256, 256)
    assert [caption for caption, _ in preview.ingredients] == [
        "base, gender 0.00", "+ noise, gain 1.40",
    ]  # fmt: skip
    assert [caption for caption, _ in preview.strip] == ["2", "4", "8", "16", "32"]
    assert ("Width on the screen", None, "10.0 cm") in preview.facts
