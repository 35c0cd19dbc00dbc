"""The balance gauge in words, for the running network and for a form at rest.

Source: 01-ei-balanced-network, Eqs. 5 and 7.
"""

from __future__ import annotations

import math

from backend.spiking.balanced_theory import (
    MeanField,
    SingularBalance,
    balance_gauge,
    finite_rates,
    large_n_rates,
)

HZ = 1000.0
Row = tuple[str, bool | None, str]


def predicted(theory: MeanField, mean: float) -> tuple[float, float]:
    """Rates of E and I in Hz by Eq. 7; NaN without a finite balanced state."""
    try:
        e, i = HZ * finite_rates(theory, mean)
    except SingularBalance:
        return math.nan, math.nan
    return float(e), float(i)


def balance_rows(theory: MeanField, mean: float) -> list[Row]:
    """The balance condition's ratios with their state, and the predicted rates."""
    gauge = balance_gauge(theory)
    drive = "<i>f</i><sub>E</sub>/<i>f</i><sub>I</sub>"
    inhibition = "<i>w</i><sub>EI</sub>/<i>w</i><sub>II</sub>"
    excitation = "<i>w</i><sub>EE</sub>/<i>w</i><sub>IE</sub>"
    rows: list[Row] = [
        (f"{drive} &gt; {inhibition}", gauge.first, _pair(gauge.drive, gauge.inhibition)),
        (
            f"{inhibition} &gt; {excitation}",
            gauge.second,
            _pair(gauge.inhibition, gauge.excitation),
        ),
    ]
    rows.append(("Predicted rates, Eq. 7", None, _rates(*predicted(theory, mean))))
    try:
        e, i = HZ * large_n_rates(theory, mean)
    except SingularBalance:
        e = i = math.nan
    rows.append(("Predicted rates, Eq. 5", None, _rates(e, i)))
    return rows


def _pair(left: float, right: float) -> str:
    if math.isnan(left) or math.isnan(right):
        return "undefined"
    sign = ">" if left > right else "≤"
    return f"{left:.2f} {sign} {right:.2f}"


def _rates(e: float, i: float) -> str:
    if math.isnan(e):
        return "no finite balanced state"
    return f"E {e:.1f} Hz · I {i:.1f} Hz"
