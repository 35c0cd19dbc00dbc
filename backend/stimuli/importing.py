"""A user's own pictures as a stimulus set: folders (one a class) and CSV or TSV lists.

Every picture is looked at before any is read: mixed sizes need a rule, damaged files are named.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.stimuli.set_document import LARGEST_SIDE, guessed_kind, read
from backend.stimuli.stimulus_set import StimulusSet

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".npy")
PATH_COLUMNS = (
    "path", "file", "filename", "file_name", "filepath", "stim_file", "image", "picture",
    "stimulus", "stimid", "stim_id",
)  # fmt: skip
Fit = Literal["pad", "crop", "stretch"]
Colour = Literal["keep", "grey", "colour"]
AT_ONCE = 64
GREY_MODES = ("1", "L", "LA", "I", "F", "I;16", "I;16B", "I;16L")
PLAIN_MODES = ("1", "L", "RGB")
"""Pillow's modes of 8-bit pictures that nothing is lost of."""


@dataclass
class Listed:
    """Pictures to import.

    Attributes
    ----------
    files : where each is; ``names`` unique stems.
    labels : further columns of the table.
    problems : (file, sentence) of what cannot be imported.
    """

    root: Path
    files: list[Path] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    labels: dict[str, list[Any]] = field(default_factory=dict)
    problems: list[tuple[str, str]] = field(default_factory=list)

    def without(self, gone: set[int]) -> Listed:
        """The same without some pictures."""
        keep = [index for index in range(len(self.files)) if index not in gone]
        return Listed(
            self.root,
            [self.files[i] for i in keep],
            [self.names[i] for i in keep],
            {key: [values[i] for i in keep] for key, values in self.labels.items()},
            self.problems,
        )


@dataclass(frozen=True)
class Seen:
    """What the headers of the pictures say.

    Attributes
    ----------
    sizes : (height, width) → how many; ``coloured`` : how many are in colour; ``converted`` : how
        many are neither 8-bit grey nor 8-bit RGB.
    """

    sizes: dict[tuple[int, int], int]
    coloured: int
    listed: Listed
    converted: int = 0

    @property
    def usual(self) -> tuple[int, int]:
        """The commonest (height, width), the larger of equally common ones."""
        return max(self.sizes, key=lambda size: (self.sizes[size], size))


def listed_in(path: Path) -> Listed:
    """Pictures of a folder (its subfolders become the column "class") or of a CSV or TSV list."""
    if path.is_dir():
        return listed_in_folder(path)
    if path.name.lower().endswith(".stim.csv"):
        raise FileProblem(f"{path.name} is a DNNBrain list. Open it as a stimulus set.")
    if path.suffix.lower() in (".csv", ".tsv", ".txt"):
        return listed_in_table(path)
    raise FileProblem(f"{path.name} is neither a folder nor a CSV or TSV list. Choose one of them.")


def listed_in_folder(path: Path) -> Listed:
    """All pictures below a folder, in the order of their names."""
    try:
        files = sorted(
            one for one in path.rglob("*")
            if one.suffix.lower() in ENDINGS and not any(
                part.startswith(".") for part in one.relative_to(path).parts) and one.is_file()
        )  # fmt: skip
    except OSError as error:
        raise FileProblem(f"{path.name} cannot be read: {error.strerror}.") from error
    if not files:
        known = ", ".join(ending[1:].upper() for ending in ENDINGS)
        raise FileProblem(f"{path.name} holds no pictures ({known}).")
    places = [one.relative_to(path) for one in files]
    labels: dict[str, list[Any]] = {}
    if any(len(place.parts) > 1 for place in places):
        labels["class"] = ["/".join(place.parts[:-1]) for place in places]
    return Listed(
        path, files, unique([place.with_suffix("").as_posix() for place in places]), labels
    )


