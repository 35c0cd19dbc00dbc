"""Sessions: one versioned JSON document, saved on change, offered again after a crash.

``sessions/auto-PID.isomorph`` belongs to a living window; on a clean end it becomes
``last.isomorph``. An auto file whose process is gone is a crashed session.
"""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from backend.core.files import FileProblem, read_json, write_json
from backend.core.parameters import ParameterError
from backend.core.store import alive, home
from backend.studies import find

FORMAT = 1
ENDING = ".isomorph"
LARGEST = 64 << 20


@dataclass
class StudyState:
    """One study as it stood: preset, values, splitters; ``run`` is the id of its last run."""

    preset: str
    parameters: dict[str, Any]
    run: str = ""
    layout: dict[str, list[int]] = field(default_factory=dict)


@dataclass
class Session:
    """Everything a window needs to come back.

    ``panels`` holds what each says in ``kept()``; ``shown`` the study in front of each panel.
    """

    panel: str = "home"
    shown: dict[str, str] = field(default_factory=dict)
    studies: dict[str, StudyState] = field(default_factory=dict)
    panels: dict[str, dict[str, Any]] = field(default_factory=dict)
    geometry: str = ""
    docks: str = ""
    saved: str = ""
    format: int = FORMAT
    problems: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        document = dataclasses.asdict(self)
        document.pop("problems")
        document["saved"] = datetime.now().isoformat(timespec="seconds")
        document["program"] = "Isomorph"
        return document


def folder() -> Path:
    """Where sessions are kept unless the user says otherwise."""
    return home() / "sessions"


def own_file() -> Path:
    """The autosave of this process."""
    return folder() / f"auto-{os.getpid()}{ENDING}"


def last_file() -> Path:
    """The session of the last clean end."""
    return folder() / f"last{ENDING}"


def save(session: Session, path: Path) -> None:
    """Write a session atomically; FileProblem when it cannot be."""
    write_json(path, session.document())


def load(path: Path) -> Session:
    """Read a session of this or an older program.

    What a value's limits no longer allow is left at its preset and named in ``problems``.
    FileProblem when the file is no session, damaged or of a newer program.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise FileProblem(f"{path.name} is too large for a session.")
    except OSError:
        raise FileProblem(f"{path.name} cannot be read.") from None
    document = read_json(path)
    if not isinstance(document, dict) or document.get("program") != "Isomorph":
        raise FileProblem(f"{path.name} is not a session of Isomorph.")
    if not isinstance(document.get("format"), int) or document["format"] > FORMAT:
        raise FileProblem(f"{path.name} was written by a newer Isomorph. Update to open it.")
    session = Session(
        panel=text(document, "panel") or "home",
        geometry=text(document, "geometry"),
        docks=text(document, "docks"),
        saved=text(document, "saved"),
    )
    shown = document.get("shown")
    if not isinstance(shown, dict):  # an older program had one panel of studies
        shown = {"simulate": text(document, "study")}
    session.shown = {str(name): one for name, one in shown.items() if isinstance(one, str)}
    panels = document.get("panels")
    for name, kept in (panels if isinstance(panels, dict) else {}).items():
        if isinstance(kept, dict):
            session.panels[str(name)] = kept
    studies = document.get("studies")
    for identifier, state in (studies if isinstance(studies, dict) else {}).items():
        take_study(session, str(identifier), state)
    return session


def text(document: dict[str, Any], name: str) -> str:
    value = document.get(name, "")
    return value if isinstance(value, str) else ""


def take_study(session: Session, identifier: str, state: Any) -> None:
    """Read one study's state, value by value, into a session."""
    try:
        study = find(identifier)
    except ParameterError:
        session.problems.append(f'The study "{identifier}" is not in this version.')
        return
    if not isinstance(state, dict):
        session.problems.append(f"{study.title}: its settings are damaged; the preset is used.")
        return
    names = [preset.name for preset in study.presets]
    preset = state.get("preset") if state.get("preset") in names else names[0]
    parameters = study.parameters_of(str(preset))
    values = state.get("parameters")
    for name, value in (values if isinstance(values, dict) else {}).items():
        try:
            parameters = parameters.changed(**{str(name): value})
        except ParameterError as error:
            session.problems.append(f"{study.title}: {error.sentence}")
    layout = state.get("layout")
    session.studies[identifier] = StudyState(
        preset=str(preset),
        parameters=parameters.document(),
        run=text(state, "run"),
        layout=layout if isinstance(layout, dict) else {},
    )


def crashed() -> list[Path]:
    """Autosaves whose process is gone, newest first."""
    found = []
    for path in folder().glob(f"auto-*{ENDING}"):
        number = path.stem.removeprefix("auto-")
        if number.isdigit() and int(number) != os.getpid() and not alive(int(number)):
            found.append(path)
    return sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)


def written(path: Path) -> float:
    """When a session was last written, in seconds of the epoch; 0 when it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def end_cleanly() -> None:
    """This process's autosave becomes the last session."""
    if own_file().exists():
        os.replace(own_file(), last_file())


def discard(path: Path) -> None:
    """Forget a crashed session (kept as ``discarded`` until the next one is)."""
    os.replace(path, folder() / f"discarded{ENDING}")


def recent() -> list[Path]:
    """Sessions the user saved or opened, newest first, as far as they exist."""
    try:
        names = read_json(folder() / "recent.json")
    except FileProblem:
        return []
    return [Path(name) for name in names if isinstance(name, str) and Path(name).exists()][:8]


def remember(path: Path) -> None:
    """Put a session on top of the recent ones."""
    names = [str(path.resolve())] + [str(p) for p in recent() if p != path.resolve()]
    write_json(folder() / "recent.json", names[:8])
