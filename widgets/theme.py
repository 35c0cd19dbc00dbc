"""The look of the window: colours, fonts, lengths and colour maps, in one place.

``apply`` writes the tokens into a palette and loads the fonts; everything that paints itself asks
``token``, ``colour``, ``font`` and ``dp`` at paint time, and repaints on ``signals().changed``.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import Literal

import numpy as np
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from backend.core.colours import CATEGORICAL, MEANINGS, TOKENS, overlay_table

Mode = Literal["light", "dark", "system"]

FONTS = Path(__file__).parent.parent / "resources" / "fonts"

ROLES = {
    # role: (points at body 9, weight)
    "caption": (8, QFont.Weight.Normal),
    "body": (9, QFont.Weight.Normal),
    "strong": (9, QFont.Weight.DemiBold),
    "value": (10, QFont.Weight.DemiBold),
    "title": (12, QFont.Weight.DemiBold),
    "lead": (21, QFont.Weight.DemiBold),
    "counter": (42, QFont.Weight.DemiBold),
}


class Signals(QObject):
    """``changed`` follows every change of colours or fonts."""

    changed = Signal()


class _State:
    """What ``apply`` set last."""

    dark = False
    high_contrast = False
    size = 12.0 if sys.platform == "darwin" else 9.0
    mode: Mode = "light"
    system_font = False
    follows = False


@functools.cache
def signals() -> Signals:
    """The one object whose ``changed`` signal says that colours or fonts are new."""
    return Signals()


def apply(
    app: QApplication,
    mode: Mode = "system",
    font_size: float | None = None,
    high_contrast: bool = False,
    system_font: bool = False,
) -> None:
    """Give the program its palette, fonts and style.

    Parameters
    ----------
    mode : "system" follows the desktop's light or dark scheme, also later.
    font_size : body size in points (8 to 16); None takes 9, or 12 on macOS.
    high_contrast : borders and secondary text get full contrast, grid lines go.
    system_font : use the desktop's font instead of Inter.
    """
    hints = app.styleHints()
    if not _State.follows:
        hints.colorSchemeChanged.connect(_scheme_changed)
        _State.follows = True
    _State.mode = mode
    schemes = {
        "light": Qt.ColorScheme.Light,
        "dark": Qt.ColorScheme.Dark,
        "system": Qt.ColorScheme.Unknown,
    }
    hints.setColorScheme(schemes[mode])
    _State.dark = mode == "dark" or (
        mode == "system" and hints.colorScheme() == Qt.ColorScheme.Dark
    )
    _State.high_contrast = high_contrast
    _State.system_font = system_font
    _State.size = font_size or (12.0 if sys.platform == "darwin" else 9.0)
    if app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    app.setFont(font("body"))
    app.setPalette(palette())
    signals().changed.emit()


def _scheme_changed(scheme: Qt.ColorScheme) -> None:
    app = QApplication.instance()
    dark = scheme == Qt.ColorScheme.Dark
    if _State.mode != "system" or dark == _State.dark or not isinstance(app, QApplication):
        return
    _State.dark = dark
    app.setPalette(palette())
    signals().changed.emit()


def is_dark() -> bool:
    """True while the dark colours are in use."""
    return _State.dark


def high_contrast() -> bool:
    """True while the high-contrast setting is on."""
    return _State.high_contrast


def value_of(name: str, dark: bool, contrast: bool = False) -> str:
    """Hex value of a token in a theme."""
    if contrast:
        name = {"border": "field", "text2": "text", "text3": "text", "grid": "base"}.get(name, name)
    return TOKENS[name][int(dark)]


def colour(meaning: str) -> QColor:
    """Colour of a meaning ("E", "figure", "theory"), a number "1" to "8", or a token.

    Numbers go on beyond 8 with the same colours; the caller adds a dash.
    """
    return QColor(_hex(meaning, _State.dark, _State.high_contrast))


@functools.cache
def _hex(meaning: str, dark: bool, contrast: bool) -> str:
    if meaning.isdigit():
        return CATEGORICAL[(int(meaning) - 1) % 8][int(dark)]
    if meaning in MEANINGS:
        return CATEGORICAL[MEANINGS[meaning] - 1][int(dark)]
    if meaning in ("theory", "paper"):
        meaning = "text"
    return "#FFFFFF" if meaning == "mark" else value_of(meaning, dark, contrast)


def token(name: str) -> QColor:
    """Colour of a token of the current theme."""
    return colour(name)


def line_width(width: float) -> float:
    """Width of a plot line, wider by half a pixel in high contrast."""
    return width + (0.5 if _State.high_contrast else 0.0)


def palette() -> QPalette:
    """The tokens as a QPalette."""
    made = QPalette()
    role = QPalette.ColorRole
    names = {
        role.Window: "window", role.Base: "base", role.AlternateBase: "alt", role.Mid: "border",
        role.Dark: "field", role.WindowText: "text", role.Text: "text", role.ButtonText: "text",
        role.Button: "panel", role.PlaceholderText: "text3", role.Link: "accent",
        role.LinkVisited: "accent", role.Accent: "accent", role.Highlight: "sel",
        role.HighlightedText: "text", role.ToolTipBase: "panel", role.ToolTipText: "text",
        role.Midlight: "border", role.Light: "panel", role.Shadow: "border",
        role.BrightText: "onfill",
    }  # fmt: skip
    for place, name in names.items():
        made.setColor(place, token(name))
    faded = token("text3")
    faded.setAlphaF(0.6)
    for place in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        made.setColor(QPalette.ColorGroup.Disabled, place, faded)
    return made


@functools.cache
def _family() -> str:
    """Load the bundled fonts; their family name."""
    family = ""
    for path in sorted(FONTS.glob("Inter-*.otf")):
        number = QFontDatabase.addApplicationFont(str(path))
        families = QFontDatabase.applicationFontFamilies(number)
        family = family or next((name for name in families if name == "Inter"), "")
    return family


def font(role: str = "body", italic: bool = False) -> QFont:
    """Font of a role: caption, body, strong, value, title, lead, counter."""
    points, weight = ROLES[role]
    family = "" if _State.system_font else _family()
    made = (
        QFont(family) if family else QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
    )
    made.setPointSizeF(points * _State.size / 9.0)
    made.setWeight(weight)
    made.setItalic(italic)
    made.setFeature(QFont.Tag("tnum"), 1)
    return made


def fixed_font() -> QFont:
    """The system's fixed-width font at body size."""
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    made.setPointSizeF(_State.size)
    return made


