"""Several subjects' responses, and the runs that crossnobis distance needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from backend.brain.images import ENDINGS
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError
from backend.studies.dnn_lab.parameters import DNNBrainParameters
from backend.studies.dnn_lab.session import Session

RUNS = ("run", "session", "repetition", "fold", "block")
"""Columns that tell independent parts of the data, the first that is there."""


def files_of(p: DNNBrainParameters) -> list[Path]:
    """Files of further subjects: those of a folder, by name, or a list with semicolons."""
    found: list[Path] = []
    for word in (one.strip() for one in p.subjects.split(";")):
        place = Path(word)
        if not word:
            continue
        if not place.exists():
            raise FileProblem(f"{place.name} does not exist. Choose the subjects again.")
        if not place.is_dir():
            found.append(place)
            continue
        inside = sorted(
            one for one in place.iterdir()
            if one.is_file() and not one.name.startswith(".") and readable(one)
        )  # fmt: skip
        if not inside:
            raise FileProblem(f"{place.name} holds no responses that are read.")
        found += inside
    own = Path(p.betas).resolve() if p.betas else None
    return [one for one in found if one.resolve() != own]


def readable(path: Path) -> bool:
    """Whether a file in a folder is one of responses."""
    name = path.name.lower()
    return name.endswith((*ENDINGS, ".roi.h5")) and not name.endswith(".surf.gii")


def people(session: Session) -> tuple[list[str], list[np.ndarray]]:
    """Names and responses (pictures, vertices) of every subject; vertices may differ."""
    from backend.brain.responses import read_responses

    p, pictures = session.p, len(session.stimuli)
    if p.brain != "own":
        return ["simulated"], [session.brain()]
    names, values = [Path(p.betas).name], [session.brain()]
    for path in files_of(p):
        session.run.check()
        rows = np.asarray(read_responses(path).values, float)
        if len(rows) != pictures:
            raise FileProblem(
                f"{path.name} holds {len(rows)} rows; there are {pictures} pictures. Match them."
            )
        names.append(path.name)
        values.append(rows)
    return names, values


def runs_of(session: Session) -> np.ndarray | None:
    """(n,) run of each row; None where the pictures tell none.

    The exemplars of a generated category stand for runs: each category has one in each.
    """
    p, stimuli = session.p, session.stimuli
    if p.stimuli != "own":
        numbers = np.zeros(len(stimuli), int)
        for one in np.unique(stimuli.category):
            rows = np.flatnonzero(stimuli.category == one)
            numbers[rows] = np.arange(len(rows))
        return numbers
    wanted = p.runs.strip()
    if wanted and wanted not in stimuli.columns:
        there = ", ".join(stimuli.columns) or "none"
        raise ParameterError(
            "runs", f"{Path(p.folder).name} has no column {wanted}. There are: {there}."
        )
    name = wanted or next((one for one in RUNS if one in stimuli.columns), "")
    return np.array([str(one) for one in stimuli.columns[name]]) if name else None
