"""Import of camera recordings, grey video and photographs for the camera layer.

Every refusal is a ParameterError with a sentence: what is wrong, where, and the fix. Nothing here
runs code from a file (no pickles).

Source: 01-ei-balanced-network, section 4.2; formats of spec section 4.
"""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import Any, Literal

import numpy as np

from backend.core.parameters import ParameterError, show_number
from backend.stimuli.camera import EventStream, Film

LARGEST_EVENTS = 50_000_000
LARGEST_VALUES = 400_000_000
"""Most array elements (frames x height x width) an import takes."""
LARGEST_PIXELS = 50_000_000
EXAMPLES = ("camera", "coins", "page", "moon", "text", "brick", "grass", "gravel")
"""Photographs that scikit-image carries in its wheel."""


def load_array(path: Path, field: str, dimensions: tuple[int, ...] = (3,)) -> np.ndarray:
    """The array of an .npy or .npz file, as it is on disk (memory-mapped when .npy)."""
    try:
        # The file stays ours: numpy leaves the files of broken archives open.
        with path.open("rb") as file:
            magic = file.read(6)
            plain = magic == b"\x93NUMPY"
            if not plain and magic[:2] != b"PK":
                raise ValueError("neither .npy nor .npz")
            file.seek(0)
            if plain:
                found = np.load(path, mmap_mode="r", allow_pickle=False)
            else:
                with np.load(file, allow_pickle=False) as archive:
                    found = _only_array(archive, path, field)
    except ParameterError:
        raise
    except MemoryError:
        raise ParameterError(
            field, f"{path.name} does not fit into memory. Cut it into shorter pieces."
        ) from None
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, OverflowError) as error:
        raise ParameterError(field, _unreadable(path, error)) from None
    except Exception as error:  # numpy's header parser raises tokenizer and syntax errors too
        raise ParameterError(field, _unreadable(path, error)) from None
    _check_shape(found, path, field, dimensions)
    return found


def _only_array(archive: Any, path: Path, field: str) -> np.ndarray:
    if not archive.files:
        raise ParameterError(field, f"{path.name} holds no array. Save one as (T, H, W).")
    name = next((n for n in ("events", "spikes", "data", "arr_0") if n in archive.files), None)
    return np.asarray(archive[name or archive.files[0]])


