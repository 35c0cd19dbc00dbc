"""The pictures and columns of a DNNBrain list ``.stim.csv``, read as far as they are needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from backend.core.files import FileProblem, write_text
from backend.core.parameters import unknown_name
from backend.stimuli.importing import Fit
from backend.stimuli.picture_files import PictureFiles
from backend.stimuli.set_files import load, read_text
from backend.stimuli.stim_csv import parsed, picture_folder


@dataclass(frozen=True)
class Listed:
    """A list: its file, the folder of its pictures, their names, and all columns as text."""

    path: Path
    folder: Path
    names: list[str]
    columns: dict[str, list[str]]

    def __len__(self) -> int:
        return len(self.names)

    def pictures(self, height: int, width: int, fit: Fit = "crop") -> Any:
        """Pictures for :func:`backend.networks.scan.stream`: in memory for a set that Isomorph
        wrote, else read from their files when they are asked for."""
        if (self.folder.parent / "set.json").is_file():
            return load(self.path).images
        missing = [name for name in self.names if not (self.folder / name).is_file()]
        if missing:
            raise FileProblem(f"{missing[0]} is listed in {self.path.name} and does not exist "
                              f"({len(missing)} missing).")  # fmt: skip
        return PictureFiles([self.folder / name for name in self.names], height, width, fit)

    def column(self, name: str) -> list[str]:
        """A column as text; ParameterError with the columns that are there."""
        if name not in self.columns:
            raise unknown_name(name, self.columns, "column")
        return self.columns[name]

    def numbers(self, name: str) -> np.ndarray:
        """A column as numbers (n,); FileProblem names the line that is none."""
        found = []
        for line, cell in enumerate(self.column(name), 1):
            try:
                found.append(float(cell))
            except ValueError:
                raise FileProblem(f'{self.path.name}: {name} of row {line} is "{cell}", which is '
                                  "no number.") from None  # fmt: skip
        return np.array(found)

    def labels(self, name: str) -> np.ndarray:
        """A column as class names: numbers where all are numbers, else text."""
        cells = self.column(name)
        try:
            values = np.array([float(cell) for cell in cells])
        except ValueError:
            return np.array(cells)
        return values.astype(np.int64) if (values == np.rint(values)).all() else values


def read(path: Path) -> Listed:
    """Read a list; FileProblem when it is none, or one of videos."""
    if not path.name.lower().endswith(".stim.csv"):
        raise FileProblem(f'{path.name} does not end in ".stim.csv", as DNNBrain\'s lists do.')
    if not path.is_file():
        raise FileProblem(f"{path.name} does not exist.")
    for line in read_text(path).splitlines():
        kind = line.partition("=")
        if kind[0].strip() == "type" and kind[2].strip().startswith("video"):
            raise FileProblem(f"{path.name} lists a video. Save its frames as pictures and list "
                              "them with type=image.")  # fmt: skip
    header, columns = parsed(path)
    return Listed(path, picture_folder(path, header["path"]), columns["stimID"], columns)


def write(path: Path, listed: Listed, rows: Sequence[int], more: dict[str, Sequence[Any]]) -> None:
    """Write some rows as a new list with further columns, pointing to the same pictures."""
    columns = {name: [cells[i] for i in rows] for name, cells in listed.columns.items()}
    columns |= {name: [str(value) for value in values] for name, values in more.items()}
    lines = ["type=image", f"path={listed.folder.resolve()}", "data=" + ",".join(columns)]
    lines += [",".join(row) for row in zip(*columns.values(), strict=True)]
    write_text(path, "\n".join(lines) + "\n")
