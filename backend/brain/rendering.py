"""Surfaces drawn without OpenGL: the same picture on the screen, in a report and on a server.

Drawing has two passes. The first finds which triangle each pixel sees, where in it, and how it is
lit; it depends on the mesh and the direction of view only. The second colours pixels from values at
the vertices; it alone runs again when a threshold, a colour or the moment changes.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import cos, radians, sin

import numba as nb
import numpy as np

from backend.core.parameters import ParameterError

LIGHT = np.array([-0.35, 0.45, 0.82], np.float32) / np.float32(0.998699)
"""Towards the light, in the viewer's axes: from the upper left, mostly from the front."""
NOWHERE = np.float32(-1e30)
"""Depth of a pixel that sees nothing."""
MARGIN = 0.94
"""Share of the window that the surface fills at zoom 1."""
DIRECTIONS = {
    "left": {"lateral": (-90, 0), "medial": (90, 0)},
    "right": {"lateral": (90, 0), "medial": (-90, 0)},
}
COMMON = {"dorsal": (0, 90), "ventral": (0, -90), "anterior": (180, 0), "posterior": (0, 0)}
"""Azimuth and elevation (degrees) from which a surface is seen; 0, 0 looks from behind."""


@dataclass(eq=False)
class Mesh:
    """A triangulated surface.

    Attributes
    ----------
    points : (n, 3) float32 in mm, x to the right, y to the front, z up. faces : (m, 3) int32,
        turned outwards.
    """

    points: np.ndarray
    faces: np.ndarray

    def __post_init__(self) -> None:
        self.points = np.ascontiguousarray(self.points, np.float32)
        self.faces = np.ascontiguousarray(self.faces, np.int32)
        if self.points.ndim != 2 or self.points.shape[1:] != (3,) or self.faces.shape[1:] != (3,):
            raise ParameterError("", "A mesh has three coordinates a vertex, three corners a face.")
        if len(self.faces) and not 0 <= self.faces.min() <= self.faces.max() < len(self.points):
            raise ParameterError("", "A face of this mesh names a vertex that does not exist.")

    def __len__(self) -> int:
        return len(self.points)

    @functools.cached_property
    def normals(self) -> np.ndarray:
        """(n, 3) float32 of length 1, means of the faces around weighted by their area."""
        a, b, c = (self.points[self.faces[:, k]] for k in range(3))
        across = np.cross(b - a, c - a)
        found = np.zeros((len(self.points), 3))
        for k in range(3):
            for axis in range(3):
                found[:, axis] += np.bincount(self.faces[:, k], across[:, axis], len(found))
        length = np.linalg.norm(found, axis=1, keepdims=True)
        return (found / np.where(length > 0, length, 1)).astype(np.float32)

    @functools.cached_property
    def middle(self) -> np.ndarray:
        """Centre of the box around it."""
        ends = self.points.min(axis=0), self.points.max(axis=0)
        return ((ends[0] + ends[1]) / 2).astype(np.float32)

    @functools.cached_property
    def radius(self) -> float:
        """Largest distance of a vertex from the middle."""
        return float(np.sqrt(((self.points - self.middle) ** 2).sum(axis=1).max()))


@dataclass(frozen=True, eq=False)
class Geometry:
    """What each pixel sees.

    Attributes
    ----------
    face : (H, W) int32, -1 for nothing. weights : (H, W, 2) float32 of the face's first two
        corners. light : (H, W) float32, 0 to 1. scale : pixels a mm.
    """

    face: np.ndarray
    weights: np.ndarray
    light: np.ndarray
    faces: np.ndarray
    scale: float

    def vertex_at(self, x: int, y: int) -> int:
        """Vertex nearest to a pixel, -1 beside the surface."""
        height, width = self.face.shape
        if not (0 <= x < width and 0 <= y < height) or self.face[y, x] < 0:
            return -1
        first, second = self.weights[y, x]
        corner = int(np.argmax((first, second, 1 - first - second)))
        return int(self.faces[self.face[y, x], corner])


