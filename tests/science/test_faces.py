"""What a correct face generator shows (specification "faces", section 9)."""

from __future__ import annotations

import numpy as np
import pytest

from backend.stimuli import faces
from backend.stimuli.faces import table
from backend.stimuli.faces.calibration import group_distances
from backend.stimuli.faces.identity import compose, weights_of
from backend.stimuli.faces.numerics import EXTENT

Image = np.ndarray


def one(params: faces.FaceParams, size: int = 96, highlight: bool = True, **view: float) -> Image:
    """The first face in a view, grey."""
    maps = faces.prepare(faces.canonical(params[:1], highlight=highlight))
    return faces.render(maps, 0, faces.views(1, **view), size)[0, 0]


@pytest.fixture(scope="module")
def plain() -> faces.FaceParams:
    return faces.default_face(texture=0.0)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_another_face() -> None:
    def draw(seed: int) -> Image:
        rng = np.random.default_rng(seed)
        params = faces.sample_identities(rng, 4, np.arange(4) % 3)
        return faces.dataset(rng, params, 3).images

    first = draw(1)
    assert np.array_equal(first, draw(1))
    assert np.abs(first - draw(2)).mean() > 0.01
    assert first.dtype == np.float32
    assert first.flags.c_contiguous
    assert first.shape == (12, 1, 64, 64)


def test_the_default_face_is_symmetric_but_for_the_gleam(plain: faces.FaceParams) -> None:
    image = one(plain, highlight=False, azimuth=0.0)
    assert np.abs(image - image[:, ::-1]).max() < 1 / 255
    gleaming = one(plain, azimuth=0.0)
    apart = np.abs(gleaming - gleaming[:, ::-1])
    assert 0.1 < apart.max() < 0.6
    assert (apart > 0.1).sum() <= 20


def test_light_from_the_right_brightens_the_right(plain: faces.FaceParams) -> None:
    image = one(plain, highlight=False, azimuth=0.8)
    u = ((np.arange(96) + 0.5) / 96 * 2 - 1) * EXTENT
    head = (u[None] / 0.6) ** 2 + (u[:, None] / 0.85) ** 2 < 1
    right = u[None] > np.zeros((96, 1))
    difference = image[head & right].mean() - image[head & ~right].mean()
    assert difference > 0.05
    assert difference == pytest.approx(0.24, abs=0.05)
    mirrored = one(plain, highlight=False, azimuth=-0.8)[:, ::-1]
    assert np.abs(image - mirrored).max() < 1 / 255