def listed_in_table(path: Path) -> Listed:
    """Pictures named in a list; its other columns become labels."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise FileProblem(f"{path.name} does not exist. Choose another list.") from None
    except (OSError, UnicodeDecodeError):
        raise FileProblem(
            f"{path.name} cannot be read as UTF-8 text. Save it again as UTF-8."
        ) from None
    first = text.split("\n", 1)[0]
    delimiter = max("\t,;", key=first.count)
    try:
        lines = [line for line in csv.reader(io.StringIO(text), delimiter=delimiter) if any(line)]
    except csv.Error as error:
        raise FileProblem(f"{path.name} is not a table ({error}).") from None
    if len(lines) < 2:
        raise FileProblem(f"{path.name} lists no pictures.")
    header = [word.strip() for word in lines[0]]
    column = path_column(header, lines[1])
    if column is None:
        raise FileProblem(
            f'{path.name} has no column of files. Call it "path" or "file"; found: '
            f"{', '.join(header[:6])}."
        )
    return of_lines(path, header, column, lines[1:])


def path_column(header: list[str], first: list[str]) -> int | None:
    """Which column holds the files: by its name, or because its values end like pictures."""
    lower = [word.lower() for word in header]
    for known in PATH_COLUMNS:
        if known in lower:
            return lower.index(known)
    for place, cell in enumerate(first):
        if Path(cell.strip()).suffix.lower() in ENDINGS:
            return place
    return None


def of_lines(path: Path, header: list[str], column: int, lines: list[list[str]]) -> Listed:
    """Rows of a list; those without a file are named."""
    found = Listed(path.parent)
    cells: dict[str, list[str]] = {}
    rows = []
    for number, line in enumerate(lines, 2):
        given = line[column].strip() if column < len(line) else ""
        file = path.parent / given
        if len(line) != len(header):
            found.problems.append(
                (f"line {number}", f"Line {number} has {len(line)} of {len(header)} columns.")
            )
        elif not given or not file.is_file():
            shown = given or f"line {number}"
            found.problems.append((shown, f"{shown} does not exist."))
        else:
            found.files.append(file)
            rows.append(line)
    found.names = unique([Path(row[column].strip()).stem for row in rows])
    for place, name in enumerate(header):
        if place != column and name:
            cells[name if name != "name" else "title"] = [row[place].strip() for row in rows]
    for name, values in cells.items():
        found.labels[name] = [read(value, guessed_kind(values)) for value in values]
    return found


def unique(names: list[str]) -> list[str]:
    """Names made unique with a number."""
    taken: set[str] = set()
    kept = []
    for name in names:
        plain, number = name or "image", 2
        name = plain
        while name in taken:
            name, number = f"{plain}_{number}", number + 1
        taken.add(name)
        kept.append(name)
    return kept


def look(listed: Listed, check: Callable[[], None] | None = None) -> Seen:
    """Read the headers of all pictures; damaged ones move to the problems."""
    sizes: Counter[tuple[int, int]] = Counter()
    gone: set[int] = set()
    coloured = converted = 0
    for index, file in enumerate(listed.files):
        if check is not None and index % AT_ONCE == 0:
            check()
        try:
            size, mode = header_of(file)
        except FileProblem as problem:
            listed.problems.append((listed.names[index], str(problem)))
            gone.add(index)
            continue
        sizes[size] += 1
        coloured += mode not in GREY_MODES
        converted += mode not in PLAIN_MODES
    return Seen(dict(sizes), coloured, listed.without(gone), converted)


def header_of(file: Path) -> tuple[tuple[int, int], str]:
    """(height, width) and Pillow's mode; FileProblem when it is no picture."""
    from PIL import Image

    if file.suffix.lower() == ".npy":
        values = opened_npy(file)
        return (values.shape[0], values.shape[1]), "RGB" if values.ndim == 3 else "L"
    try:
        with Image.open(file) as opened:
            height, width = opened.height, opened.width
            if opened.getexif().get(0x0112, 1) in (5, 6, 7, 8):
                height, width = width, height
            mode = opened.mode
            if mode == "P" and "transparency" not in opened.info:
                mode = "RGB"
    except Image.DecompressionBombError:
        raise FileProblem(
            f"{file.name} has too many pixels; at most {LARGEST_SIDE} px a side are read."
        ) from None
    except Exception as error:  # Pillow's readers raise almost anything on damaged files
        raise FileProblem(f"{file.name} is not a whole picture file.") from error
    if max(height, width) > LARGEST_SIDE:
        raise FileProblem(f"{file.name} is {width} × {height} px; at most {LARGEST_SIDE} are read.")
    return (height, width), mode


