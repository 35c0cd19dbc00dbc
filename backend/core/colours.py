"""Colour tokens of the two themes and the fixed meanings of data colours (UI.md section 4).

Plain hex strings, so that window, report and exported figures share one table.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Literal

import numpy as np

Theme = Literal["light", "dark"]

MAPS = Path(__file__).parents[2] / "resources" / "maps"

TOKENS = {
    # name: (light, dark)
    "window": ("#ECEEF1", "#1E2227"),
    "panel": ("#F7F8FA", "#23282E"),
    "base": ("#FFFFFF", "#14181C"),
    "alt": ("#F3F5F7", "#191E23"),
    "rail": ("#E2E6EA", "#181C20"),
    "border": ("#D3D8DE", "#363D46"),
    "field": ("#868F9B", "#78838F"),
    "text": ("#1B1F24", "#E7EAEE"),
    "text2": ("#4A525C", "#B4BCC6"),
    "text3": ("#5C6671", "#95A0AB"),
    "accent": ("#17609F", "#6DB3F2"),
    "fill": ("#17609F", "#2F77BC"),
    "onfill": ("#FFFFFF", "#FFFFFF"),
    "sel": ("#CFE3F6", "#264B6E"),
    "ok": ("#1A6E44", "#63C891"),
    "okbg": ("#E2F2E9", "#1D3A2B"),
    "warn": ("#8A5A00", "#E5B454"),
    "warnbg": ("#FBF0D6", "#3D3217"),
    "err": ("#B3261E", "#F28B82"),
    "errbg": ("#FBE7E5", "#45211F"),
    "runbg": ("#DDEBF8", "#1F3A55"),
    "ncbg": ("#E9ECF0", "#2F363D"),
    "grid": ("#ECEFF2", "#20262C"),
}

CATEGORICAL = (
    ("#516FE4", "#4C97FB"),
    ("#941B08", "#EB861C"),
    ("#3E734C", "#65FBE0"),
    ("#90459C", "#A97BBC"),
    ("#AC8C2A", "#F3D76F"),
    ("#E65C95", "#E0546C"),
    ("#07A0CC", "#0FCAFC"),
    ("#434853", "#A8A8A8"),
)

MEANINGS = {
    "E": 2, "I": 1, "F": 8, "input": 8, "readout": 4,
    "net": 3,
    "figure": 1, "background": 8, "hole": 2, "hole2": 5, "hole3": 3,
    "target": 2, "near": 5, "far": 8,
    "A": 1, "B": 2, "C": 3,
    "people": 4, "spiking": 1, "network": 2, "cortex": 3,
}  # fmt: skip
"""Meaning → number of the categorical colour."""


def hex_colour(meaning: str, dark: bool) -> str:
    """Hex colour of a meaning ("E", "figure"), a category number ("1" …) or a token.

    "theory" and "paper" are the text colour, "mark" is white; an unknown meaning raises KeyError.
    """
    if meaning.isdigit() or meaning in MEANINGS:
        number = MEANINGS.get(meaning) or int(meaning)
        return CATEGORICAL[(number - 1) % 8][int(dark)]
    if meaning == "mark":
        return "#FFFFFF"
    return TOKENS["text" if meaning in ("theory", "paper") else meaning][int(dark)]


DIVERGING = ("CET-D1A", "CET-CBD1", "hot-cold")


def colour_limits(values: np.ndarray, map_name: str = "") -> tuple[float, float]:
    """Ends of a scale of colours, on the screen and on paper alike; missing values do not count.

    0, or the least value where some are negative, to the 99th percentile (a value that occurs: of
    a hundred values or fewer, the largest). Both ends of a diverging map are as far from 0.
    """
    good = values[np.isfinite(values)]
    if not good.size:
        return 0.0, 1.0
    if map_name in DIVERGING:
        end = float(np.percentile(np.abs(good), 99, method="higher")) or 1.0
        return -end, end
    low, high = min(0.0, float(good.min())), float(np.percentile(good, 99, method="higher"))
    high = high if high > low else float(good.max())
    return low, high if high > low else low + 1.0


@functools.cache
def map_table(name: str) -> np.ndarray:
    """Colour table (256, 4) uint8 RGBA of a bundled map; FileNotFoundError if there is none."""
    lines = (MAPS / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    rows = [line.split(";")[0].split(",")[:3] for line in lines if line and line[0] != ";"]
    table = np.full((256, 4), 255, np.uint8)
    table[:, :3] = (255 * np.array(rows, float) + 0.5).astype(np.uint8)
    return table


@functools.cache
def overlay_table(name: str) -> np.ndarray:
    """Colour table (256, 4) of a map, or of one made for overlays on cortex (UI.md section 4).

    "hot-cold": cold end CET-L6 240..70 reversed, warm end CET-L4 80..250. "warm": CET-L4 from 80.
    """
    if name == "hot-cold":
        cold, warm = map_table("CET-L6")[70:241][::-1], map_table("CET-L4")[80:251]
        return np.concatenate([_resample(cold, 128), _resample(warm, 128)])
    if name == "warm":
        return _resample(map_table("CET-L4")[80:], 256)
    return map_table(name)


def _resample(table: np.ndarray, n: int) -> np.ndarray:
    return table[np.linspace(0, len(table) - 1, n).round().astype(int)]
