"""The command line: the same declarations as the window, without one.

Exit status: 0 done, 1 failed, 2 bad input (one line that names the field and the fix).
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn

import typer

from app.dnnbrain_commands.group import Group
from backend.core.files import FileProblem
from backend.core.parameters import ParameterError

FAILED, BAD_INPUT = 1, 2
app = typer.Typer(
    cls=Group,
    add_completion=False,
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Isomorph, a desktop laboratory for cognitive neurointelligence. Without a command it "
    "opens the window.",
)


def main(arguments: list[str] | None = None) -> None:
    """Entry point of ``isomorph``; never lets a traceback of bad input reach the user."""
    import click

    given = sys.argv[1:] if arguments is None else arguments
    try:
        status = app(given, standalone_mode=False, prog_name="isomorph")
    except (ParameterError, FileProblem) as error:
        fail(str(error), BAD_INPUT)
    except (click.exceptions.Abort, KeyboardInterrupt):
        fail("Stopped.", FAILED)
    except Exception as error:
        if not hasattr(error, "format_message"):  # typer may bring its own click
            raise
        fail(f"{error.format_message()} Try 'isomorph --help'.", BAD_INPUT)
    sys.exit(status if isinstance(status, int) else 0)


def fail(sentence: str, status: int) -> NoReturn:
    """Print one line and leave."""
    print(f"isomorph: {' '.join(sentence.split())}", file=sys.stderr)
    sys.exit(status)


@app.callback(invoke_without_command=True)
def window(
    context: typer.Context,
    session: Annotated[Path | None, typer.Option(help="A session to open.")] = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> int:
    """Open the window."""
    if version:
        from backend.core.provenance import version as number

        print(f"Isomorph {number()}")
        return 0
    if context.invoked_subcommand is not None:
        return 0
    if needs_display():
        fail(
            "There is no display here. Use 'isomorph run', or 'isomorph tour --out DIR'.", BAD_INPUT
        )
    if session is not None:
        from app.session import load

        load(session)  # what is wrong with it is said before a window opens
    from app.main import start

    return start(session)


def needs_display() -> bool:
    """True on a Linux machine where no window can open."""
    named = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return sys.platform.startswith("linux") and not any(os.environ.get(name) for name in named)


@app.command("list")
def list_studies(
    as_json: Annotated[bool, typer.Option("--json", help="Everything, as JSON.")] = False,
) -> int:
    """Studies, presets, parameters and the names of result values."""
    from backend.studies import find, ids

    studies = [describe(find(name)) for name in ids()]
    if as_json:
        print(json.dumps({"studies": studies}, indent=1, ensure_ascii=False))
        return 0
    for study in studies:
        print(f"{study['id']}  {study['title']}")
        for name in study["presets"]:
            print(f"    {name}")
    return 0


def describe(study: Any) -> dict[str, Any]:
    """What ``list --json`` says of a study."""
    return {
        "id": study.id,
        "title": study.title,
        "presets": [preset.name for preset in study.presets],
        "procedures": [procedure.id for procedure in study.procedures],
        "parameters": [d.as_json() for d in study.Parameters.declarations().values()],
        "values": [
            {"name": name, "label": quantity.label, "unit": quantity.unit}
            for name, quantity in study.quantities.items()
        ],
    }


@app.command("run")
def run_study(
    study: Annotated[str, typer.Argument(help="Id of the study (see 'isomorph list').")],
    preset: Annotated[str | None, typer.Option(help="Named settings, after a figure.")] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="One parameter.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of every random stream.")] = None,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", metavar="NAME=FILE", help="One file.")
    ] = None,
    procedure: Annotated[str, typer.Option(help="What to do (default: the preset's).")] = "",
    duration: Annotated[float | None, typer.Option(help="Length of a free run, in ms.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for results and figures.")] = None,
) -> int:
    """Run a study; results go to a folder (default: a new run in the history)."""
    from backend.core.headless import parse_inputs, settings
    from backend.studies import find

    chosen = find(study)
    changes: dict[str, Any] = pairs(values or [], "--set")
    changes |= parse_inputs(chosen, pairs(inputs or [], "--input"))
    if preset is not None:
        chosen.preset(preset)
    if out is not None and not str(out).strip("."):
        raise ParameterError("--out", "--out needs the name of a folder.")
    name, parameters = settings(chosen, preset or "", changes, seed)
    act = chosen.procedure(procedure or chosen.preset(name).procedure).id
    parameters, duration = with_duration(chosen, parameters, act, duration)
    for notice in chosen.check(parameters, act):
        print(f"isomorph: {notice.title}: {notice.text}", file=sys.stderr)
    return execute(chosen, parameters, name, act, duration, out)


def with_duration(
    study: Any, parameters: Any, procedure: str, duration: float | None
) -> tuple[Any, float | None]:
    """Where ``--duration`` goes: the end of an endless run, or the study's own parameter."""
    if duration is None:
        return parameters, None
    if not duration > 0:
        raise ParameterError("duration", "The duration must be above 0 ms.")
    if study.endless(parameters, procedure):
        return parameters, duration
    if procedure == "free" and "duration" in study.Parameters.model_fields:
        return parameters.changed(duration=duration), None
    raise ParameterError(
        "duration", f'--duration is for free runs; "{procedure}" ends by itself. Leave it out.'
    )


