"""Input traces: generators, tables from files, drawn points, and hostile files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.core.parameters import ParameterError
from backend.stimuli.traces import KINDS, Trace, first_negative, from_csv, from_points
from backend.stimuli.traces import refuse_negative as refuse


def test_step_changes_at_its_onset_for_every_dt() -> None:
    trace = Trace("step", base=1.0, amplitude=4.0, onset=5.0)
    for dt in (0.001, 0.01, 0.1, 0.05):
        values = trace.values(0, round(10 / dt), dt)
        assert np.flatnonzero(values > 1.0)[0] == round(5.0 / dt)


def test_generators() -> None:
    sine = Trace("sine", base=0.1, amplitude=0.05, period=100.0).values(0, 1000, 0.1)
    assert (sine.min(), sine.max()) == pytest.approx((0.05, 0.15))
    ramp = Trace("ramp", base=1.0, amplitude=2.0, onset=10.0, duration=20.0).values(0, 50, 1.0)
    assert ramp[[0, 10, 20, 30, 49]].tolist() == [1.0, 1.0, 2.0, 3.0, 3.0]
    pulse = Trace("pulse", base=1.0, amplitude=2.0, onset=10.0, duration=5.0).values(0, 30, 1.0)
    assert np.flatnonzero(pulse > 1.0).tolist() == [10, 11, 12, 13, 14]
    chirp = Trace("chirp", amplitude=1.0, period=100.0, end_period=10.0, duration=500.0)
    crossings = np.flatnonzero(np.diff(np.sign(chirp.values(0, 500, 1.0) - 1.0)))
    gaps = np.diff(crossings)
    assert gaps[:3].mean() > 2.5 * gaps[-3:].mean()


@given(cut=st.integers(1, 199), kind=st.sampled_from(KINDS))
def test_a_trace_does_not_depend_on_how_it_is_cut(cut: int, kind: str) -> None:
    trace = Trace(
        kind, base=1.0, amplitude=0.5, onset=3.0, period=7.0, duration=11.0,
        times=np.array([0.0, 2.0, 5.0]), heights=np.array([1.0, 3.0, 2.0]),
    )  # fmt: skip
    whole = trace.values(3, 200, 0.1)
    np.testing.assert_array_equal(whole[cut:], trace.values(3 + cut, 200 - cut, 0.1))
    np.testing.assert_allclose(trace.sketch(20.0, 200), trace.values(0, 200, 0.1), atol=1e-12)


def test_drawn_points_are_sorted_joined_and_repeated() -> None:
    trace = from_points([(10.0, 2.0), (0.0, 0.0), (20.0, 0.0)])
    assert trace.values(0, 5, 5.0).tolist() == [0.0, 1.0, 2.0, 1.0, 0.0]
    assert trace.values(5, 2, 5.0).tolist() == [1.0, 2.0]
    with pytest.raises(ParameterError, match="at least two"):
        from_points([(1.0, 1.0)])


@pytest.mark.parametrize(
    "text",
    [
        "t,mu\n0,1\n10,2\n", "0;1\n10;2\n", "0\t1\n10\t2", "\ufefftime,µ\n0,1\n\n10,2\n",
    ],
)  # fmt: skip
def test_tables(tmp_path: Path, text: str) -> None:
    path = tmp_path / "Spur 目.csv"
    path.write_text(text, encoding="utf-8")
    assert from_csv(path).values(0, 3, 5.0).tolist() == [1.0, 1.5, 1.0]


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"t,mu\n", "rows of numbers"),
        (b"0,1\n1,nan\n2,3\n", "not numbers, the first in row 2"),
        (b"0,1\n1,abc\n", "Row 2 .* not two numbers"),
        (b"0,1\n2,1\n1,1\n", "does not rise from row 2"),
        (b"0\n1\n", "not two numbers"),
        (b"\xff\xfe\x00\x01", "not a text file"),
        (b"-5,1\n3,1\n", "before 0"),
        (b"0,1\n1,inf\n", "not numbers"),
    ],
)
def test_bad_tables_get_a_sentence(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "trace.csv"
    path.write_bytes(content)
    with pytest.raises(ParameterError, match=word) as caught:
        from_csv(path)
    assert len(caught.value.sentence.split()) <= 40


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="cannot be read"):
        from_csv(tmp_path / "gone.csv")
    with pytest.raises(ParameterError):
        from_csv(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(content=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(str.encode)))
def test_any_bytes_give_a_trace_or_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "any.csv"
    path.write_bytes(content)
    try:
        trace = from_csv(path)
    except ParameterError as error:
        sentence = error.sentence
    else:
        assert np.isfinite(trace.values(0, 10, 1.0)).all()
        return
    assert 0 < len(sentence.split()) <= 40


def test_negative_mean_with_proportional_variance_is_refused_with_its_time() -> None:
    trace = Trace("step", base=1.0, amplitude=-2.0, onset=5.0)
    assert first_negative(trace) == pytest.approx(5.0, abs=0.1)
    with pytest.raises(ParameterError, match=r"mu < 0 at t = "):
        refuse(trace, "mu_amplitude")
    assert first_negative(Trace("sine", base=0.1, amplitude=0.05)) is None
    assert first_negative(from_points([(0.0, 1.0), (8.0, -1.0), (9.0, 1.0)])) == 8.0
