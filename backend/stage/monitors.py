"""Monitor profiles: size, distance, gamma and rate of the screens a laboratory uses."""

from __future__ import annotations

import dataclasses
import math
import re
from pathlib import Path
from typing import Any

from backend.core.files import FileProblem, read_json, write_json
from backend.core.parameters import ParameterError, show_number
from backend.core.store import home

LIMITS = {
    "width_mm": (10.0, 10_000.0),
    "height_mm": (10.0, 10_000.0),
    "distance_mm": (50.0, 20_000.0),
    "width_px": (100, 20_000),
    "height_px": (100, 20_000),
    "gamma": (0.5, 5.0),
    "hz": (10.0, 1000.0),
}


@dataclasses.dataclass(frozen=True)
class MonitorProfile:
    """A screen as the participant sees it.

    Attributes
    ----------
    width_mm, height_mm : of the picture area; ``distance_mm`` from the eye.
    gamma : exponent of luminance against gray level; ``hz`` as last measured.
    """

    name: str = "Standard 24 inch"
    width_mm: float = 531.0
    height_mm: float = 299.0
    distance_mm: float = 700.0
    width_px: int = 1920
    height_px: int = 1080
    gamma: float = 2.2
    hz: float = 60.0

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            value = getattr(self, name)
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise ParameterError(name, f"{words(name)} of the monitor needs a number.")
            if not (math.isfinite(value) and low <= value <= high):
                raise ParameterError(
                    name,
                    f"{words(name)} of the monitor goes from {show_number(low)} to "
                    f"{show_number(high)}; {show_number(value)} was given.",
                    low if value < low else high,
                )

    @property
    def mm_per_px(self) -> float:
        """Pixel pitch (horizontal)."""
        return self.width_mm / self.width_px

    def px(self, degrees: float) -> float:
        """Length in px of a visual angle centred on the line of sight."""
        return mm_of_angle(degrees, self.distance_mm) / self.mm_per_px

    def offset_px(self, degrees: float) -> float:
        """Distance in px from the middle of the screen of a point at this angle from it."""
        return self.distance_mm * math.tan(math.radians(degrees)) / self.mm_per_px

    def degrees(self, px: float) -> float:
        """Visual angle of a length in px centred on the line of sight."""
        return visual_angle(px * self.mm_per_px, self.distance_mm)


def visual_angle(size_mm: float, distance_mm: float) -> float:
    """Visual angle in degrees, 2 atan(size / (2 distance)) (11-rsvp-meg section 2.1).

    >>> round(visual_angle(150, 680), 2)
    12.59
    """
    return math.degrees(2.0 * math.atan2(size_mm, 2.0 * distance_mm))


def mm_of_angle(degrees: float, distance_mm: float) -> float:
    """Inverse of :func:`visual_angle`, in mm."""
    return 2.0 * distance_mm * math.tan(math.radians(degrees) / 2.0)


def words(name: str) -> str:
    """A field's name in words ("width_mm" -> "Width in mm")."""
    stem, _, unit = name.rpartition("_")
    return f"{stem.capitalize()} in {unit}" if stem else {"hz": "Rate in Hz"}.get(name, "Gamma")


def folder() -> Path:
    """Where profiles are kept."""
    return home() / "monitors"


def save(profile: MonitorProfile) -> Path:
    """Keep a profile under its name."""
    path = folder() / f"{_stem(profile.name)}.json"
    write_json(path, dataclasses.asdict(profile))
    return path


def load(path: Path) -> MonitorProfile:
    """Read a profile; FileProblem when it is not one."""
    return from_document(read_json(path), path.name)


def from_document(document: Any, name: str) -> MonitorProfile:
    """A profile from its JSON; FileProblem with the file's ``name`` when it is not one."""
    names = {field.name for field in dataclasses.fields(MonitorProfile)}
    if not isinstance(document, dict) or not isinstance(document.get("name"), str):
        raise FileProblem(f"{name} is not a monitor profile of Isomorph.")
    try:
        return MonitorProfile(**{key: document[key] for key in names & document.keys()})
    except ParameterError as error:
        raise FileProblem(f"{name}: {error.sentence}") from error


def profiles() -> list[MonitorProfile]:
    """All profiles that can be read, by name; the standard one when there are none."""
    found = []
    for path in sorted(folder().glob("*.json")):
        try:
            found.append(load(path))
        except FileProblem:
            continue
    return found or [MonitorProfile()]


def find(name: str) -> MonitorProfile:
    """The profile of this name; ParameterError when there is none."""
    for profile in profiles():
        if profile.name == name:
            return profile
    raise ParameterError("monitor", f'There is no monitor profile "{name}".')


def delete(name: str) -> None:
    """Forget a profile."""
    (folder() / f"{_stem(name)}.json").unlink(missing_ok=True)


def _stem(name: str) -> str:
    return re.sub(r"[^\w-]+", "-", name.strip().lower()).strip("-") or "monitor"
