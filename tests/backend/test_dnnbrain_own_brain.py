"""Encoding one's own brain files: formats, masks, regions, runs with a response function, maps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from backend.analysis.dnnbrain_files import write_rois
from backend.analysis.hrf import design
from backend.brain.surface_map import SurfaceMap, VolumeMap
from backend.core.files import FileProblem
from backend.core.objects import Table, as_object
from backend.core.parameters import ParameterError
from backend.core.run import Run
from backend.studies import find

STUDY = find("dnnbrain")
N = 24


def finished(procedure: str = "encode", **changes: Any) -> Run:
    run = Run(STUDY, STUDY.Parameters().changed(**changes), procedure)
    run.drawing = True
    STUDY.check(run.parameters, procedure)
    STUDY.run(run)
    run.close()
    return run


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A list of 24 pictures of two colours, shown 4 s apart; one column is a number."""
    rng = np.random.default_rng(0)
    (tmp_path / "own").mkdir()
    lines = ["type=image", f"path={tmp_path / 'own'}", "data=stimID,onset,duration,colour,level"]
    for number in range(N):
        pixels = rng.integers(0, 120, (36, 36, 3), dtype=np.uint8)
        pixels[..., 2 * (number % 2)] += 100
        Image.fromarray(pixels).save(tmp_path / "own" / f"{number}.png")
        colour = ("red", "blue")[number % 2]
        lines.append(f"{number}.png,{4 * number},1,{colour},{number % 2 + 0.01 * number}")
    (tmp_path / "list.stim.csv").write_text("\n".join(lines) + "\n")
    return tmp_path / "list.stim.csv"


@pytest.fixture
def betas() -> np.ndarray:
    """Six places that follow the colour, one of them constant."""
    rng = np.random.default_rng(1)
    found = np.arange(N)[:, None] % 2 + 0.2 * rng.standard_normal((N, 6)) + 1.0
    found[:, 4] = 1.0
    return found.astype(np.float32)


@pytest.fixture
def own(pictures: Path) -> Callable[..., Run]:
    """An encoding of these pictures."""

    def start(betas: Path, **changes: Any) -> Run:
        small: dict[str, Any] = {
            "layers": "relu1, relu2",
            "folds": 4,
            "components": 5,
            "pls": 2,
            "layer": 1,
        }
        where: dict[str, Any] = {
            "stimuli": "own",
            "folder": str(pictures),
            "brain": "own",
            "betas": str(betas),
        }
        return finished(**where, **small, **changes)

    return start


def in_volume(folder: Path, betas: np.ndarray) -> tuple[Path, Path]:
    """The six places in a corner of a volume of 2 × 3 × 3, and a mask with two regions."""
    volume = np.zeros((2, 3, 3, len(betas)), np.float32)
    volume.reshape(18, -1)[:6] = betas.T
    labels = np.zeros((2, 3, 3), np.int16)
    labels.reshape(18)[:6] = (1, 1, 1, 2, 2, 2)
    nibabel.save(nibabel.Nifti1Image(volume, np.eye(4)), folder / "betas.nii.gz")
    nibabel.save(nibabel.Nifti1Image(labels, np.eye(4)), folder / "mask.nii.gz")
    return folder / "betas.nii.gz", folder / "mask.nii.gz"


def test_a_volume_is_encoded_and_its_maps_go_back_into_it(
    own: Callable[..., Run], betas: np.ndarray, tmp_path: Path
) -> None:
    file, mask = in_volume(tmp_path, betas)
    run = own(file, mask=str(mask))
    assert run.result["glm_1"] > 0.6
    assert "1 vertices never vary; their r is not defined." in run.result.notes
    drawn = run.channels["vertices"].snapshot()
    assert drawn["constant_x"].tolist() == [5.0]
    maps = run.offers["encoding_maps"].make()
    assert isinstance(maps, VolumeMap)
    as_object("encoding_maps", maps, {"seed": 0}).save(tmp_path / "maps.nii.gz")
    back: Any = nibabel.load(tmp_path / "maps.nii.gz")
    table = run.result.tables["encoding"]
    first = np.asarray(back.dataobj)[..., 0].reshape(-1)
    np.testing.assert_allclose(first[:6], np.array(table["r_glm"][:6], np.float32))
    assert np.isnan(first[6:]).all()


def test_regions_of_a_mask_are_chosen_by_number(
    own: Callable[..., Run], betas: np.ndarray, tmp_path: Path
) -> None:
    file, mask = in_volume(tmp_path, betas)
    assert len(own(file, mask=str(mask), regions="2").result.tables["encoding"]["vertex"]) == 6
    with pytest.raises(ParameterError, match=r'no region "7"\. There is 1, 2') as caught:
        own(file, mask=str(mask), regions="7")
    assert caught.value.field == "regions"


