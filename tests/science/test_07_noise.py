"""The noise basis is the one of paper 07 (face gender reverse correlation, section 7, 1 to 5)."""

from __future__ import annotations

import numpy as np
import pytest

from backend.analysis.reverse_correlation import ClassificationImage
from backend.stimuli.noise_basis import (
    ANGLES,
    CYCLES,
    SCALES,
    mixed,
    noise_basis,
    theta_rows,
)
from backend.stimuli.pictures import area_weights

Image = np.ndarray


def sinusoids(scale: int, side: int) -> Image:
    """(12, q, q) layers of one patch, straight from the equation of section 2.1."""
    q = side // SCALES[scale]
    x, y = np.meshgrid(np.linspace(0, 2, q), np.linspace(0, 2, q))
    return np.array(
        [
            np.sin(2 * np.pi * (x * np.cos(a) + y * np.sin(a)) + phase)
            for a in ANGLES
            for phase in (0, np.pi / 2)
        ]
    )


def tiled(theta: Image, side: int, layers_side: int | None = None) -> Image:
    """N by putting every patch in its place."""
    total, start = np.zeros((side, side)), 0
    for scale, patches in enumerate(SCALES):
        layers = sinusoids(scale, layers_side or side)
        weights = theta[start : start + 12 * patches**2].reshape(12, patches, patches)
        start += 12 * patches**2
        for column in range(patches):
            for row in range(patches):
                q = side // patches
                place = np.s_[row * q : (row + 1) * q, column * q : (column + 1) * q]
                total[place] += np.tensordot(weights[:, column, row], layers, 1)
    return total / 60


def test_counts_and_the_whole_image_agree_with_the_equation() -> None:
    basis = noise_basis(128)
    assert basis.counts == (12, 48, 192, 768, 3072)
    assert basis.count == 4092
    theta = theta_rows(1, 0, 1)[0]
    assert np.abs(basis.images(theta) - tiled(theta, 128)).max() < 1e-6


