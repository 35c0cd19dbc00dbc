"""A scene: a cortex, its overlays and how they are looked at; a document brings everything back."""

from __future__ import annotations

import base64
import functools
import io
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from backend.brain import rendering
from backend.brain.cortex import Cortex, named, under
from backend.brain.overlay_files import read_overlay
from backend.brain.overlays import (
    EXAMPLE_NAME,
    NO_PARCEL,
    Cluster,
    Label,
    Look,
    Overlay,
    anatomy,
    clusters,
    example,
    first_look,
    kept_vertices,
    layer,
    row_of,
    sulcal_depth,
)
from backend.brain.viewer_parameters import BrainParameters
from backend.core.files import FileProblem, read_json, write_json
from backend.core.parameters import ParameterError

ENDING = ".brain.json"
FORMAT = 1
FOUR = ("lateral", "medial", "dorsal", "ventral")
LAYOUTS: dict[str, tuple[tuple[str, str], ...]] = {
    "four": (("left", "lateral"), ("right", "lateral"), ("left", "medial"), ("right", "medial")),
    "dorsal": (("left", "dorsal"), ("right", "dorsal"), ("left", "ventral"), ("right", "ventral")),
    "front": (("left", "anterior"), ("right", "anterior"), ("left", "posterior"),
              ("right", "posterior")),
    "left": tuple(("left", name) for name in FOUR),
    "right": tuple(("right", name) for name in FOUR),
    "lateral": (("left", "lateral"), ("right", "lateral")),
}  # fmt: skip
ONE_SURFACE = ("ventral", "lateral", "posterior", "dorsal")
"""Directions of a surface that is neither left nor right."""


@dataclass(frozen=True, eq=False)
class Shown:
    """An overlay with its look, and the look that it is reset to."""

    overlay: Overlay
    look: Look
    first: Look


@dataclass(frozen=True, eq=False)
class Scene:
    """Overlays of a cortex, the uppermost first; ``chosen`` is the one in hand, -1 for none.

    ``vertex`` (hemisphere, vertex) is read out, ``pins`` are vertices kept beside it.
    """

    cortex: Cortex
    shown: tuple[Shown, ...] = ()
    chosen: int = -1
    vertex: tuple[int, int] | None = None
    pins: tuple[tuple[int, int], ...] = ()

    @property
    def hand(self) -> Shown | None:
        """The overlay in hand."""
        return self.shown[self.chosen] if 0 <= self.chosen < len(self.shown) else None

    @property
    def timed(self) -> Shown | None:
        """The overlay whose moments the slider goes through: the one in hand, else the first."""
        hand = self.hand
        every = [*([hand] if hand is not None else []), *self.shown]
        return next((one for one in every if one.overlay.times is not None), None)

    def looked(self, look: Look) -> Scene:
        """The overlay in hand with another look."""
        if self.hand is None:
            return self
        shown = list(self.shown)
        shown[self.chosen] = replace(shown[self.chosen], look=look)
        return replace(self, shown=tuple(shown))

    def added(self, overlay: Overlay, look: Look | None = None, first: Look | None = None) -> Scene:
        """With another overlay on top and in hand."""
        first = first or look or first_look(overlay)
        one = Shown(overlay, look or first, first)
        return replace(self, shown=(one, *self.shown), chosen=0)


def example_scene(cortex: Cortex) -> Scene:
    """The synthetic activity over the sulcal depth."""
    depth = sulcal_depth(cortex)
    scene = Scene(cortex).added(depth, replace(anatomy(depth), visible=False))
    return scene.added(example(cortex))


def first_moment(scene: Scene) -> float:
    """When the overlay in hand is strongest."""
    timed = scene.timed
    return 0.0 if timed is None else strongest(timed.overlay)


@functools.lru_cache(maxsize=8)
def strongest(overlay: Overlay) -> float:
    """The moment in ms at which the squares of all values are largest."""
    times = overlay.times
    assert times is not None
    strength = [np.nan_to_num(np.square(values)).sum(axis=1) for values in overlay.values]
    return float(round(times[int(np.argmax(np.sum(strength, axis=0)))], 1))


