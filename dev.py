#!/usr/bin/env python3
"""Set up, run and test Isomorph. Standard library only.

python3 dev.py run [ARGUMENTS]    set up on first use, then: isomorph ARGUMENTS
python3 dev.py test [ARGUMENTS]   set up on first use, then: the checks and pytest ARGUMENTS
python3 dev.py bench [ARGUMENTS]  set up with the peers, then: isomorph bench ARGUMENTS
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from ctypes import CDLL
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent
REQUIREMENTS = ROOT / "requirements"
COMMANDS = "Scripts" if os.name == "nt" else "bin"
MINIMUM = (3, 11)
SETS = {"run": ["run"], "test": ["run", "test", "npm"], "bench": ["run", "bench"]}  # pinned
WINDOWLESS = ("list", "run", "sweep", "stimuli")  # these draw nothing on a screen
LIBRARIES = {
    "libegl1": "libEGL.so.1", "libgl1": "libGL.so.1",
    "libgl1-mesa-dri": "dri/swrast_dri.so", "libxkbcommon-x11-0": "libxkbcommon-x11.so.0",
    "libxcb-cursor0": "libxcb-cursor.so.0", "libxcb-icccm4": "libxcb-icccm.so.4",
    "libxcb-keysyms1": "libxcb-keysyms.so.1", "libxcb-shape0": "libxcb-shape.so.0",
    "libxcb-image0": "libxcb-image.so.0", "libxcb-render-util0": "libxcb-render-util.so.0",
    "libxcb-xinerama0": "libxcb-xinerama.so.0", "libdbus-1-3": "libdbus-1.so.3",
    "libfontconfig1": "libfontconfig.so.1", "libglib2.0-0": "libglib-2.0.so.0",
}  # fmt: skip
"""Debian package → the library that shows it is there."""


def main(arguments: list[str]) -> int:
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command not in SETS:
        print(__doc__)
        return 2
    if sys.version_info < MINIMUM:
        return say("Isomorph needs Python {}.{} or newer, as in: python{}.{} dev.py {}".format(
            *MINIMUM, *MINIMUM, command))  # fmt: skip
    quiet = rest[:1] and (rest[0] in WINDOWLESS or "simulated" in rest)
    windowless = command == "run" and quiet
    try:
        if not (libraries(command, windowless) and environment(SETS[command])):
            return 1
        if command == "test":
            return test(rest)
        return isomorph(["bench", *rest] if command == "bench" else rest or tour())
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        return say(f"{error.strerror or error}: {error.filename or ROOT}")


def say(sentence: str) -> int:
    """One line on standard error; the exit status that goes with it."""
    print(f"dev.py: {sentence}", file=sys.stderr, flush=True)
    return 1


def display() -> bool:
    """True where a window can open."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


def libraries(command: str, windowless: object) -> bool:
    """Make sure of the system libraries: installed as root on Debian, else the line to type."""
    if not sys.platform.startswith("linux"):
        return True
    missing = missing_packages(command)
    needed = [name for name in missing if name.endswith("-venv")] if windowless else missing
    if not needed:
        return True
    line = "apt-get install -y --no-install-recommends " + " ".join(missing)
    if not shutil.which("apt-get"):  # another Linux: our guess must not stand in the way
        return bool(say("These seem to be missing (Debian's names): " + " ".join(missing)))
    if os.geteuid() != 0:
        return not say(f"Isomorph needs system libraries. Type this once:\n    sudo {line}")
    with lock():
        say("installing " + ", ".join(missing))
        quiet = {
            "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            "stdout": subprocess.DEVNULL,
        }
        apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=600", "-o", "Dpkg::Use-Pty=0"]
        subprocess.run([*apt, "update"], check=False, **quiet)
        if subprocess.run([*apt, *line.split()[1:]], check=False, **quiet).returncode:
            return not say(f"The libraries could not be installed. Check the network, then: {line}")
    return True


