"""Simulated participants do what their formulas say, through the whole presentation."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import stage_tools
from stage_tools import Squares, Stage, choice_design

from backend.core.parameters import ParameterError
from backend.stage.design import AnswerKey, Block, Design, Item, Method, Phase, Source, TrialKind
from backend.stage.participants import (
    FAST,
    KINDS,
    SLOW,
    Guessing,
    Psychometric,
    ResponseTimes,
    Simulated,
    TemplateObserver,
    expected_correlation,
    participant,
)

SIDE, PATCH, WEIGHTS, TRIALS = 32, 2, 256, 1200


def weights_of(index: int) -> np.ndarray:
    """Noise weights of picture ``index``, uniform on -1..1; pictures come in pairs ±."""
    sign = 1.0 - 2.0 * (index % 2)
    return sign * np.random.default_rng(index // 2).uniform(-1.0, 1.0, WEIGHTS)


class Noise(Squares):
    """Gray 128 plus a patchwork of noise weights."""

    def _render(self, source: Source, run: range) -> None:
        for index in run:
            cells = weights_of(index).reshape(SIDE // PATCH, SIDE // PATCH)
            noise = np.kron(cells, np.ones((PATCH, PATCH)))
            image = np.floor(128.0 + 100.0 * noise + 0.5).astype(np.uint8)
            self._images[f"{source.name}:{index}"] = image

    def write(self, reference: str, folder: Path) -> None:
        """Nothing: 1200 files would be most of the test."""


def template() -> np.ndarray:
    cells = np.random.default_rng(99).normal(0.0, 1.0, WEIGHTS)
    return np.kron(cells.reshape(SIDE // PATCH, -1), np.ones((PATCH, PATCH)))


def noise_design(pairs: bool, seed: int) -> Design:
    items = (Item(of="left", x_deg=-3), Item(of="right", x_deg=3)) if pairs else (Item(),)
    phases = (
        Phase("picture", "stimulus", 50, items, answers=True),
        Phase("response", "response", 0, answers=True, until_answer=True, answered="end"),
    )
    names = ("left", "right") if pairs else ("female", "male")
    rows = []
    for trial in range(seed * TRIALS, (seed + 1) * TRIALS):
        one, other = f"noise:{2 * trial}", f"noise:{2 * trial + 1}"
        rows.append({"left": one, "right": other} if pairs else {"stimulus": one})
    return Design(
        name="noise",
        task="noise",
        sources=(Source("noise", count=2 * TRIALS * (seed + 1)),),
        trial_kinds=(TrialKind("trial", phases),),
        keys=tuple(AnswerKey(key, name) for key, name in zip("fj", names, strict=True)),
        blocks=(Block("noise", "trial", tuple(rows)),),
    )


def correlation(pairs: bool, internal: float, seed: int, out: Path) -> float:
    """Classification weights of a whole session against the observer's own."""
    observer = TemplateObserver(
        seed=seed, template=template(), base=np.full((SIDE, SIDE), 128, np.uint8),
        internal=internal, times=FAST,
    )  # fmt: skip
    weight = template()[::PATCH, ::PATCH].ravel()
    observer.sd = PATCH**2 * 100 / 255 * float(np.linalg.norm(weight)) / math.sqrt(3.0)
    stage = Stage(noise_design(pairs, seed), out, observer, subject=f"{seed + 1:02d}")
    assert stage.run() == "done"
    picked, other = [], []
    for row in stage.events:
        if row["trial_type"] != "picture":
            continue
        first = row["left"] if pairs else row["stimulus"]
        chosen = row["response"] in ("left", "female")
        (picked if chosen else other).append(weights_of(int(first.split(":")[1])))
    estimate = np.mean(picked, axis=0) - np.mean(other, axis=0)
    return float(np.corrcoef(estimate, weight)[0, 1])


@pytest.mark.slow
@pytest.mark.parametrize(("pairs", "internal"), [(False, 0.0), (False, 1.5), (True, 1.5)])
def test_the_classification_image_correlates_with_the_template_as_theory_predicts(
    pairs: bool, internal: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four sessions of 1200 trials, 256 weights; the mean within .03 (07, section 7, item 6)."""
    monkeypatch.setattr(stage_tools, "Squares", Noise)
    effective = internal / math.sqrt(2.0) if pairs else internal
    predicted = expected_correlation(TRIALS, effective, WEIGHTS)
    found = [correlation(pairs, internal, seed, tmp_path) for seed in range(4)]
    assert abs(np.mean(found) - predicted) <= 0.03, (found, predicted)


def level_design() -> Design:
    levels = tuple(np.linspace(0.0, 1.0, 6))
    rows = tuple({"stimulus": "squares:{level_index}", "correct": s} for s in ("left", "right"))
    block = Block("b", "choice", rows, method=Method(levels=levels, repeats=60))
    return choice_design(6, blocks=(block,))


def shares(observer: Simulated, out: Path) -> dict[float, float]:
    """Share of right answers by level."""
    stage = Stage(level_design(), out, observer)
    stage.run()
    found: dict[float, list[int]] = {}
    for row in stage.events:
        if row["trial_type"] == "picture":
            found.setdefault(float(row["level"]), []).append(int(row["correct"]))
    return {level: float(np.mean(right)) for level, right in sorted(found.items())}


def test_the_psychometric_observer_follows_its_function(tmp_path: Path) -> None:
    """120 trials a level: each share within 4 binomial SD of the function."""
    observer = Psychometric(threshold=0.4, spread=0.1, guess=0.5, lapse=0.05, seed=5)
    found = shares(observer, tmp_path)
    for level, share in found.items():
        p = observer.chance(level)
        assert abs(share - p) < 4 * math.sqrt(p * (1 - p) / 120)


def test_lapsing_guessing_and_ideal(tmp_path: Path) -> None:
    ideal = shares(participant("ideal", 1), tmp_path / "a")
    assert set(ideal.values()) == {1.0}
    lapsing = np.mean(list(shares(participant("lapsing", 1), tmp_path / "b").values()))
    expected = 0.98 * 0.95  # 2 % unanswered, half of 10 % wrong
    assert abs(lapsing - expected) < 4 * math.sqrt(expected * (1 - expected) / 720)
    guessing = np.mean(list(shares(Guessing(seed=1), tmp_path / "c").values()))
    assert abs(guessing - 0.5) < 4 * 0.5 / math.sqrt(720)


def test_response_times_are_ex_gaussian_and_seeded() -> None:
    for times in (ResponseTimes(), SLOW, FAST):
        rng = np.random.default_rng(0)
        drawn = np.array([times.draw(rng) for _ in range(20_000)])
        spread = math.hypot(times.sd, times.tail)
        assert abs(drawn.mean() - times.mean - times.tail) < 4 * spread / math.sqrt(20_000)
        assert abs(drawn.std() - spread) < 0.05 * spread


@pytest.mark.parametrize("kind", KINDS)
def test_every_participant_ends_a_session_and_repeats_it_with_its_seed(
    kind: str, tmp_path: Path
) -> None:
    def answers(out: Path) -> list[tuple[str, str]]:
        stage = Stage(choice_design(12), out, participant(kind, 3))
        assert stage.run() == "done"
        return [(row["response"], row["response_time"]) for row in stage.events]

    assert answers(tmp_path / "a") == answers(tmp_path / "b")


def test_unknown_participants_are_refused_with_the_nearest() -> None:
    with pytest.raises(ParameterError, match="lapsing"):
        participant("laping")
