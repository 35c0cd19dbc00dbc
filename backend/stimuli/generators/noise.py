"""Noise fields as a stimulus set: sinusoid patches, white, pink, band-passed, phase-scrambled."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from backend.core.parameters import Notice, ParameterError, Parameters, parameter
from backend.stimuli import noise_fields
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
from backend.stimuli.noise_basis import theta_rows

BASIS = ("sinusoid patches", "gabor patches")
CLIPPED, UNCLIPPED = 0.01, 0.19
"""Share of clipped pixels that is told, and the contrast of a normal field that stays below."""
FIELDS = ("white", "pink", "band-passed", "phase-scrambled")
Kind = Literal[
    "sinusoid patches", "gabor patches", "white", "pink", "band-passed", "phase-scrambled"
]


class NoiseParameters(Parameters):
    """Which noise, and its contrast."""

    kind: Kind = parameter(
        "sinusoid patches", "Kind", group="Noise",
        labels={"pink": "pink (1/f)", "phase-scrambled": "phase-scrambled picture"},
        help="Patches are the basis of reverse correlation; their weights are kept with the set.",
        source="07-face-gender-reverse-correlation, section 2.1",
    )  # fmt: skip
    gain: float = parameter(
        1.0, "Gain", symbol="g", low=0.0, high=5.0, step=0.1, group="Noise",
        shown_if=("kind", BASIS), help="Luminance is 0.5 + g N / 0.6.",
    )  # fmt: skip
    scale_2: bool = scale_parameter(2, ("kind", BASIS))
    scale_4: bool = scale_parameter(4, ("kind", BASIS))
    scale_8: bool = scale_parameter(8, ("kind", BASIS))
    scale_16: bool = scale_parameter(16, ("kind", BASIS))
    scale_32: bool = scale_parameter(32, ("kind", BASIS))
    contrast: float = parameter(
        0.15, "RMS contrast", low=0.0, high=0.5, step=0.01, group="Noise",
        shown_if=("kind", FIELDS),
        help="Standard deviation of luminance, black 0 and white 1, before clipping.",
    )  # fmt: skip
    exponent: float = parameter(
        1.0, "Exponent", low=0.0, high=3.0, step=0.05, group="Noise", shown_if=("kind", ["pink"]),
        help="Amplitude falls as 1 / f to this power; 1 is that of natural scenes.",
    )  # fmt: skip
    unit: Literal["cycles/image", "cycles/°"] = parameter(
        "cycles/image", "Band in", group="Noise", shown_if=("kind", ["band-passed"])
    )
    low: float = parameter(
        4.0, "Lowest frequency", low=0.0, high=512.0, step=0.5, log=False, group="Noise",
        shown_if=("kind", ["band-passed"]),
    )  # fmt: skip
    high: float = parameter(
        16.0, "Highest frequency", low=0.1, high=512.0, step=0.5, log=False, group="Noise",
        shown_if=("kind", ["band-passed"]),
    )  # fmt: skip
    file: str = file_parameter("camera", ("kind", ["phase-scrambled"]))
    size: float = parameter(
        8.2, "Size", unit="°", low=0.5, high=60.0, step=0.1, group="On the screen",
        change="recompute", help="Visual angle of the picture; sets cycles per degree.",
    )  # fmt: skip
    n: int = count_parameter(100)
    side: int = side_parameter(256)
    seed: int = seed_parameter()


class Noise(Generator):
    """Noise of known spectrum."""

    id = "noise"
    title = "Noise"
    icon = "blur"
    help = "Random fields of a wanted spectrum and contrast; patch noise keeps its weights."
    synthetic = "synthetic noise"
    strip_title = "Five scales, cycles per image"
    Parameters = NoiseParameters
    presets = (
        Preset("Default", "Sinusoid patches"),
        Preset("white", "White noise", {"kind": "white"}),
        Preset("pink", "Pink noise", {"kind": "pink"}),
        Preset("band", "Band of 4 to 16 cycles per image", {"kind": "band-passed"}),
        Preset("scrambled", "Phase-scrambled photograph", {"kind": "phase-scrambled"}),
    )  # fmt: skip

    def check(self, parameters: Any) -> list[Notice]:
        if parameters.kind in BASIS:
            check_basis(parameters)
            return theta_note(parameters, self.count(parameters))
        if parameters.kind == "band-passed":
            band_of(parameters)
        lost = math.erfc(0.5 / (parameters.contrast * 2**0.5)) if parameters.contrast else 0.0
        if lost > CLIPPED:
            return [Notice(
                "contrast", "Luminance is clipped",
                f"About {100 * lost:.0f} % of the pixels would be darker than black or brighter "
                f"than white, so the contrast counted is lower. Use {UNCLIPPED:g} or less.",
            )]  # fmt: skip
        if parameters.kind == "phase-scrambled":
            base_picture(parameters.file, parameters.side)
        return []

    def shape(self, parameters: Any) -> tuple[int, ...]:
        return parameters.side, parameters.side

    def prepare(self, parameters: Any) -> Any:
        if parameters.kind in BASIS:
            return basis_of(parameters, parameters.side)
        if parameters.kind == "phase-scrambled":
            return base_picture(parameters.file, parameters.side)
        return None

    def draw(self, parameters: Any, prepared: Any, start: int, stop: int) -> Batch:
        if parameters.kind in BASIS:
            return _patches(parameters, prepared, start, stop, self.count(parameters))
        images = np.empty((stop - start, *self.shape(parameters)), np.uint8)
        rows = []
        for index in range(start, stop):
            field = field_of(parameters, prepared, image_rng(parameters.seed, index))
            luminance, clipped = noise_fields.at_contrast(field, parameters.contrast)
            images[index - start] = luminance * 255 + 0.5
            row = row_of(parameters, index, luminance)
            rows.append(row | {"clipped": round(clipped, 6)})
        return Batch(images, rows)

    def preview(self, parameters: Any, index: int = 0, side: int | None = None) -> Preview:
        small = parameters.changed(side=fitting(parameters, side))
        batch = self.draw(small, self.prepare(small), index, index + 1)
        row = batch.rows[0]
        patches = parameters.kind in BASIS
        theta = theta_of(parameters, index, index + 1)[0] if patches else None
        strip = () if theta is None else scale_strip(parameters, theta)
        facts = (
            self._contrast_fact(parameters, row["rms"]),
            ("Clipped pixels", row["clipped"] <= CLIPPED, f"{100 * row['clipped']:.2f} %"),
        )
        return Preview(batch.images[0], row, strip=strip, facts=facts)

    @staticmethod
    def _contrast_fact(parameters: Any, rms: float) -> tuple[str, bool | None, str]:
        if parameters.kind in BASIS:
            return "RMS contrast", None, f"{rms:.3f}"
        asked = parameters.contrast
        return f"RMS contrast, asked {asked:g}", abs(rms - asked) <= 0.05 * asked, f"{rms:.3f}"

    def bytes_of(self, parameters: Any) -> int:
        weights = theta_bytes(parameters, self.count(parameters))
        return super().bytes_of(parameters) + (weights if parameters.kind in BASIS else 0)

    def methods(self, parameters: Any) -> str:
        what = {
            "pink": f"of amplitude 1/f^{parameters.exponent:g}",
            "band-passed": f"of {parameters.low:g} to {parameters.high:g} {parameters.unit}",
        }.get(parameters.kind, "")
        if parameters.kind in BASIS:
            return (
                f"{self.count(parameters)} noise images of {basis_words(parameters)}, "
                f"gain {parameters.gain:g}, {parameters.side} px a side, seed {parameters.seed}."
            )
        return (
            f"{self.count(parameters)} images of {parameters.kind} noise {what}".rstrip()
            + f", RMS contrast {parameters.contrast:g}, {parameters.side} px a side, "
            f"seed {parameters.seed}."
        )


def fitting(parameters: Any, side: int | None) -> int:
    """The side asked for, as a multiple of 16 where the kind needs one."""
    if side is None or side >= parameters.side:
        return int(parameters.side)
    return max(16, side // 16 * 16)


def band_of(parameters: Any) -> tuple[float, float]:
    """The band in cycles/image; ParameterError when it is empty."""
    scale = parameters.size if parameters.unit == "cycles/°" else 1.0
    low, high = parameters.low * scale, parameters.high * scale
    if low > high:
        raise ParameterError(
            "high",
            f"The band is empty: its highest frequency {parameters.high:g} is below its lowest, "
            f"{parameters.low:g}. Raise the highest.",
            parameters.low,
        )
    if low > parameters.side / 2**0.5 or np.floor(high) < max(1.0, np.ceil(low)):
        raise ParameterError(
            "low",
            f"No frequency of a {parameters.side} px picture lies between {low:g} and {high:g} "
            "cycles/image. Widen the band.",
        )
    return low, high


def field_of(parameters: Any, picture: Any, rng: np.random.Generator) -> np.ndarray:
    """One field of unit variance."""
    if parameters.kind == "pink":
        return noise_fields.pink(rng, parameters.side, parameters.exponent)
    if parameters.kind == "band-passed":
        return noise_fields.band_passed(rng, parameters.side, *band_of(parameters))
    if parameters.kind == "phase-scrambled":
        return noise_fields.phase_scrambled(rng, picture)
    return noise_fields.white(rng, parameters.side)


def theta_of(parameters: Any, start: int, stop: int) -> np.ndarray:
    """Weights of images start .. stop - 1."""
    return theta_rows(parameters.seed, start, stop, basis_of(parameters, 16).count)


def row_of(parameters: Any, index: int, luminance: np.ndarray) -> dict[str, Any]:
    """The table row of an image."""
    return {
        "name": f"noise_{index:05d}",
        "kind": parameters.kind,
        "seed": parameters.seed,
        "trial": index,
        "mean": round(float(luminance.mean()), 5),
        "rms": round(float(luminance.std()), 5),
    }


def _patches(parameters: Any, basis: Any, start: int, stop: int, count: int) -> Batch:
    theta = theta_of(parameters, start, stop)
    images = np.empty((stop - start, parameters.side, parameters.side), np.uint8)
    rows = []
    for k, index in enumerate(range(start, stop)):
        field = basis.images(theta[k]) / np.float32(0.6)
        luminance, clipped = noise_fields.at_contrast(field, parameters.gain)
        images[k] = luminance * 255 + 0.5
        rows.append(row_of(parameters, index, luminance) | {"clipped": round(clipped, 6)})
    return Batch(images, rows, {} if stores_seeds(parameters, count) else {"theta": theta})


GENERATOR = Noise()
