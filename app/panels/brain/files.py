"""What the brain panel opens and saves: surfaces, overlays, scenes, pictures, labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PySide6.QtWidgets import QFileDialog

from app import exporting
from backend.brain.cortex import SIMULATED_SPHERE, Cortex
from backend.brain.overlays import EXAMPLE_NAME, Look, Overlay, anatomy, row_of, sulcal_depth, whole
from backend.brain.regions import chosen, is_region
from backend.brain.scene import (
    ENDING,
    Opened,
    Scene,
    example_scene,
    first_moment,
    from_document,
    is_surface,
    save_scene,
)
from backend.core.files import FileProblem, read_json, write_text
from backend.core.runner import Failure
from backend.core.study import Procedure
from widgets import theme
from widgets.banner import Banner

if TYPE_CHECKING:
    from app.panels.brain.page import BrainPage
    from backend.brain.surface_map import SurfaceMap

KINDS = (
    "Values on the cortex (*.gii *.nii *.nii.gz *.mgh *.mgz *.annot *.label *.stc *.npy);;"
    "Surfaces (*.surf.gii lh.* rh.*);;Brain scene (*.brain.json);;All files (*)"
)
SAVED_AS = (
    "GIFTI (*.func.gii);;GIFTI labels (*.label.gii);;MGH (*.mgh);;FreeSurfer parcels (*.annot);;"
    "Array (*.npy)"
)
PROCEDURES = (
    Procedure("open", "Open…", "folder-open-outline", "Surfaces, overlays, or a scene."),
    Procedure("montage", "Montage…", "camera-outline", "The views as PNG, or SVG with a vector "
              "colour bar."),
)  # fmt: skip
MORE = (
    Procedure("region", "Paint a region", "brush", "Drag over the surface; a stroke is a step of "
              "undo."),
    Procedure("grow", "Grow the region", "plus", "By a ring of neighbours."),
    Procedure("shrink", "Shrink the region", "minus", "By a ring of neighbours."),
    Procedure("parcels", "Parcellate the surface", "grid",
              "Fifty compact patches a hemisphere, computed from the surface alone."),
    Procedure("of-cluster", "Region of the cluster", "vector-polygon",
              "The cluster under the vertex chosen becomes a region."),
)  # fmt: skip
EXPORTS = (
    ("montage", "Montage…"), ("overlay", "Overlay…"), ("table", "Cluster table…"),
    ("label", "Region or cluster as label…"), ("", ""), ("scene", "Scene…"),
)  # fmt: skip


class FileWork:
    """Opens in a worker thread, one file after the other; saves at once."""

    def __init__(self, page: BrainPage) -> None:
        self.page = page
        self.doing = ""
        self._waiting: list[Path | SurfaceMap] = []

    def start(self, what: str) -> None:
        """Do what a button or menu asks for."""
        calls: dict[str, Callable[[], None]] = {
            "open": self.ask_open, "montage": self.ask_montage, "overlay": self.ask_overlay,
            "table": self.ask_table, "label": self.ask_label, "scene": self.ask_scene,
            "region": partial(self.page.painting.set_on, True),
            "grow": partial(self.page.painting.grow, 1),
            "shrink": partial(self.page.painting.grow, -1),
            "parcels": self.parcellate,
            "of-cluster": self.page.painting.of_cluster,
        }  # fmt: skip
        calls[what]()

    # ---- opening ---------------------------------------------------------------------------

    def open_mesh(self) -> None:
        """The mesh of the form: known already, or opened in the worker."""
        page, p = self.page, self.page.parameters
        page.banners.remove("open")
        if page.scene is not None:
            page.take_up()
            return
        page.showing.everything()
        if p.mesh == "own" and not p.surface:
            return  # the file is still to come
        key, mesh, surface = page._mesh_key(), p.mesh, p.surface
        self.doing = "Opening the surface"
        page.work.ask("open", key, lambda: (key, opened_mesh(mesh, surface)))

    def take_opened(self, found: tuple[tuple[str, str], Scene | Opened]) -> None:
        """A mesh, or a whole scene, was opened."""
        page = self.page
        key, scene = found
        self.doing = ""
        if isinstance(scene, Opened):
            self._take_scene(key, scene)
        elif key not in page.scenes.known:
            fresh = not page.scenes.known
            page.scenes.known[key] = scene
            if fresh:
                page.history.apply(page.history.preset, {"moment": first_moment(scene)})
        page.take_up()
        self._read_next()

    def _take_scene(self, key: tuple[str, str], found: Opened) -> None:
        page = self.page
        page.scenes.known[key] = found.scene
        page._syncing = True
        page.history.apply(page.history.preset, found.parameters.document())
        page._syncing = False
        page.undo_stack.clear()
        self._say_problems(found.problems)

    def _say_problems(self, problems: Sequence[str]) -> None:
        if problems:
            self.page.banners.show_banner("scene", Banner(
                "Some of the scene is missing", " ".join(problems[:3]), "warning"
            ))  # fmt: skip

    def ask_open(self) -> None:
        """Ask for files."""
        names, _ = QFileDialog.getOpenFileNames(self.page, "Open", "", KINDS)
        for name in names:
            self.take(Path(name))

    def take(self, path: Path) -> bool:
        """Open a surface, an overlay or a scene."""
        page = self.page
        if path.name.endswith(ENDING):
            try:
                self.bring_back(read_json(path), {})
            except FileProblem as problem:
                page.refuse(Failure("The scene cannot be opened", str(problem)), "read")
            return True
        if is_surface(path):
            values = {"mesh": "own", "surface": str(path)}
            page.history.set_values(values, f"Open {path.name}")
            return True
        self._waiting.append(path)
        self._read_next()
        return True

    def _read_next(self) -> None:
        """Read the next file, when the surface is there and no other is being read."""
        page = self.page
        scene = page.scene
        if not self._waiting or self.doing or scene is None:
            return
        source, cortex = self._waiting.pop(0), scene.cortex
        page.banners.remove("read")
        self.doing = f"Reading {source.name}"
        page.work.ask("read", source.name, lambda: read_for(source, cortex))

    def parcellate(self) -> None:
        """Computed patches as an overlay."""
        page, scene = self.page, self.page.scene
        if scene is None or self.doing:
            return
        cortex = scene.cortex
        self.doing = "Parcellating the surface"

        def call() -> tuple[Cortex, Overlay, Look | None]:
            from backend.brain.parcels import parcellation

            return cortex, parcellation(cortex), None

        page.work.ask("read", "parcels", call)

    def take_read(self, found: tuple[Cortex, Overlay, Look | None]) -> None:
        """An overlay was read."""
        self.doing = ""
        self.add(*found)
        self._read_next()

    def add(self, cortex: Cortex, overlay: Overlay, look: Look | None = None) -> None:
        """Put an overlay on top, as a step of undo."""
        page = self.page
        scene = page.scene
        if scene is None or scene.cortex is not cortex:
            page.window_.say(f"{overlay.name} was read for another surface; it is left out.")
            return
        if look is not None:
            scene = quieter(scene)
        added = scene.added(overlay, look)
        if overlay.times is not None and not _within(page.parameters.moment, overlay.times):
            page.history.apply(page.history.preset, {"moment": first_moment(added)})
        page.scenes.set(added, f"Open {overlay.name}")

    def refused(self, kind: str, failure: Failure) -> None:
        """Something could not be opened."""
        if kind in ("open", "read"):
            self.doing = ""
        self.page.refuse(failure, kind)
        self._read_next()

    def bring_back(self, held: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
        """A scene from its document, and the preset of a session."""
        page = self.page
        if held.get("kind") != "brain scene":
            raise FileProblem("This is no brain scene. Save one from the Brain panel.")
        if kept:
            page._syncing = True
            page.history.bring_back(kept)
            page._syncing = False
        about = dict(held.get("parameters") or {})
        mesh, surface = str(about.get("mesh", "fsaverage5")), str(about.get("surface", ""))
        key = (mesh, surface if mesh == "own" else "")
        self.doing = "Opening the scene"
        page.work.ask("open", key, lambda: (key, from_document(held)))

    def send(self, made: SurfaceMap) -> None:
        """Maps of a study, on the surface they belong to."""
        history = self.page.history
        if made.synthetic and self.page.parameters.mesh != SIMULATED_SPHERE:
            history.set_value("mesh", SIMULATED_SPHERE)
        self._waiting.append(made)
        self._read_next()

    # ---- saving ----------------------------------------------------------------------------

    def _save(self, title: str, name: str, kinds: str, act: Callable[[Path], object]) -> None:
        path = exporting.ask_path(self.page, title, name, kinds)
        if path is not None:
            exporting.attempt(self.page.window_, partial(act, path), f"{path.name} was saved.")

    def ask_montage(self) -> None:
        """Ask where the picture goes."""
        self._save("Save the montage", "montage.png", "PNG (*.png);;SVG (*.svg)", self.montage)

    def montage(self, path: Path) -> None:
        """Write the views as they are turned now."""
        from backend.brain import montage

        scene = self._scene()
        canvas = self.page.board.views["surface"].canvas  # type: ignore[attr-defined]
        made = montage.picture(scene, self.page.parameters, dark=theme.is_dark(),
                               turn=canvas.turn, zoom=canvas.zoom)  # fmt: skip
        montage.save(made, path if path.suffix else path.with_suffix(".png"))

    def _scene(self) -> Scene:
        scene = self.page.scene
        if scene is None:
            raise FileProblem("No surface is open yet.")
        return scene

    def ask_overlay(self) -> None:
        """Ask where the overlay in hand goes."""
        scene = self.page.scene
        hand = scene.hand if scene is not None else None
        if hand is None:
            self.page.window_.say("Choose an overlay in the list first.")
            return
        kinds = SAVED_AS
        if hand.overlay.source is not None:
            kinds = f"CIFTI (*{hand.overlay.source.path.suffixes[-2]}.nii);;{kinds}"
        self._save("Save the overlay", f"{hand.overlay.name}.func.gii", kinds, self.overlay)

    def overlay(self, path: Path) -> None:
        """Write the overlay in hand; a file a hemisphere where the format holds one."""
        from backend.brain.overlay_saving import save_overlay

        scene = self._scene()
        assert scene.hand is not None
        save_overlay(scene.hand.overlay, scene.cortex, path)

    def ask_table(self) -> None:
        """Ask where the clusters go."""
        self._save("Save the cluster table", "clusters.tsv", "Table (*.tsv)", self.table)

    def table(self, path: Path) -> None:
        """Write the clusters of the overlay in hand."""
        from backend.brain.viewer_headless import cluster_table

        write_text(path, cluster_table(self._scene(), self.page.parameters))

    def ask_label(self) -> None:
        """Ask where the region in hand, or the cluster under the vertex, goes."""
        found = self._labelled()
        if found is None:
            self.page.window_.say("Click a cluster, or choose a painted region first.")
            return
        name, half, _, _ = found
        side = {"left": "lh.", "right": "rh."}.get(self._scene().cortex.sides[half], "")
        self._save("Save as label", f"{side}{name}.label", "Label (*.label)", self.label)

    def _labelled(self) -> tuple[str, int, np.ndarray, np.ndarray] | None:
        """Name, hemisphere, vertices and values of what a label would hold: of a region on both
        hemispheres the side of the vertex chosen, else the larger part."""
        scene, showing = self.page.scene, self.page.showing
        hand = scene.hand if scene is not None else None
        if scene is None or hand is None:
            return None
        if is_region(hand.overlay):
            sizes = [chosen(hand.overlay, h).sum() for h in range(len(scene.cortex.counts))]
            half = int(np.argmax(sizes))
            if scene.vertex is not None and sizes[scene.vertex[0]]:
                half = scene.vertex[0]
            vertices = np.flatnonzero(chosen(hand.overlay, half))
            name = hand.overlay.name.lower().replace(" ", "-")
            return (name, half, vertices, np.zeros(len(vertices))) if len(vertices) else None
        inside = showing.inside()
        if inside < 0:
            return None
        cluster = showing.clusters[inside]
        row = row_of(hand.overlay, hand.look, self.page.parameters.moment)
        values = hand.overlay.row(cluster.hemisphere, row)[cluster.vertices]
        return "cluster", cluster.hemisphere, cluster.vertices, values

    def label(self, path: Path) -> None:
        """Write the region in hand, or the cluster under the vertex chosen."""
        from backend.brain.overlay_saving import save_label

        found = self._labelled()
        if found is None:
            raise FileProblem("The region is empty: paint it first.")
        _, half, vertices, values = found
        save_label(path, self._scene().cortex.hemispheres[half], vertices, values)

    def ask_scene(self) -> None:
        """Ask where the scene goes."""
        self._save("Save the scene", f"scene{ENDING}", f"Brain scene (*{ENDING})", self.scene)

    def scene(self, path: Path) -> None:
        """Write everything."""
        name = path if path.name.endswith(ENDING) else path.with_name(path.stem + ENDING)
        save_scene(name, self._scene(), self.page.parameters)

    def export(self, view_id: str) -> None:
        """A view's own menu."""
        if view_id == "surface":
            self.ask_montage()
            return
        data = self.page.board.channels[view_id].snapshot()
        exporting.export_view(self.page.window_, self.page.board.view(view_id), data)


