"""Every run in a folder of its own: atomic, survives kill -9, listed, reopened, trashed.

A folder holds ``run.json`` (what it is, its state), ``result.json`` (values beside references),
``tables/*.csv``, ``views/*.npz`` (the last pictures) and ``cells.jsonl`` (finished cells).
"""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from backend.core.files import FileProblem, plain, read_json, replacing, write_json
from backend.core.objects import Table
from backend.core.result import Measured, Result, number
from backend.core.run import ChangeAt
from backend.core.views import Marker

FORMAT = 1
ALIVE = ("running", "paused", "rebuilding")


def home() -> Path:
    """Folder of the user's runs, sessions and settings (ISOMORPH_HOME overrides)."""
    if os.environ.get("ISOMORPH_HOME"):
        return Path(os.environ["ISOMORPH_HOME"])
    import platformdirs

    return Path(platformdirs.user_data_dir("isomorph", appauthor=False))


@dataclass
class Record:
    """One run as the store knows it."""

    id: str
    study: str
    preset: str
    procedure: str
    parameters: dict[str, Any]
    state: str = "running"
    started: str = ""
    finished: str = ""
    note: str = ""
    pid: int = 0
    duration: float | None = None
    changes: list[dict[str, Any]] = field(default_factory=list)
    format: int = FORMAT
    path: Path = field(default_factory=Path, compare=False)

    @property
    def seed(self) -> int:
        return int(self.parameters.get("seed", 0))

    @property
    def schedule(self) -> tuple[ChangeAt, ...]:
        """Changes made while it ran, to repeat it exactly."""
        return tuple(ChangeAt(int(c["step"]), c["values"]) for c in self.changes)

    def document(self) -> dict[str, Any]:
        fields = dataclasses.asdict(self)
        fields.pop("path")
        return plain(fields)


class Store:
    """The runs below one folder."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = (root or home()) / "runs"
        self.trash = self.root / "trash"

    def create(self, record: Record) -> Record:
        """Make the run's folder and its first ``run.json``."""
        record.path = self.root / record.id
        record.pid = os.getpid()
        save_record(record)
        return record

    def records(self) -> list[Record]:
        """All runs, newest first; damaged folders are skipped, dead ones say *interrupted*."""
        found = []
        for path in sorted(self.root.glob("*/run.json"), reverse=True):
            try:
                found.append(load_record(path.parent))
            except FileProblem:
                continue
        return found

    def delete(self, record: Record) -> None:
        """Move a run to the trash."""
        self.trash.mkdir(parents=True, exist_ok=True)
        target = self.trash / record.id
        if target.exists():
            shutil.rmtree(target)
        os.replace(record.path, target)
        record.path = target

    def restore(self, record: Record) -> None:
        """Take a run back from the trash."""
        target = self.root / record.id
        os.replace(record.path, target)
        record.path = target

    def empty_trash(self) -> None:
        """Delete what is in the trash for good."""
        shutil.rmtree(self.trash, ignore_errors=True)


def new_id(study: str) -> str:
    """A sortable, unique name for a run."""
    moment = datetime.now().strftime("%Y%m%d-%H%M%S")
    return f"{moment}-{study}-{time.time_ns() % 1_000_000:06d}"


def save_record(record: Record) -> None:
    write_json(record.path / "run.json", record.document())


def load_record(path: Path) -> Record:
    """Read a run folder; FileProblem when it is damaged, foreign or newer than this program."""
    document = read_json(path / "run.json")
    try:
        if int(document["format"]) > FORMAT:
            raise FileProblem(f"{path.name} was written by a newer Isomorph. Update to open it.")
        names = {f.name for f in dataclasses.fields(Record)} - {"path"}
        record = Record(**{name: document[name] for name in names if name in document}, path=path)
        str(record.study), dict(record.parameters), list(record.changes)
    except (KeyError, TypeError, ValueError) as error:
        raise FileProblem(f"{path.name} is not a run of Isomorph ({error}).") from error
    if record.state in ALIVE and not alive(record.pid):
        record.state = "interrupted"
    return record


def alive(pid: int) -> bool:
    """True when a process of this number exists."""
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except (OSError, OverflowError, TypeError):
        return False
    return True


