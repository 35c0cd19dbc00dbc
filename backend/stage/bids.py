"""A session on disk: a journal that survives being killed, and the BIDS files made from it.

Every finished trial is one line of JSON, synced to disk. ``events.tsv`` and its companions are
rewritten from it, atomically, at the end of each block and of the session.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from backend.core import provenance
from backend.core.files import FileProblem, plain, read_json, write_json, write_sentence, write_text
from backend.core.parameters import ParameterError
from backend.stage import design as designs
from backend.stage import monitors
from backend.stage.design import Design
from backend.stage.events import COLUMNS, column_descriptions
from backend.stage.monitors import MonitorProfile
from backend.stage.plan import Plan
from backend.stage.timing import timing_report

BIDS_VERSION = "1.8.0"
FORMAT = 1
HEADER = {"design", "rate_hz", "measured_hz", "seed", "monitor", "simulated", "started",
          "provenance"}  # fmt: skip
RECORD = {"trial", "block", "block_name", "row", "answer", "focused", "late", "phases", "flips",
          "end", "at", "events"}  # fmt: skip
ENDED = b'{"ended":"done"'
"""How the journal's line begins that ends a complete session."""
PACKAGES = ("numpy", "scipy", "pydantic", "pillow", "pylsl", "pyserial")


def label_of(text: str, what: str) -> str:
    """A BIDS label; ParameterError when it is not letters and digits."""
    if re.fullmatch(r"[A-Za-z0-9]+", text) and len(text) <= 40:
        return text
    letters = re.sub(r"[^A-Za-z0-9]", "", text)[:40]
    hint = f' Use "{letters}".' if letters else ""
    raise ParameterError(
        what, f'The {what} "{text[:40]}" may have letters and digits only.{hint}', letters or None
    )


