"""Measured values, references and the verdict between them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal


class Verdict(StrEnum):
    """What the comparison of a measured value with its reference says."""

    AGREE = "agree"
    DIFFER = "differ"
    NOT_COMPARABLE = "not comparable"
    PENDING = "pending"


@dataclass(frozen=True)
class Quantity:
    """A result value a study can measure: label for people, unit, shown digits."""

    label: str
    unit: str = ""
    digits: int = 3
    help: str = ""


@dataclass(frozen=True)
class Reference:
    """What a quantity should be under a preset.

    ``value`` ± ``tolerance`` (absolute), or ``low``/``high`` bounds for one- or two-sided
    requirements. ``source`` "paper" is a printed number, "spec" a theory value or prototype
    measurement; ``where`` says where it stands. Without value and bounds the quantity is shown
    with *no number* and is not comparable.
    """

    quantity: str
    value: float | None = None
    tolerance: float | None = None
    low: float | None = None
    high: float | None = None
    source: Literal["paper", "spec"] = "paper"
    where: str = ""
    note: str = ""

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Lower and upper end of what agrees, or None when there is no number to compare with."""
        if self.low is not None or self.high is not None:
            return (
                -math.inf if self.low is None else self.low,
                math.inf if self.high is None else self.high,
            )
        if self.value is None or self.tolerance is None:
            return None
        return self.value - self.tolerance, self.value + self.tolerance

    def verdict(self, measured: float | None, comparable: bool = True) -> Verdict:
        """Verdict on a value; pass ``comparable`` False when other settings were used."""
        if measured is None:
            return Verdict.PENDING
        if self.bounds is None or not comparable:
            return Verdict.NOT_COMPARABLE
        if not math.isfinite(measured):
            return Verdict.DIFFER
        low, high = self.bounds
        slack = 1e-9 * max(1.0, abs(measured))
        return Verdict.AGREE if low - slack <= measured <= high + slack else Verdict.DIFFER


@dataclass
class Measured:
    """One measured value; ``sd`` and ``n`` where it is a mean over trials."""

    value: float
    sd: float | None = None
    n: int | None = None
    text: str = ""


@dataclass
class Result:
    """Everything one run found, complete or not.

    ``lead`` names the quantity shown large, ``sentence`` stands beneath it; ``tables`` holds tidy
    tables as {name: {column: list}}.
    """

    values: dict[str, Measured] = field(default_factory=dict)
    tables: dict[str, dict[str, list[Any]]] = field(default_factory=dict)
    lead: str = ""
    sentence: str = ""
    notes: list[str] = field(default_factory=list)
    complete: bool = False
    finished: str = ""

    def __getitem__(self, name: str) -> float:
        return self.values[name].value


@dataclass(frozen=True)
class Comparison:
    """One line of *Compare with the paper*."""

    quantity: str
    label: str
    unit: str
    digits: int
    measured: Measured | None
    reference: Reference | None
    verdict: Verdict


def number(value: float | None) -> float | None:
    """A JSON-able number: NaN and infinities become None."""
    return None if value is None or not math.isfinite(value) else float(value)
