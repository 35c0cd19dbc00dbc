"""Classification images: both answers, any batch, chance and comparisons as their formulas say."""

from __future__ import annotations

import numpy as np
import pytest

from backend.analysis import image_comparison as comparison
from backend.analysis.linear_observer import LinearObserver
from backend.analysis.reverse_correlation import (
    ClassificationImage,
    PairImage,
    answers,
    female_answers,
    info_value,
    largest_by_chance,
    pixel_test,
    shuffled_weights,
)
from backend.core.parameters import ParameterError
from backend.stimuli.noise_basis import noise_basis, theta_rows

BASIS = noise_basis(32, 512, scales=(0, 1, 2))
TRIALS = 2000
Image = np.ndarray


@pytest.fixture(scope="module")
def theta() -> Image:
    return theta_rows(1, 0, TRIALS, BASIS.count)


def soft_template() -> Image:
    x, y = np.meshgrid(np.linspace(-1, 1, 32), np.linspace(-1, 1, 32))
    return np.exp(-((x - 0.3) ** 2 + y**2) / 0.1) - np.exp(-((x + 0.3) ** 2 + y**2) / 0.1)


@pytest.fixture(scope="module")
def female(theta: Image) -> Image:
    observer = LinearObserver(BASIS.adjoint(soft_template()), noise=1.0)
    return np.asarray(observer.decision(theta, np.random.default_rng(0)) > 0)


@pytest.fixture(scope="module")
def image(theta: Image, female: Image) -> ClassificationImage:
    made = ClassificationImage(BASIS)
    made.add(theta, female)
    return made


def test_batches_do_not_change_a_bit(
    theta: Image, female: Image, image: ClassificationImage
) -> None:
    for size in (100, 500, 7):
        other = ClassificationImage(BASIS)
        for start in range(0, TRIALS, size):
            other.add(theta[start : start + size], female[start : start + size])
        assert np.array_equal(other.w, image.w)
        assert np.array_equal(other.image(), image.image())
        assert np.array_equal(other.t, image.t)


def test_effects_and_p_are_those_of_a_pooled_t_test(
    theta: Image, female: Image, image: ClassificationImage
) -> None:
    from scipy.stats import ttest_ind

    t, p = ttest_ind(theta[female].astype(float), theta[~female].astype(float))
    assert image.t == pytest.approx(t, rel=1e-6)
    assert image.p == pytest.approx(p, rel=1e-5)
    assert image.n_female == female.sum()
    assert image.n_male == (~female).sum()
    assert (image.significant() == (p < 0.05 / BASIS.count)).all()
    assert image.significant().sum() > 5


def test_one_answer_alone_is_named(theta: Image) -> None:
    lonely = ClassificationImage(BASIS)
    lonely.add(theta[:312], np.zeros(312, bool))
    with pytest.raises(ParameterError, match=r'No answer was "female" in 312 trials'):
        _ = lonely.w
    with pytest.raises(ParameterError, match=r"312"):
        lonely.image()


def test_wrong_shapes_are_refused_with_numbers(theta: Image) -> None:
    image = ClassificationImage(BASIS)
    with pytest.raises(ParameterError, match=r"5 × 100 were given; these scales need trials × 252"):
        image.add(np.zeros((5, 100)), np.zeros(5, bool))
    with pytest.raises(ParameterError, match="6 answers for 5 trials"):
        image.add(theta[:5], np.zeros(6, bool))


def test_criteria() -> None:
    z_female, z_male = np.array([0.0, 1.0, 2.0, 0.0]), np.array([1.0, 0.5, 6.0, 1.6])
    assert answers(z_female, z_male, "unit").tolist() == [False, True, False, False]
    assert answers(z_female, z_male, "male-unit mean").tolist() == [True, True, False, True]
    assert answers(z_female, z_male, "d mean").tolist() == [True, True, False, False]
    assert answers(z_female, z_male, "d median").tolist() == [True, True, False, False]


def test_pairs_recover_the_template(theta: Image) -> None:
    observer = LinearObserver(BASIS.adjoint(soft_template()), noise=1.0)
    response = np.sign(observer.decision(theta, np.random.default_rng(1)))
    pairs = PairImage(BASIS)
    pairs.add(theta, response)
    assert pairs.w == pytest.approx((response[:, None] * theta).mean(0), abs=1e-6)
    assert comparison.pearson(pairs.image(), BASIS.images(observer.g)) > 0.9
    with pytest.raises(ParameterError, match="Responses are 1 or −1"):
        pairs.add(theta[:2], np.array([0, 1]))


def test_shuffled_answers_give_chance(
    theta: Image, female: Image, image: ClassificationImage
) -> None:
    parts = [theta[:700], theta[700:]]
    shuffled = shuffled_weights(lambda: parts, female, 200, seed=4)
    assert shuffled.shape == (200, BASIS.count)
    assert shuffled.var() == pytest.approx(image.variance, rel=0.03)
    largest = largest_by_chance(shuffled)
    assert 0.1 < largest < 0.25
    assert (np.abs(image.d) > largest).sum() >= image.significant().sum() - 2
    reference = BASIS.images(image.w)
    low, high = comparison.permutation_interval(shuffled, reference, BASIS)
    assert low < 0 < high < 0.6
    with pytest.raises(ParameterError, match="2000 answers for 700 trials"):
        shuffled_weights(lambda: parts[:1], female)