def opened_npy(file: Path) -> np.ndarray:
    """A picture in an NPY file: (H, W) or (H, W, 3), uint8 or numbers in [0, 1]."""
    try:
        values = np.load(file, mmap_mode="r", allow_pickle=False)
    except Exception as error:  # numpy's header parser raises tokenizer and syntax errors too
        raise FileProblem(f"{file.name} is not a whole NPY file.") from error
    good = values.ndim == 2 or (values.ndim == 3 and values.shape[2] == 3)
    if not good or values.dtype.kind not in "buif" or not 0 < max(values.shape) <= LARGEST_SIDE:
        shape = " × ".join(map(str, values.shape))
        raise FileProblem(f"{file.name} is no picture: its shape is {shape} ({values.dtype}).")
    return values


def pixels_of(file: Path) -> np.ndarray:
    """(H, W) or (H, W, 3) uint8; transparency lies on white, 16 bits become 8."""
    from PIL import Image, ImageOps

    if file.suffix.lower() == ".npy":
        values = np.asarray(opened_npy(file), float)
        if not np.isfinite(values).all() or values.min() < 0:
            raise FileProblem(f"{file.name} holds values that are no luminance.")
        top = 1.0 if values.max() <= 1.0 else 255.0
        return np.rint(np.clip(values / top, 0, 1) * 255).astype(np.uint8)
    try:
        with Image.open(file) as opened:
            turned = ImageOps.exif_transpose(opened)
            if turned.mode.startswith("I") or turned.mode == "F":
                values = np.asarray(turned, float)
                top = 65535.0 if values.max() > 255 else 255.0
                return np.rint(np.clip(values / top, 0, 1) * 255).astype(np.uint8)
            if turned.mode in ("1", "L", "RGB"):
                return np.asarray(turned.convert("L" if turned.mode == "1" else turned.mode))
            grey = turned.mode == "LA"
            seen = turned.convert("RGBA")
            white = Image.new("RGBA", seen.size, "white")
            flat = Image.alpha_composite(white, seen).convert("RGB")
            return np.asarray(flat.convert("L") if grey else flat)
    except FileProblem:
        raise
    except Exception as error:  # Pillow's decoders raise almost anything on damaged files
        raise FileProblem(f"{file.name} is not a whole picture file.") from error


def fitted(pixels: np.ndarray, height: int, width: int, fit: Fit) -> np.ndarray:
    """The picture at another size: padded with its border's median, cropped, or stretched."""
    from PIL import Image

    rows, columns = pixels.shape[:2]
    if (rows, columns) == (height, width):
        return pixels
    scales = height / rows, width / columns
    scale = min(scales) if fit == "pad" else max(scales)
    size = (width, height)
    if fit != "stretch":
        size = max(1, round(columns * scale)), max(1, round(rows * scale))
    down = size[0] <= columns and size[1] <= rows
    how = Image.Resampling.BOX if down else Image.Resampling.LANCZOS
    inner = np.asarray(Image.fromarray(pixels).resize(size, how))
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    if fit == "pad":
        border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        whole = np.empty((height, width, *pixels.shape[2:]), np.uint8)
        whole[:] = np.median(border, axis=0).astype(np.uint8)
        whole[top : top + size[1], left : left + size[0]] = inner
        return whole
    return inner[-top : height - top, -left : width - left] if fit == "crop" else inner


def import_pictures(
    path: Path,
    *,
    size: tuple[int, int] | None = None,
    fit: Fit | None = None,
    colour: Colour = "keep",
    strict: bool = False,
    threads: int = 2,
    progress: Callable[[int, int], None] | None = None,
    check: Callable[[], None] | None = None,
    into: Callable[[tuple[int, ...]], np.ndarray] | None = None,
) -> tuple[StimulusSet, list[tuple[str, str]]]:
    """Read a folder or a list.

    Parameters
    ----------
    size : (height, width) in px; the commonest size when left out.
    fit : how other sizes come to it; needed when there are any.
    colour : "keep" makes grey sets of grey pictures and colour sets when any is in colour.
    strict : refuse the whole import when a file cannot be read; otherwise it is left out.
    progress, check : told (done, total) after each chunk; ``check`` may raise to cancel.
    into : makes the array that receives the images (see :func:`generator.make_set`).

    Returns
    -------
    the set, and (file, sentence) of what was left out.

    Raises
    ------
    FileProblem, ParameterError
    """
    seen = look(listed_in(path), check)
    refuse_if(strict, seen.listed.problems)
    if not seen.listed.files:
        first = f" {seen.listed.problems[0][1]}" if seen.listed.problems else ""
        raise FileProblem(f"Nothing in {path.name} can be imported.{first}")
    height, width = size or seen.usual
    if fit is None and set(seen.sizes) != {(height, width)}:
        raise ParameterError("fit", mixed_sentence(seen, height, width), "pad")
    rgb = colour == "colour" or (colour == "keep" and seen.coloured > 0)
    shape = (len(seen.listed.files), height, width, *((3,) if rgb else ()))
    images = into(shape) if into else np.empty(shape, np.uint8)
    gone = read_all(seen.listed, images, fit or "pad", threads, progress, check)
    refuse_if(strict, seen.listed.problems)
    kept = seen.listed.without(gone)
    if gone:
        images = images[[i for i in range(len(images)) if i not in gone]]
    return made_of(path, kept, seen, images, fit), kept.problems


