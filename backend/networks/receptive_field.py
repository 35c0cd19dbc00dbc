"""Theoretical receptive fields, carried along the graph (05-dnnbrain, section 2.11 h)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class ReceptiveField:
    """Of one place: ``size`` px, ``jump`` px between neighbours, ``start`` centre of the first."""

    size: float
    jump: float
    start: float


@dataclass(frozen=True)
class Span:
    """Along one axis: r, j and start of the recursion; ``step`` passes a window over it."""

    size: float = 1.0
    jump: float = 1.0
    start: float = 0.5

    def step(self, kernel: int, stride: int, padding: float, dilation: int = 1) -> Span:
        """r += (k − 1) j; start += ((k − 1)/2 − p) j; j *= s, with k → d(k − 1) + 1."""
        wide = dilation * (kernel - 1) + 1
        return Span(
            self.size + (wide - 1) * self.jump,
            self.jump * stride,
            self.start + ((wide - 1) / 2 - padding) * self.jump,
        )

    def joined(self, other: Span) -> Span | None:
        """What covers both (a sum or concatenation); None when their grids differ."""
        if self.jump != other.jump:
            return None
        low = min(self.start - self.size / 2, other.start - other.size / 2)
        high = max(self.start + self.size / 2, other.start + other.size / 2)
        return Span(high - low, self.jump, (low + high) / 2)


Spans = tuple[Span, Span]
"""Rows and columns."""
INPUT: Spans = (Span(), Span())


def joined(one: Spans, other: Spans) -> Spans | None:
    """Both axes joined."""
    rows, columns = one[0].joined(other[0]), one[1].joined(other[1])
    return None if rows is None or columns is None else (rows, columns)


def windowed(
    spans: Spans, kernel: Any, stride: Any, padding: Any, dilation: Any = 1
) -> Spans | None:
    """After a convolution or pooling window; each setting one number or one an axis."""
    steps = [pair(one) for one in (kernel, stride, padding, dilation)]
    if any(one is None for one in steps):
        return None
    k, s, p, d = steps
    rows = spans[0].step(int(k[0]), int(s[0]), p[0], int(d[0]))  # type: ignore[index]
    columns = spans[1].step(int(k[1]), int(s[1]), p[1], int(d[1]))  # type: ignore[index]
    return rows, columns


def pair(value: Any) -> tuple[float, float] | None:
    """Two numbers of one or two; "same" padding and volumes give None."""
    if isinstance(value, int | float):
        return value, value
    if isinstance(value, tuple | list) and all(isinstance(v, int | float) for v in value):
        if len(value) == 1:
            return value[0], value[0]
        return (value[0], value[1]) if len(value) == 2 else None
    return None


def field_of(spans: Spans | None) -> ReceptiveField | None:
    """The larger axis, as people are told it."""
    if spans is None:
        return None
    span = max(spans, key=lambda one: one.size)
    return ReceptiveField(span.size, span.jump, span.start)
