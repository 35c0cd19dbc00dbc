"""Lesions and rotated bases as a user meets them: what stands in, which go first, what is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backend.core.parameters import ParameterError
from backend.core.run import Run
from backend.networks.ablation_sweep import ablation_sweep, accuracy
from backend.networks.channel_removal import (
    accuracy_as_channels_go,
    channel_activity,
    class_selectivity,
    removal_orders,
    target_of,
)
from backend.networks.lesions import Lesion, lesioned
from backend.networks.mini import mini_alexnet
from backend.networks.unit_rotation import rotated
from backend.networks.unit_selectivity import selectivity
from backend.stimuli import shapeworld
from backend.studies import find

STUDY = find("dnnbrain")


def started(procedure: str, directory: Path | None = None, **changes: Any) -> Run:
    run = Run(STUDY, STUDY.Parameters().changed(stimuli="test", **changes), procedure,
              directory=directory)  # fmt: skip
    run.drawing = True
    return run


def finished(procedure: str, directory: Path | None = None, **changes: Any) -> Run:
    run = started(procedure, directory, **changes)
    STUDY.run(run)
    run.close()
    return run


@pytest.fixture(scope="module")
def named() -> tuple[Any, np.ndarray, np.ndarray]:
    """MiniAlexNet with 256 pictures it names."""
    images, labels, _ = shapeworld.test_set()
    return mini_alexnet("A", 0), images[::4], labels[::4]


# --- channels ------------------------------------------------------------------------------------


def test_random_lesions_are_those_of_the_sweep(named: tuple[Any, np.ndarray, np.ndarray]) -> None:
    network, images, labels = named
    *_, sweep = ablation_sweep(network, "conv5", images, labels, draws=3, seed=4)
    target = target_of(network, "conv5")
    orders = removal_orders(network, target, images, labels, "random", 3, 4)
    for order, curve in zip(orders, sweep.accuracy, strict=True):
        found = accuracy_as_channels_go(network, target, images, labels, order, sweep.fractions)
        np.testing.assert_allclose(found, curve, atol=1e-12)


@pytest.mark.parametrize("fill", ["zero", "mean"])
def test_what_stands_in_is_what_a_lesion_puts_there(
    named: tuple[Any, np.ndarray, np.ndarray], fill: str
) -> None:
    network, images, labels = named
    target = target_of(network, "relu4")
    order = removal_orders(network, target, images, labels, "random", 1, 0)[0]
    half = tuple(int(one) for one in order[: target.channels // 2])
    reference = network.preprocessing.prepare(images)
    lesion = Lesion("ablate", ("relu4",), channels=half, ablation=fill)  # type: ignore[arg-type]
    plain = accuracy(lesioned(network, lesion, reference), images, labels)
    found = accuracy_as_channels_go(network, target, images, labels, order, [0.5], fill)  # type: ignore[arg-type]
    assert found[0] == pytest.approx(plain, abs=1 / 256)


def test_channels_of_other_pictures_mislead_more_than_none(
    named: tuple[Any, np.ndarray, np.ndarray],
) -> None:
    """With all channels from another picture the answer is that picture's."""
    network, images, labels = named
    target = target_of(network, "relu5")
    order = np.arange(target.channels)
    found = accuracy_as_channels_go(network, target, images, labels, order, [0.0, 1.0], "shuffle")
    assert found[0] > 0.8
    assert found[1] < 0.1


def test_active_and_selective_channels_go_first(named: tuple[Any, np.ndarray, np.ndarray]) -> None:
    network, images, labels = named
    target = target_of(network, "relu5")
    activity = channel_activity(network, target, images)
    by_hand = [np.maximum(a, 0) for a in activity.T]
    first = removal_orders(network, target, images, labels, "active", 5, 0)
    assert len({tuple(one) for one in first}) == 1
    means = np.array([one.mean() for one in by_hand])
    assert (np.diff(means[first[0]]) <= 1e-6).all()
    index = class_selectivity(activity, labels)
    order = removal_orders(network, target, images, labels, "selective")[0]
    assert (np.diff(index[order]) <= 1e-9).all()


