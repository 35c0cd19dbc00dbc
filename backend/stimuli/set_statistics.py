"""Statistics of a set: an image, a label, the whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backend.stimuli.matching import radial_mean, radius_index
from backend.stimuli.set_document import kind_of
from backend.stimuli.set_rows import strata
from backend.stimuli.stimulus_set import StimulusSet

MEASURES = ("mean", "sd", "rms", "min", "max", "slope", "ink")
WORDS = {
    "mean": "Mean luminance (0-255)",
    "sd": "SD of grey values",
    "rms": "RMS contrast (SD / mean)",
    "min": "Darkest",
    "max": "Brightest",
    "slope": "Slope of the amplitude spectrum (log-log)",
    "ink": "Share of pixels below grey 128",
}


def image_statistics(
    stimuli: StimulusSet, check: Callable[[], None] | None = None
) -> dict[str, np.ndarray]:
    """(n,) values of each measure of :data:`MEASURES`, on luminance (ITU-R 601).

    The slope is that of log10 amplitude (rotational average) over log10 frequency from 1 cycle per
    image to the shorter side's Nyquist frequency; NaN for images too small or flat.
    """
    found = {name: np.empty(len(stimuli)) for name in MEASURES}
    radius = radius_index(*stimuli.images.shape[1:3])
    for index in range(len(stimuli)):
        for name, value in statistics_of(luminance(stimuli.images[index]), radius).items():
            found[name][index] = value
        if check is not None and index % 64 == 0:
            check()
    return found


def luminance(image: np.ndarray) -> np.ndarray:
    """(H, W) float64 grey values 0 .. 255 of one image."""
    values = image.astype(float) * (1.0 if image.dtype == np.uint8 else 255.0)
    return values @ np.array([0.299, 0.587, 0.114]) if values.ndim == 3 else values


def statistics_of(grey: np.ndarray, radius: np.ndarray) -> dict[str, float]:
    """All measures of one image (H, W) in grey values."""
    mean, spread = float(grey.mean()), float(grey.std())
    return {
        "mean": mean,
        "sd": spread,
        "rms": spread / mean if mean else float("nan"),
        "min": float(grey.min()),
        "max": float(grey.max()),
        "slope": spectrum_slope(grey, radius),
        "ink": float((grey < 128).mean()),
    }


def spectrum_slope(grey: np.ndarray, radius: np.ndarray) -> float:
    """Slope of log amplitude over log frequency; NaN where there is none."""
    top = min(grey.shape) // 2
    if top < 3:
        return float("nan")
    profile = radial_mean(np.abs(np.fft.fft2(grey)), radius)[1 : top + 1]
    there = profile > 1e-9 * max(1.0, float(profile.max()))
    if there.sum() < 3 or profile.max() < 1e-6:
        return float("nan")
    frequency = np.log10(np.arange(1, top + 1)[there])
    return float(np.polyfit(frequency, np.log10(profile[there]), 1)[0])


def summary(
    stimuli: StimulusSet, statistics: dict[str, np.ndarray], by: str | None = None
) -> list[dict[str, Any]]:
    """Rows "all" and one for each value of ``by``: count, and mean and sd over images."""
    groups: dict[Any, list[int]] = {"all": list(range(len(stimuli)))}
    if by is not None:
        groups |= {f"{by} {value}": rows for value, rows in strata(stimuli, by).items()}
    lines = []
    for name, rows in groups.items():
        line: dict[str, Any] = {"group": name, "images": len(rows)}
        for measure, values in statistics.items():
            chosen = values[rows][np.isfinite(values[rows])]
            line[measure] = float(chosen.mean()) if chosen.size else float("nan")
            line[f"{measure}_sd"] = float(chosen.std()) if chosen.size else float("nan")
        lines.append(line)
    return lines


def column_summary(stimuli: StimulusSet, by: str) -> list[dict[str, Any]]:
    """For each value of ``by``: images, and mean and SD of every column of numbers.

    For shapes this is the validation table: pieces, holes, ink, edge and rejects a category.
    """
    numbers = [name for name, values in stimuli.table.items()
               if name != by and kind_of(values) in ("bool", "int", "float")]  # fmt: skip
    lines = []
    for value, rows in strata(stimuli, by).items():
        line: dict[str, Any] = {by: value, "images": len(rows)}
        for name in numbers:
            chosen = np.array([stimuli.table[name][row] for row in rows], float)
            chosen = chosen[np.isfinite(chosen)]
            line[name] = float(chosen.mean()) if chosen.size else float("nan")
            line[f"{name}_sd"] = float(chosen.std()) if chosen.size else float("nan")
        lines.append(line)
    return lines
