"""Study 05 as a user meets it: own pictures and responses, bad input, other layers, words."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.core.run import Cancelled, Run
from backend.studies import find
from backend.studies.dnn_lab.session import SCANS, products_fit

STUDY = find("dnnbrain")


def started(procedure: str = "free", **changes: Any) -> Run:
    run = Run(STUDY, STUDY.Parameters().changed(**changes), procedure)
    run.drawing = True
    return run


def finished(procedure: str = "free", **changes: Any) -> Run:
    run = started(procedure, **changes)
    STUDY.run(run)
    run.close()
    return run


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Two classes of 12 pictures that differ in colour."""
    rng = np.random.default_rng(0)
    for name, channel in (("red", 0), ("blue", 2)):
        (tmp_path / "own" / name).mkdir(parents=True)
        for number in range(12):
            pixels = rng.integers(0, 120, (36, 36, 3), dtype=np.uint8)
            pixels[..., channel] += 100
            Image.fromarray(pixels).save(tmp_path / "own" / name / f"{number}.png")
    return tmp_path / "own"


def test_listing_the_study_loads_no_torch() -> None:
    code = (
        "import sys, backend.studies as s; t = s.find('dnnbrain'); t.preview(t.Parameters());"
        "bad = {'torch', 'sklearn', 'scipy.stats', 'PIL', 'numba'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


def test_a_probe_fills_its_views_and_another_layer_needs_no_run() -> None:
    run = finished(folds=3, layers="relu1, relu5")
    accuracy = run.channels["accuracy"].snapshot()
    assert accuracy["x_labels"] == ["relu1", "relu5"]
    assert len(accuracy["after"]) == 2
    p = run.parameters
    first = STUDY.preview(p.changed(layer=1))["confusion"]
    second = STUDY.preview(p.changed(layer=2))["confusion"]
    assert not np.array_equal(first["image"], second["image"])
    assert first["image"].sum() == 640
    assert STUDY.preview(p.changed(folds=4)) == {}


def test_own_pictures_are_probed_for_their_folders(pictures: Path) -> None:
    run = finished(stimuli="own", folder=str(pictures), folds=3, layers="relu1", components=5)
    assert run.result["accuracy_1"] > 0.9
    assert run.result["chance"] == 0.5


def test_a_class_with_too_few_pictures_is_named(pictures: Path) -> None:
    with pytest.raises(ParameterError, match="has 12 images for 20 folds"):
        finished(stimuli="own", folder=str(pictures), folds=20, layers="relu1", components=5)


def test_own_responses_must_have_a_row_a_picture(pictures: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "betas.npy", np.arange(40.0).reshape(10, 4))
    with pytest.raises(FileProblem, match="10 rows; there are 24 pictures"):
        finished(
            "encode", stimuli="own", folder=str(pictures), layers="relu1", brain="own",
            betas=str(tmp_path / "betas.npy"),
        )  # fmt: skip


def test_own_responses_are_encoded_and_constant_vertices_counted(
    pictures: Path, tmp_path: Path
) -> None:
    label = np.repeat([0.0, 1.0], 12)
    rng = np.random.default_rng(1)
    betas = np.column_stack([label + 0.1 * rng.standard_normal(24), np.ones(24)])
    np.savetxt(tmp_path / "betas.csv", betas, delimiter=",")
    run = finished(
        "encode", stimuli="own", folder=str(pictures), layers="relu1, relu2", brain="own",
        betas=str(tmp_path / "betas.csv"), folds=4, components=5, pls=2,
    )  # fmt: skip
    assert run.result["glm_1"] > 0.6
    assert any("1 vertices never vary" in note for note in run.result.notes)


def test_not_a_number_in_responses_is_counted(pictures: Path, tmp_path: Path) -> None:
    betas = np.random.default_rng(0).standard_normal((24, 3))
    betas[5, 1] = np.nan
    np.save(tmp_path / "b.npy", betas)
    with pytest.raises((ParameterError, FileProblem), match="1 "):
        finished(
            "encode", stimuli="own", folder=str(pictures), layers="relu1", brain="own",
            betas=str(tmp_path / "b.npy"), folds=4, components=5,
        )  # fmt: skip


def test_a_layer_that_is_not_there_gets_its_nearest_names() -> None:
    with pytest.raises(ParameterError, match="relu1"):
        finished(layers="rellu1")


def test_a_scan_that_does_not_fit_is_refused_before_it_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    SCANS.clear()
    monkeypatch.setattr("backend.networks.scan.free_memory", lambda: 10**8)
    with pytest.raises(ParameterError, match=r"640 pictures need 0\.122 GB; 0\.1 GB") as caught:
        finished()
    assert caught.value.fix == "mean"


def test_pairs_of_pictures_that_do_not_fit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.networks.scan.free_memory", lambda: 10**9)
    with pytest.raises(ParameterError, match=r"20,000 pictures in 7 layers need 44\.8 GB"):
        products_fit(7, 20_000)
    products_fit(7, 640)


def test_a_changed_folder_is_scanned_again(pictures: Path) -> None:
    settings = {"stimuli": "own", "folder": str(pictures), "folds": 3, "layers": "relu1"}
    before = finished(**settings, components=5).result["pixels"]
    rng = np.random.default_rng(9)
    for file in pictures.rglob("*.png"):
        Image.fromarray(rng.integers(0, 255, (36, 36, 3), dtype=np.uint8)).save(file)
    run = finished(**settings, components=5)
    assert run.result["accuracy_1"] < 0.9 < before


def test_a_run_that_was_broken_off_goes_on_where_it_was(tmp_path: Path) -> None:
    """Layers that were probed before are taken from the run's folder."""
    p = STUDY.Parameters().changed(folds=3, layers="relu1, relu5")
    first = Run(STUDY, p, "free", directory=tmp_path)
    STUDY.run(first)
    first.close()
    lines = (tmp_path / "cells.jsonl").read_text().splitlines()
    assert len(lines) == 2
    (tmp_path / "cells.jsonl").write_text(lines[0] + "\n")  # as if killed in the second layer
    again = Run(STUDY, p, "free", directory=tmp_path)
    done: list[tuple[float, float]] = []
    again.progress = lambda d, t, what="": done.append((d, t))  # type: ignore[method-assign]
    STUDY.run(again)
    again.close()
    folds = [d for d, t in done if t == 6]
    assert folds[0] == 3  # the first layer came whole
    assert again.result["accuracy_1"] == first.result["accuracy_1"]
    assert again.result["accuracy_2"] == first.result["accuracy_2"]


def test_cancelling_a_scan_leaves_nothing_half_done() -> None:
    SCANS.clear()
    run = started()
    run.cancel()
    with pytest.raises(Cancelled):
        STUDY.run(run)
    run.close()


@pytest.mark.parametrize(
    ("procedure", "changes", "field"),
    [("free", {"stimuli": "own"}, "folder"), ("encode", {"brain": "own"}, "betas")],
)
def test_what_cannot_run_is_said_at_its_field(
    procedure: str, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(ParameterError) as caught:
        STUDY.check(STUDY.Parameters().changed(**changes), procedure)
    assert caught.value.field == field


def test_rsa_says_which_layer_is_most_like_the_cortex() -> None:
    run = finished("rsa", label_permutations=100, samples=100)
    assert run.result.lead.startswith("rsa_")
    assert "p = 0.0099 over all layers" in run.result.sentence
    assert run.offers["rdm_relu3"].make().shape == (64, 64)
    p = run.parameters
    assert "relu1" in STUDY.preview(p.changed(layer=1))["embedding"]["note"]


def test_methods_name_what_was_done() -> None:
    p = STUDY.Parameters()
    assert "simulated" in STUDY.methods(p, "rsa")
    assert "permutations of stimulus labels" in STUDY.methods(p, "rsa")
    assert "10 stratified shuffled folds" in STUDY.methods(p, "free")


def test_a_new_last_layer_is_trained_for_ones_own_classes(pictures: Path, tmp_path: Path) -> None:
    import torch

    from backend.core.objects import as_object

    run = finished(
        "train", stimuli="own", folder=str(pictures), epochs=12, batch=8, rate=3e-3, held_out=0.25,
    )  # fmt: skip
    assert run.result["trained_accuracy"] > 0.8
    losses = run.channels["training"].snapshot()["loss"]
    assert losses[-3:].mean() < losses[:3].mean()
    made = as_object("weights", run.offers["weights"].make(), {})
    made.save(tmp_path / "w.pt")
    state = torch.load(tmp_path / "w.pt", weights_only=True)
    assert state["fc3.weight"].shape == (2, 256)


def test_training_towards_the_cortex_raises_r_with_it() -> None:
    run = finished("train", epochs=3, rate=1e-3, brain_weight=3.0, layer=5, held_out=0.0)
    r = run.channels["training"].snapshot()["brain"]
    assert r[-3:].mean() > r[:3].mean() + 0.05


def test_the_rate_acts_while_training() -> None:
    run = started("train", epochs=2, rate=1e-5, held_out=0.0)
    run.change(rate=0.01)
    STUDY.run(run)
    run.close()
    assert run.parameters.rate == 0.01
    assert [change.values for change in run.changes] == [{"rate": 0.01}]


def test_only_minialexnet_is_trained_anew() -> None:
    p = STUDY.Parameters().changed(network="resnet18", training="retrain")
    with pytest.raises(ParameterError, match="Only MiniAlexNet") as caught:
        STUDY.check(p, "train")
    assert caught.value.fix == "fine-tune"


def test_deeper_layers_are_seen_later_in_the_simulated_meg() -> None:
    run = finished("time")
    peaks = [run.result[f"peak_ms_{i}"] for i in range(1, 6)]
    assert peaks == sorted(peaks)
    assert peaks[0] == pytest.approx(120, abs=20)
    assert peaks[4] >= peaks[0] + 60  # made at 280; alike layers pull it earlier, as the panel says
    assert run.channels["time"].snapshot()["x"][0] == -100


def test_a_column_of_numbers_is_no_list_of_classes(pictures: Path, tmp_path: Path) -> None:
    rows = [f"{one},{0.01 * i:.2f}" for i, one in enumerate(sorted(pictures.rglob("*.png")))]
    (tmp_path / "list.csv").write_text("file,size\n" + "\n".join(rows) + "\n")
    given = {"stimuli": "own", "folder": str(tmp_path / "list.csv"), "label": "size", "folds": 3}
    with pytest.raises(ParameterError, match="size holds 24 numbers for 24 pictures") as caught:
        finished(**given, layers="relu1")
    assert (caught.value.field, caught.value.fix) == ("probe", "ridge")


def test_looking_at_another_layer_leaves_numbers_comparable() -> None:
    preset = STUDY.preset("Figure 5")
    run = started()
    run.measure("accuracy_1", 0.58)
    looked = STUDY.parameters_of(preset).changed(layer=2, vertex=9)
    verdicts = {
        line.quantity: line.verdict
        for line in STUDY.compare(run.result.values, "Figure 5", looked, "free")
    }
    assert verdicts["accuracy_1"] == "agree"
