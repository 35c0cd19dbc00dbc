"""A user's pictures for networks: a folder, a list, or a set, read no further than needed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.stimuli.importing import listed_in
from backend.stimuli.picture_files import PictureFiles

LABELS = ("category", "label", "condition", "class")
"""Columns that name a picture's class, the first that is there."""


@dataclass(frozen=True)
class OwnPictures:
    """Pictures with what is known of each.

    Attributes
    ----------
    images : (n, H, W[, C]) of a set, or files that are read when they are sliced.
    names : one a picture. columns : further columns of the table, n values each.
    synthetic : label of a generated set, "" for anything else.
    """

    images: Any
    names: list[str]
    columns: dict[str, list[Any]]
    synthetic: str = ""

    def column(self, name: str, file: str) -> list[Any]:
        """The label column: the named one, or the first of ``LABELS``.

        ParameterError with the columns that are there, FileProblem when none is a label.
        """
        if name and name not in self.columns:
            there = ", ".join(self.columns) or "none"
            raise ParameterError("label", f"{file} has no column {name}. There are: {there}.")
        usual = [one for one in LABELS if one in self.columns]
        if not name and not usual:
            raise FileProblem(
                f"{file} does not say the categories. Give a folder with one sub-folder a "
                "category, or name the label column."
            )
        return self.columns[name or usual[0]]


def own_pictures(path: str, height: int, width: int) -> OwnPictures:
    """Open a folder, a CSV or TSV list, a ``.stim.csv``, or a set of the studio.

    ``height`` and ``width`` in px are those of pictures read from files; a set has its own.
    ParameterError("folder") without a path, FileProblem when nothing there can be used.
    """
    from backend.stimuli import set_files

    if not path:
        raise ParameterError("folder", "Your own pictures need a folder, a list or a set.")
    place = Path(path)
    if not place.exists():
        raise FileProblem(f"{place.name} does not exist. Choose it again.")
    if place.name.lower().endswith((".stim.csv", ".npz")) or (place / "set.json").is_file():
        stimuli = set_files.load(place)
        columns = {key: values for key, values in stimuli.table.items() if key != "name"}
        names = [str(name) for name in stimuli.names]
        return OwnPictures(stimuli.images, names, columns, stimuli.synthetic)
    listed = listed_in(place)
    return OwnPictures(PictureFiles(listed.files, height, width), listed.names, listed.labels)
