"""Twelve object classes, each recognisable, none a face."""

from __future__ import annotations

import numpy as np
import pytest

from backend.stimuli import generator as module
from backend.stimuli.generator import make_set
from backend.stimuli.generators.objects import GENERATOR, ObjectParameters
from backend.stimuli.objects import CLASSES, draw_object, nonface_objects


def test_classes_come_in_order_and_in_range() -> None:
    images, labels = nonface_objects(np.random.default_rng(0), 4, 48)
    assert images.shape == (48, 1, 48, 48)
    assert labels.tolist() == [kind for kind in range(12) for _ in range(4)]
    assert np.isfinite(images).all()
    assert images.min() >= 0
    assert images.max() <= 1


@pytest.mark.parametrize("kind", range(len(CLASSES)))
def test_object_and_background_differ_by_what_was_drawn(kind: int) -> None:
    """The centre of mass of what differs from the background lies within the object."""
    for seed in range(20):
        drawn = draw_object(np.random.default_rng(seed), kind, 96)
        assert abs(drawn.front - drawn.back) >= 0.2
        assert 0.45 <= drawn.size <= 0.75
        corners = drawn.image[[0, 0, -1, -1], [0, -1, 0, -1]].mean()
        assert corners == pytest.approx(drawn.back, abs=0.25)


def test_a_ring_has_a_hole_and_a_disc_none() -> None:
    for name, filled in (("disc", True), ("ring", False)):
        drawn = draw_object(np.random.default_rng(3), CLASSES.index(name), 128)
        column, row = int((drawn.x + 1) * 64), int((1 - drawn.y) * 64)
        middle = drawn.image[row - 4 : row + 4, column - 4 : column + 4].mean()
        nearer_front = abs(middle - drawn.front) < abs(middle - drawn.back)
        assert nearer_front == filled


def test_sets_do_not_depend_on_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = ObjectParameters(n=26, side=32, with_faces=True)
    one = make_set(GENERATOR, parameters)
    monkeypatch.setattr(module, "CHUNK_BYTES", 3 * 32 * 32)
    assert np.array_equal(one.images, make_set(GENERATOR, parameters, threads=3).images)
    assert one.table["class"][:13] == [*CLASSES, "face"]
    assert GENERATOR.preview(parameters).image.shape == (32, 32)
