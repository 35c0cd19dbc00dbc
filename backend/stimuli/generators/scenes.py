"""Street scenes for RSVP (11-rsvp-meg, section 4a): one in 25 has pedestrians."""

from __future__ import annotations

from typing import Any

import numpy as np

from backend.core.parameters import Notice, ParameterError, Parameters, parameter
from backend.stimuli.generator import (
    Batch,
    Generator,
    Preset,
    Preview,
    count_parameter,
    seed_parameter,
    side_parameter,
)
from backend.stimuli.scenes import People, Scene, draw_scene


class SceneParameters(Parameters):
    """How many scenes, how often and how large pedestrians are."""

    n: int = count_parameter(100, 10_000)
    side: int = side_parameter(500, 64, 1000)
    seed: int = seed_parameter(0)
    every: int = parameter(
        25, "One target in", low=1, high=1000, change="rebuild", group="Pedestrians",
        help="The first of so many scenes has pedestrians; 25 gives 56 in 1400.",
        source="11-rsvp-meg, section 2.1",
    )  # fmt: skip
    people: int = parameter(
        3, "Pedestrians, at most", low=1, high=5, group="Pedestrians",
        help="Each target has one to so many.",
    )  # fmt: skip
    height_low: float = parameter(
        0.08, "Height from", low=0.05, high=0.4, step=0.01, group="Pedestrians",
        help="Over the picture's side.",
    )  # fmt: skip
    height_high: float = parameter(
        0.25, "Height to", low=0.05, high=0.4, step=0.01, group="Pedestrians",
        help="Over the picture's side.",
    )  # fmt: skip
    contrast_low: float = parameter(
        0.5, "Contrast from", low=0.1, high=1.0, step=0.05, group="Pedestrians",
        help="1 is as clothed; lower is nearer to the colour behind.",
    )  # fmt: skip


class Scenes(Generator):
    """Streets by day and night; targets are the same streets with pedestrians."""

    id = "scenes"
    title = "Street scenes"
    icon = "road-variant"
    help = "Streets in perspective; targets have one to three pedestrians and no other cue."
    synthetic = "synthetic street scenes"
    strip_title = "Targets"
    Parameters = SceneParameters
    presets = (
        Preset("Default", "100 scenes, 4 targets (one block)"),
        Preset("session", "1400 scenes, 56 targets (one session)", {"n": 1400}),
        Preset("half", "100 scenes, every other one a target", {"every": 2}),
    )

    def check(self, parameters: Any) -> list[Notice]:
        """Refuse heights the wrong way round."""
        if parameters.height_low > parameters.height_high:
            raise ParameterError(
                "height_high", f"Height goes from {parameters.height_low:g} to "
                f"{parameters.height_high:g}: the second must not be smaller.",
                parameters.height_low,
            )  # fmt: skip
        return []

    def shape(self, parameters: Any) -> tuple[int, ...]:
        return parameters.side, parameters.side, 3

    def draw(self, parameters: Any, prepared: Any, start: int, stop: int) -> Batch:
        scenes = [self.scene(parameters, index) for index in range(start, stop)]
        rows = [row_of(scene, start + place) for place, scene in enumerate(scenes)]
        return Batch(np.stack([scene.image for scene in scenes]), rows)

    def scene(self, parameters: Any, index: int) -> Scene:
        """Scene ``index``, a target if it is the first of ``every``."""
        people = None
        if index % parameters.every == 0:
            heights = parameters.height_low, parameters.height_high
            people = People(parameters.people, heights, (parameters.contrast_low, 1.0))
        return draw_scene(parameters.seed, index, parameters.side, people)

    def preview(self, parameters: Any, index: int = 0, side: int | None = None) -> Preview:
        """One scene; a target also without its pedestrians; the strip shows other targets."""
        if side is not None and side < parameters.side:
            parameters = parameters.changed(side=max(64, side))
        scene = self.scene(parameters, index)
        row = row_of(scene, index)
        ingredients: tuple[tuple[str, np.ndarray], ...] = ()
        if scene.boxes:
            empty = draw_scene(parameters.seed, index, parameters.side).image
            ingredients = (("without pedestrians", empty),)
        small = parameters.changed(side=96)
        strip = []
        for place in range(0, min(5 * parameters.every, parameters.n), parameters.every):
            strip.append((f"scene {place + 1}", self.scene(small, place).image))
        target = index % parameters.every == 0
        facts = (
            ("Pedestrians", bool(scene.boxes) == target, str(len(scene.boxes))),
            ("Light", None, scene.light),
            ("Mean luminance", None, f"{row['luminance']:.0f}"),
        )
        return Preview(scene.image, row, ingredients, tuple(strip), facts)

    def methods(self, parameters: Any) -> str:
        return (
            f"{super().methods(parameters)} Streets were drawn in perspective by day and night; "
            f"one in {parameters.every} showed 1 to {parameters.people} pedestrians of "
            f"{parameters.height_low:g} to {parameters.height_high:g} of the picture's height. "
            "Streets with and without pedestrians came from one random stream."
        )


def row_of(scene: Scene, index: int) -> dict[str, Any]:
    """The table row of a scene."""
    return {
        "name": f"scene_{index:05d}",
        "target": bool(scene.boxes),
        "pedestrians": len(scene.boxes),
        "heights": " ".join(f"{height:.4f}" for height in scene.heights),
        "boxes": "; ".join(",".join(map(str, box)) for box in scene.boxes),
        "light": scene.light,
        "luminance": round(float(scene.image.mean()), 3),
        **{name: scene.counts.get(name, 0)
           for name in ("facades", "cars", "trees", "lamps", "posts", "boxes_and_bins")},
    }  # fmt: skip


GENERATOR = Scenes()
