#!/usr/bin/env python3
"""Set up, run and test Isomorph. Standard library only.

python3 dev.py run [ARGUMENTS]    set up on first use, then: isomorph ARGUMENTS
python3 dev.py test [ARGUMENTS]   set up on first use, then: the checks and pytest ARGUMENTS
python3 dev.py bench [ARGUMENTS]  set up with the peers, then: isomorph bench ARGUMENTS
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from ctypes import CDLL
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
REQUIREMENTS = ROOT / "requirements"
MINIMUM = (3, 11)
LIBRARIES = {
    "libegl1": "libEGL.so.1",
    "libgl1": "libGL.so.1",
    "libgl1-mesa-dri": "dri/swrast_dri.so",
    "libxkbcommon-x11-0": "libxkbcommon-x11.so.0",
    "libxcb-cursor0": "libxcb-cursor.so.0",
    "libxcb-icccm4": "libxcb-icccm.so.4",
    "libxcb-keysyms1": "libxcb-keysyms.so.1",
    "libxcb-shape0": "libxcb-shape.so.0",
    "libxcb-image0": "libxcb-image.so.0",
    "libxcb-render-util0": "libxcb-render-util.so.0",
    "libxcb-xinerama0": "libxcb-xinerama.so.0",
    "libdbus-1-3": "libdbus-1.so.3",
    "libfontconfig1": "libfontconfig.so.1",
    "libglib2.0-0": "libglib-2.0.so.0",
}
"""Debian package → the library that shows it is there."""


def main(arguments: list[str]) -> int:
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command not in ("run", "test", "bench"):
        print(__doc__)
        return 2
    if sys.version_info < MINIMUM:
        return stop(
            f"Isomorph needs Python {MINIMUM[0]}.{MINIMUM[1]} or newer; "
            f"this is {sys.version.split()[0]}."
        )
    headless = not display() or command == "test"
    if not libraries(with_xvfb=headless):
        return 1
    if not environment({"run": "run", "test": "test", "bench": "bench"}[command]):
        return 1
    if command == "test":
        return test(rest)
    if command == "bench":
        return isomorph(["bench", *rest])
    if not rest and not display():
        return tour()
    return isomorph(rest)


def stop(sentence: str) -> int:
    print(f"dev.py: {sentence}", file=sys.stderr)
    return 1


def display() -> bool:
    """True where a window can open."""
    if sys.platform.startswith("linux"):
        return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return True


def libraries(with_xvfb: bool) -> bool:
    """Make sure of the system libraries: installed as root on Debian, else the line to type."""
    if not sys.platform.startswith("linux"):
        return True
    missing = [package for package, name in LIBRARIES.items() if not has_library(name)]
    if not list(Path("/usr/share/fonts").rglob("DejaVuSans.ttf")):
        missing.append("fonts-dejavu")
    if with_xvfb:
        missing += [
            package
            for package, name in (("xvfb", "Xvfb"), ("xauth", "xauth"))
            if not shutil.which(name)
        ]
    if not has_venv():
        missing.append("python3-venv")
    if not missing:
        return True
    line = "apt-get install -y --no-install-recommends " + " ".join(missing)
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        print(f"dev.py: installing {', '.join(missing)}", file=sys.stderr)
        quiet = {"env": os.environ | {"DEBIAN_FRONTEND": "noninteractive"}}
        subprocess.run(["apt-get", "update", "-qq"], check=False, **quiet)
        if subprocess.run(line.split(), check=False, stdout=subprocess.DEVNULL, **quiet).returncode:
            stop("The system libraries could not be installed. Try: " + line)
            return False
        return True
    stop(f"Isomorph needs system libraries. Run this once, then try again:\n    sudo {line}")
    return False


def has_library(name: str) -> bool:
    """True when the dynamic linker, or Mesa's driver folder, has it."""
    if "/" in name:
        folders = [Path("/usr/lib"), Path("/usr/lib64"), Path("/usr/local/lib")]
        return any(next(folder.glob(f"*/{name}"), None) for folder in folders) or any(
            (folder / name).exists() for folder in folders
        )
    try:
        CDLL(name)
    except OSError:
        return False
    return True


def has_venv() -> bool:
    """True when this Python can make environments (Debian splits ensurepip off)."""
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return False
    return True


def environment(kind: str) -> bool:
    """Make or refresh ``.venv`` with the pinned set; nothing to do when it is up to date."""
    files = {"run": ["run"], "test": ["run", "test"], "bench": ["run", "test", "bench"]}[kind]
    wanted = {name: fingerprint(REQUIREMENTS / f"{name}.txt") for name in files}
    stamps = {name: VENV / f".{name}.stamp" for name in files}
    stale = [
        name
        for name in files
        if not stamps[name].exists() or stamps[name].read_text() != wanted[name]
    ]
    if PYTHON.exists() and not stale:
        return True
    print("dev.py: setting up (once, a few minutes)", file=sys.stderr)
    if not PYTHON.exists():
        # Through a subprocess: python3-venv may just have been installed.
        if subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)]).returncode:
            stop("The environment .venv could not be made.")
            return False
        stale = files
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "-q"]
    arguments = [a for name in stale for a in ("-r", str(REQUIREMENTS / f"{name}.txt"))]
    if subprocess.run([*pip, *arguments], cwd=ROOT).returncode:
        stop("The packages could not be installed. Check the network and try again.")
        return False
    if "run" in stale:
        own = [*pip, "--no-deps", "--no-build-isolation", "-e", "."]
        if subprocess.run(own, cwd=ROOT, stdout=subprocess.DEVNULL).returncode:
            stop("Isomorph itself could not be installed into .venv.")
            return False
    for name in stale:
        stamps[name].write_text(wanted[name])
    return True


def fingerprint(path: Path) -> str:
    """What a set-up depends on: the pinned file, this Python and our own packaging."""
    content = path.read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    content += (sysconfig.get_platform() + sys.version + str(ROOT)).encode()
    return hashlib.sha256(content).hexdigest()


def isomorph(arguments: list[str], prefix: tuple[str, ...] = ()) -> int:
    """Run the program in its environment."""
    command = [*prefix, str(PYTHON), "-m", "app", *arguments]
    try:
        return subprocess.run(command, env=own_environment()).returncode
    except KeyboardInterrupt:
        return 130


def own_environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "VIRTUAL_ENV": str(VENV)}


def tour() -> int:
    """Without a display: drive the window under a virtual one and say where the pictures are."""
    folder = Path(tempfile.mkdtemp(prefix="isomorph-tour-"))
    print("dev.py: no display here; running the tour under a virtual one", file=sys.stderr)
    screen = ("xvfb-run", "-a", "-s", "-screen 0 1700x1100x24")
    status = isomorph(["tour", "--out", str(folder)], screen)
    if status == 0:
        print(f"The pictures are in {folder} (open index.html).")
    return status


def test(arguments: list[str]) -> int:
    """Lint, import contracts and the tests; the last lines are pytest's."""
    checks = [
        [str(PYTHON), "-m", "ruff", "check", "."],
        [str(BIN / "lint-imports")],
    ]
    failed = 0
    if not arguments:
        for check in checks:
            failed |= subprocess.run(check, cwd=ROOT, env=own_environment()).returncode
    pytest = [str(PYTHON), "-m", "pytest", *arguments]
    status = subprocess.run(pytest, cwd=ROOT, env=own_environment()).returncode
    return status or failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
