"""Synthetic faces as a stimulus set (specification "faces")."""

from __future__ import annotations

from typing import Any

import numpy as np

from backend.core.parameters import Notice
from backend.stimuli.faces import table
from backend.stimuli.faces.identity import EXPRESSIONS as NAMES
from backend.stimuli.faces.sets import map_size
from backend.stimuli.generator import Batch, Generator, Preset, Preview
from backend.stimuli.generators.face_parameters import FaceParameters
from backend.stimuli.generators.face_plan import (
    AVERAGES,
    CACHE,
    Plan,
    morph_at,
    plans,
    row_of,
    shares,
)

EXPRESSIONS = {
    "neutral": (0.0, 0.0, 0.0, 0.0),
    "smile": (1.0, 0.0, 0.0, 0.0),
    "open": (0.2, 1.0, 0.0, 0.0),
    "brows": (0.0, 0.0, 1.0, 0.6),
    "closed": (0.0, 0.0, 0.0, -2.0),
}
STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
SMALL = 64


class Faces(Generator):
    """Faces with every parameter known."""

    id = "faces"
    title = "Faces"
    icon = "face-man-outline"
    help = "Synthetic faces with known identity, gender, age, group, expression, pose and light."
    synthetic = "synthetic faces"
    strip_title = "Series"
    Parameters = FaceParameters
    presets = (
        Preset("Default", "Default face"),
        Preset("wild", "Wild faces",
               {"mode": "identities", "n": 1000, "each": 10, "side": 64,
                "groups": "A, B, C in turn"}),
        Preset("paper-07", "Paper 07: gender, 512 px base",
               {"n": 1, "side": 512, "texture": 0.0, "level": 0.0}),
        Preset("morph", "Morph female to male", {"mode": "morph", "n": 101}),
        Preset("groups", "Groups",
               {"mode": "identities", "n": 300, "each": 1, "level": 0.0, "ages": "as set",
                "groups": "A, B, C in turn"}),
        Preset("averages", "Averages by gender and group", {"mode": "averages", "texture": 0.0}),
    )  # fmt: skip

    def check(self, parameters: Any) -> list[Notice]:
        shares(parameters)
        return []

    def count(self, parameters: Any) -> int:
        return len(AVERAGES) if parameters.mode == "averages" else int(parameters.n)

    def shape(self, parameters: Any) -> tuple[int, ...]:
        plane = (parameters.side, parameters.side)
        return plane if parameters.colour == "grey" else (*plane, 3)

    def draw(self, parameters: Any, prepared: Any, start: int, stop: int) -> Batch:
        count = self.count(parameters)
        grey, inverted = parameters.colour == "grey", parameters.inverted
        images = np.empty((stop - start, *self.shape(parameters)), np.uint8)
        features = np.empty((stop - start, table.COUNT), np.float32)
        rows = []
        for k, one in enumerate(plans(parameters, start, stop, count)):
            images[k] = one.render(parameters.side, grey, inverted)
            features[k] = one.face.p[0]
            rows.append(row_of(one, start + k))
        return Batch(images, rows, {"face_parameters": features})

    def random(self, parameters: Any, rng: np.random.Generator) -> dict[str, Any]:
        """Another person, other people for a morph, or another crowd."""
        if parameters.mode in ("identities", "averages"):
            return {"seed": int(rng.integers(1, 2**31 - 1))}
        if parameters.mode == "morph":
            first, second = (int(one) for one in rng.integers(1, 2**31 - 1, 2))
            return {"first_identity": first, "second_identity": second}
        wanted = random_identity(parameters, rng)
        return {n: mine for n, (mine, _) in wanted.differences(parameters).items()}

    def preview(self, parameters: Any, index: int = 0, side: int | None = None) -> Preview:
        count, side = self.count(parameters), side or parameters.side
        one = plans(parameters, index, index + 1, count)[0]
        grey = parameters.colour == "grey"
        image = one.render(side, grey, parameters.inverted)
        return Preview(
            image,
            row_of(one, index),
            _ingredients(one, side, grey),
            _strip(parameters, one),
            _facts(one, image),
        )

    def bytes_of(self, parameters: Any) -> int:
        return super().bytes_of(parameters) + self.count(parameters) * table.COUNT * 4

    def methods(self, parameters: Any) -> str:
        what = {
            "one face": "One synthetic face was rendered in {n} different views",
            "identities": "{n} images of random synthetic people ({each} each) were rendered",
            "morph": "{n} steps of a parameter morph between two synthetic faces were drawn",
            "averages": "{n} average synthetic faces of three genders and three groups were drawn",
        }[parameters.mode]
        what = what.format(n=self.count(parameters), each=parameters.each)
        return (
            f"{what} at {parameters.side} × {parameters.side} px with Isomorph's parametric 2.5-D "
            f"face model ({table.COUNT} features; seed {parameters.seed}). The faces are synthetic."
        )


def random_identity(parameters: Any, rng: np.random.Generator) -> Any:
    """Another person: new identity, gender and age, features reset."""
    return parameters.changed(
        identity=int(rng.integers(1, 2**31 - 1)),
        gender=float(rng.choice([-1.0, 1.0])),
        age=round(float(rng.uniform(0.15, 0.7)), 2),
        **dict.fromkeys(table.NAMES, 0.0),
    )


def _ingredients(one: Plan, side: int, grey: bool) -> tuple[tuple[str, np.ndarray], ...]:
    maps = CACHE.get(one.face, one.expression, map_size(side))
    albedo = np.sqrt(np.clip(maps.albedo[0], 0, 1))
    albedo += (0.5 - albedo) * (1.0 - maps.alpha[0][..., None])
    if grey:
        albedo = albedo @ np.array([0.299, 0.587, 0.114], np.float32)
    depth = np.clip((maps.warp[0] + 0.05) / 0.65, 0, 1)
    pairs = (("reflectance", albedo), ("depth", depth))
    return tuple((caption, (plane * 255 + 0.5).astype(np.uint8)) for caption, plane in pairs)


def _strip(parameters: Any, one: Plan) -> tuple[tuple[str, np.ndarray], ...]:
    grey = parameters.colour == "grey"
    if parameters.mode == "morph":
        return tuple((f"{t:g}", morph_at(parameters, t).render(SMALL, grey)) for t in STEPS)
    return tuple(
        (name, Plan(one.face, np.array(values), one.view, one.identity).render(SMALL, grey))
        for name, values in EXPRESSIONS.items()
    )


def _facts(one: Plan, image: np.ndarray) -> tuple[tuple[str, bool | None, str], ...]:
    row = row_of(one, 0)
    return (
        ("Identity", None, str(row["identity"]) if row["identity"] else "average"),
        ("Gender", None, f"{row['gender']:+.2f}"),
        ("Group", None, row["group"]),
        ("Expression", None, expression_words(one.expression)),
        ("Mean luminance", None, f"{image.mean() / 255:.3f}"),
        ("Contrast (SD)", None, f"{image.std() / 255:.3f}"),
    )


def expression_words(values: np.ndarray) -> str:
    """What differs from the neutral face: "smile +0.4, eye −1.0"."""
    shown = [
        f"{name} {value:+.1f}".replace("-", "\u2212")
        for name, value in zip(NAMES, values, strict=True)
        if abs(value) >= 0.05
    ]
    return ", ".join(shown) or "neutral"


GENERATOR = Faces()
