"""Every template runs at once on embedded stimuli."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from stage_tools import read_tsv

from backend.analysis.transfer import transfer_of_blocks
from backend.core.parameters import ParameterError
from backend.stage.design import Design
from backend.stage.frames import nearest
from backend.stage.headless import design_of, present
from backend.stage.observers import face_observer
from backend.stage.participants import expected_correlation
from backend.stage.plan import plan
from backend.stage.stimuli import Stimuli
from backend.stage.templates import TEMPLATES, template

SHORT = 6


def shortened(design: Design) -> Design:
    """The first trials of each block, streams of a few pictures."""
    blocks = []
    for block in design.blocks[:3]:
        deal = block.deal and dataclasses.replace(block.deal, streams=1, pictures=12, per_stream=2)
        method = block.method and dataclasses.replace(block.method, repeats=1)
        rows = block.trials[:: max(1, len(block.trials) // SHORT)][:SHORT]
        rules = dataclasses.replace(block.constraints, alike=0, lag=0)
        blocks.append(
            dataclasses.replace(
                block, trials=rows, repeats=1, deal=deal, method=method, constraints=rules
            )
        )
    return dataclasses.replace(design, blocks=tuple(blocks))


@pytest.mark.slow
@pytest.mark.parametrize("identifier", list(TEMPLATES))
def test_a_template_runs_and_its_pictures_are_in_the_dataset(
    identifier: str, tmp_path: Path
) -> None:
    done = present(shortened(template(identifier)), tmp_path, "02", participant="ideal")
    assert (done.state, done.problems, done.late) == ("done", (), ())
    rows = read_tsv(next(done.folder.glob("*_events.tsv")))
    shown = {row["stim_file"] for row in rows} - {"n/a"}
    assert shown
    assert all((tmp_path / "stimuli" / name).exists() for name in shown)
    judged = [row["correct"] for row in rows if row["correct"] != "n/a"]
    assert set(judged) <= {"1"}


@pytest.mark.parametrize("identifier", list(TEMPLATES))
@pytest.mark.parametrize("rate", [50.0, 60.0, 75.0, 100.0, 120.0, 144.0])
def test_a_template_can_be_planned_or_moved_to_the_nearest_frames(
    identifier: str, rate: float
) -> None:
    design, changes = nearest(template(identifier), rate)
    made = plan(design, rate, "02")
    assert made.most_trials > 0
    for block in made.blocks:
        assert "{key" not in block.before
    if rate == 60.0:
        assert not changes


def test_the_search_is_that_of_the_paper() -> None:
    made = plan(template("rsvp-pedestrians"), 60.0)
    assert len(made.trials) == 14
    codes = Counter(code for trial in made.trials for phase in trial.phases for code in phase.codes)
    assert codes == {1: 56, 2: 1344}
    assert {len(phase.pictures) for t in made.trials for phase in t.phases} == {0, 100}
    assert [phase.code for phase in made.trials[0].phases] == [0, 10, 0, 0]
    pictures = made.trials[0].phases[2].layers[0]
    assert made.monitor.degrees(pictures.width) == pytest.approx(12.59, abs=0.01)


@pytest.mark.slow
def test_a_person_who_sees_the_rule_transfers_fully(tmp_path: Path) -> None:
    done = present(template("shape-transfer-c"), tmp_path, "01", participant="ideal")
    rows = read_tsv(next(done.folder.glob("*_beh.tsv")))
    right: dict[str, list[int]] = {}
    for row in rows:
        right.setdefault(row["block"], []).append(int(row["correct"]))
    share = {name: 100 * float(np.mean(values)) for name, values in right.items()}
    learning = [share.pop(name) for name in ("learning 1", "learning 2")]
    assert transfer_of_blocks(learning, share) == {"transfer C.1": 100.0, "transfer C.2": 100.0}


@pytest.mark.slow
def test_the_face_observer_s_classification_image_is_as_theory_predicts(tmp_path: Path) -> None:
    """1000 yes/no trials of the real template at 64 px: corr(w, B' m) within .05 of theory.

    07, section 2.8; the sampling SD over 4092 weights is .016.
    """
    from backend.stimuli.noise_basis import noise_basis, theta_rows

    design = template("face-gender-yes-no")
    source = design.sources[0]
    small = dataclasses.replace(source, parameters={**source.parameters, "side": 64})
    design = dataclasses.replace(design, sources=(small,))
    done = present(design, tmp_path, "01", participant="noisy", seed=2)
    rows = [r for r in read_tsv(next(done.folder.glob("*_events.tsv"))) if r["response"] != "n/a"]
    rows = [row for row in rows if row["trial_type"] == "face"]
    assert len(rows) == 1000
    theta = theta_rows(1, 0, 1000)
    index = np.array([int(row["stimulus"].split(":")[1]) for row in rows])
    female = np.array([row["response"] == "female" for row in rows])
    weights = theta[index[female]].mean(axis=0) - theta[index[~female]].mean(axis=0)
    observer = face_observer(design, Stimuli(design), "faces", 2)
    truth = noise_basis(64).adjoint(np.asarray(observer.template, np.float32)[None])[0]
    found = float(np.corrcoef(weights, truth.ravel())[0, 1])
    predicted = expected_correlation(1000, observer.internal)
    assert abs(found - predicted) < 0.05, (found, predicted)
    assert 0.3 < female.mean() < 0.7


def test_the_nearest_template_is_offered() -> None:
    with pytest.raises(ParameterError, match=r"odball.*oddball"):
        design_of("odball")
