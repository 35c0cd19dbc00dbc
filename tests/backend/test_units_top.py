"""Top stimuli in one pass equal a full sort."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit_networks import mini, pictures

from backend.core.parameters import ParameterError
from backend.networks.mini import mini_alexnet
from backend.networks.runtime import torch
from backend.networks.top_stimuli import TopStimuli, top_stimuli
from backend.networks.units import layer_output
from backend.stimuli import shapeworld


@given(seed=st.integers(0, 10**6), n=st.integers(1, 60), k=st.integers(1, 12),
       batch=st.integers(1, 20), ties=st.booleans())  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_streaming_equals_a_full_sort_in_any_batches_and_order(
    seed: int, n: int, k: int, batch: int, ties: bool
) -> None:
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 4, (n, 5)) if ties else rng.normal(size=(n, 5))
    table = table.astype(np.float32)
    table[rng.random(table.shape) < 0.1] = np.nan
    order = rng.permutation(n)
    top = TopStimuli(5, k)
    for start in range(0, n, batch):
        part = order[start : start + batch]
        top.add(part, table[part], np.broadcast_to(part[:, None] * 7, (len(part), 5)))
    for channel in range(5):
        column = np.where(np.isnan(table[:, channel]), -np.inf, table[:, channel])
        best = [i for i in np.lexsort((np.arange(n), -column)) if np.isfinite(column[i])][:k]
        assert top.stimuli[channel, : len(best)].tolist() == best
        assert top.values[channel, : len(best)].tolist() == column[best].tolist()
        assert top.places[channel, : len(best)].tolist() == [7 * i for i in best]
        assert (top.stimuli[channel, len(best) :] == -1).all()


@pytest.mark.parametrize(("over", "place"), [("max", None), ("mean", None), ("max", (2, 5))])
def test_a_pass_over_images_finds_values_and_places(
    over: str, place: tuple[int, int] | None
) -> None:
    network = mini()
    images = pictures(network, 23)
    top = top_stimuli(network, images, "conv3", 4, over, [5, 60, 2], place, batch=5)  # type: ignore[arg-type]
    x = network.preprocessing.prepare(images)
    maps = layer_output(network.module, "conv3", x).detach().numpy()[:, [5, 60, 2]]
    table = maps[:, :, *place] if place else getattr(maps, over)(axis=(2, 3))
    order = np.argsort(-table, axis=0, kind="stable")[:4].T
    assert np.array_equal(top.stimuli, order)
    np.testing.assert_allclose(top.values, np.take_along_axis(table.T, order, 1), atol=1e-5)
    assert top.seen == 23
    if over == "max" and place is None:
        row, column = np.unravel_index(top.places[1, 0], (8, 8))
        assert maps[order[1, 0], 1, row, column] == maps[order[1, 0], 1].max()


def test_the_top_image_of_an_output_unit_has_its_category() -> None:
    """05-dnnbrain, section 7, item 11: at least 72 % of units, all of the top 3 in 50 %."""
    images, category, _curvy = shapeworld.test_set()
    top = top_stimuli(mini_alexnet("A", 0), images, "fc3", 3, batch=128)
    own = category[top.stimuli] == np.arange(64)[:, None]
    assert own[:, 0].mean() >= 0.72
    assert own.all(1).mean() >= 0.50


def test_wrong_wishes_get_a_sentence() -> None:
    network = mini()
    images = pictures(network, 2)
    for arguments, words in (
        (("conv3", 0), "at least 1"),
        (("conv3", 2, "max", [64]), "64 channels"),
        (("conv3", 2, "max", [1], (3,)), "has 2 numbers"),
        (("conv3", 2, "max", [1], (3, 8)), "8 columns"),
    ):
        with pytest.raises(ParameterError, match=words):
            top_stimuli(network, images, *arguments)  # type: ignore[arg-type]
    assert torch().is_grad_enabled()
