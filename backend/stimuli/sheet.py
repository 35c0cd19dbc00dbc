"""Sheets of pictures: rows with names, for files that people look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from backend.core.files import FileProblem, replacing
from backend.core.parameters import ParameterError

CELL_IN = 1.5
"""Side of a picture in inches."""


def save_sheet(
    path: Path,
    rows: Sequence[tuple[str, Sequence[np.ndarray]]],
    columns: Sequence[str] = (),
    cmap: str = "coolwarm",
    low: float | None = None,
    high: float | None = None,
) -> None:
    """Draw rows of pictures into a file, by its ending.

    Parameters
    ----------
    rows : (name, pictures); (H, W, 3) in colour, (H, W) through the colour map.
    low, high : ends of the colour map; None: each picture's own.

    Raises
    ------
    ParameterError for a colour map that does not exist.
    """
    import matplotlib
    from matplotlib.figure import Figure

    if cmap not in matplotlib.colormaps:
        raise ParameterError("-cmap", f'There is no colour map "{cmap}". One of them is coolwarm.',
                             "coolwarm")  # fmt: skip
    most = max(len(pictures) for _, pictures in rows)
    figure = Figure(figsize=(CELL_IN * most + 0.6, CELL_IN * len(rows) + 0.3), layout="constrained")
    axes = figure.subplots(len(rows), most, squeeze=False)
    for line, (name, pictures) in zip(axes, rows, strict=True):
        for place, axis in enumerate(line):
            axis.set_xticks([])
            axis.set_yticks([])
            axis.set_frame_on(False)
            if place < len(pictures):
                axis.imshow(pictures[place], cmap=cmap, vmin=low, vmax=high)
        line[0].set_ylabel(name, fontsize=8)
    for axis, title in zip(axes[0], columns, strict=False):
        axis.set_title(title[:24], fontsize=7)
    kind = path.suffix.removeprefix(".")
    if kind not in ("png", "jpg", "svg", "pdf"):
        raise FileProblem(f"{path.name} must end in .png, .jpg, .svg or .pdf.")
    with replacing(path) as file:
        figure.savefig(file, format=kind, dpi=100)


def save_picture(path: Path, picture: np.ndarray) -> None:
    """Write a picture (H, W[, 3]) uint8 or in 0..1 as a file of the kind its name says."""
    import io

    from PIL import Image

    from backend.stimuli.set_files import as_bytes

    pixels = as_bytes(np.asarray(picture))
    pixels = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
    kind = Image.registered_extensions().get(path.suffix.lower(), "")
    if kind not in Image.SAVE:
        raise FileProblem(f"{path.name} is no picture file that is written. Use .png.")
    memory = io.BytesIO()
    Image.fromarray(pixels).save(memory, kind)
    with replacing(path) as file:
        file.write(memory.getbuffer())


def stretched(values: np.ndarray) -> np.ndarray:
    """Values as grey in 0..1 from their smallest to their largest."""
    low, high = float(values.min()), float(values.max())
    return (values - low) / (high - low) if high > low else np.zeros_like(values)