def test_a_table_of_regions_is_encoded_by_name(
    own: Callable[..., Run], betas: np.ndarray, tmp_path: Path
) -> None:
    names = [f"area {letter}" for letter in "abcdef"]
    write_rois(tmp_path / "b.roi.h5", names, betas)
    run = own(tmp_path / "b.roi.h5", regions="area b, area c")
    maps = run.offers["encoding_maps"].make()
    assert isinstance(maps, Table)
    assert maps.columns["region"] == ["area b", "area c"]
    with pytest.raises(ParameterError, match="a mask is for images"):
        own(tmp_path / "b.roi.h5", mask="m.nii")


@pytest.mark.parametrize("ending", [".npz", ".mgh", ".func.gii"])
def test_every_format_gives_the_same_numbers(
    own: Callable[..., Run], betas: np.ndarray, tmp_path: Path, ending: str
) -> None:
    np.save(tmp_path / "b.npy", betas)
    plain = own(tmp_path / "b.npy").result["glm_1"]
    file = tmp_path / f"b{ending}"
    if ending == ".npz":
        np.savez(file, betas=betas)
    elif ending == ".mgh":
        columns = np.ascontiguousarray(betas.T[:, None, None, :])
        nibabel.save(nibabel.MGHImage(columns, np.eye(4)), file)
    else:
        rows = [nibabel.gifti.GiftiDataArray(r, datatype="NIFTI_TYPE_FLOAT32") for r in betas]
        nibabel.save(nibabel.gifti.GiftiImage(darrays=rows), file)
    assert own(file).result["glm_1"] == pytest.approx(plain, abs=1e-6)


def test_not_a_number_is_counted_and_its_first_place_named(
    own: Callable[..., Run], betas: np.ndarray, tmp_path: Path
) -> None:
    betas[3, 2] = betas[5, 1] = np.nan
    np.save(tmp_path / "b.npy", betas)
    words = r"b\.npy hold 2 values that are not a number .* first at index \(3, 2\)"
    with pytest.raises(ParameterError, match=words):
        own(tmp_path / "b.npy")


def test_a_ceiling_file_is_drawn_and_must_have_a_number_a_vertex(
    own: Callable[..., Run], betas: np.ndarray, tmp_path: Path
) -> None:
    np.save(tmp_path / "b.npy", betas)
    np.savetxt(tmp_path / "c.csv", np.full(6, 0.9))
    run = own(tmp_path / "b.npy", ceiling=str(tmp_path / "c.csv"))
    assert run.result["ceiling"] == pytest.approx(0.9)
    assert run.channels["encoding"].snapshot()["ceiling"][0] == pytest.approx(0.9)
    maps = run.offers["encoding_maps"].make()
    np.testing.assert_allclose(maps.map("ceiling"), 0.9)
    np.savetxt(tmp_path / "c.csv", np.full(5, 0.9))
    with pytest.raises(ParameterError, match="holds 5 numbers; there are 6 vertices"):
        own(tmp_path / "b.npy", ceiling=str(tmp_path / "c.csv"))


def test_a_run_of_volumes_is_convolved_before_it_is_encoded(
    own: Callable[..., Run], tmp_path: Path
) -> None:
    """Signals that follow the colour through the haemodynamic response are found in volumes of
    1.5 s; as pictures the rows do not match."""
    volumes, tr = 80, 1.5
    response = design(4.0 * np.arange(N), np.ones(N), volumes, tr)
    signal = response @ (np.arange(N) % 2.0)
    rng = np.random.default_rng(2)
    noise = 0.05 * signal.std() * rng.standard_normal((volumes, 3))
    np.save(tmp_path / "run.npy", signal[:, None] + noise)
    with pytest.raises(FileProblem, match="80 rows; there are 24 pictures"):
        own(tmp_path / "run.npy")
    run = own(tmp_path / "run.npy", hrf=True, TR=tr)
    assert run.result["glm_1"] > 0.8
    assert len(run.channels["fit"].snapshot()["truth"]) == volumes
    assert any("stretches of the run" in note for note in run.result.notes)
    wrong = own(tmp_path / "run.npy", hrf=True, TR=0.5)
    assert wrong.result["glm_1"] < run.result["glm_1"] - 0.2
    said = "14 of 24 pictures begin after the end of the run at 40 s"
    assert not any("begin after" in note for note in run.result.notes)
    assert any(note.startswith(said) for note in wrong.result.notes), wrong.result.notes


def test_products_of_volumes_are_those_of_convolved_features() -> None:
    """H G Hᵀ needs no activation: the same numbers as from the features themselves."""
    from backend.analysis.compression import gram
    from backend.analysis.hrf import convolved

    rng = np.random.default_rng(0)
    features = rng.standard_normal((10, 50))
    onsets, length = 3.0 * np.arange(10), np.full(10, 0.5)
    response = design(onsets, length, 25, 2.0)
    plain = gram(convolved(features, onsets, length, 25, 2.0), "none").matrix
    np.testing.assert_allclose(
        response @ gram(features, "none", True).matrix @ response.T, plain, atol=1e-12
    )