def test_pixels_and_information_tell_signal_from_chance(
    theta: Image, female: Image, image: ClassificationImage
) -> None:
    shuffled = shuffled_weights(iter([theta]), female, 300, seed=5)
    z, threshold = pixel_test(image, shuffled, 32)
    assert 3 < threshold < 6
    assert (np.abs(z) > threshold).sum() > 10
    middle = np.unravel_index(z.argmax(), z.shape)
    assert middle[1] > 16
    assert info_value(image, 32) > 3
    random = ClassificationImage(BASIS)
    random.add(theta, np.random.default_rng(8).random(TRIALS) < 0.5)
    assert abs(info_value(random, 32)) < 3


def test_a_random_responder_has_a_significant_pixel_one_time_in_twenty(
    theta: Image, female: Image, image: ClassificationImage
) -> None:
    shuffled = shuffled_weights(iter([theta]), female, 400, seed=5)
    others = BASIS.images(shuffled_weights(iter([theta]), female, 400, seed=6).astype(np.float32))
    threshold = pixel_test(image, shuffled, 32)[1]
    sd = BASIS.images(shuffled.astype(np.float32)).std(axis=0)
    rate = (np.abs(others / sd).max(axis=(1, 2)) > threshold).mean()
    assert 0.01 <= rate <= 0.10


def test_an_image_agrees_with_itself_and_with_nothing_else(
    theta: Image, image: ClassificationImage
) -> None:
    random = ClassificationImage(BASIS)
    random.add(theta, np.random.default_rng(8).random(TRIALS) < 0.5)
    assert comparison.pearson_by_scale(image, image, 64) == pytest.approx([1, 1, 1])
    assert np.isnan(comparison.pearson_by_scale(image, image, 16)[2])
    assert comparison.spearman_by_scale(image, image) == pytest.approx([1, 1, 1])
    assert comparison.structural_similarity(image.image(), image.image()) == pytest.approx(1)
    assert comparison.structural_similarity(image.image(), random.image()) < 0.6
    top = comparison.top_set(image.d, random.d)
    assert np.abs(image.d[top.chosen]).sum() >= 0.8 * np.abs(image.d).sum()
    assert top.share == pytest.approx(top.chance, abs=0.1)


def test_the_profile_shows_which_scales_carry_more_than_chance(
    theta: Image, image: ClassificationImage
) -> None:
    cycles, power, chance = comparison.frequency_profile(image)
    assert cycles.tolist() == [2, 4, 8]
    assert (power[:2] > 2 * chance[:2]).all()
    random = ClassificationImage(BASIS)
    random.add(theta, np.random.default_rng(8).random(TRIALS) < 0.5)
    power = comparison.frequency_profile(random)[1]
    assert power[2] == pytest.approx(chance[2], rel=0.3)


def test_between_observers_one_person_is_not_enough(theta: Image) -> None:
    from scipy.stats import ttest_1samp

    several = []
    for seed in range(5):
        observer = LinearObserver(BASIS.adjoint(soft_template()), noise=1.0)
        one = ClassificationImage(BASIS)
        one.add(theta, observer.decision(theta, np.random.default_rng(seed)) > 0)
        several.append(one)
    mean, t = comparison.across_observers(several)
    weights = np.stack([one.w for one in several])
    assert mean == pytest.approx(weights.mean(axis=0))
    assert t == pytest.approx(ttest_1samp(weights, 0.0).statistic)
    with pytest.raises(ValueError, match="at least two; there is 1"):
        comparison.across_observers(several[:1])


def test_prototypes_and_the_one_layer_test() -> None:
    template = soft_template()
    female, male = comparison.prototypes(np.full((32, 32), 0.5), template, 0.2)
    assert np.abs(female - 0.5).max() == pytest.approx(0.2)
    assert female + male == pytest.approx(1.0)
    rng = np.random.default_rng(0)
    genders = rng.random(400) < 0.5
    signs = np.where(genders, 1, -1)[:, None, None]
    faces = 0.5 + 0.05 * signs * template + 0.2 * rng.standard_normal((400, 32, 32))
    d, baseline = comparison.one_layer(template, faces, genders)
    assert d > 1
    assert abs(baseline) < 0.5


@pytest.mark.parametrize(
    "values",
    [["female", "male"], ["F", "m"], [1, -1], ["1.0", "-1.0"],
     ["probably female", "possibly male"]],
)  # fmt: skip
def test_answers_of_other_programs(values: list[object]) -> None:
    assert female_answers(values).tolist() == [True, False]


def test_unknown_answers_are_listed() -> None:
    with pytest.raises(ParameterError, match='"0", "2"'):
        female_answers([0, 2])
