"""ShapeWorld: the specification's draw order, sets and pictures."""

from __future__ import annotations

import numpy as np

from backend.stimuli import shapeworld


def test_categories_are_drawn_in_the_order_of_the_specification() -> None:
    rng = np.random.default_rng(100)
    order = np.arange(2, 7)
    amplitudes = rng.uniform(-1, 1, 5) * 0.55 / order**0.8
    phases = rng.uniform(0, 2 * np.pi, 5)
    low = rng.uniform(0, np.pi), 1.5 * rng.uniform(0.8, 1.25)
    high = rng.uniform(0, np.pi), 4.0 * rng.uniform(0.8, 1.25)
    first, second, third, *_ = shapeworld.categories()
    assert [one.curvy for one in (first, second, third)] == [True, True, False]
    np.testing.assert_array_equal(first.outline[0], amplitudes)
    np.testing.assert_array_equal(second.outline[1], phases)
    assert (first.orientation, first.frequency) == low
    assert (second.orientation, second.frequency) == high
    edges = int(rng.integers(3, 7))
    jitter = rng.uniform(-0.3, 0.3, edges)
    turn = rng.uniform(0, 2 * np.pi)
    normals = 2 * np.pi * (np.arange(edges) + jitter) / edges + turn
    np.testing.assert_allclose(third.outline[0], normals, rtol=1e-15)
    np.testing.assert_array_equal(third.outline[1], rng.uniform(0.55, 1, edges))


def test_sixty_four_categories_half_of_them_curvy() -> None:
    of = shapeworld.categories()
    assert len(of) == 64
    assert [category.curvy for category in of[:6]] == [True, True, False, False, True, True]
    assert {category.frequency < 2 for category in of[::2]} == {True}
    assert {category.frequency > 3 for category in of[1::2]} == {True}


def test_exemplars_are_drawn_category_after_category_from_one_stream() -> None:
    of = shapeworld.categories(2)
    two = shapeworld.images(of[:2], 3, seed=9)
    one = shapeworld.images(of[:1], 3, seed=9)
    np.testing.assert_array_equal(two[:3], one)
    # A set of five is drawn afresh: its first three are not the set of three.
    assert not np.array_equal(shapeworld.images(of[:1], 5, seed=9)[:3], one)


def test_one_exemplar_is_the_specification_s_picture() -> None:
    """Written out once more, for one exemplar of a boxy category."""
    category = shapeworld.categories(2)[2]
    rng = np.random.default_rng(4)
    cx, cy = 16 + rng.uniform(-2, 2), 16 + rng.uniform(-2, 2)
    scale, turn = 9.5 * rng.uniform(0.85, 1.15), rng.uniform(-0.2, 0.2)
    phase, colour = rng.uniform(0, 2 * np.pi), rng.uniform(0.25, 0.75, 3)
    ground = np.clip(1 - colour + rng.uniform(-0.2, 0.2, 3), 0.1, 0.9)
    white, pixel = rng.standard_normal((32, 32)), rng.standard_normal((3, 32, 32))
    frequency = np.hypot(np.fft.fftfreq(32)[:, None], np.fft.fftfreq(32)[None])
    frequency[0, 0] = np.inf
    pink = np.fft.ifft2(np.fft.fft2(white) / frequency).real
    pink /= pink.std()
    expected = np.empty((3, 32, 32))
    for row in range(32):
        for column in range(32):
            x, y = (column - cx) / scale, (row - cy) / scale
            angle, rho = np.arctan2(y, x) - turn, np.hypot(x, y)
            cosines = np.cos(angle - category.outline[0])
            r = min(d / c for d, c in zip(category.outline[1], cosines, strict=True) if c > 0.05)
            edge = 0.95 * np.clip(r, 0, 1.8)
            mask = 1 / (1 + np.exp(-1.5 * scale * (edge - rho)))
            along = x * np.cos(category.orientation + turn)
            along += y * np.sin(category.orientation + turn)
            grating = 0.25 * np.sin(2 * np.pi * category.frequency / 2 * along + phase)
            for c in range(3):
                value = mask * (colour[c] + grating)
                value += (1 - mask) * (ground[c] + 0.1 * pink[row, column])
                expected[c, row, column] = value + 0.03 * pixel[c, row, column]
    found = shapeworld.images((category,), 1, seed=4)[0]
    np.testing.assert_allclose(found, np.clip(expected, 0, 1), atol=1e-6)


def test_sets_have_their_sizes_and_are_float_pictures() -> None:
    images, category, curvy = shapeworld.transfer_set(6, 2)
    assert images.shape == (12, 32, 32, 3)
    assert images.dtype == np.float32
    assert images.flags.c_contiguous
    assert images.min() >= 0
    assert images.max() <= 1
    assert category.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert curvy.tolist() == [True] * 4 + [False] * 4 + [True] * 4
    test = shapeworld.test_set(1)
    assert len(test[0]) == 64
    assert not np.array_equal(test[0], shapeworld.images(
        shapeworld.categories(), 1, 1).transpose(0, 2, 3, 1))  # fmt: skip


def test_many_exemplars_do_not_change_when_drawn_in_pieces(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    of = shapeworld.categories(1)
    whole = shapeworld.images(of, 7, 3)
    monkeypatch.setattr(shapeworld, "CHUNK", 2)
    np.testing.assert_array_equal(shapeworld.images(of, 7, 3), whole)
