"""Training as a user meets it: with the brain beside the task, a head of any size, weights back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from backend.core.files import FileProblem
from backend.core.objects import as_object
from backend.core.parameters import ParameterError
from backend.core.run import Run
from backend.networks.opening import open_network
from backend.networks.weights import Weights
from backend.studies import find

STUDY = find("dnnbrain")


def started(procedure: str = "train", preset: str = "Co-training", **changes: Any) -> Run:
    run = Run(STUDY, STUDY.parameters_of(preset).changed(**changes), procedure)
    run.drawing = True
    return run


def finished(procedure: str = "train", preset: str = "Co-training", **changes: Any) -> Run:
    run = started(procedure, preset, **changes)
    STUDY.run(run)
    run.close()
    return run


@pytest.fixture(scope="module")
def trained() -> Run:
    """Five epochs of the preset."""
    return finished(epochs=5)


def test_co_training_shows_held_out_r_beside_the_accuracy(trained: Run) -> None:
    rows = trained.channels["training"].snapshot()
    held = rows["held_brain"][np.isfinite(rows["held_brain"])]
    assert len(held) == 5  # at the end of each epoch
    assert held[-1] > held[0] + 0.05
    assert trained.result["held_brain_r"] == pytest.approx(held[-1])
    assert trained.result["trained_accuracy"] > 0.6
    assert f"r with the brain {held[-1]:.2f}" in trained.result.sentence


def test_the_weight_of_the_brain_acts_while_training() -> None:
    small = {"epochs": 4, "brain_weight": 0.01, "rate": 3e-3}
    left = finished(**small)
    run = started(**small)
    run.change(brain_weight=10.0)
    STUDY.run(run)
    run.close()
    assert [change.values for change in run.changes] == [{"brain_weight": 10.0}]
    assert run.result["brain_r"] > left.result["brain_r"] + 0.02


def test_saved_weights_open_again_with_their_classes(trained: Run, tmp_path: Path) -> None:
    made = as_object("weights", trained.offers["weights"].make(), {})
    made.save(tmp_path / "w.pt")
    again = open_network("mini-a", tmp_path / "w.pt")
    assert again.labels == ("boxy", "curvy")
    for name, value in again.module.state_dict().items():
        assert torch.equal(value, made.state[name])
    run = finished("lesion", "Channels removed", stimuli="transfer", weights=str(tmp_path / "w.pt"),
                   shares="0, 100", draws=1)  # fmt: skip
    nothing, everything = run.result.tables["lesion"]["mean"]
    assert nothing > 0.7  # it names the classes it was trained for
    assert everything == pytest.approx(0.5, abs=0.01)


def test_weights_that_do_not_come_back_are_not_called_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = Weights(state={"a": torch.zeros(3)})
    weights.save(tmp_path / "w.pt")
    monkeypatch.setattr(torch, "load", lambda *a, **k: {"a": torch.ones(3)})
    with pytest.raises(FileProblem, match="was not written whole"):
        weights.save(tmp_path / "w.pt")


def test_a_file_of_other_classes_takes_no_names_from_the_embedded_network(tmp_path: Path) -> None:
    run = finished(epochs=1, head=5)
    made = as_object("weights", run.offers["weights"].make(), {})
    assert made.state["fc3.weight"].shape == (5, 256)
    assert made.labels == ("boxy", "curvy", "unit 3", "unit 4", "unit 5")
    torch.save(made.state, tmp_path / "bare.pt")
    assert open_network("mini-a", tmp_path / "bare.pt").labels == ()


def test_a_head_smaller_than_the_classes_is_refused() -> None:
    with pytest.raises(ParameterError, match="head of 1 units cannot name 2 classes") as caught:
        finished(epochs=1, head=1)
    assert caught.value.fix == 0
