"""The form of the face generator: upper sliders, the 41 features, the set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import create_model

from backend.core.parameters import Parameters, parameter
from backend.stimuli.faces import table
from backend.stimuli.generator import SET_GROUP, count_parameter, seed_parameter, side_parameter

FACE, EXPRESSION, POSE, LIGHT, PICTURE = "Face", "Expression", "Pose", "Light", "Picture"
SOURCE = "faces, section 4"
Mode = Literal["one face", "identities", "morph", "averages"]


def share(group: str, default: float, help: str = "") -> Any:
    """Slider of one group's share."""
    return parameter(
        default, f"Group {group}", low=0.0, high=1.0, step=0.05, group=FACE, source=SOURCE,
        help=help or f"Share of group {group}; the three shares are scaled to sum to 1.",
    )  # fmt: skip


def gain(default: float, label: str, high: float, help: str) -> Any:
    """Slider of how strongly something shows in identities."""
    return parameter(
        default, label, low=0.0, high=high, step=0.05, group=FACE, source=SOURCE, help=help
    )


def angle(default: float, label: str, limit: float, group: str, symbol: str = "") -> Any:
    """Slider of an angle in rad."""
    return parameter(
        default, label, symbol=symbol, unit="rad", low=-limit, high=limit, step=0.01, group=group
    )


class UpperParameters(Parameters):
    """Who, with which expression, how turned, lit and framed."""

    identity: int = parameter(
        0, "Identity", low=0, high=2**31 - 1, zero="average", group=FACE,
        help="Seed of a person; 0 is the average face of this gender and group.",
    )  # fmt: skip
    gender: float = parameter(
        0.0, "Gender", low=-1.0, high=1.0, step=0.05, group=FACE, source=SOURCE,
        help="−1 is female, 1 male, 0 between.",
    )  # fmt: skip
    age: float = parameter(
        0.35, "Age", low=0.0, high=1.0, step=0.05, group=FACE, source=SOURCE,
        help="0 is young, 1 old: lines, folds, eye bags, grey hair.",
    )  # fmt: skip
    group_a: float = share("A", 1.0)
    group_b: float = share("B", 0.0)
    group_c: float = share("C", 0.0)
    identity_gain: float = gain(1.0, "Identity gain", 2.0, "How far people are from the average.")
    gender_gain: float = gain(1.0, "Gender gain", 2.0, "0.3 to 0.6 makes a harder gender task.")
    cue_separation: float = gain(
        0.8, "Cue separation", 1.0, "1: people of each group differ in features of their own."
    )
    hair_link: float = gain(0.0, "Hair linked to gender", 1.0, "Longer hair of females.")
    smile: float = parameter(0.0, "Smile", low=-0.8, high=1.0, step=0.05, group=EXPRESSION)
    open: float = parameter(0.0, "Mouth open", low=0.0, high=1.0, step=0.05, group=EXPRESSION)
    brow: float = parameter(0.0, "Brows raised", low=-1.0, high=1.0, step=0.05, group=EXPRESSION)
    eye: float = parameter(
        0.0, "Eyes open", low=-2.0, high=1.0, step=0.05, group=EXPRESSION,
        help="−1.2 is half closed, −2 closed.",
    )  # fmt: skip
    yaw: float = angle(0.0, "Turn", 0.6, POSE, "yaw")
    pitch: float = angle(0.0, "Nod", 0.3, POSE, "pitch")
    roll: float = angle(0.0, "Tilt", 3.14, POSE, "roll")
    azimuth: float = angle(0.25, "Light azimuth", 1.5, LIGHT, "az")
    elevation: float = angle(0.45, "Light elevation", 1.5, LIGHT, "el")
    ambient: float = parameter(0.38, "Ambient light", low=0.0, high=1.0, step=0.02, group=LIGHT)
    gain: float = parameter(1.0, "Exposure", low=0.1, high=2.0, step=0.05, group=LIGHT)
    background: float = parameter(0.5, "Background", low=0.0, high=1.0, step=0.02, group=PICTURE)
    scale: float = parameter(1.18, "Size", low=0.3, high=2.5, step=0.02, group=PICTURE)
    shift_u: float = parameter(
        0.0, "Moved right", unit="face units", low=-1.0, high=1.0, step=0.01, group=PICTURE
    )
    shift_v: float = parameter(
        0.02, "Moved up", unit="face units", low=-1.0, high=1.0, step=0.01, group=PICTURE
    )
    inverted: bool = parameter(False, "Upside down", group=PICTURE, help="Flips the picture.")
    colour: Literal["grey", "colour"] = parameter("grey", "Colours", group=PICTURE)
    texture: float = parameter(
        1.0, "Skin texture", low=0.0, high=2.0, step=0.05, group=table.SKIN,
        help="Amplitude of the fine texture of skin, brows and hair.",
    )  # fmt: skip


