"""Theoretical receptive fields (05-dnnbrain, section 2.11 h)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReceptiveField:
    """Of one place: ``size`` px, ``jump`` px between neighbours, ``start`` centre of the first.

    The first pixel's centre is 0.5. Rows and columns may differ (a 1 × 7 convolution); these are
    the numbers of the larger axis, and ``rows`` and ``columns`` those of each.
    """

    size: float
    jump: float
    start: float
    rows: Span | None = None
    columns: Span | None = None

    def window(self, row: int, column: int) -> tuple[float, float, float, float]:
        """Top, left, bottom and right edge in pixels of what a place sees; may leave the picture.

        >>> ReceptiveField(3, 1, 0.5).window(0, 5)
        (-1.0, 4.0, 2.0, 7.0)
        """
        own = Span(self.size, self.jump, self.start)
        top, bottom = (self.rows or own).edges(row)
        left, right = (self.columns or own).edges(column)
        return top, left, bottom, right


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

    def sliced(self, first: int, step: int) -> Span:
        """Every ``step``-th place from the ``first``."""
        return Span(self.size, self.jump * step, self.start + first * self.jump)

    def joined(self, other: Span) -> Span | None:
        """What covers both (a sum or concatenation); None when their grids differ."""
        if self.jump != other.jump:
            return None
        (low, high), (other_low, other_high) = self.edges(0), other.edges(0)
        low, high = min(low, other_low), max(high, other_high)
        return Span(high - low, self.jump, (low + high) / 2)

    def edges(self, place: int) -> tuple[float, float]:
        """Where what a place sees begins and ends, in pixels."""
        centre = self.start + place * self.jump
        return centre - self.size / 2, centre + self.size / 2


def field_of(rows: Span, columns: Span) -> ReceptiveField:
    """Both axes, the larger one's numbers first."""
    larger = max(rows, columns, key=lambda one: one.size)
    return ReceptiveField(larger.size, larger.jump, larger.start, rows, columns)
