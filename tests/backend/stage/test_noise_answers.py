"""The operator's classification image: the same as the one from all weights at the end."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stage_tools import read_tsv

from backend.stage.bids import Session
from backend.stage.design import Design
from backend.stage.headless import present
from backend.stage.noise_answers import noise_answers
from backend.stage.observers import face_observer
from backend.stage.participants import expected_correlation
from backend.stage.stimuli import Stimuli
from backend.stage.templates import template


def small(identifier: str, trials: int) -> Design:
    """A face template at 64 px with fewer blocks."""
    design = template(identifier)
    source = design.sources[0]
    source = dataclasses.replace(source, parameters={**source.parameters, "side": 64})
    return dataclasses.replace(design, sources=(source,), blocks=design.blocks[: trials // 100])


@pytest.mark.slow
@pytest.mark.parametrize("identifier", ["face-gender-yes-no", "face-gender-2afc"])
def test_the_image_grows_with_the_session_and_follows_theory(
    identifier: str, tmp_path: Path
) -> None:
    """1000 trials: correlation with the observer's weights within .05 of theory."""
    design = small(identifier, 1000)
    live = noise_answers(design)
    assert live is not None
    seen: list[int] = []

    def hear(event: dict[str, Any]) -> None:
        if event["what"] == "trial end":
            live.add(event["row"], event["answer"])
            seen.append(live.trials)

    present(design, tmp_path, participant="noisy", seed=4, listener=hear)
    assert seen == list(range(1, 1001))
    observer = face_observer(design, Stimuli(design), "faces", 4)
    truth = live.sums.basis.adjoint(np.asarray(observer.template, np.float32)[None]).ravel()
    found = float(np.corrcoef(live.sums.w, truth)[0, 1])
    internal = observer.internal / (np.sqrt(2.0) if live.pairs else 1.0)
    assert abs(found - expected_correlation(1000, internal)) < 0.05
    image = live.image(32)
    assert image is not None
    assert image.shape == (32, 32)
    log = Session(tmp_path, "01", "01", design.task)
    log.read()
    again = noise_answers(design)
    assert again is not None
    for record in log.records:
        again.add(json.loads(json.dumps(record["row"])), record["answer"])
    np.testing.assert_array_equal(again.sums.w, live.sums.w)


@pytest.mark.parametrize("identifier", ["face-gender-yes-no", "face-gender-2afc"])
@pytest.mark.parametrize("who", ["ideal", "lapsing"])
def test_simulated_people_look_at_the_faces(identifier: str, who: str, tmp_path: Path) -> None:
    said: list[str] = []

    def hear(event: dict[str, Any]) -> None:
        if event["what"] == "trial end" and "response" in event["answer"]:
            said.append(event["answer"]["response"])

    present(small(identifier, 100), tmp_path, participant=who, listener=hear)
    assert len(said) == 100 if who == "ideal" else 90 <= len(said) <= 100
    assert len(set(said)) == 2
    assert 0.3 < np.mean([answer == said[0] for answer in said]) < 0.7


def test_pictures_that_the_observer_looked_at_first_are_in_the_dataset_too(tmp_path: Path) -> None:
    done = present(small("face-gender-2afc", 100), tmp_path, participant="noisy")
    rows = read_tsv(next(done.folder.glob("*_events.tsv")))
    named = {row["stim_file"] for row in rows} - {"n/a"}
    assert len(list((tmp_path / "stimuli").rglob("*.png"))) == 200
    assert all((tmp_path / "stimuli" / name).exists() for name in named)


def test_there_is_no_image_before_both_answers_and_none_without_noise() -> None:
    assert noise_answers(template("oddball")) is None
    live = noise_answers(small("face-gender-yes-no", 100))
    assert live is not None
    for index in range(3):
        live.add({"stimulus": f"faces:{index}"}, {"response": "female"})
    live.add({"stimulus": "faces:3"}, {"correct": 0})
    assert (live.trials, live.image()) == (3, None)