def refuse_other_run(directory: Path, study: Any, procedure: str, parameters: Any) -> None:
    """Two runs must not mix in one folder; the same one may go on, or be done again."""
    from backend.core.store import load_record

    if not (directory / "run.json").exists():
        return
    held = load_record(directory)
    same = held.study == study.id and held.procedure == procedure
    if not same or held.parameters != parameters.document():
        raise ParameterError(
            "--out", f"{directory.name} holds another run, {held.preset}. Choose another folder."
        )


def execute(
    study: Any,
    parameters: Any,
    preset: str,
    procedure: str,
    duration: float | None,
    out: Path | None,
) -> int:
    """Run into a folder, print the values, return the exit status."""
    from backend.core.headless import make_job, run_to, say_on_stderr
    from backend.core.store import Store, new_id

    directory = out or Store().root / new_id(study.id)
    refuse_other_run(directory, study, procedure, parameters)
    signal.signal(signal.SIGTERM, interrupt)
    job = make_job(study, parameters, preset, procedure, (), duration, directory)
    run_to(directory, job, say_on_stderr)
    if job.failure is not None:
        fail(job.failure.text, BAD_INPUT if job.failure.given else FAILED)
    lines = [line for line in job.comparisons() if line.measured is not None]
    named = [line for line in lines if line.reference or line.quantity == job.run.result.lead]
    for line in named or lines:
        print_line(line)
    if named and len(lines) > len(named):
        print(f"and {len(lines) - len(named)} more values in result.json")
    for note in job.run.result.notes:
        print(f"Note: {note}")
    print(f"{'Complete' if job.run.result.complete else 'Incomplete'}: {directory}")
    return 0 if job.outcome == "done" else FAILED


def print_line(line: Any) -> None:
    """One measured value beside its reference."""
    from backend.core.report import reference_text, shown_value

    measured = f"{shown_value(line.measured.value, line.digits)} {line.unit}".strip()
    print(f"{line.label:<52} {measured:>14}   {reference_text(line):<22} {line.verdict}")


def interrupt(number: int, frame: Any) -> None:
    """A polite kill ends like Ctrl-C: the partial result is written."""
    raise KeyboardInterrupt


