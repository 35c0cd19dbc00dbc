"""Painting and undo on an array."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.stimuli.painting import Canvas

coordinate = st.floats(-10, 40, allow_nan=False)
point = st.tuples(coordinate, coordinate)
value = st.sampled_from([0.0, 0.5, 1.0])


def blank() -> Canvas:
    return Canvas(np.zeros((24, 30)))


def test_a_pen_draws_a_line_without_gaps_and_an_eraser_takes_it_away() -> None:
    canvas = blank()
    assert canvas.pen([(2, 2), (25, 20)], 1.0, 1.0)
    rows = np.flatnonzero(canvas.pixels.any(axis=1))
    assert list(rows) == list(range(2, 21))
    assert canvas.pen([(2, 2), (25, 20)], 3.0, 0.0)
    assert not canvas.pixels.any()


def test_a_click_of_the_pen_leaves_a_dot() -> None:
    canvas = blank()
    canvas.pen([(5, 6)], 1.0, 1.0)
    assert np.argwhere(canvas.pixels).tolist() == [[6, 5]]


def test_discs_rectangles_and_polygons_fill_what_they_enclose() -> None:
    canvas = blank()
    canvas.disc((10, 10), 4.0, 1.0)
    assert canvas.pixels[10, 13] == 1
    assert canvas.pixels[10, 14] == 0
    canvas = blank()
    canvas.rectangle((7, 8), (3, 4), 0.5)
    assert (canvas.pixels == 0.5).sum() == 25
    canvas = blank()
    canvas.polygon([(2, 2), (20, 2), (20, 12), (2, 12)], 1.0)
    assert canvas.pixels.sum() == 18 * 10


def test_a_polygon_that_crosses_itself_follows_the_even_odd_rule() -> None:
    canvas = blank()
    canvas.polygon([(2, 2), (20, 12), (20, 2), (2, 12)], 1.0)
    assert canvas.pixels[7, 4] == 1
    assert canvas.pixels[3, 11] == 0


def test_a_fill_stops_at_the_border_of_a_region() -> None:
    canvas = blank()
    canvas.pen([(5, 5), (15, 5), (15, 15), (5, 15), (5, 5)], 1.0, 1.0)
    outside = canvas.pixels[0, 0]
    assert canvas.flood((10, 10), 0.5)
    assert canvas.pixels[10, 10] == 0.5
    assert canvas.pixels[0, 0] == outside
    assert not canvas.flood((100, 3), 1.0)


def test_a_drag_is_one_step_of_undo() -> None:
    canvas = blank()
    canvas.begin_stroke()
    for x in range(5):
        canvas.pen([(x, 3), (x + 1, 3)], 1.0, 1.0)
    canvas.end_stroke()
    assert canvas.undo()
    assert not canvas.pixels.any()
    assert not canvas.can_undo
    assert canvas.redo()
    assert canvas.pixels[3, :6].all()


def test_undo_in_the_middle_of_a_drag_takes_the_drag_back() -> None:
    canvas = blank()
    canvas.begin_stroke()
    canvas.disc((5, 5), 3, 1.0)
    assert canvas.undo()
    assert not canvas.pixels.any()


def test_painting_after_undo_forgets_what_was_undone() -> None:
    canvas = blank()
    canvas.disc((5, 5), 3, 1.0)
    canvas.undo()
    canvas.disc((9, 9), 3, 1.0)
    assert not canvas.can_redo
    assert not canvas.redo()


def test_changes_that_change_nothing_are_not_remembered() -> None:
    canvas = blank()
    assert not canvas.disc((5, 5), 3, 0.0)
    assert not canvas.replace(np.zeros((24, 30)))
    assert not canvas.can_undo
    assert canvas.revision == 0


def test_history_is_bounded() -> None:
    canvas = Canvas(np.zeros((4, 4)), history=3)
    for step in range(10):
        canvas.fill_mask(np.ones((4, 4), bool), step + 1.0)
    assert sum(canvas.undo() for _ in range(10)) == 3
    assert canvas.pixels[0, 0] == 7.0


operation: st.SearchStrategy[Callable[[Canvas], bool]] = st.one_of(
    st.builds(
        lambda p, w, v: lambda c: c.pen(p, w, v), st.lists(point, min_size=1, max_size=5),
        st.floats(0, 9), value,
    ),
    st.builds(lambda p, r, v: lambda c: c.disc(p, r, v), point, st.floats(0, 20), value),
    st.builds(lambda a, b, v: lambda c: c.line(a, b, 2.0, v), point, point, value),
    st.builds(lambda a, b, v: lambda c: c.rectangle(a, b, v), point, point, value),
    st.builds(
        lambda p, v: lambda c: c.polygon(p, v), st.lists(point, min_size=1, max_size=6), value
    ),
    st.builds(lambda p, v: lambda c: c.flood(p, v), point, value),
)  # fmt: skip


@given(st.lists(operation, max_size=12))
@settings(max_examples=60, deadline=None)
def test_undo_and_redo_walk_through_every_picture_exactly(
    operations: list[Callable[[Canvas], bool]],
) -> None:
    canvas = blank()
    pictures = [canvas.pixels.copy()]
    for change in operations:
        if change(canvas):
            pictures.append(canvas.pixels.copy())
    for picture in reversed(pictures[:-1]):
        assert canvas.undo()
        assert np.array_equal(canvas.pixels, picture)
    assert not canvas.undo()
    for picture in pictures[1:]:
        assert canvas.redo()
        assert np.array_equal(canvas.pixels, picture)
    assert not canvas.redo()
