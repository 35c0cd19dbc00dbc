"""Pictures from files as darkness maps of a sheet: PNG, BMP, JPEG, TIFF, GIF, NPY, or examples.

Hostile files (truncated, wrong shape, not finite, too large) are refused with a sentence.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

LARGEST = 1024
"""Longest side of a picture in pixels."""

EXAMPLES = {
    "horse": "horse.png",
    "camera": "camera.png",
    "coins": "coins.png",
    "page": "page.png",
    "text": "text.png",
    "clock": "clock_motion.png",
    "moon": "moon.png",
    "cat": "chelsea.png",
    "astronaut": "astronaut.png",
    "coffee": "coffee.png",
    "cell": "cell.png",
}
"""Pictures bundled with scikit-image, by name (its data folder states their licences)."""

FORMATS = ("png", "bmp", "jpg", "jpeg", "gif", "tif", "tiff", "npy")


class PictureProblem(ValueError):
    """A picture that cannot be used, as a sentence with the file's name, numbers and the fix."""


def read_picture(source: str | Path) -> np.ndarray:
    """Read a picture as luminance.

    Parameters
    ----------
    source : a file, or the name of one of :data:`EXAMPLES`.

    Returns
    -------
    (H, W) float32 luminance from 0 (black) to 1 (white). Colours become luminance (ITU-R 601),
    transparency lies on white. Integers are scaled by their type, other ranges by their extremes.

    Raises
    ------
    PictureProblem
    """
    path = _example_path(source) if str(source) in EXAMPLES else Path(source)
    name = path.name or "The picture"
    if not path.is_file():
        raise PictureProblem(f"{name} does not exist. Choose another file.")
    try:
        values = _read_npy(path) if path.suffix.lower() == ".npy" else _read_image(path)
    except PermissionError:
        raise PictureProblem(f"{name} may not be read by you. Change its permissions.") from None
    return _as_luminance(values, name)


def darkness_of(luminance: np.ndarray, height: int, width: int) -> np.ndarray:
    """Darkness map of a sheet from luminance: area average, whole picture, same proportions.

    The picture is centred; what it does not cover has the median luminance of its border.
    """
    rows, columns = luminance.shape
    scale = min(height / rows, width / columns)
    inner = max(1, round(rows * scale)), max(1, round(columns * scale))
    border = np.concatenate([luminance[0], luminance[-1], luminance[:, 0], luminance[:, -1]])
    sheet = np.full((height, width), np.median(border), np.float32)
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    shrunk = area_weights(rows, inner[0]) @ luminance @ area_weights(columns, inner[1]).T
    sheet[top : top + inner[0], left : left + inner[1]] = shrunk
    return np.clip(1.0 - sheet, 0.0, 1.0).astype(np.float32)


def area_weights(source: int, target: int) -> np.ndarray:
    """(target, source) share of every source pixel in every target pixel; rows sum to 1."""
    edges = np.linspace(0.0, source, target + 1)
    pixels = np.arange(source)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.clip(overlap, 0.0, None) * (target / source)


def _example_path(name: str | Path) -> Path:
    from importlib.resources import files

    return Path(str(files("skimage.data").joinpath(EXAMPLES[str(name)])))


def _read_npy(path: Path) -> np.ndarray:
    try:
        values = np.load(path, allow_pickle=False)
    except PermissionError:
        raise
    except Exception as error:  # numpy's header parser raises tokenizer and syntax errors too
        raise PictureProblem(
            f"{path.name} is not a whole NPY file. Save the array again with numpy.save."
        ) from error
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "buif":
        raise PictureProblem(f"{path.name} does not hold numbers. Save a 2-D array of numbers.")
    if values.ndim != 2:
        shape = " × ".join(map(str, values.shape)) or "a single number"
        raise PictureProblem(f"{path.name} is not 2-D: its shape is {shape}. Save a gray image.")
    return values


def _read_image(path: Path) -> np.ndarray:
    from PIL import Image

    try:
        with Image.open(path) as opened:
            _check_size(path.name, opened.height, opened.width)
            if opened.mode.startswith("I") or opened.mode == "F":
                return np.asarray(opened)
            picture = opened.convert("RGBA")
            white = Image.new("RGBA", picture.size, "white")
            return np.asarray(Image.alpha_composite(white, picture).convert("L"))
    except (PictureProblem, PermissionError):
        raise
    except Exception as error:  # Pillow's decoders raise almost anything on damaged files
        raise PictureProblem(
            f"{path.name} is not a whole picture file. Use PNG, BMP, JPEG, TIFF or NPY."
        ) from error


def _check_size(name: str, height: int, width: int) -> None:
    if max(height, width) > LARGEST:
        raise PictureProblem(
            f"{name} is {height} × {width} pixels; the limit is {LARGEST} a side. "
            "Make it smaller and import it again."
        )


def _as_luminance(values: np.ndarray, name: str) -> np.ndarray:
    if values.size == 0:
        shape = " × ".join(map(str, values.shape))
        raise PictureProblem(f"{name} is empty: its shape is {shape}. Choose another picture.")
    _check_size(name, *values.shape)
    if values.dtype == bool:
        return values.astype(np.float32)
    if values.dtype in (np.uint8, np.uint16):
        return values.astype(np.float32) / np.float32(np.iinfo(values.dtype).max)
    finite = np.isfinite(values)
    if not finite.all():
        row, column = (int(i) for i in np.argwhere(~finite)[0])
        raise PictureProblem(
            f"{name} ({values.shape[0]} × {values.shape[1]}) has {np.count_nonzero(~finite)} "
            f"values that are not finite; the first is at row {row}, column {column}. "
            "Replace them and import it again."
        )
    wide = values.astype(np.float64)
    low, high = float(wide.min()), float(wide.max())
    if low >= 0.0 and high <= 1.0:
        return wide.astype(np.float32)
    if not high > low:
        return np.full(values.shape, 0.5, np.float32)
    return ((wide / 2 - low / 2) / (high / 2 - low / 2)).astype(np.float32)
