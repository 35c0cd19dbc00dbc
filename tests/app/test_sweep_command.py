"""``isomorph sweep``: tables, means with intervals, the same command goes on."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from app.cli import main

SMALL = ("--set", "H=24", "--set", "W=24", "--set", "outer_radius=9", "--set", "hole_radius=5",
         "--set", "duration=4")  # fmt: skip
COMMAND = ("sweep", "gap-junction-topology", "--vary", "J=1,3", "--vary", "gamma=0:0.2:3",
           "--trials", "2", "--workers", "1", *SMALL)  # fmt: skip


def isomorph(*words: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    return int(left.value.code or 0)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_sweep_leaves_its_jobs_and_cells_and_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "map"
    assert isomorph(*COMMAND, "--value", "temporal_volleys", "--out", out) == 0
    said = capsys.readouterr()
    assert "12 jobs on 1 worker of this machine" in said.err
    assert "Temporal groups: volleys, mean ± half the 95 % interval" in said.out
    jobs, cells = rows(out / "sweep.csv"), rows(out / "cells.csv")
    assert len(jobs) == 12
    assert {row["seed"] for row in jobs} == {"0", "1"}
    assert len(cells) == 6
    assert {row["temporal_volleys_n"] for row in cells} == {"2"}
    assert isomorph(*COMMAND, "--out", out) == 0
    assert "12 of 12 jobs were finished before" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--vary", "Jx=1"), 'There is no parameter "Jx". The closest is J.'),
        (("--vary", "J=0:1"), "needs a number from 0 to 10"),
        (("--vary", "J=1", "--scheduler", "tcp://127.0.0.1:9"), "No scheduler answers"),
        (("--vary", "J=1", "--value", "no"), "no"),
    ],
)
def test_bad_input_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], sentence: str
) -> None:
    given = ("sweep", "gap-junction-topology", *words, "--workers", "1", *SMALL)
    assert isomorph(*given, "--out", tmp_path / "x") == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert said[-1].startswith("isomorph: ")
    assert sentence in said[-1]


def test_another_sweep_does_not_mix_into_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "plan.json").write_text('{"study": "gap-junction-topology", "axes": []}')
    assert isomorph(*COMMAND, "--out", tmp_path) == 2
    assert "holds another sweep" in capsys.readouterr().err