# ---- what is drawn -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One view: which hemisphere, from where; ``name`` when the direction says nothing."""

    hemisphere: int
    side: str
    direction: str
    name: str = ""

    @property
    def title(self) -> str:
        words = self.name or self.direction
        return f"{self.side}, {words}" if self.side else words


def cells(cortex: Cortex, layout: str, shape: str = "") -> tuple[Cell, ...]:
    """The views of a layout; a cortex of one hemisphere is shown from four sides."""
    if shape == "flat" and "flat" in cortex.shapes:  # a plane is seen from one side
        sides = dict.fromkeys(side for side, _ in LAYOUTS[layout] if cortex.index(side) >= 0)
        return tuple(Cell(cortex.index(s), s, "lateral", "flat map") for s in sides or cortex.sides)
    if len(cortex.hemispheres) == 1:
        side = cortex.sides[0]
        return tuple(Cell(0, side, name) for name in (FOUR if side else ONE_SURFACE))
    return tuple(Cell(cortex.index(side), side, name) for side, name in LAYOUTS[layout])


@functools.lru_cache(maxsize=4)
def meshes(cortex: Cortex, shape: str, amount: float) -> tuple[rendering.Mesh, ...]:
    """The surface of each hemisphere in a shape."""
    return tuple(
        rendering.Mesh(
            half.morphed(shape, amount), half.faces_of(shape if amount >= 1 else half.folded)
        )
        for half in cortex.hemispheres
    )


@functools.lru_cache(maxsize=4)
def grounds(cortex: Cortex) -> tuple[np.ndarray, ...]:
    """Grey of each hemisphere without overlays."""
    return tuple(under(half.sulc) for half in cortex.hemispheres)


def layers(
    scene: Scene, moment: float, kept: Mapping[Overlay, Sequence[np.ndarray]] | None = None
) -> list[list[rendering.Layer]]:
    """What is drawn on each hemisphere, lowest first.

    Parameters
    ----------
    kept : vertices of clusters that are large enough, where somebody has found them already.
    """
    found: list[list[rendering.Layer]] = [[] for _ in scene.cortex.hemispheres]
    for one in reversed(scene.shown):
        if not one.look.visible or one.look.opacity == 0:
            continue
        masks: Sequence[Any] = [None] * len(found)
        if one.look.min_area > 0 and not one.overlay.labels:
            known = (kept or {}).get(one.overlay)
            masks = large(scene.cortex, one, moment) if known is None else known
        for number, own in enumerate(found):
            own.append(layer(one.overlay, one.look, number, moment, masks[number]))
    return found


def large(cortex: Cortex, one: Shown, moment: float) -> list[np.ndarray]:
    """For each hemisphere (n,) bool: vertices of clusters of at least the least area."""
    return kept_vertices(cortex, clusters(cortex, one.overlay, one.look, moment))


def clusters_in_hand(scene: Scene, moment: float) -> list[Cluster]:
    """Clusters of the overlay in hand; none of parcels, and none without a threshold."""
    hand = scene.hand
    if hand is None or hand.overlay.labels or hand.look.threshold <= 0:
        return []
    return clusters(scene.cortex, hand.overlay, hand.look, moment)


def position(cortex: Cortex, hemisphere: int, vertex: int) -> np.ndarray:
    """(3,) mm on the folded surface."""
    half = cortex.hemispheres[hemisphere]
    return half.shapes[half.folded][vertex]


PARTS = (("posterior", "anterior", "", 1), ("ventral", "dorsal", "", 2))


def region(scene: Scene, hemisphere: int, vertex: int) -> str:
    """Name of the parcel at a vertex, else where on the hemisphere it lies, in words."""
    for one in scene.shown:
        if one.overlay.labels:
            name = one.overlay.words(hemisphere, vertex, one.look.map_number - 1)
            if name != NO_PARCEL:
                return name
    half = scene.cortex.hemispheres[hemisphere]
    points = half.shapes[half.folded]
    low, high = points.min(axis=0), points.max(axis=0)
    share = (points[vertex] - low) / np.maximum(high - low, 1e-6)
    words = [
        back if share[axis] < 1 / 3 else front if share[axis] > 2 / 3 else middle
        for back, front, middle, axis in PARTS
    ]
    if half.side:
        out = share[0] if half.side == "right" else 1 - share[0]
        words.append("lateral" if out > 0.5 else "medial" if out < 0.25 else "")
    return " ".join(word for word in words if word) or "central"


