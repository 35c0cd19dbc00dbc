"""Haemodynamic response: its shape, and event tables to volumes (acceptance 13)."""

from __future__ import annotations

import numpy as np
import pytest

from backend.analysis.hrf import canonical, convolved, design, kernel
from backend.core.parameters import ParameterError


def test_the_response_has_spm_s_shape() -> None:
    """Acceptance 13: peak 5.0 s, minimum 15.75 s, ratio -0.0889."""
    times = np.arange(0, 32, 0.01)
    response = canonical(times)
    assert times[response.argmax()] == pytest.approx(5.0, abs=0.1)
    assert times[response.argmin()] == pytest.approx(15.75, abs=0.1)
    assert response.min() / response.max() == pytest.approx(-0.0889, abs=0.002)
    assert kernel().sum() == pytest.approx(1.0)
    assert canonical(np.array([-1.0, 33.0])).tolist() == [0.0, 0.0]


def test_an_impulse_at_10_s_peaks_in_the_volume_at_15_s() -> None:
    assert design([10.0], [0.0], 40, 1.0)[:, 0].argmax() == 15


def test_a_long_event_settles_at_its_height() -> None:
    found = convolved(np.array([[2.0, -3.0]]), [0.0], [100.0], 45, 2.0)
    np.testing.assert_allclose(found[-3:], [[2.0, -3.0]] * 3, atol=1e-9)


def test_predictors_are_the_convolved_event_train() -> None:
    """Against writing the train out and convolving it, events before 0 and overlaps included."""
    generator = np.random.default_rng(0)
    values = generator.standard_normal((6, 4))
    onsets, durations = (
        np.array([-3.0, 1.0, 2.5, 20.0, 21.0, 55.0]),
        np.array([2.0, 4.0, 1.0, 0.5, 9.0, 30.0]),
    )
    rate, lead = 10, 10
    train = np.zeros(((60 + lead) * rate, 4))
    for value, onset, duration in zip(values, onsets, durations, strict=True):
        begin = round((onset + lead) * rate)
        train[begin : begin + round(duration * rate)] += value
    full = np.stack([np.convolve(column, kernel(rate)) for column in train.T], axis=1)
    expected = full[lead * rate + np.arange(30) * 2 * rate]
    found = convolved(values.reshape(6, 2, 2), onsets, durations, 30, 2.0, rate)
    np.testing.assert_allclose(found.reshape(30, 4), expected, atol=1e-12)


def test_an_event_table_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"3 stimuli, but 2 rows"):
        convolved(np.ones((3, 1)), [0.0, 1.0], [1.0, 1.0], 10, 2.0)
    with pytest.raises(ParameterError, match="Event 2 lasts -1 s"):
        design([0.0, 1.0], [1.0, -1.0], 10, 2.0)
    with pytest.raises(ParameterError, match="repetition time above 0"):
        design([0.0], [1.0], 10, 0.0)
