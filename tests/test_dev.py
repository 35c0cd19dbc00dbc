"""The set-up script: arguments, messages, missing libraries and stamps, without network."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def dev(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """``dev.py`` as a module, for a checkout of its own."""
    spec = importlib.util.spec_from_file_location("dev", ROOT / "dev.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    checkout = tmp_path / "Vision größe"
    (checkout / "requirements").mkdir(parents=True)
    for name in ("run", "test", "bench", "npm"):
        (checkout / "requirements" / f"{name}.txt").write_text(f"{name}==1\n")
    monkeypatch.setattr(module, "ROOT", checkout)
    monkeypatch.setattr(module, "REQUIREMENTS", checkout / "requirements")
    return module


def stamp(dev: ModuleType, *names: str) -> None:
    """Pretend that these sets are installed."""
    place = dev.folder()
    (place / dev.COMMANDS).mkdir(parents=True, exist_ok=True)
    (place / dev.COMMANDS / "python").touch(0o755)
    lines = "".join(f"{name} {dev.fingerprint(name)}\n" for name in names)
    (place / "isomorph.stamp").write_text(lines)


@pytest.mark.parametrize("arguments", [[], ["start"], ["--help"]])
def test_without_a_command_it_says_how(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "dev.py"), *arguments], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "python3 dev.py run" in done.stdout
    assert "Traceback" not in done.stderr


def test_an_old_python_can_read_the_script_and_is_told(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ast.parse((ROOT / "dev.py").read_text(encoding="utf-8"), feature_version=(3, 8))
    monkeypatch.setattr(dev, "MINIMUM", (4, 2))
    assert dev.main(["run"]) == 1
    said = capsys.readouterr().err
    assert "needs Python 4.2 or newer" in said
    assert "python4.2 dev.py run" in said


def test_missing_libraries_are_found(dev: ModuleType) -> None:
    assert not dev.has_library("libnotthere.so.7")
    assert not dev.has_library("dri/notthere_dri.so")
    assert dev.has_library("libc.so.6") == (sys.platform == "linux")


@pytest.fixture
def debian_user(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """An ordinary user of a Debian that lacks a library and a virtual display."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(dev, "LIBRARIES", {"libthere": "libc.so.6", "libmissing": "no.so.1"})
    monkeypatch.setattr(dev, "has_library", lambda name: name == "libc.so.6")
    monkeypatch.setattr(dev, "find_spec", lambda name: object())
    monkeypatch.setattr(
        dev.shutil, "which", lambda name: "/usr/bin/apt-get" if name == "apt-get" else None
    )
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    return dev


def test_a_user_gets_one_line_to_type(
    debian_user: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert debian_user.main(["run"]) == 1
    said = capsys.readouterr().err
    line = next(line for line in said.splitlines() if "apt-get" in line)
    assert line.strip().startswith("sudo apt-get install -y")
    assert {"libmissing", "xvfb", "xauth"} <= set(line.split())
    assert "libthere" not in line.split()


def test_commands_without_a_window_need_no_window_libraries(
    debian_user: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert debian_user.libraries("run", windowless=True)
    assert capsys.readouterr().err == ""
    debian_user.find_spec = lambda name: None
    assert not debian_user.libraries("run", windowless=True)
    assert "-venv" in capsys.readouterr().err


def test_another_linux_is_warned_and_not_stopped(
    debian_user: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(debian_user.shutil, "which", lambda name: None)
    assert debian_user.libraries("run", windowless=False)
    assert "libmissing" in capsys.readouterr().err


def test_a_second_start_does_no_set_up_work(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(dev, "set_up", lambda names: asked.append(names) or True)
    assert dev.environment(["run"])
    assert asked == [["run"]]
    stamp(dev, "run")
    assert dev.environment(["run"])
    assert asked == [["run"]]
    assert dev.environment(["run", "test"])
    assert asked == [["run"], ["run", "test"]]


def test_changed_pins_or_a_moved_checkout_set_up_again(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dev.fingerprint("run")
    (dev.REQUIREMENTS / "run.txt").write_text("run==2\n")
    after = dev.fingerprint("run")
    assert after != before
    monkeypatch.setattr(dev, "ROOT", dev.ROOT / "elsewhere")
    assert dev.fingerprint("run") != after


def test_an_environment_whose_python_is_gone_is_made_anew(dev: ModuleType) -> None:
    stamp(dev, "run")
    assert "run" in dev.stamp(dev.folder())
    Path(dev.program()).unlink()
    assert dev.stamp(dev.folder()) == {}


def test_an_upgrade_of_the_same_python_keeps_the_environment(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dev.fingerprint("run")
    monkeypatch.setattr(sys, "version", "3.11.99 (built tomorrow)")
    assert dev.fingerprint("run") == before


def test_a_set_up_that_fails_is_said_and_leaves_no_stamp(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stamp(dev, "run")
    (dev.REQUIREMENTS / "run.txt").write_text("run==2\n")
    done = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(dev.subprocess, "run", lambda *command, **options: done)
    assert not dev.environment(["run"])
    assert dev.stamp(dev.folder()) == {}
    assert "could not be made" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_a_read_only_checkout_uses_the_users_cache(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert dev.folder() == dev.ROOT / ".venv"
    monkeypatch.setattr(dev.os, "access", lambda path, mode: False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert dev.folder().parent == tmp_path / "cache" / "isomorph"
    monkeypatch.undo()


def test_other_pythons_packages_are_kept_out(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    assert "PYTHONPATH" not in dev.clean()


@pytest.mark.skipif(os.name != "posix", reason="the command is a shell script")
def test_the_command_and_the_packages_are_found_in_a_strange_path(dev: ModuleType) -> None:
    place = dev.folder()
    libraries = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    (place / libraries).mkdir(parents=True)
    (place / "bin").mkdir()
    dev.link(place)
    (place / "bin" / "python").write_text('#!/bin/sh\necho "$@"\n')
    (place / "bin" / "python").chmod(0o755)
    done = subprocess.run([dev.program("isomorph"), "list"], capture_output=True, text=True)
    assert done.stdout.split() == ["-P", "-m", "app", "list"]
    line = (place / libraries / "isomorph.pth").read_text(encoding="ascii")
    path: list[str] = []
    exec(line.replace("import sys; sys.path.append", "path.append"), {"path": path})
    assert path == [str(dev.ROOT)]


def test_only_the_tests_need_node(dev: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dev.shutil, "which", lambda name, **_: None)
    assert {"nodejs", "npm"} <= set(dev.missing_packages("test"))
    assert not {"nodejs", "npm"} & set(dev.missing_packages("run"))


@pytest.mark.parametrize(("fails", "works"), [(0, True), (1, True), (2, False)])
def test_a_torch_that_needs_more_libraries_gets_them(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    fails: int, works: bool,
) -> None:  # fmt: skip
    """``import torch`` fails so often; the pinned torch is then installed with what it asks for."""
    (dev.REQUIREMENTS / "run.txt").write_text("numpy==1\ntorch==2.13.0\n")
    ran: list[list[str]] = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
        ran.append(command)
        looks = sum("import torch" in one for one in ran)
        failed = "import torch" in command and looks <= fails
        return subprocess.CompletedProcess(command, int(failed))

    monkeypatch.setattr(dev.subprocess, "run", run)
    assert dev.torch_loads({}) == works
    installed = [command for command in ran if "install" in command]
    assert len(installed) == (1 if fails else 0)
    if installed:
        assert "torch==2.13.0" in installed[0]
        assert "some GB" in capsys.readouterr().err
