"""The session of a program that stopped unexpectedly, offered where a user may look for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app import session as sessions
from backend.core.files import FileProblem
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


def crashed_with(panel: str) -> Path | None:
    """The newest session of a program that is gone, where it keeps something of a panel."""
    for path in sessions.crashed()[:1]:
        try:
            if panel in sessions.load(path).panels:
                return path
        except FileProblem:
            return None
    return None


def moment(path: Path) -> str:
    """When a session was last written."""
    return datetime.fromtimestamp(path.stat().st_mtime).strftime("%H:%M:%S")