def pairs(texts: list[str], option: str) -> dict[str, str]:
    """NAME=VALUE texts as a dictionary."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise ParameterError(option, f'{option} needs NAME=VALUE; "{text}" was given.')
        found[name.strip()] = value
    return found


@app.command("sweep")
def sweep_study(
    study: Annotated[str, typer.Argument(help="Id of the study (see 'isomorph list').")],
    vary: Annotated[
        list[str],
        typer.Option(
            "--vary",
            metavar="NAME=VALUES",
            help="1,2,5 or from:to:how many; twice: a map of two parameters.",
        ),
    ],
    trials: Annotated[int, typer.Option(min=1, help="Jobs a cell, each with its seed.")] = 1,
    preset: Annotated[str, typer.Option(help="Named settings, after a figure.")] = "",
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="One parameter.")
    ] = None,
    procedure: Annotated[
        str, typer.Option(help="What each job does (default: the preset's).")
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Of the first trial.")] = 0,
    duration: Annotated[
        float | None, typer.Option(help="Length of endless runs, model time.")
    ] = None,
    scheduler: Annotated[str, typer.Option(help="Address of a Dask scheduler.")] = "",
    workers: Annotated[
        int, typer.Option(min=0, help="Processes here; 0: one fewer than cores.")
    ] = 0,
    value: Annotated[str, typer.Option(help="Result value to print.")] = "",
    out: Annotated[Path | None, typer.Option(help="Folder; the same one goes on.")] = None,
) -> int:
    """Run a study over one or two of its parameters; a stopped sweep goes on where it was."""
    from app import sweep_command
    from backend.core.sweeps import Axis, Plan, values_of
    from backend.studies import find

    chosen = find(study)
    axes = tuple(
        Axis(name, values_of(text, chosen, name)) for name, text in pairs(vary, "--vary").items()
    )
    if out is None or not str(out).strip("."):
        raise ParameterError("--out", "--out needs the name of a folder.")
    plan = Plan(chosen.id, axes, preset, procedure, pairs(values or [], "--set"), trials, seed,
                duration)  # fmt: skip
    sweep = sweep_command.opened(plan, out)
    signal.signal(signal.SIGTERM, interrupt)
    whole = sweep_command.sweep_to(out, sweep, scheduler, workers)
    if value:
        sweep_command.show(sweep, value)
    print(f"{'Complete' if whole else 'Incomplete'}: {out}")
    return 0 if whole else FAILED


@app.command("stimuli")
def stimuli(
    kind: Annotated[str, typer.Argument(help="A generator (see --list).")] = "",
    n: Annotated[int | None, typer.Option("--n", help="How many (images, or per class).")] = None,
    preset: Annotated[str, typer.Option(help="Named settings (default: the first).")] = "",
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="One parameter.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same bytes.")] = None,
    threads: Annotated[int, typer.Option(min=0, help="Workers; 0: as many as cores.")] = 0,
    form: Annotated[str, typer.Option("--format", help="folder, npz or stim.csv.")] = "folder",
    listing: Annotated[
        bool, typer.Option("--list", help="The generators and presets; with KIND its parameters.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the set.")] = None,
) -> int:
    """Make a stimulus set; the bytes do not depend on the number of threads."""
    from backend.stimuli import headless

    if listing:
        print(headless.settings_listing(kind) if kind else headless.listing())
        return 0
    if not kind:
        raise ParameterError("KIND", "A generator is needed. See isomorph stimuli --list.")
    generator, parameters = headless.settings(kind, preset, pairs(values or [], "--set"), seed, n)
    if out is None or not str(out).strip("."):
        raise ParameterError("--out", "--out needs the name of a folder.")
    path = headless.target(out, form, generator, parameters)
    signal.signal(signal.SIGTERM, interrupt)
    try:
        print(headless.make(generator, parameters, path, threads, headless.say_on_stderr))
    except KeyboardInterrupt:
        fail("Stopped. Nothing was written.", FAILED)
    return 0


@app.command("stage")
def stage(
    design: Annotated[str, typer.Argument(help="A template (see --list) or a design file.")] = "",
    subject: Annotated[str, typer.Option(help="The participant's label, as 01.")] = "01",
    session: Annotated[str, typer.Option(help="The session's label.")] = "01",
    clock: Annotated[
        Literal["screen", "simulated"], typer.Option(help="The screen, or no screen at all.")
    ] = "screen",
    participant: Annotated[
        str,
        typer.Option(
            help="Simulated: ideal, noisy, ... (default: you; ideal with the simulated clock)."
        ),
    ] = "",
    seed: Annotated[int, typer.Option(min=0, help="Of the order, and of the participant.")] = 1,
    rate: Annotated[float, typer.Option(help="Refresh rate of the simulated clock, Hz.")] = 60.0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a broken session.")] = False,
    result: Annotated[
        bool, typer.Option("--result", help="Work out the result, in derivatives/isomorph.")
    ] = False,
    listing: Annotated[bool, typer.Option("--list", help="The templates.")] = False,
    out: Annotated[Path | None, typer.Option(help="The BIDS dataset.")] = None,
) -> int:
    """Present an experiment; the simulated clock needs no screen."""
    from backend.stage import headless

    if listing:
        print(headless.listing())
        return 0
    if not design:
        raise ParameterError("DESIGN", "A template or design file is needed. See stage --list.")
    chosen = headless.design_of(design)
    if out is None:
        raise ParameterError("--out", "--out needs the folder of the BIDS dataset.")
    if clock == "simulated":
        signal.signal(signal.SIGTERM, interrupt)
        done = headless.present(
            chosen, out, subject, session, participant or "ideal", seed, rate, resume,
            listener=headless.say_on_stderr,
        )  # fmt: skip
    else:
        if needs_display():
            raise ParameterError("--clock", "There is no display here. Use --clock simulated.")
        from app.stage_command import present_on_screen

        done = present_on_screen(
            chosen, out, subject, session, seed, resume, participant,
            listener=headless.say_on_stderr,
        )  # fmt: skip
    print(headless.summary(done))
    if result:
        print(headless.result_of(out, subject, session, chosen.task))
    return 0 if done.state == "done" else FAILED


@app.command("brain")
def brain(
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Surfaces, overlays, or a scene; none: the synthetic example."),
    ] = None,
    png: Annotated[Path | None, typer.Option(help="Where the picture goes.")] = None,
    svg: Annotated[Path | None, typer.Option(help="The same with a vector colour bar.")] = None,
    clusters: Annotated[Path | None, typer.Option(help="Where a table of clusters goes.")] = None,
    values: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="One parameter.")
    ] = None,
    width: Annotated[int, typer.Option(min=80, max=4000, help="Of one view, px.")] = 480,
    height: Annotated[int, typer.Option(min=60, max=4000, help="Of one view, px.")] = 340,
    light: Annotated[bool, typer.Option("--light", help="On a white ground.")] = False,
) -> int:
    """Draw values on the cortex, without a display."""
    from backend.brain import viewer_headless

    pictures = [one for one in (png, svg) if one is not None]
    if not pictures and clusters is None:
        raise ParameterError("--png", "Say where it goes: --png, --svg or --clusters FILE.")
    for path, ending in ((png, ".png"), (svg, ".svg")):
        if path is not None and path.suffix.lower() != ending:
            raise ParameterError("--png", f"{path.name} must end in {ending}.")
    found = viewer_headless.opened(files or [], pairs(values or [], "--set"))
    for problem in found.problems:
        print(f"isomorph: {problem}", file=sys.stderr)
    for path in viewer_headless.draw(found, pictures, (width, height), not light, clusters):
        print(path)
    return 0


@app.command()
def tour(
    out: Annotated[Path, typer.Option(help="Folder for the pictures and their index page.")],
) -> int:
    """Drive the real window through every panel's example and save a picture of each."""
    from app.tour import tour as walk

    return walk(out)


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="One benchmark; all when left out.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """The benchmarks, peers side by side where they are installed."""
    from app.bench import bench as measure

    return measure(name, as_json)


if __name__ == "__main__":
    main()
