"""The session of a program that stopped unexpectedly, offered where a user may look for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app import session as sessions
from app.session import written
from widgets.banner import Banner

if TYPE_CHECKING:
    from app.window import MainWindow


def recovery_banner(window: MainWindow, path: Path, after: Callable[[], object]) -> Banner:
    """*Open* brings the session back, *Discard* forgets it; then ``after()``."""
    text = f"The program stopped unexpectedly. Everything set before {moment(path)} is here."
    banner = Banner(
        "Session recovered", text, "warning", (("open", "Open"), ("discard", "Discard"))
    )
    banner.copy_button.hide()

    def act(name: str) -> None:
        if not path.exists():  # dealt with elsewhere
            after()
        elif name == "open":
            after()
            window.keeper.recover(path)
        else:
            sessions.discard(path)
            after()

    banner.acted.connect(act)
    banner.dismissed.connect(lambda: act("discard"))
    return banner


def show_offer(window: MainWindow) -> None:
    """Above every panel but Home, which has its own place for it: the newest session of a program
    that is gone, where it is newer than the one in hand."""
    newest = sessions.crashed()[:1]
    window.problems.remove("recovered")
    if window.panel == "home" or not newest or written(newest[0]) <= window.keeper.written:
        return

    def after() -> None:
        window.problems.remove("recovered")

    window.problems.show_banner("recovered", recovery_banner(window, newest[0], after))


def moment(path: Path) -> str:
    """When a session was last written."""
    return datetime.fromtimestamp(written(path)).strftime("%H:%M:%S")
