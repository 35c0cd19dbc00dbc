"""Texts of the stage as textures, in the face bundled with Pillow."""

from __future__ import annotations

import textwrap

import numpy as np

LINE = 46
"""Characters a line."""


def draw_text(words: str, height_px: float, background: int = 128, ink: int = 0) -> np.ndarray:
    """Centred lines of text.

    Parameters
    ----------
    height_px : of a capital letter; lines break at :data:`LINE` characters.
    background, ink : gray levels.

    Returns
    -------
    (H, W) uint8, as large as the text needs.
    """
    from PIL import Image, ImageDraw, ImageFont

    lines = [part for line in words.splitlines() for part in textwrap.wrap(line, LINE) or [""]]
    size = float(np.clip(height_px / 0.72, 8.0, 400.0))
    font = ImageFont.load_default(size)
    probe = ImageDraw.Draw(Image.new("L", (1, 1)))
    left, top, right, bottom = probe.multiline_textbbox((0, 0), "\n".join(lines), font, spacing=6)
    pad = round(size / 3)
    shape = max(1, round(right - left) + 2 * pad), max(1, round(bottom - top) + 2 * pad)
    image = Image.new("L", shape, background)
    ImageDraw.Draw(image).multiline_text(
        (pad - left, pad - top), "\n".join(lines), ink, font, spacing=6, align="center"
    )
    return np.asarray(image)