class Session:
    """One participant's session in a BIDS dataset.

    Attributes
    ----------
    root : the dataset; ``folder`` its ``beh`` folder; ``stem`` the files' common beginning.
    records : finished trials, in order.
    """

    def __init__(self, root: Path, subject: str, session: str, task: str) -> None:
        self.root = root
        self.subject = label_of(subject, "subject")
        self.session = label_of(session, "session")
        self.task = label_of(task, "task")
        self.stem = f"sub-{subject}_ses-{session}_task-{task}"
        self.folder = root / f"sub-{subject}" / f"ses-{session}" / "beh"
        self.raw = root / "sourcedata" / f"sub-{subject}" / f"ses-{session}"
        self.journal = self.raw / f"{self.stem}_journal.jsonl"
        self.header: dict[str, Any] = {}
        self.records: list[dict[str, Any]] = []
        self._file: IO[bytes] | None = None
        self._end = 0

    # ---- opening

    @classmethod
    def create(
        cls,
        root: Path,
        plan: Plan,
        session: str = "01",
        simulated: str = "",
        measured_hz: float | None = None,
    ) -> Session:
        """Begin a session; FileProblem when it is there already (the next free one is named).

        Parameters
        ----------
        simulated : what stood in for the participant, in words; "" for a person.
        """
        one = cls(root, plan.subject, session, plan.design.task)
        if one.exists():
            raise FileProblem(
                f"Session {session} of sub-{plan.subject} is there already; nothing was changed. "
                f"Use session {one.next_free()}, or resume it."
            )
        one.header = {
            "isomorph": "session",
            "format": FORMAT,
            "design": plan.design.document(),
            "rate_hz": plan.rate_hz,
            "measured_hz": measured_hz or plan.rate_hz,
            "seed": plan.seed,
            "monitor": vars(plan.monitor),
            "keys": {f"{k.device} {k.key}": k.meaning for k in plan.keys},
            "simulated": simulated,
            "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "provenance": {
                "software": "Isomorph",
                "version": provenance.version(),
                "packages": provenance.versions(PACKAGES),
                "machine": provenance.machine(),
            },
        }
        write_dataset_files(root, one)
        one._open()
        one._write(one.header)
        return one

    @classmethod
    def resume(cls, root: Path, subject: str, session: str, task: str) -> Session:
        """Go on with a broken session; FileProblem when there is none or it is finished.

        A last line that was cut off (the trial that was running) is dropped, and the BIDS files
        are brought up to the trials that are there.
        """
        one = cls(root, subject, session, task)
        one.read()
        if one.header.get("ended") == "done":
            raise FileProblem(
                f"Session {session} of sub-{subject} is complete: {len(one.records)} trials. "
                f"Use session {one.next_free()}."
            )
        one._open()
        one.publish()
        return one

    def read(self) -> None:
        """Read header and trials from the journal."""
        try:
            content = self.journal.read_bytes()
        except OSError:
            raise FileProblem(
                f"There is no session {self.session} of sub-{self.subject} with task {self.task} "
                f"to go on with. Start it."
            ) from None
        self._end = content.rfind(b"\n") + 1
        lines = [_parsed(line) for line in content[: self._end].splitlines()]
        if not lines or not isinstance(lines[0], dict) or lines[0].get("isomorph") != "session":
            raise FileProblem(f"{self.journal.name} is damaged: it has no header.")
        if not isinstance(lines[0].get("format"), int) or lines[0]["format"] > FORMAT:
            raise FileProblem(f"{self.journal.name} was written by a newer Isomorph. Update it.")
        missing = HEADER - lines[0].keys()
        if missing:
            raise FileProblem(f"{self.journal.name} is damaged: {min(missing)} is missing.")
        self.header, self.records = lines[0], []
        for number, line in enumerate(lines[1:], 2):
            if isinstance(line, dict) and "ended" in line:
                self.header |= {"ended": line["ended"]}
            elif isinstance(line, dict) and line.keys() >= RECORD:
                self.records.append(line)
            else:
                raise FileProblem(f"{self.journal.name} is damaged in line {number}.")

    def exists(self) -> bool:
        """Whether this session holds data of this task."""
        return self.journal.exists() or any(self.folder.glob(f"{self.stem}_*"))

    @property
    def unfinished(self) -> bool:
        """Whether it was begun and can go on."""
        try:
            with self.journal.open("rb") as file:
                file.seek(max(0, self.journal.stat().st_size - len(ENDED) - 60))
                return ENDED not in file.read()
        except OSError:
            return False

    def next_free(self) -> str:
        """The next session label without data of this task."""
        width = max(2, len(self.session))
        for number in range(1, 10_000):
            label = f"{number:0{width}d}"
            if not Session(self.root, self.subject, label, self.task).exists():
                return label
        raise FileProblem("All session numbers are used. Choose another folder.")

    @property
    def monitor(self) -> MonitorProfile:
        """The screen it began on."""
        return monitors.from_document(self.header["monitor"], self.journal.name)

    @property
    def design(self) -> Design:
        """The design it runs, as it was when it began."""
        return designs.from_document(self.header["design"], self.journal.name)

    # ---- writing

    def _open(self) -> None:
        try:
            self.raw.mkdir(parents=True, exist_ok=True)
            self._file = self.journal.open("r+b" if self.journal.exists() else "w+b", buffering=0)
            self._file.truncate(self._end)
        except OSError as error:
            raise FileProblem(write_sentence(self.journal, error)) from error

    def _write(self, line: Mapping[str, Any]) -> None:
        """Append one line and sync it; on failure the journal is as before."""
        text = json.dumps(plain(line), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        data = text.encode() + b"\n"
        assert self._file is not None
        try:
            self._file.seek(self._end)
            written = 0
            while written < len(data):
                written += self._file.write(data[written:])
            os.fsync(self._file.fileno())
        except OSError as error:
            self._forget_half_line()
            raise FileProblem(write_sentence(self.journal, error)) from error
        self._end += len(data)

    def _forget_half_line(self) -> None:
        assert self._file is not None
        try:
            self._file.truncate(self._end)
        except OSError:
            return  # the reader drops a half line too

    def append(self, record: dict[str, Any]) -> None:
        """Put a finished trial on disk; FileProblem in words when the disk is full.

        The record can be given again once there is space.
        """
        try:
            self._write(record)
        except FileProblem as problem:
            last = self.records[-1]["trial"] if self.records else 0
            said = f"sub-{self.subject} is saved up to trial {last}; "
            raise FileProblem(
                f"{str(problem).split('. ')[0]}. {said}trial {record['trial']} is not. "
                f"Free some space and try again."
            ) from problem
        self.records.append(record)

    def publish(self) -> None:
        """(Re)write the BIDS files from the trials so far."""
        events = [event for record in self.records for event in record["events"]]
        extra = list(dict.fromkeys(key for event in events for key in event if key not in COLUMNS))
        columns = [*COLUMNS, *extra]
        write_text(self.folder / f"{self.stem}_events.tsv", _tsv(columns, events))
        described = column_descriptions(self.design, columns)
        presented = {"StimulusPresentation": self._presentation()}
        write_json(self.folder / f"{self.stem}_events.json", described | presented)
        trials = [trial_row(record) for record in self.records]
        columns = list(dict.fromkeys(key for trial in trials for key in trial)) or ["trial"]
        write_text(self.folder / f"{self.stem}_beh.tsv", _tsv(columns, trials))
        described = column_descriptions(self.design, columns)
        write_json(self.folder / f"{self.stem}_beh.json", self._sidecar() | described)
        write_json(
            self.raw / f"{self.stem}_timing.json",
            timing_report(self.records, 1.0 / float(self.header["measured_hz"])),
        )
        write_text(self.raw / f"{self.stem}_flips.tsv", self._flips())

    def _presentation(self) -> dict[str, Any]:
        monitor = self.header["monitor"]
        return {
            "OperatingSystem": provenance.machine()["system"],
            "SoftwareName": "Isomorph",
            "SoftwareVersion": self.header["provenance"]["version"],
            "ScreenRefreshRate": self.header["measured_hz"],
            "ScreenDistance": monitor["distance_mm"] / 1000.0,
            "ScreenSize": [monitor["width_mm"] / 1000.0, monitor["height_mm"] / 1000.0],
            "ScreenResolution": [monitor["width_px"], monitor["height_px"]],
        }

    def _sidecar(self) -> dict[str, Any]:
        design = self.design
        return {
            "TaskName": design.task,
            "TaskDescription": design.title,
            "Instructions": design.instructions,
            "Seed": self.header["seed"],
            "Synthetic": design.synthetic,
            "SimulatedParticipant": self.header["simulated"] or "no",
            "Complete": self.header.get("ended") == "done",
            "StartTime": self.header["started"],
            "Provenance": self.header["provenance"],
        }

    def _flips(self) -> str:
        """Every flip of every trial: planned against shown, from the trial's first flip."""
        period = 1.0 / float(self.header["measured_hz"])
        lines = ["trial\tframe\tphase\tplanned_s\tshown_s\tinterval_ms\tlate"]
        for record in self.records:
            flips, late = record["flips"], {one["frame"]: one["lost"] for one in record["late"]}
            names = _spread(record["phases"], len(flips))
            for frame, moment in enumerate(flips):
                interval = f"{1000 * (moment - flips[frame - 1]):.4f}" if frame else "n/a"
                lines.append(
                    f"{record['trial']}\t{frame}\t{names[frame]}\t{frame * period:.6f}\t"
                    f"{moment - flips[0]:.6f}\t{interval}\t{late.get(frame, 0)}"
                )
        return "\n".join(lines) + "\n"

    def close(self, state: str) -> None:
        """Write the end ("done" or "aborted"), publish, and let the journal go."""
        if self._file is None:
            return
        try:
            self._write({"ended": state, "at": time.time()})
            self.header["ended"] = state
            self.publish()
        finally:
            self._file.close()
            self._file = None


def trial_row(record: Mapping[str, Any]) -> dict[str, Any]:
    """One row of the trial table: what the trial was, the answer, and how it was timed."""
    row = {key: value for key, value in record["row"].items() if key != "kind"}
    return {
        "trial": record["trial"],
        "block": record["block_name"],
        **{key: value for key, value in row.items() if key not in ("trial", "block")},
        "response": None,
        "response_time": None,
        **({"expected": row["correct"]} if "correct" in row else {}),
        **record["answer"],
        "frames_before": (record.get("before") or {}).get("shown"),
        "frames_before_planned": (record.get("before") or {}).get("planned") or None,
        "late_flips": len(record["late"]),
        "focused": int(record["focused"]),
        "held_keys": ", ".join(record.get("held", ())) or None,
    }


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        return None


def _spread(phases: Sequence[Sequence[Any]], count: int) -> list[str]:
    """Phase name of every flip from (name, first flip) pairs."""
    names: list[str] = []
    for (name, start), following in zip(phases, [*phases[1:], ("", count)], strict=True):
        names += [name] * (int(following[1]) - int(start))
    return names


def _tsv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    lines = ["\t".join(columns)]
    lines += ["\t".join(cell(row.get(column)) for column in columns) for row in rows]
    return "\n".join(lines) + "\n"


def cell(value: Any) -> str:
    """A value of a BIDS table: n/a for nothing, seconds to 0.1 µs, no tabs or line ends."""
    if value is None or value == "" or (isinstance(value, float) and value != value):
        return "n/a"
    if isinstance(value, float):
        return f"{value:.7f}".rstrip("0").rstrip(".")
    return " ".join(str(value).split())


def write_dataset_files(root: Path, session: Session) -> None:
    """The dataset's description, read-me, changes and list of participants; kept when there."""
    description = root / "dataset_description.json"
    design = session.design
    if not description.exists():
        if root.is_dir() and any(not path.name.startswith(".") for path in root.iterdir()):
            raise FileProblem(
                f"{root.name} holds other files and is no BIDS dataset; nothing was changed. "
                f"Choose an empty folder or a new one."
            )
        write_json(
            description,
            {
                "Name": design.title or design.name,
                "BIDSVersion": BIDS_VERSION,
                "DatasetType": "raw",
                "License": "n/a",
                "Authors": ["n/a"],
                "GeneratedBy": [{"Name": "Isomorph", "Version": provenance.version()}],
            },
        )
        write_text(root / "README", _readme(design))
        write_text(
            root / "CHANGES", f"1.0.0 {datetime.date.today():%Y-%m-%d}\n  - First session.\n"
        )
    _add_participant(root, session)


def _readme(design: Design) -> str:
    return (
        f"{design.title or design.name}\n\n{design.instructions}\n\n"
        f"Recorded with Isomorph {provenance.version()}. Stimuli: {design.synthetic}.\n"
        "stimuli/ holds the pictures shown. sourcedata/ holds for each session the journal (one\n"
        "line a trial), every flip of the screen (flips.tsv) and the timing report (timing.json).\n"
        'Participants with "simulated" other than "no" in participants.tsv are not people.\n'
    )


def _add_participant(root: Path, session: Session) -> None:
    path, name = root / "participants.tsv", f"sub-{session.subject}"
    header = "participant_id\tage\tsex\thandedness\tsimulated\n"
    text = path.read_text(encoding="utf-8") if path.exists() else header
    if any(line.split("\t")[0] == name for line in text.splitlines()[1:]):
        return
    columns = text.splitlines()[0].split("\t")
    values = {"participant_id": name, "simulated": cell(session.header["simulated"] or "no")}
    line = "\t".join(values.get(column, "n/a") for column in columns)
    write_text(path, text.rstrip("\n") + "\n" + line + "\n")
    if not (root / "participants.json").exists():
        write_json(
            root / "participants.json",
            {
                "age": {"Description": "Age in years", "Units": "year"},
                "sex": {"Description": "Sex as stated by the participant"},
                "handedness": {"Description": "Hand used for writing"},
                "simulated": {"Description": "no for people; otherwise the simulated observer"},
            },
        )


def sessions(root: Path) -> list[dict[str, str]]:
    """Sessions found in a dataset: subject, session, task and state, in order of their names."""
    found = []
    for path in sorted(root.glob("sourcedata/sub-*/ses-*/*_journal.jsonl")):
        match = re.fullmatch(r"sub-(\w+?)_ses-(\w+?)_task-(\w+?)_journal", path.stem)
        if match is None:
            continue
        one = Session(root, *match.groups())
        try:
            one.read()
        except FileProblem:
            continue
        state = one.header.get("ended", "broken off")
        found.append(dict(zip(("subject", "session", "task"), match.groups(), strict=True)))
        found[-1] |= {"state": state, "trials": str(len(one.records))}
    return found


def load_timing(root: Path, subject: str, session: str, task: str) -> Any:
    """The timing report of a session."""
    one = Session(root, subject, session, task)
    return read_json(one.raw / f"{one.stem}_timing.json")
