"""Clips and sounds in the explorer as a user meets them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.panels.explorer.page import ExplorerPage
from app.window import MainWindow
from widgets.parts import Button


@pytest.fixture
def page(window: MainWindow, qtbot: QtBot) -> ExplorerPage:
    window.show_panel("explorer")
    page: ExplorerPage = window.panels["explorer"].explore
    qtbot.waitUntil(lambda: page.board.shown is not None, timeout=30_000)
    return page


def note(page: ExplorerPage, name: str) -> str:
    return str(page.board.channels[name].snapshot().get("note", ""))


def load(page: ExplorerPage, qtbot: QtBot, preset: str) -> None:
    first = page.board.explorer
    page.history.set_preset(preset)
    qtbot.waitUntil(
        lambda: page.board.explorer is not first and page.board.shown is not None, timeout=60_000
    )


def test_a_clip_is_shown_frame_by_frame(page: ExplorerPage, qtbot: QtBot) -> None:
    load(page, qtbot, "Moving figures")
    assert "middle of 16 frames, outline 1 moves right" in note(page, "picture")
    page.tree.choose("layer2.0.conv1.0")
    assert note(page, "maps").endswith("mean over 8 moments")
    mean = page.board.shown.maps["layer2.0.conv1.0"].copy()  # type: ignore[union-attr]
    page.history.set_value("frame", 3)
    qtbot.waitUntil(lambda: page.board.shown.frame == 3, timeout=30_000)  # type: ignore[union-attr]
    assert note(page, "maps").endswith("frame 3")
    assert "frame 3 of 16" in note(page, "picture")
    assert not np.allclose(page.board.shown.maps["layer2.0.conv1.0"], mean)  # type: ignore[union-attr]
    page.history.set_value("pictures", "transfer")
    qtbot.waitUntil(lambda: "a still, repeated as 16 frames" in note(page, "picture"),
                    timeout=30_000)  # fmt: skip


def test_sounds_are_heard_attributed_and_made(page: ExplorerPage, qtbot: QtBot) -> None:
    load(page, qtbot, "Sounds")
    assert "log-mel, time down, 125 to 7500 Hz, tone, 220 Hz" in note(page, "picture")
    picture = page.board.channels["picture"].snapshot()["image"]
    assert picture.shape == (96, 64, 3)
    page.tree.choose("features.4")
    page.board.choose(3)
    qtbot.waitUntil(
        lambda: page.board.channels["attribution"].snapshot().get("image") is not None,
        timeout=30_000,
    )
    page.errands.find_top()
    qtbot.waitUntil(lambda: not page.alive, timeout=30_000)
    page._slow()
    assert len(page.board.channels["top"].snapshot()["parts"]) == 8
    page.history.set_value("steps", 10)
    page.run_or_pause()
    qtbot.waitUntil(lambda: not page.alive, timeout=30_000)
    assert page.board.channels["optimal"].snapshot()["image"].shape == (96, 64, 3)
    for name in ("picture", "optimal"):
        page._frame()
        x, y = page.board.views[name].canvas.axes  # type: ignore[attr-defined]
        assert (x.title, y.title) == ("mel band", "time (frames of 10 ms)")
    assert page.unit.answer.header.note.text() == ""
    assert not page.unit.answer.shows_data


def test_a_network_of_sounds_says_that_it_hears_and_offers_sounds(
    page: ExplorerPage, qtbot: QtBot
) -> None:
    first = page.board.explorer
    page.history.set_value("network", "vggish")
    qtbot.waitUntil(lambda: "open" in page.banners.banners, timeout=30_000)
    banner = page.banners.banners["open"]
    assert "hears sounds" in banner.text
    use = next(b for b in banner.findChildren(Button) if b.text() == "Use Example sounds")
    qtbot.mouseClick(use, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.board.explorer is not first, timeout=30_000)
    assert page.parameters.pictures == "sound"
    assert "open" not in page.banners.banners


def test_a_sound_dropped_on_the_window_is_heard(
    page: ExplorerPage, qtbot: QtBot, tmp_path: Path
) -> None:
    from scipy.io import wavfile

    load(page, qtbot, "Sounds")
    time = np.arange(16_000) / 16_000
    wavfile.write(tmp_path / "mine.wav", 16_000, np.sin(2764 * time).astype(np.float32))
    first: Any = page.board.explorer
    page.window_.take_file(tmp_path / "mine.wav")
    qtbot.waitUntil(lambda: page.board.explorer is not first and page.board.shown is not None,
                    timeout=30_000)  # fmt: skip
    assert note(page, "picture").endswith("mine")
