"""Pictures of a scene without a display: PNG, and SVG with a vector colour bar."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from backend.brain import rendering
from backend.brain.overlays import table
from backend.brain.scene import Cell, Scene, cells, grounds, layers, meshes
from backend.brain.viewer_parameters import BrainParameters
from backend.core.colours import TOKENS
from backend.core.files import FileProblem, replacing, write_text
from backend.core.parameters import show_number

FONTS = Path(__file__).parents[2] / "resources" / "fonts"
SUPERSAMPLED = 2
"""Pictures are drawn this many times larger and averaged, which smooths their edges."""
BAR_WIDTH, STEPS = 10, 64


@dataclass(frozen=True)
class Bar:
    """A colour bar: its table from the low to the high end, its ends in words, and what it is."""

    table: np.ndarray
    low: str
    high: str
    title: str
    threshold: tuple[float, float] | None = None


@dataclass(frozen=True)
class Picture:
    """What is drawn: cells (title, column, row, image), size in px, the bar, the caption."""

    cells: list[tuple[str, int, int, np.ndarray]]
    cell: tuple[int, int]
    columns: int
    rows: int
    bar: Bar | None
    caption: str
    dark: bool

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in px."""
        return self.cell[0] * self.columns + 76, self.cell[1] * self.rows + 34


def number(value: float) -> str:
    """A short number with a true minus sign."""
    return show_number(float(f"{value:.3g}"))


def bar_of(scene: Scene) -> Bar | None:
    """The colour bar of the overlay in hand; parcels have none."""
    hand = scene.hand
    if hand is None or not hand.look.visible or (
        hand.overlay.labels and hand.look.palette == "labels"
    ):  # fmt: skip
        return None
    low, high = hand.look.ends
    gap = (hand.look.threshold, hand.look.soft) if hand.look.threshold > 0 else None
    return Bar(table(hand.overlay, hand.look), number(low), number(high), unit_of(scene), gap)


def unit_of(scene: Scene) -> str:
    """Unit of the overlay in hand, with its power of ten."""
    hand = scene.hand
    assert hand is not None
    power = ""
    if hand.overlay.factor != 1:
        exponent = round(np.log10(hand.overlay.factor))
        power = "× 10" + str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return " ".join(word for word in (power, hand.overlay.unit) if word)


def caption_of(scene: Scene, p: BrainParameters) -> str:
    """Threshold and moment in words."""
    hand = scene.hand
    words = []
    if hand is not None and hand.look.threshold > 0 and not hand.overlay.labels:
        letter = hand.overlay.letter
        size = f"|{letter}|" if hand.look.signed else letter
        words.append(f"{size} ≥ {number(hand.look.threshold)} {unit_of(scene)}".rstrip()
                     if hand.overlay.unit != letter
                     else f"{size} ≥ {number(hand.look.threshold)}")  # fmt: skip
    timed = scene.timed
    if timed is not None and timed.look.visible and timed.overlay.times is not None:
        words.append(f"{number(timed.overlay.times[timed.overlay.at(p.moment)])} ms")
    return " · ".join(words)


