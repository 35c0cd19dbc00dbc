"""Painting regions on the surface: a stroke is a step of undo."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backend.brain.overlays import Overlay
from backend.brain.regions import changed, grown, is_region, new_region, painted
from backend.brain.scene import Scene

if TYPE_CHECKING:
    from app.panels.brain.page import BrainPage


class Regions:
    """The region in hand, under the brush."""

    def __init__(self, page: BrainPage) -> None:
        self.page = page
        self.on = False
        self._before: Scene | None = None

    def set_on(self, on: bool) -> None:
        """Take the brush, with a new region when none is in hand; or lay it down."""
        page, scene = self.page, self.page.scene
        if on and scene is None:
            on = False
        self.on = on
        if on and scene is not None and (scene.hand is None or not is_region(scene.hand.overlay)):
            self.new()
        page.board.views["surface"].show_painting(on)  # type: ignore[attr-defined]
        page.showing.form()

    def follow(self) -> None:
        """Another overlay was taken in hand: the brush is for regions."""
        scene = self.page.scene
        hand = scene.hand if scene is not None else None
        if self.on and not is_region(hand.overlay if hand is not None else None):
            self.set_on(False)

    def new(self) -> None:
        """An empty region on top."""
        scene = self.page.scene
        if scene is None:
            return
        taken = {one.overlay.name for one in scene.shown}
        number = next(n for n in range(1, len(taken) + 2) if f"Region {n}" not in taken)
        region = new_region(scene.cortex, number)
        self.page.scenes.set(scene.added(region), f"New {region.name}")

    def touch(self, half: int, vertex: int, erase: bool) -> None:
        """The brush touches a vertex."""
        scene = self.page.scene
        if scene is None or scene.hand is None or not is_region(scene.hand.overlay):
            return
        if self._before is None:
            self._before = scene
        radius = self.page.parameters.brush
        made = painted(scene.cortex, scene.hand.overlay, half, vertex, radius, erase)
        self.page.scenes.keep(with_overlay(scene, made))
        self.page.showing.surface()

    def end_stroke(self) -> None:
        """The hand lets go: one step of undo."""
        before, self._before = self._before, None
        after = self.page.scene
        if before is None or after is None or after.hand is None:
            return
        self.page.scenes.keep(before)
        self.page.scenes.set(after, f"Paint {after.hand.overlay.name}")

    def grow(self, rings: int) -> None:
        """A ring more, or less."""
        scene = self.page.scene
        hand = scene.hand if scene is not None else None
        if scene is None or hand is None or not is_region(hand.overlay):
            self.page.window_.say("Choose a region in the list, or paint one first.")
            return
        verb = "Grow" if rings > 0 else "Shrink"
        made = grown(scene.cortex, hand.overlay, rings)
        self.page.scenes.set(with_overlay(scene, made), f"{verb} {hand.overlay.name}")

    def of_cluster(self) -> None:
        """The cluster under the vertex chosen becomes a region."""
        scene, showing = self.page.scene, self.page.showing
        inside = showing.inside()
        if scene is None or inside < 0:
            self.page.window_.say("Click a cluster first.")
            return
        cluster = showing.clusters[inside]
        taken = {one.overlay.name for one in scene.shown}
        number = next(n for n in range(1, len(taken) + 2) if f"Region {n}" not in taken)
        region = new_region(scene.cortex, number)
        vertices = region.values[cluster.hemisphere][0] > 0
        vertices[cluster.vertices] = True
        region = changed(region, cluster.hemisphere, vertices)
        self.page.scenes.set(scene.added(region), f"New {region.name}")


def with_overlay(scene: Scene, overlay: Overlay) -> Scene:
    """The scene with another overlay in hand, looked at as before."""
    shown = list(scene.shown)
    shown[scene.chosen] = replace(shown[scene.chosen], overlay=overlay)
    return replace(scene, shown=tuple(shown))