def result_document(
    record: Record, result: Result, comparisons: list[Any], provenance: dict[str, Any]
) -> dict[str, Any]:
    """``result.json`` as DESIGN section 12 says."""
    values: dict[str, dict[str, Any]] = {}
    for line in comparisons:
        reference, measured = line.reference, line.measured
        if measured is None and reference is None:
            continue
        first = values.get(line.quantity)
        if first is not None and (first["source"] == "paper" or reference is None):
            continue  # a quantity with two references keeps the paper's
        values[line.quantity] = {
            "value": number(measured.value) if measured else None,
            "sd": number(measured.sd) if measured else None,
            "n": measured.n if measured else None,
            "unit": line.unit,
            "reference": reference_number(reference),
            "source": reference.source if reference else None,
            "tolerance": tolerance_of(reference),
            "verdict": str(line.verdict),
            "where": reference.where if reference else "",
            "label": line.label,
        }
    return {
        "study": record.study,
        "preset": record.preset,
        "procedure": record.procedure,
        "parameters": record.parameters,
        "seed": record.seed,
        "complete": result.complete,
        "lead": result.lead,
        "sentence": result.sentence,
        "notes": result.notes,
        "values": values,
        "provenance": provenance,
    }


def reference_number(reference: Any) -> float | None:
    """The reference as one number: its value, or the middle or the only end of its bounds."""
    if reference is None or reference.value is not None:
        return None if reference is None else reference.value
    if reference.low is not None and reference.high is not None:
        return (reference.low + reference.high) / 2
    return reference.low if reference.low is not None else reference.high


def tolerance_of(reference: Any) -> Any:
    """± tolerance as a number, or [low, high] for bounds (null: open end)."""
    if reference is None or reference.bounds is None:
        return None
    if reference.tolerance is not None and reference.low is None and reference.high is None:
        return reference.tolerance
    return [reference.low, reference.high]


def save_result(path: Path, document: dict[str, Any], result: Result) -> None:
    """Write result.json and the tables of a run into its folder."""
    for name, columns in result.tables.items():
        Table(name=name, columns=columns).save(path / "tables" / f"{name}.csv")
    write_json(path / "result.json", document)


def load_result(path: Path) -> Result:
    """Measured values of a stored run; FileProblem when there are none."""
    document = read_json(path / "result.json")
    result = Result(
        complete=bool(document.get("complete")),
        lead=document.get("lead", ""),
        sentence=document.get("sentence", ""),
        notes=list(document.get("notes", [])),
    )
    for name, value in document.get("values", {}).items():
        if value.get("value") is not None:
            result.values[name] = Measured(value["value"], value.get("sd"), value.get("n"))
    return result


def save_views(path: Path, channels: Mapping[str, Any]) -> None:
    """Keep the last picture of every channel, so that a reopened run shows what it showed."""
    for name, channel in channels.items():
        data = channel.snapshot()
        if not data:
            continue
        arrays: dict[str, Any] = {k: v for k, v in data.items() if isinstance(v, np.ndarray)}
        rest = {k: _encode(v) for k, v in data.items() if k not in arrays}
        with replacing(path / "views" / f"{name}.npz") as file:
            np.savez_compressed(file, __rest=np.array(json.dumps(plain(rest))), **arrays)


def load_views(path: Path) -> dict[str, dict[str, Any]]:
    """Channel snapshots of a stored run by channel name; damaged files are left out."""
    found = {}
    for file in sorted((path / "views").glob("*.npz")):
        try:
            with file.open("rb") as opened, np.load(opened, allow_pickle=False) as stored:
                data = {name: stored[name] for name in stored.files if name != "__rest"}
                rest = json.loads(str(stored["__rest"]))
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            continue
        data.update({name: _decode(value) for name, value in rest.items()})
        found[file.stem] = data
    return found


def fill(channels: Mapping[str, Any], views: Mapping[str, dict[str, Any]]) -> None:
    """Put stored pictures back into empty channels; what no longer fits is left out."""
    for name, data in views.items():
        channel = channels.get(name)
        columns = getattr(channel, "columns", None)
        if channel is None or (columns is not None and set(columns) != set(data)):
            continue
        if columns is not None:
            channel.publish(*(data[column] for column in columns))
        else:
            channel.publish(**data)


def _encode(value: Any) -> Any:
    if isinstance(value, Marker):
        return {"__marker": dataclasses.asdict(value)}
    if isinstance(value, list | tuple):
        return [_encode(item) for item in value]
    return value


def _decode(value: Any) -> Any:
    if isinstance(value, dict) and "__marker" in value:
        fields = dict(value["__marker"])
        fields["points"] = tuple(tuple(point) for point in fields.get("points", ()))
        return Marker(**fields)
    if isinstance(value, list):
        return [_decode(item) for item in value]
    return value
