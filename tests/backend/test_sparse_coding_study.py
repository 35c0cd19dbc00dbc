"""Study 06 as a user meets it: settings, bad input, cancelling, own pictures, exports, words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from backend.core.files import FileProblem
from backend.core.objects import as_object
from backend.core.parameters import ParameterError
from backend.core.run import Cancelled, Run
from backend.networks.mini import mini_alexnet
from backend.studies import find
from backend.studies.sparse.material import choose, material_of
from backend.studies.sparse.responses import PASSES

STUDY = find("sparse-coding")
SMALL = {"categories": 8, "exemplars": 4}


def started(procedure: str = "free", **changes: Any) -> Run:
    run = Run(STUDY, STUDY.Parameters().changed(**{**SMALL, **changes}), procedure)
    run.drawing = True
    return run


def finished(procedure: str = "free", **changes: Any) -> Run:
    run = started(procedure, **changes)
    STUDY.run(run)
    run.close()
    return run


def test_listing_the_study_loads_no_torch() -> None:
    code = (
        "import sys, backend.studies as s; s.find('sparse-coding');"
        "bad = {'torch', 'torchvision', 'sklearn', 'scipy.stats', 'PIL'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


def test_a_run_fills_every_view_of_its_layout() -> None:
    run = finished()
    for name in ("hierarchy", "ridges", "population", "distribution", "exemplars", "layers"):
        assert run.channels[name].snapshot(), name
    assert run.channels["hierarchy"].snapshot()["x_labels"][0] == "relu1"
    assert len(run.result.tables["psi"]["psi"]) == 8 * 7
    assert len(run.result.tables["layers"]["layer"]) == 7


def test_settings_of_the_index_act_without_showing_the_pictures_again() -> None:
    finished()
    p = STUDY.Parameters().changed(**SMALL)
    assert STUDY.instant(p.changed(rescale="absolute", layer=2, category=3))
    assert not STUDY.instant(p.changed(exemplars=5))
    assert not STUDY.instant(p.changed(lesion="W-all"))


@pytest.mark.parametrize("pooling", ["mean", "max", "centre"])
def test_every_way_to_read_a_channel_gives_an_index_between_0_and_1(pooling: str) -> None:
    psi = finished(pooling=pooling).offers["psi"].make()
    assert np.nanmin(psi) >= 0
    assert np.nanmax(psi) <= 1


@pytest.mark.parametrize("lesion", ["W-all", "W-channel", "W-kernel", "bias", "ReLU-off", "ablate"])
def test_each_lesion_changes_the_copy_and_never_the_network(lesion: str) -> None:
    from backend.studies.sparse.subject import lesioned

    network = mini_alexnet("A", 0)
    before = network.state_hash()
    p = STUDY.Parameters().changed(**SMALL, lesion=lesion, strength=0.5, lesioned="2, 3")
    copy = lesioned(network, p, lesion, 1)
    assert network.state_hash() == before
    run = finished(lesion=lesion, strength=0.5, lesioned="2, 3")
    assert not np.array_equal(
        run.result.tables["psi"]["psi"], run.result.tables["intact_psi"]["psi"]
    )
    assert (copy.state_hash() != before) == (lesion not in ("ReLU-off", "ablate"))


def test_lesioned_weights_are_saved_and_load_safely(tmp_path: Path) -> None:
    import torch

    run = finished(lesion="W-all")
    made = as_object("lesioned", run.offers["lesioned_weights"].make(), {})
    made.save(tmp_path / "w.pt")
    state = torch.load(tmp_path / "w.pt", weights_only=True)
    assert state["conv1.weight"].shape == (24, 3, 5, 5)


def test_cancelling_keeps_nothing_half_done() -> None:
    PASSES.clear()
    run = started(exemplars=40, categories=64)
    run.cancel()
    with pytest.raises(Cancelled):
        STUDY.run(run)
    run.close()
    assert not STUDY.instant(run.parameters)


def picture_folder(root: Path, categories: int, n: int = 3) -> Path:
    rng = np.random.default_rng(0)
    for category in range(categories):
        folder = root / f"kind {category}"
        folder.mkdir(parents=True)
        for number in range(n):
            pixels = rng.integers(0, 255, (40, 50, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    return root


def test_a_folder_of_categories_is_shown(tmp_path: Path) -> None:
    folder = picture_folder(tmp_path / "mine", 4)
    (folder / "257.clutter").mkdir()
    Image.fromarray(np.zeros((9, 9, 3), np.uint8)).save(folder / "257.clutter" / "x.png")
    run = finished(pictures="pictures", folder=str(folder), exemplars=3)
    assert run.result.tables["psi"]["category"][:2] == ["kind 0", "kind 1"]
    assert any("clutter" in note for note in run.result.notes)
    assert "accuracy" not in run.result.values


def test_two_categories_are_refused_in_words(tmp_path: Path) -> None:
    folder = picture_folder(tmp_path / "two", 2)
    with pytest.raises(FileProblem, match="2 categories; z-scoring over categories needs"):
        finished(pictures="pictures", folder=str(folder))


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    folder = picture_folder(tmp_path / "bad", 3)
    (folder / "kind 1" / "0.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with pytest.raises(FileProblem, match=r"0\.png"):
        finished(pictures="pictures", folder=str(folder))


@pytest.mark.parametrize(
    ("procedure", "changes", "field"),
    [
        ("free", {"pictures": "pictures"}, "folder"),
        ("models", {}, "lesion"),
        ("free", {"p_enter": 0.2, "p_remove": 0.1}, "p_enter"),
        ("performance", {"folds": 10}, "folds"),
    ],
)
def test_what_cannot_run_is_said_at_its_field(
    procedure: str, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        STUDY.check(STUDY.Parameters().changed(**{**SMALL, **changes}), procedure)
    assert caught.value.field == field


def test_a_layer_that_is_not_there_is_named() -> None:
    with pytest.raises(ParameterError, match="no layer conv9"):
        finished(lesion="W-all", lesioned="conv9")


def test_the_example_sets_say_how_many_categories_they_have() -> None:
    with pytest.raises(ParameterError) as caught:
        material_of(STUDY.Parameters().changed(categories=65), mini_alexnet("A", 0))
    assert caught.value.fix == 64


def test_digits_are_labelled_too_few() -> None:
    run = finished(pictures="digits")
    assert any("too few" in note for note in run.result.notes)


def test_few_pictures_in_some_categories_are_told() -> None:
    _, category, names, notes = choose(["a", "a", "b", "c", "c", "b", "a"], 10, 3)
    assert names == ("a", "b", "c")
    assert np.bincount(category).tolist() == [3, 2, 2]
    assert "2 of 3 categories have fewer than 3 pictures." in notes


def test_a_performance_run_reports_every_layer() -> None:
    run = finished("performance", classifier="nearest mean")
    assert len(run.result.tables["links"]["layer"]) == 7
    assert run.channels["link"].snapshot()["accuracy"].shape == (8,)
    assert any("reliable" in note for note in run.result.notes)


def test_the_methods_paragraph_names_what_was_done() -> None:
    p = STUDY.Parameters().changed(lesion="W-all", models=5)
    text = STUDY.methods(p, "models")
    assert "MiniAlexNet" in text
    assert "5 models" in text


def test_a_network_that_never_learned_these_categories_has_no_accuracy() -> None:
    run = finished(network="alexnet", categories=3, exemplars=2)
    assert "accuracy" not in run.result.values
    assert any("random" in note for note in run.result.notes)


def test_lesioned_models_go_on_where_they_were_broken_off(tmp_path: Path) -> None:
    p = STUDY.Parameters().changed(**SMALL, lesion="W-all", models=3)
    first = Run(STUDY, p, "models", directory=tmp_path)
    STUDY.run(first)
    first.close()
    lines = (tmp_path / "cells.jsonl").read_text().splitlines()
    assert len(lines) == 3
    PASSES.clear()
    (tmp_path / "cells.jsonl").write_text("\n".join(lines[:2]) + "\n")
    again = Run(STUDY, p, "models", directory=tmp_path)
    shown: list[str] = []
    again.progress = lambda d, t, what="": shown.append(what)  # type: ignore[method-assign]
    STUDY.run(again)
    again.close()
    assert not any("model 1" in words or "model 2" in words for words in shown)
    assert any("model 3" in words for words in shown)
    assert again.result["tau_w_all"] == pytest.approx(first.result["tau_w_all"])
