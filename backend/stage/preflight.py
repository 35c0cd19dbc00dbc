"""Pre-flight: what can spoil timing, checked and said in plain words before a block."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from backend.core.parameters import show_number
from backend.stage.monitors import MonitorProfile

State = Literal["good", "check", "bad", "unknown"]
UNSTEADY_MS = 0.5


@dataclass(frozen=True)
class Facts:
    """What the stage process found out about its screen.

    Attributes
    ----------
    hz, sd_ms : measured over ``flips`` flips, the SD robust (late flips do not count); ``late``
        intervals of them above 1.2 periods, the longest ``longest_ms``.
    paced : "screen" when every swap waited for the blank, else "software".
    reported_hz : what the system says of the screen; ``scale`` its scaling, 1 for 100 %.
    composited : a compositor runs (None: not known); ``full_screen`` whether the window covers it.
    screens : (name, left, top, width, height) of all screens; ``screen`` the one used.
    dims_after_min : minutes until the screen may dim (0 never, None not known).
    texture_mb : the design's largest trial; ``free_mb`` free memory.
    """

    hz: float
    sd_ms: float
    longest_ms: float
    flips: int
    paced: str
    reported_hz: float
    scale: float
    composited: bool | None
    full_screen: bool
    screens: Sequence[tuple[str, int, int, int, int]]
    screen: str
    width_px: int
    height_px: int
    dims_after_min: float | None
    texture_mb: float
    free_mb: float
    pictures: int
    wayland: bool = False
    late: int = 0


@dataclass(frozen=True)
class Check:
    """One line of the page; ``fix`` is the id of a button ("awake", "monitor", "again"), or ""."""

    name: str
    state: State
    words: str
    fix: str = ""
    button: str = ""


def checks(facts: Facts, monitor: MonitorProfile) -> list[Check]:
    """All lines, in the order of the page."""
    return [
        _rate(facts, monitor), _sync(facts), _scaling(facts), _composition(facts),
        _mirrored(facts), _power(facts), _profile(facts, monitor), _textures(facts),
    ]  # fmt: skip


def verdict(lines: Sequence[Check]) -> tuple[State, str]:
    """The worst state, and the words of the chip ("7 good, 1 to check")."""
    counts = {
        state: sum(line.state == state for line in lines)
        for state in ("good", "unknown", "check", "bad")
    }
    worst: State = "bad" if counts["bad"] else "check" if counts["check"] else "good"
    parts = [f"{counts['good']} good"]
    parts += [f"{counts['unknown']} not known"] if counts["unknown"] else []
    parts += [f"{counts['check']} to check"] if counts["check"] else []
    parts += [f"{counts['bad']} not usable"] if counts["bad"] else []
    return worst, ", ".join(parts)


def _rate(facts: Facts, monitor: MonitorProfile) -> Check:
    found = f"from {facts.flips} flips" if facts.paced == "screen" else "set by the clock"
    words = (
        f"{facts.hz:.3f} Hz {found}, SD {facts.sd_ms:.2f} ms; "
        f"profile says {show_number(monitor.hz)}"
    )
    if abs(facts.hz - monitor.hz) > 0.01 * monitor.hz:
        button = f"Use {facts.hz:.0f} Hz"
        return Check("Refresh rate", "check", words, "use-rate", button)
    if facts.late:
        flips = "1 late flip" if facts.late == 1 else f"{facts.late} late flips"
        words = words.replace(" ms;", f" ms without {flips};")
        words += f"; longest interval {facts.longest_ms:.1f} ms"
    if facts.sd_ms > UNSTEADY_MS or facts.late:
        return Check("Refresh rate", "check", words, "again", "Measure again")
    return Check("Refresh rate", "good", words)


def _sync(facts: Facts) -> Check:
    if facts.paced == "screen":
        return Check("Vertical sync", "good", "every swap waited for the screen")
    return Check(
        "Vertical sync", "check",
        "swaps do not wait for the screen; the clock times them. Turn it on in the driver",
    )  # fmt: skip


def _scaling(facts: Facts) -> Check:
    words = f"{100 * facts.scale:.0f} % on the stage screen"
    if abs(facts.scale - 1) > 1e-6:
        return Check("Scaling", "check", f"{words} may cost a frame; set 100 % in the system")
    return Check("Scaling", "good", words)


def _composition(facts: Facts) -> Check:
    if not facts.full_screen:
        return Check(
            "Composition", "check", "the stage is a window, not the full screen; flips may be late"
        )
    if facts.wayland:
        return Check(
            "Composition", "check", "Wayland shows every frame through a compositor; use X11"
        )
    if facts.composited:
        return Check("Composition", "check", "a compositor runs; turn it off for measured onsets")
    if facts.composited is None:
        return Check(
            "Composition", "unknown", "full screen; whether a compositor runs is not known"
        )
    return Check("Composition", "good", "full screen, no compositor runs")


def _mirrored(facts: Facts) -> Check:
    here = next((s for s in facts.screens if s[0] == facts.screen), None)
    others = [s for s in facts.screens if s[0] != facts.screen]
    if here is not None and any(_overlap(here, other) for other in others):
        return Check(
            "Mirrored displays", "bad",
            f"{facts.screen} mirrors another screen; the slower one sets the pace. Extend instead.",
            "again", "Measure again",
        )  # fmt: skip
    count = len(facts.screens)
    if count > 1:
        return Check("Mirrored displays", "good", f"{count} screens, not mirrored")
    shared = (
        "the operator sees nothing meanwhile" if facts.full_screen else "shared by both windows"
    )
    return Check("Mirrored displays", "good", f"one screen; {shared}")


def _overlap(a: tuple[str, int, int, int, int], b: tuple[str, int, int, int, int]) -> bool:
    across = a[1] < b[1] + b[3] and b[1] < a[1] + a[3]
    return across and a[2] < b[2] + b[4] and b[2] < a[2] + a[4]


def _power(facts: Facts) -> Check:
    minutes = facts.dims_after_min
    if minutes is None:
        words = "this system does not say; keep it from sleeping"
        return Check("Power saving", "unknown", words, "awake", "Keep awake")
    if minutes:
        words = f"screen may dim after {show_number(minutes)} min"
        return Check("Power saving", "check", words, "awake", "Keep awake")
    return Check("Power saving", "good", "the screen stays on")


def _profile(facts: Facts, monitor: MonitorProfile) -> Check:
    words = f"{monitor.name} · {monitor.distance_mm / 10:g} cm · gamma {monitor.gamma:g}"
    if (monitor.width_px, monitor.height_px) != (facts.width_px, facts.height_px):
        return Check(
            "Monitor profile", "check",
            f"{words}; it is for {monitor.width_px} × {monitor.height_px} px, the stage has "
            f"{facts.width_px} × {facts.height_px}",
            "use-size", "Use this size",
        )  # fmt: skip
    return Check("Monitor profile", "good", words)


def _textures(facts: Facts) -> Check:
    words = f"{facts.pictures} pictures, {show_number(round(facts.texture_mb))} MB"
    if facts.texture_mb > 0.5 * facts.free_mb:
        return Check(
            "Memory for textures", "bad",
            f"{words}; {show_number(round(facts.free_mb))} MB are free. Use smaller pictures.",
        )  # fmt: skip
    return Check("Memory for textures", "good", f"{words}, fits")


# ---- what the system says ------------------------------------------------------------------


def dims_after_min() -> float | None:
    """Minutes until an X11 screen blanks or sleeps; 0 never, None not known."""
    if sys.platform == "linux" and shutil.which("xset"):
        text = _output("xset", "q")
        blank = re.search(r"timeout:\s+(\d+)", text)
        standby = re.search(r"Standby:\s+(\d+)\s+Suspend:\s+(\d+)\s+Off:\s+(\d+)", text)
        on = "DPMS is Enabled" in text
        times = [int(blank.group(1))] if blank else []
        times += [int(group) for group in standby.groups()] if standby and on else []
        late = [seconds / 60 for seconds in times if seconds]
        return min(late) if late else (0.0 if blank else None)
    return None


def keep_awake() -> str:
    """Keep the screen on while the program runs; a sentence on what was done, or not."""
    unknown = "This system does not say how. Turn power saving off in its settings."
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetThreadExecutionState(0x80000003)
        return "The screen stays on until the stage closes."
    if sys.platform == "darwin":
        try:
            subprocess.Popen(["caffeinate", "-d", "-w", str(os.getpid())])
        except OSError:
            return unknown
        return "The screen stays on until the stage closes."
    if shutil.which("xset"):
        _output("xset", "s", "off")
        _output("xset", "-dpms")
        if dims_after_min() == 0:
            return "The screen saver and power saving of this screen are off."
    return unknown


def _output(*command: str) -> str:
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(
            command, capture_output=True, text=True, timeout=3, check=False
        ).stdout
    return ""


def composited() -> bool | None:
    """Whether an X11 compositor runs; None where that cannot be asked."""
    with _x11() as (library, display):
        if display is None:
            return None
        return bool(library.XGetSelectionOwner(display, _atom(library, display, "_NET_WM_CM_S0")))


def managed() -> bool:
    """Whether a window manager gives windows the focus (always but on a bare X11 server)."""
    import ctypes

    with _x11() as (library, display):
        if display is None:
            return True
        kind, form = ctypes.c_ulong(), ctypes.c_int()
        count, more = ctypes.c_ulong(), ctypes.c_ulong()
        data = ctypes.c_void_p()
        library.XGetWindowProperty(
            display, library.XDefaultRootWindow(display),
            _atom(library, display, "_NET_SUPPORTING_WM_CHECK"), 0, 1, 0, 0,
            *(ctypes.byref(one) for one in (kind, form, count, more, data)),
        )  # fmt: skip
        if data:
            library.XFree(data)
        return bool(count.value)


@contextlib.contextmanager
def _x11() -> Iterator[tuple[Any, Any]]:
    """(Xlib, open display); the display is None where there is none."""
    import ctypes
    import ctypes.util

    library = display = None
    found = ctypes.util.find_library("X11") if sys.platform == "linux" else None
    if found:
        with contextlib.suppress(OSError):
            library = ctypes.CDLL(found)
    if library is not None:
        pointer, number = ctypes.c_void_p, ctypes.c_ulong
        library.XOpenDisplay.restype = pointer
        library.XInternAtom.argtypes = [pointer, ctypes.c_char_p, ctypes.c_int]
        library.XInternAtom.restype = library.XGetSelectionOwner.restype = number
        library.XGetSelectionOwner.argtypes = [pointer, number]
        library.XDefaultRootWindow.argtypes = library.XCloseDisplay.argtypes = [pointer]
        library.XDefaultRootWindow.restype = number
        library.XFree.argtypes = [pointer]
        long, whole = ctypes.c_long, ctypes.c_int
        library.XGetWindowProperty.argtypes = [
            pointer, number, number, long, long, whole, number, *(pointer,) * 5
        ]  # fmt: skip
        display = library.XOpenDisplay(None)
    try:
        yield library, display or None
    finally:
        if display:
            library.XCloseDisplay(display)  # type: ignore[union-attr]


def _atom(library: Any, display: Any, name: str) -> int:
    return int(library.XInternAtom(display, name.encode(), 0))


def free_mb() -> float:
    """Free memory in MB; a large number where it is not known."""
    with contextlib.suppress(OSError, ValueError, StopIteration), open("/proc/meminfo") as file:
        line = next(text for text in file if text.startswith("MemAvailable"))
        return int(line.split()[1]) / 1000
    return 1e6
