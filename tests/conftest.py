"""Fixtures of the whole suite: a fresh home, and nothing left behind.

A test that leaves a thread, a child process, a timer or a top-level window fails with its name.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

LIMIT_S = 5.0


@pytest.fixture(autouse=True)
def fresh_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs, sessions and settings of a test live in its own folder."""
    home = tmp_path / "home"
    monkeypatch.setenv("ISOMORPH_HOME", str(home))
    return home


def until(condition: Callable[[], bool], limit: float = LIMIT_S) -> bool:
    """Wait for a condition without Qt; False when it never came."""
    end = time.monotonic() + limit
    gate = threading.Event()
    while not condition():
        if time.monotonic() > end:
            return False
        gate.wait(0.01)
    return True


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves threads, child processes, windows or timers."""
    threads = set(threading.enumerate())
    yield
    new = [t for t in threading.enumerate() if t not in threads and not infrastructure(t)]
    until(lambda: not any(t.is_alive() for t in new), 2.0)
    left = [t.name for t in new if t.is_alive()]
    assert not left, f"threads left alive: {left}"
    children = multiprocessing.active_children()
    assert not children, f"child processes left alive: {[c.name for c in children]}"
    if "PySide6.QtWidgets" in sys.modules:
        no_windows_left()


def infrastructure(thread: threading.Thread) -> bool:
    """Threads that libraries keep for the whole process."""
    names = ("pymp", "ThreadPoolExecutor", "pytest_timeout", "QThread", "Dask-Offload")
    return thread.name.startswith(names)


def no_windows_left() -> None:
    """Every window a test opened is closed and its timers are dead."""
    from PySide6.QtCore import QCoreApplication, QEvent, QTimer
    from PySide6.QtWidgets import QApplication

    application = QApplication.instance()
    if not isinstance(application, QApplication):
        return
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    shown = [w for w in application.topLevelWidgets() if w.isVisible()]
    names = [f"{type(w).__name__} {w.windowTitle()!r}" for w in shown]
    for widget in shown:
        widget.close()
    assert not names, f"windows left open: {names}"
    timers = [t for t in gc.get_objects() if type(t) is QTimer and alive_timer(t)]
    assert not timers, f"timers left running: {[t.objectName() or t.interval() for t in timers]}"


def alive_timer(timer: object) -> bool:
    """True for a running timer whose C++ side still exists."""
    import shiboken6

    return shiboken6.isValid(timer) and timer.isActive()  # type: ignore[attr-defined]


def pytest_configure() -> None:
    """One thread for BLAS and friends; software OpenGL; no session bus of the machine."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ.setdefault("LIBGL_ALWAYS_SOFTWARE", "1")
