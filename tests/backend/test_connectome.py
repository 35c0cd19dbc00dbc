"""Connectomes from files: what is read, and the sentence for what cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from backend.brain.connectome import read, synthetic
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError


@pytest.mark.parametrize("form", ["csv", "npy"])
def test_what_is_saved_is_read_back(tmp_path: Path, form: str) -> None:
    made = synthetic()
    made.save(tmp_path / f"c.{form}")
    again = read(tmp_path / f"c.{form}")
    assert np.array_equal(again.counts, made.counts)
    if form == "csv":
        assert again.labels == made.labels


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "c.csv is empty."),
        ("a,b\n0,1\n", "c.csv is 1 × 2, not square"),
        ("0,1\n1,x\n", 'Line 2 of c.csv holds "x", which is no number.'),
        ("a,b\n0,1\nx,0\n", 'Line 3 of c.csv holds "x", which is no number.'),
        ("0,1\n1\n", "c.csv has rows of 1 to 2 numbers."),
        ("0,nan\nnan,0\n", "c.csv has 2 entries that are no numbers, the first in row 1, column 2"),
        ("0,-1\n-1,0\n", "c.csv has 2 negative entries"),
        ("0,0\n0,0\n", "c.csv is all zero"),
    ],
)
def test_a_matrix_that_cannot_be_used_says_why(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "c.csv").write_text(text)
    with pytest.raises(FileProblem) as caught:
        read(tmp_path / "c.csv")
    assert str(caught.value).startswith(sentence)


def test_an_asymmetric_matrix_offers_the_mean(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("0,1,2\n3,0,0\n2,0,0\n")
    with pytest.raises(ParameterError, match="1 pair differs") as caught:
        read(tmp_path / "c.csv")
    assert (caught.value.field, caught.value.fix) == ("symmetrise", True)
    assert read(tmp_path / "c.csv", symmetrise=True).counts[0, 1] == 2
