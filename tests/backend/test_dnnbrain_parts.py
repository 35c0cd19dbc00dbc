"""Probing part by part: places, channels, single units, numbers, one's own estimator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from backend.core.parameters import ParameterError
from backend.core.run import Run
from backend.studies import find

STUDY = find("dnnbrain")
N = 40


def finished(folder: Path, **changes: Any) -> Run:
    small: dict[str, Any] = {"layers": "relu1", "folds": 3, "components": 5, "layer": 1}
    small |= {"stimuli": "own", "folder": str(folder)} | changes
    run = Run(STUDY, STUDY.Parameters().changed(**small), "free")
    STUDY.run(run)
    run.close()
    return run


@pytest.fixture
def corner(tmp_path: Path) -> Path:
    """Noise that differs between two classes in the upper left quarter alone; its brightness
    there is the number."""
    rng = np.random.default_rng(0)
    (tmp_path / "own").mkdir()
    lines = ["type=image", f"path={tmp_path / 'own'}", "data=stimID,class,level"]
    for number in range(N):
        pixels = rng.integers(0, 100, (32, 32, 3)).astype(np.uint8)
        level = 100 * (number % 2) + int(rng.integers(0, 40))
        pixels[:16, :16] += np.uint8(level)
        Image.fromarray(pixels).save(tmp_path / "own" / f"{number}.png")
        lines.append(f"{number}.png,{'ab'[number % 2]},{level}")
    (tmp_path / "list.stim.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "list.stim.csv"


def test_a_map_of_places_shows_where_the_class_can_be_read(corner: Path) -> None:
    run = finished(corner, iterate="place", probe="ridge classifier", layers="relu3, relu4")
    shown = run.channels["places"].snapshot()
    assert shown["note"] == "accuracy, relu3, 64 of 64 places"
    image = shown["image"]
    assert image.shape == (8, 8)
    assert image[:3, :3].min() > 0.9
    assert image[6:, 6:].mean() < 0.7
    assert run.result["best_part_1"] == pytest.approx(image.max())
    assert run.result["parts_1"] == pytest.approx(image.mean())
    table = run.result.tables["parts"]
    assert len(table["layer"]) == 128
    assert (table["row"][9], table["column"][9]) == (2, 2)
    assert any("activations: one layer's at a time" in note for note in run.result.notes)
    other = STUDY.preview(run.parameters.changed(layer=2))
    assert other["places"]["note"].startswith("accuracy, relu4")
    assert STUDY.layout_of(run.parameters) == "probe place"


def test_parts_are_drawn_while_they_come(corner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.studies.dnn_lab.parts.LOOK_S", 0.0)
    small: dict[str, Any] = {"layers": "relu4", "folds": 3, "stimuli": "own", "iterate": "channel"}
    p = STUDY.Parameters().changed(**small, folder=str(corner), probe="correlation")
    run = Run(STUDY, p, "free")
    seen: list[int] = []
    progress = run.progress

    def looked(done: float, total: float, what: str = "") -> None:
        progress(done, total, what)
        data = run.channels["channels"].snapshot()
        seen.append(int(np.isfinite(data.get("score", ())).sum()))

    run.progress = looked  # type: ignore[method-assign]
    STUDY.run(run)
    run.close()
    assert seen == sorted(seen)
    assert len(set(seen)) > 10  # one after another, not all at once


def test_the_best_unit_is_where_the_class_is_and_its_score_is_nested(corner: Path) -> None:
    run = finished(corner, map="uv", iterate="layer", layers="relu1")
    assert run.result["unit_1"] > 0.9
    table = run.result.tables["parts"]
    assert table["unit_row"][0] <= 17
    assert table["unit_column"][0] <= 17
    channels = finished(corner, map="uv", iterate="channel", layers="relu1")
    assert len(channels.channels["channels"].snapshot()["score"]) == 24


def test_single_units_find_nothing_in_noise(corner: Path) -> None:
    """Labels drawn at random: the best of 24,576 units, scored fairly, is near chance."""
    rng = np.random.default_rng(3)
    lines = corner.read_text().splitlines()
    drawn = rng.permutation(["a", "b"] * (N // 2))
    rows = [f"{line.split(',')[0]},{c},0" for line, c in zip(lines[3:], drawn, strict=True)]
    corner.write_text("\n".join(lines[:3] + rows) + "\n")
    assert finished(corner, map="uv").result["unit_1"] < 0.7


@pytest.mark.parametrize("probe", ["OLS", "ridge", "lasso", "PLS"])
def test_a_column_of_numbers_is_predicted(corner: Path, probe: str) -> None:
    run = finished(corner, probe=probe, label="level", pls=3)
    assert run.result["number_1"] > 0.9
    assert run.channels["accuracy"].snapshot()["y_title"] == "r"
    assert "accuracy_1" not in run.result.values


def test_numbers_by_place_and_by_the_best_unit(corner: Path) -> None:
    run = finished(corner, probe="OLS", label="level", iterate="place", layers="relu4", score="R2")
    image = run.channels["places"].snapshot()["image"]
    assert image[:3, :3].mean() > image[5:, 5:].mean() + 0.4
    unit = finished(corner, probe="OLS", label="level", map="uv", score="r")
    assert unit.result["unit_1"] > 0.8
    largest = finished(corner, probe="correlation", label="level", map="uv", permutations=19)
    assert largest.result["unit_1"] > 0.8
    assert largest.result.tables["parts"]["p"] == [0.05]
    assert any("judge it by p" in note for note in largest.result.notes)


def test_ones_own_estimator_by_import_path(corner: Path) -> None:
    path = "sklearn.neighbors.KNeighborsClassifier"
    assert finished(corner, probe="pipeline", pipeline=path).result["accuracy_1"] > 0.9
    with pytest.raises(ParameterError, match="gives no estimator") as caught:
        finished(corner, probe="pipeline", pipeline="sklearn.nothing.Here")
    for ending in ("sys.exit", "os.abort", "os.getcwd"):
        with pytest.raises(ParameterError, match="no class with fit and predict"):
            finished(corner, probe="pipeline", pipeline=ending)
    assert caught.value.field == "pipeline"
    with pytest.raises(ParameterError, match=r"Name your estimator as module\.name"):
        finished(corner, probe="pipeline")


def test_what_cannot_be_probed_is_said(corner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ParameterError, match='Row 1 of the column class is "a"') as caught:
        finished(corner, probe="ridge", label="class")
    assert caught.value.field == "label"
    with pytest.raises(ParameterError, match=r"holds the numbers\? There are: class, level"):
        finished(corner, probe="ridge")
    with pytest.raises(ParameterError, match="ShapeWorld are no numbers"):
        finished(corner, probe="ridge", stimuli="transfer")
    monkeypatch.setattr("backend.networks.scan.free_memory", lambda: 10**6)
    with pytest.raises(ParameterError, match=r"relu1 for 40 pictures need 3\.93 MB") as caught:
        finished(corner, iterate="channel")
    assert caught.value.field == "layers"


def test_a_part_that_was_finished_is_not_probed_again(corner: Path, tmp_path: Path) -> None:
    small: dict[str, Any] = {"layers": "relu3, relu4", "folds": 3, "iterate": "channel"}
    p = STUDY.Parameters().changed(**small, stimuli="own", folder=str(corner), probe="correlation")
    first = Run(STUDY, p, "free", directory=tmp_path / "run")
    STUDY.run(first)
    first.close()
    lines = (tmp_path / "run" / "cells.jsonl").read_text().splitlines()
    (tmp_path / "run" / "cells.jsonl").write_text(lines[0] + "\n")
    again = Run(STUDY, p, "free", directory=tmp_path / "run")
    said: list[str] = []
    again.status = said.append  # type: ignore[method-assign,assignment]
    STUDY.run(again)
    again.close()
    assert not any("relu3" in one for one in said)
    assert any("relu4" in one for one in said)
    assert again.result["parts_1"] == first.result["parts_1"]