def missing_packages(command: str) -> list[str]:
    """Debian packages that are not there yet."""
    python = "python{}.{}".format(*sys.version_info)
    header = Path(sysconfig.get_path("include"), "Python.h")
    missing = [package for package, name in LIBRARIES.items() if not has_library(name)]
    wanted = {
        "fonts-dejavu-core": any(Path("/usr/share/fonts").rglob("DejaVuSans.ttf")),
        f"{python}-venv": find_spec("ensurepip"),
    }
    if command == "test" or not display():
        wanted |= {"xvfb": shutil.which("Xvfb"), "xauth": shutil.which("xauth")}
    if command == "test":  # the public BIDS validator is a program of Node
        wanted |= {"nodejs": shutil.which("node"), "npm": shutil.which("npm")}
        wanted |= {"xdotool": shutil.which("xdotool")}  # presses the participant's keys
    if command == "bench":  # Brian2's fast target compiles
        wanted |= {"g++": shutil.which("g++"), f"{python}-dev": header.exists()}
    return missing + [package for package, there in wanted.items() if not there]


def has_library(name: str) -> bool:
    """True when the dynamic linker, or Mesa's driver folder, has it."""
    if "/" in name:
        folders = [Path("/usr/lib"), Path("/usr/lib64"), Path("/usr/local/lib")]
        return any((f / name).exists() or any(f.glob(f"*/{name}")) for f in folders)
    try:
        CDLL(name)
    except OSError:
        return False
    return True


def folder() -> Path:
    """Where the environment lives: in the checkout, or in the user's cache if that is read-only."""
    own = ROOT / ".venv"
    if os.access(ROOT, os.W_OK) or stamp(own).get("run") == fingerprint("run"):
        return own
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "isomorph" / ("venv-" + hashlib.sha256(str(ROOT).encode()).hexdigest()[:12])


def program(name: str = "python") -> str:
    """A command of the environment."""
    return str(folder() / COMMANDS / name)


def stamp(environment: Path) -> dict[str, str]:
    """The pinned sets an environment has; none while it is being made."""
    file = environment / "isomorph.stamp"
    there = file.is_file() and shutil.which("python", path=str(environment / COMMANDS))
    lines = file.read_text().splitlines() if there else []
    return dict(line.split(" ", 1) for line in lines if " " in line)


def fingerprint(name: str) -> str:
    """What a set-up depends on: the pinned file, this Python and where the checkout is."""
    content = (REQUIREMENTS / f"{name}.txt").read_bytes()
    # Not the full version: installing python3.11-venv may have upgraded the Python we run in.
    place = ascii((sysconfig.get_platform(), sys.implementation.cache_tag, str(ROOT))).encode()
    return hashlib.sha256(content + place).hexdigest()


def environment(names: list[str]) -> bool:
    """Make or refresh the environment; nothing to do when it is up to date."""
    wanted = {name: fingerprint(name) for name in names}
    if wanted.items() <= stamp(folder()).items():
        return True
    with lock():  # another start may have done it meanwhile
        return wanted.items() <= stamp(folder()).items() or set_up(names)


@contextlib.contextmanager
def lock():
    """Hold off a second set-up from this checkout; a killed one lets go."""
    with open(REQUIREMENTS / "run.txt", "rb") as file:
        if os.name == "posix":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                say("waiting for another set-up to end")
                with contextlib.suppress(OSError):  # some network folders have no locks
                    fcntl.flock(file, fcntl.LOCK_EX)
        yield


def set_up(names: list[str]) -> bool:
    """Install the pinned sets. The stamp goes first and comes last: half a set-up starts anew."""
    say("setting up (once, a few minutes)")
    place = folder()
    good = {name for name, known in stamp(place).items() if known == fingerprint(name)}
    (place / "isomorph.stamp").unlink(missing_ok=True)
    quiet = {"cwd": ROOT, "env": clean(), "stdout": sys.stderr}
    make = [sys.executable, "-m", "venv", "--clear", str(place)]  # sees a just installed ensurepip
    if not good and subprocess.run(make, **quiet).returncode:
        return not say(f"The environment {place} could not be made.")
    validator = "npm" in good | set(names)
    names = [name for name in ("run", "test", "bench") if name in good | set(names)]
    pip = [program(), "-m", "pip", "--disable-pip-version-check", "install", "--no-deps"]
    pip += [a for name in names for a in ("-r", str(REQUIREMENTS / f"{name}.txt"))]
    if subprocess.run(pip if sys.stderr.isatty() else [*pip, "-q"], **quiet).returncode:
        return not say("The packages could not be installed. Check the network and try again.")
    if "run" in names and not torch_loads(quiet):
        return False
    if validator and "npm" not in good and not node_programs(place, quiet):
        return not say("The BIDS validator could not be installed. Check the network; try again.")
    names += ["npm"] * validator
    link(place)
    say("compiling the kernels (once)")  # else the first run of each study would wait for it
    subprocess.run([program(), "-P", "-m", "backend.warm"], **quiet)
    (place / "isomorph.stamp").write_text("".join(f"{n} {fingerprint(n)}\n" for n in names))
    return True


