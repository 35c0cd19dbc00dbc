"""Linear and random observers give the images of theory (07, section 2.8 and section 7, 6 to 8)."""

from __future__ import annotations

import numpy as np
import pytest

from backend.analysis.image_comparison import pearson, top_set
from backend.analysis.linear_observer import (
    LinearObserver,
    expected_correlation,
    expected_effect,
    significance_line,
)
from backend.analysis.reverse_correlation import ClassificationImage
from backend.analysis.simulated_people import gender_template, simulated_people
from backend.stimuli.noise_basis import NoiseBasis, noise_basis, theta_rows

N, SIDE = 10_000, 64
Image = np.ndarray


def template() -> Image:
    """The face-like blobs of section 7.6, minus their mean."""
    places = (np.arange(SIDE) + 0.5) / SIDE * 2 - 1
    x, y = np.meshgrid(places, -places)

    def blob(u: float, v: float, s: float) -> Image:
        return np.exp(-((x - u) ** 2 + (y - v) ** 2) / s**2)

    m = blob(-0.25, 0.1, 0.12) + blob(0.25, 0.1, 0.12) + blob(0, -0.45, 0.15)
    m = m - 0.7 * blob(0, -0.2, 0.1) - 0.5 * blob(0, -0.8, 0.25)
    return np.asarray(m - m.mean())


@pytest.fixture(scope="module")
def basis() -> NoiseBasis:
    return noise_basis(SIDE, 512)


@pytest.fixture(scope="module")
def theta() -> Image:
    return theta_rows(21, 0, N)


def observed(
    basis: NoiseBasis, theta: Image, noise: float
) -> tuple[LinearObserver, ClassificationImage]:
    """A linear observer with its criterion at the median, and its image."""
    observer = LinearObserver(basis.adjoint(template()), noise)
    u = observer.decision(theta, np.random.default_rng(3))
    image = ClassificationImage(basis)
    image.add(theta, u > np.median(u))
    return observer, image


def test_the_template_is_the_one_of_the_specification(basis: NoiseBasis) -> None:
    rho = LinearObserver(basis.adjoint(template())).rho
    assert np.abs(rho).max() == pytest.approx(0.255, abs=0.001)
    shares = [(rho[part] ** 2).sum() for part in basis.slices]
    assert shares == pytest.approx([0.29, 0.65, 0.05, 0.01, 0.0], abs=0.006)


@pytest.mark.parametrize(
    ("noise", "tolerance", "least_r", "count"),
    [(0, 0.04, 0.97, (33, 45)), (1, 0.06, 0.97, (28, 38)), (3, 0.12, 0.88, (8, 17))],
)
def test_a_linear_observer_gives_the_image_of_theory(
    basis: NoiseBasis,
    theta: Image,
    noise: float,
    tolerance: float,
    least_r: float,
    count: tuple[int, int],
) -> None:
    observer, image = observed(basis, theta, noise)
    rho, d = observer.rho, image.d
    slope = (d @ rho) / (rho @ rho)
    assert slope == pytest.approx(1.596, rel=tolerance)
    correlation = np.corrcoef(image.w, observer.g)[0, 1]
    assert correlation == pytest.approx(expected_correlation(N, noise), abs=0.03)
    spread = basis.images(observer.g)
    assert pearson(image.image(), spread) >= least_r
    assert pearson(image.image(), template()) == pytest.approx(0.51, abs=0.04)
    by_scale = image.significant_by_scale()
    assert count[0] <= sum(by_scale) <= count[1]
    assert by_scale[3:] == [0, 0]


def test_expected_correlations_are_those_of_the_specification(basis: NoiseBasis) -> None:
    found = [expected_correlation(N, noise) for noise in (0, 1, 3)]
    assert found == pytest.approx([0.780, 0.662, 0.367], abs=0.001)
    g = basis.adjoint(template())
    assert pearson(basis.images(g), template()) == pytest.approx(0.523, abs=0.002)
    assert expected_effect(np.array([0.1]))[0] == pytest.approx(0.1602, abs=0.0002)
    assert significance_line(20_000) == pytest.approx(0.062, abs=0.0005)
    assert significance_line(16_000) == pytest.approx(0.069, abs=0.0005)


def test_significant_weights_fall_with_internal_noise(basis: NoiseBasis, theta: Image) -> None:
    counts = [int(observed(basis, theta, noise)[1].significant().sum()) for noise in (0, 1, 3)]
    assert counts == sorted(counts, reverse=True)


def test_a_random_responder_gives_nothing(basis: NoiseBasis, theta: Image) -> None:
    images = []
    for seed in (1, 2):
        image = ClassificationImage(basis)
        image.add(theta, np.random.default_rng(seed).random(N) < 0.5)
        assert image.significant().sum() <= 2
        assert image.d.std() == pytest.approx(2 / np.sqrt(N), rel=0.05)
        images.append(image)
    top = top_set(images[0].d, images[1].d)
    assert 0.49 <= top.size / 4092 <= 0.52
    assert top.share == pytest.approx(top.chance, abs=0.03)


def test_low_bands_of_two_random_responders_agree_by_chance_as_section_8_warns() -> None:
    """The 2 c/img image has 12 degrees of freedom: r has a standard deviation of .29."""
    basis = noise_basis(32, 512, scales=(0,))
    rng = np.random.default_rng(5)
    images = basis.images(rng.standard_normal((400, 12)))
    r = [pearson(a, b) for a, b in zip(images[:200], images[200:], strict=True)]
    assert np.std(r) == pytest.approx(0.29, abs=0.04)


def test_simulated_people_answer_as_the_prototypes_did(basis: NoiseBasis) -> None:
    """Sixteen of 1000 trials each: prototypes had 28 to 30 significant weights, 18 to 21 at
    4 c/img and at most one above, half of the answers female, r(CI, B Bᵀ w0) = .98.
    """
    template = gender_template(SIDE)
    image, rng = ClassificationImage(basis), np.random.default_rng(21)
    for number, person in enumerate(simulated_people(basis, template, seed=21)):
        theta = theta_rows(21, 1000 * number, 1000 * (number + 1))
        image.add(theta, person.decision(theta, rng) > 0)
    assert image.trials == 16_000
    assert image.n_female / image.trials == pytest.approx(0.5, abs=0.03)
    found = image.significant_by_scale()
    assert 20 <= sum(found) <= 40
    assert sum(found[3:]) <= 1
    assert pearson(image.image(), basis.images(basis.adjoint(template))) >= 0.95
