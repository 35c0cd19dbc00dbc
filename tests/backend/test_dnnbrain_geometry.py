"""RSA as a user meets it: distances with noise, several subjects, live maps, the searchlight."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from backend.analysis.crossnobis import crossnobis
from backend.analysis.rdm import label_means, rdm
from backend.analysis.rdm_compare import compare, noise_ceiling
from backend.analysis.rsa import averaged_rdm, condition_rdm, rings
from backend.brain.simulated_surface import icosphere, simulated_surface
from backend.brain.surfaces import read_surface
from backend.core.files import FileProblem
from backend.core.objects import as_object
from backend.core.parameters import ParameterError
from backend.core.run import Cancelled, Run
from backend.studies import find
from backend.studies.dnn_lab.session import SCANS

STUDY = find("dnnbrain")
CLASSES, EACH = 6, 4


def started(procedure: str, directory: Path | None = None, **changes: Any) -> Run:
    parameters = STUDY.Parameters().changed(**changes)
    STUDY.check(parameters, procedure)
    run = Run(STUDY, parameters, procedure, directory=directory)
    run.drawing = True
    return run


def finished(procedure: str, directory: Path | None = None, **changes: Any) -> Run:
    run = started(procedure, directory, **changes)
    STUDY.run(run)
    run.close()
    return run


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list of six classes of four coloured pictures, one in each run."""
    folder = tmp_path_factory.mktemp("own")
    rng = np.random.default_rng(0)
    lines = ["path,category,run"]
    for one in range(CLASSES):
        base = rng.integers(0, 200, (4, 4, 3))
        for number in range(EACH):
            patches = np.clip(base + rng.integers(0, 55, base.shape), 0, 255).astype(np.uint8)
            name = f"c{one}_{number}.png"
            Image.fromarray(patches).resize((32, 32), Image.Resampling.NEAREST).save(folder / name)
            lines.append(f"{name},class {one},{number + 1}")
    (folder / "list.csv").write_text("\n".join(lines))
    return folder / "list.csv"


def own(pictures: Path, betas: Path, **more: Any) -> dict[str, Any]:
    return {
        "stimuli": "own", "folder": str(pictures), "layers": "relu1, relu5", "brain": "own",
        "betas": str(betas), "components": 15, "label_permutations": 100, "samples": 100, **more,
    }  # fmt: skip


def responses(vertices: int, noise: float = 0.5, seed: int = 0) -> np.ndarray:
    """(24, vertices): a pattern a class and noise a row."""
    shared = np.random.default_rng(99).standard_normal((CLASSES, vertices))
    rng = np.random.default_rng(seed)
    return np.repeat(shared, EACH, axis=0) + noise * rng.standard_normal((24, vertices))


# --- distances that know the noise ---------------------------------------------------------------


