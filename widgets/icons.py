"""One icon factory: Material Design Icons in the palette's colours, cached by (id, role, scale).

Only the one icon font in use is loaded; loading all that qtawesome bundles costs 0.15 s at start.
"""

from __future__ import annotations

import functools
from typing import Any

from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QPixmap

from widgets import theme

PREFIX = "mdi6."

POLICY = {"live": "lightning-bolt", "recompute": "autorenew", "rebuild": "hammer"}
POLICY_ROLE = {"live": "accent", "recompute": "text3", "rebuild": "warn"}
STATE = {
    "idle": "circle-outline", "running": "play", "rebuilding": "hammer", "paused": "pause",
    "done": "check", "cancelled": "cancel", "failed": "alert-circle",
}  # fmt: skip
VERDICT = {
    "agree": "check", "differ": "not-equal-variant", "not comparable": "minus",
    "pending": "timer-sand",
}  # fmt: skip


@functools.cache
def _fonts() -> Any:
    """The icon font, loaded at the first icon."""
    import qtawesome
    from qtawesome.iconic_font import IconicFont

    wanted = [entry for entry in qtawesome._BUNDLED_FONTS if entry[0] == "mdi6"]
    theme.signals().changed.connect(clear)
    return IconicFont(*wanted)


def clear() -> None:
    """Forget all icons: their colours are of another theme."""
    icon.cache_clear()
    pixmap.cache_clear()


@functools.cache
def icon(name: str, role: str = "text2", scale: float = 1.0) -> QIcon:
    """Icon of this id ("play" or "mdi6.play") in a token's colour."""
    full = name if name.startswith(PREFIX) else PREFIX + name
    off = theme.token("text3")
    off.setAlphaF(0.5)
    active = theme.token("text") if role in ("text2", "text3") else theme.token(role)
    return _fonts().icon(
        full,
        color=theme.token(role),
        color_disabled=off,
        color_active=active,
        scale_factor=scale,
    )


@functools.cache
def pixmap(name: str, role: str = "text2", size: int = 16, ratio: float = 1.0) -> QPixmap:
    """Picture of an icon, ``size`` device-independent pixels high, for painters."""
    return icon(name, role).pixmap(QSize(size, size), ratio)
