"""DNNBrain's commands as typed: what they write, and what they say of bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

from app.cli import main
from app.dnnbrain_commands import COMMANDS
from backend.analysis.dnnbrain_files import Mask, read_rdms, read_rois, write_masks, write_rois
from backend.networks.act_file import load
from backend.networks.mini import mini_alexnet
from backend.networks.network import Network
from backend.networks.scan import stream
from backend.stimuli import shapeworld

ROOT = Path(__file__).parents[2]
CLASSES, EACH = 8, 10
SPACE = (2, 3, 3)


def run(*words: Any) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    return int(left.value.code or 0)


@pytest.fixture(scope="module")
def network() -> Network:
    return mini_alexnet("A")


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """Eight categories of ten pictures."""
    made = shapeworld.images(shapeworld.categories(CLASSES // 2, 100), EACH, 2)
    return np.rint(np.ascontiguousarray(made.transpose(0, 2, 3, 1)) * 255).astype(np.uint8)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, pictures: np.ndarray, network: Network) -> Path:
    """A list of pictures, activations, and a brain that reads relu5 through noise."""
    folder = tmp_path_factory.mktemp("dnnbrain")
    (folder / "pictures").mkdir()
    rng = np.random.default_rng(0)
    rows = ["type=image", "path=pictures", "data=stimID,onset,duration,label,RT"]
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / "pictures" / f"p{number:02d}.png")
        rows.append(f"p{number:02d}.png,{2 * number},1,{number // EACH},{rng.normal():.5f}")
    (folder / "all.stim.csv").write_text("\n".join(rows) + "\n")
    (folder / "five.stim.csv").write_text("\n".join(rows[:8]) + "\n")
    assert run("dnn_act", "-net", "mini-a", "-layer", "conv5", "relu5", "fc3", "-chn", 1, 3, 5,
               "-stim", folder / "all.stim.csv", "-out", folder / "a.act.h5") == 0  # fmt: skip
    x = load(folder / "a.act.h5").read("relu5").reshape(len(pictures), -1)
    signal = x @ rng.standard_normal((x.shape[1], 12))
    y = signal / signal.std(axis=0) + rng.standard_normal(signal.shape)
    np.save(folder / "brain.npy", y)
    write_rois(folder / "brain.roi.h5", [f"R{i}" for i in range(12)], y)
    write_masks(folder / "part.dmask.csv", {"conv5": Mask((0, 2), (1, 2, 3), None)})
    save_images(folder, y.astype(np.float32))
    return folder


def save_images(folder: Path, y: np.ndarray) -> None:
    """The brain in every format; the last six places of the volume are outside."""
    import nibabel

    volume = np.zeros((*SPACE, len(y)), np.float32)
    volume.reshape(18, -1)[:12] = y.T
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = 5, 6, 7
    labels = np.zeros(SPACE, np.int16)
    labels.reshape(18)[:12] = np.repeat([1, 2], 6)
    nibabel.Nifti1Image(volume, affine).to_filename(str(folder / "brain.nii.gz"))
    nibabel.Nifti1Image(labels, affine).to_filename(str(folder / "mask.nii.gz"))
    nibabel.MGHImage(volume, affine).to_filename(str(folder / "brain.mgz"))
    arrays = [nibabel.gifti.GiftiDataArray(row, datatype="NIFTI_TYPE_FLOAT32") for row in y]
    nibabel.gifti.GiftiImage(darrays=arrays).to_filename(str(folder / "brain.func.gii"))
    places = nibabel.cifti2.BrainModelAxis.from_mask(np.ones(12, bool), name="cortex_left")
    maps = nibabel.cifti2.ScalarAxis([f"s{i}" for i in range(len(y))])
    image = nibabel.cifti2.Cifti2Image(y, header=(maps, places))
    image.to_filename(str(folder / "brain.dscalar.nii"))


def read(path: Path) -> dict[str, np.ndarray]:
    held = load(path)
    return {name: held.read(name) for name in held.layers}


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size


# ---- scanning ------------------------------------------------------------------------------


def test_activations_are_those_of_a_pass_and_lie_as_the_original_has_them(
    data: Path, network: Network, pictures: np.ndarray
) -> None:
    _, wanted = next(iter(stream(network, pictures, ["conv5", "fc3"], batch=len(pictures))))
    with h5py.File(data / "a.act.h5") as file:
        assert list(file) == ["conv5", "relu5", "fc3"]
        assert file["conv5"].compression == "gzip"
        assert np.allclose(file["conv5"], wanted["conv5"][:, [0, 2, 4]], atol=1e-5)
        assert file["fc3"].shape == (80, 3, 1, 1)
        assert np.allclose(file["fc3"][:, :, 0, 0], wanted["fc3"][:, [0, 2, 4]], atol=1e-5)
    record = json.loads((data / "a.act.h5.json").read_text())
    assert record["command"] == "dnn-act"
    assert record["state"] == network.state_hash()


def test_a_mask_cuts_before_pooling(data: Path, tmp_path: Path) -> None:
    mask = ("-dmask", data / "part.dmask.csv")
    assert run("dnn-act", "-net", "mini-a", *mask, "-stim", data / "all.stim.csv", "-pool", "L2",
               "-out", tmp_path / "b.act.h5") == 0  # fmt: skip
    assert run("dnn-mask", "-act", data / "a.act.h5", "-layer", "conv5", "-out",
               tmp_path / "c.act.h5") == 0  # fmt: skip
    whole = read(tmp_path / "c.act.h5")["conv5"]
    part = whole[:, [0, 1]][:, :, 1:4]  # channels 1 and 3 of the network are 1 and 2 of the file
    found = read(tmp_path / "b.act.h5")["conv5"]
    assert np.allclose(found[:, :, 0, 0], np.sqrt((part**2).sum(axis=(2, 3))), rtol=1e-5)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_dnnbrain_s_names_of_networks_and_layers_are_known(data: Path, tmp_path: Path,
                                                           capsys: Any) -> None:  # fmt: skip
    assert run("dnn_act", "-net", "AlexNet", "-layer", "conv5_relu", "-chn", 2, "-stim",
               data / "five.stim.csv", "-pool", "max", "-out",
               tmp_path / "b.act.h5") == 0  # fmt: skip
    assert read(tmp_path / "b.act.h5")["conv5_relu"].shape == (5, 1, 1, 1)
    assert "random weights" in capsys.readouterr().err


def test_pictures_are_cut_as_in_training_or_stretched_as_in_the_original(
    data: Path, tmp_path: Path
) -> None:
    """A wide picture whose sides differ from its middle."""
    wide = np.full((300, 600, 3), 40, np.uint8)
    wide[:, 150:450] = 200
    Image.fromarray(wide).save(tmp_path / "w.png")
    (tmp_path / "w.stim.csv").write_text("type=image\npath=.\ndata=stimID\nw.png\n")
    found = {}
    for fit in ("crop", "stretch"):
        assert run("dnn-act", "-net", "mini-a", "-layer", "conv1", "-fit", fit, "-stim",
                   tmp_path / "w.stim.csv", "-out", tmp_path / f"{fit}.act.h5") == 0  # fmt: skip
        found[fit] = read(tmp_path / f"{fit}.act.h5")["conv1"][0, :, 16]
    assert np.allclose(found["crop"][:, 4:28], found["crop"][:, [16]], atol=1e-4)
    assert not np.allclose(found["stretch"][:, 4:28], found["stretch"][:, [16]], atol=1e-2)


def test_a_stopped_scan_keeps_what_is_done_and_goes_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    import app.dnnbrain_commands.scanning as scanning

    words = ("dnn-act", "-net", "mini-a", "-layer", "conv5", "-chn", 1, 3, 5, "-stim",
             data / "all.stim.csv", "-out", tmp_path / "b.act.h5")  # fmt: skip
    seen: list[int] = []

    def stop_behind_64(what: str) -> Callable[[int, int], None]:
        def told(done: int, of: int) -> None:
            seen.append(done)
            if done > 64:
                raise KeyboardInterrupt

        return told

    with monkeypatch.context() as patch:
        patch.setattr(scanning, "telling", stop_behind_64)
        assert run(*words) == 1
    assert "goes on from there" in capsys.readouterr().err
    assert not (tmp_path / "b.act.h5").exists()
    seen.clear()
    monkeypatch.setattr(scanning, "telling", lambda what: lambda done, of: seen.append(done))
    assert run(*words) == 0
    assert min(seen) > 64
    assert (read(tmp_path / "b.act.h5")["conv5"] == read(data / "a.act.h5")["conv5"]).all()


def test_features_equal_scikit_learn_s_and_scipy_s(data: Path, tmp_path: Path) -> None:
    from scipy.signal import periodogram
    from sklearn.decomposition import PCA

    act = ("-act", data / "a.act.h5", "-layer", "conv5")
    values = read(data / "a.act.h5")["conv5"]
    assert run("dnn-fe", *act, "-meth", "pca", 3, "-out", tmp_path / "p.act.h5") == 0
    found = read(tmp_path / "p.act.h5")["conv5"]
    assert found.shape == (80, 3, 1, 1)
    peer = PCA(3, svd_solver="full").fit_transform(values.reshape(80, -1).astype(float))
    assert np.allclose(np.abs(found[:, :, 0, 0]), np.abs(peer), atol=1e-3)
    assert run("dnn-fe", *act, "-meth", "pca", 0.9, "-axis", "chn", "-out",
               tmp_path / "q.act.h5") == 0  # fmt: skip
    assert read(tmp_path / "q.act.h5")["conv5"].shape[2:] == (8, 8)
    assert run("dnn-fe", *act, "-meth", "psd", 5, "-axis", "row_col", "-out",
               tmp_path / "s.act.h5") == 0  # fmt: skip
    spectrum = periodogram(values.reshape(80, 3, -1), axis=2)[1][:, :, :5]
    assert np.allclose(read(tmp_path / "s.act.h5")["conv5"][..., 0], spectrum, rtol=1e-3, atol=1e-4)
    assert run("dnn-fe", *act, "-meth", "hist", 4, "-out", tmp_path / "h.act.h5") == 0
    counts = read(tmp_path / "h.act.h5")["conv5"][:, :, 0, 0]
    edges = np.linspace(values.min(), values.max(), 5)
    assert (counts.sum(axis=1) == 192).all()
    assert (counts[7] == np.histogram(values[7], edges)[0]).all()


def test_pooling_ablation_rotation_and_blood(data: Path, tmp_path: Path) -> None:
    act, values = ("-act", data / "a.act.h5"), read(data / "a.act.h5")
    assert run("dnn-pool", *act, "-meth", "median", "-out", tmp_path / "p.act.h5") == 0
    pooled = read(tmp_path / "p.act.h5")["conv5"][:, :, 0, 0]
    assert np.allclose(pooled, np.median(values["conv5"], axis=(2, 3)))
    assert run("dnn-ablation", *act, "-dmask", data / "part.dmask.csv", "-out",
               tmp_path / "a.act.h5") == 0  # fmt: skip
    found = read(tmp_path / "a.act.h5")
    assert (found["conv5"][:, [0, 2], 1:4] == 0).all()
    assert (found["conv5"][:, 1] == values["conv5"][:, 1]).all()
    assert (found["fc3"] == values["fc3"]).all()
    assert run("dnn-rotation", *act, "-alpha", 30, "-out", tmp_path / "r.act.h5") == 0
    turned = read(tmp_path / "r.act.h5")["conv5"]
    assert np.allclose((turned**2).sum(axis=1), (values["conv5"] ** 2).sum(axis=1), rtol=1e-4)
    assert not np.allclose(turned, values["conv5"], atol=0.1)
    assert run("db-hrf", *act, "-stim", data / "all.stim.csv", "-tr", 2, "-n_vol", 90, "-out",
               tmp_path / "h.act.h5") == 0  # fmt: skip
    from backend.analysis.hrf import design

    response = design(2.0 * np.arange(80), np.ones(80), 90, 2.0)
    wanted = response @ values["fc3"][:, :, 0, 0]
    assert np.allclose(read(tmp_path / "h.act.h5")["fc3"][:, :, 0, 0], wanted, atol=1e-4)


# ---- mapping -------------------------------------------------------------------------------


def test_probing_with_components_in_the_fold_equals_scikit_learn(
    data: Path, tmp_path: Path, capsys: Any
) -> None:
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline

    words = ("-stim", data / "all.stim.csv", "-beh", "label", "-out", tmp_path)
    assert run("dnn-probe", "-anal", "mv", "-act", data / "a.act.h5", "-layer", "conv5", "-model",
               "lrc", "-cv", 5, "-pca", 20, "-perm", 4, *words) == 0  # fmt: skip
    score = np.load(tmp_path / "conv5" / "score.npy")
    values = read(data / "a.act.h5")["conv5"].reshape(80, -1).astype(float)
    peer = cross_val_score(
        make_pipeline(PCA(20, svd_solver="full"), LogisticRegression(max_iter=500)), values,
        np.repeat(np.arange(CLASSES), EACH), cv=StratifiedKFold(5, shuffle=True, random_state=0),
    )  # fmt: skip
    assert np.allclose(score[0, 0], peer, atol=0.0626)  # at most one picture a fold
    confusion = np.load(tmp_path / "conv5" / "conf_m.npy")
    assert confusion.shape == (1, 1, 5, CLASSES, CLASSES)
    assert confusion.sum() == 80
    assert np.load(tmp_path / "conv5" / "p.npy")[0, 0] == 0.2
    record = json.loads((tmp_path / "dnn-probe.json").read_text())
    assert record["complete"]
    assert record["done"] == ["conv5"]
    assert "conv5" in capsys.readouterr().out
    assert run("dnn-probe", "-anal", "uv", "-act", data / "a.act.h5", "-layer", "conv5", "-model",
               "svc", "-cv", 2, "-iteraxis", "channel", *words) == 0  # fmt: skip
    assert np.load(tmp_path / "conv5" / "channel" / "score.npy").shape == (3, 1, 2)
    place = np.load(tmp_path / "conv5" / "channel" / "location.npy")
    assert place[:, 0, 0].tolist() == [1, 2, 3]
    assert place[..., 1:].min() >= 1
    assert place[..., 1:].max() <= 8


def test_the_best_unit_is_not_judged_on_the_images_it_was_chosen_on(
    data: Path, tmp_path: Path
) -> None:
    """No unit tells the reaction times, which are noise; the largest r of all units looks good."""
    words = ("-anal", "uv", "-act", data / "a.act.h5", "-layer", "conv5", "-stim",
             data / "all.stim.csv", "-beh", "RT", "-out")  # fmt: skip
    assert run("dnn-probe", "-model", "glm", "-scoring", "correlation", "-cv", 5, *words,
               tmp_path / "a") == 0  # fmt: skip
    assert abs(np.load(tmp_path / "a" / "conv5" / "score.npy").mean()) < 0.25
    assert run("dnn-probe", "-model", "corr", "-perm", 19, *words, tmp_path / "b") == 0
    assert np.load(tmp_path / "b" / "conv5" / "score.npy")[0, 0] > 0.2
    assert np.load(tmp_path / "b" / "conv5" / "p.npy")[0, 0] > 0.05


@pytest.mark.parametrize("ending", ["nii.gz", "mgz", "func.gii", "dscalar.nii", "npy", "roi.h5"])
def test_encoding_reads_and_writes_every_kind_of_brain(
    data: Path, tmp_path: Path, ending: str
) -> None:
    from backend.brain import images

    assert run("db-encode", "-anal", "mv", "-act", data / "a.act.h5", "-layer", "relu5", "-resp",
               data / f"brain.{ending}", "-model", "glm", "-pca", 20, "-scoring", "correlation",
               "-out", tmp_path) == 0  # fmt: skip
    wanted = encoded_by_peer(data)
    folder = tmp_path / "relu5"
    if ending == "roi.h5":
        assert np.allclose(np.load(folder / "score.npy")[0], wanted, atol=1e-5)
        return
    image = images.read(folder / f"score.{ending}")
    assert np.allclose(image.data[0, :12], wanted.mean(axis=1), atol=1e-5)
    if ending in ("nii.gz", "mgz"):
        assert (image.data[0, 12:] == 0).all()
        assert image.source.affine[:3, 3].tolist() == [5, 6, 7]
        folds = np.load(folder / "score.npy")
        assert folds.shape == (*SPACE, 1, 3)
        assert np.allclose(folds.reshape(18, 3)[:12], wanted, atol=1e-5)
    if ending == "dscalar.nii":
        axis = image.source.header.get_axis(1)
        assert axis.name[0] == "CIFTI_STRUCTURE_CORTEX_LEFT"


def encoded_by_peer(data: Path) -> np.ndarray:
    """(12, 3) r of each fold with scikit-learn."""
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LinearRegression
    from sklearn.model_selection import KFold
    from sklearn.pipeline import make_pipeline

    x = read(data / "a.act.h5")["relu5"].reshape(80, -1).astype(float)
    y = np.load(data / "brain.npy")
    folds = []
    for train, test in KFold(3, shuffle=True, random_state=0).split(x):
        model = make_pipeline(PCA(20, svd_solver="full"), LinearRegression()).fit(
            x[train], y[train]
        )
        guess = model.predict(x[test])
        folds.append([np.corrcoef(a, b)[0, 1] for a, b in zip(guess.T, y[test].T, strict=True)])
    return np.array(folds).T


def test_the_largest_correlation_is_numpy_s(data: Path, tmp_path: Path) -> None:
    x = read(data / "a.act.h5")["conv5"].reshape(80, -1)
    y = np.load(data / "brain.npy")
    r = np.corrcoef(x.T, y.T)[: x.shape[1], x.shape[1] :]
    assert run("db-corr", "-act", data / "a.act.h5", "-layer", "conv5", "-resp",
               data / "brain.roi.h5", "-roi", "R3", "R1", "-out", tmp_path) == 0  # fmt: skip
    names, row = (tmp_path / "conv5" / "score.csv").read_text().split()
    assert names == "R3,R1"
    assert np.allclose([float(value) for value in row.split(",")], r.max(axis=0)[[3, 1]], atol=1e-5)
    best = np.unravel_index(r[:, 3].argmax(), (3, 8, 8))
    location = np.load(tmp_path / "conv5" / "location.npy")
    assert location[0, 0].tolist() == [index + 1 for index in best]


def test_units_are_decoded_from_regions(data: Path, tmp_path: Path) -> None:
    words = ("-act", data / "a.act.h5", "-layer", "relu5", "-resp", data / "brain.roi.h5")
    assert run("db-decode", "-anal", "mv", *words, "-model", "ridge", "-out", tmp_path / "m") == 0
    assert np.load(tmp_path / "m" / "relu5" / "score.npy").shape == (3, 8, 8, 3)
    assert run("db-decode", "-anal", "uv", *words, "-model", "glm", "-out", tmp_path / "u") == 0
    location = np.load(tmp_path / "u" / "relu5" / "location.npy")
    assert location.shape == (3, 8, 8)
    assert location.min() >= 1
    assert location.max() <= 12


def test_a_voxel_s_layer_and_place_are_found(data: Path, tmp_path: Path) -> None:
    """Voxels that read one place of conv5 each, and one that reads fc3."""
    values = read(data / "a.act.h5")
    rng = np.random.default_rng(3)
    places = [(0, 7), (3, 3), (6, 1)]
    columns = [values["conv5"][:, :, row, column] @ rng.standard_normal(3)
               for row, column in places]  # fmt: skip
    columns.append(values["fc3"][:, 1, 0, 0])
    np.save(tmp_path / "v.npy", np.stack(columns, axis=1))
    words = ("db-topo", "-act", data / "a.act.h5", "-resp", tmp_path / "v.npy", "-layer", "conv5")
    assert run(*words, "-out", tmp_path / "t") == 0
    found = {name: np.load(tmp_path / "t" / f"{name}.npy")[0]
             for name in ("row", "column", "eccentricity", "polarity")}  # fmt: skip
    assert found["row"][:3].tolist() == [1, 4, 7]
    assert found["column"][:3].tolist() == [8, 4, 2]
    assert found["eccentricity"][0] == pytest.approx(np.hypot(7, 7) / 8, abs=1e-6)
    assert found["polarity"][0] == pytest.approx(45, abs=1e-4)
    assert run(*words, "fc3", "-out", tmp_path / "u") == 0
    layer, row = (np.load(tmp_path / "u" / f"{name}.npy")[0] for name in ("layer", "row"))
    assert layer[3] == 2
    assert row[3] == 0  # a linear layer has no places


# ---- similarity ----------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["euclidean", "sqeuclidean", "correlation", "cosine",
                                    "cityblock"])  # fmt: skip
def test_distances_are_scipy_s(data: Path, tmp_path: Path, metric: str) -> None:
    from scipy.spatial.distance import pdist

    words = ("-act", data / "a.act.h5", "-layer", "conv5", "-metric", metric, "-zscore", "-out",
             tmp_path / "d.rdm.h5")  # fmt: skip
    assert run("dnn-rsa", *words) == 0
    x = read(data / "a.act.h5")["conv5"].reshape(80, -1).astype(float)
    x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
    with h5py.File(tmp_path / "d.rdm.h5") as file:
        assert file.attrs["type"] == "dRDM"
        assert np.allclose(file["conv5"][0], pdist(x, metric), rtol=1e-4, atol=1e-4)


def test_categories_are_averaged_and_compared_by_permuted_labels(
    data: Path, tmp_path: Path, capsys: Any
) -> None:
    from scipy.spatial.distance import pdist

    assert run("brain-rsa", "-nif", data / "brain.nii.gz", "-bmask", data / "mask.nii.gz",
               "-roi", 1, "-metric", "correlation", "-cate", data / "all.stim.csv", "-out",
               tmp_path / "b.rdm.h5") == 0  # fmt: skip
    kind, found = read_rdms(tmp_path / "b.rdm.h5")
    means = np.load(data / "brain.npy")[:, :6].reshape(CLASSES, EACH, 6).mean(axis=1)
    assert kind == "brain"
    assert list(found) == ["1"]
    assert np.allclose(found["1"][np.triu_indices(CLASSES, 1)], pdist(means, "correlation"),
                       atol=1e-5)  # fmt: skip
    assert run("dnn-rsa", "-act", data / "a.act.h5", "-layer", "relu5", "-metric", "correlation",
               "-cate", data / "all.stim.csv", "-compare", tmp_path / "b.rdm.h5", "-perm", 99,
               "-iteraxis", "channel", "-out", tmp_path / "d.rdm.h5") == 0  # fmt: skip
    _, layer = read_rdms(tmp_path / "d.rdm.h5")
    assert layer["relu5"].shape == (3, CLASSES, CLASSES)
    header, *rows = (tmp_path / "d.comparison.csv").read_text().split("\n")[:4]
    assert header == "this,other,r,p,p corrected"
    upper = np.triu_indices(CLASSES, 1)
    for number, row in enumerate(rows):
        r = np.corrcoef(layer["relu5"][number][upper], found["1"][upper])[0, 1]
        assert float(row.split(",")[2]) == pytest.approx(r, abs=1e-4)
        assert 0.01 <= float(row.split(",")[3]) <= 1


def test_regions_are_summarised(data: Path, tmp_path: Path) -> None:
    assert run("brain_roi", "-nif", data / "brain.nii.gz", "-mask", data / "mask.nii.gz",
               "-method", "std", "-out", tmp_path / "b.roi.h5") == 0  # fmt: skip
    names, signals = read_rois(tmp_path / "b.roi.h5")
    assert names == ["1", "2"]
    assert np.allclose(signals[:, 1], np.load(data / "brain.npy")[:, 6:].std(axis=1), atol=1e-5)


# ---- seeing --------------------------------------------------------------------------------


def test_top_stimuli_are_those_of_a_sort(data: Path, tmp_path: Path) -> None:
    assert run("dnn-topstim", "-net", "mini-a", "-top", 3, "-layer", "conv5", "fc3", "-chn", 1, 3,
               "-stim", data / "all.stim.csv", "-out", tmp_path) == 0  # fmt: skip
    values = read(data / "a.act.h5")["conv5"]
    order = np.argsort(-values[:, 1].max(axis=(1, 2)))[:3]
    lines = (tmp_path / "conv5_chn3_top3.stim.csv").read_text().split()
    assert [line.split(",")[0] for line in lines[3:]] == [f"p{i:02d}.png" for i in order]
    assert float(lines[3].split(",")[-1]) == pytest.approx(values[order[0], 1].max(), rel=1e-4)
    top = read(tmp_path / "top3.act.h5")
    assert np.allclose(top["conv5"][:, 1], values[order, 1], atol=1e-4)
    assert top["fc3"].shape == (3, 2, 1, 1)


def test_maps_and_attributions_are_drawn_and_kept(
    data: Path, tmp_path: Path, network: Network, pictures: np.ndarray
) -> None:
    from backend.networks.attribution import attribute
    from backend.networks.units import Unit

    words = ("-net", "mini-a", "-stim", data / "five.stim.csv", "-chn", 1, 2, "-out", tmp_path)
    assert run("dnn-view", "-layer", "conv2", "-cmap", "viridis", "-vmin", 0, *words) == 0
    assert size_of(tmp_path / "mini-a_conv2_fig1.jpg")[0] > 300
    assert run("dnn-saliency", "-layer", "fc3", "-meth", "vanilla", "-mode", "gray", *words) == 0
    assert size_of(tmp_path / "mini-a_fc3_fig1.jpg")[0] > 300
    with np.load(tmp_path / "mini-a_fc3_fig1.npz") as kept:
        wanted = attribute(network, pictures[:5], Unit("fc3", 1), "vanilla")
        assert np.allclose(kept["saliency"][:, 1], wanted.values, atol=1e-5)
        assert kept["stimuli"][0] == "p00.png"


@pytest.mark.slow
def test_tokens_and_clips_are_seen_like_maps(data: Path, tmp_path: Path) -> None:
    words = ("-stim", data / "five.stim.csv", "-chn", 3, "-out", tmp_path)
    layer = "encoder.layers.encoder_layer_1.mlp.0"
    assert run("dnn-view", "-net", "vit_b_32", "-layer", layer, *words) == 0
    assert size_of(tmp_path / f"vit_b_32_{layer}_fig1.jpg")[0] > 300
    assert run("dnn-topstim", "-net", "vit_b_32", "-layer", layer, "-top", 2, *words) == 0
    assert read(tmp_path / "top2.act.h5")[layer].shape == (2, 1, 50, 1)
    assert run("dnn-saliency", "-net", "R3D", "-layer", "fc", *words) == 0
    with np.load(tmp_path / "R3D_fc_fig1.npz") as kept:
        assert kept["saliency"].shape == (5, 1, 3, 16, 112, 112)


def test_an_optimal_stimulus_grows_and_a_stopped_one_is_kept(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    import app.dnnbrain_commands.seeing as seeing

    words = ("-net", "mini-a", "-layer", "fc3", "-channel", 1, "-steps", 20, "-outdir")
    assert run("dnn-optstim", *words, tmp_path / "a") == 0
    rows = (tmp_path / "a" / "mini-a_fc3_chn1.csv").read_text().split()
    assert float(rows[-1].split(",")[1]) > float(rows[1].split(",")[1]) + 5
    assert size_of(tmp_path / "a" / "mini-a_fc3_chn1.png") == (32, 32)

    def stop(what: str) -> Callable[[int, int], None]:
        def told(done: int, of: int) -> None:
            if done == 5:
                raise KeyboardInterrupt

        return told

    monkeypatch.setattr(seeing, "telling", stop)
    assert run("dnn-optstim", *words, tmp_path / "b") == 1
    assert "Stopped." in capsys.readouterr().err
    assert (tmp_path / "b" / "mini-a_fc3_chn1_incomplete.png").is_file()
    assert not json.loads((tmp_path / "b" / "dnn-optstim.json").read_text())["complete"]


def test_minimal_images_and_receptive_fields(
    data: Path, tmp_path: Path, network: Network, pictures: np.ndarray, capsys: Any
) -> None:
    from backend.networks.occluder import occluder_map
    from backend.networks.units import Unit

    words = ("-net", "mini-a", "-stim", data / "five.stim.csv", "-layer", "conv5", "-chn", 2)
    assert run("dnn-minstim", *words, "-out", tmp_path / "m") == 0
    assert size_of(tmp_path / "m" / "mi_conv5_chn2_p00.png") == (32, 32)
    assert run("dnn-rf-sw", *words, "-wsize", 6, 8, "-stride", 6, 4, "-metric", "max", "-out",
               tmp_path / "s") == 0  # fmt: skip
    found = np.load(tmp_path / "s" / "maps.npy")
    wanted = occluder_map(network, pictures[2], Unit("conv5", 1, summary="max"), (8, 6), (4, 6),
                          "black")  # fmt: skip
    assert np.allclose(found[2], wanted.values, atol=1e-5)
    assert run("dnn-rf-sw", *words, "-wsize", 32, 32, "-stride", 1, 1, "-metric", "L1", "-out",
               tmp_path / "l") == 0  # fmt: skip
    _, values = next(iter(stream(network, np.stack([pictures[0], 0 * pictures[0]]), ["conv5"])))
    size = np.abs(values["conv5"][:, 1]).sum(axis=(1, 2))
    assert np.load(tmp_path / "l" / "maps.npy")[0, 0, 0] == pytest.approx(size[0] - size[1],
                                                                         rel=1e-4)  # fmt: skip
    assert run("dnn-rf-us", *words, "-ip_metric", "nearest", "-up_thres", 0.68, "-out",
               tmp_path / "u") == 0  # fmt: skip
    maps = np.load(tmp_path / "u" / "maps.npy")
    assert maps.shape == (5, 32, 32)
    assert (maps == 0).mean() == pytest.approx(0.68, abs=0.05)
    assert "field of" in capsys.readouterr().out


def test_a_fine_tuned_network_opens_again(data: Path, tmp_path: Path, capsys: Any) -> None:
    from backend.networks.mini import file_of
    from backend.networks.opening import open_network

    words = ("-net", "mini-a", "-stim", data / "all.stim.csv", "-cmeas", "label", "-epochs", 1,
             "-rate", 0.003)  # fmt: skip
    assert run("dnn-finetune", "-layer", "fc1", "-resp", data / "all.stim.csv", *words, "-out",
               tmp_path / "a") == 0  # fmt: skip
    assert len((tmp_path / "a" / "score.csv").read_text().split()) == 4
    tuned = open_network("mini-a", tmp_path / "a" / "mini-a.pt")
    assert tuned.module.fc3.out_features == CLASSES
    with np.load(file_of("A", 0)) as before:
        kept = tuned.module.conv1.weight.detach().numpy()
        assert np.allclose(kept, before["conv1.weight"], atol=1e-6)
        assert not np.allclose(tuned.module.fc1.weight.detach().numpy(), before["fc1.weight"])
    assert run("dnn-finetune", "-layer", "relu5", "-resp", data / "brain.roi.h5", "-rmeas", "R0",
               *words, "-out", tmp_path / "b") == 0  # fmt: skip
    assert "with the brain" in capsys.readouterr().out


def test_information_of_networks_and_files(data: Path, capsys: Any) -> None:
    shown = {
        "mini-a": "conv5", data / "a.act.h5": "80 × 3 × 8 × 8", data / "brain.roi.h5": "R11",
        data / "all.stim.csv": "80 pictures", data / "part.dmask.csv": "2 3 4",
    }  # fmt: skip
    for name, words in shown.items():
        assert run("db-info", name) == 0
        assert words in capsys.readouterr().out


# ---- words ---------------------------------------------------------------------------------

ACT, STIM, OUT = "{data}/a.act.h5", "{data}/all.stim.csv", "{tmp}/x"
BAD = [
    ("dnn-act -net mini-a", "-stim and -out are missing"),
    (f"dnn-act -net mini-a -stim {STIM} -out {OUT}.act.h5", "Choose layers with -layer"),
    (f"dnn-act -net Alexnett -layer conv1 -stim {STIM} -out {OUT}.act.h5", "closest is alexnet"),
    (f"dnn-act -net mini-a -layer conv9 -stim {STIM} -out {OUT}.act.h5", "conv5"),
    (f"dnn-act -net mini-a -layer conv5 -chn 0 -stim {STIM} -out {OUT}.act.h5", "from 1"),
    (f"dnn-act -net mini-a -layer conv5 -chn 99 -stim {STIM} -out {OUT}.act.h5", "48 channels"),
    (f"dnn-act -net mini-a -layer conv5 -stim {STIM} -out {OUT}.h5", "act.h5"),
    (f"dnn-act -net mini-a -layer conv5 -pool avg -stim {STIM} -out {OUT}.act.h5", "-pool has no"),
    (f"dnn-act -net mini-a -layer conv5 -stim {OUT}.stim.csv -out {OUT}.act.h5", "does not exist"),
    (f"dnn-mask -act {ACT} -layer fc7 -out {OUT}.act.h5", "closest is fc3"),
    (f"dnn-fe -act {ACT} -meth pca 500 -out {OUT}.act.h5", "at most 79"),
    (f"dnn-fe -act {ACT} -meth ica 5 -out {OUT}.act.h5", "pca, hist or psd"),
    (f"dnn-probe -anal mv -act {ACT} -stim {STIM} -beh lable -model lrc -out {OUT}", "label"),
    (f"dnn-probe -anal mv -act {ACT} -stim {STIM} -beh label -model lrc -cv 11 -out {OUT}",
     "10 images for 11 folds"),
    (f"dnn-probe -anal mv -act {ACT} -stim {{data}}/five.stim.csv -beh RT -model glm -out {OUT}",
     "80 stimuli, but 5 rows"),
    (f"dnn-probe -anal mv -act {ACT} -stim {STIM} -beh RT -model glm -scoring mse -out {OUT}",
     "-scoring"),
    (f"dnn-probe -anal uv -act {ACT} -stim {STIM} -beh RT -model glm -cv two -out {OUT}",
     "-cv takes a whole number"),
    (f"db-encode -anal mv -act {ACT} -resp {STIM} -model glm -out {OUT}", "no brain image"),
    (f"db-corr -act {ACT} -resp {{data}}/brain.roi.h5 -roi R99 -out {OUT}", "no region"),
    (f"db-topo -act {ACT} -resp {{data}}/brain.npy -hrf -out {OUT}", "db-hrf"),
    (f"dnn-rsa -act {ACT} -metric minkowsky -out {OUT}.rdm.h5", "metric"),
    (f"brain-roi -nif {{data}}/brain.nii.gz -mask {{data}}/brain.npy -out {OUT}.roi.h5",
     "same space"),
    (f"dnn-topstim -net mini-a -top 0 -layer fc3 -chn 1 -stim {STIM} -out {OUT}", "-top is 0"),
    (f"dnn-view -net mini-a -layer fc3 -chn 1 -stim {STIM} -out {OUT}", "no places"),
    (f"dnn-finetune -net mini-a -layer fc1 -stim {STIM} -resp {STIM} -out {OUT}", "-cmeas"),
    ("dnn-rotation -act {data}/none.act.h5 -alpha 30 -out {tmp}/x.act.h5", "does not exist"),
    (f"dnn-rotation -act {ACT} -alpha 300 -out {OUT}.act.h5", "from 0 to 180"),
    ("db-info notes.txt", "is none of"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "words"), BAD, ids=[line[:40] for line, _ in BAD])
def test_bad_input_gets_one_line_and_status_2(
    data: Path, tmp_path: Path, capsys: Any, line: str, words: str
) -> None:
    assert run(*line.format(data=data, tmp=tmp_path).split()) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert words in said[0]
    assert len(said[0].split()) <= 42
    left = [path for path in tmp_path.rglob("*") if path.suffix in (".h5", ".npy")]
    assert not left


def test_a_damaged_brain_file_is_named(tmp_path: Path, data: Path, capsys: Any) -> None:
    for name in ("b.nii.gz", "b.func.gii", "b.mgz", "b.dscalar.nii", "b.npy"):
        (tmp_path / name).write_bytes(b"this is no image" * 40)
        assert run("brain-roi", "-nif", tmp_path / name, "-mask", data / "mask.nii.gz", "-out",
                   tmp_path / "x.roi.h5") == 2  # fmt: skip
        assert name in capsys.readouterr().err


def test_help_lists_every_command_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom app.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n"
        "    pass\nheavy = ('torch', 'sklearn', 'scipy', 'h5py', 'nibabel', 'matplotlib')\n"
        "print('HEAVY', [name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
                          check=True)  # fmt: skip
    assert all(f"  {name} " in done.stdout for name in COMMANDS)
    assert "HEAVY []" in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_its_flags(name: str, capsys: Any) -> None:
    assert run(name, "-h") == 0
    assert "usage: isomorph" in capsys.readouterr().out


def test_an_empty_mask_is_what_is_said_and_nothing_is_written(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "none.dmask.csv").write_text("")
    out = tmp_path / "m.act.h5"
    assert run("dnn-mask", "-act", data / "a.act.h5", "-dmask", tmp_path / "none.dmask.csv",
               "-out", out)  # fmt: skip
    assert "none.dmask.csv is empty: it holds the mask of no layer." in capsys.readouterr().err
    assert not out.exists()
