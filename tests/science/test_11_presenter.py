"""11-rsvp-meg section 7, items 1 to 3 and 13: dealing, labels, visual angle, presenter."""

from __future__ import annotations

from math import comb
from pathlib import Path

import numpy as np
from stage_tools import Stage, stream_design

from backend.stage.design import Deal
from backend.stage.display import SimulatedDisplay
from backend.stage.monitors import visual_angle
from backend.stage.order import FAR, NEAR, TARGET, deal_streams, label_pictures

DEAL = Deal("target", "non-target")
SEEDS = 200


def test_every_session_deals_each_picture_once_and_four_targets_a_block() -> None:
    for seed in range(SEEDS):
        is_target, index = deal_streams(DEAL, 56, 1344, np.random.default_rng(seed))
        assert is_target.shape == (14, 100)
        assert set(is_target.sum(axis=1)) == {4}
        assert sorted(index[is_target]) == list(range(56))
        assert sorted(index[~is_target]) == list(range(1344))


def labels_of_blocks(blocks: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    deal = Deal("t", "n", streams=14)
    rounds = [deal_streams(deal, 56, 1344, rng)[0] for _ in range(-(-blocks // 14))]
    is_target = np.concatenate(rounds)[:blocks]
    onsets = np.tile(np.arange(100) * 0.1, (blocks, 1))
    stream = np.repeat(np.arange(blocks), 100)
    return label_pictures(onsets.ravel(), is_target.ravel(), stream, 0.5)


def test_shares_of_near_and_far_pictures() -> None:
    """Near .328 and far .632, within .008, over at least 500 blocks."""
    labels = labels_of_blocks(700, seed=0)
    assert np.mean(labels == TARGET) == 0.04
    assert abs(np.mean(labels == NEAR) - 0.328) <= 0.008
    assert abs(np.mean(labels == FAR) - 0.632) <= 0.008


def test_the_shares_are_those_of_chance() -> None:
    """0.96 (1 - E[C(99-m, 4) / C(99, 4)]) with m neighbours within five pictures."""
    places = np.arange(100)
    neighbours = np.minimum(places, 5) + np.minimum(99 - places, 5)
    none = np.mean([comb(99 - int(m), 4) / comb(99, 4) for m in neighbours])
    assert abs(0.96 * (1 - none) - 0.328) < 0.0005
    shares = [np.mean(labels_of_blocks(140, seed) == NEAR) for seed in range(10)]
    error = np.std(shares, ddof=1) / np.sqrt(len(shares))
    assert abs(np.mean(shares) - 0.96 * (1 - none)) < 3 * error


def test_near_reaches_five_pictures_and_never_into_another_block() -> None:
    is_target = np.zeros(200, bool)
    is_target[[0, 99]] = True
    onsets = np.arange(200) * 0.1
    stream = np.repeat([0, 1], 100)
    near = np.flatnonzero(label_pictures(onsets, is_target, stream) == NEAR)
    assert near.tolist() == [1, 2, 3, 4, 5, 94, 95, 96, 97, 98]


def test_visual_angle() -> None:
    assert abs(visual_angle(150.0, 680.0) - 12.59) <= 0.01


def test_a_thousand_pictures_at_10_hz_on_60_hz(tmp_path: Path) -> None:
    stage = Stage(stream_design(streams=10), tmp_path)
    assert stage.run() == "done"
    pictures = [row for row in stage.events if row["label"] != "n/a"]
    assert len(pictures) == 1000
    assert {row["shown_frames"] for row in pictures} == {"6"}
    durations = 1000 * np.array([float(row["duration"]) for row in pictures])
    assert abs(durations.mean() - 100.0) <= 0.2
    assert not [late for event in stage.said for late in event.get("late", [])]


def test_dropped_frames_are_counted(tmp_path: Path) -> None:
    late = {60 + 100: 1, 60 + 500: 3, 60 + 1501: 1}
    stage = Stage(stream_design(streams=10), tmp_path, display=SimulatedDisplay(late=late))
    stage.run()
    found = [one for event in stage.said for one in event.get("late", [])]
    assert [one["lost"] for one in found] == [1, 3, 1]
