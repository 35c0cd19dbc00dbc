"""Whatever the form allows gives a picture, or a sentence about one of its fields."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backend.core.parameters import Declaration, ParameterError
from backend.stimuli.generators import find

LEFT_ALONE = ("n", "side", "seed", "file")


def any_value(declared: Declaration, rng: np.random.Generator) -> Any:
    """A value of the form: a limit, the default, or something between."""
    if declared.kind == "bool":
        return bool(rng.integers(2))
    if declared.kind == "choice":
        return declared.choices[rng.integers(len(declared.choices))][0]
    low, high = declared.low or 0.0, declared.high or 1.0
    value = rng.choice([low, high, declared.default, rng.uniform(low, high)])
    return int(value) if declared.kind == "int" else float(value)


@pytest.mark.parametrize("identifier", ["faces", "noise", "faces-noise", "objects"])
def test_any_setting_gives_a_picture_or_a_sentence(identifier: str) -> None:
    generator, rng = find(identifier), np.random.default_rng(4)
    declared = generator.Parameters.declarations()
    pictures, refusals = 0, []
    for side in (16, 31, 48) * 40:
        values = {
            name: any_value(one, rng) for name, one in declared.items() if name not in LEFT_ALONE
        }
        parameters = generator.Parameters().changed(**values, n=7, side=side)
        try:
            generator.check(parameters)
            preview = generator.preview(parameters, 3)
        except ParameterError as refused:
            refusals.append(refused)
            continue
        pictures += 1
        assert preview.image.dtype == np.uint8
        assert preview.image.shape[:2] == (side, side)
        assert generator.bytes_of(parameters) > 0
        assert preview.row["name"]
    assert pictures >= 40
    assert all(one.field in declared for one in refusals)
    assert all(len(one.sentence.split()) <= 40 for one in refusals)
