"""A stimulus set without its pixels as text: table as TSV, the rest as JSON; nothing is lost."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from backend.core.files import FileProblem, plain
from backend.stimuli.stimulus_set import StimulusSet

FORMAT = 1
LARGEST_SIDE = 16384
MISSING = "n/a"
"""Written for NaN (BIDS)."""


def checked(stimuli: StimulusSet) -> StimulusSet:
    """The same set; FileProblem when images and table do not belong together."""
    count, images = len(stimuli.images), stimuli.images
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] != 3):
        raise FileProblem(f'"{stimuli.name}" is not saved: its images are neither grey nor RGB.')
    if images.dtype not in (np.uint8, np.float32):
        raise FileProblem(
            f'"{stimuli.name}" is not saved: its images are {images.dtype}, not uint8 or float32.'
        )
    if next(iter(stimuli.table), None) != "name":
        raise FileProblem(f'"{stimuli.name}" is not saved: the first column must be "name".')
    for column, values in stimuli.table.items():
        if len(values) != count:
            raise FileProblem(
                f'"{stimuli.name}" is not saved: column "{column}" has {len(values)} values for '
                f"{count} images."
            )
    if len(set(stimuli.names)) != count:
        twice = Counter(stimuli.names).most_common(1)[0][0]
        raise FileProblem(
            f'"{stimuli.name}" is not saved: two images are called "{twice}". Rename one.'
        )
    for key, array in stimuli.arrays.items():
        if array.dtype.hasobject or len(array) != count:
            raise FileProblem(f'"{stimuli.name}" is not saved: array "{key}" does not fit.')
    return stimuli


# ---- table ---------------------------------------------------------------------------------


def kind_of(values: Sequence[Any]) -> str:
    """How a column is written: bool, int, float, text, or json for mixed values."""
    kinds = {type(plain(value)) if isinstance(value, np.generic) else type(value)
             for value in values}  # fmt: skip
    if kinds <= {float} and any(isinstance(v, np.generic) for v in values):
        return "float"
    names = {bool: "bool", int: "int", float: "float", str: "text"}
    return names.get(next(iter(kinds)), "json") if len(kinds) == 1 else "json"


def written(value: Any, kind: str) -> str:
    """One cell as text."""
    if kind == "json":
        return json.dumps(value.item() if isinstance(value, np.generic) else value)
    if kind == "float":
        number = float(value)
        return MISSING if math.isnan(number) else repr(number)
    if kind == "bool":
        return "true" if value else "false"
    return str(value)


def read(text: str, kind: str) -> Any:
    """Inverse of :func:`written`; ValueError when the text is not of that kind."""
    if kind == "json":
        return json.loads(text)
    if kind == "float":
        return math.nan if text == MISSING else float(text)
    if kind == "int":
        return int(text)
    if kind == "bool":
        return {"true": True, "false": False, "True": True, "False": False}[text]
    return text


def table_text(table: dict[str, list[Any]]) -> str:
    """The table as TSV with a header; cells with tabs or line ends are quoted."""
    kinds = {column: kind_of(values) for column, values in table.items()}
    columns = [[written(value, kinds[key]) for value in values] for key, values in table.items()]
    lines = [list(table), *(list(line) for line in zip(*columns, strict=True))]
    return "".join("\t".join(map(quoted, line)) + "\n" for line in lines)


def quoted(cell: str) -> str:
    """The cell, in quotes where csv would not read it back (it forgets a lone return)."""
    plain_cell = cell and not re.search(r'[\t\n\r"]', cell)
    return cell if plain_cell else '"' + cell.replace('"', '""') + '"'


def table_of(text: str, kinds: dict[str, str], file: str) -> dict[str, list[Any]]:
    """Columns of a TSV, each of its kind; FileProblem naming line and column otherwise."""
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter="\t"))
    except csv.Error as error:
        raise FileProblem(f"{file} is damaged: it is not a table ({error}).") from None
    header, body = (lines[0], lines[1:]) if lines else ([], [])
    if not header or header[0] != "name" or len(set(header)) != len(header):
        raise FileProblem(f'{file} is damaged: its first column must be "name".')
    for number, line in enumerate(body, 2):
        if len(line) != len(header):
            raise FileProblem(
                f"{file} is damaged: line {number} has {len(line)} of {len(header)} columns."
            )
    table: dict[str, list[Any]] = {}
    for place, column in enumerate(header):
        cells = [line[place] for line in body]
        kind = kinds.get(column) or guessed_kind(cells)
        try:
            table[column] = [read(cell, kind) for cell in cells]
        except (ValueError, KeyError, RecursionError):
            raise FileProblem(f'{file} is damaged: column "{column}" is not {kind}.') from None
    return table


def guessed_kind(cells: Sequence[str]) -> str:
    """Kind of a column whose kind nobody wrote down."""
    for kind in ("int", "float"):
        try:
            for cell in cells:
                read(cell, kind)
        except ValueError:
            continue
        return kind if cells else "text"
    return "text"


# ---- the rest ------------------------------------------------------------------------------


def document_of(stimuli: StimulusSet) -> dict[str, Any]:
    """``set.json``: what the images and the table do not say, without provenance."""
    return {
        "format": FORMAT,
        "name": stimuli.name,
        "shape": list(stimuli.images.shape),
        "dtype": stimuli.images.dtype.name,
        "columns": {key: kind_of(values) for key, values in stimuli.table.items()},
        "generator": plain(stimuli.generator),
        "arrays": list(stimuli.arrays),
        "synthetic": stimuli.synthetic,
        "history": list(stimuli.history),
    }


def checked_document(document: Any, file: str) -> dict[str, Any]:
    """``set.json`` as read; FileProblem when it is foreign, newer or impossible."""
    if not isinstance(document, dict) or "shape" not in document:
        raise FileProblem(f"{file} is not a stimulus set of Isomorph. Import its pictures instead.")
    try:
        if int(document["format"]) > FORMAT:
            raise FileProblem(f"{file} was written by a newer Isomorph. Update to open it.")
        shape = [int(extent) for extent in document["shape"]]
        good = len(shape) in (3, 4) and (len(shape) == 3 or shape[3] == 3)
        good &= all(0 < side <= LARGEST_SIDE for side in shape[1:3]) and shape[0] >= 0
        good &= document["dtype"] in ("uint8", "float32")
        good &= isinstance(document["generator"], dict | None)
        columns, arrays = document["columns"], document["arrays"]
        good &= isinstance(columns, dict) and all(isinstance(k, str) for k in columns.values())
        good &= isinstance(arrays, list) and all(isinstance(key, str) for key in arrays)
        good &= len(set(arrays)) == len(arrays)
        good &= isinstance(document["history"], list)
        good &= re.fullmatch(r"set[-\d]*\.tsv", document.get("table", "set.tsv")) is not None
        texts = [document["name"], document["synthetic"], *document["history"]]
        good &= all(isinstance(text, str) for text in texts)
    except (KeyError, TypeError, ValueError, OverflowError):
        good = False
    if not good:
        raise FileProblem(f"{file} is damaged: it does not describe a stimulus set.")
    return document


def assembled(
    document: dict[str, Any],
    table: dict[str, list[Any]],
    images: np.ndarray,
    arrays: dict[str, np.ndarray],
    provenance: Any,
    file: str,
) -> StimulusSet:
    """The set of its parts; FileProblem when they do not belong together."""
    count = len(table["name"])
    if list(images.shape) != document["shape"] or images.dtype.name != document["dtype"]:
        raise FileProblem(
            f"{file} is damaged: its images are {' × '.join(map(str, images.shape))}, not "
            f"{' × '.join(map(str, document['shape']))}."
        )
    if count != len(images) or len(set(table["name"])) != count:
        raise FileProblem(
            f"{file} is damaged: its table names {len(set(table['name']))} of {len(images)} images."
        )
    for key, values in arrays.items():
        if values.shape[:1] != (count,):
            raise FileProblem(f'{file} is damaged: array "{key}" is not of {count} images.')
    return StimulusSet(
        name=document["name"],
        provenance=provenance if isinstance(provenance, dict) else {},
        images=images,
        table=table,
        generator=document["generator"],
        arrays=arrays,
        synthetic=document["synthetic"],
        history=tuple(document["history"]),
    )


def refuse_not_finite(images: np.ndarray, file: str) -> np.ndarray:
    """The same images; FileProblem when a float image holds NaN or infinity."""
    if images.dtype == np.float32 and not all(np.isfinite(image).all() for image in images):
        raise FileProblem(f"{file} is damaged: an image holds values that are not numbers.")
    return images


def file_stems(names: Sequence[Any]) -> list[str]:
    """A file name without ending for each image: safe on every system, unique, in order."""
    taken: set[str] = set()
    stems = []
    for number, name in enumerate(names):
        stem = re.sub(r"[^\w.-]", "_", str(name)).strip(".")[:100] or f"image_{number:05d}"
        plainest, copy = stem, 2
        while stem.casefold() in taken:
            stem, copy = f"{plainest}_{copy}", copy + 1
        taken.add(stem.casefold())
        stems.append(stem)
    return stems
