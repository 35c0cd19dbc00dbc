"""Planning in frames, orders and counterbalancing."""

from __future__ import annotations

import dataclasses
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stage_tools import choice_design, stream_design

from backend.core.parameters import ParameterError
from backend.stage.design import Block, Constraints, Counterbalance, Design, Phase
from backend.stage.display import MeasuredRate, SimulatedDisplay, rate_of
from backend.stage.frames import frames_of, nearest, problems
from backend.stage.monitors import MonitorProfile
from backend.stage.order import broken_rules, latin_square, shuffled, spaced_positions
from backend.stage.plan import plan


def test_ten_pictures_a_second_do_not_fit_75_hz() -> None:
    with pytest.raises(ParameterError) as caught:
        plan(stream_design(), 75.0)
    assert caught.value.sentence == (
        "10 pictures a second do not fit a 75 Hz screen. That is 7.5 frames each. "
        "Use 15 or 5 a second, or set the screen to 60 Hz."
    )
    offered = dataclasses.replace(
        stream_design().trial_kinds[0].phases[1], ms=float(caught.value.fix)
    )
    assert frames_of(offered, 75.0) == 5


def test_a_duration_off_the_grid_offers_both_neighbours() -> None:
    with pytest.raises(ParameterError) as caught:
        frames_of(Phase("mask", "mask", 125), 60.0)
    assert caught.value.sentence == (
        '"mask" of 125 ms does not fit a 60 Hz screen. That is 7.5 frames. '
        "Use 116.7 ms (7 frames) or 133.3 ms (8 frames)."
    )


@given(st.floats(0.2, 5000), st.sampled_from([50.0, 60.0, 75.0, 85.0, 100.0, 120.0, 144.0, 240.0]))
def test_what_is_offered_fits(ms: float, rate: float) -> None:
    for kind in ("mask", "stream"):
        phase = Phase("p", kind, ms)  # type: ignore[arg-type]
        found = refusal(phase, rate)
        if found is not None:
            assert frames_of(dataclasses.replace(phase, ms=found.fix), rate) >= 1
            assert len(found.sentence.split()) <= 40
        else:
            assert frames_of(phase, rate) == pytest.approx(ms * rate / 1000, abs=0.0501)


def refusal(phase: Phase, rate: float) -> ParameterError | None:
    """What a phase is refused with; None when it fits."""
    try:
        frames_of(phase, rate)
    except ParameterError as error:
        return error
    return None


def test_the_nearest_design_plans_and_says_what_changed() -> None:
    design, changes = nearest(stream_design(), 75.0)
    assert [one.sentence for one in changes] == [
        '"block start" of stream: 500 ms becomes 506.67 ms (38 frames).',
        '"pictures" of stream: 100 ms becomes 106.67 ms (8 frames).',
        '"after" of stream: 1500 ms becomes 1506.7 ms (113 frames).',
    ]
    assert not problems(design, 75.0)
    assert plan(design, 75.0).trials[0].phases[1].frames == 8


@pytest.mark.parametrize(
    ("measured", "planned"),
    [(59.94, 60.0), (60.2, 60.0), (119.88, 120.0), (143.86, 144.0), (72.0, 72.0), (60.4, 60.4)],
)
def test_the_standard_rate_is_planned_when_it_is_near(measured: float, planned: float) -> None:
    assert MeasuredRate(measured, 0.1).nominal == planned


def test_a_rate_is_measured_in_spite_of_jitter_and_late_flips() -> None:
    display = SimulatedDisplay(59.94, late={30: 4, 90: 1}, jitter_sd=0.0002, seed=3)
    measured = display.measure(240)
    assert measured.hz == pytest.approx(59.94, rel=2e-3)
    assert measured.sd_ms == pytest.approx(0.2 * np.sqrt(2), rel=0.25)
    with pytest.raises(ValueError, match="needs more than"):
        rate_of([0.0, 1.0])


def test_stamps_that_come_late_on_a_busy_machine_do_not_change_the_rate() -> None:
    stamps = np.arange(240) / 60.0
    stamps[[50, 90, 130, 170, 239]] += 0.6 / 60.0
    assert rate_of(stamps).hz == pytest.approx(60.0, rel=1e-9)