@dataclass(frozen=True, eq=False)
class Layer:
    """Values at the vertices and how they are coloured.

    Attributes
    ----------
    values : (n,) float32, NaN where there is none. table : (256, 3) uint8 from ``low`` to ``high``.
    threshold : of the value, or of its size when ``two_sided``; below it nothing is drawn.
    soft : width above the threshold over which the colour comes in. labels : values are whole
        numbers, never mixed, index of the table's row modulo 256; 0 is none.
    outline : draw the border of what is above the threshold, or of each label, alone.
    """

    values: np.ndarray
    table: np.ndarray
    low: float
    high: float
    threshold: float = 0.0
    soft: float = 0.0
    opacity: float = 1.0
    two_sided: bool = True
    outline: bool = False
    labels: bool = False


@dataclass
class Buffers:
    """Depth of each pixel, kept so that turning allocates nothing; one for each view."""

    depth: np.ndarray = field(default_factory=lambda: np.empty((0, 0), np.float32))

    def of(self, height: int, width: int) -> np.ndarray:
        """(H, W) float32 to write to."""
        if self.depth.shape != (height, width):
            self.depth = np.empty((height, width), np.float32)
        return self.depth


def turned(azimuth: float, elevation: float) -> np.ndarray:
    """(3, 3) float32 from mm to the viewer's axes: right, up, towards the viewer.

    ``azimuth`` 0 looks from behind, 90 from the right; ``elevation`` 90 looks from above.
    """
    a, e = radians(azimuth), radians(elevation)
    around = np.array([[cos(a), sin(a), 0], [-sin(a), cos(a), 0], [0, 0, 1]])
    right, forward, up = around
    towards = -forward * cos(e) + up * sin(e)
    return np.array([right, np.cross(towards, right), towards], np.float32)


def view(hemisphere: str, name: str) -> np.ndarray:
    """Rotation of a named direction: lateral, medial, dorsal, ventral, anterior, posterior."""
    found = {**COMMON, **DIRECTIONS.get(hemisphere, DIRECTIONS["left"])}
    if name not in found:
        raise ParameterError("view", f"{name} is no view. Choose {', '.join(found)}.", "lateral")
    return turned(*found[name])


def geometry(
    mesh: Mesh,
    rotation: np.ndarray,
    width: int,
    height: int,
    zoom: float = 1.0,
    pan: tuple[float, float] = (0.0, 0.0),
    buffers: Buffers | None = None,
) -> Geometry:
    """What each pixel of (height, width) sees of a mesh, without perspective.

    Parameters
    ----------
    rotation : (3, 3), see :func:`view`. zoom : 1 shows the whole mesh from any side. pan : of the
        middle, in pixels to the right and down.
    """
    scale = np.float32(MARGIN * zoom * min(width, height) / (2 * mesh.radius or 1.0))
    screen, lit = np.empty_like(mesh.points), np.empty(len(mesh), np.float32)
    middle = np.array([width / 2 + pan[0], height / 2 + pan[1]], np.float32)
    _place(mesh.points, mesh.normals, mesh.middle, np.ascontiguousarray(rotation, np.float32),
           scale, middle, LIGHT, screen, lit)  # fmt: skip
    face = np.empty((height, width), np.int32)
    weights = np.empty((height, width, 2), np.float32)
    light = np.empty((height, width), np.float32)
    _rasterise(screen, mesh.faces, lit, face, weights, light,
               (buffers or Buffers()).of(height, width))  # fmt: skip
    return Geometry(face, weights, light, mesh.faces, float(scale))


