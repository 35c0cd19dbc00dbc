"""Study 05 through the user's door: every preset against its references."""

from __future__ import annotations

import functools

import pytest

from backend.core import headless
from backend.core.result import Result, Verdict
from backend.studies import find

pytestmark = pytest.mark.slow
STUDY = find("dnnbrain")
BELOW = {("Figure 6B, categories", "rsa_1")}
"""What lies outside its band, and is said in the study's notes."""


@functools.cache
def measured(preset: str) -> Result:
    return headless.run("dnnbrain", preset)


@pytest.mark.parametrize("preset", [one.name for one in STUDY.presets if one.references])
def test_every_reference_of_the_specification_is_met(preset: str) -> None:
    result = measured(preset)
    parameters = STUDY.parameters_of(preset)
    lines = STUDY.compare(result.values, preset, parameters, STUDY.preset(preset).procedure)
    judged = [
        line for line in lines if line.reference is not None and line.reference.source == "spec"
    ]
    assert judged
    differ = {
        (preset, line.quantity) for line in judged if line.verdict is not Verdict.AGREE
    }  # fmt: skip
    assert differ <= BELOW


def test_what_lies_outside_is_said() -> None:
    assert measured("Figure 6B, categories")["rsa_1"] == pytest.approx(0.59, abs=0.01)
    assert any("(.59)" in note for note in STUDY.notes)


def test_no_layer_exceeds_the_ceiling_on_the_mean() -> None:
    """Item 6."""
    result = measured("Figure 6A")
    assert all(result[f"glm_{i}"] <= result["ceiling"] + 0.08 for i in range(1, 8))


def test_removing_channels_never_helps() -> None:
    """Item 16: monotone."""
    result = measured("Channels removed")
    curve = [result[f"removed_{share}"] for share in (0, 25, 50, 75, 90)]
    assert curve == sorted(curve, reverse=True)
