"""Study 06 against its acceptance list (section 7): the shipped nets on ShapeWorld."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from backend.core import headless
from backend.core.result import Result, Verdict
from backend.studies import find

pytestmark = pytest.mark.slow
STUDY = find("sparse-coding")


@functools.cache
def measured(preset: str, **changes: Any) -> Result:
    return headless.run("sparse-coding", preset, changes)


def verdicts(preset: str) -> dict[str, Verdict]:
    result = measured(preset)
    parameters = STUDY.parameters_of(preset)
    lines = STUDY.compare(result.values, preset, parameters, STUDY.preset(preset).procedure)
    return {
        line.quantity: line.verdict for line in lines
        if line.reference is not None and line.reference.source == "spec"
    }  # fmt: skip


@pytest.mark.parametrize("preset", ["Figure 1", "Figure 1, second net"])
def test_the_hierarchy_of_both_nets(preset: str) -> None:
    """Items 8, 9, 15: accuracy, trend, largest value, ranges, FC1 above conv, live units."""
    result = measured(preset)
    assert result["accuracy"] >= 0.80
    assert 0.25 <= result["tau"] <= 0.55
    assert result["tau_low"] < result["tau"] < result["tau_high"]
    assert result["largest"] <= 0.70
    assert result["least_range"] >= 0.18
    assert result["fc1_over_conv"] > 0
    assert 190 <= result["live_6"] <= 256
    assert 190 <= result["live_7"] <= 256
    assert all(np.isfinite(one.value) for one in result.values.values())
    assert result["wilcoxon_p"] < 1e-6
    assert set(verdicts(preset).values()) == {Verdict.AGREE}


def test_new_categories_show_a_weaker_trend() -> None:
    """Item 10."""
    for seed in (0, 1):
        new = measured("Figure 1, new categories", training_seed=seed)["tau"]
        known = measured("Figure 1", training_seed=seed)["tau"]
        assert 0.05 < new < known


def test_forty_exemplars_keep_the_trend() -> None:
    assert set(verdicts("Figure 1, forty exemplars").values()) == {Verdict.AGREE}


@pytest.mark.parametrize("seed", [0, 1])
def test_without_relu_the_trend_turns(seed: int) -> None:
    """Items 7 and 11: negative responses in every layer, tau below -.15."""
    result = measured("Figure 3F", training_seed=seed)
    assert result["negative_share"] == 1.0
    assert result["tau_relu_off"] < -0.15


@pytest.mark.parametrize(
    ("preset", "stem"),
    [("Figure 3B", "w_all"), ("Figure 3B, kernels over channels", "w_channel"),
     ("Figure 3B, inside kernels", "w_kernel")],
)  # fmt: skip
def test_shuffled_weights_fall_to_the_null_of_the_width(preset: str, stem: str) -> None:
    """Items 12 and 14, both nets."""
    for seed in (0, 1):
        result = measured(preset, training_seed=seed, models=5)
        assert result[f"tau_{stem}"] < -0.45
        assert 0.13 <= result[f"last_{stem}"] <= 0.24


def test_net_b_with_its_large_biases() -> None:
    """Item 12b without the tau of the bias lesion, which depends on the net (see the notes)."""
    result = measured("Figure 3, net B")
    assert 0.15 <= result["intact_tau"] <= 0.45
    for stem in ("w_all", "w_channel", "w_kernel"):
        assert result[f"tau_{stem}"] < -0.45
    assert result["tau_relu_off"] < -0.15
    assert result["accuracy_bias"] < result["accuracy"] / 2
    transfer = measured("Figure 1, new categories", network="mini-b")["tau"]
    assert 0 < transfer < result["intact_tau"]


def test_small_biases_do_nothing_when_shuffled() -> None:
    """Section 8, item 7."""
    result = measured("Figure 3D, plain net")
    assert abs(result["accuracy_bias"] - result["accuracy"]) < 0.08
    assert 0.40 <= result["tau_bias"] <= 0.75


def test_wrong_readings_of_the_method_are_told_apart() -> None:
    """Item 13: before the ReLU the trend is negative; the other rescaling still rises."""
    assert measured("Before ReLU")["tau"] < 0
    assert measured("Whole layer")["tau"] > 0.25
    assert measured("Absolute values")["tau"] > 0.20


def test_null_of_widths() -> None:
    """Item 4 and section 8, item 6."""
    assert set(verdicts("Null of widths").values()) == {Verdict.AGREE}


def test_the_link_with_accuracy_is_reported_with_its_reliability() -> None:
    """Section 8, item 8: what did not reproduce is said; reliability rises with depth."""
    result = measured("Figure 2")
    assert 0.5 < result["readout_accuracy"] < 0.75
    halves = [result[f"reliability_{i}"] for i in range(1, 8)]
    assert np.mean(halves[3:]) > np.mean(halves[:3]) + 0.15
    assert any("Figure 2" in note and "did not reproduce" in note for note in STUDY.notes)


def test_the_same_seed_gives_the_same_lesion_and_psi() -> None:
    """Item 17."""
    from backend.studies.sparse.responses import PASSES

    def run() -> Result:
        PASSES.clear()
        changes = {"lesion": "W-all", "strength": 0.5, "seed": 3}
        return headless.run("sparse-coding", "Figure 1", changes)

    one, two = run(), run()
    assert np.abs(np.subtract(one.tables["psi"]["psi"], two.tables["psi"]["psi"])).max() < 1e-6
