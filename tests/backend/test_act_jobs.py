"""Recorded files into features, pooled and masked ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backend.analysis.dnnbrain_files import Mask
from backend.analysis.feature_extraction import extracted
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.core.run import Cancelled
from backend.networks import act_jobs
from backend.networks.act_file import write


@pytest.fixture
def recorded(tmp_path: Path) -> tuple[Path, dict[str, np.ndarray]]:
    rng = np.random.default_rng(0)
    arrays = {
        "conv1": rng.standard_normal((12, 4, 5, 6)).astype(np.float32),
        "fc1": rng.standard_normal((12, 9, 1, 1)).astype(np.float32),
    }
    path = tmp_path / "a.act.h5"
    write(path, arrays)
    return path, arrays


def test_each_file_is_the_change_of_every_layer(
    recorded: tuple[Path, dict[str, np.ndarray]], tmp_path: Path
) -> None:
    path, arrays = recorded
    told: list[tuple[int, int]] = []
    made = act_jobs.features_file(
        path, tmp_path / "f.act.h5", "pca", 3, None, lambda *two: told.append(two)
    )
    assert made.shapes == {"conv1": (12, 3, 1, 1), "fc1": (12, 3, 1, 1)}
    np.testing.assert_allclose(made.read("conv1"), extracted(arrays["conv1"], "pca", 3))
    assert told[-1] == (2, 2)
    made = act_jobs.pooled_file(path, tmp_path / "p.act.h5", "max", lambda *_: None)
    np.testing.assert_array_equal(made.read("conv1")[:, :, 0, 0], arrays["conv1"].max((2, 3)))
    masks = {"conv1": Mask((1, 3), (0, 4), None), "other": Mask((0,))}
    made = act_jobs.masked_file(path, tmp_path / "m.act.h5", masks, lambda *_: None)
    assert made.layers == ("conv1",)
    np.testing.assert_array_equal(made.read("conv1"), arrays["conv1"][:, [1, 3]][:, :, [0, 4]])


def test_what_cannot_be_made_is_said_and_leaves_nothing(
    recorded: tuple[Path, dict[str, np.ndarray]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = recorded
    target = tmp_path / "b.act.h5"

    def quiet(*_: int) -> None:
        return None

    with pytest.raises(ParameterError, match="pca gives at most 9 features"):
        act_jobs.features_file(path, target, "pca", 10, None, quiet)
    with pytest.raises(FileProblem, match="Choose another name"):
        act_jobs.pooled_file(path, path, "mean", quiet)
    with pytest.raises(ParameterError, match="which holds conv1, fc1"):
        act_jobs.masked_file(path, target, {"conv9": Mask((0,))}, quiet)
    with pytest.raises(ParameterError, match="conv1 has 4 channels, numbered 1 to 4; 8 was asked"):
        act_jobs.masked_file(path, target, {"conv1": Mask((7,))}, quiet)

    def cancel(*_: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        act_jobs.features_file(path, target, "hist", 5, "chn", cancel)
    monkeypatch.setattr(act_jobs, "free_memory", lambda: 20_000)
    with pytest.raises(ParameterError, match=r"conv1 needs 3\.46e-05 GB; 2e-05 GB of memory"):
        act_jobs.features_file(path, target, "pca", 3, None, quiet)
    assert not target.exists()
