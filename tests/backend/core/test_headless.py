"""The same thing without a window: command line, scripts, reports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import until
from toy_study import STUDY

from backend.core import figures, headless
from backend.core.headless import make_job, run_to
from backend.core.script import write_methods, write_script
from backend.studies import find, ids

ROOT = Path(__file__).parents[3]
RETINA = "gap-junction-topology"


def isomorph(*arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run the command line as a user would."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "app", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=timeout)


def test_list_json_names_studies_presets_parameters_and_values() -> None:
    listed = json.loads(isomorph("list", "--json").stdout)["studies"]
    assert [study["id"] for study in listed] == ids()
    for study in listed:
        assert study["presets"]
        assert {"name", "unit", "low", "high", "change"} <= set(study["parameters"][0])
        assert {"name", "unit"} <= set(study["values"][0])


def test_run_writes_result_data_figures_and_report(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = isomorph(
        "run", RETINA, "--preset", "Figure 3D", "--set", "J=3.0", "--seed", "3", "--out", str(out)
    )
    assert done.returncode == 0, done.stderr
    result = json.loads((out / "result.json").read_text())
    assert result["study"] == RETINA
    assert result["preset"] == "Figure 3D"
    assert result["seed"] == 3
    assert result["complete"] is True
    assert result["provenance"]["parameters"]["seed"] == 3
    assert all(
        {"value", "unit", "reference", "source", "tolerance", "verdict", "where"} <= set(v)
        for v in result["values"].values()
    )
    report = (out / "report.html").read_text()
    assert "data:image/png;base64" in report
    assert "synthetic" in report.lower()
    assert list((out / "figures").glob("*.png"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "gap-junction"), "closest is gap-junction-topology"),
        (("run", RETINA, "--preset", "Figure 3d"), "no preset"),
        (("run", RETINA, "--set", "J=99"), "from 0 to 10"),
        (("run", RETINA, "--set", "J"), "NAME=VALUE"),
        (("run", RETINA, "--set", "JJ=1"), "no parameter"),
        (("run", RETINA, "--input", "J=x.png"), "takes a value"),
        (("run", RETINA, "--set", "J=10", "--set", "dt=0.1"), "largest stable step"),
        (("run", RETINA, "--seed", "x"), "seed"),
        (("run", RETINA, "--procedure", "dance"), "no procedure"),
        (("run", RETINA, "--duration", "-1"), "above 0"),
        (("run", RETINA, "--preset", ""), "no preset"),
        (("run", RETINA, "--out", ""), "needs the name"),
        (("run", RETINA, "--preset", "Figure 6", "--duration", "20"), "for free runs"),
        (("--session", "nowhere.isomorph"), "cannot be read"),
        (("runn",), "No such command"),
        (("bench", "nothing"), "no benchmark"),
    ],
)
def test_bad_input_is_one_line_and_exit_2(arguments: tuple[str, ...], words: str) -> None:
    done = isomorph(*arguments)
    assert done.returncode == 2, done.stderr
    assert words.lower() in done.stderr.lower()
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_two_runs_never_mix_in_one_folder(tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    assert isomorph("run", RETINA, "--preset", "Figure 3D", "--out", out).returncode == 0
    other = isomorph("run", RETINA, "--preset", "Figure 3A", "--out", out)
    assert other.returncode == 2
    assert "holds another run, Figure 3D" in other.stderr
    assert isomorph("run", RETINA, "--preset", "Figure 3D", "--out", out).returncode == 0


def test_duration_reaches_a_free_run(tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = isomorph("run", RETINA, "--preset", "Figure 3D", "--duration", "5", "--out", str(out))
    assert done.returncode == 0
    assert json.loads((out / "result.json").read_text())["parameters"]["duration"] == 5.0


def test_a_window_without_a_display_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    done = isomorph()
    assert done.returncode == 2
    assert "no display" in done.stderr


def test_ctrl_c_leaves_a_valid_partial_result(tmp_path: Path) -> None:
    out = tmp_path / "out"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "app", "run", RETINA, "--preset", "Figure 6", "--set",
               "trials=400", "--out", str(out)]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=environment)
    cells = out / "cells.jsonl"
    assert until(lambda: cells.exists() and cells.read_text().count("\n") >= 2, 60)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    result = json.loads((out / "result.json").read_text())
    assert result["complete"] is False
    assert process.returncode == 1


def test_the_script_runs_and_gives_the_same_numbers(tmp_path: Path) -> None:
    study = find(RETINA)
    parameters = study.parameters_of("Figure 3D").changed(seed=4, gamma=0.16)
    direct = headless.run(RETINA, "Figure 3D", {"gamma": 0.16}, seed=4)
    code = write_script(study, "Figure 3D", parameters, "free")
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True
    )
    printed = dict(line.split() for line in done.stdout.splitlines())
    assert {n: float(v) for n, v in printed.items()} == {
        n: m.value for n, m in direct.values.items()
    }


def test_methods_cite_the_paper_the_settings_and_the_seed() -> None:
    study = find(RETINA)
    text = write_methods(study, "Figure 3D", study.Parameters(J=2.5, seed=9), "free")
    assert study.citation.text in text
    assert "2.5" in text
    assert "seed 9" in text


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_every_view_of_a_run_can_be_exported(tmp_path: Path, form: str) -> None:
    parameters = STUDY.Parameters()
    job = make_job(STUDY, parameters, "Figure 1", "free", (), 20.0, tmp_path / "run")
    run_to(tmp_path / "run", job)
    assert job.outcome == "done", job.failure
    for view in STUDY.views:
        path = tmp_path / f"{view.id}.{form}"
        data = job.run.channels[view.channel].snapshot()
        figures.export(path, view, data, figures.Size(85))
        assert path.stat().st_size > 1000
    assert (tmp_path / "run" / "data" / "positions.npy").exists()
