"""The numbers of the colour tables, recomputed; fonts and lengths as a user sees them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication

from backend.core.colours import MAPS
from widgets import icons, theme

# Machado et al. (2009), severity 1, on linear RGB.
MACHADO = {
    "normal": np.eye(3),
    "protanope": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranope": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanope": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]]
    ),
}  # fmt: skip

DISTANCES = {
    "normal": (14.2, 13.3),
    "deuteranope": (8.4, 9.9),
    "protanope": (10.5, 10.1),
    "tritanope": (9.4, 8.7),
}

CONTRASTS = [
    ("text", "panel", 15.6, 12.3), ("text", "base", 16.6, 14.8), ("text2", "panel", 7.5, 7.7),
    ("text2", "rail", 6.3, 8.9), ("text2", "sel", 6.0, 4.7), ("text3", "window", 5.0, 6.0),
    ("text3", "panel", 5.5, 5.6), ("text3", "base", 5.8, 6.7), ("accent", "panel", 6.2, 6.6),
    ("accent", "base", 6.5, 8.0), ("onfill", "fill", 6.5, 4.7), ("fill", "panel", 6.2, 3.2),
    ("text", "sel", 12.6, 7.5), ("field", "base", 3.3, 4.6), ("field", "panel", 3.1, 3.8),
    ("ok", "okbg", 5.4, 6.0), ("warn", "warnbg", 5.2, 6.6), ("err", "errbg", 5.5, 5.9),
    ("accent", "runbg", 5.4, 5.2), ("text2", "ncbg", 6.7, 6.4),
]  # fmt: skip


@pytest.fixture
def app(qapp: QApplication) -> Iterator[QApplication]:
    yield qapp
    theme.apply(qapp, "light")


def linear(value: str) -> np.ndarray:
    rgb = np.array([int(value[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def oklab(rgb: np.ndarray) -> np.ndarray:
    lms = np.cbrt(
        np.array(
            [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
             [0.0883024619, 0.2817188376, 0.6299787005]]
        ) @ rgb
    )  # fmt: skip
    return np.array(
        [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
         [0.0259040371, 0.7827717662, -0.8086757660]]
    ) @ lms  # fmt: skip


def contrast(one: str, other: str) -> float:
    light = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (one, other))
    return (light[1] + 0.05) / (light[0] + 0.05)


@pytest.mark.parametrize("eye", MACHADO)
@pytest.mark.parametrize("dark", [0, 1])
def test_series_colours_stay_apart_for_every_eye(eye: str, dark: int) -> None:
    seen = [oklab(np.clip(MACHADO[eye] @ linear(pair[dark]), 0, 1)) for pair in theme.CATEGORICAL]
    nearest = min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2))
    assert 100 * nearest == pytest.approx(DISTANCES[eye][dark], abs=0.15)


@pytest.mark.parametrize(("ink", "ground", "light", "dark"), CONTRASTS)
def test_text_contrast_is_as_the_look_book_says(
    ink: str, ground: str, light: float, dark: float
) -> None:
    for number, expected in enumerate((light, dark)):
        found = contrast(theme.TOKENS[ink][number], theme.TOKENS[ground][number])
        assert found == pytest.approx(expected, abs=0.1)


def test_series_colours_stand_out_from_the_plot_ground() -> None:
    for dark, least in ((0, 3.0), (1, 4.8)):
        ground = theme.TOKENS["base"][dark]
        assert min(contrast(c[dark], ground) for c in theme.CATEGORICAL) >= least - 0.05


def test_theme_change_reaches_palette_icons_and_listeners(app: QApplication) -> None:
    theme.apply(app, "light")
    told = []
    light_icon = icons.pixmap("play", "text", 16)
    theme.signals().changed.connect(lambda: told.append(1))
    theme.apply(app, "dark")
    assert told
    assert app.palette().color(QPalette.ColorRole.Base).name().upper() == "#14181C"
    assert theme.colour("E").name().upper() == "#EB861C"
    assert theme.colour("theory") == theme.token("text")
    assert icons.pixmap("play", "text", 16).toImage() != light_icon.toImage()


def test_fonts_and_lengths_follow_the_font_size(app: QApplication) -> None:
    theme.apply(app, "light")
    assert app.font().family() == "Inter"
    assert theme.dp(28) == 28
    assert theme.font("lead").pointSizeF() == 21
    theme.apply(app, "light", font_size=13.5)
    assert theme.dp(28) == 42
    assert theme.font("caption").pointSizeF() == 12


def test_high_contrast_gives_fields_and_notes_full_ink(app: QApplication) -> None:
    theme.apply(app, "light", high_contrast=True)
    assert theme.token("text3") == theme.token("text")
    assert theme.token("border").name().upper() == "#868F9B"
    assert theme.line_width(1.5) == 2.0


@pytest.mark.parametrize(
    "name",
    ["viridis", "cividis", "magma", "inferno", "CET-L1", "CET-D1A", "CET-CBD1", "CET-L4",
     "CET-C6", "hot-cold", "warm"],
)  # fmt: skip
def test_every_offered_map_has_256_colours(name: str) -> None:
    assert theme.lut(name).shape == (256, 4)
    assert len(theme.lut_rgb32(name)) == 256


@pytest.mark.parametrize("path", sorted(MAPS.glob("*.csv")), ids=lambda path: path.stem)
def test_maps_are_the_ones_pyqtgraph_knows_by_this_name(path: Path) -> None:
    import pyqtgraph

    known = pyqtgraph.colormap.get(path.stem).getLookupTable(nPts=256, alpha=True)
    assert np.abs(theme.lut(path.stem).astype(int) - known).max() <= 1


def test_colours_handed_out_are_copies() -> None:
    theme.colour("E").setAlphaF(0.1)
    assert theme.colour("E").alpha() == 255