def read_out(scene: Scene, hemisphere: int, vertex: int, moment: float) -> tuple[str, str]:
    """What a hand over a vertex reads: the value of the overlay in hand, and where it is."""
    hand = scene.hand
    side = scene.cortex.sides[hemisphere][:1].upper()
    where = f"{region(scene, hemisphere, vertex)}, {side} {vertex}".replace(",  ", ", ")
    if hand is None:
        return where, ""
    words = hand.overlay.words(hemisphere, vertex, row_of(hand.overlay, hand.look, moment))
    return f"{hand.overlay.letter} = {words}", where


# ---- the document ------------------------------------------------------------------------------


@dataclass
class Opened:
    """A scene from a document, and what of it could not be brought back."""

    scene: Scene
    parameters: BrainParameters
    problems: list[str] = field(default_factory=list)


def document(scene: Scene, p: BrainParameters) -> dict[str, Any]:
    """Everything as JSON: files by their paths, values that have no file inside."""
    files = [str(path) for half in scene.cortex.hemispheres for path in half.files.values()]
    return {
        "program": "Isomorph", "kind": "brain scene", "format": FORMAT,
        "cortex": {"name": scene.cortex.name, "files": files},
        "parameters": p.document(), "chosen": scene.chosen, "vertex": scene.vertex,
        "pins": scene.pins,
        "overlays": [
            {"look": asdict(one.look), "first": asdict(one.first), **_kept(scene, one.overlay)}
            for one in scene.shown
        ],
    }  # fmt: skip


MADE = (
    ("example", EXAMPLE_NAME, "synthetic: smooth noise"),
    ("sulcal depth", "Sulcal depth", "anatomy"),
    ("patches", "Computed patches", "computed from the surface, no anatomy"),
)  # fmt: skip
"""Overlays that are made anew: word, name and note."""


def _kept(scene: Scene, overlay: Overlay) -> dict[str, Any]:
    if overlay.files:
        return {"name": overlay.name, "files": [str(path) for path in overlay.files]}
    for word, name, note in MADE:
        if (overlay.name, overlay.note) == (name, note):
            return {"name": overlay.name, "made": word}
    packed = io.BytesIO()
    np.savez(packed, *overlay.values)
    return {
        "name": overlay.name, "maps": overlay.maps, "unit": overlay.unit, "factor": overlay.factor,
        "times": None if overlay.times is None else overlay.times.tolist(), "note": overlay.note,
        "synthetic": overlay.synthetic, "labels": [asdict(one) for one in overlay.labels],
        "values": base64.b64encode(zlib.compress(packed.getvalue())).decode("ascii"),
    }  # fmt: skip


def save_scene(path: Path, scene: Scene, p: BrainParameters) -> None:
    """Write a scene."""
    write_json(path, document(scene, p))


def open_scene(path: Path) -> Opened:
    """Read a scene; FileProblem when the file is none. Overlays whose file is gone are left out
    and said."""
    found = read_json(path)
    if not isinstance(found, dict) or found.get("kind") != "brain scene":
        raise FileProblem(f"{path.name} is no brain scene. Save one from the Brain panel.")
    return from_document(found)


