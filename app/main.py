"""Start of the window: application, theme, crash net, main window."""

from __future__ import annotations

import contextlib
import faulthandler
import signal
import sys
import time
import traceback
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from app import session as sessions
from app import settings as preferences
from app.window import MainWindow
from backend.core.files import FileProblem, write_text
from backend.core.store import home
from widgets import theme

BEGAN = time.perf_counter()


def application() -> QApplication:
    """The one QApplication, made with the attributes that must come first."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    QApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    app = QApplication(sys.argv[:1])
    app.setApplicationName("Isomorph")
    app.setOrganizationName("isomorph")
    app.setDesktopFileName("isomorph")
    return app


def show_theme(app: QApplication, settings: preferences.Settings) -> None:
    """Give the program the look the user prefers."""
    theme.apply(
        app, settings.theme, settings.font_size, settings.high_contrast, settings.system_font
    )


def make_window() -> MainWindow:
    """A main window with the stored preferences, not yet shown."""
    app = application()
    settings = preferences.load()
    show_theme(app, settings)
    return MainWindow(settings)


def start(session: Path | None = None) -> int:
    """Open the window and run until it closes; the exit status."""
    app = application()
    keep_crash_log()
    window = make_window()
    catch_exceptions(window)
    check_home(window)
    open_first(window, session)
    window.show()
    QTimer.singleShot(0, lambda: window.started(time.perf_counter() - BEGAN))
    # Python sees Ctrl-C only when the interpreter runs: the window's timers see to that.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    signal.signal(signal.SIGTERM, lambda *_: window.close())
    return app.exec()


def open_first(window: MainWindow, session: Path | None) -> None:
    """The session asked for, else the last one (when the user wants that)."""
    chosen = session
    if chosen is None and window.settings.restore and sessions.last_file().exists():
        chosen = sessions.last_file()
    if chosen is None:
        return
    try:
        window.keeper.load(chosen)
        if session is not None:
            window.keeper.path = session
    except FileProblem as problem:
        window.say(str(problem))


def check_home(window: MainWindow) -> None:
    """Say at once when nothing can be kept."""
    try:
        write_text(home() / "writable", "")
        (home() / "writable").unlink()
    except (FileProblem, OSError):
        window.report_problem(
            "Nothing can be kept",
            f"The folder {home()} cannot be written, so runs and sessions are not possible. "
            "Make it writable, or name another folder in ISOMORPH_HOME and start again.",
        )


def keep_crash_log() -> None:
    """Hard crashes leave their stacks in a file of the user's folder."""
    with contextlib.suppress(OSError):
        home().mkdir(parents=True, exist_ok=True)
        log = (home() / "crash.log").open("a")
        faulthandler.enable(log)


def catch_exceptions(window: MainWindow) -> None:
    """Nothing a user does ends the program: slots that raise become a banner."""

    def hook(kind: type[BaseException], error: BaseException, where: TracebackType | None) -> None:
        details = "".join(traceback.format_exception(kind, error, where))
        print(details, file=sys.stderr)
        if issubclass(kind, KeyboardInterrupt):
            window.close()
            return
        window.report_problem(kind.__name__, str(error), details)

    sys.excepthook = hook
