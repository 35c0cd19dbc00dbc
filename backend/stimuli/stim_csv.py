"""DNNBrain's stimulus list ``.stim.csv``: ``type=``, ``path=``, ``data=`` and comma-separated rows.

DNNBrain reads stimID and condition as text, label as an integer and every other column as a number,
and splits at commas without quotes; so only such columns are written. The whole set stands in the
folder ``NAME.stim``, from which it is read back without loss.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

import numpy as np

from backend.core.files import FileProblem, write_text
from backend.stimuli.set_document import file_stems, guessed_kind, kind_of, read
from backend.stimuli.set_files import (
    Told,
    load_folder,
    read_pictures,
    read_text,
    save_folder,
)
from backend.stimuli.stimulus_set import StimulusSet

CONDITIONS = ("condition", "class", "category", "kind", "group")
"""The first of these columns that is there becomes DNNBrain's condition."""


def save_stim_csv(stimuli: StimulusSet, path: Path, progress: Told, threads: int) -> None:
    """Write ``NAME.stim.csv`` and the folder ``NAME.stim`` it points to."""
    folder = path.with_name(path.name[: -len(".csv")])
    save_folder(stimuli, folder, progress, threads)
    columns = columns_of(stimuli)
    lines = ["type=image", f"path={folder.name}/images", f"title={one_line(stimuli.name)}"]
    lines.append("data=" + ",".join(columns))
    lines += [",".join(row) for row in zip(*columns.values(), strict=True)]
    write_text(path, "\n".join(lines) + "\n")


def columns_of(stimuli: StimulusSet) -> dict[str, list[str]]:
    """The columns DNNBrain can read, as text."""
    found = {"stimID": [f"{stem}.png" for stem in file_stems(stimuli.names)]}
    table = stimuli.table
    condition = next((name for name in CONDITIONS if name in table), None)
    if condition is not None:
        words = [one_line(str(value)) for value in table[condition]]
        codes = {word: code for code, word in enumerate(sorted(set(words)))}
        if "label" not in table or kind_of(table["label"]) != "int":
            found["label"] = [str(codes[word]) for word in words]
        found["condition"] = words
    for column, values in table.items():
        kind = kind_of(values)
        usable = kind in ("bool", "int", "float") and not re.search(r"[,=\s]", column)
        if usable and column not in (*found, condition) and (column != "label" or kind == "int"):
            found[column] = [number(value) for value in values]
    return found


def number(value: Any) -> str:
    """A number as DNNBrain's float() reads it."""
    if isinstance(value, bool | int | np.bool_ | np.integer):
        return str(int(value))
    return "nan" if math.isnan(value) else repr(float(value))


def one_line(text: str) -> str:
    """Text without the signs that DNNBrain splits at."""
    return re.sub(r"[,=\s]+", "_", text) or "_"


def load_stim_csv(path: Path, progress: Told, threads: int) -> StimulusSet:
    """Read a list: in full when Isomorph's folder stands beside it, else its pictures and columns.

    A list whose rows were taken out or reordered by hand selects these rows of the whole set.
    """
    header, columns = parsed(path)
    files = columns.pop("stimID")
    root = picture_folder(path, header["path"])
    if (root.parent / "set.json").is_file():
        whole = load_folder(root.parent, progress, threads)
        place = {f"{stem}.png": index for index, stem in enumerate(file_stems(whole.names))}
        if all(file in place for file in files) and len(set(files)) == len(files):
            chosen = [place[file] for file in files]
            if chosen == list(range(len(whole))):
                return whole
            return whole.select(chosen, f"Took {len(chosen)} images as listed in {path.name}.")
    return foreign(path, root, files, columns, progress, threads)


def parsed(path: Path) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Header and columns; FileProblem when it is not DNNBrain's format."""
    lines = [line for line in read_text(path).splitlines() if line]
    start = next((i for i, line in enumerate(lines) if line.startswith("data=")), None)
    if start is None:
        raise FileProblem(f'{path.name} is not a DNNBrain list: the line "data=" is missing.')
    header = dict(line.split("=", 1) for line in lines[:start] if "=" in line)
    names = lines[start].split("=", 1)[1].split(",")
    if header.get("type") != "image" or "path" not in header or "stimID" not in names:
        raise FileProblem(
            f"{path.name} is not a DNNBrain list of images: it needs type=image, path= and stimID."
        )
    rows = [line.split(",") for line in lines[start + 1 :]]
    for row, line in enumerate(rows, start + 2):
        if len(line) != len(names):
            raise FileProblem(
                f"{path.name}: line {row} has {len(line)} values for {len(names)} columns."
            )
    return header, {name: [line[i] for line in rows] for i, name in enumerate(names)}


def picture_folder(path: Path, given: str) -> Path:
    """Where the pictures are: as given, or below the list's folder."""
    for place in (path.parent / given, path.parent / Path(given).name):
        if place.is_dir():
            return place
    raise FileProblem(f'{path.name} points to the folder "{given}", which does not exist.')


def foreign(
    path: Path,
    root: Path,
    files: list[str],
    columns: dict[str, list[str]],
    progress: Told,
    threads: int,
) -> StimulusSet:
    """A list that another program wrote: pictures of one size, columns of guessed kinds."""
    from PIL import Image

    if not files:
        raise FileProblem(f"{path.name} lists no pictures.")
    try:
        with Image.open(root / files[0]) as first:
            shape = (first.height, first.width, *((3,) if first.mode == "RGB" else ()))
    except Exception as error:  # Pillow's decoders raise almost anything on damaged files
        raise FileProblem(f"{files[0]} is missing or not a whole picture file.") from error
    images = read_pictures([root / file for file in files], shape, progress, threads)
    stems = [str(Path(file).with_suffix("")) for file in files]
    unique = stems if len(set(stems)) == len(stems) else file_stems(files)
    table: dict[str, list[Any]] = {"name": unique}
    for column, cells in columns.items():
        kind = "text" if column == "condition" else guessed_kind(cells)
        table[column if column != "name" else "title"] = [read(cell, kind) for cell in cells]
    return StimulusSet(
        name=path.name[: -len(".stim.csv")],
        images=images,
        table=table,
        history=(f"Read from {path.name} ({len(files)} pictures).",),
    )