@functools.cache
def _factor(size: float, dpi: float) -> float:
    """Pixels of the body font relative to 12, its height at 9 pt and 96 dpi."""
    return size * dpi / 72.0 / 12.0


def dp(n: float) -> int:
    """Length of ``n`` design pixels here: follows the screen's dpi and the font size."""
    screen = QGuiApplication.primaryScreen()
    dpi = screen.logicalDotsPerInch() if screen else 96.0
    return round(n * _factor(_State.size, dpi))


def minus(text: str) -> str:
    """The same number with a true minus sign."""
    return text.replace("-", "\u2212")


def grounds(state: str) -> tuple[str, str]:
    """Tokens (ink, ground) of a state or verdict chip."""
    pairs = {
        "running": ("accent", "runbg"), "rebuilding": ("accent", "runbg"),
        "pending": ("accent", "runbg"), "paused": ("warn", "warnbg"),
        "differ": ("warn", "warnbg"), "warning": ("warn", "warnbg"), "done": ("ok", "okbg"),
        "agree": ("ok", "okbg"), "failed": ("err", "errbg"), "error": ("err", "errbg"),
    }  # fmt: skip
    return pairs.get(state, ("text2", "ncbg"))


@functools.cache
def lut(name: str) -> np.ndarray:
    """Colour table (256, 4) uint8 RGBA of a map, by its pyqtgraph name, "hot-cold" or "warm"."""
    return overlay_table(name)


@functools.cache
def lut_rgb32(name: str) -> list[int]:
    """The same table as QRgb numbers, for an indexed QImage."""
    table = lut(name).astype(np.uint32)
    return [int(v) for v in 0xFF000000 | table[:, 0] << 16 | table[:, 1] << 8 | table[:, 2]]
