"""Stimulus sets without a window: ``isomorph stimuli``, scripts and notebooks."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from backend.core.files import FileProblem, read_json, write_sentence
from backend.core.parameters import ParameterError, show_number
from backend.stimuli import set_files
from backend.stimuli.generator import Generator, make_set
from backend.stimuli.generators import find, ids
from backend.stimuli.set_store import disk_array
from backend.stimuli.stimulus_set import StimulusSet

IN_MEMORY = 256 << 20
"""Sets with more bytes than this are drawn into a file beside the result."""
ELSEWHERE = "Choose another folder, or delete it."
Say = Callable[[str], None]


def listing() -> str:
    """All generators with their presets."""
    lines = []
    for name in ids():
        try:
            generator = find(name)
        except ImportError:
            continue
        lines.append(f"{name:<12} {generator.title}. {generator.help}")
        lines += [f"    {preset.name:<16} {preset.title}" for preset in generator.presets]
    return "\n".join(lines)


def settings_listing(kind: str) -> str:
    """Every parameter of a generator: the name for --set, its default, limits and label."""
    generator = find(kind)
    lines = []
    for name, declared in generator.Parameters.declarations().items():
        limits = declared.limits_text if declared.numeric else ""
        if declared.choices:
            limits = "one of " + ", ".join(str(choice) for choice, _ in declared.choices)
        words = f"{declared.label}. {declared.help}".removesuffix(" ")
        value = f"{name}={getattr(generator.Parameters(), name)}"
        lines.append(f"{value:<28} {words}" + (f" ({limits})" if limits else ""))
    return "\n".join(lines)


def settings(
    kind: str,
    preset: str = "",
    values: Mapping[str, Any] | None = None,
    seed: int | None = None,
    n: int | None = None,
) -> tuple[Generator, Any]:
    """Generator and parameters from what a user gave; ParameterError names the bad one."""
    try:
        generator = find(kind)
    except ImportError as error:
        raise ParameterError("KIND", f'The generator "{kind}" is not installed.') from error
    parameters = generator.parameters_of(preset or generator.presets[0].name)
    changes = dict(values or {})
    for name, value in (("seed", seed), ("n", n)):
        if value is not None:
            changes[name] = value
    return generator, parameters.changed(**changes)


def target(out: Path, form: str, generator: Generator, parameters: Any) -> Path:
    """Where the set goes; a place that holds a set already is refused."""
    if form not in StimulusSet.formats:
        known = ", ".join(StimulusSet.formats)
        raise ParameterError("--format", f'--format is one of {known}; "{form}" was given.')
    if form != "folder":
        if out.is_file():
            raise FileProblem(f"{out.name} is a file. Choose a folder for {generator.id}.{form}.")
        out = out / f"{generator.id}.{form}"
        if out.exists():
            raise FileProblem(f"{out.name} is there already; nothing was changed. {ELSEWHERE}")
        return out
    if out.is_file():
        raise FileProblem(f"{out.name} is a file. Choose another folder.")
    if (out / "set.json").is_file():
        held = read_json(out / "set.json")
        same = isinstance(held, dict) and held.get("generator") == {
            "id": generator.id, "parameters": parameters.document(),
        }  # fmt: skip
        words = "this set already" if same else "another set"
        raise FileProblem(f"{out.name} holds {words}; nothing was changed. {ELSEWHERE}")
    return out


def make(
    generator: Generator, parameters: Any, path: Path, threads: int = 0, say: Say | None = None
) -> str:
    """Draw a set and save it; a sentence on what was made. Interrupted, nothing is left.

    Raises
    ------
    ParameterError, FileProblem
    """
    for notice in generator.check(parameters):
        if say is not None:
            say(f"{notice.title}: {notice.text}")
    workers = threads or os.cpu_count() or 1
    told = Progress(say)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise FileProblem(write_sentence(path, error)) from error
    with draft as folder:
        into = None
        if generator.bytes_of(parameters) > IN_MEMORY:

            def into(shape: tuple[int, ...]) -> Any:
                return disk_array(Path(folder) / "images.npy", shape)

        told.doing = "drawn"
        made = make_set(generator, parameters, threads=workers, progress=told, into=into)
        told.doing = "saved"
        set_files.save(made, path, told, workers)
        words = f"{show_number(len(made))} images of {made.size.split(' · ')[-1]}: {path}"
    return words


class Progress:
    """Says how far the work is, at most twice a second."""

    def __init__(self, say: Say | None) -> None:
        self.say, self.doing, self.last = say, "", time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self.say is not None and (now - self.last > 0.5 or (done == total and total > 0)):
            self.last = now
            self.say(f"{done} of {total} {self.doing}")


def say_on_stderr(line: str) -> None:
    """One progress line."""
    print(f"isomorph: {line}", file=sys.stderr, flush=True)