def read_all(
    listed: Listed,
    images: np.ndarray,
    fit: Fit,
    threads: int,
    progress: Callable[[int, int], None] | None,
    check: Callable[[], None] | None,
) -> set[int]:
    """Read every picture into its place; indices of those that cannot be read."""
    height, width = images.shape[1:3]

    def read_one(index: int) -> str:
        try:
            pixels = in_mode(pixels_of(listed.files[index]), images.ndim == 4)
        except FileProblem as problem:
            return str(problem)
        images[index] = fitted(pixels, height, width, fit)
        return ""

    gone, total = set(), len(listed.files)
    with ThreadPoolExecutor(max(1, threads), "stimuli import") as pool:
        for start in range(0, total, AT_ONCE):
            stop = min(start + AT_ONCE, total)
            for index, told in enumerate(pool.map(read_one, range(start, stop)), start):
                if told:
                    listed.problems.append((listed.names[index], told))
                    gone.add(index)
            if check is not None:
                check()
            if progress is not None:
                progress(stop, total)
    if len(gone) == total:
        raise FileProblem("None of these pictures can be read.")
    return gone


def in_mode(pixels: np.ndarray, rgb: bool) -> np.ndarray:
    """RGB or grey (ITU-R 601) of a picture that may be either."""
    if rgb and pixels.ndim == 2:
        return np.repeat(pixels[:, :, None], 3, axis=2)
    if not rgb and pixels.ndim == 3:
        from PIL import Image

        return np.asarray(Image.fromarray(pixels).convert("L"))
    return pixels


def made_of(
    path: Path, listed: Listed, seen: Seen, images: np.ndarray, fit: Fit | None
) -> StimulusSet:
    """The set with its history."""
    height, width = images.shape[1:3]
    words = [f"Imported {len(listed.files)} pictures from {path.name}."]
    if set(seen.sizes) != {(height, width)}:
        how = {"pad": "padded", "crop": "cropped", "stretch": "stretched"}[fit or "pad"]
        other = sum(count for size, count in seen.sizes.items() if size != (height, width))
        words.append(f"{other} of other sizes were resized and {how} to {width} × {height} px.")
    if seen.converted:
        words.append(
            f"{seen.converted} with transparency, 16 bits or CMYK became 8-bit pictures; "
            "transparent parts lie on white."
        )
    if images.ndim == 3 and seen.coloured:
        words.append(f"{seen.coloured} colour pictures became grey (ITU-R 601).")
    if listed.problems:
        words.append(f"{len(listed.problems)} could not be read and were left out.")
    return StimulusSet(
        name=path.stem if path.is_file() else path.name,
        images=images,
        table={"name": listed.names, **listed.labels},
        history=(" ".join(words),),
    )


def refuse_if(strict: bool, problems: list[tuple[str, str]]) -> None:
    """Refuse an import with problems when the user wants all or nothing."""
    if strict and problems:
        more = f" {len(problems) - 1} more have problems." if len(problems) > 1 else ""
        raise FileProblem(f"Nothing was imported: {problems[0][1]}{more}")


def mixed_sentence(seen: Seen, height: int, width: int) -> str:
    """Why a rule for sizes is needed."""
    sizes = sorted(seen.sizes)
    if len(sizes) == 1:
        return (
            f"The pictures are {sizes[0][1]} × {sizes[0][0]} px, not {width} × {height}. "
            "Choose to pad, crop or stretch them."
        )
    return (
        f"The pictures have {len(sizes)} sizes, from {sizes[0][1]} × {sizes[0][0]} to "
        f"{sizes[-1][1]} × {sizes[-1][0]} px. Choose to pad, crop or stretch them."
    )