def test_the_selectivity_index_runs_from_none_to_one_class() -> None:
    labels = np.repeat([0, 1, 2], 4)
    one, every, never = (labels == 1) * 3.0, np.full(12, 2.0), np.zeros(12)
    index = class_selectivity(np.column_stack([one, every, never]), labels)
    np.testing.assert_allclose(index, [1.0, 0.0, 0.0])


def test_the_lesion_of_a_user_has_their_shares_order_and_fill(tmp_path: Path) -> None:
    run = finished("lesion", tmp_path, shares="0, 40 %, 80", order="selective", lesioned="relu5",
                   ablation="mean")  # fmt: skip
    table = run.result.tables["lesion"]
    assert table["removed_percent"] == [0.0, 40.0, 80.0]
    assert list(table) == ["removed_percent", "mean", "sd", "draw_1"]  # one order, one draw
    assert table["mean"][0] > table["mean"][1] > table["mean"][2]
    assert run.channels["lesion"].snapshot()["x"].tolist() == [0.0, 40.0, 80.0]


def test_a_lesion_that_was_broken_off_goes_on_draw_by_draw(tmp_path: Path) -> None:
    whole = finished("lesion", tmp_path, draws=3)
    lines = (tmp_path / "cells.jsonl").read_text().splitlines()
    assert len(lines) == 3
    (tmp_path / "cells.jsonl").write_text(lines[0] + "\n")
    again = finished("lesion", tmp_path, draws=3)
    assert again.result.tables == whole.result.tables
    assert len((tmp_path / "cells.jsonl").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [("shares", "0, half", '"half" is none'), ("shares", "120", "from 0 to 100"),
     ("shares", " ", "0 given")],
)  # fmt: skip
def test_shares_that_are_none_are_named(field: str, text: str, sentence: str) -> None:
    with pytest.raises(ParameterError, match=sentence) as caught:
        finished("lesion", **{field: text})
    assert caught.value.field == field


def test_a_network_that_names_nothing_is_refused() -> None:
    with pytest.raises(ParameterError, match="names none of these pictures"):
        finished("lesion", network="squeezenet1_1")


# --- rotation ------------------------------------------------------------------------------------


def test_turning_the_basis_leaves_the_probe_and_lessens_single_units(tmp_path: Path) -> None:
    run = finished("rotate", tmp_path, angles="0, 45, 90", draws=2, folds=5)
    table = run.result.tables["rotation"]
    probe = np.array(table["probe"])
    assert np.abs(probe - probe[0]).max() <= 2 / 1024  # a rotation keeps every distance
    assert run.result["turned_probe_change"] <= 4 / 1024
    assert table["selectivity"][0] > table["selectivity"][1] > table["selectivity"][2]
    assert table["network"][0] > table["network"][1] > 5 * table["network"][2]
    assert "the linear probe changes by 0.00" in run.result.sentence
    lines = (tmp_path / "cells.jsonl").read_text().splitlines()
    (tmp_path / "cells.jsonl").write_text(lines[0] + "\n")
    again = finished("rotate", tmp_path, angles="0, 45, 90", draws=2, folds=5)
    assert again.result.tables == run.result.tables


def test_the_network_in_a_turned_basis_is_the_rotated_network(
    named: tuple[Any, np.ndarray, np.ndarray],
) -> None:
    network, images, labels = named
    run = started("rotate")
    from backend.networks.layers import find as layer_of
    from backend.studies.dnn_lab.channels import Judged, turned_accuracy
    from backend.studies.dnn_lab.session import Session

    judged = Judged(images, labels, "")
    found = turned_accuracy(Session(run), judged, layer_of(network, "relu5"), (0.0, 60.0), 0)
    assert found[0] == accuracy(network, images, labels)
    turned = accuracy(rotated(network, "relu5", 60, 0), images, labels)
    assert found[1] == pytest.approx(turned, abs=1 / 256)


def test_selectivity_is_the_distance_of_the_best_category_in_sd() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 5000)
    unit = 3.0 * (labels == 2) + rng.standard_normal(20_000)
    values = selectivity(np.column_stack([unit, -5 * unit + 2, np.ones(20_000)]), labels)
    assert values[0] == pytest.approx(3.0, abs=0.08)
    assert values[1] == pytest.approx(1.0, abs=0.08)  # its best is any of the three others
    assert values[2] == 0.0
