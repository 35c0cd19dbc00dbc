"""DNNBrain's files: round trips, files in the original's layout, and what is refused (item 18)."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from backend.analysis.dnnbrain_files import (
    Mask,
    read_masks,
    read_rdms,
    read_rois,
    write_masks,
    write_rdms,
    write_rois,
)
from backend.analysis.rdm import rdm
from backend.core.files import FileProblem


def some_rdm(items: int = 7, seed: int = 0) -> np.ndarray:
    return rdm(np.random.default_rng(seed).standard_normal((items, 20)))


def test_rdms_of_brain_and_network_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.rdm.h5"
    matrices = {"V1": some_rdm(), "FFA": some_rdm(seed=1)}
    write_rdms(path, "brain", matrices)
    kind, found = read_rdms(path)
    assert kind == "brain"
    assert all((found[name] == matrices[name]).all() for name in matrices)
    stack = np.stack([some_rdm(seed=seed) for seed in range(3)])
    write_rdms(path, "network", {"conv1": stack, "block/conv2": some_rdm()})
    kind, found = read_rdms(path)
    assert kind == "network"
    assert (found["conv1"] == stack).all()
    assert (found["block/conv2"][0] == some_rdm()).all()


def test_rdms_in_the_original_s_layout_are_read(tmp_path: Path) -> None:
    """Upper triangle by numpy's tri, attribute type, gzip: as DNNBrain writes it."""
    path = tmp_path / "b.rdm.h5"
    matrix = some_rdm()
    index = np.tri(7, k=-1, dtype=bool).T
    with h5py.File(path, "w") as file:
        file.attrs["type"] = "dRDM"
        file.create_dataset("conv5", data=matrix[index][None], compression="gzip")
    _, found = read_rdms(path)
    assert (found["conv5"][0] == matrix).all()
    write_rdms(path, "network", {"conv5": matrix})
    with h5py.File(path) as file:
        assert file.attrs["type"] == "dRDM"
        assert file["conv5"].shape == (1, 21)
        assert (file["conv5"][0] == matrix[index]).all()


@pytest.mark.parametrize("count", [3, 20_000])
def test_roi_tables_come_back(tmp_path: Path, count: int) -> None:
    path = tmp_path / "c.roi.h5"
    names = [f"ROI {number}" for number in range(count)]
    data = np.random.default_rng(0).standard_normal((5, count))
    write_rois(path, names, data)
    found, values = read_rois(path)
    assert found == names
    assert (values == data).all()
    with h5py.File(path) as file:  # the original's layout
        assert list(file.attrs["roi"])[:2] == names[:2]
        assert list(file) == ["data"]


def test_masks_count_from_one_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "d.dmask.csv"
    masks = {"conv1": Mask(channels=(0, 4), columns=(2,)), "fc3": Mask(), "pool1": Mask(rows=(1,))}
    write_masks(path, masks)
    assert path.read_text() == "conv1=chn,col\n1,5\n3\nfc3=\npool1=row\n2\n"
    assert read_masks(path) == masks


def test_hand_written_masks_are_read(tmp_path: Path) -> None:
    path = tmp_path / "e.dmask.csv"
    path.write_text(" conv1 = row , chn \n 1, 2 \n\n3\n\nfc = \n")
    found = read_masks(path, {"conv1": (3, 2, 2), "fc": (10,)})
    assert found == {"conv1": Mask(channels=(2,), rows=(0, 1)), "fc": Mask()}
    kept = found["conv1"].of(np.arange(2 * 3 * 2 * 4).reshape(2, 3, 2, 4))
    assert kept.shape == (2, 1, 2, 4)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("conv1=chn\n0\n", "line 2: channel 0 is asked for; channels count from 1"),
        ("conv1=chn\n4\n", "line 2: channel 4 is asked for; this layer has 3"),
        ("fc=chn,row\n10\n2\n", "line 3: row 2 is asked for; this layer has 1"),
        ("conv9=chn\n1\n", 'has no layer "conv9"'),
        ("conv1=chn,depth\n1\n1\n", "NAME=chn,row,col"),
        ("conv1=chn\none\n", 'line 2: "one" is not a list of whole numbers'),
        ("conv1=chn,row\n1\n", "numbers are missing"),
        ("just words\n", "line 1"),
    ],
)
def test_masks_that_do_not_fit_are_refused(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "f.dmask.csv"
    path.write_text(text)
    with pytest.raises(FileProblem, match=sentence):
        read_masks(path, {"conv1": (3, 2, 2), "fc": (10,)})


def test_files_that_are_something_else_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "g.rdm.h5"
    with pytest.raises(FileProblem, match="does not exist"):
        read_rdms(path)
    path.write_bytes(b"not HDF5")
    with pytest.raises(FileProblem, match="damaged or not an HDF5 file"):
        read_rdms(path)
    with h5py.File(path, "w") as file:
        file["x"] = np.zeros(3)
    with pytest.raises(FileProblem, match='neither "bRDM" nor "dRDM"'):
        read_rdms(path)
    with h5py.File(path, "w") as file:
        file.attrs["type"] = "bRDM"
        file["x"] = np.zeros(7)
    with pytest.raises(FileProblem, match='"x" is no upper triangle'):
        read_rdms(path)
    with pytest.raises(FileProblem, match=r'must end in "\.roi\.h5"'):
        write_rois(tmp_path / "h.h5", ["a"], np.zeros((2, 1)))