@pytest.mark.parametrize("repeats", [1, 4])
def test_crossnobis_of_what_does_not_differ_is_zero_on_average(repeats: int) -> None:
    """Noise adds nothing to it, and much to Euclidean distance; whitened by repeats or not."""
    labels = np.repeat(np.arange(6), 8)
    runs = np.tile(np.repeat(np.arange(8 // repeats), repeats), 6)
    found = []
    for seed in range(40):
        noise = np.random.default_rng(seed).standard_normal((48, 30))
        found.append(condition_rdm(noise, labels, "crossnobis", runs)[np.triu_indices(6, 1)])
    values = np.array(found)
    error = values.std() / np.sqrt(values.size)
    assert abs(values.mean()) < 4 * error
    assert condition_rdm(noise, labels, "squared Euclidean")[0, 1] > 10 * abs(values.mean())


def test_noise_that_vertices_share_counts_less_by_mahalanobis() -> None:
    """Two classes differ in one direction, two in that of the noise, by as much."""
    rng = np.random.default_rng(0)
    along, across = np.zeros(10), np.zeros(10)
    along[0], across[1] = 1.0, 1.0
    means = np.stack([0 * along, along, across, along + across, 2 * along])
    rows = np.repeat(means, 40, axis=0) + 0.1 * rng.standard_normal((200, 10))
    rows[:, 0] += rng.standard_normal(200)
    labels = np.repeat(np.arange(5), 40)
    plain = averaged_rdm(rows, labels, "squared Euclidean")
    noisy = condition_rdm(rows, labels, "Mahalanobis")
    assert plain[0, 1] == pytest.approx(plain[0, 2], rel=0.6)
    assert noisy[0, 2] > 20 * noisy[0, 1]


def test_crossnobis_of_own_data_uses_the_column_of_runs(pictures: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "b.npy", responses(20))
    run = finished("rsa", **own(pictures, tmp_path / "b.npy", distance="crossnobis"))
    shown = run.offers["rdm_brain"].make()
    labels, runs = np.repeat(np.arange(6), 4), np.tile(np.arange(4), 6)
    assert compare(shown, crossnobis(responses(20), labels, runs)[0]) > 0.9
    named = finished("rsa", **own(pictures, tmp_path / "b.npy", distance="crossnobis", runs="run"))
    np.testing.assert_allclose(named.offers["rdm_brain"].make(), shown)


def test_crossnobis_without_runs_is_refused_with_the_columns(
    pictures: Path, tmp_path: Path
) -> None:
    np.save(tmp_path / "b.npy", responses(20))
    with pytest.raises(
        ParameterError, match=r"no column scan\. There are: category, run"
    ) as caught:
        finished("rsa", **own(pictures, tmp_path / "b.npy", distance="crossnobis", runs="scan"))
    assert caught.value.field == "runs"
    text = pictures.read_text().replace(",run\n", ",part\n")
    (pictures.parent / "bare.csv").write_text(text)
    bare = own(pictures.parent / "bare.csv", tmp_path / "b.npy", distance="crossnobis")
    with pytest.raises(ParameterError, match="which run each row is of"):
        finished("rsa", **bare)


@pytest.mark.parametrize("distance", ["Mahalanobis", "crossnobis"])
def test_noise_needs_pictures_of_one_category(distance: str) -> None:
    with pytest.raises(ParameterError, match="Average categories") as caught:
        started("rsa", distance=distance, by_category=False)
    assert caught.value.fix is True
    with pytest.raises(ParameterError, match="Choose correlation"):
        started("time", distance=distance)


@pytest.mark.parametrize("comparison", ["cosine", "Kendall tau-b"])
def test_further_comparisons_run(pictures: Path, tmp_path: Path, comparison: str) -> None:
    np.save(tmp_path / "b.npy", responses(20))
    run = finished("rsa", **own(pictures, tmp_path / "b.npy", comparison=comparison))
    rdms = [run.offers[f"rdm_{one}"].make() for one in ("relu1", "brain")]
    assert run.result["rsa_1"] == pytest.approx(compare(*rdms, comparison), abs=1e-6)


# --- several subjects ----------------------------------------------------------------------------


def test_several_subjects_give_a_mean_and_the_noise_ceiling(pictures: Path, tmp_path: Path) -> None:
    (tmp_path / "people").mkdir()
    brains = [responses(20 + 5 * i, 2.0, i) for i in range(4)]
    for number, one in enumerate(brains):
        np.save(tmp_path / "people" / f"sub-{number}.npy", one)
    first = tmp_path / "people" / "sub-0.npy"
    run = finished("rsa", **own(pictures, first, subjects=str(tmp_path / "people")))
    labels = np.repeat(np.arange(6), 4)
    rdms = [averaged_rdm(one, labels) for one in brains]
    ceiling = noise_ceiling(rdms)
    assert run.result["ceiling_lower"] == pytest.approx(ceiling.lower, abs=1e-6)
    assert run.result["ceiling_upper"] == pytest.approx(ceiling.upper, abs=1e-6)
    assert run.result["ceiling_lower"] <= run.result["ceiling_upper"]
    layer = run.offers["rdm_relu1"].make()
    assert run.result["rsa_1"] == pytest.approx(
        np.mean([compare(layer, one) for one in rdms]), abs=1e-6
    )
    shown = run.channels["agreement"].snapshot()
    assert shown["band"] == tuple(ceiling)
    assert run.result.tables["subjects"]["subject"] == [f"sub-{i}.npy" for i in range(4)]
    alone = finished("rsa", **own(pictures, first))
    assert "band" not in alone.channels["agreement"].snapshot()


def test_a_subject_with_other_pictures_is_named(pictures: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", responses(20))
    np.save(tmp_path / "b.npy", responses(20)[:20])
    with pytest.raises(FileProblem, match=r"b\.npy holds 20 rows; there are 24 pictures"):
        finished("rsa", **own(pictures, tmp_path / "a.npy", subjects=str(tmp_path / "b.npy")))
    with pytest.raises(FileProblem, match="does not exist"):
        finished("rsa", **own(pictures, tmp_path / "a.npy", subjects="/nowhere"))


@pytest.mark.parametrize("sort", ["class", "cluster", "none"])
def test_rdms_of_cortex_and_layers_are_drawn_in_one_order(
    pictures: Path, tmp_path: Path, sort: str
) -> None:
    shuffled = np.random.default_rng(5).permutation(24)
    lines = pictures.read_text().splitlines()
    mixed = pictures.parent / f"mixed_{sort}.csv"
    mixed.write_text("\n".join([lines[0], *(lines[1 + i] for i in shuffled)]))
    np.save(tmp_path / "b.npy", responses(20, 0.3)[shuffled])
    run = finished("rsa", **own(mixed, tmp_path / "b.npy", by_category=False, sort=sort))
    drawn, kept = run.channels["brain_rdm"].snapshot(), run.offers["rdm_brain"].make()
    layer = run.channels["rdm"].snapshot()
    assert layer["note"].removeprefix("relu5, ") == drawn["note"]
    assert sorted(drawn["image"].ravel()) == pytest.approx(sorted(kept.ravel()))
    inside = drawn["image"].reshape(6, 4, 6, 4).mean(axis=(1, 3)).diagonal().mean()
    assert (inside < 0.4) == (sort != "none")  # classes lie in blocks


# --- maps ----------------------------------------------------------------------------------------


def test_the_map_is_redrawn_while_pictures_are_scanned(monkeypatch: pytest.MonkeyPatch) -> None:
    SCANS.clear()
    monkeypatch.setattr("backend.studies.dnn_lab.live_map.REST", 0.0)
    run = started("rsa", layers="relu1, relu2, relu3, relu4, relu5", label_permutations=100,
                  samples=100)  # fmt: skip
    drawn: list[dict[str, Any]] = []
    channel = run.channel("embedding")
    publish = channel.publish
    monkeypatch.setattr(channel, "publish", lambda **data: (drawn.append(data), publish(**data)))
    STUDY.run(run)
    run.close()
    assert [one["note"] for one in drawn[:2]] == ["32 of 640 pictures", "64 of 640 pictures"]
    assert drawn[-2]["note"] == "640 of 640 pictures"
    before, after = (np.concatenate([one["one_x"], one["two_x"]]) for one in drawn[:2])
    kept = len(drawn[0]["one_x"])
    moved = np.abs(after[:kept] - before[:kept]).mean() if kept else 0.0
    assert moved < 0.5 * before.std()  # earlier pictures keep their place
    assert len(drawn[-1]["one_x"]) + len(drawn[-1]["two_x"]) == 64


@pytest.mark.parametrize("method", ["metric MDS", "t-SNE"])
def test_coordinates_in_three_dimensions_are_in_the_table(
    pictures: Path, tmp_path: Path, method: str
) -> None:
    np.save(tmp_path / "b.npy", responses(20))
    run = finished("rsa", **own(pictures, tmp_path / "b.npy", embedding=method, axes="3"))
    table = run.result.tables["map"]
    assert list(table) == ["layer", "condition", "class", "axis_1", "axis_2", "axis_3"]
    assert table["layer"] == ["relu1"] * 6 + ["relu5"] * 6
    assert np.isfinite(table["axis_3"]).all()
    assert "two of 3 axes" in run.channels["embedding"].snapshot()["note"]


# --- searchlight ---------------------------------------------------------------------------------


def brute_force(
    brain: np.ndarray, centre: int, radius: int, surface: Any, model: np.ndarray
) -> Any:
    """Similarity of one patch, the plain way: walk the edges of the mesh, then correlate."""
    strip = {int(vertex): place for place, vertex in enumerate(surface.strip)}
    edges: dict[int, set[int]] = {}
    for face in surface.faces.tolist():
        for a in face:
            edges.setdefault(a, set()).update(face)
    reached = {int(surface.strip[centre])}
    for _ in range(radius):
        reached |= {near for one in reached for near in edges[one]}
    patch = sorted(strip[one] for one in reached if one in strip)
    distances = 1 - np.corrcoef(brain[:, patch])
    i, j = np.triu_indices(len(distances), 1)
    return np.corrcoef(distances[i, j], model[i, j])[0, 1], len(patch)


def test_the_searchlight_equals_the_plain_loop_and_finds_what_the_strip_is_made_from(
    tmp_path: Path,
) -> None:
    run = finished("searchlight", tmp_path, label_permutations=200, radius=1,
                   layers="relu1, relu2, relu3, relu4, relu5")  # fmt: skip
    from backend.studies.dnn_lab.session import Session

    session = Session(run)
    layers = session.after()
    from backend.analysis.rsa import pattern_scores

    brain, _ = label_means(session.brain(), session.stimuli.category)
    model = averaged_rdm(pattern_scores(layers[1].patterns, 100), session.stimuli.category)
    table = run.result.tables["searchlight"]
    for centre in (0, 57, 120, 199):
        r, size = brute_force(brain, centre, 1, simulated_surface(), model)
        assert table["relu2"][centre] == pytest.approx(r, abs=1e-9)
        assert table["patch"][centre] == size
    best = run.channels["best_layer"].snapshot()
    near = np.abs(best["best"] - best["truth"]) <= 1
    assert near.mean() > 0.8
    assert run.result["light_reliable_5"] > 90
    shares = [run.result[f"light_best_{number}"] for number in range(1, 6)]
    assert run.result.lead == f"light_best_{np.argmax(shares) + 1}"


def test_the_map_is_kept_as_a_surface_map_and_a_broken_run_goes_on(tmp_path: Path) -> None:
    settings = {"label_permutations": 100, "layers": "relu1, relu2, relu3, relu4, relu5"}
    whole = finished("searchlight", tmp_path, **settings)
    lines = (tmp_path / "cells.jsonl").read_text().splitlines()
    (tmp_path / "cells.jsonl").write_text("\n".join(lines[:20]) + "\n")
    run = started("searchlight", tmp_path, **settings)
    calls: list[int] = []
    run.check = lambda: calls.append(1)  # type: ignore[method-assign]
    STUDY.run(run)
    run.close()
    assert run.result.tables == whole.result.tables
    made = as_object("searchlight", run.offers["searchlight"].make(), {})
    assert made.maps[0] == "Pearson with relu1"
    made.save(tmp_path / "searchlight.func.gii")
    image = nibabel.load(tmp_path / "searchlight.func.gii")
    values = image.darrays[0].data
    assert values.shape == (10_242,)
    assert np.isfinite(values).sum() == 200
    assert "simulated" in image.meta["Description"]


def test_cancelling_the_searchlight_keeps_what_is_done() -> None:
    run = started("searchlight", label_permutations=100)
    seen = run.progress

    def progress(done: float, total: float, what: str = "") -> None:
        if what == "patches of cortex" and done > 60:
            run.cancel()
        seen(done, total, what)

    run.progress = progress  # type: ignore[method-assign]
    with pytest.raises(Cancelled):
        STUDY.run(run)
    run.close()
    values = run.offers["searchlight"].make().values[0]
    assert 60 < np.isfinite(values).sum() < 120


def sphere(tmp_path: Path) -> tuple[Path, np.ndarray]:
    """A sphere of 162 vertices as .surf.gii, and its faces."""
    points, faces = icosphere(2)
    image = nibabel.gifti.GiftiImage(darrays=[
        nibabel.gifti.GiftiDataArray(points.astype("f4"), intent="NIFTI_INTENT_POINTSET"),
        nibabel.gifti.GiftiDataArray(faces.astype("i4"), intent="NIFTI_INTENT_TRIANGLE"),
    ])  # fmt: skip
    nibabel.save(image, tmp_path / "lh.sphere.surf.gii")
    return tmp_path / "lh.sphere.surf.gii", faces


def saved(kind: str, tmp_path: Path, values: np.ndarray) -> Path:
    """Responses (24, 162) in a format of the brain room."""
    path = tmp_path / {"gifti": "b.func.gii", "mgh": "b.mgh", "cifti": "b.dscalar.nii",
                       "array": "b.npy"}[kind]  # fmt: skip
    values = values.astype("f4")
    if kind == "array":
        np.save(path, values)
    elif kind == "mgh":
        nibabel.save(nibabel.MGHImage(values.T[:, None, None, :].copy(), np.eye(4)), path)
    elif kind == "gifti":
        arrays = [
            nibabel.gifti.GiftiDataArray(one, datatype="NIFTI_TYPE_FLOAT32") for one in values
        ]
        nibabel.save(nibabel.gifti.GiftiImage(darrays=arrays), path)
    else:
        axis = nibabel.cifti2.BrainModelAxis.from_mask(np.ones(162, bool), "CORTEX_LEFT")
        rows = nibabel.cifti2.ScalarAxis([f"p{i}" for i in range(24)])
        nibabel.save(nibabel.Cifti2Image(values, header=(rows, axis)), path)
    return path


@pytest.mark.parametrize("kind", ["gifti", "mgh", "cifti", "array"])
def test_a_searchlight_runs_over_ones_own_surface(
    pictures: Path, tmp_path: Path, kind: str
) -> None:
    surface, faces = sphere(tmp_path)
    values = responses(162, 1.0)
    path = saved(kind, tmp_path, values)
    run = finished("searchlight", **own(pictures, path, surface=str(surface), radius=1))
    labels = np.repeat(np.arange(6), 4)
    patch = rings(faces, 162, 1)[40]
    means, _ = label_means(values.astype("f4"), labels)
    from backend.analysis.rsa import pattern_scores
    from backend.studies.dnn_lab.session import Session

    layer = Session(run).after()[0]
    model = averaged_rdm(pattern_scores(layer.patterns, 15), labels)
    table = run.result.tables["searchlight"]
    assert table["relu1"][40] == pytest.approx(compare(rdm(means[:, patch]), model), abs=1e-5)
    made = run.offers["searchlight"].make()
    assert made.whole().shape == (5, 162)


def test_a_surface_of_another_size_or_none_is_refused(pictures: Path, tmp_path: Path) -> None:
    path = saved("array", tmp_path, responses(100))
    with pytest.raises(ParameterError, match="needs the surface your responses are on"):
        started("searchlight", **own(pictures, path))
    surface, _ = sphere(tmp_path)
    with pytest.raises(ParameterError, match=r"100 vertices, lh\.sphere\.surf\.gii 162"):
        finished("searchlight", **own(pictures, path, surface=str(surface)))
    (tmp_path / "lh.white").write_bytes(b"no surface")
    with pytest.raises(FileProblem, match="holds no surface"):
        read_surface(tmp_path / "lh.white")


def test_a_freesurfer_surface_is_read(tmp_path: Path) -> None:
    points, faces = icosphere(1)
    nibabel.freesurfer.io.write_geometry(str(tmp_path / "rh.white"), 60 * points, faces)
    found = read_surface(tmp_path / "rh.white")
    np.testing.assert_allclose(found.vertices, 60 * points, atol=1e-4)
    np.testing.assert_array_equal(found.faces, faces)
    assert found.structure == "CIFTI_STRUCTURE_CORTEX_RIGHT"


def test_a_patch_of_one_vertex_has_no_pattern() -> None:
    with pytest.raises(ParameterError, match="one vertex") as caught:
        started("searchlight", radius=0)
    assert caught.value.fix == 1
    run = finished("searchlight", radius=0, distance="Euclidean", label_permutations=100)
    assert set(run.result.tables["searchlight"]["patch"]) == {1}