def torch_loads(quiet: dict) -> bool:
    """Make sure that torch imports: a build for graphics cards needs libraries that are not pinned.

    Which build a package index serves differs; the one for the CPU alone needs nothing.
    """
    look = [program(), "-c", "import torch"]
    silent = {**quiet, "stderr": subprocess.DEVNULL}
    if not subprocess.run(look, **silent).returncode:
        return True
    pinned = (REQUIREMENTS / "run.txt").read_text().split()
    torch = [line for line in pinned if line.startswith("torch==")]
    say("this build of torch brings libraries for graphics cards; installing them (some GB)")
    pip = [program(), "-m", "pip", "--disable-pip-version-check", "install", "-q", *torch]
    pip += ["-c", str(REQUIREMENTS / "run.txt")]
    if subprocess.run(pip, **quiet).returncode or subprocess.run(look, **quiet).returncode:
        return not say("torch does not load here. The lines above say what it misses.")
    return True


def node_programs(place: Path, quiet: dict) -> bool:
    """Install what the tests need from the npm registry, beside the environment's packages."""
    command = [shutil.which("npm") or "npm", "install", "--prefix", str(place / "npm"), "--no-save"]
    command += ["--no-audit", "--no-fund", "--omit=optional", "--ignore-scripts", "--silent"]
    pinned = (REQUIREMENTS / "npm.txt").read_text().split()
    return not subprocess.run([*command, *pinned], **quiet).returncode


def link(place: Path) -> None:
    """Let the environment find the checkout, and put the command ``isomorph`` beside its Python."""
    site = sysconfig.get_path("purelib", "venv", {"base": str(place), "platbase": str(place)})
    # ASCII only: the file is read in the encoding of the user's locale.
    code = f"import sys; sys.path.append({str(ROOT)!a})\n"
    Path(site, "isomorph.pth").write_text(code, encoding="ascii")
    script = Path(program("isomorph"))
    script.write_bytes(os.fsencode(f'#!/bin/sh\nexec {shlex.quote(program())} -P -m app "$@"\n'))
    script.chmod(0o755)


def clean() -> dict[str, str]:
    """The environment variables without those that would mix another Python's packages in."""
    mixing = ("PYTHONPATH", "PYTHONHOME", "PIP_USER", "PIP_TARGET", "PIP_PREFIX")
    kept = {name: value for name, value in os.environ.items() if name not in mixing}
    return kept | {"VIRTUAL_ENV": str(folder())}


def isomorph(arguments: list[str]) -> int:
    """Become the program, so that signals reach it (Ctrl-C leaves a valid partial result)."""
    # -P: whatever lies in the user's folder is not ours to import.
    command = [program(), "-P", "-m", "app", *arguments]
    if os.name == "posix":
        os.execve(command[0], command, clean())
    return subprocess.run(command, env=clean()).returncode


def tour() -> list[str]:
    """Arguments that open the window; without a display, those that show it in pictures."""
    if display():
        return []
    pictures = tempfile.mkdtemp(prefix="isomorph-tour-")
    say(f"no display here; the tour runs under a virtual one, its pictures go to {pictures}")
    return ["tour", "--out", pictures]


def test(arguments: list[str]) -> int:
    """Lint, import contracts, types and the tests; the last lines are pytest's."""
    # A shell that starts us in the background has Ctrl-C ignored, and a test presses it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    commands = [[program(), "-m", "pytest", *arguments]]
    if not arguments:
        checks = [[program("ruff"), "check", "."], [program("lint-imports")], [program("mypy")]]
        commands = [*checks, *commands]
    codes = [subprocess.run(one, cwd=ROOT, env=clean()).returncode for one in commands]
    return codes[-1] or max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
