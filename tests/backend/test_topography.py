"""Places of layers for vertices: many at once gives what one at a time gives."""

from __future__ import annotations

import numpy as np
import pytest

from backend.analysis.linear_models import Model
from backend.analysis.mapping import Scheme, predicted
from backend.brain.topography import place_scores, topography


@pytest.mark.parametrize(("channels", "components"), [(6, 100), (12, 4), (50, 100)])
def test_all_places_at_once_give_the_same_as_each_alone(channels: int, components: int) -> None:
    rng = np.random.default_rng(0)
    features = rng.standard_normal((40, channels, 3, 4))
    features[:, :, 1, 2] = 1.0  # a place that never varies
    brain = features[:, 0].reshape(40, -1) @ rng.standard_normal((12, 5))
    brain[:, 4] = 2.0
    scheme = Scheme(3, 7)
    plain = predicted(features, brain, "row_col", Model(components=components), "r", scheme)
    found = place_scores(features, brain, components, scheme)
    np.testing.assert_allclose(found, plain.score.mean(axis=2), atol=1e-9)
    assert np.isnan(found[6]).all()
    assert np.isnan(found[:, 4]).all()


def test_a_vertex_made_from_one_place_is_found_there() -> None:
    rng = np.random.default_rng(1)
    layers = {name: rng.standard_normal((120, 5, 4, 4)) for name in ("a", "b")}
    one = layers["b"][:, :, 0, 3] @ rng.standard_normal(5)
    brain = (one + 0.3 * rng.standard_normal(120))[:, None]
    found = topography(layers, brain)
    assert (found.layer[0], found.row[0], found.column[0]) == (2, 1, 4)
    assert found.polarity[0] == pytest.approx(45)
    assert found.eccentricity[0] == pytest.approx(0.75 * 2**0.5)
    x, y = found.place
    assert (x[0], y[0]) == (pytest.approx(0.75), pytest.approx(0.75))
