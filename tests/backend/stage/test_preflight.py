"""The pre-flight page: what can spoil timing, in words; asking the system never fails."""

from __future__ import annotations

import ctypes.util
import dataclasses
import os
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.stage import preflight
from backend.stage.monitors import MonitorProfile
from backend.stage.preflight import Check, Facts, checks, verdict

MONITOR = MonitorProfile()
GOOD = Facts(
    hz=MONITOR.hz,
    sd_ms=0.02,
    longest_ms=1000 / MONITOR.hz,
    flips=229,
    paced="screen",
    reported_hz=MONITOR.hz,
    scale=1.0,
    composited=False,
    full_screen=True,
    screens=[("A", 0, 0, MONITOR.width_px, MONITOR.height_px)],
    screen="A",
    width_px=MONITOR.width_px,
    height_px=MONITOR.height_px,
    dims_after_min=0.0,
    texture_mb=100.0,
    free_mb=8000.0,
    pictures=100,
)


def line(name: str, **changes: Any) -> Check:
    """One line of the page with these facts."""
    return next(c for c in checks(dataclasses.replace(GOOD, **changes), MONITOR) if c.name == name)


def test_a_good_screen_is_all_green() -> None:
    assert verdict(checks(GOOD, MONITOR)) == ("good", "8 good")


def test_what_the_system_does_not_say_is_not_called_good() -> None:
    facts = dataclasses.replace(GOOD, dims_after_min=None)
    assert verdict(checks(facts, MONITOR)) == ("good", "7 good, 1 not known")


@pytest.mark.parametrize(
    ("name", "changes", "state", "words"),
    [
        ("Refresh rate", {"hz": 75.0}, "check", "75.000 Hz from 229 flips"),
        ("Refresh rate", {"paced": "software"}, "good", "set by the clock"),
        ("Refresh rate", {"sd_ms": 0.8}, "check", "SD 0.80 ms"),
        ("Refresh rate", {"longest_ms": 33.4, "late": 1}, "check", "without 1 late flip;"),
        ("Refresh rate", {"longest_ms": 33.4, "late": 2}, "check", "longest interval 33.4 ms"),
        ("Vertical sync", {"paced": "software"}, "check", "do not wait for the screen"),
        ("Scaling", {"scale": 1.5}, "check", "150 %"),
        ("Composition", {"composited": True}, "check", "a compositor runs"),
        ("Composition", {"full_screen": False}, "check", "is a window"),
        ("Composition", {"wayland": True}, "check", "use X11"),
        ("Composition", {"composited": None}, "unknown", "is not known"),
        ("Mirrored displays", {"full_screen": False}, "good", "shared by both windows"),
        ("Power saving", {"dims_after_min": 10.0}, "check", "after 10 min"),
        ("Power saving", {"dims_after_min": None}, "unknown", "does not say"),
        ("Monitor profile", {"width_px": 800}, "check", "the stage has 800"),
        ("Memory for textures", {"texture_mb": 900, "free_mb": 1000}, "bad", "1000 MB are free"),
    ],
)
def test_what_is_wrong_is_said(name: str, changes: dict[str, Any], state: str, words: str) -> None:
    found = line(name, **changes)
    assert (found.state, words in found.words) == (state, True), found.words


@pytest.mark.parametrize(
    ("other", "state"),
    [
        ((0, 0, 1024, 768), "bad"),  # mirrored with another resolution
        ((0, 0, MONITOR.width_px, MONITOR.height_px), "bad"),
        ((MONITOR.width_px, 0, 1920, 1080), "good"),
        ((-1280, 200, 1280, 1024), "good"),
        ((0, -1080, 1920, 1080), "good"),
    ],
)
def test_two_screens_are_mirrored_when_they_overlap(
    other: tuple[int, int, int, int], state: str
) -> None:
    assert line("Mirrored displays", screens=[*GOOD.screens, ("B", *other)]).state == state


def test_one_red_line_makes_the_page_red() -> None:
    lines = checks(dataclasses.replace(GOOD, texture_mb=9000.0, scale=2.0), MONITOR)
    assert verdict(lines) == ("bad", "6 good, 1 to check, 1 not usable")


# ---- asking the system -------------------------------------------------------------------


def xset(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """A program of this name that says this, first on the path."""
    program = folder / "bin" / "xset"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    monkeypatch.setattr(preflight.sys, "platform", "linux")


SAVER = (
    "echo '  prefer blanking:  yes    allow exposures:  yes'; echo '  timeout:  {}    cycle:  600'"
)
DPMS = "; echo '  Standby: {}    Suspend: {}    Off: {}'; echo '  DPMS is {}'"


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        (SAVER.format(600) + DPMS.format(300, 0, 900, "Enabled"), 5.0),
        (SAVER.format(600) + DPMS.format(300, 0, 900, "Disabled"), 10.0),
        (SAVER.format(0) + DPMS.format(0, 0, 0, "Enabled"), 0.0),
        (SAVER.format(0), 0.0),
        ("echo nothing known", None),
        ("echo 'unable to open display' >&2; exit 1", None),
    ],
)
def test_when_the_screen_dims(
    said: str, minutes: float | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    xset(tmp_path, monkeypatch, said)
    assert preflight.dims_after_min() == minutes


def test_awake_is_claimed_only_when_the_screen_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    xset(tmp_path, monkeypatch, SAVER.format(600))
    assert preflight.keep_awake().startswith("This system does not say how")
    (tmp_path / "bin" / "xset").write_text("#!/bin/sh\n" + SAVER.format(0) + "\n")
    assert "are off" in preflight.keep_awake()


@pytest.mark.parametrize("display", ["", ":987", None])
@pytest.mark.parametrize("library", [None, "libnothing-of-this-name.so", "as it is"])
def test_nothing_fails_without_display_tools_or_library(
    display: str | None, library: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if display is not None:
        monkeypatch.setenv("DISPLAY", display)
    if library != "as it is":
        monkeypatch.setattr(ctypes.util, "find_library", lambda name: library)
        assert preflight.composited() is None
    assert preflight.composited() in (None, False, True)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert preflight.dims_after_min() is None
    assert "settings" in preflight.keep_awake()


def test_no_compositor_runs_under_the_virtual_display() -> None:
    if not os.environ.get("DISPLAY") or not ctypes.util.find_library("X11"):
        assert preflight.composited() is None
    else:
        assert preflight.composited() is False


@given(text=st.text(max_size=200))
def test_whatever_xset_says_is_survived(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preflight.shutil, "which", lambda name: "/bin/xset")
        patch.setattr(preflight, "_output", lambda *command: f"timeout:  12 {text}")
        patch.setattr(preflight.sys, "platform", "linux")
        found = preflight.dims_after_min()
        assert found is not None
        assert found >= 0


def test_free_memory_is_a_number() -> None:
    assert 0 < preflight.free_mb() <= 1e9