def quieter(scene: Scene) -> Scene:
    """With the synthetic example hidden, as it has nothing to do with what comes."""
    shown = tuple(
        replace(one, look=replace(one.look, visible=False))
        if one.overlay.name == EXAMPLE_NAME and one.overlay.synthetic else one
        for one in scene.shown
    )  # fmt: skip
    return replace(scene, shown=shown)


def _within(moment: float, times: np.ndarray) -> bool:
    return bool(times[0] <= moment <= times[-1])


def read_for(source: Path | SurfaceMap, cortex: Cortex) -> tuple[Cortex, Overlay, Look | None]:
    """A file's or a study's values for a cortex, and how they appear at first."""
    from backend.brain.overlay_files import of_surface_map, read_overlay

    if isinstance(source, Path):
        return cortex, read_overlay(source, cortex), None
    overlay = of_surface_map(source, cortex)
    return cortex, overlay, whole(overlay)


def opened_mesh(mesh: str, surface: str) -> Scene:
    """A mesh with what lies on it at first; drawing is prepared on the way."""
    from backend.brain import rendering
    from backend.brain.cortex import fsaverage5, open_surfaces, simulated_cortex

    if mesh == "own":
        scene = Scene(open_surfaces([Path(surface)]))
        depth = sulcal_depth(scene.cortex)
        scene = scene.added(depth, replace(anatomy(depth), visible=False))
    else:
        scene = example_scene(simulated_cortex() if mesh == "simulated sphere" else fsaverage5())
    small = rendering.Mesh(np.eye(3, dtype=np.float32), np.array([[0, 1, 2]], np.int32))
    seen = rendering.geometry(small, np.eye(3, dtype=np.float32), 4, 4)
    some = rendering.Layer(np.ones(3, np.float32), np.zeros((256, 3), np.uint8), 0.0, 1.0)
    rendering.paint(seen, np.ones(3, np.float32), [some])  # the first call compiles
    return scene
