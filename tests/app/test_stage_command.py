"""``isomorph stage``: lists templates, presents with the simulated clock, refuses in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage_tools import choice_design, read_tsv

from app.cli import main
from backend.stage.templates import template


def command(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["stage", *arguments])
    return int(caught.value.code or 0)


def test_templates_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert command("--list") == 0
    said = capsys.readouterr().out
    assert "rsvp-pedestrians" in said
    assert "face-gender-2afc" in said


def test_a_session_is_presented_and_resumed_or_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "data")
    arguments = ["oddball", "--clock", "simulated", "--subject", "07", "--out", out]
    assert command(*arguments, "--participant", "lapsing", "--seed", "5") == 0
    assert "200 trials, 0 late flips" in capsys.readouterr().out
    table = read_tsv(tmp_path / "data/sub-07/ses-01/beh/sub-07_ses-01_task-oddball_beh.tsv")
    assert len(table) == 200
    assert command(*arguments) == 2
    assert "Use session 02" in capsys.readouterr().err
    assert command(*arguments, "--resume") == 2
    assert "is complete" in capsys.readouterr().err


def test_a_design_file_is_presented(tmp_path: Path) -> None:
    template("topology-hole-disc").save(tmp_path / "mine.json")
    done = command(
        str(tmp_path / "mine.json"), "--clock", "simulated", "--out", str(tmp_path / "d")
    )
    assert done == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["oddbal", "--clock", "simulated"], "The closest"),
        (["rsvp-pedestrians", "--clock", "simulated", "--rate", "75"], "do not fit a 75 Hz screen"),
        (["oddball", "--clock", "simulated", "--rate", "nan"], "goes from 10 to 1000 Hz"),
        (["oddball", "--clock", "simulated", "--subject", "a b"], "letters and digits only"),
        (["oddball", "--clock", "simulated", "--participant", "me"], "no participant"),
        (["oddball", "--clock", "sundial"], "is not one of"),
        ([], "A template or design file is needed"),
    ],
)
def test_bad_input_is_refused_in_one_line(
    arguments: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(*arguments, "--out", str(tmp_path / "data")) == 2
    said = capsys.readouterr().err.strip()
    assert words in said
    assert "\n" not in said
    assert not list(tmp_path.rglob("*_events.tsv"))


def test_a_damaged_design_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    choice_design().save(tmp_path / "mine.json")
    path = tmp_path / "mine.json"
    path.write_text(path.read_text()[:200])
    assert command(str(path), "--clock", "simulated", "--out", str(tmp_path / "d")) == 2
    assert "mine.json is damaged" in capsys.readouterr().err
