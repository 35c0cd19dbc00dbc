"""Face identities as parameters: sampling, averages and morphs (faces, sections 2 and 4)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from backend.stimuli.faces import table

EXPRESSIONS = ("smile", "open", "brow", "eye")


@dataclass(frozen=True)
class FaceParams:
    """Parameters of n faces.

    Attributes
    ----------
    p : (n, 41) float64 in the order of table 4.
    gender : (n,) from -1 (female) to 1 (male); age : (n,) from 0 to 1.
    group_weights : (n, 3) shares of groups A, B, C; rows sum to 1.
    texture_seed : (n,) int64; texture : (n,) amplitude of the skin and hair texture.
    """

    p: np.ndarray
    gender: np.ndarray
    age: np.ndarray
    group_weights: np.ndarray
    texture_seed: np.ndarray
    texture: np.ndarray

    def __len__(self) -> int:
        return len(self.p)

    def __getitem__(self, chosen: slice | list[int] | np.ndarray) -> FaceParams:
        return FaceParams(*(getattr(self, one.name)[chosen] for one in fields(self)))

    @property
    def group(self) -> np.ndarray:
        """(n,) index of the largest share."""
        return self.group_weights.argmax(axis=1)


def stacked(several: list[FaceParams]) -> FaceParams:
    """The faces of several, in order."""
    names = [one.name for one in fields(FaceParams)]
    return FaceParams(*(np.concatenate([getattr(p, name) for p in several]) for name in names))


def weights_of(group: int | np.ndarray, n: int) -> np.ndarray:
    """(n, 3) group shares from a group's index, n indices, 3 shares or (n, 3) shares.

    Raises
    ------
    ValueError : shares that are negative or do not sum to 1.
    """
    given = np.asarray(group)
    if given.dtype.kind in "iu" and given.ndim < 2 and given.shape != (3,):
        return np.eye(3)[np.broadcast_to(given, (n,))]
    if given.dtype.kind in "iu" and given.shape == (3,) and n == 3 and given.sum() != 1:
        return np.eye(3)[given]
    shares = np.broadcast_to(given.astype(float), (n, 3)).copy()
    if (shares < 0).any() or (np.abs(shares.sum(axis=1) - 1.0) > 1e-6).any():
        raise ValueError("Group shares must not be negative and must sum to 1.")
    return shares


def compose(
    z: np.ndarray,
    gender: np.ndarray,
    weights: np.ndarray,
    cue_separation: float = 0.8,
    identity_gain: float = 1.0,
    gender_gain: float = 1.0,
    hair_gender_link: float = 0.0,
    kappa: tuple[float, ...] = table.KAPPA,
) -> np.ndarray:
    """(n, 41) parameters of identities z (n, 41) in sd units (faces, section 4)."""
    p = table.DEFAULT + weights @ table.SHIFT
    p = p + gender_gain * gender[:, None] * table.GENDER
    p = p + identity_gain * table.SD * (weights @ table.gains(cue_separation, kappa)) * z
    p[:, table.INDEX["hair_len"]] -= 0.35 * hair_gender_link * gender
    return clipped(p)


def clipped(p: np.ndarray) -> np.ndarray:
    """A copy with the mixing weights kept in 0..1."""
    p = p.copy()
    p[:, table.CLIPPED] = np.minimum(np.maximum(p[:, table.CLIPPED], 0.0), 1.0)
    return p


_LENGTHS = [
    table.INDEX[name]
    for name in (
        "head_w", "face_len", "cran_h", "jaw_sq", "chin_w", "eye_w", "eye_h", "iris_r", "brow_th",
        "brow_w", "nose_len", "nose_w", "ala_w", "mouth_w", "lip_u", "lip_l", "hair_vol",
    )
]  # fmt: skip


def moved(p: np.ndarray, deviations: np.ndarray) -> np.ndarray:
    """Parameters (n, 41) moved by deviations in sd units; lengths stay above a tenth of theirs."""
    p = clipped(p + table.SD * deviations)
    p[:, _LENGTHS] = np.maximum(p[:, _LENGTHS], 0.1 * table.DEFAULT[_LENGTHS])
    return p


def sample_identities(
    rng: np.random.Generator,
    n: int,
    group: int | np.ndarray = 0,
    gender: float | np.ndarray | None = None,
    age: float | np.ndarray | None = None,
    cue_separation: float = 0.8,
    identity_gain: float = 1.0,
    gender_gain: float = 1.0,
    hair_gender_link: float = 0.0,
) -> FaceParams:
    """Draw n identities.

    Draws come in the order gender, age, z, texture seed (faces, section 2).

    Parameters
    ----------
    group : index 0, 1, 2 (A, B, C), n of them, or shares (3,) or (n, 3).
    gender : -1 to 1; None draws -1 or 1. age : 0 to 1; None draws U(0.15, 0.7).
    cue_separation : 0 (groups differ in mean only) to 1 (each has its own informative features).
    hair_gender_link : 0 to 1; lengthens females' and shortens males' hair by 0.35 of it.
    """
    genders = rng.choice([-1.0, 1.0], n) if gender is None else np.broadcast_to(gender, (n,))
    ages = rng.uniform(0.15, 0.7, n) if age is None else np.broadcast_to(age, (n,))
    z = np.minimum(np.maximum(rng.standard_normal((n, table.COUNT)), -2.5), 2.5)
    seeds = rng.integers(0, 2**31 - 1, n)
    weights = weights_of(group, n)
    genders = np.array(genders, float)
    p = compose(z, genders, weights, cue_separation, identity_gain, gender_gain, hair_gender_link)
    return FaceParams(p, genders, np.array(ages, float), weights, seeds, np.ones(n))


def default_face(
    gender: float = 0.0, age: float = 0.35, group: int | np.ndarray = 0, texture: float = 1.0
) -> FaceParams:
    """The mean face of a gender and group, with texture seed 0."""
    weights = weights_of(group, 1)
    p = compose(np.zeros((1, table.COUNT)), np.array([float(gender)]), weights)
    return FaceParams(
        p, np.array([float(gender)]), np.array([age]), weights, np.zeros(1, np.int64),
        np.array([texture]),
    )  # fmt: skip


def average_face(params: FaceParams) -> FaceParams:
    """The mean of parameters, gender, age and shares, without texture."""
    return FaceParams(
        params.p.mean(axis=0, keepdims=True),
        params.gender.mean(keepdims=True),
        params.age.mean(keepdims=True),
        params.group_weights.mean(axis=0, keepdims=True),
        params.texture_seed[:1],
        np.zeros(1),
    )


def morph(first: FaceParams, second: FaceParams, t: float) -> FaceParams:
    """Faces at t (0: first, 1: second) in parameter space, with the texture of the first."""

    def between(name: str) -> np.ndarray:
        return (1.0 - t) * getattr(first, name) + t * getattr(second, name)

    mixed = {name: between(name) for name in ("p", "gender", "age", "group_weights", "texture")}
    return replace(first, **mixed)
