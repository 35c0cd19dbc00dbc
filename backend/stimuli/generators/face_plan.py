"""Which face each image of a set shows, and how (used by the face generators)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from backend.core.parameters import ParameterError
from backend.stimuli import faces
from backend.stimuli.faces import table
from backend.stimuli.faces.identity import EXPRESSIONS, FaceParams, moved
from backend.stimuli.faces.sets import PreparedCache, map_size
from backend.stimuli.faces.views import DEFAULTS, FIELDS, LIMITS, SCALE
from backend.stimuli.generator import image_rng

KINDS = 4
"""Expressions of one person in a set; each costs one painted face."""

AVERAGES = [(gender, group) for group in range(3) for gender in (-1.0, 0.0, 1.0)]
_PEOPLE, _EXPRESSIONS, _VIEWS = 1, 2, 3
_LOW, _HIGH = np.array([-0.8, 0.0, -1.0, -2.0]), np.array([1.0, 1.0, 1.0, 1.0])
CACHE = PreparedCache()


@dataclass(frozen=True)
class Plan:
    """One image: a face, its expression (4,) and view (11,), who it is, and the morph's place.

    ``once`` : no other image shows this face in this expression, so its maps are not kept.
    """

    face: FaceParams
    expression: np.ndarray
    view: np.ndarray
    identity: int
    t: float | None = None
    once: bool = False

    def render(self, side: int, grey: bool, inverted: bool = False) -> np.ndarray:
        """The image, (side, side) or (side, side, 3) uint8."""
        if self.once:
            maps = faces.prepare(faces.canonical(self.face, self.expression, map_size(side)))
        else:
            maps = CACHE.get(self.face, self.expression, map_size(side))
        image = faces.render(maps, 0, self.view, side, grey)[0]
        image = image[0] if grey else image.transpose(1, 2, 0)
        made = (image * 255 + 0.5).astype(np.uint8)
        return np.ascontiguousarray(made[::-1]) if inverted else made


def shares(parameters: Any) -> np.ndarray:
    """(3,) shares of the groups, scaled to sum to 1."""
    given = np.array([parameters.group_a, parameters.group_b, parameters.group_c])
    if given.sum() == 0.0:
        raise ParameterError("group_a", "All three group shares are 0. Raise one of them.", 1.0)
    return given / given.sum()


def deviations(parameters: Any) -> np.ndarray:
    """(41,) feature sliders in sd units."""
    return np.array([getattr(parameters, name) for name in table.NAMES])


def person(
    parameters: Any,
    identity: int,
    gender: float | None = None,
    age: float | None = None,
    weights: np.ndarray | None = None,
) -> FaceParams:
    """One person under the upper sliders and the features; None takes what is set."""
    gender = parameters.gender if gender is None else gender
    age = parameters.age if age is None else age
    weights = shares(parameters) if weights is None else weights
    face = faces.sample_identities(
        np.random.default_rng(identity), 1, weights, gender, age, parameters.cue_separation,
        parameters.identity_gain if identity else 0.0, parameters.gender_gain,
        parameters.hair_link,
    )  # fmt: skip
    return replace(
        face,
        p=moved(face.p, deviations(parameters)),
        texture=np.array([parameters.texture]),
    )


def view_of(parameters: Any) -> np.ndarray:
    """(11,) view as set."""
    return np.array([getattr(parameters, name) for name in FIELDS])


def expression_of(parameters: Any) -> np.ndarray:
    """(4,) expression as set."""
    return np.array([getattr(parameters, name) for name in EXPRESSIONS])


def wild_view(parameters: Any, index: int) -> np.ndarray:
    """View of an image: a wild one, moved by what is set."""
    if parameters.level == 0.0:
        return view_of(parameters)
    drawn = faces.wild_views(image_rng(parameters.seed, index, _VIEWS), 1, parameters.level)[0]
    aside = view_of(parameters) - np.array(DEFAULTS)
    view = drawn + aside
    view[SCALE] = drawn[SCALE] * parameters.scale / DEFAULTS[SCALE]
    for name, limit in LIMITS.items():
        place = FIELDS.index(name)
        view[place] = min(max(view[place], -limit), limit)
    return view


def wild_expression(parameters: Any, who: int, kind: int) -> np.ndarray:
    """Expression number ``kind`` of a person: a wild one, moved by what is set."""
    if parameters.level == 0.0:
        return expression_of(parameters)
    rng = image_rng(parameters.seed, who, _EXPRESSIONS)
    drawn = faces.wild_expressions(rng, KINDS, parameters.level)[kind]
    return np.minimum(np.maximum(drawn + expression_of(parameters), _LOW), _HIGH)


def plan(parameters: Any, index: int, count: int) -> Plan:
    """What image ``index`` of ``count`` shows."""
    if parameters.mode == "identities":
        return _random_person(parameters, index)
    if parameters.mode == "morph":
        t = index / (count - 1) if count > 1 else 0.0
        return morph_at(parameters, t)
    if parameters.mode == "averages":
        gender, group = AVERAGES[index % len(AVERAGES)]
        face = person(parameters, 0, gender, weights=np.eye(3)[group])
        return Plan(face, expression_of(parameters), view_of(parameters), 0)
    face = person(parameters, parameters.identity)
    if index == 0:
        return Plan(face, expression_of(parameters), view_of(parameters), parameters.identity)
    expression = wild_expression(parameters, parameters.identity, index % KINDS)
    return Plan(face, expression, wild_view(parameters, index), parameters.identity)


def morph_at(parameters: Any, t: float) -> Plan:
    """The face at t of the morph between the two people."""
    first = person(parameters, parameters.first_identity, parameters.first_gender)
    second = person(parameters, parameters.second_identity, parameters.second_gender)
    mixed = faces.morph(first, second, t)
    return Plan(mixed, expression_of(parameters), view_of(parameters), parameters.first_identity, t)


def _random_person(parameters: Any, index: int) -> Plan:
    who, kind = divmod(index, parameters.each)
    rng = image_rng(parameters.seed, who, _PEOPLE)
    gender, age = float(rng.choice([-1.0, 1.0])), float(rng.uniform(0.15, 0.7))
    identity = int(rng.integers(1, 2**31 - 1))
    face = person(
        parameters,
        identity,
        gender if parameters.genders == "both" else None,
        age if parameters.ages == "varied" else None,
        None if parameters.groups == "as set" else np.eye(3)[who % 3],
    )
    expression = wild_expression(parameters, who, kind % KINDS)
    view, once = wild_view(parameters, index), parameters.each <= KINDS
    return Plan(face, expression, view, identity, once=once)


def row_of(one: Plan, index: int) -> dict[str, Any]:
    """The table row of an image."""
    face = one.face
    weights = face.group_weights[0]
    return {
        "name": f"face_{index:05d}",
        "identity": one.identity,
        "gender": round(float(face.gender[0]), 4),
        "age": round(float(face.age[0]), 4),
        "group": table.GROUPS[int(weights.argmax())],
        **{
            f"group_{g.lower()}": round(float(w), 4)
            for g, w in zip(table.GROUPS, weights, strict=True)
        },
        "morph_t": None if one.t is None else round(one.t, 6),
        **{name: round(float(v), 4) for name, v in zip(EXPRESSIONS, one.expression, strict=True)},
        **{name: round(float(v), 4) for name, v in zip(FIELDS, one.view, strict=True)},
    }
