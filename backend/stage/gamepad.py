"""Game pads without a library: Linux joystick devices and Windows XInput, buttons only."""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import sys
import time
from pathlib import Path
from typing import Any

from backend.stage.display import KeyEvent

EVENT = struct.Struct("IhBB")
PRESSED, AT_START = 0x01, 0x80
NAMES = ("a", "b", "x", "y", "left shoulder", "right shoulder", "back", "start", "guide")
XINPUT = {
    0x1000: "a", 0x2000: "b", 0x4000: "x", 0x8000: "y", 0x0100: "left shoulder",
    0x0200: "right shoulder", 0x0020: "back", 0x0010: "start", 0x0001: "up", 0x0002: "down",
    0x0004: "left", 0x0008: "right",
}  # fmt: skip
RETRY_S = 5.0


class GamePad:
    """Presses of every pad that is plugged in; none is not a problem.

    Times are those of the reading, once a frame: a pad's answers are a frame coarse.
    """

    def __init__(self, folder: Path = Path("/dev/input")) -> None:
        self.folder = folder
        self.down: list[str] = []
        self._files: list[int] = []
        self._state = 0
        self._next_look = 0.0
        self._xinput = _xinput() if sys.platform == "win32" else None
        self._open()

    def _open(self) -> None:
        for path in sorted(self.folder.glob("js*")) if self.folder.is_dir() else []:
            with contextlib.suppress(OSError):
                self._files.append(os.open(path, os.O_RDONLY | os.O_NONBLOCK))

    def events(self) -> list[KeyEvent]:
        """Presses and releases since the last call."""
        if not self._files and self._xinput is None:
            return []
        found = [event for file in list(self._files) for event in self._read(file)]
        return found + (self._poll() if self._xinput is not None else [])

    def _read(self, file: int) -> list[KeyEvent]:
        found: list[KeyEvent] = []
        while True:
            try:
                data = os.read(file, EVENT.size)
            except BlockingIOError:
                return found
            except OSError:  # it was pulled out
                data = b""
            if len(data) < EVENT.size:
                self._forget(file)
                return found
            _, value, kind, number = EVENT.unpack(data)
            if kind == PRESSED and number < len(NAMES):
                found.append(self._event(NAMES[number], bool(value)))

    def _forget(self, file: int) -> None:
        self._files.remove(file)
        os.close(file)
        self.down.clear()

    def _poll(self) -> list[KeyEvent]:
        now = time.perf_counter()
        if now < self._next_look:
            return []
        state = (ctypes.c_uint8 * 16)()
        if self._xinput(0, ctypes.byref(state)) != 0:  # type: ignore[misc]
            self._next_look = now + RETRY_S
            return []
        buttons = state[4] | state[5] << 8
        changed, self._state = buttons ^ self._state, buttons
        return [self._event(n, bool(buttons & bit)) for bit, n in XINPUT.items() if changed & bit]

    def _event(self, name: str, down: bool) -> KeyEvent:
        if down and name not in self.down:
            self.down.append(name)
        elif not down and name in self.down:
            self.down.remove(name)
        return KeyEvent(name, time.perf_counter(), "gamepad", down)

    def close(self) -> None:
        """Let the devices go."""
        for file in self._files:
            os.close(file)
        self._files.clear()


def _xinput() -> Any:
    """XInputGetState of Windows, or None."""
    for name in ("xinput1_4", "xinput1_3", "xinput9_1_0"):
        with contextlib.suppress(OSError):
            return getattr(ctypes, "windll").__getattr__(name).XInputGetState  # noqa: B009
    return None