def paint(
    seen: Geometry,
    under: np.ndarray,
    layers: Sequence[Layer] = (),
    shade: float = 0.6,
    background: tuple[int, int, int] = (20, 23, 28),
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Colours (H, W, 3) uint8 of what is seen.

    Parameters
    ----------
    under : (n,) float32 grey of the cortex beneath the layers, 0 to 1. layers : from the lowest.
    shade : how much darker a face turned away from the light is, 0 to 1.
    """
    height, width = seen.face.shape
    picture = np.empty((height, width, 3), np.uint8) if out is None else out
    colour = np.empty((height, width, 3), np.float32)
    _ground(seen.face, seen.weights, seen.faces, np.ascontiguousarray(under, np.float32), colour)
    for layer in layers:
        _cover(
            seen.face, seen.weights, seen.faces, np.ascontiguousarray(layer.values, np.float32),
            np.ascontiguousarray(layer.table, np.uint8), np.float32(layer.low),
            np.float32(layer.high), np.float32(layer.threshold), np.float32(layer.soft),
            np.float32(layer.opacity), layer.two_sided, layer.labels, layer.outline, colour,
        )  # fmt: skip
    _finish(seen.face, seen.light, colour, np.float32(shade),
            np.array(background, np.uint8), picture)  # fmt: skip
    return picture


@nb.njit(nogil=True, cache=True, boundscheck=False, fastmath=True)
def _place(points, normals, centre, turn, scale, middle, towards, screen, lit):  # type: ignore[no-untyped-def]
    """Pixel and depth of every vertex, and how it is lit."""
    for i in range(len(points)):
        x, y, z = points[i, 0] - centre[0], points[i, 1] - centre[1], points[i, 2] - centre[2]
        screen[i, 0] = middle[0] + scale * (turn[0, 0] * x + turn[0, 1] * y + turn[0, 2] * z)
        screen[i, 1] = middle[1] - scale * (turn[1, 0] * x + turn[1, 1] * y + turn[1, 2] * z)
        screen[i, 2] = turn[2, 0] * x + turn[2, 1] * y + turn[2, 2] * z
        bright = np.float32(0.0)
        for axis in range(3):
            along = turn[axis, 0] * normals[i, 0] + turn[axis, 1] * normals[i, 1]
            along += turn[axis, 2] * normals[i, 2]
            bright += along * towards[axis]
        lit[i] = max(bright, np.float32(0.0))


@nb.njit(nogil=True, cache=True, boundscheck=False, fastmath=True)
def _rasterise(points, faces, lit, face, weights, light, depth):  # type: ignore[no-untyped-def]
    """Nearest face of every pixel centre, by edge functions; faces turned away are left out."""
    height, width = face.shape
    face[:] = -1
    depth[:] = NOWHERE
    for f in range(len(faces)):
        i, j, k = faces[f, 0], faces[f, 1], faces[f, 2]
        ax, ay = points[i, 0], points[i, 1]
        bx, by = points[j, 0], points[j, 1]
        cx, cy = points[k, 0], points[k, 1]
        area = (cx - ax) * (by - ay) - (bx - ax) * (cy - ay)
        if area <= 0:
            continue
        left = max(int(np.ceil(min(ax, bx, cx) - 0.5)), 0)
        right = min(int(np.floor(max(ax, bx, cx) - 0.5)), width - 1)
        top = max(int(np.ceil(min(ay, by, cy) - 0.5)), 0)
        bottom = min(int(np.floor(max(ay, by, cy) - 0.5)), height - 1)
        if left > right or top > bottom:
            continue
        scale = np.float32(1.0) / area
        az, bz, cz = points[i, 2], points[j, 2], points[k, 2]
        al, bl, cl = lit[i], lit[j], lit[k]
        step_a, step_b = (cy - by) * scale, (ay - cy) * scale
        x0 = np.float32(left) + np.float32(0.5)
        for y in range(top, bottom + 1):
            py = np.float32(y) + np.float32(0.5)
            wa = ((cx - bx) * (py - by) - (cy - by) * (x0 - bx)) * -scale
            wb = ((ax - cx) * (py - cy) - (ay - cy) * (x0 - cx)) * -scale
            for x in range(left, right + 1):
                wc = np.float32(1.0) - wa - wb
                if wa >= 0 and wb >= 0 and wc >= 0:
                    z = wa * az + wb * bz + wc * cz
                    if z > depth[y, x]:
                        depth[y, x] = z
                        face[y, x] = f
                        weights[y, x, 0] = wa
                        weights[y, x, 1] = wb
                        light[y, x] = wa * al + wb * bl + wc * cl
                wa += step_a
                wb += step_b


@nb.njit(nogil=True, cache=True, boundscheck=False)
def _ground(face, weights, faces, under, colour):  # type: ignore[no-untyped-def]
    """Grey of the cortex."""
    height, width = face.shape
    for y in range(height):
        for x in range(width):
            f = face[y, x]
            if f < 0:
                continue
            wa, wb = weights[y, x, 0], weights[y, x, 1]
            grey = wa * under[faces[f, 0]] + wb * under[faces[f, 1]]
            grey += (np.float32(1.0) - wa - wb) * under[faces[f, 2]]
            grey *= np.float32(255.0)
            colour[y, x, 0] = grey
            colour[y, x, 1] = grey
            colour[y, x, 2] = grey


@nb.njit(inline="always")
def _value(face, weights, faces, values, labels, y, x):  # type: ignore[no-untyped-def]
    """Value at a pixel: mixed from the corners, or the nearest corner's where one is missing."""
    f = face[y, x]
    wa, wb = weights[y, x, 0], weights[y, x, 1]
    wc = np.float32(1.0) - wa - wb
    a, b, c = values[faces[f, 0]], values[faces[f, 1]], values[faces[f, 2]]
    mixed = wa * a + wb * b + wc * c
    if labels or np.isnan(mixed):
        return a if (wa >= wb and wa >= wc) else (b if wb >= wc else c)
    return mixed


@nb.njit(nogil=True, cache=True, boundscheck=False)
def _cover(  # type: ignore[no-untyped-def]
    face, weights, faces, values, table, low, high, threshold, soft, opacity, two_sided, labels,
    outline, colour,
):  # fmt: skip
    """One layer over what is there."""
    height, width = face.shape
    region = np.zeros((height, width), np.int32) if outline else np.zeros((1, 1), np.int32)
    span = np.float32(255.0) / (high - low) if high > low else np.float32(0.0)
    for y in range(height):
        for x in range(width):
            if face[y, x] < 0:
                continue
            value = _value(face, weights, faces, values, labels, y, x)
            if np.isnan(value):
                continue
            share = opacity
            if labels:
                if value == 0:
                    continue
                index = np.int64(value) & 255
            else:
                size = abs(value) if two_sided else value
                if size < threshold:
                    continue
                if soft > 0 and size < threshold + soft:
                    share *= (size - threshold) / soft
                index = np.int64(min(max((value - low) * span, np.float32(0)), np.float32(255)))
            if outline:
                region[y, x] = np.int64(value) if labels else (1 if value > 0 else 2)
                continue
            for c in range(3):
                colour[y, x, c] += share * (np.float32(table[index, c]) - colour[y, x, c])
    if outline:
        _border(region, face, weights, faces, values, table, low, span, opacity, labels, colour)


@nb.njit(nogil=True, cache=True, boundscheck=False)
def _border(region, face, weights, faces, values, table, low, span, opacity, labels, colour):  # type: ignore[no-untyped-def]
    """Pixels of a region that touch another on the same surface."""
    height, width = region.shape
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            own = region[y, x]
            if own == 0:
                continue
            if (region[y, x - 1] == own and region[y, x + 1] == own and region[y - 1, x] == own
                    and region[y + 1, x] == own):  # fmt: skip
                continue
            value = _value(face, weights, faces, values, labels, y, x)
            index = np.int64(value) & 255 if labels else np.int64(
                min(max((value - low) * span, np.float32(0)), np.float32(255))
            )  # fmt: skip
            for c in range(3):
                colour[y, x, c] += opacity * (np.float32(table[index, c]) - colour[y, x, c])


@nb.njit(nogil=True, cache=True, boundscheck=False)
def _finish(face, light, colour, shade, background, picture):  # type: ignore[no-untyped-def]
    """Light, and the colour behind the surface."""
    height, width = face.shape
    bright = np.float32(1.0) - shade
    for y in range(height):
        for x in range(width):
            if face[y, x] < 0:
                for c in range(3):
                    picture[y, x, c] = background[c]
                continue
            lit = bright + shade * light[y, x]
            for c in range(3):
                picture[y, x, c] = np.uint8(min(colour[y, x, c] * lit, np.float32(255.0)))
