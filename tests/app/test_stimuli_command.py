"""``isomorph stimuli`` as typed: the same bytes on any thread count, nothing half-written."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.cli import main
from backend.stimuli import headless, set_files
from backend.stimuli.generators import ids

ROOT = Path(__file__).parents[2]


def run(*words: str) -> int:
    with pytest.raises(SystemExit) as left:
        main(["stimuli", *words])
    return int(left.value.code or 0)


def digests(folder: Path) -> dict[str, str]:
    """Every file but the one that tells the time."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("provenance.json", "shapes.npz.json")
    }


@pytest.mark.parametrize("form", ["folder", "npz", "stim.csv"])
def test_the_same_seed_gives_the_same_files_on_any_thread_count(tmp_path: Path, form: str) -> None:
    for threads in ("1", "3"):
        assert run("shapes", "--n", "4", "--seed", "5", "--threads", threads, "--format", form,
                   "--out", str(tmp_path / threads)) == 0  # fmt: skip
    assert digests(tmp_path / "1") == digests(tmp_path / "3")
    path = {"folder": "", "npz": "shapes.npz", "stim.csv": "shapes.stim.csv"}[form]
    back = set_files.load(tmp_path / "1" / path)
    assert len(back) == 96
    assert back.generator is not None
    assert back.generator["parameters"]["seed"] == 5
    assert back.provenance["action"] == "stimuli shapes"


def test_large_sets_are_drawn_on_the_disk_and_leave_no_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator, parameters = headless.settings("gratings", n=5)
    headless.make(generator, parameters, tmp_path / "one")
    monkeypatch.setattr(headless, "IN_MEMORY", 10)
    headless.make(generator, parameters, tmp_path / "two")
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "two"]


def test_the_list_names_every_generator(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--list") == 0
    words = capsys.readouterr().out
    for name in ("topology", "shapes", "strokes", "scenes", "gratings", "dots"):
        assert f"\n{name} " in f"\n{words}"
        assert name in ids()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["shappes"], 'no generator "shappes". The closest is shapes'),
        (["shapes", "--set", "side=7"], "from 32 to 299 px; 7 was given"),
        (["shapes", "--preset", "G"], 'no preset "G"'),
        (["shapes", "--format", "mat"], "one of folder, npz, stim.csv"),
        (["topology", "--set", "hole=23.9"], "pieces and holes"),
        ([], "A generator is needed"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    assert run(*words, "--out", str(tmp_path / "set")) == 2
    said = capsys.readouterr().err
    assert told in said
    assert said.count("\n") == 1
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("form", ["folder", "npz", "stim.csv"])
def test_a_set_that_is_there_is_not_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    words = ("--format", form, "--out", str(tmp_path / "set"))
    assert run("gratings", "--n", "3", *words) == 0
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    capsys.readouterr()
    assert run("gratings", "--n", "3", *words) == 2
    assert "already; nothing was changed" in capsys.readouterr().err
    assert run("gratings", "--n", "4", *words) == 2
    assert "nothing was changed" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_leaves_nothing(tmp_path: Path, stop: int) -> None:
    words = ["stimuli", "scenes", "--n", "5000", "--set", "side=500", "--out", "set"]
    child = subprocess.Popen(
        [sys.executable, "-m", "app.cli", *words], cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert child.stderr is not None
    first = child.stderr.readline()
    assert "of 5000 drawn" in first
    child.send_signal(stop)
    _, rest = child.communicate(timeout=60)
    assert child.returncode == 1
    assert "Stopped. Nothing was written." in rest
    assert list(tmp_path.iterdir()) == []


def test_scripts_get_the_same_set(tmp_path: Path) -> None:
    generator, parameters = headless.settings("dots", "motion", {"frames": "4"}, seed=2, n=8)
    words = headless.make(generator, parameters, tmp_path / "set.npz")
    assert words.startswith("8 images of 256 × 256 px")
    with np.load(tmp_path / "set.npz") as stored:
        assert stored["images"].shape == (8, 256, 256)
