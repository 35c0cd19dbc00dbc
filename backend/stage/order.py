"""Orders: constrained shuffles, counterbalancing, and the dealing and labels of RSVP streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backend.core.parameters import ParameterError
from backend.stage.design import Constraints, Deal

TARGET, FAR, NEAR = 1, 2, 3
"""Labels of pictures in a stream (11-rsvp-meg section 2.3)."""
_TRIES = 200
_SWAPS = 20_000


def spaced_positions(
    rng: np.random.Generator, streams: int, pictures: int, count: int, distance: int
) -> np.ndarray:
    """(streams, count) sorted positions at least ``distance`` apart, uniform over all such sets.

    Each set of positions with gaps corresponds to one set without in a stream shortened by
    (count - 1)(distance - 1) pictures.
    """
    gap = max(0, distance - 1)
    room = pictures - (count - 1) * gap if count else pictures
    if count > room:
        raise ParameterError(
            "distance",
            f"{count} targets {distance} apart do not fit {pictures} pictures. "
            f"Use a smaller distance.",
        )
    chosen = np.argsort(rng.random((streams, room)), axis=1)[:, :count]
    return np.sort(chosen, axis=1) + gap * np.arange(count)


def deal_streams(
    deal: Deal, targets: int, others: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Deal pictures without replacement into streams (11-rsvp-meg section 2.1).

    Parameters
    ----------
    targets, others : pictures in each source.

    Returns
    -------
    is_target : (streams, pictures) bool.
    index : (streams, pictures) int, number within the target or the other source.
    """
    shape = deal.streams, deal.pictures
    is_target = np.zeros(shape, bool)
    positions = spaced_positions(rng, *shape, deal.per_stream, deal.distance)
    np.put_along_axis(is_target, positions, True, axis=1)
    index = np.empty(shape, np.int64)
    index[is_target] = rng.permutation(targets)[: int(is_target.sum())]
    index[~is_target] = rng.permutation(others)[: int((~is_target).sum())]
    return is_target, index


def label_pictures(
    onsets: np.ndarray, is_target: np.ndarray, stream: np.ndarray, near_s: float = 0.5
) -> np.ndarray:
    """Target, near or far for every picture; a window never reaches into another stream.

    Parameters
    ----------
    onsets : (n,) seconds; ``is_target`` (n,) bool; ``stream`` (n,) int.
    near_s : inclusive window around targets (11-rsvp-meg section 2.3).

    Returns
    -------
    (n,) int8 of :data:`TARGET`, :data:`NEAR`, :data:`FAR`.
    """
    onsets, target = np.asarray(onsets, float), np.asarray(is_target, bool)
    labels = np.where(target, TARGET, FAR).astype(np.int8)
    if not target.any():
        return labels
    span = float(np.ptp(onsets)) + 2.0 * near_s + 1.0
    apart = onsets + np.unique(stream, return_inverse=True)[1] * span
    marks = np.sort(apart[target])
    after = np.searchsorted(marks, apart)
    least = np.minimum(
        np.abs(apart - marks[np.maximum(after - 1, 0)]),
        np.abs(marks[np.minimum(after, marks.size - 1)] - apart),
    )
    labels[~target & (least <= near_s + 1e-6)] = NEAR
    return labels


def shuffled(
    rows: Sequence[dict[str, Any]], rules: Constraints, rng: np.random.Generator, block: str
) -> list[dict[str, Any]]:
    """Rows in a random order that respects the rules; ParameterError when none was found.

    Random orders are tried first (uniform over all that fit); then the one at hand is repaired by
    swaps that never make it worse.
    """
    values = np.array([str(row.get(rules.column, "")) for row in rows])
    if not rules.column or (rules.alike == 0 and rules.lag == 0):
        return [rows[int(i)] for i in rng.permutation(len(rows))]
    order = np.arange(len(rows))
    for _ in range(_TRIES):
        order = rng.permutation(len(rows))
        if broken_rules(values[order], rules) == 0:
            return [rows[int(i)] for i in order]
    left = broken_rules(values[order], rules)
    for first, second in rng.integers(0, len(rows), (_SWAPS, 2)):
        order[[first, second]] = order[[second, first]]
        now = broken_rules(values[order], rules)
        if now > left:
            order[[first, second]] = order[[second, first]]
            continue
        left = now
        if left == 0:
            return [rows[int(i)] for i in order]
    raise ParameterError(
        "constraints",
        f'Block "{block}" has no order of its {len(rows)} trials that keeps the rule for '
        f'"{rules.column}". Relax the rule or add trials.',
    )


def broken_rules(values: np.ndarray, rules: Constraints) -> int:
    """How many places of a sequence break the rules."""
    broken = 0
    if rules.alike and values.size > rules.alike:
        windows = np.lib.stride_tricks.sliding_window_view(values, rules.alike + 1)
        broken += int(np.sum(np.all(windows == windows[:, :1], axis=1)))
    if rules.lag:
        where = np.flatnonzero(values == rules.target)
        broken += int(np.sum(np.diff(where) < rules.lag))
    return broken


def rotation(count: int, number: int) -> list[int]:
    """0 .. count - 1 rotated by the participant's number (participant 1: as listed)."""
    return [(i + number - 1) % count for i in range(count)]


def latin_square(count: int, number: int) -> list[int]:
    """The participant's row of a Williams square: each order position and neighbour equally often.

    Even counts need ``count`` participants for one square, odd ones twice as many.
    """
    first = [0]
    for step in range(1, count):
        first.append((step + 1) // 2 if step % 2 else count - step // 2)
    row = [(value + number - 1) % count for value in first]
    mirrored = count % 2 and ((number - 1) // count) % 2
    return row[::-1] if mirrored else row
