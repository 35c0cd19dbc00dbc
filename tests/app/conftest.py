"""A real main window on a fresh home, closed and checked after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app import settings as preferences
from app.main import show_theme
from app.window import MainWindow


@pytest.fixture
def window(qtbot: QtBot, qapp: QApplication) -> Iterator[MainWindow]:
    """The shown main window."""
    settings = preferences.Settings(theme="light")
    show_theme(qapp, settings)
    made = MainWindow(settings)
    made.resize(1500, 950)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.runner.shutdown()
    made.close()
    made.deleteLater()


@pytest.fixture
def wait(qtbot: QtBot) -> Callable[..., None]:
    """Wait for a condition while Qt goes on; fails after ten seconds."""

    def until(condition: Callable[[], bool], timeout: int = 10_000) -> None:
        qtbot.waitUntil(condition, timeout=timeout)

    return until
