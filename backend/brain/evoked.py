"""Courses over time as mne's Evoked: a channel a course, in FIF or as a table."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np

from backend.core.files import FileProblem, replacing, write_sentence, write_text
from backend.core.objects import Table, WorkspaceObject


@dataclass
class Evoked(WorkspaceObject):
    """Similarities over time, and their p values, of named models.

    Attributes
    ----------
    times_ms : (n_time,), evenly spaced for FIF. courses : {what they are: {model: (n_time,)}}; each
        becomes an Evoked whose channels, of type misc, are the models.
    words : kept as the description of the file ("SIMULATED ...").
    """

    formats: ClassVar[tuple[str, ...]] = ("fif", "csv", "tsv")
    kind: ClassVar[str] = "Evoked"
    times_ms: np.ndarray = field(default_factory=lambda: np.empty(0))
    courses: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    words: str = ""

    @property
    def size(self) -> str:
        return f"{len(next(iter(self.courses.values()), ()))} × {len(self.times_ms)} moments"

    def _save_fif(self, path: Path) -> None:
        try:
            import mne
        except ImportError:
            raise FileProblem(
                "FIF needs the package mne, which is not installed. Save as CSV."
            ) from None
        if not even(self.times_ms):
            raise FileProblem("FIF needs moments at even steps. Save as CSV.")
        step = float(np.diff(self.times_ms).mean())
        made = []
        for what, courses in self.courses.items():
            info = mne.create_info(list(courses), 1000.0 / step, "misc", verbose="ERROR")
            info["description"] = self.words or None
            data = np.stack(list(courses.values())).astype(float)
            made.append(mne.EvokedArray(data, info, self.times_ms[0] / 1000.0, what,
                                        verbose="ERROR"))  # fmt: skip
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=path.parent, prefix=".evoked.") as folder:
                draft = Path(folder) / "draft-ave.fif"
                mne.write_evokeds(draft, made, verbose="ERROR")
                content = draft.read_bytes()
        except OSError as error:
            raise FileProblem(write_sentence(path, error)) from error
        with replacing(path) as file:
            file.write(content)

    def _table(self) -> Table:
        columns = {"ms": self.times_ms.tolist()}
        for what, courses in self.courses.items():
            columns |= {f"{model}, {what}": one.tolist() for model, one in courses.items()}
        return Table(columns=columns)

    def _save_csv(self, path: Path) -> None:
        write_text(path, self._table().text(","))

    def _save_tsv(self, path: Path) -> None:
        write_text(path, self._table().text("\t"))


def even(times_ms: np.ndarray) -> bool:
    """Whether moments lie at even steps, as FIF keeps them."""
    steps = np.diff(times_ms)
    return bool(len(steps) and steps.min() > 0 and np.allclose(steps, steps.mean(), rtol=1e-3))