def from_document(found: Mapping[str, Any]) -> Opened:
    """A scene from its document."""
    if not isinstance(found.get("format"), int) or found["format"] > FORMAT:
        raise FileProblem("The scene was written by a newer Isomorph. Update to open it.")
    problems: list[str] = []
    p = BrainParameters()
    for name, value in dict(found.get("parameters") or {}).items():
        try:
            p = p.changed(**{str(name): value})
        except ParameterError as error:
            problems.append(error.sentence)
    about = dict(found.get("cortex") or {})
    cortex = named(str(about.get("name", "")), [str(one) for one in about.get("files") or ()])
    scene = Scene(cortex)
    for one in reversed(list(found.get("overlays") or ())):
        try:
            overlay, look = _overlay(one, cortex), Look(**one["look"])
            first = Look(**one["first"])
        except (FileProblem, ParameterError) as problem:
            problems.append(str(problem))
        except (KeyError, TypeError, ValueError, OSError, zlib.error):
            problems.append("An overlay of the scene is damaged; it is left out.")
        else:
            scene = scene.added(overlay, look, first)
    chosen = found.get("chosen")
    good = isinstance(chosen, int) and 0 <= chosen < len(scene.shown)
    pins = tuple(filter(None, (_vertex(one, cortex) for one in found.get("pins") or ())))
    scene = replace(scene, chosen=int(chosen) if good else min(0, len(scene.shown) - 1),  # type: ignore[arg-type]
                    vertex=_vertex(found.get("vertex"), cortex), pins=pins)  # fmt: skip
    return Opened(scene, p, problems)


def _vertex(found: Any, cortex: Cortex) -> tuple[int, int] | None:
    """A hemisphere and vertex that are there, else None."""
    try:
        half, vertex = (int(one) for one in found)
    except (TypeError, ValueError):
        return None
    good = 0 <= half < len(cortex.counts) and 0 <= vertex < cortex.counts[half]
    return (half, vertex) if good else None


def _overlay(kept: Mapping[str, Any], cortex: Cortex) -> Overlay:
    if kept.get("made") == "example":
        return example(cortex)
    if kept.get("made") == "sulcal depth":
        return sulcal_depth(cortex)
    if kept.get("made") == "patches":
        from backend.brain.parcels import parcellation

        return parcellation(cortex)
    if kept.get("files"):
        return replace(read_overlay(Path(kept["files"][0]), cortex), name=str(kept["name"]))
    packed = io.BytesIO(zlib.decompress(base64.b64decode(kept["values"])))
    with np.load(packed, allow_pickle=False) as arrays:
        values = tuple(arrays[name] for name in arrays.files)
    if tuple(one.shape[1] for one in values) != cortex.counts:
        raise FileProblem(f"{kept['name']} does not fit {cortex.name}; it is left out.")
    times = None if kept["times"] is None else np.array(kept["times"], float)
    labels = tuple(
        Label(one["name"], tuple(one["colour"]), one["key"]) for one in kept.get("labels") or ()
    )
    return Overlay(str(kept["name"]), values, tuple(kept["maps"]), times, str(kept["unit"]),
                   float(kept["factor"]), labels, (), None, str(kept["note"]),
                   str(kept["synthetic"]))  # fmt: skip


def scene_of_files(paths: Sequence[Path]) -> Opened:
    """A scene of files as a hand would drop them: surfaces make the cortex, others lie on it."""
    from backend.brain.cortex import fsaverage5, open_surfaces

    scenes = [path for path in paths if path.name.endswith(ENDING)]
    if scenes:
        return open_scene(scenes[0])
    surfaces = [path for path in paths if is_surface(path)]
    scene = Scene(open_surfaces(surfaces) if surfaces else fsaverage5())
    for path in paths:
        if path not in surfaces:
            scene = scene.added(read_overlay(path, scene.cortex))
    mesh = "own" if surfaces else "fsaverage5"
    p = BrainParameters().changed(mesh=mesh, moment=first_moment(scene))
    shapes = scene.cortex.shapes
    return Opened(scene, p.changed(shape="inflated" if "inflated" in shapes else shapes[0]))


def is_surface(path: Path) -> bool:
    """Whether a file holds a surface, by its name."""
    from backend.brain.surfaces import shape_of

    name = path.name.lower()
    if name.endswith(".surf.gii"):
        return True
    values = (".func.gii", ".shape.gii", ".label.gii", ".label", ".annot", ".mgh", ".stc", ".nii")
    return not name.endswith(values) and name.startswith(("lh.", "rh.")) and bool(shape_of(path))


def every_file(scene: Scene) -> Iterable[Path]:
    """Files that a scene's overlays came from."""
    return (path for one in scene.shown for path in one.overlay.files)
