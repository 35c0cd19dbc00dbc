"""Maps of channels, and lesions by mean, shuffling and rotation as the explorer applies them."""

from __future__ import annotations

import numpy as np
import pytest

from backend.core.parameters import ParameterError
from backend.networks.channel_map import channel_map, responses
from backend.networks.explorer import Explorer, opened
from backend.networks.explorer_parameters import ExplorerParameters
from backend.networks.lesions import Lesion
from backend.networks.unit_rotation import rotate_units


@pytest.fixture(scope="module")
def explorer() -> Explorer:
    return opened(ExplorerParameters())


@pytest.mark.parametrize("way", ["PCA", "MDS", "t-SNE"])
def test_channels_that_answer_alike_lie_side_by_side(way: str) -> None:
    rng = np.random.default_rng(0)
    sources = rng.standard_normal((60, 3))
    answers = np.repeat(sources, 8, axis=1) + 0.2 * rng.standard_normal((60, 24))
    answers[:, 5] = 1.0  # never changes
    found = channel_map(answers, way)  # type: ignore[arg-type]
    assert np.isnan(found.points[5]).all()
    assert found.note == "23 channels by 60 pictures, 1 without change"
    groups = np.repeat(np.arange(3), 8)
    keep = np.arange(24) != 5
    points, groups = found.points[keep], groups[keep]
    distance = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    np.fill_diagonal(distance, np.inf)
    assert (groups[distance.argmin(axis=1)] == groups).all()


def test_a_layer_that_does_not_answer_is_said() -> None:
    with pytest.raises(ParameterError, match="0 of 6 channels answer differently"):
        channel_map(np.ones((9, 6)), "PCA")


def test_responses_are_the_means_over_places(explorer: Explorer) -> None:
    found = responses(explorer.network, explorer.images[:5], "relu2", lambda *_: None)
    assert found.shape == (5, 48)
    shown = explorer.show(2).maps["relu2"]
    np.testing.assert_allclose(found[2], shown.mean(axis=(1, 2)), atol=1e-6)


def test_rotation_turns_the_output_of_its_layer_and_is_undone(explorer: Explorer) -> None:
    intact, before = explorer.network.state_hash(), explorer.show(0).maps
    lesion = Lesion("rotate", ("relu2",), seed=4, degrees=40.0)
    assert lesion.label() == "relu2 rotated by 40°"
    explorer.set_lesions([lesion])
    after = explorer.show(0).maps
    expected = rotate_units(before["relu2"][None], 40.0, seed=4)[0]
    np.testing.assert_allclose(after["relu2"], expected, atol=1e-5)
    np.testing.assert_allclose(after["conv2"], before["conv2"], atol=1e-6)
    assert not np.allclose(after["fc3"], before["fc3"])
    copied = explorer.copy()  # hooks go with the copy
    assert copied.module is not explorer.network.module
    explorer.set_lesions([])
    np.testing.assert_array_equal(explorer.show(0).maps["fc3"], before["fc3"])
    assert explorer.network.state_hash() == intact


def test_an_ablation_by_the_mean_takes_it_from_the_pictures(explorer: Explorer) -> None:
    lesion = Lesion("ablate", ("relu2",), channels=(3, 9), ablation="mean")
    assert lesion.label() == "channels 4, 10 of relu2 ablated: their mean"
    explorer.set_lesions([lesion])
    maps = explorer.show(0).maps["relu2"]
    rows = np.unique(np.linspace(0, 639, 32).round().astype(int))
    explorer.set_lesions([])
    wanted = np.mean([explorer.show(int(r)).maps["relu2"][3].mean() for r in rows])
    assert np.ptp(maps[3]) == 0
    assert maps[3, 0, 0] == pytest.approx(wanted, abs=1e-5)
    explorer.set_lesions([Lesion("ablate", ("relu2",), channels=(3,), ablation="shuffle")])
    assert np.ptp(explorer.show(0).maps["relu2"][3]) > 0
    explorer.set_lesions([])


def test_an_angle_beyond_half_a_turn_is_said(explorer: Explorer) -> None:
    with pytest.raises(ParameterError, match="it goes from 0 to 180"):
        explorer.set_lesions([Lesion("rotate", ("relu2",), degrees=200.0)])
    assert explorer.lesions == ()
