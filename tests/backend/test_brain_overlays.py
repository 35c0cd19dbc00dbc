"""Cortices and overlays: what nibabel and MNE write opens here, and what is written here opens
there; bad files get sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from nibabel import gifti
from nibabel.freesurfer import io as freesurfer

from backend.brain import overlay_files as files
from backend.brain import overlay_saving as saving
from backend.brain.cortex import Cortex, fsaverage5, open_surfaces, simulated_cortex
from backend.brain.overlays import Look, Overlay, clusters, example, first_look, row_of
from backend.core.files import FileProblem

N = 10_242


@pytest.fixture(scope="module")
def cortex() -> Cortex:
    return fsaverage5()


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def func_gii(path: Path, rows: np.ndarray, side: str, intent: str = "NIFTI_INTENT_NONE") -> Path:
    made = gifti.GiftiImage(meta=gifti.GiftiMetaData({"AnatomicalStructurePrimary": side}))
    for row in rows:
        made.add_gifti_data_array(gifti.GiftiDataArray(
            row, intent=intent, datatype="NIFTI_TYPE_FLOAT32", meta={"TimeStep": "0.5"}
        ))  # fmt: skip
    made.to_filename(str(path))
    return path


def test_fsaverage5_has_both_hemispheres_in_five_shapes(cortex: Cortex) -> None:
    assert cortex.counts == (N, N)
    assert cortex.shapes == ("white", "pial", "inflated", "sphere", "flat")
    left, right = cortex.hemispheres
    assert left.shapes["pial"][:, 0].mean() < 0 < right.shapes["pial"][:, 0].mean()
    for half in cortex.hemispheres:
        assert 60_000 < half.areas.sum() < 110_000  # mm², the area of a pial hemisphere
        assert len(half.faces) == 2 * N - 4  # closed
        assert len(half.faces_of("flat")) < len(half.faces)


def test_morphing_goes_from_the_folds_to_the_shape(cortex: Cortex) -> None:
    half = cortex.hemispheres[0]
    np.testing.assert_array_equal(half.morphed("inflated", 1.0), half.shapes["inflated"])
    pial = half.shapes["pial"] - half.shapes["pial"].mean(axis=0)
    start = half.morphed("inflated", 0.0)
    np.testing.assert_allclose(start - start.mean(axis=0), pial, atol=1e-3)
    middle = half.morphed("inflated", 0.5)
    inflated = half.shapes["inflated"] - half.shapes["inflated"].mean(axis=0)
    np.testing.assert_allclose(middle - middle.mean(axis=0), (pial + inflated) / 2, atol=1e-3)


def test_surfaces_of_freesurfer_come_with_their_siblings(tmp_path: Path, cortex: Cortex) -> None:
    folder = tmp_path / "sub-07" / "surf"
    folder.mkdir(parents=True)
    for short, half in zip(("lh", "rh"), cortex.hemispheres, strict=True):
        for shape in ("white", "pial", "inflated"):
            freesurfer.write_geometry(str(folder / f"{short}.{shape}"), half.shapes[shape],
                                      half.faces)  # fmt: skip
        freesurfer.write_morph_data(str(folder / f"{short}.sulc"), half.sulc)
    found = open_surfaces([folder / "lh.inflated"])
    assert found.name == "sub-07"
    assert found.sides == ("left", "right")
    assert found.shapes == ("white", "pial", "inflated")
    np.testing.assert_allclose(found.hemispheres[1].sulc, cortex.hemispheres[1].sulc)
    np.testing.assert_allclose(
        found.hemispheres[0].shapes["pial"], cortex.hemispheres[0].shapes["pial"], atol=1e-4
    )


def test_surfaces_of_gifti_open(tmp_path: Path, cortex: Cortex) -> None:
    for letter, half in zip("LR", cortex.hemispheres, strict=True):
        made = gifti.GiftiImage()
        for data, intent, kind in (
            (half.shapes["inflated"], "NIFTI_INTENT_POINTSET", "NIFTI_TYPE_FLOAT32"),
            (half.faces, "NIFTI_INTENT_TRIANGLE", "NIFTI_TYPE_INT32"),
        ):
            made.add_gifti_data_array(gifti.GiftiDataArray(data, intent=intent, datatype=kind))
        made.to_filename(str(tmp_path / f"s.{letter}.inflated.surf.gii"))
    found = open_surfaces([tmp_path / "s.R.inflated.surf.gii"])
    assert found.sides == ("left", "right")
    assert found.shapes == ("inflated",)
    assert np.isfinite(found.hemispheres[0].sulc).all()


def test_freesurfer_numbers_of_both_hemispheres_are_one_overlay(
    tmp_path: Path, cortex: Cortex
) -> None:
    left, right = noise(2, N)
    freesurfer.write_morph_data(str(tmp_path / "lh.thickness"), left)
    freesurfer.write_morph_data(str(tmp_path / "rh.thickness"), right)
    found = files.read_overlay(tmp_path / "rh.thickness", cortex)
    np.testing.assert_array_equal(found.values[0][0], left)
    np.testing.assert_array_equal(found.values[1][0], right)
    assert found.unit == "mm"


def test_an_annotation_names_its_parcels(tmp_path: Path, cortex: Cortex) -> None:
    index = np.arange(N) % 3 - 1
    colours = np.array([[10, 20, 30, 0, 0], [40, 50, 60, 0, 0]])
    path = tmp_path / "lh.two.annot"
    freesurfer.write_annot(str(path), index, colours, ["fusiform", "cuneus"], fill_ctab=True)
    found = files.read_overlay(path, cortex)
    assert [found.words(0, v, 0) for v in range(3)] == ["none", "fusiform", "cuneus"]
    assert found.labels[1].colour == (40, 50, 60)
    assert not found.values[1].any()  # nothing is known of the other hemisphere
    (back,) = saving.save_overlay(found, cortex, tmp_path / "again.annot")
    again, table, names = freesurfer.read_annot(str(back))
    np.testing.assert_array_equal(again, index)
    np.testing.assert_array_equal(table[:, :3], colours[:, :3])
    assert names == [b"fusiform", b"cuneus"]


def test_a_label_is_a_region_and_is_written_as_one(tmp_path: Path, cortex: Cortex) -> None:
    half = cortex.hemispheres[1]
    vertices = np.array([5, 99, 4000])
    path = tmp_path / "rh.roi.label"
    saving.save_label(path, half, vertices, np.zeros(3))
    back, scalars = freesurfer.read_label(str(path), read_scalars=True)
    np.testing.assert_array_equal(back, vertices)
    assert not scalars.any()
    found = files.read_overlay(path, cortex)
    np.testing.assert_array_equal(np.flatnonzero(found.values[1][0]), vertices)
    assert found.words(1, 99, 0) == "roi"


def test_gifti_maps_come_back_equal(tmp_path: Path, cortex: Cortex) -> None:
    rows = noise(4, N)
    path = func_gii(tmp_path / "any.func.gii", rows, "CortexRight", "NIFTI_INTENT_TIME_SERIES")
    found = files.read_overlay(path, cortex)
    np.testing.assert_array_equal(found.values[1], rows)
    assert np.isnan(found.values[0]).all()
    assert found.times is not None
    np.testing.assert_allclose(found.times, [0, 500, 1000, 1500])
    (back,) = saving.save_overlay(found, cortex, tmp_path / "out.func.gii")
    assert back.name == "out.R.func.gii"
    image: Any = nibabel.load(back)
    np.testing.assert_array_equal(np.stack([one.data for one in image.darrays]), rows)
    assert image.meta["AnatomicalStructurePrimary"] == "CortexRight"
    again = files.read_overlay(back, cortex)
    np.testing.assert_array_equal(again.times, found.times)


def test_gifti_labels_come_back_equal(tmp_path: Path, cortex: Cortex) -> None:
    made = gifti.GiftiImage(meta=gifti.GiftiMetaData({"AnatomicalStructurePrimary": "CortexLeft"}))
    for key, name in ((0, "???"), (7, "V1"), (3, "MT")):
        entry: Any = gifti.GiftiLabel()
        entry.key, entry.red, entry.green, entry.blue, entry.alpha = key, 0.2, 0.4, 0.6, 1.0
        entry.label = name
        made.labeltable.labels.append(entry)
    keys = np.array([0, 7, 3], np.int32)[np.arange(N) % 3]
    made.add_gifti_data_array(gifti.GiftiDataArray(keys, intent="NIFTI_INTENT_LABEL",
                                                   datatype="NIFTI_TYPE_INT32"))  # fmt: skip
    made.to_filename(str(tmp_path / "areas.label.gii"))
    found = files.read_overlay(tmp_path / "areas.label.gii", cortex)
    assert [found.words(0, v, 0) for v in range(3)] == ["none", "V1", "MT"]
    (back,) = saving.save_overlay(found, cortex, tmp_path / "out.label.gii")
    image: Any = nibabel.load(back)
    np.testing.assert_array_equal(image.darrays[0].data, keys)
    assert image.labeltable.get_labels_as_dict()[7] == "V1"


def test_mgh_and_arrays_come_back_equal(tmp_path: Path, cortex: Cortex) -> None:
    rows = noise(3, 2 * N)
    np.save(tmp_path / "both.npy", rows)
    found = files.read_overlay(tmp_path / "both.npy", cortex)
    np.testing.assert_array_equal(np.concatenate(found.values, axis=1), rows)
    left, right = saving.save_overlay(found, cortex, tmp_path / "t.mgh")
    assert (left.name, right.name) == ("lh.t.mgh", "rh.t.mgh")
    data = np.asarray(nibabel.MGHImage.from_bytes(right.read_bytes()).dataobj)
    np.testing.assert_array_equal(data[:, 0, 0].T, rows[:, N:])
    again = files.read_overlay(left, cortex)  # its sibling comes with it
    np.testing.assert_array_equal(again.values[1], rows[:, N:])
    (whole,) = saving.save_overlay(found, cortex, tmp_path / "w.npy")
    np.testing.assert_array_equal(np.load(whole), rows)


def cifti(path: Path, rows: np.ndarray, first: Any) -> Any:
    """Both hemispheres without the medial wall, and eight voxels below."""
    from nibabel.cifti2 import BrainModelAxis

    mask = np.ones(N, bool)
    mask[::5] = False
    volume = BrainModelAxis.from_mask(np.ones((2, 2, 2), bool), "accumbens_left", np.eye(4))
    axis = BrainModelAxis.from_mask(mask, "cortex_left") + BrainModelAxis.from_mask(
        mask, "cortex_right"
    )
    axis = axis + volume
    data = np.resize(rows, (len(rows), len(axis))).astype(np.float32)
    nibabel.Cifti2Image(data, header=(first, axis)).to_filename(str(path))
    return mask, data


def test_dense_scalars_with_subcortex_come_back_equal(tmp_path: Path, cortex: Cortex) -> None:
    path = tmp_path / "x.dscalar.nii"
    mask, data = cifti(path, noise(2, 999), nibabel.cifti2.ScalarAxis(["a", "b"]))
    found = files.read_overlay(path, cortex)
    assert found.maps == ("a", "b")
    assert found.note == "8 places below the cortex are not drawn"
    np.testing.assert_array_equal(found.values[1][:, mask], data[:, mask.sum() : 2 * mask.sum()])
    assert np.isnan(found.values[0][:, ~mask]).all()
    (back,) = saving.save_overlay(found, cortex, tmp_path / "y.dscalar.nii")
    image: Any = nibabel.load(back)
    np.testing.assert_array_equal(np.asarray(image.dataobj), data)
    assert image.header.get_axis(1) == nibabel.load(path).header.get_axis(1)  # type: ignore[attr-defined]


def test_dense_time_series_have_their_moments(tmp_path: Path, cortex: Cortex) -> None:
    path = tmp_path / "x.dtseries.nii"
    cifti(path, noise(5, 999), nibabel.cifti2.SeriesAxis(0, 0.72, 5))
    found = files.read_overlay(path, cortex)
    assert found.times is not None
    np.testing.assert_allclose(found.times, np.arange(5) * 720.0)
    assert row_of(found, Look(), 1500.0) == 2


def test_dense_labels_name_their_parcels(tmp_path: Path, cortex: Cortex) -> None:
    path = tmp_path / "x.dlabel.nii"
    table = {0: ("???", (0, 0, 0, 0)), 4: ("FFA", (1, 0, 0, 1)), 9: ("PPA", (0, 1, 0, 1))}
    mask, data = cifti(path, np.array([[0, 4, 9]]), nibabel.cifti2.LabelAxis(["areas"], [table]))
    found = files.read_overlay(path, cortex)
    at = int(np.flatnonzero(mask)[1])
    assert found.words(0, at, 0) == "FFA"
    (back,) = saving.save_overlay(found, cortex, tmp_path / "y.dlabel.nii")
    np.testing.assert_array_equal(np.asarray(nibabel.load(back).dataobj), data)  # type: ignore[attr-defined]


def test_a_source_estimate_of_mne_opens(tmp_path: Path, cortex: Cortex) -> None:
    import mne

    vertices = [np.arange(0, 2562), np.arange(0, 2562)]
    data = np.abs(noise(5124, 4)) * 1e-9
    made = mne.SourceEstimate(data, vertices, tmin=-0.1, tstep=0.05)
    made.save(tmp_path / "mine", overwrite=True)
    found = files.read_overlay(tmp_path / "mine-lh.stc", cortex)
    assert found.times is not None
    np.testing.assert_allclose(found.times, [-100, -50, 0, 50], atol=1e-4)
    np.testing.assert_array_equal(found.values[1][:, :2562].T, made.rh_data.astype(np.float32))
    assert np.isfinite(found.values[0]).all()  # between the sources the nearest one's value
    assert found.factor == 1e-9


def test_a_volume_is_projected_where_it_lies(tmp_path: Path, cortex: Cortex) -> None:
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = (-90, -126, -72)
    grid = np.stack(np.meshgrid(*map(np.arange, (46, 55, 46)), indexing="ij"), -1) @ affine[:3, :3]
    height = (grid + affine[:3, 3])[..., 2]  # the value is the place's own height in mm
    path = tmp_path / "height.nii.gz"
    nibabel.Nifti1Image(height.astype(np.float32), affine).to_filename(str(path))
    found = files.read_overlay(path, cortex)
    z = cortex.hemispheres[0].shapes["pial"][:, 2]
    assert np.corrcoef(found.values[0][0], z)[0, 1] > 0.99
    moved = tmp_path / "elsewhere.nii.gz"
    affine[0, 3] = 400
    nibabel.Nifti1Image(height.astype(np.float32), affine).to_filename(str(moved))
    with pytest.raises(FileProblem, match="covers 0 % of fsaverage5"):
        files.read_overlay(moved, cortex)


def test_bad_files_get_sentences(tmp_path: Path, cortex: Cortex) -> None:
    short = func_gii(tmp_path / "lh.short.func.gii", noise(1, 500), "CortexLeft")
    nothing = func_gii(tmp_path / "lh.nan.func.gii", np.full((1, N), np.nan, np.float32), "")
    untold = func_gii(tmp_path / "untold.func.gii", noise(1, N), "")
    whole = func_gii(tmp_path / "lh.whole.func.gii", noise(1, N), "CortexLeft").read_bytes()
    cut = tmp_path / "lh.cut.func.gii"
    cut.write_bytes(whole[: len(whole) // 2])
    empty = tmp_path / "lh.empty.label"
    empty.write_text("#!ascii label\n0\n")
    far = tmp_path / "lh.far.label"
    far.write_text("#!ascii label\n1\n163841 0 0 0 0\n")
    for path, words in (
        (short, r"has 500 vertices, fsaverage5 10,242"),
        (nothing, "every vertex is NaN"),
        (untold, "does not say which"),
        (cut, "is damaged"),
        (empty, "is an empty label"),
        (far, "names vertex 163,841; fsaverage5 has 10,242"),
        (tmp_path / "gone.npy", "does not exist"),
        (tmp_path / "notes.txt", "is no file of values"),
    ):
        with pytest.raises(FileProblem, match=words):
            files.read_overlay(path, cortex)


def test_clusters_have_the_area_of_what_was_put_there(cortex: Cortex) -> None:
    half = cortex.hemispheres[0]
    near = np.linalg.norm(half.shapes["pial"] - half.shapes["pial"][4000], axis=1)
    values = [np.zeros((1, N), np.float32) for _ in "LR"]
    parts = np.where(near < 15, 1.0, 0.0)
    from backend.brain.overlays import components

    own = components(half, parts > 0) == components(half, parts > 0)[4000]
    values[0][0, own] = 3.0
    values[0][0, 4000] = 5.0
    values[1][0, 77] = -4.0
    overlay = Overlay("two", tuple(values))
    found = clusters(cortex, overlay, Look(threshold=2.0), 0.0)
    assert [(one.side, one.peak, one.vertex) for one in found] == [
        ("left", 5.0, 4000), ("right", -4.0, 77),
    ]  # fmt: skip
    assert found[0].area == pytest.approx(half.areas[own].sum())
    assert len(clusters(cortex, overlay, Look(threshold=2.0, min_area=100.0), 0.0)) == 1


def test_the_example_is_synthetic_smooth_and_moves(cortex: Cortex) -> None:
    made = example(cortex)
    assert "synthetic" in made.synthetic
    assert made.rows == 100
    assert (made.times[0], made.times[-1]) == (-100.0, 500.0)  # type: ignore[index]
    row = made.row(0, 45)
    edges = cortex.hemispheres[0].edges.tocoo()
    assert np.corrcoef(row[edges.row], row[edges.col])[0, 1] > 0.95
    assert first_look(made).palette == "hot-cold"
    assert np.abs(made.row(0, 45)).max() > 2 * np.abs(made.row(0, 0)).max()


def test_computed_patches_are_compact_whole_and_of_like_area(cortex: Cortex) -> None:
    from backend.brain.overlays import components
    from backend.brain.parcels import parcellation

    made = parcellation(cortex)
    assert len(made.labels) == 100
    half = cortex.hemispheres[1]
    row = made.values[1][0]
    assert sorted(set(row.astype(int))) == list(range(51, 101))
    sizes = [half.areas[row == number].sum() for number in range(51, 101)]
    assert max(sizes) < 5 * min(sizes)
    for number in (51, 75, 100):
        assert components(half, row == number).max() == 0  # one piece
    assert made.words(1, int(np.flatnonzero(row == 51)[0]), 0) == "R patch 1"
    np.testing.assert_array_equal(parcellation(cortex).values[0], made.values[0])


def test_parcels_that_stand_for_none_are_not_drawn(tmp_path: Path, cortex: Cortex) -> None:
    from backend.brain.overlays import layer

    index = np.arange(N) % 2
    colours = np.array([[10, 20, 30, 0, 0], [40, 50, 60, 0, 0]])
    path = tmp_path / "lh.a.annot"
    freesurfer.write_annot(str(path), index, colours, ["unknown", "V1"], fill_ctab=True)
    found = files.read_overlay(path, cortex)
    assert [found.words(0, v, 0) for v in (0, 1)] == ["none", "V1"]
    drawn = layer(found, first_look(found), 0, 0.0)
    assert not drawn.values[::2].any()
    assert drawn.values[1::2].all()
    (back,) = saving.save_overlay(found, cortex, tmp_path / "b.annot")
    np.testing.assert_array_equal(freesurfer.read_annot(str(back))[0], index)


def test_maps_of_the_simulated_strip_lie_on_its_sphere() -> None:
    from backend.brain.surface_map import on_simulated_strip

    sphere = simulated_cortex()
    made = on_simulated_strip(["r"], np.linspace(0, 0.4, 200)[None])
    found = files.of_surface_map(made, sphere)
    assert found.synthetic == "simulated, no anatomy"
    assert int(np.isfinite(found.values[0][0]).sum()) == 200