@pytest.mark.parametrize("scale", range(5))
def test_one_weight_lights_one_patch_columns_first(scale: int) -> None:
    side, basis, patches = 128, noise_basis(128), SCALES[scale]
    q = side // patches
    for column, row in ((0, 0), (patches - 1, 0), (0, patches - 1), (patches // 2, patches - 1)):
        theta = np.zeros(basis.count)
        layer = 5
        inside = layer * patches**2 + column * patches + row
        theta[basis.slices[scale].start + inside] = 1.0
        image = basis.images(theta)
        place = np.s_[row * q : (row + 1) * q, column * q : (column + 1) * q]
        assert np.abs(image[place]).max() > 0.01
        image[place] = 0.0
        assert np.abs(image).max() == 0.0
    assert set(basis.table()["scale"][basis.slices[scale]]) == {CYCLES[scale]}


def test_the_table_names_the_patch_that_lights() -> None:
    basis, table = noise_basis(64), noise_basis(64).table()
    for index in (0, 11, 40, 100, 777, 1500, 4091):
        theta = np.zeros(basis.count)
        theta[index] = 1.0
        lit = np.argwhere(np.abs(basis.images(theta)) > 1e-4)
        q = 64 // (table["scale"][index] // 2)
        assert (lit // q == [table["row"][index], table["col"][index]]).all()


def test_the_standard_deviation_is_that_of_theory() -> None:
    basis = noise_basis(512)
    images = np.stack([basis.images(theta) for theta in theta_rows(7, 0, 200)])
    assert images.std() == pytest.approx(0.0527, rel=0.03)
    for scale in range(5):
        alone = np.stack([basis.images(theta, scale) for theta in theta_rows(8, 0, 40)])
        assert alone.std() == pytest.approx(0.0236, rel=0.08)


def test_area_averaging_lowers_the_fine_bands_as_stated() -> None:
    """Exact: the variance of a scale is the mean square of its layers times 12 / 3 / 60²."""
    stated = {
        96: (0.0236, 0.0235, 0.0233, 0.0224, 0.0192),
        64: (0.0235, 0.0234, 0.0230, 0.0212, 0.0148),
    }
    for side, values in stated.items():
        found = []
        for scale, patches in enumerate(SCALES):
            shrink = area_weights(512 // patches, side // patches)
            layers = shrink @ sinusoids(scale, 512) @ shrink.T
            found.append(np.sqrt((layers**2).mean(axis=(1, 2)).sum() / 3) / 60)
        assert found == pytest.approx(values, abs=6e-5)
        basis = noise_basis(side, 512)
        for scale in range(2, 5):
            drawn = basis.images(theta_rows(3, 0, 300), scale)
            assert drawn.std() == pytest.approx(values[scale], rel=0.03)


@pytest.mark.parametrize("kind", ["sinusoid", "gabor"])
def test_adjoint(kind: str) -> None:
    rng = np.random.default_rng(2)
    for side, source in ((512, None), (64, 512), (96, 512)):
        basis = noise_basis(side, source, kind)
        image, theta = rng.standard_normal((side, side)), rng.uniform(-1, 1, basis.count)
        forward = float((image * basis.images(theta)).sum())
        assert float(basis.adjoint(image) @ theta) == pytest.approx(forward, rel=1e-5)


def test_the_image_of_mean_weights_is_the_difference_of_mean_images() -> None:
    basis, theta = noise_basis(128), theta_rows(4, 0, 300)
    female = np.random.default_rng(0).random(300) < 0.4
    image = ClassificationImage(basis)
    image.add(theta, female)
    noise = basis.images(theta)
    assert np.abs(image.image() - (noise[female].mean(0) - noise[~female].mean(0))).max() < 1e-5
    assert np.abs(image.bands().sum(axis=0) - image.image()).max() < 1e-6


@pytest.mark.parametrize("side", [64, 96])
def test_net_size_rendering_is_the_exact_area_average(side: int) -> None:
    theta = theta_rows(5, 0, 1)[0]
    shares = area_weights(512, side)
    exact = shares @ tiled(theta, 512) @ shares.T
    basis = noise_basis(side, 512)
    assert np.abs(basis.images(theta) - exact).max() < 1e-5
    for scale in range(5):
        alone = np.zeros(4092)
        alone[basis.slices[scale]] = theta[basis.slices[scale]]
        band = shares @ tiled(alone, 512) @ shares.T
        assert np.corrcoef(basis.images(theta, scale).ravel(), band.ravel())[0, 1] > 0.9999


def test_sampling_sinusoids_at_net_size_is_told_from_averaging() -> None:
    """The toy that section 7.5 rejects: its finest band at 96 px correlates by about .83."""
    alone = np.zeros(4092)
    alone[-3072:] = theta_rows(5, 0, 1)[0][-3072:]
    averaged, sampled = noise_basis(96, 512).images(alone), tiled(alone, 96)
    assert np.corrcoef(averaged.ravel(), sampled.ravel())[0, 1] == pytest.approx(0.83, abs=0.03)


def test_mixing_halves_the_base_and_keeps_the_stated_noise() -> None:
    grey = np.full((512, 512), 0.5, np.float32)
    noise = noise_basis(512).images(theta_rows(6, 0, 8))
    stimulus = mixed(grey, noise)
    assert stimulus.mean() == pytest.approx(0.5, abs=0.005)
    assert stimulus.std() == pytest.approx(0.0439, rel=0.04)
    face = np.linspace(0, 1, 512 * 512, dtype=np.float32).reshape(512, 512)
    assert mixed(face, noise[0] * 0)[[0, -1], [0, -1]] == pytest.approx([0.25, 0.75])
    formula = ((noise[0] + 0.3) / 0.6 + face) / 2
    assert mixed(face, noise[0]) == pytest.approx(formula, abs=1e-6)


def test_weights_of_a_trial_do_not_depend_on_how_many_are_drawn() -> None:
    whole = theta_rows(11, 0, 350)
    assert np.array_equal(whole[95:205], theta_rows(11, 95, 205))
    assert np.array_equal(whole[301:302], theta_rows(11, 301, 302))
    assert not np.array_equal(whole[0], theta_rows(12, 0, 1)[0])
    assert abs(whole.mean()) < 0.005
    assert whole.var() == pytest.approx(1 / 3, rel=0.01)
