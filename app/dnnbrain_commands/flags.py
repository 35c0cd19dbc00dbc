"""What DNNBrain's commands share: their flags, their words for what is wrong, their records."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from backend.analysis.dnnbrain_files import Mask, read_masks
from backend.core.files import FileProblem, write_json, write_sentence
from backend.core.parameters import ParameterError

if TYPE_CHECKING:
    from backend.networks.network import Network
    from backend.stimuli.listed import Listed

BETWEEN_S = 0.5
"""Between two lines of progress."""


class Flags(argparse.ArgumentParser):
    """The flags of one command; ``-flag`` and ``--flag`` are the same."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(prog=f"isomorph {name}", description=text, allow_abbrev=False)
        self.name = name

    def flag(self, name: str, help: str, **options: Any) -> None:
        """Declare a flag."""
        self.add_argument(f"-{name}", f"--{name}", help=help, **options)

    def error(self, message: str) -> NoReturn:
        """One sentence that names the flag and the fix."""
        raise refusal(message, self.name)


def refusal(message: str, command: str) -> ParameterError:
    """argparse's message as a sentence for people."""
    message = re.sub(r"(-\w+)/--\w+", r"\1", message)
    found = re.match(r"argument (\S+): (.*)", message, re.DOTALL)
    flag, said = found.groups() if found else ("", message)
    if missing := re.match(r"the following arguments are required: (.*)", said):
        flags = missing[1].split(", ")
        verb = "is" if len(flags) == 1 else "are"
        return ParameterError(flags[0], f"{' and '.join(flags)} {verb} missing. isomorph {command} "
                              "-h lists the flags.")  # fmt: skip
    if choice := re.match(r"invalid choice: '?(.*?)'? \(choose from (.*)\)", said):
        known = choice[2].replace("'", "")
        return ParameterError(flag, f'{flag} has no "{choice[1]}". Choose {known}.')
    if value := re.match(r"invalid (\w+) value: '(.*)'", said):
        kind = {"int": "a whole number", "float": "a number"}.get(value[1], "another value")
        return ParameterError(flag, f'{flag} takes {kind}; "{value[2]}" was given.')
    if count := re.match(r"expected (at least )?(\w+) arguments?", said):
        many = {"one": "a value"}.get(count[2], f"{count[2]} values")
        return ParameterError(flag, f"{flag} needs {count[1] or ''}{many}.")
    if unknown := re.match(r"unrecognized arguments: (.*)", said):
        return ParameterError("", f'"{unknown[1][:40]}" is no flag of {command}. isomorph '
                              f"{command} -h lists them.")  # fmt: skip
    return ParameterError(flag, f"{flag} {said}".strip() + ".")


def network_flags(flags: Flags) -> None:
    """-net, and what the original took from its folder of weights."""
    flags.flag("net", "AlexNet, mini-a, resnet18, ...: any of the zoo", required=True)
    flags.flag("weights", "file of trained weights; without, they are random", type=Path)
    flags.flag("fit", "pictures of another size are cut (crop) or stretched, as the original did",
               choices=("crop", "stretch"), default="crop")  # fmt: skip
    flags.flag("cuda", "accepted; the work is done on the processor", action="store_true")


def mask_flags(flags: Flags) -> None:
    """-layer, -chn, -dmask."""
    flags.flag("layer", "layer names, ours or DNNBrain's", nargs="+")
    flags.flag("chn", "channel numbers from 1 (default: all)", nargs="+", type=int)
    flags.flag("dmask", "a .dmask.csv file, in the place of -layer and -chn", type=Path)


def activation_flags(flags: Flags) -> None:
    """-act and what to read of it."""
    flags.flag("act", "activation file", required=True, type=Path)
    mask_flags(flags)


def out_flag(flags: Flags, what: str) -> None:
    flags.flag("out", what, required=True, type=Path)


def fold_flags(flags: Flags) -> None:
    """How predictions are validated."""
    flags.flag("cv", "folds (default 3), shuffled", type=int, default=3)
    flags.flag("seed", "of folds and permutations (default 0)", type=int, default=0)
    flags.flag("pca", "principal components, fitted in each fold (default: all units)", type=int)
    flags.flag("perm", "permutations of the targets, for p values (default 0)", type=int, default=0)