def test_the_same_seed_and_participant_give_the_same_plan() -> None:
    first, again = (plan(stream_design(), 60.0, "07", 5) for _ in range(2))
    assert first == again
    assert plan(stream_design(), 60.0, "08", 5).trials != first.trials
    assert plan(stream_design(), 60.0, "07", 6).trials != first.trials


def test_targets_keep_their_distance_and_all_sets_are_equally_likely() -> None:
    rng = np.random.default_rng(0)
    places = spaced_positions(rng, 6000, 7, 3, 2)
    assert np.diff(places, axis=1).min() == 2
    counts = Counter(map(tuple, places.tolist()))
    assert len(counts) == 10  # C(7 - 2, 3)
    deviation = sum((n - 600) ** 2 / 600 for n in counts.values())
    assert deviation < 27.9  # chi-square with 9 degrees of freedom, p = .001


@pytest.mark.parametrize("seed", range(5))
def test_no_three_alike_and_targets_apart(seed: int) -> None:
    rows = [{"side": "left"}] * 20 + [{"side": "right"}] * 20
    rules = Constraints("side", alike=2)
    made = shuffled(rows, rules, np.random.default_rng(seed), "b")
    sides = np.array([row["side"] for row in made])
    assert Counter(sides.tolist()) == {"left": 20, "right": 20}
    assert broken_rules(sides, rules) == 0
    rare = [{"kind": "deviant"}] * 10 + [{"kind": "standard"}] * 40
    apart = shuffled(rare, Constraints("kind", target="deviant", lag=4),
                     np.random.default_rng(seed), "b")  # fmt: skip
    where = np.flatnonzero([row["kind"] == "deviant" for row in apart])
    assert np.diff(where).min() >= 4


def test_an_impossible_order_is_refused() -> None:
    rows = [{"side": "left"}] * 9 + [{"side": "right"}]
    with pytest.raises(ParameterError, match='keeps the rule for "side"'):
        shuffled(rows, Constraints("side", alike=2), np.random.default_rng(0), "b")


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_a_latin_square_balances_places_and_neighbours(count: int) -> None:
    participants = count * (1 + count % 2)
    rows = [latin_square(count, number + 1) for number in range(participants)]
    for place in range(count):
        assert set(Counter(row[place] for row in rows).values()) == {participants // count}
    pairs = Counter((a, b) for row in rows for a, b in pairwise(row))
    assert len(pairs) == count * (count - 1)
    assert len(set(pairs.values())) == 1


def counterbalanced(**how: object) -> Design:
    blocks = tuple(dataclasses.replace(choice_design().blocks[0], name=name) for name in "abc")
    return choice_design(blocks=blocks, counterbalance=Counterbalance(**how))  # type: ignore[arg-type]


def test_blocks_rotate_with_the_participants_number() -> None:
    design = counterbalanced(blocks="rotate")
    orders = ["".join(b.name for b in plan(design, 60.0, s).blocks) for s in ("01", "02", "03")]
    assert orders == ["abc", "bca", "cab"]


def test_keys_swap_with_the_participants_number_and_pages_say_so() -> None:
    block = dataclasses.replace(choice_design().blocks[0], before="{key left}: left")
    design = choice_design(blocks=(block,), counterbalance=Counterbalance(keys=True))
    for subject, meaning, page in (("01", "left", "F: left"), ("02", "right", "J: left")):
        made = plan(design, 60.0, subject)
        assert made.keys[0].meaning == meaning
        assert made.blocks[0].before == page


def test_sizes_on_screen_follow_the_monitor() -> None:
    screen = MonitorProfile("mine", 520.0, 320.0, 680.0, 1300, 800)
    layer = plan(stream_design(), 60.0, monitor=screen).trials[0].phases[1].layers[0]
    assert layer.width == pytest.approx(150.0 / 0.4, rel=1e-3)
    assert screen.degrees(screen.px(8.2)) == pytest.approx(8.2)


def test_a_block_of_repeats_shows_each_row_so_often() -> None:
    block = Block("b", "choice", choice_design(2).blocks[0].trials, repeats=7)
    made = plan(choice_design(2, blocks=(block,)), 60.0)
    assert Counter(t.row["stimulus"] for t in made.trials) == {"squares:0": 7, "squares:1": 7}