def nose_column(params: faces.FaceParams, yaw: float) -> float:
    """Column of a mark painted on the nose tip, in px of 96."""
    maps = faces.canonical(params, highlight=False)
    size = maps.alpha.shape[1]
    row = np.unravel_index(maps.depth[0].argmax(), (size, size))[0]
    maps.albedo[:] = 0.0
    maps.albedo[0, row - 1 : row + 2, size // 2 - 1 : size // 2 + 1] = 1.0
    view = faces.views(1, yaw=yaw, ambient=1.0, background=0.0, azimuth=0.0)
    image = faces.render(faces.prepare(maps), 0, view, 96)[0, 0]
    shiny = faces.canonical(params, highlight=False)
    shiny.albedo[:] = 0.0
    dark = faces.render(faces.prepare(shiny), 0, view, 96)[0, 0]
    weight = (image - dark).clip(0).sum(axis=0)
    return float((np.arange(96) * weight).sum() / weight.sum())


def test_the_nose_turns_by_what_the_warp_depth_says(plain: faces.FaceParams) -> None:
    tip = faces.prepare(faces.canonical(plain)).warp.max()
    assert tip == pytest.approx(0.55, abs=0.02)
    predicted = 1.18 * (tip - 0.25) * np.sin(0.3) * 96 / (2 * EXTENT)
    moved = nose_column(plain, 0.3) - nose_column(plain, 0.0)
    assert moved == pytest.approx(predicted, abs=1.0)
    assert moved > 0


def area_means(images: Image) -> Image:
    """(n, 576) z-scored 24 × 24 area means of 64 px images."""
    edges = np.linspace(0, 64, 25)
    pixels = np.arange(64)
    shares = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    shares = np.clip(shares, 0, None) * 24 / 64
    means = (shares @ images[:, 0] @ shares.T).reshape(len(images), -1)
    return (means - means.mean(1, keepdims=True)) / means.std(1, keepdims=True)


def gender_accuracy(seed: int, gender_gain: float) -> float:
    """Logistic regression on images of 52 identities, tested on those of 24 new ones."""
    from scipy.optimize import minimize

    rng = np.random.default_rng(seed)
    sides = []
    for identities, each in ((52, 24), (24, 20)):
        gender = np.where(np.arange(identities) % 2, 1.0, -1.0)
        params = faces.sample_identities(rng, identities, 0, gender, gender_gain=gender_gain)
        drawn = faces.dataset(rng, params, each)
        sides.append((area_means(drawn.images), gender[drawn.identity]))
    (x, y), (x_new, y_new) = sides
    mean, sd = x.mean(0), x.std(0)
    x, x_new = (x - mean) / sd, (x_new - mean) / sd

    def cost(w: Image) -> tuple[float, Image]:
        margin = y * (x @ w[:-1] + w[-1])
        slope = -y / (1 + np.exp(np.clip(margin, -50, 50))) / len(y)
        value = np.logaddexp(0, -margin).mean() + 0.5e-3 * (w[:-1] ** 2).sum()
        return value, np.append(x.T @ slope + 1e-3 * w[:-1], slope.sum())

    w = minimize(cost, np.zeros(x.shape[1] + 1), jac=True, method="L-BFGS-B").x
    return float(((x_new @ w[:-1] + w[-1] > 0) == (y_new > 0)).mean())


@pytest.mark.slow
def test_gender_is_learnable_across_identities_only_through_its_gain() -> None:
    assert gender_accuracy(0, 1.0) >= 0.93
    without = [gender_accuracy(seed, 0.0) for seed in range(5)]
    assert all(0.30 <= accuracy <= 0.70 for accuracy in without)
    assert 0.40 <= np.mean(without) <= 0.60


@pytest.mark.slow
def test_groups_are_equally_varied() -> None:
    d = group_distances(table.KAPPA, range(100, 106)).mean(axis=0)
    assert d.max() / d.min() - 1 <= 0.08


@pytest.mark.slow
def test_the_shipped_gains_are_those_of_this_renderer() -> None:
    assert faces.calibrate_groups() == pytest.approx(table.KAPPA, abs=0.005)


def test_two_images_of_one_person_differ_more_than_two_people_in_one_view() -> None:
    from scipy.spatial.distance import pdist

    def scored(images: Image) -> Image:
        flat = images.reshape(len(images), -1)
        return (flat - flat.mean(1, keepdims=True)) / flat.std(1, keepdims=True)

    rng = np.random.default_rng(5)
    people = faces.sample_identities(rng, 30, 0, np.where(np.arange(30) % 2, 1.0, -1.0), 0.35)
    still = faces.dataset(rng, people, 1, level=0.0).images
    across = pdist(scored(still)).mean()
    wild = faces.dataset(rng, people[:10], 20).images.reshape(10, 20, 1, 64, 64)
    within = np.mean([pdist(scored(images)).mean() for images in wild])
    assert within > 1.5 * across


def test_the_corners_of_the_parameters_give_proper_images() -> None:
    rng = np.random.default_rng(9)
    n = 200
    z = rng.choice([-2.5, 2.5], (n, table.COUNT))
    gender, weights = rng.choice([-1.0, 1.0], n), weights_of(rng.integers(0, 3, n), n)
    params = faces.FaceParams(
        compose(z, gender, weights), gender, rng.uniform(0, 1, n), weights,
        rng.integers(0, 2**31, n), np.ones(n),
    )  # fmt: skip
    maps = faces.prepare(faces.canonical(params, faces.wild_expressions(rng, n, 1.5)))
    images = faces.render(maps, np.arange(n), faces.wild_views(rng, n, 1.5), grey=False)
    assert np.isfinite(images).all()
    assert images.min() >= 0
    assert images.max() <= 1


def sharpness(image: Image) -> float:
    """Variance of the Laplacian."""
    inner = image[1:-1, 1:-1]
    around = image[:-2, 1:-1] + image[2:, 1:-1] + image[1:-1, :-2] + image[1:-1, 2:]
    return float((4 * inner - around).var())


def test_a_morph_is_midway_and_as_sharp_as_its_ends() -> None:
    morphed, blended = [], []
    for seed in range(20):
        ends = faces.sample_identities(np.random.default_rng(seed), 2)
        middle = faces.morph(ends[:1], ends[1:], 0.5)
        assert np.array_equal(middle.p, (ends.p[:1] + ends.p[1:]) / 2)
        assert middle.texture_seed == ends.texture_seed[:1]
        first, half, second = (one(face) for face in (ends[:1], middle, ends[1:]))
        mean = (sharpness(first) + sharpness(second)) / 2
        morphed.append(sharpness(half) / mean)
        blended.append(sharpness((first + second) / 2) / mean)
    assert all(0.85 <= ratio <= 1.15 for ratio in morphed)
    assert np.mean(blended) < 0.8 < np.mean(morphed)


def test_a_turn_beyond_the_valid_range_is_kept_within_it(plain: faces.FaceParams) -> None:
    with pytest.warns(UserWarning, match=r"yaw is kept within ±0.6 rad"):
        beyond = one(plain, yaw=1.2)
    assert np.array_equal(beyond, one(plain, yaw=0.6))


def test_one_texture_is_one_skin_at_every_map_size() -> None:
    from backend.stimuli.faces.texture import textures

    small, large = textures(3, 96)[1], textures(3, 192)[1]
    halved = large.reshape(96, 2, 96, 2).mean(axis=(1, 3))
    assert np.corrcoef(small.ravel(), halved.ravel())[0, 1] > 0.99
    assert textures(3, 96).std(axis=(1, 2)) == pytest.approx([1, 1, 1], abs=1e-3)