def picture(
    scene: Scene, p: BrainParameters, cell: tuple[int, int] = (480, 340), dark: bool = True,
    turn: np.ndarray | None = None, zoom: float = 1.0,
) -> Picture:  # fmt: skip
    """Draw the views of a scene.

    Parameters
    ----------
    cell : width and height of one view in px. turn : (3, 3) by which every view is turned.
    """
    halves = meshes(scene.cortex, p.shape, p.inflation)
    drawn = layers(scene, p.moment)
    background = rgb(TOKENS["base"][int(dark)])
    views = cells(scene.cortex, p.layout, p.shape)
    rows = 2 if len(views) > 2 else 1
    columns = arranged(halves, views, 2 * cell[0], rows * cell[1])
    cell = (2 * cell[0] // columns, rows * cell[1] * columns // len(views))
    zoom *= filling(halves, views, cell)
    found = []
    for place, one in enumerate(views):
        rotation = turned(rendering.view(one.side, one.direction), one.side, turn)
        # A line of one pixel would fade when averaged.
        finer = 1 if any(each.outline for each in drawn[one.hemisphere]) else SUPERSAMPLED
        seen = rendering.geometry(halves[one.hemisphere], rotation, cell[0] * finer,
                                  cell[1] * finer, zoom)  # fmt: skip
        large = rendering.paint(seen, grounds(scene.cortex)[one.hemisphere],
                                drawn[one.hemisphere], p.light, background)  # fmt: skip
        found.append((one.title, place % columns, place // columns, smaller(large, finer)))
    about = caption_of(scene, p)
    hand = scene.hand
    name = hand.overlay.name if hand is not None else scene.cortex.name
    said = hand.overlay.synthetic if hand is not None else scene.cortex.synthetic
    words = " · ".join(word for word in (name, about, said) if word)
    return Picture(found, cell, columns, -(-len(views) // columns), bar_of(scene), words, dark)


def arranged(
    halves: Sequence[rendering.Mesh], views: Sequence[Cell], width: float, height: float
) -> int:
    """How many columns make the views largest in a space."""
    best, most = 1, 0.0
    for columns in (2, 1, 4):
        if columns <= len(views) and len(views) % columns == 0:
            size = (int(width / columns), int(height * columns / len(views)))
            fit = filling(halves, views, size) * min(size)
            if fit > 1.02 * most:
                best, most = columns, fit
    return best


def filling(
    halves: Sequence[rendering.Mesh], views: Sequence[Cell], size: tuple[int, int]
) -> float:
    """Zoom at which the largest of the views, not turned, fills cells of a size in px."""
    room = []
    for one in views:
        mesh = halves[one.hemisphere]
        rotation = rendering.view(one.side, one.direction)
        reach = 2 * np.abs((mesh.points - mesh.middle) @ rotation[:2].T).max(axis=0)
        reach = np.maximum(reach, 1e-3)
        share = min(size[0] / reach[0], size[1] / reach[1])
        room.append(share * 2 * mesh.radius / min(size))
    return float(min(room))


MIRROR = np.diag([-1.0, 1.0, 1.0])


def turned(rotation: np.ndarray, side: str, turn: np.ndarray | None) -> np.ndarray:
    """A view turned by a hand; the right hemisphere turns as the left one's mirror image."""
    if turn is None:
        return rotation
    own = MIRROR @ turn @ MIRROR if side == "right" else turn
    return np.asarray(own @ rotation, np.float32)


def smaller(large: np.ndarray, times: int) -> np.ndarray:
    """Averages of blocks of pixels."""
    h, w, s = large.shape[0] // times, large.shape[1] // times, times
    return large.reshape(h, s, w, s, 3).mean(axis=(1, 3)).round().astype(np.uint8)


def rgb(text: str) -> tuple[int, int, int]:
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def shaded(bar: Bar, dark: bool) -> np.ndarray:
    """(STEPS, 3) colours of a bar from its high to its low end; grey where nothing is drawn."""
    rows = bar.table[np.linspace(255, 0, STEPS).round().astype(int)].copy()
    if bar.threshold is not None:
        low, high = (float(one.replace("\u2212", "-").replace("\u2009", ""))
                     for one in (bar.low, bar.high))  # fmt: skip
        values = np.linspace(high, low, STEPS)
        size = np.abs(values) if low < 0 else values
        rows[size < bar.threshold[0]] = rgb(TOKENS["ncbg"][int(dark)])
    return rows


def save(made: Picture, path: Path) -> None:
    """Write PNG or SVG by the file's ending."""
    ending = path.suffix.lower()
    if ending == ".svg":
        write_text(path, svg(made))
    elif ending == ".png":
        with replacing(path) as file:
            image(made).save(file, "PNG")
    else:
        raise FileProblem(f"{path.name} is neither .png nor .svg.")


def _places(made: Picture) -> tuple[float, float, float]:
    """Left edge, top and height of the colour bar."""
    width, height = made.size
    tall = min(150.0, 0.6 * (height - 34))
    return width - 62.0, (height - 34 - tall) / 2, tall


def image(made: Picture) -> Any:
    """The picture as a PIL image."""
    from PIL import Image, ImageDraw, ImageFont

    dark = made.dark
    inks = {name: TOKENS[name][int(dark)] for name in ("base", "text", "text2")}
    font = ImageFont.truetype(str(FONTS / "Inter-Regular.otf"), 13)
    whole = Image.new("RGB", made.size, inks["base"])
    pen = ImageDraw.Draw(whole)
    for title, column, row, pixels in made.cells:
        corner = (column * made.cell[0], row * made.cell[1])
        whole.paste(Image.fromarray(pixels), corner)
        pen.text((corner[0] + 8, corner[1] + 6), title, inks["text"], font)
    if made.bar is not None:
        left, top, tall = _places(made)
        for place, colour in enumerate(shaded(made.bar, dark)):
            y = top + place * tall / STEPS
            pen.rectangle((left, y, left + BAR_WIDTH - 1, y + tall / STEPS), tuple(colour.tolist()))
        for y, words in ((top - 1, made.bar.high), (top + tall - 13, made.bar.low),
                         (top + tall / 2 - 7, made.bar.title)):  # fmt: skip
            pen.text((left + BAR_WIDTH + 5, y), words, inks["text"], font)
    pen.text((8, made.size[1] - 25), made.caption, inks["text2"], font)
    return whole


def svg(made: Picture) -> str:
    """The picture as SVG: the surfaces as images, everything else as shapes and words."""
    from PIL import Image

    width, height = made.size
    base, text, text2 = (TOKENS[name][int(made.dark)] for name in ("base", "text", "text2"))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="Inter, sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="{base}"/>',
    ]
    for title, column, row, pixels in made.cells:
        x, y = column * made.cell[0], row * made.cell[1]
        packed = io.BytesIO()
        Image.fromarray(pixels).save(packed, "PNG")
        data = base64.b64encode(packed.getvalue()).decode("ascii")
        parts.append(f'<image x="{x}" y="{y}" width="{made.cell[0]}" height="{made.cell[1]}" '
                     f'href="data:image/png;base64,{data}"/>')  # fmt: skip
        parts.append(f'<text x="{x + 8}" y="{y + 18}" fill="{text}">{escape(title)}</text>')
    if made.bar is not None:
        left, top, tall = _places(made)
        step = tall / STEPS
        for place, colour in enumerate(shaded(made.bar, made.dark)):
            parts.append(f'<rect x="{left:g}" y="{top + place * step:.3f}" width="{BAR_WIDTH}" '
                         f'height="{step + 0.3:.3f}" fill="#{bytes(colour).hex()}"/>')  # fmt: skip
        for at, words in ((top + 10, made.bar.high), (top + tall, made.bar.low),
                         (top + tall / 2 + 5, made.bar.title)):  # fmt: skip
            parts.append(f'<text x="{left + BAR_WIDTH + 5:g}" y="{at:g}" fill="{text}">'
                         f"{escape(words)}</text>")  # fmt: skip
    parts.append(
        f'<text x="8" y="{height - 12}" fill="{text2}">{escape(made.caption)}</text></svg>'
    )
    return "\n".join(parts)