def test_volumes_need_a_column_of_onsets(
    own: Callable[..., Run], betas: np.ndarray, tmp_path: Path
) -> None:
    np.save(tmp_path / "b.npy", betas)
    with pytest.raises(ParameterError, match=r'no column "start"\. There are: onset'):
        own(tmp_path / "b.npy", hrf=True, onset="start")
    with pytest.raises(ParameterError, match="a row of responses a picture"):
        finished("rsa", brain="own", betas="b.npy", hrf=True)


def test_models_and_scores_of_encoding(
    own: Callable[..., Run], betas: np.ndarray, tmp_path: Path
) -> None:
    np.save(tmp_path / "b.npy", betas)
    scores = {
        one: own(tmp_path / "b.npy", estimator=one, score="R2").result["glm_1"]
        for one in ("OLS", "ridge", "lasso")
    }
    assert len(set(scores.values())) == 3
    alone = own(tmp_path / "b.npy", estimator="PLS")
    assert "glm_1" not in alone.result.values
    assert alone.result["pls_1"] > 0.6
    pooled = own(tmp_path / "b.npy", score="explained variance", pooled=True)
    assert pooled.channels["encoding"].snapshot()["y_title"] == "explained variance"
    assert "that of all predictions of 4" in STUDY.methods(pooled.parameters, "encode")


def test_another_vertex_is_shown_without_a_run(
    own: Callable[..., Run], betas: np.ndarray, tmp_path: Path
) -> None:
    np.save(tmp_path / "b.npy", betas)
    run = own(tmp_path / "b.npy", vertex=2)
    fit = run.channels["fit"].snapshot()
    np.testing.assert_allclose(fit["truth"], betas[:, 1])
    r = np.corrcoef(fit["x"], fit["truth"])[0, 1]
    assert r == pytest.approx(run.channels["profile"].snapshot()["glm"][0], abs=0.15)
    other = STUDY.preview(run.parameters.changed(vertex=3, layer=2))
    np.testing.assert_allclose(other["fit"]["truth"], betas[:, 2])
    assert other["fit"]["x_title"] == "predicted from relu2"
    assert other["profile"]["y_title"] == "r, vertex 3"


def test_what_is_not_there_is_said(
    own: Callable[..., Run], betas: np.ndarray, tmp_path: Path
) -> None:
    np.save(tmp_path / "b.npy", betas)
    with pytest.raises(ParameterError, match=r"no column animacy\. There are: onset"):
        own(tmp_path / "b.npy", label="animacy")
    run = own(tmp_path / "b.npy", vertex=9)
    assert "Vertex shown is 9, but there are 6. The last is shown." in run.result.notes
    wanted = run.parameters.changed(layer=7)
    notice = next(one for one in STUDY.check(wanted, "encode") if one.field == "layer")
    assert notice.text == "There are 2 layers. The last is shown."
    assert notice.fix == 2
    unused = STUDY.check(STUDY.Parameters().changed(label="animacy"))
    assert [one.field for one in unused] == ["label"]


def test_maps_of_the_simulated_cortex_say_that_it_is_no_anatomy(tmp_path: Path) -> None:
    run = finished(folds=2, components=20, pls=2)
    offer = run.offers["encoding_maps"]
    assert "SIMULATED" in offer.label
    made = as_object("encoding_maps", offer.make(), {"study": "dnnbrain"})
    made.save(tmp_path / "maps.func.gii")
    image: Any = nibabel.load(tmp_path / "maps.func.gii")
    names = [one.meta["Name"] for one in image.darrays]
    assert names[0] == "r, relu1"
    assert names[-3:] == ["best r", "winning layer", "ceiling"]
    assert "no anatomy" in image.meta["Description"]
    back = SurfaceMap.load(tmp_path / "maps.func.gii")
    assert back.provenance == {"study": "dnnbrain"}
    np.testing.assert_allclose(
        back.map("r, relu1"),
        np.array(run.result.tables["encoding"]["r_glm"][:200], np.float32)[order(back)],
    )


def order(maps: SurfaceMap) -> np.ndarray:
    """Vertices are stored front to back; a surface file has them in its own order."""
    from backend.brain.simulated_surface import simulated_surface

    return np.argsort(simulated_surface().strip)


def test_the_winning_layer_of_own_responses_is_counted(
    own: Callable[..., Run], betas: np.ndarray, tmp_path: Path
) -> None:
    np.save(tmp_path / "b.npy", betas)
    run = own(tmp_path / "b.npy")
    shown = run.channels["winners"].snapshot()
    assert shown["y_labels"] == ["vertices"]
    assert shown["image"].sum() == np.ptp(betas, axis=0).astype(bool).sum()


def test_more_components_than_a_fold_gives_are_said() -> None:
    from backend.studies.dnn_lab.encode import say_components

    run = Run(STUDY, STUDY.Parameters().changed(components=100, pls=100, folds=4), "encode")
    say_components(run, run.parameters, 24)
    assert run.result.notes[0].endswith("the 18 rows a fold is fitted to give at most 17.")
    assert "both models are the same" in run.result.notes[1]
