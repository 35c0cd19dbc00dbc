"""A session's result: the numbers of its trials, with intervals, in files beside the dataset."""

from __future__ import annotations

import csv
import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest

from backend.stage.analysis import Analysis, analyse
from backend.stage.bids import Session
from backend.stage.design import Design
from backend.stage.headless import design_of, present
from backend.stage.session_report import page_of, text_of, write_report


def recorded(design: Design, out: Path, participant: str) -> Session:
    """A finished session of a simulated participant."""
    present(design, out, participant=participant)
    session = Session(out, "01", "01", design.task)
    session.read()
    return session


def value(made: Analysis, name: str) -> float:
    """The value of a line."""
    return next(line.value for line in made.lines if line.name == name)


def shorter(identifier: str, blocks: int = 1) -> Design:
    """A template with fewer blocks."""
    design = design_of(identifier)
    return dataclasses.replace(design, blocks=design.blocks[:blocks])


def test_accuracy_times_and_curve_are_those_of_the_trials(tmp_path: Path) -> None:
    session = recorded(design_of("topology-hole-disc"), tmp_path, "lapsing")
    made = analyse(session.design, session.records, 60.0)
    right = [r["answer"]["correct"] for r in session.records if "response" in r["answer"]]
    assert value(made, "Right, all") == pytest.approx(np.mean(right))
    times = [r["answer"]["response_time"] for r in session.records if "response" in r["answer"]]
    used = [t for t in times if t >= 0.15]
    assert value(made, "Response time, median") == pytest.approx(np.median(used))
    assert value(made, "Trials") == len(session.records)


def test_an_all_right_session_has_no_threshold(tmp_path: Path) -> None:
    session = recorded(design_of("topology-hole-disc"), tmp_path, "ideal")
    made = analyse(session.design, session.records, 60.0)
    line = next(line for line in made.lines if line.name == "Threshold")
    assert math.isnan(line.value)
    assert line.note == "all answers are the same"
    assert "not defined" in text_of(made)


def test_transfer_is_the_index_of_the_last_learning_block(tmp_path: Path) -> None:
    session = recorded(design_of("shape-transfer-c"), tmp_path, "lapsing")
    made = analyse(session.design, session.records, 60.0)
    blocks: dict[str, list[int]] = {}
    for record in session.records:
        if record["answer"].get("response") is not None:
            blocks.setdefault(record["block_name"], []).append(record["answer"]["correct"])
    learned = [100 * np.mean(v) for k, v in blocks.items() if k.startswith("learn")][-1]
    name = next(name for name in blocks if "transfer" in name)
    expected = 100 * (100 * np.mean(blocks[name]) - 50) / (learned - 50)
    assert value(made, f"Transfer index, {name}") == pytest.approx(expected)


def test_the_classification_image_is_kept_with_its_significance(tmp_path: Path) -> None:
    session = recorded(shorter("face-gender-yes-no"), tmp_path, "noisy")
    page, made = write_report(session)
    stem = page.name.removesuffix("_report.html")
    image = np.load(page.with_name(f"{stem}_classification_image.npy"), allow_pickle=False)
    bands = np.load(page.with_name(f"{stem}_bands.npy"), allow_pickle=False)
    assert image.shape == (128, 128)
    assert np.allclose(bands.sum(axis=0), image, atol=1e-5)
    assert value(made, "Significant weights") <= 5  # 100 trials of 4,092 weights
    assert value(made, "Largest |d| by chance") > 0.3
    assert page.with_name(f"{stem}_ci.png").stat().st_size > 1000


def test_the_files_hold_what_the_page_says_and_who_answered(tmp_path: Path) -> None:
    session = recorded(design_of("oddball"), tmp_path, "fast")
    page, made = write_report(session)
    with page.with_name(page.name.replace("report.html", "result.tsv")).open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [row["name"] for row in rows] == [line.name for line in made.lines]
    html = page.read_text(encoding="utf-8")
    assert "Simulated participant: fast" in html
    assert all(line.name in html for line in made.lines)
    description = tmp_path / "derivatives" / "isomorph" / "dataset_description.json"
    assert json.loads(description.read_text())["DatasetType"] == "derivative"
    assert page_of(session, made, []).count("<tr>") == len(rows) + 1


def test_cancelling_stops_between_the_slow_parts(tmp_path: Path) -> None:
    session = recorded(shorter("face-gender-yes-no"), tmp_path, "noisy")

    class Stop(Exception):
        pass

    def check() -> None:
        raise Stop

    with pytest.raises(Stop):
        write_report(session, check)
    assert not (tmp_path / "derivatives").exists()
