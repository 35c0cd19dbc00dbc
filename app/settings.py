"""Preferences: declared like a study's parameters, so the same form edits them."""

from __future__ import annotations

from typing import Literal

from backend.core.files import FileProblem, read_json, write_json
from backend.core.parameters import ParameterError, Parameters, parameter
from backend.core.store import home


class Settings(Parameters):
    """What the user prefers; stored as JSON on every change."""

    theme: Literal["system", "light", "dark"] = parameter(
        "system",
        "Theme",
        labels={"system": "As the system", "light": "Light", "dark": "Dark"},
        group="Appearance",
        help="Light or dark colours. Exported figures are light unless you choose otherwise.",
    )
    font_size: int = parameter(
        9, "Font size", unit="pt", low=8, high=16, group="Appearance",
        help="Body text; everything else scales with it.",
    )  # fmt: skip
    system_font: bool = parameter(False, "Use the system font", group="Appearance")
    high_contrast: bool = parameter(False, "High contrast", group="Appearance")
    restore: bool = parameter(
        True, "Reopen the last session", group="Start",
        help="Parameters and panels as they were at the last end of the program.",
    )  # fmt: skip
    hints: bool = parameter(True, "Show first-run hints", group="Start")


def load() -> Settings:
    """Stored preferences; defaults for a missing or damaged file or value."""
    try:
        document = read_json(home() / "settings.json")
    except FileProblem:
        return Settings()
    settings = Settings()
    if not isinstance(document, dict):
        return settings
    for name, value in document.items():
        try:
            settings = settings.changed(**{name: value})
        except ParameterError:
            continue
    return settings


def save(settings: Settings) -> None:
    """Store preferences atomically."""
    write_json(home() / "settings.json", settings.document())
