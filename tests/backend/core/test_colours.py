"""Ends of the scales of colours."""

from __future__ import annotations

import numpy as np

from backend.core.colours import colour_limits


def test_limits_leave_out_what_is_no_number() -> None:
    assert colour_limits(np.array([np.nan, 0.0, 1.0])) == (0.0, 1.0)
    assert colour_limits(np.full(4, np.nan)) == (0.0, 1.0)
    assert colour_limits(np.array([-2.0, 2.0])) == (-2.0, 2.0)
    assert colour_limits(np.arange(1001.0)) == (0.0, 990.0)  # outliers do not bleach the rest


def test_a_diverging_map_is_as_far_on_both_sides_of_zero() -> None:
    assert colour_limits(np.array([[-3.0, 1.0], [0.0, 2.0]]), "CET-D1A") == (-3.0, 3.0)
    assert colour_limits(np.zeros(3), "CET-D1A") == (-1.0, 1.0)