def masks_of(args: argparse.Namespace, needed: bool = False) -> dict[str, Mask] | None:
    """Layers with what to keep of them; None for everything."""
    if args.dmask is not None and (args.layer or args.chn):
        raise ParameterError("-dmask", "Give -dmask, or -layer with -chn, not both.")
    if args.dmask is not None:
        return read_masks(args.dmask)
    if not args.layer:
        if args.chn:
            raise ParameterError("-chn", "-chn needs the layer: give -layer too.")
        if needed:
            raise ParameterError("-layer", "Choose layers with -layer, or a mask with -dmask.")
        return None
    return {name: Mask(indices(args.chn)) for name in args.layer}


def indices(numbers: list[int] | None) -> tuple[int, ...] | None:
    """From 0, of numbers from 1."""
    for number in numbers or ():
        if number < 1:
            raise ParameterError("-chn", f"Channels are numbered from 1; {number} was asked.", 1)
    return None if numbers is None else tuple(number - 1 for number in numbers)


def opened(args: argparse.Namespace) -> Network:
    """The network of -net and -weights."""
    from backend.networks.dnnbrain_names import network_name
    from backend.networks.opening import open_network

    network = open_network(network_name(args.net), args.weights)
    if network.untrained:
        say(f"{args.net} has random weights. Give a file of trained ones with -weights.")
    if args.fit == "stretch" and network.preprocessing.resize != "none":
        network.preprocessing = replace(network.preprocessing, resize="stretch")
    if args.cuda:
        say("-cuda is not used: the work is done on the processor.")
    return network


def listed_for(args: argparse.Namespace, network: Network) -> tuple[Listed, Any]:
    """The list of -stim and its pictures, as the network takes them."""
    from backend.stimuli import listed

    found = listed.read(args.stim)
    return found, found.pictures(*network.preprocessing.reading, args.fit)


def say(line: str) -> None:
    """One line for people, on standard error."""
    print(f"isomorph: {line}", file=sys.stderr, flush=True)


def telling(what: str) -> Callable[[int, int], None]:
    """Progress as lines, twice a second at most and at the end."""
    last = [time.monotonic()]

    def told(done: int, of: int) -> None:
        now = time.monotonic()
        if done == of or now - last[0] >= BETWEEN_S:
            last[0] = now
            say(f"{done} of {of} {what}")

    return told


def described(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """Command, flags and version, for the record beside a result."""
    from backend.core.provenance import version, versions

    return {
        "program": f"Isomorph {version()}", "command": name,
        "flags": {key: str(value) if isinstance(value, Path) else value
                  for key, value in vars(args).items()},
        "versions": versions(("numpy", "scipy", "scikit-learn", "torch", "h5py", "nibabel")),
    }  # fmt: skip


def record_file(path: Path, name: str, args: argparse.Namespace, **more: Any) -> None:
    """``PATH.json``: how a file came about."""
    write_json(path.with_name(path.name + ".json"), {**described(name, args), **more})


@contextmanager
def recorded(folder: Path, name: str, args: argparse.Namespace) -> Iterator[list[str]]:
    """Make a folder and keep ``NAME.json`` in it: what is done, and whether that is all.

    Add to the list what is finished. When the work is stopped the record says so.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileProblem(write_sentence(folder, error)) from error
    done: list[str] = []
    complete = False
    try:
        yield done
        complete = True
    finally:
        write_json(
            folder / f"{name}.json", {**described(name, args), "complete": complete, "done": done}
        )
        if not complete and done:
            names = ", ".join(done)[:80]
            say(f"{len(done)} finished: {names}. {folder.name} is marked incomplete.")


def table(rows: Sequence[Mapping[str, str]]) -> None:
    """Print rows as aligned columns."""
    if not rows:
        return
    widths = {key: max(len(key), *(len(row[key]) for row in rows)) for key in rows[0]}
    for row in [{key: key for key in widths}, *rows]:
        print("  ".join(row[key].ljust(width) for key, width in widths.items()).rstrip())