def _unreadable(path: Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{path.name} is not there. Choose another file."
    if isinstance(error, PermissionError | IsADirectoryError):
        return f"{path.name} cannot be read. Choose another file."
    if "pickle" in str(error).lower() or "object arrays" in str(error).lower():
        return f"{path.name} holds Python objects, not numbers. Save a plain numeric array."
    return f"{path.name} is not a whole NumPy file. It may be truncated; save it again."


def _check_shape(array: np.ndarray, path: Path, field: str, dimensions: tuple[int, ...]) -> None:
    shape = " × ".join(str(n) for n in array.shape)
    if array.ndim not in dimensions:
        raise ParameterError(
            field,
            f"{path.name} has shape {shape or 'of a single number'}. "
            "Three dimensions are needed: time, rows, columns.",
        )
    if array.size == 0:
        raise ParameterError(field, f"{path.name} is empty ({shape}). Choose another file.")
    if array.size > LARGEST_VALUES:
        raise ParameterError(
            field,
            f"{path.name} has {shape} values, more than {show_number(LARGEST_VALUES)}. "
            "Cut it into shorter pieces.",
        )
    if array.dtype.kind not in "buif":
        raise ParameterError(
            field, f"{path.name} holds {array.dtype} values. Save numbers or true and false."
        )


def load_events(
    path: Path, side: int, frame_ms: float, top_first: bool = True, field: str = "stimulus_file"
) -> EventStream:
    """Camera spikes from an array (T, H, W) of zeros and ones (.npy, .npz).

    Pixels are pooled onto the camera grid of ``side`` cells; ``top_first`` says that row 0 of a
    frame is the upper edge.
    """
    array = load_array(path, field)
    frames, cells = [], []
    height, width = array.shape[1:]
    grid = _cell_of_pixel(height, width, side, top_first)
    at_once = max(1, 4_000_000 // (height * width))
    for first in range(0, len(array), at_once):
        piece = np.asarray(array[first : first + at_once])
        _check_events(piece, first, path, field)
        hit = np.argwhere(piece)
        frames.append(hit[:, 0] + first)
        cells.append(grid[hit[:, 1], hit[:, 2]])
    return _stream(np.concatenate(frames), np.concatenate(cells), len(array), side, frame_ms, field)


def _check_events(piece: np.ndarray, first: int, path: Path, field: str) -> None:
    if piece.dtype.kind == "f" and not np.isfinite(piece).all():
        raise ParameterError(
            field, f"{path.name} has values that are not numbers near frame {first}. Remove them."
        )
    if piece.dtype.kind != "b" and not ((piece == 0) | (piece == 1)).all():
        raise ParameterError(
            field,
            f"{path.name} has values other than 0 and 1 near frame {first}. "
            "For grey video choose the kind Film.",
        )


def _cell_of_pixel(height: int, width: int, side: int, top_first: bool) -> np.ndarray:
    """Camera cell of every pixel, int32 (H, W); the whole image fills the field."""
    row = (np.arange(height) * side) // height
    if top_first:
        row = side - 1 - row
    column = (np.arange(width) * side) // width
    return (row[:, None] * side + column[None, :]).astype(np.int32)


def _stream(
    frames: np.ndarray, cells: np.ndarray, n_frames: int, side: int, frame_ms: float, field: str
) -> EventStream:
    if len(cells) > LARGEST_EVENTS:
        raise ParameterError(
            field,
            f"The recording has {show_number(len(cells))} events, more than "
            f"{show_number(LARGEST_EVENTS)}. Cut it into shorter pieces.",
        )
    # Pixels pooled onto one cell give one spike a frame.
    key = np.unique(frames.astype(np.int64) * side**2 + cells)
    pointers = np.searchsorted(key, np.arange(n_frames + 1, dtype=np.int64) * side**2)
    return EventStream(pointers.astype(np.int64), (key % side**2).astype(np.int32), frame_ms)


def load_packed(
    path: Path,
    height: int,
    width: int,
    side: int,
    frame_ms: float,
    bit_order: Literal["little", "big"] = "little",
    top_first: bool = True,
    field: str = "stimulus_file",
) -> EventStream:
    """Camera spikes from a raw bit-packed file: one bit a pixel, rows padded to whole bytes."""
    row_bytes = math.ceil(width / 8)
    frame_bytes = row_bytes * height
    try:
        size = path.stat().st_size
        n_frames = _packed_frames(path, size, frame_bytes, height, width, field)
        grid = _cell_of_pixel(height, width, side, top_first)
        frames, cells = [], []
        at_once = max(1, 4_000_000 // (height * width))
        with path.open("rb") as file:
            for first in range(0, n_frames, at_once):
                count = min(at_once, n_frames - first)
                raw = np.frombuffer(file.read(count * frame_bytes), np.uint8)
                rows = raw.reshape(count, height, row_bytes)
                bits = np.unpackbits(rows, axis=2, count=width, bitorder=bit_order)
                hit = np.argwhere(bits)
                frames.append(hit[:, 0] + first)
                cells.append(grid[hit[:, 1], hit[:, 2]])
    except (OSError, ValueError) as error:
        if isinstance(error, ParameterError):
            raise
        raise ParameterError(field, _unreadable(path, error)) from None
    return _stream(np.concatenate(frames), np.concatenate(cells), n_frames, side, frame_ms, field)


def _packed_frames(
    path: Path, size: int, frame_bytes: int, height: int, width: int, field: str
) -> int:
    frames, rest = divmod(size, frame_bytes)
    if frames == 0 or rest:
        raise ParameterError(
            field,
            f"{path.name} holds {size / frame_bytes:.2f} frames of {height} × {width} pixels. "
            "Give the camera's rows and columns, or cut the torn last frame.",
        )
    if frames * height * width > LARGEST_VALUES * 8:
        raise ParameterError(
            field,
            f"{path.name} holds {show_number(frames)} frames, too many at once. "
            "Cut it into shorter pieces.",
        )
    return frames


def load_film(
    path: Path,
    side: int,
    frame_ms: float,
    amplitude: float,
    top_first: bool = True,
    field: str = "stimulus_file",
) -> Film:
    """Grey video (T, H, W) for the camera layer, averaged onto its grid.

    Whole numbers are divided by 255; decimals must lie in 0 to 1 or 0 to 255.
    """
    array = load_array(path, field, (2, 3))
    if array.ndim == 2:
        array = array[None]
    frames = np.empty((len(array), side * side), np.float32)
    for t in range(len(array)):
        frame = np.asarray(array[t], np.float64)
        if not np.isfinite(frame).all():
            raise ParameterError(
                field,
                f"Frame {t} of {path.name} has {int((~np.isfinite(frame)).sum())} values that are "
                "not numbers. Remove or fill them.",
            )
        frames[t] = pool(frame, side, top_first).ravel()
    low, high = float(frames.min()), float(frames.max())
    if low < 0.0 or high > 255.5:
        raise ParameterError(
            field,
            f"{path.name} goes from {show_number(low, 3)} to {show_number(high, 3)}. "
            "Grey values must lie in 0 to 1 or 0 to 255.",
        )
    if array.dtype.kind in "iu" or high > 1.0:
        frames /= np.float32(255.0)
    return Film(frames, frame_ms, amplitude)


def pool(frame: np.ndarray, side: int, top_first: bool = True) -> np.ndarray:
    """Area mean of an image (H, W) on a square grid, row 0 = bottom; the image fills the field."""
    rows = _pooling(frame.shape[0], side)
    columns = _pooling(frame.shape[1], side)
    pooled = rows @ frame @ columns.T
    return pooled[::-1] if top_first else pooled


def _pooling(pixels: int, side: int) -> np.ndarray:
    """Weights (side, pixels) of the mean over each cell's stretch of pixels."""
    edges = np.linspace(0.0, pixels, side + 1)
    pixel = np.arange(pixels)
    low = np.maximum(edges[:-1, None], pixel[None, :])
    high = np.minimum(edges[1:, None], pixel[None, :] + 1.0)
    overlap = np.maximum(high - low, 0.0)
    return overlap / overlap.sum(axis=1, keepdims=True)


def load_photo(path: Path, field: str = "stimulus_file") -> np.ndarray:
    """Grey photograph, float32 (H, W) in 0 to 1, row 0 = bottom."""
    if path.suffix.lower() == ".npy":
        frame = np.asarray(load_array(path, field, (2,)), np.float64)
        if not np.isfinite(frame).all():
            raise ParameterError(
                field, f"{path.name} has values that are not numbers. Remove or fill them."
            )
        return _grey(frame / (255.0 if frame.max() > 1.0 else 1.0))
    import warnings

    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                _check_pixels(image.size, path, field)
                frame = np.asarray(image.convert("L"), np.float64) / 255.0
    except ParameterError:
        raise
    except Exception as error:  # decoders raise almost anything on damaged files
        if isinstance(error, FileNotFoundError):
            raise ParameterError(field, _unreadable(path, error)) from None
        raise ParameterError(
            field, f"{path.name} is not a picture this program can read. Use PNG or JPEG."
        ) from None
    return _grey(frame)


def example_photo(name: str) -> np.ndarray:
    """One of scikit-image's bundled photographs, as :func:`load_photo` gives it."""
    import skimage

    return load_photo(Path(skimage.__file__).parent / "data" / f"{name}.png")


def _check_pixels(size: tuple[int, int], path: Path, field: str) -> None:
    if size[0] * size[1] > LARGEST_PIXELS:
        raise ParameterError(
            field,
            f"{path.name} has {size[0]} × {size[1]} pixels, more than "
            f"{show_number(LARGEST_PIXELS)}. Scale it down.",
        )


def _grey(frame: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.clip(frame, 0.0, 1.0)[::-1], np.float32)
