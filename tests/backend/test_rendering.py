"""Surfaces drawn without OpenGL: who is seen where, in which colour."""

from __future__ import annotations

import numpy as np
import pytest

from backend.brain.rendering import Layer, Mesh, geometry, paint, turned, view
from backend.brain.simulated_surface import icosphere
from backend.core.parameters import ParameterError

SIDE = 121
GREYS = np.stack([np.arange(256)] * 3, axis=1).astype(np.uint8)
RED = np.tile(np.array([255, 0, 0], np.uint8), (256, 1))


@pytest.fixture(scope="module")
def ball() -> Mesh:
    points, faces = icosphere(4)
    return Mesh(50 * points, faces)


def colours(ball: Mesh, *layers: Layer, shade: float = 0.0) -> np.ndarray:
    seen = geometry(ball, view("right", "lateral"), SIDE, SIDE)
    return paint(seen, np.full(len(ball), 0.5), layers, shade)


def test_a_ball_fills_its_disk(ball: Mesh) -> None:
    seen = geometry(ball, turned(30, 20), SIDE, SIDE)
    y, x = np.mgrid[:SIDE, :SIDE] + 0.5 - SIDE / 2
    away = np.hypot(x, y) / (seen.scale * 50)
    assert (seen.face[away < 0.98] >= 0).all()
    assert (seen.face[away > 1.01] < 0).all()


@pytest.mark.parametrize(
    ("hemisphere", "name", "axis", "sign"),
    [("right", "lateral", 0, 1), ("left", "lateral", 0, -1), ("left", "medial", 0, 1),
     ("left", "dorsal", 2, 1), ("right", "ventral", 2, -1), ("left", "anterior", 1, 1),
     ("right", "posterior", 1, -1)],
)  # fmt: skip
def test_each_view_looks_at_its_side(
    ball: Mesh, hemisphere: str, name: str, axis: int, sign: int
) -> None:
    seen = geometry(ball, view(hemisphere, name), SIDE, SIDE)
    nearest = ball.points[seen.vertex_at(SIDE // 2, SIDE // 2)]
    assert sign * nearest[axis] > 49
    top = ball.points[seen.vertex_at(SIDE // 2, 8)]
    if axis != 2:
        assert top[2] > 45, "up is up"
    else:
        assert sign * top[1] > 45, "the front is up from above, down from below"


def test_the_pixel_of_a_vertex_gives_the_vertex(ball: Mesh) -> None:
    rotation = turned(40, 25)
    seen = geometry(ball, rotation, 601, 601)
    place = (ball.points - ball.middle) @ rotation.T
    front = np.flatnonzero(place[:, 2] > 15)
    for vertex in front[::37]:
        x = int(300.5 + seen.scale * place[vertex, 0])
        y = int(300.5 - seen.scale * place[vertex, 1])
        assert seen.vertex_at(x, y) == vertex
    assert seen.vertex_at(0, 0) == -1
    assert seen.vertex_at(-5, 700) == -1


def test_what_is_near_hides_what_is_far() -> None:
    """Two squares, the nearer one smaller."""
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float)
    square = np.array([(0, 1, 2), (0, 2, 3)])
    far = np.column_stack([corners[:, 0] * 4, np.full(4, 1.0), corners[:, 1] * 4])
    near = np.column_stack([corners[:, 0], np.full(4, -1.0), corners[:, 1]])
    both = Mesh(np.concatenate([far, near]), np.concatenate([square, square + 4]))
    seen = geometry(both, turned(0, 0), 81, 81)
    assert seen.face[40, 40] >= 2
    assert 0 <= seen.face[20, 40] < 2
    behind = geometry(both, turned(180, 0), 81, 81)
    assert (behind.face == -1).all(), "faces turned away are not drawn"


def test_values_become_colours_above_the_threshold_only(ball: Mesh) -> None:
    height = (ball.points[:, 2] / 50).astype(np.float32)
    picture = colours(ball, Layer(height, RED, -1, 1, threshold=0.5))
    middle = picture[SIDE // 2, SIDE // 2]
    assert middle.tolist() == [127, 127, 127]
    assert picture[12, SIDE // 2].tolist() == [255, 0, 0]
    assert picture[-12, SIDE // 2].tolist() == [255, 0, 0]
    above = colours(ball, Layer(height, RED, -1, 1, threshold=0.5, two_sided=False))
    assert above[-12, SIDE // 2].tolist() == [127, 127, 127]
    half = colours(ball, Layer(height, RED, -1, 1, threshold=0.5, opacity=0.5))
    assert half[12, SIDE // 2].tolist() == [191, 63, 63]


def test_the_colour_follows_the_value_between_vertices(ball: Mesh) -> None:
    height = (ball.points[:, 2] / 50).astype(np.float32)
    picture = colours(ball, Layer(height, GREYS, -1, 1))
    column = picture[8:-8, SIDE // 2, 0].astype(int)
    expected = np.linspace(column[0], column[-1], len(column))
    assert np.abs(column - expected).max() <= 2


def test_missing_values_show_the_cortex(ball: Mesh) -> None:
    values = np.where(ball.points[:, 2] > 0, np.nan, 1.0)
    picture = colours(ball, Layer(values, RED, 0, 1))
    assert picture[20, SIDE // 2].tolist() == [127, 127, 127]
    assert picture[-20, SIDE // 2].tolist() == [255, 0, 0]


def test_labels_are_not_mixed_and_an_outline_leaves_the_inside_free(ball: Mesh) -> None:
    labels = np.where(ball.points[:, 2] > 0, 40, 200).astype(np.float32)
    whole = colours(ball, Layer(labels, GREYS, 0, 255, labels=True))
    seen = {int(value) for value in np.unique(whole[..., 0])}
    assert {40, 200} <= seen <= {20, 40, 200}, "background 20"
    lines = colours(ball, Layer(labels, GREYS, 0, 255, labels=True, outline=True))
    assert lines[30, SIDE // 2].tolist() == [127, 127, 127]
    middle = lines[SIDE // 2 - 3 : SIDE // 2 + 4, SIDE // 2, 0]
    assert {40, 200} <= set(middle.tolist())


def test_a_view_or_mesh_that_is_none_gets_a_sentence() -> None:
    with pytest.raises(ParameterError, match="is no view"):
        view("left", "sideways")
    with pytest.raises(ParameterError, match="vertex that does not exist"):
        Mesh(np.zeros((3, 3)), np.array([[0, 1, 3]]))
