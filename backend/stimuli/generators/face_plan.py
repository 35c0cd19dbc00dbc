"""Which face each image of a set shows, and how (used by the face generators)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.core.parameters import ParameterError
from backend.stimuli import faces
from backend.stimuli.faces import table
from backend.stimuli.faces.identity import EXPRESSIONS, FaceParams, compose, moved
from backend.stimuli.faces.sets import PreparedCache, map_size
from backend.stimuli.faces.views import DEFAULTS, FIELDS, LIMITS, SCALE
from backend.stimuli.generator import image_rng

KINDS = 4
"""Expressions of one person in a set; each costs one painted face."""

AVERAGES = [(gender, group) for group in range(3) for gender in (-1.0, 0.0, 1.0)]
_PEOPLE, _EXPRESSIONS, _VIEWS = 1, 2, 3
_LOW, _HIGH = np.array([-0.8, 0.0, -1.0, -2.0]), np.array([1.0, 1.0, 1.0, 1.0])
_DEFAULT_VIEW = np.array(DEFAULTS)
_VIEW_LIMITS = np.array([LIMITS.get(name, np.inf) for name in FIELDS])
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


def people(
    parameters: Any,
    identities: np.ndarray,
    gender: np.ndarray | float,
    age: np.ndarray | float,
    weights: np.ndarray,
) -> FaceParams:
    """People under the upper sliders and the features; an identity is the seed of its draws."""
    n = len(identities)
    z, seeds = np.empty((n, table.COUNT)), np.empty(n, np.int64)
    for k, identity in enumerate(identities):
        rng = np.random.default_rng(identity)
        z[k], seeds[k] = rng.standard_normal(table.COUNT), rng.integers(0, 2**31 - 1)
    z = np.where(identities[:, None] > 0, np.clip(z, -2.5, 2.5), 0.0)
    genders, ages = np.broadcast_to(gender, n).astype(float), np.broadcast_to(age, n).astype(float)
    shared = np.broadcast_to(weights, (n, 3))
    p = compose(
        z, genders, shared, parameters.cue_separation, parameters.identity_gain,
        parameters.gender_gain, parameters.hair_link,
    )  # fmt: skip
    p = moved(p, deviations(parameters))
    return FaceParams(p, genders, ages, shared, seeds, np.full(n, parameters.texture))


def person(
    parameters: Any,
    identity: int,
    gender: float | None = None,
    weights: np.ndarray | None = None,
) -> FaceParams:
    """One person; None takes what is set."""
    gender = parameters.gender if gender is None else gender
    weights = shares(parameters) if weights is None else weights
    return people(parameters, np.array([identity]), gender, parameters.age, weights)


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
    view = drawn + (view_of(parameters) - _DEFAULT_VIEW)
    view[SCALE] = drawn[SCALE] * parameters.scale / _DEFAULT_VIEW[SCALE]
    return np.minimum(np.maximum(view, -_VIEW_LIMITS), _VIEW_LIMITS)


def wild_expression(parameters: Any, who: int, kind: int) -> np.ndarray:
    """Expression number ``kind`` of a person: a wild one, moved by what is set."""
    if parameters.level == 0.0:
        return expression_of(parameters)
    rng = image_rng(parameters.seed, who, _EXPRESSIONS)
    drawn = faces.wild_expressions(rng, KINDS, parameters.level)[kind]
    return np.minimum(np.maximum(drawn + expression_of(parameters), _LOW), _HIGH)


def plans(parameters: Any, start: int, stop: int, count: int) -> list[Plan]:
    """What images start .. stop - 1 of ``count`` show."""
    indices = range(start, stop)
    if parameters.mode == "identities":
        return _random_people(parameters, indices)
    if parameters.mode == "morph":
        return [morph_at(parameters, index / max(count - 1, 1)) for index in indices]
    expression, view = expression_of(parameters), view_of(parameters)
    if parameters.mode == "averages":
        kinds = [AVERAGES[index % len(AVERAGES)] for index in indices]
        made = [person(parameters, 0, gender, np.eye(3)[group]) for gender, group in kinds]
        return [Plan(face, expression, view, 0) for face in made]
    identity = parameters.identity
    face = person(parameters, identity)
    return [
        Plan(
            face, wild_expression(parameters, identity, index % KINDS),
            wild_view(parameters, index), identity,
        ) if index else Plan(face, expression, view, identity)
        for index in indices
    ]  # fmt: skip


def morph_at(parameters: Any, t: float) -> Plan:
    """The face at t of the morph between the two people."""
    first = person(parameters, parameters.first_identity, parameters.first_gender)
    second = person(parameters, parameters.second_identity, parameters.second_gender)
    mixed = faces.morph(first, second, t)
    return Plan(mixed, expression_of(parameters), view_of(parameters), parameters.first_identity, t)


def _random_people(parameters: Any, indices: range) -> list[Plan]:
    each = parameters.each
    first = indices.start // each
    who = np.arange(first, (indices.stop - 1) // each + 1)
    drawn = np.array([_demography(parameters.seed, int(k)) for k in who])
    identities = drawn[:, 2].astype(np.int64)
    crowd = people(
        parameters,
        identities,
        drawn[:, 0] if parameters.genders == "both" else parameters.gender,
        drawn[:, 1] if parameters.ages == "varied" else parameters.age,
        shares(parameters) if parameters.groups == "as set" else np.eye(3)[who % 3],
    )
    made = []
    for index in indices:
        k, kind = index // each - first, index % each % KINDS
        made.append(
            Plan(
                crowd[k : k + 1], wild_expression(parameters, int(who[k]), kind),
                wild_view(parameters, index), int(identities[k]), once=each <= KINDS,
            )
        )  # fmt: skip
    return made


def _demography(seed: int, who: int) -> tuple[float, float, int]:
    """Gender, age and identity of random person ``who``."""
    rng = image_rng(seed, who, _PEOPLE)
    gender, age = rng.random(2)
    return 1.0 if gender < 0.5 else -1.0, 0.15 + 0.55 * age, int(rng.integers(1, 2**31 - 1))


def row_of(one: Plan, index: int) -> dict[str, Any]:
    """The table row of an image."""
    face = one.face
    weights = face.group_weights[0]
    return {
        "name": f"face_{index:05d}",
        "identity": one.identity,
        "gender": round(float(face.gender[0]), 4),
        "age": round(float(face.age[0]), 4),
        "group": table.GROUPS[int(weights.argmax())] if weights.max() > 0.5 else "mixed",
        **{
            f"group_{g.lower()}": round(float(w), 4)
            for g, w in zip(table.GROUPS, weights, strict=True)
        },
        "morph_t": None if one.t is None else round(one.t, 6),
        **{name: round(float(v), 4) for name, v in zip(EXPRESSIONS, one.expression, strict=True)},
        **{name: round(float(v), 4) for name, v in zip(FIELDS, one.view, strict=True)},
    }
