"""Colour tokens of the two themes and the fixed meanings of data colours (UI.md section 4).

Plain hex strings, so that window, report and exported figures share one table.
"""

from __future__ import annotations

from typing import Literal

Theme = Literal["light", "dark"]

CATEGORIES: dict[Theme, tuple[str, ...]] = {
    "light": (
        "#516FE4", "#941B08", "#3E734C", "#90459C", "#AC8C2A", "#E65C95", "#07A0CC", "#434853",
    ),
    "dark": (
        "#4C97FB", "#EB861C", "#65FBE0", "#A97BBC", "#F3D76F", "#E0546C", "#0FCAFC", "#A8A8A8",
    ),
}  # fmt: skip

MEANINGS: dict[str, int] = {
    "E": 2, "I": 1, "F": 8, "readout": 4,
    "figure": 1, "background": 8, "hole": 2, "hole2": 5, "hole3": 3,
    "target": 2, "near": 5, "far": 8,
    "people": 4, "spiking": 1, "network": 2, "cortex": 3,
    "net": 3,
}  # fmt: skip
"""Meaning → number of the categorical colour."""

TOKENS: dict[str, dict[Theme, str]] = {
    "window": {"light": "#ECEEF1", "dark": "#1E2227"},
    "panel": {"light": "#F7F8FA", "dark": "#23282E"},
    "base": {"light": "#FFFFFF", "dark": "#14181C"},
    "alt": {"light": "#F3F5F7", "dark": "#191E23"},
    "rail": {"light": "#E2E6EA", "dark": "#181C20"},
    "border": {"light": "#D3D8DE", "dark": "#363D46"},
    "field": {"light": "#868F9B", "dark": "#78838F"},
    "text": {"light": "#1B1F24", "dark": "#E7EAEE"},
    "text2": {"light": "#4A525C", "dark": "#B4BCC6"},
    "text3": {"light": "#5C6671", "dark": "#95A0AB"},
    "accent": {"light": "#17609F", "dark": "#6DB3F2"},
    "fill": {"light": "#17609F", "dark": "#2F77BC"},
    "sel": {"light": "#CFE3F6", "dark": "#264B6E"},
    "ok": {"light": "#1A6E44", "dark": "#63C891"},
    "okbg": {"light": "#E2F2E9", "dark": "#1D3A2B"},
    "warn": {"light": "#8A5A00", "dark": "#E5B454"},
    "warnbg": {"light": "#FBF0D6", "dark": "#3D3217"},
    "err": {"light": "#B3261E", "dark": "#F28B82"},
    "errbg": {"light": "#FBE7E5", "dark": "#45211F"},
    "runbg": {"light": "#DDEBF8", "dark": "#1F3A55"},
    "ncbg": {"light": "#E9ECF0", "dark": "#2F363D"},
    "grid": {"light": "#ECEFF2", "dark": "#20262C"},
}
"""Token → hex by theme."""

MARK = "#FFFFFF"
"""Markers on images: white with a dark halo, in both themes."""


def data_colour(meaning: str, theme: Theme = "light") -> str:
    """Hex colour of a meaning ("E", "figure"), a category number ("1".."8") or a token.

    "theory" and "paper" are the text colour; an unknown meaning raises KeyError.
    """
    if meaning in ("theory", "paper"):
        return TOKENS["text"][theme]
    if meaning == "mark":
        return MARK
    if meaning in TOKENS:
        return TOKENS[meaning][theme]
    number = MEANINGS[meaning] if meaning in MEANINGS else int(meaning)
    return CATEGORIES[theme][(number - 1) % 8]
