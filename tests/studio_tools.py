"""What the tests of the studio do again and again, and see of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.panels.stimuli.panel import StimuliPanel
from backend.stimuli.stimulus_set import StimulusSet
from widgets.banner import Banner

Wait = Callable[..., None]
LEFT = Qt.MouseButton.LeftButton


def shown(panel: StimuliPanel) -> np.ndarray | None:
    """The large picture."""
    image: np.ndarray | None = panel.board.channels["preview"].snapshot().get("image")
    return image


def drawn(panel: StimuliPanel, wait: Wait) -> np.ndarray:
    """The large picture when nothing more is being drawn; the first of a kind compiles."""
    wait(lambda: not panel.settle_timer.isActive() and panel.board.work.idle, 60_000)
    panel.board.pull()
    wait(lambda: panel.board.work.idle)
    panel.board.pull()
    image = shown(panel)
    assert image is not None
    return image


def press(panel: StimuliPanel) -> None:
    QTest.mouseClick(panel.strip.primary, LEFT)


def finished(panel: StimuliPanel, wait: Wait) -> None:
    """The present task is over, and the panel has noticed."""
    task = panel.work.task
    assert task is not None
    wait(lambda: task.finished and panel.strip.state == task.state)


def small(panel: StimuliPanel, n: int = 6, side: int = 32) -> None:
    panel.history.set_values({"n": n, "side": side, "frequency": 2.0}, "small")


def made(panel: StimuliPanel, wait: Wait, n: int = 6) -> StimulusSet:
    """A small set of gratings, made by the button."""
    small(panel, n)
    press(panel)
    finished(panel, wait)
    assert panel.work.task is not None
    assert panel.work.task.outcome == "done", panel.banners.banners
    return on_screen(panel)


def on_screen(panel: StimuliPanel) -> StimulusSet:
    assert panel.sets.current is not None
    return panel.sets.current[1]


def names(panel: StimuliPanel) -> list[str]:
    """Sets in the browser."""
    return [one.name for one in panel.browser.model.sets]


def banner(panel: StimuliPanel, key: str) -> Banner:
    assert key in panel.banners.banners, list(panel.banners.banners)
    return panel.banners.banners[key]


def put(panel: StimuliPanel, name: str, colour: bool = False) -> StimulusSet:
    """Pictures that are in the store already, and on screen."""
    rng = np.random.Generator(np.random.Philox(1))
    shape = (6, 20, 24, 3) if colour else (6, 20, 24)
    table: dict[str, list[Any]] = {
        "name": [f"{name}{i}" for i in range(6)], "class": ["disc", "ring"] * 3,
        "size": [3.0, 1.0, 2.0, 6.0, 5.0, 4.0], "count": [1, 2, 3, 4, 5, 6],
    }  # fmt: skip
    images = rng.integers(20, 230, shape, np.uint8)
    stored = panel.sets.store.save(StimulusSet(name=name, images=images, table=table))
    panel.sets.refresh()
    panel.browser.choose(stored.id)
    panel.sets.show(stored)
    return on_screen(panel)
