"""Clips for networks of films: generated examples, and a user's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backend.core.files import FileProblem
from backend.stimuli import shapeworld
from backend.stimuli.own_pictures import OwnPictures, own_pictures

FRAMES, SIDE = 16, 128
MOVES = {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0)}
ENDINGS = (".gif", ".webp", ".apng", ".tif", ".tiff", ".npy")
"""Files with several frames."""
FILMS = (".mp4", ".avi", ".mov", ".mkv", ".webm")
LONGEST = 256
"""Frames that are read of one file; of more, as many evenly spaced ones."""


def example_clips() -> tuple[np.ndarray, list[str]]:
    """(8, 16, 128, 128, 3) uint8: two ShapeWorld figures that move in four directions."""
    clips, names = [], []
    for number, outline in enumerate(shapeworld.categories(2)[::2], 1):
        figure = shapeworld.images((outline,), 1, seed=0)[0].transpose(1, 2, 0)
        large = np.round(255 * figure.repeat(2, 0).repeat(2, 1)).astype(np.uint8)
        for name, way in MOVES.items():
            clips.append(moving(large, way))
            names.append(f"outline {number} moves {name}")
    return np.stack(clips), names


def moving(figure: np.ndarray, way: tuple[int, int]) -> np.ndarray:
    """(16, 128, 128, 3) a figure that crosses a grey field."""
    extent = len(figure)
    clip = np.full((FRAMES, SIDE, SIDE, 3), 128, np.uint8)
    run = np.linspace(0, SIDE - extent, FRAMES).round().astype(int)
    middle = (SIDE - extent) // 2
    for frame, place in enumerate(run):
        at = [middle if step == 0 else place if step > 0 else SIDE - extent - place for step in way]
        clip[frame, at[0] : at[0] + extent, at[1] : at[1] + extent] = figure
    return clip


def own_clips(path: str, height: int, width: int) -> OwnPictures:
    """A clip, a folder of clips, a folder with one sub-folder of frames a clip; else pictures.

    A clip is a file with several frames (GIF, WebP, TIFF), or an array (frames, H, W[, 3]) or
    (n, frames, H, W, 3) as ``.npy``. FileProblem for a film that needs a decoder.
    """
    place = Path(path) if path else Path("missing")
    if place.suffix.lower() in FILMS:
        raise FileProblem(f"{place.name} needs a decoder that is not installed. Save it as a GIF, "
                          "or its frames as pictures in a folder.")  # fmt: skip
    if place.is_file() and place.suffix.lower() in ENDINGS:
        return of_files(place, [place])
    if place.is_dir():
        files = sorted(one for one in place.iterdir() if one.suffix.lower() in ENDINGS)
        if files:
            return of_files(place, files)
        folders = [one for one in sorted(place.iterdir()) if one.is_dir() and frames_in(one)]
        if folders:
            return of_files(place, folders)
    return own_pictures(path, height, width)


def of_files(place: Path, files: list[Path]) -> OwnPictures:
    """The clips of files or folders of frames; an array with several holds one a row."""
    if len(files) == 1 and files[0].suffix.lower() == ".npy":
        array = loaded(files[0])
        if array.ndim == 5:
            names = [f"{place.stem} {number}" for number in range(1, len(array) + 1)]
            return OwnPictures(array, names, {})
    return OwnPictures(ClipFiles(files), [one.stem for one in files], {})


@dataclass(frozen=True)
class ClipFiles:
    """Clips as one array (n, frames, H, W, 3) uint8 that is read clip by clip.

    Clips of one slice get the frames and the size of its first.
    """

    files: Sequence[Path]

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, rows: Any) -> np.ndarray:
        chosen = np.atleast_1d(np.arange(len(self))[rows])
        clips = [clip_of(self.files[int(row)]) for row in chosen]
        if not clips:
            return np.empty((0, 1, 1, 1, 3), np.uint8)
        return np.stack([alike(clip, clips[0].shape) for clip in clips])


def alike(clip: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A clip with as many frames, of the size, of another."""
    from backend.stimuli.importing import fitted

    frames = clip[np.linspace(0, len(clip) - 1, shape[0]).round().astype(int)]
    if frames.shape[1:3] == shape[1:3]:
        return frames
    return np.stack([fitted(frame, shape[1], shape[2], "crop") for frame in frames])


def clip_of(file: Path) -> np.ndarray:
    """(frames, H, W, 3) uint8 of a file or a folder of frames; FileProblem when it is none."""
    if file.is_dir():
        from backend.stimuli.importing import pixels_of

        frames = [coloured(pixels_of(one)) for one in frames_in(file)]
        if any(frame.shape != frames[0].shape for frame in frames):
            raise FileProblem(f"{file.name}: its frames have several sizes. Save them in one.")
        return spaced(np.stack(frames))
    if file.suffix.lower() == ".npy":
        array = loaded(file)
        return spaced(np.stack([coloured(frame) for frame in array]))
    from PIL import Image, ImageSequence

    try:
        with Image.open(file) as image:
            frames = [np.asarray(one.convert("RGB")) for one in ImageSequence.Iterator(image)]
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise FileProblem(f"{file.name} is damaged or no picture.") from None
    return spaced(np.stack(frames))


def frames_in(folder: Path) -> list[Path]:
    """Picture files of a folder, in the order of their names."""
    endings = (".png", ".jpg", ".jpeg", ".bmp")
    return sorted(one for one in folder.iterdir() if one.suffix.lower() in endings)


def loaded(file: Path) -> np.ndarray:
    """The array of a ``.npy`` file, mapped; FileProblem for what is no clip."""
    try:
        array: np.ndarray = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise FileProblem(f"{file.name} is damaged or no array.") from None
    coloured_ = array.ndim in (4, 5) and array.shape[-1] == 3
    if not (coloured_ or array.ndim == 3) or 0 in array.shape:
        shape = " × ".join(str(size) for size in array.shape)
        raise FileProblem(f"{file.name} is {shape}. A clip is frames × height × width × 3, or "
                          "frames × height × width in grey.")  # fmt: skip
    return array


def coloured(frame: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 of a grey or colour frame, whole numbers or fractions."""
    from backend.stimuli.set_files import as_bytes

    pixels = as_bytes(np.asarray(frame))
    return np.repeat(pixels[..., None], 3, 2) if pixels.ndim == 2 else pixels[..., :3]


def spaced(clip: np.ndarray) -> np.ndarray:
    """At most ``LONGEST`` frames, evenly spaced."""
    if len(clip) <= LONGEST:
        return clip
    return clip[np.linspace(0, len(clip) - 1, LONGEST).round().astype(int)]
