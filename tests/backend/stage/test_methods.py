"""Staircases and the Bayesian method converge to a known threshold."""

from __future__ import annotations

import math

import numpy as np
import pytest

from backend.stage.design import Method
from backend.stage.methods import Bayes, Staircase, staircase_target
from backend.stage.participants import Psychometric

LEVELS = tuple(np.round(np.linspace(0.0, 1.0, 41), 3))


def run(method: Staircase | Bayes, observer: Psychometric) -> list[int]:
    """Levels visited until the method ends."""
    visited = []
    while (level := method.next_level()) is not None:
        right = observer.rng.random() < observer.chance(LEVELS[level])
        method.record(level, bool(right))
        visited.append(level)
    return visited


def level_of(observer: Psychometric, share: float) -> float:
    """Level at which the observer is right with this probability."""
    rise = (share - observer.guess) / (1 - observer.guess - observer.lapse)
    return observer.threshold + observer.spread * math.log(rise / (1 - rise))


def walk(method: Method, observer: Psychometric, trials: int) -> float:
    """Mean level of the staircase's Markov chain in its stationary state, by exact iteration.

    The states are (level, right answers in a row, wrong answers in a row).
    """
    up, down, top = method.up_after, method.down_after, len(LEVELS) - 1
    chance = [observer.chance(level) for level in LEVELS]
    share: dict[tuple[int, int, int], float] = {(method.start, 0, 0): 1.0}
    for _ in range(trials):
        after: dict[tuple[int, int, int], float] = {}
        for (level, right, wrong), mass in share.items():
            hit = (level, right + 1, 0) if right + 1 < up else (max(0, level - 1), 0, 0)
            miss = (level, 0, wrong + 1) if wrong + 1 < down else (min(top, level + 1), 0, 0)
            after[hit] = after.get(hit, 0.0) + mass * chance[level]
            after[miss] = after.get(miss, 0.0) + mass * (1 - chance[level])
        share = after
    return sum(LEVELS[level] * mass for (level, _, _), mass in share.items())


@pytest.mark.parametrize(("up", "down", "guess"), [(1, 1, 0.0), (2, 1, 0.5), (3, 1, 0.5)])
def test_a_staircase_goes_where_theory_says(up: int, down: int, guess: float) -> None:
    """20 seeds; mean of the visited levels against the chain's, threshold against the target."""
    method = Method("staircase", LEVELS, start=30, up_after=up, down_after=down,
                    reversals=60, trials=2000, guess=guess)  # fmt: skip
    means, thresholds = [], []
    for seed in range(20):
        observer = Psychometric(threshold=0.5, spread=0.1, guess=guess, seed=seed)
        staircase = Staircase(method)
        visited = run(staircase, observer)
        means.append(np.mean([LEVELS[level] for level in visited[len(visited) // 4 :]]))
        thresholds.append(staircase.threshold)
    observer = Psychometric(threshold=0.5, spread=0.1, guess=guess)
    error = np.std(means, ddof=1) / math.sqrt(20)
    assert abs(np.mean(means) - walk(method, observer, 400)) < 3 * error
    target = level_of(observer, staircase_target(up, down))
    assert abs(np.mean(thresholds) - target) < 0.025  # one step between levels


def test_targets_of_transformed_staircases() -> None:
    assert staircase_target(1, 1) == 0.5
    assert staircase_target(2, 1) == pytest.approx(0.7071, abs=1e-4)
    assert staircase_target(3, 1) == pytest.approx(0.7937, abs=1e-4)
    assert staircase_target(1, 2) == pytest.approx(0.2929, abs=1e-4)
    with pytest.raises(ValueError, match="needs one of its two numbers to be 1"):
        staircase_target(2, 2)


def test_steps_are_halved_at_the_first_reversals() -> None:
    staircase = Staircase(Method("staircase", LEVELS, start=40, step=8, up_after=1))
    for right in (True, True, False, True, False, True):
        staircase.record(staircase.level, right)
    assert staircase.reversals == [24, 28, 26, 27]
    assert staircase.level == 26


def test_the_bayesian_method_finds_threshold_and_says_how_sure_it_is() -> None:
    """30 seeds, 120 trials: unbiased within 3 SE, and the posterior's SD is honest."""
    method = Method("bayes", LEVELS, trials=120, guess=0.5, lapse=0.04)
    found, scores = [], []
    for seed in range(30):
        observer = Psychometric(threshold=0.45, spread=0.06, guess=0.5, lapse=0.02, seed=seed)
        bayes = Bayes(method)
        assert len(run(bayes, observer)) == 120
        found.append(bayes.threshold)
        scores.append((bayes.threshold - 0.45) / bayes.threshold_sd)
    assert abs(np.mean(found) - 0.45) < 3 * np.std(found, ddof=1) / math.sqrt(30) + 0.005
    assert 0.6 < np.std(scores) < 1.5
    assert np.max(np.abs(scores)) < 4.0


def test_chosen_levels_tell_more_than_random_ones() -> None:
    """What the method promises: less entropy over threshold, slope and lapse together.

    200 trials, 40 seeds: 0.74 ± 0.11 nats measured, and the threshold's SD 0.024 against 0.044.
    (At 60 trials the gain is 0.46 ± 0.12: much of them goes into the slope.)
    """
    method = Method("bayes", LEVELS, trials=200, guess=0.5, lapse=0.04)
    gains = []
    for seed in range(40):
        observer = Psychometric(threshold=0.3, spread=0.05, guess=0.5, lapse=0.02, seed=seed)
        adaptive, fixed = Bayes(method), Bayes(method)
        run(adaptive, observer)
        for level in np.random.default_rng(seed).integers(0, len(LEVELS), 200):
            fixed.record(int(level), bool(observer.rng.random() < observer.chance(LEVELS[level])))
        gains.append(entropy(fixed) - entropy(adaptive))
    assert np.mean(gains) > 3 * np.std(gains, ddof=1) / math.sqrt(40)


def entropy(bayes: Bayes) -> float:
    return -float(np.sum(bayes.posterior * np.log(np.maximum(bayes.posterior, 1e-300))))


def test_expected_entropy_is_that_of_both_answers() -> None:
    method = Method("bayes", LEVELS[::8], trials=10, guess=0.5, lapse=0.02)
    bayes = Bayes(method, thresholds=9, spreads=3)
    for level, right in ((2, True), (3, False), (4, True)):
        bayes.record(level, right)
    expected = bayes.expected_entropy()
    prior = bayes.posterior.copy()
    for level in range(len(method.levels)):
        total = 0.0
        for right in (True, False):
            one = Bayes(method, thresholds=9, spreads=3)
            one.posterior = prior.copy()
            chance = float(np.dot(prior, one._right[level]))
            one.record(level, right)
            entropy = -float(np.sum(one.posterior * np.log(one.posterior)))
            total += (chance if right else 1 - chance) * entropy
        assert expected[level] == pytest.approx(total, abs=1e-9)
