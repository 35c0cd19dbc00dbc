"""A base face plus and minus patch noise, for reverse correlation (07, sections 2.1 to 2.3)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from backend.core.parameters import Notice, Parameters, parameter
from backend.stimuli import faces
from backend.stimuli.faces.sets import map_size
from backend.stimuli.generator import (
    SET_GROUP,
    Batch,
    Generator,
    Preset,
    Preview,
    count_parameter,
    seed_parameter,
    side_parameter,
)
from backend.stimuli.generators.face_plan import CACHE
from backend.stimuli.generators.noise import fitting
from backend.stimuli.generators.noise_form import (
    base_picture,
    basis_of,
    basis_words,
    check_basis,
    file_parameter,
    scale_parameter,
    scale_strip,
    stores_seeds,
    theta_bytes,
    theta_note,
)
from backend.stimuli.noise_basis import NoiseBasis, mixed, stretched, theta_rows

BUILT_IN = ("average", "face")
SOURCE = "07-face-gender-reverse-correlation"


class FaceNoiseParameters(Parameters):
    """The base face, the noise on it, and the set."""

    base: Literal["average", "face", "file"] = parameter(
        "average", "Source", group="Base face", source=f"{SOURCE}, section 2.3",
        labels={"average": "Average of built-in faces", "face": "One built-in face",
                "file": "Picture file"},
    )  # fmt: skip
    identity: int = parameter(
        1, "Identity", low=1, high=2**31 - 1, group="Base face", shown_if=("base", ["face"]),
        help="Seed of the person.",
    )  # fmt: skip
    file: str = file_parameter("camera", ("base", ["file"]), "Base face")
    gender: float = parameter(
        0.0, "Gender", low=-1.0, high=1.0, step=0.02, group="Base face",
        shown_if=("base", BUILT_IN), help="−1 is female, 1 male.",
    )  # fmt: skip
    age: float = parameter(
        0.35, "Age", low=0.0, high=1.0, step=0.05, group="Base face", shown_if=("base", BUILT_IN)
    )
    smile: float = parameter(
        0.0, "Smile", low=-0.8, high=1.0, step=0.05, group="Base face", shown_if=("base", BUILT_IN)
    )
    azimuth: float = parameter(
        0.25, "Light azimuth", symbol="az", unit="rad", low=-1.5, high=1.5, step=0.01,
        group="Base face", shown_if=("base", BUILT_IN),
    )  # fmt: skip
    basis: Literal["sinusoid patches", "gabor patches"] = parameter(
        "sinusoid patches", "Basis", group="Noise", source=f"{SOURCE}, section 2.1",
        help="Gabor patches have a window of sd 25 px of 512.",
    )  # fmt: skip
    gain: float = parameter(
        1.0, "Gain", symbol="g", low=0.0, high=5.0, step=0.05, group="Noise",
        source=f"{SOURCE}, section 2.2", help="The picture is (0.5 + g N / 0.6 + base) / 2.",
    )  # fmt: skip
    scale_2: bool = scale_parameter(2)
    scale_4: bool = scale_parameter(4)
    scale_8: bool = scale_parameter(8)
    scale_16: bool = scale_parameter(16)
    scale_32: bool = scale_parameter(32)
    maximise: bool = parameter(
        True, "Maximise contrast", group="Noise", help="Stretches the base face to black and white."
    )
    size: float = parameter(
        8.2, "Size", unit="°", low=0.5, high=60.0, step=0.1, group="On the screen",
        change="recompute", source=f"{SOURCE}, Procedures",
    )  # fmt: skip
    distance: float = parameter(
        70.0, "Distance", unit="cm", low=20.0, high=300.0, step=1.0, group="On the screen",
        change="recompute", source=f"{SOURCE}, Procedures",
    )  # fmt: skip
    n: int = count_parameter(1000)
    pairs: bool = parameter(
        False, "Pairs ± noise", group=SET_GROUP, change="rebuild",
        help="Every second picture has the noise of the one before it, subtracted.",
    )  # fmt: skip
    side: int = side_parameter(512, help="A multiple of 16, so that patches fall on pixels.")
    seed: int = seed_parameter()


@dataclass(frozen=True)
class Prepared:
    """Base face (side, side) in [0, 1] and basis."""

    base: np.ndarray
    basis: NoiseBasis


class FacesNoise(Generator):
    """One face under random noise whose every weight is known."""

    id = "faces-noise"
    title = "Faces + noise"
    icon = "face-recognition"
    help = "One base face under patch noise, for classification images."
    synthetic = "synthetic faces"
    strip_title = "Scales, cycles per image"
    Parameters = FaceNoiseParameters
    presets = (
        Preset("Default", "Gender-neutral face in noise"),
        Preset("paper-07", "Paper 07: gender, 512 px", {"n": 1000, "side": 512}),
        Preset("pairs", "Pairs for two-interval choice", {"n": 600, "pairs": True}),
    )

    def check(self, parameters: Any) -> list[Notice]:
        check_basis(parameters)
        if parameters.base == "file":  # only a file's picture can be unusable
            base_of(parameters, parameters.side)
        return theta_note(parameters, self.count(parameters))

    def shape(self, parameters: Any) -> tuple[int, ...]:
        return parameters.side, parameters.side

    def prepare(self, parameters: Any) -> Prepared:
        base = base_of(parameters, parameters.side)
        return Prepared(base, basis_of(parameters, parameters.side))

    def draw(self, parameters: Any, prepared: Prepared, start: int, stop: int) -> Batch:
        theta = signed_theta(parameters, prepared.basis.count, start, stop)
        images = np.empty((stop - start, *self.shape(parameters)), np.uint8)
        rows = []
        for k, index in enumerate(range(start, stop)):
            luminance = mixed(prepared.base, prepared.basis.images(theta[k]), parameters.gain)
            images[k] = luminance * 255 + 0.5
            rows.append(row_of(parameters, index, luminance))
        carried = not stores_seeds(parameters, self.count(parameters))
        return Batch(images, rows, {"theta": theta} if carried else {})

    def preview(self, parameters: Any, index: int = 0, side: int | None = None) -> Preview:
        small = parameters.changed(side=fitting(parameters, side))
        prepared = self.prepare(small)
        batch = self.draw(small, prepared, index, index + 1)
        theta = signed_theta(parameters, prepared.basis.count, index, index + 1)[0]
        noise = mixed(
            np.full_like(prepared.base, 0.5), prepared.basis.images(theta), parameters.gain
        )
        caption = (
            "base, from file"
            if parameters.base == "file"
            else f"base, gender {parameters.gender:.2f}"
        )
        sign = batch.rows[0]["sign"]
        ingredients = (
            (caption, _bytes(prepared.base)),
            (f"{sign} noise, gain {parameters.gain:.2f}", _bytes(noise)),
        )
        facts = (
            ("Mean luminance", None, f"{batch.rows[0]['mean']:.3f}"),
            ("Contrast (SD)", None, f"{batch.rows[0]['sd']:.3f}"),
            ("Width on the screen", None, f"{width_cm(parameters):.1f} cm"),
        )
        return Preview(
            batch.images[0], batch.rows[0], ingredients, scale_strip(parameters, theta), facts
        )

    def bytes_of(self, parameters: Any) -> int:
        return super().bytes_of(parameters) + theta_bytes(parameters, self.count(parameters))

    def methods(self, parameters: Any) -> str:
        whose = "a picture" if parameters.base == "file" else "a synthetic face"
        stretch = " (its luminance stretched from black to white)" if parameters.maximise else ""
        return (
            f"{self.count(parameters)} images of {whose}{stretch} in noise of "
            f"{basis_words(parameters)} were made at {parameters.side} × {parameters.side} px, "
            f"noise gain {parameters.gain:g}, seed {parameters.seed}; they subtend "
            f"{parameters.size:g}° at {parameters.distance:g} cm."
        )


def base_of(parameters: Any, side: int) -> np.ndarray:
    """The base face, (side, side) float32 in [0, 1]."""
    if parameters.base == "file":
        picture = base_picture(parameters.file, side)
    else:
        face = faces.default_face(parameters.gender, parameters.age, texture=0.0)
        if parameters.base == "face":
            rng = np.random.default_rng(parameters.identity)
            face = faces.sample_identities(rng, 1, 0, parameters.gender, parameters.age)
        expression = np.array([parameters.smile, 0.0, 0.0, 0.0])
        maps = CACHE.get(face, expression, map_size(side))
        view = faces.views(1, azimuth=parameters.azimuth)
        picture = faces.render(maps, 0, view, side)[0, 0]
    return stretched(picture) if parameters.maximise else np.asarray(picture)


def signed_theta(parameters: Any, count: int, start: int, stop: int) -> np.ndarray:
    """(stop - start, count) weights as drawn: the second of a pair has the first's, negated."""
    if not parameters.pairs:
        return theta_rows(parameters.seed, start, stop, count)
    first = start // 2
    both = theta_rows(parameters.seed, first, (stop + 1) // 2, count)
    index = np.arange(start, stop)
    signs = np.where(index % 2, np.float32(-1), np.float32(1))
    return both[index // 2 - first] * signs[:, None]


def row_of(parameters: Any, index: int, luminance: np.ndarray) -> dict[str, Any]:
    """The table row of an image."""
    return {
        "name": f"img_{index:05d}",
        "seed": parameters.seed,
        "trial": index // 2 if parameters.pairs else index,
        "sign": "-" if parameters.pairs and index % 2 else "+",
        "gain": parameters.gain,
        "mean": round(float(luminance.mean()), 5),
        "sd": round(float(luminance.std()), 5),
    }


def width_cm(parameters: Any) -> float:
    """Width on the screen of a picture of this visual angle."""
    return float(2.0 * parameters.distance * math.tan(math.radians(parameters.size) / 2.0))


def _bytes(luminance: np.ndarray) -> np.ndarray:
    return (luminance * 255 + 0.5).astype(np.uint8)


GENERATOR = FacesNoise()
