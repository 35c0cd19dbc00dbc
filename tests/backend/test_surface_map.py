"""Maps of a brain go out into the field's formats and come back as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest

from backend.brain.images import read
from backend.brain.surface_map import (
    GrayordinateMap,
    SurfaceMap,
    VolumeMap,
    in_image,
    on_simulated_strip,
)
from backend.core.files import FileProblem
from backend.core.objects import as_object

NAMES = ("r, relu1", "winning layer")


def opened(path: Path) -> Any:
    return nibabel.load(path)


@pytest.fixture
def strip() -> SurfaceMap:
    values = np.random.default_rng(0).standard_normal((2, 200)).astype(np.float32)
    values[0, 3] = np.nan  # a vertex that never varies
    return on_simulated_strip(NAMES, values)


@pytest.mark.parametrize("ending", ["func.gii", "gii", "mgh", "npy", "csv"])
def test_a_map_comes_back_as_it_was(strip: SurfaceMap, tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"encoding.{ending}"
    made = as_object("encoding", strip, {"study": "dnnbrain", "seed": 0})
    made.save(path)
    back = SurfaceMap.load(path)
    assert back.maps == NAMES
    assert back.total == 10242
    np.testing.assert_array_equal(back.whole(), strip.whole())
    assert back.synthetic == "simulated, no anatomy"
    assert back.provenance == {"study": "dnnbrain", "seed": 0}


def test_nibabel_reads_the_gifti_and_is_told_that_it_is_no_anatomy(
    strip: SurfaceMap, tmp_path: Path
) -> None:
    strip.save(tmp_path / "a.func.gii")
    image = opened(tmp_path / "a.func.gii")
    assert [one.meta["Name"] for one in image.darrays] == list(NAMES)
    assert "no anatomy" in image.meta["Description"]
    for row, one in zip(strip.whole(), image.darrays, strict=True):
        np.testing.assert_array_equal(one.data, row.astype(np.float32))
    outside = np.setdiff1d(np.arange(10242), strip.vertices)
    assert np.isnan(image.darrays[0].data[outside]).all()


def test_nibabel_reads_the_mgh(strip: SurfaceMap, tmp_path: Path) -> None:
    strip.save(tmp_path / "a.mgh")
    data = np.asarray(nibabel.MGHImage.from_bytes((tmp_path / "a.mgh").read_bytes()).dataobj)
    assert data.shape == (10242, 1, 1, 2)
    np.testing.assert_array_equal(data[:, 0, 0].T, strip.whole().astype(np.float32))


def test_a_volume_keeps_its_place(tmp_path: Path) -> None:
    affine = np.diag([2.0, 2.0, 3.0, 1.0])
    data = np.random.default_rng(0).standard_normal((3, 4, 5, 6)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(data, affine), tmp_path / "betas.nii.gz")
    image = read(tmp_path / "betas.nii.gz")
    made = in_image(NAMES, np.array([[1.0, 2.0], [3.0, 4.0]]), image, np.array([7, 20]))
    assert isinstance(made, VolumeMap)
    for name in ("r.nii.gz", "r.nii"):
        made.save(tmp_path / name)
        back = opened(tmp_path / name)
        assert back.shape == (3, 4, 5, 2)
        np.testing.assert_array_equal(back.affine, affine)
        flat = np.asarray(back.dataobj).reshape(60, 2)
        np.testing.assert_array_equal(flat[[7, 20]], [[1, 3], [2, 4]])
        assert np.isnan(np.delete(flat, [7, 20], axis=0)).all()


def test_grayordinates_keep_their_brain_models(tmp_path: Path) -> None:
    places = nibabel.cifti2.BrainModelAxis.from_mask(
        np.array([1, 0, 1, 1, 0], bool), name="CIFTI_STRUCTURE_CORTEX_LEFT"
    )
    rows = nibabel.cifti2.SeriesAxis(0, 1, 4)
    nibabel.save(
        nibabel.Cifti2Image(np.ones((4, 3), np.float32), header=(rows, places)),
        tmp_path / "betas.dtseries.nii",
    )
    image = read(tmp_path / "betas.dtseries.nii")
    made = in_image(NAMES, np.array([[0.5, 0.25], [1.0, 2.0]]), image, np.array([0, 2]))
    assert isinstance(made, GrayordinateMap)
    made.save(tmp_path / "r.dscalar.nii")
    back = opened(tmp_path / "r.dscalar.nii")
    assert list(back.header.get_axis(0).name) == list(NAMES)
    assert back.header.get_axis(1) == places
    np.testing.assert_array_equal(
        np.asarray(back.dataobj), [[0.5, np.nan, 0.25], [1.0, np.nan, 2.0]]
    )


def test_a_format_that_does_not_fit_is_said(strip: SurfaceMap, tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match=r"Surface map is saved as func\.gii, gii, mgh"):
        strip.save(tmp_path / "a.nii.gz")
    (tmp_path / "b.csv").write_text("1,2\n3,4\n")
    with pytest.raises(FileProblem, match="holds no surface maps"):
        SurfaceMap.load(tmp_path / "b.csv")