def feature_slider(feature: table.Feature) -> Any:
    """Slider of one row of table 4, in sd of that row from what the upper sliders give."""
    return parameter(
        0.0, feature.label, symbol=feature.name, unit="sd", low=-4.0, high=4.0, step=0.1,
        group=feature.part, source="faces, table 4",
        help=f"Added to what identity, gender and group give; 1 sd is {feature.sd:g}.",
    )  # fmt: skip


FeatureParameters: type[UpperParameters] = create_model(
    "FeatureParameters",
    __base__=UpperParameters,
    __module__=__name__,
    **{feature.name: (float, feature_slider(feature)) for feature in table.FEATURES},
)  # type: ignore[call-overload]


def of_set(default: Any, label: str, modes: tuple[Mode, ...], **declared: Any) -> Any:
    """A parameter of the set that only some modes have."""
    return parameter(
        default, label, group=SET_GROUP, change="rebuild", shown_if=("mode", modes), **declared
    )


class FaceParameters(FeatureParameters):  # type: ignore[misc,valid-type]
    """A face and the set to be made of it or beside it."""

    mode: Mode = parameter(
        "one face", "Set of", group=SET_GROUP, change="rebuild",
        labels={"one face": "this face in many views", "identities": "random people",
                "morph": "morph between two people", "averages": "averages by gender and group"},
        help="The features set above are added to every face of the set.",
    )  # fmt: skip
    n: int = count_parameter(100)
    level: float = of_set(
        1.0, "Variation of views", ("one face", "identities"), low=0.0, high=1.5, step=0.05,
        help="Pose, light, background and expression; 0 keeps what is set above.",
        source="faces, section 7",
    )  # fmt: skip
    each: int = of_set(10, "Images of each person", ("identities",), low=1, high=10_000)
    genders: Literal["both", "as set"] = of_set("both", "Genders", ("identities",))
    ages: Literal["varied", "as set"] = of_set("varied", "Ages", ("identities",))
    groups: Literal["as set", "A, B, C in turn"] = of_set("as set", "Groups", ("identities",))
    first_identity: int = of_set(
        0, "First person", ("morph",), low=0, high=2**31 - 1, zero="average"
    )
    first_gender: float = of_set(-1.0, "First gender", ("morph",), low=-1.0, high=1.0)
    second_identity: int = of_set(
        0, "Second person", ("morph",), low=0, high=2**31 - 1, zero="average"
    )
    second_gender: float = of_set(1.0, "Second gender", ("morph",), low=-1.0, high=1.0)
    side: int = side_parameter(256, help="Faces are drawn anew at any size.")
    seed: int = seed_parameter()

    @classmethod
    def unused(cls, values: Mapping[str, Any]) -> frozenset[str]:
        """Who is shown is set by the sliders only as far as the set does not draw it."""
        mode = values.get("mode")
        crowd = mode == "identities"
        free = {
            "identity": mode == "one face",
            "gender": mode == "one face" or (crowd and values.get("genders") == "as set"),
            "age": not crowd or values.get("ages") == "as set",
            **dict.fromkeys(
                ("group_a", "group_b", "group_c"),
                mode in ("one face", "morph") or (crowd and values.get("groups") == "as set"),
            ),
        }
        return frozenset(name for name, counts in free.items() if not counts)
