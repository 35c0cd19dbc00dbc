"""Sine and square gratings, plaids and Gabor patches with contrast as measured in the pixels."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np

from backend.core.parameters import Notice, ParameterError, Parameters, parameter
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

Vary = Literal["nothing", "orientation", "frequency", "phase", "contrast"]
VARIED = ("orientation", "frequency", "phase", "contrast")
LEAST_PX = 4
"""Of a cycle, so that its bars can be seen."""
TOLERANCE = 0.01
"""Largest difference of asked and measured contrast (one grey level in 255 is 0.004)."""


class GratingParameters(Parameters):
    """One grating, and what changes from picture to picture."""

    n: int = count_parameter(12)
    side: int = side_parameter(256, 32, 1024)
    seed: int = seed_parameter()
    wave: Literal["sine", "square", "gabor", "plaid"] = parameter(
        "sine", "Grating", group="Grating",
        labels={"gabor": "Gabor patch", "plaid": "plaid (two sines at 90°)"},
        help="Gabor: a sine under a Gaussian window.",
    )  # fmt: skip
    orientation: float = parameter(
        0.0, "Orientation", unit="°", low=-180.0, high=180.0, step=1.0, group="Grating",
        help="Of the bars, counter-clockwise from vertical.",
    )  # fmt: skip
    frequency: float = parameter(
        8.0, "Spatial frequency", symbol="f", low=0.1, high=512.0, step=0.1, group="Grating",
        help="In cycles per image or per degree, as chosen below.",
    )  # fmt: skip
    per: Literal["image", "degree"] = parameter(
        "image", "Cycles per", group="Grating", help="Per degree needs the picture's visual angle."
    )
    degrees: float = parameter(
        4.0, "Visual angle", unit="°", low=0.1, high=60.0, step=0.1, group="Grating",
        shown_if=("per", ["degree"]), help="Of the picture's side, as it will be shown.",
    )  # fmt: skip
    phase: float = parameter(
        0.0, "Phase", unit="°", low=-360.0, high=360.0, step=5.0, group="Grating",
        help="0 has a bright bar in the centre.",
    )  # fmt: skip
    random_phase: bool = parameter(
        False, "Random phase", group="Grating", help="A new phase for every picture."
    )
    contrast: float = parameter(
        0.5, "Contrast", low=0.0, high=1.0, step=0.01, group="Contrast", decimals=3,
        help="Michelson or RMS contrast, as chosen below.",
    )  # fmt: skip
    measure: Literal["Michelson", "RMS"] = parameter(
        "Michelson", "Contrast is", group="Contrast",
        help="RMS: standard deviation of luminance, black 0 and white 1, of the whole picture.",
    )  # fmt: skip
    mean: float = parameter(
        0.5, "Mean luminance", low=0.05, high=0.95, step=0.01, group="Contrast",
        help="Between black (0) and white (1).",
    )  # fmt: skip
    sigma: float = parameter(
        15.0, "Window", symbol="σ", unit="%", low=2.0, high=50.0, step=0.5, group="Window",
        shown_if=("wave", ["gabor"]), help="Standard deviation, in percent of the side.",
    )  # fmt: skip
    aperture: Literal["none", "disc", "soft disc"] = parameter(
        "none", "Aperture", group="Window", shown_if=("wave", ["sine", "square", "plaid"]),
        help="A disc as wide as the picture; soft: raised cosine over a tenth of it.",
    )  # fmt: skip
    vary: Vary = parameter(
        "nothing", "Series over", group="Series", change="rebuild",
        help="One value is changed from picture to picture.",
    )  # fmt: skip
    first: float = parameter(
        0.0, "First value", low=-360.0, high=512.0, group="Series", change="rebuild",
        shown_if=("vary", VARIED), decimals=3,
    )  # fmt: skip
    step: float = parameter(
        15.0, "Step", low=-180.0, high=180.0, group="Series", change="rebuild", decimals=3,
        shown_if=("vary", VARIED), help="From one level to the next.",
    )  # fmt: skip
    levels: int = parameter(
        12, "Levels", low=1, high=1000, group="Series", change="rebuild",
        shown_if=("vary", VARIED), help="After so many levels the series begins again.",
    )  # fmt: skip


class Gratings(Generator):
    """Gratings whose frequency and contrast are checked before anything is drawn."""

    id = "gratings"
    title = "Gratings"
    icon = "waveform"
    help = "Sine and square gratings, plaids and Gabor patches; series of any value."
    synthetic = "synthetic gratings"
    Parameters = GratingParameters
    presets = (
        Preset("Default", "Sine grating, 8 cycles", {"n": 12}),
        Preset("orientations", "12 orientations, 15° apart", {"vary": "orientation"}),
        Preset("gabor", "Gabor patches, 12 orientations",
               {"wave": "gabor", "vary": "orientation", "contrast": 0.9}),
        Preset("contrasts", "Gabor contrasts, 0.05 to 0.95",
               {"wave": "gabor", "vary": "contrast", "first": 0.05, "step": 0.1, "levels": 10,
                "n": 100, "random_phase": True}),
        Preset("frequencies", "Sines of 2 to 24 cycles",
               {"vary": "frequency", "first": 2.0, "step": 2.0}),
    )  # fmt: skip

    def check(self, parameters: Any) -> list[Notice]:
        """Refuse frequencies the pixels cannot carry and contrasts that would be clipped."""
        count = min(parameters.n, parameters.levels if parameters.vary != "nothing" else 1)
        for index in {0, count - 1}:
            used = self.used(parameters, index)
            self._check_one(parameters, used)
        if parameters.per == "degree" and cycles(parameters, parameters.frequency) < 1:
            return [Notice("frequency", "Less than one cycle", "The picture shows a gradient.")]
        return self._flattened(parameters)

    def _flattened(self, parameters: Any) -> list[Notice]:
        """Where the peaks of a sine fall between the pixels."""
        if parameters.measure == "RMS" or parameters.wave != "sine":
            return []
        used = self.used(parameters, 0)
        pattern = self.pattern(parameters, used)
        counted = used["contrast"] * float(np.ptp(pattern)) / 2
        if used["contrast"] - counted < TOLERANCE:
            return []
        return [Notice(
            "frequency", "Peaks fall between the pixels",
            f"Michelson contrast {counted:.3f} can be counted, {used['contrast']:g} was asked. "
            "Use fewer cycles or larger pictures.",
        )]  # fmt: skip

    def _check_one(self, parameters: Any, used: dict[str, float]) -> None:
        most = parameters.side / LEAST_PX
        if not 0 < cycles(parameters, used["frequency"]) <= most:
            limit = most / (parameters.degrees if parameters.per == "degree" else 1)
            raise ParameterError(
                "frequency",
                f"{parameters.side} px carry at most {limit:g} cycles per {parameters.per}; "
                f"{used['frequency']:g} were asked. Lower the frequency or draw larger pictures.",
                limit,
            )
        if not 0 <= used["contrast"] <= 1:
            raise ParameterError(
                "contrast", f"The series reaches contrast {used['contrast']:.3g}; contrasts go "
                "from 0 to 1. Change its first value, step or levels.",
            )  # fmt: skip
        pattern = self.pattern(parameters, used)
        reach = amplitude(parameters, used["contrast"], pattern) * np.abs(pattern).max()
        room = min(parameters.mean, 1 - parameters.mean)
        if reach > room + 1e-9:
            most = used["contrast"] * room / reach
            raise ParameterError(
                "contrast",
                f"{parameters.measure} contrast {used['contrast']:.3g} at mean "
                f"{parameters.mean:g} would be clipped; at most {most:.3g} fits.",
                math.floor(most * 1000) / 1000,
            )

    def shape(self, parameters: Any) -> tuple[int, ...]:
        return parameters.side, parameters.side

    def used(self, parameters: Any, index: int) -> dict[str, float]:
        """Orientation, frequency, phase and contrast of picture ``index``."""
        values = {name: float(getattr(parameters, name)) for name in VARIED}
        if parameters.vary != "nothing":
            level = index % parameters.levels
            values[parameters.vary] = round(parameters.first + parameters.step * level, 9)
        if parameters.random_phase:
            values["phase"] = round(float(image_rng(parameters.seed, index).uniform(0, 360)), 6)
        return values

    def pattern(self, parameters: Any, used: dict[str, float]) -> np.ndarray:
        """(side, side) float64 in [-1, 1] before contrast."""
        side = parameters.side
        place = (np.arange(side) - (side - 1) / 2) / side
        x, y = place[None, :], place[:, None]
        turn, shift = math.radians(used["orientation"]), math.radians(used["phase"])
        wave = 2 * math.pi * cycles(parameters, used["frequency"])
        pattern = np.cos(wave * (x * math.cos(turn) - y * math.sin(turn)) + shift)
        if parameters.wave == "square":
            pattern = np.where(pattern >= 0, 1.0, -1.0)
        elif parameters.wave == "plaid":
            across = np.cos(wave * (x * math.sin(turn) + y * math.cos(turn)) + shift)
            pattern = (pattern + across) / 2
        return pattern * self.window(parameters, np.hypot(x, y))

    def window(self, parameters: Any, distance: np.ndarray) -> np.ndarray:
        """Weight of each pixel from its distance to the centre (1 is the side)."""
        if parameters.wave == "gabor":
            return np.exp(-0.5 * (distance / (parameters.sigma / 100)) ** 2)
        if parameters.aperture == "none":
            return np.ones_like(distance)
        soft = 0.1 if parameters.aperture == "soft disc" else 0.0
        if not soft:
            return (distance < 0.5).astype(float)
        return 0.5 + 0.5 * np.cos(np.pi * np.clip((distance - 0.5 + soft) / soft, 0, 1))

    def draw(self, parameters: Any, prepared: Any, start: int, stop: int) -> Batch:
        images, rows = [], []
        for index in range(start, stop):
            used = self.used(parameters, index)
            pattern = self.pattern(parameters, used)
            grey = parameters.mean + amplitude(parameters, used["contrast"], pattern) * pattern
            image = np.clip(np.rint(grey * 255), 0, 255).astype(np.uint8)
            images.append(image)
            rows.append(row_of(parameters, used, image, index))
        return Batch(np.stack(images), rows)

    def preview(self, parameters: Any, index: int = 0, side: int | None = None) -> Preview:
        """One grating with asked and measured contrast; the strip shows the series."""
        batch = self.draw(parameters, None, index, index + 1)
        image, row = batch.images[0], batch.rows[0]
        strip = []
        if parameters.vary != "nothing":
            small = parameters.changed(side=min(parameters.side, 96))
            for level in range(min(parameters.levels, 12)):
                caption = f"{parameters.first + parameters.step * level:g}"
                strip.append((caption, self.draw(small, None, level, level + 1).images[0]))
        key = "michelson" if parameters.measure == "Michelson" else "rms"
        known = key == "rms" or parameters.wave in ("sine", "square")
        good = abs(row[key] - row["contrast"]) < TOLERANCE if known else None
        facts = (
            (f"{parameters.measure} contrast, asked {row['contrast']:.3g}", good,
             f"{row[key]:.3f}"),
            ("Mean luminance", None, f"{image.mean() / 255:.3f}"),
            ("Cycles per image", None, f"{cycles(parameters, row['frequency']):g}"),
        )  # fmt: skip
        return Preview(image, row, (), tuple(strip), facts)

    def methods(self, parameters: Any) -> str:
        varied = "" if parameters.vary == "nothing" else (
            f" The {parameters.vary} went from {parameters.first:g} in {parameters.levels} steps "
            f"of {parameters.step:g}."
        )  # fmt: skip
        return (
            f"{super().methods(parameters)} {parameters.wave.capitalize()} gratings had "
            f"{parameters.frequency:g} cycles per {parameters.per}, mean luminance "
            f"{parameters.mean:g} and {parameters.measure} contrast {parameters.contrast:g} "
            f"(8-bit grey values, linear).{varied}"
        )


def cycles(parameters: Any, frequency: float) -> float:
    """Cycles over the whole picture."""
    return frequency * (parameters.degrees if parameters.per == "degree" else 1.0)


def amplitude(parameters: Any, contrast: float, pattern: np.ndarray) -> float:
    """Factor of the pattern that gives the contrast (Michelson: of the full wave)."""
    if parameters.measure == "Michelson":
        return contrast * parameters.mean
    spread = float(pattern.std())
    return contrast / spread if spread else 0.0


def row_of(parameters: Any, used: dict[str, float], image: np.ndarray, index: int) -> dict:
    """The table row, contrast measured in the pixels."""
    low, high, mean = float(image.min()), float(image.max()), float(image.mean())
    return {
        "name": f"grating_{index:05d}",
        "wave": parameters.wave,
        **used,
        "michelson": round((high - low) / (high + low), 6) if high + low else 0.0,
        "rms": round(float(image.std()) / 255, 6),
        "mean": round(mean / 255, 6),
    }


GENERATOR = Gratings()
