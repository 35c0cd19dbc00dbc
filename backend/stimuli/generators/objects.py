"""Textured grey objects, with or without a class of faces (specification "faces", section 8)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from backend.core.parameters import Parameters, parameter
from backend.stimuli import faces
from backend.stimuli.generator import (
    Batch,
    Generator,
    Preset,
    Preview,
    count_parameter,
    image_rng,
    seed_parameter,
    side_parameter,
)
from backend.stimuli.objects import CLASSES, draw_object

FACE = "face"
Kind = Literal[
    "all", "disc", "triangle", "square", "hexagon", "star 5", "star 8", "ring", "plus", "grating",
    "checker", "spiral", "blobs",
]  # fmt: skip
SMALL = 64


class ObjectParameters(Parameters):
    """Which classes, and how many of them."""

    kind: Kind = parameter(
        "all", "Class", group="Objects", change="rebuild", source="faces, section 8",
        labels={"all": "all twelve in turn", "star 5": "five-armed star",
                "star 8": "eight-armed star", "grating": "grating patch", "blobs": "three blobs"},
    )  # fmt: skip
    with_faces: bool = parameter(
        False, "One class of faces", group="Objects", change="rebuild", shown_if=("kind", ["all"]),
        help="Adds random wild faces as a thirteenth class: exposure to faces at the basic level.",
    )  # fmt: skip
    contrast: float = parameter(
        1.0, "Contrast", low=0.05, high=1.0, step=0.05, group="Objects",
        help="Scales the picture around mid grey.",
    )  # fmt: skip
    n: int = count_parameter(120)
    side: int = side_parameter(128)
    seed: int = seed_parameter()


class Objects(Generator):
    """Twelve classes of objects at random places, sizes and angles."""

    id = "objects"
    title = "Objects"
    icon = "shape-outline"
    help = "Twelve classes of textured objects to train observers that know no faces."
    synthetic = "synthetic objects"
    strip_title = "Classes"
    Parameters = ObjectParameters
    presets = (
        Preset("Default", "All twelve classes"),
        Preset("with-faces", "Objects and one class of faces",
               {"with_faces": True, "n": 1820, "side": 64}),
    )  # fmt: skip

    def shape(self, parameters: Any) -> tuple[int, ...]:
        return parameters.side, parameters.side

    def draw(self, parameters: Any, prepared: Any, start: int, stop: int) -> Batch:
        images = np.empty((stop - start, *self.shape(parameters)), np.uint8)
        rows = []
        for index in range(start, stop):
            images[index - start], row = draw_one(parameters, index, parameters.side)
            rows.append(row)
        return Batch(images, rows)

    def preview(self, parameters: Any, index: int = 0, side: int | None = None) -> Preview:
        image, row = draw_one(parameters, index, side or parameters.side)
        strip = [
            (name, draw_one(parameters, kind, SMALL, name)[0])
            for kind, name in enumerate(CLASSES if parameters.kind == "all" else ())
        ]
        facts = (("Class", None, row["class"]), ("Contrast (SD)", None, f"{image.std() / 255:.3f}"))
        return Preview(image, row, strip=tuple(strip), facts=facts)


def class_of(parameters: Any, index: int) -> str:
    """Class of image ``index``."""
    if parameters.kind != "all":
        return str(parameters.kind)
    names = (*CLASSES, FACE) if parameters.with_faces else CLASSES
    return names[index % len(names)]


def draw_one(
    parameters: Any, index: int, side: int, kind: str = ""
) -> tuple[np.ndarray, dict[str, Any]]:
    """Image (side, side) uint8 and its row; ``kind`` asks for another class."""
    rng, kind = image_rng(parameters.seed, index), kind or class_of(parameters, index)
    row: dict[str, Any] = {"name": f"object_{index:05d}", "class": kind}
    if kind == FACE:
        person = faces.sample_identities(rng, 1, int(rng.integers(3)))
        image = faces.dataset(rng, person, 1, side).images[0, 0]
        row |= dict.fromkeys(("x", "y", "size", "angle", "front", "back"), None)
    else:
        drawn = draw_object(rng, CLASSES.index(kind), side)
        image = drawn.image
        row |= {name: round(float(v), 4) for name, v in drawn._asdict().items() if name != "image"}
    scaled = 0.5 + parameters.contrast * (image - 0.5)
    return (scaled * 255 + 0.5).astype(np.uint8), row


GENERATOR = Objects()
